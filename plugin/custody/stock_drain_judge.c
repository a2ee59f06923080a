/* What goes into a treatment or a repacking: it was accepted, it stands there, the books cover it.
 * CUSTODY-18. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/drain.h"
#include "plugin/custody/manifest_judge.h"

static void keep(char to[static LD_MAX_ID_BYTES + 1], const char *from)
{
	size_t n = strnlen(from, LD_MAX_ID_BYTES);

	memcpy(to, from, n);
	to[n] = '\0';
}

static void drain(struct ld_drains *d, const char *party, const char *site, const char *code,
		  int64_t mass_g)
{
	for (size_t i = 0; i < d->n; i++) {
		struct ld_drain *o = &d->of[i];

		if (strcmp(o->party, party) == 0 && strcmp(o->site, site) == 0 &&
		    strcmp(o->code, code) == 0) {
			o->mass_g = ld_add_g(o->mass_g, mass_g);
			return;
		}
	}
	if (d->n == LD_MAX_DRAINS)
		return;
	keep(d->of[d->n].party, party);
	keep(d->of[d->n].site, site);
	keep(d->of[d->n].code, code);
	d->of[d->n++].mass_g = mass_g;
}

/* Bulk of a manifest: by its id alone. */
static bool of_manifest(const struct ld_input *in)
{
	return in->container[0] == '\0' && in->manifest.len != 0;
}

static bool input_accepted(struct ld_case *k, const struct ld_input *in)
{
	Custody__Manifest *m;

	if (ld_manifest_get(k->c, in->manifest, &m) != LD_OK)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "a manifest is not here yet");
	if (strcmp(m->created->receiver->party, k->f->signer->party) != 0)
		return ld_wrong_role(k->f, k->j, "the receiver that accepted it");
	if (m->accepted_ms != 0)
		return true;
	if (ld_acceptance_awaited(m))
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "the acceptance is not here yet");
	return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER, "nothing of it was accepted");
}

/* Up to 1,000 inputs, each of a manifest of up to 1,000 items: of a run of one manifest it is read
 * once, and given back. */
bool ld_check_inputs_accepted(struct ld_case *k)
{
	const size_t n = ld_inputs(k->f->event);
	ProtobufCBinaryData last = {0, NULL};

	for (size_t i = 0; i < n; i++) {
		const struct ld_input in = ld_input_at(k->f->event, i);
		size_t mark = ld_mark(k->c);

		if (!of_manifest(&in) || ld_same_id(last, in.manifest))
			continue;
		if (!input_accepted(k, &in))
			return false;
		ld_release(k->c, mark);
		last = in.manifest;
	}
	return true;
}

/* What a container holds, or a treatment takes, can be traced to so many manifests. */
bool ld_check_origins_room(struct ld_case *k)
{
	const bool repacked = k->f->event->body_case == LIANDAN__EVENT__BODY_STOCK_REPACKED;
	const size_t n = ld_inputs(k->f->event), cap = repacked ? LD_MAX_ORIGINS : LD_MAX_TREATED;
	struct ld_origins o;
	size_t mark = ld_mark(k->c);

	if (!ld_origins_init(k->c, &o, cap))
		return ld_refuse(k->j, LIANDAN__REASON__LIMIT, "too many inputs");
	for (size_t i = 0; i < n && !o.full; i++) {
		const struct ld_input in = ld_input_at(k->f->event, i);
		size_t here = ld_mark(k->c);
		Custody__Container *box;

		if (of_manifest(&in))
			ld_origins_of_bulk(&o, in.manifest, in.mass_g);
		else if (in.container[0] != '\0' &&
			 ld_container_get(k->c, in.container, &box) == LD_OK)
			ld_origins_of_container(&o, box, in.mass_g);
		ld_release(k->c, here);
	}
	ld_release(k->c, mark);
	return !o.full || ld_refuse(k->j, LIANDAN__REASON__LIMIT,
				    "waste of more than %zu manifests at once", cap);
}

/* A repacking is of what stands at its own site; a treatment takes from any of the party's. */
static const char *repack_site(const struct ld_case *k)
{
	return k->f->event->body_case == LIANDAN__EVENT__BODY_STOCK_REPACKED
		   ? k->f->event->stock_repacked->site
		   : NULL;
}

static void generated_by(struct ld_drains *d, const char *party, const char *code)
{
	if (!ld_code_hazardous(code))
		return;
	if (d->generator[0] == '\0')
		keep(d->generator, party);
	else if (strcmp(d->generator, party) != 0)
		d->several = true;
}

static void drain_container(struct ld_case *k, const struct ld_input *in, struct ld_drains *d)
{
	Custody__Container *o;

	if (ld_container_get(k->c, in->container, &o) != LD_OK) {
		ld_failed(k, LIANDAN__REASON__UNKNOWN_CONTAINER, in->container, 0, 0,
			  "no such container %s", in->container);
		return;
	}
	if (!ld_container_stands(o, k->f->signer->party, repack_site(k))) {
		ld_failed(k, LIANDAN__REASON__CONTAINER_ELSEWHERE, in->container, 0, 0,
			  "container %s is not in stock", in->container);
		return;
	}
	if (in->mass_g > o->mass_g)
		ld_failed(k, LIANDAN__REASON__STOCK_NEGATIVE, in->container,
			  ld_sub_g(o->mass_g, in->mass_g), 0, "more than it holds");
	drain(d, o->party, o->site, o->code, in->mass_g);
	generated_by(d, o->generator, o->code);
}

