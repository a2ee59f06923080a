#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/day_parse.h"
#include "liandan/registry.pb-c.h"

/* One struct for each line: which words a line takes, and where they go. */

static const struct ld_day_choice role_words[] = {
    {"generator", LIANDAN__ROLE__ROLE_GENERATOR},
    {"carrier", LIANDAN__ROLE__ROLE_CARRIER},
    {"receiver", LIANDAN__ROLE__ROLE_RECEIVER},
    {NULL, 0},
};
static const struct ld_day_choice tier_words[] = {
    {"key", LIANDAN__TIER__TIER_KEY},
    {"simplified", LIANDAN__TIER__TIER_SIMPLIFIED},
    {"registered", LIANDAN__TIER__TIER_REGISTERED},
    {NULL, 0},
};
static const struct ld_day_choice site_words[] = {
    {"production", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION},
    {"storage", LIANDAN__SITE_KIND__SITE_KIND_STORAGE},
    {"disposal", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL},
    {"transfer", LIANDAN__SITE_KIND__SITE_KIND_TRANSFER},
    {"parking", LIANDAN__SITE_KIND__SITE_KIND_PARKING},
    {"red_zone", LIANDAN__SITE_KIND__SITE_KIND_RED_ZONE},
    {NULL, 0},
};
static const struct ld_day_choice system_words[] = {
    {"cn", LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS},
    {"ewc", LIANDAN__CODE_SYSTEM__CODE_SYSTEM_EWC},
    {"cn-general", LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL},
    {NULL, 0},
};
static const struct ld_day_choice hazard_words[] = {
    {"T", LIANDAN__HAZARD__HAZARD_T},
    {"C", LIANDAN__HAZARD__HAZARD_C},
    {"I", LIANDAN__HAZARD__HAZARD_I},
    {"R", LIANDAN__HAZARD__HAZARD_R},
    {"In", LIANDAN__HAZARD__HAZARD_IN},
    {"none", 0},
    {NULL, 0},
};
static const struct ld_day_choice form_words[] = {
    {"solid", LIANDAN__FORM__FORM_SOLID},
    {"semi-solid", LIANDAN__FORM__FORM_SEMI_SOLID},
    {"liquid", LIANDAN__FORM__FORM_LIQUID},
    {"gas", LIANDAN__FORM__FORM_GAS},
    {NULL, 0},
};
static const struct ld_day_choice package_words[] = {
    {"drum", LIANDAN__PACKAGE__PACKAGE_DRUM},
    {"bag", LIANDAN__PACKAGE__PACKAGE_BAG},
    {"box", LIANDAN__PACKAGE__PACKAGE_BOX},
    {"ibc", LIANDAN__PACKAGE__PACKAGE_IBC},
    {"tank", LIANDAN__PACKAGE__PACKAGE_TANK},
    {"bulk", LIANDAN__PACKAGE__PACKAGE_BULK},
    {NULL, 0},
};
static const struct ld_day_choice yes_words[] = {{"yes", 1}, {"no", 0}, {NULL, 0}};

#define AT(type, member) offsetof(struct ld_day_##type, member)
#define MIN_S 60
#define DAY_MAX_S (24 * 3600)

