/* A bump allocator with a named maximum for what one event may cost, as protobuf-c's allocator.
 * Reset for each event; memory is kept. Allocation past the maximum returns NULL. */
#ifndef LD_PROTO_ARENA_H
#define LD_PROTO_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ld_arena {
	uint8_t *base;
	size_t used;
	size_t cap;
	bool full;	       /* an allocation has failed since the last reset */
	ProtobufCAllocator pb; /* hands this arena to protobuf-c */
};

/* cap bytes, made at once. Returns 0, or -1 without memory. */
int ld_arena_init(struct ld_arena *a, size_t cap);
void ld_arena_free(struct ld_arena *a);
void ld_arena_reset(struct ld_arena *a);
/* 16-byte aligned, not cleared; NULL when full. */
void *ld_arena_alloc(struct ld_arena *a, size_t n);
void *ld_arena_dup(struct ld_arena *a, const void *data, size_t n);
char *ld_arena_str(struct ld_arena *a, const char *s);
char *ld_arena_printf(struct ld_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
