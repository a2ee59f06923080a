#include "deploy/cli/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/sim_truck.h"
#include "liandan/telemetry.pb-c.h"

#define MINUTE 60000
#define EMPTY LIANDAN__LOAD_STATE__LOAD_STATE_EMPTY
#define HALF LIANDAN__LOAD_STATE__LOAD_STATE_HALF
#define FULL LIANDAN__LOAD_STATE__LOAD_STATE_FULL

/* Rules of profile CN that a played cheat waits for (plugin/custody/rules.h); margins are ours. */
#define MANIFEST_WAIT_MS (60 * MINUTE)
#define MARGIN_MS (15 * MINUTE)

const char *ld_sim_step_name(enum ld_sim_what what)
{
#define STEP_NAME(name) #name,
	static const char *const names[] = {LD_SIM_STEP_LIST(STEP_NAME)};
#undef STEP_NAME
	return what < LD_SIM_WHATS ? names[what] : "?";
}

uint64_t ld_sim_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

void ld_sim_at(const struct ld_sim_truck *truck, int64_t t_ms, struct ld_day_point *point,
	       int64_t *odometer_m, const struct ld_sim_leg **leg)
{
	size_t lo = 0;
	size_t hi = truck->n;

	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;
		if (truck->legs[mid].from_ms <= t_ms)
			lo = mid;
		else
			hi = mid;
	}
	const struct ld_sim_leg *l = &truck->legs[lo];
	double share = (double)(t_ms - l->from_ms) / (double)(l->to_ms - l->from_ms);
	if (share < 0)
		share = 0;
	if (share > 1)
		share = 1;
	point->lat_e7 = (int32_t)(l->a.lat_e7 + (double)(l->b.lat_e7 - l->a.lat_e7) * share);
	point->lon_e7 = (int32_t)(l->a.lon_e7 + (double)(l->b.lon_e7 - l->a.lon_e7) * share);
	*odometer_m = (int64_t)((double)l->odo_a_m + (double)(l->odo_b_m - l->odo_a_m) * share);
	*leg = l;
}

/* ---- trips: what kind each is ---- */

bool ld_sim_on_paper(const struct ld_day_act *cheat)
{
	return cheat &&
	       (cheat->word == LD_CHEAT_ghost || cheat->word == LD_CHEAT_unlicensed_receiver ||
		cheat->word == LD_CHEAT_unlicensed_carrier || cheat->word == LD_CHEAT_wrong_code);
}

static void sort_out(struct ld_sim *s)
{
	const struct ld_day *d = s->day;

	for (size_t i = 0; i < d->n_trips; i++) {
		s->trips[i].leader = i;
		for (size_t k = 0; k < d->n_trips && d->trips[i].run[0];
		     k++) /* the last of a run leads it */
			if (strcmp(d->trips[k].run, d->trips[i].run) == 0)
				s->trips[i].leader = k;
		s->trips[i].leads = s->trips[i].leader == i;
	}
	for (size_t i = 0; i < d->n_trips; i++) {
		s->trips[i].brings_truck = d->trips[i].truck.at;
		s->trips[i].brings_driver = d->trips[i].driver.at;
	}
	for (size_t i = 0; i < d->n_acts; i++) {
		const struct ld_day_act *a = &d->acts[i];
		if (a->word == LD_TROUBLE_second_carrier) {
			s->trips[a->trip.at].second = a;
			s->trips[a->trip.at].brings_truck = a->truck.at;
			s->trips[a->trip.at].brings_driver = a->driver.at;
		}
		if (a->word == LD_TROUBLE_partly_rejected)
			s->trips[a->trip.at].refused = a->count;
		if (a->trip.at >= 0 && ld_day_is_cheat(a->word))
			s->trips[a->trip.at].cheat = a;
		if (a->word == LD_TROUBLE_drying || a->word == LD_CHEAT_short_weight)
			s->trips[a->trip.at].loss_g += a->mass_g;
		if (a->word == LD_CHEAT_added_weight)
			s->trips[a->trip.at].loss_g -= a->mass_g;
	}
	for (size_t i = 0; i < d->n_trips; i++) {
		struct ld_sim_trip *t = &s->trips[i];
		t->driven = !ld_sim_on_paper(t->cheat);
		if (t->cheat && t->cheat->word == LD_CHEAT_missing_piece)
			t->loss_g += d->trips[i].mass_g / d->trips[i].containers *
				     (t->cheat->count ? t->cheat->count : 1);
	}
}

static int64_t late_ms(const struct ld_sim *s, size_t trip)
{
	int64_t ms = 0;

	for (size_t i = 0; i < s->day->n_acts; i++)
		if (s->day->acts[i].word == LD_TROUBLE_late && s->day->acts[i].trip.at == (int)trip)
			ms += (int64_t)s->day->acts[i].for_s * 1000;
	return ms;
}

