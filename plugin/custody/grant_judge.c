/* Who grants a transfer between provinces, and what a manifest needs of a grant. CUSTODY-2. */
#include "plugin/custody/grant.h"

#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/registry.h"
#include "plugin/custody/stock.h"
#include "plugin/custody/table.h"
#include "plugin/custody/year.h"

/* ---- granting ---- */

/* Order 23 article 27: at most 12 months. */
static bool sane_term(const struct ld_custody *c, const Liandan__TransferApproved *a,
		      struct ld_judgement *j)
{
	if (!ld_sane_interval(a->from_ms, a->to_ms, j))
		return false;
	if (a->to_ms == 0)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "a grant ends: to_ms is required");
	return a->to_ms - a->from_ms <= c->rules->grant_max_ms ||
	       ld_refuse(j, LIANDAN__REASON__LIMIT, "a grant lasts at most %" PRId64 " ms",
			 c->rules->grant_max_ms);
}

/* What is left is counted by code, so each stands there once. */
static bool sane_line(const Liandan__TransferApproved *a, size_t at, struct ld_judgement *j)
{
	const Liandan__ApprovedLine *line = a->lines[at];

	if (!ld_code_known(ld_code_system_of(line->code), line->code))
		return ld_refuse(j, LIANDAN__REASON__BAD_WASTE_CODE, "%s is no waste code",
				 line->code);
	if (line->mass_g <= 0 || line->mass_g > LD_MAX_MASS_G)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "such a mass of %s cannot be",
				 line->code);
	for (size_t i = 0; i < at; i++)
		if (strcmp(a->lines[i]->code, line->code) == 0)
			return ld_refuse(j, LIANDAN__REASON__QUANTITY, "%s is there twice",
					 line->code);
	return true;
}

bool ld_transfer_approved_judge(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__TransferApproved *a, struct ld_judgement *j)
{
	Custody__Party *party;
	Custody__Grant *old;

	if (!ld_by_authority(f, j) || !ld_party_known(c, a->generator, &party, j) ||
	    !ld_party_known(c, a->receiver, &party, j) || !sane_term(c, a, j))
		return false;
	if (a->n_lines > LD_MAX_LINES)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "at most %d lines", LD_MAX_LINES);
	for (size_t i = 0; i < a->n_lines; i++)
		if (!sane_line(a, i, j))
			return false;
	return ld_grant_get(c, a->approval, &old) != LD_OK ||
	       ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "approval %s was %s before",
			 a->approval, old->denied_ms != 0 ? "denied" : "granted");
}

bool ld_transfer_denied_judge(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__TransferDenied *d, struct ld_judgement *j)
{
	Custody__Grant *old;

	if (!ld_by_authority(f, j))
		return false;
	return ld_grant_get(c, d->approval, &old) != LD_OK || old->denied_ms == 0 ||
	       ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "approval %s was denied before",
			 d->approval);
}

/* ---- drawing on it: CUSTODY-2 ---- */

static const Liandan__ApprovedLine *approved_line(const Liandan__TransferApproved *a,
						  const Liandan__Line *line)
{
	for (size_t i = 0; i < a->n_lines; i++)
		if (strcmp(a->lines[i]->code, line->code) == 0 &&
		    (a->lines[i]->mode[0] == '\0' || strcmp(a->lines[i]->mode, line->mode) == 0))
			return a->lines[i];
	return NULL;
}

/* Without what left on its children: that stays counted. */
static int64_t of_code(const Custody__Manifest *m, const char *code)
{
	const Liandan__ManifestCreated *b = m->created;
	int64_t sum = 0;

	for (size_t i = 0; i < b->n_lines; i++)
		if (strcmp(b->lines[i]->code, code) == 0)
			sum = ld_add_g(sum, ld_line_kept_g(m, b->lines[i]));
	return sum;
}

/* What of it is counted already: an amendment asks again. */
static int64_t own_draw(const Custody__Manifest *m, const char *code)
{
	int64_t sum = 0;

	for (size_t i = 0; m->granted && i < m->n_drawn; i++)
		if (strcmp(m->drawn[i]->code, code) == 0)
			sum = ld_add_g(sum, m->drawn[i]->mass_g);
	return sum;
}

#define MISSING(k, what, value, threshold, ...)                                                    \
	ld_failed((k), LIANDAN__REASON__APPROVAL_MISSING, (what), (value), (threshold), __VA_ARGS__)

static bool check_left(struct ld_case *k, const Liandan__TransferApproved *a,
		       const Liandan__Line *line)
{
	const Liandan__ApprovedLine *may = approved_line(a, line);
	int64_t drawn_g, now_g;

	if (may == NULL)
		return MISSING(k, line->code, 0, 0, "approval %s does not cover %s by %s",
			       a->approval, line->code,
			       line->mode[0] != '\0' ? line->mode : "any mode");
	drawn_g = ld_sub_g(ld_year_g(k->c, LD_YEAR_GRANTED, a->approval, line->code, 0),
			   own_draw(k->m, line->code));
	now_g = of_code(k->m, line->code);
	return ld_add_g(drawn_g, now_g) <= may->mass_g ||
	       MISSING(k, line->code, ld_add_g(drawn_g, now_g), may->mass_g,
		       "approval %s has %" PRId64 " g of %s left, not %" PRId64, a->approval,
		       ld_sub_g(may->mass_g, drawn_g), line->code, now_g);
}

static bool check_term(struct ld_case *k, const Liandan__TransferApproved *a)
{
	const int64_t at = k->f->recorded_at_ms;

	if (at >= a->from_ms && at < a->to_ms)
		return true;
	return MISSING(k, a->approval, at, at < a->from_ms ? a->from_ms : a->to_ms,
		       at < a->from_ms ? "approval %s begins at %" PRId64 " ms"
				       : "approval %s ended at %" PRId64 " ms",
		       a->approval, at < a->from_ms ? a->from_ms : a->to_ms);
}

bool ld_check_approval(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = k->m->created;
	Custody__Grant *g;

	if (!ld_grant_needed(k->c, b))
		return true;
	if (b->approval[0] == '\0')
		return MISSING(k, b->generator, 0, 0, "to another province: it names no approval");
	if (ld_grant_get(k->c, b->approval, &g) != LD_OK || g->approved == NULL)
		return MISSING(k, b->approval, 0, 0, "approval %s was not granted", b->approval);
	if (g->denied_ms != 0)
		return MISSING(k, b->approval, k->f->recorded_at_ms, g->denied_ms,
			       "approval %s was denied at %" PRId64 " ms", b->approval,
			       g->denied_ms);
	if (strcmp(g->approved->generator, b->generator) != 0 ||
	    strcmp(g->approved->receiver, b->receiver->party) != 0)
		return MISSING(k, b->approval, 0, 0, "approval %s is for other parties",
			       b->approval);
	if (!check_term(k, g->approved))
		return false;
	for (size_t i = 0; i < b->n_lines; i++)
		if (!check_left(k, g->approved, b->lines[i]))
			return false;
	return true;
}
