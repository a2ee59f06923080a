/* What is found and said beside the manifest's steps: analyses of samples, discrepancies, paper.
 * CUSTODY-13, 17, 23. It says what the waste is, and moves nothing; nothing waits for it. */
#ifndef LD_CUSTODY_FINDING_H
#define LD_CUSTODY_FINDING_H

#include "plugin/custody/apply.h"
#include "plugin/custody/judge.h"

enum ld_err ld_sample_apply(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__SampleAnalysed *b);
/* The analysis found another code than its line declares; of the whole manifest: than any line.
 * Where it names a line that is not there: false. */
bool ld_other_code(const Custody__Manifest *m, uint32_t line, Liandan__SampleVerdict verdict,
		   const char *found_code);
/* Judge's side. The event is an acceptance, or an analysis of what is accepted already: it is taken
 * although it is another waste. */
bool ld_found_after_acceptance(struct ld_custody *c, const Liandan__Event *e);

/* ---- paper, CUSTODY-23 ---- */

#define LD_MAX_PAPERS 32 /* parties of one manifest whose paper stands with it */

enum ld_err ld_paper_apply(struct ld_custody *c, const struct ld_fact *f,
			   const Liandan__PaperBackfilled *b);
/* First and last time of its steps, of those that are not after now_ms; 0: none. */
void ld_paper_times(const Liandan__PaperBackfilled *b, int64_t now_ms, int64_t *first,
		    int64_t *last);

/* ---- discrepancies ---- */

#define LD_MAX_DISCREPANCIES 32 /* that stand on one manifest */

enum ld_err ld_discrepancy_reported_apply(struct ld_custody *c, const struct ld_fact *f,
					  const Liandan__DiscrepancyReported *b);
enum ld_err ld_discrepancy_resolved_apply(struct ld_custody *c, const struct ld_fact *f,
					  const Liandan__DiscrepancyResolved *b);
/* The acceptance shows one: flag, and the clock by which it is reported. Does not put m. */
enum ld_err ld_discrepancy_await(struct ld_custody *c, Custody__Manifest *m);
/* The same where the masses show it: a shortfall was raised. Any other anomaly: nothing. */
enum ld_err ld_discrepancy_seen(struct ld_custody *c, const Liandan__AnomalyRaised *a,
				uint64_t index, int64_t at_ms);
/* Its clock has run out: it is set for what is due next. Does not put m. */
enum ld_err ld_discrepancy_missed(struct ld_custody *c, Custody__Manifest *m, int64_t due_ms);
/* The open one of that event hash, or NULL. */
Custody__Discrepancy *ld_discrepancy_of(const Custody__Manifest *m, ProtobufCBinaryData hash);
size_t ld_discrepancies_open(const Custody__Manifest *m);
/* Judge's side: reported, or resolved, late but at last. */
void ld_discrepancy_follow(struct ld_custody *c, const struct ld_fact *f,
			   ProtobufCBinaryData manifest, struct ld_own_list *own);

#endif
