/* Delegates: who appoints them, what they may do, whose stock it is, and the generator's word
 * afterwards. CUSTODY-3. */
#include "plugin/custody/year.h"
#include "rights_builders.h"

#define ADMIN RECG /* becomes an admin key of GEN */
#define CREATE LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_CREATE
#define SEAL LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_SEAL
#define OFFER LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_OFFER
#define GENERATE LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_GENERATE
#define ALL_G (MX_C1_G + MX_C2_G + MX_BULK_G)

static int64_t counted(struct mx *x, uint32_t year)
{
	return ld_year_g(&x->c, LD_YEAR_DELEGATED, "D", "", year);
}

static bool awaiting(struct mx *x)
{
	return (mx_manifest(x)->flags & CUSTODY__MANIFEST_FLAG__FLAG_AWAITING_CONFIRMATION) != 0;
}

static void granted_to(struct mx *x, uint32_t actions)
{
	Liandan__DelegationGranted *d = mx_delegation(x, "D");

	d->actions = actions;
	mx_clean(x, mx_delegate(x, EEB, d));
}

static Liandan__ManifestCreated *created_under(struct mx *x)
{
	Liandan__ManifestCreated *b = mx_created(x);

	mx_clean(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b));
	return b;
}

static Liandan__Reason seal_under(struct mx *x, const Liandan__ManifestCreated *draft)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	mx_hash_content(x, draft, b);
	return MX_UNDER(x, CAR1, "D", MANIFEST_SEALED, b);
}

/* A delegate has sealed. */
static void sealed_by_delegate(struct mx *x)
{
	granted_to(x, 15);
	mx_fill(x);
	mx_clean(x, seal_under(x, created_under(x)));
}

static Liandan__Reason cancel_under(struct mx *x)
{
	Liandan__ManifestCancelled *b =
	    MX_NEW(x, Liandan__ManifestCancelled, LIANDAN__MANIFEST_CANCELLED__INIT);

	b->manifest = mx_id(x);
	return MX_UNDER(x, CAR1, "D", MANIFEST_CANCELLED, b);
}

static void granting(void **state)
{
	struct mx *x = *state;
	Liandan__DelegationGranted *d = mx_delegation(x, "D");
	Custody__Key *k;

	mx_refused(x, mx_delegate(x, GEN, d), WRONG_ROLE); /* no admin key */
	mx_refused(x, mx_delegate(x, CAR1, d), WRONG_ROLE);
	d->paper.len = 0;
	mx_refused(x, mx_delegate(x, EEB, d), BAD_CONTENT); /* an authority shows the paper */
	d = mx_delegation(x, "D");
	d->delegate = MX_S("nobody");
	mx_refused(x, mx_delegate(x, EEB, d), UNKNOWN_PARTY);
	d->delegate = MX_S("GEN");
	mx_refused(x, mx_delegate(x, EEB, d), BAD_CONTENT);
	d->delegate = MX_S("CAR1");
	d->giver = MX_S("nobody");
	mx_refused(x, mx_delegate(x, EEB, d), UNKNOWN_PARTY);
	d->giver = MX_S("GEN");
	d->actions = 16;
	mx_refused(x, mx_delegate(x, EEB, d), BAD_CONTENT);
	d->actions = 15;
	d->codes[0] = MX_S("HW5");
	mx_refused(x, mx_delegate(x, EEB, d), BAD_WASTE_CODE);
	d->codes[0] = MX_S("*");
	d->to_ms = d->from_ms;
	mx_refused(x, mx_delegate(x, EEB, d), QUANTITY);
	d->to_ms = 0;
	mx_clean(x, mx_delegate(x, EEB, d));
	d->giver = MX_S("GEN2");
	mx_refused(x, mx_delegate(x, EEB, d), ALREADY_EXISTS);
	/* the giver's admin key needs no paper */
	assert_int_equal(ld_key_rec_get(&x->c, x->keys[ADMIN], &k), LD_OK);
	k->party = MX_S("GEN");
	k->roles = LIANDAN__ROLE__ROLE_ADMIN;
	assert_int_equal(ld_key_rec_put(&x->c, k), LD_OK);
	d->paper.len = 0;
	mx_refused(x, mx_delegate(x, ADMIN, d), WRONG_ROLE);
	d->giver = MX_S("GEN");
	mx_clean(x, mx_delegate(x, ADMIN, d));
}

