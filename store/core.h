/* `core`: entries, Merkle tree, head and checkpoints in one LMDB environment with default (synced)
 * flags. What a receipt promises is here and nowhere else. Knows bytes, never waste.
 * Layout, key by key: store/README.md and the top of core_tree.c. Source: LEDGER.
 *
 * One writer process per ledger directory (a lock file that names the holder); any number of
 * reading processes. One thread writes; other threads read with ld_core_reader. Never fork with it
 * open, and never open one directory twice in a process. */
#ifndef LD_STORE_CORE_H
#define LD_STORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/merkle.h"
#include "store/note.h"

struct ld_core;

struct ld_core_head {
	uint64_t size;
	struct ld_hash root;
	int64_t last_recorded_at_ms;
	char checkpoint[LD_NOTE_MAX_BYTES]; /* signed note of exactly `size`, NUL-terminated */
	size_t checkpoint_len;
};

struct ld_core_options {
	const char *dir;	 /* the ledger directory; core stands in <dir>/core */
	const char *anchor_path; /* NULL: <dir>/anchor; meant for another device */
	bool read_only;
	bool adopt_anchor;	       /* `liandan ledger anchor --adopt` */
	const struct ld_note_key *key; /* signs (writer) or verifies (reader; NULL: not verified);
					* copied, its pkey referenced */
	size_t map_bytes;	       /* 0: 1 TiB; tests set it small to reach MDB_MAP_FULL */
};

/* Makes <dir>/core with `genesis` as entry 0, in a temporary directory that is synced and renamed;
 * the anchor's first line is written before the renaming, so that a core is never without one.
 * <dir> itself is made when absent. LD_ERR_EXISTS when there is a core already; LD_ERR_ROLLBACK
 * when the anchor tells of a longer ledger than the one to be made: a lost ledger is restored, not
 * begun anew. */
enum ld_err ld_core_create(const struct ld_core_options *opt, const uint8_t *genesis, size_t len,
			   int64_t recorded_at_ms);

/* Opens and checks: lock, file system, reader table, head = last key + 1, frontier recomputed from
 * tiles, newest leaves hashed again, root at the last signed size, anchor <= head with the same
 * root. Reading only: no lock, and the anchor is not looked at (it belongs to the writer). Writes a
 * sentence for people (which file, what is wrong, what to do) into why[cap] on failure. Nothing is
 * changed by a refusal. */
enum ld_err ld_core_open(const struct ld_core_options *opt, struct ld_core **out, char *why,
			 size_t cap);
void ld_core_close(struct ld_core *core); /* aborts an open batch; NULL: nothing */

/* The last committed head; pointer valid until the next commit or close. Writer's thread only;
 * others use ld_core_reader_head. */
const struct ld_core_head *ld_core_head(const struct ld_core *core);

/* Appends inside the open batch (opens one when none is open). recorded_at_ms must not decrease.
 * *index is final if the batch commits. Any failure poisons the batch: only ld_core_abort helps,
 * except LD_ERR_LIMIT (longer than LD_MAX_ENTRY_BYTES) and LD_ERR_ARG (time goes back), which leave
 * it as it was. After a full map the abort makes room, so that the same batch succeeds when
 * repeated. */
enum ld_err ld_core_append(struct ld_core *core, const uint8_t *entry, size_t len,
			   int64_t recorded_at_ms, uint64_t *index);
/* Entries appended and not yet committed. */
uint64_t ld_core_pending(const struct ld_core *core);
/* Root, signed checkpoint into head, synced commit. On failure the batch is gone, the signature has
 * not left the process, and the environment has been reopened and re-read if it could be (LEDGER: a
 * failed sync is not retried on the same state); ld_core_head says what the disk has: the head
 * before the batch. (One case is left: the disk took the commit and then reported an error. Then
 * ld_core_head is the head after it. Whoever replays to ld_core_head()->size is right in both.)
 * While it could not be reopened, each append tries again. LD_ERR_DISK_FULL, LD_ERR_IO, LD_ERR_DB.
 */
enum ld_err ld_core_commit(struct ld_core *core);
void ld_core_abort(struct ld_core *core);

/* At most once a second, from the tick: newest checkpoint into the checkpoint table, then appended
 * to the anchor file and synced. *advanced: a new checkpoint was anchored (then publish
 * head->checkpoint). With a batch open the table's row travels with that batch (and is written
 * again if it aborts). LD_ERR_IO, LD_ERR_DISK_FULL: nothing is to be published; the next call tries
 * again. */
enum ld_err ld_core_anchor(struct ld_core *core, bool *advanced);

