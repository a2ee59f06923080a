/* Rows 7 and 18: weighing, and the stock that stands at rest. */
#include <stdio.h>
#include <string.h>

#include "plugin/custody/manifest.h" /* LD_MAX_MASS_G */
#include "tests/model/naive.h"

#define GENERATE ((uint32_t)LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_GENERATE)
#define HOLDERS (LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER)
#define OFFICIALS (LIANDAN__ROLE__ROLE_REGULATOR | LIANDAN__ROLE__ROLE_AUTHORITY)

bool nv_in_range(int64_t mass_g)
{
	return mass_g >= 0 && mass_g <= LD_MAX_MASS_G;
}

static bool anothers_site(const struct nv *nv, const char *site, const char *party)
{
	const char *owner = nv_owner_of(nv, site);

	return owner != NULL && strcmp(owner, party) != 0;
}

const struct nv_batch *nv_batch_of(const struct nv *nv, const char *party, const char *batch)
{
	for (size_t i = nv->n_batch; i-- > 0;)
		if (strcmp(nv->batch[i].batch, batch) == 0 &&
		    strcmp(nv->batch[i].party, party) == 0)
			return &nv->batch[i];
	return NULL;
}

static bool batch_used(const struct nv *nv, const char *party, const char *batch)
{
	return nv->wrong != NV_BATCH_TWICE && nv_batch_of(nv, party, batch) != NULL;
}

void nv_book_batch(struct nv *nv, const char *party, const char *batch, const char *site,
		   const char *code)
{
	struct nv_batch *b;

	NV_GROW(nv->batch, nv->n_batch, nv->cap_batch);
	b = &nv->batch[nv->n_batch++];
	memset(b, 0, sizeof *b);
	nv_copy(b->party, party);
	nv_copy(b->batch, batch);
	nv_copy(b->site, site);
	nv_copy(b->code, code);
}

/* ---- what it says ---- */

static struct nv_said generated(struct nv *nv, const struct nv_event *v)
{
	const Liandan__WasteGenerated *b = v->e->waste_generated;
	const char *party = nv_acts_for(nv, v);
	const int64_t mass =
	    b->line != NULL && b->line->quantity != NULL ? b->line->quantity->mass_g : 0;

	if (party[0] == '\0' ||
	    (v->e->delegation[0] != '\0' &&
	     !nv_delegate_covers(nv, v, GENERATE, b->line != NULL ? b->line->code : NULL)))
		return NV_REFUSED_SOMEHOW;
	if (strcmp(party, v->by->party) == 0 && !nv_has(v->by, LIANDAN__ROLE__ROLE_GENERATOR))
		return NV_REFUSED(WRONG_ROLE);
	if (anothers_site(nv, b->site, party))
		return v->e->delegation[0] == '\0' ? NV_REFUSED(WRONG_ROLE) : NV_REFUSED_SOMEHOW;
	if (batch_used(nv, party, b->batch) ||
	    (b->container[0] != '\0' && nv_container_named(nv, b->container) != NULL))
		return NV_REFUSED(ALREADY_EXISTS);
	return nv_in_range(mass) ? nv_ok() : NV_REFUSED(QUANTITY);
}

/* A manifest that is named must have been accepted by this party: until then the event waits. */
struct nv_said nv_came_by(struct nv *nv, const struct nv_event *v, ProtobufCBinaryData id)
{
	const struct nv_manifest *m = nv_find(nv, id);

	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	if (strcmp(m->created->receiver->party, v->by->party) != 0)
		return NV_REFUSED(WRONG_ROLE);
	if (m->flows) /* from day to day */
		return nv_ok();
	switch ((int)m->state) {
	case CUSTODY__MANIFEST_STATE__ACCEPTED_ALL:
	case CUSTODY__MANIFEST_STATE__PARTLY_ACCEPTED:
		return nv_ok();
	case CUSTODY__MANIFEST_STATE__CLOSED:
		return m->accepted ? nv_ok() : NV_REFUSED_SOMEHOW;
	case CUSTODY__MANIFEST_STATE__REJECTED_ALL:
		return NV_REFUSED(OUT_OF_ORDER);
	case CUSTODY__MANIFEST_STATE__CANCELLED:
	case CUSTODY__MANIFEST_STATE__EXPIRED:
		return m->sealed ? NV_HELD(WAITS_FOR_STATE) : NV_REFUSED(OUT_OF_ORDER);
	default:
		return NV_HELD(WAITS_FOR_STATE);
	}
}

static struct nv_said stored(struct nv *nv, const struct nv_event *v)
{
	const Liandan__ContainerStored *b = v->e->container_stored;
	const char *party = nv_acts_for(nv, v);

