#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/play_event.h"
#include "proto/digest.h"

/* The honest events of a trip at the generator, and where the cheat lies in an event that is
 * otherwise honest. Everything is built in the arena, sealed at once, and forgotten. */

const struct ld_day_trip *ld_trip_day(const struct ld_play *p, size_t trip)
{
	return &p->day->trips[trip];
}

int ld_trip_cheat(const struct ld_play *p, size_t trip)
{
	const struct ld_day_act *a = p->sim->trips[trip].cheat;

	return a ? (int)a->word : -1;
}

ProtobufCBinaryData ld_play_bytes(struct ld_play *p, const uint8_t *data, size_t len)
{
	return (ProtobufCBinaryData){len, ld_arena_dup(&p->arena, data, len)};
}

ProtobufCBinaryData ld_trip_id(struct ld_play *p, size_t trip)
{
	return ld_play_bytes(p, p->trips[trip].manifest, LD_UUID_BYTES);
}

ProtobufCBinaryData ld_trip_content(struct ld_play *p, size_t trip)
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
void ld_event_after(struct ld_play *p, Liandan__Event *e, const uint8_t hash[LD_HASH_BYTES])
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

void ld_event_after_last(struct ld_play *p, Liandan__Event *e, size_t trip)
{
	if (p->trips[trip].has_last)
		ld_event_after(p, e, p->trips[trip].last);
}

/* Sends an event of the manifest, which the next one then names as its cause. */
enum ld_err ld_trip_send(struct ld_play *p, size_t trip, enum ld_sim_what what,
			 struct ld_play_device *by, Liandan__Event *e, int64_t at_ms)
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

void ld_trip_chain(struct ld_play *p, size_t trip, enum ld_sim_what what)
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
	return ld_arena_printf(&p->arena, "%s-%s-%02u", p->tag, ld_trip_day(p, trip)->id, n + 1);
}

char *ld_trip_batch(struct ld_play *p, size_t trip, const char *what, uint32_t n)
{
	return ld_arena_printf(&p->arena, "%s-%s-%s%u", p->tag, ld_trip_day(p, trip)->id, what,
			       n + 1);
}

char *ld_trip_seal(struct ld_play *p, size_t trip, bool arrived)
{
	return ld_arena_printf(&p->arena, "%s-seal-%s%s", p->tag, ld_trip_day(p, trip)->id,
			       arrived && ld_trip_cheat(p, trip) == LD_CHEAT_broken_seal ? "x"
											 : "");
}

int64_t ld_piece_g(int64_t mass_g, uint32_t of, uint32_t n)
{
	return n + 1 == of ? mass_g - mass_g / of * (of - 1) : mass_g / of;
}

static enum ld_err line_of(struct ld_play *p, size_t trip, const char *code, int64_t mass_g,
			   Liandan__Line **out)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	const struct ld_day_waste *w = &p->day->wastes[dt->waste.at];
	LD_NEW(p, Liandan__Line, l, liandan__line__init);
	LD_NEW(p, Liandan__Quantity, q, liandan__quantity__init);

	q->unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	q->value_milli = mass_g;
	q->mass_g = mass_g;
	q->basis = dt->containers ? LIANDAN__BASIS__BASIS_WEIGHED : LIANDAN__BASIS__BASIS_ESTIMATED;
	l->line = 1;
	l->code_system = (Liandan__CodeSystem)w->system;
	l->code = LD_STR(code ? code : w->code);
	l->trade_name = LD_STR(w->zh[0] ? w->zh : w->id);
	l->hazards = w->hazards;
	l->form = (Liandan__Form)w->form;
	l->package = dt->containers ? (Liandan__Package)w->package : LIANDAN__PACKAGE__PACKAGE_BULK;
	l->count = dt->containers;
	l->mode = LD_STR(w->mode);
	l->quantity = q;
	if (ld_trip_cheat(p, trip) == LD_CHEAT_wrong_hazards)
		l->hazards = w->hazards == LIANDAN__HAZARD__HAZARD_R ? LIANDAN__HAZARD__HAZARD_C
								     : LIANDAN__HAZARD__HAZARD_R;
	*out = l;
	return LD_OK;
}

