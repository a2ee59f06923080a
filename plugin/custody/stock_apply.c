/* Stock: opening (0) + generated + received - treated - shipped - lost = in stock, exactly, always.
 * CUSTODY: Stock and mass balance; rows 18, 22. */
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/facility.h"
#include "plugin/custody/loss.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/stock.h"
#include "plugin/custody/store.h"
#include "plugin/custody/year.h"
#include "proto/base64.h"

static enum ld_err found(enum ld_err err)
{
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

static char *shared(const char *s)
{
	return (char *)(uintptr_t)s;
}

/* What the year's plan is held against. */
static enum ld_err count_year(struct ld_custody *c, const char *party, const char *code,
			      const struct ld_booking *b)
{
	const uint32_t year = ld_china_year(c->now_ms);
	enum ld_err err = LD_OK;

	if (b->generated_g != 0)
		err = ld_year_add(c, LD_YEAR_GENERATED, party, code, year, b->generated_g);
	if (err == LD_OK && b->treated_g != 0)
		err = ld_year_add(c, LD_YEAR_OWN, party, code, year, b->treated_g);
	return err;
}

enum ld_err ld_stock_book_contained(struct ld_custody *c, const char *party, const char *site,
				    const char *code, const struct ld_booking *b,
				    int64_t contained_g, uint64_t index)
{
	size_t mark = ld_mark(c);
	Custody__Stock fresh = CUSTODY__STOCK__INIT;
	Custody__Stock *s = &fresh;
	int64_t was_g = 0;
	enum ld_err err = ld_stock_get(c, party, site, code, &s);

	if (err == LD_ERR_NOT_FOUND) {
		s = &fresh;
		s->party = shared(party);
		s->site = shared(site);
		s->code = shared(code);
		err = LD_OK;
	}
	if (err == LD_OK) {
		s->generated_g = ld_add_g(s->generated_g, b->generated_g);
		s->received_g = ld_add_g(s->received_g, b->received_g);
		s->treated_g = ld_add_g(s->treated_g, b->treated_g);
		s->shipped_g = ld_add_g(s->shipped_g, b->shipped_g);
		s->lost_g = ld_add_g(s->lost_g, b->lost_g);
		s->bound_g = ld_add_g(s->bound_g, b->bound_g);
		s->contained_g = ld_add_g(s->contained_g, contained_g);
		was_g = s->in_stock_g;
		s->in_stock_g = ld_add_g(s->generated_g, s->received_g);
		s->in_stock_g = ld_sub_g(s->in_stock_g, s->treated_g);
		s->in_stock_g = ld_sub_g(s->in_stock_g, s->shipped_g);
		s->in_stock_g = ld_sub_g(s->in_stock_g, s->lost_g);
		s->index = index;
		err = ld_tally(c, s, b, index);
	}
	if (err == LD_OK)
		err = count_year(c, party, code, b);
	if (err == LD_OK)
		err = ld_site_stock_add(c, site, ld_sub_g(s->in_stock_g, was_g));
	if (err == LD_OK)
		err = ld_stock_put(c, s);
	ld_release(c, mark);
	return err;
}

enum ld_err ld_stock_book(struct ld_custody *c, const char *party, const char *site,
			  const char *code, const struct ld_booking *b, uint64_t index)
{
	return ld_stock_book_contained(c, party, site, code, b, 0, index);
}

bool ld_container_in_stock(const Custody__Container *k)
{
	switch (k->state) {
	case CUSTODY__CONTAINER_STATE__GENERATED:
	case CUSTODY__CONTAINER_STATE__STORED_AT_ORIGIN:
	case CUSTODY__CONTAINER_STATE__BOUND:
	case CUSTODY__CONTAINER_STATE__STORED_AT_FACILITY:
		return true;
	case CUSTODY__CONTAINER_STATE__CONTAINER_RECEIVED:
		return k->came_by.len != 0; /* booked at acceptance, not before */
	default:
		return false;
	}
}

static enum ld_err make_container(struct ld_custody *c, const struct ld_bringing *in,
				  uint64_t index)
{
	const struct ld_node from = ld_node_batch(in->party, in->batch);
	const struct ld_node to = ld_node_container(in->container);
	Custody__Container k = CUSTODY__CONTAINER__INIT;
	enum ld_err err;

	k.container = shared(in->container);
	k.state = CUSTODY__CONTAINER_STATE__GENERATED;
	if (in->repacked)
		k.state = in->came_by.len != 0 || in->n_origins != 0
			      ? CUSTODY__CONTAINER_STATE__STORED_AT_FACILITY
			      : CUSTODY__CONTAINER_STATE__STORED_AT_ORIGIN;
	k.party = shared(in->party);
	k.site = shared(in->site);
	k.code = shared(in->code);
	k.code_system = in->code_system;
	k.mass_g = in->mass_g;
	k.batch = shared(in->batch);
	k.index = index;
	k.generator = shared(in->generator != NULL ? in->generator : in->party);
	k.came_by = in->came_by;
	k.n_origins = in->n_origins;
	k.origins = (Custody__Origin **)(uintptr_t)in->origins;
	err = ld_container_put(c, &k);
	return err == LD_OK ? ld_lineage_add(c, &from, &to, in->mass_g, index) : err;
}

enum ld_err ld_stock_bring(struct ld_custody *c, const struct ld_bringing *in, uint64_t index)
{
	struct ld_booking b = {.generated_g = in->repacked ? 0 : in->mass_g,
			       .lost_g = in->repacked ? ld_sub_g(0, in->mass_g) : 0,
			       .errors_g = in->errors_g,
			       .own_g = in->own_g};
	size_t mark = ld_mark(c);
	Custody__Container *there;
	bool boxed = in->container[0] != '\0';
	enum ld_err err = LD_OK;

