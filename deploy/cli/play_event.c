#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/play.h"
#include "plugin/custody/manifest.h"
#include "proto/digest.h"

/* The honest events of a trip, and where the cheat lies in an event that is otherwise honest. Everything is
 * built in the arena, sealed at once, and forgotten. */

#define TARE_OUT 0
#define GROSS_OUT 1
#define GROSS_IN 2
#define TARE_IN 3

/* A zeroed message in the arena, or return LD_ERR_NOMEM. */
#define NEW(p, type, var, init)                                                                    \
	type *var = ld_arena_alloc(&(p)->arena, sizeof(type));                                     \
	if (!var)                                                                                  \
		return LD_ERR_NOMEM;                                                               \
	init(var)

#define STR(text) ((char *)(uintptr_t)(text)) /* protobuf-c takes char *, and only reads it here */

static const struct ld_day_trip *day_trip(const struct ld_play *p, size_t trip)
{
	return &p->day->trips[trip];
}

static int cheat_of(const struct ld_play *p, size_t trip)
{
	const struct ld_day_act *a = p->sim->trips[trip].cheat;

	return a ? (int)a->word : -1;
}

ProtobufCBinaryData ld_play_bytes(struct ld_play *p, const uint8_t *data, size_t len)
{
	return (ProtobufCBinaryData){len, ld_arena_dup(&p->arena, data, len)};
}

static ProtobufCBinaryData id_of(struct ld_play *p, size_t trip)
{
	return ld_play_bytes(p, p->trips[trip].manifest, LD_UUID_BYTES);
}

static ProtobufCBinaryData content_of(struct ld_play *p, size_t trip)
{
	return ld_play_bytes(p, p->trips[trip].content, LD_HASH_BYTES);
}

void ld_play_event_init(struct ld_play *p, Liandan__Event *event, int64_t at_ms)
{
	liandan__event__init(event);
	event->occurred_at_ms = ld_play_ledger(p, at_ms);
	event->clock = LIANDAN__CLOCK__CLOCK_NTP;
}

/* Adds a cause, once. */
static void after(struct ld_play *p, Liandan__Event *e, const uint8_t hash[LD_HASH_BYTES])
{
	if (!e->after)
		e->after = ld_arena_alloc(&p->arena, LD_MAX_AFTER * sizeof(*e->after));
	if (!e->after || e->n_after == LD_MAX_AFTER)
		return;
	for (size_t i = 0; i < e->n_after; i++)
		if (memcmp(e->after[i].data, hash, LD_HASH_BYTES) == 0)
			return;
	e->after[e->n_after++] = ld_play_bytes(p, hash, LD_HASH_BYTES);
}

static void after_last(struct ld_play *p, Liandan__Event *e, size_t trip)
{
	if (p->trips[trip].has_last)
		after(p, e, p->trips[trip].last);
}

/* Sends an event of the manifest, which the next one then names as its cause. */
static enum ld_err send_step(struct ld_play *p, size_t trip, enum ld_sim_what what, struct ld_play_device *by,
			     Liandan__Event *e, int64_t at_ms)
{
	struct ld_play_trip *t = &p->trips[trip];
	struct ld_play_send s = {.device = by,
				 .event = e,
				 .at_ms = at_ms,
				 .trip = (int)trip,
				 .what = what,
				 .hash = t->hash[what],
				 .sent = &t->sent[what]};
	return ld_play_send(p, &s);
}

static void chain_on(struct ld_play *p, size_t trip, enum ld_sim_what what)
{
	struct ld_play_trip *t = &p->trips[trip];

	if (t->sent[what]) {
		memcpy(t->last, t->hash[what], LD_HASH_BYTES);
		t->has_last = true;
	}
}

/* ---- things ---- */

char *ld_play_container(struct ld_play *p, size_t trip, uint32_t n)
{
	return ld_arena_printf(&p->arena, "%s-%s-%02u", p->tag, day_trip(p, trip)->id, n + 1);
}

static char *batch_of(struct ld_play *p, size_t trip, const char *what, uint32_t n)
{
	return ld_arena_printf(&p->arena, "%s-%s-%s%u", p->tag, day_trip(p, trip)->id, what, n + 1);
}

static int64_t share_g(int64_t mass_g, uint32_t of, uint32_t n)
{
	return n + 1 == of ? mass_g - mass_g / of * (of - 1) : mass_g / of;
}

