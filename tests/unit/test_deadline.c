/* Clocks: what runs out, once, in order, and what follows from it. CUSTODY-22; P6. */
#include <stdio.h>

#include "manifest_builders.h"

static const Liandan__AnomalyRaised *raised(const struct mx *x)
{
	const Liandan__OwnEvent *own = mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED);

	return own != NULL ? own->anomaly_raised : NULL;
}

static void draft_expires(void **state)
{
	struct mx *x = *state;
	Custody__Party *p;

	mx_to_draft(x);
	x->now += 30 * LD_DAY_MS - 1;
	assert_int_equal(mx_tick(x), 0);
	x->now += 1;
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__EXPIRED);
	assert_int_equal(raised(x)->level, 1);
	assert_int_equal(raised(x)->kind, LIANDAN__ANOMALY_KIND__DEADLINE);
	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	assert_int_equal(p->drafts, 0);
	x->now += LD_DAY_MS;
	assert_int_equal(mx_tick(x), 0); /* one entry for each clock, ever */
}

static void pickup_expires(void **state)
{
	struct mx *x = *state;
	Custody__Party *p;

	mx_to_sealed(x);
	x->now += 10 * LD_DAY_MS;
	assert_int_equal(mx_tick(x), 2); /* not picked up for days; expired */
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__EXPIRED);
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__GENERATED);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, 0);
	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	assert_int_equal(p->open_manifests, 0);
	mx_refused(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")), OUT_OF_ORDER);
}

static void a_pickup_date_of_its_own(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft;
	Liandan__ManifestSealed *s = mx_sealed(x);

	mx_fill(x);
	draft = mx_to_draft(x);
	s->expires_ms = x->now + LD_HOUR_MS;
	mx_clean(x, mx_seal(x, draft, s));
	assert_int_equal(MX_DUE(x, PICKUP), x->now + LD_HOUR_MS);
	assert_int_equal(MX_DUE(x, UNPICKED), 0); /* it ends before anybody need be told */
}

static const Liandan__AnomalyCleared *cleared(const struct mx *x)
{
	const Liandan__OwnEvent *own = mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED);

	return own != NULL ? own->anomaly_cleared : NULL;
}

/* 5C D7: a note after three days, which the taking ends. */
static void not_picked_up(void **state)
{
	struct mx *x = *state;
	uint64_t anomaly;

	mx_to_sealed(x);
	assert_int_equal(MX_DUE(x, UNPICKED), x->now + 3 * LD_DAY_MS);
	x->now += 3 * LD_DAY_MS - 1;
	assert_int_equal(mx_tick(x), 0);
	x->now++;
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(x->own[0]->deadline_missed->clock,
			 LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_UNPICKED);
	assert_int_equal(raised(x)->kind, LIANDAN__ANOMALY_KIND__NOT_PICKED_UP);
	assert_int_equal(raised(x)->level, 1);
	anomaly = x->index;
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__SEALED);
	assert_int_equal(mx_tick(x), 0);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_was_at(x, "V1", "S-GEN");
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	assert_int_equal(cleared(x)->anomaly, anomaly);
	assert_int_equal(cleared(x)->phase, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE);
}

static void picked_up_in_time(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	assert_int_equal(MX_DUE(x, UNPICKED), 0);
	assert_int_equal(MX_DUE(x, PICKUP), 0);
}

/* What is cancelled waits for nobody. */
static void cancelled_unpicked(void **state)
{
	struct mx *x = *state;

	mx_to_sealed(x);
	x->now += 3 * LD_DAY_MS;
	assert_int_equal(mx_tick(x), 1);
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(cleared(x)->phase, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE);
}

static void cancelled_before(void **state)
{
	struct mx *x = *state;

	mx_to_sealed(x);
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(MX_DUE(x, UNPICKED), 0);
}

