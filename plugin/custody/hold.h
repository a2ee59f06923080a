/* Holds 暂扣: a regulator's stop on a manifest, party, vehicle, site or container. It blocks
 * intentions (check `on_hold`), never facts. One regulator's word lasts hold_ms at most; another
 * person makes it longer. CUSTODY-21. */
#ifndef LD_CUSTODY_HOLD_H
#define LD_CUSTODY_HOLD_H

#include "plugin/custody/judge.h"
#include "plugin/custody/manifest.h"

#define LD_MAX_HOLDS_ON_ONE 16 /* that stand on one subject at a time */

/* It stands: not released, and its time has not come, whether or not that has been noted yet. */
bool ld_hold_stands(const Custody__Hold *h, int64_t at_ms);
/* A hold stands on this subject at at_ms. */
bool ld_held_back(struct ld_custody *c, Liandan__SubjectKind kind, const char *subject,
		  int64_t at_ms);

/* ---- apply ---- */

enum ld_err ld_hold_placed_apply(struct ld_custody *c, const struct ld_fact *f,
				 Liandan__HoldPlaced *b);
enum ld_err ld_hold_released_apply(struct ld_custody *c, const struct ld_fact *f,
				   const Liandan__HoldReleased *b);
/* Its clock has run out. */
enum ld_err ld_hold_missed_apply(struct ld_custody *c, const Liandan__DeadlineMissed *d,
				 uint64_t index, int64_t at_ms);

/* ---- judge ---- */

bool ld_hold_placed_judge(struct ld_custody *c, const struct ld_fact *f,
			  const Liandan__HoldPlaced *b, struct ld_judgement *j);
bool ld_hold_released_judge(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__HoldReleased *b, struct ld_judgement *j);

#endif
