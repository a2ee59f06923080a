/* Rows 7 and 18: weighed; generated, stored, treated, lost. */
#include "scenario.h"
#include "weigh_builders.h"

/* ---- CUSTODY-7 ---- */

/* The receiver's gate, verified until `to_ms`. */
static Liandan__Weighed *at_the_gate(struct mx *x, int64_t to_ms)
{
	mx_scale(x, SCALE, to_ms);
	return mx_weighed(x, SCALE, 3, LIANDAN__WEIGH_KIND__WEIGH_KIND_GROSS, 18000000);
}

SCENARIO(HONEST, WEIGHED, row, REASON_NONE)
{
	mx_weigh(x, SCALE, at_the_gate(x, 0));
}

SCENARIO(SIGNER, WEIGHED, row, WRONG_ROLE)
{
	mx_weigh(x, REC, at_the_gate(x, 0));
}

SCENARIO(TWICE, WEIGHED, row, ALREADY_EXISTS)
{
	Liandan__Weighed *b = at_the_gate(x, 0);

	mx_clean(x, mx_weigh(x, SCALE, b));
	mx_weigh(x, SCALE, b);
}

SCENARIO(HARD, WEIGHED, instrument, WRONG_ROLE)
{
	Liandan__Weighed *b = at_the_gate(x, 0);

	b->instrument = MX_S("gate-2");
	mx_weigh(x, SCALE, b);
}

SCENARIO(HARD, WEIGHED, ticket_new, ALREADY_EXISTS)
{
	Liandan__Weighed *b = at_the_gate(x, 0);

	mx_clean(x, mx_weigh(x, SCALE, b));
	b->mass_g++;
	mx_weigh(x, SCALE, b);
}

SCENARIO(RECORDED, WEIGHED, scale_in_date, SCALE_OUT_OF_DATE)
{
	mx_weigh(x, SCALE, at_the_gate(x, x->now));
}

SCENARIO(RECORDED, WEIGHED, scale_range, QUANTITY)
{
	Liandan__Weighed *b = at_the_gate(x, 0);

	b->mass_g = 90000000; /* of a scale to 60 t */
	mx_weigh(x, SCALE, b);
}

/* ---- CUSTODY-18, 产生 ---- */

static Liandan__Reason generate(struct mx *x, enum mx_who who, Liandan__WasteGenerated *b)
{
	MX_EVENT(e, WASTE_GENERATED, b);
	return mx_put(x, who, &e);
}

SCENARIO(HONEST, WASTE_GENERATED, row, REASON_NONE)
{
	generate(x, GEN, mx_generated(x, "B1", "C1", MX_CODE, 100));
}

SCENARIO(SIGNER, WASTE_GENERATED, row, WRONG_ROLE)
{
	generate(x, CAR1, mx_generated(x, "B1", "C1", MX_CODE, 100));
}

SCENARIO(TWICE, WASTE_GENERATED, row, ALREADY_EXISTS)
{
	mx_generate(x, "B1", "C1", MX_CODE, 100);
	generate(x, GEN, mx_generated(x, "B1", "C1", MX_CODE, 100));
}

SCENARIO(HARD, WASTE_GENERATED, own_site, WRONG_ROLE)
{
	generate(x, GEN2, mx_generated(x, "B1", "C1", MX_CODE, 100));
}

SCENARIO(HARD, WASTE_GENERATED, batch_new, ALREADY_EXISTS)
{
	mx_generate(x, "B1", "C1", MX_CODE, 100);
	generate(x, GEN, mx_generated(x, "B1", "C2", MX_CODE, 100));
}

SCENARIO(HARD, WASTE_GENERATED, container_new, ALREADY_EXISTS)
{
	mx_generate(x, "B1", "C1", MX_CODE, 100);
	generate(x, GEN, mx_generated(x, "B2", "C1", MX_CODE, 100));
}

SCENARIO(HARD, WASTE_GENERATED, masses, QUANTITY)
{
	generate(x, GEN, mx_generated(x, "B1", "C1", MX_CODE, LD_MAX_MASS_G + 1));
}

