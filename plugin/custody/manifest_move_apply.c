/* The manifest from the first hand-over to its end. Custody moves here and nowhere else: `holder`
 * changes when the taker has signed. CUSTODY-6, 11, 12, 14, 15, 19. */
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/finding.h"
#include "plugin/custody/forward.h"
#include "plugin/custody/licence.h"
#include "plugin/custody/lineage.h"
#include "plugin/custody/loss.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/part.h"
#include "plugin/custody/road.h"
#include "plugin/custody/stock.h"
#include "plugin/custody/store.h"
#include "plugin/custody/weigh.h"
#include "plugin/custody/year.h"

static enum ld_err found(enum ld_err err)
{
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

static size_t line_slot(const Custody__Manifest *m, uint32_t line)
{
	size_t i = 0;

	while (i < m->created->n_lines && m->created->lines[i]->line != line)
		i++;
	return i;
}

/* Sums of the items, by the manifest's lines. */
struct line_sums {
	int64_t bulk_g[LD_MAX_LINES + 1];
	int64_t contained_g[LD_MAX_LINES + 1];
};

static enum ld_err loaded(struct ld_custody *c, const Custody__Manifest *m,
			  const Custody__Container *k, uint64_t index)
{
	const struct ld_node from = ld_node_container(k->container);
	const struct ld_node to = ld_node_manifest(m->manifest);

	return ld_lineage_add(c, &from, &to, k->mass_g, index);
}

/* One sealed container leaves the origin with the carrier. What is not in the generator's stock
 * there (it was recorded as a violation) is left where the book has it. */
static enum ld_err ship_container(struct ld_custody *c, const Custody__Manifest *m,
				  const Liandan__Item *item, const char *carrier,
				  int64_t *contained_g, uint64_t index)
{
	size_t mark = ld_mark(c);
	Custody__Container *k;
	enum ld_err err = ld_container_get(c, item->container, &k);

	if (err == LD_OK && ld_container_in_stock(k) &&
	    strcmp(k->party, m->created->generator) == 0 &&
	    strcmp(k->site, m->created->site) == 0) {
		static const char nowhere[] = "";

		*contained_g = ld_add_g(*contained_g, k->mass_g);
		k->state = CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT;
		k->manifest = m->manifest;
		k->party = (char *)(uintptr_t)carrier;
		k->site = (char *)(uintptr_t)nowhere;
		k->came_by.len = 0;
		k->n_origins = 0;
		k->index = index;
		err = ld_container_put(c, k);
		if (err == LD_OK)
			err = loaded(c, m, k, index);
	}
	ld_release(c, mark);
	return found(err);
}

/* First leg: the generator's stock becomes the shipment. `bound`: bulk was booked as bound at
 * sealing. */
static enum ld_err ship(struct ld_custody *c, const Custody__Manifest *m, const char *carrier,
			bool bound, uint64_t index)
{
	struct line_sums sums = {{0}, {0}};
	const Liandan__ManifestCreated *b = m->created;
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < m->n_items; i++) {
		size_t slot = line_slot(m, m->items[i]->line);

		if (slot >= b->n_lines || slot > LD_MAX_LINES)
			continue;
		if (m->items[i]->container[0] == '\0')
			sums.bulk_g[slot] = ld_add_g(sums.bulk_g[slot], m->items[i]->mass_g);
		else
			err = ship_container(c, m, m->items[i], carrier, &sums.contained_g[slot],
					     index);
	}
	for (size_t i = 0; err == LD_OK && i < b->n_lines && i <= LD_MAX_LINES; i++) {
		struct ld_booking book = {
		    .shipped_g = ld_add_g(sums.bulk_g[i], sums.contained_g[i]),
		    .bound_g = bound ? ld_sub_g(0, sums.bulk_g[i]) : 0,
		};

		if (book.shipped_g != 0)
			err =
			    ld_stock_book_contained(c, b->generator, b->site, b->lines[i]->code,
						    &book, ld_sub_g(0, sums.contained_g[i]), index);
	}
	return err;
}

static void load_of(const struct ld_custody *c, const Custody__Manifest *m, struct ld_tkey *k)
{
	ld_load_key(k, m->plate, m->manifest);
	if (c->witness.load != NULL)
		c->witness.load(c->witness.ctx, m->plate);
}

enum ld_err ld_load_put(struct ld_custody *c, const Custody__Manifest *m)
{
	struct ld_tkey k;

