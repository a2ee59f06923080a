/* M3 skimming: the CUSUM, the 12 months' sum, the scale pair's bias. DETECTION 7 and 8, 5C M3. */
#include "tests/unit/custody_rig.h"

#include "plugin/custody/delivery.h"
#include "plugin/custody/skim.h"
#include "plugin/custody/weigh.h"

#define PLATE "B-7001"
#define KG INT64_C(1000)
#define TAKEN (14000 * KG)

struct road {
	struct rig r;
	uint32_t n; /* deliveries so far */
	int64_t at_ms, taken_g;
	const char *carrier, *gate;
	Liandan__AnomalyKind kind; /* of the last report, 0: none */
	Liandan__SubjectKind subject_kind;
	uint32_t level, calibration_n;
	size_t biases, skims; /* reported, of scales and carriers */
	size_t shorts;	      /* deliveries short by themselves (M1) */
	bool parted;	      /* a part left the next one on the way */
};

static ProtobufCBinaryData id_of(uint8_t out[LD_UUID_BYTES], uint32_t n, uint8_t what)
{
	memset(out, 0, LD_UUID_BYTES);
	memcpy(out, &n, sizeof n);
	out[15] = what;
	return (ProtobufCBinaryData){.len = LD_UUID_BYTES, .data = out};
}

static void ticket(struct road *w, ProtobufCBinaryData id, const char *scale,
		   Liandan__WeighPurpose purpose, int64_t mass_g, ProtobufCBinaryData manifest,
		   bool certified)
{
	Liandan__Weighed b = LIANDAN__WEIGHED__INIT;
	Custody__Ticket t = CUSTODY__TICKET__INIT;

	b.ticket = id;
	b.instrument = (char *)(uintptr_t)scale;
	b.purpose = purpose;
	b.kind = LIANDAN__WEIGH_KIND__WEIGH_KIND_NET;
	b.plate = (char *)(uintptr_t)PLATE;
	b.mass_g = mass_g;
	b.manifests = &manifest;
	b.n_manifests = 1;
	t.weighed = &b;
	t.certified = certified;
	t.mpe_g = 40 * KG;
	t.occurred_at_ms = w->at_ms;
	assert_int_equal(ld_ticket_put(&w->r.c, &t), LD_OK);
}

static void look(struct road *w, const struct ld_own_list *own)
{
	w->kind = 0;
	for (size_t i = 0; i < own->n; i++) {
		const Liandan__AnomalyRaised *a = *ld_anomaly_of_own(own->event[i]);

		if (a->kind == LIANDAN__ANOMALY_KIND__SCALE_BIAS) {
			assert_int_equal(a->subject_kind,
					 LIANDAN__SUBJECT_KIND__SUBJECT_KIND_INSTRUMENT);
			w->biases++;
			continue;
		}
		w->shorts += a->kind == LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL ? 1 : 0;
		if (a->subject_kind != LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY)
			continue;
		assert_string_equal(a->subject, w->carrier);
		w->kind = a->kind;
		w->level = a->level;
		w->calibration_n = a->calibration_n;
		w->skims++;
	}
}

/* One delivery, short_g less than was taken. */
static void deliver(struct road *w, int64_t short_g, bool certified)
{
	uint8_t mid[LD_UUID_BYTES], lid[LD_UUID_BYTES], gid[LD_UUID_BYTES];
	static const uint8_t hash[LD_HASH_BYTES] = {1};
	Custody__Manifest m = CUSTODY__MANIFEST__INIT;
	Liandan__ManifestCreated b = LIANDAN__MANIFEST_CREATED__INIT;
	Liandan__Parent passed = LIANDAN__PARENT__INIT, *left = &passed;
	Liandan__Receiver to = LIANDAN__RECEIVER__INIT;
	Liandan__Accepted a = LIANDAN__ACCEPTED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	struct ld_own_list own = {.n = 0};
	ProtobufCBinaryData tickets[2], id = id_of(mid, w->n, 1);

	w->at_ms += LD_HOUR_MS;
	tickets[0] = id_of(lid, w->n, 2);
	tickets[1] = id_of(gid, w->n, 3);
	w->n++;
	ticket(w, tickets[0], "yard-scale", LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD, w->taken_g,
	       id, true);
	ticket(w, tickets[1], w->gate, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE,
	       w->taken_g - short_g, id, certified);
	to.party = (char *)(uintptr_t) "rec";
	to.site = (char *)(uintptr_t) "kiln";
	b.receiver = &to;
	b.generator = (char *)(uintptr_t) "gen";
	b.site = (char *)(uintptr_t) "yard";
	b.manifest = m.manifest = a.manifest = id;
	m.created = &b;
	m.plate = (char *)(uintptr_t)PLATE;
	m.carrier = (char *)(uintptr_t)w->carrier;
	m.taken_ms = w->at_ms - 1000;
	m.accepted_ms = w->at_ms;
	m.taken_g = w->taken_g;
	m.taken_weighed = true;
	m.tickets = tickets;
	m.n_tickets = 2;
	m.n_passed = w->parted ? 1 : 0;
	m.passed = &left;
	assert_int_equal(ld_manifest_put(&w->r.c, &m), LD_OK);
	a.tickets = &tickets[1];
	a.n_tickets = 1;
	e.body_case = LIANDAN__EVENT__BODY_ACCEPTED;
	e.accepted = &a;
	const struct ld_fact f = {.event = &e,
				  .event_hash = hash,
				  .signer = &w->r.key,
				  .recorded_at_ms = w->at_ms,
				  .index = w->r.index++};

	assert_int_equal(ld_skim_apply(&w->r.c, &f), LD_OK);
	ld_skim_follow(&w->r.c, &f, &own);
	ld_shortfall_follow(&w->r.c, &f, &own);
	look(w, &own);
	for (size_t i = 0; i < own.n; i++)
		assert_int_equal(ld_anomaly_apply(&w->r.c, own.event[i], w->r.index++, w->at_ms),
				 LD_OK);
	ld_arena_reset(&w->r.arena);
}

