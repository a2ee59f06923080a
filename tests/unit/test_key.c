/* Keys against what others wrote: Wycheproof, C2SP CCTV, GB/T 32918.5; and our own forms and
 * refusals. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "proto/base64.h"
#include "proto/key_internal.h"

#define TYPE "application/vnd.liandan.event.v1+protobuf"

static const Liandan__Algorithm ALGORITHMS[] = {
    LIANDAN__ALGORITHM__ALGORITHM_P256,
    LIANDAN__ALGORITHM__ALGORITHM_ED25519,
    LIANDAN__ALGORITHM__ALGORITHM_SM2,
};

/* NULL when the shared data is not here. */
static cJSON *shared_json(const char *name)
{
	const char *dir = getenv("LIANDAN_SHARED");
	char path[512];
	if (!dir)
		return NULL;
	snprintf(path, sizeof path, "%s/data/vectors/%s", dir, name);
	FILE *f = fopen(path, "rb");
	if (!f)
		return NULL;
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	const long size = ftell(f);
	assert_true(size > 0);
	rewind(f);
	char *text = malloc((size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, f), size);
	text[size] = '\0';
	fclose(f);
	cJSON *json = cJSON_Parse(text);
	free(text);
	assert_non_null(json);
	return json;
}

#define SHARED_OR_SKIP(json, name)                                                                 \
	cJSON *json = shared_json(name);                                                           \
	if (!json) {                                                                               \
		print_message("LIANDAN_SHARED is not set or has no %s\n", name);                   \
		skip();                                                                            \
	}

static const char *text_of(const cJSON *obj, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(obj, name));
	assert_non_null(text);
	return text;
}

static size_t hex_of(const cJSON *obj, const char *name, uint8_t *out, size_t cap)
{
	const char *text = text_of(obj, name);
	const size_t len = strlen(text) / 2;
	assert_true(len <= cap);
	assert_int_equal(ld_hex_decode(text, strlen(text), out, len), LD_OK);
	return len;
}

static size_t ed25519_spki(const uint8_t point[32], uint8_t out[44])
{
	static const uint8_t head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
	memcpy(out, head, sizeof head);
	memcpy(out + sizeof head, point, 32);
	return 44;
}

