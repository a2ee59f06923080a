/* Shares: what a manifest of kind FORWARD takes of those its waste came by. CUSTODY-2, 6, 18. */
#include "plugin/custody/forward.h"

#include <string.h>

#include "plugin/custody/lineage.h"
#include "plugin/custody/store.h"

static const Custody__Shared *shared_of(const Custody__Manifest *m, uint32_t line)
{
	for (size_t i = 0; i < m->n_shared; i++)
		if (m->shared[i]->line == line)
			return m->shared[i];
	return NULL;
}

int64_t ld_line_shared_g(const Custody__Manifest *m, uint32_t line)
{
	const Custody__Shared *s = shared_of(m, line);

	return s != NULL ? s->mass_g : 0;
}

int64_t ld_line_bulk_gone_g(const Custody__Manifest *m, uint32_t line)
{
	const Custody__Shared *s = shared_of(m, line);

	return s != NULL ? s->bulk_gone_g : 0;
}

int64_t ld_manifest_unshared_g(const Custody__Manifest *m)
{
	int64_t left = ld_sub_g(ld_sub_g(ld_manifest_accepted_g(m), m->treated_g), m->gone_g);

	for (size_t i = 0; i < m->n_shared; i++)
		left = ld_sub_g(left, m->shared[i]->mass_g);
	return left;
}

int64_t ld_manifest_left_g(const Custody__Manifest *m)
{
	return ld_sub_g(ld_sub_g(ld_sub_g(ld_manifest_accepted_g(m), m->treated_g), m->gone_g),
			m->forwarded_g);
}

/* ---- what it takes ---- */

/* Of the parent's line; an id that is not here, or a line that is not on it, has none. */
static enum ld_err code_of(struct ld_custody *c, const Liandan__Parent *p, char **out)
{
	char code[LD_MAX_ID_BYTES + 1] = "";
	size_t mark = ld_mark(c);
	const Liandan__Line *line = NULL;
	Custody__Manifest *parent;
	enum ld_err err = ld_manifest_get(c, p->manifest, &parent);

	if (err == LD_OK)
		line = ld_manifest_line(parent, p->line);
	if (line != NULL)
		memcpy(code, line->code, strnlen(line->code, LD_MAX_ID_BYTES));
	ld_release(c, mark);
	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	*out = ld_c_str(c, code);
	return LD_OK;
}

static enum ld_err note_shares(struct ld_custody *c, Custody__Manifest *m)
{
	const Liandan__ManifestCreated *b = m->created;
	enum ld_err err = LD_OK;

	m->n_shares = 0;
	m->shares = ld_arena_alloc(c->arena, b->n_parents * sizeof *m->shares);
	if (m->shares == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; err == LD_OK && i < b->n_parents; i++) {
		Custody__Share *s = ld_arena_alloc(c->arena, sizeof *s);

		if (s == NULL)
			return LD_ERR_NOMEM;
		custody__share__init(s);
		s->manifest = b->parents[i]->manifest;
		s->line = b->parents[i]->line;
		s->mass_g = b->parents[i]->mass_g;
		err = code_of(c, b->parents[i], &s->code);
		m->shares[m->n_shares++] = s;
	}
	return err;
}

/* The container's grams are in the shares of the manifest that it came by, as far as they go. */
static void contain_of(Custody__Manifest *m, ProtobufCBinaryData parent, const char *code,
		       int64_t mass_g)
{
	for (size_t i = 0; mass_g > 0 && i < m->n_shares; i++) {
		Custody__Share *s = m->shares[i];
		const int64_t room = ld_sub_g(s->mass_g, s->contained_g);
		const int64_t in = mass_g < room ? mass_g : room;

		if (in <= 0 || !ld_same_id(s->manifest, parent) || strcmp(s->code, code) != 0)
			continue;
		s->contained_g += in;
		mass_g -= in;
	}
}

static void contain(Custody__Manifest *m, const Custody__Container *k, int64_t mass_g)
{
	if (k->came_by.len != 0)
		contain_of(m, k->came_by, k->code, mass_g);
	for (size_t i = 0; i < k->n_origins; i++)
		contain_of(m, k->origins[i]->manifest, k->code, k->origins[i]->mass_g);
}