static enum ld_err line_of(struct ld_play *p, size_t trip, const char *code, int64_t mass_g, Liandan__Line **out)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	const struct ld_day_waste *w = &p->day->wastes[dt->waste.at];
	NEW(p, Liandan__Line, l, liandan__line__init);
	NEW(p, Liandan__Quantity, q, liandan__quantity__init);

	q->unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	q->value_milli = mass_g;
	q->mass_g = mass_g;
	q->basis = dt->containers ? LIANDAN__BASIS__BASIS_WEIGHED : LIANDAN__BASIS__BASIS_ESTIMATED;
	l->line = 1;
	l->code_system = (Liandan__CodeSystem)w->system;
	l->code = STR(code ? code : w->code);
	l->trade_name = STR(w->zh[0] ? w->zh : w->id);
	l->hazards = w->hazards;
	l->form = (Liandan__Form)w->form;
	l->package = dt->containers ? (Liandan__Package)w->package : LIANDAN__PACKAGE__PACKAGE_BULK;
	l->count = dt->containers;
	l->mode = STR(w->mode);
	l->quantity = q;
	if (cheat_of(p, trip) == LD_CHEAT_wrong_hazards)
		l->hazards = w->hazards == LIANDAN__HAZARD__HAZARD_R ? LIANDAN__HAZARD__HAZARD_C
								     : LIANDAN__HAZARD__HAZARD_R;
	*out = l;
	return LD_OK;
}

/* All containers of the trip, or its bulk. */
static enum ld_err items_of(struct ld_play *p, size_t trip, int64_t mass_g, Liandan__Item ***out, size_t *n_out)
{
	uint32_t n = day_trip(p, trip)->containers;
	Liandan__Item **items = ld_arena_alloc(&p->arena, (n ? n : 1) * sizeof(*items));

	if (!items)
		return LD_ERR_NOMEM;
	for (uint32_t i = 0; i < (n ? n : 1); i++) {
		NEW(p, Liandan__Item, item, liandan__item__init);
		item->line = 1;
		item->condition = LIANDAN__CONDITION__CONDITION_INTACT;
		item->mass_g = n ? share_g(mass_g, n, i) : mass_g;
		if (n) {
			item->container = ld_play_container(p, trip, i);
			item->count = 1;
		}
		items[i] = item;
	}
	*out = items;
	*n_out = n ? n : 1;
	return LD_OK;
}

/* The gate's net, shared over a milk run as declared: the sum is exact. */
static int64_t accepted_g(const struct ld_play *p, size_t trip)
{
	size_t leader = p->sim->trips[trip].leader;
	const struct ld_play_trip *l = &p->trips[leader];
	int64_t net = l->reading_g[GROSS_IN] - l->reading_g[TARE_IN];
	int64_t declared = 0;
	int64_t before = 0;

	if (!l->sent[LD_STEP_GROSS_IN] || !l->sent[LD_STEP_TARE_IN])
		return p->day->trips[trip].mass_g;
	for (size_t i = 0; i < p->day->n_trips; i++)
		if (p->sim->trips[i].leader == leader) {
			declared += p->day->trips[i].mass_g;
			if (i < trip)
				before += p->day->trips[i].mass_g;
		}
	int64_t upto = before + p->day->trips[trip].mass_g;
	return (int64_t)((double)net * (double)upto / (double)declared) -
	       (int64_t)((double)net * (double)before / (double)declared);
}

/* ---- at the generator ---- */

static enum ld_err generated(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	struct ld_play_device *clerk = ld_play_device(p, LD_DEVICE_CLERK, dt->generator.at);
	uint32_t n = dt->containers ? dt->containers : 1;
	enum ld_err err = LD_OK;

	for (uint32_t i = 0; i < n && !err; i++) {
		Liandan__Event e;
		ld_arena_reset(&p->arena);
		ld_play_event_init(p, &e, at_ms + i);
		NEW(p, Liandan__WasteGenerated, g, liandan__waste_generated__init);
		g->batch = batch_of(p, trip, "g", i);
		g->site = STR(dt->site.id);
		g->started_ms = ld_play_ledger(p, at_ms) - 12 * 3600000;
		g->ended_ms = ld_play_ledger(p, at_ms);
		g->operator_ = STR(clerk->person);
		g->destination = LIANDAN__DESTINATION__DESTINATION_STORE;
		if (dt->containers)
			g->container = ld_play_container(p, trip, i);
		err = line_of(p, trip, NULL, share_g(dt->mass_g, n, i), &g->line);
		if (err)
			return err;
		g->line->count = dt->containers ? 1 : 0;
		g->line->hazards = p->day->wastes[dt->waste.at].hazards; /* the lie is on the manifest */
		e.body_case = LIANDAN__EVENT__BODY_WASTE_GENERATED;
		e.waste_generated = g;
		err = send_step(p, trip, LD_STEP_GENERATED, clerk, &e, at_ms + i);
	}
	chain_on(p, trip, LD_STEP_GENERATED);
	return err;
}

