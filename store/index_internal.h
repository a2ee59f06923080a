/* What index.c and index_thread.c share: nobody else includes this. */
#ifndef LD_STORE_INDEX_INTERNAL_H
#define LD_STORE_INDEX_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/env.h"
#include "store/index.h"

#define LD_INDEX_STORED_KEY (1 + LD_INDEX_MAX_KEY + 8)
#define LD_INDEX_BATCH 20000   /* entries a commit at most */
#define LD_INDEX_PACE_MS 1000  /* between two commits when nobody waits and little is behind */
#define LD_INDEX_RETRY_MS 1000 /* after trouble */

struct ld_index {
	struct ld_env env;
	MDB_dbi keys_dbi, meta_dbi;
	struct ld_core *core; /* NULL: a tool's, read-only */
	uint32_t schema;
	ld_index_keys keys;
	int lock_fd;

	_Atomic uint64_t applied;
	_Atomic int trouble;

	pthread_t thread;
	bool started;
	pthread_mutex_t mu;  /* the rest */
	pthread_cond_t work; /* to the thread */
	pthread_cond_t done; /* from the thread: applied has grown */
	bool woken;
	bool stopping;
	unsigned waiting; /* callers in ld_index_wait: do not pace */
};

/* Files entries [applied, upto) as r has them and sets applied to upto, in one commit. With r NULL
 * only the bookkeeping is written. */
enum ld_err ld_index_commit_batch(struct ld_index *ix, struct ld_core_reader *r, uint64_t from,
				  uint64_t upto);
/* Until applied is the core's size. */
enum ld_err ld_index_catch_up(struct ld_index *ix);
enum ld_err ld_index_start(struct ld_index *ix);
void ld_index_stop(struct ld_index *ix);

#endif
