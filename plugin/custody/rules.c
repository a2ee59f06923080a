#include "plugin/custody/rules.h"

#include <stddef.h>
#include <string.h>

const struct ld_rules ld_rules_cn = {
    .profile = "CN",
    .version = 1,
#define LD_RULE(name, unit, value, ...) .name = (value),
#include "plugin/custody/rules.def"
#undef LD_RULE
};

const struct ld_rule_def ld_rule_defs[] = {
#define LD_RULE(field, unit_, value_, min_, max_, source_, zh_, en_)                               \
	{.name = #field,                                                                           \
	 .unit = LD_UNIT_##unit_,                                                                  \
	 .min = (min_),                                                                            \
	 .max = (max_),                                                                            \
	 .source = (source_),                                                                      \
	 .zh = (zh_),                                                                              \
	 .en = (en_),                                                                              \
	 .offset = offsetof(struct ld_rules, field)},
#include "plugin/custody/rules.def"
#undef LD_RULE
#define CHECK(field, max_, row_, zh_, en_)                                                         \
	{.name = "check." #field,                                                                  \
	 .unit = LD_UNIT_STRICTNESS,                                                               \
	 .min = LD_AS_TABLED,                                                                      \
	 .max = (max_),                                                                            \
	 .source = "CUSTODY-" #row_,                                                               \
	 .zh = (zh_),                                                                              \
	 .en = (en_),                                                                              \
	 .offset = LD_CHECK_##field},
#define LD_CHECK(field, ...) CHECK(field, LD_RECORDED, __VA_ARGS__)
#define LD_FORM(field, ...) CHECK(field, LD_HARD, __VA_ARGS__)
#include "plugin/custody/checks.def"
#undef LD_CHECK
};
const size_t ld_rule_defs_n = sizeof ld_rule_defs / sizeof ld_rule_defs[0];

const struct ld_rule_def *ld_rule_find(const char *name)
{
	for (size_t i = 0; i < ld_rule_defs_n; i++)
		if (strcmp(ld_rule_defs[i].name, name) == 0)
			return &ld_rule_defs[i];
	return NULL;
}

int64_t ld_rules_get(const struct ld_rules *r, const struct ld_rule_def *d)
{
	int64_t value;

	if (d->unit == LD_UNIT_STRICTNESS)
		return r->check[d->offset];
	memcpy(&value, (const char *)r + d->offset, sizeof value);
	return value;
}

bool ld_rules_set(struct ld_rules *r, const char *name, int64_t value)
{
	const struct ld_rule_def *d = ld_rule_find(name);

	if (d == NULL || value < d->min || value > d->max)
		return false;
	if (d->unit == LD_UNIT_STRICTNESS)
		r->check[d->offset] = (uint8_t)value;
	else
		memcpy((char *)r + d->offset, &value, sizeof value);
	return true;
}
