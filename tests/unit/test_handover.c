/* The manifest from the first hand-over to its end: taken, arrived, received, accepted, rejected, closed.
 * CUSTODY-6, 11, 12, 14, 15, 19. */
#include "manifest_fixture.h"

static bool on_truck(struct mx *x, const char *plate)
{
	ProtobufCBinaryData ids[4];
	size_t n = 0;

	assert_int_equal(ld_load_of(&x->c, plate, ids, 4, &n), LD_OK);
	return n == 1 && ld_same_id(ids[0], mx_id(x));
}

static void taking_moves_custody(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;
	Custody__Stock *s;
	struct ld_tkey k;
	const uint8_t *v;
	size_t n;

	mx_to_taken(x);
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_string_equal(m->holder, "CAR1");
	assert_string_equal(m->plate, "V1");
	assert_string_equal(m->giver_person, "p-gen");
	assert_string_equal(m->holder_person, "p-d1");
	assert_int_equal(m->leg, 1);
	assert_true(m->offer->closed);
	assert_int_equal(m->taken_g, MX_C1_G + MX_C2_G + MX_BULK_G);
	assert_false(m->taken_weighed);
	assert_int_equal(m->eta_ms, x->now + x->c.rules->arrival_default_ms);
	assert_int_equal(MX_DUE(x, ARRIVAL), m->eta_ms + 2 * LD_HOUR_MS);
	assert_int_equal(MX_DUE(x, PICKUP), 0);
	assert_int_equal(MX_DUE(x, OFFER), 0);
	assert_true(on_truck(x, "V1"));
	ld_offer_key(&k, "CAR1", mx_id(x));
	assert_int_equal(ld_state_get(x->c.state, LD_T_PLATE_OFFER, k.b, k.len, &v, &n), LD_ERR_NOT_FOUND);
	s = mx_stock(x, "GEN", "S-GEN", MX_CODE);
	assert_int_equal(s->in_stock_g, 0);
	assert_int_equal(s->contained_g, 0);
	assert_int_equal(s->shipped_g, MX_C1_G + MX_C2_G);
	s = mx_stock(x, "GEN", "S-GEN", MX_BULK);
	assert_int_equal(s->in_stock_g, 0);
	assert_int_equal(s->bound_g, 0);
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT);
	assert_string_equal(mx_container(x, "C1")->party, "CAR1");
	mx_refused(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), OUT_OF_ORDER);
}

static void taking_waits_for_its_causes(void **state)
{
	struct mx *x = *state;
	MX_EVENT(offer, HANDOVER_OFFERED, mx_offered(x, 1, "CAR1"));
	Liandan__ManifestCreated *draft = mx_created(x);
	Liandan__ManifestSealed *seal = mx_sealed(x);
	ProtobufCBinaryData bytes;
	Liandan__HandoverTaken *t;

	mx_fill(x);
	mx_hash_content(x, draft, seal);
	bytes = mx_pack(x, GEN, MX_KEYS, &offer);
	ld_sha256(bytes.data, bytes.len, x->offer);
	t = mx_taken(x, 1, "V1");
	mx_held(x, mx_take(x, CAR1, t)); /* no manifest */
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal_as(x, GEN, seal));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__SEALED); /* the offer is not here */
	mx_clean(x, mx_put_bytes(x, bytes));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
}

static void only_the_named_taker_takes(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_refused(x, mx_take(x, CAR2, mx_taken(x, 1, "V2")), WRONG_ROLE);
	mx_refused(x, mx_take(x, GEN, mx_taken(x, 1, "V1")), WRONG_ROLE);
	mx_refused(x, mx_take(x, REC, mx_taken(x, 1, "V1")), WRONG_ROLE);
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
}

static void a_taking_without_a_giver(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *b;
	uint8_t nothing[LD_HASH_BYTES] = {0};

	mx_to_sealed(x);
	b = mx_taken(x, 1, "V1");
	b->offer.len = 0;
	mx_refused(x, mx_take(x, CAR1, b), UNKNOWN_OFFER);
	b->offer = mx_bytes(nothing, sizeof nothing);
	mx_held(x, mx_take(x, CAR1, b));
}

