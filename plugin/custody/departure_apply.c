/* Stays at registered sites and departures without a manifest: what apply keeps of them. */
#include "plugin/custody/departure.h"

#include <string.h>

#include "plugin/custody/fence.h"
#include "plugin/custody/gap.h"
#include "plugin/custody/tables.h"
#include "plugin/custody/track.h"

#define MAX_LOADS 16
#define MAX_EXPIRED 16 /* stays and departures swept in one go */

static void stay_key(struct ld_tkey *k, const char *plate, int64_t from_ms)
{
	ld_tkey_init(k);
	ld_tkey_str(k, plate);
	ld_tkey_u64(k, (uint64_t)from_ms);
}

static void departure_key(struct ld_tkey *k, int64_t due_ms, const char *plate)
{
	ld_tkey_init(k);
	ld_tkey_u64(k, (uint64_t)due_ms);
	ld_tkey_str(k, plate);
}

struct sweep {
	struct ld_tkey key[MAX_EXPIRED];
	size_t n;
	int64_t before_ms;
};

static int sweep_stay(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		      size_t len)
{
	struct sweep *s = ctx;
	uint64_t from = 0;

	(void)value;
	(void)len;
	for (size_t i = key_len >= 8 ? key_len - 8 : 0; i < key_len; i++)
		from = from << 8 | key[i];
	if ((int64_t)from >= s->before_ms || s->n == MAX_EXPIRED)
		return 1;
	ld_tkey_init(&s->key[s->n]);
	ld_tkey_bytes(&s->key[s->n++], key, key_len);
	return 0;
}

static enum ld_err stay_write(struct ld_custody *c, const Custody__Position *pos)
{
	Custody__Stay stay = CUSTODY__STAY__INIT;
	struct sweep s = {.before_ms = pos->site_last_ms - LD_KEPT_MS};
	struct ld_tkey k;

	ld_tkey_init(&k);
	ld_tkey_str(&k, pos->plate);
	enum ld_err err =
	    ld_state_walk(c->state, LD_T_STAY, k.b, k.len, NULL, 0, sweep_stay, &s, NULL);

	if (err == LD_ERR_NOT_FOUND)
		err = LD_OK;
	for (size_t i = 0; i < s.n && err == LD_OK; i++)
		err = ld_state_del(c->state, LD_T_STAY, s.key[i].b, s.key[i].len);
	if (err != LD_OK)
		return err;
	stay.site = pos->site;
	stay.from_ms = pos->site_since_ms;
	stay.to_ms = pos->site_last_ms;
	stay_key(&k, pos->plate, stay.from_ms);
	return ld_rec_put(c, (enum ld_table)LD_T_STAY, k.b, k.len, &stay.base);
}

/* An open offer, or a sealed manifest that names the carrier, whose origin is this site. */
struct offer_walk {
	struct ld_custody *c;
	size_t skip;
	ProtobufCBinaryData ids[MAX_LOADS];
	size_t n;
};

static int offer_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct offer_walk *w = ctx;

	(void)value;
	(void)len;
	if (w->n == MAX_LOADS)
		return 1;
	w->ids[w->n++] = ld_c_bytes(w->c, key + w->skip, key_len - w->skip);
	return 0;
}

/* A manifest is looked at and its memory given back: replay must not run out where the live path
 * did not. */
static enum ld_err offered_at(struct ld_custody *c, const char *carrier, const char *site,
			      bool *offered)
{
	struct offer_walk w = {.c = c};
	struct ld_tkey k;

	*offered = false;
	ld_tkey_init(&k);
	ld_tkey_str(&k, carrier);
	w.skip = k.len;
	enum ld_err err =
	    ld_state_walk(c->state, LD_T_PLATE_OFFER, k.b, k.len, NULL, 0, offer_one, &w, NULL);

	for (size_t i = 0; i < w.n && err == LD_OK && !*offered; i++) {
		const size_t used = c->arena->used;
		Custody__Manifest *m;

		err = ld_manifest_get(c, w.ids[i], &m);
		*offered =
		    err == LD_OK && m->created != NULL && strcmp(m->created->site, site) == 0;
		err = err == LD_ERR_NOT_FOUND ? LD_OK : err;
		c->arena->used = used;
	}
	return err;
}