/* All containers of the trip, or its bulk. */
enum ld_err ld_trip_items(struct ld_play *p, size_t trip, int64_t mass_g, Liandan__Item ***out,
			  size_t *n_out)
{
	uint32_t n = ld_trip_day(p, trip)->containers;
	Liandan__Item **items = ld_arena_alloc(&p->arena, (n ? n : 1) * sizeof(*items));

	if (!items)
		return LD_ERR_NOMEM;
	for (uint32_t i = 0; i < (n ? n : 1); i++) {
		LD_NEW(p, Liandan__Item, item, liandan__item__init);
		item->line = 1;
		item->condition = LIANDAN__CONDITION__CONDITION_INTACT;
		item->mass_g = n ? ld_piece_g(mass_g, n, i) : mass_g;
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

int64_t ld_trip_refused_g(const struct ld_play *p, size_t trip)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	uint32_t n = p->sim->trips[trip].refused;
	int64_t g = 0;

	for (uint32_t i = dt->containers - n; n && i < dt->containers; i++)
		g += ld_piece_g(dt->mass_g, dt->containers, i);
	return g;
}

/* The gate's net, shared over a milk run as declared: the sum is exact. */
int64_t ld_trip_accepted_g(const struct ld_play *p, size_t trip)
{
	size_t leader = p->sim->trips[trip].leader;
	const struct ld_play_trip *l = &p->trips[leader];
	int64_t net = l->reading_g[LD_GROSS_IN] - l->reading_g[LD_TARE_IN];
	int64_t declared = 0;
	int64_t before = 0;

	if (!l->sent[LD_STEP_GROSS_IN] || !l->sent[LD_STEP_TARE_IN])
		return p->day->trips[trip].mass_g - ld_trip_refused_g(p, trip);
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
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	struct ld_play_device *clerk = ld_play_device(p, LD_DEVICE_CLERK, dt->generator.at);
	uint32_t n = dt->containers ? dt->containers : 1;
	enum ld_err err = LD_OK;

	for (uint32_t i = 0; i < n && !err; i++) {
		Liandan__Event e;
		ld_arena_reset(&p->arena);
		ld_play_event_init(p, &e, at_ms + i);
		LD_NEW(p, Liandan__WasteGenerated, g, liandan__waste_generated__init);
		g->batch = ld_trip_batch(p, trip, "g", i);
		g->site = LD_STR(dt->site.id);
		g->started_ms = ld_play_ledger(p, at_ms) - 12 * 3600000;
		g->ended_ms = ld_play_ledger(p, at_ms);
		g->operator_ = LD_STR(clerk->person);
		g->destination = LIANDAN__DESTINATION__DESTINATION_STORE;
		if (dt->containers)
			g->container = ld_play_container(p, trip, i);
		err = line_of(p, trip, NULL, ld_piece_g(dt->mass_g, n, i), &g->line);
		if (err)
			return err;
		g->line->count = dt->containers ? 1 : 0;
		g->line->hazards =
		    p->day->wastes[dt->waste.at].hazards; /* the lie is on the manifest */
		e.body_case = LIANDAN__EVENT__BODY_WASTE_GENERATED;
		e.waste_generated = g;
		err = ld_trip_send(p, trip, LD_STEP_GENERATED, clerk, &e, at_ms + i);
	}
	ld_trip_chain(p, trip, LD_STEP_GENERATED);
	return err;
}

/* Into the store: at the origin without, at the destination with the manifest. */
static enum ld_err stored(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	bool in = what == LD_STEP_STORED_IN;
	struct ld_play_device *clerk =
	    ld_play_device(p, LD_DEVICE_CLERK, in ? dt->receiver.at : dt->generator.at);
	Liandan__Event e;

	if (!in && !dt->containers)
		return LD_OK; /* bulk stands where it was generated */
	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__ContainerStored, s, liandan__container_stored__init);
	s->batch = ld_trip_batch(p, trip, in ? "r" : "s", 0);
	s->site = LD_STR(in ? dt->to.id : dt->site.id);
	s->storage = LD_STR("store-1");
	s->storage_kind = LIANDAN__STORAGE_KIND__STORAGE_KIND_FACILITY;
	s->stored_by = LD_STR(clerk->person);
	if (in)
		s->manifest = ld_trip_id(p, trip);
	enum ld_err err = ld_trip_items(p, trip, in ? ld_trip_accepted_g(p, trip) : dt->mass_g,
					&s->items, &s->n_items);
	if (err)
		return err;
	if (in)
		s->n_items -= p->sim->trips[trip].refused;
	for (size_t i = 0; in && dt->containers && i < s->n_items; i++)
		s->items[i]->mass_g = 0; /* as the ledger shared it out */
	e.body_case = LIANDAN__EVENT__BODY_CONTAINER_STORED;
	e.container_stored = s;
	ld_event_after_last(p, &e, trip);
	err = ld_trip_send(p, trip, what, clerk, &e, at_ms);
	ld_trip_chain(p, trip, what);
	return err;
}

