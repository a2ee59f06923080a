#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/region_internal.h"
#include "plugin/custody/site.h"

#define LD_UP_AGAIN_MS 250

int64_t ld_region_now(struct ld_region *r)
{
	return ld_clock_now(&r->clock);
}

bool ld_bucket_take(struct ld_bucket *b, int64_t now_ms, uint32_t per_s, uint32_t weight)
{
	if (b->second != now_ms / 1000) {
		b->second = now_ms / 1000;
		b->used = 0;
	}
	if (b->used + weight > per_s)
		return false;
	b->used += weight;
	return true;
}

struct ld_out *ld_region_out(struct ld_region *r, enum ld_out_kind kind, const uint8_t *bytes,
			     size_t len)
{
	struct ld_out *o = calloc(1, sizeof *o + len);

	if (o == NULL)
		return NULL;
	o->kind = kind;
	o->len = len;
	if (len != 0)
		memcpy(o->bytes, bytes, len);
	if (r->out_last != NULL)
		r->out_last->next = o;
	else
		r->out_first = o;
	r->out_last = o;
	return o;
}

static void dirty(struct ld_dirty **set, const void *id, size_t len)
{
	struct ld_dirty *d;

	if (len > LD_MAX_ID_BYTES)
		return;
	for (d = *set; d != NULL; d = d->next)
		if (d->len == len && memcmp(d->id, id, len) == 0)
			return;
	d = calloc(1, sizeof *d);
	if (d == NULL)
		return;
	memcpy(d->id, id, len);
	d->len = len;
	d->next = *set;
	*set = d;
}

void ld_region_dirty_manifest(struct ld_region *r, ProtobufCBinaryData id)
{
	if (id.len == LD_UUID_BYTES && r->opt.sink.manifest != NULL)
		dirty(&r->manifests, id.data, id.len);
}

void ld_region_dirty_vehicle(struct ld_region *r, const char *plate)
{
	if (plate[0] != '\0' && r->opt.sink.vehicle != NULL)
		dirty(&r->vehicles, plate, strlen(plate));
}

static void drop_dirty(struct ld_dirty **set)
{
	while (*set != NULL) {
		struct ld_dirty *d = *set;

		*set = d->next;
		free(d);
	}
}

void ld_region_outputs_drop(struct ld_region *r)
{
	while (r->out_first != NULL) {
		struct ld_out *o = r->out_first;

		r->out_first = o->next;
		free(o);
	}
	r->out_last = NULL;
	drop_dirty(&r->manifests);
	drop_dirty(&r->vehicles);
}

enum ld_err ld_region_reader(struct ld_region *r)
{
	if (r->reader == NULL)
		return ld_core_reader_open(r->core, &r->reader);
	ld_core_reader_renew(r->reader);
	return LD_OK;
}

/* No snapshot of ours stands while core begins a batch or commits: its map can grow, pages are used
 * again, and a failed commit can reopen. ld_region_reader opens the next one where it is needed. */
static void drop_reader(struct ld_region *r)
{
	ld_core_reader_close(r->reader);
	r->reader = NULL;
}

enum ld_err ld_region_append(struct ld_region *r, const Liandan__Entry *entry, uint64_t *index)
{
	size_t n = liandan__entry__get_packed_size(entry);
	enum ld_err err;

	if (n > LD_MAX_ENTRY_BYTES)
		return LD_ERR_LIMIT;
	if (ld_core_pending(r->core) == 0)
		drop_reader(r);
	liandan__entry__pack(entry, r->entry_buf);
	err = ld_core_append(r->core, r->entry_buf, n, entry->recorded_at_ms, index);
	if (err != LD_OK)
		return err;
	r->applied = *index + 1;
	r->state_events++;
	r->counts.entries++;
	if (r->oldest_pending_ms == 0)
		r->oldest_pending_ms = ld_clock_boot_ms();
	return LD_OK;
}

/* State back to its last commit and up to core's head again. While that fails (state's disk is full
 * too) nothing can be decided from it: read-only until it succeeds. */
static void bring_up(struct ld_region *r)
{
	char why[256] = "";
	uint64_t size = ld_core_head(r->core)->size;
	enum ld_err err = ld_state_abort(r->custody.state, &r->applied);

	if (err == LD_OK)
		err = ld_region_replay(r->core, r->custody.state, r->name, r->custody.ledger_id,
				       r->applied, size, NULL, NULL, why, sizeof why);
	r->up_tried_ms = ld_clock_boot_ms();
	if (err == LD_OK) {
		r->applied = size;
		if (r->state_down != LD_OK)
			r->read_only_why[0] = '\0';
	} else if (r->state_down != LD_OK || r->read_only_why[0] == '\0') {
		snprintf(r->read_only_why, sizeof r->read_only_why,
			 "state could not be brought up again: %.120s",
			 why[0] != '\0' ? why : ld_err_text(err));
	}
	r->state_down = err;
}

