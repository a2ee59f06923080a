/* Receipts, checked with nothing but the ledger's public key and the envelope they answer. */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/cli.h"
#include "proto/arena.h"
#include "proto/digest.h"
#include "proto/envelope.h"
#include "proto/verdict.h"

static enum ld_err fault(char *why, size_t cap, const char *text)
{
	snprintf(why, cap, "%s", text);
	return LD_ERR_SIGNATURE;
}

static bool equal(ProtobufCBinaryData a, const void *b, size_t len)
{
	return a.len == len && memcmp(a.data, b, len) == 0;
}

/* Hash of the event inside envelope bytes; false when they are none. */
static bool event_hash_of(const uint8_t *envelope, size_t len, uint8_t out[LD_HASH_BYTES])
{
	Liandan__Envelope *e = NULL;
	if (ld_gate_check(&liandan__envelope__descriptor, envelope, len, NULL) == LD_OK)
		e = liandan__envelope__unpack(NULL, len, envelope);
	if (!e)
		return false;
	ld_sha256(e->event.data, e->event.len, out);
	liandan__envelope__free_unpacked(e, NULL);
	return true;
}

/* The receipt carries the leaf itself: it must be about this very event, or be the HeldApplied of
 * it. */
static bool same_violations(const Liandan__Receipt *r, size_t n, Liandan__Violation *const *list)
{
	if (n != r->n_violations)
		return false;
	for (size_t i = 0; i < n; i++) {
		const Liandan__Violation *a = r->violations[i], *b = list[i];
		if (a->reason != b->reason || a->value != b->value ||
		    a->threshold != b->threshold || strcmp(a->subject, b->subject) != 0)
			return false;
	}
	return true;
}

static enum ld_err carried_leaf(const Liandan__Receipt *r, struct ld_hash *leaf, char *why,
				size_t cap)
{
	uint8_t hash[LD_HASH_BYTES];
	bool same = false;
	if (ld_gate_check(&liandan__entry__descriptor, r->entry.data, r->entry.len, NULL) != LD_OK)
		return fault(why, cap, "the entry it carries is not well-formed");
	Liandan__Entry *e = liandan__entry__unpack(NULL, r->entry.len, r->entry.data);
	if (!e)
		return LD_ERR_NOMEM;
	if (r->applied_index && e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT) {
		Liandan__OwnEvent *own =
		    liandan__own_event__unpack(NULL, e->own_event.len, e->own_event.data);
		same = own && own->body_case == LIANDAN__OWN_EVENT__BODY_HELD_APPLIED &&
		       own->held_applied->index == r->index &&
		       own->held_applied->verdict == r->verdict &&
		       own->held_applied->reason == r->reason &&
		       same_violations(r, own->held_applied->n_violations,
				       own->held_applied->violations);
		if (own)
			liandan__own_event__free_unpacked(own, NULL);
	} else if (!r->applied_index && e->content_case == LIANDAN__ENTRY__CONTENT_ENVELOPE) {
		same = event_hash_of(e->envelope.data, e->envelope.len, hash) &&
		       equal(r->event_hash, hash, sizeof(hash)) && e->verdict == r->verdict &&
		       e->reason == r->reason && e->recorded_at_ms == r->recorded_at_ms &&
		       strcmp(e->detail, r->details) == 0 &&
		       same_violations(r, e->n_violations, e->violations);
	}
	liandan__entry__free_unpacked(e, NULL);
	if (!same)
		return fault(why, cap, "the entry it carries is about something else");
	ld_merkle_leaf(r->entry.data, r->entry.len, leaf);
	return LD_OK;
}

/* The leaf as the ledger must have written it (proto/liandan/ledger.proto, Receipt.entry). */
static enum ld_err rebuilt_leaf(const Liandan__Receipt *r, const uint8_t *envelope, size_t len,
				struct ld_hash *leaf)
{
	Liandan__Entry e = LIANDAN__ENTRY__INIT;
	e.recorded_at_ms = r->recorded_at_ms;
	e.verdict = r->verdict;
	e.reason = r->reason;
	e.n_violations = r->n_violations;
	e.violations = r->violations;
	e.content_case = LIANDAN__ENTRY__CONTENT_ENVELOPE;
	e.envelope.len = len;
	memcpy(&e.envelope.data, &envelope, sizeof(envelope)); /* packing only reads it */
	e.detail = r->details;
	size_t n = liandan__entry__get_packed_size(&e);
	uint8_t *bytes = malloc(n);
	if (!bytes)
		return LD_ERR_NOMEM;
	liandan__entry__pack(&e, bytes);
	ld_merkle_leaf(bytes, n, leaf);
	free(bytes);
	return LD_OK;
}

