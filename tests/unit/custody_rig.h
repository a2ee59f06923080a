/* A custody with a scratch state for unit tests: events go through judge, apply and follow as in
 * the region, without keys' signatures, chains or a ledger. Indexes count as the ledger's would. */
#ifndef LD_TEST_CUSTODY_RIG_H
#define LD_TEST_CUSTODY_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/departure.h"
#include "plugin/custody/fence.h"
#include "plugin/custody/gap.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/site.h"
#include "plugin/custody/table.h"
#include "plugin/custody/track.h"
#include "plugin/custody/weigh.h"

#define RIG_UNUSED __attribute__((unused))
#define T0 INT64_C(1795000000000) /* 2026-11-18 */
#define LAT0 231000000		  /* Guangzhou */
#define LON0 1133000000
#define E7_PER_M 90	/* of latitude; 89.93 */
#define E7_PER_M_LON 98 /* of longitude at 23.1 degrees; 97.8 */
#define MIN LD_MINUTE_MS

struct rig_own {
	int body;
	Liandan__AnomalyKind kind;
	Liandan__AnomalyPhase phase;
	uint32_t level;
	int64_t from_ms, to_ms;
};

struct rig {
	struct ld_custody c;
	struct ld_arena arena;
	uint64_t index;
	struct rig_own own[512];
	size_t n_own;
	struct ld_judgement j; /* of the last event */
	Custody__Key key;
};

static int32_t north(int64_t m)
{
	return (int32_t)(LAT0 + m * E7_PER_M);
}

static int32_t east(int64_t m)
{
	return (int32_t)(LON0 + m * E7_PER_M_LON);
}

static RIG_UNUSED void rig_open(struct rig *r)
{
	memset(r, 0, sizeof *r);
	assert_int_equal(ld_arena_init(&r->arena, 4u << 20), 0);
	r->c.arena = &r->arena;
	r->c.rules = &ld_rules_cn;
	r->c.region = "test";
	assert_int_equal(ld_state_open_scratch(&r->c.state), LD_OK);
	custody__key__init(&r->key);
	r->index = 1;
}

static RIG_UNUSED void rig_close(struct rig *r)
{
	ld_custody_forget(&r->c);
	ld_state_close(r->c.state);
	ld_arena_free(&r->arena);
}

/* A square of 2 * half metres around (x, y) metres from the middle. */
static RIG_UNUSED void rig_site(struct rig *r, const char *id, const char *party,
				Liandan__SiteKind kind, int64_t x, int64_t y, int64_t half)
{
	static const int sx[4] = {-1, 1, 1, -1};
	static const int sy[4] = {-1, -1, 1, 1};
	Liandan__RingPoint p[4];
	Liandan__RingPoint *ring[4];
	Liandan__SiteRegistered s = LIANDAN__SITE_REGISTERED__INIT;
	Custody__Site rec = CUSTODY__SITE__INIT;

	for (size_t i = 0; i < 4; i++) {
		liandan__ring_point__init(&p[i]);
		p[i].lat_e7 = north(y + sy[i] * half);
		p[i].lon_e7 = east(x + sx[i] * half);
		ring[i] = &p[i];
	}
	s.site = (char *)(uintptr_t)id;
	s.party = (char *)(uintptr_t)party;
	s.kind = kind;
	s.ring = ring;
	s.n_ring = 4;
	rec.registered = &s;
	assert_int_equal(ld_site_put(&r->c, &rec), LD_OK);
	ld_custody_forget(&r->c);
}

static RIG_UNUSED void rig_vehicle(struct rig *r, const char *plate, const char *party,
				   const char *terminal)
{
	Liandan__VehicleRegistered v = LIANDAN__VEHICLE_REGISTERED__INIT;
	Custody__Vehicle rec = CUSTODY__VEHICLE__INIT;

	v.plate = (char *)(uintptr_t)plate;
	v.party = (char *)(uintptr_t)party;
	rec.registered = &v;
	rec.terminal = (char *)(uintptr_t)terminal;
	r->key.party = v.party;
	assert_int_equal(ld_vehicle_put(&r->c, &rec), LD_OK);
}

