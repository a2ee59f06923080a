/* The plugin's options and its small tables, without a broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/broker/changed.h"
#include "plugin/broker/config.h"
#include "plugin/broker/penalty.h"
#include "plugin/broker/session.h"
#include "plugin/broker/topic.h"

static char why[LD_CONFIG_WHY_BYTES];
static struct ld_config config;

static enum ld_err parse_one(const char *key, const char *value)
{
	struct ld_option o[2] = {{"ledger_dir", "/l"}, {key, value}};

	why[0] = 0;
	return ld_config_parse(o, 2, &config, why, sizeof why);
}

static void options_have_defaults(void **state)
{
	struct ld_option o = {"ledger_dir", "/var/lib/liandan"};

	(void)state;
	assert_int_equal(ld_config_parse(&o, 1, &config, why, sizeof why), LD_OK);
	assert_string_equal(config.ledger_dir, "/var/lib/liandan");
	assert_string_equal(config.anchor, "");
	assert_int_equal(config.commit_interval_ms, 50);
	assert_int_equal(config.group_max, 500);
	assert_int_equal(config.custody_per_s, 20);
	assert_true(config.token_auth);
	assert_false(config.accept_clock);
	assert_int_equal(config.n_bridges, 0);
}

static void options_are_taken(void **state)
{
	(void)state;
	assert_int_equal(parse_one("commit_interval_ms", "1"), LD_OK);
	assert_int_equal(config.commit_interval_ms, 1);
	assert_int_equal(parse_one("commit_interval_ms", "1000"), LD_OK);
	assert_int_equal(parse_one("token_auth", "false"), LD_OK);
	assert_false(config.token_auth);
	assert_int_equal(parse_one("region", "浦东"), LD_OK);
	assert_int_equal(parse_one("bridge_clients", "a/b,neighbour"), LD_OK);
	assert_true(ld_config_is_bridge(&config, "a/b"));
	assert_true(ld_config_is_bridge(&config, "neighbour"));
	assert_false(ld_config_is_bridge(&config, "a"));
	assert_false(ld_config_is_bridge(&config, ""));
	assert_false(ld_config_is_bridge(&config, NULL));
}

/* Each refusal names option, value and what is allowed. */
static void wrong_options_are_refused(void **state)
{
	static const struct {
		const char *key, *value, *says;
	} cases[] = {
	    {"commit_interval_ms", "0", "from 1 to 1000"},
	    {"commit_interval_ms", "1001", "from 1 to 1000"},
	    {"commit_interval_ms", "-1", "from 1 to 1000"},
	    {"commit_interval_ms", "+5", "from 1 to 1000"},
	    {"commit_interval_ms", "5 ", "from 1 to 1000"},
	    {"commit_interval_ms", "0x10", "from 1 to 1000"},
	    {"commit_interval_ms", "99999999999999999999999", "from 1 to 1000"},
	    {"group_max", "10001", "from 1 to 10000"},
	    {"custody_per_s", "", "from 1 to 1000"},
	    {"clock_rate", "86401", "from 0 to 86400"},
	    {"accept_clock", "yes", "true or false"},
	    {"token_auth", "TRUE", "true or false"},
	    {"anchor", "relative/path", "absolute path"},
	    {"anchor", "", "absolute path"},
	    {"metrics_file", "/a\nb", "absolute path"},
	    {"region", "a/b", "an id"},
	    {"region", "$a", "an id"},
	    {"region", "", "an id"},
	    {"bridge_clients", "", "list"},
	    {"bridge_clients", "a,,b", "list"},
	    {"bridge_clients", "a,", "list"},
	    {"bridge_clients", "a b", "list"},
	    {"bridge_clients", "a+", "list"},
	    {"bridge_clients", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "list"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(parse_one(cases[i].key, cases[i].value), LD_ERR_CONFIG);
		assert_non_null(strstr(why, cases[i].key));
		assert_non_null(strstr(why, cases[i].says));
		if (cases[i].value[0] && strlen(cases[i].value) < 40)
			assert_non_null(strstr(why, cases[i].value));
	}
}

static void unknown_twice_and_missing(void **state)
{
	struct ld_option twice[] = {{"ledger_dir", "/a"}, {"ledger_dir", "/a"}},
			 null[] = {{"ledger_dir", NULL}};

	(void)state;
	assert_int_equal(parse_one("ledgerdir", "/x"), LD_ERR_CONFIG);
	assert_non_null(strstr(why, "ledgerdir"));
	assert_non_null(strstr(why, "commit_interval_ms"));
	assert_int_equal(ld_config_parse(twice, 2, &config, why, sizeof why), LD_ERR_CONFIG);
	assert_non_null(strstr(why, "twice"));
	assert_int_equal(ld_config_parse(null, 1, &config, why, sizeof why), LD_ERR_CONFIG);
	assert_int_equal(ld_config_parse(NULL, 0, &config, why, sizeof why), LD_ERR_CONFIG);
	assert_non_null(strstr(why, "ledger_dir"));
}

/* At the limit, and one beyond. */
static void long_values(void **state)
{
	static char text[5000];

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[0] = '/';
	assert_int_equal(parse_one("anchor", text), LD_ERR_CONFIG);
	assert_true(strlen(why) < sizeof why - 1);
	text[LD_CONFIG_PATH_BYTES] = 0;
	assert_int_equal(parse_one("anchor", text), LD_ERR_CONFIG);
	text[LD_CONFIG_PATH_BYTES - 1] = 0;
	assert_int_equal(parse_one("anchor", text), LD_OK);
	text[0] = 'a';
	text[LD_MAX_ID_BYTES] = 0;
	assert_int_equal(parse_one("region", text), LD_OK);
	text[LD_MAX_ID_BYTES] = 'a';
	text[LD_MAX_ID_BYTES + 1] = 0;
	assert_int_equal(parse_one("region", text), LD_ERR_CONFIG);
	memset(text, 'k', 4000);
	text[4000] = 0;
	assert_int_equal(parse_one(text, "x"), LD_ERR_CONFIG);
}

/* ---- topics ---- */

static struct ld_topic_root root;

static bool is_in(const char *topic)
{
	char party[LD_MAX_ID_BYTES + 1], device[LD_MAX_ID_BYTES + 1];

	return ld_topic_in(&root, topic, party, device);
}

static void topics(void **state)
{
	char party[LD_MAX_ID_BYTES + 1], device[LD_MAX_ID_BYTES + 1], verb[LD_TOPIC_VERB_BYTES],
	    out[64];
	char id[LD_MAX_ID_BYTES + 2], topic[512];

	(void)state;
	ld_topic_root_init(&root, "r1");
	assert_true(ld_topic_in(&root, "waste/v1/r1/i/沪/d", party, device));
	assert_string_equal(party, "沪");
	assert_string_equal(device, "d");
	assert_false(is_in("waste/v1/r1/i/p"));
	assert_false(is_in("waste/v1/r1/i/p/"));
	assert_false(is_in("waste/v1/r1/i//d"));
	assert_false(is_in("waste/v1/r1/i/p/d/"));
	assert_false(is_in("waste/v1/r1/i/p/d/e"));
	assert_false(is_in("waste/v1/r1/o/p/d"));
	assert_false(is_in("waste/v1/r11/i/p/d"));
	assert_false(is_in("waste/v1/r/i/p/d"));
	assert_false(is_in(""));
	assert_false(is_in(NULL));
	memset(id, 'x', sizeof id);
	id[LD_MAX_ID_BYTES + 1] = 0;
	snprintf(topic, sizeof topic, "waste/v1/r1/i/%s/d", id);
	assert_false(is_in(topic));
	snprintf(topic, sizeof topic, "waste/v1/r1/i/%s/%s", id + 1, id + 1);
	assert_true(is_in(topic));
	assert_true(ld_topic_query(&root, "waste/v1/r1/query/may", verb));
	assert_string_equal(verb, "may");
	assert_false(ld_topic_query(&root, "waste/v1/r1/query/", verb));
	assert_false(ld_topic_query(&root, "waste/v1/r1/query/a/b", verb));
	assert_true(ld_topic_query(&root, "waste/v1/r1/query/123456789012345", verb));
	assert_false(ld_topic_query(&root, "waste/v1/r1/query/1234567890123456", verb));
	assert_true(ld_topic_is_own_reply(&root, "p/d", "waste/v1/r1/q/p/d/1"));
	assert_false(ld_topic_is_own_reply(&root, "p/d", "waste/v1/r1/q/p/d"));
	assert_false(ld_topic_is_own_reply(&root, "p/d", "waste/v1/r1/q/p/d/"));
	assert_false(ld_topic_is_own_reply(&root, "p/d", "waste/v1/r1/q/p/dd/1"));
	assert_false(ld_topic_is_own_reply(&root, "p/d", "waste/v1/r1/q/p/d/+"));
	ld_topic_level("a/b+c#d\x01", out, sizeof out);
	assert_string_equal(out, "a_b_c_d_");
	ld_topic_level("", out, sizeof out);
	assert_string_equal(out, "_");
	ld_topic_level("沪A", out, 3); /* no room for a whole character: none of it */
	assert_string_equal(out, "_");
	ld_topic_level("x沪A", out, 5);
	assert_string_equal(out, "x沪");
	ld_topic_level("xy沪A", out, 5);
	assert_string_equal(out, "xy");
}

/* ---- sessions ---- */

static void sessions(void **state)
{
	struct ld_sessions *t = ld_sessions_new(3);
	struct ld_identity id = {.party = "p"};
	int here[4];

	(void)state;
	assert_non_null(ld_sessions_open(t, "a", &here[0], &id, false));
	assert_non_null(ld_sessions_of(t, "a", &here[0]));
	assert_null(ld_sessions_of(t, "a", &here[1]));
	assert_null(ld_sessions_of(t, NULL, &here[0]));
	/* take-over: the older connection's end means nothing */
	assert_non_null(ld_sessions_open(t, "a", &here[1], &id, false));
	ld_sessions_leave(t, "a", &here[0]);
	assert_true(ld_sessions_of(t, "a", &here[1])->online);
	assert_int_equal(ld_sessions_online(t), 1);
	ld_sessions_leave(t, NULL, &here[1]);
	ld_sessions_leave(t, "a", &here[1]);
	assert_false(ld_sessions_of(t, "a", &here[1])->online);
	assert_int_equal(ld_sessions_online(t), 0);
	/* full: who is away makes room, who is here does not */
	assert_non_null(ld_sessions_open(t, "b", &here[0], &id, false));
	assert_non_null(ld_sessions_open(t, "c", &here[2], &id, false));
	assert_non_null(ld_sessions_open(t, "d", &here[3], &id, false));
	assert_null(ld_sessions_find(t, "a"));
	assert_null(ld_sessions_open(t, "e", &here[1], &id, false));
	assert_non_null(ld_sessions_open(t, "d", &here[1], &id, false));
	assert_int_equal(ld_sessions_count(t), 3);
	assert_int_equal(ld_sessions_online(t), 3);
	ld_sessions_free(t);
}

static void forget_one(void *ctx, struct ld_session *s)
{
	if (s->online) {
		(*(size_t *)ctx)++;
		return;
	}
	ld_sessions_forget(((void **)ctx)[1], s);
}

static void sweep_reaches_everybody(void **state)
{
	struct ld_sessions *t = ld_sessions_new(LD_MAX_SESSIONS);
	struct ld_identity id = {.party = "p"};
	struct {
		size_t seen;
		struct ld_sessions *t;
	} ctx = {0, t};
	char name[16];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "p/%d", i);
		ld_sessions_open(t, name, t, &id, false);
		if (i % 2)
			ld_sessions_leave(t, name, t);
	}
	for (int i = 0; i < LD_SWEEP_PARTS; i++)
		ld_sessions_sweep(t, false, forget_one, &ctx);
	assert_int_equal(ctx.seen, 1000);
	assert_int_equal(ld_sessions_count(t), 1000);
	ld_sessions_sweep(t, true, forget_one, &ctx);
	assert_int_equal(ctx.seen, 2000);
	ld_sessions_free(t);
}

