#include "plugin/custody/keyring.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/tables.h"

#define KEYRING_MAX 65536u /* then it starts over: a bound, not a working size */

struct ld_keyring {
	void *tree; /* tsearch(3): red-black, by key_id */
	size_t n;
};

static int compare(const void *a, const void *b)
{
	return memcmp(((const struct ld_ring_key *)a)->key_id,
		      ((const struct ld_ring_key *)b)->key_id, LD_KEY_ID_BYTES);
}

static void free_one(void *node)
{
	struct ld_ring_key *k = node;

	ld_key_free(k->key);
	if (k->rec != NULL)
		custody__key__free_unpacked(k->rec, NULL);
	free(k);
}

struct ld_keyring *ld_keyring_new(void)
{
	return calloc(1, sizeof(struct ld_keyring));
}

void ld_keyring_clear(struct ld_keyring *ring)
{
	tdestroy(ring->tree, free_one);
	ring->tree = NULL;
	ring->n = 0;
}

void ld_keyring_free(struct ld_keyring *ring)
{
	if (ring == NULL)
		return;
	ld_keyring_clear(ring);
	free(ring);
}

static struct ld_ring_key *load(struct ld_custody *c, const uint8_t *key_id)
{
	struct ld_ring_key *k = calloc(1, sizeof *k);
	const uint8_t *value;
	size_t len;

	if (k == NULL)
		return NULL;
	memcpy(k->key_id, key_id, LD_KEY_ID_BYTES);
	if (ld_state_get(c->state, LD_T_KEY, key_id, LD_KEY_ID_BYTES, &value, &len) != LD_OK)
		goto fail;
	k->rec = custody__key__unpack(NULL, len, value);
	if (k->rec == NULL ||
	    ld_key_public(k->rec->spki.data, k->rec->spki.len, k->rec->algorithm, &k->key) != LD_OK)
		goto fail;
	return k;
fail:
	free_one(k);
	return NULL;
}

struct ld_ring_key *ld_keyring_get(struct ld_keyring *ring, struct ld_custody *c,
				   const uint8_t *key_id)
{
	struct ld_ring_key probe, *k;
	void *found;

	memcpy(probe.key_id, key_id, LD_KEY_ID_BYTES);
	found = tfind(&probe, &ring->tree, compare);
	if (found != NULL)
		return *(struct ld_ring_key **)found;
	k = load(c, key_id);
	if (k == NULL)
		return NULL;
	if (tsearch(k, &ring->tree, compare) == NULL) {
		free_one(k);
		return NULL;
	}
	ring->n++;
	return k;
}

void ld_keyring_trim(struct ld_keyring *ring)
{
	if (ring->n >= KEYRING_MAX)
		ld_keyring_clear(ring);
}

void ld_keyring_forget(struct ld_keyring *ring, const uint8_t *key_id)
{
	struct ld_ring_key probe, *k;
	void *found;

	memcpy(probe.key_id, key_id, LD_KEY_ID_BYTES);
	found = tfind(&probe, &ring->tree, compare);
	if (found == NULL)
		return;
	k = *(struct ld_ring_key **)found;
	tdelete(k, &ring->tree, compare);
	ring->n--;
	free_one(k);
}
