/* Several codes on one manifest: a word, a book, a licence and a fate for each line, one sum for
 * the scales. CUSTODY-1, -2, -6, -14; 5C M1, M12. */
#include "child_builders.h"
#include "plan_builders.h"
#include "weigh_builders.h"

#include "plugin/custody/loss.h"
#include "plugin/custody/year.h"

#define LINE1_G (MX_C1_G + MX_C2_G) /* of MX_CODE; line 2 is MX_BULK_G of MX_BULK */
#define OPERATE LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE
#define CARRY LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY

static const Liandan__AnomalyRaised *raised(const struct mx *x, Liandan__AnomalyKind kind)
{
	const Liandan__AnomalyRaised *found = NULL;

	for (size_t i = 0; i < x->n_own; i++) {
		Liandan__AnomalyRaised **a = ld_anomaly_of_own(x->own[i]);

		if (a == NULL || (*a)->kind != kind)
			continue;
		assert_null(found);
		found = *a;
	}
	return found;
}

/* ---- licensed, line by line ---- */

/* A draft may say what it likes; what is sealed must be licensed to the last line, at the other end
 * and for every carrier. */
static void one_line_is_not_licensed(void **state)
{
	static const char *const only[] = {"HW49", "HW08"};

	for (size_t i = 0; i < 2; i++) {
		Liandan__ManifestCreated *draft;
		struct mx *x;

		mx_open(state);
		x = *state;
		mx_fill(x);
		draft = mx_to_draft(x);
		mx_licence(x, "L-REC", "REC", OPERATE, only[i], MX_MODE, 0);
		mx_refused(x, mx_seal(x, draft, mx_sealed(x)), NOT_LICENSED);
		mx_licence(x, "L-REC2", "REC", OPERATE, only[1 - i], "D10", 0);
		mx_refused(x, mx_seal(x, draft, mx_sealed(x)), NOT_LICENSED);
		mx_licence(x, "L-REC2", "REC", OPERATE, only[1 - i], MX_MODE, 0);
		mx_licence(x, "L-C1", "CAR1", CARRY, only[i], "", 0);
		mx_refused(x, mx_seal(x, draft, mx_sealed(x)), NOT_LICENSED);
		mx_licence(x, "L-C1B", "CAR1", CARRY, only[1 - i], "", 0);
		mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
		mx_close(state);
	}
}

/* The carrier's licence for one of them has gone by the hand-over: flagged, once, and it moves. */
static void one_line_is_not_the_carriers(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_licence(x, "L-C1", "CAR1", CARRY, "HW49", "", 0);
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), NOT_LICENSED);
	assert_int_equal(x->j.n_violations, 1);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__IN_TRANSIT);
}

/* Each line counts on the licence that covers it, and that one alone is exceeded. */
static void each_on_its_own_licence(void **state)
{
	struct mx *x = *state;
	const Liandan__AnomalyRaised *over;
	Custody__Licence *l;

	mx_licence(x, "L-REC", "REC", OPERATE, "HW49", MX_MODE, 0);
	mx_annual(x, LINE1_G);
	mx_licence(x, "L-REC2", "REC", OPERATE, "HW08", MX_MODE, 0);
	assert_int_equal(ld_licence_get(&x->c, "L-REC2", &l), LD_OK);
	l->granted->annual_g = MX_BULK_G - 1;
	assert_int_equal(ld_licence_put(&x->c, l), LD_OK);
	mx_to_received(x);
	mx_flagged(x, mx_accept(x, REC, mx_accepted_body(x)), LICENCE_EXCEEDED);
	assert_int_equal(x->j.n_violations, 1);
	assert_string_equal(x->j.violations[0]->subject, "L-REC2");
	over = raised(x, LIANDAN__ANOMALY_KIND__LICENCE_OVER);
	assert_non_null(over);
	assert_string_equal(over->subject, "L-REC2");
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_ACCEPTED, "L-REC", "", 2026), LINE1_G);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_ACCEPTED, "L-REC2", "", 2026), MX_BULK_G);
}

/* Two codes on one licence count on it together. */
static void both_on_one_licence(void **state)
{
	struct mx *x = *state;

	mx_annual(x, LINE1_G + MX_BULK_G - 1);
	mx_to_received(x);
	mx_flagged(x, mx_accept(x, REC, mx_accepted_body(x)), LICENCE_EXCEEDED);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_ACCEPTED, "L-REC", "", 2026),
			 LINE1_G + MX_BULK_G);
}

/* ---- masses ---- */

/* Booked grams add exactly, for each code: a line that comes short is not made up by another. */
static void each_line_has_its_loss(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *b;
	const Custody__Manifest *m;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->lines[0]->mass_g = LINE1_G - 700;
	b->lines[1]->mass_g = MX_BULK_G + 300;
	mx_clean(x, mx_accept(x, REC, b));
	m = mx_manifest(x);
	assert_int_equal(m->n_lines, 2);
	assert_int_equal(m->lines[0]->taken_g, LINE1_G);
	assert_int_equal(m->lines[0]->accepted_g, LINE1_G - 700);
	assert_int_equal(m->lines[0]->loss_g, 700);
	assert_int_equal(m->lines[1]->taken_g, MX_BULK_G);
	assert_int_equal(m->lines[1]->accepted_g, MX_BULK_G + 300);
	assert_int_equal(m->lines[1]->loss_g, -300);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->in_stock_g, LINE1_G - 700);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->in_stock_g, MX_BULK_G + 300);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->in_stock_g, 0);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, 0);
}

