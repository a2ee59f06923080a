/* `index` on disk (<dir>/index/data.mdb, default synced flags):
 *
 *	keys    u8 kind | key | u64 entry index  ->  nothing
 *	meta    "applied"                        ->  u64, entries of core that are filed
 *	        "schema"                         ->  u32
 *
 * The thread: index_thread.c. */
#include "store/index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/be.h"
#include "store/index_internal.h"
#include "store/lock.h"

static int tables(MDB_env *mdb, void *ctx)
{
	struct ld_index *ix = ctx;
	MDB_txn *txn;
	unsigned flags = ix->core ? MDB_CREATE : 0;
	int rc = mdb_txn_begin(mdb, NULL, ix->core ? 0 : MDB_RDONLY, &txn);

	if (rc)
		return rc;
	rc = mdb_dbi_open(txn, "keys", flags, &ix->keys_dbi);
	if (!rc)
		rc = mdb_dbi_open(txn, "meta", flags, &ix->meta_dbi);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

static enum ld_err read_meta(struct ld_index *ix, uint64_t *applied, uint32_t *schema)
{
	MDB_val a_key = {sizeof "applied" - 1, "applied"};
	MDB_val s_key = {sizeof "schema" - 1, "schema"};
	MDB_val a, s;
	MDB_txn *txn;
	enum ld_err err = ld_env_read_begin(&ix->env, &txn);

	if (err)
		return err;
	int rc = mdb_get(txn, ix->meta_dbi, &a_key, &a);
	if (!rc)
		rc = mdb_get(txn, ix->meta_dbi, &s_key, &s);
	err = ld_env_err(rc);
	if (!err && (a.mv_size != 8 || s.mv_size != 4))
		err = LD_ERR_CORRUPT;
	if (!err) {
		*applied = ld_be64_get(a.mv_data);
		*schema = ld_be32_get(s.mv_data);
	}
	ld_env_read_end(&ix->env, txn);
	return err;
}

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

/* Usable as it stands: opens, our schema, not ahead of core. */
static enum ld_err open_existing(struct ld_index *ix, const char *path)
{
	struct ld_core_reader *r;
	uint64_t applied = 0, size;
	uint32_t schema = 0;
	enum ld_err err = ld_env_open(&ix->env, path, 0, 0, tables, ix, NULL, 0);

	if (!err)
		err = read_meta(ix, &applied, &schema);
	if (!err && schema != ix->schema)
		err = LD_ERR_STATE;
	if (!err)
		err = ld_core_reader_open(ix->core, &r);
	if (!err) {
		size = ld_core_reader_size(r);
		ld_core_reader_close(r);
		if (applied > size)
			err = LD_ERR_STATE;
	}
	if (err) {
		ld_env_close(&ix->env);
		return err;
	}
	atomic_store(&ix->applied, applied);
	return LD_OK;
}

static enum ld_err open_fresh(struct ld_index *ix, const char *path, char *why, size_t cap)
{
	remove_files(path);
	enum ld_err err = ld_env_open(&ix->env, path, 0, 0, tables, ix, why, cap);
	if (err)
		return err;
	atomic_store(&ix->applied, 0);
	return ld_index_commit_batch(ix, NULL, 0, 0);
}

static enum ld_err open_writer(struct ld_index *ix, const char *dir, const char *path, char *why,
			       size_t cap)
{
	char lock[LD_ENV_PATH_BYTES];
	int n = snprintf(lock, sizeof lock, "%s/index/lock", dir);

	if (n < 0 || (size_t)n >= sizeof lock)
		return LD_ERR_ARG;
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		ld_why(why, cap, "%s cannot be made: %s", path, strerror(errno));
		return ld_env_err(errno);
	}
	enum ld_err err = ld_lock_take(lock, &ix->lock_fd, why, cap);
	if (err)
		return err;
	err = open_existing(ix, path);
	if (err == LD_ERR_IO || err == LD_ERR_DISK_FULL || err == LD_ERR_NOMEM) {
		ld_why(why, cap, "%s: %s", path, ld_err_text(err));
		return err;
	}
	if (err)
		err = open_fresh(ix, path, why, cap);
	if (err)
		return err;
	err = ld_index_catch_up(ix);
	if (!err)
		err = ld_index_start(ix);
	if (err)
		ld_why(why, cap, "%s could not catch up with the ledger: %s", path,
		       ld_err_text(err));
	return err;
}

