/* Silences. DETECTION 1 to 3 and 8, dumping-detection 2.3. */
#include "tests/unit/custody_rig.h"

#define PLATE "B-7001"
#define NO_HOW ((struct rig_how){.odometer = false})

static void begin(struct rig *r)
{
	rig_open(r);
	rig_site(r, "plant", "generator", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 0, 0, 200);
	rig_site(r, "works", "receiver", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 20000, 0, 300);
	rig_site(r, "yard", "carrier", LIANDAN__SITE_KIND__SITE_KIND_PARKING, 10000, 5000, 100);
	rig_vehicle(r, PLATE, "carrier", "term-1");
	rig_terminal(r, "term-1");
	rig_manifest(r, 1, PLATE, "plant", "works", T0);
}

static void send(struct rig *r, const struct rig_fix *fix, size_t n, struct rig_how how)
{
	assert_int_equal(rig_track(r, PLATE, fix, n, how), LIANDAN__VERDICT__ACCEPTED);
}

/* From the plant to x metres east, silent, then from x2 to the works. Times in minutes. */
static void trip(struct rig *r, int64_t x, int64_t silent_min, int64_t x2, int64_t odometer_extra_m,
		 struct rig_how how)
{
	struct rig_fix fix[200];
	const int64_t t1 = x / 600;
	size_t n = rig_drive(fix, 200, 0, 0, x, 0, 0, t1 * MIN);

	for (size_t i = 0; i < n; i++)
		fix[i].odometer_m = 1000 + fix[i].x;
	send(r, fix, n, how);
	const int64_t t2 = t1 + silent_min;
	const int64_t t3 = t2 + (20000 - x2) / 600;

	n = rig_drive(fix, 200, x2, 0, 20000, 0, t2 * MIN, t3 * MIN);
	for (size_t i = 0; i < n; i++)
		fix[i].odometer_m = 1000 + fix[i].x + odometer_extra_m;
	send(r, fix, n, how);
}

static void reference_times_are_the_measured_ones(void **state)
{
	int64_t before = 0;

	(void)state;
	assert_int_equal(ld_gap_reference_ms(0), 0);
	assert_int_equal(ld_gap_reference_ms(500), 90000);
	assert_int_equal(ld_gap_reference_ms(1000), 180000);
	assert_int_equal(ld_gap_reference_ms(3000), 480000);
	assert_int_equal(ld_gap_reference_ms(8000), 1050000);
	assert_int_equal(ld_gap_reference_ms(12000), 1470000);
	assert_int_equal(ld_gap_reference_ms(13000), 1470000 + 187200);
	for (int64_t m = 0; m < 60000; m += 10) {
		assert_true(ld_gap_reference_ms(m) >= before);
		before = ld_gap_reference_ms(m);
	}
}

static void honest_track_never_raises(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	trip(&r, 9000, 1, 9600, 0, NO_HOW);
	assert_int_equal(r.n_own, 0);
	rig_close(&r);
	/* coverage lost for 6 to 20 minutes while driving on at 36 km/h */
	for (int64_t m = 6; m <= 20; m++) {
		begin(&r);
		trip(&r, 3000, m, 3000 + 600 * m, 0, NO_HOW);
		assert_int_equal(r.n_own, 0);
		rig_close(&r);
	}
}

static int64_t between(const Liandan__Region *reg, int64_t x, int64_t y)
{
	return ld_distance_m(reg->foci[0]->lat_e7, reg->foci[0]->lon_e7, north(y), east(x)) +
	       ld_distance_m(reg->foci[1]->lat_e7, reg->foci[1]->lon_e7, north(y), east(x));
}

