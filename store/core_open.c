/* Making a ledger, and all that is checked before one is trusted. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/be.h"
#include "store/core_internal.h"
#include "store/lock.h"

#define LMDB_MAGIC_OFFSET 16 /* after the page header */
#define LMDB_MAGIC 0xBEEFC0DEu
#define LEAST_FILE_BYTES 8192 /* two meta pages */
/* A commit may leave the last pages that it took and gave back unwritten; more than these are lost.
 */
#define UNWRITTEN_PAGES 16

int ld_core_tables(MDB_env *mdb, void *ctx)
{
	struct ld_core *core = ctx;
	MDB_txn *txn;
	int rc = mdb_txn_begin(mdb, NULL, MDB_RDONLY, &txn);

	if (rc)
		return rc;
	rc = ld_tables_open(txn, false, &core->t);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn); /* keeps the handles */
}

static enum ld_err join(char out[LD_ENV_PATH_BYTES], const char *dir, const char *name)
{
	int n = snprintf(out, LD_ENV_PATH_BYTES, "%s/%s", dir, name);
	return n < 0 || n >= LD_ENV_PATH_BYTES ? LD_ERR_ARG : LD_OK;
}

static void core_free(struct ld_core *core)
{
	if (!core)
		return;
	ld_env_close(&core->env);
	ld_lock_drop(&core->lock_fd);
	if (core->has_key)
		EVP_PKEY_free(core->key.pkey);
	free(core->dir);
	free(core->anchor_path);
	free(core);
}

static enum ld_err core_new(const struct ld_core_options *opt, struct ld_core **out)
{
	char path[LD_ENV_PATH_BYTES];
	struct ld_core *core;

	*out = NULL;
	if (!opt->dir || (!opt->read_only && (!opt->key || !opt->key->pkey)))
		return LD_ERR_ARG;
	if (join(path, opt->dir, "anchor"))
		return LD_ERR_ARG;
	core = calloc(1, sizeof *core);
	if (!core)
		return LD_ERR_NOMEM;
	core->lock_fd = -1;
	core->read_only = opt->read_only;
	core->dir = strdup(opt->dir);
	core->anchor_path = strdup(opt->anchor_path ? opt->anchor_path : path);
	if (!core->dir || !core->anchor_path) {
		core_free(core);
		return LD_ERR_NOMEM;
	}
	if (opt->key && EVP_PKEY_up_ref(opt->key->pkey) == 1) {
		core->key = *opt->key;
		core->has_key = true;
	}
	*out = core;
	return LD_OK;
}

/* Creation ------------------------------------------------------------------------------------ */

static void remove_env(const char *path)
{
	static const char *const names[] = {"data.mdb", "lock.mdb"};
	char file[LD_ENV_PATH_BYTES];

	for (size_t i = 0; i < 2; i++)
		if (join(file, path, names[i]) == LD_OK)
			(void)unlink(file);
	(void)rmdir(path);
}

static enum ld_err sync_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return LD_ERR_IO;
	enum ld_err err = fsync(fd) == 0 ? LD_OK : ld_env_err(errno);
	close(fd);
	return err;
}

/* The environment with its one entry, closed and synced, at `path`. */
static enum ld_err make_env(struct ld_core *core, const struct ld_core_options *opt,
			    const char *path, const uint8_t *genesis, size_t len,
			    int64_t recorded_at_ms)
{
	char file[LD_ENV_PATH_BYTES];
	uint64_t index;
	enum ld_err err = ld_env_open(&core->env, path, 0, opt->map_bytes, NULL, NULL, NULL, 0);

	if (err)
		return err;
	err = ld_core_begin(core);
	if (!err)
		err = ld_env_err(ld_tables_open(core->txn, true, &core->t));
	if (!err)
		err = ld_core_append(core, genesis, len, recorded_at_ms, &index);
	if (!err)
		err = ld_core_commit(core);
	else
		ld_core_abort(core);
	if (!err)
		err = ld_env_err(mdb_env_sync(core->env.mdb, 1));
	ld_env_close(&core->env);
	/* LMDB writes its first two pages without syncing them: the one moment at which the default
	 * flags could leave a file that does not open (LEDGER) */
	if (!err)
		err = join(file, path, "data.mdb");
	if (!err)
		err = sync_file(file);
	return err ? err : ld_sync_dir_of(file);
}