static void cosigned_it_is_also_the_offer(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *b;

	mx_to_sealed(x);
	b = mx_taken(x, 1, "V1");
	b->offer.len = 0;
	MX_EVENT(e, HANDOVER_TAKEN, b);
	mx_refused(x, mx_put_co(x, CAR1, GEN2, &e), UNKNOWN_OFFER); /* not the giver's pen */
	mx_refused(x, mx_put_co(x, CAR1, REC, &e), UNKNOWN_OFFER);
	mx_clean(x, mx_put_co(x, CAR1, GEN, &e));
	assert_string_equal(mx_manifest(x)->giver_person, "p-gen");
	assert_string_equal(mx_manifest(x)->holder, "CAR1");
}

static void partial_is_not_taken_yet(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *b;
	uint8_t child[LD_UUID_BYTES] = {5};

	mx_to_offered(x);
	b = mx_taken(x, 1, "V1");
	b->child = mx_bytes(child, sizeof child);
	mx_refused(x, mx_take(x, CAR1, b), LIMIT);
	b->child.len = 0;
	b->n_items = 1;
	b->items = mx_sealed(x)->items;
	mx_flagged(x, mx_take(x, CAR1, b), QUANTITY);
}

/* Each recorded check, alone: the taking is accepted and custody moves. */
static void recorded_other_content(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	b = mx_taken(x, 1, "V1");
	x->content[3] ^= 1;
	mx_flagged(x, mx_take(x, CAR1, b), BAD_CONTENT);
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED));
}

static void recorded_carrier_not_named(void **state)
{
	struct mx *x = *state;

	mx_to_sealed(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CARX")));
	mx_flagged(x, mx_take(x, CARX, mx_taken(x, 1, "VX")), CARRIER_NOT_NAMED);
	assert_int_equal(x->j.n_violations, 1);
	assert_string_equal(mx_manifest(x)->holder, "CARX");
}

static void recorded_licences(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_licence(x, "L-C1", "CAR1", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", x->now);
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), NOT_LICENSED);
}

static void withdrawn_licences_may_finish(void **state)
{
	struct mx *x = *state;
	Custody__Licence *l;

	mx_to_offered(x);
	x->now += LD_MINUTE_MS;
	assert_int_equal(ld_licence_get(&x->c, "L-C1", &l), LD_OK);
	l->withdrawn_ms = x->now;
	l->in_flight = LIANDAN__IN_FLIGHT__IN_FLIGHT_MAY_FINISH;
	assert_int_equal(ld_licence_put(&x->c, l), LD_OK);
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
}

static void recorded_vehicle_and_driver(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	mx_was_at(x, "V9", "S-GEN");
	mx_was_at(x, "V2", "S-GEN");
	b = mx_taken(x, 1, "V2"); /* another carrier's */
	b->trailer = MX_S("V8");
	b->driver = MX_S("p-d2");
	mx_flagged(x, mx_take(x, CAR1, b), NOT_LICENSED);
	assert_true(mx_violated(x, LIANDAN__REASON__UNKNOWN_VEHICLE));
	assert_int_equal(x->j.n_violations, 3);
}

static void recorded_unknown_driver(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	b = mx_taken(x, 1, "V9");
	mx_was_at(x, "V9", "S-GEN");
	b->driver = MX_S("p-nobody");
	mx_flagged(x, mx_take(x, CAR1, b), UNKNOWN_PERSON);
	assert_true(mx_violated(x, LIANDAN__REASON__UNKNOWN_VEHICLE));
}

static void recorded_presence(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_was_at(x, "V1", "S-REC");
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), PRESENCE_UNKNOWN);
}

static void recorded_expired_offer(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverOffered *o;

	mx_to_sealed(x);
	o = mx_offered(x, 1, "CAR1");
	o->expires_ms = x->now + LD_MINUTE_MS;
	mx_clean(x, mx_offer(x, GEN, o));
	x->now += 2 * LD_MINUTE_MS;
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), OFFER_EXPIRED);
}

