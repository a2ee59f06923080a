#include "deploy/cli/profile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/day_parse.h"
#include "deploy/cli/declare.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/table.h"
#include "plugin/custody/year.h"
#include "proto/base64.h"

struct reading {
	const char *text;
	size_t len, at;
	int line;
	char word[8][LD_PROFILE_MAX_LINE_BYTES]; /* of the line at hand */
	size_t n;
	char comment[LD_PROFILE_MAX_LINE_BYTES]; /* behind '#', trimmed */
	struct ld_profile_fault *fault;
};

static enum ld_err bad(struct reading *r, enum ld_err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static enum ld_err bad(struct reading *r, enum ld_err err, const char *fmt, ...)
{
	va_list ap;

	r->fault->line = r->line;
	va_start(ap, fmt);
	vsnprintf(r->fault->what, sizeof(r->fault->what), fmt, ap);
	va_end(ap);
	return err;
}

static enum ld_err cut(struct reading *r, const char *s, size_t n)
{
	size_t at = 0;

	r->n = 0;
	r->comment[0] = '\0';
	while (at < n) {
		size_t from;

		while (at < n && (s[at] == ' ' || s[at] == '\t'))
			at++;
		if (at == n)
			break;
		if (s[at] == '#') {
			at++;
			while (at < n && (s[at] == ' ' || s[at] == '\t'))
				at++;
			while (n > at && (s[n - 1] == ' ' || s[n - 1] == '\t'))
				n--;
			memcpy(r->comment, s + at, n - at);
			r->comment[n - at] = '\0';
			break;
		}
		for (from = at; at < n && s[at] != ' ' && s[at] != '\t' && s[at] != '#'; at++)
			;
		if (r->n == sizeof(r->word) / sizeof(r->word[0]))
			return bad(r, LD_ERR_LIMIT, "too many words");
		memcpy(r->word[r->n], s + from, at - from);
		r->word[r->n++][at - from] = '\0';
	}
	return LD_OK;
}

/* The next line that is not empty; LD_ERR_NOT_FOUND at the end. */
static enum ld_err next(struct reading *r)
{
	while (r->at < r->len) {
		const char *s = r->text + r->at, *end = memchr(s, '\n', r->len - r->at);
		size_t n = end != NULL ? (size_t)(end - s) : r->len - r->at;

		r->at += n + (end != NULL);
		r->line++;
		if (n != 0 && s[n - 1] == '\r')
			n--;
		if (n >= LD_PROFILE_MAX_LINE_BYTES)
			return bad(r, LD_ERR_LIMIT, "the line is longer than %d bytes",
				   LD_PROFILE_MAX_LINE_BYTES - 1);
		for (size_t i = 0; i < n; i++)
			if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f)
				return bad(r, LD_ERR_MALFORMED, "a control character");
		if (!ld_day_utf8_ok(s, n))
			return bad(r, LD_ERR_MALFORMED, "not UTF-8");
		enum ld_err err = cut(r, s, n);
		if (err != LD_OK || r->n != 0)
			return err;
	}
	return LD_ERR_NOT_FOUND;
}

static enum ld_err begin(struct reading *r, const char *text, size_t len,
			 struct ld_profile_fault *fault, const char *format)
{
	memset(r, 0, sizeof(*r));
	memset(fault, 0, sizeof(*fault));
	r->text = text;
	r->len = len;
	r->fault = fault;
	if (len > LD_PROFILE_MAX_BYTES)
		return bad(r, LD_ERR_LIMIT, "the file is longer than %d bytes",
			   LD_PROFILE_MAX_BYTES);
	enum ld_err err = next(r);
	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	if (err != LD_OK || r->n != 2 || strcmp(r->word[0], format) != 0 ||
	    strcmp(r->word[1], "1") != 0)
		return bad(r, LD_ERR_MALFORMED, "the first line must be \"%s 1\"", format);
	return LD_OK;
}

/* ---- values ---- */

struct scale {
	enum ld_rule_unit unit;
	const char *word;
	int64_t times;
};

/* Largest first: that is how values are written. */
static const struct scale scales[] = {
    {LD_UNIT_MS, "d", LD_DAY_MS},
    {LD_UNIT_MS, "h", LD_HOUR_MS},
    {LD_UNIT_MS, "m", LD_MINUTE_MS},
    {LD_UNIT_MS, "s", 1000},
    {LD_UNIT_MS, "ms", 1},
    {LD_UNIT_GRAM, "t", 1000000},
    {LD_UNIT_GRAM, "kg", 1000},
    {LD_UNIT_GRAM, "g", 1},
    {LD_UNIT_PERMILLE, "permille", 1},
    {LD_UNIT_PERCENT, "percent", 1},
    {LD_UNIT_WORKDAYS, "workdays", 1},
    {LD_UNIT_METRE, "km", 1000},
    {LD_UNIT_METRE, "m", 1},
    {LD_UNIT_CM_S, "cm/s", 1},
    {LD_UNIT_COUNT, "", 1},
};
#define N_SCALES (sizeof(scales) / sizeof(scales[0]))

