/* Stock: generated, stored, lost, treated; booked grams add exactly. CUSTODY-18, 22, Stock and mass
 * balance. */
#include "manifest_builders.h"

static Liandan__Reason generate_as(struct mx *x, enum mx_who who, Liandan__WasteGenerated *b)
{
	MX_EVENT(e, WASTE_GENERATED, b);
	return mx_put(x, who, &e);
}

static void generating_books(void **state)
{
	struct mx *x = *state;
	Custody__Stock *s;
	Custody__Batch *batch;

	mx_generate(x, "B1", "C1", MX_CODE, 100);
	mx_generate(x, "B2", "", MX_CODE, 23);
	s = mx_stock(x, "GEN", "S-GEN", MX_CODE);
	assert_int_equal(s->generated_g, 123);
	assert_int_equal(s->in_stock_g, 123);
	assert_int_equal(s->contained_g, 100);
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__GENERATED);
	assert_string_equal(mx_container(x, "C1")->generator, "GEN");
	assert_int_equal(ld_batch_get(&x->c, "GEN", "B2", &batch), LD_OK);
	assert_int_equal(batch->mass_g, 23);
	assert_string_equal(batch->code, MX_CODE);
}

static void nothing_is_booked_twice(void **state)
{
	struct mx *x = *state;

	mx_generate(x, "B1", "C1", MX_CODE, 100);
	mx_refused(x, generate_as(x, GEN, mx_generated(x, "B1", "C2", MX_CODE, 100)),
		   ALREADY_EXISTS);
	mx_refused(x, generate_as(x, GEN, mx_generated(x, "B2", "C1", MX_CODE, 100)),
		   ALREADY_EXISTS);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->in_stock_g, 100);
}

static void generated_by_the_generator_at_its_site(void **state)
{
	struct mx *x = *state;
	Liandan__WasteGenerated *b = mx_generated(x, "B1", "C1", MX_CODE, 100);

	mx_refused(x, generate_as(x, REC, b), WRONG_ROLE);
	mx_refused(x, generate_as(x, CAR1, b), WRONG_ROLE);
	mx_refused(x, generate_as(x, GEN2, b), WRONG_ROLE); /* another's site */
	b->site = MX_S("S-NEW");
	mx_flagged(x, generate_as(x, GEN, b), UNKNOWN_SITE);
	assert_int_equal(mx_stock(x, "GEN", "S-NEW", MX_CODE)->in_stock_g, 100);
}

static void generating_what_is_wrong_is_recorded(void **state)
{
	struct mx *x = *state;
	Liandan__WasteGenerated *b = mx_generated(x, "B1", "", "123-456-78", 100);

	mx_flagged(x, generate_as(x, GEN, b), BAD_WASTE_CODE);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", "123-456-78")->in_stock_g, 100);
	b = mx_generated(x, "B2", "", MX_BULK, 0);
	mx_flagged(x, generate_as(x, GEN, b), QUANTITY);
	b = mx_generated(x, "B3", "", MX_BULK, 100);
	b->line->hazards = LIANDAN__HAZARD__HAZARD_C;
	mx_flagged(x, generate_as(x, GEN, b), HAZARDS_DIFFER);
	b = mx_generated(x, "B4", "", MX_BULK, LD_MAX_MASS_G + 1);
	mx_refused(x, generate_as(x, GEN, b), QUANTITY);
}

static Liandan__ContainerStored *stored_body(struct mx *x, const char *batch, const char *site)
{
	Liandan__ContainerStored *b =
	    MX_NEW(x, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);

	b->batch = MX_S(batch);
	b->site = MX_S(site);
	b->items = ld_arena_alloc(&x->build, 8 * sizeof *b->items);
	return b;
}

static void add_item(struct mx *x, Liandan__ContainerStored *b, const char *container,
		     int64_t mass_g)
{
	b->items[b->n_items++] = mx_item(x, container, 1, mass_g);
}

static Liandan__Reason store(struct mx *x, enum mx_who who, Liandan__ContainerStored *b)
{
	MX_EVENT(e, CONTAINER_STORED, b);
	return mx_put(x, who, &e);
}

