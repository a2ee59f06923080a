/* A pipeline: what its days book, how they follow on from each other, and its end. CUSTODY-25. */
#include "amend_builders.h"
#include "pipe_builders.h"

#include "plugin/custody/pipeline.h"
#include "plugin/custody/year.h"

#define MOST ((INT64_C(1) << 53) - 1) /* that the gate lets in */

static const Liandan__AnomalyRaised *raised(const struct mx *x, Liandan__Reason reason)
{
	for (size_t i = 0; i < x->n_own; i++) {
		Liandan__AnomalyRaised **a = ld_anomaly_of_own(x->own[i]);

		if (a != NULL && (*a)->reason == reason)
			return *a;
	}
	return NULL;
}

static Custody__Stock *origin(struct mx *x)
{
	return mx_stock(x, "GEN", "S-GEN", MX_BULK);
}

static Custody__Stock *far_end(struct mx *x)
{
	return mx_stock(x, "REC", "S-REC", MX_BULK);
}

static void end(struct mx *x)
{
	x->now = MX_DUE(x, PIPELINE);
	assert_int_not_equal(x->now, 0);
	assert_true(mx_tick(x) != 0); /* what has come may be there too long besides */
}

static void days_are_booked_at_both_ends(void **state)
{
	struct mx *x = *state;
	Liandan__PipelineDay *b;

	mx_to_piped(x);
	assert_int_equal(origin(x)->bound_g, MX_BULK_G);
	assert_int_not_equal(MX_DUE(x, PICKUP), 0);
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G)));
	assert_int_equal(MX_DUE(x, PICKUP), 0);
	assert_int_equal(origin(x)->shipped_g, PIPE_G);
	assert_int_equal(origin(x)->bound_g, MX_BULK_G - PIPE_G);
	assert_int_equal(far_end(x)->received_g, PIPE_G);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__SEALED);
	/* a little is lost between the meters */
	x->now += LD_DAY_MS;
	b = mx_pipe(x, PIPE_DAY + 1, PIPE_G, PIPE_G);
	b->mass_in_g -= 7;
	b->in_end -= 7;
	mx_clean(x, mx_flow(x, b));
	assert_int_equal(origin(x)->in_stock_g, MX_BULK_G - 2 * PIPE_G);
	assert_int_equal(far_end(x)->in_stock_g, 2 * PIPE_G - 7);
	assert_int_equal(ld_manifest_accepted_g(mx_manifest(x)), 2 * PIPE_G - 7);
	assert_int_equal(mx_manifest(x)->flows[0]->days, 2);
}

/* More flows than was estimated: what was bound is used up, and not below that. */
static void an_estimate_may_be_too_small(void **state)
{
	struct mx *x = *state;

	mx_to_flowing(x);
	mx_generate(x, "BQ", "", MX_BULK, MX_BULK_G);
	x->now += LD_DAY_MS;
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY + 1, PIPE_G, MX_BULK_G)));
	assert_int_equal(origin(x)->bound_g, 0);
	end(x);
	assert_int_equal(origin(x)->bound_g, 0);
	assert_int_equal(origin(x)->in_stock_g, MX_BULK_G - PIPE_G);
}

static void it_ends_with_the_sum_of_its_days(void **state)
{
	struct mx *x = *state;
	const Liandan__OwnEvent *closed;
	Liandan__PipelineDay *b;
	Custody__Party *p;

	mx_to_piped_until(x, x->now + 3 * LD_DAY_MS);
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G)));
	assert_int_equal(MX_DUE(x, PIPELINE), x->now + 4 * LD_DAY_MS); /* a day for the last day */
	x->now += LD_DAY_MS;
	b = mx_pipe(x, PIPE_DAY + 1, PIPE_G, PIPE_G);
	b->mass_in_g -= 7;
	b->in_end -= 7;
	mx_clean(x, mx_flow(x, b));
	end(x);
	closed = mx_own(x, LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED);
	assert_non_null(closed);
	assert_int_equal(closed->manifest_closed->reason,
			 LIANDAN__CLOSE_REASON__CLOSE_REASON_PIPELINE);
	assert_int_equal(closed->manifest_closed->n_lines, 1);
	assert_int_equal(closed->manifest_closed->lines[0]->taken_g, 2 * PIPE_G);
	assert_int_equal(closed->manifest_closed->lines[0]->accepted_g, 2 * PIPE_G - 7);
	assert_int_equal(closed->manifest_closed->lines[0]->loss_g, 7);
	assert_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED)); /* it was meant to end */
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(origin(x)->bound_g, 0);
	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	assert_int_equal(p->open_manifests, 0);
	/* its last day comes too late */
	mx_refused(x, mx_flow(x, mx_pipe(x, PIPE_DAY + 2, 2 * PIPE_G, PIPE_G)), OUT_OF_ORDER);
}

