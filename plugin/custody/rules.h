/* Thresholds, deadlines and tolerances in force. Values, units, bounds and sources: rules.def.
 * Version 1 of profile CN is compiled in; RulesAdopted events replace it from their `from_ms` on.
 */
#ifndef LD_CUSTODY_RULES_H
#define LD_CUSTODY_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LD_MINUTE_MS INT64_C(60000)
#define LD_HOUR_MS (60 * LD_MINUTE_MS)
#define LD_DAY_MS (24 * LD_HOUR_MS)

/* What a profile says of a check of the table (table.h), where it may say anything: intentions
 * only. */
enum ld_strictness {
	LD_AS_TABLED = 0,
	LD_HARD = 1,	/* a recorded check refuses */
	LD_RECORDED = 2 /* a hard check is recorded and flagged */
};

enum ld_check_id {
#define LD_CHECK(name, ...) LD_CHECK_##name,
#include "plugin/custody/checks.def"
#undef LD_CHECK
	LD_CHECKS
};

struct ld_rules {
	const char *profile;
	uint32_t version;
#define LD_RULE(name, ...) int64_t name;
#include "plugin/custody/rules.def"
#undef LD_RULE
	uint8_t check[LD_CHECKS + 1]; /* ld_strictness, by ld_check_id */
};

/* Profile CN, version 1. */
extern const struct ld_rules ld_rules_cn;

enum ld_rule_unit {
	LD_UNIT_MS,
	LD_UNIT_GRAM,
	LD_UNIT_PERMILLE,
	LD_UNIT_PERCENT,
	LD_UNIT_WORKDAYS,
	LD_UNIT_METRE,
	LD_UNIT_CM_S,
	LD_UNIT_COUNT,
	LD_UNIT_FLAG,	   /* 0 or 1 */
	LD_UNIT_STRICTNESS /* ld_strictness */
};

/* rules.def and checks.def ("check.<name>") as data, for who reads, prints and checks profiles. */
struct ld_rule_def {
	const char *name;
	enum ld_rule_unit unit;
	int64_t min, max;
	const char *source, *zh, *en;
	size_t offset; /* in struct ld_rules; of a check its ld_check_id */
};
extern const struct ld_rule_def ld_rule_defs[];
extern const size_t ld_rule_defs_n;
const struct ld_rule_def *ld_rule_find(const char *name);
int64_t ld_rules_get(const struct ld_rules *r, const struct ld_rule_def *d);
/* false: no such name, or out of its bounds; nothing is changed. */
bool ld_rules_set(struct ld_rules *r, const char *name, int64_t value);

#endif
