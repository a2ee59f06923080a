/* The last analysis of each line is kept with the manifest; all of them are in the ledger.
 * CUSTODY-13. */
#include <string.h>

#include "plugin/custody/finding.h"
#include "plugin/custody/manifest.h"

bool ld_other_code(const Custody__Manifest *m, uint32_t line, Liandan__SampleVerdict verdict,
		   const char *found_code)
{
	const bool none = found_code[0] == '\0';
	bool any = false;

	for (size_t i = 0; i < m->created->n_lines; i++) {
		const Liandan__Line *l = m->created->lines[i];

		if (line != 0 && l->line != line)
			continue;
		any = true;
		if (!none && strcmp(l->code, found_code) == 0)
			return false;
	}
	return any && (!none || verdict == LIANDAN__SAMPLE_VERDICT__SAMPLE_VERDICT_OTHER_CODE);
}

/* Where the analysis of that line stands, or the next free place. */
static size_t slot_of(const Custody__Manifest *m, uint32_t line)
{
	size_t i = 0;

	while (i < m->n_analyses && m->analyses[i]->line != line)
		i++;
	return i;
}

static enum ld_err keep(struct ld_custody *c, Custody__Manifest *m, Custody__Analysis *a)
{
	const size_t at = slot_of(m, a->line);
	const size_t n = at < m->n_analyses ? m->n_analyses : at + 1;
	Custody__Analysis **all = ld_arena_alloc(c->arena, n * sizeof(Custody__Analysis *));

	if (all == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < m->n_analyses; i++)
		all[i] = m->analyses[i];
	all[at] = a;
	m->analyses = all;
	m->n_analyses = n;
	return LD_OK;
}

enum ld_err ld_sample_apply(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__SampleAnalysed *b)
{
	Custody__Analysis a = CUSTODY__ANALYSIS__INIT;
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	a.line = b->line;
	a.verdict = b->verdict;
	a.found_code = b->found_code;
	a.sample = b->sample;
	a.laboratory = b->laboratory;
	a.index = f->index;
	a.at_ms = ld_step_ms(f, 0);
	/* of a line that is not there (a violation) nothing is kept: their number is bounded */
	if (b->line == 0 || ld_manifest_line(m, b->line) != NULL)
		err = keep(c, m, &a);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}