/* ---- penalties ---- */

static void penalties(void **state)
{
	struct ld_penalties *p = ld_penalties_new();
	char name[16];

	(void)state;
	for (int i = 1; i < LD_MAX_BAD_SIGNATURES_PER_MINUTE; i++)
		assert_false(ld_penalties_strike(p, "x", 1000 + i));
	assert_false(ld_penalties_closed(p, "x", 1100));
	assert_true(ld_penalties_strike(p, "x", 2000));
	assert_true(ld_penalties_closed(p, "x", 2000));
	assert_true(ld_penalties_closed(p, "x", 61999));
	assert_false(ld_penalties_closed(p, "x", 62000));
	assert_false(ld_penalties_strike(p, "x", 62000)); /* a new window */
	assert_false(ld_penalties_closed(p, "y", 2000));
	/* spread over more than a minute: not closed */
	for (int i = 0; i < 100; i++)
		assert_false(ld_penalties_strike(p, "slow", 100000 + i * 4000));
	/* a flood of names does not push out who is closed now */
	for (int i = 0; i < LD_MAX_BAD_SIGNATURES_PER_MINUTE; i++)
		ld_penalties_strike(p, "z", 500000);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		ld_penalties_strike(p, name, 500001);
	}
	assert_true(ld_penalties_closed(p, "z", 500002));
	assert_false(ld_penalties_strike(p, "", 500003));
	ld_penalties_free(p);
}

