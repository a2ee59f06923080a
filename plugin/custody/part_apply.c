/* Parts: what a child manifest carries on. CUSTODY-6, 14, 16. */
#include "plugin/custody/part.h"

#include <string.h>

#include "plugin/custody/delegation.h"
#include "plugin/custody/forward.h"
#include "plugin/custody/lineage.h"
#include "plugin/custody/road.h"

/* ---- which items ---- */

/* A container by its id; bulk by its line, in however many heaps. */
static bool same_thing(const Liandan__Item *a, const Liandan__Item *b)
{
	return strcmp(a->container, b->container) == 0 &&
	       (a->container[0] != '\0' || a->line == b->line);
}

/* Grams and pieces of that thing. */
static Liandan__Item sum_of(Liandan__Item *const *items, size_t n, const Liandan__Item *thing)
{
	Liandan__Item sum = LIANDAN__ITEM__INIT;

	for (size_t i = 0; i < n; i++)
		if (same_thing(items[i], thing)) {
			sum.mass_g = ld_add_g(sum.mass_g, items[i]->mass_g);
			sum.count += items[i]->count;
		}
	return sum;
}

static int64_t picked_g(const struct ld_part *p, const Liandan__Item *thing)
{
	return sum_of(p->items, p->n, thing).mass_g;
}

static const Liandan__Item *first_of(const Custody__Manifest *m, const Liandan__Item *thing)
{
	for (size_t i = 0; i < m->n_items; i++)
		if (same_thing(m->items[i], thing))
			return m->items[i];
	return NULL;
}

/* false: nothing of it is there (any more). */
static bool pick_one(const Custody__Manifest *m, const Liandan__Item *named,
		     const struct ld_part *so_far, Liandan__Item *out, bool *whole)
{
	const Liandan__Item *is = first_of(m, named);
	const Liandan__Item gone = sum_of(so_far->items, so_far->n, named);
	Liandan__Item all;

	*whole = false;
	if (is == NULL)
		return false;
	*out = *is;
	if (is->container[0] != '\0') {
		*whole = gone.mass_g == 0 && (named->mass_g == 0 || named->mass_g == is->mass_g);
		return gone.mass_g == 0;
	}
	all = sum_of(m->items, m->n_items, named);
	all.mass_g = ld_sub_g(all.mass_g, gone.mass_g);
	all.count -= gone.count;
	*whole = named->mass_g > 0 && named->mass_g <= all.mass_g;
	out->mass_g = named->mass_g < all.mass_g ? named->mass_g : all.mass_g;
	out->count = named->count < all.count ? named->count : all.count;
	return out->mass_g > 0;
}

enum ld_err ld_part_pick(struct ld_custody *c, const Custody__Manifest *m,
			 Liandan__Item *const *named, size_t n, struct ld_part *out, size_t *other)
{
	*other = 0;
	out->n = 0;
	out->items = ld_arena_alloc(c->arena, (n + 1) * sizeof(Liandan__Item *));
	if (out->items == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		Liandan__Item *item = ld_arena_alloc(c->arena, sizeof *item);
		bool whole;

		if (item == NULL)
			return LD_ERR_NOMEM;
		if (pick_one(m, named[i], out, item, &whole))
			out->items[out->n++] = item;
		*other += !whole;
	}
	return LD_OK;
}

bool ld_part_same(const Custody__Manifest *m, const struct ld_part *a, const struct ld_part *b)
{
	for (size_t i = 0; i < m->n_items; i++)
		if (picked_g(a, m->items[i]) != picked_g(b, m->items[i]))
			return false;
	return true;
}

Liandan__Item *const *ld_taken_items(const Custody__Manifest *m, const Liandan__HandoverTaken *t,
				     size_t *n)
{
	const bool said = t->n_items != 0 || !ld_offer_is(m, t->offer);

	*n = said ? t->n_items : m->offer->n_items;
	return said ? t->items : m->offer->items;
}

