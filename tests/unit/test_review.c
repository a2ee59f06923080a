/* Reviews, replies, precision, ratings. CUSTODY "Anomalies are leads", "Ratings"; waste-domain 5C,
 * scoring. */
#include "rights_builders.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "plugin/custody/rating.h"
#include "plugin/custody/review.h"

#define KIND(k) LIANDAN__ANOMALY_KIND__##k
#define OUTCOME(o) LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_##o
#define COLOUR(c) LIANDAN__RATING_COLOUR__RATING_COLOUR_##c
#define NONE LIANDAN__REASON__REASON_NONE

static Liandan__AnomalyRaised *make(struct mx *x, Liandan__AnomalyKind kind, Liandan__Reason reason,
				    uint32_t level, const char *party, const char *scope)
{
	Liandan__AnomalyRaised *a = ld_anomaly_new(
	    &x->c, kind, level, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY, party, "");

	assert_non_null(a);
	a->reason = reason;
	a->site = ld_c_str(&x->c, scope);
	a->from_ms = x->now - LD_HOUR_MS;
	a->to_ms = x->now;
	return a;
}

/* What report brings about; applied. The id of the anomaly, 0: nothing followed. */
static uint64_t report(struct mx *x, Liandan__AnomalyRaised *a)
{
	struct ld_own_list own = {.n = 0};
	uint64_t first = 0;

	ld_anomaly_report(&x->c, &own, a);
	for (size_t i = 0; i < own.n; i++) {
		assert_int_equal(ld_anomaly_apply(&x->c, own.event[i], x->index, x->now), LD_OK);
		first = first == 0 ? x->index : first;
		x->index++;
	}
	return first;
}

static uint64_t raise(struct mx *x, Liandan__AnomalyKind kind, uint32_t level, const char *party,
		      const char *scope)
{
	const uint64_t id = report(x, make(x, kind, NONE, level, party, scope));

	assert_true(id != 0);
	return id;
}

static Liandan__Reason review(struct mx *x, enum mx_who by, uint64_t id,
			      Liandan__ReviewOutcome outcome, const char *reason, int64_t until_ms)
{
	Liandan__AnomalyReviewed b = LIANDAN__ANOMALY_REVIEWED__INIT;
	MX_EVENT(e, ANOMALY_REVIEWED, &b);

	b.anomaly = id;
	b.outcome = outcome;
	b.reason = MX_S(reason);
	b.shelve_until_ms = until_ms;
	return mx_put(x, by, &e);
}

static Liandan__Reason reply(struct mx *x, enum mx_who by, uint64_t id, const char *text)
{
	Liandan__PartyReplied b = LIANDAN__PARTY_REPLIED__INIT;
	MX_EVENT(e, PARTY_REPLIED, &b);

	b.anomaly = id;
	b.text = MX_S(text);
	return mx_put(x, by, &e);
}

static Liandan__Reason set_colour(struct mx *x, enum mx_who by, const char *party,
				  Liandan__RatingColour colour, int64_t until_ms)
{
	Liandan__RatingOverridden b = LIANDAN__RATING_OVERRIDDEN__INIT;
	MX_EVENT(e, RATING_OVERRIDDEN, &b);

	b.party = MX_S(party);
	b.colour = colour;
	b.reason = MX_S("inspected on site");
	b.until_ms = until_ms;
	return mx_put(x, by, &e);
}

static Custody__Anomaly *get(struct mx *x, uint64_t id)
{
	Custody__Anomaly *a;

	assert_int_equal(ld_anomaly_get(&x->c, id, &a), LD_OK);
	return a;
}

static void precision_is(struct mx *x, Liandan__AnomalyKind kind, uint32_t confirmed,
			 uint32_t false_alarms)
{
	Custody__Precision p;

	assert_int_equal(ld_precision_get(&x->c, kind, NONE, &p), LD_OK);
	assert_int_equal(p.confirmed, confirmed);
	assert_int_equal(p.false_alarms, false_alarms);
}

static Liandan__RatingColour colour_at(struct mx *x, const char *party, int64_t now_ms)
{
	struct ld_rating r;

	assert_int_equal(ld_rating_of(&x->c, party, now_ms, &r), LD_OK);
	return r.colour;
}

static Liandan__RatingColour colour(struct mx *x, const char *party)
{
	return colour_at(x, party, x->now);
}

/* ---- reviews ---- */

