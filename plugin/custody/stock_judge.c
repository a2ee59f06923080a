/* Stock is facts: refused only for a wrong role or a booking that cannot be (a batch or container
 * that is there already); the rest is recorded. CUSTODY-18, 22; PROTOCOL: Verdicts. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/delegation.h"
#include "plugin/custody/drain.h"
#include "plugin/custody/loss.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/store.h"
#include "proto/base64.h"

#define ROLES_AUTHORITY ((uint32_t)(LIANDAN__ROLE__ROLE_AUTHORITY | LIANDAN__ROLE__ROLE_REGULATOR))

static const char *batch_of(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
		return e->waste_generated->batch;
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
		return e->container_stored->batch;
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
		return e->waste_treated->batch;
	case LIANDAN__EVENT__BODY_CONTAINER_RELEASED:
		return e->container_released->batch;
	case LIANDAN__EVENT__BODY_STOCK_REPACKED:
		return e->stock_repacked->batch;
	default:
		return "";
	}
}

/* Nothing is booked twice. */
bool ld_check_batch_new(struct ld_case *k)
{
	const char *batch = batch_of(k->f->event);
	size_t mark = ld_mark(k->c);
	Custody__Batch *there;
	enum ld_err err = ld_batch_get(k->c, ld_acts_for(k->c, k->f), batch, &there);

	ld_release(k->c, mark);
	return err != LD_OK || ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS,
					 "batch %s is booked already", batch);
}

/* ---- 产生 ---- */

bool ld_check_container_new(struct ld_case *k)
{
	const char *id = k->f->event->waste_generated->container;
	Custody__Container *there;

	return id[0] == '\0' || ld_container_get(k->c, id, &there) != LD_OK ||
	       ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS, "container %s is in use", id);
}

bool ld_check_mass_given(struct ld_case *k)
{
	const Liandan__WasteGenerated *b = k->f->event->waste_generated;

	return b->line->quantity->mass_g != 0 ||
	       ld_failed(k, LIANDAN__REASON__QUANTITY, b->batch, 0, 0, "it has no mass");
}

/* A code beside the books may be left out. */
static const char *said_code(const Liandan__Event *e)
{
	return e->body_case == LIANDAN__EVENT__BODY_ACCIDENT_REPORTED ? e->accident_reported->code
	       : e->body_case == LIANDAN__EVENT__BODY_SAMPLE_ANALYSED
		   ? e->sample_analysed->found_code
		   : NULL;
}

bool ld_check_code_known(struct ld_case *k)
{
	const Liandan__Event *e = k->f->event;
	const char *said = said_code(e);
	const char *code = said != NULL ? said : e->waste_generated->line->code;
	const Liandan__CodeSystem system =
	    said != NULL ? ld_code_system_of(code) : e->waste_generated->line->code_system;

	return (said != NULL && code[0] == '\0') || ld_code_known(system, code) ||
	       ld_failed(k, LIANDAN__REASON__BAD_WASTE_CODE, code, 0, 0, "no such code %s", code);
}

/* ---- 入库 ---- */

static bool container_stands(struct ld_case *k, const Liandan__Item *item)
{
	const Liandan__ContainerStored *b = k->f->event->container_stored;
	size_t mark = ld_mark(k->c);
	Custody__Container *o;
	bool known = ld_container_get(k->c, item->container, &o) == LD_OK;
	bool here = false;
	int64_t mass_g = 0;

	if (known) {
		here = ld_container_stands(o, ld_acts_for(k->c, k->f), b->site) &&
		       (b->manifest.len == 0 || ld_same_id(o->came_by, b->manifest));
		mass_g = o->mass_g;
	}
	ld_release(k->c, mark);
	if (!known)
		return ld_failed(k, LIANDAN__REASON__UNKNOWN_CONTAINER, item->container, 0, 0,
				 "no such container %s", item->container);
	if (!here)
		return ld_failed(k, LIANDAN__REASON__CONTAINER_ELSEWHERE, item->container, 0, 0,
				 "container %s is not there", item->container);
	return item->mass_g == 0 || item->mass_g == mass_g ||
	       ld_failed(k, LIANDAN__REASON__QUANTITY, item->container, item->mass_g, mass_g,
			 "container %s holds another mass", item->container);
}

bool ld_check_containers_stand(struct ld_case *k)
{
	const Liandan__ContainerStored *b = k->f->event->container_stored;

	for (size_t i = 0; i < b->n_items; i++)
		if (b->items[i]->container[0] != '\0' && !container_stands(k, b->items[i]))
			return false;
	return true;
}

