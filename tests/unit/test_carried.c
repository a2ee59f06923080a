/* Vehicles that had a manifest before the one of now: what their terminals say late is judged for
 * the time in which they had it. CUSTODY-6, 10; DETECTION 1, D3 */
#include "custody_rig.h"
#include "road_builders.h"

#define FIRST "B-7001"
#define SECOND "B-7002"

/* ---- what is remembered ---- */

static void the_vehicle_of_the_first_leg(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	const int64_t first = mx_manifest(x)->taken_ms;

	assert_int_equal(mx_manifest(x)->n_carried, 0);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")));
	Custody__Manifest *m = mx_manifest(x);

	assert_int_equal(m->n_carried, 1);
	assert_string_equal(m->carried[0]->plate, "V1");
	assert_string_equal(m->carried[0]->carrier, "CAR1");
	assert_int_equal(m->carried[0]->leg, 1);
	assert_int_equal(m->carried[0]->taken_ms, first);
	assert_int_equal(m->carried[0]->given_ms, x->now);
	assert_string_equal(m->carried[0]->from_site, m->created->site);
	assert_string_equal(m->carried[0]->to_site, "");
	assert_string_equal(m->plate, "V2");
}

static void the_vehicle_that_put_it_down(void **state)
{
	struct mx *x = *state;

	mx_to_stored(x);
	const int64_t stored = x->now;

	x->now += LD_DAY_MS;
	mx_was_at(x, "V1", "S-STO");
	mx_clean(x, mx_leave(x, CAR1, mx_left(x, "V1")));
	Custody__Manifest *m = mx_manifest(x);

	assert_int_equal(m->n_carried, 1);
	assert_int_equal(m->carried[0]->given_ms, stored);
	assert_string_equal(m->carried[0]->to_site, "S-STO");
	/* its next custody begins at the storage */
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")));
	m = mx_manifest(x);
	assert_int_equal(m->n_carried, 2);
	assert_int_equal(m->carried[1]->taken_ms, stored + LD_DAY_MS);
	assert_string_equal(m->carried[1]->from_site, "S-STO");
	assert_string_equal(m->carried[1]->to_site, "");
}

/* Bounded; the first stays, which alone tells who came from the generator. */
static void many_legs(void **state)
{
	struct mx *x = *state;

	mx_to_stored(x);
	const int64_t first = mx_manifest(x)->taken_ms;

	for (int i = 0; i < 20; i++) {
		x->now += LD_HOUR_MS;
		mx_was_at(x, "V1", "S-STO");
		mx_clean(x, mx_leave(x, CAR1, mx_left(x, "V1")));
		mx_clean(x, mx_enter(x, STO, CAR1, mx_entered(x)));
	}
	Custody__Manifest *m = mx_manifest(x);

	assert_int_equal(m->n_carried, 8);
	assert_int_equal(m->carried[0]->taken_ms, first);
	for (size_t i = 2; i < m->n_carried; i++)
		assert_int_equal(m->carried[i]->taken_ms, m->carried[i - 1]->taken_ms + LD_HOUR_MS);
	assert_int_equal(m->carried[7]->taken_ms, x->now - LD_HOUR_MS);
}

/* ---- what is judged ---- */

static void begin(struct rig *r)
{
	rig_open(r);
	rig_site(r, "plant", "generator", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 0, 0, 200);
	rig_site(r, "works", "receiver", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 40000, 0, 300);
	rig_vehicle(r, FIRST, "carrier", "term-1");
	rig_terminal(r, "term-1");
}

/* The manifest was taken by the first vehicle at T0 + taken, and went on with another at given. */
static void given_on(struct rig *r, int64_t taken, int64_t given)
{
	Custody__Carriage was = CUSTODY__CARRIAGE__INIT, *list[1] = {&was};
	Liandan__HandoverTaken t = LIANDAN__HANDOVER_TAKEN__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Custody__Manifest *m;

	rig_manifest(r, 1, SECOND, "plant", "works", T0 + given);
	assert_int_equal(ld_manifest_get(&r->c, rig_id(1), &m), LD_OK);
	was.plate = (char *)(uintptr_t)FIRST;
	was.carrier = (char *)(uintptr_t) "carrier";
	was.leg = 1;
	was.taken_ms = T0 + taken;
	was.given_ms = T0 + given;
	was.from_site = (char *)(uintptr_t) "plant";
	m->leg = 2;
	m->carrier = m->holder = (char *)(uintptr_t) "another";
	m->carried = list;
	m->n_carried = 1;
	assert_int_equal(ld_manifest_put(&r->c, m), LD_OK);
	t.manifest = rig_id(1);
	t.plate = (char *)(uintptr_t)SECOND;
	e.body_case = LIANDAN__EVENT__BODY_HANDOVER_TAKEN;
	e.handover_taken = &t;
	assert_int_equal(rig_event(r, &e, T0 + given), LIANDAN__VERDICT__ACCEPTED);
}

