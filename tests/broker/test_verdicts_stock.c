/* ACCEPTED with violations: what the rules of the stock and of its masses record. Each reason, over
 * MQTT 5 and 3.1.1. */
#include "tests/broker/verdicts.h"

#include <string.h>

#include "plugin/custody/rules.h"
#include "plugin/custody/year.h"

#define TEXT(s) ((char *)(uintptr_t)(s))
#define BUILD(name)                                                                                \
	static Liandan__Event *name(struct rig *x, struct signer **by, struct signer **co)

static struct rig rig;

static int setup(void **state)
{
	(void)state;
	rig_start(&rig, "plugin_opt_custody_per_s 100000\n", NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_end(&rig);
	return 0;
}

/* ---- repacking ---- */

static Liandan__StockRepacked *repacked(struct rig *x, const char *site)
{
	Liandan__StockRepacked *b =
	    TRADE_NEW(&x->t, Liandan__StockRepacked, LIANDAN__STOCK_REPACKED__INIT);
	Liandan__RepackInput *none[4] = {NULL};
	Liandan__RepackOutput *out[1];
	Liandan__Line *line = TRADE_NEW(&x->t, Liandan__Line, LIANDAN__LINE__INIT);

	out[0] = TRADE_NEW(&x->t, Liandan__RepackOutput, LIANDAN__REPACK_OUTPUT__INIT);
	line->line = 1;
	line->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	line->code = TEXT(TRADE_CODE);
	line->hazards = LIANDAN__HAZARD__HAZARD_T;
	line->quantity = TRADE_NEW(&x->t, Liandan__Quantity, LIANDAN__QUANTITY__INIT);
	line->quantity->unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	line->quantity->basis = LIANDAN__BASIS__BASIS_WEIGHED;
	out[0]->container = trade_name(&x->t, "box");
	out[0]->line = line;
	b->batch = trade_name(&x->t, "R");
	b->site = TEXT(site);
	b->inputs = trade_dup(&x->t, none, sizeof none);
	b->outputs = trade_dup(&x->t, out, sizeof out);
	b->n_outputs = 1;
	return b;
}

/* Goes in, and comes out again. */
static void put_in(struct rig *x, Liandan__StockRepacked *b, const char *container,
		   const char *code, int64_t mass_g)
{
	Liandan__RepackInput *in =
	    TRADE_NEW(&x->t, Liandan__RepackInput, LIANDAN__REPACK_INPUT__INIT);

	in->container = TEXT(container);
	in->code = TEXT(code);
	in->mass_g = mass_g;
	b->inputs[b->n_inputs++] = in;
	b->outputs[0]->line->quantity->mass_g += mass_g;
}

BUILD(repacked_with_a_gram_too_little)
{
	Liandan__StockRepacked *b = repacked(x, "gen-yard");

	(void)by, (void)co;
	trade_to_stock(&x->t);
	put_in(x, b, x->t.drum, "", TRADE_DRUM_G);
	b->outputs[0]->line->quantity->mass_g--;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_STOCK_REPACKED, b);
}

/* Cyanide and acid. */
BUILD(repacked_with_what_reacts)
{
	Liandan__StockRepacked *b = repacked(x, "gen-yard");

	(void)by, (void)co;
	put_in(x, b, "", "900-028-33", 10);
	put_in(x, b, "", "900-300-34", 10);
	return trade_event(&x->t, LIANDAN__EVENT__BODY_STOCK_REPACKED, b);
}

/* The generator's drum and one of the receiver's own production. */
BUILD(repacked_of_two_generators)
{
	Liandan__StockRepacked *b = repacked(x, "pit-gate");
	Liandan__Event *own;

	(void)co;
	trade_to_accepted(&x->t);
	own = trade_generated(&x->t, trade_name(&x->t, "own"), 50);
	own->waste_generated->site = TEXT("pit-gate");
	x->t.must(&x->t, &x->t.yard, own);
	put_in(x, b, x->t.drum, "", 10);
	put_in(x, b, own->waste_generated->container, "", 10);
	*by = &x->t.pit;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_STOCK_REPACKED, b);
}

/* ---- the year ---- */

static void file_plan(struct rig *x, uint32_t version, int64_t transfer_g)
{
	Liandan__PlanFiled *b = TRADE_NEW(&x->t, Liandan__PlanFiled, LIANDAN__PLAN_FILED__INIT);
	Liandan__PlanLine *line = TRADE_NEW(&x->t, Liandan__PlanLine, LIANDAN__PLAN_LINE__INIT);

	line->code = TEXT(TRADE_CODE);
	line->generate_g = INT64_C(1000000000);
	line->transfer_g = transfer_g;
	b->plan = trade_name(&x->t, "plan");
	b->party = TEXT("gen");
	b->year = ld_china_year(harness_now_ms());
	b->version = version;
	b->lines = trade_dup(&x->t, &line, sizeof line);
	b->n_lines = 1;
	x->t.must(&x->t, &x->t.office, trade_event(&x->t, LIANDAN__EVENT__BODY_PLAN_FILED, b));
}

