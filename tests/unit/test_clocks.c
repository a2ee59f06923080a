/* Clocks and rules in a region on disk: what they do over restarts, and that a replay does the
 * same. CUSTODY-22; CUSTODY, Time. */
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base64.h"
#include "tests/support/trade.c"
#include "tests/unit/review_fixture.h"

#define ACCEPTED LIANDAN__VERDICT__ACCEPTED
#define HELD LIANDAN__VERDICT__HELD

/* ---- profiles ---- */

static Liandan__Event *adopting(struct review *x, uint32_t version, const char *name, int64_t value)
{
	Liandan__RulesAdopted *b =
	    TRADE_NEW(&x->t, Liandan__RulesAdopted, LIANDAN__RULES_ADOPTED__INIT);
	Liandan__RuleValue *v = TRADE_NEW(&x->t, Liandan__RuleValue, LIANDAN__RULE_VALUE__INIT);
	uint8_t *digest = ld_arena_alloc(&x->t.arena, LD_HASH_BYTES);

	v->name = TEXT(name);
	v->value = value;
	v->source = TEXT("a test");
	b->profile = TEXT("CN-TEST");
	b->version = version;
	b->values = trade_dup(&x->t, &v, sizeof v);
	b->n_values = 1;
	assert_true(ld_rules_digest(&x->t.arena, b, digest));
	b->digest = trade_bytes(digest, LD_HASH_BYTES);
	return trade_event(&x->t, LIANDAN__EVENT__BODY_RULES_ADOPTED, b);
}

static Liandan__Event *after(struct review *x, Liandan__Event *e, const uint8_t hash[LD_HASH_BYTES])
{
	ProtobufCBinaryData cause =
	    trade_bytes(trade_dup(&x->t, hash, LD_HASH_BYTES), LD_HASH_BYTES);

	e->after = trade_dup(&x->t, &cause, sizeof cause);
	e->n_after = 1;
	return e;
}

/* When the clock of the manifest at hand runs out; 0: it does not run. */
static int64_t due(struct review *x, Liandan__DeadlineClock clock)
{
	struct ld_custody *c = ld_region_custody(x->w.region);
	const char *hex;

	ld_arena_reset(c->arena);
	hex = ld_c_hex(c, trade_bytes(x->t.id, sizeof x->t.id));
	return ld_deadline_due(c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, hex, clock);
}
#define DUE(x, CLOCK) due((x), LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_##CLOCK)

/* A profile that comes between a held event and its cause neither judges nor applies it; in a
 * replay neither. */
static void test_rules_between_an_event_and_its_cause(void **state)
{
	struct review *x = *state;
	uint8_t hash[LD_HASH_BYTES], *cause;
	int64_t earliest_ms, latest_ms;
	Liandan__Event *e = trade_weighed(&x->t, "scale", 1000);
	size_t len;

	e->weighed->n_manifests = 0;
	cause = world_seal(&x->w, &x->t.scale, e, &len);
	memcpy(hash, x->w.last_hash, sizeof hash);
	earliest_ms = ld_region_now(x->w.region);
	assert_int_equal(review_send(x, &x->t.office, after(x, trade_created(&x->t), hash)), HELD);
	latest_ms = ld_region_now(x->w.region);
	review_pass(x, LD_MINUTE_MS);
	assert_int_equal(review_send(x, &x->w.authority, adopting(x, 2, "draft_ms", LD_DAY_MS)),
			 ACCEPTED);
	world_reopen(&x->w);
	assert_int_equal(world_submit(&x->w, &x->t.scale, cause, len), ACCEPTED);
	free(cause);
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__DRAFT);
	assert_in_range(DUE(x, DRAFT), earliest_ms + ld_rules_cn.draft_ms,
			latest_ms + ld_rules_cn.draft_ms);
	review_replays(x);
}

/* ---- a manifest that ends without an event that names it ---- */

static Liandan__Event *treating(struct review *x, const char *drum, int64_t mass_g)
{
	Liandan__WasteTreated *b =
	    TRADE_NEW(&x->t, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in =
	    TRADE_NEW(&x->t, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);

	if (drum != NULL)
		in->container = TEXT(drum);
	else
		in->manifest = trade_bytes(x->t.id, sizeof x->t.id);
	in->mass_g = b->loss_g = mass_g;
	b->batch = trade_name(&x->t, "CZ");
	b->site = TEXT("pit-gate");
	b->mode = TEXT("D10");
	b->inputs = trade_dup(&x->t, &in, sizeof in);
	b->n_inputs = 1;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_WASTE_TREATED, b);
}

