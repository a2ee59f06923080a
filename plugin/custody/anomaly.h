/* Anomalies are leads, not verdicts: one open anomaly per kind, subject and custody interval,
 * updated by new evidence, explained by late data. Judge's side: building own events. */
#ifndef LD_CUSTODY_ANOMALY_H
#define LD_CUSTODY_ANOMALY_H

#include "plugin/custody/judge.h"

/* Adds AnomalyRaised, or AnomalyUpdated where one is open for the same kind, reason, subject and
 * manifest and something that matters has changed (phase, level, interval), or nothing. `a` is in
 * the arena. */
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
/* RULE_VIOLATED anomalies for the violations of an accepted fact (levels in anomaly.c's table). */
void ld_anomaly_of_violations(struct ld_custody *c, const struct ld_fact *f,
			      const struct ld_judgement *j, struct ld_own_list *own);
/* Key of ANOMALY_OPEN. scope: manifest in hex, or the site of a departure (then `manifest` is
 * empty). */
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
