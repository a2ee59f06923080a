/* One writer process per directory, and never on a network file system. Private to store/. */
#ifndef LD_STORE_LOCK_H
#define LD_STORE_LOCK_H

#include <stddef.h>

#include "proto/err.h"

/* Takes the lock file (made when absent) and writes "pid <n> host <name>" into it; the holder is
 * named in why when it is another. The lock is flock(2): it goes with the process, whatever its
 * end. LD_ERR_LOCKED, LD_ERR_IO. */
enum ld_err ld_lock_take(const char *path, int *fd, char *why, size_t cap);
void ld_lock_drop(int *fd); /* -1: nothing */

/* statfs(2) type: the name of a network (or user-space) file system, NULL for a local one. There,
 * maps are not coherent between hosts and locks may not hold: LMDB's documentation forbids them. */
const char *ld_lock_network_fs(long f_type);
/* LD_ERR_NETWORK_FS, LD_ERR_NOT_FOUND, LD_ERR_IO. */
enum ld_err ld_lock_check_fs(const char *dir, char *why, size_t cap);

#endif
