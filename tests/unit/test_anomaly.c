/* Anomalies: one open per kind, reason, subject and scope; levels; JSON for people and maps. */
#include "tests/unit/custody_rig.h"

#include <cjson/cJSON.h>

static const uint8_t hash[LD_HASH_BYTES] = {1};

static Liandan__AnomalyRaised *make(struct rig *r, Liandan__AnomalyPhase phase, uint32_t level,
				    int64_t from, int64_t to)
{
	Liandan__AnomalyRaised *a =
	    ld_anomaly_new(&r->c, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP, level,
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE, "B-1", "00ff");

	assert_non_null(a);
	a->phase = phase;
	a->from_ms = from;
	a->to_ms = to;
	return a;
}

#define CONFIRMED LIANDAN__ANOMALY_PHASE__CONFIRMED
#define PROVISIONAL LIANDAN__ANOMALY_PHASE__PROVISIONAL

static size_t report(struct rig *r, Liandan__AnomalyRaised *a)
{
	struct ld_own_list own = {.n = 0};

	ld_anomaly_report(&r->c, &own, a);
	rig_apply_own(r, &own, T0);
	return own.n;
}

static void one_open_anomaly_with_hysteresis(void **state)
{
	struct rig r;
	Custody__Anomaly *open;
	Liandan__AnomalyRaised *a;

	(void)state;
	rig_open(&r);
	a = make(&r, PROVISIONAL, 1, T0, 0);
	ld_anomaly_evidence(&r.c, a, 5);
	assert_int_equal(report(&r, a), 1);
	assert_int_equal(r.own[0].body, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED);
	assert_int_equal(report(&r, make(&r, PROVISIONAL, 1, T0, 0)), 0);
	a = make(&r, CONFIRMED, 2, T0, T0 + 40 * MIN);
	ld_anomaly_evidence(&r.c, a, 7);
	assert_int_equal(report(&r, a), 1);
	assert_int_equal(r.own[1].body, LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED);
	/* no way back by report, and no news from less than a minute */
	assert_int_equal(report(&r, make(&r, PROVISIONAL, 1, T0, 0)), 0);
	assert_int_equal(report(&r, make(&r, CONFIRMED, 2, T0, T0 + 40 * MIN + 59999)), 0);
	assert_int_equal(report(&r, make(&r, CONFIRMED, 1, T0 + 20 * MIN, T0 + 50 * MIN)), 1);
	assert_int_equal(
	    ld_anomaly_open(&r.c, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP, 0, "B-1", "00ff", &open),
	    LD_OK);
	assert_int_equal(open->now->level, 2);
	assert_int_equal(open->now->from_ms, T0 + 20 * MIN);
	assert_int_equal(open->now->n_evidence, 2);
	/* another manifest, another anomaly */
	assert_int_equal(
	    ld_anomaly_open(&r.c, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP, 0, "B-1", "00fe", &open),
	    LD_ERR_NOT_FOUND);
	rig_close(&r);
}

static void twice_in_one_breath(void **state)
{
	struct rig r;
	struct ld_own_list own = {.n = 0};

	(void)state;
	rig_open(&r);
	ld_anomaly_report(&r.c, &own, make(&r, CONFIRMED, 2, T0, T0 + 30 * MIN));
	ld_anomaly_report(&r.c, &own, make(&r, CONFIRMED, 3, T0, T0 + 30 * MIN));
	ld_anomaly_report(&r.c, &own, make(&r, CONFIRMED, 1, T0, T0 + 30 * MIN));
	assert_int_equal(own.n, 1);
	assert_int_equal(own.event[0]->anomaly_raised->level, 3);
	rig_close(&r);
}

static void explained_is_kept_at_level_one(void **state)
{
	struct rig r;
	struct ld_own_list own = {.n = 0};
	Custody__Anomaly *a;

	(void)state;
	rig_open(&r);
	const uint64_t id = r.index;

	report(&r, make(&r, CONFIRMED, 3, T0, T0 + 30 * MIN));
	ld_anomaly_explain(&r.c, &own, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP, "B-1", "00ff",
			   LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE, 99);
	assert_int_equal(own.n, 1);
	rig_apply_own(&r, &own, T0 + 1);
	assert_int_equal(ld_anomaly_get(&r.c, id, &a), LD_OK);
	assert_false(a->open);
	assert_int_equal(a->now->level, 1);
	assert_int_equal(a->now->phase, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE);
	assert_int_equal(a->now->evidence[a->now->n_evidence - 1], 99);
	own.n = 0;
	ld_anomaly_explain(&r.c, &own, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP, "B-1", "00ff",
			   LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE, 99);
	assert_int_equal(own.n, 0); /* once */
	/* and it may be raised again */
	assert_int_equal(report(&r, make(&r, CONFIRMED, 2, T0 + 60 * MIN, T0 + 90 * MIN)), 1);
	rig_close(&r);
}

