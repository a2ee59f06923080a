/* What is refused and what is redirected goes on as a child manifest: to the other receiver, back
 * to its generator, or where an authority orders. CUSTODY-14, 15, 16, 19. */
#include "child_builders.h"
#include "plugin/custody/lineage.h"

static uint32_t open_manifests(struct mx *x, const char *party)
{
	Custody__Party *p;

	assert_int_equal(ld_party_get(&x->c, party, &p), LD_OK);
	return p->open_manifests;
}

static size_t load_of(struct mx *x, const char *plate)
{
	ProtobufCBinaryData ids[8];
	size_t n = 0;

	assert_int_equal(ld_load_of(&x->c, plate, ids, 8, &n), LD_OK);
	return n;
}

/* taken = accepted + passed + loss, and what passed is on the child. */
static void adds_up(const Custody__Manifest *m)
{
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__CLOSED);
	for (size_t i = 0; i < m->n_lines; i++)
		assert_int_equal(m->lines[i]->taken_g, m->lines[i]->accepted_g +
							   m->lines[i]->passed_g +
							   m->lines[i]->loss_g);
}

/* REC2 has a key for this. */
static void reject_as_rec2(struct mx *x)
{
	Custody__Key k = CUSTODY__KEY__INIT;

	k.key_id = mx_bytes(x->keys[NOBODY], LD_KEY_ID_BYTES);
	k.party = MX_S("REC2");
	k.device = MX_S("dev");
	k.subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON;
	k.subject_id = MX_S("p-rec2");
	k.roles = LIANDAN__ROLE__ROLE_RECEIVER;
	assert_int_equal(ld_key_rec_put(&x->c, &k), LD_OK);
	mx_clean(x, mx_reject(x, NOBODY, CH_TRUCK));
}

/* ---- partial acceptance ---- */

static void refused_on_site(void **state)
{
	struct mx *x = *state;
	const Liandan__OwnEvent *own;
	Custody__Manifest *m, *child;

	mx_to_received(x);
	mx_clean(x, ch_accept_partly(x, REC, MX_KEYS, ch_partly(x, CH_SITE)));
	own = mx_own(x, LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED);
	assert_non_null(own);
	assert_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED));
	m = mx_manifest(x);
	adds_up(m);
	assert_int_equal(m->lines[0]->passed_g, MX_C2_G);
	assert_int_equal(m->lines[1]->loss_g, 0);
	child = sp_get(x, CH_REFUSED);
	assert_int_equal(child->state, CUSTODY__MANIFEST_STATE__REJECTED_ALL);
	assert_int_equal(child->rejected, LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING);
	assert_int_equal(child->waste_is_on, CH_SITE);
	assert_string_equal(child->holder, "REC");
	assert_int_equal(sp_items_g(child), MX_C2_G + CH_BULK_G);
	assert_true(ld_same_id(child->created->parents[0]->manifest, m->manifest));
	assert_int_equal(child->created->parents[1]->mass_g, CH_BULK_G);
	assert_true(ld_same_id(mx_container(x, "C2")->manifest, child->manifest));
	assert_string_equal(mx_container(x, "C2")->party, "REC");
	assert_int_equal(mx_container(x, "C2")->came_by.len, 0); /* in nobody's stock */
	assert_int_equal(mx_container(x, "C1")->manifest.len, 0);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->received_g, MX_C1_G);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->received_g, MX_BULK_G - CH_BULK_G);
	assert_int_equal(open_manifests(x, "GEN"), 1);
	sp_at(x, CH_REFUSED);
	assert_int_equal(MX_DUE(x, REDIRECT), x->now + LD_DAY_MS);
}

static void refused_onto_the_truck(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *child;

	mx_to_received(x);
	mx_clean(x, ch_accept_partly(x, REC, CAR1, ch_partly(x, CH_TRUCK)));
	child = sp_get(x, CH_REFUSED);
	assert_int_equal(child->waste_is_on, CH_TRUCK);
	assert_string_equal(child->holder, "CAR1");
	assert_string_equal(child->plate, "V1");
	assert_int_equal(load_of(x, "V1"), 1);
	assert_int_equal(mx_container(x, "C2")->state,
			 CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT);
	assert_string_equal(mx_container(x, "C2")->party, "CAR1");
	adds_up(mx_manifest(x));
}

