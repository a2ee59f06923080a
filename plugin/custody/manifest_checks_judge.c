/* Checks that several rows of the table share. */
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/stock.h"
#include "plugin/custody/table.h"
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

static bool hazards_fit(struct ld_case *k, const Liandan__Line *line)
{
	const struct ld_waste_code *w = ld_waste_code_find(line->code_system, line->code);

	return w == NULL || ld_waste_code_hazards_fit(w, line->hazards) ||
	       ld_failed(k, LIANDAN__REASON__HAZARDS_DIFFER, line->code, line->hazards, w->hazards,
			 "the letters of %s are not the catalogue's", line->code);
}

/* Of the line that is generated, or of each that is sealed. */
bool ld_check_hazards(struct ld_case *k)
{
	const Liandan__Event *e = k->f->event;

	if (e->body_case == LIANDAN__EVENT__BODY_WASTE_GENERATED)
		return hazards_fit(k, e->waste_generated->line);
	for (size_t i = 0; i < k->m->created->n_lines; i++)
		if (!hazards_fit(k, k->m->created->lines[i]))
			return false;
	return true;
}

static bool small_generator(struct ld_case *k, int64_t mass_g)
{
	size_t mark = ld_mark(k->c);
	Custody__Party *p;
	const bool registered = ld_party_get(k->c, k->m->created->generator, &p) == LD_OK &&
				p->registered->tier == LIANDAN__TIER__TIER_REGISTERED;

	ld_release(k->c, mark);
	return registered || mass_g < k->rules->small_generator_g;
}

static const char *giver_person(const struct ld_case *k)
{
	if (k->f->event->body_case == LIANDAN__EVENT__BODY_RECEIVED)
		return k->m->holder_person;
	return k->offered_by[0] == '\0' && k->giver != NULL ? ld_person_of(k->c, k->giver)
							    : k->offered_by;
}

/* A delegate's person that sealed for the generator takes it as the driver, whoever offered. */
static bool sealed_it(const struct ld_case *k, const char *taker)
{
	return k->f->event->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN && k->m->leg == 0 &&
	       k->m->sealer_person[0] != '\0' && strcmp(k->m->sealer_person, taker) == 0;
}

/* CUSTODY, Persons, not keys: the same pen on both sides is refused above the small-generator
 * threshold (as a hard check), flagged below it (as a recorded one). */
bool ld_check_persons(struct ld_case *k)
{
	const char *giver = giver_person(k), *taker = ld_person_of(k->c, k->f->signer);
	const int64_t mass_g = ld_manifest_declared_g(k->m);
	const bool same = (giver[0] != '\0' && strcmp(giver, taker) == 0) || sealed_it(k, taker);

	if (!same || small_generator(k, mass_g) == k->hard)
		return true;
	return ld_failed(k, LIANDAN__REASON__SAME_PERSON, taker, mass_g,
			 k->rules->small_generator_g, "%s signs for the giver and the taker",
			 taker);
}

static ProtobufCBinaryData content_of(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_HANDOVER_OFFERED:
		return e->handover_offered->content;
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		return e->handover_taken->content;
	case LIANDAN__EVENT__BODY_RECEIVED:
		return e->received->content;
	case LIANDAN__EVENT__BODY_ACCEPTED:
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
		return ld_acceptance_of(e).content;
	case LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED:
		return e->generator_confirmed->content;
	default:
		return (ProtobufCBinaryData){0, NULL};
	}
}

/* Who receives, accepts or confirms may not have heard of an amendment yet; who offers or takes
 * takes what stands. CUSTODY-20 */
static bool may_be_former(const Liandan__Event *e)
{
	return e->body_case != LIANDAN__EVENT__BODY_HANDOVER_OFFERED &&
	       e->body_case != LIANDAN__EVENT__BODY_HANDOVER_TAKEN;
}

bool ld_check_content(struct ld_case *k)
{
	const ProtobufCBinaryData content = content_of(k->f->event);

	return ld_same_id(k->m->content, content) ||
	       (may_be_former(k->f->event) && ld_amend_former(k->m, content)) ||
	       ld_failed(k, LIANDAN__REASON__BAD_CONTENT, "content", 0, k->m->version,
			 "content is not what was sealed");
}

const char *ld_site_of(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_ARRIVED:
		return e->arrived->site;
	case LIANDAN__EVENT__BODY_RECEIVED:
		return e->received->site;
	case LIANDAN__EVENT__BODY_STOP_BEGUN:
		return e->stop_begun->site;
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
		return e->temporary_storage_entered->site;
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
		return e->waste_generated->site;
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
		return e->container_stored->site;
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
		return e->waste_treated->site;
	case LIANDAN__EVENT__BODY_CONTAINER_RELEASED:
		return e->container_released->site;
	case LIANDAN__EVENT__BODY_STOCK_REPACKED:
		return e->stock_repacked->site;
	case LIANDAN__EVENT__BODY_STOCK_COUNTED:
		return e->stock_counted->site;
	default:
		return "";
	}
}

