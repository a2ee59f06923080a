/* One event at a time: what would come next, or something else; as it should be, or twisted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest.h"
#include "proto/waste_code.h"
#include "tests/model/walk.h"

#define TEXT(s) ((char *)(uintptr_t)(s))

struct move {
	struct walk *k;
	struct walk_plan *p;
	const struct nv_manifest *m; /* as the model has it; NULL: not here */
	Liandan__Event *e;
	unsigned by;
	unsigned co[2];
	size_t n_co;
	char also[16]; /* the other manifests that it names, for people */
};

static const char *const codes[] = {"900-041-49", "900-249-08", "772-003-18"};
#define CODES 3

/* ---- plans ---- */

static void plan_items(struct walk *k, struct walk_plan *p)
{
	for (size_t i = 0; i < p->n_lines; i++) {
		unsigned boxes = walk_pick(k, 3);

		p->code[i] = walk_pick(k, CODES);
		for (unsigned b = 0; b <= boxes && p->n_items < WALK_ITEMS; b++) {
			struct walk_item *it = &p->item[p->n_items++];

			it->line = (uint32_t)i + 1;
			it->mass_g = 1 + walk_pick(k, walk_chance(k, 30) ? 4000000 : 400000);
			if (b != 0)
				snprintf(it->container, sizeof it->container, "drum-%u",
					 ++k->names);
		}
	}
}

void walk_plan_new(struct walk *k, struct walk_plan *p)
{
	memset(p, 0, sizeof *p);
	p->id[0] = 1;
	k->plans++;
	for (int i = 0; i < 4; i++)
		p->id[12 + i] = (uint8_t)(k->plans >> (24 - 8 * i));
	p->gen = walk_pick(k, WALK_GENS);
	p->site = p->gen == 0 ? walk_pick(k, 2) : p->gen + 1;
	p->rec = walk_pick(k, WALK_RECS);
	p->n_carriers = 1 + walk_pick(k, 2);
	p->carrier[0] = walk_pick(k, WALK_CARRIERS);
	p->carrier[1] = walk_pick(k, WALK_CARRIERS);
	p->n_lines = 1 + walk_pick(k, WALK_LINES);
	p->estimated = walk_chance(k, 20);
	plan_items(k, p);
}

/* ---- pieces ---- */

static void *room(struct walk *k, size_t n)
{
	void *p = ld_arena_alloc(&k->arena, n);

	if (p == NULL)
		abort();
	memset(p, 0, n);
	return p;
}

static void *dup(struct walk *k, const void *init, size_t n)
{
	void *p = ld_arena_dup(&k->arena, init, n);

	if (p == NULL)
		abort();
	return p;
}
#define NEW(k, Type, INIT) ((Type *)dup((k), &(Type)INIT, sizeof(Type)))

static ProtobufCBinaryData bytes_of(const void *data, size_t len)
{
	return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)(uintptr_t)data};
}
#define ID(p) bytes_of((p)->id, LD_UUID_BYTES)
#define HASH(h) bytes_of((h), LD_HASH_BYTES)

static void event(struct move *v, Liandan__Event__BodyCase which, void *body, unsigned by)
{
	v->e = NEW(v->k, Liandan__Event, LIANDAN__EVENT__INIT);
	v->e->body_case = which;
	memcpy(&v->e->manifest_created, &body, sizeof body); /* every member is a pointer */
	v->by = by;
}
#define EVENT(v, CASE, body, by) event((v), LIANDAN__EVENT__BODY_##CASE, (body), (by))

static Liandan__Line *line_of(struct walk *k, uint32_t number, unsigned code, int64_t mass_g,
			      bool estimated)
{
	const struct ld_waste_code *known =
	    ld_waste_code_find(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS, codes[code]);
	Liandan__Line *l = NEW(k, Liandan__Line, LIANDAN__LINE__INIT);

	if (known == NULL)
		abort();
	l->line = number;
	l->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	l->code = TEXT(codes[code]);
	l->hazards = known->hazards;
	l->mode = TEXT("R9");
	l->quantity = NEW(k, Liandan__Quantity, LIANDAN__QUANTITY__INIT);
	l->quantity->unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	l->quantity->basis =
	    estimated ? LIANDAN__BASIS__BASIS_ESTIMATED : LIANDAN__BASIS__BASIS_WEIGHED;
	l->quantity->mass_g = mass_g;
	return l;
}

