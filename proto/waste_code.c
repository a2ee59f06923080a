#include "proto/waste_code.h"

#include <string.h>

#define T LIANDAN__HAZARD__HAZARD_T
#define C LIANDAN__HAZARD__HAZARD_C
#define I LIANDAN__HAZARD__HAZARD_I
#define R LIANDAN__HAZARD__HAZARD_R
#define IN LIANDAN__HAZARD__HAZARD_IN
#define AND(letters) (letters)
#define OR(letters) (letters), .any_of = true
#define AH .hazardous = true
#define AN .hazardous = false
#define MH .hazardous = true, .mirror = true
#define MN .hazardous = false, .mirror = true

/* `letters` and `kind` may be two initialisers: no parentheses around them. */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
static const struct ld_waste_code CN_CODES[] = {
#define CN(text, letters) {.code = (text), .hazardous = true, .hazards = letters},
#include "proto/waste_code.def"
#undef CN
};

static const struct ld_waste_code CN_TESTED_CODES[] = {
#define CN_TESTED(category)                                                                        \
	{.code = "900-000-" category, .hazardous = true, .hazards = OR(T | C | I | R | IN)},
#include "proto/waste_code.def"
#undef CN_TESTED
};

static const struct ld_waste_code EWC_CODES[] = {
#define EWC(text, kind) {.code = (text), kind},
#include "proto/waste_code.def"
#undef EWC
};
/* NOLINTEND(bugprone-macro-parentheses) */

#undef T
#undef C
#undef I
#undef R
#undef IN

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define CN_CODE_LEN 10 /* "900-041-49" */
#define CN_CATEGORY_AT 8

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_cn_form(const char *code)
{
	if (strlen(code) != CN_CODE_LEN)
		return false;
	for (size_t i = 0; i < CN_CODE_LEN; i++) {
		const bool dash = i == 3 || i == 7;
		if (dash ? code[i] != '-' : !is_digit(code[i]))
			return false;
	}
	return true;
}

unsigned ld_waste_code_category(const char *code)
{
	if (!is_cn_form(code))
		return 0;
	return (unsigned)(code[CN_CATEGORY_AT] - '0') * 10 +
	       (unsigned)(code[CN_CATEGORY_AT + 1] - '0');
}

/* The national catalogue is ordered by category, then code; the European one by code. */
static int compare(const char *a, const char *b, bool by_category)
{
	const int c = by_category ? memcmp(a + CN_CATEGORY_AT, b + CN_CATEGORY_AT, 2) : 0;
	return c ? c : strcmp(a, b);
}

static const struct ld_waste_code *search(const struct ld_waste_code *table, size_t n,
					  const char *code, bool by_category)
{
	size_t low = 0;
	while (low < n) {
		const size_t mid = low + (n - low) / 2;
		const int c = compare(code, table[mid].code, by_category);
		if (c == 0)
			return &table[mid];
		if (c < 0)
			n = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct ld_waste_code *ld_waste_code_find(Liandan__CodeSystem system, const char *code)
{
	switch ((int)system) {
	case LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS:
		if (!is_cn_form(code))
			return NULL;
		if (memcmp(code, "900-000-", CN_CATEGORY_AT) == 0)
			return search(CN_TESTED_CODES, COUNT(CN_TESTED_CODES), code, true);
		return search(CN_CODES, COUNT(CN_CODES), code, true);
	case LIANDAN__CODE_SYSTEM__CODE_SYSTEM_EWC:
		return search(EWC_CODES, COUNT(EWC_CODES), code, false);
	default:
		return NULL;
	}
}

size_t ld_waste_code_count(Liandan__CodeSystem system)
{
	switch ((int)system) {
	case LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS:
		return COUNT(CN_CODES);
	case LIANDAN__CODE_SYSTEM__CODE_SYSTEM_EWC:
		return COUNT(EWC_CODES);
	default:
		return 0;
	}
}

const struct ld_waste_code *ld_waste_code_at(Liandan__CodeSystem system, size_t i)
{
	if (i >= ld_waste_code_count(system))
		return NULL;
	return system == LIANDAN__CODE_SYSTEM__CODE_SYSTEM_EWC ? &EWC_CODES[i] : &CN_CODES[i];
}

bool ld_waste_code_hazards_fit(const struct ld_waste_code *code, uint32_t hazards)
{
	if (code->hazards == 0) /* the European list has no letters; nothing to compare */
		return true;
	if (!code->any_of)
		return hazards == code->hazards;
	return hazards != 0 && (hazards & ~(uint32_t)code->hazards) == 0;
}

bool ld_waste_code_covers(const char *pattern, const char *code)
{
	if (strcmp(pattern, "*") == 0 || strcmp(pattern, code) == 0)
		return true;
	if (strlen(pattern) != 4 || pattern[0] != 'H' || pattern[1] != 'W' || !is_cn_form(code))
		return false;
	return memcmp(pattern + 2, code + CN_CATEGORY_AT, 2) == 0;
}
