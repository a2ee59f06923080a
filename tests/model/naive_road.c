/* Rows 9 to 15 and 24: on the way, at the gate, and to the end. */
#include <string.h>

#include "plugin/custody/manifest.h" /* LD_MAX_MASS_G */
#include "tests/model/naive.h"

static const uint32_t unloaded = NV_IN(DRAFT) | NV_IN(SEALED) | NV_ENDED;

static bool accepted_so_far(struct nv_said said)
{
	return said.verdict == LIANDAN__VERDICT__ACCEPTED;
}

/* ---- bodies that name several manifests ---- */

/* A taking by this party may still come: it is named for a later leg, or was offered one. */
static bool may_take_yet(const struct nv_manifest *m, const char *party)
{
	if (m->offer.there && m->offer.leg > m->leg && strcmp(m->offer.to, party) == 0)
		return true;
	for (size_t i = 0; i < m->created->n_carriers; i++)
		if (m->created->carriers[i]->order > m->leg &&
		    strcmp(m->created->carriers[i]->party, party) == 0)
			return true;
	return false;
}

static uint32_t states_of(const struct nv_event *v)
{
	return v->e->body_case == LIANDAN__EVENT__BODY_ACCIDENT_REPORTED
		   ? NV_IN(IN_TRANSIT) | NV_IN(ARRIVED) | NV_IN(VERIFYING) | NV_IN(ACCEPTED_ALL) |
			 NV_IN(PARTLY_ACCEPTED) | NV_IN(REJECTED_ALL)
		   : NV_IN(IN_TRANSIT) | NV_ASTRAY;
}

/* What a driver says of a load on the way; `waits`, where it is not his yet but may become so. */
static struct nv_said driver_says(const struct nv *nv, const struct nv_manifest *m,
				  const struct nv_event *v)
{
	const struct nv_said state = nv_state(nv, m, states_of(v), unloaded);

	if (state.verdict == LIANDAN__VERDICT__HELD)
		return state;
	if (m->stored &&
	    (strcmp(m->carrier, v->by->party) == 0 || strcmp(m->holder, v->by->party) == 0))
		return NV_HELD(WAITS_FOR_STATE);
	if (strcmp(m->holder, v->by->party) != 0)
		return may_take_yet(m, v->by->party) ? NV_HELD(WAITS_FOR_STATE)
						     : NV_REFUSED(WRONG_ROLE);
	return state;
}

static bool past(struct nv *nv, const struct nv_event *v, ProtobufCBinaryData id)
{
	const struct nv_manifest *m = nv_find(nv, id);

	return m != NULL &&
	       nv_state(nv, m, states_of(v) | unloaded, 0).verdict == LIANDAN__VERDICT__REFUSED;
}

static struct nv_said one_of_many(struct nv *nv, const struct nv_event *v, ProtobufCBinaryData id)
{
	const Liandan__Event *e = v->e;
	const struct nv_manifest *m = nv_find(nv, id);
	const struct nv_effect *stop;
	struct nv_said said;

	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	if (e->body_case == LIANDAN__EVENT__BODY_ACCIDENT_REPORTED) {
		const bool regulator = nv_has(v->by, LIANDAN__ROLE__ROLE_REGULATOR);

		said = nv_state(nv, m, states_of(v), unloaded);
		if (said.verdict == LIANDAN__VERDICT__HELD || regulator ||
		    strcmp(m->holder, v->by->party) == 0)
			return said;
		return may_take_yet(m, v->by->party) ||
			       (m->stored && strcmp(m->carrier, v->by->party) == 0)
			   ? NV_HELD(WAITS_FOR_STATE)
			   : NV_REFUSED(WRONG_ROLE);
	}
	said = driver_says(nv, m, v);
	if (!accepted_so_far(said) || e->body_case != LIANDAN__EVENT__BODY_STOP_ENDED)
		return said;
	if (m->stopped && nv_id_is(e->stop_ended->stop, m->stop, sizeof m->stop))
		return said;
	stop = nv_effect_of(nv, e->stop_ended->stop.data);
	return stop == NULL || stop->verdict == LIANDAN__VERDICT__HELD ? NV_HELD(WAITS_FOR_CAUSE)
								       : NV_REFUSED_SOMEHOW;
}

