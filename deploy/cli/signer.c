#include "deploy/cli/signer.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/cli.h"
#include "proto/base64.h"

enum ld_err ld_signer_seal(struct ld_signer *s, Liandan__Event *event,
			   struct ld_key *const *cosigners, size_t n, uint8_t **bytes, size_t *len,
			   uint8_t hash[LD_HASH_BYTES], struct ld_gate_fault *fault)
{
	struct ld_key *keys[LD_MAX_SIGNATURES];
	uint8_t own_hash[LD_HASH_BYTES];
	if (n > LD_MAX_COSIGNERS)
		return LD_ERR_LIMIT;
	keys[0] = s->key;
	for (size_t i = 0; i < n; i++)
		keys[i + 1] = cosigners[i];
	event->ledger_id = (ProtobufCBinaryData){LD_HASH_BYTES, s->ledger.ledger_id};
	event->region = s->ledger.region;
	event->epoch = s->epoch;
	event->seq = s->seq + 1;
	event->prev = (ProtobufCBinaryData){LD_HASH_BYTES, s->prev};
	if (event->occurred_at_ms == 0)
		event->occurred_at_ms = ld_wall_ms();
	if (event->clock == LIANDAN__CLOCK__CLOCK_UNSPECIFIED)
		event->clock = LIANDAN__CLOCK__CLOCK_NTP;
	enum ld_err err = ld_seal(event, keys, n + 1, bytes, len, own_hash, fault);
	/* prev points at what is about to change: the event is sealed, its header is nobody's now.
	 */
	event->prev = (ProtobufCBinaryData){0, NULL};
	if (err != LD_OK)
		return err;
	s->seq++;
	memcpy(s->prev, own_hash, LD_HASH_BYTES);
	if (hash)
		memcpy(hash, own_hash, LD_HASH_BYTES);
	return LD_OK;
}

enum ld_lane ld_lane_of(const Liandan__Event *event)
{
	return event->body_case == LIANDAN__EVENT__BODY_TRACK ||
		       event->body_case == LIANDAN__EVENT__BODY_SENSOR_EVENT
		   ? LD_LANE_TELEMETRY
		   : LD_LANE_CUSTODY;
}

void ld_uuid7(uint8_t out[LD_UUID_BYTES])
{
	uint64_t ms = (uint64_t)ld_wall_ms();
	if (RAND_bytes(out, LD_UUID_BYTES) != 1)
		abort(); /* an id that is not random could name another manifest */
	for (int i = 0; i < 6; i++)
		out[i] = (uint8_t)(ms >> (40 - 8 * i));
	out[6] = (uint8_t)(0x70 | (out[6] & 0x0f));
	out[8] = (uint8_t)(0x80 | (out[8] & 0x3f));
}

/* A protobuf integer in JSON: a number, or a decimal string. Absent: 0, as the mapping leaves
 * defaults out. */
static bool number_of(const cJSON *item, uint64_t *out)
{
	*out = 0;
	if (!item)
		return true;
	if (cJSON_IsString(item))
		return ld_parse_u64(item->valuestring, out);
	if (!cJSON_IsNumber(item) || item->valuedouble < 0 ||
	    item->valuedouble > 9007199254740992.0)
		return false;
	*out = (uint64_t)item->valuedouble;
	return true;
}

/* 32 bytes in hex, with or without "hex:", or in base64. */
static bool hash_of(const char *text, uint8_t out[LD_HASH_BYTES])
{
	size_t len = 0;
	if (!text)
		return false;
	if (strncmp(text, "hex:", 4) == 0)
		text += 4;
	if (ld_hex_decode(text, strlen(text), out, LD_HASH_BYTES) == LD_OK)
		return true;
	return ld_base64_decode(text, strlen(text), out, LD_HASH_BYTES, &len) == LD_OK &&
	       len == LD_HASH_BYTES;
}

enum ld_err ld_signer_at(struct ld_signer *s, const char *json, size_t len)
{
	cJSON *o = cJSON_ParseWithLength(json, len);
	const cJSON *hash = cJSON_GetObjectItemCaseSensitive(o, "prev");
	uint64_t epoch, seq;
	uint8_t prev[LD_HASH_BYTES];
	bool good = number_of(cJSON_GetObjectItemCaseSensitive(o, "epoch"), &epoch) &&
		    epoch <= UINT32_MAX &&
		    number_of(cJSON_GetObjectItemCaseSensitive(o, "last_seq"), &seq) &&
		    hash_of(cJSON_GetStringValue(hash), prev);
	if (good) {
		s->epoch = (uint32_t)epoch;
		s->seq = seq;
		memcpy(s->prev, prev, LD_HASH_BYTES);
	}
	cJSON_Delete(o);
	return good ? LD_OK : LD_ERR_MALFORMED;
}
