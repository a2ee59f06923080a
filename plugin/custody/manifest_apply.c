/* The manifest up to the first hand-over: created, sealed, cancelled, offered. CUSTODY-1, 2, 4, 5.
 */
#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/finding.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/number.h"
#include "plugin/custody/pipeline.h"
#include "plugin/custody/road.h"
#include "plugin/custody/skim.h"

static enum ld_err found(enum ld_err err)
{
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

bool ld_same_id(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

enum ld_err ld_container_move(struct ld_custody *c, const char *container,
			      const ProtobufCBinaryData *of, const struct ld_container_step *step,
			      uint64_t index)
{
	static const ProtobufCBinaryData none = {0, NULL};
	size_t mark = ld_mark(c);
	Custody__Container *k;
	enum ld_err err = ld_container_get(c, container, &k);

	if (err == LD_OK && (of == NULL || ld_same_id(k->manifest, *of))) {
		if (step->state != CUSTODY__CONTAINER_STATE__CONTAINER_STATE_UNSPECIFIED)
			k->state = step->state;
		if (step->party != NULL)
			k->party = (char *)(uintptr_t)step->party;
		if (step->site != NULL)
			k->site = (char *)(uintptr_t)step->site;
		if (step->unbind)
			k->manifest = none;
		if (step->bind != NULL)
			k->manifest = *step->bind;
		if (step->came_by != NULL)
			k->came_by = *step->came_by;
		if (step->mass_g != NULL)
			k->mass_g = *step->mass_g;
		k->index = index;
		err = ld_container_put(c, k);
	}
	ld_release(c, mark);
	return found(err);
}

enum ld_err ld_manifest_move_all(struct ld_custody *c, const Custody__Manifest *m,
				 const struct ld_container_step *step, uint64_t index)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < m->n_items; i++)
		if (m->items[i]->container[0] != '\0')
			err =
			    ld_container_move(c, m->items[i]->container, &m->manifest, step, index);
	return err;
}

/* Binds or frees the bulk shares of a sealed manifest: sign +1 or -1. */
static enum ld_err book_bound(struct ld_custody *c, const Custody__Manifest *m, int sign,
			      uint64_t index)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < m->n_items; i++) {
		const Liandan__Item *item = m->items[i];
		const Liandan__Line *line = ld_manifest_line(m, item->line);
		struct ld_booking b = {.bound_g =
					   sign > 0 ? item->mass_g : ld_sub_g(0, item->mass_g)};

		if (item->container[0] == '\0' && line != NULL)
			err = ld_stock_book(c, m->created->generator, m->created->site, line->code,
					    &b, index);
	}
	return err;
}

static enum ld_err bind_container(struct ld_custody *c, const Custody__Manifest *m,
				  const char *container, uint64_t index)
{
	size_t mark = ld_mark(c);
	Custody__Container *k;
	enum ld_err err = ld_container_get(c, container, &k);

	if (err == LD_OK) {
		k->before = k->state;
		k->state = CUSTODY__CONTAINER_STATE__BOUND;
		k->manifest = m->manifest;
		k->index = index;
		err = ld_container_put(c, k);
	}
	ld_release(c, mark);
	return found(err);
}

static enum ld_err free_container(struct ld_custody *c, const Custody__Manifest *m,
				  const char *container, uint64_t index)
{
	size_t mark = ld_mark(c);
	Custody__Container *k;
	enum ld_err err = ld_container_get(c, container, &k);

	if (err == LD_OK && ld_same_id(k->manifest, m->manifest) &&
	    k->state == CUSTODY__CONTAINER_STATE__BOUND) {
		k->state = k->before;
		k->manifest.len = 0;
		k->index = index;
		err = ld_container_put(c, k);
	}
	ld_release(c, mark);
	return found(err);
}

enum ld_err ld_manifest_unbind(struct ld_custody *c, Custody__Manifest *m, uint64_t index)
{
	enum ld_err err = book_bound(c, m, -1, index);

	for (size_t i = 0; err == LD_OK && i < m->n_items; i++)
		if (m->items[i]->container[0] != '\0')
			err = free_container(c, m, m->items[i]->container, index);
	return err;
}

