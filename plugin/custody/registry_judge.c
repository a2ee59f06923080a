/* Who may write what into the registry, and what a sane entry is. Registry events are intentions: a
 * failed check refuses them (PROTOCOL: Verdicts). Signers: EVENTS, registry. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/judge.h"
#include "plugin/custody/registry.h"
#include "proto/key.h"

/* Roles that a party may have, and that its keys may then use. */
#define PARTY_ROLES                                                                                \
	((uint32_t)LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_CARRIER |                   \
	 LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_LABORATORY |                           \
	 LIANDAN__ROLE__ROLE_REGULATOR)
#define ALL_ROLES                                                                                  \
	(PARTY_ROLES | LIANDAN__ROLE__ROLE_AUTHORITY | LIANDAN__ROLE__ROLE_ADMIN |                 \
	 LIANDAN__ROLE__ROLE_DRIVER | LIANDAN__ROLE__ROLE_TERMINAL | LIANDAN__ROLE__ROLE_SCALE |   \
	 LIANDAN__ROLE__ROLE_CONNECT)
/* Parties that have vehicles: carriers, and those with own transport. */
#define TRANSPORT_ROLES                                                                            \
	((uint32_t)LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_CARRIER |                   \
	 LIANDAN__ROLE__ROLE_RECEIVER)

static bool cosigned_by(const struct ld_fact *f, const uint8_t key_id[LD_KEY_ID_BYTES])
{
	return f->event->n_cosigners > 0 && f->event->cosigners[0].len == LD_KEY_ID_BYTES &&
	       memcmp(f->event->cosigners[0].data, key_id, LD_KEY_ID_BYTES) == 0;
}

/* ---- keys ---- */

/* PROTOCOL: a key is enrolled once, ever, for one device; and it must be usable. */
static bool new_key(struct ld_custody *c, ProtobufCBinaryData spki, Liandan__Algorithm algorithm,
		    uint8_t id[LD_KEY_ID_BYTES], struct ld_judgement *j)
{
	struct ld_key *key;
	Custody__Key *old;

	if (ld_key_public(spki.data, spki.len, algorithm, &key) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__BAD_KEY,
				 "spki is not a usable key of this algorithm");
	memcpy(id, ld_key_id(key), LD_KEY_ID_BYTES);
	ld_key_free(key);
	if (ld_key_rec_get(c, id, &old) == LD_OK)
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS,
				 "this key was enrolled by entry %" PRIu64, old->index);
	return true;
}

/* A device has one signing key: a new one where it has none, where the old one has ended, or where
 * the event says that it is replaced. */
static bool device_free(struct ld_custody *c, const struct ld_fact *f, const char *party,
			const char *device, ProtobufCBinaryData replaces, struct ld_judgement *j)
{
	const uint8_t *id;
	struct ld_tkey k;
	Custody__Key *now;
	size_t len;

	ld_device_key(&k, party, device);
	if (ld_state_get(c->state, LD_T_DEVICE, k.b, k.len, &id, &len) != LD_OK ||
	    len != LD_KEY_ID_BYTES || ld_key_rec_get(c, id, &now) != LD_OK)
		return true;
	if (replaces.len == LD_KEY_ID_BYTES &&
	    memcmp(replaces.data, now->key_id.data, LD_KEY_ID_BYTES) == 0)
		return true;
	if (now->revoked != LIANDAN__REVOCATION_REASON__REVOCATION_REASON_UNSPECIFIED ||
	    (now->to_ms != 0 && now->to_ms <= f->recorded_at_ms))
		return true;
	return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS,
			 "device %s of %s has a key: name it in `replaces`", device, party);
}

static bool authority_enrolled(struct ld_custody *c, const struct ld_fact *f,
			       const Liandan__AuthorityEnrolled *e, struct ld_judgement *j)
{
	uint8_t id[LD_KEY_ID_BYTES];
	ProtobufCBinaryData none = {0, NULL};

	if (!ld_by_authority(f, j))
		return false;
	if (e->key == NULL)
		return ld_refuse(j, LIANDAN__REASON__BAD_KEY, "no key is named");
	return new_key(c, e->key->spki, e->key->algorithm, id, j) &&
	       device_free(c, f, e->key->party, e->key->device, none, j);
}

