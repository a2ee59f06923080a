#include "deploy/cli/day.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/day_parse.h"

/* A DAY file is read in two passes: this file cuts lines and fills one struct for each; day_check.c
 * then resolves the names, so that lines may stand in any order. */

enum ld_err ld_day_fail(struct ld_day_reader *r, enum ld_err err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->fault->what, sizeof(r->fault->what), fmt, ap);
	va_end(ap);
	r->fault->line = r->line;
	return err;
}

/* ---- cutting a line ---- */

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A quoted value: "…", with \" and \\ inside. *at stands behind the opening quote. */
static enum ld_err cut_quoted(struct ld_day_reader *r, const char *s, size_t n, size_t *at,
			      struct ld_day_pair *p)
{
	while (*at < n && s[*at] != '"') {
		if (s[*at] == '\\') {
			(*at)++;
			if (*at >= n || (s[*at] != '"' && s[*at] != '\\'))
				return ld_day_fail(r, LD_ERR_MALFORMED,
						   "in quotes, \\ stands before \" or \\ only");
		}
		p->value[p->n++] = s[(*at)++];
	}
	if (*at >= n)
		return ld_day_fail(r, LD_ERR_MALFORMED, "the quotes are not closed");
	(*at)++;
	if (*at < n && !blank(s[*at]))
		return ld_day_fail(r, LD_ERR_MALFORMED, "a space must follow the closing quote");
	return LD_OK;
}

/* key=value from *at on. */
static enum ld_err cut_pair(struct ld_day_reader *r, const char *s, size_t n, size_t *at)
{
	struct ld_day_pair *p = NULL;
	size_t from = *at;

	if (r->n_pairs == LD_DAY_MAX_FIELDS)
		return ld_day_fail(r, LD_ERR_LIMIT, "more than %d fields on a line",
				   LD_DAY_MAX_FIELDS);
	p = &r->pairs[r->n_pairs];
	p->n = 0;
	while (*at < n && s[*at] != '=')
		(*at)++;
	p->key = (struct ld_word){s + from, *at - from};
	(*at)++;
	if (*at < n && s[*at] == '"') {
		(*at)++;
		enum ld_err err = cut_quoted(r, s, n, at, p);
		if (err)
			return err;
	} else {
		while (*at < n && !blank(s[*at]))
			p->value[p->n++] = s[(*at)++];
	}
	p->value[p->n] = '\0';
	r->n_pairs++;
	return LD_OK;
}

static enum ld_err cut_line(struct ld_day_reader *r, const char *s, size_t n)
{
	size_t at = 0;
	enum ld_err err = LD_OK;

	r->n_head = 0;
	r->n_pairs = 0;
	while (!err) {
		while (at < n && blank(s[at]))
			at++;
		if (at >= n || s[at] == '#')
			return LD_OK;
		size_t end = at;
		while (end < n && !blank(s[end]) && s[end] != '=')
			end++;
		if (end < n && s[end] == '=') {
			err = cut_pair(r, s, n, &at);
			continue;
		}
		if (r->n_head == 2 || r->n_pairs > 0)
			return ld_day_fail(r, LD_ERR_MALFORMED, "'%.*s' is not key=value",
					   (int)(end - at > 40 ? 40 : end - at), s + at);
		r->head[r->n_head++] = (struct ld_word){s + at, end - at};
		at = end;
	}
	return err;
}

bool ld_word_is(struct ld_word w, const char *text)
{
	return strlen(text) == w.n && memcmp(w.s, text, w.n) == 0;
}

/* ---- the file ---- */

static enum ld_err read_line(struct ld_day_reader *r, const char *s, size_t n)
{
	if (n > 0 && s[n - 1] == '\r')
		n--;
	if (n > LD_DAY_MAX_LINE_BYTES)
		return ld_day_fail(r, LD_ERR_LIMIT, "longer than %d bytes", LD_DAY_MAX_LINE_BYTES);
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 0x7F)
			return ld_day_fail(r, LD_ERR_MALFORMED, "a control character");
	if (!ld_day_utf8_ok(s, n))
		return ld_day_fail(r, LD_ERR_MALFORMED, "not UTF-8");
	enum ld_err err = cut_line(r, s, n);
	return err ? err : ld_day_statement(r);
}

static enum ld_err read_text(struct ld_day_reader *r, const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		const char *nl = memchr(text + at, '\n', len - at);
		size_t end = nl ? (size_t)(nl - text) : len;
		r->line++;
		enum ld_err err = read_line(r, text + at, end - at);
		if (err)
			return err;
		at = end + 1;
	}
	r->line = 0;
	if (!r->saw_day)
		return ld_day_fail(r, LD_ERR_MALFORMED, "no line 'day from=… to=…'");
	return LD_OK;
}

enum ld_err ld_day_parse(const char *text, size_t len, struct ld_day **out,
			 struct ld_day_fault *fault)
{
	struct ld_day *day = calloc(1, sizeof(*day));
	struct ld_day_reader r = {.day = day, .fault = fault, .first = true};
	enum ld_err err = LD_ERR_NOMEM;

	*out = NULL;
	memset(fault, 0, sizeof(*fault));
	r.pairs = malloc(LD_DAY_MAX_FIELDS * sizeof(*r.pairs));
	if (!day || !r.pairs)
		goto out;
	day->rate = 400;
	day->fix_s = 30;
	day->track = 10;
	if (len > LD_DAY_MAX_BYTES)
		err = ld_day_fail(&r, LD_ERR_LIMIT, "larger than %d bytes", LD_DAY_MAX_BYTES);
	else
		err = read_text(&r, text, len);
	if (!err)
		err = ld_day_check(day, fault);
	if (!err) {
		*out = day;
		day = NULL;
	}
out:
	free(r.pairs);
	ld_day_free(day);
	return err;
}

enum ld_err ld_day_load(const char *path, struct ld_day **out, struct ld_day_fault *fault)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(LD_DAY_MAX_BYTES + 1);
	enum ld_err err = LD_ERR_IO;
	size_t len = 0;

	*out = NULL;
	memset(fault, 0, sizeof(*fault));
	snprintf(fault->what, sizeof(fault->what), "cannot be read");
	if (!f || !text)
		goto out;
	len = fread(text, 1, LD_DAY_MAX_BYTES + 1, f);
	if (!ferror(f))
		err = ld_day_parse(text, len, out, fault);
out:
	free(text);
	if (f)
		fclose(f);
	return err;
}

void ld_day_free(struct ld_day *day)
{
	if (!day)
		return;
	free(day->parties);
	free(day->sites);
	free(day->scales);
	free(day->trucks);
	free(day->drivers);
	free(day->wastes);
	free(day->trips);
	free(day->acts);
	free(day);
}
