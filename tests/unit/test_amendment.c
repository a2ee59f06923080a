/* Amendments: who is asked, when they take effect, what stands then. CUSTODY-20. What they come to
 * in the books: test_amendment_books.c. */
#include "amend_builders.h"

#include <stdio.h>

#define AMENDED LIANDAN__ANOMALY_KIND__AMENDED
#define ABUSE LIANDAN__ANOMALY_KIND__AMENDMENT_ABUSE
#define TYPED_G 50000 /* what the clerk typed of line 2 */

static const char *phone(struct mx *x)
{
	return mx_manifest(x)->created->phone;
}

static uint32_t version(struct mx *x)
{
	return mx_manifest(x)->version;
}

static bool asked(struct mx *x, const char *party)
{
	const Custody__Proposal *p = mx_manifest(x)->proposal;

	return p != NULL && ld_party_among(p->waits_for, p->n_waits_for, party);
}

static void keep(struct mx *x, uint8_t hash[LD_HASH_BYTES])
{
	memcpy(hash, x->hash, LD_HASH_BYTES);
}

/* Up to the receipt with 50.000 kg of line 2 on paper where 500.003 lie on the truck. */
static void mistyped(struct mx *x)
{
	Liandan__ManifestCreated *draft = mx_created(x);
	Liandan__ManifestSealed *seal = mx_sealed(x);

	mx_fill(x);
	draft->lines[1]->quantity->mass_g = TYPED_G;
	seal->items[2]->mass_g = TYPED_G;
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, seal));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
}

/* The scale at the gate shows it. The clerk proposes, the driver's firm and the receiver agree, and
 * what was never anybody's theft or mixing is not raised as such. */
static void a_clerk_mistyped_a_weight(void **state)
{
	struct mx *x = *state;
	uint8_t proposal[LD_HASH_BYTES];
	const Custody__Manifest *m;

	mistyped(x);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, MX_BULK_G - TYPED_G);
	mx_clean(
	    x, mx_propose(x, GEN, mx_amend_number(x, MX_FIELD(LINE_MASS), 2, TYPED_G, MX_BULK_G)));
	keep(x, proposal);
	assert_true(asked(x, "CAR1") && asked(x, "REC"));
	assert_int_equal(mx_manifest(x)->proposal->n_waits_for, 2);
	assert_int_equal(MX_DUE(x, AMENDMENT), x->now + x->c.rules->amendment_ms);
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, proposal, true)));
	assert_int_equal(version(x), 1); /* not yet */
	assert_int_equal(mx_manifest(x)->items[2]->mass_g, TYPED_G);
	mx_clean(x, mx_agree(x, REC, mx_agreement(x, proposal, true)));
	m = mx_manifest(x);
	assert_int_equal(m->version, 2);
	assert_null(m->proposal);
	assert_int_equal(MX_DUE(x, AMENDMENT), 0);
	assert_int_equal(m->items[2]->mass_g, MX_BULK_G);
	assert_int_equal(ld_line_declared_g(m->created->lines[1]), MX_BULK_G);
	assert_int_equal(m->taken_g, MX_C1_G + MX_C2_G + MX_BULK_G);
	assert_int_equal(m->n_amended, 1);
	assert_string_equal(m->amended[0]->party, "GEN");
	assert_memory_equal(m->amended[0]->content.data, x->content, sizeof x->content);
	assert_true(mx_content_stands(x));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, 0);
	/* the receiver's clerk still has the first version on the screen */
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_null(mx_raised(x, LIANDAN__ANOMALY_KIND__WEIGHT_GAIN));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(mx_manifest(x)->lines[1]->loss_g, 0);
}

/* ---- draft and seal ---- */

