/* What harness.c and client.c share. */
#ifndef LD_TESTS_BROKER_INTERNAL_H
#define LD_TESTS_BROKER_INTERNAL_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/broker/harness.h"

/* Misuse of the harness ends the test at once, with the place. */
#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Certificate and key of a signer in one file; `path` holds its name. */
void harness_cert(struct harness *h, const struct signer *s, char *path, size_t cap);

#endif
