#include <string.h>

#include "deploy/cli/play_event.h"

/* Events of trips on which more happens than a hand-over and a receipt: accidents, what a delegate
 * filled in, what a clerk mistyped. */

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

/* ---- a mistyped weight ---- */

int64_t ld_trip_typed_g(const struct ld_play *p, size_t trip)
{
	const int64_t g = ld_trip_day(p, trip)->mass_g;

	return ld_sim_trouble(p->sim, trip, LD_TROUBLE_mistyped) ? g / 10 : g;
}

enum ld_err ld_trip_amended(struct ld_play *p, size_t trip, int64_t at_ms)
{
	struct ld_play_device *clerk =
	    ld_play_device(p, LD_DEVICE_CLERK, ld_trip_day(p, trip)->generator.at);
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__AmendmentProposed, a, liandan__amendment_proposed__init);
	LD_NEW(p, Liandan__AmendmentChange, ch, liandan__amendment_change__init);
	a->manifest = ld_trip_id(p, trip);
	a->base_version = 1;
	a->reason = LIANDAN__AMENDMENT_REASON__AMENDMENT_REASON_TYPING;
	ch->field = LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_MASS;
	ch->line = 1;
	ch->old_number = ld_trip_typed_g(p, trip);
	ch->new_number = ld_trip_day(p, trip)->mass_g;
	a->changes = ld_arena_dup(&p->arena, &ch, sizeof(Liandan__AmendmentChange *));
	if (!a->changes)
		return LD_ERR_NOMEM;
	a->n_changes = 1;
	e.body_case = LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED;
	e.amendment_proposed = a;
	ld_event_after_last(p, &e, trip);
	enum ld_err err = ld_trip_send(p, trip, LD_STEP_AMENDED, clerk, &e, at_ms);
	ld_trip_chain(p, trip, LD_STEP_AMENDED);
	return err;
}

enum ld_err ld_trip_agreed(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	struct ld_play_device *by = what == LD_STEP_AGREED_DRIVER
					? ld_play_device(p, LD_DEVICE_DRIVER, dt->driver.at)
					: ld_play_device(p, LD_DEVICE_CLERK, dt->receiver.at);
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__AmendmentAgreed, a, liandan__amendment_agreed__init);
	a->manifest = ld_trip_id(p, trip);
	a->proposal = ld_play_bytes(p, p->trips[trip].hash[LD_STEP_AMENDED], LD_HASH_BYTES);
	a->agrees = true;
	e.body_case = LIANDAN__EVENT__BODY_AMENDMENT_AGREED;
	e.amendment_agreed = a;
	ld_event_after_last(p, &e, trip);
	enum ld_err err = ld_trip_send(p, trip, what, by, &e, at_ms);
	ld_trip_chain(p, trip, what);
	return err;
}

/* ---- a second carrier ---- */

enum ld_err ld_trip_offered_on(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_act *a = p->sim->trips[trip].second;
	char **seals = ld_arena_alloc(&p->arena, sizeof(*seals));
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__HandoverOffered, o, liandan__handover_offered__init);
	o->manifest = ld_trip_id(p, trip);
	o->content = ld_trip_content(p, trip);
	o->leg = 2;
	o->to_party = LD_STR(p->day->trucks[a->truck.at].carrier.id);
	o->expires_ms = ld_play_ledger(p, at_ms) + 4 * INT64_C(3600000);
	if (seals) {
		seals[0] = ld_trip_seal(p, trip, false);
		o->seals = seals;
		o->n_seals = 1;
	}
	e.body_case = LIANDAN__EVENT__BODY_HANDOVER_OFFERED;
	e.handover_offered = o;
	ld_play_track_flush(p, (size_t)ld_trip_day(p, trip)->truck.at, at_ms);
	ld_event_after_last(p, &e, trip);
	enum ld_err err = ld_trip_send(
	    p, trip, LD_STEP_OFFERED_ON,
	    ld_play_device(p, LD_DEVICE_DRIVER, ld_trip_day(p, trip)->driver.at), &e, at_ms);
	ld_trip_chain(p, trip, LD_STEP_OFFERED_ON);
	return err;
}

enum ld_err ld_trip_taken_on(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_act *a = p->sim->trips[trip].second;
	struct ld_play_taking t = {ld_play_device(p, LD_DEVICE_DRIVER, a->driver.at), a->truck.id,
				   p->trips[trip].hash[LD_STEP_OFFERED_ON], 2};
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	ld_play_track_flush(p, (size_t)a->truck.at, at_ms);
	enum ld_err err = ld_play_taken_fill(p, trip, &t, at_ms, &e);
	if (err)
		return err;
	ld_event_after(p, &e, p->trips[trip].hash[LD_STEP_OFFERED_ON]);
	err = ld_trip_send(p, trip, LD_STEP_TAKEN_ON, t.by, &e, at_ms);
	ld_trip_chain(p, trip, LD_STEP_TAKEN_ON);
	return err;
}

/* ---- accidents ---- */

enum ld_err ld_trip_accident(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	const struct ld_sim_trip *st = &p->sim->trips[trip];
	bool second = st->second && at_ms > st->changed_ms;
	int truck = second ? st->brings_truck : dt->truck.at;
	int64_t odometer_m = 0;
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__AccidentReported, a, liandan__accident_reported__init);
	a->manifests = ld_trip_load(p, trip, &a->n_manifests);
	a->plate = LD_STR(p->day->trucks[truck].id);
	a->kind = LIANDAN__ACCIDENT_KIND__ACCIDENT_KIND_BREAKDOWN;
	enum ld_err err = ld_trip_place(p, truck, at_ms, &a->place, &odometer_m);
	if (err)
		return err;
	e.body_case = LIANDAN__EVENT__BODY_ACCIDENT_REPORTED;
	e.accident_reported = a;
	ld_event_after_last(p, &e, trip);
	return ld_trip_send(
	    p, trip, LD_STEP_ACCIDENT,
	    ld_play_device(p, LD_DEVICE_DRIVER, second ? st->brings_driver : dt->driver.at), &e,
	    at_ms);
}
