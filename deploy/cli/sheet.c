#include "deploy/cli/sheet.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHINA_OFFSET_S (8 * 3600)

enum ld_err ld_sheet_new(struct ld_sheet *s, const struct ld_column *columns, size_t n)
{
	s->columns = columns;
	s->n = n;
	s->rows = cJSON_CreateArray();
	return s->rows != NULL ? LD_OK : LD_ERR_NOMEM;
}

void ld_sheet_free(struct ld_sheet *s)
{
	cJSON_Delete(s->rows);
	s->rows = NULL;
}

cJSON *ld_sheet_row(struct ld_sheet *s)
{
	cJSON *row = cJSON_CreateObject();

	for (size_t i = 0; row != NULL && i < s->n; i++)
		cJSON_AddStringToObject(row, s->columns[i].key, "");
	if (row != NULL)
		cJSON_AddItemToArray(s->rows, row);
	return row;
}

void ld_sheet_set(cJSON *row, const char *key, const char *text)
{
	cJSON *cell = cJSON_GetObjectItemCaseSensitive(row, key);

	if (cell != NULL && text != NULL)
		cJSON_SetValuestring(cell, text);
}

void ld_sheet_number(cJSON *row, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	ld_sheet_set(row, key, text);
}

void ld_sheet_tonnes(cJSON *row, const char *key, int64_t grams)
{
	uint64_t g = grams < 0 ? 0 - (uint64_t)grams : (uint64_t)grams;
	char text[40];

	snprintf(text, sizeof(text), "%s%" PRIu64 ".%06" PRIu64, grams < 0 ? "-" : "", g / 1000000,
		 g % 1000000);
	ld_sheet_set(row, key, text);
}

void ld_sheet_time(cJSON *row, const char *key, int64_t ms)
{
	const time_t s = (time_t)(ms / 1000) + CHINA_OFFSET_S;
	char text[24];
	struct tm tm;

	if (ms > 0 && gmtime_r(&s, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm) != 0)
		ld_sheet_set(row, key, text);
}

void ld_sheet_add(cJSON *row, const char *key, const char *text)
{
	const char *now = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key));
	size_t cap;
	char *both;

	if (now == NULL || text[0] == '\0')
		return;
	if (now[0] == '\0') {
		ld_sheet_set(row, key, text);
		return;
	}
	cap = strlen(now) + strlen(text) + 3;
	both = malloc(cap);
	if (both == NULL)
		return;
	snprintf(both, cap, "%s; %s", now, text);
	ld_sheet_set(row, key, both);
	free(both);
}

/* A spreadsheet takes = + - @ in front for a formula; a plain number is none. What begins with an
 * apostrophe before one gets another, so that taking one away gives the text back. */
bool ld_sheet_formula(const char *text)
{
	text += strspn(text, "'");
	if (strchr("=+@\t\r", text[0]) != NULL && text[0] != '\0')
		return true;
	return text[0] == '-' && strspn(text + 1, "0123456789.") != strlen(text + 1);
}

static void cell(FILE *to, const char *text)
{
	const bool quote = strpbrk(text, ",\"\r\n") != NULL || ld_sheet_formula(text);

	if (!quote) {
		fputs(text, to);
		return;
	}
	fputc('"', to);
	if (ld_sheet_formula(text))
		fputc('\'', to);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

void ld_sheet_print(const struct ld_sheet *s, FILE *to, bool json, bool bom)
{
	const cJSON *row;

	if (json) {
		char *text = cJSON_PrintUnformatted(s->rows);

		fprintf(to, "%s\n", text != NULL ? text : "[]");
		cJSON_free(text);
		return;
	}
	if (bom)
		fputs("\xEF\xBB\xBF", to);
	for (size_t i = 0; i < s->n; i++)
		fprintf(to, "%s%s %s", i ? "," : "", s->columns[i].key, s->columns[i].zh);
	fputs("\r\n", to);
	cJSON_ArrayForEach(row, s->rows)
	{
		for (size_t i = 0; i < s->n; i++) {
			if (i)
				fputc(',', to);
			cell(to, cJSON_GetStringValue(
				     cJSON_GetObjectItemCaseSensitive(row, s->columns[i].key)));
		}
		fputs("\r\n", to);
	}
}

/* ---- for a terminal ---- */

static bool wide(unsigned long c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	       (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	       (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x20000 && c <= 0x3fffd);
}

/* Cells of a terminal that UTF-8 text takes; Chinese takes two each. */
static size_t text_width(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t width = 0;

	while (*p != '\0') {
		const int more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
		unsigned long c = more == 0 ? *p : *p & (0x3fu >> more);

		p++;
		for (int i = 0; i < more && (*p & 0xc0) == 0x80; i++)
			c = c << 6 | (*p++ & 0x3f);
		width += wide(c) ? 2 : 1;
	}
	return width;
}

struct text_column {
	size_t width; /* 0: no row says anything */
	bool figures;
};

static const char *cell_of(const cJSON *row, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key));

	return text != NULL ? text : "";
}

static void measure(const struct ld_sheet *s, const struct ld_column *column, struct text_column *c)
{
	const cJSON *row;

	c->width = 0;
	c->figures = true;
	cJSON_ArrayForEach(row, s->rows)
	{
		const char *text = cell_of(row, column->key);
		const size_t width = text_width(text);

		c->width = width > c->width ? width : c->width;
		if (strspn(text, "-0123456789.") != strlen(text))
			c->figures = false;
	}
	if (c->width == 0)
		return;
	if (strlen(column->key) > c->width)
		c->width = strlen(column->key);
	if (text_width(column->zh) > c->width)
		c->width = text_width(column->zh);
}

static void pad(FILE *to, size_t n)
{
	while (n-- > 0)
		fputc(' ', to);
}

static void text_cell(FILE *to, const struct text_column *c, const char *text, bool last)
{
	char clean[512];
	size_t width;

	ld_printable(text, clean, sizeof(clean));
	width = text_width(clean);
	width = width < c->width ? c->width - width : 0;
	if (c->figures)
		pad(to, width);
	fputs(clean, to);
	if (!c->figures && !last)
		pad(to, width);
	fputs(last ? "\n" : "  ", to);
}

void ld_sheet_text(const struct ld_sheet *s, FILE *to)
{
	struct text_column *c = calloc(s->n, sizeof(*c));
	size_t last = 0;
	const cJSON *row;

	if (c == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		measure(s, &s->columns[i], &c[i]);
		if (c[i].width != 0)
			last = i;
	}
	for (int head = 0; head < 2; head++)
		for (size_t i = 0; i < s->n; i++)
			if (c[i].width != 0)
				text_cell(to, &c[i],
					  head == 0 ? s->columns[i].key : s->columns[i].zh,
					  i == last);
	cJSON_ArrayForEach(row, s->rows)
	{
		for (size_t i = 0; i < s->n; i++)
			if (c[i].width != 0)
				text_cell(to, &c[i], cell_of(row, s->columns[i].key), i == last);
	}
	free(c);
}
