/* Sealing freezes the contents: everything on it must be in stock here and free, licensed at the
 * other end, and add up to the gram. An intention: refused when a hard check fails. CUSTODY-2. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"

#define FIRST_VERSION 1

static int by_container(const void *pa, const void *pb)
{
	return strcmp((*(Liandan__Item *const *)pa)->container,
		      (*(Liandan__Item *const *)pb)->container);
}

static const Liandan__ManifestSealed *seal_of(const struct ld_case *k)
{
	return k->f->event->manifest_sealed;
}

bool ld_check_first_version(struct ld_case *k)
{
	return seal_of(k)->version == FIRST_VERSION ||
	       ld_refuse(k->j, LIANDAN__REASON__BAD_CONTENT, "the first version is 1, not %" PRIu32,
			 seal_of(k)->version);
}

bool ld_check_content_computed(struct ld_case *k)
{
	const Liandan__ManifestSealed *b = seal_of(k);
	uint8_t content[LD_HASH_BYTES];

	if (ld_manifest_content(k->c->arena, k->m->created, b->items, b->n_items, content) != LD_OK)
		return ld_refuse(k->j, LIANDAN__REASON__LIMIT, "the manifest is too large");
	return (b->content.len == sizeof content &&
		memcmp(b->content.data, content, sizeof content) == 0) ||
	       ld_refuse(k->j, LIANDAN__REASON__BAD_CONTENT,
			 "content is not the hash of the draft and these items");
}

bool ld_check_containers_once(struct ld_case *k)
{
	const Liandan__ManifestSealed *b = seal_of(k);
	size_t mark = ld_mark(k->c);
	Liandan__Item **copy =
	    ld_arena_dup(k->c->arena, b->items, b->n_items * sizeof(Liandan__Item *));
	bool ok = true;

	if (copy == NULL)
		return ld_refuse(k->j, LIANDAN__REASON__LIMIT, "too many items");
	qsort(copy, b->n_items, sizeof(Liandan__Item *), by_container);
	for (size_t i = 1; ok && i < b->n_items; i++)
		if (copy[i]->container[0] != '\0' && by_container(&copy[i - 1], &copy[i]) == 0)
			ok = ld_refuse(k->j, LIANDAN__REASON__CONTAINER_ELSEWHERE,
				       "container %s is there twice", copy[i]->container);
	ld_release(k->c, mark);
	return ok;
}

bool ld_check_open_room(struct ld_case *k)
{
	Custody__Party *p;

	return ld_party_get(k->c, k->m->created->generator, &p) != LD_OK ||
	       p->open_manifests < LD_MAX_OPEN_MANIFESTS_PER_PARTY ||
	       ld_refuse(k->j, LIANDAN__REASON__LIMIT, "%d manifests are open already",
			 LD_MAX_OPEN_MANIFESTS_PER_PARTY);
}

bool ld_check_item_lines(struct ld_case *k)
{
	const Liandan__ManifestSealed *b = seal_of(k);

	for (size_t i = 0; i < b->n_items; i++) {
		const Liandan__Item *item = b->items[i];

		if (ld_manifest_line(k->m, item->line) == NULL)
			return ld_refuse(k->j, LIANDAN__REASON__QUANTITY,
					 "there is no line %" PRIu32, item->line);
		if (item->mass_g <= 0 || item->mass_g > LD_MAX_MASS_G)
			return ld_refuse(k->j, LIANDAN__REASON__QUANTITY,
					 "an item of line %" PRIu32 " has no mass", item->line);
	}
	return true;
}

/* A container is in one place and on one open manifest only. */
static bool container_free(struct ld_case *k, const Liandan__Item *item,
			   const Custody__Container *o)
{
	const Liandan__ManifestCreated *b = k->m->created;

	if (strcmp(o->party, b->generator) != 0 || strcmp(o->site, b->site) != 0)
		return ld_refuse(k->j, LIANDAN__REASON__CONTAINER_ELSEWHERE,
				 "container %s is not at %s", item->container, b->site);
	return (ld_container_in_stock(o) && o->manifest.len == 0) ||
	       ld_refuse(k->j, LIANDAN__REASON__CONTAINER_ELSEWHERE,
			 "container %s is not in stock or on another manifest", item->container);
}

static bool container_holds(struct ld_case *k, const Liandan__Item *item,
			    const Custody__Container *o)
{
	const Liandan__Line *line = ld_manifest_line(k->m, item->line);

	if (strcmp(o->code, line->code) != 0)
		return ld_refuse(k->j, LIANDAN__REASON__BAD_WASTE_CODE,
				 "container %s holds %s, line %" PRIu32 " is %s", item->container,
				 o->code, line->line, line->code);
	return o->mass_g == item->mass_g ||
	       ld_refuse(k->j, LIANDAN__REASON__QUANTITY,
			 "container %s holds %" PRId64 " g, the item says %" PRId64,
			 item->container, o->mass_g, item->mass_g);
}

static bool each_container(struct ld_case *k, bool (*ask)(struct ld_case *, const Liandan__Item *,
							  const Custody__Container *))
{
	const Liandan__ManifestSealed *b = seal_of(k);
	bool ok = true;

	for (size_t i = 0; ok && i < b->n_items; i++) {
		const char *id = b->items[i]->container;
		size_t mark = ld_mark(k->c);
		Custody__Container *o;

		if (id[0] == '\0')
			continue;
		ok = ld_container_get(k->c, id, &o) == LD_OK
			 ? ask(k, b->items[i], o)
			 : ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_CONTAINER,
				     "no such container %s", id);
		ld_release(k->c, mark);
	}
	return ok;
}

bool ld_check_containers_free(struct ld_case *k)
{
	return each_container(k, container_free);
}

