/* Events that nobody can refuse and nobody can record would stop their device's queue for ever:
 * whatever a well-signed event is, it gets a verdict. DESIGN: Invariant 8. */
#include "tests/support/trade.c"
#include "tests/unit/review_fixture.h"

#define ACCEPTED LIANDAN__VERDICT__ACCEPTED
#define HELD LIANDAN__VERDICT__HELD

/* A milk run's ticket for as many full manifests as it may name. */
static void test_ticket_of_full_manifests(void **state)
{
	struct review *x = *state;
	uint8_t ids[LD_MAX_MANIFESTS_NAMED][LD_UUID_BYTES];
	ProtobufCBinaryData named[LD_MAX_MANIFESTS_NAMED];
	Liandan__Event *e;

	for (size_t i = 0; i < LD_MAX_MANIFESTS_NAMED; i++) {
		review_full_manifest(x);
		memcpy(ids[i], x->t.id, sizeof ids[i]);
		named[i] = trade_bytes(ids[i], sizeof ids[i]);
	}
	e = trade_weighed(&x->t, "scale", 30000000);
	e->weighed->manifests = named;
	e->weighed->n_manifests = LD_MAX_MANIFESTS_NAMED;
	assert_int_equal(review_send(x, &x->t.scale, e), ACCEPTED);
	assert_int_equal(review_manifest(x)->n_tickets, 1);
	review_replays(x);
}

/* Somebody parks the largest events he can on a manifest id: the generator's draft wakes them all.
 */
static void test_draft_wakes_large_held(void **state)
{
	struct review *x = *state;
	Liandan__Event *e;

	struct signer *drivers[] = {&x->t.dx, &x->t.d1, &x->t.d2};

	trade_begin(&x->t);
	for (size_t i = 0; i < 3 * LD_MAX_HELD_PER_PARTY; i++) {
		e = trade_taken(&x->t, 1, "TX", "p-dx");
		e->handover_taken->items = review_items(x);
		e->handover_taken->n_items = LD_MAX_ITEMS;
		assert_int_equal(review_send(x, drivers[i % 3], e), HELD);
	}
	trade_to_draft(&x->t);
	trade_to_stock(&x->t);
	review_pass(x, 60000);
	review_replays(x);
}

/* More events wait for one cause than are worked off at once: each takes effect with everything
 * that follows from it, the last one too. */
static void test_many_wait_for_one_cause(void **state)
{
	enum { N = 2 * LD_MAX_OWN_EVENTS };
	struct review *x = *state;
	struct ld_custody *c = ld_region_custody(x->w.region);
	uint8_t hash[LD_HASH_BYTES];
	ProtobufCBinaryData after = trade_bytes(hash, sizeof hash);
	Liandan__Event *e;
	Custody__Anomaly *a;
	uint8_t *bytes;
	size_t len;

	bytes = world_seal(&x->w, &x->t.office, trade_generated(&x->t, NULL, 1000), &len);
	memcpy(hash, x->w.last_hash, sizeof hash);
	for (int i = 0; i < N; i++) {
		e = trade_generated(&x->t, NULL, 1000);
		e->waste_generated->site = TEXT("pit-gate");
		if (i + 1 == N)
			e->waste_generated->line->code = TEXT("999-999-99"); /* an anomaly */
		e->after = &after;
		e->n_after = 1;
		assert_int_equal(review_send(x, &x->t.yard, e), HELD);
	}
	assert_int_equal(world_submit(&x->w, &x->t.office, bytes, len), ACCEPTED);
	free(bytes);
	review_pass(x, 60000);
	ld_arena_reset(c->arena);
	assert_int_equal(ld_anomaly_open(c, LIANDAN__ANOMALY_KIND__RULE_VIOLATED,
					 LIANDAN__REASON__BAD_WASTE_CODE, "pit", "", &a),
			 LD_OK);
	review_replays(x);
}

/* Ten full manifests whose clocks run out in the same tick. */
static void test_full_manifests_expire_together(void **state)
{
	struct review *x = *state;

	for (int i = 0; i < 40; i++)
		review_full_manifest(x);
	review_pass(x, 11 * LD_DAY_MS);
	review_pass(x, 1000);
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__EXPIRED);
	review_replays(x);
}

/* A full manifest goes its whole way. */
static void test_full_manifest_goes_through(void **state)
{
	struct review *x = *state;
	Liandan__Event *e;

	review_full_manifest(x);
	e = trade_taken(&x->t, 1, "T1", "p-d1");
	e->handover_taken->items = review_items(x);
	e->handover_taken->n_items = LD_MAX_ITEMS;
	x->t.must(&x->t, &x->t.d1, e);
	x->t.must(&x->t, &x->t.d1, trade_arrived(&x->t, "T1"));
	e = trade_received(&x->t);
	e->received->items = review_items(x);
	e->received->n_items = LD_MAX_ITEMS;
	x->t.must(&x->t, &x->t.pit, e);
	x->t.must(&x->t, &x->t.scale, trade_weighed(&x->t, "scale", INT64_C(500) * LD_MAX_ITEMS));
	x->t.must(&x->t, &x->t.pit, trade_accepted(&x->t));
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
	review_replays(x);
}

/* Whatever the arena's bound is: an event that does not fit is refused, and nothing that follows
 * from one that was accepted is left out. */
static void test_too_large_gets_a_verdict(void **state)
{
	struct review *x = *state;
	const size_t cap = x->w.region->scratch.cap;
	bool refused = false;

	for (size_t room_kib = 100; room_kib < 1600; room_kib += 50) {
		Liandan__Verdict v;

		review_full_manifest(x);
		x->t.must(&x->t, &x->t.d1, trade_taken(&x->t, 1, "T1", "p-d1"));
		x->t.must(&x->t, &x->t.d1, trade_arrived(&x->t, "T1"));
		x->t.must(&x->t, &x->t.pit, trade_received(&x->t));
		x->w.region->scratch.cap = room_kib << 10;
		v = review_send(x, &x->t.pit, trade_accepted(&x->t));
		x->w.region->scratch.cap = cap;
		refused = refused || v == LIANDAN__VERDICT__REFUSED;
		if (v == LIANDAN__VERDICT__REFUSED)
			assert_int_equal(x->w.out.reason, LIANDAN__REASON__LIMIT);
		else
			assert_int_equal(v, ACCEPTED);
		assert_int_equal(review_manifest(x)->state,
				 v == ACCEPTED ? CUSTODY__MANIFEST_STATE__CLOSED
					       : CUSTODY__MANIFEST_STATE__VERIFYING);
	}
	assert_true(refused);
	review_replays(x);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_ticket_of_full_manifests, review_open,
					    review_close),
	    cmocka_unit_test_setup_teardown(test_draft_wakes_large_held, review_open, review_close),
	    cmocka_unit_test_setup_teardown(test_many_wait_for_one_cause, review_open,
					    review_close),
	    cmocka_unit_test_setup_teardown(test_full_manifests_expire_together, review_open,
					    review_close),
	    cmocka_unit_test_setup_teardown(test_too_large_gets_a_verdict, review_open,
					    review_close),
	    cmocka_unit_test_setup_teardown(test_full_manifest_goes_through, review_open,
					    review_close),
	};

	if (argc > 1) /* one of them */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
