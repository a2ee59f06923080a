#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/day_parse.h"
#include "liandan/registry.pb-c.h"
#include "proto/waste_code.h"

/* What one line alone cannot show: names resolve, ids are unique, a trip is one that its truck
 * could make and its parties may make, a cheat fits the trip it is planted on. */

#define DEFAULT_RADIUS_M 150
#define SHORTEST_ACCIDENT_S (5 * 60)
#define EARLIEST_TRIP_S (15 * 60) /* after the day's start: its papers are made before */

struct check {
	struct ld_day *day;
	struct ld_day_fault *fault;
};

static enum ld_err fail(struct check *c, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum ld_err fail(struct check *c, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->fault->what, sizeof(c->fault->what), fmt, ap);
	va_end(ap);
	c->fault->line = line;
	return LD_ERR_MALFORMED;
}

/* Every struct of the day begins with its line and its id: one search serves all lists. */
struct named {
	int line;
	char id[LD_MAX_ID_BYTES + 1];
};

struct list {
	const void *items;
	size_t n, size;
	const char *what;
};

#define LIST(day, name, one)                                                                       \
	((struct list){(day)->name, (day)->n_##name, sizeof(*(day)->name), one})

static const struct named *item(const struct list *l, size_t i)
{
	return (const struct named *)((const char *)l->items + i * l->size);
}

static int find(const struct list *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(item(l, i)->id, id) == 0)
			return (int)i;
	return -1;
}

static enum ld_err unique(struct check *c, struct list l)
{
	for (size_t i = 1; i < l.n; i++) {
		struct list before = l;
		before.n = i;
		if (find(&before, item(&l, i)->id) >= 0)
			return fail(c, item(&l, i)->line, "%s '%s' is there already", l.what,
				    item(&l, i)->id);
	}
	return LD_OK;
}

/* Resolves where the line gave a name; at stays -1 where it did not. */
static enum ld_err resolve(struct check *c, int line, struct list l, struct ld_day_ref *ref)
{
	ref->at = -1;
	if (ref->id[0] == '\0')
		return LD_OK;
	ref->at = find(&l, ref->id);
	if (ref->at < 0)
		return fail(c, line, "no %s '%s'", l.what, ref->id);
	return LD_OK;
}

static bool has_role(const struct ld_day *d, int party, uint32_t role)
{
	return party >= 0 && (d->parties[party].roles & role) != 0;
}

/* A licence's pattern covers a code: itself, its category (HWnn), or everything. */
static bool licensed(const struct ld_day_party *p, const struct ld_day_waste *w)
{
	size_t len = strlen(w->code);

	for (uint32_t i = 0; i < p->n_codes; i++) {
		const char *pattern = p->codes[i];
		if (strcmp(pattern, "*") == 0 || strcmp(pattern, w->code) == 0)
			return true;
		if (strncmp(pattern, "HW", 2) == 0 && len > 3 && w->code[len - 3] == '-' &&
		    strcmp(pattern + 2, w->code + len - 2) == 0)
			return true;
	}
	return false;
}

/* ---- places ---- */

static enum ld_err check_site(struct check *c, struct ld_day_site *s)
{
	bool red = s->kind == LIANDAN__SITE_KIND__SITE_KIND_RED_ZONE;
	bool round = s->gate.lat_e7 != INT32_MAX;
	int64_t lat = 0;
	int64_t lon = 0;

	enum ld_err err = resolve(c, s->line, LIST(c->day, parties, "party"), &s->party);
	if (err)
		return err;
	if (red != (s->party.at < 0))
		return fail(c, s->line,
			    red ? "a red zone belongs to no party" : "'party=' is missing");
	if (round == (s->n_ring > 0) || (s->n_ring > 0 && s->radius_m > 0))
		return fail(c, s->line, "a site has either at= (and radius=) or ring=");
	if (round) {
		if (s->radius_m == 0)
			s->radius_m = DEFAULT_RADIUS_M;
		return LD_OK;
	}
	for (uint32_t i = 0; i < s->n_ring; i++) {
		lat += s->ring[i].lat_e7;
		lon += s->ring[i].lon_e7;
	}
	s->gate.lat_e7 = (int32_t)(lat / s->n_ring);
	s->gate.lon_e7 = (int32_t)(lon / s->n_ring);
	return LD_OK;
}

static enum ld_err check_places(struct check *c)
{
	struct ld_day *d = c->day;
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < d->n_sites && !err; i++)
		err = check_site(c, &d->sites[i]);
	for (size_t i = 0; i < d->n_scales && !err; i++) {
		struct ld_day_scale *s = &d->scales[i];
		err = resolve(c, s->line, LIST(d, sites, "site"), &s->site);
		if (!err && d->sites[s->site.at].party.at < 0)
			err = fail(c, s->line, "a scale does not stand in a red zone");
	}
	return err;
}

