#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/play_event.h"
#include "plugin/custody/manifest.h"

/* The honest events of a trip from the hand-over on: in the driver's, the scales' and the
 * receiver's hands. */

/* ---- on the truck ---- */

enum ld_err ld_trip_place(struct ld_play *p, int truck, int64_t at_ms, Liandan__Place **out,
			  int64_t *odometer_m)
{
	const struct ld_sim_leg *leg = NULL;
	struct ld_day_point here;
	LD_NEW(p, Liandan__Place, place, liandan__place__init);

	ld_sim_at(&p->sim->trucks[truck], at_ms, &here, odometer_m, &leg);
	place->lat_e7 = here.lat_e7;
	place->lon_e7 = here.lon_e7;
	place->accuracy_cm = 500;
	place->fixed_at_ms = ld_play_ledger(p, at_ms);
	*out = place;
	return LD_OK;
}

/* A ghost's papers say that the truck was there. */
static void lie(struct ld_play *p, size_t trip, int site, Liandan__Place *place)
{
	if (ld_trip_cheat(p, trip) == LD_CHEAT_ghost) {
		place->lat_e7 = p->day->sites[site].gate.lat_e7;
		place->lon_e7 = p->day->sites[site].gate.lon_e7;
	}
}

enum ld_err ld_play_taken_fill(struct ld_play *p, size_t trip, const struct ld_play_taking *t,
			       int64_t at_ms, Liandan__Event *e)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	char **seals = ld_arena_alloc(&p->arena, sizeof(*seals));
	LD_NEW(p, Liandan__HandoverTaken, h, liandan__handover_taken__init);

	h->manifest = ld_trip_id(p, trip);
	h->offer = ld_play_bytes(p, t->offer, LD_HASH_BYTES);
	h->content = ld_trip_content(p, trip);
	h->leg = t->leg;
	h->plate = LD_STR(t->plate);
	h->driver = LD_STR(t->by->person);
	if (seals) {
		seals[0] = ld_trip_seal(p, trip, false);
		h->seals = seals;
		h->n_seals = 1;
	}
	/* at a rate that is not the ledger's own, arrival clocks would run out for everybody */
	h->eta_ms = ld_play_ledger(p, p->sim->trips[trip].eta_ms) +
		    (p->opt.fast > 0 ? 48 * INT64_C(3600000) : 0);
	int truck = t->leg > 1 ? p->sim->trips[trip].brings_truck : dt->truck.at;
	enum ld_err err = ld_trip_place(p, truck, at_ms, &h->place, &h->odometer_m);
	if (err)
		return err;
	lie(p, trip, dt->site.at, h->place);
	e->body_case = LIANDAN__EVENT__BODY_HANDOVER_TAKEN;
	e->handover_taken = h;
	return LD_OK;
}

enum ld_err ld_trip_taken(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	int w = ld_trip_cheat(p, trip);
	const struct ld_day_act *a = p->sim->trips[trip].cheat;
	struct ld_play_taking t = {ld_play_device(p, LD_DEVICE_DRIVER, dt->driver.at), dt->truck.id,
				   p->trips[trip].hash[LD_STEP_OFFERED], 1};
	Liandan__Event e;

	if (what == LD_STEP_TAKEN_CHEAT && w == LD_CHEAT_wrong_carrier)
		t.by = ld_play_device(p, LD_DEVICE_DRIVER, a->driver.at);
	if (what == LD_STEP_TAKEN_CHEAT && w == LD_CHEAT_unknown_vehicle)
		t.plate = "ZZ-00000";
	ld_play_track_flush(p, (size_t)dt->truck.at, at_ms);
	ld_play_event_init(p, &e, at_ms);
	enum ld_err err = ld_play_taken_fill(p, trip, &t, at_ms, &e);
	if (err)
		return err;
	ld_event_after(p, &e, p->trips[trip].hash[LD_STEP_OFFERED]);
	err = ld_trip_send(p, trip, what, t.by, &e, at_ms);
	if (what == LD_STEP_TAKEN)
		ld_trip_chain(p, trip, what);
	return err;
}

ProtobufCBinaryData *ld_trip_load(struct ld_play *p, size_t trip, size_t *n)
{
	ProtobufCBinaryData *ids = ld_arena_alloc(&p->arena, (p->day->n_trips + 1) * sizeof(*ids));

	*n = 0;
	for (size_t i = 0; ids && i < p->day->n_trips; i++)
		if (p->sim->trips[i].leader == p->sim->trips[trip].leader &&
		    p->sim->trips[i].driven && !p->trips[i].over)
			ids[(*n)++] = ld_trip_id(p, i);
	if (ids && *n == 0)
		ids[(*n)++] = ld_trip_id(p, trip);
	return ids;
}