static const struct scale words[] = {
    {LD_UNIT_FLAG, "off", 0},
    {LD_UNIT_FLAG, "on", 1},
    {LD_UNIT_STRICTNESS, "tabled", LD_AS_TABLED},
    {LD_UNIT_STRICTNESS, "hard", LD_HARD},
    {LD_UNIT_STRICTNESS, "recorded", LD_RECORDED},
};
#define N_WORDS (sizeof(words) / sizeof(words[0]))

void ld_rule_text(const struct ld_rule_def *d, int64_t value, char out[40])
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (words[i].unit == d->unit && words[i].times == value) {
			snprintf(out, 40, "%s", words[i].word);
			return;
		}
	for (size_t i = 0; i < N_SCALES; i++)
		if (scales[i].unit == d->unit && value % scales[i].times == 0 &&
		    (value != 0 || scales[i].times == 1)) {
			snprintf(out, 40, "%" PRId64 "%s%s", value / scales[i].times,
				 strlen(scales[i].word) > 2 ? " " : "", scales[i].word);
			return;
		}
	snprintf(out, 40, "%" PRId64, value);
}

/* "5 workdays", "2h", "300 kg", "on". */
static enum ld_err read_value(struct reading *r, const struct ld_rule_def *d, int64_t *out)
{
	const char *number = r->word[2], *unit = r->n > 3 ? r->word[3] : "";
	int64_t v = 0;
	size_t at = 0;

	for (size_t i = 0; i < N_WORDS; i++)
		if (words[i].unit == d->unit && r->n == 3 && strcmp(words[i].word, number) == 0) {
			*out = words[i].times;
			return LD_OK;
		}
	for (; number[at] >= '0' && number[at] <= '9'; at++)
		if ((v = v * 10 + (number[at] - '0')) > INT64_C(1000000000000000))
			return bad(r, LD_ERR_MALFORMED, "%s is too large", d->name);
	if (at != 0 && number[at] != '\0' && r->n == 3)
		unit = number + at;
	else if (number[at] != '\0')
		at = 0;
	for (size_t i = 0; at != 0 && i < N_SCALES; i++)
		if (scales[i].unit == d->unit && strcmp(scales[i].word, unit) == 0) {
			if (__builtin_mul_overflow(v, scales[i].times, out))
				return bad(r, LD_ERR_MALFORMED, "%s is too large", d->name);
			return LD_OK;
		}
	char like[40];
	ld_rule_text(d, ld_rules_get(&ld_rules_cn, d), like);
	return bad(r, LD_ERR_MALFORMED, "%s: \"%.20s%s%.20s\" is no value for it; write it like %s",
		   d->name, number, r->n > 3 ? " " : "", r->n > 3 ? unit : "", like);
}

static enum ld_err read_rule(struct reading *r, struct ld_profile *p)
{
	const struct ld_rule_def *d = ld_rule_find(r->word[0]);
	struct ld_profile_value *v = &p->values[p->n];
	char low[40], high[40];

	if (d == NULL)
		return bad(r, LD_ERR_MALFORMED, "there is no rule \"%.60s\"", r->word[0]);
	if (!ld_rule_applies(d))
		return bad(r, LD_ERR_MALFORMED,
			   "%s is asked of facts only, which no profile refuses", d->name);
	if (r->n < 3 || r->n > 4 || strcmp(r->word[1], "=") != 0)
		return bad(r, LD_ERR_MALFORMED, "a rule is written: name = value  # source");
	for (size_t i = 0; i < p->n; i++)
		if (p->values[i].rule == d)
			return bad(r, LD_ERR_MALFORMED, "%s is there twice", d->name);
	if (p->n == LD_MAX_RULE_VALUES)
		return bad(r, LD_ERR_LIMIT, "more than %d rules", LD_MAX_RULE_VALUES);
	if (r->comment[0] == '\0')
		return bad(r, LD_ERR_MALFORMED, "%s names no source: write it behind #", d->name);
	if (strlen(r->comment) > LD_MAX_STRING_BYTES)
		return bad(r, LD_ERR_LIMIT, "the source is longer than %d bytes",
			   LD_MAX_STRING_BYTES);
	enum ld_err err = read_value(r, d, &v->value);
	if (err != LD_OK)
		return err;
	if (v->value < d->min || v->value > d->max) {
		ld_rule_text(d, d->min, low);
		ld_rule_text(d, d->max, high);
		return bad(r, LD_ERR_MALFORMED, "%s must be from %s to %s", d->name, low, high);
	}
	v->rule = d;
	memcpy(v->source, r->comment, strlen(r->comment) + 1);
	p->n++;
	return LD_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct ld_profile_value *)a)->rule->name,
		      ((const struct ld_profile_value *)b)->rule->name);
}

