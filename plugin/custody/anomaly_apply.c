/* Anomalies as records: raised, updated, closed. The open one of a (kind, reason, subject, scope)
 * is found through ANOMALY_OPEN. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/departure.h"
#include "plugin/custody/finding.h"
#include "plugin/custody/rating.h"
#include "plugin/custody/tables.h"
#include "plugin/custody/track.h"

#define EXPLAINED_LEVEL 1 /* CUSTODY: late data explains; kept at level 1 */

const char *ld_anomaly_scope_of(const Liandan__AnomalyRaised *a)
{
	return a->manifest[0] != '\0' ? a->manifest : a->code[0] != '\0' ? a->code : a->site;
}

void ld_anomaly_key(struct ld_tkey *k, Liandan__AnomalyKind kind, Liandan__Reason reason,
		    const char *subject, const char *scope)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, (uint8_t)kind);
	ld_tkey_u8(k, (uint8_t)reason);
	ld_tkey_str(k, subject);
	ld_tkey_bytes(k, scope, strnlen(scope, LD_MAX_ID_BYTES));
}

static void key_of(struct ld_tkey *k, const Liandan__AnomalyRaised *a)
{
	ld_anomaly_key(k, a->kind, a->reason, a->subject, ld_anomaly_scope_of(a));
}

/* An open silence that stands: each later fix looks at it again, until it is settled or the time
 * that it reaches to is behind (Position.provisional). */
static enum ld_err vehicle_mark(struct ld_custody *c, const Liandan__AnomalyRaised *a, bool open)
{
	Custody__Position *p;
	enum ld_err err;

	if (a->kind != LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP)
		return LD_OK;
	err = ld_position_get(c, a->subject, &p);
	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	const int64_t newest = p->last != NULL ? p->last->t_ms : 0;
	const uint32_t mark =
	    open && (a->phase == LIANDAN__ANOMALY_PHASE__PROVISIONAL || a->to_ms > newest);

	const int64_t until = mark == 0	      ? 0
			      : a->to_ms != 0 ? a->to_ms
					      : a->from_ms + LD_KEPT_MS; /* no end yet */

	if (p->provisional == mark && p->provisional_to_ms == until)
		return LD_OK;
	p->provisional = mark;
	p->provisional_to_ms = until;
	return ld_position_put(c, p);
}

static enum ld_err gap_mark(struct ld_custody *c, const Liandan__AnomalyRaised *a, uint64_t id,
			    bool explained)
{
	Custody__Gap *g;
	enum ld_err err;

	if (a->kind != LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP)
		return LD_OK;
	err = ld_gap_get(c, a->subject, a->from_ms, &g);
	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (g->anomaly == id && g->explained == explained)
		return LD_OK;
	g->anomaly = id;
	g->explained = explained;
	return ld_gap_put(c, g);
}

void ld_anomaly_false_key(struct ld_tkey *k, const Liandan__AnomalyRaised *a)
{
	struct ld_tkey open;

	key_of(&open, a);
	ld_tkey_init(k);
	ld_tkey_u8(k, 'f');
	ld_tkey_bytes(k, open.b, open.len);
}

void ld_anomaly_on_key(struct ld_tkey *k, enum ld_anomaly_scope scope, const char *id)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, (uint8_t)scope);
	ld_tkey_str(k, id);
}

