/* Part of a load changes hands: it goes on as a child manifest, the rest stays. CUSTODY-6, 19. */
#include <stdio.h>

#include "amend_builders.h"
#include "plugin/custody/lineage.h"
#include "plugin/custody/year.h"
#include "split_builders.h"

static int64_t drawn(struct mx *x, const char *code)
{
	return ld_year_g(&x->c, LD_YEAR_GRANTED, "A1", code, 0);
}

static uint32_t open_manifests(struct mx *x, const char *party)
{
	Custody__Party *p;

	assert_int_equal(ld_party_get(&x->c, party, &p), LD_OK);
	return p->open_manifests;
}

/* A drum and some of the heap go; the rest waits, sealed. */
static void a_part_leaves_the_origin(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	Custody__Manifest *child, *m;

	mx_to_sealed(x);
	sp_drum(x, &s, "C1", MX_C1_G);
	sp_bulk(x, &s, 200000);
	mx_clean(x, sp_take(x, SP_CHILD, &s));
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__SEALED);
	assert_int_equal(sp_items_g(m), SP_ALL_G - MX_C1_G - 200000);
	assert_string_equal(m->holder, "GEN");
	assert_int_not_equal(MX_DUE(x, PICKUP), 0);
	assert_int_not_equal(MX_DUE(x, UNPICKED), 0);
	assert_int_equal(MX_DUE(x, ARRIVAL), 0);
	child = sp_get(x, SP_CHILD);
	assert_int_equal(child->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_int_equal(child->created->kind, LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT);
	assert_int_equal(sp_items_g(child), MX_C1_G + 200000);
	assert_int_equal(child->taken_g, MX_C1_G + 200000);
	assert_int_equal(child->leg, 1);
	assert_string_equal(child->holder, "CAR1");
	assert_string_equal(child->plate, "V1");
	assert_true(ld_same_id(child->content, m->content));
	assert_true(ld_same_id(mx_container(x, "C1")->manifest, child->manifest));
	assert_true(ld_same_id(mx_container(x, "C2")->manifest, m->manifest));
	assert_int_equal(mx_container(x, "C2")->state, CUSTODY__CONTAINER_STATE__BOUND);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, MX_BULK_G - 200000);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, MX_BULK_G - 200000);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->in_stock_g, MX_C2_G);
	assert_int_equal(open_manifests(x, "GEN"), 2);
	sp_at(x, SP_CHILD);
	assert_int_not_equal(MX_DUE(x, ARRIVAL), 0);
	assert_int_equal(MX_DUE(x, PICKUP), 0);
}

/* Two trucks and a third for the rest: to the gram, and every drum in one place. */
static void delivered_by_three(void **state)
{
	struct mx *x = *state;
	struct sp_items a = {.n = 0}, b = {.n = 0};
	const uint8_t tags[] = {SP_PARENT, 0xc1, 0xc2};

	mx_to_sealed(x);
	sp_drum(x, &a, "C1", 0);
	sp_bulk(x, &a, 100);
	mx_clean(x, sp_take(x, 0xc1, &a));
	sp_drum(x, &b, "C2", MX_C2_G);
	mx_clean(x, mx_offer(x, GEN, sp_offered(x, 1, "CAR1", &b)));
	mx_clean(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", 0xc2, NULL)));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	assert_int_equal(open_manifests(x, "GEN"), 3);
	for (size_t i = 0; i < 3; i++) {
		sp_at(x, tags[i]);
		sp_deliver(x, CAR1, "V1");
	}
	assert_int_equal(open_manifests(x, "GEN"), 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->in_stock_g, 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, 0);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->received_g, SP_LINE1_G);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->received_g, MX_BULK_G);
	assert_true(ld_same_id(mx_container(x, "C1")->came_by, sp_id(x, 0xc1)));
	assert_true(ld_same_id(mx_container(x, "C2")->came_by, sp_id(x, 0xc2)));
	/* taken = accepted + passed + loss, line by line */
	for (size_t i = 0; i < 3; i++) {
		const Custody__Manifest *m = sp_get(x, tags[i]);

		for (size_t k = 0; k < m->n_lines; k++)
			assert_int_equal(m->lines[k]->taken_g, m->lines[k]->accepted_g +
								   m->lines[k]->passed_g +
								   m->lines[k]->loss_g);
	}
}

