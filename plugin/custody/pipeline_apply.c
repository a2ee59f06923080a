/* What a pipeline's day books, and what its end does. CUSTODY-25. */
#include "plugin/custody/pipeline.h"

#include "plugin/custody/apply.h"
#include "plugin/custody/forward.h"
#include "plugin/custody/licence.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/store.h"
#include "plugin/custody/year.h"

static enum ld_err found(enum ld_err err)
{
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

static void be32(struct ld_tkey *k, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		ld_tkey_u8(k, (uint8_t)(v >> shift));
}

void ld_pipe_line_key(struct ld_tkey *k, ProtobufCBinaryData manifest, uint32_t line)
{
	ld_tkey_init(k);
	ld_tkey_bytes(k, manifest.data, manifest.len);
	be32(k, line);
}

static void day_key(struct ld_tkey *k, ProtobufCBinaryData manifest, uint32_t line, uint32_t day)
{
	ld_pipe_line_key(k, manifest, line);
	be32(k, day);
}

enum ld_err ld_pipe_day_get(struct ld_custody *c, ProtobufCBinaryData manifest, uint32_t line,
			    uint32_t day, Custody__PipeDay **out)
{
	struct ld_tkey k;

	day_key(&k, manifest, line, day);
	return ld_rec_get(c, LD_T_PIPE_DAY, k.b, k.len, &custody__pipe_day__descriptor,
			  (ProtobufCMessage **)out);
}

bool ld_pipe_flows(const Custody__Manifest *m)
{
	return m->n_flows != 0;
}

int64_t ld_pipe_end_ms(struct ld_custody *c, const Custody__Manifest *m)
{
	const int64_t limit = ld_add_g(m->sealed_ms, ld_rules_of(c, m)->pipeline_ms);

	return m->asked_ms > m->sealed_ms && m->asked_ms < limit ? m->asked_ms : limit;
}

/* ---- a day ---- */

static Custody__Flow *flow_of(struct ld_custody *c, Custody__Manifest *m, uint32_t line)
{
	Custody__Flow **all, *fresh;

	for (size_t i = 0; i < m->n_flows; i++)
		if (m->flows[i]->line == line)
			return m->flows[i];
	fresh = ld_arena_alloc(c->arena, sizeof *fresh);
	all = ld_arena_alloc(c->arena, (m->n_flows + 1) * sizeof(Custody__Flow *));
	if (fresh == NULL || all == NULL)
		return NULL;
	custody__flow__init(fresh);
	fresh->line = line;
	for (size_t i = 0; i < m->n_flows; i++)
		all[i] = m->flows[i];
	all[m->n_flows++] = fresh;
	m->flows = all;
	return fresh;
}

/* What the receiver has of the line so far. */
static Liandan__AcceptedLine *accepted_of(struct ld_custody *c, Custody__Manifest *m,
					  const Liandan__Line *line)
{
	Liandan__AcceptedLine **all, *fresh;

	for (size_t i = 0; i < m->n_accepted; i++)
		if (m->accepted[i]->line == line->line)
			return m->accepted[i];
	fresh = ld_arena_alloc(c->arena, sizeof *fresh);
	all = ld_arena_alloc(c->arena, (m->n_accepted + 1) * sizeof(Liandan__AcceptedLine *));
	if (fresh == NULL || all == NULL)
		return NULL;
	liandan__accepted_line__init(fresh);
	fresh->line = line->line;
	fresh->mode = line->mode;
	for (size_t i = 0; i < m->n_accepted; i++)
		all[i] = m->accepted[i];
	all[m->n_accepted++] = fresh;
	m->accepted = all;
	return fresh;
}

/* Of what the line has bound at sealing, so much is free or gone once out_g have flowed. */
static int64_t unbound_g(const Custody__Manifest *m, uint32_t line, int64_t out_g)
{
	const int64_t sealed_g = ld_items_of_line_g(m->items, m->n_items, line);

	return out_g < sealed_g ? out_g : sealed_g;
}

/* Both books, exactly; what is lost between the meters is the manifest's loss. */
static enum ld_err book(struct ld_custody *c, Custody__Manifest *m, const Liandan__Line *line,
			const Liandan__PipelineDay *b, uint64_t index)
{
	const Liandan__Receiver *r = m->created->receiver;
	Custody__Flow *flow = flow_of(c, m, line->line);
	Liandan__AcceptedLine *in = accepted_of(c, m, line);
	struct ld_booking out = {.shipped_g = b->mass_out_g};
	const struct ld_booking got = {.received_g = b->mass_in_g};
	enum ld_err err;

	if (flow == NULL || in == NULL)
		return LD_ERR_NOMEM;
	out.bound_g = unbound_g(m, line->line, flow->out_g);
	flow->out_g = ld_add_g(flow->out_g, b->mass_out_g);
	out.bound_g = ld_sub_g(out.bound_g, unbound_g(m, line->line, flow->out_g));
	flow->days++;
	in->mass_g = ld_add_g(in->mass_g, b->mass_in_g);
	err = ld_stock_book(c, m->created->generator, m->created->site, line->code, &out, index);
	return err == LD_OK ? ld_stock_book(c, r->party, r->site, line->code, &got, index) : err;
}

/* It goes by pipe from now on: no truck is waited for. */
static enum ld_err begin(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m)
{
	enum ld_err err = ld_offer_close(c, m);

