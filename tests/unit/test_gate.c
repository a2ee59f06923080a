/* The gate: what it refuses, rule by rule; what a strict encoder writes, it accepts; and whatever
 * it accepts, protobuf-c decodes and writes back as the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "liandan/event.pb-c.h"
#include "liandan/ledger.pb-c.h"
#include "proto/arena.h"
#include "proto/base64.h"
#include "proto/gate.h"
#include "random_message.h"

#define D(name) &liandan__##name##__descriptor

struct gate_case {
	const ProtobufCMessageDescriptor *type;
	const char *hex;
	const char *what;  /* NULL: accepted */
	const char *field; /* NULL: not looked at */
	size_t offset;
};

/* Place: lat sint32 1, lon sint32 2, accuracy_cm uint32 3, fixed_at_ms int64 4. Seal: id 1, state
 * enum 2. Refused: unverified bytes 1, verdict enum 2, ... details 5. */
static const struct gate_case CASES[] = {
    /* the empty message */
    {D(place), "", NULL, NULL, 0},
    /* order */
    {D(place), "0802100218032004", NULL, NULL, 0},
    {D(place), "10020802", "field twice or out of order", "Place.lat_e7", 2},
    {D(place), "08020802", "field twice or out of order", "Place.lat_e7", 2},
    /* varints */
    {D(place), "08", "varint is cut off", "Place.lat_e7", 1},
    {D(place), "0880", "varint is cut off", NULL, 1},
    {D(place), "088000", "varint is not minimal", NULL, 1},
    {D(place), "08818000", "varint is not minimal", NULL, 1},
    {D(place), "18ffffffff0f", NULL, NULL, 0},
    {D(place), "188080808010", "number does not fit 32 bits", "Place.accuracy_cm", 1},
    {D(place), "08ffffffffffffffffff01", "number does not fit 32 bits", NULL, 1},
    {D(place), "20ffffffffffffffffff02", "varint is longer than 64 bits", NULL, 1},
    {D(place), "20ffffffffffffffffff8101", "varint is longer than 64 bits", NULL, 1},
    {D(violation), "080118ffffffffffffffffff01", NULL, NULL, 0}, /* sint64 has all 64 bits */
    /* tags */
    {D(place), "80", "varint is cut off", "Place", 0},
    {D(place), "880002", "varint is not minimal", NULL, 0},
    {D(place), "0002", "unknown field", NULL, 0},
    {D(place), "2801", "unknown field", NULL, 0},
    {D(place), "080228013001", "unknown field", NULL, 2},
    {D(place), "f83f01", "unknown field", NULL, 0},	  /* 1023 */
    {D(place), "80800101", "unknown field", NULL, 0},	  /* 2048 */
    {D(place), "f8ffffff0f01", "unknown field", NULL, 0}, /* 2^29 - 1 */
    {D(place), "f8ffffffffffffffff0101", "unknown field", NULL,
     0}, /* larger than any field number */
    /* wire types: 64-bit, bytes, groups, 32-bit, reserved */
    {D(place), "090000000000000000", "wire type is not the field's", "Place.lat_e7", 0},
    {D(place), "0a0101", "wire type is not the field's", NULL, 0},
    {D(place), "0b0c", "wire type is not the field's", NULL, 0},
    {D(place), "0c", "wire type is not the field's", NULL, 0},
    {D(place), "0d00000000", "wire type is not the field's", NULL, 0},
    {D(place), "0e", "wire type is not the field's", NULL, 0},
    /* defaults */
    {D(place), "0800", "default value is written", "Place.lat_e7", 1},
    {D(place), "2000", "default value is written", NULL, 1},
    {D(seal),
     "0a0161"
     "1000",
     "default value is written", "Seal.state", 4},
    {D(refused), "0a001010", "default value is written", "Refused.unverified", 1},
    {D(refused), "10102a00", "default value is written", "Refused.details", 3},
    {D(entry), "080110012a00", NULL, NULL, 0}, /* a oneof member may carry it */
    {D(entry), "08011001", "the body is missing", "Entry", 4},
    {D(entry), "080110012a0161320162", "second member of a oneof", "Entry.own_event", 8},
    /* ranges */
    {D(place), "0880a4a7da06", NULL, NULL, 0}, /* 90 degrees */
    {D(place), "0881a4a7da06", "no such latitude or longitude", NULL, 1},
    {D(place), "08ffa3a7da06", NULL, NULL, 0}, /* -90 */
    {D(place),
     "10"
     "80c8ceb40d",
     NULL, NULL, 0}, /* 180 */
    {D(place),
     "10"
     "82c8ceb40d",
     "no such latitude or longitude", "Place.lon_e7", 1},
    {D(place), "20ffffffffffffff0f", NULL, NULL, 0}, /* 2^53 - 1 */
    {D(place), "208080808080808010", "number is negative or above 2^53 - 1", NULL, 1},
    {D(place), "20ffffffffffffffffff01", "number is negative or above 2^53 - 1", NULL, 1},
    {D(receipt),
     "0801"
     "6801",
     NULL, NULL, 0},
    {D(receipt),
     "0801"
     "6802",
     "bool is neither 0 nor 1", "Receipt.duplicate", 3},
    {D(receipt),
     "0801"
     "6800",
     "default value is written", NULL, 3},
    /* enums */
    {D(seal), "0a01611004", NULL, NULL, 0},
    {D(seal), "0a01611005", "unknown enum value", "Seal.state", 4},
    {D(seal), "0a0161107f", "unknown enum value", NULL, 4},
    {D(seal), "0a0161108001", "unknown enum value", NULL, 4},
    {D(seal), "0a016110ffffffffffffffffff01", "unknown enum value", NULL, 4}, /* -1 */
    {D(receipt), "080f", "unknown enum value", NULL, 1},
    /* ids */
    {D(seal), "", "a required field is missing", "Seal.id", 0},
    {D(seal), "1001", "a required field is missing", "Seal.id", 2},
    {D(seal), "0a00", "default value is written", "Seal.id", 1},
    {D(seal), "0a0461622f63", "an id must not hold /, + or #", "Seal.id", 4},
    {D(seal), "0a022b61", "an id must not hold /, + or #", NULL, 2},
    {D(seal), "0a026123", "an id must not hold /, + or #", NULL, 3},
    {D(seal), "0a022461", "an id must not begin with $", NULL, 2},
    {D(seal), "0a026124", NULL, NULL, 0},
    {D(seal), "0a026100", "an id must not hold control or non-characters", NULL, 3},
    {D(seal), "0a020961", "an id must not hold control or non-characters", NULL, 2},
    {D(seal), "0a02617f", "an id must not hold control or non-characters", NULL, 3},
    {D(seal), "0a0361c285", "an id must not hold control or non-characters", NULL, 3}, /* U+0085 */
    {D(seal), "0a03efbfbf", "an id must not hold control or non-characters", NULL, 2}, /* U+FFFF */
    {D(seal), "0a03efb790", "an id must not hold control or non-characters", NULL, 2}, /* U+FDD0 */
    {D(seal), "0a04f09fbfbe", "an id must not hold control or non-characters", NULL,
     2},					    /* U+1FFFE */
    {D(seal), "0a07e4baac41c2b731", NULL, NULL, 0}, /* 京A·1 */
    {D(seal), "0a02c3", "length goes beyond its message", NULL, 2},
    {D(seal), "0a0361c328", "text is not UTF-8", NULL, 3},
    /* UTF-8 in other strings */
    {D(refused), "10102a0161", NULL, NULL, 0},
    {D(refused), "10102a04f09f9880", NULL, NULL, 0},
    {D(refused), "10102a0100", "text with a NUL", "Refused.details", 4},
    {D(refused), "10102a0a6162636465666768690a", NULL, NULL, 0},
    {D(refused), "10102a0a61626364656667006961", "text with a NUL", NULL, 11},
    {D(refused), "10102a02c080", "text is not UTF-8", NULL, 4}, /* overlong NUL */
    {D(refused), "10102a02c1bf", "text is not UTF-8", NULL, 4},
    {D(refused), "10102a03e09fbf", "text is not UTF-8", NULL, 4},   /* overlong */
    {D(refused), "10102a03eda080", "text is not UTF-8", NULL, 4},   /* surrogate */
    {D(refused), "10102a04f08fbfbf", "text is not UTF-8", NULL, 4}, /* overlong */
    {D(refused), "10102a04f4908080", "text is not UTF-8", NULL, 4}, /* above U+10FFFF */
    {D(refused), "10102a04f5808080", "text is not UTF-8", NULL, 4},
    {D(refused), "10102a0180", "text is not UTF-8", NULL, 4},
    {D(refused), "10102a01ff", "text is not UTF-8", NULL, 4},
    {D(refused), "10102a02e4ba", "text is not UTF-8", NULL, 4}, /* cut off */
    /* bytes of a fixed length */
    {D(held_applied), "1001", NULL, NULL, 0},
    {D(parent), "0a1000000000000000000000000000000000", NULL, NULL, 0},
    {D(parent), "0a0f000000000000000000000000000000", "not the length it must have",
     "Parent.manifest", 1},
    {D(parent), "0a110000000000000000000000000000000000", "longer than the limit",
     "Parent.manifest", 1},
    {D(parent), "1001", "a required field is missing", "Parent.manifest", 2},
    /* lengths */
    {D(parent), "0a80808080808080808001", "length goes beyond its message", NULL, 11},
    {D(parent), "0affffffffffffffffff01", "length goes beyond its message", NULL, 11},
    {D(refused), "10102a", "varint is cut off", NULL, 3},
    /* sub-messages: 1 region { foci 1 { lat 1 } }, major_m 2 */
    {D(region),
     "0a0208020a0010"
     "05",
     NULL, NULL, 0},
    {D(region), "0a000a000a00", "too many elements", "Region.foci", 4},
    {D(region), "0a03080210", "varint is cut off", "Place.lon_e7", 5},
    {D(region), "0a0308021005", "varint is cut off", "Place.lon_e7", 5},
    {D(region), "10050a00", "field twice or out of order", "Region.foci", 2},
    /* packed lists: AnomalyCleared { anomaly 1, phase 2, figures 3, evidence 4 } */
    {D(anomaly_cleared), "10042203008001", NULL, NULL, 0},
    {D(anomaly_cleared), "10042200", "empty list is written", "AnomalyCleared.evidence", 4},
    {D(anomaly_cleared), "10042001", "wire type is not the field's", NULL, 2},
    {D(anomaly_cleared),
     "10042201002201"
     "00",
     "field twice or out of order", NULL, 5},
    {D(anomaly_cleared), "10042202008000", "varint is cut off", NULL, 5},
    {D(anomaly_cleared),
     "1004220380"
     "0001",
     "varint is not minimal", NULL, 4},
    /* extensions: 1024 = c040 (varint) c240 (bytes) c140 (64 bit) c540 (32 bit), 2047 = f87f */
    {D(place), "c04001", NULL, NULL, 0},
    {D(place), "c04000", NULL, NULL, 0},
    {D(place),
     "0802c14001020304050607"
     "08ca4002ffff",
     NULL, NULL, 0},
    {D(place), "c54001020304f87f05", NULL, NULL, 0},
    {D(place), "c04001c04001", "field twice or out of order", "Place", 3},
    {D(place),
     "c840"
     "01c04001",
     "field twice or out of order", NULL, 3},
    {D(place), "c040010802", "field twice or out of order", NULL, 3},
    {D(place), "c0408000", "varint is not minimal", NULL, 2},
    {D(place), "c14001020304", "value is cut off", NULL, 2},
    {D(place), "c540010203", "value is cut off", NULL, 2},
    {D(place), "c24002ff", "length goes beyond its message", NULL, 3},
    {D(place), "c340c440", "wire type is not allowed", NULL, 2},
    {D(place), "c640", "wire type is not allowed", NULL, 2},
    {D(place), "c740", "wire type is not allowed", NULL, 2},
    {D(region), "0a03c040010a03c04001", NULL, NULL,
     0}, /* in sub-messages too, each message its own order */
};