/* The last part takes what is left: the parent is closed. */
static void nothing_is_left(void **state)
{
	struct mx *x = *state;
	struct sp_items all = {.n = 0};
	const Liandan__OwnEvent *own;

	mx_to_sealed(x);
	sp_drum(x, &all, "C1", 0);
	sp_drum(x, &all, "C2", 0);
	sp_bulk(x, &all, MX_BULK_G);
	mx_clean(x, sp_take(x, SP_CHILD, &all));
	own = mx_own(x, LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED);
	assert_non_null(own);
	assert_int_equal(own->manifest_closed->reason, LIANDAN__CLOSE_REASON__CLOSE_REASON_SPLIT);
	assert_int_equal(own->manifest_closed->n_lines, 2);
	assert_int_equal(own->manifest_closed->lines[1]->passed_g, MX_BULK_G);
	assert_int_equal(own->manifest_closed->lines[1]->loss_g, 0);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(MX_DUE(x, PICKUP), 0); /* nobody is waited for */
	assert_int_equal(open_manifests(x, "GEN"), 1);
	sp_at(x, SP_CHILD);
	sp_deliver(x, CAR1, "V1");
	assert_int_equal(open_manifests(x, "GEN"), 0);
}

/* A line in several heaps: what goes is taken off once. */
static void heaps_of_one_line(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft = mx_created(x);
	Liandan__ManifestSealed *b = mx_sealed(x);
	struct sp_items s = {.n = 0};

	mx_fill(x);
	mx_clean(x, mx_create(x, draft));
	b->items[2] = mx_item(x, "", 2, 1000);
	b->items[3] = mx_item(x, "", 2, MX_BULK_G - 1000);
	b->n_items = 4;
	mx_clean(x, mx_seal(x, draft, b));
	sp_bulk(x, &s, 1500); /* more than the first heap */
	mx_clean(x, sp_take(x, SP_CHILD, &s));
	assert_int_equal(sp_items_g(sp_get(x, SP_CHILD)), 1500);
	assert_int_equal(sp_items_g(mx_manifest(x)), SP_ALL_G - 1500);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, MX_BULK_G - 1500);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, MX_BULK_G - 1500);
	s.n = 0; /* the same heap named twice in one hand-over: once each gram */
	sp_bulk(x, &s, 300);
	sp_bulk(x, &s, 400);
	mx_clean(x, sp_take(x, 0xc2, &s));
	assert_int_equal(sp_items_g(sp_get(x, 0xc2)), 700);
	assert_int_equal(sp_items_g(mx_manifest(x)), SP_ALL_G - 2200);
}

/* On the way: half of it changes trucks. */
static void on_the_road(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	Custody__Manifest *child, *m;

	mx_to_taken(x);
	x->now += 20 * LD_MINUTE_MS;
	sp_drum(x, &s, "C2", 0);
	mx_clean(x, mx_offer(x, CAR1, sp_offered(x, 2, "CAR2", &s)));
	mx_clean(x, mx_take(x, CAR2, sp_taken(x, 2, "V2", SP_CHILD, &s)));
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_int_equal(m->leg, 1);
	assert_string_equal(m->plate, "V1");
	assert_int_equal(m->taken_g, SP_ALL_G - MX_C2_G);
	child = sp_get(x, SP_CHILD);
	assert_int_equal(child->leg, 2);
	assert_string_equal(child->holder, "CAR2");
	assert_string_equal(child->plate, "V2");
	assert_int_equal(child->taken_g, MX_C2_G);
	assert_string_equal(mx_container(x, "C2")->party, "CAR2");
	assert_string_equal(mx_container(x, "C1")->party, "CAR1");
	sp_deliver(x, CAR1, "V1");
	sp_at(x, SP_CHILD);
	sp_deliver(x, CAR2, "V2");
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->received_g, SP_LINE1_G);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->received_g, MX_BULK_G);
}

