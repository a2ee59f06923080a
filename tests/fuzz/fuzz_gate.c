/* The gate, on every kind of message that reaches it. What it accepts, libprotobuf-c must take
 * within the arena and write again byte for byte: else two readers could see two messages in one
 * signature. Input: one byte names the message, the rest is the message. */
#include "liandan/event.pb-c.h"
#include "liandan/ledger.pb-c.h"
#include "proto/arena.h"
#include "proto/gate.h"
#include "proto/limits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/random_message.h"

static const ProtobufCMessageDescriptor *const types[] = {
    &liandan__event__descriptor, &liandan__envelope__descriptor,  &liandan__entry__descriptor,
    &liandan__token__descriptor, &liandan__own_event__descriptor, &liandan__receipt__descriptor,
};

#define N_TYPES (sizeof types / sizeof types[0])

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Now and then a new message that the gate's own tables call right, a little broken by the next
 * rounds. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct wire w;
	struct rnd r = {.state = seed, .max_list = 1 + seed % 5};

	if (seed % 16 != 0)
		return LLVMFuzzerMutate(data, size, max_size);
	FZ_REQUIRE(ld_gate_init() == LD_OK);
	w.len = 0;
	rnd_message(&r, &w, ld_gate_find(types[(seed >> 4) % N_TYPES]));
	if (w.len + 1 > max_size)
		return LLVMFuzzerMutate(data, size, max_size);
	data[0] = (uint8_t)((seed >> 4) % N_TYPES);
	memcpy(data + 1, w.bytes, w.len);
	return 1 + w.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ld_arena arena;
	const ProtobufCMessageDescriptor *type;
	struct ld_gate_fault fault = {0};
	ProtobufCMessage *msg;
	uint8_t *exact, *again;

	if (arena.base == NULL)
		FZ_REQUIRE(ld_gate_init() == LD_OK &&
			   ld_arena_init(&arena, 4 * LD_MAX_ARENA_BYTES) == 0);
	if (size == 0)
		return 0;
	type = types[data[0] % N_TYPES];
	exact = fz_copy(data + 1, --size);
	if (ld_gate_check(type, exact, size, &fault) != LD_OK) {
		FZ_REQUIRE(fault.what != NULL && fault.offset <= size);
		FZ_REQUIRE(memchr(fault.field, '\0', sizeof fault.field) != NULL);
		free(exact);
		return 0;
	}
	ld_arena_reset(&arena);
	msg = protobuf_c_message_unpack(type, &arena.pb, size, exact);
	FZ_REQUIRE(msg != NULL);
	FZ_REQUIRE(protobuf_c_message_get_packed_size(msg) == size);
	again = malloc(size + 1);
	FZ_REQUIRE(again != NULL && protobuf_c_message_pack(msg, again) == size);
	FZ_REQUIRE(size == 0 || memcmp(again, exact, size) == 0);
	free(again);
	free(exact);
	return 0;
}
