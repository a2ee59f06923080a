#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/key.h"
#include "proto/key_internal.h"

#define MAX_HEAD_BYTES 192

/* Ed25519 hashes its message twice, so it needs it in one piece: encoding head and body are put
 * together here, and nowhere else. */
static _Thread_local uint8_t whole[MAX_HEAD_BYTES + LD_MAX_ENTRY_BYTES];

/* DSSE pre-authentication encoding without the body: "DSSEv1" SP len(type) SP type SP len(body) SP.
 */
static enum ld_err pae_head(const char *type, size_t len, char out[MAX_HEAD_BYTES], size_t *out_len)
{
	const int n = snprintf(out, MAX_HEAD_BYTES, "DSSEv1 %zu %s %zu ", strlen(type), type, len);
	if (n < 0 || n >= MAX_HEAD_BYTES)
		return LD_ERR_ARG;
	*out_len = (size_t)n;
	return LD_OK;
}

static enum ld_err in_one_piece(const uint8_t *head, size_t head_len, const uint8_t *body,
				size_t body_len)
{
	if (head_len > sizeof whole || body_len > sizeof whole - head_len)
		return LD_ERR_LIMIT;
	if (head_len)
		memcpy(whole, head, head_len);
	if (body_len)
		memcpy(whole + head_len, body, body_len);
	return LD_OK;
}

/* SM3's Z is taken over the id, and OpenSSL 3.0 takes the empty one unless told. */
static bool set_sm2_id(EVP_PKEY_CTX *ctx)
{
	return EVP_PKEY_CTX_set1_id(ctx, LD_SM2_ID, (int)(sizeof LD_SM2_ID - 1)) == 1;
}

static bool verify_p256(struct ld_key *key, const uint8_t *head, size_t head_len,
			const uint8_t *body, size_t body_len, const uint8_t *signature,
			size_t signature_len)
{
	uint8_t hash[LD_HASH_BYTES];
	if (!key->verify) {
		key->verify = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
		if (!key->verify || EVP_PKEY_verify_init(key->verify) != 1) {
			EVP_PKEY_CTX_free(key->verify);
			key->verify = NULL;
			return false;
		}
	}
	ld_sha256_2(head, head_len, body, body_len, hash);
	return EVP_PKEY_verify(key->verify, signature, signature_len, hash, sizeof hash) == 1;
}

/* A context that is bound to the key once; afterwards NULLs mean "the same again". */
static bool begin_verify(struct ld_key *key)
{
	const bool sm2 = key->algorithm == LIANDAN__ALGORITHM__ALGORITHM_SM2;
	EVP_PKEY_CTX *pctx = NULL;
	if (key->stream)
		return EVP_DigestVerifyInit(key->stream, NULL, NULL, NULL, NULL) == 1;
	key->stream = EVP_MD_CTX_new();
	if (key->stream &&
	    EVP_DigestVerifyInit_ex(key->stream, &pctx, sm2 ? "SM3" : NULL, NULL, NULL, key->pkey,
				    NULL) == 1 &&
	    (!sm2 || set_sm2_id(pctx)))
		return true;
	EVP_MD_CTX_free(key->stream);
	key->stream = NULL;
	return false;
}

static bool verify_sm2(struct ld_key *key, const uint8_t *head, size_t head_len,
		       const uint8_t *body, size_t body_len, const uint8_t *signature,
		       size_t signature_len)
{
	return begin_verify(key) && EVP_DigestVerifyUpdate(key->stream, head, head_len) == 1 &&
	       EVP_DigestVerifyUpdate(key->stream, body, body_len) == 1 &&
	       EVP_DigestVerifyFinal(key->stream, signature, signature_len) == 1;
}

enum ld_err ld_key_verify_raw(struct ld_key *key, const uint8_t *head, size_t head_len,
			      const uint8_t *body, size_t body_len, const uint8_t *signature,
			      size_t signature_len)
{
	bool good = false;
	enum ld_err err = LD_OK;
	ERR_set_mark();
	switch ((int)key->algorithm) {
	case LIANDAN__ALGORITHM__ALGORITHM_P256:
		good = verify_p256(key, head, head_len, body, body_len, signature, signature_len);
		break;
	case LIANDAN__ALGORITHM__ALGORITHM_SM2:
		good = verify_sm2(key, head, head_len, body, body_len, signature, signature_len);
		break;
	case LIANDAN__ALGORITHM__ALGORITHM_ED25519:
		err = in_one_piece(head, head_len, body, body_len);
		good = err == LD_OK && begin_verify(key) &&
		       EVP_DigestVerify(key->stream, signature, signature_len, whole,
					head_len + body_len) == 1;
		break;
	default:
		break;
	}
	ERR_pop_to_mark();
	if (err)
		return err;
	return good ? LD_OK : LD_ERR_SIGNATURE;
}

enum ld_err ld_key_verify(struct ld_key *key, const char *type, const uint8_t *body, size_t len,
			  const uint8_t *signature, size_t signature_len)
{
	char head[MAX_HEAD_BYTES];
	size_t head_len = 0;
	enum ld_err err = pae_head(type, len, head, &head_len);
	if (err)
		return err;
	return ld_key_verify_raw(key, (const uint8_t *)head, head_len, body, len, signature,
				 signature_len);
}

enum ld_err ld_key_sign(struct ld_key *key, const char *type, const uint8_t *body, size_t len,
			uint8_t out[LD_MAX_SIGNATURE_BYTES], size_t *out_len)
{
	char head[MAX_HEAD_BYTES];
	size_t head_len = 0;
	EVP_PKEY_CTX *pctx = NULL;
	*out_len = 0;
	if (!key->is_private)
		return LD_ERR_KEY;
	enum ld_err err = pae_head(type, len, head, &head_len);
	if (!err)
		err = in_one_piece((const uint8_t *)head, head_len, body, len);
	if (err)
		return err;

	const char *digest = "SHA2-256";
	if (key->algorithm == LIANDAN__ALGORITHM__ALGORITHM_ED25519)
		digest = NULL;
	else if (key->algorithm == LIANDAN__ALGORITHM__ALGORITHM_SM2)
		digest = "SM3";
	size_t signature_len = LD_MAX_SIGNATURE_BYTES;
	err = LD_ERR_KEY;
	ERR_set_mark();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestSignInit_ex(ctx, &pctx, digest, NULL, NULL, key->pkey, NULL) != 1)
		goto out;
	if (key->algorithm == LIANDAN__ALGORITHM__ALGORITHM_SM2 && !set_sm2_id(pctx))
		goto out;
	if (EVP_DigestSign(ctx, out, &signature_len, whole, head_len + len) != 1)
		goto out;
	*out_len = signature_len;
	err = LD_OK;
out:
	EVP_MD_CTX_free(ctx);
	ERR_pop_to_mark();
	return err;
}
