/* The bodies of manifest_fixture.h's world: the usual draft, seal, offer and so on, for a test to
 * break in one place; and the honest way up to each step. */
#ifndef LD_TESTS_MANIFEST_BUILDERS_H
#define LD_TESTS_MANIFEST_BUILDERS_H

#include "manifest_fixture.h"

static inline Liandan__Line *mx_line(struct mx *x, uint32_t line, const char *code, int64_t mass_g)
{
	Liandan__Line *l = MX_NEW(x, Liandan__Line, LIANDAN__LINE__INIT);

	l->line = line;
	l->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	l->code = MX_S(code);
	l->hazards = strcmp(code, MX_CODE) == 0
			 ? LIANDAN__HAZARD__HAZARD_T
			 : LIANDAN__HAZARD__HAZARD_T | LIANDAN__HAZARD__HAZARD_I;
	l->mode = MX_S(MX_MODE);
	l->quantity = MX_NEW(x, Liandan__Quantity, LIANDAN__QUANTITY__INIT);
	l->quantity->unit = LIANDAN__UNIT__UNIT_TONNE;
	l->quantity->basis = LIANDAN__BASIS__BASIS_WEIGHED;
	l->quantity->mass_g = mass_g;
	return l;
}

static inline Liandan__WasteGenerated *mx_generated(struct mx *x, const char *batch,
						    const char *container, const char *code,
						    int64_t mass_g)
{
	Liandan__WasteGenerated *w =
	    MX_NEW(x, Liandan__WasteGenerated, LIANDAN__WASTE_GENERATED__INIT);

	w->batch = MX_S(batch);
	w->container = MX_S(container);
	w->site = MX_S("S-GEN");
	w->line = mx_line(x, 1, code, mass_g);
	return w;
}

static inline void mx_generate(struct mx *x, const char *batch, const char *container,
			       const char *code, int64_t mass_g)
{
	MX_EVENT(e, WASTE_GENERATED, mx_generated(x, batch, container, code, mass_g));
	mx_clean(x, mx_put(x, GEN, &e));
}

/* Two drums and a heap. */
#define MX_C1_G 100000
#define MX_C2_G 150001
#define MX_BULK_G 500003
static inline void mx_fill(struct mx *x)
{
	mx_generate(x, "B1", "C1", MX_CODE, MX_C1_G);
	mx_generate(x, "B2", "C2", MX_CODE, MX_C2_G);
	mx_generate(x, "B3", "", MX_BULK, MX_BULK_G);
}

static inline void mx_add_carrier(struct mx *x, Liandan__ManifestCreated *b, uint32_t order,
				  const char *party)
{
	Liandan__Carrier *carrier = MX_NEW(x, Liandan__Carrier, LIANDAN__CARRIER__INIT);

	carrier->order = order;
	carrier->party = MX_S(party);
	b->carriers[b->n_carriers++] = carrier;
}

