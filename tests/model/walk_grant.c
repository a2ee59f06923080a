/* Grants of transfers between provinces, and the manifests of G2 that name them; delegations,
 * profiles. */
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/apply.h" /* ld_rules_digest */
#include "tests/model/walk_move.h"

bool walk_crosses(const struct walk_plan *p)
{
	return strcmp(walk_gens[p->gen], "G2") == 0;
}

/* The last ones were for either receiver. */
static char *some_grant(struct walk *k)
{
	return ld_arena_printf(&k->arena, "A-%u",
			       k->grants - walk_pick(k, k->grants < 6 ? k->grants + 1 : 6));
}

void walk_approve(struct move *v)
{
	Liandan__TransferApproved *b =
	    NEW(v->k, Liandan__TransferApproved, LIANDAN__TRANSFER_APPROVED__INIT);
	const unsigned from = walk_pick(v->k, CODES);
	const int64_t now = ld_region_now(v->k->world.region);

	if (walk_chance(v->k, 90))
		v->k->grants++;
	b->approval = ld_arena_printf(&v->k->arena, "A-%u", v->k->grants);
	b->generator = TEXT(walk_chance(v->k, 95) ? "G2" : "G1");
	b->receiver = TEXT(walk_recs[walk_chance(v->k, 80) ? v->p->rec : 1 - v->p->rec]);
	b->lines = walk_room(v->k, CODES * sizeof *b->lines);
	for (unsigned i = 0; i < CODES && (i == 0 || walk_chance(v->k, 85)); i++) {
		Liandan__ApprovedLine *l =
		    NEW(v->k, Liandan__ApprovedLine, LIANDAN__APPROVED_LINE__INIT);

		l->code = TEXT(walk_codes[(from + i) % CODES]);
		l->mass_g = 1 + walk_pick(v->k, 12000000);
		b->lines[b->n_lines++] = l;
	}
	if (walk_pick(v->k, 30) == 0)
		b->lines[0]->code = TEXT("123-456-78");
	b->from_ms = now - LD_HOUR_MS;
	b->to_ms = now + (1 + walk_pick(v->k, 180)) * LD_DAY_MS;
	EVENT(v, TRANSFER_APPROVED, b, BY_AUTHORITY);
}

void walk_deny(struct move *v)
{
	Liandan__TransferDenied *b =
	    NEW(v->k, Liandan__TransferDenied, LIANDAN__TRANSFER_DENIED__INIT);

	b->approval = some_grant(v->k);
	b->reason = TEXT("no");
	EVENT(v, TRANSFER_DENIED, b, BY_AUTHORITY);
}

/* Mostly one that is good for it. */
void walk_name_grant(struct walk *k, struct walk_plan *p)
{
	const struct nv *nv = k->nv;

	strcpy(p->approval, some_grant(k));
	for (size_t i = nv->n_grant; i-- > 0 && walk_chance(k, 95);)
		if (!nv->grant[i].denied && strcmp(nv->grant[i].generator, "G2") == 0 &&
		    strcmp(nv->grant[i].receiver, walk_recs[p->rec]) == 0) {
			strcpy(p->approval, nv->grant[i].approval);
			return;
		}
}

/* ---- C2 fills in for others ---- */

/* Mostly as it was; else shorter, for less, or for fewer acts. */
void walk_delegate(struct move *v)
{
	Liandan__DelegationGranted *b =
	    NEW(v->k, Liandan__DelegationGranted, LIANDAN__DELEGATION_GRANTED__INIT);
	const int64_t now = ld_region_now(v->k->world.region);

	b->delegation = TEXT(WALK_DELEGATION);
	b->giver = TEXT(walk_chance(v->k, 95) ? "G1" : "G0");
	b->delegate = TEXT(walk_chance(v->k, 95) ? "C2" : "C1");
	b->actions = walk_chance(v->k, 75) ? 15 : 1 + walk_pick(v->k, 17);
	b->codes = walk_room(v->k, 2 * sizeof *b->codes);
	b->codes[b->n_codes++] =
	    TEXT(walk_chance(v->k, 70) ? "*" : walk_codes[walk_pick(v->k, CODES)]);
	if (walk_chance(v->k, 30))
		b->codes[b->n_codes++] = TEXT(walk_codes[walk_pick(v->k, CODES)]);
	b->max_mass_g_per_year = walk_chance(v->k, 50) ? 0 : walk_pick(v->k, 50) * (int64_t)1000000;
	b->from_ms = now - LD_DAY_MS + walk_pick(v->k, 10) * LD_HOUR_MS;
	if (walk_chance(v->k, 40))
		b->to_ms = now + walk_pick(v->k, 12) * LD_DAY_MS + LD_HOUR_MS;
	if (walk_chance(v->k, 95))
		b->paper = HASH(v->p->content);
	EVENT(v, DELEGATION_GRANTED, b, BY_AUTHORITY);
}

/* ---- and when a manifest is closed ---- */

void walk_adopt(struct move *v)
{
	Liandan__RulesAdopted *b = NEW(v->k, Liandan__RulesAdopted, LIANDAN__RULES_ADOPTED__INIT);
	Liandan__RuleValue *value = NEW(v->k, Liandan__RuleValue, LIANDAN__RULE_VALUE__INIT);
	uint8_t *digest = walk_room(v->k, LD_HASH_BYTES);

	value->name = TEXT("close_at_treatment");
	value->value = walk_chance(v->k, 60);
	value->source = TEXT("a walk");
	b->profile = TEXT("CN-WALK");
	b->version = v->k->nv->rules + (walk_chance(v->k, 90) ? 1 : 0);
	b->from_ms = ld_region_now(v->k->world.region);
	b->values = walk_room(v->k, sizeof *b->values);
	b->values[b->n_values++] = value;
	if (!ld_rules_digest(&v->k->arena, b, digest))
		abort();
	b->digest = HASH(digest);
	EVENT(v, RULES_ADOPTED, b, BY_AUTHORITY);
}