static void who_reviews(void **state)
{
	struct mx *x = *state;
	const uint64_t id = raise(x, KIND(STOCK_IMBALANCE), 2, "REC", "kiln");
	const uint64_t own = raise(x, KIND(DEADLINE), 2, "EEB", "");

	mx_refused(x, review(x, GEN, id, OUTCOME(CONFIRMED), "", 0), WRONG_ROLE);
	mx_refused(x, review(x, EEB, own, OUTCOME(FALSE), "ours", 0), WRONG_ROLE);
	mx_refused(x, review(x, EEB, 999999, OUTCOME(CONFIRMED), "", 0), UNKNOWN_SUBJECT);
	mx_refused(x, review(x, EEB, id, OUTCOME(FALSE), "", 0), BAD_CONTENT);
	mx_refused(x, review(x, EEB, id, OUTCOME(CONFIRMED), "", x->now + 1000), BAD_CONTENT);
	/* CUSTODY: shelved at most 8 hours */
	mx_refused(x, review(x, EEB, id, OUTCOME(SHELVED), "later", 0), LIMIT);
	mx_refused(x, review(x, EEB, id, OUTCOME(SHELVED), "later", INT64_C(1) << 52), LIMIT);
	mx_refused(x,
		   review(x, EEB, id, OUTCOME(SHELVED), "later", x->now + LD_SHELVE_MAX_MS + 60000),
		   LIMIT);
	mx_clean(x, review(x, EEB, id, OUTCOME(SHELVED), "later", x->now + 7 * LD_HOUR_MS));
	assert_true(get(x, id)->open);
	precision_is(x, KIND(STOCK_IMBALANCE), 0, 0);
	cJSON *o = ld_anomaly_json(get(x, id), "reviewed");

	assert_non_null(cJSON_GetObjectItem(o, "shelved_until_ms"));
	assert_string_equal(cJSON_GetObjectItem(o, "party")->valuestring, "REC");
	cJSON_Delete(o);
}

static void false_closes_and_stays_quiet(void **state)
{
	struct mx *x = *state;
	const uint64_t id = raise(x, KIND(STOCK_IMBALANCE), 2, "REC", "kiln");
	const int64_t then = x->now;

	mx_clean(x, review(x, EEB, id, OUTCOME(FALSE), "the scale was moved", 0));
	assert_false(get(x, id)->open);
	assert_int_equal(get(x, id)->now->phase, LIANDAN__ANOMALY_PHASE__CLEARED);
	precision_is(x, KIND(STOCK_IMBALANCE), 0, 1);
	/* the same evidence says nothing new; more or later evidence does */
	x->now = then;
	assert_int_equal(report(x, make(x, KIND(STOCK_IMBALANCE), NONE, 2, "REC", "kiln")), 0);
	assert_true(report(x, make(x, KIND(STOCK_IMBALANCE), NONE, 4, "REC", "kiln")) != 0);
}

static uint64_t generates_nothing(struct mx *x, const char *batch)
{
	Custody__Anomaly *a;
	MX_EVENT(e, WASTE_GENERATED, mx_generated(x, batch, "", MX_CODE, 0));

	mx_flagged(x, mx_put(x, GEN, &e), QUANTITY);
	return ld_anomaly_open(&x->c, KIND(RULE_VIOLATED), LIANDAN__REASON__QUANTITY, "GEN", "",
			       &a) == LD_OK
		   ? a->anomaly
		   : 0;
}

/* A finding is about the facts that were looked at: another one is not cleared by it, whatever time
 * its device gives it. */
static void false_is_of_the_facts_looked_at(void **state)
{
	struct mx *x = *state;
	const uint64_t id = generates_nothing(x, "E1");

	assert_true(id != 0);
	mx_clean(x, review(x, EEB, id, OUTCOME(FALSE), "a typo", 0));
	assert_false(get(x, id)->open);
	assert_true(generates_nothing(x, "E2") > id);
}