static bool authority_revoked(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__AuthorityRevoked *r, struct ld_judgement *j)
{
	Custody__Key *key;

	if (!ld_by_authority(f, j) || !ld_key_known(c, r->key_id, &key, j))
		return false;
	if (key->subject != LIANDAN__KEY_SUBJECT__KEY_SUBJECT_AUTHORITY)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_SUBJECT,
				 "this is no authority's key: use KeyRevoked");
	/* or the last authority could lock everybody out for ever */
	if (memcmp(key->key_id.data, f->signer->key_id.data, LD_KEY_ID_BYTES) == 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "an authority's key is revoked by another one");
	if (key->revoked != LIANDAN__REVOCATION_REASON__REVOCATION_REASON_UNSPECIFIED)
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "it has been revoked before");
	return true;
}

/* What keys of this subject, held by a party of these roles, may do. */
static uint32_t roles_that_fit(Liandan__KeySubject subject, uint32_t party_roles)
{
	uint32_t own = party_roles & PARTY_ROLES;
	uint32_t vehicles = (party_roles & TRANSPORT_ROLES) != 0;
	uint32_t terminal = vehicles ? LIANDAN__ROLE__ROLE_TERMINAL : 0;
	uint32_t connect = LIANDAN__ROLE__ROLE_CONNECT;

	switch (subject) {
	case LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON:
		return own | LIANDAN__ROLE__ROLE_ADMIN | connect |
		       (vehicles ? LIANDAN__ROLE__ROLE_DRIVER : 0);
	case LIANDAN__KEY_SUBJECT__KEY_SUBJECT_TERMINAL:
		return terminal | connect;
	case LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SCALE:
		return LIANDAN__ROLE__ROLE_SCALE | connect;
	case LIANDAN__KEY_SUBJECT__KEY_SUBJECT_GATEWAY:
		return terminal | LIANDAN__ROLE__ROLE_SCALE | connect;
	case LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SYSTEM:
		return own | LIANDAN__ROLE__ROLE_ADMIN | LIANDAN__ROLE__ROLE_SCALE | connect;
	default:
		return 0;
	}
}

static bool key_roles(const Liandan__KeyEnrolled *e, const Custody__Party *party,
		      struct ld_judgement *j)
{
	uint32_t fit;

	if (e->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_AUTHORITY ||
	    (e->roles & LIANDAN__ROLE__ROLE_AUTHORITY) != 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "authority keys are enrolled by AuthorityEnrolled");
	fit = roles_that_fit(e->subject, party->registered->roles);
	if (e->roles == 0 || (e->roles & ~fit) != 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "roles %" PRIu32 " do not fit this subject of %s (at most %" PRIu32
				 ")",
				 e->roles, e->party, fit);
	return true;
}

/* Nobody is two firms' person. A person that is not registered is the authority's word. */
static bool key_person(struct ld_custody *c, const struct ld_fact *f, const Liandan__KeyEnrolled *e,
		       struct ld_judgement *j)
{
	Custody__Person *p;

	if (e->subject != LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON ||
	    ld_person_get(c, e->subject_id, &p) != LD_OK)
		return true;
	if (strcmp(p->registered->party, e->party) != 0)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_PERSON,
				 "person %s is registered with another party", e->subject_id);
	if (p->registered->to_ms != 0 && p->registered->to_ms <= f->recorded_at_ms)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_PERSON,
				 "the registration of person %s has ended", e->subject_id);
	return true;
}

static bool key_replaces(struct ld_custody *c, const Liandan__KeyEnrolled *e,
			 struct ld_judgement *j)
{
	Custody__Key *old;

	if (e->replaces.len == 0)
		return true;
	if (!ld_key_known(c, e->replaces, &old, j))
		return false;
	if (strcmp(old->party, e->party) != 0 || strcmp(old->device, e->device) != 0 ||
	    old->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_AUTHORITY)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "the replaced key is another device's");
	return true;
}

static bool key_enrolled(struct ld_custody *c, const struct ld_fact *f,
			 const Liandan__KeyEnrolled *e, struct ld_judgement *j)
{
	uint8_t id[LD_KEY_ID_BYTES];
	Custody__Party *party;

	if (!ld_by_authority(f, j) || !new_key(c, e->spki, e->algorithm, id, j))
		return false;
	if (!cosigned_by(f, id)) /* PROTOCOL: proof of possession */
		return ld_refuse(j, LIANDAN__REASON__BAD_KEY,
				 "the new key must be the first cosigner");
	return ld_party_known(c, e->party, &party, j) && key_roles(e, party, j) &&
	       key_person(c, f, e, j) && ld_sane_interval(e->from_ms, e->to_ms, j) &&
	       key_replaces(c, e, j) &&
	       (!ld_key_signs(e->roles) || device_free(c, f, e->party, e->device, e->replaces, j));
}

