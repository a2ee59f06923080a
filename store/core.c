/* Batches and reading. Opening and creating: core_open.c. Layout and rows: core_tree.c. */
#include "store/core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "store/be.h"
#include "store/core_internal.h"
#include "store/core_test.h"

#define DISK_FULL_BYTES ((uint64_t)1 << 20)

const struct ld_core_head *ld_core_head(const struct ld_core *core)
{
	return &core->head[core->cur];
}

uint64_t ld_core_pending(const struct ld_core *core)
{
	return core->txn ? core->edge.frontier.size - core->saved.frontier.size : 0;
}

/* Writing ------------------------------------------------------------------------------------- */

enum ld_err ld_core_begin(struct ld_core *core)
{
	if (core->read_only)
		return LD_ERR_STATE;
	if (core->down) {
		ld_core_recover(core);
		if (core->down)
			return LD_ERR_IO;
	}
	/* MDB_MAP_FULL would poison the batch: make room before (LEDGER) */
	ld_env_grow(&core->env);
	int rc = mdb_txn_begin(core->env.mdb, NULL, 0, &core->txn);
	if (rc) {
		core->txn = NULL;
		core->down = rc == MDB_PANIC;
		return ld_env_err(rc);
	}
	core->poisoned = false;
	core->saved = core->edge;
	return LD_OK;
}

static enum ld_err poison(struct ld_core *core, enum ld_err err)
{
	core->poisoned = true;
	return err;
}

static enum ld_err put(struct ld_core *core, MDB_dbi dbi, const void *key, size_t key_len,
		       const void *data, size_t len, unsigned flags)
{
	/* LMDB's values are not const, but it only reads these */
	MDB_val k = {key_len, (void *)(uintptr_t)key};
	MDB_val v = {len, (void *)(uintptr_t)data};
	int rc = mdb_put(core->txn, dbi, &k, &v, flags);

	if (rc == MDB_MAP_FULL)
		ld_env_full(&core->env);
	return ld_env_err(rc);
}

static enum ld_err put_row(void *ctx, unsigned level, uint64_t row, const struct ld_row *r)
{
	struct ld_core *core = ctx;
	uint8_t key[LD_TILE_KEY_BYTES];

	ld_tile_key(key, level, row);
	return put(core, core->t.tile, key, sizeof key, r->hash, r->n * LD_HASH_BYTES, 0);
}

enum ld_err ld_core_append(struct ld_core *core, const uint8_t *entry, size_t len,
			   int64_t recorded_at_ms, uint64_t *index)
{
	struct ld_hash leaf;
	uint8_t key[8];
	enum ld_err err;

	if (len > LD_MAX_ENTRY_BYTES)
		return LD_ERR_LIMIT;
	if (!core->txn) {
		err = ld_core_begin(core);
		if (err)
			return err;
	}
	if (core->poisoned)
		return LD_ERR_STATE;
	/* recorded_at_ms never decreases (LEDGER: core, key by key) */
	if (recorded_at_ms < core->edge.last_ms && core->edge.frontier.size > 0)
		return LD_ERR_ARG;
	*index = core->edge.frontier.size;
	ld_be64_put(key, *index);
	/* MDB_APPEND asserts for free that the index is the next one */
	err = put(core, core->t.entry, key, sizeof key, entry, len, MDB_APPEND);
	if (err)
		return poison(core, err);
	ld_merkle_leaf(entry, len, &leaf);
	err = ld_edge_append(&core->edge, &leaf, put_row, core);
	if (err)
		return poison(core, err);
	core->edge.last_ms = recorded_at_ms;
	return LD_OK;
}

static enum ld_err put_unfinished_rows(struct ld_core *core)
{
	for (unsigned level = 0; level < LD_CORE_ROW_LEVELS; level++) {
		struct ld_row *r = &core->edge.row[level];
		uint64_t nodes = core->edge.frontier.size >> (4 * level);
		if (!r->dirty)
			continue;
		enum ld_err err = put_row(core, level, nodes / LD_TILE_ROW_HASHES, r);
		if (err)
			return err;
		r->dirty = false;
	}
	return LD_OK;
}