/* Nothing of the batch was receipted: core forgets it, state goes back to its last commit and is
 * brought up to core's head again (LEDGER: Committing). */
enum ld_err ld_region_fail(struct ld_region *r, enum ld_err err)
{
	char line[400];

	ld_core_abort(r->core);
	ld_region_outputs_drop(r);
	ld_keyring_clear(r->keys);
	ld_custody_forget(&r->custody);
	drop_reader(r); /* the environment may have been reopened */
	r->oldest_pending_ms = 0;
	ld_recent_truncate(r->recent, ld_core_head(r->core)->size);
	r->rejudge_held = true; /* what was freed in the batch is held again */
	r->rejudge_from = 0;
	bring_up(r);
	snprintf(line, sizeof line,
		 "the ledger cannot take events: %s; nothing receipted is harmed",
		 ld_err_text(err));
	if (r->opt.sink.notice != NULL)
		r->opt.sink.notice(r->opt.sink.ctx, line);
	return err;
}

static void tell(struct ld_region *r, struct ld_out *o)
{
	const struct ld_sink *s = &r->opt.sink;

	switch (o->kind) {
	case LD_OUT_EVENT:
		if (s->event != NULL)
			s->event(s->ctx, o->party, o->device, o->bytes, o->len, o->index,
				 o->recorded_at_ms, o->key_id);
		break;
	case LD_OUT_RECEIPT:
		if (!o->superseded)
			ld_receipt_flush(r, o);
		break;
	case LD_OUT_REFUSED:
		if (s->refused != NULL)
			s->refused(s->ctx, o->party, o->device, o->bytes, o->len, o->verdict,
				   o->reason);
		break;
	case LD_OUT_ANOMALY: {
		Custody__Anomaly *a;

		if (ld_anomaly_get(&r->custody, o->index, &a) != LD_OK)
			break;
		if (s->anomaly != NULL)
			s->anomaly(s->ctx, a, o->what);
		if (s->rating != NULL && a->party[0] != '\0')
			s->rating(s->ctx, a->party);
		break;
	}
	case LD_OUT_RATING:
		if (s->rating != NULL)
			s->rating(s->ctx, o->party);
		break;
	case LD_OUT_PRECISION:
		if (s->precision != NULL)
			s->precision(s->ctx);
		break;
	case LD_OUT_REVOKED:
		if (s->revoked != NULL)
			s->revoked(s->ctx, o->party, o->device);
		break;
	}
}

/* One receipt per signer and commit for tracks: the last. A receipt for n fixes the bytes of all
 * earlier events of that chain. Walks newest first with a small set of keys; beyond it every
 * receipt is sent. */
static void supersede(struct ld_region *r)
{
	enum { SEEN = 64 };
	const struct ld_out *seen[SEEN];
	size_t n = 0;

	for (struct ld_out *o = r->out_first; o != NULL; o = o->next) {
		size_t i;

		if (o->kind != LD_OUT_RECEIPT || !o->telemetry || o->duplicate)
			continue;
		for (i = 0; i < n; i++)
			if (memcmp(seen[i]->key_id, o->key_id, LD_KEY_ID_BYTES) == 0)
				break;
		if (i < n)
			((struct ld_out *)(uintptr_t)seen[i])->superseded = true;
		else if (n < SEEN)
			n++;
		else
			i = o->index % SEEN;
		seen[i] = o;
	}
}

static void tell_all(struct ld_region *r)
{
	const struct ld_sink *s = &r->opt.sink;

	supersede(r);
	while (r->out_first != NULL) {
		struct ld_out *o = r->out_first;

		r->out_first = o->next;
		if (r->out_first == NULL)
			r->out_last = NULL;
		ld_arena_reset(&r->scratch);
		tell(r, o);
		free(o);
	}
	for (struct ld_dirty *d = r->manifests; d != NULL; d = d->next)
		s->manifest(s->ctx, d->id);
	for (struct ld_dirty *d = r->vehicles; d != NULL; d = d->next)
		s->vehicle(s->ctx, (const char *)d->id);
	drop_dirty(&r->manifests);
	drop_dirty(&r->vehicles);
}