	if (party[0] == '\0' ||
	    (v->e->delegation[0] != '\0' && !nv_delegate_covers(nv, v, GENERATE, NULL)))
		return NV_REFUSED_SOMEHOW;
	if (strcmp(party, v->by->party) == 0 && !nv_has(v->by, HOLDERS))
		return NV_REFUSED(WRONG_ROLE);
	if (anothers_site(nv, b->site, party))
		return v->e->delegation[0] == '\0' ? NV_REFUSED(WRONG_ROLE) : NV_REFUSED_SOMEHOW;
	if (batch_used(nv, party, b->batch))
		return NV_REFUSED(ALREADY_EXISTS);
	if (b->manifest.len == 0)
		return nv_ok();
	if (nv_find(nv, b->manifest) != NULL && !nv_receives(nv_find(nv, b->manifest), v->by))
		/* what came by a manifest, the receiver stores */
		return v->e->delegation[0] == '\0' ? NV_REFUSED(WRONG_ROLE) : NV_REFUSED_SOMEHOW;
	return nv_came_by(nv, v, b->manifest);
}

struct nv_manifest *nv_manifest_in_hex(struct nv *nv, const char *hex)
{
	char text[2 * LD_UUID_BYTES + 1];

	for (size_t i = nv->n_manifest; i-- > 0;) {
		for (size_t k = 0; k < LD_UUID_BYTES; k++)
			snprintf(text + 2 * k, 3, "%02x", nv->manifest[i].id[k]);
		if (strcmp(text, hex) == 0)
			return &nv->manifest[i];
	}
	return NULL;
}

static struct nv_said lost_container(struct nv *nv, const struct nv_event *v)
{
	const struct nv_container *k = nv_container_named(nv, v->e->loss_recorded->subject);

	if (k == NULL)
		return NV_REFUSED(UNKNOWN_CONTAINER);
	if (!nv_has(v->by, OFFICIALS) && strcmp(k->party, v->by->party) != 0)
		return NV_REFUSED(WRONG_ROLE);
	return k->state == CUSTODY__CONTAINER_STATE__LOST ||
		       k->state == CUSTODY__CONTAINER_STATE__TREATED
		   ? NV_REFUSED(OUT_OF_ORDER)
		   : nv_ok();
}

static struct nv_said lost_load(struct nv *nv, const struct nv_event *v)
{
	const struct nv_manifest *m = nv_manifest_in_hex(nv, v->e->loss_recorded->subject);

	if (m == NULL)
		return NV_REFUSED(UNKNOWN_MANIFEST);
	if (!nv_has(v->by, OFFICIALS) && strcmp(m->holder, v->by->party) != 0)
		return NV_REFUSED(WRONG_ROLE);
	return m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT ||
		       m->state == CUSTODY__MANIFEST_STATE__ARRIVED ||
		       m->state == CUSTODY__MANIFEST_STATE__REJECTED_ALL ||
		       (m->state == CUSTODY__MANIFEST_STATE__SEALED && m->giver[0] != '\0')
		   ? nv_ok()
		   : NV_REFUSED(OUT_OF_ORDER);
}

static struct nv_said lost(struct nv *nv, const struct nv_event *v)
{
	const Liandan__LossRecorded *b = v->e->loss_recorded;

	if (!nv_has(v->by, HOLDERS | OFFICIALS | NV_DRIVES))
		return NV_REFUSED(WRONG_ROLE);
	if (!nv_in_range(b->mass_g))
		return NV_REFUSED(QUANTITY);
	switch ((int)b->subject_kind) {
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER:
		return lost_container(nv, v);
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE:
		if (nv_owner_of(nv, b->subject) == NULL)
			return NV_REFUSED(UNKNOWN_SITE);
		if (!nv_has(v->by, OFFICIALS) && anothers_site(nv, b->subject, v->by->party))
			return NV_REFUSED(WRONG_ROLE);
		return b->code[0] != '\0' ? nv_ok() : NV_REFUSED(BAD_WASTE_CODE);
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST:
		return lost_load(nv, v);
	default:
		return NV_REFUSED(UNKNOWN_SUBJECT);
	}
}

static bool ticket_used(const struct nv *nv, const char *hex)
{
	for (size_t i = nv->n_ticket; i-- > 0;)
		if (strcmp(nv->ticket[i].batch, hex) == 0)
			return true;
	return false;
}

static void ticket_hex(const Liandan__Weighed *b, char out[NV_ID])
{
	for (size_t i = 0; i < b->ticket.len && i < LD_UUID_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", b->ticket.data[i]);
}

static struct nv_said weighed(struct nv *nv, const struct nv_event *v)
{
	const Liandan__Weighed *b = v->e->weighed;
	char hex[NV_ID] = "";

	ticket_hex(b, hex);
	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_SCALE))
		return NV_REFUSED(WRONG_ROLE);
	if (strcmp(v->by->subject, b->instrument) != 0)
		return NV_REFUSED_SOMEHOW;
	return ticket_used(nv, hex) ? NV_REFUSED(ALREADY_EXISTS) : nv_ok();
}