static const char *gen_site(const struct walk_plan *p)
{
	return walk_sites[p->site];
}

static const char *rec_site(const struct walk_plan *p)
{
	return p->rec == 0 ? "R0-a" : "R1-a";
}

/* A driver of whoever has it, or of whoever is to take it next. */
static unsigned driver_of(struct walk *k, const char *party)
{
	for (unsigned i = 0; i < WALK_CARRIERS; i++)
		if (strcmp(walk_carriers[i], party) == 0)
			return i == 0 && walk_chance(k, 10)   ? BY_C0G
			       : i == 1 && walk_chance(k, 10) ? BY_C1R
			       : i == 0 && walk_chance(k, 20) ? BY_C0B
							      : BY_C0 + i;
	return BY_C0 + walk_pick(k, WALK_CARRIERS);
}

static unsigned holder_driver(struct move *v)
{
	return driver_of(v->k, v->m != NULL ? v->m->carrier : walk_carriers[v->p->carrier[0]]);
}

static uint32_t leg_now(const struct move *v)
{
	return v->m != NULL ? v->m->leg : 0;
}

static unsigned next_carrier(const struct move *v)
{
	return v->p->carrier[leg_now(v) < v->p->n_carriers ? leg_now(v) : 0];
}

static unsigned giver(struct move *v)
{
	if (leg_now(v) == 0)
		return BY_G0 + v->p->gen;
	return v->m->stored ? BY_STORE : holder_driver(v);
}

static const char *plate_of(unsigned carrier)
{
	return walk_plates[carrier];
}

/* ---- stock ---- */

static void generate(struct move *v)
{
	Liandan__WasteGenerated *b =
	    NEW(v->k, Liandan__WasteGenerated, LIANDAN__WASTE_GENERATED__INIT);
	struct walk_item *it = &v->p->item[0];

	for (size_t i = 0; i < v->p->n_items && it->made; i++)
		it = &v->p->item[i];
	b->batch = walk_name(v->k, "B");
	b->container = it->made && it->container[0] != '\0' && walk_chance(v->k, 70)
			   ? walk_name(v->k, "spare")
			   : it->container;
	b->site = TEXT(gen_site(v->p));
	b->line = line_of(v->k, 1, v->p->code[it->line - 1], it->mass_g, false);
	it->made = true;
	snprintf(v->k->batch[v->k->n_batch++ % WALK_HASHES], 24, "%s", b->batch);
	snprintf(v->k->container[v->k->n_container++ % WALK_HASHES], 24, "%s", b->container);
	EVENT(v, WASTE_GENERATED, b, BY_G0 + v->p->gen);
}

static Liandan__Item *item(struct walk *k, const char *container, uint32_t line, int64_t mass_g)
{
	Liandan__Item *it = NEW(k, Liandan__Item, LIANDAN__ITEM__INIT);

	it->container = dup(k, container, strlen(container) + 1);
	it->line = line;
	it->mass_g = mass_g;
	return it;
}

static void store(struct move *v)
{
	Liandan__ContainerStored *b =
	    NEW(v->k, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);
	const bool there = v->m != NULL && v->m->leg != 0;

	b->batch = walk_name(v->k, "RK");
	b->site = TEXT(there ? rec_site(v->p) : gen_site(v->p));
	b->items = room(v->k, WALK_ITEMS * sizeof *b->items);
	for (size_t i = 0; i < v->p->n_items; i++)
		if (i == 0 || walk_chance(v->k, 70))
			b->items[b->n_items++] = item(v->k, v->p->item[i].container,
						      v->p->item[i].line, v->p->item[i].mass_g);
	if (there)
		b->manifest = ID(v->p);
	EVENT(v, CONTAINER_STORED, b, there ? BY_R0 + v->p->rec : BY_G0 + v->p->gen);
}

static int64_t some_mass(struct walk *k, int64_t mass_g)
{
	switch (walk_pick(k, 12)) {
	case 0:
		return mass_g + 1 + walk_pick(k, 100000);
	case 1:
		return walk_chance(k, 10) ? LD_MAX_MASS_G + 1 : 0;
	case 2:
	case 3:
		return 1 + (int64_t)(walk_random(k) % (uint64_t)(mass_g > 0 ? mass_g : 1));
	default:
		return mass_g;
	}
}

