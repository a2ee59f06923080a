/* A ledger directory opened to be read, also while the broker writes it: entries decoded, what they
 * are in words. Writes nothing. The read is renewed often, so that the writer's pages are not held.
 */
#ifndef LD_CLI_BOOK_H
#define LD_CLI_BOOK_H

#include "deploy/cli/cli.h"
#include "liandan/event.pb-c.h"
#include "plugin/custody/custody.h"
#include "proto/arena.h"
#include "store/core.h"

#define LD_BOOK_RENEW_EVERY 1000 /* entries; far less than a second's worth */

struct ld_book {
	struct ld_core *core;
	struct ld_core_reader *reader;
	uint64_t reads;
	struct ld_note_key key; /* the ledger's, from Genesis */
	char vkey[LD_NOTE_VKEY_BYTES];
	char region[LD_MAX_ID_BYTES + 1];
	char profile[LD_MAX_STRING_BYTES + 1];
	uint8_t ledger_id[LD_HASH_BYTES];
	struct ld_arena arena; /* of the entry at hand */
	uint64_t applied; /* entries that `state` stands for: up to a second behind the ledger */
	struct ld_state *state;	   /* snapshot of the broker's state for names; NULL: none */
	struct ld_custody custody; /* over state */
};

/* One entry, decoded into the book's arena: valid until the next read. */
struct ld_leaf {
	uint64_t index;
	const uint8_t *bytes;
	size_t len;
	Liandan__Entry *entry;
	Liandan__Event *event; /* NULL: the ledger's own */
	const uint8_t *event_bytes;
	size_t event_len;
	uint8_t event_hash[LD_HASH_BYTES];
	Liandan__Envelope *envelope;
	Liandan__OwnEvent *own; /* NULL: a signed event */
	const char *body;	/* "handover_taken" */
};

/* On failure it has been explained: the exit code. Verifies the head's checkpoint against the key
 * that Genesis names, and Genesis against region.json where that stands beside the ledger. */
int ld_book_open(struct ld_cli *cli, const char *dir, const char *anchor, struct ld_book *b);
void ld_book_close(struct ld_book *b);
/* Size of the newest committed ledger. */
uint64_t ld_book_size(struct ld_book *b);
/* LD_ERR_NOT_FOUND; LD_ERR_CORRUPT: bytes that are no entry. */
enum ld_err ld_book_read(struct ld_book *b, uint64_t index, struct ld_leaf *out);
/* Opens the snapshot of state that is used for names; without one, names are left out. */
void ld_book_names(struct ld_book *b, const char *dir);
/* "party/device" of a key as the registry has it now, else its id in hex. Returns out. */
const char *ld_book_who(struct ld_book *b, ProtobufCBinaryData key_id, char *out, size_t cap);
/* Everything about a leaf, as JSON. */
cJSON *ld_leaf_json(struct ld_book *b, const struct ld_leaf *leaf);
/* One line without newline: index, times, verdict, body, signer. */
void ld_leaf_line(struct ld_cli *cli, struct ld_book *b, const struct ld_leaf *leaf);

#endif
