/* The durable outbox of one key: exact envelope bytes on disk, from before the first sending until
 * the receipt. What must never happen: an event that was signed is lost, changed or signed again;
 * two processes use one key; a number is signed twice. Knows no network.
 *
 * Directory (mode 0700), one key each:
 *   key                    the key id in hex
 *   chain                  {"epoch", "last_seq", "prev"}: where the chain stood when the spool last
 * ran empty <epoch>-<seq>.event    envelope bytes, 10 and 20 digits: names sort in chain order
 *   aside/                 events that the ledger will never take, kept
 * A file is written under a temporary name, synced, linked, and the directory synced (files.c).
 * While a process has the spool, it holds flock on <dir>/key and on the private key's own file: one
 * user of a key at a time. Source: PROTOCOL (Receipt: a device keeps an event until its receipt).
 */
#ifndef LD_CLI_SPOOL_H
#define LD_CLI_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deploy/cli/signer.h"
#include "proto/err.h"
#include "proto/limits.h"

#define LD_SPOOL_MAX_EVENTS 100000

struct ld_spool;

struct ld_spooled {
	uint32_t epoch;
	uint64_t seq;
	uint8_t hash[LD_HASH_BYTES]; /* of the event */
	enum ld_lane lane;
	char body[32];	/* "handover_taken" */
	uint8_t *bytes; /* the envelope */
	size_t len;
};

/* Makes the directory where there is none. Reads and checks everything in it: each event by this
 * key, numbers contiguous, each prev the hash before. key_path: the private key's file, locked too;
 * NULL: not. LD_ERR_LOCKED, LD_ERR_KEY (another key's spool), LD_ERR_CORRUPT, LD_ERR_IO; why[cap]
 * says which file and what to do. */
enum ld_err ld_spool_open(const char *dir, const char *key_path,
			  const uint8_t key_id[LD_KEY_ID_BYTES], struct ld_spool **out, char *why,
			  size_t cap);
void ld_spool_close(struct ld_spool *s);

/* Waiting events, oldest first; a pointer is valid until the next add, done or set_aside. */
size_t ld_spool_count(const struct ld_spool *s);
const struct ld_spooled *ld_spool_at(const struct ld_spool *s, size_t i);
const struct ld_spooled *ld_spool_find(const struct ld_spool *s, uint32_t epoch, uint64_t seq);

/* Where the next event attaches, as far as this spool knows: false when it knows nothing yet (then
 * ask the ledger). */
bool ld_spool_chain(const struct ld_spool *s, uint32_t *epoch, uint64_t *seq,
		    uint8_t prev[LD_HASH_BYTES]);
/* The ledger says where the chain stands; only while nothing waits (LD_ERR_STATE). Written down. */
enum ld_err ld_spool_learn(struct ld_spool *s, uint32_t epoch, uint64_t seq,
			   const uint8_t prev[LD_HASH_BYTES], char *why, size_t cap);

/* On disk and synced when it returns LD_OK. LD_ERR_STATE: it does not attach to the chain. */
enum ld_err ld_spool_add(struct ld_spool *s, const uint8_t *bytes, size_t len, char *why,
			 size_t cap);
/* It has its receipt. LD_ERR_NOT_FOUND. */
enum ld_err ld_spool_done(struct ld_spool *s, uint32_t epoch, uint64_t seq, char *why, size_t cap);
/* The ledger will never take the oldest: it, and everything after it (whose prev rests on it), is
 * moved to aside/. *moved: how many. The chain must be learnt again. */
enum ld_err ld_spool_set_aside(struct ld_spool *s, size_t *moved, char *why, size_t cap);

#endif