static enum ld_err check_fleet(struct check *c)
{
	struct ld_day *d = c->day;
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < d->n_trucks && !err; i++) {
		struct ld_day_truck *t = &d->trucks[i];
		err = resolve(c, t->line, LIST(d, parties, "party"), &t->carrier);
		if (!err)
			err = resolve(c, t->line, LIST(d, sites, "site"), &t->home);
		if (!err && !has_role(d, t->carrier.at, LIANDAN__ROLE__ROLE_CARRIER))
			err = fail(c, t->line, "'%s' is no carrier", t->carrier.id);
	}
	for (size_t i = 0; i < d->n_drivers && !err; i++) {
		struct ld_day_driver *v = &d->drivers[i];
		err = resolve(c, v->line, LIST(d, parties, "party"), &v->carrier);
		if (!err && !has_role(d, v->carrier.at, LIANDAN__ROLE__ROLE_CARRIER))
			err = fail(c, v->line, "'%s' is no carrier", v->carrier.id);
	}
	return err;
}

/* What the catalogue does not know would be refused, and no cheat had been planted. */
static enum ld_err check_waste(struct check *c, const struct ld_day_waste *w)
{
	Liandan__CodeSystem system = (Liandan__CodeSystem)w->system;
	const struct ld_waste_code *known = ld_waste_code_find(system, w->code);

	if (ld_waste_code_count(system) == 0)
		return LD_OK;
	if (!known)
		return fail(c, w->line, "code '%s' is not in the catalogue", w->code);
	if (!ld_waste_code_hazards_fit(known, w->hazards))
		return fail(c, w->line, "hazards are not the catalogue's for %s", w->code);
	return LD_OK;
}

static enum ld_err check_wastes(struct check *c)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < c->day->n_wastes && !err; i++)
		err = check_waste(c, &c->day->wastes[i]);
	return err;
}

/* ---- trips ---- */

/* The party's first site of one of two kinds, where the trip names none. */
static enum ld_err own_site(struct check *c, const struct ld_day_trip *t, struct ld_day_ref *ref,
			    int party, uint32_t kind1, uint32_t kind2)
{
	struct ld_day *d = c->day;

	if (ref->at >= 0)
		return d->sites[ref->at].party.at == party
			   ? LD_OK
			   : fail(c, t->line, "site '%s' is not its party's", ref->id);
	for (uint32_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < d->n_sites; i++)
			if (d->sites[i].party.at == party &&
			    d->sites[i].kind == (pass == 0 ? kind1 : kind2)) {
				ref->at = (int)i;
				memcpy(ref->id, d->sites[i].id, sizeof(ref->id));
				return LD_OK;
			}
	return fail(c, t->line, "party '%s' has no site for this", d->parties[party].id);
}

static enum ld_err resolve_trip(struct check *c, struct ld_day_trip *t)
{
	struct ld_day *d = c->day;
	struct {
		struct list list;
		struct ld_day_ref *ref;
	} refs[] = {
	    {LIST(d, parties, "party"), &t->generator}, {LIST(d, sites, "site"), &t->site},
	    {LIST(d, parties, "party"), &t->receiver},	{LIST(d, sites, "site"), &t->to},
	    {LIST(d, trucks, "truck"), &t->truck},	{LIST(d, drivers, "driver"), &t->driver},
	    {LIST(d, wastes, "waste"), &t->waste},
	};

	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		enum ld_err err = resolve(c, t->line, refs[i].list, refs[i].ref);
		if (err)
			return err;
	}
	return LD_OK;
}

static enum ld_err check_trip(struct check *c, struct ld_day_trip *t)
{
	struct ld_day *d = c->day;
	enum ld_err err = resolve_trip(c, t);

