/* On the way: declared stops, accidents. What they flag, which clocks run, and that nothing else is
 * lowered by them. CUSTODY-9, 24. */
#include "custody_rig.h"
#include "road_builders.h"

#define FLAG(name) CUSTODY__MANIFEST_FLAG__FLAG_##name

/* ---- CUSTODY-9 ---- */

static void a_stop_is_flagged_and_ends(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;
	int64_t from;

	mx_to_stopped(x);
	from = x->now;
	m = mx_manifest(x);
	assert_true(m->flags & FLAG(STOPPED));
	assert_int_equal(MX_DUE(x, STOP), from + x->c.rules->stop_ms);
	assert_true(MX_DUE(x, ARRIVAL) != 0); /* the arrival's clock runs on */
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_end_stop(x, CAR1, mx_stop_end(x, x->hash)));
	m = mx_manifest(x);
	assert_false(m->flags & FLAG(STOPPED));
	assert_int_equal(m->stopped_ms, LD_HOUR_MS);
	assert_int_equal(m->stop.len, 0);
	assert_int_equal(MX_DUE(x, STOP), 0);
	assert_string_equal(m->holder, "CAR1");
}

static void a_stop_that_nobody_ended(void **state)
{
	struct mx *x = *state;
	int64_t due;

	mx_to_stopped(x);
	due = MX_DUE(x, STOP);
	x->now += LD_HOUR_MS;
	/* the next one takes its place */
	mx_clean(x, mx_begin_stop(x, CAR1, mx_stop(x, "V1")));
	assert_int_equal(MX_DUE(x, STOP), due + LD_HOUR_MS);
	assert_int_equal(mx_manifest(x)->stopped_ms, LD_HOUR_MS);
	/* and arriving ends it without a word */
	x->now += LD_MINUTE_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	assert_false(mx_manifest(x)->flags & FLAG(STOPPED));
	assert_int_equal(MX_DUE(x, STOP), 0);
	assert_int_equal(mx_manifest(x)->stopped_ms, LD_HOUR_MS + LD_MINUTE_MS);
}

static void a_stop_ends_with_the_next_taking(void **state)
{
	struct mx *x = *state;
	uint8_t stop[LD_HASH_BYTES];

	mx_to_stopped(x);
	memcpy(stop, x->hash, sizeof stop);
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")));
	assert_false(mx_manifest(x)->flags & FLAG(STOPPED));
	assert_int_equal(MX_DUE(x, STOP), 0);
	assert_int_equal(mx_manifest(x)->stopped_ms, 0); /* another trip */
	mx_refused(x, mx_end_stop(x, CAR1, mx_stop_end(x, stop)), WRONG_ROLE);
	mx_refused(x, mx_end_stop(x, CAR2, mx_stop_end(x, stop)), OUT_OF_ORDER);
}

