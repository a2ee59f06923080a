/* Every verdict and reason of the .proto has its texts, and errors have theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/err.h"
#include "proto/verdict.h"

static bool has_chinese(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0xe4 && (unsigned char)*text <= 0xe9)
			return true;
	}
	return false;
}

static void verdicts(void **state)
{
	(void)state;
	const ProtobufCEnumDescriptor *d = &liandan__verdict__descriptor;
	assert_true(d->n_values > 15);
	for (unsigned i = 0; i < d->n_values; i++) {
		const Liandan__Verdict v = (Liandan__Verdict)d->values[i].value;
		assert_string_equal(ld_verdict_name(v), d->values[i].name);
		assert_true(strlen(ld_verdict_en(v)) > 8);
		assert_true(has_chinese(ld_verdict_zh(v)));
		/* PROTOCOL: 1 to 3 are in the ledger, 16 and up stay outside it */
		assert_int_equal(ld_verdict_in_ledger(v), v >= 1 && v <= 3);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(
			    ld_verdict_en(v), ld_verdict_en((Liandan__Verdict)d->values[k].value));
	}
	assert_string_equal(ld_verdict_name((Liandan__Verdict)99), "?");
	assert_string_equal(ld_verdict_en((Liandan__Verdict)-1), "?");
	assert_string_equal(ld_verdict_zh((Liandan__Verdict)4), "?");
}

static void reasons(void **state)
{
	(void)state;
	const ProtobufCEnumDescriptor *d = &liandan__reason__descriptor;
	assert_true(d->n_values > 40);
	for (unsigned i = 0; i < d->n_values; i++) {
		const Liandan__Reason r = (Liandan__Reason)d->values[i].value;
		assert_string_equal(ld_reason_name(r), d->values[i].name);
		assert_true(strlen(ld_reason_en(r)) > 8);
		assert_true(has_chinese(ld_reason_zh(r)));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(ld_reason_en(r),
						ld_reason_en((Liandan__Reason)d->values[k].value));
	}
	assert_string_equal(ld_reason_name((Liandan__Reason)999), "?");
	assert_string_equal(ld_reason_en((Liandan__Reason)-1), "?");
	assert_string_equal(ld_reason_zh((Liandan__Reason)50), "?");
}

static void errors(void **state)
{
	(void)state;
#define CHECK(name, value, text) assert_string_equal(ld_err_text(name), text);
	LD_ERR_LIST(CHECK)
#undef CHECK
	assert_string_equal(ld_err_text((enum ld_err) - 999), "an unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verdicts),
	    cmocka_unit_test(reasons),
	    cmocka_unit_test(errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
