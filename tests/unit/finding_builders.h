/* Bodies of what is found beside the manifest's steps, for manifest_fixture.h's world. CUSTODY-13,
 * 17, 23. */
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

/* Line 1 is 40 kg short. */
static inline Liandan__DiscrepancyReported *mx_discrepancy(struct mx *x)
{
	Liandan__DiscrepancyReported *b =
	    MX_NEW(x, Liandan__DiscrepancyReported, LIANDAN__DISCREPANCY_REPORTED__INIT);

	b->manifest = mx_id(x);
	b->line = 1;
	b->kind = LIANDAN__DISCREPANCY_KIND__DISCREPANCY_KIND_QUANTITY;
	b->declared_g = MX_C1_G + MX_C2_G;
	b->found_g = MX_C1_G + MX_C2_G - 40000;
	b->bureau = MX_S("EEB");
	return b;
}

static inline Liandan__Reason mx_differ(struct mx *x, enum mx_who who,
					Liandan__DiscrepancyReported *b)
{
	MX_EVENT(e, DISCREPANCY_REPORTED, b);
	return mx_put(x, who, &e);
}

/* Of the report of that event hash. */
static inline Liandan__DiscrepancyResolved *
mx_resolution(struct mx *x, const uint8_t hash[LD_HASH_BYTES], Liandan__LossCause cause)
{
	Liandan__DiscrepancyResolved *b =
	    MX_NEW(x, Liandan__DiscrepancyResolved, LIANDAN__DISCREPANCY_RESOLVED__INIT);

	b->manifest = mx_id(x);
	b->discrepancy = mx_bytes(ld_arena_dup(&x->build, hash, LD_HASH_BYTES), LD_HASH_BYTES);
	b->cause = cause;
	b->text = MX_S("spilt at the dock");
	return b;
}

static inline Liandan__Reason mx_resolve(struct mx *x, enum mx_who who, enum mx_who cosigner,
					 Liandan__DiscrepancyResolved *b)
{
	MX_EVENT(e, DISCREPANCY_RESOLVED, b);
	return mx_put_co(x, who, cosigner, &e);
}

/* Received, and a discrepancy reported: its hash is the last event's. */
static inline void mx_to_differing(struct mx *x)
{
	mx_to_received(x);
	mx_clean(x, mx_differ(x, REC, mx_discrepancy(x)));
}

/* The taking and the arrival, on paper: an hour ago and now. */
static inline Liandan__PaperBackfilled *mx_paper(struct mx *x)
{
	Liandan__PaperBackfilled *b =
	    MX_NEW(x, Liandan__PaperBackfilled, LIANDAN__PAPER_BACKFILLED__INIT);
	static const uint8_t scan[LD_HASH_BYTES] = {0x5c};

	b->manifest = mx_id(x);
	b->paper_no = MX_S("P-0001");
	b->scan = mx_bytes(scan, sizeof scan);
	b->outage = LIANDAN__OUTAGE_KIND__OUTAGE_KIND_NETWORK;
	b->steps = ld_arena_alloc(&x->build, LD_MAX_PAPER_STEPS * sizeof *b->steps);
	for (size_t i = 0; i < 2; i++) {
		b->steps[i] = MX_NEW(x, Liandan__PaperStep, LIANDAN__PAPER_STEP__INIT);
		b->steps[i]->kind = i == 0 ? LIANDAN__PAPER_STEP_KIND__PAPER_STEP_KIND_TAKEN
					   : LIANDAN__PAPER_STEP_KIND__PAPER_STEP_KIND_ARRIVED;
		b->steps[i]->at_ms = x->now - (i == 0 ? LD_HOUR_MS : 0);
		b->steps[i]->signer = MX_S("p-d1");
	}
	b->n_steps = 2;
	return b;
}

static inline Liandan__Reason mx_backfill(struct mx *x, enum mx_who who,
					  Liandan__PaperBackfilled *b)
{
	MX_EVENT(e, PAPER_BACKFILLED, b);
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
