/* The registry takes effect: parties, persons, keys and their chains, licences, vehicles and
 * terminals, instruments, sites. An id that is registered again is updated: its history stays in
 * the ledger. */
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/registry.h"
#include "plugin/custody/site.h"
#include "proto/key.h"

/* A record that is not there is nothing to change: apply is total. */
static enum ld_err unless_absent(enum ld_err err)
{
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

/* ---- keys ---- */

static enum ld_err key_get(struct ld_custody *c, ProtobufCBinaryData id, Custody__Key **out)
{
	return id.len == LD_KEY_ID_BYTES ? ld_key_rec_get(c, id.data, out) : LD_ERR_NOT_FOUND;
}

static enum ld_err chain_get(struct ld_custody *c, ProtobufCBinaryData id, Custody__Chain **out)
{
	return id.len == LD_KEY_ID_BYTES ? ld_chain_get(c, id.data, out) : LD_ERR_NOT_FOUND;
}

static enum ld_err device_put(struct ld_custody *c, const char *party, const char *device,
			      const uint8_t key_id[LD_KEY_ID_BYTES])
{
	struct ld_tkey k;

	ld_device_key(&k, party, device);
	return ld_state_put(c->state, LD_T_DEVICE, k.b, k.len, key_id, LD_KEY_ID_BYTES);
}

/* A key and the start of its chain: epoch 0, nothing yet, `start` is prev of its first event. */
static enum ld_err key_enter(struct ld_custody *c, Custody__Key *key,
			     const uint8_t start[LD_HASH_BYTES])
{
	Custody__Chain chain = CUSTODY__CHAIN__INIT;
	uint8_t hash[LD_HASH_BYTES];
	uint8_t id[LD_KEY_ID_BYTES];
	enum ld_err err;

	ld_key_id_of_spki(key->spki.data, key->spki.len, id);
	key->key_id.data = id;
	key->key_id.len = sizeof id;
	memcpy(hash, start, sizeof hash);
	chain.last_hash.data = hash;
	chain.last_hash.len = sizeof hash;
	err = ld_key_rec_put(c, key);
	if (err == LD_OK)
		err = ld_chain_put(c, id, &chain);
	if (err == LD_OK && ld_key_signs(key->roles))
		err = device_put(c, key->party, key->device, id);
	return err;
}

static enum ld_err authority_enter(struct ld_custody *c, const Liandan__AuthorityKey *a,
				   int64_t from_ms, uint64_t index,
				   const uint8_t start[LD_HASH_BYTES])
{
	Custody__Key key = CUSTODY__KEY__INIT;

	if (a == NULL)
		return LD_OK;
	key.spki = a->spki;
	key.algorithm = a->algorithm;
	key.party = a->party;
	key.device = a->device;
	key.subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_AUTHORITY;
	key.subject_id = a->device;
	key.roles = LIANDAN__ROLE__ROLE_AUTHORITY | LIANDAN__ROLE__ROLE_REGULATOR |
		    LIANDAN__ROLE__ROLE_ADMIN;
	key.from_ms = from_ms;
	key.index = index;
	return key_enter(c, &key, start);
}

enum ld_err ld_genesis_apply(struct ld_custody *c, const Liandan__Genesis *g, uint64_t index)
{
	enum ld_err err = LD_OK;

	/* PROTOCOL, Chain: prev of an authority key's first event is the genesis hash */
	for (size_t i = 0; i < g->n_authority_keys && err == LD_OK; i++)
		err =
		    authority_enter(c, g->authority_keys[i], g->created_at_ms, index, c->ledger_id);
	return err;
}

static enum ld_err authority_revoked(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__AuthorityRevoked *r)
{
	Custody__Key *key;
	Custody__Chain *chain;
	enum ld_err err = key_get(c, r->key_id, &key);

	if (err != LD_OK)
		return unless_absent(err);
	key->revoked = LIANDAN__REVOCATION_REASON__REVOCATION_REASON_COMPROMISED;
	key->effective_ms = f->recorded_at_ms;
	key->grace_until_ms = 0;
	err = chain_get(c, r->key_id, &chain);
	if (err == LD_OK)
		key->last_trusted_seq = chain->last_seq;
	else if (err != LD_ERR_NOT_FOUND)
		return err;
	return ld_key_rec_put(c, key);
}

/* The key that is replaced: what it signed until the new one begins may still come in. */
static enum ld_err key_replaced(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__KeyEnrolled *e)
{
	Custody__Key *old;
	enum ld_err err = key_get(c, e->replaces, &old);