static void each_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		const struct gate_case *c = &CASES[i];
		uint8_t bytes[256];
		const size_t len = strlen(c->hex) / 2;
		struct ld_gate_fault fault = {0};
		assert_int_equal(ld_hex_decode(c->hex, strlen(c->hex), bytes, len), LD_OK);
		/* an allocation of the exact size, so that reading past the end is seen */
		uint8_t *exact = malloc(len ? len : 1);
		assert_non_null(exact);
		memcpy(exact, bytes, len);
		const enum ld_err err = ld_gate_check(c->type, exact, len, &fault);
		if (err != (c->what ? LD_ERR_MALFORMED : LD_OK) ||
		    (c->what && strcmp(c->what, fault.what) != 0) ||
		    (c->field && strcmp(c->field, fault.field) != 0) ||
		    (c->what && c->offset != fault.offset))
			fail_msg("%s %s: %d \"%s\" at %zu in %s", c->type->short_name, c->hex,
				 (int)err, fault.what ? fault.what : "", fault.offset, fault.field);
		assert_int_equal(ld_gate_check(c->type, exact, len, NULL), err);
		free(exact);
	}
}

static struct wire w;

static void put_string(uint32_t number, size_t len)
{
	wire_tag(&w, number, 2);
	wire_varint(&w, len);
	memset(w.bytes + w.len, 'a', len);
	w.len += len;
}

