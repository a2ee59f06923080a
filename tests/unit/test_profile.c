/* Profile and calendar files: what they set, and what is wrong with them, by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deploy/cli/events.h"
#include "deploy/cli/profile.h"
#include "plugin/custody/table.h"
#include "proto/gate.h"

#define HEAD "liandan-rules 1\nprofile CN-GD version 2\n"

static struct ld_profile profile;
static struct ld_profile_fault fault;

static void good(const char *text)
{
	if (ld_profile_parse(text, strlen(text), &profile, &fault) != LD_OK)
		fail_msg("line %d: %s", fault.line, fault.what);
}

static void bad(const char *text, int line, const char *part)
{
	assert_int_not_equal(ld_profile_parse(text, strlen(text), &profile, &fault), LD_OK);
	if (fault.line != line || strstr(fault.what, part) == NULL)
		fail_msg("line %d: %s", fault.line, fault.what);
}

static void values_are_read(void **state)
{
	(void)state;
	good(
	    HEAD
	    "offer_ms = 2h # a\nmass_extra_g = 300 kg # b\nacceptance_workdays = 7 workdays # c\n"
	    "check.hazards = hard # d\nnumber_blocks = on # e\nskim_k_permille = 5 permille # f\n");
	assert_string_equal(profile.name, "CN-GD");
	assert_int_equal(profile.version, 2);
	assert_int_equal(profile.n, 6);
	for (size_t i = 1; i < profile.n; i++)
		assert_true(strcmp(profile.values[i - 1].rule->name, profile.values[i].rule->name) <
			    0);
	for (size_t i = 0; i < profile.n; i++)
		if (strcmp(profile.values[i].rule->name, "offer_ms") == 0) {
			assert_int_equal(profile.values[i].value, 2 * LD_HOUR_MS);
			assert_string_equal(profile.values[i].source, "a");
		}
}

static void faults_are_named(void **state)
{
	char text[2000];

	(void)state;
	bad("", 0, "first line");
	bad("liandan-rules 2\n", 1, "first line");
	bad("liandan-rules 1\n", 1, "second line");
	bad("liandan-rules 1\nprofile X version 0\n", 2, "version");
	bad("liandan-rules 1\nprofile X version 2 from 2026-02-30\n", 2, "no day");
	bad(HEAD, 2, "no rule");
	bad(HEAD "no_such = 3 # x\n", 3, "no_such");
	bad(HEAD "offer_ms = 2h\n", 3, "source");
	bad(HEAD "offer_ms 2h # x\n", 3, "written");
	bad(HEAD "offer_ms = 2kg # x\n", 3, "write it like 3d");
	bad(HEAD "offer_ms = -2h # x\n", 3, "no value");
	bad(HEAD "offer_ms = 99999999999999999999h # x\n", 3, "too large");
	bad(HEAD "offer_ms = 999999999999999d # x\n", 3, "too large");
	bad(HEAD "\n\noffer_ms = 1s # x\n", 5, "from 1m to 30d");
	bad(HEAD "offer_ms = 2h # x\noffer_ms = 3h # x\n", 4, "twice");
	bad(HEAD "check.hazards = soft # x\n", 3, "write it like tabled");
	bad(HEAD "check.persons = recorded # x\n", 3, "facts only");
	bad(HEAD "offer_ms = 2h\x01 # x\n", 3, "control");
	bad(HEAD "offer_ms = 2h # \xff\n", 3, "UTF-8");
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	bad(text, 1, "longer");
}

/* The file's event is one that the gate takes. */
static void it_becomes_an_event(void **state)
{
	struct ld_labels none = {0};
	struct ld_arena arena;
	Liandan__Event *e;
	const char *label, *key_file;
	char why[256];
	struct ld_calendar c;
	static const char calendar[] =
	    "liandan-calendar 1\ncalendar CN 2028\noff 2028-02-29\nwork 2028-03-04\n";
	cJSON *o;

	(void)state;
	assert_int_equal(ld_arena_init(&arena, 1u << 20), 0);
	good(HEAD "offer_ms = 2h # a\npickup_ms = 5d # b\n");
	o = ld_profile_event(&profile);
	if (ld_event_of(o, &none, &arena, &e, &label, &key_file, why, sizeof why) != LD_OK)
		fail_msg("%s", why);
	assert_int_equal(e->rules_adopted->n_values, 2);
	assert_int_equal(e->rules_adopted->values[1]->value, 5 * LD_DAY_MS);
	cJSON_Delete(o);
	assert_int_equal(ld_calendar_parse(calendar, strlen(calendar), &c, &fault), LD_OK);
	assert_int_equal(c.year, 2028);
	assert_int_equal(c.workdays[59 / 8] >> (59 % 8) & 1, 0); /* 29 February, a Tuesday */
	assert_int_equal(c.workdays[60 / 8] >> (60 % 8) & 1, 1);
	assert_int_equal(c.workdays[63 / 8] >> (63 % 8) & 1, 1); /* 4 March, a Saturday */
	assert_int_equal(c.workdays[64 / 8] >> (64 % 8) & 1, 0);
	o = ld_calendar_event(&c);
	if (ld_event_of(o, &none, &arena, &e, &label, &key_file, why, sizeof why) != LD_OK)
		fail_msg("%s", why);
	cJSON_Delete(o);
	ld_arena_free(&arena);
}

static void wrong_calendars(void **state)
{
	static const struct {
		const char *text;
		int line;
	} cases[] = {
	    {"liandan-calendar 1\n", 1},
	    {"liandan-calendar 1\ncalendar CN 1999\n", 2},
	    {"liandan-calendar 1\ncalendar CN 2026\noff 2026-02-29\n", 3},
	    {"liandan-calendar 1\ncalendar CN 2026\noff 2027-01-01\n", 3},
	    {"liandan-calendar 1\ncalendar CN 2026\noff 2026-03-02..2026-03-01\n", 3},
	    {"liandan-calendar 1\ncalendar CN 2026\nrest 2026-03-02\n", 3},
	};
	struct ld_calendar c;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_not_equal(
		    ld_calendar_parse(cases[i].text, strlen(cases[i].text), &c, &fault), LD_OK);
		assert_int_equal(fault.line, cases[i].line);
	}
}

/* What prints a value writes what the reader takes. */
static void values_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < ld_rule_defs_n; i++) {
		const struct ld_rule_def *d = &ld_rule_defs[i];
		char line[400], value[40];

		if (!ld_rule_applies(d))
			continue;
		ld_rule_text(d, ld_rules_get(&ld_rules_cn, d), value);
		snprintf(line, sizeof line, HEAD "%s = %s # %s\n", d->name, value, d->source);
		good(line);
		assert_int_equal(profile.values[0].value, ld_rules_get(&ld_rules_cn, d));
	}
}

static int gate(void **state)
{
	(void)state;
	return ld_gate_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_read),	   cmocka_unit_test(faults_are_named),
	    cmocka_unit_test(it_becomes_an_event), cmocka_unit_test(wrong_calendars),
	    cmocka_unit_test(values_round_trip),
	};

	return cmocka_run_group_tests(tests, gate, NULL);
}