/* ---- a truck's day ---- */

/* Something the truck has to do, in time order. */
struct job {
	int64_t at_ms;
	int trip;    /* -1: a pick-up without a manifest */
	bool second; /* takes the trip over on the way */
	struct ld_sim_pickup *pickup;
	struct ld_day_point gate;
};

static int by_time(const void *a, const void *b)
{
	const struct job *x = a;
	const struct job *y = b;

	return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

static size_t jobs_of(struct ld_sim *s, size_t truck, struct job *jobs)
{
	const struct ld_day *d = s->day;
	size_t n = 0;

	for (size_t i = 0; i < d->n_trips; i++)
		if (d->trips[i].truck.at == (int)truck && s->trips[i].driven)
			jobs[n++] = (struct job){.at_ms = (int64_t)d->trips[i].at_s * 1000,
						 .trip = (int)i,
						 .gate = d->sites[d->trips[i].site.at].gate};
	for (size_t i = 0; i < d->n_trips; i++)
		if (s->trips[i].second && s->trips[i].driven &&
		    s->trips[i].brings_truck == (int)truck)
			jobs[n++] =
			    (struct job){.at_ms = s->trips[i].met_ms[0],
					 .trip = (int)i,
					 .second = true,
					 .gate = d->sites[s->trips[i].second->site.at].gate};
	for (size_t i = 0; i < s->n_pickups; i++)
		if (s->pickups[i].act->truck.at == (int)truck)
			jobs[n++] = (struct job){.at_ms = (int64_t)s->pickups[i].act->at_s * 1000,
						 .trip = -1,
						 .pickup = &s->pickups[i],
						 .gate = d->sites[s->pickups[i].act->site.at].gate};
	qsort(jobs, n, sizeof(*jobs), by_time);
	return n;
}

/* To the gate by `at`, by way of home where there is time for it. */
static void go_to(struct ld_sim_cursor *c, struct ld_day_point gate, int64_t at_ms,
		  uint32_t speed_kmh)
{
	const struct ld_day *d = c->sim->day;
	const struct ld_day_point none = {0, 0};
	struct ld_day_point home = d->sites[d->trucks[c->truck_i].home.at].gate;
	double ms_per_m = 3600.0 / speed_kmh;
	int64_t by_home =
	    (int64_t)((ld_road_m(c->at, none, home) + ld_road_m(home, none, gate)) * ms_per_m);

	if (c->at.lat_e7 != home.lat_e7 && c->t_ms + by_home + 20 * MINUTE < at_ms)
		ld_cursor_road(c, none, home, speed_kmh);
	ld_cursor_stand(c, at_ms - (int64_t)(ld_road_m(c->at, none, gate) * ms_per_m), true);
	ld_cursor_road(c, none, gate, speed_kmh);
	ld_cursor_stand(c, at_ms, false);
}

static void load_up(struct ld_sim_cursor *c, int64_t load_ms, uint32_t load)
{
	int64_t from = c->t_ms;

	ld_cursor_stand(c, from + load_ms - 5 * MINUTE, true);
	c->load = load;
	ld_cursor_stand(c, from + load_ms, true);
}

/* Where on the whole way, in per cent, the load changes over. */
static uint32_t change_pct(const struct ld_sim *s, size_t trip)
{
	const struct ld_day_trip *dt = &s->day->trips[trip];
	const struct ld_day_point none = {0, 0};
	struct ld_day_point there = s->day->sites[s->trips[trip].second->site.at].gate;
	double first = ld_road_m(s->day->sites[dt->site.at].gate, none, there);
	double rest = ld_road_m(there, none, s->day->sites[dt->to.at].gate);
	double pct = 100 * first / (first + rest + 1);

	return pct < 1 ? 1 : pct > 99 ? 99 : (uint32_t)pct;
}

/* Each waits for the other as far as the pass before knows of it. */
static void change_over(struct ld_sim_cursor *c, size_t trip, bool second)
{
	struct ld_sim_trip *t = &c->sim->trips[trip];

	c->sim->moved = c->sim->moved || t->met_ms[second] != c->t_ms;
	t->met_ms[second] = c->t_ms;
	t->changed_ms = (t->met_ms[0] > t->met_ms[1] ? t->met_ms[0] : t->met_ms[1]) +
			(t->second->for_s ? (int64_t)t->second->for_s * 1000 : 20 * MINUTE);
	ld_cursor_stand(c, t->changed_ms - 5 * MINUTE, true);
	c->load = second ? FULL : EMPTY;
	ld_cursor_stand(c, t->changed_ms, true);
}

/* Waits for the generator's word, and takes what was refused back to it. */
static void bring_back(struct ld_sim_cursor *c, size_t trip)
{
	const struct ld_day_trip *dt = &c->sim->day->trips[trip];
	const struct ld_day_point none = {0, 0};
	struct ld_sim_trip *t = &c->sim->trips[trip];

	ld_cursor_stand(c, t->done_ms + 10 * MINUTE, true);
	ld_cursor_road(c, none, c->sim->day->sites[dt->site.at].gate, dt->speed_kmh);
	t->back_ms = c->t_ms;
	ld_cursor_stand(c, t->back_ms + (int64_t)dt->unload_s * 1000 - 4 * MINUTE, true);
	c->load = EMPTY;
	ld_cursor_stand(c, t->back_ms + (int64_t)dt->unload_s * 1000, true);
	t->back_done_ms = c->t_ms;
}

static void deliver(struct ld_sim_cursor *c, size_t trip)
{
	struct ld_sim *s = c->sim;
	const struct ld_day_trip *dt = &s->day->trips[trip];
	struct ld_sim_trip *t = &s->trips[trip];
	bool elsewhere = t->cheat && t->cheat->word == LD_CHEAT_wrong_site;
	struct ld_day_point to = s->day->sites[elsewhere ? t->cheat->site.at : dt->to.at].gate;

	const struct ld_sim_way way = {.via = dt->via,
				       .to = to,
				       .speed_kmh = dt->speed_kmh,
				       .from_pct = t->second ? change_pct(s, trip) : 0,
				       .to_pct = 100};
	bool there = ld_cursor_loaded(c, trip, &way);
	t->arrive_ms = there ? c->t_ms : 0;
	if (!there) { /* stays out there */
		ld_cursor_stand(c, s->end_ms, true);
		return;
	}
	ld_cursor_stand(c, t->arrive_ms + (int64_t)dt->unload_s * 1000 - 4 * MINUTE, true);
	c->load = t->refused ? HALF : EMPTY;
	ld_cursor_stand(c, t->arrive_ms + (int64_t)dt->unload_s * 1000, true);
	t->done_ms = c->t_ms;
	if (t->refused)
		bring_back(c, trip);
}

static void do_trip(struct ld_sim_cursor *c, const struct job *j)
{
	struct ld_sim *s = c->sim;
	size_t i = (size_t)j->trip;
	const struct ld_day_trip *dt = &s->day->trips[i];
	struct ld_sim_trip *t = &s->trips[i];

	go_to(c, j->gate, j->at_ms, dt->speed_kmh);
	if (j->second) {
		change_over(c, i, true);
		deliver(c, i);
		return;
	}
	t->origin_ms = c->t_ms;
	load_up(c, (int64_t)dt->load_s * 1000 + late_ms(s, i), t->leads ? FULL : HALF);
	t->leave_ms = c->t_ms;
	if (t->second) {
		const struct ld_sim_way way = {.to = s->day->sites[t->second->site.at].gate,
					       .speed_kmh = dt->speed_kmh,
					       .to_pct = change_pct(s, i)};
		ld_cursor_loaded(c, i, &way);
		change_over(c, i, false);
	} else if (t->leads) {
		deliver(c, i);
	}
}

static void do_pickup(struct ld_sim_cursor *c, const struct job *j)
{
	struct ld_sim_pickup *p = j->pickup;
	const struct ld_day_point none = {0, 0};

	go_to(c, j->gate, j->at_ms, 45);
	p->from_ms = c->t_ms;
	load_up(c, (int64_t)(p->act->for_s ? p->act->for_s : 1500) * 1000, FULL);
	p->leave_ms = c->t_ms;
	/* tips somewhere, in plain sight: nothing but the missing manifest gives it away */
	ld_cursor_road(c, none, ld_point_aside(c->at, 2.2, 6000), 45);
	ld_cursor_stand(c, c->t_ms + 8 * MINUTE, false);
	c->load = EMPTY;
	p->end_ms = p->leave_ms + MANIFEST_WAIT_MS + MARGIN_MS;
}

static bool plan_truck(struct ld_sim *s, size_t truck, struct job *jobs)
{
	const struct ld_day *d = s->day;
	const struct ld_day_point none = {0, 0};
	struct ld_day_point home = d->sites[d->trucks[truck].home.at].gate;
	struct ld_sim_cursor c = {.sim = s,
				  .truck = &s->trucks[truck],
				  .truck_i = truck,
				  .t_ms = s->from_ms,
				  .at = home,
				  .odo_m = 40000000.0 + (double)truck * 1234567.0,
				  .load = EMPTY};
	size_t n = jobs_of(s, truck, jobs);

	s->trucks[truck].n = 0; /* of an earlier pass */
	for (size_t k = 0; k < n; k++) {
		if (jobs[k].trip >= 0)
			do_trip(&c, &jobs[k]);
		else
			do_pickup(&c, &jobs[k]);
	}
	if (c.t_ms < s->end_ms && c.at.lat_e7 != home.lat_e7)
		ld_cursor_road(&c, none, home, 45);
	ld_cursor_stand(&c, c.t_ms > s->end_ms ? c.t_ms + MARGIN_MS : s->end_ms, true);
	return !c.failed;
}

/* ---- the whole ---- */

static enum ld_err allocate(struct ld_sim *s)
{
	const struct ld_day *d = s->day;
	size_t n = 0;

	for (size_t i = 0; i < d->n_acts; i++)
		n += d->acts[i].word == LD_CHEAT_unmanifested_pickup;
	s->trucks = calloc(d->n_trucks + 1, sizeof(*s->trucks));
	s->trips = calloc(d->n_trips + 1, sizeof(*s->trips));
	s->pickups = calloc(n + 1, sizeof(*s->pickups));
	if (!s->trucks || !s->trips || !s->pickups)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < d->n_acts; i++)
		if (d->acts[i].word == LD_CHEAT_unmanifested_pickup)
			s->pickups[s->n_pickups++].act = &d->acts[i];
	return LD_OK;
}