struct bulk {
	struct ld_drains *d;
	const Custody__Manifest *m;
};

static enum ld_err drain_bulk(void *ctx, const char *code, int64_t mass_g)
{
	const struct bulk *b = ctx;
	const Liandan__Receiver *r = b->m->created->receiver;

	drain(b->d, r->party, r->site, code, mass_g);
	generated_by(b->d, b->m->created->generator, code);
	return LD_OK;
}

/* The bulk at hand is drained: what was taken of it in all. */
static void drain_manifest(struct ld_case *k, struct ld_drains *d)
{
	const ProtobufCBinaryData id = {.len = sizeof d->manifest, .data = d->manifest};
	size_t mark = ld_mark(k->c), n = k->j->n_violations;
	Custody__Manifest *m;
	int64_t left, mass_g = d->bulk_g;

	d->bulk_g = -1;
	if (mass_g < 0 || ld_manifest_get(k->c, id, &m) != LD_OK)
		return;
	left = ld_manifest_bulk_left_g(m);
	struct bulk of = {d, m};

	ld_manifest_bulk_take(m, mass_g, drain_bulk, &of);
	if (mass_g > left)
		ld_failed(k, LIANDAN__REASON__STOCK_NEGATIVE, ld_c_hex(k->c, id),
			  ld_sub_g(left, mass_g), 0, "more than is left of it");
	if (k->j->n_violations == n)
		ld_release(k->c, mark);
}

static void drain_batch(struct ld_case *k, const struct ld_input *in, struct ld_drains *d)
{
	Custody__Batch *batch;

	if (ld_batch_get(k->c, k->f->signer->party, in->batch, &batch) != LD_OK ||
	    batch->code[0] == '\0')
		ld_failed(k, LIANDAN__REASON__UNKNOWN_SUBJECT, in->batch, 0, 0, "no such batch %s",
			  in->batch);
	else
		drain(d, batch->party, batch->site, batch->code, in->mass_g);
}

static void drain_code(struct ld_case *k, const struct ld_input *in, struct ld_drains *d)
{
	if (in->code[0] != '\0')
		drain(d, k->f->signer->party, repack_site(k), in->code, in->mass_g);
	else
		drain_batch(k, in, d);
}

static void drain_input(struct ld_case *k, const struct ld_input *in, struct ld_drains *d)
{
	if (in->container[0] != '\0') {
		drain_container(k, in, d);
		return;
	}
	if (in->manifest.len == 0) {
		drain_code(k, in, d);
		return;
	}
	if (d->bulk_g >= 0 && memcmp(d->manifest, in->manifest.data, sizeof d->manifest) == 0) {
		d->bulk_g = ld_add_g(d->bulk_g, in->mass_g);
		return;
	}
	drain_manifest(k, d);
	memcpy(d->manifest, in->manifest.data, sizeof d->manifest);
	d->bulk_g = in->mass_g;
}

/* Nothing goes in that was not there. What was read is given back, unless a violation that was made
 * meanwhile lies behind it. Leaves the drains in k->found. */
bool ld_check_inputs_stand(struct ld_case *k)
{
	const size_t n_inputs = ld_inputs(k->f->event);
	struct ld_drains *d = ld_arena_alloc(k->c->arena, sizeof *d);

	if (d == NULL)
		return ld_refuse(k->j, LIANDAN__REASON__LIMIT, "too many inputs");
	memset(d, 0, sizeof *d);
	d->bulk_g = -1;
	k->found = d;
	for (size_t i = 0; i < n_inputs; i++) {
		const struct ld_input in = ld_input_at(k->f->event, i);
		size_t mark = ld_mark(k->c), n = k->j->n_violations;

		drain_input(k, &in, d);
		d->in_g = ld_add_g(d->in_g, in.mass_g);
		if (k->j->n_violations == n)
			ld_release(k->c, mark);
	}
	drain_manifest(k, d);
	return true;
}

/* A repacking gives back what comes out under the same code. */
static int64_t given_back_g(const struct ld_case *k, const struct ld_drain *d)
{
	const Liandan__StockRepacked *b = k->f->event->stock_repacked;
	int64_t sum = 0;

	if (k->f->event->body_case != LIANDAN__EVENT__BODY_STOCK_REPACKED)
		return 0;
	for (size_t i = 0; i < b->n_outputs; i++)
		if (strcmp(b->outputs[i]->line->code, d->code) == 0)
			sum = ld_add_g(sum, ld_line_declared_g(b->outputs[i]->line));
	return sum;
}

bool ld_check_stock_treated(struct ld_case *k)
{
	const struct ld_drains *d = k->found;

	for (size_t i = 0; i < d->n; i++) {
		const struct ld_drain *o = &d->of[i];
		size_t mark = ld_mark(k->c);
		Custody__Stock *s;
		int64_t in = 0, out = ld_sub_g(o->mass_g, given_back_g(k, o));

		if (ld_stock_get(k->c, o->party, o->site, o->code, &s) == LD_OK)
			in = s->in_stock_g;
		ld_release(k->c, mark);
		if (out > 0 && out > in)
			ld_failed(k, LIANDAN__REASON__STOCK_NEGATIVE, o->code, ld_sub_g(in, out), 0,
				  "more than is booked");
	}
	return true;
}