/* An anchor that tells of more than a first entry: there was a ledger here. */
static enum ld_err anchor_allows(const struct ld_core *core)
{
	struct ld_checkpoint cp;
	char note[LD_NOTE_MAX_BYTES];
	size_t len;
	enum ld_err err = ld_anchor_last(core->anchor_path, &core->key, &cp, note, &len, NULL, 0);

	if (err == LD_ERR_NO_ANCHOR)
		return LD_OK;
	if (err)
		return err;
	return cp.size > 1 ? LD_ERR_ROLLBACK : LD_OK;
}

static enum ld_err create_locked(struct ld_core *core, const struct ld_core_options *opt,
				 const uint8_t *genesis, size_t len, int64_t recorded_at_ms)
{
	char final[LD_ENV_PATH_BYTES], fresh[LD_ENV_PATH_BYTES];
	const struct ld_core_head *head;
	struct stat st;
	enum ld_err err = join(final, opt->dir, "core");

	if (!err)
		err = join(fresh, opt->dir, "core.new");
	if (err)
		return err;
	if (lstat(final, &st) == 0)
		return LD_ERR_EXISTS;
	err = anchor_allows(core);
	if (err)
		return err;
	remove_env(fresh); /* what an interrupted creation left */
	if (mkdir(fresh, 0700) != 0)
		return ld_env_err(errno);
	err = make_env(core, opt, fresh, genesis, len, recorded_at_ms);
	head = ld_core_head(core);
	if (!err)
		err = ld_anchor_replace(core->anchor_path, head->checkpoint, head->checkpoint_len);
	if (!err && rename(fresh, final) != 0)
		err = ld_env_err(errno);
	if (err) {
		remove_env(fresh);
		return err;
	}
	return ld_sync_dir_of(final);
}

enum ld_err ld_core_create(const struct ld_core_options *opt, const uint8_t *genesis, size_t len,
			   int64_t recorded_at_ms)
{
	char lock[LD_ENV_PATH_BYTES];
	struct ld_core *core = NULL;
	enum ld_err err;

	if (opt->read_only)
		return LD_ERR_ARG;
	err = core_new(opt, &core);
	if (err)
		return err;
	if (mkdir(opt->dir, 0700) != 0 && errno != EEXIST)
		err = LD_ERR_IO;
	if (!err)
		err = ld_lock_check_fs(opt->dir, NULL, 0);
	if (!err)
		err = join(lock, opt->dir, "lock");
	if (!err)
		err = ld_lock_take(lock, &core->lock_fd, NULL, 0);
	if (!err)
		err = create_locked(core, opt, genesis, len, recorded_at_ms);
	core_free(core);
	return err;
}

enum ld_err ld_core_backup(struct ld_core *core, const char *dest)
{
	char dir[LD_ENV_PATH_BYTES], file[LD_ENV_PATH_BYTES];
	enum ld_err err = join(dir, dest, "core");

	if (!err)
		err = join(file, dir, "data.mdb");
	if (err)
		return err;
	if (mkdir(dest, 0700) != 0 && errno != EEXIST)
		return LD_ERR_IO;
	if (mkdir(dir, 0700) != 0)
		return errno == EEXIST ? LD_ERR_EXISTS : LD_ERR_IO;
	err = ld_env_copy(&core->env, file);
	if (!err)
		err = ld_sync_dir_of(file);
	if (!err)
		err = ld_sync_dir_of(dir);
	if (err)
		remove_env(dir);
	return err;
}

/* Opening ------------------------------------------------------------------------------------- */

/* Before LMDB sees it: an empty data.mdb would be filled, a strange one is not ours to touch. */
static enum ld_err check_file(const char *dir, const char *env_path, char *why, size_t cap)
{
	char file[LD_ENV_PATH_BYTES];
	uint8_t head[LMDB_MAGIC_OFFSET + 4];
	uint32_t magic = 0;
	struct stat st;

