#include "plugin/custody/judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/departure.h"
#include "plugin/custody/store.h"
#include "plugin/custody/table.h"
#include "plugin/custody/track.h"
#include "plugin/custody/weigh.h"

/* Text that was cut to fit may end inside a character: the gate wants whole ones. */
static void whole_characters(char *text)
{
	size_t n = strlen(text), k = n;

	while (k > 0 && n - k < 3 && ((unsigned char)text[k - 1] & 0xc0) == 0x80)
		k--;
	if (k == 0 || (unsigned char)text[k - 1] < 0xc0)
		return;
	unsigned char lead = (unsigned char)text[k - 1];
	size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	if (n - (k - 1) < want)
		text[k - 1] = '\0';
}

bool ld_refuse(struct ld_judgement *j, Liandan__Reason reason, const char *fmt, ...)
{
	va_list ap;

	if (j->verdict != LIANDAN__VERDICT__ACCEPTED)
		return false;
	j->verdict = LIANDAN__VERDICT__REFUSED;
	j->reason = reason;
	va_start(ap, fmt);
	vsnprintf(j->detail, sizeof j->detail, fmt, ap);
	va_end(ap);
	whole_characters(j->detail);
	return false;
}

bool ld_hold(struct ld_judgement *j, Liandan__Reason waits_for, const char *fmt, ...)
{
	va_list ap;

	if (j->verdict != LIANDAN__VERDICT__ACCEPTED)
		return false;
	j->verdict = LIANDAN__VERDICT__HELD;
	j->reason = waits_for;
	va_start(ap, fmt);
	vsnprintf(j->detail, sizeof j->detail, fmt, ap);
	va_end(ap);
	whole_characters(j->detail);
	return false;
}

bool ld_violate(struct ld_custody *c, struct ld_judgement *j, Liandan__Reason reason,
		const char *subject, int64_t value, int64_t threshold)
{
	char text[LD_MAX_ID_BYTES +
		  1]; /* longer subjects are no ids: what fits is enough to find it */
	Liandan__Violation *v;

	if (j->n_violations == LD_MAX_VIOLATIONS)
		return true;
	v = ld_arena_alloc(c->arena, sizeof *v);
	if (v == NULL)
		return true;
	liandan__violation__init(v);
	v->reason = reason;
	snprintf(text, sizeof text, "%s", subject);
	whole_characters(text);
	v->subject = ld_c_str(c, text);
	v->value = value;
	v->threshold = threshold;
	if (v->subject == NULL)
		return true;
	j->violations[j->n_violations++] = v;
	return true;
}

void *ld_own_add(struct ld_custody *c, struct ld_own_list *list, Liandan__OwnEvent__BodyCase which)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
	    &liandan__own_event__descriptor, (unsigned)which);
	const ProtobufCMessageDescriptor *type;
	Liandan__OwnEvent *own;
	ProtobufCMessage *body;

	if (field == NULL || list->n == LD_MAX_OWN_EVENTS)
		return NULL;
	type = field->descriptor;
	own = ld_arena_alloc(c->arena, sizeof *own);
	body = ld_arena_alloc(c->arena, type->sizeof_message);
	if (own == NULL || body == NULL)
		return NULL;
	liandan__own_event__init(own);
	type->message_init(body);
	own->body_case = which;
	/* every member of the union is a message pointer */
	memcpy((char *)own + field->offset, &body, sizeof body);
	list->event[list->n++] = own;
	return body;
}

bool ld_is_intention(Liandan__Event__BodyCase body)
{
	const struct ld_row *row = ld_row_of(body);

	if ((int)body < 200)
		return (int)body >= 100; /* the registry's acts */
	return row != NULL && row->intention;
}

/* PROTOCOL, Causality is `after`: nothing takes effect before the events it names have. */
static bool judge_causes(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j)
{
	for (size_t i = 0; i < f->event->n_after; i++) {
		Custody__Effect *cause;

		if (ld_effect_get(c, f->event->after[i].data, &cause) != LD_OK)
			return ld_hold(j, LIANDAN__REASON__WAITS_FOR_CAUSE,
				       "cause %zu in `after` is not in the ledger yet", i + 1);
		if (cause->verdict == LIANDAN__VERDICT__HELD)
			return ld_hold(j, LIANDAN__REASON__WAITS_FOR_CAUSE,
				       "its cause, entry %" PRIu64 ", is held itself",
				       cause->index);
		if (cause->verdict == LIANDAN__VERDICT__REFUSED)
			return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER,
					 "its cause, entry %" PRIu64 ", was refused", cause->index);
	}
	return true;
}

static bool judge_body(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j)
{
	const int body = (int)f->event->body_case;
	const struct ld_row *row = ld_row_of(f->event->body_case);

	if (row != NULL)
		return ld_table_judge(c, f, row, j);
	if (body < 200)
		return ld_registry_judge(c, f, j);
	if (body >= 400)
		return ld_track_judge(c, f, j);
	return ld_refuse(j, LIANDAN__REASON__LIMIT, "this body is not taken yet");
}

struct held_count {
	const char *party;
	size_t all, own;
};

static int count_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct held_count *n = ctx;

	(void)key, (void)key_len;
	n->all++;
	n->own += len == strlen(n->party) && memcmp(value, n->party, len) == 0;
	return 0;
}

/* PROTOCOL, HELD: at most 64 a manifest, 1,024 a signer. Of the 64 a party has its share, so that
 * nobody's parked events keep another's facts out. */
