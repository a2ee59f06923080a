/* Building the ledger's own anomaly events: one open anomaly per kind, reason, subject and scope.
 */
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/finding.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/review.h"

#define MAX_FIGURES 16
#define MAX_EVIDENCE 64
#define INTERVAL_STEP_MS LD_MINUTE_MS /* an interval that grew by less is no news (hysteresis) */

enum ld_err ld_anomaly_open(struct ld_custody *c, Liandan__AnomalyKind kind, Liandan__Reason reason,
			    const char *subject, const char *manifest_hex, Custody__Anomaly **out)
{
	const uint8_t *value;
	size_t len;
	struct ld_tkey k;
	uint64_t id = 0;

	ld_anomaly_key(&k, kind, reason, subject, manifest_hex);
	enum ld_err err = ld_state_get(c->state, LD_T_ANOMALY_OPEN, k.b, k.len, &value, &len);

	if (err != LD_OK)
		return err;
	for (size_t i = 0; i < len; i++)
		id = id << 8 | value[i];
	return ld_anomaly_get(c, id, out);
}

Liandan__AnomalyRaised *ld_anomaly_new(struct ld_custody *c, Liandan__AnomalyKind kind,
				       uint32_t level, Liandan__SubjectKind subject_kind,
				       const char *subject, const char *manifest_hex)
{
	Liandan__AnomalyRaised *a = ld_arena_alloc(c->arena, sizeof *a);

	if (a == NULL)
		return NULL;
	liandan__anomaly_raised__init(a);
	a->kind = kind;
	a->level = level;
	a->phase = LIANDAN__ANOMALY_PHASE__CONFIRMED;
	a->subject_kind = subject_kind;
	a->subject = ld_c_str(c, subject);
	a->manifest = ld_c_str(c, manifest_hex);
	a->rules = c->rules->version;
	a->figures = ld_arena_alloc(c->arena, MAX_FIGURES * sizeof(Liandan__Figure *));
	a->evidence = ld_arena_alloc(c->arena, MAX_EVIDENCE * sizeof *a->evidence);
	if (a->subject == NULL || a->manifest == NULL || a->figures == NULL || a->evidence == NULL)
		return NULL;
	return a;
}

void ld_anomaly_figure(struct ld_custody *c, Liandan__AnomalyRaised *a, const char *name,
		       int64_t value, int64_t threshold, Liandan__FigureUnit unit)
{
	Liandan__Figure *x;

	if (a == NULL || a->n_figures == MAX_FIGURES)
		return;
	x = ld_arena_alloc(c->arena, sizeof *x);
	if (x == NULL)
		return;
	liandan__figure__init(x);
	x->name = ld_c_str(c, name);
	x->value = value;
	x->threshold = threshold;
	x->unit = unit;
	if (x->name != NULL)
		a->figures[a->n_figures++] = x;
}

void ld_anomaly_evidence(struct ld_custody *c, Liandan__AnomalyRaised *a, uint64_t index)
{
	(void)c;
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n_evidence; i++)
		if (a->evidence[i] == index)
			return;
	if (a->n_evidence < MAX_EVIDENCE)
		a->evidence[a->n_evidence++] = index;
}

/* Evidence of both, the older first; the last place is kept for the newest. */
static void evidence_join(struct ld_custody *c, Liandan__AnomalyRaised *a,
			  const Liandan__AnomalyRaised *old)
{
	uint64_t *all = ld_arena_alloc(c->arena, MAX_EVIDENCE * sizeof *all);
	const uint64_t *add = a->evidence;
	const size_t n_add = a->n_evidence;

	if (all == NULL)
		return;
	a->evidence = all;
	a->n_evidence = 0;
	for (size_t i = 0; i < old->n_evidence && a->n_evidence + n_add < MAX_EVIDENCE; i++)
		ld_anomaly_evidence(c, a, old->evidence[i]);
	for (size_t i = 0; i < n_add; i++)
		ld_anomaly_evidence(c, a, add[i]);
}

static bool far(int64_t a, int64_t b)
{
	return a - b >= INTERVAL_STEP_MS || b - a >= INTERVAL_STEP_MS;
}

/* `a` against what stands; false: nothing that matters. Levels only rise here, and what was
 * CONFIRMED does not become PROVISIONAL again. */