struct nv_said nv_judge_stock(struct nv *nv, const struct nv_event *v)
{
	switch ((int)v->e->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
		return generated(nv, v);
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
		return stored(nv, v);
	case LIANDAN__EVENT__BODY_LOSS_RECORDED:
		return lost(nv, v);
	default:
		return weighed(nv, v);
	}
}

/* ---- what it does ---- */

/* Waste comes into being, or comes back out of a repacking. An id that is in use stays what it is:
 * then it counts as bulk. */
void nv_bring(struct nv *nv, const struct nv_container *like, bool repacked)
{
	struct nv_stock *s = nv_stock_at(nv, like->party, like->site, like->code);
	struct nv_container *k;

	if (repacked)
		s->lost_g -= like->mass_g; /* its inputs were booked as lost */
	else
		s->generated_g += like->mass_g;
	if (like->name[0] == '\0' || nv_container_named(nv, like->name) != NULL)
		return;
	NV_GROW(nv->container, nv->n_container, nv->cap_container);
	nv->container[nv->n_container] = *like;
	k = &nv->container[nv->n_container++];
	k->state = CUSTODY__CONTAINER_STATE__GENERATED;
	if (repacked)
		k->state = k->came || k->n_origins != 0
			       ? CUSTODY__CONTAINER_STATE__STORED_AT_FACILITY
			       : CUSTODY__CONTAINER_STATE__STORED_AT_ORIGIN;
}

static void generate(struct nv *nv, const struct nv_event *v)
{
	const Liandan__WasteGenerated *w = v->e->waste_generated;
	struct nv_container k = {.mass_g = w->line->quantity->mass_g};

	nv_copy(k.name, w->container);
	nv_copy(k.party, nv_acts_for(nv, v));
	nv_copy(k.generator, k.party);
	nv_copy(k.site, w->site);
	nv_copy(k.code, w->line->code);
	nv_book_batch(nv, k.party, w->batch, w->site, w->line->code);
	nv_bring(nv, &k, false);
}

static void store(struct nv *nv, const struct nv_event *v)
{
	const Liandan__ContainerStored *b = v->e->container_stored;
	const char *party = nv_acts_for(nv, v);
	struct nv_manifest *m = nv_find(nv, b->manifest);
	int64_t stored = 0;

	nv_book_batch(nv, party, b->batch, b->site, "");
	for (size_t i = 0; i < b->n_items; i++) {
		struct nv_container *k = nv_container_named(nv, b->items[i]->container);

		if (b->items[i]->container[0] == '\0')
			stored += b->items[i]->mass_g;
		if (k == NULL || strcmp(k->party, party) != 0 || strcmp(k->site, b->site) != 0 ||
		    !nv_container_in_stock(k) || k->state == CUSTODY__CONTAINER_STATE__BOUND)
			continue;
		k->state = k->came || k->n_origins != 0
			       ? CUSTODY__CONTAINER_STATE__STORED_AT_FACILITY
			       : CUSTODY__CONTAINER_STATE__STORED_AT_ORIGIN;
		stored += k->mass_g;
	}
	if (m != NULL)
		m->stored_g += stored;
}

static void lose(struct nv *nv, const struct nv_event *v)
{
	const Liandan__LossRecorded *b = v->e->loss_recorded;
	struct nv_container *k = nv_container_named(nv, b->subject);
	struct nv_manifest *m = nv_manifest_in_hex(nv, b->subject);
	int64_t mass;

	switch ((int)b->subject_kind) {
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE:
		nv_stock_at(nv, nv_owner_of(nv, b->subject), b->subject, b->code)->lost_g +=
		    b->mass_g;
		break;
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER:
		if (!nv_container_in_stock(k) || k->state == CUSTODY__CONTAINER_STATE__BOUND)
			break; /* the manifest answers for it */
		mass = b->mass_g < k->mass_g ? b->mass_g : k->mass_g;
		nv_gone(nv, k, mass);
		nv_stock_at(nv, k->party, k->site, k->code)->lost_g += mass;
		k->mass_g -= mass;
		if (k->mass_g == 0)
			k->state = CUSTODY__CONTAINER_STATE__LOST;
		break;
	default:
		m->lost_g += b->mass_g;
		if (nv_has(v->by, OFFICIALS)) /* row 22: an authority ends it */
			m->gone = true;
		break;
	}
}

void nv_apply_stock(struct nv *nv, const struct nv_event *v)
{
	const Liandan__Event *e = v->e;

	switch ((int)e->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
		generate(nv, v);
		break;
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
		store(nv, v);
		break;
	case LIANDAN__EVENT__BODY_LOSS_RECORDED:
		lose(nv, v);
		break;
	case LIANDAN__EVENT__BODY_WEIGHED: {
		char hex[NV_ID] = "";

		ticket_hex(e->weighed, hex);
		NV_GROW(nv->ticket, nv->n_ticket, nv->cap_ticket);
		memset(&nv->ticket[nv->n_ticket], 0, sizeof *nv->ticket);
		nv_copy(nv->ticket[nv->n_ticket++].batch, hex);
		break;
	}
	default:
		break;
	}
}