static size_t count(const struct rig *r, Liandan__AnomalyKind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_own; i++)
		n += r->own[i].kind == kind;
	return n;
}

static void send(struct rig *r, struct rig_fix *fix, size_t n, int64_t recorded)
{
	for (size_t i = 0; i < n; i++)
		fix[i].load = fix[i].t_ms < 18 * MIN ? LIANDAN__LOAD_STATE__LOAD_STATE_EMPTY
						     : LIANDAN__LOAD_STATE__LOAD_STATE_FULL;
	assert_int_equal(
	    rig_track(r, FIRST, fix, n, (struct rig_how){.recorded_at_ms = T0 + recorded}),
	    LIANDAN__VERDICT__ACCEPTED);
}

/* Without a link until the load had gone on: it stood at the plant, left full, and its manifest is
 * on another vehicle by then. Nobody left without one. */
static void a_late_visit_to_the_generator(void **state)
{
	struct rig r;
	struct rig_fix fix[200];
	size_t n = 0;

	(void)state;
	begin(&r);
	fix[n++] = (struct rig_fix){.x = -3000, .t_ms = -10 * MIN};
	send(&r, fix, n, -9 * MIN); /* before it lost its link */
	given_on(&r, 19 * MIN, 60 * MIN);
	n = rig_drive(fix, 200, 0, 0, 0, 0, 0, 20 * MIN);
	n += rig_drive(fix + n, 200 - n, 500, 0, 20000, 0, 20 * MIN + 30000, 59 * MIN);
	send(&r, fix, n, 90 * MIN);
	rig_tick(&r, T0 + 100 * MIN);
	rig_tick(&r, T0 + 300 * MIN);
	assert_int_equal(count(&r, LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE), 0);
	rig_close(&r);
}

/* A second visit, hours after it had given the load away, is not covered by it. */
static void a_visit_after_that(void **state)
{
	struct rig r;
	struct rig_fix fix[200];
	size_t n = 0;

	(void)state;
	begin(&r);
	fix[n++] = (struct rig_fix){.x = -3000, .t_ms = -600 * MIN};
	send(&r, fix, n, -599 * MIN);
	given_on(&r, -500 * MIN, -400 * MIN);
	n = rig_drive(fix, 200, 0, 0, 0, 0, 0, 20 * MIN);
	n += rig_drive(fix + n, 200 - n, 500, 0, 20000, 0, 20 * MIN + 30000, 59 * MIN);
	send(&r, fix, n, 60 * MIN);
	rig_tick(&r, T0 + 100 * MIN);
	rig_tick(&r, T0 + 300 * MIN);
	assert_int_equal(count(&r, LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE), 1);
	rig_close(&r);
}

/* A silence on the first leg comes to light when the load has gone on: it is the first vehicle's
 * and its carrier's. What comes after the giving is not. */
static void a_late_silence_of_the_first_leg(void **state)
{
	static const struct {
		int64_t silent_from, silent_to;
		size_t alarms;
	} cases[] = {{30 * MIN, 70 * MIN, 1}, {95 * MIN, 160 * MIN, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rig r;
		struct rig_fix fix[400];
		size_t n = 0;
		Custody__Anomaly *a;

		begin(&r);
		fix[n++] = (struct rig_fix){.x = 0, .t_ms = 18 * MIN};
		send(&r, fix, n, 19 * MIN);
		given_on(&r, 19 * MIN, 90 * MIN);
		n = rig_drive(fix, 400, 0, 0, 6000, 0, 20 * MIN, cases[i].silent_from);
		n += rig_drive(fix + n, 400 - n, 9000, 0, 20000, 0, cases[i].silent_to,
			       cases[i].silent_to + 18 * MIN);
		send(&r, fix, n, 200 * MIN);
		assert_int_equal(rig_alarms(&r, 2), cases[i].alarms);
		a = rig_gap_anomaly(&r, FIRST, 1);
		assert_true((a != NULL) == (cases[i].alarms != 0));
		if (a != NULL) {
			assert_string_equal(a->party, "carrier");
			assert_string_equal(a->plate, FIRST);
		}
		rig_close(&r);
	}
}

#define MX(f) cmocka_unit_test_setup_teardown(f, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    MX(the_vehicle_of_the_first_leg),
	    MX(the_vehicle_that_put_it_down),
	    MX(many_legs),
	    cmocka_unit_test(a_late_visit_to_the_generator),
	    cmocka_unit_test(a_visit_after_that),
	    cmocka_unit_test(a_late_silence_of_the_first_leg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