static void silent_detour_raises_with_its_ellipse(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	trip(&r, 6000, 30, 8000, 0, NO_HOW); /* in truth it tipped at (7000, 4000) */
	assert_int_equal(rig_alarms(&r, 2), 1);
	Custody__Anomaly *a = rig_gap_anomaly(&r, PLATE, 1);

	assert_non_null(a);
	assert_int_equal(a->now->level, 2);
	assert_int_equal(a->now->phase, LIANDAN__ANOMALY_PHASE__CONFIRMED);
	assert_int_equal(a->now->from_ms, T0 + 10 * MIN);
	assert_int_equal(a->now->to_ms, T0 + 40 * MIN);
	assert_int_equal(a->now->region->n_foci, 2);
	assert_true(between(a->now->region, 7000, 4000) <= a->now->region->major_m);
	/* and no more than 90 km/h for 26 minutes */
	assert_int_equal(a->now->region->major_m, 39000);
	assert_true(a->now->n_evidence >= 2);
	rig_close(&r);
}

static void odometer_is_the_second_channel(void **state)
{
	static const struct {
		int64_t extra_m;
		uint32_t level;
	} cases[] = {{0, 1}, {1200, 2}, {8000, 3}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rig r;

		begin(&r);
		trip(&r, 6000, 30, 8000, cases[i].extra_m, (struct rig_how){.odometer = true});
		Custody__Anomaly *a = rig_gap_anomaly(&r, PLATE, 1);

		assert_non_null(a);
		assert_int_equal(a->now->level, cases[i].level);
		assert_true(a->now->region->major_m <= (2000 + cases[i].extra_m) * 102 / 100 + 101);
		rig_close(&r);
	}
}

static void load_that_fell_in_the_silence(void **state)
{
	struct rig r;
	struct rig_fix a = {
	    .x = 6000, .t_ms = 10 * MIN, .load = LIANDAN__LOAD_STATE__LOAD_STATE_FULL};
	struct rig_fix b = {
	    .x = 7000, .t_ms = 30 * MIN, .load = LIANDAN__LOAD_STATE__LOAD_STATE_EMPTY};

	(void)state;
	begin(&r);
	send(&r, &a, 1, NO_HOW);
	send(&r, &b, 1, NO_HOW);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->level, 3);
	rig_close(&r);
}

/* Stands at x = 6000 for an hour. */
static void parked(struct rig *r, int64_t odometer_extra_m, struct rig_how first,
		   struct rig_how second)
{
	struct rig_fix fix[64];
	size_t n = rig_drive(fix, 64, 0, 0, 6000, 0, 0, 10 * MIN);

	for (size_t i = 0; i < n; i++)
		fix[i].odometer_m = fix[i].x;
	send(r, fix, n, first);
	fix[0] =
	    (struct rig_fix){.x = 6010, .t_ms = 70 * MIN, .odometer_m = 6010 + odometer_extra_m};
	send(r, fix, 1, second);
}

static void parked_silence(void **state)
{
	struct rig r;
	const struct rig_how odometer = {.odometer = true};
	const struct rig_how heartbeat = {.parked = true};

	(void)state;
	begin(&r); /* nothing observed it: level 1 */
	parked(&r, 0, NO_HOW, NO_HOW);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->level, 1);
	assert_int_equal(rig_alarms(&r, 2), 0);
	rig_close(&r);
	begin(&r);
	parked(&r, 100, odometer, odometer);
	assert_int_equal(r.n_own, 0);
	rig_close(&r);
	begin(&r);
	parked(&r, 0, NO_HOW, heartbeat);
	assert_int_equal(r.n_own, 0);
	rig_close(&r);
	begin(&r); /* there and back again: the odometer tells */
	parked(&r, 12000, odometer, odometer);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->level, 3);
	rig_close(&r);
}

static void waiting_at_a_gate_is_no_gap(void **state)
{
	static const struct {
		int64_t x, y;
	} gates[] = {{20000, 100}, {0, 50}, {10000, 5010}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rig r;
		struct rig_fix a = {.x = gates[i].x - 50, .y = gates[i].y, .t_ms = 10 * MIN};
		struct rig_fix b = {.x = gates[i].x + 50, .y = gates[i].y, .t_ms = 130 * MIN};

		begin(&r);
		send(&r, &a, 1, NO_HOW);
		send(&r, &b, 1, NO_HOW);
		assert_int_equal(r.n_own, 0);
		rig_close(&r);
	}
}

