/* Who may grant a delegation, what it covers, and the generator's word afterwards. CUSTODY-3. */
#include "plugin/custody/delegation.h"

#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/registry.h"
#include "plugin/custody/table.h"
#include "plugin/custody/year.h"
#include "proto/waste_code.h"

#define ALL_ACTIONS                                                                                \
	((uint32_t)(LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_CREATE |                           \
		    LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_SEAL |                             \
		    LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_OFFER |                            \
		    LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_GENERATE))
#define DELEGATE_ROLES                                                                             \
	((uint32_t)(LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER) | LD_ROLES_DRIVER)

/* ---- granting ---- */

static bool granted_by(const struct ld_fact *f, const Liandan__DelegationGranted *g,
		       struct ld_judgement *j)
{
	if (!ld_by_authority_or_admin(f, g->giver, j))
		return false;
	return ld_is_admin_of(f, g->giver) || g->paper.len == LD_HASH_BYTES ||
	       ld_refuse(j, LIANDAN__REASON__BAD_CONTENT,
			 "an authority grants it with the hash of the paper");
}

static bool codes_known(const Liandan__DelegationGranted *g, struct ld_judgement *j)
{
	for (size_t i = 0; i < g->n_codes; i++)
		if (!ld_code_pattern_known(g->codes[i]))
			return ld_refuse(j, LIANDAN__REASON__BAD_WASTE_CODE,
					 "%s is no waste code, category or *", g->codes[i]);
	return true;
}

bool ld_delegation_granted_judge(struct ld_custody *c, const struct ld_fact *f,
				 const Liandan__DelegationGranted *g, struct ld_judgement *j)
{
	Custody__Party *party;
	Custody__Delegation *old;

	if (!granted_by(f, g, j) || !ld_party_known(c, g->giver, &party, j) ||
	    !ld_party_known(c, g->delegate, &party, j) ||
	    !ld_sane_interval(g->from_ms, g->to_ms, j) ||
	    !ld_not_negative("max_mass_g_per_year", g->max_mass_g_per_year, j) ||
	    !codes_known(g, j))
		return false;
	if (strcmp(g->giver, g->delegate) == 0)
		return ld_refuse(j, LIANDAN__REASON__BAD_CONTENT, "nobody is his own delegate");
	if ((g->actions & ~ALL_ACTIONS) != 0)
		return ld_refuse(j, LIANDAN__REASON__BAD_CONTENT,
				 "actions %" PRIu32 " has unknown bits", g->actions);
	if (ld_delegation_get(c, g->delegation, &old) == LD_OK &&
	    strcmp(old->granted->giver, g->giver) != 0)
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS,
				 "delegation %s is another giver's", g->delegation);
	return true;
}

/* ---- acting under it ---- */

bool ld_may_be_delegate(const struct ld_fact *f)
{
	return (f->signer->roles & DELEGATE_ROLES) != 0 ||
	       f->signer->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SYSTEM;
}

static bool missing(const struct ld_fact *f, struct ld_judgement *j, const char *why)
{
	return ld_refuse(j, LIANDAN__REASON__DELEGATION_MISSING, "delegation %s %s",
			 f->event->delegation, why);
}

static bool covers_lines(const struct ld_fact *f, const Liandan__DelegationGranted *g,
			 const struct ld_delegated_act *act, struct ld_judgement *j)
{
	for (size_t i = 0; i < act->n_lines; i++) {
		bool covered = false;

		for (size_t k = 0; !covered && k < g->n_codes; k++)
			covered = ld_waste_code_covers(g->codes[k], act->lines[i]->code);
		if (!covered)
			return ld_refuse(j, LIANDAN__REASON__DELEGATION_MISSING,
					 "delegation %s does not cover %s", f->event->delegation,
					 act->lines[i]->code);
	}
	return true;
}

static bool room_left(struct ld_custody *c, const struct ld_fact *f,
		      const Liandan__DelegationGranted *g, const struct ld_delegated_act *act,
		      struct ld_judgement *j)
{
	const uint32_t year = ld_china_year(f->recorded_at_ms);
	int64_t sealed_g;

	if (g->max_mass_g_per_year == 0 || act->seals_g == 0)
		return true;
	sealed_g = ld_year_g(c, LD_YEAR_DELEGATED, g->delegation, "", year);
	return ld_add_g(sealed_g, act->seals_g) <= g->max_mass_g_per_year ||
	       ld_refuse(j, LIANDAN__REASON__DELEGATION_MISSING,
			 "delegation %s: %" PRId64 " g sealed in %" PRIu32 ", %" PRId64
			 " g more are over its %" PRId64,
			 g->delegation, sealed_g, year, act->seals_g, g->max_mass_g_per_year);
}

/* Judged when the ledger records the act: one that was signed in time and arrives after the end is
 * refused. */
static bool in_force(const struct ld_fact *f, const Liandan__DelegationGranted *g,
		     struct ld_judgement *j)
{
	const int64_t at = f->recorded_at_ms;

	if (at < g->from_ms)
		return ld_refuse(j, LIANDAN__REASON__DELEGATION_MISSING,
				 "delegation %s begins at %" PRId64 " ms", g->delegation,
				 g->from_ms);
	return g->to_ms == 0 || at < g->to_ms ||
	       ld_refuse(j, LIANDAN__REASON__DELEGATION_MISSING,
			 "delegation %s ended at %" PRId64 " ms", g->delegation, g->to_ms);
}

bool ld_delegation_covers(struct ld_custody *c, const struct ld_fact *f,
			  const struct ld_delegated_act *act, struct ld_judgement *j)
{
	Custody__Delegation *d;
	const Liandan__DelegationGranted *g;

	if (f->event->delegation[0] == '\0')
		return false;
	if (ld_delegation_get(c, f->event->delegation, &d) != LD_OK)
		return missing(f, j, "was not granted");
	g = d->granted;
	if (strcmp(g->delegate, f->signer->party) != 0)
		return missing(f, j, "is another delegate's");
	if (strcmp(g->giver, act->giver) != 0)
		return missing(f, j, "is another giver's");
	if (!ld_may_be_delegate(f))
		return missing(f, j, "is not for a key of this role");
	if (!in_force(f, g, j))
		return false;
	if ((g->actions & act->action) == 0)
		return missing(f, j, "does not cover this act");
	return covers_lines(f, g, act, j) && room_left(c, f, g, act, j);
}

/* ---- the generator's word: CUSTODY-3 ---- */

bool ld_check_to_confirm(struct ld_case *k)
{
	return (k->m->flags & CUSTODY__MANIFEST_FLAG__FLAG_AWAITING_CONFIRMATION) != 0 ||
	       ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
			 k->m->confirmed_ms != 0 ? "it was confirmed or disputed before"
						 : "no delegate has sealed it");
}

/* CUSTODY, Persons, not keys. */
bool ld_check_another_pen(struct ld_case *k)
{
	const char *person = ld_person_of(k->c, k->f->signer);

	return strcmp(k->m->sealer_person, person) != 0 ||
	       ld_refuse(k->j, LIANDAN__REASON__SAME_PERSON, "%s sealed it as the delegate",
			 person);
}

bool ld_check_not_disputed(struct ld_case *k)
{
	return k->f->event->generator_confirmed->agrees ||
	       ld_failed(k, LIANDAN__REASON__DISPUTED, k->m->delegation, 1, 0,
			 "the generator disputes it");
}
