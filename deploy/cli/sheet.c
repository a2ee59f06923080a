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

/* A spreadsheet takes = + - @ in front for a formula; a plain number is none. */
static bool formula(const char *text)
{
	if (strchr("=+@\t\r", text[0]) != NULL && text[0] != '\0')
		return true;
	return text[0] == '-' && strspn(text + 1, "0123456789.") != strlen(text + 1);
}

static void cell(FILE *to, const char *text)
{
	const bool quote = strpbrk(text, ",\"\r\n") != NULL || formula(text);

	if (!quote) {
		fputs(text, to);
		return;
	}
	fputc('"', to);
	if (formula(text))
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
