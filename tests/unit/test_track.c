/* Position, stays, clocks, departures. CUSTODY-8, DETECTION 6, 5C D3. */
#include "tests/unit/custody_rig.h"

#include <time.h>

#define PLATE "粤A12345"
#define FULL LIANDAN__LOAD_STATE__LOAD_STATE_FULL
#define EMPTY LIANDAN__LOAD_STATE__LOAD_STATE_EMPTY

static void begin(struct rig *r)
{
	rig_open(r);
	rig_site(r, "plant", "generator", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 0, 0, 200);
	rig_site(r, "works", "receiver", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 20000, 0, 300);
	rig_vehicle(r, PLATE, "carrier", "term-1");
	rig_terminal(r, "term-1");
}

static void only_the_mounted_terminal_speaks(void **state)
{
	struct rig r;
	const struct rig_fix fix = {.t_ms = 0};

	(void)state;
	begin(&r);
	assert_int_equal(rig_track(&r, "unknown", &fix, 1, (struct rig_how){0}),
			 LIANDAN__VERDICT__REFUSED);
	assert_int_equal(r.j.reason, LIANDAN__REASON__UNKNOWN_VEHICLE);
	rig_terminal(&r, "term-2");
	assert_int_equal(rig_track(&r, PLATE, &fix, 1, (struct rig_how){0}),
			 LIANDAN__VERDICT__REFUSED);
	assert_int_equal(r.j.reason, LIANDAN__REASON__WRONG_ROLE);
	rig_terminal(&r, "term-1");
	r.key.roles = LIANDAN__ROLE__ROLE_DRIVER;
	assert_int_equal(rig_track(&r, PLATE, &fix, 1, (struct rig_how){0}),
			 LIANDAN__VERDICT__REFUSED);
	assert_int_equal(r.j.reason, LIANDAN__REASON__WRONG_ROLE);
	rig_terminal(&r, "term-1");
	/* another firm's key that calls itself term-1 */
	char *owner = r.key.party;
	r.key.party = (char *)(uintptr_t) "stranger";
	assert_int_equal(rig_track(&r, PLATE, &fix, 1, (struct rig_how){0}),
			 LIANDAN__VERDICT__REFUSED);
	assert_int_equal(r.j.reason, LIANDAN__REASON__WRONG_ROLE);
	r.key.party = owner;
	assert_int_equal(rig_track(&r, PLATE, &fix, 1, (struct rig_how){0}),
			 LIANDAN__VERDICT__ACCEPTED);
	rig_close(&r);
}