/* ---- changed ---- */

static void count(void *ctx, const void *name, size_t len)
{
	(void)name, (void)len;
	(*(int *)ctx)++;
}

static void changed_once_a_second(void **state)
{
	struct ld_changed *c = ld_changed_new();
	int now = 0, n = 0;
	char name[16];

	(void)state;
	ld_changed_mark(c, "a", 1, count, &now);
	ld_changed_mark(c, "a", 1, count, &now);
	assert_int_equal(now, 0);
	assert_int_equal(ld_changed_waiting(c), 1);
	ld_changed_flush(c, 1000, count, &n);
	assert_int_equal(n, 1);
	ld_changed_mark(c, "a", 1, count, &now);
	ld_changed_flush(c, 1999, count, &n);
	assert_int_equal(n, 1);
	ld_changed_flush(c, 2000, count, &n);
	assert_int_equal(n, 2);
	ld_changed_flush(c, 3000, count, &n);
	assert_int_equal(n, 2);
	/* full: the pace is lost, nothing else */
	for (int i = 0; i < LD_MAX_CHANGED + 10; i++) {
		snprintf(name, sizeof name, "n%d", i);
		ld_changed_mark(c, name, strlen(name), count, &now);
	}
	assert_int_equal(now, 10);
	n = 0;
	ld_changed_flush(c, 4000, count, &n);
	assert_int_equal(n, LD_MAX_CHANGED);
	ld_changed_flush(c, 5000, count, &n);
	assert_int_equal(ld_changed_waiting(c), 0);
	ld_changed_mark(c, "again", 5, count, &now);
	assert_int_equal(now, 10);
	ld_changed_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options_have_defaults),
	    cmocka_unit_test(options_are_taken),
	    cmocka_unit_test(wrong_options_are_refused),
	    cmocka_unit_test(unknown_twice_and_missing),
	    cmocka_unit_test(long_values),
	    cmocka_unit_test(topics),
	    cmocka_unit_test(sessions),
	    cmocka_unit_test(sweep_reaches_everybody),
	    cmocka_unit_test(penalties),
	    cmocka_unit_test(changed_once_a_second),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
