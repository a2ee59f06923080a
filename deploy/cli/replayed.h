/* The ledger lived through again in a scratch state, entry by entry: what was true at any past
 * index, and every event in the order in which it took effect (a held one when its cause had come).
 * Writes nothing outside. */
#ifndef LD_CLI_REPLAYED_H
#define LD_CLI_REPLAYED_H

#include "deploy/cli/book.h"

struct ld_effect {
	const struct ld_fact *fact; /* the event, its signer; fact->index of its own entry */
	uint64_t index;		    /* of the entry in which it took effect */
	int64_t recorded_at_ms;	    /* of that entry */
	struct ld_custody *before;  /* state before it */
};

struct ld_replay_watch {
	void *ctx;
	/* A signed event takes effect. Nonzero stops. May be NULL. */
	int (*effect)(void *ctx, const struct ld_effect *e);
	/* Before an entry is applied: the state stands for `index` entries. Nonzero stops. May be
	 * NULL. */
	int (*entry)(void *ctx, struct ld_custody *before, uint64_t index,
		     const Liandan__Entry *entry);
	/* The state after the last entry. May be NULL. */
	void (*end)(void *ctx, struct ld_custody *state);
};

/* Entries 0 … upto-1. LD_ERR_CORRUPT: an entry cannot be applied; other errors of the files. */
enum ld_err ld_book_replay(struct ld_book *b, uint64_t upto, const struct ld_replay_watch *watch);

#endif
