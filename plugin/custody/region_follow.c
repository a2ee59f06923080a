#include <string.h>

#include "plugin/custody/region_internal.h"

#define DEADLINES_PER_TICK 500
#define DEADLINES_AT_ONCE (LD_MAX_OWN_EVENTS / 8)
#define WAITING_AT_ONCE 256

/* Facts that may free held events: the event itself, then those that it freed. */
struct work {
	struct ld_fact fact[LD_MAX_OWN_EVENTS];
	struct ld_judgement judged[LD_MAX_OWN_EVENTS];
	size_t n, at;
};

static enum ld_err append_own(struct ld_region *r, const Liandan__OwnEvent *own, uint64_t *index,
			      int64_t *at)
{
	Liandan__Entry entry = LIANDAN__ENTRY__INIT;
	size_t n = liandan__own_event__get_packed_size(own);
	uint8_t *bytes = ld_arena_alloc(&r->scratch, n);

	if (bytes == NULL)
		return LD_ERR_NOMEM;
	liandan__own_event__pack(own, bytes);
	*at = entry.recorded_at_ms = r->at_ms;
	entry.verdict = LIANDAN__VERDICT__ACCEPTED;
	entry.content_case = LIANDAN__ENTRY__CONTENT_OWN_EVENT;
	entry.own_event = (ProtobufCBinaryData){.len = n, .data = bytes};
	return ld_region_append(r, &entry, index);
}

static void note_anomaly(struct ld_region *r, const Liandan__OwnEvent *own, uint64_t index)
{
	struct ld_out *o;
	const Liandan__AnomalyRaised *now = NULL;

	if (own->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED) {
		now = own->anomaly_raised;
		r->counts.anomalies[now->level < 5 ? now->level : 0]++;
	} else if (own->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED) {
		index = own->anomaly_updated->anomaly;
	} else if (own->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED) {
		index = own->anomaly_cleared->anomaly;
	} else {
		return;
	}
	o = ld_region_out(r, LD_OUT_ANOMALY, NULL, 0);
	if (o == NULL)
		return;
	o->index = index;
	o->what = now != NULL						       ? "raised"
		  : own->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED ? "updated"
									       : "cleared";
}

/* A held event that took effect is published and receipted like any other. */
static void note_held(struct ld_region *r, const struct ld_fact *f, const Custody__Held *held,
		      const Liandan__HeldApplied *h, uint64_t applied_index)
{
	struct ld_out *o;

	if (h->verdict == LIANDAN__VERDICT__ACCEPTED) {
		o = ld_region_out(r, LD_OUT_EVENT, held->envelope.data, held->envelope.len);
		if (o != NULL) {
			ld_id_copy(o->party, f->signer->party);
			ld_id_copy(o->device, f->signer->device);
			memcpy(o->key_id, f->event->submitter.data, LD_KEY_ID_BYTES);
			o->index = f->index;
			o->recorded_at_ms = f->recorded_at_ms;
		}
		ld_region_touch(r, f->event, f->signer->party);
		ld_region_touch_keys(r, f->event);
	}
	o = ld_region_out(r, LD_OUT_RECEIPT, held->envelope.data, held->envelope.len);
	if (o == NULL)
		return;
	ld_id_copy(o->party, f->signer->party);
	ld_id_copy(o->device, f->signer->device);
	memcpy(o->key_id, f->event->submitter.data, LD_KEY_ID_BYTES);
	memcpy(o->event_hash, f->event_hash, LD_HASH_BYTES);
	o->index = f->index;
	o->applied_index = applied_index;
	o->recorded_at_ms = f->recorded_at_ms;
	o->epoch = f->event->epoch;
	o->seq = f->event->seq;
}

/* From the tick, and from the first one. */
static void rejudge_soon(struct ld_region *r)
{
	r->rejudge_held = true;
	r->rejudge_from = 0;
}

static enum ld_err apply_one(struct ld_region *r, const Liandan__OwnEvent *own, struct work *w,
			     struct ld_own_list *more)
{
	struct ld_fact freed = {0};
	Custody__Held *held = NULL;
	uint64_t index;
	int64_t at;
	size_t mark;
	enum ld_err err;