	if (err)
		return err;
	if (!has_role(d, t->generator.at, LIANDAN__ROLE__ROLE_GENERATOR))
		return fail(c, t->line, "'%s' is no generator", t->generator.id);
	if (!has_role(d, t->receiver.at, LIANDAN__ROLE__ROLE_RECEIVER))
		return fail(c, t->line, "'%s' is no receiver", t->receiver.id);
	if (d->trucks[t->truck.at].carrier.at != d->drivers[t->driver.at].carrier.at)
		return fail(c, t->line, "truck and driver are of two carriers");
	if (t->mass_g > d->trucks[t->truck.at].max_g)
		return fail(c, t->line, "more than the truck may carry");
	if (t->at_s < d->from_s + EARLIEST_TRIP_S || t->at_s > d->to_s)
		return fail(
		    c, t->line,
		    "at= lies outside the day (the first quarter of an hour is for papers)");
	err = own_site(c, t, &t->site, t->generator.at, LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION,
		       LIANDAN__SITE_KIND__SITE_KIND_STORAGE);
	if (!err)
		err = own_site(c, t, &t->to, t->receiver.at, LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL,
			       LIANDAN__SITE_KIND__SITE_KIND_TRANSFER);
	if (!err && t->site.at == t->to.at)
		err = fail(c, t->line, "origin and destination are one site");
	for (size_t i = 0; i < d->n_scales && !err; i++)
		if (d->scales[i].site.at == t->to.at)
			return LD_OK;
	return err ? err : fail(c, t->line, "destination '%s' has no scale", t->to.id);
}

static int by_time(const void *a, const void *b)
{
	const struct ld_day_trip *x = a;
	const struct ld_day_trip *y = b;

	if (x->at_s != y->at_s)
		return x->at_s < y->at_s ? -1 : 1;
	return x->line < y->line ? -1 : 1;
}

/* The trips of a milk run share truck, driver and destination; their masses are one load. */
static enum ld_err check_run(struct check *c, size_t first)
{
	struct ld_day *d = c->day;
	const struct ld_day_trip *a = &d->trips[first];
	int64_t sum = 0;

	if (a->run[0] == '\0')
		return LD_OK;
	for (size_t i = 0; i < d->n_trips; i++) {
		const struct ld_day_trip *b = &d->trips[i];
		if (strcmp(a->run, b->run) != 0)
			continue;
		if (a->truck.at != b->truck.at || a->driver.at != b->driver.at ||
		    a->to.at != b->to.at)
			return fail(c, b->line,
				    "trips of run '%s' differ in truck, driver or destination",
				    a->run);
		if (a->at_s == b->at_s && i != first)
			return fail(c, b->line, "two trips of run '%s' at one time", a->run);
		sum += b->mass_g;
	}
	if (sum > d->trucks[a->truck.at].max_g)
		return fail(c, a->line, "run '%s' is more than the truck may carry", a->run);
	return LD_OK;
}

static enum ld_err check_trips(struct check *c)
{
	struct ld_day *d = c->day;
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < d->n_trips && !err; i++)
		err = check_trip(c, &d->trips[i]);
	if (!err && d->n_trips > 1)
		qsort(d->trips, d->n_trips, sizeof(*d->trips), by_time);
	for (size_t i = 0; i < d->n_trips && !err; i++)
		err = check_run(c, i);
	return err;
}

/* ---- troubles and cheats ---- */

static enum ld_err resolve_act(struct check *c, struct ld_day_act *a)
{
	struct ld_day *d = c->day;
	struct {
		struct list list;
		struct ld_day_ref *ref;
	} refs[] = {
	    {LIST(d, trips, "trip"), &a->trip},	    {LIST(d, trucks, "truck"), &a->truck},
	    {LIST(d, parties, "party"), &a->party}, {LIST(d, drivers, "driver"), &a->driver},
	    {LIST(d, scales, "scale"), &a->scale},  {LIST(d, sites, "site"), &a->site},
	    {LIST(d, trips, "trip"), &a->other},
	};

	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		enum ld_err err = resolve(c, a->line, refs[i].list, refs[i].ref);
		if (err)
			return err;
	}
	return LD_OK;
}

/* A trouble that no moment of the day can have is a slip: most often 01:00 for 25:00. */
static enum ld_err check_when(struct check *c, const struct ld_day_act *a)
{
	const struct ld_day *d = c->day;

