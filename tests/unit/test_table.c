/* The manifest's table is whole: every row and every check is reached by a scenario (scenario.h
 * says how to add one), README.md says the same as table.def, and a profile moves checks of
 * intentions only. CUSTODY-1 to 25. */
#include <stdio.h>

#include "plugin/custody/table.h"
#include "scenario_list.h"

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

static void must_be_clean(const struct mx *x)
{
	must_be(x, LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE);
	if (x->j.n_violations != 0)
		fail_msg("violated: %s", x->j.violated_by[0]->name);
}

static void must_be_violated(const struct mx *x, const struct scenario *s)
{
	must_be(x, LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE);
	for (size_t i = 0; i < x->j.n_violations; i++)
		if (x->j.violations[i]->reason == s->reason && x->j.violated_by[i] != NULL &&
		    (s->kind == SCENARIO_LATE || strcmp(x->j.violated_by[i]->name, s->check) == 0))
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
	if (row->stock)
		return;
	if (row->to ==
	    CUSTODY__MANIFEST_STATE__MANIFEST_STATE_UNSPECIFIED) /* past what it waited in */
		assert_true((row->waits & ld_state_bits(mx_manifest(x))) == 0);
	else
		must_stand(x, row);
}

/* Which check refuses it, if any, is the row's own affair: what it is about has ended. */
static void judge_of_late(struct mx *x, const struct scenario *s, const struct ld_row *row)
{
	if (s->reason == LIANDAN__REASON__OUT_OF_ORDER) {
		must_be(x, LIANDAN__VERDICT__REFUSED, s->reason);
		return;
	}
	if (s->reason == LIANDAN__REASON__REASON_NONE)
		must_be_clean(x);
	else
		must_be_violated(x, s);
	must_stand(x, row);
}