	if (err != LD_OK)
		return unless_absent(err);
	if (old->revoked != LIANDAN__REVOCATION_REASON__REVOCATION_REASON_UNSPECIFIED)
		return LD_OK;
	old->revoked = LIANDAN__REVOCATION_REASON__REVOCATION_REASON_SUPERSEDED;
	old->effective_ms = e->from_ms > f->recorded_at_ms ? e->from_ms : f->recorded_at_ms;
	old->grace_until_ms = old->effective_ms > INT64_MAX - LD_KEY_GRACE_MAX_MS
				  ? INT64_MAX
				  : old->effective_ms + LD_KEY_GRACE_MAX_MS;
	return ld_key_rec_put(c, old);
}

static enum ld_err key_enrolled(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__KeyEnrolled *e)
{
	Custody__Key key = CUSTODY__KEY__INIT;
	enum ld_err err = key_replaced(c, f, e);

	if (err != LD_OK)
		return err;
	key.spki = e->spki;
	key.algorithm = e->algorithm;
	key.party = e->party;
	key.device = e->device;
	key.subject = e->subject;
	key.subject_id = e->subject_id;
	key.roles = e->roles;
	key.protection = e->protection;
	key.from_ms = e->from_ms;
	key.to_ms = e->to_ms;
	key.index = f->index;
	return key_enter(c, &key, f->event_hash);
}

static enum ld_err key_revoked(struct ld_custody *c, const Liandan__KeyRevoked *r)
{
	Custody__Key *key;
	enum ld_err err = key_get(c, r->key_id, &key);

	if (err != LD_OK)
		return unless_absent(err);
	key->revoked = r->reason;
	key->effective_ms = r->effective_ms;
	key->grace_until_ms = r->grace_until_ms;
	key->last_trusted_seq = r->last_trusted_seq;
	return ld_key_rec_put(c, key);
}

static enum ld_err chain_restarted(struct ld_custody *c, const struct ld_fact *f,
				   const Liandan__ChainRestarted *r)
{
	uint8_t hash[LD_HASH_BYTES];
	Custody__Chain *chain;
	enum ld_err err = chain_get(c, r->key_id, &chain);

	if (err != LD_OK)
		return unless_absent(err);
	memcpy(hash, f->event_hash, sizeof hash);
	chain->epoch = r->old_epoch + 1;
	chain->last_seq = 0;
	chain->last_hash.data = hash;
	chain->last_hash.len = sizeof hash;
	return ld_chain_put(c, r->key_id.data, chain);
}

/* ---- parties, persons, licences ---- */

static enum ld_err party_registered(struct ld_custody *c, const struct ld_fact *f,
				    Liandan__PartyRegistered *p)
{
	Custody__Party rec = CUSTODY__PARTY__INIT;
	Custody__Party *old;
	enum ld_err err = ld_party_get(c, p->party, &old);

	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	if (err == LD_OK) { /* an update: what it has open goes on */
		rec.drafts = old->drafts;
		rec.open_manifests = old->open_manifests;
	}
	rec.registered = p;
	rec.index = f->index;
	return ld_party_put(c, &rec);
}

static enum ld_err person_registered(struct ld_custody *c, const struct ld_fact *f,
				     Liandan__PersonRegistered *p)
{
	Custody__Person rec = CUSTODY__PERSON__INIT;

	rec.registered = p;
	rec.index = f->index;
	return ld_person_put(c, &rec);
}

static void party_licence_key(struct ld_tkey *k, const char *party, const char *licence)
{
	ld_tkey_init(k);
	ld_tkey_str(k, party);
	ld_tkey_bytes(k, licence, strnlen(licence, LD_MAX_ID_BYTES));
}

static enum ld_err licence_granted(struct ld_custody *c, const struct ld_fact *f,
				   Liandan__LicenceGranted *g)
{
	Custody__Licence rec = CUSTODY__LICENCE__INIT;
	Custody__Licence *old;
	struct ld_tkey k;
	enum ld_err err = ld_licence_get(c, g->licence, &old);

	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	if (err == LD_OK && strcmp(old->granted->party, g->party) != 0) {
		party_licence_key(&k, old->granted->party, g->licence);
		err = unless_absent(ld_state_del(c->state, LD_T_PARTY_LICENCE, k.b, k.len));
		if (err != LD_OK)
			return err;
	}
	rec.granted = g;
	rec.index = f->index;
	err = ld_licence_put(c, &rec);
	if (err != LD_OK)
		return err;
	party_licence_key(&k, g->party, g->licence);
	return ld_state_put(c->state, LD_T_PARTY_LICENCE, k.b, k.len, "", 0);
}

static enum ld_err licence_withdrawn(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__LicenceWithdrawn *w)
{
	Custody__Licence *rec;
	enum ld_err err = ld_licence_get(c, w->licence, &rec);

