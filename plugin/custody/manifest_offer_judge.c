/* Offers: the holder offers a leg to a named taker; it is withdrawn, declined, or taken.
 * CUSTODY-5, 6. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"

/* A carrier that drives without a link offers the next leg before its own taking has come in: that
 * one waits. A generator's offer before its seal does not; it is refused and can be made again. */
bool ld_yet_offer(const struct ld_case *k)
{
	const uint32_t on_the_way = LD_IN(DRAFT) | LD_IN(SEALED) | LD_IN(IN_TRANSIT);
	const uint32_t leg = k->f->event->handover_offered->leg;

	if ((k->f->signer->roles & LD_ROLES_DRIVER) == 0)
		return false;
	if (k->m == NULL)
		return leg > 1;
	return (ld_state_bits(k->m) & on_the_way) != 0 && leg > k->m->leg + 1;
}

static uint32_t leg_of(const Liandan__Event *e)
{
	return e->body_case == LIANDAN__EVENT__BODY_HANDOVER_OFFERED ? e->handover_offered->leg
								     : e->handover_taken->leg;
}

bool ld_check_next_leg(struct ld_case *k)
{
	const uint32_t leg = leg_of(k->f->event);

	if (leg <= k->m->leg)
		return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
				 "leg %" PRIu32 " has been taken", leg);
	if (leg == k->m->leg + 1)
		return true;
	if ((k->f->signer->roles & LD_ROLES_DRIVER) == 0)
		return ld_wrong_role(k->f, k->j, "the carrier that holds it then");
	return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE,
		       "leg %" PRIu32 " has not been taken yet", leg - 1);
}

bool ld_check_taker_registered(struct ld_case *k)
{
	const char *party = k->f->event->handover_offered->to_party;

	return ld_party_active(k->c, party, LIANDAN__ROLE__ROLE_CARRIER, k->f->recorded_at_ms) ||
	       ld_failed(k, LIANDAN__REASON__UNKNOWN_PARTY, party, 0, 0,
			 "%s is not registered as a carrier", party);
}

static ProtobufCBinaryData offer_of(const Liandan__Event *e)
{
	return e->body_case == LIANDAN__EVENT__BODY_OFFER_WITHDRAWN ? e->offer_withdrawn->offer
								    : e->handover_declined->offer;
}

/* CUSTODY-5, 6 */
bool ld_check_open_offer(struct ld_case *k)
{
	if (!ld_offer_is(k->m, offer_of(k->f->event)))
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_OFFER,
				 "this is not the manifest's offer");
	return !k->m->offer->closed ||
	       ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER, "the offer is not open any more");
}

/* A fact waits for its offer. CUSTODY-6 */
bool ld_check_offer_here(struct ld_case *k)
{
	const ProtobufCBinaryData offer = offer_of(k->f->event);
	Custody__Effect *e;

	if (ld_offer_is(k->m, offer) ||
	    (offer.len == LD_HASH_BYTES && ld_effect_get(k->c, offer.data, &e) == LD_OK &&
	     e->verdict != LIANDAN__VERDICT__HELD))
		return true;
	return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_CAUSE, "the offer is not here yet");
}

bool ld_check_offered_to(struct ld_case *k)
{
	return ld_signer_is(k->f, LD_ROLES_DRIVER, k->m->offer->to_party) ||
	       ld_wrong_role(k->f, k->j, k->row->who);
}
