/* Rows 5 and 6: offered, withdrawn, taken, declined. */
#include "scenario.h"

/* ---- CUSTODY-5 ---- */

SCENARIO(HONEST, HANDOVER_OFFERED, row, REASON_NONE)
{
	mx_to_offered(x);
}

SCENARIO(SIGNER, HANDOVER_OFFERED, row, WRONG_ROLE)
{
	mx_to_sealed(x);
	mx_offer(x, REC, mx_offered(x, 1, "CAR1"));
}

SCENARIO(PARTY, HANDOVER_OFFERED, row, WRONG_ROLE)
{
	mx_to_sealed(x);
	mx_offer(x, GEN2, mx_offered(x, 1, "CAR1"));
}

SCENARIO(ABSENT, HANDOVER_OFFERED, row, UNKNOWN_MANIFEST)
{
	mx_offer(x, GEN, mx_offered(x, 1, "CAR1"));
}

SCENARIO(PASSED, HANDOVER_OFFERED, row, OUT_OF_ORDER)
{
	mx_to_draft(x);
	mx_offer(x, GEN, mx_offered(x, 1, "CAR1"));
}

SCENARIO(TWICE, HANDOVER_OFFERED, row, OUT_OF_ORDER)
{
	mx_to_offered(x);
	mx_offer(x, GEN, mx_offered(x, 1, "CAR1"));
}

SCENARIO(HARD, HANDOVER_OFFERED, next_leg, OUT_OF_ORDER)
{
	mx_to_taken(x);
	mx_offer(x, CAR1, mx_offered(x, 1, "CAR2"));
}

SCENARIO(HARD, HANDOVER_OFFERED, on_hold, ON_HOLD)
{
	mx_to_sealed(x);
	scenario_hold(x);
	mx_offer(x, GEN, mx_offered(x, 1, "CAR1"));
}

SCENARIO(HARD, HANDOVER_OFFERED, no_live_offer, OUT_OF_ORDER)
{
	mx_to_offered(x);
	mx_offer(x, GEN, mx_offered(x, 1, "CAR2"));
}

SCENARIO(HARD, HANDOVER_OFFERED, content, BAD_CONTENT)
{
	mx_to_sealed(x);
	x->content[0] ^= 1;
	mx_offer(x, GEN, mx_offered(x, 1, "CAR1"));
}

SCENARIO(HARD, HANDOVER_OFFERED, taker_registered, UNKNOWN_PARTY)
{
	mx_to_sealed(x);
	mx_offer(x, GEN, mx_offered(x, 1, "REC"));
}

static Liandan__Reason withdraw(struct mx *x, enum mx_who who)
{
	Liandan__OfferWithdrawn *b =
	    MX_NEW(x, Liandan__OfferWithdrawn, LIANDAN__OFFER_WITHDRAWN__INIT);
	MX_EVENT(e, OFFER_WITHDRAWN, b);

	b->manifest = mx_id(x);
	b->offer = mx_bytes(x->offer, sizeof x->offer);
	return mx_put(x, who, &e);
}

SCENARIO(HONEST, OFFER_WITHDRAWN, row, REASON_NONE)
{
	mx_to_offered(x);
	withdraw(x, GEN);
}

SCENARIO(SIGNER, OFFER_WITHDRAWN, row, WRONG_ROLE)
{
	mx_to_offered(x);
	withdraw(x, REC);
}

SCENARIO(PARTY, OFFER_WITHDRAWN, row, WRONG_ROLE)
{
	mx_to_offered(x);
	withdraw(x, CAR1);
}

SCENARIO(ABSENT, OFFER_WITHDRAWN, row, UNKNOWN_MANIFEST)
{
	withdraw(x, GEN);
}

SCENARIO(TWICE, OFFER_WITHDRAWN, row, OUT_OF_ORDER)
{
	mx_to_offered(x);
	mx_clean(x, withdraw(x, GEN));
	withdraw(x, GEN);
}

