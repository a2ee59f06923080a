/* The newest position of a vehicle, the stays it makes, the silences it leaves. */
#include "plugin/custody/track.h"

#include <string.h>

#include "plugin/custody/departure.h"
#include "plugin/custody/fence.h"
#include "plugin/custody/gap.h"
#include "plugin/custody/tables.h"

#define STUCK_CM2 UINT64_C(100000000) /* moved more than 100 m while satellite time stood (2.1) */
#define LATE_MS (10 * LD_MINUTE_MS)   /* older than this on arrival: late, not set back (2.1) */
#define ODOMETER_MAX_M INT64_C(10000000000) /* ten million km: what claims more counts nothing */
#define MAX_LAT_E7 900000000
#define MAX_LON_E7 1800000000

static int32_t bounded(int64_t v, int32_t limit)
{
	if (v > limit)
		return limit;
	return v < -limit ? -limit : (int32_t)v;
}

static void scan_status(struct ld_scan *s)
{
	while (s->change < s->track->n_status_changes &&
	       s->track->status_changes[s->change]->fix <= s->i) {
		const Liandan__StatusChange *x = s->track->status_changes[s->change++];

		if (x->load != LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED)
			s->load = x->load;
		if (x->ignition != LIANDAN__IGNITION__IGNITION_UNSPECIFIED)
			s->ignition = x->ignition;
	}
}

bool ld_scan_first(struct ld_scan *s, const Liandan__Track *track, int64_t recorded_at_ms)
{
	*s = (struct ld_scan){.track = track};
	if (track->base_fix == NULL)
		return false;
	s->n = track->n_dt_ms;
	if (track->n_dlat_e7 < s->n)
		s->n = track->n_dlat_e7;
	if (track->n_dlon_e7 < s->n)
		s->n = track->n_dlon_e7;
	s->n++;
	const Liandan__TrackBase *b = track->base_fix;
	const int64_t limit = recorded_at_ms > 0 ? recorded_at_ms : 0;
	int64_t t = b->t_gnss_ms != 0 ? b->t_gnss_ms : b->t_device_ms;

	/* bounds first, so that sums of 4,095 deltas of 31 bits cannot overflow */
	if (t < 0)
		t = 0;
	if (t > limit + LD_DAY_MS)
		t = limit + LD_DAY_MS;
	int64_t newest = t;

	int64_t sum = t;

	for (size_t i = 0; i + 1 < s->n; i++) {
		sum += track->dt_ms[i];
		if (sum > newest)
			newest = sum;
	}
	s->shift_ms = newest > limit ? newest - limit : 0;
	s->t_ms = t - s->shift_ms > 0 ? t - s->shift_ms : 0;
	s->lat_e7 = bounded(b->lat_e7, MAX_LAT_E7);
	s->lon_e7 = bounded(b->lon_e7, MAX_LON_E7);
	scan_status(s);
	return true;
}

bool ld_scan_next(struct ld_scan *s)
{
	if (s->i + 1 >= s->n)
		return false;
	s->t_ms += s->track->dt_ms[s->i];
	if (s->t_ms < 0)
		s->t_ms = 0;
	s->lat_e7 = bounded((int64_t)s->lat_e7 + s->track->dlat_e7[s->i], MAX_LAT_E7);
	s->lon_e7 = bounded((int64_t)s->lon_e7 + s->track->dlon_e7[s->i], MAX_LON_E7);
	s->i++;
	scan_status(s);
	return true;
}

/* One track on its way into the position. */
struct work {
	struct ld_custody *c;
	const struct ld_fact *f;
	const Liandan__Track *track;
	Custody__Position *pos;
	Custody__Fix last;	    /* what pos->last points to */
	Custody__Fix fix;	    /* as the end of a silence: odometer's upper bound */
	int64_t odometer_low_m;	    /* as the begin of one: lower bound */
	bool odometer;		    /* track has one */
	bool interior;		    /* odometers of inner fixes are worth estimating */
	int64_t chord_cm, total_cm; /* so far, and of the whole track */
	bool moved;		    /* the position advanced */
	struct ld_gap_set gaps;
	bool touched; /* kept silences changed */
};

static bool odometer_sane(int64_t m)
{
	return m >= 0 && m <= ODOMETER_MAX_M;
}

/* Inner fixes have no odometer of their own. Driven so far is at least the chords so far, and at
 * most all that was driven less the chords to come: the two bounds a silence needs at its begin and
 * its end. */