	if (boxed) {
		err = ld_container_get(c, in->container, &there);
		ld_release(c, mark);
		if (err != LD_OK && err != LD_ERR_NOT_FOUND)
			return err;
		boxed = err == LD_ERR_NOT_FOUND; /* an id that is in use: the mass counts as bulk */
		err = boxed ? make_container(c, in, index) : LD_OK;
		ld_release(c, mark);
	}
	return err != LD_OK ? err
			    : ld_stock_book_contained(c, in->party, in->site, in->code, &b,
						      boxed ? in->mass_g : 0, index);
}

/* CUSTODY-18, 产生 */
static enum ld_err generated(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__WasteGenerated *w)
{
	Custody__Batch batch = CUSTODY__BATCH__INIT;
	struct ld_bringing in = {
	    .party = ld_acts_for(c, f),
	    .site = w->site,
	    .code = w->line != NULL ? w->line->code : "",
	    .code_system = w->line != NULL ? w->line->code_system : 0,
	    .container = w->container,
	    .batch = w->batch,
	    .mass_g = ld_line_declared_g(w->line),
	};
	enum ld_err err;

	if (w->line != NULL && w->line->quantity != NULL) {
		in.errors_g = ld_ticket_error_g(c, w->line->quantity->ticket);
		in.own_g = ld_own_loss_g(w->line->loss_class, in.mass_g);
	}