/* More was sealed by then than the plan has. */
BUILD(sealed_beyond_the_plan)
{
	static uint32_t version;
	Liandan__Event *e;

	(void)by, (void)co;
	file_plan(x, ++version, 1);
	trade_to_draft(&x->t);
	e = trade_sealed(&x->t);
	return e;
}

/* A licence for 600 kg a year, and one gram less. */
BUILD(accepted_beyond_the_licence)
{
	Liandan__LicenceGranted *b =
	    TRADE_NEW(&x->t, Liandan__LicenceGranted, LIANDAN__LICENCE_GRANTED__INIT);
	static char *codes[1] = {TEXT("*")};
	Liandan__Event *e;

	(void)co;
	b->licence = TEXT("small");
	b->party = TEXT("pit");
	b->kind = LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE;
	b->codes = codes;
	b->n_codes = 1;
	b->annual_g = TRADE_DRUM_G + TRADE_BULK_G - 1;
	b->to_ms = harness_now_ms() + LD_DAY_MS;
	x->t.must(&x->t, &x->h.world.authority,
		  trade_event(&x->t, LIANDAN__EVENT__BODY_LICENCE_GRANTED, b));
	trade_to_received(&x->t);
	x->t.must(&x->t, &x->t.scale, trade_weighed(&x->t, "scale", TRADE_DRUM_G + TRADE_BULK_G));
	e = trade_accepted(&x->t);
	*by = &x->t.pit;
	return e;
}

/* ---- storage ---- */

/* 3 t and a gram at a storage point. */
BUILD(generated_beyond_a_storage_point)
{
	Liandan__SiteRegistered *b =
	    TRADE_NEW(&x->t, Liandan__SiteRegistered, LIANDAN__SITE_REGISTERED__INIT);
	static const int32_t corner[3][2] = {
	    {310000000, 1210000000}, {310010000, 1210000000}, {310000000, 1210010000}};
	Liandan__RingPoint *ring[3];
	Liandan__Event *e;

	(void)by, (void)co;
	for (size_t i = 0; i < 3; i++) {
		ring[i] = TRADE_NEW(&x->t, Liandan__RingPoint, LIANDAN__RING_POINT__INIT);
		ring[i]->lat_e7 = corner[i][0];
		ring[i]->lon_e7 = corner[i][1];
	}
	b->site = trade_name(&x->t, "point");
	b->party = TEXT("gen");
	b->kind = LIANDAN__SITE_KIND__SITE_KIND_STORAGE;
	b->storage_point = true;
	b->ring = trade_dup(&x->t, ring, sizeof ring);
	b->n_ring = 3;
	x->t.must(&x->t, &x->h.world.authority,
		  trade_event(&x->t, LIANDAN__EVENT__BODY_SITE_REGISTERED, b));
	e = trade_generated(&x->t, NULL, 3000001);
	e->waste_generated->site = b->site;
	return e;
}

/* ---- on the road ---- */

/* T9 may carry a drum. */
BUILD(taken_more_than_the_truck_may_carry)
{
	Liandan__VehicleRegistered *b =
	    TRADE_NEW(&x->t, Liandan__VehicleRegistered, LIANDAN__VEHICLE_REGISTERED__INIT);

	(void)co;
	b->plate = TEXT("T9");
	b->plate_colour = LIANDAN__PLATE_COLOUR__PLATE_COLOUR_YELLOW;
	b->party = TEXT("haul");
	b->permit = TEXT("permit");
	b->kind = LIANDAN__VEHICLE_KIND__VEHICLE_KIND_TRUCK;
	b->max_net_g = TRADE_DRUM_G;
	x->t.must(&x->t, &x->h.world.authority,
		  trade_event(&x->t, LIANDAN__EVENT__BODY_VEHICLE_REGISTERED, b));
	trade_to_offered(&x->t);
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T9", "p-d1");
}

#define CASE(build, reason)                                                                        \
	{                                                                                          \
#build, LIANDAN__REASON__##reason, build                                           \
	}
static const struct rig_case cases[] = {
    CASE(repacked_with_a_gram_too_little, NOT_ADDING),
    CASE(repacked_with_what_reacts, INCOMPATIBLE),
    CASE(repacked_of_two_generators, ORIGINS_MERGED),
    CASE(accepted_beyond_the_licence, LICENCE_EXCEEDED),
    CASE(generated_beyond_a_storage_point, STORAGE_EXCEEDED),
    CASE(taken_more_than_the_truck_may_carry, OVERLOADED),
    CASE(sealed_beyond_the_plan, PLAN_EXCEEDED),
};

static void every_violation(void **state)
{
	(void)state;
	rig_run_flagged(&rig, cases, sizeof cases / sizeof cases[0]);
}

static void table(void **state)
{
	(void)state;
	rig_check_table(&rig, "test_verdicts_stock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_violation),
	    cmocka_unit_test(table),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