/* profile CN-GD version 2 [from 2026-01-01] */
static enum ld_err read_head(struct reading *r, struct ld_profile *p)
{
	uint64_t version;

	if ((r->n != 4 && r->n != 6) || strcmp(r->word[0], "profile") != 0 ||
	    strcmp(r->word[2], "version") != 0 || (r->n == 6 && strcmp(r->word[4], "from") != 0))
		return bad(r, LD_ERR_MALFORMED,
			   "the second line must be: profile NAME version N [from YYYY-MM-DD]");
	if (!ld_day_id_ok(r->word[1], strlen(r->word[1])))
		return bad(r, LD_ERR_MALFORMED, "\"%.60s\" is no name", r->word[1]);
	if (!ld_parse_u64(r->word[3], &version) || version == 0 || version > UINT32_MAX)
		return bad(r, LD_ERR_MALFORMED, "\"%.20s\" is no version", r->word[3]);
	if (r->n == 6 && !ld_when(r->word[5], &p->from_ms))
		return bad(r, LD_ERR_MALFORMED, "\"%.20s\" is no day", r->word[5]);
	snprintf(p->name, sizeof(p->name), "%.*s", LD_MAX_ID_BYTES, r->word[1]);
	p->version = (uint32_t)version;
	return LD_OK;
}

enum ld_err ld_profile_parse(const char *text, size_t len, struct ld_profile *out,
			     struct ld_profile_fault *fault)
{
	struct reading *r = malloc(sizeof(*r));
	enum ld_err err = LD_ERR_NOMEM;

	memset(out, 0, sizeof(*out));
	if (r == NULL)
		return err;
	err = begin(r, text, len, fault, "liandan-rules");
	if (err == LD_OK && (err = next(r)) == LD_ERR_NOT_FOUND)
		err = bad(r, LD_ERR_MALFORMED,
			  "the second line must be: profile NAME version N [from YYYY-MM-DD]");
	if (err == LD_OK)
		err = read_head(r, out);
	while (err == LD_OK && (err = next(r)) == LD_OK)
		err = read_rule(r, out);
	if (err == LD_ERR_NOT_FOUND)
		err = out->n != 0 ? LD_OK : bad(r, LD_ERR_MALFORMED, "it sets no rule");
	if (err == LD_OK)
		qsort(out->values, out->n, sizeof(out->values[0]), by_name);
	free(r);
	return err;
}

/* ---- calendars ---- */

static bool day_of(const char *text, size_t len, uint32_t year, uint32_t *yday)
{
	char day[16];
	int64_t ms;

	if (len != 10)
		return false;
	memcpy(day, text, len);
	day[len] = '\0';
	if (!ld_when(day, &ms) || ld_china_year(ms) != year)
		return false;
	*yday = ld_china_yday(ms);
	return true;
}

static void put_day(struct ld_calendar *c, uint32_t yday, bool works)
{
	const uint8_t bit = (uint8_t)(1u << (yday % 8));

	c->workdays[yday / 8] =
	    (uint8_t)(works ? c->workdays[yday / 8] | bit : c->workdays[yday / 8] & ~bit);
}

/* off 2026-10-01..2026-10-07, or work 2026-10-10 */
static enum ld_err read_days(struct reading *r, struct ld_calendar *c)
{
	const bool works = strcmp(r->word[0], "work") == 0;
	const char *dots;
	uint32_t from, to;

	if (r->n != 2 || (!works && strcmp(r->word[0], "off") != 0))
		return bad(r, LD_ERR_MALFORMED, "a line is: off DAY, off DAY..DAY, or work DAY");
	dots = strstr(r->word[1], "..");
	if (!day_of(r->word[1], dots != NULL ? (size_t)(dots - r->word[1]) : strlen(r->word[1]),
		    c->year, &from) ||
	    (dots != NULL && !day_of(dots + 2, strlen(dots + 2), c->year, &to)))
		return bad(r, LD_ERR_MALFORMED, "\"%.40s\" is no day of %" PRIu32, r->word[1],
			   c->year);
	if (dots == NULL)
		to = from;
	if (to < from)
		return bad(r, LD_ERR_MALFORMED, "\"%.40s\" ends before it begins", r->word[1]);
	for (; from <= to; from++)
		put_day(c, from, works);
	return LD_OK;
}

