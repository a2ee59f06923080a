#include "store/state_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/env.h"

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define LINE_BYTES 80

static bool read_line(const char *path, char out[LINE_BYTES])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t n = read(fd, out, LINE_BYTES - 1);
	close(fd);
	if (n <= 0 || out[n - 1] != '\n')
		return false;
	out[n - 1] = '\0';
	return true;
}

bool ld_state_mark_trusted(const char *path)
{
	char line[LINE_BYTES], boot[LINE_BYTES];

	if (!read_line(path, line))
		return false;
	if (strcmp(line, "clean") == 0)
		return true;
	/* no boot id to compare with: not trusted */
	return strncmp(line, "open ", 5) == 0 && read_line(BOOT_ID_PATH, boot) &&
	       strcmp(line + 5, boot) == 0;
}

static enum ld_err sync_dir(const char *path)
{
	char copy[LD_ENV_PATH_BYTES];
	int n = snprintf(copy, sizeof copy, "%s", path);

	if (n < 0 || (size_t)n >= sizeof copy)
		return LD_ERR_ARG;
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return LD_ERR_IO;
	enum ld_err err = fsync(fd) == 0 ? LD_OK : LD_ERR_IO;
	close(fd);
	return err;
}

static enum ld_err write_mark(const char *path, const char *text)
{
	char fresh[LD_ENV_PATH_BYTES];
	size_t len = strlen(text);
	int n = snprintf(fresh, sizeof fresh, "%s.new", path);
	enum ld_err err = LD_OK;

	if (n < 0 || (size_t)n >= sizeof fresh)
		return LD_ERR_ARG;
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return ld_env_err(errno);
	if (write(fd, text, len) != (ssize_t)len || fsync(fd) != 0)
		err = ld_env_err(errno ? errno : EIO);
	close(fd);
	if (!err && rename(fresh, path) != 0)
		err = ld_env_err(errno);
	return err ? err : sync_dir(path);
}

enum ld_err ld_state_mark_open(const char *path)
{
	char boot[LINE_BYTES], text[LINE_BYTES + 8];

	if (!read_line(BOOT_ID_PATH, boot))
		boot[0] = '\0'; /* then an unclean end always means a rebuild */
	int n = snprintf(text, sizeof text, "open %s\n", boot[0] ? boot : "unknown");
	return n < 0 ? LD_ERR_IO : write_mark(path, text);
}

enum ld_err ld_state_mark_clean(const char *path)
{
	return write_mark(path, "clean\n");
}
