/* Discrepancies: who has to speak, by when, and when it is over. CUSTODY-17. */
#include "finding_builders.h"
#include "plugin/custody/finding.h"

#define FLAG CUSTODY__MANIFEST_FLAG__FLAG_DISCREPANCY
#define SPILL LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL
#define THEFT LIANDAN__LOSS_CAUSE__LOSS_CAUSE_THEFT
#define DEADLINE LIANDAN__ANOMALY_KIND__DEADLINE

static bool flagged(struct mx *x)
{
	return (mx_manifest(x)->flags & FLAG) != 0;
}

static const Custody__Discrepancy *nth(struct mx *x, size_t i)
{
	const Custody__Manifest *m = mx_manifest(x);

	assert_true(i < m->n_discrepancies);
	return m->discrepancies[i];
}

static void accept_differing(struct mx *x)
{
	Liandan__Accepted *b = mx_accepted_body(x);

	b->discrepancy = LIANDAN__DISCREPANCY__DISCREPANCY_QUANTITY;
	mx_clean(x, mx_accept(x, REC, b));
}

static void next_deadline(struct mx *x)
{
	x->now = MX_DUE(x, DISCREPANCY);
	assert_true(x->now != 0);
	mx_tick(x);
}

/* What the acceptance says is reported within the day; then there is time to find the cause. It
 * closes all the same. */
static void reported_and_resolved(void **state)
{
	struct mx *x = *state;
	uint8_t report[LD_HASH_BYTES];
	const struct ld_rules *r = x->c.rules;

	mx_to_received(x);
	accept_differing(x);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	assert_true(flagged(x));
	assert_int_equal(MX_DUE(x, DISCREPANCY), x->now + r->discrepancy_ms);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_differ(x, REC, mx_discrepancy(x)));
	memcpy(report, x->hash, sizeof report);
	assert_int_equal(MX_DUE(x, DISCREPANCY), x->now + r->resolve_ms);
	mx_clean(x, mx_resolve(x, REC, MX_KEYS, mx_resolution(x, report, SPILL)));
	assert_true(flagged(x)); /* the receiver alone */
	assert_int_equal(nth(x, 0)->receiver_cause, SPILL);
	mx_clean(x, mx_resolve(x, GEN, MX_KEYS, mx_resolution(x, report, SPILL)));
	assert_false(flagged(x));
	assert_int_equal(nth(x, 0)->resolved_ms, x->now);
	assert_int_equal(MX_DUE(x, DISCREPANCY), 0);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
}

/* One signs, the other cosigns. */
static void resolved_by_one_with_the_other(void **state)
{
	struct mx *x = *state;

	mx_to_differing(x);
	mx_clean(x, mx_resolve(x, GEN, REC, mx_resolution(x, x->hash, SPILL)));
	assert_false(flagged(x));
	assert_int_equal(nth(x, 0)->generator_cause, SPILL);
	assert_int_equal(nth(x, 0)->receiver_cause, SPILL);
}

/* Each has its own idea: it is open until they say the same. Who says it twice says no more. */
static void two_causes_resolve_nothing(void **state)
{
	struct mx *x = *state;
	uint8_t report[LD_HASH_BYTES];

	mx_to_differing(x);
	memcpy(report, x->hash, sizeof report);
	mx_clean(x, mx_resolve(x, GEN, MX_KEYS, mx_resolution(x, report, SPILL)));
	mx_clean(x, mx_resolve(x, GEN, MX_KEYS, mx_resolution(x, report, SPILL)));
	mx_clean(x, mx_resolve(x, GEN, CAR1, mx_resolution(x, report, SPILL)));
	mx_clean(x, mx_resolve(x, REC, MX_KEYS, mx_resolution(x, report, THEFT)));
	assert_true(flagged(x));
	mx_clean(x, mx_resolve(x, REC, MX_KEYS, mx_resolution(x, report, SPILL)));
	assert_false(flagged(x));
	mx_refused(x, mx_resolve(x, GEN, MX_KEYS, mx_resolution(x, report, THEFT)), OUT_OF_ORDER);
}

/* A shortfall that the scales show asks for a report as the receiver's own word does. */
static void a_shortfall_asks_for_a_report(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *b;

	mx_to_received(x);
	b = mx_accepted_body(x);
	mx_ticket(x, 0x72, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE, MX_BULK_G, &b->tickets[0]);
	mx_clean(x, mx_accept(x, REC, b));
	assert_non_null(mx_raised(x, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL));
	assert_true(flagged(x));
	assert_int_equal(MX_DUE(x, DISCREPANCY), x->now + x->c.rules->discrepancy_ms);
}

/* Within the scales' errors nothing is asked. */
static void an_honest_delivery(void **state)
{
	struct mx *x = *state;

	mx_to_accepted(x);
	assert_false(flagged(x));
	assert_int_equal(MX_DUE(x, DISCREPANCY), 0);
}

/* One that was reported before the acceptance needs no second report. */
static void reported_at_the_gate(void **state)
{
	struct mx *x = *state;
	int64_t due;

	mx_to_differing(x);
	due = MX_DUE(x, DISCREPANCY);
	x->now += LD_HOUR_MS;
	accept_differing(x);
	assert_int_equal(MX_DUE(x, DISCREPANCY), due);
	assert_int_equal(mx_manifest(x)->report_due_ms, 0);
}

