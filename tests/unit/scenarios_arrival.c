/* Rows 11, 12, 14 and 15: arrived, received, accepted, rejected. */
#include "scenario.h"

/* ---- CUSTODY-11 ---- */

SCENARIO(HONEST, ARRIVED, row, REASON_NONE)
{
	mx_to_arrived(x);
}

SCENARIO(SIGNER, ARRIVED, row, WRONG_ROLE)
{
	mx_to_taken(x);
	mx_arrive(x, REC, mx_arrived(x, "V1"));
}

SCENARIO(PARTY, ARRIVED, row, WRONG_ROLE)
{
	mx_to_taken(x);
	mx_arrive(x, CARX, mx_arrived(x, "VX"));
}

SCENARIO(ABSENT, ARRIVED, row, WAITS_FOR_STATE)
{
	mx_arrive(x, CAR1, mx_arrived(x, "V1"));
}

SCENARIO(WAITS, ARRIVED, row, REASON_NONE)
{
	mx_to_offered(x);
	mx_held(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(PASSED, ARRIVED, row, OUT_OF_ORDER)
{
	mx_to_received(x);
	mx_arrive(x, CAR1, mx_arrived(x, "V1"));
}

SCENARIO(TWICE, ARRIVED, row, OUT_OF_ORDER)
{
	mx_to_arrived(x);
	mx_arrive(x, CAR1, mx_arrived(x, "V1"));
}

SCENARIO(RECORDED, ARRIVED, receivers_site, WRONG_PLACE)
{
	Liandan__Arrived *b = mx_arrived(x, "V1");

	mx_to_taken(x);
	b->site = MX_S("S-GENB");
	mx_arrive(x, CAR1, b);
}

SCENARIO(RECORDED, ARRIVED, same_vehicle, UNKNOWN_VEHICLE)
{
	mx_to_taken(x);
	mx_arrive(x, CAR1, mx_arrived(x, "V2"));
}

SCENARIO(RECORDED, ARRIVED, in_time, LATE)
{
	mx_to_taken(x);
	x->now += LD_DAY_MS;
	mx_arrive(x, CAR1, mx_arrived(x, "V1"));
}

/* Taken with two seals; the list of what is found has one of them, broken or not. */
static Liandan__Seal **sealed_with(struct mx *x, Liandan__Condition state)
{
	static char *set[2] = {(char *)(uintptr_t) "Z1", (char *)(uintptr_t) "Z2"};
	Liandan__HandoverOffered *o;
	Liandan__HandoverTaken *t;
	Liandan__Seal **found = ld_arena_alloc(&x->build, 2 * sizeof(Liandan__Seal *));

	mx_to_sealed(x);
	o = mx_offered(x, 1, "CAR1");
	o->seals = set;
	o->n_seals = 2;
	mx_clean(x, mx_offer(x, GEN, o));
	t = mx_taken(x, 1, "V1");
	t->seals = set;
	t->n_seals = 2;
	mx_clean(x, mx_take(x, CAR1, t));
	assert_non_null(found);
	for (int i = 0; i < 2; i++) {
		found[i] = MX_NEW(x, Liandan__Seal, LIANDAN__SEAL__INIT);
		found[i]->id = set[i];
		found[i]->state = LIANDAN__CONDITION__CONDITION_INTACT;
	}
	found[1]->state = state;
	return found;
}

SCENARIO(RECORDED, ARRIVED, seals_intact, SEAL_DIFFERS)
{
	Liandan__Arrived *b = mx_arrived(x, "V1");

	b->seals = sealed_with(x, LIANDAN__CONDITION__CONDITION_DAMAGED);
	b->n_seals = 2;
	mx_arrive(x, CAR1, b);
}

SCENARIO(RECORDED, ARRIVED, site_registered, UNKNOWN_SITE)
{
	Liandan__Arrived *b = mx_arrived(x, "V1");

	mx_to_taken(x);
	b->site = MX_S("S-NEW");
	mx_arrive(x, CAR1, b);
}

SCENARIO(RECORDED, ARRIVED, at_the_site, WRONG_PLACE)
{
	Liandan__Arrived *b = mx_arrived(x, "V1");

	mx_to_taken(x);
	b->place = MX_NEW(x, Liandan__Place, LIANDAN__PLACE__INIT);
	b->place->lat_e7 = 228000000;
	b->place->lon_e7 = 1142000000;
	mx_arrive(x, CAR1, b);
}

/* ---- CUSTODY-12 ---- */

SCENARIO(HONEST, RECEIVED, row, REASON_NONE)
{
	mx_to_received(x);
}

SCENARIO(SIGNER, RECEIVED, row, WRONG_ROLE)
{
	mx_to_arrived(x);
	mx_receive(x, CAR1, mx_received(x));
}

SCENARIO(PARTY, RECEIVED, row, WRONG_ROLE)
{
	mx_to_arrived(x);
	mx_receive(x, RECG, mx_received(x)); /* the right party, as a generator */
}

SCENARIO(ABSENT, RECEIVED, row, WAITS_FOR_STATE)
{
	mx_receive(x, REC, mx_received(x));
}

SCENARIO(WAITS, RECEIVED, row, REASON_NONE)
{
	mx_to_taken(x);
	mx_held(x, mx_receive(x, REC, mx_received(x)));
	mx_arrive(x, CAR1, mx_arrived(x, "V1"));
}

SCENARIO(PASSED, RECEIVED, row, OUT_OF_ORDER)
{
	mx_to_draft(x);
	mx_clean(x, mx_cancel(x, GEN)); /* never sealed: nobody can have taken it */
	mx_receive(x, REC, mx_received(x));
}

SCENARIO(TWICE, RECEIVED, row, OUT_OF_ORDER)
{
	mx_to_received(x);
	mx_receive(x, REC, mx_received(x));
}

/* The driver's pen is the receiver's too. */
static void arrived_by_receiver(struct mx *x, int64_t declared_g)
{
	Custody__Manifest *m;

	mx_to_arrived(x);
	m = mx_manifest(x);
	m->holder_person = MX_S(mx_who_is[REC].person);
	m->created->lines[0]->quantity->mass_g = declared_g;
	assert_int_equal(ld_manifest_put(&x->c, m), LD_OK);
	mx_receive(x, REC, mx_received(x));
}

SCENARIO(HARD, RECEIVED, persons, SAME_PERSON)
{
	arrived_by_receiver(x, x->c.rules->small_generator_g);
}

SCENARIO(RECORDED, RECEIVED, persons, SAME_PERSON)
{
	arrived_by_receiver(x, MX_C1_G);
}

SCENARIO(RECORDED, RECEIVED, content, BAD_CONTENT)
{
	mx_to_arrived(x);
	x->content[0] ^= 1;
	mx_receive(x, REC, mx_received(x));
}

SCENARIO(RECORDED, RECEIVED, receivers_site, WRONG_PLACE)
{
	Liandan__Received *b;

	mx_to_arrived(x);
	b = mx_received(x);
	b->site = MX_S("S-GENB");
	mx_receive(x, REC, b);
}

SCENARIO(RECORDED, RECEIVED, same_vehicle, UNKNOWN_VEHICLE)
{
	Liandan__Received *b;

	mx_to_arrived(x);
	b = mx_received(x);
	b->plate = MX_S("V2");
	mx_receive(x, REC, b);
}

SCENARIO(RECORDED, RECEIVED, pieces_as_sealed, COUNT_DIFFERS)
{
	Liandan__Received *b;

	mx_to_arrived(x);
	b = mx_received(x);
	b->items = mx_sealed(x)->items;
	b->n_items = 2;
	mx_receive(x, REC, b);
}

SCENARIO(RECORDED, RECEIVED, seals_intact, SEAL_DIFFERS)
{
	Liandan__Received *b;
	Liandan__Seal **found = sealed_with(x, LIANDAN__CONDITION__CONDITION_INTACT);

	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	b = mx_received(x);
	b->seals = found;
	b->n_seals = 1;
	mx_receive(x, REC, b);
}

/* ---- CUSTODY-14 ---- */

SCENARIO(HONEST, ACCEPTED, row, REASON_NONE)
{
	mx_to_accepted(x);
}

SCENARIO(SIGNER, ACCEPTED, row, WRONG_ROLE)
{
	mx_to_received(x);
	mx_accept(x, CAR1, mx_accepted_body(x));
}

SCENARIO(PARTY, ACCEPTED, row, WRONG_ROLE)
{
	mx_to_received(x);
	mx_accept(x, GEN, mx_accepted_body(x));
}

SCENARIO(ABSENT, ACCEPTED, row, WAITS_FOR_STATE)
{
	mx_accept(x, REC, mx_accepted_body(x));
}

SCENARIO(WAITS, ACCEPTED, row, REASON_NONE)
{
	mx_to_arrived(x);
	mx_held(x, mx_accept(x, REC, mx_accepted_body(x)));
	mx_receive(x, REC, mx_received(x));
}

SCENARIO(PASSED, ACCEPTED, row, OUT_OF_ORDER)
{
	mx_to_received(x);
	mx_clean(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE));
	mx_accept(x, REC, mx_accepted_body(x));
}

SCENARIO(TWICE, ACCEPTED, row, OUT_OF_ORDER)
{
	mx_to_accepted(x);
	mx_accept(x, REC, mx_accepted_body(x));
}

SCENARIO(HARD, ACCEPTED, masses, QUANTITY)
{
	Liandan__Accepted *b;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->lines[0]->mass_g = LD_MAX_MASS_G + 1;
	mx_accept(x, REC, b);
}

SCENARIO(RECORDED, ACCEPTED, content, BAD_CONTENT)
{
	mx_to_received(x);
	x->content[0] ^= 1;
	mx_accept(x, REC, mx_accepted_body(x));
}

SCENARIO(RECORDED, ACCEPTED, tickets_fit, TICKET_MISSING)
{
	Liandan__Accepted *b;

	mx_to_received(x);
	x->id[0] ^= 1;
	b = mx_accepted_body(x); /* with a ticket of another manifest */
	x->id[0] ^= 1;
	b->manifest = mx_id(x);
	mx_accept(x, REC, b);
}

SCENARIO(RECORDED, ACCEPTED, tickets_weigh, UNKNOWN_TICKET)
{
	static const uint8_t nowhere[LD_UUID_BYTES] = {9};
	Liandan__Accepted *b;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->tickets[b->n_tickets++] = mx_bytes(nowhere, sizeof nowhere);
	mx_accept(x, REC, b);
}

SCENARIO(RECORDED, ACCEPTED, lines_once, QUANTITY)
{
	Liandan__Accepted *b;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->n_lines = 1;
	mx_accept(x, REC, b);
}

SCENARIO(RECORDED, ACCEPTED, counts, COUNT_DIFFERS)
{
	Liandan__Accepted *b;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->lines[0]->count = 3;
	mx_accept(x, REC, b);
}

SCENARIO(RECORDED, ACCEPTED, modes_licensed, NOT_LICENSED)
{
	Liandan__Accepted *b;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->lines[0]->mode = MX_S("D10");
	mx_accept(x, REC, b);
}

/* ---- CUSTODY-15 ---- */

SCENARIO(HONEST, REJECTED, row, REASON_NONE)
{
	mx_to_arrived(x);
	mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK);
}

SCENARIO(SIGNER, REJECTED, row, WRONG_ROLE)
{
	mx_to_arrived(x);
	mx_reject(x, CAR1, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK);
}

SCENARIO(PARTY, REJECTED, row, WRONG_ROLE)
{
	mx_to_arrived(x);
	mx_reject(x, GEN, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK);
}

SCENARIO(ABSENT, REJECTED, row, WAITS_FOR_STATE)
{
	mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK);
}

SCENARIO(WAITS, REJECTED, row, REASON_NONE)
{
	mx_to_taken(x);
	mx_held(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK));
	mx_arrive(x, CAR1, mx_arrived(x, "V1"));
}

SCENARIO(PASSED, REJECTED, row, OUT_OF_ORDER)
{
	mx_to_accepted(x);
	mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE);
}

SCENARIO(TWICE, REJECTED, row, OUT_OF_ORDER)
{
	mx_to_received(x);
	mx_clean(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE));
	mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE);
}

SCENARIO(RECORDED, REJECTED, taken_back, OUT_OF_ORDER)
{
	mx_to_received(x);
	mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK);
}
