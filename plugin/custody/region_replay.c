#include <inttypes.h>
#include <stdio.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/region_internal.h"
#include "plugin/custody/site.h"

#define ENTRIES_PER_READ 1000 /* a reader is renewed at least this often */
#define ENTRIES_PER_COMMIT 50000
#define PROGRESS_EVERY 100000

/* State = replay(ledger), bit for bit: the recovery path every day. No signature is checked again.
 */
enum ld_err ld_region_replay(struct ld_core *core, struct ld_state *state, const char *region_name,
			     const uint8_t ledger_id[LD_HASH_BYTES], uint64_t from, uint64_t upto,
			     ld_replay_progress progress, void *ctx, char *why, size_t cap)
{
	struct ld_custody c = {.state = state, .rules = &ld_rules_cn, .region = region_name};
	struct ld_arena arena;
	struct ld_core_reader *reader = NULL;
	uint64_t i = from;
	enum ld_err err;

	if (from >= upto)
		return LD_OK;
	if (ld_arena_init(&arena, LD_SCRATCH_BYTES) != 0)
		return LD_ERR_NOMEM;
	memcpy(c.ledger_id, ledger_id, LD_HASH_BYTES);
	c.arena = &arena;
	err = ld_core_reader_open(core, &reader);
	for (; err == LD_OK && i < upto; i++) {
		const uint8_t *entry;
		size_t len;

		if ((i - from) % ENTRIES_PER_READ == 0)
			ld_core_reader_renew(reader);
		ld_arena_reset(&arena);
		err = ld_core_read(reader, i, &entry, &len);
		if (err == LD_OK)
			err = ld_apply_entry(&c, i, entry, len);
		if (err == LD_OK && (i + 1 - from) % ENTRIES_PER_COMMIT == 0)
			err = ld_state_commit(state, i + 1);
		if (progress != NULL && (i + 1 - from) % PROGRESS_EVERY == 0)
			progress(ctx, i + 1 - from, upto - from);
	}
	if (err != LD_OK)
		snprintf(why, cap, "replay stopped at entry %" PRIu64 ": %s", i - 1,
			 ld_err_text(err));
	else
		err = ld_state_commit(state, upto);
	ld_custody_forget(&c);
	ld_core_reader_close(reader);
	ld_arena_free(&arena);
	return err;
}
