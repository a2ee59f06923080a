/* Offers: the holder offers a leg to a named taker; it is withdrawn, declined, or taken.
 * CUSTODY-5, 6. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"

/* Who may give: the generator before the first leg, then the party that holds it. */
static bool signer_holds(const struct ld_fact *f, const Custody__Manifest *m)
{
	if (m->leg == 0)
		return ld_signer_is(f, LIANDAN__ROLE__ROLE_GENERATOR, m->created->generator);
	return ld_signer_is(f, LD_ROLES_DRIVER, m->holder);
}

static bool has_passed(const Custody__Manifest *m)
{
	return m->state != CUSTODY__MANIFEST_STATE__DRAFT &&
	       m->state != CUSTODY__MANIFEST_STATE__SEALED &&
	       m->state != CUSTODY__MANIFEST_STATE__IN_TRANSIT;
}

/* A carrier that drives without a link offers the next leg before its own taking has come in: that
 * one waits. A generator's offer before its seal does not; it is refused and can be made again. */
static bool check_leg(const struct ld_fact *f, const Custody__Manifest *m,
		      const Liandan__HandoverOffered *b, struct ld_judgement *j)
{
	if (has_passed(m) || b->leg <= m->leg)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "leg %" PRIu32 " has passed",
				 b->leg);
	if (b->leg > m->leg + 1)
		return (f->signer->roles & LD_ROLES_DRIVER) != 0
			   ? ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE,
				     "leg %" PRIu32 " has not been taken yet", b->leg - 1)
			   : ld_wrong_role(f, j, "the carrier that holds it");
	if (!signer_holds(f, m))
		return ld_wrong_role(f, j,
				     m->leg == 0 ? "the generator" : "the carrier that holds it");
	if (m->leg == 0 && m->state != CUSTODY__MANIFEST_STATE__SEALED)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "the manifest is not sealed");
	return true;
}

/* CUSTODY-5 */
bool ld_offered_judge(struct ld_custody *c, const struct ld_fact *f,
		      const Liandan__HandoverOffered *b, struct ld_judgement *j)
{
	Custody__Manifest *m;

	if (ld_manifest_get(c, b->manifest, &m) != LD_OK) {
		if (b->leg > 1 && (f->signer->roles & LD_ROLES_DRIVER) != 0)
			return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE,
				       "the manifest is not here yet");
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_MANIFEST, "no such manifest");
	}
	if (!check_leg(f, m, b, j))
		return false;
	if ((m->flags & CUSTODY__MANIFEST_FLAG__FLAG_ON_HOLD) != 0)
		return ld_refuse(j, LIANDAN__REASON__ON_HOLD, "a hold stands on this manifest");
	if (ld_offer_live(m, f->recorded_at_ms))
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER,
				 "an offer to %s is open: withdraw it first", m->offer->to_party);
	if (!ld_same_id(m->content, b->content))
		return ld_refuse(j, LIANDAN__REASON__BAD_CONTENT, "content is not what was sealed");
	if (!ld_party_active(c, b->to_party, LIANDAN__ROLE__ROLE_CARRIER, f->recorded_at_ms))
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_PARTY,
				 "%s is not registered as a carrier", b->to_party);
	if (b->n_items != 0 && !ld_items_same(c, m->items, m->n_items, b->items, b->n_items))
		return ld_refuse(
		    j, LIANDAN__REASON__QUANTITY,
		    "the items are not those that were sealed; only the whole can be offered");
	return true;
}

static bool open_offer(const Custody__Manifest *m, ProtobufCBinaryData offer,
		       struct ld_judgement *j)
{
	if (!ld_offer_is(m, offer))
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_OFFER,
				 "this is not the manifest's offer");
	if (m->offer->closed)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER,
				 "the offer is not open any more");
	return true;
}

/* CUSTODY-5 */
bool ld_check_open_offer(struct ld_case *k)
{
	return open_offer(k->m, k->f->event->offer_withdrawn->offer, k->j);
}

/* CUSTODY-6. A fact: before its offer has come it waits. */
bool ld_declined_judge(struct ld_custody *c, const struct ld_fact *f,
		       const Liandan__HandoverDeclined *b, struct ld_judgement *j)
{
	Custody__Manifest *m;
	Custody__Effect *e;

	if (ld_manifest_get(c, b->manifest, &m) != LD_OK)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE, "the manifest is not here yet");
	if (!ld_offer_is(m, b->offer) &&
	    (b->offer.len != LD_HASH_BYTES || ld_effect_get(c, b->offer.data, &e) != LD_OK ||
	     e->verdict == LIANDAN__VERDICT__HELD))
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_CAUSE, "the offer is not here yet");
	if (!open_offer(m, b->offer, j))
		return false;
	return ld_signer_is(f, LD_ROLES_DRIVER, m->offer->to_party) ||
	       ld_wrong_role(f, j, "a driver of the party it was offered to");
}