/* Each is asked, in order; one that is past it is passed over, but one must take the step. */
static struct nv_said many(struct nv *nv, const struct nv_event *v, const ProtobufCBinaryData *ids,
			   size_t n)
{
	bool takes = false;

	for (size_t i = 0; i < n; i++) {
		const struct nv_said one = one_of_many(nv, v, ids[i]);

		if (one.verdict == LIANDAN__VERDICT__ACCEPTED)
			takes = true;
		else if (!past(nv, v, ids[i]))
			return one;
	}
	return takes ? nv_ok() : NV_REFUSED(OUT_OF_ORDER);
}

/* ---- row 10 ---- */

static const struct nv_key *driver_beside(const struct nv_event *v, const char *party)
{
	for (size_t i = 0; i < v->n_cosigners; i++)
		if (v->cosigner[i] != NULL && nv_has(v->cosigner[i], NV_DRIVES) &&
		    strcmp(v->cosigner[i]->party, party) == 0)
			return v->cosigner[i];
	return NULL;
}

static struct nv_said entered(struct nv *nv, const struct nv_event *v)
{
	const Liandan__TemporaryStorageEntered *b = v->e->temporary_storage_entered;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	const char *owner = nv_owner_of(nv, b->site);
	const struct nv_key *driver;
	char person[NV_ID];
	struct nv_said said;

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_RECEIVER))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	said = nv_state(nv, m, NV_ROAD, unloaded);
	if (!accepted_so_far(said))
		return said;
	driver = driver_beside(v, m->holder);
	if ((owner != NULL && strcmp(owner, v->by->party) != 0) || driver == NULL)
		return NV_REFUSED_SOMEHOW;
	nv_person_of(driver, person);
	return nv_same_person(nv, m, person, v) || nv_same_person(nv, m, m->holder_person, v)
		   ? NV_REFUSED(SAME_PERSON)
		   : nv_ok();
}

static struct nv_said left(struct nv *nv, const struct nv_event *v)
{
	const struct nv_manifest *m = nv_find(nv, v->e->temporary_storage_left->manifest);
	struct nv_said said;

	if (!nv_has(v->by, NV_DRIVES))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	said = nv_state(nv, m, NV_STORED, NV_IN(DRAFT) | NV_IN(SEALED) | NV_UNSTORED | NV_ENDED);
	if (!accepted_so_far(said) || strcmp(m->carrier, v->by->party) == 0)
		return said;
	for (size_t i = 0; i < m->created->n_carriers; i++)
		if (m->created->carriers[i]->order == m->leg + 1 &&
		    strcmp(m->created->carriers[i]->party, v->by->party) == 0)
			return said;
	return NV_REFUSED_SOMEHOW;
}

/* ---- rows 12 to 15: the receiver ---- */

bool nv_receives(const struct nv_manifest *m, const struct nv_key *k)
{
	const bool back = m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN;

	return (nv_has(k, LIANDAN__ROLE__ROLE_RECEIVER) ||
		(back && nv_has(k, LIANDAN__ROLE__ROLE_GENERATOR))) &&
	       strcmp(m->created->receiver->party, k->party) == 0;
}

static struct nv_said receiver_says(struct nv *nv, const struct nv_event *v, ProtobufCBinaryData id,
				    uint32_t from, uint32_t waits, struct nv_manifest **m)
{
	*m = nv_find(nv, id);
	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR))
		return NV_REFUSED(WRONG_ROLE);
	if (*m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	return nv_receives(*m, v->by) ? nv_state(nv, *m, from, waits) : NV_REFUSED(WRONG_ROLE);
}

static struct nv_said received(struct nv *nv, const struct nv_event *v)
{
	const bool early = nv->wrong == NV_RECEIVES_ON_THE_ROAD;
	struct nv_manifest *m;
	struct nv_said said = receiver_says(nv, v, v->e->received->manifest,
					    NV_IN(ARRIVED) | (early ? NV_IN(IN_TRANSIT) : 0),
					    unloaded | NV_IN(IN_TRANSIT), &m);

	return accepted_so_far(said) && nv_same_person(nv, m, m->holder_person, v)
		   ? NV_REFUSED(SAME_PERSON)
		   : said;
}

static bool in_range(int64_t mass_g)
{
	return mass_g >= 0 && mass_g <= LD_MAX_MASS_G;
}

