/* Sealing freezes the contents: everything on it must be in stock here and free, licensed at the
 * other end, and add up to the gram. An intention: refused when a hard check fails. CUSTODY-2. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"

#define FIRST_VERSION 1

static int by_container(const void *pa, const void *pb)
{
	return strcmp((*(Liandan__Item *const *)pa)->container,
		      (*(Liandan__Item *const *)pb)->container);
}

static bool check_twice(struct ld_custody *c, const Liandan__ManifestSealed *b,
			struct ld_judgement *j)
{
	size_t mark = ld_mark(c);
	Liandan__Item **copy =
	    ld_arena_dup(c->arena, b->items, b->n_items * sizeof(Liandan__Item *));
	bool ok = true;

	if (copy == NULL)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "too many items");
	qsort(copy, b->n_items, sizeof(Liandan__Item *), by_container);
	for (size_t i = 1; ok && i < b->n_items; i++)
		if (copy[i]->container[0] != '\0' && by_container(&copy[i - 1], &copy[i]) == 0)
			ok = ld_refuse(j, LIANDAN__REASON__CONTAINER_ELSEWHERE,
				       "container %s is there twice", copy[i]->container);
	ld_release(c, mark);
	return ok;
}

/* A container is in one place and on one open manifest only. */
static bool check_container(const Custody__Manifest *m, const Liandan__Item *item,
			    const Liandan__Line *line, const Custody__Container *k,
			    struct ld_judgement *j)
{
	if (strcmp(k->party, m->created->generator) != 0 || strcmp(k->site, m->created->site) != 0)
		return ld_refuse(j, LIANDAN__REASON__CONTAINER_ELSEWHERE,
				 "container %s is not at %s", item->container, m->created->site);
	if (!ld_container_in_stock(k) || k->manifest.len != 0)
		return ld_refuse(j, LIANDAN__REASON__CONTAINER_ELSEWHERE,
				 "container %s is not in stock or on another manifest",
				 item->container);
	if (strcmp(k->code, line->code) != 0)
		return ld_refuse(j, LIANDAN__REASON__BAD_WASTE_CODE,
				 "container %s holds %s, line %" PRIu32 " is %s", item->container,
				 k->code, line->line, line->code);
	if (k->mass_g != item->mass_g)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY,
				 "container %s holds %" PRId64 " g, the item says %" PRId64,
				 item->container, k->mass_g, item->mass_g);
	return true;
}

static bool check_item(struct ld_custody *c, const Custody__Manifest *m, const Liandan__Item *item,
		       struct ld_judgement *j)
{
	const Liandan__Line *line = ld_manifest_line(m, item->line);
	size_t mark = ld_mark(c);
	Custody__Container *k;
	bool ok;

	if (line == NULL)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "there is no line %" PRIu32,
				 item->line);
	if (item->mass_g <= 0 || item->mass_g > LD_MAX_MASS_G)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY,
				 "an item of line %" PRIu32 " has no mass", item->line);
	if (item->container[0] == '\0')
		return true;
	if (ld_container_get(c, item->container, &k) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_CONTAINER, "no such container %s",
				 item->container);
	ok = check_container(m, item, line, k, j);
	ld_release(c, mark);
	return ok;
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

/* Bulk is what is in stock, not in containers and not bound already; it may be ESTIMATED. Negative
 * book stock blocks new seals at its site until it is counted. */
static bool check_stock(struct ld_custody *c, const Custody__Manifest *m,
			const Liandan__ManifestSealed *b, const char *code, struct ld_judgement *j)
{
	int64_t bulk = bulk_of_code(m, b, code), in_stock = 0, free_g = 0;
	size_t mark = ld_mark(c);
	Custody__Stock *s;

	if (ld_stock_get(c, m->created->generator, m->created->site, code, &s) == LD_OK) {
		in_stock = s->in_stock_g;
		free_g = ld_sub_g(ld_sub_g(in_stock, s->contained_g), s->bound_g);
	}
	ld_release(c, mark);
	if (in_stock < 0)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY,
				 "book stock of %s at %s is negative: count it first", code,
				 m->created->site);
	if (bulk > 0 && bulk > free_g && !estimated(m, code))
		return ld_refuse(j, LIANDAN__REASON__QUANTITY,
				 "%" PRId64 " g of %s in bulk, %" PRId64 " g in stock", bulk, code,
				 free_g);
	return true;
}

static bool check_receiver_licence(struct ld_custody *c, const struct ld_fact *f,
				   const Custody__Manifest *m, const Liandan__Line *line,
				   struct ld_judgement *j)
{
	const Liandan__Receiver *r = m->created->receiver;
	const struct ld_licence_need need = {.party = r->party,
					     .licence = r->licence,
					     .site = r->site,
					     .kinds = LD_LICENCE_RECEIVE,
					     .code = line->code,
					     .mode = line->mode,
					     .at_ms = f->recorded_at_ms};

