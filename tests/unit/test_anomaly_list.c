/* anomalies.def: complete, sane, what README.md shows; how channels lift each other; whom an
 * anomaly concerns. CUSTODY "Anomalies are leads", DETECTION 8. */
#include "tests/unit/custody_rig.h"

#include "proto/verdict.h"

#define LINE_CAP 512
#define PLATE "B-7001"
#define CONFIRMED LIANDAN__ANOMALY_PHASE__CONFIRMED
#define PROVISIONAL LIANDAN__ANOMALY_PHASE__PROVISIONAL
#define GAP LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP
#define SHORTFALL LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL
#define DEPARTURE LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE
#define VIOLATED LIANDAN__ANOMALY_KIND__RULE_VIOLATED
#define NONE LIANDAN__REASON__REASON_NONE

/* ---- the list ---- */

static void every_kind_has_a_row(void **state)
{
	const ProtobufCEnumDescriptor *kinds = &liandan__anomaly_kind__descriptor;

	(void)state;
	for (unsigned i = 0; i < kinds->n_values; i++) {
		const Liandan__AnomalyKind kind = (Liandan__AnomalyKind)kinds->values[i].value;
		const struct ld_anomaly_row *row = ld_anomaly_row(kind, NONE);

		assert_int_equal(row->kind, kind);
		assert_true(row->zh[0] != '\0' && row->en[0] != '\0');
	}
}

/* What can only be a violation (64 and up) has a row of its own. */
static void every_reason_of_a_violation_has_a_row(void **state)
{
	const ProtobufCEnumDescriptor *reasons = &liandan__reason__descriptor;

	(void)state;
	for (unsigned i = 0; i < reasons->n_values; i++) {
		const Liandan__Reason reason = (Liandan__Reason)reasons->values[i].value;
		const bool waits = reason == LIANDAN__REASON__WAITS_FOR_CAUSE ||
				   reason == LIANDAN__REASON__WAITS_FOR_STATE;

		if (reason >= LIANDAN__REASON__HAZARDS_DIFFER && !waits &&
		    ld_anomaly_row(VIOLATED, reason)->reason != reason)
			fail_msg("anomalies.def has no row for %s", ld_reason_name(reason));
	}
	assert_int_equal(ld_anomaly_row(VIOLATED, LIANDAN__REASON__LIMIT)->level, 3);
}

/* CUSTODY: above level 2 it takes a deterministic fact, or a second channel. */
static void rows_are_sane(void **state)
{
	const struct ld_anomaly_row *row;

	(void)state;
	for (size_t i = 0; (row = ld_anomaly_rows(i)) != NULL; i++) {
		assert_non_null(strchr("PMADSC", row->group));
		assert_in_range(row->level, 1, 4);
		assert_in_range(row->alone, 2, 4);
		assert_true(row->level <= row->alone);
		assert_true(row->speaks == 0 || row->speaks <= 4);
	}
}

static const char *const channels[] = {"position", "mass", "sensor", "document"};
static const char *const parties[] = {"the subject's", "generator", "carrier", "receiver",
				      "who signed last"};

static void say(char line[static LINE_CAP], const struct ld_anomaly_row *row)
{
	const bool kind = row->zh != NULL;
	char speaks[16] = "–";

	if (row->speaks != 0)
		snprintf(speaks, sizeof speaks, "%u", row->speaks);
	snprintf(line, LINE_CAP, "| %s%s | %s | %c | %s | %u | %s | %s | %s |\n",
		 kind ? "" : "RULE_VIOLATED ",
		 kind ? protobuf_c_enum_descriptor_get_value(&liandan__anomaly_kind__descriptor,
							     (int)row->kind)
			    ->name
		      : ld_reason_name(row->reason),
		 kind ? row->zh : ld_reason_zh(row->reason), row->group, channels[row->channel],
		 row->level,
		 row->alone == 4   ? "yes"
		 : row->alone == 3 ? "with a second channel"
				   : "no",
		 speaks, parties[row->party]);
}

