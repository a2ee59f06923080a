/* The plan of a day: where trucks are, and what is signed when. */
#include "day_fixture.h"
#include "liandan/telemetry.pb-c.h"

/* The plan of a day: every truck's legs are gapless, its odometer never runs back and agrees with
 * the way, and everything that is signed is in order. */
static void test_plan(void **state)
{
	struct ld_day *day = NULL;
	struct ld_day_fault fault;
	struct ld_sim *sim = NULL;
	char why[200];

	(void)state;
	assert_int_equal(
	    parse(BASE TRIP
		  "cheat silent_detour trip=t for=10m distance=2km\n"
		  "trouble lunch truck=A1 at=08:40 for=20m\n"
		  "trip u at=11:00 generator=g receiver=r truck=A1 driver=d waste=w mass=1t\n",
		  &day, &fault),
	    LD_OK);
	assert_int_equal(ld_sim_plan(day, &sim, why, sizeof(why)), LD_OK);
	const struct ld_sim_truck *t = &sim->trucks[0];
	assert_true(t->n > 4);
	assert_int_equal(t->legs[0].from_ms, sim->from_ms);
	assert_true(t->legs[t->n - 1].to_ms >= sim->end_ms);
	bool dark = false;
	for (size_t i = 0; i < t->n; i++) {
		const struct ld_sim_leg *l = &t->legs[i];
		double m = ld_sim_distance_m(l->a, l->b);
		assert_true(l->to_ms > l->from_ms && l->odo_b_m >= l->odo_a_m);
		assert_true((double)(l->odo_b_m - l->odo_a_m) - m < 3.0 &&
			    m - (double)(l->odo_b_m - l->odo_a_m) < 3.0);
		dark = dark || l->view == LD_SIM_DARK;
		if (i == 0)
			continue;
		assert_int_equal(l->from_ms, l[-1].to_ms);
		assert_true(l->a.lat_e7 == l[-1].b.lat_e7 && l->a.lon_e7 == l[-1].b.lon_e7);
	}
	assert_true(dark);
	for (size_t i = 0; i < day->n_trips; i++) {
		const struct ld_sim_trip *trip = &sim->trips[i];
		assert_true(trip->origin_ms < trip->leave_ms && trip->leave_ms < trip->arrive_ms);
		for (size_t k = 1; k < trip->n_steps; k++)
			assert_true(trip->steps[k].at_ms >= trip->steps[k - 1].at_ms);
	}
	ld_sim_free(sim);
	ld_day_free(day);
}

static const struct ld_sim_leg *leg_at(const struct ld_sim_truck *t, int64_t at_ms)
{
	struct ld_day_point here;
	const struct ld_sim_leg *leg = NULL;
	int64_t odometer = 0;

	ld_sim_at(t, at_ms, &here, &odometer, &leg);
	return leg;
}

static int64_t step_at(const struct ld_sim_trip *t, enum ld_sim_what what)
{
	for (size_t i = 0; i < t->n_steps; i++)
		if (t->steps[i].what == what)
			return t->steps[i].at_ms;
	return -1;
}

static struct ld_sim *planned(const char *text, struct ld_day **day)
{
	struct ld_day_fault fault;
	struct ld_sim *sim = NULL;
	char why[200];

	if (parse(text, day, &fault))
		fail_msg("line %d: %s", fault.line, fault.what);
	if (ld_sim_plan(*day, &sim, why, sizeof(why)))
		fail_msg("%s", why);
	return sim;
}

/* A real accident is reported while the truck stands in sight; an excuse after it was away in the
 * dark. */
static void test_plan_of_accidents(void **state)
{
	struct ld_day *day = NULL;

	(void)state;
	struct ld_sim *sim = planned(BASE TRIP "trouble accident trip=t for=40m share=30\n", &day);
	int64_t said = step_at(&sim->trips[0], LD_STEP_ACCIDENT);
	assert_true(said > sim->trips[0].leave_ms && said < sim->trips[0].arrive_ms);
	for (int64_t at = said; at < said + 30 * 60000; at += 60000) {
		const struct ld_sim_leg *leg = leg_at(&sim->trucks[0], at);
		assert_false(leg->drive);
		assert_int_equal(leg->view, LD_SIM_SHOWN);
	}
	ld_sim_free(sim);
	ld_day_free(day);
	sim = planned(BASE TRIP "cheat accident_excuse trip=t for=20m\n", &day);
	said = step_at(&sim->trips[0], LD_STEP_ACCIDENT);
	assert_true(said > sim->trips[0].cheat_from_ms + 20 * 60000);
	assert_int_equal(leg_at(&sim->trucks[0], said)->view, LD_SIM_SHOWN);
	assert_int_equal(leg_at(&sim->trucks[0], said - 10 * 60000)->view, LD_SIM_DARK);
	ld_sim_free(sim);
	ld_day_free(day);
}