/* A draft is simply changed: the seal is of what stands then. */
static void a_draft(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft = mx_created(x);
	Liandan__ManifestSealed *seal = mx_sealed(x);
	Liandan__AmendmentProposed *b;

	mx_fill(x);
	draft->lines[1]->quantity->mass_g = TYPED_G;
	draft->lines[1]->quantity->unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	draft->lines[1]->quantity->value_milli = TYPED_G;
	mx_clean(x, mx_create(x, draft));
	b = mx_amend_number(x, MX_FIELD(LINE_MASS), 2, TYPED_G, MX_BULK_G);
	mx_text(x, b, MX_FIELD(PHONE), 0, "", "110");
	for (int i = 0; i < 6; i++) { /* as often as it likes */
		mx_clean(x, mx_propose(x, GEN, b));
		assert_null(mx_raised(x, ABUSE));
		b = mx_phone(x, i % 2 == 0 ? "110" : "120", i % 2 == 0 ? "120" : "110");
	}
	assert_int_equal(version(x), 0);
	assert_int_equal(mx_manifest(x)->n_amended, 0);
	assert_int_equal(mx_manifest(x)->created->lines[1]->quantity->value_milli, MX_BULK_G);
	/* what was created is not what stands: its hash seals nothing */
	mx_refused(x, mx_seal(x, draft, seal), BAD_CONTENT);
	mx_clean(x, mx_seal(x, mx_manifest(x)->created, seal));
	assert_true(mx_content_stands(x));
	assert_int_equal(version(x), 1);
}

/* A receiver that is named may propose; the generator, who made it, is asked. */
static void a_draft_that_another_would_change(void **state)
{
	struct mx *x = *state;

	mx_to_draft(x);
	mx_clean(x, mx_propose(x, REC, mx_phone(x, "", "110")));
	assert_true(asked(x, "GEN"));
	assert_string_equal(phone(x), "");
	mx_clean(x, mx_agree(x, GEN, mx_agreement(x, x->hash, true)));
	assert_string_equal(phone(x), "110");
	assert_int_equal(version(x), 0);
}

/* Nobody has signed after the generator: it takes effect at once. */
static void sealed_and_not_offered(void **state)
{
	struct mx *x = *state;

	mx_to_sealed(x);
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	assert_int_equal(version(x), 2);
	assert_string_equal(phone(x), "110");
	assert_int_equal(MX_DUE(x, AMENDMENT), 0);
	assert_true(mx_content_stands(x));
	/* who takes it takes what stands */
	mx_refused(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")), BAD_CONTENT);
	memcpy(x->content, mx_manifest(x)->content.data, sizeof x->content);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
}

static void taking_a_former_version_is_flagged(void **state)
{
	struct mx *x = *state;
	uint8_t first[LD_HASH_BYTES];

	mx_to_sealed(x);
	memcpy(first, x->content, sizeof first);
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	memcpy(x->content, mx_manifest(x)->content.data, sizeof x->content);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	memcpy(x->content, first, sizeof first);
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), BAD_CONTENT);
}

/* Before the first hand-over another receiver, with its site, and another carrier. */
static void other_parties(void **state)
{
	struct mx *x = *state;
	Liandan__AmendmentProposed *b;
	const Liandan__ManifestCreated *now;

	mx_party(x, "REC2", LIANDAN__ROLE__ROLE_RECEIVER, 0);
	mx_site(x, "S-REC2", "REC2", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 228000000, 1142000000);
	mx_to_sealed(x);
	mx_refused(x, mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(RECEIVER), 0, "REC", "REC2")),
		   UNKNOWN_SITE); /* it is not at S-REC */
	mx_refused(
	    x, mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(RECEIVER), 0, "REC", "REC2/S-REC2")),
	    NOT_LICENSED);
	mx_licence(x, "L-R2", "REC2", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", MX_MODE, 0);
	b = mx_amend_text(x, MX_FIELD(RECEIVER), 0, "REC/S-REC", "REC2/S-REC2");
	mx_text(x, b, MX_FIELD(CARRIER), 1, "CAR1", "CARX");
	mx_clean(x, mx_propose(x, GEN, b));
	now = mx_manifest(x)->created;
	assert_string_equal(now->receiver->party, "REC2");
	assert_string_equal(now->receiver->site, "S-REC2");
	assert_string_equal(now->carriers[0]->party, "CARX");
	assert_string_equal(now->carriers[1]->party, "CAR2");
	/* the one that is not named any more has nothing to say */
	mx_refused(x, mx_propose(x, REC, mx_phone(x, "", "110")), WRONG_ROLE);
	mx_refused(x, mx_propose(x, CAR1, mx_phone(x, "", "110")), WRONG_ROLE);
}

