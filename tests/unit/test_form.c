/* The national manifest form in; sheets out; periods of declarations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deploy/cli/declare.h"
#include "deploy/cli/events.h"
#include "deploy/cli/form.h"
#include "proto/gate.h"

#define HEAD "number,generator,site,receiver,destination,carriers,line,code,hazards,mass_t\n"

static char why[320];

static cJSON *read_ok(const char *text)
{
	cJSON *events = cJSON_CreateArray();

	if (ld_form_read(text, strlen(text), events, why, sizeof why) != LD_OK)
		fail_msg("%s", why);
	return events;
}

static void refused(const char *text, const char *part)
{
	cJSON *events = cJSON_CreateArray();

	assert_int_equal(ld_form_read(text, strlen(text), events, why, sizeof why),
			 LD_ERR_MALFORMED);
	if (strstr(why, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why, part);
	cJSON_Delete(events);
}

/* Every draft that is read is an event that the gate takes. */
static Liandan__Event *event_of(cJSON *events, int at, struct ld_arena *arena)
{
	struct ld_labels none = {0};
	Liandan__Event *e;
	const char *label, *key_file;

	if (ld_event_of(cJSON_GetArrayItem(events, at), &none, arena, &e, &label, &key_file, why,
			sizeof why) != LD_OK)
		fail_msg("%s", why);
	return e;
}

static void rows_become_drafts(void **state)
{
	cJSON *events = read_ok(
	    HEAD "20264403000001,gen,yard,pit,gate,haul; haul2,1,900-041-49,\"T,In\",1.25\n"
		 "20264403000001,gen,yard,pit,gate,haul; haul2,2,900-249-08,\"T,I\",0.000001\n"
		 ",gen,yard,pit,gate,haul,1,900-249-08,,3\n"
		 ",gen,yard,pit,gate,haul,1,900-249-08,,4\n");
	struct ld_arena arena;
	const Liandan__ManifestCreated *m;

	(void)state;
	assert_int_equal(ld_arena_init(&arena, 1u << 20), 0);
	assert_int_equal(cJSON_GetArraySize(events), 3);
	m = event_of(events, 0, &arena)->manifest_created;
	assert_string_equal(m->number, "20264403000001");
	assert_int_equal(m->n_carriers, 2);
	assert_string_equal(m->carriers[1]->party, "haul2");
	assert_int_equal(m->carriers[1]->order, 2);
	assert_int_equal(m->n_lines, 2);
	assert_int_equal(m->lines[0]->quantity->mass_g, 1250000);
	assert_int_equal(m->lines[0]->hazards,
			 LIANDAN__HAZARD__HAZARD_T | LIANDAN__HAZARD__HAZARD_IN);
	assert_int_equal(m->lines[1]->quantity->mass_g, 1);
	m = event_of(events, 1, &arena)->manifest_created;
	assert_int_equal(m->n_lines, 1);
	assert_int_equal(m->lines[0]->quantity->mass_g, 3000000);
	/* two drafts of the same kind are two manifests */
	assert_memory_not_equal(m->manifest.data,
				event_of(events, 2, &arena)->manifest_created->manifest.data, 16);
	cJSON_Delete(events);
	ld_arena_free(&arena);
}

static void json_and_chinese_heads(void **state)
{
	cJSON *a = read_ok(
	    "[{\"generator\":\"gen\",\"site\":\"s\",\"receiver\":\"pit\",\"destination\":\"d\","
	    "\"carriers\":\"haul\",\"code\":\"900-041-49\",\"mass_t\":\"3\"}]");
	cJSON *b = read_ok("移出单位,site "
			   "移出地,接受单位,运输终点,承运单位,废物代码,移出量(吨)\ngen,s,pit,d,"
			   "haul,900-041-49,3\n");

	(void)state;
	assert_int_equal(cJSON_GetArraySize(a), 1);
	assert_int_equal(cJSON_GetArraySize(b), 1);
	cJSON_Delete(a);
	cJSON_Delete(b);
}

