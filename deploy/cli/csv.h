/* CSV as RFC 4180 has it, read strictly from memory: records end in LF or CRLF, fields may be
 * quoted, a quote inside quotes is doubled. Knows nothing of what the columns mean. Takes hostile
 * input: every length has a limit, nothing is guessed, nothing is allocated.
 *
 * Stricter than the RFC: no bare quote in an unquoted field, nothing between a closing quote and
 * the comma, no NUL, no CR but before LF, as many fields in every record as the caller says (0:
 * any). */
#ifndef LD_CLI_CSV_H
#define LD_CLI_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

#define LD_CSV_MAX_FIELDS 64
#define LD_CSV_MAX_RECORD_BYTES 8192 /* unquoted text of one record with its NULs */

struct ld_csv {
	const char *text;
	size_t len;
	size_t at;
	uint32_t line; /* of the record read last, from 1 */
	uint32_t next_line;
	char store[LD_CSV_MAX_RECORD_BYTES];
	const char *field[LD_CSV_MAX_FIELDS]; /* NUL-terminated, until the next record */
	size_t n;
	const char *what; /* static: why the last call failed */
};

/* A leading UTF-8 byte order mark is skipped. text must outlive the reader. */
void ld_csv_init(struct ld_csv *c, const char *text, size_t len);
/* The next record into c->field[0..n-1]. Empty lines are skipped. LD_ERR_NOT_FOUND at the end,
 * LD_ERR_MALFORMED, LD_ERR_LIMIT (c->what and c->line say more). */
enum ld_err ld_csv_next(struct ld_csv *c, size_t fields);
/* Which field of this record is `name` exactly; -1: none, -2: several. */
int ld_csv_column(const struct ld_csv *c, const char *name);

#endif
