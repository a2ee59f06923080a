#include "plugin/custody/manifest.h"
#include "proto/digest.h"

enum ld_err ld_manifest_content(struct ld_arena *arena, const Liandan__ManifestCreated *created,
				Liandan__Item *const *items, size_t n_items,
				uint8_t out[LD_HASH_BYTES])
{
	size_t mark = arena->used;
	size_t total = liandan__manifest_created__get_packed_size(created);
	size_t at;
	uint8_t *bytes;

	for (size_t i = 0; i < n_items; i++)
		total += liandan__item__get_packed_size(items[i]);
	bytes = ld_arena_alloc(arena, total + 1);
	if (bytes == NULL)
		return LD_ERR_NOMEM;
	at = liandan__manifest_created__pack(created, bytes);
	for (size_t i = 0; i < n_items; i++)
		at += liandan__item__pack(items[i], bytes + at);
	ld_sha256(bytes, at, out);
	arena->used = mark;
	return LD_OK;
}
