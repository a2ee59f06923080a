#include "store/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void ld_why(char *why, size_t cap, const char *fmt, ...)
{
	va_list ap;

	if (!why || cap == 0)
		return;
	va_start(ap, fmt);
	vsnprintf(why, cap, fmt, ap);
	va_end(ap);
}

enum ld_err ld_env_err(int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return LD_OK;
	case MDB_NOTFOUND:
	case ENOENT:
		return LD_ERR_NOT_FOUND;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
		return LD_ERR_CORRUPT;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return LD_ERR_DISK_FULL;
	case ENOMEM:
		return LD_ERR_NOMEM;
	case EIO:
	case EACCES:
	case EPERM:
	case EROFS:
	case MDB_PANIC: /* after a failed write of the meta page */
		return LD_ERR_IO;
	default:
		return LD_ERR_DB;
	}
}

static int open_once(struct ld_env *e, size_t map)
{
	MDB_env *mdb = NULL;
	int dead;
	int rc = mdb_env_create(&mdb);

	if (rc)
		return rc;
	rc = mdb_env_set_maxdbs(mdb, LD_ENV_DBS);
	if (!rc)
		rc = mdb_env_set_maxreaders(mdb, LD_ENV_READERS);
	if (!rc && map)
		rc = mdb_env_set_mapsize(mdb, map);
	if (!rc)
		rc = mdb_env_open(mdb, e->path, e->flags | MDB_NOTLS, 0600);
	/* slots of processes that were killed would hold back the reuse of pages */
	if (!rc)
		rc = mdb_reader_check(mdb, &dead);
	if (!rc && e->opened)
		rc = e->opened(mdb, e->ctx);
	if (rc) {
		mdb_env_close(mdb);
		return rc;
	}
	e->mdb = mdb;
	ld_sigbus_watch(mdb);
	return 0;
}

/* What mmap(2) says of more address space than there is: the kernel the one, valgrind the other. */
static bool too_large(int rc)
{
	return rc == ENOMEM || rc == EINVAL;
}

/* A reader takes the map size that the writer stored; where address space is short (RLIMIT_AS,
 * valgrind) a smaller map does, and grows. */
static int open_map(struct ld_env *e)
{
	size_t map = e->map_bytes;
	int rc;

	if (!map && !(e->flags & MDB_RDONLY))
		map = LD_ENV_MAP_DEFAULT;
	rc = open_once(e, map);
	if (e->map_bytes)
		return rc;
	for (map = LD_ENV_MAP_DEFAULT / 8; too_large(rc) && map >= LD_ENV_MAP_LEAST; map /= 8)
		rc = open_once(e, map);
	return rc;
}

enum ld_err ld_env_open(struct ld_env *e, const char *path, unsigned flags, size_t map_bytes,
			ld_env_opened opened, void *ctx, char *why, size_t cap)
{
	pthread_condattr_t attr;

	memset(e, 0, sizeof *e);
	int n = snprintf(e->path, sizeof e->path, "%s", path);
	if (n < 0 || (size_t)n >= sizeof e->path) {
		ld_why(why, cap, "the path %.64s... is too long", path);
		return LD_ERR_ARG;
	}
	e->flags = flags;
	e->map_bytes = map_bytes;
	e->opened = opened;
	e->ctx = ctx;
	int rc = open_map(e);
	if (rc) {
		ld_why(why, cap, "%s cannot be opened: %s", path, mdb_strerror(rc));
		return ld_env_err(rc);
	}
	pthread_mutex_init(&e->mu, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->cond, &attr);
	pthread_condattr_destroy(&attr);
	e->made = true;
	return LD_OK;
}

static void close_mdb(struct ld_env *e)
{
	if (!e->mdb)
		return;
	ld_sigbus_forget(e->mdb);
	mdb_env_close(e->mdb);
	e->mdb = NULL;
}

void ld_env_close(struct ld_env *e)
{
	close_mdb(e);
	if (!e->made)
		return;
	pthread_cond_destroy(&e->cond);
	pthread_mutex_destroy(&e->mu);
	e->made = false;
}

static struct timespec deadline(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* Takes the environment for oneself; false when readers stay beyond wait_ms. */
static bool quiet_begin(struct ld_env *e, int64_t wait_ms)
{
	struct timespec until = deadline(wait_ms);
	int rc = 0;

	pthread_mutex_lock(&e->mu);
	while (e->quiet && rc == 0)
		rc = pthread_cond_timedwait(&e->cond, &e->mu, &until);
	if (e->quiet) {
		pthread_mutex_unlock(&e->mu);
		return false;
	}
	e->quiet = true;
	while (e->readers && rc == 0)
		rc = pthread_cond_timedwait(&e->cond, &e->mu, &until);
	bool alone = e->readers == 0;
	if (!alone) {
		e->quiet = false;
		pthread_cond_broadcast(&e->cond);
	}
	pthread_mutex_unlock(&e->mu);
	return alone;
}

static void quiet_end(struct ld_env *e)
{
	pthread_mutex_lock(&e->mu);
	e->quiet = false;
	pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->mu);
}

bool ld_env_reopen(struct ld_env *e)
{
	if (!quiet_begin(e, LD_ENV_QUIET_WAIT_MS))
		return false;
	close_mdb(e);
	bool ok = open_map(e) == 0;
	quiet_end(e);
	return ok;
}