static void storing_at_the_origin(void **state)
{
	struct mx *x = *state;
	Liandan__ContainerStored *b = stored_body(x, "RK1", "S-GEN");

	mx_fill(x);
	add_item(x, b, "C1", MX_C1_G);
	mx_refused(x, store(x, CAR1, b), WRONG_ROLE);
	mx_refused(x, store(x, GEN2, b), WRONG_ROLE);
	mx_clean(x, store(x, GEN, b));
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__STORED_AT_ORIGIN);
	mx_refused(x, store(x, GEN, b), ALREADY_EXISTS);
	b->batch = MX_S("RK2");
	b->items[0]->mass_g++;
	mx_flagged(x, store(x, GEN, b), QUANTITY);
	b = stored_body(x, "RK3", "S-GEN");
	add_item(x, b, "C7", 1);
	mx_flagged(x, store(x, GEN, b), UNKNOWN_CONTAINER);
	b = stored_body(x, "RK4", "S-GENB");
	add_item(x, b, "C2", MX_C2_G);
	mx_flagged(x, store(x, GEN, b), CONTAINER_ELSEWHERE);
	assert_int_equal(mx_container(x, "C2")->state, CUSTODY__CONTAINER_STATE__GENERATED);
	/* stored containers can be sealed, and go back to the store when that is cancelled */
	mx_clean(x, mx_seal(x, mx_to_draft(x), mx_sealed(x)));
	b = stored_body(x, "RK5", "S-GEN");
	add_item(x, b, "C1", MX_C1_G);
	mx_flagged(x, store(x, GEN, b), CONTAINER_ELSEWHERE); /* bound */
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__BOUND);
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__STORED_AT_ORIGIN);
}

static void storing_at_the_receiver(void **state)
{
	struct mx *x = *state;
	Liandan__ContainerStored *b = stored_body(x, "RK1", "S-REC");

	b->manifest = mx_id(x);
	add_item(x, b, "C1", MX_C1_G);
	add_item(x, b, "", MX_BULK_G);
	mx_held(x, store(x, REC, b)); /* no manifest yet */
	mx_to_received(x);
	assert_int_equal(mx_container(x, "C1")->state,
			 CUSTODY__CONTAINER_STATE__CONTAINER_RECEIVED);
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED));
	assert_int_equal(mx_container(x, "C1")->state,
			 CUSTODY__CONTAINER_STATE__STORED_AT_FACILITY);
	assert_int_equal(mx_manifest(x)->stored_g, MX_C1_G + MX_BULK_G);
	b->batch = MX_S("RK2");
	mx_flagged(x, store(x, REC, b), QUANTITY); /* more than was accepted */
	b->batch = MX_S("RK3");
	mx_refused(x, store(x, RECG, b), WRONG_ROLE);
}

/* Cancelled, and taken all the same: the taking comes last of all. */
static void storing_what_was_cancelled_and_taken(void **state)
{
	struct mx *x = *state;
	Liandan__ContainerStored *b = stored_body(x, "RK1", "S-REC");

	b->manifest = mx_id(x);
	add_item(x, b, "C1", MX_C1_G);
	mx_to_offered(x);
	x->now += x->c.rules->offer_ms + 1;
	mx_clean(x, mx_cancel(x, GEN));
	mx_held(x, store(x, REC, b));
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), CANCELLED_BEFORE);
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_int_equal(mx_container(x, "C1")->state,
			 CUSTODY__CONTAINER_STATE__STORED_AT_FACILITY);
}

static void storing_what_was_rejected(void **state)
{
	struct mx *x = *state;
	Liandan__ContainerStored *b = stored_body(x, "RK1", "S-REC");

	mx_to_arrived(x);
	mx_clean(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE));
	b->manifest = mx_id(x);
	add_item(x, b, "C1", MX_C1_G);
	mx_refused(x, store(x, REC, b), OUT_OF_ORDER);
}

