/* Paper that stood in while the electronic manifest could not be used: it annotates. The steps on
 * it are sent as events of their own. CUSTODY-23. */
#include <string.h>

#include "plugin/custody/finding.h"
#include "plugin/custody/manifest.h"

void ld_paper_times(const Liandan__PaperBackfilled *b, int64_t now_ms, int64_t *first,
		    int64_t *last)
{
	*first = *last = 0;
	for (size_t i = 0; i < b->n_steps; i++) {
		const int64_t at = b->steps[i]->at_ms;

		if (at > now_ms)
			continue;
		if (*first == 0 || at < *first)
			*first = at;
		if (at > *last)
			*last = at;
	}
}

/* A party's next paper takes the place of its last one; where there is no room the oldest goes. */
static enum ld_err keep(struct ld_custody *c, Custody__Manifest *m, Custody__Paper *p)
{
	Custody__Paper **all =
	    ld_arena_alloc(c->arena, (m->n_papers + 1) * sizeof(Custody__Paper *));
	size_t n = 0;

	if (all == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < m->n_papers; i++)
		if (strcmp(m->papers[i]->party, p->party) != 0)
			all[n++] = m->papers[i];
	all[n++] = p;
	m->papers = n > LD_MAX_PAPERS ? all + 1 : all;
	m->n_papers = n > LD_MAX_PAPERS ? LD_MAX_PAPERS : n;
	return LD_OK;
}

enum ld_err ld_paper_apply(struct ld_custody *c, const struct ld_fact *f,
			   const Liandan__PaperBackfilled *b)
{
	Custody__Paper p = CUSTODY__PAPER__INIT;
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	p.party = f->signer->party;
	p.paper_no = b->paper_no;
	p.scan = b->scan;
	p.outage = b->outage;
	p.index = f->index;
	ld_paper_times(b, f->recorded_at_ms, &p.first_ms, &p.last_ms);
	m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_PAPER;
	err = keep(c, m, &p);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}
