/* A receipt is believed only with its proof: every change to it, to the event or to the key is
 * noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deploy/cli/client.h"
#include "proto/gate.h"
#include "tests/support/world.h"

struct rig {
	struct world w;
	struct ld_note_key key;
	uint8_t *event;
	size_t event_len;
	Liandan__Receipt *receipt;
	char why[256];
};

static void submit_party(struct rig *r, const char *party)
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
	free(r->event);
	r->event = world_seal(&r->w, &r->w.authority, &e, &r->event_len);
}

static void take_receipt(struct rig *r)
{
	if (r->receipt)
		liandan__receipt__free_unpacked(r->receipt, NULL);
	assert_int_equal(ld_region_flush(r->w.region), LD_OK);
	assert_int_equal(
	    ld_gate_check(&liandan__receipt__descriptor, r->w.receipt, r->w.receipt_len, NULL),
	    LD_OK);
	r->receipt = liandan__receipt__unpack(NULL, r->w.receipt_len, r->w.receipt);
	assert_non_null(r->receipt);
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	world_new(&r->w);
	assert_int_equal(ld_note_vkey_parse(ld_region_vkey(r->w.region), &r->key), LD_OK);
	submit_party(r, "one");
	assert_int_equal(world_submit(&r->w, &r->w.authority, r->event, r->event_len),
			 LIANDAN__VERDICT__ACCEPTED);
	take_receipt(r);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;
	liandan__receipt__free_unpacked(r->receipt, NULL);
	free(r->event);
	EVP_PKEY_free(r->key.pkey);
	world_free(&r->w);
	free(r);
	return 0;
}

static enum ld_err verify(struct rig *r)
{
	return ld_receipt_verify(r->receipt, r->w.receipt, r->w.receipt_len, r->event, r->event_len,
				 &r->key, r->why, sizeof(r->why));
}

static void a_true_receipt_verifies(void **state)
{
	struct rig *r = *state;
	assert_int_equal(verify(r), LD_OK);
}

static void any_changed_field_is_noticed(void **state)
{
	struct rig *r = *state;
	r->receipt->verdict = LIANDAN__VERDICT__REFUSED;
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	r->receipt->verdict = LIANDAN__VERDICT__ACCEPTED;
	r->receipt->reason = LIANDAN__REASON__QUANTITY;
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	r->receipt->reason = LIANDAN__REASON__REASON_NONE;
	r->receipt->recorded_at_ms++;
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	r->receipt->recorded_at_ms--;
	r->receipt->index++;
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	r->receipt->index--;
	assert_int_equal(verify(r), LD_OK);
	char *details = r->receipt->details, other[] = "something else";
	r->receipt->details = other;
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	r->receipt->details = details;
}

static void another_event_is_not_answered(void **state)
{
	struct rig *r = *state;
	submit_party(r, "two"); /* sealed, not the one that the receipt is for */
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	r->receipt->event_hash.len = 0;
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
}

static void without_proof_or_envelope_it_says_so(void **state)
{
	struct rig *r = *state;
	char *proof = r->receipt->tlog_proof, none[] = "";
	r->receipt->tlog_proof = none;
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	r->receipt->tlog_proof = proof;
	assert_int_equal(ld_receipt_verify(r->receipt, r->w.receipt, r->w.receipt_len, NULL, 0,
					   &r->key, r->why, sizeof(r->why)),
			 LD_ERR_NOT_FOUND);
}

static void another_ledgers_key_does_not_do(void **state)
{
	struct rig *r = *state;
	struct ld_key *other;
	struct ld_note_key key = r->key;
	assert_int_equal(ld_key_generate(LIANDAN__ALGORITHM__ALGORITHM_ED25519, &other), LD_OK);
	assert_int_equal(ld_note_key_init(&key, r->key.name, ld_key_pkey(other)), LD_OK);
	assert_int_equal(ld_receipt_verify(r->receipt, r->w.receipt, r->w.receipt_len, r->event,
					   r->event_len, &key, r->why, sizeof(r->why)),
			 LD_ERR_SIGNATURE);
	ld_key_free(other);
}

static void every_bit_of_the_proof_counts(void **state)
{
	struct rig *r = *state;
	char *proof = r->receipt->tlog_proof;
	size_t len = strlen(proof);
	for (size_t i = 0; i < len; i += 7) {
		char saved = proof[i];
		proof[i] = saved == 'A' ? 'B' : 'A';
		assert_int_equal(verify(r), LD_ERR_SIGNATURE);
		proof[i] = saved;
	}
	assert_int_equal(verify(r), LD_OK);
}

