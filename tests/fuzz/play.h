/* The whole way of an event without signatures, ledger or broker: judge, apply, follow, held
 * events, clocks; and the same entries applied again elsewhere. What region.c does with a disk. */
#ifndef LD_TESTS_FUZZ_PLAY_H
#define LD_TESTS_FUZZ_PLAY_H

#include "tests/fuzz/fixture.h"

#define FZ_MAX_ENTRIES 4096
#define FZ_HASHES 8

struct fz_play {
	struct fz_region live, again;
	int64_t now_ms;
	uint64_t first_index; /* of the first entry */
	size_t n;
	struct fz_entry {
		uint8_t *bytes;
		size_t len;
	} entry[FZ_MAX_ENTRIES];
	uint8_t hash[FZ_HASHES][LD_HASH_BYTES]; /* of the last events, for `after` and `offer` */
	size_t n_hash;
};

void fz_play_open(struct fz_play *p);
/* Forgets everything but the fixture. */
void fz_play_begin(struct fz_play *p);
/* Packed Event as a device would have signed it. False: the gate or the keys keep it out. */
bool fz_play_event(struct fz_play *p, const uint8_t *event, size_t len);
/* Time passes: clocks that have run out. */
void fz_play_time(struct fz_play *p, int64_t ms);
/* Grams add, waste has a holder, and the entries alone give the same state. */
void fz_play_check(struct fz_play *p);

#endif
