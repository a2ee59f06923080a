/* anomalies.def as data. */
#include "plugin/custody/anomaly.h"
#include "proto/verdict.h"

static const struct ld_anomaly_row kinds[] = {
#define LD_ANOMALY(kind_, group_, channel_, level_, alone_, speaks_, party_, zh_, en_)             \
	{.kind = LIANDAN__ANOMALY_KIND__##kind_,                                                   \
	 .group = (group_),                                                                        \
	 .channel = LD_CHANNEL_##channel_,                                                         \
	 .level = (level_),                                                                        \
	 .alone = (alone_),                                                                        \
	 .speaks = (speaks_),                                                                      \
	 .party = LD_CONCERNS_##party_,                                                            \
	 .zh = (zh_),                                                                              \
	 .en = (en_)},
#include "plugin/custody/anomalies.def"
#undef LD_ANOMALY
};

static const struct ld_anomaly_row reasons[] = {
#define LD_VIOLATION(reason_, group_, channel_, level_, alone_, speaks_, party_, unit_)            \
	{.kind = LIANDAN__ANOMALY_KIND__RULE_VIOLATED,                                             \
	 .reason = LIANDAN__REASON__##reason_,                                                     \
	 .group = (group_),                                                                        \
	 .channel = LD_CHANNEL_##channel_,                                                         \
	 .level = (level_),                                                                        \
	 .alone = (alone_),                                                                        \
	 .speaks = (speaks_),                                                                      \
	 .party = LD_CONCERNS_##party_,                                                            \
	 .unit = LIANDAN__FIGURE_UNIT__FIGURE_UNIT_##unit_},
#include "plugin/custody/anomalies.def"
#undef LD_VIOLATION
};

static const struct {
	Liandan__DeadlineClock clock;
	Liandan__AnomalyKind kind;
	uint32_t level;
} clocks[] = {
#define LD_CLOCK(clock_, kind_, level_)                                                            \
	{LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_##clock_, LIANDAN__ANOMALY_KIND__##kind_,         \
	 (level_)},
#include "plugin/custody/anomalies.def"
#undef LD_CLOCK
};

#define N(list) (sizeof(list) / sizeof(list)[0])

const struct ld_anomaly_row *ld_anomaly_row(Liandan__AnomalyKind kind, Liandan__Reason reason)
{
	if (kind == LIANDAN__ANOMALY_KIND__RULE_VIOLATED)
		for (size_t i = 0; i < N(reasons); i++)
			if (reasons[i].reason == reason)
				return &reasons[i];
	for (size_t i = 0; i < N(kinds); i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	return &kinds[0];
}

const struct ld_anomaly_row *ld_anomaly_rows(size_t i)
{
	if (i < N(kinds))
		return &kinds[i];
	return i - N(kinds) < N(reasons) ? &reasons[i - N(kinds)] : NULL;
}

uint32_t ld_anomaly_level(Liandan__AnomalyKind kind, Liandan__Reason reason)
{
	return ld_anomaly_row(kind, reason)->level;
}

uint32_t ld_anomaly_of_clock(Liandan__DeadlineClock clock, Liandan__AnomalyKind *kind)
{
	for (size_t i = 0; i < N(clocks); i++) {
		if (clocks[i].clock != clock)
			continue;
		*kind = clocks[i].kind;
		return clocks[i].level;
	}
	*kind = LIANDAN__ANOMALY_KIND__DEADLINE;
	return ld_anomaly_level(*kind, LIANDAN__REASON__REASON_NONE);
}

Liandan__FigureUnit ld_anomaly_unit(Liandan__Reason reason)
{
	const struct ld_anomaly_row *row =
	    ld_anomaly_row(LIANDAN__ANOMALY_KIND__RULE_VIOLATED, reason);

	return row->unit != 0 ? row->unit : LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT;
}

const char *ld_anomaly_en(Liandan__AnomalyKind kind)
{
	return ld_anomaly_row(kind, LIANDAN__REASON__REASON_NONE)->en;
}

const char *ld_anomaly_zh(Liandan__AnomalyKind kind)
{
	return ld_anomaly_row(kind, LIANDAN__REASON__REASON_NONE)->zh;
}
