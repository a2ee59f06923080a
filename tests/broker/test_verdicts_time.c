/* What only time brings, in a demonstration region whose clock runs 43,200 times as fast: a cause
 * that never comes within 72 h (6 s here), a load that arrives late (6 h: half a second). */
#include "tests/broker/verdicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/region.h"
#include "plugin/custody/rules.h"

#define TEXT(s) ((char *)(uintptr_t)(s))
#define RATE "43200"
#define EXPIRES_MS 12000 /* 72 h are 6 s */
#define LATE_MS 900	 /* more than 6 h */

static struct rig rig;

static int setup(void **state)
{
	(void)state;
	rig_start(&rig, "plugin_opt_custody_per_s 100000\nplugin_opt_clock_rate " RATE "\n", NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_end(&rig);
	return 0;
}

/* 4 h are expected and 2 h are given besides; then it is OVERDUE, and when it comes, LATE. */
static void late(int version)
{
	struct rig_expect want = {.verdict = LIANDAN__VERDICT__ACCEPTED,
				  .violation = LIANDAN__REASON__LATE,
				  .on = &rig.t.d1};
	struct rig_answer a;
	struct message *m;
	Liandan__Event *e;

	rig_version(&rig, version);
	trade_begin(&rig.t);
	rig_client(&rig, &rig.t.d1);
	client_drop_all(rig.spy);
	trade_to_taken(&rig.t);
	m = client_take(rig.spy, HARNESS_ROOT "anomaly/2/OVERDUE/+", EXPIRES_MS);
	assert_non_null(m);
	message_free(m);
	client_pump(rig.spy, LATE_MS);
	e = trade_arrived(&rig.t, "T1");
	e->occurred_at_ms =
	    harness_now_ms() + 8 * LD_HOUR_MS; /* the ledger's clock is beyond that */
	rig_post(&rig, &rig.t.d1, NULL, e, &a);
	rig_check(&rig, &a, &want);
	rig_answer_free(&a);
}

static void arrived_late(void **state)
{
	(void)state;
	late(MQTT_PROTOCOL_V5);
	late(MQTT_PROTOCOL_V311);
}

struct hope {
	struct rig_answer held;
	uint8_t *cause; /* sealed, and sent only when it is too late */
	size_t len;
};

static void hold(int version, struct signer *waits, const char *site, struct hope *out)
{
	struct rig_expect want = {.verdict = LIANDAN__VERDICT__HELD,
				  .reason = LIANDAN__REASON__WAITS_FOR_CAUSE,
				  .on = waits};
	ProtobufCBinaryData cause;
	Liandan__Event *e;

	rig_version(&rig, version);
	out->cause = harness_seal(&rig.h, &rig.t.office, trade_generated(&rig.t, NULL, 1000), NULL,
				  0, &out->len);
	cause = trade_bytes(rig.h.sent_hash, LD_HASH_BYTES);
	cause.data = trade_dup(&rig.t, cause.data, cause.len);
	e = trade_generated(&rig.t, NULL, 1000);
	e->waste_generated->site = TEXT(site);
	e->after = trade_dup(&rig.t, &cause, sizeof cause);
	e->n_after = 1;
	rig_post(&rig, waits, NULL, e, &out->held);
	rig_check(&rig, &out->held, &want);
}

static void reported(const struct hope *h)
{
	char topic[128], index[32];
	struct message *m;

	snprintf(topic, sizeof topic, HARNESS_ROOT "anomaly/2/CAUSE_MISSING/%llu",
		 (unsigned long long)h->held.r->index);
	m = client_take(rig.spy, topic, EXPIRES_MS);
	if (!m)
		fail_msg("nothing on %s", topic);
	/* it names the held entry as its subject */
	snprintf(index, sizeof index, "\"%llu\"", (unsigned long long)h->held.r->index);
	assert_non_null(strstr((char *)m->payload, index));
	message_free(m);
}

/* Marked unsupported, never dropped: HeldExpired names it, in the ledger. */
static size_t expired_entries(struct world *w, const struct hope *h)
{
	struct ld_core_reader *reader;
	const uint8_t *bytes;
	size_t len, n = 0;

	assert_int_equal(ld_core_reader_open(ld_region_core(w->region), &reader), LD_OK);
	for (uint64_t i = 0; ld_core_read(reader, i, &bytes, &len) == LD_OK; i++) {
		Liandan__Entry *e = liandan__entry__unpack(NULL, len, bytes);
		Liandan__OwnEvent *own = NULL;

		assert_non_null(e);
		if (e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT)
			own = liandan__own_event__unpack(NULL, e->own_event.len, e->own_event.data);
		if (own && own->body_case == LIANDAN__OWN_EVENT__BODY_HELD_EXPIRED &&
		    own->held_expired->index == h->held.r->index)
			n += own->held_expired->verdict == LIANDAN__VERDICT__REFUSED;
		if (own)
			liandan__own_event__free_unpacked(own, NULL);
		liandan__entry__free_unpacked(e, NULL);
	}
	ld_core_reader_close(reader);
	return n;
}

/* The cause after all: it is accepted, and what had waited for it stays expired. */
static void too_late(struct hope *h)
{
	struct rig_expect want = {.verdict = LIANDAN__VERDICT__ACCEPTED, .on = &rig.t.office};
	struct rig_answer a;

	client_drop_all(rig.spy);
	rig_publish(&rig, &rig.t.office, h->cause, h->len, &a);
	rig_check(&rig, &a, &want);
	rig_answer_free(&a);
	client_pump(rig.spy, 200);
	assert_null(client_take(rig.spy, HARNESS_ROOT "o/pit/yard", 0));
}

static void cause_never_comes(void **state)
{
	struct hope h[2];

	(void)state;
	trade_begin(&rig.t);
	client_pump(rig.spy, 10);
	client_drop_all(rig.spy);
	hold(MQTT_PROTOCOL_V5, &rig.t.yard, "pit-gate", &h[0]);
	hold(MQTT_PROTOCOL_V311, &rig.t.yard, "pit-gate", &h[1]);
	for (int i = 0; i < 2; i++)
		reported(&h[i]);
	for (int i = 0; i < 2; i++)
		too_late(&h[i]);
	rig_check_counters(&rig);
	rig_version(&rig, MQTT_PROTOCOL_V5);
	harness_stop(&rig.h);
	world_open(&rig.h.world);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(expired_entries(&rig.h.world, &h[i]), 1);
		rig_answer_free(&h[i].held);
		free(h[i].cause);
	}
}

static void table(void **state)
{
	(void)state;
	rig_check_table(&rig, "test_verdicts_time");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arrived_late),
	    cmocka_unit_test(cause_never_comes),
	    cmocka_unit_test(table),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
