/* ACCEPTED with violations: what the rules of the stock and of its masses record. Each reason, over
 * MQTT 5 and 3.1.1. */
#include "tests/broker/verdicts.h"

#include <string.h>

#include "plugin/custody/rules.h"

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

#define CASE(build, reason)                                                                        \
	{                                                                                          \
#build, LIANDAN__REASON__##reason, build                                           \
	}
static const struct rig_case cases[] = {
    CASE(repacked_with_a_gram_too_little, NOT_ADDING),
    CASE(repacked_with_what_reacts, INCOMPATIBLE),
    CASE(repacked_of_two_generators, ORIGINS_MERGED),
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
