/* A registry without a ledger: scratch state, an arena, an authority key from a genesis; events are
 * judged and, when accepted, applied. Shared by test_registry.c and test_access.c. */
#ifndef LD_TESTS_REGISTRY_FIXTURE_H
#define LD_TESTS_REGISTRY_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/registry.h"
#include "proto/key.h"

#define FX_NOW INT64_C(1700000000000)
#define FX_KEYS 64

#define OK LIANDAN__REASON__REASON_NONE
#define R(name) LIANDAN__REASON__##name
#define ROLE(name) ((uint32_t)LIANDAN__ROLE__ROLE_##name)
#define SUBJECT(name) LIANDAN__KEY_SUBJECT__KEY_SUBJECT_##name
#define COMPROMISED LIANDAN__REVOCATION_REASON__REVOCATION_REASON_COMPROMISED
#define SUPERSEDED LIANDAN__REVOCATION_REASON__REVOCATION_REASON_SUPERSEDED
#define ED25519 LIANDAN__ALGORITHM__ALGORITHM_ED25519
#define DAY_MS INT64_C(86400000)

struct fx {
	struct ld_custody c;
	struct ld_arena arena;
	struct ld_state *state;
	struct ld_judgement j; /* of the last event */
	uint64_t index;
	int64_t now;
	uint8_t hash[LD_HASH_BYTES]; /* of the last event */
	struct ld_key *authority;
	struct ld_key *keys[FX_KEYS]; /* freed at the end */
	size_t n_keys;
};

static inline struct ld_key *fx_key(struct fx *x, Liandan__Algorithm algorithm)
{
	assert_true(x->n_keys < FX_KEYS);
	assert_int_equal(ld_key_generate(algorithm, &x->keys[x->n_keys]), LD_OK);
	return x->keys[x->n_keys++];
}

static inline ProtobufCBinaryData fx_spki(const struct ld_key *key)
{
	ProtobufCBinaryData b;

	b.data = (uint8_t *)(uintptr_t)ld_key_spki(key, &b.len);
	return b;
}

static inline ProtobufCBinaryData fx_id(const struct ld_key *key)
{
	return (ProtobufCBinaryData){LD_KEY_ID_BYTES, (uint8_t *)(uintptr_t)ld_key_id(key)};
}

