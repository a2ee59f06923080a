/* A table for people and for spreadsheets: the same rows as CSV (RFC 4180, first line the columns,
 * "key 中文"), as JSON (an array of objects by key) or in columns for a terminal. Cells are text.
 * In CSV what would be read as a formula is written behind an apostrophe: names and notes come from
 * others. */
#ifndef LD_CLI_SHEET_H
#define LD_CLI_SHEET_H

#include "deploy/cli/cli.h"

struct ld_column {
	const char *key; /* English, as in JSON */
	const char *zh;
};

struct ld_sheet {
	const struct ld_column *columns;
	size_t n;
	cJSON *rows; /* array of objects */
};

/* A spreadsheet would take it for a formula, or for the apostrophe that keeps one from being one.
 */
bool ld_sheet_formula(const char *text);
enum ld_err ld_sheet_new(struct ld_sheet *s, const struct ld_column *columns, size_t n);
void ld_sheet_free(struct ld_sheet *s);
/* A new row with every cell empty; NULL when memory is out. */
cJSON *ld_sheet_row(struct ld_sheet *s);
void ld_sheet_set(cJSON *row, const char *key, const char *text);
void ld_sheet_number(cJSON *row, const char *key, int64_t value);
/* Tonnes with six decimals, exact: the unit of HJ 1259-2022. */
void ld_sheet_tonnes(cJSON *row, const char *key, int64_t grams);
/* 2026-11-25 07:30, UTC+8; empty for 0. */
void ld_sheet_time(cJSON *row, const char *key, int64_t ms);
/* Appends to what stands, behind "; ". */
void ld_sheet_add(cJSON *row, const char *key, const char *text);
/* json: one array; else CSV. bom: with the mark that spreadsheets want before UTF-8. */
void ld_sheet_print(const struct ld_sheet *s, FILE *to, bool json, bool bom);
/* Two lines of heads, English and Chinese, then the rows; columns in which no row says anything are
 * left out, figures stand to the right. Control characters become '?'. */
void ld_sheet_text(const struct ld_sheet *s, FILE *to);

#endif
