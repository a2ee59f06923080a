/* The whole way of an event without a broker: genesis, key, track, receipt that verifies; chain
 * verdicts; restart; state = replay(ledger). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/world.h"

#define ACCEPTED LIANDAN__VERDICT__ACCEPTED

static struct signer truck;

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	world_new(w);
	world_party(w, "carrier", LIANDAN__ROLE__ROLE_CARRIER, LIANDAN__TIER__TIER_KEY);
	signer_new(&truck, "carrier", "t1", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_vehicle(w, "A1", "carrier", &truck, "T1");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	signer_free(&truck);
	free(*state);
	return 0;
}

static Liandan__Verdict fix(struct world *w, int k)
{
	return world_fix(w, &truck, "A1", "T1", ld_region_now(w->region) - 100000 + k,
			 31.2 + 0.0001 * k, 121.4, 1000 + k,
			 LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED);
}

/* As a device does it: the leaf is rebuilt from the receipt's fields and the bytes that were sent.
 */
static void verify_receipt(struct world *w, const uint8_t *sent, size_t sent_len)
{
	Liandan__Receipt *rc = liandan__receipt__unpack(NULL, w->receipt_len, w->receipt);
	Liandan__Entry e = LIANDAN__ENTRY__INIT;
	struct ld_core_options opt = {0};
	struct ld_note_key key = {0};
	struct ld_checkpoint cp;
	struct ld_hash leaf;
	uint64_t index;
	uint8_t *bytes;
	size_t n;
	EVP_PKEY *pkey;
	FILE *f;
	char path[128];

	(void)opt;
	assert_non_null(rc);
	snprintf(path, sizeof path, "%s/ledger.key", w->dir);
	f = fopen(path, "r");
	assert_non_null(f);
	{
		char pem[4096];
		struct ld_key *k = NULL;
		size_t len = fread(pem, 1, sizeof pem, f);

		fclose(f);
		assert_int_equal(ld_key_private_pem(pem, len, &k), LD_OK);
		pkey = ld_key_pkey(k);
		assert_int_equal(ld_note_key_init(&key, "liandan/testing/one", pkey), LD_OK);
		e.recorded_at_ms = rc->recorded_at_ms;
		e.verdict = rc->verdict;
		e.reason = rc->reason;
		e.n_violations = rc->n_violations;
		e.violations = rc->violations;
		e.content_case = LIANDAN__ENTRY__CONTENT_ENVELOPE;
		e.envelope.data = (uint8_t *)(uintptr_t)sent;
		e.envelope.len = sent_len;
		e.detail = rc->details;
		n = liandan__entry__get_packed_size(&e);
		bytes = malloc(n);
		assert_non_null(bytes);
		liandan__entry__pack(&e, bytes);
		ld_merkle_leaf(bytes, n, &leaf);
		free(bytes);
		assert_int_equal(ld_tlog_proof_verify(rc->tlog_proof, strlen(rc->tlog_proof), &key,
						      &leaf, &index, &cp),
				 LD_OK);
		assert_int_equal(index, rc->index);
		leaf.b[0] ^= 1;
		assert_int_not_equal(ld_tlog_proof_verify(rc->tlog_proof, strlen(rc->tlog_proof),
							  &key, &leaf, &index, &cp),
				     LD_OK);
		ld_key_free(k);
	}
	liandan__receipt__free_unpacked(rc, NULL);
}

static void test_track_and_receipt(void **state)
{
	struct world *w = *state;
	Liandan__Track t = LIANDAN__TRACK__INIT;
	Liandan__TrackBase base = LIANDAN__TRACK_BASE__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	uint8_t *bytes;
	size_t len;

	e.body_case = LIANDAN__EVENT__BODY_TRACK;
	e.track = &t;
	t.plate = (char *)"A1";
	t.terminal = (char *)"T1";
	t.base_fix = &base;
	base.t_gnss_ms = base.t_device_ms = ld_region_now(w->region) - 1000;
	base.lat_e7 = 312000000;
	base.lon_e7 = 1214000000;
	t.attested_by = LIANDAN__ATTESTATION__ATTESTATION_TERMINAL;
	bytes = world_seal(w, &truck, &e, &len);
	assert_int_equal(world_submit(w, &truck, bytes, len), ACCEPTED);
	assert_int_equal(w->n_receipts, 0); /* nothing before the commit */
	assert_int_equal(ld_region_flush(w->region), LD_OK);
	verify_receipt(w, bytes, len);
	/* the exact event again: its first verdict, no new entry */
	{
		uint64_t size = ld_region_head(w->region)->size;
		size_t receipts = w->n_receipts;

		assert_int_equal(world_submit(w, &truck, bytes, len), ACCEPTED);
		assert_true(w->out.duplicate);
		assert_int_equal(ld_region_head(w->region)->size, size);
		assert_int_equal(w->n_receipts, receipts + 1);
		verify_receipt(w, bytes, len);
	}
	/* and after a restart, from the index */
	world_reopen(w);
	assert_int_equal(world_submit(w, &truck, bytes, len), ACCEPTED);
	assert_true(w->out.duplicate);
	verify_receipt(w, bytes, len);
	free(bytes);
}