static inline int fx_open(void **state)
{
	struct fx *x = calloc(1, sizeof *x);
	Liandan__Genesis g = LIANDAN__GENESIS__INIT;
	Liandan__AuthorityKey a = LIANDAN__AUTHORITY_KEY__INIT;
	Liandan__AuthorityKey *list[] = {&a};

	assert_non_null(x);
	assert_int_equal(ld_arena_init(&x->arena, LD_MAX_ARENA_BYTES), 0);
	assert_int_equal(ld_state_open_scratch(&x->state), LD_OK);
	x->now = FX_NOW;
	x->c.state = x->state;
	x->c.arena = &x->arena;
	x->c.rules = &ld_rules_cn;
	x->c.region = "r1";
	memset(x->c.ledger_id, 0x5a, sizeof x->c.ledger_id);
	x->authority = fx_key(x, LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	a.spki = fx_spki(x->authority);
	a.algorithm = LIANDAN__ALGORITHM__ALGORITHM_ED25519;
	a.party = "eeb";
	a.device = "root";
	g.n_authority_keys = 1;
	g.authority_keys = list;
	g.created_at_ms = FX_NOW - 1000;
	assert_int_equal(ld_genesis_apply(&x->c, &g, 0), LD_OK);
	*state = x;
	return 0;
}

static inline int fx_close(void **state)
{
	struct fx *x = *state;

	ld_custody_forget(&x->c);
	ld_state_close(x->state);
	ld_arena_free(&x->arena);
	for (size_t i = 0; i < x->n_keys; i++)
		ld_key_free(x->keys[i]);
	free(x);
	return 0;
}

/* Judges; applies what is accepted. The reason, REASON_NONE when accepted. */
static inline Liandan__Reason fx_put_cosigned(struct fx *x, struct ld_key *by,
					      struct ld_key *cosigner, Liandan__Event *e)
{
	struct ld_fact f = {.event = e, .event_hash = x->hash, .recorded_at_ms = x->now};
	ProtobufCBinaryData id[1];
	Custody__Key *signer;
	bool go_on;

	ld_arena_reset(&x->arena);
	memset(x->hash, 0, sizeof x->hash);
	x->index++;
	memcpy(x->hash, &x->index, sizeof x->index);
	e->submitter = fx_id(by);
	if (cosigner != NULL) {
		id[0] = fx_id(cosigner);
		e->n_cosigners = 1;
		e->cosigners = id;
	}
	assert_int_equal(ld_key_rec_get(&x->c, ld_key_id(by), &signer), LD_OK);
	f.signer = signer;
	memset(&x->j, 0, sizeof x->j);
	x->j.verdict = LIANDAN__VERDICT__ACCEPTED;
	go_on = ld_registry_judge(&x->c, &f, &x->j);
	assert_int_equal(go_on, x->j.verdict == LIANDAN__VERDICT__ACCEPTED);
	if (go_on) {
		assert_int_equal(x->j.reason, LIANDAN__REASON__REASON_NONE);
		f.index = x->index;
		assert_int_equal(ld_registry_apply(&x->c, &f), LD_OK);
	} else {
		assert_int_equal(x->j.verdict, LIANDAN__VERDICT__REFUSED);
		assert_int_not_equal(x->j.reason, LIANDAN__REASON__REASON_NONE);
		assert_true(x->j.detail[0] != '\0');
	}
	ld_arena_reset(&x->arena);
	return x->j.reason;
}

static inline Liandan__Reason fx_put(struct fx *x, struct ld_key *by, Liandan__Event *e)
{
	return fx_put_cosigned(x, by, NULL, e);
}

/* An event of one body. */
#define FX_EVENT(name, NAME, body)                                                                 \
	(Liandan__Event)                                                                           \
	{                                                                                          \
		.base = PROTOBUF_C_MESSAGE_INIT(&liandan__event__descriptor), .region = "r1",      \
		.delegation = "", .note = "", .body_case = LIANDAN__EVENT__BODY_##NAME,            \
		{                                                                                  \
			.name = (body)                                                             \
		}                                                                                  \
	}

static inline Liandan__Reason fx_party(struct fx *x, const char *party, uint32_t roles)
{
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;
	Liandan__Event e = FX_EVENT(party_registered, PARTY_REGISTERED, &p);

	p.party = (char *)(uintptr_t)party;
	p.name = "somebody";
	p.roles = roles;
	return fx_put(x, x->authority, &e);
}

static inline Liandan__KeyEnrolled fx_enrolment(const struct ld_key *key, const char *party,
						const char *device, Liandan__KeySubject subject,
						uint32_t roles)
{
	Liandan__KeyEnrolled k = LIANDAN__KEY_ENROLLED__INIT;

	k.spki = fx_spki(key);
	k.algorithm = ld_key_algorithm(key);
	k.party = (char *)(uintptr_t)party;
	k.device = (char *)(uintptr_t)device;
	k.subject = subject;
	k.subject_id = (char *)(uintptr_t)device;
	k.roles = roles;
	k.from_ms = FX_NOW;
	return k;
}

static inline Liandan__Reason fx_enrol(struct fx *x, struct ld_key *by, struct ld_key *key,
				       Liandan__KeyEnrolled *k)
{
	Liandan__Event e = FX_EVENT(key_enrolled, KEY_ENROLLED, k);

	return fx_put_cosigned(x, by, key, &e);
}

/* A new key that is accepted. */
static inline struct ld_key *fx_enrolled(struct fx *x, const char *party, const char *device,
					 Liandan__KeySubject subject, uint32_t roles)
{
	struct ld_key *key = fx_key(x, LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	Liandan__KeyEnrolled k = fx_enrolment(key, party, device, subject, roles);

	assert_int_equal(fx_enrol(x, x->authority, key, &k), LIANDAN__REASON__REASON_NONE);
	return key;
}

static inline Custody__Key *fx_key_rec(struct fx *x, const struct ld_key *key)
{
	Custody__Key *rec;

	assert_int_equal(ld_key_rec_get(&x->c, ld_key_id(key), &rec), LD_OK);
	return rec;
}

static inline Liandan__Reason fx_revoke(struct fx *x, struct ld_key *by, const struct ld_key *key,
					Liandan__RevocationReason reason, int64_t effective_ms,
					int64_t grace_until_ms)
{
	Liandan__KeyRevoked r = LIANDAN__KEY_REVOKED__INIT;
	Liandan__Event e = FX_EVENT(key_revoked, KEY_REVOKED, &r);

	r.key_id = fx_id(key);
	r.reason = reason;
	r.effective_ms = effective_ms;
	r.grace_until_ms = grace_until_ms;
	r.last_trusted_seq = 7;
	return fx_put(x, by, &e);
}

static inline Liandan__Reason fx_vehicle(struct fx *x, struct ld_key *by, const char *plate,
					 const char *party)
{
	Liandan__VehicleRegistered v = LIANDAN__VEHICLE_REGISTERED__INIT;
	Liandan__Event e = FX_EVENT(vehicle_registered, VEHICLE_REGISTERED, &v);

	v.plate = (char *)(uintptr_t)plate;
	v.party = (char *)(uintptr_t)party;
	v.kind = LIANDAN__VEHICLE_KIND__VEHICLE_KIND_TRUCK;
	v.max_net_g = 20000000;
	v.tare_g = 12000000;
	return fx_put(x, by, &e);
}

/* A carrier with an admin, a driver and another firm's admin. */
struct cast {
	struct ld_key *admin, *driver, *other;
};

static inline struct cast cast_of(struct fx *x)
{
	struct cast c;

	assert_int_equal(fx_party(x, "carrier", ROLE(CARRIER)), OK);
	assert_int_equal(fx_party(x, "other", ROLE(CARRIER) | ROLE(GENERATOR)), OK);
	c.admin = fx_enrolled(x, "carrier", "office", SUBJECT(PERSON), ROLE(ADMIN));
	c.driver =
	    fx_enrolled(x, "carrier", "zhang", SUBJECT(PERSON), ROLE(DRIVER) | ROLE(CARRIER));
	c.other = fx_enrolled(x, "other", "office", SUBJECT(PERSON), ROLE(ADMIN));
	return c;
}

#endif
