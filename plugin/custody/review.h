/* What people say of anomalies: a regulator's finding, the party's reply, a colour set by hand; and
 * how often each kind was right. Reviews and replies are kept with the anomaly, precision in table
 * PRECISION: kind, reason -> Precision. A reviewed FALSE anomaly closes (CLEARED) and its evidence
 * does not raise it again; a second review replaces the first, the history is the ledger's. */
#ifndef LD_CUSTODY_REVIEW_H
#define LD_CUSTODY_REVIEW_H

#include "plugin/custody/judge.h"

#define LD_SHELVE_MAX_MS (8 * LD_HOUR_MS) /* CUSTODY: shelved at most 8 hours */

/* `false`: refused. Not one of these bodies: refused, LIMIT. */
bool ld_review_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j);
enum ld_err ld_review_apply(struct ld_custody *c, const struct ld_fact *f);
/* The same evidence as one that was reviewed FALSE: nothing new. */
bool ld_review_is_false(struct ld_custody *c, const Liandan__AnomalyRaised *a);

/* What the registry has seen of a kind. Never LD_ERR_NOT_FOUND: zeros. */
enum ld_err ld_precision_get(struct ld_custody *c, Liandan__AnomalyKind kind,
			     Liandan__Reason reason, Custody__Precision *out);
/* Every kind and reason with a finding: confirmed, false, precision, texts. A new object. */
struct cJSON;
struct cJSON *ld_precision_json(struct ld_custody *c);

#endif
