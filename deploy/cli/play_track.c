#include <stdlib.h>
#include <string.h>

#include "deploy/cli/play.h"

/* A terminal at work: fixes every so often while it drives, a heartbeat every few minutes while it
 * stands, nothing while it is dark, asleep or without satellites. */

#define HEARTBEAT_MS (150 * 1000) /* below the silence that counts as a gap */
#define TRACK_AGE_MS (INT64_C(5) * 60000)
#define JITTER_E7 300 /* about 3 m */

/* ---- what the day's troubles do to a terminal ---- */

static const struct ld_day_act *trouble(const struct ld_play *p, size_t truck,
					enum ld_day_word word, int64_t t_ms)
{
	for (size_t i = 0; i < p->day->n_acts; i++) {
		const struct ld_day_act *a = &p->day->acts[i];
		int64_t from = (int64_t)(a->from_s >= 0 ? a->from_s : a->at_s) * 1000;
		int64_t to = a->to_s >= 0 ? (int64_t)a->to_s * 1000 : from + 60000;
		if (a->word == word && a->truck.at == (int)truck && t_ms >= from && t_ms < to)
			return a;
	}
	return NULL;
}

static int32_t jitter(struct ld_play *p)
{
	return (int32_t)(ld_sim_random(&p->random) % (2 * JITTER_E7 + 1)) - JITTER_E7;
}

/* ---- a track ---- */

struct lists {
	int32_t dt[LD_PLAY_TRACK_FIXES], dlat[LD_PLAY_TRACK_FIXES], dlon[LD_PLAY_TRACK_FIXES];
	uint32_t speed[LD_PLAY_TRACK_FIXES];
	Liandan__StatusChange change[LD_PLAY_TRACK_FIXES];
	Liandan__StatusChange *changes[LD_PLAY_TRACK_FIXES];
	size_t n_changes;
};

static void fill_lists(const struct ld_play_terminal *t, struct lists *l)
{
	l->n_changes = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct ld_play_fix *f = &t->fix[i];
		l->speed[i] = f->speed_cm_s;
		if (i > 0) {
			l->dt[i - 1] = (int32_t)(f->t_ms - f[-1].t_ms);
			l->dlat[i - 1] = f->p.lat_e7 - f[-1].p.lat_e7;
			l->dlon[i - 1] = f->p.lon_e7 - f[-1].p.lon_e7;
		}
		if (i > 0 && f->load == f[-1].load && f->ignition == f[-1].ignition)
			continue;
		Liandan__StatusChange *c = &l->change[l->n_changes];
		liandan__status_change__init(c);
		c->fix = (uint32_t)i;
		c->load = (Liandan__LoadState)f->load;
		c->ignition =
		    f->ignition ? LIANDAN__IGNITION__IGNITION_ON : LIANDAN__IGNITION__IGNITION_OFF;
		l->changes[l->n_changes++] = c;
	}
}

static void send_track(struct ld_play *p, size_t truck)
{
	struct ld_play_terminal *t = &p->terminals[truck];
	Liandan__Track track = LIANDAN__TRACK__INIT;
	Liandan__TrackBase base = LIANDAN__TRACK_BASE__INIT;
	Liandan__Event e;
	struct lists l;
	char *plate = (char *)(uintptr_t)p->day->trucks[truck].id;

	if (t->n == 0)
		return;
	fill_lists(t, &l);
	ld_play_event_init(p, &e, t->fix[t->n - 1].t_ms);
	e.clock = LIANDAN__CLOCK__CLOCK_GNSS;
	base.t_gnss_ms = ld_play_ledger(p, t->fix[0].t_ms);
	base.t_device_ms = base.t_gnss_ms;
	base.lat_e7 = t->fix[0].p.lat_e7;
	base.lon_e7 = t->fix[0].p.lon_e7;
	track.plate = plate;
	track.terminal = t->device->device;
	track.boot = t->boot;
	track.uptime_ms = (uint64_t)(t->fix[0].t_ms - t->boot_ms);
	track.base_fix = &base;
	track.n_dt_ms = track.n_dlat_e7 = track.n_dlon_e7 = t->n - 1;
	track.dt_ms = l.dt;
	track.dlat_e7 = l.dlat;
	track.dlon_e7 = l.dlon;
	track.n_speed_cm_s = t->n;
	track.speed_cm_s = l.speed;
	track.n_status_changes = l.n_changes;
	track.status_changes = l.changes;
	track.known = LIANDAN__TRACK_KNOWN__TRACK_KNOWN_SPEED |
		      LIANDAN__TRACK_KNOWN__TRACK_KNOWN_PARKED |
		      LIANDAN__TRACK_KNOWN__TRACK_KNOWN_UPTIME;
	if (p->day->trucks[truck].odometer) {
		track.known |= LIANDAN__TRACK_KNOWN__TRACK_KNOWN_ODOMETER;
		track.odometer_first_m = t->fix[0].odometer_m / 100 * 100;
		track.odometer_last_m = t->fix[t->n - 1].odometer_m / 100 * 100;
		track.odometer_step_m = 100;
	}
	track.parked = t->parked;
	track.gap_before = (Liandan__GapCause)t->gap;
	track.attested_by = LIANDAN__ATTESTATION__ATTESTATION_TERMINAL;
	e.body_case = LIANDAN__EVENT__BODY_TRACK;
	e.track = &track;
	struct ld_play_send s = {.device = t->device,
				 .event = &e,
				 .at_ms = t->fix[t->n - 1].t_ms,
				 .trip = -1,
				 .what = LD_SIM_WHATS};
	if (ld_play_send(p, &s) == LD_OK) {
		p->tracks++;
		p->fixes += t->n;
	}
	t->n = 0;
	t->gap = LIANDAN__GAP_CAUSE__GAP_CAUSE_NONE;
}

