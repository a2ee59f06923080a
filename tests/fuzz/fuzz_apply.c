/* Replay: entries as a ledger holds them, each well-formed by the gate, in any order, with any
 * verdict. apply is total: it takes them or says that they are none of ours. Input: entries, two
 * bytes of length before each. */
#include "plugin/custody/apply.h"
#include "proto/gate.h"
#include "tests/fuzz/fixture.h"

#define MAX_ENTRIES 128

static bool passes(const ProtobufCMessageDescriptor *type, ProtobufCBinaryData b)
{
	return ld_gate_check(type, b.data, b.len, NULL) == LD_OK;
}

/* Entries come from a disk that we wrote: what stands in them has passed the gate. */
static bool well_formed(const uint8_t *bytes, size_t len)
{
	Liandan__Envelope *env;
	Liandan__Entry *e;
	bool good = false;

	if (ld_gate_check(&liandan__entry__descriptor, bytes, len, NULL) != LD_OK)
		return false;
	e = liandan__entry__unpack(NULL, len, bytes);
	FZ_REQUIRE(e != NULL);
	if (e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT) {
		good = passes(&liandan__own_event__descriptor, e->own_event);
	} else if (e->content_case == LIANDAN__ENTRY__CONTENT_ENVELOPE &&
		   passes(&liandan__envelope__descriptor, e->envelope)) {
		env = liandan__envelope__unpack(NULL, e->envelope.len, e->envelope.data);
		FZ_REQUIRE(env != NULL);
		good = passes(&liandan__event__descriptor, env->event);
		liandan__envelope__free_unpacked(env, NULL);
	}
	liandan__entry__free_unpacked(e, NULL);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fz_region r;
	struct fz_in in = {data, size};

	if (r.c.state == NULL)
		fz_region_open(&r);
	fz_region_reset(&r);
	for (uint64_t i = 0; i < MAX_ENTRIES && in.n > 2; i++) {
		size_t len = fz_u16(&in);
		const uint8_t *bytes = fz_take(&in, &len);
		uint8_t *exact = fz_copy(bytes, len);

		if (well_formed(exact, len)) {
			ld_arena_reset(&r.arena);
			enum ld_err err = ld_apply_entry(&r.c, 1000 + i, exact, len);

			FZ_REQUIRE(err == LD_OK || err == LD_ERR_CORRUPT);
		}
		free(exact);
	}
	return 0;
}