static void judge_of(struct mx *x, const struct scenario *s, const struct ld_row *row)
{
	switch (s->kind) {
	case SCENARIO_HONEST:
		must_be_clean(x);
		must_stand(x, row);
		break;
	case SCENARIO_LATE:
		judge_of_late(x, s, row);
		break;
	case SCENARIO_ABSENT:
	case SCENARIO_HARD:
		must_be(x, is_wait(s->reason) ? LIANDAN__VERDICT__HELD : LIANDAN__VERDICT__REFUSED,
			s->reason);
		must_be_refused_by(x, s->check);
		break;
	case SCENARIO_RECORDED:
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
	assert_true(s->kind != SCENARIO_LATE || x->late == s->body);
	assert_true(x->now >= MX_NOW + x->late_ms);
	judge_of(x, s, row);
}

/* An honest one, whose event has been on its way for weeks. */
static void play_late(void **state)
{
	scenario_late(*state, playing->body);
	play(state);
}

/* Under a profile that records every check: no rule of law refuses, every rule of form does, and
 * nothing behind it stumbles over what was let through. */
static void play_softened(void **state)
{
	const struct scenario *s = playing;
	struct ld_rules soft = ld_rules_cn;
	char name[64];
	struct mx *x = *state;

	for (size_t i = 0; i < LD_CHECKS; i++)
		soft.check[i] = LD_RECORDED;
	x->c.rules = &soft;
	s->play(x);
	x->c.rules = &ld_rules_cn;
	snprintf(name, sizeof name, "check.%s", s->check);
	if (ld_rule_find(name)->max != LD_RECORDED)
		must_be_refused_by(x, s->check);
	else if (x->j.refused_by != NULL && strcmp(x->j.refused_by->name, s->check) == 0)
		fail_msg("%s refuses whatever a profile says: write it as LD_FORM", s->check);
	else if (x->j.verdict == LIANDAN__VERDICT__ACCEPTED)
		must_be_violated(x, s);
}

static bool can_be_softened(const struct scenario *s)
{
	return s->kind == SCENARIO_HARD && ld_row_of(s->body) != NULL &&
	       ld_row_of(s->body)->intention && !is_wait(s->reason);
}

/* ---- completeness ---- */

static size_t missing;

static const struct scenario *find(const struct ld_row *row, enum scenario_kind kind,
				   const char *check)
{
	for (size_t i = 0; i < n_scenarios; i++)
		if (scenarios[i]->body == row->body && scenarios[i]->kind == kind &&
		    strcmp(scenarios[i]->check, check) == 0)
			return scenarios[i];
	return NULL;
}

static bool is_late_too(const struct scenario *s)
{
	const struct ld_row *row = ld_row_of(s->body);

	return s->kind == SCENARIO_HONEST && row != NULL && find(row, SCENARIO_LATE, "row") == NULL;
}

static void need(const struct ld_row *row, enum scenario_kind kind, const char *check)
{
	static const char *const kinds[SCENARIO_KINDS] = {"HONEST", "SIGNER",  "PARTY", "ABSENT",
							  "WAITS",  "PASSED",  "TWICE", "LATE",
							  "HARD",   "RECORDED"};

	if (find(row, kind, check) != NULL)
		return;
	missing++;
	print_error("row %d, body %d: no scenario %s %s\n", row->n, (int)row->body, kinds[kind],
		    check);
}

static void need_each(const struct ld_row *row, enum scenario_kind kind,
		      const struct ld_check *const *checks)
{
	for (size_t i = 0; i < LD_MAX_CHECKS && checks[i] != NULL; i++)
		need(row, kind, checks[i]->name);
}

/* What a broken check makes wait takes effect when its cause comes. */
static void need_causes(const struct ld_row *row)
{
	for (size_t i = 0; i < LD_MAX_CHECKS && row->hard[i] != NULL; i++) {
		const struct scenario *broken = find(row, SCENARIO_HARD, row->hard[i]->name);

		if (broken != NULL && is_wait(broken->reason))
			need(row, SCENARIO_WAITS, broken->check);
	}
}

/* Roles that any party's key may use: whose it is, a check asks. */
static bool by_role_alone(const struct ld_row *row)
{
	return row->stock ||
	       (row->signers &
		~(uint32_t)(LD_BY_DRIVER | LD_BY_HOLDER | LD_BY_STORAGE | LD_BY_SCALE |
			    LD_BY_LABORATORY | LD_BY_AUTHORITY | LD_BY_REGULATOR)) == 0;
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
	if (row->waits != 0 || row->yet != NULL || (!row->stock && !row->intention))
		need(row, SCENARIO_WAITS, "row");
	if (row->passed != NULL)
		need(row, SCENARIO_PASSED, "row");
	need_each(row, SCENARIO_HARD, row->hard);
	need_causes(row);
	need_each(row, SCENARIO_RECORDED, row->recorded);
	need_each(row, SCENARIO_RECORDED, row->once);
}

static void every_row_and_check_has_a_scenario(void **state)
{
	(void)state;
	missing = 0;
	for (size_t i = 0; i < ld_table_rows; i++)
		need_row(&ld_table[i]);
	if (missing != 0)
		fail_msg("%zu scenarios are missing: scenario.h says how to add one", missing);
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
		if (s->kind == SCENARIO_HARD ||
			    (s->kind == SCENARIO_WAITS && strcmp(s->check, "row") != 0)
			? !asks(row->hard, s->check)
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
		/* a state in which it neither takes effect nor waits: the row says why not */
		assert_true(ld_table[i].stock || ld_table[i].passed != NULL ||
			    (ld_table[i].from | ld_table[i].waits) == LD_IN_ANY);
	}
	assert_null(ld_row_of(LIANDAN__EVENT__BODY__NOT_SET));
	assert_null(ld_row_of(LIANDAN__EVENT__BODY_TRACK));
	assert_null(ld_row_of((Liandan__Event__BodyCase)1000000));
}

/* ---- a profile's word ---- */

/* The draft is sealed in a world where the receiver is not licensed and the letters of a line
 * differ. */
static Liandan__Reason seal_unlicensed(struct mx *x, struct ld_rules *rules)
{
	Liandan__ManifestCreated *draft = mx_created(x);

	x->c.rules = rules;
	mx_fill(x);
	mx_licence(x, "L-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", "D10", 0);
	draft->lines[1]->hazards = LIANDAN__HAZARD__HAZARD_C;
	mx_clean(x, mx_create(x, draft));
	return mx_seal(x, draft, mx_sealed(x));
}

static void a_profile_softens_an_intention(void **state)
{
	struct mx *x = *state;
	struct ld_rules rules = ld_rules_cn;

	rules.check[LD_CHECK_receiver_licensed] = LD_RECORDED;
	mx_flagged(x, seal_unlicensed(x, &rules), NOT_LICENSED);
	assert_true(mx_violated(x, LIANDAN__REASON__HAZARDS_DIFFER));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__SEALED);
}

