/* Consent to a transfer between provinces 跨省转移批准: generator to receiver, so much of each
 * code. Drawn at sealing, given back when the manifest is cancelled or expires. CUSTODY-2; Order 23
 * articles 21 to 28. */
#ifndef LD_CUSTODY_GRANT_H
#define LD_CUSTODY_GRANT_H

#include "plugin/custody/judge.h"
#include "plugin/custody/manifest.h"

/* The rules ask for one between provinces, and generator and receiver are known to be of different
 * ones. */
bool ld_grant_needed(struct ld_custody *c, const Liandan__ManifestCreated *b);

/* ---- apply ---- */

enum ld_err ld_transfer_approved_apply(struct ld_custody *c, const struct ld_fact *f,
				       Liandan__TransferApproved *a);
enum ld_err ld_transfer_denied_apply(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__TransferDenied *d);

/* ---- judge ---- */

bool ld_transfer_approved_judge(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__TransferApproved *a, struct ld_judgement *j);
bool ld_transfer_denied_judge(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__TransferDenied *d, struct ld_judgement *j);

#endif