/* What the vehicle carries or has just delivered, seen from a site. */
struct cargo {
	bool any;     /* it carries something */
	bool of_site; /* a manifest of this site was taken around the stay, or delivered here */
	/* D2: an open one that it left this site with before */
	uint8_t again[LD_UUID_BYTES];
	bool has_again;
	bool went; /* and it has been at that one's receiver since */
};

/* Has it stood at that site since? */
struct stay_walk {
	const char *site;
	int64_t since_ms;
	bool there;
};

static int stood_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct stay_walk *w = ctx;
	Custody__Stay *s = custody__stay__unpack(NULL, len, value);

	(void)key;
	(void)key_len;
	w->there = s != NULL && strcmp(s->site, w->site) == 0 && s->from_ms >= w->since_ms;
	custody__stay__free_unpacked(s, NULL);
	return w->there ? 1 : 0;
}

static bool stood_at(struct ld_custody *c, const char *plate, const char *site, int64_t since_ms)
{
	struct stay_walk w = {.site = site, .since_ms = since_ms};
	struct ld_tkey k;

	ld_tkey_init(&k);
	ld_tkey_str(&k, plate);
	(void)ld_state_walk(c->state, LD_T_STAY, k.b, k.len, NULL, 0, stood_one, &w, NULL);
	return w.there;
}

/* D2 一单多运: it took this manifest here before this visit, and nobody has received it. */
static void again_with(struct ld_custody *c, const Custody__Position *pos,
		       const Custody__Manifest *m, struct cargo *out)
{
	if ((m->state != CUSTODY__MANIFEST_STATE__IN_TRANSIT &&
	     m->state != CUSTODY__MANIFEST_STATE__ARRIVED) ||
	    strcmp(m->created->site, pos->site) != 0 || strcmp(m->plate, pos->plate) != 0 ||
	    m->taken_ms >= pos->site_since_ms - c->rules->presence_ms ||
	    m->manifest.len != sizeof out->again ||
	    strcmp(m->created->receiver->site, pos->site) == 0)
		return;
	memcpy(out->again, m->manifest.data, sizeof out->again);
	out->has_again = true;
	out->went = stood_at(c, pos->plate, m->created->receiver->site, m->taken_ms);
}

static void taken_there(const struct ld_rules *rules, const Custody__Position *pos,
			int64_t taken_ms, int64_t at_ms, struct cargo *out)
{
	if (taken_ms >= pos->site_since_ms - rules->presence_ms &&
	    taken_ms <= at_ms + rules->manifest_wait_ms)
		out->of_site = true;
}

static void cargo_one(const struct ld_rules *rules, const Custody__Position *pos,
		      const Custody__Manifest *m, bool delivered, int64_t at_ms, struct cargo *out)
{
	if (m->created == NULL)
		return;
	if (strcmp(m->created->site, pos->site) == 0) {
		if (strcmp(m->plate, pos->plate) == 0)
			taken_there(rules, pos, m->taken_ms, at_ms, out);
		for (size_t i = 0; i < m->n_carried; i++) /* it went on with another vehicle */
			if (strcmp(m->carried[i]->plate, pos->plate) == 0)
				taken_there(rules, pos, m->carried[i]->taken_ms, at_ms, out);
	}
	if (delivered && m->created->receiver != NULL &&
	    strcmp(m->created->receiver->site, pos->site) == 0 &&
	    m->received_ms >= pos->site_since_ms - rules->presence_ms)
		out->of_site = true;
}

static enum ld_err cargo_look(struct ld_custody *c, const Custody__Position *pos, int64_t at_ms,
			      struct cargo *out)
{
	ProtobufCBinaryData ids[MAX_LOADS + LD_MAX_RECENT];
	size_t n = 0;
	enum ld_err err = ld_load_of(c, pos->plate, ids, MAX_LOADS, &n);
	const size_t aboard = n;

