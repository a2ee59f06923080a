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
#define EARLIEST_TRIP_S (15 * 60) /* after the day's start: its papers are made before */

enum ld_err ld_day_wrong(struct ld_day_check *c, int line, const char *fmt, ...)
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

static const struct named *item(const struct ld_day_list *l, size_t i)
{
	return (const struct named *)((const char *)l->items + i * l->size);
}

static int find(const struct ld_day_list *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(item(l, i)->id, id) == 0)
			return (int)i;
	return -1;
}

static enum ld_err unique(struct ld_day_check *c, struct ld_day_list l)
{
	for (size_t i = 1; i < l.n; i++) {
		struct ld_day_list before = l;
		before.n = i;
		if (find(&before, item(&l, i)->id) >= 0)
			return ld_day_wrong(c, item(&l, i)->line, "%s '%s' is there already",
					    l.what, item(&l, i)->id);
	}
	return LD_OK;
}

/* Resolves where the line gave a name; at stays -1 where it did not. */
enum ld_err ld_day_resolve(struct ld_day_check *c, int line, struct ld_day_list l,
			   struct ld_day_ref *ref)
{
	ref->at = -1;
	if (ref->id[0] == '\0')
		return LD_OK;
	ref->at = find(&l, ref->id);
	if (ref->at < 0)
		return ld_day_wrong(c, line, "no %s '%s'", l.what, ref->id);
	return LD_OK;
}

bool ld_day_has_role(const struct ld_day *d, int party, uint32_t role)
{
	return party >= 0 && (d->parties[party].roles & role) != 0;
}

/* A licence's pattern covers a code: itself, its category (HWnn), or everything. */
bool ld_day_licensed(const struct ld_day_party *p, const struct ld_day_waste *w)
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

static enum ld_err check_site(struct ld_day_check *c, struct ld_day_site *s)
{
	bool red = s->kind == LIANDAN__SITE_KIND__SITE_KIND_RED_ZONE;
	bool round = s->gate.lat_e7 != INT32_MAX;
	int64_t lat = 0;
	int64_t lon = 0;

	enum ld_err err =
	    ld_day_resolve(c, s->line, LD_DAY_LIST(c->day, parties, "party"), &s->party);
	if (err)
		return err;
	if (red != (s->party.at < 0))
		return ld_day_wrong(c, s->line,
				    red ? "a red zone belongs to no party" : "'party=' is missing");
	if (round == (s->n_ring > 0) || (s->n_ring > 0 && s->radius_m > 0))
		return ld_day_wrong(c, s->line, "a site has either at= (and radius=) or ring=");
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

static enum ld_err check_places(struct ld_day_check *c)
{
	struct ld_day *d = c->day;
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < d->n_sites && !err; i++)
		err = check_site(c, &d->sites[i]);
	for (size_t i = 0; i < d->n_scales && !err; i++) {
		struct ld_day_scale *s = &d->scales[i];
		err = ld_day_resolve(c, s->line, LD_DAY_LIST(d, sites, "site"), &s->site);
		if (!err && d->sites[s->site.at].party.at < 0)
			err = ld_day_wrong(c, s->line, "a scale does not stand in a red zone");
	}
	return err;
}

static enum ld_err check_fleet(struct ld_day_check *c)
{
	struct ld_day *d = c->day;
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < d->n_trucks && !err; i++) {
		struct ld_day_truck *t = &d->trucks[i];
		err = ld_day_resolve(c, t->line, LD_DAY_LIST(d, parties, "party"), &t->carrier);
		if (!err)
			err = ld_day_resolve(c, t->line, LD_DAY_LIST(d, sites, "site"), &t->home);
		if (!err && !ld_day_has_role(d, t->carrier.at, LIANDAN__ROLE__ROLE_CARRIER))
			err = ld_day_wrong(c, t->line, "'%s' is no carrier", t->carrier.id);
	}
	for (size_t i = 0; i < d->n_drivers && !err; i++) {
		struct ld_day_driver *v = &d->drivers[i];
		err = ld_day_resolve(c, v->line, LD_DAY_LIST(d, parties, "party"), &v->carrier);
		if (!err && !ld_day_has_role(d, v->carrier.at, LIANDAN__ROLE__ROLE_CARRIER))
			err = ld_day_wrong(c, v->line, "'%s' is no carrier", v->carrier.id);
	}
	return err;
}

/* What the catalogue does not know would be refused, and no cheat had been planted. */
static enum ld_err check_waste(struct ld_day_check *c, const struct ld_day_waste *w)
{
	Liandan__CodeSystem system = (Liandan__CodeSystem)w->system;
	const struct ld_waste_code *known = ld_waste_code_find(system, w->code);

	if (ld_waste_code_count(system) == 0)
		return LD_OK;
	if (!known)
		return ld_day_wrong(c, w->line, "code '%s' is not in the catalogue", w->code);
	if (!ld_waste_code_hazards_fit(known, w->hazards))
		return ld_day_wrong(c, w->line, "hazards are not the catalogue's for %s", w->code);
	return LD_OK;
}

static enum ld_err check_wastes(struct ld_day_check *c)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < c->day->n_wastes && !err; i++)
		err = check_waste(c, &c->day->wastes[i]);
	return err;
}

