/* Hazard letters: what waste has them, and what must not come together. Law article 81. */
#include <string.h>

#include "plugin/custody/drain.h"
#include "proto/waste_code.h"

static const struct ld_waste_code *find(const char *code)
{
	return ld_waste_code_find(ld_code_system_of(code), code);
}

bool ld_code_hazardous(const char *code)
{
	const struct ld_waste_code *w = find(code);

	return w != NULL && w->hazardous;
}

/* Letters joined by "or" are copied from the catalogue as they stand there: which of them applies
 * is certain only where one alone is said. */
static uint32_t letters(const struct ld_waste *w)
{
	const struct ld_waste_code *code = find(w->code);
	uint32_t said;

	if (code == NULL || code->hazards == 0)
		return w->hazards;
	if (!code->any_of)
		return code->hazards;
	said = w->hazards != 0 ? w->hazards : code->hazards;
	return (said & (said - 1)) == 0 ? said : 0;
}

/* 医疗废物管理条例 article 14: infectious waste is not mixed with other waste; medical wastes of
 * the other kinds are of its own category. */
static bool infectious(uint32_t la, uint32_t lb)
{
	return ((la ^ lb) & LIANDAN__HAZARD__HAZARD_IN) != 0;
}

/* Cyanides, sulphides, what reacts with water: beside what corrodes; or beside what burns, where it
 * does not burn itself (spent solvents are both). */
static bool reactive(uint32_t la, uint32_t lb)
{
	const bool burns = (la & LIANDAN__HAZARD__HAZARD_I) != 0;

	return (la & LIANDAN__HAZARD__HAZARD_R) != 0 &&
	       ((lb & LIANDAN__HAZARD__HAZARD_C) != 0 ||
		((lb & LIANDAN__HAZARD__HAZARD_I) != 0 && !burns));
}

static bool same_category(const struct ld_waste *a, const struct ld_waste *b)
{
	const unsigned category = ld_waste_code_category(a->code);

	return category != 0 && category == ld_waste_code_category(b->code);
}

bool ld_wastes_clash(const struct ld_waste *a, const struct ld_waste *b)
{
	const uint32_t la = letters(a), lb = letters(b);

	return strcmp(a->code, b->code) != 0 && !same_category(a, b) &&
	       (infectious(la, lb) || reactive(la, lb) || reactive(lb, la));
}