static void begin(struct road *w)
{
	*w =
	    (struct road){.at_ms = T0, .taken_g = TAKEN, .carrier = "honest", .gate = "gate-scale"};
	rig_open(&w->r);
}

/* Scatter of a fair pair: its mean is nothing. */
static int64_t fair(uint32_t n)
{
	static const int64_t kg[] = {12, -20, 5, -8, 20, -12, 8, -5};

	return kg[n % 8] * KG;
}

static void calibrate(struct road *w, int64_t bias_g)
{
	for (uint32_t i = 0; i < LD_SKIM_CALIBRATED; i++)
		deliver(w, bias_g + fair(i), true);
}

static void honest_carriers_are_left_alone(void **state)
{
	struct road w;

	(void)state;
	begin(&w);
	calibrate(&w, 0);
	for (uint32_t i = 0; i < 400; i++)
		deliver(&w, fair(i), true);
	assert_int_equal(w.skims, 0);
	assert_int_equal(w.biases, 0);
	rig_close(&w.r);
}

/* A scale that shows 40 kg too little is metrology, never the driver's. */
static void a_scales_bias_is_metrology(void **state)
{
	Custody__ScalePair *p;
	struct road w;

	(void)state;
	begin(&w);
	calibrate(&w, 40 * KG);
	assert_int_equal(w.biases, 1);
	assert_int_equal(ld_scale_pair_get(&w.r.c, "yard-scale", "gate-scale", &p), LD_OK);
	assert_in_range(p->bias_ppm, 2700, 3000); /* 40 kg of 14 t */
	w.skims = 0;
	w.carrier = "another";
	for (uint32_t i = 0; i < 200; i++)
		deliver(&w, 40 * KG + fair(i), true);
	assert_int_equal(w.skims, 0);
	assert_int_equal(w.biases, 1);
	rig_close(&w.r);
}

/* 70 kg at a time, each within what M1 tolerates: level 2 by the CUSUM, 3 at 1 t, 4 at 3 t. */
static void skimming_adds_up(void **state)
{
	uint32_t two = 0, three = 0, four = 0;
	struct road w;

	(void)state;
	begin(&w);
	calibrate(&w, 0);
	w.carrier = "thief";
	for (uint32_t i = 1; i <= 60; i++) {
		deliver(&w, 70 * KG + fair(i), true);
		if (w.kind != LIANDAN__ANOMALY_KIND__SKIMMING)
			continue;
		two = two == 0 && w.level == 2 ? i : two;
		three = three == 0 && w.level == 3 ? i : three;
		four = four == 0 && w.level == 4 ? i : four;
		assert_true(w.level <= 2 || w.calibration_n >= LD_SKIM_CALIBRATED);
	}
	assert_int_equal(w.shorts, 0);
	assert_in_range(two, 6, 8);
	assert_int_equal(three, LD_SKIM_CALIBRATED); /* 1 t sooner, but uncalibrated until then */
	assert_in_range(four, 41, 45);
	rig_close(&w.r);
}

/* What M1 has raised by itself is not counted twice, in either sum; what M1 only notes is. */
static void a_hole_is_no_skimming(void **state)
{
	Custody__Skim *s;
	struct road w;

	(void)state;
	begin(&w);
	calibrate(&w, 0);
	w.carrier = "robbed";
	for (uint32_t i = 0; i < 5; i++)
		deliver(&w, 2000 * KG, true);
	assert_int_equal(w.shorts, 5);
	assert_int_equal(w.skims, 0);
	assert_int_equal(ld_skim_get(&w.r.c, LD_SKIM_CARRIER, "robbed", "", &s), LD_ERR_NOT_FOUND);
	for (uint32_t i = 0; i < 5; i++) /* noted by M1, level 1 */
		deliver(&w, 200 * KG, true);
	assert_int_equal(w.shorts, 10);
	assert_int_equal(w.kind, LIANDAN__ANOMALY_KIND__SKIMMING);
	rig_close(&w.r);
}