static void taken_although_expired(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	x->now += 10 * LD_DAY_MS;
	assert_int_equal(mx_tick(x), 3); /* a note, the offer, then the pick-up */
	assert_int_equal(x->own[2]->deadline_missed->clock,
			 LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_PICKUP);
	assert_true(x->own[0]->deadline_missed->due_ms < x->own[2]->deadline_missed->due_ms);
	mx_was_at(x, "V1", "S-GEN");
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), LATE);
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->bound_g, 0);
}

static void overdue_then_lost_then_there(void **state)
{
	struct mx *x = *state;
	int64_t due;
	uint64_t anomaly;

	mx_to_taken(x);
	due = MX_DUE(x, ARRIVAL);
	x->now = due;
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(mx_manifest(x)->flags, CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE);
	assert_int_equal(raised(x)->kind, LIANDAN__ANOMALY_KIND__OVERDUE);
	assert_int_equal(raised(x)->level, 2);
	anomaly = x->index;
	assert_int_equal(MX_DUE(x, LOST), due + LD_DAY_MS);
	x->now = due + LD_DAY_MS;
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(mx_manifest(x)->flags,
			 CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE | CUSTODY__MANIFEST_FLAG__FLAG_LOST);
	/* the same anomaly, at level 4 */
	assert_null(raised(x));
	assert_int_equal(
	    mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED)->anomaly_updated->anomaly, anomaly);
	assert_int_equal(
	    mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED)->anomaly_updated->now->level, 4);
	x->now += LD_HOUR_MS;
	mx_flagged(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")), LATE);
	assert_int_equal(mx_manifest(x)->flags,
			 CUSTODY__MANIFEST_FLAG__FLAG_LOST); /* until it is received */
	assert_int_equal(
	    mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED)->anomaly_cleared->anomaly, anomaly);
	assert_int_equal(
	    mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED)->anomaly_cleared->phase,
	    LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE);
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	assert_int_equal(mx_manifest(x)->flags, 0);
}

/* It arrived in time and the news came late: nothing is held against the driver. */
static void late_news_of_an_arrival_in_time(void **state)
{
	struct mx *x = *state;
	MX_EVENT(e, ARRIVED, NULL);
	int64_t then;

	mx_to_taken(x);
	then = x->now + LD_HOUR_MS;
	x->now = MX_DUE(x, ARRIVAL);
	assert_int_equal(mx_tick(x), 1);
	e.arrived = mx_arrived(x, "V1");
	e.occurred_at_ms = then;
	mx_clean(x, mx_put(x, CAR1, &e));
	assert_int_equal(mx_manifest(x)->flags, 0);
	assert_int_equal(mx_manifest(x)->arrived_ms, then);
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED));
}

/* The phone was offline for the whole trip: taking and arrival come together, hours later. */
static void a_late_taking_is_not_overdue_at_once(void **state)
{
	struct mx *x = *state;
	MX_EVENT(taken, HANDOVER_TAKEN, NULL);
	MX_EVENT(there, ARRIVED, NULL);
	int64_t then;

	mx_to_offered(x);
	mx_was_at(x, "V1", "S-GEN");
	then = x->now;
	taken.handover_taken = mx_taken(x, 1, "V1");
	taken.occurred_at_ms = then;
	x->now += 9 * LD_HOUR_MS;
	mx_clean(x, mx_put(x, CAR1, &taken));
	assert_int_equal(mx_manifest(x)->taken_ms, then);
	assert_int_equal(MX_DUE(x, ARRIVAL), x->now + x->c.rules->late_news_ms);
	x->now += x->c.rules->late_news_ms - 1;
	assert_int_equal(mx_tick(x), 0);
	there.arrived = mx_arrived(x, "V1");
	there.occurred_at_ms = then + LD_HOUR_MS;
	mx_clean(x, mx_put(x, CAR1, &there));
	assert_int_equal(MX_DUE(x, ARRIVAL), 0);
	assert_null(raised(x));
}