static void add_input(struct move *v, Liandan__WasteTreated *b, const struct walk_item *it)
{
	Liandan__TreatmentInput *in =
	    NEW(v->k, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);

	in->container = TEXT(it->container);
	if (it->container[0] == '\0' && walk_chance(v->k, 20))
		in->batch = TEXT(v->k->batch[walk_pick(v->k, WALK_HASHES)]);
	else if (it->container[0] == '\0')
		in->manifest = ID(v->p);
	in->mass_g = some_mass(v->k, it->mass_g);
	b->inputs[b->n_inputs++] = in;
	b->loss_g += in->mass_g;
}

static void add_output(struct move *v, Liandan__WasteTreated *b)
{
	Liandan__TreatmentOutput *o =
	    NEW(v->k, Liandan__TreatmentOutput, LIANDAN__TREATMENT_OUTPUT__INIT);

	o->kind = walk_chance(v->k, 70) ? LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE
					: LIANDAN__OUTPUT_KIND__OUTPUT_KIND_PRODUCT;
	o->code = TEXT(codes[walk_pick(v->k, CODES)]);
	o->container = walk_chance(v->k, 50) ? walk_name(v->k, "ash") : TEXT("");
	o->mass_g = b->loss_g / 3;
	b->loss_g -= o->mass_g;
	b->outputs[b->n_outputs++] = o;
}