struct ld_part ld_part_all(const Custody__Manifest *m)
{
	return (struct ld_part){m->items, m->n_items};
}

int64_t ld_part_g(const struct ld_part *p)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->n; i++)
		sum = ld_add_g(sum, p->items[i]->mass_g);
	return sum;
}

/* ---- off the parent ---- */

/* Of what is to go of a thing, the earlier heaps give first. NULL: nothing of this one stays. */
static enum ld_err stays(struct ld_custody *c, const Custody__Manifest *m, size_t at,
			 const struct ld_part *part, Liandan__Item **out)
{
	const Liandan__Item *item = m->items[at];
	const Liandan__Item go = sum_of(part->items, part->n, item);
	const Liandan__Item before = sum_of(m->items, at, item);
	const int64_t due = ld_sub_g(go.mass_g, before.mass_g);
	const int64_t gone = due < 0 ? 0 : due < item->mass_g ? due : item->mass_g;
	const uint32_t pieces = go.count < before.count ? 0 : go.count - before.count;

	*out = NULL;
	if (gone == item->mass_g)
		return LD_OK;
	*out = ld_arena_dup(c->arena, item, sizeof **out);
	if (*out == NULL)
		return LD_ERR_NOMEM;
	(*out)->mass_g = ld_sub_g(item->mass_g, gone);
	(*out)->count -= pieces < item->count ? pieces : item->count;
	return LD_OK;
}

static enum ld_err take_off(struct ld_custody *c, Custody__Manifest *m, const struct ld_part *part)
{
	Liandan__Item **rest = ld_arena_alloc(c->arena, (m->n_items + 1) * sizeof(Liandan__Item *));
	enum ld_err err = rest != NULL ? LD_OK : LD_ERR_NOMEM;
	size_t n = 0;

	for (size_t i = 0; err == LD_OK && i < m->n_items; i++) {
		Liandan__Item *left;

		err = stays(c, m, i, part, &left);
		if (err == LD_OK && left != NULL)
			rest[n++] = left;
	}
	if (err != LD_OK)
		return err;
	m->items = rest;
	m->n_items = n;
	if (m->taken_g != 0) {
		m->taken_g = ld_sub_g(m->taken_g, ld_part_g(part));
		if (m->taken_g < 0)
			m->taken_g = 0;
	}
	return LD_OK;
}

static enum ld_err note_passed(struct ld_custody *c, Custody__Manifest *m,
			       const struct ld_part *part, ProtobufCBinaryData child)
{
	const size_t lines = m->created->n_lines;
	Liandan__Parent **all =
	    ld_arena_alloc(c->arena, (m->n_passed + lines + 1) * sizeof(Liandan__Parent *));
	size_t n = m->n_passed;

	if (all == NULL)
		return LD_ERR_NOMEM;
	if (n != 0)
		memcpy(all, m->passed, n * sizeof(Liandan__Parent *));
	for (size_t i = 0; i < lines; i++) {
		const uint32_t line = m->created->lines[i]->line;
		const int64_t mass_g = ld_items_of_line_g(part->items, part->n, line);
		Liandan__Parent *p;

		if (mass_g == 0)
			continue;
		p = ld_arena_alloc(c->arena, sizeof *p);
		if (p == NULL)
			return LD_ERR_NOMEM;
		liandan__parent__init(p);
		p->manifest = child;
		p->line = line;
		p->mass_g = mass_g;
		all[n++] = p;
	}
	m->passed = all;
	m->n_passed = n;
	return LD_OK;
}

/* ---- the child ---- */