static enum ld_err note_containers(struct ld_custody *c, Custody__Manifest *m)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < m->n_items; i++) {
		size_t mark = ld_mark(c);
		Custody__Container *k;

		if (m->items[i]->container[0] == '\0')
			continue;
		err = ld_container_get(c, m->items[i]->container, &k);
		if (err == LD_OK)
			contain(m, k, m->items[i]->mass_g);
		else if (err == LD_ERR_NOT_FOUND)
			err = LD_OK;
		ld_release(c, mark);
	}
	return err;
}

/* ---- on the parents ---- */

/* The parent's record of that line; NULL: no memory. */
static Custody__Shared *shared_for(struct ld_custody *c, Custody__Manifest *parent, uint32_t line)
{
	Custody__Shared **all, *s;

	for (size_t i = 0; i < parent->n_shared; i++)
		if (parent->shared[i]->line == line)
			return parent->shared[i];
	all = ld_arena_alloc(c->arena, (parent->n_shared + 1) * sizeof(Custody__Shared *));
	s = ld_arena_alloc(c->arena, sizeof *s);
	if (all == NULL || s == NULL)
		return NULL;
	if (parent->n_shared != 0)
		memcpy(all, parent->shared, parent->n_shared * sizeof(Custody__Shared *));
	custody__shared__init(s);
	s->line = line;
	all[parent->n_shared++] = s;
	parent->shared = all;
	return s;
}

/* What happens to a share on its parent. */
typedef enum ld_err (*share_fn)(struct ld_custody *c, const struct ld_fact *f,
				Custody__Manifest *parent, const Custody__Share *s);

static enum ld_err count(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *parent,
			 const Custody__Share *s)
{
	Custody__Shared *on = shared_for(c, parent, s->line);

	(void)f;
	if (on == NULL)
		return LD_ERR_NOMEM;
	on->mass_g = ld_add_g(on->mass_g, s->mass_g);
	return LD_OK;
}

static enum ld_err uncount(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *parent,
			   const Custody__Share *s)
{
	Custody__Shared *on = shared_for(c, parent, s->line);

	(void)f;
	if (on == NULL)
		return LD_ERR_NOMEM;
	on->mass_g = ld_sub_g(on->mass_g, s->mass_g);
	return LD_OK;
}

/* Law article 81: what has gone is not stored here any more. */
static enum ld_err gone(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *parent,
			const Custody__Share *s)
{
	Custody__Shared *on = shared_for(c, parent, s->line);

	if (on == NULL)
		return LD_ERR_NOMEM;
	on->bulk_gone_g = ld_add_g(on->bulk_gone_g, ld_sub_g(s->mass_g, s->contained_g));
	parent->forwarded_g = ld_add_g(parent->forwarded_g, s->mass_g);
	parent->updated_index = f->index;
	parent->updated_ms = f->recorded_at_ms;
	return ld_manifest_spent(c, parent);
}

static enum ld_err on_parents(struct ld_custody *c, const struct ld_fact *f,
			      const Custody__Manifest *m, share_fn fn)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < m->n_shares; i++) {
		size_t mark = ld_mark(c);
		Custody__Manifest *parent;

		err = ld_manifest_get(c, m->shares[i]->manifest, &parent);
		if (err == LD_OK)
			err = fn(c, f, parent, m->shares[i]);
		if (err == LD_OK)
			err = ld_manifest_put(c, parent);
		ld_release(c, mark);
		if (err == LD_ERR_NOT_FOUND)
			err = LD_OK;
	}
	return err;
}

/* CUSTODY-2 */
enum ld_err ld_shares_seal(struct ld_custody *c, Custody__Manifest *m)
{
	enum ld_err err;

	if (m->created->n_parents == 0)
		return LD_OK;
	err = note_shares(c, m);
	if (err == LD_OK)
		err = note_containers(c, m);
	m->shares_counted = true;
	return err == LD_OK ? on_parents(c, NULL, m, count) : err;
}

