/* SHA-256 with a fetched EVP_MD and a reused context: half the cost of the one-shot function.
 * One context per thread, made on first use, freed at thread exit. */
#ifndef LD_PROTO_DIGEST_H
#define LD_PROTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"

void ld_sha256(const void *data, size_t len, uint8_t out[LD_HASH_BYTES]);
/* Of two parts, one after the other (a prefix byte and data; two nodes). */
void ld_sha256_2(const void *a, size_t a_len, const void *b, size_t b_len,
		 uint8_t out[LD_HASH_BYTES]);

/* Frees the calling thread's context and the fetched algorithm. Call last, when all other threads
 * that hashed are joined, before a shared object with this code is unloaded. */
void ld_digest_cleanup(void);

#endif