static void a_delegate_fills_and_seals(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverOffered *offer;
	Custody__Manifest *m;

	sealed_by_delegate(x);
	m = mx_manifest(x);
	assert_string_equal(m->delegation, "D");
	assert_string_equal(m->sealer_person, "p-d1");
	assert_true(awaiting(x));
	assert_int_equal(MX_DUE(x, CONFIRMATION),
			 ld_workdays_after(&x->c, x->now, x->c.rules->confirmation_workdays));
	assert_int_equal(counted(x, 2026), ALL_G);
	offer = mx_offered(x, 1, "CAR2");
	mx_clean(x, MX_UNDER(x, CAR1, "D", HANDOVER_OFFERED, offer));
	assert_string_equal(mx_manifest(x)->offer->from_party, "GEN");
}

/* The generator itself: nothing to confirm. */
static void without_a_delegate(void **state)
{
	struct mx *x = *state;

	mx_to_draft(x);
	mx_held(x, mx_confirm(x, GEN, true));
	x->id[0]++;
	mx_to_sealed(x);
	mx_refused(x, mx_confirm(x, GEN, true), OUT_OF_ORDER);
}

static void what_is_not_covered(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Liandan__DelegationGranted *d;

	mx_refused(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b), DELEGATION_MISSING);
	granted_to(x, SEAL | OFFER);
	mx_refused(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b), DELEGATION_MISSING);
	mx_refused(x, mx_create_as(x, CAR1, b), WRONG_ROLE); /* it names none */
	granted_to(x, CREATE);
	mx_refused(x, MX_UNDER(x, CAR2, "D", MANIFEST_CREATED, b), DELEGATION_MISSING);
	mx_refused(x, MX_UNDER(x, NOBODY, "D", MANIFEST_CREATED, b), DELEGATION_MISSING);
	b->generator = MX_S("GEN2");
	mx_refused(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b), DELEGATION_MISSING);
	b->generator = MX_S("GEN");
	d = mx_delegation(x, "D");
	d->codes[0] = MX_S("HW49"); /* line 2 is HW08 */
	mx_clean(x, mx_delegate(x, EEB, d));
	mx_refused(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b), DELEGATION_MISSING);
	d->codes[1] = MX_S(MX_BULK);
	d->n_codes = 2;
	mx_clean(x, mx_delegate(x, EEB, d));
	mx_clean(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b));
	granted_to(x, CREATE);
	mx_fill(x);
	mx_refused(x, seal_under(x, b), DELEGATION_MISSING);
	mx_clean(x, cancel_under(x)); /* who may make a draft may drop it */
}

/* A system's key acts whatever its roles are. */
static void keys_of_a_delegate(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Custody__Key *k;

	granted_to(x, CREATE);
	assert_int_equal(ld_key_rec_get(&x->c, x->keys[CAR1], &k), LD_OK);
	k->roles = LIANDAN__ROLE__ROLE_ADMIN;
	assert_int_equal(ld_key_rec_put(&x->c, k), LD_OK);
	mx_refused(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b), DELEGATION_MISSING);
	assert_int_equal(ld_key_rec_get(&x->c, x->keys[CAR1], &k), LD_OK);
	k->subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SYSTEM;
	assert_int_equal(ld_key_rec_put(&x->c, k), LD_OK);
	mx_clean(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b));
}