static enum ld_err check(const ProtobufCMessageDescriptor *type)
{
	return ld_gate_check(type, w.bytes, w.len, NULL);
}

/* Limits at limit - 1, limit, limit + 1. */
static void limits(void **state)
{
	(void)state;
	for (int d = -1; d <= 1; d++) {
		const enum ld_err want = d > 0 ? LD_ERR_MALFORMED : LD_OK;
		w.len = 0;
		put_string(1, (size_t)(LD_MAX_ID_BYTES + d));
		assert_int_equal(check(D(seal)), want);

		w.len = 0; /* PartyRegistered.name */
		put_string(1, 5);
		put_string(2, (size_t)(LD_MAX_STRING_BYTES + d));
		wire_tag(&w, 3, 0);
		wire_varint(&w, 1);
		assert_int_equal(check(D(party_registered)), want);

		w.len = 0; /* 2 bytes of tag, 2 of length */
		put_string(1024, (size_t)(LD_MAX_EXTENSION_BYTES - 4 + d));
		assert_int_equal(check(D(place)), want);

		w.len = 0; /* all extensions of a message together */
		put_string(1024, 500);
		put_string(1025, (size_t)(LD_MAX_EXTENSION_BYTES - 508 + d));
		assert_int_equal(check(D(place)), want);

		w.len = 0;
		put_string(1, 3);
		put_string(2, 3);
		wire_tag(&w, 4, 0);
		wire_varint(&w, 1);
		for (int i = 0; i < LD_MAX_CODES + d; i++)
			put_string(5, 3);
		assert_int_equal(check(D(licence_granted)), want);

		w.len = 0; /* 999, 1,000 and 1,001 items */
		put_string(1, LD_UUID_BYTES);
		put_string(2, LD_HASH_BYTES);
		wire_tag(&w, 3, 0);
		wire_varint(&w, 1);
		for (int i = 0; i < LD_MAX_ITEMS + d; i++)
			put_string(4, 0);
		assert_int_equal(check(D(manifest_sealed)), want);

		w.len = 0;
		put_string(1, 3);
		wire_tag(&w, 3, 0);
		wire_varint(&w, 1);
		for (int i = 0; i < LD_MAX_RING_POINTS + d; i++)
			put_string(4, 0);
		assert_int_equal(check(D(site_registered)), want);
	}
	for (int n = 0; n < 5; n++) { /* a ring has three points at least */
		w.len = 0;
		put_string(1, 3);
		wire_tag(&w, 3, 0);
		wire_varint(&w, 1);
		for (int i = 0; i < n; i++)
			put_string(4, 0);
		assert_int_equal(check(D(site_registered)), n < 3 ? LD_ERR_MALFORMED : LD_OK);
		put_string(9, 3);
		assert_int_equal(check(D(site_registered)), n < 3 ? LD_ERR_MALFORMED : LD_OK);
	}
}

