/* Amendments of what has parts on child manifests, and of the children. CUSTODY-6, 14, 20. */
#include "amend_builders.h"
#include "child_builders.h"
#include "plugin/custody/year.h"

static bool asked(struct mx *x, const char *party)
{
	const Custody__Proposal *p = mx_manifest(x)->proposal;

	return p != NULL && ld_party_among(p->waits_for, p->n_waits_for, party);
}

static void lines_add(struct mx *x)
{
	const Custody__Manifest *m = mx_manifest(x);

	assert_true(m->n_lines != 0);
	for (size_t i = 0; i < m->n_lines; i++)
		assert_int_equal(m->lines[i]->taken_g - m->lines[i]->passed_g -
				     m->lines[i]->accepted_g,
				 m->lines[i]->loss_g);
}

/* CAR1 has it all; CAR2 takes C2 over on the way. */
static void split_on_the_way(struct mx *x)
{
	struct sp_items part = {.n = 0};

	mx_to_taken(x);
	sp_drum(x, &part, "C2", MX_C2_G);
	mx_clean(x, mx_offer(x, CAR1, sp_offered(x, 2, "CAR2", &part)));
	mx_clean(x, mx_take(x, CAR2, sp_taken(x, 2, "V2", SP_CHILD, &part)));
}

/* The truck of the rest is as it was: who took a part has not fixed it, and does not change it. */
static void the_rest_is_on_its_truck(void **state)
{
	struct mx *x = *state;

	split_on_the_way(x);
	mx_vehicle(x, "V3", "CAR1");
	mx_clean(x, mx_propose(x, CAR2, mx_amend_text(x, MX_FIELD(PLATE), 0, "V1", "V3")));
	assert_string_equal(mx_manifest(x)->plate, "V1");
	assert_true(asked(x, "CAR1"));
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, x->hash, false)));
	/* of the part it has */
	sp_at(x, SP_CHILD);
	mx_vehicle(x, "V4", "CAR2");
	mx_clean(x, mx_propose(x, CAR2, mx_amend_text(x, MX_FIELD(PLATE), 0, "V2", "V4")));
	assert_string_equal(mx_manifest(x)->plate, "V4");
}

/* All that is agreed to of the proposal that is open. */
static void everybody_agrees(struct mx *x)
{
	uint8_t proposal[LD_HASH_BYTES];

	memcpy(proposal, x->hash, sizeof proposal);
	for (enum mx_who who = 0; who < MX_KEYS; who++)
		if (asked(x, mx_who_is[who].party))
			mx_clean(x, mx_agree(x, who, mx_agreement(x, proposal, true)));
}

/* What left stays as it left; the rest of the line is more, or less, and not nothing. */
static void the_rest_is_corrected(void **state)
{
	struct mx *x = *state;
	const Custody__Manifest *m;

	split_on_the_way(x);
	mx_refused(
	    x,
	    mx_propose(x, GEN,
		       mx_amend_number(x, MX_FIELD(LINE_MASS), 1, MX_C1_G + MX_C2_G, MX_C2_G)),
	    QUANTITY);
	mx_refused(x,
		   mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(LINE_CODE), 1, MX_CODE, MX_BULK)),
		   LIMIT);
	mx_clean(x, mx_propose(x, GEN,
			       mx_amend_number(x, MX_FIELD(LINE_MASS), 1, MX_C1_G + MX_C2_G,
					       MX_C2_G + 90000)));
	everybody_agrees(x);
	m = mx_manifest(x);
	assert_int_equal(ld_items_of_line_g(m->items, m->n_items, 1), 90000);
	assert_int_equal(ld_line_passed_g(m, 1), MX_C2_G);
	assert_int_equal(m->taken_g, 90000 + MX_BULK_G);
	assert_int_equal(mx_container(x, "C1")->mass_g, 90000);
	assert_int_equal(mx_container(x, "C2")->mass_g, MX_C2_G);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->shipped_g, MX_C2_G + 90000);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_SEALED, "GEN", MX_CODE, 2026), MX_C2_G + 90000);
	assert_true(mx_content_stands(x));
	sp_deliver(x, CAR1, "V1");
	lines_add(x);
	sp_at(x, SP_CHILD);
	sp_deliver(x, CAR2, "V2");
	lines_add(x);
}

/* What still waits at the origin is bound, and drawn, as it is said now. */
static void the_rest_waits_at_its_origin(void **state)
{
	struct mx *x = *state;
	struct sp_items part = {.n = 0};

	mx_to_sealed(x);
	sp_bulk(x, &part, 100);
	mx_clean(x, sp_take(x, SP_CHILD, &part));
	mx_clean(x,
		 mx_propose(x, GEN,
			    mx_amend_number(x, MX_FIELD(LINE_MASS), 2, MX_BULK_G, MX_BULK_G - 10)));
	everybody_agrees(x);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, MX_BULK_G - 110);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->shipped_g, 100);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_SEALED, "GEN", MX_BULK, 2026), MX_BULK_G - 10);
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, 0);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_SEALED, "GEN", MX_BULK, 2026), 100);
}

/* What has all left is its children's. */
static void nothing_left_to_correct(void **state)
{
	struct mx *x = *state;
	struct sp_items part = {.n = 0};

	mx_to_taken(x);
	sp_bulk(x, &part, MX_BULK_G);
	mx_clean(x, mx_offer(x, CAR1, sp_offered(x, 2, "CAR2", &part)));
	mx_clean(x, mx_take(x, CAR2, sp_taken(x, 2, "V2", SP_CHILD, &part)));
	mx_refused(
	    x, mx_propose(x, GEN, mx_amend_number(x, MX_FIELD(LINE_MASS), 2, MX_BULK_G, 400000)),
	    LIMIT);
}