/* Into the store: at the origin without, at the destination with the manifest. */
static enum ld_err stored(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	bool in = what == LD_STEP_STORED_IN;
	struct ld_play_device *clerk =
	    ld_play_device(p, LD_DEVICE_CLERK, in ? dt->receiver.at : dt->generator.at);
	Liandan__Event e;

	if (!in && !dt->containers)
		return LD_OK; /* bulk stands where it was generated */
	ld_play_event_init(p, &e, at_ms);
	NEW(p, Liandan__ContainerStored, s, liandan__container_stored__init);
	s->batch = batch_of(p, trip, in ? "r" : "s", 0);
	s->site = STR(in ? dt->to.id : dt->site.id);
	s->storage = STR("store-1");
	s->storage_kind = LIANDAN__STORAGE_KIND__STORAGE_KIND_FACILITY;
	s->stored_by = STR(clerk->person);
	if (in)
		s->manifest = id_of(p, trip);
	enum ld_err err = items_of(p, trip, in ? accepted_g(p, trip) : dt->mass_g, &s->items, &s->n_items);
	if (err)
		return err;
	for (size_t i = 0; in && dt->containers && i < s->n_items; i++)
		s->items[i]->mass_g = 0; /* as the ledger shared it out */
	e.body_case = LIANDAN__EVENT__BODY_CONTAINER_STORED;
	e.container_stored = s;
	after_last(p, &e, trip);
	err = send_step(p, trip, what, clerk, &e, at_ms);
	chain_on(p, trip, what);
	return err;
}

enum ld_err ld_play_created(struct ld_play *p, size_t trip, enum ld_sim_what what, const char *code, int64_t mass_g,
			    const uint8_t manifest[LD_UUID_BYTES], int64_t at_ms, bool attack)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	struct ld_play_trip *t = &p->trips[trip];
	struct ld_play_device *clerk = ld_play_device(p, LD_DEVICE_CLERK, dt->generator.at);
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	NEW(p, Liandan__ManifestCreated, m, liandan__manifest_created__init);
	NEW(p, Liandan__Receiver, r, liandan__receiver__init);
	NEW(p, Liandan__Carrier, c, liandan__carrier__init);
	m->manifest = ld_play_bytes(p, manifest, LD_UUID_BYTES);
	m->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	m->generator = STR(dt->generator.id);
	m->site = STR(dt->site.id);
	r->party = STR(dt->receiver.id);
	r->site = STR(dt->to.id);
	m->receiver = r;
	c->order = 1;
	c->party = STR(p->day->trucks[dt->truck.at].carrier.id);
	m->carriers = ld_arena_dup(&p->arena, &c, sizeof(Liandan__Carrier *));
	m->n_carriers = 1;
	m->lines = ld_arena_alloc(&p->arena, sizeof(*m->lines));
	m->n_lines = 1;
	if (!m->lines || !m->carriers || line_of(p, trip, code, mass_g, &m->lines[0]))
		return LD_ERR_NOMEM;
	m->pickup_ms = ld_play_ledger(p, p->sim->trips[trip].origin_ms);
	m->arrival_ms = ld_play_ledger(p, p->sim->trips[trip].eta_ms);
	e.body_case = LIANDAN__EVENT__BODY_MANIFEST_CREATED;
	e.manifest_created = m;
	/* The contents are frozen by the hash over these very bytes (manifest.proto, ManifestSealed). */
	free(t->created);
	t->created_len = liandan__manifest_created__get_packed_size(m);
	t->created = malloc(t->created_len);
	if (!t->created)
		return LD_ERR_NOMEM;
	liandan__manifest_created__pack(m, t->created);
	if (!attack && what == LD_STEP_CREATED)
		after_last(p, &e, trip);
	struct ld_play_send s = {.device = clerk,
				 .event = &e,
				 .at_ms = at_ms,
				 .trip = (int)trip,
				 .what = what,
				 .attack = attack,
				 .hash = t->hash[what],
				 .sent = &t->sent[what]};
	return ld_play_send(p, &s);
}

static enum ld_err freeze(struct ld_play *p, size_t trip, Liandan__Item *const *items, size_t n,
			  uint8_t out[LD_HASH_BYTES])
{
	const struct ld_play_trip *t = &p->trips[trip];
	size_t total = t->created_len;

	for (size_t i = 0; i < n; i++)
		total += liandan__item__get_packed_size(items[i]);
	uint8_t *bytes = malloc(total + 1);
	if (!bytes || !t->created) {
		free(bytes);
		return LD_ERR_NOMEM;
	}
	memcpy(bytes, t->created, t->created_len);
	size_t at = t->created_len;
	for (size_t i = 0; i < n; i++)
		at += liandan__item__pack(items[i], bytes + at);
	ld_sha256(bytes, at, out);
	free(bytes);
	return LD_OK;
}

