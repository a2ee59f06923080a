/* Treatment: inputs = outputs + loss, exactly; nothing goes in that was not in stock. CUSTODY-18.
 */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/drain.h"
#include "plugin/custody/manifest_judge.h"

static const Liandan__WasteTreated *treatment_of(const struct ld_case *k)
{
	return k->f->event->waste_treated;
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

static int64_t outputs_and_loss_g(const Liandan__Event *e)
{
	int64_t sum;

	if (e->body_case == LIANDAN__EVENT__BODY_STOCK_REPACKED) {
		sum = e->stock_repacked->loss_g;
		for (size_t i = 0; i < e->stock_repacked->n_outputs; i++)
			sum =
			    ld_add_g(sum, ld_line_declared_g(e->stock_repacked->outputs[i]->line));
		return sum;
	}
	sum = e->waste_treated->loss_g;
	for (size_t i = 0; i < e->waste_treated->n_outputs; i++)
		sum = ld_add_g(sum, e->waste_treated->outputs[i]->mass_g);
	return sum;
}

/* Inputs = outputs + loss, exactly. */
bool ld_check_adds_up(struct ld_case *k)
{
	const bool repacked = k->f->event->body_case == LIANDAN__EVENT__BODY_STOCK_REPACKED;
	const struct ld_drains *d = k->found;
	const int64_t out_g = outputs_and_loss_g(k->f->event);

	return d->in_g == out_g ||
	       ld_failed(k, repacked ? LIANDAN__REASON__NOT_ADDING : LIANDAN__REASON__QUANTITY,
			 repacked ? k->f->event->stock_repacked->batch : treatment_of(k)->batch,
			 d->in_g, out_g, "inputs are not outputs and loss");
}

/* A licensed operator works within its licence; own treatment 自行利用/处置 is the generator's. */
bool ld_check_treatment_licensed(struct ld_case *k)
{
	const Liandan__WasteTreated *b = treatment_of(k);
	const struct ld_drains *d = k->found;

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
