/* The registry: vehicles and their terminals, instruments, sites and their rings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "tests/unit/registry_fixture.h"

static Liandan__Reason mount(struct fx *x, struct ld_key *by, const struct ld_key *key,
			     const char *terminal, const char *plate)
{
	Liandan__TerminalMounted m = LIANDAN__TERMINAL_MOUNTED__INIT;
	Liandan__Event e = FX_EVENT(terminal_mounted, TERMINAL_MOUNTED, &m);

	m.key_id = fx_id(key);
	m.terminal = (char *)(uintptr_t)terminal;
	m.plate = (char *)(uintptr_t)plate;
	m.at_ms = FX_NOW;
	return fx_put(x, by, &e);
}

static Liandan__Reason dismount(struct fx *x, struct ld_key *by, const struct ld_key *key,
				const char *terminal, const char *plate)
{
	Liandan__TerminalRemoved r = LIANDAN__TERMINAL_REMOVED__INIT;
	Liandan__Event e = FX_EVENT(terminal_removed, TERMINAL_REMOVED, &r);

	r.key_id = fx_id(key);
	r.terminal = (char *)(uintptr_t)terminal;
	r.plate = (char *)(uintptr_t)plate;
	r.at_ms = FX_NOW;
	return fx_put(x, by, &e);
}

static void test_vehicle(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	Liandan__VehicleRegistered v = LIANDAN__VEHICLE_REGISTERED__INIT;
	Liandan__Event e = FX_EVENT(vehicle_registered, VEHICLE_REGISTERED, &v);
	Custody__Vehicle *rec;

	assert_int_equal(fx_vehicle(x, c.admin, "沪A12345", "carrier"), R(WRONG_ROLE));
	assert_int_equal(fx_vehicle(x, x->authority, "沪A12345", "nobody"), R(UNKNOWN_PARTY));
	assert_int_equal(fx_vehicle(x, x->authority, "沪A12345", "carrier"), OK);
	assert_int_equal(ld_vehicle_get(&x->c, "沪A12345", &rec), LD_OK);
	assert_string_equal(rec->registered->party, "carrier");
	assert_int_equal(rec->terminal_key.len, 0);
	v.plate = "B";
	v.party = "carrier";
	v.tare_g = -1;
	assert_int_equal(fx_put(x, x->authority, &e), R(QUANTITY));
	v.tare_g = 0;
	v.max_net_g = -1;
	assert_int_equal(fx_put(x, x->authority, &e), R(QUANTITY));
	v.max_net_g = 0;
	v.to_ms = -1;
	assert_int_equal(fx_put(x, x->authority, &e), R(QUANTITY));
}

static void test_terminal(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	struct ld_key *t1 = fx_enrolled(x, "carrier", "t1", SUBJECT(TERMINAL), ROLE(TERMINAL));
	struct ld_key *t2 = fx_enrolled(x, "carrier", "t2", SUBJECT(TERMINAL), ROLE(TERMINAL));
	struct ld_key *foreign = fx_enrolled(x, "other", "t9", SUBJECT(TERMINAL), ROLE(TERMINAL));
	struct ld_key *gateway = fx_enrolled(x, "carrier", "gw", SUBJECT(GATEWAY), ROLE(TERMINAL));
	Custody__Vehicle *v;

	assert_int_equal(fx_vehicle(x, x->authority, "A1", "carrier"), OK);
	assert_int_equal(fx_vehicle(x, x->authority, "A2", "carrier"), OK);
	assert_int_equal(mount(x, c.admin, t1, "t1", "A9"), R(UNKNOWN_VEHICLE));
	assert_int_equal(mount(x, c.driver, t1, "t1", "A1"), R(WRONG_ROLE));
	assert_int_equal(mount(x, c.other, t1, "t1", "A1"), R(WRONG_ROLE));
	assert_int_equal(mount(x, c.admin, foreign, "t9", "A1"), R(WRONG_ROLE));
	assert_int_equal(mount(x, c.admin, c.driver, "zhang", "A1"),
			 R(WRONG_ROLE));				    /* no terminal */
	assert_int_equal(mount(x, c.admin, t1, "t2", "A1"), R(WRONG_ROLE)); /* another one's name */
	assert_int_equal(mount(x, c.admin, fx_key(x, ED25519), "t1", "A1"), R(UNKNOWN_SUBJECT));
	assert_int_equal(dismount(x, c.admin, t1, "t1", "A1"), R(OUT_OF_ORDER));
	assert_int_equal(mount(x, c.admin, t1, "t1", "A1"), OK);
	assert_int_equal(ld_vehicle_get(&x->c, "A1", &v), LD_OK);
	assert_string_equal(v->terminal, "t1");
	assert_memory_equal(v->terminal_key.data, ld_key_id(t1), LD_KEY_ID_BYTES);

	/* one terminal never speaks for two vehicles */
	assert_int_equal(mount(x, c.admin, t1, "t1", "A2"), R(ALREADY_EXISTS));
	assert_int_equal(mount(x, c.admin, t1, "t1", "A1"), OK); /* again on the same one */
	/* a new one in its place sets the old one free */
	assert_int_equal(mount(x, x->authority, t2, "t2", "A1"), OK);
	assert_int_equal(mount(x, c.admin, t1, "t1", "A2"), OK);
	assert_int_equal(dismount(x, c.admin, t1, "t1", "A1"), R(OUT_OF_ORDER));
	assert_int_equal(dismount(x, c.other, t2, "t2", "A1"), R(WRONG_ROLE));
	assert_int_equal(dismount(x, c.admin, t2, "t2", "A9"), R(UNKNOWN_VEHICLE));
	assert_int_equal(dismount(x, c.admin, t2, "t2", "A1"), OK);
	assert_int_equal(ld_vehicle_get(&x->c, "A1", &v), LD_OK);
	assert_string_equal(v->terminal, "");
	assert_int_equal(v->terminal_key.len, 0);

	/* an update keeps it, a sale does not */
	assert_int_equal(fx_vehicle(x, x->authority, "A2", "carrier"), OK);
	assert_int_equal(ld_vehicle_get(&x->c, "A2", &v), LD_OK);
	assert_string_equal(v->terminal, "t1");
	assert_int_equal(fx_vehicle(x, x->authority, "A2", "other"), OK);
	assert_int_equal(ld_vehicle_get(&x->c, "A2", &v), LD_OK);
	assert_string_equal(v->terminal, "");
	assert_int_equal(mount(x, c.admin, t1, "t1", "A1"), OK);

	/* a gateway speaks for many */
	assert_int_equal(fx_vehicle(x, x->authority, "A3", "carrier"), OK);
	assert_int_equal(fx_vehicle(x, x->authority, "A4", "carrier"), OK);
	assert_int_equal(mount(x, c.admin, gateway, "x3", "A3"), OK);
	assert_int_equal(mount(x, c.admin, gateway, "x4", "A4"), OK);

	assert_int_equal(fx_revoke(x, c.admin, t2, COMPROMISED, FX_NOW, 0), OK);
	assert_int_equal(mount(x, c.admin, t2, "t2", "A3"), R(OUT_OF_ORDER));
}

