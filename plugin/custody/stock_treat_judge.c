/* Treatment: inputs = outputs + loss, exactly; nothing goes in that was not in stock. CUSTODY-18.
 */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/stock.h"
#include "plugin/custody/table.h"

/* What leaves each stock, summed over the inputs. A treatment with more kinds of waste than this is
 * summed as far as it goes; apply books every gram in any case. */
#define MAX_DRAINS 64

struct drain {
	char party[LD_MAX_ID_BYTES + 1];
	char site[LD_MAX_ID_BYTES + 1];
	char code[LD_MAX_ID_BYTES + 1];
	int64_t mass_g;
};

struct drains {
	struct drain of[MAX_DRAINS];
	size_t n;
	const char *party;
	const char *site; /* where the bulk at hand stands */
	/* Bulk of one manifest, over a run of inputs that name it: up to 1,000 of them, and it may
	 * have as many items. */
	uint8_t manifest[LD_UUID_BYTES];
	int64_t bulk_g; /* -1: none at hand */
	int64_t in_g;	/* all inputs */
};

static void keep(char to[static LD_MAX_ID_BYTES + 1], const char *from)
{
	size_t n = strnlen(from, LD_MAX_ID_BYTES);

	memcpy(to, from, n);
	to[n] = '\0';
}

static void drain(struct drains *d, const char *party, const char *site, const char *code,
		  int64_t mass_g)
{
	for (size_t i = 0; i < d->n; i++) {
		struct drain *o = &d->of[i];

		if (strcmp(o->party, party) == 0 && strcmp(o->site, site) == 0 &&
		    strcmp(o->code, code) == 0) {
			o->mass_g = ld_add_g(o->mass_g, mass_g);
			return;
		}
	}
	if (d->n == MAX_DRAINS)
		return;
	keep(d->of[d->n].party, party);
	keep(d->of[d->n].site, site);
	keep(d->of[d->n].code, code);
	d->of[d->n++].mass_g = mass_g;
}

static enum ld_err drain_bulk(void *ctx, const char *code, int64_t mass_g)
{
	struct drains *d = ctx;

	drain(d, d->party, d->site, code, mass_g);
	return LD_OK;
}

static const Liandan__WasteTreated *treatment_of(const struct ld_case *k)
{
	return k->f->event->waste_treated;
}

/* Bulk of a manifest: by its id alone. */
static bool of_manifest(const Liandan__TreatmentInput *in)
{
	return in->container[0] == '\0' && in->manifest.len != 0;
}

static bool input_accepted(struct ld_case *k, const Liandan__TreatmentInput *in)
{
	Custody__Manifest *m;

	if (ld_manifest_get(k->c, in->manifest, &m) != LD_OK)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "a manifest is not here yet");
	if (strcmp(m->created->receiver->party, k->f->signer->party) != 0)
		return ld_wrong_role(k->f, k->j, "the receiver that accepted it");
	if (m->accepted_ms != 0)
		return true;
	if (m->state <= CUSTODY__MANIFEST_STATE__VERIFYING)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "the acceptance is not here yet");
	return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER, "nothing of it was accepted");
}

/* Up to 1,000 inputs, each of a manifest of up to 1,000 items: of a run of one manifest it is read
 * once, and given back. */
bool ld_check_inputs_accepted(struct ld_case *k)
{
	const Liandan__WasteTreated *b = treatment_of(k);
	const Liandan__TreatmentInput *last = NULL;

	for (size_t i = 0; i < b->n_inputs; i++) {
		const Liandan__TreatmentInput *in = b->inputs[i];
		size_t mark = ld_mark(k->c);

		if (!of_manifest(in) || (last != NULL && ld_same_id(last->manifest, in->manifest)))
			continue;
		if (!input_accepted(k, in))
			return false;
		ld_release(k->c, mark);
		last = in;
	}
	return true;
}

static void drain_container(struct ld_case *k, const Liandan__TreatmentInput *in, struct drains *d)
{
	Custody__Container *o;

	if (ld_container_get(k->c, in->container, &o) != LD_OK) {
		ld_failed(k, LIANDAN__REASON__UNKNOWN_CONTAINER, in->container, 0, 0,
			  "no such container %s", in->container);
		return;
	}
	if (strcmp(o->party, k->f->signer->party) != 0 || !ld_container_in_stock(o) ||
	    o->state == CUSTODY__CONTAINER_STATE__BOUND) {
		ld_failed(k, LIANDAN__REASON__CONTAINER_ELSEWHERE, in->container, 0, 0,
			  "container %s is not in stock", in->container);
		return;
	}
	if (in->mass_g > o->mass_g)
		ld_failed(k, LIANDAN__REASON__STOCK_NEGATIVE, in->container,
			  ld_sub_g(o->mass_g, in->mass_g), 0, "more than it holds");
	drain(d, o->party, o->site, o->code, in->mass_g);
}