bool ld_acceptance_awaited(const Custody__Manifest *m)
{
	const uint32_t before = LD_IN(DRAFT) | LD_IN(SEALED) | LD_IN(IN_TRANSIT) | LD_IN(ARRIVED) |
				LD_IN(VERIFYING) | LD_IN_ENDED;

	return m->accepted_ms == 0 && (ld_state_bits(m) & before) != 0;
}

/* What has come back to its generator the generator stores. */
static uint32_t stores(const Custody__Manifest *m)
{
	return m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN
		   ? LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR
		   : LIANDAN__ROLE__ROLE_RECEIVER;
}

/* At the receiver, after acceptance. Leaves the manifest in k->found. */
bool ld_check_came_by(struct ld_case *k)
{
	const Liandan__ContainerStored *b = k->f->event->container_stored;
	Custody__Manifest *m;

	if (b->manifest.len == 0)
		return true;
	if (ld_manifest_get(k->c, b->manifest, &m) != LD_OK)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "the manifest is not here yet");
	if (!ld_signer_is(k->f, stores(m), m->created->receiver->party))
		return ld_wrong_role(k->f, k->j, "the receiver");
	if (ld_acceptance_awaited(m))
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "the acceptance is not here yet");
	k->found = m;
	return m->accepted_ms != 0 ||
	       ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER, "nothing of it was accepted");
}

/* No more of a manifest is stored than was accepted of it. */
bool ld_check_stored_accepted(struct ld_case *k)
{
	const Liandan__ContainerStored *b = k->f->event->container_stored;
	const Custody__Manifest *m = k->found;
	int64_t sum = 0, limit;

	if (m == NULL)
		return true;
	for (size_t i = 0; i < b->n_items; i++)
		sum = ld_add_g(sum, b->items[i]->mass_g);
	limit = ld_sub_g(ld_manifest_accepted_g(m), m->stored_g);
	return sum <= limit || ld_failed(k, LIANDAN__REASON__QUANTITY, b->batch, sum, limit,
					 "more than was accepted");
}

/* ---- loss ---- */

/* What is lost: one of them. */
struct lost {
	Custody__Container *container;
	Custody__Site *site;
	Custody__Manifest *manifest;
};

static bool find_container(struct ld_case *k, const char *id, struct lost *o)
{
	return ld_container_get(k->c, id, &o->container) == LD_OK ||
	       ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_CONTAINER, "no such container %s", id);
}

static bool find_site(struct ld_case *k, const char *id, struct lost *o)
{
	return ld_site_get(k->c, id, &o->site) == LD_OK ||
	       ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_SITE, "no such site %s", id);
}

static bool find_manifest(struct ld_case *k, const char *hex, struct lost *o)
{
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData manifest = {.len = sizeof id, .data = id};

	return (ld_hex_decode(hex, strlen(hex), id, sizeof id) == LD_OK &&
		ld_manifest_get(k->c, manifest, &o->manifest) == LD_OK) ||
	       ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_MANIFEST, "no such manifest %s", hex);
}

/* Leaves it in k->found. */
bool ld_check_lost_here(struct ld_case *k)
{
	const Liandan__LossRecorded *b = k->f->event->loss_recorded;
	struct lost *o = ld_arena_alloc(k->c->arena, sizeof *o);

	if (o == NULL)
		return ld_refuse(k->j, LIANDAN__REASON__LIMIT, "no room to look for it");
	*o = (struct lost){NULL, NULL, NULL};
	k->found = o;
	switch (b->subject_kind) {
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER:
		return find_container(k, b->subject, o);
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE:
		return find_site(k, b->subject, o);
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST:
		return find_manifest(k, b->subject, o);
	default:
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_SUBJECT,
				 "a loss is of a container, a site or a manifest");
	}
}

/* The holder says so; an authority may for anybody. CUSTODY-22 */
bool ld_check_lost_holder(struct ld_case *k)
{
	const struct lost *o = k->found;
	const char *holder = o->container != NULL ? o->container->party
			     : o->site != NULL	  ? o->site->registered->party
						  : o->manifest->holder;

	return (k->f->signer->roles & ROLES_AUTHORITY) != 0 ||
	       strcmp(holder, k->f->signer->party) == 0 ||
	       ld_wrong_role(k->f, k->j, "the holder or an authority");
}