	load_of(c, m, &k);
	return ld_state_put(c->state, LD_T_LOAD, k.b, k.len, "", 0);
}

enum ld_err ld_load_del(struct ld_custody *c, const Custody__Manifest *m)
{
	struct ld_tkey k;

	load_of(c, m, &k);
	return found(ld_state_del(c->state, LD_T_LOAD, k.b, k.len));
}

/* What the truck carries: certified tickets where it was weighed, else what was declared. */
static void weigh_load(struct ld_custody *c, Custody__Manifest *m)
{
	struct ld_net net = {0, 0, false, 0, 0};

	ld_weigh_loaded(c, m, &net);
	m->taken_weighed = net.certified && net.tickets != 0;
	m->taken_g =
	    m->taken_weighed ? net.net_g : ld_part_g(&(struct ld_part){m->items, m->n_items});
	m->tolerance_g = m->taken_weighed ? net.tolerance_g : 0;
}

/* A taking that comes late brings its arrival in the same queue: nobody is overdue before that had
 * time to come. CUSTODY-22 */
static int64_t overdue_at(struct ld_custody *c, const struct ld_fact *f, const Custody__Manifest *m)
{
	int64_t due = ld_overdue_ms(ld_rules_of(c, m), m->taken_ms, m->eta_ms);
	int64_t heard = f->recorded_at_ms + ld_rules_of(c, m)->late_news_ms;

	return due > heard ? due : heard;
}

enum ld_err ld_travel_clocks(struct ld_custody *c, const struct ld_fact *f,
			     const Custody__Manifest *m)
{
	enum ld_err err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_ARRIVAL,
					    overdue_at(c, f, m));

	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_LOST, 0);
	if (err == LD_OK)
		err = ld_pickup_end(c, m);
	return err;
}

enum ld_err ld_travel_stop(struct ld_custody *c, const Custody__Manifest *m)
{
	enum ld_err err =
	    ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_ARRIVAL, 0);

	return err == LD_OK
		   ? ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_LOST, 0)
		   : err;
}

static void set_seals(Custody__Manifest *m, const Liandan__HandoverTaken *t)
{
	m->n_seals = t->n_seals;
	m->seals = t->seals;
}

/* Leaves of the state before: stock at the first leg, the vehicle before at the later ones. */
static enum ld_err leave(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m)
{
	const struct ld_container_step pass = {
	    .state = CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT,
	    .party = f->signer->party,
	    .site = "",
	};
	enum ld_err err;

	if (m->leg == 0 && m->giver[0] == '\0') {
		bool sealed = m->state == CUSTODY__MANIFEST_STATE__SEALED;

		err = ship(c, m, f->signer->party, sealed, f->index);
		/* a cancelled or expired manifest that was taken all the same is open again */
		return err == LD_OK && !sealed ? ld_manifest_count(c, m, 0, 1) : err;
	}
	err = ld_load_del(c, m);
	if (err == LD_OK) /* what was rejected and waited on site is on its way again */
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_REDIRECT, 0);
	return err == LD_OK ? ld_manifest_move_all(c, m, &pass, f->index) : err;
}

/* Who gave: the person of the offer that the taking names, the last or one before it; else who
 * cosigned. */
static char *giver_person(struct ld_custody *c, const struct ld_fact *f, const Custody__Manifest *m,
			  const Liandan__HandoverTaken *t)
{
	const Custody__Key *giver = ld_giver_of(f, m);
	Custody__Effect *e;

	if (ld_offer_is(m, t->offer))
		return m->offer->person;
	if (t->offer.len == LD_HASH_BYTES && ld_effect_get(c, t->offer.data, &e) == LD_OK &&
	    ld_same_id(e->manifest, m->manifest) && e->person[0] != '\0')
		return e->person;
	return (char *)(uintptr_t)(giver != NULL ? ld_person_of(c, giver) : "");
}