/* What was refused has been sealed all the same: no amendment takes it off the year, or the grant.
 */
static void what_was_refused_stays_counted(void **state)
{
	struct mx *x = *state;

	mx_to_received(x);
	mx_accepted(x, ch_accept_partly(x, REC, CAR1, ch_partly(x, CH_TRUCK)));
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	everybody_agrees(x);
	assert_string_equal(mx_manifest(x)->created->phone, "110");
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_SEALED, "GEN", MX_CODE, 2026), MX_C1_G + MX_C2_G);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_SEALED, "GEN", MX_BULK, 2026), MX_BULK_G);
}

/* Who signed the whole is asked about the part; its grams are the whole's too. */
static void a_part_is_the_wholes_too(void **state)
{
	struct mx *x = *state;
	uint8_t proposal[LD_HASH_BYTES];

	split_on_the_way(x);
	sp_at(x, SP_CHILD);
	mx_refused(x,
		   mx_propose(x, GEN, mx_amend_number(x, MX_FIELD(LINE_MASS), 1, MX_C2_G, 100000)),
		   LIMIT);
	mx_refused(x,
		   mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(LINE_CODE), 1, MX_CODE, MX_BULK)),
		   LIMIT);
	mx_clean(x, mx_propose(x, CAR2, mx_phone(x, "", "110")));
	memcpy(proposal, x->hash, sizeof proposal);
	assert_true(asked(x, "GEN") && asked(x, "CAR1"));
	mx_clean(x, mx_agree(x, GEN, mx_agreement(x, proposal, true)));
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, proposal, true)));
	assert_string_equal(mx_manifest(x)->created->phone, "110");
	assert_true(mx_content_stands(x));
	/* the whole's is another manifest's */
	assert_string_equal(sp_get(x, 0x11)->created->phone, "");
	sp_deliver(x, CAR2, "V2");
	mx_clean(
	    x, mx_propose(x, REC, mx_amend_number(x, MX_FIELD(ACCEPTED_MASS), 1, MX_C2_G, 100000)));
	assert_int_equal(mx_container(x, "C2")->mass_g, 100000);
	lines_add(x);
}

/* What was refused is on its child; the rest was accepted, and is corrected. */
static void accepted_in_part(void **state)
{
	struct mx *x = *state;
	const Custody__Manifest *m;

	mx_to_received(x);
	mx_accepted(x, ch_accept_partly(x, REC, MX_KEYS, ch_partly(x, CH_SITE)));
	lines_add(x);
	mx_clean(
	    x, mx_propose(x, REC, mx_amend_number(x, MX_FIELD(ACCEPTED_MASS), 1, MX_C1_G, 90000)));
	m = mx_manifest(x);
	assert_int_equal(m->version, 2);
	assert_int_equal(m->lines[0]->taken_g, MX_C1_G + MX_C2_G);
	assert_int_equal(m->lines[0]->passed_g, MX_C2_G);
	assert_int_equal(m->lines[0]->loss_g, 10000);
	assert_int_equal(mx_container(x, "C1")->mass_g, 90000);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->contained_g, 90000);
	lines_add(x);
}

/* It goes back to who made it, who has no licence to receive; where it goes was said by then. */
static void a_return_that_waits_for_its_truck(void **state)
{
	struct mx *x = *state;

	ch_to_rejected(x, CH_SITE);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1")));
	sp_at(x, CH_SENT_ON);
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	assert_true(asked(x, "REC"));
	mx_clean(x, mx_agree(x, GEN, mx_agreement(x, x->hash, false)));
	mx_refused(
	    x,
	    mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(RECEIVER), 0, "GEN/S-GEN", "REC/S-REC")),
	    OUT_OF_ORDER);
}

/* Another province's receiver was ordered, with no grant: the order stands for it. */
static void an_ordered_redirection_that_waits(void **state)
{
	struct mx *x = *state;
	Liandan__Redirected *b;

	ch_to_rejected(x, CH_SITE);
	mx_divide(x, "REC2", 430100);
	b = ch_redirected(x, CH_OTHER, "CAR1");
	b->order_no = MX_S("E-1");
	mx_clean(x, ch_redirect(x, EEB, b));
	sp_at(x, CH_SENT_ON);
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	assert_true(asked(x, "REC"));
}

/* Guangdong, article 40: what differs is accepted all the same, all of it or a part. */
static void a_part_of_what_differs(void **state)
{
	struct mx *x = *state;
	struct ld_rules strict = ld_rules_cn;
	Liandan__PartlyAccepted *b;

	strict.carry_mismatch_level = 4;
	x->c.rules = &strict;
	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->content = mx_bytes(x->offer, sizeof x->offer);
	mx_flagged(x, ch_accept_partly(x, REC, MX_KEYS, b), BAD_CONTENT);
	assert_int_equal(mx_raised_for(x, LIANDAN__REASON__BAD_CONTENT)->level, 4);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(the_rest_is_on_its_truck),
	    T(the_rest_is_corrected),
	    T(the_rest_waits_at_its_origin),
	    T(nothing_left_to_correct),
	    T(a_part_is_the_wholes_too),
	    T(what_was_refused_stays_counted),
	    T(accepted_in_part),
	    T(a_return_that_waits_for_its_truck),
	    T(an_ordered_redirection_that_waits),
	    T(a_part_of_what_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
