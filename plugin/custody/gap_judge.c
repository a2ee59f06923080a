/* Which silences of a vehicle in custody are alarms, and when late data has explained one. The
 * result is a function of the kept silences and the manifests, so that re-batching a track changes
 * nothing. */
#include "plugin/custody/gap.h"

#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/fence.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/road.h"
#include "plugin/custody/track.h"

#define MAX_LOADS 16
#define MAX_CUSTODIES (MAX_LOADS + LD_MAX_RECENT)
#define GATE_EXCURSION_M 2000 /* a vehicle that waits inside a plant drives less */

/* A manifest on this vehicle, and the worst silence in its time. */
struct custody_time {
	const char *hex;
	char holder[LD_MAX_ID_BYTES + 1];
	struct ld_anchor from, to;
	const Liandan__SiteRegistered *origin, *receiver;
	Custody__Anomaly *open; /* UNEXPLAINED_GAP that stands, or NULL */
	uint32_t level;		/* of the worst */
	bool folded;		/* a later custody of the same manifest answers for it */
	bool tail;		/* that one ends with the receipt, not with a fix */
	bool lingers; /* a part of the open anomaly's time is not below the clearing threshold */
	struct ld_gap_view worst;
	uint64_t evidence[2];
};

struct review {
	struct ld_custody *c;
	const char *plate;
	Custody__Position *pos;
	struct custody_time time[MAX_CUSTODIES];
	size_t n;
};

static void anchor_at(struct ld_anchor *a, int64_t t_ms, const Liandan__SiteRegistered *site)
{
	*a = (struct ld_anchor){.t_ms = t_ms, .known = site != NULL && site->n_ring != 0};
	if (!a->known)
		return;
	ld_fence_middle(site, &a->lat_e7, &a->lon_e7);
	for (size_t i = 0; i < site->n_ring; i++) {
		const int64_t d = ld_geo_dist_m(a->lat_e7, a->lon_e7, site->ring[i]->lat_e7,
						site->ring[i]->lon_e7);

		a->radius_m = d > a->radius_m ? d : a->radius_m;
	}
}

static bool is_there(const struct review *r, const char *hex)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->time[i].hex, hex) == 0)
			return true;
	return false;
}

static const Liandan__SiteRegistered *fence_of(const struct review *r, const char *site)
{
	return site[0] != '\0' ? ld_fence_find(r->c, site) : NULL;
}

/* A later leg begins, and an earlier one ends, wherever the vehicles met, which no fence tells. */
static void span_add(struct review *r, const Custody__Manifest *m, const Custody__Carriage *s)
{
	struct custody_time *t = &r->time[r->n];

	if (r->n == MAX_CUSTODIES || s->taken_ms == 0 || strcmp(s->plate, r->plate) != 0)
		return;
	*t = (struct custody_time){.hex = NULL};
	t->origin = ld_fence_find(r->c, m->created->site);
	if (m->created->receiver != NULL)
		t->receiver = ld_fence_find(r->c, m->created->receiver->site);
	anchor_at(&t->from, s->taken_ms, fence_of(r, s->from_site));
	if (s->given_ms != 0)
		anchor_at(&t->to, s->given_ms, fence_of(r, s->to_site));
	strncpy(t->holder, s->carrier, LD_MAX_ID_BYTES);
	r->n++;
}

/* A manifest may hold a thousand items: what is needed of it is copied and its memory given back.
 * The same vehicle may have had it twice, with a storage between. */
static void custody_add(struct review *r, ProtobufCBinaryData id)
{
	const size_t first = r->n;
	const char *hex = ld_c_hex(r->c, id);
	const size_t used = r->c->arena->used;
	Custody__Carriage now;
	Custody__Manifest *m;

	if (hex == NULL || is_there(r, hex))
		return;
	if (ld_manifest_get(r->c, id, &m) == LD_OK && m->created != NULL) {
		for (size_t i = 0; i < m->n_carried; i++)
			span_add(r, m, m->carried[i]);
		ld_carriage_now(m, &now);
		span_add(r, m, &now);
	}
	r->c->arena->used = used;
	for (size_t i = first; i < r->n; i++) {
		r->time[i].hex = hex;
		if (ld_anomaly_open(r->c, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP,
				    LIANDAN__REASON__REASON_NONE, r->plate, hex,
				    &r->time[i].open) != LD_OK)
			r->time[i].open = NULL;
	}
}

