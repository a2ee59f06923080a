/* Tokens: a short-lived password, in the same envelope as events but signed under another type, so
 * that neither can stand for the other. */
#include <stdlib.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/envelope.h"

enum ld_err ld_token_seal(const Liandan__Token *token, struct ld_key *key, char **text)
{
	uint8_t made[LD_MAX_SIGNATURE_BYTES];
	uint8_t body[LD_MAX_TOKEN_TEXT_BYTES];
	uint8_t bytes[2 * LD_MAX_TOKEN_TEXT_BYTES];
	size_t made_len = 0;
	*text = NULL;

	Liandan__Token t = *token;
	t.key_id = (ProtobufCBinaryData){.len = LD_KEY_ID_BYTES, .data = (uint8_t *)ld_key_id(key)};
	const size_t body_len = protobuf_c_message_get_packed_size(&t.base);
	if (body_len > sizeof body)
		return LD_ERR_LIMIT;
	protobuf_c_message_pack(&t.base, body);
	enum ld_err err = ld_gate_check(&liandan__token__descriptor, body, body_len, NULL);
	if (!err)
		err = ld_key_sign(key, LD_TOKEN_TYPE, body, body_len, made, &made_len);
	if (err)
		return err;

	Liandan__Signature signature = LIANDAN__SIGNATURE__INIT;
	Liandan__Signature *list[] = {&signature};
	Liandan__Envelope envelope = LIANDAN__ENVELOPE__INIT;
	signature.key_id = t.key_id;
	signature.signature = (ProtobufCBinaryData){.len = made_len, .data = made};
	envelope.event = (ProtobufCBinaryData){.len = body_len, .data = body};
	envelope.n_signatures = 1;
	envelope.signatures = list;
	const size_t len = protobuf_c_message_get_packed_size(&envelope.base);
	if (len > sizeof bytes || LD_BASE64_CAP(len) > LD_MAX_TOKEN_TEXT_BYTES)
		return LD_ERR_LIMIT;
	protobuf_c_message_pack(&envelope.base, bytes);
	char *out = malloc(LD_BASE64_CAP(len));
	if (!out)
		return LD_ERR_NOMEM;
	(void)ld_base64url_encode(bytes, len, out);
	*text = out;
	return LD_OK;
}

enum ld_err ld_token_open(const char *text, size_t len, struct ld_arena *arena,
			  const Liandan__Token **out, const uint8_t **signature,
			  size_t *signature_len, const uint8_t **body, size_t *body_len)
{
	size_t n = 0;
	*out = NULL;
	if (len > LD_MAX_TOKEN_TEXT_BYTES)
		return LD_ERR_LIMIT;
	uint8_t *bytes = ld_arena_alloc(arena, len);
	if (!bytes)
		return LD_ERR_NOMEM;
	enum ld_err err = ld_base64url_decode(text, len, bytes, len, &n);
	if (!err)
		err = ld_gate_check(&liandan__envelope__descriptor, bytes, n, NULL);
	if (err)
		return err;
	const Liandan__Envelope *envelope = liandan__envelope__unpack(&arena->pb, n, bytes);
	if (!envelope)
		return LD_ERR_NOMEM;
	err = ld_gate_check(&liandan__token__descriptor, envelope->event.data, envelope->event.len,
			    NULL);
	if (err)
		return err;
	const Liandan__Token *token =
	    liandan__token__unpack(&arena->pb, envelope->event.len, envelope->event.data);
	if (!token)
		return LD_ERR_NOMEM;
	const Liandan__Signature *s = envelope->signatures[0];
	if (envelope->n_signatures != 1 ||
	    memcmp(s->key_id.data, token->key_id.data, LD_KEY_ID_BYTES) != 0)
		return LD_ERR_MALFORMED;
	if (token->expires_ms <= token->not_before_ms ||
	    token->expires_ms - token->not_before_ms > LD_MAX_TOKEN_MS)
		return LD_ERR_MALFORMED;
	*out = token;
	*signature = s->signature.data;
	*signature_len = s->signature.len;
	*body = envelope->event.data;
	*body_len = envelope->event.len;
	return LD_OK;
}