static Liandan__Reason lose(struct mx *x, enum mx_who who, Liandan__SubjectKind kind,
			    const char *subject, const char *code, int64_t mass_g)
{
	Liandan__LossRecorded *b = MX_NEW(x, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	MX_EVENT(e, LOSS_RECORDED, b);

	b->subject_kind = kind;
	b->subject = MX_S(subject);
	b->code = MX_S(code);
	b->mass_g = mass_g;
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_DRYING;
	return mx_put(x, who, &e);
}
#define LOSE(x, who, KIND, subject, code, mass)                                                    \
	lose(x, who, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_##KIND, subject, code, mass)

static void losing_containers(void **state)
{
	struct mx *x = *state;

	mx_fill(x);
	mx_refused(x, LOSE(x, GEN, CONTAINER, "C9", "", 1), UNKNOWN_CONTAINER);
	mx_refused(x, LOSE(x, REC, CONTAINER, "C1", "", 1), WRONG_ROLE);
	mx_refused(x, LOSE(x, NOBODY, CONTAINER, "C1", "", 1), WRONG_ROLE);
	mx_clean(x, LOSE(x, GEN, CONTAINER, "C1", "", 1000));
	assert_int_equal(mx_container(x, "C1")->mass_g, MX_C1_G - 1000);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->lost_g, 1000);
	mx_flagged(x, LOSE(x, EEB, CONTAINER, "C1", "", MX_C1_G), QUANTITY);
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__LOST);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->contained_g, MX_C2_G);
	mx_refused(x, LOSE(x, GEN, CONTAINER, "C1", "", 1), OUT_OF_ORDER);
}

static void losing_a_bound_container(void **state)
{
	struct mx *x = *state;

	mx_to_sealed(x);
	mx_flagged(x, LOSE(x, GEN, CONTAINER, "C1", "", 5), CONTAINER_ELSEWHERE);
	assert_int_equal(mx_container(x, "C1")->mass_g, MX_C1_G);
}

static void losing_at_a_site(void **state)
{
	struct mx *x = *state;

	mx_fill(x);
	mx_refused(x, LOSE(x, GEN, SITE, "S-NONE", MX_BULK, 1), UNKNOWN_SITE);
	mx_refused(x, LOSE(x, GEN2, SITE, "S-GEN", MX_BULK, 1), WRONG_ROLE);
	mx_refused(x, LOSE(x, GEN, SITE, "S-GEN", "", 1), BAD_WASTE_CODE);
	mx_refused(x, LOSE(x, GEN, VEHICLE, "V1", "", 1), UNKNOWN_SUBJECT);
	mx_clean(x, LOSE(x, EEB, SITE, "S-GEN", MX_BULK, 3));
	mx_flagged(x, LOSE(x, GEN, SITE, "S-GEN", MX_BULK, MX_BULK_G), STOCK_NEGATIVE);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, -3);
}

static void losing_a_load(void **state)
{
	struct mx *x = *state;
	char hex[2 * LD_UUID_BYTES + 1];

	ld_hex_encode(x->id, sizeof x->id, hex);
	mx_refused(x, LOSE(x, CAR1, MANIFEST, hex, "", 1), UNKNOWN_MANIFEST);
	mx_to_sealed(x);
	mx_refused(x, LOSE(x, GEN, MANIFEST, hex, "", 1),
		   OUT_OF_ORDER); /* at rest: its containers and stock are */
	mx_refused(x, LOSE(x, CAR1, MANIFEST, hex, "", 1), WRONG_ROLE);
}

static void an_authority_ends_a_lost_load(void **state)
{
	struct mx *x = *state;
	char hex[2 * LD_UUID_BYTES + 1];
	ProtobufCBinaryData ids[1];
	size_t n;

	ld_hex_encode(x->id, sizeof x->id, hex);
	mx_to_taken(x);
	mx_refused(x, LOSE(x, CAR2, MANIFEST, hex, "", 1), WRONG_ROLE);
	mx_clean(x, LOSE(x, CAR1, MANIFEST, hex, "", 7)); /* its own word ends nothing */
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	assert_int_equal(mx_manifest(x)->lost_g, 7);
	mx_clean(x, LOSE(x, EEB, MANIFEST, hex, "", 700000));
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(mx_manifest(x)->lines[1]->loss_g, MX_BULK_G);
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__LOST);
	assert_int_equal(MX_DUE(x, ARRIVAL), 0);
	assert_int_equal(ld_load_of(&x->c, "V1", ids, 1, &n), LD_OK);
	assert_int_equal(n, 0);
}

/* What waited for the load's arrival hears of its end at once. */
static void what_waits_for_a_lost_load(void **state)
{
	struct mx *x = *state;
	char hex[2 * LD_UUID_BYTES + 1];

	ld_hex_encode(x->id, sizeof x->id, hex);
	mx_to_taken(x);
	mx_held(x, mx_receive(x, REC, mx_received(x)));
	mx_clean(x, LOSE(x, CAR1, MANIFEST, hex, "", 7));
	assert_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED));
	mx_clean(x, LOSE(x, EEB, MANIFEST, hex, "", 700000));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED));
	assert_int_equal(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED)->held_applied->verdict,
			 LIANDAN__VERDICT__REFUSED);
}

