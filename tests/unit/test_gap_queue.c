/* A vehicle without signal sends its tracks afterwards, one after the other: what stood on its
 * silence is looked at until it is settled, not only at the first of them. DETECTION 2.3 */
#include "tests/unit/custody_rig.h"

#define PLATE "B-7001"

static void begin(struct rig *r)
{
	rig_open(r);
	rig_site(r, "plant", "generator", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 0, 0, 200);
	rig_site(r, "works", "receiver", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 20000, 0, 300);
	rig_vehicle(r, PLATE, "carrier", "term-1");
	rig_terminal(r, "term-1");
}

/* The way from the plant to the works in an hour, from minute `from` to `to` of it. */
static void drive(struct rig *r, int64_t from, int64_t to, int64_t recorded)
{
	struct rig_fix fix[160];
	const size_t n =
	    rig_drive(fix, 160, 20000 * from / 60, 0, 20000 * to / 60, 0, from * MIN, to * MIN);

	assert_int_equal(
	    rig_track(r, PLATE, fix, n, (struct rig_how){.recorded_at_ms = T0 + recorded * MIN}),
	    LIANDAN__VERDICT__ACCEPTED);
}

/* The receipt came first; each track that follows leaves a shorter silence before it. */
static void the_receipt_before_the_tracks(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_manifest(&r, 1, PLATE, "plant", "works", T0);
	drive(&r, 0, 10, 11);
	rig_received(&r, PLATE, T0 + 75 * MIN);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->phase,
			 LIANDAN__ANOMALY_PHASE__PROVISIONAL);
	/* sent when its driver signed something: hardly shorter */
	struct rig_fix soon = {.x = 3500, .t_ms = 10 * MIN + 30000};
	rig_track(&r, PLATE, &soon, 1, (struct rig_how){.recorded_at_ms = T0 + 76 * MIN});
	for (int64_t m = 11; m < 60; m += 5)
		drive(&r, m, m + 5 < 60 ? m + 5 : 60, 76);
	struct rig_fix gate = {.x = 20000, .t_ms = 74 * MIN};
	for (int64_t m = 62; m <= 74; m += 3) {
		gate.t_ms = m * MIN;
		rig_track(&r, PLATE, &gate, 1, (struct rig_how){.recorded_at_ms = T0 + 77 * MIN});
	}
	assert_null(rig_gap_anomaly(&r, PLATE, 1));
	assert_int_equal(rig_alarms(&r, 2), 0);
	rig_close(&r);
}

/* Taken later than the last fix that is known: the next one is still before the taking. */
static void a_fix_before_the_taking(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_tick(&r, T0 - 60 * MIN);
	struct rig_fix before = {.x = -8000, .t_ms = -30 * MIN};
	rig_track(&r, PLATE, &before, 1, (struct rig_how){0});
	rig_manifest(&r, 1, PLATE, "plant", "works", T0);
	rig_tick(&r, T0 + 45 * MIN);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->phase,
			 LIANDAN__ANOMALY_PHASE__PROVISIONAL);
	before = (struct rig_fix){.x = -2000, .t_ms = -10 * MIN};
	rig_track(&r, PLATE, &before, 1, (struct rig_how){.recorded_at_ms = T0 + 46 * MIN});
	for (int64_t m = -8; m < 0; m += 2) {
		before = (struct rig_fix){.x = 0, .t_ms = m * MIN};
		rig_track(&r, PLATE, &before, 1, (struct rig_how){.recorded_at_ms = T0 + 46 * MIN});
	}
	for (int64_t m = 0; m < 45; m += 5)
		drive(&r, m, m + 5, 47);
	assert_null(rig_gap_anomaly(&r, PLATE, 1));
	assert_int_equal(rig_alarms(&r, 2), 0);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_receipt_before_the_tracks),
	    cmocka_unit_test(a_fix_before_the_taking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
