/* Plans as records. Table PLAN: plan.h. */
#include "plugin/custody/plan.h"

#include "plugin/custody/tables.h"

static void plan_key(struct ld_tkey *k, const char *party, uint32_t year)
{
	ld_tkey_init(k);
	ld_tkey_str(k, party);
	for (int i = 3; i >= 0; i--)
		ld_tkey_u8(k, (uint8_t)(year >> (8 * i)));
}

enum ld_err ld_plan_get(struct ld_custody *c, const char *party, uint32_t year, Custody__Plan **out)
{
	struct ld_tkey k;

	plan_key(&k, party, year);
	return ld_rec_get(c, LD_T_PLAN, k.b, k.len, &custody__plan__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_plan_filed_apply(struct ld_custody *c, const struct ld_fact *f,
				Liandan__PlanFiled *p)
{
	Custody__Plan rec = CUSTODY__PLAN__INIT;
	struct ld_tkey k;

	rec.filed = p;
	rec.index = f->index;
	plan_key(&k, p->party, p->year);
	return ld_rec_put(c, LD_T_PLAN, k.b, k.len, &rec.base);
}
