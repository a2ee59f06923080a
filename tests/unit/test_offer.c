/* Cancelled, offered, withdrawn, declined. CUSTODY-4, 5, 6. */
#include "manifest_builders.h"

static void cancelling_frees(void **state)
{
	struct mx *x = *state;
	Custody__Party *p;

	mx_to_sealed(x);
	mx_refused(x, mx_cancel(x, REC), WRONG_ROLE);
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__CANCELLED);
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__GENERATED);
	assert_int_equal(mx_container(x, "C1")->manifest.len, 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, 0);
	assert_int_equal(MX_DUE(x, PICKUP), 0);
	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	assert_int_equal(p->open_manifests, 0);
	mx_refused(x, mx_cancel(x, GEN), OUT_OF_ORDER);
	memset(x->id, 0x22, sizeof x->id);
	mx_refused(x, mx_cancel(x, GEN), UNKNOWN_MANIFEST);
	mx_to_draft(x);
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	assert_int_equal(p->drafts, 0);
	assert_int_equal(MX_DUE(x, DRAFT), 0);
}

static void a_live_offer_blocks_cancelling(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_refused(x, mx_cancel(x, GEN), OUT_OF_ORDER);
	x->now += x->c.rules->offer_ms; /* it has expired */
	mx_clean(x, mx_cancel(x, GEN));
}

static void offers(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverOffered *b;
	struct ld_tkey k;
	const uint8_t *v;
	size_t n;

	mx_to_sealed(x);
	b = mx_offered(x, 1, "CAR1");
	mx_refused(x, mx_offer(x, CAR1, b), WRONG_ROLE);
	mx_refused(x, mx_offer(x, GEN2, b), WRONG_ROLE);
	b->leg = 2;
	mx_refused(x, mx_offer(x, GEN, b), WRONG_ROLE);
	b->leg = 1;
	b->to_party = MX_S("GEN2");
	mx_refused(x, mx_offer(x, GEN, b), UNKNOWN_PARTY);
	b->to_party = MX_S("CAR1");
	b->n_items = 1;
	b->items = mx_sealed(x)->items;
	b->items[0]->mass_g++; /* a part may be offered, of what is there */
	mx_refused(x, mx_offer(x, GEN, b), QUANTITY);
	b->items[0]->mass_g--;
	b->n_items = 3;
	x->content[0] ^= 1;
	mx_refused(x, mx_offer(x, GEN, b), BAD_CONTENT);
	x->content[0] ^= 1;
	mx_clean(x, mx_offer(x, GEN, b));
	assert_string_equal(mx_manifest(x)->offer->to_party, "CAR1");
	assert_string_equal(mx_manifest(x)->offer->person, "p-gen");
	assert_int_equal(MX_DUE(x, OFFER), x->now + x->c.rules->offer_ms);
	ld_offer_key(&k, "CAR1", mx_id(x));
	assert_int_equal(ld_state_get(x->c.state, LD_T_PLATE_OFFER, k.b, k.len, &v, &n), LD_OK);
	/* one live offer at a time */
	mx_refused(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR2")), OUT_OF_ORDER);
}

static void offers_before_the_seal(void **state)
{
	struct mx *x = *state;

	mx_refused(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")), UNKNOWN_MANIFEST);
	mx_to_draft(x);
	mx_refused(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")), OUT_OF_ORDER);
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

static Liandan__Reason decline(struct mx *x, enum mx_who who)
{
	Liandan__HandoverDeclined *b =
	    MX_NEW(x, Liandan__HandoverDeclined, LIANDAN__HANDOVER_DECLINED__INIT);
	MX_EVENT(e, HANDOVER_DECLINED, b);

	b->manifest = mx_id(x);
	b->offer = mx_bytes(x->offer, sizeof x->offer);
	b->reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_PACKAGING;
	return mx_put(x, who, &e);
}

static void withdrawing(void **state)
{
	struct mx *x = *state;
	struct ld_tkey k;
	const uint8_t *v;
	size_t n;

	mx_refused(x, withdraw(x, GEN), UNKNOWN_MANIFEST);
	mx_to_offered(x);
	mx_refused(x, withdraw(x, CAR1), WRONG_ROLE);
	x->offer[0] ^= 1;
	mx_refused(x, withdraw(x, GEN), UNKNOWN_OFFER);
	x->offer[0] ^= 1;
	mx_clean(x, withdraw(x, GEN));
	assert_true(mx_manifest(x)->offer->closed);
	assert_int_equal(MX_DUE(x, OFFER), 0);
	ld_offer_key(&k, "CAR1", mx_id(x));
	assert_int_equal(ld_state_get(x->c.state, LD_T_PLATE_OFFER, k.b, k.len, &v, &n),
			 LD_ERR_NOT_FOUND);
	mx_refused(x, withdraw(x, GEN), OUT_OF_ORDER);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR2")));
}

static void declining(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverOffered *b;

	mx_held(x, decline(x, CAR1)); /* the manifest may still come */
	mx_to_sealed(x);
	memset(x->offer, 0x77, sizeof x->offer);
	mx_held(x, decline(x, CAR1)); /* so may the offer */
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_refused(x, decline(x, CAR2), WRONG_ROLE);
	mx_refused(x, decline(x, GEN), WRONG_ROLE);
	mx_clean(x, decline(x, CAR1));
	assert_true(mx_manifest(x)->offer->closed);
	mx_refused(x, decline(x, CAR1), OUT_OF_ORDER);
	b = mx_offered(x, 1, "CAR1");
	mx_clean(x, mx_offer(x, GEN, b));
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(cancelling_frees), T(a_live_offer_blocks_cancelling),
	    T(offers),		 T(offers_before_the_seal),
	    T(withdrawing),	 T(declining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
