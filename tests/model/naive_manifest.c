/* Rows 1, 2, 4: from the draft to the seal. */
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/waste_code.h"
#include "tests/model/naive.h"

#define SMALL_G 3000000 /* below: the same person on both sides is flagged, not refused */
#define DRAFT_MS (INT64_C(30) * 86400000)
#define PICKUP_MS (INT64_C(10) * 86400000)
#define PIPELINE_MS (INT64_C(366) * 86400000)

/* ---- states, persons, loads: also for the rows behind ---- */

uint32_t nv_bits(const struct nv_manifest *m)
{
	uint32_t b = 1u << m->state;

	if (m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT) {
		b |= m->stored ? NV_STORED : NV_ROAD;
		b |= m->was_stored ? 0 : NV_UNSTORED;
	}
	if (m->flows && m->state == CUSTODY__MANIFEST_STATE__SEALED)
		b |= NV_FLOWS;
	if (m->sealed && (m->state == CUSTODY__MANIFEST_STATE__CANCELLED ||
			  m->state == CUSTODY__MANIFEST_STATE__EXPIRED))
		b |= NV_ENDED;
	if (m->state == CUSTODY__MANIFEST_STATE__ARRIVED &&
	    strcmp(m->arrived_site, m->created->receiver->site) != 0)
		b |= NV_ASTRAY;
	return b;
}

struct nv_said nv_state(const struct nv *nv, const struct nv_manifest *m, uint32_t from,
			uint32_t waits)
{
	const uint32_t b = nv_bits(m);

	if ((b & from) != 0)
		return nv_ok();
	if ((b & waits) == 0)
		return NV_REFUSED(OUT_OF_ORDER);
	return nv->wrong == NV_FACTS_ARE_REFUSED ? NV_REFUSED(OUT_OF_ORDER)
						 : NV_HELD(WAITS_FOR_STATE);
}

struct nv_line *nv_line_of(const struct nv_manifest *m, uint32_t line)
{
	for (size_t i = 0; m != NULL && i < m->n_lines; i++)
		if (m->line[i].line == line)
			return (struct nv_line *)(uintptr_t)&m->line[i];
	return NULL;
}

static bool small_generator(const struct nv *nv, const struct nv_manifest *m)
{
	int64_t all = 0;

	for (size_t i = 0; i < nv->n_party; i++)
		if (nv->party[i].small && strcmp(nv->party[i].party, m->created->generator) == 0)
			return true;
	for (size_t i = 0; i < m->n_lines; i++)
		all += m->line[i].declared_g;
	return all < SMALL_G;
}

bool nv_same_person(const struct nv *nv, const struct nv_manifest *m, const char *giver,
		    const struct nv_event *v)
{
	char taker[NV_ID];

	nv_person_of(v->by, taker);
	return nv->wrong != NV_SAME_PERSON_MAY && strcmp(giver, taker) == 0 &&
	       !small_generator(nv, m);
}

void nv_move_all(struct nv *nv, const struct nv_manifest *m, Custody__ContainerState state,
		 const char *party, const char *site)
{
	for (size_t i = 0; i < m->n_items; i++) {
		struct nv_container *k = nv_container_named(nv, m->item[i].container);

		if (k == NULL || !k->bound || memcmp(k->by, m->id, sizeof k->by) != 0)
			continue;
		if (state != CUSTODY__CONTAINER_STATE__CONTAINER_STATE_UNSPECIFIED)
			k->state = state;
		if (party != NULL)
			nv_copy(k->party, party);
		if (site != NULL)
			nv_copy(k->site, site);
	}
}

#define ACT(NAME) ((uint32_t)LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_##NAME)

/* The delegation covers the act, each waste, and what is sealed. */
bool nv_covered(const struct nv *nv, const struct nv_event *v)
{
	const Liandan__Event *e = v->e;
	const struct nv_manifest *m = e->body_case == LIANDAN__EVENT__BODY_MANIFEST_CREATED
					  ? NULL
					  : nv_manifest_of(nv, nv_names(v));
	uint32_t action = ACT(OFFER);
	int64_t sum = 0;

	if (m == NULL) {
		for (size_t i = 0; i < e->manifest_created->n_lines; i++)
			if (!nv_delegate_covers(nv, v, ACT(CREATE),
						e->manifest_created->lines[i]->code))
				return false;
		return nv_delegate_covers(nv, v, ACT(CREATE), NULL);
	}
	if (e->body_case == LIANDAN__EVENT__BODY_MANIFEST_SEALED)
		action = ACT(SEAL);
	if (e->body_case == LIANDAN__EVENT__BODY_MANIFEST_CANCELLED)
		action = m->state == CUSTODY__MANIFEST_STATE__DRAFT ? ACT(CREATE) | ACT(SEAL)
								    : ACT(SEAL);
	for (size_t i = 0; i < m->n_lines; i++) {
		if (!nv_delegate_covers(nv, v, action, m->line[i].code))
			return false;
		sum += m->line[i].declared_g;
	}
	return e->body_case != LIANDAN__EVENT__BODY_MANIFEST_SEALED ||
	       nv_delegate_has_room(nv, v, sum);
}