enum ld_err ld_region_flush(struct ld_region *r)
{
	int64_t began;
	enum ld_err err;

	if (ld_core_pending(r->core) == 0) {
		if (r->out_first != NULL && ld_region_reader(r) == LD_OK)
			tell_all(r);
		return LD_OK;
	}
	began = ld_clock_boot_ms();
	drop_reader(r);
	err = ld_core_commit(r->core);
	if (err != LD_OK)
		return ld_region_fail(r, err);
	r->oldest_pending_ms = 0;
	r->last_commit_ms = ld_clock_boot_ms();
	r->last_commit_us = (r->last_commit_ms - began) * 1000;
	r->counts.commits++;
	r->counts.commit_us_total += (uint64_t)r->last_commit_us;
	ld_index_wake(r->index);
	err = ld_region_reader(r);
	if (err != LD_OK)
		return ld_region_fail(r, err);
	tell_all(r);
	return LD_OK;
}

/* DESIGN: when >= 500 are pending, or the oldest waits >= commit_interval_ms, or the time since the
 * last commit >= 4 x that commit's duration. */
static bool commit_due(const struct ld_region *r)
{
	int64_t now = ld_clock_boot_ms(), waited = now - r->oldest_pending_ms;
	int64_t since = now - r->last_commit_ms;

	if (r->oldest_pending_ms == 0)
		return false;
	if (ld_core_pending(r->core) >= r->opt.group_max || waited >= r->opt.commit_interval_ms)
		return true;
	return since * 1000 >= 4 * r->last_commit_us && since >= r->opt.commit_interval_ms;
}

static void watch_clock(struct ld_region *r)
{
	int64_t off = ld_region_now(r) - ld_clock_wall_ms();
	char line[120];

	if (r->clock.demo || r->opt.accept_clock)
		return;
	if (off < 0)
		off = -off;
	if (off > 10 * LD_MINUTE_MS && r->read_only_why[0] == '\0') {
		snprintf(r->read_only_why, sizeof r->read_only_why,
			 "the wall clock stepped by %" PRId64 " s; restart the broker to accept it",
			 off / 1000);
	} else if (off > 2000 && !r->clock.drift_noted) {
		r->clock.drift_noted = true;
		snprintf(line, sizeof line,
			 "the wall clock is %" PRId64 " ms away from ledger time", off);
		if (r->opt.sink.notice != NULL)
			r->opt.sink.notice(r->opt.sink.ctx, line);
	}
}

static enum ld_err state_due(struct ld_region *r)
{
	int64_t now = ld_clock_boot_ms();

	if (ld_core_pending(r->core) != 0 || r->state_events == 0)
		return LD_OK;
	if (now - r->last_state_ms < LD_STATE_COMMIT_MS && r->state_events < LD_STATE_COMMIT_EVENTS)
		return LD_OK;
	r->last_state_ms = now;
	r->state_events = 0;
	enum ld_err err = ld_state_commit(r->custody.state, r->applied);
	/* it has forgotten what it did not commit */
	return err == LD_OK ? LD_OK : ld_region_fail(r, err);
}

enum ld_err ld_region_tick(struct ld_region *r, bool *checkpoint_advanced)
{
	int64_t boot = ld_clock_boot_ms();
	enum ld_err err = LD_OK;

	*checkpoint_advanced = false;
	r->at_ms = ld_region_now(r);
	if (r->state_down != LD_OK && boot - r->up_tried_ms >= LD_UP_AGAIN_MS)
		bring_up(r);
	if (r->state_down != LD_OK)
		return r->state_down;
	/* a busy loop ticks once a packet: time is looked at ten times a second, no more */
	if (boot - r->last_time_ms >= LD_TIME_MS && r->read_only_why[0] == '\0') {
		r->last_time_ms = boot;
		watch_clock(r);
		err = ld_region_follow_time(r);
		if (err != LD_OK)
			return err;
	}
	if (commit_due(r) || (ld_core_pending(r->core) == 0 && r->out_first != NULL))
		err = ld_region_flush(r);
	if (err == LD_OK)
		err = state_due(r);
	if (err == LD_OK)
		ld_region_ratings_due(r);
	if (err == LD_OK && boot - r->last_anchor_ms >= LD_ANCHOR_MS) {
		r->last_anchor_ms = boot;
		if (r->clock.rate > 1)
			ld_clock_save(&r->clock, r->opt.dir);
		err = ld_core_anchor(r->core, checkpoint_advanced);
	}
	return err;
}
