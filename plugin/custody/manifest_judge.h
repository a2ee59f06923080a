/* Checks that several of the manifest's judges share. Judge's side only. */
#ifndef LD_CUSTODY_MANIFEST_JUDGE_H
#define LD_CUSTODY_MANIFEST_JUDGE_H

#include "plugin/custody/judge.h"
#include "plugin/custody/licence.h"
#include "plugin/custody/manifest.h"

#define LD_ROLES_DRIVER ((uint32_t)(LIANDAN__ROLE__ROLE_DRIVER | LIANDAN__ROLE__ROLE_CARRIER))

/* The signer's key has one of the roles and belongs to the party. */
bool ld_signer_is(const struct ld_fact *f, uint32_t roles, const char *party);
/* A party that is registered and active at_ms. role: a Role bit that it must have; 0: do not ask.
 */
bool ld_party_active(struct ld_custody *c, const char *party, uint32_t role, int64_t at_ms);
/* A site of that party, in use at_ms, where waste may stand (no red zone, no parking). */
bool ld_site_usable(struct ld_custody *c, const char *site, const char *party, int64_t at_ms);
/* In the catalogue; general industrial waste by the form of its code (固体废物分类与代码目录). */
bool ld_code_known(Liandan__CodeSystem system, const char *code);
/* The party is one of those that the draft names as carriers of this leg. */
bool ld_named_for_leg(const Custody__Manifest *m, const char *party, uint32_t leg);
/* Refuses with WRONG_ROLE, or DELEGATION_MISSING where the event claims a delegation. */
bool ld_wrong_role(const struct ld_fact *f, struct ld_judgement *j, const char *must);
/* Same masses of the same things, in any order. */
bool ld_items_same(struct ld_custody *c, Liandan__Item *const *a, size_t na,
		   Liandan__Item *const *b, size_t nb);
/* It is not accepted, and may be: also cancelled or expired after the seal, since a taking still
 * wins. CUSTODY-4 */
bool ld_acceptance_awaited(const Custody__Manifest *m);
/* The site that the event names; "" where its body names none. */
const char *ld_site_of(const Liandan__Event *e);
/* The vehicle that it names, likewise. */
const char *ld_plate_of(const Liandan__Event *e);

/* Adds `text`: one sentence about it in English and Chinese, with state, version, flags, and whom
 * an open amendment waits for. */
struct cJSON;
void ld_manifest_add_text(const Custody__Manifest *m, struct cJSON *to);

/* Adds ManifestClosed with the lines as they stand. CUSTODY-19 */
void ld_manifest_close(struct ld_custody *c, const Custody__Manifest *m,
		       Liandan__CloseReason reason, struct ld_own_list *own);

#endif
