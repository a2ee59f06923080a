#include "proto/gate_text.h"

#include <stdbool.h>
#include <string.h>

#include "proto/limits.h"

/* Length of the well-formed sequence at p (Unicode 3.9, table 3-7: no overlong forms, no
 * surrogates, nothing above U+10FFFF), or 0. */
static size_t sequence(const uint8_t *p, size_t left, uint32_t *code)
{
	static const uint32_t FIRST[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = 0;
	uint32_t c = 0;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
		c = p[0] & 0x1fu;
	} else if ((p[0] & 0xf0) == 0xe0) {
		n = 3;
		c = p[0] & 0x0fu;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		c = p[0] & 0x07u;
	}
	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < FIRST[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return n;
}

/* Eight ASCII bytes, none of them NUL. */
static bool eight_plain(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	const uint64_t high = UINT64_C(0x8080808080808080);
	const uint64_t ones = UINT64_C(0x0101010101010101);
	return ((v | (v - ones)) & high) == 0;
}

const char *ld_gate_utf8(const uint8_t *text, size_t len, size_t *at)
{
	size_t i = 0;
	while (i < len) {
		if (len - i >= 8 && eight_plain(text + i)) {
			i += 8;
			continue;
		}
		*at = i;
		if (text[i] == 0)
			return "text with a NUL";
		if (text[i] < 0x80) {
			i++;
			continue;
		}
		uint32_t code = 0;
		const size_t n = sequence(text + i, len - i, &code);
		if (!n)
			return "text is not UTF-8";
		i += n;
	}
	return NULL;
}

/* Mosquitto refuses control and non-characters in topics, and ids become topic levels. */
static bool refused_in_id(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
		return true;
	return (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

const char *ld_gate_id(const uint8_t *text, size_t len, size_t *at)
{
	*at = 0;
	if (len == 0 || len > LD_MAX_ID_BYTES)
		return "an id has 1 to 64 bytes";
	if (text[0] == '$')
		return "an id must not begin with $";
	for (size_t i = 0; i < len;) {
		uint32_t c = text[i];
		size_t n = 1;
		*at = i;
		if (c >= 0x80) {
			n = sequence(text + i, len - i, &c);
			if (!n)
				return "text is not UTF-8";
		}
		if (refused_in_id(c))
			return "an id must not hold control or non-characters";
		if (c == '/' || c == '+' || c == '#')
			return "an id must not hold /, + or #";
		i += n;
	}
	return NULL;
}
