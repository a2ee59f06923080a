/* Parts: what another truck takes, what is refused, what goes back or elsewhere, as manifests of
 * their own. Rows 6, 14, 16. */
#include <stdlib.h>
#include <string.h>

#include "tests/model/naive.h"

/* ---- which part ---- */

static int64_t picked(const struct nv_part *p, const char *container, uint32_t line)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->item[i].container, container) == 0 &&
		    (container[0] != '\0' || p->item[i].line == line))
			sum += p->item[i].mass_g;
	return sum;
}

/* A container as the manifest has it, once; bulk of a line, at most what is left of it. */
static bool pick_one(const struct nv_manifest *m, const char *container, uint32_t line,
		     int64_t mass_g, struct nv_part *out)
{
	const struct nv_item *is = NULL;
	const int64_t before = picked(out, container, line);
	int64_t there = 0;

	for (size_t i = 0; i < m->n_items; i++) {
		if (strcmp(m->item[i].container, container) != 0 ||
		    (container[0] == '\0' && m->item[i].line != line))
			continue;
		is = is != NULL ? is : &m->item[i];
		there += m->item[i].mass_g;
	}
	if (is == NULL || (container[0] != '\0' && before != 0))
		return false;
	there -= before;
	if (container[0] == '\0' && (mass_g <= 0 || there <= 0))
		return false;
	out->item[out->n] = *is;
	out->item[out->n].mass_g = container[0] != '\0' || mass_g > there ? there : mass_g;
	out->n++;
	return container[0] != '\0' ? mass_g == 0 || mass_g == there : mass_g <= there;
}

bool nv_pick(const struct nv_manifest *m, Liandan__Item *const *named, size_t n,
	     struct nv_part *out)
{
	bool all = true;

	out->n = 0;
	for (size_t i = 0; i < n && out->n < NV_ITEMS; i++)
		all &= pick_one(m, named[i]->container, named[i]->line, named[i]->mass_g, out);
	return all;
}

bool nv_taken_part(const struct nv_manifest *m, const Liandan__HandoverTaken *b,
		   struct nv_part *out)
{
	const bool offered = m->offer.there && nv_id_is(b->offer, m->offer.hash, LD_HASH_BYTES);
	bool all = true;

	if (b->n_items != 0 || !offered)
		return nv_pick(m, b->items, b->n_items, out);
	out->n = 0;
	for (size_t i = 0; i < m->offer.n_items; i++)
		all &= pick_one(m, m->offer.item[i].container, m->offer.item[i].line,
				m->offer.item[i].mass_g, out);
	return all;
}

struct nv_said nv_child_said(struct nv *nv, const struct nv_manifest *m, const struct nv_part *part)
{
	(void)nv;
	if (m->passed + m->created->n_lines > NV_PASSED)
		return NV_REFUSED(LIMIT);
	return part->n != 0 ? nv_ok() : NV_REFUSED(QUANTITY);
}

/* ---- the part leaves ---- */

static void take_off(struct nv_manifest *m, const struct nv_item *gone)
{
	int64_t due = gone->mass_g;
	size_t n = 0;

	for (size_t i = 0; i < m->n_items; i++) {
		struct nv_item *it = &m->item[i];
		const bool same = strcmp(it->container, gone->container) == 0 &&
				  (gone->container[0] != '\0' || it->line == gone->line);
		const int64_t goes = !same ? 0 : due < it->mass_g ? due : it->mass_g;

		due -= goes;
		it->mass_g -= goes;
		if (it->mass_g != 0 || !same)
			m->item[n++] = *it;
	}
	m->n_items = n;
}

/* The parent's draft, for the child. */
static Liandan__ManifestCreated *draft_of(const struct nv_manifest *m, ProtobufCBinaryData child,
					  Liandan__ManifestKind kind)
{
	const size_t n = liandan__manifest_created__get_packed_size(m->created);
	uint8_t *bytes = malloc(n);
	Liandan__ManifestCreated *b;

	if (bytes == NULL)
		abort();
	liandan__manifest_created__pack(m->created, bytes);
	b = liandan__manifest_created__unpack(NULL, n, bytes);
	free(bytes);
	if (b == NULL)
		abort();
	memcpy(b->manifest.data, child.data, LD_UUID_BYTES);
	b->kind = kind;
	return b;
}

static void child_lines(struct nv_manifest *child, struct nv_manifest *m)
{
	child->n_lines = 0;
	for (size_t i = 0; i < m->n_lines; i++) {
		struct nv_line l = m->line[i];

		l.declared_g = l.accepted_g = l.passed_g = 0;
		for (size_t k = 0; k < child->n_items; k++)
			l.declared_g += child->item[k].line == l.line ? child->item[k].mass_g : 0;
		if (l.declared_g == 0)
			continue;
		child->line[child->n_lines++] = l;
		m->line[i].passed_g += l.declared_g;
		m->passed++;
	}
}

