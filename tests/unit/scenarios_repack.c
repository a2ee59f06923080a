/* Row 18: out of the store, repacked, counted. */
#include <stdio.h>

#include "scenario.h"
#include "stock_builders.h"

/* ---- 出库 ---- */

static Liandan__ContainerReleased *released(struct mx *x)
{
	Liandan__ContainerReleased *b = mx_release(x, "CK1", "S-GEN");

	mx_release_item(x, b, "C1", MX_C1_G);
	return b;
}

SCENARIO(HONEST, CONTAINER_RELEASED, row, REASON_NONE)
{
	mx_fill(x);
	mx_put_release(x, GEN, released(x));
}

SCENARIO(SIGNER, CONTAINER_RELEASED, row, WRONG_ROLE)
{
	mx_fill(x);
	mx_put_release(x, CAR1, released(x));
}

SCENARIO(TWICE, CONTAINER_RELEASED, row, ALREADY_EXISTS)
{
	mx_fill(x);
	mx_clean(x, mx_put_release(x, GEN, released(x)));
	mx_put_release(x, GEN, released(x));
}

SCENARIO(HARD, CONTAINER_RELEASED, own_site, WRONG_ROLE)
{
	mx_fill(x);
	mx_put_release(x, GEN2, released(x));
}

SCENARIO(HARD, CONTAINER_RELEASED, batch_new, ALREADY_EXISTS)
{
	Liandan__ContainerReleased *b = mx_release(x, "B1", "S-GEN");

	mx_fill(x);
	mx_release_item(x, b, "C2", MX_C2_G);
	mx_put_release(x, GEN, b);
}

SCENARIO(HARD, CONTAINER_RELEASED, masses, QUANTITY)
{
	Liandan__ContainerReleased *b = released(x);

	b->items[0]->mass_g = LD_MAX_MASS_G + 1;
	mx_put_release(x, GEN, b);
}

SCENARIO(HARD, CONTAINER_RELEASED, leaves_by, WAITS_FOR_STATE)
{
	Liandan__ContainerReleased *b = released(x);

	mx_fill(x);
	mx_to_draft(x);
	b->manifest = mx_id(x);
	mx_put_release(x, GEN, b);
}

SCENARIO(WAITS, CONTAINER_RELEASED, leaves_by, REASON_NONE)
{
	Liandan__ContainerReleased *b = released(x);
	const Liandan__ManifestCreated *draft;

	mx_fill(x);
	draft = mx_to_draft(x);
	b->manifest = mx_id(x);
	mx_held(x, mx_put_release(x, GEN, b));
	mx_seal(x, draft, mx_sealed(x));
}

SCENARIO(RECORDED, CONTAINER_RELEASED, site_registered, UNKNOWN_SITE)
{
	Liandan__ContainerReleased *b = released(x);

	b->site = MX_S("S-NEW");
	mx_put_release(x, GEN, b);
}

SCENARIO(RECORDED, CONTAINER_RELEASED, released_stand, CONTAINER_ELSEWHERE)
{
	Liandan__ContainerReleased *b = released(x);

	mx_to_sealed(x); /* it is on a manifest that the release does not name */
	mx_put_release(x, GEN, b);
}

SCENARIO(RECORDED, CONTAINER_RELEASED, released_sealed, QUANTITY)
{
	Liandan__ContainerReleased *b = mx_release(x, "CK1", "S-GEN");

	mx_to_sealed(x);
	b->manifest = mx_id(x);
	mx_release_item(x, b, "", MX_BULK_G + 1);
	mx_put_release(x, GEN, b);
}

/* ---- 合并、拆分、换包装 ---- */

/* Both drums into one, a gram stays behind. */
static Liandan__StockRepacked *merged(struct mx *x)
{
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-GEN");

	mx_repack_in(x, b, "C1", "", MX_C1_G);
	mx_repack_in(x, b, "C2", "", MX_C2_G);
	mx_repack_out(x, b, "C3", MX_CODE, MX_C1_G + MX_C2_G - 1);
	b->loss_g = 1;
	b->loss_cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_REPACKING;
	return b;
}

SCENARIO(HONEST, STOCK_REPACKED, row, REASON_NONE)
{
	mx_fill(x);
	mx_put_repack(x, GEN, merged(x));
}

