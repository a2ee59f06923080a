/* Row 25: a day of a pipeline, of these or those days, told once or twice, in any order. */
#include <time.h>

#include "plugin/custody/manifest.h" /* LD_MAX_MASS_G */
#include "tests/model/walk_move.h"

/* yyyymmdd in UTC+8; mostly one of the last few, seldom tomorrow or none at all. */
static uint32_t some_day(struct walk *k)
{
	const int64_t back =
	    (int64_t)walk_pick(k, walk_chance(k, 80) ? 3 : 40) - (walk_chance(k, 3) ? 1 : 0);
	const time_t t =
	    (time_t)((ld_region_now(k->world.region) - back * LD_DAY_MS) / 1000 + 8 * 3600);
	struct tm tm = {0};

	if (walk_pick(k, 40) == 0)
		return 20260230 + walk_pick(k, 3);
	(void)gmtime_r(&t, &tm);
	return (uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

static char *meter_of(struct move *v, const char *party)
{
	return ld_arena_printf(&v->k->arena, "M-%s", party);
}

void walk_pipe_day(struct move *v)
{
	Liandan__PipelineDay *b = NEW(v->k, Liandan__PipelineDay, LIANDAN__PIPELINE_DAY__INIT);
	const unsigned receiver =
	    v->p->rec == 1 && walk_chance(v->k, 20) ? (unsigned)BY_R1G : walk_receiver(v->p);
	int64_t line_g = 0;

	b->manifest = ID(v->p);
	b->day = some_day(v->k);
	b->line = walk_chance(v->k, 97) ? 1 + walk_pick(v->k, (unsigned)v->p->n_lines) : 9;
	b->meter_out = meter_of(v, walk_gens[v->p->gen]);
	b->meter_in = meter_of(v, walk_recs[walk_chance(v->k, 98) ? v->p->rec : 1 - v->p->rec]);
	b->unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	for (size_t i = 0; i < v->p->n_items; i++)
		line_g += v->p->item[i].line == b->line ? v->p->item[i].mass_g : 0;
	b->mass_out_g = walk_some_mass(v->k, line_g / 4);
	b->mass_in_g = b->mass_out_g - (walk_chance(v->k, 30) ? b->mass_out_g / 200 : 0);
	b->out_end = b->in_end = b->mass_out_g;
	EVENT(v, PIPELINE_DAY, b, walk_clerk(v->p));
	if (walk_chance(v->k, 97))
		v->co[v->n_co++] = receiver;
}
