/* From JSON to message. What comes in was typed by people or sent by strangers: every name, number
 * and length is checked, nothing is guessed. Depth is bounded by the message types (ld_gate_init).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/gate_text.h"
#include "proto/json.h"
#include "proto/json_fields.h"
#include "proto/limits.h"

#define MAX_EXACT                                                                                  \
	9007199254740992.0 /* 2^53: up to here a JSON number is the integer it looks like */

struct reader {
	struct ld_arena *arena;
	struct ld_json_fault fault;
	size_t path_len;
	unsigned depth;
};

static enum ld_err bad(struct reader *r, enum ld_err err, const char *what)
{
	(void)snprintf(r->fault.what, sizeof r->fault.what, "%s", what);
	return err;
}

/* Adds to the path; a path that is too long is cut, the fault is still told. */
__attribute__((format(printf, 2, 3))) static void push(struct reader *r, const char *fmt, ...)
{
	va_list args;
	const size_t left = sizeof r->fault.path - r->path_len;
	va_start(args, fmt);
	const int n = vsnprintf(r->fault.path + r->path_len, left, fmt, args);
	va_end(args);
	if (n > 0)
		r->path_len += (size_t)n < left ? (size_t)n : left - 1;
}

static void pop(struct reader *r, size_t len)
{
	r->path_len = len;
	r->fault.path[len] = '\0';
}

/* Plain decimal digits, no sign but '-', no leading zeros, within 64 bits. */
static bool parse_decimal(const char *text, bool *negative, uint64_t *magnitude)
{
	*negative = *text == '-';
	text += *negative;
	if (*text == '\0' || (text[0] == '0' && (text[1] != '\0' || *negative)))
		return false;
	*magnitude = 0;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(*magnitude, UINT64_C(10), magnitude) ||
		    __builtin_add_overflow(*magnitude, (uint64_t)(*text - '0'), magnitude))
			return false;
	}
	return true;
}

static bool parse_number(double d, bool *negative, uint64_t *magnitude)
{
	if (!(d >= -MAX_EXACT && d <= MAX_EXACT) || d != (double)(int64_t)d)
		return false;
	*negative = d < 0;
	*magnitude = (uint64_t)(*negative ? -d : d);
	return true;
}

static enum ld_err read_integer(struct reader *r, const cJSON *json, ProtobufCType type, void *out)
{
	bool negative = false;
	uint64_t magnitude = 0;
	bool good = false;
	if (cJSON_IsString(json))
		good = parse_decimal(json->valuestring, &negative, &magnitude);
	else if (cJSON_IsNumber(json))
		good = parse_number(json->valuedouble, &negative, &magnitude);
	if (!good)
		return bad(r, LD_ERR_MALFORMED,
			   "a whole number is needed (above 2^53 as a string)");

	uint64_t max = UINT64_MAX;
	const bool is_signed = type == PROTOBUF_C_TYPE_INT64 || type == PROTOBUF_C_TYPE_SINT64 ||
			       type == PROTOBUF_C_TYPE_INT32 || type == PROTOBUF_C_TYPE_SINT32;
	const bool is_64 = ld_json_element_size(type) == sizeof(uint64_t);
	if (is_signed)
		max = (is_64 ? (uint64_t)INT64_MAX : (uint64_t)INT32_MAX) + (negative ? 1 : 0);
	else if (negative)
		return bad(r, LD_ERR_MALFORMED, "a number below zero is not possible here");
	else if (!is_64)
		max = UINT32_MAX;
	if (magnitude > max)
		return bad(r, LD_ERR_MALFORMED, "the number is too large");
	const uint64_t v = negative ? UINT64_C(0) - magnitude : magnitude;
	const uint32_t low = (uint32_t)v;
	if (is_64)
		memcpy(out, &v, sizeof v);
	else
		memcpy(out, &low, sizeof low);
	return LD_OK;
}

