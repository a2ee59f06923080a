/* Amendments through a whole region: over a restart, with a manifest as large as one may be, and
 * the state is what the ledger says. CUSTODY-20. */
#include "tests/support/trade.c"
#include "tests/unit/review_fixture.h"

#define FIELD(name) LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_##name

static Liandan__Event *proposed(struct review *x, Liandan__AmendmentField field, uint32_t line,
				int64_t old, int64_t new)
{
	Liandan__AmendmentProposed *b =
	    TRADE_NEW(&x->t, Liandan__AmendmentProposed, LIANDAN__AMENDMENT_PROPOSED__INIT);
	Liandan__AmendmentChange *ch =
	    TRADE_NEW(&x->t, Liandan__AmendmentChange, LIANDAN__AMENDMENT_CHANGE__INIT);

	b->manifest = trade_bytes(x->t.id, sizeof x->t.id);
	b->base_version = review_manifest(x)->version;
	b->reason = LIANDAN__AMENDMENT_REASON__AMENDMENT_REASON_TYPING;
	b->changes = trade_dup(&x->t, &ch, sizeof ch);
	b->n_changes = 1;
	ch->field = field;
	ch->line = line;
	ch->old_number = old;
	ch->new_number = new;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED, b);
}

static Liandan__Event *agreed(struct review *x, const uint8_t proposal[LD_HASH_BYTES], bool agrees)
{
	Liandan__AmendmentAgreed *b =
	    TRADE_NEW(&x->t, Liandan__AmendmentAgreed, LIANDAN__AMENDMENT_AGREED__INIT);

	b->manifest = trade_bytes(x->t.id, sizeof x->t.id);
	b->proposal = trade_bytes(trade_dup(&x->t, proposal, LD_HASH_BYTES), LD_HASH_BYTES);
	b->agrees = agrees;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_AMENDMENT_AGREED, b);
}

static void must(struct review *x, struct signer *by, Liandan__Event *e)
{
	x->t.must(&x->t, by, e);
}

/* The proposal waits over a restart, as long as its clock says. */
static void over_a_restart(void **state)
{
	struct review *x = *state;
	uint8_t proposal[LD_HASH_BYTES];

	trade_to_received(&x->t);
	must(x, &x->t.office, proposed(x, FIELD(LINE_MASS), 2, TRADE_BULK_G, TRADE_BULK_G - 3));
	memcpy(proposal, x->t.hash, sizeof proposal);
	must(x, &x->t.d1, agreed(x, proposal, true));
	world_reopen(&x->w);
	assert_non_null(review_manifest(x)->proposal);
	assert_int_equal(review_manifest(x)->proposal->n_waits_for, 1);
	must(x, &x->t.pit, agreed(x, proposal, true));
	assert_int_equal(review_manifest(x)->version, 2);
	review_replays(x);
	world_reopen(&x->w);
	assert_int_equal(review_manifest(x)->version, 2);
	/* the second one nobody answers */
	must(x, &x->t.office, proposed(x, FIELD(LINE_MASS), 2, TRADE_BULK_G - 3, TRADE_BULK_G));
	world_reopen(&x->w);
	review_pass(x, 16 * LD_DAY_MS);
	assert_null(review_manifest(x)->proposal);
	assert_int_equal(review_manifest(x)->version, 2);
	review_replays(x);
}

/* To the end, and corrected after it; discrepancies and analyses among it. */
static void rebuilt(void **state)
{
	struct review *x = *state;
	uint8_t proposal[LD_HASH_BYTES];
	Liandan__DiscrepancyReported *d;
	Liandan__SampleAnalysed *s;

	trade_to_accepted(&x->t);
	d = TRADE_NEW(&x->t, Liandan__DiscrepancyReported, LIANDAN__DISCREPANCY_REPORTED__INIT);
	d->manifest = trade_bytes(x->t.id, sizeof x->t.id);
	d->kind = LIANDAN__DISCREPANCY_KIND__DISCREPANCY_KIND_NAME;
	must(x, &x->t.pit, trade_event(&x->t, LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED, d));
	s = TRADE_NEW(&x->t, Liandan__SampleAnalysed, LIANDAN__SAMPLE_ANALYSED__INIT);
	s->manifest = d->manifest;
	s->sample = trade_name(&x->t, "smp");
	s->verdict = LIANDAN__SAMPLE_VERDICT__SAMPLE_VERDICT_OTHER_CODE;
	must(x, &x->t.pit, trade_event(&x->t, LIANDAN__EVENT__BODY_SAMPLE_ANALYSED, s));
	must(x, &x->t.pit, proposed(x, FIELD(ACCEPTED_MASS), 2, TRADE_BULK_G, TRADE_BULK_G / 2));
	assert_int_equal(review_manifest(x)->version, 2);
	assert_non_null(
	    review_anomaly(x, LIANDAN__ANOMALY_KIND__AMENDED, LIANDAN__REASON__REASON_NONE));
	must(x, &x->t.d1, proposed(x, FIELD(LINE_MASS), 1, TRADE_DRUM_G, 2 * TRADE_DRUM_G));
	memcpy(proposal, x->t.hash, sizeof proposal);
	must(x, &x->t.pit, agreed(x, proposal, true));
	must(x, &x->t.office, agreed(x, proposal, true));
	assert_int_equal(review_manifest(x)->version, 3);
	review_pass(x, 20 * LD_DAY_MS); /* the discrepancy is not resolved */
	review_replays(x);
}

/* A thousand items of one line, each with its share of what the line now is. */
static void a_thousand_items(void **state)
{
	struct review *x = *state;
	uint8_t proposal[LD_HASH_BYTES];
	const Custody__Manifest *m;
	int64_t sum = 0;

	review_full_manifest(x);
	must(x, &x->t.d1, trade_taken(&x->t, 1, "T1", "p-d1"));
	must(x, &x->t.office, proposed(x, FIELD(LINE_MASS), 1, 500000, 499001));
	memcpy(proposal, x->t.hash, sizeof proposal);
	must(x, &x->t.d1, agreed(x, proposal, true));
	m = review_manifest(x);
	assert_int_equal(m->version, 2);
	assert_int_equal(m->n_items, LD_MAX_ITEMS);
	for (size_t i = 0; i < m->n_items; i++) {
		assert_in_range(m->items[i]->mass_g, 499, 500);
		sum += m->items[i]->mass_g;
	}
	assert_int_equal(sum, 499001);
	review_replays(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(over_a_restart, review_open, review_close),
	    cmocka_unit_test_setup_teardown(rebuilt, review_open, review_close),
	    cmocka_unit_test_setup_teardown(a_thousand_items, review_open, review_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