/* CUSTODY-1 */
static enum ld_err created(struct ld_custody *c, const struct ld_fact *f,
			   Liandan__ManifestCreated *b)
{
	Custody__Manifest m = CUSTODY__MANIFEST__INIT;
	enum ld_err err;

	m.manifest = b->manifest;
	m.number = b->number;
	m.state = CUSTODY__MANIFEST_STATE__DRAFT;
	m.created = b;
	m.holder = b->generator;
	if (strcmp(f->signer->party, b->generator) != 0)
		m.filled_by = f->signer->party;
	m.created_ms = ld_step_ms(f, 0);
	m.created_index = f->index;
	err = ld_manifest_touch_put(c, f, &m);
	if (err == LD_OK)
		err = ld_number_use(c, f, b->number, b->manifest);
	if (err == LD_OK)
		err = ld_manifest_count(c, &m, 1, 0);
	if (err == LD_OK)
		err = ld_manifest_clock(c, &m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_DRAFT,
					f->recorded_at_ms + c->rules->draft_ms);
	return err;
}

/* The generator may name an earlier end, never a later one. */
static int64_t pickup_due(const struct ld_custody *c, const struct ld_fact *f, int64_t asked_ms)
{
	int64_t limit = f->recorded_at_ms + c->rules->pickup_ms;

	return asked_ms > f->recorded_at_ms && asked_ms < limit ? asked_ms : limit;
}

/* CUSTODY-2 */
static enum ld_err sealed(struct ld_custody *c, const struct ld_fact *f,
			  const Liandan__ManifestSealed *b)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return found(err);
	m->state = CUSTODY__MANIFEST_STATE__SEALED;
	m->content = b->content;
	m->version = b->version;
	m->n_items = b->n_items;
	m->items = b->items;
	m->sealed_ms = ld_step_ms(f, m->created_ms);
	m->rules = c->rules->version;
	m->asked_ms = b->expires_ms;
	m->pickup_due_ms = pickup_due(c, f, b->expires_ms);
	err = ld_manifest_draw(c, f, m);
	if (err == LD_OK)
		err = book_bound(c, m, 1, f->index);
	for (size_t i = 0; err == LD_OK && i < m->n_items; i++)
		if (m->items[i]->container[0] != '\0')
			err = bind_container(c, m, m->items[i]->container, f->index);
	if (err == LD_OK)
		err = ld_manifest_count(c, m, -1, 1);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_DRAFT, 0);
	if (err == LD_OK)
		err = ld_pickup_begin(c, f, m);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

/* CUSTODY-4 */
static enum ld_err cancelled(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__ManifestCancelled *b)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);
	bool draft;

	if (err != LD_OK)
		return found(err);
	draft = m->state == CUSTODY__MANIFEST_STATE__DRAFT;
	m->state = CUSTODY__MANIFEST_STATE__CANCELLED;
	err = ld_manifest_give_back(c, m);
	if (err == LD_OK && !draft)
		err = ld_manifest_unbind(c, m, f->index);
	if (err == LD_OK)
		err = ld_offer_close(c, m);
	if (err == LD_OK)
		err = ld_manifest_count(c, m, draft ? -1 : 0, draft ? 0 : -1);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_DRAFT, 0);
	if (err == LD_OK)
		err = ld_pickup_end(c, m);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

/* CUSTODY-5. A time that is not ahead counts as none: an offer that cannot be taken would strand
 * nobody but help nobody either. */
static enum ld_err offered(struct ld_custody *c, const struct ld_fact *f,
			   const Liandan__HandoverOffered *b)
{
	Custody__Offer offer = CUSTODY__OFFER__INIT;
	Custody__Manifest *m;
	struct ld_tkey k;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return found(err);
	err = ld_offer_close(c, m);
	if (err != LD_OK)
		return err;
	offer.event_hash.data = (uint8_t *)(uintptr_t)f->event_hash;
	offer.event_hash.len = LD_HASH_BYTES;
	offer.index = f->index;
	offer.leg = b->leg;
	offer.from_party = m->leg == 0 ? (char *)(uintptr_t)ld_giver_party(m) : f->signer->party;
	offer.to_party = b->to_party;
	offer.n_items = b->n_items;
	offer.items = b->items;
	offer.n_seals = b->n_seals;
	offer.seals = b->seals;
	offer.expires_ms = b->expires_ms > f->recorded_at_ms
			       ? b->expires_ms
			       : f->recorded_at_ms + ld_rules_of(c, m)->offer_ms;
	offer.person = (char *)(uintptr_t)ld_person_of(c, f->signer);
	m->offer = &offer;
	ld_offer_key(&k, offer.to_party, m->manifest);
	err = ld_state_put(c->state, LD_T_PLATE_OFFER, k.b, k.len, "", 0);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_OFFER,
					offer.expires_ms);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

