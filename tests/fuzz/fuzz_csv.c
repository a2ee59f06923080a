/* Recorded positions for `liandan tracks`. Input: the text. */
#include "deploy/cli/csv.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ld_csv *c = malloc(sizeof *c);
	uint8_t *exact = fz_copy(data, size);
	size_t first = 0;
	enum ld_err err;

	FZ_REQUIRE(c != NULL);
	ld_csv_init(c, (const char *)exact, size);
	while ((err = ld_csv_next(c, first)) == LD_OK) {
		FZ_REQUIRE(c->n >= 1 && c->n <= LD_CSV_MAX_FIELDS && c->at <= size);
		FZ_REQUIRE(first == 0 || c->n == first);
		if (first == 0)
			first = c->n;
		for (size_t i = 0; i < c->n; i++) {
			FZ_REQUIRE(c->field[i] >= c->store &&
				   c->field[i] + strlen(c->field[i]) < c->store + sizeof c->store);
			FZ_REQUIRE(ld_csv_column(c, c->field[i]) != -1);
		}
	}
	FZ_REQUIRE(err == LD_ERR_NOT_FOUND || err == LD_ERR_MALFORMED || err == LD_ERR_LIMIT);
	FZ_REQUIRE(err == LD_ERR_NOT_FOUND || c->what != NULL);
	free(exact);
	free(c);
	return 0;
}
