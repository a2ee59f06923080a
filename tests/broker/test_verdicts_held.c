/* HELD, and what becomes of it: applied when its cause comes, with a second receipt; refused when
 * its cause was; bounded. Over MQTT 5 and 3.1.1. That a cause never comes: test_verdicts_time. */
#include "tests/broker/verdicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) ((char *)(uintptr_t)(s))

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

static void both(void (*fn)(void))
{
	static const int versions[] = {MQTT_PROTOCOL_V5, MQTT_PROTOCOL_V311};

	for (size_t i = 0; i < 2; i++) {
		rig_version(&rig, versions[i]);
		trade_begin(&rig.t);
		client_pump(rig.spy, 10);
		client_drop_all(rig.spy);
		fn();
	}
}

/* Of the receiver's yard, so that it waits for nobody's chain but its own. */
static Liandan__Event *after(const uint8_t hash[LD_HASH_BYTES])
{
	Liandan__Event *e = trade_generated(&rig.t, NULL, 1000);
	ProtobufCBinaryData cause =
	    trade_bytes(trade_dup(&rig.t, hash, LD_HASH_BYTES), LD_HASH_BYTES);

	e->waste_generated->site = TEXT("pit-gate");
	e->after = trade_dup(&rig.t, &cause, sizeof cause);
	e->n_after = 1;
	return e;
}

/* HELD: kept without effect, published nowhere but to regulators on refused/. */
static void held(struct signer *by, Liandan__Event *e, Liandan__Reason waits_for,
		 struct rig_answer *out)
{
	struct rig_expect want = {.verdict = LIANDAN__VERDICT__HELD, .reason = waits_for, .on = by};
	char topic[256];

	rig_post(&rig, by, NULL, e, out);
	rig_check(&rig, out, &want);
	assert_true(out->r->details[0] != 0);
	snprintf(topic, sizeof topic, HARNESS_ROOT "o/%s/%s", by->party, by->device);
	client_pump(rig.spy, 50);
	assert_null(client_take(rig.spy, topic, 0));
}

/* Applied: published now, with the exact bytes. */
static void published(const struct signer *by, const struct rig_answer *a)
{
	struct message *m;
	char topic[256];

	snprintf(topic, sizeof topic, HARNESS_ROOT "o/%s/%s", by->party, by->device);
	m = client_take(rig.spy, topic, HARNESS_WAIT_MS);
	assert_non_null(m);
	assert_int_equal(m->len, a->len);
	assert_memory_equal(m->payload, a->bytes, a->len);
	message_free(m);
}

static void publish_accepted(const struct signer *on, const uint8_t *bytes, size_t len,
			     Liandan__Verdict verdict, Liandan__Reason reason)
{
	struct rig_expect want = {.verdict = verdict, .reason = reason, .on = on};
	struct rig_answer a;

	rig_publish(&rig, on, bytes, len, &a);
	rig_check(&rig, &a, &want);
	rig_answer_free(&a);
}

/* The cause is sealed before and sent after. */
static void cause_comes(void)
{
	size_t len;
	uint8_t *cause =
	    harness_seal(&rig.h, &rig.t.office, trade_generated(&rig.t, NULL, 1000), NULL, 0, &len);
	struct rig_answer a;

	held(&rig.t.yard, after(rig.h.sent_hash), LIANDAN__REASON__WAITS_FOR_CAUSE, &a);
	publish_accepted(&rig.t.office, cause, len, LIANDAN__VERDICT__ACCEPTED,
			 LIANDAN__REASON__REASON_NONE);
	rig_applied(&rig, &rig.t.yard, &a, LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE,
		    0);
	published(&rig.t.yard, &a);
	/* the signer's chain went on behind it all the time */
	rig_must(&rig, &rig.t.yard, after(rig.h.sent_hash));
	rig_answer_free(&a);
	free(cause);
}

static void held_then_applied(void **state)
{
	(void)state;
	both(cause_comes);
}

/* The driver's phone sends the arrival, at a wrong gate, before the hand-over: what is wrong with
 * it is flagged when it takes effect. */
static void state_comes(void)
{
	struct rig_answer a;
	Liandan__Event *e;

	trade_to_offered(&rig.t);
	e = trade_arrived(&rig.t, "T1");
	e->arrived->site = TEXT("gen-shed");
	held(&rig.t.d1, e, LIANDAN__REASON__WAITS_FOR_STATE, &a);
	rig_must(&rig, &rig.t.d1, trade_taken(&rig.t, 1, "T1", "p-d1"));
	rig_applied(&rig, &rig.t.d1, &a, LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE,
		    1);
	/* it has taken effect: the receiver can go on */
	rig_must(&rig, &rig.t.pit, trade_received(&rig.t));
	rig_answer_free(&a);
}

static void held_until_the_state_before(void **state)
{
	(void)state;
	both(state_comes);
}

/* Each waits for the one before; the first cause frees them all. */
static void chain_comes(void)
{
	struct rig_answer a[4];
	size_t len;
	uint8_t *cause =
	    harness_seal(&rig.h, &rig.t.office, trade_generated(&rig.t, NULL, 1000), NULL, 0, &len);

	for (size_t i = 0; i < 4; i++)
		held(&rig.t.yard, after(rig.h.sent_hash), LIANDAN__REASON__WAITS_FOR_CAUSE, &a[i]);
	publish_accepted(&rig.t.office, cause, len, LIANDAN__VERDICT__ACCEPTED,
			 LIANDAN__REASON__REASON_NONE);
	for (size_t i = 0; i < 4; i++) {
		rig_applied(&rig, &rig.t.yard, &a[i], LIANDAN__VERDICT__ACCEPTED,
			    LIANDAN__REASON__REASON_NONE, 0);
		rig_answer_free(&a[i]);
	}
	free(cause);
}

