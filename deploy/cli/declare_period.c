/* Times that people write down, in UTC+8. */
#include "deploy/cli/declare.h"

#define DAY_MS INT64_C(86400000)
#define CHINA_OFFSET_MS (8 * INT64_C(3600000))

static int64_t days_before(int64_t year)
{
	const int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 - 719162; /* 1970-01-01 is day 0 */
}

static int month_days(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* First moment of a day, UTC+8; month may run past 12. */
static int64_t day_ms(int64_t year, int month, int day)
{
	int64_t days;

	year += (month - 1) / 12;
	month = (month - 1) % 12 + 1;
	days = days_before(year) + day - 1;
	for (int m = 1; m < month; m++)
		days += month_days(year, m);
	return days * DAY_MS - CHINA_OFFSET_MS;
}

static bool digits(const char **p, int n, int64_t *out)
{
	*out = 0;
	for (int i = 0; i < n; i++, ++*p) {
		if (**p < '0' || **p > '9')
			return false;
		*out = *out * 10 + (**p - '0');
	}
	return true;
}

bool ld_period(const char *text, int64_t *from_ms, int64_t *to_ms)
{
	int64_t year, n;
	int first = 1, months = 12;

	if (!digits(&text, 4, &year) || year < 1970)
		return false;
	if (text[0] == '-' && text[1] == 'Q' && text[2] >= '1' && text[2] <= '4' &&
	    text[3] == '\0') {
		first = 3 * (text[2] - '1') + 1;
		months = 3;
	} else if (text[0] == '-') {
		text++;
		if (!digits(&text, 2, &n) || *text != '\0' || n < 1 || n > 12)
			return false;
		first = (int)n;
		months = 1;
	} else if (text[0] != '\0') {
		return false;
	}
	*from_ms = day_ms(year, first, 1);
	*to_ms = day_ms(year, first + months, 1);
	return true;
}

bool ld_when(const char *text, int64_t *ms)
{
	int64_t year, month, day, hour = 0, minute = 0;
	const char *p = text;
	uint64_t plain;

	if (ld_parse_u64(text, &plain) && plain <= INT64_MAX) {
		*ms = (int64_t)plain;
		return true;
	}
	if (!digits(&p, 4, &year) || *p++ != '-' || !digits(&p, 2, &month) || *p++ != '-' ||
	    !digits(&p, 2, &day))
		return false;
	if (*p == 'T' && (p++, !digits(&p, 2, &hour) || *p++ != ':' || !digits(&p, 2, &minute)))
		return false;
	if (*p != '\0' || year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > month_days(year, (int)month) || hour > 23 || minute > 59)
		return false;
	*ms = day_ms(year, (int)month, (int)day) + (hour * 60 + minute) * 60000;
	return true;
}