static void a_profile_hardens_an_intention(void **state)
{
	struct mx *x = *state;
	struct ld_rules rules = ld_rules_cn;

	rules.check[LD_CHECK_receiver_licensed] = LD_RECORDED;
	rules.check[LD_CHECK_hazards] = LD_HARD;
	mx_refused(x, seal_unlicensed(x, &rules), HAZARDS_DIFFER);
	assert_string_equal(x->j.refused_by->name, "hazards");
	assert_int_equal(x->j.n_violations, 0);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__DRAFT);
}

/* What later code must find is asked whatever a profile says. */
static void a_profile_leaves_form_alone(void **state)
{
	struct mx *x = *state;
	struct ld_rules rules = ld_rules_cn;
	Liandan__ManifestCreated *b = mx_created(x);

	for (size_t i = 0; i < LD_CHECKS; i++)
		rules.check[i] = LD_RECORDED;
	x->c.rules = &rules;
	b->lines[1]->quantity->mass_g = 0;
	mx_refused(x, mx_create(x, b), QUANTITY);
	mx_fill(x);
	mx_seal(x, mx_to_draft(x), mx_sealed(x));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__SEALED);
	x->id[0] ^= 1; /* the containers are on the other manifest */
	mx_refused(x, mx_seal(x, mx_to_draft(x), mx_sealed(x)), CONTAINER_ELSEWHERE);
}

/* CUSTODY: no flag blocks a fact, and what cannot be is refused. */
static void a_profile_leaves_facts_alone(void **state)
{
	struct mx *x = *state;
	struct ld_rules rules = ld_rules_cn;

	mx_to_sealed(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CARX")));
	x->c.rules = &rules;
	for (size_t i = 0; i < LD_CHECKS; i++)
		rules.check[i] = LD_RECORDED;
	mx_refused(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), WRONG_ROLE);
	for (size_t i = 0; i < LD_CHECKS; i++)
		rules.check[i] = LD_HARD;
	mx_flagged(x, mx_take(x, CARX, mx_taken(x, 1, "VX")), CARRIER_NOT_NAMED);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__IN_TRANSIT);
}

/* ---- README.md ---- */

#define LINE_CAP 8192

struct text {
	char s[LINE_CAP];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->s + t->n, sizeof t->s - t->n, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < sizeof t->s - t->n);
	t->n += (size_t)n;
}

static const char *state_name(unsigned state)
{
	const ProtobufCEnumValue *v =
	    protobuf_c_enum_descriptor_get_value(&custody__manifest_state__descriptor, (int)state);

	return v != NULL && state != 0 ? v->name : NULL;
}

/* The names of the states in (or, `without`, not in) the set. How many. */
static size_t say_names(struct text *t, uint32_t bits, bool without)
{
	size_t n = 0;

	for (unsigned state = 1; state < 27; state++)
		if (state_name(state) != NULL && ((bits >> state & 1) != 0) != without)
			say(t, "%s%s", n++ == 0 ? "" : ", ", state_name(state));
	return n;
}

