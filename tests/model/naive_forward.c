/* Kind FORWARD: a receiver sends on what it has accepted, and says of which manifests. Rows 1, 2,
 * 6: shares are counted on these parents from the seal on, theirs again when nobody picks it up,
 * and gone with the first leg. */
#include <stdlib.h>
#include <string.h>

#include "tests/model/naive.h"

static struct nv_line *parents_line(struct nv *nv, const Liandan__Parent *p)
{
	return nv_line_of(nv_find(nv, p->manifest), p->line);
}

/* ---- what a draft says ---- */

static bool parent_can_be(struct nv *nv, const Liandan__ManifestCreated *b, size_t at)
{
	const Liandan__Parent *p = b->parents[at];
	const struct nv_manifest *m = nv_find(nv, p->manifest);

	if (m == NULL || !(m->accepted || m->flows) || parents_line(nv, p) == NULL)
		return false;
	for (size_t i = 0; i < at; i++)
		if (b->parents[i]->line == p->line &&
		    nv_id_is(b->parents[i]->manifest, m->id, sizeof m->id))
			return false;
	return strcmp(m->created->receiver->party, b->generator) == 0 &&
	       strcmp(m->created->receiver->site, b->site) == 0 && p->mass_g != 0 &&
	       nv_in_range(p->mass_g);
}

bool nv_parents_can_be(struct nv *nv, const Liandan__ManifestCreated *b)
{
	const bool forwards = b->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD;

	if (forwards != (b->n_parents != 0))
		return false;
	for (size_t i = 0; i < b->n_parents; i++)
		if (!parent_can_be(nv, b, i))
			return false;
	return true;
}

/* Of that code, or of any (NULL); of that manifest, or of all. */
static int64_t asked_g(struct nv *nv, const Liandan__ManifestCreated *b, const char *code,
		       const uint8_t *manifest)
{
	int64_t sum = 0;

	for (size_t i = 0; i < b->n_parents; i++)
		if ((code == NULL || strcmp(parents_line(nv, b->parents[i])->code, code) == 0) &&
		    (manifest == NULL ||
		     nv_id_is(b->parents[i]->manifest, manifest, LD_UUID_BYTES)))
			sum += b->parents[i]->mass_g;
	return sum;
}

bool nv_shares_fit(struct nv *nv, const Liandan__ManifestCreated *b)
{
	for (size_t i = 0; i < b->n_parents; i++) {
		const char *code = parents_line(nv, b->parents[i])->code;
		int64_t leaves = 0;

		for (size_t k = 0; k < b->n_lines; k++)
			if (strcmp(b->lines[k]->code, code) == 0)
				leaves += b->lines[k]->quantity->mass_g;
		if (asked_g(nv, b, code, NULL) > leaves)
			return false;
	}
	return true;
}

int64_t nv_unshared_g(const struct nv_manifest *m)
{
	int64_t left = -m->treated_g - m->gone_g;

	for (size_t i = 0; i < m->n_lines; i++)
		left += m->line[i].accepted_g - m->line[i].shared_g;
	return left;
}

bool nv_parents_left(struct nv *nv, const Liandan__ManifestCreated *b)
{
	for (size_t i = 0; i < b->n_parents; i++) {
		const struct nv_manifest *m = nv_find(nv, b->parents[i]->manifest);
		const struct nv_line *l = parents_line(nv, b->parents[i]);

		if (b->parents[i]->mass_g > l->accepted_g - l->shared_g ||
		    asked_g(nv, b, NULL, m->id) > nv_unshared_g(m))
			return false;
	}
	return true;
}

/* ---- what a seal says ---- */

/* What its containers hold of that code and came by that manifest. */
static int64_t boxed_of(struct nv *nv, const Liandan__ManifestCreated *d,
			const Liandan__ManifestSealed *b, const char *code, const uint8_t *parent)
{
	int64_t sum = 0;

	for (size_t i = 0; i < b->n_items; i++) {
		const struct nv_container *k = nv_container_named(nv, b->items[i]->container);

		if (k == NULL || strcmp(k->code, code) != 0)
			continue;
		if (k->came && strcmp(k->generator, d->generator) != 0 &&
		    memcmp(k->came_by, parent, sizeof k->came_by) == 0)
			sum += b->items[i]->mass_g;
		for (size_t n = 0; n < k->n_origins; n++)
			if (memcmp(k->origin[n].manifest, parent, LD_UUID_BYTES) == 0)
				sum += k->origin[n].mass_g;
	}
	return sum;
}

bool nv_came_shared(struct nv *nv, const struct nv_manifest *m, const Liandan__ManifestSealed *b)
{
	const Liandan__ManifestCreated *d = m->created;

	for (size_t i = 0; i < b->n_items; i++) {
		const struct nv_container *k = nv_container_named(nv, b->items[i]->container);

		if (k == NULL)
			continue;
		if (k->came &&
		    boxed_of(nv, d, b, k->code, k->came_by) > asked_g(nv, d, k->code, k->came_by))
			return false;
		for (size_t n = 0; n < k->n_origins; n++)
			if (boxed_of(nv, d, b, k->code, k->origin[n].manifest) >
			    asked_g(nv, d, k->code, k->origin[n].manifest))
				return false;
	}
	return true;
}