/* The receipt of a part that comes before the hand-over waits for it. */
static void the_child_is_waited_for(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};

	mx_to_sealed(x);
	sp_drum(x, &s, "C1", 0);
	mx_clean(x, mx_offer(x, GEN, sp_offered(x, 1, "CAR1", &s)));
	sp_at(x, SP_CHILD);
	mx_held(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	sp_at(x, SP_PARENT);
	mx_accepted(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_CHILD, &s)));
	assert_int_equal(sp_get(x, SP_CHILD)->state, CUSTODY__MANIFEST_STATE__ARRIVED);
}

/* ---- what ends ---- */

/* The rest is cancelled, or nobody comes for it: only the rest. */
static void the_rest_is_cancelled(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};

	mx_to_sealed(x);
	sp_drum(x, &s, "C1", 0);
	sp_bulk(x, &s, 3);
	mx_clean(x, sp_take(x, SP_CHILD, &s));
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(mx_container(x, "C2")->manifest.len, 0);
	assert_true(ld_same_id(mx_container(x, "C1")->manifest, sp_id(x, SP_CHILD)));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, MX_BULK_G - 3);
	assert_int_equal(open_manifests(x, "GEN"), 1);
	sp_at(x, SP_CHILD);
	sp_deliver(x, CAR1, "V1");
	assert_int_equal(open_manifests(x, "GEN"), 0);
}

/* A part of what was cancelled is taken all the same: it is open, what stays is not. */
static void a_part_of_what_was_cancelled(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	Liandan__OfferWithdrawn *w =
	    MX_NEW(x, Liandan__OfferWithdrawn, LIANDAN__OFFER_WITHDRAWN__INIT);
	MX_EVENT(e, OFFER_WITHDRAWN, w);

	mx_to_sealed(x);
	sp_drum(x, &s, "C1", 0);
	sp_bulk(x, &s, 5);
	mx_clean(x, mx_offer(x, GEN, sp_offered(x, 1, "CAR1", &s)));
	w->manifest = mx_id(x);
	w->offer = mx_bytes(x->offer, sizeof x->offer);
	mx_clean(x, mx_put(x, GEN, &e));
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(open_manifests(x, "GEN"), 0);
	mx_flagged(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_CHILD, &s)), CANCELLED_BEFORE);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CANCELLED);
	assert_int_equal(open_manifests(x, "GEN"), 1);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, MX_BULK_G - 5);
	assert_true(ld_same_id(mx_container(x, "C1")->manifest, sp_id(x, SP_CHILD)));
	/* then all that is left */
	s.n = 0;
	sp_drum(x, &s, "C2", 0);
	sp_bulk(x, &s, MX_BULK_G - 5);
	mx_flagged(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", 0xc2, &s)), CANCELLED_BEFORE);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CANCELLED);
	assert_int_equal(open_manifests(x, "GEN"), 2);
}

/* Grams of a grant: those of the part stay counted, those of the rest come back. */
static void the_grant_counts_what_left(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	Liandan__ManifestCreated *draft;

	mx_fill(x);
	mx_divide(x, "REC", 430100);
	mx_clean(x, mx_approve(x, EEB, mx_approved(x, "A1")));
	draft = mx_created(x);
	draft->approval = MX_S("A1");
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	assert_int_equal(drawn(x, MX_BULK), MX_BULK_G);
	sp_drum(x, &s, "C1", 0);
	sp_bulk(x, &s, 7);
	mx_clean(x, sp_take(x, SP_CHILD, &s));
	assert_int_equal(drawn(x, MX_BULK), MX_BULK_G);
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(drawn(x, MX_BULK), 7);
	assert_int_equal(drawn(x, MX_CODE), MX_C1_G);
}

