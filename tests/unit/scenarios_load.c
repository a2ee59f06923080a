/* Rows 6 and 10: what a vehicle carries together. */
#include "load_builders.h"
#include "scenario.h"

SCENARIO(RECORDED, HANDOVER_TAKEN, load_within, OVERLOADED)
{
	mx_to_offered(x);
	mx_may_carry(x, "V1", MX_C1_G + MX_C2_G + MX_BULK_G - 1);
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, load_compatible, INCOMPATIBLE)
{
	mx_to_offered(x);
	mx_beside(x, "V1", "900-028-33", LIANDAN__HAZARD__HAZARD_T | LIANDAN__HAZARD__HAZARD_R, 10);
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_LEFT, load_within, OVERLOADED)
{
	mx_to_stored(x);
	mx_may_carry(x, "V1", MX_C1_G + MX_C2_G + MX_BULK_G - 1);
	mx_leave(x, CAR1, mx_left(x, "V1"));
}

SCENARIO(RECORDED, TEMPORARY_STORAGE_LEFT, load_compatible, INCOMPATIBLE)
{
	mx_to_stored(x);
	mx_beside(x, "V1", "900-028-33", LIANDAN__HAZARD__HAZARD_T | LIANDAN__HAZARD__HAZARD_R, 10);
	mx_leave(x, CAR1, mx_left(x, "V1"));
}