static void say_states(struct text *t, uint32_t bits)
{
	struct text but = {.n = 0}, named = {.n = 0};
	const size_t n_missing = say_names(&but, bits, true);
	const size_t n = say_names(&named, bits, false);

	if (bits == LD_IN_NONE) {
		say(t, "new");
	} else if (n > n_missing) {
		say(t, "any%s%s", n_missing != 0 ? " but " : "", but.s);
	} else {
		const char *comma = n != 0 ? ", " : "";

		say(t, "%s", named.s);
		if ((bits & LD_IN(IN_TRANSIT)) == 0) {
			if (bits & LD_IN_STORED)
				say(t, "IN_TRANSIT in storage");
			if (bits & LD_IN_ROAD)
				say(t, "IN_TRANSIT on a vehicle");
			if (bits & LD_IN_UNSTORED)
				say(t, "%sIN_TRANSIT, never stored on this leg", comma);
		}
		if ((bits & LD_IN_FLOWS) && (bits & LD_IN(SEALED)) == 0)
			say(t, "%sSEALED and flowing by pipeline", comma);
		if (bits & LD_IN_ENDED)
			say(t, "%sCANCELLED or EXPIRED after the seal", comma);
		if (bits & LD_IN_ASTRAY)
			say(t, ", ARRIVED elsewhere");
	}
}

static void say_step(struct text *t, const struct ld_row *row)
{
	if (row->stock) {
		say(t, "not asked");
		return;
	}
	say_states(t, row->from);
	if (row->to != CUSTODY__MANIFEST_STATE__MANIFEST_STATE_UNSPECIFIED)
		say(t, " → %s", state_name(row->to));
	else
		say(t, ": stays");
	if (row->waits != 0) {
		say(t, "; waits in ");
		say_states(t, row->waits);
	}
}

static void say_checks(struct text *t, const struct ld_check *const *checks, bool more)
{
	for (size_t i = 0; i < LD_MAX_CHECKS && checks[i] != NULL; i++, more = true)
		say(t, "%s%s", more ? "; " : "", checks[i]->en);
}

static const char *event_name(Liandan__Event__BodyCase body)
{
	const ProtobufCFieldDescriptor *f =
	    protobuf_c_message_descriptor_get_field(&liandan__event__descriptor, (unsigned)body);

	return ((const ProtobufCMessageDescriptor *)f->descriptor)->short_name;
}

static void say_event(struct text *t, const struct ld_row *row)
{
	say(t, "| %d | %s | ", row->n, event_name(row->body));
}

/* All of the line but what follows for people. */
static void say_row(struct text *t, const struct ld_row *row)
{
	say_event(t, row);
	say(t, "%s | ", row->intention ? "intention" : "fact");
	say_step(t, row);
	say(t, " | ");
	say_checks(t, row->hard, false);
	say(t, " | ");
	say_checks(t, row->recorded, false);
	say_checks(t, row->once, row->recorded[0] != NULL);
	say(t, " | ");
}

/* The next line of the README's table; false: there is none. */
static bool next_line(FILE *readme, bool *inside, char line[static LINE_CAP])
{
	while (fgets(line, LINE_CAP, readme) != NULL) {
		if (strncmp(line, "## ", 3) == 0)
			*inside = strcmp(line, "## The manifest's table\n") == 0;
		if (*inside && line[0] == '|' && line[2] >= '1' && line[2] <= '9')
			return true;
	}
	return false;
}

static FILE *open_readme(void)
{
	FILE *readme = fopen(LD_CUSTODY_README, "r");

	assert_non_null(readme);
	return readme;
}

/* The line of this row, in so far as it is the row's: same number and event. */
static bool find_line(const char *start, char line[static LINE_CAP])
{
	FILE *readme = open_readme();
	bool inside = false, found = false;

	while (!found && next_line(readme, &inside, line))
		found = strncmp(line, start, strlen(start)) == 0;
	fclose(readme);
	return found;
}

