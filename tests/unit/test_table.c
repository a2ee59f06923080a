/* The manifest's table is whole: every row and every check is reached by a scenario (scenario.h
 * says how to add one), README.md says the same as table.def, and a profile moves checks of
 * intentions only. CUSTODY-1 to 25. */
#include <stdio.h>

#include "plugin/custody/table.h"
#include "scenario.h"

#define MAX_SCENARIOS 1024

static const struct scenario *scenarios[MAX_SCENARIOS];
static size_t n_scenarios;

void scenario_add(const struct scenario *s)
{
	if (n_scenarios < MAX_SCENARIOS)
		scenarios[n_scenarios++] = s;
}

/* ---- playing ---- */

static const struct scenario *playing;

static int set_up(void **state)
{
	playing = *state;
	return mx_open(state);
}

static bool is_wait(Liandan__Reason r)
{
	return r == LIANDAN__REASON__WAITS_FOR_STATE || r == LIANDAN__REASON__WAITS_FOR_CAUSE;
}

static void must_be(const struct mx *x, Liandan__Verdict verdict, Liandan__Reason reason)
{
	if (x->j.verdict != verdict || x->j.reason != reason)
		fail_msg("verdict %d reason %d (%s), not %d %d", (int)x->j.verdict,
			 (int)x->j.reason, x->j.detail, (int)verdict, (int)reason);
}

/* Apply has left what the row says. */
static void must_stand(struct mx *x, const struct ld_row *row)
{
	const Custody__ManifestState now = mx_state(x);
	const Custody__ManifestState want =
	    row->to != CUSTODY__MANIFEST_STATE__MANIFEST_STATE_UNSPECIFIED ? row->to : x->before;

	if (row->stock || now == want)
		return;
	if (now != CUSTODY__MANIFEST_STATE__CLOSED ||
	    mx_own(x, LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED) == NULL)
		fail_msg("state %d, not %d", (int)now, (int)want);
}

static void must_be_refused_by(const struct mx *x, const char *check)
{
	const char *by = x->j.refused_by != NULL ? x->j.refused_by->name : "row";

	if (strcmp(by, check) != 0)
		fail_msg("refused by %s, not %s: %s", by, check, x->j.detail);
}

static void must_be_violated(const struct mx *x, const struct scenario *s)
{
	for (size_t i = 0; i < x->j.n_violations; i++)
		if (x->j.violations[i]->reason == s->reason && x->j.violated_by[i] != NULL &&
		    strcmp(x->j.violated_by[i]->name, s->check) == 0)
			return;
	fail_msg("%zu violations, none of %s with reason %d", x->j.n_violations, s->check,
		 (int)s->reason);
}

static void must_be_applied(struct mx *x, const struct ld_row *row)
{
	const Liandan__OwnEvent *own = mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED);

	assert_int_equal(x->held, row->body);
	assert_non_null(own);
	assert_int_equal(own->held_applied->verdict, LIANDAN__VERDICT__ACCEPTED);
	must_stand(x, row);
}

static void judge_of(struct mx *x, const struct scenario *s, const struct ld_row *row)
{
	switch (s->kind) {
	case SCENARIO_HONEST:
		must_be(x, LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE);
		if (x->j.n_violations != 0)
			fail_msg("violated: %s", x->j.violated_by[0]->name);
		must_stand(x, row);
		break;
	case SCENARIO_ABSENT:
	case SCENARIO_HARD:
		must_be(x, is_wait(s->reason) ? LIANDAN__VERDICT__HELD : LIANDAN__VERDICT__REFUSED,
			s->reason);
		must_be_refused_by(x, s->check);
		break;
	case SCENARIO_RECORDED:
		must_be(x, LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE);
		must_be_violated(x, s);
		must_stand(x, row);
		break;
	case SCENARIO_TWICE:
		must_be(x,
			s->reason == LIANDAN__REASON__REASON_NONE ? LIANDAN__VERDICT__ACCEPTED
								  : LIANDAN__VERDICT__REFUSED,
			s->reason);
		break;
	default:
		must_be(x, LIANDAN__VERDICT__REFUSED, s->reason);
		must_be_refused_by(x, "row");
	}
}

static void play(void **state)
{
	const struct scenario *s = playing;
	const struct ld_row *row = ld_row_of(s->body);
	struct mx *x = *state;

	assert_non_null(row);
	s->play(x);
	if (s->kind == SCENARIO_WAITS) {
		must_be_applied(x, row);
		return;
	}
	assert_int_equal(x->body, s->body);
	judge_of(x, s, row);
}

/* ---- completeness ---- */

static size_t missing;
static bool quiet;

static void need(const struct ld_row *row, enum scenario_kind kind, const char *check)
{
	static const char *const kinds[SCENARIO_KINDS] = {
	    "HONEST", "SIGNER", "PARTY", "ABSENT", "WAITS", "PASSED", "TWICE", "HARD", "RECORDED"};

	for (size_t i = 0; i < n_scenarios; i++)
		if (scenarios[i]->body == row->body && scenarios[i]->kind == kind &&
		    strcmp(scenarios[i]->check, check) == 0)
			return;
	missing++;
	if (!quiet)
		print_error("row %d, body %d: no scenario %s %s\n", row->n, (int)row->body,
			    kinds[kind], check);
}

