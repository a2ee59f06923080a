/* Treatment: inputs = outputs + loss, exactly; nothing goes in that was not in stock. CUSTODY-18.
 */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/stock.h"

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
	struct ld_custody *c;
	struct drain of[MAX_DRAINS];
	size_t n;
	const char *party;
	const char *site; /* where the bulk at hand stands */
	/* Bulk of one manifest, over a run of inputs that name it: up to 1,000 of them, and it may
	 * have as many items. */
	uint8_t manifest[LD_UUID_BYTES];
	int64_t bulk_g; /* -1: none at hand */
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

static bool check_container(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__TreatmentInput *in, struct drains *d,
			    struct ld_judgement *j)
{
	Custody__Container *k;

	if (ld_container_get(c, in->container, &k) != LD_OK)
		return ld_violate(c, j, LIANDAN__REASON__UNKNOWN_CONTAINER, in->container, 0, 0);
	if (strcmp(k->party, f->signer->party) != 0 || !ld_container_in_stock(k) ||
	    k->state == CUSTODY__CONTAINER_STATE__BOUND)
		return ld_violate(c, j, LIANDAN__REASON__CONTAINER_ELSEWHERE, in->container, 0, 0);
	if (in->mass_g > k->mass_g)
		ld_violate(c, j, LIANDAN__REASON__STOCK_NEGATIVE, in->container,
			   ld_sub_g(k->mass_g, in->mass_g), 0);
	drain(d, k->party, k->site, k->code, in->mass_g);
	return true;
}

/* The bulk at hand is drained: what was taken of it in all. */
static void drain_manifest(struct ld_custody *c, struct drains *d, struct ld_judgement *j)
{
	const ProtobufCBinaryData id = {.len = sizeof d->manifest, .data = d->manifest};
	size_t mark = ld_mark(c), n = j->n_violations;
	Custody__Manifest *m;
	int64_t left, mass_g = d->bulk_g;

	d->bulk_g = -1;
	if (mass_g < 0 || ld_manifest_get(c, id, &m) != LD_OK)
		return;
	left = ld_manifest_bulk_left_g(m);
	d->party = m->created->receiver->party;
	d->site = m->created->receiver->site;
	ld_manifest_bulk_take(m, mass_g, drain_bulk, d);
	if (mass_g > left)
		ld_violate(c, j, LIANDAN__REASON__STOCK_NEGATIVE, ld_c_hex(c, id),
			   ld_sub_g(left, mass_g), 0);
	if (j->n_violations == n)
		ld_release(c, mark);
}

static bool check_manifest(struct ld_custody *c, const struct ld_fact *f,
			   const Liandan__TreatmentInput *in, struct drains *d,
			   struct ld_judgement *j)
{
	Custody__Manifest *m;

	if (d->bulk_g >= 0 && in->manifest.len == sizeof d->manifest &&
	    memcmp(d->manifest, in->manifest.data, sizeof d->manifest) == 0) {
		d->bulk_g = ld_add_g(d->bulk_g, in->mass_g);
		return true;
	}
	drain_manifest(c, d, j);
	if (ld_manifest_get(c, in->manifest, &m) != LD_OK)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE, "a manifest is not here yet");
	if (strcmp(m->created->receiver->party, f->signer->party) != 0)
		return ld_wrong_role(f, j, "the receiver that accepted it");
	if (m->accepted_ms == 0) {
		if (m->state <= CUSTODY__MANIFEST_STATE__VERIFYING)
			return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE,
				       "the acceptance is not here yet");
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "nothing of it was accepted");
	}
	memcpy(d->manifest, in->manifest.data, sizeof d->manifest);
	d->bulk_g = in->mass_g;
	return true;
}

static bool check_one(struct ld_custody *c, const struct ld_fact *f,
		      const Liandan__TreatmentInput *in, struct drains *d, struct ld_judgement *j)
{
	Custody__Batch *batch;

	if (in->mass_g < 0 || in->mass_g > LD_MAX_MASS_G)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "such a mass cannot be");
	if (in->container[0] != '\0')
		return check_container(c, f, in, d, j);
	if (in->manifest.len != 0)
		return check_manifest(c, f, in, d, j);
	if (ld_batch_get(c, f->signer->party, in->batch, &batch) != LD_OK || batch->code[0] == '\0')
		return ld_violate(c, j, LIANDAN__REASON__UNKNOWN_SUBJECT, in->batch, 0, 0);
	drain(d, batch->party, batch->site, batch->code, in->mass_g);
	return true;
}

/* Up to 1,000 inputs, each of a manifest of up to 1,000 items: what was read is given back, unless
 * a violation that was made meanwhile lies behind it. */
