#include "plugin/custody/rules.h"

const struct ld_rules ld_rules_cn = {
    .profile = "CN",
    .version = 1,
#define LD_RULE(name, unit, value, ...) .name = (value),
#include "plugin/custody/rules.def"
#undef LD_RULE
};
