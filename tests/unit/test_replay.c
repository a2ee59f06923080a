/* State = replay(ledger), byte for byte, of what does not go the straight way: storages, stops,
 * pipelines, redirections, milk runs, amendments; live, thrown away, and taken up half-way. */
#include "tests/support/trade.c"
#include "tests/support/trade_story.c"

#include "review_fixture.h"

#include <unistd.h>

static struct signer depot;

static int story_open(void **state)
{
	struct review *x;

	review_open(state);
	x = *state;
	trade_story_found(&x->t, &depot);
	return 0;
}

static int story_close(void **state)
{
	signer_free(&depot);
	return review_close(state);
}

static void digest(struct review *x, struct ld_hash *out)
{
	assert_int_equal(ld_region_flush(x->w.region), LD_OK);
	assert_int_equal(ld_state_digest(ld_region_custody(x->w.region)->state, out), LD_OK);
}

static bool has_state(struct review *x, uint8_t tag, Custody__ManifestState is, uint32_t flags)
{
	const Custody__Manifest *m;

	x->t.id[1] = tag;
	m = review_manifest(x);
	return m->state == is && (m->flags & flags) == flags;
}
#define IS(x, tag, STATE, flags)                                                                   \
	assert_true(has_state((x), (tag), CUSTODY__MANIFEST_STATE__##STATE, (flags)))

/* Each has come to what it tells of, or replaying it would prove nothing. */
static void tell(struct review *x)
{
	trade_tell_storage(&x->t, &depot);
	IS(x, 0, IN_TRANSIT, 0);
	assert_int_not_equal(review_manifest(x)->stopped_ms + review_manifest(x)->stop_from_ms, 0);
	x->t.id[LD_UUID_BYTES - 1]--; /* the one before */
	IS(x, 0, IN_TRANSIT, CUSTODY__MANIFEST_FLAG__FLAG_IN_STORAGE);
	review_replays(x);
	trade_tell_pipeline(&x->t);
	IS(x, 0, SEALED, 0);
	assert_int_equal(review_manifest(x)->n_flows, 1);
	review_replays(x);
	trade_tell_redirections(&x->t);
	IS(x, 0, REJECTED_ALL, 0);
	x->t.id[LD_UUID_BYTES - 1]--;
	IS(x, 0, CLOSED, 0);
	IS(x, 1, CLOSED, 0);
	review_replays(x);
	trade_tell_milk_run(&x->t);
	IS(x, RUN, REJECTED_ALL, 0);
	IS(x, 1, REJECTED_ALL, 0);
	IS(x, 0, CLOSED, 0);
	IS(x, RUN - 1, CLOSED, 0);
	assert_non_null(review_anomaly(x, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL,
				       LIANDAN__REASON__REASON_NONE));
	review_replays(x);
	trade_tell_amendments(&x->t);
	assert_int_equal(review_manifest(x)->version, 2);
	assert_non_null(review_manifest(x)->proposal);
	review_replays(x);
}

static void told(void **state)
{
	tell(*state);
}

/* The clocks of all of it run out, and their entries replay. */
static void and_then_nothing_for_months(void **state)
{
	struct review *x = *state;
	uint64_t before;

	tell(x);
	before = ld_region_head(x->w.region)->size;
	for (int month = 0; month < 14; month++)
		review_pass(x, 30 * LD_DAY_MS);
	assert_true(ld_region_head(x->w.region)->size > before + 10);
	review_replays(x);
}

/* A start without the tables has the same tables. */
static void thrown_away(void **state)
{
	static const char *const files[] = {"data.mdb", "lock.mdb", "mark", "lock"};
	struct review *x = *state;
	struct ld_hash before, after;
	char path[128];

	tell(x);
	digest(x, &before);
	ld_region_close(x->w.region);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/state/%s", x->w.dir, files[i]);
		assert_true(unlink(path) == 0 || i != 0);
	}
	world_open(&x->w);
	digest(x, &after);
	assert_memory_equal(before.b, after.b, sizeof before.b);
}

static void replay_to(struct review *x, struct ld_state *st, uint64_t from, uint64_t to)
{
	char why[256] = "";

	if (ld_region_replay(ld_region_core(x->w.region), st, "testing", x->w.ledger_id, from, to,
			     NULL, NULL, why, sizeof why) != LD_OK)
		fail_msg("%s", why);
}

/* Taken up at any entry: what is not in the tables by then is not anywhere. */
static void taken_up_half_way(void **state)
{
	struct review *x = *state;
	struct ld_state *whole, *parts;
	struct ld_hash a, b;
	uint64_t n;

	tell(x);
	assert_int_equal(ld_region_flush(x->w.region), LD_OK);
	n = ld_region_head(x->w.region)->size;
	assert_int_equal(ld_state_open_scratch(&whole), LD_OK);
	assert_int_equal(ld_state_open_scratch(&parts), LD_OK);
	replay_to(x, whole, 0, n);
	for (uint64_t i = 0; i < n; i++)
		replay_to(x, parts, i, i + 1);
	assert_int_equal(ld_state_digest(whole, &a), LD_OK);
	assert_int_equal(ld_state_digest(parts, &b), LD_OK);
	assert_memory_equal(a.b, b.b, sizeof a.b);
	ld_state_close(whole);
	ld_state_close(parts);
}

#define T(name) cmocka_unit_test_setup_teardown(name, story_open, story_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(told),
	    T(and_then_nothing_for_months),
	    T(thrown_away),
	    T(taken_up_half_way),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