/* ---- who is asked ---- */

/* Of vehicle and driver: who has signed since that hand-over. */
static void the_plate(void **state)
{
	struct mx *x = *state;
	ProtobufCBinaryData ids[4];
	size_t n;

	mx_to_taken(x);
	mx_vehicle(x, "V3", "CAR1");
	mx_clean(x, mx_propose(x, CAR1, mx_amend_text(x, MX_FIELD(PLATE), 0, "V1", "V3")));
	assert_int_equal(version(x), 2); /* nobody else has signed since */
	assert_string_equal(mx_manifest(x)->plate, "V3");
	assert_int_equal(ld_load_of(&x->c, "V1", ids, 4, &n), LD_OK);
	assert_int_equal(n, 0);
	assert_int_equal(ld_load_of(&x->c, "V3", ids, 4, &n), LD_OK);
	assert_int_equal(n, 1);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V3")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	assert_int_equal(ld_load_of(&x->c, "V3", ids, 4, &n), LD_OK);
	assert_int_equal(n, 0);
	mx_clean(x, mx_propose(x, CAR1, mx_amend_text(x, MX_FIELD(DRIVER), 0, "", "p-d1")));
	assert_true(asked(x, "REC"));
	assert_false(asked(x, "GEN"));
}

/* A carrier that nobody had named, since handed over: it has signed, so it is asked and may
 * answer. */
static void a_carrier_of_before(void **state)
{
	struct mx *x = *state;
	uint8_t proposal[LD_HASH_BYTES];

	mx_to_sealed(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CARX")));
	mx_flagged(x, mx_take(x, CARX, mx_taken(x, 1, "VX")), CARRIER_NOT_NAMED);
	mx_clean(x, mx_offer(x, CARX, mx_offered(x, 2, "CAR2")));
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")));
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	keep(x, proposal);
	assert_true(asked(x, "CARX") && asked(x, "CAR2"));
	assert_false(asked(x, "CAR1")); /* named, and never came */
	mx_clean(x, mx_agree(x, CARX, mx_agreement(x, proposal, true)));
	mx_clean(x, mx_agree(x, CAR2, mx_agreement(x, proposal, true)));
	assert_string_equal(phone(x), "110");
}

/* It was handed over after the proposal: who signed the old version is asked about the new one. */
static void who_signs_meanwhile_is_asked(void **state)
{
	struct mx *x = *state;
	uint8_t proposal[LD_HASH_BYTES];

	mx_to_proposed(x);
	keep(x, proposal);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	assert_true(asked(x, "REC"));
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, proposal, true)));
	assert_int_equal(version(x), 1);
	mx_clean(x, mx_agree(x, REC, mx_agreement(x, proposal, true)));
	assert_int_equal(version(x), 2);
}