SCENARIO(RECORDED, WASTE_GENERATED, site_registered, UNKNOWN_SITE)
{
	Liandan__WasteGenerated *b = mx_generated(x, "B1", "C1", MX_CODE, 100);

	b->site = MX_S("S-NEW");
	generate(x, GEN, b);
}

SCENARIO(RECORDED, WASTE_GENERATED, declared, DECLARED_GENERAL)
{
	Liandan__WasteGenerated *b = mx_generated(x, "B1", "C1", MX_CODE, 100);

	b->facility = MX_S("furnace-1");
	mx_clean(x, generate(x, GEN, b));
	b->batch = MX_S("B2");
	b->container = MX_S("C2");
	b->line->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL;
	b->line->code = MX_S("900-001-S17");
	b->line->hazards = 0;
	generate(x, GEN, b);
}

SCENARIO(RECORDED, WASTE_GENERATED, mass_given, QUANTITY)
{
	generate(x, GEN, mx_generated(x, "B1", "C1", MX_CODE, 0));
}

SCENARIO(RECORDED, WASTE_GENERATED, code_known, BAD_WASTE_CODE)
{
	generate(x, GEN, mx_generated(x, "B1", "C1", "123-456-78", 100));
}

SCENARIO(RECORDED, WASTE_GENERATED, hazards, HAZARDS_DIFFER)
{
	Liandan__WasteGenerated *b = mx_generated(x, "B1", "C1", MX_BULK, 100);

	b->line->hazards = LIANDAN__HAZARD__HAZARD_C;
	generate(x, GEN, b);
}

/* ---- CUSTODY-18, 入库 ---- */

static Liandan__ContainerStored *stored(struct mx *x, const char *site, const char *container,
					int64_t mass_g)
{
	Liandan__ContainerStored *b =
	    MX_NEW(x, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);

	b->batch = MX_S("RK1");
	b->site = MX_S(site);
	b->items = ld_arena_alloc(&x->build, sizeof *b->items);
	b->items[0] = mx_item(x, container, 1, mass_g);
	b->n_items = 1;
	return b;
}

static Liandan__Reason store(struct mx *x, enum mx_who who, Liandan__ContainerStored *b)
{
	MX_EVENT(e, CONTAINER_STORED, b);
	return mx_put(x, who, &e);
}

SCENARIO(HONEST, CONTAINER_STORED, row, REASON_NONE)
{
	mx_fill(x);
	store(x, GEN, stored(x, "S-GEN", "C1", MX_C1_G));
}

SCENARIO(SIGNER, CONTAINER_STORED, row, WRONG_ROLE)
{
	store(x, CAR1, stored(x, "S-GEN", "C1", MX_C1_G));
}

SCENARIO(TWICE, CONTAINER_STORED, row, ALREADY_EXISTS)
{
	mx_fill(x);
	mx_clean(x, store(x, GEN, stored(x, "S-GEN", "C1", MX_C1_G)));
	store(x, GEN, stored(x, "S-GEN", "C1", MX_C1_G));
}

SCENARIO(HARD, CONTAINER_STORED, own_site, WRONG_ROLE)
{
	mx_fill(x);
	store(x, GEN2, stored(x, "S-GEN", "C1", MX_C1_G));
}

SCENARIO(HARD, CONTAINER_STORED, batch_new, ALREADY_EXISTS)
{
	mx_fill(x);
	mx_clean(x, store(x, GEN, stored(x, "S-GEN", "C1", MX_C1_G)));
	store(x, GEN, stored(x, "S-GEN", "C2", MX_C2_G));
}

static Liandan__ContainerStored *stored_of_manifest(struct mx *x, int64_t mass_g)
{
	Liandan__ContainerStored *b = stored(x, "S-REC", "", mass_g);

	b->manifest = mx_id(x);
	return b;
}

SCENARIO(HARD, CONTAINER_STORED, came_by, WAITS_FOR_STATE)
{
	mx_to_received(x);
	store(x, REC, stored_of_manifest(x, MX_BULK_G));
}

SCENARIO(RECORDED, CONTAINER_STORED, site_registered, UNKNOWN_SITE)
{
	mx_fill(x);
	store(x, GEN, stored(x, "S-NEW", "C1", MX_C1_G));
}