static void held_behind_held(void **state)
{
	(void)state;
	both(chain_comes);
}

/* A cause that was refused cannot come any more. */
static void cause_refused(void)
{
	Liandan__Event *e = trade_generated(&rig.t, NULL, 1000);
	size_t len;
	uint8_t *cause;
	struct rig_answer a;

	e->waste_generated->site = TEXT("pit-gate"); /* not the generator's */
	cause = harness_seal(&rig.h, &rig.t.office, e, NULL, 0, &len);
	held(&rig.t.yard, after(rig.h.sent_hash), LIANDAN__REASON__WAITS_FOR_CAUSE, &a);
	publish_accepted(&rig.t.office, cause, len, LIANDAN__VERDICT__REFUSED,
			 LIANDAN__REASON__WRONG_ROLE);
	rig_applied(&rig, &rig.t.yard, &a, LIANDAN__VERDICT__REFUSED, LIANDAN__REASON__OUT_OF_ORDER,
		    0);
	client_pump(rig.spy, 50);
	assert_null(client_take(rig.spy, HARNESS_ROOT "o/pit/yard", 0));
	rig_answer_free(&a);
	free(cause);
}

static void held_then_refused(void **state)
{
	(void)state;
	both(cause_refused);
}

/* The same held event again: a duplicate, HELD, and later still its first verdict. */
static void again(void)
{
	struct rig_answer a, b;
	size_t len;
	uint8_t *cause =
	    harness_seal(&rig.h, &rig.t.office, trade_generated(&rig.t, NULL, 1000), NULL, 0, &len);

	held(&rig.t.yard, after(rig.h.sent_hash), LIANDAN__REASON__WAITS_FOR_CAUSE, &a);
	rig_publish(&rig, &rig.t.yard, a.bytes, a.len, &b);
	assert_non_null(b.r);
	assert_true(b.r->duplicate);
	assert_int_equal(b.r->verdict, LIANDAN__VERDICT__HELD);
	assert_int_equal(b.r->index, a.r->index);
	assert_true(harness_verify(&rig.h, b.r, b.bytes, b.len));
	rig_answer_free(&b);
	publish_accepted(&rig.t.office, cause, len, LIANDAN__VERDICT__ACCEPTED,
			 LIANDAN__REASON__REASON_NONE);
	rig_applied(&rig, &rig.t.yard, &a, LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE,
		    0);
	rig_publish(&rig, &rig.t.yard, a.bytes, a.len, &b);
	assert_non_null(b.r);
	assert_true(b.r->duplicate);
	assert_true(harness_verify(&rig.h, b.r, b.bytes, b.len));
	rig_answer_free(&b);
	rig_answer_free(&a);
	free(cause);
}

static void held_twice(void **state)
{
	(void)state;
	both(again);
}

/* Each party has its share of what may wait for one manifest, and together they have 64. */
static void one_too_many(struct signer *by, Liandan__Event *e)
{
	struct rig_expect want = {
	    .verdict = LIANDAN__VERDICT__REFUSED, .reason = LIANDAN__REASON__LIMIT, .on = by};
	struct rig_answer a;

	rig_post(&rig, by, NULL, e, &a);
	rig_check(&rig, &a, &want);
	rig_answer_free(&a);
}

static void held_limit(void **state)
{
	struct signer *by[] = {&rig.t.pit, &rig.t.d1, &rig.t.d2, &rig.t.dx};
	const size_t shares = LD_MAX_HELD_PER_MANIFEST / LD_MAX_HELD_PER_PARTY;
	struct rig_answer a;

	(void)state;
	rig_version(&rig, MQTT_PROTOCOL_V5);
	trade_begin(&rig.t);
	assert_int_equal(shares, sizeof by / sizeof by[0]);
	for (size_t k = 0; k < shares; k++) {
		for (int i = 0; i < LD_MAX_HELD_PER_PARTY; i++) {
			held(by[k], k ? trade_arrived(&rig.t, "T1") : trade_received(&rig.t),
			     LIANDAN__REASON__WAITS_FOR_STATE, &a);
			rig_answer_free(&a);
		}
		one_too_many(by[k], k ? trade_arrived(&rig.t, "T1") : trade_received(&rig.t));
	}
	/* a fifth party: a generator may be the receiver of what comes back to it */
	one_too_many(&rig.t.office, trade_received(&rig.t));
}

static void counters(void **state)
{
	(void)state;
	rig_check_counters(&rig);
}

static void table(void **state)
{
	(void)state;
	rig_check_table(&rig, "test_verdicts_held");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(held_then_applied), cmocka_unit_test(held_until_the_state_before),
	    cmocka_unit_test(held_behind_held),	 cmocka_unit_test(held_then_refused),
	    cmocka_unit_test(held_twice),	 cmocka_unit_test(held_limit),
	    cmocka_unit_test(counters),		 cmocka_unit_test(table),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
