#include <string.h>

#include "deploy/cli/play_event.h"

/* Events of trips on which more happens than a hand-over and a receipt: accidents, what a delegate
 * filled in. */

/* ---- delegates ---- */

struct ld_play_device *ld_trip_filler(struct ld_play *p, size_t trip, Liandan__Event *e)
{
	const struct ld_day_act *a = ld_sim_delegate(p->sim, trip);

	if (!a)
		return ld_play_device(p, LD_DEVICE_CLERK, ld_trip_day(p, trip)->generator.at);
	e->delegation = ld_play_delegation(p, a);
	return ld_play_device(p, LD_DEVICE_CLERK, a->party.at);
}

char *ld_play_delegation(struct ld_play *p, const struct ld_day_act *a)
{
	return ld_arena_printf(&p->arena, "%s-delegation-%d", p->tag, a->line);
}

enum ld_err ld_trip_confirmed(struct ld_play *p, size_t trip, int64_t at_ms)
{
	struct ld_play_device *clerk =
	    ld_play_device(p, LD_DEVICE_CLERK, ld_trip_day(p, trip)->generator.at);
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__GeneratorConfirmed, g, liandan__generator_confirmed__init);
	g->manifest = ld_trip_id(p, trip);
	g->content = ld_trip_content(p, trip);
	g->agrees = ld_trip_cheat(p, trip) != LD_CHEAT_disputed_delegate;
	if (!g->agrees)
		g->text = LD_STR("这不是我单位的废物 this is not our waste");
	e.body_case = LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED;
	e.generator_confirmed = g;
	ld_event_after(p, &e, p->trips[trip].hash[LD_STEP_SEALED]);
	return ld_trip_send(p, trip, LD_STEP_CONFIRMED, clerk, &e, at_ms);
}

/* ---- accidents ---- */

enum ld_err ld_trip_accident(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	int64_t odometer_m = 0;
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__AccidentReported, a, liandan__accident_reported__init);
	a->manifests = ld_trip_load(p, trip, &a->n_manifests);
	a->plate = LD_STR(dt->truck.id);
	a->kind = LIANDAN__ACCIDENT_KIND__ACCIDENT_KIND_BREAKDOWN;
	enum ld_err err = ld_trip_place(p, dt->truck.at, at_ms, &a->place, &odometer_m);
	if (err)
		return err;
	e.body_case = LIANDAN__EVENT__BODY_ACCIDENT_REPORTED;
	e.accident_reported = a;
	ld_event_after_last(p, &e, trip);
	return ld_trip_send(p, trip, LD_STEP_ACCIDENT,
			    ld_play_device(p, LD_DEVICE_DRIVER, dt->driver.at), &e, at_ms);
}