	return ld_licensed(c, &need) ||
	       ld_refuse(j, LIANDAN__REASON__NOT_LICENSED, "%s is not licensed for %s by %s",
			 r->party, line->code, line->mode[0] != '\0' ? line->mode : "any mode");
}

/* General industrial waste needs no licence to carry it. */
static bool check_carrier_licences(struct ld_custody *c, const struct ld_fact *f,
				   const Custody__Manifest *m, const Liandan__Line *line,
				   struct ld_judgement *j)
{
	if (line->code_system == LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL)
		return true;
	for (size_t i = 0; i < m->created->n_carriers; i++) {
		const Liandan__Carrier *carrier = m->created->carriers[i];
		const struct ld_licence_need need = {.party = carrier->party,
						     .licence = carrier->licence,
						     .site = "",
						     .kinds = LD_LICENCE_CARRY,
						     .code = line->code,
						     .mode = "",
						     .at_ms = f->recorded_at_ms};

		if (!ld_licensed(c, &need))
			return ld_refuse(j, LIANDAN__REASON__NOT_LICENSED,
					 "%s is not licensed to carry %s", carrier->party,
					 line->code);
	}
	return true;
}

static bool check_line(struct ld_custody *c, const struct ld_fact *f, const Custody__Manifest *m,
		       const Liandan__ManifestSealed *b, const Liandan__Line *line,
		       struct ld_judgement *j)
{
	int64_t sum = ld_items_of_line_g(b->items, b->n_items, line->line);

	if (sum != ld_line_declared_g(line))
		return ld_refuse(j, LIANDAN__REASON__QUANTITY,
				 "the items of line %" PRIu32 " are %" PRId64
				 " g, the line says %" PRId64,
				 line->line, sum, ld_line_declared_g(line));
	if (!check_stock(c, m, b, line->code, j) || !check_receiver_licence(c, f, m, line, j) ||
	    !check_carrier_licences(c, f, m, line, j))
		return false;
	ld_check_hazards(c, j, line);
	return true;
}

static bool check_contents(struct ld_custody *c, const Custody__Manifest *m,
			   const Liandan__ManifestSealed *b, struct ld_judgement *j)
{
	uint8_t content[LD_HASH_BYTES];

	if (b->version != FIRST_VERSION)
		return ld_refuse(j, LIANDAN__REASON__BAD_CONTENT,
				 "the first version is 1, not %" PRIu32, b->version);
	if (b->n_items == 0 || b->n_items > LD_MAX_ITEMS)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "1 to %d items", LD_MAX_ITEMS);
	if (ld_manifest_content(c->arena, m->created, b->items, b->n_items, content) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "the manifest is too large");
	if (b->content.len != sizeof content ||
	    memcmp(b->content.data, content, sizeof content) != 0)
		return ld_refuse(j, LIANDAN__REASON__BAD_CONTENT,
				 "content is not the hash of the draft and these items");
	return true;
}

static bool check_state(const struct ld_fact *f, const Custody__Manifest *m, struct ld_judgement *j)
{
	if (!ld_signer_is(f, LIANDAN__ROLE__ROLE_GENERATOR, m->created->generator))
		return ld_wrong_role(f, j, "the generator");
	if (m->state != CUSTODY__MANIFEST_STATE__DRAFT)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "only a draft can be sealed");
	if ((m->flags & CUSTODY__MANIFEST_FLAG__FLAG_ON_HOLD) != 0)
		return ld_refuse(j, LIANDAN__REASON__ON_HOLD, "a hold stands on this manifest");
	return true;
}

/* CUSTODY-2 */
bool ld_sealed_judge(struct ld_custody *c, const struct ld_fact *f,
		     const Liandan__ManifestSealed *b, struct ld_judgement *j)
{
	Custody__Manifest *m;
	Custody__Party *p;

	if (ld_manifest_get(c, b->manifest, &m) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_MANIFEST, "no such manifest");
	if (!check_state(f, m, j) || !check_contents(c, m, b, j) || !check_twice(c, b, j))
		return false;
	if (ld_party_get(c, m->created->generator, &p) == LD_OK &&
	    p->open_manifests >= LD_MAX_OPEN_MANIFESTS_PER_PARTY)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "%d manifests are open already",
				 LD_MAX_OPEN_MANIFESTS_PER_PARTY);
	for (size_t i = 0; i < b->n_items; i++)
		if (!check_item(c, m, b->items[i], j))
			return false;
	for (size_t i = 0; i < m->created->n_lines; i++)
		if (!check_line(c, f, m, b, m->created->lines[i], j))
			return false;
	return true;
}
