/* Parsed keys, kept: a verification costs what OpenSSL's does, never a parse. Filled from state on
 * first use, forgotten when the registry changes a key. */
#ifndef LD_CUSTODY_KEYRING_H
#define LD_CUSTODY_KEYRING_H

#include "plugin/custody/custody.h"
#include "proto/key.h"

struct ld_keyring;

struct ld_bucket { /* so much a second */
	int64_t second;
	uint32_t used;
};

struct ld_ring_key {
	uint8_t key_id[LD_KEY_ID_BYTES];
	struct ld_key *key;
	Custody__Key *rec;		  /* own copy */
	struct ld_bucket bucket;	  /* THROTTLED */
	uint8_t fork_hash[LD_HASH_BYTES]; /* of the last event of this key that was recorded as a
					     fork */
};

struct ld_keyring *ld_keyring_new(void);
void ld_keyring_free(struct ld_keyring *ring);
/* The key from the ring or from state; NULL when it is not enrolled (or memory is out). Lives until
 * forgotten. */
struct ld_ring_key *ld_keyring_get(struct ld_keyring *ring, struct ld_custody *c,
				   const uint8_t *key_id);
/* Starts over when there are too many: between events, while nobody holds one. */
void ld_keyring_trim(struct ld_keyring *ring);
void ld_keyring_forget(struct ld_keyring *ring, const uint8_t *key_id);
void ld_keyring_clear(struct ld_keyring *ring);

#endif