enum ld_err ld_play_sealed(struct ld_play *p, size_t trip, const char *other_container, int64_t mass_g,
			   const uint8_t manifest[LD_UUID_BYTES], int64_t at_ms, bool attack)
{
	struct ld_play_trip *t = &p->trips[trip];
	struct ld_play_device *clerk = ld_play_device(p, LD_DEVICE_CLERK, day_trip(p, trip)->generator.at);
	uint8_t content[LD_HASH_BYTES];
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	NEW(p, Liandan__ManifestSealed, m, liandan__manifest_sealed__init);
	m->manifest = ld_play_bytes(p, manifest, LD_UUID_BYTES);
	m->version = 1;
	enum ld_err err = items_of(p, trip, mass_g, &m->items, &m->n_items);
	if (err)
		return err;
	if (other_container)
		m->items[0]->container = STR(other_container);
	err = freeze(p, trip, m->items, m->n_items, content);
	if (err)
		return err;
	m->content = ld_play_bytes(p, content, LD_HASH_BYTES);
	if (!attack)
		memcpy(t->content, content, LD_HASH_BYTES);
	e.body_case = LIANDAN__EVENT__BODY_MANIFEST_SEALED;
	e.manifest_sealed = m;
	if (attack) {
		struct ld_play_send s = {.device = clerk, .event = &e, .at_ms = at_ms, .trip = (int)trip,
					 .what = LD_STEP_ATTACK_TWO, .attack = true,
					 .sent = &t->sent[LD_STEP_ATTACK_TWO]};
		return ld_play_send(p, &s);
	}
	after_last(p, &e, trip);
	err = send_step(p, trip, LD_STEP_SEALED, clerk, &e, at_ms);
	chain_on(p, trip, LD_STEP_SEALED);
	return err;
}

enum ld_err ld_play_offered(struct ld_play *p, size_t trip, struct ld_play_device *by,
			    const uint8_t content[LD_HASH_BYTES], enum ld_sim_what what, int64_t at_ms, bool attack)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	struct ld_play_trip *t = &p->trips[trip];
	Liandan__Event e;
	char **seals = ld_arena_alloc(&p->arena, sizeof(*seals));

	ld_play_event_init(p, &e, at_ms);
	NEW(p, Liandan__HandoverOffered, o, liandan__handover_offered__init);
	o->manifest = id_of(p, trip);
	o->content = ld_play_bytes(p, content, LD_HASH_BYTES);
	o->leg = 1;
	o->to_party = STR(p->day->trucks[dt->truck.at].carrier.id);
	o->expires_ms = ld_play_ledger(p, at_ms) + 4 * 3600000;
	if (cheat_of(p, trip) == LD_CHEAT_expired_offer)
		o->expires_ms = ld_play_ledger(p, at_ms) + 5 * 60000;
	if (seals) {
		seals[0] = ld_arena_printf(&p->arena, "%s-seal-%s", p->tag, dt->id);
		o->seals = seals;
		o->n_seals = 1;
	}
	if (t->sent[LD_STEP_GROSS_OUT]) {
		o->tickets = ld_arena_alloc(&p->arena, 2 * sizeof(*o->tickets));
		if (!o->tickets)
			return LD_ERR_NOMEM;
		o->tickets[0] = ld_play_bytes(p, t->ticket[TARE_OUT], LD_UUID_BYTES);
		o->tickets[1] = ld_play_bytes(p, t->ticket[GROSS_OUT], LD_UUID_BYTES);
		o->n_tickets = 2;
	}
	e.body_case = LIANDAN__EVENT__BODY_HANDOVER_OFFERED;
	e.handover_offered = o;
	after_last(p, &e, trip);
	struct ld_play_send s = {.device = by, .event = &e, .at_ms = at_ms, .trip = (int)trip, .what = what,
				 .attack = attack, .hash = t->hash[what], .sent = &t->sent[what]};
	enum ld_err err = ld_play_send(p, &s);
	if (!attack)
		chain_on(p, trip, what);
	return err;
}

static enum ld_err cancelled(struct ld_play *p, size_t trip, int64_t at_ms)
{
	struct ld_play_device *clerk = ld_play_device(p, LD_DEVICE_CLERK, day_trip(p, trip)->generator.at);
	Liandan__Event e;

	/* a live offer stands in the way of cancelling (CUSTODY-4): it is withdrawn first */
	ld_play_event_init(p, &e, at_ms);
	NEW(p, Liandan__OfferWithdrawn, w, liandan__offer_withdrawn__init);
	w->manifest = id_of(p, trip);
	w->offer = ld_play_bytes(p, p->trips[trip].hash[LD_STEP_OFFERED], LD_HASH_BYTES);
	w->reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_OTHER;
	e.body_case = LIANDAN__EVENT__BODY_OFFER_WITHDRAWN;
	e.offer_withdrawn = w;
	after_last(p, &e, trip);
	enum ld_err err = send_step(p, trip, LD_STEP_WITHDRAWN, clerk, &e, at_ms);
	if (err)
		return err;
	ld_play_event_init(p, &e, at_ms + 1000);
	NEW(p, Liandan__ManifestCancelled, m, liandan__manifest_cancelled__init);
	m->manifest = id_of(p, trip);
	m->reason = LIANDAN__CANCEL_REASON__CANCEL_REASON_NOT_NEEDED;
	e.body_case = LIANDAN__EVENT__BODY_MANIFEST_CANCELLED;
	e.manifest_cancelled = m;
	after(p, &e, p->trips[trip].hash[LD_STEP_WITHDRAWN]);
	return send_step(p, trip, LD_STEP_CANCELLED, clerk, &e, at_ms + 1000);
}

