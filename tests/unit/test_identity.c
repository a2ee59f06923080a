/* Who is let in: by certificate, by token (PROTOCOL: Identity on the connection). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "plugin/custody/access.h"
#include "proto/base64.h"
#include "tests/unit/registry_fixture.h"

static enum ld_err by_key(struct fx *x, const struct ld_key *key, const char *client_id,
			  int64_t now_ms, struct ld_identity *id)
{
	ProtobufCBinaryData spki = fx_spki(key);
	size_t used = x->arena.used;
	char why[64] = "";
	enum ld_err err =
	    ld_identify_key(&x->c, spki.data, spki.len, client_id, now_ms, id, why, sizeof why);

	assert_int_equal(x->arena.used, used); /* nothing stays behind, however many connect */
	assert_int_equal(err == LD_OK, why[0] == '\0');
	assert_true(err == LD_OK || err == LD_ERR_REFUSED);
	return err;
}

static void test_key(void **state)
{
	struct fx *x = *state;
	static const char *const wrong[] = {"",	     "/",	"gen",	   "gen/",   "/d1",
					    "gen/d", "gen/d11", "gen/d1/", "gen/D1", "genX/d1",
					    "ge/d1", "gen//d1", " gen/d1", "d1/gen"};
	struct ld_identity id;
	struct ld_key *key;
	ProtobufCBinaryData spki;
	char why[8];

	assert_int_equal(fx_party(x, "gen", ROLE(GENERATOR)), OK);
	key = fx_enrolled(x, "gen", "d1", SUBJECT(PERSON), ROLE(GENERATOR));
	assert_int_equal(by_key(x, key, "gen/d1", FX_NOW, &id), LD_OK);
	assert_string_equal(id.party, "gen");
	assert_string_equal(id.device, "d1");
	assert_memory_equal(id.key_id, ld_key_id(key), LD_KEY_ID_BYTES);
	assert_int_equal(id.roles, ROLE(GENERATOR));
	assert_int_equal(id.party_roles, ROLE(GENERATOR));
	assert_false(id.regulator);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(by_key(x, key, wrong[i], FX_NOW, &id), LD_ERR_REFUSED);
	assert_int_equal(by_key(x, key, NULL, FX_NOW, &id), LD_ERR_REFUSED);
	assert_int_equal(by_key(x, fx_key(x, ED25519), "gen/d1", FX_NOW, &id), LD_ERR_REFUSED);

	/* hostile lengths; a small buffer for the word why */
	spki = fx_spki(key);
	assert_int_equal(ld_identify_key(&x->c, NULL, 0, "gen/d1", FX_NOW, &id, why, sizeof why),
			 LD_ERR_REFUSED);
	assert_int_equal(
	    ld_identify_key(&x->c, spki.data, spki.len - 1, "gen/d1", FX_NOW, &id, why, sizeof why),
	    LD_ERR_REFUSED);
	assert_string_equal(why, "unknown");
	assert_int_equal(
	    ld_identify_key(&x->c, spki.data, 1u << 20, "gen/d1", FX_NOW, &id, NULL, 0),
	    LD_ERR_REFUSED);
}