static void find_end(struct ld_sim *s)
{
	for (size_t i = 0; i < s->day->n_trips; i++)
		if (s->trips[i].end_ms > s->end_ms)
			s->end_ms = s->trips[i].end_ms;
	for (size_t i = 0; i < s->n_pickups; i++)
		if (s->pickups[i].end_ms > s->end_ms)
			s->end_ms = s->pickups[i].end_ms;
}

/* Trucks stand where they are until the plan's end, which is known only when all have moved. */
static void stretch(struct ld_sim *s)
{
	for (size_t i = 0; i < s->day->n_trucks; i++) {
		struct ld_sim_truck *t = &s->trucks[i];
		if (t->n && t->legs[t->n - 1].to_ms < s->end_ms)
			t->legs[t->n - 1].to_ms = s->end_ms;
	}
}

/* Trucks that wait for each other are moved again and again until nobody's waiting changes. */
static enum ld_err plan_trucks(struct ld_sim *s, struct job *jobs, char *why, size_t cap)
{
	const struct ld_day *d = s->day;
	size_t passes = 3;

	for (size_t i = 0; i < d->n_trips; i++)
		passes += s->trips[i].second ? 2 : 0;
	s->moved = true;
	for (size_t pass = 0; pass < passes && s->moved; pass++) {
		s->moved = false;
		for (size_t i = 0; i < d->n_trucks; i++)
			if (!plan_truck(s, i, jobs)) {
				snprintf(why, cap, "truck '%s' has too much to do",
					 d->trucks[i].id);
				return LD_ERR_LIMIT;
			}
	}
	if (s->moved)
		snprintf(why, cap, "trucks that change loads wait for each other for ever");
	return s->moved ? LD_ERR_LIMIT : LD_OK;
}

