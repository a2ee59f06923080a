/* Signed notes, checkpoints, cosignatures and tlog-proofs: others' vectors, and every way of being
 * slightly wrong. */
#include "test_store.h"

#include <openssl/ec.h>

#include "proto/base64.h"

#define NAME "liandan/330100/main"

static EVP_PKEY *pkey;
static struct ld_note_key key;

static int setup(void **state)
{
	(void)state;
	pkey = test_pkey(1);
	return ld_note_key_init(&key, NAME, pkey);
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(pkey);
	return 0;
}

static enum ld_err wanted(const char *want)
{
	if (strcmp(want, "ok") == 0)
		return LD_OK;
	return strcmp(want, "malformed") == 0 ? LD_ERR_MALFORMED : LD_ERR_SIGNATURE;
}

/* The note of a vector, given as text or in hex. */
static size_t note_of(const cJSON *item, char *out, size_t cap)
{
	const cJSON *text = cJSON_GetObjectItem(item, "note");
	const cJSON *hex = cJSON_GetObjectItem(item, "note_hex");

	if (text) {
		size_t n = strlen(text->valuestring);
		assert_true(n < cap);
		memcpy(out, text->valuestring, n + 1);
		return n;
	}
	size_t n = strlen(hex->valuestring) / 2;
	assert_true(n < cap);
	assert_ok(ld_hex_decode(hex->valuestring, 2 * n, (uint8_t *)out, n));
	return n;
}

static void one_note(const cJSON *item)
{
	static char note[64 * 1024];
	const cJSON *vkey;
	const char *text;
	size_t text_len;
	size_t len = note_of(item, note, sizeof note);
	enum ld_err want = wanted(cJSON_GetObjectItem(item, "want")->valuestring);

	/* a key that signed none of them */
	if (want != LD_ERR_MALFORMED)
		assert_int_equal(ld_note_verify(note, len, &key, &text, &text_len),
				 LD_ERR_SIGNATURE);
	cJSON_ArrayForEach(vkey, cJSON_GetObjectItem(item, "vkeys"))
	{
		struct ld_note_key k;
		char again[LD_NOTE_VKEY_BYTES];
		assert_ok(ld_note_vkey_parse(vkey->valuestring, &k));
		assert_ok(ld_note_vkey(&k, again, sizeof again));
		assert_string_equal(again, vkey->valuestring);
		if (ld_note_verify(note, len, &k, &text, &text_len) != want)
			fail_msg("%s", cJSON_GetObjectItem(item, "name")->valuestring);
		EVP_PKEY_free(k.pkey);
	}
}

static void published_notes(void **state)
{
	char path[PATH_BYTES];
	const cJSON *item;
	int notes = 0;

	(void)state;
	VECTORS(path, "derived/signed_note_vectors.json");
	cJSON *json = json_file(path);
	assert_non_null(json);
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "notes"))
	{
		one_note(item);
		notes++;
	}
	assert_int_equal(notes, 13);
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "bad_vkeys"))
	{
		struct ld_note_key k;
		assert_int_not_equal(ld_note_vkey_parse(item->valuestring, &k), LD_OK);
	}
	cJSON_Delete(json);
}

/* A whole log that another implementation made: every checkpoint, leaf, root and proof. */
static void tessera_log(void **state)
{
	static const char *vkey =
	    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
	char path[PATH_BYTES + 64], base[PATH_BYTES];
	struct ld_note_key k;
	struct ld_frontier f = {0};
	size_t len = 0;

	(void)state;
	VECTORS(base, "tessera/testdata/log");
	if (ld_note_vkey_parse(vkey, &k) != LD_OK)
		fail_msg("vkey");
	snprintf(path, sizeof path, "%s/tile/entries/000.p/15", base);
	char *bundle = slurp(path, &len);
	assert_non_null(bundle);
	const char *at = bundle;
	for (int size = 0; size <= 15; size++) {
		struct ld_checkpoint cp;
		struct ld_hash root, leaf;
		size_t note_len = 0;
		snprintf(path, sizeof path, "%s/checkpoint.%d", base, size);
		char *note = slurp(path, &note_len);
		assert_non_null(note);
		assert_ok(ld_checkpoint_verify(note, note_len, &k, &cp));
		assert_int_equal(cp.size, size);
		ld_frontier_root(&f, &root);
		assert_true(ld_hash_equal(&root, &cp.root));
		note[2] ^= 1;
		assert_int_equal(ld_checkpoint_verify(note, note_len, &k, &cp), LD_ERR_SIGNATURE);
		free(note);
		if (size == 15)
			break;
		size_t n = (size_t)(uint8_t)at[0] << 8 | (uint8_t)at[1];
		ld_merkle_leaf((const uint8_t *)at + 2, n, &leaf);
		ld_frontier_append(&f, &leaf);
		at += 2 + n;
	}
	assert_ptr_equal(at, bundle + len);
	free(bundle);
	EVP_PKEY_free(k.pkey);
}