static void silence_before_the_hand_over_is_not_custody(void **state)
{
	struct rig r;
	struct rig_fix a = {.x = 15000, .t_ms = -300 * MIN};
	struct rig_fix b = {.x = 1000, .t_ms = 4 * MIN};

	(void)state;
	begin(&r);
	send(&r, &a, 1, NO_HOW);
	send(&r, &b, 1, NO_HOW);
	assert_int_equal(r.n_own, 0);
	/* but silence from the gate on is (A2) */
	b = (struct rig_fix){.x = 5000, .t_ms = 60 * MIN};
	rig_close(&r);
	begin(&r);
	send(&r, &a, 1, NO_HOW);
	send(&r, &b, 1, NO_HOW);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->level, 2);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->from_ms, T0);
	rig_close(&r);
}

static void vehicles_without_custody_raise_nothing(void **state)
{
	struct rig r;
	Custody__Position *p;

	(void)state;
	begin(&r);
	rig_load(&r, PLATE, 1, false);
	trip(&r, 6000, 30, 8000, 0, NO_HOW);
	assert_int_equal(r.n_own, 0);
	assert_int_equal(ld_position_get(&r.c, PLATE, &p), LD_OK);
	assert_int_equal(p->gaps, 1); /* kept all the same */
	rig_close(&r);
}

static void manifest_signed_late_finds_the_silence(void **state)
{
	struct rig r;
	Liandan__HandoverTaken t = LIANDAN__HANDOVER_TAKEN__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;

	(void)state;
	begin(&r);
	rig_load(&r, PLATE, 1, false);
	trip(&r, 6000, 30, 8000, 0, NO_HOW);
	assert_int_equal(r.n_own, 0);
	rig_load(&r, PLATE, 1, true);
	t.manifest = rig_id(1);
	t.plate = (char *)(uintptr_t)PLATE;
	e.body_case = LIANDAN__EVENT__BODY_HANDOVER_TAKEN;
	e.handover_taken = &t;
	rig_event(&r, &e, T0 + 90 * MIN);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->level, 2);
	rig_close(&r);
}

static void late_block_explains(void **state)
{
	struct rig r;
	struct rig_fix fix[64];

	(void)state;
	begin(&r);
	trip(&r, 6000, 30, 8000, 0, NO_HOW);
	assert_int_equal(rig_alarms(&r, 2), 1);
	/* half an hour of slow queue, delivered hours later */
	const size_t n = rig_drive(fix, 64, 6040, 0, 7990, 0, 10 * MIN + 30000, 39 * MIN + 30000);

	send(&r, fix, n, (struct rig_how){.recorded_at_ms = T0 + 300 * MIN});
	assert_null(rig_gap_anomaly(&r, PLATE, 1));
	assert_int_equal(r.own[r.n_own - 1].body, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED);
	assert_int_equal(r.own[r.n_own - 1].phase, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE);
	rig_close(&r);

	/* only the first six minutes of it: the rest still alarms */
	begin(&r);
	trip(&r, 6000, 30, 8000, 0, NO_HOW);
	send(&r, fix, 12, (struct rig_how){.recorded_at_ms = T0 + 300 * MIN});
	assert_non_null(rig_gap_anomaly(&r, PLATE, 1));
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->from_ms, T0 + 16 * MIN);
	rig_close(&r);
}

static void late_block_in_any_order(void **state)
{
	struct rig r;
	struct rig_fix fix[64];

	(void)state;
	begin(&r);
	trip(&r, 6000, 30, 8000, 0, NO_HOW);
	const size_t n = rig_drive(fix, 64, 6040, 0, 7990, 0, 10 * MIN + 30000, 39 * MIN + 30000);

	/* one by one, from both ends to the middle: splits into parts that all end */
	for (size_t i = 0; i < n; i++) {
		const size_t k = i % 2 == 0 ? i / 2 : n - 1 - i / 2;

		send(&r, fix + k, 1, (struct rig_how){.recorded_at_ms = T0 + 300 * MIN});
	}
	assert_null(rig_gap_anomaly(&r, PLATE, 1));
	Custody__Position *p;

	assert_int_equal(ld_position_get(&r.c, PLATE, &p), LD_OK);
	assert_int_equal(p->gaps, 0);
	rig_close(&r);
}

