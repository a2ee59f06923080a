/* The manifest's far end: arrived, received, accepted, rejected, closed. CUSTODY-11, 12, 14,
 * 15, 19. */
#include "manifest_builders.h"

static bool on_truck(struct mx *x, const char *plate)
{
	ProtobufCBinaryData ids[4];
	size_t n = 0;

	assert_int_equal(ld_load_of(&x->c, plate, ids, 4, &n), LD_OK);
	return n == 1 && ld_same_id(ids[0], mx_id(x));
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
	mx_held(
	    x, mx_arrive(x, CAR2, mx_arrived(x, "V2"))); /* named for leg 2, which may still come */
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
	assert_int_equal(MX_DUE(x, ACCEPTANCE), ld_workdays_after(NULL, x->now, 5));
	assert_int_equal(mx_container(x, "C1")->state,
			 CUSTODY__CONTAINER_STATE__CONTAINER_RECEIVED);
	assert_string_equal(mx_container(x, "C1")->site, "S-REC");
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->in_stock_g,
			 0); /* booked at acceptance */
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
	assert_int_equal(mx_container(x, "C1")->mass_g,
			 200000 * (int64_t)MX_C1_G / (MX_C1_G + MX_C2_G));
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
	/* nobody took it back: it is where it was received */
	mx_flagged(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK), OUT_OF_ORDER);
	assert_string_equal(mx_manifest(x)->holder, "REC");
	assert_false(on_truck(x, "V1"));
	assert_string_equal(mx_container(x, "C1")->party, "REC");
	assert_int_equal(MX_DUE(x, ACCEPTANCE), 0);
}

static void rejecting_into_quarantine(void **state)
{
	struct mx *x = *state;

	mx_to_arrived(x);
	mx_clean(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE));
	assert_string_equal(mx_manifest(x)->holder, "REC");
	assert_false(on_truck(x, "V1"));
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->in_stock_g,
			 0); /* not the receiver's stock */
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
