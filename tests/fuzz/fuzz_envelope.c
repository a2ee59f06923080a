/* Opening an envelope: what a client's payload first meets. Nobody but the keys named may have
 * signed it, and nothing points outside what was received. Input: the envelope. */
#include "proto/digest.h"
#include "proto/envelope.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct ld_opened *o, const uint8_t *bytes, size_t size)
{
	const Liandan__Event *e = o->event;
	const Liandan__Envelope *env = o->envelope;
	uint8_t hash[LD_HASH_BYTES];

	FZ_REQUIRE(o->bytes == bytes && o->len == size);
	FZ_REQUIRE(o->event_bytes >= bytes && o->event_bytes + o->event_len <= bytes + size);
	ld_sha256(o->event_bytes, o->event_len, hash);
	FZ_REQUIRE(memcmp(hash, o->event_hash, sizeof hash) == 0);
	FZ_REQUIRE(env->event.len == o->event_len);
	FZ_REQUIRE(memcmp(env->event.data, o->event_bytes, o->event_len) == 0);
	/* exactly the signatures that submitter and cosigners name, in that order, no key twice */
	FZ_REQUIRE(env->n_signatures == 1 + e->n_cosigners &&
		   env->n_signatures <= LD_MAX_SIGNATURES);
	for (size_t i = 0; i < env->n_signatures; i++) {
		const ProtobufCBinaryData *named = i == 0 ? &e->submitter : &e->cosigners[i - 1];

		FZ_REQUIRE(named->len == LD_KEY_ID_BYTES &&
			   env->signatures[i]->key_id.len == LD_KEY_ID_BYTES);
		FZ_REQUIRE(memcmp(named->data, env->signatures[i]->key_id.data, LD_KEY_ID_BYTES) ==
			   0);
		for (size_t k = 0; k < i; k++)
			FZ_REQUIRE(memcmp(named->data, env->signatures[k]->key_id.data,
					  LD_KEY_ID_BYTES) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const Liandan__Algorithm algorithms[3] = {LIANDAN__ALGORITHM__ALGORITHM_P256,
							 LIANDAN__ALGORITHM__ALGORITHM_ED25519,
							 LIANDAN__ALGORITHM__ALGORITHM_SM2};
	static struct ld_arena arena;
	static struct ld_key *fresh[3];
	struct ld_key *keys[LD_MAX_SIGNATURES];
	struct ld_gate_fault fault = {0};
	struct ld_opened o;
	uint8_t *exact;
	enum ld_err err;

	if (arena.base == NULL) {
		FZ_REQUIRE(ld_gate_init() == LD_OK &&
			   ld_arena_init(&arena, LD_MAX_ARENA_BYTES) == 0);
		for (size_t i = 0; i < 3; i++)
			FZ_REQUIRE(ld_key_generate(algorithms[i], &fresh[i]) == LD_OK);
	}
	ld_arena_reset(&arena);
	exact = fz_copy(data, size);
	err = ld_open_parse(exact, size, &arena, &o, &fault);
	if (err != LD_OK) {
		FZ_REQUIRE(err == LD_ERR_LIMIT || err == LD_ERR_NOMEM ||
			   (err == LD_ERR_MALFORMED && fault.what != NULL));
	} else {
		check(&o, exact, size);
		/* keys that nobody ever signed with: whatever the algorithm, never a good signature
		 */
		for (size_t i = 0; i < o.envelope->n_signatures; i++)
			keys[i] = fresh[(size + i) % 3];
		FZ_REQUIRE(ld_open_verify(&o, keys, o.envelope->n_signatures) == LD_ERR_SIGNATURE);
	}
	free(exact);
	return 0;
}
