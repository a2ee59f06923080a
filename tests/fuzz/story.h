/* Consignments, as packed events: the seeds that reach the rules' depths. Together they have an
 * event of every body that the table has a row for. */
#ifndef LD_TESTS_FUZZ_STORY_H
#define LD_TESTS_FUZZ_STORY_H

#include "tests/fuzz/play.h"

#define FZ_STORY_EVENTS 48 /* as many as one input of fuzz_judge plays */
#define FZ_STORIES 7

struct fz_story {
	struct fz_play play;
	struct fz_entry event[FZ_STORY_EVENTS];
	size_t n;
	const char *name;
	const char *delegation; /* under which what is said is said, or "" */
	size_t refused;		/* events that were not accepted */
};

/* Plays story `which`, from the fixture; says on stderr what was not accepted. */
void fz_story_play(struct fz_story *s, size_t which);

#endif
