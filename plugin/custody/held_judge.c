#include <string.h>

#include "plugin/custody/held.h"
#include "plugin/custody/judge.h"
#include "proto/base64.h"

enum ld_err ld_held_load(struct ld_custody *c, uint64_t index, struct ld_fact *f)
{
	Custody__Held *held;
	enum ld_err err = ld_held_get(c, index, &held);

	if (err != LD_OK)
		return err;
	memset(f, 0, sizeof *f);
	f->index = index;
	f->recorded_at_ms = held->recorded_at_ms;
	return ld_apply_decode(c, held->envelope.data, held->envelope.len, f);
}

struct waiting {
	uint64_t *out;
	size_t cap, n;
};

static uint64_t be64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static int collect(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct waiting *w = ctx;
	uint64_t index;

	(void)value, (void)len;
	if (key_len < 8)
		return 0;
	index = be64(key + key_len - 8);
	for (size_t i = 0; i < w->n; i++)
		if (w->out[i] == index)
			return 0;
	if (w->n == w->cap)
		return 1;
	w->out[w->n++] = index;
	return 0;
}

/* A loss names the load that it may end as a subject, in hex. */
static bool lost_load(const Liandan__Event *e, uint8_t id[LD_UUID_BYTES])
{
	const Liandan__LossRecorded *l = e->loss_recorded;

	return e->body_case == LIANDAN__EVENT__BODY_LOSS_RECORDED &&
	       l->subject_kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST &&
	       ld_hex_decode(l->subject, strlen(l->subject), id, LD_UUID_BYTES) == LD_OK;
}

size_t ld_held_waiting(struct ld_custody *c, const struct ld_fact *f, uint64_t *out, size_t cap)
{
	ProtobufCBinaryData ids[LD_MAX_HELD_PER_MANIFEST];
	uint8_t lost[LD_UUID_BYTES];
	size_t n = ld_manifests_of(f->event, ids, LD_MAX_HELD_PER_MANIFEST);
	struct waiting w = {.out = out, .cap = cap};

	if ((int)f->event->body_case >= 400)
		return 0;
	ld_state_walk(c->state, LD_T_HELD_BY, f->event_hash, LD_HASH_BYTES, NULL, 0, collect, &w,
		      NULL);
	for (size_t i = 0; i < n; i++)
		ld_state_walk(c->state, LD_T_HELD_BY, ids[i].data, ids[i].len, NULL, 0, collect, &w,
			      NULL);
	if (lost_load(f->event, lost))
		ld_state_walk(c->state, LD_T_HELD_BY, lost, sizeof lost, NULL, 0, collect, &w,
			      NULL);
	return w.n;
}

bool ld_held_on(struct ld_custody *c, ProtobufCBinaryData manifest)
{
	uint64_t one;
	struct waiting w = {.out = &one, .cap = 1};

	ld_state_walk(c->state, LD_T_HELD_BY, manifest.data, manifest.len, NULL, 0, collect, &w,
		      NULL);
	return w.n != 0;
}

size_t ld_held_all(struct ld_custody *c, uint64_t from, uint64_t *out, size_t cap)
{
	struct waiting w = {.out = out, .cap = cap};
	struct ld_tkey k;

	ld_tkey_init(&k);
	ld_tkey_u64(&k, from);
	ld_state_walk(c->state, LD_T_HELD, NULL, 0, k.b, k.len, collect, &w, NULL);
	return w.n;
}
