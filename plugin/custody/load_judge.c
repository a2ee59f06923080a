/* What a vehicle carries together, when it takes on more: its mass against what it may carry (M7),
 * and wastes that must not travel together (A6). CUSTODY-6, 10; Law article 81. */
#include <string.h>

#include "plugin/custody/drain.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/part.h"
#include "plugin/custody/weigh.h"

#define MAX_LOADS 64   /* manifests on one vehicle */
#define MAX_WASTES 128 /* different ones on it */

struct waste {
	char code[LD_MAX_ID_BYTES + 1];
	uint32_t hazards;
};

struct load {
	int64_t total_g;
	int64_t tolerance_g; /* of the scales, where loads were weighed */
	struct waste of[MAX_WASTES];
	size_t n;
};

static const Liandan__HandoverTaken *taking(const struct ld_case *k)
{
	return k->f->event->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN
		   ? k->f->event->handover_taken
		   : NULL;
}

static void add_waste(struct load *l, const Liandan__Line *line)
{
	size_t n = strnlen(line->code, LD_MAX_ID_BYTES);

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->of[i].code, line->code) == 0 && l->of[i].hazards == line->hazards)
			return;
	if (l->n == MAX_WASTES)
		return;
	memcpy(l->of[l->n].code, line->code, n);
	l->of[l->n].code[n] = '\0';
	l->of[l->n++].hazards = line->hazards;
}

/* A part of a manifest, where only that is taken. */
static bool part_of(struct ld_case *k, struct ld_part *part)
{
	const Liandan__HandoverTaken *t = taking(k);
	size_t other;

	return t != NULL && t->child.len != 0 &&
	       ld_part_pick(k->c, k->m, t->items, t->n_items, part, &other) == LD_OK;
}

/* This load: certified tickets where it was weighed, else what its items say. */
static void add_own(struct ld_case *k, struct load *l)
{
	const Liandan__ManifestCreated *b = k->m->created;
	struct ld_part part = {k->m->items, k->m->n_items};
	const bool in_part = part_of(k, &part);
	struct ld_net net = {0};

	for (size_t i = 0; i < b->n_lines; i++)
		if (!in_part || ld_items_of_line_g(part.items, part.n, b->lines[i]->line) != 0)
			add_waste(l, b->lines[i]);
	if (!in_part && k->m->taken_g == 0)
		ld_weigh_loaded(k->c, k->m, &net);
	if (net.tickets != 0 && net.certified) {
		l->total_g = ld_add_g(l->total_g, net.net_g);
		l->tolerance_g = ld_add_g(l->tolerance_g, net.tolerance_g);
	} else if (!in_part && k->m->taken_g != 0) {
		l->total_g = ld_add_g(l->total_g, k->m->taken_g);
		l->tolerance_g = ld_add_g(l->tolerance_g, k->m->tolerance_g);
	} else {
		l->total_g = ld_add_g(l->total_g, ld_part_g(&part));
	}
}

static void add_other(struct ld_case *k, ProtobufCBinaryData id, struct load *l)
{
	size_t mark = ld_mark(k->c);
	Custody__Manifest *m;

	if (!ld_same_id(id, k->m->manifest) && ld_manifest_get(k->c, id, &m) == LD_OK) {
		l->total_g = ld_add_g(l->total_g, m->taken_g);
		l->tolerance_g = ld_add_g(l->tolerance_g, m->tolerance_g);
		for (size_t i = 0; i < m->created->n_lines; i++)
			add_waste(l, m->created->lines[i]);
	}
	ld_release(k->c, mark);
}

/* NULL: the arena is full. Leaves it in k->found. */
static const struct load *load_of(struct ld_case *k)
{
	ProtobufCBinaryData ids[MAX_LOADS];
	struct load *l = ld_arena_alloc(k->c->arena, sizeof *l);
	size_t n = 0;

	if (l == NULL)
		return NULL;
	l->total_g = l->tolerance_g = 0;
	l->n = 0;
	add_own(k, l);
	if (ld_load_of(k->c, ld_plate_of(k->f->event), ids, MAX_LOADS, &n) == LD_OK)
		for (size_t i = 0; i < n; i++)
			add_other(k, ids[i], l);
	k->found = l;
	return l;
}

static int64_t carries_g(struct ld_case *k, const char *plate)
{
	size_t mark = ld_mark(k->c);
	Custody__Vehicle *v;
	const int64_t g = plate[0] != '\0' && ld_vehicle_get(k->c, plate, &v) == LD_OK
			      ? v->registered->max_net_g
			      : 0;

	ld_release(k->c, mark);
	return g;
}

/* With a trailer both may carry. A vehicle whose registration names no mass is not asked. */
bool ld_check_load_within(struct ld_case *k)
{
	const char *plate = ld_plate_of(k->f->event);
	const int64_t most =
	    ld_add_g(carries_g(k, plate), taking(k) != NULL ? carries_g(k, taking(k)->trailer) : 0);
	const struct load *l = load_of(k);

	return most == 0 || l == NULL || l->total_g <= ld_add_g(most, l->tolerance_g) ||
	       ld_failed(k, LIANDAN__REASON__OVERLOADED, plate, l->total_g, most,
			 "%s may not carry so much", plate);
}

/* Rests on the load that the check before has read. */
bool ld_check_load_compatible(struct ld_case *k)
{
	const struct load *l = k->found;

	for (size_t a = 0; l != NULL && a < l->n; a++)
		for (size_t b = a + 1; b < l->n; b++) {
			const struct ld_waste x = {l->of[a].code, l->of[a].hazards};
			const struct ld_waste y = {l->of[b].code, l->of[b].hazards};

			if (ld_wastes_clash(&x, &y))
				return ld_failed(k, LIANDAN__REASON__INCOMPATIBLE, y.code, 0, 0,
						 "%s must not travel with %s", x.code, y.code);
		}
	return true;
}
