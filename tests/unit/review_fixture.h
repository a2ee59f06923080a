/* A trade in process (tests/support/trade.h) for tests that try to break the region: a clock that
 * can be moved, full manifests, state against replay. */
#ifndef LD_TESTS_REVIEW_FIXTURE_H
#define LD_TESTS_REVIEW_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/region_internal.h"
#include "plugin/custody/weigh.h"
#include "tests/support/trade.h"

#define REVIEW_UNUSED __attribute__((unused))

struct review {
	struct world w;
	struct trade t;
};

static REVIEW_UNUSED Liandan__Verdict review_send(struct review *x, struct signer *by,
						  Liandan__Event *e)
{
	Liandan__Verdict v = world_send(&x->w, by, e);

	memcpy(x->t.hash, x->w.last_hash, sizeof x->t.hash);
	return v;
}

static void review_must(struct trade *t, struct signer *by, Liandan__Event *e)
{
	struct review *x = t->ctx;

	if (review_send(x, by, e) == LIANDAN__VERDICT__ACCEPTED)
		return;
	fail_msg("body %d: verdict %d reason %d: %s", (int)e->body_case, (int)x->w.out.verdict,
		 (int)x->w.out.reason, x->w.out.detail);
}

static REVIEW_UNUSED int review_open(void **state)
{
	struct review *x = calloc(1, sizeof *x);

	assert_non_null(x);
	world_new(&x->w);
	trade_found(&x->t, &x->w);
	x->t.must = review_must;
	x->t.ctx = x;
	trade_begin(&x->t);
	*state = x;
	return 0;
}

static REVIEW_UNUSED int review_close(void **state)
{
	struct review *x = *state;

	trade_free(&x->t);
	world_free(&x->w);
	free(x);
	return 0;
}

/* Ledger time jumps ahead; deadlines wait for nobody. */
static REVIEW_UNUSED void review_pass(struct review *x, int64_t ms)
{
	bool advanced;

	x->w.region->clock.base_ms += ms;
	x->w.region->hold_deadlines_until_ms = 0;
	x->w.region->last_time_ms = 0;
	assert_int_equal(ld_region_tick(x->w.region, &advanced), LD_OK);
	assert_int_equal(ld_region_flush(x->w.region), LD_OK);
}

/* State = replay(ledger). */
static REVIEW_UNUSED void review_replays(struct review *x)
{
	struct ld_state *scratch = NULL;
	struct ld_hash live, again;
	char why[256] = "";

	assert_int_equal(ld_region_flush(x->w.region), LD_OK);
	assert_int_equal(ld_state_open_scratch(&scratch), LD_OK);
	assert_int_equal(ld_region_replay(ld_region_core(x->w.region), scratch, "testing",
					  x->w.ledger_id, 0, ld_region_head(x->w.region)->size,
					  NULL, NULL, why, sizeof why),
			 LD_OK);
	assert_int_equal(ld_state_digest(scratch, &again), LD_OK);
	ld_state_close(scratch);
	assert_int_equal(ld_state_digest(ld_region_custody(x->w.region)->state, &live), LD_OK);
	assert_memory_equal(live.b, again.b, sizeof live.b);
}

/* The manifest's record, in the scratch arena. */
static REVIEW_UNUSED Custody__Manifest *review_manifest(struct review *x)
{
	struct ld_custody *c = ld_region_custody(x->w.region);
	Custody__Manifest *m;

	ld_arena_reset(c->arena);
	assert_int_equal(ld_manifest_get(c, trade_bytes(x->t.id, sizeof x->t.id), &m), LD_OK);
	return m;
}

/* The open anomaly of the manifest at hand, or NULL. */
static REVIEW_UNUSED const Custody__Anomaly *
review_anomaly(struct review *x, Liandan__AnomalyKind kind, Liandan__Reason reason)
{
	struct ld_custody *c = ld_region_custody(x->w.region);
	Custody__Anomaly *a;
	const char *hex;

	ld_arena_reset(c->arena);
	hex = ld_c_hex(c, trade_bytes(x->t.id, sizeof x->t.id));
	return ld_anomaly_open(c, kind, reason, hex, hex, &a) == LD_OK ? a : NULL;
}

/* A thousand shares of bulk of 500 g each, of line 1. */
static REVIEW_UNUSED Liandan__Item **review_items(struct review *x)
{
	Liandan__Item **items = ld_arena_alloc(&x->t.arena, LD_MAX_ITEMS * sizeof *items);

	assert_non_null(items);
	for (size_t i = 0; i < LD_MAX_ITEMS; i++) {
		items[i] = TRADE_NEW(&x->t, Liandan__Item, LIANDAN__ITEM__INIT);
		items[i]->line = 1;
		items[i]->mass_g = 500;
		items[i]->count = 1;
	}
	return items;
}

/* Sealed with a thousand items, and offered with the same to "haul": as large as its record gets.
 */
static REVIEW_UNUSED void review_full_manifest(struct review *x)
{
	Liandan__Event *e;

	trade_begin(&x->t);
	x->t.must(&x->t, &x->t.office, trade_generated(&x->t, NULL, INT64_C(500) * LD_MAX_ITEMS));
	e = trade_created(&x->t);
	e->manifest_created->n_lines = 1;
	e->manifest_created->lines[0]->quantity->mass_g = INT64_C(500) * LD_MAX_ITEMS;
	x->t.must(&x->t, &x->t.office, e);
	e = trade_sealed(&x->t);
	e->manifest_sealed->items = review_items(x);
	e->manifest_sealed->n_items = LD_MAX_ITEMS;
	trade_content(&x->t, e->manifest_sealed);
	x->t.must(&x->t, &x->t.office, e);
	e = trade_offered(&x->t, 1, "haul");
	e->handover_offered->items = review_items(x);
	e->handover_offered->n_items = LD_MAX_ITEMS;
	x->t.must(&x->t, &x->t.office, e);
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
}

#endif