static void test_key_times(void **state)
{
	struct fx *x = *state;
	struct ld_identity id;
	struct ld_key *key = fx_key(x, ED25519);
	Liandan__KeyEnrolled k = fx_enrolment(key, "gen", "d1", SUBJECT(PERSON), ROLE(GENERATOR));

	k.to_ms = FX_NOW + 1000;
	assert_int_equal(fx_party(x, "gen", ROLE(GENERATOR)), OK);
	assert_int_equal(fx_enrol(x, x->authority, key, &k), OK);
	assert_int_equal(by_key(x, key, "gen/d1", FX_NOW - 1, &id), LD_ERR_REFUSED);
	assert_int_equal(by_key(x, key, "gen/d1", FX_NOW, &id), LD_OK);
	assert_int_equal(by_key(x, key, "gen/d1", FX_NOW + 999, &id), LD_OK);
	/* expired on the road: it delivers what it has for as long as a held event waits */
	assert_int_equal(by_key(x, key, "gen/d1", FX_NOW + 999 + x->c.rules->held_ms, &id), LD_OK);
	assert_int_equal(by_key(x, key, "gen/d1", FX_NOW + 1000 + x->c.rules->held_ms, &id),
			 LD_ERR_REFUSED);

	/* superseded: it may deliver what it has until grace ends; compromised: at once */
	assert_int_equal(fx_revoke(x, x->authority, key, SUPERSEDED, FX_NOW - 10, FX_NOW + 500),
			 OK);
	assert_int_equal(by_key(x, key, "gen/d1", FX_NOW + 500, &id), LD_OK);
	assert_int_equal(ld_identify_again(&x->c, FX_NOW + 500, &id), LD_OK);
	assert_int_equal(ld_identify_again(&x->c, FX_NOW + 501, &id), LD_ERR_REFUSED);
	assert_int_equal(by_key(x, key, "gen/d1", FX_NOW + 501, &id), LD_ERR_REFUSED);
	assert_int_equal(fx_revoke(x, x->authority, key, COMPROMISED, FX_NOW + 900, 0), OK);
	assert_int_equal(by_key(x, key, "gen/d1", FX_NOW, &id), LD_ERR_REFUSED);
	assert_int_equal(ld_identify_again(&x->c, FX_NOW, &id), LD_ERR_REFUSED);
	memset(id.key_id, 0, sizeof id.key_id);
	assert_int_equal(ld_identify_again(&x->c, FX_NOW, &id), LD_ERR_REFUSED);
}

static void test_regulators(void **state)
{
	struct fx *x = *state;
	struct ld_identity id;
	struct ld_key *key;

	/* an authority's key, its party registered or not */
	assert_int_equal(by_key(x, x->authority, "eeb/root", FX_NOW, &id), LD_OK);
	assert_true(id.regulator);
	assert_int_equal(id.party_roles, 0);
	/* any key of a regulating party */
	assert_int_equal(fx_party(x, "eeb", ROLE(REGULATOR)), OK);
	key = fx_enrolled(x, "eeb", "console", SUBJECT(SYSTEM), ROLE(CONNECT));
	assert_int_equal(by_key(x, key, "eeb/console", FX_NOW, &id), LD_OK);
	assert_true(id.regulator);
	/* the party loses the role: so do its keys, from the next look */
	assert_int_equal(fx_party(x, "eeb", ROLE(GENERATOR)), OK);
	assert_int_equal(ld_identify_again(&x->c, FX_NOW, &id), LD_OK);
	assert_false(id.regulator);
	assert_int_equal(id.party_roles, ROLE(GENERATOR));
	assert_string_equal(id.device, "console");
}

static enum ld_err by_token(struct fx *x, const char *text, const char *client_id, int64_t now_ms,
			    bool recheck)
{
	struct ld_identity id;
	char why[64] = "";
	size_t used = x->arena.used;
	enum ld_err err = ld_identify_token(&x->c, text, strlen(text), client_id, now_ms, now_ms,
					    recheck, &id, why, sizeof why);

	assert_int_equal(x->arena.used, used);
	assert_int_equal(err == LD_OK, why[0] == '\0');
	if (err == LD_OK)
		assert_string_equal(id.device, "d1");
	return err;
}

static Liandan__Token token_of(struct fx *x, const struct ld_key *key)
{
	Liandan__Token t = LIANDAN__TOKEN__INIT;

	t.ledger_id = (ProtobufCBinaryData){LD_HASH_BYTES, x->c.ledger_id};
	t.key_id = fx_id(key);
	t.client_id = "gen/d1";
	t.not_before_ms = FX_NOW;
	t.expires_ms = FX_NOW + LD_MAX_TOKEN_MS;
	return t;
}

/* As ld_token_seal, which makes no token that would be refused for its form. */
static char *sealed(const Liandan__Token *t, struct ld_key *key)
{
	uint8_t body[512], bytes[1024], signature[LD_MAX_SIGNATURE_BYTES];
	Liandan__Signature s = LIANDAN__SIGNATURE__INIT;
	Liandan__Signature *list[] = {&s};
	Liandan__Envelope e = LIANDAN__ENVELOPE__INIT;
	Liandan__Token named = *t;
	char *text = malloc(LD_BASE64_CAP(sizeof bytes));
	size_t len;

	assert_non_null(text);
	named.key_id = s.key_id = fx_id(key);
	len = liandan__token__pack(&named, body);
	assert_int_equal(ld_key_sign(key, LD_TOKEN_TYPE, body, len, signature, &s.signature.len),
			 LD_OK);
	s.signature.data = signature;
	e.event = (ProtobufCBinaryData){len, body};
	e.n_signatures = 1;
	e.signatures = list;
	len = liandan__envelope__pack(&e, bytes);
	ld_base64url_encode(bytes, len, text);
	return text;
}

