/* The pass itself. Tables: gate_tables.c. Helpers return NULL or what is wrong, and leave `p` at
 * the first byte that does not fit. */
#include "proto/gate.h"

#include <stdio.h>
#include <string.h>

#include "proto/gate_tables.h"
#include "proto/gate_text.h"
#include "proto/limits.h"

/* One open message. */
struct frame {
	const struct ld_gate_message *message;
	const uint8_t *end;
	const struct ld_gate_field
	    *field; /* the last one, NULL before the first and for extensions */
	uint64_t seen;
	uint32_t number; /* of the last field */
	uint32_t count;	 /* of its elements */
	uint32_t same;	 /* length of the SAME lists */
	uint32_t oneofs; /* groups with a member */
};

struct pass {
	const uint8_t *p;
	unsigned depth;
	uint32_t extension_bytes;
	struct frame frames[LD_MAX_NESTING];
};

/* Minimal, at most 64 bits. */
static inline const char *read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
	const uint8_t *p = *at;
	if (p < end && *p < 0x80) {
		*out = *p;
		*at = p + 1;
		return NULL;
	}
	uint64_t v = 0;
	for (unsigned shift = 0; p < end; shift += 7, p++) {
		const uint64_t low = *p & 0x7f;
		if (shift == 63 && *p > 1)
			return "varint is longer than 64 bits";
		v |= low << shift;
		if (*p < 0x80) {
			if (low == 0)
				return "varint is not minimal";
			*out = v;
			*at = p + 1;
			return NULL;
		}
	}
	return "varint is cut off";
}

/* A length that lies within the message. */
static inline const char *read_length(struct pass *s, const uint8_t *end, size_t *len)
{
	uint64_t v = 0;
	const char *what = read_varint(&s->p, end, &v);
	if (what)
		return what;
	if (v > (uint64_t)(end - s->p))
		return "length goes beyond its message";
	*len = (size_t)v;
	return NULL;
}

static inline const char *check_number(const struct ld_gate_field *f, uint64_t v)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_UINT32:
		return v <= UINT32_MAX ? NULL : "number does not fit 32 bits";
	case PROTOBUF_C_TYPE_SINT32:
		/* zigzag: 2n for n >= 0, 2|n| - 1 below */
		if (v > UINT32_MAX)
			return "number does not fit 32 bits";
		return v <= f->max_range ? NULL : "no such latitude or longitude";
	case PROTOBUF_C_TYPE_INT64:
		/* negative numbers of this type have the top bit set */
		return v <= (uint64_t)LD_MAX_WIRE_INT ? NULL
						      : "number is negative or above 2^53 - 1";
	case PROTOBUF_C_TYPE_BOOL:
		return v <= 1 ? NULL : "bool is neither 0 nor 1";
	case PROTOBUF_C_TYPE_ENUM:
		return v < 128 && (f->enum_values[v >> 6] >> (v & 63) & 1) ? NULL
									   : "unknown enum value";
	default:
		return NULL; /* uint64, sint64: all 64 bits */
	}
}

static const char *check_scalar(struct pass *s, struct frame *fr, const struct ld_gate_field *f)
{
	const uint8_t *start = s->p;
	uint64_t v = 0;
	const char *what = read_varint(&s->p, fr->end, &v);
	if (!what && v == 0 && !f->oneof)
		what = "default value is written";
	if (!what)
		what = check_number(f, v);
	if (what)
		s->p = start;
	return what;
}

static const char *check_packed(struct pass *s, struct frame *fr, const struct ld_gate_field *f)
{
	size_t len = 0;
	const char *what = read_length(s, fr->end, &len);
	if (what)
		return what;
	if (len == 0)
		return "empty list is written";
	const uint8_t *end = s->p + len;
	uint32_t n = 0;
	while (s->p < end) {
		const uint8_t *start = s->p;
		uint64_t v = 0;
		what = read_varint(&s->p, end, &v);
		if (!what)
			what = check_number(f, v);
		if (!what && ++n > f->rule->max_count)
			what = "too many elements";
		if (what) {
			s->p = start;
			return what;
		}
	}
	if (f->rule->same) {
		if ((fr->seen & fr->message->same) && n != fr->same)
			return "lists that go together differ in length";
		fr->same = n;
	}
	if (f->rule->plus_one && n != fr->same + 1)
		return "list has not one element for each fix";
	return NULL;
}

static const char *check_bytes(struct pass *s, struct frame *fr, const struct ld_gate_field *f)
{
	size_t len = 0;
	size_t at = 0;
	const uint8_t *start = s->p;
	const char *what = read_length(s, fr->end, &len);
	if (what)
		return what;
	if (len > f->max_bytes) {
		s->p = start;
		return "longer than the limit";
	}
	if (len == 0 && !f->oneof && !f->repeated) {
		s->p = start;
		return "default value is written";
	}
	if (f->type == PROTOBUF_C_TYPE_BYTES) {
		if (len < f->rule->min) {
			s->p = start;
			return "not the length it must have";
		}
	} else {
		what = f->rule->id ? ld_gate_id(s->p, len, &at) : ld_gate_utf8(s->p, len, &at);
		len = what ? at : len;
	}
	s->p += len;
	return what;
}

static const char *open_message(struct pass *s, const struct frame *fr,
				const struct ld_gate_field *f)
{
	size_t len = 0;
	const char *what = read_length(s, fr->end, &len);
	if (what)
		return what;
	if (s->depth == LD_MAX_NESTING)
		return "nested too deep";
	struct frame *sub = &s->frames[s->depth++];
	*sub = (struct frame){.message = f->sub, .end = s->p + len};
	return NULL;
}