/* The second finding replaces the first; what was closed by mistake stands again. */
static void a_second_review_replaces(void **state)
{
	struct mx *x = *state;
	const uint64_t id = raise(x, KIND(STOCK_IMBALANCE), 2, "REC", "kiln");

	mx_clean(x, review(x, EEB, id, OUTCOME(FALSE), "typo", 0));
	mx_clean(x, review(x, EEB, id, OUTCOME(FALSE), "typo, said again", 0));
	precision_is(x, KIND(STOCK_IMBALANCE), 0, 1);
	mx_clean(x, review(x, EEB, id, OUTCOME(CONFIRMED), "no typo after all", 0));
	precision_is(x, KIND(STOCK_IMBALANCE), 1, 0);
	assert_true(get(x, id)->open);
	assert_int_equal(get(x, id)->now->phase, LIANDAN__ANOMALY_PHASE__CONFIRMED);
	assert_int_equal(get(x, id)->review->outcome, OUTCOME(CONFIRMED));
	/* and it is the one that new evidence updates */
	assert_true(report(x, make(x, KIND(STOCK_IMBALANCE), NONE, 3, "REC", "kiln")) != 0);
	assert_int_equal(get(x, id)->now->level, 3);
	assert_int_equal(get(x, id)->review->outcome, OUTCOME(CONFIRMED));

	cJSON *o = ld_precision_json(&x->c);
	const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "kinds"), 0);

	assert_string_equal(cJSON_GetObjectItem(row, "kind")->valuestring, "STOCK_IMBALANCE");
	assert_int_equal(cJSON_GetObjectItem(row, "confirmed")->valueint, 1);
	assert_int_equal(cJSON_GetObjectItem(row, "precision_permille")->valueint, 1000);
	cJSON_Delete(o);
}

static void who_replies(void **state)
{
	struct mx *x = *state;
	const uint64_t id = raise(x, KIND(STOCK_IMBALANCE), 2, "REC", "kiln");

	mx_refused(x, reply(x, GEN, id, "not mine"), WRONG_ROLE);
	mx_refused(x, reply(x, SCALE, id, "I weigh"), WRONG_ROLE);
	mx_refused(x, reply(x, REC, 999999, "which?"), UNKNOWN_SUBJECT);
	mx_clean(x, reply(x, REC, id, "雨水，已复称"));
	mx_clean(x, reply(x, REC, id, "复称单见附件"));
	assert_string_equal(get(x, id)->reply->text, "复称单见附件");
	assert_int_equal(get(x, id)->now->level, 2); /* changes no figure */
	cJSON *o = ld_anomaly_json(get(x, id), "replied");

	assert_string_equal(
	    cJSON_GetObjectItem(cJSON_GetObjectItem(o, "reply"), "text")->valuestring,
	    "复称单见附件");
	cJSON_Delete(o);
}

/* ---- ratings ---- */

static void colours_by_the_profile(void **state)
{
	struct mx *x = *state;
	uint64_t id;

	assert_int_equal(colour(x, "REC"), COLOUR(GREEN));
	raise(x, KIND(STORAGE_OVERFULL), 2, "REC", "a");
	raise(x, KIND(RESIDUE_MISSING), 2, "REC", "a");
	assert_int_equal(colour(x, "REC"), COLOUR(GREEN)); /* two of level 2 */
	raise(x, KIND(DEADLINE), 2, "REC", "a");
	assert_int_equal(colour(x, "REC"), COLOUR(YELLOW)); /* three within 90 days */
	assert_int_equal(colour_at(x, "REC", x->now + x->c.rules->rating_level2_ms + 1000),
			 COLOUR(GREEN));
	id = raise(x, KIND(STOCK_IMBALANCE), 4, "REC", "kiln");
	assert_int_equal(colour_at(x, "REC", x->now + 91 * LD_DAY_MS), COLOUR(YELLOW));
	/* red takes a review, or what is red by itself */
	mx_clean(x, review(x, EEB, id, OUTCOME(CONFIRMED), "", 0));
	assert_int_equal(colour(x, "REC"), COLOUR(RED));
	assert_int_equal(colour_at(x, "REC", x->now + x->c.rules->rating_ms + 1000), COLOUR(GREEN));
	/* others are not concerned */
	assert_int_equal(colour(x, "GEN"), COLOUR(GREEN));
	mx_clean(x, review(x, EEB, id, OUTCOME(FALSE), "counted again", 0));
	assert_int_equal(colour(x, "REC"), COLOUR(YELLOW)); /* FALSE does not count */
	report(x, make(x, KIND(RULE_VIOLATED), LIANDAN__REASON__NOT_LICENSED, 4, "GEN", "y"));
	assert_int_equal(colour(x, "GEN"), COLOUR(RED));
}

