/* The client's ordered outbox, without a network: receipts are a real ledger's, handed in as if
 * they had come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deploy/cli/client_internal.h"
#include "proto/gate.h"
#include "tests/support/world.h"

struct rig {
	struct world w;
	struct ld_loop *loop;
	struct ld_client *c;
	size_t receipts, covered, stuck, late, answers;
	uint64_t last_tag;
	enum ld_err last_proof;
	Liandan__Verdict last_verdict;
	bool queue_more; /* from inside the callback */
	uint8_t *more;
	size_t more_len;
};

static uint8_t *party_event(struct rig *r, const char *party, size_t *len)
{
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	char name[32];
	snprintf(name, sizeof(name), "%s", party);
	p.party = name;
	p.name = name;
	p.roles = LIANDAN__ROLE__ROLE_GENERATOR;
	p.from_ms = 1;
	e.body_case = LIANDAN__EVENT__BODY_PARTY_REGISTERED;
	e.party_registered = &p;
	return world_seal(&r->w, &r->w.authority, &e, len);
}

static void on_receipt(void *ctx, struct ld_client *c, const struct ld_sent *sent)
{
	struct rig *r = ctx;
	r->receipts++;
	r->covered += sent->covered;
	r->last_tag = sent->tag;
	r->last_proof = sent->proof;
	assert_true(sent->in_ledger);
	if (r->queue_more) {
		r->queue_more = false;
		assert_int_equal(ld_client_queue(c, LD_LANE_CUSTODY, r->more, r->more_len, 77),
				 LD_OK);
	}
}

static void on_stuck(void *ctx, struct ld_client *c, const struct ld_sent *sent)
{
	struct rig *r = ctx;
	(void)c;
	r->stuck++;
	r->last_tag = sent->tag;
	r->last_proof = sent->proof;
	r->last_verdict = sent->receipt->verdict;
}

static void on_late(void *ctx, struct ld_client *c, const Liandan__Receipt *receipt)
{
	struct rig *r = ctx;
	(void)c, (void)receipt;
	r->late++;
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct ld_client_options o;
	memset(&o, 0, sizeof(o));
	world_new(&r->w);
	o.host = "127.0.0.1";
	o.port = 1;
	o.client_id = "bureau/registry";
	snprintf(o.ledger.region, sizeof(o.ledger.region), "%s", ld_region_name(r->w.region));
	snprintf(o.ledger.vkey, sizeof(o.ledger.vkey), "%s", ld_region_vkey(r->w.region));
	memcpy(o.ledger.ledger_id, r->w.ledger_id, LD_HASH_BYTES);
	o.calls.receipt = on_receipt;
	o.calls.stuck = on_stuck;
	o.calls.late_receipt = on_late;
	o.ctx = r;
	assert_int_equal(ld_loop_new(&r->loop), LD_OK);
	assert_int_equal(ld_client_new(r->loop, &o, &r->c), LD_OK);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;
	ld_loop_free(r->loop);
	world_free(&r->w);
	free(r->more);
	free(r);
	return 0;
}

/* Queues n events as telemetry and marks them sent. */
static void queue_sent(struct rig *r, uint8_t **bytes, size_t *len, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char name[8];
		snprintf(name, sizeof(name), "p%zu", i);
		bytes[i] = party_event(r, name, &len[i]);
		assert_int_equal(ld_client_queue(r->c, LD_LANE_TELEMETRY, bytes[i], len[i], i + 1),
				 LD_OK);
	}
	for (struct ld_item *item = r->c->head; item; item = item->next)
		item->sent_at = ld_loop_now();
}

static void submit(struct rig *r, const uint8_t *bytes, size_t len)
{
	world_submit(&r->w, &r->w.authority, bytes, len);
	assert_int_equal(ld_region_flush(r->w.region), LD_OK);
}

static void feed(struct rig *r)
{
	ld_client_on_receipt(r->c, r->w.receipt, r->w.receipt_len);
}

static void one_receipt_covers_what_is_before_it(void **state)
{
	struct rig *r = *state;
	uint8_t *bytes[4];
	size_t len[4];
	queue_sent(r, bytes, len, 4);
	for (size_t i = 0; i < 3; i++)
		submit(r, bytes[i], len[i]);
	feed(r); /* of the third */
	assert_int_equal(r->receipts, 3);
	assert_int_equal(r->covered, 2);
	assert_int_equal(r->last_tag, 3);
	assert_int_equal(r->last_proof, LD_OK);
	assert_int_equal(ld_client_queued(r->c), 1);
	assert_ptr_equal(r->c->head, r->c->tail);
	submit(r, bytes[3], len[3]);
	feed(r);
	assert_int_equal(ld_client_queued(r->c), 0);
	assert_null(r->c->head);
	assert_null(r->c->tail);
	feed(r); /* once more: it answers nothing that waits */
	assert_int_equal(r->late, 1);
	for (size_t i = 0; i < 4; i++)
		free(bytes[i]);
}

static void a_callback_may_queue(void **state)
{
	struct rig *r = *state;
	uint8_t *bytes[2];
	size_t len[2];
	queue_sent(r, bytes, len, 2);
	r->more = party_event(r, "more", &r->more_len);
	r->queue_more = true;
	submit(r, bytes[0], len[0]);
	submit(r, bytes[1], len[1]);
	feed(r);
	assert_int_equal(r->receipts, 2);
	assert_int_equal(ld_client_queued(r->c), 1);
	assert_int_equal(r->c->head->tag, 77);
	assert_ptr_equal(r->c->head, r->c->tail);
	free(bytes[0]);
	free(bytes[1]);
}

