/* Who may review, reply, set a colour. CUSTODY "Anomalies are leads", "Ratings". */
#include "plugin/custody/review.h"

#include <inttypes.h>
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/registry.h"

#define REPLIES                                                                                    \
	((uint32_t)LIANDAN__ROLE__ROLE_ADMIN | LIANDAN__ROLE__ROLE_GENERATOR |                     \
	 LIANDAN__ROLE__ROLE_CARRIER | LIANDAN__ROLE__ROLE_RECEIVER)
#define OVERRIDE_MAX_MS (366 * LD_DAY_MS)

static bool by_regulator(const struct ld_fact *f, struct ld_judgement *j)
{
	const uint32_t may = LIANDAN__ROLE__ROLE_REGULATOR | LIANDAN__ROLE__ROLE_AUTHORITY;

	return (f->signer->roles & may) != 0 ||
	       ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "a regulator does this");
}

static bool known(struct ld_custody *c, uint64_t id, Custody__Anomaly **out, struct ld_judgement *j)
{
	return (ld_anomaly_get(c, id, out) == LD_OK && (*out)->now != NULL) ||
	       ld_refuse(j, LIANDAN__REASON__UNKNOWN_SUBJECT, "entry %" PRIu64 " raised no anomaly",
			 id);
}

static bool shelving(const struct ld_fact *f, const Liandan__AnomalyReviewed *r,
		     struct ld_judgement *j)
{
	if (r->outcome != LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_SHELVED)
		return r->shelve_until_ms == 0 || ld_refuse(j, LIANDAN__REASON__BAD_CONTENT,
							    "shelve_until_ms is of SHELVED only");
	/* CUSTODY: shelved at most 8 hours */
	return (r->shelve_until_ms > f->recorded_at_ms &&
		r->shelve_until_ms - f->recorded_at_ms <= LD_SHELVE_MAX_MS) ||
	       ld_refuse(j, LIANDAN__REASON__LIMIT, "shelve_until_ms is within 8 hours");
}

static bool reviewed(struct ld_custody *c, const struct ld_fact *f,
		     const Liandan__AnomalyReviewed *r, struct ld_judgement *j)
{
	Custody__Anomaly *a;

	if (!by_regulator(f, j) || !known(c, r->anomaly, &a, j))
		return false;
	if (a->party[0] != '\0' && strcmp(a->party, f->signer->party) == 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "nobody reviews what concerns himself");
	if (r->outcome != LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_CONFIRMED && r->reason[0] == '\0')
		return ld_refuse(j, LIANDAN__REASON__BAD_CONTENT,
				 "what is set aside is set aside with a reason");
	return shelving(f, r, j);
}

static bool replied(struct ld_custody *c, const struct ld_fact *f, const Liandan__PartyReplied *r,
		    struct ld_judgement *j)
{
	Custody__Anomaly *a;
	Custody__Party *p;

	if ((f->signer->roles & REPLIES) == 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "generator, carrier, receiver or administrator reply");
	if (r->anomaly == 0)
		return ld_party_known(c, f->signer->party, &p, j);
	return known(c, r->anomaly, &a, j) &&
	       (strcmp(a->party, f->signer->party) == 0 ||
		ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "it concerns another party"));
}

static bool overridden(struct ld_custody *c, const struct ld_fact *f,
		       const Liandan__RatingOverridden *r, struct ld_judgement *j)
{
	Custody__Party *p;

	if (!by_regulator(f, j) || !ld_party_known(c, r->party, &p, j))
		return false;
	if (strcmp(r->party, f->signer->party) == 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "nobody rates himself");
	if (r->colour == LIANDAN__RATING_COLOUR__RATING_COLOUR_UNSPECIFIED)
		return true;
	return (r->until_ms > f->recorded_at_ms &&
		r->until_ms - f->recorded_at_ms <= OVERRIDE_MAX_MS) ||
	       ld_refuse(j, LIANDAN__REASON__LIMIT, "until_ms is within a year");
}

bool ld_review_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j)
{
	const Liandan__Event *e = f->event;

	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_ANOMALY_REVIEWED:
		return reviewed(c, f, e->anomaly_reviewed, j);
	case LIANDAN__EVENT__BODY_PARTY_REPLIED:
		return replied(c, f, e->party_replied, j);
	case LIANDAN__EVENT__BODY_RATING_OVERRIDDEN:
		return overridden(c, f, e->rating_overridden, j);
	default:
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "this body is not taken yet");
	}
}

/* Each violation is a fact of its own, and its device says when it happened: a finding is about
 * those that the ledger had when it was made. */
static bool another_fact(const Liandan__AnomalyRaised *a, const Custody__Review *finding)
{
	if (a->kind != LIANDAN__ANOMALY_KIND__RULE_VIOLATED || finding == NULL)
		return false;
	for (size_t i = 0; i < a->n_evidence; i++)
		if (a->evidence[i] > finding->index)
			return true;
	return false;
}

bool ld_review_is_false(struct ld_custody *c, const Liandan__AnomalyRaised *a)
{
	const uint8_t *value;
	struct ld_tkey k;
	Custody__Anomaly *was;
	uint64_t id = 0;
	size_t len;

	ld_anomaly_false_key(&k, a);
	if (ld_state_get(c->state, LD_T_ANOMALY_ON, k.b, k.len, &value, &len) != LD_OK)
		return false;
	for (size_t i = 0; i < len; i++)
		id = id << 8 | value[i];
	if (ld_anomaly_get(c, id, &was) != LD_OK || was->now == NULL)
		return false;
	if (another_fact(a, was->review))
		return false;
	return a->level <= was->now->level && a->from_ms >= was->now->from_ms - LD_MINUTE_MS &&
	       (was->now->to_ms == 0 ||
		(a->to_ms != 0 && a->to_ms <= was->now->to_ms + LD_MINUTE_MS));
}
