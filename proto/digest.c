#include "proto/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

static struct {
	pthread_once_t once;
	pthread_key_t key;
	EVP_MD *sha256;
} digest = {.once = PTHREAD_ONCE_INIT};

static _Thread_local EVP_MD_CTX *thread_ctx;

static void free_ctx(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

/* A process that cannot hash must stop: a wrong hash would be signed and kept for ever. */
static void fetch(void)
{
	digest.sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	if (!digest.sha256 || pthread_key_create(&digest.key, free_ctx))
		abort();
}

static EVP_MD_CTX *context(void)
{
	if (thread_ctx)
		return thread_ctx;
	if (pthread_once(&digest.once, fetch))
		abort();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx || pthread_setspecific(digest.key, ctx))
		abort();
	thread_ctx = ctx;
	return ctx;
}

void ld_sha256_2(const void *a, size_t a_len, const void *b, size_t b_len,
		 uint8_t out[LD_HASH_BYTES])
{
	EVP_MD_CTX *ctx = context();
	if (EVP_DigestInit_ex2(ctx, digest.sha256, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, a, a_len) != 1 || EVP_DigestUpdate(ctx, b, b_len) != 1 ||
	    EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		abort();
}

void ld_sha256(const void *data, size_t len, uint8_t out[LD_HASH_BYTES])
{
	ld_sha256_2(data, len, NULL, 0, out);
}

void ld_digest_cleanup(void)
{
	if (!digest.sha256)
		return;
	EVP_MD_CTX_free(thread_ctx);
	thread_ctx = NULL;
	pthread_key_delete(digest.key);
	EVP_MD_free(digest.sha256);
	digest.sha256 = NULL;
	digest.once = (pthread_once_t)PTHREAD_ONCE_INIT;
}
