#include "tests/support/trade.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/custody/manifest.h"
#include "plugin/custody/rules.h"
#include "proto/waste_code.h"

#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define ARENA (16u << 20)
#define ROOM 16 /* places kept in lists, so that tests can add */
#define TEXT(s) ((char *)(uintptr_t)(s))
/* An event around a body that is the arena's already. */
#define EVENT(t, CASE, body) trade_event((t), LIANDAN__EVENT__BODY_##CASE, (body))

/* ---- memory ---- */

void *trade_dup(struct trade *t, const void *init, size_t len)
{
	void *p = ld_arena_dup(&t->arena, init, len);

	REQUIRE(p != NULL);
	return p;
}

static void *room(struct trade *t, size_t n)
{
	void *p = ld_arena_alloc(&t->arena, n);

	REQUIRE(p != NULL);
	memset(p, 0, n);
	return p;
}

char *trade_name(struct trade *t, const char *prefix)
{
	char text[LD_MAX_ID_BYTES + 1];

	snprintf(text, sizeof text, "%s-%" PRIu32, prefix, ++t->names);
	return trade_dup(t, text, strlen(text) + 1);
}

ProtobufCBinaryData trade_bytes(const void *data, size_t len)
{
	return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)(uintptr_t)data};
}

static ProtobufCBinaryData id_of(struct trade *t)
{
	return trade_bytes(t->id, sizeof t->id);
}

static ProtobufCBinaryData hash_of(const uint8_t hash[LD_HASH_BYTES])
{
	return trade_bytes(hash, LD_HASH_BYTES);
}

Liandan__Event *trade_event(struct trade *t, Liandan__Event__BodyCase which, void *body)
{
	Liandan__Event *e = TRADE_NEW(t, Liandan__Event, LIANDAN__EVENT__INIT);

	e->body_case = which;
	memcpy(&e->manifest_created, &body, sizeof body); /* every member is a message pointer */
	return e;
}

/* ---- the registry ---- */

static void send_accepted(struct world *w, Liandan__Event *e)
{
	Liandan__Verdict v = world_send(w, &w->authority, e);

	if (v != LIANDAN__VERDICT__ACCEPTED)
		fprintf(stderr, "registry: verdict %d reason %d: %s\n", (int)v, (int)w->out.reason,
			w->out.detail);
	REQUIRE(v == LIANDAN__VERDICT__ACCEPTED);
}

static void person(struct trade *t, const char *id, const char *party)
{
	Liandan__PersonRegistered *p =
	    TRADE_NEW(t, Liandan__PersonRegistered, LIANDAN__PERSON_REGISTERED__INIT);

	p->person = TEXT(id);
	p->party = TEXT(party);
	p->roles = LIANDAN__ROLE__ROLE_DRIVER;
	send_accepted(t->world, EVENT(t, PERSON_REGISTERED, p));
}