static void a_receipt_that_does_not_verify_settles_nothing(void **state)
{
	struct rig *r = *state;
	uint8_t *bytes[1];
	size_t len[1];
	queue_sent(r, bytes, len, 1);
	submit(r, bytes[0], len[0]);
	/* one character of the proof's text */
	uint8_t *proof = memmem(r->w.receipt, r->w.receipt_len, "index ", 6);
	assert_non_null(proof);
	proof[6] = proof[6] == '9' ? '8' : (uint8_t)(proof[6] + 1);
	feed(r);
	assert_int_equal(r->receipts, 0);
	assert_int_equal(r->stuck, 1);
	assert_int_equal(r->last_proof, LD_ERR_SIGNATURE);
	assert_int_equal(ld_client_queued(r->c), 1);
	free(bytes[0]);
}

static void a_gap_that_nothing_queued_fills_stops_the_queue(void **state)
{
	struct rig *r = *state;
	uint8_t *bytes[1];
	size_t len[1];
	r->w.authority.seq += 3;
	queue_sent(r, bytes, len, 1);
	submit(r, bytes[0], len[0]);
	feed(r);
	assert_int_equal(r->stuck, 1);
	assert_int_equal(r->last_verdict, LIANDAN__VERDICT__SEQUENCE_GAP);
	assert_int_equal(r->last_proof, LD_OK); /* the ledger signed it */
	assert_true(r->c->stuck);
	ld_client_drop(r->c);
	assert_false(r->c->stuck);
	assert_int_equal(ld_client_queued(r->c), 0);
	free(bytes[0]);
}

/* Its forerunner is on the way: both are sent again, nobody is told. */
static void a_gap_that_the_queue_fills_is_sent_again(void **state)
{
	struct rig *r = *state;
	uint8_t *bytes[2];
	size_t len[2];
	queue_sent(r, bytes, len, 2);
	submit(r, bytes[1], len[1]); /* the second came first */
	feed(r);
	assert_int_equal(r->stuck, 0);
	assert_int_equal(ld_client_queued(r->c), 2);
	assert_int_equal(r->c->head->sent_at, 0);
	assert_int_equal(r->c->tail->sent_at, 0);
	assert_true(r->c->resume_at > 0);
	free(bytes[0]);
	free(bytes[1]);
}

static void garbage_is_no_receipt(void **state)
{
	struct rig *r = *state;
	uint8_t *bytes[1];
	size_t len[1];
	queue_sent(r, bytes, len, 1);
	ld_client_on_receipt(r->c, NULL, 0);
	ld_client_on_receipt(r->c, (const uint8_t *)"\xff\xff\xff", 3);
	submit(r, bytes[0], len[0]);
	for (size_t n = 0; n < r->w.receipt_len; n += 13)
		ld_client_on_receipt(r->c, r->w.receipt, n); /* cut short */
	assert_int_equal(r->receipts, 0);
	assert_int_equal(ld_client_queued(r->c), 1);
	free(bytes[0]);
}

static void what_is_no_envelope_is_not_queued(void **state)
{
	struct rig *r = *state;
	assert_int_equal(ld_client_queue(r->c, LD_LANE_CUSTODY, (const uint8_t *)"x", 1, 1),
			 LD_ERR_MALFORMED);
	assert_int_equal(ld_client_queued(r->c), 0);
}

static void on_answer(void *ctx, struct ld_client *c, const char *json, size_t len)
{
	struct rig *r = ctx;
	(void)c, (void)len;
	r->answers += json ? 1 : 100;
}

static void questions_have_one_answer(void **state)
{
	struct rig *r = *state;
	assert_int_equal(ld_client_query(r->c, "signer", "{}", 2, on_answer, r), LD_OK);
	assert_int_equal(ld_client_query(r->c, "signer", "{}", 2, on_answer, r), LD_OK);
	ld_client_on_answer(r->c, 1, "{}", 2);
	ld_client_on_answer(r->c, 1, "{}", 2);	/* again */
	ld_client_on_answer(r->c, 99, "{}", 2); /* nobody's */
	assert_int_equal(r->answers, 1);
	ld_client_forget_queries(r->c);
	assert_int_equal(r->answers, 101);
	for (size_t i = 0; i < LD_CLIENT_MAX_QUERIES; i++)
		assert_int_equal(ld_client_query(r->c, "may", "{}", 2, on_answer, r), LD_OK);
	assert_int_equal(ld_client_query(r->c, "may", "{}", 2, on_answer, r), LD_ERR_LIMIT);
}

/* A token is a password: never in clear over a network. */
static void a_token_stays_on_this_machine_without_tls(void **state)
{
	struct rig *r = *state;
	struct ld_client_options o = r->c->opt;
	struct ld_client *c = NULL;
	o.client_id = "bureau/registry";
	o.key = r->w.authority.key;
	o.cafile = NULL;
	o.host = "broker.example";
	assert_int_equal(ld_client_new(r->loop, &o, &c), LD_ERR_CONFIG);
	o.host = "127.0.0.1.example";
	assert_int_equal(ld_client_new(r->loop, &o, &c), LD_ERR_CONFIG);
	o.tls = true;
	assert_int_equal(ld_client_new(r->loop, &o, &c), LD_OK);
	o.client_id = "no-slash";
	assert_int_equal(ld_client_new(r->loop, &o, &c), LD_ERR_ARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_receipt_covers_what_is_before_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_callback_may_queue, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_receipt_that_does_not_verify_settles_nothing, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_gap_that_nothing_queued_fills_stops_the_queue, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_gap_that_the_queue_fills_is_sent_again, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(garbage_is_no_receipt, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_no_envelope_is_not_queued, setup, teardown),
	    cmocka_unit_test_setup_teardown(questions_have_one_answer, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_token_stays_on_this_machine_without_tls, setup,
					    teardown),
	};
	if (ld_gate_init() != LD_OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	ld_gate_cleanup();
	return failed;
}