static void treat(struct move *v)
{
	Liandan__WasteTreated *b = NEW(v->k, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	const bool there = v->m != NULL && v->m->leg != 0;

	b->batch = walk_name(v->k, "CZ");
	b->site = TEXT(there ? rec_site(v->p) : gen_site(v->p));
	b->mode = TEXT("R9");
	b->inputs = room(v->k, WALK_ITEMS * sizeof *b->inputs);
	b->outputs = room(v->k, 2 * sizeof *b->outputs);
	for (size_t i = 0; i < v->p->n_items; i++)
		if (i == 0 || walk_chance(v->k, 60))
			add_input(v, b, &v->p->item[i]);
	while (b->n_outputs < 2 && walk_chance(v->k, 40))
		add_output(v, b);
	EVENT(v, WASTE_TREATED, b, there ? BY_R0 + v->p->rec : BY_G0 + v->p->gen);
}

static void lose(struct move *v)
{
	Liandan__LossRecorded *b = NEW(v->k, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	const struct walk_item *it = &v->p->item[walk_pick(v->k, (unsigned)v->p->n_items)];
	const bool there = v->m != NULL && v->m->leg != 0;
	unsigned by = there ? BY_R0 + v->p->rec : BY_G0 + v->p->gen;

	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	b->mass_g = some_mass(v->k, 1 + walk_pick(v->k, 20000));
	switch (walk_pick(v->k, 3)) {
	case 0:
		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
		b->subject = it->container[0] != '\0' ? TEXT(it->container) : TEXT("drum-0");
		break;
	case 1:
		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE;
		b->subject = TEXT(there ? rec_site(v->p) : gen_site(v->p));
		b->code = TEXT(walk_chance(v->k, 90) ? codes[v->p->code[0]] : "");
		break;
	default:
		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
		b->subject = room(v->k, 2 * LD_UUID_BYTES + 1);
		for (size_t i = 0; i < LD_UUID_BYTES; i++)
			snprintf(b->subject + 2 * i, 3, "%02x", v->p->id[i]);
		if (v->m != NULL && v->m->leg != 0)
			by = holder_driver(v);
		break;
	}
	EVENT(v, LOSS_RECORDED, b, walk_chance(v->k, 10) ? (unsigned)BY_INSPECTOR : by);
}

static void weigh(struct move *v)
{
	Liandan__Weighed *b = NEW(v->k, Liandan__Weighed, LIANDAN__WEIGHED__INIT);

	memcpy(v->p->ticket, v->p->id, sizeof v->p->ticket);
	if (walk_chance(v->k, 95)) {
		v->p->ticket[0] = 2;
		v->p->ticket[1] = (uint8_t)++v->k->names;
		v->p->ticket[2] = (uint8_t)(v->k->names >> 8);
	}
	b->ticket = bytes_of(v->p->ticket, sizeof v->p->ticket);
	b->instrument = TEXT("S0");
	b->purpose = LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE;
	b->kind = LIANDAN__WEIGH_KIND__WEIGH_KIND_NET;
	b->manifests = room(v->k, sizeof *b->manifests);
	b->manifests[b->n_manifests++] = ID(v->p);
	for (size_t i = 0; i < v->p->n_items; i++)
		b->mass_g += v->p->item[i].mass_g;
	b->stable = true;
	EVENT(v, WEIGHED, b, BY_SCALE);
}

/* ---- the manifest ---- */

static Liandan__ManifestCreated *draft(struct walk *k, const struct walk_plan *p)
{
	Liandan__ManifestCreated *b =
	    NEW(k, Liandan__ManifestCreated, LIANDAN__MANIFEST_CREATED__INIT);

	b->manifest = ID(p);
	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	b->generator = TEXT(walk_gens[p->gen]);
	b->site = TEXT(gen_site(p));
	b->receiver = NEW(k, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	b->receiver->party = TEXT(walk_recs[p->rec]);
	b->receiver->site = TEXT(rec_site(p));
	b->carriers = room(k, 2 * sizeof *b->carriers);
	for (unsigned i = 0; i < p->n_carriers; i++) {
		Liandan__Carrier *c = NEW(k, Liandan__Carrier, LIANDAN__CARRIER__INIT);

		c->order = i + 1;
		c->party = TEXT(walk_carriers[p->carrier[i]]);
		b->carriers[b->n_carriers++] = c;
	}
	b->lines = room(k, (WALK_LINES + 1) * sizeof *b->lines);
	for (size_t i = 0; i < p->n_lines; i++) {
		int64_t mass = 0;

		for (size_t n = 0; n < p->n_items; n++)
			mass += p->item[n].line == i + 1 ? p->item[n].mass_g : 0;
		b->lines[b->n_lines++] =
		    line_of(k, (uint32_t)i + 1, p->code[i], mass, p->estimated);
	}
	return b;
}

static void create(struct move *v)
{
	Liandan__ManifestCreated *b = draft(v->k, v->p);

	if (walk_chance(v->k, 8)) {
		switch (walk_pick(v->k, 7)) {
		case 0:
			b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT;
			break;
		case 1:
			b->carriers[0]->order = 2;
			break;
		case 2:
			b->site = TEXT("nowhere");
			break;
		case 3:
			b->lines[b->n_lines++] = b->lines[0];
			break;
		case 4:
			b->lines[0]->code = TEXT("123-456-78");
			break;
		case 5:
			b->lines[0]->quantity->mass_g = 0;
			break;
		default:
			b->receiver->party = TEXT(walk_parties[walk_pick(v->k, 10)]);
			break;
		}
	}
	EVENT(v, MANIFEST_CREATED, b, BY_G0 + v->p->gen);
}

static void seal(struct move *v)
{
	Liandan__ManifestSealed *b =
	    NEW(v->k, Liandan__ManifestSealed, LIANDAN__MANIFEST_SEALED__INIT);

	b->manifest = ID(v->p);
	b->version = 1;
	b->items = room(v->k, (WALK_ITEMS + 1) * sizeof *b->items);
	for (size_t i = 0; i < v->p->n_items; i++)
		b->items[b->n_items++] =
		    item(v->k, v->p->item[i].container, v->p->item[i].line, v->p->item[i].mass_g);
	if (walk_chance(v->k, 8)) {
		switch (walk_pick(v->k, 4)) {
		case 0:
			b->items[0]->mass_g++;
			break;
		case 1:
			b->items[b->n_items++] = b->items[0];
			break;
		case 2:
			b->items[0]->line = 7;
			break;
		default:
			b->items[0]->container = v->k->container[walk_pick(v->k, WALK_HASHES)];
			break;
		}
	}
	if (ld_manifest_content(&v->k->arena, draft(v->k, v->p), b->items, b->n_items,
				v->p->content) != LD_OK)
		abort();
	b->content = HASH(v->p->content);
	EVENT(v, MANIFEST_SEALED, b, BY_G0 + v->p->gen);
}

static void cancel(struct move *v)
{
	Liandan__ManifestCancelled *b =
	    NEW(v->k, Liandan__ManifestCancelled, LIANDAN__MANIFEST_CANCELLED__INIT);

	b->manifest = ID(v->p);
	EVENT(v, MANIFEST_CANCELLED, b, BY_G0 + v->p->gen);
}

static void offer(struct move *v)
{
	Liandan__HandoverOffered *b =
	    NEW(v->k, Liandan__HandoverOffered, LIANDAN__HANDOVER_OFFERED__INIT);

	b->manifest = ID(v->p);
	b->content = HASH(v->p->content);
	b->leg = leg_now(v) + 1;
	b->to_party = TEXT(walk_carriers[walk_chance(v->k, 90) ? next_carrier(v)
							       : walk_pick(v->k, WALK_CARRIERS)]);
	EVENT(v, HANDOVER_OFFERED, b, giver(v));
}

static void withdraw(struct move *v)
{
	Liandan__OfferWithdrawn *b =
	    NEW(v->k, Liandan__OfferWithdrawn, LIANDAN__OFFER_WITHDRAWN__INIT);

	b->manifest = ID(v->p);
	b->offer = HASH(v->p->offer);
	EVENT(v, OFFER_WITHDRAWN, b, giver(v));
}

static const char *offered_to(const struct move *v)
{
	return v->m != NULL && v->m->offer.there ? v->m->offer.to : walk_carriers[next_carrier(v)];
}

static void decline(struct move *v)
{
	Liandan__HandoverDeclined *b =
	    NEW(v->k, Liandan__HandoverDeclined, LIANDAN__HANDOVER_DECLINED__INIT);

	b->manifest = ID(v->p);
	b->offer = HASH(v->p->offer);
	b->reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_PACKAGING;
	EVENT(v, HANDOVER_DECLINED, b, driver_of(v->k, offered_to(v)));
}

static void take(struct move *v)
{
	Liandan__HandoverTaken *b =
	    NEW(v->k, Liandan__HandoverTaken, LIANDAN__HANDOVER_TAKEN__INIT);

	b->manifest = ID(v->p);
	b->content = HASH(v->p->content);
	b->leg = leg_now(v) + 1;
	b->plate = TEXT(plate_of(next_carrier(v)));
	b->driver = TEXT("p-C0");
	if (walk_chance(v->k, 85) && (v->m == NULL || v->m->offer.there || walk_chance(v->k, 10)))
		b->offer = HASH(v->p->offer);
	EVENT(v, HANDOVER_TAKEN, b, driver_of(v->k, offered_to(v)));
	if (b->offer.len == 0 || walk_chance(v->k, 5))
		v->co[v->n_co++] = giver(v);
}

/* ---- on the way ---- */

/* This one and, in a milk run, others. */
static size_t run(struct move *v, ProtobufCBinaryData **ids)
{
	struct walk *k = v->k;
	size_t n = 0;

	*ids = room(k, 3 * sizeof **ids);
	(*ids)[n++] = ID(v->p);
	while (n < 3 && walk_chance(k, 15)) {
		const struct walk_plan *other = &k->plan[walk_pick(k, WALK_PLANS)];

		snprintf(v->also + 5 * (n - 1), 6, "+%02x%02x", other->id[14], other->id[15]);
		(*ids)[n++] = ID(other);
	}
	return n;
}

static const char *their_plate(const struct move *v)
{
	return v->m != NULL && v->m->plate[0] != '\0' ? v->m->plate : "V0";
}

static void stop(struct move *v)
{
	Liandan__StopBegun *b = NEW(v->k, Liandan__StopBegun, LIANDAN__STOP_BEGUN__INIT);

	b->n_manifests = run(v, &b->manifests);
	b->plate = TEXT(their_plate(v));
	b->reason = LIANDAN__STOP_REASON__STOP_REASON_REST;
	EVENT(v, STOP_BEGUN, b, holder_driver(v));
}

static void go_on(struct move *v)
{
	Liandan__StopEnded *b = NEW(v->k, Liandan__StopEnded, LIANDAN__STOP_ENDED__INIT);

	b->n_manifests = run(v, &b->manifests);
	b->stop = HASH(v->p->stop);
	EVENT(v, STOP_ENDED, b, holder_driver(v));
}

static void enter(struct move *v)
{
	Liandan__TemporaryStorageEntered *b =
	    NEW(v->k, Liandan__TemporaryStorageEntered, LIANDAN__TEMPORARY_STORAGE_ENTERED__INIT);

	b->manifest = ID(v->p);
	b->site = TEXT("T0-a");
	EVENT(v, TEMPORARY_STORAGE_ENTERED, b, BY_STORE);
	if (walk_chance(v->k, 90))
		v->co[v->n_co++] = holder_driver(v);
}

static void leave(struct move *v)
{
	Liandan__TemporaryStorageLeft *b =
	    NEW(v->k, Liandan__TemporaryStorageLeft, LIANDAN__TEMPORARY_STORAGE_LEFT__INIT);
	const bool other = walk_chance(v->k, 30);

	b->manifest = ID(v->p);
	b->plate = TEXT(other ? plate_of(next_carrier(v)) : their_plate(v));
	b->driver = TEXT("p-C0");
	EVENT(v, TEMPORARY_STORAGE_LEFT, b,
	      other ? driver_of(v->k, walk_carriers[next_carrier(v)]) : holder_driver(v));
}

static void arrive(struct move *v)
{
	Liandan__Arrived *b = NEW(v->k, Liandan__Arrived, LIANDAN__ARRIVED__INIT);

	b->n_manifests = run(v, &b->manifests);
	b->plate = TEXT(their_plate(v));
	b->site = TEXT(walk_chance(v->k, 90) ? rec_site(v->p) : "T0-a");
	EVENT(v, ARRIVED, b, holder_driver(v));
}

static void accident(struct move *v)
{
	Liandan__AccidentReported *b =
	    NEW(v->k, Liandan__AccidentReported, LIANDAN__ACCIDENT_REPORTED__INIT);

	b->n_manifests = run(v, &b->manifests);
	b->plate = TEXT(their_plate(v));
	b->kind = LIANDAN__ACCIDENT_KIND__ACCIDENT_KIND_LEAK;
	b->code = TEXT("900-041-49");
	EVENT(v, ACCIDENT_REPORTED, b,
	      walk_chance(v->k, 20) ? (unsigned)BY_INSPECTOR : holder_driver(v));
}

/* ---- the receiver ---- */

static void receive(struct move *v)
{
	Liandan__Received *b = NEW(v->k, Liandan__Received, LIANDAN__RECEIVED__INIT);

	b->manifest = ID(v->p);
	b->content = HASH(v->p->content);
	b->site = TEXT(rec_site(v->p));
	EVENT(v, RECEIVED, b, BY_R0 + v->p->rec);
}

static void analyse(struct move *v)
{
	Liandan__SampleAnalysed *b =
	    NEW(v->k, Liandan__SampleAnalysed, LIANDAN__SAMPLE_ANALYSED__INIT);
	const bool other = walk_chance(v->k, 20);

	b->manifest = ID(v->p);
	b->sample = walk_name(v->k, "sample");
	b->laboratory = TEXT(walk_chance(v->k, 95) ? "LAB" : "R0");
	b->verdict = other ? LIANDAN__SAMPLE_VERDICT__SAMPLE_VERDICT_OTHER_CODE
			   : LIANDAN__SAMPLE_VERDICT__SAMPLE_VERDICT_AS_DECLARED;
	b->found_code = TEXT(other ? "900-249-08" : "");
	b->line = walk_pick(v->k, 3);
	EVENT(v, SAMPLE_ANALYSED, b, walk_chance(v->k, 70) ? (unsigned)BY_LAB : BY_R0 + v->p->rec);
}

static void accept(struct move *v)
{
	const Liandan__ManifestCreated *d = draft(v->k, v->p);
	Liandan__Accepted *b = NEW(v->k, Liandan__Accepted, LIANDAN__ACCEPTED__INIT);

	b->manifest = ID(v->p);
	b->content = HASH(v->p->content);
	b->lines = room(v->k, (WALK_LINES + 1) * sizeof *b->lines);
	for (size_t i = 0; i < d->n_lines; i++) {
		Liandan__AcceptedLine *l =
		    NEW(v->k, Liandan__AcceptedLine, LIANDAN__ACCEPTED_LINE__INIT);

		l->line = walk_chance(v->k, 97) ? d->lines[i]->line : 9;
		l->mass_g = some_mass(v->k, d->lines[i]->quantity->mass_g);
		l->mode = TEXT("R9");
		b->lines[b->n_lines++] = l;
	}
	b->tickets = room(v->k, sizeof *b->tickets);
	b->tickets[b->n_tickets++] = bytes_of(v->p->ticket, sizeof v->p->ticket);
	EVENT(v, ACCEPTED, b, BY_R0 + v->p->rec);
}

static void reject(struct move *v)
{
	Liandan__Rejected *b = NEW(v->k, Liandan__Rejected, LIANDAN__REJECTED__INIT);

	b->manifest = ID(v->p);
	b->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	b->waste_is_on = walk_chance(v->k, 60) ? LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK
					       : LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
	EVENT(v, REJECTED, b, BY_R0 + v->p->rec);
	if (walk_chance(v->k, 40))
		v->co[v->n_co++] = holder_driver(v);
}

/* ---- what comes next ---- */

typedef void (*move_fn)(struct move *v);
static const move_fn any[] = {generate, create, seal,	cancel, offer,	withdraw, decline, take,
			      stop,	go_on,	enter,	leave,	arrive, accident, weigh,   receive,
			      analyse,	accept, reject, store,	treat,	lose};

static move_fn stocked_next(const struct walk_plan *p)
{
	for (size_t i = 0; i < p->n_items; i++)
		if (!p->item[i].made)
			return generate;
	return create;
}

static move_fn road_next(struct walk *k, const struct nv_manifest *m)
{
	if (m->stored)
		return leave;
	if (m->stopped)
		return go_on;
	if (m->offer.open)
		return take;
	switch (walk_pick(k, 10)) {
	case 0:
		return stop;
	case 1:
		return enter;
	case 2:
		return m->leg < m->created->n_carriers ? offer : arrive;
	default:
		return arrive;
	}
}

static move_fn next_of(struct walk *k, struct walk_plan *p, const struct nv_manifest *m)
{
	switch (m != NULL ? (int)m->state : 0) {
	case 0:
		return stocked_next(p);
	case CUSTODY__MANIFEST_STATE__DRAFT:
		return seal;
	case CUSTODY__MANIFEST_STATE__SEALED:
		return m->offer.open ? take : offer;
	case CUSTODY__MANIFEST_STATE__IN_TRANSIT:
		return road_next(k, m);
	case CUSTODY__MANIFEST_STATE__ARRIVED:
		return walk_chance(k, 30) ? weigh : walk_chance(k, 90) ? receive : reject;
	case CUSTODY__MANIFEST_STATE__VERIFYING:
		return walk_chance(k, 15) ? analyse : walk_chance(k, 85) ? accept : reject;
	default:
		p->after_end++;
		return walk_chance(k, 40) ? store : treat;
	}
}

/* ---- twists ---- */

static const uint8_t *some_hash(struct walk *k)
{
	static uint8_t nobody[LD_HASH_BYTES];
	size_t n = k->n_hash < WALK_HASHES ? k->n_hash : WALK_HASHES;

	if (n == 0 || walk_chance(k, 3)) {
		for (size_t i = 0; i < sizeof nobody; i++)
			nobody[i] = (uint8_t)walk_random(k);
		return dup(k, nobody, sizeof nobody);
	}
	return k->hash[walk_pick(k, (unsigned)n)];
}

static void twist_text(struct walk *k, const char *field, char **text)
{
	if (strcmp(field, "site") == 0)
		*text = TEXT(walk_sites[walk_pick(k, (unsigned)walk_n_sites)]);
	else if (strcmp(field, "plate") == 0)
		*text = TEXT(walk_plates[walk_pick(k, (unsigned)walk_n_plates)]);
	else if (strcmp(field, "to_party") == 0 || strcmp(field, "generator") == 0)
		*text = TEXT(walk_parties[walk_pick(k, (unsigned)walk_n_parties)]);
	else if (strcmp(field, "batch") == 0 && k->n_batch >= WALK_HASHES)
		*text = k->batch[walk_pick(k, WALK_HASHES)];
	else if (strcmp(field, "container") == 0)
		*text = k->container[walk_pick(k, WALK_HASHES)];
}

/* One field of the body is another's. */
static void twist_field(struct move *v)
{
	const ProtobufCFieldDescriptor *body = protobuf_c_message_descriptor_get_field(
	    &liandan__event__descriptor, (unsigned)v->e->body_case);
	const ProtobufCMessageDescriptor *type = body->descriptor;
	const ProtobufCFieldDescriptor *f = &type->fields[walk_pick(v->k, type->n_fields)];
	const char *name = f->name;
	uint32_t *number;
	char *at;

	memcpy(&at, (char *)v->e + body->offset, sizeof at);
	at += f->offset;
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return;
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		twist_text(v->k, name, (char **)(void *)at);
	} else if (strcmp(name, "manifest") == 0) {
		*(ProtobufCBinaryData *)(void *)at = ID(&v->k->plan[walk_pick(v->k, WALK_PLANS)]);
	} else if (strcmp(name, "content") == 0 || strcmp(name, "offer") == 0 ||
		   strcmp(name, "stop") == 0) {
		*(ProtobufCBinaryData *)(void *)at = HASH(some_hash(v->k));
	} else if (strcmp(name, "leg") == 0) {
		number = (uint32_t *)(void *)at;
		*number = *number > 1 && walk_chance(v->k, 50) ? *number - 1
							       : *number + 1 + walk_pick(v->k, 2);
	}
}

static void twist(struct move *v)
{
	struct walk *k = v->k;

	switch (walk_pick(k, 8)) {
	case 0:
	case 1:
		v->by = walk_pick(k, BY_PEOPLE - 1); /* the terminal says nothing of custody */
		break;
	case 2:
		v->e->after = room(k, 2 * sizeof *v->e->after);
		v->e->after[v->e->n_after++] = HASH(some_hash(k));
		if (walk_chance(k, 30))
			v->e->after[v->e->n_after++] = HASH(some_hash(k));
		break;
	case 3:
		v->n_co = 0;
		if (walk_chance(k, 50))
			v->co[v->n_co++] = walk_pick(k, BY_PEOPLE);
		break;
	case 4:
		v->e->occurred_at_ms = ld_region_now(k->world.region) + 23 * LD_HOUR_MS +
				       walk_pick(k, 2) * 2 * LD_HOUR_MS;
		break;
	default:
		twist_field(v);
		break;
	}
}

/* ---- signed, and into the outbox ---- */

static void remember(struct walk *k, struct walk_plan *p, const Liandan__Event *e)
{
	memcpy(k->hash[k->n_hash++ % WALK_HASHES], k->world.last_hash, LD_HASH_BYTES);
	if (e->body_case == LIANDAN__EVENT__BODY_HANDOVER_OFFERED)
		memcpy(p->offer, k->world.last_hash, LD_HASH_BYTES);
	if (e->body_case == LIANDAN__EVENT__BODY_STOP_BEGUN)
		memcpy(p->stop, k->world.last_hash, LD_HASH_BYTES);
}

/* For people. */
static void name_it(char what[64], const struct move *v, const char *party, const char *device,
		    bool twisted)
{
	char text[256];

	snprintf(text, sizeof text, "%s of %02x%02x%s by %s/%s%s",
		 protobuf_c_message_descriptor_get_field(&liandan__event__descriptor,
							 (unsigned)v->e->body_case)
		     ->name,
		 v->p->id[14], v->p->id[15], v->also, party, device, twisted ? " twisted" : "");
	memcpy(what, text, 63);
	what[63] = '\0';
}

static void sign(struct move *v, bool twisted)
{
	struct walk *k = v->k;
	struct walk_who *by = &k->who[v->by];
	struct signer *co[2];
	struct walk_sealed *s;
	size_t n = 0;

	for (size_t i = 0; i < v->n_co; i++)
		if (v->co[i] != v->by)
			co[n++] = &k->who[v->co[i]].s;
	if (by->n_out == WALK_OUTBOX)
		return;
	s = &by->out[by->n_out++];
	s->bytes = world_seal_cosigned(&k->world, &by->s, co, n, v->e, &s->len);
	memcpy(s->hash, k->world.last_hash, sizeof s->hash);
	name_it(s->what, v, by->s.party, by->s.device, twisted);
	remember(k, v->p, v->e);
}

/* It has ended, or does not go on any more: somebody took its containers, or cancelled it. */
static bool given_up(struct walk_plan *p, const struct nv_manifest *m)
{
	uint64_t stands = 1;

	for (size_t i = 0; i < p->n_items; i++)
		stands = 2 * stands + p->item[i].made;
	if (m != NULL)
		stands = 4096 * (uint64_t)m->state + 16 * m->leg + 2 * m->stored + m->offer.open;
	p->tried = stands == p->stands ? p->tried + 1 : 0;
	p->stands = stands;
	return p->after_end > 4 || p->tried > 25;
}

void walk_move(struct walk *k, struct walk_plan *p)
{
	struct move v = {.k = k, .p = p, .m = nv_manifest_of(k->nv, p->id)};
	const unsigned how = walk_pick(k, 100);
	const bool twisted = how < 15;

	if (given_up(p, v.m)) {
		walk_plan_new(k, p);
		v.m = NULL;
	}
	if (how >= 15 && how < 32)
		any[walk_pick(k, sizeof any / sizeof any[0])](&v);
	else
		next_of(k, p, v.m)(&v);
	if (twisted)
		twist(&v);
	sign(&v, twisted);
}