/* The line with what of it is in the part; NULL: nothing, or no memory. */
static Liandan__Line *line_of_part(struct ld_custody *c, const Liandan__Line *line,
				   const struct ld_part *part)
{
	Liandan__Line *l = ld_arena_dup(c->arena, line, sizeof *l);
	Liandan__Quantity *q = ld_arena_alloc(c->arena, sizeof *q);
	uint32_t pieces = 0;

	if (l == NULL || q == NULL)
		return NULL;
	liandan__quantity__init(q);
	if (line->quantity != NULL)
		*q = *line->quantity;
	q->mass_g = ld_items_of_line_g(part->items, part->n, line->line);
	q->unit = LIANDAN__UNIT__UNIT_KILOGRAM; /* thousandths of a kilogram are grams */
	q->value_milli = q->mass_g;
	for (size_t i = 0; i < part->n; i++)
		if (part->items[i]->line == line->line)
			pieces += ld_item_pieces(part->items[i]);
	l->count = line->count != 0 ? pieces : 0;
	l->quantity = q;
	return l;
}

static Liandan__ManifestCreated *created_of(struct ld_custody *c, const Custody__Manifest *m,
					    const struct ld_part *part, ProtobufCBinaryData child,
					    Liandan__ManifestKind kind)
{
	static char none[1] = "";
	const Liandan__ManifestCreated *from = m->created;
	Liandan__ManifestCreated *b = ld_arena_dup(c->arena, from, sizeof *b);

	if (b == NULL)
		return NULL;
	b->manifest = child;
	b->number = none; /* NumberAssigned gives it one */
	b->kind = kind;
	b->n_lines = b->n_parents = 0;
	b->lines = ld_arena_alloc(c->arena, (from->n_lines + 1) * sizeof(Liandan__Line *));
	b->parents = ld_arena_alloc(c->arena, (from->n_lines + 1) * sizeof(Liandan__Parent *));
	for (size_t i = 0; b->lines != NULL && b->parents != NULL && i < from->n_lines; i++) {
		const uint32_t line = from->lines[i]->line;
		Liandan__Parent *p = ld_arena_alloc(c->arena, sizeof *p);

		if (ld_items_of_line_g(part->items, part->n, line) == 0)
			continue;
		b->lines[b->n_lines] = line_of_part(c, from->lines[i], part);
		if (p == NULL || b->lines[b->n_lines] == NULL)
			return NULL;
		liandan__parent__init(p);
		p->manifest = m->manifest;
		p->line = line;
		p->mass_g = b->lines[b->n_lines++]->quantity->mass_g;
		b->parents[b->n_parents++] = p;
	}
	return b->lines != NULL && b->parents != NULL ? b : NULL;
}

static void inherit(Custody__Manifest *child, const Custody__Manifest *m, const struct ld_fact *f)
{
	child->out_of = m->manifest;
	child->state = m->state;
	child->flags = m->flags & (uint32_t)CUSTODY__MANIFEST_FLAG__FLAG_ACCIDENT;
	child->content = m->content;
	child->version = m->version;
	child->rules = m->rules;
	child->leg = m->leg;
	child->holder = m->holder;
	child->holder_person = m->holder_person;
	child->carrier = m->carrier;
	child->plate = m->plate;
	child->driver = m->driver;
	child->n_seals = m->n_seals;
	child->seals = m->seals;
	child->created_ms = m->created_ms;
	child->sealed_ms = m->sealed_ms;
	child->taken_ms = m->taken_ms;
	child->eta_ms = m->eta_ms;
	child->arrived_ms = m->arrived_ms;
	child->arrived_site = m->arrived_site;
	child->received_ms = m->received_ms;
	child->giver_person = m->giver_person;
	child->giver = m->giver;
	child->giver_site = m->giver_site;
	child->sealer_person = m->sealer_person;
	child->filled_by = m->filled_by;
	child->n_signed_by = m->n_signed_by; /* who signed the parent is asked about the child */
	child->signed_by = m->signed_by;
	child->signatures = m->signatures;
	child->taken_at = m->taken_at;
	child->n_analyses = m->n_analyses; /* it is the same waste */
	child->analyses = m->analyses;
	child->created_index = f->index;
}