static void apply_is_total(void **state)
{
	struct rig r;
	Liandan__OwnEvent own = LIANDAN__OWN_EVENT__INIT;
	Liandan__AnomalyUpdated u = LIANDAN__ANOMALY_UPDATED__INIT;
	Liandan__AnomalyCleared x = LIANDAN__ANOMALY_CLEARED__INIT;

	(void)state;
	rig_open(&r);
	assert_int_equal(ld_anomaly_apply(&r.c, &own, 1, T0), LD_OK);
	u.anomaly = x.anomaly = 77;
	own.body_case = LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED;
	own.anomaly_updated = &u;
	assert_int_equal(ld_anomaly_apply(&r.c, &own, 2, T0), LD_OK);
	own.body_case = LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED;
	own.anomaly_cleared = &x;
	assert_int_equal(ld_anomaly_apply(&r.c, &own, 3, T0), LD_OK);
	rig_close(&r);
}

static void levels_of_violations(void **state)
{
	static const struct {
		Liandan__Reason reason;
		uint32_t level;
	} cases[] = {
	    {LIANDAN__REASON__ABSENT_AT_ORIGIN, 3},
	    {LIANDAN__REASON__PRESENCE_UNKNOWN, 1},
	    {LIANDAN__REASON__HAZARDS_DIFFER, 2},
	    {LIANDAN__REASON__NOT_LICENSED, 4},
	    {LIANDAN__REASON__CARRIER_NOT_NAMED, 3},
	    {LIANDAN__REASON__CANCELLED_BEFORE, 3},
	    {LIANDAN__REASON__WRONG_PLACE, 4},
	    {LIANDAN__REASON__SEAL_DIFFERS, 3},
	    {LIANDAN__REASON__COUNT_DIFFERS, 3},
	    {LIANDAN__REASON__STOCK_NEGATIVE, 3},
	    {LIANDAN__REASON__TICKET_MISSING, 2},
	    {LIANDAN__REASON__SCALE_OUT_OF_DATE, 2},
	    {LIANDAN__REASON__SAME_PERSON, 3},
	    {LIANDAN__REASON__OFFER_EXPIRED, 1},
	    {LIANDAN__REASON__LATE, 1},
	    {LIANDAN__REASON__QUANTITY, 3},
	};
	struct rig r;
	Liandan__Accepted body = LIANDAN__ACCEPTED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	struct ld_judgement j = {.verdict = LIANDAN__VERDICT__ACCEPTED};

	(void)state;
	rig_open(&r);
	e.body_case = LIANDAN__EVENT__BODY_ACCEPTED;
	e.accepted = &body;
	e.occurred_at_ms = T0;
	const struct ld_fact f = {
	    .event = &e, .event_hash = hash, .signer = &r.key, .recorded_at_ms = T0, .index = 9};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		/* one manifest each: side by side some lift each other */
		const char *hex = ld_c_hex(&r.c, rig_id((uint8_t)(3 + i)));

		body.manifest = rig_id((uint8_t)(3 + i));
		struct ld_own_list own = {.n = 0};
		Custody__Anomaly *a;

		j.n_violations = 0;
		ld_violate(&r.c, &j, cases[i].reason, "drum-1", 5, 4);
		ld_violate(&r.c, &j, cases[i].reason, "drum-2", 6,
			   4); /* the same reason: one anomaly */
		ld_anomaly_of_violations(&r.c, &f, &j, &own);
		assert_int_equal(own.n, 1);
		rig_apply_own(&r, &own, T0);
		assert_int_equal(ld_anomaly_open(&r.c, LIANDAN__ANOMALY_KIND__RULE_VIOLATED,
						 cases[i].reason, hex, hex, &a),
				 LD_OK);
		assert_int_equal(a->now->level, cases[i].level);
		assert_int_equal(a->now->evidence[0], 9);
		assert_string_equal(a->now->figures[0]->name, "drum-1");
	}
	rig_close(&r);
}

static double at(const cJSON *pair, int i)
{
	return cJSON_GetArrayItem(pair, i)->valuedouble;
}

