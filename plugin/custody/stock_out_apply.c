/* What goes into a treatment or a repacking: taken out of its containers and off the books, and
 * the manifests that it came by. CUSTODY-18. */
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/loss.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/stock.h"
#include "plugin/custody/store.h"

size_t ld_inputs(const Liandan__Event *e)
{
	return e->body_case == LIANDAN__EVENT__BODY_STOCK_REPACKED ? e->stock_repacked->n_inputs
								   : e->waste_treated->n_inputs;
}

struct ld_input ld_input_at(const Liandan__Event *e, size_t i)
{
	if (e->body_case == LIANDAN__EVENT__BODY_STOCK_REPACKED) {
		const Liandan__RepackInput *in = e->stock_repacked->inputs[i];

		return (struct ld_input){in->container, "", in->code, in->manifest, in->mass_g};
	}
	const Liandan__TreatmentInput *in = e->waste_treated->inputs[i];

	return (struct ld_input){in->container, in->batch, "", in->manifest, in->mass_g};
}

int64_t ld_inputs_g(const Liandan__Event *e)
{
	const size_t n = ld_inputs(e);
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = ld_add_g(sum, ld_input_at(e, i).mass_g);
	return sum;
}

/* ---- origins ---- */

bool ld_origins_init(struct ld_custody *c, struct ld_origins *o, size_t cap)
{
	*o = (struct ld_origins){ld_arena_alloc(c->arena, cap * sizeof *o->of), 0, cap, false};
	return o->of != NULL;
}

/* Inputs of one manifest mostly lie together, so the last is looked at first. */
static struct ld_origin *origin(struct ld_origins *o, ProtobufCBinaryData manifest)
{
	if (manifest.len != LD_UUID_BYTES)
		return NULL;
	for (size_t i = o->n; i-- > 0;)
		if (memcmp(o->of[i].manifest, manifest.data, LD_UUID_BYTES) == 0)
			return &o->of[i];
	if (o->n == o->cap) {
		o->full = true;
		return NULL;
	}
	memset(&o->of[o->n], 0, sizeof o->of[o->n]);
	memcpy(o->of[o->n].manifest, manifest.data, LD_UUID_BYTES);
	return &o->of[o->n++];
}

static void add(struct ld_origins *o, ProtobufCBinaryData manifest, int64_t mass_g, int64_t bulk_g)
{
	struct ld_origin *at = origin(o, manifest);

	if (at == NULL)
		return;
	at->mass_g = ld_add_g(at->mass_g, mass_g);
	at->bulk_g = ld_add_g(at->bulk_g, bulk_g);
}

void ld_origins_of_bulk(struct ld_origins *o, ProtobufCBinaryData manifest, int64_t mass_g)
{
	add(o, manifest, mass_g, mass_g);
}

/* Of an origin, the share of `mass_g` that leaves a container; the last gram takes all of it. */
static int64_t share_of(const Custody__Origin *from, const Custody__Container *k, int64_t mass_g)
{
	return mass_g >= k->mass_g ? from->mass_g
				   : (int64_t)((__int128)from->mass_g * mass_g / k->mass_g);
}

void ld_origins_of_container(struct ld_origins *o, const Custody__Container *k, int64_t mass_g)
{
	if (k->came_by.len != 0)
		add(o, k->came_by, mass_g < k->mass_g ? mass_g : k->mass_g, 0);
	for (size_t i = 0; i < k->n_origins; i++)
		add(o, k->origins[i]->manifest, share_of(k->origins[i], k, mass_g), 0);
}

/* ---- inputs ---- */

/* Cumulative, of either sign. */
static int64_t share(int64_t before, int64_t mass_g, int64_t total, int64_t of)
{
	const int64_t g = ld_share_g(before, mass_g, total, of < 0 ? ld_sub_g(0, of) : of);

	return of < 0 ? ld_sub_g(0, g) : g;
}

/* The next `mass_g` of the inputs, with what is missing of it and what its treatment loses. */
static struct ld_booking booking(struct ld_outflow *o, int64_t total, int64_t mass_g)
{
	struct ld_booking b = {.short_g = share(o->in_g, mass_g, total, o->short_g),
			       .process_g = share(o->in_g, mass_g, total, o->process_g)};