	if (err != LD_OK)
		return unless_absent(err);
	if (rec->withdrawn_ms == 0) /* said twice: the first time stands */
		rec->withdrawn_ms = f->recorded_at_ms;
	rec->in_flight = w->in_flight;
	return ld_licence_put(c, rec);
}

/* ---- vehicles and terminals ---- */

static enum ld_err unmount(struct ld_custody *c, const ProtobufCBinaryData *key_id)
{
	if (key_id->len != LD_KEY_ID_BYTES)
		return LD_OK;
	return unless_absent(ld_state_del(c->state, LD_T_MOUNTED, key_id->data, key_id->len));
}

static enum ld_err vehicle_registered(struct ld_custody *c, const struct ld_fact *f,
				      Liandan__VehicleRegistered *v)
{
	Custody__Vehicle rec = CUSTODY__VEHICLE__INIT;
	Custody__Vehicle *old;
	enum ld_err err = ld_vehicle_get(c, v->plate, &old);

	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	if (err == LD_OK && strcmp(old->registered->party, v->party) == 0) {
		rec.terminal = old->terminal;
		rec.terminal_key = old->terminal_key;
	} else if (err == LD_OK) { /* sold: the terminal is its old owner's */
		err = unmount(c, &old->terminal_key);
		if (err != LD_OK)
			return err;
	}
	rec.registered = v;
	rec.index = f->index;
	return ld_vehicle_put(c, &rec);
}

static enum ld_err terminal_mounted(struct ld_custody *c, const Liandan__TerminalMounted *m)
{
	Custody__Vehicle *v;
	enum ld_err err = ld_vehicle_get(c, m->plate, &v);

	if (err != LD_OK || m->key_id.len != LD_KEY_ID_BYTES)
		return unless_absent(err);
	err = unmount(c, &v->terminal_key);
	if (err != LD_OK)
		return err;
	v->terminal = m->terminal;
	v->terminal_key = m->key_id;
	err = ld_vehicle_put(c, v);
	if (err != LD_OK)
		return err;
	return ld_state_put(c->state, LD_T_MOUNTED, m->key_id.data, m->key_id.len, m->plate,
			    strlen(m->plate));
}

static enum ld_err terminal_removed(struct ld_custody *c, const Liandan__TerminalRemoved *r)
{
	Custody__Vehicle *v;
	enum ld_err err = ld_vehicle_get(c, r->plate, &v);