/* PROTOCOL: superseded: events up to effective_ms are accepted until grace_until_ms, at most 7
 * days. */
static bool sane_grace(const Liandan__KeyRevoked *r, const Custody__Key *key,
		       struct ld_judgement *j)
{
	if (r->effective_ms < 0 || r->grace_until_ms < r->effective_ms ||
	    r->grace_until_ms > LD_TIME_MAX_MS)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY,
				 "grace_until_ms lies before effective_ms");
	if (r->grace_until_ms - r->effective_ms > LD_KEY_GRACE_MAX_MS)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "grace is longer than 7 days");
	if (key->revoked == LIANDAN__REVOCATION_REASON__REVOCATION_REASON_SUPERSEDED &&
	    (r->grace_until_ms > key->grace_until_ms || r->effective_ms > key->effective_ms))
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS,
				 "a superseded key's time is never made longer");
	return true;
}

static bool key_revoked(struct ld_custody *c, const struct ld_fact *f, const Liandan__KeyRevoked *r,
			struct ld_judgement *j)
{
	Custody__Key *key;

	if (!ld_key_known(c, r->key_id, &key, j) || !ld_by_authority_or_admin(f, key->party, j))
		return false;
	if (key->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_AUTHORITY)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "an authority's key is revoked by AuthorityRevoked");
	if (key->revoked == LIANDAN__REVOCATION_REASON__REVOCATION_REASON_COMPROMISED)
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS,
				 "it is revoked as compromised, which is final");
	switch (r->reason) {
	case LIANDAN__REVOCATION_REASON__REVOCATION_REASON_COMPROMISED:
		return ld_sane_interval(r->effective_ms, 0, j);
	case LIANDAN__REVOCATION_REASON__REVOCATION_REASON_SUPERSEDED:
		return sane_grace(r, key, j);
	default:
		return ld_refuse(j, LIANDAN__REASON__BAD_CONTENT, "reason is required");
	}
}

static bool chain_restarted(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__ChainRestarted *r, struct ld_judgement *j)
{
	Custody__Chain *chain;
	Custody__Key *key;

	if (!ld_key_known(c, r->key_id, &key, j) || !ld_by_authority_or_admin(f, key->party, j))
		return false;
	/* whoever can sign in the old chain has not lost it */
	if (memcmp(key->key_id.data, f->signer->key_id.data, LD_KEY_ID_BYTES) == 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "a key does not restart its own chain");
	if (!cosigned_by(f, key->key_id.data))
		return ld_refuse(j, LIANDAN__REASON__BAD_KEY,
				 "the key whose chain it is must be the first cosigner");
	if (key->revoked != LIANDAN__REVOCATION_REASON__REVOCATION_REASON_UNSPECIFIED)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "the key has been revoked");
	if (ld_chain_get(c, key->key_id.data, &chain) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_SUBJECT, "the key has no chain");
	if (r->old_epoch != chain->epoch)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER,
				 "the chain is at epoch %" PRIu32 ", not %" PRIu32, chain->epoch,
				 r->old_epoch);
	if (r->old_epoch == UINT32_MAX)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "no more epochs");
	return true;
}

/* ---- parties, persons, licences ---- */

static bool party_registered(const struct ld_fact *f, const Liandan__PartyRegistered *p,
			     struct ld_judgement *j)
{
	if (!ld_by_authority(f, j) || !ld_sane_interval(p->from_ms, p->to_ms, j))
		return false;
	return (p->roles & ~ALL_ROLES) == 0 ||
	       ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "roles %" PRIu32 " has unknown bits",
			 p->roles);
}

static bool person_registered(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__PersonRegistered *p, struct ld_judgement *j)
{
	Custody__Person *old;
	Custody__Party *party;
	uint32_t fit;

	if (!ld_by_authority_or_admin(f, p->party, j) || !ld_party_known(c, p->party, &party, j) ||
	    !ld_sane_interval(0, p->to_ms, j))
		return false;
	fit = roles_that_fit(LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, party->registered->roles);
	if ((p->roles & ~fit) != 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "roles %" PRIu32 " do not fit a person of %s (at most %" PRIu32
				 ")",
				 p->roles, p->party, fit);
	/* an admin takes no person from another firm */
	if (!ld_is_authority(f) && ld_person_get(c, p->person, &old) == LD_OK &&
	    strcmp(old->registered->party, p->party) != 0)
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS,
				 "person %s is registered with another party", p->person);
	return true;
}