	if (o->repacked)
		b.lost_g = mass_g;
	else
		b.treated_g = mass_g;
	o->in_g = ld_add_g(o->in_g, mass_g);
	return b;
}

static void generated_by(struct ld_outflow *o, const char *party)
{
	size_t n = strnlen(party, LD_MAX_ID_BYTES);

	if (o->generator[0] != '\0') {
		o->several = o->several || strcmp(o->generator, party) != 0;
		return;
	}
	memcpy(o->generator, party, n);
	o->generator[n] = '\0';
}

bool ld_container_stands(const Custody__Container *k, const char *party, const char *site)
{
	return strcmp(k->party, party) == 0 && (site == NULL || strcmp(k->site, site) == 0) &&
	       ld_container_in_stock(k) && k->state != CUSTODY__CONTAINER_STATE__BOUND;
}

void ld_container_shed(Custody__Container *k, int64_t mass_g)
{
	for (size_t i = 0; i < k->n_origins; i++)
		k->origins[i]->mass_g =
		    ld_sub_g(k->origins[i]->mass_g, share_of(k->origins[i], k, mass_g));
	k->mass_g -= mass_g < k->mass_g ? mass_g : k->mass_g;
}

static enum ld_err empty_out(struct ld_custody *c, Custody__Container *k, int64_t mass_g,
			     bool repacked, uint64_t index)
{
	ld_container_shed(k, mass_g);
	if (k->mass_g == 0)
		k->state = repacked ? CUSTODY__CONTAINER_STATE__REPACKED
				    : CUSTODY__CONTAINER_STATE__TREATED;
	k->index = index;
	return ld_container_put(c, k);
}

static enum ld_err container_leaves(struct ld_custody *c, const struct ld_fact *f,
				    struct ld_outflow *o, const struct ld_input *in,
				    const struct ld_booking *b)
{
	const struct ld_node from = ld_node_container(in->container);
	Custody__Container *k;
	int64_t contained;
	enum ld_err err = ld_container_get(c, in->container, &k);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (!ld_container_stands(k, f->signer->party, o->repacked ? o->site : NULL))
		return LD_OK; /* a violation: what is not there cannot be booked out */
	ld_origins_of_container(&o->origins, k, in->mass_g);
	generated_by(o, k->generator);
	contained = in->mass_g < k->mass_g ? in->mass_g : k->mass_g;
	err = ld_lineage_add(c, &from, &o->batch, contained, f->index);
	if (err == LD_OK)
		err =
		    ld_stock_book_contained(c, k->party, k->site, k->code, b, -contained, f->index);
	if (err == LD_OK)
		err = ld_root_short(c, in->container, b->short_g, f->index);
	return err == LD_OK ? empty_out(c, k, in->mass_g, o->repacked, f->index) : err;
}

static enum ld_err batch_leaves(struct ld_custody *c, const struct ld_fact *f, struct ld_outflow *o,
				const struct ld_input *in, const struct ld_booking *b)
{
	const struct ld_node from = ld_node_batch(f->signer->party, in->batch);
	Custody__Batch *batch;
	enum ld_err err = ld_batch_get(c, f->signer->party, in->batch, &batch);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (batch->code[0] == '\0')
		return LD_OK;
	err = ld_lineage_add(c, &from, &o->batch, in->mass_g, f->index);
	return err == LD_OK ? ld_stock_book(c, batch->party, batch->site, batch->code, b, f->index)
			    : err;
}

static enum ld_err input_leaves(struct ld_custody *c, const struct ld_fact *f, struct ld_outflow *o,
				const struct ld_input *in, const struct ld_booking *b)
{
	if (in->container[0] != '\0')
		return container_leaves(c, f, o, in, b);
	if (in->manifest.len != 0) { /* booked with its manifest */
		struct ld_origin *at = origin(&o->origins, in->manifest);

		ld_origins_of_bulk(&o->origins, in->manifest, in->mass_g);
		if (at != NULL) {
			at->short_g = ld_add_g(at->short_g, b->short_g);
			at->process_g = ld_add_g(at->process_g, b->process_g);
		}
		return LD_OK;
	}
	if (in->batch[0] != '\0')
		return batch_leaves(c, f, o, in, b);
	return in->code[0] != '\0'
		   ? ld_stock_book(c, f->signer->party, o->site, in->code, b, f->index)
		   : LD_OK;
}

