/* What an amendment comes to in the books: before less after, line by line, so that grams add
 * exactly. After the acceptance it is a stock correction at both ends. CUSTODY-20.
 *
 *   origin, sealed      bulk: bound. Containers: what they hold, as generated
 *   origin, gone        bulk: shipped. Containers: generated and shipped alike, the stock stays
 *   receiver, accepted  received; containers hold their new shares */
#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/forward.h"

/* Sums of a line's items. */
struct amounts {
	int64_t bulk_g, contained_g;
};

static struct amounts amounts_of(const Custody__Manifest *m, uint32_t line)
{
	struct amounts a = {0, 0};

	for (size_t i = 0; i < m->n_items; i++) {
		int64_t *sum = m->items[i]->container[0] != '\0' ? &a.contained_g : &a.bulk_g;

		if (m->items[i]->line == line)
			*sum = ld_add_g(*sum, m->items[i]->mass_g);
	}
	return a;
}

static void add_booking(struct ld_booking *to, const struct ld_booking *b)
{
	to->generated_g = ld_add_g(to->generated_g, b->generated_g);
	to->received_g = ld_add_g(to->received_g, b->received_g);
	to->shipped_g = ld_add_g(to->shipped_g, b->shipped_g);
	to->bound_g = ld_add_g(to->bound_g, b->bound_g);
}

/* One book is corrected once, whatever number of lines it has. */
static void book(struct ld_amend_plan *p, const char *party, const char *site, const char *code,
		 const struct ld_booking *b, int64_t contained_g)
{
	struct ld_amend_book *to = p->book;

	while (to < p->book + p->n_books &&
	       (strcmp(to->party, party) != 0 || strcmp(to->site, site) != 0 ||
		strcmp(to->code, code) != 0))
		to++;
	if (to == p->book + p->n_books) {
		if (p->n_books == LD_AMEND_BOOKS)
			return;
		*to = (struct ld_amend_book){.party = party, .site = site, .code = code};
		p->n_books++;
	}
	add_booking(&to->b, b);
	to->contained_g = ld_add_g(to->contained_g, contained_g);
}

static void bar(struct ld_amend_plan *p, Liandan__Reason reason, const char *on, int64_t g)
{
	if (p->bar != LIANDAN__REASON__REASON_NONE)
		return;
	p->bar = reason;
	p->bar_on = on;
	p->bar_g = g;
}

static void box(struct ld_amend_plan *p, const char *container, const Liandan__Line *line,
		int64_t mass_g)
{
	p->box[p->n_boxes++] = (struct ld_amend_box){.container = container,
						     .code = line->code,
						     .code_system = line->code_system,
						     .mass_g = mass_g};
}

/* ---- at the origin ---- */

static void book_origin(struct ld_amend_plan *p, const Custody__Manifest *m, const char *code,
			struct amounts a, int sign)
{
	const bool sealed = m->state == CUSTODY__MANIFEST_STATE__SEALED;
	const int64_t bulk = sign > 0 ? a.bulk_g : ld_sub_g(0, a.bulk_g);
	const int64_t contained = sign > 0 ? a.contained_g : ld_sub_g(0, a.contained_g);
	const struct ld_booking b = {
	    .generated_g = contained,
	    .shipped_g = sealed ? 0 : ld_add_g(bulk, contained),
	    .bound_g = sealed ? bulk : 0,
	};

	book(p, m->created->generator, m->created->site, code, &b, sealed ? contained : 0);
}

/* A container that changes with its line: it must be where the manifest has it. After the
 * acceptance what it holds is its share of that, see below. */
static void correct_box(struct ld_custody *c, struct ld_amend_plan *p, const Custody__Manifest *m,
			const Liandan__Item *now, const Liandan__Line *line)
{
	const bool accepted = m->accepted_ms != 0;
	size_t mark = ld_mark(c);
	Custody__Container *k;

	if (ld_container_get(c, now->container, &k) != LD_OK ||
	    strcmp(k->generator, m->created->generator) != 0 ||
	    (!accepted && !ld_same_id(k->manifest, m->manifest)))
		bar(p, LIANDAN__REASON__CONTAINER_ELSEWHERE, now->container, 0);
	else if (!accepted)
		box(p, now->container, line, now->mass_g);
	ld_release(c, mark);
}

static void origin(struct ld_custody *c, struct ld_amend_plan *p, const Custody__Manifest *m,
		   const Liandan__Line *was, const Liandan__Line *is)
{
	const bool recode = strcmp(was->code, is->code) != 0;

	for (size_t i = 0; i < m->n_items; i++) {
		const Liandan__Item *old = m->items[i], *now = p->after->items[i];

		if (old->line != was->line)
			continue;
		if (now->mass_g <= 0)
			bar(p, LIANDAN__REASON__QUANTITY, is->code, now->mass_g);
		if (old->container[0] != '\0' && (recode || old->mass_g != now->mass_g))
			correct_box(c, p, m, now, is);
	}
	book_origin(p, m, was->code, amounts_of(m, was->line), -1);
	book_origin(p, m, is->code, amounts_of(p->after, is->line), 1);
}

