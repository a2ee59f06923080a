/* Inside region*.c only. */
#ifndef LD_CUSTODY_REGION_INTERNAL_H
#define LD_CUSTODY_REGION_INTERNAL_H

#include <string.h>

#include "plugin/custody/held.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/keyring.h"
#include "plugin/custody/recent.h"
#include "plugin/custody/region.h"

/* Records and own events of one event: 16 violations keep a full manifest each (under 1 MiB), and
 * as much again for what follows. Taken once, touched only as far as it is used. */
#define LD_SCRATCH_BYTES (32 * LD_MAX_ARENA_BYTES)
#define LD_STATE_COMMIT_MS 1000
#define LD_STATE_COMMIT_EVENTS 5000
#define LD_ANCHOR_MS 1000
#define LD_TIME_MS 50
#define LD_MAX_CORRELATION_BYTES 256
#define LD_OUTSIDE_RECEIPTS_PER_S                                                                  \
	10 /* per device: unsigned ones, and signatures checked for one                            \
	    */
#define LD_DEVICE_SLOTS 1024
#define LD_CUSTODY_WEIGHT 25 /* a custody event costs a commit: as much as so many tracks */

/* Ledger time: wall clock at start, then CLOCK_BOOTTIME (CUSTODY: Time). */
struct ld_clock {
	int64_t base_ms;
	int64_t boot_ms;
	uint32_t rate;
	bool demo;
	bool drift_noted;
};
int64_t ld_clock_wall_ms(void);
int64_t ld_clock_boot_ms(void);
int64_t ld_clock_now(const struct ld_clock *k);
/* A demonstration's fast clock goes on while its broker is down, as a real one does:
 * <dir>/demo-clock says what it showed and when. A convenience, never trusted over the ledger's
 * last entry; lost, the clock goes on from there. */
void ld_clock_save(const struct ld_clock *k, const char *dir);
int64_t ld_clock_resume(const char *dir, uint32_t rate); /* 0: nothing saved */

/* What must be told after the commit, in order. */
enum ld_out_kind {
	LD_OUT_EVENT,
	LD_OUT_RECEIPT,
	LD_OUT_REFUSED,
	LD_OUT_ANOMALY,
	LD_OUT_RATING,
	LD_OUT_PRECISION,
	LD_OUT_REVOKED
};
struct ld_out {
	struct ld_out *next;
	enum ld_out_kind kind;
	char party[LD_MAX_ID_BYTES + 1];
	char device[LD_MAX_ID_BYTES + 1];
	uint8_t key_id[LD_KEY_ID_BYTES];
	uint64_t index;
	uint64_t applied_index;
	int64_t recorded_at_ms;
	Liandan__Verdict verdict;
	Liandan__Reason reason;
	uint32_t epoch;
	uint64_t seq;
	uint8_t event_hash[LD_HASH_BYTES];
	uint8_t payload_hash[LD_HASH_BYTES];
	bool telemetry; /* one receipt per signer and commit: a later one replaces it */
	bool duplicate;
	bool superseded;
	const char *what; /* of an anomaly: static */
	size_t correlation_len;
	uint8_t correlation[LD_MAX_CORRELATION_BYTES];
	size_t len;
	uint8_t bytes[]; /* envelope, packed Receipt or packed Refused */
};

struct ld_dirty { /* small set of ids touched since the last commit */
	struct ld_dirty *next;
	size_t len;
	uint8_t id[LD_MAX_ID_BYTES + 1];
};

struct ld_region {
	struct ld_custody custody;
	struct ld_region_options opt;
	struct ld_core *core;
	struct ld_core_reader *reader;
	struct ld_index *index;
	struct ld_keyring *keys;
	struct ld_recent *recent;
	struct ld_arena open_arena;
	struct ld_arena scratch;
	struct ld_key *ledger_key;
	struct ld_note_key note_key;
	char vkey[LD_NOTE_MAX_NAME + 64];
	char name[LD_MAX_ID_BYTES + 1];
	struct ld_clock clock;
	char read_only_why[200]; /* empty: writable */
	enum ld_err state_down;	 /* why state stands before core's head: the tick tries again */
	int64_t up_tried_ms;	 /* boot time of the last attempt */
	int64_t at_ms; /* ledger time of the event or tick at hand: of all that it enters */
	int64_t hold_deadlines_until_ms;
	struct ld_out *out_first, *out_last;
	struct ld_dirty *manifests, *vehicles;
	int64_t oldest_pending_ms; /* boot time of the first entry of the open batch; 0: none */
	int64_t last_commit_ms;	   /* boot time */
	int64_t last_commit_us;	   /* duration */
	int64_t last_state_ms;
	int64_t last_anchor_ms;
	int64_t rated_ms, rated_boot_ms; /* ledger and boot time of the last look at all ratings */
	int64_t last_time_ms;		 /* boot time of the last look at deadlines and open gaps */
	uint64_t applied;		 /* entries that state stands for, pending ones included */
	uint64_t state_events;
	bool rejudge_held; /* once after start, or when a wake-up was cut short */
	uint64_t rejudge_from;
	struct ld_verdict_counts counts;
	struct ld_bucket device_bucket[LD_DEVICE_SLOTS];
	uint8_t *entry_buf; /* LD_MAX_ENTRY_BYTES + slack, for packing */
};

