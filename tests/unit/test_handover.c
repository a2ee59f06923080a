/* The hand-over: taken, with one leg or several. CUSTODY-6. */
#include "rights_builders.h"

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
	assert_int_equal(ld_state_get(x->c.state, LD_T_PLATE_OFFER, k.b, k.len, &v, &n),
			 LD_ERR_NOT_FOUND);
	s = mx_stock(x, "GEN", "S-GEN", MX_CODE);
	assert_int_equal(s->in_stock_g, 0);
	assert_int_equal(s->contained_g, 0);
	assert_int_equal(s->shipped_g, MX_C1_G + MX_C2_G);
	s = mx_stock(x, "GEN", "S-GEN", MX_BULK);
	assert_int_equal(s->in_stock_g, 0);
	assert_int_equal(s->bound_g, 0);
	assert_int_equal(mx_container(x, "C1")->state,
			 CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT);
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
	assert_int_equal(mx_manifest(x)->state,
			 CUSTODY__MANIFEST_STATE__SEALED); /* the offer is not here */
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

static void a_part_without_a_child(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	b = mx_taken(x, 1, "V1");
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

/* A licence that ends with the second of the taking: when it happened counts, not when it came. */
static void a_licence_that_ends_meanwhile(void **state)
{
	struct mx *x = *state;
	const int64_t end_ms = x->now + LD_MINUTE_MS;
	MX_EVENT(too_late, HANDOVER_TAKEN, NULL);
	MX_EVENT(in_time, HANDOVER_TAKEN, NULL);

	mx_licence(x, "L-C1", "CAR1", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", end_ms);
	mx_to_offered(x);
	x->now = end_ms + LD_HOUR_MS;
	in_time.handover_taken = mx_taken(x, 1, "V1");
	in_time.occurred_at_ms = end_ms - 1;
	mx_clean(x, mx_put(x, CAR1, &in_time));
	/* the other leg's carrier: at the very end */
	mx_licence(x, "L-C2", "CAR2", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", x->now);
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	too_late.handover_taken = mx_taken(x, 2, "V2");
	too_late.occurred_at_ms = x->now;
	mx_flagged(x, mx_put(x, CAR2, &too_late), NOT_LICENSED);
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
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), ABSENT_AT_ORIGIN);
	assert_int_equal(x->j.n_violations, 1);
}

static void recorded_presence_unknown(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_vehicle(x, "V3", "CAR1"); /* no tracks at all */
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V3")), PRESENCE_UNKNOWN);
	assert_int_equal(x->j.n_violations, 1);
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

/* Signed in time by a driver without a link, heard of when the offer's clock has run out: nobody
 * was late. One that was withdrawn was not there to be taken. */
static void an_offer_taken_in_time_and_heard_of_late(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverOffered *o;
	MX_EVENT(e, HANDOVER_TAKEN, NULL);

	mx_to_sealed(x);
	o = mx_offered(x, 1, "CAR1");
	o->expires_ms = x->now + LD_HOUR_MS;
	mx_clean(x, mx_offer(x, GEN, o));
	e.handover_taken = mx_taken(x, 1, "V1");
	e.occurred_at_ms = x->now + LD_MINUTE_MS;
	x->now += 5 * LD_HOUR_MS;
	assert_true(mx_tick(x) != 0);
	assert_true(mx_manifest(x)->offer->closed);
	mx_clean(x, mx_put(x, CAR1, &e));
	assert_string_equal(mx_manifest(x)->holder, "CAR1");
}

static void an_offer_withdrawn_is_no_offer_in_time(void **state)
{
	struct mx *x = *state;
	Liandan__OfferWithdrawn w = LIANDAN__OFFER_WITHDRAWN__INIT;
	MX_EVENT(e, HANDOVER_TAKEN, NULL);
	MX_EVENT(off, OFFER_WITHDRAWN, NULL);

	mx_to_offered(x);
	e.handover_taken = mx_taken(x, 1, "V1");
	e.occurred_at_ms = x->now + LD_MINUTE_MS;
	w.manifest = mx_id(x);
	w.offer = e.handover_taken->offer;
	w.reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_OTHER;
	off.offer_withdrawn = &w;
	mx_clean(x, mx_put(x, GEN, &off));
	x->now += x->c.rules->offer_ms + LD_HOUR_MS;
	mx_tick(x);
	mx_flagged(x, mx_put(x, CAR1, &e), OFFER_EXPIRED);
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

/* A generator that drives itself, with one key for both: the key is on both sides. Nor do two keys
 * of one person give and take, whichever of them cosigns. */
static void one_hand_on_both_sides(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Liandan__ManifestSealed *s = mx_sealed(x);
	Liandan__HandoverTaken *t;
	MX_EVENT(e, HANDOVER_TAKEN, NULL);

	mx_fill(x);
	mx_generate(x, "B9", "", MX_BULK, 3000000);
	b->lines[1]->quantity->mass_g = s->items[2]->mass_g = 3000000;
	mx_add_carrier(x, b, 1, "GEN");
	mx_party(x, "GEN", LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_CARRIER,
		 LIANDAN__TIER__TIER_KEY);
	mx_licence(x, "L-CG", "GEN", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", 0);
	mx_vehicle(x, "VG", "GEN");
	mx_rekey(x, GEN, LIANDAN__ROLE__ROLE_DRIVER, "p-gen");
	mx_clean(x, mx_create(x, b));
	mx_accepted(x, mx_seal(x, b, s));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "GEN")));
	mx_refused(x, mx_take(x, GEN, mx_taken(x, 1, "VG")), SAME_PERSON);
	t = mx_taken(x, 1, "V1");
	t->offer.len = 0;
	e.handover_taken = t;
	mx_refused(x, mx_put_co(x, BOTH, GEN, &e), SAME_PERSON);
	assert_string_equal(mx_manifest(x)->holder, "GEN");
}

/* Another offer in between does not launder the first: its giver stays known. */
static void the_same_person_behind_an_older_offer(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Liandan__ManifestSealed *s = mx_sealed(x);
	Liandan__HandoverTaken *old;
	uint8_t first[LD_HASH_BYTES];
	Liandan__OfferWithdrawn *w =
	    MX_NEW(x, Liandan__OfferWithdrawn, LIANDAN__OFFER_WITHDRAWN__INIT);
	MX_EVENT(e, OFFER_WITHDRAWN, w);

	mx_fill(x);
	mx_generate(x, "B9", "", MX_BULK, 3000000);
	b->lines[1]->quantity->mass_g = s->items[2]->mass_g = 3000000;
	mx_clean(x, mx_create(x, b));
	mx_clean(x, mx_seal(x, b, s));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	memcpy(first, x->offer, sizeof first);
	old = mx_taken(x, 1, "V1");
	old->offer = mx_bytes(first, sizeof first);
	w->manifest = mx_id(x);
	w->offer = old->offer;
	w->reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_OTHER;
	mx_clean(x, mx_put(x, GEN, &e));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_refused(x, mx_take(x, BOTH, old), SAME_PERSON);
	assert_string_equal(mx_manifest(x)->holder, "GEN");
	/* somebody else may take it late; who gave is kept */
	mx_was_at(x, "V1", "S-GEN");
	mx_flagged(x, mx_take(x, CAR1, old), OFFER_EXPIRED);
	assert_string_equal(mx_manifest(x)->giver_person, "p-gen");
}

/* Nor does an event that is no offer at all: it has no giver. */
static void the_same_person_behind_what_is_no_offer(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Liandan__ManifestSealed *s = mx_sealed(x);
	Liandan__HandoverTaken *t;
	uint8_t seal[LD_HASH_BYTES];

	mx_fill(x);
	mx_generate(x, "B9", "", MX_BULK, 3000000);
	b->lines[1]->quantity->mass_g = s->items[2]->mass_g = 3000000;
	mx_clean(x, mx_create(x, b));
	mx_clean(x, mx_seal(x, b, s));
	memcpy(seal, x->hash, sizeof seal);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	t = mx_taken(x, 1, "V1");
	t->offer = mx_bytes(seal, sizeof seal);
	mx_refused(x, mx_take(x, BOTH, t), UNKNOWN_OFFER);
	mx_refused(x, mx_take(x, CAR1, t), UNKNOWN_OFFER);
	assert_string_equal(mx_manifest(x)->holder, "GEN");
}

/* It waits for what it names as its offer, and hears at once that it is none. */
static void what_it_waited_for_is_no_offer(void **state)
{
	struct mx *x = *state;
	MX_EVENT(e, WASTE_GENERATED, mx_generated(x, "B9", "", MX_BULK, 5));
	Liandan__HandoverTaken *t;
	ProtobufCBinaryData bytes;
	uint8_t hash[LD_HASH_BYTES];

	mx_to_offered(x);
	bytes = mx_pack(x, GEN, MX_KEYS, &e);
	ld_sha256(bytes.data, bytes.len, hash);
	t = mx_taken(x, 1, "V1");
	t->offer = mx_bytes(hash, sizeof hash);
	mx_held(x, mx_take(x, CAR1, t));
	mx_clean(x, mx_put_bytes(x, bytes));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED));
	assert_int_equal(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED)->held_applied->reason,
			 LIANDAN__REASON__UNKNOWN_OFFER);
}

