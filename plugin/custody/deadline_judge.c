/* From clocks that ran out to entries, and from those entries to anomalies. CUSTODY-22. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/number.h"
#include "plugin/custody/pipeline.h"
#include "proto/base64.h"

#define BATCHES 64

struct due_walk {
	struct ld_custody *c;
	struct ld_own_list *out;
	int64_t upto_ms; /* those due by then */
	size_t max, n;
	bool full;
	int64_t next_ms; /* the first that is due later */
	/* of clocks in working days that are due at one time */
	int64_t due_ms;
	uint64_t calendar;
};

static bool miss(struct due_walk *w, const Custody__Deadline *d, int64_t due_ms, uint64_t calendar)
{
	Liandan__DeadlineMissed *missed =
	    w->n < w->max ? ld_own_add(w->c, w->out, LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED)
			  : NULL;

	if (missed == NULL) {
		w->full = true;
		return false;
	}
	missed->subject_kind = d->subject_kind;
	missed->subject = d->subject;
	missed->clock = d->clock;
	missed->due_ms = due_ms;
	missed->rules = d->rules;
	missed->calendar = (uint32_t)calendar;
	w->n++;
	return true;
}

static int due_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct due_walk *w = ctx;
	Custody__Deadline *d = custody__deadline__unpack(&w->c->arena->pb, len, value);

	(void)key, (void)key_len;
	if (d == NULL) {
		w->full = true;
		return 1;
	}
	if (d->due_ms > w->upto_ms) {
		w->next_ms = d->due_ms;
		return 1;
	}
	return miss(w, d, d->due_ms, 0) ? 0 : 1;
}

static int workday_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		       size_t len)
{
	struct due_walk *w = ctx;
	Custody__Deadline *d = custody__deadline__unpack(&w->c->arena->pb, len, value);

	(void)key, (void)key_len;
	if (d == NULL) {
		w->full = true;
		return 1;
	}
	return miss(w, d, w->due_ms, w->calendar) ? 0 : 1;
}

/* Clocks in working days whose keys begin alike are due at one time. */
struct batch {
	uint8_t key[LD_WORKDAYS_KEY];
	int64_t due_ms;
	uint64_t calendar;
	bool found;
};

static int first_key(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct batch *b = ctx;

	(void)value, (void)len;
	b->found = key_len > LD_WORKDAYS_KEY;
	if (b->found)
		memcpy(b->key, key, LD_WORKDAYS_KEY);
	return 1;
}

/* false: it was the last there can be. */
static bool key_after(uint8_t key[LD_WORKDAYS_KEY])
{
	for (size_t i = LD_WORKDAYS_KEY; i-- > 0;)
		if (++key[i] != 0)
			return true;
	return false;
}

static bool before(const struct batch *a, const struct batch *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms
				      : memcmp(a->key, b->key, LD_WORKDAYS_KEY) < 0;
}

/* Those that are due, the earliest of them, in due order; and the first that is due later. */
struct batches {
	struct batch of[BATCHES];
	size_t n;
	bool more;
	int64_t next_ms;
};

static void put_batch(struct batches *all, const struct batch *b)
{
	size_t at = all->n;

	while (at > 0 && before(b, &all->of[at - 1]))
		at--;
	if (all->n == BATCHES)
		all->more = true;
	if (at == BATCHES)
		return;
	if (all->n < BATCHES)
		all->n++;
	memmove(&all->of[at + 1], &all->of[at], (all->n - at - 1) * sizeof all->of[0]);
	all->of[at] = *b;
}

static void due_batches(struct ld_custody *c, int64_t now_ms, struct batches *all)
{
	struct batch at = {.due_ms = 0};

	all->n = 0;
	all->more = false;
	all->next_ms = INT64_MAX;
	do {
		uint8_t from[LD_WORKDAYS_KEY];
		uint32_t day = 0;

		memcpy(from, at.key, sizeof from);
		at.found = false;
		ld_state_walk(c->state, LD_T_WORKDAYS, NULL, 0, from, sizeof from, first_key, &at,
			      NULL);
		if (!at.found)
			return;
		for (size_t i = 1; i < LD_WORKDAYS_KEY; i++)
			day = day << 8 | at.key[i];
		at.due_ms = ld_workdays_due(c, day, at.key[0], &at.calendar);
		if (at.due_ms <= now_ms)
			put_batch(all, &at);
		else if (at.due_ms < all->next_ms)
			all->next_ms = at.due_ms;
	} while (key_after(at.key));
}

bool ld_deadline_any(const struct ld_custody *c, int64_t now_ms)
{
	return c->next_due_ms <= now_ms;
}

static void walk_due(struct due_walk *w, int64_t from_ms, int64_t upto_ms)
{
	struct ld_tkey from;

	if (w->full)
		return;
	ld_tkey_init(&from);
	ld_tkey_u64(&from, (uint64_t)from_ms);
	w->upto_ms = upto_ms;
	w->next_ms = INT64_MAX;
	ld_state_walk(w->c->state, LD_T_DEADLINE, NULL, 0, from.b, from.len, due_one, w, NULL);
}

static void walk_batch(struct due_walk *w, const struct batch *b)
{
	if (w->full)
		return;
	w->due_ms = b->due_ms;
	w->calendar = b->calendar;
	ld_state_walk(w->c->state, LD_T_WORKDAYS, b->key, sizeof b->key, NULL, 0, workday_one, w,
		      NULL);
}

/* In due order, from both tables. */
void ld_deadline_follow_time(struct ld_custody *c, int64_t now_ms, size_t max,
			     struct ld_own_list *out)
{
	struct due_walk w = {.c = c, .out = out, .max = max};
	struct batches *all;
	int64_t from_ms = 0;

	if (!ld_deadline_any(c, now_ms))
		return;
	all = ld_arena_alloc(c->arena, sizeof *all);
	if (all == NULL)
		return;
	due_batches(c, now_ms, all);
	for (size_t i = 0; i < all->n; i++) {
		walk_due(&w, from_ms, all->of[i].due_ms);
		walk_batch(&w, &all->of[i]);
		from_ms = all->of[i].due_ms + 1;
	}
	walk_due(&w, from_ms, now_ms);
	if (!w.full && !all->more)
		c->next_due_ms = all->next_ms < w.next_ms ? all->next_ms : w.next_ms;
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
	if (d->clock == LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_PIPELINE) {
		ld_pipeline_end_follow(c, d, index, out); /* CUSTODY-25: so too */
		return;
	}
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
