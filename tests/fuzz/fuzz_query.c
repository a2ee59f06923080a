/* Questions over MQTT: any body to any verb, by askers of every kind. The answer is always JSON
 * with `as_of`, and asking changes nothing. Input: one byte names the asker, one the verb, the rest
 * is the body. */
#include "plugin/broker/query.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/world.h"

static struct world w;
static struct ld_identity who[3];

static void open_once(void)
{
	static struct signer truck, clerk;

	world_new(&w);
	world_party(&w, "car", LIANDAN__ROLE__ROLE_CARRIER, LIANDAN__TIER__TIER_KEY);
	world_party(&w, "gen", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_KEY);
	world_site(&w, "works", "gen", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 31.2, 121.4, 200);
	signer_new(&clerk, "gen", "d1", LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	world_key(&w, &clerk, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p1",
		  LIANDAN__ROLE__ROLE_GENERATOR);
	signer_new(&truck, "car", "t1", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_vehicle(&w, "A1", "car", &truck, "T1");
	memcpy(who[0].key_id, ld_key_id(w.authority.key), LD_KEY_ID_BYTES);
	who[0].regulator = true;
	memcpy(who[1].key_id, ld_key_id(clerk.key), LD_KEY_ID_BYTES);
	snprintf(who[1].party, sizeof who[1].party, "gen");
	memcpy(who[2].key_id, ld_key_id(truck.key), LD_KEY_ID_BYTES);
	snprintf(who[2].party, sizeof who[2].party, "car");
	FZ_REQUIRE(ld_region_flush(w.region) == LD_OK);
}

static void close_once(void)
{
	world_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const verbs[] = {"may",  "signer", "manifest", "history", "proof",
					    "tile", "near",   "stock",	  "nothing"};
	struct fz_in in = {data, size};
	const struct ld_identity *asker;
	struct ld_hash before, after;
	const char *verb;
	uint8_t *body;
	cJSON *answer;
	char *text;

	if (w.region == NULL) {
		open_once();
		atexit(close_once);
	}
	asker = &who[fz_u8(&in) % 3];
	verb = verbs[fz_u8(&in) % (sizeof verbs / sizeof verbs[0])];
	body = fz_copy(in.p, in.n);
	FZ_REQUIRE(ld_state_digest(ld_region_custody(w.region)->state, &before) == LD_OK);
	answer = ld_query_answer(w.region, asker, verb, body, in.n);
	FZ_REQUIRE(cJSON_IsObject(answer) && cJSON_HasObjectItem(answer, "as_of"));
	text = cJSON_PrintUnformatted(answer);
	FZ_REQUIRE(text != NULL);
	cJSON_free(text);
	cJSON_Delete(answer);
	FZ_REQUIRE(ld_state_digest(ld_region_custody(w.region)->state, &after) == LD_OK);
	FZ_REQUIRE(memcmp(&before, &after, sizeof before) == 0);
	free(body);
	return 0;
}
