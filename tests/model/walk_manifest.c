/* Events of the manifest's way: rows 1 to 6 and 9 to 15. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest.h"
#include "proto/waste_code.h"
#include "tests/model/walk_move.h"

Liandan__ManifestCreated *walk_draft(struct walk *k, const struct walk_plan *p)
{
	Liandan__ManifestCreated *b =
	    NEW(k, Liandan__ManifestCreated, LIANDAN__MANIFEST_CREATED__INIT);

	b->manifest = ID(p);
	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	b->generator = TEXT(walk_gens[p->gen]);
	b->site = TEXT(walk_gen_site(p));
	b->receiver = NEW(k, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	b->receiver->party = TEXT(walk_recs[p->rec]);
	b->receiver->site = TEXT(walk_rec_site(p));
	b->carriers = walk_room(k, 2 * sizeof *b->carriers);
	for (unsigned i = 0; i < p->n_carriers; i++) {
		Liandan__Carrier *c = NEW(k, Liandan__Carrier, LIANDAN__CARRIER__INIT);

		c->order = i + 1;
		c->party = TEXT(walk_carriers[p->carrier[i]]);
		b->carriers[b->n_carriers++] = c;
	}
	b->approval = walk_dup(k, p->approval, strlen(p->approval) + 1);
	b->parents = walk_room(k, WALK_PARENTS * sizeof *b->parents);
	for (size_t i = 0; i < p->n_parents; i++) {
		Liandan__Parent *of = NEW(k, Liandan__Parent, LIANDAN__PARENT__INIT);

		of->manifest = walk_bytes_of(p->parent[i].id, LD_UUID_BYTES);
		of->line = p->parent[i].line;
		of->mass_g = p->parent[i].mass_g;
		b->parents[b->n_parents++] = of;
		b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD;
	}
	b->lines = walk_room(k, (WALK_LINES + 1) * sizeof *b->lines);
	for (size_t i = 0; i < p->n_lines; i++) {
		int64_t mass = 0;

		for (size_t n = 0; n < p->n_items; n++)
			mass += p->item[n].line == i + 1 ? p->item[n].mass_g : 0;
		b->lines[b->n_lines++] =
		    walk_line_of(k, (uint32_t)i + 1, p->code[i], mass, p->estimated);
	}
	return b;
}

void walk_create(struct move *v)
{
	Liandan__ManifestCreated *b;

	if (walk_crosses(v->p) && v->m == NULL)
		walk_name_grant(v->k, v->p);
	b = walk_draft(v->k, v->p);
	if (walk_chance(v->k, 8)) {
		switch (walk_pick(v->k, 7)) {
		case 0:
			b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT;
			break;
		case 1:
			if (b->n_carriers != 0)
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
	EVENT(v, MANIFEST_CREATED, b, walk_clerk(v->p));
	walk_by_generator(v);
}

void walk_seal(struct move *v)
{
	Liandan__ManifestSealed *b =
	    NEW(v->k, Liandan__ManifestSealed, LIANDAN__MANIFEST_SEALED__INIT);

	b->manifest = ID(v->p);
	b->version = 1;
	b->items = walk_room(v->k, (WALK_ITEMS + 1) * sizeof *b->items);
	for (size_t i = 0; i < v->p->n_items; i++)
		b->items[b->n_items++] = walk_an_item(v->k, v->p->item[i].container,
						      v->p->item[i].line, v->p->item[i].mass_g);
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
	if (ld_manifest_content(&v->k->arena, walk_draft(v->k, v->p), b->items, b->n_items,
				v->p->content) != LD_OK)
		abort();
	b->content = HASH(v->p->content);
	if (v->p->piped && walk_chance(v->k, 80))
		b->expires_ms =
		    ld_region_now(v->k->world.region) + (1 + walk_pick(v->k, 12)) * (LD_DAY_MS / 2);
	EVENT(v, MANIFEST_SEALED, b, walk_clerk(v->p));
	walk_by_generator(v);
}

void walk_cancel(struct move *v)
{
	Liandan__ManifestCancelled *b =
	    NEW(v->k, Liandan__ManifestCancelled, LIANDAN__MANIFEST_CANCELLED__INIT);

	b->manifest = ID(v->p);
	EVENT(v, MANIFEST_CANCELLED, b, walk_clerk(v->p));
	walk_by_generator(v);
}

/* Sometimes not quite what is there. */
static Liandan__Item *part_item(struct walk *k, const struct walk_item *it)
{
	const int64_t mass =
	    it->container[0] != '\0' && walk_chance(k, 30) ? 0 : walk_some_mass(k, it->mass_g);

	return walk_an_item(k, walk_chance(k, 97) ? it->container : "drum-0",
			    walk_chance(k, 97) ? it->line : 9, mass > LD_MAX_MASS_G ? 1 : mass);
}

