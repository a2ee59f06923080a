/* Holds: who places, extends and ends them, what they block and what they never block. CUSTODY-21.
 */
#include <stdio.h>

#include "rights_builders.h"

#define REG NOBODY /* a second regulator, a person */

static void regulator(struct mx *x)
{
	mx_rekey(x, REG, LIANDAN__ROLE__ROLE_REGULATOR, "p-reg");
}

static const char *hex(struct mx *x)
{
	char *out = ld_arena_alloc(&x->build, 2 * LD_UUID_BYTES + 1);

	ld_hex_encode(x->id, sizeof x->id, out);
	return out;
}

static int64_t day(struct mx *x)
{
	return x->now + x->c.rules->hold_ms;
}

static bool flagged(struct mx *x)
{
	return (mx_manifest(x)->flags & CUSTODY__MANIFEST_FLAG__FLAG_ON_HOLD) != 0;
}

static void who_and_what(void **state)
{
	struct mx *x = *state;

	mx_to_draft(x);
	mx_refused(x, mx_hold(x, GEN, "H", MX_SUBJECT(PARTY), "GEN", day(x)), WRONG_ROLE);
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(PARTY), "nobody", day(x)), UNKNOWN_PARTY);
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(SITE), "nowhere", day(x)), UNKNOWN_SITE);
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(VEHICLE), "none", day(x)), UNKNOWN_VEHICLE);
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(CONTAINER), "none", day(x)),
		   UNKNOWN_CONTAINER);
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(MANIFEST), "00ff", day(x)), UNKNOWN_MANIFEST);
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(KEY), "k", day(x)), UNKNOWN_SUBJECT);
	/* in capitals it would stand on nothing that is ever asked about */
	memset(x->id, 0xab, sizeof x->id);
	mx_to_draft(x);
	mx_refused(
	    x,
	    mx_hold(x, EEB, "H", MX_SUBJECT(MANIFEST), "ABABABABABABABABABABABABABABABAB", day(x)),
	    UNKNOWN_MANIFEST);
	/* at most 24 h, and not over already */
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(PARTY), "GEN", day(x) + 1), LIMIT);
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(PARTY), "GEN", INT64_C(1) << 52), LIMIT);
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(PARTY), "GEN", x->now), QUANTITY);
	mx_clean(x, mx_hold(x, EEB, "H", MX_SUBJECT(PARTY), "GEN", day(x)));
	mx_refused(x, mx_unhold(x, GEN, "H"), WRONG_ROLE);
	mx_refused(x, mx_unhold(x, EEB, "H2"), UNKNOWN_SUBJECT);
	mx_clean(x, mx_unhold(x, EEB, "H"));
	mx_refused(x, mx_unhold(x, EEB, "H"), OUT_OF_ORDER);
}

/* One regulator for 24 h, another person extends. */
static void a_second_person_extends(void **state)
{
	struct mx *x = *state;

	regulator(x);
	mx_clean(x, mx_hold(x, EEB, "H", MX_SUBJECT(PARTY), "GEN", day(x)));
	x->now += LD_HOUR_MS;
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(PARTY), "GEN", day(x)), SAME_PERSON);
	/* nor by another name */
	mx_refused(x, mx_hold(x, EEB, "H2", MX_SUBJECT(PARTY), "GEN", day(x)), SAME_PERSON);
	mx_refused(x, mx_hold(x, REG, "H", MX_SUBJECT(PARTY), "REC", day(x)), ALREADY_EXISTS);
	mx_refused(x, mx_hold(x, REG, "H", MX_SUBJECT(PARTY), "GEN", x->now + LD_HOUR_MS),
		   QUANTITY);
	mx_refused(x, mx_hold(x, REG, "H", MX_SUBJECT(PARTY), "GEN", day(x) + 1), LIMIT);
	mx_clean(x, mx_hold(x, REG, "H", MX_SUBJECT(PARTY), "GEN", day(x)));
	x->now += LD_HOUR_MS;
	mx_refused(x, mx_hold(x, REG, "H", MX_SUBJECT(PARTY), "GEN", day(x)), SAME_PERSON);
	mx_refused(x, mx_create(x, mx_created(x)), ON_HOLD);
	/* the first clock was replaced */
	x->now += 22 * LD_HOUR_MS;
	assert_int_equal(mx_tick(x), 0);
	mx_refused(x, mx_create(x, mx_created(x)), ON_HOLD);
	x->now += LD_HOUR_MS;
	assert_int_equal(mx_tick(x), 1);
	mx_clean(x, mx_create(x, mx_created(x)));
	mx_refused(x, mx_hold(x, EEB, "H", MX_SUBJECT(PARTY), "GEN", day(x)), ALREADY_EXISTS);
}

static void the_flag_shows(void **state)
{
	struct mx *x = *state;

	regulator(x);
	mx_to_draft(x);
	mx_clean(x, mx_hold(x, EEB, "H1", MX_SUBJECT(MANIFEST), hex(x), day(x)));
	assert_true(flagged(x));
	mx_clean(x, mx_hold(x, REG, "H2", MX_SUBJECT(MANIFEST), hex(x), day(x) - LD_HOUR_MS));
	mx_clean(x, mx_unhold(x, REG, "H1"));
	assert_true(flagged(x)); /* the other one stands */
	x->now += 23 * LD_HOUR_MS;
	assert_int_equal(mx_tick(x), 1);
	assert_false(flagged(x));
	assert_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED)); /* it was meant to end */
}

/* A hold is over at its very millisecond, also where the broker was down then and its clock has not
 * been told yet. */