SCENARIO(SIGNER, STOCK_REPACKED, row, WRONG_ROLE)
{
	mx_fill(x);
	mx_put_repack(x, CAR1, merged(x));
}

SCENARIO(TWICE, STOCK_REPACKED, row, ALREADY_EXISTS)
{
	mx_fill(x);
	mx_clean(x, mx_put_repack(x, GEN, merged(x)));
	mx_put_repack(x, GEN, merged(x));
}

SCENARIO(HARD, STOCK_REPACKED, own_site, WRONG_ROLE)
{
	mx_fill(x);
	mx_put_repack(x, GEN2, merged(x));
}

SCENARIO(HARD, STOCK_REPACKED, batch_new, ALREADY_EXISTS)
{
	Liandan__StockRepacked *b = merged(x);

	mx_fill(x);
	b->batch = MX_S("B1");
	mx_put_repack(x, GEN, b);
}

SCENARIO(HARD, STOCK_REPACKED, masses, QUANTITY)
{
	Liandan__StockRepacked *b = merged(x);

	mx_fill(x);
	b->inputs[0]->mass_g = LD_MAX_MASS_G + 1;
	mx_put_repack(x, GEN, b);
}

SCENARIO(HARD, STOCK_REPACKED, inputs_said, BAD_WASTE_CODE)
{
	Liandan__StockRepacked *b = merged(x);

	mx_fill(x);
	mx_repack_in(x, b, "", "", 5);
	mx_put_repack(x, GEN, b);
}

SCENARIO(HARD, STOCK_REPACKED, outputs_new, ALREADY_EXISTS)
{
	Liandan__StockRepacked *b = merged(x);

	mx_fill(x);
	b->outputs[0]->container = MX_S("C1");
	mx_put_repack(x, GEN, b);
}

SCENARIO(HARD, STOCK_REPACKED, inputs_accepted, WAITS_FOR_STATE)
{
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-REC");

	mx_to_received(x);
	mx_repack_in(x, b, "", "", 10)->manifest = mx_id(x);
	mx_repack_out(x, b, "C3", MX_BULK, 10);
	mx_put_repack(x, REC, b);
}

SCENARIO(WAITS, STOCK_REPACKED, inputs_accepted, REASON_NONE)
{
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-REC");

	mx_to_received(x);
	mx_repack_in(x, b, "", "", 10)->manifest = mx_id(x);
	mx_repack_out(x, b, "C3", MX_BULK, 10);
	mx_held(x, mx_put_repack(x, REC, b));
	mx_accept(x, REC, mx_accepted_body(x));
}

SCENARIO(HARD, STOCK_REPACKED, origins_room, LIMIT)
{
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-REC");

	mx_mixed(x, "K1", 1, LD_MAX_ORIGINS);
	mx_mixed(x, "K2", 1 + LD_MAX_ORIGINS, 1);
	mx_repack_in(x, b, "K1", "", 10 * LD_MAX_ORIGINS);
	mx_repack_in(x, b, "K2", "", 10);
	mx_repack_out(x, b, "C3", MX_CODE, 10 * LD_MAX_ORIGINS + 10);
	mx_put_repack(x, REC, b);
}

SCENARIO(HARD, WASTE_TREATED, origins_room, LIMIT)
{
	const uint32_t n = LD_MAX_TREATED / LD_MAX_ORIGINS + 1;
	Liandan__WasteTreated *b = MX_NEW(x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	char id[8];

	b->batch = MX_S("T1");
	b->site = MX_S("S-REC");
	b->mode = MX_S(MX_MODE);
	b->inputs = ld_arena_alloc(&x->build, n * sizeof *b->inputs);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(id, sizeof id, "K%u", i);
		mx_mixed(x, id, 1 + i * LD_MAX_ORIGINS, LD_MAX_ORIGINS);
		b->inputs[i] = MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
		b->inputs[i]->container = ld_arena_dup(&x->build, id, sizeof id);
		b->inputs[i]->mass_g = 1;
	}
	b->n_inputs = n;
	b->loss_g = n;
	MX_EVENT(e, WASTE_TREATED, b);
	mx_put(x, REC, &e);
}

