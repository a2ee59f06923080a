/* Deciding: verdict of an event against the state as it stands (before it), and what follows from
 * it once it has taken effect (after it). Live only; replay never comes here. Writes nothing.
 * Source of the rules: CUSTODY rows, quoted as CUSTODY-n at the enforcing line. */
#ifndef LD_CUSTODY_JUDGE_H
#define LD_CUSTODY_JUDGE_H

#include "plugin/custody/apply.h"
#include "plugin/custody/custody.h"
#include "plugin/custody/tables.h"

#define LD_DETAIL_CAP 160

struct ld_check; /* of the table: table.h */

struct ld_judgement {
	Liandan__Verdict verdict; /* starts as ACCEPTED */
	Liandan__Reason reason;
	char detail[LD_DETAIL_CAP]; /* one line for people */
	Liandan__Violation *violations[LD_MAX_VIOLATIONS];
	size_t n_violations;
	/* which check of the table it was; NULL: none */
	const struct ld_check *refused_by, *violated_by[LD_MAX_VIOLATIONS];
	void *prepared; /* judge's measurements for follow, in the arena */
};

/* Each returns `false` so that a check reads: return ld_refuse(j, REASON, "…"); the first call
 * wins. */
bool ld_refuse(struct ld_judgement *j, Liandan__Reason reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* HELD: waits for a cause or for the manifest's state. */
bool ld_hold(struct ld_judgement *j, Liandan__Reason waits_for, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A fact that failed a check: recorded and flagged. Always returns true. */
bool ld_violate(struct ld_custody *c, struct ld_judgement *j, Liandan__Reason reason,
		const char *subject, int64_t value, int64_t threshold);

/* The ledger's own events that an event brings about, in order; arena memory. */
struct ld_own_list {
	Liandan__OwnEvent *event[LD_MAX_OWN_EVENTS];
	size_t n;
};
/* A new own event of the given oneof case with an empty body message, appended to the list; returns
 * the body to be filled (NULL when list or arena is full). */
void *ld_own_add(struct ld_custody *c, struct ld_own_list *list, Liandan__OwnEvent__BodyCase which);

/* Verdict of f->event. Clock, causes (`after`), then the body's row in the table, or
 * its group's judge. */
void ld_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j);
/* After apply: what follows. f->index is set; j is what ld_judge left. */
void ld_follow(struct ld_custody *c, const struct ld_fact *f, const struct ld_judgement *j,
	       struct ld_own_list *own);
/* What follows from one of the ledger's own events once applied (an overdue anomaly from a missed
 * deadline). */
void ld_follow_own(struct ld_custody *c, const Liandan__OwnEvent *own, uint64_t index,
		   int64_t now_ms, struct ld_own_list *out);
/* From the tick, after the clocks that have run out: manifests that wait to be closed, open gaps,
 * departures; at most `max` of a kind. */
void ld_follow_time(struct ld_custody *c, int64_t now_ms, size_t max, struct ld_own_list *out);

/* Per group; `false`: verdict was set, stop. Called by ld_judge after clock and causes, for bodies
 * that have no row in the table (table.h). */
bool ld_registry_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j);
bool ld_track_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j);

void ld_stock_follow(struct ld_custody *c, const struct ld_fact *f, const struct ld_judgement *j,
		     struct ld_own_list *own);
void ld_manifest_follow(struct ld_custody *c, const struct ld_fact *f, const struct ld_judgement *j,
			struct ld_own_list *own);
void ld_track_follow(struct ld_custody *c, const struct ld_fact *f, const struct ld_judgement *j,
		     struct ld_own_list *own);
/* May a clock be due by now? A comparison; what the next one says may be that none is. */
bool ld_deadline_any(const struct ld_custody *c, int64_t now_ms);
/* DeadlineMissed for every clock due by now, at most max; and what each brings about. */
void ld_deadline_follow_time(struct ld_custody *c, int64_t now_ms, size_t max,
			     struct ld_own_list *out);
void ld_deadline_follow_own(struct ld_custody *c, const Liandan__DeadlineMissed *d, uint64_t index,
			    int64_t now_ms, struct ld_own_list *out);
/* The DEADLINE anomaly of the manifest is explained, where it was this clock that raised it. */
void ld_deadline_explain(struct ld_custody *c, const char *manifest_hex,
			 Liandan__DeadlineClock clock, uint64_t evidence, struct ld_own_list *own);
/* Provisional gaps by timer, departures without manifest. */
void ld_track_follow_time(struct ld_custody *c, int64_t now_ms, size_t max,
			  struct ld_own_list *out);

/* Held events (held_judge.c). The fact of a held entry, decoded into the arena. */
enum ld_err ld_held_load(struct ld_custody *c, uint64_t index, struct ld_fact *f);
/* Entry indexes of held events that wait for this event or for one of its manifests, ascending,
 * into out. */
size_t ld_held_waiting(struct ld_custody *c, const struct ld_fact *f, uint64_t *out, size_t cap);
/* Any that names this manifest. */
bool ld_held_on(struct ld_custody *c, ProtobufCBinaryData manifest);
/* Every held event, for the once-over at start. */
size_t ld_held_all(struct ld_custody *c, uint64_t from, uint64_t *out, size_t cap);

/* Intention (refused when a hard check fails) or fact (recorded). PROTOCOL: Verdicts. */
bool ld_is_intention(Liandan__Event__BodyCase body);

#endif