static enum ld_err verify_inside(const Liandan__Receipt *r, const uint8_t *envelope, size_t len,
				 const struct ld_note_key *ledger_key, char *why, size_t cap)
{
	struct ld_hash leaf;
	struct ld_checkpoint cp;
	uint64_t index = 0, claimed = r->applied_index ? r->applied_index : r->index;
	enum ld_err err = LD_OK;
	if (!r->tlog_proof || !*r->tlog_proof)
		return fault(why, cap, "it says \"in the ledger\" and carries no proof");
	if (r->entry.len) {
		err = carried_leaf(r, &leaf, why, cap);
	} else if (envelope) {
		err = rebuilt_leaf(r, envelope, len, &leaf);
	} else {
		snprintf(why, cap, "the envelope that it answers is needed to check it");
		return LD_ERR_NOT_FOUND;
	}
	if (err != LD_OK)
		return err;
	if (ld_tlog_proof_verify(r->tlog_proof, strlen(r->tlog_proof), ledger_key, &leaf, &index,
				 &cp) != LD_OK)
		return fault(
		    why, cap,
		    "the proof does not lead from this event and verdict to a checkpoint that "
		    "the ledger signed");
	if (index != claimed)
		return fault(why, cap, "the proof is for another entry than the receipt names");
	return LD_OK;
}

/* All bytes before field 18, which is the last one written (Receipt.signature). */
static enum ld_err verify_outside(const Liandan__Receipt *r, const uint8_t *bytes, size_t len,
				  const struct ld_note_key *ledger_key, char *why, size_t cap)
{
	size_t tail = r->signature.len + 3; /* two bytes of tag, one of length */
	uint8_t *spki = NULL;
	struct ld_key *key = NULL;
	if (!r->signature.len) {
		snprintf(why, cap, "it stays outside the ledger and is not signed");
		return LD_ERR_NOT_FOUND;
	}
	if (r->signature.len > 127 || len < tail || bytes[len - tail] != 0x92 ||
	    bytes[len - tail + 1] != 0x01)
		return fault(why, cap, "its signature is not where it belongs");
	int n = i2d_PUBKEY(ledger_key->pkey, &spki);
	enum ld_err err =
	    n <= 0 ? LD_ERR_KEY
		   : ld_key_public(spki, (size_t)n, LIANDAN__ALGORITHM__ALGORITHM_ED25519, &key);
	OPENSSL_free(spki);
	if (err == LD_OK)
		err = ld_key_verify(key, LD_RECEIPT_TYPE, bytes, len - tail, r->signature.data,
				    r->signature.len);
	ld_key_free(key);
	return err == LD_OK ? LD_OK : fault(why, cap, "the ledger did not sign this answer");
}

enum ld_err ld_receipt_verify(const Liandan__Receipt *r, const uint8_t *receipt_bytes,
			      size_t receipt_len, const uint8_t *envelope, size_t len,
			      const struct ld_note_key *ledger_key, char *why, size_t cap)
{
	uint8_t hash[LD_HASH_BYTES];
	why[0] = '\0';
	if (envelope) {
		bool parses = event_hash_of(envelope, len, hash);
		if (r->event_hash.len && (!parses || !equal(r->event_hash, hash, sizeof(hash))))
			return fault(why, cap, "it answers another event");
		if (!r->event_hash.len && ld_verdict_in_ledger(r->verdict))
			return fault(why, cap, "it does not say which event it answers");
	}
	if (ld_verdict_in_ledger(r->verdict))
		return verify_inside(r, envelope, len, ledger_key, why, cap);
	return verify_outside(r, receipt_bytes, receipt_len, ledger_key, why, cap);
}
