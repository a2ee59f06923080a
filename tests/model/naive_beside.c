/* What stands beside the way of a load: rows 3, 17, 21, 23, numbers of row 1. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/model/naive.h"

#define HOLD_MS INT64_C(86400000)
#define HOLDS_ON_ONE 16

static const uint32_t not_received =
    NV_IN(DRAFT) | NV_IN(SEALED) | NV_IN(IN_TRANSIT) | NV_IN(ARRIVED) | NV_ENDED;

/* ---- row 21 ---- */

bool nv_on_hold(const struct nv *nv, const struct nv_event *v, Liandan__SubjectKind kind,
		const char *subject)
{
	for (size_t i = 0; i < nv->n_hold; i++) {
		const struct nv_hold *h = &nv->hold[i];

		if (nv->wrong != NV_HOLDS_NOTHING && !h->over && h->expires_ms > v->at_ms &&
		    h->kind == kind && strcmp(h->subject, subject) == 0)
			return true;
	}
	return false;
}

#define HELD(KIND, subject) nv_on_hold(nv, v, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_##KIND, (subject))

static bool items_held(const struct nv *nv, const struct nv_event *v, const struct nv_manifest *m)
{
	const Liandan__ManifestSealed *b = v->e->manifest_sealed;

	if (v->e->body_case == LIANDAN__EVENT__BODY_MANIFEST_SEALED) {
		for (size_t i = 0; i < b->n_items; i++)
			if (HELD(CONTAINER, b->items[i]->container))
				return true;
		return false;
	}
	for (size_t i = 0; m != NULL && i < m->n_items; i++)
		if (HELD(CONTAINER, m->item[i].container))
			return true;
	return false;
}

bool nv_held_back(const struct nv *nv, const struct nv_event *v,
		  const Liandan__ManifestCreated *draft, const struct nv_manifest *m)
{
	char hex[2 * LD_UUID_BYTES + 1];

	for (size_t i = 0; m != NULL && i < LD_UUID_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", m->id[i]);
	if (m != NULL && (HELD(MANIFEST, hex) || HELD(VEHICLE, m->plate)))
		return true;
	if (HELD(PARTY, v->by->party) || HELD(PARTY, draft->generator) || HELD(SITE, draft->site) ||
	    HELD(PARTY, draft->receiver->party) || HELD(SITE, draft->receiver->site))
		return true;
	if (v->e->body_case == LIANDAN__EVENT__BODY_HANDOVER_OFFERED) {
		if (HELD(PARTY, v->e->handover_offered->to_party))
			return true;
	} else if (v->e->body_case == LIANDAN__EVENT__BODY_REDIRECTED) {
		const Liandan__Redirected *b = v->e->redirected;

		if (HELD(PARTY, b->receiver->party) || HELD(SITE, b->receiver->site) ||
		    HELD(PARTY, b->carrier))
			return true;
	} else {
		for (size_t i = 0; i < draft->n_carriers; i++)
			if (HELD(PARTY, draft->carriers[i]->party))
				return true;
	}
	return items_held(nv, v, m);
}

static struct nv_hold *hold_of(struct nv *nv, const char *hold)
{
	for (size_t i = 0; i < nv->n_hold; i++)
		if (strcmp(nv->hold[i].hold, hold) == 0)
			return &nv->hold[i];
	return NULL;
}

static bool subject_here(struct nv *nv, const Liandan__HoldPlaced *b)
{
	switch ((int)b->subject_kind) {
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST:
		return nv_manifest_in_hex(nv, b->subject) != NULL;
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER:
		return nv_container_named(nv, b->subject) != NULL;
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE:
		return nv_owner_of(nv, b->subject) != NULL;
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY:
		for (size_t i = 0; i < nv->n_party; i++)
			if (strcmp(nv->party[i].party, b->subject) == 0)
				return true;
		return false;
	default:
		return false;
	}
}

static struct nv_said again(const struct nv_hold *h, const struct nv_event *v)
{
	const Liandan__HoldPlaced *b = v->e->hold_placed;
	char person[NV_ID];

	nv_person_of(v->by, person);
	if (h->over || h->expires_ms <= v->at_ms || h->kind != b->subject_kind ||
	    strcmp(h->subject, b->subject) != 0)
		return NV_REFUSED(ALREADY_EXISTS);
	if (strcmp(h->person, person) == 0)
		return NV_REFUSED(SAME_PERSON);
	return b->expires_ms > h->expires_ms ? nv_ok() : NV_REFUSED(QUANTITY);
}

static struct nv_said hold_placed(struct nv *nv, const struct nv_event *v)
{
	const Liandan__HoldPlaced *b = v->e->hold_placed;
	const struct nv_hold *old = hold_of(nv, b->hold);
	size_t there = 0;
	char person[NV_ID];

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_REGULATOR | LIANDAN__ROLE__ROLE_AUTHORITY))
		return NV_REFUSED(WRONG_ROLE);
	if (!subject_here(nv, b))
		return NV_REFUSED_SOMEHOW;
	if (b->expires_ms <= v->at_ms)
		return NV_REFUSED(QUANTITY);
	if (b->expires_ms > v->at_ms + HOLD_MS)
		return NV_REFUSED(LIMIT);
	if (old != NULL)
		return again(old, v);
	nv_person_of(v->by, person);
	for (size_t i = 0; i < nv->n_hold; i++) {
		const struct nv_hold *h = &nv->hold[i];

		if (h->over || h->kind != b->subject_kind || strcmp(h->subject, b->subject) != 0)
			continue;
		if (strcmp(h->person, person) == 0)
			return NV_REFUSED(SAME_PERSON);
		there++;
	}
	return there < HOLDS_ON_ONE ? nv_ok() : NV_REFUSED(LIMIT);
}

