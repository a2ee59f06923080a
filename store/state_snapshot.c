#include "store/state_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES ((size_t)1 << 30)

static enum ld_err join(char out[LD_ENV_PATH_BYTES], const char *dir, const char *name)
{
	int n = snprintf(out, LD_ENV_PATH_BYTES, "%s/%s", dir, name);
	return n < 0 || n >= LD_ENV_PATH_BYTES ? LD_ERR_ARG : LD_OK;
}

static enum ld_err sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return ld_env_err(errno);
	enum ld_err err = fsync(fd) == 0 ? LD_OK : ld_env_err(errno);
	close(fd);
	return err;
}

/* Every page that holds a record is read. */
static int walk_table(MDB_txn *txn, const char *name, size_t *records)
{
	MDB_cursor *cursor;
	MDB_val key, val;
	MDB_stat st;
	MDB_dbi dbi;
	size_t n = 0;
	int rc = mdb_dbi_open(txn, name, 0, &dbi);

	if (!rc)
		rc = mdb_stat(txn, dbi, &st);
	if (!rc)
		rc = mdb_cursor_open(txn, dbi, &cursor);
	if (rc)
		return rc;
	while ((rc = mdb_cursor_get(cursor, &key, &val, MDB_NEXT)) == 0)
		n++;
	mdb_cursor_close(cursor);
	*records = n;
	if (rc != MDB_NOTFOUND)
		return rc;
	return n == st.ms_entries ? 0 : MDB_CORRUPTED;
}

static enum ld_err verify(const char *file)
{
	struct ld_env e;
	MDB_txn *txn;
	size_t kv, meta = 0;
	enum ld_err err =
	    ld_env_open(&e, file, MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK, 0, NULL, NULL, NULL, 0);

	if (err)
		return err;
	err = ld_env_read_begin(&e, &txn);
	if (!err) {
		int rc = walk_table(txn, "kv", &kv);
		if (!rc)
			rc = walk_table(txn, "meta", &meta);
		err = rc ? ld_env_err(rc) : meta >= 2 ? LD_OK : LD_ERR_CORRUPT;
		ld_env_read_end(&e, txn);
	}
	ld_env_close(&e);
	return err;
}

enum ld_err ld_state_snapshot_make(struct ld_env *e, const char *path)
{
	char fresh[LD_ENV_PATH_BYTES], final[LD_ENV_PATH_BYTES];
	enum ld_err err = join(fresh, path, "snapshot.new");

	if (!err)
		err = join(final, path, "snapshot.mdb");
	if (err)
		return err;
	if (unlink(fresh) != 0 && errno != ENOENT)
		return LD_ERR_IO;
	err = ld_env_copy(e, fresh);
	if (err)
		return err;
	err = verify(fresh);
	if (!err && rename(fresh, final) != 0)
		err = ld_env_err(errno);
	if (err) {
		(void)unlink(fresh);
		return err;
	}
	return sync_path(path);
}

static enum ld_err copy_all(int from, int to)
{
	struct stat st;
	ssize_t n;

	if (fstat(from, &st) != 0)
		return LD_ERR_IO;
	for (off_t left = st.st_size; left > 0; left -= n) {
		n = sendfile(to, from, NULL, COPY_BYTES);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return n < 0 ? ld_env_err(errno) : LD_ERR_IO;
	}
	return fsync(to) == 0 ? LD_OK : ld_env_err(errno);
}

enum ld_err ld_state_snapshot_restore(const char *path)
{
	char from[LD_ENV_PATH_BYTES], fresh[LD_ENV_PATH_BYTES], to[LD_ENV_PATH_BYTES];
	enum ld_err err = join(from, path, "snapshot.mdb");

	if (!err)
		err = join(fresh, path, "data.new");
	if (!err)
		err = join(to, path, "data.mdb");
	if (err)
		return err;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return ld_env_err(errno);
	int out = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0) {
		err = ld_env_err(errno);
		close(in);
		return err;
	}
	err = copy_all(in, out);
	close(in);
	close(out);
	/* half a copy must never stand where a mark might vouch for it */
	if (!err && rename(fresh, to) != 0)
		err = ld_env_err(errno);
	if (err)
		(void)unlink(fresh);
	return err;
}

void ld_state_snapshot_remove(const char *path)
{
	char file[LD_ENV_PATH_BYTES];

	if (join(file, path, "snapshot.mdb") == LD_OK)
		(void)unlink(file);
}