/* Both trucks stand at the same place when the load changes; the second brings it, and what
 * happens on the way happens on the truck that has it. */
static void test_plan_of_two_carriers(void **state)
{
	struct ld_day *day = NULL;

	(void)state;
	struct ld_sim *sim =
	    planned(BASE TRIP SECOND
		    "trip u at=09:40 generator=g receiver=r truck=B1 driver=e waste=w mass=1t\n"
		    "trouble second_carrier trip=t truck=B1 driver=e site=xs\n"
		    "trouble second_carrier trip=u truck=A1 driver=d site=xs\n"
		    "trouble jam trip=t for=20m share=10\ntrouble jam trip=u for=30m share=90\n",
		    &day);
	for (size_t i = 0; i < 2; i++) {
		const struct ld_sim_trip *t = &sim->trips[i];
		struct ld_day_point a;
		struct ld_day_point b;
		const struct ld_sim_leg *leg = NULL;
		int64_t odo = 0;
		int64_t way_ms =
		    (int64_t)(ld_sim_distance_m(day->sites[3].gate, day->sites[1].gate) * 3.6 / 45 *
			      1000);

		assert_int_equal(t->brings_truck, i == 0 ? 1 : 0);
		assert_true(t->leave_ms < t->met_ms[0] && t->changed_ms < t->arrive_ms);
		assert_true(t->changed_ms >= t->met_ms[0] + 20 * 60000 &&
			    t->changed_ms >= t->met_ms[1] + 20 * 60000);
		ld_sim_at(&sim->trucks[0], t->changed_ms - 60000, &a, &odo, &leg);
		assert_false(leg->drive);
		ld_sim_at(&sim->trucks[1], t->changed_ms - 60000, &b, &odo, &leg);
		assert_false(leg->drive);
		assert_true(ld_sim_distance_m(a, b) < 10);
		ld_sim_at(&sim->trucks[t->brings_truck], t->arrive_ms, &a, &odo, &leg);
		assert_true(ld_sim_distance_m(a, day->sites[1].gate) < 10);
		/* the jam of u is behind the change-over */
		assert_true((t->arrive_ms - t->changed_ms > way_ms + 29 * 60000) == (i == 1));
		assert_true(step_at(t, LD_STEP_OFFERED_ON) < step_at(t, LD_STEP_TAKEN_ON));
		assert_true(step_at(t, LD_STEP_TAKEN) < t->met_ms[0]);
	}
	ld_sim_free(sim);
	ld_day_free(day);
}

/* What is refused goes back to the generator on the same truck, after the generator has said so;
 * then the truck goes on with its day. */
static void test_plan_of_a_return(void **state)
{
	struct ld_day *day = NULL;

	(void)state;
	struct ld_sim *sim = planned(
	    BASE TRIP "scale gw site=gs\ntrouble partly_rejected trip=t count=2\n"
		      "trip u at=09:00 generator=g receiver=r truck=A1 driver=d waste=w mass=1t\n",
	    &day);
	const struct ld_sim_trip *t = &sim->trips[0];
	struct ld_day_point here;
	const struct ld_sim_leg *leg = NULL;
	int64_t odometer = 0;

	assert_true(t->done_ms < step_at(t, LD_STEP_REDIRECTED));
	assert_true(step_at(t, LD_STEP_REDIRECTED) < t->back_ms);
	assert_true(t->back_ms < step_at(t, LD_STEP_ARRIVED_BACK));
	assert_int_equal(step_at(t, LD_STEP_ACCEPTED_BACK), t->back_done_ms);
	ld_sim_at(&sim->trucks[0], t->back_ms, &here, &odometer, &leg);
	assert_true(ld_sim_distance_m(here, day->sites[day->trips[0].site.at].gate) < 10);
	/* some of it aboard on the way back, nothing after */
	assert_int_equal(leg_at(&sim->trucks[0], t->back_ms - 60000)->load,
			 LIANDAN__LOAD_STATE__LOAD_STATE_HALF);
	assert_int_equal(leg_at(&sim->trucks[0], t->back_done_ms - 1)->load,
			 LIANDAN__LOAD_STATE__LOAD_STATE_EMPTY);
	assert_true(sim->trips[1].origin_ms >= t->back_done_ms);
	ld_sim_free(sim);
	ld_day_free(day);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plan),
	    cmocka_unit_test(test_plan_of_accidents),
	    cmocka_unit_test(test_plan_of_two_carriers),
	    cmocka_unit_test(test_plan_of_a_return),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