/* The drum is the child's; what leaves the origin is linked when it is loaded. */
static enum ld_err bind_one(struct ld_custody *c, const Custody__Manifest *m,
			    const Custody__Manifest *child, const Liandan__Item *item,
			    uint64_t index)
{
	const struct ld_container_step step = {.bind = &child->manifest};
	const struct ld_node from = ld_node_container(item->container);
	const struct ld_node to = ld_node_manifest(child->manifest);
	enum ld_err err = ld_container_move(c, item->container, &m->manifest, &step, index);

	if (err != LD_OK || (m->leg == 0 && m->giver[0] == '\0'))
		return err;
	return ld_lineage_add(c, &from, &to, item->mass_g, index);
}

static enum ld_err bind(struct ld_custody *c, const Custody__Manifest *m, Custody__Manifest *child,
			uint64_t index)
{
	const struct ld_node from = ld_node_manifest(m->manifest);
	const struct ld_node to = ld_node_manifest(child->manifest);
	const struct ld_part all = ld_part_all(child);
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < child->n_items; i++)
		if (child->items[i]->container[0] != '\0')
			err = bind_one(c, m, child, child->items[i], index);
	return err == LD_OK ? ld_lineage_add(c, &from, &to, ld_part_g(&all), index) : err;
}

enum ld_err ld_part_leave(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m,
			  const struct ld_part *part, ProtobufCBinaryData id,
			  Liandan__ManifestKind kind, Custody__Manifest **out)
{
	Custody__Manifest *child = ld_arena_alloc(c->arena, sizeof *child);
	enum ld_err err;

	*out = child;
	if (child == NULL)
		return LD_ERR_NOMEM;
	custody__manifest__init(child);
	inherit(child, m, f);
	child->manifest = id;
	child->created = created_of(c, m, part, id, kind);
	child->items = part->items;
	child->n_items = part->n;
	if (child->created == NULL)
		return LD_ERR_NOMEM;
	if (m->taken_g != 0)
		child->taken_g = ld_part_g(part);
	ld_manifest_draw_part(m, child);
	err = note_passed(c, m, part, id);
	if (err == LD_OK)
		err = take_off(c, m, part);
	if (err == LD_OK)
		err = bind(c, m, child, f->index);
	/* what has ended is counted when it is taken all the same */
	if (err != LD_OK || m->state == CUSTODY__MANIFEST_STATE__CANCELLED ||
	    m->state == CUSTODY__MANIFEST_STATE__EXPIRED)
		return err;
	return ld_manifest_count(c, child, 0, 1);
}

/* ---- another truck takes a part: CUSTODY-6 ---- */

/* The tickets of its loading go with it. */
static enum ld_err move_tickets(struct ld_custody *c, const char *plate, Custody__Manifest *m,
				Custody__Manifest *child)
{
	ProtobufCBinaryData *keep, *go;
	size_t n_keep = 0;

	if (m->n_tickets == 0 || m->taken_g != 0 || plate[0] == '\0')
		return LD_OK;
	keep = ld_arena_alloc(c->arena, m->n_tickets * sizeof *keep);
	go = ld_arena_alloc(c->arena, m->n_tickets * sizeof *go);
	if (keep == NULL || go == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < m->n_tickets; i++) {
		Custody__Ticket *t;

		if (ld_ticket_get(c, m->tickets[i], &t) == LD_OK && t->weighed != NULL &&
		    strcmp(t->weighed->plate, plate) == 0)
			go[child->n_tickets++] = m->tickets[i];
		else
			keep[n_keep++] = m->tickets[i];
	}
	child->tickets = go;
	m->tickets = keep;
	m->n_tickets = n_keep;
	return LD_OK;
}