enum ld_err ld_play_arrived_fill(struct ld_play *p, size_t trip, int64_t at_ms, Liandan__Event *e)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	const struct ld_day_act *a = p->sim->trips[trip].cheat;
	int truck = p->sim->trips[trip].brings_truck;
	bool elsewhere = a && a->word == LD_CHEAT_wrong_site;
	LD_NEW(p, Liandan__Arrived, r, liandan__arrived__init);

	r->manifests = ld_trip_load(p, trip, &r->n_manifests);
	r->plate = LD_STR(p->day->trucks[truck].id);
	r->site = LD_STR(elsewhere ? a->site.id : dt->to.id);
	r->seals = ld_arena_alloc(&p->arena, (p->day->n_trips + 1) * sizeof(*r->seals));
	for (size_t i = 0; r->seals && i < p->day->n_trips; i++) {
		if (p->sim->trips[i].leader != p->sim->trips[trip].leader)
			continue;
		LD_NEW(p, Liandan__Seal, seal, liandan__seal__init);
		seal->id = ld_trip_seal(p, i, true);
		seal->state = LIANDAN__CONDITION__CONDITION_INTACT;
		r->seals[r->n_seals++] = seal;
	}
	enum ld_err err = ld_trip_place(p, truck, at_ms, &r->place, &r->odometer_m);
	if (err)
		return err;
	lie(p, trip, dt->to.at, r->place);
	e->body_case = LIANDAN__EVENT__BODY_ARRIVED;
	e->arrived = r;
	return LD_OK;
}

struct ld_play_device *ld_trip_holder(struct ld_play *p, size_t trip)
{
	const struct ld_day_act *a = p->sim->trips[trip].cheat;
	bool other = a && a->word == LD_CHEAT_wrong_carrier && !p->trips[trip].sent[LD_STEP_TAKEN];

	return ld_play_device(p, LD_DEVICE_DRIVER,
			      other ? a->driver.at : p->sim->trips[trip].brings_driver);
}

enum ld_err ld_trip_arrived(struct ld_play *p, size_t trip, int64_t at_ms)
{
	Liandan__Event e;

	ld_play_track_flush(p, (size_t)p->sim->trips[trip].brings_truck, at_ms);
	ld_play_event_init(p, &e, at_ms);
	enum ld_err err = ld_play_arrived_fill(p, trip, at_ms, &e);
	if (err)
		return err;
	for (size_t i = 0; i < p->day->n_trips; i++)
		if (p->sim->trips[i].leader == trip)
			ld_event_after_last(p, &e, i);
	err = ld_trip_send(p, trip, LD_STEP_ARRIVED, ld_trip_holder(p, trip), &e, at_ms);
	for (size_t i = 0; i < p->day->n_trips && !err; i++)
		if (p->sim->trips[i].leader == trip) {
			memcpy(p->trips[i].last, p->trips[trip].hash[LD_STEP_ARRIVED],
			       LD_HASH_BYTES);
			p->trips[i].has_last = true;
		}
	return err;
}

/* ---- on the scales ---- */

static int scale_at(const struct ld_play *p, int site)
{
	for (size_t i = 0; i < p->day->n_scales; i++)
		if (p->day->scales[i].site.at == site)
			return (int)i;
	return -1;
}

static int on_scale(const struct ld_play *p, size_t trip, int which)
{
	return which <= LD_GROSS_OUT ? ld_trip_day(p, trip)->truck.at
				     : p->sim->trips[trip].brings_truck;
}

/* What stands on the scale: the truck, what earlier stops of a milk run left on it, and the load.
 */
static int64_t really_g(const struct ld_play *p, size_t trip, int which)
{
	const struct ld_sim_trip *st = &p->sim->trips[trip];
	int64_t g = p->day->trucks[on_scale(p, trip, which)].tare_g;

	for (size_t i = 0; i < p->day->n_trips; i++) {
		const struct ld_sim_trip *o = &p->sim->trips[i];
		if (o->leader != st->leader || which == LD_TARE_BACK)
			continue;
		if (which == LD_TARE_IN || which == LD_GROSS_BACK) {
			g += ld_trip_refused_g(p, i);
			continue;
		}
		if (which == LD_GROSS_IN)
			g += p->day->trips[i].mass_g - o->loss_g;
		else if (o->origin_ms < st->origin_ms || (i == trip && which == LD_GROSS_OUT))
			g += p->day->trips[i].mass_g;
	}
	return g;
}