	if (err == LD_OK)
		err = ld_shares_leave(c, f, m);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_PICKUP, 0);
	return err == LD_OK
		   ? ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_PIPELINE,
				       ld_add_g(ld_pipe_end_ms(c, m), LD_DAY_MS))
		   : err;
}

/* In the year in which it was recorded, whichever the year of the seal. */
static enum ld_err on_licence(struct ld_custody *c, const struct ld_fact *f,
			      const Custody__Manifest *m, const Liandan__Line *line, int64_t mass_g)
{
	struct ld_licence_found on;

	return mass_g != 0 && ld_licence_of_line(c, m, line, &on)
		   ? ld_year_add(c, LD_YEAR_ACCEPTED, on.licence, "",
				 ld_china_year(f->recorded_at_ms), mass_g)
		   : LD_OK;
}

static enum ld_err keep(struct ld_custody *c, const Liandan__PipelineDay *b, uint64_t index)
{
	Custody__PipeDay rec = CUSTODY__PIPE_DAY__INIT;
	struct ld_tkey k;

	rec.day = (Liandan__PipelineDay *)(uintptr_t)b;
	rec.index = index;
	day_key(&k, b->manifest, b->line, b->day);
	return ld_rec_put(c, LD_T_PIPE_DAY, k.b, k.len, &rec.base);
}

enum ld_err ld_pipeline_day_apply(struct ld_custody *c, const struct ld_fact *f,
				  const Liandan__PipelineDay *b)
{
	const Liandan__Line *line;
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);
	bool empty;

	if (err != LD_OK)
		return found(err);
	line = ld_manifest_line(m, b->line);
	if (m->state != CUSTODY__MANIFEST_STATE__SEALED || line == NULL)
		return LD_OK;
	/* Law article 81: a year from the oldest of it that is still there, as far as can be told
	 */
	empty = ld_manifest_left_g(m) <= 0;
	if (empty)
		m->accepted_ms = ld_step_ms(f, m->sealed_ms);
	if (!ld_pipe_flows(m))
		err = begin(c, f, m);
	if (err == LD_OK)
		err = book(c, m, line, b, f->index);
	if (err == LD_OK)
		err = on_licence(c, f, m, line, b->mass_in_g);
	if (err == LD_OK)
		err = keep(c, b, f->index);
	if (err == LD_OK && empty)
		err = ld_treatment_clocks(c, m);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

/* ---- the end ---- */

/* One item a line: what has flowed. */
static enum ld_err items_flowed(struct ld_custody *c, Custody__Manifest *m)
{
	Liandan__Item **items = ld_arena_alloc(c->arena, m->n_flows * sizeof(Liandan__Item *));

	if (items == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < m->n_flows; i++) {
		items[i] = ld_arena_alloc(c->arena, sizeof **items);
		if (items[i] == NULL)
			return LD_ERR_NOMEM;
		liandan__item__init(items[i]);
		items[i]->line = m->flows[i]->line;
		items[i]->mass_g = m->flows[i]->out_g;
	}
	m->items = items;
	m->n_items = m->n_flows;
	return LD_OK;
}

enum ld_err ld_pipeline_end_apply(struct ld_custody *c, Custody__Manifest *m, uint64_t index)
{
	enum ld_err err = LD_OK;

	if (m->state != CUSTODY__MANIFEST_STATE__SEALED || !ld_pipe_flows(m))
		return LD_OK;
	/* what the days have freed of the binding is bound again, and all of it freed */
	for (size_t i = 0; err == LD_OK && i < m->n_flows; i++) {
		const Liandan__Line *line = ld_manifest_line(m, m->flows[i]->line);
		const struct ld_booking again = {
		    .bound_g = unbound_g(m, m->flows[i]->line, m->flows[i]->out_g)};

		if (line != NULL)
			err = ld_stock_book(c, m->created->generator, m->created->site, line->code,
					    &again, index);
	}
	if (err == LD_OK)
		err = ld_manifest_unbind(c, m, index);
	return err == LD_OK ? items_flowed(c, m) : err;
}