/* What must hold when no more elements of the last field can come. */
static inline const char *leave_field(const struct frame *fr)
{
	if (fr->field && fr->field->repeated && fr->count < fr->field->rule->min_count)
		return "too few elements";
	return NULL;
}

static const char *close_message(const struct frame *fr)
{
	const struct ld_gate_message *m = fr->message;
	const char *what = leave_field(fr);
	if (what)
		return what;
	if ((fr->seen & m->required) != m->required)
		return "a required field is missing";
	if ((fr->oneofs & m->oneof_required) != m->oneof_required)
		return "the body is missing";
	if ((fr->seen & m->same) && (fr->seen & m->same) != m->same)
		return "lists that go together differ in length";
	return NULL;
}

/* 1024 to 2047: any well-formed value, once; ignored, but part of what is signed. */
static const char *skip_extension(struct pass *s, struct frame *fr, const uint8_t *start,
				  unsigned wire)
{
	uint64_t v = 0;
	size_t len = 0;
	const char *what = NULL;
	switch (wire) {
	case 0:
		what = read_varint(&s->p, fr->end, &v);
		break;
	case 1:
		len = 8;
		break;
	case 2:
		what = read_length(s, fr->end, &len);
		break;
	case 5:
		len = 4;
		break;
	default:
		return "wire type is not allowed";
	}
	if (what)
		return what;
	if (len > (size_t)(fr->end - s->p))
		return "value is cut off";
	s->p += len;
	const size_t bytes = (size_t)(s->p - start);
	if (bytes > LD_MAX_EXTENSION_BYTES || s->extension_bytes + bytes > LD_MAX_EXTENSION_BYTES)
		return "extension fields are longer than the limit";
	s->extension_bytes += (uint32_t)bytes;
	return NULL;
}

static const char *check_field(struct pass *s, struct frame *fr, const struct ld_gate_field *f)
{
	if (f->oneof) {
		const uint32_t group = 1u << (f->oneof - 1);
		if (fr->oneofs & group)
			return "second member of a oneof";
		fr->oneofs |= group;
	}
	const char *what;
	if (f->packed)
		what = check_packed(s, fr, f);
	else if (f->sub)
		what = open_message(s, fr, f);
	else if (f->wire == 2)
		what = check_bytes(s, fr, f);
	else
		what = check_scalar(s, fr, f);
	fr->seen |= UINT64_C(1) << f->bit;
	return what;
}

/* One field of the open message; a sub-message is only opened. */
static const char *next_field(struct pass *s, struct frame *fr)
{
	const uint8_t *start = s->p;
	uint64_t tag = 0;
	const char *what = read_varint(&s->p, fr->end, &tag);
	if (what)
		return what;
	const uint64_t number = tag >> 3;
	const unsigned wire = (unsigned)(tag & 7);
	s->p = start; /* where a fault of the tag lies */

	if (number == 0 || number > LD_GATE_EXTENSION_LAST)
		return "unknown field";
	const uint8_t place = number <= fr->message->max_number ? fr->message->index[number] : 0;
	const struct ld_gate_field *f = place ? &fr->message->fields[place - 1] : NULL;
	const bool again = number == fr->number;
	if (number < fr->number || (again && !(f && f->repeated))) {
		fr->field = f;
		return "field twice or out of order";
	}
	if (!again) {
		what = leave_field(fr);
		if (what)
			return what;
		fr->count = 0;
		fr->field = NULL;
		fr->number = (uint32_t)number;
	}
	const size_t tag_len = number < 16 ? 1 : 2;
	if (number >= LD_GATE_EXTENSION_FIRST) {
		s->p += tag_len;
		return skip_extension(s, fr, start, wire);
	}
	if (!f)
		return "unknown field";
	fr->field = f;
	if (wire != f->wire)
		return "wire type is not the field's";
	if (f->repeated && ++fr->count > f->rule->max_count)
		return "too many elements";
	s->p += tag_len;
	return check_field(s, fr, f);
}

/* Which field a missing one is, for the report. */
static const char *missing_name(const struct frame *fr)
{
	const uint64_t missing = fr->message->required & ~fr->seen;
	const struct ld_gate_field *f = fr->message->fields;
	if (!missing)
		return NULL;
	while (f->oneof || f->bit != __builtin_ctzll(missing))
		f++;
	return f->name;
}

static void report(struct ld_gate_fault *fault, const struct frame *fr, size_t offset, bool closing,
		   const char *what)
{
	if (!fault)
		return;
	const char *field = fr->field ? fr->field->name : NULL;
	if (closing && !leave_field(fr))
		field = missing_name(fr);
	fault->offset = offset;
	fault->what = what;
	(void)snprintf(fault->field, sizeof fault->field, "%s%s%s",
		       fr->message->descriptor->short_name, field ? "." : "", field ? field : "");
}

enum ld_err ld_gate_check(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len,
			  struct ld_gate_fault *fault)
{
	static const uint8_t NOTHING[1];
	struct pass s; /* frames are filled when opened */
	const struct ld_gate_message *root = ld_gate_find(type);
	if (!root) {
		if (fault)
			*fault = (struct ld_gate_fault){.what = "no such message type"};
		return LD_ERR_MALFORMED;
	}
	if (len == 0)
		data = NOTHING;
	s.p = data;
	s.depth = 1;
	s.extension_bytes = 0;
	s.frames[0] = (struct frame){.message = root, .end = data + len};
	while (s.depth) {
		struct frame *fr = &s.frames[s.depth - 1];
		const bool closing = s.p == fr->end;
		const char *what = closing ? close_message(fr) : next_field(&s, fr);
		if (what) {
			report(fault, fr, (size_t)(s.p - data), closing, what);
			return LD_ERR_MALFORMED;
		}
		s.depth -= closing;
	}
	return LD_OK;
}
