/* Working days. Table CALENDAR, year as four bytes big-endian -> Calendar. Days are China's
 * whatever the machine's time zone. Order 23 articles 18 and 20 count working days. */
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/year.h"

#define CHINA_OFFSET_MS (8 * LD_HOUR_MS)
#define THURSDAY 3 /* 1970-01-01, Monday being 0 */
#define SATURDAY 5

static void year_key(struct ld_tkey *k, uint32_t year)
{
	ld_tkey_init(k);
	for (int i = 3; i >= 0; i--)
		ld_tkey_u8(k, (uint8_t)(year >> (8 * i)));
}

/* The calendar of the year at hand, read once for a run of days. */
struct calendar {
	struct ld_custody *c;
	uint32_t year;
	bool read, adopted;
	uint64_t newest; /* entry that adopted the youngest of those that were read */
	uint8_t workdays[LD_CALENDAR_BYTES];
};

static void turn_to(struct calendar *k, uint32_t year)
{
	size_t mark;
	struct ld_tkey key;
	Custody__Calendar *rec;

	if (k->read && k->year == year)
		return;
	k->read = true;
	k->year = year;
	k->adopted = false;
	if (k->c == NULL)
		return;
	mark = ld_mark(k->c);
	year_key(&key, year);
	if (ld_rec_get(k->c, LD_T_CALENDAR, key.b, key.len, &custody__calendar__descriptor,
		       (ProtobufCMessage **)&rec) == LD_OK &&
	    rec->adopted != NULL && rec->adopted->workdays.len == LD_CALENDAR_BYTES) {
		memcpy(k->workdays, rec->adopted->workdays.data, LD_CALENDAR_BYTES);
		k->adopted = true;
		if (rec->index > k->newest)
			k->newest = rec->index;
	}
	ld_release(k->c, mark);
}

static bool works(struct calendar *k, int64_t day)
{
	const int64_t ms = day * LD_DAY_MS - CHINA_OFFSET_MS;
	const uint32_t yday = ld_china_yday(ms);

	turn_to(k, ld_china_year(ms));
	if (k->adopted)
		return (k->workdays[yday / 8] >> (yday % 8) & 1) != 0;
	return ((day + THURSDAY) % 7 + 7) % 7 < SATURDAY;
}

int64_t ld_china_day(int64_t ms)
{
	const int64_t local = ms + CHINA_OFFSET_MS;

	return local / LD_DAY_MS - (local % LD_DAY_MS < 0 ? 1 : 0);
}

/* A calendar without working days would never end: after a year of them every day counts. */
int64_t ld_workdays_due(struct ld_custody *c, int64_t day, int64_t n, uint64_t *calendar)
{
	struct calendar k = {.c = c};

	for (int64_t idle = 0; n > 0; idle++) {
		day++;
		if (works(&k, day) || idle > 366)
			n--;
	}
	*calendar = k.newest;
	return (day + 1) * LD_DAY_MS - CHINA_OFFSET_MS;
}

int64_t ld_workdays_after(struct ld_custody *c, int64_t from_ms, int64_t n)
{
	uint64_t calendar;

	return ld_workdays_due(c, ld_china_day(from_ms), n, &calendar);
}

enum ld_err ld_calendar_apply(struct ld_custody *c, const struct ld_fact *f,
			      Liandan__CalendarAdopted *b)
{
	Custody__Calendar rec = CUSTODY__CALENDAR__INIT;
	struct ld_tkey k;

	rec.adopted = b;
	rec.index = f->index;
	year_key(&k, b->year);
	c->next_due_ms = 0; /* clocks in working days may run out earlier */
	return ld_rec_put(c, LD_T_CALENDAR, k.b, k.len, &rec.base);
}
