/* Lines of notes and proofs, read strictly: private to store/. */
#ifndef LD_STORE_NOTE_TEXT_H
#define LD_STORE_NOTE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/merkle.h"

/* A cursor over text that is read line by line. */
struct ld_text {
	const char *at;
	const char *end;
};

/* Next line without its newline; false when no complete line is left. */
bool ld_text_line(struct ld_text *t, const char **line, size_t *len);
/* Decimal without sign, leading zeros or anything else. */
bool ld_text_u64(const char *line, size_t len, uint64_t *out);
/* Exactly 32 bytes in canonical base64. */
bool ld_text_hash(const char *line, size_t len, struct ld_hash *out);
/* A key name as signed-note defines it: not empty, no white space, no '+'; we also ask for
 * printable characters and at most LD_NOTE_MAX_NAME - 1 bytes. */
bool ld_text_name(const char *name, size_t len);

#endif
