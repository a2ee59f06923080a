#include <stdlib.h>
#include <string.h>

#include "plugin/custody/region_internal.h"
#include "proto/digest.h"
#include "proto/verdict.h"

#define PROOF_CAP (LD_NOTE_MAX_BYTES + 64 * 48 + 128)

static void send_packed(struct ld_region *r, const char *party, const char *device,
			const Liandan__Receipt *rc, const void *correlation, size_t correlation_len)
{
	size_t n = liandan__receipt__get_packed_size(rc);
	uint8_t *bytes = malloc(n);

	if (bytes == NULL)
		return; /* the device sends again and is answered then */
	liandan__receipt__pack(rc, bytes);
	r->opt.sink.receipt(r->opt.sink.ctx, party, device, bytes, n,
			    correlation_len != 0 ? correlation : NULL, correlation_len);
	free(bytes);
}

static bool prove(struct ld_region *r, uint64_t index, char text[PROOF_CAP])
{
	const struct ld_core_head *head = ld_core_head(r->core);
	struct ld_hash proof[LD_MERKLE_MAX_PROOF];
	size_t n, len;

	return ld_core_inclusion(r->reader, index, head->size, proof, &n) == LD_OK &&
	       ld_tlog_proof_write(index, proof, n, head->checkpoint, head->checkpoint_len, text,
				   PROOF_CAP, &len) == LD_OK;
}

/* A held event that took effect: verdict, reason and violations are HeldApplied's, the leaf is its
 * entry. */
static bool fill_applied(struct ld_region *r, uint64_t applied_index, Liandan__Receipt *rc)
{
	const uint8_t *bytes;
	size_t len;
	Liandan__Entry *e;
	Liandan__OwnEvent *own = NULL;

	if (ld_core_read(r->reader, applied_index, &bytes, &len) != LD_OK)
		return false;
	e = liandan__entry__unpack(&r->scratch.pb, len, bytes);
	if (e != NULL && e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT)
		own =
		    liandan__own_event__unpack(&r->scratch.pb, e->own_event.len, e->own_event.data);
	if (own == NULL || own->body_case != LIANDAN__OWN_EVENT__BODY_HELD_APPLIED)
		return false;
	rc->verdict = own->held_applied->verdict;
	rc->reason = own->held_applied->reason;
	rc->n_violations = own->held_applied->n_violations;
	rc->violations = own->held_applied->violations;
	rc->applied_index = applied_index;
	rc->entry = (ProtobufCBinaryData){.len = len, .data = (uint8_t *)(uintptr_t)bytes};
	return true;
}

static ProtobufCBinaryData view(const uint8_t *p, size_t n)
{
	return (ProtobufCBinaryData){.len = n, .data = (uint8_t *)(uintptr_t)p};
}

/* From the committed entries themselves: a receipt says what the ledger holds, not what we
 * remember. */
void ld_receipt_flush(struct ld_region *r, const struct ld_out *o)
{
	Liandan__Receipt rc = LIANDAN__RECEIPT__INIT;
	char proof[PROOF_CAP];
	const uint8_t *bytes;
	size_t len;
	Liandan__Entry *e;
	uint8_t stored_hash[LD_HASH_BYTES];

	if (r->opt.sink.receipt == NULL || ld_core_read(r->reader, o->index, &bytes, &len) != LD_OK)
		return;
	e = liandan__entry__unpack(&r->scratch.pb, len, bytes);
	if (e == NULL || !prove(r, o->applied_index != 0 ? o->applied_index : o->index, proof))
		return;
	ld_sha256(e->envelope.data, e->envelope.len, stored_hash);
	rc.key_id = view(o->key_id, LD_KEY_ID_BYTES);
	rc.epoch = o->epoch;
	rc.seq = o->seq;
	rc.event_hash = view(o->event_hash, LD_HASH_BYTES);
	rc.payload_hash = view(
	    o->duplicate || o->applied_index == 0 ? o->payload_hash : stored_hash, LD_HASH_BYTES);
	rc.recorded_at_ms = e->recorded_at_ms;
	rc.index = o->index;
	rc.tlog_proof = proof;
	rc.duplicate = o->duplicate;
	if (o->applied_index != 0) {
		if (!fill_applied(r, o->applied_index, &rc))
			return;
	} else {
		rc.verdict = e->verdict;
		rc.reason = e->reason;
		rc.details = e->detail;
		rc.n_violations = e->n_violations;
		rc.violations = e->violations;
		if (memcmp(stored_hash, o->payload_hash, LD_HASH_BYTES) != 0)
			rc.entry = view(bytes, len);
	}
	send_packed(r, o->party, o->device, &rc, o->correlation, o->correlation_len);
}

enum ld_err ld_receipt_again(struct ld_region *r, const Custody__Key *key,
			     const struct ld_opened *o, uint64_t index, const void *correlation,
			     size_t correlation_len, struct ld_outcome *out)
{
	Custody__Effect *effect;
	struct ld_out *q;
	const uint8_t *bytes;
	size_t len;
	Liandan__Entry *e;
	enum ld_err err;

	if (index >= ld_core_head(r->core)->size) {
		out->verdict = LIANDAN__VERDICT__ACCEPTED; /* its receipt comes with the commit */
		return LD_OK;
	}
	err = ld_region_reader(r);
	if (err == LD_OK)
		err = ld_core_read(r->reader, index, &bytes, &len);
	if (err != LD_OK)
		return err;
	e = liandan__entry__unpack(&r->scratch.pb, len, bytes);
	if (e == NULL)
		return LD_ERR_CORRUPT;
	out->verdict = e->verdict;
	out->reason = e->reason;
	q = ld_region_out(r, LD_OUT_RECEIPT, NULL, 0);
	if (q == NULL)
		return LD_OK;
	ld_id_copy(q->party, key->party);
	ld_id_copy(q->device, key->device);
	memcpy(q->key_id, o->event->submitter.data, LD_KEY_ID_BYTES);
	memcpy(q->event_hash, o->event_hash, LD_HASH_BYTES);
	ld_sha256(o->bytes, o->len, q->payload_hash);
	q->index = index;
	if (ld_effect_get(&r->custody, o->event_hash, &effect) == LD_OK)
		q->applied_index = effect->applied_index;
	q->epoch = o->event->epoch;
	q->seq = o->event->seq;
	q->duplicate = true;
	if (correlation != NULL && correlation_len <= sizeof q->correlation) {
		memcpy(q->correlation, correlation, correlation_len);
		q->correlation_len = correlation_len;
	}
	if (ld_core_pending(r->core) == 0)
		return ld_region_flush(r);
	return LD_OK;
}