/* ---- trips ---- */

/* The party's first site of one of two kinds, where the trip names none. */
static enum ld_err own_site(struct ld_day_check *c, const struct ld_day_trip *t,
			    struct ld_day_ref *ref, int party, uint32_t kind1, uint32_t kind2)
{
	struct ld_day *d = c->day;

	if (ref->at >= 0)
		return d->sites[ref->at].party.at == party
			   ? LD_OK
			   : ld_day_wrong(c, t->line, "site '%s' is not its party's", ref->id);
	for (uint32_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < d->n_sites; i++)
			if (d->sites[i].party.at == party &&
			    d->sites[i].kind == (pass == 0 ? kind1 : kind2)) {
				ref->at = (int)i;
				memcpy(ref->id, d->sites[i].id, sizeof(ref->id));
				return LD_OK;
			}
	return ld_day_wrong(c, t->line, "party '%s' has no site for this", d->parties[party].id);
}

static enum ld_err resolve_trip(struct ld_day_check *c, struct ld_day_trip *t)
{
	struct ld_day *d = c->day;
	struct {
		struct ld_day_list list;
		struct ld_day_ref *ref;
	} refs[] = {
	    {LD_DAY_LIST(d, parties, "party"), &t->generator},
	    {LD_DAY_LIST(d, sites, "site"), &t->site},
	    {LD_DAY_LIST(d, parties, "party"), &t->receiver},
	    {LD_DAY_LIST(d, sites, "site"), &t->to},
	    {LD_DAY_LIST(d, trucks, "truck"), &t->truck},
	    {LD_DAY_LIST(d, drivers, "driver"), &t->driver},
	    {LD_DAY_LIST(d, wastes, "waste"), &t->waste},
	};

	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		enum ld_err err = ld_day_resolve(c, t->line, refs[i].list, refs[i].ref);
		if (err)
			return err;
	}
	return LD_OK;
}

static enum ld_err check_trip(struct ld_day_check *c, struct ld_day_trip *t)
{
	struct ld_day *d = c->day;
	enum ld_err err = resolve_trip(c, t);

	if (err)
		return err;
	if (!ld_day_has_role(d, t->generator.at, LIANDAN__ROLE__ROLE_GENERATOR))
		return ld_day_wrong(c, t->line, "'%s' is no generator", t->generator.id);
	if (!ld_day_has_role(d, t->receiver.at, LIANDAN__ROLE__ROLE_RECEIVER))
		return ld_day_wrong(c, t->line, "'%s' is no receiver", t->receiver.id);
	if (d->trucks[t->truck.at].carrier.at != d->drivers[t->driver.at].carrier.at)
		return ld_day_wrong(c, t->line, "truck and driver are of two carriers");
	if (t->mass_g > d->trucks[t->truck.at].max_g)
		return ld_day_wrong(c, t->line, "more than the truck may carry");
	if (t->at_s < d->from_s + EARLIEST_TRIP_S || t->at_s > d->to_s)
		return ld_day_wrong(
		    c, t->line,
		    "at= lies outside the day (the first quarter of an hour is for papers)");
	err = own_site(c, t, &t->site, t->generator.at, LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION,
		       LIANDAN__SITE_KIND__SITE_KIND_STORAGE);
	if (!err)
		err = own_site(c, t, &t->to, t->receiver.at, LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL,
			       LIANDAN__SITE_KIND__SITE_KIND_TRANSFER);
	if (!err && t->site.at == t->to.at)
		err = ld_day_wrong(c, t->line, "origin and destination are one site");
	for (size_t i = 0; i < d->n_scales && !err; i++)
		if (d->scales[i].site.at == t->to.at)
			return LD_OK;
	return err ? err : ld_day_wrong(c, t->line, "destination '%s' has no scale", t->to.id);
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
static enum ld_err check_run(struct ld_day_check *c, size_t first)
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
			return ld_day_wrong(
			    c, b->line, "trips of run '%s' differ in truck, driver or destination",
			    a->run);
		if (a->at_s == b->at_s && i != first)
			return ld_day_wrong(c, b->line, "two trips of run '%s' at one time",
					    a->run);
		sum += b->mass_g;
	}
	if (sum > d->trucks[a->truck.at].max_g)
		return ld_day_wrong(c, a->line, "run '%s' is more than the truck may carry",
				    a->run);
	return LD_OK;
}

static enum ld_err check_trips(struct ld_day_check *c)
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

enum ld_err ld_day_check(struct ld_day *d, struct ld_day_fault *fault)
{
	struct ld_day_check c = {d, fault};
	const struct ld_day_list lists[] = {
	    LD_DAY_LIST(d, parties, "party"),  LD_DAY_LIST(d, sites, "site"),
	    LD_DAY_LIST(d, scales, "scale"),   LD_DAY_LIST(d, trucks, "truck"),
	    LD_DAY_LIST(d, drivers, "driver"), LD_DAY_LIST(d, wastes, "waste"),
	    LD_DAY_LIST(d, trips, "trip"),
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
	return err ? err : ld_day_check_acts(&c);
}
