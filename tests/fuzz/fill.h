/* Events made from choices: each byte of the input decides something, names and ids come from the
 * fixture and from what is in the state already, so that rules are reached that random bytes never
 * meet. */
#ifndef LD_TESTS_FUZZ_FILL_H
#define LD_TESTS_FUZZ_FILL_H

#include "tests/fuzz/play.h"

/* A packed event, malloc'd; the gate may still refuse it. */
uint8_t *fz_fill_event(struct fz_in *in, struct fz_play *p, size_t *len);

#endif
