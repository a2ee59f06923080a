/* Which anomalies count for a party's colour, and what people set. */
#include "plugin/custody/rating.h"

#include <string.h>

#include "plugin/custody/apply.h"

#define COUNTS_FROM 2 /* level */

void ld_rating_key(struct ld_tkey *k, const char *party)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, 'a');
	ld_tkey_str(k, party);
}

static bool counts(const Custody__Anomaly *a)
{
	const bool confirmed =
	    a->review != NULL &&
	    a->review->outcome == LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_CONFIRMED;

	return a->now->level >= COUNTS_FROM && a->now->phase == LIANDAN__ANOMALY_PHASE__CONFIRMED &&
	       (a->open || confirmed);
}

enum ld_err ld_rating_note(struct ld_custody *c, const Custody__Anomaly *a)
{
	struct ld_tkey k;

	if (a->now == NULL || a->party == NULL || a->party[0] == '\0')
		return LD_OK;
	ld_rating_key(&k, a->party);
	ld_tkey_u64(&k, ~(uint64_t)a->raised_at_ms);
	ld_tkey_u64(&k, ~a->anomaly);
	if (counts(a))
		return ld_state_put(c->state, LD_T_RATING, k.b, k.len, "", 0);
	enum ld_err err = ld_state_del(c->state, LD_T_RATING, k.b, k.len);

	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

static void set_key(struct ld_tkey *k, const char *party)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, 's');
	ld_tkey_bytes(k, party, strnlen(party, LD_MAX_ID_BYTES));
}

enum ld_err ld_standing_get(struct ld_custody *c, const char *party, Custody__Standing **out)
{
	struct ld_tkey k;

	set_key(&k, party);
	return ld_rec_get(c, LD_T_RATING, k.b, k.len, &custody__standing__descriptor,
			  (ProtobufCMessage **)out);
}

static enum ld_err standing_of(struct ld_custody *c, const char *party, Custody__Standing *fresh,
			       Custody__Standing **out)
{
	enum ld_err err = ld_standing_get(c, party, out);

	if (err != LD_ERR_NOT_FOUND)
		return err;
	custody__standing__init(fresh);
	fresh->party = (char *)(uintptr_t)party;
	*out = fresh;
	return LD_OK;
}

static enum ld_err standing_put(struct ld_custody *c, const Custody__Standing *s)
{
	struct ld_tkey k;

	set_key(&k, s->party);
	return ld_rec_put(c, LD_T_RATING, k.b, k.len, &s->base);
}

enum ld_err ld_rating_replied(struct ld_custody *c, const char *party, Custody__Reply *reply)
{
	Custody__Standing fresh, *s;
	enum ld_err err = standing_of(c, party, &fresh, &s);

	if (err != LD_OK)
		return err;
	s->reply = reply;
	return standing_put(c, s);
}

enum ld_err ld_rating_overridden(struct ld_custody *c, const struct ld_fact *f,
				 Liandan__RatingOverridden *o)
{
	Custody__Standing fresh, *s;
	enum ld_err err = standing_of(c, o->party, &fresh, &s);

	if (err != LD_OK)
		return err;
	s->overridden = o;
	s->overridden_by = f->signer->party;
	s->overridden_index = f->index;
	s->overridden_ms = f->recorded_at_ms;
	return standing_put(c, s);
}