static bool merge(struct ld_custody *c, Liandan__AnomalyRaised *a,
		  const Liandan__AnomalyRaised *old)
{
	if (a->phase == LIANDAN__ANOMALY_PHASE__PROVISIONAL &&
	    old->phase == LIANDAN__ANOMALY_PHASE__CONFIRMED && a->level <= old->level)
		return false;
	if (a->level < old->level)
		a->level = old->level;
	if (a->phase == old->phase && a->level == old->level && !far(a->from_ms, old->from_ms) &&
	    !far(a->to_ms, old->to_ms))
		return false;
	evidence_join(c, a, old);
	return true;
}

static bool same_key(const Liandan__AnomalyRaised *a, const Liandan__AnomalyRaised *b)
{
	return a->kind == b->kind && a->reason == b->reason &&
	       strcmp(a->subject, b->subject) == 0 &&
	       strcmp(ld_anomaly_scope_of(a), ld_anomaly_scope_of(b)) == 0;
}

Liandan__AnomalyRaised **ld_anomaly_of_own(Liandan__OwnEvent *o)
{
	return o->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED	  ? &o->anomaly_raised
	       : o->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED ? &o->anomaly_updated->now
									  : NULL;
}

/* The same anomaly reported twice in one breath: the list is not applied yet, so it is merged
 * there. */
static bool merge_listed(struct ld_custody *c, struct ld_own_list *own, Liandan__AnomalyRaised *a)
{
	for (size_t i = 0; i < own->n; i++) {
		Liandan__AnomalyRaised **now = ld_anomaly_of_own(own->event[i]);

		if (now == NULL || *now == NULL || !same_key(*now, a))
			continue;
		if (merge(c, a, *now))
			*now = a;
		return true;
	}
	return false;
}

void ld_anomaly_report(struct ld_custody *c, struct ld_own_list *own, Liandan__AnomalyRaised *a)
{
	if (a == NULL)
		return;
	const uint32_t alone = ld_anomaly_row(a->kind, a->reason)->alone;

	if (a->level > alone) /* CUSTODY: above level 2 it takes two channels */
		a->level = alone;
	ld_anomaly_lift(c, own, a);
	ld_anomaly_report_as_is(c, own, a);
}

void ld_anomaly_report_as_is(struct ld_custody *c, struct ld_own_list *own,
			     Liandan__AnomalyRaised *a)
{
	Custody__Anomaly *open;
	enum ld_err err;

	if (a == NULL || merge_listed(c, own, a))
		return;
	err = ld_anomaly_open(c, a->kind, a->reason, a->subject, ld_anomaly_scope_of(a), &open);
	if (err == LD_OK && open->now != NULL) {
		if (!merge(c, a, open->now))
			return;
		Liandan__AnomalyUpdated *u =
		    ld_own_add(c, own, LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED);

		if (u != NULL) {
			u->anomaly = open->anomaly;
			u->now = a;
		}
		return;
	}
	if (ld_review_is_false(c, a))
		return;
	Liandan__AnomalyRaised *body = ld_own_add(c, own, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED);

	if (body != NULL)
		own->event[own->n - 1]->anomaly_raised = a;
}

static void explain_one(struct ld_custody *c, struct ld_own_list *own, const Custody__Anomaly *open,
			Liandan__AnomalyPhase phase, uint64_t evidence)
{
	Liandan__AnomalyCleared *x = ld_own_add(c, own, LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED);

	if (x == NULL)
		return;
	x->anomaly = open->anomaly;
	x->phase = phase;
	x->evidence = ld_arena_alloc(c->arena, sizeof *x->evidence);
	if (x->evidence != NULL) {
		x->evidence[0] = evidence;
		x->n_evidence = 1;
	}
}

void ld_anomaly_explain(struct ld_custody *c, struct ld_own_list *own, Liandan__AnomalyKind kind,
			const char *subject, const char *manifest_hex, Liandan__AnomalyPhase phase,
			uint64_t evidence)
{
	const ProtobufCEnumDescriptor *reasons = &liandan__reason__descriptor;
	Custody__Anomaly *open;

	if (kind != LIANDAN__ANOMALY_KIND__RULE_VIOLATED) {
		if (ld_anomaly_open(c, kind, LIANDAN__REASON__REASON_NONE, subject, manifest_hex,
				    &open) == LD_OK)
			explain_one(c, own, open, phase, evidence);
		return;
	}
	for (unsigned i = 0; i < reasons->n_values; i++)
		if (ld_anomaly_open(c, kind, (Liandan__Reason)reasons->values[i].value, subject,
				    manifest_hex, &open) == LD_OK)
			explain_one(c, own, open, phase, evidence);
}