static void custodies(struct review *r)
{
	ProtobufCBinaryData ids[MAX_LOADS];
	size_t n = 0;

	if (ld_load_of(r->c, r->plate, ids, MAX_LOADS, &n) != LD_OK)
		n = 0;
	for (size_t i = 0; i < n; i++)
		custody_add(r, ids[i]);
	for (size_t i = 0; i < r->pos->n_recent; i++)
		custody_add(r, r->pos->recent[i]);
	/* earliest taken first: it answers for a silence that several manifests share */
	for (size_t i = 1; i < r->n; i++) {
		struct custody_time x = r->time[i];
		size_t k = i;

		for (; k > 0 && r->time[k - 1].from.t_ms > x.from.t_ms; k--)
			r->time[k] = r->time[k - 1];
		r->time[k] = x;
	}
}

static bool holds(struct ld_custody *c, const Liandan__SiteRegistered *s, const Custody__Fix *x)
{
	return s != NULL && ld_fence_contains(s, x->lat_e7, x->lon_e7, c->rules->fence_margin_m);
}

/* Both ends inside one fence of the manifest's origin or receiver, or of the carrier's own yard: it
 * waits there, unless the odometer says otherwise. */
static bool waits_at_gate(struct ld_custody *c, const struct custody_time *t,
			  const struct ld_gap_view *v)
{
	const Liandan__SiteRegistered *s[3] = {t->origin, t->receiver, NULL};
	bool strict;

	s[2] = ld_fence_at(c, v->from.lat_e7, v->from.lon_e7, v->from.t_ms, 0, &strict);
	if (s[2] != NULL && strcmp(s[2]->party, t->holder) != 0)
		s[2] = NULL;
	if (v->odometer_m >= GATE_EXCURSION_M + v->distance_m)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (holds(c, s[i], &v->from) && holds(c, s[i], &v->to))
			return true;
	return false;
}

/* DETECTION 1 and 8: a silence by itself is one channel and uncalibrated: level 2. A second,
 * independent one makes it 3: odometer and load sensor here, anomalies of other channels when it is
 * reported. */
static uint32_t level_of(struct ld_custody *c, const struct custody_time *t,
			 const struct ld_gap_view *v, int64_t threshold_ms)
{
	if (v->closed || v->delta_ms < c->rules->gap_min_ms || v->unexplained_ms < threshold_ms ||
	    v->possible_ms < c->rules->handling_ms || waits_at_gate(c, t, v))
		return 0;
	if (v->parked && v->odometer_m < 0)
		return 1; /* DETECTION 2: unobserved */
	if (v->excursion || (v->emptied && !holds(c, t->receiver, &v->to)))
		return 3;
	return v->direct ? 1 : 2;
}

/* Hysteresis (2.7): raised at U >= 7 min; what stands is explained only when no part of its time
 * keeps more than 4. */
static bool keeps(const struct review *r, const struct custody_time *t, const struct ld_gap_view *v)
{
	const Liandan__AnomalyRaised *a = t->open != NULL ? t->open->now : NULL;

	return a != NULL && a->phase == LIANDAN__ANOMALY_PHASE__CONFIRMED &&
	       v->from.t_ms < a->to_ms && v->to.t_ms > a->from_ms &&
	       level_of(r->c, t, v, r->c->rules->unexplained_clear_ms) != 0;
}

static void consider(struct review *r, struct custody_time *t, const Custody__Gap *g)
{
	struct ld_gap_view v;

	ld_gap_view(r->c->rules, g, &t->from, &t->to, &v);
	const uint32_t level = level_of(r->c, t, &v, r->c->rules->unexplained_raise_ms);

	t->lingers = t->lingers || keeps(r, t, &v);

	if (level == 0 || level < t->level ||
	    (level == t->level && v.unexplained_ms <= t->worst.unexplained_ms))
		return;
	t->level = level;
	t->worst = v;
	t->evidence[0] = g->from->index;
	t->evidence[1] = g->to->index;
}

static int64_t overlap_ms(const struct custody_time *t, const Custody__Gap *g)
{
	const int64_t from = g->from->t_ms > t->from.t_ms ? g->from->t_ms : t->from.t_ms;
	const int64_t to = t->to.t_ms != 0 && t->to.t_ms < g->to->t_ms ? t->to.t_ms : g->to->t_ms;

	return to - from;
}

/* One manifest answers for a silence: the one it covers longest, of equals the one taken first. */
static void consider_gap(struct review *r, const Custody__Gap *g)
{
	struct custody_time *best = NULL;

	for (size_t i = 0; i < r->n; i++) {
		struct custody_time *t = &r->time[i];

		if (overlap_ms(t, g) > 0 &&
		    (best == NULL || overlap_ms(t, g) > overlap_ms(best, g)))
			best = t;
	}
	if (best != NULL)
		consider(r, best, g);
}

/* The vehicle was last heard of before the receipt: the receipt is the far end (2.3, open gap). The
 * terminal itself is still silent: a truck and driver without signal deliver their hand-overs first
 * and their tracks a moment later. So it stays PROVISIONAL until the terminal's next track closes
 * the silence. */
