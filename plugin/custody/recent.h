/* The newest events by hash, in memory: an exact repeat is answered at once; older ones from the
 * index. */
#ifndef LD_CUSTODY_RECENT_H
#define LD_CUSTODY_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"

#define LD_RECENT_EVENTS 65536u

struct ld_recent;

struct ld_recent *ld_recent_new(void);
void ld_recent_free(struct ld_recent *r);
void ld_recent_add(struct ld_recent *r, const uint8_t hash[LD_HASH_BYTES], uint64_t index);
bool ld_recent_find(const struct ld_recent *r, const uint8_t hash[LD_HASH_BYTES], uint64_t *index);
/* Forgets entries from index `from` on (their commit failed). */
void ld_recent_truncate(struct ld_recent *r, uint64_t from);

#endif