static void sign_and_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ld_key *key = NULL;
		struct ld_key *public = NULL;
		struct ld_key *reread = NULL;
		uint8_t sig[LD_MAX_SIGNATURE_BYTES];
		size_t sig_len = 0;
		size_t spki_len = 0;
		char *pem = NULL;
		const uint8_t body[] = "what is signed";

		assert_int_equal(ld_key_generate(ALGORITHMS[i], &key), LD_OK);
		assert_true(ld_key_is_private(key));
		assert_int_equal(ld_key_algorithm(key), ALGORITHMS[i]);
		const uint8_t *spki = ld_key_spki(key, &spki_len);
		assert_int_equal(ld_key_public(spki, spki_len, ALGORITHMS[i], &public), LD_OK);
		assert_false(ld_key_is_private(public));
		assert_memory_equal(ld_key_id(public), ld_key_id(key), LD_KEY_ID_BYTES);

		assert_int_equal(ld_key_to_pem(key, &pem), LD_OK);
		assert_non_null(strstr(pem, "BEGIN PRIVATE KEY"));
		assert_int_equal(ld_key_private_pem(pem, strlen(pem), &reread), LD_OK);
		assert_int_equal(ld_key_algorithm(reread), ALGORITHMS[i]);
		assert_memory_equal(ld_key_id(reread), ld_key_id(key), LD_KEY_ID_BYTES);

		assert_int_equal(ld_key_sign(reread, TYPE, body, sizeof body, sig, &sig_len),
				 LD_OK);
		assert_true(sig_len > 0 && sig_len <= LD_MAX_SIGNATURE_BYTES);
		/* more than once: the contexts are kept */
		for (int round = 0; round < 3; round++) {
			assert_int_equal(
			    ld_key_verify(public, TYPE, body, sizeof body, sig, sig_len), LD_OK);
			assert_int_equal(ld_key_verify(key, TYPE, body, sizeof body, sig, sig_len),
					 LD_OK);
			assert_int_equal(
			    ld_key_verify(public, TYPE, body, sizeof body - 1, sig, sig_len),
			    LD_ERR_SIGNATURE);
			assert_int_equal(
			    ld_key_verify(public, "other/type", body, sizeof body, sig, sig_len),
			    LD_ERR_SIGNATURE);
			assert_int_equal(
			    ld_key_verify(public, TYPE, body, sizeof body, sig, sig_len - 1),
			    LD_ERR_SIGNATURE);
			assert_int_equal(ld_key_verify(public, TYPE, body, sizeof body, sig, 0),
					 LD_ERR_SIGNATURE);
			sig[sig_len / 2] ^= 1;
			assert_int_equal(
			    ld_key_verify(public, TYPE, body, sizeof body, sig, sig_len),
			    LD_ERR_SIGNATURE);
			sig[sig_len / 2] ^= 1;
		}
		/* the other algorithm's name does not fit the key */
		struct ld_key *wrong = NULL;
		assert_int_equal(ld_key_public(spki, spki_len, ALGORITHMS[(i + 1) % 3], &wrong),
				 LD_ERR_KEY);
		assert_null(wrong);
		/* a public key neither signs nor has a PEM */
		char *none = NULL;
		assert_int_equal(ld_key_sign(public, TYPE, body, sizeof body, sig, &sig_len),
				 LD_ERR_KEY);
		assert_int_equal(ld_key_to_pem(public, &none), LD_ERR_ARG);
		/* the error queue belongs to the broker's TLS */
		assert_int_equal(ERR_peek_error(), 0);
		free(pem);
		ld_key_free(key);
		ld_key_free(public);
		ld_key_free(reread);
	}
}

static void lengths(void **state)
{
	(void)state;
	static uint8_t body[LD_MAX_ENTRY_BYTES + 256];
	for (size_t i = 0; i < 3; i++) {
		struct ld_key *key = NULL;
		uint8_t sig[LD_MAX_SIGNATURE_BYTES];
		size_t sig_len = 0;
		assert_int_equal(ld_key_generate(ALGORITHMS[i], &key), LD_OK);
		const size_t sizes[] = {0, 1, LD_MAX_ENVELOPE_BYTES, LD_MAX_ENTRY_BYTES};
		for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
			assert_int_equal(ld_key_sign(key, TYPE, body, sizes[k], sig, &sig_len),
					 LD_OK);
			assert_int_equal(ld_key_verify(key, TYPE, body, sizes[k], sig, sig_len),
					 LD_OK);
		}
		assert_int_equal(ld_key_sign(key, TYPE, body, sizeof body, sig, &sig_len),
				 LD_ERR_LIMIT);
		ld_key_free(key);
	}
}

/* Every single-byte change and every truncation of a good SPKI either is refused or is another key.
 */
static void spki_is_canonical(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ld_key *key = NULL;
		struct ld_key *other = NULL;
		uint8_t spki[LD_MAX_SPKI_BYTES];
		size_t len = 0;
		assert_int_equal(ld_key_generate(ALGORITHMS[i], &key), LD_OK);
		memcpy(spki, ld_key_spki(key, &len), LD_MAX_SPKI_BYTES);
		const size_t head =
		    ALGORITHMS[i] == LIANDAN__ALGORITHM__ALGORITHM_ED25519 ? 12 : 27;
		for (size_t at = 0; at < head; at++) {
			spki[at] ^= 1;
			assert_int_equal(ld_key_public(spki, len, ALGORITHMS[i], &other),
					 LD_ERR_KEY);
			spki[at] ^= 1;
		}
		if (head == 27) { /* one changed bit leaves the curve */
			spki[len - 1] ^= 1;
			assert_int_equal(ld_key_public(spki, len, ALGORITHMS[i], &other),
					 LD_ERR_KEY);
			spki[len - 1] ^= 1;
		}
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(ld_key_public(spki, cut, ALGORITHMS[i], &other),
					 LD_ERR_KEY);
		assert_int_equal(ld_key_public(spki, len + 1, ALGORITHMS[i], &other), LD_ERR_KEY);
		assert_int_equal(ERR_peek_error(), 0);
		ld_key_free(key);
	}
}