/* A key of the generator's, or its delegate. */
struct nv_said nv_for_generator(const struct nv *nv, const struct nv_event *v,
				const char *generator)
{
	const bool own = v->e->delegation[0] == '\0';
	const char *party = nv_acts_for(nv, v);

	if (nv->wrong == NV_ANYBODY_DELEGATES && !own && party[0] != '\0')
		return nv_ok();
	if (own && nv_has(v->by, LIANDAN__ROLE__ROLE_GENERATOR) && strcmp(party, generator) == 0)
		return nv_ok();
	/* its own generator's key needs no delegation */
	if (!own && nv_has(v->by, LIANDAN__ROLE__ROLE_GENERATOR) &&
	    strcmp(v->by->party, generator) == 0)
		return nv_ok();
	if (!own)
		return strcmp(party, generator) == 0 && nv_covered(nv, v) ? nv_ok()
									  : NV_REFUSED_SOMEHOW;
	return NV_REFUSED(WRONG_ROLE);
}

/* ---- row 1 ---- */

const struct nv_party *nv_party_with(const struct nv *nv, const char *party, uint32_t roles)
{
	for (size_t i = 0; i < nv->n_party; i++)
		if (strcmp(nv->party[i].party, party) == 0 && (nv->party[i].roles & roles) != 0)
			return &nv->party[i];
	return NULL;
}

static struct nv_said lines_said(const Liandan__ManifestCreated *b)
{
	if (b->n_lines == 0 || b->n_lines > LD_MAX_LINES)
		return NV_REFUSED_SOMEHOW;
	for (size_t i = 0; i < b->n_lines; i++) {
		if (b->lines[i]->quantity == NULL || b->lines[i]->quantity->mass_g <= 0 ||
		    !nv_in_range(b->lines[i]->quantity->mass_g))
			return NV_REFUSED_SOMEHOW;
		for (size_t k = 0; k < i; k++)
			if (b->lines[k]->line == b->lines[i]->line)
				return NV_REFUSED_SOMEHOW;
	}
	for (size_t i = 0; i < b->n_lines; i++)
		if (ld_waste_code_find(b->lines[i]->code_system, b->lines[i]->code) == NULL)
			return NV_REFUSED(BAD_WASTE_CODE);
	return nv_ok();
}

static struct nv_said created(struct nv *nv, const struct nv_event *v)
{
	const Liandan__ManifestCreated *b = v->e->manifest_created;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	const char *owner;
	bool first = false;
	struct nv_said said = nv_for_generator(nv, v, b->generator);

	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (m != NULL && strcmp(m->created->generator, b->generator) != 0)
		return NV_REFUSED_SOMEHOW;
	if (m != NULL)
		return NV_REFUSED(ALREADY_EXISTS);
	if (b->kind != LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL &&
	    b->kind != LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD)
		return NV_REFUSED_SOMEHOW;
	if (!nv_parents_can_be(nv, b))
		return NV_REFUSED_SOMEHOW;
	if (b->receiver == NULL ||
	    !nv_party_with(nv, b->receiver->party, LIANDAN__ROLE__ROLE_RECEIVER))
		return NV_REFUSED(UNKNOWN_PARTY);
	owner = nv_owner_of(nv, b->site);
	if (owner == NULL || strcmp(owner, b->generator) != 0)
		return NV_REFUSED(UNKNOWN_SITE);
	owner = nv_owner_of(nv, b->receiver->site);
	if (owner == NULL || strcmp(owner, b->receiver->party) != 0)
		return NV_REFUSED(UNKNOWN_SITE);
	if (strcmp(b->site, b->receiver->site) == 0)
		return NV_REFUSED_SOMEHOW;
	for (size_t i = 0; i < b->n_carriers; i++) {
		if (!nv_party_with(nv, b->carriers[i]->party, LIANDAN__ROLE__ROLE_CARRIER))
			return NV_REFUSED(UNKNOWN_PARTY);
		first = first || b->carriers[i]->order == 1;
	}
	if (!first && b->n_carriers != 0) /* none at all: by pipeline */
		return NV_REFUSED_SOMEHOW;
	said = lines_said(b);
	if (said.verdict == LIANDAN__VERDICT__ACCEPTED &&
	    (!nv_shares_fit(nv, b) || !nv_parents_left(nv, b)))
		return NV_REFUSED_SOMEHOW;
	if (said.verdict == LIANDAN__VERDICT__ACCEPTED && nv_held_back(nv, v, b, NULL))
		return NV_REFUSED(ON_HOLD);
	return said;
}

