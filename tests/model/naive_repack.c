/* Row 18, the rest: what goes in to be treated or repacked, what comes out, released, counted. */
#include <string.h>

#include "tests/model/naive.h"

#define HOLDERS (LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER)
#define REPACKED_OF 32	/* manifests that a repacking's waste may have come by */
#define TREATED_OF 1024 /* a treatment's */

/* An input of either. */
struct input {
	const char *container, *batch, *code;
	ProtobufCBinaryData manifest;
	int64_t mass_g;
};

static size_t inputs_of(const Liandan__Event *e)
{
	return e->body_case == LIANDAN__EVENT__BODY_STOCK_REPACKED ? e->stock_repacked->n_inputs
								   : e->waste_treated->n_inputs;
}

static struct input input_at(const Liandan__Event *e, size_t i)
{
	if (e->body_case == LIANDAN__EVENT__BODY_STOCK_REPACKED) {
		const Liandan__RepackInput *in = e->stock_repacked->inputs[i];

		return (struct input){in->container, "", in->code, in->manifest, in->mass_g};
	}
	const Liandan__TreatmentInput *in = e->waste_treated->inputs[i];

	return (struct input){in->container, in->batch, "", in->manifest, in->mass_g};
}

/* ---- what it says ---- */

static struct nv_said stock_is_ours(struct nv *nv, const struct nv_event *v, const char *site,
				    const char *batch)
{
	const char *owner = nv_owner_of(nv, site);

	if (!nv_has(v->by, HOLDERS) || (owner != NULL && strcmp(owner, v->by->party) != 0))
		return NV_REFUSED(WRONG_ROLE);
	return batch != NULL && nv->wrong != NV_BATCH_TWICE &&
		       nv_batch_of(nv, v->by->party, batch) != NULL
		   ? NV_REFUSED(ALREADY_EXISTS)
		   : nv_ok();
}

static struct nv_said manifests_said(struct nv *nv, const struct nv_event *v)
{
	for (size_t i = 0; i < inputs_of(v->e); i++) {
		const struct input in = input_at(v->e, i);
		struct nv_said said = nv_ok();

		if (in.container[0] == '\0' && in.manifest.len != 0)
			said = nv_came_by(nv, v, in.manifest);
		if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
			return said;
	}
	return nv_ok();
}

static struct nv_said treated(struct nv *nv, const struct nv_event *v)
{
	const Liandan__WasteTreated *b = v->e->waste_treated;
	struct nv_said said = stock_is_ours(nv, v, b->site, b->batch);

	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	for (size_t i = 0; i < b->n_inputs; i++)
		if (!nv_in_range(b->inputs[i]->mass_g))
			return NV_REFUSED(QUANTITY);
	for (size_t i = 0; i < b->n_outputs; i++)
		if (!nv_in_range(b->outputs[i]->mass_g))
			return NV_REFUSED(QUANTITY);
	return nv_in_range(b->loss_g) ? manifests_said(nv, v) : NV_REFUSED(QUANTITY);
}

static int64_t out_g(const Liandan__RepackOutput *o)
{
	return o->line != NULL && o->line->quantity != NULL ? o->line->quantity->mass_g : 0;
}

static struct nv_said masses_said(const Liandan__StockRepacked *b)
{
	for (size_t i = 0; i < b->n_inputs; i++)
		if (!nv_in_range(b->inputs[i]->mass_g))
			return NV_REFUSED(QUANTITY);
	for (size_t i = 0; i < b->n_outputs; i++)
		if (!nv_in_range(out_g(b->outputs[i])))
			return NV_REFUSED(QUANTITY);
	return nv_in_range(b->loss_g) ? nv_ok() : NV_REFUSED(QUANTITY);
}

/* New ids, each once, none of them an input's. */
static bool outputs_new(struct nv *nv, const Liandan__StockRepacked *b)
{
	for (size_t i = 0; i < b->n_outputs; i++) {
		const char *id = b->outputs[i]->container;

		if (id[0] == '\0')
			continue;
		if (nv_container_named(nv, id) != NULL)
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(b->outputs[k]->container, id) == 0)
				return false;
		for (size_t k = 0; k < b->n_inputs; k++)
			if (strcmp(b->inputs[k]->container, id) == 0)
				return false;
	}
	return true;
}

