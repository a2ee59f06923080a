/* `index`: what only queries read, written by a thread of its own in synced commits behind `core`.
 * May lag, never lies: ld_index_applied says how far it is. Knows kinds and key bytes, never waste.
 *
 * Stored key: kind (1 byte) || key (<= 64 bytes) || big-endian u64 entry index, empty value. Keys
 * of one kind should have one length: a key that begins another one is told apart from it, but
 * reading past the longer ones costs time. */
#ifndef LD_STORE_INDEX_H
#define LD_STORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/core.h"

#define LD_INDEX_MAX_KEY 64

struct ld_index;

/* Given by the floor above: calls emit for every key of the entry. Runs on the index thread: must
 * touch nothing shared. A key longer than LD_INDEX_MAX_KEY is not filed. */
typedef void (*ld_index_emit)(void *sink, uint8_t kind, const void *key, size_t key_len);
typedef void (*ld_index_keys)(uint64_t index, const uint8_t *entry, size_t len, ld_index_emit emit,
			      void *sink);

/* Opens <dir>/index, rebuilds when schema differs or damaged or ahead of core, catches up with core
 * before it returns, then starts the thread (all signals blocked). The core must outlive the index.
 */
enum ld_err ld_index_open(const char *dir, struct ld_core *core, uint32_t schema,
			  ld_index_keys keys, struct ld_index **out, char *why, size_t cap);
/* Tools: read-only beside a running writer, no thread. */
enum ld_err ld_index_open_ro(const char *dir, struct ld_index **out, char *why, size_t cap);
void ld_index_close(struct ld_index *ix); /* joins the thread */

/* Tells the thread that core has grown (cheap; from the broker's thread after a commit). */
void ld_index_wake(struct ld_index *ix);
/* Entries indexed; lock-free for the writer, read from the newest snapshot for a tool. */
uint64_t ld_index_applied(const struct ld_index *ix);
/* Waits until `upto` entries are indexed, hurrying the thread. LD_ERR_TIMEOUT; LD_ERR_BEHIND for a
 * tool whose snapshot is older. timeout_ms 0: only looks. */
enum ld_err ld_index_wait(struct ld_index *ix, uint64_t upto, int64_t timeout_ms);
/* What stops the thread at the moment (it tries again every second); LD_OK: nothing. */
enum ld_err ld_index_trouble(const struct ld_index *ix);

/* Calls fn with each entry index filed under (kind, key), ascending, from `from` on, until fn
 * returns non-zero or `max` calls. fn runs inside a read transaction: keep it short, do not call
 * ld_index from it. Any thread. */
typedef int (*ld_index_fn)(void *ctx, uint64_t index);
enum ld_err ld_index_find(struct ld_index *ix, uint8_t kind, const void *key, size_t key_len,
			  uint64_t from, size_t max, ld_index_fn fn, void *ctx);
/* The newest entry filed under (kind, key). LD_ERR_NOT_FOUND. *index is only written. */
enum ld_err ld_index_last(struct ld_index *ix, uint8_t kind, const void *key, size_t key_len,
			  uint64_t *index);
/* The newest one below `before`: with *index as the next `before`, newest first. LD_ERR_NOT_FOUND.
 */
enum ld_err ld_index_prev(struct ld_index *ix, uint8_t kind, const void *key, size_t key_len,
			  uint64_t before, uint64_t *index);

/* All keys of `kind` from `from` (inclusive) to `to` (exclusive; NULL: to the end of the kind), in
 * key order, as ld_index_find; fn also gets the key. For ranges: cell x time. */
typedef int (*ld_index_range_fn)(void *ctx, const uint8_t *key, size_t key_len, uint64_t index);
enum ld_err ld_index_range(struct ld_index *ix, uint8_t kind, const void *from, size_t from_len,
			   const void *to, size_t to_len, size_t max, ld_index_range_fn fn,
			   void *ctx);

#endif
