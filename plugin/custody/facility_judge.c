/* A5: hazardous waste of a facility does not become general waste by being called so. */
#include "plugin/custody/delegation.h"
#include "plugin/custody/facility.h"
#include "plugin/custody/table.h"

bool ld_check_declared(struct ld_case *k)
{
	const Liandan__WasteGenerated *w = k->f->event->waste_generated;

	return w->line == NULL ||
	       w->line->code_system != LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL ||
	       !ld_facility_was_hazardous(k->c, ld_acts_for(k->c, k->f), w) ||
	       ld_failed(k, LIANDAN__REASON__DECLARED_GENERAL, w->facility, 1, 0,
			 "this facility has generated hazardous waste before");
}