static struct nv_said hold_released(struct nv *nv, const struct nv_event *v)
{
	const struct nv_hold *h = hold_of(nv, v->e->hold_released->hold);

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_REGULATOR | LIANDAN__ROLE__ROLE_AUTHORITY))
		return NV_REFUSED(WRONG_ROLE);
	if (h == NULL)
		return NV_REFUSED(UNKNOWN_SUBJECT);
	return h->over || h->expires_ms <= v->at_ms ? NV_REFUSED(OUT_OF_ORDER) : nv_ok();
}

static void place_hold(struct nv *nv, const struct nv_event *v)
{
	const Liandan__HoldPlaced *b = v->e->hold_placed;
	struct nv_hold *h = hold_of(nv, b->hold);

	if (h == NULL) {
		NV_GROW(nv->hold, nv->n_hold, nv->cap_hold);
		h = &nv->hold[nv->n_hold++];
		memset(h, 0, sizeof *h);
	}
	nv_copy(h->hold, b->hold);
	nv_copy(h->subject, b->subject);
	nv_person_of(v->by, h->person);
	h->kind = b->subject_kind;
	h->expires_ms = b->expires_ms;
}

/* ---- row 1: a number later ---- */

/* 14 digits: year, the generator's prefecture, serial. */
static bool number_is_good(const struct nv *nv, const struct nv_manifest *m, const char *number,
			   int64_t at_ms)
{
	const time_t t = (time_t)((at_ms + 8 * INT64_C(3600000)) / 1000);
	struct tm tm;
	long year = 0, prefecture = 0;

	if (strlen(number) != 14 || gmtime_r(&t, &tm) == NULL)
		return false;
	for (size_t i = 0; i < 14; i++)
		if (!isdigit((unsigned char)number[i]))
			return false;
	for (size_t i = 0; i < 4; i++)
		year = 10 * year + (number[i] - '0');
	for (size_t i = 4; i < 8; i++)
		prefecture = 10 * prefecture + (number[i] - '0');
	for (size_t i = 0; i < nv->n_party; i++)
		if (strcmp(nv->party[i].party, m->created->generator) == 0)
			return labs(year - (tm.tm_year + 1900)) <= 1 &&
			       prefecture == nv->party[i].division / 100;
	return false;
}

