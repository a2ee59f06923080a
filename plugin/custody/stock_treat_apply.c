/* Treatment 利用/处置: what goes in leaves the stock, residues enter it, the rest is product,
 * water, emission or loss; what does not add up is written down as a difference. CUSTODY-18. */
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/forward.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/stock.h"

static bool digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

Liandan__CodeSystem ld_code_system_of(const char *code)
{
	size_t n = strlen(code);

	if (n == 6 && digits(code, 6))
		return LIANDAN__CODE_SYSTEM__CODE_SYSTEM_EWC;
	if (n < 10 || !digits(code, 3) || code[3] != '-' || !digits(code + 4, 3) || code[7] != '-')
		return LIANDAN__CODE_SYSTEM__CODE_SYSTEM_UNSPECIFIED;
	if (n == 10 && digits(code + 8, 2))
		return LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	if (n == 11 && code[8] == 'S' && digits(code + 9, 2))
		return LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL;
	return LIANDAN__CODE_SYSTEM__CODE_SYSTEM_UNSPECIFIED;
}

int64_t ld_line_bulk_g(const Custody__Manifest *m, const Liandan__Line *line)
{
	int64_t accepted = ld_line_accepted_g(m, line->line);
	int64_t total = ld_items_of_line_g(m->items, m->n_items, line->line);
	int64_t before = 0, bulk = ld_sub_g(accepted, ld_line_bulk_gone_g(m, line->line));

	for (size_t i = 0; i < m->n_items; i++) {
		if (m->items[i]->line != line->line)
			continue;
		if (m->items[i]->container[0] != '\0')
			bulk = ld_sub_g(bulk,
					ld_share_g(before, m->items[i]->mass_g, total, accepted));
		before = ld_add_g(before, m->items[i]->mass_g);
	}
	return bulk;
}

int64_t ld_manifest_bulk_left_g(const Custody__Manifest *m)
{
	int64_t left = 0;

	for (size_t i = 0; i < m->created->n_lines; i++)
		left = ld_add_g(left, ld_line_bulk_g(m, m->created->lines[i]));
	return ld_sub_g(left, m->bulk_treated_g);
}

enum ld_err ld_manifest_bulk_take(const Custody__Manifest *m, int64_t mass_g, ld_bulk_fn fn,
				  void *ctx)
{
	int64_t done = m->bulk_treated_g;
	size_t n = m->created->n_lines;
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < n && mass_g > 0; i++) {
		const Liandan__Line *line = m->created->lines[i];
		int64_t left = ld_line_bulk_g(m, line);
		int64_t skip = done < left ? done : left;
		int64_t take;

		if (skip < 0)
			skip = 0;
		done = ld_sub_g(done, skip);
		left = ld_sub_g(left, skip);
		take = i + 1 == n || mass_g < left ? mass_g : left;
		if (take <= 0)
			continue;
		mass_g -= take;
		err = fn(ctx, line->code, take);
	}
	return err;
}

/* The manifest that inputs came by is loaded once for a run of inputs of the same one. */
struct treatment {
	struct ld_custody *c;
	const struct ld_fact *f;
	Custody__Manifest *m; /* changed and not yet put */
	size_t mark;
};

/* CUSTODY-18: treated, or gone, within the year, or the clock runs on. */
static enum ld_err flush(struct treatment *t)
{
	enum ld_err err = LD_OK;

	if (t->m == NULL)
		return LD_OK;
	if (ld_manifest_left_g(t->m) <= 0)
		err = ld_manifest_clock(t->c, t->m,
					LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_TREATMENT, 0);
	if (err == LD_OK)
		err = ld_manifest_touch_put(t->c, t->f, t->m);
	t->m = NULL;
	ld_release(t->c, t->mark);
	return err;
}

static enum ld_err load(struct treatment *t, ProtobufCBinaryData id)
{
	enum ld_err err;

