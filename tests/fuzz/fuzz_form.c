/* The manifest form that `liandan form import` reads, CSV or JSON. Input: the text. What is read
 * must be an event that the gate takes, or a line and a sentence. */
#include "deploy/cli/events.h"
#include "deploy/cli/form.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ld_arena arena;
	char why[320] = "";
	uint8_t *exact = fz_copy(data, size);
	cJSON *events = cJSON_CreateArray();
	const enum ld_err err = ld_form_read((const char *)exact, size, events, why, sizeof why);

	if (arena.base == NULL)
		FZ_REQUIRE(ld_arena_init(&arena, LD_MAX_ARENA_BYTES) == 0);
	if (err != LD_OK) {
		FZ_REQUIRE(err == LD_ERR_MALFORMED || err == LD_ERR_LIMIT || err == LD_ERR_NOMEM);
		FZ_REQUIRE(err == LD_ERR_NOMEM || strncmp(why, "line ", 5) == 0);
	} else {
		ld_arena_reset(&arena);
		(void)ld_events_check(events, &arena, why, sizeof why);
	}
	cJSON_Delete(events);
	free(exact);
	return 0;
}
