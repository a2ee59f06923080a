/* Who files a plan, and what is held against it. CUSTODY-2, 18; 5C A4. */
#include "plugin/custody/plan.h"

#include <inttypes.h>
#include <string.h>

#include "plugin/custody/delegation.h"
#include "plugin/custody/drain.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/registry.h"
#include "plugin/custody/year.h"

#define FIRST_YEAR 2000
#define LAST_YEAR 2200

/* ---- filing ---- */

static bool sane_mass(int64_t g)
{
	return g >= 0 && g <= LD_MAX_MASS_G;
}

static bool sane_line(const Liandan__PlanFiled *p, size_t at, struct ld_judgement *j)
{
	const Liandan__PlanLine *l = p->lines[at];

	if (!ld_code_known(ld_code_system_of(l->code), l->code))
		return ld_refuse(j, LIANDAN__REASON__BAD_WASTE_CODE, "%s is no waste code",
				 l->code);
	if (!sane_mass(l->generate_g) || !sane_mass(l->own_g) || !sane_mass(l->transfer_g))
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "such a mass of %s cannot be",
				 l->code);
	for (size_t i = 0; i < at; i++)
		if (strcmp(p->lines[i]->code, l->code) == 0 &&
		    strcmp(p->lines[i]->receiver, l->receiver) == 0 &&
		    strcmp(p->lines[i]->mode, l->mode) == 0)
			return ld_refuse(j, LIANDAN__REASON__QUANTITY, "line %zu is there twice",
					 at + 1);
	return true;
}

/* The party's own word: a clerk's or an admin's key. */
bool ld_plan_filed_judge(struct ld_custody *c, const struct ld_fact *f, const Liandan__PlanFiled *p,
			 struct ld_judgement *j)
{
	Custody__Party *party;
	Custody__Plan *old;

	if (!ld_party_known(c, p->party, &party, j))
		return false;
	if (!ld_signer_is(f, LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_ADMIN, p->party))
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "a plan of %s is filed by %s",
				 p->party, p->party);
	if (p->year < FIRST_YEAR || p->year > LAST_YEAR)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "no year: %" PRIu32, p->year);
	for (size_t i = 0; i < p->n_lines; i++)
		if (!sane_line(p, i, j))
			return false;
	return ld_plan_get(c, p->party, p->year, &old) != LD_OK ||
	       p->version > old->filed->version ||
	       ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS,
			 "version %" PRIu32 " of %" PRIu32 " is filed already", old->filed->version,
			 p->year);
}

/* ---- holding against it ---- */

enum planned { GENERATED, OWN, TRANSFER };

/* A use of the plan: so much more of a code. */
struct use {
	enum planned what;
	const char *party;
	const char *code;
	const char *receiver, *mode; /* of a transfer; "": do not ask */
	int64_t mass_g;
};

static int64_t planned_g(const Liandan__PlanLine *l, enum planned what)
{
	return what == GENERATED ? l->generate_g : what == OWN ? l->own_g : l->transfer_g;
}

/* A line without receiver or mode is for any. */
static bool is_for(const Liandan__PlanLine *l, const struct use *u)
{
	return strcmp(l->code, u->code) == 0 &&
	       (u->what != TRANSFER ||
		((l->receiver[0] == '\0' || u->receiver[0] == '\0' ||
		  strcmp(l->receiver, u->receiver) == 0) &&
		 (l->mode[0] == '\0' || u->mode[0] == '\0' || strcmp(l->mode, u->mode) == 0)));
}

/* What the plan has for this use, and for the code in all. -1: nothing at all. */
static int64_t planned_of(const Liandan__PlanFiled *p, const struct use *u)
{
	int64_t sum = 0;
	bool there = false;

	for (size_t i = 0; i < p->n_lines; i++) {
		if (strcmp(p->lines[i]->code, u->code) == 0)
			sum = ld_add_g(sum, planned_g(p->lines[i], u->what));
		there = there || is_for(p->lines[i], u);
	}
	return there ? sum : -1;
}

static enum ld_year_kind counted_as(enum planned what)
{
	return what == GENERATED ? LD_YEAR_GENERATED : what == OWN ? LD_YEAR_OWN : LD_YEAR_SEALED;
}

/* general industrial waste has no such plan */
static bool planned_waste(const char *code)
{
	return ld_code_system_of(code) != LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL;
}

static bool within(struct ld_case *k, const struct use *u)
{
	const uint32_t year = ld_china_year(k->f->recorded_at_ms);
	size_t mark = ld_mark(k->c);
	int64_t planned = -1, used;
	Custody__Plan *plan;
	const bool filed = ld_plan_get(k->c, u->party, year, &plan) == LD_OK;

	if (filed)
		planned = planned_of(plan->filed, u);
	ld_release(k->c, mark);
	if (!planned_waste(u->code) || (!filed && k->rules->plan_required == 0))
		return true;
	used = ld_add_g(ld_year_g(k->c, counted_as(u->what), u->party, u->code, year), u->mass_g);
	return (planned >= 0 && used <= planned) ||
	       ld_failed(k, LIANDAN__REASON__PLAN_EXCEEDED, u->code, used,
			 planned >= 0 ? planned : 0,
			 planned >= 0 ? "more of %s than %s has planned for the year"
				      : "%s is not in the plan of %s",
			 u->code, u->party);
}

static bool first_of_code(const Liandan__ManifestCreated *b, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(b->lines[i]->code, b->lines[at]->code) == 0)
			return false;
	return true;
}

static int64_t of_code(const Liandan__ManifestCreated *b, const char *code)
{
	int64_t sum = 0;

	for (size_t i = 0; i < b->n_lines; i++)
		if (strcmp(b->lines[i]->code, code) == 0)
			sum = ld_add_g(sum, ld_line_declared_g(b->lines[i]));
	return sum;
}

static bool sealed_within(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = k->m->created;

	for (size_t i = 0; i < b->n_lines; i++) {
		const struct use u = {.what = TRANSFER,
				      .party = b->generator,
				      .code = b->lines[i]->code,
				      .receiver = b->receiver->party,
				      .mode = b->lines[i]->mode,
				      .mass_g = of_code(b, b->lines[i]->code)};

		if (first_of_code(b, i) && !within(k, &u))
			return false;
	}
	return true;
}

/* What the party treats of its own: a receiver works within its licence instead. */
static bool treated_within(struct ld_case *k)
{
	const struct ld_drains *d = k->found;

	if ((k->f->signer->roles & LIANDAN__ROLE__ROLE_RECEIVER) != 0)
		return true;
	for (size_t i = 0; i < d->n; i++) {
		const struct use u = {.what = OWN,
				      .party = k->f->signer->party,
				      .code = d->of[i].code,
				      .mass_g = d->of[i].mass_g};

		if (!within(k, &u))
			return false;
	}
	return true;
}

bool ld_check_in_plan(struct ld_case *k)
{
	const Liandan__Event *e = k->f->event;

	if (e->body_case == LIANDAN__EVENT__BODY_MANIFEST_SEALED)
		return sealed_within(k);
	if (e->body_case == LIANDAN__EVENT__BODY_WASTE_TREATED)
		return treated_within(k);
	const struct use u = {.what = GENERATED,
			      .party = ld_acts_for(k->c, k->f),
			      .code = e->waste_generated->line->code,
			      .mass_g = ld_line_declared_g(e->waste_generated->line)};

	return within(k, &u);
}