static void pem_refusals(void **state)
{
	(void)state;
	struct ld_key *key = NULL;
	const char *no_pem[] = {"", "x",
				"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"};
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ld_key_private_pem(no_pem[i], strlen(no_pem[i]), &key),
				 LD_ERR_KEY);
	/* other curves and algorithms, and an encrypted key: refused, without asking for a pass
	 * phrase */
	const char *names[][2] = {
	    {"EC", "P-384"}, {"EC", "secp256k1"}, {"ED448", NULL}, {"X25519", NULL}};
	for (size_t i = 0; i < 5; i++) {
		EVP_PKEY *pkey = i == 4 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
					: EVP_PKEY_Q_keygen(NULL, NULL, names[i][0], names[i][1]);
		assert_non_null(pkey);
		BIO *bio = BIO_new(BIO_s_mem());
		char pass[] = "secret";
		assert_int_equal(
		    PEM_write_bio_PKCS8PrivateKey(bio, pkey, i == 4 ? EVP_aes_128_cbc() : NULL,
						  i == 4 ? pass : NULL, i == 4 ? 6 : 0, NULL, NULL),
		    1);
		char *pem = NULL;
		const long len = BIO_get_mem_data(bio, &pem);
		assert_int_equal(ld_key_private_pem(pem, (size_t)len, &key), LD_ERR_KEY);
		assert_null(key);
		BIO_free(bio);
		EVP_PKEY_free(pkey);
	}
	assert_int_equal(ERR_peek_error(), 0);
}

/* "EC PRIVATE KEY" (SEC 1) files come from `openssl ecparam`; SM2 ones come back as type EC. */
static void sec1_sm2_pem(void **state)
{
	(void)state;
	struct ld_key *key = NULL;
	struct ld_key *reread = NULL;
	uint8_t sig[LD_MAX_SIGNATURE_BYTES];
	size_t sig_len = 0;
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "SM2");
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL),
			 1);
	char *pem = NULL;
	const long len = BIO_get_mem_data(bio, &pem);
	assert_int_equal(ld_key_private_pem(pem, (size_t)len, &reread), LD_OK);
	assert_int_equal(ld_key_algorithm(reread), LIANDAN__ALGORITHM__ALGORITHM_SM2);
	assert_int_equal(ld_key_sign(reread, TYPE, (const uint8_t *)"x", 1, sig, &sig_len), LD_OK);
	size_t spki_len = 0;
	const uint8_t *spki = ld_key_spki(reread, &spki_len);
	assert_int_equal(ld_key_public(spki, spki_len, LIANDAN__ALGORITHM__ALGORITHM_SM2, &key),
			 LD_OK);
	assert_int_equal(ld_key_verify(key, TYPE, (const uint8_t *)"x", 1, sig, sig_len), LD_OK);
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	ld_key_free(key);
	ld_key_free(reread);
}

/* The 14 encodings of small-order points, canonical and not (C2SP CCTV). */
static void small_order_points(void **state)
{
	(void)state;
	static const char *const points[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0000000000000000000000000000000000000000000000000000000000000080",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000080",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	    /* y = p + 3, and a y that is no coordinate of the curve */
	    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "0200000000000000000000000000000000000000000000000000000000000000",
	};
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		uint8_t point[32];
		uint8_t spki[44];
		struct ld_key *key = NULL;
		assert_int_equal(ld_hex_decode(points[i], 64, point, 32), LD_OK);
		assert_int_equal(ld_key_public(spki, ed25519_spki(point, spki),
					       LIANDAN__ALGORITHM__ALGORITHM_ED25519, &key),
				 LD_ERR_KEY);
		assert_null(key);
	}
}