static void odometer_prepare(struct work *w, const struct ld_scan *first, bool late)
{
	struct ld_scan s = *first;
	bool gap = late;

	w->odometer = (w->track->known & LIANDAN__TRACK_KNOWN__TRACK_KNOWN_ODOMETER) != 0 &&
		      odometer_sane(w->track->odometer_first_m) &&
		      odometer_sane(w->track->odometer_last_m);
	if (!w->odometer || s.n < 3)
		return;
	for (size_t i = 0; i + 1 < s.n && !gap; i++)
		gap = w->track->dt_ms[i] >= w->c->rules->gap_min_ms;
	w->interior = gap;
	if (!gap)
		return;
	for (int32_t lat = s.lat_e7, lon = s.lon_e7; ld_scan_next(&s);
	     lat = s.lat_e7, lon = s.lon_e7)
		w->total_cm += ld_isqrt(ld_geo_dist2_cm(lat, lon, s.lat_e7, s.lon_e7));
}

static void odometer_of(struct work *w, const struct ld_scan *s)
{
	const Liandan__Track *t = w->track;
	Custody__Fix *x = &w->fix;

	x->odometer_known = w->odometer && (s->i == 0 || s->i + 1 == s->n || w->interior);
	if (!x->odometer_known)
		return;
	if (s->i == 0) {
		x->odometer_m = w->odometer_low_m = t->odometer_first_m;
	} else if (s->i + 1 == s->n) {
		x->odometer_m = w->odometer_low_m = t->odometer_last_m;
	} else {
		x->odometer_m = t->odometer_last_m - (w->total_cm - w->chord_cm) / 100;
		w->odometer_low_m = t->odometer_first_m + w->chord_cm / 100;
	}
}

static enum ld_err silence(struct work *w, Liandan__LoadState load_before)
{
	Custody__Gap g = CUSTODY__GAP__INIT;
	enum ld_err err;

	g.plate = w->pos->plate;
	g.from = &w->last;
	g.to = &w->fix;
	g.stuck_m = w->pos->stuck_m;
	g.load_from = load_before;
	g.load_to = w->pos->load;
	g.index = w->f->index;
	if (!ld_gap_worth(w->c->rules, &g))
		return LD_OK;
	const struct ld_anchor open = {0};
	struct ld_gap_view v;

	ld_gap_view(w->c->rules, &g, &open, &open, &v);
	g.explained = v.closed;
	err = ld_gaps_load(w->c, g.plate, &w->gaps);
	if (err == LD_OK)
		err = ld_gaps_add(w->c, &w->gaps, &g);
	w->touched = true;
	return err;
}

static void enter(struct work *w, const Liandan__SiteRegistered *s, bool strict,
		  Liandan__LoadState load)
{
	Custody__Position *p = w->pos;

	p->site = s->site;
	p->site_since_ms = p->site_last_ms = w->fix.t_ms;
	p->site_load = load;
	p->site_inside = strict;
}

/* Fences: smallest site that holds the fix; a site once entered is left only beyond its margin. */
static enum ld_err site_step(struct work *w, Liandan__LoadState load_before)
{
	Custody__Position *p = w->pos;
	bool strict;
	const Liandan__SiteRegistered *s = ld_fence_at(
	    w->c, w->fix.lat_e7, w->fix.lon_e7, w->fix.t_ms, w->c->rules->fence_margin_m, &strict);

	if (p->site[0] != '\0') {
		const Liandan__SiteRegistered *now = ld_fence_find(w->c, p->site);

		if (s == now && s != NULL) {
			p->site_last_ms = w->fix.t_ms;
			p->site_inside = p->site_inside || strict;
			return LD_OK;
		}
		if (now != NULL && !strict && s != NULL &&
		    ld_fence_contains(now, w->fix.lat_e7, w->fix.lon_e7,
				      w->c->rules->fence_margin_m)) {
			p->site_last_ms = w->fix.t_ms;
			return LD_OK;
		}
		enum ld_err err = ld_departure_apply_left(w->c, p, w->fix.t_ms, &w->fix,
							  w->f->index, w->f->recorded_at_ms);

		if (err != LD_OK)
			return err;
		p->site = (char *)protobuf_c_empty_string;
		p->site_since_ms = p->site_last_ms = 0;
		p->site_load = LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED;
		p->site_inside = false;
	}
	if (s == NULL)
		return LD_OK;
	enter(w, s, strict, load_before);
	/* a jump of the fix, or round the corner and back: one stay */
	if (p->left_ms != 0 && w->fix.t_ms - p->left_ms < w->c->rules->gap_min_ms &&
	    strcmp(p->left_site, p->site) == 0)
		return ld_departure_apply_back(w->c, p);
	return LD_OK;
}

