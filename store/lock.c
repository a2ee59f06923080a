#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/env.h"

const char *ld_lock_network_fs(long f_type)
{
	/* numbers: linux/magic.h and the file systems' own sources */
	static const struct {
		uint32_t magic;
		const char *name;
	} network[] = {
	    {0x6969, "NFS"},	   {0xFF534D42, "CIFS"},   {0xFE534D42, "SMB2"},
	    {0x517B, "SMB"},	   {0x65735546, "FUSE"},   {0x5346414F, "AFS"},
	    {0x6B414653, "kAFS"},  {0x00C36400, "Ceph"},   {0x73757245, "Coda"},
	    {0x01021997, "9P"},	   {0x0BD00BD0, "Lustre"}, {0x01161970, "GFS2"},
	    {0x7461636F, "OCFS2"}, {0x19830326, "BeeGFS"}, {0x786F4256, "VirtualBox shared folder"},
	    {0x47504653, "GPFS"},  {0x61636673, "ACFS"},   {0x564C, "NCP"},
	    {0xAAD7AAEA, "PanFS"}, {0x6A656A62, "prl_fs"},
	};

	for (size_t i = 0; i < sizeof network / sizeof network[0]; i++)
		if (network[i].magic == (uint32_t)f_type)
			return network[i].name;
	return NULL;
}

enum ld_err ld_lock_check_fs(const char *dir, char *why, size_t cap)
{
	struct statfs fs;

	if (statfs(dir, &fs) != 0) {
		ld_why(why, cap, "%s: %s", dir, strerror(errno));
		return errno == ENOENT || errno == ENOTDIR ? LD_ERR_NOT_FOUND : LD_ERR_IO;
	}
	const char *name = ld_lock_network_fs((long)fs.f_type);
	if (!name)
		return LD_OK;
	ld_why(why, cap,
	       "%s stands on %s: the ledger is a memory map, which network and user-space file "
	       "systems "
	       "do not keep whole; put it on a local disk",
	       dir, name);
	return LD_ERR_NETWORK_FS;
}

static void read_holder(int fd, char *text, size_t cap)
{
	ssize_t n = pread(fd, text, cap - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	for (char *c = text; *c; c++)
		if (*c < ' ')
			*c = '?';
}

enum ld_err ld_lock_take(const char *path, int *fd, char *why, size_t cap)
{
	char text[320];
	char host[256];

	*fd = -1;
	int f = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f < 0) {
		ld_why(why, cap, "the lock file %s cannot be opened: %s", path, strerror(errno));
		return LD_ERR_IO;
	}
	if (flock(f, LOCK_EX | LOCK_NB) != 0) {
		bool held = errno == EWOULDBLOCK;
		read_holder(f, text, sizeof text);
		if (held)
			ld_why(why, cap, "%s is held by %s: one writer per ledger", path,
			       text[0] ? text : "another process");
		else
			ld_why(why, cap, "%s cannot be locked: %s", path, strerror(errno));
		close(f);
		return held ? LD_ERR_LOCKED : LD_ERR_IO;
	}
	if (gethostname(host, sizeof host) != 0)
		host[0] = '\0';
	host[sizeof host - 1] = '\0';
	int n = snprintf(text, sizeof text, "pid %ld host %s\n", (long)getpid(), host);
	/* the name is a courtesy to people: the lock holds without it, on a full disk too */
	if (ftruncate(f, 0) != 0 || pwrite(f, text, (size_t)n, 0) < 0)
		n = 0;
	*fd = f;
	return LD_OK;
}

void ld_lock_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