static void explained_and_provisional_do_not_count(void **state)
{
	struct mx *x = *state;
	struct ld_own_list own = {.n = 0};
	Liandan__AnomalyRaised *a = make(x, KIND(UNEXPLAINED_GAP), NONE, 3, "CAR1", "");

	a->phase = LIANDAN__ANOMALY_PHASE__PROVISIONAL;
	report(x, a);
	assert_int_equal(colour(x, "CAR1"), COLOUR(GREEN));
	report(x, make(x, KIND(UNEXPLAINED_GAP), NONE, 3, "CAR1", ""));
	assert_int_equal(colour(x, "CAR1"), COLOUR(YELLOW));
	ld_anomaly_explain(&x->c, &own, KIND(UNEXPLAINED_GAP), "CAR1", "",
			   LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE, 5);
	assert_int_equal(own.n, 1);
	assert_int_equal(ld_anomaly_apply(&x->c, own.event[0], x->index++, x->now), LD_OK);
	assert_int_equal(colour(x, "CAR1"), COLOUR(GREEN));
}

static void override_and_reply(void **state)
{
	struct mx *x = *state;
	const int64_t until = x->now + 30 * LD_DAY_MS;

	raise(x, KIND(STOCK_IMBALANCE), 3, "REC", "kiln");
	mx_refused(x, set_colour(x, REC, "REC", COLOUR(GREEN), until), WRONG_ROLE);
	mx_refused(x, set_colour(x, EEB, "EEB", COLOUR(GREEN), until), WRONG_ROLE);
	mx_refused(x, set_colour(x, EEB, "nobody", COLOUR(GREEN), until), UNKNOWN_PARTY);
	mx_refused(x, set_colour(x, EEB, "REC", COLOUR(GREEN), 1), LIMIT);
	mx_refused(x, set_colour(x, EEB, "REC", COLOUR(GREEN), INT64_C(1) << 52), LIMIT);
	mx_clean(x, set_colour(x, EEB, "REC", COLOUR(RED), until));
	mx_clean(x, reply(x, REC, 0, "我们不服"));
	assert_int_equal(colour(x, "REC"), COLOUR(RED));
	assert_int_equal(colour_at(x, "REC", until), COLOUR(YELLOW)); /* it ends by itself */

	cJSON *o = ld_rating_json(&x->c, "REC", x->now);

	assert_string_equal(cJSON_GetObjectItem(o, "colour")->valuestring, "RED");
	assert_string_equal(cJSON_GetObjectItem(o, "computed")->valuestring, "YELLOW");
	assert_string_equal(
	    cJSON_GetObjectItem(cJSON_GetObjectItem(o, "override"), "by")->valuestring, "EEB");
	assert_string_equal(
	    cJSON_GetObjectItem(cJSON_GetObjectItem(o, "reply"), "text")->valuestring, "我们不服");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "why")), 1);
	cJSON_Delete(o);
	mx_clean(x, set_colour(x, EEB, "REC", COLOUR(UNSPECIFIED), 0));
	assert_int_equal(colour(x, "REC"), COLOUR(YELLOW));
}

/* Bounded: a thousand are looked at, sixteen named, the gravest first. */
static void many(void **state)
{
	struct mx *x = *state;
	struct ld_rating r;
	char site[16];

	for (unsigned i = 0; i < LD_RATING_LOOK_AT + 1; i++) {
		snprintf(site, sizeof site, "s%u", i);
		raise(x, KIND(STOCK_IMBALANCE), i % 3 + 2, "REC", site);
		if (i % 50 == 0)
			ld_arena_reset(&x->arena);
	}
	ld_arena_reset(&x->arena);
	assert_int_equal(ld_rating_of(&x->c, "REC", x->now, &r), LD_OK);
	assert_true(r.more);
	assert_int_equal(r.level2 + r.level3 + r.level4, LD_RATING_LOOK_AT);
	assert_int_equal(r.n_why, LD_RATING_WHY);
	assert_int_equal(get(x, r.why[0])->now->level, 4);
	assert_true(r.why[0] > r.why[1]);
	assert_true(x->arena.used < (1u << 20));
}

/* Entry 0 is the genesis: no anomaly has that id. */
static int open_ledger(void **state)
{
	const int rc = mx_open(state);

	((struct mx *)*state)->index = 100;
	return rc;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_ledger, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(who_reviews),
	    TEST(false_closes_and_stays_quiet),
	    TEST(false_is_of_the_facts_looked_at),
	    TEST(a_second_review_replaces),
	    TEST(who_replies),
	    TEST(colours_by_the_profile),
	    TEST(explained_and_provisional_do_not_count),
	    TEST(override_and_reply),
	    TEST(many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
