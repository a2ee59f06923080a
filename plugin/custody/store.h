/* What stands at a site, all wastes of its party together, and for how long waste that was accepted
 * may stand there. CUSTODY-18; GB 18597-2023, 8.3.5; Law article 81; 5C M13 to M16. */
#ifndef LD_CUSTODY_STORE_H
#define LD_CUSTODY_STORE_H

#include "plugin/custody/judge.h"

/* Grams in stock at a site. Table SITE_STOCK: site -> grams (BE64, two's complement). */
int64_t ld_site_stock_g(struct ld_custody *c, const char *site);

/* ---- apply ---- */

enum ld_err ld_site_stock_add(struct ld_custody *c, const char *site, int64_t mass_g);
/* The clocks of what was accepted: a note when it is nearly due, and the time in which it must be
 * treated. Set while anything of it is left, stopped when nothing is. The record is not put. */
enum ld_err ld_treatment_clocks(struct ld_custody *c, const Custody__Manifest *m);
/* Only stops them where nothing is left: treated, lost or sent on. One that was not closed at its
 * acceptance is to be closed then: table TO_CLOSE, manifest id -> "", until it is. CUSTODY-18, 19
 */
enum ld_err ld_manifest_spent(struct ld_custody *c, const Custody__Manifest *m);
enum ld_err ld_close_done(struct ld_custody *c, const Custody__Manifest *m);
/* What was accepted is with a licensed operator, who must treat it. */
bool ld_with_operator(struct ld_custody *c, const Custody__Manifest *m);

/* ---- judge ---- */

/* STORAGE_OVERFULL (M16) where this event has put more at a site than it may hold. */
void ld_store_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own);
/* Its profile closes it at treatment, and something of it is left to be treated. CUSTODY-19 */
bool ld_awaits_treatment(struct ld_custody *c, const Custody__Manifest *m);
/* Manifests of which nothing is left since this event: STORAGE_OVERDUE is explained, and they are
 * closed where they wait for that. */
void ld_spent_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own);
void ld_spent_one_follow(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData id,
			 struct ld_own_list *own);
/* From the tick: those that an event could not close, having brought too many to their end. */
void ld_close_follow_time(struct ld_custody *c, size_t max, struct ld_own_list *out);
/* TREATED_TOO_MUCH (M13), RESIDUE_MISSING (M14). */
void ld_treated_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own);

#endif