static void receipt_is_the_far_end(void **state)
{
	struct rig r;
	struct rig_fix fix[128];
	size_t n = rig_drive(fix, 64, 0, 0, 6000, 0, 0, 10 * MIN);

	(void)state;
	begin(&r);
	send(&r, fix, n, NO_HOW);
	rig_received(&r, PLATE, T0 + 90 * MIN); /* 14 km in 80 minutes */
	/* the terminal is still silent: provisional, until its next track closes the silence */
	assert_int_equal(rig_alarms(&r, 2), 0);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->phase,
			 LIANDAN__ANOMALY_PHASE__PROVISIONAL);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->to_ms, T0 + 90 * MIN);
	fix[0] = (struct rig_fix){.x = 20000, .t_ms = 95 * MIN};
	send(&r, fix, 1, NO_HOW);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->phase,
			 LIANDAN__ANOMALY_PHASE__CONFIRMED);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->level, 2);
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 1)->now->to_ms, T0 + 90 * MIN);
	/* the track that was missing, delivered after the manifest had left the vehicle */
	n = rig_drive(fix, 128, 6100, 0, 19900, 0, 10 * MIN + 30000, 60 * MIN);
	n += rig_drive(fix + n, 128 - n, 19950, 0, 20000, 0, 60 * MIN + 30000, 72 * MIN);
	fix[n++] = (struct rig_fix){.x = 20000, .t_ms = 90 * MIN};
	send(&r, fix, n, (struct rig_how){.recorded_at_ms = T0 + 200 * MIN});
	assert_null(rig_gap_anomaly(&r, PLATE, 1));
	rig_close(&r);
}

/* No signal for the truck and its driver: the hand-overs come first, the tracks a moment later. */
static void queues_after_no_signal_accuse_nobody(void **state)
{
	struct rig r;
	struct rig_fix fix[160];
	size_t n = rig_drive(fix, 160, 0, 0, 6000, 0, 0, 10 * MIN);

	(void)state;
	begin(&r);
	send(&r, fix, n, NO_HOW);
	rig_received(&r, PLATE, T0 + 90 * MIN);
	n = rig_drive(fix, 160, 6100, 0, 19900, 0, 10 * MIN + 30000, 60 * MIN);
	fix[n++] = (struct rig_fix){.x = 20000, .t_ms = 89 * MIN};
	send(&r, fix, n, (struct rig_how){.recorded_at_ms = T0 + 91 * MIN});
	assert_int_equal(rig_alarms(&r, 2), 0);
	rig_close(&r);
}

static void open_silence_is_provisional_once(void **state)
{
	struct rig r;
	struct rig_fix fix[64];
	const size_t n = rig_drive(fix, 64, 0, 0, 6000, 0, 0, 10 * MIN);

	(void)state;
	begin(&r);
	rig_tick(&r, T0);
	send(&r, fix, n, NO_HOW);
	rig_tick(&r, T0 + 39 * MIN);
	assert_int_equal(r.n_own, 0);
	for (int64_t m = 40; m < 60; m++)
		rig_tick(&r, T0 + m * MIN);
	assert_int_equal(r.n_own, 1);
	assert_int_equal(r.own[0].phase, LIANDAN__ANOMALY_PHASE__PROVISIONAL);
	assert_int_equal(r.own[0].level, 1);
	/* closed by a fix far along the road: it had simply been out of reach */
	fix[0] = (struct rig_fix){.x = 40000, .t_ms = 60 * MIN};
	send(&r, fix, 1, NO_HOW);
	assert_int_equal(r.n_own, 2);
	assert_int_equal(r.own[1].phase, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE);
	rig_close(&r);

	/* or near by: confirmed */
	begin(&r);
	rig_tick(&r, T0);
	send(&r, fix + 1, n - 1, NO_HOW);
	rig_tick(&r, T0 + 45 * MIN);
	fix[0] = (struct rig_fix){.x = 8000, .t_ms = 60 * MIN};
	send(&r, fix, 1, NO_HOW);
	assert_int_equal(r.n_own, 2);
	assert_int_equal(r.own[1].phase, LIANDAN__ANOMALY_PHASE__CONFIRMED);
	assert_int_equal(r.own[1].level, 2);
	rig_close(&r);

	/* inside a registered fence: no question */
	begin(&r);
	rig_tick(&r, T0);
	fix[0] = (struct rig_fix){.x = 20000, .t_ms = 30 * MIN};
	send(&r, fix, 1, NO_HOW);
	rig_tick(&r, T0 + 200 * MIN);
	assert_int_equal(r.n_own, 0);
	rig_close(&r);
}

