#include "deploy/cli/sim_truck.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "liandan/telemetry.pb-c.h"

/* Plane geometry around a point is good enough for a day's work in one city; the positions that
 * come of it are rounded to 1e-7 degrees, the odometer to metres. */

#define M_PER_E7 0.0111319490793 /* metres in 1e-7 degrees of latitude */
#define ROAD_PIECES 6
#define ROAD_BEND 0.04 /* how far the road leaves the straight line, of its length */

static double cos_lat(struct ld_day_point p)
{
	return cos((double)p.lat_e7 * 1e-7 * M_PI / 180.0);
}

double ld_sim_distance_m(struct ld_day_point a, struct ld_day_point b)
{
	double y = (double)(b.lat_e7 - a.lat_e7) * M_PER_E7;
	double x = (double)(b.lon_e7 - a.lon_e7) * M_PER_E7 * cos_lat(a);

	return hypot(x, y);
}

struct ld_day_point ld_point_aside(struct ld_day_point p, double angle, double m)
{
	return (struct ld_day_point){
	    (int32_t)((double)p.lat_e7 + cos(angle) * m / M_PER_E7),
	    (int32_t)((double)p.lon_e7 + sin(angle) * m / (M_PER_E7 * cos_lat(p))),
	};
}

static struct ld_day_point between(struct ld_day_point a, struct ld_day_point b, double share)
{
	return (struct ld_day_point){
	    (int32_t)(a.lat_e7 + (double)(b.lat_e7 - a.lat_e7) * share),
	    (int32_t)(a.lon_e7 + (double)(b.lon_e7 - a.lon_e7) * share),
	};
}

/* ---- legs ---- */

static void add_leg(struct ld_sim_cursor *c, int64_t until_ms, struct ld_day_point to, double m,
		    bool drive, bool parked)
{
	struct ld_sim_truck *t = c->truck;

	if (c->failed || until_ms <= c->t_ms)
		return;
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 64;
		void *bigger =
		    room <= LD_SIM_MAX_LEGS ? realloc(t->legs, room * sizeof(*t->legs)) : NULL;
		if (!bigger) {
			c->failed = true;
			return;
		}
		t->legs = bigger;
		t->room = room;
	}
	t->legs[t->n++] = (struct ld_sim_leg){.from_ms = c->t_ms,
					      .to_ms = until_ms,
					      .a = c->at,
					      .b = to,
					      .odo_a_m = (int64_t)c->odo_m,
					      .odo_b_m = (int64_t)(c->odo_m + m),
					      .load = c->load,
					      .view = c->view,
					      .drive = drive,
					      .parked = parked};
	c->t_ms = until_ms;
	c->at = to;
	c->odo_m += m;
}

/* The next lunch or sleep of this truck in [from, to). */
static const struct ld_day_act *next_break(const struct ld_sim_cursor *c, int64_t from_ms,
					   int64_t to_ms)
{
	const struct ld_day *d = c->sim->day;
	const struct ld_day_act *found = NULL;

	for (size_t i = 0; i < d->n_acts; i++) {
		const struct ld_day_act *a = &d->acts[i];
		int64_t at = (int64_t)a->at_s * 1000;
		if ((a->word == LD_TROUBLE_lunch || a->word == LD_TROUBLE_asleep) &&
		    a->truck.at == (int)c->truck_i && at >= from_ms && at < to_ms &&
		    (!found || a->at_s < found->at_s))
			found = a;
	}
	return found;
}

static void sleep_until(struct ld_sim_cursor *c, const struct ld_day_act *a, int64_t until_ms)
{
	enum ld_sim_view before = c->view;

	if (a->word == LD_TROUBLE_asleep && before == LD_SIM_SHOWN)
		c->view = LD_SIM_ASLEEP;
	add_leg(c, until_ms, c->at, 0, false, true);
	c->view = before;
}

void ld_cursor_stand(struct ld_sim_cursor *c, int64_t until_ms, bool parked)
{
	const struct ld_day_act *a = next_break(c, c->t_ms, until_ms);

	while (a && !c->failed) {
		int64_t end = ((int64_t)a->at_s + a->for_s) * 1000;
		add_leg(c, (int64_t)a->at_s * 1000, c->at, 0, false, parked);
		sleep_until(c, a, end < until_ms ? end : until_ms);
		a = next_break(c, c->t_ms, until_ms);
	}
	add_leg(c, until_ms, c->at, 0, false, parked);
}

