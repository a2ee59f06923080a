/* Base64, RFC 4648: standard alphabet with padding, and the URL-safe alphabet without (tokens).
 * Strict: anything but the one canonical encoding is refused. */
#ifndef LD_PROTO_BASE64_H
#define LD_PROTO_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

#define LD_BASE64_CAP(n) (4 * (((n) + 2) / 3) + 1)

/* Writes NUL-terminated text into out, which holds at least LD_BASE64_CAP(len); returns its length.
 */
size_t ld_base64_encode(const uint8_t *data, size_t len, char *out);
size_t ld_base64url_encode(const uint8_t *data, size_t len, char *out);
/* LD_ERR_MALFORMED, or LD_ERR_LIMIT when cap is too small. */
enum ld_err ld_base64_decode(const char *text, size_t text_len, uint8_t *out, size_t cap,
			     size_t *len);
enum ld_err ld_base64url_decode(const char *text, size_t text_len, uint8_t *out, size_t cap,
				size_t *len);

/* Lower-case hex; out holds 2 * len + 1. */
void ld_hex_encode(const uint8_t *data, size_t len, char *out);
/* Exactly len bytes from exactly 2 * len hex digits. LD_ERR_MALFORMED. */
enum ld_err ld_hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len);

#endif
