/* Plans, licences with a yearly mass, sites with a capacity, for manifest_fixture.h's world. */
#ifndef LD_TESTS_PLAN_BUILDERS_H
#define LD_TESTS_PLAN_BUILDERS_H

#include "manifest_builders.h"

/* GEN's of 2026: just what the usual draft takes up, and nothing treated by itself. */
static inline Liandan__PlanFiled *mx_plan(struct mx *x, uint32_t version)
{
	Liandan__PlanFiled *b = MX_NEW(x, Liandan__PlanFiled, LIANDAN__PLAN_FILED__INIT);
	const char *codes[2] = {MX_CODE, MX_BULK};
	const int64_t grams[2] = {MX_C1_G + MX_C2_G, MX_BULK_G};

	b->plan = MX_S("GL2026");
	b->party = MX_S("GEN");
	b->year = 2026;
	b->version = version;
	b->lines = ld_arena_alloc(&x->build, 4 * sizeof *b->lines);
	for (size_t i = 0; i < 2; i++) {
		b->lines[i] = MX_NEW(x, Liandan__PlanLine, LIANDAN__PLAN_LINE__INIT);
		b->lines[i]->code = MX_S(codes[i]);
		b->lines[i]->generate_g = b->lines[i]->transfer_g = grams[i];
	}
	b->n_lines = 2;
	return b;
}

static inline Liandan__Reason mx_file(struct mx *x, enum mx_who who, Liandan__PlanFiled *b)
{
	MX_EVENT(e, PLAN_FILED, b);
	return mx_put(x, who, &e);
}

/* REC's licence has a yearly mass. */
static inline void mx_annual(struct mx *x, int64_t annual_g)
{
	Custody__Licence *l;

	assert_int_equal(ld_licence_get(&x->c, "L-REC", &l), LD_OK);
	l->granted->annual_g = annual_g;
	assert_int_equal(ld_licence_put(&x->c, l), LD_OK);
}

/* The site may hold so much. */
static inline void mx_capacity(struct mx *x, const char *site, int64_t capacity_g)
{
	Custody__Site *s;

	assert_int_equal(ld_site_get(&x->c, site, &s), LD_OK);
	s->registered->capacity_g = capacity_g;
	assert_int_equal(ld_site_put(&x->c, s), LD_OK);
	ld_site_cache_drop(&x->c);
}

#endif
