/* Many devices on one thread: MQTT 5 connections to the broker, each with an ordered outbox,
 * receipts verified against the ledger's key, and questions with answers.
 *
 * What it must never do: change or re-sign bytes it was given; take a PUBACK for a receipt; forget
 * an event that has no receipt; block (but for name look-up and the TCP connect, which are
 * bounded). What it does not do: keep anything on disk (that is spool.h) or know a chain (that is
 * signer.h).
 *
 * Use: make a loop, add clients, queue events, call ld_loop_step again and again. All callbacks run
 * inside ld_loop_step, on the caller's thread. Inside a callback everything may be called but
 * ld_loop_step, ld_loop_free and ld_client_free. Source: PROTOCOL (Receipt, Topics, Identity on the
 * connection). */
#ifndef LD_CLI_CLIENT_H
#define LD_CLI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "liandan/ledger.pb-c.h"
#include "proto/err.h"
#include "proto/key.h"
#include "proto/limits.h"
#include "store/note.h"

#define LD_CLIENT_TELEMETRY_WINDOW 32	   /* telemetry events sent and without receipt */
#define LD_CLIENT_RECEIPT_TIMEOUT_MS 15000 /* then everything unreceipted is sent again */
#define LD_CLIENT_QUERY_TIMEOUT_MS 10000
#define LD_CLIENT_BACKOFF_MAX_MS 30000 /* between attempts to connect; starts at 250 ms */
#define LD_CLIENT_MAX_QUERIES 64       /* unanswered at once, per client */

struct ld_loop;
struct ld_client;

/* ---- the loop ---- */

enum ld_err ld_loop_new(struct ld_loop **out);
/* Frees the clients still in it, too. */
void ld_loop_free(struct ld_loop *loop);
/* Waits up to timeout_ms (0: does not wait) for the network or the next timer of a client, handles
 * what has come. Returns after one round: the caller's own timers are the caller's business.
 * LD_ERR_IO: the loop itself is broken. A client's troubles go to its callbacks. */
enum ld_err ld_loop_step(struct ld_loop *loop, int timeout_ms);
/* CLOCK_MONOTONIC in milliseconds. */
int64_t ld_loop_now(void);

/* ---- the ledger, as a device knows it ---- */

/* Public facts; `liandan region init` writes them to DIR/region.json. */
struct ld_ledger_id {
	char region[LD_MAX_ID_BYTES + 1];
	uint8_t ledger_id[LD_HASH_BYTES];
	char vkey[LD_NOTE_VKEY_BYTES];
};

/* ---- one client ---- */

/* What became of one event. Pointers live for the callback only. */
struct ld_sent {
	uint64_t tag;	      /* as given to ld_client_queue */
	const uint8_t *bytes; /* the envelope that was sent */
	size_t len;
	/* never NULL; of a later event of the chain where `covered` */
	const Liandan__Receipt *receipt;
	const uint8_t *receipt_bytes;
	size_t receipt_len;
	bool covered;	/* in the ledger, shown by the receipt of a later event of the same chain */
	bool in_ledger; /* ACCEPTED, HELD or REFUSED */
	/* LD_OK: proof (or the ledger's signature) verified. LD_ERR_NOT_FOUND: it carries none
	 * (outside the ledger, unsigned), or no vkey was given. LD_ERR_SIGNATURE: it does not
	 * verify: do NOT believe this receipt. */
	enum ld_err proof;
	int64_t waited_ms; /* from the last sending to the receipt */
};

struct ld_client_calls {
	/* Connected and subscribed (again). Queueing need not wait for it. */
	void (*ready)(void *ctx, struct ld_client *c);
	/* Connection lost or refused; it will be tried again by itself after a pause, unless
	 * `final` (credentials refused): then ld_client_retry starts it again. `why` is for people.
	 */
	void (*down)(void *ctx, struct ld_client *c, const char *why, bool final);
	/* An event has its receipt and has left the queue. */
	void (*receipt)(void *ctx, struct ld_client *c, const struct ld_sent *sent);
	/* A receipt with a verdict outside the ledger that stops the queue: the event at the head
	 * stays, nothing is sent until ld_client_retry, ld_client_drop or ld_client_drop_all.
	 * (THROTTLED and UNAVAILABLE do not stop it: those are tried again after a pause;
	 * SEQUENCE_GAP stops only when nothing queued fills it.) */
	void (*stuck)(void *ctx, struct ld_client *c, const struct ld_sent *sent);
	/* Any receipt that belongs to no queued event (the second receipt of a held event; one that
	 * answers an earlier run). proof as in ld_sent, against what the receipt itself carries. */
	void (*late_receipt)(void *ctx, struct ld_client *c, const Liandan__Receipt *r);
	/* A message on a topic subscribed to with ld_client_subscribe. */
	void (*message)(void *ctx, struct ld_client *c, const char *topic, const uint8_t *payload,
			size_t len, bool retained);
};

