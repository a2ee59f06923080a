/* The arithmetic of silences and the table that keeps them. */
#include "plugin/custody/gap.h"

#include <string.h>

#include "plugin/custody/fence.h"
#include "plugin/custody/tables.h"
#include "plugin/custody/track.h"

/* An honest odometer counts in 0.1 km steps and is within 2 % (GAPBENCH). */
#define ODOMETER_STEP_M 100
#define ODOMETER_PCT 2
/* Roads are 1.3 times the straight line; this much more is no road any more. */
#define EXCURSION_PCT 150
#define EXCURSION_M 1000
#define BEYOND_MS_PER_KM 187200 /* 1.3 km at 25 km/h */
#define STUCK_MAX_MS                                                                               \
	(10 * LD_MINUTE_MS) /* clocks stand 1 to 5 min (GAPBENCH); more is not believed */
#define SLOTS (2 * LD_MAX_GAPS)

int64_t ld_gap_reference_ms(int64_t distance_m)
{
	static const struct {
		int64_t m, ms;
	} table[] = {{0, 0},	     {500, 90000},    {1000, 180000},  {2000, 330000},
		     {4000, 630000}, {8000, 1050000}, {12000, 1470000}};
	const size_t n = sizeof table / sizeof table[0];

	for (size_t i = 1; i < n; i++)
		if (distance_m <= table[i].m)
			return table[i - 1].ms + (table[i].ms - table[i - 1].ms) *
						     (distance_m - table[i - 1].m) /
						     (table[i].m - table[i - 1].m);
	/* continued at the stated speed, without a step at 12 km */
	return table[n - 1].ms + (distance_m - table[n - 1].m) * BEYOND_MS_PER_KM / 1000;
}

/* Cuts the silence to the custody interval: what lies outside it is nobody's question here. An end
 * that was at the anchor's place anyway keeps its position. */
static void cut(const struct ld_rules *rules, Custody__Fix *end, const struct ld_anchor *a)
{
	end->t_ms = a->t_ms;
	if (!a->known || ld_geo_dist_m(end->lat_e7, end->lon_e7, a->lat_e7, a->lon_e7) <=
			     a->radius_m + rules->parked_m)
		return;
	end->lat_e7 = a->lat_e7;
	end->lon_e7 = a->lon_e7;
	end->odometer_known = false;
	end->parked = false;
}

