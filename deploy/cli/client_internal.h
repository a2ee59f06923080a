/* Inside client.c, conn.c, loop.c only. */
#ifndef LD_CLI_CLIENT_INTERNAL_H
#define LD_CLI_CLIENT_INTERNAL_H

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "deploy/cli/client.h"
#include "proto/arena.h"

#define LD_CLIENT_MAX_FILTERS 16
#define LD_CLIENT_TOPIC_BYTES 320
#define LD_CLIENT_KEEPALIVE_S 30
#define LD_CLIENT_CONNECT_TIMEOUT_MS 15000 /* TCP, TLS, CONNACK and SUBACK together */
#define LD_CLIENT_BACKOFF_MIN_MS 250
#define LD_CLIENT_GAP_PAUSE_MS 200 /* before sending again from where the ledger stands */
#define LD_CLIENT_DEAF_LIMIT 2 /* receipt timeouts in a row before the connection is made anew */

/* OFFLINE ⇄ WAITING → CONNECTING → READY → WAITING …; STOPPED: only ld_client_retry leaves it. */
enum ld_conn_state {
	LD_CONN_OFFLINE,
	LD_CONN_WAITING,
	LD_CONN_CONNECTING,
	LD_CONN_READY,
	LD_CONN_STOPPED
};

struct ld_item { /* one queued event */
	struct ld_item *next;
	enum ld_lane lane;
	uint64_t tag;
	int64_t sent_at; /* monotonic ms; 0: to be sent */
	uint8_t key_id[LD_KEY_ID_BYTES];
	uint32_t epoch;
	uint64_t seq;
	uint8_t payload_hash[LD_HASH_BYTES];
	size_t len;
	uint8_t bytes[];
};

struct ld_query {
	struct ld_query *next;
	uint64_t id; /* correlation data */
	char verb[24];
	ld_answer_fn fn;
	void *ctx;
	int64_t deadline; /* monotonic ms; 0: not sent yet */
	bool again;	  /* sent a second time already */
	size_t len;
	uint8_t payload[];
};

struct ld_client {
	struct ld_client *next;
	struct ld_loop *loop;
	struct ld_client_options opt; /* strings point into the fields below */
	char host[256], client_id[2 * LD_MAX_ID_BYTES + 2];
	char *cafile, *cert, *cert_key;
	struct ld_note_key ledger_key; /* pkey NULL: none */
	char topic_in[LD_CLIENT_TOPIC_BYTES], topic_receipt[LD_CLIENT_TOPIC_BYTES],
	    topic_answer[LD_CLIENT_TOPIC_BYTES];
	char *filter[LD_CLIENT_MAX_FILTERS];
	int n_filters;

	struct mosquitto *m;
	int fd;		   /* in epoll; -1: none */
	uint32_t interest; /* epoll events asked for */
	enum ld_conn_state state;
	bool dead; /* the connection has ended: to be put away after the callback */
	bool dead_final;
	bool want_offline;
	bool was_ready;
	char why[400];
	int64_t state_since; /* monotonic ms */
	int64_t wait_until;  /* WAITING */
	int64_t backoff_ms;
	int subscribe_mid;

	struct ld_item *head, *tail;
	size_t queued;
	bool stuck;
	int64_t resume_at; /* after THROTTLED, UNAVAILABLE, a gap */
	int64_t pause_ms;
	int deaf; /* receipt timeouts in a row */

	struct ld_query *queries;
	size_t n_queries;
	uint64_t next_query;
};

struct ld_loop {
	int epoll;
	struct ld_client *clients;
	struct ld_arena arena; /* of the envelope or receipt at hand */
	uint64_t jitter;
};

/* conn.c: the connection */
void ld_conn_step(struct ld_client *c, int64_t now); /* timers, pending writes, reconnects */
void ld_conn_io(struct ld_client *c, uint32_t events);
void ld_conn_close(struct ld_client *c, bool polite);
/* QoS 1 with correlation data (8 bytes big-endian) and response topic where not NULL. */
bool ld_conn_publish(struct ld_client *c, const char *topic, const void *bytes, size_t len,
		     const uint64_t *correlation, const char *response_topic);
int ld_conn_subscribe(struct ld_client *c, const char *filter);

/* client.c: queue and questions */
void ld_client_pump(struct ld_client *c, int64_t now);
void ld_client_unsend(struct ld_client *c);
void ld_client_on_receipt(struct ld_client *c, const uint8_t *bytes, size_t len);
/* query.c */
void ld_client_on_answer(struct ld_client *c, uint64_t id, const char *json, size_t len);
void ld_query_pump(struct ld_client *c, int64_t now);

#endif
