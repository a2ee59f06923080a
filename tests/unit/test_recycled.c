/* D2 一单多运: a vehicle leaves a generator's site twice on one open manifest. 5C D2; CUSTODY-8. */
#include "tests/unit/custody_rig.h"

#define PLATE "粤A12345"
#define FULL LIANDAN__LOAD_STATE__LOAD_STATE_FULL
#define HALF LIANDAN__LOAD_STATE__LOAD_STATE_HALF
#define EMPTY LIANDAN__LOAD_STATE__LOAD_STATE_EMPTY
#define UNKNOWN LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED
#define WORKS_X 9000
#define RECYCLED LIANDAN__ANOMALY_KIND__RECYCLED_MANIFEST
#define UNMANIFESTED LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE

static void begin(struct rig *r)
{
	rig_open(r);
	rig_site(r, "plant", "generator", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 0, 0, 200);
	rig_site(r, "works", "receiver", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, WORKS_X, 0, 300);
	rig_vehicle(r, PLATE, "carrier", "term-1");
	rig_terminal(r, "term-1");
}

/* A quarter of an hour at x, from minute m on, and 4 km away again. */
static void visit(struct rig *r, int64_t x, int64_t m, Liandan__LoadState in,
		  Liandan__LoadState out)
{
	struct rig_fix fix[160];
	size_t n = rig_drive(fix, 40, x - 3000, 0, x, 0, m * MIN, (m + 5) * MIN);

	n += rig_drive(fix + n, 40, x, 0, x + 10, 0, (m + 5) * MIN + 30000, (m + 20) * MIN);
	n += rig_drive(fix + n, 60, x, 0, x + 4000, 0, (m + 20) * MIN + 30000, (m + 27) * MIN);
	for (size_t i = 0; i < n; i++)
		fix[i].load = (Liandan__LoadState)(fix[i].t_ms < (m + 12) * MIN ? in : out);
	assert_int_equal(rig_track(r, PLATE, fix, n, (struct rig_how){0}),
			 LIANDAN__VERDICT__ACCEPTED);
}

static size_t count(const struct rig *r, Liandan__AnomalyKind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_own; i++)
		n += r->own[i].kind == kind;
	return n;
}

static uint32_t level_of(const struct rig *r, Liandan__AnomalyKind kind)
{
	for (size_t i = 0; i < r->n_own; i++)
		if (r->own[i].kind == kind)
			return r->own[i].level;
	return 0;
}

/* The first pick-up, on manifest 1; and once more at the plant two hours later. */
static void twice(struct rig *r, Liandan__LoadState in, Liandan__LoadState out, bool at_works)
{
	begin(r);
	rig_manifest(r, 1, PLATE, "plant", "works", T0 + 18 * MIN);
	visit(r, 0, 0, in == UNKNOWN ? UNKNOWN : EMPTY, out);
	if (at_works)
		visit(r, WORKS_X, 60, out, in);
	visit(r, 0, 120, in, out);
}

static void wait_for(struct rig *r)
{
	rig_tick(r, T0 + 150 * MIN);
	rig_tick(r, T0 + 230 * MIN);
}

static void empty_again_and_loaded_again(void **state)
{
	struct rig r;

	(void)state;
	twice(&r, EMPTY, FULL, false);
	wait_for(&r);
	assert_int_equal(count(&r, RECYCLED), 1);
	assert_int_equal(level_of(&r, RECYCLED), 4);
	assert_int_equal(count(&r, UNMANIFESTED), 0);
	rig_tick(&r, T0 + 300 * MIN);
	assert_int_equal(count(&r, RECYCLED), 1); /* once */
	rig_close(&r);
}

/* No sensor: it has been at the receiver and is back, and that one has said nothing. */
static void by_the_road_alone_it_is_two(void **state)
{
	struct rig r;

	(void)state;
	twice(&r, UNKNOWN, UNKNOWN, true);
	wait_for(&r);
	assert_int_equal(level_of(&r, RECYCLED), 2);
	rig_close(&r);

	/* it has only come back, for a paper or a glove */
	twice(&r, UNKNOWN, UNKNOWN, false);
	wait_for(&r);
	assert_int_equal(count(&r, RECYCLED), 0);
	rig_close(&r);
}

/* A load that is completed on a second visit is on the manifest: D3 looks at it, D2 does not. */
static void completing_a_load_is_no_second_trip(void **state)
{
	struct rig r;

	(void)state;
	twice(&r, HALF, FULL, false);
	wait_for(&r);
	assert_int_equal(count(&r, RECYCLED), 0);
	assert_int_equal(count(&r, UNMANIFESTED), 1);
	rig_close(&r);

	/* nothing was loaded at all */
	twice(&r, FULL, FULL, true);
	wait_for(&r);
	assert_int_equal(count(&r, RECYCLED), 0);
	rig_close(&r);
}

/* The second load has a manifest of its own; told in time, and told late. */
static void a_manifest_of_that_visit_explains(void **state)
{
	struct rig r;

	(void)state;
	twice(&r, EMPTY, FULL, true);
	rig_tick(&r, T0 + 150 * MIN);
	rig_manifest(&r, 2, PLATE, "plant", "works", T0 + 135 * MIN);
	rig_taken(&r, PLATE, 2, T0 + 160 * MIN);
	rig_tick(&r, T0 + 230 * MIN);
	assert_int_equal(count(&r, RECYCLED), 0);
	rig_close(&r);

	twice(&r, EMPTY, FULL, true);
	wait_for(&r);
	assert_int_equal(count(&r, RECYCLED), 1);
	rig_manifest(&r, 2, PLATE, "plant", "works", T0 + 135 * MIN);
	rig_taken(&r, PLATE, 2, T0 + 240 * MIN);
	assert_int_equal(r.own[r.n_own - 1].body, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED);
	assert_int_equal(r.own[r.n_own - 1].phase, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE);
	rig_close(&r);
}

static void receive(struct rig *r, int64_t received_ms)
{
	Custody__Manifest *m;

	assert_int_equal(ld_manifest_get(&r->c, rig_id(1), &m), LD_OK);
	m->state = CUSTODY__MANIFEST_STATE__VERIFYING;
	m->received_ms = received_ms;
	assert_int_equal(ld_manifest_put(&r->c, m), LD_OK);
	rig_load(r, PLATE, 1, false);
}

/* The gate tells only now that the first load was there before the second visit: then the second
 * had no manifest at all. Received after it, it was the second that came by this number. */
static void what_was_delivered_before_is_not_recycled(void **state)
{
	struct rig r;

	(void)state;
	twice(&r, EMPTY, FULL, true);
	rig_tick(&r, T0 + 150 * MIN);
	receive(&r, T0 + 80 * MIN);
	rig_tick(&r, T0 + 230 * MIN);
	assert_int_equal(count(&r, RECYCLED), 0);
	assert_int_equal(level_of(&r, UNMANIFESTED), 3);
	rig_close(&r);

	twice(&r, EMPTY, FULL, true);
	rig_tick(&r, T0 + 150 * MIN);
	receive(&r, T0 + 200 * MIN);
	rig_tick(&r, T0 + 230 * MIN);
	assert_int_equal(level_of(&r, RECYCLED), 4);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_again_and_loaded_again),
	    cmocka_unit_test(by_the_road_alone_it_is_two),
	    cmocka_unit_test(completing_a_load_is_no_second_trip),
	    cmocka_unit_test(a_manifest_of_that_visit_explains),
	    cmocka_unit_test(what_was_delivered_before_is_not_recycled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