/* What the part has drawn is the whole's: an amendment of the rest does not ask for it again. */
static void the_part_is_not_asked_of_the_grant_again(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	Liandan__ManifestCreated *draft;

	mx_fill(x);
	mx_divide(x, "REC", 430100);
	mx_clean(x, mx_approve(x, EEB, mx_approved(x, "A1"))); /* just enough */
	draft = mx_created(x);
	draft->approval = MX_S("A1");
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	sp_bulk(x, &s, 7);
	mx_clean(x, sp_take(x, SP_CHILD, &s));
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, x->hash, false)));
	mx_generate(x, "B9", "", MX_BULK, MX_BULK_G);
	mx_refused(x,
		   mx_propose(x, GEN,
			      mx_amend_number(x, MX_FIELD(LINE_MASS), 2, MX_BULK_G, MX_BULK_G + 1)),
		   APPROVAL_MISSING);
}

/* Of a cancelled one the part that is taken all the same counts again, and no more. */
static void the_grant_counts_a_part_of_the_cancelled(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	Liandan__ManifestCreated *draft;
	Liandan__HandoverTaken *b;
	MX_EVENT(e, HANDOVER_TAKEN, NULL);

	mx_fill(x);
	mx_divide(x, "REC", 430100);
	mx_clean(x, mx_approve(x, EEB, mx_approved(x, "A1")));
	draft = mx_created(x);
	draft->approval = MX_S("A1");
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(drawn(x, MX_BULK), 0);
	sp_bulk(x, &s, 9);
	b = sp_taken(x, 1, "V1", SP_CHILD, &s);
	b->offer.len = 0; /* handed over in person */
	e.handover_taken = b;
	mx_put_co(x, CAR1, GEN, &e);
	mx_flagged(x, x->j.reason, CANCELLED_BEFORE);
	assert_int_equal(drawn(x, MX_BULK), 9);
	assert_int_equal(drawn(x, MX_CODE), 0);
	/* then the rest of it, on the manifest itself */
	b = mx_taken(x, 1, "V1");
	b->offer.len = 0;
	e.handover_taken = b;
	mx_put_co(x, CAR1, GEN, &e);
	mx_flagged(x, x->j.reason, CANCELLED_BEFORE);
	assert_int_equal(drawn(x, MX_BULK), MX_BULK_G);
	assert_int_equal(drawn(x, MX_CODE), MX_C1_G + MX_C2_G);
}

/* A truck that comes twice is weighed twice: each trip's tickets are its own. */
static void weighed_trip_by_trip(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	ProtobufCBinaryData tickets[2];

	mx_to_sealed(x);
	sp_bulk(x, &s, 300000);
	mx_ticket(x, 0x91, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD, 299000, &tickets[0]);
	sp_note(x, tickets[0]);
	mx_clean(x, sp_take(x, SP_CHILD, &s));
	assert_true(sp_get(x, SP_CHILD)->taken_weighed);
	assert_int_equal(sp_get(x, SP_CHILD)->taken_g, 299000);
	assert_int_equal(mx_manifest(x)->n_tickets, 0);
	mx_ticket(x, 0x92, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD, 450000, &tickets[1]);
	sp_note(x, tickets[1]);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	assert_int_equal(mx_manifest(x)->taken_g, 450000);
}