/* Signs the root and puts the head record; *next is what becomes the head if the commit succeeds.
 */
static enum ld_err put_head(struct ld_core *core, struct ld_core_head *next)
{
	uint8_t value[LD_HEAD_MAX_BYTES];
	struct ld_checkpoint cp;

	next->size = core->edge.frontier.size;
	next->last_recorded_at_ms = core->edge.last_ms;
	ld_frontier_root(&core->edge.frontier, &next->root);
	memcpy(cp.origin, core->key.name, sizeof cp.origin);
	cp.size = next->size;
	cp.root = next->root;
	enum ld_err err = ld_checkpoint_sign(&cp, &core->key, next->checkpoint,
					     sizeof next->checkpoint, &next->checkpoint_len);
	if (err)
		return err;
	size_t len =
	    ld_head_encode(&core->edge, &core->key, next->checkpoint, next->checkpoint_len, value);
	return put(core, core->t.head, LD_HEAD_KEY, strlen(LD_HEAD_KEY), value, len, 0);
}

int ld_core_commit_txn(struct ld_core *core)
{
	MDB_txn *txn = core->txn;
	struct ld_core_fault *f = &core->fault;

	core->txn = NULL;
	if (f->times == 0)
		return mdb_txn_commit(txn);
	f->times--;
	if (!f->persisted)
		mdb_txn_abort(txn);
	else
		(void)mdb_txn_commit(txn);
	return f->rc;
}

void ld_core_recover(struct ld_core *core)
{
	core->down = true;
	if (ld_env_reopen(&core->env) && ld_core_reload(core, NULL, 0) == LD_OK)
		core->down = false;
}

/* LMDB calls a write that was cut short EIO; people need to hear of the full disk. */
static enum ld_err commit_err(const struct ld_core *core, int rc)
{
	struct statvfs vfs;

	if (rc == EIO && statvfs(core->dir, &vfs) == 0 &&
	    (uint64_t)vfs.f_bavail * vfs.f_frsize < DISK_FULL_BYTES)
		return LD_ERR_DISK_FULL;
	return ld_env_err(rc);
}

enum ld_err ld_core_commit(struct ld_core *core)
{
	struct ld_core_head *next = &core->head[1 - core->cur];
	enum ld_err err = LD_OK;

	if (core->read_only)
		return LD_ERR_STATE;
	if (!core->txn)
		return LD_OK;
	if (core->poisoned)
		err = LD_ERR_STATE;
	if (!err && ld_core_pending(core) > 0) {
		err = put_unfinished_rows(core);
		if (!err)
			err = put_head(core, next);
	}
	if (err) {
		ld_core_abort(core);
		return err;
	}
	bool grown = ld_core_pending(core) > 0;
	int rc = ld_core_commit_txn(core);
	if (rc) {
		/* whether the disk has it is not known: only what is read again counts */
		if (rc == MDB_MAP_FULL)
			ld_env_full(&core->env);
		core->edge = core->saved;
		core->unstored_in_batch = false;
		ld_core_recover(core);
		return commit_err(core, rc);
	}
	if (grown)
		core->cur = 1 - core->cur;
	if (core->unstored_in_batch)
		core->unstored_len = 0;
	core->unstored_in_batch = false;
	return LD_OK;
}

void ld_core_abort(struct ld_core *core)
{
	if (!core->txn)
		return;
	mdb_txn_abort(core->txn);
	core->txn = NULL;
	core->poisoned = false;
	core->unstored_in_batch = false;
	core->edge = core->saved;
	ld_env_grow(&core->env);
}

/* Checkpoints --------------------------------------------------------------------------------- */

static enum ld_err put_checkpoint(struct ld_core *core, uint64_t size, const char *note, size_t len)
{
	uint8_t key[8];

