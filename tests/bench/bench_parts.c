#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/envelope.h"
#include "tests/bench/bench.h"

#define GROUP 500

static double clock_s(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bench_cpu_s(void)
{
	return clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

double bench_wall_s(void)
{
	return clock_s(CLOCK_MONOTONIC);
}

/* OpenSSL's own cost: parsed keys, the DSSE encoding laid out beforehand, nothing of ours in the
 * loop. */
double parts_verify_us(const struct load *l)
{
	struct ld_arena arena;
	struct ld_opened o;
	double began, spent = 0;

	if (ld_arena_init(&arena, LD_MAX_ARENA_BYTES) != 0)
		abort();
	for (size_t i = 0; i < l->n; i++) {
		EVP_PKEY *pkey = ld_key_pkey(l->from[i]->key);
		Liandan__Algorithm alg = ld_key_algorithm(l->from[i]->key);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new(pkey, NULL);
		char head[128];
		uint8_t *pae;
		int n, ok;

		ld_arena_reset(&arena);
		if (ld_open_parse(l->bytes[i], l->len[i], &arena, &o, NULL) != LD_OK)
			abort();
		n = snprintf(head, sizeof head, "DSSEv1 %zu %s %zu ", strlen(LD_EVENT_TYPE),
			     LD_EVENT_TYPE, o.event_len);
		pae = malloc((size_t)n + o.event_len);
		if (pae == NULL || ctx == NULL || pctx == NULL)
			abort();
		memcpy(pae, head, (size_t)n);
		memcpy(pae + n, o.event_bytes, o.event_len);
		if (alg == LIANDAN__ALGORITHM__ALGORITHM_SM2) {
			EVP_PKEY_CTX_set1_id(pctx, "1234567812345678", 16);
			EVP_MD_CTX_set_pkey_ctx(ctx, pctx);
		}
		began = bench_cpu_s();
		ok = EVP_DigestVerifyInit(ctx, NULL,
					  alg == LIANDAN__ALGORITHM__ALGORITHM_ED25519 ? NULL
					  : alg == LIANDAN__ALGORITHM__ALGORITHM_SM2   ? EVP_sm3()
										     : EVP_sha256(),
					  NULL, pkey) == 1 &&
		     EVP_DigestVerify(ctx, o.envelope->signatures[0]->signature.data,
				      o.envelope->signatures[0]->signature.len, pae,
				      (size_t)n + o.event_len) == 1;
		spent += bench_cpu_s() - began;
		if (!ok)
			abort();
		free(pae);
		EVP_MD_CTX_free(ctx);
		EVP_PKEY_CTX_free(pctx);
	}
	ld_arena_free(&arena);
	return spent * 1e6 / (double)l->n;
}

/* Entries of the same size into a core of their own, committed in groups of 500. */
double parts_append_us(const struct load *l)
{
	char dir[] = "/tmp/liandan-bench-XXXXXX", why[256], command[128];
	struct ld_key *key = NULL;
	struct ld_note_key note = {0};
	struct ld_core_options opt = {.key = &note};
	struct ld_core *core = NULL;
	uint64_t index;
	double began;

	if (mkdtemp(dir) == NULL ||
	    ld_key_generate(LIANDAN__ALGORITHM__ALGORITHM_ED25519, &key) != LD_OK ||
	    ld_note_key_init(&note, "liandan/bench/parts", ld_key_pkey(key)) != LD_OK)
		abort();
	opt.dir = dir;
	if (ld_core_create(&opt, (const uint8_t *)"genesis", 7, 1) != LD_OK ||
	    ld_core_open(&opt, &core, why, sizeof why) != LD_OK)
		abort();
	began = bench_cpu_s();
	for (size_t i = 0; i < l->n; i++) {
		if (ld_core_append(core, l->bytes[i], l->len[i], (int64_t)i + 2, &index) != LD_OK)
			abort();
		if (ld_core_pending(core) >= GROUP && ld_core_commit(core) != LD_OK)
			abort();
	}
	if (ld_core_pending(core) != 0 && ld_core_commit(core) != LD_OK)
		abort();
	began = bench_cpu_s() - began;
	ld_core_close(core);
	ld_key_free(key);
	snprintf(command, sizeof command, "rm -r '%s'", dir);
	if (system(command) != 0)
		fprintf(stderr, "left %s\n", dir);
	return began * 1e6 / (double)l->n;
}
