/* Official numbers: blocks, whose they are, later assignment, and numbers left out. CUSTODY-1; 5C
 * D4. */
#include "plugin/custody/number.h"

#include <stdio.h>

#include "rights_builders.h"

#define N(serial) (UINT64_C(20264403000000) + (serial)) /* 2026, Shenzhen */

static const char *text(struct mx *x, uint64_t n)
{
	char buf[24];

	snprintf(buf, sizeof buf, "%014llu", (unsigned long long)n);
	return ld_arena_str(&x->build, buf);
}

/* A further draft with this number, by the generator. */
static Liandan__Reason draft(struct mx *x, uint64_t n)
{
	Liandan__ManifestCreated *b = mx_created(x);

	x->id[0]++;
	b->manifest = mx_bytes(ld_arena_dup(&x->build, x->id, sizeof x->id), sizeof x->id);
	b->number = MX_S(text(x, n));
	return mx_create(x, b);
}

static void blocks(void **state)
{
	struct mx *x = *state;

	mx_refused(x, mx_allocate(x, GEN, "S", N(1), N(9), "GEN"), WRONG_ROLE);
	mx_refused(x, mx_allocate(x, EEB, "S", N(1), N(9), "nobody"), UNKNOWN_PARTY);
	mx_refused(x, mx_allocate(x, EEB, "S", N(9), N(1), "GEN"), BAD_NUMBER);
	mx_refused(x, mx_allocate(x, EEB, "S", 1, 9, "GEN"), BAD_NUMBER);
	mx_refused(
	    x, mx_allocate(x, EEB, "S", UINT64_C(99999999999990), UINT64_C(100000000000000), "GEN"),
	    BAD_NUMBER);
	/* another prefecture's numbers begin behind 999999 */
	mx_refused(x, mx_allocate(x, EEB, "S", N(999999), N(1000000), "GEN"), BAD_NUMBER);
	mx_refused(x, mx_allocate(x, EEB, "S", N(0), N(999999), "GEN"), LIMIT);
	mx_clean(x, mx_allocate(x, EEB, "S", N(10), N(19), "GEN"));
	mx_refused(x, mx_allocate(x, EEB, "S", N(30), N(39), "GEN"), ALREADY_EXISTS);
	/* overlapping at either end, inside, around */
	mx_refused(x, mx_allocate(x, EEB, "T", N(1), N(10), "GEN2"), ALREADY_EXISTS);
	mx_refused(x, mx_allocate(x, EEB, "T", N(19), N(25), "GEN2"), ALREADY_EXISTS);
	mx_refused(x, mx_allocate(x, EEB, "T", N(12), N(13), "GEN2"), ALREADY_EXISTS);
	mx_refused(x, mx_allocate(x, EEB, "T", N(1), N(99), "GEN2"), ALREADY_EXISTS);
	mx_clean(x, mx_allocate(x, EEB, "T", N(1), N(9), "GEN2"));
	mx_clean(x, mx_allocate(x, EEB, "U", N(20), N(20), "GEN2"));
	mx_clean(x, mx_allocate(x, EEB, "V", N(1000000) + 0, N(1999998), "GEN2"));
}

static void whose_number(void **state)
{
	struct mx *x = *state;
	struct ld_rules strict = ld_rules_cn;

	mx_clean(x, draft(x, N(5))); /* no block holds it and none is asked for */
	mx_clean(x, mx_allocate(x, EEB, "S", N(10), N(19), "GEN"));
	mx_clean(x, mx_allocate(x, EEB, "T", N(20), N(29), "GEN2"));
	mx_refused(x, draft(x, N(20)), BAD_NUMBER);
	mx_clean(x, draft(x, N(10)));
	mx_refused(x, draft(x, N(10)), ALREADY_EXISTS);
	/* another region's: the prefecture is Guangzhou's */
	mx_refused(x, draft(x, UINT64_C(20264401000001)), BAD_NUMBER);
	strict.number_blocks = 1;
	x->c.rules = &strict;
	mx_refused(x, draft(x, N(6)), BAD_NUMBER);
	mx_clean(x, draft(x, N(11)));
	x->c.rules = &ld_rules_cn;
}

/* A delegate fills for small firms from its own block. */
static void a_delegates_block(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b;

	mx_clean(x, mx_allocate(x, EEB, "S", N(10), N(19), "CAR1"));
	b = mx_created(x);
	b->number = MX_S(text(x, N(10)));
	mx_refused(x, mx_create(x, b), BAD_NUMBER);
	mx_clean(x, mx_delegate(x, EEB, mx_delegation(x, "D")));
	mx_clean(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b));
}