static void token_try(struct fx *x, const Liandan__Token *t, struct ld_key *key,
		      enum ld_err expected)
{
	char *text = sealed(t, key);

	assert_int_equal(by_token(x, text, "gen/d1", FX_NOW, false), expected);
	free(text);
}

static void test_token(void **state)
{
	struct fx *x = *state;
	struct ld_key *key, *stranger = fx_key(x, ED25519);
	uint8_t other_ledger[LD_HASH_BYTES] = {1};
	Liandan__Token t;
	char *text;

	assert_int_equal(fx_party(x, "gen", ROLE(GENERATOR)), OK);
	key = fx_enrolled(x, "gen", "d1", SUBJECT(PERSON), ROLE(GENERATOR));
	t = token_of(x, key);
	assert_int_equal(ld_token_seal(&t, key, &text), LD_OK);
	assert_int_equal(by_token(x, text, "gen/d1", FX_NOW, false), LD_OK);
	assert_int_equal(by_token(x, text, "gen/d1", FX_NOW + 1, false), LD_OK); /* reusable */
	assert_int_equal(by_token(x, text, "gen/d1", t.expires_ms - 1, false), LD_OK);
	assert_int_equal(by_token(x, text, "gen/d1", t.expires_ms, false), LD_ERR_REFUSED);
	assert_int_equal(by_token(x, text, "gen/d1", FX_NOW - 1, false), LD_ERR_REFUSED);
	assert_int_equal(by_token(x, text, "gen/d2", FX_NOW, false), LD_ERR_REFUSED);
	assert_int_equal(by_token(x, text, "gen/d1/", FX_NOW, false), LD_ERR_REFUSED);
	assert_int_equal(by_token(x, text, NULL, FX_NOW, false), LD_ERR_REFUSED);
	/* a reload asks only whether the key is still good */
	assert_int_equal(by_token(x, text, "gen/d1", t.expires_ms + 1000000, true), LD_OK);
	assert_int_equal(by_token(x, text, "gen/d2", FX_NOW, true), LD_ERR_REFUSED);
	assert_int_equal(fx_revoke(x, x->authority, key, COMPROMISED, FX_NOW, 0), OK);
	assert_int_equal(by_token(x, text, "gen/d1", FX_NOW, true), LD_ERR_REFUSED);
	assert_int_equal(by_token(x, text, "gen/d1", FX_NOW, false), LD_ERR_REFUSED);
	free(text);

	key = fx_enrolled(x, "gen", "d1", SUBJECT(PERSON), ROLE(GENERATOR));
	t = token_of(x, key);
	token_try(x, &t, key, LD_OK);
	t.ledger_id.data = other_ledger;
	token_try(x, &t, key, LD_ERR_REFUSED);
	t = token_of(x, key);
	token_try(x, &t, stranger, LD_ERR_REFUSED); /* seal names the stranger's key */
	t.client_id = "gen/d2"; /* not this key's device, though asked for consistently */
	text = sealed(&t, key);
	assert_int_equal(by_token(x, text, "gen/d2", FX_NOW, false), LD_ERR_REFUSED);
	free(text);
}

/* A demonstration's ledger clock may run faster: the token counts by the wall's, the key by the
 * ledger's. */
static void test_token_clocks(void **state)
{
	struct fx *x = *state;
	struct ld_key *key = fx_key(x, ED25519);
	Liandan__KeyEnrolled k = fx_enrolment(key, "gen", "d1", SUBJECT(PERSON), ROLE(GENERATOR));
	struct ld_identity id;
	Liandan__Token t;
	size_t len;
	char *text;

	k.to_ms = FX_NOW + DAY_MS;
	assert_int_equal(fx_party(x, "gen", ROLE(GENERATOR)), OK);
	assert_int_equal(fx_enrol(x, x->authority, key, &k), OK);
	t = token_of(x, key);
	text = sealed(&t, key);
	len = strlen(text);
#define AT(now_ms, wall_ms)                                                                        \
	ld_identify_token(&x->c, text, len, "gen/d1", now_ms, wall_ms, false, &id, NULL, 0)
	assert_int_equal(AT(FX_NOW + DAY_MS - 1 + x->c.rules->held_ms, FX_NOW), LD_OK);
	assert_int_equal(AT(FX_NOW + DAY_MS + x->c.rules->held_ms, FX_NOW), LD_ERR_REFUSED);
	assert_int_equal(AT(FX_NOW, FX_NOW + LD_MAX_TOKEN_MS), LD_ERR_REFUSED);
	assert_int_equal(AT(FX_NOW, FX_NOW - 1), LD_ERR_REFUSED);
#undef AT
	free(text);
}