/* The driver has not cosigned: it stays where it is. */
static void not_taken_back(void **state)
{
	struct mx *x = *state;

	mx_to_received(x);
	mx_flagged(x, ch_accept_partly(x, REC, MX_KEYS, ch_partly(x, CH_TRUCK)), OUT_OF_ORDER);
	assert_int_equal(sp_get(x, CH_REFUSED)->waste_is_on, CH_SITE);
	assert_string_equal(sp_get(x, CH_REFUSED)->holder, "REC");
	assert_int_equal(load_of(x, "V1"), 0);
}

/* What was neither accepted nor refused is the line's loss. */
static void less_than_was_there(void **state)
{
	struct mx *x = *state;
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->lines[1]->mass_g -= 10;
	mx_accepted(x, ch_accept_partly(x, REC, MX_KEYS, b));
	adds_up(mx_manifest(x));
	assert_int_equal(mx_manifest(x)->lines[1]->loss_g, 10);
}

static void hostile_refusals(void **state)
{
	struct mx *x = *state;
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->child = mx_id(x);
	mx_refused(x, ch_accept_partly(x, REC, MX_KEYS, b), ALREADY_EXISTS);
	b = ch_partly(x, CH_SITE);
	b->refused[1]->item->mass_g = LD_MAX_MASS_G + 1;
	mx_refused(x, ch_accept_partly(x, REC, MX_KEYS, b), QUANTITY);
	b = ch_partly(x, CH_SITE); /* a drum twice, one of another manifest, more than there is */
	b->refused[2] = b->refused[0];
	b->refused[3] = MX_NEW(x, Liandan__RefusedItem, LIANDAN__REFUSED_ITEM__INIT);
	b->refused[3]->item = mx_item(x, "C9", 1, 5);
	b->refused[3]->reason = LIANDAN__REJECT_REASON__REJECT_REASON_OTHER;
	b->refused[1]->item->mass_g = LD_MAX_MASS_G;
	b->n_refused = 4;
	mx_flagged(x, ch_accept_partly(x, REC, MX_KEYS, b), NOT_ADDING);
	assert_int_equal(sp_items_g(sp_get(x, CH_REFUSED)), MX_C2_G + MX_BULK_G);
	adds_up(mx_manifest(x));
}

/* A drum that left the load before, on another truck, is not weighed at this gate. */
static void split_then_partly_refused(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	Liandan__PartlyAccepted *b;

	mx_to_sealed(x);
	sp_bulk(x, &s, 200000);
	mx_clean(x, sp_take(x, SP_CHILD, &s));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	b = ch_partly(x, CH_SITE);
	b->lines[1]->mass_g -= 200000;
	mx_ticket(x, 0x73, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE, SP_ALL_G - 200000,
		  &b->tickets[0]);
	mx_clean(x, ch_accept_partly(x, REC, MX_KEYS, b));
	assert_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED));
	adds_up(mx_manifest(x));
	assert_int_equal(mx_manifest(x)->lines[1]->passed_g, 200000 + CH_BULK_G);
	assert_int_equal(mx_manifest(x)->lines[1]->loss_g, 0);
}

/* ---- return ---- */

/* On the truck: it drives back, the generator receives and accepts, its book is as before. */
static void returned(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;

	ch_to_rejected(x, CH_TRUCK);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1")));
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(
	    mx_own(x, LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED)->manifest_closed->reason,
	    LIANDAN__CLOSE_REASON__CLOSE_REASON_REDIRECTED);
	adds_up(m);
	assert_int_equal(MX_DUE(x, REDIRECT), 0);
	sp_at(x, CH_SENT_ON);
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_int_equal(m->created->kind, LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN);
	assert_string_equal(m->holder, "CAR1");
	assert_int_equal(load_of(x, "V1"), 1);
	assert_int_not_equal(MX_DUE(x, ARRIVAL), 0);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, ch_arrived(x, "V1", "S-GEN")));
	mx_clean(x, mx_receive(x, GEN, ch_received(x, "S-GEN")));
	assert_int_equal(load_of(x, "V1"), 0);
	mx_accepted(x, mx_accept(x, GEN, ch_accepted_all(x)));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(MX_DUE(x, TREATMENT), 0); /* it is nobody's to treat */
	assert_int_equal(open_manifests(x, "GEN"), 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->in_stock_g, SP_LINE1_G);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, MX_BULK_G);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->contained_g, SP_LINE1_G);
	assert_string_equal(mx_container(x, "C1")->party, "GEN");
	assert_string_equal(mx_container(x, "C1")->site, "S-GEN");
}

