/* Bodies of stock events for manifest_fixture.h's world: out of the store, repacked, counted. */
#ifndef LD_TESTS_STOCK_BUILDERS_H
#define LD_TESTS_STOCK_BUILDERS_H

#include "manifest_builders.h"

/* ---- 出库 ---- */

static inline Liandan__ContainerReleased *mx_release(struct mx *x, const char *batch,
						     const char *site)
{
	Liandan__ContainerReleased *b =
	    MX_NEW(x, Liandan__ContainerReleased, LIANDAN__CONTAINER_RELEASED__INIT);

	b->batch = MX_S(batch);
	b->site = MX_S(site);
	b->items = ld_arena_alloc(&x->build, 8 * sizeof *b->items);
	return b;
}

static inline void mx_release_item(struct mx *x, Liandan__ContainerReleased *b,
				   const char *container, int64_t mass_g)
{
	b->items[b->n_items++] = mx_item(x, container, 1, mass_g);
}

static inline Liandan__Reason mx_put_release(struct mx *x, enum mx_who who,
					     Liandan__ContainerReleased *b)
{
	MX_EVENT(e, CONTAINER_RELEASED, b);
	return mx_put(x, who, &e);
}

/* ---- 合并、拆分、换包装 ---- */

/* Room for 64 inputs and outputs. */
static inline Liandan__StockRepacked *mx_repack(struct mx *x, const char *batch, const char *site)
{
	Liandan__StockRepacked *b =
	    MX_NEW(x, Liandan__StockRepacked, LIANDAN__STOCK_REPACKED__INIT);

	b->batch = MX_S(batch);
	b->site = MX_S(site);
	b->inputs = ld_arena_alloc(&x->build, 64 * sizeof *b->inputs);
	b->outputs = ld_arena_alloc(&x->build, 64 * sizeof *b->outputs);
	return b;
}

/* A container, else bulk of the code. */
static inline Liandan__RepackInput *mx_repack_in(struct mx *x, Liandan__StockRepacked *b,
						 const char *container, const char *code,
						 int64_t mass_g)
{
	Liandan__RepackInput *in = MX_NEW(x, Liandan__RepackInput, LIANDAN__REPACK_INPUT__INIT);

	in->container = MX_S(container);
	in->code = MX_S(code);
	in->mass_g = mass_g;
	b->inputs[b->n_inputs++] = in;
	return in;
}

static inline Liandan__RepackOutput *mx_repack_out(struct mx *x, Liandan__StockRepacked *b,
						   const char *container, const char *code,
						   int64_t mass_g)
{
	Liandan__RepackOutput *out = MX_NEW(x, Liandan__RepackOutput, LIANDAN__REPACK_OUTPUT__INIT);

	out->container = MX_S(container);
	out->line = mx_line(x, 1, code, mass_g);
	b->outputs[b->n_outputs++] = out;
	return out;
}

static inline Liandan__Reason mx_put_repack(struct mx *x, enum mx_who who,
					    Liandan__StockRepacked *b)
{
	MX_EVENT(e, STOCK_REPACKED, b);
	return mx_put(x, who, &e);
}

/* ---- 盘点 ---- */

static inline Liandan__StockCounted *mx_counted(struct mx *x, const char *site, const char *code,
						int64_t counted_g)
{
	Liandan__StockCounted *b = MX_NEW(x, Liandan__StockCounted, LIANDAN__STOCK_COUNTED__INIT);

	b->site = MX_S(site);
	b->code = MX_S(code);
	b->counted_g = counted_g;
	b->method = LIANDAN__COUNT_METHOD__COUNT_METHOD_WEIGHED;
	return b;
}

static inline Liandan__Reason mx_put_count(struct mx *x, enum mx_who who, Liandan__StockCounted *b)
{
	MX_EVENT(e, STOCK_COUNTED, b);
	return mx_put(x, who, &e);
}

/* A container of the receiver's with waste of n manifests, the first of them `from`. */
static inline void mx_mixed(struct mx *x, const char *id, uint32_t from, uint32_t n)
{
	Custody__Container k = CUSTODY__CONTAINER__INIT;
	Custody__Origin origin[64];
	Custody__Origin *list[64];
	uint8_t ids[64][LD_UUID_BYTES] = {{0}};

	for (uint32_t i = 0; i < n; i++) {
		custody__origin__init(&origin[i]);
		memcpy(ids[i], &(uint32_t){from + i}, sizeof(uint32_t));
		origin[i].manifest = mx_bytes(ids[i], LD_UUID_BYTES);
		origin[i].mass_g = 10;
		list[i] = &origin[i];
	}
	k.container = MX_S(id);
	k.state = CUSTODY__CONTAINER_STATE__STORED_AT_FACILITY;
	k.party = MX_S("REC");
	k.site = MX_S("S-REC");
	k.code = MX_S(MX_CODE);
	k.code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	k.mass_g = 10 * n;
	k.generator = MX_S("GEN");
	k.n_origins = n;
	k.origins = list;
	assert_int_equal(ld_container_put(&x->c, &k), LD_OK);
}

#endif
