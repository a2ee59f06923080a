/* Registry events that say who may act, and for how much. */
#include "plugin/custody/delegation.h"
#include "plugin/custody/grant.h"
#include "plugin/custody/hold.h"
#include "plugin/custody/number.h"
#include "plugin/custody/plan.h"
#include "plugin/custody/registry.h"
#include "plugin/custody/review.h"

enum ld_err ld_rights_apply(struct ld_custody *c, const struct ld_fact *f)
{
	const Liandan__Event *e = f->event;

	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_DELEGATION_GRANTED:
		return ld_delegation_granted_apply(c, f, e->delegation_granted);
	case LIANDAN__EVENT__BODY_TRANSFER_APPROVED:
		return ld_transfer_approved_apply(c, f, e->transfer_approved);
	case LIANDAN__EVENT__BODY_TRANSFER_DENIED:
		return ld_transfer_denied_apply(c, f, e->transfer_denied);
	case LIANDAN__EVENT__BODY_NUMBERS_ALLOCATED:
		return ld_numbers_allocated_apply(c, f, e->numbers_allocated);
	case LIANDAN__EVENT__BODY_NUMBER_ASSIGNED:
		return ld_number_assigned_apply(c, f, e->number_assigned);
	case LIANDAN__EVENT__BODY_PLAN_FILED:
		return ld_plan_filed_apply(c, f, e->plan_filed);
	case LIANDAN__EVENT__BODY_HOLD_PLACED:
		return ld_hold_placed_apply(c, f, e->hold_placed);
	case LIANDAN__EVENT__BODY_HOLD_RELEASED:
		return ld_hold_released_apply(c, f, e->hold_released);
	default:
		return ld_review_apply(c, f);
	}
}