/* Who saw, weighed or declined is no party to it. */
static void who_is_not_asked(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverDeclined *d =
	    MX_NEW(x, Liandan__HandoverDeclined, LIANDAN__HANDOVER_DECLINED__INIT);
	MX_EVENT(e, HANDOVER_DECLINED, d);

	mx_to_sealed(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CARX")));
	d->manifest = mx_id(x);
	d->offer = mx_bytes(x->offer, sizeof x->offer);
	d->reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_VEHICLE;
	mx_clean(x, mx_put(x, CARX, &e));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	mx_clean(x, mx_report(x, EEB, mx_accident(x, "V1")));
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_clean(x, mx_analyse(x, LAB, mx_sample(x)));
	mx_clean(x, mx_propose(x, REC, mx_phone(x, "", "110")));
	assert_int_equal(mx_manifest(x)->proposal->n_waits_for, 2);
	assert_true(asked(x, "GEN") && asked(x, "CAR1"));
}

/* A collector that sealed for a small firm signed as that firm. */
static void a_delegate_is_the_generator(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft = mx_created(x);
	Liandan__ManifestSealed *seal;

	mx_clean(x, mx_delegate(x, EEB, mx_delegation(x, "D")));
	mx_fill(x);
	mx_clean(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, draft));
	seal = mx_sealed(x);
	mx_hash_content(x, draft, seal);
	mx_clean(x, MX_UNDER(x, CAR1, "D", MANIFEST_SEALED, seal));
	assert_true(ld_has_signed(mx_manifest(x), "GEN"));
	assert_false(ld_has_signed(mx_manifest(x), "CAR1"));
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	assert_int_equal(version(x), 2);
	/* it confirms what the delegate sealed, which is a former version now */
	mx_clean(x, mx_confirm(x, GEN, true));
}

/* ---- saying no, and saying nothing ---- */

static void one_disagrees(void **state)
{
	struct mx *x = *state;
	uint8_t proposal[LD_HASH_BYTES];

	mx_to_received(x);
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	keep(x, proposal);
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, proposal, true)));
	mx_clean(x, mx_agree(x, REC, mx_agreement(x, proposal, false)));
	assert_null(mx_manifest(x)->proposal);
	assert_string_equal(phone(x), "");
	assert_int_equal(version(x), 1);
	assert_int_equal(MX_DUE(x, AMENDMENT), 0);
	mx_refused(x, mx_agree(x, REC, mx_agreement(x, proposal, true)), OUT_OF_ORDER);
	/* and another one may come, on the same version */
	mx_clean(x, mx_propose(x, REC, mx_phone(x, "", "120")));
	assert_true(asked(x, "GEN") && asked(x, "CAR1"));
}

/* Who proposed it, or has agreed, may still take it back. */
static void taken_back(void **state)
{
	struct mx *x = *state;

	mx_to_proposed(x);
	mx_clean(x, mx_agree(x, GEN, mx_agreement(x, x->hash, false)));
	assert_null(mx_manifest(x)->proposal);
	assert_int_equal(version(x), 1);
	mx_refused(x, mx_agree(x, CAR2, mx_agreement(x, x->hash, false)), OUT_OF_ORDER);
}

static void nobody_answers(void **state)
{
	struct mx *x = *state;
	uint8_t proposal[LD_HASH_BYTES];

	mx_to_proposed(x);
	keep(x, proposal);
	x->now = MX_DUE(x, AMENDMENT) - 1;
	mx_tick(x);
	assert_non_null(mx_manifest(x)->proposal);
	x->now++;
	assert_true(mx_tick(x) != 0);
	assert_null(mx_manifest(x)->proposal);
	assert_string_equal(phone(x), "");
	assert_int_equal(version(x), 1);
	mx_refused(x, mx_agree(x, CAR1, mx_agreement(x, proposal, true)), OUT_OF_ORDER);
	mx_clean(x, mx_propose(x, CAR1, mx_phone(x, "", "120")));
}

/* ---- order ---- */

/* Two clerks on one version: one amendment is open, the other finds it; after it the version has
 * passed. */
static void two_at_once(void **state)
{
	struct mx *x = *state;
	Liandan__AmendmentProposed *second;
	uint8_t first[LD_HASH_BYTES];

	mx_to_taken(x);
	second = mx_amend_text(x, MX_FIELD(EMERGENCY), 0, "", "foam");
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	keep(x, first);
	mx_refused(x, mx_propose(x, CAR1, second), ALREADY_EXISTS);
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, first, true)));
	mx_refused(x, mx_propose(x, CAR1, second), VERSION_DIFFERS);
	second->base_version = 3; /* one that does not stand yet */
	mx_refused(x, mx_propose(x, CAR1, second), VERSION_DIFFERS);
	second->base_version = 2;
	mx_clean(x, mx_propose(x, CAR1, second));
}

