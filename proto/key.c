#include "proto/key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/key_internal.h"

#define MAX_PEM_BYTES 16384

/* The only SubjectPublicKeyInfo heads that are accepted (RFC 5480, RFC 8410): whatever else DER or
 * BER allow (explicit curve parameters, compressed points, long lengths) would give one key several
 * ids. */
static const uint8_t P256_HEAD[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
				    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
static const uint8_t SM2_HEAD[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c,
				   0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00, 0x04};
static const uint8_t ED25519_HEAD[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

static const struct spki_form {
	Liandan__Algorithm algorithm;
	const uint8_t *head;
	size_t head_len;
	size_t len;
} FORMS[] = {
    {LIANDAN__ALGORITHM__ALGORITHM_P256, P256_HEAD, sizeof P256_HEAD, sizeof P256_HEAD + 64},
    {LIANDAN__ALGORITHM__ALGORITHM_ED25519, ED25519_HEAD, sizeof ED25519_HEAD,
     sizeof ED25519_HEAD + 32},
    {LIANDAN__ALGORITHM__ALGORITHM_SM2, SM2_HEAD, sizeof SM2_HEAD, sizeof SM2_HEAD + 64},
};

static const struct spki_form *form_of(const uint8_t *spki, size_t len)
{
	for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
		if (len == FORMS[i].len && memcmp(spki, FORMS[i].head, FORMS[i].head_len) == 0)
			return &FORMS[i];
	}
	return NULL;
}

/* y is a coordinate of the curve when (y^2 - 1) / (d y^2 + 1) is a square mod p; the quotient is
 * one exactly when the product is. */
static bool ed25519_on_curve(const BIGNUM *y, const BIGNUM *p, BN_CTX *ctx)
{
	BIGNUM *d = BN_CTX_get(ctx);
	BIGNUM *y2 = BN_CTX_get(ctx);
	BIGNUM *u = BN_CTX_get(ctx);
	BIGNUM *v = BN_CTX_get(ctx);
	/* RFC 8032 5.1: d = -121665/121666 */
	if (!v ||
	    !BN_hex2bn(&d, "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"))
		return false;
	if (!BN_mod_sqr(y2, y, p, ctx) || !BN_mod_sub(u, y2, BN_value_one(), p, ctx) ||
	    !BN_mod_mul(v, d, y2, p, ctx) || !BN_mod_add(v, v, BN_value_one(), p, ctx) ||
	    !BN_mod_mul(u, u, v, p, ctx))
		return false;
	const int symbol = BN_kronecker(u, p, ctx);
	return symbol == 0 || symbol == 1;
}

bool ld_ed25519_point_is_good(const uint8_t point[32])
{
	/* y of the eight points of small order, as little-endian bytes without the sign bit.
	 * OpenSSL 3.0 accepts these as keys, and then nearly any signature verifies. */
	static const uint8_t SMALL_ORDER[][32] = {
	    {0x00},
	    {0x01},
	    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
	    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	};
	uint8_t y_bytes[32];
	memcpy(y_bytes, point, sizeof y_bytes);
	y_bytes[31] &= 0x7f;
	for (size_t i = 0; i < sizeof SMALL_ORDER / sizeof SMALL_ORDER[0]; i++) {
		if (memcmp(y_bytes, SMALL_ORDER[i], sizeof y_bytes) == 0)
			return false;
	}

	bool good = false;
	BN_CTX *ctx = BN_CTX_new();
	if (!ctx)
		return false;
	BN_CTX_start(ctx);
	BIGNUM *p = BN_CTX_get(ctx);
	BIGNUM *y = BN_CTX_get(ctx);
	if (y && BN_set_bit(p, 255) && BN_sub_word(p, 19) &&
	    BN_lebin2bn(y_bytes, sizeof y_bytes, y))
		good = BN_cmp(y, p) < 0 && ed25519_on_curve(y, p, ctx);
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return good;
}

void ld_key_id_of_spki(const uint8_t *spki, size_t len, uint8_t out[LD_KEY_ID_BYTES])
{
	uint8_t hash[LD_HASH_BYTES];
	ld_sha256(spki, len, hash);
	memcpy(out, hash, LD_KEY_ID_BYTES);
}

/* Curve keys are built from their numbers under the name that says what they are for: a decoder may
 * hand back an SM2 key as type EC, and would then sign ECDSA with it. */
static EVP_PKEY *curve_key(const struct spki_form *form, const uint8_t *spki, const BIGNUM *secret)
{
	const bool sm2 = form->algorithm == LIANDAN__ALGORITHM__ALGORITHM_SM2;
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *params = NULL;
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, sm2 ? "SM2" : "EC", NULL);
	if (!bld || !ctx)
		goto out;
	if (!OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, sm2 ? "SM2" : "P-256",
					     0) ||
	    !OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
					      spki + form->head_len - 1, 65) ||
	    (secret && !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, secret)))
		goto out;
	params = OSSL_PARAM_BLD_to_param(bld);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
			      params) != 1)
		pkey = NULL;