static void and_overdue_when_nothing_follows(void **state)
{
	struct mx *x = *state;
	MX_EVENT(taken, HANDOVER_TAKEN, NULL);

	mx_to_offered(x);
	mx_was_at(x, "V1", "S-GEN");
	taken.handover_taken = mx_taken(x, 1, "V1");
	taken.occurred_at_ms = x->now;
	x->now += 9 * LD_HOUR_MS;
	mx_clean(x, mx_put(x, CAR1, &taken));
	x->now += x->c.rules->late_news_ms;
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(raised(x)->kind, LIANDAN__ANOMALY_KIND__OVERDUE);
	assert_int_equal(raised(x)->level, 2);
}

static void no_clock_runs_after_the_end(void **state)
{
	struct mx *x = *state;

	mx_to_accepted(x);
	x->now += 329 * LD_DAY_MS;
	assert_int_equal(mx_tick(x), 0);
	x->now += LD_DAY_MS;
	assert_int_equal(mx_tick(x), 1); /* nearly a year in store */
	assert_int_equal(raised(x)->level, 1);
	x->now += 35 * LD_DAY_MS;
	assert_int_equal(mx_tick(x), 1); /* not treated in a year */
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
}

static void received_and_not_accepted(void **state)
{
	struct mx *x = *state;

	mx_to_received(x);
	x->now = ld_workdays_after(NULL, x->now, 5);
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(raised(x)->level, 2);
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED));
}

static void arrived_and_not_received(void **state)
{
	struct mx *x = *state;

	mx_to_arrived(x);
	x->now += x->c.rules->receipt_ms;
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(raised(x)->level, 2);
}

static void rejected_and_not_redirected(void **state)
{
	struct mx *x = *state;

	mx_to_arrived(x);
	mx_clean(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK));
	x->now += 24 * LD_HOUR_MS;
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(raised(x)->level, 2);
}

static void a_held_event_expires(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	mx_held(x, mx_receive(x, REC, mx_received(x)));
	x->now += x->c.rules->held_ms;
	assert_true(mx_tick(x) >= 2);
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_EXPIRED));
	for (size_t i = 0; i < x->n_own; i++)
		if (x->own[i]->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED &&
		    x->own[i]->anomaly_raised->kind == LIANDAN__ANOMALY_KIND__CAUSE_MISSING)
			return;
	fail_msg("no CAUSE_MISSING");
}

static void set_replaces_and_clear_stops(void **state)
{
	struct mx *x = *state;
	const Liandan__SubjectKind kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
	const Liandan__DeadlineClock clock = LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_RECEIPT;

	assert_int_equal(ld_deadline_set(&x->c, kind, "s", clock, 1, 1000), LD_OK);
	assert_int_equal(ld_deadline_set(&x->c, kind, "s", clock, 1, x->now + 1), LD_OK);
	assert_int_equal(mx_tick(x), 0);
	x->now++;
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(ld_deadline_set(&x->c, kind, "s", clock, 1, 1000), LD_OK);
	assert_int_equal(ld_deadline_set(&x->c, kind, "s", clock, 1, 0), LD_OK);
	assert_int_equal(mx_tick(x), 0);
	assert_int_equal(ld_deadline_set(&x->c, kind, "s", clock, 1, 1000), LD_OK);
	assert_int_equal(ld_deadline_clear(&x->c, kind, "s", clock), LD_OK);
	assert_int_equal(ld_deadline_clear(&x->c, kind, "s", clock), LD_OK);
	assert_int_equal(mx_tick(x), 0);
}

static void at_most_so_many_in_due_order(void **state)
{
	struct mx *x = *state;
	struct ld_own_list list = {.n = 0};
	char subject[2] = "a";

	for (int i = 0; i < 20; i++) {
		subject[0] = (char)('a' + i);
		assert_int_equal(
		    ld_deadline_set(&x->c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, subject,
				    LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_OFFER, 1,
				    2000 - i * 10),
		    LD_OK);
	}
	ld_deadline_follow_time(&x->c, x->now, 7, &list);
	assert_int_equal(list.n, 7);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(list.event[i]->deadline_missed->due_ms, 1810 + (int)i * 10);
	list.n = LD_MAX_OWN_EVENTS - 1; /* a full list stops it */
	ld_deadline_follow_time(&x->c, x->now, 7, &list);
	assert_int_equal(list.n, LD_MAX_OWN_EVENTS);
}