struct ld_client_options {
	const char *host; /* name or address */
	int port;
	const char *client_id;	    /* <party>/<device> */
	struct ld_ledger_id ledger; /* copied; vkey may be "" (then proofs are not checked) */
	struct ld_key
	    *key; /* signs a token as password, renewed at each connect; NULL: none (mTLS, or a
		   * listener that asks for none). Not owned, must outlive the client */
	/* TLS: any of these set means TLS. Files, PEM. */
	bool tls;
	const char *cafile;	      /* NULL: the system's store */
	const char *cert, *cert_key;  /* mTLS */
	bool no_receipts;	      /* does not subscribe to its own receipts (readers only) */
	int receipt_timeout_ms;	      /* 0: LD_CLIENT_RECEIPT_TIMEOUT_MS */
	struct ld_client_calls calls; /* any member may be NULL */
	void *ctx;
};

/* Everything is copied but the key. The connection is made by the loop. A token over plain TCP goes
 * to loopback addresses only (LD_ERR_CONFIG otherwise). LD_ERR_ARG, LD_ERR_NOMEM. */
enum ld_err ld_client_new(struct ld_loop *loop, const struct ld_client_options *opt,
			  struct ld_client **out);
void ld_client_free(struct ld_client *c); /* disconnects at once; queued events are gone */

/* Custody events wait for the receipt of everything before them and are waited for (window 1);
 * telemetry (Track, SensorEvent) is sent up to LD_CLIENT_TELEMETRY_WINDOW ahead. */
enum ld_lane { LD_LANE_CUSTODY, LD_LANE_TELEMETRY };

/* Queues the exact bytes of an envelope behind what is queued already (copied). Sent in order on
 * waste/v1/<region>/i/<party>/<device>; sent again after a reconnect and after a receipt timeout,
 * until its receipt. tag: the caller's, comes back in ld_sent. LD_ERR_MALFORMED when it is no
 * envelope. */
enum ld_err ld_client_queue(struct ld_client *c, enum ld_lane lane, const uint8_t *bytes,
			    size_t len, uint64_t tag);
/* Events without receipt. */
size_t ld_client_queued(const struct ld_client *c);
bool ld_client_ready(const struct ld_client *c);
/* Has been ready since it was made: what it connects with is good, whether or not the broker is
 * there now. */
bool ld_client_was_ready(const struct ld_client *c);
/* After `stuck` or a final `down`: tries again from the head of the queue. */
void ld_client_retry(struct ld_client *c);
/* Forgets the head of the queue (a caller that has durably noted it). */
void ld_client_drop(struct ld_client *c);
void ld_client_drop_all(struct ld_client *c);

/* Goes off the air (a truck in a dead spot) without forgetting anything, and comes back. */
void ld_client_offline(struct ld_client *c, bool offline);

/* Publishes bytes as they stand on any topic, once, QoS 1, no receipt expected (tests;
 * misbehaviour). Only while ready: LD_ERR_STATE. */
enum ld_err ld_client_publish_raw(struct ld_client *c, const char *topic, const void *bytes,
				  size_t len);

/* Remembered, and renewed after a reconnect. LD_ERR_LIMIT after 16. */
enum ld_err ld_client_subscribe(struct ld_client *c, const char *filter);

/* waste/v1/<region>/query/<verb>, request/response. Waits for the connection when there is none
 * yet. fn is called once: with the answer's bytes (JSON), or with NULL after
 * LD_CLIENT_QUERY_TIMEOUT_MS from its sending (it is sent again once in between) or when the client
 * is freed. */
typedef void (*ld_answer_fn)(void *ctx, struct ld_client *c, const char *json, size_t len);
enum ld_err ld_client_query(struct ld_client *c, const char *verb, const void *payload, size_t len,
			    ld_answer_fn fn, void *ctx);

/* Ends every open question: each fn is called with NULL. */
void ld_client_forget_queries(struct ld_client *c);

const char *ld_client_id(const struct ld_client *c);
void *ld_client_ctx(const struct ld_client *c);

/* ---- receipts, without a connection ---- */

/* Checks a receipt against the envelope it answers (NULL: unknown) and the ledger's key. Rebuilds
 * the leaf from the receipt's fields and the envelope (or takes receipt->entry, whose envelope must
 * hold the same event), verifies the tlog-proof, compares index and event hash. Outside the ledger:
 * the DSSE signature. Returns as ld_sent.proof; a sentence into why[cap] where it is not LD_OK. */
enum ld_err ld_receipt_verify(const Liandan__Receipt *r, const uint8_t *receipt_bytes,
			      size_t receipt_len, const uint8_t *envelope, size_t len,
			      const struct ld_note_key *ledger_key, char *why, size_t cap);

#endif