/* ---- on the truck ---- */

static enum ld_err place_at(struct ld_play *p, size_t trip, int64_t at_ms, Liandan__Place **out, int64_t *odometer_m)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	const struct ld_sim_leg *leg = NULL;
	struct ld_day_point here;
	NEW(p, Liandan__Place, place, liandan__place__init);

	ld_sim_at(&p->sim->trucks[dt->truck.at], at_ms, &here, odometer_m, &leg);
	place->lat_e7 = here.lat_e7;
	place->lon_e7 = here.lon_e7;
	place->accuracy_cm = 500;
	place->fixed_at_ms = ld_play_ledger(p, at_ms);
	*out = place;
	return LD_OK;
}

/* A ghost's papers say that the truck was there. */
static void lie(struct ld_play *p, size_t trip, int site, Liandan__Place *place)
{
	if (cheat_of(p, trip) == LD_CHEAT_ghost) {
		place->lat_e7 = p->day->sites[site].gate.lat_e7;
		place->lon_e7 = p->day->sites[site].gate.lon_e7;
	}
}

enum ld_err ld_play_taken_fill(struct ld_play *p, size_t trip, struct ld_play_device *by, const char *plate,
			       const uint8_t offer[LD_HASH_BYTES], int64_t at_ms, Liandan__Event *e)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	char **seals = ld_arena_alloc(&p->arena, sizeof(*seals));
	NEW(p, Liandan__HandoverTaken, h, liandan__handover_taken__init);

	h->manifest = id_of(p, trip);
	h->offer = ld_play_bytes(p, offer, LD_HASH_BYTES);
	h->content = content_of(p, trip);
	h->leg = 1;
	h->plate = STR(plate);
	h->driver = STR(by->person);
	if (seals) {
		seals[0] = ld_arena_printf(&p->arena, "%s-seal-%s", p->tag, dt->id);
		h->seals = seals;
		h->n_seals = 1;
	}
	/* at a rate that is not the ledger's own, arrival clocks would run out for everybody */
	h->eta_ms = ld_play_ledger(p, p->sim->trips[trip].eta_ms) + (p->opt.fast > 0 ? 48 * INT64_C(3600000) : 0);
	enum ld_err err = place_at(p, trip, at_ms, &h->place, &h->odometer_m);
	if (err)
		return err;
	lie(p, trip, dt->site.at, h->place);
	e->body_case = LIANDAN__EVENT__BODY_HANDOVER_TAKEN;
	e->handover_taken = h;
	return LD_OK;
}

static enum ld_err taken(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	int w = cheat_of(p, trip);
	const struct ld_day_act *a = p->sim->trips[trip].cheat;
	struct ld_play_device *by = ld_play_device(p, LD_DEVICE_DRIVER, dt->driver.at);
	const char *plate = dt->truck.id;
	Liandan__Event e;

	if (what == LD_STEP_TAKEN_CHEAT && w == LD_CHEAT_wrong_carrier)
		by = ld_play_device(p, LD_DEVICE_DRIVER, a->driver.at);
	if (what == LD_STEP_TAKEN_CHEAT && w == LD_CHEAT_unknown_vehicle)
		plate = "ZZ-00000";
	ld_play_track_flush(p, (size_t)dt->truck.at, at_ms);
	ld_play_event_init(p, &e, at_ms);
	enum ld_err err =
	    ld_play_taken_fill(p, trip, by, plate, p->trips[trip].hash[LD_STEP_OFFERED], at_ms, &e);
	if (err)
		return err;
	after(p, &e, p->trips[trip].hash[LD_STEP_OFFERED]);
	err = send_step(p, trip, what, by, &e, at_ms);
	if (what == LD_STEP_TAKEN)
		chain_on(p, trip, what);
	return err;
}

/* The manifests that one truck brings together. */
static ProtobufCBinaryData *manifests_of(struct ld_play *p, size_t trip, size_t *n)
{
	ProtobufCBinaryData *ids = ld_arena_alloc(&p->arena, (p->day->n_trips + 1) * sizeof(*ids));

	*n = 0;
	for (size_t i = 0; ids && i < p->day->n_trips; i++)
		if (p->sim->trips[i].leader == p->sim->trips[trip].leader && p->sim->trips[i].driven &&
		    !p->trips[i].over)
			ids[(*n)++] = id_of(p, i);
	if (ids && *n == 0)
		ids[(*n)++] = id_of(p, trip);
	return ids;
}