static void test_token_life(void **state)
{
	struct fx *x = *state;
	struct ld_key *key;
	Liandan__Token t;

	assert_int_equal(fx_party(x, "gen", ROLE(GENERATOR)), OK);
	key = fx_enrolled(x, "gen", "d1", SUBJECT(PERSON), ROLE(GENERATOR));
	t = token_of(x, key);
	t.expires_ms = FX_NOW + LD_MAX_TOKEN_MS - 1;
	token_try(x, &t, key, LD_OK);
	t.expires_ms = FX_NOW + LD_MAX_TOKEN_MS;
	token_try(x, &t, key, LD_OK);
	t.expires_ms = FX_NOW + LD_MAX_TOKEN_MS + 1;
	token_try(x, &t, key, LD_ERR_REFUSED);
	t.expires_ms = FX_NOW;
	token_try(x, &t, key, LD_ERR_REFUSED);
	t.not_before_ms = INT64_MIN;
	t.expires_ms = INT64_MAX;
	token_try(x, &t, key, LD_ERR_REFUSED);
	t.not_before_ms = -5;
	t.expires_ms = FX_NOW;
	token_try(x, &t, key, LD_ERR_REFUSED);
}

static void test_token_bytes(void **state)
{
	struct fx *x = *state;
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct ld_gate_fault fault;
	struct ld_key *key;
	Liandan__WasteGenerated body = LIANDAN__WASTE_GENERATED__INIT;
	Liandan__Event e = FX_EVENT(waste_generated, WASTE_GENERATED, &body);
	Liandan__Token t;
	uint8_t *bytes = NULL;
	size_t len;
	char *text;

	assert_int_equal(fx_party(x, "gen", ROLE(GENERATOR)), OK);
	key = fx_enrolled(x, "gen", "d1", SUBJECT(PERSON), ROLE(GENERATOR));
	t = token_of(x, key);
	text = sealed(&t, key);
	for (size_t i = 0; text[i] != '\0'; i++) {
		char was = text[i];

		text[i] = alphabet[(strcspn(alphabet, text + i) + 1) % 64] == was ? '-'
			  : was == 'A'						  ? 'B'
										  : 'A';
		assert_int_equal(by_token(x, text, "gen/d1", FX_NOW, false), LD_ERR_REFUSED);
		text[i] = was;
	}
	for (size_t i = 0; text[i] != '\0'; i++) {
		char was = text[i];

		text[i] = '\0';
		assert_int_equal(by_token(x, text, "gen/d1", FX_NOW, false), LD_ERR_REFUSED);
		text[i] = was;
	}
	assert_int_equal(by_token(x, text, "gen/d1", FX_NOW, false), LD_OK);
	free(text);
	assert_int_equal(ld_identify_token(&x->c, NULL, 0, "gen/d1", FX_NOW, FX_NOW, false,
					   &(struct ld_identity){0}, NULL, 0),
			 LD_ERR_REFUSED);
	/* an event never stands for a token */
	(void)ld_seal(&e, &key, 1, &bytes, &len, NULL, &fault);
	if (bytes != NULL) {
		text = malloc(LD_BASE64_CAP(len));
		assert_non_null(text);
		ld_base64url_encode(bytes, len, text);
		assert_int_equal(by_token(x, text, "gen/d1", FX_NOW, false), LD_ERR_REFUSED);
		free(text);
		free(bytes);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fx_open, fx_close)
	const struct CMUnitTest tests[] = {
	    TEST(test_key),	    TEST(test_key_times),    TEST(test_regulators),
	    TEST(test_token),	    TEST(test_token_clocks), TEST(test_token_life),
	    TEST(test_token_bytes),
	};

	if (ld_gate_init() != LD_OK)
		return 1;
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	ld_gate_cleanup();
	return rc;
}