static void wrong_rows_are_named(void **state)
{
	(void)state;
	refused(HEAD ",gen,yard,pit,gate,haul,1,900-041-49,T,-1\n", "line 2: mass_t");
	refused(HEAD ",gen,yard,pit,gate,haul,1,900-041-49,T,1.0000001\n", "mass_t");
	refused(HEAD ",gen,yard,pit,gate,haul,1,900-041-49,T,99999999999999999999\n", "mass_t");
	refused(HEAD ",gen,yard,pit,gate,haul,1,900-041-49,X,1\n", "hazards");
	refused(HEAD ",gen,yard,pit,gate,haul,1,,T,1\n", "code");
	refused(HEAD ",gen,yard,pit,gate,haul,0,900-041-49,T,1\n", "line is 0");
	refused(HEAD ",,yard,pit,gate,haul,1,900-041-49,T,1\n", "required");
	refused(HEAD ",gen,yard\n", "line 2");
	refused("generator,nonsense\n", "nonsense");
	refused("generator,移出单位\n", "twice");
	refused("generator,accepted_t\ngen,3\n", "accepted_t");
	refused("[{\"generator\":3}]", "must be a string");
	refused("[3]", "not an object");
	refused("[", "array");
}

static void formulas_are_not_run(void **state)
{
	static const struct ld_column columns[] = {{"a", "甲"}, {"b", "乙"}};
	struct ld_sheet s;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	cJSON *row;

	(void)state;
	assert_int_equal(ld_sheet_new(&s, columns, 2), LD_OK);
	row = ld_sheet_row(&s);
	ld_sheet_set(row, "a", "=HYPERLINK(\"x\")");
	ld_sheet_tonnes(row, "b", -1);
	row = ld_sheet_row(&s);
	ld_sheet_set(row, "a", "-1+1");
	ld_sheet_tonnes(row, "b", INT64_MIN);
	ld_sheet_print(&s, f, false, false);
	fclose(f);
	assert_string_equal(text, "a 甲,b 乙\r\n\"'=HYPERLINK(\"\"x\"\")\",-0.000001\r\n"
				  "\"'-1+1\",-9223372036854.775808\r\n");
	free(text);
	ld_sheet_free(&s);
}

static void periods(void **state)
{
	int64_t from, to;

	(void)state;
	assert_true(ld_period("2026-11", &from, &to));
	assert_int_equal(from, INT64_C(1793462400000)); /* 2026-11-01 00:00 UTC+8 */
	assert_int_equal(to - from, INT64_C(30) * 86400000);
	assert_true(ld_period("2024-02", &from, &to));
	assert_int_equal(to - from, INT64_C(29) * 86400000);
	assert_true(ld_period("2026-Q4", &from, &to));
	assert_int_equal(to - from, INT64_C(92) * 86400000);
	assert_true(ld_period("2024", &from, &to));
	assert_int_equal(to - from, INT64_C(366) * 86400000);
	assert_false(ld_period("2026-13", &from, &to));
	assert_false(ld_period("2026-Q5", &from, &to));
	assert_false(ld_period("2026-1", &from, &to));
	assert_false(ld_period("26", &from, &to));
	assert_true(ld_when("2026-11-01", &from));
	assert_int_equal(from, INT64_C(1793462400000));
	assert_true(ld_when("2026-11-01T07:30", &to));
	assert_int_equal(to - from, INT64_C(27000000));
	assert_false(ld_when("2026-02-29", &from));
	assert_false(ld_when("2026-11-01T24:00", &from));
	assert_true(ld_when("5", &from));
	assert_int_equal(from, 5);
}

static int gate(void **state)
{
	(void)state;
	return ld_gate_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_become_drafts),
	    cmocka_unit_test(json_and_chinese_heads),
	    cmocka_unit_test(wrong_rows_are_named),
	    cmocka_unit_test(formulas_are_not_run),
	    cmocka_unit_test(periods),
	};

	return cmocka_run_group_tests(tests, gate, NULL);
}