static RIG_UNUSED ProtobufCBinaryData rig_id(uint8_t n)
{
	static uint8_t ids[256][LD_UUID_BYTES];

	memset(ids[n], n, LD_UUID_BYTES);
	return (ProtobufCBinaryData){.len = LD_UUID_BYTES, .data = ids[n]};
}

static RIG_UNUSED void rig_load(struct rig *r, const char *plate, uint8_t n, bool on)
{
	struct ld_tkey k;

	ld_tkey_init(&k);
	ld_tkey_str(&k, plate);
	ld_tkey_bytes(&k, rig_id(n).data, LD_UUID_BYTES);
	if (on)
		assert_int_equal(ld_state_put(r->c.state, LD_T_LOAD, k.b, k.len, "", 0), LD_OK);
	else
		assert_int_equal(ld_state_del(r->c.state, LD_T_LOAD, k.b, k.len), LD_OK);
}

/* A manifest in transit on the vehicle since taken_ms. */
static RIG_UNUSED void rig_manifest(struct rig *r, uint8_t n, const char *plate, const char *origin,
				    const char *receiver, int64_t taken_ms)
{
	Liandan__ManifestCreated created = LIANDAN__MANIFEST_CREATED__INIT;
	Liandan__Receiver to = LIANDAN__RECEIVER__INIT;
	Custody__Manifest m = CUSTODY__MANIFEST__INIT;

	to.site = (char *)(uintptr_t)receiver;
	created.site = (char *)(uintptr_t)origin;
	created.receiver = &to;
	created.manifest = m.manifest = rig_id(n);
	m.created = &created;
	m.state = CUSTODY__MANIFEST_STATE__IN_TRANSIT;
	m.plate = (char *)(uintptr_t)plate;
	m.holder = m.carrier = (char *)(uintptr_t) "carrier";
	m.leg = 1;
	m.taken_ms = taken_ms;
	assert_int_equal(ld_manifest_put(&r->c, &m), LD_OK);
	rig_load(r, plate, n, true);
}

static void rig_note(struct rig *r, const Liandan__OwnEvent *o)
{
	const Liandan__AnomalyRaised *a =
	    o->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED    ? o->anomaly_raised
	    : o->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED ? o->anomaly_updated->now
								       : NULL;
	struct rig_own *x = &r->own[r->n_own];

	assert_true(r->n_own < sizeof r->own / sizeof r->own[0]);
	memset(x, 0, sizeof *x);
	x->body = (int)o->body_case;
	if (a != NULL) {
		x->kind = a->kind;
		x->phase = a->phase;
		x->level = a->level;
		x->from_ms = a->from_ms;
		x->to_ms = a->to_ms;
	} else if (o->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED) {
		x->phase = o->anomaly_cleared->phase;
	}
	r->n_own++;
}

static RIG_UNUSED void rig_apply_own(struct rig *r, struct ld_own_list *own, int64_t at_ms)
{
	for (size_t i = 0; i < own->n; i++) {
		rig_note(r, own->event[i]);
		assert_int_equal(ld_anomaly_apply(&r->c, own->event[i], r->index, at_ms), LD_OK);
		r->index++;
	}
}

