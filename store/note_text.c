#include "store/note_text.h"

#include <string.h>

#include "proto/base64.h"
#include "store/note.h"

bool ld_text_line(struct ld_text *t, const char **line, size_t *len)
{
	size_t left = (size_t)(t->end - t->at);
	const char *nl = left ? memchr(t->at, '\n', left) : NULL;

	if (!nl)
		return false;
	*line = t->at;
	*len = (size_t)(nl - t->at);
	t->at = nl + 1;
	return true;
}

bool ld_text_u64(const char *line, size_t len, uint64_t *out)
{
	uint64_t v = 0;

	if (len == 0 || len > 20 || (len > 1 && line[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (line[i] < '0' || line[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(line[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

bool ld_text_hash(const char *line, size_t len, struct ld_hash *out)
{
	size_t got = 0;

	if (len != LD_BASE64_CAP(LD_HASH_BYTES) - 1)
		return false;
	return ld_base64_decode(line, len, out->b, sizeof out->b, &got) == LD_OK &&
	       got == sizeof out->b;
}

bool ld_text_name(const char *name, size_t len)
{
	if (len == 0 || len >= LD_NOTE_MAX_NAME)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];
		if (c <= ' ' || c == 0x7F || c == '+')
			return false;
	}
	return true;
}