	*out = (struct cargo){.any = aboard != 0};
	for (size_t i = 0; i < pos->n_recent && i < LD_MAX_RECENT; i++)
		ids[n++] = pos->recent[i];
	for (size_t i = 0; i < n && err == LD_OK; i++) {
		const size_t used = c->arena->used;
		Custody__Manifest *m;

		err = ld_manifest_get(c, ids[i], &m);
		if (err == LD_OK)
			cargo_one(c->rules, pos, m, i >= aboard, at_ms, out);
		if (err == LD_OK && m->created != NULL && m->created->receiver != NULL &&
		    i < aboard && !out->went)
			again_with(c, pos, m, out);
		err = err == LD_ERR_NOT_FOUND ? LD_OK : err;
		c->arena->used = used;
	}
	return err;
}

/* Time it can have stood there: seen inside, and of a silence on leaving what travel does not
 * explain. */
static int64_t dwell_ms(const struct ld_rules *rules, const Custody__Position *pos, int64_t at_ms,
			const Custody__Fix *outside)
{
	const int64_t seen = pos->site_last_ms - pos->site_since_ms;
	const int64_t silent = at_ms - pos->site_last_ms;

	if (silent < rules->gap_min_ms || pos->last == NULL)
		return seen;
	const int64_t way =
	    ld_geo_dist_m(pos->last->lat_e7, pos->last->lon_e7, outside->lat_e7, outside->lon_e7);
	const int64_t rest = silent - ld_gap_reference_ms(way);

	return seen + (rest > 0 ? rest : 0);
}

/* A generator's site that is not the carrier's own; *carrier: party of the vehicle, NULL when it is
 * none. */
