/* `state` on disk:
 *
 *	<dir>/state/data.mdb
 *	    kv      u8 table | key     ->  value
 *	    meta    "applied"          ->  u64, number of core entries that kv stands for
 *	            "schema"           ->  u32
 *	<dir>/state/lock               who writes (flock)
 *	<dir>/state/mark               "clean" or "open <boot id>": state_mark.c
 *
 * MDB_NOSYNC: the kernel's page cache carries a commit over the end of the process, not over the
 *end of the kernel. One write transaction is always open, so that reads see the thread's own writes
 *and no get pays for beginning one. */
#include "store/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/be.h"
#include "store/env.h"
#include "store/lock.h"
#include "store/state_mark.h"
#include "store/state_snapshot.h"
#include <openssl/evp.h>

#define KEY_MAX 500
#define STORED_KEY_MAX (1 + KEY_MAX)

struct ld_state {
	struct ld_env env;
	MDB_dbi kv, meta;
	MDB_txn *txn; /* the held one; NULL: begun again at the next chance */
	uint32_t schema;
	uint64_t applied;
	bool read_only;
	bool scratch;
	bool failed; /* a put did not fit: only abort or clear help */
	int lock_fd;
	char path[LD_ENV_PATH_BYTES];
	char mark[LD_ENV_PATH_BYTES];
};

