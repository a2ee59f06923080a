/* Places: distances, fences, the grid, presence. CUSTODY-6. */
#include "tests/unit/custody_rig.h"

#define PLATE "B-7001"

static void square_roots(void **state)
{
	(void)state;
	for (uint64_t v = 0; v < 100000; v++) {
		const uint64_t s = ld_isqrt(v);

		assert_true(s * s <= v && (s + 1) * (s + 1) > v);
	}
	assert_int_equal(ld_isqrt(UINT64_MAX), UINT32_MAX);
	assert_int_equal(ld_isqrt((uint64_t)UINT32_MAX * UINT32_MAX), UINT32_MAX);
	assert_int_equal(ld_isqrt((uint64_t)UINT32_MAX * UINT32_MAX - 1), UINT32_MAX - 1);
}

static void integer_distance_is_the_great_circle_nearby(void **state)
{
	(void)state;
	for (int32_t lat = -800000000; lat <= 800000000; lat += 50000000) {
		for (int32_t d = 10000; d <= 5000000; d *= 5) {
			const int64_t a = ld_geo_dist_m(lat, 1133000000, lat + d, 1133000000 + d);
			const int64_t b = ld_distance_m(lat, 1133000000, lat + d, 1133000000 + d);

			assert_true(llabs(a - b) <= 2 + b / 1000);
		}
	}
	/* over the date line, and nothing overflows at the ends of the world */
	assert_true(ld_geo_dist_m(0, 1799999000, 0, -1799999000) < 30);
	assert_true(ld_geo_dist_m(-900000000, -1800000000, 900000000, 1800000000) > 20000000);
	assert_int_equal(ld_geo_dist_m(5, 5, 5, 5), 0);
	/* one degree of the mean sphere */
	assert_in_range(ld_distance_m(0, 0, 0, 10000000), 111194, 111196);
}

static void ring_with_margin(void **state)
{
	/* an L: the notch is outside */
	static const int32_t at[6][2] = {{0, 0},     {0, 1000},	  {500, 1000},
					 {500, 500}, {1000, 500}, {1000, 0}};
	Liandan__RingPoint p[6];
	Liandan__RingPoint *ring[6];
	Liandan__SiteRegistered s = LIANDAN__SITE_REGISTERED__INIT;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		liandan__ring_point__init(&p[i]);
		p[i].lat_e7 = north(at[i][0]);
		p[i].lon_e7 = east(at[i][1]);
		ring[i] = &p[i];
	}
	s.ring = ring;
	s.n_ring = 6;
	for (int turned = 0; turned < 2; turned++) {
		assert_true(ld_site_contains(&s, north(250), east(250), 0));
		assert_true(ld_site_contains(&s, north(250), east(900), 0));
		assert_true(ld_site_contains(&s, north(900), east(250), 0));
		assert_false(ld_site_contains(&s, north(750), east(750), 0));
		assert_false(ld_site_contains(&s, north(750), east(750), 200));
		assert_true(ld_site_contains(&s, north(750), east(750), 260));
		assert_false(ld_site_contains(&s, north(-90), east(500), 0));
		assert_false(ld_site_contains(&s, north(-90), east(500), 80));
		assert_true(ld_site_contains(&s, north(-90), east(500), 100));
		assert_false(
		    ld_site_contains(&s, north(-90), east(-90), 100)); /* a corner is round */
		for (size_t i = 0; i < 3; i++) {		       /* the other way round */
			Liandan__RingPoint *x = ring[i];

			ring[i] = ring[5 - i];
			ring[5 - i] = x;
		}
	}
	s.n_ring = 2;
	assert_false(ld_site_contains(&s, north(0), east(0), 1000));
}

static void smallest_site_first(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	assert_null(ld_site_at(&r.c, north(0), east(0))); /* no site at all */
	rig_site(&r, "park", "zone", LIANDAN__SITE_KIND__SITE_KIND_TRANSFER, 0, 0,
		 60000); /* too wide for the grid */
	rig_site(&r, "district", "zone", LIANDAN__SITE_KIND__SITE_KIND_TRANSFER, 0, 0, 3000);
	rig_site(&r, "plant", "generator", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 500, 500, 200);
	rig_site(&r, "lake", "", LIANDAN__SITE_KIND__SITE_KIND_RED_ZONE, 500, 500, 50);
	assert_string_equal(ld_site_at(&r.c, north(500), east(500))->site, "plant");
	assert_string_equal(ld_site_at(&r.c, north(1500), east(500))->site, "district");
	assert_string_equal(ld_site_at(&r.c, north(20000), east(500))->site, "park");
	assert_null(ld_site_at(&r.c, north(80000), east(500)));
	assert_string_equal(ld_fence_find(&r.c, "lake")->site, "lake");
	assert_null(ld_fence_find(&r.c, "nowhere"));
	rig_close(&r);
}