static enum ld_err withdrawn(struct ld_custody *c, const struct ld_fact *f,
			     ProtobufCBinaryData manifest, ProtobufCBinaryData offer)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, manifest, &m);

	if (err != LD_OK)
		return found(err);
	if (ld_offer_is(m, offer))
		err = ld_offer_close(c, m);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

/* M3 counts what is missing of each delivery. */
static enum ld_err accepted(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__Accepted *a)
{
	enum ld_err err = ld_accepted_apply(c, f, a);

	return err == LD_OK ? ld_skim_apply(c, f) : err;
}

enum ld_err ld_manifest_apply(struct ld_custody *c, const struct ld_fact *f)
{
	const Liandan__Event *e = f->event;

	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_MANIFEST_CREATED:
		return created(c, f, e->manifest_created);
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
		return sealed(c, f, e->manifest_sealed);
	case LIANDAN__EVENT__BODY_MANIFEST_CANCELLED:
		return cancelled(c, f, e->manifest_cancelled);
	case LIANDAN__EVENT__BODY_HANDOVER_OFFERED:
		return offered(c, f, e->handover_offered);
	case LIANDAN__EVENT__BODY_OFFER_WITHDRAWN:
		return withdrawn(c, f, e->offer_withdrawn->manifest, e->offer_withdrawn->offer);
	case LIANDAN__EVENT__BODY_HANDOVER_DECLINED:
		return withdrawn(c, f, e->handover_declined->manifest, e->handover_declined->offer);
	case LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED:
		return ld_confirmed_apply(c, f, e->generator_confirmed);
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		return ld_taken_apply(c, f, e->handover_taken);
	case LIANDAN__EVENT__BODY_STOP_BEGUN:
		return ld_stop_begun_apply(c, f, e->stop_begun);
	case LIANDAN__EVENT__BODY_STOP_ENDED:
		return ld_stop_ended_apply(c, f, e->stop_ended);
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
		return ld_storage_entered_apply(c, f, e->temporary_storage_entered);
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT:
		return ld_storage_left_apply(c, f, e->temporary_storage_left);
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
		return ld_accident_apply(c, f, e->accident_reported);
	case LIANDAN__EVENT__BODY_ARRIVED:
		return ld_arrived_apply(c, f, e->arrived);
	case LIANDAN__EVENT__BODY_RECEIVED:
		return ld_received_apply(c, f, e->received);
	case LIANDAN__EVENT__BODY_SAMPLE_ANALYSED:
		return ld_sample_apply(c, f, e->sample_analysed);
	case LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED:
		return ld_discrepancy_reported_apply(c, f, e->discrepancy_reported);
	case LIANDAN__EVENT__BODY_DISCREPANCY_RESOLVED:
		return ld_discrepancy_resolved_apply(c, f, e->discrepancy_resolved);
	case LIANDAN__EVENT__BODY_PAPER_BACKFILLED:
		return ld_paper_apply(c, f, e->paper_backfilled);
	case LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED:
		return ld_amendment_proposed_apply(c, f, e->amendment_proposed);
	case LIANDAN__EVENT__BODY_AMENDMENT_AGREED:
		return ld_amendment_agreed_apply(c, f, e->amendment_agreed);
	case LIANDAN__EVENT__BODY_PIPELINE_DAY:
		return ld_pipeline_day_apply(c, f, e->pipeline_day);
	case LIANDAN__EVENT__BODY_ACCEPTED:
		return accepted(c, f, e->accepted);
	case LIANDAN__EVENT__BODY_REJECTED:
		return ld_rejected_apply(c, f, e->rejected);
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
		return ld_partly_accepted_apply(c, f, e->partly_accepted);
	case LIANDAN__EVENT__BODY_REDIRECTED:
		return ld_redirected_apply(c, f, e->redirected);
	default:
		return LD_OK;
	}
}