	if (a->from_s >= 0 && a->to_s <= a->from_s)
		return fail(c, a->line, "to= is not after from=");
	if ((a->at_s >= 0 && (a->at_s < d->from_s || a->at_s > d->to_s)) ||
	    (a->from_s >= 0 && (a->to_s <= d->from_s || a->from_s >= d->to_s)))
		return fail(c, a->line,
			    "lies outside the day (after midnight it is 24:00, 25:00 …)");
	if (a->word == LD_TROUBLE_accident && a->for_s < SHORTEST_ACCIDENT_S)
		return fail(c, a->line, "for= is too short to report an accident (5m and more)");
	if (a->word == LD_TROUBLE_drying && a->mass_g >= d->trips[a->trip.at].mass_g)
		return fail(c, a->line, "more than the trip carries");
	return LD_OK;
}

/* Does the cheat fit the trip it is planted on? */
static enum ld_err check_cheat(struct check *c, const struct ld_day_act *a)
{
	const struct ld_day *d = c->day;
	const struct ld_day_trip *t = a->trip.at >= 0 ? &d->trips[a->trip.at] : NULL;
	const struct ld_day_trip *o = a->other.at >= 0 ? &d->trips[a->other.at] : NULL;

	switch (a->word) {
	case LD_CHEAT_unmanifested_pickup:
		return d->sites[a->site.at].kind == LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION
			   ? LD_OK
			   : fail(c, a->line, "site '%s' is no production site", a->site.id);
	case LD_CHEAT_short_weight:
		return a->mass_g < t->mass_g ? LD_OK
					     : fail(c, a->line, "more than the trip carries");
	case LD_CHEAT_missing_piece:
		return t->containers > (a->count ? a->count : 1)
			   ? LD_OK
			   : fail(c, a->line, "not so many containers");
	case LD_CHEAT_wrong_carrier:
		return d->drivers[a->driver.at].carrier.at != d->trucks[t->truck.at].carrier.at
			   ? LD_OK
			   : fail(c, a->line, "driver '%s' is of the named carrier", a->driver.id);
	case LD_CHEAT_unlicensed_receiver:
		return !licensed(&d->parties[t->receiver.at], &d->wastes[t->waste.at])
			   ? LD_OK
			   : fail(c, a->line, "receiver '%s' is licensed for this", t->receiver.id);
	case LD_CHEAT_unlicensed_carrier:
		return !licensed(&d->parties[d->trucks[t->truck.at].carrier.at],
				 &d->wastes[t->waste.at])
			   ? LD_OK
			   : fail(c, a->line, "the carrier is licensed for this");
	case LD_CHEAT_wrong_site:
		return a->site.at != t->to.at
			   ? LD_OK
			   : fail(c, a->line, "this is the declared destination");
	case LD_CHEAT_container_twice:
		if (t == o || t->generator.at != o->generator.at || t->site.at != o->site.at ||
		    !t->containers || !o->containers || t->at_s < o->at_s)
			return fail(
			    c, a->line,
			    "other= must be an earlier trip with containers of the same site");
		return LD_OK;
	case LD_CHEAT_never_arrives:
		for (size_t i = 0; i < d->n_trips; i++)
			if (d->trips[i].truck.at == t->truck.at && d->trips[i].at_s > t->at_s &&
			    (t->run[0] == '\0' || strcmp(d->trips[i].run, t->run) != 0))
				return fail(c, a->line, "truck '%s' has a later trip", t->truck.id);
		return LD_OK;
	case LD_CHEAT_ghost:
		return t->run[0] ? fail(c, a->line, "a trip of a milk run cannot be a ghost")
				 : LD_OK;
	default:
		return LD_OK;
	}
}

/* One cheat a trip: so that what is found can be told apart. */
static enum ld_err alone(struct check *c, const struct ld_day_act *a)
{
	for (size_t i = 0; i < c->day->n_acts; i++) {
		const struct ld_day_act *b = &c->day->acts[i];
		if (b != a && strcmp(a->id, b->id) == 0)
			return fail(c, b->line > a->line ? b->line : a->line,
				    "id '%s' is there already", a->id);
		if (b != a && ld_day_is_cheat(a->word) && ld_day_is_cheat(b->word) &&
		    a->trip.at >= 0 && a->trip.at == b->trip.at)
			return fail(c, b->line > a->line ? b->line : a->line,
				    "trip '%s' has a cheat already", a->trip.id);
	}
	return LD_OK;
}

static bool planted(const struct ld_day *d, int trip, enum ld_day_word word)
{
	for (size_t i = 0; i < d->n_acts; i++)
		if (d->acts[i].word == word && d->acts[i].trip.at == trip)
			return true;
	return false;
}