static enum ld_err generator_site(struct ld_custody *c, const Custody__Position *pos,
				  const char **carrier)
{
	const Liandan__SiteRegistered *s = ld_fence_find(c, pos->site);
	Custody__Vehicle *v;
	Custody__Party *p;

	*carrier = NULL;
	if (s == NULL || (s->kind != LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION &&
			  s->kind != LIANDAN__SITE_KIND__SITE_KIND_STORAGE))
		return LD_OK;
	enum ld_err err = ld_party_get(c, s->party, &p);

	if (err == LD_OK && p->registered != NULL &&
	    (p->registered->roles & LIANDAN__ROLE__ROLE_GENERATOR) == 0)
		return LD_OK; /* a receiver's store */
	if (err == LD_OK || err == LD_ERR_NOT_FOUND)
		err = ld_vehicle_get(c, pos->plate, &v);
	if (err == LD_OK && v->registered != NULL && strcmp(v->registered->party, s->party) != 0)
		*carrier = v->registered->party;
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

/* D2: it came back empty and leaves loaded; or it has been at the receiver, and no sensor says that
 * nothing was loaded here. A load that is completed on a second visit is neither. */
static bool again_loaded(const Custody__Position *pos, const struct cargo *cargo, bool rose,
			 bool known)
{
	if (!cargo->has_again)
		return false;
	return rose ? cargo->went || pos->site_load == LIANDAN__LOAD_STATE__LOAD_STATE_EMPTY
		    : cargo->went && !known;
}

/* D3, D2: worth watching for a manifest? */
static enum ld_err departure_write(struct ld_custody *c, Custody__Position *pos, int64_t at_ms,
				   uint64_t index, int64_t recorded_at_ms)
{
	Custody__Departure d = CUSTODY__DEPARTURE__INIT;
	const char *carrier;
	struct cargo cargo;
	struct ld_tkey k;
	bool offered;
	enum ld_err err = generator_site(c, pos, &carrier);

	if (err != LD_OK || carrier == NULL)
		return err;
	const bool in_known = pos->site_load != LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED;
	const bool out_known = pos->load != LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED;
	const bool rose = in_known && out_known && pos->load > pos->site_load;

	if (pos->load == LIANDAN__LOAD_STATE__LOAD_STATE_EMPTY ||
	    (in_known && out_known && pos->load < pos->site_load))
		return LD_OK;
	err = cargo_look(c, pos, at_ms, &cargo);
	if (err == LD_OK)
		err = offered_at(c, carrier, pos->site, &offered);
	if (err != LD_OK || cargo.of_site)
		return err;
	d.offered = offered;
	if (again_loaded(pos, &cargo, rose, in_known && out_known)) {
		d.manifest.data = cargo.again;
		d.manifest.len = sizeof cargo.again;
	} else if (!rose && !d.offered && (cargo.any || (in_known && out_known))) {
		return LD_OK; /* milk run, or a load it came with */
	}
	d.plate = pos->plate;
	d.site = pos->site;
	d.from_ms = pos->site_since_ms;
	d.left_ms = at_ms;
	d.load_in = pos->site_load;
	d.load_out = pos->load;
	d.index = index;
	d.loaded = cargo.any;
	d.due_ms = recorded_at_ms + c->rules->manifest_wait_ms;
	pos->left_due_ms = d.due_ms;
	departure_key(&k, d.due_ms, d.plate);
	return ld_rec_put(c, (enum ld_table)LD_T_DEPARTURE, k.b, k.len, &d.base);
}

enum ld_err ld_departure_apply_left(struct ld_custody *c, Custody__Position *pos, int64_t at_ms,
				    const Custody__Fix *outside, uint64_t index,
				    int64_t recorded_at_ms)
{
	enum ld_err err = stay_write(c, pos);

	pos->left_site = pos->site;
	pos->left_ms = pos->site_last_ms;
	pos->left_load = pos->site_load;
	pos->left_since_ms = pos->site_since_ms;
	pos->left_inside = pos->site_inside;
	pos->left_due_ms = 0;
	if (err != LD_OK || !pos->site_inside ||
	    dwell_ms(c->rules, pos, at_ms, outside) < c->rules->pickup_dwell_ms)
		return err;
	return departure_write(c, pos, at_ms, index, recorded_at_ms);
}

enum ld_err ld_departure_apply_back(struct ld_custody *c, Custody__Position *pos)
{
	struct ld_tkey k;
	enum ld_err err;

	pos->site_since_ms = pos->left_since_ms;
	pos->site_load = pos->left_load;
	pos->site_inside = pos->left_inside;
	stay_key(&k, pos->plate, pos->left_since_ms);
	err = ld_state_del(c->state, LD_T_STAY, k.b, k.len);
	if ((err == LD_OK || err == LD_ERR_NOT_FOUND) && pos->left_due_ms != 0) {
		departure_key(&k, pos->left_due_ms, pos->plate);
		err = ld_state_del(c->state, LD_T_DEPARTURE, k.b, k.len);
	}
	pos->left_site = (char *)protobuf_c_empty_string;
	pos->left_ms = pos->left_since_ms = pos->left_due_ms = 0;
	pos->left_load = LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED;
	pos->left_inside = false;
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

struct done_walk {
	const char *plate, *site;
	struct ld_tkey key[MAX_EXPIRED];
	size_t n;
};

/* Few departures wait at a time (an hour's worth), so the whole table is looked through. */
static int done_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct done_walk *w = ctx;
	const size_t n = strnlen(w->plate, LD_MAX_ID_BYTES);

	if (key_len != 9 + n || memcmp(key + 9, w->plate, n) != 0)
		return 0;
	Custody__Departure *d = custody__departure__unpack(NULL, len, value);

	if (d != NULL && strcmp(d->site, w->site) == 0 && w->n < MAX_EXPIRED) {
		ld_tkey_init(&w->key[w->n]);
		ld_tkey_bytes(&w->key[w->n++], key, key_len);
	}
	custody__departure__free_unpacked(d, NULL);
	return 0;
}

enum ld_err ld_departure_apply_done(struct ld_custody *c, const char *plate, const char *site)
{
	struct done_walk w = {.plate = plate, .site = site};
	enum ld_err err =
	    ld_state_walk(c->state, LD_T_DEPARTURE, NULL, 0, NULL, 0, done_one, &w, NULL);

	if (err == LD_ERR_NOT_FOUND)
		err = LD_OK;
	for (size_t i = 0; i < w.n && err == LD_OK; i++)
		err = ld_state_del(c->state, LD_T_DEPARTURE, w.key[i].b, w.key[i].len);
	return err;
}