	if (err != LD_OK)
		return unless_absent(err);
	if (v->terminal_key.len != r->key_id.len || r->key_id.len == 0 ||
	    memcmp(v->terminal_key.data, r->key_id.data, r->key_id.len) != 0)
		return LD_OK;
	err = unmount(c, &v->terminal_key);
	if (err != LD_OK)
		return err;
	v->terminal = NULL;
	v->terminal_key.data = NULL;
	v->terminal_key.len = 0;
	return ld_vehicle_put(c, v);
}

/* ---- instruments and sites ---- */

/* A verification is of this scale with these ranges; another scale under the same id has none. */
static bool same_scale(const Liandan__InstrumentRegistered *a,
		       const Liandan__InstrumentRegistered *b)
{
	if (a->kind != b->kind || a->class_ != b->class_ || a->max_g != b->max_g ||
	    a->n_ranges != b->n_ranges)
		return false;
	for (size_t i = 0; i < a->n_ranges; i++)
		if (a->ranges[i]->to_g != b->ranges[i]->to_g ||
		    a->ranges[i]->e_g != b->ranges[i]->e_g)
			return false;
	return true;
}

static enum ld_err instrument_registered(struct ld_custody *c, const struct ld_fact *f,
					 Liandan__InstrumentRegistered *i)
{
	Custody__Instrument rec = CUSTODY__INSTRUMENT__INIT;
	Custody__Instrument *old;
	enum ld_err err = ld_instrument_get(c, i->instrument, &old);

	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	if (err == LD_OK && same_scale(old->registered, i))
		rec.verified = old->verified;
	rec.registered = i;
	rec.index = f->index;
	return ld_instrument_put(c, &rec);
}

static enum ld_err instrument_verified(struct ld_custody *c, Liandan__InstrumentVerified *v)
{
	Custody__Instrument *rec;
	enum ld_err err = ld_instrument_get(c, v->instrument, &rec);

	if (err != LD_OK)
		return unless_absent(err);
	rec->verified = v;
	return ld_instrument_put(c, rec);
}

static enum ld_err site_registered(struct ld_custody *c, const struct ld_fact *f,
				   Liandan__SiteRegistered *s)
{
	Custody__Site rec = CUSTODY__SITE__INIT;

	rec.registered = s;
	rec.index = f->index;
	ld_site_cache_drop(c);
	return ld_site_put(c, &rec);
}

enum ld_err ld_registry_apply(struct ld_custody *c, const struct ld_fact *f)
{
	const Liandan__Event *e = f->event;

	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_AUTHORITY_ENROLLED:
		return authority_enter(c, e->authority_enrolled->key, f->recorded_at_ms, f->index,
				       f->event_hash);
	case LIANDAN__EVENT__BODY_AUTHORITY_REVOKED:
		return authority_revoked(c, f, e->authority_revoked);
	case LIANDAN__EVENT__BODY_PARTY_REGISTERED:
		return party_registered(c, f, e->party_registered);
	case LIANDAN__EVENT__BODY_PERSON_REGISTERED:
		return person_registered(c, f, e->person_registered);
	case LIANDAN__EVENT__BODY_KEY_ENROLLED:
		return key_enrolled(c, f, e->key_enrolled);
	case LIANDAN__EVENT__BODY_KEY_REVOKED:
		return key_revoked(c, e->key_revoked);
	case LIANDAN__EVENT__BODY_CHAIN_RESTARTED:
		return chain_restarted(c, f, e->chain_restarted);
	case LIANDAN__EVENT__BODY_LICENCE_GRANTED:
		return licence_granted(c, f, e->licence_granted);
	case LIANDAN__EVENT__BODY_LICENCE_WITHDRAWN:
		return licence_withdrawn(c, f, e->licence_withdrawn);
	case LIANDAN__EVENT__BODY_VEHICLE_REGISTERED:
		return vehicle_registered(c, f, e->vehicle_registered);
	case LIANDAN__EVENT__BODY_TERMINAL_MOUNTED:
		return terminal_mounted(c, e->terminal_mounted);
	case LIANDAN__EVENT__BODY_TERMINAL_REMOVED:
		return terminal_removed(c, e->terminal_removed);
	case LIANDAN__EVENT__BODY_INSTRUMENT_REGISTERED:
		return instrument_registered(c, f, e->instrument_registered);
	case LIANDAN__EVENT__BODY_INSTRUMENT_VERIFIED:
		return instrument_verified(c, e->instrument_verified);
	case LIANDAN__EVENT__BODY_SITE_REGISTERED:
		return site_registered(c, f, e->site_registered);
	case LIANDAN__EVENT__BODY_RULES_ADOPTED:
		return ld_rules_apply(c, f, e->rules_adopted);
	case LIANDAN__EVENT__BODY_CALENDAR_ADOPTED:
		return ld_calendar_apply(c, f, e->calendar_adopted);
	default:
		return ld_rights_apply(c, f);
	}
}
