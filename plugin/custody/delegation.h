/* Delegation 委托: who acts for whom, and what hangs on a manifest that a delegate has sealed: the
 * grams counted in the year, and the generator's confirmation. CUSTODY-3; the delegate's acts are
 * those of rows 1, 2, 4, 5 and 18. */
#ifndef LD_CUSTODY_DELEGATION_H
#define LD_CUSTODY_DELEGATION_H

#include "plugin/custody/judge.h"
#include "plugin/custody/manifest.h"

/* The delegation under which the event acts, in the arena, or NULL: it names none, none that is the
 * signer's party's, or its body is not one that a delegate may send. Whether it is in force and
 * covers the act, judge has asked. */
const Liandan__DelegationGranted *ld_acts_under(struct ld_custody *c, const struct ld_fact *f);
/* The party for which the event acts: the giver of that delegation, else the signer's. In the
 * arena. */
const char *ld_acts_for(struct ld_custody *c, const struct ld_fact *f);

/* ---- apply ---- */

enum ld_err ld_delegation_granted_apply(struct ld_custody *c, const struct ld_fact *f,
					Liandan__DelegationGranted *g);
/* A manifest has been sealed: who sealed it, its masses on the delegation, on the grant and on the
 * manifests that it forwards, the clock of the generator's confirmation. The record is not put. */
enum ld_err ld_manifest_draw(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m);
/* It is cancelled or has expired: what was counted is given back, nothing is left to confirm. */
enum ld_err ld_manifest_give_back(struct ld_custody *c, Custody__Manifest *m);
/* It was taken all the same: counted again, and to be confirmed. */
enum ld_err ld_manifest_draw_again(struct ld_custody *c, const struct ld_fact *f,
				   Custody__Manifest *m);
/* Its lines or its receiver have been amended: what was counted of `before` is counted of m. */
enum ld_err ld_manifest_redraw(struct ld_custody *c, const Custody__Manifest *before,
			       Custody__Manifest *m);
/* A part leaves on a child: what was counted for it is not given back with the rest. Of one that
 * had ended the child is counted when it is taken. Neither is put. */
void ld_manifest_draw_part(Custody__Manifest *m, Custody__Manifest *child);
enum ld_err ld_confirmed_apply(struct ld_custody *c, const struct ld_fact *f,
			       const Liandan__GeneratorConfirmed *b);

/* ---- judge ---- */

bool ld_delegation_granted_judge(struct ld_custody *c, const struct ld_fact *f,
				 const Liandan__DelegationGranted *g, struct ld_judgement *j);

/* What a delegate is about to do. */
struct ld_delegated_act {
	const char *giver;
	uint32_t action; /* DelegatedAction bits, one of which is needed */
	Liandan__Line *const *lines;
	size_t n_lines;
	int64_t seals_g; /* counted against the year's grams; 0: nothing is sealed */
};
/* The event names a delegation (else false, and no verdict is set), the signer's key may act under
 * one, it is the giver's to the signer's party, in force, and covers the act: else false with
 * DELEGATION_MISSING and what is missing. */
bool ld_delegation_covers(struct ld_custody *c, const struct ld_fact *f,
			  const struct ld_delegated_act *act, struct ld_judgement *j);
/* The key is one that acts under delegations: GENERATOR, CARRIER, DRIVER or RECEIVER, or a
 * system's.
 */
bool ld_may_be_delegate(const struct ld_fact *f);

#endif
