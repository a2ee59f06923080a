/* The synced copy of `state` that bounds a rebuild. Private to store/.
 *
 * <state>/snapshot.mdb is an LMDB file by itself (no directory, no lock file), compacted, with the
 * same two databases as data.mdb; it takes its name only after it was walked to its end. */
#ifndef LD_STORE_STATE_SNAPSHOT_H
#define LD_STORE_STATE_SNAPSHOT_H

#include <stdint.h>

#include "store/env.h"

/* Copies e's last commit there; `path` is the state's directory. */
enum ld_err ld_state_snapshot_make(struct ld_env *e, const char *path);
/* Puts a copy of the snapshot in the place of data.mdb, which must be gone. LD_ERR_NOT_FOUND. */
enum ld_err ld_state_snapshot_restore(const char *path);
void ld_state_snapshot_remove(const char *path);

#endif