static void need_each(const struct ld_row *row, enum scenario_kind kind,
		      const struct ld_check *const *checks)
{
	for (size_t i = 0; i < LD_MAX_CHECKS && checks[i] != NULL; i++)
		need(row, kind, checks[i]->name);
}

/* Roles that any party's key may use: whose it is, a check asks. */
static bool by_role_alone(const struct ld_row *row)
{
	return row->stock || (row->signers & ~(uint32_t)(LD_BY_DRIVER | LD_BY_HOLDER | LD_BY_SCALE |
							 LD_BY_LABORATORY | LD_BY_AUTHORITY |
							 LD_BY_REGULATOR)) == 0;
}

static void need_row(const struct ld_row *row)
{
	need(row, SCENARIO_HONEST, "row");
	need(row, SCENARIO_SIGNER, "row");
	need(row, SCENARIO_TWICE, "row");
	if (!by_role_alone(row))
		need(row, SCENARIO_PARTY, "row");
	if (!row->stock && (row->from & LD_IN_NONE) == 0)
		need(row, SCENARIO_ABSENT, "row");
	if (row->waits != 0)
		need(row, SCENARIO_WAITS, "row");
	if (row->passed != NULL)
		need(row, SCENARIO_PASSED, "row");
	need_each(row, SCENARIO_HARD, row->hard);
	need_each(row, SCENARIO_RECORDED, row->recorded);
	need_each(row, SCENARIO_RECORDED, row->once);
}

static const Liandan__Event__BodyCase awaited[] = {
#define AWAITED(body) LIANDAN__EVENT__BODY_##body,
#include "table_awaited.def"
#undef AWAITED
    LIANDAN__EVENT__BODY__NOT_SET};

static bool is_awaited(Liandan__Event__BodyCase body)
{
	for (size_t i = 0; awaited[i] != LIANDAN__EVENT__BODY__NOT_SET; i++)
		if (awaited[i] == body)
			return true;
	return false;
}

static void every_row_and_check_has_a_scenario(void **state)
{
	size_t lacking = 0;

	(void)state;
	for (size_t i = 0; i < ld_table_rows; i++) {
		missing = 0;
		quiet = is_awaited(ld_table[i].body);
		need_row(&ld_table[i]);
		if (!quiet) {
			lacking += missing;
			continue;
		}
		print_message("row %d, body %d awaits %zu scenarios\n", ld_table[i].n,
			      (int)ld_table[i].body, missing);
		if (missing == 0)
			fail_msg("body %d is complete: take it out of table_awaited.def",
				 (int)ld_table[i].body);
	}
	if (lacking != 0)
		fail_msg("%zu scenarios are missing: scenario.h says how to add one", lacking);
}

static bool asks(const struct ld_check *const *checks, const char *name)
{
	for (size_t i = 0; i < LD_MAX_CHECKS && checks[i] != NULL; i++)
		if (strcmp(checks[i]->name, name) == 0)
			return true;
	return false;
}

static void every_scenario_is_of_a_check_that_its_row_asks(void **state)
{
	(void)state;
	assert_true(n_scenarios < MAX_SCENARIOS);
	for (size_t i = 0; i < n_scenarios; i++) {
		const struct scenario *s = scenarios[i];
		const struct ld_row *row = ld_row_of(s->body);

		if (row == NULL)
			fail_msg("%s: no such row", s->name);
		if (s->kind == SCENARIO_HARD ? !asks(row->hard, s->check)
		    : s->kind == SCENARIO_RECORDED
			? !asks(row->recorded, s->check) && !asks(row->once, s->check)
			: strcmp(s->check, "row") != 0)
			fail_msg("%s: its row does not ask that", s->name);
	}
}

static void rows_are_found_by_their_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < ld_table_rows; i++) {
		assert_ptr_equal(ld_row_of(ld_table[i].body), &ld_table[i]);
		assert_true(i == 0 || ld_table[i - 1].n <= ld_table[i].n);
		assert_int_equal(ld_is_intention(ld_table[i].body), ld_table[i].intention);
	}
	assert_null(ld_row_of(LIANDAN__EVENT__BODY__NOT_SET));
	assert_null(ld_row_of(LIANDAN__EVENT__BODY_TRACK));
	assert_null(ld_row_of((Liandan__Event__BodyCase)1000000));
}

int main(void)
{
	static struct CMUnitTest tests[MAX_SCENARIOS + 8] = {
	    cmocka_unit_test(every_row_and_check_has_a_scenario),
	    cmocka_unit_test(every_scenario_is_of_a_check_that_its_row_asks),
	    cmocka_unit_test(rows_are_found_by_their_body),
	};
	size_t n = 3;

	for (size_t i = 0; i < n_scenarios; i++)
		tests[n++] = (struct CMUnitTest){scenarios[i]->name, play, set_up, mx_close,
						 (void *)(uintptr_t)scenarios[i]};
	return _cmocka_run_group_tests("table", tests, n, NULL, NULL);
}