/* The answer overtakes the question. */
static void agreed_before_it_was_proposed(void **state)
{
	struct mx *x = *state;
	Liandan__AmendmentProposed *b;
	ProtobufCBinaryData bytes;
	uint8_t hash[LD_HASH_BYTES];

	mx_to_taken(x);
	b = mx_phone(x, "", "110");
	MX_EVENT(e, AMENDMENT_PROPOSED, b);
	bytes = mx_pack(x, GEN, MX_KEYS, &e);
	ld_sha256(bytes.data, bytes.len, hash);
	mx_held(x, mx_agree(x, CAR1, mx_agreement(x, hash, true)));
	mx_put_bytes(x, bytes);
	mx_clean(x, x->j.reason);
	assert_int_equal(version(x), 2);
	assert_string_equal(phone(x), "110");
}

/* Two race on one version, and the answer to the second overtakes both: it is refused with it. */
static void an_answer_to_the_one_that_lost(void **state)
{
	struct mx *x = *state;
	const Liandan__OwnEvent *own;
	ProtobufCBinaryData second;
	uint8_t hash[LD_HASH_BYTES];

	mx_to_taken(x);
	MX_EVENT(e, AMENDMENT_PROPOSED, mx_phone(x, "", "120"));
	second = mx_pack(x, CAR1, MX_KEYS, &e);
	ld_sha256(second.data, second.len, hash);
	mx_held(x, mx_agree(x, GEN, mx_agreement(x, hash, true)));
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	mx_refused(x, mx_put_bytes(x, second), ALREADY_EXISTS);
	own = mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED);
	assert_non_null(own);
	assert_int_equal(own->held_applied->reason, LIANDAN__REASON__OUT_OF_ORDER);
	assert_int_equal(version(x), 1);
	assert_true(asked(x, "CAR1"));
}

/* Proposed while it was on its way, agreed when it is closed: it takes effect, and is told. Another
 * one of the same version, signed before, finds that it has passed. */
static void closed_meanwhile(void **state)
{
	struct mx *x = *state;
	Liandan__AmendmentProposed *late;
	uint8_t proposal[LD_HASH_BYTES];

	mx_to_received(x);
	late = mx_phone(x, "", "120");
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	keep(x, proposal);
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, proposal, true)));
	mx_refused(x, mx_propose(x, REC, late), ALREADY_EXISTS);
	mx_clean(x, mx_agree(x, REC, mx_agreement(x, proposal, true)));
	assert_int_equal(version(x), 2);
	assert_string_equal(phone(x), "110");
	assert_non_null(mx_raised(x, AMENDED));
	mx_refused(x, mx_propose(x, REC, late), VERSION_DIFFERS);
}

static void only_the_last_sixteen_stand(void **state)
{
	struct mx *x = *state;
	uint8_t first[LD_HASH_BYTES], second[LD_HASH_BYTES];
	char old[8] = "", new[8];

	mx_to_sealed(x);
	memcpy(first, x->content, sizeof first);
	for (int i = 0; i < LD_MAX_AMENDED + 1; i++) {
		if (i == 1)
			memcpy(second, mx_manifest(x)->content.data, sizeof second);
		snprintf(new, sizeof new, "%d", i);
		mx_clean(x, mx_propose(x, GEN, mx_phone(x, old, new)));
		memcpy(old, new, sizeof old);
	}
	assert_int_equal(version(x), LD_MAX_AMENDED + 2);
	assert_int_equal(mx_manifest(x)->n_amended, LD_MAX_AMENDED);
	assert_true(ld_amend_former(mx_manifest(x), mx_bytes(second, sizeof second)));
	assert_false(ld_amend_former(mx_manifest(x), mx_bytes(first, sizeof first)));
}

