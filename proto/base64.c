#include "proto/base64.h"

#include <stdbool.h>

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t encode(const char *alphabet, bool padded, const uint8_t *data, size_t len, char *out)
{
	size_t n = 0;
	size_t i = 0;
	for (; len - i >= 3; i += 3) {
		const uint32_t v =
		    (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];
		out[n++] = alphabet[v >> 18];
		out[n++] = alphabet[v >> 12 & 63];
		out[n++] = alphabet[v >> 6 & 63];
		out[n++] = alphabet[v & 63];
	}
	const size_t rest = len - i;
	if (rest) {
		const uint32_t v =
		    (uint32_t)data[i] << 16 | (rest == 2 ? (uint32_t)data[i + 1] << 8 : 0u);
		out[n++] = alphabet[v >> 18];
		out[n++] = alphabet[v >> 12 & 63];
		if (rest == 2)
			out[n++] = alphabet[v >> 6 & 63];
		for (size_t pad = rest; padded && pad < 3; pad++)
			out[n++] = '=';
	}
	out[n] = '\0';
	return n;
}

/* 0 to 63, or -1. */
static int value_of(char c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == alphabet[62])
		return 62;
	return c == alphabet[63] ? 63 : -1;
}

/* text without its padding */
static enum ld_err decode(const char *alphabet, const char *text, size_t text_len, uint8_t *out,
			  size_t cap, size_t *len)
{
	*len = 0;
	if (text_len % 4 == 1)
		return LD_ERR_MALFORMED;
	const size_t need = text_len / 4 * 3 + (text_len % 4 ? text_len % 4 - 1 : 0);
	if (need > cap)
		return LD_ERR_LIMIT;
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t n = 0;
	for (size_t i = 0; i < text_len; i++) {
		const int v = value_of(text[i], alphabet);
		if (v < 0)
			return LD_ERR_MALFORMED;
		acc = acc << 6 | (uint32_t)v;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (uint8_t)(acc >> bits);
			acc &= (1u << bits) - 1;
		}
	}
	/* RFC 4648 3.5: the bits that no byte uses are zero, else two texts would mean the same */
	if (acc)
		return LD_ERR_MALFORMED;
	*len = n;
	return LD_OK;
}

size_t ld_base64_encode(const uint8_t *data, size_t len, char *out)
{
	return encode(STANDARD, true, data, len, out);
}

size_t ld_base64url_encode(const uint8_t *data, size_t len, char *out)
{
	return encode(URL_SAFE, false, data, len, out);
}

enum ld_err ld_base64_decode(const char *text, size_t text_len, uint8_t *out, size_t cap,
			     size_t *len)
{
	*len = 0;
	if (text_len % 4)
		return LD_ERR_MALFORMED;
	size_t pad = 0;
	while (pad < 2 && pad < text_len && text[text_len - 1 - pad] == '=')
		pad++;
	return decode(STANDARD, text, text_len - pad, out, cap, len);
}

enum ld_err ld_base64url_decode(const char *text, size_t text_len, uint8_t *out, size_t cap,
				size_t *len)
{
	return decode(URL_SAFE, text, text_len, out, cap, len);
}

void ld_hex_encode(const uint8_t *data, size_t len, char *out)
{
	static const char DIGITS[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = DIGITS[data[i] >> 4];
		out[2 * i + 1] = DIGITS[data[i] & 15];
	}
	out[2 * len] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum ld_err ld_hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len)
{
	if (text_len / 2 != len || text_len % 2)
		return LD_ERR_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		const int high = hex_value(text[2 * i]);
		const int low = hex_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return LD_ERR_MALFORMED;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return LD_OK;
}