/* The carrier of the second leg, which there never was, tells of an accident: it waits for that
 * leg. When the last drum is treated the manifest is closed, and it waits no more. CUSTODY-19, 24.
 */
static void test_a_closed_manifest_is_waited_for_no_more(void **state)
{
	struct review *x = *state;
	struct ld_custody *c;
	Liandan__AccidentReported *b;
	Custody__Effect *effect;
	uint8_t hash[LD_HASH_BYTES];
	ProtobufCBinaryData id = trade_bytes(x->t.id, sizeof x->t.id);

	assert_int_equal(review_send(x, &x->w.authority, adopting(x, 2, "close_at_treatment", 1)),
			 ACCEPTED);
	trade_to_accepted(&x->t);
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__ACCEPTED_ALL);
	review_must(&x->t, &x->t.pit, treating(x, NULL, TRADE_BULK_G));
	b = TRADE_NEW(&x->t, Liandan__AccidentReported, LIANDAN__ACCIDENT_REPORTED__INIT);
	b->manifests = trade_dup(&x->t, &id, sizeof id);
	b->n_manifests = 1;
	b->plate = TEXT("T2");
	b->kind = LIANDAN__ACCIDENT_KIND__ACCIDENT_KIND_LEAK;
	assert_int_equal(
	    review_send(x, &x->t.d2, trade_event(&x->t, LIANDAN__EVENT__BODY_ACCIDENT_REPORTED, b)),
	    HELD);
	memcpy(hash, x->w.last_hash, sizeof hash);
	review_pass(x, 1); /* after its start a region asks all that are held */
	review_must(&x->t, &x->t.pit, treating(x, x->t.drum, TRADE_DRUM_G));
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
	review_pass(x, 1);
	c = ld_region_custody(x->w.region);
	assert_int_equal(ld_effect_get(c, hash, &effect), LD_OK);
	assert_int_equal(effect->verdict, LIANDAN__VERDICT__REFUSED);
	review_replays(x);
}

/* ---- the wall clock ---- */

static int64_t ahead_ms; /* of the machine's */

int64_t __real_ld_clock_wall_ms(void);
int64_t __wrap_ld_clock_wall_ms(void);
int64_t __wrap_ld_clock_wall_ms(void)
{
	return __real_ld_clock_wall_ms() + ahead_ms;
}

static int clocks_open(void **state)
{
	struct review *x;

	ahead_ms = 0;
	if (review_open(state) != 0)
		return 1;
	x = *state;
	x->w.opt.accept_clock = true;
	return 0;
}

/* The region is closed for so long. */
static void down(struct review *x, int64_t ms)
{
	ld_region_close(x->w.region);
	ahead_ms += ms;
	world_open(&x->w);
}

/* Time goes by while it runs. */
static void wait_ms(struct review *x, int64_t ms)
{
	ahead_ms += ms;
	x->w.region->clock.base_ms += ms;
}

static void tick(struct review *x)
{
	bool advanced;

	x->w.region->last_time_ms = 0;
	assert_int_equal(ld_region_tick(x->w.region, &advanced), LD_OK);
	assert_int_equal(ld_region_flush(x->w.region), LD_OK);
}