static int tables(MDB_env *mdb, void *ctx)
{
	struct ld_state *st = ctx;
	MDB_txn *txn;
	unsigned flags = st->read_only ? 0 : MDB_CREATE;
	int rc = mdb_txn_begin(mdb, NULL, st->read_only ? MDB_RDONLY : 0, &txn);

	if (rc)
		return rc;
	rc = mdb_dbi_open(txn, "kv", flags, &st->kv);
	if (!rc)
		rc = mdb_dbi_open(txn, "meta", flags, &st->meta);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

static enum ld_err meta_put(struct ld_state *st, const char *name, const uint8_t *value, size_t len)
{
	MDB_val key = {strlen(name), (void *)(uintptr_t)name};
	MDB_val val = {len, (void *)(uintptr_t)value};
	int rc = mdb_put(st->txn, st->meta, &key, &val, 0);

	if (rc == MDB_MAP_FULL)
		ld_env_full(&st->env);
	return ld_env_err(rc);
}

static enum ld_err meta_get(struct ld_state *st, const char *name, uint8_t *value, size_t len)
{
	MDB_val key = {strlen(name), (void *)(uintptr_t)name};
	MDB_val val;
	int rc = mdb_get(st->txn, st->meta, &key, &val);

	if (rc)
		return ld_env_err(rc);
	if (val.mv_size != len)
		return LD_ERR_CORRUPT;
	memcpy(value, val.mv_data, len);
	return LD_OK;
}

/* The held transaction; every entry point comes through here. */
static enum ld_err hold(struct ld_state *st)
{
	if (st->txn)
		return LD_OK;
	if (st->read_only)
		return ld_env_read_begin(&st->env, &st->txn);
	ld_env_grow(&st->env);
	/* after a failed meta page write LMDB answers MDB_PANIC until it is opened again */
	int rc = st->env.mdb ? mdb_txn_begin(st->env.mdb, NULL, 0, &st->txn) : MDB_PANIC;
	if (rc == MDB_PANIC && ld_env_reopen(&st->env))
		rc = mdb_txn_begin(st->env.mdb, NULL, 0, &st->txn);
	if (rc)
		st->txn = NULL;
	return ld_env_err(rc);
}

static void let_go(struct ld_state *st)
{
	if (!st->txn)
		return;
	if (st->read_only)
		ld_env_read_end(&st->env, st->txn);
	else
		mdb_txn_abort(st->txn);
	st->txn = NULL;
	st->failed = false;
}

static enum ld_err read_applied(struct ld_state *st)
{
	uint8_t applied[8], schema[4];
	enum ld_err err = meta_get(st, "applied", applied, sizeof applied);

	if (!err)
		err = meta_get(st, "schema", schema, sizeof schema);
	if (err)
		return err;
	st->applied = ld_be64_get(applied);
	return ld_be32_get(schema) == st->schema ? LD_OK : LD_ERR_STATE;
}

/* Opening ------------------------------------------------------------------------------------- */

static void remove_files(const char *path)
{
	static const char *const names[] = {"data.mdb", "lock.mdb"};
	char file[LD_ENV_PATH_BYTES];

	for (size_t i = 0; i < 2; i++) {
		int n = snprintf(file, sizeof file, "%s/%s", path, names[i]);
		if (n > 0 && (size_t)n < sizeof file)
			(void)unlink(file);
	}
}

static enum ld_err open_env(struct ld_state *st, const char *path, size_t map_bytes, char *why,
			    size_t cap)
{
	enum ld_err err = ld_env_open(&st->env, path, st->read_only ? MDB_RDONLY : MDB_NOSYNC,
				      map_bytes, tables, st, why, cap);

	return err ? err : hold(st);
}

static enum ld_err write_empty(struct ld_state *st)
{
	uint8_t schema[4], zero[8] = {0};
	enum ld_err err = hold(st);

	ld_be32_put(schema, st->schema);
	if (!err)
		err = meta_put(st, "schema", schema, sizeof schema);
	if (!err)
		err = meta_put(st, "applied", zero, sizeof zero);
	if (err)
		return err;
	int rc = mdb_txn_commit(st->txn);
	st->txn = NULL;
	st->applied = 0;
	return rc ? ld_env_err(rc) : hold(st);
}

static enum ld_err open_trusted(struct ld_state *st, size_t map_bytes)
{
	enum ld_err err = open_env(st, st->path, map_bytes, NULL, 0);

	if (!err)
		err = read_applied(st);
	if (err) {
		let_go(st);
		ld_env_close(&st->env);
	}
	return err;
}

/* A full disk or missing rights are not cured by throwing the state away. */
static bool is_outside_trouble(enum ld_err err)
{
	return err == LD_ERR_IO || err == LD_ERR_DISK_FULL || err == LD_ERR_NOMEM;
}

/* Trusted when the mark says so, it opens, and the schema is ours; else from the snapshot, else
 * empty. */
static enum ld_err open_writer(struct ld_state *st, size_t map_bytes, char *why, size_t cap)
{
	bool trusted = ld_state_mark_trusted(st->mark);
	enum ld_err err = trusted ? open_trusted(st, map_bytes) : LD_ERR_STATE;

	if (is_outside_trouble(err)) {
		ld_why(why, cap, "%s: %s", st->path, ld_err_text(err));
		return err;
	}
	/* until the mark is written anew the old one, not trusted, stands for what is done here;
	 * where it was trusted but the file was not ours, a crash in between leads here again */
	bool whole = err == LD_OK;
	if (!whole) {
		remove_files(st->path);
		whole = ld_state_snapshot_restore(st->path) == LD_OK &&
			open_trusted(st, map_bytes) == LD_OK;
	}
	if (!whole)
		remove_files(st->path);
	err = ld_state_mark_open(st->mark);
	if (err) {
		ld_why(why, cap, "%s cannot be written: %s", st->mark, ld_err_text(err));
		return err;
	}
	if (whole)
		return LD_OK;
	err = open_env(st, st->path, map_bytes, why, cap);
	return err ? err : write_empty(st);
}

static enum ld_err open_reader(struct ld_state *st, char *why, size_t cap)
{
	const char *path = st->path;

	if (!ld_state_mark_trusted(st->mark)) {
		ld_why(why, cap,
		       "%s is not whole since the machine stopped: start the broker first", path);
		return LD_ERR_STATE;
	}
	enum ld_err err = open_env(st, path, 0, why, cap);
	if (err)
		return err;
	err = read_applied(st);
	if (err)
		ld_why(why, cap, "%s was written by another version: %s", path, ld_err_text(err));
	return err;
}

enum ld_err ld_state_open(const char *dir, uint32_t schema, bool read_only, size_t map_bytes,
			  struct ld_state **out, uint64_t *applied, char *why, size_t cap)
{
	char lock[LD_ENV_PATH_BYTES];
	struct ld_state *st = calloc(1, sizeof *st);
	enum ld_err err = LD_ERR_ARG;

	*out = NULL;
	*applied = 0;
	ld_why(why, cap, "%s", "");
	if (!st)
		return LD_ERR_NOMEM;
	st->lock_fd = -1;
	st->schema = schema;
	st->read_only = read_only;
	int n = snprintf(st->path, sizeof st->path, "%s/state", dir);
	int m = snprintf(lock, sizeof lock, "%s/state/lock", dir);
	int k = snprintf(st->mark, sizeof st->mark, "%s/state/mark", dir);
	if (n < 0 || m < 0 || k < 0 || (size_t)m >= sizeof lock)
		goto out;
	err = ld_lock_check_fs(dir, why, cap);
	if (err)
		goto out;
	if (!read_only && mkdir(st->path, 0700) != 0 && errno != EEXIST) {
		ld_why(why, cap, "%s cannot be made: %s", st->path, strerror(errno));
		err = ld_env_err(errno);
		goto out;
	}
	if (!read_only)
		err = ld_lock_take(lock, &st->lock_fd, why, cap);
	if (!err)
		err = read_only ? open_reader(st, why, cap) : open_writer(st, map_bytes, why, cap);
out:
	if (err) {
		let_go(st);
		ld_env_close(&st->env);
		ld_lock_drop(&st->lock_fd);
		free(st);
		return err;
	}
	*applied = st->applied;
	*out = st;
	return LD_OK;
}

enum ld_err ld_state_open_scratch(struct ld_state **out)
{
	char path[LD_ENV_PATH_BYTES];
	const char *tmp = getenv("TMPDIR");
	struct ld_state *st = calloc(1, sizeof *st);

	*out = NULL;
	if (!st)
		return LD_ERR_NOMEM;
	st->lock_fd = -1;
	st->scratch = true;
	int n = snprintf(path, sizeof path, "%s/liandan-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (n < 0 || (size_t)n >= sizeof path || !mkdtemp(path)) {
		free(st);
		return LD_ERR_IO;
	}
	enum ld_err err = open_env(st, path, 0, NULL, 0);
	/* the open files stay as long as we do, whatever our end */
	remove_files(path);
	(void)rmdir(path);
	if (!err)
		err = write_empty(st);
	if (err) {
		let_go(st);
		ld_env_close(&st->env);
		free(st);
		return err;
	}
	*out = st;
	return LD_OK;
}

void ld_state_close(struct ld_state *st)
{
	if (!st)
		return;
	/* what was not committed is not ours to commit: the caller has not said how far core is */
	let_go(st);
	bool synced = !st->read_only && !st->scratch && mdb_env_sync(st->env.mdb, 1) == 0;
	ld_env_close(&st->env);
	if (synced)
		(void)ld_state_mark_clean(st->mark);
	ld_lock_drop(&st->lock_fd);
	free(st);
}

enum ld_err ld_state_renew(struct ld_state *st, uint64_t *applied)
{
	if (!st->read_only)
		return LD_ERR_STATE;
	enum ld_err err = ld_env_read_renew(&st->env, &st->txn);
	if (!err)
		err = read_applied(st);
	*applied = st->applied;
	return err;
}

/* Keys and values ----------------------------------------------------------------------------- */

static inline bool make_key(uint8_t buf[STORED_KEY_MAX], uint8_t table, const void *key,
			    size_t key_len, MDB_val *out)
{
	if (key_len > KEY_MAX)
		return false;
	buf[0] = table;
	if (key_len)
		memcpy(buf + 1, key, key_len);
	out->mv_size = 1 + key_len;
	out->mv_data = buf;
	return true;
}

/* For writing: the transaction held, not failed, and ours to write in. */
static enum ld_err writable(struct ld_state *st)
{
	if (st->read_only || st->failed)
		return LD_ERR_STATE;
	return hold(st);
}

enum ld_err ld_state_get(struct ld_state *st, uint8_t table, const void *key, size_t key_len,
			 const uint8_t **value, size_t *len)
{
	uint8_t buf[STORED_KEY_MAX];
	MDB_val k, v;
	enum ld_err err = hold(st);

	if (err)
		return err;
	if (!make_key(buf, table, key, key_len, &k))
		return LD_ERR_ARG;
	int rc = mdb_get(st->txn, st->kv, &k, &v);
	if (rc)
		return ld_env_err(rc);
	*value = v.mv_data;
	*len = v.mv_size;
	return LD_OK;
}

enum ld_err ld_state_put(struct ld_state *st, uint8_t table, const void *key, size_t key_len,
			 const void *value, size_t len)
{
	uint8_t buf[STORED_KEY_MAX];
	MDB_val k;
	MDB_val v = {len, (void *)(uintptr_t)value};
	enum ld_err err = writable(st);

	if (err)
		return err;
	if (!make_key(buf, table, key, key_len, &k))
		return LD_ERR_ARG;
	int rc = mdb_put(st->txn, st->kv, &k, &v, 0);
	if (rc == MDB_MAP_FULL)
		ld_env_full(&st->env);
	st->failed = rc != 0;
	return ld_env_err(rc);
}

enum ld_err ld_state_del(struct ld_state *st, uint8_t table, const void *key, size_t key_len)
{
	uint8_t buf[STORED_KEY_MAX];
	MDB_val k;
	enum ld_err err = writable(st);

	if (err)
		return err;
	if (!make_key(buf, table, key, key_len, &k))
		return LD_ERR_ARG;
	int rc = mdb_del(st->txn, st->kv, &k, NULL);
	if (rc == MDB_MAP_FULL)
		ld_env_full(&st->env);
	st->failed = rc != 0 && rc != MDB_NOTFOUND;
	return ld_env_err(rc);
}

enum ld_err ld_state_walk(struct ld_state *st, uint8_t table, const void *prefix, size_t prefix_len,
			  const void *from, size_t from_len, ld_state_fn fn, void *ctx,
			  int *stopped)
{
	uint8_t first[STORED_KEY_MAX], begin[STORED_KEY_MAX];
	MDB_val p, k, v;
	MDB_cursor *cursor;
	int stop = 0;
	enum ld_err err = hold(st);

	if (stopped)
		*stopped = 0;
	if (err)
		return err;
	if (!make_key(first, table, prefix, prefix_len, &p) ||
	    !make_key(begin, table, from, from_len, &k))
		return LD_ERR_ARG;
	/* no `from`, or one before the prefix: from the prefix on */
	size_t common = p.mv_size < k.mv_size ? p.mv_size : k.mv_size;
	int order = memcmp(k.mv_data, p.mv_data, common);
	if (order < 0 || (order == 0 && k.mv_size < p.mv_size))
		k = p;
	int rc = mdb_cursor_open(st->txn, st->kv, &cursor);
	if (rc)
		return ld_env_err(rc);
	for (rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE); rc == 0 && !stop;
	     rc = stop ? 0 : mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
		const uint8_t *bytes = k.mv_data;
		if (k.mv_size < p.mv_size || memcmp(bytes, first, p.mv_size) != 0)
			break;
		stop = fn(ctx, bytes + 1, k.mv_size - 1, v.mv_data, v.mv_size);
	}
	mdb_cursor_close(cursor);
	if (stopped)
		*stopped = stop;
	return rc == MDB_NOTFOUND ? LD_OK : ld_env_err(rc);
}

