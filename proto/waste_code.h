/* The catalogues of waste codes: China's 467 hazardous wastes (国家危险废物名录 2021, Order 15),
 * the 842 European codes (List of Waste). Our own compact tables; no allocation. */
#ifndef LD_PROTO_WASTE_CODE_H
#define LD_PROTO_WASTE_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "liandan/common.pb-c.h"

struct ld_waste_code {
	const char *code; /* "900-041-49", "010304" */
	uint8_t hazards;  /* Hazard bits of the catalogue */
	bool any_of; /* the letters are joined by "or" (/): any non-empty part of them is right;
		      * else by "and" (,): exactly these */
	bool hazardous;
	bool mirror; /* EWC: hazardous or not depending on content */
};

/* NULL when the catalogue has no such code, or we have no such catalogue. 900-000-xx (waste found
 * hazardous by test, xx a category) is found too, though the list does not count it: any letters
 * fit. */
const struct ld_waste_code *ld_waste_code_find(Liandan__CodeSystem system, const char *code);
size_t ld_waste_code_count(Liandan__CodeSystem system);
const struct ld_waste_code *ld_waste_code_at(Liandan__CodeSystem system, size_t i);
/* Are these declared letters (Hazard bits) right for the code? European codes have none: always. */
bool ld_waste_code_hazards_fit(const struct ld_waste_code *code, uint32_t hazards);
/* Category number of a national code (HW49 -> 49), 0 for others. */
unsigned ld_waste_code_category(const char *code);
/* Does a licence's pattern cover the code: the code itself, "HW49", or "*". */
bool ld_waste_code_covers(const char *pattern, const char *code);

#endif