/* In force when the ledger records the act: signed in time and arrived after the end is refused. */
static void ended_between_signing_and_arrival(void **state)
{
	struct mx *x = *state;
	Liandan__DelegationGranted *d = mx_delegation(x, "D");
	Liandan__ManifestCreated *b = mx_created(x);
	MX_EVENT(e, MANIFEST_CREATED, b);

	d->from_ms = x->now + 1000;
	d->to_ms = x->now + 2000;
	mx_clean(x, mx_delegate(x, EEB, d));
	x->now = d->from_ms - 1;
	mx_refused(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b), DELEGATION_MISSING);
	e.delegation = MX_S("D");
	e.occurred_at_ms = d->to_ms - 500;
	x->now = d->to_ms;
	mx_refused(x, mx_put(x, CAR1, &e), DELEGATION_MISSING);
	assert_non_null(strstr(x->j.detail, "ended at"));
	x->now = d->to_ms - 1;
	mx_clean(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b));
}

/* Granted again with an earlier end: it is over. */
static void ended_by_the_giver(void **state)
{
	struct mx *x = *state;
	Liandan__DelegationGranted *d = mx_delegation(x, "D");
	Liandan__ManifestCreated *b = mx_created(x);

	mx_clean(x, mx_delegate(x, EEB, d));
	x->now += LD_DAY_MS;
	d->to_ms = x->now;
	mx_clean(x, mx_delegate(x, EEB, d));
	mx_refused(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b), DELEGATION_MISSING);
}

static void the_years_mass(void **state)
{
	struct mx *x = *state;
	Liandan__DelegationGranted *d = mx_delegation(x, "D");
	Liandan__ManifestCreated *b;
	const int64_t new_year = INT64_C(1798732800000); /* 2027-01-01 00:00, China */

	x->now = new_year - 2;
	d->from_ms = x->now;
	d->to_ms = 0;
	d->max_mass_g_per_year = ALL_G - 1;
	mx_clean(x, mx_delegate(x, EEB, d));
	mx_fill(x);
	b = created_under(x);
	mx_refused(x, seal_under(x, b), DELEGATION_MISSING); /* a gram over */
	d->max_mass_g_per_year = ALL_G;
	mx_clean(x, mx_delegate(x, EEB, d));
	x->now = new_year - 1;
	mx_clean(x, seal_under(x, b));
	assert_int_equal(counted(x, 2026), ALL_G);
	/* the next year begins with nothing, and what is given back goes back to the old one */
	x->now = new_year;
	mx_clean(x, cancel_under(x));
	assert_int_equal(counted(x, 2026), 0);
	x->id[0]++;
	b = created_under(x);
	mx_clean(x, seal_under(x, b));
	assert_int_equal(counted(x, 2027), ALL_G);
	mx_generate(x, "B7", "C7", MX_CODE, MX_C1_G);
	x->id[0]++;
	b = mx_created(x);
	b->n_lines = 1;
	b->lines[0] = mx_line(x, 1, MX_CODE, 1);
	mx_clean(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b));
	mx_refused(x, seal_under(x, b), DELEGATION_MISSING); /* used up */
}

static void given_back_when_it_expires(void **state)
{
	struct mx *x = *state;

	sealed_by_delegate(x);
	x->now += x->c.rules->pickup_ms;
	mx_tick(x);
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__EXPIRED);
	assert_int_equal(counted(x, 2026), 0);
	assert_false(awaiting(x));
}

/* ---- 代填: the stock is the giver's ---- */

