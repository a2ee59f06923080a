/* Integer geometry and the cache of fences. */
#include "plugin/custody/fence.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/custody/site.h"
#include "plugin/custody/tables.h"

__extension__ typedef __int128 i128;

#define HALF_TURN_E7 INT64_C(1800000000)
#define FULL_TURN_E7 INT64_C(3600000000)
/* 1e-7 degree on the mean sphere of 6,371,008.8 m: 1.11195 cm, times 2^16 */
#define CM_PER_E7_Q16 72873
#define CELL_E7 131072 /* about 1.5 km */
#define MAX_CELLS_PER_SITE 4096
#define MARGIN_MAX_E7 20000 /* grid reaches this far beyond a fence: 220 m on a meridian */
#define GRID_MIN 64u

/* cos of whole degrees, times 2^16 */
static const uint32_t cosine[92] = {
    65536, 65526, 65496, 65446, 65376, 65287, 65177, 65048, 64898, 64729, 64540, 64332,
    64104, 63856, 63589, 63303, 62997, 62672, 62328, 61966, 61584, 61183, 60764, 60326,
    59870, 59396, 58903, 58393, 57865, 57319, 56756, 56175, 55578, 54963, 54332, 53684,
    53020, 52339, 51643, 50931, 50203, 49461, 48703, 47930, 47143, 46341, 45525, 44695,
    43852, 42995, 42126, 41243, 40348, 39441, 38521, 37590, 36647, 35693, 34729, 33754,
    32768, 31772, 30767, 29753, 28729, 27697, 26656, 25607, 24550, 23486, 22415, 21336,
    20252, 19161, 18064, 16962, 15855, 14742, 13626, 12505, 11380, 10252, 9121,	 7987,
    6850,  5712,  4572,	 3430,	2287,  1144,  0,     0,
};

static int64_t cos_q16(int64_t lat_e7)
{
	const int64_t a = lat_e7 < 0 ? -lat_e7 : lat_e7;
	const int64_t deg = a / 10000000;
	const int64_t frac = a % 10000000;

	if (deg >= 90)
		return 0;
	const int64_t lo = cosine[deg];
	const int64_t hi = cosine[deg + 1];

	return lo - (lo - hi) * frac / 10000000;
}