static struct nv_said repacked(struct nv *nv, const struct nv_event *v)
{
	const Liandan__StockRepacked *b = v->e->stock_repacked;
	struct nv_said said = stock_is_ours(nv, v, b->site, b->batch);

	if (said.verdict == LIANDAN__VERDICT__ACCEPTED)
		said = masses_said(b);
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	for (size_t i = 0; i < b->n_inputs; i++)
		if (b->inputs[i]->container[0] == '\0' && b->inputs[i]->manifest.len == 0 &&
		    b->inputs[i]->code[0] == '\0')
			return NV_REFUSED(BAD_WASTE_CODE);
	return outputs_new(nv, b) ? manifests_said(nv, v) : NV_REFUSED(ALREADY_EXISTS);
}

static struct nv_said released(struct nv *nv, const struct nv_event *v)
{
	const Liandan__ContainerReleased *b = v->e->container_released;
	const struct nv_manifest *m = nv_find(nv, b->manifest);
	struct nv_said said = stock_is_ours(nv, v, b->site, b->batch);

	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	for (size_t i = 0; i < b->n_items; i++)
		if (!nv_in_range(b->items[i]->mass_g))
			return NV_REFUSED(QUANTITY);
	if (b->manifest.len == 0)
		return said;
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	if (strcmp(m->created->generator, v->by->party) != 0)
		return NV_REFUSED(WRONG_ROLE);
	return m->state == CUSTODY__MANIFEST_STATE__DRAFT ? NV_HELD(WAITS_FOR_STATE) : said;
}

static struct nv_said counted(struct nv *nv, const struct nv_event *v)
{
	const Liandan__StockCounted *b = v->e->stock_counted;
	struct nv_said said = stock_is_ours(nv, v, b->site, NULL);

	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	return nv_in_range(b->counted_g) ? said : NV_REFUSED(QUANTITY);
}

struct nv_said nv_judge_repack(struct nv *nv, const struct nv_event *v)
{
	switch ((int)v->e->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
		return treated(nv, v);
	case LIANDAN__EVENT__BODY_STOCK_REPACKED:
		return repacked(nv, v);
	case LIANDAN__EVENT__BODY_CONTAINER_RELEASED:
		return released(nv, v);
	default:
		return counted(nv, v);
	}
}

/* ---- where the waste came from ---- */

struct origins {
	struct nv_origin of[TREATED_OF];
	size_t n;
};

static void add_origin(struct origins *o, const uint8_t *manifest, int64_t mass_g, int64_t bulk_g)
{
	size_t i = 0;

	while (i < o->n && memcmp(o->of[i].manifest, manifest, LD_UUID_BYTES) != 0)
		i++;
	if (i == o->n) {
		memset(&o->of[o->n], 0, sizeof o->of[o->n]);
		memcpy(o->of[o->n++].manifest, manifest, LD_UUID_BYTES);
	}
	o->of[i].mass_g += mass_g;
	o->of[i].bulk_g += bulk_g;
}

/* In proportion, rounded down; the last gram takes all that is left. */
static int64_t part_of(int64_t of_origin_g, int64_t mass_g, int64_t whole_g)
{
	return mass_g >= whole_g ? of_origin_g
				 : (int64_t)((__int128)of_origin_g * mass_g / whole_g);
}

/* Of so much that leaves a container; it has that much less. */
static void origins_of(struct nv_container *k, int64_t mass_g, struct origins *o)
{
	if (k->came)
		add_origin(o, k->came_by, mass_g < k->mass_g ? mass_g : k->mass_g, 0);
	for (size_t i = 0; i < k->n_origins; i++) {
		const int64_t g = part_of(k->origin[i].mass_g, mass_g, k->mass_g);

		add_origin(o, k->origin[i].manifest, g, 0);
		k->origin[i].mass_g -= g;
	}
}

static struct nv_manifest *manifest_of(struct nv *nv, const struct nv_origin *from)
{
	return nv_find(nv,
		       (ProtobufCBinaryData){LD_UUID_BYTES, (uint8_t *)(uintptr_t)from->manifest});
}

void nv_gone(struct nv *nv, struct nv_container *k, int64_t mass_g)
{
	static struct origins o;

	o.n = 0;
	origins_of(k, mass_g, &o);
	for (size_t i = 0; i < o.n; i++)
		manifest_of(nv, &o.of[i])->gone_g += o.of[i].mass_g;
}

/* ---- what goes in ---- */

