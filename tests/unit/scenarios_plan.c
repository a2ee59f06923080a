/* Rows 2, 14 and 18: the year's plan and the licence's yearly mass. */
#include "child_builders.h"
#include "plan_builders.h"
#include "scenario.h"

SCENARIO(RECORDED, MANIFEST_SEALED, in_plan, PLAN_EXCEEDED)
{
	Liandan__PlanFiled *p = mx_plan(x, 1);

	p->lines[1]->transfer_g--;
	mx_clean(x, mx_file(x, GEN, p));
	mx_fill(x);
	mx_seal(x, mx_to_draft(x), mx_sealed(x));
}

SCENARIO(RECORDED, WASTE_GENERATED, in_plan, PLAN_EXCEEDED)
{
	MX_EVENT(e, WASTE_GENERATED, mx_generated(x, "B1", "", MX_BULK, MX_BULK_G + 1));

	mx_clean(x, mx_file(x, GEN, mx_plan(x, 1)));
	mx_put(x, GEN, &e);
}

SCENARIO(RECORDED, WASTE_TREATED, in_plan, PLAN_EXCEEDED)
{
	Liandan__WasteTreated *b = MX_NEW(x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	MX_EVENT(e, WASTE_TREATED, b);

	mx_clean(x, mx_file(x, GEN, mx_plan(x, 1)));
	mx_fill(x);
	b->batch = MX_S("T1");
	b->site = MX_S("S-GEN");
	b->mode = MX_S("D10");
	b->inputs = ld_arena_alloc(&x->build, sizeof *b->inputs);
	b->inputs[0] = MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	b->inputs[0]->container = MX_S("C1");
	b->inputs[0]->mass_g = b->loss_g = 1;
	b->n_inputs = 1;
	mx_put(x, GEN, &e);
}

SCENARIO(RECORDED, ACCEPTED, licence_scale, LICENCE_EXCEEDED)
{
	mx_annual(x, MX_C1_G + MX_C2_G + MX_BULK_G - 1);
	mx_to_received(x);
	mx_accept(x, REC, mx_accepted_body(x));
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, licence_scale, LICENCE_EXCEEDED)
{
	mx_annual(x, MX_C1_G + MX_BULK_G - CH_BULK_G - 1);
	mx_to_received(x);
	ch_accept_partly(x, REC, MX_KEYS, ch_partly(x, CH_SITE));
}