static bool readme_has(const char *want)
{
	FILE *readme = fopen(LD_CUSTODY_README, "r");
	char line[LINE_CAP];
	bool found = false;

	assert_non_null(readme);
	while (!found && fgets(line, sizeof line, readme) != NULL)
		found = strcmp(line, want) == 0;
	fclose(readme);
	return found;
}

static void readme_shows_the_list(void **state)
{
	const struct ld_anomaly_row *row;
	char line[LINE_CAP];
	size_t differ = 0;

	(void)state;
	for (size_t i = 1; (row = ld_anomaly_rows(i)) != NULL; i++) {
		say(line, row);
		if (readme_has(line))
			continue;
		differ++;
		print_error("README.md must say:\n%s", line);
	}
	if (differ != 0)
		fail_msg("%zu rows differ: test_anomaly_list --readme prints them", differ);
}

static void print_readme(void)
{
	const struct ld_anomaly_row *row;
	char line[LINE_CAP];

	for (size_t i = 1; (row = ld_anomaly_rows(i)) != NULL; i++) {
		say(line, row);
		fputs(line, stdout);
	}
}

/* ---- lifting ---- */

static Liandan__AnomalyRaised *make(struct rig *r, Liandan__AnomalyKind kind, uint32_t level,
				    uint8_t manifest)
{
	const bool vehicle = kind == GAP || kind == DEPARTURE;
	const char *hex = manifest != 0 ? ld_c_hex(&r->c, rig_id(manifest)) : "";
	Liandan__AnomalyRaised *a =
	    ld_anomaly_new(&r->c, kind, level,
			   vehicle ? LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE
				   : LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST,
			   vehicle ? PLATE : hex, hex);

	assert_non_null(a);
	a->from_ms = T0;
	a->to_ms = T0 + 60 * MIN;
	ld_anomaly_evidence(&r->c, a, 100 + manifest);
	return a;
}

static void report(struct rig *r, Liandan__AnomalyRaised *a)
{
	struct ld_own_list own = {.n = 0};

	ld_anomaly_report(&r->c, &own, a);
	rig_apply_own(r, &own, T0);
	ld_arena_reset(&r->arena);
}

static void violate(struct rig *r, Liandan__Reason reason, uint32_t level, uint8_t manifest)
{
	Liandan__AnomalyRaised *a = make(r, VIOLATED, level, manifest);

	a->reason = reason;
	report(r, a);
}

static const Liandan__AnomalyRaised *standing(struct rig *r, Liandan__AnomalyKind kind,
					      Liandan__Reason reason, uint8_t manifest)
{
	const bool vehicle = kind == GAP || kind == DEPARTURE;
	const char *hex = manifest != 0 ? ld_c_hex(&r->c, rig_id(manifest)) : "";
	Custody__Anomaly *rec;

	assert_int_equal(ld_anomaly_open(&r->c, kind, reason, vehicle ? PLATE : hex, hex, &rec),
			 LD_OK);
	return rec->now;
}

static void begin(struct rig *r)
{
	rig_open(r);
	for (uint8_t n = 1; n <= 3; n++)
		rig_manifest(r, n, n == 3 ? "B-9" : PLATE, "yard", "kiln", T0);
}

static void channels_lift_each_other_once(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	report(&r, make(&r, GAP, 2, 1));
	assert_int_equal(standing(&r, GAP, NONE, 1)->level, 2);
	report(&r, make(&r, SHORTFALL, 2, 1));
	assert_int_equal(standing(&r, GAP, NONE, 1)->level, 3);
	assert_int_equal(standing(&r, SHORTFALL, NONE, 1)->level, 3);
	/* told again, by the same evidence or by a third channel: no further */
	Liandan__AnomalyRaised *a = make(&r, GAP, 2, 1);

	a->to_ms += 30 * MIN;
	report(&r, a);
	violate(&r, LIANDAN__REASON__SEAL_DIFFERS, 3, 1);
	assert_int_equal(standing(&r, GAP, NONE, 1)->level, 3);
	assert_int_equal(standing(&r, GAP, NONE, 1)->to_ms, T0 + 90 * MIN);
	assert_int_equal(standing(&r, SHORTFALL, NONE, 1)->level, 3);
	assert_int_equal(standing(&r, VIOLATED, LIANDAN__REASON__SEAL_DIFFERS, 1)->level, 4);
	/* its own evidence grows: that counts beside the lift */
	report(&r, make(&r, SHORTFALL, 3, 1));
	assert_int_equal(standing(&r, SHORTFALL, NONE, 1)->level, 4);
	rig_close(&r);
}