	/* ended by what came before it in the list */
	if (own->body_case == LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED &&
	    ld_deadline_due(&r->custody, own->deadline_missed->subject_kind,
			    own->deadline_missed->subject,
			    own->deadline_missed->clock) != own->deadline_missed->due_ms)
		return LD_OK;
	if (own->body_case == LIANDAN__OWN_EVENT__BODY_HELD_APPLIED) {
		err = ld_held_get(&r->custody, own->held_applied->index, &held);
		if (err == LD_OK)
			err = ld_held_load(&r->custody, own->held_applied->index, &freed);
		if (err != LD_OK)
			return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	}
	mark = r->scratch.used;
	err = append_own(r, own, &index, &at);
	if (err == LD_OK)
		err = ld_apply_own(&r->custody, own, index, at);
	r->scratch.used = mark; /* apply keeps nothing: many may follow one event */
	if (err != LD_OK)
		return err;
	note_anomaly(r, own, index);
	/* by its treatment, by a clock: nothing need have named it */
	if (own->body_case == LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED &&
	    ld_held_on(&r->custody, own->manifest_closed->manifest))
		rejudge_soon(r);
	ld_follow_own(&r->custody, own, index, at, more);
	if (held == NULL)
		return LD_OK;
	note_held(r, &freed, held, own->held_applied, index);
	if (w == NULL || w->n == LD_MAX_OWN_EVENTS) {
		rejudge_soon(r);
		return LD_OK;
	}
	w->fact[w->n] = freed;
	memset(&w->judged[w->n], 0, sizeof w->judged[w->n]);
	w->judged[w->n].verdict = own->held_applied->verdict;
	w->judged[w->n].n_violations = own->held_applied->n_violations;
	for (size_t i = 0; i < own->held_applied->n_violations; i++)
		w->judged[w->n].violations[i] = own->held_applied->violations[i];
	w->n++;
	return LD_OK;
}

/* Own events and what they bring about in turn, breadth first, bounded. */
static enum ld_err run_own(struct ld_region *r, struct ld_own_list *own, struct work *w)
{
	for (size_t i = 0; i < own->n; i++) {
		enum ld_err err = apply_one(r, own->event[i], w, own);

		if (err != LD_OK)
			return err;
	}
	return LD_OK;
}

enum ld_err ld_region_own(struct ld_region *r, struct ld_own_list *own)
{
	return run_own(r, own, NULL);
}

/* What event number `i` brings about. At once, before another held event takes effect: it looks up
 * what the event has left. */
static enum ld_err draw(struct ld_region *r, struct work *w, size_t i)
{
	struct ld_own_list own = {.n = 0};

	ld_follow(&r->custody, &w->fact[i], &w->judged[i], &own);
	return run_own(r, &own, w);
}

/* Judges one held event again; HeldApplied when its cause has come. */
static enum ld_err try_held(struct ld_region *r, uint64_t index, struct work *w)
{
	struct ld_own_list own = {.n = 0};
	struct ld_judgement j;
	struct ld_fact f;
	Liandan__HeldApplied *h;
	size_t mark = r->scratch.used;
	enum ld_err err = ld_held_load(&r->custody, index, &f);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	ld_judge(&r->custody, &f, &j);
	if (j.verdict == LIANDAN__VERDICT__HELD) {
		r->scratch.used = mark; /* whoever parks many large events stops nobody */
		return LD_OK;
	}
	h = ld_own_add(&r->custody, &own, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED);
	if (h == NULL)
		return LD_ERR_NOMEM;
	h->index = index;
	h->verdict = j.verdict;
	h->reason = j.reason;
	h->n_violations = j.n_violations;
	h->violations =
	    ld_arena_dup(&r->scratch, j.violations, j.n_violations * sizeof *j.violations);
	if (h->violations == NULL && j.n_violations != 0)
		return LD_ERR_NOMEM;
	const size_t i = w->n;

	err = run_own(r, &own, w);
	return err == LD_OK && w->n > i ? draw(r, w, i) : err;
}

static enum ld_err wake(struct ld_region *r, const struct ld_fact *f, struct work *w)
{
	uint64_t waiting[WAITING_AT_ONCE];
	size_t n = ld_held_waiting(&r->custody, f, waiting, WAITING_AT_ONCE);

	if (n == WAITING_AT_ONCE) /* there may be more */
		rejudge_soon(r);
	for (size_t i = 0; i < n; i++) {
		enum ld_err err;

		if (waiting[i] == f->index)
			continue;
		/* what one takes effect for here must also have room for what follows from it */
		if (w->n == LD_MAX_OWN_EVENTS || r->scratch.used > LD_SCRATCH_BYTES / 2) {
			rejudge_soon(r);
			break;
		}
		err = try_held(r, waiting[i], w);
		if (err != LD_OK)
			return err;
	}
	return LD_OK;
}

