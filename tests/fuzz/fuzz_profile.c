/* Profile and calendar files. Input: the text. What is read is within bounds; what is not names its
 * line. */
#include "deploy/cli/profile.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ld_profile p;
	struct ld_calendar c;
	struct ld_profile_fault fault;
	uint8_t *exact = fz_copy(data, size);
	enum ld_err err = ld_profile_parse((const char *)exact, size, &p, &fault);

	FZ_REQUIRE(err == LD_OK || fault.what[0] != '\0');
	for (size_t i = 0; err == LD_OK && i < p.n; i++) {
		const struct ld_profile_value *v = &p.values[i];

		FZ_REQUIRE(v->value >= v->rule->min && v->value <= v->rule->max &&
			   v->source[0] != '\0');
		FZ_REQUIRE(i == 0 || strcmp(p.values[i - 1].rule->name, v->rule->name) < 0);
	}
	if (err == LD_OK)
		cJSON_Delete(ld_profile_event(&p));
	err = ld_calendar_parse((const char *)exact, size, &c, &fault);
	FZ_REQUIRE(err == LD_OK ? c.year >= 2000 && c.year <= 2200 : fault.what[0] != '\0');
	free(exact);
	return 0;
}
