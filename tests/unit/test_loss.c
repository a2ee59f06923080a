/* Tolerance is cumulative: over a month, over the time between two counts, over all the ways that
 * the waste of one batch went; never step by step. CUSTODY: Stock and mass balance; 5C M10. */
#include <stdio.h>

#include "plugin/custody/lineage.h"
#include "plugin/custody/loss.h"
#include "stock_builders.h"

static Liandan__AnomalyRaised *imbalance(struct mx *x, Liandan__SubjectKind kind)
{
	for (size_t i = 0; i < x->n_own; i++) {
		Liandan__AnomalyRaised **a = ld_anomaly_of_own(x->own[i]);

		if (a != NULL && (*a)->kind == LIANDAN__ANOMALY_KIND__STOCK_IMBALANCE &&
		    (*a)->subject_kind == kind)
			return *a;
	}
	return NULL;
}
#define OF_SITE(x) imbalance((x), LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE)
#define OF_BATCH(x) imbalance((x), LIANDAN__SUBJECT_KIND__SUBJECT_KIND_BATCH)

static Liandan__Reason lose(struct mx *x, enum mx_who who, const char *container, int64_t mass_g)
{
	Liandan__LossRecorded *b = MX_NEW(x, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	MX_EVENT(e, LOSS_RECORDED, b);

	b->subject_kind = container[0] == 'S' ? LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE
					      : LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
	b->subject = MX_S(container);
	b->code = MX_S(MX_BULK);
	b->mass_g = mass_g;
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_DRYING;
	return mx_put(x, who, &e);
}

static int64_t batch_short(struct mx *x, const char *batch)
{
	Custody__Batch *b;

	assert_int_equal(ld_batch_get(&x->c, "GEN", batch, &b), LD_OK);
	return b->short_g;
}

/* Ten times 5 kg is as much as 50 kg once; the gram more is too much. */
static void small_losses_add_up_in_a_month(void **state)
{
	struct mx *x = *state;
	const int64_t allowed = x->c.rules->balance_min_g;

	mx_generate(x, "B1", "", MX_BULK, 1000000);
	for (int i = 0; i < 10; i++) {
		mx_clean(x, lose(x, GEN, "S-GEN", allowed / 10));
		assert_null(OF_SITE(x));
	}
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->month->short_g, allowed);
	mx_clean(x, lose(x, GEN, "S-GEN", 1));
	assert_non_null(OF_SITE(x));
	assert_int_equal(OF_SITE(x)->level, 2);
	assert_string_equal(OF_SITE(x)->code, MX_BULK);
	assert_int_equal(OF_SITE(x)->figures[0]->value, allowed + 1);
	assert_int_equal(OF_SITE(x)->figures[0]->threshold, allowed);
	/* the next month begins anew: 31 January 16:00 UTC is February in China */
	x->now = INT64_C(1769875200000);
	mx_clean(x, lose(x, GEN, "S-GEN", allowed));
	assert_null(OF_SITE(x));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->month->month, 202602);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->month->moved_g, 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->since->moved_g, 1000000);
}

static void level_four_from_three_tonnes(void **state)
{
	struct mx *x = *state;
	const int64_t level4 = x->c.rules->balance_level4_g;

	mx_generate(x, "B1", "", MX_BULK, 2 * level4);
	mx_clean(x, lose(x, GEN, "S-GEN", level4 - 1));
	assert_int_equal(OF_SITE(x)->level, 2);
	mx_clean(x, lose(x, GEN, "S-GEN", 1));
	assert_int_equal(OF_SITE(x)->level, 4);
}

/* What is left in old drums, and what a treatment does not say, are losses; what the treatment
 * says it loses is the process's. */
