/* REFUSED, each reason that the rules can give, over MQTT 5 and 3.1.1. The refused event is a leaf
 * and uses its number: the signer's next event goes on behind it. */
#include "tests/broker/verdicts.h"

#include <string.h>

#include "plugin/custody/rules.h"

#define TEXT(s) ((char *)(uintptr_t)(s))
#define BUILD(name)                                                                                \
	static Liandan__Event *name(struct rig *x, struct signer **by, struct signer **co)

static struct rig rig;

/* A licensed receiver in another province. */
static void far_away(struct rig *x)
{
	struct world *w = &x->h.world;
	Liandan__PartyRegistered *p =
	    TRADE_NEW(&x->t, Liandan__PartyRegistered, LIANDAN__PARTY_REGISTERED__INIT);

	p->party = p->name = TEXT("far");
	p->roles = LIANDAN__ROLE__ROLE_RECEIVER;
	p->division = 430100;
	assert_int_equal(world_send(w, &w->authority,
				    trade_event(&x->t, LIANDAN__EVENT__BODY_PARTY_REGISTERED, p)),
			 LIANDAN__VERDICT__ACCEPTED);
	world_site(w, "far-gate", "far", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 28.2, 112.9, 200);
	world_licence(w, "far-l", "far", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*");
}

static int setup(void **state)
{
	(void)state;
	rig_start(&rig, "plugin_opt_custody_per_s 100000\n", far_away);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_end(&rig);
	return 0;
}

/* ---- the manifest's intentions ---- */

BUILD(created_by_a_driver)
{
	(void)co;
	*by = &x->t.d1;
	return trade_created(&x->t);
}

BUILD(sealed_twice)
{
	(void)by, (void)co;
	trade_to_sealed(&x->t);
	return trade_sealed(&x->t);
}

BUILD(receiver_that_nobody_registered)
{
	Liandan__Event *e = trade_created(&x->t);

	(void)by, (void)co;
	e->manifest_created->receiver->party = TEXT("nobody");
	return e;
}

BUILD(origin_that_nobody_registered)
{
	Liandan__Event *e = trade_created(&x->t);

	(void)by, (void)co;
	e->manifest_created->site = TEXT("nowhere");
	return e;
}

BUILD(cancel_of_nothing)
{
	(void)by, (void)co;
	return trade_cancelled(&x->t);
}

BUILD(seal_of_a_drum_that_is_not)
{
	(void)by, (void)co;
	trade_to_draft(&x->t);
	x->t.drum = TEXT("no-such-drum");
	return trade_sealed(&x->t);
}

BUILD(withdrawn_that_was_not_offered)
{
	(void)by, (void)co;
	trade_to_offered(&x->t);
	x->t.offer[0] ^= 1;
	return trade_withdrawn(&x->t);
}

BUILD(created_twice)
{
	(void)by, (void)co;
	trade_to_draft(&x->t);
	return trade_created(&x->t);
}

BUILD(seal_of_a_drum_in_the_shed)
{
	char *drum = trade_name(&x->t, "drum");
	Liandan__Event *e = trade_generated(&x->t, drum, TRADE_DRUM_G);

	(void)by, (void)co;
	e->waste_generated->site = TEXT("gen-shed");
	x->t.must(&x->t, &x->t.office, e);
	trade_to_draft(&x->t);
	x->t.drum = drum;
	return trade_sealed(&x->t);
}

BUILD(number_of_three_digits)
{
	Liandan__Event *e = trade_created(&x->t);

	(void)by, (void)co;
	e->manifest_created->number = TEXT("123");
	return e;
}

BUILD(code_that_is_not)
{
	Liandan__Event *e = trade_created(&x->t);

	(void)by, (void)co;
	e->manifest_created->lines[0]->code = TEXT("999-999-99");
	return e;
}

BUILD(seal_for_a_receiver_without_licence)
{
	Liandan__Event *e;

	(void)by, (void)co;
	trade_to_stock(&x->t);
	e = trade_created(&x->t);
	e->manifest_created->receiver->party = TEXT("hole");
	e->manifest_created->receiver->site = TEXT("hole-gate");
	x->t.must(&x->t, &x->t.office, e);
	return trade_sealed(&x->t);
}

BUILD(seal_to_another_province)
{
	Liandan__Event *e;

	(void)by, (void)co;
	trade_to_stock(&x->t);
	e = trade_created(&x->t);
	e->manifest_created->receiver->party = TEXT("far");
	e->manifest_created->receiver->site = TEXT("far-gate");
	x->t.must(&x->t, &x->t.office, e);
	return trade_sealed(&x->t);
}

BUILD(seal_of_a_drum_on_hold)
{
	Liandan__HoldPlaced *h = TRADE_NEW(&x->t, Liandan__HoldPlaced, LIANDAN__HOLD_PLACED__INIT);

	(void)by, (void)co;
	trade_to_draft(&x->t);
	h->hold = trade_name(&x->t, "hold");
	h->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
	h->subject = x->t.drum;
	h->legal_basis = TEXT("Law article 27");
	h->expires_ms = harness_now_ms() + LD_HOUR_MS;
	x->t.must(&x->t, &x->h.world.authority,
		  trade_event(&x->t, LIANDAN__EVENT__BODY_HOLD_PLACED, h));
	return trade_sealed(&x->t);
}

BUILD(delegation_that_was_not_given)
{
	Liandan__Event *e = trade_created(&x->t);

	(void)co;
	*by = &x->t.d1;
	e->delegation = TEXT("D-1");
	return e;
}

BUILD(line_without_mass)
{
	Liandan__Event *e = trade_created(&x->t);

	(void)by, (void)co;
	e->manifest_created->lines[0]->quantity->mass_g = 0;
	return e;
}

/* The generator's clerk drives for the carrier: 4 t are above the small-generator threshold. */
BUILD(same_pen_on_both_sides)
{
	const int64_t mass_g = 4000000;
	Liandan__Event *e;

	(void)co;
	trade_to_stock(&x->t);
	x->t.must(&x->t, &x->t.office, trade_generated(&x->t, NULL, mass_g));
	e = trade_created(&x->t);
	e->manifest_created->lines[1]->quantity->mass_g = mass_g;
	x->t.must(&x->t, &x->t.office, e);
	x->t.must(&x->t, &x->t.office, trade_sealed(&x->t));
	x->t.must(&x->t, &x->t.office, trade_offered(&x->t, 1, "haul"));
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	*by = &x->t.own;
	return trade_taken(&x->t, 1, "T1", "");
}

BUILD(a_day_and_an_hour_ahead)
{
	Liandan__Event *e = trade_generated(&x->t, NULL, 1);

	(void)by, (void)co;
	e->occurred_at_ms = harness_now_ms() + 25 * LD_HOUR_MS;
	return e;
}

BUILD(draft_of_a_split)
{
	Liandan__Event *e = trade_created(&x->t);

	(void)by, (void)co;
	e->manifest_created->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT;
	return e;
}

BUILD(seal_of_other_contents)
{
	Liandan__Event *e;

	(void)by, (void)co;
	trade_to_draft(&x->t);
	e = trade_sealed(&x->t);
	x->t.content[0] ^= 1;
	return e;
}

/* The pit sends on to another what it has accepted: more of it than leaves. */
BUILD(forwarded_more_than_leaves)
{
	Liandan__Parent *p = TRADE_NEW(&x->t, Liandan__Parent, LIANDAN__PARENT__INIT);
	Liandan__ManifestCreated *b;
	Liandan__Event *e;

	(void)co;
	trade_to_accepted(&x->t);
	p->manifest = trade_bytes(trade_dup(&x->t, x->t.id, LD_UUID_BYTES), LD_UUID_BYTES);
	p->line = 2;
	p->mass_g = TRADE_BULK_G;
	x->t.id[LD_UUID_BYTES - 1] ^= 0x80;
	e = trade_created(&x->t);
	b = e->manifest_created;
	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD;
	b->generator = TEXT("pit");
	b->site = TEXT("pit-gate");
	b->receiver->party = TEXT("far");
	b->receiver->site = TEXT("far-gate");
	b->n_lines = 1;
	b->n_parents = 1;
	b->parents = trade_dup(&x->t, &p, sizeof p);
	*by = &x->t.yard;
	return e;
}

BUILD(from_a_site_to_itself)
{
	Liandan__Event *e = trade_created(&x->t);

	(void)co;
	*by = &x->t.yard;
	e->manifest_created->generator = TEXT("pit");
	e->manifest_created->site = TEXT("pit-gate");
	return e;
}

/* ---- the registry's acts ---- */

#define REGISTRY(x, CASE, body)                                                                    \
	(*by = &(x)->h.world.authority, trade_event(&(x)->t, LIANDAN__EVENT__BODY_##CASE, (body)))

static Liandan__KeyEnrolled *new_key(struct rig *x, const char *party, const char *device,
				     const char *person)
{
	Liandan__KeyEnrolled *k =
	    TRADE_NEW(&x->t, Liandan__KeyEnrolled, LIANDAN__KEY_ENROLLED__INIT);

	signer_new(&x->fresh, party, device, LIANDAN__ALGORITHM__ALGORITHM_P256);
	k->spki.data = (uint8_t *)(uintptr_t)ld_key_spki(x->fresh.key, &k->spki.len);
	k->algorithm = LIANDAN__ALGORITHM__ALGORITHM_P256;
	k->party = x->fresh.party;
	k->device = x->fresh.device;
	k->subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON;
	k->subject_id = TEXT(person);
	k->roles = LIANDAN__ROLE__ROLE_DRIVER;
	k->from_ms = 1;
	return k;
}

BUILD(key_for_another_firms_person)
{
	*co = &x->fresh;
	return REGISTRY(x, KEY_ENROLLED, new_key(x, "haulx", "phone", "p-d1"));
}

BUILD(key_without_proof_of_possession)
{
	(void)co;
	return REGISTRY(x, KEY_ENROLLED, new_key(x, "haulx", "phone", "p-dx"));
}

BUILD(verification_of_no_scale)
{
	Liandan__InstrumentVerified *v =
	    TRADE_NEW(&x->t, Liandan__InstrumentVerified, LIANDAN__INSTRUMENT_VERIFIED__INIT);

	(void)co;
	v->instrument = TEXT("no-such-scale");
	v->at_ms = 1;
	v->to_ms = 2;
	return REGISTRY(x, INSTRUMENT_VERIFIED, v);
}

BUILD(withdrawal_of_no_licence)
{
	Liandan__LicenceWithdrawn *w =
	    TRADE_NEW(&x->t, Liandan__LicenceWithdrawn, LIANDAN__LICENCE_WITHDRAWN__INIT);

	(void)co;
	w->licence = TEXT("no-such-licence");
	return REGISTRY(x, LICENCE_WITHDRAWN, w);
}

BUILD(revocation_of_no_key)
{
	static const uint8_t none[LD_KEY_ID_BYTES] = {9};
	Liandan__KeyRevoked *r = TRADE_NEW(&x->t, Liandan__KeyRevoked, LIANDAN__KEY_REVOKED__INIT);

	(void)co;
	r->key_id = trade_bytes(none, sizeof none);
	r->reason = LIANDAN__REVOCATION_REASON__REVOCATION_REASON_COMPROMISED;
	return REGISTRY(x, KEY_REVOKED, r);
}

BUILD(profile_with_a_value_out_of_bounds)
{
	static const uint8_t digest[LD_HASH_BYTES] = {1};
	Liandan__RulesAdopted *r =
	    TRADE_NEW(&x->t, Liandan__RulesAdopted, LIANDAN__RULES_ADOPTED__INIT);
	Liandan__RuleValue *v = TRADE_NEW(&x->t, Liandan__RuleValue, LIANDAN__RULE_VALUE__INIT);

	(void)co;
	v->name = TEXT("offer_ms");
	v->value = 1;
	v->source = TEXT("nobody's");
	r->profile = TEXT("CN");
	r->version = 2;
	r->digest = trade_bytes(digest, sizeof digest);
	r->values = trade_dup(&x->t, &v, sizeof(Liandan__RuleValue *));
	r->n_values = 1;
	return REGISTRY(x, RULES_ADOPTED, r);
}

/* ---- telemetry ---- */

BUILD(track_of_no_truck)
{
	(void)co;
	*by = &x->t.t1;
	return trade_fix(&x->t, "NOPLATE", "t1", harness_now_ms(), 31.0, 121.0);
}

BUILD(amended_on_a_version_that_has_passed)
{
	Liandan__AmendmentProposed *b =
	    TRADE_NEW(&x->t, Liandan__AmendmentProposed, LIANDAN__AMENDMENT_PROPOSED__INIT);
	Liandan__AmendmentChange *ch =
	    TRADE_NEW(&x->t, Liandan__AmendmentChange, LIANDAN__AMENDMENT_CHANGE__INIT);

	(void)by, (void)co;
	trade_to_sealed(&x->t);
	b->manifest = trade_bytes(x->t.id, sizeof x->t.id);
	b->base_version = 1;
	b->reason = LIANDAN__AMENDMENT_REASON__AMENDMENT_REASON_TYPING;
	b->changes = trade_dup(&x->t, &ch, sizeof ch);
	b->n_changes = 1;
	ch->field = LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_EMERGENCY;
	ch->new_text = TEXT("foam");
	rig_must(x, &x->t.office, trade_event(&x->t, LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED, b));
	return trade_event(&x->t, LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED, b);
}

#define CASE(build, reason)                                                                        \
	{                                                                                          \
#build, LIANDAN__REASON__##reason, build                                           \
	}
static const struct rig_case cases[] = {
    CASE(created_by_a_driver, WRONG_ROLE),
    CASE(sealed_twice, OUT_OF_ORDER),
    CASE(receiver_that_nobody_registered, UNKNOWN_PARTY),
    CASE(key_for_another_firms_person, UNKNOWN_PERSON),
    CASE(track_of_no_truck, UNKNOWN_VEHICLE),
    CASE(origin_that_nobody_registered, UNKNOWN_SITE),
    CASE(cancel_of_nothing, UNKNOWN_MANIFEST),
    CASE(seal_of_a_drum_that_is_not, UNKNOWN_CONTAINER),
    CASE(verification_of_no_scale, UNKNOWN_INSTRUMENT),
    CASE(withdrawal_of_no_licence, UNKNOWN_LICENCE),
    CASE(withdrawn_that_was_not_offered, UNKNOWN_OFFER),
    CASE(revocation_of_no_key, UNKNOWN_SUBJECT),
    CASE(created_twice, ALREADY_EXISTS),
    CASE(seal_of_a_drum_in_the_shed, CONTAINER_ELSEWHERE),
    CASE(number_of_three_digits, BAD_NUMBER),
    CASE(code_that_is_not, BAD_WASTE_CODE),
    CASE(seal_for_a_receiver_without_licence, NOT_LICENSED),
    CASE(seal_to_another_province, APPROVAL_MISSING),
    CASE(seal_of_a_drum_on_hold, ON_HOLD),
    CASE(delegation_that_was_not_given, DELEGATION_MISSING),
    CASE(line_without_mass, QUANTITY),
    CASE(same_pen_on_both_sides, SAME_PERSON),
    CASE(a_day_and_an_hour_ahead, CLOCK_AHEAD),
    CASE(draft_of_a_split, LIMIT),
    CASE(key_without_proof_of_possession, BAD_KEY),
    CASE(profile_with_a_value_out_of_bounds, BAD_RULES),
    CASE(amended_on_a_version_that_has_passed, VERSION_DIFFERS),
    CASE(seal_of_other_contents, BAD_CONTENT),
    CASE(forwarded_more_than_leaves, NOT_ADDING),
    CASE(from_a_site_to_itself, SAME_SITE),
};

static void every_reason(void **state)
{
	(void)state;
	rig_run_refused(&rig, cases, sizeof cases / sizeof cases[0]);
}

static void counters(void **state)
{
	(void)state;
	rig_check_counters(&rig);
}

static void table(void **state)
{
	(void)state;
	rig_check_table(&rig, "test_verdicts_refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_reason),
	    cmocka_unit_test(counters),
	    cmocka_unit_test(table),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