static void test_instrument(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	Liandan__WeighingRange r1 = LIANDAN__WEIGHING_RANGE__INIT, r2 = r1;
	Liandan__WeighingRange *ranges[] = {&r1, &r2};
	Liandan__InstrumentRegistered i = LIANDAN__INSTRUMENT_REGISTERED__INIT;
	Liandan__InstrumentVerified v = LIANDAN__INSTRUMENT_VERIFIED__INIT;
	Liandan__Event reg = FX_EVENT(instrument_registered, INSTRUMENT_REGISTERED, &i);
	Liandan__Event ver = FX_EVENT(instrument_verified, INSTRUMENT_VERIFIED, &v);
	Custody__Instrument *rec;

	i.instrument = v.instrument = "W1";
	i.party = "carrier";
	i.kind = LIANDAN__INSTRUMENT_KIND__INSTRUMENT_KIND_TRUCK_SCALE;
	i.class_ = LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_III;
	i.max_g = 60000000;
	i.ranges = ranges;
	i.n_ranges = 2;
	r1.to_g = 30000000;
	r1.e_g = 10000;
	r2.to_g = 60000000;
	r2.e_g = 20000;
	v.at_ms = FX_NOW;
	v.to_ms = FX_NOW + 365 * DAY_MS;
	assert_int_equal(fx_put(x, c.admin, &reg), R(WRONG_ROLE));
	assert_int_equal(fx_put(x, x->authority, &ver), R(UNKNOWN_INSTRUMENT));
	i.party = "nobody";
	assert_int_equal(fx_put(x, x->authority, &reg), R(UNKNOWN_PARTY));
	i.party = "carrier";
	i.site = "S1";
	assert_int_equal(fx_put(x, x->authority, &reg), R(UNKNOWN_SITE));
	i.site = "";
	r2.to_g = 30000000; /* does not grow */
	assert_int_equal(fx_put(x, x->authority, &reg), R(QUANTITY));
	r2.to_g = 59999999; /* ends below Max */
	assert_int_equal(fx_put(x, x->authority, &reg), R(QUANTITY));
	r2.to_g = 60000000;
	r2.e_g = 9999;
	assert_int_equal(fx_put(x, x->authority, &reg), R(QUANTITY));
	r2.e_g = 20000;
	r1.e_g = 0;
	assert_int_equal(fx_put(x, x->authority, &reg), R(QUANTITY));
	r1.e_g = 10000;
	assert_int_equal(fx_put(x, x->authority, &reg), OK);

	v.to_ms = v.at_ms;
	assert_int_equal(fx_put(x, x->authority, &ver), R(QUANTITY));
	v.to_ms = FX_NOW + 365 * DAY_MS;
	assert_int_equal(fx_put(x, c.admin, &ver), R(WRONG_ROLE));
	assert_int_equal(fx_put(x, x->authority, &ver), OK);
	v.at_ms -= 1; /* an older one does not replace it */
	assert_int_equal(fx_put(x, x->authority, &ver), R(OUT_OF_ORDER));
	assert_int_equal(ld_instrument_get(&x->c, "W1", &rec), LD_OK);
	assert_int_equal(rec->verified->at_ms, FX_NOW);

	/* the same scale at another place keeps its verification; another scale has none */
	i.party = "other";
	assert_int_equal(fx_put(x, x->authority, &reg), OK);
	assert_int_equal(ld_instrument_get(&x->c, "W1", &rec), LD_OK);
	assert_string_equal(rec->registered->party, "other");
	assert_non_null(rec->verified);
	r2.to_g = i.max_g = 80000000;
	assert_int_equal(fx_put(x, x->authority, &reg), OK);
	assert_int_equal(ld_instrument_get(&x->c, "W1", &rec), LD_OK);
	assert_null(rec->verified);
}

