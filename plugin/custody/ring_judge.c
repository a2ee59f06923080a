/* The fence of a site: a simple polygon of sane extent. Integers but for one cosine. */
#include <math.h>
#include <stdlib.h>

#include "plugin/custody/registry.h"

#define LAT_MAX_E7 900000000
#define LON_MAX_E7 1800000000
#define MM_PER_E7 11.1319490793 /* along a great circle; the radius is WGS-84's at the equator */

/* Twice the signed area of the triangle. Spans are bounded before (ring_extent), so nothing
 * overflows. */
static int64_t turn(const Liandan__RingPoint *a, const Liandan__RingPoint *b,
		    const Liandan__RingPoint *p)
{
	return ((int64_t)b->lon_e7 - a->lon_e7) * ((int64_t)p->lat_e7 - a->lat_e7) -
	       ((int64_t)b->lat_e7 - a->lat_e7) * ((int64_t)p->lon_e7 - a->lon_e7);
}

static bool between(int32_t x, int32_t a, int32_t b)
{
	return a < b ? x >= a && x <= b : x >= b && x <= a;
}

static bool on_edge(const Liandan__RingPoint *a, const Liandan__RingPoint *b,
		    const Liandan__RingPoint *p)
{
	return turn(a, b, p) == 0 && between(p->lat_e7, a->lat_e7, b->lat_e7) &&
	       between(p->lon_e7, a->lon_e7, b->lon_e7);
}

static bool edges_meet(const Liandan__RingPoint *a, const Liandan__RingPoint *b,
		       const Liandan__RingPoint *p, const Liandan__RingPoint *q)
{
	bool sides = (turn(a, b, p) > 0) != (turn(a, b, q) > 0);
	bool other = (turn(p, q, a) > 0) != (turn(p, q, b) > 0);

	return (sides && other && turn(a, b, p) != 0 && turn(a, b, q) != 0) || on_edge(a, b, p) ||
	       on_edge(a, b, q) || on_edge(p, q, a) || on_edge(p, q, b);
}

static bool ring_extent(const Liandan__SiteRegistered *s, struct ld_judgement *j)
{
	int32_t south = INT32_MAX;
	int32_t north = INT32_MIN;
	int32_t west = INT32_MAX;
	int32_t east = INT32_MIN;
	int64_t high, wide;

	for (size_t i = 0; i < s->n_ring; i++) {
		const Liandan__RingPoint *p = s->ring[i];

		if (labs(p->lat_e7) > LAT_MAX_E7 || labs(p->lon_e7) > LON_MAX_E7)
			return ld_refuse(j, LIANDAN__REASON__QUANTITY,
					 "ring point %zu is not on the earth", i + 1);
		south = p->lat_e7 < south ? p->lat_e7 : south;
		north = p->lat_e7 > north ? p->lat_e7 : north;
		west = p->lon_e7 < west ? p->lon_e7 : west;
		east = p->lon_e7 > east ? p->lon_e7 : east;
	}
	high = (int64_t)north - south;
	wide = (int64_t)east - west;
	if (wide >= LON_MAX_E7)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "the ring crosses the date line");
	if ((double)high * MM_PER_E7 > LD_MAX_SITE_EXTENT_M * 1000.0 ||
	    (double)wide * MM_PER_E7 * cos(((double)south + (double)north) * 5e-8 * M_PI / 180.0) >
		LD_MAX_SITE_EXTENT_M * 1000.0)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "the ring is wider than %d km",
				 LD_MAX_SITE_EXTENT_M / 1000);
	return true;
}

/* At most 256 points: 33 thousand pairs of edges, under a millisecond. */
static bool ring_simple(const Liandan__SiteRegistered *s, struct ld_judgement *j)
{
	size_t n = s->n_ring;
	int64_t area = 0;

	for (size_t i = 0; i < n; i++) {
		const Liandan__RingPoint *a = s->ring[i];
		const Liandan__RingPoint *b = s->ring[(i + 1) % n];
		const Liandan__RingPoint *after = s->ring[(i + 2) % n];

		if (a->lat_e7 == b->lat_e7 && a->lon_e7 == b->lon_e7)
			return ld_refuse(j, LIANDAN__REASON__QUANTITY,
					 "ring point %zu is there twice", i + 1);
		if (on_edge(a, b, after) || on_edge(b, after, a))
			return ld_refuse(j, LIANDAN__REASON__QUANTITY,
					 "the ring turns back on itself at point %zu",
					 (i + 1) % n + 1);
		/* edges that are neighbours share a point: those further on may not */
		for (size_t k = i + 2; k < n && !(i == 0 && k == n - 1); k++)
			if (edges_meet(a, b, s->ring[k], s->ring[(k + 1) % n]))
				return ld_refuse(j, LIANDAN__REASON__QUANTITY,
						 "the ring crosses itself: edges %zu and %zu",
						 i + 1, k + 1);
		area += turn(s->ring[0], a, b);
	}
	if (area == 0)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "the ring has no area");
	return true;
}

bool ld_ring_judge(const Liandan__SiteRegistered *s, struct ld_judgement *j)
{
	if (s->n_ring < 3 || s->n_ring > LD_MAX_RING_POINTS)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "a ring has 3 to %d points",
				 LD_MAX_RING_POINTS);
	return ring_extent(s, j) && ring_simple(s, j);
}
