/* The year: management plans 管理计划 (A4) and the yearly mass of licences (M12). CUSTODY-2,
 * 14, 18.
 */
#include "plan_builders.h"
#include "plugin/custody/plan.h"
#include "plugin/custody/year.h"
#include "rights_builders.h"

#define ALL_G (MX_C1_G + MX_C2_G + MX_BULK_G)

static void filed_by_the_party(void **state)
{
	struct mx *x = *state;
	Liandan__PlanFiled *b = mx_plan(x, 1);
	Custody__Plan *p;

	mx_refused(x, mx_file(x, GEN2, b), WRONG_ROLE);
	mx_refused(x, mx_file(x, EEB, b), WRONG_ROLE);
	mx_refused(x, mx_file(x, REC, b), WRONG_ROLE);
	b->party = MX_S("nobody");
	mx_refused(x, mx_file(x, GEN, b), UNKNOWN_PARTY);
	b->party = MX_S("GEN");
	b->year = 1999;
	mx_refused(x, mx_file(x, GEN, b), QUANTITY);
	b->year = 2201;
	mx_refused(x, mx_file(x, GEN, b), QUANTITY);
	b->year = 2026;
	b->lines[0]->transfer_g = LD_MAX_MASS_G + 1;
	mx_refused(x, mx_file(x, GEN, b), QUANTITY);
	b->lines[0]->transfer_g = 1;
	b->lines[0]->code = MX_S("waste");
	mx_refused(x, mx_file(x, GEN, b), BAD_WASTE_CODE);
	b->lines[0]->code = MX_S(MX_BULK);
	mx_refused(x, mx_file(x, GEN, b), QUANTITY); /* twice the same */
	b->lines[0]->receiver = MX_S("REC");
	mx_clean(x, mx_file(x, GEN, b));
	mx_refused(x, mx_file(x, GEN, b), ALREADY_EXISTS);
	b->version = 3; /* versions grow, they need not follow */
	b->lines[0]->transfer_g = 9;
	mx_clean(x, mx_file(x, GEN, b));
	b->version = 2;
	mx_refused(x, mx_file(x, GEN, b), ALREADY_EXISTS);
	b->year = 2027; /* another year is another plan */
	mx_clean(x, mx_file(x, GEN, b));
	assert_int_equal(ld_plan_get(&x->c, "GEN", 2026, &p), LD_OK);
	assert_int_equal(p->filed->version, 3);
	assert_int_equal(p->filed->lines[0]->transfer_g, 9);
	mx_rekey(x, CAR1, LIANDAN__ROLE__ROLE_ADMIN, "p-d1");
	b->party = MX_S("CAR1");
	mx_clean(x, mx_file(x, CAR1, b)); /* its admin */
}

/* The n-th manifest of 2026, sealed: whole drums and heap as the usual one. */
static Liandan__Reason seal_again(struct mx *x, uint8_t tag, const char *batch, int64_t mass_g)
{
	Liandan__ManifestCreated *draft;
	Liandan__ManifestSealed *seal = mx_sealed(x);

	memset(x->id, tag, sizeof x->id);
	mx_generate(x, batch, "", MX_BULK, mass_g);
	draft = mx_created(x);
	draft->lines[0] = draft->lines[1];
	draft->lines[0]->quantity->mass_g = mass_g;
	draft->n_lines = 1;
	seal->items[0] = mx_item(x, "", 2, mass_g);
	seal->n_items = 1;
	mx_clean(x, mx_create(x, draft));
	return mx_seal(x, draft, seal);
}

static void seals_are_held_against_the_plan(void **state)
{
	struct mx *x = *state;
	Liandan__PlanFiled *p = mx_plan(x, 1);

	p->lines[0]->generate_g = p->lines[1]->generate_g = LD_MAX_MASS_G;
	mx_clean(x, mx_file(x, GEN, p));
	mx_to_sealed(x); /* to the gram */
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_SEALED, "GEN", MX_BULK, 2026), MX_BULK_G);
	mx_flagged(x, seal_again(x, 0x22, "B4", 1), PLAN_EXCEEDED);
	assert_int_equal(x->j.violations[0]->value, MX_BULK_G + 1);
	assert_int_equal(x->j.violations[0]->threshold, MX_BULK_G);
	/* it is sealed all the same; what ends unpicked is given back */
	mx_clean(x, mx_cancel(x, GEN));
	memset(x->id, 0x11, sizeof x->id);
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_SEALED, "GEN", MX_BULK, 2026), 0);
	/* a higher version has more */
	p->version = 2;
	p->lines[1]->transfer_g = 2;
	mx_clean(x, mx_file(x, GEN, p));
	mx_clean(x, seal_again(x, 0x33, "B5", 2));
	mx_flagged(x, seal_again(x, 0x44, "B6", 1), PLAN_EXCEEDED);
}

static void another_receiver_or_mode_is_not_planned(void **state)
{
	struct mx *x = *state;
	Liandan__PlanFiled *p = mx_plan(x, 1);

	p->lines[0]->generate_g = p->lines[1]->generate_g = LD_MAX_MASS_G;
	p->lines[1]->receiver = MX_S("REC2");
	mx_clean(x, mx_file(x, GEN, p));
	mx_flagged(x, seal_again(x, 0x22, "B4", 1), PLAN_EXCEEDED);
	p->version = 2;
	p->lines[1]->receiver = MX_S("REC");
	p->lines[1]->mode = MX_S("D10");
	mx_clean(x, mx_file(x, GEN, p));
	mx_flagged(x, seal_again(x, 0x33, "B5", 1), PLAN_EXCEEDED);
	p->version = 3;
	p->lines[1]->mode = MX_S(MX_MODE);
	mx_clean(x, mx_file(x, GEN, p));
	mx_clean(x, seal_again(x, 0x44, "B6", 1));
}