static struct nv_said accepted(struct nv *nv, const struct nv_event *v)
{
	const Liandan__Accepted *b = v->e->accepted;
	struct nv_manifest *m;
	struct nv_said said = receiver_says(nv, v, b->manifest, NV_IN(VERIFYING),
					    unloaded | NV_IN(IN_TRANSIT) | NV_IN(ARRIVED), &m);

	for (size_t i = 0; accepted_so_far(said) && i < b->n_lines; i++)
		if (!in_range(b->lines[i]->mass_g))
			return NV_REFUSED(QUANTITY);
	return accepted_so_far(said) && b->n_lines == 0 ? NV_REFUSED(QUANTITY) : said;
}

static struct nv_said analysed(struct nv *nv, const struct nv_event *v)
{
	const Liandan__SampleAnalysed *b = v->e->sample_analysed;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	const bool laboratory = nv_has(v->by, LIANDAN__ROLE__ROLE_LABORATORY);
	struct nv_said said;

	if (!laboratory &&
	    !nv_has(v->by, LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	if (!laboratory && !nv_receives(m, v->by))
		return NV_REFUSED(WRONG_ROLE);
	said = nv_state(nv, m,
			NV_IN(VERIFYING) | NV_IN(ACCEPTED_ALL) | NV_IN(PARTLY_ACCEPTED) |
			    NV_IN(REJECTED_ALL) | NV_IN(CLOSED) | NV_FLOWS,
			unloaded | NV_IN(IN_TRANSIT) | NV_IN(ARRIVED));
	if (accepted_so_far(said) && laboratory && strcmp(b->laboratory, v->by->party) != 0)
		return NV_REFUSED_SOMEHOW;
	return said;
}

/* ---- all of them ---- */

struct nv_said nv_judge_road(struct nv *nv, const struct nv_event *v)
{
	const Liandan__Event *e = v->e;
	struct nv_manifest *m;

	switch ((int)e->body_case) {
	case LIANDAN__EVENT__BODY_STOP_BEGUN:
		return nv_has(v->by, NV_DRIVES)
			   ? many(nv, v, e->stop_begun->manifests, e->stop_begun->n_manifests)
			   : NV_REFUSED(WRONG_ROLE);
	case LIANDAN__EVENT__BODY_STOP_ENDED:
		return nv_has(v->by, NV_DRIVES)
			   ? many(nv, v, e->stop_ended->manifests, e->stop_ended->n_manifests)
			   : NV_REFUSED(WRONG_ROLE);
	case LIANDAN__EVENT__BODY_ARRIVED:
		return nv_has(v->by, NV_DRIVES)
			   ? many(nv, v, e->arrived->manifests, e->arrived->n_manifests)
			   : NV_REFUSED(WRONG_ROLE);
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
		return nv_has(v->by, NV_DRIVES | LIANDAN__ROLE__ROLE_REGULATOR)
			   ? many(nv, v, e->accident_reported->manifests,
				  e->accident_reported->n_manifests)
			   : NV_REFUSED(WRONG_ROLE);
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
		return entered(nv, v);
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT:
		return left(nv, v);
	case LIANDAN__EVENT__BODY_RECEIVED:
		return received(nv, v);
	case LIANDAN__EVENT__BODY_ACCEPTED:
		return accepted(nv, v);
	case LIANDAN__EVENT__BODY_SAMPLE_ANALYSED:
		return analysed(nv, v);
	default:
		return receiver_says(nv, v, e->rejected->manifest,
				     NV_IN(ARRIVED) | NV_IN(VERIFYING),
				     unloaded | NV_IN(IN_TRANSIT), &m);
	}
}

/* ---- what they do ---- */

static void unload(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	const Liandan__Receiver *r = m->created->receiver;

	nv_copy(m->holder, r->party);
	nv_person_of(v->by, m->holder_person);
	m->stopped = false;
	nv_move_all(nv, m, CUSTODY__CONTAINER_STATE__CONTAINER_RECEIVED, r->party, r->site);
}

int64_t nv_share_of(const struct nv_manifest *m, size_t item, int64_t accepted_g)
{
	int64_t before = 0, total = 0;

	for (size_t i = 0; i < m->n_items; i++) {
		if (m->item[i].line != m->item[item].line)
			continue;
		total += m->item[i].mass_g;
		before += i < item ? m->item[i].mass_g : 0;
	}
	return (int64_t)((__int128)accepted_g * (before + m->item[item].mass_g) / total) -
	       (int64_t)((__int128)accepted_g * before / total);
}

int64_t nv_bulk_of_line(const struct nv_manifest *m, const struct nv_line *l)
{
	int64_t bulk = l->accepted_g - l->bulk_gone_g;

	for (size_t i = 0; i < m->n_items; i++)
		if (m->item[i].line == l->line && m->item[i].container[0] != '\0')
			bulk -= nv_share_of(m, i, l->accepted_g);
	return bulk;
}

static void release_all(struct nv *nv, const struct nv_manifest *m, bool lost)
{
	for (size_t i = 0; i < m->n_items; i++) {
		struct nv_container *k = nv_container_named(nv, m->item[i].container);

		if (k == NULL || !k->bound || memcmp(k->by, m->id, sizeof k->by) != 0)
			continue;
		k->bound = false;
		if (lost)
			k->state = CUSTODY__CONTAINER_STATE__LOST;
	}
}

/* What was accepted is the receiver's stock, each line's shared over its items. */
void nv_accept(struct nv *nv, struct nv_manifest *m, Liandan__AcceptedLine *const *lines, size_t n)
{
	const Liandan__Receiver *r = m->created->receiver;
	const bool back = m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN;

	for (size_t i = 0; i < m->n_lines; i++) {
		struct nv_line *l = &m->line[i];
		struct nv_stock *s = nv_stock_at(nv, r->party, r->site, l->code);

		for (size_t k = 0; k < n; k++)
			if (lines[k]->line == l->line) {
				l->accepted_g += lines[k]->mass_g;
				l->said++;
			}
		if (nv->wrong == NV_ACCEPTS_DECLARED)
			l->accepted_g = l->declared_g;
		if (back && nv->wrong == NV_RETURN_IS_GENERATED)
			s->generated_g += l->accepted_g;
		else
			s->received_g += l->accepted_g;
		for (size_t k = 0; k < m->n_items; k++) {
			struct nv_container *box = nv_container_named(nv, m->item[k].container);

			const int64_t share_g = nv_share_of(m, k, l->accepted_g);

			if (m->item[k].line != l->line || m->item[k].container[0] == '\0')
				continue;
			if (box == NULL || !box->bound ||
			    memcmp(box->by, m->id, sizeof box->by) != 0) {
				nv_unpack(m, l->code, share_g); /* it left on another manifest */
				continue;
			}
			box->mass_g = share_g;
			box->came = true;
			memcpy(box->came_by, m->id, sizeof box->came_by);
		}
	}
	m->accepted = m->closing = true;
	release_all(nv, m, false);
}

static void accept(struct nv *nv, struct nv_manifest *m, const Liandan__Accepted *b)
{
	nv_accept(nv, m, b->lines, b->n_lines);
	m->state = CUSTODY__MANIFEST_STATE__ACCEPTED_ALL;
}

bool nv_on_truck(const struct nv_manifest *m, const struct nv_event *v, Liandan__WasteIsOn said)
{
	return said == LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK &&
	       (m->state != CUSTODY__MANIFEST_STATE__VERIFYING ||
		driver_beside(v, m->carrier) != NULL);
}

static void reject(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	m->on_truck =
	    nv->wrong != NV_REJECTED_STAYS_OFF && nv_on_truck(m, v, v->e->rejected->waste_is_on);
	m->state = CUSTODY__MANIFEST_STATE__REJECTED_ALL;
	if (!m->on_truck) {
		unload(nv, m, v);
		return;
	}
	nv_copy(m->holder, m->carrier);
	nv_move_all(nv, m, CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT, m->carrier, "");
}

/* With a licensed operator, and not all of it is treated, lost or sent on. */
static bool awaits_treatment(const struct nv *nv, const struct nv_manifest *m)
{
	int64_t left = -m->treated_g - m->gone_g - m->forwarded_g;
	bool operates = m->created->kind != LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN;

	if (!m->accepted || !m->closes_treated || nv->wrong == NV_CLOSES_AT_ONCE)
		return false;
	for (size_t i = 0; i < nv->n_party; i++)
		if (strcmp(nv->party[i].party, m->created->receiver->party) == 0)
			operates =
			    operates || (nv->party[i].roles & LIANDAN__ROLE__ROLE_RECEIVER) != 0;
	for (size_t i = 0; i < m->n_lines; i++)
		left += m->line[i].accepted_g;
	return operates && left > 0;
}

void nv_close(struct nv *nv)
{
	for (size_t i = 0; i < nv->n_manifest; i++) {
		struct nv_manifest *m = &nv->manifest[i];

		if (m->state == CUSTODY__MANIFEST_STATE__CLOSED || (!m->closing && !m->gone) ||
		    awaits_treatment(nv, m))
			continue;
		release_all(nv, m, m->gone);
		m->state = CUSTODY__MANIFEST_STATE__CLOSED;
		nv_closed(nv, m);
		m->stopped = m->stored = m->offer.open = false;
	}
}

static void enter(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	m->stored = m->was_stored = true;
	m->stopped = m->offer.open = false;
	nv_copy(m->holder, v->by->party);
	nv_person_of(v->by, m->holder_person);
	nv_move_all(nv, m, CUSTODY__CONTAINER_STATE__CONTAINER_STATE_UNSPECIFIED, v->by->party,
		    v->e->temporary_storage_entered->site);
}

static void leave(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	if (strcmp(m->carrier, v->by->party) != 0) {
		m->leg++;
		m->was_stored = false;
	}
	m->stored = m->offer.open = false;
	nv_copy(m->holder, v->by->party);
	nv_copy(m->carrier, v->by->party);
	nv_person_of(v->by, m->holder_person);
	nv_copy(m->plate, v->e->temporary_storage_left->plate);
	m->accident = false;
	nv_move_all(nv, m, CUSTODY__CONTAINER_STATE__CONTAINER_STATE_UNSPECIFIED, v->by->party, "");
}

/* Of those that a body names, the ones that take the step. */
static void each(struct nv *nv, const struct nv_event *v, const ProtobufCBinaryData *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct nv_manifest *m = nv_find(nv, ids[i]);

		if (!accepted_so_far(one_of_many(nv, v, ids[i])))
			continue;
		nv_sign(m, nv, v);
		switch ((int)v->e->body_case) {
		case LIANDAN__EVENT__BODY_STOP_BEGUN:
			m->stopped = true;
			memcpy(m->stop, v->hash, sizeof m->stop);
			break;
		case LIANDAN__EVENT__BODY_STOP_ENDED:
			m->stopped = false;
			break;
		case LIANDAN__EVENT__BODY_ARRIVED:
			m->state = CUSTODY__MANIFEST_STATE__ARRIVED;
			nv_copy(m->arrived_site, v->e->arrived->site);
			m->stopped = m->offer.open = false;
			break;
		default:
			m->accident = true;
			break;
		}
	}
}

void nv_apply_road(struct nv *nv, const struct nv_event *v)
{
	const Liandan__Event *e = v->e;
	struct nv_manifest *m;

	switch ((int)e->body_case) {
	case LIANDAN__EVENT__BODY_STOP_BEGUN:
		each(nv, v, e->stop_begun->manifests, e->stop_begun->n_manifests);
		break;
	case LIANDAN__EVENT__BODY_STOP_ENDED:
		each(nv, v, e->stop_ended->manifests, e->stop_ended->n_manifests);
		break;
	case LIANDAN__EVENT__BODY_ARRIVED:
		each(nv, v, e->arrived->manifests, e->arrived->n_manifests);
		break;
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
		each(nv, v, e->accident_reported->manifests, e->accident_reported->n_manifests);
		break;
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
		enter(nv, nv_find(nv, e->temporary_storage_entered->manifest), v);
		break;
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT:
		leave(nv, nv_find(nv, e->temporary_storage_left->manifest), v);
		break;
	case LIANDAN__EVENT__BODY_RECEIVED:
		m = nv_find(nv, e->received->manifest);
		m->state = CUSTODY__MANIFEST_STATE__VERIFYING;
		unload(nv, m, v);
		break;
	case LIANDAN__EVENT__BODY_ACCEPTED:
		accept(nv, nv_find(nv, e->accepted->manifest), e->accepted);
		break;
	case LIANDAN__EVENT__BODY_REJECTED:
		reject(nv, nv_find(nv, e->rejected->manifest), v);
		break;
	default:
		break;
	}
}