static bool licence_granted(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__LicenceGranted *g, struct ld_judgement *j)
{
	Custody__Party *party;

	if (!ld_by_authority(f, j) || !ld_party_known(c, g->party, &party, j) ||
	    !ld_site_known(c, g->site, j) || !ld_sane_interval(g->from_ms, g->to_ms, j) ||
	    !ld_not_negative("annual_g", g->annual_g, j))
		return false;
	if (g->to_ms == 0)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "a licence ends: to_ms is required");
	for (size_t i = 0; i < g->n_codes; i++)
		if (!ld_code_pattern_known(g->codes[i]))
			return ld_refuse(j, LIANDAN__REASON__BAD_WASTE_CODE,
					 "%s is no waste code, category or *", g->codes[i]);
	return true;
}

static bool licence_withdrawn(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__LicenceWithdrawn *w, struct ld_judgement *j)
{
	Custody__Licence *rec;

	if (!ld_by_authority(f, j))
		return false;
	if (ld_licence_get(c, w->licence, &rec) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_LICENCE, "there is no licence %s",
				 w->licence);
	return true;
}

/* ---- vehicles and terminals ---- */

static bool vehicle_registered(struct ld_custody *c, const struct ld_fact *f,
			       const Liandan__VehicleRegistered *v, struct ld_judgement *j)
{
	Custody__Party *party;

	return ld_by_authority(f, j) && ld_party_known(c, v->party, &party, j) &&
	       ld_not_negative("max_net_g", v->max_net_g, j) &&
	       ld_not_negative("tare_g", v->tare_g, j) && ld_sane_interval(0, v->to_ms, j);
}

static bool terminal_mounted(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__TerminalMounted *m, struct ld_judgement *j)
{
	Custody__Vehicle *v;
	Custody__Key *key;
	const uint8_t *plate;
	size_t len;

	if (!ld_vehicle_known(c, m->plate, &v, j) ||
	    !ld_by_authority_or_admin(f, v->registered->party, j) ||
	    !ld_key_known(c, m->key_id, &key, j))
		return false;
	if ((key->roles & LIANDAN__ROLE__ROLE_TERMINAL) == 0 ||
	    strcmp(key->party, v->registered->party) != 0 ||
	    (key->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_TERMINAL &&
	     strcmp(key->subject_id, m->terminal) != 0))
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "this is not the key of terminal %s of %s", m->terminal,
				 v->registered->party);
	if (key->revoked != LIANDAN__REVOCATION_REASON__REVOCATION_REASON_UNSPECIFIED)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "the key has been revoked");
	/* one terminal never speaks for two vehicles; a gateway does */
	if (key->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_TERMINAL &&
	    ld_state_get(c->state, LD_T_MOUNTED, m->key_id.data, m->key_id.len, &plate, &len) ==
		LD_OK &&
	    (len != strlen(m->plate) || memcmp(plate, m->plate, len) != 0))
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS,
				 "terminal %s is mounted on %.*s: remove it there first",
				 m->terminal, (int)len, (const char *)plate);
	return true;
}

static bool terminal_removed(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__TerminalRemoved *r, struct ld_judgement *j)
{
	Custody__Vehicle *v;

	if (!ld_vehicle_known(c, r->plate, &v, j) ||
	    !ld_by_authority_or_admin(f, v->registered->party, j))
		return false;
	if (r->key_id.len != v->terminal_key.len || r->key_id.len == 0 ||
	    memcmp(r->key_id.data, v->terminal_key.data, r->key_id.len) != 0)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER,
				 "terminal %s is not mounted on %s", r->terminal, r->plate);
	return true;
}

/* ---- instruments ---- */

/* OIML R 76, multi-interval: ranges follow each other and reach Max. */
static bool sane_ranges(const Liandan__InstrumentRegistered *i, struct ld_judgement *j)
{
	int64_t to_g = 0;
	int64_t e_g = 0;

	for (size_t k = 0; k < i->n_ranges; k++) {
		const Liandan__WeighingRange *r = i->ranges[k];

		if (r->to_g <= to_g || r->e_g <= 0 || r->e_g < e_g || r->e_g > r->to_g)
			return ld_refuse(j, LIANDAN__REASON__QUANTITY,
					 "weighing range %zu: to_g and e_g must grow", k + 1);
		to_g = r->to_g;
		e_g = r->e_g;
	}
	if (i->n_ranges != 0 && to_g < i->max_g)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY,
				 "the weighing ranges end at %" PRId64 " g, below max_g", to_g);
	return ld_not_negative("max_g", i->max_g, j);
}

