/* Names whose state has changed and is to be published, each at most once a second: the first
 * change at once, what follows within the second together at its end. Bounded; knows no broker. */
#ifndef LD_BROKER_CHANGED_H
#define LD_BROKER_CHANGED_H

#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"

#define LD_CHANGED_NAME_BYTES LD_MAX_STRING_BYTES
#define LD_CHANGED_EVERY_MS 1000

struct ld_changed; /* up to LD_MAX_CHANGED names */

typedef void (*ld_changed_fn)(void *ctx, const void *name, size_t len);

struct ld_changed *ld_changed_new(void); /* NULL without memory */
void ld_changed_free(struct ld_changed *c);
/* Marks. When the set is full or the name too long, fn is called right away: nothing is lost, only
 * the pace. */
void ld_changed_mark(struct ld_changed *c, const void *name, size_t len, ld_changed_fn fn,
		     void *ctx);
/* Calls fn for every name that is due, forgets those that have been quiet for a second. */
void ld_changed_flush(struct ld_changed *c, int64_t now_ms, ld_changed_fn fn, void *ctx);
size_t ld_changed_waiting(const struct ld_changed *c);

#endif