/* A cosignature that another implementation made. */
static void sunlight_cosignature(void **state)
{
	static const char *dir = "sunlight/cmd/skylight/testdata/witness/mirror";
	char base[PATH_BYTES], path[PATH_BYTES + 128];
	struct ld_note_key k;
	struct ld_checkpoint cp;
	uint64_t time_s;
	size_t len = 0;

	(void)state;
	VECTORS(base, dir);
	snprintf(path, sizeof path, "%s/mirror.v0.json", base);
	cJSON *json = json_file(path);
	assert_non_null(json);
	const cJSON *vkeys = cJSON_GetObjectItem(json, "verifier_keys");
	assert_ok(ld_note_vkey_parse(cJSON_GetArrayItem(vkeys, 0)->valuestring, &k));
	cJSON_Delete(json);
	snprintf(path, sizeof path, "%s/%s/checkpoint", base,
		 "000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706");
	char *note = slurp(path, &len);
	assert_non_null(note);
	assert_ok(ld_note_cosignature_verify(note, len, &k, &time_s));
	assert_true(time_s > 1700000000 && time_s < 2000000000);
	assert_ok(ld_checkpoint_parse(note, len, &cp));
	assert_int_equal(cp.size, 300);
	/* a cosignature is not a signature of the log */
	const char *text;
	size_t text_len;
	assert_int_equal(ld_note_verify(note, len, &k, &text, &text_len), LD_ERR_SIGNATURE);
	char *digit = strstr(note, "300");
	*digit = '4';
	assert_int_equal(ld_note_cosignature_verify(note, len, &k, &time_s), LD_ERR_SIGNATURE);
	free(note);
	EVP_PKEY_free(k.pkey);
}

static void make_cp(struct ld_checkpoint *cp, uint64_t size)
{
	memset(cp, 0, sizeof *cp);
	snprintf(cp->origin, sizeof cp->origin, "%s", NAME);
	cp->size = size;
	ld_merkle_leaf((const uint8_t *)"x", 1, &cp->root);
}

static void checkpoint_round_trip(void **state)
{
	static const uint64_t sizes[] = {0, 1, 9, 10, UINT64_C(18446744073709551615)};
	char note[LD_NOTE_MAX_BYTES];
	struct ld_checkpoint cp, back;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		make_cp(&cp, sizes[i]);
		assert_ok(ld_checkpoint_sign(&cp, &key, note, sizeof note, &len));
		assert_int_equal(strlen(note), len);
		assert_ok(ld_checkpoint_verify(note, len, &key, &back));
		assert_memory_equal(&back, &cp, sizeof cp);
		for (size_t cap = 0; cap <= len; cap += 7)
			assert_int_equal(ld_checkpoint_sign(&cp, &key, note, cap, &len),
					 LD_ERR_LIMIT);
	}
}

/* No single-byte change and no shortening of a note verifies. */
static void every_byte_counts(void **state)
{
	char note[LD_NOTE_MAX_BYTES];
	struct ld_checkpoint cp, back;
	size_t len;

	(void)state;
	make_cp(&cp, 1234);
	assert_ok(ld_checkpoint_sign(&cp, &key, note, sizeof note, &len));
	for (size_t i = 0; i < len; i++) {
		note[i] ^= 1;
		assert_int_not_equal(ld_checkpoint_verify(note, len, &key, &back), LD_OK);
		note[i] ^= 1;
	}
	for (size_t n = 0; n < len; n++)
		assert_int_not_equal(ld_checkpoint_verify(note, n, &key, &back), LD_OK);
	assert_ok(ld_checkpoint_verify(note, len, &key, &back));
}