/* Opens, ticks, commits to the ledger and dies before it commits its state. */
static void run_and_crash(struct review *x)
{
	int status = 0;
	pid_t pid;

	ld_region_close(x->w.region);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		bool advanced;

		world_open(&x->w);
		x->w.region->hold_deadlines_until_ms = 0;
		_exit(ld_region_tick(x->w.region, &advanced) != LD_OK ||
		      ld_region_flush(x->w.region) != LD_OK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	world_open(&x->w);
}

/* ---- what the ledger says ---- */

#define MISSED_MAX 2048

struct missed {
	uint64_t index;
	int64_t recorded_ms, due_ms;
	Liandan__DeadlineClock clock;
	char subject[80];
};

static struct missed missed[MISSED_MAX];

static void note(struct missed *m, const Liandan__Entry *e, uint64_t index,
		 const Liandan__DeadlineMissed *d)
{
	m->index = index;
	m->recorded_ms = e->recorded_at_ms;
	m->due_ms = d->due_ms;
	m->clock = d->clock;
	snprintf(m->subject, sizeof m->subject, "%s", d->subject);
}

/* Every DeadlineMissed of the ledger, into `missed`. How many. */
static size_t all_missed(struct review *x)
{
	const uint64_t size = ld_region_head(x->w.region)->size;
	struct ld_core_reader *reader = NULL;
	size_t n = 0;

	assert_int_equal(ld_core_reader_open(ld_region_core(x->w.region), &reader), LD_OK);
	for (uint64_t i = 0; i < size; i++) {
		Liandan__OwnEvent *own = NULL;
		Liandan__Entry *e;
		const uint8_t *bytes;
		size_t len;

		assert_int_equal(ld_core_read(reader, i, &bytes, &len), LD_OK);
		e = liandan__entry__unpack(NULL, len, bytes);
		assert_non_null(e);
		if (e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT)
			own = liandan__own_event__unpack(NULL, e->own_event.len, e->own_event.data);
		if (own != NULL && own->body_case == LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED) {
			assert_true(n < MISSED_MAX);
			note(&missed[n++], e, i, own->deadline_missed);
		}
		liandan__own_event__free_unpacked(own, NULL);
		liandan__entry__free_unpacked(e, NULL);
	}
	ld_core_reader_close(reader);
	return n;
}

/* Entries of one clock of the manifest at hand. */
static size_t entries_of(struct review *x, Liandan__DeadlineClock clock)
{
	const size_t n = all_missed(x);
	char hex[2 * LD_UUID_BYTES + 1];
	size_t found = 0;

	ld_hex_encode(x->t.id, sizeof x->t.id, hex);
	for (size_t i = 0; i < n; i++)
		found += missed[i].clock == clock && strcmp(missed[i].subject, hex) == 0;
	return found;
}
#define ENTRIES(x, CLOCK) entries_of((x), LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_##CLOCK)

static void each_once(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(missed[i].recorded_ms >= missed[i].due_ms);
		for (size_t k = 0; k < i; k++)
			if (missed[i].clock == missed[k].clock &&
			    strcmp(missed[i].subject, missed[k].subject) == 0)
				fail_msg("clock %d of %s: entries %d and %d", (int)missed[i].clock,
					 missed[i].subject, (int)missed[k].index,
					 (int)missed[i].index);
	}
}

/* ---- restarts ---- */

/* One manifest in each state that a clock runs in; nobody does anything any more. */
static void one_of_each(struct review *x)
{
	static void (*const to[])(struct trade *) = {trade_to_draft,   trade_to_sealed,
						     trade_to_offered, trade_to_taken,
						     trade_to_arrived, trade_to_received};

	for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
		trade_begin(&x->t);
		to[i](&x->t);
	}
	trade_begin(&x->t);
	trade_to_sealed(&x->t); /* a fact that waits for ever */
	assert_int_equal(review_send(x, &x->t.pit, trade_received(&x->t)), HELD);
}

/* DRAFT; UNPICKED and PICKUP of three; OFFER; ARRIVAL and LOST; RECEIPT; ACCEPTANCE; HELD. */
#define CLOCKS_OF_EACH 13

/* However often it is stopped, killed before its state is on disk, or left alone. */
static void test_each_clock_once(void **state)
{
	struct review *x = *state;
	size_t n;

	one_of_each(x);
	for (int day = 0; day < 32; day++) {
		wait_ms(x, LD_DAY_MS / 2);
		if (day % 3 != 0)
			tick(x);
		if (day % 2 == 0)
			run_and_crash(x);
		else
			down(x, day % 4 == 1 ? LD_MINUTE_MS : LD_DAY_MS / 2);
		wait_ms(x, LD_HOUR_MS); /* beyond the grace */
		if (day % 5 == 0)
			tick(x);
	}
	wait_ms(x, ld_rules_cn.draft_ms);
	tick(x);
	tick(x);
	n = all_missed(x);
	each_once(n);
	assert_int_equal(n, CLOCKS_OF_EACH);
	review_replays(x);
	down(x, 400 * LD_DAY_MS);
	wait_ms(x, LD_HOUR_MS);
	tick(x);
	assert_int_equal(all_missed(x), CLOCKS_OF_EACH);
	review_replays(x);
}

/* Killed at the worst moment: the entry is on disk, that the clock has run out is not. */
static void test_killed_before_the_state_is_on_disk(void **state)
{
	struct review *x = *state;

	trade_to_draft(&x->t);
	wait_ms(x, ld_rules_cn.draft_ms);
	run_and_crash(x);
	assert_int_equal(ENTRIES(x, DRAFT), 1);
	assert_int_equal(DUE(x, DRAFT), 0);
	wait_ms(x, LD_HOUR_MS);
	tick(x);
	assert_int_equal(ENTRIES(x, DRAFT), 1);
	review_replays(x);
}