static void recorded_replaced_offer(void **state)
{
	struct mx *x = *state;
	uint8_t first[LD_HASH_BYTES];
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	memcpy(first, x->offer, sizeof first);
	x->now += x->c.rules->offer_ms;
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR2")));
	mx_was_at(x, "V1", "S-GEN");
	b = mx_taken(x, 1, "V1");
	b->offer = mx_bytes(first, sizeof first);
	mx_flagged(x, mx_take(x, CAR1, b), OFFER_EXPIRED);
	assert_string_equal(mx_manifest(x)->holder, "CAR1");
}

static void recorded_seals(void **state)
{
	struct mx *x = *state;
	char *offered[] = {MX_S("s1"), MX_S("s2")}, *taken[] = {MX_S("s1"), MX_S("s3")};
	Liandan__HandoverOffered *o;
	Liandan__HandoverTaken *b;

	mx_to_sealed(x);
	o = mx_offered(x, 1, "CAR1");
	o->n_seals = 2;
	o->seals = offered;
	mx_clean(x, mx_offer(x, GEN, o));
	b = mx_taken(x, 1, "V1");
	b->n_seals = 2;
	b->seals = taken;
	mx_flagged(x, mx_take(x, CAR1, b), SEAL_DIFFERS);
	assert_string_equal(mx_manifest(x)->seals[1], "s3");
}

static void recorded_missing_stock(void **state)
{
	struct mx *x = *state;
	Custody__Container *k;
	const struct ld_booking out = {.lost_g = 4};

	mx_to_offered(x);
	k = mx_container(x, "C1");
	k->state = CUSTODY__CONTAINER_STATE__TREATED;
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	assert_int_equal(ld_stock_book(&x->c, "GEN", "S-GEN", MX_BULK, &out, 1), LD_OK);
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), CONTAINER_ELSEWHERE);
	assert_true(mx_violated(x, LIANDAN__REASON__STOCK_NEGATIVE));
	/* not shipped twice; the bulk is, and the book shows it */
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->shipped_g, MX_C2_G);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, -4);
}

static void a_cancelled_manifest_that_was_taken(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	x->now += x->c.rules->offer_ms;
	mx_clean(x, mx_cancel(x, GEN));
	mx_was_at(x, "V1", "S-GEN");
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), CANCELLED_BEFORE);
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_string_equal(mx_container(x, "C1")->party, "CAR1");
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, 0);
}

static void a_cancelled_draft_cannot_be_taken(void **state)
{
	struct mx *x = *state;

	memset(x->content, 1, sizeof x->content);
	memset(x->offer, 1, sizeof x->offer);
	mx_to_draft(x);
	mx_clean(x, mx_cancel(x, GEN));
	mx_refused(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), OUT_OF_ORDER);
}

/* The same pen on both sides: BOTH is a driver's key of CAR1 held by the generator's person. */
static void the_same_person_above_the_threshold(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Liandan__ManifestSealed *s = mx_sealed(x);

	mx_fill(x);
	mx_generate(x, "B9", "", MX_BULK, 3000000);
	b->lines[1]->quantity->mass_g = s->items[2]->mass_g = 3000000;
	mx_clean(x, mx_create(x, b));
	mx_clean(x, mx_seal(x, b, s));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_refused(x, mx_take(x, BOTH, mx_taken(x, 1, "V1")), SAME_PERSON);
	assert_string_equal(mx_manifest(x)->holder, "GEN");
}

static void the_same_person_below_it(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *b;

	mx_to_offered(x); /* less than 3 t */
	b = mx_taken(x, 1, "V1");
	b->driver = MX_S("p-d1");
	mx_flagged(x, mx_take(x, BOTH, b), SAME_PERSON);
	assert_int_equal(x->j.n_violations, 1);
}

static void the_load_is_weighed(void **state)
{
	struct mx *x = *state;
	ProtobufCBinaryData ticket;
	Custody__Manifest *m;

	mx_to_offered(x);
	mx_ticket(x, 0x61, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD, 760000, &ticket);
	m = mx_manifest(x);
	m->n_tickets = 1;
	m->tickets = &ticket;
	assert_int_equal(ld_manifest_put(&x->c, m), LD_OK);
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	assert_true(mx_manifest(x)->taken_weighed);
	assert_int_equal(mx_manifest(x)->taken_g, 760000);
}