/* Who has filed none is not flagged, unless the profile asks for one. */
static void without_a_plan(void **state)
{
	struct mx *x = *state;
	struct ld_rules rules = ld_rules_cn;

	mx_clean(x, seal_again(x, 0x22, "B4", 1));
	rules.plan_required = 1;
	x->c.rules = &rules;
	ld_custody_forget(&x->c);
	x->c.rules = &rules;
	MX_EVENT(e, WASTE_GENERATED, mx_generated(x, "B9", "", MX_BULK, 1));
	mx_flagged(x, mx_put(x, GEN, &e), PLAN_EXCEEDED);
	/* a plan of another year is none */
	mx_clean(x, mx_file(x, GEN, mx_plan(x, 1)));
	x->now += 365 * LD_DAY_MS;
	e.waste_generated->batch = MX_S("B10");
	e.occurred_at_ms = x->now;
	mx_flagged(x, mx_put(x, GEN, &e), PLAN_EXCEEDED);
	/* general waste has no such plan */
	e.waste_generated->batch = MX_S("B11");
	e.waste_generated->line->code = MX_S("900-001-S17");
	e.waste_generated->line->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL;
	e.waste_generated->line->hazards = 0;
	mx_clean(x, mx_put(x, GEN, &e));
}

/* ---- licences ---- */

static Liandan__AnomalyRaised *over(struct mx *x)
{
	for (size_t i = 0; i < x->n_own; i++) {
		Liandan__AnomalyRaised **a = ld_anomaly_of_own(x->own[i]);

		if (a != NULL && (*a)->kind == LIANDAN__ANOMALY_KIND__LICENCE_OVER)
			return *a;
	}
	return NULL;
}

static void a_licence_is_used_up(void **state)
{
	struct mx *x = *state;

	mx_annual(x, ALL_G);
	mx_to_accepted(x); /* to the gram */
	assert_null(over(x));
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_ACCEPTED, "L-REC", "", 2026), ALL_G);
}

static void beyond_a_licence(void **state)
{
	struct mx *x = *state;

	mx_annual(x, ALL_G - 1);
	mx_to_received(x);
	mx_flagged(x, mx_accept(x, REC, mx_accepted_body(x)), LICENCE_EXCEEDED);
	assert_non_null(over(x));
	assert_int_equal(over(x)->level, 2);
	assert_string_equal(over(x)->subject, "L-REC");
	assert_int_equal(over(x)->figures[0]->value, ALL_G);
	assert_int_equal(over(x)->figures[0]->threshold, ALL_G - 1);
}

/* 12(4): from more than a fifth above it, level 4. */
static void far_beyond_a_licence(void **state)
{
	struct mx *x = *state;

	mx_annual(x, ALL_G * 100 / 120); /* a rounding above */
	mx_to_received(x);
	mx_flagged(x, mx_accept(x, REC, mx_accepted_body(x)), LICENCE_EXCEEDED);
	assert_int_equal(over(x)->level, 4);
}

static void just_a_fifth_beyond(void **state)
{
	struct mx *x = *state;

	mx_annual(x, ALL_G * 100 / 120 + 1);
	mx_to_received(x);
	mx_flagged(x, mx_accept(x, REC, mx_accepted_body(x)), LICENCE_EXCEEDED);
	assert_int_equal(over(x)->level, 2);
}

/* The year is the one in which it is recorded, in China. */
static void another_year_another_mass(void **state)
{
	struct mx *x = *state;
	const int64_t new_year = INT64_C(1798732800000); /* 2026-12-31 16:00 UTC */

	mx_annual(x, ALL_G - 1);
	x->now = new_year - 2 * LD_HOUR_MS;
	mx_was_at(x, "V1", "S-GEN");
	mx_to_received(x);
	x->now = new_year;
	mx_flagged(x, mx_accept(x, REC, mx_accepted_body(x)), LICENCE_EXCEEDED);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_ACCEPTED, "L-REC", "", 2026), 0);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_ACCEPTED, "L-REC", "", 2027), ALL_G);
}

/* The one that the manifest names; else the first with a yearly mass. */
static void which_licence_it_counts_on(void **state)
{
	struct mx *x = *state;

	mx_licence(x, "A-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_EXEMPTION, "*", MX_MODE,
		   0);
	mx_licence(x, "Z-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", MX_MODE, 0);
	mx_annual(x, ALL_G);
	mx_to_accepted(x);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_ACCEPTED, "L-REC", "", 2026), ALL_G);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_ACCEPTED, "A-REC", "", 2026), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(filed_by_the_party),
	    T(seals_are_held_against_the_plan),
	    T(another_receiver_or_mode_is_not_planned),
	    T(without_a_plan),
	    T(a_licence_is_used_up),
	    T(beyond_a_licence),
	    T(far_beyond_a_licence),
	    T(just_a_fifth_beyond),
	    T(another_year_another_mass),
	    T(which_licence_it_counts_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