static void consider_tail(struct review *r, struct custody_time *t)
{
	if (t->level != 0 ||
	    (t->open != NULL && t->open->now->phase != LIANDAN__ANOMALY_PHASE__PROVISIONAL))
		return;

	Custody__Gap g = CUSTODY__GAP__INIT;
	Custody__Fix to = CUSTODY__FIX__INIT;

	if (r->pos->last == NULL || t->to.t_ms == 0 || !t->to.known ||
	    r->pos->last->t_ms >= t->to.t_ms)
		return;
	to.t_ms = t->to.t_ms;
	to.lat_e7 = t->to.lat_e7;
	to.lon_e7 = t->to.lon_e7;
	to.index = r->pos->last->index;
	g.plate = r->pos->plate;
	g.from = r->pos->last;
	g.to = &to;
	g.stuck_m = r->pos->stuck_m;
	consider(r, t, &g);
	t->tail = t->level != 0;
}

static Liandan__Place *focus(struct ld_custody *c, const Custody__Fix *x)
{
	Liandan__Place *p = ld_arena_alloc(c->arena, sizeof *p);

	if (p == NULL)
		return NULL;
	liandan__place__init(p);
	p->lat_e7 = x->lat_e7;
	p->lon_e7 = x->lon_e7;
	p->fixed_at_ms = x->t_ms;
	return p;
}

static void region_set(struct ld_custody *c, Liandan__AnomalyRaised *a, const Custody__Fix *from,
		       const Custody__Fix *to, int64_t major_m)
{
	Liandan__Region *region = ld_arena_alloc(c->arena, sizeof *region);
	const size_t n = to != NULL ? 2 : 1;

	if (region == NULL)
		return;
	liandan__region__init(region);
	region->foci = ld_arena_alloc(c->arena, 2 * sizeof(Liandan__Place *));
	if (region->foci == NULL || (region->foci[0] = focus(c, from)) == NULL ||
	    (to != NULL && (region->foci[1] = focus(c, to)) == NULL))
		return;
	region->n_foci = n;
	region->major_m = major_m < 0 ? 0 : major_m > UINT32_MAX ? UINT32_MAX : (uint32_t)major_m;
	a->region = region;
}

#define MS LIANDAN__FIGURE_UNIT__FIGURE_UNIT_MILLISECOND
#define METRE LIANDAN__FIGURE_UNIT__FIGURE_UNIT_METRE
static void figures(struct ld_custody *c, Liandan__AnomalyRaised *a, const struct ld_gap_view *v)
{
	const struct ld_rules *r = c->rules;

	ld_anomaly_figure(c, a, "silence", v->delta_ms, r->gap_min_ms, MS);
	ld_anomaly_figure(c, a, "U", v->unexplained_ms, r->unexplained_raise_ms, MS);
	ld_anomaly_figure(c, a, "P", v->possible_ms, r->handling_ms, MS);
	ld_anomaly_figure(c, a, "displacement", v->distance_m, r->parked_m, METRE);
	if (v->odometer_m >= 0)
		ld_anomaly_figure(c, a, "odometer", v->odometer_m, v->distance_m, METRE);
	ld_anomaly_figure(c, a, "v_max", r->v_max_cm_s, r->v_max_cm_s,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_CENTIMETRE_PER_SECOND);
	ld_anomaly_figure(c, a, "tau", r->handling_ms, r->handling_ms, MS);
	if (v->emptied)
		ld_anomaly_figure(c, a, "load_fell", 1, 1, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
}

static void raise_gap(struct review *r, struct custody_time *t, uint64_t evidence,
		      struct ld_own_list *own)
{
	Liandan__AnomalyRaised *a =
	    ld_anomaly_new(r->c, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP, t->level,
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE, r->plate, t->hex);

	if (a == NULL)
		return;
	if (t->tail) {
		a->level = 1;
		a->phase = LIANDAN__ANOMALY_PHASE__PROVISIONAL;
	}
	a->from_ms = t->worst.from.t_ms;
	a->to_ms = t->worst.to.t_ms;
	region_set(r->c, a, &t->worst.from, &t->worst.to, t->worst.major_m);
	figures(r->c, a, &t->worst);
	ld_anomaly_evidence(r->c, a, t->evidence[0]);
	ld_anomaly_evidence(r->c, a, t->evidence[1]);
	ld_anomaly_evidence(r->c, a, evidence);
	ld_anomaly_report(r->c, own, a);
}

/* Nothing alarms in this custody any more. A silence that was evicted proves nothing; one that is
 * still going on is not explained by an older late track. */
static void settle(struct review *r, struct custody_time *t, int64_t horizon_ms, uint64_t evidence,
		   struct ld_own_list *own)
{
	const Liandan__AnomalyRaised *a = t->open != NULL ? t->open->now : NULL;

	if (a == NULL || t->lingers || a->from_ms < horizon_ms)
		return;
	if (a->phase == LIANDAN__ANOMALY_PHASE__PROVISIONAL && t->to.t_ms == 0 &&
	    (r->pos->last == NULL || r->pos->last->t_ms <= a->from_ms))
		return;
	ld_anomaly_explain(r->c, own, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP, r->plate, t->hex,
			   LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE, evidence);
}

static bool worse(const struct custody_time *a, const struct custody_time *b)
{
	return a->level > b->level || (a->level != 0 && a->level == b->level &&
				       a->worst.unexplained_ms > b->worst.unexplained_ms);
}

/* One anomaly of a vehicle and manifest: the last time that it had it answers for those before. */
static void fold(struct review *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct custody_time *last = &r->time[i];

		for (size_t k = i + 1; k < r->n; k++)
			if (strcmp(r->time[k].hex, r->time[i].hex) == 0)
				last = &r->time[k];
		if (last == &r->time[i])
			continue;
		last->lingers = last->lingers || r->time[i].lingers;
		if (worse(&r->time[i], last)) {
			last->level = r->time[i].level;
			last->tail = r->time[i].tail;
			last->worst = r->time[i].worst;
			memcpy(last->evidence, r->time[i].evidence, sizeof last->evidence);
		}
		r->time[i].folded = true;
	}
}

