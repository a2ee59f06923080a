/* Bodies of what is found beside the manifest's steps, for manifest_fixture.h's world. CUSTODY-13.
 */
#ifndef LD_TESTS_FINDING_BUILDERS_H
#define LD_TESTS_FINDING_BUILDERS_H

#include "road_builders.h"

#define LAB NOBODY /* a key with LABORATORY of the party LAB */

/* Line 1 is what was declared. */
static inline Liandan__SampleAnalysed *mx_sample(struct mx *x)
{
	Liandan__SampleAnalysed *b =
	    MX_NEW(x, Liandan__SampleAnalysed, LIANDAN__SAMPLE_ANALYSED__INIT);

	b->manifest = mx_id(x);
	b->sample = MX_S("smp-1");
	b->laboratory = MX_S("LAB");
	b->verdict = LIANDAN__SAMPLE_VERDICT__SAMPLE_VERDICT_AS_DECLARED;
	b->found_code = MX_S(MX_CODE);
	b->line = 1;
	b->taken_ms = x->now;
	return b;
}

/* Line 1 is something else. */
static inline Liandan__SampleAnalysed *mx_other_sample(struct mx *x)
{
	Liandan__SampleAnalysed *b = mx_sample(x);

	b->verdict = LIANDAN__SAMPLE_VERDICT__SAMPLE_VERDICT_OTHER_CODE;
	b->found_code = MX_S("900-042-49");
	return b;
}

static inline Liandan__Reason mx_analyse(struct mx *x, enum mx_who who, Liandan__SampleAnalysed *b)
{
	MX_EVENT(e, SAMPLE_ANALYSED, b);
	return mx_put(x, who, &e);
}

/* The violation's anomaly; NULL: this event raised none. */
static inline const Liandan__AnomalyRaised *mx_raised_for(struct mx *x, Liandan__Reason reason)
{
	for (size_t i = 0; i < x->n_own; i++)
		if (x->own[i]->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED &&
		    x->own[i]->anomaly_raised->reason == reason)
			return x->own[i]->anomaly_raised;
	return NULL;
}

#endif