void walk_offer(struct move *v)
{
	Liandan__HandoverOffered *b =
	    NEW(v->k, Liandan__HandoverOffered, LIANDAN__HANDOVER_OFFERED__INIT);

	b->manifest = ID(v->p);
	b->content = HASH(v->p->content);
	b->leg = walk_leg_now(v) + 1;
	b->to_party = TEXT(walk_carriers[walk_chance(v->k, 90) ? walk_next_carrier(v)
							       : walk_pick(v->k, WALK_CARRIERS)]);
	if (walk_chance(v->k, 12)) { /* a part */
		b->items = walk_room(v->k, WALK_ITEMS * sizeof(Liandan__Item *));
		for (size_t i = 0; i < v->p->n_items; i++)
			if (walk_chance(v->k, 50))
				b->items[b->n_items++] = part_item(v->k, &v->p->item[i]);
	}
	EVENT(v, HANDOVER_OFFERED, b, walk_giver(v));
	if (walk_leg_now(v) == 0)
		walk_by_generator(v);
}

void walk_withdraw(struct move *v)
{
	Liandan__OfferWithdrawn *b =
	    NEW(v->k, Liandan__OfferWithdrawn, LIANDAN__OFFER_WITHDRAWN__INIT);

	b->manifest = ID(v->p);
	b->offer = HASH(v->p->offer);
	EVENT(v, OFFER_WITHDRAWN, b, walk_giver(v));
	if (walk_leg_now(v) == 0)
		walk_by_generator(v);
}

static const char *offered_to(const struct move *v)
{
	return v->m != NULL && v->m->offer.there ? v->m->offer.to
						 : walk_carriers[walk_next_carrier(v)];
}

void walk_decline(struct move *v)
{
	Liandan__HandoverDeclined *b =
	    NEW(v->k, Liandan__HandoverDeclined, LIANDAN__HANDOVER_DECLINED__INIT);

	b->manifest = ID(v->p);
	b->offer = HASH(v->p->offer);
	b->reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_PACKAGING;
	EVENT(v, HANDOVER_DECLINED, b, walk_driver_of(v->k, offered_to(v)));
}

void walk_take(struct move *v)
{
	Liandan__HandoverTaken *b =
	    NEW(v->k, Liandan__HandoverTaken, LIANDAN__HANDOVER_TAKEN__INIT);

	b->manifest = ID(v->p);
	b->content = HASH(v->p->content);
	b->leg = walk_leg_now(v) + 1;
	b->plate = TEXT(walk_plate_of(walk_next_carrier(v)));
	b->driver = TEXT("p-C0");
	if (walk_chance(v->k, 85) && (v->m == NULL || v->m->offer.there || walk_chance(v->k, 10)))
		b->offer = HASH(v->p->offer);
	EVENT(v, HANDOVER_TAKEN, b, walk_driver_of(v->k, offered_to(v)));
	if (b->offer.len == 0 || walk_chance(v->k, 5))
		v->co[v->n_co++] = walk_giver(v);
}

/* ---- on the way ---- */

