/* Tracks: where a registered vehicle is, since when, what its clock did. Must never refuse a fact
 * for being late or odd: that is counted here and weighed in gap.h.
 *
 * A track has an odometer at its two ends only. A silence inside a track gets bounds from the
 * chords around it, so what was driven in one of several silences of the same track counts in each
 * of them; a terminal begins a new track after a silence (Track.gap_before) and loses nothing.
 *
 * Two hooks belong to the dispatchers beside the judge/apply/follow of Track and SensorEvent:
 *   apply.c, after ld_manifest_apply of HandoverTaken and Received:  ld_track_apply_manifest
 *   judge.c, after the manifest's own follow of the same two:        ld_departure_follow_taken
 * (departure.h), ld_track_follow_received */
#ifndef LD_CUSTODY_TRACK_H
#define LD_CUSTODY_TRACK_H

#include "plugin/custody/apply.h"
#include "plugin/custody/judge.h"

#define LD_T_STAY 's'	   /* (plate, from_ms) -> Stay */
#define LD_T_DEPARTURE 'D' /* due_ms, (plate) -> Departure */
#define LD_MAX_GAPS 256	   /* kept for one vehicle (DETECTION 3) */
#define LD_KEPT_MS (72 * LD_HOUR_MS)
#define LD_MAX_RECENT 8 /* delivered manifests remembered for late tracks */

/* A Track unrolled fix by fix. Times never lie after recorded_at: a track that does is shifted back
 * whole, so that its intervals stay. Lists of unequal length: the shortest counts. */
struct ld_scan {
	const Liandan__Track *track;
	size_t n; /* fixes */
	size_t i; /* this one */
	int64_t t_ms;
	int32_t lat_e7, lon_e7;
	Liandan__LoadState load; /* at this fix; 0: no change known yet */
	Liandan__Ignition ignition;
	int64_t shift_ms;
	size_t change;
};
/* At fix 0; false: the track has none. */
bool ld_scan_first(struct ld_scan *s, const Liandan__Track *track, int64_t recorded_at_ms);
bool ld_scan_next(struct ld_scan *s);

/* HandoverTaken: the departure that it explains is no longer watched. Received: the vehicle's late
 * tracks will find the manifest. Anything else: nothing. Must run after the manifest's own apply.
 */
enum ld_err ld_track_apply_manifest(struct ld_custody *c, const struct ld_fact *f);
/* Received is the far end of a silence that is still open (dumping-detection 2.3). */
void ld_track_follow_received(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__Received *r, struct ld_own_list *own);

#endif
