/* What the fuzz targets share. A target reads hostile bytes the way the product does and then says
 * what must be true of the answer; a sanitizer's finding or a broken FZ_REQUIRE is a finding. No
 * network, no clock. */
#ifndef LD_TESTS_FUZZ_H
#define LD_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FZ_REQUIRE(cond)                                                                           \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #cond);      \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A cursor over the input; past the end it gives zeros, so that short inputs mean something too. */
struct fz_in {
	const uint8_t *p;
	size_t n;
};

static inline uint8_t fz_u8(struct fz_in *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static inline uint16_t fz_u16(struct fz_in *in)
{
	uint16_t lo = fz_u8(in);

	return (uint16_t)(lo | fz_u8(in) << 8);
}

static inline const uint8_t *fz_take(struct fz_in *in, size_t *n)
{
	const uint8_t *p = in->p;

	if (*n > in->n)
		*n = in->n;
	in->p += *n;
	in->n -= *n;
	return p;
}

/* The rest as text with a NUL behind it, malloc'd: exactly as long as it is, so that a read past it
 * is seen. */
static inline char *fz_text(struct fz_in *in)
{
	char *s = malloc(in->n + 1);

	FZ_REQUIRE(s != NULL);
	if (in->n != 0)
		memcpy(s, in->p, in->n);
	s[in->n] = '\0';
	return s;
}

/* An exact copy on the heap, so that a read past the end is seen; free it. */
static inline uint8_t *fz_copy(const uint8_t *p, size_t n)
{
	uint8_t *q = malloc(n != 0 ? n : 1);

	FZ_REQUIRE(q != NULL);
	if (n != 0)
		memcpy(q, p, n);
	return q;
}

#endif
