/* What a clerk cannot compute by hand: `content` hashes, and the offer that a hand-over answers.
 * Filled in where an event leaves them out, from what this run has sealed or from the ledger's
 * manifest. Never changes what was given. */
#ifndef LD_CLI_CONTENT_H
#define LD_CLI_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "custody/state.pb-c.h"
#include "liandan/event.pb-c.h"
#include "proto/arena.h"
#include "proto/err.h"
#include "proto/limits.h"

/* What this run knows of manifests. Zero-initialised; ld_contents_free. */
struct ld_contents {
	struct ld_content {
		uint8_t id[LD_UUID_BYTES];
		uint8_t *created; /* packed ManifestCreated, NULL: not created in this run */
		size_t created_len;
		bool sealed, offered;
		uint8_t content[LD_HASH_BYTES];
		uint8_t offer[LD_HASH_BYTES];
	} * item;
	size_t n, room;
};

/* The ledger's manifest, in the arena; NULL: there is none, or nobody to ask. */
typedef Custody__Manifest *(*ld_manifest_ask)(void *ctx, const uint8_t id[LD_UUID_BYTES],
					      struct ld_arena *arena);

/* Before sealing. cosigned: a hand-over that the giver cosigns names no offer. LD_ERR_NOT_FOUND: a
 * value is missing and cannot be found; why says which. */
enum ld_err ld_content_fill(struct ld_contents *known, Liandan__Event *event, bool cosigned,
			    struct ld_arena *arena, ld_manifest_ask ask, void *ctx, char *why,
			    size_t cap);
/* After sealing, with the event's hash: what later events of this run will need. */
enum ld_err ld_content_note(struct ld_contents *known, const Liandan__Event *event,
			    const uint8_t hash[LD_HASH_BYTES]);
void ld_contents_free(struct ld_contents *known);

#endif
