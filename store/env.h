/* One LMDB environment as store/ uses it: opening with a map that fits the machine, readers counted
 * so that the map can be resized or the environment reopened when nobody looks, errors in our
 * words. Private to store/.
 *
 * Must never: be used after fork; have one path open twice in a process (closing one copy would
 * drop the process's locks on the other's reader table); retry a failed sync on the same
 * environment. */
#ifndef LD_STORE_ENV_H
#define LD_STORE_ENV_H

#include <lmdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

#define LD_ENV_MAP_DEFAULT ((size_t)1 << 40) /* 1 TiB: address space, not memory */
#define LD_ENV_MAP_LEAST ((size_t)1 << 30)
/* room that a batch finds; of a small map a quarter */
#define LD_ENV_MARGIN ((size_t)64 << 20)
#define LD_ENV_DBS 8
#define LD_ENV_READERS 254
#define LD_ENV_READ_WAIT_MS 5000  /* a reader waits so long for a reopening to end */
#define LD_ENV_QUIET_WAIT_MS 1000 /* a reopening waits so long for readers to go */
#define LD_ENV_PATH_BYTES 4096

/* Called after each opening, before anybody reads: opens the tables' handles. */
typedef int (*ld_env_opened)(MDB_env *mdb, void *ctx);

struct ld_env {
	MDB_env *mdb; /* NULL while it could not be reopened */
	char path[LD_ENV_PATH_BYTES];
	unsigned flags;
	ld_env_opened opened;
	void *ctx;
	size_t map_bytes; /* asked for; 0: default, smaller where the machine refuses */
	size_t grow_to;	  /* a put met MDB_MAP_FULL: map this much at the next chance */
	pthread_mutex_t mu;
	pthread_cond_t cond;
	unsigned readers;
	bool quiet; /* somebody has, or waits to have, the environment to himself */
	bool made;  /* mu and cond exist */
};

/* A sentence for people into why[cap] (either may be nothing). */
void ld_why(char *why, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* LMDB's and the system's error numbers in ours. */
enum ld_err ld_env_err(int rc);

/* path: a directory that exists. flags: MDB_NOTLS is always added. opened may be NULL. */
enum ld_err ld_env_open(struct ld_env *e, const char *path, unsigned flags, size_t map_bytes,
			ld_env_opened opened, void *ctx, char *why, size_t cap);
void ld_env_close(struct ld_env *e);

/* Closes and opens again, when readers are gone: false when they did not go or it would not open
 * (then e->mdb is NULL unless the readers are why). */
bool ld_env_reopen(struct ld_env *e);

/* A read transaction, counted. Waits while the environment is being reopened. */
enum ld_err ld_env_read_begin(struct ld_env *e, MDB_txn **txn);
void ld_env_read_end(struct ld_env *e, MDB_txn *txn);
/* A newer snapshot in the same transaction; on failure *txn is NULL and no longer counted. */
enum ld_err ld_env_read_renew(struct ld_env *e, MDB_txn **txn);

/* A compacted copy of the newest snapshot into the file `path`, which must not exist; synced. Never
 * the plain copy: that one holds the writer's lock while a slow destination stalls (LEDGER:
 * Backup). Any thread; counts as a reader while it lasts. */
enum ld_err ld_env_copy(struct ld_env *e, const char *path);

/* With no write transaction open: makes the map larger when less than a margin is left in it, or
 * when a put asked for it. Does nothing while readers are about, unless it must. */
void ld_env_grow(struct ld_env *e);
/* After MDB_MAP_FULL: remembers to double the map at the next ld_env_grow. */
void ld_env_full(struct ld_env *e);

/* Maps that the SIGBUS handler answers for (sigbus.c); when no slot is free, a map goes without. */
void ld_sigbus_forget(MDB_env *mdb);
void ld_sigbus_watch(MDB_env *mdb);

#endif
