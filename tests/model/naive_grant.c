/* What authorities say meanwhile: who may send to another province, and what is left of a grant
 * (row 2); when a manifest is closed (row 19). "Who may submit what". */
#include <string.h>

#include "proto/waste_code.h"
#include "tests/model/naive.h"

#define GRANT_MS (INT64_C(366) * 86400000)

static const struct nv_party *party_of(const struct nv *nv, const char *party)
{
	for (size_t i = 0; i < nv->n_party; i++)
		if (strcmp(nv->party[i].party, party) == 0)
			return &nv->party[i];
	return NULL;
}

static struct nv_grant *grant_of(const struct nv *nv, const char *approval)
{
	for (size_t i = 0; i < nv->n_grant; i++)
		if (strcmp(nv->grant[i].approval, approval) == 0)
			return &nv->grant[i];
	return NULL;
}

/* ---- what an authority says ---- */

static bool lines_can_be(const Liandan__TransferApproved *b)
{
	for (size_t i = 0; i < b->n_lines; i++) {
		if (b->lines[i]->mass_g == 0 || !nv_in_range(b->lines[i]->mass_g) ||
		    ld_waste_code_find(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS,
				       b->lines[i]->code) == NULL)
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(b->lines[k]->code, b->lines[i]->code) == 0)
				return false;
	}
	return true;
}

struct nv_said nv_judge_grant(struct nv *nv, const struct nv_event *v)
{
	const Liandan__TransferApproved *b = v->e->transfer_approved;
	const struct nv_grant *old;

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_AUTHORITY))
		return NV_REFUSED(WRONG_ROLE);
	if (v->e->body_case == LIANDAN__EVENT__BODY_TRANSFER_DENIED) {
		old = grant_of(nv, v->e->transfer_denied->approval);
		return old != NULL && old->denied ? NV_REFUSED_SOMEHOW : nv_ok();
	}
	return party_of(nv, b->generator) != NULL && party_of(nv, b->receiver) != NULL &&
		       b->to_ms > b->from_ms && b->to_ms - b->from_ms <= GRANT_MS &&
		       lines_can_be(b) && grant_of(nv, b->approval) == NULL
		   ? nv_ok()
		   : NV_REFUSED_SOMEHOW;
}

static struct nv_grant *new_grant(struct nv *nv, const char *approval)
{
	struct nv_grant *g;

	NV_GROW(nv->grant, nv->n_grant, nv->cap_grant);
	g = &nv->grant[nv->n_grant++];
	memset(g, 0, sizeof *g);
	nv_copy(g->approval, approval);
	return g;
}

void nv_apply_grant(struct nv *nv, const struct nv_event *v)
{
	const Liandan__TransferApproved *b = v->e->transfer_approved;
	struct nv_grant *g;

	if (v->e->body_case == LIANDAN__EVENT__BODY_TRANSFER_DENIED) {
		const char *approval = v->e->transfer_denied->approval;

		g = grant_of(nv, approval);
		g = g != NULL ? g : new_grant(nv, approval);
		g->denied = true;
		return;
	}
	if (v->e->body_case != LIANDAN__EVENT__BODY_TRANSFER_APPROVED)
		return;
	g = new_grant(nv, b->approval);
	nv_copy(g->generator, b->generator);
	nv_copy(g->receiver, b->receiver);
	g->from_ms = b->from_ms;
	g->to_ms = b->to_ms;
	for (; g->n < b->n_lines && g->n < NV_LINES; g->n++) {
		nv_copy(g->line[g->n].code, b->lines[g->n]->code);
		g->line[g->n].mass_g = b->lines[g->n]->mass_g;
	}
}

/* ---- profiles: when a manifest is closed ---- */

#define VERSIONS 64
#define RULES_MS INT64_C(86400000) /* so long ago a profile may begin */

struct nv_said nv_judge_rules(struct nv *nv, const struct nv_event *v)
{
	const Liandan__RulesAdopted *b = v->e->rules_adopted;

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_AUTHORITY))
		return NV_REFUSED(WRONG_ROLE);
	return b->version > nv->rules && b->version <= VERSIONS && b->from_ms >= v->at_ms - RULES_MS
		   ? nv_ok()
		   : NV_REFUSED_SOMEHOW;
}

void nv_apply_rules(struct nv *nv, const struct nv_event *v)
{
	if (v->e->body_case != LIANDAN__EVENT__BODY_RULES_ADOPTED)
		return;
	nv->rules = v->e->rules_adopted->version;
	nv->closes_treated = v->e->rules_adopted->values[0]->value != 0;
}

/* ---- what is left of it ---- */

bool nv_crosses(const struct nv *nv, const struct nv_manifest *m, const char *receiver)
{
	const struct nv_party *from = party_of(nv, m->created->generator);
	const struct nv_party *to = party_of(nv, receiver);

	return from != NULL && to != NULL && from->division / 10000 != to->division / 10000;
}

/* What has left on others stays counted; the rest as long as somebody may take it, or has. */
static int64_t drawn_g(const struct nv_manifest *m, const char *code)
{
	const bool unpicked = m->state == CUSTODY__MANIFEST_STATE__CANCELLED ||
			      m->state == CUSTODY__MANIFEST_STATE__EXPIRED;
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_lines; i++)
		if (strcmp(m->line[i].code, code) == 0)
			sum += unpicked ? m->line[i].passed_g : m->line[i].declared_g;
	return sum;
}

static int64_t by_others_g(const struct nv *nv, const struct nv_manifest *m, const char *code)
{
	int64_t sum = 0;

	for (size_t i = 0; i < nv->n_manifest; i++) {
		const struct nv_manifest *o = &nv->manifest[i];

		if (o->sealed && !o->child && memcmp(o->id, m->id, sizeof o->id) != 0 &&
		    strcmp(o->created->approval, m->created->approval) == 0 &&
		    nv_crosses(nv, o, o->created->receiver->party))
			sum += drawn_g(o, code);
	}
	return sum;
}

static int64_t granted_g(const struct nv_grant *g, const char *code)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->line[i].code, code) == 0)
			return g->line[i].mass_g;
	return -1;
}

struct nv_said nv_grant_said(const struct nv *nv, const struct nv_manifest *m, const char *receiver,
			     int64_t at_ms)
{
	const struct nv_grant *g = grant_of(nv, m->created->approval);

	if (!nv_crosses(nv, m, receiver) || nv->wrong == NV_GRANTS_NOTHING)
		return nv_ok();
	if (g == NULL || g->denied || strcmp(g->generator, m->created->generator) != 0 ||
	    strcmp(g->receiver, receiver) != 0 || at_ms < g->from_ms || at_ms >= g->to_ms)
		return NV_REFUSED(APPROVAL_MISSING);
	for (size_t i = 0; i < m->n_lines; i++) {
		const char *code = m->line[i].code;
		int64_t own = 0;

		for (size_t k = 0; k < m->n_lines; k++)
			own += strcmp(m->line[k].code, code) == 0 ? m->line[k].declared_g : 0;
		if (by_others_g(nv, m, code) + own > granted_g(g, code))
			return NV_REFUSED(APPROVAL_MISSING);
	}
	return nv_ok();
}