/* ---- D8, and what is told ---- */

static void too_many_in_a_month(void **state)
{
	struct mx *x = *state;
	const int64_t limit = x->c.rules->amendments_a_month;
	const Liandan__AnomalyRaised *a;
	char old[8] = "", new[8];

	mx_to_sealed(x);
	for (int64_t i = 0; i <= limit; i++) {
		assert_null(mx_raised(x, ABUSE));
		snprintf(new, sizeof new, "%d", (int)i);
		mx_clean(x, mx_propose(x, GEN, mx_phone(x, old, new)));
		memcpy(old, new, sizeof old);
	}
	a = mx_raised(x, ABUSE);
	assert_non_null(a);
	assert_int_equal(a->level, 2);
	assert_string_equal(a->subject, "GEN");
	assert_string_equal(a->manifest, "");
	assert_int_equal(a->figures[0]->value, limit + 1);
	assert_int_equal(a->figures[0]->threshold, limit);
	assert_int_equal(ld_amended_in_month(&x->c, "GEN", x->now), limit + 1);
	/* 2026-01-31 24:00 in China is another month */
	assert_int_equal(ld_amended_in_month(&x->c, "GEN", INT64_C(1769875199999)), limit + 1);
	assert_int_equal(ld_amended_in_month(&x->c, "GEN", INT64_C(1769875200000)), 0);
	assert_int_equal(ld_amended_in_month(&x->c, "REC", x->now), 0);
}

/* What was raised stays, what was accepted is corrected, and the regulator hears of it. */
static void it_judges_nothing_anew(void **state)
{
	struct mx *x = *state;
	const Liandan__AnomalyRaised *a;
	Custody__Anomaly *open;
	const char *hex;
	Liandan__Accepted *b;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->lines[1]->mass_g = 100000;
	mx_ticket(x, 0x72, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE, MX_C1_G + MX_C2_G + 100000,
		  &b->tickets[0]);
	mx_clean(x, mx_accept(x, REC, b));
	assert_non_null(mx_raised(x, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL));
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_propose(x, REC,
			       mx_amend_number(x, MX_FIELD(ACCEPTED_MASS), 2, 100000, MX_BULK_G)));
	assert_int_equal(version(x), 2); /* nobody has signed since */
	a = mx_raised(x, AMENDED);
	assert_non_null(a);
	assert_int_equal(a->level, 1);
	assert_string_equal(a->figures[2]->name, "accepted");
	assert_int_equal(a->figures[2]->value, MX_C1_G + MX_C2_G + MX_BULK_G);
	assert_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED));
	hex = ld_c_hex(&x->c, mx_id(x));
	assert_int_equal(ld_anomaly_open(&x->c, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL,
					 LIANDAN__REASON__REASON_NONE, hex, hex, &open),
			 LD_OK);
	assert_int_equal(mx_manifest(x)->lines[1]->accepted_g, MX_BULK_G);
	assert_int_equal(mx_manifest(x)->lines[1]->loss_g, 0);
	/* before the acceptance nobody is told */
	mx_other(x, 0x22);
	mx_to_draft(x);
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	assert_null(mx_raised(x, AMENDED));
}

/* The generator has since named a cause: it is asked about what was accepted. */
static void who_spoke_after_the_acceptance_is_asked(void **state)
{
	struct mx *x = *state;

	mx_to_accepted(x);
	mx_clean(x, mx_differ(x, REC, mx_discrepancy(x)));
	mx_clean(x, mx_resolve(x, GEN, MX_KEYS,
			       mx_resolution(x, x->hash, LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL)));
	mx_clean(x, mx_propose(x, REC, mx_amend_number(x, MX_FIELD(ACCEPTED_COUNT), 1, 0, 2)));
	assert_true(asked(x, "GEN"));
	assert_false(asked(x, "CAR1"));
	mx_clean(x, mx_agree(x, GEN, mx_agreement(x, x->hash, true)));
	assert_int_equal(mx_manifest(x)->accepted[0]->count, 2);
}