/* When the signer says, where that can be. */
static int64_t signed_at(const struct nv_event *v, int64_t earliest_ms)
{
	const int64_t at = v->e->occurred_at_ms;

	return at >= earliest_ms && at <= v->at_ms ? at : v->at_ms;
}

static void create(struct nv *nv, const struct nv_event *v)
{
	const Liandan__ManifestCreated *b = v->e->manifest_created;
	size_t n = liandan__manifest_created__get_packed_size(b);
	uint8_t *bytes = malloc(n);
	struct nv_manifest *m;

	NV_GROW(nv->manifest, nv->n_manifest, nv->cap_manifest);
	m = &nv->manifest[nv->n_manifest++];
	memset(m, 0, sizeof *m);
	memcpy(m->id, b->manifest.data, sizeof m->id);
	if (bytes == NULL || b->n_lines > NV_LINES)
		abort();
	liandan__manifest_created__pack(b, bytes);
	m->created = liandan__manifest_created__unpack(NULL, n, bytes);
	free(bytes);
	if (m->created == NULL)
		abort();
	for (size_t i = 0; i < b->n_lines; i++) {
		m->line[i].line = b->lines[i]->line;
		nv_copy(m->line[i].code, b->lines[i]->code);
		m->line[i].declared_g = b->lines[i]->quantity->mass_g;
	}
	m->n_lines = b->n_lines;
	m->state = CUSTODY__MANIFEST_STATE__DRAFT;
	m->version = 1;
	nv_copy(m->holder, b->generator);
	nv_copy(m->number, b->number);
	m->created_ms = signed_at(v, 0);
	m->draft_due_ms = v->at_ms + DRAFT_MS;
}

/* ---- row 2 ---- */

/* SHA-256 of the draft's bytes, then of each item's, in order. */
static void content_of(const struct nv_manifest *m, const Liandan__ManifestSealed *b,
		       uint8_t out[LD_HASH_BYTES])
{
	size_t n = liandan__manifest_created__get_packed_size(m->created), at;
	uint8_t *bytes;

	for (size_t i = 0; i < b->n_items; i++)
		n += liandan__item__get_packed_size(b->items[i]);
	bytes = malloc(n);
	if (bytes == NULL)
		abort();
	at = liandan__manifest_created__pack(m->created, bytes);
	for (size_t i = 0; i < b->n_items; i++)
		at += liandan__item__pack(b->items[i], bytes + at);
	ld_sha256(bytes, at, out);
	free(bytes);
}

static bool bulk_is_estimated(const struct nv_manifest *m, uint32_t line)
{
	for (size_t i = 0; i < m->created->n_lines; i++)
		if (m->created->lines[i]->line == line)
			return m->created->lines[i]->quantity->basis ==
			       LIANDAN__BASIS__BASIS_ESTIMATED;
	return false;
}

/* What stands in containers of that code at the place. */
int64_t nv_boxed_g(const struct nv *nv, const char *party, const char *site, const char *code)
{
	int64_t sum = 0;

	for (size_t i = 0; i < nv->n_container; i++) {
		const struct nv_container *k = &nv->container[i];

		if (nv_container_in_stock(k) && strcmp(k->party, party) == 0 &&
		    strcmp(k->site, site) == 0 && strcmp(k->code, code) == 0)
			sum += k->mass_g;
	}
	return sum;
}

/* Containers: there, and with what the item says. */
static struct nv_said boxes_said(struct nv *nv, const struct nv_manifest *m,
				 const Liandan__ManifestSealed *b)
{
	for (size_t i = 0; i < b->n_items; i++) {
		const struct nv_container *k = nv_container_named(nv, b->items[i]->container);

		if (b->items[i]->container[0] == '\0')
			continue;
		if (k == NULL)
			return NV_REFUSED(UNKNOWN_CONTAINER);
		if (!nv_container_in_stock(k) || k->state == CUSTODY__CONTAINER_STATE__BOUND ||
		    strcmp(k->party, m->created->generator) != 0 ||
		    strcmp(k->site, m->created->site) != 0)
			return NV_REFUSED(CONTAINER_ELSEWHERE);
	}
	for (size_t i = 0; i < b->n_items; i++) {
		const struct nv_container *k = nv_container_named(nv, b->items[i]->container);

		if (k != NULL && (k->mass_g != b->items[i]->mass_g ||
				  strcmp(k->code, nv_line_of(m, b->items[i]->line)->code) != 0))
			return NV_REFUSED_SOMEHOW;
	}
	return nv_ok();
}