static void expected_arrival(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	b = mx_taken(x, 1, "V1");
	b->eta_ms = x->now + 10 * LD_HOUR_MS;
	mx_clean(x, mx_take(x, CAR1, b));
	assert_int_equal(mx_manifest(x)->eta_ms, x->now + 10 * LD_HOUR_MS);
	assert_int_equal(MX_DUE(x, ARRIVAL), x->now + 15 * LD_HOUR_MS); /* half the travel is more than 2 h */
}

static void an_implausible_eta_is_not_taken(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	b = mx_taken(x, 1, "V1");
	b->eta_ms = x->now + 365 * LD_DAY_MS;
	mx_clean(x, mx_take(x, CAR1, b));
	assert_int_equal(mx_manifest(x)->eta_ms, x->now + x->c.rules->arrival_default_ms);
}

/* A device that lost its clock: the step counts from ledger time. */
static void a_dead_clock_runs_out_nothing(void **state)
{
	struct mx *x = *state;
	MX_EVENT(e, HANDOVER_TAKEN, NULL);

	mx_to_offered(x);
	e.handover_taken = mx_taken(x, 1, "V1");
	e.occurred_at_ms = 1000;
	mx_accepted(x, mx_put(x, CAR1, &e));
	assert_int_equal(mx_manifest(x)->taken_ms, x->now);
}

static void two_legs(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;

	mx_to_taken(x);
	mx_refused(x, mx_offer(x, GEN, mx_offered(x, 2, "CAR2")), WRONG_ROLE);
	mx_refused(x, mx_offer(x, CAR2, mx_offered(x, 2, "CAR2")), WRONG_ROLE);
	mx_refused(x, mx_offer(x, CAR1, mx_offered(x, 1, "CAR2")), OUT_OF_ORDER);
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")));
	m = mx_manifest(x);
	assert_int_equal(m->leg, 2);
	assert_string_equal(m->holder, "CAR2");
	assert_string_equal(m->giver_person, "p-d1");
	assert_false(on_truck(x, "V1"));
	assert_true(on_truck(x, "V2"));
	assert_int_equal(MX_DUE(x, ARRIVAL), x->now + 6 * LD_HOUR_MS);
	assert_string_equal(mx_container(x, "C2")->party, "CAR2");
	/* shipped once */
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->shipped_g, MX_C1_G + MX_C2_G);
	mx_refused(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")), WRONG_ROLE);
	mx_clean(x, mx_arrive(x, CAR2, mx_arrived(x, "V2")));
}

static void legs_in_any_order_of_arrival(void **state)
{
	struct mx *x = *state;
	MX_EVENT(offer, HANDOVER_OFFERED, NULL);
	Liandan__HandoverTaken *first, *second;
	ProtobufCBinaryData bytes;
	uint8_t hash[LD_HASH_BYTES];

	mx_to_offered(x);
	first = mx_taken(x, 1, "V1");
	offer.handover_offered = mx_offered(x, 2, "CAR2");
	bytes = mx_pack(x, CAR1, MX_KEYS, &offer);
	ld_sha256(bytes.data, bytes.len, hash);
	second = mx_taken(x, 2, "V2");
	second->offer = mx_bytes(hash, sizeof hash);
	mx_held(x, mx_arrive(x, CAR2, mx_arrived(x, "V2")));
	mx_held(x, mx_receive(x, REC, mx_received(x)));
	mx_held(x, mx_take(x, CAR2, second));
	mx_held(x, mx_put_bytes(x, bytes));
	mx_clean(x, mx_take(x, CAR1, first));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__VERIFYING);
	assert_string_equal(mx_manifest(x)->holder, "REC");
	assert_int_equal(mx_manifest(x)->leg, 2);
}

static void arriving(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;

	mx_to_arrived(x);
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__ARRIVED);
	assert_string_equal(m->holder, "CAR1"); /* custody moves when the taker signs */
	assert_true(on_truck(x, "V1"));
	assert_int_equal(MX_DUE(x, ARRIVAL), 0);
	assert_int_equal(MX_DUE(x, RECEIPT), x->now + x->c.rules->receipt_ms);
	mx_refused(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")), OUT_OF_ORDER);
}

