/* The yearly management plan 管理计划 of a party: what it means to generate, to treat itself and to
 * send away, by code. Versions of a year replace each other. A manifest, a treatment of its own or
 * a generation that is not in it, or goes beyond it, is flagged. Table PLAN: (party), year (BE32)
 * -> Plan. CUSTODY-2, 18; Order 23 article 14; HJ 1259-2022, 5; 5C A4. */
#ifndef LD_CUSTODY_PLAN_H
#define LD_CUSTODY_PLAN_H

#include "plugin/custody/judge.h"

/* The plan in force of a party and year, in the arena. */
enum ld_err ld_plan_get(struct ld_custody *c, const char *party, uint32_t year,
			Custody__Plan **out);

enum ld_err ld_plan_filed_apply(struct ld_custody *c, const struct ld_fact *f,
				Liandan__PlanFiled *p);
bool ld_plan_filed_judge(struct ld_custody *c, const struct ld_fact *f, const Liandan__PlanFiled *p,
			 struct ld_judgement *j);

#endif
