/* What the anomaly topics carry. Floating point is for maps and people only; nothing here returns
 * into the ledger. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugin/custody/anomaly.h"
#include "proto/json.h"
#include "proto/verdict.h"

#define ELLIPSE_POINTS 36
#define M_PER_DEG 111195.08 /* mean sphere, as ld_distance_m */
#define PI 3.14159265358979323846
#define TEXT_CAP 640
#define CHINA_S (8 * 3600) /* texts show the users' time; figures stay in UTC milliseconds */

static const Liandan__Figure *figure(const Liandan__AnomalyRaised *a, const char *name)
{
	for (size_t i = 0; i < a->n_figures; i++)
		if (strcmp(a->figures[i]->name, name) == 0)
			return a->figures[i];
	return NULL;
}

static int64_t value_of(const Liandan__AnomalyRaised *a, const char *name)
{
	const Liandan__Figure *x = figure(a, name);

	return x != NULL ? x->value : 0;
}

static int64_t minutes(int64_t ms)
{
	return (ms + (ms < 0 ? -30000 : 30000)) / 60000;
}

/* Half axes of the region in metres; a cone is a circle. False: none. */
static bool axes(const Liandan__Region *r, double *a, double *b, double *c)
{
	if (r == NULL || r->n_foci == 0)
		return false;
	*a = r->major_m / 2.0;
	*c = 0;
	if (r->n_foci > 1) {
		const double mean =
		    (r->foci[0]->lat_e7 + (double)r->foci[1]->lat_e7) / 2e7 * PI / 180;
		const double dy =
		    ((double)r->foci[1]->lat_e7 - r->foci[0]->lat_e7) / 1e7 * M_PER_DEG;
		const double dx =
		    ((double)r->foci[1]->lon_e7 - r->foci[0]->lon_e7) / 1e7 * M_PER_DEG * cos(mean);

		*c = hypot(dx, dy) / 2;
	}
	if (*a < *c)
		*a = *c;
	*b = sqrt(*a * *a - *c * *c);
	return true;
}

double ld_anomaly_km2(const Liandan__Region *r)
{
	double a;
	double b;
	double c;

	return axes(r, &a, &b, &c) ? PI * a * b / 1e6 : 0;
}

static cJSON *lonlat(double lon, double lat)
{
	const double pair[2] = {round(lon * 1e7) / 1e7, round(lat * 1e7) / 1e7};

	return cJSON_CreateDoubleArray(pair, 2);
}

/* RFC 7946: exterior ring counter-clockwise, first point repeated. */
static cJSON *polygon(const Liandan__Region *r, double a, double b)
{
	const Liandan__Place *p = r->foci[0];
	const Liandan__Place *q = r->n_foci > 1 ? r->foci[1] : p;
	const double lat0 = (p->lat_e7 + (double)q->lat_e7) / 2e7;
	const double lon0 = (p->lon_e7 + (double)q->lon_e7) / 2e7;
	const double k = cos(lat0 * PI / 180) > 0.01 ? cos(lat0 * PI / 180) : 0.01;
	const double dx = ((double)q->lon_e7 - p->lon_e7) * k;
	const double dy = (double)q->lat_e7 - p->lat_e7;
	const double turn = dx != 0 || dy != 0 ? atan2(dy, dx) : 0;
	cJSON *ring = cJSON_CreateArray();
	cJSON *rings = cJSON_CreateArray();
	cJSON *g = cJSON_CreateObject();

	for (int i = 0; i <= ELLIPSE_POINTS; i++) {
		const double t = 2 * PI * (i % ELLIPSE_POINTS) / ELLIPSE_POINTS;
		const double x = a * cos(t) * cos(turn) - b * sin(t) * sin(turn);
		const double y = a * cos(t) * sin(turn) + b * sin(t) * cos(turn);

		cJSON_AddItemToArray(ring, lonlat(lon0 + x / M_PER_DEG / k, lat0 + y / M_PER_DEG));
	}
	cJSON_AddItemToArray(rings, ring);
	cJSON_AddStringToObject(g, "type", "Polygon");
	cJSON_AddItemToObject(g, "coordinates", rings);
	return g;
}

static cJSON *point(const Liandan__Place *p)
{
	cJSON *g = cJSON_CreateObject();

	cJSON_AddStringToObject(g, "type", "Point");
	cJSON_AddItemToObject(g, "coordinates", lonlat(p->lon_e7 / 1e7, p->lat_e7 / 1e7));
	return g;
}

