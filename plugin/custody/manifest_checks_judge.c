/* Checks that several steps of the manifest share. */
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/stock.h"
#include "proto/waste_code.h"

bool ld_code_known(Liandan__CodeSystem system, const char *code)
{
	if (system == LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL)
		return ld_code_system_of(code) == system;
	return ld_waste_code_find(system, code) != NULL;
}

bool ld_wrong_role(const struct ld_fact *f, struct ld_judgement *j, const char *must)
{
	if (f->event->delegation[0] != '\0')
		return ld_refuse(j, LIANDAN__REASON__DELEGATION_MISSING,
				 "delegation %s is not one that covers this", f->event->delegation);
	return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "must be signed by %s, not by %s", must,
			 f->signer->party);
}

static int item_order(const void *pa, const void *pb)
{
	const Liandan__Item *a = *(Liandan__Item *const *)pa;
	const Liandan__Item *b = *(Liandan__Item *const *)pb;
	int by_container = strcmp(a->container, b->container);

	if (by_container != 0)
		return by_container;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->mass_g < b->mass_g ? -1 : a->mass_g > b->mass_g;
}

static Liandan__Item **sorted(struct ld_custody *c, Liandan__Item *const *items, size_t n)
{
	Liandan__Item **copy = ld_arena_dup(c->arena, items, n * sizeof(Liandan__Item *));

	if (copy != NULL)
		qsort(copy, n, sizeof(Liandan__Item *), item_order);
	return copy;
}

bool ld_items_same(struct ld_custody *c, Liandan__Item *const *a, size_t na,
		   Liandan__Item *const *b, size_t nb)
{
	size_t mark = ld_mark(c);
	Liandan__Item **sa, **sb;
	bool same = na == nb;

	if (na != nb || na == 0)
		return same;
	sa = sorted(c, a, na);
	sb = sorted(c, b, nb);
	for (size_t i = 0; same && i < na; i++)
		same = sa != NULL && sb != NULL && item_order(&sa[i], &sb[i]) == 0;
	ld_release(c, mark);
	return same;
}

void ld_check_hazards(struct ld_custody *c, struct ld_judgement *j, const Liandan__Line *line)
{
	const struct ld_waste_code *w = ld_waste_code_find(line->code_system, line->code);

	if (w != NULL && !ld_waste_code_hazards_fit(w, line->hazards))
		ld_violate(c, j, LIANDAN__REASON__HAZARDS_DIFFER, line->code, line->hazards,
			   w->hazards);
}

bool ld_check_persons(struct ld_custody *c, struct ld_judgement *j, const Custody__Manifest *m,
		      const char *giver, const char *taker)
{
	int64_t mass_g = ld_manifest_declared_g(m);
	size_t mark = ld_mark(c);
	Custody__Party *p;
	bool small = mass_g < c->rules->small_generator_g;

	if (giver[0] == '\0' || strcmp(giver, taker) != 0)
		return true;
	if (ld_party_get(c, m->created->generator, &p) == LD_OK &&
	    p->registered->tier == LIANDAN__TIER__TIER_REGISTERED)
		small = true;
	ld_release(c, mark);
	/* CUSTODY, Persons, not keys */
	if (!small)
		return ld_refuse(j, LIANDAN__REASON__SAME_PERSON,
				 "%s signs for the giver and the taker", taker);
	return ld_violate(c, j, LIANDAN__REASON__SAME_PERSON, taker, mass_g,
			  c->rules->small_generator_g);
}

void ld_check_content(struct ld_custody *c, struct ld_judgement *j, const Custody__Manifest *m,
		      ProtobufCBinaryData content)
{
	if (!ld_same_id(m->content, content))
		ld_violate(c, j, LIANDAN__REASON__BAD_CONTENT, "content", 0, m->version);
}

static bool intact(const char *id, Liandan__Seal *const *seals, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(seals[i]->id, id) == 0)
			return seals[i]->state == LIANDAN__CONDITION__CONDITION_INTACT ||
			       seals[i]->state == LIANDAN__CONDITION__CONDITION_UNSPECIFIED;
	return false;
}

/* CUSTODY-12. Seals that were found besides are not asked about: a milk run seals again at each
 * stop. */
void ld_check_seals(struct ld_custody *c, struct ld_judgement *j, const Custody__Manifest *m,
		    Liandan__Seal *const *seals, size_t n)
{
	for (size_t i = 0; i < m->n_seals; i++)
		if (!intact(m->seals[i], seals, n))
			ld_violate(c, j, LIANDAN__REASON__SEAL_DIFFERS, m->seals[i], 0, 1);
}