static bool check_input(struct ld_custody *c, const struct ld_fact *f,
			const Liandan__TreatmentInput *in, struct drains *d, struct ld_judgement *j)
{
	size_t mark = ld_mark(c), n = j->n_violations;
	bool ok = check_one(c, f, in, d, j);

	if (j->n_violations == n)
		ld_release(c, mark);
	return ok;
}

/* A licensed operator works within its licence; own treatment 自行利用/处置 is the generator's. */
static void check_drain(struct ld_custody *c, const struct ld_fact *f,
			const Liandan__WasteTreated *b, const struct drain *o,
			struct ld_judgement *j)
{
	const struct ld_licence_need need = {.party = f->signer->party,
					     .licence = "",
					     .site = b->site,
					     .kinds = LD_LICENCE_RECEIVE,
					     .code = o->code,
					     .mode = b->mode,
					     .at_ms = f->event->occurred_at_ms};
	size_t mark = ld_mark(c);
	Custody__Stock *s;
	int64_t in = 0;

	if (ld_stock_get(c, o->party, o->site, o->code, &s) == LD_OK)
		in = s->in_stock_g;
	ld_release(c, mark);
	if (o->mass_g > in)
		ld_violate(c, j, LIANDAN__REASON__STOCK_NEGATIVE, o->code, ld_sub_g(in, o->mass_g),
			   0);
	if ((f->signer->roles & LIANDAN__ROLE__ROLE_RECEIVER) != 0 && !ld_licensed(c, &need))
		ld_violate(c, j, LIANDAN__REASON__NOT_LICENSED, o->code, 0, 0);
}

static bool check_outputs(struct ld_custody *c, const Liandan__WasteTreated *b, int64_t *out_g,
			  struct ld_judgement *j)
{
	for (size_t i = 0; i < b->n_outputs; i++) {
		const Liandan__TreatmentOutput *o = b->outputs[i];
		size_t mark = ld_mark(c);
		Custody__Container *k;
		bool taken;

		if (o->mass_g < 0 || o->mass_g > LD_MAX_MASS_G)
			return ld_refuse(j, LIANDAN__REASON__QUANTITY, "such a mass cannot be");
		*out_g = ld_add_g(*out_g, o->mass_g);
		if (o->kind != LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE)
			continue;
		if (!ld_code_known(ld_code_system_of(o->code), o->code))
			ld_violate(c, j, LIANDAN__REASON__BAD_WASTE_CODE, o->code, 0, 0);
		mark = ld_mark(c);
		taken = o->container[0] != '\0' && ld_container_get(c, o->container, &k) == LD_OK;
		ld_release(c, mark);
		if (taken)
			ld_violate(c, j, LIANDAN__REASON__ALREADY_EXISTS, o->container, 0, 0);
	}
	return true;
}

static bool check_place(struct ld_custody *c, const struct ld_fact *f,
			const Liandan__WasteTreated *b, struct ld_judgement *j)
{
	size_t mark = ld_mark(c);
	Custody__Site *s;
	Custody__Batch *there;
	bool known = ld_site_get(c, b->site, &s) == LD_OK;
	bool own = known && strcmp(s->registered->party, f->signer->party) == 0;
	bool booked = ld_batch_get(c, f->signer->party, b->batch, &there) == LD_OK;

	ld_release(c, mark);
	if (known && !own)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "%s is not a site of %s", b->site,
				 f->signer->party);
	if (booked)
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "batch %s is booked already",
				 b->batch);
	return known || ld_violate(c, j, LIANDAN__REASON__UNKNOWN_SITE, b->site, 0, 0);
}

/* CUSTODY-18, 利用/处置 */
bool ld_treated_judge(struct ld_custody *c, const struct ld_fact *f, const Liandan__WasteTreated *b,
		      struct ld_judgement *j)
{
	struct drains d = {.c = c, .n = 0, .bulk_g = -1};
	int64_t in_g = 0, out_g = b->loss_g;

	if ((f->signer->roles & (LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER)) ==
	    0)
		return ld_wrong_role(f, j, "the holder of the stock");
	if (!check_place(c, f, b, j))
		return false;
	if (b->loss_g < 0 || b->loss_g > LD_MAX_MASS_G)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "such a mass cannot be");
	for (size_t i = 0; i < b->n_inputs; i++) {
		if (!check_input(c, f, b->inputs[i], &d, j))
			return false;
		in_g = ld_add_g(in_g, b->inputs[i]->mass_g);
	}
	drain_manifest(c, &d, j);
	if (!check_outputs(c, b, &out_g, j))
		return false;
	if (in_g != out_g)
		ld_violate(c, j, LIANDAN__REASON__QUANTITY, b->batch, in_g, out_g);
	for (size_t i = 0; i < d.n; i++)
		check_drain(c, f, b, &d.of[i], j);
	return true;
}