	if (stat(env_path, &st) != 0) {
		ld_why(why, cap, "there is no ledger in %s (%s: %s)", dir, env_path,
		       strerror(errno));
		return errno == ENOENT ? LD_ERR_NOT_FOUND : LD_ERR_IO;
	}
	enum ld_err err = join(file, env_path, "data.mdb");
	if (err)
		return err;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		bool missing = errno == ENOENT || errno == ENOTDIR;
		ld_why(why, cap, "%s cannot be read: %s%s", file, strerror(errno),
		       missing ? "" : " (run as the broker's user)");
		return missing ? LD_ERR_FOREIGN : LD_ERR_IO;
	}
	if (pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head)
		memcpy(&magic, head + LMDB_MAGIC_OFFSET, sizeof magic);
	if (fstat(fd, &st) != 0)
		st.st_size = 0;
	close(fd);
	if (st.st_size > 0 && magic != LMDB_MAGIC) {
		ld_why(why, cap, "%s is not an LMDB file: nothing was changed", file);
		return LD_ERR_FOREIGN;
	}
	if (st.st_size < LEAST_FILE_BYTES) {
		ld_why(why, cap, "%s has only %lld bytes: it is damaged, restore a backup", file,
		       (long long)st.st_size);
		return LD_ERR_CORRUPT;
	}
	return LD_OK;
}

/* A file that ends before its last page would answer with SIGBUS. *grown_from: its size, where
 * zeros had to be put after it; -1 otherwise. */
static enum ld_err check_length(struct ld_core *core, off_t *grown_from, char *why, size_t cap)
{
	MDB_envinfo info;
	MDB_stat ms;
	struct stat st;
	int fd;

	*grown_from = -1;
	if (mdb_env_info(core->env.mdb, &info) || mdb_env_stat(core->env.mdb, &ms) ||
	    mdb_env_get_fd(core->env.mdb, &fd) || fstat(fd, &st) != 0)
		return LD_ERR_IO;
	off_t want = (off_t)((info.me_last_pgno + 1) * ms.ms_psize);
	if (st.st_size >= want)
		return LD_OK;
	if (want - st.st_size > (off_t)ms.ms_psize * UNWRITTEN_PAGES) {
		ld_why(why, cap,
		       "%s/data.mdb has %lld bytes where its own head says %lld: it was cut off; "
		       "restore "
		       "a backup",
		       core->env.path, (long long)st.st_size, (long long)want);
		return LD_ERR_CORRUPT;
	}
	if (core->read_only)
		return LD_OK;
	*grown_from = st.st_size;
	return ftruncate(fd, want) == 0 ? LD_OK : ld_env_err(errno);
}

static enum ld_err check_last_key(struct ld_core *core, MDB_txn *txn, uint64_t size, char *why,
				  size_t cap)
{
	MDB_cursor *cursor;
	MDB_val key, val;
	MDB_stat st;
	uint64_t entries = 0;

	int rc = mdb_cursor_open(txn, core->t.entry, &cursor);
	if (rc)
		return ld_env_err(rc);
	rc = mdb_cursor_get(cursor, &key, &val, MDB_LAST);
	mdb_cursor_close(cursor);
	if (!rc && key.mv_size == 8)
		entries = ld_be64_get(key.mv_data) + 1;
	if (!rc)
		rc = mdb_stat(txn, core->t.entry, &st);
	if (rc && rc != MDB_NOTFOUND)
		return ld_env_err(rc);
	if (entries == size && size > 0 && st.ms_entries == size)
		return LD_OK;
	ld_why(why, cap, "%s: the head says %" PRIu64 " entries, the table ends at %" PRIu64,
	       core->env.path, size, entries);
	return LD_ERR_CORRUPT;
}

static enum ld_err check_head_text(struct ld_core *core, const struct ld_head_record *rec,
				   const struct ld_hash *root, char *why, size_t cap)
{
	struct ld_checkpoint cp;
	enum ld_err err;

	if (core->has_key && (strcmp(rec->origin, core->key.name) != 0 ||
			      memcmp(rec->key_hash, core->key.hash, sizeof rec->key_hash) != 0)) {
		ld_why(why, cap,
		       "%s is the ledger %s with key %02x%02x%02x%02x, the key given is %s, "
		       "%02x%02x%02x%02x",
		       core->env.path, rec->origin, rec->key_hash[0], rec->key_hash[1],
		       rec->key_hash[2], rec->key_hash[3], core->key.name, core->key.hash[0],
		       core->key.hash[1], core->key.hash[2], core->key.hash[3]);
		return LD_ERR_KEY;
	}
	if (core->has_key)
		err = ld_checkpoint_verify(rec->checkpoint, rec->checkpoint_len, &core->key, &cp);
	else
		err = ld_checkpoint_parse(rec->checkpoint, rec->checkpoint_len, &cp);
	if (!err && cp.size == rec->size && ld_hash_equal(&cp.root, root))
		return LD_OK;
	ld_why(why, cap,
	       "%s: the signed checkpoint in the head does not verify for its %" PRIu64 " entries",
	       core->env.path, rec->size);
	return LD_ERR_CORRUPT;
}