/* Somebody with a clerk fills in for the generator, and only he does. */
static enum ld_err check_delegate(struct check *c, const struct ld_day_act *a)
{
	const struct ld_day *d = c->day;

	if (a->party.at == d->trips[a->trip.at].generator.at)
		return fail(c, a->line, "'%s' is the generator itself", a->party.id);
	if (!has_role(d, a->party.at, LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER))
		return fail(c, a->line, "'%s' has no clerk: it is no generator or receiver",
			    a->party.id);
	for (size_t i = 0; i < d->n_acts; i++)
		if (&d->acts[i] != a && d->acts[i].trip.at == a->trip.at &&
		    (d->acts[i].word == LD_TROUBLE_delegated ||
		     d->acts[i].word == LD_CHEAT_disputed_delegate))
			return fail(c, d->acts[i].line > a->line ? d->acts[i].line : a->line,
				    "trip '%s' has a delegate already", a->trip.id);
	return LD_OK;
}

/* The truck comes to where the trouble is. */
static enum ld_err check_driven(struct check *c, const struct ld_day_act *a)
{
	static const enum ld_day_word not_driven[] = {
	    LD_CHEAT_ghost, LD_CHEAT_wrong_code, LD_CHEAT_unlicensed_carrier,
	    LD_CHEAT_unlicensed_receiver, LD_CHEAT_never_arrives};

	for (size_t i = 0; i < sizeof(not_driven) / sizeof(not_driven[0]); i++)
		if (planted(c->day, a->trip.at, not_driven[i]))
			return fail(c, a->line, "does not go with the cheat %s of trip '%s'",
				    ld_day_word_name(not_driven[i]), a->trip.id);
	return LD_OK;
}

/* Does a story's trouble or cheat fit its trip? When all names are resolved. */
static enum ld_err check_story(struct check *c, const struct ld_day_act *a)
{
	switch (a->word) {
	case LD_TROUBLE_accident:
		return check_driven(c, a);
	case LD_TROUBLE_delegated:
	case LD_CHEAT_disputed_delegate:
		return check_delegate(c, a);
	default:
		return LD_OK;
	}
}

/* An honest trip is licensed: else it would be refused and nobody would know why. */
static enum ld_err check_licences(struct check *c, size_t i)
{
	const struct ld_day *d = c->day;
	const struct ld_day_trip *t = &d->trips[i];
	const struct ld_day_waste *w = &d->wastes[t->waste.at];

	if (!licensed(&d->parties[t->receiver.at], w) &&
	    !planted(d, (int)i, LD_CHEAT_unlicensed_receiver))
		return fail(
		    c, t->line,
		    "receiver '%s' is not licensed for %s; plant the cheat unlicensed_receiver",
		    t->receiver.id, w->code);
	if (!licensed(&d->parties[d->trucks[t->truck.at].carrier.at], w) &&
	    !planted(d, (int)i, LD_CHEAT_unlicensed_carrier))
		return fail(
		    c, t->line,
		    "the carrier is not licensed for %s; plant the cheat unlicensed_carrier",
		    w->code);
	return LD_OK;
}

static enum ld_err check_acts(struct check *c)
{
	struct ld_day *d = c->day;
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < d->n_acts && !err; i++) {
		struct ld_day_act *a = &d->acts[i];
		err = resolve_act(c, a);
		if (!err)
			err = check_when(c, a);
		if (!err)
			err = check_cheat(c, a);
	}
	for (size_t i = 0; i < d->n_acts && !err; i++)
		err = alone(c, &d->acts[i]);
	for (size_t i = 0; i < d->n_acts && !err; i++)
		err = check_story(c, &d->acts[i]);
	for (size_t i = 0; i < d->n_trips && !err; i++)
		err = check_licences(c, i);
	return err;
}

enum ld_err ld_day_check(struct ld_day *d, struct ld_day_fault *fault)
{
	struct check c = {d, fault};
	const struct list lists[] = {
	    LIST(d, parties, "party"), LIST(d, sites, "site"),	   LIST(d, scales, "scale"),
	    LIST(d, trucks, "truck"),  LIST(d, drivers, "driver"), LIST(d, wastes, "waste"),
	    LIST(d, trips, "trip"),
	};
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && !err; i++)
		err = unique(&c, lists[i]);
	if (!err)
		err = check_places(&c);
	if (!err)
		err = check_fleet(&c);
	if (!err)
		err = check_wastes(&c);
	if (!err)
		err = check_trips(&c);
	return err ? err : check_acts(&c);
}