/* RFC 8032 7.1, test 2. */
static void rfc8032(void **state)
{
	(void)state;
	uint8_t point[32];
	uint8_t sig[64];
	uint8_t spki[44];
	struct ld_key *key = NULL;
	const uint8_t msg = 0x72;
	assert_int_equal(
	    ld_hex_decode("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", 64,
			  point, 32),
	    LD_OK);
	assert_int_equal(
	    ld_hex_decode("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
			  128, sig, 64),
	    LD_OK);
	assert_int_equal(ld_key_public(spki, ed25519_spki(point, spki),
				       LIANDAN__ALGORITHM__ALGORITHM_ED25519, &key),
			 LD_OK);
	assert_int_equal(ld_key_verify_raw(key, NULL, 0, &msg, 1, sig, 64), LD_OK);
	assert_int_equal(ld_key_verify_raw(key, &msg, 1, NULL, 0, sig, 64), LD_OK);
	ld_key_free(key);
}

static bool has_flag(const cJSON *vector, const char *flag)
{
	const cJSON *item = NULL;
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(vector, "flags"))
	{
		if (strcmp(cJSON_GetStringValue(item), flag) == 0)
			return true;
	}
	return false;
}

/* 914 edge cases. Keys of small order never get in; of the rest nothing with a residue verifies. */
static void cctv_ed25519(void **state)
{
	(void)state;
	SHARED_OR_SKIP(json, "cctv/ed25519/ed25519vectors.json");
	size_t keys = 0;
	size_t verified = 0;
	const cJSON *v = NULL;
	cJSON_ArrayForEach(v, json)
	{
		uint8_t point[32];
		uint8_t sig[64];
		uint8_t spki[44];
		struct ld_key *key = NULL;
		hex_of(v, "key", point, sizeof point);
		hex_of(v, "sig", sig, sizeof sig);
		const char *msg = text_of(v, "msg");
		const enum ld_err err = ld_key_public(spki, ed25519_spki(point, spki),
						      LIANDAN__ALGORITHM__ALGORITHM_ED25519, &key);
		assert_int_equal(err, has_flag(v, "low_order_A") || has_flag(v, "non_canonical_A")
					  ? LD_ERR_KEY
					  : LD_OK);
		if (err)
			continue;
		keys++;
		const bool good =
		    !ld_key_verify_raw(key, NULL, 0, (const uint8_t *)msg, strlen(msg), sig, 64);
		assert_false(good &&
			     (has_flag(v, "low_order_residue") || has_flag(v, "non_canonical_R")));
		if (!has_flag(v, "low_order_residue") && !has_flag(v, "non_canonical_R"))
			assert_true(good);
		verified += good;
		ld_key_free(key);
	}
	print_message("cctv: %d vectors, %zu with a key that is taken, %zu verify\n",
		      cJSON_GetArraySize(json), keys, verified);
	assert_int_equal(cJSON_GetArraySize(json), 914);
	cJSON_Delete(json);
}

static void wycheproof(const char *file, Liandan__Algorithm algorithm, size_t expect_valid,
		       size_t expect_invalid)
{
	SHARED_OR_SKIP(json, file);
	size_t valid = 0;
	size_t invalid = 0;
	const cJSON *group = NULL;
	cJSON_ArrayForEach(group, cJSON_GetObjectItem(json, "testGroups"))
	{
		uint8_t spki[LD_MAX_SPKI_BYTES];
		struct ld_key *key = NULL;
		const size_t len = hex_of(group, "publicKeyDer", spki, sizeof spki);
		assert_int_equal(ld_key_public(spki, len, algorithm, &key), LD_OK);
		const cJSON *t = NULL;
		cJSON_ArrayForEach(t, cJSON_GetObjectItem(group, "tests"))
		{
			static uint8_t msg[65536];
			static uint8_t sig[65536];
			const size_t msg_len = hex_of(t, "msg", msg, sizeof msg);
			const size_t sig_len = hex_of(t, "sig", sig, sizeof sig);
			const bool good = strcmp(text_of(t, "result"), "valid") == 0;
			const enum ld_err err =
			    ld_key_verify_raw(key, NULL, 0, msg, msg_len, sig, sig_len);
			if (err != (good ? LD_OK : LD_ERR_SIGNATURE))
				fail_msg("%s: tcId %d", file,
					 cJSON_GetObjectItem(t, "tcId")->valueint);
			valid += good;
			invalid += !good;
		}
		ld_key_free(key);
	}
	print_message("%s: %zu valid, %zu invalid\n", file, valid, invalid);
	assert_int_equal(valid, expect_valid);
	assert_int_equal(invalid, expect_invalid);
	assert_int_equal(ERR_peek_error(), 0);
	cJSON_Delete(json);
}