enum ld_err ld_play_arrived_fill(struct ld_play *p, size_t trip, int64_t at_ms, Liandan__Event *e)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	const struct ld_day_act *a = p->sim->trips[trip].cheat;
	bool elsewhere = a && a->word == LD_CHEAT_wrong_site;
	NEW(p, Liandan__Arrived, r, liandan__arrived__init);

	r->manifests = manifests_of(p, trip, &r->n_manifests);
	r->plate = STR(dt->truck.id);
	r->site = STR(elsewhere ? a->site.id : dt->to.id);
	r->seals = ld_arena_alloc(&p->arena, (p->day->n_trips + 1) * sizeof(*r->seals));
	for (size_t i = 0; r->seals && i < p->day->n_trips; i++) {
		if (p->sim->trips[i].leader != p->sim->trips[trip].leader)
			continue;
		NEW(p, Liandan__Seal, seal, liandan__seal__init);
		bool broken = cheat_of(p, i) == LD_CHEAT_broken_seal;
		seal->id = ld_arena_printf(&p->arena, "%s-seal-%s%s", p->tag, p->day->trips[i].id, broken ? "x" : "");
		seal->state = LIANDAN__CONDITION__CONDITION_INTACT;
		r->seals[r->n_seals++] = seal;
	}
	enum ld_err err = place_at(p, trip, at_ms, &r->place, &r->odometer_m);
	if (err)
		return err;
	lie(p, trip, dt->to.at, r->place);
	e->body_case = LIANDAN__EVENT__BODY_ARRIVED;
	e->arrived = r;
	return LD_OK;
}

/* Who has the load: the named driver, or the cheat who took it. */
static struct ld_play_device *holder(struct ld_play *p, size_t trip)
{
	const struct ld_day_act *a = p->sim->trips[trip].cheat;
	bool other = a && a->word == LD_CHEAT_wrong_carrier && !p->trips[trip].sent[LD_STEP_TAKEN];

	return ld_play_device(p, LD_DEVICE_DRIVER, other ? a->driver.at : day_trip(p, trip)->driver.at);
}

static enum ld_err arrived(struct ld_play *p, size_t trip, int64_t at_ms)
{
	Liandan__Event e;

	ld_play_track_flush(p, (size_t)day_trip(p, trip)->truck.at, at_ms);
	ld_play_event_init(p, &e, at_ms);
	enum ld_err err = ld_play_arrived_fill(p, trip, at_ms, &e);
	if (err)
		return err;
	for (size_t i = 0; i < p->day->n_trips; i++)
		if (p->sim->trips[i].leader == trip)
			after_last(p, &e, i);
	err = send_step(p, trip, LD_STEP_ARRIVED, holder(p, trip), &e, at_ms);
	for (size_t i = 0; i < p->day->n_trips && !err; i++)
		if (p->sim->trips[i].leader == trip) {
			memcpy(p->trips[i].last, p->trips[trip].hash[LD_STEP_ARRIVED], LD_HASH_BYTES);
			p->trips[i].has_last = true;
		}
	return err;
}

/* ---- on the scales ---- */

static int scale_at(const struct ld_play *p, int site)
{
	for (size_t i = 0; i < p->day->n_scales; i++)
		if (p->day->scales[i].site.at == site)
			return (int)i;
	return -1;
}

/* What stands on the scale: the truck, what earlier stops of a milk run left on it, and the load. */
static int64_t really_g(const struct ld_play *p, size_t trip, int which)
{
	const struct ld_sim_trip *st = &p->sim->trips[trip];
	int64_t g = p->day->trucks[day_trip(p, trip)->truck.at].tare_g;

	for (size_t i = 0; i < p->day->n_trips; i++) {
		const struct ld_sim_trip *o = &p->sim->trips[i];
		if (o->leader != st->leader || which == TARE_IN)
			continue;
		if (which == GROSS_IN)
			g += p->day->trips[i].mass_g - o->loss_g;
		else if (o->origin_ms < st->origin_ms || (i == trip && which == GROSS_OUT))
			g += p->day->trips[i].mass_g;
	}
	return g;
}

static int64_t reading_g(struct ld_play *p, int64_t really, int64_t e_g)
{
	int64_t noise = (int64_t)(ld_sim_random(&p->random) % (uint64_t)(e_g / 2 + 1)) - e_g / 4;

	return (really + noise + e_g / 2) / e_g * e_g;
}

static enum ld_err weighed(struct ld_play *p, size_t trip, enum ld_sim_what what, int which, int64_t at_ms)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	struct ld_play_trip *t = &p->trips[trip];
	int scale = scale_at(p, which <= GROSS_OUT ? dt->site.at : dt->to.at);
	const struct ld_day_scale *ds = scale >= 0 ? &p->day->scales[scale] : NULL;
	Liandan__Event e;

	if (!ds)
		return LD_OK;
	ld_play_event_init(p, &e, at_ms);
	NEW(p, Liandan__Weighed, w, liandan__weighed__init);
	ld_uuid7(t->ticket[which]);
	t->reading_g[which] = reading_g(p, really_g(p, trip, which), ds->e_g);
	w->ticket = ld_play_bytes(p, t->ticket[which], LD_UUID_BYTES);
	w->instrument = STR(ds->id);
	w->purpose = which <= GROSS_OUT ? LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD
					: LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE;
	w->kind = which == GROSS_OUT || which == GROSS_IN ? LIANDAN__WEIGH_KIND__WEIGH_KIND_GROSS
							  : LIANDAN__WEIGH_KIND__WEIGH_KIND_TARE;
	w->plate = STR(dt->truck.id);
	w->mass_g = t->reading_g[which];
	w->e_g = ds->e_g;
	w->stable = 1;
	w->zeroed_ms = ld_play_ledger(p, p->sim->from_ms);
	if (which <= GROSS_OUT) {
		w->manifests = ld_arena_alloc(&p->arena, sizeof(*w->manifests));
		if (!w->manifests)
			return LD_ERR_NOMEM;
		w->manifests[0] = id_of(p, trip);
		w->n_manifests = 1;
	} else {
		w->manifests = manifests_of(p, trip, &w->n_manifests);
	}
	e.body_case = LIANDAN__EVENT__BODY_WEIGHED;
	e.weighed = w;
	return send_step(p, trip, what, ld_play_device(p, LD_DEVICE_SCALE, scale), &e, at_ms);
}