static enum ld_err set_workdays(struct mx *x, const char *subject, int64_t from_ms, int64_t n)
{
	return ld_deadline_set_workdays(&x->c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST,
					subject, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_ACCEPTANCE,
					1, from_ms, n);
}

/* Clocks in working days between others, however they were counted. */
static void both_kinds_in_due_order(void **state)
{
	struct mx *x = *state;
	const Liandan__SubjectKind kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
	const Liandan__DeadlineClock clock = LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_OFFER;
	const int64_t in3 = ld_workdays_after(&x->c, x->now, 3);
	static const char *const order[] = {"a", "b", "c", "d", "e", "f", "g"};
	struct ld_own_list list;

	assert_int_equal(ld_deadline_set(&x->c, kind, "f", clock, 1, in3 + 1), LD_OK);
	assert_int_equal(set_workdays(x, "g", x->now, 4), LD_OK);
	assert_int_equal(set_workdays(x, "d", x->now - LD_DAY_MS * 3, 4), LD_OK); /* Friday's */
	assert_int_equal(set_workdays(x, "e", x->now, 3), LD_OK);
	assert_int_equal(set_workdays(x, "b", x->now, 1), LD_OK);
	assert_int_equal(ld_deadline_set(&x->c, kind, "c", clock, 1, in3 - 1), LD_OK);
	assert_int_equal(ld_deadline_set(&x->c, kind, "a", clock, 1, x->now), LD_OK);
	x->now = in3 + 30 * LD_DAY_MS;
	for (size_t max = 1; max <= 8; max++) {
		list.n = 0;
		ld_arena_reset(&x->arena);
		x->c.next_due_ms = 0; /* what was listed is not applied here */
		ld_deadline_follow_time(&x->c, x->now, max, &list);
		assert_int_equal(list.n, max < 7 ? max : 7);
		for (size_t i = 0; i < list.n; i++)
			if (i < 3 || i > 4)
				assert_string_equal(list.event[i]->deadline_missed->subject,
						    order[i]);
	}
}

/* More times than are looked at at once: none is left out, each comes once. */
static void many_days(void **state)
{
	struct mx *x = *state;
	size_t seen = 0, n;
	char subject[8];

	for (int i = 0; i < 200; i++) {
		snprintf(subject, sizeof subject, "s%d", i);
		assert_int_equal(set_workdays(x, subject, x->now - i * LD_DAY_MS, 5 + i % 3),
				 LD_OK);
	}
	x->now += 60 * LD_DAY_MS;
	while ((n = mx_tick(x)) != 0) {
		for (size_t i = 1; i < n; i++)
			assert_true(x->own[i - 1]->deadline_missed->due_ms <=
				    x->own[i]->deadline_missed->due_ms);
		seen += n;
	}
	assert_int_equal(seen, 200);
}

/* Not before a clock is due is anything looked up; a clock that is set earlier is seen. */
static void nobody_looks_in_vain(void **state)
{
	struct mx *x = *state;
	const Liandan__SubjectKind kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
	const Liandan__DeadlineClock clock = LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_OFFER;

	assert_true(ld_deadline_any(&x->c, x->now)); /* nobody has looked */
	assert_int_equal(mx_tick(x), 0);
	assert_false(ld_deadline_any(&x->c, INT64_MAX - 1));
	assert_int_equal(ld_deadline_set(&x->c, kind, "a", clock, 1, x->now + 9), LD_OK);
	assert_int_equal(ld_deadline_set(&x->c, kind, "b", clock, 1, x->now + 5), LD_OK);
	assert_false(ld_deadline_any(&x->c, x->now + 4));
	assert_true(ld_deadline_any(&x->c, x->now + 5));
	x->now += 5;
	assert_int_equal(mx_tick(x), 1);
	assert_false(ld_deadline_any(&x->c, x->now + 3));
	assert_int_equal(set_workdays(x, "c", x->now - 9 * LD_DAY_MS, 1), LD_OK);
	assert_true(ld_deadline_any(&x->c, x->now));
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(ld_deadline_clear(&x->c, kind, "a", clock), LD_OK);
	x->now += 4;
	assert_int_equal(mx_tick(x), 0);
	assert_false(ld_deadline_any(&x->c, INT64_MAX - 1));
}

