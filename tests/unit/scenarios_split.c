/* Rows 5 and 6 of a part. */
#include "scenario.h"
#include "split_builders.h"

SCENARIO(HARD, HANDOVER_OFFERED, items_here, QUANTITY)
{
	struct sp_items s = {.n = 0};

	mx_to_sealed(x);
	sp_drum(x, &s, "C1", MX_C1_G - 1);
	mx_offer(x, GEN, sp_offered(x, 1, "CAR1", &s));
}

SCENARIO(HARD, HANDOVER_TAKEN, child_new, ALREADY_EXISTS)
{
	struct sp_items s = {.n = 0};

	mx_to_offered(x);
	sp_drum(x, &s, "C1", 0);
	mx_take(x, CAR1, sp_taken(x, 1, "V1", x->id[0], &s));
}

SCENARIO(HARD, HANDOVER_TAKEN, part_there, QUANTITY)
{
	struct sp_items s = {.n = 0};

	mx_to_offered(x);
	sp_drum(x, &s, "C9", 0);
	mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_CHILD, &s));
}

SCENARIO(RECORDED, HANDOVER_TAKEN, part_whole, NOT_ADDING)
{
	struct sp_items s = {.n = 0};

	mx_to_offered(x);
	sp_drum(x, &s, "C1", 0);
	sp_bulk(x, &s, MX_BULK_G + 1);
	mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_CHILD, &s));
	sp_at(x, SP_CHILD); /* it is the child that moves */
}

SCENARIO(RECORDED, HANDOVER_TAKEN, items_as_offered, QUANTITY)
{
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	b = mx_taken(x, 1, "V1");
	b->items = mx_sealed(x)->items;
	b->n_items = 1;
	mx_take(x, CAR1, b);
}
