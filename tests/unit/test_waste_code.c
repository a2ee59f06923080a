/* The catalogues of waste codes: order, search, letters; every code against the shared data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "proto/waste_code.h"

#define CN LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS
#define EWC LIANDAN__CODE_SYSTEM__CODE_SYSTEM_EWC

enum { T = 1, C = 2, I = 4, R = 8, IN = 16 };

static void counts_and_order(void **state)
{
	(void)state;
	assert_int_equal(ld_waste_code_count(CN), 467);
	assert_int_equal(ld_waste_code_count(EWC), 842);
	assert_int_equal(ld_waste_code_count(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL), 0);
	assert_null(ld_waste_code_at(CN, 467));
	assert_null(ld_waste_code_at(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_UNSPECIFIED, 0));
	for (int s = CN; s <= EWC; s++) {
		for (size_t i = 0; i < ld_waste_code_count((Liandan__CodeSystem)s); i++) {
			const struct ld_waste_code *code =
			    ld_waste_code_at((Liandan__CodeSystem)s, i);
			/* found again, so the order is the one that the search needs */
			assert_ptr_equal(ld_waste_code_find((Liandan__CodeSystem)s, code->code),
					 code);
			assert_int_equal(code->hazards != 0, s == CN);
		}
	}
}

static void not_there(void **state)
{
	(void)state;
	const char *const codes[] = {"",	   "900-041-4",	  "900-041-499", "900_041_49",
				     "900-041-00", "999-999-99",  "900-041-51",	 "010304",
				     "HW49",	   "９00-041-49", "90a-041-49"};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		assert_null(ld_waste_code_find(CN, codes[i]));
	const char *const european[] = {"",	    "01",      "010300",     "010304*",
					"01 03 04", "0103041", "900-041-49", "999999"};
	for (size_t i = 0; i < sizeof european / sizeof european[0]; i++)
		assert_null(ld_waste_code_find(EWC, european[i]));
	assert_null(
	    ld_waste_code_find(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL, "900-001-S17"));
}

static void letters(void **state)
{
	(void)state;
	/* T/In: either or both */
	const struct ld_waste_code *any = ld_waste_code_find(CN, "900-041-49");
	assert_non_null(any);
	assert_true(ld_waste_code_hazards_fit(any, T));
	assert_true(ld_waste_code_hazards_fit(any, IN));
	assert_true(ld_waste_code_hazards_fit(any, T | IN));
	assert_false(ld_waste_code_hazards_fit(any, 0));
	assert_false(ld_waste_code_hazards_fit(any, T | C));
	assert_false(ld_waste_code_hazards_fit(any, T | 32));
	/* T,I: both */
	const struct ld_waste_code *both = ld_waste_code_find(CN, "900-249-08");
	assert_non_null(both);
	assert_true(ld_waste_code_hazards_fit(both, T | I));
	assert_false(ld_waste_code_hazards_fit(both, T));
	assert_false(ld_waste_code_hazards_fit(both, I));
	assert_false(ld_waste_code_hazards_fit(both, T | I | C));
	/* found hazardous by test */
	const struct ld_waste_code *tested = ld_waste_code_find(CN, "900-000-17");
	assert_non_null(tested);
	for (uint32_t h = 1; h < 32; h++)
		assert_true(ld_waste_code_hazards_fit(tested, h));
	assert_false(ld_waste_code_hazards_fit(tested, 0));
	assert_false(ld_waste_code_hazards_fit(tested, 32));
	assert_null(ld_waste_code_find(CN, "900-000-00"));
	assert_null(ld_waste_code_find(CN, "900-000-51"));
	/* European codes carry no letters */
	const struct ld_waste_code *tailings = ld_waste_code_find(EWC, "010304");
	assert_non_null(tailings);
	assert_true(tailings->hazardous && !tailings->mirror);
	assert_true(ld_waste_code_hazards_fit(tailings, 0));
	assert_true(ld_waste_code_find(EWC, "010305")->mirror);
	assert_false(ld_waste_code_find(EWC, "010306")->hazardous);
}

