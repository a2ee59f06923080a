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

#define LD_STATE_SCHEMA 7u /* bump with every change of state.proto or of what apply does */

struct ld_site_cache; /* fences, filled lazily from state: site.h */
struct ld_rule_sets;  /* adopted profiles, decoded lazily from state: rules_apply.c */

/* Who is told what is written of the state that is published. In a replay nobody. */
struct ld_witness {
	void (*manifest)(void *ctx, ProtobufCBinaryData id); /* its record */
	void (*load)(void *ctx, const char *plate);	     /* which manifests are on it */
	void *ctx;
};

struct ld_custody {
	struct ld_state *state;
	struct ld_arena *arena;	      /* of the event at hand; reset by region.c between events */
	const struct ld_rules *rules; /* in force at the time of the event at hand: ld_rules_at */
	struct ld_rule_sets *rule_sets;
	int64_t rules_since_ms, rules_until_ms; /* `rules` is in force in [since, until) */
	int64_t next_due_ms;			/* no clock runs out before; 0: nobody has looked */
	int64_t now_ms; /* ledger time that ld_rules_at was asked for last: of the event at hand */
	struct ld_site_cache *sites; /* dropped by apply when a site changes */
	uint8_t ledger_id[LD_HASH_BYTES];
	const char *region;
	struct ld_witness witness; /* members may be NULL */
};

/* Which rules: a manifest keeps those that it was sealed under, in every check and clock of its own
 * (ld_rules_of). All else goes by those in force when the event at hand was recorded, a held one
 * too whenever it takes effect: judge, apply and replay ask the same (ld_rules_at). */

/* Sets c->rules to the profile that is in force at ledger time ms. A comparison, most of the time.
 * LD_ERR_NOMEM: they cannot be read, nothing may be judged or applied. */
enum ld_err ld_rules_at(struct ld_custody *c, int64_t ms);
/* The rules that a manifest was sealed under; those in force where it is not sealed, or NULL. */
const struct ld_rules *ld_rules_of(const struct ld_custody *c, const Custody__Manifest *m);
/* What is kept of state beside it is forgotten: after an abort, and before the custody is freed. */
void ld_custody_forget(struct ld_custody *c);

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
	int64_t applied_at_ms;	/* of a held one that takes effect: of its HeldApplied; else 0 */
	uint64_t index;		/* of its entry; 0 while it is judged */
};

#endif