/* What came back leaves again as its own waste: no parent, no share. */
static void sent_again(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft;

	ch_to_returning(x);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, ch_arrived(x, "V1", "S-GEN")));
	mx_clean(x, mx_receive(x, GEN, ch_received(x, "S-GEN")));
	mx_accepted(x, mx_accept(x, GEN, ch_accepted_all(x)));
	fw_next(x, 0x55);
	draft = mx_created(x);
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	mx_was_at(x, "V1", "S-GEN");
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->in_stock_g, 0);
	sp_deliver(x, CAR1, "V1");
}

/* The generator refuses its own return: an authority orders, with a number. */
static void refused_return(void **state)
{
	struct mx *x = *state;
	Liandan__Redirected *b;

	ch_to_returning(x);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, ch_arrived(x, "V1", "S-GEN")));
	mx_clean(x, mx_reject(x, GEN, CH_TRUCK));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__REJECTED_ALL);
	b = ch_redirected(x, CH_OTHER, "CAR1");
	b->child = sp_id(x, 0xd3);
	mx_refused(x, ch_redirect(x, GEN, b), WRONG_ROLE);
	mx_refused(x, ch_redirect(x, REC, b), WRONG_ROLE);
	mx_refused(x, ch_redirect(x, EEB, b), WRONG_ROLE); /* no number */
	b->order_no = MX_S("Order-1");
	mx_clean(x, ch_redirect(x, EEB, b));
	sp_at(x, 0xd3);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_string_equal(mx_manifest(x)->created->receiver->party, "REC2");
	assert_int_equal(sp_items_g(mx_manifest(x)), SP_ALL_G);
	assert_int_equal(open_manifests(x, "GEN"), 1);
}

/* What a collector sent on and got back is with an operator again, for a year at most. */
static void returned_to_an_operator(void **state)
{
	struct mx *x = *state;
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__ManifestCreated *b = fw_created(x, parent);
	Liandan__Redirected *r;

	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	mx_clean(x, fw_take(x));
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, ch_arrived(x, "V1", "S-REC2")));
	reject_as_rec2(x);
	r = ch_redirected(x, CH_RETURN, "CAR1");
	r->receiver->party = MX_S("REC");
	r->receiver->site = MX_S("S-REC");
	mx_clean(x, ch_redirect(x, RECG, r));
	sp_at(x, CH_SENT_ON);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, RECG, mx_received(x)));
	mx_accepted(x, mx_accept(x, REC, ch_accepted_all(x)));
	assert_int_not_equal(MX_DUE(x, TREATMENT), 0);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->in_stock_g, SP_LINE1_G);
	/* and may be sent on once more, as coming from there */
	b = fw_created(x, fw_next(x, 0x66));
	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
}

static void stored_again(void **state)
{
	struct mx *x = *state;
	Liandan__ContainerStored *b =
	    MX_NEW(x, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);
	Liandan__Item *drum = mx_item(x, "C1", 1, MX_C1_G);
	MX_EVENT(e, CONTAINER_STORED, b);

	ch_to_returning(x);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, ch_arrived(x, "V1", "S-GEN")));
	mx_clean(x, mx_receive(x, GEN, ch_received(x, "S-GEN")));
	mx_accepted(x, mx_accept(x, GEN, ch_accepted_all(x)));
	b->batch = MX_S("in-again");
	b->site = MX_S("S-GEN");
	b->manifest = mx_id(x);
	b->items = &drum;
	b->n_items = 1;
	mx_clean(x, mx_put(x, GEN, &e));
	assert_int_equal(mx_manifest(x)->stored_g, MX_C1_G);
}

/* ---- lost ---- */