/* ---- fixes ---- */

/* Has it stood since the fix before? At the very moment of stopping it has not, at that of leaving
 * it has. */
static bool stood(const struct ld_sim_truck *truck, const struct ld_sim_leg *leg, int64_t t_ms)
{
	if (t_ms > leg->from_ms)
		return !leg->drive;
	return leg > truck->legs && !leg[-1].drive;
}

static void add_fix(struct ld_play *p, size_t truck, int64_t t_ms, const struct ld_sim_leg *leg,
		    struct ld_day_point here, int64_t odometer_m)
{
	struct ld_play_terminal *t = &p->terminals[truck];
	const struct ld_day_act *jump = trouble(p, truck, LD_TROUBLE_gps_jump, t_ms);
	const struct ld_day_act *stuck = trouble(p, truck, LD_TROUBLE_stuck_clock, t_ms);
	bool stands = stood(&p->sim->trucks[truck], leg, t_ms);
	size_t most = p->day->track < LD_PLAY_TRACK_FIXES ? p->day->track : LD_PLAY_TRACK_FIXES;

	if (t->n > 0 && (t->parked != stands || t->n >= most ||
			 t->pending_gap != LIANDAN__GAP_CAUSE__GAP_CAUSE_NONE))
		send_track(p, truck);
	if (t->n == 0) {
		t->parked = stands;
		if (t->pending_gap != LIANDAN__GAP_CAUSE__GAP_CAUSE_NONE)
			t->gap = t->pending_gap;
		t->pending_gap = LIANDAN__GAP_CAUSE__GAP_CAUSE_NONE;
	}
	if (stuck && t->stuck_ms == 0)
		t->stuck_ms = t_ms;
	if (!stuck)
		t->stuck_ms = 0;
	struct ld_play_fix *f = &t->fix[t->n++];
	*f = (struct ld_play_fix){.t_ms = stuck ? t->stuck_ms : t_ms,
				  .p = here,
				  .odometer_m = odometer_m,
				  .load = leg->load,
				  .ignition = !leg->parked};
	f->p.lat_e7 += jitter(p);
	f->p.lon_e7 += jitter(p);
	if (jump && !t->jumped)
		f->p.lat_e7 += (int32_t)((jump->distance_m ? jump->distance_m : 2000) * 90);
	t->jumped = jump != NULL;
	if (leg->drive)
		f->speed_cm_s = (uint32_t)((leg->odo_b_m - leg->odo_a_m) * 100000 /
					   (leg->to_ms - leg->from_ms + 1));
}

static void sample(struct ld_play *p, size_t truck)
{
	struct ld_play_terminal *t = &p->terminals[truck];
	const struct ld_sim_leg *leg = NULL;
	struct ld_day_point here;
	int64_t odometer = 0;
	int64_t at = t->next_fix_ms;

	ld_sim_at(&p->sim->trucks[truck], at, &here, &odometer, &leg);
	int64_t next = at + (leg->drive ? (int64_t)p->day->fix_s * 1000 : HEARTBEAT_MS);
	if (next > leg->to_ms && leg->to_ms > at)
		next = leg->to_ms;
	t->next_fix_ms = next;
	if (trouble(p, truck, LD_TROUBLE_reboot, at) && at - t->boot_ms > 120000) {
		send_track(p, truck);
		t->boot++;
		t->boot_ms = at;
	}
	if (leg->view == LD_SIM_ASLEEP) {
		t->pending_gap = LIANDAN__GAP_CAUSE__GAP_CAUSE_ASLEEP;
		return;
	}
	if (leg->view == LD_SIM_DARK)
		return;
	if (trouble(p, truck, LD_TROUBLE_no_fix, at)) {
		t->pending_gap = LIANDAN__GAP_CAUSE__GAP_CAUSE_NO_FIX;
		return;
	}
	add_fix(p, truck, at, leg, here, odometer);
}

void ld_play_tracks(struct ld_play *p, int64_t now_ms)
{
	for (size_t i = 0; i < p->day->n_trucks; i++) {
		struct ld_play_terminal *t = &p->terminals[i];
		while (t->next_fix_ms <= now_ms)
			sample(p, i);
		if (t->n > 0 && now_ms - t->fix[0].t_ms >= TRACK_AGE_MS)
			send_track(p, i);
	}
}

void ld_play_track_flush(struct ld_play *p, size_t truck, int64_t now_ms)
{
	while (p->terminals[truck].next_fix_ms <= now_ms)
		sample(p, truck);
	send_track(p, truck);
}