/* An offer of another manifest gives nothing of this one, also one that was refused. */
static void anothers_offer_is_none(void **state)
{
	static const uint8_t other[LD_UUID_BYTES] = {9};
	struct mx *x = *state;
	Liandan__HandoverOffered *o;
	Liandan__HandoverTaken *t;
	uint8_t hash[LD_HASH_BYTES];

	mx_to_sealed(x);
	o = mx_offered(x, 1, "CAR1");
	o->manifest = mx_bytes(other, sizeof other);
	mx_refused(x, mx_offer(x, GEN, o), UNKNOWN_MANIFEST);
	memcpy(hash, x->hash, sizeof hash);
	t = mx_taken(x, 1, "V1");
	t->offer = mx_bytes(hash, sizeof hash);
	mx_refused(x, mx_take(x, CAR1, t), UNKNOWN_OFFER);
}

/* An offer of another manifest, named beside the cosigning giver, does not hide who gave. */
static void the_same_person_behind_anothers_offer(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Liandan__ManifestSealed *s = mx_sealed(x);
	Liandan__HandoverTaken *t;
	uint8_t hash[LD_HASH_BYTES] = {9}, other[LD_UUID_BYTES] = {9};
	Custody__Effect e = CUSTODY__EFFECT__INIT;
	MX_EVENT(taking, HANDOVER_TAKEN, NULL);

	mx_fill(x);
	mx_generate(x, "B9", "", MX_BULK, 3000000);
	b->lines[1]->quantity->mass_g = s->items[2]->mass_g = 3000000;
	mx_clean(x, mx_create(x, b));
	mx_clean(x, mx_seal(x, b, s));
	e.verdict = LIANDAN__VERDICT__ACCEPTED;
	e.manifest = mx_bytes(other, sizeof other);
	e.person = MX_S("p-gen2");
	assert_int_equal(ld_effect_put(&x->c, hash, &e), LD_OK);
	t = mx_taken(x, 1, "V1");
	t->offer = mx_bytes(hash, sizeof hash);
	taking.handover_taken = t;
	mx_refused(x, mx_put_co(x, BOTH, GEN, &taking), SAME_PERSON);
	/* another driver may; who gave is who cosigned */
	mx_was_at(x, "V1", "S-GEN");
	mx_put_co(x, CAR1, GEN, &taking);
	assert_int_equal(x->j.verdict, LIANDAN__VERDICT__ACCEPTED);
	assert_string_equal(mx_manifest(x)->giver_person, "p-gen");
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
	assert_int_equal(MX_DUE(x, ARRIVAL),
			 x->now + 15 * LD_HOUR_MS); /* half the travel is more than 2 h */
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

/* Apply never refuses: an accepted entry about what is not there does no harm. */
static void apply_is_total(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *accepted = mx_accepted_body(x);
	const Liandan__Event__BodyCase which[] = {
	    LIANDAN__EVENT__BODY_MANIFEST_SEALED,  LIANDAN__EVENT__BODY_MANIFEST_CANCELLED,
	    LIANDAN__EVENT__BODY_HANDOVER_OFFERED, LIANDAN__EVENT__BODY_OFFER_WITHDRAWN,
	    LIANDAN__EVENT__BODY_HANDOVER_TAKEN,   LIANDAN__EVENT__BODY_HANDOVER_DECLINED,
	    LIANDAN__EVENT__BODY_ARRIVED,	   LIANDAN__EVENT__BODY_RECEIVED,
	    LIANDAN__EVENT__BODY_ACCEPTED,	   LIANDAN__EVENT__BODY_REJECTED};
	Liandan__ManifestCancelled cancelled = LIANDAN__MANIFEST_CANCELLED__INIT;
	Liandan__OfferWithdrawn withdrawn = LIANDAN__OFFER_WITHDRAWN__INIT;
	Liandan__HandoverDeclined declined = LIANDAN__HANDOVER_DECLINED__INIT;
	Liandan__Rejected rejected = LIANDAN__REJECTED__INIT;
	Liandan__ManifestClosed closed = LIANDAN__MANIFEST_CLOSED__INIT;
	const void *bodies[] = {mx_sealed(x),
				&cancelled,
				mx_offered(x, 1, "CAR1"),
				&withdrawn,
				mx_taken(x, 1, "V1"),
				&declined,
				mx_arrived(x, "V1"),
				mx_received(x),
				accepted,
				&rejected};

	for (size_t i = 0; i < sizeof which / sizeof which[0]; i++) {
		Liandan__Event e = LIANDAN__EVENT__INIT;
		struct ld_fact f = {.event = &e, .event_hash = x->hash, .index = 1};
		Custody__Key *key;

		assert_int_equal(ld_key_rec_get(&x->c, x->keys[CAR1], &key), LD_OK);
		f.signer = key;
		e.body_case = which[i];
		*(const void **)&e.waste_generated = bodies[i];
		assert_int_equal(ld_manifest_apply(&x->c, &f), LD_OK);
	}
	assert_int_equal(ld_closed_apply(&x->c, &closed, 1, x->now), LD_OK);
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
	    T(a_part_without_a_child),
	    T(recorded_other_content),
	    T(recorded_carrier_not_named),
	    T(recorded_licences),
	    T(a_licence_that_ends_meanwhile),
	    T(withdrawn_licences_may_finish),
	    T(recorded_vehicle_and_driver),
	    T(recorded_unknown_driver),
	    T(recorded_presence),
	    T(recorded_presence_unknown),
	    T(recorded_expired_offer),
	    T(an_offer_taken_in_time_and_heard_of_late),
	    T(an_offer_withdrawn_is_no_offer_in_time),
	    T(recorded_replaced_offer),
	    T(recorded_seals),
	    T(recorded_missing_stock),
	    T(a_cancelled_manifest_that_was_taken),
	    T(a_cancelled_draft_cannot_be_taken),
	    T(the_same_person_above_the_threshold),
	    T(one_hand_on_both_sides),
	    T(the_same_person_behind_an_older_offer),
	    T(the_same_person_behind_what_is_no_offer),
	    T(what_it_waited_for_is_no_offer),
	    T(anothers_offer_is_none),
	    T(the_same_person_behind_anothers_offer),
	    T(the_same_person_below_it),
	    T(the_load_is_weighed),
	    T(expected_arrival),
	    T(an_implausible_eta_is_not_taken),
	    T(a_dead_clock_runs_out_nothing),
	    T(two_legs),
	    T(legs_in_any_order_of_arrival),
	    T(apply_is_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