/* What has gone on a part keeps its code, and no party is changed after it. */
static void amended_after_a_part(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	Liandan__AmendmentProposed *b;

	mx_to_sealed(x);
	sp_drum(x, &s, "C1", 0);
	mx_clean(x, sp_take(x, SP_CHILD, &s));
	b = mx_amendment(x);
	mx_text(x, b, MX_FIELD(LINE_CODE), 1, MX_CODE, MX_BULK);
	mx_refused(x, mx_propose(x, GEN, b), LIMIT);
	b = mx_amendment(x);
	mx_text(x, b, MX_FIELD(CARRIER), 1, "CAR1", "CARX");
	mx_refused(x, mx_propose(x, GEN, b), OUT_OF_ORDER);
	/* who signed the parent is asked about the child */
	sp_at(x, SP_CHILD);
	b = mx_amendment(x);
	mx_text(x, b, MX_FIELD(PHONE), 0, "", "110");
	mx_clean(x, mx_propose(x, CAR1, b));
	assert_int_equal(mx_manifest(x)->proposal->n_waits_for, 1);
	assert_string_equal(mx_manifest(x)->proposal->waits_for[0], "GEN");
}

/* ---- what was offered ---- */

/* Another part than was offered is the taker's word; the giver's offer was of other things. */
static void other_things_than_offered(void **state)
{
	struct mx *x = *state;
	struct sp_items offered = {.n = 0}, taken = {.n = 0};

	mx_to_sealed(x);
	sp_drum(x, &offered, "C1", 0);
	sp_drum(x, &taken, "C2", 0);
	mx_clean(x, mx_offer(x, GEN, sp_offered(x, 1, "CAR1", &offered)));
	mx_flagged(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_CHILD, &taken)), QUANTITY);
	assert_true(ld_same_id(mx_container(x, "C2")->manifest, sp_id(x, SP_CHILD)));
}

/* A part was offered, all of it was taken. */
static void the_whole_of_an_offered_part(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};

	mx_to_sealed(x);
	sp_drum(x, &s, "C1", 0);
	mx_clean(x, mx_offer(x, GEN, sp_offered(x, 1, "CAR1", &s)));
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), QUANTITY);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_int_equal(mx_manifest(x)->n_items, 3);
}

/* ---- hostile ---- */

static void hostile_parts(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	Liandan__HandoverTaken *b;

	mx_to_sealed(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	sp_drum(x, &s, "C1", 0);
	mx_refused(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_PARENT, &s)), ALREADY_EXISTS);
	b = sp_taken(x, 1, "V1", SP_CHILD, NULL); /* neither it nor the offer says what */
	mx_refused(x, mx_take(x, CAR1, b), QUANTITY);
	s.n = 0;
	sp_drum(x, &s, "C9", 0); /* nothing of it is here */
	mx_refused(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_CHILD, &s)), QUANTITY);
	s.n = 0;
	sp_bulk(x, &s, 0);
	mx_refused(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_CHILD, &s)), QUANTITY);
	/* a drum twice, one of another manifest, more than is left: what is there goes, flagged */
	s.n = 0;
	sp_drum(x, &s, "C1", 0);
	sp_drum(x, &s, "C1", 0);
	sp_drum(x, &s, "C9", 5);
	sp_bulk(x, &s, (INT64_C(1) << 53) - 1);
	mx_flagged(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_CHILD, &s)), NOT_ADDING);
	assert_int_equal(sp_items_g(sp_get(x, SP_CHILD)), MX_C1_G + MX_BULK_G);
	assert_int_equal(sp_items_g(mx_manifest(x)), MX_C2_G);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, 0);
	/* the same child once more, and the drum that has gone */
	s.n = 0;
	sp_drum(x, &s, "C2", 0);
	mx_refused(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_CHILD, &s)), ALREADY_EXISTS);
	s.n = 0;
	sp_drum(x, &s, "C1", 0);
	mx_refused(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", 0xc2, &s)), QUANTITY);
}