void ld_cursor_drive(struct ld_sim_cursor *c, struct ld_day_point to, uint32_t speed_kmh)
{
	double m = ld_sim_distance_m(c->at, to);
	int64_t ms = (int64_t)(m * 3600.0 / speed_kmh);
	const struct ld_day_act *a = next_break(c, c->t_ms, c->t_ms + ms);

	if (a && !c->failed) {
		int64_t at = (int64_t)a->at_s * 1000;
		double share = (double)(at - c->t_ms) / (double)ms;
		add_leg(c, at, between(c->at, to, share), m * share, true, false);
		sleep_until(c, a, at + (int64_t)a->for_s * 1000);
		if (!c->failed && c->t_ms > at) {
			ld_cursor_drive(c, to, speed_kmh);
			return;
		}
	}
	add_leg(c, c->t_ms + (int64_t)(ld_sim_distance_m(c->at, to) * 3600.0 / speed_kmh), to,
		ld_sim_distance_m(c->at, to), true, false);
	c->at = to;
}

/* ---- roads ---- */

struct road {
	struct ld_day_point p[2 * ROAD_PIECES + 1];
	size_t n;
};

static void bend(struct road *r, struct ld_day_point from, struct ld_day_point to)
{
	double m = ld_sim_distance_m(from, to);
	double angle = atan2((double)(to.lon_e7 - from.lon_e7) * cos_lat(from),
			     (double)(to.lat_e7 - from.lat_e7));

	for (int i = 1; i <= ROAD_PIECES; i++) {
		double share = (double)i / ROAD_PIECES;
		struct ld_day_point p = between(from, to, share);
		double side = i == ROAD_PIECES ? 0 : m * ROAD_BEND * sin(2 * M_PI * share);
		r->p[r->n++] = ld_point_aside(p, angle + M_PI / 2, side);
	}
	r->p[r->n - 1] = to;
}

static struct road road_of(struct ld_day_point from, struct ld_day_point via,
			   struct ld_day_point to)
{
	struct road r = {.n = 0};
	bool direct = via.lat_e7 == 0 && via.lon_e7 == 0;

	r.p[r.n++] = from;
	if (!direct)
		bend(&r, from, via);
	bend(&r, direct ? from : via, to);
	return r;
}

static double road_length(const struct road *r)
{
	double m = 0;

	for (size_t i = 1; i < r->n; i++)
		m += ld_sim_distance_m(r->p[i - 1], r->p[i]);
	return m;
}

double ld_road_m(struct ld_day_point from, struct ld_day_point via, struct ld_day_point to)
{
	struct road r = road_of(from, via, to);

	return road_length(&r);
}

void ld_cursor_road(struct ld_sim_cursor *c, struct ld_day_point via, struct ld_day_point to,
		    uint32_t speed_kmh)
{
	struct road r = road_of(c->at, via, to);

	for (size_t i = 1; i < r.n; i++)
		ld_cursor_drive(c, r.p[i], speed_kmh);
}

/* ---- what happens on a loaded way ---- */

static bool on_the_way(const struct ld_day_act *a)
{
	switch (a->word) {
	case LD_TROUBLE_jam:
	case LD_TROUBLE_accident:
	case LD_CHEAT_silent_detour:
	case LD_CHEAT_accident_excuse:
	case LD_CHEAT_parked_excursion:
	case LD_CHEAT_never_arrives:
		return true;
	default:
		return false;
	}
}

static uint32_t share_of(const struct ld_day_act *a)
{
	return a->share ? a->share : a->word == LD_CHEAT_never_arrives ? 60 : 50;
}

/* Of the trip or of any trip of its run: the incident with the smallest share >= from that is not
 * `last`. */
static const struct ld_day_act *next_incident(const struct ld_sim *s, size_t trip,
					      const struct ld_day_act *last)
{
	const struct ld_day *d = s->day;
	const struct ld_day_act *found = NULL;

	for (size_t i = 0; i < d->n_acts; i++) {
		const struct ld_day_act *a = &d->acts[i];
		if (!on_the_way(a) || s->trips[a->trip.at].leader != s->trips[trip].leader)
			continue;
		if (last &&
		    (share_of(a) < share_of(last) || (share_of(a) == share_of(last) && a <= last)))
			continue;
		if (!found || share_of(a) < share_of(found))
			found = a;
	}
	return found;
}

