/* What is wrong with paper that was filled in afterwards is recorded. CUSTODY-23; Order 23 article
 * 20. */
#include "plugin/custody/finding.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"

static const Liandan__PaperBackfilled *paper_of(const struct ld_case *k)
{
	return k->f->event->paper_backfilled;
}

bool ld_check_paper_past(struct ld_case *k)
{
	const Liandan__PaperBackfilled *b = paper_of(k);
	const int64_t now = k->f->recorded_at_ms;

	for (size_t i = 0; i < b->n_steps; i++)
		if (b->steps[i]->at_ms > now)
			return ld_failed(k, LIANDAN__REASON__CLOCK_AHEAD, b->paper_no,
					 b->steps[i]->at_ms, now, "a step lies ahead");
	return true;
}

bool ld_check_paper_signers(struct ld_case *k)
{
	const Liandan__PaperBackfilled *b = paper_of(k);

	for (size_t i = 0; i < b->n_steps; i++) {
		const char *person = b->steps[i]->signer;
		size_t mark = ld_mark(k->c);
		Custody__Person *p;
		const bool known = person[0] == '\0' || ld_person_get(k->c, person, &p) == LD_OK;

		ld_release(k->c, mark);
		if (!known)
			return ld_failed(k, LIANDAN__REASON__UNKNOWN_PERSON, person, 0, 0,
					 "%s is not registered", person);
	}
	return true;
}

/* Counted from the last step that can be true: one that lies ahead gives no time. */
bool ld_check_paper_in_time(struct ld_case *k)
{
	const Liandan__PaperBackfilled *b = paper_of(k);
	const int64_t now = k->f->recorded_at_ms;
	int64_t first, last, due;

	ld_paper_times(b, now, &first, &last);
	due = ld_workdays_after(k->c, last, ld_rules_of(k->c, k->m)->paper_workdays);
	return now <= due || ld_failed(k, LIANDAN__REASON__LATE, b->paper_no, now, due,
				       "it was filled in too late");
}
