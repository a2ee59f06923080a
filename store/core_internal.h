/* What the files of `core` share among themselves: nobody else includes this. */
#ifndef LD_STORE_CORE_INTERNAL_H
#define LD_STORE_CORE_INTERNAL_H

#include "store/core.h"
#include "store/env.h"

#define LD_CORE_SCHEMA 1
#define LD_CORE_ROW_LEVELS 16 /* 64 tree levels, four to a row */
#define LD_CORE_REHASH 4096   /* newest leaves that opening hashes again */
#define LD_ROW_BYTES (LD_TILE_ROW_HASHES * LD_HASH_BYTES)
#define LD_TILE_KEY_BYTES 9
#define LD_HEAD_KEY "head"
#define LD_HEAD_MAX_BYTES                                                                          \
	(32 + LD_MERKLE_MAX_LEVELS * LD_HASH_BYTES + LD_NOTE_MAX_NAME + LD_NOTE_MAX_BYTES)
#define LD_ANCHOR_LINE_BYTES 512

struct ld_tables {
	MDB_dbi entry, tile, checkpoint, head;
};

/* The unfinished row of one level: hashes of tree level 4 * level. */
struct ld_row {
	struct ld_hash hash[LD_TILE_ROW_HASHES];
	unsigned n;
	bool dirty;
};

/* The right edge of the tree: all that an append needs to know of what came before. */
struct ld_edge {
	struct ld_frontier frontier;
	struct ld_row row[LD_CORE_ROW_LEVELS];
	int64_t last_ms;
};

/* The value of the head table, decoded; pointers into it. */
struct ld_head_record {
	uint64_t size;
	int64_t last_ms;
	uint8_t key_hash[4];
	struct ld_frontier frontier;
	char origin[LD_NOTE_MAX_NAME];
	const char *checkpoint;
	size_t checkpoint_len;
};

/* Tests make the next commits fail (store/core_test.h). */
struct ld_core_fault {
	int rc; /* 0: none */
	bool persisted;
	unsigned times;
};

struct ld_core {
	struct ld_env env;
	struct ld_tables t;
	char *dir;
	char *anchor_path;
	struct ld_note_key key;
	bool has_key;
	bool read_only;
	int lock_fd;

	struct ld_core_head head[2];
	unsigned cur; /* head[cur] is the committed one */

	MDB_txn *txn; /* the open batch */
	bool poisoned;
	bool down; /* must be reopened before the next batch */
	struct ld_edge edge;
	struct ld_edge saved; /* as committed; valid while txn is open */

	uint64_t anchored_size;		  /* in the anchor file */
	char unstored[LD_NOTE_MAX_BYTES]; /* an anchored checkpoint not surely in the table */
	size_t unstored_len;		  /* 0: none */
	uint64_t unstored_size;
	bool unstored_in_batch; /* put into the open batch */
	struct ld_core_fault fault;
};

struct ld_core_reader {
	struct ld_core *core;
	MDB_txn *txn;
	uint64_t size;
};

/* core_tree.c: layout, rows, nodes */
void ld_tile_key(uint8_t out[LD_TILE_KEY_BYTES], unsigned level, uint64_t row);
int ld_tables_open(MDB_txn *txn, bool create, struct ld_tables *t);
size_t ld_head_encode(const struct ld_edge *e, const struct ld_note_key *key,
		      const char *checkpoint, size_t checkpoint_len,
		      uint8_t out[LD_HEAD_MAX_BYTES]);
enum ld_err ld_head_decode(const uint8_t *value, size_t len, struct ld_head_record *out);
/* Called for each row that gets its sixteenth hash. */
typedef enum ld_err (*ld_row_full)(void *ctx, unsigned level, uint64_t row, const struct ld_row *r);
enum ld_err ld_edge_append(struct ld_edge *e, const struct ld_hash *leaf, ld_row_full full,
			   void *ctx);
/* The unfinished rows of a tree of `size`, and the frontier from finished and unfinished ones. */
enum ld_err ld_edge_load(MDB_txn *txn, const struct ld_tables *t, uint64_t size,
			 struct ld_edge *out);
enum ld_err ld_tree_node(MDB_txn *txn, const struct ld_tables *t, unsigned level, uint64_t n,
			 struct ld_hash *out);
/* Leaves [lo, hi), lo a multiple of the least power of two that is >= hi - lo. */
enum ld_err ld_tree_range(MDB_txn *txn, const struct ld_tables *t, uint64_t lo, uint64_t hi,
			  struct ld_hash *out);

/* core.c */
enum ld_err ld_core_begin(struct ld_core *core);
/* Commits core->txn, with the faults that a test asked for; core->txn is NULL afterwards. */
int ld_core_commit_txn(struct ld_core *core);
/* After a failed commit: reopens, re-reads. */
void ld_core_recover(struct ld_core *core);

/* Handles of the tables after each opening of the environment (ld_env_opened). */
int ld_core_tables(MDB_env *mdb, void *core);

/* core_open.c: head and edge from disk, verified against each other and the key. */
enum ld_err ld_core_reload(struct ld_core *core, char *why, size_t cap);

/* anchor.c */
enum ld_err ld_anchor_last(const char *path, const struct ld_note_key *key,
			   struct ld_checkpoint *cp, char note[LD_NOTE_MAX_BYTES], size_t *note_len,
			   char *why, size_t cap);
enum ld_err ld_anchor_append(const char *path, const char *note, size_t len);
/* Writes a new file with this one line; an old one is kept beside it as <path>.replaced-<n>. */
enum ld_err ld_anchor_replace(const char *path, const char *note, size_t len);
enum ld_err ld_anchor_check(struct ld_core *core, bool adopt, char *why, size_t cap);
enum ld_err ld_sync_dir_of(const char *path);

#endif
