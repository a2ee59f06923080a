/* Rows 5, 6: offered, withdrawn, declined, taken. */
#include <string.h>

#include "tests/model/naive.h"

#define OFFER_MS (INT64_C(3) * 86400000)
#define MAY_GIVE (LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER | NV_DRIVES)

/* ---- row 5 ---- */

static uint32_t giver_roles(const struct nv_manifest *m)
{
	if (m->leg == 0 && m->giver[0] != '\0')
		return LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR;
	return m->leg == 0 ? (uint32_t)LIANDAN__ROLE__ROLE_GENERATOR
	       : m->stored ? (uint32_t)LIANDAN__ROLE__ROLE_RECEIVER
			   : NV_DRIVES;
}

static bool gives(const struct nv_manifest *m, const struct nv_key *k)
{
	return nv_has(k, giver_roles(m)) &&
	       strcmp(k->party,
		      m->leg == 0 && m->giver[0] == '\0' ? m->created->generator : m->holder) == 0;
}

/* The giver; of leg 1 the generator's delegate too. */
static bool gives_or_acts(const struct nv *nv, const struct nv_manifest *m,
			  const struct nv_event *v)
{
	if (gives(m, v->by))
		return true;
	return v->e->delegation[0] != '\0' && m->leg == 0 && m->giver[0] == '\0' &&
	       ((strcmp(nv_acts_for(nv, v), m->created->generator) == 0 && nv_covered(nv, v)) ||
		nv->wrong == NV_ANYBODY_DELEGATES);
}

static struct nv_said offered(struct nv *nv, const struct nv_event *v)
{
	const Liandan__HandoverOffered *b = v->e->handover_offered;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	const uint32_t before = NV_IN(DRAFT) | NV_IN(SEALED) | NV_IN(IN_TRANSIT);
	struct nv_said said;
	struct nv_part part;

	if (v->e->delegation[0] == '\0' && !nv_has(v->by, MAY_GIVE))
		return NV_REFUSED(WRONG_ROLE);
	/* a carrier's offer of a later leg waits: it may be the holder then */
	if (m == NULL)
		return nv_has(v->by, NV_DRIVES) && b->leg > 1 ? NV_HELD(WAITS_FOR_STATE)
							      : NV_REFUSED_SOMEHOW;
	if (!gives_or_acts(nv, m, v)) {
		if (v->e->delegation[0] != '\0') /* later legs are the carriers' */
			return NV_REFUSED_SOMEHOW;
		if (nv_has(v->by, NV_DRIVES) && b->leg > m->leg + 1 && (nv_bits(m) & before) != 0)
			return NV_HELD(WAITS_FOR_STATE);
		return NV_REFUSED(WRONG_ROLE);
	}
	said = nv_state(nv, m, NV_IN(SEALED) | NV_IN(IN_TRANSIT), 0);
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (m->flows || b->leg <= m->leg)
		return NV_REFUSED(OUT_OF_ORDER);
	if (b->leg != m->leg + 1)
		return nv_has(v->by, NV_DRIVES) ? NV_HELD(WAITS_FOR_STATE) : NV_REFUSED_SOMEHOW;
	if (nv_held_back(nv, v, m->created, m))
		return NV_REFUSED(ON_HOLD);
	if (m->offer.open && m->offer.expires_ms > v->at_ms)
		return NV_REFUSED(OUT_OF_ORDER);
	if (!nv_id_is(b->content, m->content, sizeof m->content))
		return NV_REFUSED(BAD_CONTENT);
	if (!nv_party_with(nv, b->to_party, LIANDAN__ROLE__ROLE_CARRIER))
		return NV_REFUSED(UNKNOWN_PARTY);
	return b->n_items == 0 || nv_pick(m, b->items, b->n_items, &part) ? nv_ok()
									  : NV_REFUSED(QUANTITY);
}

static void offer(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	const Liandan__HandoverOffered *b = v->e->handover_offered;

	m->offer.there = m->offer.open = true;
	memcpy(m->offer.hash, v->hash, sizeof m->offer.hash);
	nv_copy(m->offer.to, b->to_party);
	nv_person_of(v->by, m->offer.person);
	m->offer.leg = b->leg;
	m->offer.n_items = 0;
	for (size_t i = 0; i < b->n_items && i < NV_ITEMS; i++) {
		struct nv_item *it = &m->offer.item[m->offer.n_items++];

		nv_copy(it->container, b->items[i]->container);
		it->line = b->items[i]->line;
		it->mass_g = b->items[i]->mass_g;
	}
	m->offer.expires_ms = b->expires_ms != 0 ? b->expires_ms : v->at_ms + OFFER_MS;
	if (nv->wrong == NV_MOVES_AT_THE_OFFER)
		nv_copy(m->holder, b->to_party);
}

