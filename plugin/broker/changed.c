#include "plugin/broker/changed.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096u

struct name {
	struct name *chain; /* in its bucket */
	size_t slot;	    /* in order[] */
	int64_t next_ms;    /* not before */
	bool dirty;
	size_t len;
	uint8_t bytes[];
};

struct ld_changed {
	size_t n, n_dirty;
	struct name *order[LD_MAX_CHANGED];
	struct name *bucket[BUCKETS];
};

static size_t bucket_of(const uint8_t *p, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h & (BUCKETS - 1);
}

struct ld_changed *ld_changed_new(void)
{
	return calloc(1, sizeof(struct ld_changed));
}

static void drop(struct ld_changed *c, struct name *e)
{
	struct name **at = &c->bucket[bucket_of(e->bytes, e->len)];

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	c->n--;
	c->order[e->slot] = c->order[c->n];
	c->order[e->slot]->slot = e->slot;
	free(e);
}

void ld_changed_free(struct ld_changed *c)
{
	if (!c)
		return;
	while (c->n)
		drop(c, c->order[c->n - 1]);
	free(c);
}

static struct name *find(struct ld_changed *c, const void *bytes, size_t len)
{
	struct name *e = c->bucket[bucket_of(bytes, len)];

	while (e && (e->len != len || memcmp(e->bytes, bytes, len) != 0))
		e = e->chain;
	return e;
}

static struct name *add(struct ld_changed *c, const void *bytes, size_t len)
{
	size_t b = bucket_of(bytes, len);
	struct name *e;

	if (c->n == LD_MAX_CHANGED || len > LD_CHANGED_NAME_BYTES)
		return NULL;
	e = calloc(1, sizeof *e + len);
	if (!e)
		return NULL;
	memcpy(e->bytes, bytes, len);
	e->len = len;
	e->chain = c->bucket[b];
	c->bucket[b] = e;
	e->slot = c->n;
	c->order[c->n++] = e;
	return e;
}

void ld_changed_mark(struct ld_changed *c, const void *bytes, size_t len, ld_changed_fn fn,
		     void *ctx)
{
	struct name *e;

	if (!len)
		return;
	e = find(c, bytes, len);
	if (!e)
		e = add(c, bytes, len);
	if (!e) {
		fn(ctx, bytes, len);
		return;
	}
	if (!e->dirty)
		c->n_dirty++;
	e->dirty = true;
}

void ld_changed_flush(struct ld_changed *c, int64_t now_ms, ld_changed_fn fn, void *ctx)
{
	/* Backwards: dropping moves the last one into the gap, which has been visited. */
	for (size_t i = c->n; i-- > 0;) {
		struct name *e = c->order[i];
		if (now_ms < e->next_ms)
			continue;
		if (!e->dirty) {
			drop(c, e);
			continue;
		}
		e->dirty = false;
		e->next_ms = now_ms + LD_CHANGED_EVERY_MS;
		c->n_dirty--;
		fn(ctx, e->bytes, e->len);
	}
}

size_t ld_changed_waiting(const struct ld_changed *c)
{
	return c->n_dirty;
}
