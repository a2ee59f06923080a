/* What is found beside the manifest's steps: analyses of samples. CUSTODY-13. It says what the
 * waste is, and moves nothing. */
#ifndef LD_CUSTODY_FINDING_H
#define LD_CUSTODY_FINDING_H

#include "plugin/custody/apply.h"

enum ld_err ld_sample_apply(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__SampleAnalysed *b);
/* The analysis found another code than its line declares; of the whole manifest: than any line.
 * Where it names a line that is not there: false. */
bool ld_other_code(const Custody__Manifest *m, uint32_t line, Liandan__SampleVerdict verdict,
		   const char *found_code);
/* Judge's side. The event is an acceptance, or an analysis of what is accepted already: it is taken
 * although it is another waste. */
bool ld_found_after_acceptance(struct ld_custody *c, const Liandan__Event *e);

#endif