/* ---- grace ---- */

static int64_t grace_after(struct review *x, int64_t ms)
{
	const int64_t last = ld_region_head(x->w.region)->last_recorded_at_ms;
	const int64_t slept = ld_region_now(x->w.region) - last;

	assert_true(slept < 2000);
	down(x, ms);
	return x->w.region->hold_deadlines_until_ms - x->w.region->clock.base_ms;
}

/* max(10 min, min(downtime, 1 h)); what the test itself takes is time too. */
static void test_grace_after_downtime(void **state)
{
	struct review *x = *state;
	int64_t grace;

	trade_to_draft(&x->t);
	assert_int_equal(grace_after(x, 0), 10 * LD_MINUTE_MS);
	wait_ms(x, 1);
	trade_to_stock(&x->t);
	assert_int_equal(grace_after(x, 9 * LD_MINUTE_MS), 10 * LD_MINUTE_MS);
	trade_to_stock(&x->t);
	grace = grace_after(x, 25 * LD_MINUTE_MS);
	assert_in_range(grace, 25 * LD_MINUTE_MS, 25 * LD_MINUTE_MS + 5000);
	trade_to_stock(&x->t);
	assert_int_equal(grace_after(x, LD_HOUR_MS + 1), LD_HOUR_MS);
	trade_to_stock(&x->t);
	assert_int_equal(grace_after(x, 30 * LD_DAY_MS), LD_HOUR_MS);
}

/* Due while it was down: not before the grace has passed, then once. */
static void test_a_clock_waits_for_the_outboxes(void **state)
{
	struct review *x = *state;
	int64_t due_ms;

	trade_to_arrived(&x->t);
	due_ms = DUE(x, RECEIPT);
	down(x, 2 * LD_DAY_MS);
	tick(x);
	trade_begin(&x->t); /* others go on meanwhile */
	trade_to_stock(&x->t);
	assert_int_equal(all_missed(x), 0);
	wait_ms(x, LD_HOUR_MS - LD_MINUTE_MS);
	tick(x);
	assert_int_equal(all_missed(x), 0);
	wait_ms(x, LD_MINUTE_MS);
	tick(x);
	assert_int_equal(all_missed(x), 1);
	assert_int_equal(missed[0].due_ms, due_ms);
	assert_int_equal(missed[0].clock, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_RECEIPT);
	down(x, 2 * LD_DAY_MS);
	wait_ms(x, LD_HOUR_MS);
	tick(x);
	assert_int_equal(all_missed(x), 1);
	review_replays(x);
}

/* What was done in time and comes out of an outbox in the grace: no entry, no anomaly. */
static void test_an_outbox_that_comes_in_the_grace(void **state)
{
	struct review *x = *state;
	uint8_t *bytes;
	size_t len;

	trade_to_arrived(&x->t);
	bytes = world_seal(&x->w, &x->t.pit, trade_received(&x->t), &len);
	down(x, 2 * LD_DAY_MS);
	wait_ms(x, 30 * LD_MINUTE_MS);
	assert_int_equal(world_submit(&x->w, &x->t.pit, bytes, len), ACCEPTED);
	free(bytes);
	wait_ms(x, LD_HOUR_MS);
	tick(x);
	assert_int_equal(ENTRIES(x, RECEIPT), 0);
	review_replays(x);
}

/* ---- before any event ---- */

/* No tick has come by: whatever is submitted finds the clock's entry before it. */
static void must_find_it(struct review *x, size_t n)
{
	assert_int_equal(ld_region_flush(x->w.region), LD_OK);
	assert_int_equal(all_missed(x), n);
	assert_true(x->w.out.index > missed[n - 1].index);
	assert_true(ld_region_head(x->w.region)->last_recorded_at_ms >= missed[n - 1].recorded_ms);
}

static void due_now(struct review *x)
{
	trade_begin(&x->t);
	trade_to_draft(&x->t);
	wait_ms(x, ld_rules_cn.draft_ms);
}

static void test_clocks_come_first(void **state)
{
	struct review *x = *state;

	x->w.region->hold_deadlines_until_ms = 0;
	due_now(x);
	trade_to_stock(&x->t); /* stock */
	must_find_it(x, 1);
	due_now(x);
	world_party(&x->w, "late", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_KEY);
	must_find_it(x, 2);
	due_now(x);
	assert_int_equal(world_fix(&x->w, &x->t.t1, "T1", "t1", ld_region_now(x->w.region), 31.0,
				   121.0, 1000, LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED),
			 ACCEPTED);
	must_find_it(x, 3);
	review_replays(x);
}