/* Away with the terminal off, does what it does there, and back to where it left the road. */
static void excursion(struct ld_sim_cursor *c, const struct ld_day_act *a, uint32_t speed_kmh)
{
	bool parked = a->word == LD_CHEAT_parked_excursion;
	double m = a->distance_m ? a->distance_m : parked ? 4000 : 3000;
	int64_t stay_ms = (int64_t)(a->for_s ? a->for_s : parked ? 2400 : 1200) * 1000;
	struct ld_day_point back = c->at;
	struct ld_day_point there = ld_point_aside(back, 0.6, m);
	int64_t away_ms = 2 * (int64_t)(m * 3600.0 / speed_kmh);

	c->sim->trips[a->trip.at].cheat_from_ms = c->t_ms;
	if (parked) /* stands in sight for a while, so that it looks like a rest */
		ld_cursor_stand(c, c->t_ms + 6 * 60000, true);
	c->view = parked ? LD_SIM_ASLEEP : LD_SIM_DARK;
	ld_cursor_drive(c, there, speed_kmh);
	/* `for` of a parked excursion is the whole silence, of a detour the stay */
	ld_cursor_stand(c, c->t_ms + (parked && stay_ms > away_ms ? stay_ms - away_ms : stay_ms),
			true);
	ld_cursor_drive(c, back, speed_kmh);
	c->view = LD_SIM_SHOWN;
	if (a->word == LD_CHEAT_accident_excuse)
		c->sim->trips[a->trip.at].accident_ms = c->t_ms;
	if (parked || a->word == LD_CHEAT_accident_excuse)
		ld_cursor_stand(c, c->t_ms + 5 * 60000, true);
}

/* False: the truck goes no further. */
static bool incident(struct ld_sim_cursor *c, const struct ld_day_act *a, uint32_t speed_kmh)
{
	switch (a->word) {
	case LD_TROUBLE_jam:
		ld_cursor_stand(c, c->t_ms + (int64_t)a->for_s * 1000, false);
		return true;
	case LD_TROUBLE_accident: /* in plain sight, until it can go on */
		c->sim->trips[a->trip.at].accident_ms = c->t_ms;
		ld_cursor_stand(c, c->t_ms + (int64_t)a->for_s * 1000, true);
		return true;
	case LD_CHEAT_never_arrives:
		c->sim->trips[a->trip.at].cheat_from_ms = c->t_ms;
		ld_cursor_drive(c, ld_point_aside(c->at, 0.6, 2500), speed_kmh);
		return false;
	default:
		excursion(c, a, speed_kmh);
		return true;
	}
}

/* Drives `m` metres along the road from where piece *i stands. */
static void along(struct ld_sim_cursor *c, const struct road *r, size_t *i, double m,
		  uint32_t speed_kmh)
{
	while (*i < r->n && !c->failed) {
		double piece = ld_sim_distance_m(c->at, r->p[*i]);
		if (piece > m) {
			ld_cursor_drive(c, between(c->at, r->p[*i], m / piece), speed_kmh);
			return;
		}
		ld_cursor_drive(c, r->p[*i], speed_kmh);
		m -= piece;
		(*i)++;
	}
}

bool ld_cursor_loaded(struct ld_sim_cursor *c, size_t trip, const struct ld_sim_way *way)
{
	struct road r = road_of(c->at, way->via, way->to);
	double total = road_length(&r);
	double done = 0;
	size_t i = 1;

	for (const struct ld_day_act *a = next_incident(c->sim, trip, NULL); a;
	     a = next_incident(c->sim, trip, a)) {
		if (share_of(a) < way->from_pct || share_of(a) >= way->to_pct)
			continue;
		double here = total * (share_of(a) - way->from_pct) / (way->to_pct - way->from_pct);
		along(c, &r, &i, here - done, way->speed_kmh);
		done = here;
		if (!incident(c, a, way->speed_kmh))
			return false;
	}
	along(c, &r, &i, total, way->speed_kmh);
	ld_cursor_drive(c, way->to, way->speed_kmh);
	return true;
}