static enum ld_err read_enum(struct reader *r, const cJSON *json,
			     const ProtobufCEnumDescriptor *type, void *out)
{
	const ProtobufCEnumValue *v = NULL;
	if (cJSON_IsString(json)) {
		v = protobuf_c_enum_descriptor_get_value_by_name(type, json->valuestring);
	} else if (cJSON_IsNumber(json)) {
		const double d = json->valuedouble;
		if (d >= 0 && d <= INT32_MAX && d == (double)(int)d)
			v = protobuf_c_enum_descriptor_get_value(type, (int)d);
	}
	if (!v)
		return bad(r, LD_ERR_MALFORMED, "not a value of this enumeration");
	const int value = v->value;
	memcpy(out, &value, sizeof value);
	return LD_OK;
}

static enum ld_err read_string(struct reader *r, const cJSON *json, void *out)
{
	size_t at = 0;
	if (!cJSON_IsString(json))
		return bad(r, LD_ERR_MALFORMED, "a string is needed");
	const size_t len = strlen(json->valuestring);
	if (len > LD_MAX_ENTRY_BYTES)
		return bad(r, LD_ERR_LIMIT, "the string is too long");
	if (ld_gate_utf8((const uint8_t *)json->valuestring, len, &at))
		return bad(r, LD_ERR_MALFORMED, "the string is not UTF-8");
	char *text = ld_arena_str(r->arena, json->valuestring);
	if (!text)
		return bad(r, LD_ERR_NOMEM, "it does not fit the memory for one event");
	memcpy(out, &text, sizeof text);
	return LD_OK;
}

static enum ld_err read_hex(const char *text, size_t len, ProtobufCBinaryData *data)
{
	if (len != 2 * LD_UUID_BYTES && len != 2 * LD_HASH_BYTES)
		return LD_ERR_MALFORMED;
	data->len = len / 2;
	return ld_hex_decode(text, len, data->data, data->len);
}

/* Base64 in either alphabet, with its padding or without, as the JSON mapping wants; or "hex:". */
static enum ld_err read_bytes(struct reader *r, const cJSON *json, void *out)
{
	ProtobufCBinaryData data = {0};
	if (!cJSON_IsString(json))
		return bad(r, LD_ERR_MALFORMED,
			   "bytes are a string: base64, or hex: and 32 or 64 digits");
	const char *text = json->valuestring;
	const size_t len = strlen(text);
	if (len > LD_BASE64_CAP(LD_MAX_ENTRY_BYTES))
		return bad(r, LD_ERR_LIMIT, "too many bytes");
	data.data = ld_arena_alloc(r->arena, len);
	if (!data.data)
		return bad(r, LD_ERR_NOMEM, "it does not fit the memory for one event");
	enum ld_err err;
	if (strncmp(text, "hex:", 4) == 0) {
		err = read_hex(text + 4, len - 4, &data);
	} else {
		err = ld_base64_decode(text, len, data.data, len, &data.len);
		if (err)
			err = ld_base64url_decode(text, len, data.data, len, &data.len);
	}
	if (err)
		return bad(r, LD_ERR_MALFORMED,
			   "bytes are a string: base64, or hex: and 32 or 64 digits");
	memcpy(out, &data, sizeof data);
	return LD_OK;
}

static enum ld_err read_message(struct reader *r, const cJSON *json,
				const ProtobufCMessageDescriptor *type, void *out);

static enum ld_err read_value(struct reader *r, const cJSON *json,
			      const ProtobufCFieldDescriptor *f, void *out)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(r, json, f->descriptor, out);
	case PROTOBUF_C_TYPE_STRING:
		return read_string(r, json, out);
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(r, json, out);
	case PROTOBUF_C_TYPE_MESSAGE:
		return read_message(r, json, f->descriptor, out);
	case PROTOBUF_C_TYPE_BOOL: {
		if (!cJSON_IsBool(json))
			return bad(r, LD_ERR_MALFORMED, "true or false is needed");
		const protobuf_c_boolean value = cJSON_IsTrue(json);
		memcpy(out, &value, sizeof value);
		return LD_OK;
	}
	default:
		return read_integer(r, json, f->type, out);
	}
}