static void categories(void **state)
{
	(void)state;
	assert_int_equal(ld_waste_code_category("900-041-49"), 49);
	assert_int_equal(ld_waste_code_category("841-001-01"), 1);
	assert_int_equal(ld_waste_code_category("010304"), 0);
	assert_int_equal(ld_waste_code_category("900-041-4x"), 0);
	assert_int_equal(ld_waste_code_category(""), 0);
	assert_true(ld_waste_code_covers("*", "anything"));
	assert_true(ld_waste_code_covers("900-041-49", "900-041-49"));
	assert_false(ld_waste_code_covers("900-041-49", "900-039-49"));
	assert_true(ld_waste_code_covers("HW49", "900-041-49"));
	assert_true(ld_waste_code_covers("HW49", "900-000-49"));
	assert_false(ld_waste_code_covers("HW08", "900-041-49"));
	assert_false(ld_waste_code_covers("HW4", "900-041-49"));
	assert_false(ld_waste_code_covers("HW490", "900-041-49"));
	assert_false(ld_waste_code_covers("HW00", "010304"));
	assert_false(ld_waste_code_covers("HW04", "010304"));
	assert_false(ld_waste_code_covers("", "900-041-49"));
	assert_true(ld_waste_code_covers("010304", "010304"));
}

static FILE *shared(const char *name)
{
	const char *dir = getenv("LIANDAN_SHARED");
	char path[512];
	if (!dir)
		return NULL;
	snprintf(path, sizeof path, "%s/data/waste-codes/%s", dir, name);
	return fopen(path, "rb");
}

/* "T/C/In" */
static uint32_t bits(char *text)
{
	uint32_t h = 0;
	for (char *p = strsep(&text, "/"); p; p = strsep(&text, "/")) {
		if (strcmp(p, "In") == 0)
			h |= IN;
		else
			h |= *p == 'T' ? T : *p == 'C' ? C : *p == 'I' ? I : *p == 'R' ? R : 0;
	}
	return h;
}

static void every_national_code(void **state)
{
	(void)state;
	FILE *f = shared("national_hazardous_waste_list_2021.csv");
	if (!f) {
		print_message("LIANDAN_SHARED is not set or has no waste-codes\n");
		skip();
	}
	char line[8192];
	size_t n = 0;
	assert_non_null(fgets(line, sizeof line, f)); /* titles */
	while (fgets(line, sizeof line, f)) {
		/* code, HWnn, category name, industry, letters, and/or/single, description: no
		 * quotes before the last */
		char *part[6];
		char *at = line;
		for (size_t i = 0; i < 6; i++)
			part[i] = strsep(&at, ",");
		if (!at || strlen(part[0]) != 10)
			continue; /* a description that goes on */
		const struct ld_waste_code *code = ld_waste_code_find(CN, part[0]);
		assert_non_null(code);
		const uint32_t right = bits(part[4]);
		assert_int_equal(code->hazards, right);
		assert_int_equal(code->any_of, strcmp(part[5], "or") == 0);
		assert_int_equal(ld_waste_code_category(part[0]), strtoul(part[1] + 2, NULL, 10));
		assert_true(ld_waste_code_covers(part[1], part[0]));
		for (uint32_t h = 0; h < 64; h++) {
			const bool fits = code->any_of ? h && !(h & ~right) : h == right;
			assert_int_equal(ld_waste_code_hazards_fit(code, h), fits);
		}
		n++;
	}
	fclose(f);
	assert_int_equal(n, 467);
}

static void every_european_code(void **state)
{
	(void)state;
	FILE *f = shared("ewc-codes.json");
	if (!f) {
		print_message("LIANDAN_SHARED is not set or has no waste-codes\n");
		skip();
	}
	static char text[1 << 20];
	const size_t len = fread(text, 1, sizeof text - 1, f);
	text[len] = '\0';
	fclose(f);
	cJSON *json = cJSON_Parse(text);
	assert_non_null(json);
	size_t n = 0;
	const cJSON *entry = NULL;
	cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "validEwcCodes"))
	{
		const struct ld_waste_code *code = ld_waste_code_find(
		    EWC, cJSON_GetStringValue(cJSON_GetObjectItem(entry, "code")));
		const char *kind =
		    cJSON_GetStringValue(cJSON_GetObjectItem(entry, "entryTypeDesc"));
		assert_non_null(code);
		assert_int_equal(code->hazardous,
				 cJSON_IsTrue(cJSON_GetObjectItem(entry, "isHazardous")));
		assert_int_equal(code->mirror, strncmp(kind, "Mirror", 6) == 0);
		n++;
	}
	cJSON_Delete(json);
	assert_int_equal(n, 842);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_and_order),
	    cmocka_unit_test(not_there),
	    cmocka_unit_test(letters),
	    cmocka_unit_test(categories),
	    cmocka_unit_test(every_national_code),
	    cmocka_unit_test(every_european_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
