/* What every rule works on: the state tables, a scratch arena, the rules in force. No broker here,
 * no clock, no file. One instance per region, used by one thread.
 *
 * Two kinds of code live in this folder and must stay apart (DESIGN: The way of an event):
 *   *_judge.c   decides once, live: may measure and weigh, rounds to integers, writes nothing
 *   *_apply.c   total, never refuses, integers only, the only writer of state; all that replay runs
 */
#ifndef LD_CUSTODY_CUSTODY_H
#define LD_CUSTODY_CUSTODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "custody/state.pb-c.h"
#include "liandan/event.pb-c.h"
#include "liandan/ledger.pb-c.h"
#include "plugin/custody/rules.h"
#include "proto/arena.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "store/state.h"

#define LD_STATE_SCHEMA 4u /* bump with every change of state.proto or of what apply does */

struct ld_site_cache; /* fences, filled lazily from state: site.h */

struct ld_custody {
	struct ld_state *state;
	struct ld_arena *arena; /* of the event at hand; reset by region.c between events */
	const struct ld_rules *rules;
	struct ld_site_cache *sites; /* dropped by apply when a site changes */
	uint8_t ledger_id[LD_HASH_BYTES];
	const char *region;
};

/* An event that is being judged or has been recorded. */
struct ld_fact {
	const Liandan__Event *event;
	const uint8_t *event_bytes; /* exact */
	size_t event_len;
	const uint8_t *event_hash;  /* LD_HASH_BYTES */
	const Custody__Key *signer; /* of the submitter */
	const Custody__Key *const *cosigners;
	size_t n_cosigners;
	int64_t recorded_at_ms; /* ledger time */
	uint64_t index;		/* of its entry; 0 while it is judged */
};

#endif
