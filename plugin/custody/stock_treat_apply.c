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
	for (size_t i = 0; i < m->n_unpacked; i++)
		left = ld_add_g(left, m->unpacked[i]->mass_g);
	return ld_sub_g(left, m->bulk_treated_g);
}

enum ld_err ld_manifest_bulk_take(const Custody__Manifest *m, int64_t mass_g, ld_bulk_fn fn,
				  void *ctx)
{
	int64_t done = m->bulk_treated_g;
	size_t lines = m->created->n_lines, n = lines + m->n_unpacked;
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < n && mass_g > 0; i++) {
		const bool of_line = i < lines;
		const char *code =
		    of_line ? m->created->lines[i]->code : m->unpacked[i - lines]->code;
		int64_t left = of_line ? ld_line_bulk_g(m, m->created->lines[i])
				       : m->unpacked[i - lines]->mass_g;
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
		err = fn(ctx, code, take);
	}
	return err;
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

static int64_t outputs_and_loss_g(const Liandan__WasteTreated *w)
{
	int64_t sum = w->loss_g;

	for (size_t i = 0; i < w->n_outputs; i++)
		sum = ld_add_g(sum, w->outputs[i]->mass_g);
	return sum;
}

static enum ld_err put_batch(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__WasteTreated *w)
{
	Custody__Batch batch = CUSTODY__BATCH__INIT;

	batch.batch = w->batch;
	batch.party = f->signer->party;
	batch.index = f->index;
	batch.site = w->site;
	batch.loss_g = w->loss_g;
	batch.mass_g = ld_inputs_g(f->event);
	batch.difference_g = ld_sub_g(batch.mass_g, outputs_and_loss_g(w));
	return ld_batch_put(c, &batch);
}

enum ld_err ld_treated_apply(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__WasteTreated *w)
{
	struct ld_outflow o = {.site = w->site,
			       .batch = ld_node_batch(f->signer->party, w->batch),
			       .process_g = w->loss_g,
			       .short_g = ld_sub_g(ld_inputs_g(f->event), outputs_and_loss_g(w))};
	enum ld_err err = ld_inputs_leave(c, f, &o);

	if (err == LD_OK)
		err = bring_residues(c, f, w);
	return err == LD_OK ? put_batch(c, f, w) : err;
}