static int64_t reading_g(struct ld_play *p, int64_t really, int64_t e_g)
{
	int64_t noise = (int64_t)(ld_sim_random(&p->random) % (uint64_t)(e_g / 2 + 1)) - e_g / 4;

	return (really + noise + e_g / 2) / e_g * e_g;
}

enum ld_err ld_trip_weighed(struct ld_play *p, size_t trip, enum ld_sim_what what, int which,
			    int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	struct ld_play_trip *t = &p->trips[trip];
	bool out = which <= LD_GROSS_OUT;
	bool back = which >= LD_GROSS_BACK;
	int scale = scale_at(p, out || back ? dt->site.at : dt->to.at);
	const struct ld_day_scale *ds = scale >= 0 ? &p->day->scales[scale] : NULL;
	Liandan__Event e;

	if (!ds)
		return LD_OK;
	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__Weighed, w, liandan__weighed__init);
	ld_uuid7(t->ticket[which]);
	t->reading_g[which] = reading_g(p, really_g(p, trip, which), ds->e_g);
	w->ticket = ld_play_bytes(p, t->ticket[which], LD_UUID_BYTES);
	w->instrument = LD_STR(ds->id);
	w->purpose = out ? LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD
			 : LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE;
	w->kind = which == LD_GROSS_OUT || which == LD_GROSS_IN || which == LD_GROSS_BACK
		      ? LIANDAN__WEIGH_KIND__WEIGH_KIND_GROSS
		      : LIANDAN__WEIGH_KIND__WEIGH_KIND_TARE;
	w->plate = LD_STR(p->day->trucks[on_scale(p, trip, which)].id);
	w->mass_g = t->reading_g[which];
	w->e_g = ds->e_g;
	w->stable = 1;
	w->zeroed_ms = ld_play_ledger(p, p->sim->from_ms);
	if (out || back) {
		w->manifests = ld_arena_alloc(&p->arena, sizeof(*w->manifests));
		if (!w->manifests)
			return LD_ERR_NOMEM;
		w->manifests[0] =
		    back ? ld_play_bytes(p, t->child[1], LD_UUID_BYTES) : ld_trip_id(p, trip);
		w->n_manifests = 1;
	} else {
		w->manifests = ld_trip_load(p, trip, &w->n_manifests);
	}
	e.body_case = LIANDAN__EVENT__BODY_WEIGHED;
	e.weighed = w;
	return ld_trip_send(p, trip, what, ld_play_device(p, LD_DEVICE_SCALE, scale), &e, at_ms);
}

/* ---- at the receiver ---- */

enum ld_err ld_play_received_fill(struct ld_play *p, size_t trip, int64_t at_ms, Liandan__Event *e)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	LD_NEW(p, Liandan__Received, r, liandan__received__init);

	r->manifest = ld_trip_id(p, trip);
	r->content = ld_trip_content(p, trip);
	r->site = LD_STR(dt->to.id);
	r->plate = LD_STR(p->day->trucks[p->sim->trips[trip].brings_truck].id);
	r->driver =
	    LD_STR(ld_play_device(p, LD_DEVICE_DRIVER, p->sim->trips[trip].brings_driver)->person);
	r->unload_from_ms = ld_play_ledger(p, at_ms - 5 * 60000);
	r->unload_to_ms = ld_play_ledger(p, at_ms);
	LD_NEW(p, Liandan__Seal, seal, liandan__seal__init);
	seal->id = ld_trip_seal(p, trip, true);
	seal->state = LIANDAN__CONDITION__CONDITION_INTACT;
	r->seals = ld_arena_dup(&p->arena, &seal, sizeof(Liandan__Seal *));
	r->n_seals = 1;
	e->body_case = LIANDAN__EVENT__BODY_RECEIVED;
	e->received = r;
	return LD_OK;
}

enum ld_err ld_trip_received(struct ld_play *p, size_t trip, int64_t at_ms)
{
	struct ld_play_device *clerk =
	    ld_play_device(p, LD_DEVICE_CLERK, ld_trip_day(p, trip)->receiver.at);
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	enum ld_err err = ld_play_received_fill(p, trip, at_ms, &e);
	if (err)
		return err;
	ld_event_after_last(p, &e, trip);
	err = ld_trip_send(p, trip, LD_STEP_RECEIVED, clerk, &e, at_ms);
	ld_trip_chain(p, trip, LD_STEP_RECEIVED);
	return err;
}

