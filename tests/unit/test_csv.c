/* The CSV reader: RFC 4180, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deploy/cli/csv.h"

static struct ld_csv c;

static void begin(const char *text)
{
	ld_csv_init(&c, text, strlen(text));
}

static void row(size_t n, const char *first, const char *last)
{
	assert_int_equal(ld_csv_next(&c, 0), LD_OK);
	assert_int_equal(c.n, n);
	assert_string_equal(c.field[0], first);
	assert_string_equal(c.field[n - 1], last);
}

static void refuses(const char *text, enum ld_err err, const char *part)
{
	enum ld_err got = LD_OK;

	begin(text);
	while (got == LD_OK)
		got = ld_csv_next(&c, 0);
	assert_int_equal(got, err);
	assert_non_null(strstr(c.what, part));
}

static void test_plain(void **state)
{
	(void)state;
	begin("a,b,c\n1,2,3\r\n\n\r\n,,\nlast,x");
	row(3, "a", "c");
	assert_int_equal(ld_csv_column(&c, "b"), 1);
	assert_int_equal(ld_csv_column(&c, "B"), -1);
	row(3, "1", "3");
	assert_int_equal(c.line, 2);
	row(3, "", "");
	assert_int_equal(c.line, 5);
	row(2, "last", "x");
	assert_int_equal(ld_csv_next(&c, 0), LD_ERR_NOT_FOUND);
	assert_int_equal(ld_csv_next(&c, 0), LD_ERR_NOT_FOUND);
}

static void test_quoted(void **state)
{
	(void)state;
	begin("\xEF\xBB\xBF\"a,b\",\"say \"\"hi\"\"\"\n\"two\nlines\",\"\"\nx,y\n");
	row(2, "a,b", "say \"hi\"");
	row(2, "two\nlines", "");
	assert_int_equal(c.line, 2);
	row(2, "x", "y");
	assert_int_equal(c.line, 4);
}

static void test_columns(void **state)
{
	(void)state;
	begin("a,b,a\n");
	assert_int_equal(ld_csv_next(&c, 0), LD_OK);
	assert_int_equal(ld_csv_column(&c, "a"), -2);
	begin("a,b\n1,2,3\n");
	assert_int_equal(ld_csv_next(&c, 2), LD_OK);
	assert_int_equal(ld_csv_next(&c, 2), LD_ERR_MALFORMED);
	assert_int_equal(c.line, 2);
}

static void test_refused(void **state)
{
	char nul[] = "a,b\0c\n";

	(void)state;
	refuses("a,\"b\n", LD_ERR_MALFORMED, "not closed");
	refuses("a,b\"c\n", LD_ERR_MALFORMED, "a quote");
	refuses("\"a\"b,c\n", LD_ERR_MALFORMED, "behind");
	refuses("a\rb\n", LD_ERR_MALFORMED, "carriage");
	refuses("a\r", LD_ERR_MALFORMED, "carriage");
	ld_csv_init(&c, nul, sizeof(nul) - 1);
	assert_int_equal(ld_csv_next(&c, 0), LD_ERR_MALFORMED);
	ld_csv_init(&c, "", 0);
	assert_int_equal(ld_csv_next(&c, 0), LD_ERR_NOT_FOUND);
}

/* limit - 1, limit, limit + 1 */
static void test_limits(void **state)
{
	static char text[LD_CSV_MAX_RECORD_BYTES + 8];

	(void)state;
	for (int more = -1; more <= 1; more++) {
		size_t n = (size_t)(LD_CSV_MAX_FIELDS + more);
		memset(text, ',', n - 1);
		text[n - 1] = '\0';
		begin(text);
		assert_int_equal(ld_csv_next(&c, 0), more > 0 ? LD_ERR_LIMIT : LD_OK);
		n = (size_t)(LD_CSV_MAX_RECORD_BYTES - 1 + more); /* and the NUL */
		memset(text, 'x', n);
		text[n] = '\0';
		begin(text);
		assert_int_equal(ld_csv_next(&c, 0), more > 0 ? LD_ERR_LIMIT : LD_OK);
	}
}

static void test_mangled(void **state)
{
	static const char good[] = "a,\"b \"\"c\"\"\",d\r\n1,2,3\n\"x\ny\",,z\n";
	char text[sizeof(good)];

	(void)state;
	for (size_t i = 0; i < sizeof(good); i++) {
		for (int b = 0; b < 256; b++) {
			memcpy(text, good, sizeof(good));
			text[i] = (char)b;
			ld_csv_init(&c, text, i % 2 ? sizeof(good) : i);
			while (ld_csv_next(&c, 0) == LD_OK)
				assert_true(c.n > 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain),   cmocka_unit_test(test_quoted),
	    cmocka_unit_test(test_columns), cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_limits),  cmocka_unit_test(test_mangled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