SCENARIO(RECORDED, CONTAINER_STORED, stored_accepted, QUANTITY)
{
	mx_to_accepted(x);
	store(x, REC, stored_of_manifest(x, MX_C1_G + MX_C2_G + MX_BULK_G + 1));
}

SCENARIO(RECORDED, CONTAINER_STORED, containers_stand, CONTAINER_ELSEWHERE)
{
	mx_fill(x);
	store(x, GEN, stored(x, "S-GENB", "C1", MX_C1_G));
}

/* ---- CUSTODY-18, 利用/处置 ---- */

/* The drum C1 into ash; the receiver's, once the manifest is accepted. */
static Liandan__WasteTreated *treated(struct mx *x, const char *site, const char *container)
{
	Liandan__WasteTreated *b = MX_NEW(x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);

	b->batch = MX_S("T1");
	b->site = MX_S(site);
	b->mode = MX_S(MX_MODE);
	b->inputs = ld_arena_alloc(&x->build, sizeof *b->inputs);
	b->inputs[0] = MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	b->inputs[0]->container = MX_S(container);
	b->inputs[0]->mass_g = MX_C1_G;
	b->n_inputs = 1;
	b->outputs = ld_arena_alloc(&x->build, sizeof *b->outputs);
	b->outputs[0] = MX_NEW(x, Liandan__TreatmentOutput, LIANDAN__TREATMENT_OUTPUT__INIT);
	b->outputs[0]->kind = LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE;
	b->outputs[0]->code = MX_S(MX_BULK);
	b->outputs[0]->mass_g = MX_C1_G - 1;
	b->n_outputs = 1;
	b->loss_g = 1;
	return b;
}

static Liandan__Reason treat(struct mx *x, enum mx_who who, Liandan__WasteTreated *b)
{
	MX_EVENT(e, WASTE_TREATED, b);
	return mx_put(x, who, &e);
}

SCENARIO(HONEST, WASTE_TREATED, row, REASON_NONE)
{
	mx_to_accepted(x);
	treat(x, REC, treated(x, "S-REC", "C1"));
}

SCENARIO(SIGNER, WASTE_TREATED, row, WRONG_ROLE)
{
	mx_to_accepted(x);
	treat(x, CAR1, treated(x, "S-REC", "C1"));
}

SCENARIO(TWICE, WASTE_TREATED, row, ALREADY_EXISTS)
{
	mx_to_accepted(x);
	mx_clean(x, treat(x, REC, treated(x, "S-REC", "C1")));
	treat(x, REC, treated(x, "S-REC", "C1"));
}

SCENARIO(HARD, WASTE_TREATED, own_site, WRONG_ROLE)
{
	treat(x, REC, treated(x, "S-GEN", "C1"));
}

SCENARIO(HARD, WASTE_TREATED, batch_new, ALREADY_EXISTS)
{
	mx_to_accepted(x);
	mx_clean(x, treat(x, REC, treated(x, "S-REC", "C1")));
	treat(x, REC, treated(x, "S-REC", "C2"));
}

SCENARIO(HARD, WASTE_TREATED, masses, QUANTITY)
{
	Liandan__WasteTreated *b = treated(x, "S-REC", "C1");

	b->loss_g = LD_MAX_MASS_G + 1;
	treat(x, REC, b);
}

SCENARIO(HARD, WASTE_TREATED, inputs_accepted, WAITS_FOR_STATE)
{
	Liandan__WasteTreated *b = treated(x, "S-REC", "");

	mx_to_received(x);
	b->inputs[0]->manifest = mx_id(x);
	treat(x, REC, b);
}

SCENARIO(RECORDED, WASTE_TREATED, site_registered, UNKNOWN_SITE)
{
	mx_to_accepted(x);
	treat(x, REC, treated(x, "S-NEW", "C1"));
}

SCENARIO(RECORDED, WASTE_TREATED, inputs_stand, UNKNOWN_CONTAINER)
{
	treat(x, REC, treated(x, "S-REC", "C1"));
}