/* CUSTODY-6: custody moves to the taker. */
enum ld_err ld_taken_apply(struct ld_custody *c, const struct ld_fact *f,
			   const Liandan__HandoverTaken *t)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, t->manifest, &m);

	if (err != LD_OK)
		return found(err);
	m->giver_person = giver_person(c, f, m, t);
	err = ld_offer_close(c, m);
	if (err == LD_OK && t->child.len != 0) /* who had it before, the parent remembers */
		err = ld_part_taken(c, f, t, &m);
	else if (err == LD_OK && m->leg != 0)
		err = ld_carriage_end(c, m, ld_step_ms(f, m->taken_ms));
	if (err == LD_OK)
		err = ld_road_begin(c, f, m);
	if (err == LD_OK)
		err = ld_shares_leave(c, f, m);
	if (err == LD_OK)
		err = leave(c, f, m);
	if (err == LD_OK) /* it may have been cancelled, or have expired */
		err = ld_manifest_draw_again(c, f, m);
	if (err != LD_OK)
		return err;
	m->state = CUSTODY__MANIFEST_STATE__IN_TRANSIT;
	m->leg = t->leg;
	m->holder = f->signer->party;
	m->carrier = f->signer->party;
	m->holder_person = (char *)(uintptr_t)ld_person_of(c, f->signer);
	m->plate = t->plate;
	m->driver = t->driver;
	set_seals(m, t);
	m->taken_ms = ld_step_ms(f, m->taken_ms != 0 ? m->taken_ms : m->sealed_ms);
	m->eta_ms = ld_expected_ms(ld_rules_of(c, m), m, m->taken_ms, t->eta_ms);
	m->flags &=
	    ~(uint32_t)(CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE | CUSTODY__MANIFEST_FLAG__FLAG_LOST);
	if (m->taken_g == 0)
		weigh_load(c, m);
	err = ld_load_put(c, m);
	if (err == LD_OK && t->leg == 1)
		err = ld_loaded_errors(c, m, f->index);
	if (err == LD_OK)
		err = ld_travel_clocks(c, f, m);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

static enum ld_err arrive_one(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__Arrived *a, ProtobufCBinaryData id)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, id, &m);

	if (err != LD_OK)
		return found(err);
	/* the event may name what has arrived before, and what others carry */
	if (!ld_may_arrive(m) || strcmp(f->signer->party, m->holder) != 0)
		return LD_OK;
	m->state = CUSTODY__MANIFEST_STATE__ARRIVED;
	m->arrived_ms = ld_step_ms(f, m->taken_ms);
	m->arrived_site = a->site;
	m->flags &= ~(uint32_t)CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE;
	err = ld_offer_close(c, m);
	if (err == LD_OK)
		err = ld_stop_end(c, m, m->arrived_ms);
	if (err == LD_OK)
		err = ld_travel_stop(c, m);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_RECEIPT,
					m->arrived_ms + ld_rules_of(c, m)->receipt_ms);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

/* CUSTODY-11 */
enum ld_err ld_arrived_apply(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__Arrived *a)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < a->n_manifests; i++) {
		size_t mark = ld_mark(c);

		err = arrive_one(c, f, a, a->manifests[i]);
		ld_release(c, mark);
	}
	return err;
}

/* Custody passes to the receiver: the vehicle is free, its watch ends. */
static enum ld_err unload(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m)
{
	const struct ld_container_step step = {
	    .state = CUSTODY__CONTAINER_STATE__CONTAINER_RECEIVED,
	    .party = m->created->receiver->party,
	    .site = m->created->receiver->site,
	};
	enum ld_err err;

	m->holder = m->created->receiver->party;
	m->holder_person = (char *)(uintptr_t)ld_person_of(c, f->signer);
	m->flags &=
	    ~(uint32_t)(CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE | CUSTODY__MANIFEST_FLAG__FLAG_LOST);
	err = ld_load_del(c, m);
	if (err == LD_OK)
		err = ld_stop_end(c, m, ld_step_ms(f, m->arrived_ms));
	if (err == LD_OK)
		err = ld_travel_stop(c, m);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_RECEIPT, 0);
	return err == LD_OK ? ld_manifest_move_all(c, m, &step, f->index) : err;
}

/* CUSTODY-12 */
enum ld_err ld_received_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__Received *r)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, r->manifest, &m);

	if (err != LD_OK)
		return found(err);
	m->state = CUSTODY__MANIFEST_STATE__VERIFYING;
	m->received_ms = ld_step_ms(f, m->arrived_ms);
	err = unload(c, f, m);
	if (err == LD_OK)
		err = ld_manifest_clock_workdays(
		    c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_ACCEPTANCE, m->received_ms,
		    ld_rules_of(c, m)->acceptance_workdays);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

static bool on_manifest(struct ld_custody *c, const Custody__Manifest *m, const char *container)
{
	size_t mark = ld_mark(c);
	Custody__Container *k;
	bool on =
	    ld_container_get(c, container, &k) == LD_OK && ld_same_id(k->manifest, m->manifest);

	ld_release(c, mark);
	return on;
}