static enum ld_err read_list(struct reader *r, const cJSON *json, const ProtobufCFieldDescriptor *f,
			     uint8_t *msg)
{
	if (!cJSON_IsArray(json))
		return bad(r, LD_ERR_MALFORMED, "a list is needed");
	size_t n = 0;
	for (const cJSON *item = json->child; item; item = item->next) {
		if (++n > LD_MAX_FIXES)
			return bad(r, LD_ERR_LIMIT, "the list is too long");
	}
	const size_t size = ld_json_element_size(f->type);
	uint8_t *elements = ld_arena_alloc(r->arena, n * size);
	if (!elements)
		return bad(r, LD_ERR_NOMEM, "it does not fit the memory for one event");
	size_t i = 0;
	const size_t path = r->path_len;
	for (const cJSON *item = json->child; item; item = item->next, i++) {
		push(r, "[%zu]", i);
		const enum ld_err err = read_value(r, item, f, elements + i * size);
		if (err)
			return err;
		pop(r, path);
	}
	memcpy(msg + f->quantifier_offset, &n, sizeof n);
	memcpy(msg + f->offset, &elements, sizeof elements);
	return LD_OK;
}

/* "mass_g" is also "massG". */
static bool is_camel(const char *name, const char *text)
{
	for (; *name; name++, text++) {
		char c = *name;
		if (c == '_') {
			c = *++name;
			if (c >= 'a' && c <= 'z')
				c = (char)(c - 'a' + 'A');
		}
		if (c != *text)
			return false;
	}
	return *text == '\0';
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
						  const char *name)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		if (strcmp(type->fields[i].name, name) == 0 || is_camel(type->fields[i].name, name))
			return &type->fields[i];
	}
	return NULL;
}

static enum ld_err read_field(struct reader *r, const cJSON *json,
			      const ProtobufCFieldDescriptor *f, uint8_t *msg)
{
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return read_list(r, json, f, msg);
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		uint32_t member = 0;
		memcpy(&member, msg + f->quantifier_offset, sizeof member);
		if (member)
			return bad(r, LD_ERR_MALFORMED, "only one of these can be given");
		memcpy(msg + f->quantifier_offset, &f->id, sizeof f->id);
	}
	return read_value(r, json, f, msg + f->offset);
}

#define SEEN_WORDS 4 /* a bit for each field of one message */

static enum ld_err read_message(struct reader *r, const cJSON *json,
				const ProtobufCMessageDescriptor *type, void *out)
{
	if (!cJSON_IsObject(json))
		return bad(r, LD_ERR_MALFORMED, "an object is needed");
	if (r->depth == LD_MAX_NESTING || type->n_fields > 64 * SEEN_WORDS)
		return bad(r, LD_ERR_LIMIT, "nested too deep");
	ProtobufCMessage *msg = ld_arena_alloc(r->arena, type->sizeof_message);
	if (!msg)
		return bad(r, LD_ERR_NOMEM, "it does not fit the memory for one event");
	type->message_init(msg);
	uint64_t seen[SEEN_WORDS] = {0};
	const size_t path = r->path_len;
	r->depth++;
	for (const cJSON *item = json->child; item; item = item->next) {
		const ProtobufCFieldDescriptor *f = find_field(type, item->string);
		push(r, "%s%.64s", path ? "." : "", item->string);
		if (!f)
			return bad(r, LD_ERR_MALFORMED, "there is no such field");
		const size_t at = (size_t)(f - type->fields);
		const uint64_t bit = UINT64_C(1) << (at % 64);
		if (seen[at / 64] & bit)
			return bad(r, LD_ERR_MALFORMED, "the field is given twice");
		seen[at / 64] |= bit;
		/* null is "not given", as the JSON mapping says */
		const enum ld_err err =
		    cJSON_IsNull(item) ? LD_OK : read_field(r, item, f, (uint8_t *)msg);
		if (err)
			return err;
		pop(r, path);
	}
	r->depth--;
	*(ProtobufCMessage **)out = msg;
	return LD_OK;
}

enum ld_err ld_json_to(const cJSON *json, const ProtobufCMessageDescriptor *type,
		       struct ld_arena *arena, ProtobufCMessage **out, struct ld_json_fault *fault)
{
	struct reader r = {.arena = arena};
	*out = NULL;
	if (!json)
		return LD_ERR_ARG;
	const enum ld_err err = read_message(&r, json, type, out);
	if (err && fault)
		*fault = r.fault;
	return err;
}
