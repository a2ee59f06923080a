/* Reviews, replies and colours set by hand take effect; how often each kind was right is counted.
 */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/rating.h"
#include "plugin/custody/review.h"

#define CONFIRMED LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_CONFIRMED
#define FALSE_ALARM LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_FALSE

static void precision_key(struct ld_tkey *k, Liandan__AnomalyKind kind, Liandan__Reason reason)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, (uint8_t)kind);
	ld_tkey_u8(k, (uint8_t)reason);
}

enum ld_err ld_precision_get(struct ld_custody *c, Liandan__AnomalyKind kind,
			     Liandan__Reason reason, Custody__Precision *out)
{
	ProtobufCMessage *rec;
	struct ld_tkey k;

	custody__precision__init(out);
	precision_key(&k, kind, reason);
	enum ld_err err =
	    ld_rec_get(c, LD_T_PRECISION, k.b, k.len, &custody__precision__descriptor, &rec);

	if (err == LD_OK)
		*out = *(Custody__Precision *)rec;
	out->kind = kind;
	out->reason = reason;
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

static void count(Custody__Precision *p, Liandan__ReviewOutcome outcome, bool more)
{
	uint32_t *n = outcome == CONFIRMED     ? &p->confirmed
		      : outcome == FALSE_ALARM ? &p->false_alarms
					       : NULL;

	if (n != NULL && more)
		*n += 1;
	else if (n != NULL && *n > 0)
		*n -= 1;
}

/* The finding that stands counts, not every one that was made. */
static enum ld_err precision_note(struct ld_custody *c, const Custody__Anomaly *a,
				  Liandan__ReviewOutcome outcome)
{
	Custody__Precision p;
	struct ld_tkey k;
	enum ld_err err = ld_precision_get(c, a->now->kind, a->now->reason, &p);

	if (err != LD_OK)
		return err;
	if (a->review != NULL)
		count(&p, a->review->outcome, false);
	count(&p, outcome, true);
	precision_key(&k, p.kind, p.reason);
	return ld_rec_put(c, LD_T_PRECISION, k.b, k.len, &p.base);
}

static enum ld_err false_mark(struct ld_custody *c, const Custody__Anomaly *a, bool is_false)
{
	struct ld_tkey k, id;

	ld_anomaly_false_key(&k, a->now);
	if (!is_false) {
		enum ld_err err = ld_state_del(c->state, LD_T_ANOMALY_ON, k.b, k.len);

		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	}
	ld_tkey_init(&id);
	ld_tkey_u64(&id, a->anomaly);
	return ld_state_put(c->state, LD_T_ANOMALY_ON, k.b, k.len, id.b, id.len);
}

/* A finding of false is a second channel: it closes. Taken back, it stands again as it did. */
static enum ld_err phase_of(struct ld_custody *c, Custody__Anomaly *a,
			    const Custody__Review *before, Custody__Review *now)
{
	const bool was_false = before != NULL && before->outcome == FALSE_ALARM;
	enum ld_err err = LD_OK;

	if (now->outcome == FALSE_ALARM) {
		now->phase_before = was_false ? before->phase_before : a->now->phase;
		now->open_before = was_false ? before->open_before : a->open;
		a->now->phase = LIANDAN__ANOMALY_PHASE__CLEARED;
		if (a->open)
			err = ld_anomaly_shut(c, a);
		return err == LD_OK ? false_mark(c, a, true) : err;
	}
	if (!was_false)
		return LD_OK;
	a->now->phase = before->phase_before;
	err = false_mark(c, a, false);
	if (err == LD_OK && before->open_before)
		err = ld_anomaly_reopen(c, a);
	return err;
}

static enum ld_err reviewed(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__AnomalyReviewed *r)
{
	Custody__Review now = CUSTODY__REVIEW__INIT;
	const Custody__Review *before;
	Custody__Anomaly *a;
	enum ld_err err = ld_anomaly_get(c, r->anomaly, &a);

	if (err != LD_OK || a->now == NULL)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	before = a->review;
	now.outcome = r->outcome;
	now.reason = r->reason;
	now.case_no = r->case_no;
	now.shelve_until_ms = r->shelve_until_ms;
	now.party = f->signer->party;
	now.index = f->index;
	now.at_ms = f->recorded_at_ms;
	err = precision_note(c, a, r->outcome);
	if (err == LD_OK)
		err = phase_of(c, a, before, &now);
	if (err != LD_OK)
		return err;
	a->review = &now;
	a->updated_at_ms = f->recorded_at_ms;
	err = ld_anomaly_put(c, a);
	return err == LD_OK ? ld_rating_note(c, a) : err;
}

static enum ld_err replied(struct ld_custody *c, const struct ld_fact *f,
			   const Liandan__PartyReplied *r)
{
	Custody__Reply reply = CUSTODY__REPLY__INIT;
	Custody__Anomaly *a;

	reply.text = r->text;
	reply.index = f->index;
	reply.at_ms = f->recorded_at_ms;
	if (r->anomaly == 0)
		return ld_rating_replied(c, f->signer->party, &reply);
	enum ld_err err = ld_anomaly_get(c, r->anomaly, &a);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	a->reply = &reply;
	a->updated_at_ms = f->recorded_at_ms;
	return ld_anomaly_put(c, a);
}

enum ld_err ld_review_apply(struct ld_custody *c, const struct ld_fact *f)
{
	const Liandan__Event *e = f->event;

	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_ANOMALY_REVIEWED:
		return reviewed(c, f, e->anomaly_reviewed);
	case LIANDAN__EVENT__BODY_PARTY_REPLIED:
		return replied(c, f, e->party_replied);
	case LIANDAN__EVENT__BODY_RATING_OVERRIDDEN:
		return ld_rating_overridden(c, f, e->rating_overridden);
	default:
		return LD_OK;
	}
}
