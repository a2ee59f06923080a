/* `liandan rules` and `liandan calendar` as a person runs them: files in order and out of order,
 * what a ledger has in force, and the manifest's table. */
#include "plugin/custody/apply.h"
#include "plugin/custody/table.h"
#include "tests/support/ledger_trade.h"

#define TEXT(s) ((char *)(uintptr_t)(s))
#define HEAD "liandan-rules 1\nprofile CN-X version 2\n"
#define YEAR "liandan-calendar 1\ncalendar CN 2026\n"

/* A file beside the ledger; its path. */
static const char *file(const char *text)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/text", w.dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static const char *string_of(const cJSON *o, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));

	return text != NULL ? text : "";
}

static int number_of(const cJSON *o, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);

	assert_true(cJSON_IsNumber(item));
	return item->valueint;
}

static void wrong_arguments(void **state)
{
	(void)state;
	BINARY_SAYS(64, "rules check|compile FILE", "rules");
	BINARY_SAYS(64, "rules check|compile FILE", "rules", "check");
	BINARY_SAYS(64, "rules check|compile FILE", "rules", "check", "a", "b");
	BINARY_SAYS(64, "rules check|compile FILE", "rules", "adopt", "a");
	BINARY_SAYS(64, "rules check|compile FILE", "rules", "show");
	BINARY_SAYS(64, "rules check|compile FILE", "rules", "table", "all");
	BINARY_SAYS(64, "calendar compile FILE", "calendar");
	BINARY_SAYS(64, "calendar compile FILE", "calendar", "compile");
	BINARY_SAYS(64, "calendar compile FILE", "calendar", "check", "a");
	BINARY_SAYS(1, "nonexistent", "rules", "check", "/nonexistent");
	BINARY_SAYS(1, "nonexistent", "rules", "compile", "/nonexistent");
	BINARY_SAYS(1, "nonexistent", "calendar", "compile", "/nonexistent");
	BINARY_SAYS(1, "nonexistent", "rules", "show", "--dir", "/nonexistent");
	BINARY_SAYS(64, "--at is an index", "rules", "show", "--dir", w.dir, "--at", "100000");
	BINARY_SAYS(64, "--at is an index", "rules", "show", "--dir", w.dir, "--at", "-1");
}

/* ---- files ---- */

static void a_profile_in_order(void **state)
{
	const char *path = file(HEAD "offer_ms = 2h # a\ncheck.hazards = hard # b\n");
	cJSON *o;

	(void)state;
	BINARY_SAYS(0, "CN-X version 2: 2 values, all in order 无误", "rules", "check", path);
	o = BINARY_JSON(0, "rules", "check", path, "--json");
	assert_string_equal(string_of(o, "profile"), "CN-X");
	assert_int_equal(number_of(o, "version"), 2);
	assert_int_equal(number_of(o, "values"), 2);
	cJSON_Delete(o);
}

/* Line and reason; nothing is compiled. */
static void profiles_out_of_order(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *why;
	} bad[] = {
	    {"", 0, "first line"},
	    {"liandan-rules 1\nprofile CN-X\n", 2, "second line"},
	    {HEAD, 2, "sets no rule"},
	    {HEAD "offer_ms = 2h # a\nno_such = 1 # b\n", 4, "no rule \"no_such\""},
	    {HEAD "offer_ms = 2h\n", 3, "names no source"},
	    {HEAD "\n\noffer_ms = 1s # a\n", 5, "from 1m to 30d"},
	    {HEAD "offer_ms = 2h # a\noffer_ms = 2h # a\n", 4, "twice"},
	    {HEAD "check.presence = hard # a\n", 3, "facts only"},
	    {HEAD "check.line_form = recorded # a\n", 3, "from tabled to hard"},
	};
	static const char *const verbs[] = {"check", "compile"};
	char where[160];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		for (size_t k = 0; k < 2; k++) {
			const char *path = file(bad[i].text);
			cJSON *o;

			snprintf(where, sizeof where, "%s:%d: ", path, bad[i].line);
			BINARY_SAYS(2, where, "rules", verbs[k], path);
			BINARY_SAYS(2, bad[i].why, "rules", verbs[k], path);
			o = BINARY_JSON(2, "rules", verbs[k], path, "--json");
			assert_int_equal(number_of(o, "line"), bad[i].line);
			assert_non_null(strstr(string_of(o, "error"), bad[i].why));
			cJSON_Delete(o);
		}
}