static const struct ld_day_field day_fields[] = {
    {"from", LD_T_CLOCK, offsetof(struct ld_day, from_s), true, 0, 0, NULL},
    {"to", LD_T_CLOCK, offsetof(struct ld_day, to_s), true, 0, 0, NULL},
    {"rate", LD_T_UINT, offsetof(struct ld_day, rate), false, 1, 3600, NULL},
    {"seed", LD_T_UINT, offsetof(struct ld_day, seed), false, 0, UINT32_MAX, NULL},
    {"fix", LD_T_SPAN, offsetof(struct ld_day, fix_s), false, 5, 120, NULL},
    {"track", LD_T_UINT, offsetof(struct ld_day, track), false, 1, 60, NULL},
    {"zh", LD_T_TEXT, offsetof(struct ld_day, zh), false, 0, 0, NULL},
    {"en", LD_T_TEXT, offsetof(struct ld_day, en), false, 0, 0, NULL},
    {NULL, LD_T_ID, 0, false, 0, 0, NULL},
};
static const struct ld_day_field party_fields[] = {
    {"roles", LD_T_BITS, AT(party, roles), true, 0, 0, role_words},
    {"tier", LD_T_ONE, AT(party, tier), false, 0, 0, tier_words},
    {"codes", LD_T_CODES, 0, false, 0, 0, NULL},
    {"zh", LD_T_TEXT, AT(party, zh), false, 0, 0, NULL},
    {"en", LD_T_TEXT, AT(party, en), false, 0, 0, NULL},
    {NULL, LD_T_ID, 0, false, 0, 0, NULL},
};
static const struct ld_day_field site_fields[] = {
    {"party", LD_T_REF, AT(site, party), false, 0, 0, NULL},
    {"kind", LD_T_ONE, AT(site, kind), true, 0, 0, site_words},
    {"at", LD_T_POINT, AT(site, gate), false, 0, 0, NULL},
    {"radius", LD_T_DISTANCE, AT(site, radius_m), false, 30, 5000, NULL},
    {"ring", LD_T_RING, 0, false, 0, 0, NULL},
    {"zh", LD_T_TEXT, AT(site, zh), false, 0, 0, NULL},
    {"en", LD_T_TEXT, AT(site, en), false, 0, 0, NULL},
    {NULL, LD_T_ID, 0, false, 0, 0, NULL},
};
static const struct ld_day_field scale_fields[] = {
    {"site", LD_T_REF, AT(scale, site), true, 0, 0, NULL},
    {"e", LD_T_MASS, AT(scale, e_g), false, 100, 100000, NULL},
    {"max", LD_T_MASS, AT(scale, max_g), false, 1000000, 200000000, NULL},
    {NULL, LD_T_ID, 0, false, 0, 0, NULL},
};
static const struct ld_day_field truck_fields[] = {
    {"carrier", LD_T_REF, AT(truck, carrier), true, 0, 0, NULL},
    {"home", LD_T_REF, AT(truck, home), true, 0, 0, NULL},
    {"tare", LD_T_MASS, AT(truck, tare_g), false, 500000, 60000000, NULL},
    {"max", LD_T_MASS, AT(truck, max_g), false, 100000, 60000000, NULL},
    {"odometer", LD_T_ONE, AT(truck, odometer), false, 0, 0, yes_words},
    {NULL, LD_T_ID, 0, false, 0, 0, NULL},
};
static const struct ld_day_field driver_fields[] = {
    {"carrier", LD_T_REF, AT(driver, carrier), true, 0, 0, NULL},
    {NULL, LD_T_ID, 0, false, 0, 0, NULL},
};
static const struct ld_day_field waste_fields[] = {
    {"code", LD_T_CODE, AT(waste, code), true, 0, 0, NULL},
    {"hazards", LD_T_BITS, AT(waste, hazards), true, 0, 0, hazard_words},
    {"system", LD_T_ONE, AT(waste, system), false, 0, 0, system_words},
    {"form", LD_T_ONE, AT(waste, form), false, 0, 0, form_words},
    {"package", LD_T_ONE, AT(waste, package), false, 0, 0, package_words},
    {"mode", LD_T_CODE, AT(waste, mode), false, 0, 0, NULL},
    {"zh", LD_T_TEXT, AT(waste, zh), false, 0, 0, NULL},
    {"en", LD_T_TEXT, AT(waste, en), false, 0, 0, NULL},
    {NULL, LD_T_ID, 0, false, 0, 0, NULL},
};
static const struct ld_day_field trip_fields[] = {
    {"at", LD_T_CLOCK, AT(trip, at_s), true, 0, 0, NULL},
    {"run", LD_T_ID, AT(trip, run), false, 0, 0, NULL},
    {"generator", LD_T_REF, AT(trip, generator), true, 0, 0, NULL},
    {"site", LD_T_REF, AT(trip, site), false, 0, 0, NULL},
    {"receiver", LD_T_REF, AT(trip, receiver), true, 0, 0, NULL},
    {"to", LD_T_REF, AT(trip, to), false, 0, 0, NULL},
    {"truck", LD_T_REF, AT(trip, truck), true, 0, 0, NULL},
    {"driver", LD_T_REF, AT(trip, driver), true, 0, 0, NULL},
    {"waste", LD_T_REF, AT(trip, waste), true, 0, 0, NULL},
    {"mass", LD_T_MASS, AT(trip, mass_g), true, 1000, 60000000, NULL},
    {"containers", LD_T_UINT, AT(trip, containers), false, 1, LD_DAY_MAX_CONTAINERS, NULL},
    {"speed", LD_T_UINT, AT(trip, speed_kmh), false, 5, 80, NULL},
    {"load", LD_T_SPAN, AT(trip, load_s), false, 15 * MIN_S, 4 * 3600, NULL},
    {"unload", LD_T_SPAN, AT(trip, unload_s), false, 10 * MIN_S, 4 * 3600, NULL},
    {"treat", LD_T_SPAN, AT(trip, treat_s), false, 5 * MIN_S, 24 * 3600, NULL},
    {"via", LD_T_POINT, AT(trip, via), false, 0, 0, NULL},
    {NULL, LD_T_ID, 0, false, 0, 0, NULL},
};
static const struct ld_day_field act_fields[] = {
    {"id", LD_T_ID, AT(act, id), false, 0, 0, NULL},
    {"trip", LD_T_REF, AT(act, trip), false, 0, 0, NULL},
    {"truck", LD_T_REF, AT(act, truck), false, 0, 0, NULL},
    {"party", LD_T_REF, AT(act, party), false, 0, 0, NULL},
    {"driver", LD_T_REF, AT(act, driver), false, 0, 0, NULL},
    {"scale", LD_T_REF, AT(act, scale), false, 0, 0, NULL},
    {"site", LD_T_REF, AT(act, site), false, 0, 0, NULL},
    {"other", LD_T_REF, AT(act, other), false, 0, 0, NULL},
    {"at", LD_T_CLOCK, AT(act, at_s), false, 0, 0, NULL},
    {"from", LD_T_CLOCK, AT(act, from_s), false, 0, 0, NULL},
    {"to", LD_T_CLOCK, AT(act, to_s), false, 0, 0, NULL},
    {"for", LD_T_SPAN, AT(act, for_s), false, 1, 24 * 3600, NULL},
    {"distance", LD_T_DISTANCE, AT(act, distance_m), false, 100, 100000, NULL},
    {"mass", LD_T_MASS, AT(act, mass_g), false, 100, 60000000, NULL},
    {"count", LD_T_UINT, AT(act, count), false, 1, LD_DAY_MAX_CONTAINERS, NULL},
    {"share", LD_T_UINT, AT(act, share), false, 5, 95, NULL},
    {NULL, LD_T_ID, 0, false, 0, 0, NULL},
};