enum ld_err ld_sim_plan(const struct ld_day *day, struct ld_sim **out, char *why, size_t cap)
{
	struct ld_sim *s = calloc(1, sizeof(*s));
	struct job *jobs = calloc(2 * day->n_trips + day->n_acts + 1, sizeof(*jobs));
	enum ld_err err = LD_ERR_NOMEM;

	*out = NULL;
	snprintf(why, cap, "out of memory");
	if (!s || !jobs)
		goto out;
	s->day = day;
	s->from_ms = (int64_t)day->from_s * 1000;
	s->end_ms = (int64_t)day->to_s * 1000;
	err = allocate(s);
	if (err)
		goto out;
	sort_out(s);
	err = plan_trucks(s, jobs, why, cap);
	for (size_t i = 0; i < day->n_trips && !err; i++)
		ld_sim_plan_steps(s, i);
	find_end(s);
	stretch(s);
	if (!err && s->end_ms - s->from_ms > INT64_C(36) * 3600000) {
		snprintf(why, cap,
			 "the plan takes longer than 36 hours: too many trips for a truck");
		err = LD_ERR_LIMIT;
	}
out:
	free(jobs);
	if (err)
		ld_sim_free(s);
	else
		*out = s;
	return err;
}

void ld_sim_free(struct ld_sim *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->trucks && i < s->day->n_trucks; i++)
		free(s->trucks[i].legs);
	free(s->trucks);
	free(s->trips);
	free(s->pickups);
	free(s);
}
