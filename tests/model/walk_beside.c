/* Events beside the way: confirmations, discrepancies, paper, holds, numbers; and the stock that is
 * repacked, released, counted. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugin/custody/manifest.h" /* LD_MAX_MASS_G */
#include "tests/model/walk_move.h"

static unsigned receiver(const struct move *v)
{
	return walk_receiver(v->p);
}

/* ---- findings ---- */

void walk_confirm(struct move *v)
{
	Liandan__GeneratorConfirmed *b =
	    NEW(v->k, Liandan__GeneratorConfirmed, LIANDAN__GENERATOR_CONFIRMED__INIT);

	b->manifest = ID(v->p);
	b->content = HASH(v->p->content);
	b->agrees = walk_chance(v->k, 90);
	EVENT(v, GENERATOR_CONFIRMED, b,
	      v->p->gen == 1 && walk_chance(v->k, 30) ? (unsigned)BY_G1C : walk_clerk(v->p));
}

void walk_report(struct move *v)
{
	Liandan__DiscrepancyReported *b =
	    NEW(v->k, Liandan__DiscrepancyReported, LIANDAN__DISCREPANCY_REPORTED__INIT);

	b->manifest = ID(v->p);
	b->line = 1;
	b->kind = LIANDAN__DISCREPANCY_KIND__DISCREPANCY_KIND_QUANTITY;
	b->declared_g = 1000;
	b->found_g = walk_chance(v->k, 95) ? 900 : LD_MAX_MASS_G + 1;
	EVENT(v, DISCREPANCY_REPORTED, b, receiver(v));
}

void walk_resolve(struct move *v)
{
	Liandan__DiscrepancyResolved *b =
	    NEW(v->k, Liandan__DiscrepancyResolved, LIANDAN__DISCREPANCY_RESOLVED__INIT);
	const bool generator = walk_chance(v->k, 50);

	b->manifest = ID(v->p);
	b->discrepancy = HASH(v->p->report);
	b->cause = walk_chance(v->k, 70) ? LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SCALE
					 : LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	EVENT(v, DISCREPANCY_RESOLVED, b, generator ? walk_clerk(v->p) : receiver(v));
	if (walk_chance(v->k, 20))
		v->co[v->n_co++] = generator ? receiver(v) : walk_clerk(v->p);
}

void walk_paper(struct move *v)
{
	Liandan__PaperBackfilled *b =
	    NEW(v->k, Liandan__PaperBackfilled, LIANDAN__PAPER_BACKFILLED__INIT);
	Liandan__PaperStep *step = NEW(v->k, Liandan__PaperStep, LIANDAN__PAPER_STEP__INIT);
	unsigned by[] = {walk_clerk(v->p), receiver(v), walk_holder_driver(v)};

	b->manifest = ID(v->p);
	b->paper_no = walk_name(v->k, "paper");
	b->scan = HASH(v->p->content);
	b->outage = LIANDAN__OUTAGE_KIND__OUTAGE_KIND_NETWORK;
	b->steps = walk_room(v->k, sizeof(Liandan__PaperStep *));
	step->kind = LIANDAN__PAPER_STEP_KIND__PAPER_STEP_KIND_TAKEN;
	step->at_ms = ld_region_now(v->k->world.region) - LD_HOUR_MS;
	step->signer = TEXT("p-C0");
	b->steps[b->n_steps++] = step;
	EVENT(v, PAPER_BACKFILLED, b, by[walk_pick(v->k, 3)]);
}

/* ---- rights ---- */

