/* Row 10: storage on the way. */
#include "road_builders.h"
#include "scenario.h"

SCENARIO(HONEST, TEMPORARY_STORAGE_ENTERED, row, REASON_NONE)
{
	mx_to_stored(x);
}

SCENARIO(SIGNER, TEMPORARY_STORAGE_ENTERED, row, WRONG_ROLE)
{
	mx_storage_world(x);
	mx_to_taken(x);
	mx_enter(x, CAR2, CAR1, mx_entered(x));
}

SCENARIO(ABSENT, TEMPORARY_STORAGE_ENTERED, row, WAITS_FOR_STATE)
{
	mx_storage_world(x);
	mx_enter(x, STO, CAR1, mx_entered(x));
}

SCENARIO(WAITS, TEMPORARY_STORAGE_ENTERED, row, REASON_NONE)
{
	mx_storage_world(x);
	mx_to_offered(x);
	mx_held(x, mx_enter(x, STO, CAR1, mx_entered(x)));
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(PASSED, TEMPORARY_STORAGE_ENTERED, row, OUT_OF_ORDER)
{
	mx_storage_world(x);
	mx_to_arrived(x);
	mx_enter(x, STO, CAR1, mx_entered(x));
}

SCENARIO(TWICE, TEMPORARY_STORAGE_ENTERED, row, OUT_OF_ORDER)
{
	mx_to_stored(x);
	mx_enter(x, STO, CAR1, mx_entered(x));
}

SCENARIO(HARD, TEMPORARY_STORAGE_ENTERED, own_site, WRONG_ROLE)
{
	mx_storage_world(x);
	mx_to_taken(x);
	mx_enter(x, REC, CAR1, mx_entered(x));
}

SCENARIO(HARD, TEMPORARY_STORAGE_ENTERED, storage_given, UNKNOWN_OFFER)
{
	mx_storage_world(x);
	mx_to_taken(x);
	mx_enter(x, STO, MX_KEYS, mx_entered(x));
}

/* The storage's clerk is the driver. */
static void same_pen(struct mx *x, Liandan__Tier tier)
{
	Custody__Key *k;

	mx_storage_world(x);
	mx_party(x, "GEN", LIANDAN__ROLE__ROLE_GENERATOR, tier);
	mx_to_taken(x);
	assert_int_equal(ld_key_rec_get(&x->c, x->keys[STO], &k), LD_OK);
	k->subject_id = MX_S("p-d1");
	assert_int_equal(ld_key_rec_put(&x->c, k), LD_OK);
	mx_enter(x, STO, CAR1, mx_entered(x));
}

SCENARIO(HARD, TEMPORARY_STORAGE_ENTERED, persons, SAME_PERSON)
{
	static struct ld_rules strict;

	strict = ld_rules_cn;
	strict.small_generator_g = 0;
	x->c.rules = &strict;
	same_pen(x, LIANDAN__TIER__TIER_KEY);
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_ENTERED, persons, SAME_PERSON)
{
	same_pen(x, LIANDAN__TIER__TIER_REGISTERED);
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_ENTERED, site_registered, UNKNOWN_SITE)
{
	Liandan__TemporaryStorageEntered *b = mx_entered(x);

	mx_storage_world(x);
	mx_to_taken(x);
	b->site = MX_S("S-NEW");
	mx_enter(x, STO, CAR1, b);
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_ENTERED, storage_licensed, NOT_LICENSED)
{
	mx_storage_world(x);
	mx_licence(x, "L-STO", "STO", LIANDAN__LICENCE_KIND__LICENCE_KIND_STORE, MX_CODE, "", 0);
	mx_to_taken(x);
	mx_enter(x, STO, CAR1, mx_entered(x));
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_ENTERED, pieces_as_sealed, COUNT_DIFFERS)
{
	Liandan__TemporaryStorageEntered *b = mx_entered(x);

	mx_storage_world(x);
	mx_to_taken(x);
	b->items = ld_arena_alloc(&x->build, sizeof *b->items);
	b->items[0] = mx_item(x, "C1", 1, MX_C1_G);
	b->n_items = 1;
	mx_enter(x, STO, CAR1, b);
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_ENTERED, seals_intact, SEAL_DIFFERS)
{
	Liandan__HandoverTaken *t;
	Liandan__HandoverOffered *o;

	mx_storage_world(x);
	mx_to_sealed(x);
	o = mx_offered(x, 1, "CAR1");
	o->seals = (char *[]){MX_S("Z1")};
	o->n_seals = 1;
	mx_clean(x, mx_offer(x, GEN, o));
	t = mx_taken(x, 1, "V1");
	t->seals = (char *[]){MX_S("Z1")};
	t->n_seals = 1;
	mx_clean(x, mx_take(x, CAR1, t));
	mx_enter(x, STO, CAR1, mx_entered(x));
}

SCENARIO(HONEST, TEMPORARY_STORAGE_LEFT, row, REASON_NONE)
{
	mx_to_stored(x);
	mx_leave(x, CAR1, mx_left(x, "V1"));
}

SCENARIO(SIGNER, TEMPORARY_STORAGE_LEFT, row, WRONG_ROLE)
{
	mx_to_stored(x);
	mx_leave(x, STO, mx_left(x, "V1"));
}

SCENARIO(ABSENT, TEMPORARY_STORAGE_LEFT, row, WAITS_FOR_STATE)
{
	mx_leave(x, CAR1, mx_left(x, "V1"));
}

SCENARIO(WAITS, TEMPORARY_STORAGE_LEFT, row, REASON_NONE)
{
	mx_storage_world(x);
	mx_to_taken(x);
	mx_held(x, mx_leave(x, CAR1, mx_left(x, "V1")));
	mx_enter(x, STO, CAR1, mx_entered(x));
}

SCENARIO(PASSED, TEMPORARY_STORAGE_LEFT, row, OUT_OF_ORDER)
{
	mx_to_arrived(x);
	mx_leave(x, CAR1, mx_left(x, "V1"));
}

SCENARIO(TWICE, TEMPORARY_STORAGE_LEFT, row, OUT_OF_ORDER)
{
	mx_to_stored(x);
	mx_clean(x, mx_leave(x, CAR1, mx_left(x, "V1")));
	mx_leave(x, CAR1, mx_left(x, "V1"));
}

SCENARIO(HARD, TEMPORARY_STORAGE_LEFT, storage_taker, WRONG_ROLE)
{
	mx_to_stored(x);
	mx_leave(x, CARX, mx_left(x, "VX"));
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_LEFT, vehicle, UNKNOWN_VEHICLE)
{
	mx_to_stored(x);
	mx_leave(x, CAR1, mx_left(x, "NO-SUCH"));
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_LEFT, driver, UNKNOWN_PERSON)
{
	Liandan__TemporaryStorageLeft *b = mx_left(x, "V1");

	mx_to_stored(x);
	b->driver = MX_S("p-nobody");
	mx_leave(x, CAR1, b);
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_LEFT, carrier_licensed, NOT_LICENSED)
{
	mx_to_stored(x);
	mx_licence(x, "L-C2", "CAR2", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", x->now);
	mx_leave(x, CAR2, mx_left(x, "V2"));
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_LEFT, presence, ABSENT_AT_ORIGIN)
{
	mx_to_stored(x);
	mx_was_at(x, "V1", "S-GEN");
	mx_leave(x, CAR1, mx_left(x, "V1"));
}

/* ---- what waits for it ---- */

/* The storage's party has drivers and a truck of its own, VS, and is named for the second leg. */
static void stored_by_a_carrier(struct mx *x)
{
	Liandan__ManifestCreated *draft = mx_created(x);

	mx_storage_world(x);
	mx_party(x, "STO", LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_CARRIER, 0);
	mx_licence(x, "L-CS", "STO", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", 0);
	mx_vehicle(x, "VS", "STO");
	mx_rekey(x, STO, LIANDAN__ROLE__ROLE_DRIVER, "p-sto");
	draft->carriers[1]->party = MX_S("STO");
	mx_fill(x);
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	mx_clean(x, mx_enter(x, STO, CAR1, mx_entered(x)));
}

SCENARIO(HARD, ARRIVED, on_the_road, WAITS_FOR_STATE)
{
	stored_by_a_carrier(x);
	mx_arrive(x, STO, mx_arrived(x, "VS"));
}

SCENARIO(WAITS, ARRIVED, on_the_road, REASON_NONE)
{
	stored_by_a_carrier(x);
	mx_held(x, mx_arrive(x, STO, mx_arrived(x, "VS")));
	mx_leave(x, STO, mx_left(x, "VS"));
}

SCENARIO(HARD, STOP_BEGUN, on_the_road, WAITS_FOR_STATE)
{
	stored_by_a_carrier(x);
	mx_begin_stop(x, STO, mx_stop(x, "VS"));
}

SCENARIO(WAITS, STOP_BEGUN, on_the_road, REASON_NONE)
{
	stored_by_a_carrier(x);
	mx_held(x, mx_begin_stop(x, STO, mx_stop(x, "VS")));
	mx_leave(x, STO, mx_left(x, "VS"));
}

SCENARIO(HARD, STOP_ENDED, on_the_road, WAITS_FOR_STATE)
{
	stored_by_a_carrier(x);
	mx_end_stop(x, STO, mx_stop_end(x, x->hash));
}

SCENARIO(WAITS, STOP_ENDED, on_the_road, REASON_NONE)
{
	stored_by_a_carrier(x);
	mx_held(x, mx_begin_stop(x, STO, mx_stop(x, "VS")));
	mx_held(x, mx_end_stop(x, STO, mx_stop_end(x, x->hash)));
	mx_leave(x, STO, mx_left(x, "VS"));
}