static void json_of_a_gap(void **state)
{
	struct rig r;
	Custody__Anomaly rec = CUSTODY__ANOMALY__INIT;
	Liandan__Place p = LIANDAN__PLACE__INIT;
	Liandan__Place q = LIANDAN__PLACE__INIT;
	Liandan__Place *foci[2] = {&p, &q};
	Liandan__Region region = LIANDAN__REGION__INIT;

	(void)state;
	rig_open(&r);
	Liandan__AnomalyRaised *a = make(&r, CONFIRMED, 2, T0, T0 + 35 * MIN);

	p.lat_e7 = north(0);
	p.lon_e7 = east(0);
	q.lat_e7 = north(3000);
	q.lon_e7 = east(4000);
	region.foci = foci;
	region.n_foci = 2;
	region.major_m = 10000;
	a->region = &region;
	ld_anomaly_figure(&r.c, a, "silence", 35 * MIN, 5 * MIN,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_MILLISECOND);
	ld_anomaly_figure(&r.c, a, "U", 12 * MIN, 7 * MIN,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_MILLISECOND);
	rec.anomaly = 123;
	rec.now = a;
	rec.open = true;
	cJSON *o = ld_anomaly_json(&rec, "raised");

	assert_non_null(o);
	assert_string_equal(cJSON_GetObjectItem(o, "id")->valuestring, "123");
	assert_string_equal(cJSON_GetObjectItem(o, "kind")->valuestring, "UNEXPLAINED_GAP");
	const cJSON *f = cJSON_GetObjectItem(o, "region");
	const cJSON *g = cJSON_GetObjectItem(f, "geometry");
	const cJSON *ring = cJSON_GetArrayItem(cJSON_GetObjectItem(g, "coordinates"), 0);

	assert_string_equal(cJSON_GetObjectItem(g, "type")->valuestring, "Polygon");
	assert_int_equal(cJSON_GetArraySize(ring), 37);
	assert_true(at(cJSON_GetArrayItem(ring, 0), 0) == at(cJSON_GetArrayItem(ring, 36), 0));
	double twice = 0;

	for (int i = 0; i < 36; i++) {
		const cJSON *u = cJSON_GetArrayItem(ring, i);
		const cJSON *v = cJSON_GetArrayItem(ring, i + 1);
		const int32_t lat = (int32_t)(at(u, 1) * 1e7);
		const int32_t lon = (int32_t)(at(u, 0) * 1e7);
		const int64_t sum = ld_distance_m(lat, lon, p.lat_e7, p.lon_e7) +
				    ld_distance_m(lat, lon, q.lat_e7, q.lon_e7);

		assert_in_range(sum, 9950, 10050); /* every point lies on the ellipse */
		twice += at(u, 0) * at(v, 1) - at(v, 0) * at(u, 1);
	}
	assert_true(twice > 0); /* counter-clockwise, RFC 7946 */
	/* a = 5 km, c = 2.5 km: 68 km2 */
	assert_true(ld_anomaly_km2(&region) > 67 && ld_anomaly_km2(&region) < 69);
	assert_non_null(
	    strstr(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "text"), "zh")->valuestring,
		   "12 分钟内无法解释"));
	assert_non_null(strstr(
	    cJSON_GetObjectItem(cJSON_GetObjectItem(o, "text"), "en")->valuestring, "12 min"));
	cJSON_Delete(o);
	rig_close(&r);
}

static void every_kind_has_texts(void **state)
{
	const ProtobufCEnumDescriptor *kinds = &liandan__anomaly_kind__descriptor;
	struct rig r;

	(void)state;
	rig_open(&r);
	for (unsigned i = 0; i < kinds->n_values; i++) {
		Custody__Anomaly rec = CUSTODY__ANOMALY__INIT;
		const Liandan__AnomalyKind kind = (Liandan__AnomalyKind)kinds->values[i].value;

		assert_true(ld_anomaly_en(kind)[0] != '\0');
		assert_true(ld_anomaly_zh(kind)[0] != '\0');
		rec.now = ld_anomaly_new(&r.c, kind, 1, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE,
					 "B-1", "");
		cJSON *o = ld_anomaly_json(&rec, "raised"); /* no figure, no region */

		assert_non_null(o);
		assert_null(cJSON_GetObjectItem(o, "region"));
		cJSON_Delete(o);
	}
	assert_string_equal(ld_anomaly_en((Liandan__AnomalyKind)999), "Anomaly");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_open_anomaly_with_hysteresis),
	    cmocka_unit_test(twice_in_one_breath),
	    cmocka_unit_test(explained_is_kept_at_level_one),
	    cmocka_unit_test(apply_is_total),
	    cmocka_unit_test(levels_of_violations),
	    cmocka_unit_test(json_of_a_gap),
	    cmocka_unit_test(every_kind_has_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
