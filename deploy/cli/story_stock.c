#include <string.h>

#include "deploy/cli/story.h"
#include "plugin/custody/manifest.h"

#define INDENT LD_STORY_INDENT

/* One place or thing, code and grams in a line; what is empty is left out. */
static void say(const char *what, const char *id, const char *code, int64_t g)
{
	char mass[32], text[300];

	ld_mass_text(g, mass);
	printf(INDENT "%s", what);
	if (id[0] != '\0')
		printf("  %s", ld_printable(id, text, sizeof text));
	if (code[0] != '\0')
		printf("  %s", code);
	printf("  %s\n", mass);
}

static const char *code_of(const Liandan__Line *line)
{
	return line != NULL ? line->code : "";
}

/* A container, else a batch, else bulk. */
static const char *named(const char *container, const char *batch)
{
	if (container[0] != '\0')
		return container;
	return batch[0] != '\0' ? batch : "bulk 散装";
}

static void say_loss(int64_t loss_g)
{
	if (loss_g != 0)
		say("loss 损耗", "", "", loss_g);
}

static void say_treated(const Liandan__WasteTreated *b)
{
	for (size_t i = 0; i < b->n_inputs; i++)
		say("in 投入", named(b->inputs[i]->container, b->inputs[i]->batch), "",
		    b->inputs[i]->mass_g);
	for (size_t i = 0; i < b->n_outputs; i++)
		say("out 产出", named(b->outputs[i]->container, ""), b->outputs[i]->code,
		    b->outputs[i]->mass_g);
	say_loss(b->loss_g);
}

static void say_repacked(const Liandan__StockRepacked *b)
{
	for (size_t i = 0; i < b->n_inputs; i++)
		say("in 投入", named(b->inputs[i]->container, ""), b->inputs[i]->code,
		    b->inputs[i]->mass_g);
	for (size_t i = 0; i < b->n_outputs; i++)
		say("out 产出", named(b->outputs[i]->container, ""), code_of(b->outputs[i]->line),
		    ld_line_declared_g(b->outputs[i]->line));
	say_loss(b->loss_g);
}

void ld_story_stock(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
		say("generated 产生", named(e->waste_generated->container, ""),
		    code_of(e->waste_generated->line),
		    ld_line_declared_g(e->waste_generated->line));
		break;
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
		ld_story_items("stored 入库", e->container_stored->items,
			       e->container_stored->n_items);
		break;
	case LIANDAN__EVENT__BODY_CONTAINER_RELEASED:
		ld_story_items("released 出库", e->container_released->items,
			       e->container_released->n_items);
		break;
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
		say_treated(e->waste_treated);
		break;
	case LIANDAN__EVENT__BODY_STOCK_REPACKED:
		say_repacked(e->stock_repacked);
		break;
	case LIANDAN__EVENT__BODY_STOCK_COUNTED:
		say("counted 盘点", e->stock_counted->site, e->stock_counted->code,
		    e->stock_counted->counted_g);
		break;
	case LIANDAN__EVENT__BODY_LOSS_RECORDED:
		say("lost 损耗", e->loss_recorded->subject, e->loss_recorded->code,
		    e->loss_recorded->mass_g);
		break;
	default:
		break;
	}
}