enum ld_err ld_shares_give_back(struct ld_custody *c, Custody__Manifest *m)
{
	if (!m->shares_counted)
		return LD_OK;
	m->shares_counted = false;
	return on_parents(c, NULL, m, uncount);
}

/* ---- of a part ---- */

/* One share of the child for each of the parent's, empty. */
static enum ld_err same_shares(struct ld_custody *c, const Custody__Manifest *m,
			       Custody__Manifest *child)
{
	child->shares = ld_arena_alloc(c->arena, m->n_shares * sizeof(Custody__Share *));
	if (child->shares == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < m->n_shares; i++) {
		Custody__Share *s = ld_arena_dup(c->arena, m->shares[i], sizeof *s);

		if (s == NULL)
			return LD_ERR_NOMEM;
		s->mass_g = s->contained_g = 0;
		child->shares[child->n_shares++] = s;
	}
	return LD_OK;
}

/* came_by NULL: bulk. */
static void pass(Custody__Manifest *m, Custody__Manifest *child, const char *code,
		 const ProtobufCBinaryData *came_by, int64_t mass_g)
{
	for (size_t i = 0; mass_g > 0 && i < m->n_shares; i++) {
		Custody__Share *from = m->shares[i], *to = child->shares[i];
		const int64_t has =
		    came_by != NULL ? from->contained_g : ld_sub_g(from->mass_g, from->contained_g);
		const int64_t g = mass_g < has ? mass_g : has;

		if (strcmp(from->code, code) != 0 ||
		    (came_by != NULL && !ld_same_id(from->manifest, *came_by)))
			continue;
		from->mass_g -= g;
		to->mass_g += g;
		from->contained_g -= came_by != NULL ? g : 0;
		to->contained_g += came_by != NULL ? g : 0;
		mass_g -= g;
	}
}

static enum ld_err pass_item(struct ld_custody *c, Custody__Manifest *m, Custody__Manifest *child,
			     const Liandan__Item *item)
{
	const Liandan__Line *line = ld_manifest_line(child, item->line);
	size_t mark = ld_mark(c);
	Custody__Container *k;
	enum ld_err err;

	if (item->container[0] == '\0') {
		if (line != NULL)
			pass(m, child, line->code, NULL, item->mass_g);
		return LD_OK;
	}
	err = ld_container_get(c, item->container, &k);
	if (err == LD_OK && k->came_by.len != 0)
		pass(m, child, k->code, &k->came_by, item->mass_g);
	for (size_t i = 0; err == LD_OK && i < k->n_origins; i++)
		pass(m, child, k->code, &k->origins[i]->manifest, k->origins[i]->mass_g);
	ld_release(c, mark);
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

enum ld_err ld_shares_part(struct ld_custody *c, Custody__Manifest *m, Custody__Manifest *child)
{
	enum ld_err err;

	if (m->n_shares == 0)
		return LD_OK;
	err = same_shares(c, m, child);
	child->shares_counted = m->shares_counted;
	for (size_t i = 0; err == LD_OK && i < child->n_items; i++)
		err = pass_item(c, m, child, child->items[i]);
	return err;
}

/* ---- leaving ---- */

static enum ld_err link(struct ld_custody *c, const struct ld_fact *f, const Custody__Manifest *m)
{
	const struct ld_node to = ld_node_manifest(m->manifest);
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < m->n_shares; i++) {
		const struct ld_node from = ld_node_manifest(m->shares[i]->manifest);

		if (m->shares[i]->mass_g != 0) /* a part may have none of it */
			err = ld_lineage_add(c, &from, &to, m->shares[i]->mass_g, f->index);
	}
	return err;
}

/* CUSTODY-6 */
enum ld_err ld_shares_leave(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m)
{
	enum ld_err err = LD_OK;

	if (m->n_shares == 0)
		return LD_OK;
	if (!m->shares_counted)
		err = on_parents(c, f, m, count);
	if (err == LD_OK)
		err = on_parents(c, f, m, gone);
	if (err == LD_OK)
		err = link(c, f, m);
	m->shares_counted = false;
	m->n_shares = 0;
	return err;
}