static void bound_held(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j)
{
	ProtobufCBinaryData ids[LD_MAX_HELD_PER_MANIFEST];
	size_t n = ld_manifests_of(f->event, ids, LD_MAX_HELD_PER_MANIFEST);
	Custody__Chain *chain;

	if (ld_chain_get(c, f->event->submitter.data, &chain) == LD_OK &&
	    chain->held >= LD_MAX_HELD_PER_SIGNER) {
		j->verdict = LIANDAN__VERDICT__ACCEPTED;
		ld_refuse(j, LIANDAN__REASON__LIMIT, "%d events of this signer are held already",
			  LD_MAX_HELD_PER_SIGNER);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct held_count held = {.party = f->signer->party};

		ld_state_walk(c->state, LD_T_HELD_BY, ids[i].data, ids[i].len, NULL, 0, count_one,
			      &held, NULL);
		if (held.all < LD_MAX_HELD_PER_MANIFEST && held.own < LD_MAX_HELD_PER_PARTY)
			continue;
		j->verdict = LIANDAN__VERDICT__ACCEPTED;
		ld_refuse(j, LIANDAN__REASON__LIMIT,
			  "%zu events of this manifest are held already, %zu of this party",
			  held.all, held.own);
		return;
	}
}

/* Without its rules nothing is decided: the region drops the batch. */
static void go_by_rules_of(struct ld_custody *c, int64_t ms)
{
	if (ld_rules_at(c, ms) != LD_OK)
		c->arena->full = true;
}

void ld_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j)
{
	bool telemetry = (int)f->event->body_case >= 400;

	go_by_rules_of(c, f->recorded_at_ms);
	memset(j, 0, sizeof *j);
	j->verdict = LIANDAN__VERDICT__ACCEPTED;
	/* CUSTODY, Time: tracks are never refused for time, custody events only when a day ahead */
	if (!telemetry && f->event->occurred_at_ms > f->recorded_at_ms + c->rules->clock_ahead_ms) {
		ld_refuse(j, LIANDAN__REASON__CLOCK_AHEAD,
			  "occurred_at_ms is %" PRId64 " ms ahead of the ledger's clock",
			  f->event->occurred_at_ms - f->recorded_at_ms);
		return;
	}
	if (telemetry || judge_causes(c, f, j))
		judge_body(c, f, j);
	/* one that is held already is not judged by the room that it takes itself */
	if (j->verdict == LIANDAN__VERDICT__HELD && f->index == 0)
		bound_held(c, f, j);
	if (j->verdict != LIANDAN__VERDICT__ACCEPTED)
		j->n_violations = 0;
}

void ld_follow(struct ld_custody *c, const struct ld_fact *f, const struct ld_judgement *j,
	       struct ld_own_list *own)
{
	int body = (int)f->event->body_case;

	if (j->verdict != LIANDAN__VERDICT__ACCEPTED)
		return;
	go_by_rules_of(c, f->recorded_at_ms);
	if (j->n_violations != 0)
		ld_anomaly_of_violations(c, f, j, own);
	if (body >= 400)
		ld_track_follow(c, f, j, own);
	else if (body >= 300)
		ld_manifest_follow(c, f, j, own);
	else if (body >= 200)
		ld_stock_follow(c, f, j, own);
	if (body == LIANDAN__EVENT__BODY_HANDOVER_TAKEN)
		ld_departure_follow_taken(c, f, f->event->handover_taken, own);
	else if (body == LIANDAN__EVENT__BODY_RECEIVED)
		ld_track_follow_received(c, f, f->event->received, own);
}

void ld_follow_own(struct ld_custody *c, const Liandan__OwnEvent *own, uint64_t index,
		   int64_t now_ms, struct ld_own_list *out)
{
	go_by_rules_of(c, now_ms);
	if (own->body_case == LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED) {
		const Liandan__DeadlineMissed *d = own->deadline_missed;

		if (d->clock == LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_HELD) {
			Liandan__HeldExpired *e =
			    ld_own_add(c, out, LIANDAN__OWN_EVENT__BODY_HELD_EXPIRED);

			if (e != NULL) {
				e->index = strtoull(d->subject, NULL, 10);
				e->verdict = LIANDAN__VERDICT__REFUSED;
			}
		}
		ld_deadline_follow_own(c, d, index, now_ms, out);
	} else if (own->body_case == LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED) {
		ld_shortfall_follow_closed(c, own->manifest_closed, index, out);
	} else if (own->body_case == LIANDAN__OWN_EVENT__BODY_FORK_OBSERVED) {
		const Liandan__ForkObserved *fork = own->fork_observed;
		const char *subject = ld_c_hex(c, fork->key_id);
		Liandan__AnomalyRaised *a;

		if (subject == NULL)
			return;
		a = ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__SEQUENCE_FORKED, 4,
				   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_KEY, subject, "");
		if (a == NULL)
			return;
		a->phase = LIANDAN__ANOMALY_PHASE__CONFIRMED;
		a->from_ms = a->to_ms = now_ms;
		ld_anomaly_evidence(c, a, fork->first);
		ld_anomaly_evidence(c, a, index);
		ld_anomaly_report(c, out, a);
	}
}

void ld_follow_time(struct ld_custody *c, int64_t now_ms, size_t max, struct ld_own_list *out)
{
	go_by_rules_of(c, now_ms);
	ld_close_follow_time(c, max, out);
	ld_track_follow_time(c, now_ms, max, out);
}