static Liandan__Reason lose(struct mx *x, enum mx_who who)
{
	Liandan__LossRecorded *b = MX_NEW(x, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	MX_EVENT(e, LOSS_RECORDED, b);

	b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
	b->subject = ld_arena_dup(&x->build, ld_c_hex(&x->c, mx_id(x)), 2 * LD_UUID_BYTES + 1);
	b->mass_g = SP_ALL_G;
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	b->report_no = MX_S("R-1");
	return mx_put(x, who, &e);
}

/* What was rejected and disappears is in nobody's book: an authority's word ends it. */
static void lost_after_the_rejection(void **state)
{
	struct mx *x = *state;

	ch_to_rejected(x, CH_TRUCK);
	mx_clean(x, lose(x, EEB));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__LOST);
	assert_int_equal(MX_DUE(x, REDIRECT), 0);
	assert_int_equal(load_of(x, "V1"), 0);
	assert_int_equal(open_manifests(x, "GEN"), 0);
}

static void lost_in_quarantine(void **state)
{
	struct mx *x = *state;

	ch_to_rejected(x, CH_SITE);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_OTHER, "CAR2")));
	sp_at(x, CH_SENT_ON);
	mx_clean(x, mx_offer(x, REC, mx_offered(x, 1, "CAR2")));
	mx_clean(x, lose(x, EEB));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	assert_true(mx_manifest(x)->offer->closed);
	assert_int_equal(MX_DUE(x, OFFER), 0);
	assert_int_equal(MX_DUE(x, REDIRECT), 0);
}

/* ---- elsewhere, out of the quarantine ---- */

static void picked_up_by_another(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;

	ch_to_rejected(x, CH_SITE);
	assert_string_equal(mx_manifest(x)->holder, "REC");
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_OTHER, "CAR2")));
	sp_at(x, CH_SENT_ON);
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__SEALED);
	assert_string_equal(m->holder, "REC");
	assert_int_equal(MX_DUE(x, REDIRECT), x->now + LD_DAY_MS);
	mx_was_at(x, "V2", "S-REC");
	/* it stands with REC: the generator cannot give it, nor cancel it */
	mx_refused(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR2")), WRONG_ROLE);
	mx_refused(x, mx_cancel(x, GEN), OUT_OF_ORDER);
	mx_clean(x, mx_offer(x, REC, mx_offered(x, 1, "CAR2")));
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 1, "V2")));
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_string_equal(m->holder, "CAR2");
	assert_int_equal(m->taken_g, SP_ALL_G);
	assert_int_equal(MX_DUE(x, REDIRECT), 0);
	assert_string_equal(mx_container(x, "C1")->party, "CAR2");
	assert_int_equal(mx_container(x, "C1")->state,
			 CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT);
	/* nobody's book has moved */
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->received_g, 0);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->shipped_g, 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->shipped_g, SP_LINE1_G);
}

/* A part of what waits there goes on one truck, the rest on another. */
static void out_of_the_quarantine_in_parts(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};

	ch_to_rejected(x, CH_SITE);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_OTHER, "CAR2")));
	sp_at(x, CH_SENT_ON);
	mx_was_at(x, "V2", "S-REC");
	sp_drum(x, &s, "C1", 0);
	mx_clean(x, mx_offer(x, REC, sp_offered(x, 1, "CAR2", &s)));
	mx_clean(x, mx_take(x, CAR2, sp_taken(x, 1, "V2", 0xe1, &s)));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__SEALED);
	assert_string_equal(sp_get(x, 0xe1)->holder, "CAR2");
	mx_clean(x, mx_offer(x, REC, mx_offered(x, 1, "CAR2")));
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 1, "V2")));
	assert_int_equal(sp_items_g(mx_manifest(x)) + sp_items_g(sp_get(x, 0xe1)), SP_ALL_G);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->shipped_g, SP_LINE1_G);
	assert_int_equal(open_manifests(x, "GEN"), 2);
}

/* What was refused of a load goes its own way; what was accepted stays accepted. */
static void the_refused_part_goes_back(void **state)
{
	struct mx *x = *state;

	mx_to_received(x);
	mx_clean(x, ch_accept_partly(x, REC, CAR1, ch_partly(x, CH_TRUCK)));
	sp_at(x, CH_REFUSED);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1")));
	adds_up(mx_manifest(x));
	sp_at(x, CH_SENT_ON);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, ch_arrived(x, "V1", "S-GEN")));
	mx_clean(x, mx_receive(x, GEN, ch_received(x, "S-GEN")));
	mx_accepted(x, mx_accept(x, GEN, ch_accepted_all(x)));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->in_stock_g, MX_C2_G);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, CH_BULK_G);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->in_stock_g, MX_C1_G);
	assert_int_equal(open_manifests(x, "GEN"), 0);
}