/* Water that M5 has seen does not pay back what was skimmed. */
static void a_gain_pays_nothing_back(void **state)
{
	int64_t before_g, after_g, all_g;
	Custody__Skim *s;
	struct road w;

	(void)state;
	begin(&w);
	calibrate(&w, 0);
	w.carrier = "thief";
	for (uint32_t i = 0; i < 12; i++)
		deliver(&w, 70 * KG, true);
	assert_int_equal(ld_skim_get(&w.r.c, LD_SKIM_CARRIER, "thief", "", &s), LD_OK);
	ld_skim_sums(s, w.at_ms, &before_g, &all_g);
	deliver(&w, -1000 * KG, true);
	assert_int_equal(ld_skim_get(&w.r.c, LD_SKIM_CARRIER, "thief", "", &s), LD_OK);
	ld_skim_sums(s, w.at_ms, &after_g, &all_g);
	assert_int_equal(after_g, before_g);
	rig_close(&w.r);
}

/* A part that left is as heavy as its label says: nobody has weighed what stayed. */
static void a_part_that_left_proves_nothing(void **state)
{
	struct road w;

	(void)state;
	begin(&w);
	calibrate(&w, 0);
	w.carrier = "divider";
	w.parted = true;
	for (uint32_t i = 0; i < 40; i++)
		deliver(&w, 70 * KG, true);
	assert_int_equal(w.skims, 0);
	rig_close(&w.r);
}

/* Errors that are large against the load, and mean nothing: 60 kg up or down of 2 t. */
static void small_loads_have_large_errors(void **state)
{
	struct road w;

	(void)state;
	begin(&w);
	w.taken_g = 2000 * KG;
	for (uint32_t i = 0; i < 500; i++)
		deliver(&w, (i / 2 % 2 != 0 ? 60 : -60) * KG, true);
	assert_int_equal(w.skims, 0);
	rig_close(&w.r);
}

static void uncalibrated_says_so(void **state)
{
	struct road w;
	uint32_t most = 0;

	(void)state;
	begin(&w);
	w.carrier = "early";
	for (uint32_t i = 0; i < LD_SKIM_CALIBRATED - 1; i++) {
		deliver(&w, 290 * KG, true);
		if (w.kind != 0) {
			most = w.level > most ? w.level : most;
			assert_int_equal(w.calibration_n, 0);
		}
	}
	assert_int_equal(most, 2); /* 5.5 t, and no pair known */
	rig_close(&w.r);

	/* what the scales can have done is not held against anybody before the pair is known */
	begin(&w);
	for (uint32_t i = 0; i < LD_SKIM_CALIBRATED - 1; i++)
		deliver(&w, 75 * KG, true);
	assert_int_equal(w.skims, 0);
	rig_close(&w.r);

	/* who skims from the first day hides no more than the scales' errors explain */
	begin(&w);
	calibrate(&w, 250 * KG);
	Custody__ScalePair *p;

	assert_int_equal(ld_scale_pair_get(&w.r.c, "yard-scale", "gate-scale", &p), LD_OK);
	assert_true(p->bias_ppm <= 80 * 1000 / 14 + 1);
	rig_close(&w.r);
}

static void only_certified_weighings_count(void **state)
{
	Custody__Skim *s;
	struct road w;

	(void)state;
	begin(&w);
	for (uint32_t i = 0; i < 10; i++)
		deliver(&w, 90 * KG, false);
	assert_int_equal(w.skims, 0);
	assert_int_equal(ld_skim_get(&w.r.c, LD_SKIM_CARRIER, "honest", "", &s), LD_ERR_NOT_FOUND);
	rig_close(&w.r);
}

static void a_year_is_forgotten(void **state)
{
	int64_t calibrated_g, all_g;
	Custody__Skim *s;
	struct road w;

	(void)state;
	begin(&w);
	calibrate(&w, 0);
	w.carrier = "thief";
	for (uint32_t i = 0; i < 30; i++)
		deliver(&w, 100 * KG, true);
	assert_int_equal(ld_skim_get(&w.r.c, LD_SKIM_CARRIER, "thief", "", &s), LD_OK);
	ld_skim_sums(s, w.at_ms, &calibrated_g, &all_g);
	assert_true(calibrated_g >= 2900 * KG);
	ld_skim_sums(s, w.at_ms + 366 * LD_DAY_MS, &calibrated_g, &all_g);
	assert_int_equal(all_g, 0);
	w.at_ms += 400 * LD_DAY_MS;
	deliver(&w, 0, true);
	assert_int_equal(ld_skim_get(&w.r.c, LD_SKIM_CARRIER, "thief", "", &s), LD_OK);
	assert_int_equal(s->n_months, 1);
	rig_close(&w.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(honest_carriers_are_left_alone),
	    cmocka_unit_test(a_scales_bias_is_metrology),
	    cmocka_unit_test(skimming_adds_up),
	    cmocka_unit_test(a_hole_is_no_skimming),
	    cmocka_unit_test(a_gain_pays_nothing_back),
	    cmocka_unit_test(a_part_that_left_proves_nothing),
	    cmocka_unit_test(small_loads_have_large_errors),
	    cmocka_unit_test(uncalibrated_says_so),
	    cmocka_unit_test(only_certified_weighings_count),
	    cmocka_unit_test(a_year_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
