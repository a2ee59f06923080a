/* `state`: derived key-value tables in an LMDB environment with MDB_NOSYNC and one write
 * transaction held open by the broker's thread (reads see its own writes). Derived from `core`,
 * never trusted over it, rebuilt from it whenever in doubt. Knows keys and bytes, never waste.
 *
 * A key is one table byte followed by up to 500 key bytes. Iteration is in key order (memcmp). */
#ifndef LD_STORE_STATE_H
#define LD_STORE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/merkle.h"

struct ld_state;

/* Opens <dir>/state (made when absent). `schema`: what the caller's apply is; another one stored,
 * an unclean shutdown with another boot id, or damage means it is begun anew: from the last
 * snapshot when there is one of this schema, else empty, and *applied is 0. *applied: number of
 * core entries that the state stands for (replay starts there; when core has fewer, or another
 * history was adopted, the caller clears). read_only: a snapshot for tools, beside a running
 * writer. */
enum ld_err ld_state_open(const char *dir, uint32_t schema, bool read_only, size_t map_bytes,
			  struct ld_state **out, uint64_t *applied, char *why, size_t cap);
/* An in-memory-only state for tests, what-if and replay (a temporary directory, removed on close).
 */
enum ld_err ld_state_open_scratch(struct ld_state **out);
/* Forgets what was not committed (the caller has not said that core is so far), syncs, marks clean.
 */
void ld_state_close(struct ld_state *st);
/* read_only: the newest committed snapshot. LD_ERR_STATE: not read-only, or another schema by now.
 */
enum ld_err ld_state_renew(struct ld_state *st, uint64_t *applied);

/* Value pointers are valid until the next put, del, commit or abort. LD_ERR_NOT_FOUND.
 * After a put or del has failed (LD_ERR_DB: the map was full), put and del answer LD_ERR_STATE
 * until an abort, which makes room. */
enum ld_err ld_state_get(struct ld_state *st, uint8_t table, const void *key, size_t key_len,
			 const uint8_t **value, size_t *len);
enum ld_err ld_state_put(struct ld_state *st, uint8_t table, const void *key, size_t key_len,
			 const void *value, size_t len);
enum ld_err ld_state_del(struct ld_state *st, uint8_t table, const void *key,
			 size_t key_len); /* NOT_FOUND */

/* Walks keys of `table` that begin with `prefix`, from `from` (or the first) on, in order, until fn
 * returns non-zero, which is returned in *stopped (may be NULL). fn must not write to the state. */
typedef int (*ld_state_fn)(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			   size_t len);
enum ld_err ld_state_walk(struct ld_state *st, uint8_t table, const void *prefix, size_t prefix_len,
			  const void *from, size_t from_len, ld_state_fn fn, void *ctx,
			  int *stopped);

/* Commits with `applied` inside. The caller guarantees applied <= core's committed size. On failure
 * (LD_ERR_DISK_FULL, LD_ERR_IO, LD_ERR_DB; LD_ERR_STATE: a put had failed) everything since the
 * last commit is forgotten, as after an abort. */
enum ld_err ld_state_commit(struct ld_state *st, uint64_t applied);
/* Forgets everything since the last commit; *applied is what remains. */
enum ld_err ld_state_abort(struct ld_state *st, uint64_t *applied);
/* Forgets everything, the snapshot too. */
enum ld_err ld_state_clear(struct ld_state *st);

/* Copies the last commit into <dir>/state/snapshot.mdb, synced, and walks the copy before it takes
 * the name: after the machine has stopped the next opening begins there instead of empty. Any
 * thread, beside the one that writes (about a second a gigabyte); one at a time. LD_ERR_STATE:
 * read-only or scratch. */
enum ld_err ld_state_snapshot(struct ld_state *st);

/* SHA-256 over all (table, key, value) in order, each length-prefixed: two states are equal exactly
 * when their digests are. Bookkeeping (applied, schema, markers) is left out. */
enum ld_err ld_state_digest(struct ld_state *st, struct ld_hash *out);

#endif
