#include "deploy/cli/csv.h"

#include <stdbool.h>
#include <string.h>

void ld_csv_init(struct ld_csv *c, const char *text, size_t len)
{
	memset(c, 0, sizeof(*c));
	c->text = text;
	c->len = len;
	c->next_line = 1;
	c->what = "";
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		c->at = 3;
}

static enum ld_err fail(struct ld_csv *c, enum ld_err err, const char *what)
{
	c->what = what;
	return err;
}

static bool at_end(const struct ld_csv *c)
{
	return c->at >= c->len;
}

/* At LF, at CRLF, or at the end of the text. */
static bool at_line_end(const struct ld_csv *c)
{
	return at_end(c) || c->text[c->at] == '\n' ||
	       (c->text[c->at] == '\r' && c->at + 1 < c->len && c->text[c->at + 1] == '\n');
}

static void skip_line_end(struct ld_csv *c)
{
	if (!at_end(c) && c->text[c->at] == '\r')
		c->at++;
	if (!at_end(c))
		c->at++;
	c->next_line++;
}

static enum ld_err put(struct ld_csv *c, size_t *used, char ch)
{
	if (*used == sizeof(c->store))
		return fail(c, LD_ERR_LIMIT, "the record is too long");
	c->store[(*used)++] = ch;
	return LD_OK;
}

static enum ld_err quoted(struct ld_csv *c, size_t *used)
{
	c->at++; /* the opening quote */
	for (;;) {
		if (at_end(c))
			return fail(c, LD_ERR_MALFORMED, "the quotes are not closed");
		char ch = c->text[c->at++];
		if (ch == '"') {
			if (at_end(c) || c->text[c->at] != '"')
				return LD_OK;
			c->at++;
		}
		if (ch == '\0')
			return fail(c, LD_ERR_MALFORMED, "a NUL byte");
		if (ch == '\n')
			c->next_line++;
		enum ld_err err = put(c, used, ch);
		if (err)
			return err;
	}
}

static enum ld_err plain(struct ld_csv *c, size_t *used)
{
	while (!at_line_end(c) && c->text[c->at] != ',') {
		char ch = c->text[c->at++];
		if (ch == '"')
			return fail(c, LD_ERR_MALFORMED,
				    "a quote in a field that does not begin with one");
		if (ch == '\0' || ch == '\r')
			return fail(c, LD_ERR_MALFORMED, "a NUL byte or a stray carriage return");
		enum ld_err err = put(c, used, ch);
		if (err)
			return err;
	}
	return LD_OK;
}

static enum ld_err one_field(struct ld_csv *c, size_t *used)
{
	bool with_quotes = !at_end(c) && c->text[c->at] == '"';

	if (c->n == LD_CSV_MAX_FIELDS)
		return fail(c, LD_ERR_LIMIT, "too many fields");
	size_t begin = *used;
	enum ld_err err = with_quotes ? quoted(c, used) : plain(c, used);
	if (!err && with_quotes && !at_line_end(c) && c->text[c->at] != ',')
		err = fail(c, LD_ERR_MALFORMED, "something behind the closing quote");
	if (!err)
		err = put(c, used, '\0');
	if (!err)
		c->field[c->n++] = c->store + begin;
	return err;
}

enum ld_err ld_csv_next(struct ld_csv *c, size_t fields)
{
	size_t used = 0;

	c->n = 0;
	while (!at_end(c) && at_line_end(c))
		skip_line_end(c);
	c->line = c->next_line;
	if (at_end(c))
		return LD_ERR_NOT_FOUND;
	for (;;) {
		enum ld_err err = one_field(c, &used);
		if (err)
			return err;
		if (at_line_end(c))
			break;
		c->at++; /* the comma */
	}
	if (!at_end(c))
		skip_line_end(c);
	if (fields && c->n != fields)
		return fail(c, LD_ERR_MALFORMED, "not as many fields as the header has");
	return LD_OK;
}

int ld_csv_column(const struct ld_csv *c, const char *name)
{
	int found = -1;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->field[i], name) == 0)
			found = found == -1 ? (int)i : -2;
	return found;
}