/* Nothing has flowed: it expires as any other. */
static void one_that_never_flows_expires(void **state)
{
	struct mx *x = *state;

	mx_to_piped(x);
	x->now = MX_DUE(x, PICKUP);
	assert_true(mx_tick(x) != 0);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__EXPIRED);
	assert_int_equal(origin(x)->bound_g, 0);
}

/* It stands no longer than the profile says, whatever the seal asks. */
static void no_longer_than_the_profile_says(void **state)
{
	struct mx *x = *state;
	const int64_t sealed = x->now;

	mx_to_piped_until(x, MOST);
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G)));
	assert_int_equal(MX_DUE(x, PIPELINE), sealed + x->c.rules->pipeline_ms + LD_DAY_MS);
}

/* ---- readings ---- */

/* Told out of order, days are held against both that are beside them. */
static void a_day_between_two(void **state)
{
	struct mx *x = *state;

	mx_to_flowing(x);
	x->now += 2 * LD_DAY_MS;
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY + 2, 3 * PIPE_G, PIPE_G)));
	mx_flagged(x, mx_flow(x, mx_pipe(x, PIPE_DAY + 1, PIPE_G, PIPE_G)), METERS_DIFFER);
	assert_int_equal(x->j.violations[0]->value, PIPE_G); /* so much is missing */
	assert_string_equal(x->j.violations[0]->subject, "out_end");
	assert_int_equal(raised(x, LIANDAN__REASON__METERS_DIFFER)->level, 3);
	end(x); /* which is known: the same anomaly */
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
}

static void over_the_new_year(void **state)
{
	struct mx *x = *state;

	x->now = ld_china_day_ms(20271231) + LD_HOUR_MS;
	mx_to_piped(x);
	mx_meter(x, "M-OUT", "GEN");
	mx_meter(x, "M-IN", "REC");
	mx_clean(x, mx_flow(x, mx_pipe(x, 20271231, 0, PIPE_G)));
	x->now = ld_china_day_ms(20280101) + LD_HOUR_MS;
	mx_flagged(x, mx_flow(x, mx_pipe(x, 20280101, PIPE_G - 1, PIPE_G)), METERS_DIFFER);
	x->now = ld_china_day_ms(20280301);
	mx_clean(x, mx_flow(x, mx_pipe(x, 20280229, 5 * PIPE_G, PIPE_G)));
	mx_clean(x, mx_flow(x, mx_pipe(x, 20280301, 6 * PIPE_G, PIPE_G)));
}

static void a_day_that_is_left_out(void **state)
{
	struct mx *x = *state;
	const Liandan__AnomalyRaised *a;

	mx_to_flowing(x);
	x->now += 3 * LD_DAY_MS;
	/* a day without flow may be left out, one with flow may not */
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY + 2, PIPE_G, PIPE_G)));
	x->now += 5 * LD_DAY_MS;
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY + 6, 2 * PIPE_G + 400, PIPE_G)));
	end(x);
	a = raised(x, LIANDAN__REASON__METERS_DIFFER);
	assert_non_null(a);
	assert_int_equal(a->level, 3);
	assert_string_equal(a->figures[0]->name, "between_days");
	assert_int_equal(a->figures[0]->value, 400);
	assert_int_equal(a->figures[1]->value, 1);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
}

/* A meter that is replaced begins where it stands. */
static void another_meter_begins_anew(void **state)
{
	struct mx *x = *state;
	Liandan__PipelineDay *b;

	mx_to_flowing(x);
	mx_meter(x, "M-OUT2", "GEN");
	x->now += LD_DAY_MS;
	b = mx_pipe(x, PIPE_DAY + 1, PIPE_G, PIPE_G);
	b->meter_out = MX_S("M-OUT2");
	b->out_start = 5;
	b->out_end = 5 + PIPE_G;
	mx_clean(x, mx_flow(x, b));
	end(x);
	assert_null(raised(x, LIANDAN__REASON__METERS_DIFFER));
}

static void a_meter_counts_what_it_counts(void **state)
{
	struct mx *x = *state;
	Liandan__PipelineDay *b;

	mx_to_piped(x);
	b = mx_pipe(x, PIPE_DAY, 0, PIPE_G);
	b->mass_out_g = b->mass_in_g = PIPE_G - 1;
	mx_flagged(x, mx_flow(x, b), METERS_DIFFER);
	x->now += LD_DAY_MS;
	b = mx_pipe(x, PIPE_DAY + 1, PIPE_G, PIPE_G);
	b->out_end = b->out_start - 1; /* backwards */
	mx_flagged(x, mx_flow(x, b), METERS_DIFFER);
}

/* Volumes have no mass of their own: what the day says is taken, tonnes are counted. */
static void volumes_and_tonnes(void **state)
{
	struct mx *x = *state;
	Liandan__PipelineDay *b;

	mx_to_piped(x);
	b = mx_pipe(x, PIPE_DAY, 0, PIPE_G);
	b->unit = LIANDAN__UNIT__UNIT_CUBIC_METRE;
	b->out_end = b->in_end = 87;
	mx_clean(x, mx_flow(x, b));
	x->now += LD_DAY_MS;
	b = mx_pipe(x, PIPE_DAY + 1, 0, PIPE_G);
	b->unit = LIANDAN__UNIT__UNIT_TONNE;
	b->out_end = b->in_end = PIPE_G / 1000;
	mx_clean(x, mx_flow(x, b));
}