#define POINTS 300

struct ring {
	Liandan__RingPoint p[POINTS];
	Liandan__RingPoint *list[POINTS];
	Liandan__SiteRegistered s;
};

static void ring_set(struct ring *r, const int32_t (*at)[2], size_t n)
{
	liandan__site_registered__init(&r->s);
	r->s.site = "S1";
	r->s.party = "carrier";
	r->s.kind = LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL;
	r->s.ring = r->list;
	r->s.n_ring = n;
	for (size_t i = 0; i < n; i++) {
		liandan__ring_point__init(&r->p[i]);
		r->p[i].lat_e7 = at[i][0];
		r->p[i].lon_e7 = at[i][1];
		r->list[i] = &r->p[i];
	}
}

static Liandan__Reason ring_try(struct fx *x, const int32_t (*at)[2], size_t n)
{
	struct ring r;
	Liandan__Event e = FX_EVENT(site_registered, SITE_REGISTERED, &r.s);

	ring_set(&r, at, n);
	return fx_put(x, x->authority, &e);
}

#define TRY(x, ...)                                                                                \
	ring_try(x, (const int32_t[][2])__VA_ARGS__,                                               \
		 sizeof((const int32_t[][2])__VA_ARGS__) / sizeof(int32_t[2]))

static void test_rings(void **state)
{
	struct fx *x = *state;

	cast_of(x);
	/* a triangle, either way round, and a square */
	assert_int_equal(
	    TRY(x, {{312000000, 1214000000}, {312010000, 1214000000}, {312000000, 1214010000}}),
	    OK);
	assert_int_equal(
	    TRY(x, {{312000000, 1214010000}, {312010000, 1214000000}, {312000000, 1214000000}}),
	    OK);
	assert_int_equal(TRY(x, {{0, 0}, {0, 1000}, {1000, 1000}, {1000, 0}}), OK);
	/* an L with a point in the middle of an edge */
	assert_int_equal(
	    TRY(x, {{0, 0}, {0, 500}, {0, 1000}, {500, 1000}, {500, 500}, {1000, 500}, {1000, 0}}),
	    OK);
	assert_int_equal(TRY(x, {{0, 0}, {0, 1000}}), R(LIMIT));
	/* no area */
	assert_int_equal(TRY(x, {{0, 0}, {0, 1000}, {0, 2000}}), R(QUANTITY));
	assert_int_equal(TRY(x, {{0, 0}, {0, 1000}, {0, 500}}), R(QUANTITY));
	/* the same point twice: next to each other, closing, far apart */
	assert_int_equal(TRY(x, {{0, 0}, {0, 0}, {0, 1000}, {1000, 0}}), R(QUANTITY));
	assert_int_equal(TRY(x, {{0, 0}, {0, 1000}, {1000, 0}, {0, 0}}), R(QUANTITY));
	assert_int_equal(
	    TRY(x, {{0, 0}, {0, 1000}, {500, 500}, {1000, 1000}, {1000, 0}, {500, 500}}),
	    R(QUANTITY));
	/* a bow tie, a spike, a point that touches an edge */
	assert_int_equal(TRY(x, {{0, 0}, {1000, 1000}, {0, 1000}, {1000, 0}}), R(QUANTITY));
	assert_int_equal(
	    TRY(x, {{0, 0}, {0, 1000}, {1000, 1000}, {2000, 1000}, {1000, 1000}, {1000, 0}}),
	    R(QUANTITY));
	assert_int_equal(TRY(x, {{0, 0}, {0, 1000}, {1000, 1000}, {0, 500}, {1000, 0}}),
			 R(QUANTITY));
	/* off the earth, over the date line, too wide */
	assert_int_equal(TRY(x, {{900000001, 0}, {899990000, 1000}, {899990000, 0}}), R(QUANTITY));
	assert_int_equal(TRY(x, {{INT32_MIN, 0}, {0, 1000}, {1000, 0}}), R(QUANTITY));
	assert_int_equal(TRY(x, {{0, 1800000001}, {0, 1799990000}, {1000, 1799990000}}),
			 R(QUANTITY));
	assert_int_equal(TRY(x, {{0, -1799999000}, {0, 1799999000}, {1000, 1799999000}}),
			 R(QUANTITY));
	/* 50 km is 0.449 degrees on the equator, 0.898 of longitude at 60 degrees north */
	assert_int_equal(TRY(x, {{0, 0}, {4491000, 0}, {0, 1000}}), OK);
	assert_int_equal(TRY(x, {{0, 0}, {4492000, 0}, {0, 1000}}), R(LIMIT));
	assert_int_equal(TRY(x, {{0, 0}, {0, 4491000}, {1000, 0}}), OK);
	assert_int_equal(TRY(x, {{0, 0}, {0, 4492000}, {1000, 0}}), R(LIMIT));
	assert_int_equal(TRY(x, {{600000000, 0}, {600000000, 8980000}, {600001000, 0}}), OK);
	assert_int_equal(TRY(x, {{600000000, 0}, {600000000, 8990000}, {600001000, 0}}), R(LIMIT));
}

