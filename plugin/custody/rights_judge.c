/* Registry events that say who may act, and for how much. */
#include "plugin/custody/delegation.h"
#include "plugin/custody/grant.h"
#include "plugin/custody/hold.h"
#include "plugin/custody/number.h"
#include "plugin/custody/plan.h"
#include "plugin/custody/registry.h"
#include "plugin/custody/review.h"

bool ld_rights_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j)
{
	const Liandan__Event *e = f->event;

	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_DELEGATION_GRANTED:
		return ld_delegation_granted_judge(c, f, e->delegation_granted, j);
	case LIANDAN__EVENT__BODY_TRANSFER_APPROVED:
		return ld_transfer_approved_judge(c, f, e->transfer_approved, j);
	case LIANDAN__EVENT__BODY_TRANSFER_DENIED:
		return ld_transfer_denied_judge(c, f, e->transfer_denied, j);
	case LIANDAN__EVENT__BODY_NUMBERS_ALLOCATED:
		return ld_numbers_allocated_judge(c, f, e->numbers_allocated, j);
	case LIANDAN__EVENT__BODY_PLAN_FILED:
		return ld_plan_filed_judge(c, f, e->plan_filed, j);
	case LIANDAN__EVENT__BODY_HOLD_PLACED:
		return ld_hold_placed_judge(c, f, e->hold_placed, j);
	case LIANDAN__EVENT__BODY_HOLD_RELEASED:
		return ld_hold_released_judge(c, f, e->hold_released, j);
	default:
		return ld_review_judge(c, f, j);
	}
}