/* A GeoJSON Feature; NULL without a region. */
static cJSON *feature(const Liandan__Region *r)
{
	double a;
	double b;
	double c;
	cJSON *f;
	cJSON *props;

	if (!axes(r, &a, &b, &c))
		return NULL;
	f = cJSON_CreateObject();
	cJSON_AddStringToObject(f, "type", "Feature");
	cJSON_AddItemToObject(f, "geometry",
			      a >= 1 ? polygon(r, a, b < 1 ? 1 : b) : point(r->foci[0]));
	props = cJSON_AddObjectToObject(f, "properties");
	cJSON_AddNumberToObject(props, "area_km2", round(ld_anomaly_km2(r) * 1000) / 1000);
	cJSON_AddNumberToObject(props, "major_m", r->major_m);
	cJSON *foci = cJSON_AddArrayToObject(props, "foci");

	for (size_t i = 0; i < r->n_foci; i++)
		cJSON_AddItemToArray(foci,
				     lonlat(r->foci[i]->lon_e7 / 1e7, r->foci[i]->lat_e7 / 1e7));
	return f;
}

/* "2026-11-23 08:12" in UTC+8. */
static void clock_text(int64_t ms, char out[20])
{
	const time_t s = (time_t)(ms / 1000 + CHINA_S);
	struct tm tm;

	if (gmtime_r(&s, &tm) == NULL || strftime(out, 20, "%Y-%m-%d %H:%M", &tm) == 0)
		snprintf(out, 20, "?");
}

struct texts {
	char en[TEXT_CAP], zh[TEXT_CAP];
};

static void text_gap(const Liandan__AnomalyRaised *a, struct texts *t)
{
	const double km2 = ld_anomaly_km2(a->region);
	char from[20];
	char to[20];

	clock_text(a->from_ms, from);
	clock_text(a->to_ms, to);
	if (a->phase == LIANDAN__ANOMALY_PHASE__PROVISIONAL) {
		snprintf(t->en, sizeof t->en,
			 "Vehicle %s carries waste and has sent nothing for %" PRId64
			 " min since %s (UTC+8). It can be "
			 "anywhere within %.1f km of its last fix.",
			 a->subject, minutes(value_of(a, "silence")), from,
			 a->region != NULL ? a->region->major_m / 2000.0 : 0.0);
		snprintf(t->zh, sizeof t->zh,
			 "车辆 %s 载有废物，自 %s 起已 %" PRId64
			 " 分钟无信号，可能位于最后定位点 %.1f 公里范围内。",
			 a->subject, from, minutes(value_of(a, "silence")),
			 a->region != NULL ? a->region->major_m / 2000.0 : 0.0);
		return;
	}
	const bool explained = a->phase != LIANDAN__ANOMALY_PHASE__CONFIRMED;

	snprintf(t->en, sizeof t->en,
		 "Vehicle %s carried waste and was silent for %" PRId64
		 " min (%s to %s, UTC+8). %" PRId64
		 " min of it %s by the way between the two fixes (%.1f km); it could have stood "
		 "for up to %" PRId64 " min, somewhere in %.1f km².",
		 a->subject, minutes(value_of(a, "silence")), from, to, minutes(value_of(a, "U")),
		 explained ? "had not been explained" : "are not explained",
		 (double)value_of(a, "displacement") / 1000.0, minutes(value_of(a, "P")), km2);
	snprintf(t->zh, sizeof t->zh,
		 "车辆 %s 载废期间于 %s 至 %s 共 %" PRId64 " 分钟无信号，其中 %" PRId64
		 " 分钟内无法解释（两端相距 %.1f 公里）；最长可停留 %" PRId64
		 " 分钟，可能区域 %.1f 平方公里。%s",
		 a->subject, from, to, minutes(value_of(a, "silence")), minutes(value_of(a, "U")),
		 (double)value_of(a, "displacement") / 1000.0, minutes(value_of(a, "P")), km2,
		 explained ? "后补数据已作解释。" : "");
}

static void text_departure(const Liandan__AnomalyRaised *a, struct texts *t)
{
	const bool rose =
	    value_of(a, "load_in") != 0 && value_of(a, "load_out") > value_of(a, "load_in");
	char left[20];

	clock_text(a->to_ms, left);
	snprintf(t->en, sizeof t->en,
		 "Vehicle %s stood at site %s for %" PRId64
		 " min and left at %s (UTC+8)%s; no manifest was taken within "
		 "%" PRId64 " min.%s",
		 a->subject, a->site, minutes(value_of(a, "dwell")), left,
		 rose ? ", its load sensor rose" : "", minutes(value_of(a, "manifest_wait")),
		 value_of(a, "offer_open") != 0 ? " An offer to its carrier was open there." : "");
	snprintf(t->zh, sizeof t->zh,
		 "车辆 %s 在场所 %s 停留 %" PRId64 " 分钟，于 %s 离开%s，%" PRId64
		 " 分钟内未签收联单。%s",
		 a->subject, a->site, minutes(value_of(a, "dwell")), left,
		 rose ? "，载重状态上升" : "", minutes(value_of(a, "manifest_wait")),
		 value_of(a, "offer_open") != 0 ? "该处有发给其承运人的未完成交接。" : "");
}