struct nv_manifest *nv_leave(struct nv *nv, struct nv_manifest *m, const struct nv_part *part,
			     ProtobufCBinaryData id, Liandan__ManifestKind kind)
{
	const size_t parent = (size_t)(m - nv->manifest);
	struct nv_manifest *child;

	NV_GROW(nv->manifest, nv->n_manifest, nv->cap_manifest);
	m = &nv->manifest[parent];
	child = &nv->manifest[nv->n_manifest++];
	*child = *m; /* place, state, custody, content */
	memcpy(child->id, id.data, sizeof child->id);
	child->created = draft_of(m, id, kind);
	child->child = true;
	child->number[0] = '\0';
	child->n_items = part->n;
	memcpy(child->item, part->item, sizeof child->item);
	child_lines(child, m);
	memset(&child->offer, 0, sizeof child->offer);
	child->stopped = child->stored = child->was_stored = false;
	child->n_discrepancies = child->n_unpacked = child->passed = 0;
	child->bulk_treated_g = child->lost_g = 0;
	child->stored_g = child->treated_g = child->gone_g = 0;
	child->proposal = NULL;
	child->confirmed = true;
	child->pickup_due_ms = INT64_MAX;
	nv_shares_part(nv, m, child);
	for (size_t i = 0; i < part->n; i++) {
		struct nv_container *k = nv_container_named(nv, part->item[i].container);

		if (k != NULL && k->bound && memcmp(k->by, m->id, sizeof k->by) == 0)
			memcpy(k->by, child->id, sizeof k->by);
		if (nv->wrong != NV_PART_STAYS_TOO)
			take_off(m, &part->item[i]);
	}
	if (m->n_items == 0 && m->state != CUSTODY__MANIFEST_STATE__CANCELLED &&
	    m->state != CUSTODY__MANIFEST_STATE__EXPIRED &&
	    kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT)
		m->closing = true;
	return child;
}

/* ---- row 14 ---- */

static bool in_range_all(const Liandan__PartlyAccepted *b)
{
	for (size_t i = 0; i < b->n_lines; i++)
		if (!nv_in_range(b->lines[i]->mass_g))
			return false;
	for (size_t i = 0; i < b->n_refused; i++)
		if (!nv_in_range(b->refused[i]->item->mass_g))
			return false;
	return true;
}

static void refused_part(const struct nv_manifest *m, const Liandan__PartlyAccepted *b,
			 struct nv_part *part)
{
	Liandan__Item *items[NV_ITEMS];
	size_t n = 0;

	while (n < b->n_refused && n < NV_ITEMS) {
		items[n] = b->refused[n]->item;
		n++;
	}
	nv_pick(m, items, n, part);
}

static struct nv_said partly(struct nv *nv, const struct nv_event *v)
{
	const Liandan__PartlyAccepted *b = v->e->partly_accepted;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	struct nv_part part;
	struct nv_said said;

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	if (!nv_receives(m, v->by))
		return NV_REFUSED(WRONG_ROLE);
	said =
	    nv_state(nv, m, NV_IN(VERIFYING),
		     NV_IN(DRAFT) | NV_IN(SEALED) | NV_IN(IN_TRANSIT) | NV_IN(ARRIVED) | NV_ENDED);
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (!in_range_all(b))
		return NV_REFUSED(QUANTITY);
	if (nv_find(nv, b->child) != NULL)
		return NV_REFUSED(ALREADY_EXISTS);
	refused_part(m, b, &part);
	return nv_child_said(nv, m, &part);
}

/* What was refused is a child, rejected; the rest is accepted. */
static void accept_partly(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	const Liandan__PartlyAccepted *b = v->e->partly_accepted;
	const bool truck = nv_on_truck(m, v, b->waste_is_on);
	struct nv_manifest *child;
	struct nv_part part;

	refused_part(m, b, &part);
	child = nv_leave(nv, m, &part, b->child, LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT);
	m = nv_find(nv, b->manifest);
	child->state = CUSTODY__MANIFEST_STATE__REJECTED_ALL;
	child->on_truck = truck;
	nv_sign(child, nv, v);
	m->state = CUSTODY__MANIFEST_STATE__PARTLY_ACCEPTED;
	nv_accept(nv, m, b->lines, b->n_lines);
	for (size_t i = 0; i < part.n && nv->wrong == NV_REFUSED_IS_ACCEPTED; i++)
		for (size_t k = 0; k < m->n_lines; k++)
			if (m->line[k].line == part.item[i].line)
				nv_stock_at(nv, m->created->receiver->party,
					    m->created->receiver->site, m->line[k].code)
				    ->received_g += part.item[i].mass_g;
	if (!truck)
		return;
	nv_copy(child->holder, child->carrier);
	nv_move_all(nv, child, CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT, child->carrier, "");
}

/* ---- row 16 ---- */

static bool has_role(const struct nv *nv, const char *party, uint32_t role)
{
	for (size_t i = 0; i < nv->n_party; i++)
		if (strcmp(nv->party[i].party, party) == 0)
			return (nv->party[i].roles & role) != 0;
	return false;
}