static void every_kind_of_loss_counts(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *r = mx_repack(x, "HB1", "S-GEN");
	Liandan__WasteTreated *w = MX_NEW(x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in =
	    MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	const Custody__Tally *t;
	MX_EVENT(e, WASTE_TREATED, w);

	mx_fill(x);
	mx_repack_in(x, r, "", MX_BULK, 1000);
	mx_repack_out(x, r, "D1", MX_BULK, 993);
	r->loss_g = 5; /* and two that nobody accounts for */
	mx_flagged(x, mx_put_repack(x, GEN, r), NOT_ADDING);
	w->batch = MX_S("T1");
	w->site = MX_S("S-GEN");
	w->mode = MX_S("D10");
	w->inputs = &in;
	w->n_inputs = 1;
	in->batch = MX_S("B3");
	in->mass_g = 1000;
	w->loss_g = 900;
	mx_flagged(x, mx_put(x, GEN, &e), QUANTITY);
	mx_clean(x, lose(x, GEN, "S-GEN", 11));
	t = mx_stock(x, "GEN", "S-GEN", MX_BULK)->month;
	assert_int_equal(t->short_g, 5 + 2 + 100 + 11);
	assert_int_equal(t->process_g, 900);
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, MX_BULK_G)));
	t = mx_stock(x, "GEN", "S-GEN", MX_BULK)->month;
	assert_int_equal(t->short_g, 5 + 2 + 100 + 11 - (7 + 1000 + 11));
}

/* Several inputs share what is missing, to the gram. */
static void shares_of_a_loss_add_exactly(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *r = mx_repack(x, "HB1", "S-GEN");

	mx_fill(x);
	mx_repack_in(x, r, "C1", "", MX_C1_G);
	mx_repack_in(x, r, "C2", "", MX_C2_G);
	mx_repack_in(x, r, "", MX_BULK, 7);
	r->loss_g = MX_C1_G + MX_C2_G + 7 - 3;
	mx_repack_out(x, r, "D1", MX_CODE, 3);
	mx_clean(x, mx_put_repack(x, GEN, r));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->month->short_g +
			     mx_stock(x, "GEN", "S-GEN", MX_BULK)->month->short_g,
			 r->loss_g);
	assert_int_equal(batch_short(x, "B1") + batch_short(x, "B2"),
			 mx_stock(x, "GEN", "S-GEN", MX_CODE)->month->short_g);
}

/* ---- batches ---- */

/* 1 % of a batch's own mass, in one drum or spread over those it was split into. */
static void a_batch_answers_for_all_its_drums(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *r = mx_repack(x, "HB1", "S-GEN");
	const int64_t allowed = 100000 / 1000 * x->c.rules->balance_permille;

	mx_fill(x); /* C1 is all of B1, 100 kg */
	mx_repack_in(x, r, "C1", "", MX_C1_G);
	mx_repack_out(x, r, "D1", MX_CODE, 60000);
	mx_repack_out(x, r, "D2", MX_CODE, 40000 - 400);
	r->loss_g = 400;
	mx_clean(x, mx_put_repack(x, GEN, r));
	assert_int_equal(batch_short(x, "B1"), 400);
	assert_null(OF_BATCH(x));
	mx_clean(x, lose(x, GEN, "D1", 300));
	assert_null(OF_BATCH(x));
	mx_clean(x, lose(x, GEN, "D2", allowed - 700));
	assert_null(OF_BATCH(x));
	mx_clean(x, lose(x, GEN, "D2", 1));
	assert_non_null(OF_BATCH(x));
	assert_string_equal(OF_BATCH(x)->subject, "B1");
	assert_string_equal(OF_BATCH(x)->site, "S-GEN");
	assert_int_equal(OF_BATCH(x)->figures[0]->value, allowed + 1);
	assert_int_equal(OF_BATCH(x)->figures[0]->threshold, allowed);
	assert_null(OF_SITE(x)); /* the site's month has its 50 kg */
}

/* A drum of two batches: each answers for its part. */
static void a_merged_drum_has_two_roots(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *r = mx_repack(x, "HB1", "S-GEN");

	mx_fill(x);
	mx_repack_in(x, r, "C1", "", MX_C1_G);
	mx_repack_in(x, r, "C2", "", MX_C2_G);
	mx_repack_out(x, r, "D1", MX_CODE, MX_C1_G + MX_C2_G);
	mx_clean(x, mx_put_repack(x, GEN, r));
	mx_clean(x, lose(x, GEN, "D1", 1000));
	assert_int_equal(batch_short(x, "B1"), 399);
	assert_int_equal(batch_short(x, "B2"), 601);
}

