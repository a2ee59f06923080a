/* Stock is facts: refused only for a wrong role or a booking that cannot be (a batch or container
 * that is there already); the rest is recorded. CUSTODY-18, 22; PROTOCOL: Verdicts. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/stock.h"
#include "proto/base64.h"

#define ROLES_HOLDER ((uint32_t)(LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER))
#define ROLES_AUTHORITY ((uint32_t)(LIANDAN__ROLE__ROLE_AUTHORITY | LIANDAN__ROLE__ROLE_REGULATOR))

/* The site is the signer's own. One that is not registered is recorded, another's is refused. */
static bool check_site(struct ld_custody *c, const struct ld_fact *f, const char *site,
		       struct ld_judgement *j)
{
	size_t mark = ld_mark(c);
	Custody__Site *s;
	bool known = ld_site_get(c, site, &s) == LD_OK;
	bool own = known && strcmp(s->registered->party, f->signer->party) == 0;

	ld_release(c, mark);
	if (!known)
		return ld_violate(c, j, LIANDAN__REASON__UNKNOWN_SITE, site, 0, 0);
	return own || ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "%s is not a site of %s", site,
				f->signer->party);
}

/* Nothing is booked twice. */
static bool check_batch(struct ld_custody *c, const struct ld_fact *f, const char *batch,
			struct ld_judgement *j)
{
	size_t mark = ld_mark(c);
	Custody__Batch *there;
	enum ld_err err = ld_batch_get(c, f->signer->party, batch, &there);

	ld_release(c, mark);
	return err != LD_OK ||
	       ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "batch %s is booked already", batch);
}

static bool container_exists(struct ld_custody *c, const char *container)
{
	size_t mark = ld_mark(c);
	Custody__Container *k;
	enum ld_err err = ld_container_get(c, container, &k);

	ld_release(c, mark);
	return err == LD_OK;
}

/* CUSTODY-18, 产生 */
static bool generated(struct ld_custody *c, const struct ld_fact *f,
		      const Liandan__WasteGenerated *b, struct ld_judgement *j)
{
	if ((f->signer->roles & LIANDAN__ROLE__ROLE_GENERATOR) == 0)
		return ld_wrong_role(f, j, "a generator");
	if (!check_site(c, f, b->site, j) || !check_batch(c, f, b->batch, j))
		return false;
	if (b->line == NULL)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY,
				 "it does not say what was generated");
	if (b->container[0] != '\0' && container_exists(c, b->container))
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "container %s is in use",
				 b->container);
	if (b->line->quantity == NULL || b->line->quantity->mass_g < 0 ||
	    b->line->quantity->mass_g > LD_MAX_MASS_G)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "such a mass cannot be");
	if (b->line->quantity->mass_g == 0)
		ld_violate(c, j, LIANDAN__REASON__QUANTITY, b->batch, 0, 0);
	if (!ld_code_known(b->line->code_system, b->line->code))
		ld_violate(c, j, LIANDAN__REASON__BAD_WASTE_CODE, b->line->code, 0, 0);
	ld_check_hazards(c, j, b->line);
	return true;
}

static void check_stored_container(struct ld_custody *c, const struct ld_fact *f,
				   const Liandan__ContainerStored *b, const Liandan__Item *item,
				   struct ld_judgement *j)
{
	size_t mark = ld_mark(c);
	Custody__Container *k;
	bool known = ld_container_get(c, item->container, &k) == LD_OK;
	bool here = false;
	int64_t mass_g = 0;

	if (known) {
		here = strcmp(k->party, f->signer->party) == 0 && strcmp(k->site, b->site) == 0 &&
		       ld_container_in_stock(k) && k->state != CUSTODY__CONTAINER_STATE__BOUND;
		if (b->manifest.len != 0)
			here = here && ld_same_id(k->came_by, b->manifest);
		mass_g = k->mass_g;
	}
	ld_release(c, mark);
	if (!known)
		ld_violate(c, j, LIANDAN__REASON__UNKNOWN_CONTAINER, item->container, 0, 0);
	else if (!here)
		ld_violate(c, j, LIANDAN__REASON__CONTAINER_ELSEWHERE, item->container, 0, 0);
	else if (item->mass_g != 0 && item->mass_g != mass_g)
		ld_violate(c, j, LIANDAN__REASON__QUANTITY, item->container, item->mass_g, mass_g);
}

/* At the receiver, after acceptance. */
static bool check_came_by(struct ld_custody *c, const struct ld_fact *f,
			  const Liandan__ContainerStored *b, struct ld_judgement *j)
{
	int64_t sum = 0, limit;
	Custody__Manifest *m;

	if (ld_manifest_get(c, b->manifest, &m) != LD_OK)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE, "the manifest is not here yet");
	if (!ld_signer_is(f, LIANDAN__ROLE__ROLE_RECEIVER, m->created->receiver->party))
		return ld_wrong_role(f, j, "the receiver");
	if (m->state < CUSTODY__MANIFEST_STATE__ACCEPTED_ALL)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "the acceptance is not here yet");
	if (m->accepted_ms == 0)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "nothing of it was accepted");
	for (size_t i = 0; i < b->n_items; i++)
		sum = ld_add_g(sum, b->items[i]->mass_g);
	limit = ld_sub_g(ld_manifest_accepted_g(m), m->stored_g);
	if (sum > limit)
		ld_violate(c, j, LIANDAN__REASON__QUANTITY, b->batch, sum, limit);
	return true;
}

