/* Row 25: a pipeline's day; and what cannot happen any more once it flows. */
#include "pipe_builders.h"
#include "plan_builders.h"
#include "scenario.h"

SCENARIO(HONEST, PIPELINE_DAY, row, REASON_NONE)
{
	mx_to_flowing(x);
}

SCENARIO(SIGNER, PIPELINE_DAY, row, WRONG_ROLE)
{
	mx_to_piped(x);
	mx_put_pipe(x, CAR1, REC, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

SCENARIO(PARTY, PIPELINE_DAY, row, WRONG_ROLE)
{
	mx_to_piped(x);
	mx_put_pipe(x, GEN2, REC, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

SCENARIO(ABSENT, PIPELINE_DAY, row, WAITS_FOR_STATE)
{
	mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

SCENARIO(WAITS, PIPELINE_DAY, row, REASON_NONE)
{
	Liandan__ManifestCreated *draft = mx_pipe_draft(x);

	mx_pipe_world(x);
	mx_clean(x, mx_create(x, draft));
	mx_held(x, mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G)));
	mx_seal(x, draft, mx_pipe_sealed(x));
}

SCENARIO(PASSED, PIPELINE_DAY, row, OUT_OF_ORDER)
{
	mx_to_piped(x);
	mx_clean(x, mx_cancel(x, GEN));
	mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

SCENARIO(TWICE, PIPELINE_DAY, row, ALREADY_EXISTS)
{
	mx_to_flowing(x);
	mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

/* Once it flows, a day may be booked whenever it comes. */
SCENARIO(LATE, PIPELINE_DAY, row, REASON_NONE)
{
	mx_to_flowing(x);
	x->now += LD_DAY_MS;
	scenario_late(x, LIANDAN__EVENT__BODY_PIPELINE_DAY);
	mx_flow(x, mx_pipe(x, PIPE_DAY + 1, PIPE_G, PIPE_G));
}

SCENARIO(HARD, PIPELINE_DAY, by_pipe, OUT_OF_ORDER)
{
	mx_pipe_world(x);
	mx_to_sealed(x);
	mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

SCENARIO(HARD, PIPELINE_DAY, meters_signed, WRONG_ROLE)
{
	mx_to_piped(x);
	mx_put_pipe(x, GEN, MX_KEYS, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

/* The receiver's key is a clerk's of the generator. */
static void one_pen(struct mx *x)
{
	Custody__Key *key;

	mx_to_piped(x);
	assert_int_equal(ld_key_rec_get(&x->c, x->keys[REC], &key), LD_OK);
	key->subject_id = MX_S("p-gen");
	assert_int_equal(ld_key_rec_put(&x->c, key), LD_OK);
	mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

SCENARIO(HARD, PIPELINE_DAY, persons, SAME_PERSON)
{
	static struct ld_rules strict;

	strict = ld_rules_cn;
	strict.small_generator_g = 0;
	x->c.rules = &strict;
	one_pen(x);
}

SCENARIO(RECORDED, PIPELINE_DAY, persons, SAME_PERSON)
{
	one_pen(x);
}

SCENARIO(HARD, PIPELINE_DAY, pipe_line, QUANTITY)
{
	Liandan__PipelineDay *b = mx_pipe(x, PIPE_DAY, 0, PIPE_G);

	mx_to_piped(x);
	b->line = 2;
	mx_flow(x, b);
}

SCENARIO(HARD, PIPELINE_DAY, pipe_day, QUANTITY)
{
	mx_to_piped(x);
	mx_flow(x, mx_pipe(x, 20260230, 0, PIPE_G));
}

SCENARIO(HARD, PIPELINE_DAY, masses, QUANTITY)
{
	Liandan__PipelineDay *b = mx_pipe(x, PIPE_DAY, 0, PIPE_G);

	mx_to_piped(x);
	b->mass_in_g = LD_MAX_MASS_G + 1;
	mx_flow(x, b);
}

SCENARIO(HARD, PIPELINE_DAY, meters_known, UNKNOWN_INSTRUMENT)
{
	Liandan__PipelineDay *b = mx_pipe(x, PIPE_DAY, 0, PIPE_G);

	mx_to_piped(x);
	b->meter_in = MX_S("M-OUT");
	mx_flow(x, b);
}

SCENARIO(HARD, PIPELINE_DAY, pipe_day_new, ALREADY_EXISTS)
{
	mx_to_flowing(x);
	mx_flow(x, mx_pipe(x, PIPE_DAY, PIPE_G, PIPE_G));
}

SCENARIO(RECORDED, PIPELINE_DAY, meters_in_date, SCALE_OUT_OF_DATE)
{
	Custody__Instrument *ins;

	mx_to_piped(x);
	assert_int_equal(ld_instrument_get(&x->c, "M-IN", &ins), LD_OK);
	ins->verified->to_ms = x->now - LD_DAY_MS;
	assert_int_equal(ld_instrument_put(&x->c, ins), LD_OK);
	mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

SCENARIO(RECORDED, PIPELINE_DAY, readings, METERS_DIFFER)
{
	mx_to_flowing(x);
	x->now += LD_DAY_MS;
	mx_flow(x, mx_pipe(x, PIPE_DAY + 1, PIPE_G + 1, PIPE_G));
}

SCENARIO(RECORDED, PIPELINE_DAY, meters_agree, METERS_DIFFER)
{
	Liandan__PipelineDay *b = mx_pipe(x, PIPE_DAY, 0, PIPE_G);

	mx_to_piped(x);
	b->mass_in_g -= PIPE_G / 1000 * x->c.rules->meter_permille + 1;
	b->in_end = b->mass_in_g;
	mx_flow(x, b);
}

SCENARIO(RECORDED, PIPELINE_DAY, pipe_covered, STOCK_NEGATIVE)
{
	mx_to_piped(x);
	mx_flow(x, mx_pipe(x, PIPE_DAY, 0, MX_BULK_G + 1));
}

SCENARIO(RECORDED, PIPELINE_DAY, pipe_term, LATE)
{
	mx_to_piped(x);
	mx_flow(x, mx_pipe(x, PIPE_DAY - 1, 0, PIPE_G));
}

SCENARIO(RECORDED, PIPELINE_DAY, receiver_licensed, NOT_LICENSED)
{
	mx_to_piped(x);
	mx_licence(x, "L-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", MX_MODE,
		   x->now - 1);
	mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

SCENARIO(RECORDED, PIPELINE_DAY, licence_scale, LICENCE_EXCEEDED)
{
	mx_annual(x, PIPE_G - 1);
	mx_to_piped(x);
	mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

SCENARIO(RECORDED, PIPELINE_DAY, storage_fits, STORAGE_EXCEEDED)
{
	mx_capacity(x, "S-REC", PIPE_G - 1);
	mx_to_piped(x);
	mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G));
}

/* ---- it goes by pipe now ---- */

SCENARIO(HARD, MANIFEST_CANCELLED, no_flow, OUT_OF_ORDER)
{
	mx_to_flowing(x);
	mx_cancel(x, GEN);
}

SCENARIO(HARD, HANDOVER_OFFERED, no_flow, OUT_OF_ORDER)
{
	mx_to_flowing(x);
	mx_offer(x, GEN, mx_offered(x, 1, "CAR1"));
}

SCENARIO(HARD, HANDOVER_TAKEN, no_flow, OUT_OF_ORDER)
{
	mx_to_piped(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G)));
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}