static void text_mass(const Liandan__AnomalyRaised *a, struct texts *t)
{
	const Liandan__Figure *d = figure(a, "difference");
	const double kg = d != NULL ? (double)(d->value < 0 ? -d->value : d->value) / 1000.0 : 0;
	const double tol = d != NULL ? (double)d->threshold / 1000.0 : 0;
	const double taken = (double)value_of(a, "taken") / 1000.0;
	const double pct = taken > 0 ? 100 * kg / taken : 0;
	const bool less = a->kind == LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL;

	snprintf(t->en, sizeof t->en,
		 "Manifest %s: %.0f kg were taken and %.0f kg arrived, %.0f kg (%.1f %%) %s; the "
		 "scales and the waste allow "
		 "%.0f kg.",
		 a->subject, taken, (double)value_of(a, "net") / 1000.0, kg, pct,
		 less ? "less" : "more", tol);
	snprintf(
	    t->zh, sizeof t->zh,
	    "联单 %s：装运 %.0f 千克，到场 %.0f 千克，%s %.0f 千克（%.1f%%），允差 %.0f 千克。",
	    a->subject, taken, (double)value_of(a, "net") / 1000.0, less ? "短少" : "增加", kg, pct,
	    tol);
}

static void text_of(const Liandan__AnomalyRaised *a, struct texts *t)
{
	switch ((int)a->kind) {
	case LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP:
		text_gap(a, t);
		return;
	case LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE:
		text_departure(a, t);
		return;
	case LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL:
	case LIANDAN__ANOMALY_KIND__WEIGHT_GAIN:
		text_mass(a, t);
		return;
	case LIANDAN__ANOMALY_KIND__RULE_VIOLATED:
		snprintf(t->en, sizeof t->en, "%s: %s", a->subject, ld_reason_en(a->reason));
		snprintf(t->zh, sizeof t->zh, "%s：%s", a->subject, ld_reason_zh(a->reason));
		return;
	default:
		snprintf(t->en, sizeof t->en, "%s%s%s: %s.", a->subject,
			 a->code[0] != '\0' ? ", " : "", a->code, ld_anomaly_en(a->kind));
		snprintf(t->zh, sizeof t->zh, "%s%s%s：%s。", a->subject,
			 a->code[0] != '\0' ? "，" : "", a->code, ld_anomaly_zh(a->kind));
	}
}

static void add_i64(cJSON *o, const char *name, int64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, v);
	cJSON_AddStringToObject(o, name, text);
}

/* Whom it concerns, and what was said of it. */
static void add_people(cJSON *o, const Custody__Anomaly *a)
{
	cJSON_AddStringToObject(o, "party", a->party);
	if (a->review != NULL) {
		cJSON *review = ld_json_of(&a->review->base);

		cJSON_DeleteItemFromObject(review, "phase_before");
		cJSON_DeleteItemFromObject(review, "open_before");
		cJSON_AddItemToObject(o, "review", review);
		if (a->review->outcome == LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_SHELVED)
			add_i64(o, "shelved_until_ms", a->review->shelve_until_ms);
	}
	if (a->reply != NULL)
		cJSON_AddItemToObject(o, "reply", ld_json_of(&a->reply->base));
}

cJSON *ld_anomaly_json(const Custody__Anomaly *a, const char *what)
{
	struct texts t = {{0}, {0}};
	cJSON *o = a->now != NULL ? ld_json_of(&a->now->base) : NULL;
	char id[64];

	if (o == NULL)
		return NULL;
	text_of(a->now, &t);
	cJSON *region = feature(a->now->region);

	cJSON_DeleteItemFromObject(o, "region");
	if (region != NULL)
		cJSON_AddItemToObject(o, "region", region);
	snprintf(id, sizeof id, "%" PRIu64, a->anomaly);
	cJSON_AddStringToObject(o, "id", id);
	cJSON_AddStringToObject(o, "what", what);
	/* unique for its source, as CloudEvents asks: an anomaly is told of more than once */
	snprintf(id, sizeof id, "%" PRIu64 "-%s-%" PRId64, a->anomaly, what, a->updated_at_ms);
	cJSON_AddStringToObject(o, "event_id", id);
	cJSON_AddBoolToObject(o, "open", a->open);
	add_i64(o, "raised_at_ms", a->raised_at_ms);
	add_i64(o, "updated_at_ms", a->updated_at_ms);
	add_people(o, a);
	cJSON *title = cJSON_AddObjectToObject(o, "title");

	cJSON_AddStringToObject(title, "en", ld_anomaly_en(a->now->kind));
	cJSON_AddStringToObject(title, "zh", ld_anomaly_zh(a->now->kind));
	cJSON *text = cJSON_AddObjectToObject(o, "text");

	cJSON_AddStringToObject(text, "en", t.en);
	cJSON_AddStringToObject(text, "zh", t.zh);
	return o;
}
