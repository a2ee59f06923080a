/* Places on judge's side: great-circle distances, and whether a vehicle was there. */
#include "plugin/custody/site.h"

#include <math.h>
#include <string.h>

#include "plugin/custody/fence.h"
#include "plugin/custody/gap.h"
#include "plugin/custody/tables.h"
#include "plugin/custody/track.h"

#define EARTH_M 6371008.8 /* mean radius, IUGG */
#define RAD_PER_E7 (3.14159265358979323846 / 180.0 / 1e7)

int64_t ld_distance_m(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7)
{
	const double p1 = lat1_e7 * RAD_PER_E7;
	const double p2 = lat2_e7 * RAD_PER_E7;
	const double sp = sin((p2 - p1) / 2);
	const double sl = sin(((double)lon2_e7 - lon1_e7) * RAD_PER_E7 / 2);
	const double h = sp * sp + cos(p1) * cos(p2) * sl * sl;

	return (int64_t)llround(2 * EARTH_M * asin(sqrt(h < 1 ? h : 1)));
}

bool ld_site_contains(const Liandan__SiteRegistered *s, int32_t lat_e7, int32_t lon_e7,
		      int64_t margin_m)
{
	return ld_fence_contains(s, lat_e7, lon_e7, margin_m);
}

const Liandan__SiteRegistered *ld_site_at(struct ld_custody *c, int32_t lat_e7, int32_t lon_e7)
{
	bool strict;

	return ld_fence_at(c, lat_e7, lon_e7, 0, 0, &strict);
}

struct window {
	const char *site;
	int64_t from_ms, to_ms;
	bool there;
};

static int stay_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct window *w = ctx;
	Custody__Stay *s = custody__stay__unpack(NULL, len, value);

	(void)key;
	(void)key_len;
	if (s != NULL && strcmp(s->site, w->site) == 0 && s->from_ms <= w->to_ms &&
	    s->to_ms >= w->from_ms)
		w->there = true;
	custody__stay__free_unpacked(s, NULL);
	return w->there ? 1 : 0;
}

static bool stayed(struct ld_custody *c, const Custody__Position *p, struct window *w)
{
	struct ld_tkey k;

	if (strcmp(p->site, w->site) == 0 && p->site_since_ms <= w->to_ms &&
	    p->site_last_ms >= w->from_ms)
		return true;
	if (strcmp(p->left_site, w->site) == 0 && p->left_since_ms <= w->to_ms &&
	    p->left_ms >= w->from_ms)
		return true;
	ld_tkey_init(&k);
	ld_tkey_str(&k, p->plate);
	(void)ld_state_walk(c->state, LD_T_STAY, k.b, k.len, NULL, 0, stay_one, w, NULL);
	return w->there;
}

/* Could it have been at (lat, lon) between two fixes? */
static bool reachable(const struct ld_rules *rules, const Custody__Fix *a, const Custody__Fix *b,
		      int64_t until_ms, int32_t lat, int32_t lon, int64_t radius_m)
{
	int64_t way = ld_distance_m(a->lat_e7, a->lon_e7, lat, lon) - radius_m;
	const int64_t end = b != NULL ? b->t_ms : until_ms;

	if (way < 0)
		way = 0;
	if (b != NULL) {
		const int64_t on = ld_distance_m(lat, lon, b->lat_e7, b->lon_e7) - radius_m;

		way += on > 0 ? on : 0;
	}
	return way * 100000 / rules->v_max_cm_s <= end - a->t_ms;
}

/* Farthest corner from the middle. */
static int64_t radius_of(const Liandan__SiteRegistered *s, int32_t lat, int32_t lon)
{
	int64_t r = 0;

	for (size_t i = 0; i < s->n_ring; i++) {
		const int64_t d = ld_distance_m(lat, lon, s->ring[i]->lat_e7, s->ring[i]->lon_e7);

		r = d > r ? d : r;
	}
	return r;
}

enum ld_presence ld_presence(struct ld_custody *c, const struct ld_rules *rules, const char *plate,
			     const char *site, int64_t at_ms)
{
	const Liandan__SiteRegistered *s = ld_fence_find(c, site);
	struct window w = {.site = site,
			   .from_ms = at_ms - rules->presence_ms,
			   .to_ms = at_ms + rules->presence_ms};
	struct ld_gap_set gaps = {0};
	Custody__Position *p;
	int32_t lat;
	int32_t lon;

	if (s == NULL || s->n_ring < 3 || ld_position_get(c, plate, &p) != LD_OK || p->last == NULL)
		return LD_PRESENCE_UNKNOWN;
	if (stayed(c, p, &w))
		return LD_PRESENT;
	/* older than what is kept, or before the first fix: nobody knows */
	if (p->first_ms > w.from_ms || w.from_ms < p->last->t_ms - LD_KEPT_MS ||
	    p->last->t_ms < w.from_ms)
		return LD_PRESENCE_UNKNOWN;
	ld_fence_middle(s, &lat, &lon);
	const int64_t radius = radius_of(s, lat, lon) + rules->fence_margin_m;

	if (p->last->t_ms < at_ms && reachable(rules, p->last, NULL, at_ms, lat, lon, radius))
		return LD_PRESENCE_UNKNOWN;
	if (ld_gaps_load(c, plate, &gaps) != LD_OK)
		return LD_PRESENCE_UNKNOWN;
	for (size_t i = 0; i < gaps.n; i++) {
		const Custody__Gap *g = gaps.slot[i].gap;

		if (g->to->t_ms >= w.from_ms && g->from->t_ms <= w.to_ms &&
		    reachable(rules, g->from, g->to, 0, lat, lon, radius))
			return LD_PRESENCE_UNKNOWN;
	}
	return LD_ABSENT;
}
