/* One consignment from generation to treatment, as packed events: the seed that reaches the rules'
 * depths. */
#ifndef LD_TESTS_FUZZ_STORY_H
#define LD_TESTS_FUZZ_STORY_H

#include "tests/fuzz/play.h"

#define FZ_STORY_EVENTS 64

struct fz_story {
	struct fz_play play;
	struct fz_entry event[FZ_STORY_EVENTS];
	size_t n;
};

/* Plays it; says on stderr what was not accepted. */
void fz_story_play(struct fz_story *s);

#endif
