/* D3, D2: raising departures that no manifest explains, explaining those that one does. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/departure.h"
#include "plugin/custody/gap.h"
#include "plugin/custody/track.h"

#define DUE_AT_ONCE 64
#define MOST_LOADS 64

/* A hand-over explains the visit in which it was signed, however late it arrives; a manifest made
 * up for the same site hours later explains nothing. */
static bool of_that_visit(struct ld_custody *c, Liandan__AnomalyKind kind, const char *plate,
			  const char *scope, const Custody__Manifest *m)
{
	Custody__Anomaly *a;

	if (ld_anomaly_open(c, kind, LIANDAN__REASON__REASON_NONE, plate, scope, &a) != LD_OK ||
	    a->now == NULL || strcmp(a->now->site, m->created->site) != 0)
		return false;
	return m->taken_ms >= a->now->from_ms - c->rules->presence_ms &&
	       m->taken_ms <= a->now->to_ms + c->rules->manifest_wait_ms;
}

static void explain(struct ld_custody *c, const struct ld_fact *f, Liandan__AnomalyKind kind,
		    const char *plate, const char *scope, const Custody__Manifest *m,
		    struct ld_own_list *own)
{
	if (of_that_visit(c, kind, plate, scope, m))
		ld_anomaly_explain(c, own, kind, plate, scope,
				   LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE, f->index);
}

/* D2: that visit had a manifest of its own; told late. Those that it may have been held against are
 * aboard still, or were delivered since. */
static void explain_again(struct ld_custody *c, const struct ld_fact *f, const char *plate,
			  const Custody__Manifest *m, struct ld_own_list *own)
{
	ProtobufCBinaryData ids[MOST_LOADS + LD_MAX_RECENT];
	Custody__Position *pos;
	size_t n = 0;

	(void)ld_load_of(c, plate, ids, MOST_LOADS, &n);
	if (ld_position_get(c, plate, &pos) == LD_OK)
		for (size_t i = 0; i < pos->n_recent && i < LD_MAX_RECENT; i++)
			ids[n++] = pos->recent[i];
	for (size_t i = 0; i < n; i++) {
		const char *hex = ld_c_hex(c, ids[i]);

		if (hex != NULL)
			explain(c, f, LIANDAN__ANOMALY_KIND__RECYCLED_MANIFEST, plate, hex, m, own);
	}
}

void ld_departure_follow_taken(struct ld_custody *c, const struct ld_fact *f,
			       const Liandan__HandoverTaken *t, struct ld_own_list *own)
{
	Custody__Manifest *m;

	if (ld_manifest_get(c, t->manifest, &m) != LD_OK || m->created == NULL)
		return;
	explain(c, f, LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE, t->plate, m->created->site, m,
		own);
	explain_again(c, f, t->plate, m, own);
	/* signed late: silences since the hand-over are in custody only now */
	ld_gap_review(c, t->plate, f->index, own);
	/* and those of who gave it end there */
	if (m->n_carried != 0 && strcmp(m->carried[m->n_carried - 1]->plate, t->plate) != 0)
		ld_gap_review(c, m->carried[m->n_carried - 1]->plate, f->index, own);
}

struct due_walk {
	struct ld_custody *c;
	int64_t now_ms;
	Custody__Departure *due[DUE_AT_ONCE];
	size_t n, max;
};

static int due_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct due_walk *w = ctx;
	Custody__Departure *d;
	uint64_t due = 0;

	for (size_t i = 0; i < 8 && i < key_len; i++)
		due = due << 8 | key[i];
	if ((int64_t)due > w->now_ms || w->n == w->max)
		return 1;
	d = custody__departure__unpack(&w->c->arena->pb, len, value);
	if (d != NULL)
		w->due[w->n++] = d;
	return 0;
}

static bool rose(const Custody__Departure *d)
{
	return d->load_in != LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED &&
	       d->load_out > d->load_in;
}

/* D2, unless it has turned out since that the manifest had been delivered before that visit: then
 * there was none. */
static bool again(struct ld_custody *c, const Custody__Departure *d)
{
	Custody__Manifest *m;

	return d->manifest.len != 0 && ld_manifest_get(c, d->manifest, &m) == LD_OK &&
	       (m->received_ms == 0 || m->received_ms > d->from_ms);
}

/* Above level 2 it takes a second channel: the load sensor (CUSTODY: anomalies are leads). */
static void raise_one(struct ld_custody *c, const Custody__Departure *d, struct ld_own_list *out)
{
	const char *hex = again(c, d) ? ld_c_hex(c, d->manifest) : NULL;
	Liandan__AnomalyRaised *a =
	    hex != NULL
		? ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__RECYCLED_MANIFEST, rose(d) ? 4 : 2,
				 LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE, d->plate, hex)
		: ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE, rose(d) ? 3 : 2,
				 LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE, d->plate, "");

	if (a == NULL || (a->site = ld_c_str(c, d->site)) == NULL)
		return;
	a->from_ms = d->from_ms;
	a->to_ms = d->left_ms;
	ld_anomaly_figure(c, a, "dwell", d->left_ms - d->from_ms, c->rules->pickup_dwell_ms,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_MILLISECOND);
	ld_anomaly_figure(c, a, "manifest_wait", c->rules->manifest_wait_ms,
			  c->rules->manifest_wait_ms,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_MILLISECOND);
	ld_anomaly_figure(c, a, "load_in", (int64_t)d->load_in, 0,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_figure(c, a, "load_out", (int64_t)d->load_out, 0,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_figure(c, a, "offer_open", d->offered ? 1 : 0, 1,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_evidence(c, a, d->index);
	ld_anomaly_report(c, out, a);
}

void ld_departure_follow_time(struct ld_custody *c, int64_t now_ms, size_t max,
			      struct ld_own_list *out)
{
	struct due_walk w = {
	    .c = c, .now_ms = now_ms, .max = max < DUE_AT_ONCE ? max : DUE_AT_ONCE};

	if (ld_state_walk(c->state, LD_T_DEPARTURE, NULL, 0, NULL, 0, due_one, &w, NULL) != LD_OK)
		return;
	for (size_t i = 0; i < w.n; i++)
		raise_one(c, w.due[i], out);
}