/* The gate weighs all lines together, and is held against all of them together: what the waste of
 * one may lose on the way is that one's share. Of the usual draft, of which so much is missing. */
static bool short_by(void **state, const char *loss_class, int64_t missing_g)
{
	const int64_t gate_error_g = 20000;
	Liandan__ManifestCreated *draft;
	Liandan__Accepted *b;
	struct mx *x;
	bool found;

	mx_open(state);
	x = *state;
	mx_fill(x);
	draft = mx_created(x);
	draft->lines[0]->loss_class = MX_S(loss_class);
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	b = mx_accepted_body(x);
	mx_ticket(x, 0x73, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE,
		  LINE1_G + MX_BULK_G - gate_error_g - x->c.rules->mass_extra_g - missing_g,
		  &b->tickets[0]);
	mx_accepted(x, mx_accept(x, REC, b));
	found = raised(x, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL) != NULL;
	mx_close(state);
	return found;
}

static void one_tolerance_over_the_sum(void **state)
{
	const int64_t dries_g = ld_own_loss_g("drying", LINE1_G);

	assert_true(dries_g > 0);
	assert_false(short_by(state, "", 0));
	assert_true(short_by(state, "", 1));
	assert_false(short_by(state, "drying", dries_g));
	assert_true(short_by(state, "drying", dries_g + 1));
}

/* ---- a word for each line ---- */

/* The drums are refused, all of them; the heap is accepted. `word`: line 1 is named all the same,
 * as nothing. */
static Liandan__PartlyAccepted *without_the_drums(struct mx *x, bool word)
{
	Liandan__PartlyAccepted *b = ch_partly(x, CH_TRUCK);

	b->refused[0]->item = mx_item(x, "C1", 1, MX_C1_G);
	b->refused[1]->item = mx_item(x, "C2", 1, MX_C2_G);
	b->lines[0]->mass_g = 0;
	b->lines[1]->mass_g = MX_BULK_G;
	if (!word) {
		b->lines[0] = b->lines[1];
		b->n_lines = 1;
	}
	mx_ticket(x, 0x74, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE, MX_BULK_G, &b->tickets[0]);
	return b;
}

static void one_line_is_refused(void **state)
{
	for (int word = 0; word < 2; word++) {
		const Custody__Manifest *m;
		struct mx *x;

		mx_open(state);
		x = *state;
		mx_to_received(x);
		mx_clean(x, ch_accept_partly(x, REC, CAR1, without_the_drums(x, word)));
		assert_null(raised(x, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL));
		m = mx_manifest(x);
		assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__CLOSED);
		assert_int_equal(m->lines[0]->passed_g, LINE1_G);
		assert_int_equal(m->lines[0]->loss_g, 0);
		assert_int_equal(m->lines[1]->accepted_g, MX_BULK_G);
		assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->in_stock_g, 0);
		assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->in_stock_g, MX_BULK_G);
		assert_int_equal(ld_year_g(&x->c, LD_YEAR_ACCEPTED, "L-REC", "", 2026), MX_BULK_G);
		m = sp_get(x, CH_REFUSED);
		assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__REJECTED_ALL);
		assert_int_equal(ld_items_of_line_g(m->items, m->n_items, 1), LINE1_G);
		assert_int_equal(ld_items_of_line_g(m->items, m->n_items, 2), 0);
		assert_string_equal(m->holder, "CAR1");
		mx_close(state);
	}
}

/* One drum is still there, and nothing is said of it. */
static void a_line_without_a_word(void **state)
{
	struct mx *x = *state;
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = without_the_drums(x, false);
	b->n_refused = 1;
	mx_flagged(x, ch_accept_partly(x, REC, CAR1, b), QUANTITY);
	assert_int_equal(x->j.n_violations, 1);
	assert_int_equal(mx_manifest(x)->lines[0]->loss_g, MX_C2_G);
}

/* A line that is not on the manifest, and one that is named twice. */
static void lines_that_are_none(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *b;

	mx_to_received(x);
	b = mx_accepted_body(x);
	b->lines[2] = mx_accepted_line(x, 3, 1);
	b->lines[3] = mx_accepted_line(x, 1, 1);
	b->n_lines = 4;
	mx_flagged(x, mx_accept(x, REC, b), QUANTITY);
	assert_int_equal(x->j.n_violations, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_line_is_not_licensed),
	    T(one_line_is_not_the_carriers),
	    T(each_on_its_own_licence),
	    T(both_on_one_licence),
	    T(each_line_has_its_loss),
	    cmocka_unit_test(one_tolerance_over_the_sum),
	    cmocka_unit_test(one_line_is_refused),
	    T(a_line_without_a_word),
	    T(lines_that_are_none),
	};

	return cmocka_run_group_tests_name("several_codes", tests, NULL, NULL);
}
