#include "proto/envelope.h"

#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"

static enum ld_err malformed(struct ld_gate_fault *fault, const char *field, const char *what)
{
	if (fault) {
		*fault = (struct ld_gate_fault){.what = what};
		memccpy(fault->field, field, '\0', sizeof fault->field - 1);
	}
	return LD_ERR_MALFORMED;
}

static bool is_key_id(const ProtobufCBinaryData *id, const ProtobufCBinaryData *other)
{
	return id->len == other->len && memcmp(id->data, other->data, id->len) == 0;
}

/* PROTOCOL, Envelope: exactly the signatures that submitter and cosigners name, in that order: none
 * can be added, dropped or swapped. And no key signs twice. */
static const char *check_signers(const Liandan__Envelope *envelope, const Liandan__Event *event)
{
	if (envelope->n_signatures != 1 + event->n_cosigners)
		return "not the signatures that submitter and cosigners name";
	for (size_t i = 0; i < envelope->n_signatures; i++) {
		const ProtobufCBinaryData *named = i ? &event->cosigners[i - 1] : &event->submitter;
		const ProtobufCBinaryData *id = &envelope->signatures[i]->key_id;
		if (!is_key_id(id, named))
			return "not the signatures that submitter and cosigners name";
		for (size_t k = 0; k < i; k++) {
			if (is_key_id(id, &envelope->signatures[k]->key_id))
				return "a key signs twice";
		}
	}
	return NULL;
}

/* Where the first field's value lies. The gate has passed the bytes: field 1 is there and comes
 * first. */
static const uint8_t *first_value(const uint8_t *bytes)
{
	const uint8_t *p = bytes + 1;
	while (*p & 0x80)
		p++;
	return p + 1;
}

enum ld_err ld_open_parse(const uint8_t *bytes, size_t len, struct ld_arena *arena,
			  struct ld_opened *out, struct ld_gate_fault *fault)
{
	*out = (struct ld_opened){.bytes = bytes, .len = len};
	if (len > LD_MAX_ENVELOPE_BYTES)
		return LD_ERR_LIMIT;
	enum ld_err err = ld_gate_check(&liandan__envelope__descriptor, bytes, len, fault);
	if (err)
		return err;
	/* the gate has passed these bytes, so only a full arena can make this fail */
	out->envelope = liandan__envelope__unpack(&arena->pb, len, bytes);
	if (!out->envelope)
		return LD_ERR_NOMEM;
	out->event_bytes = first_value(bytes);
	out->event_len = out->envelope->event.len;
	err = ld_gate_check(&liandan__event__descriptor, out->event_bytes, out->event_len, fault);
	if (err) {
		if (fault)
			fault->offset += (size_t)(out->event_bytes - bytes);
		return err;
	}
	out->event = liandan__event__unpack(&arena->pb, out->event_len, out->event_bytes);
	if (!out->event)
		return LD_ERR_NOMEM;
	const char *what = check_signers(out->envelope, out->event);
	if (what)
		return malformed(fault, "Envelope.signatures", what);
	ld_sha256(out->event_bytes, out->event_len, out->event_hash);
	return LD_OK;
}

enum ld_err ld_open_verify(const struct ld_opened *o, struct ld_key *const *keys, size_t n)
{
	if (n == 0 || n != o->envelope->n_signatures)
		return LD_ERR_SIGNATURE;
	for (size_t i = 0; i < n; i++) {
		const Liandan__Signature *s = o->envelope->signatures[i];
		/* the right key under the wrong name must not pass: the caller looked it up by that
		 * name */
		if (memcmp(ld_key_id(keys[i]), s->key_id.data, LD_KEY_ID_BYTES) != 0)
			return LD_ERR_SIGNATURE;
		if (ld_key_verify(keys[i], LD_EVENT_TYPE, o->event_bytes, o->event_len,
				  s->signature.data, s->signature.len))
			return LD_ERR_SIGNATURE;
	}
	return LD_OK;
}