/* The road is a step like any other: what it takes adds to what was lost before. */
static void the_road_counts(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *a;
	Custody__Batch *b;

	mx_to_received(x);
	a = mx_accepted_body(x);
	a->lines[0]->mass_g -= 2500; /* of 250 kg */
	mx_accepted(x, mx_accept(x, REC, a));
	assert_int_equal(batch_short(x, "B1") + batch_short(x, "B2"), 2500);
	assert_null(OF_BATCH(x));
	assert_int_equal(ld_batch_get(&x->c, "GEN", "B1", &b), LD_OK);
	assert_true(b->errors_g > 0);		      /* of the gate's scale, and fuel and rain */
	mx_clean(x, lose(x, REC, "C1", b->errors_g)); /* at the receiver */
	assert_int_equal(batch_short(x, "B1"), b->short_g + b->errors_g);
	assert_non_null(OF_BATCH(x));
	assert_string_equal(OF_BATCH(x)->subject, "B1");
}

/* What one trip loses is that manifest's shortfall: once, not once more for each batch. */
static void the_road_alone_is_the_manifest_s(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *a;

	mx_to_received(x);
	a = mx_accepted_body(x);
	a->lines[0]->mass_g -= 100000;
	mx_accepted(x, mx_accept(x, REC, a));
	assert_null(OF_BATCH(x));
	mx_clean(x, lose(x, REC, "C1", 1));
	assert_non_null(OF_BATCH(x));
}

/* What dries may lose 0.6 % of its own, where that is more. */
static void the_waste_s_own_loss(void **state)
{
	struct mx *x = *state;
	struct ld_rules rules = ld_rules_cn;
	Liandan__WasteGenerated *w = mx_generated(x, "B1", "C1", MX_CODE, 100000);
	MX_EVENT(e, WASTE_GENERATED, w);

	rules.balance_permille = 0;
	rules.balance_min_g = 0;
	x->c.rules = &rules;
	w->line->loss_class = MX_S("drying");
	mx_clean(x, mx_put(x, GEN, &e));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->month->own_g, 600);
	mx_clean(x, lose(x, GEN, "C1", 600));
	assert_null(OF_SITE(x));
	assert_null(OF_BATCH(x));
	mx_clean(x, lose(x, GEN, "C1", 1));
	assert_non_null(OF_SITE(x));
	assert_non_null(OF_BATCH(x));
}

/* Chains and fans of repackings end: what does not find room stays with the last that is looked
 * at. */
static void hostile_genealogy_is_bounded(void **state)
{
	struct mx *x = *state;
	char from[16], to[16];

	mx_generate(x, "B1", "K0", MX_CODE, 100000);
	for (int i = 0; i < 200; i++) {
		Liandan__StockRepacked *r;
		char batch[16];

		snprintf(batch, sizeof batch, "R%d", i);
		snprintf(from, sizeof from, "K%d", i);
		snprintf(to, sizeof to, "K%d", i + 1);
		r = mx_repack(x, ld_arena_dup(&x->build, batch, sizeof batch), "S-GEN");
		mx_repack_in(x, r, ld_arena_dup(&x->build, from, sizeof from), "", 100000);
		mx_repack_out(x, r, ld_arena_dup(&x->build, to, sizeof to), MX_CODE, 100000);
		mx_clean(x, mx_put_repack(x, GEN, r));
	}
	mx_clean(x, lose(x, GEN, to, 10));
	assert_int_equal(batch_short(x, "B1"), 0); /* too far away */
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->month->short_g, 10);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(small_losses_add_up_in_a_month),
	    T(level_four_from_three_tonnes),
	    T(every_kind_of_loss_counts),
	    T(shares_of_a_loss_add_exactly),
	    T(a_batch_answers_for_all_its_drums),
	    T(a_merged_drum_has_two_roots),
	    T(the_road_counts),
	    T(the_road_alone_is_the_manifest_s),
	    T(the_waste_s_own_loss),
	    T(hostile_genealogy_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