/* This one and, in a milk run, others. */
static size_t run(struct move *v, ProtobufCBinaryData **ids)
{
	struct walk *k = v->k;
	size_t n = 0;

	*ids = walk_room(k, 3 * sizeof **ids);
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

void walk_stop(struct move *v)
{
	Liandan__StopBegun *b = NEW(v->k, Liandan__StopBegun, LIANDAN__STOP_BEGUN__INIT);

	b->n_manifests = run(v, &b->manifests);
	b->plate = TEXT(their_plate(v));
	b->reason = LIANDAN__STOP_REASON__STOP_REASON_REST;
	EVENT(v, STOP_BEGUN, b, walk_holder_driver(v));
}

void walk_go_on(struct move *v)
{
	Liandan__StopEnded *b = NEW(v->k, Liandan__StopEnded, LIANDAN__STOP_ENDED__INIT);

	b->n_manifests = run(v, &b->manifests);
	b->stop = HASH(v->p->stop);
	EVENT(v, STOP_ENDED, b, walk_holder_driver(v));
}

void walk_enter(struct move *v)
{
	Liandan__TemporaryStorageEntered *b =
	    NEW(v->k, Liandan__TemporaryStorageEntered, LIANDAN__TEMPORARY_STORAGE_ENTERED__INIT);

	b->manifest = ID(v->p);
	b->site = TEXT("T0-a");
	EVENT(v, TEMPORARY_STORAGE_ENTERED, b, BY_STORE);
	if (walk_chance(v->k, 90))
		v->co[v->n_co++] = walk_holder_driver(v);
}

void walk_leave(struct move *v)
{
	Liandan__TemporaryStorageLeft *b =
	    NEW(v->k, Liandan__TemporaryStorageLeft, LIANDAN__TEMPORARY_STORAGE_LEFT__INIT);
	const bool other = walk_chance(v->k, 30);

	b->manifest = ID(v->p);
	b->plate = TEXT(other ? walk_plate_of(walk_next_carrier(v)) : their_plate(v));
	b->driver = TEXT("p-C0");
	EVENT(v, TEMPORARY_STORAGE_LEFT, b,
	      other ? walk_driver_of(v->k, walk_carriers[walk_next_carrier(v)])
		    : walk_holder_driver(v));
}

void walk_arrive(struct move *v)
{
	Liandan__Arrived *b = NEW(v->k, Liandan__Arrived, LIANDAN__ARRIVED__INIT);

	b->n_manifests = run(v, &b->manifests);
	b->plate = TEXT(their_plate(v));
	b->site = TEXT(walk_chance(v->k, 90) ? walk_rec_site(v->p) : "T0-a");
	EVENT(v, ARRIVED, b, walk_holder_driver(v));
}

void walk_accident(struct move *v)
{
	Liandan__AccidentReported *b =
	    NEW(v->k, Liandan__AccidentReported, LIANDAN__ACCIDENT_REPORTED__INIT);

	b->n_manifests = run(v, &b->manifests);
	b->plate = TEXT(their_plate(v));
	b->kind = LIANDAN__ACCIDENT_KIND__ACCIDENT_KIND_LEAK;
	b->code = TEXT("900-041-49");
	EVENT(v, ACCIDENT_REPORTED, b,
	      walk_chance(v->k, 20) ? (unsigned)BY_INSPECTOR : walk_holder_driver(v));
}

/* ---- the receiver ---- */

void walk_receive(struct move *v)
{
	Liandan__Received *b = NEW(v->k, Liandan__Received, LIANDAN__RECEIVED__INIT);

	b->manifest = ID(v->p);
	b->content = HASH(v->p->content);
	b->site = TEXT(walk_rec_site(v->p));
	EVENT(v, RECEIVED, b, walk_receiver(v->p));
}

void walk_analyse(struct move *v)
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
	EVENT(v, SAMPLE_ANALYSED, b,
	      walk_chance(v->k, 70) ? (unsigned)BY_LAB : walk_receiver(v->p));
}

void walk_accept(struct move *v)
{
	const Liandan__ManifestCreated *d = walk_draft(v->k, v->p);
	Liandan__Accepted *b = NEW(v->k, Liandan__Accepted, LIANDAN__ACCEPTED__INIT);

	b->manifest = ID(v->p);
	b->content = HASH(v->p->content);
	b->lines = walk_room(v->k, (WALK_LINES + 1) * sizeof *b->lines);
	for (size_t i = 0; i < d->n_lines; i++) {
		Liandan__AcceptedLine *l =
		    NEW(v->k, Liandan__AcceptedLine, LIANDAN__ACCEPTED_LINE__INIT);

		l->line = walk_chance(v->k, 97) ? d->lines[i]->line : 9;
		l->mass_g = walk_some_mass(v->k, d->lines[i]->quantity->mass_g);
		l->mode = TEXT("R9");
		b->lines[b->n_lines++] = l;
	}
	b->tickets = walk_room(v->k, sizeof *b->tickets);
	b->tickets[b->n_tickets++] = walk_bytes_of(v->p->ticket, sizeof v->p->ticket);
	EVENT(v, ACCEPTED, b, walk_receiver(v->p));
}

void walk_reject(struct move *v)
{
	Liandan__Rejected *b = NEW(v->k, Liandan__Rejected, LIANDAN__REJECTED__INIT);

	b->manifest = ID(v->p);
	b->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	b->waste_is_on = walk_chance(v->k, 60) ? LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK
					       : LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
	EVENT(v, REJECTED, b, walk_receiver(v->p));
	if (walk_chance(v->k, 40))
		v->co[v->n_co++] = walk_holder_driver(v);
}

/* ---- parts ---- */

static void choose(struct walk *k, const struct walk_plan *p, bool goes[WALK_ITEMS])
{
	for (size_t i = 0; i < WALK_ITEMS; i++)
		goes[i] = i < p->n_items && walk_chance(k, 50);
	goes[walk_pick(k, (unsigned)p->n_items)] = true;
}