static void a_collector_books_for_the_firm(void **state)
{
	struct mx *x = *state;
	Liandan__WasteGenerated *w = mx_generated(x, "B1", "C1", MX_CODE, MX_C1_G);
	Liandan__ContainerStored *s =
	    MX_NEW(x, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);
	Liandan__Item *item = mx_item(x, "C1", 0, 0);
	Custody__Batch *batch;

	mx_refused(x, MX_UNDER(x, CAR1, "D", WASTE_GENERATED, w), DELEGATION_MISSING);
	granted_to(x, CREATE);
	mx_refused(x, MX_UNDER(x, CAR1, "D", WASTE_GENERATED, w), DELEGATION_MISSING);
	granted_to(x, GENERATE);
	w->site = MX_S("S-GEN2"); /* another firm's */
	mx_refused(x, MX_UNDER(x, CAR1, "D", WASTE_GENERATED, w), WRONG_ROLE);
	w->site = MX_S("S-GEN");
	mx_clean(x, MX_UNDER(x, CAR1, "D", WASTE_GENERATED, w));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->in_stock_g, MX_C1_G);
	assert_int_equal(mx_stock(x, "CAR1", "S-GEN", MX_CODE)->in_stock_g, 0);
	assert_string_equal(mx_container(x, "C1")->party, "GEN");
	assert_int_equal(ld_batch_get(&x->c, "GEN", "B1", &batch), LD_OK);
	mx_refused(x, MX_UNDER(x, CAR1, "D", WASTE_GENERATED, w), ALREADY_EXISTS);
	s->batch = MX_S("BS");
	s->site = MX_S("S-GEN");
	s->items = &item;
	s->n_items = 1;
	mx_clean(x, MX_UNDER(x, CAR1, "D", CONTAINER_STORED, s));
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__STORED_AT_ORIGIN);
	assert_int_equal(ld_batch_get(&x->c, "GEN", "BS", &batch), LD_OK);
}

/* ---- the generator's word ---- */

static void confirming(void **state)
{
	struct mx *x = *state;

	sealed_by_delegate(x);
	mx_refused(x, mx_confirm(x, CAR1, true), WRONG_ROLE);
	mx_refused(x, mx_confirm(x, GEN2, true), WRONG_ROLE);
	x->content[0] ^= 1;
	mx_refused(x, mx_confirm(x, GEN, true), BAD_CONTENT);
	x->content[0] ^= 1;
	mx_clean(x, mx_confirm(x, GEN, true));
	assert_false(awaiting(x));
	assert_int_equal(MX_DUE(x, CONFIRMATION), 0);
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__SEALED);
	mx_refused(x, mx_confirm(x, GEN, true), OUT_OF_ORDER);
	mx_refused(x, mx_confirm(x, GEN, false), OUT_OF_ORDER);
}

/* A person with keys at both firms: who sealed does not confirm. */
static void one_pen_seals_and_confirms(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestSealed *b = mx_sealed(x);
	Liandan__ManifestCreated *draft;

	granted_to(x, 15);
	mx_fill(x);
	draft = created_under(x);
	mx_hash_content(x, draft, b);
	mx_clean(x, MX_UNDER(x, BOTH, "D", MANIFEST_SEALED, b));
	mx_refused(x, mx_confirm(x, GEN, true), SAME_PERSON);
	assert_true(awaiting(x));
}

/* The generator's word comes first, over another line: it waits for the seal. */
static void confirmed_before_the_seal(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft;

	granted_to(x, 15);
	mx_fill(x);
	draft = created_under(x);
	mx_hash_content(x, draft, mx_sealed(x));
	mx_held(x, mx_confirm(x, GEN, true));
	mx_clean(x, seal_under(x, draft));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED));
	assert_false(awaiting(x));
	assert_true(mx_manifest(x)->confirmed_ms != 0);
}

/* The collector offers under its delegation, withdraws, offers to itself and drives: one pen. */
static void offers_under_it(void **state)
{
	struct mx *x = *state;
	Liandan__OfferWithdrawn *w =
	    MX_NEW(x, Liandan__OfferWithdrawn, LIANDAN__OFFER_WITHDRAWN__INIT);

	sealed_by_delegate(x);
	mx_refused(x, mx_offer(x, CAR1, mx_offered(x, 1, "CAR1")), WRONG_ROLE);
	mx_clean(x, MX_UNDER(x, CAR1, "D", HANDOVER_OFFERED, mx_offered(x, 1, "CAR2")));
	w->manifest = mx_id(x);
	w->offer = mx_bytes(x->hash, sizeof x->hash);
	mx_clean(x, MX_UNDER(x, CAR1, "D", OFFER_WITHDRAWN, w));
	mx_clean(x, MX_UNDER(x, CAR1, "D", HANDOVER_OFFERED, mx_offered(x, 1, "CAR1")));
	memcpy(x->offer, x->hash, sizeof x->offer);
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), SAME_PERSON);
	assert_int_equal(x->j.n_violations, 1);
	/* later legs are the carrier's own */
	mx_refused(x, MX_UNDER(x, CAR2, "D", HANDOVER_OFFERED, mx_offered(x, 2, "CAR2")),
		   DELEGATION_MISSING);
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
}

