/* Scenarios of the manifest's table. test_table.c plays each, and fails where a row or a check has
 * none.
 *
 * To add one, write in scenarios_<noun>.c (any file of that name is linked in, there is nothing
 * else to register):
 *
 *     SCENARIO(HARD, MANIFEST_CREATED, draft_kind, LIMIT)
 *     {
 *         Liandan__ManifestCreated *b = mx_created(x);
 *
 *         b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT;
 *         mx_create(x, b);
 *     }
 *
 * The four are the kind (below), the event's body, the check or `row` where it is of the row as a
 * whole, and the reason or REASON_NONE. `x` is a fresh struct mx (manifest_fixture.h). The last
 * event that the scenario puts must be of that body: the runner looks at its verdict, and at which
 * check it was, so that the scenario itself need not. One scenario of a kind for a row and check;
 * more of a check's reasons belong in the noun's own test_*.c. */
#ifndef LD_TESTS_SCENARIO_H
#define LD_TESTS_SCENARIO_H

#include "rights_builders.h"

enum scenario_kind {
	/* Every row: accepted, no violation, and the manifest at hand is in the row's `to` (or
	 * CLOSED by what followed), or where it was when the row has none. */
	SCENARIO_HONEST,
	/* Every row: a key without the role. WRONG_ROLE. */
	SCENARIO_SIGNER,
	/* Rows whose signer must be of one of the manifest's parties: another's. WRONG_ROLE. */
	SCENARIO_PARTY,
	/* Rows about a manifest that must be here: an intention is refused, a fact HELD. */
	SCENARIO_ABSENT,
	/* Rows that can be HELD, and each check that is broken with WAITS_FOR_… under HARD: put the
	 * event (HELD), then what it waits for, which must be the last put and apply it. */
	SCENARIO_WAITS,
	/* Rows with `passed`: in a state that cannot take it any more. */
	SCENARIO_PASSED,
	/* Every row: once more after it took effect. REASON_NONE: it may be said twice. */
	SCENARIO_TWICE,
	/* Every row: signed in time, and here when all clocks of a manifest on its way have run out
	 * (scenario_late). Without one, HONEST is played so and must end as well. Where the clocks
	 * do make a difference: REASON_NONE, if only to what the usual way there is; OUT_OF_ORDER:
	 * refused; else recorded. */
	SCENARIO_LATE,
	/* Each hard check: refused by that very check (HELD for a reason WAITS_FOR_…). Of an
	 * intention it is played again under a profile that records every check: what is written
	 * LD_CHECK must not refuse then, LD_FORM must. */
	SCENARIO_HARD,
	/* Each recorded check, `once` too: accepted, that very check violated. */
	SCENARIO_RECORDED,
	SCENARIO_KINDS
};

struct scenario {
	enum scenario_kind kind;
	Liandan__Event__BodyCase body;
	const char *check; /* "row" where it is of the row as a whole */
	Liandan__Reason reason;
	void (*play)(struct mx *x);
	const char *name;
};

/* A hold stands on the manifest at hand. CUSTODY-21 */
static inline void scenario_hold(struct mx *x)
{
	const char *hex = ld_c_hex(&x->c, mx_id(x));

	mx_clean(x, mx_hold(x, EEB, "H1", MX_SUBJECT(MANIFEST), hex, x->now + x->c.rules->hold_ms));
}

/* Events of this body are on their way for 40 days from now on. */
static inline void scenario_late(struct mx *x, Liandan__Event__BodyCase body)
{
	x->late = body;
	x->late_ms = 40 * LD_DAY_MS;
}

/* scenario_list.h */
void scenario_add(const struct scenario *s);

#define SCENARIO(KIND, BODY, CHECK, REASON)                                                        \
	static void play_##BODY##_##KIND##_##CHECK(struct mx *x);                                  \
	__attribute__((constructor)) static void add_##BODY##_##KIND##_##CHECK(void)               \
	{                                                                                          \
		static const struct scenario s = {SCENARIO_##KIND,                                 \
						  LIANDAN__EVENT__BODY_##BODY,                     \
						  #CHECK,                                          \
						  LIANDAN__REASON__##REASON,                       \
						  play_##BODY##_##KIND##_##CHECK,                  \
						  #BODY " " #KIND " " #CHECK};                     \
		scenario_add(&s);                                                                  \
	}                                                                                          \
	static void play_##BODY##_##KIND##_##CHECK(struct mx *x)

#endif
