/* Applying: total, never refuses, the only writer of state, all that replay runs. Integers and
 * fixed tables; reads no clock, no file, no randomness. tests check that these objects import none.
 */
#ifndef LD_CUSTODY_APPLY_H
#define LD_CUSTODY_APPLY_H

#include "plugin/custody/custody.h"
#include "plugin/custody/tables.h"

/* Applies one entry of the ledger. Bytes are trusted to be an Entry that this ledger wrote; an
 * entry that does not decode is LD_ERR_CORRUPT. Any other error is the state environment's (disk):
 * abort and replay. */
enum ld_err ld_apply_entry(struct ld_custody *c, uint64_t index, const uint8_t *entry, size_t len);
/* Same from decoded parts (the live path decodes once). */
enum ld_err ld_apply_event(struct ld_custody *c, const struct ld_fact *f, Liandan__Verdict verdict,
			   Liandan__Reason reason, const ProtobufCBinaryData *envelope);
enum ld_err ld_apply_own(struct ld_custody *c, const Liandan__OwnEvent *own, uint64_t index,
			 int64_t recorded_at_ms);

/* Per group: an ACCEPTED event takes effect. */
enum ld_err ld_registry_apply(struct ld_custody *c, const struct ld_fact *f);
enum ld_err ld_stock_apply(struct ld_custody *c, const struct ld_fact *f);
enum ld_err ld_manifest_apply(struct ld_custody *c, const struct ld_fact *f);
enum ld_err ld_weigh_apply(struct ld_custody *c, const struct ld_fact *f);
enum ld_err ld_track_apply(struct ld_custody *c, const struct ld_fact *f);

enum ld_err ld_rules_apply(struct ld_custody *c, const struct ld_fact *f, Liandan__RulesAdopted *b);
enum ld_err ld_calendar_apply(struct ld_custody *c, const struct ld_fact *f,
			      Liandan__CalendarAdopted *b);

enum ld_err ld_genesis_apply(struct ld_custody *c, const Liandan__Genesis *g, uint64_t index);
enum ld_err ld_closed_apply(struct ld_custody *c, const Liandan__ManifestClosed *m, uint64_t index,
			    int64_t at_ms);
enum ld_err ld_missed_apply(struct ld_custody *c, const Liandan__DeadlineMissed *d, uint64_t index,
			    int64_t at_ms);
enum ld_err ld_anomaly_apply(struct ld_custody *c, const Liandan__OwnEvent *own, uint64_t index,
			     int64_t at_ms);

/* Manifest ids that the event's body concerns (held events wait on them); up to 64 into out. */
size_t ld_manifests_of(const Liandan__Event *e, ProtobufCBinaryData *out, size_t cap);
/* The event that the body rests on, by its hash: an offer, a stop, a discrepancy, an amendment. A
 * held event waits for it as for what `after` names. len 0: none. */
ProtobufCBinaryData ld_cause_of(const Liandan__Event *e);
/* Deadlines, for the other apply files; of a manifest ld_manifest_clock. Setting one that runs
 * replaces it. due_ms 0 or clearing: stops it. rules: the version that it goes by. */
enum ld_err ld_deadline_set(struct ld_custody *c, Liandan__SubjectKind kind, const char *subject,
			    Liandan__DeadlineClock clock, uint32_t rules, int64_t due_ms);
enum ld_err ld_deadline_clear(struct ld_custody *c, Liandan__SubjectKind kind, const char *subject,
			      Liandan__DeadlineClock clock);
/* RulesAdopted.digest: SHA-256 over the values' encodings, in order. false: the arena is full. */
bool ld_rules_digest(struct ld_arena *arena, const Liandan__RulesAdopted *b,
		     uint8_t out[LD_HASH_BYTES]);
/* A clock of n working days, counted from from_ms: it follows a calendar that is adopted later. */
enum ld_err ld_deadline_set_workdays(struct ld_custody *c, Liandan__SubjectKind kind,
				     const char *subject, Liandan__DeadlineClock clock,
				     uint32_t rules, int64_t from_ms, int64_t n);
/* When it runs out, by the calendars of now; 0: it does not run. */
int64_t ld_deadline_due(struct ld_custody *c, Liandan__SubjectKind kind, const char *subject,
			Liandan__DeadlineClock clock);
/* How a clock's key begins in its table: 8 bytes of due_ms, or 5 of working days and first day. */
#define LD_DUE_KEY 8
#define LD_WORKDAYS_KEY 5
void ld_clock_key(struct ld_tkey *k, const Custody__Deadline *rec);
/* due = from + n working days, end of that day UTC+8. Working days are those of the year's calendar
 * (CalendarAdopted); of a year without one Monday to Friday. c NULL: no calendar. */
int64_t ld_workdays_after(struct ld_custody *c, int64_t from_ms, int64_t n);
/* The same from a day on. *calendar: the youngest entry that adopted a calendar which it rests on;
 * 0: it rests on none. */
int64_t ld_workdays_due(struct ld_custody *c, int64_t day, int64_t n, uint64_t *calendar);
/* Days since 1970-01-01 in UTC+8. */
int64_t ld_china_day(int64_t ms);

/* Booking: in_stock follows; never refuses, may go negative (flagged by judge). */
struct ld_booking {
	int64_t generated_g, received_g, treated_g, shipped_g, lost_g, bound_g;
	/* beside the books (loss.h): what is missing, what a treatment says it lost, and what the
	 * scales' errors and the waste's own loss explain of it */
	int64_t short_g, process_g, errors_g, own_g;
};
enum ld_err ld_stock_book(struct ld_custody *c, const char *party, const char *site,
			  const char *code, const struct ld_booking *b, uint64_t index);

#endif