SCENARIO(HARD, OFFER_WITHDRAWN, open_offer, UNKNOWN_OFFER)
{
	mx_to_sealed(x);
	withdraw(x, GEN);
}

/* ---- CUSTODY-6 ---- */

SCENARIO(HONEST, HANDOVER_TAKEN, row, REASON_NONE)
{
	mx_to_taken(x);
}

SCENARIO(SIGNER, HANDOVER_TAKEN, row, WRONG_ROLE)
{
	mx_to_offered(x);
	mx_take(x, GEN, mx_taken(x, 1, "V1"));
}

SCENARIO(ABSENT, HANDOVER_TAKEN, row, WAITS_FOR_STATE)
{
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(WAITS, HANDOVER_TAKEN, row, REASON_NONE)
{
	const Liandan__ManifestCreated *draft;
	Liandan__ManifestSealed *seal = mx_sealed(x);
	Liandan__HandoverTaken *b;

	mx_fill(x);
	draft = mx_to_draft(x);
	mx_hash_content(x, draft, seal);
	b = mx_taken(x, 1, "V1");
	b->offer.len = 0;
	MX_EVENT(e, HANDOVER_TAKEN, b);
	mx_held(x, mx_put_co(x, CAR1, GEN, &e));
	mx_seal_as(x, GEN, seal);
}

SCENARIO(PASSED, HANDOVER_TAKEN, row, OUT_OF_ORDER)
{
	mx_to_arrived(x);
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(TWICE, HANDOVER_TAKEN, row, OUT_OF_ORDER)
{
	mx_to_taken(x);
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(HARD, HANDOVER_TAKEN, next_leg, WAITS_FOR_STATE)
{
	mx_to_offered(x);
	mx_take(x, CAR2, mx_taken(x, 2, "V2"));
}

SCENARIO(HARD, HANDOVER_TAKEN, offer_given, UNKNOWN_OFFER)
{
	Liandan__HandoverTaken *b;

	mx_to_sealed(x);
	b = mx_taken(x, 1, "V1");
	b->offer.len = 0;
	mx_take(x, CAR1, b);
}

SCENARIO(HARD, HANDOVER_TAKEN, taker, WRONG_ROLE)
{
	mx_to_offered(x);
	mx_take(x, CAR2, mx_taken(x, 1, "V2"));
}

/* A draft of so much bulk, estimated, sealed and offered: signed by the same pen as BOTH. */
static void offered_bulk(struct mx *x, int64_t mass_g)
{
	Liandan__ManifestCreated *draft = mx_created(x);
	Liandan__ManifestSealed *seal = mx_sealed(x);

	mx_generate(x, "B9", "", MX_BULK, mass_g);
	draft->lines[0] = mx_line(x, 1, MX_BULK, mass_g);
	draft->n_lines = 1;
	seal->items[0] = mx_item(x, "", 1, mass_g);
	seal->n_items = 1;
	mx_person(x, "p-gen", "CAR1", LIANDAN__ROLE__ROLE_DRIVER);
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, seal));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
}

SCENARIO(HARD, HANDOVER_TAKEN, persons, SAME_PERSON)
{
	offered_bulk(x, x->c.rules->small_generator_g);
	mx_take(x, BOTH, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, persons, SAME_PERSON)
{
	offered_bulk(x, x->c.rules->small_generator_g - 1);
	mx_take(x, BOTH, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, offer_stands, OFFER_EXPIRED)
{
	mx_to_offered(x);
	mx_clean(x, withdraw(x, GEN));
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, carrier_named, CARRIER_NOT_NAMED)
{
	mx_to_sealed(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CARX")));
	mx_take(x, CARX, mx_taken(x, 1, "VX"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, content, BAD_CONTENT)
{
	mx_to_offered(x);
	x->content[0] ^= 1;
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, seals_as_offered, SEAL_DIFFERS)
{
	char *seals[1] = {MX_S("Z1")};
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	b = mx_taken(x, 1, "V1");
	b->seals = seals;
	b->n_seals = 1;
	mx_take(x, CAR1, b);
}

SCENARIO(RECORDED, HANDOVER_TAKEN, not_ended, CANCELLED_BEFORE)
{
	mx_to_offered(x);
	x->now += x->c.rules->offer_ms + 1;
	mx_clean(x, mx_cancel(x, GEN));
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, vehicle, UNKNOWN_VEHICLE)
{
	mx_to_offered(x);
	mx_take(x, CAR1, mx_taken(x, 1, "V9"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, other_trip, OVERLAPPING)
{
	Custody__Manifest m = CUSTODY__MANIFEST__INIT;
	uint8_t other[LD_UUID_BYTES] = {0x77};

	mx_to_offered(x);
	m.created = mx_created(x);
	m.created->manifest = m.manifest = mx_bytes(other, sizeof other);
	m.created->site = MX_S("S-GEN2");
	m.created->receiver->site = MX_S("S-PARK");
	m.state = CUSTODY__MANIFEST_STATE__IN_TRANSIT;
	m.leg = 1;
	m.plate = MX_S("V1");
	assert_int_equal(ld_manifest_put(&x->c, &m), LD_OK);
	assert_int_equal(ld_load_put(&x->c, &m), LD_OK);
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, trailer, UNKNOWN_VEHICLE)
{
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	b = mx_taken(x, 1, "V1");
	b->trailer = MX_S("V9");
	mx_take(x, CAR1, b);
}

SCENARIO(RECORDED, HANDOVER_TAKEN, driver, NOT_LICENSED)
{
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	b = mx_taken(x, 1, "V1");
	b->driver = MX_S("p-d2");
	mx_take(x, CAR1, b);
}

SCENARIO(RECORDED, HANDOVER_TAKEN, carrier_licensed, NOT_LICENSED)
{
	mx_to_offered(x);
	mx_licence(x, "L-C1", "CAR1", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", x->now);
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, presence, ABSENT_AT_ORIGIN)
{
	mx_to_offered(x);
	mx_was_at(x, "V1", "S-GENB");
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, containers_left, CONTAINER_ELSEWHERE)
{
	Custody__Container *o;

	mx_to_offered(x);
	o = mx_container(x, "C1");
	o->site = MX_S("S-GENB");
	assert_int_equal(ld_container_put(&x->c, o), LD_OK);
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, stock_covers, STOCK_NEGATIVE)
{
	Custody__Stock *s;

	mx_to_offered(x);
	s = mx_stock(x, "GEN", "S-GEN", MX_BULK);
	s->in_stock_g--;
	s->lost_g++;
	assert_int_equal(ld_stock_put(&x->c, s), LD_OK);
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

static Liandan__Reason decline(struct mx *x, enum mx_who who)
{
	Liandan__HandoverDeclined *b =
	    MX_NEW(x, Liandan__HandoverDeclined, LIANDAN__HANDOVER_DECLINED__INIT);
	MX_EVENT(e, HANDOVER_DECLINED, b);

	b->manifest = mx_id(x);
	b->offer = mx_bytes(x->offer, sizeof x->offer);
	b->reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_OTHER;
	return mx_put(x, who, &e);
}

SCENARIO(HONEST, HANDOVER_DECLINED, row, REASON_NONE)
{
	mx_to_offered(x);
	decline(x, CAR1);
}

SCENARIO(SIGNER, HANDOVER_DECLINED, row, WRONG_ROLE)
{
	mx_to_offered(x);
	decline(x, GEN);
}

SCENARIO(ABSENT, HANDOVER_DECLINED, row, WAITS_FOR_STATE)
{
	decline(x, CAR1);
}

SCENARIO(TWICE, HANDOVER_DECLINED, row, OUT_OF_ORDER)
{
	mx_to_offered(x);
	mx_clean(x, decline(x, CAR1));
	decline(x, CAR1);
}

SCENARIO(HARD, HANDOVER_DECLINED, offer_here, WAITS_FOR_CAUSE)
{
	mx_to_sealed(x);
	decline(x, CAR1);
}

SCENARIO(HARD, HANDOVER_DECLINED, open_offer, OUT_OF_ORDER)
{
	mx_to_offered(x);
	mx_clean(x, withdraw(x, GEN));
	decline(x, CAR1);
}

SCENARIO(HARD, HANDOVER_DECLINED, offered_to, WRONG_ROLE)
{
	mx_to_offered(x);
	decline(x, CAR2);
}

/* ---- what waits, what comes late ---- */

/* The second leg is offered before the first taking is here. */
SCENARIO(WAITS, HANDOVER_OFFERED, row, REASON_NONE)
{
	uint8_t first[LD_HASH_BYTES];

	mx_to_offered(x);
	memcpy(first, x->offer, sizeof first);
	mx_held(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	memcpy(x->offer, first, sizeof first);
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(LATE, HANDOVER_OFFERED, row, OUT_OF_ORDER)
{
	mx_to_sealed(x);
	scenario_late(x, LIANDAN__EVENT__BODY_HANDOVER_OFFERED);
	mx_offer(x, GEN, mx_offered(x, 1, "CAR1"));
}

SCENARIO(LATE, OFFER_WITHDRAWN, row, OUT_OF_ORDER)
{
	mx_to_offered(x);
	scenario_late(x, LIANDAN__EVENT__BODY_OFFER_WITHDRAWN);
	withdraw(x, GEN);
}

/* The offer of the manifest at hand, as it will be: for what comes before it. */
static ProtobufCBinaryData offer_to_come(struct mx *x)
{
	MX_EVENT(e, HANDOVER_OFFERED, mx_offered(x, 1, "CAR1"));
	ProtobufCBinaryData bytes = mx_pack(x, GEN, MX_KEYS, &e);

	ld_sha256(bytes.data, bytes.len, x->offer);
	return bytes;
}

SCENARIO(WAITS, HANDOVER_TAKEN, offer_given, REASON_NONE)
{
	ProtobufCBinaryData offer;

	mx_to_sealed(x);
	offer = offer_to_come(x);
	mx_held(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	mx_put_bytes(x, offer);
}

SCENARIO(WAITS, HANDOVER_TAKEN, next_leg, REASON_NONE)
{
	Liandan__HandoverTaken *second;

	mx_to_offered(x);
	second = mx_taken(x, 2, "V2");
	second->offer.len = 0;
	MX_EVENT(e, HANDOVER_TAKEN, second);
	mx_held(x, mx_put_co(x, CAR2, CAR1, &e));
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(LATE, HANDOVER_TAKEN, row, LATE)
{
	mx_to_offered(x);
	scenario_late(x, LIANDAN__EVENT__BODY_HANDOVER_TAKEN);
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(WAITS, HANDOVER_DECLINED, row, REASON_NONE)
{
	const Liandan__ManifestCreated *draft = mx_created(x);
	Liandan__ManifestSealed *seal = mx_sealed(x);
	ProtobufCBinaryData offer;

	mx_fill(x);
	mx_hash_content(x, draft, seal);
	offer = offer_to_come(x);
	mx_held(x, decline(x, CAR1));
	mx_clean(x, mx_create(x, mx_created(x)));
	mx_clean(x, mx_seal_as(x, GEN, seal));
	mx_put_bytes(x, offer);
}

SCENARIO(WAITS, HANDOVER_DECLINED, offer_here, REASON_NONE)
{
	ProtobufCBinaryData offer;

	mx_to_sealed(x);
	offer = offer_to_come(x);
	mx_held(x, decline(x, CAR1));
	mx_put_bytes(x, offer);
}

/* The offer has run out: nobody waits for the answer any more. */
SCENARIO(LATE, HANDOVER_DECLINED, row, OUT_OF_ORDER)
{
	mx_to_offered(x);
	scenario_late(x, LIANDAN__EVENT__BODY_HANDOVER_DECLINED);
	decline(x, CAR1);
}