/* Signs any text at all with our key. */
static size_t sign_text(const char *text, char note[LD_NOTE_MAX_BYTES])
{
	uint8_t raw[4 + 64];
	char b64[LD_BASE64_CAP(sizeof raw)];
	size_t sig_len = 64;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	memcpy(raw, key.hash, 4);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey), 1);
	assert_int_equal(
	    EVP_DigestSign(ctx, raw + 4, &sig_len, (const uint8_t *)text, strlen(text)), 1);
	EVP_MD_CTX_free(ctx);
	ld_base64_encode(raw, sizeof raw, b64);
	int n = snprintf(note, LD_NOTE_MAX_BYTES, "%s\n\xE2\x80\x94 " NAME " %s\n", text, b64);
	return (size_t)n;
}

static void texts_that_are_no_checkpoints(void **state)
{
#define ROOT "LLX6Vr5xp/qSUMZ6UKsEX+0XBXuC1WIc9PUj1RMMHLw=" /* any 32 bytes */
	static const char *const bad[] = {
	    NAME "\n1\n",
	    NAME "\n01\n" ROOT "\n",
	    NAME "\n+1\n" ROOT "\n",
	    NAME "\n-1\n" ROOT "\n",
	    NAME "\n\n" ROOT "\n",
	    NAME "\n1 \n" ROOT "\n",
	    NAME "\n18446744073709551616\n" ROOT "\n",
	    NAME "\n99999999999999999999\n" ROOT "\n",
	    NAME "\n1\n" ROOT "=\n",
	    NAME "\n1\nLLX6Vr5xp/qSUMZ6UKsEX+0XBXuC1WIc9PUj1RMMHL\n",
	    NAME "\n1\nLLX6Vr5xp/qSUMZ6UKsEX+0XBXuC1WIc9PUj1RMMHLx=\n",
	    NAME " 1\n1\n" ROOT "\n",
	    "\n1\n" ROOT "\n",
	    NAME "\n1\n" ROOT "\n\n" ROOT "\n",
	    NAME "\n1\r\n" ROOT "\n",
	    NAME "\n1\n" ROOT "\n\xFF\n",
	};
	char note[LD_NOTE_MAX_BYTES];
	struct ld_checkpoint cp;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		size_t len = sign_text(bad[i], note);
		assert_int_not_equal(ld_checkpoint_verify(note, len, &key, &cp), LD_OK);
	}
	size_t len = sign_text("liandan/330100/other\n1\n" ROOT "\n", note);
	assert_int_equal(ld_checkpoint_verify(note, len, &key, &cp), LD_ERR_SIGNATURE);
	len = sign_text(NAME "\n1\n" ROOT "\nextension line\n", note);
	assert_ok(ld_checkpoint_verify(note, len, &key, &cp));
	assert_int_equal(cp.size, 1);
}

static void many_signatures(void **state)
{
	char note[LD_NOTE_MAX_BYTES], longer[2 * LD_NOTE_MAX_BYTES];
	struct ld_checkpoint cp, back;
	struct ld_note_key witness;
	EVP_PKEY *wkey = test_pkey(2);
	uint64_t time_s;
	size_t len;

	(void)state;
	assert_ok(ld_note_witness_init(&witness, "witness.example", wkey));
	make_cp(&cp, 77);
	assert_ok(ld_checkpoint_sign(&cp, &key, note, sizeof note, &len));
	size_t first_line = (size_t)(strstr(note, "\n\n") + 2 - note);
	for (uint64_t i = 1; i < LD_NOTE_MAX_SIGNATURES; i++)
		assert_ok(ld_note_cosign(note, sizeof note, &len, &witness, 1800000000 + i));
	assert_ok(ld_checkpoint_verify(note, len, &key, &back));
	assert_ok(ld_note_cosignature_verify(note, len, &witness, &time_s));
	assert_int_equal(time_s, 1800000001);
	/* the seventeenth line */
	int n = snprintf(longer, sizeof longer, "%s%.*s", note,
			 (int)strcspn(note + first_line, "\n") + 1, note + first_line);
	assert_int_equal(ld_checkpoint_verify(longer, (size_t)n, &key, &back), LD_ERR_MALFORMED);
	/* a note that would become too long is left as it was */
	char copy[LD_NOTE_MAX_BYTES];
	memcpy(copy, note, sizeof copy);
	size_t copy_len = len;
	assert_int_equal(ld_note_cosign(copy, len + 20, &copy_len, &witness, 1), LD_ERR_LIMIT);
	assert_int_equal(copy_len, len);
	assert_string_equal(copy, note);
	/* the witness's vkey says type 4 */
	char vkey[LD_NOTE_VKEY_BYTES];
	struct ld_note_key parsed;
	assert_ok(ld_note_vkey(&witness, vkey, sizeof vkey));
	assert_ok(ld_note_vkey_parse(vkey, &parsed));
	assert_memory_equal(parsed.hash, witness.hash, 4);
	assert_ok(ld_note_cosignature_verify(note, len, &parsed, &time_s));
	EVP_PKEY_free(parsed.pkey);
	EVP_PKEY_free(wkey);
}