static void test_ring_points(void **state)
{
	struct fx *x = *state;
	int32_t at[POINTS][2];

	cast_of(x);
	for (size_t n = LD_MAX_RING_POINTS - 1; n <= LD_MAX_RING_POINTS + 1; n++) {
		for (size_t i = 0; i < n; i++) {
			double a = 6.283185307179586 * (double)i / (double)n;

			at[i][0] = 312000000 + (int32_t)lrint(100000 * sin(a));
			at[i][1] = 1214000000 + (int32_t)lrint(100000 * cos(a));
		}
		assert_int_equal(ring_try(x, (const int32_t(*)[2])at, n),
				 n <= LD_MAX_RING_POINTS ? OK : R(LIMIT));
	}
}

static void test_site(void **state)
{
	static const int32_t at[][2] = {{0, 0}, {0, 1000}, {1000, 0}};
	struct fx *x = *state;
	struct cast c = cast_of(x);
	struct ring r;
	Liandan__Event e = FX_EVENT(site_registered, SITE_REGISTERED, &r.s);
	Custody__Site *rec;

	ring_set(&r, at, 3);
	assert_int_equal(fx_put(x, c.admin, &e), R(WRONG_ROLE));
	r.s.party = "";
	assert_int_equal(fx_put(x, x->authority, &e), R(UNKNOWN_PARTY));
	r.s.party = "nobody";
	assert_int_equal(fx_put(x, x->authority, &e), R(UNKNOWN_PARTY));
	r.s.party = "carrier";
	r.s.capacity_g = -1;
	assert_int_equal(fx_put(x, x->authority, &e), R(QUANTITY));
	r.s.capacity_g = 0;
	r.s.from_ms = 5;
	r.s.to_ms = 4;
	assert_int_equal(fx_put(x, x->authority, &e), R(QUANTITY));
	r.s.to_ms = 6;
	assert_int_equal(fx_put(x, x->authority, &e), OK);
	assert_int_equal(ld_site_get(&x->c, "S1", &rec), LD_OK);
	assert_int_equal(rec->index, x->index);
	/* red zones belong to no party */
	r.s.site = "RED";
	r.s.party = "";
	r.s.kind = LIANDAN__SITE_KIND__SITE_KIND_RED_ZONE;
	assert_int_equal(fx_put(x, x->authority, &e), OK);
	assert_int_equal(ld_site_get(&x->c, "RED", &rec), LD_OK);
	/* a licence may now name the site */
	Liandan__LicenceGranted g = LIANDAN__LICENCE_GRANTED__INIT;
	Liandan__Event grant = FX_EVENT(licence_granted, LICENCE_GRANTED, &g);
	g.licence = "L1";
	g.party = "carrier";
	g.site = "S1";
	g.to_ms = FX_NOW;
	assert_int_equal(fx_put(x, x->authority, &grant), OK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fx_open, fx_close)
	const struct CMUnitTest tests[] = {
	    TEST(test_vehicle), TEST(test_terminal),	TEST(test_instrument),
	    TEST(test_rings),	TEST(test_ring_points), TEST(test_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