static void position_follows_the_newest_fix(void **state)
{
	struct rig r;
	Custody__Position *p;
	struct rig_fix fix[64];
	const size_t n = rig_drive(fix, 64, 0, 0, 5000, 0, 0, 20 * MIN);
	const struct rig_fix old = {.x = 300, .t_ms = -MIN};

	(void)state;
	begin(&r);
	fix[0].load = EMPTY;
	fix[1].load = FULL;
	assert_int_equal(rig_track(&r, PLATE, fix, n, (struct rig_how){0}),
			 LIANDAN__VERDICT__ACCEPTED);
	/* older than the newest: counted, moves nothing */
	assert_int_equal(
	    rig_track(&r, PLATE, &old, 1, (struct rig_how){.recorded_at_ms = T0 + 21 * MIN}),
	    LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(ld_position_get(&r.c, PLATE, &p), LD_OK);
	assert_int_equal(p->last->t_ms, T0 + 20 * MIN);
	assert_int_equal(p->last->lon_e7, east(5000));
	assert_int_equal(p->load, FULL);
	assert_int_equal(p->fixes, n + 1);
	assert_int_equal(p->tracks, 2);
	assert_int_equal(p->late, 2); /* 20 minutes in one track is late for its first fix too */
	assert_string_equal(p->site, "");
	assert_string_equal(p->left_site, "plant");
	assert_int_equal(p->left_since_ms, T0);
	rig_close(&r);
}

static void time_never_runs_ahead_of_the_record(void **state)
{
	struct rig r;
	Custody__Position *p;
	struct rig_fix fix[4];

	(void)state;
	begin(&r);
	const size_t n = rig_drive(fix, 4, 0, 0, 1000, 0, 600 * MIN, 601 * MIN + 30000);

	assert_int_equal(rig_track(&r, PLATE, fix, n, (struct rig_how){.recorded_at_ms = T0}),
			 LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(ld_position_get(&r.c, PLATE, &p), LD_OK);
	assert_int_equal(p->last->t_ms, T0);
	assert_int_equal(p->first_ms, T0 - 90000); /* shifted whole */
	rig_close(&r);
}

static void hostile_tracks_are_counted_not_feared(void **state)
{
	struct rig r;
	Custody__Position *p;
	Liandan__TrackBase base = LIANDAN__TRACK_BASE__INIT;
	Liandan__Track t = LIANDAN__TRACK__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	int32_t huge[3] = {INT32_MAX, INT32_MIN, INT32_MAX};

	(void)state;
	begin(&r);
	base.t_gnss_ms = INT64_MAX;
	base.lat_e7 = INT32_MAX;
	base.lon_e7 = INT32_MIN;
	t.plate = (char *)(uintptr_t)PLATE;
	t.terminal = (char *)(uintptr_t) "term-1";
	t.dt_ms = t.dlat_e7 = t.dlon_e7 = huge;
	t.n_dt_ms = 3;
	t.n_dlat_e7 = 2;
	t.n_dlon_e7 = 3;
	t.known = LIANDAN__TRACK_KNOWN__TRACK_KNOWN_ODOMETER;
	t.odometer_first_m = INT64_MIN;
	t.odometer_last_m = INT64_MAX;
	e.body_case = LIANDAN__EVENT__BODY_TRACK;
	e.track = &t;
	assert_int_equal(rig_event(&r, &e, T0), LIANDAN__VERDICT__ACCEPTED); /* no fix at all */
	t.base_fix = &base;
	assert_int_equal(rig_event(&r, &e, T0), LIANDAN__VERDICT__ACCEPTED);
	base.t_gnss_ms = INT64_MIN;
	assert_int_equal(rig_event(&r, &e, T0 + 1), LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(ld_position_get(&r.c, PLATE, &p), LD_OK);
	assert_true(p->last->t_ms <= T0 + 1);
	assert_true(p->last->lat_e7 >= -900000000 && p->last->lat_e7 <= 900000000);
	assert_int_equal(rig_alarms(&r, 1), 0);
	rig_close(&r);
}

static void stuck_clock_is_no_silence(void **state)
{
	struct rig r;
	Custody__Position *p;
	struct rig_fix fix;

	(void)state;
	begin(&r);
	rig_manifest(&r, 1, PLATE, "plant", "works", T0);
	/* 15 minutes of driving at 10 m/s whose satellite time stands still from minute 3 to minute
	 * 13 */
	for (int64_t s = 0; s <= 15 * 60; s += 30) {
		const int64_t t = s >= 180 && s < 780 ? 180 : s;

		fix = (struct rig_fix){.x = s * 10, .t_ms = t * 1000};
		assert_int_equal(rig_track(&r, PLATE, &fix, 1,
					   (struct rig_how){.recorded_at_ms = T0 + s * 1000 + 900}),
				 LIANDAN__VERDICT__ACCEPTED);
	}
	assert_int_equal(rig_alarms(&r, 1), 0);
	assert_int_equal(ld_position_get(&r.c, PLATE, &p), LD_OK);
	assert_int_equal(p->clock_stuck, 19);
	rig_close(&r);
}

static void first_fix_498_days_old(void **state)
{
	struct rig r;
	struct rig_fix fix[8];
	const struct rig_fix old = {.x = 9000, .t_ms = -498 * LD_DAY_MS};

	(void)state;
	begin(&r);
	rig_manifest(&r, 1, PLATE, "plant", "works", T0);
	assert_int_equal(rig_track(&r, PLATE, &old, 1, (struct rig_how){.recorded_at_ms = T0 + 10}),
			 LIANDAN__VERDICT__ACCEPTED);
	const size_t n = rig_drive(fix, 8, 0, 0, 1000, 0, 30000, 3 * MIN);

	assert_int_equal(rig_track(&r, PLATE, fix, n, (struct rig_how){0}),
			 LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(rig_alarms(&r, 1), 0);
	rig_close(&r);
}

/* Stands at the plant for a quarter of an hour and leaves. */
static void visit(struct rig *r, Liandan__LoadState in, Liandan__LoadState out)
{
	struct rig_fix fix[128];
	size_t n = rig_drive(fix, 40, -3000, 0, 0, 0, 0, 5 * MIN);

	n += rig_drive(fix + n, 40, 0, 0, 10, 0, 5 * MIN + 30000, 20 * MIN);
	n += rig_drive(fix + n, 40, 0, 0, 4000, 0, 20 * MIN + 30000, 27 * MIN);
	fix[0].load = in;
	fix[n - 16].load = out;
	assert_int_equal(rig_track(r, PLATE, fix, n, (struct rig_how){0}),
			 LIANDAN__VERDICT__ACCEPTED);
}

static void departure_without_manifest(void **state)
{
	static const struct {
		Liandan__LoadState in, out;
		uint32_t level;
	} cases[] = {{EMPTY, FULL, 3},
		     {LIANDAN__LOAD_STATE__LOAD_STATE_HALF, FULL, 3},
		     {LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED,
		      LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED, 2},
		     {EMPTY, EMPTY, 0},
		     {FULL, EMPTY, 0},
		     {FULL, FULL, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rig r;

		begin(&r);
		visit(&r, cases[i].in, cases[i].out);
		rig_tick(&r, T0 + 30 * MIN);
		rig_tick(&r, T0 + 80 * MIN);
		assert_int_equal(r.n_own, 0); /* the hour is not over */
		rig_tick(&r, T0 + 90 * MIN);
		assert_int_equal(r.n_own, cases[i].level != 0);
		if (cases[i].level != 0) {
			assert_int_equal(r.own[0].kind,
					 LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE);
			assert_int_equal(r.own[0].level, cases[i].level);
		}
		rig_tick(&r, T0 + 95 * MIN);
		assert_int_equal(r.n_own, cases[i].level != 0); /* once */
		rig_close(&r);
	}
}

static void departure_explained_by_a_manifest(void **state)
{
	struct rig r;

	(void)state;
	/* in time: nothing is raised */
	begin(&r);
	visit(&r, EMPTY, FULL);
	rig_tick(&r, T0 + 30 * MIN);
	rig_manifest(&r, 1, PLATE, "plant", "works", T0 + 20 * MIN);
	rig_taken(&r, PLATE, 1, T0 + 40 * MIN);
	rig_tick(&r, T0 + 200 * MIN);
	for (size_t i = 0; i < r.n_own; i++)
		assert_int_not_equal(r.own[i].kind, LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE);
	rig_close(&r);

	/* late: explained */
	begin(&r);
	visit(&r, EMPTY, FULL);
	rig_tick(&r, T0 + 30 * MIN);
	rig_tick(&r, T0 + 90 * MIN);
	assert_int_equal(r.n_own, 1);
	rig_manifest(&r, 1, PLATE, "plant", "works", T0 + 20 * MIN);
	rig_taken(&r, PLATE, 1, T0 + 100 * MIN);
	assert_int_equal(r.own[1].body, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED);
	assert_int_equal(r.own[1].phase, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE);
	rig_close(&r);

	/* a manifest made up hours afterwards explains nothing */
	begin(&r);
	visit(&r, EMPTY, FULL);
	rig_tick(&r, T0 + 30 * MIN);
	rig_tick(&r, T0 + 90 * MIN);
	rig_manifest(&r, 1, PLATE, "plant", "works", T0 + 240 * MIN);
	rig_taken(&r, PLATE, 1, T0 + 241 * MIN);
	for (size_t i = 0; i < r.n_own; i++)
		assert_int_not_equal(r.own[i].body, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED);
	rig_close(&r);

	/* already aboard on leaving: not even watched */
	begin(&r);
	rig_manifest(&r, 1, PLATE, "plant", "works", T0 + 18 * MIN);
	visit(&r, EMPTY, FULL);
	rig_tick(&r, T0 + 30 * MIN);
	rig_tick(&r, T0 + 90 * MIN);
	for (size_t i = 0; i < r.n_own; i++)
		assert_int_not_equal(r.own[i].kind, LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE);
	rig_close(&r);
}

static size_t departures(const struct rig *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_own; i++)
		n += r->own[i].kind == LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE;
	return n;
}

static void second_pickup_behind_a_manifest(void **state)
{
	struct rig r;

	(void)state;
	/* a milk run that passes by raises nothing; a load that grows there does */
	begin(&r);
	rig_site(&r, "other", "generator-2", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, -9000, 0,
		 100);
	rig_manifest(&r, 1, PLATE, "other", "works", T0 - 30 * MIN);
	visit(&r, FULL, FULL);
	rig_tick(&r, T0 + 30 * MIN);
	rig_tick(&r, T0 + 90 * MIN);
	assert_int_equal(departures(&r), 0);
	rig_close(&r);

	begin(&r);
	rig_site(&r, "other", "generator-2", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, -9000, 0,
		 100);
	rig_manifest(&r, 1, PLATE, "other", "works", T0 - 30 * MIN);
	visit(&r, LIANDAN__LOAD_STATE__LOAD_STATE_HALF, FULL);
	rig_tick(&r, T0 + 30 * MIN);
	rig_tick(&r, T0 + 90 * MIN);
	assert_int_equal(departures(&r), 1);
	rig_close(&r);
}

static void open_offer(struct rig *r, uint8_t id, const char *carrier)
{
	struct ld_tkey k;

	rig_manifest(r, id, "elsewhere", "plant", "works", 0);
	ld_tkey_init(&k);
	ld_tkey_str(&k, carrier);
	ld_tkey_bytes(&k, rig_id(id).data, LD_UUID_BYTES);
	assert_int_equal(ld_state_put(r->c.state, LD_T_PLATE_OFFER, k.b, k.len, "", 0), LD_OK);
}

static void an_open_offer_makes_an_unchanged_load_suspect(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	open_offer(&r, 1, "carrier");
	visit(&r, FULL, FULL);
	rig_tick(&r, T0 + 30 * MIN);
	rig_tick(&r, T0 + 90 * MIN);
	assert_int_equal(departures(&r), 1);
	assert_int_equal(r.own[0].level, 2);
	rig_close(&r);
	begin(&r);
	open_offer(&r, 1, "another carrier");
	visit(&r, FULL, FULL);
	rig_tick(&r, T0 + 30 * MIN);
	rig_tick(&r, T0 + 90 * MIN);
	assert_int_equal(departures(&r), 0);
	rig_close(&r);
}

static void what_unloads_at_a_receivers_store_is_no_pickup(void **state)
{
	struct rig r;
	Liandan__PartyRegistered reg = LIANDAN__PARTY_REGISTERED__INIT;
	Custody__Party party = CUSTODY__PARTY__INIT;

	(void)state;
	begin(&r);
	reg.party = (char *)(uintptr_t) "generator";
	reg.roles = LIANDAN__ROLE__ROLE_RECEIVER;
	party.registered = &reg;
	assert_int_equal(ld_party_put(&r.c, &party), LD_OK);
	visit(&r, LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED,
	      LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED);
	rig_tick(&r, T0 + 30 * MIN);
	rig_tick(&r, T0 + 90 * MIN);
	assert_int_equal(departures(&r), 0);
	rig_close(&r);
}

/* State = replay: the cache of fences must leave no trace, nor where the arena stood. */
static void cache_and_arena_leave_no_trace(void **state)
{
	struct ld_hash digest[2];

	(void)state;
	for (int cold = 0; cold < 2; cold++) {
		struct rig r;
		uint32_t seed = 11;

		begin(&r);
		rig_manifest(&r, 1, PLATE, "plant", "works", T0);
		for (int64_t i = 0; i < 400; i++) {
			struct rig_fix fix;

			seed = seed * 1664525u + 1013904223u;
			fix = (struct rig_fix){.x = (seed >> 8) % 3000,
					       .t_ms = i * 2 * MIN - (seed >> 20) % 3 * 30 * MIN,
					       .odometer_m = i * 500,
					       .load = (Liandan__LoadState)((seed >> 12) % 4)};
			if (cold != 0) {
				ld_site_cache_drop(&r.c);
				assert_non_null(ld_arena_alloc(&r.arena, (seed >> 10) % 5000));
			}
			assert_int_equal(
			    rig_track(&r, PLATE, &fix, 1,
				      (struct rig_how){.odometer = true,
						       .recorded_at_ms = T0 + i * 2 * MIN}),
			    LIANDAN__VERDICT__ACCEPTED);
		}
		assert_int_equal(ld_state_digest(r.c.state, &digest[cold]), LD_OK);
		rig_close(&r);
	}
	assert_memory_equal(&digest[0], &digest[1], sizeof digest[0]);
}

static void a_jump_of_the_fix_is_no_departure(void **state)
{
	struct rig r;
	Custody__Position *p;
	struct rig_fix fix[64];
	size_t n = rig_drive(fix, 40, 0, 0, 10, 0, 0, 15 * MIN);

	(void)state;
	begin(&r);
	fix[0].load = EMPTY;
	fix[20].load = FULL;
	fix[n] = (struct rig_fix){.x = 7000, .t_ms = 15 * MIN + 30000};
	fix[n + 1] = (struct rig_fix){.x = 5, .t_ms = 16 * MIN};
	assert_int_equal(rig_track(&r, PLATE, fix, n + 2, (struct rig_how){0}),
			 LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(ld_position_get(&r.c, PLATE, &p), LD_OK);
	assert_string_equal(p->site, "plant");
	assert_int_equal(p->site_since_ms, T0);
	rig_tick(&r, T0 + 17 * MIN);
	rig_tick(&r, T0 + 120 * MIN);
	assert_int_equal(departures(&r), 0);
	rig_close(&r);
}

static void cost_of_a_fix(void **state)
{
	enum { FIXES = 20000 };
	struct rig r;
	struct timespec a;
	struct timespec b;
	Custody__Position *p;

	(void)state;
	begin(&r);
	for (int64_t i = 0; i < 500; i++) {
		char id[16];

		snprintf(id, sizeof id, "s%03d", (int)i);
		rig_site(&r, id, "x", LIANDAN__SITE_KIND__SITE_KIND_PARKING, 600 * (i % 25),
			 2000 + 600 * (i / 25), 150);
	}
	rig_manifest(&r, 1, PLATE, "plant", "works", T0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int64_t i = 0; i < FIXES; i++) {
		const struct rig_fix fix = {
		    .x = (i * 300) % 15000, .y = 3000, .t_ms = i * 30000, .odometer_m = i * 300};

		assert_int_equal(rig_track(&r, PLATE, &fix, 1, (struct rig_how){.odometer = true}),
				 LIANDAN__VERDICT__ACCEPTED);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_int_equal(ld_position_get(&r.c, PLATE, &p), LD_OK);
	print_message("one-fix track: %.2f us (judge, apply, follow); position record %zu bytes\n",
		      ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) /
			  FIXES / 1000,
		      custody__position__get_packed_size(p));
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_the_mounted_terminal_speaks),
	    cmocka_unit_test(position_follows_the_newest_fix),
	    cmocka_unit_test(time_never_runs_ahead_of_the_record),
	    cmocka_unit_test(hostile_tracks_are_counted_not_feared),
	    cmocka_unit_test(stuck_clock_is_no_silence),
	    cmocka_unit_test(first_fix_498_days_old),
	    cmocka_unit_test(departure_without_manifest),
	    cmocka_unit_test(departure_explained_by_a_manifest),
	    cmocka_unit_test(second_pickup_behind_a_manifest),
	    cmocka_unit_test(an_open_offer_makes_an_unchanged_load_suspect),
	    cmocka_unit_test(what_unloads_at_a_receivers_store_is_no_pickup),
	    cmocka_unit_test(cache_and_arena_leave_no_trace),
	    cmocka_unit_test(a_jump_of_the_fix_is_no_departure),
	    cmocka_unit_test(cost_of_a_fix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