static void arriving_signed_by_whom(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	mx_refused(x, mx_arrive(x, REC, mx_arrived(x, "V1")), WRONG_ROLE);
	mx_refused(x, mx_arrive(x, CARX, mx_arrived(x, "V1")), WRONG_ROLE);
	mx_held(x, mx_arrive(x, CAR2, mx_arrived(x, "V2"))); /* named for leg 2, which may still come */
}

static void arriving_elsewhere(void **state)
{
	struct mx *x = *state;
	Liandan__Arrived *b;

	mx_to_taken(x);
	b = mx_arrived(x, "V2");
	b->site = MX_S("S-GEN2");
	mx_flagged(x, mx_arrive(x, CAR1, b), WRONG_PLACE);
	assert_true(mx_violated(x, LIANDAN__REASON__UNKNOWN_VEHICLE));
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1"))); /* and then at the right place */
	mx_refused(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")), OUT_OF_ORDER);
}

static void arriving_where_the_device_is_not(void **state)
{
	struct mx *x = *state;
	Liandan__Arrived *b;

	mx_to_taken(x);
	b = mx_arrived(x, "V1");
	b->place = MX_NEW(x, Liandan__Place, LIANDAN__PLACE__INIT);
	b->place->lat_e7 = 228000000;
	b->place->lon_e7 = 1142000000;
	mx_flagged(x, mx_arrive(x, CAR1, b), WRONG_PLACE);
}

static void several_manifests_arrive(void **state)
{
	struct mx *x = *state;
	Liandan__Arrived *b;
	uint8_t first[LD_UUID_BYTES];

	mx_to_taken(x);
	memcpy(first, x->id, sizeof first);
	memset(x->id, 0x22, sizeof x->id);
	b = mx_arrived(x, "V1");
	b->manifests[1] = mx_bytes(first, sizeof first);
	b->n_manifests = 2;
	mx_held(x, mx_arrive(x, CAR1, b)); /* the second is not here: both wait */
	memcpy(x->id, first, sizeof first);
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
}

static void receiving(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;

	mx_to_received(x);
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__VERIFYING);
	assert_string_equal(m->holder, "REC");
	assert_false(on_truck(x, "V1"));
	assert_int_equal(MX_DUE(x, RECEIPT), 0);
	assert_int_equal(MX_DUE(x, ACCEPTANCE), ld_workdays_after(x->now, 5));
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__CONTAINER_RECEIVED);
	assert_string_equal(mx_container(x, "C1")->site, "S-REC");
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->in_stock_g, 0); /* booked at acceptance */
	mx_refused(x, mx_receive(x, REC, mx_received(x)), OUT_OF_ORDER);
	mx_refused(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")), OUT_OF_ORDER);
}

static void receiving_before_the_arrival_waits(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	mx_refused(x, mx_receive(x, CAR1, mx_received(x)), WRONG_ROLE);
	mx_refused(x, mx_receive(x, RECG, mx_received(x)), WRONG_ROLE);
	mx_held(x, mx_receive(x, REC, mx_received(x)));
	assert_string_equal(mx_manifest(x)->holder, "CAR1");
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	assert_string_equal(mx_manifest(x)->holder, "REC");
}

static void receiving_what_differs(void **state)
{
	struct mx *x = *state;
	Liandan__Seal *found = MX_NEW(x, Liandan__Seal, LIANDAN__SEAL__INIT);
	char *seals[] = {MX_S("s1"), MX_S("s2")};
	Liandan__HandoverTaken *t;
	Liandan__Received *b;

	mx_to_offered(x);
	t = mx_taken(x, 1, "V1");
	t->n_seals = 2;
	t->seals = seals;
	mx_accepted(x, mx_take(x, CAR1, t));
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	b = mx_received(x);
	b->site = MX_S("S-GEN2");
	b->plate = MX_S("V2");
	found->id = MX_S("s1");
	found->state = LIANDAN__CONDITION__CONDITION_INTACT;
	b->n_seals = 1;
	b->seals = &found;
	b->n_items = 2;
	b->items = mx_sealed(x)->items;
	x->content[0] ^= 1;
	mx_flagged(x, mx_receive(x, REC, b), SEAL_DIFFERS);
	assert_true(mx_violated(x, LIANDAN__REASON__WRONG_PLACE));
	assert_true(mx_violated(x, LIANDAN__REASON__UNKNOWN_VEHICLE));
	assert_true(mx_violated(x, LIANDAN__REASON__COUNT_DIFFERS));
	assert_true(mx_violated(x, LIANDAN__REASON__BAD_CONTENT));
	assert_int_equal(x->j.n_violations, 5);
	assert_string_equal(mx_manifest(x)->holder, "REC");
}

