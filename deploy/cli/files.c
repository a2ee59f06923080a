/* Files: read whole, written so that they are there whole or not at all, private ones refused when
 * others may read them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "deploy/cli/cli.h"

static enum ld_err err_of(int number)
{
	switch (number) {
	case ENOENT:
		return LD_ERR_NOT_FOUND;
	case EEXIST:
		return LD_ERR_EXISTS;
	case ENOSPC:
	case EDQUOT:
		return LD_ERR_DISK_FULL;
	case ENOMEM:
		return LD_ERR_NOMEM;
	default:
		return LD_ERR_IO;
	}
}

static enum ld_err say(const char *path, char *why, size_t cap)
{
	int number = errno;
	snprintf(why, cap, "%s: %s", path, strerror(number));
	return err_of(number);
}

/* Grows as it reads: a pipe has no size. */
static enum ld_err read_all(int fd, const char *path, char **data, size_t *len, char *why,
			    size_t cap)
{
	size_t used = 0, room = 0;
	char *buf = NULL;
	enum ld_err err = LD_OK;
	for (;;) {
		if (room - used < 2) {
			size_t want = room ? room * 2 : 16384;
			char *more = want > 2 * LD_CLI_MAX_FILE ? NULL : realloc(buf, want);
			if (!more) {
				snprintf(why, cap, "%s: too large", path);
				err = LD_ERR_LIMIT;
				break;
			}
			buf = more;
			room = want;
		}
		ssize_t n = read(fd, buf + used, room - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = say(path, why, cap);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	if (err != LD_OK) {
		free(buf);
		return err;
	}
	buf[used] = '\0';
	*data = buf;
	*len = used;
	return LD_OK;
}

enum ld_err ld_file_read(const char *path, char **data, size_t *len, char *why, size_t cap)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return say(path, why, cap);
	enum ld_err err = read_all(fd, path, data, len, why, cap);
	if (!is_stdin)
		close(fd);
	return err;
}

enum ld_err ld_dir_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_of(errno);
	int rc = fsync(fd);
	close(fd);
	return rc == 0 ? LD_OK : LD_ERR_IO;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* The directory that holds path, into out. */
static bool parent_of(const char *path, char *out, size_t cap)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 1;
	if (len + 1 > cap)
		return false;
	memcpy(out, slash ? path : ".", len);
	out[len] = '\0';
	if (slash == path)
		memcpy(out, "/", 2);
	return true;
}

enum ld_err ld_file_write(const char *path, const void *data, size_t len, bool exclusive, char *why,
			  size_t cap)
{
	char temp[4096], dir[4096];
	if ((size_t)snprintf(temp, sizeof(temp), "%s.tmp%ld", path, (long)getpid()) >=
		sizeof(temp) ||
	    !parent_of(path, dir, sizeof(dir))) {
		snprintf(why, cap, "%s: the path is too long", path);
		return LD_ERR_LIMIT;
	}
	unlink(temp); /* ours by its pid: left by a crash */
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return say(temp, why, cap);
	enum ld_err err = LD_OK;
	if (!write_all(fd, data, len) || fsync(fd) != 0)
		err = say(temp, why, cap);
	if (close(fd) != 0 && err == LD_OK)
		err = say(temp, why, cap);
	/* link() fails where the name is taken; rename() would replace it. */
	if (err == LD_OK && (exclusive ? link(temp, path) : rename(temp, path)) != 0)
		err = say(path, why, cap);
	if (err != LD_OK || exclusive)
		unlink(temp);
	if (err == LD_OK && ld_dir_sync(dir) != LD_OK) {
		snprintf(why, cap, "%s: the directory could not be synced", dir);
		err = LD_ERR_IO;
	}
	return err;
}

enum ld_err ld_key_file(const char *path, struct ld_key **out, char *why, size_t cap)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return say(path, why, cap);
	if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		snprintf(why, cap, "%s: others may read this private key; chmod 600 it", path);
		return LD_ERR_KEY;
	}
	char *pem = NULL;
	size_t len = 0;
	enum ld_err err = ld_file_read(path, &pem, &len, why, cap);
	if (err != LD_OK)
		return err;
	err = ld_key_private_pem(pem, len, out);
	if (err != LD_OK)
		snprintf(
		    why, cap,
		    "%s: not a private key that we can use (PKCS#8 PEM; P-256, Ed25519 or SM2)",
		    path);
	OPENSSL_cleanse(pem, len);
	free(pem);
	return err;
}
