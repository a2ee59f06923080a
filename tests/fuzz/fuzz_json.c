/* JSON as clerks write it: an event (by file or query/may), or any message by its first byte. What
 * is read is written again and read again as the same message. Input: one byte names the message,
 * the rest is the text. */
#include "deploy/cli/events.h"
#include "liandan/event.pb-c.h"
#include "liandan/ledger.pb-c.h"
#include "proto/gate.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "tests/fuzz/fuzz.h"

static const ProtobufCMessageDescriptor *const types[] = {
    &liandan__event__descriptor,   &liandan__own_event__descriptor, &liandan__genesis__descriptor,
    &liandan__receipt__descriptor, &liandan__token__descriptor,
};

/* Malloc'd. */
static uint8_t *packed(const ProtobufCMessage *msg, size_t *len)
{
	uint8_t *bytes;

	*len = protobuf_c_message_get_packed_size(msg);
	bytes = malloc(*len + 1);
	FZ_REQUIRE(bytes != NULL && protobuf_c_message_pack(msg, bytes) == *len);
	return bytes;
}

static void round_trip(const ProtobufCMessageDescriptor *type, const ProtobufCMessage *msg,
		       struct ld_arena *arena)
{
	struct ld_json_fault fault = {0};
	ProtobufCMessage *back = NULL;
	size_t len, back_len;
	uint8_t *bytes = packed(msg, &len);
	uint8_t *back_bytes;
	cJSON *json = ld_json_of(msg);

	FZ_REQUIRE(json != NULL);
	FZ_REQUIRE(ld_json_to(json, type, arena, &back, &fault) == LD_OK);
	back_bytes = packed(back, &back_len);
	FZ_REQUIRE(len == back_len && memcmp(bytes, back_bytes, len) == 0);
	free(bytes);
	free(back_bytes);
	cJSON_Delete(json);
}

/* As a line of an event file: labels are replaced, what is wrong is said. Takes json. */
static void event_file(cJSON *json, struct ld_arena *arena)
{
	static const uint8_t hash[LD_HASH_BYTES] = {1};
	static struct ld_labels labels;
	const char *label = NULL, *key_file = NULL;
	Liandan__Event *event = NULL;
	char why[256];

	if (labels.n == 0)
		FZ_REQUIRE(ld_labels_add(&labels, "x", hash) == LD_OK);
	memset(why, 'x', sizeof why);
	if (ld_event_of(json, &labels, arena, &event, &label, &key_file, why, sizeof why) != LD_OK)
		FZ_REQUIRE(memchr(why, '\0', sizeof why) != NULL && why[0] != '\0');
	else
		FZ_REQUIRE(event != NULL && ld_body_name(event)[0] != '\0');
	cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ld_arena first, second;
	struct fz_in in = {data, size};
	const ProtobufCMessageDescriptor *type =
	    types[fz_u8(&in) % (sizeof types / sizeof types[0])];
	struct ld_json_fault fault = {0};
	ProtobufCMessage *msg = NULL;
	enum ld_err err;
	cJSON *json;
	char *text;

	if (first.base == NULL)
		FZ_REQUIRE(ld_gate_init() == LD_OK &&
			   ld_arena_init(&first, LD_MAX_ARENA_BYTES) == 0 &&
			   ld_arena_init(&second, 2 * LD_MAX_ARENA_BYTES) == 0);
	ld_arena_reset(&first);
	ld_arena_reset(&second);
	text = fz_text(&in);
	json = cJSON_ParseWithLength(text, in.n);
	free(text);
	if (json == NULL)
		return 0;
	err = ld_json_to(json, type, &first, &msg, &fault);
	if (cJSON_IsObject(json))
		event_file(json, &second);
	else
		cJSON_Delete(json);
	ld_arena_reset(&second);
	FZ_REQUIRE(memchr(fault.path, '\0', sizeof fault.path) != NULL);
	FZ_REQUIRE(memchr(fault.what, '\0', sizeof fault.what) != NULL);
	if (err == LD_OK)
		round_trip(type, msg, &second);
	else
		FZ_REQUIRE(err == LD_ERR_MALFORMED || err == LD_ERR_LIMIT || err == LD_ERR_NOMEM);
	return 0;
}