static struct ld_index *index_new(void)
{
	struct ld_index *ix = calloc(1, sizeof *ix);
	pthread_condattr_t attr;

	if (!ix)
		return NULL;
	ix->lock_fd = -1;
	pthread_mutex_init(&ix->mu, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&ix->work, &attr);
	pthread_cond_init(&ix->done, &attr);
	pthread_condattr_destroy(&attr);
	return ix;
}

enum ld_err ld_index_open(const char *dir, struct ld_core *core, uint32_t schema,
			  ld_index_keys keys, struct ld_index **out, char *why, size_t cap)
{
	char path[LD_ENV_PATH_BYTES];
	struct ld_index *ix;

	*out = NULL;
	ld_why(why, cap, "%s", "");
	int n = snprintf(path, sizeof path, "%s/index", dir);
	if (!core || !keys || n < 0 || (size_t)n >= sizeof path)
		return LD_ERR_ARG;
	ix = index_new();
	if (!ix)
		return LD_ERR_NOMEM;
	ix->core = core;
	ix->schema = schema;
	ix->keys = keys;
	enum ld_err err = ld_lock_check_fs(dir, why, cap);
	if (!err)
		err = open_writer(ix, dir, path, why, cap);
	if (err) {
		ld_index_close(ix);
		return err;
	}
	*out = ix;
	return LD_OK;
}

enum ld_err ld_index_open_ro(const char *dir, struct ld_index **out, char *why, size_t cap)
{
	char path[LD_ENV_PATH_BYTES];
	struct ld_index *ix;

	*out = NULL;
	ld_why(why, cap, "%s", "");
	int n = snprintf(path, sizeof path, "%s/index", dir);
	if (n < 0 || (size_t)n >= sizeof path)
		return LD_ERR_ARG;
	ix = index_new();
	if (!ix)
		return LD_ERR_NOMEM;
	enum ld_err err = ld_env_open(&ix->env, path, MDB_RDONLY, 0, tables, ix, why, cap);
	if (err) {
		ld_index_close(ix);
		return err;
	}
	*out = ix;
	return LD_OK;
}

void ld_index_close(struct ld_index *ix)
{
	if (!ix)
		return;
	ld_index_stop(ix);
	ld_env_close(&ix->env);
	ld_lock_drop(&ix->lock_fd);
	pthread_cond_destroy(&ix->done);
	pthread_cond_destroy(&ix->work);
	pthread_mutex_destroy(&ix->mu);
	free(ix);
}

uint64_t ld_index_applied(const struct ld_index *ix)
{
	uint64_t applied;
	uint32_t schema;

	if (ix->core)
		return atomic_load_explicit(&ix->applied, memory_order_acquire);
	/* a tool: what the newest snapshot says; reading does not change the index */
	return read_meta((struct ld_index *)(uintptr_t)ix, &applied, &schema) ? 0 : applied;
}

/* Queries ------------------------------------------------------------------------------------- */

static bool make_key(uint8_t buf[LD_INDEX_STORED_KEY], uint8_t kind, const void *key,
		     size_t key_len, uint64_t index, MDB_val *out)
{
	if (key_len > LD_INDEX_MAX_KEY)
		return false;
	buf[0] = kind;
	if (key_len)
		memcpy(buf + 1, key, key_len);
	ld_be64_put(buf + 1 + key_len, index);
	out->mv_data = buf;
	out->mv_size = 1 + key_len + 8;
	return true;
}

struct query {
	struct ld_index *ix;
	MDB_txn *txn;
	MDB_cursor *cursor;
};

static enum ld_err query_begin(struct query *q, struct ld_index *ix)
{
	q->ix = ix;
	q->cursor = NULL;
	enum ld_err err = ld_env_read_begin(&ix->env, &q->txn);
	if (err)
		return err;
	int rc = mdb_cursor_open(q->txn, ix->keys_dbi, &q->cursor);
	if (rc)
		ld_env_read_end(&ix->env, q->txn);
	return ld_env_err(rc);
}

static void query_end(struct query *q)
{
	mdb_cursor_close(q->cursor);
	ld_env_read_end(&q->ix->env, q->txn);
}