/* Each clock once; a report that comes late explains. */
static void never_reported(void **state)
{
	struct mx *x = *state;
	const Liandan__AnomalyRaised *a;

	mx_to_received(x);
	accept_differing(x);
	next_deadline(x);
	a = mx_raised(x, DEADLINE);
	assert_non_null(a);
	assert_int_equal(a->level, 2);
	assert_true(flagged(x));
	assert_int_equal(MX_DUE(x, DISCREPANCY), 0);
	x->now += LD_DAY_MS;
	mx_clean(x, mx_differ(x, REC, mx_discrepancy(x)));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED));
	assert_int_equal(MX_DUE(x, DISCREPANCY), x->now + x->c.rules->resolve_ms);
	next_deadline(x);
	assert_non_null(mx_raised(x, DEADLINE));
	assert_int_equal(MX_DUE(x, DISCREPANCY), 0);
	assert_true(flagged(x));
}

/* Several: the clock is the one that ends first, each runs out once, and the flag goes with the
 * last. */
static void several(void **state)
{
	struct mx *x = *state;
	uint8_t first[LD_HASH_BYTES], second[LD_HASH_BYTES];
	int64_t start;

	mx_to_differing(x);
	memcpy(first, x->hash, sizeof first);
	start = x->now;
	x->now += LD_DAY_MS;
	mx_clean(x, mx_differ(x, REC, mx_discrepancy(x)));
	memcpy(second, x->hash, sizeof second);
	assert_int_equal(MX_DUE(x, DISCREPANCY), start + x->c.rules->resolve_ms);
	next_deadline(x);
	assert_int_equal(MX_DUE(x, DISCREPANCY), start + LD_DAY_MS + x->c.rules->resolve_ms);
	mx_clean(x, mx_resolve(x, REC, GEN, mx_resolution(x, first, SPILL)));
	assert_true(flagged(x));
	assert_int_equal(MX_DUE(x, DISCREPANCY), start + LD_DAY_MS + x->c.rules->resolve_ms);
	mx_clean(x, mx_resolve(x, REC, GEN, mx_resolution(x, second, SPILL)));
	assert_false(flagged(x));
	assert_int_equal(MX_DUE(x, DISCREPANCY), 0);
}

/* The two events cross: the answer waits for the report. */
static void resolved_before_it_was_reported(void **state)
{
	struct mx *x = *state;
	Liandan__DiscrepancyReported *b;
	ProtobufCBinaryData bytes;
	uint8_t hash[LD_HASH_BYTES];

	mx_to_received(x);
	b = mx_discrepancy(x);
	MX_EVENT(e, DISCREPANCY_REPORTED, b);
	bytes = mx_pack(x, REC, MX_KEYS, &e);
	ld_sha256(bytes.data, bytes.len, hash);
	mx_held(x, mx_resolve(x, GEN, REC, mx_resolution(x, hash, SPILL)));
	mx_put_bytes(x, bytes);
	mx_clean(x, x->j.reason);
	assert_false(flagged(x));
}

/* Another manifest's report is none of this one's. */
static void of_another_manifest(void **state)
{
	struct mx *x = *state;
	uint8_t report[LD_HASH_BYTES];

	mx_to_differing(x);
	memcpy(report, x->hash, sizeof report);
	mx_other(x, 0x22);
	mx_to_draft(x);
	mx_refused(x, mx_resolve(x, GEN, MX_KEYS, mx_resolution(x, report, SPILL)), OUT_OF_ORDER);
}

/* A hundred reports, each resolved: what is kept stays small, and the newest stand. */
static void resolved_ones_make_room(void **state)
{
	struct mx *x = *state;
	Liandan__DiscrepancyReported *b;

	mx_to_received(x);
	for (uint32_t i = 0; i < 100; i++) {
		b = mx_discrepancy(x);
		b->found_g = i;
		mx_clean(x, mx_differ(x, REC, b));
		mx_clean(x, mx_resolve(x, REC, GEN, mx_resolution(x, x->hash, SPILL)));
	}
	assert_int_equal(mx_manifest(x)->n_discrepancies, LD_MAX_DISCREPANCIES);
	assert_int_equal(nth(x, LD_MAX_DISCREPANCIES - 1)->found_g, 99);
	assert_false(flagged(x));
}

/* A generator that disputes what its delegate did keeps the flag. CUSTODY-3 */
static void a_dispute_stands_for_itself(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;

	mx_to_received(x);
	m = mx_manifest(x);
	m->disputed = true;
	assert_int_equal(ld_manifest_put(&x->c, m), LD_OK);
	mx_clean(x, mx_differ(x, REC, mx_discrepancy(x)));
	mx_clean(x, mx_resolve(x, REC, GEN, mx_resolution(x, x->hash, SPILL)));
	assert_true(flagged(x));
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(reported_and_resolved),
	    T(resolved_by_one_with_the_other),
	    T(two_causes_resolve_nothing),
	    T(a_shortfall_asks_for_a_report),
	    T(an_honest_delivery),
	    T(reported_at_the_gate),
	    T(never_reported),
	    T(several),
	    T(resolved_before_it_was_reported),
	    T(of_another_manifest),
	    T(resolved_ones_make_room),
	    T(a_dispute_stands_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
