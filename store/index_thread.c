/* The writer of `index`: one thread, behind `core`, in large commits. Each uniformly random key
 * dirties a page of its own until commits hold thousands of entries: that is why this is not on the
 * synced path (LEDGER: three environments). */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "store/be.h"
#include "store/index_internal.h"

struct sink {
	MDB_txn *txn;
	MDB_dbi dbi;
	uint64_t index;
	int rc;
};

static void emit(void *ctx, uint8_t kind, const void *key, size_t key_len)
{
	struct sink *s = ctx;
	uint8_t buf[LD_INDEX_STORED_KEY];
	MDB_val k = {1 + key_len + 8, buf};
	MDB_val v = {0, NULL};

	if (s->rc || key_len > LD_INDEX_MAX_KEY)
		return;
	buf[0] = kind;
	if (key_len)
		memcpy(buf + 1, key, key_len);
	ld_be64_put(buf + 1 + key_len, s->index);
	s->rc = mdb_put(s->txn, s->dbi, &k, &v, 0);
}

static int put_meta(struct ld_index *ix, MDB_txn *txn, uint64_t applied)
{
	uint8_t a_bytes[8], s_bytes[4];
	MDB_val a_key = {sizeof "applied" - 1, "applied"};
	MDB_val s_key = {sizeof "schema" - 1, "schema"};
	MDB_val a = {sizeof a_bytes, a_bytes};
	MDB_val s = {sizeof s_bytes, s_bytes};

	ld_be64_put(a_bytes, applied);
	ld_be32_put(s_bytes, ix->schema);
	int rc = mdb_put(txn, ix->meta_dbi, &a_key, &a, 0);
	return rc ? rc : mdb_put(txn, ix->meta_dbi, &s_key, &s, 0);
}

enum ld_err ld_index_commit_batch(struct ld_index *ix, struct ld_core_reader *r, uint64_t from,
				  uint64_t upto)
{
	struct sink s = {.dbi = ix->keys_dbi};
	const uint8_t *entry;
	enum ld_err err = LD_OK;
	size_t len;

	if (!ix->env.mdb && !ld_env_reopen(&ix->env))
		return LD_ERR_IO;
	ld_env_grow(&ix->env);
	int rc = mdb_txn_begin(ix->env.mdb, NULL, 0, &s.txn);
	if (rc == MDB_PANIC)
		(void)ld_env_reopen(&ix->env);
	if (rc)
		return ld_env_err(rc);
	for (s.index = from; r && s.index < upto && !err && !s.rc; s.index++) {
		err = ld_core_read(r, s.index, &entry, &len);
		if (!err)
			ix->keys(s.index, entry, len, emit, &s);
	}
	rc = s.rc;
	if (!err && !rc)
		rc = put_meta(ix, s.txn, upto);
	if (rc == MDB_MAP_FULL)
		ld_env_full(&ix->env);
	if (err || rc) {
		mdb_txn_abort(s.txn);
		return err ? err : ld_env_err(rc);
	}
	rc = mdb_txn_commit(s.txn);
	if (rc) {
		/* a failed sync is not retried on the same state */
		(void)ld_env_reopen(&ix->env);
		return ld_env_err(rc);
	}
	atomic_store_explicit(&ix->applied, upto, memory_order_release);
	return LD_OK;
}

/* One commit; *left: entries that remain. */
static enum ld_err step(struct ld_index *ix, uint64_t *left)
{
	struct ld_core_reader *r;
	uint64_t from = atomic_load(&ix->applied);
	enum ld_err err = ld_core_reader_open(ix->core, &r);

	*left = 0;
	if (err)
		return err;
	uint64_t size = ld_core_reader_size(r);
	uint64_t upto = size - from > LD_INDEX_BATCH ? from + LD_INDEX_BATCH : size;
	if (size > from)
		err = ld_index_commit_batch(ix, r, from, upto);
	ld_core_reader_close(r);
	if (!err && size > from)
		*left = size - upto;
	return err;
}

enum ld_err ld_index_catch_up(struct ld_index *ix)
{
	uint64_t left = 1;
	enum ld_err err = LD_OK;
	bool retried = false;