/* The share of a container that left on another manifest is bulk. */
static enum ld_err book_container(struct ld_custody *c, Custody__Manifest *m,
				  const Liandan__Line *line, const char *container, int64_t share,
				  int64_t *contained, uint64_t index)
{
	/* closing frees it, unless that waits for its treatment */
	const struct ld_container_step step = {.came_by = &m->manifest,
					       .mass_g = &share,
					       .unbind =
						   ld_rules_of(c, m)->close_at_treatment != 0};
	enum ld_err err;

	if (!on_manifest(c, m, container))
		return ld_manifest_unpack(c, m, line->code, share);
	*contained = ld_add_g(*contained, share);
	err = ld_accepted_short(c, m, container, share, index);
	return err == LD_OK ? ld_container_move(c, container, &m->manifest, &step, index) : err;
}

/* The accepted mass of a line, shared over its items in order, so that containers carry what was
 * accepted and grams add exactly. */
static enum ld_err book_line(struct ld_custody *c, Custody__Manifest *m, const Liandan__Line *line,
			     uint64_t index)
{
	const Liandan__Receiver *r = m->created->receiver;
	int64_t accepted = ld_line_accepted_g(m, line->line);
	int64_t total = ld_items_of_line_g(m->items, m->n_items, line->line);
	struct ld_booking b = {.received_g = accepted,
			       .errors_g = ld_line_errors_g(m, line),
			       .own_g = ld_own_loss_g(line->loss_class, accepted)};
	int64_t before = 0, contained = 0;
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < m->n_items; i++) {
		const Liandan__Item *item = m->items[i];
		int64_t share;

		if (item->line != line->line)
			continue;
		share = ld_share_g(before, item->mass_g, total, accepted);
		before = ld_add_g(before, item->mass_g);
		if (item->container[0] != '\0')
			err = book_container(c, m, line, item->container, share, &contained, index);
	}
	if (err != LD_OK)
		return err;
	return ld_stock_book_contained(c, r->party, r->site, line->code, &b, contained, index);
}

/* What the receiver accepts of what is on the manifest. Does not put m. */
static enum ld_err accept_items(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m,
				const struct ld_acceptance *a)
{
	struct ld_net net = {0, 0, false, 0, 0};
	enum ld_err err = LD_OK;

	m->accepted_ms = ld_step_ms(f, m->received_ms);
	m->n_accepted = a->n_lines;
	m->accepted = (Liandan__AcceptedLine **)(uintptr_t)a->lines;
	ld_weigh_net(c, a->tickets, a->n_tickets, &net);
	m->received_g = net.tickets != 0 ? net.net_g : 0;
	m->gate_tolerance_g = net.tolerance_g;
	m->accepted_year = ld_china_year(f->recorded_at_ms);
	if (a->discrepancy != 0 || a->significant)
		err = ld_discrepancy_await(c, m);
	for (size_t i = 0; err == LD_OK && i < m->created->n_lines; i++)
		err = book_line(c, m, m->created->lines[i], f->index);
	if (err == LD_OK)
		err = ld_licence_count(c, m, 1);
	if (err == LD_OK)
		err =
		    ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_ACCEPTANCE, 0);
	if (err == LD_OK && ld_manifest_accepted_g(m) > 0 && ld_with_operator(c, m))
		err = ld_treatment_clocks(c, m);
	return err;
}

/* CUSTODY-14 */
enum ld_err ld_accepted_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__Accepted *b)
{
	const struct ld_acceptance a = ld_acceptance_of(f->event);
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return found(err);
	m->state = CUSTODY__MANIFEST_STATE__ACCEPTED_ALL;
	err = accept_items(c, f, m, &a);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

/* On the truck, custody is the carrier's, again where the receiver had already taken over. */
static enum ld_err back_on_truck(struct ld_custody *c, const struct ld_fact *f,
				 Custody__Manifest *m)
{
	const struct ld_container_step step = {.state =
						   CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT,
					       .party = m->carrier,
					       .site = ""};
	enum ld_err err;

	m->holder = m->carrier;
	err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_RECEIPT, 0);
	if (err == LD_OK)
		err = ld_load_put(c, m);
	return err == LD_OK ? ld_manifest_move_all(c, m, &step, f->index) : err;
}