void walk_hold(struct move *v)
{
	Liandan__HoldPlaced *b = NEW(v->k, Liandan__HoldPlaced, LIANDAN__HOLD_PLACED__INIT);
	const struct walk_item *it = &v->p->item[walk_pick(v->k, (unsigned)v->p->n_items)];
	const int64_t now = ld_region_now(v->k->world.region);

	if (v->k->holds == 0 || walk_chance(v->k, 80))
		v->k->holds++;
	b->hold = ld_arena_printf(&v->k->arena, "hold-%u", v->k->holds);
	b->legal_basis = TEXT("Law article 27");
	b->expires_ms = now + walk_pick(v->k, 20) * LD_MINUTE_MS;
	if (walk_chance(v->k, 5))
		b->expires_ms = now + 24 * LD_HOUR_MS + walk_pick(v->k, 2) * LD_HOUR_MS;
	switch (walk_pick(v->k, 4)) {
	case 0:
		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE;
		b->subject = TEXT(walk_gen_site(v->p));
		break;
	case 1:
		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY;
		b->subject = TEXT(walk_parties[walk_pick(v->k, (unsigned)walk_n_parties)]);
		break;
	case 2:
		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
		b->subject = TEXT(it->container[0] != '\0' ? it->container : "drum-0");
		break;
	default:
		b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
		b->subject = walk_room(v->k, 2 * LD_UUID_BYTES + 1);
		for (size_t i = 0; i < LD_UUID_BYTES; i++)
			snprintf(b->subject + 2 * i, 3, "%02x", v->p->id[i]);
		break;
	}
	EVENT(v, HOLD_PLACED, b,
	      walk_chance(v->k, 50) ? (unsigned)BY_INSPECTOR : (unsigned)BY_INSPECTOR2);
}

void walk_unhold(struct move *v)
{
	Liandan__HoldReleased *b = NEW(v->k, Liandan__HoldReleased, LIANDAN__HOLD_RELEASED__INIT);

	b->hold = ld_arena_printf(&v->k->arena, "hold-%u", v->k->holds - walk_pick(v->k, 3));
	EVENT(v, HOLD_RELEASED, b, BY_INSPECTOR);
}

void walk_number(struct move *v)
{
	Liandan__NumberAssigned *b =
	    NEW(v->k, Liandan__NumberAssigned, LIANDAN__NUMBER_ASSIGNED__INIT);
	const time_t now = (time_t)(ld_region_now(v->k->world.region) / 1000 + 8 * 3600);
	struct tm tm;

	gmtime_r(&now, &tm);
	b->manifest = ID(v->p);
	b->number = ld_arena_printf(&v->k->arena, "%04d%s%06u", tm.tm_year + 1900,
				    walk_crosses(v->p) ? "3205" : "3100",
				    walk_chance(v->k, 95) ? ++v->k->names : v->k->names);
	if (walk_chance(v->k, 10))
		b->number[walk_pick(v->k, 8)] = '4';
	EVENT(v, NUMBER_ASSIGNED, b, walk_clerk(v->p));
}

/* ---- stock ---- */

static void repack_input(struct move *v, Liandan__StockRepacked *b, const struct walk_item *it)
{
	Liandan__RepackInput *in = NEW(v->k, Liandan__RepackInput, LIANDAN__REPACK_INPUT__INIT);

	in->container = walk_dup(v->k, it->container, strlen(it->container) + 1);
	if (it->container[0] == '\0' && walk_is_there(v) && walk_chance(v->k, 80))
		in->manifest = ID(v->p);
	else if (it->container[0] == '\0' && walk_chance(v->k, 97))
		in->code = TEXT(walk_codes[v->p->code[(it->line - 1) % WALK_LINES]]);
	in->mass_g = walk_some_mass(v->k, it->mass_g);
	if (in->mass_g == 0)
		in->mass_g = 1;
	b->inputs[b->n_inputs++] = in;
	b->loss_g += in->mass_g;
}

/* Half of what is left, into a new drum or a heap; the plan goes on with those. */
static void repack_output(struct move *v, Liandan__StockRepacked *b)
{
	Liandan__RepackOutput *o = NEW(v->k, Liandan__RepackOutput, LIANDAN__REPACK_OUTPUT__INIT);
	const unsigned code = walk_chance(v->k, 85) ? v->p->code[0] : walk_pick(v->k, CODES);
	const int64_t mass = b->loss_g - (walk_chance(v->k, 50) ? b->loss_g / 2 : 0);

	o->container = walk_chance(v->k, 70) ? walk_name(v->k, "box") : TEXT("");
	o->line = walk_line_of(v->k, 1, code, mass, false);
	b->loss_g -= mass;
	b->outputs[b->n_outputs++] = o;
}

