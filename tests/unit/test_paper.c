/* Paper filled in afterwards: it flags, it never moves anything, and it has its time. CUSTODY-23.
 */
#include "finding_builders.h"

#define LATE LIANDAN__REASON__LATE

/* What happened on paper is sent as events of their own, with their times. */
static void a_truck_without_signal(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;
	const int64_t start = x->now;
	Liandan__HandoverTaken *t;
	Liandan__Arrived *a;

	mx_to_offered(x);
	x->now += LD_DAY_MS;
	t = mx_taken(x, 1, "V1");
	MX_EVENT(taken, HANDOVER_TAKEN, t);
	taken.occurred_at_ms = start + LD_MINUTE_MS;
	mx_clean(x, mx_put(x, CAR1, &taken));
	a = mx_arrived(x, "V1");
	MX_EVENT(arrived, ARRIVED, a);
	arrived.occurred_at_ms = start + LD_HOUR_MS;
	mx_clean(x, mx_put(x, CAR1, &arrived));
	mx_clean(x, mx_backfill(x, CAR1, mx_paper(x)));
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__ARRIVED);
	assert_true(m->flags & CUSTODY__MANIFEST_FLAG__FLAG_PAPER);
	assert_int_equal(m->n_papers, 1);
	assert_string_equal(m->papers[0]->paper_no, "P-0001");
	assert_string_equal(m->papers[0]->party, "CAR1");
	assert_int_equal(m->papers[0]->last_ms, x->now);
	assert_int_equal(m->papers[0]->first_ms, x->now - LD_HOUR_MS);
	assert_int_equal(m->taken_ms, start + LD_MINUTE_MS);
}

/* It says that there was an acceptance: the manifest does not believe it. */
static void it_moves_nothing(void **state)
{
	struct mx *x = *state;
	Liandan__PaperBackfilled *b = mx_paper(x);

	mx_to_sealed(x);
	b->steps[1]->kind = LIANDAN__PAPER_STEP_KIND__PAPER_STEP_KIND_ACCEPTED;
	mx_clean(x, mx_backfill(x, REC, b));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__SEALED);
	assert_string_equal(mx_manifest(x)->holder, "GEN");
	assert_int_equal(MX_DUE(x, PICKUP), x->now + x->c.rules->pickup_ms);
}

/* Ten working days: to the end of that day in China, and over a holiday longer. */
static void to_the_last_moment(void **state)
{
	struct mx *x = *state;
	Liandan__PaperBackfilled *b = mx_paper(x);
	const int64_t due = ld_workdays_after(&x->c, x->now, x->c.rules->paper_workdays);
	const Liandan__AnomalyRaised *a;
	Custody__Anomaly *open;

	mx_to_taken(x);
	assert_int_equal(due - x->now, 14 * LD_DAY_MS + 8 * LD_HOUR_MS); /* from Monday 16:00 */
	x->now = due;
	mx_clean(x, mx_backfill(x, CAR1, b));
	x->now = due + 1;
	mx_flagged(x, mx_backfill(x, CAR1, b), LATE);
	a = mx_raised_for(x, LATE);
	assert_non_null(a);
	assert_int_equal(a->level, 2);
	assert_int_equal(a->figures[0]->threshold, due);
	/* it concerns whose paper it is, not who carries */
	mx_flagged(x, mx_backfill(x, GEN, b), LATE);
	assert_int_equal(ld_anomaly_open(&x->c, LIANDAN__ANOMALY_KIND__RULE_VIOLATED, LATE, "GEN",
					 ld_c_hex(&x->c, mx_id(x)), &open),
			 LD_OK);
	assert_string_equal(open->party, "GEN");
}

/* A step that lies ahead gives no time: the one before counts. */
static void a_step_ahead_excuses_nothing(void **state)
{
	struct mx *x = *state;
	Liandan__PaperBackfilled *b = mx_paper(x);

	mx_to_taken(x);
	x->now += 20 * LD_DAY_MS;
	b->steps[1]->at_ms = x->now + LD_DAY_MS;
	mx_flagged(x, mx_backfill(x, CAR1, b), LATE);
	assert_true(mx_violated(x, LIANDAN__REASON__CLOCK_AHEAD));
	b->steps[0]->at_ms = b->steps[1]->at_ms; /* none is left */
	mx_flagged(x, mx_backfill(x, CAR1, b), LATE);
	b->steps[0]->at_ms = b->steps[1]->at_ms = LD_MAX_WIRE_INT;
	mx_flagged(x, mx_backfill(x, CAR1, b), LATE);
	assert_int_equal(mx_manifest(x)->papers[0]->last_ms, 0);
}

/* Each party has its own, the last one stands. */
static void one_of_each_party(void **state)
{
	struct mx *x = *state;
	Liandan__PaperBackfilled *b = mx_paper(x);
	Custody__Manifest *m;

	mx_to_taken(x);
	mx_clean(x, mx_backfill(x, CAR1, b));
	mx_clean(x, mx_backfill(x, GEN, b));
	b->paper_no = MX_S("P-0002");
	mx_clean(x, mx_backfill(x, CAR1, b));
	mx_clean(x, mx_backfill(x, CAR2, b)); /* named for leg 2 */
	m = mx_manifest(x);
	assert_int_equal(m->n_papers, 3);
	assert_string_equal(m->papers[0]->party, "GEN");
	assert_string_equal(m->papers[1]->paper_no, "P-0002");
	assert_string_equal(m->papers[1]->party, "CAR1");
	mx_refused(x, mx_backfill(x, CARX, b), WRONG_ROLE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_truck_without_signal),	     T(it_moves_nothing),  T(to_the_last_moment),
	    T(a_step_ahead_excuses_nothing), T(one_of_each_party),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