/* All bytes of the packed receipt before its `signature` field, which is the last. */
static void sign_outside(struct ld_region *r, Liandan__Receipt *rc,
			 uint8_t signature[LD_MAX_SIGNATURE_BYTES])
{
	size_t n = liandan__receipt__get_packed_size(rc), len;
	uint8_t *bytes = malloc(n);

	if (bytes == NULL)
		return;
	liandan__receipt__pack(rc, bytes);
	if (ld_key_sign(r->ledger_key, LD_RECEIPT_TYPE, bytes, n, signature, &len) == LD_OK)
		rc->signature = (ProtobufCBinaryData){.len = len, .data = signature};
	free(bytes);
}

static struct ld_bucket *bucket_of(struct ld_region *r, const char *party, const char *device)
{
	uint32_t h = 2166136261u; /* FNV-1a: spreads devices over slots, nothing more */

	for (const char *s = party; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	for (const char *s = device; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return &r->device_bucket[h % LD_DEVICE_SLOTS];
}

bool ld_receipt_affords(struct ld_region *r, const char *party, const char *device)
{
	return ld_bucket_take(bucket_of(r, party, device), ld_clock_boot_ms(),
			      LD_OUTSIDE_RECEIPTS_PER_S, 1);
}

void ld_receipt_outside(struct ld_region *r, const char *party, const char *device,
			const uint8_t *bytes, size_t len, const struct ld_opened *o,
			bool signature_good, const struct ld_expected *expected,
			const void *correlation, size_t correlation_len,
			const struct ld_outcome *out)
{
	Liandan__Receipt rc = LIANDAN__RECEIPT__INIT;
	uint8_t payload_hash[LD_HASH_BYTES], signature[LD_MAX_SIGNATURE_BYTES];
	char details[sizeof out->detail];

	if (r->opt.sink.receipt == NULL)
		return;
	if (!signature_good && !ld_receipt_affords(r, party, device))
		return;
	memcpy(details, out->detail, sizeof details);
	ld_sha256(bytes, bytes != NULL ? len : 0, payload_hash);
	rc.verdict = out->verdict;
	rc.details = details;
	rc.payload_hash = (ProtobufCBinaryData){.len = LD_HASH_BYTES, .data = payload_hash};
	rc.recorded_at_ms = ld_region_now(r);
	if (o != NULL) {
		rc.key_id = o->event->submitter;
		rc.epoch = o->event->epoch;
		rc.seq = o->event->seq;
		rc.event_hash = (ProtobufCBinaryData){.len = LD_HASH_BYTES,
						      .data = (uint8_t *)(uintptr_t)o->event_hash};
	}
	if (signature_good && expected->seq != 0) {
		rc.expected_seq = expected->seq;
		rc.expected_prev = (ProtobufCBinaryData){
		    .len = LD_HASH_BYTES, .data = (uint8_t *)(uintptr_t)expected->prev};
	}
	if (signature_good)
		sign_outside(r, &rc, signature);
	send_packed(r, party, device, &rc, correlation, correlation_len);
}

void ld_refused_out(struct ld_region *r, const char *party, const char *device,
		    const uint8_t *bytes, size_t len, const struct ld_outcome *out)
{
	Liandan__Refused rf = LIANDAN__REFUSED__INIT;
	uint8_t hash[LD_HASH_BYTES], *packed;
	char details[sizeof out->detail];
	size_t n;
	struct ld_out *o;

	if (r->opt.sink.refused == NULL)
		return;
	memcpy(details, out->detail, sizeof details);
	ld_sha256(bytes, bytes != NULL ? len : 0, hash);
	rf.unverified.data = (uint8_t *)(uintptr_t)bytes;
	rf.unverified.len = bytes == NULL		  ? 0
			    : len > LD_MAX_ENVELOPE_BYTES ? LD_MAX_ENVELOPE_BYTES
							  : len;
	rf.verdict = out->verdict;
	rf.reason = out->reason;
	rf.payload_hash = (ProtobufCBinaryData){.len = LD_HASH_BYTES, .data = hash};
	rf.details = details;
	rf.at_ms = ld_region_now(r);
	n = liandan__refused__get_packed_size(&rf);
	packed = malloc(n);
	if (packed == NULL)
		return;
	liandan__refused__pack(&rf, packed);
	if (!ld_verdict_in_ledger(out->verdict)) {
		r->opt.sink.refused(r->opt.sink.ctx, party, device, packed, n, out->verdict,
				    out->reason);
	} else if ((o = ld_region_out(r, LD_OUT_REFUSED, packed, n)) != NULL) {
		ld_id_copy(o->party, party);
		ld_id_copy(o->device, device);
		o->verdict = out->verdict;
		o->reason = out->reason;
	}
	free(packed);
}
