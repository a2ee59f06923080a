/* Rows 13, 17 and 23: analyses of samples, and what an acceptance owes to them; discrepancies;
 * paper. */
#include "finding_builders.h"
#include "scenario.h"

SCENARIO(HONEST, SAMPLE_ANALYSED, row, REASON_NONE)
{
	mx_to_received(x);
	mx_analyse(x, LAB, mx_sample(x));
}

SCENARIO(SIGNER, SAMPLE_ANALYSED, row, WRONG_ROLE)
{
	mx_to_received(x);
	mx_analyse(x, CAR1, mx_sample(x));
}

/* A receiver, but of another firm. */
SCENARIO(PARTY, SAMPLE_ANALYSED, row, WRONG_ROLE)
{
	mx_storage_world(x);
	mx_to_received(x);
	mx_analyse(x, STO, mx_sample(x));
}

SCENARIO(ABSENT, SAMPLE_ANALYSED, row, WAITS_FOR_STATE)
{
	mx_analyse(x, LAB, mx_sample(x));
}

SCENARIO(WAITS, SAMPLE_ANALYSED, row, REASON_NONE)
{
	mx_to_arrived(x);
	mx_held(x, mx_analyse(x, LAB, mx_sample(x)));
	mx_receive(x, REC, mx_received(x));
}

SCENARIO(PASSED, SAMPLE_ANALYSED, row, OUT_OF_ORDER)
{
	mx_to_draft(x);
	mx_clean(x, mx_cancel(x, GEN));
	mx_analyse(x, LAB, mx_sample(x));
}

SCENARIO(TWICE, SAMPLE_ANALYSED, row, REASON_NONE)
{
	mx_to_received(x);
	mx_clean(x, mx_analyse(x, LAB, mx_sample(x)));
	mx_analyse(x, LAB, mx_sample(x));
}

SCENARIO(HARD, SAMPLE_ANALYSED, own_laboratory, WRONG_ROLE)
{
	Liandan__SampleAnalysed *b = mx_sample(x);

	mx_to_received(x);
	b->laboratory = MX_S("LAB2");
	mx_analyse(x, LAB, b);
}

SCENARIO(RECORDED, SAMPLE_ANALYSED, line_here, QUANTITY)
{
	Liandan__SampleAnalysed *b = mx_sample(x);

	mx_to_received(x);
	b->line = 7;
	mx_analyse(x, LAB, b);
}

SCENARIO(RECORDED, SAMPLE_ANALYSED, sampled_here, CONTAINER_ELSEWHERE)
{
	Liandan__SampleAnalysed *b = mx_sample(x);
	char *drums[] = {MX_S("C1"), MX_S("C9")};

	mx_to_received(x);
	b->containers = drums;
	b->n_containers = 2;
	mx_analyse(x, LAB, b);
}

SCENARIO(RECORDED, SAMPLE_ANALYSED, code_known, BAD_WASTE_CODE)
{
	Liandan__SampleAnalysed *b = mx_other_sample(x);

	mx_to_received(x);
	b->found_code = MX_S("999-999-99");
	mx_analyse(x, LAB, b);
}

SCENARIO(RECORDED, SAMPLE_ANALYSED, code_as_declared, CODE_DIFFERS)
{
	mx_to_received(x);
	mx_analyse(x, LAB, mx_other_sample(x));
}

SCENARIO(RECORDED, ACCEPTED, as_analysed, CODE_DIFFERS)
{
	mx_to_received(x);
	mx_accepted(x, mx_analyse(x, LAB, mx_other_sample(x)));
	mx_accept(x, REC, mx_accepted_body(x));
}

#define SPILL LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL

SCENARIO(HONEST, DISCREPANCY_REPORTED, row, REASON_NONE)
{
	mx_to_differing(x);
}

SCENARIO(SIGNER, DISCREPANCY_REPORTED, row, WRONG_ROLE)
{
	mx_to_received(x);
	mx_differ(x, CAR1, mx_discrepancy(x));
}

SCENARIO(PARTY, DISCREPANCY_REPORTED, row, WRONG_ROLE)
{
	mx_storage_world(x);
	mx_to_received(x);
	mx_differ(x, STO, mx_discrepancy(x));
}

SCENARIO(ABSENT, DISCREPANCY_REPORTED, row, WAITS_FOR_STATE)
{
	mx_differ(x, REC, mx_discrepancy(x));
}

SCENARIO(WAITS, DISCREPANCY_REPORTED, row, REASON_NONE)
{
	mx_to_arrived(x);
	mx_held(x, mx_differ(x, REC, mx_discrepancy(x)));
	mx_receive(x, REC, mx_received(x));
}

SCENARIO(PASSED, DISCREPANCY_REPORTED, row, OUT_OF_ORDER)
{
	mx_to_draft(x);
	mx_clean(x, mx_cancel(x, GEN));
	mx_differ(x, REC, mx_discrepancy(x));
}

SCENARIO(TWICE, DISCREPANCY_REPORTED, row, REASON_NONE)
{
	mx_to_differing(x);
	mx_differ(x, REC, mx_discrepancy(x));
}

SCENARIO(HARD, DISCREPANCY_REPORTED, masses, QUANTITY)
{
	Liandan__DiscrepancyReported *b = mx_discrepancy(x);

	mx_to_received(x);
	b->found_g = LD_MAX_MASS_G + 1;
	mx_differ(x, REC, b);
}

SCENARIO(HARD, DISCREPANCY_REPORTED, discrepancy_room, LIMIT)
{
	mx_to_received(x);
	for (int i = 0; i < 32; i++)
		mx_clean(x, mx_differ(x, REC, mx_discrepancy(x)));
	mx_differ(x, REC, mx_discrepancy(x));
}

