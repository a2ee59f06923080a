/* Row 13: analyses of samples; and what an acceptance owes to them. */
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