/* The grid finds what asking every site finds. */
static void grid_agrees_with_a_scan(void **state)
{
	struct rig r;
	uint32_t seed = 3;
	char ids[200][8];

	(void)state;
	rig_open(&r);
	for (size_t i = 0; i < 200; i++) {
		snprintf(ids[i], sizeof ids[i], "s%03u", (unsigned)i);
		rig_site(&r, ids[i], "x", LIANDAN__SITE_KIND__SITE_KIND_PARKING,
			 (int64_t)(i % 20) * 700, (int64_t)(i / 20) * 700,
			 100 + (int64_t)(i % 7) * 30);
	}
	for (size_t i = 0; i < 3000; i++) {
		seed = seed * 1664525u + 1013904223u;
		const int64_t x = (seed >> 8) % 16000;

		seed = seed * 1664525u + 1013904223u;
		const int64_t y = (seed >> 8) % 9000;
		bool strict;
		bool any = false;
		const Liandan__SiteRegistered *s =
		    ld_fence_at(&r.c, north(y), east(x), 0, 100, &strict);

		for (size_t k = 0; k < 200 && !any; k++)
			any =
			    ld_fence_contains(ld_fence_find(&r.c, ids[k]), north(y), east(x), 100);
		assert_int_equal(any, s != NULL);
		if (s != NULL)
			assert_true(ld_fence_contains(s, north(y), east(x), strict ? 0 : 100));
	}
	rig_close(&r);
}

static void vehicle_at(struct rig *r)
{
	rig_open(r);
	rig_site(r, "plant", "generator", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 0, 0, 200);
	rig_site(r, "works", "receiver", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 20000, 0, 300);
	rig_vehicle(r, PLATE, "carrier", "term-1");
	rig_terminal(r, "term-1");
}

static void presence_from_tracks(void **state)
{
	struct rig r;
	struct rig_fix fix[200];
	size_t n;

	(void)state;
	vehicle_at(&r);
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0), LD_PRESENCE_UNKNOWN);
	/* an hour on the road, ten minutes at the plant, half an hour to the works and on */
	n = rig_drive(fix, 200, -30000, 0, -500, 0, 0, 60 * MIN);
	n += rig_drive(fix + n, 200 - n, 0, 0, 50, 0, 62 * MIN, 72 * MIN);
	rig_track(&r, PLATE, fix, n, (struct rig_how){.parked = false});
	n = rig_drive(fix, 200, 500, 0, 20000, 0, 73 * MIN, 103 * MIN);
	rig_track(&r, PLATE, fix, n, (struct rig_how){.parked = false});
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0 + 70 * MIN), LD_PRESENT);
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0 + 35 * MIN),
			 LD_PRESENT); /* within 30 minutes */
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0 + 31 * MIN), LD_ABSENT);
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "works", T0 + 103 * MIN), LD_PRESENT);
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "works", T0 + 60 * MIN), LD_ABSENT);
	/* before the first fix, at a place nobody knows, for a vehicle nobody knows */
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0 - 60 * MIN),
			 LD_PRESENCE_UNKNOWN);
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "nowhere", T0 + 70 * MIN),
			 LD_PRESENCE_UNKNOWN);
	assert_int_equal(ld_presence(&r.c, r.c.rules, "B-0000", "plant", T0 + 70 * MIN),
			 LD_PRESENCE_UNKNOWN);
	/* other places since: the stay is remembered */
	n = rig_drive(fix, 200, 20000, 0, 40000, 0, 104 * MIN, 140 * MIN);
	rig_track(&r, PLATE, fix, n, (struct rig_how){.parked = false});
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0 + 70 * MIN), LD_PRESENT);
	/* the tracks have not come as far as the event: could it have been back by then? */
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0 + 143 * MIN), LD_ABSENT);
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0 + 168 * MIN),
			 LD_PRESENCE_UNKNOWN);
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0 + 300 * MIN),
			 LD_PRESENCE_UNKNOWN);
	rig_close(&r);
}

static void silence_long_enough_to_have_been_there(void **state)
{
	struct rig r;
	struct rig_fix fix[2] = {{.x = 15000, .t_ms = 0}, {.x = 15000, .t_ms = 10 * MIN}};

	(void)state;
	vehicle_at(&r);
	for (int64_t m = -60; m < 0; m++) {
		const struct rig_fix f = {.x = 15000, .t_ms = m * MIN};

		rig_track(&r, PLATE, &f, 1, (struct rig_how){.parked = false});
	}
	rig_track(&r, PLATE, fix, 2, (struct rig_how){.parked = false});
	/* 15 km there and back take 20 minutes at 90 km/h */
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0 + 5 * MIN), LD_ABSENT);
	fix[0] = (struct rig_fix){.x = 15000, .t_ms = 40 * MIN};
	rig_track(&r, PLATE, fix, 1, (struct rig_how){.parked = false});
	assert_int_equal(ld_presence(&r.c, r.c.rules, PLATE, "plant", T0 + 20 * MIN),
			 LD_PRESENCE_UNKNOWN);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(square_roots),
	    cmocka_unit_test(integer_distance_is_the_great_circle_nearby),
	    cmocka_unit_test(ring_with_margin),
	    cmocka_unit_test(smallest_site_first),
	    cmocka_unit_test(grid_agrees_with_a_scan),
	    cmocka_unit_test(presence_from_tracks),
	    cmocka_unit_test(silence_long_enough_to_have_been_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
