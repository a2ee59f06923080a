/* A pipeline from GEN to REC for manifest_fixture.h's world: two meters, one bulk line, readings in
 * thousandths of a kilogram, so that they are grams. */
#ifndef LD_TESTS_PIPE_BUILDERS_H
#define LD_TESTS_PIPE_BUILDERS_H

#include "manifest_builders.h"

#define PIPE_DAY 20260105 /* that of MX_NOW */
#define PIPE_G 100000	  /* a day */

static inline void mx_meter(struct mx *x, const char *id, const char *party)
{
	Liandan__InstrumentRegistered r = LIANDAN__INSTRUMENT_REGISTERED__INIT;
	Liandan__InstrumentVerified v = LIANDAN__INSTRUMENT_VERIFIED__INIT;
	Custody__Instrument ins = CUSTODY__INSTRUMENT__INIT;

	r.instrument = v.instrument = MX_S(id);
	r.party = MX_S(party);
	v.at_ms = x->now - 30 * LD_DAY_MS;
	v.to_ms = x->now + 300 * LD_DAY_MS;
	ins.registered = &r;
	ins.verified = &v;
	assert_int_equal(ld_instrument_put(&x->c, &ins), LD_OK);
}

/* No carrier; one line of bulk. */
static inline Liandan__ManifestCreated *mx_pipe_draft(struct mx *x)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->n_carriers = 0;
	b->carriers = NULL;
	b->lines[0] = b->lines[1];
	b->lines[0]->line = 1;
	b->n_lines = 1;
	return b;
}

static inline Liandan__ManifestSealed *mx_pipe_sealed(struct mx *x)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	b->items[0] = mx_item(x, "", 1, MX_BULK_G);
	b->n_items = 1;
	return b;
}

static inline void mx_pipe_world(struct mx *x)
{
	mx_meter(x, "M-OUT", "GEN");
	mx_meter(x, "M-IN", "REC");
	mx_generate(x, "BP", "", MX_BULK, MX_BULK_G);
}

/* Sealed until expires_ms; 0: as long as the profile says. */
static inline void mx_to_piped_until(struct mx *x, int64_t expires_ms)
{
	Liandan__ManifestCreated *draft = mx_pipe_draft(x);
	Liandan__ManifestSealed *seal = mx_pipe_sealed(x);

	mx_pipe_world(x);
	seal->expires_ms = expires_ms;
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, seal));
}

static inline void mx_to_piped(struct mx *x)
{
	mx_to_piped_until(x, 0);
}

/* The day: readings from `from` on; what comes is what left. */
static inline Liandan__PipelineDay *mx_pipe(struct mx *x, uint32_t day, int64_t from,
					    int64_t mass_g)
{
	Liandan__PipelineDay *b = MX_NEW(x, Liandan__PipelineDay, LIANDAN__PIPELINE_DAY__INIT);

	b->manifest = mx_id(x);
	b->day = day;
	b->line = 1;
	b->meter_out = MX_S("M-OUT");
	b->meter_in = MX_S("M-IN");
	b->unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	b->out_start = from;
	b->out_end = from + mass_g;
	b->in_start = from;
	b->in_end = from + mass_g;
	b->mass_out_g = b->mass_in_g = mass_g;
	return b;
}

static inline Liandan__Reason mx_put_pipe(struct mx *x, enum mx_who who, enum mx_who cosigner,
					  Liandan__PipelineDay *b)
{
	MX_EVENT(e, PIPELINE_DAY, b);
	return mx_put_co(x, who, cosigner, &e);
}

static inline Liandan__Reason mx_flow(struct mx *x, Liandan__PipelineDay *b)
{
	return mx_put_pipe(x, GEN, REC, b);
}

/* The first day has flowed. */
static inline void mx_to_flowing(struct mx *x)
{
	mx_to_piped(x);
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY, 0, PIPE_G)));
}

#endif