/* ---- at the receiver ---- */

enum ld_err ld_play_received_fill(struct ld_play *p, size_t trip, int64_t at_ms, Liandan__Event *e)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	NEW(p, Liandan__Received, r, liandan__received__init);

	r->manifest = id_of(p, trip);
	r->content = content_of(p, trip);
	r->site = STR(dt->to.id);
	r->plate = STR(dt->truck.id);
	r->driver = STR(ld_play_device(p, LD_DEVICE_DRIVER, dt->driver.at)->person);
	r->unload_from_ms = ld_play_ledger(p, at_ms - 5 * 60000);
	r->unload_to_ms = ld_play_ledger(p, at_ms);
	NEW(p, Liandan__Seal, seal, liandan__seal__init);
	seal->id = ld_arena_printf(&p->arena, "%s-seal-%s%s", p->tag, dt->id,
				   cheat_of(p, trip) == LD_CHEAT_broken_seal ? "x" : "");
	seal->state = LIANDAN__CONDITION__CONDITION_INTACT;
	r->seals = ld_arena_dup(&p->arena, &seal, sizeof(Liandan__Seal *));
	r->n_seals = 1;
	e->body_case = LIANDAN__EVENT__BODY_RECEIVED;
	e->received = r;
	return LD_OK;
}

static enum ld_err received(struct ld_play *p, size_t trip, int64_t at_ms)
{
	struct ld_play_device *clerk = ld_play_device(p, LD_DEVICE_CLERK, day_trip(p, trip)->receiver.at);
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	enum ld_err err = ld_play_received_fill(p, trip, at_ms, &e);
	if (err)
		return err;
	after_last(p, &e, trip);
	err = send_step(p, trip, LD_STEP_RECEIVED, clerk, &e, at_ms);
	chain_on(p, trip, LD_STEP_RECEIVED);
	return err;
}

static enum ld_err accepted(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	const struct ld_day_act *a = p->sim->trips[trip].cheat;
	const struct ld_play_trip *l = &p->trips[p->sim->trips[trip].leader];
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	NEW(p, Liandan__Accepted, m, liandan__accepted__init);
	NEW(p, Liandan__AcceptedLine, line, liandan__accepted_line__init);
	m->manifest = id_of(p, trip);
	m->content = content_of(p, trip);
	line->line = 1;
	line->mass_g = accepted_g(p, trip);
	line->count = dt->containers;
	line->mode = STR(p->day->wastes[dt->waste.at].mode);
	if (a && a->word == LD_CHEAT_missing_piece)
		line->count -= a->count ? a->count : 1;
	m->lines = ld_arena_dup(&p->arena, &line, sizeof(Liandan__AcceptedLine *));
	m->n_lines = 1;
	m->opinion = STR("接受");
	after_last(p, &e, trip);
	if (l->sent[LD_STEP_GROSS_IN] && l->sent[LD_STEP_TARE_IN]) {
		m->tickets = ld_arena_alloc(&p->arena, 2 * sizeof(*m->tickets));
		if (!m->tickets)
			return LD_ERR_NOMEM;
		m->tickets[0] = ld_play_bytes(p, l->ticket[GROSS_IN], LD_UUID_BYTES);
		m->tickets[1] = ld_play_bytes(p, l->ticket[TARE_IN], LD_UUID_BYTES);
		m->n_tickets = 2;
		after(p, &e, l->hash[LD_STEP_GROSS_IN]);
		after(p, &e, l->hash[LD_STEP_TARE_IN]);
	}
	e.body_case = LIANDAN__EVENT__BODY_ACCEPTED;
	e.accepted = m;
	enum ld_err err =
	    send_step(p, trip, LD_STEP_ACCEPTED, ld_play_device(p, LD_DEVICE_CLERK, dt->receiver.at), &e, at_ms);
	chain_on(p, trip, LD_STEP_ACCEPTED);
	return err;
}