static struct nv_said place_said(const struct nv *nv, const struct nv_manifest *m,
				 const Liandan__Redirected *b)
{
	const bool back = b->kind == LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;
	const char *owner = nv_owner_of(nv, b->receiver->site);

	if (back != (strcmp(b->receiver->party, m->created->generator) == 0) ||
	    (!back && !has_role(nv, b->receiver->party, LIANDAN__ROLE__ROLE_RECEIVER)))
		return NV_REFUSED(UNKNOWN_PARTY);
	if (owner == NULL || strcmp(owner, b->receiver->party) != 0)
		return NV_REFUSED(UNKNOWN_SITE);
	if (strcmp(b->receiver->site, m->created->receiver->site) == 0)
		return NV_REFUSED_SOMEHOW;
	if (m->on_truck)
		return strcmp(b->carrier, m->holder) == 0 ? nv_ok() : NV_REFUSED_SOMEHOW;
	return has_role(nv, b->carrier, LIANDAN__ROLE__ROLE_CARRIER) ? nv_ok()
								     : NV_REFUSED(UNKNOWN_PARTY);
}

static struct nv_said redirected(struct nv *nv, const struct nv_event *v)
{
	const Liandan__Redirected *b = v->e->redirected;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	const bool official = nv_has(v->by, LIANDAN__ROLE__ROLE_AUTHORITY);
	bool own;
	struct nv_said said;

	if (!official && !nv_has(v->by, LIANDAN__ROLE__ROLE_GENERATOR))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_REFUSED(UNKNOWN_MANIFEST);
	own = nv_has(v->by, LIANDAN__ROLE__ROLE_GENERATOR) &&
	      strcmp(v->by->party, m->created->generator) == 0;
	if (!official && !own)
		return NV_REFUSED(WRONG_ROLE);
	said = nv_state(nv, m, NV_IN(REJECTED_ALL), 0);
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (nv_held_back(nv, v, m->created, m))
		return NV_REFUSED(ON_HOLD);
	if (nv_find(nv, b->child) != NULL)
		return NV_REFUSED(ALREADY_EXISTS);
	if (own ? m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN
		: b->order_no[0] == '\0')
		return NV_REFUSED(WRONG_ROLE);
	return place_said(nv, m, b);
}

static Liandan__Carrier *empty_carrier(void)
{
	Liandan__Carrier *c = malloc(sizeof *c);

	if (c == NULL)
		abort();
	liandan__carrier__init(c);
	c->party = NULL;
	return c;
}

static void new_way(struct nv_manifest *child, const Liandan__Redirected *b)
{
	Liandan__ManifestCreated *d = child->created;

	if (d->n_carriers == 0) { /* it might have gone by pipeline */
		d->carriers = malloc(sizeof *d->carriers);
		if (d->carriers == NULL)
			abort();
		d->carriers[d->n_carriers++] = empty_carrier();
	}
	while (d->n_carriers > 1)
		liandan__carrier__free_unpacked(d->carriers[--d->n_carriers], NULL);
	free(d->carriers[0]->party);
	free(d->receiver->party);
	free(d->receiver->site);
	d->carriers[0]->order = 1;
	d->carriers[0]->party = strdup(b->carrier);
	d->receiver->party = strdup(b->receiver->party);
	d->receiver->site = strdup(b->receiver->site);
	if (d->carriers[0]->party == NULL || d->receiver->party == NULL ||
	    d->receiver->site == NULL)
		abort();
	child->arrived_site[0] = '\0';
}

/* All of it goes on as a child: on the truck that has it, or from where it was put down. */
static void redirect(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	const Liandan__Redirected *b = v->e->redirected;
	const bool back = b->kind == LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;
	struct nv_part all = {.n = m->n_items};
	struct nv_manifest *child;

	memcpy(all.item, m->item, sizeof all.item);
	child = nv_leave(nv, m, &all, b->child,
			 back ? LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN
			      : LIANDAN__MANIFEST_KIND__MANIFEST_KIND_REDIRECT);
	m = nv_find(nv, b->manifest);
	m->closing = true;
	new_way(child, b);
	if (m->on_truck) {
		child->state = CUSTODY__MANIFEST_STATE__IN_TRANSIT;
		child->leg = 1;
	} else {
		child->state = CUSTODY__MANIFEST_STATE__SEALED;
		child->leg = 0;
		nv_copy(child->giver, m->holder);
		nv_copy(child->plate, "");
		nv_copy(child->carrier, "");
	}
	nv_sign(child, nv, v);
}

/* ---- both ---- */

struct nv_said nv_judge_part(struct nv *nv, const struct nv_event *v)
{
	return v->e->body_case == LIANDAN__EVENT__BODY_REDIRECTED ? redirected(nv, v)
								  : partly(nv, v);
}

void nv_apply_part(struct nv *nv, const struct nv_event *v)
{
	if (v->e->body_case == LIANDAN__EVENT__BODY_PARTLY_ACCEPTED)
		accept_partly(nv, nv_find(nv, v->e->partly_accepted->manifest), v);
	else if (v->e->body_case == LIANDAN__EVENT__BODY_REDIRECTED)
		redirect(nv, nv_find(nv, v->e->redirected->manifest), v);
}
