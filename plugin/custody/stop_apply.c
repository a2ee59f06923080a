/* Declared stops. Each is of the manifests that it names; a new one takes the place of one that
 * nobody ended. CUSTODY-9. */
#include <string.h>

#include "plugin/custody/manifest.h"
#include "plugin/custody/road.h"

enum ld_err ld_stop_end(struct ld_custody *c, Custody__Manifest *m, int64_t at_ms)
{
	if (m->stop.len == 0)
		return LD_OK;
	if (at_ms > m->stop_from_ms)
		m->stopped_ms = ld_add_g(m->stopped_ms, at_ms - m->stop_from_ms);
	m->stop.len = 0;
	m->flags &= ~(uint32_t)CUSTODY__MANIFEST_FLAG__FLAG_STOPPED;
	return ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_STOP, 0);
}

/* The event may name what has arrived, and what others carry. */
static bool on_the_way(const struct ld_fact *f, const Custody__Manifest *m)
{
	return ld_may_arrive(m) && strcmp(f->signer->party, m->holder) == 0;
}

static enum ld_err begin_one(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData id)
{
	const ProtobufCBinaryData hash = {.len = LD_HASH_BYTES,
					  .data = (uint8_t *)(uintptr_t)f->event_hash};
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, id, &m);
	int64_t at;

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (!on_the_way(f, m) || ld_same_id(m->stop, hash))
		return LD_OK;
	at = ld_step_ms(f, m->taken_ms);
	err = ld_stop_end(c, m, at);
	if (err != LD_OK)
		return err;
	m->stop = hash;
	m->stop_from_ms = at;
	m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_STOPPED;
	err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_STOP,
				at + ld_rules_of(c, m)->stop_ms);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

static enum ld_err end_one(struct ld_custody *c, const struct ld_fact *f,
			   const Liandan__StopEnded *b, ProtobufCBinaryData id)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, id, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (!on_the_way(f, m) || !ld_same_id(m->stop, b->stop))
		return LD_OK;
	err = ld_stop_end(c, m, ld_step_ms(f, m->stop_from_ms));
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

enum ld_err ld_stop_begun_apply(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__StopBegun *b)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < b->n_manifests; i++) {
		size_t mark = ld_mark(c);

		err = begin_one(c, f, b->manifests[i]);
		ld_release(c, mark);
	}
	return err;
}

enum ld_err ld_stop_ended_apply(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__StopEnded *b)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < b->n_manifests; i++) {
		size_t mark = ld_mark(c);

		err = end_one(c, f, b, b->manifests[i]);
		ld_release(c, mark);
	}
	return err;
}

enum ld_err ld_road_begin(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m)
{
	enum ld_err err = ld_stop_end(c, m, ld_step_ms(f, m->taken_ms));

	m->stopped_ms = 0;
	m->accident_ms = 0;
	m->storage_ms = 0;
	m->storage_site = (char *)protobuf_c_empty_string;
	return err == LD_OK ? ld_storage_end(c, m) : err;
}
