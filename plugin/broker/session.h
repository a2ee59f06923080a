/* Who is behind a client id: filled when a connection is authenticated, asked at every access
 * check.
 *
 * Knows the broker's connection only as an address to compare, never to follow. A client that went
 * away stays in the table, marked, so that messages for its queue are still judged by what it may
 * read; such a session may do nothing else (so a will that fires after its connection ended is
 * denied). The ones that went away longest ago make room. */
#ifndef LD_BROKER_SESSION_H
#define LD_BROKER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/custody/access.h"

struct ld_session {
	struct ld_session *chain;	  /* in its bucket */
	struct ld_session *older, *newer; /* among those that are away, or that are here */
	const void *client; /* the broker's connection: compared, never dereferenced */
	struct ld_identity identity;
	bool online;
	bool bridge;	  /* listed in bridge_clients */
	int64_t query_ms; /* bucket of queries: last filled */
	uint32_t query_tokens;
	char client_id[LD_MAX_CLIENT_ID_BYTES + 1];
};

struct ld_sessions;

/* max: how many are remembered, those away included. NULL without memory. */
struct ld_sessions *ld_sessions_new(size_t max);
void ld_sessions_free(struct ld_sessions *t);

/* A connection has proven who it is; whatever stood under its client id is replaced. NULL: the
 * table is full of connected clients, or no memory, or the id is too long. */
struct ld_session *ld_sessions_open(struct ld_sessions *t, const char *client_id,
				    const void *client, const struct ld_identity *identity,
				    bool bridge);
/* By client id; NULL client_id is nobody. */
struct ld_session *ld_sessions_find(struct ld_sessions *t, const char *client_id);
/* The same, and it is this very connection: after a take-over the old connection finds nobody. */
struct ld_session *ld_sessions_of(struct ld_sessions *t, const char *client_id, const void *client);
/* The connection ended. Does nothing when another one has the id by now. */
void ld_sessions_leave(struct ld_sessions *t, const char *client_id, const void *client);
void ld_sessions_forget(struct ld_sessions *t, struct ld_session *s);

size_t ld_sessions_online(const struct ld_sessions *t);
size_t ld_sessions_count(const struct ld_sessions *t);
/* Walks all sessions slowly: each call visits one of LD_SWEEP_PARTS parts of the table, or, with
 * `all`, all of it. fn may forget the session that it is given. Client ids must not be opened
 * meanwhile. */
#define LD_SWEEP_PARTS 256
void ld_sessions_sweep(struct ld_sessions *t, bool all, void (*fn)(void *ctx, struct ld_session *s),
		       void *ctx);

#endif