/* The bulk at hand is drained: what was taken of it in all. */
static void drain_manifest(struct ld_case *k, struct drains *d)
{
	const ProtobufCBinaryData id = {.len = sizeof d->manifest, .data = d->manifest};
	size_t mark = ld_mark(k->c), n = k->j->n_violations;
	Custody__Manifest *m;
	int64_t left, mass_g = d->bulk_g;

	d->bulk_g = -1;
	if (mass_g < 0 || ld_manifest_get(k->c, id, &m) != LD_OK)
		return;
	left = ld_manifest_bulk_left_g(m);
	d->party = m->created->receiver->party;
	d->site = m->created->receiver->site;
	ld_manifest_bulk_take(m, mass_g, drain_bulk, d);
	if (mass_g > left)
		ld_failed(k, LIANDAN__REASON__STOCK_NEGATIVE, ld_c_hex(k->c, id),
			  ld_sub_g(left, mass_g), 0, "more than is left of it");
	if (k->j->n_violations == n)
		ld_release(k->c, mark);
}

static void drain_batch(struct ld_case *k, const Liandan__TreatmentInput *in, struct drains *d)
{
	Custody__Batch *batch;

	if (ld_batch_get(k->c, k->f->signer->party, in->batch, &batch) != LD_OK ||
	    batch->code[0] == '\0')
		ld_failed(k, LIANDAN__REASON__UNKNOWN_SUBJECT, in->batch, 0, 0, "no such batch %s",
			  in->batch);
	else
		drain(d, batch->party, batch->site, batch->code, in->mass_g);
}

static void drain_input(struct ld_case *k, const Liandan__TreatmentInput *in, struct drains *d)
{
	if (in->container[0] != '\0') {
		drain_container(k, in, d);
		return;
	}
	if (in->manifest.len == 0) {
		drain_batch(k, in, d);
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
	const Liandan__WasteTreated *b = treatment_of(k);
	struct drains *d = ld_arena_alloc(k->c->arena, sizeof *d);

	if (d == NULL)
		return ld_refuse(k->j, LIANDAN__REASON__LIMIT, "too many inputs");
	memset(d, 0, sizeof *d);
	d->bulk_g = -1;
	k->found = d;
	for (size_t i = 0; i < b->n_inputs; i++) {
		size_t mark = ld_mark(k->c), n = k->j->n_violations;

		drain_input(k, b->inputs[i], d);
		d->in_g = ld_add_g(d->in_g, b->inputs[i]->mass_g);
		if (k->j->n_violations == n)
			ld_release(k->c, mark);
	}
	drain_manifest(k, d);
	return true;
}

/* What comes out is waste again, or a product. */
bool ld_check_outputs(struct ld_case *k)
{
	const Liandan__WasteTreated *b = treatment_of(k);

	for (size_t i = 0; i < b->n_outputs; i++) {
		const Liandan__TreatmentOutput *o = b->outputs[i];
		size_t mark = ld_mark(k->c);
		Custody__Container *there;
		bool taken;

		if (o->kind != LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE)
			continue;
		if (!ld_code_known(ld_code_system_of(o->code), o->code))
			ld_failed(k, LIANDAN__REASON__BAD_WASTE_CODE, o->code, 0, 0,
				  "no such code %s", o->code);
		mark = ld_mark(k->c);
		taken = o->container[0] != '\0' &&
			ld_container_get(k->c, o->container, &there) == LD_OK;
		ld_release(k->c, mark);
		if (taken)
			ld_failed(k, LIANDAN__REASON__ALREADY_EXISTS, o->container, 0, 0,
				  "container %s is in use", o->container);
	}
	return true;
}

/* Inputs = outputs + loss, exactly. */
bool ld_check_adds_up(struct ld_case *k)
{
	const Liandan__WasteTreated *b = treatment_of(k);
	const struct drains *d = k->found;
	int64_t out_g = b->loss_g;

	for (size_t i = 0; i < b->n_outputs; i++)
		out_g = ld_add_g(out_g, b->outputs[i]->mass_g);
	return d->in_g == out_g || ld_failed(k, LIANDAN__REASON__QUANTITY, b->batch, d->in_g, out_g,
					     "inputs are not outputs and loss");
}

bool ld_check_stock_treated(struct ld_case *k)
{
	const struct drains *d = k->found;

	for (size_t i = 0; i < d->n; i++) {
		const struct drain *o = &d->of[i];
		size_t mark = ld_mark(k->c);
		Custody__Stock *s;
		int64_t in = 0;

		if (ld_stock_get(k->c, o->party, o->site, o->code, &s) == LD_OK)
			in = s->in_stock_g;
		ld_release(k->c, mark);
		if (o->mass_g > in)
			ld_failed(k, LIANDAN__REASON__STOCK_NEGATIVE, o->code,
				  ld_sub_g(in, o->mass_g), 0, "more than is booked");
	}
	return true;
}

/* A licensed operator works within its licence; own treatment 自行利用/处置 is the generator's. */
bool ld_check_treatment_licensed(struct ld_case *k)
{
	const Liandan__WasteTreated *b = treatment_of(k);
	const struct drains *d = k->found;

	if ((k->f->signer->roles & LIANDAN__ROLE__ROLE_RECEIVER) == 0)
		return true;
	for (size_t i = 0; i < d->n; i++) {
		const struct ld_licence_need need = {.party = k->f->signer->party,
						     .licence = "",
						     .site = b->site,
						     .kinds = LD_LICENCE_RECEIVE,
						     .code = d->of[i].code,
						     .mode = b->mode,
						     .at_ms = k->f->event->occurred_at_ms};

		if (!ld_licensed(k->c, &need))
			ld_failed(k, LIANDAN__REASON__NOT_LICENSED, need.code, 0, 0,
				  "%s is not licensed for it", need.party);
	}
	return true;
}