	if (t->m != NULL && ld_same_id(t->m->manifest, id))
		return LD_OK;
	err = flush(t);
	if (err != LD_OK)
		return err;
	t->mark = ld_mark(t->c);
	err = ld_manifest_get(t->c, id, &t->m);
	if (err == LD_OK)
		return LD_OK;
	t->m = NULL;
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

static enum ld_err treat_container(struct treatment *t, const Liandan__TreatmentInput *in)
{
	struct ld_booking b = {.treated_g = in->mass_g};
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData came_by = {.len = 0, .data = id};
	size_t mark = ld_mark(t->c);
	Custody__Container *k;
	int64_t contained;
	enum ld_err err = ld_container_get(t->c, in->container, &k);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (strcmp(k->party, t->f->signer->party) != 0 || !ld_container_in_stock(k) ||
	    k->state == CUSTODY__CONTAINER_STATE__BOUND) {
		ld_release(t->c, mark);
		return LD_OK; /* a violation: what is not there cannot be booked out */
	}
	contained = in->mass_g < k->mass_g ? in->mass_g : k->mass_g;
	k->mass_g -= contained;
	if (k->mass_g == 0)
		k->state = CUSTODY__CONTAINER_STATE__TREATED;
	k->index = t->f->index;
	err = ld_container_put(t->c, k);
	if (err == LD_OK)
		err = ld_stock_book_contained(t->c, k->party, k->site, k->code, &b, -contained,
					      t->f->index);
	if (k->came_by.len == sizeof id) {
		memcpy(id, k->came_by.data, sizeof id);
		came_by.len = sizeof id;
	}
	ld_release(t->c, mark);
	if (err != LD_OK || came_by.len == 0)
		return err;
	err = load(t, came_by);
	if (err == LD_OK && t->m != NULL)
		t->m->treated_g = ld_add_g(t->m->treated_g, in->mass_g);
	return err;
}

struct bulk_book {
	struct ld_custody *c;
	const char *party;
	const char *site;
	uint64_t index;
};

static enum ld_err book_bulk(void *ctx, const char *code, int64_t mass_g)
{
	const struct bulk_book *b = ctx;
	const struct ld_booking book = {.treated_g = mass_g};

	return ld_stock_book(b->c, b->party, b->site, code, &book, b->index);
}

static enum ld_err treat_bulk(struct treatment *t, const Liandan__TreatmentInput *in)
{
	struct bulk_book to = {.c = t->c, .index = t->f->index};
	enum ld_err err = load(t, in->manifest);

	if (err != LD_OK || t->m == NULL)
		return err;
	to.party = t->m->created->receiver->party;
	to.site = t->m->created->receiver->site;
	if (strcmp(to.party, t->f->signer->party) != 0)
		return LD_OK;
	err = ld_manifest_bulk_take(t->m, in->mass_g, book_bulk, &to);
	t->m->bulk_treated_g = ld_add_g(t->m->bulk_treated_g, in->mass_g);
	t->m->treated_g = ld_add_g(t->m->treated_g, in->mass_g);
	return err;
}

static enum ld_err treat_batch(struct treatment *t, const Liandan__TreatmentInput *in)
{
	const struct ld_booking b = {.treated_g = in->mass_g};
	Custody__Batch *batch;
	enum ld_err err = flush(t);

	if (err != LD_OK)
		return err;
	err = ld_batch_get(t->c, t->f->signer->party, in->batch, &batch);
	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (batch->code[0] == '\0')
		return LD_OK;
	return ld_stock_book(t->c, batch->party, batch->site, batch->code, &b, t->f->index);
}

static enum ld_err bring_residues(struct ld_custody *c, const struct ld_fact *f,
				  const Liandan__WasteTreated *w)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < w->n_outputs; i++) {
		const Liandan__TreatmentOutput *o = w->outputs[i];
		const struct ld_bringing in = {
		    .party = f->signer->party,
		    .site = w->site,
		    .code = o->code,
		    .code_system = ld_code_system_of(o->code),
		    .container = o->container,
		    .batch = w->batch,
		    .mass_g = o->mass_g,
		};

		if (o->kind == LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE)
			err = ld_stock_bring(c, &in, f->index);
	}
	return err;
}

static enum ld_err put_batch(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__WasteTreated *w)
{
	Custody__Batch batch = CUSTODY__BATCH__INIT;
	int64_t out_g = w->loss_g;

	batch.batch = w->batch;
	batch.party = f->signer->party;
	batch.index = f->index;
	batch.site = w->site;
	batch.loss_g = w->loss_g;
	for (size_t i = 0; i < w->n_inputs; i++)
		batch.mass_g = ld_add_g(batch.mass_g, w->inputs[i]->mass_g);
	for (size_t i = 0; i < w->n_outputs; i++)
		out_g = ld_add_g(out_g, w->outputs[i]->mass_g);
	batch.difference_g = ld_sub_g(batch.mass_g, out_g);
	return ld_batch_put(c, &batch);
}

enum ld_err ld_treated_apply(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__WasteTreated *w)
{
	struct treatment t = {.c = c, .f = f};
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < w->n_inputs; i++) {
		const Liandan__TreatmentInput *in = w->inputs[i];

		if (in->container[0] != '\0')
			err = treat_container(&t, in);
		else if (in->manifest.len != 0)
			err = treat_bulk(&t, in);
		else if (in->batch[0] != '\0')
			err = treat_batch(&t, in);
	}
	if (err == LD_OK)
		err = flush(&t);
	if (err == LD_OK)
		err = bring_residues(c, f, w);
	return err == LD_OK ? put_batch(c, f, w) : err;
}