/* The newest fix so far. */
static enum ld_err advance(struct work *w, const struct ld_scan *s, bool stuck)
{
	Custody__Position *p = w->pos;
	const Liandan__LoadState load_before = p->load;
	enum ld_err err = LD_OK;

	if (s->load != LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED)
		p->load = s->load;
	if (s->ignition != LIANDAN__IGNITION__IGNITION_UNSPECIFIED)
		p->ignition = s->ignition;
	if (s->i < w->track->n_speed_cm_s &&
	    (w->track->known & LIANDAN__TRACK_KNOWN__TRACK_KNOWN_SPEED) != 0)
		p->speed_cm_s = w->track->speed_cm_s[s->i];
	if (p->last != NULL && !stuck)
		err = silence(w, load_before);
	if (!stuck)
		p->stuck_m = 0;
	if (err == LD_OK)
		err = site_step(w, load_before);
	w->last = w->fix;
	w->last.odometer_m = w->fix.odometer_known ? w->odometer_low_m : 0;
	p->last = &w->last;
	w->moved = true;
	return err;
}

static enum ld_err late_fix(struct work *w, const struct ld_scan *s)
{
	Custody__Fix begin = w->fix;
	bool split = false;
	enum ld_err err = ld_gaps_load(w->c, w->pos->plate, &w->gaps);

	begin.odometer_m = w->odometer_low_m;
	if (err == LD_OK)
		err = ld_gaps_split(w->c, &w->gaps, &w->fix, &begin, s->load, w->f->index, &split);
	w->touched = w->touched || split;
	return err;
}

/* Same satellite time as the newest fix: a repetition, or a clock that stands while the vehicle
 * moves. */
static enum ld_err same_time(struct work *w, const struct ld_scan *s)
{
	const uint64_t d2 =
	    ld_geo_dist2_cm(w->last.lat_e7, w->last.lon_e7, w->fix.lat_e7, w->fix.lon_e7);

	if (d2 <= STUCK_CM2)
		return LD_OK;
	const uint32_t d = ld_isqrt(d2) / 100;

	w->pos->clock_stuck++;
	w->pos->stuck_m = w->pos->stuck_m > UINT32_MAX - d ? UINT32_MAX : w->pos->stuck_m + d;
	return advance(w, s, true);
}

static enum ld_err one_fix(struct work *w, const struct ld_scan *s)
{
	w->fix = (Custody__Fix)CUSTODY__FIX__INIT;
	w->fix.lat_e7 = s->lat_e7;
	w->fix.lon_e7 = s->lon_e7;
	w->fix.t_ms = s->t_ms;
	w->fix.index = w->f->index;
	w->fix.parked =
	    w->track->parked && (w->track->known & LIANDAN__TRACK_KNOWN__TRACK_KNOWN_PARKED) != 0;
	w->odometer_low_m = 0;
	odometer_of(w, s);
	w->pos->fixes++;
	if (w->pos->last == NULL) {
		w->pos->first_ms = s->t_ms;
		return advance(w, s, false);
	}
	if (s->t_ms > w->last.t_ms)
		return advance(w, s, false);
	if (s->t_ms == w->last.t_ms)
		return same_time(w, s);
	return late_fix(w, s);
}

static void count_clock(struct work *w, const struct ld_scan *first)
{
	if (w->f->recorded_at_ms - first->t_ms > LATE_MS)
		w->pos->late++;
	else if (w->pos->last != NULL && first->t_ms < w->last.t_ms)
		w->pos->clock_back++;
}

static enum ld_err position_open(struct work *w)
{
	enum ld_err err = ld_position_get(w->c, w->track->plate, &w->pos);