static void a_duplicate_has_the_first_verdict_and_a_fresh_proof(void **state)
{
	struct rig *r = *state;
	uint64_t index = r->receipt->index;
	world_party(&r->w, "more", LIANDAN__ROLE__ROLE_CARRIER, LIANDAN__TIER__TIER_KEY);
	assert_int_equal(world_submit(&r->w, &r->w.authority, r->event, r->event_len),
			 LIANDAN__VERDICT__ACCEPTED);
	take_receipt(r);
	assert_true(r->receipt->duplicate);
	assert_int_equal(r->receipt->index, index);
	assert_int_equal(verify(r), LD_OK);
}

static void outside_the_ledger_the_signature_is_checked(void **state)
{
	struct rig *r = *state;
	r->w.authority.seq += 5; /* a gap */
	submit_party(r, "gap");
	assert_int_equal(world_submit(&r->w, &r->w.authority, r->event, r->event_len),
			 LIANDAN__VERDICT__SEQUENCE_GAP);
	take_receipt(r);
	assert_true(r->receipt->signature.len > 0);
	assert_true(r->receipt->expected_seq > 0);
	assert_int_equal(verify(r), LD_OK);
	r->w.receipt[0] ^= 1; /* the bytes that are signed */
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	r->w.receipt[0] ^= 1;
	r->receipt->signature.data[3] ^= 1;
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	r->receipt->signature.len = 0;
	assert_int_equal(verify(r), LD_ERR_NOT_FOUND);
}

/* The second receipt of a held event: its proof is that of the HeldApplied entry, which names the
 * held one. */
static void a_held_event_gets_a_second_receipt_that_verifies(void **state)
{
	struct rig *r = *state;
	Liandan__WasteGenerated g = LIANDAN__WASTE_GENERATED__INIT;
	Liandan__Line line = LIANDAN__LINE__INIT;
	Liandan__Quantity quantity = LIANDAN__QUANTITY__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	struct signer clerk;
	uint8_t *cause, cause_hash[LD_HASH_BYTES];
	size_t cause_len;
	world_party(&r->w, "chemco", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_KEY);
	signer_new(&clerk, "chemco", "office", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&r->w, &clerk, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "wang",
		  LIANDAN__ROLE__ROLE_GENERATOR);
	world_site(&r->w, "s1", "chemco", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 31.0, 121.0,
		   200);
	submit_party(r, "cause"); /* sealed, not sent yet */
	cause = r->event;
	cause_len = r->event_len;
	r->event = NULL;
	memcpy(cause_hash, r->w.last_hash, LD_HASH_BYTES);
	ProtobufCBinaryData after = {LD_HASH_BYTES, cause_hash};
	quantity.mass_g = 1000;
	quantity.unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	quantity.basis = LIANDAN__BASIS__BASIS_ESTIMATED;
	line.line = 1;
	line.code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	char code[] = "900-041-49", batch[] = "B1", site[] = "s1";
	line.code = code;
	line.quantity = &quantity;
	g.batch = batch;
	g.site = site;
	g.line = &line;
	g.destination = LIANDAN__DESTINATION__DESTINATION_STORE;
	e.body_case = LIANDAN__EVENT__BODY_WASTE_GENERATED;
	e.waste_generated = &g;
	e.n_after = 1;
	e.after = &after;
	r->event = world_seal(&r->w, &clerk, &e, &r->event_len);
	assert_int_equal(world_submit(&r->w, &clerk, r->event, r->event_len),
			 LIANDAN__VERDICT__HELD);
	take_receipt(r);
	assert_int_equal(verify(r), LD_OK);
	uint64_t held = r->receipt->index;
	assert_int_equal(world_submit(&r->w, &r->w.authority, cause, cause_len),
			 LIANDAN__VERDICT__ACCEPTED);
	take_receipt(r);
	assert_int_equal(r->receipt->index, held);
	assert_true(r->receipt->applied_index > held);
	assert_int_equal(r->receipt->verdict, LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(verify(r), LD_OK);
	/* it cannot be turned into the answer to another held event, or into another verdict */
	r->receipt->index++;
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	r->receipt->index--;
	r->receipt->verdict = LIANDAN__VERDICT__REFUSED;
	assert_int_equal(verify(r), LD_ERR_SIGNATURE);
	free(cause);
	signer_free(&clerk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_true_receipt_verifies, setup, teardown),
	    cmocka_unit_test_setup_teardown(any_changed_field_is_noticed, setup, teardown),
	    cmocka_unit_test_setup_teardown(another_event_is_not_answered, setup, teardown),
	    cmocka_unit_test_setup_teardown(without_proof_or_envelope_it_says_so, setup, teardown),
	    cmocka_unit_test_setup_teardown(another_ledgers_key_does_not_do, setup, teardown),
	    cmocka_unit_test_setup_teardown(every_bit_of_the_proof_counts, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_duplicate_has_the_first_verdict_and_a_fresh_proof,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(a_held_event_gets_a_second_receipt_that_verifies, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(outside_the_ledger_the_signature_is_checked, setup,
					    teardown),
	};
	if (ld_gate_init() != LD_OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	ld_gate_cleanup();
	return failed;
}