/* On the way, or rejected, or waiting in quarantine to be picked up: in nobody's book. */
static bool between_stocks(const Custody__Manifest *m)
{
	return m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT ||
	       m->state == CUSTODY__MANIFEST_STATE__ARRIVED ||
	       m->state == CUSTODY__MANIFEST_STATE__REJECTED_ALL ||
	       (m->state == CUSTODY__MANIFEST_STATE__SEALED && m->giver[0] != '\0');
}

/* A loss at a site says of which waste; what is gone, or not on the way, cannot be lost. */
bool ld_check_lost_before(struct ld_case *k)
{
	const struct lost *o = k->found;

	if (o->site != NULL)
		return k->f->event->loss_recorded->code[0] != '\0' ||
		       ld_refuse(k->j, LIANDAN__REASON__BAD_WASTE_CODE,
				 "it does not say which waste");
	if (o->container != NULL)
		return (o->container->state != CUSTODY__CONTAINER_STATE__TREATED &&
			o->container->state != CUSTODY__CONTAINER_STATE__LOST) ||
		       ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
				 "container %s is gone already", o->container->container);
	return between_stocks(o->manifest) ||
	       ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER, "it is not on the way");
}

static bool container_covers(struct ld_case *k, const Custody__Container *o)
{
	const Liandan__LossRecorded *b = k->f->event->loss_recorded;

	if (!ld_container_in_stock(o) || o->state == CUSTODY__CONTAINER_STATE__BOUND)
		return ld_failed(k, LIANDAN__REASON__CONTAINER_ELSEWHERE, b->subject, 0, 0,
				 "container %s is on a manifest", b->subject);
	return b->mass_g <= o->mass_g || ld_failed(k, LIANDAN__REASON__QUANTITY, b->subject,
						   b->mass_g, o->mass_g, "more than it holds");
}

/* No more is lost than was there. */
bool ld_check_lost_covered(struct ld_case *k)
{
	const Liandan__LossRecorded *b = k->f->event->loss_recorded;
	const struct lost *o = k->found;
	int64_t in = 0;
	Custody__Stock *s;

	if (o->container != NULL)
		return container_covers(k, o->container);
	if (o->manifest != NULL)
		return b->mass_g <= o->manifest->taken_g ||
		       ld_failed(k, LIANDAN__REASON__QUANTITY, b->subject, b->mass_g,
				 o->manifest->taken_g, "more than was taken");
	if (ld_stock_get(k->c, o->site->registered->party, b->subject, b->code, &s) == LD_OK)
		in = ld_sub_g(s->in_stock_g, s->contained_g);
	return b->mass_g <= in || ld_failed(k, LIANDAN__REASON__STOCK_NEGATIVE, b->code,
					    ld_sub_g(in, b->mass_g), 0, "more than is booked");
}

static void what_it_does(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	switch (f->event->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
		ld_treated_follow(c, f, own);
		ld_spent_follow(c, f, own);
		break;
	case LIANDAN__EVENT__BODY_STOCK_REPACKED:
	case LIANDAN__EVENT__BODY_LOSS_RECORDED:
		ld_spent_follow(c, f, own);
		break;
	case LIANDAN__EVENT__BODY_STOCK_COUNTED:
		ld_counted_follow(c, f, own);
		ld_store_follow(c, f, own);
		break;
	default:
		ld_store_follow(c, f, own);
	}
	ld_losses_follow(c, f, own);
}

/* An authority's word that a load is lost ends its manifest. CUSTODY-22 */
void ld_stock_follow(struct ld_custody *c, const struct ld_fact *f, const struct ld_judgement *j,
		     struct ld_own_list *own)
{
	const Liandan__LossRecorded *b = f->event->loss_recorded;
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData manifest = {.len = sizeof id, .data = id};
	Custody__Manifest *m;

	(void)j;
	what_it_does(c, f, own);
	if (f->event->body_case != LIANDAN__EVENT__BODY_LOSS_RECORDED ||
	    b->subject_kind != LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST ||
	    (f->signer->roles & ROLES_AUTHORITY) == 0)
		return;
	if (ld_hex_decode(b->subject, strlen(b->subject), id, sizeof id) != LD_OK ||
	    ld_manifest_get(c, manifest, &m) != LD_OK)
		return;
	ld_manifest_close(c, m, LIANDAN__CLOSE_REASON__CLOSE_REASON_LOST, own);
}