SCENARIO(RECORDED, DISCREPANCY_REPORTED, line_here, QUANTITY)
{
	Liandan__DiscrepancyReported *b = mx_discrepancy(x);

	mx_to_received(x);
	b->line = 7;
	mx_differ(x, REC, b);
}

SCENARIO(HONEST, DISCREPANCY_RESOLVED, row, REASON_NONE)
{
	mx_to_differing(x);
	mx_resolve(x, REC, GEN, mx_resolution(x, x->hash, SPILL));
}

SCENARIO(SIGNER, DISCREPANCY_RESOLVED, row, WRONG_ROLE)
{
	mx_to_differing(x);
	mx_resolve(x, CAR1, MX_KEYS, mx_resolution(x, x->hash, SPILL));
}

SCENARIO(PARTY, DISCREPANCY_RESOLVED, row, WRONG_ROLE)
{
	mx_to_differing(x);
	mx_resolve(x, GEN2, MX_KEYS, mx_resolution(x, x->hash, SPILL));
}

SCENARIO(ABSENT, DISCREPANCY_RESOLVED, row, WAITS_FOR_STATE)
{
	mx_resolve(x, REC, MX_KEYS, mx_resolution(x, x->hash, SPILL));
}

SCENARIO(TWICE, DISCREPANCY_RESOLVED, row, OUT_OF_ORDER)
{
	Liandan__DiscrepancyResolved *b;

	mx_to_differing(x);
	b = mx_resolution(x, x->hash, SPILL);
	mx_clean(x, mx_resolve(x, REC, GEN, b));
	mx_resolve(x, REC, GEN, b);
}

/* The report, as it will be: for what comes before it. */
static ProtobufCBinaryData report_to_come(struct mx *x, uint8_t hash[static LD_HASH_BYTES])
{
	MX_EVENT(e, DISCREPANCY_REPORTED, mx_discrepancy(x));
	ProtobufCBinaryData bytes = mx_pack(x, REC, MX_KEYS, &e);

	ld_sha256(bytes.data, bytes.len, hash);
	return bytes;
}

SCENARIO(WAITS, DISCREPANCY_RESOLVED, row, REASON_NONE)
{
	uint8_t hash[LD_HASH_BYTES];
	ProtobufCBinaryData report = report_to_come(x, hash);

	mx_held(x, mx_resolve(x, REC, GEN, mx_resolution(x, hash, SPILL)));
	mx_to_received(x);
	mx_put_bytes(x, report);
}

SCENARIO(WAITS, DISCREPANCY_RESOLVED, discrepancy_open, REASON_NONE)
{
	uint8_t hash[LD_HASH_BYTES];
	ProtobufCBinaryData report = report_to_come(x, hash);

	mx_to_received(x);
	mx_held(x, mx_resolve(x, REC, GEN, mx_resolution(x, hash, SPILL)));
	mx_put_bytes(x, report);
}

SCENARIO(HARD, DISCREPANCY_RESOLVED, discrepancy_open, WAITS_FOR_CAUSE)
{
	uint8_t nothing[LD_HASH_BYTES] = {7};

	mx_to_differing(x);
	mx_resolve(x, GEN, MX_KEYS, mx_resolution(x, nothing, SPILL));
}

SCENARIO(HONEST, PAPER_BACKFILLED, row, REASON_NONE)
{
	mx_to_taken(x);
	mx_backfill(x, CAR1, mx_paper(x));
}

SCENARIO(SIGNER, PAPER_BACKFILLED, row, WRONG_ROLE)
{
	mx_to_taken(x);
	mx_backfill(x, LAB, mx_paper(x));
}

SCENARIO(PARTY, PAPER_BACKFILLED, row, WRONG_ROLE)
{
	mx_to_taken(x);
	mx_backfill(x, CARX, mx_paper(x));
}

SCENARIO(ABSENT, PAPER_BACKFILLED, row, WAITS_FOR_STATE)
{
	mx_backfill(x, CAR1, mx_paper(x));
}

SCENARIO(WAITS, PAPER_BACKFILLED, row, REASON_NONE)
{
	mx_held(x, mx_backfill(x, CAR1, mx_paper(x)));
	mx_create(x, mx_created(x));
}

SCENARIO(LATE, PAPER_BACKFILLED, row, LATE)
{
	mx_to_taken(x);
	scenario_late(x, LIANDAN__EVENT__BODY_PAPER_BACKFILLED);
	mx_backfill(x, CAR1, mx_paper(x));
}

SCENARIO(TWICE, PAPER_BACKFILLED, row, REASON_NONE)
{
	mx_to_taken(x);
	mx_clean(x, mx_backfill(x, CAR1, mx_paper(x)));
	mx_backfill(x, CAR1, mx_paper(x));
}

SCENARIO(RECORDED, PAPER_BACKFILLED, paper_past, CLOCK_AHEAD)
{
	Liandan__PaperBackfilled *b = mx_paper(x);

	mx_to_taken(x);
	b->steps[1]->at_ms = x->now + 1;
	mx_backfill(x, CAR1, b);
}

SCENARIO(RECORDED, PAPER_BACKFILLED, paper_signers, UNKNOWN_PERSON)
{
	Liandan__PaperBackfilled *b = mx_paper(x);

	mx_to_taken(x);
	b->steps[0]->signer = MX_S("p-nobody");
	mx_backfill(x, CAR1, b);
}

SCENARIO(RECORDED, PAPER_BACKFILLED, paper_in_time, LATE)
{
	Liandan__PaperBackfilled *b = mx_paper(x);

	mx_to_taken(x);
	x->now += 20 * LD_DAY_MS;
	mx_backfill(x, CAR1, b);
}