/* Any number, at any end: a verdict, and books that add up. */
static void hostile_readings(void **state)
{
	static const int64_t ends[] = {0, 1, PIPE_G, MOST - 1, MOST};
	struct mx *x = *state;
	uint32_t day = PIPE_DAY;

	mx_to_piped_until(x, x->now + 60 * LD_DAY_MS);
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < 5; k++) {
			Liandan__PipelineDay *b = mx_pipe(x, day, 0, PIPE_G);

			b->unit = (Liandan__Unit)(1 + i % 4);
			b->out_start = b->in_end = ends[i];
			b->out_end = b->in_start = ends[k];
			mx_accepted(x, mx_flow(x, b));
			(void)origin(x);
			(void)far_end(x);
			x->now += LD_DAY_MS;
			day = ld_china_date(x->now);
		}
	end(x);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(mx_manifest(x)->lines[0]->taken_g, 25 * PIPE_G);
}

static void days_that_are_none(void **state)
{
	static const uint32_t none[] = {1,	  19691231, 20260001, 20261301,	 20260132,
					20260229, 20260431, 99999999, UINT32_MAX};
	struct mx *x = *state;

	mx_to_piped(x);
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		mx_refused(x, mx_flow(x, mx_pipe(x, none[i], 0, PIPE_G)), QUANTITY);
	mx_refused(x, mx_flow(x, mx_pipe(x, PIPE_DAY + 1, 0, PIPE_G)), CLOCK_AHEAD);
	assert_int_equal(ld_china_day_ms(PIPE_DAY), MX_NOW - 16 * LD_HOUR_MS);
	for (int64_t ms = 0; ms < INT64_C(4102444800000); ms += 29 * LD_DAY_MS + 7)
		assert_in_range(ms - ld_china_day_ms(ld_china_date(ms)), 0, LD_DAY_MS - 1);
}

/* ---- what else the manifest is ---- */

/* What has come may be treated, analysed and disputed while it still flows. */
static void it_is_the_receivers_from_day_to_day(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b = MX_NEW(x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in =
	    MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	Liandan__TreatmentInput *inputs[1] = {in};
	int64_t due;
	MX_EVENT(e, WASTE_TREATED, b);

	mx_to_flowing(x);
	due = MX_DUE(x, TREATMENT);
	assert_int_equal(due, x->now + x->c.rules->treatment_ms);
	in->manifest = mx_id(x);
	in->mass_g = PIPE_G;
	b->batch = MX_S("CZ1");
	b->site = MX_S("S-REC");
	b->mode = MX_S(MX_MODE);
	b->inputs = inputs;
	b->n_inputs = 1;
	b->loss_g = PIPE_G;
	b->started_ms = x->now - LD_HOUR_MS;
	b->ended_ms = x->now;
	mx_clean(x, mx_put(x, REC, &e));
	assert_int_equal(far_end(x)->in_stock_g, 0);
	assert_int_equal(MX_DUE(x, TREATMENT), 0);
	/* what comes then has a year of its own */
	x->now += LD_DAY_MS;
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY + 1, PIPE_G, PIPE_G)));
	assert_int_equal(MX_DUE(x, TREATMENT), due + LD_DAY_MS);
	mx_clean(x, mx_differ(x, REC, mx_discrepancy(x)));
}

static void its_masses_are_not_amended(void **state)
{
	struct mx *x = *state;

	mx_to_flowing(x);
	mx_refused(x,
		   mx_propose(x, GEN,
			      mx_amend_number(x, MX_FIELD(LINE_MASS), 1, MX_BULK_G, MX_BULK_G - 1)),
		   LIMIT);
	end(x);
	mx_refused(
	    x,
	    mx_propose(x, REC, mx_amend_number(x, MX_FIELD(ACCEPTED_MASS), 1, PIPE_G, PIPE_G - 1)),
	    LIMIT);
	mx_accepted(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, mx_open, mx_close)
	    T(days_are_booked_at_both_ends),
	    T(an_estimate_may_be_too_small),
	    T(it_ends_with_the_sum_of_its_days),
	    T(one_that_never_flows_expires),
	    T(no_longer_than_the_profile_says),
	    T(a_day_between_two),
	    T(over_the_new_year),
	    T(a_day_that_is_left_out),
	    T(another_meter_begins_anew),
	    T(a_meter_counts_what_it_counts),
	    T(volumes_and_tonnes),
	    T(hostile_readings),
	    T(days_that_are_none),
	    T(it_is_the_receivers_from_day_to_day),
	    T(its_masses_are_not_amended),
#undef T
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