/* Commits --------------------------------------------------------------------------------------*/

enum ld_err ld_state_commit(struct ld_state *st, uint64_t applied)
{
	uint8_t value[8];
	enum ld_err err = writable(st);

	ld_be64_put(value, applied);
	if (!err)
		err = meta_put(st, "applied", value, sizeof value);
	if (err) {
		if (!st->read_only)
			let_go(st);
		return err;
	}
	int rc = mdb_txn_commit(st->txn);
	st->txn = NULL;
	if (rc == 0)
		st->applied = applied;
	/* begin at once: the next get must not pay for it, and a failure shows here */
	err = hold(st);
	return rc ? ld_env_err(rc) : err;
}

enum ld_err ld_state_abort(struct ld_state *st, uint64_t *applied)
{
	if (st->read_only)
		return LD_ERR_STATE;
	let_go(st);
	*applied = st->applied;
	return hold(st);
}

enum ld_err ld_state_clear(struct ld_state *st)
{
	if (st->read_only)
		return LD_ERR_STATE;
	let_go(st);
	/* whoever clears does not trust what the state came from: nor then its copy */
	if (!st->scratch)
		ld_state_snapshot_remove(st->path);
	enum ld_err err = hold(st);
	if (err)
		return err;
	int rc = mdb_drop(st->txn, st->kv, 0);
	if (rc) {
		let_go(st);
		return ld_env_err(rc);
	}
	return write_empty(st);
}