/* Not the delegate, not even under the delegation. */
static void no_delegate_confirms(void **state)
{
	struct mx *x = *state;
	Liandan__GeneratorConfirmed *b =
	    MX_NEW(x, Liandan__GeneratorConfirmed, LIANDAN__GENERATOR_CONFIRMED__INIT);

	sealed_by_delegate(x);
	b->manifest = mx_id(x);
	b->content = mx_bytes(x->content, sizeof x->content);
	b->agrees = true;
	mx_refused(x, MX_UNDER(x, CAR1, "D", GENERATOR_CONFIRMED, b), DELEGATION_MISSING);
}

static void disputing(void **state)
{
	struct mx *x = *state;
	const Liandan__OwnEvent *o;

	sealed_by_delegate(x);
	mx_flagged(x, mx_confirm(x, GEN, false), DISPUTED);
	o = mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED);
	assert_non_null(o);
	assert_int_equal(o->anomaly_raised->reason, LIANDAN__REASON__DISPUTED);
	assert_int_equal(o->anomaly_raised->level, 3);
	assert_false(awaiting(x));
	assert_true(mx_manifest(x)->disputed);
	assert_true((mx_manifest(x)->flags & CUSTODY__MANIFEST_FLAG__FLAG_DISCREPANCY) != 0);
}

static void a_silent_generator(void **state)
{
	struct mx *x = *state;
	const Liandan__OwnEvent *o;

	sealed_by_delegate(x);
	x->now = MX_DUE(x, CONFIRMATION) - 1;
	assert_int_equal(mx_tick(x), 1); /* nobody has picked it up */
	x->now++;
	assert_int_equal(mx_tick(x), 1);
	o = mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED);
	assert_non_null(o);
	assert_int_equal(o->anomaly_raised->kind, LIANDAN__ANOMALY_KIND__DEADLINE);
	assert_int_equal(o->anomaly_raised->level, 2);
	assert_string_equal(o->anomaly_raised->subject, "GEN");
	/* late, but still: it explains */
	assert_true(awaiting(x));
	mx_clean(x, mx_confirm(x, GEN, true));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED));
}

/* The collector's person that sealed for the firm takes it as the driver: the same pen on both
 * sides, whoever offered. In every later state, closed too, there is something to confirm. */
static void the_delegate_drives(void **state)
{
	struct mx *x = *state;
	struct ld_rules strict = ld_rules_cn;

	sealed_by_delegate(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	strict.small_generator_g = 1;
	x->c.rules = &strict;
	mx_refused(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), SAME_PERSON);
	x->c.rules = &ld_rules_cn;
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), SAME_PERSON);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
	assert_true(awaiting(x));
	mx_clean(x, mx_confirm(x, GEN, true));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
	assert_false(awaiting(x));
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(granting),
	    T(a_delegate_fills_and_seals),
	    T(without_a_delegate),
	    T(what_is_not_covered),
	    T(keys_of_a_delegate),
	    T(ended_between_signing_and_arrival),
	    T(ended_by_the_giver),
	    T(the_years_mass),
	    T(given_back_when_it_expires),
	    T(a_collector_books_for_the_firm),
	    T(confirming),
	    T(one_pen_seals_and_confirms),
	    T(confirmed_before_the_seal),
	    T(offers_under_it),
	    T(no_delegate_confirms),
	    T(disputing),
	    T(a_silent_generator),
	    T(the_delegate_drives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