static bool is_last_offer(const struct nv_manifest *m, ProtobufCBinaryData hash)
{
	return m->offer.there && nv_id_is(hash, m->offer.hash, sizeof m->offer.hash);
}

static struct nv_said the_open_offer(const struct nv_manifest *m, ProtobufCBinaryData hash)
{
	if (!is_last_offer(m, hash))
		return NV_REFUSED(UNKNOWN_OFFER);
	return m->offer.open ? nv_ok() : NV_REFUSED(OUT_OF_ORDER);
}

static struct nv_said withdrawn(struct nv *nv, const struct nv_event *v)
{
	const Liandan__OfferWithdrawn *b = v->e->offer_withdrawn;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	const bool own = v->e->delegation[0] == '\0';

	if (own && !nv_has(v->by, MAY_GIVE))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_REFUSED_SOMEHOW;
	if (!gives_or_acts(nv, m, v))
		return own ? NV_REFUSED(WRONG_ROLE) : NV_REFUSED_SOMEHOW;
	return the_open_offer(m, b->offer);
}

static struct nv_said declined(struct nv *nv, const struct nv_event *v)
{
	const Liandan__HandoverDeclined *b = v->e->handover_declined;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	const struct nv_effect *e =
	    b->offer.len == LD_HASH_BYTES ? nv_effect_of(nv, b->offer.data) : NULL;
	struct nv_said said;

	if (!nv_has(v->by, NV_DRIVES))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	if (e == NULL || e->verdict == LIANDAN__VERDICT__HELD)
		return NV_HELD(WAITS_FOR_CAUSE);
	said = the_open_offer(m, b->offer);
	if (said.verdict == LIANDAN__VERDICT__ACCEPTED && strcmp(m->offer.to, v->by->party) != 0)
		return NV_REFUSED(WRONG_ROLE);
	return said;
}

/* ---- row 6 ---- */

static const struct nv_key *giver_beside(const struct nv_manifest *m, const struct nv_event *v)
{
	for (size_t i = 0; i < v->n_cosigners; i++)
		if (v->cosigner[i] != NULL && gives(m, v->cosigner[i]))
			return v->cosigner[i];
	return NULL;
}

static bool named_for(const struct nv_manifest *m, uint32_t leg, const char *party)
{
	for (size_t i = 0; i < m->created->n_carriers; i++)
		if (m->created->carriers[i]->order == leg &&
		    strcmp(m->created->carriers[i]->party, party) == 0)
			return true;
	return false;
}

static struct nv_said taken(struct nv *nv, const struct nv_event *v)
{
	const Liandan__HandoverTaken *b = v->e->handover_taken;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	const struct nv_key *giver;
	const struct nv_effect *e =
	    b->offer.len == LD_HASH_BYTES ? nv_effect_of(nv, b->offer.data) : NULL;
	bool by_offer;
	struct nv_said said;
	struct nv_part part;
	char person[NV_ID] = "";

	if (!nv_has(v->by, NV_DRIVES))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	said = nv_state(nv, m, NV_IN(SEALED) | NV_IN(IN_TRANSIT) | NV_ENDED, NV_IN(DRAFT));
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (m->flows)
		return NV_REFUSED(OUT_OF_ORDER);
	if (b->child.len != 0 && nv_find(nv, b->child) != NULL)
		return NV_REFUSED(ALREADY_EXISTS);
	if (b->leg <= m->leg)
		return NV_REFUSED(OUT_OF_ORDER);
	if (b->leg > m->leg + 1)
		return NV_HELD(WAITS_FOR_STATE);
	giver = giver_beside(m, v);
	by_offer = e != NULL && e->verdict != LIANDAN__VERDICT__HELD &&
		   e->body == LIANDAN__EVENT__BODY_HANDOVER_OFFERED &&
		   memcmp(e->manifest, m->id, sizeof m->id) == 0;
	if (b->offer.len != 0 && (e == NULL || e->verdict == LIANDAN__VERDICT__HELD))
		return NV_HELD(WAITS_FOR_CAUSE); /* also where the giver cosigns */
	if (!by_offer && giver == NULL && nv->wrong != NV_TAKES_WITHOUT_OFFER)
		return NV_REFUSED(UNKNOWN_OFFER);
	if (is_last_offer(m, b->offer) ? strcmp(m->offer.to, v->by->party) != 0
				       : giver == NULL && !named_for(m, b->leg, v->by->party))
		return NV_REFUSED(WRONG_ROLE);
	if (by_offer)
		nv_copy(person, e->person);
	else if (giver != NULL)
		nv_person_of(giver, person);
	if (nv_same_person(nv, m, person, v) ||
	    (m->leg == 0 && m->sealer[0] != '\0' && nv_same_person(nv, m, m->sealer, v)))
		return NV_REFUSED(SAME_PERSON);
	if (b->child.len != 0) {
		nv_taken_part(m, b, &part);
		said = nv_child_said(nv, m, &part);
		if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
			return said;
	}
	return nv->wrong == NV_HOLDS_FACTS && nv_held_back(nv, v, m->created, m)
		   ? NV_REFUSED(ON_HOLD)
		   : nv_ok();
}

