/* `liandan rating` and `liandan precision` on a real ledger, as a person runs them. CUSTODY:
 * Ratings; Anomalies are leads. */
#include "plugin/custody/anomaly.h"
#include "tests/support/ledger_trade.h"

#define TEXT(s) ((char *)(uintptr_t)(s))
#define OUTCOME(o) LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_##o

/* The generator writes down a batch without a mass. The lead's id. */
static uint64_t lead(void)
{
	struct ld_custody *c = ld_region_custody(w.region);
	Custody__Anomaly *a;

	must(&t, &t.office, trade_generated(&t, NULL, 0));
	ld_arena_reset(c->arena);
	assert_int_equal(ld_anomaly_open(c, LIANDAN__ANOMALY_KIND__RULE_VIOLATED,
					 LIANDAN__REASON__QUANTITY, "gen", "", &a),
			 LD_OK);
	return a->anomaly;
}

static void review(uint64_t id, Liandan__ReviewOutcome outcome)
{
	Liandan__AnomalyReviewed *b =
	    TRADE_NEW(&t, Liandan__AnomalyReviewed, LIANDAN__ANOMALY_REVIEWED__INIT);

	b->anomaly = id;
	b->outcome = outcome;
	b->reason = TEXT("looked at");
	must(&t, &t.inspector, trade_event(&t, LIANDAN__EVENT__BODY_ANOMALY_REVIEWED, b));
}

static void reply(uint64_t id, const char *text)
{
	Liandan__PartyReplied *b =
	    TRADE_NEW(&t, Liandan__PartyReplied, LIANDAN__PARTY_REPLIED__INIT);

	b->anomaly = id;
	b->text = TEXT(text);
	must(&t, &t.office, trade_event(&t, LIANDAN__EVENT__BODY_PARTY_REPLIED, b));
}

static void colour(Liandan__RatingColour c, int64_t until_ms)
{
	Liandan__RatingOverridden *b =
	    TRADE_NEW(&t, Liandan__RatingOverridden, LIANDAN__RATING_OVERRIDDEN__INIT);

	b->party = TEXT("gen");
	b->colour = c;
	b->reason = TEXT("inspected on site");
	b->until_ms = until_ms;
	must(&t, &t.inspector, trade_event(&t, LIANDAN__EVENT__BODY_RATING_OVERRIDDEN, b));
}

static cJSON *rating(void)
{
	return BINARY_JSON(0, "rating", "gen", "--dir", w.dir, "--json");
}

static void is_colour(const char *want)
{
	cJSON *o = rating();

	assert_string_equal(word(o, "colour"), want);
	cJSON_Delete(o);
}

static void is_precision(int confirmed, int false_alarms)
{
	cJSON *o = BINARY_JSON(0, "precision", "--dir", w.dir, "--json");
	const cJSON *k = row_of(o, "kinds", "kind", "RULE_VIOLATED");

	assert_string_equal(word(k, "reason"), "QUANTITY");
	assert_int_equal(cJSON_GetObjectItem(k, "confirmed")->valueint, confirmed);
	assert_int_equal(cJSON_GetObjectItem(k, "false")->valueint, false_alarms);
	cJSON_Delete(o);
}

static void wrong_arguments(void **state)
{
	(void)state;
	BINARY_SAYS(64, "rating PARTY", "rating", "--dir", w.dir);
	BINARY_SAYS(64, "rating PARTY", "rating", "gen");
	BINARY_SAYS(64, "rating PARTY", "rating", "gen", "pit", "--dir", w.dir);
	BINARY_SAYS(64, "precision --dir", "precision");
	BINARY_SAYS(64, "precision --dir", "precision", "gen", "--dir", w.dir);
	BINARY_SAYS(1, "knows no party \"nobody\"", "rating", "nobody", "--dir", w.dir);
	BINARY_SAYS(1, "region init", "precision", "--dir", "/nonexistent");
}

static void nobody_has_done_anything(void **state)
{
	cJSON *o = rating();

	(void)state;
	assert_string_equal(word(o, "colour"), "GREEN");
	assert_int_equal(count(o, "why"), 0);
	cJSON_Delete(o);
	o = BINARY_JSON(0, "precision", "--dir", w.dir, "--json");
	assert_int_equal(count(o, "kinds"), 0);
	cJSON_Delete(o);
	BINARY_SAYS(0, "gen: GREEN 评级", "rating", "gen", "--dir", w.dir);
}

static void a_lead_its_reply_and_its_findings(void **state)
{
	const uint64_t id = lead();
	char text[24];
	const cJSON *why;
	cJSON *o;

	(void)state;
	snprintf(text, sizeof text, "%" PRIu64, id);
	reply(id, "the scale was broken");
	o = rating();
	assert_string_equal(word(o, "colour"), "YELLOW");
	assert_int_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "counts"), "level3")->valueint,
			 1);
	why = row_of(o, "why", "id", text);
	assert_string_equal(word(why, "reply"), "the scale was broken");
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(why, "confirmed")));
	cJSON_Delete(o);
	BINARY_SAYS(0, "level 2: 0, 3: 1, 4: 0", "rating", "gen", "--dir", w.dir);
	BINARY_SAYS(0, text, "rating", "gen", "--dir", w.dir);
	review(id, OUTCOME(CONFIRMED));
	is_colour("YELLOW");
	is_precision(1, 0);
	BINARY_SAYS(0, "        1     0  RULE_VIOLATED QUANTITY", "precision", "--dir", w.dir);
	review(id, OUTCOME(FALSE));
	is_colour("GREEN");
	is_precision(0, 1);
	review(lead(), OUTCOME(CONFIRMED));
	is_colour("YELLOW");
	is_precision(1, 1);
}

static void a_colour_set_by_hand(void **state)
{
	cJSON *o;

	(void)state;
	colour(LIANDAN__RATING_COLOUR__RATING_COLOUR_RED, ld_region_now(w.region) + 86400000);
	o = rating();
	assert_string_equal(word(o, "colour"), "RED");
	assert_string_equal(word(o, "computed"), "GREEN");
	assert_string_equal(word(cJSON_GetObjectItem(o, "override"), "by"), "eeb");
	cJSON_Delete(o);
	BINARY_SAYS(0, "set by hand 人工评定 by eeb: inspected on site; computed 计算结果: GREEN",
		    "rating", "gen", "--dir", w.dir);
	colour(LIANDAN__RATING_COLOUR__RATING_COLOUR_UNSPECIFIED, 0);
	is_colour("GREEN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_LEDGER(wrong_arguments),
	    ON_A_LEDGER(nobody_has_done_anything),
	    ON_A_LEDGER(a_lead_its_reply_and_its_findings),
	    ON_A_LEDGER(a_colour_set_by_hand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