/* ---- the manifests ---- */

struct bulk_book {
	struct ld_custody *c;
	const struct ld_origin *from;
	bool repacked;
	int64_t before_g;
	const char *party;
	const char *site;
	uint64_t index;
};

static enum ld_err book_bulk(void *ctx, const char *code, int64_t mass_g)
{
	struct bulk_book *b = ctx;
	const struct ld_booking book = {
	    .treated_g = b->repacked ? 0 : mass_g,
	    .lost_g = b->repacked ? mass_g : 0,
	    .short_g = share(b->before_g, mass_g, b->from->bulk_g, b->from->short_g),
	    .process_g = share(b->before_g, mass_g, b->from->bulk_g, b->from->process_g)};

	b->before_g = ld_add_g(b->before_g, mass_g);
	return ld_stock_book(b->c, b->party, b->site, code, &book, b->index);
}

static enum ld_err bulk_leaves(struct ld_custody *c, const struct ld_fact *f, struct ld_outflow *o,
			       Custody__Manifest *m, const struct ld_origin *from_g)
{
	struct bulk_book to = {.c = c,
			       .from = from_g,
			       .repacked = o->repacked,
			       .party = m->created->receiver->party,
			       .site = m->created->receiver->site,
			       .index = f->index};
	const struct ld_node from = ld_node_manifest(m->manifest);
	const int64_t mass_g = from_g->bulk_g;
	enum ld_err err = ld_manifest_bulk_take(m, mass_g, book_bulk, &to);

	m->bulk_treated_g = ld_add_g(m->bulk_treated_g, mass_g);
	generated_by(o, m->created->generator);
	return err == LD_OK ? ld_lineage_add(c, &from, &o->batch, mass_g, f->index) : err;
}

/* Bulk of another's manifest does not leave: a violation. */
static enum ld_err manifest_gives(struct ld_custody *c, const struct ld_fact *f,
				  struct ld_outflow *o, const struct ld_origin *from)
{
	const ProtobufCBinaryData id = {LD_UUID_BYTES, (uint8_t *)(uintptr_t)from->manifest};
	const bool bulk = from->bulk_g != 0;
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, id, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (bulk && strcmp(m->created->receiver->party, f->signer->party) != 0)
		return LD_OK;
	if (bulk)
		err = bulk_leaves(c, f, o, m, from);
	if (!o->repacked)
		m->treated_g = ld_add_g(m->treated_g, from->mass_g);
	if (err == LD_OK)
		err = ld_manifest_spent(c, m);
	return err == LD_OK && (bulk || !o->repacked) ? ld_manifest_touch_put(c, f, m) : err;
}

enum ld_err ld_inputs_leave(struct ld_custody *c, const struct ld_fact *f, struct ld_outflow *o)
{
	const size_t n = ld_inputs(f->event);
	const int64_t total = ld_inputs_g(f->event);
	enum ld_err err = LD_OK;

	if (!ld_origins_init(c, &o->origins, o->repacked ? LD_MAX_ORIGINS : LD_MAX_TREATED))
		return LD_ERR_NOMEM;
	for (size_t i = 0; err == LD_OK && i < n; i++) {
		const struct ld_input in = ld_input_at(f->event, i);
		const struct ld_booking b = booking(o, total, in.mass_g);
		size_t mark = ld_mark(c);

		err = input_leaves(c, f, o, &in, &b);
		ld_release(c, mark);
	}
	for (size_t i = 0; err == LD_OK && i < o->origins.n; i++) {
		size_t mark = ld_mark(c);

		err = manifest_gives(c, f, o, &o->origins.of[i]);
		ld_release(c, mark);
	}
	return err;
}