static bool load_fell(Liandan__LoadState from, Liandan__LoadState to)
{
	return from > LIANDAN__LOAD_STATE__LOAD_STATE_EMPTY &&
	       to >= LIANDAN__LOAD_STATE__LOAD_STATE_EMPTY && to < from;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void ld_gap_view(const struct ld_rules *rules, const Custody__Gap *g, const struct ld_anchor *from,
		 const struct ld_anchor *to, struct ld_gap_view *v)
{
	*v = (struct ld_gap_view){.from = *g->from, .to = *g->to, .odometer_m = -1};
	if (from->t_ms > v->from.t_ms)
		cut(rules, &v->from, from);
	if (to->t_ms != 0 && to->t_ms < v->to.t_ms)
		cut(rules, &v->to, to);
	v->delta_ms = max64(v->to.t_ms - v->from.t_ms, 0);
	v->distance_m = ld_geo_dist_m(v->from.lat_e7, v->from.lon_e7, v->to.lat_e7, v->to.lon_e7);
	const int64_t way_m = v->distance_m + g->stuck_m;

	v->possible_ms = v->delta_ms - way_m * 100000 / rules->v_max_cm_s;
	v->unexplained_ms = v->delta_ms - ld_gap_reference_ms(v->distance_m) -
			    min64(ld_gap_reference_ms(g->stuck_m), STUCK_MAX_MS);
	if (v->from.odometer_known && v->to.odometer_known &&
	    v->to.odometer_m >= v->from.odometer_m)
		v->odometer_m = v->to.odometer_m - v->from.odometer_m;
	v->parked = v->distance_m <= rules->parked_m;
	v->emptied = load_fell(g->load_from, g->load_to);
	v->major_m = max64((int64_t)rules->v_max_cm_s * (v->delta_ms - rules->handling_ms) / 100000,
			   v->distance_m);
	if (v->odometer_m >= 0) {
		const int64_t bound = v->odometer_m * (100 + ODOMETER_PCT) / 100 + ODOMETER_STEP_M;

		v->major_m = min64(v->major_m, max64(bound, v->distance_m));
		v->direct = v->odometer_m <= way_m * (100 + ODOMETER_PCT) / 100 + ODOMETER_STEP_M;
		v->excursion = v->odometer_m > way_m * EXCURSION_PCT / 100 + EXCURSION_M;
	}
	v->closed = v->possible_ms < rules->handling_ms ||
		    (v->parked &&
		     (v->to.parked || (v->odometer_m >= 0 && v->odometer_m < rules->parked_m)));
}

bool ld_gap_worth(const struct ld_rules *rules, const Custody__Gap *g)
{
	const int64_t d =
	    ld_geo_dist_m(g->from->lat_e7, g->from->lon_e7, g->to->lat_e7, g->to->lon_e7);

	if (g->to->t_ms - g->from->t_ms < rules->gap_min_ms)
		return false;
	if (d > rules->parked_m)
		return true;
	if (g->to->parked)
		return false;
	return !g->from->odometer_known || !g->to->odometer_known ||
	       g->to->odometer_m < g->from->odometer_m ||
	       g->to->odometer_m - g->from->odometer_m >= rules->parked_m;
}

struct gap_walk {
	struct ld_custody *c;
	struct ld_gap_set *s;
	enum ld_err err;
};

static int gap_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct gap_walk *w = ctx;
	Custody__Gap *g = custody__gap__unpack(&w->c->arena->pb, len, value);

	(void)key;
	(void)key_len;
	if (w->s->n == SLOTS)
		return 1;
	if (g == NULL || g->from == NULL || g->to == NULL) {
		w->err = g == NULL ? LD_ERR_NOMEM : LD_ERR_CORRUPT;
		return 1;
	}
	w->s->slot[w->s->n++] = (struct ld_gap_slot){.gap = g, .stored_from_ms = g->from->t_ms};
	return 0;
}

enum ld_err ld_gaps_load(struct ld_custody *c, const char *plate, struct ld_gap_set *s)
{
	struct gap_walk w = {.c = c, .s = s};
	struct ld_tkey k;

	if (s->loaded)
		return LD_OK;
	s->n = 0;
	s->slot = ld_arena_alloc(c->arena, SLOTS * sizeof *s->slot);
	if (s->slot == NULL)
		return LD_ERR_NOMEM;
	ld_tkey_init(&k);
	ld_tkey_str(&k, plate);
	enum ld_err err = ld_state_walk(c->state, LD_T_GAP, k.b, k.len, NULL, 0, gap_one, &w, NULL);

	if (err == LD_ERR_NOT_FOUND)
		err = LD_OK;
	if (err == LD_OK)
		err = w.err;
	s->loaded = err == LD_OK;
	return err;
}

/* First slot whose silence ends after t; n when none. Slots are disjoint and in time order; a dead
 * slot keeps its times. */
