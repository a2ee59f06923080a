#include "proto/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 16u

static void *pb_alloc(void *data, size_t n)
{
	return ld_arena_alloc(data, n);
}

static void pb_free(void *data, void *pointer)
{
	(void)data;
	(void)pointer; /* all at once, by reset */
}

int ld_arena_init(struct ld_arena *a, size_t cap)
{
	*a = (struct ld_arena){.base = malloc(cap ? cap : 1), .cap = cap};
	if (!a->base)
		return -1;
	a->pb = (ProtobufCAllocator){.alloc = pb_alloc, .free = pb_free, .allocator_data = a};
	return 0;
}

void ld_arena_free(struct ld_arena *a)
{
	free(a->base);
	*a = (struct ld_arena){0};
}

void ld_arena_reset(struct ld_arena *a)
{
	a->used = 0;
	a->full = false;
}

void *ld_arena_alloc(struct ld_arena *a, size_t n)
{
	/* malloc aligns base to 16, so aligning the offset aligns the pointer */
	const size_t start = (a->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (start > a->cap || n > a->cap - start) {
		a->full = true;
		return NULL;
	}
	a->used = start + n;
	return a->base + start;
}

void *ld_arena_dup(struct ld_arena *a, const void *data, size_t n)
{
	void *copy = ld_arena_alloc(a, n);
	if (copy && n)
		memcpy(copy, data, n);
	return copy;
}

char *ld_arena_str(struct ld_arena *a, const char *s)
{
	return ld_arena_dup(a, s, strlen(s) + 1);
}

char *ld_arena_printf(struct ld_arena *a, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	const int need = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (need < 0)
		return NULL;
	char *text = ld_arena_alloc(a, (size_t)need + 1);
	if (!text)
		return NULL;
	va_start(args, fmt);
	(void)vsnprintf(text, (size_t)need + 1, fmt, args);
	va_end(args);
	return text;
}
