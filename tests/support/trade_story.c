#include "tests/support/trade_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/year.h"

#define TEXT(s) ((char *)(uintptr_t)(s))
#define FLOW_G 100000 /* of a day */
#define RUN 3	      /* manifests of the milk run */
#define LINE LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_MASS
#define PHONE LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_PHONE

/* ---- signing ---- */

/* As t->must, cosigned. */
static void both(struct trade *t, struct signer *by, struct signer *with, Liandan__Event *e)
{
	if (world_send_cosigned(t->world, by, &with, 1, e) != LIANDAN__VERDICT__ACCEPTED) {
		fprintf(stderr, "body %d: %s\n", (int)e->body_case, t->world->out.detail);
		abort();
	}
	memcpy(t->hash, t->world->last_hash, sizeof t->hash);
}

static ProtobufCBinaryData hash_kept(struct trade *t)
{
	return trade_bytes(trade_dup(t, t->hash, sizeof t->hash), sizeof t->hash);
}

static ProtobufCBinaryData id_kept(struct trade *t)
{
	return trade_bytes(trade_dup(t, t->id, sizeof t->id), sizeof t->id);
}

/* The child of this tag is at hand. Its id. */
static ProtobufCBinaryData child(struct trade *t, uint8_t tag)
{
	t->id[1] = tag;
	return id_kept(t);
}

/* ---- the registry ---- */

