/* A client that is driven until something has come: for commands that do one thing after the other.
 */
#ifndef LD_CLI_ASK_H
#define LD_CLI_ASK_H

#include <cjson/cJSON.h>

#include "custody/state.pb-c.h"
#include "deploy/cli/client.h"
#include "proto/arena.h"

struct ld_ask {
	struct ld_loop *loop;
	struct ld_client *client;
	bool final; /* set by the caller's `down`: credentials refused */
};

/* Steps until connected: LD_OK, LD_ERR_REFUSED (final), LD_ERR_TIMEOUT. deadline: ld_loop_now(). */
enum ld_err ld_ask_ready(struct ld_ask *a, int64_t deadline);
/* Asks and waits. *json is the answer's object, the caller's to delete. LD_ERR_REFUSED with the
 * broker's own words in why where it answers with an error. */
enum ld_err ld_ask(struct ld_ask *a, const char *verb, const void *body, size_t len, cJSON **json,
		   char *why, size_t cap);
/* query/manifest as a record, in the arena; NULL: there is none, not connected, or not ours to see.
 * ctx: a struct ld_ask (fits content.h). */
Custody__Manifest *ld_ask_manifest(void *ctx, const uint8_t id[LD_UUID_BYTES],
				   struct ld_arena *arena);

#endif