static size_t slot_after(const struct ld_gap_set *s, int64_t t_ms)
{
	size_t lo = 0;
	size_t hi = s->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (s->slot[mid].gap->to->t_ms <= t_ms)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static Custody__Gap *gap_copy(struct ld_custody *c, const Custody__Gap *g)
{
	Custody__Gap *copy = ld_arena_dup(c->arena, g, sizeof *g);

	if (copy == NULL)
		return NULL;
	copy->from = ld_arena_dup(c->arena, g->from, sizeof *g->from);
	copy->to = ld_arena_dup(c->arena, g->to, sizeof *g->to);
	return copy->from != NULL && copy->to != NULL ? copy : NULL;
}

enum ld_err ld_gaps_add(struct ld_custody *c, struct ld_gap_set *s, const Custody__Gap *g)
{
	const size_t at = slot_after(s, g->from->t_ms);
	Custody__Gap *copy;

	if (s->n == SLOTS) /* the oldest makes room, as ld_gaps_store would have it */
		return LD_OK;
	copy = gap_copy(c, g);
	if (copy == NULL)
		return LD_ERR_NOMEM;
	memmove(s->slot + at + 1, s->slot + at, (s->n - at) * sizeof *s->slot);
	s->slot[at] = (struct ld_gap_slot){.gap = copy, .stored_from_ms = -1, .dirty = true};
	s->n++;
	return LD_OK;
}

static void explain(const struct ld_rules *rules, Custody__Gap *g)
{
	const struct ld_anchor open = {0};
	struct ld_gap_view v;

	ld_gap_view(rules, g, &open, &open, &v);
	g->explained = v.closed;
}

enum ld_err ld_gaps_split(struct ld_custody *c, struct ld_gap_set *s, const Custody__Fix *before,
			  const Custody__Fix *after, Liandan__LoadState load, uint64_t index,
			  bool *split)
{
	const size_t at = slot_after(s, before->t_ms);
	struct ld_gap_slot *slot = s->slot + at;

	*split = false;
	if (at == s->n || slot->dead || slot->gap->from->t_ms >= before->t_ms)
		return LD_OK;
	*split = true;
	Custody__Gap *left = slot->gap;
	Custody__Gap *right = gap_copy(c, left);

	if (right == NULL)
		return LD_ERR_NOMEM;
	*left->to = *before;
	*right->from = *after;
	right->stuck_m = 0;
	if (load != LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED)
		left->load_to = right->load_from = load;
	left->index = right->index = index;
	explain(c->rules, left);
	explain(c->rules, right);
	slot->dirty = true;
	if (!ld_gap_worth(
		c->rules,
		left)) { /* the common case: a late block eats the silence from its begin */
		if (ld_gap_worth(c->rules, right)) {
			*left->from = *right->from;
			*left->to = *right->to;
			left->stuck_m = 0;
			left->load_from = right->load_from;
			left->load_to = right->load_to;
			left->explained = right->explained;
		} else {
			slot->dead = true;
			/* its time stays so that the order of slots does */
			*left->to = *right->to;
		}
		return LD_OK;
	}
	return ld_gap_worth(c->rules, right) ? ld_gaps_add(c, s, right) : LD_OK;
}

enum ld_err ld_gaps_store(struct ld_custody *c, const char *plate, struct ld_gap_set *s,
			  int64_t newest_ms, uint32_t *n)
{
	size_t live = 0;
	enum ld_err err = LD_OK;

	if (!s->loaded)
		return LD_OK;
	for (size_t i = s->n; i-- > 0;) {
		struct ld_gap_slot *x = s->slot + i;

		if (x->dead)
			continue;
		if (live == LD_MAX_GAPS || x->gap->to->t_ms < newest_ms - LD_KEPT_MS)
			x->dead = true;
		else
			live++;
	}
	for (size_t i = 0; i < s->n && err == LD_OK; i++) {
		const struct ld_gap_slot *x = s->slot + i;

		if (x->stored_from_ms >= 0 && (x->dead || x->gap->from->t_ms != x->stored_from_ms))
			err = ld_gap_del(c, plate, x->stored_from_ms);
	}
	for (size_t i = 0; i < s->n && err == LD_OK; i++)
		if (s->slot[i].dirty && !s->slot[i].dead)
			err = ld_gap_put(c, s->slot[i].gap);
	*n = (uint32_t)live;
	s->loaded = false;
	return err;
}