static enum ld_err treated(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = day_trip(p, trip);
	uint32_t n = dt->containers ? dt->containers : 1;
	int64_t mass = accepted_g(p, trip);
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	NEW(p, Liandan__WasteTreated, w, liandan__waste_treated__init);
	NEW(p, Liandan__TreatmentOutput, out, liandan__treatment_output__init);
	w->batch = batch_of(p, trip, "t", 0);
	w->site = STR(dt->to.id);
	w->facility = STR("line-1");
	w->mode = STR(p->day->wastes[dt->waste.at].mode);
	w->started_ms = ld_play_ledger(p, at_ms - 10 * 60000);
	w->ended_ms = ld_play_ledger(p, at_ms);
	w->inputs = ld_arena_alloc(&p->arena, n * sizeof(*w->inputs));
	if (!w->inputs)
		return LD_ERR_NOMEM;
	int64_t before = 0;
	for (uint32_t i = 0; i < n; i++) {
		NEW(p, Liandan__TreatmentInput, in, liandan__treatment_input__init);
		if (dt->containers) { /* a container carries its share of what was accepted */
			int64_t declared = share_g(dt->mass_g, n, i);
			in->container = ld_play_container(p, trip, i);
			in->mass_g = ld_share_g(before, declared, dt->mass_g, mass);
			before += declared;
		} else {
			in->manifest = id_of(p, trip);
			in->mass_g = mass;
		}
		w->inputs[w->n_inputs++] = in;
	}
	out->kind = LIANDAN__OUTPUT_KIND__OUTPUT_KIND_PRODUCT;
	out->mass_g = mass / 10 * 9;
	w->outputs = ld_arena_dup(&p->arena, &out, sizeof(Liandan__TreatmentOutput *));
	w->n_outputs = 1;
	w->loss_g = mass - out->mass_g;
	e.body_case = LIANDAN__EVENT__BODY_WASTE_TREATED;
	e.waste_treated = w;
	after_last(p, &e, trip);
	return send_step(p, trip, LD_STEP_TREATED, ld_play_device(p, LD_DEVICE_CLERK, dt->receiver.at), &e, at_ms);
}

/* ---- steps ---- */

static enum ld_err created(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms)
{
	bool wrong = what == LD_STEP_TYPO || cheat_of(p, trip) == LD_CHEAT_wrong_code;
	enum ld_err err = ld_play_created(p, trip, what, wrong ? "900-999-99" : NULL, day_trip(p, trip)->mass_g,
					  p->trips[trip].manifest, at_ms, what == LD_STEP_TYPO);

	if (what == LD_STEP_CREATED)
		chain_on(p, trip, what);
	if (cheat_of(p, trip) == LD_CHEAT_wrong_code && what == LD_STEP_CREATED)
		p->trips[trip].over = true;
	return err;
}

enum ld_err ld_play_step(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms)
{
	struct ld_play_trip *t = &p->trips[trip];
	int w = cheat_of(p, trip);
	enum ld_err err = LD_OK;

	ld_arena_reset(&p->arena);
	switch (what) {
	case LD_STEP_GENERATED:
		return generated(p, trip, at_ms);
	case LD_STEP_STORED:
	case LD_STEP_STORED_IN:
		return stored(p, trip, what, at_ms);
	case LD_STEP_TYPO:
	case LD_STEP_CREATED:
		return created(p, trip, what, at_ms);
	case LD_STEP_SEALED:
		err = ld_play_sealed(p, trip, NULL, day_trip(p, trip)->mass_g, t->manifest, at_ms, false);
		t->over = w == LD_CHEAT_unlicensed_carrier || w == LD_CHEAT_unlicensed_receiver;
		return err;
	case LD_STEP_OFFERED:
		return ld_play_offered(p, trip, ld_play_device(p, LD_DEVICE_CLERK, day_trip(p, trip)->generator.at),
				       t->content, what, at_ms, false);
	case LD_STEP_CANCELLED:
		return cancelled(p, trip, at_ms);
	case LD_STEP_TAKEN_CHEAT:
	case LD_STEP_TAKEN:
		return taken(p, trip, what, at_ms);
	case LD_STEP_TARE_OUT:
		return weighed(p, trip, what, TARE_OUT, at_ms);
	case LD_STEP_GROSS_OUT:
		return weighed(p, trip, what, GROSS_OUT, at_ms);
	case LD_STEP_ARRIVED:
		return arrived(p, trip, at_ms);
	case LD_STEP_GROSS_IN:
		return weighed(p, trip, what, GROSS_IN, at_ms);
	case LD_STEP_TARE_IN:
		return weighed(p, trip, what, TARE_IN, at_ms);
	case LD_STEP_RECEIVED:
		return received(p, trip, at_ms);
	case LD_STEP_ACCEPTED:
		return accepted(p, trip, at_ms);
	case LD_STEP_TREATED:
		return treated(p, trip, at_ms);
	case LD_STEP_ATTACK:
	case LD_STEP_ATTACK_TWO:
	case LD_STEP_WITHDRAWN:
		return ld_play_attack(p, trip, what != LD_STEP_ATTACK, at_ms);
	default:
		return LD_ERR_ARG;
	}
}