/* CUSTODY-15 */
enum ld_err ld_rejected_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__Rejected *r)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, r->manifest, &m);
	int64_t at;
	bool on_truck;

	if (err != LD_OK)
		return found(err);
	on_truck = ld_back_on_truck(f, m, r->waste_is_on);
	at = ld_step_ms(f, m->received_ms != 0 ? m->received_ms : m->arrived_ms);
	m->state = CUSTODY__MANIFEST_STATE__REJECTED_ALL;
	m->rejected = r->reason;
	m->refused_g = m->taken_g; /* which it is not any more once it is sent on */
	m->waste_is_on = on_truck ? LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK
				  : LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
	err = on_truck ? back_on_truck(c, f, m) : unload(c, f, m);
	if (err == LD_OK)
		err =
		    ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_ACCEPTANCE, 0);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_REDIRECT,
					at + ld_rules_of(c, m)->redirect_ms);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

static Liandan__Item **refused_items(struct ld_custody *c, const Liandan__PartlyAccepted *p)
{
	Liandan__Item **items =
	    ld_arena_alloc(c->arena, (p->n_refused + 1) * sizeof(Liandan__Item *));

	for (size_t i = 0; items != NULL && i < p->n_refused; i++)
		items[i] = p->refused[i]->item;
	return items;
}

/* What was refused is a manifest of its own, rejected; the rest is accepted. CUSTODY-14, 15 */
enum ld_err ld_partly_accepted_apply(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__PartlyAccepted *p)
{
	const struct ld_acceptance a = ld_acceptance_of(f->event);
	Liandan__Item **items = refused_items(c, p);
	Custody__Manifest *m, *child;
	struct ld_part part;
	size_t other;
	bool on_truck;
	enum ld_err err = items != NULL ? ld_manifest_get(c, p->manifest, &m) : LD_ERR_NOMEM;

	if (err != LD_OK)
		return found(err);
	on_truck = ld_back_on_truck(f, m, p->waste_is_on);
	err = ld_part_pick(c, m, items, p->n_refused, &part, &other);
	if (err == LD_OK)
		err = ld_part_leave(c, f, m, &part, p->child,
				    LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT, &child);
	if (err != LD_OK)
		return err;
	m->state = CUSTODY__MANIFEST_STATE__PARTLY_ACCEPTED;
	m->refused_g = ld_part_g(&part);
	m->waste_is_on = child->waste_is_on = on_truck ? LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK
						       : LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
	child->state = CUSTODY__MANIFEST_STATE__REJECTED_ALL;
	child->rejected = p->refused[0]->reason;
	err = accept_items(c, f, m, &a);
	if (err == LD_OK && on_truck)
		err = back_on_truck(c, f, child);
	if (err == LD_OK)
		err = ld_manifest_clock(c, child, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_REDIRECT,
					m->accepted_ms + ld_rules_of(c, m)->redirect_ms);
	if (err == LD_OK)
		err = ld_manifest_touch_put(c, f, child);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

/* CUSTODY-19. After a loss that an authority has recorded, what was on the way is gone. */
enum ld_err ld_closed_apply(struct ld_custody *c, const Liandan__ManifestClosed *b, uint64_t index,
			    int64_t at_ms)
{
	bool lost = b->reason == LIANDAN__CLOSE_REASON__CLOSE_REASON_LOST;
	struct ld_container_step step = {.unbind = true};
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return found(err);
	if (m->state == CUSTODY__MANIFEST_STATE__CLOSED)
		return LD_OK;
	if (lost)
		step.state = CUSTODY__CONTAINER_STATE__LOST;
	m->state = CUSTODY__MANIFEST_STATE__CLOSED;
	m->closed_ms = at_ms;
	m->n_lines = b->n_lines;
	m->lines = b->lines;
	m->updated_index = index;
	m->updated_ms = at_ms;
	err = ld_close_done(c, m);
	if (err == LD_OK)
		err = ld_load_del(c, m);
	if (err == LD_OK)
		err = ld_offer_close(c, m);
	if (err == LD_OK)
		err = ld_stop_end(c, m, at_ms);
	if (err == LD_OK)
		err = ld_storage_end(c, m);
	if (err == LD_OK)
		err = ld_travel_stop(c, m);
	if (err == LD_OK) /* of one whose parts have all gone from the origin */
		err = ld_pickup_end(c, m);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_RECEIPT, 0);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_REDIRECT, 0);
	if (err == LD_OK)
		err = ld_manifest_move_all(c, m, &step, index);
	if (err == LD_OK)
		err = ld_manifest_count(c, m, 0, -1);
	return err == LD_OK ? ld_manifest_put(c, m) : err;
}