/* Two manifests aboard: one of them, the first taken, answers from the first word to the last. */
static void one_manifest_answers_for_a_milk_run(void **state)
{
	struct rig r;
	struct rig_fix fix[64];
	const size_t n = rig_drive(fix, 64, 0, 0, 6000, 0, 0, 10 * MIN);

	(void)state;
	begin(&r); /* manifest 1 was taken at T0 */
	rig_manifest(&r, 2, PLATE, "plant", "works", T0 - 5 * MIN);
	rig_tick(&r, T0);
	send(&r, fix, n, NO_HOW);
	rig_tick(&r, T0 + 45 * MIN);
	fix[0] = (struct rig_fix){.x = 8000, .t_ms = 60 * MIN};
	send(&r, fix, 1, NO_HOW);
	assert_int_equal(r.n_own, 2);
	assert_int_equal(r.own[1].body, LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED);
	assert_null(rig_gap_anomaly(&r, PLATE, 1));
	assert_int_equal(rig_gap_anomaly(&r, PLATE, 2)->now->level, 2);
	rig_close(&r);
}

/* A fixed pseudo-random sequence. */
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

struct outcome {
	bool open;
	uint32_t level;
	int64_t from_ms, to_ms;
	Liandan__AnomalyPhase phase;
};

static struct outcome run_batched(const struct rig_fix *fix, size_t n, size_t batch, bool odometer)
{
	struct rig r;
	struct outcome o = {0};
	Custody__Anomaly *a;

	begin(&r);
	for (size_t i = 0, k; i < n; i += k) {
		for (k = 1; k < batch && i + k < n; k++)
			if (odometer &&
			    fix[i + k].t_ms - fix[i + k - 1].t_ms >= ld_rules_cn.gap_min_ms)
				break; /* a terminal begins a new track after a silence:
					  Track.gap_before */
		send(&r, fix + i, k, (struct rig_how){.odometer = odometer});
	}
	a = rig_gap_anomaly(&r, PLATE, 1);
	if (a != NULL)
		o = (struct outcome){true, a->now->level, a->now->from_ms, a->now->to_ms,
				     a->now->phase};
	rig_close(&r);
	return o;
}

static void rebatching_changes_no_final_anomaly(void **state)
{
	static const size_t batches[] = {1, 7, 30, 400};
	uint32_t seed = 7;
	size_t alarms = 0;

	(void)state;
	for (size_t round = 0; round < 80; round++) {
		const bool odometer = round % 2 != 0; /* honest, in metres */
		struct rig_fix fix[400];
		int64_t t = 30000;
		int64_t x = 0;
		int64_t odo = 0;
		size_t n = 0;

		while (n < 300 && x < 19000) {
			t += 30000;
			const int64_t step = next(&seed) % 400;

			x += step;
			odo += step;
			if (next(&seed) % 40 ==
			    0) { /* silence, wherever it comes, at times with a detour */
				t += (int64_t)(next(&seed) % 25) * MIN;
				odo += next(&seed) % 2 * 5000;
			}
			fix[n++] = (struct rig_fix){.x = x, .t_ms = t, .odometer_m = odo};
		}
		const struct outcome one = run_batched(fix, n, 1, odometer);

		alarms += one.open;
		for (size_t i = 1; i < 4; i++) {
			const struct outcome o = run_batched(fix, n, batches[i], odometer);

			assert_memory_equal(&o, &one, sizeof o);
		}
	}
	assert_true(alarms > 10 && alarms < 80);
}

