/* A party's colour: green, yellow or red by the profile (rules.def, rating_…), from its open and
 * confirmed anomalies of level 2 and more, those of missed deadlines among them. What was reviewed
 * FALSE, explained late, cleared, or is only PROVISIONAL does not count; points fade with time, the
 * history is the ledger's.
 *
 *   yellow  level 3 or 4 within rating_ms, or level 2 within rating_level2_ms, as many as the
 * profile says red     level 4 within rating_ms that a review has confirmed, or that is red by
 * itself (5C: unlicensed, 12 months' shortfall of 3 t)
 *
 * Table RATING: 'a', (party), inverted raised_at_ms, inverted id -> "": the anomalies that count,
 * the newest first; 's', party -> Standing: what people set. */
#ifndef LD_CUSTODY_RATING_H
#define LD_CUSTODY_RATING_H

#include "plugin/custody/custody.h"
#include "plugin/custody/tables.h"

#define LD_RATING_LOOK_AT 1000 /* of a party's newest: counts say "at least" beyond */
#define LD_RATING_WHY 16       /* the gravest, newest first */

struct ld_rating {
	Liandan__RatingColour computed; /* from anomalies */
	Liandan__RatingColour colour;	/* with an override that stands */
	int64_t since_ms;		/* the computed colour's: 0 of green */
	uint32_t level2, level3, level4, confirmed4, deadlines;
	bool more; /* there are more than were looked at */
	uint64_t why[LD_RATING_WHY];
	size_t n_why;
	const Custody__Standing *set; /* in the arena; NULL: nobody set anything */
	bool overridden;
};
/* At ledger time now_ms, by the rules in force (c->rules). */
enum ld_err ld_rating_of(struct ld_custody *c, const char *party, int64_t now_ms,
			 struct ld_rating *out);
/* A new cJSON object; NULL: no memory. */
struct cJSON;
struct cJSON *ld_rating_json(struct ld_custody *c, const char *party, int64_t now_ms);

/* ---- apply ---- */

/* Counted or not, as the anomaly stands now. After every put of one. */
enum ld_err ld_rating_note(struct ld_custody *c, const Custody__Anomaly *a);
enum ld_err ld_rating_replied(struct ld_custody *c, const char *party, Custody__Reply *reply);
enum ld_err ld_rating_overridden(struct ld_custody *c, const struct ld_fact *f,
				 Liandan__RatingOverridden *o);
enum ld_err ld_standing_get(struct ld_custody *c, const char *party, Custody__Standing **out);
/* Prefix of the keys of a party's counted anomalies. */
void ld_rating_key(struct ld_tkey *k, const char *party);

#endif