out:
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* Does the secret belong to the public point? A PEM file can say otherwise. */
static bool pair_fits(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	const bool fits = ctx && EVP_PKEY_pairwise_check(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	return fits;
}

/* Takes pkey over where it is given (Ed25519 private). */
static enum ld_err make(const struct spki_form *form, const uint8_t *spki, EVP_PKEY *pkey,
			bool is_private, struct ld_key **out)
{
	struct ld_key *key = pkey ? calloc(1, sizeof *key) : NULL;
	if (!key) {
		EVP_PKEY_free(pkey);
		return pkey ? LD_ERR_NOMEM : LD_ERR_KEY;
	}
	key->algorithm = form->algorithm;
	key->is_private = is_private;
	key->pkey = pkey;
	key->spki_len = form->len;
	memcpy(key->spki, spki, form->len);
	ld_key_id_of_spki(spki, form->len, key->id);
	*out = key;
	return LD_OK;
}

enum ld_err ld_key_public(const uint8_t *spki, size_t len, Liandan__Algorithm algorithm,
			  struct ld_key **out)
{
	*out = NULL;
	const struct spki_form *form = form_of(spki, len);
	if (!form || form->algorithm != algorithm)
		return LD_ERR_KEY;
	const uint8_t *point = spki + form->head_len;
	EVP_PKEY *pkey = NULL;
	/* the broker's TLS reads the same error queue: leave it as it was */
	ERR_set_mark();
	if (algorithm != LIANDAN__ALGORITHM__ALGORITHM_ED25519)
		pkey = curve_key(form, spki, NULL); /* refuses points off the curve */
	else if (ld_ed25519_point_is_good(point))
		pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point, 32);
	ERR_pop_to_mark();
	return make(form, spki, pkey, false, out);
}

static enum ld_err from_private(EVP_PKEY *pkey, struct ld_key **out)
{
	uint8_t spki[LD_MAX_SPKI_BYTES];
	uint8_t *end = spki;
	BIGNUM *secret = NULL;
	enum ld_err err = LD_ERR_KEY;

	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_ED25519)
		(void)EVP_PKEY_set_utf8_string_param(
		    pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed");
	const int len = i2d_PUBKEY(pkey, NULL);
	if (len <= 0 || (size_t)len > sizeof spki || i2d_PUBKEY(pkey, &end) != len)
		goto out;
	const struct spki_form *form = form_of(spki, (size_t)len);
	if (!form || !pair_fits(pkey))
		goto out;
	if (form->algorithm == LIANDAN__ALGORITHM__ALGORITHM_ED25519) {
		if (EVP_PKEY_up_ref(pkey) == 1)
			err = make(form, spki, pkey, true, out);
	} else if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1) {
		err = make(form, spki, curve_key(form, spki, secret), true, out);
	}
out:
	BN_clear_free(secret);
	return err;
}

/* Without this, OpenSSL would ask for a pass phrase on the broker's terminal. */
static int no_passphrase(char *buf, int size, int writing, void *data)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)data;
	return -1;
}

enum ld_err ld_key_private_pem(const char *pem, size_t len, struct ld_key **out)
{
	*out = NULL;
	if (len == 0 || len > MAX_PEM_BYTES)
		return LD_ERR_KEY;
	enum ld_err err = LD_ERR_KEY;
	ERR_set_mark();
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	if (pkey)
		err = from_private(pkey, out);
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	ERR_pop_to_mark();
	return err;
}

enum ld_err ld_key_generate(Liandan__Algorithm algorithm, struct ld_key **out)
{
	*out = NULL;
	EVP_PKEY *pkey = NULL;
	enum ld_err err = LD_ERR_ARG;
	ERR_set_mark();
	switch ((int)algorithm) {
	case LIANDAN__ALGORITHM__ALGORITHM_P256:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		break;
	case LIANDAN__ALGORITHM__ALGORITHM_ED25519:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	case LIANDAN__ALGORITHM__ALGORITHM_SM2:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
		break;
	default:
		goto out;
	}
	err = pkey ? from_private(pkey, out) : LD_ERR_KEY;
out:
	EVP_PKEY_free(pkey);
	ERR_pop_to_mark();
	return err;
}

void ld_key_free(struct ld_key *key)
{
	if (!key)
		return;
	EVP_PKEY_CTX_free(key->verify);
	EVP_MD_CTX_free(key->stream);
	EVP_PKEY_free(key->pkey);
	free(key);
}

Liandan__Algorithm ld_key_algorithm(const struct ld_key *key)
{
	return key->algorithm;
}

bool ld_key_is_private(const struct ld_key *key)
{
	return key->is_private;
}

EVP_PKEY *ld_key_pkey(struct ld_key *key)
{
	return key->pkey;
}

const uint8_t *ld_key_id(const struct ld_key *key)
{
	return key->id;
}

const uint8_t *ld_key_spki(const struct ld_key *key, size_t *len)
{
	*len = key->spki_len;
	return key->spki;
}

enum ld_err ld_key_to_pem(const struct ld_key *key, char **pem)
{
	*pem = NULL;
	if (!key->is_private)
		return LD_ERR_ARG;
	enum ld_err err = LD_ERR_NOMEM;
	ERR_set_mark();
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1)
		goto out;
	const long len = BIO_get_mem_data(bio, &data);
	if (len <= 0)
		goto out;
	*pem = strndup(data, (size_t)len);
	err = *pem ? LD_OK : LD_ERR_NOMEM;
out:
	BIO_free(bio);
	ERR_pop_to_mark();
	return err;
}
