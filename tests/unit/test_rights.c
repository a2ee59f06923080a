/* Delegations, grants, numbers and holds through a whole region: over a restart, and rebuilt by
 * replay. CUSTODY-1, 2, 3, 21. */
#include "tests/support/trade.c"
#include "tests/unit/review_fixture.h"

static Liandan__Event *hold_on(struct review *x, const char *party, int64_t ms)
{
	Liandan__HoldPlaced *h = TRADE_NEW(&x->t, Liandan__HoldPlaced, LIANDAN__HOLD_PLACED__INIT);

	h->hold = trade_name(&x->t, "H");
	h->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY;
	h->subject = TEXT(party);
	h->legal_basis = TEXT("Law article 27");
	h->expires_ms = ld_region_now(x->w.region) + ms;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_HOLD_PLACED, h);
}

static Liandan__Event *delegation(struct review *x, const char *id)
{
	static const uint8_t paper[LD_HASH_BYTES] = {7};
	static char *codes[1] = {TEXT("HW49")};
	Liandan__DelegationGranted *d =
	    TRADE_NEW(&x->t, Liandan__DelegationGranted, LIANDAN__DELEGATION_GRANTED__INIT);

	d->delegation = TEXT(id);
	d->giver = TEXT("gen");
	d->delegate = TEXT("haul");
	d->actions = 15;
	d->codes = codes;
	d->n_codes = 1;
	d->paper = trade_bytes(paper, sizeof paper);
	return trade_event(&x->t, LIANDAN__EVENT__BODY_DELEGATION_GRANTED, d);
}

static Liandan__Event *block(struct review *x, uint64_t first)
{
	Liandan__NumbersAllocated *b =
	    TRADE_NEW(&x->t, Liandan__NumbersAllocated, LIANDAN__NUMBERS_ALLOCATED__INIT);

	b->series = trade_name(&x->t, "S");
	b->first = first;
	b->last = first + 99;
	b->party = TEXT("gen");
	return trade_event(&x->t, LIANDAN__EVENT__BODY_NUMBERS_ALLOCATED, b);
}

static void must(struct review *x, struct signer *by, Liandan__Event *e)
{
	x->t.must(&x->t, by, e);
}

/* The broker was down when the hold ran out, and the deadlines wait after the start: intentions are
 * free all the same. */
static void a_hold_expired_over_a_restart(void **state)
{
	struct review *x = *state;

	must(x, &x->w.authority, hold_on(x, "gen", LD_HOUR_MS));
	assert_int_equal(review_send(x, &x->t.office, trade_created(&x->t)),
			 LIANDAN__VERDICT__REFUSED);
	assert_int_equal(x->w.out.reason, LIANDAN__REASON__ON_HOLD);
	world_reopen(&x->w);
	assert_int_equal(review_send(x, &x->t.office, trade_created(&x->t)),
			 LIANDAN__VERDICT__REFUSED); /* it stands over a restart */
	x->w.region->clock.base_ms += LD_HOUR_MS;
	x->w.region->hold_deadlines_until_ms = INT64_MAX;
	must(x, &x->t.office, trade_created(&x->t));
}

static uint64_t first_number(struct review *x)
{
	const uint64_t year = 1970 + (uint64_t)(ld_region_now(x->w.region) / 31556952000);

	return year * UINT64_C(10000000000) + UINT64_C(3100000001);
}

static void sealed_by_the_collector(struct review *x, const char *number)
{
	Liandan__Event *e;

	trade_begin(&x->t);
	e = trade_generated(&x->t, x->t.drum = trade_name(&x->t, "drum"), TRADE_DRUM_G);
	e->delegation = TEXT("D");
	must(x, &x->t.d1, e);
	e = trade_generated(&x->t, NULL, TRADE_BULK_G);
	e->delegation = TEXT("D");
	must(x, &x->t.d1, e);
	e = trade_created(&x->t);
	e->manifest_created->number = TEXT(number);
	e->delegation = TEXT("D");
	must(x, &x->t.d1, e);
	e = trade_sealed(&x->t);
	e->delegation = TEXT("D");
	must(x, &x->t.d1, e);
}

/* Everything of this kind, and the state is what the ledger says. */
static void rebuilt(void **state)
{
	struct review *x = *state;
	const uint64_t first = first_number(x);
	Liandan__GeneratorConfirmed *c;
	char number[24];

	must(x, &x->w.authority, delegation(x, "D"));
	must(x, &x->w.authority, block(x, first));
	snprintf(number, sizeof number, "%" PRIu64, first + 5);
	sealed_by_the_collector(x, number);
	c = TRADE_NEW(&x->t, Liandan__GeneratorConfirmed, LIANDAN__GENERATOR_CONFIRMED__INIT);
	c->manifest = trade_bytes(x->t.id, sizeof x->t.id);
	c->content = trade_bytes(x->t.content, sizeof x->t.content);
	must(x, &x->t.office,
	     trade_event(&x->t, LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED, c)); /* disputes */
	must(x, &x->t.office, trade_cancelled(&x->t));
	snprintf(number, sizeof number, "%" PRIu64, first + 2);
	sealed_by_the_collector(x, number);
	must(x, &x->w.authority, hold_on(x, "pit", LD_HOUR_MS));
	review_pass(x, 2 * LD_HOUR_MS);
	review_pass(x, 20 * LD_DAY_MS); /* nobody confirms; numbers are missing; it expires */
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__EXPIRED);
	assert_true(x->w.n_anomalies >= 3); /* disputed, silent, left out */
	review_replays(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_hold_expired_over_a_restart, review_open,
					    review_close),
	    cmocka_unit_test_setup_teardown(rebuilt, review_open, review_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