/* ---- hostile ---- */

struct bad {
	Liandan__AmendmentField field;
	uint32_t line;
	int64_t old_number, new_number;
	const char *old_text, *new_text;
	Liandan__Reason reason;
};
#define BAD(field, line, a, b, c, d, why)                                                          \
	{                                                                                          \
		MX_FIELD(field), line, a, b, c, d, LIANDAN__REASON__##why                          \
	}

static void what_cannot_be(void **state)
{
	static const struct bad all[] = {
	    BAD(PHONE, 0, 0, 1, "", "110", BAD_CONTENT),	   /* a text with a number */
	    BAD(LINE_MASS, 2, MX_BULK_G, 7, "", "7", BAD_CONTENT), /* a number with a text */
	    BAD(PHONE, 0, 0, 0, "", "", BAD_CONTENT),		   /* nothing */
	    BAD(LINE_MASS, 2, MX_BULK_G, MX_BULK_G, "", "", BAD_CONTENT),
	    BAD(PHONE, 2, 0, 0, "", "110", UNKNOWN_SUBJECT), /* no phone of a line */
	    BAD(LINE_MASS, 0, 0, 7, "", "", UNKNOWN_SUBJECT),
	    BAD(LINE_MASS, UINT32_MAX, 0, 7, "", "", UNKNOWN_SUBJECT),
	    BAD(CARRIER, 3, 0, 0, "CAR2", "CARX", UNKNOWN_SUBJECT),
	    BAD(PLATE, 0, 0, 0, "", "V1", UNKNOWN_SUBJECT), /* nobody has taken it */
	    BAD(ACCEPTED_MASS, 1, 0, 7, "", "", UNKNOWN_SUBJECT),
	    BAD(LINE_MASS, 2, 1, 7, "", "", BAD_CONTENT),
	    BAD(RECEIVER, 0, 0, 0, "REC/S-GEN", "REC/S-REC", BAD_CONTENT),
	    BAD(LINE_MASS, 2, MX_BULK_G, -1, "", "", QUANTITY),
	    BAD(LINE_MASS, 2, MX_BULK_G, LD_MAX_MASS_G + 1, "", "", QUANTITY),
	    BAD(LINE_MASS, 2, MX_BULK_G, LD_MAX_MASS_G, "", "", QUANTITY), /* not in stock */
	    BAD(LINE_COUNT, 2, 0, (int64_t)UINT32_MAX + 1, "", "", QUANTITY),
	    BAD(LINE_HAZARDS, 1, 1, 32, "", "", QUANTITY),
	    BAD(ARRIVAL, 0, 0, -1, "", "", QUANTITY),
	    BAD(LINE_CODE, 1, 0, 0, MX_CODE, "", QUANTITY),
	    BAD(LINE_CODE, 1, 0, 0, MX_CODE, "a/b", QUANTITY),
	    BAD(LINE_CODE, 1, 0, 0, MX_CODE, "900-999-99", BAD_WASTE_CODE),
	    BAD(LINE_MODE, 1, 0, 0, MX_MODE, "D+1", QUANTITY),
	    BAD(RECEIVER, 0, 0, 0, "REC", "", QUANTITY),
	    BAD(RECEIVER, 0, 0, 0, "REC", "REC/a/b", QUANTITY),
	    BAD(RECEIVER, 0, 0, 0, "REC", "GEN2", UNKNOWN_PARTY),
	    BAD(RECEIVER, 0, 0, 0, "REC", "REC/S-GEN", UNKNOWN_SITE),
	    BAD(CARRIER, 2, 0, 0, "CAR2", "$x", QUANTITY),
	    BAD(CARRIER, 2, 0, 0, "CAR2", "REC", UNKNOWN_PARTY),
	};
	struct mx *x = *state;

	mx_to_sealed(x);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		Liandan__AmendmentProposed *b = mx_amendment(x);
		Liandan__AmendmentChange *ch = mx_change(x, b, all[i].field, all[i].line);

		ch->old_number = all[i].old_number;
		ch->new_number = all[i].new_number;
		ch->old_text = MX_S(all[i].old_text);
		ch->new_text = MX_S(all[i].new_text);
		mx_propose(x, GEN, b);
		if (x->j.verdict != LIANDAN__VERDICT__REFUSED || x->j.reason != all[i].reason)
			fail_msg("%zu: verdict %d reason %d: %s", i, (int)x->j.verdict,
				 (int)x->j.reason, x->j.detail);
	}
	assert_int_equal(version(x), 1);
	assert_null(mx_manifest(x)->proposal);
}