static Liandan__WasteTreated *treated_body(struct mx *x, const char *batch)
{
	Liandan__WasteTreated *b = MX_NEW(x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);

	b->batch = MX_S(batch);
	b->site = MX_S("S-REC");
	b->mode = MX_S(MX_MODE);
	b->inputs = ld_arena_alloc(&x->build, 8 * sizeof *b->inputs);
	b->outputs = ld_arena_alloc(&x->build, 8 * sizeof *b->outputs);
	return b;
}

static void add_input(struct mx *x, Liandan__WasteTreated *b, const char *container,
		      const char *batch, bool manifest, int64_t mass_g)
{
	Liandan__TreatmentInput *in =
	    MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);

	in->container = MX_S(container);
	in->batch = MX_S(batch);
	if (manifest)
		in->manifest = mx_id(x);
	in->mass_g = mass_g;
	b->inputs[b->n_inputs++] = in;
}

static void add_output(struct mx *x, Liandan__WasteTreated *b, Liandan__OutputKind kind,
		       const char *code, const char *container, int64_t mass_g)
{
	Liandan__TreatmentOutput *o =
	    MX_NEW(x, Liandan__TreatmentOutput, LIANDAN__TREATMENT_OUTPUT__INIT);

	o->kind = kind;
	o->code = MX_S(code);
	o->container = MX_S(container);
	o->mass_g = mass_g;
	b->outputs[b->n_outputs++] = o;
}

static Liandan__Reason treat(struct mx *x, enum mx_who who, Liandan__WasteTreated *b)
{
	MX_EVENT(e, WASTE_TREATED, b);
	return mx_put(x, who, &e);
}

static void treating_everything(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b = treated_body(x, "CZ1");
	Custody__Batch *batch;

	mx_to_accepted(x);
	add_input(x, b, "C1", "", false, MX_C1_G);
	add_input(x, b, "C2", "", false, MX_C2_G - 1);
	add_input(x, b, "", "", true, MX_BULK_G);
	add_output(x, b, LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE, "772-003-18", "ASH1", 50000);
	add_output(x, b, LIANDAN__OUTPUT_KIND__OUTPUT_KIND_PRODUCT, "", "", 100000);
	b->loss_g = MX_C1_G + MX_C2_G - 1 + MX_BULK_G - 150000;
	mx_clean(x, treat(x, REC, b));
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__TREATED);
	assert_int_equal(mx_container(x, "C2")->mass_g, 1);
	assert_int_equal(mx_container(x, "ASH1")->state, CUSTODY__CONTAINER_STATE__GENERATED);
	assert_int_equal(mx_stock(x, "REC", "S-REC", "772-003-18")->in_stock_g, 50000);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->in_stock_g, 1);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->contained_g, 1);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->in_stock_g, 0);
	assert_int_equal(ld_batch_get(&x->c, "REC", "CZ1", &batch), LD_OK);
	assert_int_equal(batch->difference_g, 0);
	assert_int_equal(mx_manifest(x)->treated_g, MX_C1_G + MX_C2_G - 1 + MX_BULK_G);
	assert_int_not_equal(MX_DUE(x, TREATMENT), 0);
	mx_refused(x, treat(x, REC, b), ALREADY_EXISTS);
	b = treated_body(x, "CZ2");
	add_input(x, b, "C2", "", false, 1);
	b->loss_g = 1;
	mx_clean(x, treat(x, REC, b));
	assert_int_equal(MX_DUE(x, TREATMENT), 0);
}

/* A cancelled manifest was taken all the same, with the drums that another one had bound since:
 * what is accepted on the other is mass, but not in these drums. */
static void drums_that_left_on_another_manifest(void **state)
{
	struct mx *x = *state;
	Custody__Stock *s;

	mx_to_offered(x);
	x->now += x->c.rules->offer_ms;
	mx_clean(x, mx_cancel(x, GEN));
	mx_was_at(x, "V1", "S-GEN");
	x->id[0] ^= 0xff; /* the other manifest */
	mx_clean(x, mx_seal(x, mx_to_draft(x), mx_sealed(x)));
	x->id[0] ^= 0xff;
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), CANCELLED_BEFORE);
	x->id[0] ^= 0xff;
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), CONTAINER_ELSEWHERE);
	x->now += LD_HOUR_MS;
	mx_arrive(x, CAR1, mx_arrived(x, "V1"));
	mx_receive(x, REC, mx_received(x));
	mx_accept(x, REC, mx_accepted_body(x));
	s = mx_stock(x, "REC", "S-REC", MX_CODE);
	assert_int_equal(s->in_stock_g, MX_C1_G + MX_C2_G);
	assert_int_equal(mx_container(x, "C1")->state,
			 CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT);
	assert_int_equal(s->contained_g, 0);
}