static void in_one_breath_too(void **state)
{
	struct rig r;
	struct ld_own_list own = {.n = 0};

	(void)state;
	begin(&r);
	ld_anomaly_report(&r.c, &own, make(&r, GAP, 2, 1));
	ld_anomaly_report(&r.c, &own, make(&r, SHORTFALL, 1, 1));
	assert_int_equal(own.n, 2);
	assert_int_equal(own.event[0]->anomaly_raised->level, 3);
	assert_int_equal(own.event[1]->anomaly_raised->level, 2);
	rig_close(&r);
}

static void one_channel_stays_at_two(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	report(&r, make(&r, LIANDAN__ANOMALY_KIND__WEIGHT_GAIN, 3, 1)); /* statistics: capped */
	assert_int_equal(standing(&r, LIANDAN__ANOMALY_KIND__WEIGHT_GAIN, NONE, 1)->level, 2);
	report(&r, make(&r, SHORTFALL, 2, 1)); /* mass and mass */
	assert_int_equal(standing(&r, SHORTFALL, NONE, 1)->level, 2);
	rig_close(&r);

	begin(&r);
	report(&r, make(&r, GAP, 2, 1));
	violate(&r, LIANDAN__REASON__LATE, 1, 1); /* a clock is no channel */
	violate(&r, LIANDAN__REASON__QUANTITY, 3, 1);
	assert_int_equal(standing(&r, GAP, NONE, 1)->level, 2);
	assert_int_equal(standing(&r, VIOLATED, LIANDAN__REASON__LATE, 1)->level, 1);
	report(&r, make(&r, SHORTFALL, 2, 3)); /* another load on another vehicle */
	assert_int_equal(standing(&r, GAP, NONE, 1)->level, 2);
	rig_close(&r);

	begin(&r);
	Liandan__AnomalyRaised *a = make(&r, GAP, 1, 1);

	a->phase = PROVISIONAL;
	report(&r, a);
	report(&r, make(&r, SHORTFALL, 2, 1));
	assert_int_equal(standing(&r, SHORTFALL, NONE, 1)->level, 2);
	assert_int_equal(standing(&r, GAP, NONE, 1)->level, 1);
	report(&r, make(&r, GAP, 2, 1)); /* now it is known */
	assert_int_equal(standing(&r, SHORTFALL, NONE, 1)->level, 3);
	assert_int_equal(standing(&r, GAP, NONE, 1)->level, 3);
	rig_close(&r);
}

/* The vehicle is what two manifests of a round, or a manifest and a departure, have in common. */
static void the_vehicle_at_that_time(void **state)
{
	struct rig r;
	Liandan__AnomalyRaised *a;

	(void)state;
	begin(&r);
	report(&r, make(&r, GAP, 2, 2));
	report(&r, make(&r, SHORTFALL, 2, 1));
	assert_int_equal(standing(&r, GAP, NONE, 2)->level, 3);
	rig_close(&r);

	begin(&r);
	a = make(&r, DEPARTURE, 2, 0);
	a->from_ms -= 24 * 60 * MIN;
	a->to_ms -= 24 * 60 * MIN;
	report(&r, a); /* the day before */
	report(&r, make(&r, SHORTFALL, 2, 1));
	assert_int_equal(standing(&r, DEPARTURE, NONE, 0)->level, 2);
	assert_int_equal(standing(&r, SHORTFALL, NONE, 1)->level, 2);
	rig_close(&r);
}

static void what_was_explained_lifts_nothing(void **state)
{
	struct rig r;
	struct ld_own_list own = {.n = 0};

	(void)state;
	begin(&r);
	report(&r, make(&r, GAP, 2, 1));
	ld_anomaly_explain(&r.c, &own, GAP, PLATE, ld_c_hex(&r.c, rig_id(1)),
			   LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE, 9);
	rig_apply_own(&r, &own, T0);
	report(&r, make(&r, SHORTFALL, 2, 1));
	assert_int_equal(standing(&r, SHORTFALL, NONE, 1)->level, 2);
	rig_close(&r);
}