SCENARIO(RECORDED, STOCK_REPACKED, site_registered, UNKNOWN_SITE)
{
	Liandan__StockRepacked *b = merged(x);

	b->site = MX_S("S-NEW");
	mx_put_repack(x, GEN, b);
}

SCENARIO(RECORDED, STOCK_REPACKED, inputs_stand, UNKNOWN_CONTAINER)
{
	mx_put_repack(x, GEN, merged(x));
}

SCENARIO(RECORDED, STOCK_REPACKED, repacked_codes, BAD_WASTE_CODE)
{
	Liandan__StockRepacked *b = merged(x);

	mx_fill(x);
	b->outputs[0]->line->code = MX_S("123-456-78");
	mx_put_repack(x, GEN, b);
}

SCENARIO(RECORDED, STOCK_REPACKED, adds_up, NOT_ADDING)
{
	Liandan__StockRepacked *b = merged(x);

	mx_fill(x);
	b->loss_g = 0;
	mx_put_repack(x, GEN, b);
}

SCENARIO(RECORDED, STOCK_REPACKED, stock_treated, STOCK_NEGATIVE)
{
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-GEN");

	mx_fill(x);
	mx_repack_in(x, b, "", MX_BULK, MX_BULK_G + 1);
	b->loss_g = MX_BULK_G + 1;
	mx_put_repack(x, GEN, b);
}

SCENARIO(RECORDED, STOCK_REPACKED, compatible, INCOMPATIBLE)
{
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-GEN");

	mx_repack_in(x, b, "", "900-249-08", 10);
	mx_repack_in(x, b, "", "900-028-33", 10);
	mx_repack_out(x, b, "C3", "900-249-08", 20);
	mx_put_repack(x, GEN, b);
}

SCENARIO(RECORDED, STOCK_REPACKED, one_generator, ORIGINS_MERGED)
{
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-GEN");
	Custody__Container *k;

	mx_fill(x);
	k = mx_container(x, "C2");
	k->generator = MX_S("GEN2");
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_repack_in(x, b, "C1", "", MX_C1_G);
	mx_repack_in(x, b, "C2", "", MX_C2_G);
	mx_repack_out(x, b, "C3", MX_CODE, MX_C1_G + MX_C2_G);
	mx_put_repack(x, GEN, b);
}

/* ---- 盘点 ---- */

SCENARIO(HONEST, STOCK_COUNTED, row, REASON_NONE)
{
	mx_fill(x);
	mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, MX_BULK_G));
}

SCENARIO(SIGNER, STOCK_COUNTED, row, WRONG_ROLE)
{
	mx_fill(x);
	mx_put_count(x, CAR1, mx_counted(x, "S-GEN", MX_BULK, MX_BULK_G));
}

/* Who counts again finds the same. */
SCENARIO(TWICE, STOCK_COUNTED, row, REASON_NONE)
{
	mx_fill(x);
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, MX_BULK_G - 5)));
	mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, MX_BULK_G - 5));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->lost_g, 5);
}

SCENARIO(HARD, STOCK_COUNTED, own_site, WRONG_ROLE)
{
	mx_put_count(x, GEN2, mx_counted(x, "S-GEN", MX_BULK, 1));
}

SCENARIO(HARD, STOCK_COUNTED, masses, QUANTITY)
{
	mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, LD_MAX_MASS_G + 1));
}

SCENARIO(RECORDED, STOCK_COUNTED, site_registered, UNKNOWN_SITE)
{
	mx_put_count(x, GEN, mx_counted(x, "S-NEW", MX_BULK, 1));
}

SCENARIO(RECORDED, STOCK_COUNTED, counted_code, BAD_WASTE_CODE)
{
	mx_put_count(x, GEN, mx_counted(x, "S-GEN", "123-456-78", 1));
}

SCENARIO(RECORDED, STOCK_COUNTED, counted_tickets, UNKNOWN_TICKET)
{
	static const uint8_t ticket[LD_UUID_BYTES] = {9};
	Liandan__StockCounted *b = mx_counted(x, "S-GEN", MX_BULK, 1);
	ProtobufCBinaryData cited = mx_bytes(ticket, sizeof ticket);

	b->tickets = &cited;
	b->n_tickets = 1;
	mx_put_count(x, GEN, b);
}