static struct nv_said items_said(struct nv *nv, const struct nv_manifest *m,
				 const Liandan__ManifestSealed *b)
{
	struct nv_said said;

	for (size_t i = 0; i < b->n_items; i++)
		for (size_t k = 0; k < i; k++)
			if (b->items[i]->container[0] != '\0' &&
			    strcmp(b->items[i]->container, b->items[k]->container) == 0)
				return NV_REFUSED_SOMEHOW;
	for (size_t i = 0; i < b->n_items; i++)
		if (nv_line_of(m, b->items[i]->line) == NULL || b->items[i]->mass_g <= 0)
			return NV_REFUSED_SOMEHOW;
	said = boxes_said(nv, m, b);
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	for (size_t i = 0; i < m->n_lines; i++) {
		int64_t sum = 0;

		for (size_t k = 0; k < b->n_items; k++)
			if (b->items[k]->line == m->line[i].line)
				sum += b->items[k]->mass_g;
		if (sum != m->line[i].declared_g)
			return NV_REFUSED(QUANTITY);
	}
	return nv_ok();
}

/* CUSTODY, Stock: negative book stock blocks seals; bulk must be free unless it is estimated. */
static struct nv_said book_said(struct nv *nv, const struct nv_manifest *m,
				const Liandan__ManifestSealed *b)
{
	const char *party = m->created->generator, *site = m->created->site;

	for (size_t i = 0; i < m->n_lines; i++)
		if (nv_in_stock(nv_stock_at(nv, party, site, m->line[i].code)) < 0)
			return NV_REFUSED(QUANTITY);
	for (size_t i = 0; i < m->n_lines; i++) {
		const struct nv_stock *s = nv_stock_at(nv, party, site, m->line[i].code);
		int64_t bulk = 0;

		for (size_t k = 0; k < b->n_items; k++) {
			const struct nv_line *l = nv_line_of(m, b->items[k]->line);

			if (b->items[k]->container[0] == '\0' &&
			    strcmp(l->code, m->line[i].code) == 0 && !bulk_is_estimated(m, l->line))
				bulk += b->items[k]->mass_g;
		}
		if (bulk > 0 &&
		    nv_in_stock(s) - nv_boxed_g(nv, party, site, s->code) - s->bound_g < bulk)
			return NV_REFUSED_SOMEHOW;
	}
	return nv_ok();
}

/* What the generator does with a manifest that is here. */
static struct nv_said of_draft(const struct nv *nv, const struct nv_event *v,
			       const struct nv_manifest *m)
{
	if (v->e->delegation[0] == '\0' && !nv_has(v->by, LIANDAN__ROLE__ROLE_GENERATOR))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_REFUSED_SOMEHOW;
	return nv_for_generator(nv, v, m->created->generator);
}

static struct nv_said sealed(struct nv *nv, const struct nv_event *v)
{
	const Liandan__ManifestSealed *b = v->e->manifest_sealed;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	uint8_t content[LD_HASH_BYTES];
	struct nv_said said = of_draft(nv, v, m);

	if (said.verdict == LIANDAN__VERDICT__ACCEPTED)
		said = nv_state(nv, m, NV_IN(DRAFT), 0);
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (nv_held_back(nv, v, m->created, m))
		return NV_REFUSED(ON_HOLD);
	content_of(m, b, content);
	if (b->version != 1 || !nv_id_is(b->content, content, sizeof content))
		return NV_REFUSED(BAD_CONTENT);
	said = items_said(nv, m, b);
	if (said.verdict == LIANDAN__VERDICT__ACCEPTED)
		said = book_said(nv, m, b);
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (!nv_parents_left(nv, m->created) || !nv_came_shared(nv, m, b))
		return NV_REFUSED_SOMEHOW;
	return nv_grant_said(nv, m, m->created->receiver->party, v->at_ms);
}

void nv_bind_bulk(struct nv *nv, const struct nv_manifest *m, int sign)
{
	for (size_t i = 0; i < m->n_items; i++)
		if (m->item[i].container[0] == '\0')
			nv_stock_at(nv, m->created->generator, m->created->site,
				    nv_line_of(m, m->item[i].line)->code)
			    ->bound_g += sign * m->item[i].mass_g;
}

