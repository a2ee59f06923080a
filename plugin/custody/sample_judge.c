/* Analyses of samples: whose word it is, and whether it is the waste that was declared. CUSTODY-13.
 */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/finding.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"

static const Liandan__SampleAnalysed *sample_of(const struct ld_case *k)
{
	return k->f->event->sample_analysed;
}

/* The receiver hands in whose report it has. */
bool ld_check_own_laboratory(struct ld_case *k)
{
	const char *laboratory = sample_of(k)->laboratory, *party = k->f->signer->party;

	return laboratory[0] == '\0' || strcmp(laboratory, party) == 0 ||
	       strcmp(k->m->created->receiver->party, party) == 0 ||
	       ld_refuse(k->j, LIANDAN__REASON__WRONG_ROLE, "%s does not speak for %s", party,
			 laboratory);
}

/* 0: no line is meant. */
bool ld_check_line_here(struct ld_case *k)
{
	const Liandan__Event *e = k->f->event;
	const uint32_t line = e->body_case == LIANDAN__EVENT__BODY_SAMPLE_ANALYSED
				  ? e->sample_analysed->line
				  : e->discrepancy_reported->line;

	return line == 0 || ld_manifest_line(k->m, line) != NULL ||
	       ld_failed(k, LIANDAN__REASON__QUANTITY, "line", line,
			 (int64_t)k->m->created->n_lines, "there is no line %" PRIu32, line);
}

static bool on_manifest(const Custody__Manifest *m, const char *container)
{
	for (size_t i = 0; i < m->n_items; i++)
		if (strcmp(m->items[i]->container, container) == 0)
			return true;
	return false;
}

bool ld_check_sampled_here(struct ld_case *k)
{
	const Liandan__SampleAnalysed *b = sample_of(k);

	for (size_t i = 0; i < b->n_containers; i++)
		if (!on_manifest(k->m, b->containers[i]))
			return ld_failed(k, LIANDAN__REASON__CONTAINER_ELSEWHERE, b->containers[i],
					 0, 0, "container %s is not on this manifest",
					 b->containers[i]);
	return true;
}

bool ld_check_code_as_declared(struct ld_case *k)
{
	const Liandan__SampleAnalysed *b = sample_of(k);

	return !ld_other_code(k->m, b->line, b->verdict, b->found_code) ||
	       ld_failed(k, LIANDAN__REASON__CODE_DIFFERS,
			 b->found_code[0] != '\0' ? b->found_code : b->sample, b->line, 0,
			 "another code was found than declared");
}

/* CUSTODY-14: it is accepted although it is known to be another waste. */
bool ld_check_as_analysed(struct ld_case *k)
{
	for (size_t i = 0; i < k->m->n_analyses; i++) {
		const Custody__Analysis *a = k->m->analyses[i];

		if (ld_other_code(k->m, a->line, a->verdict, a->found_code))
			ld_failed(k, LIANDAN__REASON__CODE_DIFFERS,
				  a->found_code[0] != '\0' ? a->found_code : a->sample, a->line, 0,
				  "another code was found than declared");
	}
	return true;
}

bool ld_found_after_acceptance(struct ld_custody *c, const Liandan__Event *e)
{
	size_t mark = ld_mark(c);
	Custody__Manifest *m;
	bool taken;

	if (e->body_case != LIANDAN__EVENT__BODY_SAMPLE_ANALYSED)
		return true;
	taken =
	    ld_manifest_get(c, e->sample_analysed->manifest, &m) == LD_OK && m->accepted_ms != 0;
	ld_release(c, mark);
	return taken;
}
