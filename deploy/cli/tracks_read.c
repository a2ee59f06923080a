#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deploy/cli/csv.h"
#include "deploy/cli/tracks.h"

#define MAX_ABS_MS INT64_C(4102444800000) /* 2100 */

/* UTC, Z, or +HH:MM, in milliseconds east. */
static bool read_zone(const char *s, int64_t *out)
{
	*out = 0;
	if (!s || strcmp(s, "UTC") == 0 || strcmp(s, "Z") == 0)
		return true;
	if ((s[0] != '+' && s[0] != '-') || strlen(s) != 6 || s[3] != ':' ||
	    strspn(s + 1, "0123456789") != 2 || strspn(s + 4, "0123456789") != 2)
		return false;
	const int h = (s[1] - '0') * 10 + s[2] - '0';
	const int m = (s[4] - '0') * 10 + s[5] - '0';

	if (h > 14 || m > 59)
		return false;
	*out = (int64_t)(s[0] == '-' ? -1 : 1) * (h * 60 + m) * 60000;
	return true;
}

static bool read_number(const char *s, int64_t *out)
{
	char *end = NULL;

	*out = strtoll(s, &end, 10);
	return end != s && *end == '\0' && *out > -MAX_ABS_MS && *out < MAX_ABS_MS;
}

static bool read_time(const char *s, const char *format, int64_t zone_ms, int64_t *out)
{
	struct tm tm;

	if (format && strcmp(format, "epoch-ms") == 0)
		return read_number(s, out);
	if (format && strcmp(format, "epoch") == 0) {
		bool ok =
		    read_number(s, out) && *out < MAX_ABS_MS / 1000 && *out > -MAX_ABS_MS / 1000;
		*out *= 1000;
		return ok;
	}
	if (!format)
		format = "%Y-%m-%d %H:%M:%S";
	else if (strcmp(format, "iso") == 0)
		format = "%Y-%m-%dT%H:%M:%S";
	memset(&tm, 0, sizeof(tm));
	const char *end = strptime(s, format, &tm);
	if (!end || (*end != '\0' && strcmp(end, "Z") != 0))
		return false;
	*out = (int64_t)timegm(&tm) * 1000 - zone_ms;
	return *out > -MAX_ABS_MS && *out < MAX_ABS_MS;
}

/* Decimal degrees into 1e-7, rounded; digit by digit, so that no locale has a say. */
static bool read_degrees(const char *s, int64_t max, int32_t *out)
{
	bool minus = *s == '-';
	int64_t v = 0;
	int places = -1;

	if (*s == '-' || *s == '+')
		s++;
	if (*s < '0' || *s > '9')
		return false;
	for (; *s; s++) {
		if (*s == '.' && places < 0) {
			places = 0;
			continue;
		}
		if (*s < '0' || *s > '9')
			return false;
		if (places >= 7) /* beyond a centimetre: read and dropped */
			continue;
		v = v * 10 + (*s - '0');
		places += places >= 0;
		if (v > max * 10000000)
			return false;
	}
	for (int i = places < 0 ? 0 : places; i < 7; i++)
		v *= 10;
	if (v > max * 10000000)
		return false;
	*out = (int32_t)(minus ? -v : v);
	return true;
}

struct columns {
	int vehicle, time, lat, lon, arrival;
	int64_t zone_ms, arrival_zone_ms;
};

static enum ld_err find_columns(const struct ld_csv *csv, const struct ld_tracks_columns *cols,
				struct columns *at, char *why, size_t cap)
{
	const struct {
		const char *name;
		int *to;
	} wanted[] = {{cols->vehicle, &at->vehicle},
		      {cols->time, &at->time},
		      {cols->lat, &at->lat},
		      {cols->lon, &at->lon},
		      {cols->arrival, &at->arrival}};

	for (size_t i = 0; i < 5; i++) {
		*wanted[i].to = wanted[i].name ? ld_csv_column(csv, wanted[i].name) : -1;
		if (wanted[i].name && *wanted[i].to < 0) {
			snprintf(why, cap, "the header has %s column '%s'",
				 *wanted[i].to == -1 ? "no" : "more than one", wanted[i].name);
			return LD_ERR_MALFORMED;
		}
	}
	if (!read_zone(cols->tz, &at->zone_ms) ||
	    !read_zone(cols->arrival_tz, &at->arrival_zone_ms)) {
		snprintf(why, cap, "a time zone is UTC or +HH:MM");
		return LD_ERR_MALFORMED;
	}
	return LD_OK;
}

