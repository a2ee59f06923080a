#include <stdio.h>
#include <string.h>

#include "deploy/cli/day_parse.h"

/* All numbers are read digit by digit into integers: no locale, no floating point, no overflow. */

static enum ld_err bad(char *what, size_t cap, const char *expected, const char *text, size_t len)
{
	snprintf(what, cap, "'%.*s' is not %s", (int)(len > 40 ? 40 : len), text, expected);
	return LD_ERR_MALFORMED;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *pos, at most `max`; false without any or when larger. */
static bool digits(const char *s, size_t n, size_t *pos, int64_t max, int64_t *out)
{
	size_t at = *pos;
	int64_t v = 0;

	while (at < n && is_digit(s[at])) {
		v = v * 10 + (s[at] - '0');
		if (v > max)
			return false;
		at++;
	}
	if (at == *pos)
		return false;
	*pos = at;
	*out = v;
	return true;
}

/* A decimal number times 10^scale, at most `places` digits after the point (places <= scale). */
static bool decimal(const char *s, size_t n, size_t *pos, int scale, int64_t max_whole,
		    int64_t *out)
{
	int64_t whole = 0;
	int64_t frac = 0;
	int got = 0;

	if (!digits(s, n, pos, max_whole, &whole))
		return false;
	if (*pos < n && s[*pos] == '.') {
		(*pos)++;
		while (*pos < n && is_digit(s[*pos])) {
			if (got == scale)
				return false;
			frac = frac * 10 + (s[*pos] - '0');
			got++;
			(*pos)++;
		}
		if (got == 0)
			return false;
	}
	for (int i = got; i < scale; i++)
		frac *= 10;
	for (int i = 0; i < scale; i++)
		whole *= 10;
	*out = whole + frac;
	return true;
}

bool ld_day_utf8_ok(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t i = 0;

	while (i < len) {
		size_t more = 0;
		uint32_t cp = s[i];

		if (cp < 0x80) {
			more = 0;
		} else if (cp >= 0xC2 && cp <= 0xDF) {
			more = 1;
			cp &= 0x1F;
		} else if (cp >= 0xE0 && cp <= 0xEF) {
			more = 2;
			cp &= 0x0F;
		} else if (cp >= 0xF0 && cp <= 0xF4) {
			more = 3;
			cp &= 0x07;
		} else {
			return false;
		}
		if (more > len - i - 1)
			return false;
		for (size_t k = 1; k <= more; k++) {
			if ((s[i + k] & 0xC0) != 0x80)
				return false;
			cp = (cp << 6) | (s[i + k] & 0x3F);
		}
		/* over-long forms, surrogates, beyond Unicode; C1 controls */
		if ((more == 2 && (cp < 0x800 || (cp >= 0xD800 && cp <= 0xDFFF))) ||
		    (more == 3 && (cp < 0x10000 || cp > 0x10FFFF)) || (cp >= 0x80 && cp < 0xA0))
			return false;
		i += more + 1;
	}
	return true;
}

bool ld_day_id_ok(const char *text, size_t len)
{
	if (len == 0 || len > LD_MAX_ID_BYTES || text[0] == '$')
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)text[i];
		if (ch <= ' ' || ch == 0x7F || strchr("/+#=,;\"'\\", ch))
			return false;
	}
	return ld_day_utf8_ok(text, len);
}

static enum ld_err copy_text(const char *text, size_t len, size_t max, char *to, char *what,
			     size_t cap)
{
	if (len > max || !ld_day_utf8_ok(text, len)) {
		snprintf(what, cap, "the text is longer than %zu bytes or no UTF-8", max);
		return LD_ERR_MALFORMED;
	}
	memcpy(to, text, len);
	to[len] = '\0';
	return LD_OK;
}

static enum ld_err read_clock(const char *s, size_t n, int32_t *out, char *what, size_t cap)
{
	int64_t h = 0;
	int64_t m = 0;
	int64_t sec = 0;
	size_t at = 0;
	bool ok = digits(s, n, &at, 47, &h) && at < n && s[at] == ':';

	if (ok) {
		at++;
		ok = at + 2 <= n && digits(s, at + 2, &at, 59, &m);
	}
	if (ok && at < n) {
		ok = s[at] == ':';
		at++;
		ok = ok && at + 2 <= n && digits(s, n, &at, 59, &sec);
	}
	if (!ok || at != n)
		return bad(what, cap, "a time such as 07:30", s, n);
	*out = (int32_t)(h * 3600 + m * 60 + sec);
	return LD_OK;
}