/* A Track with lists of these lengths; negative: absent. */
static enum ld_err track(const int n[7])
{
	w.len = 0;
	put_string(1, 3);
	put_string(2, 3);
	wire_tag(&w, 5, 2);
	wire_varint(&w, 2);
	wire_put(&w, "\x08\x01", 2);
	for (uint32_t i = 0; i < 7; i++) {
		if (n[i] < 0)
			continue;
		wire_tag(&w, 6 + i, 2);
		wire_varint(&w, (uint64_t)n[i]);
		for (int k = 0; k < n[i]; k++)
			wire_varint(&w, (uint64_t)k & 1);
	}
	return check(D(track));
}

static void track_lists(void **state)
{
	(void)state;
	const int max = LD_MAX_FIXES - 1;
	const struct {
		int n[7];
		bool good;
	} cases[] = {
	    {{-1, -1, -1, -1, -1, -1, -1}, true},
	    {{-1, -1, -1, 1, 1, 1, 1}, true},
	    {{-1, -1, -1, 2, -1, -1, -1}, false},
	    {{3, 3, 3, -1, -1, -1, -1}, true},
	    {{3, 3, 3, 4, -1, 4, -1}, true},
	    {{3, 3, 3, 3, -1, -1, -1}, false},
	    {{3, 3, 3, -1, -1, -1, 5}, false},
	    {{3, 3, 2, -1, -1, -1, -1}, false},
	    {{3, 2, 3, -1, -1, -1, -1}, false},
	    {{3, 3, -1, -1, -1, -1, -1}, false},
	    {{-1, 3, 3, -1, -1, -1, -1}, false},
	    {{0, -1, -1, -1, -1, -1, -1}, false},
	    {{max - 1, max - 1, max - 1, max, max, max, max}, true},
	    {{max, max, max, max + 1, max + 1, max + 1, max + 1}, true},
	    {{max + 1, max + 1, max + 1, -1, -1, -1, -1}, false},
	    {{-1, -1, -1, max + 1, -1, -1, -1}, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(track(cases[i].n), cases[i].good ? LD_OK : LD_ERR_MALFORMED);
}

static struct ld_arena arena;

/* What the gate accepts, protobuf-c decodes with equal meaning: it writes the same bytes again. */
static void same_again(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t len)
{
	static uint8_t again[1 << 18];
	ld_arena_reset(&arena);
	ProtobufCMessage *msg = protobuf_c_message_unpack(type, &arena.pb, len, bytes);
	assert_non_null(msg);
	assert_int_equal(protobuf_c_message_get_packed_size(msg), len);
	assert_int_equal(protobuf_c_message_pack(msg, again), len);
	assert_memory_equal(again, bytes, len);
}

static const ProtobufCMessageDescriptor *const ROOTS[] = {
    D(event), D(envelope), D(entry), D(own_event), D(receipt), D(token), D(refused),
};

static void random_messages(void **state)
{
	(void)state;
	struct rnd r = {.state = 20211122, .max_list = 6};
	for (int i = 0; i < 20000; i++) {
		const ProtobufCMessageDescriptor *type = ROOTS[i & 1 ? 0 : rnd_below(&r, 7)];
		struct ld_gate_fault fault;
		w.len = 0;
		r.extensions = (unsigned)i & 4;
		rnd_message(&r, &w, ld_gate_find(type));
		if (ld_gate_check(type, w.bytes, w.len, &fault))
			fail_msg("%s %d: %s at %zu in %s", type->short_name, i, fault.what,
				 fault.offset, fault.field);
		same_again(type, w.bytes, w.len);
	}
}

/* Every truncation of a good message: most are refused, and none reads past its end. */
static void truncations(void **state)
{
	(void)state;
	struct rnd r = {.state = 7, .max_list = 4};
	for (int i = 0; i < 100; i++) {
		w.len = 0;
		rnd_message(&r, &w, ld_gate_find(D(event)));
		for (size_t cut = 0; cut < w.len; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);
			assert_non_null(exact);
			memcpy(exact, w.bytes, cut);
			if (!ld_gate_check(D(event), exact, cut, NULL))
				same_again(D(event), exact, cut);
			free(exact);
		}
	}
}

static void mutate(struct rnd *r)
{
	const size_t at = rnd_below(r, (uint32_t)w.len);
	switch (rnd_below(r, 4)) {
	case 0:
		w.bytes[at] ^= (uint8_t)(1u << rnd_below(r, 8));
		break;
	case 1:
		w.bytes[at] = (uint8_t)rnd_next(r);
		break;
	case 2: /* a byte less */
		memmove(w.bytes + at, w.bytes + at + 1, w.len - at - 1);
		w.len--;
		break;
	default: /* a byte more */
		memmove(w.bytes + at + 1, w.bytes + at, w.len - at);
		w.bytes[at] = (uint8_t)rnd_next(r);
		w.len++;
	}
}

static void mutations(void **state)
{
	(void)state;
	struct rnd r = {.state = 99, .max_list = 3};
	size_t accepted = 0;
	for (int i = 0; i < 200000; i++) {
		const ProtobufCMessageDescriptor *type = ROOTS[i & 1 ? 0 : rnd_below(&r, 7)];
		w.len = 0;
		r.extensions = (unsigned)i & 2;
		rnd_message(&r, &w, ld_gate_find(type));
		for (uint32_t n = 1 + rnd_below(&r, 3); n && w.len; n--)
			mutate(&r);
		uint8_t *exact = malloc(w.len ? w.len : 1);
		assert_non_null(exact);
		memcpy(exact, w.bytes, w.len);
		if (!ld_gate_check(type, exact, w.len, NULL)) {
			accepted++;
			same_again(type, exact, w.len);
		}
		free(exact);
	}
	print_message("%zu of 200000 mutants are accepted\n", accepted);
	assert_true(accepted > 1000);
}

static void unknown_type(void **state)
{
	(void)state;
	struct ld_gate_fault fault;
	ProtobufCMessageDescriptor other = liandan__place__descriptor;
	assert_int_equal(ld_gate_check(&other, NULL, 0, &fault), LD_ERR_MALFORMED);
	assert_string_equal(fault.what, "no such message type");
	assert_int_equal(ld_gate_check(D(place), NULL, 0, &fault), LD_OK);
}

static int setup(void **state)
{
	(void)state;
	if (ld_gate_init())
		fail_msg("fields.def and the .proto files differ: %s", ld_gate_init_fault());
	return ld_arena_init(&arena, 4 * LD_MAX_ARENA_BYTES);
}

static int teardown(void **state)
{
	(void)state;
	ld_arena_free(&arena);
	ld_gate_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_rule),    cmocka_unit_test(limits),
	    cmocka_unit_test(track_lists),  cmocka_unit_test(random_messages),
	    cmocka_unit_test(truncations),  cmocka_unit_test(mutations),
	    cmocka_unit_test(unknown_type),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
