/* Scales and their tickets, for manifest_fixture.h's world. CUSTODY-7. */
#ifndef LD_TESTS_WEIGH_BUILDERS_H
#define LD_TESTS_WEIGH_BUILDERS_H

#include "manifest_builders.h"

/* The scale of that key, to 60 t, verified until `to_ms`. */
static inline void mx_scale(struct mx *x, enum mx_who who, int64_t to_ms)
{
	Liandan__InstrumentRegistered r = LIANDAN__INSTRUMENT_REGISTERED__INIT;
	Liandan__InstrumentVerified v = LIANDAN__INSTRUMENT_VERIFIED__INIT;
	Custody__Instrument ins = CUSTODY__INSTRUMENT__INIT;
	Custody__Key *key;

	assert_int_equal(ld_key_rec_get(&x->c, x->keys[who], &key), LD_OK);
	r.instrument = v.instrument = key->subject_id;
	r.party = key->party;
	r.max_g = 60000000;
	v.to_ms = to_ms;
	ins.registered = &r;
	ins.verified = &v;
	assert_int_equal(ld_instrument_put(&x->c, &ins), LD_OK);
}

/* A ticket of V1's, of no manifest yet; room for 8. */
static inline Liandan__Weighed *mx_weighed(struct mx *x, enum mx_who who, uint8_t ticket,
					   Liandan__WeighKind kind, int64_t mass_g)
{
	Liandan__Weighed *b = MX_NEW(x, Liandan__Weighed, LIANDAN__WEIGHED__INIT);
	uint8_t *id = ld_arena_alloc(&x->build, LD_UUID_BYTES);
	Custody__Key *key;

	assert_int_equal(ld_key_rec_get(&x->c, x->keys[who], &key), LD_OK);
	memset(id, ticket, LD_UUID_BYTES);
	b->ticket = mx_bytes(id, LD_UUID_BYTES);
	b->instrument = mx_new(x, key->subject_id, strlen(key->subject_id) + 1);
	b->purpose = LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE;
	b->kind = kind;
	b->plate = MX_S("V1");
	b->mass_g = mass_g;
	b->e_g = 20000;
	b->stable = true;
	b->manifests = ld_arena_alloc(&x->build, 8 * sizeof *b->manifests);
	return b;
}

static inline Liandan__Reason mx_weigh(struct mx *x, enum mx_who who, Liandan__Weighed *b)
{
	MX_EVENT(e, WEIGHED, b);
	return mx_put(x, who, &e);
}

#endif
