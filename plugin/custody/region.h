/* One region's ledger with its state: takes the bytes of an envelope, gives a verdict, keeps what
 * it promised. The whole way of an event but the broker: open, judge, append, apply, follow,
 * commit. Knows no MQTT; what goes out is handed to a sink after the commit, never before. One
 * thread. Nothing a caller passes in is kept past the call unless said. */
#ifndef LD_CUSTODY_REGION_H
#define LD_CUSTODY_REGION_H

#include <cjson/cJSON.h>

#include "plugin/custody/custody.h"
#include "proto/envelope.h"
#include "store/core.h"
#include "store/index.h"

struct ld_region;

struct ld_verdict_counts {
	uint64_t verdict[32]; /* by Liandan__Verdict */
	uint64_t reason[96];  /* of REFUSED and HELD, by Liandan__Reason */
	uint64_t duplicates;
	uint64_t commits;
	uint64_t commit_us_total;
	uint64_t entries;
	uint64_t anomalies[5]; /* raised, by level */
};

/* What the outside must hear of, after the commit, in ledger order. Any member may be NULL. */
struct ld_sink {
	void *ctx;
	/* An ACCEPTED event (or a held one whose cause has come): its exact bytes, for
	 * o/<party>/<device>. */
	void (*event)(void *ctx, const char *party, const char *device, const uint8_t *bytes,
		      size_t len, uint64_t index, int64_t recorded_at_ms,
		      const uint8_t key_id[LD_KEY_ID_BYTES]);
	/* Packed Receipt for r/<party>/<device>. correlation as given to submit, or NULL. */
	void (*receipt)(void *ctx, const char *party, const char *device, const uint8_t *bytes,
			size_t len, const void *correlation, size_t correlation_len);
	/* Their state has changed; read it with ld_region_*_json. */
	void (*manifest)(void *ctx, const uint8_t id[LD_UUID_BYTES]);
	void (*vehicle)(void *ctx, const char *plate);
	/* what: "raised", "updated", "cleared", "reviewed", "replied"; of the retained set "open"
	 */
	void (*anomaly)(void *ctx, const Custody__Anomaly *a, const char *what);
	/* A party's colour may have changed, or what it rests on; read it with
	 * ld_region_rating_json. */
	void (*rating)(void *ctx, const char *party);
	/* A review was made: ld_region_precision_json. */
	void (*precision)(void *ctx);
	/* A key was revoked: its client is to be disconnected. */
	void (*revoked)(void *ctx, const char *party, const char *device);
	/* HELD and REFUSED and everything outside the ledger: to regulators, as Refused. */
	void (*refused)(void *ctx, const char *party, const char *device,
			const uint8_t *packed_refused, size_t len, Liandan__Verdict verdict,
			Liandan__Reason reason);
	/* A line for the operator's log. */
	void (*notice)(void *ctx, const char *text);
};

struct ld_region_options {
	const char *dir;
	const char *anchor_path;     /* NULL: <dir>/anchor */
	const char *ledger_key_path; /* NULL: <dir>/ledger.key (PEM, Ed25519) */
	bool accept_clock;	     /* start although the wall clock is behind the last entry */
	uint32_t clock_rate; /* demonstration regions only (profile ends in "-DEMO"): ledger seconds
			      * per second, 0 or 1: real time */
	int64_t commit_interval_ms; /* 0: 50 */
	uint32_t group_max;	    /* 0: 500 */
	uint32_t custody_per_s;	    /* per key; 0: 20 */
	size_t map_bytes;	    /* tests */
	struct ld_sink sink;
};

/* `liandan region init`: writes ledger.key (unless there) and core with Genesis. g's ledger_key,
 * random and created_at_ms are filled in here. */
enum ld_err ld_region_init(const char *dir, const char *anchor_path, Liandan__Genesis *g, char *why,
			   size_t cap);

enum ld_err ld_region_open(const struct ld_region_options *opt, struct ld_region **out, char *why,
			   size_t cap);
void ld_region_close(struct ld_region *r); /* commits what is pending */

/* Ledger time now (CUSTODY: Time). */
int64_t ld_region_now(struct ld_region *r);

