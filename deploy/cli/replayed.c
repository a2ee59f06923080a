#include "deploy/cli/replayed.h"

#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/held.h"
#include "plugin/custody/site.h"

#define REPLAY_ARENA_BYTES (16 * LD_MAX_ARENA_BYTES) /* as the region's own scratch */

struct replaying {
	struct ld_custody c;
	struct ld_arena arena;
	const struct ld_replay_watch *watch;
	bool stop;
};

static void say(struct replaying *r, const struct ld_fact *f, uint64_t index, int64_t at_ms)
{
	const struct ld_effect e = {
	    .fact = f, .index = index, .recorded_at_ms = at_ms, .before = &r->c};

	if (r->watch->effect != NULL && r->watch->effect(r->watch->ctx, &e) != 0)
		r->stop = true;
}

/* A held event takes effect with the ledger's word that its cause has come. */
static enum ld_err freed(struct replaying *r, const Liandan__Entry *entry, uint64_t index)
{
	Liandan__OwnEvent *own =
	    liandan__own_event__unpack(&r->arena.pb, entry->own_event.len, entry->own_event.data);
	struct ld_fact f = {0};
	Custody__Held *held;

	if (own == NULL)
		return LD_ERR_CORRUPT;
	if (own->body_case != LIANDAN__OWN_EVENT__BODY_HELD_APPLIED ||
	    own->held_applied->verdict != LIANDAN__VERDICT__ACCEPTED ||
	    ld_held_get(&r->c, own->held_applied->index, &held) != LD_OK)
		return LD_OK;
	f.index = held->index;
	f.recorded_at_ms = held->recorded_at_ms;
	enum ld_err err = ld_apply_decode(&r->c, held->envelope.data, held->envelope.len, &f);
	if (err == LD_OK)
		say(r, &f, index, entry->recorded_at_ms);
	return err;
}

static enum ld_err one(struct replaying *r, uint64_t index, const uint8_t *bytes, size_t len)
{
	struct ld_fact f = {.index = index};
	enum ld_err err = LD_OK;

	ld_arena_reset(&r->arena);
	Liandan__Entry *entry = liandan__entry__unpack(&r->arena.pb, len, bytes);
	if (entry == NULL)
		return LD_ERR_CORRUPT;
	if (r->watch->entry != NULL && r->watch->entry(r->watch->ctx, &r->c, index, entry) != 0)
		r->stop = true;
	if (!r->stop && entry->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT) {
		err = freed(r, entry, index);
	} else if (!r->stop && entry->verdict == LIANDAN__VERDICT__ACCEPTED) {
		f.recorded_at_ms = entry->recorded_at_ms;
		err = ld_apply_decode(&r->c, entry->envelope.data, entry->envelope.len, &f);
		if (err == LD_OK)
			say(r, &f, index, entry->recorded_at_ms);
	}
	if (err != LD_OK || r->stop)
		return err;
	ld_arena_reset(&r->arena);
	return ld_apply_entry(&r->c, index, bytes, len);
}

enum ld_err ld_book_replay(struct ld_book *b, uint64_t upto, const struct ld_replay_watch *watch)
{
	struct replaying r = {.watch = watch};
	enum ld_err err = ld_state_open_scratch(&r.c.state);

	if (err != LD_OK)
		return err;
	if (ld_arena_init(&r.arena, REPLAY_ARENA_BYTES) != 0)
		err = LD_ERR_NOMEM;
	r.c.arena = &r.arena;
	r.c.rules = &ld_rules_cn;
	r.c.region = b->region;
	memcpy(r.c.ledger_id, b->ledger_id, LD_HASH_BYTES);
	for (uint64_t i = 0; err == LD_OK && !r.stop && i < upto; i++) {
		const uint8_t *bytes;
		size_t len;

		if (i % LD_BOOK_RENEW_EVERY == 0)
			ld_core_reader_renew(b->reader);
		err = ld_core_read(b->reader, i, &bytes, &len);
		if (err == LD_OK)
			err = one(&r, i, bytes, len);
	}
	if (err == LD_OK && watch->end != NULL) {
		ld_arena_reset(&r.arena);
		watch->end(watch->ctx, &r.c);
	}
	ld_custody_forget(&r.c);
	ld_state_close(r.c.state);
	ld_arena_free(&r.arena);
	return err;
}