	ld_be64_put(key, size);
	return put(core, core->t.checkpoint, key, sizeof key, note, len, 0);
}

/* A commit of its own; the caller has seen that no batch is open. */
static enum ld_err commit_checkpoint(struct ld_core *core, uint64_t size, const char *note,
				     size_t len)
{
	enum ld_err err = ld_core_begin(core);

	if (err)
		return err;
	err = put_checkpoint(core, size, note, len);
	if (err) {
		ld_core_abort(core);
		return err;
	}
	int rc = ld_core_commit_txn(core);
	if (rc)
		ld_core_recover(core);
	return ld_env_err(rc);
}

/* Row for the table: at once, or with the open batch; then `unstored` remembers it, as the batch
 * may yet be aborted. */
static enum ld_err store_checkpoint(struct ld_core *core, uint64_t size, const char *note,
				    size_t len)
{
	enum ld_err err;

	if (!core->txn) {
		err = commit_checkpoint(core, size, note, len);
		if (!err)
			core->unstored_len = 0;
		return err;
	}
	if (core->poisoned)
		return LD_ERR_STATE;
	err = put_checkpoint(core, size, note, len);
	if (err)
		return poison(core, err);
	memmove(core->unstored, note, len);
	core->unstored_len = len;
	core->unstored_size = size;
	core->unstored_in_batch = true;
	return LD_OK;
}

enum ld_err ld_core_anchor(struct ld_core *core, bool *advanced)
{
	const struct ld_core_head *head = ld_core_head(core);
	enum ld_err err;

	*advanced = false;
	if (core->read_only)
		return LD_ERR_STATE;
	if (core->unstored_len && !core->txn) {
		err =
		    store_checkpoint(core, core->unstored_size, core->unstored, core->unstored_len);
		if (err)
			return err;
	}
	if (head->size <= core->anchored_size)
		return LD_OK;
	err = store_checkpoint(core, head->size, head->checkpoint, head->checkpoint_len);
	if (err)
		return err;
	err = ld_anchor_append(core->anchor_path, head->checkpoint, head->checkpoint_len);
	if (err)
		return err;
	core->anchored_size = head->size;
	*advanced = true;
	/* tools that were killed while reading must not hold back the reuse of pages: 9 us a second
	 */
	int dead;
	(void)mdb_reader_check(core->env.mdb, &dead);
	return LD_OK;
}

enum ld_err ld_core_cosigned(struct ld_core *core, const char *note, size_t len)
{
	struct ld_core_reader *r = NULL;
	struct ld_checkpoint new_cp, old_cp;
	const char *old;
	size_t old_len;
	uint64_t size;
	enum ld_err err;

	if (core->read_only || core->txn)
		return LD_ERR_STATE;
	err = ld_checkpoint_verify(note, len, &core->key, &new_cp);
	if (!err)
		err = ld_core_reader_open(core, &r);
	if (!err)
		err = ld_core_checkpoint(r, new_cp.size, &size, &old, &old_len);
	if (!err && size != new_cp.size)
		err = LD_ERR_NOT_FOUND;
	if (!err)
		err = ld_checkpoint_parse(old, old_len, &old_cp);
	if (!err && !ld_hash_equal(&old_cp.root, &new_cp.root))
		err = LD_ERR_CORRUPT;
	ld_core_reader_close(r);
	return err ? err : commit_checkpoint(core, new_cp.size, note, len);
}

/* Tests --------------------------------------------------------------------------------------- */

void ld_core_test_fail_commit(struct ld_core *core, int rc, bool persisted, unsigned times)
{
	core->fault.rc = rc;
	core->fault.persisted = persisted;
	core->fault.times = times;
}

size_t ld_core_test_map_bytes(struct ld_core *core)
{
	MDB_envinfo info;

	return core->env.mdb && !mdb_env_info(core->env.mdb, &info) ? info.me_mapsize : 0;
}