enum ld_err ld_part_taken(struct ld_custody *c, const struct ld_fact *f,
			  const Liandan__HandoverTaken *t, Custody__Manifest **m)
{
	Custody__Manifest *child;
	struct ld_part part;
	size_t n, other;
	Liandan__Item *const *items = ld_taken_items(*m, t, &n);
	enum ld_err err = ld_part_pick(c, *m, items, n, &part, &other);

	if (err == LD_OK)
		err = ld_part_leave(c, f, *m, &part, t->child,
				    LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT, &child);
	if (err != LD_OK)
		return err;
	err = ld_shares_part(c, *m, child);
	if (err == LD_OK)
		err = move_tickets(c, t->plate, *m, child);
	if (err == LD_OK)
		err = ld_manifest_touch_put(c, f, *m);
	if (err == LD_OK)
		*m = child;
	return err;
}

/* ---- what was rejected goes back, or elsewhere: CUSTODY-16 ---- */

static enum ld_err new_way(struct ld_custody *c, Custody__Manifest *child,
			   const Liandan__Redirected *r)
{
	Liandan__ManifestCreated *b = child->created;
	Liandan__Carrier *carrier = ld_arena_alloc(c->arena, sizeof *carrier);

	b->carriers = ld_arena_alloc(c->arena, sizeof(Liandan__Carrier *));
	if (carrier == NULL || b->carriers == NULL)
		return LD_ERR_NOMEM;
	liandan__carrier__init(carrier);
	carrier->order = 1;
	carrier->party = r->carrier;
	b->carriers[0] = carrier;
	b->n_carriers = 1;
	b->receiver = r->receiver;
	b->pickup_ms = b->arrival_ms = 0;
	child->arrived_ms = child->received_ms = 0;
	child->arrived_site = (char *)(uintptr_t) "";
	return LD_OK;
}

/* The truck that has it drives on: custody stays, the leg is the child's first. */
static enum ld_err drive_on(struct ld_custody *c, const struct ld_fact *f,
			    const Custody__Manifest *m, Custody__Manifest *child)
{
	enum ld_err err = ld_load_del(c, m);

	child->giver_site = m->arrived_site; /* where the leg begins */
	child->state = CUSTODY__MANIFEST_STATE__IN_TRANSIT;
	child->leg = 1;
	child->taken_ms = ld_step_ms(f, m->arrived_ms);
	child->eta_ms = ld_expected_ms(ld_rules_of(c, child), child, child->taken_ms, 0);
	if (err == LD_OK)
		err = ld_road_begin(c, f, child);
	if (err == LD_OK)
		err = ld_load_put(c, child);
	return err == LD_OK ? ld_travel_clocks(c, f, child) : err;
}

/* It waits where it was put down; whoever holds it there gives. */
static enum ld_err wait_on_site(struct ld_custody *c, const struct ld_fact *f,
				const Custody__Manifest *m, Custody__Manifest *child)
{
	char *none = (char *)(uintptr_t) "";

	child->state = CUSTODY__MANIFEST_STATE__SEALED;
	child->leg = 0;
	child->giver = m->holder;
	child->giver_site = m->created->receiver->site;
	child->plate = child->driver = child->carrier = none;
	child->n_seals = 0;
	child->taken_ms = child->eta_ms = 0;
	return ld_manifest_clock(c, child, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_REDIRECT,
				 f->recorded_at_ms + ld_rules_of(c, child)->redirect_ms);
}

enum ld_err ld_redirected_apply(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__Redirected *r)
{
	const bool back = r->kind == LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;
	struct ld_part all;
	Custody__Manifest *m, *child;
	enum ld_err err = ld_manifest_get(c, r->manifest, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	all = ld_part_all(m);
	err = ld_part_leave(c, f, m, &all, r->child,
			    back ? LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN
				 : LIANDAN__MANIFEST_KIND__MANIFEST_KIND_REDIRECT,
			    &child);
	if (err == LD_OK)
		err = new_way(c, child, r);
	if (err == LD_OK)
		err = m->waste_is_on == LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK
			  ? drive_on(c, f, m, child)
			  : wait_on_site(c, f, m, child);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_REDIRECT, 0);
	if (err == LD_OK)
		err = ld_manifest_touch_put(c, f, child);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}
