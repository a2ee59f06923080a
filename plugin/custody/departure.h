/* D3 无联单离场: a vehicle stood at a generator's site, left, and no manifest came. Most real cases
 * have no manifest at all (DETECTION 6). apply writes a Departure when the vehicle leaves; it goes
 * when a manifest of that site is taken; the timer raises what is left.
 * D2 一单多运: the same where it still carries, by the book, a manifest that it took there on a
 * visit before: it comes back empty and leaves loaded (level 4), or has been at the receiver
 * meanwhile and no sensor speaks (level 2). RECYCLED_MANIFEST instead of UNMANIFESTED_DEPARTURE. */
#ifndef LD_CUSTODY_DEPARTURE_H
#define LD_CUSTODY_DEPARTURE_H

#include "plugin/custody/judge.h"

/* apply: the vehicle has left pos->site, with `at_ms` the first fix outside. Sets pos->left_*. */
enum ld_err ld_departure_apply_left(struct ld_custody *c, Custody__Position *pos, int64_t at_ms,
				    const Custody__Fix *outside, uint64_t index,
				    int64_t recorded_at_ms);
/* apply: it is back within minutes: the stay goes on. */
enum ld_err ld_departure_apply_back(struct ld_custody *c, Custody__Position *pos);
/* apply: a manifest of `site` was taken by this vehicle, or the anomaly was raised. */
enum ld_err ld_departure_apply_done(struct ld_custody *c, const char *plate, const char *site);

/* After HandoverTaken has been applied: explains an open UNMANIFESTED_DEPARTURE of this vehicle
 * from the manifest's origin, or a RECYCLED_MANIFEST of one that it carries; reviews the silences
 * that the new custody interval covers. */
void ld_departure_follow_taken(struct ld_custody *c, const struct ld_fact *f,
			       const Liandan__HandoverTaken *t, struct ld_own_list *own);
/* Raises every departure due by now, at most max. */
void ld_departure_follow_time(struct ld_custody *c, int64_t now_ms, size_t max,
			      struct ld_own_list *out);

#endif