enum ld_err ld_play_created(struct ld_play *p, size_t trip, enum ld_sim_what what, const char *code,
			    int64_t mass_g, const uint8_t manifest[LD_UUID_BYTES], int64_t at_ms,
			    bool attack)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	struct ld_play_trip *t = &p->trips[trip];
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	struct ld_play_device *clerk = ld_trip_filler(p, trip, &e);
	LD_NEW(p, Liandan__ManifestCreated, m, liandan__manifest_created__init);
	LD_NEW(p, Liandan__Receiver, r, liandan__receiver__init);
	LD_NEW(p, Liandan__Carrier, c, liandan__carrier__init);
	LD_NEW(p, Liandan__Carrier, c2, liandan__carrier__init);
	const struct ld_day_act *second = p->sim->trips[trip].second;
	Liandan__Carrier *carriers[2] = {c, c2};
	m->manifest = ld_play_bytes(p, manifest, LD_UUID_BYTES);
	m->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	m->generator = LD_STR(dt->generator.id);
	m->site = LD_STR(dt->site.id);
	r->party = LD_STR(dt->receiver.id);
	r->site = LD_STR(dt->to.id);
	m->receiver = r;
	c->order = 1;
	c->party = LD_STR(p->day->trucks[dt->truck.at].carrier.id);
	c2->order = 2;
	if (second)
		c2->party = LD_STR(p->day->trucks[second->truck.at].carrier.id);
	m->carriers = ld_arena_dup(&p->arena, carriers, sizeof(carriers));
	m->n_carriers = second ? 2 : 1;
	m->lines = ld_arena_alloc(&p->arena, sizeof(*m->lines));
	m->n_lines = 1;
	if (!m->lines || !m->carriers || line_of(p, trip, code, mass_g, &m->lines[0]))
		return LD_ERR_NOMEM;
	if (attack) /* weighed, it says: an estimate in bulk may be wrong */
		m->lines[0]->quantity->basis = LIANDAN__BASIS__BASIS_WEIGHED;
	m->pickup_ms = ld_play_ledger(p, p->sim->trips[trip].origin_ms);
	m->arrival_ms = ld_play_ledger(p, p->sim->trips[trip].eta_ms);
	e.body_case = LIANDAN__EVENT__BODY_MANIFEST_CREATED;
	e.manifest_created = m;
	/* The contents are frozen by the hash over these very bytes (manifest.proto,
	 * ManifestSealed). */
	free(t->created);
	t->created_len = liandan__manifest_created__get_packed_size(m);
	t->created = malloc(t->created_len);
	if (!t->created)
		return LD_ERR_NOMEM;
	liandan__manifest_created__pack(m, t->created);
	if (!attack && what == LD_STEP_CREATED)
		ld_event_after_last(p, &e, trip);
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

enum ld_err ld_play_sealed(struct ld_play *p, size_t trip, const char *other_container,
			   int64_t mass_g, const uint8_t manifest[LD_UUID_BYTES], int64_t at_ms,
			   bool attack)
{
	struct ld_play_trip *t = &p->trips[trip];
	uint8_t content[LD_HASH_BYTES];
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	struct ld_play_device *clerk = ld_trip_filler(p, trip, &e);
	LD_NEW(p, Liandan__ManifestSealed, m, liandan__manifest_sealed__init);
	m->manifest = ld_play_bytes(p, manifest, LD_UUID_BYTES);
	m->version = 1;
	enum ld_err err = ld_trip_items(p, trip, mass_g, &m->items, &m->n_items);
	if (err)
		return err;
	if (other_container)
		m->items[0]->container = LD_STR(other_container);
	err = freeze(p, trip, m->items, m->n_items, content);
	if (err)
		return err;
	m->content = ld_play_bytes(p, content, LD_HASH_BYTES);
	if (!attack)
		memcpy(t->content, content, LD_HASH_BYTES);
	e.body_case = LIANDAN__EVENT__BODY_MANIFEST_SEALED;
	e.manifest_sealed = m;
	if (attack) {
		struct ld_play_send s = {.device = clerk,
					 .event = &e,
					 .at_ms = at_ms,
					 .trip = (int)trip,
					 .what = LD_STEP_ATTACK_TWO,
					 .attack = true,
					 .sent = &t->sent[LD_STEP_ATTACK_TWO]};
		return ld_play_send(p, &s);
	}
	ld_event_after_last(p, &e, trip);
	err = ld_trip_send(p, trip, LD_STEP_SEALED, clerk, &e, at_ms);
	ld_trip_chain(p, trip, LD_STEP_SEALED);
	return err;
}