/* The manifest's own event comes too late by a moment. */
static void test_late_by_a_moment(void **state)
{
	struct review *x = *state;

	x->w.region->hold_deadlines_until_ms = 0;
	due_now(x);
	assert_int_not_equal(review_send(x, &x->t.office, trade_sealed(&x->t)), ACCEPTED);
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__EXPIRED);
	must_find_it(x, 1);
}

/* Straight into state: clocks of manifests that are not here, numbered from `from` on. */
static void crowd(struct review *x, size_t from, size_t n)
{
	struct ld_custody *c = ld_region_custody(x->w.region);
	char subject[2 * LD_UUID_BYTES + 1];

	for (size_t i = from; i < from + n; i++) {
		snprintf(subject, sizeof subject, "%032zx", i);
		assert_int_equal(ld_deadline_set(c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST,
						 subject,
						 LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_OFFER, 1,
						 ld_region_now(x->w.region)),
				 LD_OK);
	}
}

/* What is not recorded does not hold a clock up either. */
static void test_before_what_is_throttled(void **state)
{
	struct review *x = *state;
	size_t n = 0;

	x->w.region->hold_deadlines_until_ms = 0;
	x->w.region->opt.custody_per_s = 1;
	do {
		crowd(x, n++, 1);
		assert_true(n < 5);
	} while (review_send(x, &x->t.office, trade_generated(&x->t, NULL, 1)) == ACCEPTED);
	assert_int_equal(x->w.out.verdict, LIANDAN__VERDICT__THROTTLED);
	assert_int_equal(ld_region_flush(x->w.region), LD_OK);
	assert_int_equal(all_missed(x), n);
}

/* ---- many at once ---- */

/* 500 a tick and event; nothing is recorded before all that are due. */
static void test_five_hundred_at_a_time(void **state)
{
	struct review *x = *state;
	uint8_t *bytes;
	size_t len;

	x->w.region->hold_deadlines_until_ms = 0;
	crowd(x, 0, 1100);
	bytes = world_seal(&x->w, &x->t.office, trade_generated(&x->t, NULL, 1), &len);
	assert_int_equal(world_submit(&x->w, &x->t.office, bytes, len),
			 LIANDAN__VERDICT__THROTTLED);
	assert_int_equal(ld_region_flush(x->w.region), LD_OK);
	assert_int_equal(all_missed(x), 500);
	tick(x);
	assert_int_equal(all_missed(x), 1000);
	assert_int_equal(world_submit(&x->w, &x->t.office, bytes, len), ACCEPTED);
	free(bytes);
	must_find_it(x, 1100);
	for (size_t i = 0; i < 1100; i++)
		assert_true(missed[i].index < x->w.out.index);
	tick(x);
	assert_int_equal(all_missed(x), 1100);
	each_once(1100);
}

/* Both due in one tick, and the first ends the second: that has not run out. */
static void test_ended_by_the_one_before(void **state)
{
	struct review *x = *state;
	Liandan__Event *e;

	x->w.region->hold_deadlines_until_ms = 0;
	trade_to_sealed(&x->t);
	e = trade_offered(&x->t, 1, "haul");
	e->handover_offered->expires_ms = DUE(x, PICKUP) + LD_MINUTE_MS;
	x->t.must(&x->t, &x->t.office, e);
	assert_true(DUE(x, OFFER) > DUE(x, PICKUP));
	wait_ms(x, 20 * LD_DAY_MS);
	tick(x);
	assert_int_equal(ENTRIES(x, PICKUP), 1);
	assert_int_equal(ENTRIES(x, OFFER), 0);
	assert_int_equal(DUE(x, OFFER), 0);
	review_replays(x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clocks_open, review_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_rules_between_an_event_and_its_cause),
	    TEST(test_each_clock_once),
	    TEST(test_killed_before_the_state_is_on_disk),
	    TEST(test_grace_after_downtime),
	    TEST(test_a_clock_waits_for_the_outboxes),
	    TEST(test_an_outbox_that_comes_in_the_grace),
	    TEST(test_clocks_come_first),
	    TEST(test_late_by_a_moment),
	    TEST(test_before_what_is_throttled),
	    TEST(test_five_hundred_at_a_time),
	    TEST(test_ended_by_the_one_before),
	    TEST(test_a_closed_manifest_is_waited_for_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