static void a_profile_is_compiled(void **state)
{
	cJSON *o =
	    BINARY_JSON(0, "rules", "compile",
			file("liandan-rules 1\nprofile CN-X version 3 from 2026-07-01\n"
			     "pickup_ms = 5d # the bureau's decision\noffer_ms = 2h # Order 23\n"));
	const cJSON *b = cJSON_GetObjectItem(o, "rules_adopted"), *values, *first;

	(void)state;
	assert_string_equal(string_of(b, "profile"), "CN-X");
	assert_int_equal(number_of(b, "version"), 3);
	assert_string_equal(string_of(b, "from_ms"), "1782835200000"); /* midnight, UTC+8 */
	assert_int_equal(strlen(string_of(b, "digest")), 4 + 64);
	values = cJSON_GetObjectItem(b, "values");
	assert_int_equal(cJSON_GetArraySize(values), 2);
	first = cJSON_GetArrayItem(values, 0); /* ascending by name */
	assert_string_equal(string_of(first, "name"), "offer_ms");
	assert_string_equal(string_of(first, "value"), "7200000");
	assert_string_equal(string_of(first, "source"), "Order 23");
	cJSON_Delete(o);
}

static void a_calendar_is_compiled(void **state)
{
	cJSON *o = BINARY_JSON(0, "calendar", "compile", file(YEAR "off 2026-01-01\n"));
	const cJSON *b = cJSON_GetObjectItem(o, "calendar_adopted");

	(void)state;
	assert_string_equal(string_of(b, "jurisdiction"), "CN");
	assert_int_equal(number_of(b, "year"), 2026);
	/* from Friday on: 2 January, then Monday 5 to Friday 9 */
	assert_memory_equal(string_of(b, "workdays"), "8vl", 3); /* f2 f9 */
	cJSON_Delete(o);
}

static void calendars_out_of_order(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *why;
	} bad[] = {
	    {"", 0, "first line"},
	    {"liandan-calendar 1\n", 1, "second line"},
	    {"liandan-calendar 1\ncalendar CN 1999\n", 2, "second line"},
	    {YEAR "off 2026-02-29\n", 3, "no day of 2026"},
	    {YEAR "off 2027-01-01\n", 3, "no day of 2026"},
	    {YEAR "off 2026-03-02..2026-03-01\n", 3, "ends before"},
	    {YEAR "rest 2026-03-02\n", 3, "a line is"},
	};
	char where[160];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *path = file(bad[i].text);
		cJSON *o;

		snprintf(where, sizeof where, "%s:%d: ", path, bad[i].line);
		BINARY_SAYS(2, where, "calendar", "compile", path);
		o = BINARY_JSON(2, "calendar", "compile", path, "--json");
		assert_non_null(strstr(string_of(o, "error"), bad[i].why));
		cJSON_Delete(o);
	}
}

/* ---- in force ---- */

static void adopt(uint32_t version, const char *name, int64_t value)
{
	Liandan__RulesAdopted *b =
	    TRADE_NEW(&t, Liandan__RulesAdopted, LIANDAN__RULES_ADOPTED__INIT);
	Liandan__RuleValue *v = TRADE_NEW(&t, Liandan__RuleValue, LIANDAN__RULE_VALUE__INIT);
	uint8_t *digest = ld_arena_alloc(&t.arena, LD_HASH_BYTES);

	v->name = TEXT(name);
	v->value = value;
	v->source = TEXT("a decision of the bureau");
	b->profile = TEXT("CN-X");
	b->version = version;
	b->values = trade_dup(&t, &v, sizeof v);
	b->n_values = 1;
	assert_true(ld_rules_digest(&t.arena, b, digest));
	b->digest = trade_bytes(digest, LD_HASH_BYTES);
	must(&t, &w.authority, trade_event(&t, LIANDAN__EVENT__BODY_RULES_ADOPTED, b));
}

