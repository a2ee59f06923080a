/* Amendments: of masses, texts, parties and plates; mostly with the old values that stand. */
#include <stdio.h>
#include <string.h>

#include "plugin/custody/manifest.h" /* LD_MAX_MASS_G */
#include "tests/model/walk_move.h"

#define FIELD(NAME) LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_##NAME

/* Its content is not known to the model once it is amended: proposed, and never agreed to. */
static bool stays_as_it_is(const struct move *v)
{
	return v->p->child || v->p->n_parents != 0 || (v->m != NULL && v->m->child);
}

static unsigned key_of(struct walk *k, const char *party)
{
	for (unsigned i = 0; i < BY_PEOPLE; i++)
		if (strcmp(k->who[i].s.party, party) == 0 && walk_chance(k, 90))
			return i;
	return walk_pick(k, BY_PEOPLE - 1);
}

static void number(Liandan__AmendmentChange *ch, uint32_t line, int64_t from, int64_t to)
{
	ch->line = line;
	ch->old_number = from;
	ch->new_number = to;
}

static int64_t other_mass(struct walk *k, int64_t mass_g)
{
	if (walk_chance(k, 4))
		return LD_MAX_MASS_G + 1;
	return walk_chance(k, 50) ? mass_g + 1 + walk_pick(k, 5000)
				  : (int64_t)(walk_random(k) % (uint64_t)(mass_g + 1));
}

static void of_line(struct move *v, Liandan__AmendmentChange *ch)
{
	const size_t n = v->m != NULL ? v->m->n_lines : 0;
	const struct nv_line *l = n != 0 ? &v->m->line[walk_pick(v->k, (unsigned)n)] : NULL;

	if (walk_chance(v->k, 25)) {
		ch->field = FIELD(LINE_CODE);
		ch->line = l != NULL ? l->line : 1;
		ch->old_text = TEXT(l != NULL ? l->code : "");
		ch->new_text =
		    TEXT(walk_chance(v->k, 95) ? walk_codes[walk_pick(v->k, CODES)] : "123-456-78");
	} else if (v->m != NULL && v->m->accepted && !stays_as_it_is(v) && walk_chance(v->k, 60)) {
		ch->field = FIELD(ACCEPTED_MASS);
		number(ch, l->line, l->accepted_g, other_mass(v->k, l->accepted_g));
	} else {
		ch->field = FIELD(LINE_MASS);
		number(ch, l != NULL ? l->line : 1, l != NULL ? l->declared_g : 5,
		       other_mass(v->k, l != NULL ? l->declared_g : 5));
	}
}

static void of_party(struct move *v, Liandan__AmendmentChange *ch)
{
	const Liandan__ManifestCreated *d = v->m != NULL ? v->m->created : NULL;
	static const char *const receivers[] = {"R0/R0-a", "R1/R1-a", "T0/T0-a", "R0",
						"C1/nowhere"};

	if (walk_chance(v->k, 50)) {
		ch->field = FIELD(CARRIER);
		ch->line = 1;
		ch->old_text = TEXT(d != NULL && d->n_carriers != 0 ? d->carriers[0]->party : "C0");
		ch->new_text = TEXT(walk_carriers[walk_pick(v->k, WALK_CARRIERS)]);
	} else {
		ch->field = FIELD(RECEIVER);
		ch->old_text = TEXT(d != NULL ? d->receiver->party : "R0");
		ch->new_text = TEXT(receivers[walk_pick(v->k, 5)]);
	}
}

static void of_draft(struct move *v, Liandan__AmendmentChange *ch)
{
	if (!stays_as_it_is(v) && walk_chance(v->k, 30)) {
		ch->field = FIELD(PLATE);
		ch->old_text = TEXT(v->m != NULL ? v->m->plate : "V0");
		ch->new_text = TEXT(walk_plates[walk_pick(v->k, 2)]);
	} else {
		ch->field = FIELD(PHONE);
		ch->old_text = TEXT(v->m != NULL ? v->m->created->phone : "");
		ch->new_text = walk_name(v->k, "tel");
	}
}

void walk_propose(struct move *v)
{
	Liandan__AmendmentProposed *b =
	    NEW(v->k, Liandan__AmendmentProposed, LIANDAN__AMENDMENT_PROPOSED__INIT);
	unsigned by[] = {walk_clerk(v->p), walk_receiver(v->p), walk_holder_driver(v)};

	b->manifest = ID(v->p);
	b->base_version = v->m != NULL && walk_chance(v->k, 97) ? v->m->version : 1;
	b->reason = LIANDAN__AMENDMENT_REASON__AMENDMENT_REASON_TYPING;
	b->changes = walk_room(v->k, 3 * sizeof(Liandan__AmendmentChange *));
	do {
		Liandan__AmendmentChange *ch =
		    NEW(v->k, Liandan__AmendmentChange, LIANDAN__AMENDMENT_CHANGE__INIT);

		switch (walk_pick(v->k, 5)) {
		case 0:
			of_party(v, ch);
			break;
		case 1:
			of_draft(v, ch);
			break;
		default:
			of_line(v, ch);
			break;
		}
		if (walk_chance(v->k, 3))
			number(ch, ch->line, ch->old_number + 1, ch->new_number);
		b->changes[b->n_changes++] = ch;
	} while (b->n_changes < 3 && walk_chance(v->k, 20));
	EVENT(v, AMENDMENT_PROPOSED, b, by[walk_pick(v->k, 3)]);
}

void walk_agree(struct move *v)
{
	Liandan__AmendmentAgreed *b =
	    NEW(v->k, Liandan__AmendmentAgreed, LIANDAN__AMENDMENT_AGREED__INIT);
	unsigned by = walk_holder_driver(v);

	b->manifest = ID(v->p);
	b->proposal = HASH(v->p->proposal);
	b->agrees = !stays_as_it_is(v) && walk_chance(v->k, 92);
	if (v->m != NULL && v->m->n_waits != 0)
		by = key_of(v->k, v->m->waits[walk_pick(v->k, (unsigned)v->m->n_waits)]);
	EVENT(v, AMENDMENT_AGREED, b, by);
}