static void assigned_later(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *made;
	const uint8_t *v;
	size_t n;

	mx_refused(x, mx_assign(x, GEN, text(x, N(10))), UNKNOWN_MANIFEST);
	mx_clean(x, mx_allocate(x, EEB, "S", N(10), N(19), "GEN"));
	mx_fill(x);
	made = mx_to_draft(x);
	mx_refused(x, mx_assign(x, GEN2, text(x, N(10))), WRONG_ROLE);
	mx_refused(x, mx_assign(x, CAR1, text(x, N(10))), WRONG_ROLE);
	mx_refused(x, mx_assign(x, GEN, "123"), BAD_NUMBER);
	mx_refused(x, mx_assign(x, GEN, "20264403a00010"), BAD_NUMBER);
	mx_refused(x, mx_assign(x, GEN, "20234403000010"), BAD_NUMBER);
	mx_refused(x, mx_assign(x, GEN, "20264401000010"), BAD_NUMBER);
	mx_clean(x, mx_assign(x, GEN, text(x, N(10))));
	assert_string_equal(mx_manifest(x)->number, text(x, N(10)));
	assert_string_equal(mx_manifest(x)->created->number, "");
	assert_int_equal(
	    ld_state_get(x->c.state, LD_T_NUMBER, text(x, N(10)), LD_NUMBER_DIGITS, &v, &n), LD_OK);
	assert_memory_equal(v, x->id, sizeof x->id);
	mx_refused(x, mx_assign(x, EEB, text(x, N(11))), ALREADY_EXISTS);
	/* what is sealed is what was created */
	mx_clean(x, mx_seal(x, made, mx_sealed(x)));
	/* reuse by another one */
	mx_refused(x, draft(x, N(10)), ALREADY_EXISTS);
	mx_clean(x, mx_to_draft(x) == NULL ? 0 : mx_assign(x, EEB, text(x, N(11))));
}

static void assigned_after_the_end(void **state)
{
	struct mx *x = *state;

	mx_to_draft(x);
	mx_clean(x, mx_cancel(x, GEN));
	mx_refused(x, mx_assign(x, EEB, text(x, N(11))), OUT_OF_ORDER);
}

static Custody__NumberBlock *block(struct mx *x)
{
	Custody__NumberBlock *b;

	assert_int_equal(ld_number_block_of(&x->c, N(10), &b), LD_OK);
	return b;
}

static const Liandan__AnomalyRaised *gap_raised(struct mx *x)
{
	const Liandan__OwnEvent *o = mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED);

	return o == NULL ? NULL : o->anomaly_raised;
}

static void left_out(void **state)
{
	struct mx *x = *state;
	const Liandan__AnomalyRaised *a;

	mx_clean(x, mx_allocate(x, EEB, "S", N(10), N(99), "GEN"));
	mx_clean(x, draft(x, N(10)));
	mx_clean(x, draft(x, N(11)));
	assert_int_equal(block(x)->n_gaps, 0);
	mx_clean(x, draft(x, N(15))); /* 12 to 14 */
	assert_int_equal(block(x)->n_gaps, 1);
	mx_clean(x, draft(x, N(13))); /* one came late: 12 and 14 are left */
	assert_int_equal(block(x)->n_gaps, 2);
	x->now += x->c.rules->serial_ms - 1;
	assert_int_equal(mx_tick(x), 0);
	x->now++;
	assert_int_equal(mx_tick(x), 1);
	a = gap_raised(x);
	assert_non_null(a);
	assert_int_equal(a->kind, LIANDAN__ANOMALY_KIND__SERIAL_GAP);
	assert_int_equal(a->level, 2);
	assert_int_equal(a->subject_kind, MX_SUBJECT(SERIES));
	assert_string_equal(a->subject, text(x, N(12)));
	assert_string_equal(a->figures[0]->name, "missing");
	assert_int_equal(a->figures[0]->value, 2);
	/* once */
	mx_clean(x, draft(x, N(16)));
	assert_int_equal(block(x)->n_gaps, 0);
	x->now += 10 * x->c.rules->serial_ms;
	assert_int_equal(mx_tick(x), 0);
}

static void filled_in_time(void **state)
{
	struct mx *x = *state;

	mx_clean(x, mx_allocate(x, EEB, "S", N(10), N(99), "GEN"));
	mx_clean(x, draft(x, N(12)));
	mx_clean(x, draft(x, N(11)));
	mx_clean(x, draft(x, N(10)));
	assert_int_equal(block(x)->n_gaps, 0);
	x->now += 10 * x->c.rules->serial_ms;
	assert_int_equal(mx_tick(x), 0);
}

/* Numbers that were used before their block was allocated are not missing. */
static void used_before_the_block(void **state)
{
	struct mx *x = *state;

	mx_clean(x, draft(x, N(10)));
	mx_clean(x, draft(x, N(11)));
	mx_clean(x, mx_allocate(x, EEB, "S", N(10), N(99), "GEN"));
	mx_clean(x, draft(x, N(12)));
	x->now += 2 * x->c.rules->serial_ms;
	assert_int_equal(mx_tick(x), 1);
	assert_null(gap_raised(x));
	mx_clean(x, draft(x, N(14)));
	x->now += 2 * x->c.rules->serial_ms;
	assert_int_equal(mx_tick(x), 1);
	assert_non_null(gap_raised(x));
	assert_int_equal(gap_raised(x)->figures[0]->value, 1);
}

static void gaps_are_bounded(void **state)
{
	struct mx *x = *state;

	mx_clean(x, mx_allocate(x, EEB, "S", N(10), N(999), "GEN"));
	for (uint64_t i = 0; i < 2 * LD_MAX_NUMBER_GAPS; i++)
		mx_clean(x, draft(x, N(11 + 2 * i)));
	assert_int_equal(block(x)->n_gaps, LD_MAX_NUMBER_GAPS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(blocks),	       T(whose_number),		  T(a_delegates_block),
	    T(assigned_later), T(assigned_after_the_end), T(left_out),
	    T(filled_in_time), T(used_before_the_block),  T(gaps_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