/* What was taken or accepted although it is not what the manifest says: how grave that is says the
 * profile (Guangdong, article 40: it must not be carried nor accepted). */
static bool mismatch(struct ld_custody *c, const Liandan__Event *e, Liandan__Reason reason)
{
	const Liandan__Event__BodyCase body = e->body_case;

	if (reason == LIANDAN__REASON__CODE_DIFFERS)
		return ld_found_after_acceptance(c, e);
	return (body == LIANDAN__EVENT__BODY_HANDOVER_TAKEN ||
		body == LIANDAN__EVENT__BODY_ACCEPTED ||
		body == LIANDAN__EVENT__BODY_PARTLY_ACCEPTED) &&
	       (reason == LIANDAN__REASON__QUANTITY || reason == LIANDAN__REASON__COUNT_DIFFERS ||
		reason == LIANDAN__REASON__BAD_CONTENT);
}

/* CUSTODY-9, 23: a declaration annotates. What is wrong with one is for attention, never more. */
static bool declared(Liandan__Event__BodyCase body)
{
	return body == LIANDAN__EVENT__BODY_STOP_BEGUN || body == LIANDAN__EVENT__BODY_STOP_ENDED ||
	       body == LIANDAN__EVENT__BODY_PAPER_BACKFILLED;
}

/* The manifest where one is concerned; else the instrument or party that signed. */
static Liandan__AnomalyRaised *violation_new(struct ld_custody *c, const struct ld_fact *f,
					     const struct ld_rules *rules, Liandan__Reason reason)
{
	ProtobufCBinaryData id;
	const Liandan__Event *e = f->event;
	const uint32_t level = mismatch(c, e, reason) ? (uint32_t)rules->carry_mismatch_level
			       : declared(e->body_case)
				   ? 2
				   : ld_anomaly_level(LIANDAN__ANOMALY_KIND__RULE_VIOLATED, reason);

	if (reason == LIANDAN__REASON__SCALE_OUT_OF_DATE &&
	    e->body_case == LIANDAN__EVENT__BODY_WEIGHED)
		return ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__RULE_VIOLATED, level,
				      LIANDAN__SUBJECT_KIND__SUBJECT_KIND_INSTRUMENT,
				      e->weighed->instrument, "");
	if (ld_manifests_of(e, &id, 1) != 0) {
		const char *hex = ld_c_hex(c, id);

		if (hex != NULL && e->body_case == LIANDAN__EVENT__BODY_PAPER_BACKFILLED)
			return ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__RULE_VIOLATED, level,
					      LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY,
					      f->signer->party, hex); /* whose paper it is */
		return hex == NULL
			   ? NULL
			   : ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__RULE_VIOLATED, level,
					    LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, hex, hex);
	}
	return ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__RULE_VIOLATED, level,
			      LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY, f->signer->party, "");
}

/* What the event was judged by. */
static const struct ld_rules *rules_of(struct ld_custody *c, const Liandan__Event *e)
{
	const size_t mark = ld_mark(c);
	const struct ld_rules *rules = c->rules;
	Custody__Manifest *m;
	ProtobufCBinaryData id;

	if (ld_manifests_of(e, &id, 1) != 0 && ld_manifest_get(c, id, &m) == LD_OK)
		rules = ld_rules_of(c, m);
	ld_release(c, mark);
	return rules;
}

void ld_anomaly_of_violations(struct ld_custody *c, const struct ld_fact *f,
			      const struct ld_judgement *j, struct ld_own_list *own)
{
	const struct ld_rules *rules = rules_of(c, f->event);

	for (size_t i = 0; i < j->n_violations; i++) {
		const Liandan__Violation *v = j->violations[i];
		Liandan__AnomalyRaised *a = violation_new(c, f, rules, v->reason);

		if (a == NULL)
			return;
		a->rules = rules->version;
		a->reason = v->reason;
		a->from_ms = a->to_ms = f->event->occurred_at_ms;
		ld_anomaly_figure(c, a, v->subject[0] != '\0' ? v->subject : "value", v->value,
				  v->threshold, ld_anomaly_unit(v->reason));
		ld_anomaly_evidence(c, a, f->index);
		ld_anomaly_report(c, own, a);
	}
}
