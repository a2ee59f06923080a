#include "plugin/custody/apply.h"

#include <string.h>

#include "plugin/custody/held.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/track.h"
#include "proto/digest.h"

/* The chain moves with every leaf of its signer, whatever the verdict: a refusal never breaks an
 * offline device's queue (PROTOCOL: In the ledger). */
static enum ld_err apply_chain(struct ld_custody *c, const struct ld_fact *f)
{
	Custody__Chain fresh = CUSTODY__CHAIN__INIT;
	Custody__Chain *chain = &fresh;
	enum ld_err err = ld_chain_get(c, f->event->submitter.data, &chain);

	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	chain->epoch = f->event->epoch;
	chain->last_seq = f->event->seq;
	chain->last_hash.data = (uint8_t *)(uintptr_t)f->event_hash;
	chain->last_hash.len = LD_HASH_BYTES;
	chain->last_index = f->index;
	return ld_chain_put(c, f->event->submitter.data, chain);
}

static enum ld_err apply_effect(struct ld_custody *c, const struct ld_fact *f,
				Liandan__Verdict verdict)
{
	Custody__Effect effect = CUSTODY__EFFECT__INIT;

	if ((int)f->event->body_case >= 400)
		return LD_OK;
	effect.index = f->index;
	effect.verdict = verdict;
	if (f->event->body_case == LIANDAN__EVENT__BODY_HANDOVER_OFFERED) {
		effect.person = (char *)(uintptr_t)ld_person_of(c, f->signer);
		effect.manifest = f->event->handover_offered->manifest;
	}
	return ld_effect_put(c, f->event_hash, &effect);
}

enum ld_err ld_apply_body(struct ld_custody *c, const struct ld_fact *f)
{
	int body = (int)f->event->body_case;
	enum ld_err err;

	if (body == LIANDAN__EVENT__BODY_WEIGHED)
		return ld_weigh_apply(c, f);
	if (body < 200)
		return ld_registry_apply(c, f);
	if (body < 300)
		return ld_stock_apply(c, f);
	if (body >= 400)
		return ld_track_apply(c, f);
	err = ld_manifest_apply(c, f);
	if (err == LD_OK &&
	    (body == LIANDAN__EVENT__BODY_HANDOVER_TAKEN || body == LIANDAN__EVENT__BODY_RECEIVED ||
	     body == LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED))
		err = ld_track_apply_manifest(c, f);
	return err;
}

enum ld_err ld_apply_event(struct ld_custody *c, const struct ld_fact *f, Liandan__Verdict verdict,
			   Liandan__Reason reason, const ProtobufCBinaryData *envelope)
{
	enum ld_err err = ld_rules_at(c, f->recorded_at_ms);

	if (err == LD_OK)
		err = apply_chain(c, f);
	if (err == LD_OK)
		err = apply_effect(c, f, verdict);
	if (err != LD_OK)
		return err;
	if (verdict == LIANDAN__VERDICT__ACCEPTED)
		return ld_apply_body(c, f);
	if (verdict == LIANDAN__VERDICT__HELD)
		return ld_held_put(c, f, reason, envelope);
	return LD_OK;
}

enum ld_err ld_apply_own(struct ld_custody *c, const Liandan__OwnEvent *own, uint64_t index,
			 int64_t recorded_at_ms)
{
	enum ld_err err = ld_rules_at(c, recorded_at_ms);

	if (err != LD_OK)
		return err;
	switch (own->body_case) {
	case LIANDAN__OWN_EVENT__BODY_GENESIS:
		return ld_genesis_apply(c, own->genesis, index);
	case LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED:
		return ld_closed_apply(c, own->manifest_closed, index, recorded_at_ms);
	case LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED:
		return ld_missed_apply(c, own->deadline_missed, index, recorded_at_ms);
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED:
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED:
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED:
		return ld_anomaly_apply(c, own, index, recorded_at_ms);
	case LIANDAN__OWN_EVENT__BODY_HELD_APPLIED:
		return ld_held_applied(c, own->held_applied, index, recorded_at_ms);
	case LIANDAN__OWN_EVENT__BODY_HELD_EXPIRED:
		return ld_held_expired(c, own->held_expired);
	default:
		return LD_OK; /* ForkObserved: a record, no effect */
	}
}

enum ld_err ld_apply_decode(struct ld_custody *c, const uint8_t *envelope, size_t len,
			    struct ld_fact *f)
{
	Liandan__Envelope *env = liandan__envelope__unpack(&c->arena->pb, len, envelope);
	Liandan__Event *event;
	Custody__Key *signer;
	uint8_t *hash = ld_arena_alloc(c->arena, LD_HASH_BYTES);
	enum ld_err err;

	if (env == NULL || hash == NULL)
		return LD_ERR_CORRUPT;
	event = liandan__event__unpack(&c->arena->pb, env->event.len, env->event.data);
	if (event == NULL)
		return LD_ERR_CORRUPT;
	ld_sha256(env->event.data, env->event.len, hash);
	err = ld_key_rec_get(c, event->submitter.data, &signer);
	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_ERR_CORRUPT : err;
	f->event = event;
	f->event_bytes = env->event.data;
	f->event_len = env->event.len;
	f->event_hash = hash;
	f->signer = signer;
	f->cosigners = NULL;
	f->n_cosigners = 0;
	return ld_apply_cosigners(c, f);
}

enum ld_err ld_apply_cosigners(struct ld_custody *c, struct ld_fact *f)
{
	const Custody__Key **keys;

	f->cosigners = NULL;
	f->n_cosigners = 0;
	if (f->event->n_cosigners == 0)
		return LD_OK;
	keys = ld_arena_alloc(c->arena, f->event->n_cosigners * sizeof(Custody__Key *));
	if (keys == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < f->event->n_cosigners; i++) {
		Custody__Key *key;
		enum ld_err err = ld_key_rec_get(c, f->event->cosigners[i].data, &key);

		if (err == LD_ERR_NOT_FOUND) /* a key that this very event enrols */
			continue;
		if (err != LD_OK)
			return err;
		keys[f->n_cosigners++] = key;
	}
	f->cosigners = keys;
	return LD_OK;
}

enum ld_err ld_apply_entry(struct ld_custody *c, uint64_t index, const uint8_t *entry, size_t len)
{
	Liandan__Entry *e = liandan__entry__unpack(&c->arena->pb, len, entry);
	struct ld_fact f = {.index = index};
	Liandan__OwnEvent *own;
	enum ld_err err;

	if (e == NULL)
		return LD_ERR_CORRUPT;
	if (e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT) {
		own =
		    liandan__own_event__unpack(&c->arena->pb, e->own_event.len, e->own_event.data);
		return own == NULL ? LD_ERR_CORRUPT
				   : ld_apply_own(c, own, index, e->recorded_at_ms);
	}
	if (e->content_case != LIANDAN__ENTRY__CONTENT_ENVELOPE)
		return LD_ERR_CORRUPT;
	f.recorded_at_ms = e->recorded_at_ms;
	err = ld_apply_decode(c, e->envelope.data, e->envelope.len, &f);
	if (err != LD_OK)
		return err;
	return ld_apply_event(c, &f, e->verdict, e->reason, &e->envelope);
}
