/* Storage on the way: custody, clocks, the vehicle, and how it goes on. CUSTODY-10. What ends on
 * the road lets the delivery finish. */
#include "road_builders.h"

#define FLAG(name) CUSTODY__MANIFEST_FLAG__FLAG_##name

static size_t aboard(struct mx *x, const char *plate)
{
	ProtobufCBinaryData ids[4];
	size_t n = 0;

	assert_int_equal(ld_load_of(&x->c, plate, ids, 4, &n), LD_OK);
	return n;
}

static void put_down(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;

	mx_to_stored(x);
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_true(m->flags & FLAG(IN_STORAGE));
	assert_string_equal(m->holder, "STO");
	assert_string_equal(m->holder_person, "p-sto");
	assert_int_equal(aboard(x, "V1"), 0);
	assert_int_equal(MX_DUE(x, ARRIVAL), 0);
	assert_int_equal(MX_DUE(x, STORAGE), x->now + x->c.rules->temporary_storage_ms);
	assert_string_equal(mx_container(x, "C1")->site, "S-STO");
	assert_string_equal(mx_container(x, "C1")->party, "STO");
	/* in nobody's stock */
	assert_int_equal(mx_stock(x, "STO", "S-STO", MX_CODE)->in_stock_g, 0);
	assert_false(ld_container_in_stock(mx_container(x, "C1")));
}

static void taken_on_by_who_brought_it(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;

	mx_to_stored(x);
	x->now += LD_DAY_MS;
	mx_was_at(x, "V1", "S-STO");
	mx_clean(x, mx_leave(x, CAR1, mx_left(x, "V1")));
	m = mx_manifest(x);
	assert_false(m->flags & FLAG(IN_STORAGE));
	assert_string_equal(m->holder, "CAR1");
	assert_int_equal(m->leg, 1);
	assert_int_equal(m->taken_ms, x->now);
	assert_int_equal(aboard(x, "V1"), 1);
	assert_int_equal(MX_DUE(x, STORAGE), 0);
	assert_true(MX_DUE(x, ARRIVAL) > x->now);
	assert_string_equal(mx_container(x, "C1")->site, "");
	/* and once more on the same leg */
	mx_clean(x, mx_enter(x, STO, CAR1, mx_entered(x)));
	mx_clean(x, mx_leave(x, CAR1, mx_left(x, "V1")));
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
}

static void taken_on_by_the_next_carrier(void **state)
{
	struct mx *x = *state;

	mx_to_stored(x);
	mx_clean(x, mx_leave(x, CAR2, mx_left(x, "V2")));
	assert_int_equal(mx_manifest(x)->leg, 2);
	assert_string_equal(mx_manifest(x)->carrier, "CAR2");
	assert_int_equal(aboard(x, "V2"), 1);
	mx_refused(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")), OUT_OF_ORDER);
	mx_clean(x, mx_arrive(x, CAR2, mx_arrived(x, "V2")));
}

/* The next carrier puts it down again; its leaving comes in before that has. */
static void put_down_on_each_of_two_legs(void **state)
{
	struct mx *x = *state;

	mx_to_stored(x);
	mx_clean(x, mx_leave(x, CAR2, mx_left(x, "V2")));
	mx_held(x, mx_leave(x, CAR2, mx_left(x, "V2")));
	mx_clean(x, mx_enter(x, STO, CAR2, mx_entered(x)));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED));
	assert_string_equal(mx_manifest(x)->holder, "CAR2");
	assert_int_equal(mx_manifest(x)->leg, 2);
	mx_refused(x, mx_leave(x, CAR2, mx_left(x, "V2")), OUT_OF_ORDER);
}

/* The storage's party gives the next leg as any holder does. */
static void handed_over_out_of_storage(void **state)
{
	struct mx *x = *state;

	mx_to_stored(x);
	mx_refused(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")), WRONG_ROLE);
	mx_refused(x, mx_offer(x, REC, mx_offered(x, 2, "CAR2")), WRONG_ROLE);
	mx_clean(x, mx_offer(x, STO, mx_offered(x, 2, "CAR2")));
	assert_string_equal(mx_manifest(x)->offer->from_party, "STO");
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")));
	assert_false(mx_manifest(x)->flags & FLAG(IN_STORAGE));
	assert_int_equal(MX_DUE(x, STORAGE), 0);
	assert_string_equal(mx_container(x, "C1")->site, "");
	assert_string_equal(mx_container(x, "C1")->party, "CAR2");
}

/* Presence on a later leg: the truck that takes it out was not at the storage. */
static void handed_over_to_a_truck_elsewhere(void **state)
{
	struct mx *x = *state;

	mx_to_stored(x);
	mx_clean(x, mx_offer(x, STO, mx_offered(x, 2, "CAR2")));
	mx_was_at(x, "V2", "S-GEN");
	mx_flagged(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")), ABSENT_AT_ORIGIN);
}

static void arriving_waits_for_leaving(void **state)
{
	struct mx *x = *state;

	mx_to_stored(x);
	mx_held(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_refused(x, mx_arrive(x, CARX, mx_arrived(x, "VX")), WRONG_ROLE);
	mx_held(x, mx_receive(x, REC, mx_received(x)));
	mx_clean(x, mx_leave(x, CAR1, mx_left(x, "V1")));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__VERIFYING);
}

static void stored_for_too_long(void **state)
{
	struct mx *x = *state;
	const Liandan__AnomalyRaised *a;

	mx_to_stored(x);
	x->now += x->c.rules->temporary_storage_ms;
	assert_true(mx_tick(x) != 0);
	a = mx_raised(x, LIANDAN__ANOMALY_KIND__DEADLINE);
	assert_non_null(a);
	assert_int_equal(a->level, 2);
	assert_string_equal(mx_manifest(x)->holder, "STO");
}

/* What was overdue is found. */
static void overdue_and_then_in_storage(void **state)
{
	struct mx *x = *state;

	mx_storage_world(x);
	mx_to_stopped(x);
	x->now = MX_DUE(x, ARRIVAL);
	mx_tick(x);
	assert_true(mx_manifest(x)->flags & FLAG(OVERDUE));
	mx_clean(x, mx_enter(x, STO, CAR1, mx_entered(x)));
	assert_false(mx_manifest(x)->flags & (FLAG(OVERDUE) | FLAG(STOPPED)));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED));
	assert_int_equal(MX_DUE(x, LOST), 0);
	assert_int_equal(MX_DUE(x, STOP), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(put_down),
	    T(taken_on_by_who_brought_it),
	    T(taken_on_by_the_next_carrier),
	    T(put_down_on_each_of_two_legs),
	    T(handed_over_out_of_storage),
	    T(handed_over_to_a_truck_elsewhere),
	    T(arriving_waits_for_leaving),
	    T(stored_for_too_long),
	    T(overdue_and_then_in_storage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
