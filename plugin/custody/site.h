/* Places: fences of registered sites, distances, "was the truck there". Judge's side only (uses
 * libm). */
#ifndef LD_CUSTODY_SITE_H
#define LD_CUSTODY_SITE_H

#include "plugin/custody/custody.h"

/* Great-circle distance in metres, rounded. */
int64_t ld_distance_m(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7);
/* Inside the ring, or within margin_m of its edge. */
bool ld_site_contains(const Liandan__SiteRegistered *s, int32_t lat_e7, int32_t lon_e7,
		      int64_t margin_m);
/* The site (not a red zone) whose fence holds the point, smallest first; NULL: none. Lives until a
 * site changes. O(1)-ish by a grid. */
const Liandan__SiteRegistered *ld_site_at(struct ld_custody *c, int32_t lat_e7, int32_t lon_e7);

enum ld_presence { LD_PRESENT, LD_ABSENT, LD_PRESENCE_UNKNOWN };
/* Do the vehicle's tracks put it inside the site within +-window of at_ms? UNKNOWN without any
 * track there. CUSTODY-6. */
enum ld_presence ld_presence(struct ld_custody *c, const struct ld_rules *rules, const char *plate,
			     const char *site, int64_t at_ms);

void ld_site_cache_drop(struct ld_custody *c);

#endif