static enum ld_err read_span(const struct ld_day_field *f, const char *s, size_t n, int32_t *out,
			     char *what, size_t cap)
{
	static const struct {
		char unit;
		int32_t s;
	} units[] = {{'h', 3600}, {'m', 60}, {'s', 1}};
	size_t at = 0;
	size_t u = 0;
	int64_t total = 0;

	if (n == 0)
		return bad(what, cap, "a duration such as 25m", s, n);
	while (at < n) {
		int64_t v = 0;
		if (!digits(s, n, &at, LD_DAY_MAX_CLOCK_S, &v) || at >= n)
			return bad(what, cap, "a duration such as 25m or 1h30m", s, n);
		while (u < 3 && units[u].unit != s[at])
			u++;
		if (u == 3)
			return bad(what, cap, "a duration such as 25m or 1h30m", s, n);
		total += v * units[u].s;
		u++;
		at++;
	}
	if (total < f->min || total > f->max) {
		snprintf(what, cap, "must be between %llds and %llds", (long long)f->min,
			 (long long)f->max);
		return LD_ERR_MALFORMED;
	}
	*out = (int32_t)total;
	return LD_OK;
}

static enum ld_err read_mass(const struct ld_day_field *f, const char *s, size_t n, int64_t *out,
			     char *what, size_t cap)
{
	static const struct {
		const char *unit;
		int scale;
	} units[] = {{"t", 6}, {"kg", 3}, {"g", 0}};
	int64_t v = 0;

	for (size_t u = 0; u < 3; u++) {
		size_t ul = strlen(units[u].unit);
		size_t at = 0;
		if (n <= ul || memcmp(s + n - ul, units[u].unit, ul) != 0 ||
		    !is_digit(s[n - ul - 1]))
			continue;
		if (!decimal(s, n - ul, &at, units[u].scale, 1000000000, &v) || at != n - ul)
			break;
		if (v < f->min || v > f->max)
			return bad(what, cap, "a mass in the range allowed here", s, n);
		*out = v;
		return LD_OK;
	}
	return bad(what, cap, "a mass such as 8.2t or 400kg", s, n);
}

static enum ld_err read_distance(const struct ld_day_field *f, const char *s, size_t n,
				 int32_t *out, char *what, size_t cap)
{
	size_t at = 0;
	int64_t v = 0;
	bool km = n > 2 && memcmp(s + n - 2, "km", 2) == 0;
	size_t end = n > 0 ? n - (km ? 2U : 1U) : 0;

	if (n < 2 || s[n - 1] != 'm' || !decimal(s, end, &at, km ? 3 : 0, 1000000, &v) || at != end)
		return bad(what, cap, "a distance such as 3km or 500m", s, n);
	if (v < f->min || v > f->max)
		return bad(what, cap, "a distance in the range allowed here", s, n);
	*out = (int32_t)v;
	return LD_OK;
}

static bool read_degrees(const char *s, size_t n, size_t *pos, int64_t max, int32_t *out)
{
	bool minus = *pos < n && s[*pos] == '-';
	int64_t v = 0;

	if (minus)
		(*pos)++;
	if (!decimal(s, n, pos, 7, max, &v) || v > max * 10000000)
		return false;
	*out = (int32_t)(minus ? -v : v);
	return true;
}

static bool read_point(const char *s, size_t n, size_t *pos, struct ld_day_point *out)
{
	if (!read_degrees(s, n, pos, 85, &out->lat_e7) || *pos >= n || s[*pos] != ',')
		return false;
	(*pos)++;
	return read_degrees(s, n, pos, 180, &out->lon_e7);
}

static enum ld_err read_ring(const char *s, size_t n, struct ld_day_site *site, char *what,
			     size_t cap)
{
	size_t at = 0;

	for (site->n_ring = 0; site->n_ring < LD_MAX_RING_POINTS; at++) {
		if (!read_point(s, n, &at, &site->ring[site->n_ring]))
			break;
		site->n_ring++;
		if (at == n && site->n_ring >= 3)
			return LD_OK;
		if (at >= n || s[at] != ';')
			break;
	}
	snprintf(what, cap, "a ring is 3 to %d points LAT,LON joined by ';'", LD_MAX_RING_POINTS);
	return LD_ERR_MALFORMED;
}

static const struct ld_day_choice *choice(const struct ld_day_field *f, const char *s, size_t n)
{
	for (const struct ld_day_choice *c = f->choices; c->word; c++)
		if (strlen(c->word) == n && memcmp(c->word, s, n) == 0)
			return c;
	return NULL;
}