static void test_chain(void **state)
{
	struct world *w = *state;
	struct signer saved = truck;

	assert_int_equal(fix(w, 1), ACCEPTED);
	truck.seq += 1; /* one is missing */
	assert_int_equal(fix(w, 2), LIANDAN__VERDICT__SEQUENCE_GAP);
	truck.seq -= 2;
	memset(truck.prev, 7, sizeof truck.prev);
	assert_int_equal(fix(w, 3), LIANDAN__VERDICT__PREVIOUS_MISMATCH);
	truck.seq = saved.seq;
	memcpy(truck.prev, saved.prev, sizeof truck.prev);
	assert_int_equal(fix(w, 4), LIANDAN__VERDICT__SEQUENCE_FORK); /* same seq, other bytes */
	assert_int_equal(w->last_anomaly, LIANDAN__ANOMALY_KIND__SEQUENCE_FORKED);
	assert_int_equal(w->last_level, 4);
}

static void test_outside(void **state)
{
	struct world *w = *state;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;
	uint8_t *bytes;
	size_t len;
	uint64_t size;
	struct signer stranger;

	assert_int_equal(ld_region_flush(w->region), LD_OK);
	size = ld_region_head(w->region)->size;
	assert_int_equal(world_submit(w, &truck, NULL, 0), LIANDAN__VERDICT__MALFORMED);
	assert_int_equal(world_submit(w, &truck, (const uint8_t *)"rubbish", 7),
			 LIANDAN__VERDICT__MALFORMED);
	bytes = calloc(1, LD_MAX_ENVELOPE_BYTES + 1);
	assert_int_equal(world_submit(w, &truck, bytes, LD_MAX_ENVELOPE_BYTES + 1),
			 LIANDAN__VERDICT__TOO_LARGE);
	free(bytes);
	e.body_case = LIANDAN__EVENT__BODY_PARTY_REGISTERED;
	e.party_registered = &p;
	p.party = (char *)"x";
	p.name = (char *)"x";
	p.roles = 1;
	p.tier = LIANDAN__TIER__TIER_KEY;
	p.division = 310000;
	p.from_ms = 1;
	signer_new(&stranger, "carrier", "t9", LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	assert_int_equal(world_send(w, &stranger, &e), LIANDAN__VERDICT__UNKNOWN_KEY);
	signer_free(&stranger);
	bytes = world_seal(w, &w->authority, &e, &len);
	assert_int_equal(world_submit(w, &truck, bytes, len), LIANDAN__VERDICT__WRONG_TOPIC);
	bytes[len - 1] ^= 1;
	w->out.verdict = 0;
	assert_true(world_submit(w, &w->authority, bytes, len) == LIANDAN__VERDICT__BAD_SIGNATURE);
	bytes[len - 1] ^= 1;
	assert_int_equal(world_submit(w, &w->authority, bytes, len), ACCEPTED);
	free(bytes);
	assert_int_equal(ld_region_flush(w->region), LD_OK);
	assert_int_equal(ld_region_head(w->region)->size, size + 1);
	assert_int_equal(world_send(w, &truck, &e),
			 LIANDAN__VERDICT__REFUSED); /* not an authority */
	assert_int_equal(w->out.reason, LIANDAN__REASON__WRONG_ROLE);
}

static void digest_of(struct world *w, struct ld_hash *out)
{
	struct ld_state *scratch = NULL;
	char why[256] = "";

	assert_int_equal(ld_state_open_scratch(&scratch), LD_OK);
	assert_int_equal(ld_region_replay(ld_region_core(w->region), scratch, "testing",
					  ld_region_ledger_id(w->region), 0,
					  ld_region_head(w->region)->size, NULL, NULL, why,
					  sizeof why),
			 LD_OK);
	assert_int_equal(ld_state_digest(scratch, out), LD_OK);
	ld_state_close(scratch);
}

static void test_replay(void **state)
{
	struct world *w = *state;
	struct ld_hash live, replayed;

	for (int i = 0; i < 50; i++)
		assert_int_equal(fix(w, i), ACCEPTED);
	assert_int_equal(ld_region_flush(w->region), LD_OK);
	assert_int_equal(ld_state_digest(ld_region_custody(w->region)->state, &live), LD_OK);
	digest_of(w, &replayed);
	assert_memory_equal(live.b, replayed.b, sizeof live.b);
	world_reopen(w);
	assert_int_equal(ld_state_digest(ld_region_custody(w->region)->state, &live), LD_OK);
	assert_memory_equal(live.b, replayed.b, sizeof live.b);
}

/* A demonstration's fast clock goes on while nobody runs it; a real region's may not be fast at
 * all. */
static void test_demonstration_clock(void **state)
{
	struct world *w = *state;
	int64_t before;
	bool advanced;

	ld_region_close(w->region);
	w->opt.clock_rate = 1000;
	world_open(w);
	usleep(1100000); /* the clock is noted once a second */
	assert_int_equal(ld_region_tick(w->region, &advanced), LD_OK);
	before = ld_region_now(w->region);
	ld_region_close(w->region);
	usleep(300000);
	world_open(w);
	assert_true(ld_region_now(w->region) - before >= 250 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_track_and_receipt, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_chain, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_outside, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_replay, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_demonstration_clock, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