/* Through judge, apply, follow. The verdict. */
static RIG_UNUSED Liandan__Verdict rig_event(struct rig *r, Liandan__Event *e,
					     int64_t recorded_at_ms)
{
	static const uint8_t hash[LD_HASH_BYTES] = {1};
	struct ld_own_list own = {.n = 0};
	struct ld_fact f = {
	    .event = e, .event_hash = hash, .signer = &r->key, .recorded_at_ms = recorded_at_ms};
	const bool track = e->body_case == LIANDAN__EVENT__BODY_TRACK ||
			   e->body_case == LIANDAN__EVENT__BODY_SENSOR_EVENT;

	memset(&r->j, 0, sizeof r->j);
	r->j.verdict = LIANDAN__VERDICT__ACCEPTED;
	if (e->body_case == LIANDAN__EVENT__BODY_WEIGHED)
		ld_table_judge(&r->c, &f, ld_row_of(e->body_case), &r->j);
	else if (track)
		ld_track_judge(&r->c, &f, &r->j);
	f.index = r->index++;
	if (r->j.verdict != LIANDAN__VERDICT__ACCEPTED)
		return r->j.verdict;
	if (e->body_case == LIANDAN__EVENT__BODY_WEIGHED)
		assert_int_equal(ld_weigh_apply(&r->c, &f), LD_OK);
	else if (track)
		assert_int_equal(ld_track_apply(&r->c, &f), LD_OK);
	else
		assert_int_equal(ld_track_apply_manifest(&r->c, &f), LD_OK);
	ld_anomaly_of_violations(&r->c, &f, &r->j, &own);
	if (track)
		ld_track_follow(&r->c, &f, &r->j, &own);
	else if (e->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN)
		ld_departure_follow_taken(&r->c, &f, e->handover_taken, &own);
	else if (e->body_case == LIANDAN__EVENT__BODY_RECEIVED)
		ld_track_follow_received(&r->c, &f, e->received, &own);
	else if (e->body_case == LIANDAN__EVENT__BODY_ACCEPTED)
		ld_shortfall_follow(&r->c, &f, &own);
	rig_apply_own(r, &own, recorded_at_ms);
	ld_arena_reset(&r->arena);
	return LIANDAN__VERDICT__ACCEPTED;
}

static RIG_UNUSED void rig_tick(struct rig *r, int64_t now_ms)
{
	struct ld_own_list own = {.n = 0};

	ld_track_follow_time(&r->c, now_ms, 64, &own);
	rig_apply_own(r, &own, now_ms);
	ld_arena_reset(&r->arena);
}

/* A fix in metres and milliseconds from T0. */
struct rig_fix {
	int64_t x, y, t_ms;
	int64_t odometer_m;
	Liandan__LoadState load;
};

struct rig_how {
	bool odometer, parked;
	int64_t recorded_at_ms; /* 0: 1 s after the last fix */
};

static RIG_UNUSED void rig_terminal(struct rig *r, const char *terminal)
{
	r->key.roles = LIANDAN__ROLE__ROLE_TERMINAL;
	r->key.subject_id = (char *)(uintptr_t)terminal;
}

/* One Track of n fixes (at most 512). */
static RIG_UNUSED Liandan__Verdict rig_track(struct rig *r, const char *plate,
					     const struct rig_fix *fix, size_t n,
					     struct rig_how how)
{
	Liandan__TrackBase base = LIANDAN__TRACK_BASE__INIT;
	Liandan__Track t = LIANDAN__TRACK__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	static int32_t dt[512], dlat[512], dlon[512];
	static Liandan__StatusChange change[512], *changes[512];

	base.t_gnss_ms = base.t_device_ms = T0 + fix[0].t_ms;
	base.lat_e7 = north(fix[0].y);
	base.lon_e7 = east(fix[0].x);
	t.plate = (char *)(uintptr_t)plate;
	t.terminal = r->key.subject_id;
	t.base_fix = &base;
	for (size_t i = 1; i < n; i++) {
		dt[i - 1] = (int32_t)(fix[i].t_ms - fix[i - 1].t_ms);
		dlat[i - 1] = north(fix[i].y) - north(fix[i - 1].y);
		dlon[i - 1] = east(fix[i].x) - east(fix[i - 1].x);
	}
	t.n_dt_ms = t.n_dlat_e7 = t.n_dlon_e7 = n - 1;
	t.dt_ms = dt;
	t.dlat_e7 = dlat;
	t.dlon_e7 = dlon;
	for (size_t i = 0; i < n; i++) {
		if (fix[i].load == LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED)
			continue;
		liandan__status_change__init(&change[t.n_status_changes]);
		change[t.n_status_changes].fix = (uint32_t)i;
		change[t.n_status_changes].load = fix[i].load;
		changes[t.n_status_changes] = &change[t.n_status_changes];
		t.n_status_changes++;
	}
	t.status_changes = changes;
	t.known = (how.odometer ? LIANDAN__TRACK_KNOWN__TRACK_KNOWN_ODOMETER : 0u) |
		  (how.parked ? LIANDAN__TRACK_KNOWN__TRACK_KNOWN_PARKED : 0u);
	t.parked = how.parked;
	t.odometer_first_m = fix[0].odometer_m;
	t.odometer_last_m = fix[n - 1].odometer_m;
	e.body_case = LIANDAN__EVENT__BODY_TRACK;
	e.track = &t;
	return rig_event(
	    r, &e, how.recorded_at_ms != 0 ? how.recorded_at_ms : T0 + fix[n - 1].t_ms + 1000);
}