static void accepting_books_and_closes(void **state)
{
	struct mx *x = *state;
	const Liandan__OwnEvent *closed;
	Custody__Manifest *m;
	Custody__Stock *s;
	Custody__Party *p;

	mx_to_accepted(x);
	closed = mx_own(x, LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED);
	assert_non_null(closed);
	assert_int_equal(closed->manifest_closed->n_lines, 2);
	assert_int_equal(closed->manifest_closed->lines[0]->loss_g, 0);
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(m->received_g, MX_C1_G + MX_C2_G + MX_BULK_G);
	assert_int_equal(m->closed_ms, x->now);
	assert_int_equal(MX_DUE(x, ACCEPTANCE), 0);
	assert_int_equal(MX_DUE(x, TREATMENT), m->accepted_ms + 365 * LD_DAY_MS);
	s = mx_stock(x, "REC", "S-REC", MX_CODE);
	assert_int_equal(s->received_g, MX_C1_G + MX_C2_G);
	assert_int_equal(s->contained_g, MX_C1_G + MX_C2_G);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->in_stock_g, MX_BULK_G);
	assert_int_equal(mx_container(x, "C2")->manifest.len, 0);
	assert_true(ld_same_id(mx_container(x, "C2")->came_by, mx_id(x)));
	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	assert_int_equal(p->open_manifests, 0);
	mx_refused(x, mx_accept(x, REC, mx_accepted_body(x)), OUT_OF_ORDER);
	mx_refused(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE), OUT_OF_ORDER);
	mx_refused(x, mx_cancel(x, GEN), OUT_OF_ORDER);
}

static void accepting_before_the_receipt_waits(void **state)
{
	struct mx *x = *state;

	mx_to_arrived(x);
	mx_refused(x, mx_accept(x, CAR1, mx_accepted_body(x)), WRONG_ROLE);
	mx_held(x, mx_accept(x, REC, mx_accepted_body(x)));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
}

/* Invariant 3: booked grams add exactly, whatever was accepted. */
static void a_shortfall_is_an_explicit_loss(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *b;
	Custody__Manifest *m;
	int64_t shipped, received;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->lines[0]->mass_g = 200000; /* of 250,001 */
	b->lines[1]->mass_g = MX_BULK_G + 5;
	mx_accepted(x, mx_accept(x, REC, b));
	m = mx_manifest(x);
	assert_int_equal(m->lines[0]->taken_g, MX_C1_G + MX_C2_G);
	assert_int_equal(m->lines[0]->loss_g, MX_C1_G + MX_C2_G - 200000);
	assert_int_equal(m->lines[1]->loss_g, -5);
	shipped = mx_stock(x, "GEN", "S-GEN", MX_CODE)->shipped_g;
	received = mx_stock(x, "REC", "S-REC", MX_CODE)->received_g;
	assert_int_equal(shipped, received + m->lines[0]->loss_g);
	/* the containers carry what was accepted, to the gram */
	assert_int_equal(mx_container(x, "C1")->mass_g + mx_container(x, "C2")->mass_g, 200000);
	assert_int_equal(mx_container(x, "C1")->mass_g, 200000 * (int64_t)MX_C1_G / (MX_C1_G + MX_C2_G));
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->contained_g, 200000);
}