void walk_repack(struct move *v)
{
	Liandan__StockRepacked *b =
	    NEW(v->k, Liandan__StockRepacked, LIANDAN__STOCK_REPACKED__INIT);
	const bool there = walk_is_there(v);

	b->batch = walk_name(v->k, "RP");
	b->site = TEXT(there ? walk_rec_site(v->p) : walk_gen_site(v->p));
	b->inputs = walk_room(v->k, WALK_ITEMS * sizeof(Liandan__RepackInput *));
	b->outputs = walk_room(v->k, WALK_ITEMS * sizeof(Liandan__RepackOutput *));
	for (size_t i = 0; i < v->p->n_items; i++)
		if (i == 0 || walk_chance(v->k, 50))
			repack_input(v, b, &v->p->item[i]);
	while (b->n_outputs < 3 && walk_chance(v->k, 70))
		repack_output(v, b);
	b->loss_cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_REPACKING;
	EVENT(v, STOCK_REPACKED, b, there ? receiver(v) : walk_clerk(v->p));
	if (!there || b->n_outputs == 0 || walk_chance(v->k, 30))
		return;
	v->p->n_items = 0;
	for (size_t i = 0; i < b->n_outputs; i++) {
		struct walk_item *it = &v->p->item[v->p->n_items++];

		memset(it, 0, sizeof *it);
		snprintf(it->container, sizeof it->container, "%s", b->outputs[i]->container);
		it->line = 1;
		it->mass_g = b->outputs[i]->line->quantity->mass_g;
		it->made = true;
	}
}

void walk_release(struct move *v)
{
	Liandan__ContainerReleased *b =
	    NEW(v->k, Liandan__ContainerReleased, LIANDAN__CONTAINER_RELEASED__INIT);

	b->batch = walk_name(v->k, "CK");
	b->site = TEXT(walk_gen_site(v->p));
	b->items = walk_room(v->k, WALK_ITEMS * sizeof(Liandan__Item *));
	for (size_t i = 0; i < v->p->n_items; i++)
		b->items[b->n_items++] =
		    walk_an_item(v->k, v->p->item[i].container, 1, v->p->item[i].mass_g);
	if (walk_chance(v->k, 60))
		b->manifest = ID(v->p);
	b->destination = LIANDAN__DESTINATION__DESTINATION_OUTSOURCED;
	EVENT(v, CONTAINER_RELEASED, b, walk_clerk(v->p));
}

void walk_count(struct move *v)
{
	Liandan__StockCounted *b = NEW(v->k, Liandan__StockCounted, LIANDAN__STOCK_COUNTED__INIT);
	const bool there = walk_chance(v->k, 50);
	const unsigned by = there ? receiver(v) : walk_clerk(v->p);
	const struct nv *nv = v->k->nv;
	int64_t book = 0;

	b->site = TEXT(there ? walk_rec_site(v->p) : walk_gen_site(v->p));
	b->code = TEXT(walk_codes[v->p->code[0]]);
	for (size_t i = 0; i < nv->n_stock; i++)
		if (strcmp(nv->stock[i].party, v->k->who[by].s.party) == 0 &&
		    strcmp(nv->stock[i].site, b->site) == 0 &&
		    strcmp(nv->stock[i].code, b->code) == 0)
			book = nv_in_stock(&nv->stock[i]);
	b->counted_g = book < 0 ? (int64_t)walk_pick(v->k, 1000) : walk_some_mass(v->k, book);
	b->method = LIANDAN__COUNT_METHOD__COUNT_METHOD_WEIGHED;
	EVENT(v, STOCK_COUNTED, b, by);
}