	if (err == LD_OK) {
		if (w->pos->last != NULL) {
			w->last = *w->pos->last;
			w->pos->last = &w->last;
		}
		return LD_OK;
	}
	if (err != LD_ERR_NOT_FOUND)
		return err;
	w->pos = ld_arena_alloc(w->c->arena, sizeof *w->pos);
	if (w->pos == NULL)
		return LD_ERR_NOMEM;
	custody__position__init(w->pos);
	w->pos->plate = w->track->plate;
	return LD_OK;
}

static enum ld_err track_apply(struct ld_custody *c, const struct ld_fact *f,
			       const Liandan__Track *t)
{
	struct work w = {.c = c, .f = f, .track = t};
	struct ld_scan s;
	enum ld_err err = position_open(&w);

	if (err != LD_OK || !ld_scan_first(&s, t, f->recorded_at_ms))
		return err;
	count_clock(&w, &s);
	odometer_prepare(&w, &s, w.pos->last != NULL && s.t_ms < w.last.t_ms);
	for (bool more = true; more && err == LD_OK;) {
		const int32_t lat = s.lat_e7;
		const int32_t lon = s.lon_e7;

		err = one_fix(&w, &s);
		more = ld_scan_next(&s);
		if (more && w.interior)
			w.chord_cm += ld_isqrt(ld_geo_dist2_cm(lat, lon, s.lat_e7, s.lon_e7));
	}
	if (err == LD_OK)
		err = ld_gaps_store(c, w.pos->plate, &w.gaps, w.pos->last != NULL ? w.last.t_ms : 0,
				    &w.pos->gaps);
	if (err != LD_OK)
		return err;
	w.pos->tracks++;
	w.pos->recorded_at_ms = f->recorded_at_ms;
	/* the silence that an open anomaly stands on has an end now, or another begin */
	if (w.touched || (w.moved && w.pos->provisional != 0))
		w.pos->gap_index = f->index;
	if (w.pos->provisional != 0 && w.last.t_ms >= w.pos->provisional_to_ms)
		w.pos->provisional = 0;
	return ld_position_put(c, w.pos);
}

enum ld_err ld_track_apply(struct ld_custody *c, const struct ld_fact *f)
{
	if (f->event->body_case != LIANDAN__EVENT__BODY_TRACK)
		return LD_OK; /* SensorEvent: its entry is the record */
	return track_apply(c, f, f->event->track);
}

static enum ld_err remember_delivered(struct ld_custody *c, const char *plate,
				      ProtobufCBinaryData id)
{
	Custody__Position *p;
	enum ld_err err = ld_position_get(c, plate, &p);
	ProtobufCBinaryData recent[LD_MAX_RECENT];
	size_t n = 0;

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	for (size_t i = 0; i < p->n_recent; i++)
		if (p->recent[i].len == id.len && memcmp(p->recent[i].data, id.data, id.len) == 0)
			return LD_OK;
	for (size_t i = p->n_recent >= LD_MAX_RECENT ? p->n_recent - LD_MAX_RECENT + 1 : 0;
	     i < p->n_recent; i++)
		recent[n++] = p->recent[i];
	recent[n++] = id;
	p->recent = recent;
	p->n_recent = n;
	return ld_position_put(c, p);
}

static ProtobufCBinaryData moved_by(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		return e->handover_taken->manifest;
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
		return e->temporary_storage_entered->manifest;
	case LIANDAN__EVENT__BODY_RECEIVED:
		return e->received->manifest;
	default:
		return (ProtobufCBinaryData){0, NULL};
	}
}

enum ld_err ld_track_apply_manifest(struct ld_custody *c, const struct ld_fact *f)
{
	Custody__Manifest *m;
	const Liandan__Event *e = f->event;
	const bool receipt = e->body_case == LIANDAN__EVENT__BODY_RECEIVED;
	enum ld_err err = ld_manifest_get(c, moved_by(e), &m);

	if (err != LD_OK || m->created == NULL)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (e->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN) {
		err = ld_departure_apply_done(c, e->handover_taken->plate, m->created->site);
		/* who gave it may still have much to say of the way */
		return err == LD_OK && m->n_carried != 0
			   ? remember_delivered(c, m->carried[m->n_carried - 1]->plate, m->manifest)
			   : err;
	}
	const char *plate = receipt && m->plate[0] == '\0' ? e->received->plate : m->plate;

	/* what it has just unloaded there it did not pick up there */
	err = ld_departure_apply_done(c, plate, receipt ? e->received->site : m->storage_site);
	return err == LD_OK ? remember_delivered(c, plate, m->manifest) : err;
}