static void wycheproof_ed25519(void **state)
{
	(void)state;
	wycheproof("wycheproof/testvectors_v1/ed25519_test.json",
		   LIANDAN__ALGORITHM__ALGORITHM_ED25519, 88, 63);
}

static void wycheproof_p256(void **state)
{
	(void)state;
	wycheproof("wycheproof/testvectors_v1/ecdsa_secp256r1_sha256_test.json",
		   LIANDAN__ALGORITHM__ALGORITHM_P256, 174, 310);
}

static size_t der_integer(const uint8_t value[32], uint8_t *out)
{
	size_t skip_zeros = 0;
	while (skip_zeros < 31 && value[skip_zeros] == 0)
		skip_zeros++;
	const bool pad = value[skip_zeros] & 0x80;
	const size_t len = 32 - skip_zeros + (pad ? 1 : 0);
	out[0] = 2;
	out[1] = (uint8_t)len;
	out[2] = 0;
	memcpy(out + 2 + (pad ? 1 : 0), value + skip_zeros, 32 - skip_zeros);
	return 2 + len;
}

/* GB/T 32918.5-2017 A.2: valid with the id 1234567812345678, and not without it. */
static void gbt_sm2(void **state)
{
	(void)state;
	static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				       0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c,
				       0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00, 0x04};
	static const char *const numbers[] = {
	    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020",
	    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13",
	    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3",
	    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA",
	};
	uint8_t spki[91];
	uint8_t n[4][32];
	uint8_t sig[80] = {0x30};
	struct ld_key *key = NULL;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(ld_hex_decode(numbers[i], 64, n[i], 32), LD_OK);
	memcpy(spki, head, sizeof head);
	memcpy(spki + 27, n[0], 32);
	memcpy(spki + 59, n[1], 32);
	size_t len = 2;
	len += der_integer(n[2], sig + len);
	len += der_integer(n[3], sig + len);
	sig[1] = (uint8_t)(len - 2);
	const uint8_t *msg = (const uint8_t *)"message digest";
	assert_int_equal(ld_key_public(spki, sizeof spki, LIANDAN__ALGORITHM__ALGORITHM_SM2, &key),
			 LD_OK);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(ld_key_verify_raw(key, NULL, 0, msg, 14, sig, len), LD_OK);
		assert_int_equal(ld_key_verify_raw(key, msg, 7, msg + 7, 7, sig, len), LD_OK);
		assert_int_equal(ld_key_verify_raw(key, NULL, 0, msg, 13, sig, len),
				 LD_ERR_SIGNATURE);
	}
	ld_key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sign_and_verify),
	    cmocka_unit_test(lengths),
	    cmocka_unit_test(spki_is_canonical),
	    cmocka_unit_test(pem_refusals),
	    cmocka_unit_test(sec1_sm2_pem),
	    cmocka_unit_test(small_order_points),
	    cmocka_unit_test(rfc8032),
	    cmocka_unit_test(cctv_ed25519),
	    cmocka_unit_test(wycheproof_ed25519),
	    cmocka_unit_test(wycheproof_p256),
	    cmocka_unit_test(gbt_sm2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