/* Straight drive from (x0, y0) to (x1, y1), a fix every 30 s, into out (at most cap); the number.
 */
static RIG_UNUSED size_t rig_drive(struct rig_fix *out, size_t cap, int64_t x0, int64_t y0,
				   int64_t x1, int64_t y1, int64_t from_ms, int64_t to_ms)
{
	size_t n = 0;

	for (int64_t t = from_ms; t <= to_ms && n < cap; t += 30000) {
		const int64_t d = to_ms - from_ms;

		out[n++] = (struct rig_fix){.x = x0 + (x1 - x0) * (t - from_ms) / d,
					    .y = y0 + (y1 - y0) * (t - from_ms) / d,
					    .t_ms = t};
	}
	return n;
}

/* Open anomaly of the vehicle under manifest n, or NULL; in the arena. */
static RIG_UNUSED Custody__Anomaly *rig_gap_anomaly(struct rig *r, const char *plate, uint8_t n)
{
	Custody__Anomaly *a;

	return ld_anomaly_open(&r->c, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP,
			       LIANDAN__REASON__REASON_NONE, plate, ld_c_hex(&r->c, rig_id(n)),
			       &a) == LD_OK
		   ? a
		   : NULL;
}

/* Alarms: raised or updated at CONFIRMED and level or more. */
static RIG_UNUSED size_t rig_alarms(const struct rig *r, uint32_t level)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_own; i++)
		n += r->own[i].phase == LIANDAN__ANOMALY_PHASE__CONFIRMED &&
		     r->own[i].level >= level;
	return n;
}

/* Manifest 1 is received from that plate. */
static RIG_UNUSED void rig_received(struct rig *r, const char *plate, int64_t at_ms)
{
	Custody__Manifest *m;
	Liandan__Received x = LIANDAN__RECEIVED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;

	assert_int_equal(ld_manifest_get(&r->c, rig_id(1), &m), LD_OK);
	m->received_ms = at_ms;
	m->state = CUSTODY__MANIFEST_STATE__VERIFYING;
	assert_int_equal(ld_manifest_put(&r->c, m), LD_OK);
	rig_load(r, plate, 1, false);
	x.manifest = rig_id(1);
	x.plate = (char *)(uintptr_t)plate;
	e.body_case = LIANDAN__EVENT__BODY_RECEIVED;
	e.received = &x;
	rig_event(r, &e, at_ms);
}

/* That plate takes the manifest. */
static RIG_UNUSED void rig_taken(struct rig *r, const char *plate, uint8_t id, int64_t at_ms)
{
	Liandan__HandoverTaken t = LIANDAN__HANDOVER_TAKEN__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;

	t.manifest = rig_id(id);
	t.plate = (char *)(uintptr_t)plate;
	e.body_case = LIANDAN__EVENT__BODY_HANDOVER_TAKEN;
	e.handover_taken = &t;
	assert_int_equal(rig_event(r, &e, at_ms), LIANDAN__VERDICT__ACCEPTED);
}

#endif