void walk_take_part(struct move *v)
{
	const bool as_offered = v->m != NULL && v->m->offer.n_items != 0 && walk_chance(v->k, 80);
	Liandan__HandoverTaken *b;
	bool goes[WALK_ITEMS];

	walk_take(v);
	b = v->e->handover_taken;
	choose(v->k, v->p, goes);
	b->items = walk_room(v->k, WALK_ITEMS * sizeof(Liandan__Item *));
	for (size_t i = 0; i < v->p->n_items && !as_offered; i++)
		if (goes[i])
			b->items[b->n_items++] = part_item(v->k, &v->p->item[i]);
	b->child = ID(walk_child(v, goes));
	if (walk_chance(v->k, 3))
		b->child = ID(&v->k->plan[walk_pick(v->k, WALK_PLANS)]);
}

void walk_partly(struct move *v)
{
	const Liandan__ManifestCreated *d = walk_draft(v->k, v->p);
	Liandan__PartlyAccepted *b =
	    NEW(v->k, Liandan__PartlyAccepted, LIANDAN__PARTLY_ACCEPTED__INIT);
	bool goes[WALK_ITEMS];

	choose(v->k, v->p, goes);
	b->manifest = ID(v->p);
	b->content = HASH(v->p->content);
	b->refused = walk_room(v->k, WALK_ITEMS * sizeof(Liandan__RefusedItem *));
	b->lines = walk_room(v->k, (WALK_LINES + 1) * sizeof(Liandan__AcceptedLine *));
	for (size_t i = 0; i < v->p->n_items; i++) {
		Liandan__RefusedItem *r =
		    NEW(v->k, Liandan__RefusedItem, LIANDAN__REFUSED_ITEM__INIT);

		if (!goes[i])
			continue;
		r->item = part_item(v->k, &v->p->item[i]);
		r->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
		b->refused[b->n_refused++] = r;
	}
	for (size_t i = 0; i < d->n_lines; i++) {
		Liandan__AcceptedLine *l =
		    NEW(v->k, Liandan__AcceptedLine, LIANDAN__ACCEPTED_LINE__INIT);

		l->line = d->lines[i]->line;
		for (size_t n = 0; n < v->p->n_items; n++)
			if (!goes[n] && v->p->item[n].line == l->line)
				l->mass_g += v->p->item[n].mass_g;
		l->mass_g = walk_some_mass(v->k, l->mass_g);
		l->mode = TEXT("R9");
		b->lines[b->n_lines++] = l;
	}
	b->waste_is_on = walk_chance(v->k, 60) ? LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK
					       : LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
	EVENT(v, PARTLY_ACCEPTED, b, walk_receiver(v->p));
	if (walk_chance(v->k, 50))
		v->co[v->n_co++] = walk_holder_driver(v);
	b->child = ID(walk_child(v, goes));
}

void walk_redirect(struct move *v)
{
	Liandan__Redirected *b = NEW(v->k, Liandan__Redirected, LIANDAN__REDIRECTED__INIT);
	struct walk_plan *q;
	bool official = walk_chance(v->k, 20) || v->p->returned;

	b->manifest = ID(v->p);
	/* from here on the plan is the child's */
	q = (struct walk_plan *)(uintptr_t)walk_child(v, NULL);
	q->returned = !v->p->returned && walk_chance(v->k, 50);
	if (!q->returned)
		q->rec = v->p->returned || walk_chance(v->k, 10) ? v->p->rec : 1 - v->p->rec;
	b->child = ID(q);
	b->kind = q->returned ? LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN
			      : LIANDAN__REDIRECT_KIND__REDIRECT_KIND_OTHER;
	b->receiver = NEW(v->k, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	b->receiver->party = TEXT(q->returned ? walk_gens[q->gen] : walk_recs[q->rec]);
	b->receiver->site = TEXT(walk_rec_site(q));
	q->n_carriers = 1;
	q->carrier[0] = walk_pick(v->k, WALK_CARRIERS);
	if (v->m != NULL && v->m->on_truck && walk_chance(v->k, 95))
		for (unsigned i = 0; i < WALK_CARRIERS; i++)
			if (strcmp(walk_carriers[i], v->m->holder) == 0)
				q->carrier[0] = i;
	b->carrier = TEXT(walk_carriers[q->carrier[0]]);
	b->order_no = TEXT(official && walk_chance(v->k, 90) ? "order-1" : "");
	EVENT(v, REDIRECTED, b, official ? (unsigned)BY_AUTHORITY : walk_clerk(v->p));
	v->p->after_end = 5;
}
