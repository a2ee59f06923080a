/* Out of the store 出库; merged, split, repacked; counted 盘点. CUSTODY-18. */
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/loss.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/stock.h"
#include "plugin/custody/store.h"

#define MAX_UNPACKED 64 /* entries of one manifest; beyond them the last one grows */

static enum ld_err found(enum ld_err err)
{
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

/* ---- 出库 ---- */

static int any(void *ctx, const struct ld_node *n, int64_t mass_g, uint64_t index)
{
	bool *leads_on = ctx;

	(void)n, (void)mass_g, (void)index;
	*leads_on = true;
	return 1;
}

/* The bulk of a release goes onto its manifest; a manifest that leads on takes no more sources, so
 * that the genealogy has no cycles. */
static enum ld_err onto_manifest(struct ld_custody *c, const struct ld_fact *f,
				 const struct ld_node *batch, ProtobufCBinaryData manifest,
				 int64_t mass_g)
{
	const struct ld_node to = ld_node_manifest(manifest);
	bool leads_on = false;
	enum ld_err err;

	if (manifest.len == 0 || mass_g == 0)
		return LD_OK;
	err = found(ld_lineage_down(c, &to, any, &leads_on));
	return err != LD_OK || leads_on ? err : ld_lineage_add(c, batch, &to, mass_g, f->index);
}

static enum ld_err release_container(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__ContainerReleased *r, const char *container,
				     const struct ld_node *batch)
{
	const struct ld_node from = ld_node_container(container);
	Custody__Container *k;
	enum ld_err err = ld_container_get(c, container, &k);

	if (err != LD_OK)
		return found(err);
	if (!ld_container_in_stock(k) || strcmp(k->party, f->signer->party) != 0 ||
	    strcmp(k->site, r->site) != 0)
		return LD_OK; /* a violation, or it has left by its manifest already */
	k->released = r->batch;
	k->index = f->index;
	err = ld_container_put(c, k);
	return err == LD_OK ? ld_lineage_add(c, &from, batch, k->mass_g, f->index) : err;
}

enum ld_err ld_batches_from(struct ld_custody *c, const struct ld_fact *f,
			    const struct ld_node *batch, char *const *from, size_t n,
			    int64_t mass_g)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < n; i++) {
		const struct ld_node node = ld_node_batch(batch->party, from[i]);
		size_t mark = ld_mark(c);
		Custody__Batch *there;

		err = ld_batch_get(c, batch->party, from[i], &there);
		ld_release(c, mark);
		if (err == LD_OK)
			err = ld_lineage_add(c, &node, batch, n == 1 ? mass_g : 0, f->index);
		err = found(err);
	}
	return err;
}

/* Annotates: the mass is booked by what follows. */
enum ld_err ld_released_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__ContainerReleased *r)
{
	const struct ld_node node = ld_node_batch(f->signer->party, r->batch);
	Custody__Batch batch = CUSTODY__BATCH__INIT;
	int64_t bulk_g = 0;
	enum ld_err err = LD_OK;

	batch.batch = r->batch;
	batch.party = f->signer->party;
	batch.index = f->index;
	batch.site = r->site;
	for (size_t i = 0; err == LD_OK && i < r->n_items; i++) {
		size_t mark = ld_mark(c);

		batch.mass_g = ld_add_g(batch.mass_g, r->items[i]->mass_g);
		if (r->items[i]->container[0] != '\0')
			err = release_container(c, f, r, r->items[i]->container, &node);
		else
			bulk_g = ld_add_g(bulk_g, r->items[i]->mass_g);
		ld_release(c, mark);
	}
	if (err == LD_OK)
		err =
		    ld_batches_from(c, f, &node, r->from_batches, r->n_from_batches, batch.mass_g);
	if (err == LD_OK)
		err = onto_manifest(c, f, &node, r->manifest, bulk_g);
	return err == LD_OK ? ld_batch_put(c, &batch) : err;
}

/* ---- 合并、拆分、换包装 ---- */

static int64_t outputs_g(const Liandan__StockRepacked *r)
{
	int64_t sum = 0;

	for (size_t i = 0; i < r->n_outputs; i++)
		sum = ld_add_g(sum, ld_line_declared_g(r->outputs[i]->line));
	return sum;
}