/* ---- whom it concerns ---- */

static const char *party_of(struct rig *r, Liandan__AnomalyRaised *a)
{
	Custody__Anomaly rec = CUSTODY__ANOMALY__INIT;

	rec.now = a;
	assert_int_equal(ld_anomaly_concerns(&r->c, &rec), LD_OK);
	return rec.party;
}

static void put_manifest(struct rig *r, Custody__ManifestState st, const char *carrier)
{
	Custody__Manifest m = CUSTODY__MANIFEST__INIT;
	Liandan__ManifestCreated b = LIANDAN__MANIFEST_CREATED__INIT;
	Liandan__Receiver to = LIANDAN__RECEIVER__INIT;

	to.party = (char *)(uintptr_t) "rec";
	b.receiver = &to;
	b.generator = (char *)(uintptr_t) "gen";
	b.manifest = m.manifest = rig_id(1);
	m.created = &b;
	m.state = st;
	m.carrier = (char *)(uintptr_t)carrier;
	m.plate = (char *)(uintptr_t)PLATE;
	assert_int_equal(ld_manifest_put(&r->c, &m), LD_OK);
}

static void the_party_concerned(void **state)
{
	struct rig r;
	Liandan__AnomalyRaised *a;

	(void)state;
	rig_open(&r);
	rig_vehicle(&r, PLATE, "owner", "t");
	rig_site(&r, "kiln", "rec", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 0, 0, 100);
	put_manifest(&r, CUSTODY__MANIFEST_STATE__IN_TRANSIT, "car");
	assert_string_equal(party_of(&r, make(&r, GAP, 2, 1)), "car");
	assert_string_equal(party_of(&r, make(&r, SHORTFALL, 2, 1)), "car");
	assert_string_equal(party_of(&r, make(&r, DEPARTURE, 2, 0)), "owner");
	a = make(&r, VIOLATED, 4, 1);
	a->reason = LIANDAN__REASON__NOT_LICENSED;
	assert_string_equal(party_of(&r, a), "car");
	put_manifest(&r, CUSTODY__MANIFEST_STATE__ACCEPTED_ALL, "car");
	assert_string_equal(party_of(&r, a), "rec");
	a->reason = LIANDAN__REASON__HAZARDS_DIFFER;
	assert_string_equal(party_of(&r, a), "gen");
	put_manifest(&r, CUSTODY__MANIFEST_STATE__EXPIRED, "");
	assert_string_equal(party_of(&r, make(&r, LIANDAN__ANOMALY_KIND__DEADLINE, 1, 1)), "gen");
	a = ld_anomaly_new(&r.c, LIANDAN__ANOMALY_KIND__STOCK_IMBALANCE, 2,
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE, "kiln", "");
	assert_string_equal(party_of(&r, a), "rec");
	a = ld_anomaly_new(&r.c, LIANDAN__ANOMALY_KIND__SKIMMING, 2,
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY, "car", "");
	assert_string_equal(party_of(&r, a), "car");
	/* nothing known: nobody, never an error */
	a = ld_anomaly_new(&r.c, LIANDAN__ANOMALY_KIND__STOCK_IMBALANCE, 2,
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE, "moon", "");
	assert_string_equal(party_of(&r, a), "");
	rig_close(&r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_has_a_row),
	    cmocka_unit_test(every_reason_of_a_violation_has_a_row),
	    cmocka_unit_test(rows_are_sane),
	    cmocka_unit_test(readme_shows_the_list),
	    cmocka_unit_test(channels_lift_each_other_once),
	    cmocka_unit_test(in_one_breath_too),
	    cmocka_unit_test(one_channel_stays_at_two),
	    cmocka_unit_test(the_vehicle_at_that_time),
	    cmocka_unit_test(what_was_explained_lifts_nothing),
	    cmocka_unit_test(the_party_concerned),
	};

	if (argc > 1 && strcmp(argv[1], "--readme") == 0) {
		print_readme();
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