enum ld_err ld_trip_gate_tickets(struct ld_play *p, size_t trip, Liandan__Event *e,
				 ProtobufCBinaryData **tickets, size_t *n)
{
	const struct ld_play_trip *l = &p->trips[p->sim->trips[trip].leader];

	if (!l->sent[LD_STEP_GROSS_IN] || !l->sent[LD_STEP_TARE_IN])
		return LD_OK;
	*tickets = ld_arena_alloc(&p->arena, 2 * sizeof(**tickets));
	if (!*tickets)
		return LD_ERR_NOMEM;
	(*tickets)[0] = ld_play_bytes(p, l->ticket[LD_GROSS_IN], LD_UUID_BYTES);
	(*tickets)[1] = ld_play_bytes(p, l->ticket[LD_TARE_IN], LD_UUID_BYTES);
	*n = 2;
	ld_event_after(p, e, l->hash[LD_STEP_GROSS_IN]);
	ld_event_after(p, e, l->hash[LD_STEP_TARE_IN]);
	return LD_OK;
}

enum ld_err ld_trip_accepted(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	const struct ld_day_act *a = p->sim->trips[trip].cheat;
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__Accepted, m, liandan__accepted__init);
	LD_NEW(p, Liandan__AcceptedLine, line, liandan__accepted_line__init);
	m->manifest = ld_trip_id(p, trip);
	m->content = ld_trip_content(p, trip);
	line->line = 1;
	line->mass_g = ld_trip_accepted_g(p, trip);
	line->count = dt->containers;
	line->mode = LD_STR(p->day->wastes[dt->waste.at].mode);
	if (a && a->word == LD_CHEAT_missing_piece)
		line->count -= a->count ? a->count : 1;
	m->lines = ld_arena_dup(&p->arena, &line, sizeof(Liandan__AcceptedLine *));
	m->n_lines = 1;
	m->opinion = LD_STR("接受");
	ld_event_after_last(p, &e, trip);
	enum ld_err err = ld_trip_gate_tickets(p, trip, &e, &m->tickets, &m->n_tickets);
	if (err)
		return err;
	e.body_case = LIANDAN__EVENT__BODY_ACCEPTED;
	e.accepted = m;
	err = ld_trip_send(p, trip, LD_STEP_ACCEPTED,
			   ld_play_device(p, LD_DEVICE_CLERK, dt->receiver.at), &e, at_ms);
	ld_trip_chain(p, trip, LD_STEP_ACCEPTED);
	return err;
}

enum ld_err ld_trip_treated(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	uint32_t n = dt->containers ? dt->containers - p->sim->trips[trip].refused : 1;
	int64_t left = dt->mass_g - ld_trip_refused_g(p, trip);
	int64_t mass = ld_trip_accepted_g(p, trip);
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__WasteTreated, w, liandan__waste_treated__init);
	LD_NEW(p, Liandan__TreatmentOutput, out, liandan__treatment_output__init);
	w->batch = ld_trip_batch(p, trip, "t", 0);
	w->site = LD_STR(dt->to.id);
	w->facility = LD_STR("line-1");
	w->mode = LD_STR(p->day->wastes[dt->waste.at].mode);
	w->started_ms = ld_play_ledger(p, at_ms - 10 * 60000);
	w->ended_ms = ld_play_ledger(p, at_ms);
	w->inputs = ld_arena_alloc(&p->arena, n * sizeof(*w->inputs));
	if (!w->inputs)
		return LD_ERR_NOMEM;
	int64_t before = 0;
	for (uint32_t i = 0; i < n; i++) {
		LD_NEW(p, Liandan__TreatmentInput, in, liandan__treatment_input__init);
		if (dt->containers) { /* a container carries its share of what was accepted */
			int64_t declared = ld_piece_g(dt->mass_g, dt->containers, i);
			in->container = ld_play_container(p, trip, i);
			in->mass_g = ld_share_g(before, declared, left, mass);
			before += declared;
		} else {
			in->manifest = ld_trip_id(p, trip);
			in->mass_g = mass;
		}
		w->inputs[w->n_inputs++] = in;
	}
	out->kind = LIANDAN__OUTPUT_KIND__OUTPUT_KIND_PRODUCT;
	out->mass_g = mass / 10 * 9;
	w->outputs = ld_arena_dup(&p->arena, &out, sizeof(Liandan__TreatmentOutput *));
	w->n_outputs = 1;
	w->loss_g = mass - out->mass_g;
	e.body_case = LIANDAN__EVENT__BODY_WASTE_TREATED;
	e.waste_treated = w;
	ld_event_after_last(p, &e, trip);
	return ld_trip_send(p, trip, LD_STEP_TREATED,
			    ld_play_device(p, LD_DEVICE_CLERK, dt->receiver.at), &e, at_ms);
}