enum ld_err ld_play_offered(struct ld_play *p, size_t trip, struct ld_play_device *by,
			    const uint8_t content[LD_HASH_BYTES], enum ld_sim_what what,
			    int64_t at_ms, bool attack)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	struct ld_play_trip *t = &p->trips[trip];
	Liandan__Event e;
	char **seals = ld_arena_alloc(&p->arena, sizeof(*seals));

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__HandoverOffered, o, liandan__handover_offered__init);
	o->manifest = ld_trip_id(p, trip);
	o->content = ld_play_bytes(p, content, LD_HASH_BYTES);
	o->leg = 1;
	o->to_party = LD_STR(p->day->trucks[dt->truck.at].carrier.id);
	o->expires_ms = ld_play_ledger(p, at_ms) + 4 * 3600000;
	if (ld_sim_trouble(p->sim, trip, LD_TROUBLE_slow_driver))
		o->expires_ms = ld_play_ledger(p, at_ms) + 5 * 60000;
	if (seals) {
		seals[0] = ld_trip_seal(p, trip, false);
		o->seals = seals;
		o->n_seals = 1;
	}
	if (t->sent[LD_STEP_GROSS_OUT]) {
		o->tickets = ld_arena_alloc(&p->arena, 2 * sizeof(*o->tickets));
		if (!o->tickets)
			return LD_ERR_NOMEM;
		o->tickets[0] = ld_play_bytes(p, t->ticket[LD_TARE_OUT], LD_UUID_BYTES);
		o->tickets[1] = ld_play_bytes(p, t->ticket[LD_GROSS_OUT], LD_UUID_BYTES);
		o->n_tickets = 2;
	}
	e.body_case = LIANDAN__EVENT__BODY_HANDOVER_OFFERED;
	e.handover_offered = o;
	ld_event_after_last(p, &e, trip);
	struct ld_play_send s = {.device = by,
				 .event = &e,
				 .at_ms = at_ms,
				 .trip = (int)trip,
				 .what = what,
				 .attack = attack,
				 .hash = t->hash[what],
				 .sent = &t->sent[what]};
	enum ld_err err = ld_play_send(p, &s);
	if (!attack)
		ld_trip_chain(p, trip, what);
	return err;
}

static enum ld_err cancelled(struct ld_play *p, size_t trip, int64_t at_ms)
{
	struct ld_play_device *clerk =
	    ld_play_device(p, LD_DEVICE_CLERK, ld_trip_day(p, trip)->generator.at);
	Liandan__Event e;

	/* a live offer stands in the way of cancelling (CUSTODY-4): it is withdrawn first */
	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__OfferWithdrawn, w, liandan__offer_withdrawn__init);
	w->manifest = ld_trip_id(p, trip);
	w->offer = ld_play_bytes(p, p->trips[trip].hash[LD_STEP_OFFERED], LD_HASH_BYTES);
	w->reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_OTHER;
	e.body_case = LIANDAN__EVENT__BODY_OFFER_WITHDRAWN;
	e.offer_withdrawn = w;
	ld_event_after_last(p, &e, trip);
	enum ld_err err = ld_trip_send(p, trip, LD_STEP_WITHDRAWN, clerk, &e, at_ms);
	if (err)
		return err;
	ld_play_event_init(p, &e, at_ms + 1000);
	LD_NEW(p, Liandan__ManifestCancelled, m, liandan__manifest_cancelled__init);
	m->manifest = ld_trip_id(p, trip);
	m->reason = LIANDAN__CANCEL_REASON__CANCEL_REASON_NOT_NEEDED;
	e.body_case = LIANDAN__EVENT__BODY_MANIFEST_CANCELLED;
	e.manifest_cancelled = m;
	ld_event_after(p, &e, p->trips[trip].hash[LD_STEP_WITHDRAWN]);
	return ld_trip_send(p, trip, LD_STEP_CANCELLED, clerk, &e, at_ms + 1000);
}