/* A witness has cosigned: replaces the stored checkpoint of that size by `note`, which must carry
 * our signature over the same root. LD_ERR_NOT_FOUND: no checkpoint of that size is stored.
 * LD_ERR_STATE: a batch is open. Synced. */
enum ld_err ld_core_cosigned(struct ld_core *core, const char *note, size_t len);

/* Reading sees committed entries only (not the open batch). A reader is one short read transaction:
 * never hold it over a second. Usable from any thread, one reader per thread at a time; close it
 * before closing the core. */
struct ld_core_reader;
enum ld_err ld_core_reader_open(struct ld_core *core, struct ld_core_reader **out);
/* Newest snapshot. If the disk does not answer, the reader has size 0 and reads LD_ERR_NOT_FOUND.
 */
void ld_core_reader_renew(struct ld_core_reader *r);
void ld_core_reader_close(struct ld_core_reader *r);
uint64_t ld_core_reader_size(const struct ld_core_reader *r);
/* Pointer into the map, valid until renew/close. LD_ERR_NOT_FOUND. */
enum ld_err ld_core_read(struct ld_core_reader *r, uint64_t index, const uint8_t **entry,
			 size_t *len);
/* Hash of the perfect subtree at (level, n), i.e. leaves [n << level, (n+1) << level). */
enum ld_err ld_core_node(struct ld_core_reader *r, unsigned level, uint64_t n, struct ld_hash *out);
/* Root of the tree of the first `size` entries. LD_ERR_ARG: beyond the reader's size. */
enum ld_err ld_core_root(struct ld_core_reader *r, uint64_t size, struct ld_hash *out);
/* RFC 6962 audit path and consistency proof against a tree of `size` (<= reader's size).
 * LD_ERR_ARG: index >= size, size1 = 0, size1 > size2, or beyond the reader's size. */
enum ld_err ld_core_inclusion(struct ld_core_reader *r, uint64_t index, uint64_t size,
			      struct ld_hash proof[LD_MERKLE_MAX_PROOF], size_t *n);
enum ld_err ld_core_consistency(struct ld_core_reader *r, uint64_t size1, uint64_t size2,
				struct ld_hash proof[LD_MERKLE_MAX_PROOF], size_t *n);
/* Newest signed checkpoint in the reader's snapshot. */
enum ld_err ld_core_reader_head(struct ld_core_reader *r, struct ld_core_head *out);
/* The first stored checkpoint whose size is >= from (0: the first of all), with what cosignatures
 * it has. Pointer as ld_core_read; not NUL-terminated. LD_ERR_NOT_FOUND. */
enum ld_err ld_core_checkpoint(struct ld_core_reader *r, uint64_t from, uint64_t *size,
			       const char **note, size_t *len);

/* What an audit looked at, and the first thing that was wrong. */
struct ld_core_audit {
	uint64_t size; /* of the ledger when the audit began: everything below it was looked at */
	struct ld_hash root; /* recomputed from the entries alone */
	uint64_t tile_rows;
	uint64_t checkpoints;
	char problem[320]; /* empty: none */
};

/* Called every few thousand entries; non-zero stops the audit (LD_ERR_STATE). */
typedef int (*ld_core_progress)(void *ctx, uint64_t done, uint64_t total);

/* Hashes every entry again, recomputes all tile rows, the frontier and the root, and verifies every
 * stored checkpoint's signature and root. Renews the reader as it goes, so that it can run for
 * hours beside a writer. key NULL: signatures are not verified (report says so nowhere: the caller
 * does). progress may be NULL. LD_OK, or LD_ERR_CORRUPT / LD_ERR_SIGNATURE with the problem in
 * words. */
enum ld_err ld_core_audit(struct ld_core_reader *r, const struct ld_note_key *key,
			  ld_core_progress progress, void *ctx, struct ld_core_audit *report);

/* A compacted, synced copy of the newest snapshot as <dest>/core (dest is made when absent); any
 * thread, beside a writer too, best through a read-only core in a tool's process. It is a backup
 * only when an audit of the copy has said so. No anchor is copied: a restored copy must meet the
 * one that stayed. LD_ERR_EXISTS: <dest>/core is there already. */
enum ld_err ld_core_backup(struct ld_core *core, const char *dest);

/* Handles SIGBUS whose address lies in one of store's maps (core, state, index): a fixed line on
 * standard error, then _exit. Any other goes to the handler that was there. Once per process;
 * remove before the code is unloaded. */
void ld_core_install_sigbus(void);
void ld_core_remove_sigbus(void);

#endif