static void key_names(void **state)
{
	struct ld_note_key k;
	char name[LD_NOTE_MAX_NAME + 1];

	(void)state;
	assert_int_equal(ld_note_key_init(&k, "", pkey), LD_ERR_ARG);
	assert_int_equal(ld_note_key_init(&k, "a b", pkey), LD_ERR_ARG);
	assert_int_equal(ld_note_key_init(&k, "a+b", pkey), LD_ERR_ARG);
	assert_int_equal(ld_note_key_init(&k, "a\nb", pkey), LD_ERR_ARG);
	memset(name, 'n', sizeof name);
	name[LD_NOTE_MAX_NAME] = '\0';
	assert_int_equal(ld_note_key_init(&k, name, pkey), LD_ERR_ARG);
	name[LD_NOTE_MAX_NAME - 1] = '\0';
	assert_ok(ld_note_key_init(&k, name, pkey));
	EVP_PKEY *p256 = EVP_EC_gen("P-256");
	assert_int_equal(ld_note_key_init(&k, "name", p256), LD_ERR_KEY);
	assert_int_equal(ld_note_key_init(&k, "name", NULL), LD_ERR_KEY);
	EVP_PKEY_free(p256);
}

static void proof_round_trip(void **state)
{
	char note[LD_NOTE_MAX_BYTES], text[LD_TLOG_PROOF_MAX_BYTES + 64];
	struct ld_hash leaf, other, proof[1];
	struct ld_checkpoint cp, back;
	size_t len, text_len;
	uint64_t index;

	(void)state;
	ld_merkle_leaf((const uint8_t *)"a", 1, &leaf);
	ld_merkle_leaf((const uint8_t *)"b", 1, &other);
	proof[0] = other;
	make_cp(&cp, 2);
	ld_merkle_node(&leaf, &other, &cp.root);
	assert_ok(ld_checkpoint_sign(&cp, &key, note, sizeof note, &len));
	assert_ok(ld_tlog_proof_write(0, proof, 1, note, len, text, sizeof text, &text_len));
	assert_int_equal(strlen(text), text_len);
	assert_ok(ld_tlog_proof_verify(text, text_len, &key, &leaf, &index, &back));
	assert_int_equal(index, 0);
	assert_int_equal(back.size, 2);
	assert_int_equal(ld_tlog_proof_verify(text, text_len, &key, &other, &index, &back),
			 LD_ERR_SIGNATURE);
	for (size_t i = 0; i < text_len; i++) {
		text[i] ^= 1;
		assert_int_not_equal(
		    ld_tlog_proof_verify(text, text_len, &key, &leaf, &index, &back), LD_OK);
		text[i] ^= 1;
	}
	for (size_t n = 0; n < text_len; n++)
		assert_int_not_equal(ld_tlog_proof_verify(text, n, &key, &leaf, &index, &back),
				     LD_OK);
	for (size_t cap = 0; cap <= text_len; cap++)
		assert_int_equal(ld_tlog_proof_write(0, proof, 1, note, len, text, cap, &text_len),
				 LD_ERR_LIMIT);
	assert_ok(ld_tlog_proof_write(0, proof, 1, note, len, text, text_len + 1, &text_len));
	/* the optional line, of which nothing is believed */
	char with_extra[sizeof text];
	int n = snprintf(with_extra, sizeof with_extra,
			 "c2sp.org/tlog-proof@v1\nextra aGVsbG8=\n%s", strchr(text, '\n') + 1);
	assert_ok(ld_tlog_proof_verify(with_extra, (size_t)n, &key, &leaf, &index, &back));
	assert_int_equal(ld_tlog_proof_write(0, proof, LD_MERKLE_MAX_PROOF + 1, note, len, text,
					     sizeof text, &text_len),
			 LD_ERR_ARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(published_notes),	    cmocka_unit_test(tessera_log),
	    cmocka_unit_test(sunlight_cosignature), cmocka_unit_test(checkpoint_round_trip),
	    cmocka_unit_test(every_byte_counts),    cmocka_unit_test(texts_that_are_no_checkpoints),
	    cmocka_unit_test(many_signatures),	    cmocka_unit_test(key_names),
	    cmocka_unit_test(proof_round_trip),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
