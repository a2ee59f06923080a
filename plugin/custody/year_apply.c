/* Table YEAR: kind, (id), (code), year as four bytes big-endian -> grams as eight bytes big-endian,
 * two's complement. */
#include "plugin/custody/year.h"

#include <string.h>

#include "plugin/custody/manifest.h"

#define CHINA_OFFSET_MS (8 * LD_HOUR_MS)

static bool leap(uint32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t china_day(int64_t ms)
{
	int64_t local = ms + CHINA_OFFSET_MS;

	return local > 0 ? local / LD_DAY_MS : 0;
}

/* Days are counted off in 400 years of 146,097 days each, so that no client's time makes this long.
 */
static void split(int64_t ms, uint32_t *year, uint32_t *yday)
{
	int64_t day = china_day(ms);
	uint32_t y = 1970 + (uint32_t)(day / 146097 % 10000) * 400;

	day %= 146097;
	for (;; y++) {
		int64_t length = leap(y) ? 366 : 365;

		if (day < length)
			break;
		day -= length;
	}
	*year = y;
	*yday = (uint32_t)day;
}

uint32_t ld_china_year(int64_t ms)
{
	uint32_t year, yday;

	split(ms, &year, &yday);
	return year;
}

uint32_t ld_china_yday(int64_t ms)
{
	uint32_t year, yday;

	split(ms, &year, &yday);
	return yday;
}

uint32_t ld_china_date(int64_t ms)
{
	static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	uint32_t year, yday, month = 0;

	split(ms, &year, &yday);
	for (; month < 11; month++) {
		uint32_t length = days[month] + (month == 1 && leap(year) ? 1u : 0u);

		if (yday < length)
			break;
		yday -= length;
	}
	return year * 10000 + (month + 1) * 100 + yday + 1;
}

int64_t ld_china_day_ms(uint32_t date)
{
	static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	const uint32_t year = date / 10000, month = date / 100 % 100, day = date % 100;
	const uint32_t past = year != 0 ? year - 1 : 0; /* leap years are counted to there */
	int64_t days, ms;

	if (year < 1970 || year > 9999 || month < 1 || month > 12)
		return 0;
	days = (int64_t)(year - 1970) * 365 + (past / 4 - past / 100 + past / 400) - 477;
	days += before[month - 1] + (month > 2 && leap(year) ? 1 : 0) + (int64_t)day - 1;
	ms = days * LD_DAY_MS - CHINA_OFFSET_MS;
	return ld_china_date(ms) == date ? ms : 0;
}

static void year_key(struct ld_tkey *k, enum ld_year_kind kind, const char *id, const char *code,
		     uint32_t year)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, (uint8_t)kind);
	ld_tkey_str(k, id);
	ld_tkey_str(k, code);
	for (int i = 3; i >= 0; i--)
		ld_tkey_u8(k, (uint8_t)(year >> (8 * i)));
}

static int64_t read_g(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len && i < 8; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

int64_t ld_year_g(struct ld_custody *c, enum ld_year_kind kind, const char *id, const char *code,
		  uint32_t year)
{
	const uint8_t *value;
	struct ld_tkey k;
	size_t len;

	year_key(&k, kind, id, code, year);
	return ld_state_get(c->state, LD_T_YEAR, k.b, k.len, &value, &len) == LD_OK
		   ? read_g(value, len)
		   : 0;
}

enum ld_err ld_year_add(struct ld_custody *c, enum ld_year_kind kind, const char *id,
			const char *code, uint32_t year, int64_t mass_g)
{
	int64_t sum = ld_add_g(ld_year_g(c, kind, id, code, year), mass_g);
	struct ld_tkey k, v;

	year_key(&k, kind, id, code, year);
	ld_tkey_init(&v);
	ld_tkey_u64(&v, (uint64_t)sum);
	return ld_state_put(c->state, LD_T_YEAR, k.b, k.len, v.b, v.len);
}
