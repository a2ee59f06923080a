#include "deploy/cli/play_event.h"

/* A part that the receiver refuses: it stays on the truck, the generator has it brought back, and
 * accepts it there. Each time a child manifest carries it on. */

static ProtobufCBinaryData child_id(struct ld_play *p, size_t trip, int which)
{
	return ld_play_bytes(p, p->trips[trip].child[which], LD_UUID_BYTES);
}

static enum ld_err refuse(struct ld_play *p, size_t trip, Liandan__PartlyAccepted *m)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	uint32_t n = p->sim->trips[trip].refused;
	Liandan__Item **items = NULL;
	size_t all = 0;

	enum ld_err err = ld_trip_items(p, trip, dt->mass_g, &items, &all);
	if (err)
		return err;
	m->refused = ld_arena_alloc(&p->arena, n * sizeof(*m->refused));
	if (!m->refused)
		return LD_ERR_NOMEM;
	for (size_t i = all - n; i < all; i++) {
		LD_NEW(p, Liandan__RefusedItem, r, liandan__refused_item__init);
		r->item = items[i];
		r->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
		m->refused[m->n_refused++] = r;
	}
	return LD_OK;
}

enum ld_err ld_trip_partly_accepted(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	struct ld_play_trip *t = &p->trips[trip];
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__PartlyAccepted, m, liandan__partly_accepted__init);
	LD_NEW(p, Liandan__AcceptedLine, line, liandan__accepted_line__init);
	m->manifest = ld_trip_id(p, trip);
	m->content = ld_trip_content(p, trip);
	line->line = 1;
	line->mass_g = ld_trip_accepted_g(p, trip);
	line->count = dt->containers - p->sim->trips[trip].refused;
	line->mode = LD_STR(p->day->wastes[dt->waste.at].mode);
	m->lines = ld_arena_dup(&p->arena, &line, sizeof(Liandan__AcceptedLine *));
	m->n_lines = 1;
	m->opinion = LD_STR("部分接受");
	m->waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK;
	m->child = child_id(p, trip, 0);
	ld_event_after_last(p, &e, trip);
	enum ld_err err = ld_trip_gate_tickets(p, trip, &e, &m->tickets, &m->n_tickets);
	if (!err)
		err = refuse(p, trip, m);
	if (err)
		return err;
	e.body_case = LIANDAN__EVENT__BODY_PARTLY_ACCEPTED;
	e.partly_accepted = m;
	/* the driver, who has it on his truck again, cosigns */
	struct ld_play_send s = {.device = ld_play_device(p, LD_DEVICE_CLERK, dt->receiver.at),
				 .event = &e,
				 .at_ms = at_ms,
				 .trip = (int)trip,
				 .what = LD_STEP_ACCEPTED,
				 .cosigner = ld_trip_holder(p, trip)->key,
				 .hash = t->hash[LD_STEP_ACCEPTED],
				 .sent = &t->sent[LD_STEP_ACCEPTED]};
	err = ld_play_send(p, &s);
	ld_trip_chain(p, trip, LD_STEP_ACCEPTED);
	return err;
}

enum ld_err ld_trip_redirected(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	const struct ld_day_truck *truck = &p->day->trucks[p->sim->trips[trip].brings_truck];
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__Redirected, r, liandan__redirected__init);
	LD_NEW(p, Liandan__Receiver, to, liandan__receiver__init);
	to->party = LD_STR(dt->generator.id);
	to->site = LD_STR(dt->site.id);
	r->manifest = child_id(p, trip, 0);
	r->child = child_id(p, trip, 1);
	r->kind = LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;
	r->receiver = to;
	r->carrier = LD_STR(truck->carrier.id);
	e.body_case = LIANDAN__EVENT__BODY_REDIRECTED;
	e.redirected = r;
	ld_event_after(p, &e, p->trips[trip].hash[LD_STEP_ACCEPTED]);
	return ld_trip_send(p, trip, LD_STEP_REDIRECTED,
			    ld_play_device(p, LD_DEVICE_CLERK, dt->generator.at), &e, at_ms);
}

static Liandan__Seal **seals(struct ld_play *p, size_t trip, size_t *n)
{
	Liandan__Seal *seal = ld_arena_alloc(&p->arena, sizeof(*seal));

	*n = 0;
	if (!seal)
		return NULL;
	liandan__seal__init(seal);
	seal->id = ld_trip_seal(p, trip, false);
	seal->state = LIANDAN__CONDITION__CONDITION_INTACT;
	*n = 1;
	return ld_arena_dup(&p->arena, &seal, sizeof(Liandan__Seal *));
}