static struct nv_said number_assigned(struct nv *nv, const struct nv_event *v)
{
	const Liandan__NumberAssigned *b = v->e->number_assigned;
	const struct nv_manifest *m = nv_find(nv, b->manifest);

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_AUTHORITY))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_REFUSED(UNKNOWN_MANIFEST);
	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_AUTHORITY) &&
	    strcmp(m->created->generator, v->by->party) != 0)
		return NV_REFUSED(WRONG_ROLE);
	if (m->state == CUSTODY__MANIFEST_STATE__CANCELLED ||
	    m->state == CUSTODY__MANIFEST_STATE__EXPIRED)
		return NV_REFUSED(OUT_OF_ORDER);
	if (m->number[0] != '\0')
		return NV_REFUSED(ALREADY_EXISTS);
	if (!number_is_good(nv, m, b->number, v->at_ms))
		return NV_REFUSED(BAD_NUMBER);
	for (size_t i = 0; i < nv->n_manifest; i++)
		if (strcmp(nv->manifest[i].number, b->number) == 0)
			return NV_REFUSED(ALREADY_EXISTS);
	return nv_ok();
}

/* ---- row 3 ---- */

bool nv_awaits_confirmation(const struct nv_manifest *m)
{
	return m->sealer[0] != '\0' && !m->confirmed &&
	       m->state != CUSTODY__MANIFEST_STATE__CANCELLED &&
	       m->state != CUSTODY__MANIFEST_STATE__EXPIRED;
}

static struct nv_said confirmed(struct nv *nv, const struct nv_event *v)
{
	const Liandan__GeneratorConfirmed *b = v->e->generator_confirmed;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	struct nv_said said;
	char person[NV_ID];

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_GENERATOR))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	if (strcmp(m->created->generator, v->by->party) != 0)
		return NV_REFUSED(WRONG_ROLE);
	said = nv_state(nv, m, NV_ANY & ~NV_IN(DRAFT), NV_IN(DRAFT));
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	nv_person_of(v->by, person);
	if (!nv_awaits_confirmation(m))
		return NV_REFUSED_SOMEHOW;
	if (nv->wrong != NV_DELEGATE_CONFIRMS && strcmp(m->sealer, person) == 0)
		return NV_REFUSED(SAME_PERSON);
	return nv_content_is(m, b->content) ? nv_ok() : NV_REFUSED(BAD_CONTENT);
}

/* ---- row 17 ---- */

static struct nv_said reported(struct nv *nv, const struct nv_event *v)
{
	const Liandan__DiscrepancyReported *b = v->e->discrepancy_reported;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	struct nv_said said;

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	if (!nv_receives(m, v->by))
		return NV_REFUSED(WRONG_ROLE);
	said = nv_state(nv, m,
			NV_IN(VERIFYING) | NV_IN(ACCEPTED_ALL) | NV_IN(PARTLY_ACCEPTED) |
			    NV_IN(REJECTED_ALL) | NV_IN(CLOSED) | NV_FLOWS,
			not_received);
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (!nv_in_range(b->declared_g) || !nv_in_range(b->found_g))
		return NV_REFUSED(QUANTITY);
	return m->n_discrepancies < NV_OPEN ? said : NV_REFUSED(LIMIT);
}

static struct nv_discrepancy *discrepancy_of(struct nv_manifest *m, ProtobufCBinaryData hash)
{
	for (size_t i = 0; i < m->n_discrepancies; i++)
		if (nv_id_is(hash, m->discrepancy[i].hash, LD_HASH_BYTES))
			return &m->discrepancy[i];
	return NULL;
}

/* Does it sign for the generator's side (0), the receiver's (1)? */
static bool side_of(const struct nv_manifest *m, const struct nv_key *k, int side)
{
	if (side == 0)
		return nv_has(k, LIANDAN__ROLE__ROLE_GENERATOR) &&
		       strcmp(k->party, m->created->generator) == 0;
	return nv_receives(m, k);
}

static struct nv_said resolved(struct nv *nv, const struct nv_event *v)
{
	const Liandan__DiscrepancyResolved *b = v->e->discrepancy_resolved;
	struct nv_manifest *m = nv_find(nv, b->manifest);
	const struct nv_effect *e = nv_effect_of(nv, b->discrepancy.data);

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	if (!side_of(m, v->by, 0) && !side_of(m, v->by, 1))
		return NV_REFUSED(WRONG_ROLE);
	if (discrepancy_of(m, b->discrepancy) != NULL)
		return nv_ok();
	return e == NULL || e->verdict == LIANDAN__VERDICT__HELD ? NV_HELD(WAITS_FOR_CAUSE)
								 : NV_REFUSED(OUT_OF_ORDER);
}