bool ld_check_containers_hold(struct ld_case *k)
{
	return each_container(k, container_holds);
}

/* To the gram. */
bool ld_check_lines_add_up(struct ld_case *k)
{
	const Liandan__ManifestSealed *b = seal_of(k);

	for (size_t i = 0; i < k->m->created->n_lines; i++) {
		const Liandan__Line *line = k->m->created->lines[i];
		const int64_t sum = ld_items_of_line_g(b->items, b->n_items, line->line);

		if (sum != ld_line_declared_g(line))
			return ld_refuse(k->j, LIANDAN__REASON__QUANTITY,
					 "the items of line %" PRIu32 " are %" PRId64
					 " g, the line says %" PRId64,
					 line->line, sum, ld_line_declared_g(line));
	}
	return true;
}

static int64_t bulk_of_code(const Custody__Manifest *m, const Liandan__ManifestSealed *b,
			    const char *code)
{
	int64_t sum = 0;

	for (size_t i = 0; i < b->n_items; i++) {
		const Liandan__Line *line = ld_manifest_line(m, b->items[i]->line);

		if (line != NULL && b->items[i]->container[0] == '\0' &&
		    strcmp(line->code, code) == 0)
			sum = ld_add_g(sum, b->items[i]->mass_g);
	}
	return sum;
}

static bool estimated(const Custody__Manifest *m, const char *code)
{
	for (size_t i = 0; i < m->created->n_lines; i++) {
		const Liandan__Line *line = m->created->lines[i];

		if (strcmp(line->code, code) == 0 &&
		    line->quantity->basis == LIANDAN__BASIS__BASIS_ESTIMATED)
			return true;
	}
	return false;
}

/* What the generator has at the origin: booked, and of that in bulk and not bound. */
static void book_of(const struct ld_case *k, const char *code, int64_t *in_stock, int64_t *free_g)
{
	size_t mark = ld_mark(k->c);
	Custody__Stock *s;

	*in_stock = *free_g = 0;
	if (ld_stock_get(k->c, k->m->created->generator, k->m->created->site, code, &s) == LD_OK) {
		*in_stock = s->in_stock_g;
		*free_g = ld_sub_g(ld_sub_g(s->in_stock_g, s->contained_g), s->bound_g);
	}
	ld_release(k->c, mark);
}

/* Negative book stock blocks new seals at its site until it is counted. */
bool ld_check_stock_counted(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = k->m->created;

	for (size_t i = 0; i < b->n_lines; i++) {
		int64_t in_stock, free_g;

		book_of(k, b->lines[i]->code, &in_stock, &free_g);
		if (in_stock < 0 &&
		    !ld_failed(k, LIANDAN__REASON__QUANTITY, b->lines[i]->code, in_stock, 0,
			       "book stock of %s at %s is negative: count it first",
			       b->lines[i]->code, b->site))
			return false;
	}
	return true;
}

/* Bulk is what is in stock, not in containers and not bound already; it may be ESTIMATED. */
bool ld_check_bulk_in_stock(struct ld_case *k)
{
	for (size_t i = 0; i < k->m->created->n_lines; i++) {
		const char *code = k->m->created->lines[i]->code;
		const int64_t bulk = bulk_of_code(k->m, seal_of(k), code);
		int64_t in_stock, free_g;

		book_of(k, code, &in_stock, &free_g);
		if (bulk > 0 && bulk > free_g && !estimated(k->m, code) &&
		    !ld_failed(k, LIANDAN__REASON__QUANTITY, code, bulk, free_g,
			       "%" PRId64 " g of %s in bulk, %" PRId64 " g in stock", bulk, code,
			       free_g))
			return false;
	}
	return true;
}

bool ld_receiver_licensed(struct ld_case *k, const Liandan__Receiver *r)
{

	for (size_t i = 0; i < k->m->created->n_lines; i++) {
		const Liandan__Line *line = k->m->created->lines[i];
		const struct ld_licence_need need = {.party = r->party,
						     .licence = r->licence,
						     .site = r->site,
						     .kinds = LD_LICENCE_RECEIVE,
						     .code = line->code,
						     .mode = line->mode,
						     .at_ms = k->f->recorded_at_ms};

		if (!ld_licensed(k->c, &need) &&
		    !ld_failed(k, LIANDAN__REASON__NOT_LICENSED, r->party, line->line, 0,
			       "%s is not licensed for %s by %s", r->party, line->code,
			       line->mode[0] != '\0' ? line->mode : "any mode"))
			return false;
	}
	return true;
}

bool ld_check_receiver_licensed(struct ld_case *k)
{
	return ld_receiver_licensed(k, k->m->created->receiver);
}

bool ld_carrier_licensed(struct ld_case *k, const Liandan__Carrier *carrier)
{
	for (size_t i = 0; i < k->m->created->n_lines; i++) {
		const Liandan__Line *line = k->m->created->lines[i];
		const struct ld_licence_need need = {.party = carrier->party,
						     .licence = carrier->licence,
						     .site = "",
						     .kinds = LD_LICENCE_CARRY,
						     .code = line->code,
						     .mode = "",
						     .at_ms = k->f->recorded_at_ms};

		/* general industrial waste needs no licence to carry it */
		if (line->code_system != LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL &&
		    !ld_licensed(k->c, &need))
			return ld_failed(k, LIANDAN__REASON__NOT_LICENSED, carrier->party,
					 line->line, 0, "%s is not licensed to carry %s",
					 carrier->party, line->code);
	}
	return true;
}

bool ld_check_carriers_licensed(struct ld_case *k)
{
	for (size_t i = 0; i < k->m->created->n_carriers; i++)
		if (!ld_carrier_licensed(k, k->m->created->carriers[i]))
			return false;
	return true;
}