static enum ld_err stand(struct ld_custody *c, enum ld_anomaly_scope scope, const char *on,
			 uint64_t id, bool open)
{
	struct ld_tkey k;

	if (on == NULL || on[0] == '\0')
		return LD_OK;
	ld_anomaly_on_key(&k, scope, on);
	ld_tkey_u64(&k, ~id);
	if (open)
		return ld_state_put(c->state, LD_T_ANOMALY_ON, k.b, k.len, "", 0);
	enum ld_err err = ld_state_del(c->state, LD_T_ANOMALY_ON, k.b, k.len);

	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

/* Found by what they are about, those that can lift or be lifted. */
static enum ld_err stand_on(struct ld_custody *c, const Custody__Anomaly *rec, bool open)
{
	if (ld_anomaly_row(rec->now->kind, rec->now->reason)->speaks == 0)
		return LD_OK;
	enum ld_err err = stand(c, LD_ON_MANIFEST, rec->now->manifest, rec->anomaly, open);

	return err == LD_OK ? stand(c, LD_ON_VEHICLE, rec->plate, rec->anomaly, open) : err;
}

/* The departure that it was raised for is not watched any more. */
static bool of_departure(const Liandan__AnomalyRaised *a)
{
	return a->kind == LIANDAN__ANOMALY_KIND__UNMANIFESTED_DEPARTURE ||
	       a->kind == LIANDAN__ANOMALY_KIND__RECYCLED_MANIFEST;
}

static enum ld_err raised(struct ld_custody *c, Liandan__AnomalyRaised *a, uint64_t index,
			  int64_t at_ms)
{
	Custody__Anomaly rec = CUSTODY__ANOMALY__INIT;
	struct ld_tkey k;
	struct ld_tkey id;
	enum ld_err err;

	rec.anomaly = index;
	rec.now = a;
	rec.open = true;
	rec.raised_at_ms = rec.updated_at_ms = at_ms;
	err = ld_anomaly_concerns(c, &rec);
	if (err == LD_OK)
		err = ld_anomaly_put(c, &rec);
	if (err == LD_OK)
		err = stand_on(c, &rec, true);
	if (err == LD_OK)
		err = ld_rating_note(c, &rec);
	if (err != LD_OK)
		return err;
	key_of(&k, a);
	ld_tkey_init(&id);
	ld_tkey_u64(&id, index);
	err = ld_state_put(c->state, LD_T_ANOMALY_OPEN, k.b, k.len, id.b, id.len);
	if (err == LD_OK)
		err = vehicle_mark(c, a, true);
	if (err == LD_OK)
		err = gap_mark(c, a, index, false);
	if (err == LD_OK && of_departure(a))
		err = ld_departure_apply_done(c, a->subject, a->site);
	return err;
}

static enum ld_err updated(struct ld_custody *c, const Liandan__AnomalyUpdated *u, int64_t at_ms)
{
	Custody__Anomaly *rec;
	enum ld_err err = ld_anomaly_get(c, u->anomaly, &rec);

	if (err != LD_OK || u->now == NULL)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	rec->now = u->now;
	rec->updated_at_ms = at_ms;
	err = ld_anomaly_put(c, rec);
	if (err == LD_OK)
		err = ld_rating_note(c, rec);
	if (err == LD_OK)
		err = vehicle_mark(c, u->now, true);
	if (err == LD_OK)
		err = gap_mark(c, u->now, u->anomaly, false);
	if (err == LD_OK && of_departure(u->now))
		err = ld_departure_apply_done(c, u->now->subject, u->now->site);
	return err;
}

static enum ld_err close_open(struct ld_custody *c, const Liandan__AnomalyRaised *a, uint64_t id)
{
	const uint8_t *value;
	size_t len;
	struct ld_tkey k;
	struct ld_tkey own;

	key_of(&k, a);
	enum ld_err err = ld_state_get(c->state, LD_T_ANOMALY_OPEN, k.b, k.len, &value, &len);

	ld_tkey_init(&own);
	ld_tkey_u64(&own, id);
	if (err == LD_OK && len == own.len && memcmp(value, own.b, len) == 0)
		err = ld_state_del(c->state, LD_T_ANOMALY_OPEN, k.b, k.len);
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

enum ld_err ld_anomaly_shut(struct ld_custody *c, Custody__Anomaly *rec)
{
	enum ld_err err = close_open(c, rec->now, rec->anomaly);

	rec->open = false;
	if (err == LD_OK)
		err = stand_on(c, rec, false);
	if (err == LD_OK)
		err = vehicle_mark(c, rec->now, false);
	return err == LD_OK ? gap_mark(c, rec->now, 0, true) : err;
}

enum ld_err ld_anomaly_reopen(struct ld_custody *c, Custody__Anomaly *rec)
{
	const uint8_t *value;
	struct ld_tkey k, id;
	size_t len;

	key_of(&k, rec->now);
	enum ld_err err = ld_state_get(c->state, LD_T_ANOMALY_OPEN, k.b, k.len, &value, &len);

	if (err != LD_ERR_NOT_FOUND)
		return err; /* another one stands in its place */
	ld_tkey_init(&id);
	ld_tkey_u64(&id, rec->anomaly);
	rec->open = true;
	err = ld_state_put(c->state, LD_T_ANOMALY_OPEN, k.b, k.len, id.b, id.len);
	if (err == LD_OK)
		err = stand_on(c, rec, true);
	if (err == LD_OK)
		err = vehicle_mark(c, rec->now, true);
	return err == LD_OK ? gap_mark(c, rec->now, rec->anomaly, false) : err;
}

/* Evidence is appended; figures, where given, replace. */
static enum ld_err cleared(struct ld_custody *c, const Liandan__AnomalyCleared *x, int64_t at_ms)
{
	Custody__Anomaly *rec;
	enum ld_err err = ld_anomaly_get(c, x->anomaly, &rec);

	if (err != LD_OK || rec->now == NULL)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	Liandan__AnomalyRaised *a = rec->now;
	uint64_t *evidence =
	    ld_arena_alloc(c->arena, (a->n_evidence + x->n_evidence + 1) * sizeof *evidence);

	if (evidence == NULL)
		return LD_ERR_NOMEM;
	if (a->n_evidence != 0)
		memcpy(evidence, a->evidence, a->n_evidence * sizeof *evidence);
	if (x->n_evidence != 0)
		memcpy(evidence + a->n_evidence, x->evidence, x->n_evidence * sizeof *evidence);
	a->evidence = evidence;
	a->n_evidence += x->n_evidence;
	if (x->n_figures != 0) {
		a->figures = x->figures;
		a->n_figures = x->n_figures;
	}
	a->phase = x->phase;
	if (x->phase == LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE)
		a->level = EXPLAINED_LEVEL;
	rec->updated_at_ms = at_ms;
	err = ld_anomaly_shut(c, rec);
	if (err == LD_OK)
		err = ld_anomaly_put(c, rec);
	return err == LD_OK ? ld_rating_note(c, rec) : err;
}

enum ld_err ld_anomaly_apply(struct ld_custody *c, const Liandan__OwnEvent *own, uint64_t index,
			     int64_t at_ms)
{
	enum ld_err err;

	switch ((int)own->body_case) {
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED:
		err = raised(c, own->anomaly_raised, index, at_ms);
		return err == LD_OK ? ld_discrepancy_seen(c, own->anomaly_raised, index, at_ms)
				    : err;
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED:
		return updated(c, own->anomaly_updated, at_ms);
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED:
		return cleared(c, own->anomaly_cleared, at_ms);
	default:
		return LD_OK;
	}
}