/* Both sides have named one cause: it is gone. */
static void resolve(struct nv *nv, const struct nv_event *v)
{
	const Liandan__DiscrepancyResolved *b = v->e->discrepancy_resolved;
	struct nv_manifest *m = nv_find(nv, b->manifest);
	struct nv_discrepancy *d = discrepancy_of(m, b->discrepancy);

	for (int side = 0; side < 2; side++) {
		bool says = side_of(m, v->by, side);

		for (size_t i = 0; i < v->n_cosigners; i++)
			says = says || (v->cosigner[i] != NULL && side_of(m, v->cosigner[i], side));
		if (says)
			d->cause[side] = (int32_t)b->cause;
	}
	if (d->cause[0] == 0 || d->cause[0] != d->cause[1])
		return;
	memmove(d, d + 1, (size_t)(&m->discrepancy[m->n_discrepancies - 1] - d) * sizeof *d);
	m->n_discrepancies--;
}

/* ---- row 23 ---- */

/* Named, or has signed one of its steps. */
bool nv_takes_part(const struct nv_manifest *m, const struct nv_key *k)
{
	if (side_of(m, k, 0) || side_of(m, k, 1))
		return true;
	for (size_t i = 0; i < m->n_signed; i++)
		if (strcmp(m->signed_by[i], k->party) == 0)
			return true;
	if (!nv_has(k, NV_DRIVES))
		return false;
	for (size_t i = 0; i < m->created->n_carriers; i++)
		if (strcmp(m->created->carriers[i]->party, k->party) == 0)
			return true;
	return strcmp(m->carrier, k->party) == 0;
}

static struct nv_said backfilled(struct nv *nv, const struct nv_event *v)
{
	const struct nv_manifest *m = nv_find(nv, v->e->paper_backfilled->manifest);

	if (!nv_has(v->by,
		    LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER | NV_DRIVES))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	return nv_takes_part(m, v->by) ? nv_ok() : NV_REFUSED(WRONG_ROLE);
}

/* ---- all of them ---- */

struct nv_said nv_judge_beside(struct nv *nv, const struct nv_event *v)
{
	switch ((int)v->e->body_case) {
	case LIANDAN__EVENT__BODY_HOLD_PLACED:
		return hold_placed(nv, v);
	case LIANDAN__EVENT__BODY_HOLD_RELEASED:
		return hold_released(nv, v);
	case LIANDAN__EVENT__BODY_NUMBER_ASSIGNED:
		return number_assigned(nv, v);
	case LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED:
		return confirmed(nv, v);
	case LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED:
		return reported(nv, v);
	case LIANDAN__EVENT__BODY_DISCREPANCY_RESOLVED:
		return resolved(nv, v);
	default:
		return backfilled(nv, v);
	}
}

void nv_apply_beside(struct nv *nv, const struct nv_event *v)
{
	const Liandan__Event *e = v->e;
	struct nv_manifest *m;

	switch ((int)e->body_case) {
	case LIANDAN__EVENT__BODY_HOLD_PLACED:
		place_hold(nv, v);
		break;
	case LIANDAN__EVENT__BODY_HOLD_RELEASED:
		hold_of(nv, e->hold_released->hold)->over = true;
		break;
	case LIANDAN__EVENT__BODY_NUMBER_ASSIGNED:
		nv_copy(nv_find(nv, e->number_assigned->manifest)->number,
			e->number_assigned->number);
		break;
	case LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED:
		nv_find(nv, e->generator_confirmed->manifest)->confirmed = true;
		break;
	case LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED:
		m = nv_find(nv, e->discrepancy_reported->manifest);
		memset(&m->discrepancy[m->n_discrepancies], 0, sizeof m->discrepancy[0]);
		memcpy(m->discrepancy[m->n_discrepancies++].hash, v->hash, sizeof v->hash);
		break;
	case LIANDAN__EVENT__BODY_DISCREPANCY_RESOLVED:
		resolve(nv, v);
		break;
	default:
		break;
	}
}