/* An id into a fixed field; the gate keeps ids within LD_MAX_ID_BYTES. */
static inline void ld_id_copy(char out[LD_MAX_ID_BYTES + 1], const char *id)
{
	size_t n = strnlen(id, LD_MAX_ID_BYTES);

	memcpy(out, id, n);
	out[n] = '\0';
}

/* region_commit.c */
enum ld_err ld_region_append(struct ld_region *r, const Liandan__Entry *entry, uint64_t *index);
enum ld_err ld_region_fail(struct ld_region *r, enum ld_err err); /* abort, replay; returns err */
void ld_region_outputs_drop(struct ld_region *r);
struct ld_out *ld_region_out(struct ld_region *r, enum ld_out_kind kind, const uint8_t *bytes,
			     size_t len);
void ld_region_dirty_manifest(struct ld_region *r, ProtobufCBinaryData id);
void ld_region_dirty_vehicle(struct ld_region *r, const char *plate);
enum ld_err ld_region_reader(struct ld_region *r); /* renewed to the committed head */
bool ld_bucket_take(struct ld_bucket *b, int64_t now_ms, uint32_t per_s, uint32_t weight);

/* region_touch.c: what an event, its own events and clocks have changed is published with their
 * commit. */
struct ld_witness ld_region_witness(struct ld_region *r);
void ld_region_touch(struct ld_region *r, const Liandan__Event *e, const char *party);
/* Keys that the registry has changed are parsed anew; the client of a revoked one is let go. */
void ld_region_touch_keys(struct ld_region *r, const Liandan__Event *e);

/* region_rating.c: a review, a reply, a colour set by hand or a new party was accepted. */
void ld_region_touch_rating(struct ld_region *r, const Liandan__Event *e, const char *signer_party);
/* The colours that time changes, once an hour of ledger time: points fade, overrides end. */
void ld_region_ratings_due(struct ld_region *r);
void ld_region_republish_ratings(struct ld_region *r);

/* region_follow.c: own events after an event took effect, held ones that it frees, until nothing
 * follows. */
enum ld_err ld_region_follow(struct ld_region *r, const struct ld_fact *f,
			     const struct ld_judgement *j);
enum ld_err ld_region_own(struct ld_region *r, struct ld_own_list *own);
/* Clocks that have run out by r->at_ms become entries, before anything else is recorded then.
 * *behind: there are more of them than one event or tick may carry. */
enum ld_err ld_region_clocks(struct ld_region *r, bool *behind);
/* From the tick: those, held events after a start, open gaps and departures. */
enum ld_err ld_region_follow_time(struct ld_region *r);
enum ld_err ld_region_rejudge(struct ld_region *r);

/* region_receipt.c */
struct ld_expected { /* where the chain stands, for SEQUENCE_GAP and its like; seq 0: not said */
	uint64_t seq;
	uint8_t prev[LD_HASH_BYTES];
};
void ld_receipt_flush(struct ld_region *r, const struct ld_out *o);
enum ld_err ld_receipt_again(struct ld_region *r, const Custody__Key *key,
			     const struct ld_opened *o, uint64_t index, const void *correlation,
			     size_t correlation_len, struct ld_outcome *out);
void ld_receipt_outside(struct ld_region *r, const char *party, const char *device,
			const uint8_t *bytes, size_t len, const struct ld_opened *o,
			bool signature_good, const struct ld_expected *expected,
			const void *correlation, size_t correlation_len,
			const struct ld_outcome *out);
/* Is there something left of this device's share of receipts outside the ledger? Takes one. */
bool ld_receipt_affords(struct ld_region *r, const char *party, const char *device);
/* To regulators, of anything that is not ACCEPTED; after the commit when one is open. */
void ld_refused_out(struct ld_region *r, const char *party, const char *device,
		    const uint8_t *bytes, size_t len, const struct ld_outcome *out);

#endif
