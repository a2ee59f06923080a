/* What a draft that forwards says of where its waste came from. CUSTODY-1, 2. */
#include "plugin/custody/forward.h"

#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"

/* Of the draft, or of the manifest that is sealed. */
static const Liandan__ManifestCreated *draft_of(const struct ld_case *k)
{
	return k->m != NULL ? k->m->created : k->f->event->manifest_created;
}

static bool was_accepted(struct ld_case *k, const Custody__Manifest *parent, size_t nth)
{
	const Liandan__ManifestCreated *b = draft_of(k);
	const Liandan__Receiver *r = parent->created->receiver;

	if (strcmp(r->party, b->generator) != 0)
		return ld_refuse(k->j, LIANDAN__REASON__WRONG_ROLE, "parent %zu was not sent to %s",
				 nth, b->generator);
	if (parent->accepted_ms == 0)
		return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
				 "nothing of parent %zu has been accepted", nth);
	return strcmp(r->site, b->site) == 0 ||
	       ld_refuse(k->j, LIANDAN__REASON__CONTAINER_ELSEWHERE,
			 "parent %zu was received at %s", nth, r->site);
}

static bool share_form(struct ld_case *k, const Custody__Manifest *parent, size_t at)
{
	const Liandan__ManifestCreated *b = draft_of(k);
	const Liandan__Parent *p = b->parents[at];

	if (ld_manifest_line(parent, p->line) == NULL)
		return ld_refuse(k->j, LIANDAN__REASON__QUANTITY, "parent %zu has no line %" PRIu32,
				 at + 1, p->line);
	for (size_t i = 0; i < at; i++)
		if (b->parents[i]->line == p->line &&
		    ld_same_id(b->parents[i]->manifest, p->manifest))
			return ld_refuse(k->j, LIANDAN__REASON__QUANTITY,
					 "parent %zu is there twice", at + 1);
	return (p->mass_g > 0 && p->mass_g <= LD_MAX_MASS_G) ||
	       ld_refuse(k->j, LIANDAN__REASON__QUANTITY, "parent %zu has no mass", at + 1);
}

/* A collector that sends on what it received names where it came from. */
bool ld_check_parents_here(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = draft_of(k);
	const bool forwards = b->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD;
	bool ok = true;

	if (forwards != (b->n_parents != 0))
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_MANIFEST,
				 forwards ? "it does not name the manifests that it forwards"
					  : "only a manifest of kind FORWARD has parents");
	for (size_t i = 0; ok && i < b->n_parents; i++) {
		size_t mark = ld_mark(k->c);
		Custody__Manifest *parent;

		ok = ld_manifest_get(k->c, b->parents[i]->manifest, &parent) == LD_OK
			 ? was_accepted(k, parent, i + 1) && share_form(k, parent, i)
			 : ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_MANIFEST,
				     "parent %zu is not in this ledger", i + 1);
		ld_release(k->c, mark);
	}
	return ok;
}

/* ---- masses ---- */

/* A share beside what its parent has. */
struct share {
	const Liandan__Parent *asked;
	char code[LD_MAX_ID_BYTES + 1];
	int64_t line_g;	    /* of the line, on no other manifest */
	int64_t manifest_g; /* of the whole parent, likewise, and not treated */
};
struct shares {
	struct share of[LD_MAX_PARENTS];
	size_t n;
};

/* NULL: it forwards nothing, or the arena is full. */
static const struct shares *read_shares(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = draft_of(k);
	struct shares *all = b->n_parents != 0 ? ld_arena_alloc(k->c->arena, sizeof *all) : NULL;

	if (all == NULL)
		return NULL;
	memset(all, 0, sizeof *all);
	for (size_t i = 0; i < b->n_parents && i < LD_MAX_PARENTS; i++) {
		const Liandan__Parent *p = b->parents[i];
		struct share *s = &all->of[all->n++];
		size_t mark = ld_mark(k->c);
		Custody__Manifest *parent;
		const Liandan__Line *line;

		s->asked = p;
		if (ld_manifest_get(k->c, p->manifest, &parent) == LD_OK) {
			line = ld_manifest_line(parent, p->line);
			if (line != NULL)
				memcpy(s->code, line->code, strnlen(line->code, LD_MAX_ID_BYTES));
			s->line_g = ld_sub_g(ld_line_accepted_g(parent, p->line),
					     ld_line_shared_g(parent, p->line));
			s->manifest_g = ld_manifest_unshared_g(parent);
		}
		ld_release(k->c, mark);
	}
	return all;
}