/* A field that no rule knows is the gate's; here, the rule's own last word. */
static void thirty_two_changes_and_no_more(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft = mx_created(x);
	Liandan__AmendmentProposed *b;
	struct ld_gate_fault fault;
	uint8_t *packed;
	size_t n;

	for (uint32_t i = 2; i < LD_MAX_LINES; i++)
		draft->lines[i] = mx_line(x, i + 1, MX_BULK, 1000);
	draft->n_lines = LD_MAX_LINES;
	mx_clean(x, mx_create(x, draft));
	b = mx_amendment(x);
	for (uint32_t i = 0; i < LD_MAX_LINES; i++)
		mx_number(x, b, MX_FIELD(LINE_COUNT), i + 1, 0, i + 7);
	mx_clean(x, mx_propose(x, GEN, b));
	for (uint32_t i = 0; i < LD_MAX_LINES; i++)
		assert_int_equal(mx_manifest(x)->created->lines[i]->count, i + 7);
	mx_text(x, b, MX_FIELD(PHONE), 0, "", "110");
	n = liandan__amendment_proposed__get_packed_size(b);
	packed = ld_arena_alloc(&x->build, n);
	assert_non_null(packed);
	liandan__amendment_proposed__pack(b, packed);
	assert_int_not_equal(
	    ld_gate_check(&liandan__amendment_proposed__descriptor, packed, n, &fault), LD_OK);
	assert_string_equal(fault.field, "AmendmentProposed.changes");
}

/* Of one manifest's proposal nothing is agreed on another. */
static void another_manifests_proposal(void **state)
{
	struct mx *x = *state;
	uint8_t proposal[LD_HASH_BYTES];

	mx_to_proposed(x);
	keep(x, proposal);
	mx_other(x, 0x22);
	mx_to_draft(x);
	mx_refused(x, mx_agree(x, GEN, mx_agreement(x, proposal, true)), OUT_OF_ORDER);
	mx_clean(x, mx_propose(x, REC, mx_phone(x, "", "120")));
	mx_refused(x, mx_agree(x, GEN, mx_agreement(x, proposal, true)), OUT_OF_ORDER);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_clerk_mistyped_a_weight),
	    T(a_draft),
	    T(a_draft_that_another_would_change),
	    T(sealed_and_not_offered),
	    T(taking_a_former_version_is_flagged),
	    T(other_parties),
	    T(the_plate),
	    T(a_carrier_of_before),
	    T(who_signs_meanwhile_is_asked),
	    T(who_is_not_asked),
	    T(a_delegate_is_the_generator),
	    T(one_disagrees),
	    T(taken_back),
	    T(nobody_answers),
	    T(two_at_once),
	    T(agreed_before_it_was_proposed),
	    T(an_answer_to_the_one_that_lost),
	    T(closed_meanwhile),
	    T(only_the_last_sixteen_stand),
	    T(too_many_in_a_month),
	    T(it_judges_nothing_anew),
	    T(who_spoke_after_the_acceptance_is_asked),
	    T(what_cannot_be),
	    T(thirty_two_changes_and_no_more),
	    T(another_manifests_proposal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
