/* Base64, hex and the arena. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/arena.h"
#include "proto/base64.h"

/* RFC 4648, section 10 */
static void rfc4648(void **state)
{
	(void)state;
	const char *const pairs[][3] = {
	    {"", "", ""},
	    {"f", "Zg==", "Zg"},
	    {"fo", "Zm8=", "Zm8"},
	    {"foo", "Zm9v", "Zm9v"},
	    {"foob", "Zm9vYg==", "Zm9vYg"},
	    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
	    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
	    {"\xfb\xff", "+/8=", "-_8"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		const size_t len = strlen(pairs[i][0]);
		char text[32];
		uint8_t back[32];
		size_t n = 99;
		assert_int_equal(ld_base64_encode((const uint8_t *)pairs[i][0], len, text),
				 strlen(pairs[i][1]));
		assert_string_equal(text, pairs[i][1]);
		assert_int_equal(ld_base64_decode(text, strlen(text), back, sizeof back, &n),
				 LD_OK);
		assert_int_equal(n, len);
		assert_memory_equal(back, pairs[i][0], len);
		assert_int_equal(ld_base64url_encode((const uint8_t *)pairs[i][0], len, text),
				 strlen(pairs[i][2]));
		assert_string_equal(text, pairs[i][2]);
		assert_int_equal(ld_base64url_decode(text, strlen(text), back, len, &n), LD_OK);
		assert_int_equal(n, len);
		if (len)
			assert_int_equal(ld_base64url_decode(text, strlen(text), back, len - 1, &n),
					 LD_ERR_LIMIT);
	}
}

static void refused(void **state)
{
	(void)state;
	uint8_t out[32];
	size_t n = 0;
	const char *const standard[] = {"Z",	 "Zg",	 "Zg=",	 "Zg===",    "Zh==", "Zm9=",
					"Zm9v=", "====", "=",	 "Zg==Zg==", "Zm 9", "Zm9v\n",
					"-_8=",	 "Zg=A", "Z===", "Zm9vY-=="};
	for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++)
		assert_int_equal(
		    ld_base64_decode(standard[i], strlen(standard[i]), out, sizeof out, &n),
		    LD_ERR_MALFORMED);
	const char *const url[] = {"Z", "Zg==", "Zh", "Zm9", "+/8", "Zm9vY", "Zm9v="};
	for (size_t i = 0; i < sizeof url / sizeof url[0]; i++)
		assert_int_equal(ld_base64url_decode(url[i], strlen(url[i]), out, sizeof out, &n),
				 LD_ERR_MALFORMED);
	assert_int_equal(ld_base64_decode("Zg\0=", 4, out, sizeof out, &n), LD_ERR_MALFORMED);
}

/* Exactly one text for each byte string: of all texts of four characters, only the encoding
 * decodes. */
static void canonical(void **state)
{
	(void)state;
	size_t good = 0;
	uint8_t out[4];
	size_t n = 0;
	for (unsigned a = 0; a < 128; a++) {
		for (unsigned b = 0; b < 128; b++) {
			const char text[4] = {(char)a, (char)b, '=', '='};
			good += ld_base64_decode(text, 4, out, sizeof out, &n) == LD_OK;
		}
	}
	assert_int_equal(good, 256);
}

static void round_trip(void **state)
{
	(void)state;
	uint8_t data[300];
	uint8_t back[300];
	char text[LD_BASE64_CAP(300)];
	size_t n = 0;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 73 + 11);
	for (size_t len = 0; len <= sizeof data; len++) {
		assert_true(ld_base64_encode(data, len, text) < LD_BASE64_CAP(len));
		assert_int_equal(ld_base64_decode(text, strlen(text), back, len, &n), LD_OK);
		assert_int_equal(n, len);
		assert_memory_equal(back, data, len);
		(void)ld_base64url_encode(data, len, text);
		assert_int_equal(ld_base64url_decode(text, strlen(text), back, len, &n), LD_OK);
		assert_int_equal(n, len);
		assert_memory_equal(back, data, len);
	}
}

static void hex(void **state)
{
	(void)state;
	const uint8_t data[] = {0x00, 0x9f, 0xab};
	uint8_t back[3];
	char text[7];
	ld_hex_encode(data, 3, text);
	assert_string_equal(text, "009fab");
	assert_int_equal(ld_hex_decode("009FaB", 6, back, 3), LD_OK);
	assert_memory_equal(back, data, 3);
	assert_int_equal(ld_hex_decode("009fa", 5, back, 3), LD_ERR_MALFORMED);
	assert_int_equal(ld_hex_decode("009fab0", 7, back, 3), LD_ERR_MALFORMED);
	assert_int_equal(ld_hex_decode("009fag", 6, back, 3), LD_ERR_MALFORMED);
	assert_int_equal(ld_hex_decode("", 0, back, 0), LD_OK);
}

static void arena(void **state)
{
	(void)state;
	struct ld_arena a;
	assert_int_equal(ld_arena_init(&a, 256), 0);
	uint8_t *p = ld_arena_alloc(&a, 1);
	uint8_t *q = ld_arena_alloc(&a, 1);
	assert_int_equal((uintptr_t)p % 16, 0);
	assert_int_equal(q - p, 16);
	assert_string_equal(ld_arena_str(&a, "abc"), "abc");
	assert_string_equal(ld_arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	assert_memory_equal(ld_arena_dup(&a, "ab", 2), "ab", 2);
	assert_non_null(ld_arena_dup(&a, NULL, 0));
	assert_null(ld_arena_alloc(&a, SIZE_MAX));
	assert_null(ld_arena_alloc(&a, 256));
	assert_null(ld_arena_printf(&a, "%300d", 1));
	ld_arena_reset(&a);
	assert_null(ld_arena_alloc(&a, 257));
	assert_non_null(ld_arena_alloc(&a, 256));
	assert_null(ld_arena_alloc(&a, 1));
	ld_arena_free(&a);
	assert_int_equal(ld_arena_init(&a, 0), 0);
	assert_null(ld_arena_alloc(&a, 1));
	ld_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc4648),	  cmocka_unit_test(refused), cmocka_unit_test(canonical),
	    cmocka_unit_test(round_trip), cmocka_unit_test(hex),     cmocka_unit_test(arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