	while (left > 0) {
		err = step(ix, &left);
		/* a full map has been noted, and the next attempt makes room */
		if (err == LD_ERR_DB && !retried) {
			retried = true;
			left = 1;
			continue;
		}
		if (err)
			break;
	}
	return err;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct timespec at_ms(int64_t ms)
{
	struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
	return t;
}

/* Sleeps until there is work and its time has come; false: stop. */
static bool wait_for_work(struct ld_index *ix, int64_t last_ms, uint64_t left)
{
	struct timespec due = at_ms(last_ms + LD_INDEX_PACE_MS);
	int rc = 0;

	pthread_mutex_lock(&ix->mu);
	while (!ix->stopping && !ix->woken && left == 0)
		pthread_cond_wait(&ix->work, &ix->mu);
	/* pace: a second's entries together, unless somebody waits or a full commit is behind */
	while (!ix->stopping && !ix->waiting && left == 0 && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&ix->work, &ix->mu, &due);
	ix->woken = false;
	bool go = !ix->stopping;
	pthread_mutex_unlock(&ix->mu);
	return go;
}

static void pause_after_trouble(struct ld_index *ix)
{
	struct timespec due = at_ms(now_ms() + LD_INDEX_RETRY_MS);
	int rc = 0;

	pthread_mutex_lock(&ix->mu);
	while (!ix->stopping && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&ix->work, &ix->mu, &due);
	pthread_mutex_unlock(&ix->mu);
}

static void *run(void *arg)
{
	struct ld_index *ix = arg;
	int64_t last_ms = now_ms() - LD_INDEX_PACE_MS;
	uint64_t left = 0;

	while (wait_for_work(ix, last_ms, left)) {
		enum ld_err err = step(ix, &left);
		atomic_store(&ix->trouble, (int)err);
		last_ms = now_ms();
		pthread_mutex_lock(&ix->mu);
		pthread_cond_broadcast(&ix->done);
		pthread_mutex_unlock(&ix->mu);
		if (err) {
			pause_after_trouble(ix);
			left = 1;
		}
	}
	return NULL;
}

enum ld_err ld_index_start(struct ld_index *ix)
{
	sigset_t all, old;

	/* the broker's signals belong to the broker's thread; those that a fault of our own raises
	 * must come through, or SIGBUS would find no handler */
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGFPE);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&ix->thread, NULL, run, ix);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	ix->started = rc == 0;
	return rc == 0 ? LD_OK : LD_ERR_NOMEM;
}

void ld_index_stop(struct ld_index *ix)
{
	if (!ix->started)
		return;
	pthread_mutex_lock(&ix->mu);
	ix->stopping = true;
	pthread_cond_broadcast(&ix->work);
	pthread_mutex_unlock(&ix->mu);
	pthread_join(ix->thread, NULL);
	ix->started = false;
}

void ld_index_wake(struct ld_index *ix)
{
	pthread_mutex_lock(&ix->mu);
	bool news = !ix->woken;
	ix->woken = true;
	if (news)
		pthread_cond_signal(&ix->work);
	pthread_mutex_unlock(&ix->mu);
}

enum ld_err ld_index_wait(struct ld_index *ix, uint64_t upto, int64_t timeout_ms)
{
	struct timespec due = at_ms(now_ms() + timeout_ms);
	int rc = 0;

	if (ld_index_applied(ix) >= upto)
		return LD_OK;
	if (!ix->core)
		return LD_ERR_BEHIND;
	if (timeout_ms <= 0)
		return LD_ERR_TIMEOUT;
	pthread_mutex_lock(&ix->mu);
	ix->waiting++;
	ix->woken = true;
	pthread_cond_signal(&ix->work);
	while (ld_index_applied(ix) < upto && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&ix->done, &ix->mu, &due);
	ix->waiting--;
	pthread_mutex_unlock(&ix->mu);
	return ld_index_applied(ix) >= upto ? LD_OK : LD_ERR_TIMEOUT;
}

enum ld_err ld_index_trouble(const struct ld_index *ix)
{
	return (enum ld_err)atomic_load(&ix->trouble);
}