static void treating_signed_by_whom(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b = treated_body(x, "CZ1");

	mx_to_accepted(x);
	add_input(x, b, "C1", "", false, MX_C1_G);
	b->loss_g = MX_C1_G;
	mx_refused(x, treat(x, CAR1, b), WRONG_ROLE);
	mx_refused(x, treat(x, GEN, b), WRONG_ROLE); /* not its site */
	b->site = MX_S("S-GEN");
	mx_flagged(x, treat(x, GEN, b),
		   CONTAINER_ELSEWHERE); /* not its container: nothing is booked out */
	assert_int_equal(mx_container(x, "C1")->mass_g, MX_C1_G);
	b = treated_body(x, "CZ2");
	b->site = MX_S("S-GEN");
	add_input(x, b, "", "", true, 5);
	b->loss_g = 5;
	mx_refused(x, treat(x, GEN, b), WRONG_ROLE);
}

static void treating_what_does_not_add_up(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b = treated_body(x, "CZ1");
	Custody__Batch *batch;

	mx_to_accepted(x);
	add_input(x, b, "C1", "", false, MX_C1_G);
	b->loss_g = MX_C1_G - 7;
	mx_flagged(x, treat(x, REC, b), QUANTITY);
	assert_int_equal(ld_batch_get(&x->c, "REC", "CZ1", &batch), LD_OK);
	assert_int_equal(batch->difference_g, 7); /* explicit */
	assert_int_equal(batch->mass_g, MX_C1_G);
}

static void treating_more_than_there_is(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b = treated_body(x, "CZ1");

	mx_to_accepted(x);
	add_input(x, b, "", "", true, MX_BULK_G + 9);
	b->loss_g = MX_BULK_G + 9;
	mx_flagged(x, treat(x, REC, b), STOCK_NEGATIVE);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->in_stock_g, -9);
	b = treated_body(x, "CZ2");
	add_input(x, b, "C1", "", false, MX_C1_G);
	add_input(x, b, "C1", "", false, MX_C1_G);
	add_input(x, b, "C2", "", false, MX_C2_G);
	add_input(x, b, "C8", "", false, 1);
	b->loss_g = 2 * MX_C1_G + MX_C2_G + 1;
	mx_flagged(x, treat(x, REC, b), STOCK_NEGATIVE);
	assert_true(mx_violated(x, LIANDAN__REASON__UNKNOWN_CONTAINER));
}

static void treating_before_acceptance_waits(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b = treated_body(x, "CZ1");

	mx_to_received(x);
	add_input(x, b, "", "", true, MX_BULK_G);
	b->loss_g = MX_BULK_G;
	mx_held(x, treat(x, REC, b));
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_int_equal(mx_manifest(x)->treated_g, MX_BULK_G);
}

static void treating_without_a_licence(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b = treated_body(x, "CZ1");

	mx_to_accepted(x);
	add_input(x, b, "C1", "", false, MX_C1_G);
	b->mode = MX_S("D10");
	b->loss_g = MX_C1_G;
	mx_flagged(x, treat(x, REC, b), NOT_LICENSED);
}

static void own_treatment_of_a_batch(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b = treated_body(x, "ZY1");

	mx_fill(x);
	b->site = MX_S("S-GEN");
	add_input(x, b, "", "B3", false, 500000);
	b->loss_g = 500000;
	mx_clean(x, treat(x, GEN, b));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->treated_g, 500000);
	b = treated_body(x, "ZY2");
	b->site = MX_S("S-GEN");
	add_input(x, b, "", "B8", false, 1);
	b->loss_g = 1;
	mx_flagged(x, treat(x, GEN, b), UNKNOWN_SUBJECT);
}