/* Arrived elsewhere it may stop again; once it is received the vehicle is free. */
static void a_stop_ends_with_the_receipt(void **state)
{
	struct mx *x = *state;
	Liandan__Arrived *b;

	mx_to_taken(x);
	b = mx_arrived(x, "V1");
	b->site = MX_S("S-GENB");
	mx_flagged(x, mx_arrive(x, CAR1, b), WRONG_PLACE);
	mx_clean(x, mx_begin_stop(x, CAR1, mx_stop(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	assert_int_equal(mx_manifest(x)->flags & CUSTODY__MANIFEST_FLAG__FLAG_STOPPED, 0);
	assert_int_equal(MX_DUE(x, STOP), 0);
}

static void a_stop_for_too_long(void **state)
{
	struct mx *x = *state;
	const Liandan__AnomalyRaised *a;
	uint8_t stop[LD_HASH_BYTES];
	int64_t from;

	mx_to_stopped(x);
	from = x->now;
	memcpy(stop, x->hash, sizeof stop);
	x->now = from + x->c.rules->stop_ms;
	assert_true(mx_tick(x) != 0);
	a = mx_raised(x, LIANDAN__ANOMALY_KIND__DEADLINE);
	assert_non_null(a);
	assert_int_equal(a->level, 2);
	assert_true(mx_manifest(x)->flags & FLAG(STOPPED));
	/* the end that comes late, of a stop that was too long, explains nothing */
	mx_flagged(x, mx_end_stop(x, CAR1, mx_stop_end(x, stop)), LATE);
	a = mx_raised(x, LIANDAN__ANOMALY_KIND__RULE_VIOLATED);
	assert_non_null(a);
	assert_int_equal(a->level, 2);
}

static void the_end_comes_late_of_a_short_stop(void **state)
{
	struct mx *x = *state;
	Liandan__StopEnded *b;
	MX_EVENT(e, STOP_ENDED, NULL);

	mx_to_stopped(x);
	b = mx_stop_end(x, x->hash);
	e.stop_ended = b;
	e.occurred_at_ms = x->now + LD_HOUR_MS;
	x->now += x->c.rules->stop_ms;
	assert_true(mx_tick(x) != 0);
	mx_clean(x, mx_put(x, CAR1, &e));
	assert_int_equal(mx_manifest(x)->stopped_ms, LD_HOUR_MS);
	const Liandan__OwnEvent *own = mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED);

	assert_non_null(own);
	assert_int_equal(own->anomaly_cleared->phase, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE);
}

/* To the millisecond, over several stops. */
static void stops_of_a_trip_together(void **state)
{
	struct mx *x = *state;
	const int64_t half = x->c.rules->stop_budget_ms / 2;

	mx_to_stopped(x);
	x->now += half;
	mx_clean(x, mx_end_stop(x, CAR1, mx_stop_end(x, x->hash)));
	x->now += LD_MINUTE_MS;
	mx_clean(x, mx_begin_stop(x, CAR1, mx_stop(x, "V1")));
	x->now += half;
	mx_clean(x, mx_end_stop(x, CAR1, mx_stop_end(x, x->hash)));
	mx_clean(x, mx_begin_stop(x, CAR1, mx_stop(x, "V1")));
	x->now += 1;
	mx_flagged(x, mx_end_stop(x, CAR1, mx_stop_end(x, x->hash)), LATE);
}

static void a_stop_of_another_manifest(void **state)
{
	struct mx *x = *state;
	static const uint8_t absurd[LD_HASH_BYTES] = {1};
	Liandan__StopBegun *b;

	mx_to_stopped(x);
	/* an event that is here and is no stop */
	mx_refused(x, mx_end_stop(x, CAR1, mx_stop_end(x, x->offer)), OUT_OF_ORDER);
	mx_held(x, mx_end_stop(x, CAR1, mx_stop_end(x, absurd)));
	/* named twice over in one event it is one stop; a declared end before its begin counts none
	 */
	b = mx_stop(x, "V1");
	b->manifests[1] = b->manifests[0];
	b->n_manifests = 2;
	b->planned_s = UINT32_MAX;
	mx_clean(x, mx_begin_stop(x, CAR1, b));
	assert_int_equal(mx_manifest(x)->stopped_ms, 0);
	MX_EVENT(e, STOP_ENDED, mx_stop_end(x, x->hash));
	e.occurred_at_ms = 1;
	mx_clean(x, mx_put(x, CAR1, &e));
	assert_int_equal(mx_manifest(x)->stopped_ms, 0);
}

static void a_stop_at_a_registered_place(void **state)
{
	struct mx *x = *state;
	Liandan__StopBegun *b = mx_stop(x, "V1");

	mx_to_taken(x);
	b->site = MX_S("S-PARK");
	mx_clean(x, mx_begin_stop(x, CAR1, b));
	b->site = MX_S("S-NOWHERE");
	mx_flagged(x, mx_begin_stop(x, CAR1, b), UNKNOWN_SITE);
	assert_int_equal(mx_raised(x, LIANDAN__ANOMALY_KIND__RULE_VIOLATED)->level, 2);
}

/* ---- CUSTODY-24 ---- */

static void an_accident_stops_only_the_arrival(void **state)
{
	struct mx *x = *state;
	Liandan__AccidentReported *b;
	const Liandan__AnomalyRaised *a;
	int64_t at;

	mx_to_stopped(x);
	x->now += LD_MINUTE_MS;
	at = x->now;
	b = mx_accident(x, "V1");
	b->code = MX_S(MX_CODE);
	b->lost_g = 1234;
	b->place = MX_NEW(x, Liandan__Place, LIANDAN__PLACE__INIT);
	b->place->lat_e7 = 226000000;
	b->place->lon_e7 = 1141000000;
	mx_clean(x, mx_report(x, CAR1, b));
	a = mx_raised(x, LIANDAN__ANOMALY_KIND__ACCIDENT);
	assert_non_null(a);
	assert_int_equal(a->level, 3);
	assert_string_equal(a->subject, "V1");
	assert_int_equal(a->region->n_foci, 1);
	assert_true(mx_manifest(x)->flags & FLAG(ACCIDENT));
	assert_true(mx_manifest(x)->flags & FLAG(STOPPED));
	assert_int_equal(mx_manifest(x)->accident_lost_g, 1234);
	assert_int_equal(MX_DUE(x, ARRIVAL), 0);
	assert_int_equal(MX_DUE(x, LOST), at + x->c.rules->accident_ms);
	assert_true(MX_DUE(x, STOP) != 0);
	/* once more: one anomaly, and no second respite */
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_report(x, EEB, b));
	assert_null(mx_raised(x, LIANDAN__ANOMALY_KIND__ACCIDENT));
	assert_int_equal(MX_DUE(x, LOST), at + x->c.rules->accident_ms);
	/* it does not arrive */
	x->now = at + x->c.rules->accident_ms;
	mx_tick(x);
	a = mx_raised(x, LIANDAN__ANOMALY_KIND__OVERDUE);
	assert_non_null(a);
	assert_int_equal(a->level, 4);
	assert_true(mx_manifest(x)->flags & FLAG(LOST));
	/* it does after all */
	x->now += LD_HOUR_MS;
	mx_flagged(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")), LATE);
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED));
	assert_true(mx_manifest(x)->flags & FLAG(ACCIDENT));
}