static void expired_and_not_noted(void **state)
{
	struct mx *x = *state;
	int64_t end = day(x);

	mx_clean(x, mx_hold(x, EEB, "H", MX_SUBJECT(PARTY), "GEN", end));
	x->now = end - 1;
	mx_refused(x, mx_create(x, mx_created(x)), ON_HOLD);
	x->now = end;
	mx_clean(x, mx_create(x, mx_created(x)));
	mx_refused(x, mx_unhold(x, EEB, "H"), OUT_OF_ORDER);
	assert_int_equal(mx_tick(x), 1);
}

/* Everything that a manifest touches. */
static void what_blocks_a_seal(void **state)
{
	struct mx *x = *state;
	const struct {
		Liandan__SubjectKind kind;
		const char *subject;
	} on[] = {{MX_SUBJECT(MANIFEST), hex(x)}, {MX_SUBJECT(PARTY), "GEN"},
		  {MX_SUBJECT(PARTY), "REC"},	  {MX_SUBJECT(PARTY), "CAR1"},
		  {MX_SUBJECT(PARTY), "CAR2"},	  {MX_SUBJECT(SITE), "S-GEN"},
		  {MX_SUBJECT(SITE), "S-REC"},	  {MX_SUBJECT(CONTAINER), "C2"}};
	Liandan__ManifestCreated *draft;

	mx_fill(x);
	draft = mx_to_draft(x);
	for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
		char id[8];

		snprintf(id, sizeof id, "H%zu", i);
		mx_clean(x, mx_hold(x, EEB, id, on[i].kind, on[i].subject, day(x)));
		mx_refused(x, mx_seal(x, draft, mx_sealed(x)), ON_HOLD);
		mx_clean(x, mx_unhold(x, EEB, id));
	}
	/* what it does not touch */
	mx_clean(x, mx_hold(x, EEB, "X1", MX_SUBJECT(PARTY), "GEN2", day(x)));
	mx_clean(x, mx_hold(x, EEB, "X2", MX_SUBJECT(SITE), "S-GENB", day(x)));
	mx_clean(x, mx_hold(x, EEB, "X3", MX_SUBJECT(VEHICLE), "V1", day(x)));
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
}

/* A hold and a seal race: whichever the ledger has first. */
static void a_hold_after_the_seal(void **state)
{
	struct mx *x = *state;

	mx_to_sealed(x);
	mx_clean(x, mx_hold(x, EEB, "H", MX_SUBJECT(MANIFEST), hex(x), day(x)));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__SEALED);
	mx_refused(x, mx_cancel(x, GEN), ON_HOLD);
	mx_refused(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")), ON_HOLD);
	mx_clean(x, mx_unhold(x, EEB, "H"));
	mx_clean(x, mx_hold(x, EEB, "H2", MX_SUBJECT(PARTY), "CAR2", day(x)));
	mx_refused(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR2")), ON_HOLD);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
}

/* Facts are never blocked: what is on the truck arrives and is received. */
static void a_loaded_truck_on_hold(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_clean(x, mx_hold(x, EEB, "H1", MX_SUBJECT(MANIFEST), hex(x), day(x)));
	mx_clean(x, mx_hold(x, EEB, "H2", MX_SUBJECT(VEHICLE), "V1", day(x)));
	mx_clean(x, mx_hold(x, EEB, "H3", MX_SUBJECT(PARTY), "REC", day(x)));
	mx_clean(x, mx_hold(x, EEB, "H4", MX_SUBJECT(SITE), "S-REC", day(x)));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	assert_true(flagged(x));
	mx_refused(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")), ON_HOLD);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_true(flagged(x));
	x->now += LD_DAY_MS;
	mx_tick(x);
	assert_false(flagged(x));
}

static void the_vehicle_of_a_leg(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	mx_clean(x, mx_hold(x, EEB, "H", MX_SUBJECT(VEHICLE), "V1", day(x)));
	mx_refused(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")), ON_HOLD);
	mx_clean(x, mx_unhold(x, EEB, "H"));
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
}

/* Who is on hold himself acts for nobody and hands nothing on. */
static void the_signers_own_party(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);

	b->n_carriers = 0;
	mx_add_carrier(x, b, 1, "CAR2");
	mx_clean(x, mx_delegate(x, EEB, mx_delegation(x, "D")));
	mx_clean(x, mx_hold(x, EEB, "H", MX_SUBJECT(PARTY), "CAR1", day(x)));
	mx_refused(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b), ON_HOLD);
	mx_clean(x, mx_create(x, b));
	mx_clean(x, mx_unhold(x, EEB, "H"));
	x->id[0]++;
	mx_to_taken(x);
	mx_clean(x, mx_hold(x, EEB, "H2", MX_SUBJECT(PARTY), "CAR1", day(x)));
	mx_refused(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")), ON_HOLD);
}

static void holds_are_bounded(void **state)
{
	struct mx *x = *state;
	char id[8], person[8];

	for (int i = 0; i < 16; i++) {
		snprintf(id, sizeof id, "H%d", i);
		snprintf(person, sizeof person, "p%d", i);
		mx_rekey(x, REG, LIANDAN__ROLE__ROLE_REGULATOR, person);
		mx_clean(x, mx_hold(x, REG, MX_S(ld_arena_str(&x->build, id)), MX_SUBJECT(PARTY),
				    "GEN", day(x)));
	}
	mx_rekey(x, REG, LIANDAN__ROLE__ROLE_REGULATOR, "p-last");
	mx_refused(x, mx_hold(x, REG, "H16", MX_SUBJECT(PARTY), "GEN", day(x)), LIMIT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(who_and_what),	       T(a_second_person_extends), T(the_flag_shows),
	    T(expired_and_not_noted),  T(what_blocks_a_seal),	   T(a_hold_after_the_seal),
	    T(a_loaded_truck_on_hold), T(the_vehicle_of_a_leg),	   T(the_signers_own_party),
	    T(holds_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
