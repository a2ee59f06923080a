#include <string.h>

#include "deploy/cli/day_parse.h"
#include "liandan/registry.pb-c.h"

/* Troubles and cheats: does each fit the day, and the trip that it is planted on? */

#define SHORTEST_ACCIDENT_S (5 * 60)
#define SHORTEST_CHANGE_S (10 * 60)

static enum ld_err resolve_act(struct ld_day_check *c, struct ld_day_act *a)
{
	struct ld_day *d = c->day;
	struct {
		struct ld_day_list list;
		struct ld_day_ref *ref;
	} refs[] = {
	    {LD_DAY_LIST(d, trips, "trip"), &a->trip},
	    {LD_DAY_LIST(d, trucks, "truck"), &a->truck},
	    {LD_DAY_LIST(d, parties, "party"), &a->party},
	    {LD_DAY_LIST(d, drivers, "driver"), &a->driver},
	    {LD_DAY_LIST(d, scales, "scale"), &a->scale},
	    {LD_DAY_LIST(d, sites, "site"), &a->site},
	    {LD_DAY_LIST(d, trips, "trip"), &a->other},
	};

	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		enum ld_err err = ld_day_resolve(c, a->line, refs[i].list, refs[i].ref);
		if (err)
			return err;
	}
	return LD_OK;
}

/* A trouble that no moment of the day can have is a slip: most often 01:00 for 25:00. */
static enum ld_err check_when(struct ld_day_check *c, const struct ld_day_act *a)
{
	const struct ld_day *d = c->day;

	if (a->from_s >= 0 && a->to_s <= a->from_s)
		return ld_day_wrong(c, a->line, "to= is not after from=");
	if ((a->at_s >= 0 && (a->at_s < d->from_s || a->at_s > d->to_s)) ||
	    (a->from_s >= 0 && (a->to_s <= d->from_s || a->from_s >= d->to_s)))
		return ld_day_wrong(c, a->line,
				    "lies outside the day (after midnight it is 24:00, 25:00 …)");
	if (a->word == LD_TROUBLE_second_carrier && a->for_s && a->for_s < SHORTEST_CHANGE_S)
		return ld_day_wrong(c, a->line, "for= is too short to change over (10m and more)");
	if (a->word == LD_TROUBLE_accident && a->for_s < SHORTEST_ACCIDENT_S)
		return ld_day_wrong(c, a->line,
				    "for= is too short to report an accident (5m and more)");
	if (a->word == LD_TROUBLE_drying && a->mass_g >= d->trips[a->trip.at].mass_g)
		return ld_day_wrong(c, a->line, "more than the trip carries");
	return LD_OK;
}

/* Does the cheat fit the trip it is planted on? */
static enum ld_err check_cheat(struct ld_day_check *c, const struct ld_day_act *a)
{
	const struct ld_day *d = c->day;
	const struct ld_day_trip *t = a->trip.at >= 0 ? &d->trips[a->trip.at] : NULL;
	const struct ld_day_trip *o = a->other.at >= 0 ? &d->trips[a->other.at] : NULL;

	switch (a->word) {
	case LD_CHEAT_unmanifested_pickup:
		return d->sites[a->site.at].kind == LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION
			   ? LD_OK
			   : ld_day_wrong(c, a->line, "site '%s' is no production site",
					  a->site.id);
	case LD_CHEAT_short_weight:
		return a->mass_g < t->mass_g
			   ? LD_OK
			   : ld_day_wrong(c, a->line, "more than the trip carries");
	case LD_CHEAT_missing_piece:
		return t->containers > (a->count ? a->count : 1)
			   ? LD_OK
			   : ld_day_wrong(c, a->line, "not so many containers");
	case LD_CHEAT_wrong_carrier:
		return d->drivers[a->driver.at].carrier.at != d->trucks[t->truck.at].carrier.at
			   ? LD_OK
			   : ld_day_wrong(c, a->line, "driver '%s' is of the named carrier",
					  a->driver.id);
	case LD_CHEAT_unlicensed_receiver:
		return !ld_day_licensed(&d->parties[t->receiver.at], &d->wastes[t->waste.at])
			   ? LD_OK
			   : ld_day_wrong(c, a->line, "receiver '%s' is licensed for this",
					  t->receiver.id);
	case LD_CHEAT_unlicensed_carrier:
		return !ld_day_licensed(&d->parties[d->trucks[t->truck.at].carrier.at],
					&d->wastes[t->waste.at])
			   ? LD_OK
			   : ld_day_wrong(c, a->line, "the carrier is licensed for this");
	case LD_CHEAT_wrong_site:
		return a->site.at != t->to.at
			   ? LD_OK
			   : ld_day_wrong(c, a->line, "this is the declared destination");
	case LD_CHEAT_container_twice:
		if (t == o || t->generator.at != o->generator.at || t->site.at != o->site.at ||
		    !t->containers || !o->containers || t->at_s < o->at_s)
			return ld_day_wrong(
			    c, a->line,
			    "other= must be an earlier trip with containers of the same site");
		return LD_OK;
	case LD_CHEAT_never_arrives:
		for (size_t i = 0; i < d->n_trips; i++)
			if (d->trips[i].truck.at == t->truck.at && d->trips[i].at_s > t->at_s &&
			    (t->run[0] == '\0' || strcmp(d->trips[i].run, t->run) != 0))
				return ld_day_wrong(c, a->line, "truck '%s' has a later trip",
						    t->truck.id);
		return LD_OK;
	case LD_CHEAT_ghost:
		return t->run[0]
			   ? ld_day_wrong(c, a->line, "a trip of a milk run cannot be a ghost")
			   : LD_OK;
	default:
		return LD_OK;
	}
}