static bool vehicle_id_ok(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || s[i] == 0x7F || strchr("/+#", s[i]))
			return false;
	return n > 0 && n <= LD_MAX_ID_BYTES - 4 && s[0] != '$';
}

static int vehicle_of(struct ld_tracks_data *d, const char *name)
{
	for (size_t i = d->n_vehicles; i-- > 0;)
		if (strcmp(d->vehicles[i], name) == 0)
			return (int)i;
	if (d->n_vehicles == LD_TRACKS_MAX_VEHICLES)
		return -1;
	snprintf(d->vehicles[d->n_vehicles], LD_MAX_ID_BYTES + 1, "%s", name);
	return (int)d->n_vehicles++;
}

static enum ld_err add_record(struct ld_tracks_data *d, const struct ld_csv *csv,
			      const struct columns *at, const struct ld_tracks_columns *cols,
			      const char **what)
{
	struct ld_tracks_fix f = {.line = csv->line};

	if (!vehicle_id_ok(csv->field[at->vehicle])) {
		*what = "the vehicle is no id";
		return LD_ERR_MALFORMED;
	}
	if (!read_time(csv->field[at->time], cols->time_format, at->zone_ms, &f.t_ms)) {
		*what = "the time does not fit the format";
		return LD_ERR_MALFORMED;
	}
	if (!read_degrees(csv->field[at->lat], 90, &f.lat_e7) ||
	    !read_degrees(csv->field[at->lon], 180, &f.lon_e7)) {
		*what = "the position is not in degrees";
		return LD_ERR_MALFORMED;
	}
	f.arrival_ms = f.t_ms;
	if (at->arrival >= 0 && !read_time(csv->field[at->arrival], cols->time_format,
					   at->arrival_zone_ms, &f.arrival_ms)) {
		*what = "the arrival time does not fit the format";
		return LD_ERR_MALFORMED;
	}
	int v = vehicle_of(d, csv->field[at->vehicle]);
	if (v < 0 || d->n_fixes == LD_TRACKS_MAX_FIXES) {
		*what = "too many vehicles or fixes";
		return LD_ERR_LIMIT;
	}
	f.vehicle = (uint32_t)v;
	if (d->n_fixes == d->room) {
		size_t room = d->room ? d->room * 2 : 4096;
		void *bigger = realloc(d->fixes, room * sizeof(*d->fixes));
		*what = "out of memory";
		if (!bigger)
			return LD_ERR_NOMEM;
		d->fixes = bigger;
		d->room = room;
	}
	d->fixes[d->n_fixes++] = f;
	return LD_OK;
}

static int by_arrival(const void *a, const void *b)
{
	const struct ld_tracks_fix *x = a;
	const struct ld_tracks_fix *y = b;

	if (x->arrival_ms != y->arrival_ms)
		return x->arrival_ms < y->arrival_ms ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

enum ld_err ld_tracks_read(const char *text, size_t len, const struct ld_tracks_columns *cols,
			   struct ld_tracks_data *out, char *why, size_t cap)
{
	struct ld_csv *csv = malloc(sizeof(*csv));
	struct columns at = {0};
	const char *what = "out of memory";
	enum ld_err err = LD_ERR_NOMEM;

	memset(out, 0, sizeof(*out));
	out->vehicles = calloc(LD_TRACKS_MAX_VEHICLES, sizeof(*out->vehicles));
	snprintf(why, cap, "out of memory");
	if (!csv || !out->vehicles)
		goto out;
	ld_csv_init(csv, text, len);
	err = ld_csv_next(csv, 0);
	if (err) {
		snprintf(why, cap, "line 1: %s", err == LD_ERR_NOT_FOUND ? "no header" : csv->what);
		goto out;
	}
	size_t fields = csv->n;
	err = find_columns(csv, cols, &at, why, cap);
	while (!err) {
		err = ld_csv_next(csv, fields);
		what = csv->what;
		if (!err)
			err = add_record(out, csv, &at, cols, &what);
		if (err && err != LD_ERR_NOT_FOUND)
			snprintf(why, cap, "line %u: %s", csv->line, what);
	}
	if (err == LD_ERR_NOT_FOUND)
		err = LD_OK;
	if (!err && out->n_fixes > 1)
		qsort(out->fixes, out->n_fixes, sizeof(*out->fixes), by_arrival);
out:
	free(csv);
	if (err)
		ld_tracks_free(out);
	return err;
}

void ld_tracks_free(struct ld_tracks_data *d)
{
	free(d->vehicles);
	free(d->fixes);
	memset(d, 0, sizeof(*d));
}
