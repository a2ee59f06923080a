/* A receiver sends on what it has accepted: a plan of what stands there by one or two manifests. */
#include <stdio.h>
#include <string.h>

#include "tests/model/walk_move.h"

static bool code_of(const char *code, unsigned *out)
{
	for (*out = 0; *out < CODES; ++*out)
		if (strcmp(walk_codes[*out], code) == 0)
			return true;
	return false;
}

/* The plan's line of that code; 0: no room. */
static uint32_t line_for(struct walk_plan *p, unsigned code)
{
	for (size_t i = 0; i < p->n_lines; i++)
		if (p->code[i] == code)
			return (uint32_t)i + 1;
	if (p->n_lines == WALK_LINES)
		return 0;
	p->code[p->n_lines++] = code;
	return (uint32_t)p->n_lines;
}

static void add_item(struct walk_plan *p, const char *container, uint32_t line, int64_t mass_g,
		     bool made)
{
	struct walk_item *it;

	if (p->n_items == WALK_ITEMS)
		return;
	it = &p->item[p->n_items++];
	snprintf(it->container, sizeof it->container, "%.23s", container);
	it->line = line;
	it->mass_g = mass_g;
	it->made = made;
}

/* What of it came by that manifest; all of it, where nobody has repacked it. */
static int64_t came_g(const struct nv_container *k, const struct nv_manifest *m)
{
	if (k->came)
		return memcmp(k->came_by, m->id, sizeof m->id) == 0 ? k->mass_g : 0;
	for (size_t i = 0; i < k->n_origins; i++)
		if (memcmp(k->origin[i].manifest, m->id, sizeof m->id) == 0)
			return k->origin[i].mass_g;
	return 0;
}

static int64_t drums(struct walk *k, struct walk_plan *p, const struct nv_manifest *m,
		     const struct nv_line *l, uint32_t line)
{
	const size_t room = p->n_items + 3;
	int64_t sum = 0;

	for (size_t i = 0; i < k->nv->n_container && p->n_items < room; i++) {
		const struct nv_container *box = &k->nv->container[i];

		if (!nv_container_in_stock(box) || box->state == CUSTODY__CONTAINER_STATE__BOUND ||
		    strcmp(box->party, walk_gens[p->gen]) != 0 || strcmp(box->code, l->code) != 0 ||
		    came_g(box, m) == 0 || walk_chance(k, 30))
			continue;
		add_item(p, box->name, line, box->mass_g, true);
		sum += came_g(box, m);
	}
	return sum;
}

static void share(struct walk *k, struct walk_plan *p, const struct nv_manifest *m)
{
	const struct nv_line *l = &m->line[walk_pick(k, (unsigned)m->n_lines)];
	const int64_t here = nv_unshared_g(m), bulk = nv_bulk_of_line(m, l);
	const size_t items = p->n_items;
	unsigned code;
	uint32_t line;
	int64_t g;

	line = code_of(l->code, &code) ? line_for(p, code) : 0;
	if (line == 0)
		return;
	g = drums(k, p, m, l, line);
	if (bulk > 0 && here > g && walk_chance(k, 70)) {
		const int64_t most = bulk < here - g ? bulk : here - g;
		const int64_t goes =
		    walk_chance(k, 30) ? most : 1 + (int64_t)(walk_random(k) % (uint64_t)most);

		add_item(p, "", line, goes, true);
		g += goes;
	}
	if (walk_chance(k, 4))
		g++;
	if (g <= 0 || (g > here && walk_chance(k, 80))) { /* it has been treated, or sent on */
		p->n_items = items;
		return;
	}
	memcpy(p->parent[p->n_parents].id, m->id, sizeof m->id);
	p->parent[p->n_parents].line = l->line;
	p->parent[p->n_parents++].mass_g = g;
	if (walk_chance(k, 20)) /* and some of its own */
		add_item(p, "", line, 1 + walk_pick(k, 50000), false);
}

/* One that this party has accepted; NULL: none was found. */
static const struct nv_manifest *some_parent(struct walk *k, const char *party)
{
	for (int i = 0; i < 30 && k->nv->n_manifest != 0; i++) {
		const struct nv_manifest *m =
		    &k->nv->manifest[walk_pick(k, (unsigned)k->nv->n_manifest)];

		if ((nv_unshared_g(m) > 0 || walk_pick(k, 300) == 0) && m->n_lines != 0 &&
		    strcmp(m->created->receiver->party, party) == 0)
			return m;
	}
	return NULL;
}

bool walk_plan_forward(struct walk *k, struct walk_plan *p)
{
	const unsigned by = walk_pick(k, WALK_RECS);

	p->gen = WALK_GENS + by;
	p->site = 4 + by;
	p->rec = 1 - by;
	while (p->n_parents < WALK_PARENTS && (p->n_parents == 0 || walk_chance(k, 40))) {
		const struct nv_manifest *m = some_parent(k, walk_recs[by]);
		const size_t before = p->n_parents;

		if (m != NULL)
			share(k, p, m);
		if (p->n_parents == before)
			break;
	}
	return p->n_items != 0 && p->n_parents != 0;
}