/* Shares of the origins in one output: cumulative over the outputs, so that what is left of each
 * in the end is what the loss took. */
struct shares {
	const struct ld_origins *origins;
	int64_t total_g, before_g; /* outputs and loss; of the outputs so far */
	int64_t left_g[LD_MAX_ORIGINS];
	Custody__Origin origin[LD_MAX_ORIGINS];
	Custody__Origin *list[LD_MAX_ORIGINS];
	size_t n;
};

static void share(struct shares *s, int64_t mass_g)
{
	s->n = 0;
	for (size_t i = 0; i < s->origins->n; i++) {
		struct ld_origin *from = &s->origins->of[i];
		int64_t g = ld_share_g(s->before_g, mass_g, s->total_g, from->mass_g);
		Custody__Origin *to = &s->origin[s->n];

		s->left_g[i] = ld_sub_g(s->left_g[i], g);
		if (g == 0)
			continue;
		custody__origin__init(to);
		to->manifest = (ProtobufCBinaryData){LD_UUID_BYTES, from->manifest};
		to->mass_g = g;
		s->list[s->n++] = to;
	}
	s->before_g = ld_add_g(s->before_g, mass_g);
}

enum ld_err ld_manifest_unpack(struct ld_custody *c, Custody__Manifest *m, const char *code,
			       int64_t mass_g)
{
	const size_t n = m->n_unpacked;
	Custody__Drawn **more, *last;

	if (mass_g == 0)
		return LD_OK;
	if (n != 0 && (n == MAX_UNPACKED || strcmp(m->unpacked[n - 1]->code, code) == 0)) {
		m->unpacked[n - 1]->mass_g = ld_add_g(m->unpacked[n - 1]->mass_g, mass_g);
		return LD_OK;
	}
	more = ld_arena_alloc(c->arena, (n + 1) * sizeof *more);
	last = ld_arena_alloc(c->arena, sizeof *last);
	if (more == NULL || last == NULL)
		return LD_ERR_NOMEM;
	if (n != 0)
		memcpy(more, m->unpacked, n * sizeof *more);
	custody__drawn__init(last);
	last->code = (char *)(uintptr_t)code;
	last->mass_g = mass_g;
	more[n] = last;
	m->unpacked = more;
	m->n_unpacked = n + 1;
	return LD_OK;
}

/* Bulk again at the receiver: its manifests may be treated from it. */
static enum ld_err unpack(struct ld_custody *c, const struct ld_fact *f, const Custody__Origin *o,
			  const char *code)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, o->manifest, &m);

	if (err != LD_OK)
		return found(err);
	err = ld_manifest_unpack(c, m, code, o->mass_g);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

static enum ld_err bring_output(struct ld_custody *c, const struct ld_fact *f,
				const struct ld_outflow *in, struct shares *s,
				const Liandan__RepackOutput *out)
{
	const Liandan__StockRepacked *r = f->event->stock_repacked;
	const int64_t mass_g = ld_line_declared_g(out->line);
	const char *code = out->line != NULL ? out->line->code : "";
	struct ld_bringing to = {
	    .party = f->signer->party,
	    .site = r->site,
	    .code = code,
	    .code_system = out->line != NULL ? out->line->code_system : 0,
	    .container = out->container,
	    .batch = r->batch,
	    .mass_g = mass_g,
	    .repacked = true,
	    .generator = in->several || in->generator[0] == '\0' ? NULL : in->generator,
	};
	enum ld_err err = LD_OK;

	share(s, mass_g);
	if (s->n == 1 && s->list[0]->mass_g == mass_g) {
		to.came_by = s->list[0]->manifest;
	} else {
		to.origins = s->list;
		to.n_origins = s->n;
	}
	for (size_t i = 0; err == LD_OK && out->container[0] == '\0' && i < s->n; i++) {
		size_t mark = ld_mark(c);

		err = unpack(c, f, s->list[i], code);
		ld_release(c, mark);
	}
	return err == LD_OK ? ld_stock_bring(c, &to, f->index) : err;
}

/* What the loss took of each manifest will not be treated any more. */
static enum ld_err gone(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData manifest,
			int64_t mass_g)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, manifest, &m);

	if (err != LD_OK)
		return found(err);
	m->gone_g = ld_add_g(m->gone_g, mass_g);
	err = ld_manifest_spent(c, m);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