/* ---- filling a struct ---- */

static enum ld_err fill(struct ld_day_reader *r, const struct ld_day_field *fields, void *to)
{
	uint32_t seen = 0;
	char what[160];

	for (size_t i = 0; i < r->n_pairs; i++) {
		const struct ld_day_pair *p = &r->pairs[i];
		size_t k = 0;
		while (fields[k].key && !ld_word_is(p->key, fields[k].key))
			k++;
		if (!fields[k].key)
			return ld_day_fail(r, LD_ERR_MALFORMED, "unknown word '%.*s'",
					   (int)(p->key.n > 40 ? 40 : p->key.n), p->key.s);
		if (seen & (1U << k))
			return ld_day_fail(r, LD_ERR_MALFORMED, "'%s' stands twice", fields[k].key);
		seen |= 1U << k;
		if (ld_day_value(&fields[k], p->value, p->n, (char *)to + fields[k].offset, what,
				 sizeof(what)))
			return ld_day_fail(r, LD_ERR_MALFORMED, "%s: %s", fields[k].key, what);
	}
	for (size_t k = 0; fields[k].key; k++)
		if (fields[k].required && !(seen & (1U << k)))
			return ld_day_fail(r, LD_ERR_MALFORMED, "'%s=' is missing", fields[k].key);
	return LD_OK;
}

/* A zeroed element behind the others of a list. */
static void *grow(struct ld_day_reader *r, void *list, size_t *n, size_t max, size_t size,
		  const char *what)
{
	void **items = list;

	if (*n == max) {
		ld_day_fail(r, LD_ERR_LIMIT, "more than %zu of '%s'", max, what);
		return NULL;
	}
	if ((*n & (*n - 1)) == 0) { /* at 0, 1, 2, 4, 8 …: room for twice as many */
		void *bigger = realloc(*items, size * (*n ? *n * 2 : 1));
		if (!bigger) {
			ld_day_fail(r, LD_ERR_NOMEM, "out of memory");
			return NULL;
		}
		*items = bigger;
	}
	void *made = (char *)*items + *n * size;
	memset(made, 0, size);
	(*n)++;
	return made;
}