static void book_out(struct nv *nv, const char *party, const char *site, const char *code,
		     int64_t mass_g, bool repacking)
{
	struct nv_stock *s = nv_stock_at(nv, party, site, code);

	if (!repacking)
		s->treated_g += mass_g;
	else if (nv->wrong != NV_REPACKING_IS_FREE)
		s->lost_g += mass_g;
}

static void container_goes_in(struct nv *nv, const struct nv_event *v, const struct input *in,
			      const char *site, bool repacking, struct origins *o)
{
	struct nv_container *k = nv_container_named(nv, in->container);

	if (k == NULL || strcmp(k->party, v->by->party) != 0 || !nv_container_in_stock(k) ||
	    k->state == CUSTODY__CONTAINER_STATE__BOUND ||
	    (repacking && strcmp(k->site, site) != 0))
		return; /* it is not there */
	origins_of(k, in->mass_g, o);
	book_out(nv, k->party, k->site, k->code, in->mass_g, repacking);
	k->mass_g -= in->mass_g < k->mass_g ? in->mass_g : k->mass_g;
	if (k->mass_g == 0)
		k->state = repacking ? CUSTODY__CONTAINER_STATE__REPACKED
				     : CUSTODY__CONTAINER_STATE__TREATED;
}

/* Bulk that came by a manifest: its lines in order, then what was unpacked; too much falls on the
 * last. */
static void bulk_goes_in(struct nv *nv, struct nv_manifest *m, int64_t mass_g, bool repacking)
{
	const Liandan__Receiver *r = m->created->receiver;
	const size_t kinds = m->n_lines + m->n_unpacked;
	int64_t done = m->bulk_treated_g, rest = mass_g;

	for (size_t i = 0; i < kinds && rest > 0; i++) {
		const bool line = i < m->n_lines;
		const struct nv_bulk *u = &m->unpacked[line ? 0 : i - m->n_lines];
		const int64_t there = line ? nv_bulk_of_line(m, &m->line[i]) : u->mass_g;
		const int64_t gone = done < there ? done : there;
		const int64_t take = i + 1 == kinds || rest < there - gone ? rest : there - gone;

		done -= gone;
		rest -= take;
		if (take > 0)
			book_out(nv, r->party, r->site, line ? m->line[i].code : u->code, take,
				 repacking);
	}
	m->bulk_treated_g += mass_g;
}

static void inputs_go_in(struct nv *nv, const struct nv_event *v, const char *site, bool repacking,
			 struct origins *o)
{
	for (size_t i = 0; i < inputs_of(v->e); i++) {
		const struct input in = input_at(v->e, i);
		const struct nv_batch *batch = nv_batch_of(nv, v->by->party, in.batch);

		if (in.container[0] != '\0')
			container_goes_in(nv, v, &in, site, repacking, o);
		else if (in.manifest.len != 0)
			add_origin(o, in.manifest.data, in.mass_g, in.mass_g);
		else if (batch != NULL && batch->code[0] != '\0')
			book_out(nv, batch->party, batch->site, batch->code, in.mass_g, repacking);
		else if (in.code[0] != '\0')
			book_out(nv, v->by->party, site, in.code, in.mass_g, repacking);
	}
	for (size_t i = 0; i < o->n; i++) {
		struct nv_manifest *m = manifest_of(nv, &o->of[i]);

		if (o->of[i].bulk_g != 0)
			bulk_goes_in(nv, m, o->of[i].bulk_g, repacking);
		if (!repacking)
			m->treated_g += o->of[i].mass_g;
	}
}

/* ---- what comes out ---- */

static void treat(struct nv *nv, const struct nv_event *v)
{
	const Liandan__WasteTreated *b = v->e->waste_treated;
	static struct origins o;

	o.n = 0;
	inputs_go_in(nv, v, b->site, false, &o);
	for (size_t i = 0; i < b->n_outputs; i++) {
		struct nv_container k = {.mass_g = b->outputs[i]->mass_g};

		if (b->outputs[i]->kind != LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE)
			continue;
		nv_copy(k.name, b->outputs[i]->container);
		nv_copy(k.party, v->by->party);
		nv_copy(k.generator, k.party);
		nv_copy(k.site, b->site);
		nv_copy(k.code, b->outputs[i]->code);
		nv_bring(nv, &k, false);
	}
	nv_book_batch(nv, v->by->party, b->batch, b->site, "");
}