/* Drum by drum, a thousand of them, and no further than the bound. */
static void many_parts(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	size_t parts = 0;

	mx_to_sealed(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	for (uint8_t tag = 0x60; parts < 70; tag++, parts++) {
		s.n = 0;
		sp_bulk(x, &s, 10);
		mx_take(x, CAR1, sp_taken(x, 1, "V1", tag, &s));
		if (x->j.verdict != LIANDAN__VERDICT__ACCEPTED)
			break;
	}
	assert_int_equal(x->j.reason, LIANDAN__REASON__LIMIT);
	assert_int_equal(sp_items_g(mx_manifest(x)), SP_ALL_G - 10 * (int64_t)parts);
	mx_accepted(x, mx_take(x, CAR1, mx_taken(x, 1, "V1"))); /* the rest can always go */
}

/* As many drums as a manifest has: the half of them goes, then the rest. */
static void a_thousand_drums(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft = mx_created(x);
	Liandan__ManifestSealed *seal = mx_sealed(x);
	Liandan__HandoverTaken *b;

	seal->items = ld_arena_alloc(&x->build, LD_MAX_ITEMS * sizeof *seal->items);
	seal->n_items = LD_MAX_ITEMS;
	for (unsigned i = 0; i < LD_MAX_ITEMS; i++) {
		char *name = ld_arena_alloc(&x->build, 16);

		snprintf(name, 16, "K%u", i);
		mx_generate(x, name, name, MX_CODE, 100);
		seal->items[i] = mx_item(x, name, 1, 100);
	}
	draft->n_lines = 1;
	draft->lines[0]->quantity->mass_g = (int64_t)100 * LD_MAX_ITEMS;
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, seal));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	b = mx_taken(x, 1, "V1");
	b->child = sp_id(x, SP_CHILD);
	b->items = seal->items;
	b->n_items = LD_MAX_ITEMS / 2;
	mx_clean(x, mx_take(x, CAR1, b));
	assert_int_equal(sp_get(x, SP_CHILD)->n_items, LD_MAX_ITEMS / 2);
	assert_int_equal(mx_manifest(x)->n_items, LD_MAX_ITEMS / 2);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->in_stock_g, 0);
}

/* ---- genealogy ---- */

struct edge {
	size_t n;
	struct ld_node node;
	int64_t mass_g;
};

static int note(void *ctx, const struct ld_node *n, int64_t mass_g, uint64_t index)
{
	struct edge *e = ctx;

	(void)index;
	if (n->kind != LD_NODE_MANIFEST)
		return 0;
	e->n++;
	e->node = *n;
	e->mass_g = mass_g;
	return 0;
}

static void genealogy(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	const struct ld_node parent = ld_node_manifest(sp_id(x, SP_PARENT));
	const struct ld_node child = ld_node_manifest(sp_id(x, SP_CHILD));
	struct edge e = {.n = 0};

	mx_to_sealed(x);
	sp_drum(x, &s, "C1", 0);
	sp_bulk(x, &s, 11);
	mx_clean(x, sp_take(x, SP_CHILD, &s));
	assert_int_equal(ld_lineage_down(&x->c, &parent, note, &e), LD_OK);
	assert_int_equal(e.n, 1);
	assert_string_equal(e.node.id, child.id);
	assert_int_equal(e.mass_g, MX_C1_G + 11);
	e.n = 0;
	assert_int_equal(ld_lineage_up(&x->c, &child, note, &e), LD_OK);
	assert_int_equal(e.n, 1);
	assert_string_equal(e.node.id, parent.id);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)
	    TEST(a_part_leaves_the_origin),
	    TEST(delivered_by_three),
	    TEST(nothing_is_left),
	    TEST(heaps_of_one_line),
	    TEST(on_the_road),
	    TEST(the_child_is_waited_for),
	    TEST(the_rest_is_cancelled),
	    TEST(a_part_of_what_was_cancelled),
	    TEST(the_grant_counts_what_left),
	    TEST(the_part_is_not_asked_of_the_grant_again),
	    TEST(the_grant_counts_a_part_of_the_cancelled),
	    TEST(weighed_trip_by_trip),
	    TEST(amended_after_a_part),
	    TEST(other_things_than_offered),
	    TEST(the_whole_of_an_offered_part),
	    TEST(hostile_parts),
	    TEST(many_parts),
	    TEST(a_thousand_drums),
	    TEST(genealogy),
#undef TEST
	};

	return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