/* One cheat a trip: so that what is found can be told apart. */
static enum ld_err alone(struct ld_day_check *c, const struct ld_day_act *a)
{
	for (size_t i = 0; i < c->day->n_acts; i++) {
		const struct ld_day_act *b = &c->day->acts[i];
		if (b != a && strcmp(a->id, b->id) == 0)
			return ld_day_wrong(c, b->line > a->line ? b->line : a->line,
					    "id '%s' is there already", a->id);
		if (b != a && ld_day_is_cheat(a->word) && ld_day_is_cheat(b->word) &&
		    a->trip.at >= 0 && a->trip.at == b->trip.at)
			return ld_day_wrong(c, b->line > a->line ? b->line : a->line,
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
static enum ld_err check_delegate(struct ld_day_check *c, const struct ld_day_act *a)
{
	const struct ld_day *d = c->day;

	if (a->party.at == d->trips[a->trip.at].generator.at)
		return ld_day_wrong(c, a->line, "'%s' is the generator itself", a->party.id);
	if (!ld_day_has_role(d, a->party.at,
			     LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER))
		return ld_day_wrong(c, a->line, "'%s' has no clerk: it is no generator or receiver",
				    a->party.id);
	for (size_t i = 0; i < d->n_acts; i++)
		if (&d->acts[i] != a && d->acts[i].trip.at == a->trip.at &&
		    (d->acts[i].word == LD_TROUBLE_delegated ||
		     d->acts[i].word == LD_CHEAT_disputed_delegate))
			return ld_day_wrong(c,
					    d->acts[i].line > a->line ? d->acts[i].line : a->line,
					    "trip '%s' has a delegate already", a->trip.id);
	return LD_OK;
}

/* The truck comes to where the trouble is. */
static enum ld_err check_driven(struct ld_day_check *c, const struct ld_day_act *a)
{
	static const enum ld_day_word not_driven[] = {
	    LD_CHEAT_ghost, LD_CHEAT_wrong_code, LD_CHEAT_unlicensed_carrier,
	    LD_CHEAT_unlicensed_receiver, LD_CHEAT_never_arrives};

	for (size_t i = 0; i < sizeof(not_driven) / sizeof(not_driven[0]); i++)
		if (planted(c->day, a->trip.at, not_driven[i]))
			return ld_day_wrong(c, a->line,
					    "does not go with the cheat %s of trip '%s'",
					    ld_day_word_name(not_driven[i]), a->trip.id);
	return LD_OK;
}

/* Another carrier, who may and can. */
static enum ld_err check_second(struct ld_day_check *c, const struct ld_day_act *a)
{
	const struct ld_day *d = c->day;
	const struct ld_day_trip *t = &d->trips[a->trip.at];
	const struct ld_day_truck *truck = &d->trucks[a->truck.at];
	uint32_t kind = d->sites[a->site.at].kind;

	if (d->drivers[a->driver.at].carrier.at != truck->carrier.at)
		return ld_day_wrong(c, a->line, "truck and driver are of two carriers");
	if (truck->carrier.at == d->trucks[t->truck.at].carrier.at)
		return ld_day_wrong(c, a->line, "'%s' is the first carrier", truck->carrier.id);
	if (kind != LIANDAN__SITE_KIND__SITE_KIND_TRANSFER &&
	    kind != LIANDAN__SITE_KIND__SITE_KIND_PARKING)
		return ld_day_wrong(c, a->line, "site '%s' is no transfer or parking site",
				    a->site.id);
	if (a->site.at == t->to.at)
		return ld_day_wrong(c, a->line, "this is the destination");
	if (t->mass_g > truck->max_g)
		return ld_day_wrong(c, a->line, "more than truck '%s' may carry", truck->id);
	if (!ld_day_licensed(&d->parties[truck->carrier.at], &d->wastes[t->waste.at]))
		return ld_day_wrong(c, a->line, "the second carrier is not licensed for this");
	if (t->run[0] || t->via.lat_e7 || t->via.lon_e7)
		return ld_day_wrong(c, a->line, "does not go with run= or via= of trip '%s'",
				    t->id);
	for (size_t i = 0; i < d->n_acts; i++)
		if (&d->acts[i] != a && d->acts[i].word == a->word &&
		    d->acts[i].trip.at == a->trip.at)
			return ld_day_wrong(c,
					    d->acts[i].line > a->line ? d->acts[i].line : a->line,
					    "trip '%s' has a second carrier already", t->id);
	if (planted(d, a->trip.at, LD_CHEAT_wrong_carrier))
		return ld_day_wrong(c, a->line,
				    "does not go with the cheat wrong_carrier of trip '%s'", t->id);
	return check_driven(c, a);
}

static enum ld_err check_apart(struct ld_day_check *c, const struct ld_day_act *a,
			       const enum ld_day_word *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (planted(c->day, a->trip.at, words[i]))
			return ld_day_wrong(c, a->line, "does not go with %s of trip '%s'",
					    ld_day_word_name(words[i]), a->trip.id);
	return LD_OK;
}

static enum ld_err check_once(struct ld_day_check *c, const struct ld_day_act *a)
{
	const struct ld_day *d = c->day;

	for (size_t i = 0; i < d->n_acts; i++)
		if (&d->acts[i] != a && d->acts[i].word == a->word &&
		    d->acts[i].trip.at == a->trip.at)
			return ld_day_wrong(
			    c, d->acts[i].line > a->line ? d->acts[i].line : a->line,
			    "trip '%s' has %s already", a->trip.id, ld_day_word_name(a->word));
	return LD_OK;
}

static bool has_scale(const struct ld_day *d, int site)
{
	for (size_t i = 0; i < d->n_scales; i++)
		if (d->scales[i].site.at == site)
			return true;
	return false;
}

/* Refused containers go back to where a scale weighs them. */
static enum ld_err check_refused(struct ld_day_check *c, const struct ld_day_act *a)
{
	static const enum ld_day_word apart[] = {LD_CHEAT_wrong_site,	LD_CHEAT_missing_piece,
						 LD_CHEAT_short_weight, LD_CHEAT_added_weight,
						 LD_CHEAT_no_tickets,	LD_CHEAT_wrong_carrier};
	const struct ld_day *d = c->day;
	const struct ld_day_trip *t = &d->trips[a->trip.at];

	if (t->containers <= a->count)
		return ld_day_wrong(c, a->line, "not so many containers");
	if (t->run[0])
		return ld_day_wrong(c, a->line, "does not go with run= of trip '%s'", t->id);
	if (!has_scale(d, t->site.at))
		return ld_day_wrong(c, a->line, "origin '%s' has no scale for what comes back",
				    t->site.id);
	enum ld_err err = check_once(c, a);
	if (!err)
		err = check_apart(c, a, apart, sizeof(apart) / sizeof(apart[0]));
	return err ? err : check_driven(c, a);
}

/* Of bulk nobody checks what the clerk types; the one driver is among those who are asked, and a
 * delegate would be. */
static enum ld_err check_mistyped(struct ld_day_check *c, const struct ld_day_act *a)
{
	static const enum ld_day_word apart[] = {LD_TROUBLE_second_carrier, LD_TROUBLE_delegated,
						 LD_CHEAT_disputed_delegate};

	if (c->day->trips[a->trip.at].containers != 0)
		return ld_day_wrong(c, a->line,
				    "trip '%s' has containers, whose masses are known: "
				    "leave containers= out",
				    a->trip.id);
	enum ld_err err = check_apart(c, a, apart, sizeof(apart) / sizeof(apart[0]));
	return err ? err : check_driven(c, a);
}

/* Does a story's trouble or cheat fit its trip? When all names are resolved. */
static enum ld_err check_story(struct ld_day_check *c, const struct ld_day_act *a)
{
	switch (a->word) {
	case LD_TROUBLE_accident:
		return check_driven(c, a);
	case LD_TROUBLE_second_carrier:
		return check_second(c, a);
	case LD_TROUBLE_partly_rejected:
		return check_refused(c, a);
	case LD_TROUBLE_delegated:
	case LD_CHEAT_disputed_delegate:
		return check_delegate(c, a);
	case LD_TROUBLE_mistyped:
		return check_mistyped(c, a);
	default:
		return LD_OK;
	}
}

/* An honest trip is licensed: else it would be refused and nobody would know why. */
static enum ld_err check_licences(struct ld_day_check *c, size_t i)
{
	const struct ld_day *d = c->day;
	const struct ld_day_trip *t = &d->trips[i];
	const struct ld_day_waste *w = &d->wastes[t->waste.at];

	if (!ld_day_licensed(&d->parties[t->receiver.at], w) &&
	    !planted(d, (int)i, LD_CHEAT_unlicensed_receiver))
		return ld_day_wrong(
		    c, t->line,
		    "receiver '%s' is not licensed for %s; plant the cheat unlicensed_receiver",
		    t->receiver.id, w->code);
	if (!ld_day_licensed(&d->parties[d->trucks[t->truck.at].carrier.at], w) &&
	    !planted(d, (int)i, LD_CHEAT_unlicensed_carrier))
		return ld_day_wrong(
		    c, t->line,
		    "the carrier is not licensed for %s; plant the cheat unlicensed_carrier",
		    w->code);
	return LD_OK;
}

enum ld_err ld_day_check_acts(struct ld_day_check *c)
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
