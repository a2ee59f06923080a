/* What people say of anomalies, over MQTT: a regulator's finding, the party's reply, a colour set
 * by hand; and what that changes on open/, anomaly/, rating/ and precision. CUSTODY: Anomalies are
 * leads; Ratings. */
#include "tests/broker/verdicts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) ((char *)(uintptr_t)(s))
#define HOUR_MS INT64_C(3600000)
#define QUIET_MS 400 /* nothing more is coming */
#define CONFIRMED LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_CONFIRMED
#define FALSE_ALARM LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_FALSE
#define SHELVED LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_SHELVED

static struct rig rig;
static struct signer desk2; /* another desk of the regulator's, that only looks */

static void second_desk(struct rig *x)
{
	signer_new(&desk2, "eeb", "desk2", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&x->h.world, &desk2, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-insp2",
		  LIANDAN__ROLE__ROLE_REGULATOR);
}

static int setup(void **state)
{
	(void)state;
	rig_start(&rig, "plugin_opt_custody_per_s 100000\n", second_desk);
	trade_begin(&rig.t);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_end(&rig);
	signer_free(&desk2);
	return 0;
}

/* ---- reading ---- */

static const char *text_of(const cJSON *o, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));

	return s != NULL ? s : "";
}

static const cJSON *member(const cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

static bool is_true(const cJSON *o, const char *name)
{
	return cJSON_IsTrue(member(o, name));
}

static int number_of(const cJSON *o, const char *name)
{
	const cJSON *n = member(o, name);

	assert_true(cJSON_IsNumber(n));
	return n->valueint;
}

/* What a client that comes now finds there; NULL: nothing is retained. */
static cJSON *retained(const struct signer *s, const char *topic)
{
	struct client *c = client_open(&rig.h, s, MQTT_PROTOCOL_V5);
	cJSON *json = NULL;
	struct message *m;

	assert_int_equal(client_subscribe(c, topic), 1);
	m = client_take(c, topic, QUIET_MS);
	if (m != NULL) {
		assert_true(m->retain);
		json = cJSON_ParseWithLength((char *)m->payload, m->len);
		assert_non_null(json);
	}
	message_free(m);
	client_close(c, true);
	return json;
}

static cJSON *open_one(uint64_t id)
{
	char topic[96];

	snprintf(topic, sizeof topic, HARNESS_ROOT "open/%" PRIu64, id);
	return retained(&desk2, topic);
}

/* What the regulator's client hears next of an anomaly; id 0: of any. */
static cJSON *told(uint64_t id, const char *what)
{
	char want[24];
	struct message *m;

	snprintf(want, sizeof want, "%" PRIu64, id);
	while ((m = client_take(rig.spy, HARNESS_ROOT "anomaly/#", HARNESS_WAIT_MS)) != NULL) {
		cJSON *o = cJSON_ParseWithLength((char *)m->payload, m->len);

		assert_non_null(o);
		assert_int_equal(m->retain, false);
		if ((id == 0 || strcmp(text_of(o, "id"), want) == 0) &&
		    strcmp(text_of(o, "what"), what) == 0) {
			char type[64];

			snprintf(type, sizeof type, "type=liandan.anomaly.%s\n", what);
			assert_non_null(strstr(m->user, type));
			message_free(m);
			return o;
		}
		cJSON_Delete(o);
		message_free(m);
	}
	fail_msg("nothing told that %s was %s", want, what);
	return NULL;
}

/* ---- events ---- */

static Liandan__Event *reviewed(uint64_t id, Liandan__ReviewOutcome outcome, const char *reason)
{
	Liandan__AnomalyReviewed *b =
	    TRADE_NEW(&rig.t, Liandan__AnomalyReviewed, LIANDAN__ANOMALY_REVIEWED__INIT);

	b->anomaly = id;
	b->outcome = outcome;
	b->reason = TEXT(reason);
	b->case_no = TEXT("2026-17");
	return trade_event(&rig.t, LIANDAN__EVENT__BODY_ANOMALY_REVIEWED, b);
}

static Liandan__Event *shelved(uint64_t id, int64_t until_ms)
{
	Liandan__Event *e = reviewed(id, SHELVED, "on site tomorrow");

	e->anomaly_reviewed->shelve_until_ms = until_ms;
	return e;
}

static Liandan__Event *replied(uint64_t id, const char *text)
{
	Liandan__PartyReplied *b =
	    TRADE_NEW(&rig.t, Liandan__PartyReplied, LIANDAN__PARTY_REPLIED__INIT);

	b->anomaly = id;
	b->text = TEXT(text);
	return trade_event(&rig.t, LIANDAN__EVENT__BODY_PARTY_REPLIED, b);
}

static Liandan__Event *coloured(Liandan__RatingColour colour, int64_t until_ms)
{
	Liandan__RatingOverridden *b =
	    TRADE_NEW(&rig.t, Liandan__RatingOverridden, LIANDAN__RATING_OVERRIDDEN__INIT);

	b->party = TEXT("gen");
	b->colour = colour;
	b->reason = TEXT("inspected");
	b->until_ms = until_ms;
	return trade_event(&rig.t, LIANDAN__EVENT__BODY_RATING_OVERRIDDEN, b);
}

/* The regulator's desk has one connection: the spy's. */
static void by_desk(Liandan__Event *e, Liandan__Verdict verdict, Liandan__Reason reason)
{
	harness_expect(&rig.h, rig.spy, &rig.t.inspector, e, verdict, reason);
}
#define DESK_OK(e) by_desk((e), LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE)
#define DESK_REFUSED(e, REASON) by_desk((e), LIANDAN__VERDICT__REFUSED, LIANDAN__REASON__##REASON)

static void refused(struct signer *by, Liandan__Event *e, Liandan__Reason reason)
{
	harness_expect(&rig.h, rig_client(&rig, by), by, e, LIANDAN__VERDICT__REFUSED, reason);
}
#define REFUSED(by, e, REASON) refused((by), (e), LIANDAN__REASON__##REASON)

/* The generator writes down a batch without a mass: recorded, and a lead of level 3. Its id. */
static uint64_t raise(void)
{
	uint64_t id;
	cJSON *o;

	rig_must(&rig, &rig.t.office, trade_generated(&rig.t, trade_name(&rig.t, "empty"), 0));
	o = told(0, "raised");
	assert_string_equal(text_of(o, "party"), "gen");
	assert_string_equal(text_of(o, "subject"), "gen");
	assert_int_equal(number_of(o, "level"), 3);
	assert_true(is_true(o, "open"));
	assert_null(member(o, "review"));
	id = strtoull(text_of(o, "id"), NULL, 10);
	assert_int_not_equal(id, 0);
	cJSON_Delete(o);
	return id;
}

/* ---- precision and rating ---- */

static void expect_precision(int confirmed, int false_alarms)
{
	cJSON *o = retained(&desk2, HARNESS_ROOT "precision");
	const cJSON *kinds = member(o, "kinds"), *k = cJSON_GetArrayItem(kinds, 0);

	assert_non_null(o);
	assert_int_equal(cJSON_GetArraySize(kinds), confirmed + false_alarms != 0);
	if (k != NULL) {
		assert_string_equal(text_of(k, "kind"), "RULE_VIOLATED");
		assert_string_equal(text_of(k, "reason"), "QUANTITY");
		assert_int_equal(number_of(k, "confirmed"), confirmed);
		assert_int_equal(number_of(k, "false"), false_alarms);
		assert_int_equal(number_of(k, "precision_permille"),
				 confirmed * 1000 / (confirmed + false_alarms));
	}
	cJSON_Delete(o);
}

static const cJSON *why_of(const cJSON *rating, uint64_t id)
{
	const cJSON *why;
	char want[24];

	snprintf(want, sizeof want, "%" PRIu64, id);
	cJSON_ArrayForEach(why, member(rating, "why")) if (strcmp(text_of(why, "id"), want) ==
							   0) return why;
	return NULL;
}

/* What rating/gen must say. */
struct rating {
	const char *colour;
	int level3;
	uint64_t why;	   /* 0: not looked at */
	bool confirmed;	   /* of that one */
	const char *reply; /* of that one; NULL: not looked at */
	bool overridden;
};

static bool says(const cJSON *o, const struct rating *want)
{
	const cJSON *why = want->why != 0 ? why_of(o, want->why) : NULL;

	if (strcmp(text_of(o, "colour"), want->colour) != 0 ||
	    number_of(member(o, "counts"), "level3") != want->level3 ||
	    (member(o, "override") != NULL) != want->overridden)
		return false;
	if (want->why == 0)
		return true;
	return why != NULL && is_true(why, "confirmed") == want->confirmed &&
	       (want->reply == NULL || strcmp(text_of(why, "reply"), want->reply) == 0);
}

/* It is published at most once a second: waits until it says so. */
static cJSON *rating_when(struct rating want)
{
	for (int i = 0; i < 12; i++) {
		cJSON *o = retained(&desk2, HARNESS_ROOT "rating/gen");

		assert_non_null(o);
		if (says(o, &want))
			return o;
		cJSON_Delete(o);
		client_pump(rig.spy, 300);
	}
	fail_msg("rating/gen is not %s with %d of level 3", want.colour, want.level3);
	return NULL;
}
#define RATING(...) cJSON_Delete(rating_when((struct rating){__VA_ARGS__}))

/* ---- tests ---- */

static void confirmed_stays_open_and_counts(void **state)
{
	const uint64_t id = raise();
	cJSON *o;

	(void)state;
	expect_precision(0, 0);
	RATING(.colour = "YELLOW", .level3 = 1);
	DESK_OK(reviewed(id, CONFIRMED, ""));
	o = told(id, "reviewed");
	assert_true(is_true(o, "open"));
	cJSON_Delete(o);
	o = open_one(id);
	assert_non_null(o);
	assert_string_equal(text_of(member(o, "review"), "outcome"), "REVIEW_OUTCOME_CONFIRMED");
	assert_string_equal(text_of(member(o, "review"), "party"), "eeb");
	assert_string_equal(text_of(member(o, "review"), "case_no"), "2026-17");
	cJSON_Delete(o);
	expect_precision(1, 0);
	RATING(.colour = "YELLOW", .level3 = 1, .why = id, .confirmed = true);
	/* another finding takes the place of the first: nothing is counted twice */
	DESK_OK(reviewed(id, CONFIRMED, "seen again"));
	cJSON_Delete(told(id, "reviewed"));
	expect_precision(1, 0);
	/* leaves nothing to the tests after it */
	DESK_OK(reviewed(id, FALSE_ALARM, "tidied"));
	cJSON_Delete(told(id, "reviewed"));
	expect_precision(0, 1);
}

static void false_closes_and_no_longer_counts(void **state)
{
	const uint64_t id = raise();
	cJSON *o;

	(void)state;
	RATING(.colour = "YELLOW", .level3 = 1);
	DESK_REFUSED(reviewed(id, FALSE_ALARM, ""), BAD_CONTENT); /* not without a reason */
	DESK_OK(reviewed(id, FALSE_ALARM, "an empty drum was labelled"));
	o = told(id, "reviewed");
	assert_false(is_true(o, "open"));
	assert_string_equal(text_of(o, "phase"), "CLEARED");
	assert_string_equal(text_of(member(o, "review"), "reason"), "an empty drum was labelled");
	cJSON_Delete(o);
	assert_null(open_one(id));
	expect_precision(0, 2);
	o = rating_when((struct rating){.colour = "GREEN"});
	assert_null(why_of(o, id));
	cJSON_Delete(o);
	/* taken back, it stands again */
	DESK_OK(reviewed(id, CONFIRMED, "it was not empty"));
	o = told(id, "reviewed");
	assert_true(is_true(o, "open"));
	cJSON_Delete(o);
	o = open_one(id);
	assert_non_null(o);
	cJSON_Delete(o);
	expect_precision(1, 1);
	RATING(.colour = "YELLOW", .level3 = 1);
	DESK_OK(reviewed(id, FALSE_ALARM, "tidied"));
	cJSON_Delete(told(id, "reviewed"));
}

static void shelved_for_eight_hours_at_most(void **state)
{
	const uint64_t id = raise();
	const int64_t until = harness_now_ms() + 7 * HOUR_MS;
	char text[24];
	cJSON *o;

	(void)state;
	DESK_REFUSED(shelved(id, harness_now_ms() + 8 * HOUR_MS + 60000), LIMIT);
	DESK_REFUSED(shelved(id, harness_now_ms() - 1000), LIMIT);
	DESK_REFUSED(shelved(id, 0), LIMIT);
	DESK_OK(shelved(id, until));
	snprintf(text, sizeof text, "%" PRId64, until);
	cJSON_Delete(told(id, "reviewed"));
	o = open_one(id);
	assert_non_null(o);
	assert_string_equal(text_of(o, "shelved_until_ms"), text);
	assert_true(is_true(o, "open"));
	cJSON_Delete(o);
	expect_precision(0, 2); /* no finding yet */
	RATING(.colour = "YELLOW", .level3 = 1);
	DESK_OK(reviewed(id, FALSE_ALARM, "tidied"));
	cJSON_Delete(told(id, "reviewed"));
}

static void the_party_replies(void **state)
{
	const uint64_t id = raise();
	cJSON *o;

	(void)state;
	rig_must(&rig, &rig.t.office, replied(id, "the scale was broken"));
	cJSON_Delete(told(id, "replied"));
	o = open_one(id);
	assert_non_null(o);
	assert_string_equal(text_of(member(o, "reply"), "text"), "the scale was broken");
	assert_true(is_true(o, "open")); /* words change no figure */
	cJSON_Delete(o);
	rig_must(&rig, &rig.t.office, replied(id, "and is mended"));
	cJSON_Delete(told(id, "replied"));
	RATING(.colour = "YELLOW", .level3 = 1, .why = id, .reply = "and is mended");
	DESK_OK(reviewed(id, FALSE_ALARM, "tidied"));
	cJSON_Delete(told(id, "reviewed"));
}

static void who_may_not(void **state)
{
	const uint64_t id = raise();
	const int64_t until = harness_now_ms() + 24 * HOUR_MS;

	(void)state;
	REFUSED(&rig.t.office, reviewed(id, FALSE_ALARM, "not us"), WRONG_ROLE);
	REFUSED(&rig.t.pit, reviewed(id, CONFIRMED, "them"), WRONG_ROLE);
	REFUSED(&rig.t.d1, replied(id, "speaking for others"), WRONG_ROLE);
	DESK_REFUSED(replied(id, "the regulator is no party to it"), WRONG_ROLE);
	REFUSED(&rig.t.office, coloured(LIANDAN__RATING_COLOUR__RATING_COLOUR_GREEN, until),
		WRONG_ROLE);
	DESK_REFUSED(reviewed(1, CONFIRMED, "entry 1 raised nothing"), UNKNOWN_SUBJECT);
	/* and nothing has changed */
	cJSON *o = open_one(id);

	assert_non_null(o);
	assert_null(member(o, "review"));
	assert_null(member(o, "reply"));
	cJSON_Delete(o);
	expect_precision(0, 4);
}

/* After the test before: one lead stands. */
static void a_colour_set_by_hand_and_a_restart(void **state)
{
	const int64_t until = harness_now_ms() + 24 * HOUR_MS;
	cJSON *o;

	(void)state;
	DESK_OK(coloured(LIANDAN__RATING_COLOUR__RATING_COLOUR_RED, until));
	o = rating_when((struct rating){.colour = "RED", .level3 = 1, .overridden = true});
	assert_string_equal(text_of(o, "computed"), "YELLOW");
	assert_string_equal(text_of(member(o, "override"), "reason"), "inspected");
	assert_string_equal(text_of(member(o, "override"), "by"), "eeb");
	cJSON_Delete(o);
	/* all of it from the ledger again */
	rig_version(&rig, MQTT_PROTOCOL_V5);
	client_close(rig.spy, true);
	harness_kill(&rig.h);
	harness_start(&rig.h);
	rig.spy = client_open(&rig.h, &rig.t.inspector, MQTT_PROTOCOL_V5);
	assert_int_equal(client_subscribe(rig.spy, HARNESS_ROOT "#"), 1);
	expect_precision(0, 4);
	RATING(.colour = "RED", .level3 = 1, .overridden = true);
	DESK_OK(coloured(LIANDAN__RATING_COLOUR__RATING_COLOUR_UNSPECIFIED, 0));
	RATING(.colour = "YELLOW", .level3 = 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(confirmed_stays_open_and_counts),
	    cmocka_unit_test(false_closes_and_no_longer_counts),
	    cmocka_unit_test(shelved_for_eight_hours_at_most),
	    cmocka_unit_test(the_party_replies),
	    cmocka_unit_test(who_may_not),
	    cmocka_unit_test(a_colour_set_by_hand_and_a_restart),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