static bool instrument_registered(struct ld_custody *c, const struct ld_fact *f,
				  const Liandan__InstrumentRegistered *i, struct ld_judgement *j)
{
	Custody__Party *party;

	return ld_by_authority(f, j) && ld_party_known(c, i->party, &party, j) &&
	       ld_site_known(c, i->site, j) && sane_ranges(i, j);
}

static bool instrument_verified(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__InstrumentVerified *v, struct ld_judgement *j)
{
	Custody__Instrument *rec;

	if (!ld_by_authority(f, j))
		return false;
	if (ld_instrument_get(c, v->instrument, &rec) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_INSTRUMENT,
				 "instrument %s is not registered", v->instrument);
	if (!ld_sane_interval(v->at_ms, v->to_ms, j))
		return false;
	if (rec->verified != NULL && v->at_ms < rec->verified->at_ms)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER,
				 "a later verification is on record");
	return true;
}

/* ---- sites ---- */

static bool site_registered(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__SiteRegistered *s, struct ld_judgement *j)
{
	Custody__Party *party;

	if (!ld_by_authority(f, j))
		return false;
	/* red zones belong to no party */
	if (!(s->kind == LIANDAN__SITE_KIND__SITE_KIND_RED_ZONE && s->party[0] == '\0') &&
	    !ld_party_known(c, s->party, &party, j))
		return false;
	return ld_not_negative("capacity_g", s->capacity_g, j) &&
	       ld_sane_interval(s->from_ms, s->to_ms, j) && ld_ring_judge(s, j);
}

bool ld_registry_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j)
{
	const Liandan__Event *e = f->event;

	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_AUTHORITY_ENROLLED:
		return authority_enrolled(c, f, e->authority_enrolled, j);
	case LIANDAN__EVENT__BODY_AUTHORITY_REVOKED:
		return authority_revoked(c, f, e->authority_revoked, j);
	case LIANDAN__EVENT__BODY_PARTY_REGISTERED:
		return party_registered(f, e->party_registered, j);
	case LIANDAN__EVENT__BODY_PERSON_REGISTERED:
		return person_registered(c, f, e->person_registered, j);
	case LIANDAN__EVENT__BODY_KEY_ENROLLED:
		return key_enrolled(c, f, e->key_enrolled, j);
	case LIANDAN__EVENT__BODY_KEY_REVOKED:
		return key_revoked(c, f, e->key_revoked, j);
	case LIANDAN__EVENT__BODY_CHAIN_RESTARTED:
		return chain_restarted(c, f, e->chain_restarted, j);
	case LIANDAN__EVENT__BODY_LICENCE_GRANTED:
		return licence_granted(c, f, e->licence_granted, j);
	case LIANDAN__EVENT__BODY_LICENCE_WITHDRAWN:
		return licence_withdrawn(c, f, e->licence_withdrawn, j);
	case LIANDAN__EVENT__BODY_VEHICLE_REGISTERED:
		return vehicle_registered(c, f, e->vehicle_registered, j);
	case LIANDAN__EVENT__BODY_TERMINAL_MOUNTED:
		return terminal_mounted(c, f, e->terminal_mounted, j);
	case LIANDAN__EVENT__BODY_TERMINAL_REMOVED:
		return terminal_removed(c, f, e->terminal_removed, j);
	case LIANDAN__EVENT__BODY_INSTRUMENT_REGISTERED:
		return instrument_registered(c, f, e->instrument_registered, j);
	case LIANDAN__EVENT__BODY_INSTRUMENT_VERIFIED:
		return instrument_verified(c, f, e->instrument_verified, j);
	case LIANDAN__EVENT__BODY_SITE_REGISTERED:
		return site_registered(c, f, e->site_registered, j);
	case LIANDAN__EVENT__BODY_RULES_ADOPTED:
		return ld_rules_judge(c, f, e->rules_adopted, j);
	case LIANDAN__EVENT__BODY_CALENDAR_ADOPTED:
		return ld_calendar_judge(f, e->calendar_adopted, j);
	default:
		return ld_rights_judge(c, f, j);
	}
}
