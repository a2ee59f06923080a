#include "plugin/custody/recent.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* A ring of slots; each bucket chains slots by number. The oldest slot is unlinked and used again.
 */
struct slot {
	uint8_t hash[LD_HASH_BYTES];
	uint64_t index;
	uint32_t next;
	bool used;
};

struct ld_recent {
	uint32_t head;
	uint32_t bucket[LD_RECENT_EVENTS];
	struct slot slot[LD_RECENT_EVENTS];
};

/* Hashes are SHA-256: any bits of them are as good as a hash function. */
static uint32_t bucket_of(const uint8_t *hash)
{
	uint32_t v;

	memcpy(&v, hash, sizeof v);
	return v % LD_RECENT_EVENTS;
}

struct ld_recent *ld_recent_new(void)
{
	struct ld_recent *r = calloc(1, sizeof *r);

	if (r != NULL)
		memset(r->bucket, 0xff, sizeof r->bucket);
	return r;
}

void ld_recent_free(struct ld_recent *r)
{
	free(r);
}

static void unlink_slot(struct ld_recent *r, uint32_t i)
{
	uint32_t *at = &r->bucket[bucket_of(r->slot[i].hash)];

	while (*at != i)
		at = &r->slot[*at].next;
	*at = r->slot[i].next;
	r->slot[i].used = false;
}

void ld_recent_add(struct ld_recent *r, const uint8_t hash[LD_HASH_BYTES], uint64_t index)
{
	uint32_t i = r->head++ % LD_RECENT_EVENTS;
	uint32_t *bucket = &r->bucket[bucket_of(hash)];

	if (r->slot[i].used)
		unlink_slot(r, i);
	memcpy(r->slot[i].hash, hash, LD_HASH_BYTES);
	r->slot[i].index = index;
	r->slot[i].next = *bucket;
	r->slot[i].used = true;
	*bucket = i;
}

bool ld_recent_find(const struct ld_recent *r, const uint8_t hash[LD_HASH_BYTES], uint64_t *index)
{
	for (uint32_t i = r->bucket[bucket_of(hash)]; i != NONE; i = r->slot[i].next) {
		if (memcmp(r->slot[i].hash, hash, LD_HASH_BYTES) != 0)
			continue;
		*index = r->slot[i].index;
		return true;
	}
	return false;
}

void ld_recent_truncate(struct ld_recent *r, uint64_t from)
{
	for (uint32_t i = 0; i < LD_RECENT_EVENTS; i++)
		if (r->slot[i].used && r->slot[i].index >= from)
			unlink_slot(r, i);
}
