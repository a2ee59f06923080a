/* What the tests of store/ share: temporary directories, keys, vectors. */
#ifndef LD_TEST_STORE_H
#define LD_TEST_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <dirent.h>
#include <ftw.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/merkle.h"
#include "store/note.h"

#define PATH_BYTES 1024
#define assert_ok(expr) assert_int_equal((expr), LD_OK)

/* Path of a file under ../shared/data/vectors; skips the test when there is none. */
#define VECTORS(path, name)                                                                        \
	do {                                                                                       \
		const char *shared_ = getenv("LIANDAN_SHARED");                                    \
		if (!shared_) {                                                                    \
			print_message("LIANDAN_SHARED is not set: vectors not read\n");            \
			skip();                                                                    \
		}                                                                                  \
		snprintf(path, sizeof(path), "%s/data/vectors/%s", shared_, name);                 \
	} while (0)

static inline void tmp_dir(char path[PATH_BYTES])
{
	const char *tmp = getenv("TMPDIR");
	snprintf(path, PATH_BYTES, "%s/ld-test-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	assert_non_null(mkdtemp(path));
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Whole file, NUL-terminated; freed by the caller; NULL when absent. */
static inline char *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *buf = NULL;
	long n;

	if (!f)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0 && (buf = malloc((size_t)n + 1))) {
		rewind(f);
		size_t got = fread(buf, 1, (size_t)n, f);
		buf[got] = '\0';
		if (len)
			*len = got;
	}
	fclose(f);
	return buf;
}

static inline cJSON *json_file(const char *path)
{
	char *text = slurp(path, NULL);
	cJSON *json = text ? cJSON_Parse(text) : NULL;
	free(text);
	return json;
}

/* A fixed Ed25519 key; seed tells keys apart. */
static inline EVP_PKEY *test_pkey(uint8_t seed)
{
	uint8_t raw[32];
	memset(raw, seed, sizeof raw);
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, sizeof raw);
	assert_non_null(pkey);
	return pkey;
}

#endif