/* calendar CN 2026; Monday to Friday to begin with. */
static enum ld_err read_year(struct reading *r, struct ld_calendar *c)
{
	char day[24];
	uint64_t year;
	int64_t ms;

	if (r->n != 3 || strcmp(r->word[0], "calendar") != 0 ||
	    !ld_day_id_ok(r->word[1], strlen(r->word[1])) || !ld_parse_u64(r->word[2], &year) ||
	    year < 2000 || year > 2200)
		return bad(r, LD_ERR_MALFORMED,
			   "the second line must be: calendar JURISDICTION YEAR");
	snprintf(c->jurisdiction, sizeof(c->jurisdiction), "%.*s", LD_MAX_ID_BYTES, r->word[1]);
	c->year = (uint32_t)year;
	snprintf(day, sizeof(day), "%04" PRIu32 "-01-01", c->year);
	if (!ld_when(day, &ms))
		return bad(r, LD_ERR_MALFORMED, "no such year");
	for (; ld_china_year(ms) == c->year; ms += LD_DAY_MS)
		put_day(c, ld_china_yday(ms), (((ms + 8 * LD_HOUR_MS) / LD_DAY_MS + 3) % 7) < 5);
	return LD_OK;
}

enum ld_err ld_calendar_parse(const char *text, size_t len, struct ld_calendar *out,
			      struct ld_profile_fault *fault)
{
	struct reading *r = malloc(sizeof(*r));
	enum ld_err err = LD_ERR_NOMEM;

	memset(out, 0, sizeof(*out));
	if (r == NULL)
		return err;
	err = begin(r, text, len, fault, "liandan-calendar");
	if (err == LD_OK && (err = next(r)) == LD_ERR_NOT_FOUND)
		err =
		    bad(r, LD_ERR_MALFORMED, "the second line must be: calendar JURISDICTION YEAR");
	if (err == LD_OK)
		err = read_year(r, out);
	while (err == LD_OK && (err = next(r)) == LD_OK)
		err = read_days(r, out);
	free(r);
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

/* ---- events ---- */

cJSON *ld_calendar_event(const struct ld_calendar *c)
{
	char text[LD_BASE64_CAP(LD_CALENDAR_BYTES)];
	cJSON *event = cJSON_CreateObject();
	cJSON *b = cJSON_AddObjectToObject(event, "calendar_adopted");

	cJSON_AddStringToObject(b, "jurisdiction", c->jurisdiction);
	cJSON_AddNumberToObject(b, "year", c->year);
	ld_base64_encode(c->workdays, sizeof(c->workdays), text);
	cJSON_AddStringToObject(b, "workdays", text);
	return event;
}

cJSON *ld_profile_event(const struct ld_profile *p)
{
	Liandan__RulesAdopted adopted = LIANDAN__RULES_ADOPTED__INIT;
	Liandan__RuleValue *value = calloc(p->n, sizeof(*value)),
			   **list = calloc(p->n, sizeof(Liandan__RuleValue *));
	char hex[4 + 2 * LD_HASH_BYTES + 1] = "hex:";
	uint8_t digest[LD_HASH_BYTES];
	struct ld_arena arena;
	cJSON *event = NULL, *b, *values;

	if (value == NULL || list == NULL || ld_arena_init(&arena, LD_MAX_ARENA_BYTES) != 0)
		goto out;
	for (size_t i = 0; i < p->n; i++) {
		liandan__rule_value__init(&value[i]);
		value[i].name = (char *)(uintptr_t)p->values[i].rule->name;
		value[i].value = p->values[i].value;
		value[i].source = (char *)(uintptr_t)p->values[i].source;
		list[i] = &value[i];
	}
	adopted.values = list;
	adopted.n_values = p->n;
	if (ld_rules_digest(&arena, &adopted, digest)) {
		ld_hex_encode(digest, sizeof(digest), hex + 4);
		event = cJSON_CreateObject();
		b = cJSON_AddObjectToObject(event, "rules_adopted");
		cJSON_AddStringToObject(b, "profile", p->name);
		cJSON_AddNumberToObject(b, "version", p->version);
		cJSON_AddStringToObject(b, "digest", hex);
		values = cJSON_AddArrayToObject(b, "values");
		for (size_t i = 0; i < p->n; i++) {
			cJSON *v = cJSON_CreateObject();

			cJSON_AddStringToObject(v, "name", value[i].name);
			ld_json_i64(v, "value", value[i].value);
			cJSON_AddStringToObject(v, "source", value[i].source);
			cJSON_AddItemToArray(values, v);
		}
		if (p->from_ms != 0)
			ld_json_i64(b, "from_ms", p->from_ms);
	}
	ld_arena_free(&arena);
out:
	free(value);
	free(list);
	return event;
}
