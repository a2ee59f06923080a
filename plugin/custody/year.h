/* Grams of a calendar year (UTC+8): what plans, licences, grants and delegations are held against.
 * One total for a kind, an id and a code; never below what was taken back. */
#ifndef LD_CUSTODY_YEAR_H
#define LD_CUSTODY_YEAR_H

#include "plugin/custody/custody.h"

enum ld_year_kind {
	LD_YEAR_SEALED = 'p',	 /* party: sealed for transfer */
	LD_YEAR_GENERATED = 'g', /* party */
	LD_YEAR_OWN = 'o',	 /* party: treated on its own sites */
	LD_YEAR_ACCEPTED = 'l',	 /* licence */
	LD_YEAR_DELEGATED = 'd', /* delegation, code "" */
	LD_YEAR_GRANTED = 'a',	 /* approval, year 0: its whole term */
	LD_YEAR_AMENDED = 'm',	 /* party: a count, of a month (yyyymm in the year's place) */
};

/* Gregorian year of a time, and day of it from 0, in UTC+8. Times before 1970: 1970. */
uint32_t ld_china_year(int64_t ms);
uint32_t ld_china_yday(int64_t ms);
/* yyyymmdd. */
uint32_t ld_china_date(int64_t ms);
/* The first millisecond of a day yyyymmdd of the years 1970 to 9999; 0: there is none. */
int64_t ld_china_day_ms(uint32_t date);

int64_t ld_year_g(struct ld_custody *c, enum ld_year_kind kind, const char *id, const char *code,
		  uint32_t year);
/* Apply side. mass_g may be negative: what was reserved is given back. */
enum ld_err ld_year_add(struct ld_custody *c, enum ld_year_kind kind, const char *id,
			const char *code, uint32_t year, int64_t mass_g);

#endif
