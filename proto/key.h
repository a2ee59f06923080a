/* Keys: parsed once, kept, used often. The algorithm belongs to the key, never to a message.
 * P-256: ECDSA with SHA-256, DER. Ed25519: RFC 8032. SM2: SM3, id "1234567812345678", DER. */
#ifndef LD_PROTO_KEY_H
#define LD_PROTO_KEY_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "liandan/registry.pb-c.h"
#include "proto/err.h"
#include "proto/limits.h"

struct ld_key; /* parsed key with its verification contexts; one thread at a time */

/* Accepts exactly the canonical DER SubjectPublicKeyInfo of the algorithm; refuses small-order and
 * non-canonical Ed25519 points, points not on the curve, compressed points. LD_ERR_KEY. */
enum ld_err ld_key_public(const uint8_t *spki, size_t len, Liandan__Algorithm algorithm,
			  struct ld_key **out);
/* Private key from PKCS#8 PEM (file content). */
enum ld_err ld_key_private_pem(const char *pem, size_t len, struct ld_key **out);
enum ld_err ld_key_generate(Liandan__Algorithm algorithm, struct ld_key **out);
void ld_key_free(struct ld_key *key);

Liandan__Algorithm ld_key_algorithm(const struct ld_key *key);
bool ld_key_is_private(const struct ld_key *key);
EVP_PKEY *ld_key_pkey(struct ld_key *key); /* not a new reference */
/* First 16 bytes of SHA-256 of the SPKI. */
const uint8_t *ld_key_id(const struct ld_key *key);
const uint8_t *ld_key_spki(const struct ld_key *key, size_t *len);
/* Malloc'd PKCS#8 PEM, NUL-terminated. */
enum ld_err ld_key_to_pem(const struct ld_key *key, char **pem);

void ld_key_id_of_spki(const uint8_t *spki, size_t len, uint8_t out[LD_KEY_ID_BYTES]);

/* Over the DSSE pre-authentication encoding of (type, body); the encoding is streamed, nothing is
 * copied where the algorithm allows. */
enum ld_err ld_key_sign(struct ld_key *key, const char *type, const uint8_t *body, size_t len,
			uint8_t out[LD_MAX_SIGNATURE_BYTES], size_t *out_len);
enum ld_err ld_key_verify(struct ld_key *key, const char *type, const uint8_t *body, size_t len,
			  const uint8_t *signature, size_t signature_len); /* LD_ERR_SIGNATURE */

#endif