enum ld_err ld_trip_arrived_back(struct ld_play *p, size_t trip, int64_t at_ms)
{
	int truck = p->sim->trips[trip].brings_truck;
	ProtobufCBinaryData id = child_id(p, trip, 1);
	Liandan__Event e;

	ld_play_track_flush(p, (size_t)truck, at_ms);
	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__Arrived, r, liandan__arrived__init);
	r->manifests = ld_arena_dup(&p->arena, &id, sizeof(id));
	r->n_manifests = 1;
	r->plate = LD_STR(p->day->trucks[truck].id);
	r->site = LD_STR(ld_trip_day(p, trip)->site.id);
	r->seals = seals(p, trip, &r->n_seals);
	enum ld_err err = ld_trip_place(p, truck, at_ms, &r->place, &r->odometer_m);
	if (err)
		return err;
	e.body_case = LIANDAN__EVENT__BODY_ARRIVED;
	e.arrived = r;
	ld_event_after(p, &e, p->trips[trip].hash[LD_STEP_REDIRECTED]);
	return ld_trip_send(p, trip, LD_STEP_ARRIVED_BACK, ld_trip_holder(p, trip), &e, at_ms);
}

enum ld_err ld_trip_received_back(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__Received, r, liandan__received__init);
	r->manifest = child_id(p, trip, 1);
	r->content = ld_trip_content(p, trip);
	r->site = LD_STR(dt->site.id);
	r->plate = LD_STR(p->day->trucks[p->sim->trips[trip].brings_truck].id);
	r->driver = LD_STR(ld_trip_holder(p, trip)->person);
	r->unload_from_ms = ld_play_ledger(p, at_ms - 5 * 60000);
	r->unload_to_ms = ld_play_ledger(p, at_ms);
	r->seals = seals(p, trip, &r->n_seals);
	e.body_case = LIANDAN__EVENT__BODY_RECEIVED;
	e.received = r;
	ld_event_after(p, &e, p->trips[trip].hash[LD_STEP_ARRIVED_BACK]);
	return ld_trip_send(p, trip, LD_STEP_RECEIVED_BACK,
			    ld_play_device(p, LD_DEVICE_CLERK, dt->generator.at), &e, at_ms);
}

enum ld_err ld_trip_accepted_back(struct ld_play *p, size_t trip, int64_t at_ms)
{
	const struct ld_day_trip *dt = ld_trip_day(p, trip);
	const struct ld_play_trip *t = &p->trips[trip];
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	LD_NEW(p, Liandan__Accepted, m, liandan__accepted__init);
	LD_NEW(p, Liandan__AcceptedLine, line, liandan__accepted_line__init);
	m->manifest = child_id(p, trip, 1);
	m->content = ld_trip_content(p, trip);
	line->line = 1;
	line->mass_g = t->reading_g[LD_GROSS_BACK] - t->reading_g[LD_TARE_BACK];
	line->count = p->sim->trips[trip].refused;
	m->lines = ld_arena_dup(&p->arena, &line, sizeof(Liandan__AcceptedLine *));
	m->n_lines = 1;
	m->opinion = LD_STR("退回已收");
	m->tickets = ld_arena_alloc(&p->arena, 2 * sizeof(*m->tickets));
	if (!m->tickets)
		return LD_ERR_NOMEM;
	m->tickets[0] = ld_play_bytes(p, t->ticket[LD_GROSS_BACK], LD_UUID_BYTES);
	m->tickets[1] = ld_play_bytes(p, t->ticket[LD_TARE_BACK], LD_UUID_BYTES);
	m->n_tickets = 2;
	e.body_case = LIANDAN__EVENT__BODY_ACCEPTED;
	e.accepted = m;
	ld_event_after(p, &e, t->hash[LD_STEP_RECEIVED_BACK]);
	ld_event_after(p, &e, t->hash[LD_STEP_GROSS_BACK]);
	ld_event_after(p, &e, t->hash[LD_STEP_TARE_BACK]);
	return ld_trip_send(p, trip, LD_STEP_ACCEPTED_BACK,
			    ld_play_device(p, LD_DEVICE_CLERK, dt->generator.at), &e, at_ms);
}
