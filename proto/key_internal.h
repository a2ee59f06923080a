/* What key.c and key_sign.c share, and the raw verification that published test vectors need: they
 * sign plain messages, without our pre-authentication encoding. Not for use outside proto/ and its
 * tests. */
#ifndef LD_PROTO_KEY_INTERNAL_H
#define LD_PROTO_KEY_INTERNAL_H

#include "proto/key.h"

#define LD_SM2_ID "1234567812345678" /* GB/T 32918.5 and GM/T 0009: the default id */

struct ld_key {
	Liandan__Algorithm algorithm;
	bool is_private;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *verify; /* P-256: initialised on first use, then only EVP_PKEY_verify */
	EVP_MD_CTX *stream;   /* Ed25519 and SM2: initialised on first use, then re-initialised */
	size_t spki_len;
	uint8_t spki[LD_MAX_SPKI_BYTES];
	uint8_t id[LD_KEY_ID_BYTES];
};

/* The message as it stands, in two parts, one after the other. LD_ERR_SIGNATURE, LD_ERR_LIMIT. */
enum ld_err ld_key_verify_raw(struct ld_key *key, const uint8_t *head, size_t head_len,
			      const uint8_t *body, size_t body_len, const uint8_t *signature,
			      size_t signature_len);

/* RFC 8032 5.1.3 and beyond: y < p, a point of the curve, not of small order. */
bool ld_ed25519_point_is_good(const uint8_t point[32]);

#endif