/* Who is overdue stays so: the word of who is late does not buy time. */
static void an_accident_after_the_arrival_was_due(void **state)
{
	struct mx *x = *state;
	int64_t lost;

	mx_to_taken(x);
	x->now = MX_DUE(x, ARRIVAL);
	mx_tick(x);
	lost = MX_DUE(x, LOST);
	assert_true(lost != 0);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_report(x, CAR1, mx_accident(x, "V1")));
	assert_int_equal(MX_DUE(x, LOST), lost);
	assert_true(mx_manifest(x)->flags & FLAG(OVERDUE));
}

static void an_accident_named_by_the_plate(void **state)
{
	struct mx *x = *state;
	Liandan__AccidentReported *b;

	mx_to_taken(x);
	b = mx_accident(x, "V1");
	b->n_manifests = 0;
	mx_refused(x, mx_report(x, CARX, b), WRONG_ROLE);
	mx_clean(x, mx_report(x, CAR1, b));
	assert_true(mx_manifest(x)->flags & FLAG(ACCIDENT));
	/* nothing aboard: a driver holds nothing, a regulator may have seen it */
	b->plate = MX_S("VX");
	mx_refused(x, mx_report(x, CARX, b), WRONG_ROLE);
	mx_clean(x, mx_report(x, EEB, b));
	assert_string_equal(mx_raised(x, LIANDAN__ANOMALY_KIND__ACCIDENT)->subject, "VX");
	b->plate = MX_S("NO-SUCH");
	mx_clean(x, mx_report(x, EEB, b));
}

static void an_accident_reported_afterwards(void **state)
{
	struct mx *x = *state;

	mx_to_arrived(x);
	mx_clean(x, mx_report(x, CAR1, mx_accident(x, "V1")));
	assert_true(mx_manifest(x)->flags & FLAG(ACCIDENT));
	assert_int_equal(MX_DUE(x, LOST), 0);
	assert_true(MX_DUE(x, RECEIPT) != 0);
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_refused(x, mx_report(x, CAR1, mx_accident(x, "V1")), WRONG_ROLE);
	mx_clean(x, mx_report(x, EEB, mx_accident(x, "V1")));
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	mx_refused(x, mx_report(x, EEB, mx_accident(x, "V1")), OUT_OF_ORDER);
}