enum ld_err ld_manifests_gone(struct ld_custody *c, const struct ld_fact *f,
			      const struct ld_origins *o)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < o->n; i++) {
		const ProtobufCBinaryData id = {LD_UUID_BYTES, o->of[i].manifest};
		size_t mark = ld_mark(c);

		if (o->of[i].mass_g > 0)
			err = gone(c, f, id, o->of[i].mass_g);
		ld_release(c, mark);
	}
	return err;
}

static enum ld_err bring_outputs(struct ld_custody *c, const struct ld_fact *f,
				 struct ld_outflow *in, int64_t out_g)
{
	const Liandan__StockRepacked *r = f->event->stock_repacked;
	struct shares s = {.origins = &in->origins, .total_g = ld_add_g(out_g, r->loss_g)};
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < in->origins.n; i++)
		s.left_g[i] = in->origins.of[i].mass_g;
	for (size_t i = 0; err == LD_OK && i < r->n_outputs; i++) {
		size_t mark = ld_mark(c);

		err = bring_output(c, f, in, &s, r->outputs[i]);
		ld_release(c, mark);
	}
	for (size_t i = 0; i < in->origins.n; i++)
		in->origins.of[i].mass_g = s.left_g[i];
	return err == LD_OK ? ld_manifests_gone(c, f, &in->origins) : err;
}

/* The code that all outputs have, or "". */
static const char *one_code(const Liandan__StockRepacked *r)
{
	const char *code =
	    r->n_outputs != 0 && r->outputs[0]->line != NULL ? r->outputs[0]->line->code : "";

	for (size_t i = 1; i < r->n_outputs; i++)
		if (r->outputs[i]->line == NULL || strcmp(r->outputs[i]->line->code, code) != 0)
			return "";
	return code;
}

/* What goes in is booked as lost, what comes out takes that back: what a code gains another loses,
 * and in sum exactly the loss is lost. */
enum ld_err ld_repacked_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__StockRepacked *r)
{
	struct ld_outflow in = {
	    .site = r->site, .batch = ld_node_batch(f->signer->party, r->batch), .repacked = true};
	Custody__Batch batch = CUSTODY__BATCH__INIT;
	const int64_t out_g = outputs_g(r);
	enum ld_err err;

	in.short_g = ld_sub_g(ld_inputs_g(f->event), out_g);
	err = ld_inputs_leave(c, f, &in);
	if (err == LD_OK)
		err = bring_outputs(c, f, &in, out_g);
	if (err != LD_OK)
		return err;
	batch.batch = r->batch;
	batch.party = f->signer->party;
	batch.index = f->index;
	batch.site = r->site;
	batch.repacked = true;
	batch.code = (char *)(uintptr_t)one_code(r);
	batch.mass_g = in.in_g;
	batch.loss_g = r->loss_g;
	batch.difference_g = ld_sub_g(ld_sub_g(in.in_g, out_g), r->loss_g);
	return ld_batch_put(c, &batch);
}

/* ---- 盘点 ---- */

/* The book becomes what was counted. */
enum ld_err ld_counted_apply(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__StockCounted *n)
{
	const char *party = f->signer->party;
	Custody__Count now = CUSTODY__COUNT__INIT;
	struct ld_booking b = {0};
	Custody__Stock *s;
	enum ld_err err = ld_stock_get(c, party, n->site, n->code, &s);

	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	b.lost_g = b.short_g = ld_sub_g(err == LD_OK ? s->in_stock_g : 0, n->counted_g);
	for (size_t i = 0; i < n->n_tickets; i++)
		b.errors_g = ld_add_g(b.errors_g, ld_ticket_error_g(c, n->tickets[i]));
	err = ld_stock_book(c, party, n->site, n->code, &b, f->index);
	if (err == LD_OK)
		err = ld_stock_get(c, party, n->site, n->code, &s);
	if (err != LD_OK)
		return err;
	now.off_g = b.lost_g;
	now.from_ms = s->count != NULL ? s->count->at_ms : 0;
	now.at_ms = f->recorded_at_ms;
	now.index = f->index;
	now.since = s->since;
	s->count = &now;
	s->since = NULL;
	return ld_stock_put(c, s);
}