/* CUSTODY-18, 入库 */
static bool stored(struct ld_custody *c, const struct ld_fact *f, const Liandan__ContainerStored *b,
		   struct ld_judgement *j)
{
	if ((f->signer->roles & ROLES_HOLDER) == 0)
		return ld_wrong_role(f, j, "the holder of the stock");
	if (!check_site(c, f, b->site, j) || !check_batch(c, f, b->batch, j))
		return false;
	if (b->manifest.len != 0 && !check_came_by(c, f, b, j))
		return false;
	for (size_t i = 0; i < b->n_items; i++)
		if (b->items[i]->container[0] != '\0')
			check_stored_container(c, f, b, b->items[i], j);
	return true;
}

static bool lost_container(struct ld_custody *c, const struct ld_fact *f,
			   const Liandan__LossRecorded *b, struct ld_judgement *j)
{
	Custody__Container *k;

	if (ld_container_get(c, b->subject, &k) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_CONTAINER, "no such container %s",
				 b->subject);
	if ((f->signer->roles & ROLES_AUTHORITY) == 0 && strcmp(k->party, f->signer->party) != 0)
		return ld_wrong_role(f, j, "the holder or an authority");
	if (k->state == CUSTODY__CONTAINER_STATE__TREATED ||
	    k->state == CUSTODY__CONTAINER_STATE__LOST)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "container %s is gone already",
				 b->subject);
	if (!ld_container_in_stock(k) || k->state == CUSTODY__CONTAINER_STATE__BOUND)
		return ld_violate(c, j, LIANDAN__REASON__CONTAINER_ELSEWHERE, b->subject, 0, 0);
	if (b->mass_g > k->mass_g)
		ld_violate(c, j, LIANDAN__REASON__QUANTITY, b->subject, b->mass_g, k->mass_g);
	return true;
}

static bool lost_at_site(struct ld_custody *c, const struct ld_fact *f,
			 const Liandan__LossRecorded *b, struct ld_judgement *j)
{
	const char *party = f->signer->party;
	int64_t in = 0;
	Custody__Site *site;
	Custody__Stock *s;

	if (ld_site_get(c, b->subject, &site) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_SITE, "no such site %s", b->subject);
	if ((f->signer->roles & ROLES_AUTHORITY) != 0)
		party = site->registered->party;
	if (strcmp(site->registered->party, party) != 0)
		return ld_wrong_role(f, j, "the holder or an authority");
	if (b->code[0] == '\0')
		return ld_refuse(j, LIANDAN__REASON__BAD_WASTE_CODE, "it does not say which waste");
	if (ld_stock_get(c, party, b->subject, b->code, &s) == LD_OK)
		in = ld_sub_g(s->in_stock_g, s->contained_g);
	if (b->mass_g > in)
		ld_violate(c, j, LIANDAN__REASON__STOCK_NEGATIVE, b->code, ld_sub_g(in, b->mass_g),
			   0);
	return true;
}

/* On the way: the holder says so, an authority ends it. CUSTODY-22 */
static bool lost_manifest(struct ld_custody *c, const struct ld_fact *f,
			  const Liandan__LossRecorded *b, struct ld_judgement *j)
{
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData manifest = {.len = sizeof id, .data = id};
	Custody__Manifest *m;

	if (ld_hex_decode(b->subject, strlen(b->subject), id, sizeof id) != LD_OK ||
	    ld_manifest_get(c, manifest, &m) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_MANIFEST, "no such manifest %s",
				 b->subject);
	if ((f->signer->roles & ROLES_AUTHORITY) == 0 && strcmp(m->holder, f->signer->party) != 0)
		return ld_wrong_role(f, j, "the holder or an authority");
	if (m->state != CUSTODY__MANIFEST_STATE__IN_TRANSIT &&
	    m->state != CUSTODY__MANIFEST_STATE__ARRIVED)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "it is not on the way");
	if (b->mass_g > m->taken_g)
		ld_violate(c, j, LIANDAN__REASON__QUANTITY, b->subject, b->mass_g, m->taken_g);
	return true;
}

static bool lost(struct ld_custody *c, const struct ld_fact *f, const Liandan__LossRecorded *b,
		 struct ld_judgement *j)
{
	if ((f->signer->roles & (ROLES_HOLDER | ROLES_AUTHORITY | LD_ROLES_DRIVER)) == 0)
		return ld_wrong_role(f, j, "the holder or an authority");
	if (b->mass_g < 0 || b->mass_g > LD_MAX_MASS_G)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "such a mass cannot be");
	switch (b->subject_kind) {
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER:
		return lost_container(c, f, b, j);
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE:
		return lost_at_site(c, f, b, j);
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST:
		return lost_manifest(c, f, b, j);
	default:
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_SUBJECT,
				 "a loss is of a container, a site or a manifest");
	}
}

bool ld_stock_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j)
{
	const Liandan__Event *e = f->event;

	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
		return generated(c, f, e->waste_generated, j);
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
		return stored(c, f, e->container_stored, j);
	case LIANDAN__EVENT__BODY_LOSS_RECORDED:
		return lost(c, f, e->loss_recorded, j);
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
		return ld_treated_judge(c, f, e->waste_treated, j);
	default:
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "this body is not taken yet");
	}
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
	if (f->event->body_case != LIANDAN__EVENT__BODY_LOSS_RECORDED ||
	    b->subject_kind != LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST ||
	    (f->signer->roles & ROLES_AUTHORITY) == 0)
		return;
	if (ld_hex_decode(b->subject, strlen(b->subject), id, sizeof id) != LD_OK ||
	    ld_manifest_get(c, manifest, &m) != LD_OK)
		return;
	ld_manifest_close(c, m, LIANDAN__CLOSE_REASON__CLOSE_REASON_LOST, own);
}