/* The usual draft; tests change what they want to break. Room for 40 lines and 4 carriers. */
static inline Liandan__ManifestCreated *mx_created(struct mx *x)
{
	Liandan__ManifestCreated *b =
	    MX_NEW(x, Liandan__ManifestCreated, LIANDAN__MANIFEST_CREATED__INIT);

	b->manifest = mx_id(x);
	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	b->generator = MX_S("GEN");
	b->site = MX_S("S-GEN");
	b->receiver = MX_NEW(x, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	b->receiver->party = MX_S("REC");
	b->receiver->site = MX_S("S-REC");
	b->carriers = ld_arena_alloc(&x->build, 4 * sizeof *b->carriers);
	mx_add_carrier(x, b, 1, "CAR1");
	mx_add_carrier(x, b, 2, "CAR2");
	b->lines = ld_arena_alloc(&x->build, 40 * sizeof *b->lines);
	b->lines[0] = mx_line(x, 1, MX_CODE, MX_C1_G + MX_C2_G);
	b->lines[1] = mx_line(x, 2, MX_BULK, MX_BULK_G);
	b->n_lines = 2;
	return b;
}

static inline Liandan__Item *mx_item(struct mx *x, const char *container, uint32_t line,
				     int64_t mass_g)
{
	Liandan__Item *item = MX_NEW(x, Liandan__Item, LIANDAN__ITEM__INIT);

	item->container = MX_S(container);
	item->line = line;
	item->mass_g = mass_g;
	return item;
}

/* Room for 8 items more. */
static inline Liandan__ManifestSealed *mx_sealed(struct mx *x)
{
	Liandan__ManifestSealed *b =
	    MX_NEW(x, Liandan__ManifestSealed, LIANDAN__MANIFEST_SEALED__INIT);

	b->manifest = mx_id(x);
	b->version = 1;
	b->items = ld_arena_alloc(&x->build, 16 * sizeof *b->items);
	b->items[0] = mx_item(x, "C1", 1, MX_C1_G);
	b->items[1] = mx_item(x, "C2", 1, MX_C2_G);
	b->items[2] = mx_item(x, "", 2, MX_BULK_G);
	b->n_items = 3;
	return b;
}

static inline void mx_hash_content(struct mx *x, const Liandan__ManifestCreated *draft,
				   Liandan__ManifestSealed *b)
{
	assert_int_equal(ld_manifest_content(&x->build, draft, b->items, b->n_items, x->content),
			 LD_OK);
	b->content = mx_bytes(x->content, sizeof x->content);
}

static inline Liandan__Reason mx_create_as(struct mx *x, enum mx_who who,
					   Liandan__ManifestCreated *b)
{
	MX_EVENT(e, MANIFEST_CREATED, b);
	return mx_put(x, who, &e);
}

static inline Liandan__Reason mx_create(struct mx *x, Liandan__ManifestCreated *b)
{
	return mx_create_as(x, GEN, b);
}

static inline Liandan__Reason mx_seal_as(struct mx *x, enum mx_who who, Liandan__ManifestSealed *b)
{
	MX_EVENT(e, MANIFEST_SEALED, b);
	return mx_put(x, who, &e);
}

/* With the right hash for this draft. */
static inline Liandan__Reason mx_seal(struct mx *x, const Liandan__ManifestCreated *draft,
				      Liandan__ManifestSealed *b)
{
	mx_hash_content(x, draft, b);
	return mx_seal_as(x, GEN, b);
}

static inline Liandan__HandoverOffered *mx_offered(struct mx *x, uint32_t leg, const char *to)
{
	Liandan__HandoverOffered *b =
	    MX_NEW(x, Liandan__HandoverOffered, LIANDAN__HANDOVER_OFFERED__INIT);

	b->manifest = mx_id(x);
	b->content = mx_bytes(x->content, sizeof x->content);
	b->leg = leg;
	b->to_party = MX_S(to);
	return b;
}

static inline Liandan__Reason mx_offer(struct mx *x, enum mx_who who, Liandan__HandoverOffered *b)
{
	Liandan__Reason r;
	MX_EVENT(e, HANDOVER_OFFERED, b);

	r = mx_put(x, who, &e);
	memcpy(x->offer, x->hash, sizeof x->offer);
	return r;
}

static inline Liandan__HandoverTaken *mx_taken(struct mx *x, uint32_t leg, const char *plate)
{
	Liandan__HandoverTaken *b =
	    MX_NEW(x, Liandan__HandoverTaken, LIANDAN__HANDOVER_TAKEN__INIT);

	b->manifest = mx_id(x);
	b->offer = mx_bytes(x->offer, sizeof x->offer);
	b->content = mx_bytes(x->content, sizeof x->content);
	b->leg = leg;
	b->plate = MX_S(plate);
	return b;
}

static inline Liandan__Reason mx_take(struct mx *x, enum mx_who who, Liandan__HandoverTaken *b)
{
	MX_EVENT(e, HANDOVER_TAKEN, b);
	return mx_put(x, who, &e);
}

static inline Liandan__Arrived *mx_arrived(struct mx *x, const char *plate)
{
	Liandan__Arrived *b = MX_NEW(x, Liandan__Arrived, LIANDAN__ARRIVED__INIT);

	b->manifests = ld_arena_alloc(&x->build, 4 * sizeof *b->manifests);
	b->manifests[0] = mx_id(x);
	b->n_manifests = 1;
	b->plate = MX_S(plate);
	b->site = MX_S("S-REC");
	return b;
}

static inline Liandan__Reason mx_arrive(struct mx *x, enum mx_who who, Liandan__Arrived *b)
{
	MX_EVENT(e, ARRIVED, b);
	return mx_put(x, who, &e);
}

static inline Liandan__Received *mx_received(struct mx *x)
{
	Liandan__Received *b = MX_NEW(x, Liandan__Received, LIANDAN__RECEIVED__INIT);

	b->manifest = mx_id(x);
	b->content = mx_bytes(x->content, sizeof x->content);
	b->site = MX_S("S-REC");
	return b;
}

static inline Liandan__Reason mx_receive(struct mx *x, enum mx_who who, Liandan__Received *b)
{
	MX_EVENT(e, RECEIVED, b);
	return mx_put(x, who, &e);
}

static inline Liandan__AcceptedLine *mx_accepted_line(struct mx *x, uint32_t line, int64_t mass_g)
{
	Liandan__AcceptedLine *l = MX_NEW(x, Liandan__AcceptedLine, LIANDAN__ACCEPTED_LINE__INIT);

	l->line = line;
	l->mass_g = mass_g;
	l->mode = MX_S(MX_MODE);
	return l;
}

/* A net ticket of this manifest, straight into the table. */
static inline void mx_ticket(struct mx *x, uint8_t tag, Liandan__WeighPurpose purpose,
			     int64_t mass_g, ProtobufCBinaryData *out)
{
	Liandan__Weighed w = LIANDAN__WEIGHED__INIT;
	Custody__Ticket t = CUSTODY__TICKET__INIT;
	ProtobufCBinaryData manifest = mx_id(x);
	uint8_t *id = ld_arena_alloc(&x->build, LD_UUID_BYTES);

	memset(id, tag, LD_UUID_BYTES);
	*out = mx_bytes(id, LD_UUID_BYTES);
	w.ticket = *out;
	w.instrument = MX_S("scale");
	w.purpose = purpose;
	w.kind = LIANDAN__WEIGH_KIND__WEIGH_KIND_NET;
	w.plate = MX_S("V1");
	w.n_manifests = 1;
	w.manifests = &manifest;
	w.mass_g = mass_g;
	t.weighed = &w;
	t.occurred_at_ms = x->now;
	t.certified = true;
	t.mpe_g = 20000;
	assert_int_equal(ld_ticket_put(&x->c, &t), LD_OK);
}

static inline Liandan__Accepted *mx_accepted_body(struct mx *x)
{
	Liandan__Accepted *b = MX_NEW(x, Liandan__Accepted, LIANDAN__ACCEPTED__INIT);

	b->manifest = mx_id(x);
	b->content = mx_bytes(x->content, sizeof x->content);
	b->lines = ld_arena_alloc(&x->build, 4 * sizeof *b->lines);
	b->lines[0] = mx_accepted_line(x, 1, MX_C1_G + MX_C2_G);
	b->lines[1] = mx_accepted_line(x, 2, MX_BULK_G);
	b->n_lines = 2;
	b->tickets = ld_arena_alloc(&x->build, 2 * sizeof *b->tickets);
	mx_ticket(x, 0x71, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE,
		  MX_C1_G + MX_C2_G + MX_BULK_G, &b->tickets[0]);
	b->n_tickets = 1;
	return b;
}

static inline Liandan__Reason mx_accept(struct mx *x, enum mx_who who, Liandan__Accepted *b)
{
	MX_EVENT(e, ACCEPTED, b);
	return mx_put(x, who, &e);
}

static inline Liandan__Reason mx_reject(struct mx *x, enum mx_who who, Liandan__WasteIsOn where)
{
	Liandan__Rejected *b = MX_NEW(x, Liandan__Rejected, LIANDAN__REJECTED__INIT);
	MX_EVENT(e, REJECTED, b);

	b->manifest = mx_id(x);
	b->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	b->waste_is_on = where;
	return mx_put(x, who, &e);
}

static inline Liandan__Reason mx_cancel(struct mx *x, enum mx_who who)
{
	Liandan__ManifestCancelled *b =
	    MX_NEW(x, Liandan__ManifestCancelled, LIANDAN__MANIFEST_CANCELLED__INIT);
	MX_EVENT(e, MANIFEST_CANCELLED, b);

	b->manifest = mx_id(x);
	return mx_put(x, who, &e);
}

/* The honest way, up to a step. */
static inline Liandan__ManifestCreated *mx_to_draft(struct mx *x)
{
	Liandan__ManifestCreated *draft = mx_created(x);

	mx_clean(x, mx_create(x, draft));
	return draft;
}

static inline void mx_to_sealed(struct mx *x)
{
	mx_fill(x);
	mx_clean(x, mx_seal(x, mx_to_draft(x), mx_sealed(x)));
}

static inline void mx_to_offered(struct mx *x)
{
	mx_to_sealed(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
}

static inline void mx_to_taken(struct mx *x)
{
	mx_to_offered(x);
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
}

static inline void mx_to_arrived(struct mx *x)
{
	mx_to_taken(x);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
}

static inline void mx_to_received(struct mx *x)
{
	mx_to_arrived(x);
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
}

static inline void mx_to_accepted(struct mx *x)
{
	mx_to_received(x);
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
}

/* Due time of a clock of the manifest at hand; 0: it does not run. */
static inline int64_t mx_due(struct mx *x, Liandan__DeadlineClock clock)
{
	char hex[2 * LD_UUID_BYTES + 1];

	ld_hex_encode(x->id, sizeof x->id, hex);
	return ld_deadline_due(&x->c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, hex, clock);
}
#define MX_DUE(x, CLOCK) mx_due((x), LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_##CLOCK)

#endif
