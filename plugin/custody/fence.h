/* Fences and distances in integers, for both sides: apply must compute the same numbers on every
 * machine. Must never use floating point, and must never let the cache influence a result: it is
 * built from the SITE table in key order and only saves reading it again.
 *
 * Positions are 1e-7 degrees. Distances use the local equirectangular plane with cosines from a
 * table of whole degrees, interpolated (relative error below 1e-4 within 100 km); ld_distance_m in
 * site.h is the great circle. */
#ifndef LD_CUSTODY_FENCE_H
#define LD_CUSTODY_FENCE_H

#include "plugin/custody/custody.h"

/* Largest integer whose square is not above v. */
uint32_t ld_isqrt(uint64_t v);
/* Square of the distance in centimetres; never overflows. */
uint64_t ld_geo_dist2_cm(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7);
/* Distance in metres, rounded down. */
int64_t ld_geo_dist_m(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7);

/* Inside the ring, or within margin_m of its edge. Fewer than 3 points: never. */
bool ld_fence_contains(const Liandan__SiteRegistered *s, int32_t lat_e7, int32_t lon_e7,
		       int64_t margin_m);
/* The site, red zones left out, in force at t_ms (0: at any time) whose fence holds the point: the
 * smallest that holds it
 * (*strict = true), else the smallest within margin_m of it (*strict = false), else NULL. Lives
 * until the cache is dropped. */
const Liandan__SiteRegistered *ld_fence_at(struct ld_custody *c, int32_t lat_e7, int32_t lon_e7,
					   int64_t t_ms, int64_t margin_m, bool *strict);
/* By id; NULL: none. Same lifetime. */
const Liandan__SiteRegistered *ld_fence_find(struct ld_custody *c, const char *site);
/* Middle of the ring's bounding box. */
void ld_fence_middle(const Liandan__SiteRegistered *s, int32_t *lat_e7, int32_t *lon_e7);

/* What the timers remember between ticks; live only, lost with the cache, never in a result's way
 * but to delay it. NULL without memory. */
struct ld_watch {
	int64_t since_ms;  /* first tick */
	int64_t walked_ms; /* last complete round over the vehicles in custody */
	uint8_t from[96];  /* where the round goes on */
	size_t from_len;
};
struct ld_watch *ld_watch_of(struct ld_custody *c);

#endif