/* ---- at the receiver ---- */

/* What a container held less what it is to hold; it stands there, untouched by anybody since. */
static void correct_share(struct ld_custody *c, struct ld_amend_plan *p, const Custody__Manifest *m,
			  const Liandan__Item *item, const Liandan__Line *was,
			  const Liandan__Line *is, int64_t more_g)
{
	const Liandan__Receiver *r = m->created->receiver;
	const struct ld_booking none = {0};
	size_t mark = ld_mark(c);
	Custody__Container *k;

	if (ld_container_get(c, item->container, &k) != LD_OK ||
	    !ld_same_id(k->came_by, m->manifest) || !ld_container_in_stock(k) ||
	    k->state == CUSTODY__CONTAINER_STATE__BOUND || strcmp(k->party, r->party) != 0 ||
	    strcmp(k->site, r->site) != 0) {
		bar(p, LIANDAN__REASON__CONTAINER_ELSEWHERE, item->container, 0);
	} else {
		const int64_t now_g = ld_add_g(k->mass_g, more_g);

		if (now_g < 0)
			bar(p, LIANDAN__REASON__QUANTITY, item->container, now_g);
		box(p, item->container, is, now_g);
		book(p, r->party, r->site, was->code, &none, ld_sub_g(0, k->mass_g));
		book(p, r->party, r->site, is->code, &none, now_g);
	}
	ld_release(c, mark);
}

static void receiver(struct ld_custody *c, struct ld_amend_plan *p, const Custody__Manifest *m,
		     const Liandan__Line *was, const Liandan__Line *is)
{
	const Liandan__Receiver *r = m->created->receiver;
	const bool recode = strcmp(was->code, is->code) != 0;
	const int64_t old_g = ld_line_accepted_g(m, was->line);
	const int64_t new_g = ld_line_accepted_g(p->after, is->line);
	const int64_t old_total = ld_items_of_line_g(m->items, m->n_items, was->line);
	const int64_t new_total = ld_items_of_line_g(p->after->items, p->after->n_items, is->line);
	const struct ld_booking less = {.received_g = ld_sub_g(0, old_g)};
	const struct ld_booking more = {.received_g = new_g};
	int64_t old_before = 0, new_before = 0;

	for (size_t i = 0; i < m->n_items; i++) {
		const Liandan__Item *old = m->items[i], *now = p->after->items[i];
		int64_t diff;

		if (old->line != was->line)
			continue;
		diff = ld_sub_g(ld_share_g(new_before, now->mass_g, new_total, new_g),
				ld_share_g(old_before, old->mass_g, old_total, old_g));
		old_before = ld_add_g(old_before, old->mass_g);
		new_before = ld_add_g(new_before, now->mass_g);
		if (old->container[0] != '\0' && (recode || diff != 0))
			correct_share(c, p, m, now, was, is, diff);
	}
	book(p, r->party, r->site, was->code, &less, 0);
	book(p, r->party, r->site, is->code, &more, 0);
}

/* ---- together ---- */

static bool estimated(const Custody__Manifest *m, const char *code)
{
	for (size_t i = 0; i < m->created->n_lines; i++)
		if (strcmp(m->created->lines[i]->code, code) == 0 &&
		    m->created->lines[i]->quantity != NULL &&
		    m->created->lines[i]->quantity->basis == LIANDAN__BASIS__BASIS_ESTIMATED)
			return true;
	return false;
}

/* It falls, and below zero. */
static bool sinks(int64_t was, int64_t is)
{
	return is < 0 && is < was;
}

static void hold_against(struct ld_custody *c, struct ld_amend_plan *p,
			 const struct ld_amend_book *to)
{
	size_t mark = ld_mark(c);
	Custody__Stock none = CUSTODY__STOCK__INIT, *s = &none;
	int64_t change_g, stock_g, free_was, free_is;

	if (ld_stock_get(c, to->party, to->site, to->code, &s) != LD_OK)
		s = &none;
	change_g = ld_sub_g(ld_add_g(to->b.generated_g, to->b.received_g), to->b.shipped_g);
	stock_g = ld_add_g(s->in_stock_g, change_g);
	free_was = ld_sub_g(ld_sub_g(s->in_stock_g, s->contained_g), s->bound_g);
	free_is = ld_sub_g(ld_add_g(free_was, change_g), ld_add_g(to->contained_g, to->b.bound_g));
	if (sinks(s->in_stock_g, stock_g))
		bar(p, LIANDAN__REASON__QUANTITY, to->code, stock_g);
	else if (sinks(free_was, free_is) && !estimated(p->after, to->code))
		bar(p, LIANDAN__REASON__QUANTITY, to->code, free_is);
	else if (sinks(s->generated_g, ld_add_g(s->generated_g, to->b.generated_g)) ||
		 sinks(s->received_g, ld_add_g(s->received_g, to->b.received_g)) ||
		 sinks(s->shipped_g, ld_add_g(s->shipped_g, to->b.shipped_g)))
		bar(p, LIANDAN__REASON__QUANTITY, to->code, change_g);
	ld_release(c, mark);
}

