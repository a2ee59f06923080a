/* From message to JSON. Recursion follows the message types, which nest at most LD_MAX_NESTING deep
 * and never contain themselves (ld_gate_init checks that). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/json.h"
#include "proto/json_fields.h"

size_t ld_json_element_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT64:
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(uint32_t);
	default:
		return 0; /* floats and fixed: the contract has none */
	}
}

static cJSON *text_of_int(bool is_signed, const void *at)
{
	char text[24];
	if (is_signed)
		(void)snprintf(text, sizeof text, "%" PRId64, *(const int64_t *)at);
	else
		(void)snprintf(text, sizeof text, "%" PRIu64, *(const uint64_t *)at);
	return cJSON_CreateString(text);
}

static cJSON *name_of_enum(const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(type, value);
	return v ? cJSON_CreateString(v->name) : cJSON_CreateNumber(value);
}

static cJSON *text_of_bytes(const ProtobufCBinaryData *data)
{
	char *text = malloc(LD_BASE64_CAP(data->len));
	if (!text)
		return NULL;
	(void)ld_base64_encode(data->data, data->len, text);
	cJSON *json = cJSON_CreateString(text);
	free(text);
	return json;
}

static cJSON *value(const ProtobufCFieldDescriptor *f, const void *at)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
		return text_of_int(true, at);
	case PROTOBUF_C_TYPE_UINT64:
		return text_of_int(false, at);
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
		return cJSON_CreateNumber(*(const int32_t *)at);
	case PROTOBUF_C_TYPE_UINT32:
		return cJSON_CreateNumber(*(const uint32_t *)at);
	case PROTOBUF_C_TYPE_ENUM:
		return name_of_enum(f->descriptor, *(const int *)at);
	case PROTOBUF_C_TYPE_BOOL:
		return cJSON_CreateBool(*(const protobuf_c_boolean *)at);
	case PROTOBUF_C_TYPE_STRING: {
		const char *text = *(char *const *)at;
		return cJSON_CreateString(text ? text : "");
	}
	case PROTOBUF_C_TYPE_BYTES:
		return text_of_bytes(at);
	case PROTOBUF_C_TYPE_MESSAGE:
		return ld_json_of(*(ProtobufCMessage *const *)at);
	default:
		return NULL;
	}
}

static bool is_default(const ProtobufCFieldDescriptor *f, const void *at)
{
	static const uint64_t zero;
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING: {
		const char *text = *(char *const *)at;
		return !text || !*text;
	}
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)at)->len == 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(ProtobufCMessage *const *)at == NULL;
	default:
		return memcmp(at, &zero, ld_json_element_size(f->type)) == 0;
	}
}

static cJSON *list(const ProtobufCFieldDescriptor *f, const uint8_t *elements, size_t n)
{
	const size_t size = ld_json_element_size(f->type);
	cJSON *array = cJSON_CreateArray();
	for (size_t i = 0; array && i < n; i++) {
		cJSON *item = value(f, elements + i * size);
		if (!item || !cJSON_AddItemToArray(array, item)) {
			cJSON_Delete(item);
			cJSON_Delete(array);
			return NULL;
		}
	}
	return array;
}

/* *there: whether the field has something to say. */
static cJSON *field(const ProtobufCFieldDescriptor *f, const uint8_t *msg, bool *there)
{
	const uint8_t *at = msg + f->offset;
	*there = false;
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		const size_t n = *(const size_t *)(const void *)(msg + f->quantifier_offset);
		*there = n > 0;
		return n ? list(f, *(uint8_t *const *)(const void *)at, n) : NULL;
	}
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		*there = *(const uint32_t *)(const void *)(msg + f->quantifier_offset) == f->id &&
			 !(f->type == PROTOBUF_C_TYPE_MESSAGE && is_default(f, at));
	else
		*there = !is_default(f, at);
	return *there ? value(f, at) : NULL;
}

cJSON *ld_json_of(const ProtobufCMessage *msg)
{
	cJSON *object = cJSON_CreateObject();
	for (unsigned i = 0; object && i < msg->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &msg->descriptor->fields[i];
		bool there = false;
		cJSON *item = field(f, (const uint8_t *)msg, &there);
		if (!there)
			continue;
		if (!item || !cJSON_AddItemToObject(object, f->name, item)) {
			cJSON_Delete(item);
			cJSON_Delete(object);
			return NULL;
		}
	}
	return object;
}