static void key(struct trade *t, struct signer *s, const char *party, const char *device,
		const char *who, uint32_t roles)
{
	signer_new(s, party, device, LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(t->world, s, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, who, roles);
}

static void scale(struct trade *t, struct signer *s, const char *instrument)
{
	signer_new(s, "pit", instrument, LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	world_key(t->world, s, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SCALE, instrument,
		  LIANDAN__ROLE__ROLE_SCALE);
}

static void unverified_scale(struct trade *t, const char *instrument)
{
	Liandan__InstrumentRegistered *r =
	    TRADE_NEW(t, Liandan__InstrumentRegistered, LIANDAN__INSTRUMENT_REGISTERED__INIT);

	r->instrument = TEXT(instrument);
	r->party = TEXT("pit");
	r->site = TEXT("pit-gate");
	r->kind = LIANDAN__INSTRUMENT_KIND__INSTRUMENT_KIND_TRUCK_SCALE;
	r->max_g = 60000000;
	send_accepted(t->world, EVENT(t, INSTRUMENT_REGISTERED, r));
}

static void parties(struct world *w)
{
	const uint32_t receiver = LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR;

	world_party(w, "gen", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_KEY);
	world_party(w, "haul", LIANDAN__ROLE__ROLE_CARRIER, LIANDAN__TIER__TIER_UNSPECIFIED);
	world_party(w, "haul2", LIANDAN__ROLE__ROLE_CARRIER, LIANDAN__TIER__TIER_UNSPECIFIED);
	world_party(w, "haulx", LIANDAN__ROLE__ROLE_CARRIER, LIANDAN__TIER__TIER_UNSPECIFIED);
	world_party(w, "pit", receiver, LIANDAN__TIER__TIER_UNSPECIFIED);
	world_party(w, "hole", receiver, LIANDAN__TIER__TIER_UNSPECIFIED); /* no licence */
	world_party(w, "eeb", LIANDAN__ROLE__ROLE_REGULATOR, LIANDAN__TIER__TIER_UNSPECIFIED);
	world_site(w, "gen-yard", "gen", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 31.0, 121.0,
		   200);
	world_site(w, "gen-shed", "gen", LIANDAN__SITE_KIND__SITE_KIND_STORAGE, 31.1, 121.0, 200);
	world_site(w, "pit-gate", "pit", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 31.3, 121.3, 200);
	world_site(w, "hole-gate", "hole", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 31.4, 121.3,
		   200);
	world_licence(w, "L-pit", "pit", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*");
	world_licence(w, "L-haul", "haul", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*");
	world_licence(w, "L-haul2", "haul2", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*");
	world_licence(w, "L-haulx", "haulx", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*");
}

static void keys(struct trade *t)
{
	struct world *w = t->world;
	struct signer unused;

	key(t, &t->office, "gen", "office", "clerk", LIANDAN__ROLE__ROLE_GENERATOR);
	key(t, &t->d1, "haul", "d1", "p-d1", LIANDAN__ROLE__ROLE_DRIVER);
	key(t, &t->own, "haul", "own", "clerk", LIANDAN__ROLE__ROLE_DRIVER);
	key(t, &t->d2, "haul2", "d2", "p-d2", LIANDAN__ROLE__ROLE_DRIVER);
	key(t, &t->dx, "haulx", "dx", "p-dx", LIANDAN__ROLE__ROLE_DRIVER);
	key(t, &t->pit, "pit", "office", "p-pit", LIANDAN__ROLE__ROLE_RECEIVER);
	key(t, &t->yard, "pit", "yard", "p-yard", LIANDAN__ROLE__ROLE_GENERATOR);
	key(t, &t->inspector, "eeb", "desk", "p-insp", LIANDAN__ROLE__ROLE_REGULATOR);
	scale(t, &t->scale, "scale");
	scale(t, &t->oldscale, "oldscale");
	signer_new(&t->t1, "haul", "t1", LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	world_vehicle(w, "T1", "haul", &t->t1, "t1");
	signer_new(&t->t2, "haul2", "t2", LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	world_vehicle(w, "T2", "haul2", &t->t2, "t2");
	signer_new(&unused, "haulx", "tx", LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	world_vehicle(w, "TX", "haulx", &unused, "tx");
	signer_free(&unused);
}

void trade_found(struct trade *t, struct world *w)
{
	memset(t, 0, sizeof *t);
	t->world = w;
	REQUIRE(ld_arena_init(&t->arena, ARENA) == 0);
	parties(w);
	person(t, "p-d1", "haul");
	person(t, "p-d2", "haul2");
	person(t, "p-dx", "haulx");
	keys(t);
	world_scale(w, "scale", "pit", "pit-gate");
	unverified_scale(t, "oldscale");
}

void trade_free(struct trade *t)
{
	struct signer *all[] = {&t->office,   &t->d1,  &t->d2,	 &t->dx,
				&t->own,      &t->pit, &t->yard, &t->scale,
				&t->oldscale, &t->t1,  &t->t2,	 &t->inspector};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		signer_free(all[i]);
	ld_arena_free(&t->arena);
}

void trade_begin(struct trade *t)
{
	ld_arena_reset(&t->arena);
	t->n++;
	memset(t->id, 0, sizeof t->id);
	t->id[0] = 1;
	for (int i = 0; i < 4; i++)
		t->id[12 + i] = (uint8_t)(t->n >> (24 - 8 * i));
	t->draft = NULL;
	t->drum = t->batch = NULL;
}

/* ---- events ---- */

static Liandan__Line *line_of(struct trade *t, uint32_t number, int64_t mass_g)
{
	const struct ld_waste_code *code =
	    ld_waste_code_find(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS, TRADE_CODE);
	Liandan__Line *l = TRADE_NEW(t, Liandan__Line, LIANDAN__LINE__INIT);

	REQUIRE(code != NULL);
	l->line = number;
	l->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	l->code = TEXT(TRADE_CODE);
	l->hazards = code->hazards;
	l->mode = TEXT("R9");
	l->quantity = TRADE_NEW(t, Liandan__Quantity, LIANDAN__QUANTITY__INIT);
	l->quantity->unit = LIANDAN__UNIT__UNIT_TONNE;
	l->quantity->basis = LIANDAN__BASIS__BASIS_WEIGHED;
	l->quantity->mass_g = mass_g;
	return l;
}

Liandan__Event *trade_generated(struct trade *t, const char *container, int64_t mass_g)
{
	Liandan__WasteGenerated *b =
	    TRADE_NEW(t, Liandan__WasteGenerated, LIANDAN__WASTE_GENERATED__INIT);

	b->batch = t->batch = trade_name(t, "B");
	b->container = TEXT(container ? container : "");
	b->site = TEXT("gen-yard");
	b->line = line_of(t, 1, mass_g);
	return EVENT(t, WASTE_GENERATED, b);
}

static void carrier(struct trade *t, Liandan__ManifestCreated *b, const char *party)
{
	Liandan__Carrier *c = TRADE_NEW(t, Liandan__Carrier, LIANDAN__CARRIER__INIT);

	c->order = (uint32_t)b->n_carriers + 1;
	c->party = TEXT(party);
	b->carriers[b->n_carriers++] = c;
}

Liandan__Event *trade_created(struct trade *t)
{
	Liandan__ManifestCreated *b =
	    TRADE_NEW(t, Liandan__ManifestCreated, LIANDAN__MANIFEST_CREATED__INIT);

	b->manifest = id_of(t);
	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	b->generator = TEXT("gen");
	b->site = TEXT("gen-yard");
	b->receiver = TRADE_NEW(t, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	b->receiver->party = TEXT("pit");
	b->receiver->site = TEXT("pit-gate");
	b->carriers = room(t, ROOM * sizeof *b->carriers);
	carrier(t, b, "haul");
	carrier(t, b, "haul2");
	b->lines = room(t, ROOM * sizeof *b->lines);
	b->lines[b->n_lines++] = line_of(t, 1, TRADE_DRUM_G);
	b->lines[b->n_lines++] = line_of(t, 2, TRADE_BULK_G);
	t->draft = b;
	return EVENT(t, MANIFEST_CREATED, b);
}

static Liandan__Item *item_of(struct trade *t, const char *container, uint32_t line, int64_t mass_g)
{
	Liandan__Item *item = TRADE_NEW(t, Liandan__Item, LIANDAN__ITEM__INIT);

	item->container = TEXT(container);
	item->line = line;
	item->mass_g = mass_g;
	return item;
}

void trade_content(struct trade *t, Liandan__ManifestSealed *b)
{
	REQUIRE(ld_manifest_content(&t->arena, t->draft, b->items, b->n_items, t->content) ==
		LD_OK);
	b->content = hash_of(t->content);
}

Liandan__Event *trade_sealed(struct trade *t)
{
	Liandan__ManifestSealed *b =
	    TRADE_NEW(t, Liandan__ManifestSealed, LIANDAN__MANIFEST_SEALED__INIT);

	REQUIRE(t->draft != NULL);
	b->manifest = id_of(t);
	b->version = 1;
	b->items = room(t, ROOM * sizeof *b->items);
	b->items[b->n_items++] = item_of(t, t->drum ? t->drum : "drum-0", 1, TRADE_DRUM_G);
	b->items[b->n_items++] =
	    item_of(t, "", 2, t->draft->n_lines > 1 ? t->draft->lines[1]->quantity->mass_g : 1);
	trade_content(t, b);
	return EVENT(t, MANIFEST_SEALED, b);
}

Liandan__Event *trade_offered(struct trade *t, uint32_t leg, const char *to)
{
	Liandan__HandoverOffered *b =
	    TRADE_NEW(t, Liandan__HandoverOffered, LIANDAN__HANDOVER_OFFERED__INIT);

	b->manifest = id_of(t);
	b->content = hash_of(t->content);
	b->leg = leg;
	b->to_party = TEXT(to);
	return EVENT(t, HANDOVER_OFFERED, b);
}

Liandan__Event *trade_taken(struct trade *t, uint32_t leg, const char *plate, const char *driver)
{
	Liandan__HandoverTaken *b =
	    TRADE_NEW(t, Liandan__HandoverTaken, LIANDAN__HANDOVER_TAKEN__INIT);

	b->manifest = id_of(t);
	b->offer = hash_of(t->offer);
	b->content = hash_of(t->content);
	b->leg = leg;
	b->plate = TEXT(plate);
	b->driver = TEXT(driver);
	return EVENT(t, HANDOVER_TAKEN, b);
}

Liandan__Event *trade_arrived(struct trade *t, const char *plate)
{
	Liandan__Arrived *b = TRADE_NEW(t, Liandan__Arrived, LIANDAN__ARRIVED__INIT);

	b->manifests = room(t, ROOM * sizeof *b->manifests);
	b->manifests[b->n_manifests++] = id_of(t);
	b->plate = TEXT(plate);
	b->site = TEXT("pit-gate");
	return EVENT(t, ARRIVED, b);
}

Liandan__Event *trade_received(struct trade *t)
{
	Liandan__Received *b = TRADE_NEW(t, Liandan__Received, LIANDAN__RECEIVED__INIT);

	b->manifest = id_of(t);
	b->content = hash_of(t->content);
	b->site = TEXT("pit-gate");
	return EVENT(t, RECEIVED, b);
}

Liandan__Event *trade_weighed(struct trade *t, const char *instrument, int64_t mass_g)
{
	Liandan__Weighed *b = TRADE_NEW(t, Liandan__Weighed, LIANDAN__WEIGHED__INIT);

	memcpy(t->ticket, t->id, sizeof t->ticket);
	t->ticket[0] = 2;
	t->ticket[1] = (uint8_t)++t->names;
	t->ticket[2] = (uint8_t)(t->names >> 8);
	b->ticket = trade_bytes(t->ticket, sizeof t->ticket);
	b->instrument = TEXT(instrument);
	b->purpose = LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE;
	b->kind = LIANDAN__WEIGH_KIND__WEIGH_KIND_NET;
	b->manifests = room(t, ROOM * sizeof *b->manifests);
	b->manifests[b->n_manifests++] = id_of(t);
	b->mass_g = mass_g;
	b->stable = true;
	return EVENT(t, WEIGHED, b);
}

Liandan__Event *trade_accepted(struct trade *t)
{
	Liandan__Accepted *b = TRADE_NEW(t, Liandan__Accepted, LIANDAN__ACCEPTED__INIT);

	b->manifest = id_of(t);
	b->content = hash_of(t->content);
	b->lines = room(t, ROOM * sizeof *b->lines);
	for (size_t i = 0; i < t->draft->n_lines; i++) {
		Liandan__AcceptedLine *l =
		    TRADE_NEW(t, Liandan__AcceptedLine, LIANDAN__ACCEPTED_LINE__INIT);
		l->line = t->draft->lines[i]->line;
		l->mass_g = t->draft->lines[i]->quantity->mass_g;
		l->mode = TEXT("R9");
		b->lines[b->n_lines++] = l;
	}
	b->tickets = room(t, ROOM * sizeof *b->tickets);
	b->tickets[b->n_tickets++] = trade_bytes(t->ticket, sizeof t->ticket);
	return EVENT(t, ACCEPTED, b);
}

Liandan__Event *trade_rejected(struct trade *t)
{
	Liandan__Rejected *b = TRADE_NEW(t, Liandan__Rejected, LIANDAN__REJECTED__INIT);

	b->manifest = id_of(t);
	b->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	b->waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK;
	return EVENT(t, REJECTED, b);
}

Liandan__Event *trade_cancelled(struct trade *t)
{
	Liandan__ManifestCancelled *b =
	    TRADE_NEW(t, Liandan__ManifestCancelled, LIANDAN__MANIFEST_CANCELLED__INIT);

	b->manifest = id_of(t);
	return EVENT(t, MANIFEST_CANCELLED, b);
}

Liandan__Event *trade_withdrawn(struct trade *t)
{
	Liandan__OfferWithdrawn *b =
	    TRADE_NEW(t, Liandan__OfferWithdrawn, LIANDAN__OFFER_WITHDRAWN__INIT);

	b->manifest = id_of(t);
	b->offer = hash_of(t->offer);
	return EVENT(t, OFFER_WITHDRAWN, b);
}

Liandan__Event *trade_fix(struct trade *t, const char *plate, const char *terminal, int64_t t_ms,
			  double lat, double lon)
{
	Liandan__Track *b = TRADE_NEW(t, Liandan__Track, LIANDAN__TRACK__INIT);
	Liandan__Event *e;

	b->plate = TEXT(plate);
	b->terminal = TEXT(terminal);
	b->base_fix = TRADE_NEW(t, Liandan__TrackBase, LIANDAN__TRACK_BASE__INIT);
	b->base_fix->t_gnss_ms = b->base_fix->t_device_ms = t_ms;
	b->base_fix->lat_e7 = (int32_t)(lat * 1e7);
	b->base_fix->lon_e7 = (int32_t)(lon * 1e7);
	b->attested_by = LIANDAN__ATTESTATION__ATTESTATION_TERMINAL;
	e = EVENT(t, TRACK, b);
	e->occurred_at_ms = t_ms;
	return e;
}

/* ---- the way ---- */

void trade_to_stock(struct trade *t)
{
	char *drum = trade_name(t, "drum");

	t->must(t, &t->office, trade_generated(t, drum, TRADE_DRUM_G));
	t->must(t, &t->office, trade_generated(t, NULL, TRADE_BULK_G));
	t->drum = drum;
}

void trade_to_draft(struct trade *t)
{
	trade_to_stock(t);
	t->must(t, &t->office, trade_created(t));
}

void trade_to_sealed(struct trade *t)
{
	trade_to_draft(t);
	t->must(t, &t->office, trade_sealed(t));
}

void trade_to_offered(struct trade *t)
{
	trade_to_sealed(t);
	t->must(t, &t->office, trade_offered(t, 1, "haul"));
	memcpy(t->offer, t->hash, sizeof t->offer);
}

void trade_to_taken(struct trade *t)
{
	trade_to_offered(t);
	t->must(t, &t->d1, trade_taken(t, 1, "T1", "p-d1"));
}

void trade_to_arrived(struct trade *t)
{
	trade_to_taken(t);
	t->must(t, &t->d1, trade_arrived(t, "T1"));
}

void trade_to_received(struct trade *t)
{
	trade_to_arrived(t);
	t->must(t, &t->pit, trade_received(t));
}

void trade_to_accepted(struct trade *t)
{
	trade_to_received(t);
	t->must(t, &t->scale, trade_weighed(t, "scale", TRADE_DRUM_G + TRADE_BULK_G));
	t->must(t, &t->pit, trade_accepted(t));
}