	batch.batch = w->batch;
	batch.party = shared(in.party);
	batch.index = f->index;
	batch.mass_g = in.mass_g;
	batch.site = w->site;
	batch.code = shared(in.code);
	batch.own_g = in.own_g;
	err = ld_batch_put(c, &batch);
	if (err == LD_OK)
		err = ld_facility_note(c, in.party, w);
	return err == LD_OK ? ld_stock_bring(c, &in, f->index) : err;
}

/* Puts one container into the store that the event names, if it is there to be stored. */
static enum ld_err store_container(struct ld_custody *c, const struct ld_fact *f,
				   const Liandan__ContainerStored *s, const char *container,
				   const struct ld_node *to, Custody__Batch *batch)
{
	const struct ld_node from = ld_node_container(container);
	size_t mark = ld_mark(c);
	Custody__Container *k;
	enum ld_err err = ld_container_get(c, container, &k);

	if (err != LD_OK) {
		ld_release(c, mark);
		return found(err);
	}
	if (ld_container_stands(k, batch->party, s->site)) {
		k->state = k->came_by.len != 0 || k->n_origins != 0
			       ? CUSTODY__CONTAINER_STATE__STORED_AT_FACILITY
			       : CUSTODY__CONTAINER_STATE__STORED_AT_ORIGIN;
		k->released = shared("");
		k->index = f->index;
		err = ld_container_put(c, k);
		if (err == LD_OK)
			err = ld_lineage_add(c, &from, to, k->mass_g, f->index);
		batch->mass_g = ld_add_g(batch->mass_g, k->mass_g);
	}
	ld_release(c, mark);
	return err;
}

/* CUSTODY-18, 入库 */
static enum ld_err stored(struct ld_custody *c, const struct ld_fact *f,
			  const Liandan__ContainerStored *s)
{
	Custody__Batch batch = CUSTODY__BATCH__INIT;
	const char *party = ld_acts_for(c, f);
	const struct ld_node node = ld_node_batch(party, s->batch);
	const struct ld_node from = ld_node_manifest(s->manifest);
	Custody__Manifest *m = NULL;
	int64_t bulk_g = 0;
	enum ld_err err = LD_OK;

	batch.batch = s->batch;
	batch.party = shared(party);
	batch.index = f->index;
	batch.site = s->site;
	for (size_t i = 0; err == LD_OK && i < s->n_items; i++) {
		if (s->items[i]->container[0] != '\0')
			err = store_container(c, f, s, s->items[i]->container, &node, &batch);
		else
			bulk_g = ld_add_g(bulk_g, s->items[i]->mass_g);
	}
	batch.mass_g = ld_add_g(batch.mass_g, bulk_g);
	if (err == LD_OK)
		err =
		    ld_batches_from(c, f, &node, s->from_batches, s->n_from_batches, batch.mass_g);
	if (err == LD_OK && bulk_g != 0)
		err = ld_lineage_add(c, &from, &node, bulk_g, f->index);
	if (err == LD_OK)
		err = ld_batch_put(c, &batch);
	if (err != LD_OK || s->manifest.len == 0)
		return err;
	err = ld_manifest_get(c, s->manifest, &m);
	if (err != LD_OK)
		return found(err);
	m->stored_g = ld_add_g(m->stored_g, batch.mass_g);
	return ld_manifest_touch_put(c, f, m);
}

static enum ld_err lose_container(struct ld_custody *c, const struct ld_fact *f,
				  const Liandan__LossRecorded *l)
{
	struct ld_booking b = {.lost_g = l->mass_g};
	struct ld_origins origins;
	Custody__Container *k;
	enum ld_err err = ld_container_get(c, l->subject, &k);

	if (err != LD_OK)
		return found(err);
	if (!ld_origins_init(c, &origins, LD_MAX_ORIGINS))
		return LD_ERR_NOMEM;
	if (!ld_container_in_stock(k) || k->state == CUSTODY__CONTAINER_STATE__BOUND)
		return LD_OK; /* recorded as a violation: the manifest answers for it */
	if (b.lost_g > k->mass_g)
		b.lost_g = k->mass_g;
	b.short_g = b.lost_g;
	ld_origins_of_container(&origins, k, b.lost_g);
	ld_container_shed(k, b.lost_g);
	if (k->mass_g == 0)
		k->state = CUSTODY__CONTAINER_STATE__LOST;
	k->index = f->index;
	err = ld_container_put(c, k);
	if (err == LD_OK)
		err =
		    ld_stock_book_contained(c, k->party, k->site, k->code, &b, -b.lost_g, f->index);
	if (err == LD_OK)
		err = ld_root_short(c, l->subject, b.lost_g, f->index);
	return err == LD_OK ? ld_manifests_gone(c, f, &origins) : err;
}

static enum ld_err lose_at_site(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__LossRecorded *l)
{
	const struct ld_booking b = {.lost_g = l->mass_g, .short_g = l->mass_g};
	const char *party = f->signer->party;
	Custody__Site *site;
	enum ld_err err = ld_site_get(c, l->subject, &site);

	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	if (err == LD_OK) /* an authority writes off the stock of the site's party */
		party = site->registered->party;
	return ld_stock_book(c, party, l->subject, l->code, &b, f->index);
}

/* On the way it annotates; what it closes follows as ManifestClosed. CUSTODY-22 */
static enum ld_err lose_manifest(struct ld_custody *c, const struct ld_fact *f,
				 const Liandan__LossRecorded *l)
{
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData manifest = {.len = sizeof id, .data = id};
	Custody__Manifest *m;
	enum ld_err err;

	if (ld_hex_decode(l->subject, strlen(l->subject), id, sizeof id) != LD_OK)
		return LD_OK;
	err = ld_manifest_get(c, manifest, &m);
	if (err != LD_OK)
		return found(err);
	m->lost_g = ld_add_g(m->lost_g, l->mass_g);
	return ld_manifest_touch_put(c, f, m);
}

static enum ld_err lost(struct ld_custody *c, const struct ld_fact *f,
			const Liandan__LossRecorded *l)
{
	switch (l->subject_kind) {
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER:
		return lose_container(c, f, l);
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE:
		return lose_at_site(c, f, l);
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST:
		return lose_manifest(c, f, l);
	default:
		return LD_OK;
	}
}

enum ld_err ld_stock_apply(struct ld_custody *c, const struct ld_fact *f)
{
	const Liandan__Event *e = f->event;

	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
		return generated(c, f, e->waste_generated);
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
		return stored(c, f, e->container_stored);
	case LIANDAN__EVENT__BODY_LOSS_RECORDED:
		return lost(c, f, e->loss_recorded);
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
		return ld_treated_apply(c, f, e->waste_treated);
	case LIANDAN__EVENT__BODY_CONTAINER_RELEASED:
		return ld_released_apply(c, f, e->container_released);
	case LIANDAN__EVENT__BODY_STOCK_REPACKED:
		return ld_repacked_apply(c, f, e->stock_repacked);
	case LIANDAN__EVENT__BODY_STOCK_COUNTED:
		return ld_counted_apply(c, f, e->stock_counted);
	default:
		return LD_OK;
	}
}