/* Whose the site is; NULL: it is not registered. */
static const char *site_party(struct ld_case *k)
{
	Custody__Site *s;

	return ld_site_get(k->c, ld_site_of(k->f->event), &s) == LD_OK ? s->registered->party
								       : NULL;
}

bool ld_check_site_registered(struct ld_case *k)
{
	const char *site = ld_site_of(k->f->event);

	return site[0] == '\0' || site_party(k) != NULL ||
	       ld_failed(k, LIANDAN__REASON__UNKNOWN_SITE, site, 0, 0, "%s is not registered",
			 site);
}

const char *ld_plate_of(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		return e->handover_taken->plate;
	case LIANDAN__EVENT__BODY_STOP_BEGUN:
		return e->stop_begun->plate;
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT:
		return e->temporary_storage_left->plate;
	case LIANDAN__EVENT__BODY_ARRIVED:
		return e->arrived->plate;
	case LIANDAN__EVENT__BODY_RECEIVED:
		return e->received->plate;
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
		return e->accident_reported->plate;
	default:
		return "";
	}
}

/* A site that is not registered is recorded, another's is refused. */
bool ld_check_own_site(struct ld_case *k)
{
	const char *party = site_party(k), *holder = ld_acts_for(k->c, k->f);

	return party == NULL || strcmp(party, holder) == 0 ||
	       ld_refuse(k->j, LIANDAN__REASON__WRONG_ROLE, "%s is not a site of %s",
			 ld_site_of(k->f->event), holder);
}

static bool mass_can_be(int64_t g)
{
	return g >= 0 && g <= LD_MAX_MASS_G;
}

static bool treated_can_be(const Liandan__WasteTreated *b)
{
	bool ok = mass_can_be(b->loss_g);

	for (size_t i = 0; ok && i < b->n_inputs; i++)
		ok = mass_can_be(b->inputs[i]->mass_g);
	for (size_t i = 0; ok && i < b->n_outputs; i++)
		ok = mass_can_be(b->outputs[i]->mass_g);
	return ok;
}

static bool line_can_be(const Liandan__Line *line)
{
	return line != NULL && line->quantity != NULL && mass_can_be(line->quantity->mass_g);
}

static bool repacked_can_be(const Liandan__StockRepacked *b)
{
	bool ok = mass_can_be(b->loss_g);

	for (size_t i = 0; ok && i < b->n_inputs; i++)
		ok = mass_can_be(b->inputs[i]->mass_g);
	for (size_t i = 0; ok && i < b->n_outputs; i++)
		ok = line_can_be(b->outputs[i]->line);
	return ok;
}

static bool items_can_be(Liandan__Item *const *items, size_t n)
{
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++)
		ok = mass_can_be(items[i]->mass_g);
	return ok;
}

static bool accepted_can_be(const Liandan__Event *e)
{
	const struct ld_acceptance a = ld_acceptance_of(e);
	bool ok = true;

	for (size_t i = 0; ok && i < a.n_lines; i++)
		ok = mass_can_be(a.lines[i]->mass_g);
	for (size_t i = 0; e->body_case == LIANDAN__EVENT__BODY_PARTLY_ACCEPTED && ok &&
			   i < e->partly_accepted->n_refused;
	     i++)
		ok = e->partly_accepted->refused[i]->item != NULL &&
		     mass_can_be(e->partly_accepted->refused[i]->item->mass_g);
	return ok;
}

static bool masses_can_be(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_ACCEPTED:
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
		return accepted_can_be(e);
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
		return line_can_be(e->waste_generated->line);
	case LIANDAN__EVENT__BODY_CONTAINER_RELEASED:
		return items_can_be(e->container_released->items, e->container_released->n_items);
	case LIANDAN__EVENT__BODY_STOCK_REPACKED:
		return repacked_can_be(e->stock_repacked);
	case LIANDAN__EVENT__BODY_STOCK_COUNTED:
		return mass_can_be(e->stock_counted->counted_g);
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
		return treated_can_be(e->waste_treated);
	case LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED:
		return mass_can_be(e->discrepancy_reported->declared_g) &&
		       mass_can_be(e->discrepancy_reported->found_g);
	case LIANDAN__EVENT__BODY_LOSS_RECORDED:
		return mass_can_be(e->loss_recorded->mass_g);
	case LIANDAN__EVENT__BODY_PIPELINE_DAY:
		return mass_can_be(e->pipeline_day->mass_out_g) &&
		       mass_can_be(e->pipeline_day->mass_in_g);
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
		return mass_can_be(e->accident_reported->lost_g);
	default:
		return true;
	}
}

/* A booking that cannot be is not booked, fact or not. */
bool ld_check_masses(struct ld_case *k)
{
	return masses_can_be(k->f->event) ||
	       ld_refuse(k->j, LIANDAN__REASON__QUANTITY, "such a mass cannot be");
}