/* Head, last key, frontier from tiles, signature: in one snapshot. */
static enum ld_err load(struct ld_core *core, MDB_txn *txn, char *why, size_t cap)
{
	struct ld_core_head *head = &core->head[core->cur];
	MDB_val key = {sizeof LD_HEAD_KEY - 1, LD_HEAD_KEY};
	struct ld_head_record rec;
	struct ld_hash root, head_root;
	struct ld_edge edge;
	MDB_val val;

	int rc = mdb_get(txn, core->t.head, &key, &val);
	enum ld_err err = rc ? ld_env_err(rc) : ld_head_decode(val.mv_data, val.mv_size, &rec);
	if (err) {
		ld_why(why, cap, "%s: the head record cannot be read: %s", core->env.path,
		       err == LD_ERR_STATE ? "another schema version wrote it" : ld_err_text(err));
		return err == LD_ERR_NOT_FOUND ? LD_ERR_FOREIGN : err;
	}
	err = check_last_key(core, txn, rec.size, why, cap);
	if (err)
		return err;
	err = ld_edge_load(txn, &core->t, rec.size, &edge);
	ld_frontier_root(&rec.frontier, &head_root);
	if (!err)
		ld_frontier_root(&edge.frontier, &root);
	if (err || !ld_hash_equal(&root, &head_root)) {
		ld_why(
		    why, cap,
		    "%s: the tree's edge in the tiles is not the one in the head; restore a backup",
		    core->env.path);
		return LD_ERR_CORRUPT;
	}
	err = check_head_text(core, &rec, &root, why, cap);
	if (err)
		return err;
	edge.last_ms = rec.last_ms;
	core->edge = edge;
	head->size = rec.size;
	head->root = root;
	head->last_recorded_at_ms = rec.last_ms;
	memcpy(head->checkpoint, rec.checkpoint, rec.checkpoint_len);
	head->checkpoint[rec.checkpoint_len] = '\0';
	head->checkpoint_len = rec.checkpoint_len;
	return LD_OK;
}

enum ld_err ld_core_reload(struct ld_core *core, char *why, size_t cap)
{
	MDB_txn *txn;
	enum ld_err err = ld_env_read_begin(&core->env, &txn);

	if (err) {
		ld_why(why, cap, "%s cannot be read: %s", core->env.path, ld_err_text(err));
		return err;
	}
	err = load(core, txn, why, cap);
	ld_env_read_end(&core->env, txn);
	return err;
}

/* The newest leaves hashed again: a torn tail would show here. */
static enum ld_err check_tail(struct ld_core *core, struct ld_core_reader *r, char *why, size_t cap)
{
	uint64_t from = r->size > LD_CORE_REHASH ? r->size - LD_CORE_REHASH : 0;
	struct ld_hash leaf, stored;
	const uint8_t *entry;
	size_t len;

	for (uint64_t i = from; i < r->size; i++) {
		enum ld_err err = ld_core_read(r, i, &entry, &len);
		if (!err)
			err = ld_core_node(r, 0, i, &stored);
		if (!err)
			ld_merkle_leaf(entry, len, &leaf);
		if (!err && ld_hash_equal(&leaf, &stored))
			continue;
		ld_why(why, cap,
		       "%s: entry %" PRIu64 " is not what its leaf hash says; restore a backup",
		       core->env.path, i);
		return LD_ERR_CORRUPT;
	}
	return LD_OK;
}

