/* Vehicles that carry something already, for manifest_fixture.h's world. */
#ifndef LD_TESTS_LOAD_BUILDERS_H
#define LD_TESTS_LOAD_BUILDERS_H

#include "road_builders.h"

static inline void mx_may_carry(struct mx *x, const char *plate, int64_t max_net_g)
{
	Custody__Vehicle *v;

	assert_int_equal(ld_vehicle_get(&x->c, plate, &v), LD_OK);
	v->registered->max_net_g = max_net_g;
	assert_int_equal(ld_vehicle_put(&x->c, v), LD_OK);
}

/* Another manifest on the vehicle, of one waste. */
static inline void mx_beside(struct mx *x, const char *plate, const char *code, uint32_t hazards,
			     int64_t mass_g)
{
	static const uint8_t id[LD_UUID_BYTES] = {0xbe};
	Liandan__ManifestCreated *created = mx_created(x);
	Custody__Manifest m = CUSTODY__MANIFEST__INIT;
	struct ld_tkey k;

	created->manifest = mx_bytes(id, sizeof id);
	created->lines[0] = mx_line(x, 1, code, mass_g);
	created->lines[0]->hazards = hazards;
	created->n_lines = 1;
	m.manifest = created->manifest;
	m.created = created;
	m.state = CUSTODY__MANIFEST_STATE__IN_TRANSIT;
	m.plate = MX_S(plate);
	m.holder = MX_S("CAR1");
	m.taken_g = mass_g;
	assert_int_equal(ld_manifest_put(&x->c, &m), LD_OK);
	ld_load_key(&k, plate, m.manifest);
	assert_int_equal(ld_state_put(x->c.state, LD_T_LOAD, k.b, k.len, "", 0), LD_OK);
}

#endif