struct ld_outcome {
	Liandan__Verdict verdict;
	Liandan__Reason reason;
	bool duplicate;
	uint64_t index; /* in the ledger: of the entry */
	char detail[200];
};
/* party, device: as the topic names them. Custody events are committed before this returns; others
 * wait for the group. LD_OK for every verdict but UNAVAILABLE, where it is the storage's error:
 * then nothing was recorded and the caller must not acknowledge. */
enum ld_err ld_region_submit(struct ld_region *r, const char *party, const char *device,
			     const uint8_t *bytes, size_t len, const void *correlation,
			     size_t correlation_len, struct ld_outcome *out);
/* Verdict without recording; sequence and signatures are not asked for (`query/may`, PROTOCOL). The
 * event is the Event message (not an envelope); submitter names the key. */
enum ld_err ld_region_may(struct ld_region *r, const uint8_t *event, size_t len,
			  struct ld_outcome *out, cJSON **json);

/* Group commit when due, deadlines, open gaps, anchor. Call at least every 100 ms.
 * *checkpoint_advanced: publish ld_region_checkpoint. */
enum ld_err ld_region_tick(struct ld_region *r, bool *checkpoint_advanced);
/* Commits what is pending now. */
enum ld_err ld_region_flush(struct ld_region *r);

/* Reads. JSON objects are new, the caller's; NULL when there is none. */
const char *ld_region_name(const struct ld_region *r);
const uint8_t *ld_region_ledger_id(const struct ld_region *r);
const struct ld_core_head *ld_region_head(const struct ld_region *r);
const char *ld_region_vkey(const struct ld_region *r);
bool ld_region_read_only(const struct ld_region *r, const char **why);
bool ld_region_clock(const struct ld_region *r, uint32_t *rate); /* true: demonstration clock */
cJSON *ld_region_manifest_json(struct ld_region *r, const uint8_t id[LD_UUID_BYTES]);
cJSON *ld_region_vehicle_json(struct ld_region *r, const char *plate);
cJSON *ld_region_rating_json(struct ld_region *r, const char *party);
cJSON *ld_region_precision_json(struct ld_region *r);
cJSON *ld_region_signer_json(struct ld_region *r, const uint8_t key_id[LD_KEY_ID_BYTES]);
/* Entry indexes of a manifest (ascending), of at most max. as_of: entries indexed so far. */
cJSON *ld_region_history_json(struct ld_region *r, const uint8_t id[LD_UUID_BYTES], uint64_t from,
			      size_t max);
cJSON *ld_region_proof_json(struct ld_region *r, uint64_t index);
/* For the retained set at start: every manifest that is open or was closed in the last 24 h, every
 * vehicle with a position, every open anomaly, every party goes through the sink again. */
void ld_region_republish(struct ld_region *r);
const struct ld_verdict_counts *ld_region_counts(const struct ld_region *r);
struct ld_custody *ld_region_custody(struct ld_region *r); /* reads for access.h and queries */
struct ld_index *ld_region_index(struct ld_region *r);
struct ld_core *ld_region_core(struct ld_region *r);

/* Kinds of keys in `index`. */
enum ld_index_kind {
	LD_IX_MANIFEST = 'M', /* manifest id */
	LD_IX_VEHICLE = 'V',  /* plate */
	LD_IX_SIGNER = 'S',   /* key_id, epoch (BE32), seq (BE64) */
	LD_IX_HASH = 'H',     /* event hash, first 16 bytes */
	LD_IX_ANOMALY = 'A',  /* subject of an anomaly */
};
#define LD_INDEX_SCHEMA 1u
void ld_region_index_keys(uint64_t index, const uint8_t *entry, size_t len, ld_index_emit emit,
			  void *sink);

/* Tools: applies entries [applied, upto) of core to a state; what `liandan ledger replay` compares.
 */
typedef void (*ld_replay_progress)(void *ctx, uint64_t done, uint64_t total);
enum ld_err ld_region_replay(struct ld_core *core, struct ld_state *state, const char *region_name,
			     const uint8_t ledger_id[LD_HASH_BYTES], uint64_t from, uint64_t upto,
			     ld_replay_progress progress, void *ctx, char *why, size_t cap);

#endif