#define GROW(r, list, max)                                                                         \
	grow((r), &(r)->day->list, &(r)->day->n_##list, (max), sizeof(*(r)->day->list), #list)

static enum ld_err name_of(struct ld_day_reader *r, char *to)
{
	if (r->n_head != 2 || !ld_day_id_ok(r->head[1].s, r->head[1].n))
		return ld_day_fail(
		    r, LD_ERR_MALFORMED,
		    "'%.*s' needs a name of 1 to 64 bytes without spaces and / + # = , ;",
		    (int)r->head[0].n, r->head[0].s);
	memcpy(to, r->head[1].s, r->head[1].n);
	to[r->head[1].n] = '\0';
	return LD_OK;
}

static enum ld_err failed(const struct ld_day_reader *r)
{
	return strstr(r->fault->what, "memory") ? LD_ERR_NOMEM : LD_ERR_LIMIT;
}

static enum ld_err line_day(struct ld_day_reader *r)
{
	struct ld_day *d = r->day;

	if (r->saw_day || r->n_head != 1)
		return ld_day_fail(r, LD_ERR_MALFORMED,
				   "one line 'day from=… to=…', without a name");
	r->saw_day = true;
	enum ld_err err = fill(r, day_fields, d);
	if (!err && (d->to_s <= d->from_s || d->to_s - d->from_s > DAY_MAX_S))
		err = ld_day_fail(r, LD_ERR_MALFORMED,
				  "the day must end after it begins, within 24 hours");
	return err;
}

static enum ld_err line_party(struct ld_day_reader *r)
{
	struct ld_day_party *p = GROW(r, parties, LD_DAY_MAX_PARTIES);

	if (!p)
		return failed(r);
	p->line = r->line;
	p->tier = LIANDAN__TIER__TIER_KEY;
	p->codes[0][0] = '*';
	p->n_codes = 1;
	enum ld_err err = name_of(r, p->id);
	return err ? err : fill(r, party_fields, p);
}

static enum ld_err line_site(struct ld_day_reader *r)
{
	struct ld_day_site *s = GROW(r, sites, LD_DAY_MAX_SITES);

	if (!s)
		return failed(r);
	s->line = r->line;
	s->gate.lat_e7 = INT32_MAX; /* "not given" */
	enum ld_err err = name_of(r, s->id);
	return err ? err : fill(r, site_fields, s);
}

static enum ld_err line_scale(struct ld_day_reader *r)
{
	struct ld_day_scale *s = GROW(r, scales, LD_DAY_MAX_SCALES);

	if (!s)
		return failed(r);
	s->line = r->line;
	s->e_g = 20000;
	s->max_g = 60000000;
	enum ld_err err = name_of(r, s->id);
	return err ? err : fill(r, scale_fields, s);
}

static enum ld_err line_truck(struct ld_day_reader *r)
{
	struct ld_day_truck *t = GROW(r, trucks, LD_DAY_MAX_TRUCKS);

	if (!t)
		return failed(r);
	t->line = r->line;
	t->tare_g = 12000000;
	t->max_g = 18000000;
	t->odometer = 1;
	enum ld_err err = name_of(r, t->id);
	return err ? err : fill(r, truck_fields, t);
}

static enum ld_err line_driver(struct ld_day_reader *r)
{
	struct ld_day_driver *d = GROW(r, drivers, LD_DAY_MAX_DRIVERS);

	if (!d)
		return failed(r);
	d->line = r->line;
	enum ld_err err = name_of(r, d->id);
	return err ? err : fill(r, driver_fields, d);
}

static enum ld_err line_waste(struct ld_day_reader *r)
{
	struct ld_day_waste *w = GROW(r, wastes, LD_DAY_MAX_WASTES);

	if (!w)
		return failed(r);
	w->line = r->line;
	w->system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	w->form = LIANDAN__FORM__FORM_SOLID;
	w->package = LIANDAN__PACKAGE__PACKAGE_DRUM;
	memcpy(w->mode, "D9", 3);
	enum ld_err err = name_of(r, w->id);
	return err ? err : fill(r, waste_fields, w);
}

static enum ld_err line_trip(struct ld_day_reader *r)
{
	struct ld_day_trip *t = GROW(r, trips, LD_DAY_MAX_TRIPS);

	if (!t)
		return failed(r);
	t->line = r->line;
	t->speed_kmh = 45;
	t->load_s = 25 * 60;
	t->unload_s = 20 * 60;
	enum ld_err err = name_of(r, t->id);
	return err ? err : fill(r, trip_fields, t);
}

/* ---- troubles and cheats ---- */

struct word_info {
	const char *name;
	uint32_t required, one_of, optional;
	const char *zh, *en;
};

#define WORD_INFO(name, required, one_of, optional, zh, en)                                        \
	{#name, required, one_of, optional, zh, en},
static const struct word_info words[LD_DAY_WORDS] = {LD_TROUBLE_LIST(WORD_INFO)
							 LD_CHEAT_LIST(WORD_INFO)};
#undef WORD_INFO

bool ld_day_is_cheat(enum ld_day_word word)
{
	return word >= LD_DAY_FIRST_CHEAT;
}

const char *ld_day_word_name(enum ld_day_word word)
{
	return word < LD_DAY_WORDS ? words[word].name : "?";
}

const char *ld_day_word_zh(enum ld_day_word word)
{
	return word < LD_DAY_WORDS ? words[word].zh : "?";
}

const char *ld_day_word_en(enum ld_day_word word)
{
	return word < LD_DAY_WORDS ? words[word].en : "?";
}

/* Bits of the keys that the line gave, in the order of act_fields (id is free). */
static uint32_t keys_given(const struct ld_day_reader *r)
{
	static const struct {
		const char *key;
		uint32_t bit;
	} bits[] = {
	    {"trip", LD_KEY_TRIP},     {"truck", LD_KEY_TRUCK}, {"party", LD_KEY_PARTY},
	    {"driver", LD_KEY_DRIVER}, {"scale", LD_KEY_SCALE}, {"site", LD_KEY_SITE},
	    {"other", LD_KEY_OTHER},   {"at", LD_KEY_AT},	{"from", LD_KEY_FROM},
	    {"to", LD_KEY_TO},	       {"for", LD_KEY_FOR},	{"distance", LD_KEY_DISTANCE},
	    {"mass", LD_KEY_MASS},     {"count", LD_KEY_COUNT}, {"share", LD_KEY_SHARE},
	};
	uint32_t given = 0;

	for (size_t i = 0; i < r->n_pairs; i++)
		for (size_t k = 0; k < sizeof(bits) / sizeof(bits[0]); k++)
			if (ld_word_is(r->pairs[i].key, bits[k].key))
				given |= bits[k].bit;
	return given;
}

static enum ld_err line_act(struct ld_day_reader *r)
{
	bool cheat = ld_word_is(r->head[0], "cheat");
	size_t w = cheat ? LD_DAY_FIRST_CHEAT : 0;
	size_t end = cheat ? LD_DAY_WORDS : LD_DAY_FIRST_CHEAT;
	struct ld_day_act *a = GROW(r, acts, LD_DAY_MAX_ACTS);

	if (!a)
		return failed(r);
	while (w < end && !(r->n_head == 2 && ld_word_is(r->head[1], words[w].name)))
		w++;
	if (w == end)
		return ld_day_fail(r, LD_ERR_MALFORMED, "'%.*s' is no known %s",
				   r->n_head == 2 ? (int)(r->head[1].n > 40 ? 40 : r->head[1].n)
						  : 0,
				   r->n_head == 2 ? r->head[1].s : "", cheat ? "cheat" : "trouble");
	a->line = r->line;
	a->word = (enum ld_day_word)w;
	a->at_s = a->from_s = a->to_s = -1;
	enum ld_err err = fill(r, act_fields, a);
	if (err)
		return err;
	uint32_t given = keys_given(r);
	if ((given & words[w].required) != words[w].required)
		return ld_day_fail(r, LD_ERR_MALFORMED, "%s: a key that it needs is missing",
				   words[w].name);
	if (words[w].one_of && !(given & words[w].one_of))
		return ld_day_fail(r, LD_ERR_MALFORMED,
				   "%s: needs truck=, party= or scale=", words[w].name);
	if (given & ~(words[w].required | words[w].one_of | words[w].optional))
		return ld_day_fail(r, LD_ERR_MALFORMED, "%s: a key that it does not take",
				   words[w].name);
	if (a->id[0] == '\0')
		snprintf(a->id, sizeof(a->id), "%s-%d", words[w].name, r->line);
	return LD_OK;
}

enum ld_err ld_day_statement(struct ld_day_reader *r)
{
	static const struct {
		const char *word;
		enum ld_err (*read)(struct ld_day_reader *);
	} statements[] = {
	    {"day", line_day},	   {"party", line_party}, {"site", line_site},
	    {"scale", line_scale}, {"truck", line_truck}, {"driver", line_driver},
	    {"waste", line_waste}, {"trip", line_trip},	  {"trouble", line_act},
	    {"cheat", line_act},
	};

	if (r->n_head == 0)
		return r->n_pairs ? ld_day_fail(r, LD_ERR_MALFORMED,
						"a line begins with a word, not with key=value")
				  : LD_OK;
	if (r->first) {
		r->first = false;
		if (r->n_head == 2 && r->n_pairs == 0 && ld_word_is(r->head[0], "liandan-day") &&
		    ld_word_is(r->head[1], "1"))
			return LD_OK;
		return ld_day_fail(r, LD_ERR_MALFORMED, "the first line must be 'liandan-day 1'");
	}
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (ld_word_is(r->head[0], statements[i].word))
			return statements[i].read(r);
	return ld_day_fail(r, LD_ERR_MALFORMED, "unknown word '%.*s'",
			   (int)(r->head[0].n > 40 ? 40 : r->head[0].n), r->head[0].s);
}