static void kept_gaps_are_bounded(void **state)
{
	struct rig r;
	Custody__Position *p;

	(void)state;
	begin(&r);
	rig_load(&r, PLATE, 1, false);
	for (int64_t i = 0; i < 300; i++) {
		const struct rig_fix fix = {.x = i * 1000, .t_ms = i * 6 * MIN};

		send(&r, &fix, 1, NO_HOW);
	}
	assert_int_equal(ld_position_get(&r.c, PLATE, &p), LD_OK);
	assert_int_equal(p->gaps, LD_MAX_GAPS);
	/* three days on, the old ones are gone */
	const struct rig_fix later = {.x = 0, .t_ms = 300 * 6 * MIN + 4 * LD_DAY_MS};
	const struct rig_fix last = {.x = 5000, .t_ms = 300 * 6 * MIN + 4 * LD_DAY_MS + 10 * MIN};

	send(&r, &later, 1, NO_HOW);
	send(&r, &last, 1, NO_HOW);
	assert_int_equal(ld_position_get(&r.c, PLATE, &p), LD_OK);
	assert_int_equal(p->gaps, 2);
	rig_close(&r);
}

static void count_bytes_one(size_t *sum, size_t n)
{
	*sum += n;
}

static int count_bytes(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		       size_t len)
{
	(void)key;
	(void)value;
	count_bytes_one(ctx, key_len + len);
	return 0;
}

static void bytes_per_vehicle(void **state)
{
	static const uint8_t tables[] = {LD_T_POSITION, LD_T_GAP, LD_T_STAY, LD_T_DEPARTURE};
	struct rig r;
	size_t full = 0;

	(void)state;
	begin(&r);
	rig_load(&r, PLATE, 1, false);
	for (int64_t i = 0; i < 400; i++) {
		const struct rig_fix fix = {
		    .x = i % 2 * 20000, .t_ms = i * 10 * MIN, .odometer_m = i * 20000};

		send(&r, &fix, 1, (struct rig_how){.odometer = true});
	}
	for (size_t i = 0; i < sizeof tables; i++)
		assert_int_equal(
		    ld_state_walk(r.c.state, tables[i], NULL, 0, NULL, 0, count_bytes, &full, NULL),
		    LD_OK);
	print_message("worst vehicle (256 silences, 3 days of stays every 20 min): %zu bytes\n",
		      full);
	assert_true(full < 64 * 1024);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reference_times_are_the_measured_ones),
	    cmocka_unit_test(honest_track_never_raises),
	    cmocka_unit_test(silent_detour_raises_with_its_ellipse),
	    cmocka_unit_test(odometer_is_the_second_channel),
	    cmocka_unit_test(load_that_fell_in_the_silence),
	    cmocka_unit_test(parked_silence),
	    cmocka_unit_test(waiting_at_a_gate_is_no_gap),
	    cmocka_unit_test(silence_before_the_hand_over_is_not_custody),
	    cmocka_unit_test(vehicles_without_custody_raise_nothing),
	    cmocka_unit_test(manifest_signed_late_finds_the_silence),
	    cmocka_unit_test(late_block_explains),
	    cmocka_unit_test(late_block_in_any_order),
	    cmocka_unit_test(receipt_is_the_far_end),
	    cmocka_unit_test(queues_after_no_signal_accuse_nobody),
	    cmocka_unit_test(open_silence_is_provisional_once),
	    cmocka_unit_test(one_manifest_answers_for_a_milk_run),
	    cmocka_unit_test(rebatching_changes_no_final_anomaly),
	    cmocka_unit_test(kept_gaps_are_bounded),
	    cmocka_unit_test(bytes_per_vehicle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