/* Of one code; with `manifest` only of that parent. */
static int64_t asked_g(const struct shares *all, const char *code,
		       const ProtobufCBinaryData *manifest)
{
	int64_t sum = 0;

	for (size_t i = 0; i < all->n; i++)
		if ((code == NULL || strcmp(all->of[i].code, code) == 0) &&
		    (manifest == NULL || ld_same_id(all->of[i].asked->manifest, *manifest)))
			sum = ld_add_g(sum, all->of[i].asked->mass_g);
	return sum;
}

static int64_t declared_g(const Liandan__ManifestCreated *b, const char *code)
{
	int64_t sum = 0;

	for (size_t i = 0; i < b->n_lines; i++)
		if (strcmp(b->lines[i]->code, code) == 0)
			sum = ld_add_g(sum, ld_line_declared_g(b->lines[i]));
	return sum;
}

/* No more comes from the parents than leaves; own waste of that code may go along. */
bool ld_check_shares_fit(struct ld_case *k)
{
	const struct shares *all = read_shares(k);

	for (size_t i = 0; all != NULL && i < all->n; i++) {
		const char *code = all->of[i].code;
		const int64_t asked = asked_g(all, code, NULL);
		const int64_t leaves = declared_g(draft_of(k), code);

		if (asked > leaves)
			return ld_refuse(k->j, LIANDAN__REASON__NOT_ADDING,
					 "%" PRId64 " g of %s come from the parents, %" PRId64
					 " g leave",
					 asked, code, leaves);
	}
	return true;
}

/* Nothing is sent on twice, nor what has been treated. */
bool ld_check_parents_left(struct ld_case *k)
{
	const struct shares *all = read_shares(k);

	for (size_t i = 0; all != NULL && i < all->n; i++) {
		const struct share *s = &all->of[i];
		const int64_t asked = asked_g(all, NULL, &s->asked->manifest);

		if (s->asked->mass_g > s->line_g)
			return ld_refuse(k->j, LIANDAN__REASON__QUANTITY,
					 "%" PRId64 " g of line %" PRIu32 " of parent %zu, %" PRId64
					 " g are left",
					 s->asked->mass_g, s->asked->line, i + 1, s->line_g);
		if (asked > s->manifest_g)
			return ld_refuse(k->j, LIANDAN__REASON__QUANTITY,
					 "%" PRId64 " g of parent %zu, %" PRId64 " g are left",
					 asked, i + 1, s->manifest_g);
	}
	return true;
}

/* What the containers of one parent and code hold, at its first share. */
struct held_g {
	int64_t g[LD_MAX_PARENTS + 1]; /* the last: in no share */
	const char *container[LD_MAX_PARENTS + 1];
};

static void hold_from(const struct shares *all, ProtobufCBinaryData parent,
		      const Custody__Container *o, const char *id, int64_t mass_g,
		      struct held_g *held)
{
	size_t at = 0, n = all != NULL ? all->n : 0;

	while (at < n && (strcmp(all->of[at].code, o->code) != 0 ||
			  !ld_same_id(all->of[at].asked->manifest, parent)))
		at++;
	if (at == n)
		at = LD_MAX_PARENTS;
	held->g[at] = ld_add_g(held->g[at], mass_g);
	held->container[at] = id;
}

/* What came by one manifest, or, repacked, by several. */
static void hold_container(struct ld_case *k, const struct shares *all, const Liandan__Item *item,
			   struct held_g *held)
{
	size_t mark = ld_mark(k->c);
	Custody__Container *o;

	if (ld_container_get(k->c, item->container, &o) == LD_OK) {
		if (o->came_by.len != 0 && strcmp(o->generator, draft_of(k)->generator) != 0)
			hold_from(all, o->came_by, o, item->container, item->mass_g, held);
		for (size_t i = 0; i < o->n_origins; i++)
			hold_from(all, o->origins[i]->manifest, o, item->container,
				  o->origins[i]->mass_g, held);
	}
	ld_release(k->c, mark);
}

/* A drum that another party filled is in a share of the manifest that it came by. */
bool ld_check_came_shared(struct ld_case *k)
{
	const Liandan__ManifestSealed *b = k->f->event->manifest_sealed;
	const struct shares *all = read_shares(k);
	struct held_g held = {{0}, {NULL}};

	for (size_t i = 0; i < b->n_items; i++)
		if (b->items[i]->container[0] != '\0')
			hold_container(k, all, b->items[i], &held);
	for (size_t i = 0; i <= LD_MAX_PARENTS; i++) {
		const int64_t asked =
		    i < LD_MAX_PARENTS && held.g[i] != 0
			? asked_g(all, all->of[i].code, &all->of[i].asked->manifest)
			: 0;

		if (held.g[i] > asked)
			return ld_failed(k, LIANDAN__REASON__NOT_ADDING, held.container[i],
					 held.g[i], asked,
					 "container %s came by a manifest that does not share it",
					 held.container[i]);
	}
	return true;
}