/* ---- steps ---- */

static enum ld_err created(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms)
{
	bool wrong = what == LD_STEP_TYPO || ld_trip_cheat(p, trip) == LD_CHEAT_wrong_code;
	enum ld_err err =
	    ld_play_created(p, trip, what, wrong ? "900-999-99" : NULL, ld_trip_typed_g(p, trip),
			    p->trips[trip].manifest, at_ms, what == LD_STEP_TYPO);

	if (what == LD_STEP_CREATED)
		ld_trip_chain(p, trip, what);
	if (ld_trip_cheat(p, trip) == LD_CHEAT_wrong_code && what == LD_STEP_CREATED)
		p->trips[trip].over = true;
	return err;
}

enum ld_err ld_play_step(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms)
{
	struct ld_play_trip *t = &p->trips[trip];
	int w = ld_trip_cheat(p, trip);
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
		err = ld_play_sealed(p, trip, NULL, ld_trip_typed_g(p, trip), t->manifest, at_ms,
				     false);
		t->over = w == LD_CHEAT_unlicensed_carrier || w == LD_CHEAT_unlicensed_receiver;
		return err;
	case LD_STEP_OFFERED:
		return ld_play_offered(
		    p, trip, ld_play_device(p, LD_DEVICE_CLERK, ld_trip_day(p, trip)->generator.at),
		    t->content, what, at_ms, false);
	case LD_STEP_CANCELLED:
		return cancelled(p, trip, at_ms);
	case LD_STEP_TAKEN_CHEAT:
	case LD_STEP_TAKEN:
		return ld_trip_taken(p, trip, what, at_ms);
	case LD_STEP_CONFIRMED:
		return ld_trip_confirmed(p, trip, at_ms);
	case LD_STEP_OFFERED_ON:
		return ld_trip_offered_on(p, trip, at_ms);
	case LD_STEP_TAKEN_ON:
		return ld_trip_taken_on(p, trip, at_ms);
	case LD_STEP_ACCIDENT:
		return ld_trip_accident(p, trip, at_ms);
	case LD_STEP_TARE_OUT:
		return ld_trip_weighed(p, trip, what, LD_TARE_OUT, at_ms);
	case LD_STEP_GROSS_OUT:
		return ld_trip_weighed(p, trip, what, LD_GROSS_OUT, at_ms);
	case LD_STEP_ARRIVED:
		return ld_trip_arrived(p, trip, at_ms);
	case LD_STEP_GROSS_IN:
		return ld_trip_weighed(p, trip, what, LD_GROSS_IN, at_ms);
	case LD_STEP_TARE_IN:
		return ld_trip_weighed(p, trip, what, LD_TARE_IN, at_ms);
	case LD_STEP_RECEIVED:
		return ld_trip_received(p, trip, at_ms);
	case LD_STEP_AMENDED:
		return ld_trip_amended(p, trip, at_ms);
	case LD_STEP_AGREED_DRIVER:
	case LD_STEP_AGREED_RECEIVER:
		return ld_trip_agreed(p, trip, what, at_ms);
	case LD_STEP_ACCEPTED:
		return p->sim->trips[trip].refused ? ld_trip_partly_accepted(p, trip, at_ms)
						   : ld_trip_accepted(p, trip, at_ms);
	case LD_STEP_REDIRECTED:
		return ld_trip_redirected(p, trip, at_ms);
	case LD_STEP_ARRIVED_BACK:
		return ld_trip_arrived_back(p, trip, at_ms);
	case LD_STEP_GROSS_BACK:
		return ld_trip_weighed(p, trip, what, LD_GROSS_BACK, at_ms);
	case LD_STEP_TARE_BACK:
		return ld_trip_weighed(p, trip, what, LD_TARE_BACK, at_ms);
	case LD_STEP_RECEIVED_BACK:
		return ld_trip_received_back(p, trip, at_ms);
	case LD_STEP_ACCEPTED_BACK:
		return ld_trip_accepted_back(p, trip, at_ms);
	case LD_STEP_TREATED:
		return ld_trip_treated(p, trip, at_ms);
	case LD_STEP_ATTACK:
	case LD_STEP_ATTACK_TWO:
	case LD_STEP_WITHDRAWN:
		return ld_play_attack(p, trip, what != LD_STEP_ATTACK, at_ms);
	default:
		return LD_ERR_ARG;
	}
}
