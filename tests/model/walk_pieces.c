/* What events are made of, and who signs them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest.h"
#include "proto/waste_code.h"
#include "tests/model/walk_move.h"

const char *const walk_codes[] = {"900-041-49", "900-249-08", "772-003-18"};

void *walk_room(struct walk *k, size_t n)
{
	void *p = ld_arena_alloc(&k->arena, n);

	if (p == NULL)
		abort();
	memset(p, 0, n);
	return p;
}

void *walk_dup(struct walk *k, const void *init, size_t n)
{
	void *p = ld_arena_dup(&k->arena, init, n);

	if (p == NULL)
		abort();
	return p;
}

ProtobufCBinaryData walk_bytes_of(const void *data, size_t len)
{
	return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)(uintptr_t)data};
}

void walk_event(struct move *v, Liandan__Event__BodyCase which, void *body, unsigned by)
{
	v->e = NEW(v->k, Liandan__Event, LIANDAN__EVENT__INIT);
	v->e->body_case = which;
	memcpy(&v->e->manifest_created, &body, sizeof body); /* every member is a pointer */
	v->by = by;
}

Liandan__Line *walk_line_of(struct walk *k, uint32_t number, unsigned code, int64_t mass_g,
			    bool estimated)
{
	const struct ld_waste_code *known =
	    ld_waste_code_find(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS, walk_codes[code]);
	Liandan__Line *l = NEW(k, Liandan__Line, LIANDAN__LINE__INIT);

	if (known == NULL)
		abort();
	l->line = number;
	l->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	l->code = TEXT(walk_codes[code]);
	l->hazards = known->hazards;
	l->mode = TEXT("R9");
	l->quantity = NEW(k, Liandan__Quantity, LIANDAN__QUANTITY__INIT);
	l->quantity->unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	l->quantity->basis =
	    estimated ? LIANDAN__BASIS__BASIS_ESTIMATED : LIANDAN__BASIS__BASIS_WEIGHED;
	l->quantity->mass_g = mass_g;
	return l;
}

const char *walk_gen_site(const struct walk_plan *p)
{
	return walk_sites[p->site];
}

const char *walk_rec_site(const struct walk_plan *p)
{
	if (p->returned)
		return walk_gen_site(p);
	return p->rec == 0 ? "R0-a" : "R1-a";
}

unsigned walk_clerk(const struct walk_plan *p)
{
	return p->gen < WALK_GENS    ? BY_G0 + p->gen
	       : p->gen == WALK_GENS ? (unsigned)BY_R0G
				     : (unsigned)BY_R1O;
}

unsigned walk_receiver(const struct walk_plan *p)
{
	return p->returned ? walk_clerk(p) : BY_R0 + p->rec;
}

/* A clerk of that firm. */
static unsigned clerk_of(const char *party)
{
	for (unsigned i = 0; i < WALK_GENS; i++)
		if (strcmp(walk_gens[i], party) == 0)
			return BY_G0 + i;
	return strcmp(party, "R0") == 0 ? BY_R0 : BY_R1;
}

/* A driver of whoever has it, or of whoever is to take it next. */
unsigned walk_driver_of(struct walk *k, const char *party)
{
	for (unsigned i = 0; i < WALK_CARRIERS; i++)
		if (strcmp(walk_carriers[i], party) == 0)
			return i == 0 && walk_chance(k, 10)   ? BY_C0G
			       : i == 1 && walk_chance(k, 10) ? BY_C1R
			       : i == 0 && walk_chance(k, 20) ? BY_C0B
			       : i == 2 && walk_chance(k, 60) ? BY_C2B
							      : BY_C0 + i;
	return BY_C0 + walk_pick(k, WALK_CARRIERS);
}

unsigned walk_holder_driver(struct move *v)
{
	return walk_driver_of(v->k, v->m != NULL ? v->m->carrier : walk_carriers[v->p->carrier[0]]);
}

bool walk_is_there(const struct move *v)
{
	return v->m != NULL && (v->m->leg != 0 || v->m->flows);
}

uint32_t walk_leg_now(const struct move *v)
{
	return v->m != NULL ? v->m->leg : 0;
}

unsigned walk_next_carrier(const struct move *v)
{
	return v->p->carrier[walk_leg_now(v) < v->p->n_carriers ? walk_leg_now(v) : 0];
}

unsigned walk_giver(struct move *v)
{
	if (walk_leg_now(v) == 0 && v->m != NULL && v->m->giver[0] != '\0')
		return clerk_of(v->m->giver);
	if (walk_leg_now(v) == 0)
		return walk_clerk(v->p);
	return v->m->stored ? BY_STORE : walk_holder_driver(v);
}

const char *walk_plate_of(unsigned carrier)
{
	return walk_plates[carrier];
}

Liandan__Item *walk_an_item(struct walk *k, const char *container, uint32_t line, int64_t mass_g)
{
	Liandan__Item *it = NEW(k, Liandan__Item, LIANDAN__ITEM__INIT);

	it->container = walk_dup(k, container, strlen(container) + 1);
	it->line = line;
	it->mass_g = mass_g;
	return it;
}

int64_t walk_some_mass(struct walk *k, int64_t mass_g)
{
	switch (walk_pick(k, 12)) {
	case 0:
		return mass_g + 1 + walk_pick(k, 100000);
	case 1:
		return walk_chance(k, 10) ? LD_MAX_MASS_G + 1 : 0;
	case 2:
	case 3:
		return 1 + (int64_t)(walk_random(k) % (uint64_t)(mass_g > 0 ? mass_g : 1));
	default:
		return mass_g;
	}
}

/* G1's clerk, or the collector that fills in for it. */
void walk_by_generator(struct move *v)
{
	if (v->m != NULL && v->m->giver[0] != '\0')
		return; /* what goes on from where it was put down is not its to give */
	v->by = walk_clerk(v->p);
	if ((v->p->gen == 1 && walk_chance(v->k, 40)) || walk_pick(v->k, 200) == 0) {
		v->by = BY_C2;
		v->e->delegation = TEXT(WALK_DELEGATION);
	}
}
