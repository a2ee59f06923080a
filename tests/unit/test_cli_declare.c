/* `liandan declare` on a real ledger: the five ledgers 台账 of HJ 1259-2022 and the monthly,
 * quarterly and yearly declaration 申报, as CSV and JSON, to the gram. */
#include "tests/support/ledger_trade.h"

#define TEXT(s) ((char *)(uintptr_t)(s))
#define OTHER_CODE "900-249-08"

/* ---- a trade with two codes ---- */

static void as_other_code(Liandan__Line *l)
{
	l->code = TEXT(OTHER_CODE);
	l->hazards = LIANDAN__HAZARD__HAZARD_T | LIANDAN__HAZARD__HAZARD_I;
}

/* A drum of one code and bulk of another: accepted at the pit. */
static void accepted(void)
{
	char *drum = trade_name(&t, "drum");
	Liandan__Event *e;

	must(&t, &t.office, trade_generated(&t, drum, TRADE_DRUM_G));
	t.drum = drum;
	e = trade_generated(&t, NULL, TRADE_BULK_G);
	as_other_code(e->waste_generated->line);
	must(&t, &t.office, e);
	e = trade_created(&t);
	as_other_code(e->manifest_created->lines[1]);
	must(&t, &t.office, e);
	must(&t, &t.office, trade_sealed(&t));
	must(&t, &t.office, trade_offered(&t, 1, "haul"));
	memcpy(t.offer, t.hash, sizeof t.offer);
	must(&t, &t.d1, trade_taken(&t, 1, "T1", "p-d1"));
	must(&t, &t.d1, trade_arrived(&t, "T1"));
	must(&t, &t.pit, trade_received(&t));
	must(&t, &t.scale, trade_weighed(&t, "scale", TRADE_DRUM_G + TRADE_BULK_G));
	must(&t, &t.pit, trade_accepted(&t));
}

/* ---- answers ---- */

static cJSON *table(const char *name, const char *party)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddItemToObject(
	    o, "rows", BINARY_JSON(0, "declare", name, "--party", party, "--dir", w.dir, "--json"));
	return o;
}

static cJSON *report(const char *party, const char *period)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddItemToObject(o, "rows",
			      BINARY_JSON(0, "declare", "report", "--party", party, "--period",
					  period, "--dir", w.dir, "--json"));
	return o;
}

/* Year, month and quarter of ledger time now, UTC+8. */
struct periods {
	char year[24], month[48], quarter[48], last_year[24];
};

static struct periods periods_now(void)
{
	const time_t s = (time_t)(ld_region_now(w.region) / 1000) + (time_t)8 * 3600;
	struct periods p;
	struct tm tm;

	assert_non_null(gmtime_r(&s, &tm));
	snprintf(p.year, sizeof p.year, "%04d", tm.tm_year + 1900);
	snprintf(p.last_year, sizeof p.last_year, "%04d", tm.tm_year + 1899);
	snprintf(p.month, sizeof p.month, "%s-%02d", p.year, tm.tm_mon + 1);
	snprintf(p.quarter, sizeof p.quarter, "%s-Q%d", p.year, tm.tm_mon / 3 + 1);
	return p;
}

static void tonnes(const cJSON *row, const char *name, int64_t grams)
{
	char text[40];

	snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, grams / 1000000, grams % 1000000);
	assert_string_equal(word(row, name), text);
}

/* ---- tests ---- */