void ld_gap_review(struct ld_custody *c, const char *plate, uint64_t evidence,
		   struct ld_own_list *own)
{
	struct review *r = ld_arena_alloc(c->arena, sizeof *r);
	struct ld_gap_set gaps = {0};

	if (r == NULL)
		return;
	*r = (struct review){.c = c, .plate = plate};
	if (ld_position_get(c, plate, &r->pos) != LD_OK)
		return;
	custodies(r);
	if (r->n == 0 || ld_gaps_load(c, plate, &gaps) != LD_OK)
		return;
	for (size_t i = 0; i < gaps.n; i++)
		consider_gap(r, gaps.slot[i].gap);
	int64_t horizon = r->pos->last != NULL ? r->pos->last->t_ms - LD_KEPT_MS : 0;

	if (gaps.n >= LD_MAX_GAPS && gaps.slot[0].gap->from->t_ms > horizon)
		horizon = gaps.slot[0].gap->from->t_ms;
	for (size_t i = 0; i < r->n; i++)
		consider_tail(r, &r->time[i]);
	fold(r);
	for (size_t i = 0; i < r->n; i++) {
		if (r->time[i].folded)
			continue;
		if (r->time[i].level != 0)
			raise_gap(r, &r->time[i], evidence, own);
		else
			settle(r, &r->time[i], horizon, evidence, own);
	}
}

/* The manifest that consider_gap would take: of those aboard, the one taken first. */
static const struct custody_time *aboard(const struct review *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->time[i].to.t_ms == 0)
			return &r->time[i];
	return NULL;
}

void ld_gap_open(struct ld_custody *c, const char *plate, int64_t now_ms, struct ld_own_list *own)
{
	const struct ld_rules *rules = c->rules;
	struct review *r = ld_arena_alloc(c->arena, sizeof *r);
	const struct custody_time *t;
	Custody__Position *p;
	Liandan__AnomalyRaised *a;

	if (r == NULL || ld_position_get(c, plate, &p) != LD_OK || p->last == NULL ||
	    p->provisional != 0 || now_ms - p->last->t_ms < rules->open_gap_ms ||
	    p->site[0] != '\0')
		return;
	*r = (struct review){.c = c, .plate = plate, .pos = p};
	custodies(r);
	if ((t = aboard(r)) == NULL)
		return;
	const int64_t from = t->from.t_ms > p->last->t_ms ? t->from.t_ms : p->last->t_ms;
	const int64_t silent = now_ms - from;

	if (silent < rules->open_gap_ms)
		return;
	a = ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP, 1,
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE, plate, t->hex);
	if (a == NULL)
		return;
	a->phase = LIANDAN__ANOMALY_PHASE__PROVISIONAL;
	a->from_ms = from;
	/* the cone: it may have driven straight on all the time */
	region_set(c, a, p->last, NULL,
		   2 * ((silent - rules->handling_ms) * rules->v_max_cm_s / 100000));
	ld_anomaly_figure(c, a, "silence", silent, rules->open_gap_ms, MS);
	ld_anomaly_figure(c, a, "v_max", rules->v_max_cm_s, rules->v_max_cm_s,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_CENTIMETRE_PER_SECOND);
	ld_anomaly_figure(c, a, "tau", rules->handling_ms, rules->handling_ms, MS);
	ld_anomaly_evidence(c, a, p->last->index);
	ld_anomaly_report(c, own, a);
}
