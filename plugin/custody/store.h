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
/* Only stops them where nothing is left. CUSTODY-18 */
enum ld_err ld_manifest_spent(struct ld_custody *c, const Custody__Manifest *m);

/* ---- judge ---- */

/* STORAGE_OVERFULL (M16) where this event has put more at a site than it may hold. */
void ld_store_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own);
/* STORAGE_OVERDUE is explained for manifests of which nothing is left since this event. */
void ld_spent_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own);
/* TREATED_TOO_MUCH (M13), RESIDUE_MISSING (M14). */
void ld_treated_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own);

#endif