/* Root at the last stored checkpoint. */
static enum ld_err check_checkpoint(struct ld_core *core, struct ld_core_reader *r, char *why,
				    size_t cap)
{
	struct ld_checkpoint cp;
	struct ld_hash root;
	MDB_cursor *cursor;
	MDB_val key, val;

	int rc = mdb_cursor_open(r->txn, core->t.checkpoint, &cursor);
	if (rc)
		return ld_env_err(rc);
	rc = mdb_cursor_get(cursor, &key, &val, MDB_LAST);
	mdb_cursor_close(cursor);
	if (rc == MDB_NOTFOUND)
		return LD_OK;
	enum ld_err err = ld_env_err(rc);
	if (!err && core->has_key)
		err = ld_checkpoint_verify(val.mv_data, val.mv_size, &core->key, &cp);
	else if (!err)
		err = ld_checkpoint_parse(val.mv_data, val.mv_size, &cp);
	if (!err)
		err = ld_core_root(r, cp.size, &root);
	if (!err && ld_hash_equal(&root, &cp.root) && key.mv_size == 8 &&
	    ld_be64_get(key.mv_data) == cp.size)
		return LD_OK;
	ld_why(why, cap,
	       "%s: the newest stored checkpoint does not agree with the tree; restore a backup",
	       core->env.path);
	return LD_ERR_CORRUPT;
}

static enum ld_err check_all(struct ld_core *core, const struct ld_core_options *opt, char *why,
			     size_t cap)
{
	struct ld_core_reader *r;
	enum ld_err err = ld_core_reload(core, why, cap);

	if (err)
		return err;
	err = ld_core_reader_open(core, &r);
	if (err)
		return err;
	err = check_tail(core, r, why, cap);
	if (!err)
		err = check_checkpoint(core, r, why, cap);
	ld_core_reader_close(r);
	if (!err && !core->read_only)
		err = ld_anchor_check(core, opt->adopt_anchor, why, cap);
	return err;
}

static enum ld_err open_env(struct ld_core *core, const struct ld_core_options *opt, char *why,
			    size_t cap)
{
	char path[LD_ENV_PATH_BYTES];
	off_t grown_from = -1;
	enum ld_err err = join(path, opt->dir, "core");

	if (!err)
		err = check_file(opt->dir, path, why, cap);
	if (err)
		return err;
	err = ld_env_open(&core->env, path, opt->read_only ? MDB_RDONLY : 0, opt->map_bytes,
			  ld_core_tables, core, why, cap);
	if (err == LD_ERR_NOT_FOUND) {
		ld_why(why, cap, "%s is an LMDB file but not a ledger: its tables are missing",
		       path);
		return LD_ERR_FOREIGN;
	}
	if (err)
		return err;
	err = check_length(core, &grown_from, why, cap);
	if (!err)
		err = check_all(core, opt, why, cap);
	if (err && grown_from >= 0) {
		int fd;
		if (mdb_env_get_fd(core->env.mdb, &fd) == 0 && ftruncate(fd, grown_from) != 0)
			ld_why(why, cap, "%s: damaged, and its length was changed", path);
	}
	return err;
}

enum ld_err ld_core_open(const struct ld_core_options *opt, struct ld_core **out, char *why,
			 size_t cap)
{
	char lock[LD_ENV_PATH_BYTES];
	struct ld_core *core = NULL;
	struct stat st;
	enum ld_err err;

	*out = NULL;
	ld_why(why, cap, "%s", "");
	err = core_new(opt, &core);
	if (err)
		goto out;
	err = ld_lock_check_fs(opt->dir, why, cap);
	if (err)
		goto out;
	err = join(lock, opt->dir, "lock");
	if (err)
		goto out;
	if (!opt->read_only) {
		char core_dir[LD_ENV_PATH_BYTES];
		/* no lock file in a directory that is not a ledger's */
		if (join(core_dir, opt->dir, "core") == LD_OK && stat(core_dir, &st) == 0)
			err = ld_lock_take(lock, &core->lock_fd, why, cap);
	}
	if (!err)
		err = open_env(core, opt, why, cap);
out:
	if (err) {
		if (why && cap && !why[0])
			ld_why(why, cap, "%s: %s", opt->dir ? opt->dir : "ledger",
			       ld_err_text(err));
		core_free(core);
		return err;
	}
	*out = core;
	return LD_OK;
}

void ld_core_close(struct ld_core *core)
{
	if (!core)
		return;
	ld_core_abort(core);
	core_free(core);
}