static void the_generators_ledgers(void **state)
{
	char hex[2 * LD_UUID_BYTES + 1];
	const cJSON *row;
	cJSON *o;

	(void)state;
	accepted();
	o = table("generated", "gen");
	assert_int_equal(count(o, "rows"), 2);
	row = row_of(o, "rows", "code", TRADE_CODE);
	tonnes(row, "mass_t", TRADE_DRUM_G);
	assert_string_equal(word(row, "category"), "HW49");
	assert_string_equal(word(row, "container"), t.drum);
	assert_true(number(row, "entry") > 0);
	tonnes(row_of(o, "rows", "code", OTHER_CODE), "mass_t", TRADE_BULK_G);
	cJSON_Delete(o);
	o = table("outsourced", "gen");
	assert_int_equal(count(o, "rows"), 2);
	row = row_of(o, "rows", "code", TRADE_CODE);
	tonnes(row, "mass_t", TRADE_DRUM_G);
	assert_string_equal(word(row, "containers"), t.drum);
	assert_string_equal(word(row, "receiver"), "pit");
	assert_string_equal(word(row, "carrier"), "haul");
	assert_string_equal(word(row, "plate"), "T1");
	for (size_t i = 0; i < LD_UUID_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", t.id[i]);
	assert_string_equal(word(row, "manifest"), hex);
	cJSON_Delete(o);
	/* another party's ledgers are its own */
	o = table("generated", "pit");
	assert_int_equal(count(o, "rows"), 0);
	cJSON_Delete(o);
}

/* Bulk of a manifest is of the code that its line has, not of the first line's. */
static void own_treatment_is_of_its_codes(void **state)
{
	const struct periods p = periods_now();
	const cJSON *row;
	cJSON *o;

	(void)state;
	accepted();
	treat(NULL, 200000, NULL, 0, 200000); /* R9, of the bulk */
	o = table("own", "pit");
	assert_int_equal(count(o, "rows"), 1);
	row = row_of(o, "rows", "code", OTHER_CODE);
	tonnes(row, "mass_t", 200000);
	assert_string_equal(word(row, "mode"), "R9");
	cJSON_Delete(o);
	treat(t.drum, 60000, "ash", 10000, 50000);
	o = table("own", "pit");
	row = row_of(o, "rows", "code", TRADE_CODE);
	tonnes(row, "mass_t", 60000);
	assert_string_equal(word(row, "containers"), t.drum);
	cJSON_Delete(o);
	o = report("pit", p.year);
	assert_int_equal(count(o, "rows"), 3);
	tonnes(row_of(o, "rows", "code", OTHER_CODE), "own_use_t", 200000);
	tonnes(row_of(o, "rows", "code", OTHER_CODE), "own_disposal_t", 0);
	tonnes(row_of(o, "rows", "code", TRADE_CODE), "own_use_t", 60000);
	tonnes(row_of(o, "rows", "code", "772-003-18"), "generated_t", 10000);
	cJSON_Delete(o);
}

static void reports_of_month_quarter_and_year(void **state)
{
	struct periods p;
	const char *of[3];

	(void)state;
	accepted();
	p = periods_now();
	of[0] = p.month;
	of[1] = p.quarter;
	of[2] = p.year;
	for (size_t i = 0; i < 3; i++) {
		cJSON *o = report("gen", of[i]);
		const cJSON *row = row_of(o, "rows", "code", OTHER_CODE);

		assert_string_equal(word(row, "period"), of[i]);
		tonnes(row, "opening_t", 0);
		tonnes(row, "generated_t", TRADE_BULK_G);
		tonnes(row, "outsourced_t", TRADE_BULK_G);
		tonnes(row, "closing_t", 0);
		assert_string_equal(word(row, "adds"), "yes 平");
		cJSON_Delete(o);
		o = report("pit", of[i]);
		tonnes(row_of(o, "rows", "code", OTHER_CODE), "received_t", TRADE_BULK_G);
		tonnes(row_of(o, "rows", "code", OTHER_CODE), "closing_t", TRADE_BULK_G);
		cJSON_Delete(o);
	}
	cJSON *o = report("gen", p.last_year);

	assert_int_equal(count(o, "rows"), 0);
	cJSON_Delete(o);
}

/* 出库, 换包装, 盘点, 损耗: each in a ledger of its own, and together the report's loss. */
static void what_happens_in_the_store(void **state)
{
	const struct periods p = periods_now();
	Liandan__LossRecorded *lost;
	const cJSON *row;
	cJSON *o;

	(void)state;
	trade_to_stock(&t);
	merge(t.drum, TRADE_DRUM_G, NULL, 20003, "big", 120000);
	release("big", 120000, false);
	lost = TRADE_NEW(&t, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	lost->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
	lost->subject = TEXT("big");
	lost->mass_g = 7;
	lost->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	lost->report_no = TEXT("R-7");
	must(&t, &t.office, trade_event(&t, LIANDAN__EVENT__BODY_LOSS_RECORDED, lost));
	take_stock(590000);

	o = table("repacked", "gen");
	assert_int_equal(count(o, "rows"), 4);
	row = row_of(o, "rows", "container", t.drum);
	assert_string_equal(word(row, "side"), "in 投入");
	assert_string_equal(word(row, "category"), "HW49");
	tonnes(row, "mass_t", TRADE_DRUM_G);
	row = row_of(o, "rows", "container", "big");
	assert_string_equal(word(row, "side"), "out 产出");
	tonnes(row, "mass_t", 120000);
	tonnes(row_of(o, "rows", "side", "loss 损耗"), "mass_t", 3);
	cJSON_Delete(o);

	o = table("released", "gen");
	assert_int_equal(count(o, "rows"), 1);
	row = row_of(o, "rows", "containers", "big");
	tonnes(row, "mass_t", 120000);
	assert_string_equal(word(row, "storage"), "TS001");
	assert_string_equal(word(row, "destination"), "OUTSOURCED");
	assert_string_equal(word(row, "released_by"), "clerk");
	cJSON_Delete(o);

	o = table("lost", "gen");
	assert_int_equal(count(o, "rows"), 1);
	row = row_of(o, "rows", "subject", "big");
	tonnes(row, "mass_t", 7);
	assert_string_equal(word(row, "code"), TRADE_CODE);
	assert_string_equal(word(row, "cause"), "SPILL");
	assert_string_equal(word(row, "report_no"), "R-7");
	cJSON_Delete(o);

	o = table("counted", "gen");
	assert_int_equal(count(o, "rows"), 1);
	row = row_of(o, "rows", "site", "gen-yard");
	tonnes(row, "book_t", TRADE_DRUM_G + TRADE_BULK_G - 3 - 7);
	tonnes(row, "counted_t", 590000);
	assert_string_equal(word(row, "difference_t"), "-0.009993");
	assert_string_equal(word(row, "method"), "WEIGHED");
	cJSON_Delete(o);

	o = report("gen", p.year);
	row = row_of(o, "rows", "code", TRADE_CODE);
	tonnes(row, "loss_t", 3 + 7 + 9993);
	tonnes(row, "closing_t", 590000);
	assert_string_equal(word(row, "adds"), "yes 平");
	cJSON_Delete(o);
	/* and none of it is another party's */
	for (size_t i = 0; i < 4; i++) {
		static const char *const names[] = {"repacked", "released", "lost", "counted"};

		o = table(names[i], "pit");
		assert_int_equal(count(o, "rows"), 0);
		cJSON_Delete(o);
	}
}

/* What leaves in parts leaves once: each truck's part, by what its offer named. */
static void outsourced_in_parts(void **state)
{
	const struct periods p = periods_now();
	const cJSON *row;
	cJSON *o;

	(void)state;
	trade_to_sealed(&t);
	take_part(1, t.drum, 200000);
	take_all(&t.office);
	t.id[1] = 1;
	bring(&t.pit, "pit-gate");
	accept_masses(&t.pit, TRADE_DRUM_G, 200000);
	t.id[1] = 0;
	bring(&t.pit, "pit-gate");
	refuse_part(2, TRADE_BULK_G - 250000, 50000);
	t.id[1] = 2;
	send_back(3);
	t.id[1] = 3;
	take_all(&t.pit); /* back is not out */
	t.id[1] = 0;
	o = table("outsourced", "gen");
	assert_int_equal(count(o, "rows"), 2);
	row = row_of(o, "rows", "containers", t.drum);
	tonnes(row, "mass_t", TRADE_DRUM_G + 200000);
	row = row_of(o, "rows", "containers", "");
	tonnes(row, "mass_t", TRADE_BULK_G - 200000);
	cJSON_Delete(o);
	o = report("gen", p.year);
	tonnes(row_of(o, "rows", "code", TRADE_CODE), "outsourced_t", TRADE_DRUM_G + TRADE_BULK_G);
	cJSON_Delete(o);
}

/* One treatment of forty codes: a row each, none is left out. */
static Liandan__Event *amended(Liandan__AmendmentField field, uint32_t line, int64_t old,
			       int64_t new, uint32_t version)
{
	Liandan__AmendmentProposed *b =
	    TRADE_NEW(&t, Liandan__AmendmentProposed, LIANDAN__AMENDMENT_PROPOSED__INIT);
	Liandan__AmendmentChange *ch =
	    TRADE_NEW(&t, Liandan__AmendmentChange, LIANDAN__AMENDMENT_CHANGE__INIT);

	b->manifest = trade_bytes(t.id, sizeof t.id);
	b->base_version = version;
	b->reason = LIANDAN__AMENDMENT_REASON__AMENDMENT_REASON_TYPING;
	b->changes = trade_dup(&t, &ch, sizeof ch);
	b->n_changes = 1;
	ch->field = field;
	ch->line = line;
	ch->old_number = old;
	ch->new_number = new;
	return trade_event(&t, LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED, b);
}

static void agreed(struct signer *by, const uint8_t proposal[LD_HASH_BYTES])
{
	Liandan__AmendmentAgreed *b =
	    TRADE_NEW(&t, Liandan__AmendmentAgreed, LIANDAN__AMENDMENT_AGREED__INIT);

	b->manifest = trade_bytes(t.id, sizeof t.id);
	b->proposal = trade_bytes(trade_dup(&t, proposal, LD_HASH_BYTES), LD_HASH_BYTES);
	b->agrees = true;
	must(&t, by, trade_event(&t, LIANDAN__EVENT__BODY_AMENDMENT_AGREED, b));
}

/* The rows of the other ledgers stay as they were; these say what has changed since, for each party
 * its own, when the last one has agreed. CUSTODY-20 */
static void what_was_amended(void **state)
{
	const struct periods p = periods_now();
	uint8_t proposal[LD_HASH_BYTES];
	char hex[2 * LD_UUID_BYTES + 1];
	const cJSON *row;
	cJSON *o;

	(void)state;
	accepted();
	must(&t, &t.pit,
	     amended(LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_ACCEPTED_MASS, 2, TRADE_BULK_G,
		     TRADE_BULK_G - 1000, 1));
	must(&t, &t.office,
	     amended(LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_MASS, 1, TRADE_DRUM_G,
		     2 * TRADE_DRUM_G, 2));
	memcpy(proposal, t.hash, sizeof proposal);
	agreed(&t.d1, proposal);
	o = table("amended", "gen");
	assert_int_equal(count(o, "rows"), 0); /* it waits */
	cJSON_Delete(o);
	agreed(&t.pit, proposal);
	o = table("amended", "gen");
	assert_int_equal(count(o, "rows"), 1);
	row = row_of(o, "rows", "code", TRADE_CODE);
	tonnes(row, "generated_t", TRADE_DRUM_G);
	tonnes(row, "outsourced_t", TRADE_DRUM_G);
	tonnes(row, "received_t", 0);
	assert_int_equal(number(row, "version"), 3);
	assert_string_equal(word(row, "reason"), "TYPING");
	cJSON_Delete(o);
	for (size_t i = 0; i < LD_UUID_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", t.id[i]);
	BINARY_SAYS(0, "line 1: LINE_MASS 100000 -> 200000", "trace", hex, "--dir", w.dir);
	BINARY_SAYS(0, "agrees 同意", "trace", hex, "--dir", w.dir);
	o = table("amended", "pit");
	assert_int_equal(count(o, "rows"), 1);
	assert_string_equal(word(row_of(o, "rows", "code", OTHER_CODE), "received_t"), "-0.001000");
	cJSON_Delete(o);
	o = report("gen", p.month);
	row = row_of(o, "rows", "code", TRADE_CODE);
	tonnes(row, "generated_t", 2 * TRADE_DRUM_G);
	tonnes(row, "outsourced_t", 2 * TRADE_DRUM_G);
	assert_string_equal(word(row, "adds"), "yes 平");
	cJSON_Delete(o);
}

static void many_codes_at_once(void **state)
{
	enum { CODES = 40 };
	Liandan__WasteTreated *b =
	    TRADE_NEW(&t, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in[CODES];
	const struct periods p = periods_now();
	cJSON *o;

	(void)state;
	for (int i = 0; i < CODES; i++) {
		Liandan__Event *e = trade_generated(&t, NULL, 100 + i);
		char code[16];

		snprintf(code, sizeof code, "900-%03d-49", i);
		e->waste_generated->line->code = trade_dup(&t, code, strlen(code) + 1);
		must(&t, &t.office, e);
		in[i] = TRADE_NEW(&t, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
		in[i]->batch = t.batch;
		in[i]->mass_g = 100 + i;
		b->loss_g += 100 + i;
	}
	b->inputs = trade_dup(&t, in, sizeof in);
	b->n_inputs = CODES;
	b->batch = TEXT("T-all");
	b->site = TEXT("gen-yard");
	b->mode = TEXT("R9");
	must(&t, &t.office, trade_event(&t, LIANDAN__EVENT__BODY_WASTE_TREATED, b));
	o = table("own", "gen");
	assert_int_equal(count(o, "rows"), CODES);
	tonnes(row_of(o, "rows", "code", "900-039-49"), "mass_t", 139);
	cJSON_Delete(o);
	o = report("gen", p.year);
	assert_int_equal(count(o, "rows"), CODES);
	tonnes(row_of(o, "rows", "code", "900-039-49"), "own_use_t", 139);
	cJSON_Delete(o);
}

static void csv_for_the_declaration(void **state)
{
	const struct periods p = periods_now();
	struct binary b;
	char line[160];

	(void)state;
	trade_to_stock(&t);
	b = BINARY("declare", "report", "--party", "gen", "--period", p.year, "--dir", w.dir);
	assert_int_equal(b.code, 0);
	snprintf(line, sizeof line,
		 "\r\ngen,%s,%s,0.000000,0.%06d,0.000000,0.000000,0.000000,0.000000,0.000000,"
		 "0.%06d,yes 平\r\n",
		 p.year, TRADE_CODE, TRADE_DRUM_G + TRADE_BULK_G, TRADE_DRUM_G + TRADE_BULK_G);
	if (strstr(b.out, line) == NULL)
		fail_msg("no %s in\n%s", line, b.out);
	binary_free(&b);
}

static void wrong_arguments(void **state)
{
	(void)state;
	BINARY_SAYS(64, "declare TABLE", "declare");
	BINARY_SAYS(64, "declare TABLE", "declare", "report", "--dir", w.dir);
	BINARY_SAYS(64, "no such table: found", "declare", "found", "--party", "gen", "--dir",
		    w.dir);
	BINARY_SAYS(64, "needs --period", "declare", "report", "--party", "gen", "--dir", w.dir);
	BINARY_SAYS(64, "a period is", "declare", "report", "--party", "gen", "--period", "2026-13",
		    "--dir", w.dir);
	BINARY_SAYS(64, "a time is", "declare", "generated", "--party", "gen", "--from", "soon",
		    "--dir", w.dir);
	BINARY_SAYS(1, "region init", "declare", "generated", "--party", "gen", "--dir",
		    "/nonexistent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_LEDGER(the_generators_ledgers),
	    ON_A_LEDGER(own_treatment_is_of_its_codes),
	    ON_A_LEDGER(reports_of_month_quarter_and_year),
	    ON_A_LEDGER(what_happens_in_the_store),
	    ON_A_LEDGER(what_was_amended),
	    ON_A_LEDGER(outsourced_in_parts),
	    ON_A_LEDGER(many_codes_at_once),
	    ON_A_LEDGER(csv_for_the_declaration),
	    ON_A_LEDGER(wrong_arguments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