/* Another process made the file larger than our map: take over its size. */
static int adopt_map(struct ld_env *e)
{
	int rc = MDB_MAP_RESIZED;

	if (!quiet_begin(e, LD_ENV_QUIET_WAIT_MS))
		return rc;
	if (e->mdb) {
		rc = mdb_env_set_mapsize(e->mdb, 0);
		ld_sigbus_watch(e->mdb);
	}
	quiet_end(e);
	return rc;
}

static enum ld_err reader_in(struct ld_env *e)
{
	struct timespec until = deadline(LD_ENV_READ_WAIT_MS);
	enum ld_err err = LD_OK;
	int rc = 0;

	pthread_mutex_lock(&e->mu);
	while (e->quiet && rc == 0)
		rc = pthread_cond_timedwait(&e->cond, &e->mu, &until);
	if (e->quiet)
		err = LD_ERR_TIMEOUT;
	else if (!e->mdb)
		err = LD_ERR_IO;
	else
		e->readers++;
	pthread_mutex_unlock(&e->mu);
	return err;
}

static void reader_out(struct ld_env *e)
{
	pthread_mutex_lock(&e->mu);
	if (--e->readers == 0)
		pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->mu);
}

/* LMDB 0.9 takes a snapshot in two steps: the number of the last commit, then that commit's meta
 * page. A reader that is put aside between them finds the page overwritten by the commit after the
 * next, which may still be waiting for its sync: it would see what is not durable, and its next
 * snapshot would be an older one (seen here 7 times in 17,000 commits among four busy readers). The
 * page was not overwritten as long as no meta page is newer than ours by more than one. */
static int settle(MDB_env *mdb, MDB_txn *txn)
{
	MDB_envinfo info;
	int rc = mdb_env_info(mdb, &info);

	while (rc == 0 && info.me_last_txnid > mdb_txn_id(txn) + 1) {
		mdb_txn_reset(txn);
		rc = mdb_txn_renew(txn);
		if (rc == 0)
			rc = mdb_env_info(mdb, &info);
	}
	return rc;
}

enum ld_err ld_env_read_begin(struct ld_env *e, MDB_txn **txn)
{
	int rc = MDB_MAP_RESIZED;

	*txn = NULL;
	for (int i = 0; i < 4 && rc == MDB_MAP_RESIZED; i++) {
		enum ld_err err = reader_in(e);
		if (err)
			return err;
		rc = mdb_txn_begin(e->mdb, NULL, MDB_RDONLY, txn);
		if (rc == MDB_SUCCESS) {
			rc = settle(e->mdb, *txn);
			if (rc == MDB_SUCCESS)
				return LD_OK;
			mdb_txn_abort(*txn);
		}
		*txn = NULL;
		reader_out(e);
		if (rc == MDB_MAP_RESIZED && adopt_map(e) != MDB_SUCCESS)
			return LD_ERR_DB;
	}
	return ld_env_err(rc);
}

void ld_env_read_end(struct ld_env *e, MDB_txn *txn)
{
	if (!txn)
		return;
	mdb_txn_abort(txn);
	reader_out(e);
}

enum ld_err ld_env_read_renew(struct ld_env *e, MDB_txn **txn)
{
	pthread_mutex_lock(&e->mu);
	bool wanted = e->quiet;
	pthread_mutex_unlock(&e->mu);
	if (*txn && !wanted) {
		mdb_txn_reset(*txn);
		if (mdb_txn_renew(*txn) == MDB_SUCCESS && settle(e->mdb, *txn) == MDB_SUCCESS)
			return LD_OK;
	}
	/* somebody wants the environment to himself, or the map is too small: leave and come back
	 */
	ld_env_read_end(e, *txn);
	return ld_env_read_begin(e, txn);
}

enum ld_err ld_env_copy(struct ld_env *e, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? LD_ERR_EXISTS : ld_env_err(errno);
	enum ld_err err = reader_in(e);
	if (!err) {
		err = ld_env_err(mdb_env_copyfd2(e->mdb, fd, MDB_CP_COMPACT));
		reader_out(e);
	}
	if (!err && fsync(fd) != 0)
		err = ld_env_err(errno);
	close(fd);
	if (err)
		(void)unlink(path);
	return err;
}

void ld_env_full(struct ld_env *e)
{
	MDB_envinfo info;

	if (e->mdb && mdb_env_info(e->mdb, &info) == MDB_SUCCESS)
		e->grow_to = info.me_mapsize * 2;
}

void ld_env_grow(struct ld_env *e)
{
	MDB_envinfo info;
	MDB_stat st;

	if (!e->mdb || mdb_env_info(e->mdb, &info) || mdb_env_stat(e->mdb, &st))
		return;
	size_t used = (info.me_last_pgno + 1) * st.ms_psize;
	size_t margin = info.me_mapsize / 4 < LD_ENV_MARGIN ? info.me_mapsize / 4 : LD_ENV_MARGIN;
	bool must = e->grow_to > info.me_mapsize;
	if (!must && used + margin <= info.me_mapsize)
		return;
	if (!quiet_begin(e, must ? LD_ENV_QUIET_WAIT_MS : 0))
		return;
	size_t to = must ? e->grow_to : info.me_mapsize * 2;
	if (mdb_env_set_mapsize(e->mdb, to) == MDB_SUCCESS) {
		e->grow_to = 0;
		if (e->map_bytes)
			e->map_bytes = to; /* a reopening must not shrink it */
	}
	ld_sigbus_watch(e->mdb);
	quiet_end(e);
}
