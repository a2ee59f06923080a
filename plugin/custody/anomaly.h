/* Anomalies are leads, not verdicts: one open anomaly per kind, subject and custody interval,
 * updated by new evidence, explained by late data. Judge's side: building own events. */
#ifndef LD_CUSTODY_ANOMALY_H
#define LD_CUSTODY_ANOMALY_H

#include "plugin/custody/judge.h"

/* What kind of evidence: above level 2 it takes two of them, or a deterministic fact. */
enum ld_channel {
	LD_CHANNEL_POSITION,
	LD_CHANNEL_MASS,
	LD_CHANNEL_SENSOR,
	LD_CHANNEL_DOCUMENT /* signatures, papers, books */
};

/* Whom an anomaly about a manifest concerns. */
enum ld_concerned {
	LD_CONCERNS_SUBJECT, /* who or whose the subject is */
	LD_CONCERNS_GENERATOR,
	LD_CONCERNS_CARRIER,
	LD_CONCERNS_RECEIVER,
	LD_CONCERNS_ACTOR /* who has signed last, as its state tells */
};

/* A row of anomalies.def, where the columns are explained. */
struct ld_anomaly_row {
	Liandan__AnomalyKind kind;
	Liandan__Reason reason; /* of RULE_VIOLATED */
	char group;
	enum ld_channel channel;
	uint32_t level, alone, speaks;
	enum ld_concerned party;
	Liandan__FigureUnit unit;
	const char *zh, *en; /* NULL for a reason: proto/verdict.def has them */
};
/* Never NULL: what has no row of its own has its kind's. */
const struct ld_anomaly_row *ld_anomaly_row(Liandan__AnomalyKind kind, Liandan__Reason reason);
/* The i-th row, kinds before reasons; NULL: no more. */
const struct ld_anomaly_row *ld_anomaly_rows(size_t i);
/* Default level; REASON_NONE for what is not RULE_VIOLATED. */
uint32_t ld_anomaly_level(Liandan__AnomalyKind kind, Liandan__Reason reason);
/* Level and kind of a clock that has run out. */
uint32_t ld_anomaly_of_clock(Liandan__DeadlineClock clock, Liandan__AnomalyKind *kind);
Liandan__FigureUnit ld_anomaly_unit(Liandan__Reason reason);

/* The figure of an anomaly that one of another channel has lifted by a level; value: that one's
 * kind. */
#define LD_SECOND_CHANNEL "second_channel"
/* ANOMALY_ON: anomalies that stand about a manifest (hex) or vehicle (plate), newest first, of
 * those that can lift or be lifted. Key: scope, inverted id. */
enum ld_anomaly_scope { LD_ON_MANIFEST = 'm', LD_ON_VEHICLE = 'v' };
void ld_anomaly_on_key(struct ld_tkey *k, enum ld_anomaly_scope scope, const char *id);
/* In ANOMALY_ON too, 'f' and the key of ANOMALY_OPEN -> id of the one that was reviewed FALSE. */
void ld_anomaly_false_key(struct ld_tkey *k, const Liandan__AnomalyRaised *a);
/* Closes, or opens again where no other of its key is open: everything but the record's put and its
 * phase. */
enum ld_err ld_anomaly_shut(struct ld_custody *c, Custody__Anomaly *rec);
enum ld_err ld_anomaly_reopen(struct ld_custody *c, Custody__Anomaly *rec);
/* Lifts `a` and what stands beside it (anomaly_lift_judge.c); only ld_anomaly_report calls it. */
void ld_anomaly_lift(struct ld_custody *c, struct ld_own_list *own, Liandan__AnomalyRaised *a);
/* Raised, updated or nothing, as it is: no capping, no lifting. */
void ld_anomaly_report_as_is(struct ld_custody *c, struct ld_own_list *own,
			     Liandan__AnomalyRaised *a);
/* The anomaly that an own event raises or updates; NULL: it does neither. */
Liandan__AnomalyRaised **ld_anomaly_of_own(Liandan__OwnEvent *o);
/* The manifest, else the waste code, else the site of a departure: what an anomaly is about beside
 * its subject. */
const char *ld_anomaly_scope_of(const Liandan__AnomalyRaised *a);
/* Party and vehicle that an anomaly concerns, as state stands when it is raised; "" where there is
 * none. */
enum ld_err ld_anomaly_concerns(struct ld_custody *c, Custody__Anomaly *rec);

/* Adds AnomalyRaised, or AnomalyUpdated where one is open for the same kind, reason, subject and
 * manifest and something that matters has changed (phase, level, interval), or nothing. Its level
 * is capped and lifted: CUSTODY, "above level 2 it takes two independent channels or a
 * deterministic fact". `a` is in the arena. */
void ld_anomaly_report(struct ld_custody *c, struct ld_own_list *own, Liandan__AnomalyRaised *a);
/* Adds AnomalyCleared where one is open. phase: EXPLAINED_LATE or CLEARED. */
void ld_anomaly_explain(struct ld_custody *c, struct ld_own_list *own, Liandan__AnomalyKind kind,
			const char *subject, const char *manifest_hex, Liandan__AnomalyPhase phase,
			uint64_t evidence);
/* Open anomaly of that kind, subject, manifest; LD_ERR_NOT_FOUND. */
enum ld_err ld_anomaly_open(struct ld_custody *c, Liandan__AnomalyKind kind, Liandan__Reason reason,
			    const char *subject, const char *manifest_hex, Custody__Anomaly **out);
/* A new AnomalyRaised in the arena with the common fields set, room for figures and evidence. */
Liandan__AnomalyRaised *ld_anomaly_new(struct ld_custody *c, Liandan__AnomalyKind kind,
				       uint32_t level, Liandan__SubjectKind subject_kind,
				       const char *subject, const char *manifest_hex);
void ld_anomaly_figure(struct ld_custody *c, Liandan__AnomalyRaised *a, const char *name,
		       int64_t value, int64_t threshold, Liandan__FigureUnit unit);
void ld_anomaly_evidence(struct ld_custody *c, Liandan__AnomalyRaised *a, uint64_t index);
/* RULE_VIOLATED anomalies for the violations of an accepted fact (levels: anomalies.def). */
void ld_anomaly_of_violations(struct ld_custody *c, const struct ld_fact *f,
			      const struct ld_judgement *j, struct ld_own_list *own);
/* Key of ANOMALY_OPEN. scope: ld_anomaly_scope_of. */
void ld_anomaly_key(struct ld_tkey *k, Liandan__AnomalyKind kind, Liandan__Reason reason,
		    const char *subject, const char *scope);
/* Area of a region; 0 without one. For people: the ledger holds the foci and the sum of distances.
 */
double ld_anomaly_km2(const Liandan__Region *r);
/* Sentences for people, static. */
const char *ld_anomaly_en(Liandan__AnomalyKind kind);
const char *ld_anomaly_zh(Liandan__AnomalyKind kind);
/* The JSON that anomaly topics carry: id, kind, level, phase, subject, interval, region as GeoJSON,
 * figures with thresholds, rules, evidence, texts. A new cJSON object; `what`: "raised", "updated",
 * "cleared". */
struct cJSON;
struct cJSON *ld_anomaly_json(const Custody__Anomaly *a, const char *what);

#endif
