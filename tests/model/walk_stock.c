/* Events of rows 7 and 18. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest.h"
#include "proto/waste_code.h"
#include "tests/model/walk_move.h"

void walk_generate(struct move *v)
{
	Liandan__WasteGenerated *b =
	    NEW(v->k, Liandan__WasteGenerated, LIANDAN__WASTE_GENERATED__INIT);
	struct walk_item *it = &v->p->item[0];

	for (size_t i = 0; i < v->p->n_items && it->made; i++)
		it = &v->p->item[i];
	b->batch = walk_name(v->k, "B");
	b->container = it->made && it->container[0] != '\0' && walk_chance(v->k, 70)
			   ? walk_name(v->k, "spare")
			   : it->container;
	b->site = TEXT(walk_gen_site(v->p));
	b->line = walk_line_of(v->k, 1, v->p->code[it->line - 1], it->mass_g, false);
	it->made = true;
	snprintf(v->k->batch[v->k->n_batch++ % WALK_HASHES], 24, "%s", b->batch);
	snprintf(v->k->container[v->k->n_container++ % WALK_HASHES], 24, "%s", b->container);
	EVENT(v, WASTE_GENERATED, b, walk_clerk(v->p));
	walk_by_generator(v);
}

void walk_store(struct move *v)
{
	Liandan__ContainerStored *b =
	    NEW(v->k, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);
	const bool there = walk_is_there(v);

	b->batch = walk_name(v->k, "RK");
	b->site = TEXT(there ? walk_rec_site(v->p) : walk_gen_site(v->p));
	b->items = walk_room(v->k, WALK_ITEMS * sizeof *b->items);
	for (size_t i = 0; i < v->p->n_items; i++)
		if (i == 0 || walk_chance(v->k, 70))
			b->items[b->n_items++] =
			    walk_an_item(v->k, v->p->item[i].container, v->p->item[i].line,
					 v->p->item[i].mass_g);
	if (there)
		b->manifest = ID(v->p);
	EVENT(v, CONTAINER_STORED, b, walk_receiver(v->p));
	if (!there)
		walk_by_generator(v);
}

static void add_input(struct move *v, Liandan__WasteTreated *b, const struct walk_item *it)
{
	Liandan__TreatmentInput *in =
	    NEW(v->k, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);

	in->container = TEXT(it->container);
	if (it->container[0] == '\0' && walk_chance(v->k, 20))
		in->batch = TEXT(v->k->batch[walk_pick(v->k, WALK_HASHES)]);
	else if (it->container[0] == '\0')
		in->manifest = ID(v->p);
	in->mass_g = walk_some_mass(v->k, it->mass_g);
	b->inputs[b->n_inputs++] = in;
	b->loss_g += in->mass_g;
}

static void add_output(struct move *v, Liandan__WasteTreated *b)
{
	Liandan__TreatmentOutput *o =
	    NEW(v->k, Liandan__TreatmentOutput, LIANDAN__TREATMENT_OUTPUT__INIT);

	o->kind = walk_chance(v->k, 70) ? LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE
					: LIANDAN__OUTPUT_KIND__OUTPUT_KIND_PRODUCT;
	o->code = TEXT(walk_codes[walk_pick(v->k, CODES)]);
	o->container = walk_chance(v->k, 50) ? walk_name(v->k, "ash") : TEXT("");
	o->mass_g = b->loss_g / 3;
	b->loss_g -= o->mass_g;
	b->outputs[b->n_outputs++] = o;
}

void walk_treat(struct move *v)
{
	Liandan__WasteTreated *b = NEW(v->k, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	const bool there = walk_is_there(v);

	b->batch = walk_name(v->k, "CZ");
	b->site = TEXT(there ? walk_rec_site(v->p) : walk_gen_site(v->p));
	b->mode = TEXT("R9");
	b->inputs = walk_room(v->k, WALK_ITEMS * sizeof *b->inputs);
	b->outputs = walk_room(v->k, 2 * sizeof *b->outputs);
	for (size_t i = 0; i < v->p->n_items; i++)
		if (i == 0 || walk_chance(v->k, 60))
			add_input(v, b, &v->p->item[i]);
	while (b->n_outputs < 2 && walk_chance(v->k, 40))
		add_output(v, b);
	EVENT(v, WASTE_TREATED, b, there ? walk_receiver(v->p) : walk_clerk(v->p));
}

void walk_lose(struct move *v)
{
	Liandan__LossRecorded *b = NEW(v->k, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	const struct walk_item *it = &v->p->item[walk_pick(v->k, (unsigned)v->p->n_items)];
	const bool there = v->m != NULL && v->m->leg != 0;
	unsigned by = there ? walk_receiver(v->p) : walk_clerk(v->p);

	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	b->mass_g = walk_some_mass(v->k, 1 + walk_pick(v->k, 20000));
	switch (walk_pick(v->k, 3)) {
	case 0:
		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
		b->subject = it->container[0] != '\0' ? TEXT(it->container) : TEXT("drum-0");
		break;
	case 1:
		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE;
		b->subject = TEXT(there ? walk_rec_site(v->p) : walk_gen_site(v->p));
		b->code = TEXT(walk_chance(v->k, 90) ? walk_codes[v->p->code[0]] : "");
		break;
	default:
		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
		b->subject = walk_room(v->k, 2 * LD_UUID_BYTES + 1);
		for (size_t i = 0; i < LD_UUID_BYTES; i++)
			snprintf(b->subject + 2 * i, 3, "%02x", v->p->id[i]);
		if (v->m != NULL && v->m->leg != 0)
			by = walk_holder_driver(v);
		break;
	}
	EVENT(v, LOSS_RECORDED, b, walk_chance(v->k, 30) ? (unsigned)BY_INSPECTOR : by);
}

void walk_weigh(struct move *v)
{
	Liandan__Weighed *b = NEW(v->k, Liandan__Weighed, LIANDAN__WEIGHED__INIT);

	memcpy(v->p->ticket, v->p->id, sizeof v->p->ticket);
	if (walk_chance(v->k, 95)) {
		v->p->ticket[0] = 2;
		v->p->ticket[1] = (uint8_t)++v->k->names;
		v->p->ticket[2] = (uint8_t)(v->k->names >> 8);
	}
	b->ticket = walk_bytes_of(v->p->ticket, sizeof v->p->ticket);
	b->instrument = TEXT("S0");
	b->purpose = LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE;
	b->kind = LIANDAN__WEIGH_KIND__WEIGH_KIND_NET;
	b->manifests = walk_room(v->k, sizeof *b->manifests);
	b->manifests[b->n_manifests++] = ID(v->p);
	for (size_t i = 0; i < v->p->n_items; i++)
		b->mass_g += v->p->item[i].mass_g;
	b->stable = true;
	EVENT(v, WEIGHED, b, BY_SCALE);
}
