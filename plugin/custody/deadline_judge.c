/* From clocks that ran out to entries, and from those entries to anomalies. CUSTODY-22. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/number.h"
#include "proto/base64.h"

struct due_walk {
	struct ld_custody *c;
	struct ld_own_list *out;
	int64_t now_ms;
	size_t max, n;
};

static int due_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct due_walk *w = ctx;
	Custody__Deadline *d;
	Liandan__DeadlineMissed *missed;

	(void)key;
	(void)key_len;
	if (w->n == w->max)
		return 1;
	d = custody__deadline__unpack(&w->c->arena->pb, len, value);
	if (d == NULL || d->due_ms > w->now_ms)
		return 1;
	missed = ld_own_add(w->c, w->out, LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED);
	if (missed == NULL)
		return 1;
	missed->subject_kind = d->subject_kind;
	missed->subject = d->subject;
	missed->clock = d->clock;
	missed->due_ms = d->due_ms;
	missed->rules = d->rules;
	if (d->workdays != 0)
		missed->calendar = (uint32_t)ld_calendar_index(w->c, d->due_ms);
	w->n++;
	return 0;
}

void ld_deadline_follow_time(struct ld_custody *c, int64_t now_ms, size_t max,
			     struct ld_own_list *out)
{
	struct due_walk w = {.c = c, .out = out, .now_ms = now_ms, .max = max};

	ld_state_walk(c->state, LD_T_DEADLINE, NULL, 0, NULL, 0, due_one, &w, NULL);
}

static const char *name_of(Liandan__DeadlineClock clock)
{
	const ProtobufCEnumValue *v =
	    protobuf_c_enum_descriptor_get_value(&liandan__deadline_clock__descriptor, (int)clock);
	static const char prefix[] = "DEADLINE_CLOCK_";

	if (v == NULL)
		return "deadline";
	return strncmp(v->name, prefix, sizeof prefix - 1) == 0 ? v->name + sizeof prefix - 1
								: v->name;
}

/* CUSTODY-3: it is the generator that says nothing; an anomaly of its own beside the manifest's
 * other clocks. */
static Liandan__AnomalyRaised *of_the_silent(struct ld_custody *c, const Liandan__DeadlineMissed *d)
{
	Liandan__AnomalyKind kind;
	const uint32_t level = ld_anomaly_of_clock(d->clock, &kind);
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData manifest = {.len = sizeof id, .data = id};
	Custody__Manifest *m;

	if (ld_hex_decode(d->subject, strlen(d->subject), id, sizeof id) != LD_OK ||
	    ld_manifest_get(c, manifest, &m) != LD_OK)
		return NULL;
	return ld_anomaly_new(c, kind, level, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY,
			      m->created->generator, d->subject);
}

void ld_deadline_explain(struct ld_custody *c, const char *manifest_hex,
			 Liandan__DeadlineClock clock, uint64_t evidence, struct ld_own_list *own)
{
	const char *name = name_of(clock);
	Custody__Anomaly *open;

	if (ld_anomaly_open(c, LIANDAN__ANOMALY_KIND__DEADLINE, LIANDAN__REASON__REASON_NONE,
			    manifest_hex, manifest_hex, &open) != LD_OK ||
	    open->now == NULL)
		return;
	for (size_t i = 0; i < open->now->n_figures; i++)
		if (strcmp(open->now->figures[i]->name, name) == 0)
			ld_anomaly_explain(c, own, LIANDAN__ANOMALY_KIND__DEADLINE, manifest_hex,
					   manifest_hex, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE,
					   evidence);
}

void ld_deadline_follow_own(struct ld_custody *c, const Liandan__DeadlineMissed *d, uint64_t index,
			    int64_t now_ms, struct ld_own_list *out)
{
	bool manifest = d->subject_kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
	Liandan__AnomalyRaised *a;
	Liandan__AnomalyKind kind;
	const uint32_t level = ld_anomaly_of_clock(d->clock, &kind);

	if (d->clock == LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_HOLD)
		return; /* CUSTODY-21: it was meant to end */
	if (d->clock == LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_SERIAL) {
		ld_number_follow_missed(c, d, index, out);
		return;
	}
	if (d->clock == LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_CONFIRMATION)
		a = of_the_silent(c, d);
	else
		a = ld_anomaly_new(c, kind, level, d->subject_kind, d->subject,
				   manifest ? d->subject : "");
	if (a == NULL)
		return;
	a->rules = d->rules;
	a->phase = LIANDAN__ANOMALY_PHASE__CONFIRMED;
	a->from_ms = d->due_ms;
	ld_anomaly_figure(c, a, name_of(d->clock), now_ms, d->due_ms,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_MILLISECOND);
	ld_anomaly_evidence(c, a, index);
	ld_anomaly_report(c, out, a);
}
