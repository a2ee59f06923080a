/* Profiles and calendars: an authority's acts, refused with what is wrong with them. Source:
 * EVENTS, RulesAdopted, CalendarAdopted; names, units and bounds: rules.def. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/registry.h"
#include "plugin/custody/table.h"
#include "plugin/custody/year.h"
#include "proto/digest.h"

#define CALENDAR_FIRST_YEAR 2000
#define CALENDAR_LAST_YEAR 2200
#define FROM_LATE_MS LD_DAY_MS /* "from today" is midnight, and the mail takes its time */

static bool values_sane(const Liandan__RulesAdopted *b, struct ld_judgement *j)
{
	for (size_t i = 0; i < b->n_values; i++) {
		const Liandan__RuleValue *v = b->values[i];
		const struct ld_rule_def *d = ld_rule_find(v->name);

		if (i != 0 && strcmp(b->values[i - 1]->name, v->name) >= 0)
			return ld_refuse(j, LIANDAN__REASON__BAD_RULES,
					 "value %zu, %.64s: names ascend and none is there twice",
					 i + 1, v->name);
		if (d == NULL)
			return ld_refuse(j, LIANDAN__REASON__BAD_RULES,
					 "value %zu: there is no rule %.64s", i + 1, v->name);
		if (!ld_rule_applies(d))
			return ld_refuse(j, LIANDAN__REASON__BAD_RULES,
					 "%s is asked of facts only, which no profile refuses",
					 d->name);
		if (v->value < d->min || v->value > d->max)
			return ld_refuse(j, LIANDAN__REASON__BAD_RULES,
					 "%s is %" PRId64 ", allowed are %" PRId64 " to %" PRId64,
					 d->name, v->value, d->min, d->max);
		if (v->source[0] == '\0')
			return ld_refuse(j, LIANDAN__REASON__BAD_RULES, "%s names no source",
					 d->name);
	}
	return true;
}

/* SHA-256 over the values' encodings, in order, as ManifestSealed.content is made. */
bool ld_rules_digest(struct ld_arena *arena, const Liandan__RulesAdopted *b,
		     uint8_t out[LD_HASH_BYTES])
{
	size_t mark = arena->used, total = 0, at = 0;
	uint8_t *bytes;

	for (size_t i = 0; i < b->n_values; i++)
		total += liandan__rule_value__get_packed_size(b->values[i]);
	bytes = ld_arena_alloc(arena, total + 1);
	if (bytes == NULL)
		return false;
	for (size_t i = 0; i < b->n_values; i++)
		at += liandan__rule_value__pack(b->values[i], bytes + at);
	ld_sha256(bytes, at, out);
	arena->used = mark;
	return true;
}

struct newest {
	uint32_t version;
	size_t n;
};

static int newest_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		      size_t len)
{
	struct newest *w = ctx;
	uint32_t version = 0;

	(void)value, (void)len;
	for (size_t i = 0; i < key_len && i < 4; i++)
		version = version << 8 | key[i];
	w->version = version > w->version ? version : w->version;
	w->n++;
	return 0;
}

bool ld_rules_judge(struct ld_custody *c, const struct ld_fact *f, const Liandan__RulesAdopted *b,
		    struct ld_judgement *j)
{
	struct newest w = {.version = ld_rules_cn.version};
	uint8_t digest[LD_HASH_BYTES];

	if (!ld_by_authority(f, j) || !values_sane(b, j))
		return false;
	ld_state_walk(c->state, LD_T_RULES, NULL, 0, NULL, 0, newest_one, &w, NULL);
	if (b->version <= w.version)
		return ld_refuse(j, LIANDAN__REASON__BAD_RULES,
				 "version %" PRIu32 " does not follow version %" PRIu32, b->version,
				 w.version);
	if (w.n >= LD_MAX_RULE_SETS)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "%d versions have been adopted already",
				 LD_MAX_RULE_SETS);
	if (b->from_ms < 0 || b->from_ms > LD_TIME_MAX_MS)
		return ld_refuse(j, LIANDAN__REASON__BAD_RULES, "from_ms is %" PRId64, b->from_ms);
	if (b->from_ms != 0 && b->from_ms < f->recorded_at_ms - FROM_LATE_MS)
		return ld_refuse(j, LIANDAN__REASON__BAD_RULES,
				 "from_ms lies %" PRId64
				 " ms in the past; what was judged stays judged",
				 f->recorded_at_ms - b->from_ms);
	if (!ld_rules_digest(c->arena, b, digest) || b->digest.len != sizeof digest ||
	    memcmp(digest, b->digest.data, sizeof digest) != 0)
		return ld_refuse(j, LIANDAN__REASON__BAD_RULES, "digest is not that of the values");
	return true;
}

static uint32_t workdays_of(const uint8_t *bits, uint32_t days)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < days; i++)
		n += bits[i / 8] >> (i % 8) & 1u;
	return n;
}

bool ld_calendar_judge(const struct ld_fact *f, const Liandan__CalendarAdopted *b,
		       struct ld_judgement *j)
{
	const bool leap = (b->year % 4 == 0 && b->year % 100 != 0) || b->year % 400 == 0;
	const uint32_t days = leap ? 366 : 365;

	if (!ld_by_authority(f, j))
		return false;
	if (b->year < CALENDAR_FIRST_YEAR || b->year > CALENDAR_LAST_YEAR)
		return ld_refuse(j, LIANDAN__REASON__BAD_RULES, "no calendar of the year %" PRIu32,
				 b->year);
	for (uint32_t i = days; i < 8 * LD_CALENDAR_BYTES; i++)
		if (b->workdays.data[i / 8] >> (i % 8) & 1)
			return ld_refuse(j, LIANDAN__REASON__BAD_RULES,
					 "%" PRIu32 " has %" PRIu32 " days", b->year, days);
	if (workdays_of(b->workdays.data, days) < days / 2)
		return ld_refuse(j, LIANDAN__REASON__BAD_RULES,
				 "fewer than half of the days of %" PRIu32 " are working days",
				 b->year);
	return true;
}
