/* Who acts for whom, how long, in which wastes and up to how much a year. "Delegates" in
 * plugin/custody/README.md. */
#include <string.h>
#include <time.h>

#include "proto/waste_code.h"
#include "tests/model/naive.h"

#define ALL                                                                                        \
	((uint32_t)(LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_CREATE |                           \
		    LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_SEAL |                             \
		    LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_OFFER |                            \
		    LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_GENERATE))

static struct nv_delegation *delegation_of(const struct nv *nv, const char *delegation)
{
	for (size_t i = 0; i < nv->n_delegation; i++)
		if (strcmp(nv->delegation[i].delegation, delegation) == 0)
			return &nv->delegation[i];
	return NULL;
}

const char *nv_acts_for(const struct nv *nv, const struct nv_event *v)
{
	const uint32_t may =
	    LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER | NV_DRIVES;
	const struct nv_delegation *d = delegation_of(nv, v->e->delegation);

	if (v->e->delegation[0] == '\0')
		return v->by->party;
	return d != NULL && strcmp(d->delegate, v->by->party) == 0 && nv_has(v->by, may) ? d->giver
											 : "";
}

/* ---- granted ---- */

static bool registered(const struct nv *nv, const char *party)
{
	for (size_t i = 0; i < nv->n_party; i++)
		if (strcmp(nv->party[i].party, party) == 0)
			return true;
	return false;
}

static bool is_code(const char *code)
{
	return strcmp(code, "*") == 0 ||
	       ld_waste_code_find(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS, code) != NULL;
}

struct nv_said nv_judge_delegation(struct nv *nv, const struct nv_event *v)
{
	const Liandan__DelegationGranted *b = v->e->delegation_granted;
	const struct nv_delegation *old = delegation_of(nv, b->delegation);

	/* nobody's admin is on these walks */
	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_AUTHORITY))
		return NV_REFUSED(WRONG_ROLE);
	for (size_t i = 0; i < b->n_codes; i++)
		if (!is_code(b->codes[i]))
			return NV_REFUSED_SOMEHOW;
	return b->paper.len == LD_HASH_BYTES && registered(nv, b->giver) &&
		       registered(nv, b->delegate) && strcmp(b->giver, b->delegate) != 0 &&
		       (b->to_ms == 0 || b->to_ms > b->from_ms) && b->max_mass_g_per_year >= 0 &&
		       (b->actions & ~ALL) == 0 &&
		       (old == NULL || strcmp(old->giver, b->giver) == 0)
		   ? nv_ok()
		   : NV_REFUSED_SOMEHOW;
}

static struct nv_delegation *new_delegation(struct nv *nv, const char *delegation)
{
	struct nv_delegation *d;

	NV_GROW(nv->delegation, nv->n_delegation, nv->cap_delegation);
	d = &nv->delegation[nv->n_delegation++];
	memset(d, 0, sizeof *d);
	nv_copy(d->delegation, delegation);
	return d;
}

void nv_delegation(struct nv *nv, const char *delegation, const char *giver, const char *delegate)
{
	struct nv_delegation *d = new_delegation(nv, delegation);

	nv_copy(d->giver, giver);
	nv_copy(d->delegate, delegate);
	nv_copy(d->code[d->n_codes++], "*");
	d->actions = ALL;
}

void nv_apply_delegation(struct nv *nv, const struct nv_event *v)
{
	const Liandan__DelegationGranted *b = v->e->delegation_granted;
	struct nv_delegation *d;

	if (v->e->body_case != LIANDAN__EVENT__BODY_DELEGATION_GRANTED)
		return;
	d = delegation_of(nv, b->delegation);
	d = d != NULL ? d : new_delegation(nv, b->delegation);
	nv_copy(d->giver, b->giver);
	nv_copy(d->delegate, b->delegate);
	d->actions = b->actions;
	d->from_ms = b->from_ms;
	d->to_ms = b->to_ms;
	d->year_g = b->max_mass_g_per_year;
	d->n_codes = 0;
	for (size_t i = 0; i < b->n_codes && i < NV_LINES; i++)
		nv_copy(d->code[d->n_codes++], b->codes[i]);
}

/* ---- and used ---- */

/* The calendar year in China. */
int nv_year(int64_t at_ms)
{
	const time_t t = (time_t)(at_ms / 1000 + 28800);
	struct tm tm = {0};

	(void)gmtime_r(&t, &tm);
	return tm.tm_year + 1900;
}

/* What was sealed under it that year: what has left on others, the rest unless nobody picked it
 * up. */
static int64_t sealed_g(const struct nv *nv, const char *delegation, int year)
{
	int64_t sum = 0;

	for (size_t i = 0; i < nv->n_manifest; i++) {
		const struct nv_manifest *m = &nv->manifest[i];
		const bool unpicked = m->state == CUSTODY__MANIFEST_STATE__CANCELLED ||
				      m->state == CUSTODY__MANIFEST_STATE__EXPIRED;

		if (m->child || m->sealed_year != year || strcmp(m->delegation, delegation) != 0)
			continue;
		for (size_t k = 0; k < m->n_lines; k++)
			sum += unpicked ? m->line[k].passed_g : m->line[k].declared_g;
	}
	return sum;
}

bool nv_delegate_covers(const struct nv *nv, const struct nv_event *v, uint32_t action,
			const char *code)
{
	const struct nv_delegation *d = delegation_of(nv, v->e->delegation);

	if (nv_acts_for(nv, v)[0] == '\0' || v->at_ms < d->from_ms ||
	    (d->to_ms != 0 && v->at_ms >= d->to_ms && nv->wrong != NV_DELEGATES_FOR_EVER) ||
	    (d->actions & action) == 0)
		return false;
	for (size_t i = 0; code != NULL && i < d->n_codes; i++)
		if (strcmp(d->code[i], "*") == 0 || strcmp(d->code[i], code) == 0)
			return true;
	return code == NULL;
}

bool nv_delegate_has_room(const struct nv *nv, const struct nv_event *v, int64_t mass_g)
{
	const struct nv_delegation *d = delegation_of(nv, v->e->delegation);

	return d->year_g == 0 ||
	       sealed_g(nv, d->delegation, nv_year(v->at_ms)) + mass_g <= d->year_g;
}
