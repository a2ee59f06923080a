/* What a vehicle carries together: OVERLOADED (M7), INCOMPATIBLE (A6). CUSTODY-6, 10. */
#include "load_builders.h"
#include "split_builders.h"

#define ALL_G (MX_C1_G + MX_C2_G + MX_BULK_G)

static void to_the_gram(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_may_carry(x, "V1", ALL_G);
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
}

static void a_gram_too_much(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_may_carry(x, "V1", ALL_G - 1);
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), OVERLOADED);
	assert_int_equal(x->j.violations[0]->value, ALL_G);
	assert_int_equal(x->j.violations[0]->threshold, ALL_G - 1);
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
}

/* A milk run: what is on the vehicle already counts. */
static void with_what_is_on_it(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_may_carry(x, "V1", ALL_G + 9);
	mx_beside(x, "V1", MX_BULK, 0, 9);
	mx_beside(x, "V2", MX_BULK, 0, 1000); /* another vehicle */
	mx_beside(x, "V1", MX_BULK, 0, 10);   /* the same manifest, heavier */
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), OVERLOADED);
	assert_int_equal(x->j.violations[0]->value, ALL_G + 10);
}

static void a_trailer_carries_too(void **state)
{
	struct mx *x = *state;
	Liandan__HandoverTaken *t;

	mx_to_offered(x);
	mx_vehicle(x, "TR1", "CAR1");
	mx_may_carry(x, "V1", 1);
	mx_may_carry(x, "TR1", ALL_G - 1);
	t = mx_taken(x, 1, "V1");
	t->trailer = MX_S("TR1");
	mx_clean(x, mx_take(x, CAR1, t));
}

/* Certified tickets say more than the paper, and the scale may err. */
static void weighed(void **state)
{
	struct mx *x = *state;
	ProtobufCBinaryData ticket;

	mx_to_offered(x);
	mx_may_carry(x, "V1", ALL_G);
	mx_ticket(x, 0x51, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD, ALL_G + 20001, &ticket);
	sp_note(x, ticket);
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), OVERLOADED);
	assert_int_equal(x->j.violations[0]->value, ALL_G + 20001);
}

static void weighed_within_the_scales_error(void **state)
{
	struct mx *x = *state;
	ProtobufCBinaryData ticket;

	mx_to_offered(x);
	mx_may_carry(x, "V1", ALL_G);
	mx_ticket(x, 0x51, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD, ALL_G + 20000, &ticket);
	sp_note(x, ticket);
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
}

/* Only the part that it takes. */
static void a_part_is_lighter(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};

	mx_to_sealed(x);
	mx_may_carry(x, "V1", MX_C1_G);
	sp_drum(x, &s, "C1", MX_C1_G);
	mx_clean(x, sp_take(x, 0x77, &s));
}

static void the_next_leg_is_asked_again(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	mx_may_carry(x, "V2", ALL_G - 1);
	mx_flagged(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")), OVERLOADED);
}

static void acid_beside_oil(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	mx_beside(x, "V1", "900-300-34", LIANDAN__HAZARD__HAZARD_C | LIANDAN__HAZARD__HAZARD_T, 10);
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
}

/* What came later is asked against all that is there, lines of one manifest too. */
static void what_reacts_beside_acid(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft = mx_created(x);
	Liandan__ManifestSealed *seal = mx_sealed(x);

	mx_generate(x, "B1", "C1", MX_CODE, MX_C1_G);
	mx_generate(x, "B2", "C2", MX_CODE, MX_C2_G);
	Liandan__WasteGenerated *w = mx_generated(x, "B3", "", "900-028-33", MX_BULK_G);
	MX_EVENT(e, WASTE_GENERATED, w);

	w->line->hazards = LIANDAN__HAZARD__HAZARD_T | LIANDAN__HAZARD__HAZARD_R;
	mx_clean(x, mx_put(x, GEN, &e));
	draft->lines[1] = mx_line(x, 2, "900-028-33", MX_BULK_G);
	draft->lines[1]->hazards = w->line->hazards;
	draft->lines[0] = mx_line(x, 1, MX_CODE, MX_C1_G + MX_C2_G);
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, seal));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_beside(x, "V1", "900-300-34", 0, 10); /* acid, its letters are the catalogue's */
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), INCOMPATIBLE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(to_the_gram),
	    T(a_gram_too_much),
	    T(with_what_is_on_it),
	    T(a_trailer_carries_too),
	    T(weighed),
	    T(weighed_within_the_scales_error),
	    T(a_part_is_lighter),
	    T(the_next_leg_is_asked_again),
	    T(acid_beside_oil),
	    T(what_reacts_beside_acid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