static enum ld_err unknown_choice(const struct ld_day_field *f, const char *s, size_t n, char *what,
				  size_t cap)
{
	int used = snprintf(what, cap, "'%.*s' is none of:", (int)(n > 30 ? 30 : n), s);

	for (const struct ld_day_choice *c = f->choices; c->word && used > 0 && (size_t)used < cap;
	     c++)
		used += snprintf(what + used, cap - (size_t)used, " %s", c->word);
	return LD_ERR_MALFORMED;
}

static enum ld_err read_choices(const struct ld_day_field *f, const char *s, size_t n,
				uint32_t *out, char *what, size_t cap)
{
	size_t at = 0;

	*out = 0;
	for (;;) {
		size_t end = at;
		while (end < n && !(f->type == LD_T_BITS && s[end] == ','))
			end++;
		const struct ld_day_choice *c = choice(f, s + at, end - at);
		if (!c)
			return unknown_choice(f, s + at, end - at, what, cap);
		*out |= c->value;
		if (end == n)
			return LD_OK;
		at = end + 1;
	}
}

static enum ld_err read_codes(const char *s, size_t n, struct ld_day_party *p, char *what,
			      size_t cap)
{
	size_t at = 0;

	p->n_codes = 0;
	if (n == 4 && memcmp(s, "none", 4) == 0)
		return LD_OK;
	if (n == 3 && memcmp(s, "all", 3) == 0) {
		p->codes[0][0] = '*';
		p->codes[0][1] = '\0';
		p->n_codes = 1;
		return LD_OK;
	}
	while (p->n_codes < LD_DAY_MAX_CODES) {
		size_t end = at;
		while (end < n && s[end] != ',')
			end++;
		if (end == at || end - at > LD_DAY_MAX_CODE_BYTES ||
		    !ld_day_id_ok(s + at, end - at))
			return bad(what, cap, "codes such as HW08,900-041-49", s, n);
		memcpy(p->codes[p->n_codes], s + at, end - at);
		p->codes[p->n_codes][end - at] = '\0';
		p->n_codes++;
		if (end == n)
			return LD_OK;
		at = end + 1;
	}
	snprintf(what, cap, "more than %d codes", LD_DAY_MAX_CODES);
	return LD_ERR_MALFORMED;
}

static enum ld_err read_uint(const struct ld_day_field *f, const char *s, size_t n, uint32_t *out,
			     char *what, size_t cap)
{
	size_t at = 0;
	int64_t v = 0;

	if (!digits(s, n, &at, UINT32_MAX, &v) || at != n)
		return bad(what, cap, "a whole number", s, n);
	if (v < f->min || v > f->max) {
		snprintf(what, cap, "must be between %lld and %lld", (long long)f->min,
			 (long long)f->max);
		return LD_ERR_MALFORMED;
	}
	*out = (uint32_t)v;
	return LD_OK;
}

static enum ld_err read_id(const char *s, size_t n, char *to, char *what, size_t cap)
{
	if (!ld_day_id_ok(s, n))
		return bad(what, cap, "a name (1 to 64 bytes, no spaces, none of / + # = , ;)", s,
			   n);
	memcpy(to, s, n);
	to[n] = '\0';
	return LD_OK;
}

enum ld_err ld_day_value(const struct ld_day_field *f, const char *s, size_t n, void *to,
			 char *what, size_t cap)
{
	size_t at = 0;

	switch (f->type) {
	case LD_T_ID:
		return read_id(s, n, to, what, cap);
	case LD_T_REF:
		return read_id(s, n, ((struct ld_day_ref *)to)->id, what, cap);
	case LD_T_TEXT:
		return copy_text(s, n, LD_DAY_MAX_TEXT_BYTES, to, what, cap);
	case LD_T_CODE:
		if (!ld_day_id_ok(s, n))
			return bad(what, cap, "a code", s, n);
		return copy_text(s, n, LD_DAY_MAX_CODE_BYTES, to, what, cap);
	case LD_T_CLOCK:
		return read_clock(s, n, to, what, cap);
	case LD_T_SPAN:
		return read_span(f, s, n, to, what, cap);
	case LD_T_MASS:
		return read_mass(f, s, n, to, what, cap);
	case LD_T_DISTANCE:
		return read_distance(f, s, n, to, what, cap);
	case LD_T_POINT:
		if (!read_point(s, n, &at, to) || at != n)
			return bad(what, cap, "a point such as 31.2304,121.4737", s, n);
		return LD_OK;
	case LD_T_RING:
		return read_ring(s, n, to, what, cap);
	case LD_T_UINT:
		return read_uint(f, s, n, to, what, cap);
	case LD_T_BITS:
	case LD_T_ONE:
		return read_choices(f, s, n, to, what, cap);
	case LD_T_CODES:
		return read_codes(s, n, to, what, cap);
	}
	return LD_ERR_ARG;
}