static void accepting_what_differs(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *b;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->n_tickets = 0;
	b->lines[1]->line = 7;
	b->lines[0]->count = 3;
	b->lines[0]->mode = MX_S("D10");
	x->content[0] ^= 1;
	mx_flagged(x, mx_accept(x, REC, b), TICKET_MISSING);
	assert_true(mx_violated(x, LIANDAN__REASON__QUANTITY));
	assert_true(mx_violated(x, LIANDAN__REASON__COUNT_DIFFERS));
	assert_true(mx_violated(x, LIANDAN__REASON__NOT_LICENSED));
	assert_true(mx_violated(x, LIANDAN__REASON__BAD_CONTENT));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(mx_manifest(x)->lines[1]->loss_g, MX_BULK_G);
}

static void a_ticket_that_nobody_has(void **state)
{
	struct mx *x = *state;
	uint8_t other[LD_UUID_BYTES] = {3};
	Liandan__Accepted *b;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->tickets[1] = mx_bytes(other, sizeof other);
	b->n_tickets = 2;
	mx_flagged(x, mx_accept(x, REC, b), UNKNOWN_TICKET);
}

static void rejecting_on_the_truck(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	mx_held(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK));
	mx_refused(x, mx_reject(x, CAR1, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK), WRONG_ROLE);
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__REJECTED_ALL);
	assert_string_equal(mx_manifest(x)->holder, "CAR1");
	assert_true(on_truck(x, "V1"));
	assert_int_equal(MX_DUE(x, REDIRECT), x->now + 24 * LD_HOUR_MS);
	assert_int_equal(MX_DUE(x, RECEIPT), 0);
	mx_refused(x, mx_accept(x, REC, mx_accepted_body(x)), OUT_OF_ORDER);
}

static void rejecting_after_unloading(void **state)
{
	struct mx *x = *state;

	mx_to_received(x);
	mx_clean(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK));
	assert_string_equal(mx_manifest(x)->holder, "CAR1");
	assert_true(on_truck(x, "V1"));
	assert_string_equal(mx_container(x, "C1")->party, "CAR1");
	assert_int_equal(MX_DUE(x, ACCEPTANCE), 0);
}

static void rejecting_into_quarantine(void **state)
{
	struct mx *x = *state;

	mx_to_arrived(x);
	mx_clean(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE));
	assert_string_equal(mx_manifest(x)->holder, "REC");
	assert_false(on_truck(x, "V1"));
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->in_stock_g, 0); /* not the receiver's stock */
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(taking_moves_custody),
	    T(taking_waits_for_its_causes),
	    T(only_the_named_taker_takes),
	    T(a_taking_without_a_giver),
	    T(cosigned_it_is_also_the_offer),
	    T(partial_is_not_taken_yet),
	    T(recorded_other_content),
	    T(recorded_carrier_not_named),
	    T(recorded_licences),
	    T(withdrawn_licences_may_finish),
	    T(recorded_vehicle_and_driver),
	    T(recorded_unknown_driver),
	    T(recorded_presence),
	    T(recorded_expired_offer),
	    T(recorded_replaced_offer),
	    T(recorded_seals),
	    T(recorded_missing_stock),
	    T(a_cancelled_manifest_that_was_taken),
	    T(a_cancelled_draft_cannot_be_taken),
	    T(the_same_person_above_the_threshold),
	    T(the_same_person_below_it),
	    T(the_load_is_weighed),
	    T(expected_arrival),
	    T(an_implausible_eta_is_not_taken),
	    T(a_dead_clock_runs_out_nothing),
	    T(two_legs),
	    T(legs_in_any_order_of_arrival),
	    T(arriving),
	    T(arriving_signed_by_whom),
	    T(arriving_elsewhere),
	    T(arriving_where_the_device_is_not),
	    T(several_manifests_arrive),
	    T(receiving),
	    T(receiving_before_the_arrival_waits),
	    T(receiving_what_differs),
	    T(accepting_books_and_closes),
	    T(accepting_before_the_receipt_waits),
	    T(a_shortfall_is_an_explicit_loss),
	    T(accepting_what_differs),
	    T(a_ticket_that_nobody_has),
	    T(rejecting_on_the_truck),
	    T(rejecting_after_unloading),
	    T(rejecting_into_quarantine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