void trade_story_found(struct trade *t, struct signer *depot)
{
	struct world *w = t->world;

	world_party(w, "depot", LIANDAN__ROLE__ROLE_RECEIVER, LIANDAN__TIER__TIER_UNSPECIFIED);
	world_site(w, "depot-yard", "depot", LIANDAN__SITE_KIND__SITE_KIND_STORAGE, 31.2, 121.2,
		   200);
	world_licence(w, "L-depot", "depot", LIANDAN__LICENCE_KIND__LICENCE_KIND_STORE, "*");
	signer_new(depot, "depot", "office", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(w, depot, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-depot",
		  LIANDAN__ROLE__ROLE_RECEIVER);
	world_scale(w, "meter-out", "gen", "gen-yard");
	world_scale(w, "meter-in", "pit", "pit-gate");
}

/* ---- a storage on the way, and stops ---- */

Liandan__Event *trade_entered(struct trade *t)
{
	Liandan__TemporaryStorageEntered *b = TRADE_NEW(t, Liandan__TemporaryStorageEntered,
							LIANDAN__TEMPORARY_STORAGE_ENTERED__INIT);

	b->manifest = id_kept(t);
	b->site = TEXT("depot-yard");
	return trade_event(t, LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED, b);
}

Liandan__Event *trade_left(struct trade *t, const char *plate)
{
	Liandan__TemporaryStorageLeft *b =
	    TRADE_NEW(t, Liandan__TemporaryStorageLeft, LIANDAN__TEMPORARY_STORAGE_LEFT__INIT);

	b->manifest = id_kept(t);
	b->plate = TEXT(plate);
	return trade_event(t, LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT, b);
}

static void stop(struct trade *t, struct signer *driver, const char *plate)
{
	Liandan__StopBegun *b = TRADE_NEW(t, Liandan__StopBegun, LIANDAN__STOP_BEGUN__INIT);
	Liandan__StopEnded *e = TRADE_NEW(t, Liandan__StopEnded, LIANDAN__STOP_ENDED__INIT);
	const ProtobufCBinaryData id = id_kept(t);

	b->manifests = e->manifests = trade_dup(t, &id, sizeof id);
	b->n_manifests = e->n_manifests = 1;
	b->plate = TEXT(plate);
	b->reason = LIANDAN__STOP_REASON__STOP_REASON_REST;
	t->must(t, driver, trade_event(t, LIANDAN__EVENT__BODY_STOP_BEGUN, b));
	e->stop = hash_kept(t);
	t->must(t, driver, trade_event(t, LIANDAN__EVENT__BODY_STOP_ENDED, e));
}

/* To the pit and accepted there. */
static void deliver(struct trade *t, struct signer *driver, const char *plate)
{
	t->must(t, driver, trade_arrived(t, plate));
	t->must(t, &t->pit, trade_received(t));
	t->must(t, &t->scale, trade_weighed(t, "scale", TRADE_DRUM_G + TRADE_BULK_G));
	t->must(t, &t->pit, trade_accepted(t));
}

/* One goes on with who brought it, one with the next carrier, one stays; one stands on the road. */
void trade_tell_storage(struct trade *t, struct signer *depot)
{
	for (int i = 0; i < 3; i++) {
		trade_begin(t);
		trade_to_taken(t);
		stop(t, &t->d1, "T1");
		both(t, depot, &t->d1, trade_entered(t));
		if (i == 0) {
			t->must(t, &t->d1, trade_left(t, "T1"));
			stop(t, &t->d1, "T1");
			deliver(t, &t->d1, "T1");
		} else if (i == 1) {
			t->must(t, &t->d2, trade_left(t, "T2"));
			deliver(t, &t->d2, "T2");
		}
	}
	trade_begin(t);
	trade_to_taken(t);
	stop(t, &t->d1, "T1");
}

/* ---- a pipeline ---- */

static void flow(struct trade *t, uint32_t day, int64_t from)
{
	Liandan__PipelineDay *b = TRADE_NEW(t, Liandan__PipelineDay, LIANDAN__PIPELINE_DAY__INIT);

	b->manifest = id_kept(t);
	b->day = day;
	b->line = 1;
	b->meter_out = TEXT("meter-out");
	b->meter_in = TEXT("meter-in");
	b->unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	b->out_start = b->in_start = from;
	b->out_end = b->in_end = from + FLOW_G;
	b->mass_out_g = b->mass_in_g = FLOW_G;
	both(t, &t->office, &t->pit, trade_event(t, LIANDAN__EVENT__BODY_PIPELINE_DAY, b));
}

void trade_tell_pipeline(struct trade *t)
{
	Liandan__ManifestCreated *b;
	Liandan__Event *e;

	trade_begin(t);
	t->must(t, &t->office, trade_generated(t, NULL, TRADE_BULK_G));
	e = trade_created(t);
	b = e->manifest_created;
	b->n_carriers = 0;
	b->lines[0] = b->lines[1];
	b->lines[0]->line = 1;
	b->n_lines = 1;
	t->must(t, &t->office, e);
	e = trade_sealed(t);
	e->manifest_sealed->items[0] = e->manifest_sealed->items[1];
	e->manifest_sealed->items[0]->line = 1;
	e->manifest_sealed->items[0]->mass_g = TRADE_BULK_G;
	e->manifest_sealed->n_items = 1;
	trade_content(t, e->manifest_sealed);
	t->must(t, &t->office, e);
	flow(t, ld_china_date(ld_region_now(t->world->region) - LD_DAY_MS), 0);
	flow(t, ld_china_date(ld_region_now(t->world->region)), FLOW_G);
}

/* ---- rejected and redirected ---- */

static void redirect(struct trade *t, uint8_t tag)
{
	Liandan__Redirected *b = TRADE_NEW(t, Liandan__Redirected, LIANDAN__REDIRECTED__INIT);

	b->manifest = id_kept(t);
	b->child = child(t, tag);
	b->kind = LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;
	b->receiver = TRADE_NEW(t, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	b->receiver->party = TEXT("gen");
	b->receiver->site = TEXT("gen-yard");
	b->carrier = TEXT("haul");
	t->must(t, &t->office, trade_event(t, LIANDAN__EVENT__BODY_REDIRECTED, b));
}

/* Back at the yard, in its stock again. */
static void come_back(struct trade *t)
{
	Liandan__Event *e = trade_arrived(t, "T1");

	e->arrived->site = TEXT("gen-yard");
	t->must(t, &t->d1, e);
	e = trade_received(t);
	e->received->site = TEXT("gen-yard");
	t->must(t, &t->office, e);
	e = trade_accepted(t);
	e->accepted->n_tickets = 0;
	t->must(t, &t->office, e);
}

/* From the truck straight back; from quarantine with a leg of its own; and one that waits there. */
void trade_tell_redirections(struct trade *t)
{
	for (int i = 0; i < 3; i++) {
		Liandan__Event *e;

		trade_begin(t);
		trade_to_arrived(t);
		e = trade_rejected(t);
		if (i != 0)
			e->rejected->waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
		t->must(t, &t->pit, e);
		if (i == 2)
			continue;
		redirect(t, 1);
		if (i == 1) {
			t->must(t, &t->pit, trade_offered(t, 1, "haul"));
			memcpy(t->offer, t->hash, sizeof t->offer);
			t->must(t, &t->d1, trade_taken(t, 1, "T1", "p-d1"));
		}
		come_back(t);
	}
}

/* ---- a milk run ---- */

struct load {
	uint8_t id[LD_UUID_BYTES], content[LD_HASH_BYTES];
	const Liandan__ManifestCreated *draft;
};

static void at(struct trade *t, const struct load *l)
{
	memcpy(t->id, l->id, sizeof t->id);
	memcpy(t->content, l->content, sizeof t->content);
	t->draft = l->draft;
}

/* Of one that follows another within this story: what that one said stays. */
static void next(struct trade *t, uint8_t tag)
{
	t->id[1] = tag;
	trade_to_taken(t);
}

static void weigh_run(struct trade *t, const struct load *l, Liandan__WeighKind kind,
		      int64_t mass_g, ProtobufCBinaryData *out)
{
	Liandan__Event *e = trade_weighed(t, "scale", mass_g);

	e->weighed->kind = kind;
	e->weighed->plate = TEXT("T1");
	for (size_t i = 0; i < RUN; i++)
		e->weighed->manifests[i] = trade_bytes(l[i].id, sizeof l[i].id);
	e->weighed->n_manifests = RUN;
	*out = trade_bytes(trade_dup(t, t->ticket, sizeof t->ticket), sizeof t->ticket);
	t->must(t, &t->scale, e);
}

static void accept_run(struct trade *t, const ProtobufCBinaryData tickets[2])
{
	Liandan__Event *e = trade_accepted(t);

	memcpy(e->accepted->tickets, tickets, 2 * sizeof tickets[0]);
	e->accepted->n_tickets = 2;
	t->must(t, &t->pit, e);
}

/* Of the last one the drum is refused, and stays in quarantine. */
static void accept_part(struct trade *t, const ProtobufCBinaryData tickets[2])
{
	Liandan__PartlyAccepted *p =
	    TRADE_NEW(t, Liandan__PartlyAccepted, LIANDAN__PARTLY_ACCEPTED__INIT);
	Liandan__RefusedItem *r = TRADE_NEW(t, Liandan__RefusedItem, LIANDAN__REFUSED_ITEM__INIT);
	const Liandan__Accepted *all = trade_accepted(t)->accepted;

	p->manifest = id_kept(t);
	p->content = all->content;
	p->lines = &all->lines[1];
	p->n_lines = 1;
	p->tickets = trade_dup(t, tickets, 2 * sizeof tickets[0]);
	p->n_tickets = 2;
	r->item = TRADE_NEW(t, Liandan__Item, LIANDAN__ITEM__INIT);
	r->item->container = t->drum;
	r->item->line = 1;
	r->item->mass_g = TRADE_DRUM_G;
	r->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	p->refused = trade_dup(t, &r, sizeof(Liandan__RefusedItem *));
	p->n_refused = 1;
	p->waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
	p->child = child(t, RUN);
	t->must(t, &t->pit, trade_event(t, LIANDAN__EVENT__BODY_PARTLY_ACCEPTED, p));
}

/* Three pick-ups on one pair of tickets: accepted, rejected into quarantine, accepted in part; and
 * half a tonne is missing. */
void trade_tell_milk_run(struct trade *t)
{
	struct load l[RUN];
	ProtobufCBinaryData tickets[2];

	trade_begin(t);
	for (uint8_t i = 0; i < RUN; i++) {
		next(t, i);
		memcpy(l[i].id, t->id, sizeof t->id);
		memcpy(l[i].content, t->content, sizeof t->content);
		l[i].draft = t->draft;
	}
	for (size_t i = 0; i < RUN; i++) {
		at(t, &l[i]);
		t->must(t, &t->d1, trade_arrived(t, "T1"));
		t->must(t, &t->pit, trade_received(t));
	}
	weigh_run(t, l, LIANDAN__WEIGH_KIND__WEIGH_KIND_GROSS,
		  12000000 + RUN * (int64_t)(TRADE_DRUM_G + TRADE_BULK_G) - 500000, &tickets[0]);
	weigh_run(t, l, LIANDAN__WEIGH_KIND__WEIGH_KIND_TARE, 12000000, &tickets[1]);
	at(t, &l[0]);
	accept_run(t, tickets);
	at(t, &l[1]);
	Liandan__Event *e = trade_rejected(t);
	e->rejected->waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
	t->must(t, &t->pit, e);
	at(t, &l[2]);
	accept_part(t, tickets);
}

/* ---- amendments ---- */

static void propose(struct trade *t, struct signer *by, uint32_t version,
		    Liandan__AmendmentField field, uint32_t line, int64_t old, int64_t new)
{
	Liandan__AmendmentProposed *b =
	    TRADE_NEW(t, Liandan__AmendmentProposed, LIANDAN__AMENDMENT_PROPOSED__INIT);
	Liandan__AmendmentChange *c =
	    TRADE_NEW(t, Liandan__AmendmentChange, LIANDAN__AMENDMENT_CHANGE__INIT);

	b->manifest = id_kept(t);
	b->base_version = version;
	b->reason = LIANDAN__AMENDMENT_REASON__AMENDMENT_REASON_TYPING;
	c->field = field;
	c->line = line;
	c->old_number = old;
	c->new_number = new;
	if (field == PHONE)
		c->new_text = TEXT("110");
	b->changes = trade_dup(t, &c, sizeof c);
	b->n_changes = 1;
	t->must(t, by, trade_event(t, LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED, b));
}

static void agree(struct trade *t, struct signer *by, ProtobufCBinaryData proposal, bool agrees)
{
	Liandan__AmendmentAgreed *b =
	    TRADE_NEW(t, Liandan__AmendmentAgreed, LIANDAN__AMENDMENT_AGREED__INIT);

	b->manifest = id_kept(t);
	b->proposal = proposal;
	b->agrees = agrees;
	t->must(t, by, trade_event(t, LIANDAN__EVENT__BODY_AMENDMENT_AGREED, b));
}

/* One alone before it leaves, one by two on the way, one after the acceptance by three, one that is
 * turned down, and one that is open. */
void trade_tell_amendments(struct trade *t)
{
	ProtobufCBinaryData proposal;

	trade_begin(t);
	trade_to_sealed(t);
	propose(t, &t->office, 1, PHONE, 0, 0, 0);
	trade_begin(t);
	trade_to_taken(t);
	propose(t, &t->office, 1, LINE, 2, TRADE_BULK_G, TRADE_BULK_G - 1000);
	agree(t, &t->d1, hash_kept(t), true);
	trade_begin(t);
	trade_to_accepted(t);
	propose(t, &t->office, 1, LINE, 2, TRADE_BULK_G, TRADE_BULK_G - 2000);
	proposal = hash_kept(t);
	agree(t, &t->d1, proposal, true);
	agree(t, &t->pit, proposal, true);
	propose(t, &t->office, 2, LINE, 2, TRADE_BULK_G - 2000, TRADE_BULK_G);
	agree(t, &t->pit, hash_kept(t), false);
	propose(t, &t->pit, 2, LINE, 2, TRADE_BULK_G - 2000, TRADE_BULK_G - 1000);
}