enum ld_err ld_index_find(struct ld_index *ix, uint8_t kind, const void *key, size_t key_len,
			  uint64_t from, size_t max, ld_index_fn fn, void *ctx)
{
	uint8_t buf[LD_INDEX_STORED_KEY];
	MDB_val want, k, v;
	struct query q;

	if (!make_key(buf, kind, key, key_len, from, &want))
		return LD_ERR_ARG;
	enum ld_err err = query_begin(&q, ix);
	if (err)
		return err;
	k = want;
	size_t calls = 0;
	int rc = mdb_cursor_get(q.cursor, &k, &v, MDB_SET_RANGE);
	for (; rc == 0 && calls < max; rc = mdb_cursor_get(q.cursor, &k, &v, MDB_NEXT)) {
		const uint8_t *bytes = k.mv_data;
		if (k.mv_size < 1 + key_len || memcmp(bytes, buf, 1 + key_len) != 0)
			break;
		/* a longer key that begins with this one */
		if (k.mv_size != want.mv_size)
			continue;
		calls++;
		if (fn(ctx, ld_be64_get(bytes + 1 + key_len)))
			break;
	}
	query_end(&q);
	return rc == MDB_NOTFOUND ? LD_OK : ld_env_err(rc);
}

enum ld_err ld_index_prev(struct ld_index *ix, uint8_t kind, const void *key, size_t key_len,
			  uint64_t before, uint64_t *index)
{
	uint8_t buf[LD_INDEX_STORED_KEY];
	MDB_val want, k, v;
	struct query q;
	bool found = false;

	if (!make_key(buf, kind, key, key_len, before, &want))
		return LD_ERR_ARG;
	enum ld_err err = query_begin(&q, ix);
	if (err)
		return err;
	k = want;
	int rc = mdb_cursor_get(q.cursor, &k, &v, MDB_SET_RANGE);
	/* one step back from the first that is not below `before` */
	rc = mdb_cursor_get(q.cursor, &k, &v, rc == 0 ? MDB_PREV : MDB_LAST);
	for (; rc == 0 && !found; rc = found ? 0 : mdb_cursor_get(q.cursor, &k, &v, MDB_PREV)) {
		const uint8_t *bytes = k.mv_data;
		if (k.mv_size < 1 + key_len || memcmp(bytes, buf, 1 + key_len) != 0)
			break;
		if (k.mv_size != want.mv_size)
			continue;
		*index = ld_be64_get(bytes + 1 + key_len);
		found = true;
	}
	query_end(&q);
	if (found)
		return LD_OK;
	return rc == 0 || rc == MDB_NOTFOUND ? LD_ERR_NOT_FOUND : ld_env_err(rc);
}

enum ld_err ld_index_last(struct ld_index *ix, uint8_t kind, const void *key, size_t key_len,
			  uint64_t *index)
{
	/* no entry has the index UINT64_MAX */
	return ld_index_prev(ix, kind, key, key_len, UINT64_MAX, index);
}

enum ld_err ld_index_range(struct ld_index *ix, uint8_t kind, const void *from, size_t from_len,
			   const void *to, size_t to_len, size_t max, ld_index_range_fn fn,
			   void *ctx)
{
	uint8_t buf[LD_INDEX_STORED_KEY], stop[LD_INDEX_STORED_KEY];
	MDB_val k, v, end;
	struct query q;

	if (!make_key(buf, kind, from, from_len, 0, &k) ||
	    !make_key(stop, kind, to, to_len, 0, &end))
		return LD_ERR_ARG;
	k.mv_size -= 8; /* only kind and key: shorter ones come first */
	end.mv_size -= 8;
	enum ld_err err = query_begin(&q, ix);
	if (err)
		return err;
	size_t calls = 0;
	int rc = mdb_cursor_get(q.cursor, &k, &v, MDB_SET_RANGE);
	for (; rc == 0 && calls < max; rc = mdb_cursor_get(q.cursor, &k, &v, MDB_NEXT)) {
		const uint8_t *bytes = k.mv_data;
		if (k.mv_size < 9 || bytes[0] != kind)
			break;
		if (to && mdb_cmp(q.txn, ix->keys_dbi, &k, &end) >= 0)
			break;
		calls++;
		if (fn(ctx, bytes + 1, k.mv_size - 9, ld_be64_get(bytes + k.mv_size - 8)))
			break;
	}
	query_end(&q);
	return rc == MDB_NOTFOUND ? LD_OK : ld_env_err(rc);
}
