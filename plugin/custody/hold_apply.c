/* Holds. Tables HOLD and HOLD_ON: kind, (subject), hold -> "". CUSTODY-21. */
#include "plugin/custody/hold.h"

#include <string.h>

#include "proto/base64.h"

static void subject_key(struct ld_tkey *k, Liandan__SubjectKind kind, const char *subject)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, (uint8_t)kind);
	ld_tkey_str(k, subject);
}

static void on_key(struct ld_tkey *k, const Liandan__HoldPlaced *p)
{
	subject_key(k, p->subject_kind, p->subject);
	ld_tkey_bytes(k, p->hold, strnlen(p->hold, LD_MAX_ID_BYTES));
}

static enum ld_err found(enum ld_err err)
{
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

bool ld_hold_stands(const Custody__Hold *h, int64_t at_ms)
{
	return !h->over && at_ms < h->placed->expires_ms;
}

struct hold_walk {
	struct ld_custody *c;
	size_t skip;
	int64_t at_ms;
	bool stands;
};

static int stands_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		      size_t len)
{
	char id[LD_MAX_ID_BYTES + 1] = "";
	struct hold_walk *w = ctx;
	size_t n = key_len - w->skip;
	size_t mark = ld_mark(w->c);
	Custody__Hold *h;

	(void)value, (void)len;
	memcpy(id, key + w->skip, n < LD_MAX_ID_BYTES ? n : LD_MAX_ID_BYTES);
	w->stands = ld_hold_get(w->c, id, &h) == LD_OK && ld_hold_stands(h, w->at_ms);
	ld_release(w->c, mark);
	return w->stands;
}

bool ld_held_back(struct ld_custody *c, Liandan__SubjectKind kind, const char *subject,
		  int64_t at_ms)
{
	struct hold_walk w = {.c = c, .at_ms = at_ms};
	struct ld_tkey k;

	subject_key(&k, kind, subject);
	w.skip = k.len;
	ld_state_walk(c->state, LD_T_HOLD_ON, k.b, k.len, NULL, 0, stands_one, &w, NULL);
	return w.stands;
}

/* The flag of the manifest says what stands in the tables. */
static enum ld_err show(struct ld_custody *c, const Liandan__HoldPlaced *p, uint64_t index,
			int64_t at_ms)
{
	const uint32_t flag = CUSTODY__MANIFEST_FLAG__FLAG_ON_HOLD;
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData manifest = {.len = sizeof id, .data = id};
	Custody__Manifest *m;
	enum ld_err err;

	if (p->subject_kind != LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST ||
	    ld_hex_decode(p->subject, strlen(p->subject), id, sizeof id) != LD_OK)
		return LD_OK;
	err = ld_manifest_get(c, manifest, &m);
	if (err != LD_OK)
		return found(err);
	m->flags = ld_held_back(c, p->subject_kind, p->subject, at_ms) ? m->flags | flag
								       : m->flags & ~flag;
	m->updated_index = index;
	m->updated_ms = at_ms;
	return ld_manifest_put(c, m);
}

/* CUSTODY-21. Placed, or made longer by another person. */
enum ld_err ld_hold_placed_apply(struct ld_custody *c, const struct ld_fact *f,
				 Liandan__HoldPlaced *b)
{
	Custody__Hold rec = CUSTODY__HOLD__INIT;
	struct ld_tkey k;
	enum ld_err err;

	rec.placed = b;
	rec.index = f->index;
	rec.person = (char *)(uintptr_t)ld_person_of(c, f->signer);
	err = ld_hold_put(c, &rec);
	on_key(&k, b);
	if (err == LD_OK)
		err = ld_state_put(c->state, LD_T_HOLD_ON, k.b, k.len, "", 0);
	if (err == LD_OK)
		err = ld_deadline_set(c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_HOLD, b->hold,
				      LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_HOLD,
				      c->rules->version, b->expires_ms);
	return err == LD_OK ? show(c, b, f->index, f->recorded_at_ms) : err;
}

static enum ld_err end(struct ld_custody *c, const char *hold, uint64_t index, int64_t at_ms)
{
	Custody__Hold *h;
	struct ld_tkey k;
	enum ld_err err = ld_hold_get(c, hold, &h);

	if (err != LD_OK)
		return found(err);
	h->over = true;
	err = ld_hold_put(c, h);
	on_key(&k, h->placed);
	if (err == LD_OK)
		err = found(ld_state_del(c->state, LD_T_HOLD_ON, k.b, k.len));
	return err == LD_OK ? show(c, h->placed, index, at_ms) : err;
}

enum ld_err ld_hold_released_apply(struct ld_custody *c, const struct ld_fact *f,
				   const Liandan__HoldReleased *b)
{
	enum ld_err err = ld_deadline_clear(c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_HOLD, b->hold,
					    LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_HOLD);

	return err == LD_OK ? end(c, b->hold, f->index, f->recorded_at_ms) : err;
}

enum ld_err ld_hold_missed_apply(struct ld_custody *c, const Liandan__DeadlineMissed *d,
				 uint64_t index, int64_t at_ms)
{
	return end(c, d->subject, index, at_ms);
}
