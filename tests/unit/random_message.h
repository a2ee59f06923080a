/* Random wire bytes that the gate's own tables call right: what a strict encoder could write.
 * Shared by the tests of the gate, the envelope and JSON. Deterministic from its seed. */
#ifndef LD_TEST_RANDOM_MESSAGE_H
#define LD_TEST_RANDOM_MESSAGE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/gate_tables.h"
#include "proto/limits.h"

struct wire {
	uint8_t bytes[1 << 18];
	size_t len;
};

#define RND_DEPTH 10

struct rnd {
	uint64_t state;
	unsigned max_list; /* elements a list may have here */
	unsigned depth;
	unsigned extensions; /* fields of the extension range that may still be written */
};

/* Where what stands inside something is written first, for its length. */
static inline struct wire *rnd_inner(struct rnd *r)
{
	static struct wire pool[RND_DEPTH];
	if (r->depth == RND_DEPTH)
		abort();
	struct wire *inner = &pool[r->depth++];
	inner->len = 0;
	return inner;
}

static inline uint64_t rnd_next(struct rnd *r)
{
	/* splitmix64 */
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint32_t rnd_below(struct rnd *r, uint32_t n)
{
	return (uint32_t)(rnd_next(r) % n);
}

static inline void wire_varint(struct wire *w, uint64_t v)
{
	if (w->len + 10 > sizeof w->bytes)
		abort();
	while (v >= 0x80) {
		w->bytes[w->len++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	w->bytes[w->len++] = (uint8_t)v;
}

static inline void wire_put(struct wire *w, const void *data, size_t len)
{
	if (len > sizeof w->bytes - w->len)
		abort();
	memcpy(w->bytes + w->len, data, len);
	w->len += len;
}

static inline void wire_tag(struct wire *w, uint32_t number, unsigned type)
{
	wire_varint(w, (uint64_t)number << 3 | type);
}

static inline uint64_t rnd_number(struct rnd *r, const struct ld_gate_field *f, bool zero_too)
{
	for (;;) {
		uint64_t v = rnd_next(r);
		v >>= rnd_below(r, 64); /* small ones as often as large */
		switch (f->type) {
		case PROTOBUF_C_TYPE_UINT32:
			v = (uint32_t)v;
			break;
		case PROTOBUF_C_TYPE_SINT32:
			v = (uint32_t)v % ((uint64_t)f->max_range + 1);
			break;
		case PROTOBUF_C_TYPE_INT64:
			v &= (uint64_t)LD_MAX_WIRE_INT;
			break;
		case PROTOBUF_C_TYPE_BOOL:
			v &= 1;
			break;
		case PROTOBUF_C_TYPE_ENUM:
			v &= 127;
			if (!(f->enum_values[v >> 6] >> (v & 63) & 1))
				continue;
			break;
		default:
			break;
		}
		if (v || zero_too)
			return v;
	}
}

static inline void rnd_bytes(struct rnd *r, struct wire *w, const struct ld_gate_field *f,
			     bool empty_too)
{
	static const char *const PIECES[] = {"a", "Z", "7", "-", " ", "京A", "废", "é", "😀", "."};
	uint32_t max = f->max_bytes < 300 ? f->max_bytes : 300;
	uint32_t min = f->rule->min ? f->rule->min : (empty_too && !f->rule->id ? 0u : 1u);
	uint32_t len = min + rnd_below(r, max - min + 1);
	if (f->type == PROTOBUF_C_TYPE_BYTES) {
		wire_varint(w, len);
		for (uint32_t i = 0; i < len; i++) {
			const uint8_t b = (uint8_t)rnd_next(r);
			wire_put(w, &b, 1);
		}
		return;
	}
	char text[512];
	uint32_t n = 0;
	while (n < len) {
		const char *piece = PIECES[rnd_below(r, 10)];
		const uint32_t size = (uint32_t)strlen(piece);
		if (n + size > len)
			piece = "x";
		memcpy(text + n, piece, strlen(piece));
		n += (uint32_t)strlen(piece);
	}
	wire_varint(w, n);
	wire_put(w, text, n);
}

static inline void rnd_message(struct rnd *r, struct wire *w, const struct ld_gate_message *m);

static inline void rnd_element(struct rnd *r, struct wire *w, const struct ld_gate_field *f)
{
	if (f->sub) {
		struct wire *inner = rnd_inner(r);
		rnd_message(r, inner, f->sub);
		wire_varint(w, inner->len);
		wire_put(w, inner->bytes, inner->len);
		r->depth--;
	} else if (f->wire == 2) {
		rnd_bytes(r, w, f, f->repeated || f->oneof);
	} else {
		wire_varint(w, rnd_number(r, f, f->oneof));
	}
}

static inline void rnd_packed(struct rnd *r, struct wire *w, const struct ld_gate_field *f,
			      uint32_t n)
{
	struct wire *inner = rnd_inner(r);
	for (uint32_t i = 0; i < n; i++)
		wire_varint(inner, rnd_number(r, f, true));
	wire_varint(w, inner->len);
	wire_put(w, inner->bytes, inner->len);
	r->depth--;
}

static inline void rnd_field(struct rnd *r, struct wire *w, const struct ld_gate_field *f,
			     uint32_t number, uint32_t same)
{
	const uint32_t cap = f->rule->max_count < r->max_list ? f->rule->max_count : r->max_list;
	uint32_t n = 1 + (cap ? rnd_below(r, cap) : 0);
	if (n < f->rule->min_count)
		n = f->rule->min_count;
	if (f->packed) {
		n = f->rule->same ? same : n;
		n = f->rule->plus_one ? same + 1 : n;
		if (!n)
			return;
		wire_tag(w, number, 2);
		rnd_packed(r, w, f, n);
		return;
	}
	for (uint32_t i = 0; i < (f->repeated ? n : 1); i++) {
		wire_tag(w, number, f->wire);
		rnd_element(r, w, f);
	}
}

static inline void rnd_extension(struct rnd *r, struct wire *w)
{
	static const uint8_t WIRES[] = {0, 1, 2, 5};
	if (!r->extensions || rnd_below(r, 4))
		return;
	r->extensions--;
	const uint8_t type = WIRES[rnd_below(r, 4)];
	wire_tag(w, 1024 + rnd_below(r, 1024), type);
	if (type == 0)
		wire_varint(w, rnd_next(r));
	else if (type == 2)
		wire_put(w, "\x05\x00\xff\x80\x00\x01", 6);
	else
		wire_put(w, "\x00\xff\x01\x02\x03\x04\x05\x06", type == 1 ? 8 : 4);
}

static inline void rnd_message(struct rnd *r, struct wire *w, const struct ld_gate_message *m)
{
	const unsigned n = m->descriptor->n_fields;
	const uint32_t same = rnd_below(r, r->max_list);
	unsigned members = 0;
	for (unsigned i = 0; i < n; i++)
		members += m->fields[i].oneof != 0;
	unsigned member =
	    members && (m->oneof_required || rnd_below(r, 4)) ? 1 + rnd_below(r, members) : 0;
	for (unsigned i = 0; i < n; i++) {
		const struct ld_gate_field *f = &m->fields[i];
		bool there = f->rule->required || f->rule->same || rnd_below(r, 2);
		if (f->oneof)
			there = member && --member == 0;
		if (there)
			rnd_field(r, w, f, m->descriptor->fields[i].id, same);
	}
	rnd_extension(r, w);
}

#endif