/* A text is one of a cell's list, in two languages. */
static void checks_can_be_read(void **state)
{
	static const char *const texts[][2] = {
#define LD_CHECK(name, row, zh, en) {zh, en},
#include "plugin/custody/checks.def"
#undef LD_CHECK
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		for (size_t k = 0; k < 2; k++) {
			const char *text = texts[i][k];

			if (text[0] == '\0' || strpbrk(text, ";|\n") != NULL)
				fail_msg("not for a cell: %s", text);
		}
}

static void readme_says_the_same(void **state)
{
	static char line[LINE_CAP];
	size_t differ = 0;

	(void)state;
	for (size_t i = 0; i < ld_table_rows; i++) {
		struct text want = {.n = 0};

		say_row(&want, &ld_table[i]);
		if (find_line(want.s, line))
			continue;
		differ++;
		print_error("README.md must say:\n%s… |\n", want.s);
	}
	if (differ != 0)
		fail_msg("%zu rows differ: test_table --readme prints what must be there", differ);
}

/* Rows of the README that nothing is judged by: telemetry, the registry's acts, the ledger's own
 * events. */
static bool is_elsewhere(const char *line)
{
	static const char *const starts[] = {
	    "| 8 | Track, SensorEvent | fact | ", "| 19 | ManifestClosed | own | ",
	    "| 21 | HoldPlaced, HoldReleased | intention | ", "| 22 | DeadlineMissed | own | "};

	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (strncmp(line, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static bool is_of_a_row(const char *line)
{
	for (size_t i = 0; i < ld_table_rows; i++) {
		struct text start = {.n = 0};

		say_event(&start, &ld_table[i]);
		if (strncmp(line, start.s, start.n) == 0)
			return true;
	}
	return false;
}

static void readme_says_no_more(void **state)
{
	static char line[LINE_CAP];
	FILE *readme = open_readme();
	bool inside = false;
	size_t n = 0;

	(void)state;
	for (; next_line(readme, &inside, line); n++)
		if (!is_of_a_row(line) && !is_elsewhere(line))
			fail_msg("no such row in table.def: %.60s", line);
	fclose(readme);
	assert_int_equal(n, ld_table_rows + 4);
}

/* What stands in the last cell now. */
static const char *last_cell(char line[static LINE_CAP])
{
	char *end = strrchr(line, '|'), *at;

	if (end == NULL)
		return "";
	*end = '\0';
	at = strrchr(line, '|');
	return at != NULL ? at + 2 : "";
}

static void print_readme(void)
{
	static char line[LINE_CAP];

	for (size_t i = 0; i < ld_table_rows; i++) {
		struct text want = {.n = 0}, start = {.n = 0};

		say_row(&want, &ld_table[i]);
		say_event(&start, &ld_table[i]);
		printf("%s%s|\n", want.s, find_line(start.s, line) ? last_cell(line) : "");
	}
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[3 * MAX_SCENARIOS + 16] = {
	    cmocka_unit_test(every_row_and_check_has_a_scenario),
	    cmocka_unit_test(every_scenario_is_of_a_check_that_its_row_asks),
	    cmocka_unit_test(rows_are_found_by_their_body),
	    cmocka_unit_test(checks_can_be_read),
	    cmocka_unit_test(readme_says_the_same),
	    cmocka_unit_test(readme_says_no_more),
	    cmocka_unit_test_setup_teardown(a_profile_softens_an_intention, mx_open, mx_close),
	    cmocka_unit_test_setup_teardown(a_profile_hardens_an_intention, mx_open, mx_close),
	    cmocka_unit_test_setup_teardown(a_profile_leaves_form_alone, mx_open, mx_close),
	    cmocka_unit_test_setup_teardown(a_profile_leaves_facts_alone, mx_open, mx_close),
	};
	size_t n = 0;

	if (argc > 1 && strcmp(argv[1], "--readme") == 0) {
		print_readme();
		return 0;
	}
	while (tests[n].name != NULL)
		n++;
	for (size_t i = 0; i < n_scenarios; i++) {
		tests[n++] = (struct CMUnitTest){scenarios[i]->name, play, set_up, mx_close,
						 (void *)(uintptr_t)scenarios[i]};
		if (is_late_too(scenarios[i]))
			tests[n++] = (struct CMUnitTest){scenarios[i]->name, play_late, set_up,
							 mx_close, (void *)(uintptr_t)scenarios[i]};
		if (can_be_softened(scenarios[i]))
			tests[n++] = (struct CMUnitTest){scenarios[i]->name, play_softened, set_up,
							 mx_close, (void *)(uintptr_t)scenarios[i]};
	}
	return _cmocka_run_group_tests("table", tests, n, NULL, NULL);
}
