/* One vehicle, several manifests: milk runs are normal, a second trip beside the first is not
 * (D10); and who drives for whom (A8). CUSTODY-2, -6. */
#include "manifest_builders.h"

/* Another manifest on V1, between these sites. */
static Custody__Manifest *aboard(struct mx *x, const char *from, const char *to,
				 Custody__ManifestState state)
{
	Custody__Manifest *m = MX_NEW(x, Custody__Manifest, CUSTODY__MANIFEST__INIT);
	static uint8_t id[LD_UUID_BYTES];

	memset(id, 0x77, sizeof id);
	m->created = mx_created(x);
	m->created->manifest = m->manifest = mx_bytes(id, sizeof id);
	m->created->site = MX_S(from);
	m->created->receiver->site = MX_S(to);
	m->state = state;
	m->leg = 1;
	m->plate = MX_S("V1");
	m->holder = m->carrier = MX_S("CAR1");
	m->taken_ms = x->now - LD_HOUR_MS;
	return m;
}

static void put_aboard(struct mx *x, const Custody__Manifest *m)
{
	assert_int_equal(ld_manifest_put(&x->c, m), LD_OK);
	assert_int_equal(ld_load_put(&x->c, m), LD_OK);
}

static void take_beside(struct mx *x)
{
	mx_to_offered(x);
	mx_accepted(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
}

static const Liandan__AnomalyRaised *raised(const struct mx *x, Liandan__Reason reason)
{
	for (size_t i = 0; i < x->n_own; i++)
		if (x->own[i]->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED &&
		    x->own[i]->anomaly_raised->reason == reason)
			return x->own[i]->anomaly_raised;
	return NULL;
}

static void another_trip_is_flagged(void **state)
{
	struct mx *x = *state;

	put_aboard(x, aboard(x, "S-GEN2", "S-PARK", CUSTODY__MANIFEST_STATE__IN_TRANSIT));
	take_beside(x);
	assert_true(mx_violated(x, LIANDAN__REASON__OVERLAPPING));
	assert_int_equal(raised(x, LIANDAN__REASON__OVERLAPPING)->level, 2);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__IN_TRANSIT); /* custody moved */
}

/* Collected at several places for one gate; from one place to several gates. */
static void milk_runs_are_normal(void **state)
{
	struct mx *x = *state;

	put_aboard(x, aboard(x, "S-GEN2", "S-REC", CUSTODY__MANIFEST_STATE__IN_TRANSIT));
	take_beside(x);
	assert_int_equal(x->j.n_violations, 0);
}

static void several_gates_are_normal(void **state)
{
	struct mx *x = *state;

	put_aboard(x, aboard(x, "S-GEN", "S-PARK", CUSTODY__MANIFEST_STATE__IN_TRANSIT));
	take_beside(x);
	assert_int_equal(x->j.n_violations, 0);
}

static void what_has_arrived_is_off_the_road(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m = aboard(x, "S-GEN2", "S-PARK", CUSTODY__MANIFEST_STATE__ARRIVED);

	m->arrived_site = MX_S("S-PARK");
	put_aboard(x, m);
	take_beside(x);
	assert_int_equal(x->j.n_violations, 0);
}

static void what_has_gone_astray_is_not(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m = aboard(x, "S-GEN2", "S-PARK", CUSTODY__MANIFEST_STATE__ARRIVED);

	m->arrived_site = MX_S("S-GENB");
	put_aboard(x, m);
	take_beside(x);
	assert_true(mx_violated(x, LIANDAN__REASON__OVERLAPPING));
}

/* An hour overdue, and collecting more for the same gate. */
static void what_is_overdue_goes_nowhere(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m = aboard(x, "S-GEN2", "S-REC", CUSTODY__MANIFEST_STATE__IN_TRANSIT);

	m->flags = CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE;
	put_aboard(x, m);
	take_beside(x);
	assert_true(mx_violated(x, LIANDAN__REASON__OVERLAPPING));
}

/* Told late, this taking was before that one: nobody knows that it had not arrived by then. */
static void a_taking_told_late_overlaps_nothing(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m = aboard(x, "S-GEN2", "S-PARK", CUSTODY__MANIFEST_STATE__IN_TRANSIT);

	m->taken_ms = x->now + LD_HOUR_MS;
	put_aboard(x, m);
	take_beside(x);
	assert_int_equal(x->j.n_violations, 0);
}

/* ---- A8 ---- */

static void seal_between(struct mx *x, const char *receiver, const char *site, const char *carrier)
{
	Liandan__ManifestCreated *draft = mx_created(x);
	const uint32_t carries = LIANDAN__ROLE__ROLE_CARRIER | LIANDAN__ROLE__ROLE_GENERATOR |
				 LIANDAN__ROLE__ROLE_RECEIVER;

	mx_party(x, "GEN", carries, LIANDAN__TIER__TIER_KEY);
	mx_party(x, "REC", carries, 0);
	mx_fill(x);
	draft->receiver->party = MX_S(receiver);
	draft->receiver->site = MX_S(site);
	draft->carriers[0]->party = MX_S(carrier);
	mx_clean(x, mx_create(x, draft));
	mx_seal(x, draft, mx_sealed(x));
}

static void own_transport_is_lawful_and_known(void **state)
{
	struct mx *x = *state;

	mx_licence(x, "L-G", "GEN", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", 0);
	seal_between(x, "REC", "S-REC", "GEN");
	assert_int_equal(x->j.verdict, LIANDAN__VERDICT__ACCEPTED);
	assert_true(mx_violated(x, LIANDAN__REASON__SAME_PARTY));
	assert_int_equal(raised(x, LIANDAN__REASON__SAME_PARTY)->level, 1);
}

static void so_is_the_receivers_truck(void **state)
{
	struct mx *x = *state;

	mx_licence(x, "L-R", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", 0);
	seal_between(x, "REC", "S-REC", "REC");
	mx_flagged(x, x->j.reason, SAME_PARTY);
}

/* Licensed as anybody is. */
static void own_transport_takes_a_licence(void **state)
{
	struct mx *x = *state;

	seal_between(x, "REC", "S-REC", "GEN");
	mx_refused(x, x->j.reason, NOT_LICENSED);
}

static void one_party_with_two_sites(void **state)
{
	struct mx *x = *state;

	mx_licence(x, "L-G", "GEN", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", MX_MODE, 0);
	seal_between(x, "GEN", "S-GENB", "CAR1");
	mx_flagged(x, x->j.reason, SAME_PARTY);
	assert_int_equal(x->j.n_violations, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, mx_open, mx_close)
	    T(another_trip_is_flagged),
	    T(milk_runs_are_normal),
	    T(several_gates_are_normal),
	    T(what_has_arrived_is_off_the_road),
	    T(what_has_gone_astray_is_not),
	    T(what_is_overdue_goes_nowhere),
	    T(a_taking_told_late_overlaps_nothing),
	    T(own_transport_is_lawful_and_known),
	    T(so_is_the_receivers_truck),
	    T(own_transport_takes_a_licence),
	    T(one_party_with_two_sites),
#undef T
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
