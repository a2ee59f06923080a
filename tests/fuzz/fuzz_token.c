/* Passwords: whatever is typed, only what the key signed lets anybody in. Input: the text. The key
 * is fixed (of these tests alone), so that a seed holds a token that is good. */
#include "plugin/custody/tables.h"
#include "tests/fuzz/fixture.h"

static struct fz_region r;
static char *good;

static void open_once(void)
{
	Custody__Key rec = CUSTODY__KEY__INIT;
	struct ld_key *key;

	fz_region_open(&r);
	key = fz_token_key();
	good = fz_token_text(key);
	rec.key_id = (ProtobufCBinaryData){LD_KEY_ID_BYTES, (uint8_t *)(uintptr_t)ld_key_id(key)};
	rec.spki.data = (uint8_t *)(uintptr_t)ld_key_spki(key, &rec.spki.len);
	rec.algorithm = ld_key_algorithm(key);
	rec.party = (char *)(uintptr_t) "gen";
	rec.device = (char *)(uintptr_t) "d1";
	rec.roles = LIANDAN__ROLE__ROLE_GENERATOR;
	rec.from_ms = 1;
	FZ_REQUIRE(ld_key_rec_put(&r.c, &rec) == LD_OK);
	ld_key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const clients[] = {"gen/d1", "gen/d2", "", "gen"};
	struct ld_identity id;
	uint8_t *exact;
	char why[64];

	if (r.c.state == NULL)
		open_once();
	exact = fz_copy(data, size);
	for (int recheck = 0; recheck < 2; recheck++) {
		for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
			enum ld_err err =
			    ld_identify_token(&r.c, (const char *)exact, size, clients[i], FZ_NOW,
					      FZ_NOW, recheck != 0, &id, why, sizeof why);

			FZ_REQUIRE(r.arena.used == 0);
			if (err == LD_OK) /* the one that the seed has, and nobody else's */
				FZ_REQUIRE(i == 0 && size == strlen(good) &&
					   memcmp(exact, good, size) == 0 && !id.regulator);
			else
				FZ_REQUIRE(err == LD_ERR_REFUSED && why[0] != '\0');
		}
	}
	free(exact);
	return 0;
}