uint32_t ld_isqrt(uint64_t v)
{
	uint64_t root = 0;
	uint64_t bit = UINT64_C(1) << 62;

	while (bit > v)
		bit >>= 2;
	for (; bit != 0; bit >>= 2) {
		if (v >= root + bit) {
			v -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return (uint32_t)root;
}

/* Vector from (lat0, lon0) in centimetres of its local plane; at most 2.0e9 each way. */
static void plane_cm(int32_t lat0, int32_t lon0, int32_t lat, int32_t lon, int64_t cosine_q16,
		     int64_t *x, int64_t *y)
{
	int64_t dlon = (int64_t)lon - lon0;

	if (dlon > HALF_TURN_E7)
		dlon -= FULL_TURN_E7;
	else if (dlon < -HALF_TURN_E7)
		dlon += FULL_TURN_E7;
	*y = ((int64_t)lat - lat0) * CM_PER_E7_Q16 / 65536;
	*x = dlon * CM_PER_E7_Q16 / 65536 * cosine_q16 / 65536;
}

uint64_t ld_geo_dist2_cm(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7)
{
	const int64_t mean = ((int64_t)lat1_e7 + lat2_e7) / 2;
	int64_t x;
	int64_t y;

	plane_cm(lat1_e7, lon1_e7, lat2_e7, lon2_e7, cos_q16(mean), &x, &y);
	return (uint64_t)(x * x) + (uint64_t)(y * y);
}

int64_t ld_geo_dist_m(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7)
{
	return ld_isqrt(ld_geo_dist2_cm(lat1_e7, lon1_e7, lat2_e7, lon2_e7)) / 100;
}

/* Even-odd rule; an edge is crossed by the ray to the east when it spans the latitude half-open. */
static bool ring_holds(const Liandan__SiteRegistered *s, int32_t lat, int32_t lon)
{
	bool in = false;

	for (size_t i = 0, j = s->n_ring - 1; i < s->n_ring; j = i++) {
		const Liandan__RingPoint *a = s->ring[i];
		const Liandan__RingPoint *b = s->ring[j];

		if ((a->lat_e7 > lat) == (b->lat_e7 > lat))
			continue;
		const i128 dy = (i128)b->lat_e7 - a->lat_e7;
		const i128 cross = ((i128)lon - a->lon_e7) * dy -
				   ((i128)b->lon_e7 - a->lon_e7) * ((i128)lat - a->lat_e7);

		if ((cross < 0) == (dy > 0) && cross != 0)
			in = !in;
	}
	return in;
}

/* Is the point within margin of the segment a-b (plane centimetres, the point at the origin)? */
static bool edge_near(int64_t ax, int64_t ay, int64_t bx, int64_t by, int64_t margin_cm)
{
	const i128 dx = (i128)bx - ax;
	const i128 dy = (i128)by - ay;
	const i128 len2 = dx * dx + dy * dy;
	const i128 along = -(ax * dx + ay * dy);
	const i128 m2 = (i128)margin_cm * margin_cm;

	if (along <= 0 || len2 == 0)
		return (i128)ax * ax + (i128)ay * ay <= m2;
	if (along >= len2)
		return (i128)bx * bx + (i128)by * by <= m2;
	/* |cross| / |d| <= margin; coordinates below 2^31 keep cross^2 below 2^127 */
	const i128 cross = ax * dy - ay * dx;

	return cross / 64 * (cross / 64) <= m2 * (len2 / 4096 + 1);
}

bool ld_fence_contains(const Liandan__SiteRegistered *s, int32_t lat_e7, int32_t lon_e7,
		       int64_t margin_m)
{
	const int64_t cosine_q16 = cos_q16(lat_e7);

	if (s->n_ring < 3)
		return false;
	if (ring_holds(s, lat_e7, lon_e7))
		return true;
	if (margin_m == 0)
		return false;
	for (size_t i = 0, j = s->n_ring - 1; i < s->n_ring; j = i++) {
		int64_t ax;
		int64_t ay;
		int64_t bx;
		int64_t by;

		plane_cm(lat_e7, lon_e7, s->ring[j]->lat_e7, s->ring[j]->lon_e7, cosine_q16, &ax,
			 &ay);
		plane_cm(lat_e7, lon_e7, s->ring[i]->lat_e7, s->ring[i]->lon_e7, cosine_q16, &bx,
			 &by);
		if (edge_near(ax, ay, bx, by, (int64_t)margin_m * 100))
			return true;
	}
	return false;
}

/* One site of the cache: everything the hot path asks before the ring itself. */
struct fence {
	Custody__Site *site;
	int64_t south, north, west, east; /* e7, without margin */
	i128 area;
};

struct cell {
	uint64_t key;
	uint32_t fence;
	uint32_t next; /* index + 1 into cells; 0: last */
};

struct ld_site_cache {
	struct ld_watch watch;
	bool built;
	struct fence *fences;
	size_t n, cap;
	uint32_t *bucket; /* index + 1 of the first cell */
	size_t n_buckets;
	struct cell *cells;
	size_t n_cells, cap_cells;
	uint32_t *wide; /* fences too large for the grid */
	size_t n_wide;
};

static struct ld_site_cache *cache_of(struct ld_custody *c)
{
	if (c->sites == NULL)
		c->sites = calloc(1, sizeof *c->sites);
	return c->sites;
}

struct ld_watch *ld_watch_of(struct ld_custody *c)
{
	struct ld_site_cache *k = cache_of(c);

	return k != NULL ? &k->watch : NULL;
}

static void fences_free(struct ld_site_cache *k)
{
	for (size_t i = 0; i < k->n; i++)
		custody__site__free_unpacked(k->fences[i].site, NULL);
	free(k->fences);
	free(k->bucket);
	free(k->cells);
	free(k->wide);
	*k = (struct ld_site_cache){.watch = k->watch};
}

void ld_site_cache_drop(struct ld_custody *c)
{
	if (c->sites == NULL)
		return;
	fences_free(c->sites);
	free(c->sites);
	c->sites = NULL;
}

/* Doubles an array of `size`-byte members; false without memory. */
static bool grow(void **array, size_t *cap, size_t size)
{
	const size_t more = *cap != 0 ? 2 * *cap : 64;
	void *p = realloc(*array, more * size);

	if (p == NULL)
		return false;
	*array = p;
	*cap = more;
	return true;
}

static void fence_measure(struct fence *f)
{
	const Liandan__SiteRegistered *s = f->site->registered;
	i128 twice = 0;

	f->south = f->west = INT64_MAX;
	f->north = f->east = INT64_MIN;
	for (size_t i = 0, j = s->n_ring - 1; i < s->n_ring; j = i++) {
		const int64_t lat = s->ring[i]->lat_e7;
		const int64_t lon = s->ring[i]->lon_e7;

		f->south = lat < f->south ? lat : f->south;
		f->north = lat > f->north ? lat : f->north;
		f->west = lon < f->west ? lon : f->west;
		f->east = lon > f->east ? lon : f->east;
		twice += (i128)s->ring[j]->lon_e7 * lat - (i128)lon * s->ring[j]->lat_e7;
	}
	f->area = twice < 0 ? -twice : twice;
}

struct build {
	struct ld_site_cache *k;
	enum ld_err err;
};

static int build_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct build *b = ctx;
	struct ld_site_cache *k = b->k;
	Custody__Site *site = custody__site__unpack(NULL, len, value);

	(void)key;
	(void)key_len;
	if (site == NULL || site->registered == NULL ||
	    (k->n == k->cap && !grow((void **)&k->fences, &k->cap, sizeof *k->fences))) {
		custody__site__free_unpacked(site, NULL);
		b->err = LD_ERR_NOMEM;
		return 1;
	}
	k->fences[k->n] = (struct fence){.site = site};
	if (site->registered->n_ring >= 3)
		fence_measure(&k->fences[k->n]);
	k->n++;
	return 0;
}

static int64_t cell_of(int64_t e7)
{
	return (e7 + FULL_TURN_E7) / CELL_E7; /* positive: division rounds down */
}

static uint64_t cell_key(int64_t y, int64_t x)
{
	return (uint64_t)y << 32 | (uint64_t)x;
}

static size_t bucket_of(const struct ld_site_cache *k, uint64_t key)
{
	return (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (k->n_buckets - 1);
}

/* The margin in longitude grows with latitude. */
static int64_t margin_lon_e7(int64_t lat_e7)
{
	const int64_t q = cos_q16(lat_e7);

	return q < 4096 ? HALF_TURN_E7 : (int64_t)MARGIN_MAX_E7 * 65536 / q;
}

static bool grid_add(struct ld_site_cache *k, uint32_t index)
{
	const struct fence *f = &k->fences[index];
	const int64_t far = -f->south > f->north ? f->south : f->north;
	const int64_t mx = margin_lon_e7(far);
	const int64_t y0 = cell_of(f->south - MARGIN_MAX_E7);
	const int64_t y1 = cell_of(f->north + MARGIN_MAX_E7);
	const int64_t x0 = cell_of(f->west - mx);
	const int64_t x1 = cell_of(f->east + mx);

	if ((y1 - y0 + 1) * (x1 - x0 + 1) > MAX_CELLS_PER_SITE) {
		k->wide[k->n_wide++] = index;
		return true;
	}
	for (int64_t y = y0; y <= y1; y++) {
		for (int64_t x = x0; x <= x1; x++) {
			if (k->n_cells == k->cap_cells &&
			    !grow((void **)&k->cells, &k->cap_cells, sizeof *k->cells))
				return false;
			k->cells[k->n_cells++] =
			    (struct cell){.key = cell_key(y, x), .fence = index};
		}
	}
	return true;
}

static enum ld_err grid_build(struct ld_site_cache *k)
{
	k->wide = malloc((k->n + 1) * sizeof *k->wide);
	if (k->wide == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < k->n; i++) {
		const Liandan__SiteRegistered *s = k->fences[i].site->registered;

		if (s->n_ring < 3 || s->kind == LIANDAN__SITE_KIND__SITE_KIND_RED_ZONE)
			continue;
		if (!grid_add(k, (uint32_t)i))
			return LD_ERR_NOMEM;
	}
	for (k->n_buckets = GRID_MIN; k->n_buckets < k->n_cells;)
		k->n_buckets *= 2;
	k->bucket = calloc(k->n_buckets, sizeof *k->bucket);
	if (k->bucket == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = k->n_cells; i-- > 0;) {
		const size_t b = bucket_of(k, k->cells[i].key);

		k->cells[i].next = k->bucket[b];
		k->bucket[b] = (uint32_t)i + 1;
	}
	return LD_OK;
}

/* NULL: no memory or no state; the caller then knows no site. */
static struct ld_site_cache *fences_of(struct ld_custody *c)
{
	struct ld_site_cache *k = cache_of(c);
	struct build b = {.k = k};

	if (k == NULL || k->built)
		return k;
	enum ld_err err = ld_state_walk(c->state, LD_T_SITE, NULL, 0, NULL, 0, build_one, &b, NULL);

	if (err == LD_OK || err == LD_ERR_NOT_FOUND)
		err = b.err;
	if (err == LD_OK)
		err = grid_build(k);
	if (err != LD_OK) {
		fences_free(k);
		return NULL;
	}
	k->built = true;
	return k;
}

/* The best so far: strictly inside beats near, then the smaller area, then the earlier id. */
struct pick {
	int64_t lat, lon, t_ms;
	int64_t mx;
	int64_t margin_m;
	const struct fence *best;
	bool strict;
};

static void pick_try(struct pick *p, const struct fence *f)
{
	const Liandan__SiteRegistered *s = f->site->registered;
	const int64_t my = p->margin_m != 0 ? MARGIN_MAX_E7 : 0;

	if (p->lat < f->south - my || p->lat > f->north + my || p->lon < f->west - p->mx ||
	    p->lon > f->east + p->mx)
		return;
	if (p->t_ms != 0 && (p->t_ms < s->from_ms || (s->to_ms != 0 && p->t_ms >= s->to_ms)))
		return;
	const bool strict = ring_holds(s, (int32_t)p->lat, (int32_t)p->lon);

	if (!strict && (p->strict || p->margin_m == 0))
		return;
	if (p->best != NULL && strict == p->strict &&
	    (f->area > p->best->area || (f->area == p->best->area && f > p->best)))
		return;
	if (!strict && !ld_fence_contains(s, (int32_t)p->lat, (int32_t)p->lon, p->margin_m))
		return;
	p->best = f;
	p->strict = strict;
}

const Liandan__SiteRegistered *ld_fence_at(struct ld_custody *c, int32_t lat_e7, int32_t lon_e7,
					   int64_t t_ms, int64_t margin_m, bool *strict)
{
	struct ld_site_cache *k = fences_of(c);
	struct pick p = {.lat = lat_e7, .lon = lon_e7, .t_ms = t_ms, .margin_m = margin_m};

	*strict = false;
	if (k == NULL || k->n == 0)
		return NULL;
	p.mx = margin_m != 0 ? margin_lon_e7(lat_e7) : 0;
	const uint64_t key = cell_key(cell_of(lat_e7), cell_of(lon_e7));

	for (uint32_t i = k->bucket[bucket_of(k, key)]; i != 0; i = k->cells[i - 1].next)
		if (k->cells[i - 1].key == key)
			pick_try(&p, &k->fences[k->cells[i - 1].fence]);
	for (size_t i = 0; i < k->n_wide; i++)
		pick_try(&p, &k->fences[k->wide[i]]);
	*strict = p.strict;
	return p.best != NULL ? p.best->site->registered : NULL;
}

/* Table order: memcmp of the ids. */
static int id_order(const char *a, const char *b)
{
	return strcmp(a, b);
}

const Liandan__SiteRegistered *ld_fence_find(struct ld_custody *c, const char *site)
{
	struct ld_site_cache *k = fences_of(c);
	size_t lo = 0;
	size_t hi = k != NULL ? k->n : 0;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		const Liandan__SiteRegistered *s = k->fences[mid].site->registered;
		const int order = id_order(site, s->site);

		if (order == 0)
			return s;
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

void ld_fence_middle(const Liandan__SiteRegistered *s, int32_t *lat_e7, int32_t *lon_e7)
{
	struct fence f = {
	    .site = &(Custody__Site){.registered = (Liandan__SiteRegistered *)(uintptr_t)s}};

	if (s->n_ring == 0) {
		*lat_e7 = *lon_e7 = 0;
		return;
	}
	fence_measure(&f);
	*lat_e7 = (int32_t)((f.south + f.north) / 2);
	*lon_e7 = (int32_t)((f.west + f.east) / 2);
}