/* A missed deadline of what is not there, or of nothing we know, does no harm. */
static void missed_is_total(void **state)
{
	struct mx *x = *state;
	Liandan__DeadlineMissed d = LIANDAN__DEADLINE_MISSED__INIT;

	d.subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
	d.subject = MX_S("11111111111111111111111111111111");
	for (int clock = 0; clock <= LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_RECEIPT; clock++) {
		d.clock = (Liandan__DeadlineClock)clock;
		assert_int_equal(ld_missed_apply(&x->c, &d, 1, x->now), LD_OK);
	}
	d.subject = MX_S("not hex");
	assert_int_equal(ld_missed_apply(&x->c, &d, 1, x->now), LD_OK);
	mx_to_accepted(x);
	d.subject = MX_S("11111111111111111111111111111111");
	for (int clock = 0; clock <= LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_RECEIPT; clock++) {
		d.clock = (Liandan__DeadlineClock)clock;
		assert_int_equal(ld_missed_apply(&x->c, &d, 1, x->now), LD_OK);
		assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
		assert_int_equal(mx_manifest(x)->flags, 0);
	}
}

/* Order 23 article 18: working days, China's clock, end of the last day. */
static void working_days(void **state)
{
	const int64_t monday = MX_NOW - 16 * LD_HOUR_MS; /* 2026-01-05 00:00, China */

	(void)state;
	assert_int_equal(ld_workdays_after(NULL, monday, 5),
			 monday + 8 * LD_DAY_MS); /* Monday next, its end */
	assert_int_equal(ld_workdays_after(NULL, monday + LD_DAY_MS - 1, 1),
			 monday + 2 * LD_DAY_MS);
	assert_int_equal(ld_workdays_after(NULL, monday, 4), monday + 5 * LD_DAY_MS); /* Friday */
	assert_int_equal(ld_workdays_after(NULL, monday + 4 * LD_DAY_MS, 1),
			 monday + 8 * LD_DAY_MS);
	assert_int_equal(ld_workdays_after(NULL, monday + 5 * LD_DAY_MS, 1),
			 monday + 8 * LD_DAY_MS); /* Saturday */
	assert_int_equal(ld_workdays_after(NULL, monday + 6 * LD_DAY_MS, 5),
			 monday + 12 * LD_DAY_MS);
	assert_int_equal(ld_workdays_after(NULL, monday, 0), monday + LD_DAY_MS);
	assert_int_equal(ld_workdays_after(NULL, 0, 1),
			 2 * LD_DAY_MS - 8 * LD_HOUR_MS); /* 1970-01-01, Thursday */
	assert_int_equal(ld_workdays_after(NULL, -9 * LD_HOUR_MS, 1), LD_DAY_MS - 8 * LD_HOUR_MS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(draft_expires),
	    T(pickup_expires),
	    T(a_pickup_date_of_its_own),
	    T(not_picked_up),
	    T(picked_up_in_time),
	    T(cancelled_unpicked),
	    T(cancelled_before),
	    T(taken_although_expired),
	    T(overdue_then_lost_then_there),
	    T(late_news_of_an_arrival_in_time),
	    T(a_late_taking_is_not_overdue_at_once),
	    T(and_overdue_when_nothing_follows),
	    T(no_clock_runs_after_the_end),
	    T(received_and_not_accepted),
	    T(arrived_and_not_received),
	    T(rejected_and_not_redirected),
	    T(a_held_event_expires),
	    T(set_replaces_and_clear_stops),
	    T(at_most_so_many_in_due_order),
	    T(both_kinds_in_due_order),
	    T(many_days),
	    T(nobody_looks_in_vain),
	    T(missed_is_total),
	    cmocka_unit_test(working_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
