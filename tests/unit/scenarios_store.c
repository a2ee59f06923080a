/* Rows 14 and 18: no more stands at a site than it may hold. */
#include "child_builders.h"
#include "plan_builders.h"
#include "scenario.h"
#include "stock_builders.h"

SCENARIO(RECORDED, WASTE_GENERATED, storage_fits, STORAGE_EXCEEDED)
{
	MX_EVENT(e, WASTE_GENERATED, mx_generated(x, "B9", "", MX_BULK, 1));

	mx_fill(x);
	mx_capacity(x, "S-GEN", MX_C1_G + MX_C2_G + MX_BULK_G);
	mx_put(x, GEN, &e);
}

SCENARIO(RECORDED, CONTAINER_STORED, storage_fits, STORAGE_EXCEEDED)
{
	Liandan__ContainerStored *b =
	    MX_NEW(x, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);
	MX_EVENT(e, CONTAINER_STORED, b);

	mx_fill(x);
	mx_capacity(x, "S-GEN", MX_C1_G + MX_C2_G + MX_BULK_G - 1);
	b->batch = MX_S("RK1");
	b->site = MX_S("S-GEN");
	b->items = ld_arena_alloc(&x->build, sizeof *b->items);
	b->items[0] = mx_item(x, "C1", 1, MX_C1_G);
	b->n_items = 1;
	mx_put(x, GEN, &e);
}

SCENARIO(RECORDED, STOCK_COUNTED, storage_fits, STORAGE_EXCEEDED)
{
	mx_fill(x);
	mx_capacity(x, "S-GEN", MX_C1_G + MX_C2_G + MX_BULK_G);
	mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, MX_BULK_G + 1));
}

SCENARIO(RECORDED, ACCEPTED, storage_fits, STORAGE_EXCEEDED)
{
	mx_capacity(x, "S-REC", MX_C1_G + MX_C2_G + MX_BULK_G - 1);
	mx_to_received(x);
	mx_accept(x, REC, mx_accepted_body(x));
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, storage_fits, STORAGE_EXCEEDED)
{
	mx_capacity(x, "S-REC", MX_C1_G + MX_BULK_G - CH_BULK_G - 1);
	mx_to_received(x);
	ch_accept_partly(x, REC, MX_KEYS, ch_partly(x, CH_SITE));
}