/* The generator's stock becomes the shipment: what of it stands there. */
static void ship(struct nv *nv, struct nv_manifest *m, const char *carrier)
{
	const char *party = m->created->generator, *site = m->created->site;

	if (m->state == CUSTODY__MANIFEST_STATE__SEALED)
		nv_bind_bulk(nv, m, -1);
	for (size_t i = 0; i < m->n_items; i++) {
		struct nv_stock *s =
		    nv_stock_at(nv, party, site, nv_line_of(m, m->item[i].line)->code);
		struct nv_container *k = nv_container_named(nv, m->item[i].container);

		if (m->item[i].container[0] == '\0') {
			s->shipped_g += nv->wrong == NV_SHIPS_NOTHING ? 0 : m->item[i].mass_g;
			continue;
		}
		if (!nv_container_in_stock(k) || strcmp(k->party, party) != 0 ||
		    strcmp(k->site, site) != 0)
			continue; /* it is elsewhere by the book */
		s->shipped_g += nv->wrong == NV_SHIPS_NOTHING ? 0 : k->mass_g;
		k->state = CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT;
		k->bound = true;
		k->came = false; /* it comes by this one next */
		k->n_origins = 0;
		memcpy(k->by, m->id, sizeof k->by);
		nv_copy(k->party, carrier);
		nv_copy(k->site, "");
	}
}

static void take(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	const Liandan__HandoverTaken *b = v->e->handover_taken;
	struct nv_part part;

	m->offer.open = false;
	if (b->child.len != 0) { /* a part goes on as a child, the rest stays where it is */
		nv_taken_part(m, b, &part);
		m = nv_leave(nv, m, &part, b->child, LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT);
		nv_sign(nv_find(nv, b->manifest), nv, v);
	}
	nv_shares_leave(nv, m);
	if (m->leg == 0 && m->giver[0] == '\0')
		ship(nv, m, v->by->party);
	else
		nv_move_all(nv, m, CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT, v->by->party,
			    "");
	m->state = CUSTODY__MANIFEST_STATE__IN_TRANSIT;
	m->leg = b->leg;
	nv_copy(m->holder, v->by->party);
	nv_copy(m->carrier, v->by->party);
	nv_person_of(v->by, m->holder_person);
	nv_copy(m->plate, b->plate);
	m->stopped = m->stored = m->was_stored = false;
	nv_sign(m, nv, v);
}

/* ---- all of them ---- */

struct nv_said nv_judge_handover(struct nv *nv, const struct nv_event *v)
{
	switch ((int)v->e->body_case) {
	case LIANDAN__EVENT__BODY_HANDOVER_OFFERED:
		return offered(nv, v);
	case LIANDAN__EVENT__BODY_OFFER_WITHDRAWN:
		return withdrawn(nv, v);
	case LIANDAN__EVENT__BODY_HANDOVER_DECLINED:
		return declined(nv, v);
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		return taken(nv, v);
	default:
		return NV_REFUSED(LIMIT);
	}
}

void nv_apply_handover(struct nv *nv, const struct nv_event *v)
{
	const Liandan__Event *e = v->e;

	switch ((int)e->body_case) {
	case LIANDAN__EVENT__BODY_HANDOVER_OFFERED:
		offer(nv, nv_find(nv, e->handover_offered->manifest), v);
		break;
	case LIANDAN__EVENT__BODY_OFFER_WITHDRAWN:
		nv_find(nv, e->offer_withdrawn->manifest)->offer.open = false;
		break;
	case LIANDAN__EVENT__BODY_HANDOVER_DECLINED:
		nv_find(nv, e->handover_declined->manifest)->offer.open = false;
		break;
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		take(nv, nv_find(nv, e->handover_taken->manifest), v);
		break;
	default:
		break;
	}
}