SCENARIO(RECORDED, WASTE_TREATED, outputs, BAD_WASTE_CODE)
{
	Liandan__WasteTreated *b = treated(x, "S-REC", "C1");

	mx_to_accepted(x);
	b->outputs[0]->code = MX_S("ash");
	treat(x, REC, b);
}

SCENARIO(RECORDED, WASTE_TREATED, adds_up, QUANTITY)
{
	Liandan__WasteTreated *b = treated(x, "S-REC", "C1");

	mx_to_accepted(x);
	b->loss_g = 2;
	treat(x, REC, b);
}

SCENARIO(RECORDED, WASTE_TREATED, stock_treated, STOCK_NEGATIVE)
{
	Custody__Stock *s;

	mx_to_accepted(x);
	s = mx_stock(x, "REC", "S-REC", MX_CODE);
	s->lost_g = s->in_stock_g;
	s->in_stock_g = 0;
	assert_int_equal(ld_stock_put(&x->c, s), LD_OK);
	treat(x, REC, treated(x, "S-REC", "C1"));
}

SCENARIO(RECORDED, WASTE_TREATED, treatment_licensed, NOT_LICENSED)
{
	Liandan__WasteTreated *b = treated(x, "S-REC", "C1");

	mx_to_accepted(x);
	b->mode = MX_S("D10");
	treat(x, REC, b);
}

/* ---- CUSTODY-18, 22: loss ---- */

static Liandan__LossRecorded *lost(struct mx *x, int64_t mass_g)
{
	Liandan__LossRecorded *b = MX_NEW(x, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);

	mx_fill(x);
	b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
	b->subject = MX_S("C1");
	b->code = MX_S(MX_CODE);
	b->mass_g = mass_g;
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	return b;
}

static Liandan__Reason lose(struct mx *x, enum mx_who who, Liandan__LossRecorded *b)
{
	MX_EVENT(e, LOSS_RECORDED, b);
	return mx_put(x, who, &e);
}

SCENARIO(HONEST, LOSS_RECORDED, row, REASON_NONE)
{
	lose(x, GEN, lost(x, 10));
}

SCENARIO(SIGNER, LOSS_RECORDED, row, WRONG_ROLE)
{
	lose(x, NOBODY, lost(x, 10));
}

/* Two leaks of ten grams are two losses. */
SCENARIO(TWICE, LOSS_RECORDED, row, REASON_NONE)
{
	Liandan__LossRecorded *b = lost(x, 10);

	mx_clean(x, lose(x, GEN, b));
	lose(x, GEN, b);
}

SCENARIO(HARD, LOSS_RECORDED, masses, QUANTITY)
{
	lose(x, GEN, lost(x, LD_MAX_MASS_G + 1));
}

SCENARIO(HARD, LOSS_RECORDED, lost_here, UNKNOWN_CONTAINER)
{
	Liandan__LossRecorded *b = lost(x, 10);

	b->subject = MX_S("C9");
	lose(x, GEN, b);
}

SCENARIO(HARD, LOSS_RECORDED, lost_holder, WRONG_ROLE)
{
	lose(x, GEN2, lost(x, 10));
}

SCENARIO(HARD, LOSS_RECORDED, lost_before, OUT_OF_ORDER)
{
	Liandan__LossRecorded *b = lost(x, MX_C1_G);

	mx_clean(x, lose(x, GEN, b));
	lose(x, GEN, b);
}

SCENARIO(RECORDED, LOSS_RECORDED, lost_covered, QUANTITY)
{
	lose(x, GEN, lost(x, MX_C1_G + 1));
}

/* ---- what waits for the acceptance ---- */

SCENARIO(WAITS, CONTAINER_STORED, came_by, REASON_NONE)
{
	mx_to_received(x);
	mx_held(x, store(x, REC, stored_of_manifest(x, MX_BULK_G)));
	mx_accept(x, REC, mx_accepted_body(x));
}

SCENARIO(WAITS, WASTE_TREATED, inputs_accepted, REASON_NONE)
{
	Liandan__WasteTreated *b = treated(x, "S-REC", "");

	mx_to_received(x);
	b->inputs[0]->manifest = mx_id(x);
	mx_held(x, treat(x, REC, b));
	mx_accept(x, REC, mx_accepted_body(x));
}