void nv_unpack(struct nv_manifest *m, const char *code, int64_t mass_g)
{
	if (mass_g == 0)
		return;
	if (m->n_unpacked == NV_UNPACKED ||
	    (m->n_unpacked != 0 && strcmp(m->unpacked[m->n_unpacked - 1].code, code) == 0)) {
		m->unpacked[m->n_unpacked - 1].mass_g += mass_g;
		return;
	}
	nv_copy(m->unpacked[m->n_unpacked].code, code);
	m->unpacked[m->n_unpacked++].mass_g = mass_g;
}

/* Each output has of each manifest what is its part of the whole. */
static void come_out(struct nv *nv, const struct nv_event *v, const Liandan__RepackOutput *out,
		     struct origins *o, const int64_t *all_g, int64_t before_g, int64_t whole_g)
{
	const int64_t mass = out_g(out);
	struct nv_container k = {.mass_g = mass};

	nv_copy(k.name, out->container);
	nv_copy(k.party, v->by->party);
	nv_copy(k.generator, k.party);
	nv_copy(k.site, v->e->stock_repacked->site);
	nv_copy(k.code, out->line->code);
	for (size_t i = 0; i < o->n && k.n_origins < NV_ORIGINS && whole_g > 0; i++) {
		struct nv_origin part = o->of[i];

		part.mass_g = (int64_t)((__int128)all_g[i] * (before_g + mass) / whole_g) -
			      (int64_t)((__int128)all_g[i] * before_g / whole_g);
		o->of[i].mass_g -= part.mass_g;
		if (part.mass_g == 0)
			continue;
		k.origin[k.n_origins++] = part;
		if (k.name[0] == '\0')
			nv_unpack(manifest_of(nv, &part), k.code, part.mass_g);
	}
	if (k.n_origins == 1 && k.origin[0].mass_g == mass) {
		k.came = true;
		memcpy(k.came_by, k.origin[0].manifest, sizeof k.came_by);
		k.n_origins = 0;
	}
	nv_bring(nv, &k, true);
}

static void repack(struct nv *nv, const struct nv_event *v)
{
	const Liandan__StockRepacked *b = v->e->stock_repacked;
	static struct origins o;
	int64_t whole = b->loss_g, before = 0, all[REPACKED_OF];

	o.n = 0;
	inputs_go_in(nv, v, b->site, true, &o);
	for (size_t i = 0; i < b->n_outputs; i++)
		whole += out_g(b->outputs[i]);
	for (size_t i = 0; i < o.n; i++)
		all[i] = o.of[i].mass_g;
	for (size_t i = 0; i < b->n_outputs; i++) {
		come_out(nv, v, b->outputs[i], &o, all, before, whole);
		before += out_g(b->outputs[i]);
	}
	for (size_t i = 0; i < o.n; i++) /* what the loss took */
		manifest_of(nv, &o.of[i])->gone_g += o.of[i].mass_g > 0 ? o.of[i].mass_g : 0;
	for (size_t i = 1; i < b->n_outputs; i++)
		if (strcmp(b->outputs[i]->line->code, b->outputs[0]->line->code) != 0)
			whole = -1; /* several codes */
	nv_book_batch(nv, v->by->party, b->batch, b->site,
		      b->n_outputs != 0 && whole >= 0 ? b->outputs[0]->line->code : "");
}

static void count(struct nv *nv, const struct nv_event *v)
{
	const Liandan__StockCounted *b = v->e->stock_counted;
	struct nv_stock *s = nv_stock_at(nv, v->by->party, b->site, b->code);

	if (nv->wrong != NV_COUNT_IS_A_NOTE)
		s->lost_g += nv_in_stock(s) - b->counted_g;
}

void nv_apply_repack(struct nv *nv, const struct nv_event *v)
{
	switch ((int)v->e->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
		treat(nv, v);
		break;
	case LIANDAN__EVENT__BODY_STOCK_REPACKED:
		repack(nv, v);
		break;
	case LIANDAN__EVENT__BODY_CONTAINER_RELEASED:
		nv_book_batch(nv, v->by->party, v->e->container_released->batch,
			      v->e->container_released->site, "");
		break;
	case LIANDAN__EVENT__BODY_STOCK_COUNTED:
		count(nv, v);
		break;
	default:
		break;
	}
}
