/* Profile and calendar files: what they set, and what is wrong with them, by line. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/events.h"
#include "deploy/cli/profile.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/table.h"
#include "plugin/custody/year.h"
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

/* ---- what is shipped ---- */

#define SHIPPED_MAX 64

static char *slurp(const char *path, size_t *len)
{
	char *text = NULL, why[320];

	if (ld_file_read(path, &text, len, why, sizeof why) != LD_OK)
		fail_msg("%s", why);
	return text;
}

/* The event of the file is one that the gate takes and the ledger's rules accept. */
static void becomes_an_event(const char *path, cJSON *o)
{
	struct ld_labels none = {0};
	struct ld_arena arena;
	Liandan__Event *e;
	const char *label, *key_file;
	uint8_t digest[LD_HASH_BYTES];
	char why[256];

	assert_non_null(o);
	assert_int_equal(ld_arena_init(&arena, 1u << 20), 0);
	if (ld_event_of(o, &none, &arena, &e, &label, &key_file, why, sizeof why) != LD_OK)
		fail_msg("%s: %s", path, why);
	if (e->body_case == LIANDAN__EVENT__BODY_RULES_ADOPTED) {
		assert_true(ld_rules_digest(&arena, e->rules_adopted, digest));
		assert_memory_equal(digest, e->rules_adopted->digest.data, sizeof digest);
	}
	cJSON_Delete(o);
	ld_arena_free(&arena);
}

static void shipped_profile(const char *path, const char *text, size_t len)
{
	if (ld_profile_parse(text, len, &profile, &fault) != LD_OK)
		fail_msg("%s:%d: %s", path, fault.line, fault.what);
	assert_true(profile.version > ld_rules_cn.version); /* the ledger takes no other */
	becomes_an_event(path, ld_profile_event(&profile));
}

static void shipped_calendar(const char *path, const char *text, size_t len)
{
	const bool by_number = strstr(text, "号") != NULL; /* the notice that it is made from */
	struct ld_calendar c;

	if (ld_calendar_parse(text, len, &c, &fault) != LD_OK)
		fail_msg("%s:%d: %s", path, fault.line, fault.what);
	assert_true(by_number);
	becomes_an_event(path, ld_calendar_event(&c));
}

static void every_shipped_file_is_in_order(void **state)
{
	DIR *dir = opendir(LD_PROFILES);
	size_t profiles = 0, calendars = 0;

	(void)state;
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		const char *dot = strrchr(e->d_name, '.');
		char path[1024], *text;
		size_t len;

		if (e->d_name[0] == '.' || strcmp(e->d_name, "README.md") == 0)
			continue;
		assert_non_null(dot);
		snprintf(path, sizeof path, "%s/%s", LD_PROFILES, e->d_name);
		text = slurp(path, &len);
		if (strcmp(dot, ".rules") == 0) {
			shipped_profile(path, text, len);
			profiles++;
		} else if (strcmp(dot, ".calendar") == 0) {
			shipped_calendar(path, text, len);
			calendars++;
		} else {
			fail_msg("%s is neither profile nor calendar", path);
		}
		free(text);
	}
	closedir(dir);
	assert_true(profiles >= 2 && calendars >= 1);
}

/* 国办发明电〔2025〕7号, as month and day; what stands here is the notice's, not the file's. */
static const uint16_t holidays_2026[][2] = {{101, 103}, {215, 223}, {404, 406},	 {501, 505},
					    {619, 621}, {925, 927}, {1001, 1007}};
static const uint16_t worked_2026[] = {104, 214, 228, 509, 920, 1010};

static bool works_2026(uint32_t mmdd, uint32_t weekday)
{
	for (size_t i = 0; i < sizeof worked_2026 / sizeof worked_2026[0]; i++)
		if (worked_2026[i] == mmdd)
			return true;
	for (size_t i = 0; i < sizeof holidays_2026 / sizeof holidays_2026[0]; i++)
		if (mmdd >= holidays_2026[i][0] && mmdd <= holidays_2026[i][1])
			return false;
	return weekday < 5;
}

/* Day by day; every worked day is a Saturday or Sunday, or it need not stand there. */
static void the_calendar_of_2026(void **state)
{
	struct ld_calendar c;
	size_t len, workdays = 0;
	char *text = slurp(LD_PROFILES "/CN-2026.calendar", &len);
	int64_t ms = INT64_C(1767196800000); /* 2026-01-01 00:00 in China */

	(void)state;
	assert_int_equal(ld_calendar_parse(text, len, &c, &fault), LD_OK);
	free(text);
	assert_string_equal(c.jurisdiction, "CN");
	assert_int_equal(c.year, 2026);
	for (uint32_t yday = 0; yday < 365; yday++, ms += LD_DAY_MS) {
		const uint32_t date = ld_china_date(ms), mmdd = date % 10000;
		const uint32_t weekday = (uint32_t)((ld_china_day(ms) + 3) % 7); /* Monday 0 */
		const bool works = (c.workdays[yday / 8] >> (yday % 8) & 1) != 0;

		assert_int_equal(date / 10000, 2026);
		if (works != works_2026(mmdd, weekday))
			fail_msg("%u %s", date, works ? "works" : "is off");
		for (size_t i = 0; i < sizeof worked_2026 / sizeof worked_2026[0]; i++)
			if (worked_2026[i] == mmdd)
				assert_true(weekday >= 5);
		workdays += works;
	}
	assert_int_equal(workdays, 248);
	assert_int_equal(c.workdays[365 / 8] >> (365 % 8), 0);
}

static int gate(void **state)
{
	(void)state;
	return ld_gate_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_read),
	    cmocka_unit_test(faults_are_named),
	    cmocka_unit_test(it_becomes_an_event),
	    cmocka_unit_test(wrong_calendars),
	    cmocka_unit_test(values_round_trip),
	    cmocka_unit_test(every_shipped_file_is_in_order),
	    cmocka_unit_test(the_calendar_of_2026),
	};

	return cmocka_run_group_tests(tests, gate, NULL);
}