/* What the seal asks for, but no longer than that. */
static int64_t sooner(int64_t asked_ms, int64_t from_ms, int64_t most_ms)
{
	return asked_ms > from_ms && asked_ms < from_ms + most_ms ? asked_ms : from_ms + most_ms;
}

static void seal(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	const Liandan__ManifestSealed *b = v->e->manifest_sealed;

	if (strcmp(v->by->party, m->created->generator) != 0) {
		nv_person_of(v->by, m->sealer);
		nv_copy(m->delegation, v->e->delegation);
	}
	m->sealed_year = nv_year(v->at_ms);
	m->closes_treated = nv->closes_treated;
	m->sealed_ms = signed_at(v, m->created_ms);
	m->pickup_due_ms = sooner(b->expires_ms, v->at_ms, PICKUP_MS);
	m->pipe_end_ms = sooner(b->expires_ms, m->sealed_ms, PIPELINE_MS);
	m->state = CUSTODY__MANIFEST_STATE__SEALED;
	m->sealed = true;
	memcpy(m->content, b->content.data, sizeof m->content);
	for (size_t i = 0; i < b->n_items; i++) {
		struct nv_container *k = nv_container_named(nv, b->items[i]->container);

		if (m->n_items == NV_ITEMS)
			abort();
		nv_copy(m->item[m->n_items].container, b->items[i]->container);
		m->item[m->n_items].line = b->items[i]->line;
		m->item[m->n_items++].mass_g = b->items[i]->mass_g;
		if (k == NULL)
			continue;
		k->before = k->state;
		k->state = CUSTODY__CONTAINER_STATE__BOUND;
		k->bound = true;
		memcpy(k->by, m->id, sizeof k->by);
	}
	nv_bind_bulk(nv, m, 1);
	nv_shares_seal(nv, m);
}

/* ---- row 4 ---- */

static struct nv_said cancelled(struct nv *nv, const struct nv_event *v)
{
	const struct nv_manifest *m = nv_find(nv, v->e->manifest_cancelled->manifest);
	struct nv_said said = of_draft(nv, v, m);

	if (said.verdict == LIANDAN__VERDICT__ACCEPTED)
		said = nv_state(nv, m, NV_IN(DRAFT) | NV_IN(SEALED), 0);
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (nv_held_back(nv, v, m->created, m))
		return NV_REFUSED(ON_HOLD);
	return m->child || m->flows || (m->offer.open && m->offer.expires_ms > v->at_ms)
		   ? NV_REFUSED(OUT_OF_ORDER)
		   : nv_ok();
}

/* Containers and bulk of a sealed one are free again. */
void nv_free_bound(struct nv *nv, struct nv_manifest *m)
{
	nv_bind_bulk(nv, m, -1);
	nv_shares_back(nv, m);
	for (size_t i = 0; i < m->n_items && nv->wrong != NV_CANCEL_KEEPS_BOUND; i++) {
		struct nv_container *k = nv_container_named(nv, m->item[i].container);

		if (k == NULL || !k->bound || memcmp(k->by, m->id, sizeof k->by) != 0)
			continue;
		k->state = k->before;
		k->bound = false;
	}
}

static void cancel(struct nv *nv, struct nv_manifest *m)
{
	if (m->state == CUSTODY__MANIFEST_STATE__SEALED)
		nv_free_bound(nv, m);
	m->state = CUSTODY__MANIFEST_STATE__CANCELLED;
	m->offer.open = false;
}

/* ---- all of them ---- */

struct nv_said nv_judge_manifest(struct nv *nv, const struct nv_event *v)
{
	switch ((int)v->e->body_case) {
	case LIANDAN__EVENT__BODY_MANIFEST_CREATED:
		return created(nv, v);
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
		return sealed(nv, v);
	case LIANDAN__EVENT__BODY_MANIFEST_CANCELLED:
		return cancelled(nv, v);
	default:
		return nv_judge_handover(nv, v);
	}
}

void nv_apply_manifest(struct nv *nv, const struct nv_event *v)
{
	const Liandan__Event *e = v->e;

	switch ((int)e->body_case) {
	case LIANDAN__EVENT__BODY_MANIFEST_CREATED:
		create(nv, v);
		break;
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
		seal(nv, nv_find(nv, e->manifest_sealed->manifest), v);
		break;
	case LIANDAN__EVENT__BODY_MANIFEST_CANCELLED:
		cancel(nv, nv_find(nv, e->manifest_cancelled->manifest));
		break;
	default:
		nv_apply_handover(nv, v);
		break;
	}
}