static void an_accident_of_an_impossible_mass(void **state)
{
	struct mx *x = *state;
	Liandan__AccidentReported *b = mx_accident(x, "V1");

	mx_to_taken(x);
	b->lost_g = (INT64_C(1) << 53) - 1; /* the most that the gate lets through */
	mx_refused(x, mx_report(x, CAR1, b), QUANTITY);
	b->lost_g = LD_MAX_MASS_G + 1;
	mx_refused(x, mx_report(x, CAR1, b), QUANTITY);
	assert_false(mx_manifest(x)->flags & FLAG(ACCIDENT));
}

/* The next vehicle takes it on: the arrival's clock runs again, and its own accident counts. */
static void an_accident_and_another_truck(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	mx_clean(x, mx_report(x, CAR1, mx_accident(x, "V1")));
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")));
	assert_true(MX_DUE(x, ARRIVAL) != 0);
	assert_int_equal(MX_DUE(x, LOST), 0);
	mx_clean(x, mx_report(x, CAR2, mx_accident(x, "V2")));
	assert_non_null(mx_raised(x, LIANDAN__ANOMALY_KIND__ACCIDENT));
	assert_int_equal(MX_DUE(x, ARRIVAL), 0);
	assert_true(MX_DUE(x, LOST) != 0);
}

/* ---- CUSTODY: a declaration annotates, it never excuses ---- */

#define PLATE "V"

/* Half an hour's silence on the way, and perhaps something declared in it. */
static void silent_trip(struct rig *r, bool declared)
{
	const struct rig_how how = {.odometer = false};
	struct rig_fix fix[64];
	Custody__Manifest *m;

	rig_open(r);
	rig_site(r, "plant", "generator", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 0, 0, 200);
	rig_site(r, "works", "receiver", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 20000, 0, 300);
	rig_vehicle(r, PLATE, "carrier", "term-1");
	rig_terminal(r, "term-1");
	rig_manifest(r, 1, PLATE, "plant", "works", T0);
	if (declared) {
		assert_int_equal(ld_manifest_get(&r->c, rig_id(1), &m), LD_OK);
		m->flags |= FLAG(STOPPED) | FLAG(ACCIDENT);
		m->stop_from_ms = T0 + 10 * MIN;
		m->stopped_ms = 30 * MIN;
		m->accident_ms = T0 + 11 * MIN;
		assert_int_equal(ld_manifest_put(&r->c, m), LD_OK);
	}
	rig_track(r, PLATE, fix, rig_drive(fix, 64, 0, 0, 6000, 0, 0, 10 * MIN), how);
	rig_track(r, PLATE, fix, rig_drive(fix, 64, 8000, 0, 20000, 0, 40 * MIN, 60 * MIN), how);
}

static void a_declaration_changes_no_anomaly(void **state)
{
	struct rig plain, declared;

	(void)state;
	silent_trip(&plain, false);
	silent_trip(&declared, true);
	assert_true(plain.n_own != 0);
	assert_int_equal(plain.n_own, declared.n_own);
	for (size_t i = 0; i < plain.n_own; i++) {
		assert_int_equal(plain.own[i].kind, declared.own[i].kind);
		assert_int_equal(plain.own[i].level, declared.own[i].level);
		assert_int_equal(plain.own[i].phase, declared.own[i].phase);
		assert_int_equal(plain.own[i].from_ms, declared.own[i].from_ms);
		assert_int_equal(plain.own[i].to_ms, declared.own[i].to_ms);
	}
	assert_int_equal(rig_gap_anomaly(&plain, PLATE, 1)->now->level, 2);
	assert_int_equal(rig_gap_anomaly(&declared, PLATE, 1)->now->level, 2);
	rig_close(&plain);
	rig_close(&declared);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_stop_is_flagged_and_ends),
	    T(a_stop_that_nobody_ended),
	    T(a_stop_ends_with_the_next_taking),
	    T(a_stop_ends_with_the_receipt),
	    T(a_stop_for_too_long),
	    T(the_end_comes_late_of_a_short_stop),
	    T(stops_of_a_trip_together),
	    T(a_stop_of_another_manifest),
	    T(a_stop_at_a_registered_place),
	    T(an_accident_stops_only_the_arrival),
	    T(an_accident_after_the_arrival_was_due),
	    T(an_accident_named_by_the_plate),
	    T(an_accident_reported_afterwards),
	    T(an_accident_of_an_impossible_mass),
	    T(an_accident_and_another_truck),
	    cmocka_unit_test(a_declaration_changes_no_anomaly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
