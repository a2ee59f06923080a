#include <string.h>

#include "plugin/custody/held.h"

static void held_key(struct ld_tkey *k, uint64_t index)
{
	ld_tkey_init(k);
	ld_tkey_u64(k, index);
}

static void by_key(struct ld_tkey *k, ProtobufCBinaryData cause, uint64_t index)
{
	ld_tkey_init(k);
	ld_tkey_bytes(k, cause.data, cause.len);
	ld_tkey_u64(k, index);
}

/* Decimal, without printf: the subject of its deadline. */
static char *index_text(struct ld_custody *c, uint64_t index)
{
	char digits[24];
	size_t n = sizeof digits;

	digits[--n] = '\0';
	do {
		digits[--n] = (char)('0' + index % 10);
		index /= 10;
	} while (index != 0);
	return ld_c_str(c, digits + n);
}

enum ld_err ld_held_get(struct ld_custody *c, uint64_t index, Custody__Held **out)
{
	struct ld_tkey k;

	held_key(&k, index);
	return ld_rec_get(c, LD_T_HELD, k.b, k.len, &custody__held__descriptor,
			  (ProtobufCMessage **)out);
}

static enum ld_err count_held(struct ld_custody *c, const uint8_t *key_id, bool more)
{
	Custody__Chain *chain;
	enum ld_err err = ld_chain_get(c, key_id, &chain);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (more)
		chain->held++;
	else if (chain->held != 0)
		chain->held--;
	return ld_chain_put(c, key_id, chain);
}

/* What `after` names, and what the body rests on. */
static size_t causes_of(const Liandan__Event *e, ProtobufCBinaryData out[LD_MAX_AFTER + 1])
{
	const ProtobufCBinaryData named = ld_cause_of(e);
	size_t n = 0;

	while (n < e->n_after && n < LD_MAX_AFTER) {
		out[n] = e->after[n];
		n++;
	}
	if (named.len == LD_HASH_BYTES)
		out[n++] = named;
	return n;
}

enum ld_err ld_held_put(struct ld_custody *c, const struct ld_fact *f, Liandan__Reason waits_for,
			const ProtobufCBinaryData *envelope)
{
	ProtobufCBinaryData ids[LD_MAX_HELD_PER_MANIFEST], causes[LD_MAX_AFTER + 1];
	Custody__Held h = CUSTODY__HELD__INIT;
	struct ld_tkey k;
	char *subject = index_text(c, f->index);
	enum ld_err err;

	if (subject == NULL)
		return LD_ERR_NOMEM;
	h.index = f->index;
	h.envelope = *envelope;
	h.recorded_at_ms = f->recorded_at_ms;
	h.key_id = f->event->submitter;
	h.event_hash.data = (uint8_t *)(uintptr_t)f->event_hash;
	h.event_hash.len = LD_HASH_BYTES;
	h.manifests = ids;
	h.n_manifests = ld_manifests_of(f->event, ids, LD_MAX_HELD_PER_MANIFEST);
	h.causes = causes;
	h.n_causes = causes_of(f->event, causes);
	h.waits_for = waits_for;
	held_key(&k, f->index);
	err = ld_rec_put(c, LD_T_HELD, k.b, k.len, &h.base);
	for (size_t i = 0; err == LD_OK && i < h.n_manifests + h.n_causes; i++) {
		by_key(&k, i < h.n_manifests ? h.manifests[i] : h.causes[i - h.n_manifests],
		       f->index);
		err = ld_state_put(c->state, LD_T_HELD_BY, k.b, k.len, f->signer->party,
				   strlen(f->signer->party));
	}
	if (err == LD_OK)
		err = count_held(c, f->event->submitter.data, true);
	if (err == LD_OK)
		err = ld_deadline_set(c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_HELD, subject,
				      LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_HELD,
				      c->rules->version, f->recorded_at_ms + c->rules->held_ms);
	return err;
}

static enum ld_err forget(struct ld_custody *c, const Custody__Held *h)
{
	struct ld_tkey k;
	char *subject = index_text(c, h->index);
	enum ld_err err;

	if (subject == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < h->n_manifests + h->n_causes; i++) {
		by_key(&k, i < h->n_manifests ? h->manifests[i] : h->causes[i - h->n_manifests],
		       h->index);
		err = ld_state_del(c->state, LD_T_HELD_BY, k.b, k.len);
		if (err != LD_OK && err != LD_ERR_NOT_FOUND)
			return err;
	}
	held_key(&k, h->index);
	err = ld_state_del(c->state, LD_T_HELD, k.b, k.len);
	if (err == LD_OK)
		err = count_held(c, h->key_id.data, false);
	if (err == LD_OK)
		err = ld_deadline_clear(c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_HELD, subject,
					LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_HELD);
	return err;
}

static enum ld_err settle(struct ld_custody *c, const Custody__Held *h, Liandan__Verdict verdict,
			  uint64_t applied_index)
{
	Custody__Effect effect = CUSTODY__EFFECT__INIT;
	Custody__Effect *before;

	if (ld_effect_get(c, h->event_hash.data, &before) == LD_OK) {
		effect.person = before->person;
		effect.manifest = before->manifest;
	}
	effect.index = h->index;
	effect.verdict = verdict;
	effect.applied_index = applied_index;
	return ld_effect_put(c, h->event_hash.data, &effect);
}

/* Its body takes effect by the rules that it was judged by: those in force when it was recorded. */
enum ld_err ld_held_applied(struct ld_custody *c, const Liandan__HeldApplied *h, uint64_t index,
			    int64_t at_ms)
{
	Custody__Held *held;
	struct ld_fact f = {.index = h->index, .applied_at_ms = at_ms};
	enum ld_err err = ld_held_get(c, h->index, &held);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	f.recorded_at_ms = held->recorded_at_ms;
	err = ld_apply_decode(c, held->envelope.data, held->envelope.len, &f);
	if (err == LD_OK)
		err = forget(c, held);
	if (err == LD_OK)
		err = settle(c, held, h->verdict, index);
	if (err != LD_OK || h->verdict != LIANDAN__VERDICT__ACCEPTED)
		return err;
	err = ld_rules_at(c, f.recorded_at_ms);
	return err == LD_OK ? ld_apply_body(c, &f) : err;
}

enum ld_err ld_held_expired(struct ld_custody *c, const Liandan__HeldExpired *h)
{
	Custody__Held *held;
	enum ld_err err = ld_held_get(c, h->index, &held);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	err = forget(c, held);
	if (err == LD_OK)
		err = settle(c, held, h->verdict, 0);
	return err;
}