/* What was put into store, treated, lost there or sent on was there. */
static void hold_against_manifest(struct ld_amend_plan *p, const Custody__Manifest *m)
{
	const int64_t was = ld_manifest_accepted_g(m), is = ld_manifest_accepted_g(p->after);

	if (is < was && is < m->stored_g)
		bar(p, LIANDAN__REASON__QUANTITY, "stored", ld_sub_g(is, m->stored_g));
	if (sinks(ld_manifest_unshared_g(m), ld_manifest_unshared_g(p->after)))
		bar(p, LIANDAN__REASON__QUANTITY, "treated or sent on",
		    ld_manifest_unshared_g(p->after));
	if (sinks(ld_manifest_bulk_left_g(m), ld_manifest_bulk_left_g(p->after)))
		bar(p, LIANDAN__REASON__QUANTITY, "bulk", ld_manifest_bulk_left_g(p->after));
}

/* Of a line: what goes on with other manifests is of that line and that code. */
static void hold_against_line(struct ld_amend_plan *p, const Custody__Manifest *m,
			      const Liandan__Line *was, const Liandan__Line *is)
{
	const int64_t shared_g = ld_line_shared_g(m, was->line);
	const int64_t old_g = ld_sub_g(ld_line_accepted_g(m, was->line), shared_g);
	const int64_t new_g = ld_sub_g(ld_line_accepted_g(p->after, is->line), shared_g);

	if (shared_g != 0 && strcmp(was->code, is->code) != 0)
		bar(p, LIANDAN__REASON__CONTAINER_ELSEWHERE, was->code, 0);
	if (sinks(old_g, new_g))
		bar(p, LIANDAN__REASON__QUANTITY, is->code, new_g);
	if (sinks(ld_line_bulk_g(m, was), ld_line_bulk_g(p->after, is)))
		bar(p, LIANDAN__REASON__QUANTITY, is->code, ld_line_bulk_g(p->after, is));
}

static bool same_grams(const Custody__Manifest *m, const Custody__Manifest *after,
		       const Liandan__Line *was, const Liandan__Line *is)
{
	return strcmp(was->code, is->code) == 0 &&
	       ld_line_declared_g(was) == ld_line_declared_g(is) &&
	       ld_line_accepted_g(m, was->line) == ld_line_accepted_g(after, is->line);
}

enum ld_err ld_amend_plan_books(struct ld_custody *c, const Custody__Manifest *m,
				struct ld_amend_plan *p)
{
	p->box = ld_arena_alloc(c->arena, (m->n_items + 1) * sizeof *p->box);
	if (p->box == NULL)
		return LD_ERR_NOMEM;
	if (m->content.len == 0) /* a draft: nothing is booked yet */
		return LD_OK;
	for (size_t i = 0; i < m->created->n_lines; i++) {
		const Liandan__Line *was = m->created->lines[i], *is = p->after->created->lines[i];

		if (same_grams(m, p->after, was, is))
			continue;
		if (strcmp(was->code, is->code) != 0 ||
		    ld_line_declared_g(was) != ld_line_declared_g(is))
			origin(c, p, m, was, is);
		if (m->accepted_ms == 0)
			continue;
		receiver(c, p, m, was, is);
		hold_against_line(p, m, was, is);
	}
	for (size_t i = 0; i < p->n_books; i++)
		hold_against(c, p, &p->book[i]);
	hold_against_manifest(p, m);
	return LD_OK;
}

static enum ld_err hold_now(struct ld_custody *c, const struct ld_amend_box *b, uint64_t index)
{
	size_t mark = ld_mark(c);
	Custody__Container *k;
	enum ld_err err = ld_container_get(c, b->container, &k);

	if (err == LD_OK) {
		k->mass_g = b->mass_g;
		k->code = (char *)(uintptr_t)b->code;
		k->code_system = b->code_system;
		k->index = index;
		err = ld_container_put(c, k);
	}
	ld_release(c, mark);
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

bool ld_amend_moves(const struct ld_amend_book *b)
{
	return (b->b.generated_g | b->b.received_g | b->b.shipped_g | b->b.bound_g |
		b->contained_g) != 0;
}

enum ld_err ld_amend_book(struct ld_custody *c, const struct ld_amend_plan *p, uint64_t index)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < p->n_boxes; i++)
		err = hold_now(c, &p->box[i], index);
	for (size_t i = 0; err == LD_OK && i < p->n_books; i++)
		if (ld_amend_moves(&p->book[i]))
			err = ld_stock_book_contained(c, p->book[i].party, p->book[i].site,
						      p->book[i].code, &p->book[i].b,
						      p->book[i].contained_g, index);
	return err;
}