static ProtobufCBinaryData id_of(const struct ld_key *key)
{
	/* protobuf-c's type has no const; packing only reads */
	return (ProtobufCBinaryData){.len = LD_KEY_ID_BYTES, .data = (uint8_t *)ld_key_id(key)};
}

/* Packs what the gate accepts. *bytes is malloc'd. */
static enum ld_err pack(const ProtobufCMessage *msg, size_t max, uint8_t **bytes, size_t *len,
			struct ld_gate_fault *fault)
{
	*bytes = NULL;
	*len = protobuf_c_message_get_packed_size(msg);
	if (*len > max)
		return LD_ERR_LIMIT;
	uint8_t *packed = malloc(*len ? *len : 1);
	if (!packed)
		return LD_ERR_NOMEM;
	protobuf_c_message_pack(msg, packed);
	const enum ld_err err = ld_gate_check(msg->descriptor, packed, *len, fault);
	if (err)
		free(packed);
	else
		*bytes = packed;
	return err;
}

/* Wraps signed bytes: for events and tokens alike. */
static enum ld_err wrap(const char *type, uint8_t *body, size_t body_len,
			struct ld_key *const *keys, size_t n, uint8_t **bytes, size_t *len,
			struct ld_gate_fault *fault)
{
	uint8_t made[LD_MAX_SIGNATURES][LD_MAX_SIGNATURE_BYTES];
	Liandan__Signature signatures[LD_MAX_SIGNATURES];
	Liandan__Signature *list[LD_MAX_SIGNATURES];
	Liandan__Envelope envelope = LIANDAN__ENVELOPE__INIT;
	for (size_t i = 0; i < n; i++) {
		size_t made_len = 0;
		const enum ld_err err =
		    ld_key_sign(keys[i], type, body, body_len, made[i], &made_len);
		if (err)
			return err;
		liandan__signature__init(&signatures[i]);
		signatures[i].key_id = id_of(keys[i]);
		signatures[i].signature = (ProtobufCBinaryData){.len = made_len, .data = made[i]};
		list[i] = &signatures[i];
	}
	envelope.event = (ProtobufCBinaryData){.len = body_len, .data = body};
	envelope.n_signatures = n;
	envelope.signatures = list;
	return pack(&envelope.base, LD_MAX_ENVELOPE_BYTES, bytes, len, fault);
}

static bool any_key_twice(struct ld_key *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (memcmp(ld_key_id(keys[i]), ld_key_id(keys[k]), LD_KEY_ID_BYTES) == 0)
				return true;
		}
	}
	return false;
}

enum ld_err ld_seal(Liandan__Event *event, struct ld_key *const *keys, size_t n, uint8_t **bytes,
		    size_t *len, uint8_t event_hash[LD_HASH_BYTES], struct ld_gate_fault *fault)
{
	ProtobufCBinaryData cosigners[LD_MAX_COSIGNERS];
	uint8_t *body = NULL;
	size_t body_len = 0;
	*bytes = NULL;
	*len = 0;
	if (n == 0 || n > LD_MAX_SIGNATURES)
		return LD_ERR_ARG;
	if (any_key_twice(keys, n))
		return malformed(fault, "Envelope.signatures", "a key signs twice");
	for (size_t i = 1; i < n; i++)
		cosigners[i - 1] = id_of(keys[i]);

	const Liandan__Event before = *event;
	event->submitter = id_of(keys[0]);
	event->n_cosigners = n - 1;
	event->cosigners = n > 1 ? cosigners : NULL;
	enum ld_err err = pack(&event->base, LD_MAX_ENVELOPE_BYTES, &body, &body_len, fault);
	event->submitter = before.submitter;
	event->n_cosigners = before.n_cosigners;
	event->cosigners = before.cosigners;
	if (err)
		return err;
	err = wrap(LD_EVENT_TYPE, body, body_len, keys, n, bytes, len, fault);
	if (!err && event_hash)
		ld_sha256(body, body_len, event_hash);
	free(body);
	return err;
}