static void residues_that_are_wrong(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b = treated_body(x, "CZ1");

	mx_to_accepted(x);
	add_input(x, b, "C1", "", false, MX_C1_G);
	add_output(x, b, LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE, "000-000-00", "C2", MX_C1_G);
	mx_flagged(x, treat(x, REC, b), BAD_WASTE_CODE);
	assert_true(mx_violated(x, LIANDAN__REASON__ALREADY_EXISTS));
	/* the mass is booked, as bulk; the container stays what it is */
	assert_int_equal(mx_stock(x, "REC", "S-REC", "000-000-00")->in_stock_g, MX_C1_G);
	assert_int_equal(mx_stock(x, "REC", "S-REC", "000-000-00")->contained_g, 0);
	assert_string_equal(mx_container(x, "C2")->code, MX_CODE);
}

static void residues_go_on_a_manifest_of_their_own(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b = treated_body(x, "CZ1");
	Liandan__ManifestCreated *draft;
	Liandan__ManifestSealed *s;

	mx_to_accepted(x);
	add_input(x, b, "C1", "", false, MX_C1_G);
	add_output(x, b, LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE, "772-003-18", "ASH1", MX_C1_G);
	mx_clean(x, treat(x, REC, b));
	mx_site(x, "S-RECB", "REC", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 227100000, 1142100000);
	memset(x->id, 0x22, sizeof x->id);
	draft = mx_created(x);
	draft->generator = MX_S("REC");
	draft->site = MX_S("S-REC");
	draft->receiver->site = MX_S("S-RECB");
	draft->lines[0] = mx_line(x, 1, "772-003-18", MX_C1_G);
	draft->lines[0]->hazards = LIANDAN__HAZARD__HAZARD_T;
	draft->n_lines = 1;
	s = mx_sealed(x);
	s->items[0] = mx_item(x, "ASH1", 1, MX_C1_G);
	s->n_items = 1;
	mx_clean(x, mx_create_as(x, RECG, draft));
	mx_hash_content(x, draft, s);
	mx_flagged(x, mx_seal_as(x, RECG, s), SAME_PARTY); /* to another site of its own */
	assert_int_equal(x->j.n_violations, 1);
}

/* ld_share_g hands out a mass so that nothing is lost to rounding. */
static void shares_add_up(void **state)
{
	static const int64_t masses[] = {1, 7, 100003, 0, 999999, 3};
	static const int64_t accepted[] = {0,	    1,	     2,		1100012,
					   1100013, 1100014, 987654321, LD_MAX_MASS_G};
	int64_t total = 0;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		total += masses[i];
	for (size_t a = 0; a < 8; a++) {
		int64_t before = 0, sum = 0;

		for (size_t i = 0; i < 6; i++) {
			sum += ld_share_g(before, masses[i], total, accepted[a]);
			before += masses[i];
		}
		assert_int_equal(sum, accepted[a]);
	}
	assert_int_equal(ld_share_g(0, 5, 0, 5), 0);
	assert_int_equal(ld_share_g(INT64_MAX, INT64_MAX, INT64_MAX, 5), 0);
	assert_int_equal(ld_share_g(0, INT64_MAX, INT64_MAX, INT64_MAX), INT64_MAX);
	assert_int_equal(ld_add_g(INT64_MAX, 1), INT64_MAX);
	assert_int_equal(ld_add_g(INT64_MIN, -1), INT64_MIN);
	assert_int_equal(ld_sub_g(INT64_MIN, 1), INT64_MIN);
	assert_int_equal(ld_sub_g(0, INT64_MIN), INT64_MAX);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(generating_books),
	    T(nothing_is_booked_twice),
	    T(generated_by_the_generator_at_its_site),
	    T(generating_what_is_wrong_is_recorded),
	    T(storing_at_the_origin),
	    T(storing_at_the_receiver),
	    T(storing_what_was_cancelled_and_taken),
	    T(storing_what_was_rejected),
	    T(losing_containers),
	    T(losing_a_bound_container),
	    T(losing_at_a_site),
	    T(losing_a_load),
	    T(an_authority_ends_a_lost_load),
	    T(what_waits_for_a_lost_load),
	    T(treating_everything),
	    T(drums_that_left_on_another_manifest),
	    T(treating_signed_by_whom),
	    T(treating_what_does_not_add_up),
	    T(treating_more_than_there_is),
	    T(treating_before_acceptance_waits),
	    T(treating_without_a_licence),
	    T(own_treatment_of_a_batch),
	    T(residues_that_are_wrong),
	    T(residues_go_on_a_manifest_of_their_own),
	    cmocka_unit_test(shares_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