static enum ld_err run_work(struct ld_region *r, struct work *w)
{
	enum ld_err err = LD_OK;

	for (; err == LD_OK && w->at < w->n; w->at++)
		err = wake(r, &w->fact[w->at], w);
	return err;
}

enum ld_err ld_region_follow(struct ld_region *r, const struct ld_fact *f,
			     const struct ld_judgement *j)
{
	struct ld_own_list own;
	struct work *w;

	if ((int)f->event->body_case >= 400) { /* the hot path: no held events wait for a track */
		own.n = 0;
		ld_follow(&r->custody, f, j, &own);
		return run_own(r, &own, NULL);
	}
	w = ld_arena_alloc(&r->scratch, sizeof *w);
	if (w == NULL)
		return LD_ERR_NOMEM;
	w->fact[0] = *f;
	w->judged[0] = *j;
	w->n = 1;
	w->at = 0;
	enum ld_err err = draw(r, w, 0);

	return err == LD_OK ? run_work(r, w) : err;
}

/* CUSTODY, Time: at most 500; a few at once, so that the list holds what each brings about. */
enum ld_err ld_region_clocks(struct ld_region *r, bool *behind)
{
	const uint64_t before = r->applied;
	enum ld_err err = LD_OK;

	*behind = false;
	if (r->at_ms < r->hold_deadlines_until_ms || !ld_deadline_any(&r->custody, r->at_ms))
		return LD_OK;
	for (size_t left = DEADLINES_PER_TICK, asked = 0, n = 0;
	     err == LD_OK && n == asked && left != 0; left -= n) {
		struct ld_own_list own = {.n = 0};

		ld_arena_reset(&r->scratch);
		asked = left < DEADLINES_AT_ONCE ? left : DEADLINES_AT_ONCE;
		ld_deadline_follow_time(&r->custody, r->at_ms, asked, &own);
		n = own.n;
		err = run_own(r, &own, NULL);
	}
	if (err != LD_OK)
		return ld_region_fail(r, err);
	/* one that cannot be entered keeps nobody waiting */
	*behind = r->applied != before && ld_deadline_any(&r->custody, r->at_ms);
	return LD_OK;
}

enum ld_err ld_region_follow_time(struct ld_region *r)
{
	struct ld_own_list own = {.n = 0};
	bool behind;
	enum ld_err err = LD_OK;

	if (r->rejudge_held)
		err = ld_region_rejudge(r);
	if (err == LD_OK)
		err = ld_region_clocks(r, &behind);
	if (err != LD_OK || r->at_ms < r->hold_deadlines_until_ms)
		return err;
	ld_arena_reset(&r->scratch);
	ld_follow_time(&r->custody, r->at_ms, DEADLINES_AT_ONCE, &own);
	err = run_own(r, &own, NULL);
	return err == LD_OK ? LD_OK : ld_region_fail(r, err);
}

/* Every held event once: after a start, and when one event freed more than its commit could carry.
 */
enum ld_err ld_region_rejudge(struct ld_region *r)
{
	uint64_t held[WAITING_AT_ONCE];
	size_t n;
	enum ld_err err = LD_OK;

	n = ld_held_all(&r->custody, r->rejudge_from, held, WAITING_AT_ONCE);
	/* before they are judged: what they bring about may ask for another round */
	r->rejudge_from = n == WAITING_AT_ONCE ? held[n - 1] + 1 : 0;
	r->rejudge_held = n == WAITING_AT_ONCE;
	for (size_t i = 0; err == LD_OK && i < n; i++) {
		struct work *w;

		ld_arena_reset(&r->scratch);
		w = ld_arena_alloc(&r->scratch, sizeof *w);
		if (w == NULL)
			return LD_ERR_NOMEM;
		w->n = w->at = 0;
		err = try_held(r, held[i], w);
		if (err == LD_OK)
			err = run_work(r, w);
		if (err == LD_OK && r->scratch.full)
			err = LD_ERR_NOMEM;
		if (err == LD_ERR_NOMEM) { /* it stays until its clock runs out: the rest goes on */
			ld_region_fail(r, err);
			r->rejudge_from = held[i] + 1;
			return LD_OK;
		}
	}
	return err == LD_OK ? LD_OK : ld_region_fail(r, err);
}