enum ld_err ld_state_snapshot(struct ld_state *st)
{
	if (st->read_only || st->scratch)
		return LD_ERR_STATE;
	return ld_state_snapshot_make(&st->env, st->path);
}

/* Digest -------------------------------------------------------------------------------------- */

enum ld_err ld_state_digest(struct ld_state *st, struct ld_hash *out)
{
	MDB_cursor *cursor = NULL;
	EVP_MD_CTX *md = NULL;
	MDB_val k, v;
	uint8_t head[5], len[4];
	enum ld_err err = hold(st);

	if (err)
		return err;
	md = EVP_MD_CTX_new();
	if (!md || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
		err = LD_ERR_NOMEM;
		goto out;
	}
	int rc = mdb_cursor_open(st->txn, st->kv, &cursor);
	while (rc == 0 && (rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
		const uint8_t *key = k.mv_data;
		head[0] = key[0];
		ld_be32_put(head + 1, (uint32_t)(k.mv_size - 1));
		ld_be32_put(len, (uint32_t)v.mv_size);
		if (EVP_DigestUpdate(md, head, sizeof head) != 1 ||
		    EVP_DigestUpdate(md, key + 1, k.mv_size - 1) != 1 ||
		    EVP_DigestUpdate(md, len, sizeof len) != 1 ||
		    EVP_DigestUpdate(md, v.mv_data, v.mv_size) != 1)
			rc = ENOMEM;
	}
	err = rc == MDB_NOTFOUND ? LD_OK : ld_env_err(rc);
	if (!err && EVP_DigestFinal_ex(md, out->b, NULL) != 1)
		err = LD_ERR_NOMEM;
out:
	if (cursor)
		mdb_cursor_close(cursor);
	EVP_MD_CTX_free(md);
	return err;
}