static void hostile_redirections(void **state)
{
	struct mx *x = *state;
	Liandan__Redirected *b;

	ch_to_rejected(x, CH_TRUCK);
	b = ch_redirected(x, CH_RETURN, "CAR2"); /* CAR1 has it */
	mx_refused(x, ch_redirect(x, GEN, b), CARRIER_NOT_NAMED);
	b = ch_redirected(x, CH_RETURN, "CAR1");
	b->child = mx_id(x);
	mx_refused(x, ch_redirect(x, GEN, b), ALREADY_EXISTS);
	b = ch_redirected(x, CH_RETURN, "CAR1");
	b->receiver->site = MX_S("S-GEN2");
	mx_refused(x, ch_redirect(x, GEN, b), UNKNOWN_SITE);
	b = ch_redirected(x, CH_OTHER, "CAR1");
	b->receiver->party = MX_S("GEN");
	mx_refused(x, ch_redirect(x, GEN, b), UNKNOWN_PARTY);
	b = ch_redirected(x, CH_OTHER, "CAR1");
	b->receiver->party = MX_S("REC");
	b->receiver->site = MX_S("S-REC"); /* where it was rejected */
	mx_refused(x, ch_redirect(x, GEN, b), SAME_SITE);
	mx_refused(x, ch_redirect(x, GEN2, ch_redirected(x, CH_RETURN, "CAR1")), WRONG_ROLE);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1")));
	b = ch_redirected(x, CH_RETURN, "CAR1"); /* once */
	b->child = sp_id(x, 0xd9);
	mx_refused(x, ch_redirect(x, GEN, b), OUT_OF_ORDER);
}

/* ---- genealogy ---- */

struct edge {
	size_t n;
	char id[LD_MAX_ID_BYTES + 1];
	int64_t mass_g;
};

static int note(void *ctx, const struct ld_node *n, int64_t mass_g, uint64_t index)
{
	struct edge *e = ctx;

	(void)index;
	if (n->kind != LD_NODE_MANIFEST)
		return 0;
	e->n++;
	memcpy(e->id, n->id, sizeof e->id);
	e->mass_g = mass_g;
	return 0;
}

static void must_lead(struct mx *x, uint8_t from, uint8_t to, int64_t mass_g)
{
	const struct ld_node a = ld_node_manifest(sp_id(x, from)),
			     b = ld_node_manifest(sp_id(x, to));
	struct edge e = {.n = 0};

	assert_int_equal(ld_lineage_down(&x->c, &a, note, &e), LD_OK);
	assert_int_equal(e.n, 1);
	assert_string_equal(e.id, b.id);
	assert_int_equal(e.mass_g, mass_g);
}

static void genealogy(void **state)
{
	struct mx *x = *state;

	mx_to_received(x);
	mx_clean(x, ch_accept_partly(x, REC, CAR1, ch_partly(x, CH_TRUCK)));
	sp_at(x, CH_REFUSED);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1")));
	must_lead(x, SP_PARENT, CH_REFUSED, MX_C2_G + CH_BULK_G);
	must_lead(x, CH_REFUSED, CH_SENT_ON, MX_C2_G + CH_BULK_G);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)
	    TEST(refused_on_site),
	    TEST(refused_onto_the_truck),
	    TEST(not_taken_back),
	    TEST(less_than_was_there),
	    TEST(hostile_refusals),
	    TEST(split_then_partly_refused),
	    TEST(returned),
	    TEST(sent_again),
	    TEST(refused_return),
	    TEST(returned_to_an_operator),
	    TEST(stored_again),
	    TEST(lost_after_the_rejection),
	    TEST(lost_in_quarantine),
	    TEST(picked_up_by_another),
	    TEST(out_of_the_quarantine_in_parts),
	    TEST(the_refused_part_goes_back),
	    TEST(hostile_redirections),
	    TEST(genealogy),
#undef TEST
	};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