/* ---- on the manifest that forwards ---- */

/* Drums of a manifest are in its shares, as far as these go. */
static void contain(struct nv_manifest *m, const uint8_t *parent, const char *code, int64_t mass_g)
{
	for (size_t i = 0; i < m->n_shares; i++) {
		struct nv_share *s = &m->share[i];
		const int64_t room = s->mass_g - s->boxed_g;
		const int64_t in = mass_g < room ? mass_g : room;

		if (memcmp(s->manifest, parent, sizeof s->manifest) != 0 ||
		    strcmp(s->code, code) != 0)
			continue;
		s->boxed_g += in;
		mass_g -= in;
	}
}

static void count(struct nv *nv, const struct nv_manifest *m, int sign)
{
	for (size_t i = 0; i < m->n_shares; i++)
		nv_line_of(
		    nv_find(nv, (ProtobufCBinaryData){LD_UUID_BYTES,
						      (uint8_t *)(uintptr_t)m->share[i].manifest}),
		    m->share[i].line)
		    ->shared_g += sign * m->share[i].mass_g;
}

void nv_shares_seal(struct nv *nv, struct nv_manifest *m)
{
	const Liandan__ManifestCreated *d = m->created;

	if (d->n_parents > NV_SHARES)
		abort();
	for (size_t i = 0; i < d->n_parents; i++) {
		struct nv_share *s = &m->share[m->n_shares++];

		memset(s, 0, sizeof *s);
		memcpy(s->manifest, d->parents[i]->manifest.data, sizeof s->manifest);
		s->line = d->parents[i]->line;
		s->mass_g = d->parents[i]->mass_g;
		nv_copy(s->code, parents_line(nv, d->parents[i])->code);
	}
	for (size_t i = 0; i < m->n_items; i++) {
		const struct nv_container *k = nv_container_named(nv, m->item[i].container);

		if (k != NULL && k->came)
			contain(m, k->came_by, k->code, m->item[i].mass_g);
		for (size_t n = 0; k != NULL && n < k->n_origins; n++)
			contain(m, k->origin[n].manifest, k->code, k->origin[n].mass_g);
	}
	m->shares_counted = true;
	count(nv, m, 1);
}

void nv_shares_back(struct nv *nv, struct nv_manifest *m)
{
	if (m->shares_counted && nv->wrong != NV_SHARES_STAY)
		count(nv, m, -1);
	m->shares_counted = false;
}

/* A part of it leaves: drums with the shares of what they came by, bulk with what is left of its
 * code. */
static void part(struct nv_manifest *m, struct nv_manifest *child, const uint8_t *parent,
		 const char *code, int64_t mass_g)
{
	for (size_t i = 0; i < m->n_shares; i++) {
		struct nv_share *from = &m->share[i], *to = &child->share[i];
		const int64_t has = parent != NULL ? from->boxed_g : from->mass_g - from->boxed_g;
		const int64_t g = mass_g < has ? mass_g : has;

		if (strcmp(from->code, code) != 0 ||
		    (parent != NULL && memcmp(from->manifest, parent, LD_UUID_BYTES) != 0))
			continue;
		from->mass_g -= g;
		to->mass_g += g;
		from->boxed_g -= parent != NULL ? g : 0;
		to->boxed_g += parent != NULL ? g : 0;
		mass_g -= g;
	}
}

void nv_shares_part(struct nv *nv, struct nv_manifest *m, struct nv_manifest *child)
{
	for (size_t i = 0; i < child->n_shares; i++)
		child->share[i].mass_g = child->share[i].boxed_g = 0;
	for (size_t i = 0; i < child->n_items; i++) {
		const struct nv_item *it = &child->item[i];
		const struct nv_container *k = nv_container_named(nv, it->container);

		if (it->container[0] == '\0')
			part(m, child, NULL, nv_line_of(child, it->line)->code, it->mass_g);
		if (k != NULL && k->came)
			part(m, child, k->came_by, k->code, it->mass_g);
		for (size_t n = 0; k != NULL && n < k->n_origins; n++)
			part(m, child, k->origin[n].manifest, k->code, k->origin[n].mass_g);
	}
}

void nv_shares_leave(struct nv *nv, struct nv_manifest *m)
{
	if (!m->shares_counted)
		count(nv, m, 1);
	for (size_t i = 0; i < m->n_shares; i++) {
		struct nv_manifest *parent =
		    nv_find(nv, (ProtobufCBinaryData){LD_UUID_BYTES, m->share[i].manifest});

		nv_line_of(parent, m->share[i].line)->bulk_gone_g +=
		    m->share[i].mass_g - m->share[i].boxed_g;
		parent->forwarded_g += m->share[i].mass_g;
	}
	m->shares_counted = false;
	m->n_shares = 0;
}