static void is_in_force(cJSON *o, int version, const char *offer, const char *source)
{
	const cJSON *v = cJSON_GetObjectItem(cJSON_GetObjectItem(o, "values"), "offer_ms");

	assert_int_equal(number_of(o, "version"), version);
	assert_string_equal(string_of(v, "text"), offer);
	assert_string_equal(string_of(v, "source"), source);
	assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(v, "differs")), version != 1);
	cJSON_Delete(o);
}

static void what_is_in_force(void **state)
{
	const char *of_cn = ld_rule_find("offer_ms")->source;
	char before[24];

	(void)state;
	is_in_force(BINARY_JSON(0, "rules", "show", "--dir", w.dir, "--json"), 1, "3d", of_cn);
	BINARY_SAYS(0, "profile 规则集 CN, version 版本 1", "rules", "show", "--dir", w.dir);
	snprintf(before, sizeof before, "%" PRIu64, ld_region_head(w.region)->size - 1);
	adopt(2, "offer_ms", 2 * LD_HOUR_MS);
	is_in_force(BINARY_JSON(0, "rules", "show", "--dir", w.dir, "--json"), 2, "2h",
		    "a decision of the bureau");
	BINARY_SAYS(0, "* offer_ms                     = 2h             # a decision of the bureau",
		    "rules", "show", "--dir", w.dir);
	is_in_force(BINARY_JSON(0, "rules", "show", "--dir", w.dir, "--at", before, "--json"), 1,
		    "3d", of_cn);
}

/* ---- the table ---- */

static size_t names_in(const cJSON *row, const char *list)
{
	size_t n = 0;
	const cJSON *check;

	cJSON_ArrayForEach(check, cJSON_GetObjectItem(row, list))
	{
		assert_string_not_equal(string_of(check, "name"), "");
		assert_string_not_equal(string_of(check, "en"), "");
		assert_string_not_equal(string_of(check, "zh"), "");
		n++;
	}
	return n;
}

static size_t checks_of(const struct ld_check *const *list)
{
	size_t n = 0;

	while (n < LD_MAX_CHECKS && list[n] != NULL)
		n++;
	return n;
}

/* One row a line, as the interpreter has it. */
static void the_table(void **state)
{
	struct binary b = BINARY("rules", "table", "--json");
	char *line = b.out;

	(void)state;
	assert_int_equal(b.code, 0);
	for (size_t i = 0; i < ld_table_rows; i++) {
		char *end = strchr(line, '\n');
		cJSON *row = cJSON_Parse(line);

		assert_non_null(end);
		assert_non_null(row);
		assert_int_equal(number_of(row, "row"), ld_table[i].n);
		assert_string_equal(string_of(row, "by"), ld_table[i].who);
		assert_int_equal(names_in(row, "hard"), checks_of(ld_table[i].hard));
		assert_int_equal(names_in(row, "recorded"), checks_of(ld_table[i].recorded));
		assert_int_equal(names_in(row, "once"), checks_of(ld_table[i].once));
		cJSON_Delete(row);
		line = end + 1;
	}
	assert_string_equal(line, "");
	binary_free(&b);
	BINARY_SAYS(0, "received (fact 事实: recorded) by the receiver", "rules", "table");
	BINARY_SAYS(0, "IN_TRANSIT in storage", "rules", "table");
	BINARY_SAYS(0, "a number has 14 digits", "rules", "table");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_LEDGER(wrong_arguments),	 ON_A_LEDGER(a_profile_in_order),
	    ON_A_LEDGER(profiles_out_of_order),	 ON_A_LEDGER(a_profile_is_compiled),
	    ON_A_LEDGER(a_calendar_is_compiled), ON_A_LEDGER(calendars_out_of_order),
	    ON_A_LEDGER(what_is_in_force),	 ON_A_LEDGER(the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
