/* The registry: who may write into it, what is refused, what a later event finds there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/registry_fixture.h"

static void test_genesis(void **state)
{
	struct fx *x = *state;
	Custody__Key *key = fx_key_rec(x, x->authority);
	Custody__Chain *chain;

	assert_string_equal(key->party, "eeb");
	assert_string_equal(key->device, "root");
	assert_int_equal(key->subject, SUBJECT(AUTHORITY));
	assert_true((key->roles & ROLE(AUTHORITY)) != 0 && (key->roles & ROLE(REGULATOR)) != 0);
	assert_int_equal(key->from_ms, FX_NOW - 1000);
	assert_int_equal(ld_chain_get(&x->c, ld_key_id(x->authority), &chain), LD_OK);
	assert_int_equal(chain->epoch, 0);
	assert_int_equal(chain->last_seq, 0);
	/* PROTOCOL, Chain: for the first authority key, the genesis hash */
	assert_memory_equal(chain->last_hash.data, x->c.ledger_id, LD_HASH_BYTES);
}

static void test_party(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	Custody__Party *rec;
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;
	Liandan__Event e = FX_EVENT(party_registered, PARTY_REGISTERED, &p);

	p.party = "new";
	p.name = "new";
	p.roles = ROLE(GENERATOR);
	assert_int_equal(fx_put(x, c.admin, &e), R(WRONG_ROLE));
	p.roles = 1u << 20;
	assert_int_equal(fx_put(x, x->authority, &e), R(WRONG_ROLE));
	p.roles = ROLE(GENERATOR);
	p.from_ms = 10;
	p.to_ms = 10;
	assert_int_equal(fx_put(x, x->authority, &e), R(QUANTITY));
	p.to_ms = LD_TIME_MAX_MS + 1;
	assert_int_equal(fx_put(x, x->authority, &e), R(QUANTITY));
	p.from_ms = -1;
	p.to_ms = 0;
	assert_int_equal(fx_put(x, x->authority, &e), R(QUANTITY));
	p.from_ms = 0;
	assert_int_equal(ld_party_get(&x->c, "new", &rec), LD_ERR_NOT_FOUND);
	assert_int_equal(fx_put(x, x->authority, &e), OK);
	assert_int_equal(ld_party_get(&x->c, "new", &rec), LD_OK);
	assert_int_equal(rec->index, x->index);

	/* an update keeps what is open */
	rec->drafts = 3;
	rec->open_manifests = 4;
	assert_int_equal(ld_party_put(&x->c, rec), LD_OK);
	p.name = "renamed";
	assert_int_equal(fx_put(x, x->authority, &e), OK);
	assert_int_equal(ld_party_get(&x->c, "new", &rec), LD_OK);
	assert_string_equal(rec->registered->name, "renamed");
	assert_int_equal(rec->drafts, 3);
	assert_int_equal(rec->open_manifests, 4);
}

static void test_person(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	Custody__Person *rec;
	Liandan__PersonRegistered p = LIANDAN__PERSON_REGISTERED__INIT;
	Liandan__Event e = FX_EVENT(person_registered, PERSON_REGISTERED, &p);

	p.person = "h1";
	p.party = "carrier";
	p.roles = ROLE(DRIVER);
	assert_int_equal(fx_put(x, c.driver, &e), R(WRONG_ROLE));
	assert_int_equal(fx_put(x, c.other, &e), R(WRONG_ROLE));
	p.roles = ROLE(RECEIVER);
	assert_int_equal(fx_put(x, c.admin, &e), R(WRONG_ROLE));
	p.roles = ROLE(DRIVER) | ROLE(ADMIN);
	assert_int_equal(fx_put(x, c.admin, &e), OK);
	assert_int_equal(ld_person_get(&x->c, "h1", &rec), LD_OK);
	assert_string_equal(rec->registered->party, "carrier");
	p.roles = ROLE(DRIVER);
	assert_int_equal(fx_put(x, c.admin, &e), OK); /* an update */
	/* another firm's admin does not take him; the authority moves him */
	p.party = "other";
	assert_int_equal(fx_put(x, c.other, &e), R(ALREADY_EXISTS));
	assert_int_equal(fx_put(x, x->authority, &e), OK);
	p.party = "nobody";
	assert_int_equal(fx_put(x, x->authority, &e), R(UNKNOWN_PARTY));
	p.party = "other";
	p.to_ms = -5;
	assert_int_equal(fx_put(x, x->authority, &e), R(QUANTITY));
}

static void test_key_enrolled(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	struct ld_key *key = fx_key(x, LIANDAN__ALGORITHM__ALGORITHM_SM2);
	Liandan__KeyEnrolled k =
	    fx_enrolment(key, "carrier", "t1", SUBJECT(TERMINAL), ROLE(TERMINAL));
	Liandan__Event e = FX_EVENT(key_enrolled, KEY_ENROLLED, &k);
	Custody__Chain *chain;
	Custody__Key *rec;

	/* only the authority; not even the admin */
	assert_int_equal(fx_enrol(x, c.admin, key, &k), R(WRONG_ROLE));
	/* proof of possession */
	assert_int_equal(fx_put(x, x->authority, &e), R(BAD_KEY));
	assert_int_equal(fx_enrol(x, x->authority, c.driver, &k), R(BAD_KEY));
	/* the algorithm is the key's */
	k.algorithm = ED25519;
	assert_int_equal(fx_enrol(x, x->authority, key, &k), R(BAD_KEY));
	k.algorithm = LIANDAN__ALGORITHM__ALGORITHM_SM2;
	k.spki.len--;
	assert_int_equal(fx_enrol(x, x->authority, key, &k), R(BAD_KEY));
	k.spki.len++;
	k.party = "nobody";
	assert_int_equal(fx_enrol(x, x->authority, key, &k), R(UNKNOWN_PARTY));
	k.party = "carrier";
	k.to_ms = k.from_ms;
	assert_int_equal(fx_enrol(x, x->authority, key, &k), R(QUANTITY));
	k.to_ms = 0;
	assert_int_equal(ld_key_rec_get(&x->c, ld_key_id(key), &rec), LD_ERR_NOT_FOUND);

	assert_int_equal(fx_enrol(x, x->authority, key, &k), OK);
	rec = fx_key_rec(x, key);
	assert_string_equal(rec->device, "t1");
	assert_int_equal(rec->roles, ROLE(TERMINAL));
	assert_int_equal(rec->index, x->index);
	assert_int_equal(ld_chain_get(&x->c, ld_key_id(key), &chain), LD_OK);
	assert_int_equal(chain->epoch, 0);
	assert_int_equal(chain->last_seq, 0);
	/* PROTOCOL, Chain: prev of seq 1 is the hash of the KeyEnrolled event */
	assert_memory_equal(chain->last_hash.data, x->hash, LD_HASH_BYTES);

	/* enrolled once, ever: not for the same device, not for another, not after revocation */
	assert_int_equal(fx_enrol(x, x->authority, key, &k), R(ALREADY_EXISTS));
	k.device = "t2";
	assert_int_equal(fx_enrol(x, x->authority, key, &k), R(ALREADY_EXISTS));
	assert_int_equal(fx_revoke(x, x->authority, key, COMPROMISED, FX_NOW, 0), OK);
	assert_int_equal(fx_enrol(x, x->authority, key, &k), R(ALREADY_EXISTS));
}

static Liandan__Reason try_roles(struct fx *x, const char *party, Liandan__KeySubject subject,
				 uint32_t roles)
{
	struct ld_key *key = fx_key(x, ED25519);
	char device[24];
	Liandan__KeyEnrolled k;

	snprintf(device, sizeof device, "d%zu", x->n_keys);
	k = fx_enrolment(key, party, device, subject, roles);
	return fx_enrol(x, x->authority, key, &k);
}

static void test_key_roles(void **state)
{
	struct fx *x = *state;

	cast_of(x);
	assert_int_equal(fx_party(x, "lab", ROLE(LABORATORY)), OK);
	assert_int_equal(fx_party(x, "bureau", ROLE(REGULATOR) | ROLE(AUTHORITY)), OK);
	assert_int_equal(try_roles(x, "carrier", SUBJECT(PERSON), 0), R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "carrier", SUBJECT(PERSON), ROLE(GENERATOR)), R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "carrier", SUBJECT(PERSON), ROLE(REGULATOR)), R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "carrier", SUBJECT(PERSON), ROLE(TERMINAL)), R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "carrier", SUBJECT(PERSON), ROLE(SCALE)), R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "carrier", SUBJECT(PERSON), ROLE(CARRIER) | ROLE(DRIVER)),
			 OK);
	assert_int_equal(try_roles(x, "lab", SUBJECT(PERSON), ROLE(DRIVER)), R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "lab", SUBJECT(TERMINAL), ROLE(TERMINAL)), R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "lab", SUBJECT(SCALE), ROLE(SCALE)), OK);
	assert_int_equal(try_roles(x, "carrier", SUBJECT(TERMINAL), ROLE(TERMINAL) | ROLE(DRIVER)),
			 R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "carrier", SUBJECT(SCALE), ROLE(SCALE) | ROLE(CARRIER)),
			 R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "carrier", SUBJECT(GATEWAY), ROLE(TERMINAL) | ROLE(CONNECT)),
			 OK);
	assert_int_equal(try_roles(x, "other", SUBJECT(SYSTEM), ROLE(GENERATOR) | ROLE(CARRIER)),
			 OK);
	assert_int_equal(try_roles(x, "other", SUBJECT(SYSTEM), ROLE(DRIVER)), R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "carrier", SUBJECT(UNSPECIFIED), ROLE(CARRIER)),
			 R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "bureau", SUBJECT(PERSON), ROLE(REGULATOR)), OK);
	/* authority keys have their own event, whatever the party */
	assert_int_equal(try_roles(x, "bureau", SUBJECT(PERSON), ROLE(AUTHORITY)), R(WRONG_ROLE));
	assert_int_equal(try_roles(x, "bureau", SUBJECT(AUTHORITY), ROLE(REGULATOR)),
			 R(WRONG_ROLE));
}

static void test_key_person(void **state)
{
	struct fx *x = *state;
	struct ld_key *key = fx_key(x, ED25519);
	Liandan__PersonRegistered p = LIANDAN__PERSON_REGISTERED__INIT;
	Liandan__Event e = FX_EVENT(person_registered, PERSON_REGISTERED, &p);
	Liandan__KeyEnrolled k;

	cast_of(x);
	p.person = "h1";
	p.party = "other";
	p.roles = ROLE(DRIVER);
	p.to_ms = FX_NOW;
	assert_int_equal(fx_put(x, x->authority, &e), OK);
	k = fx_enrolment(key, "carrier", "d1", SUBJECT(PERSON), ROLE(DRIVER));
	k.subject_id = "h1";
	assert_int_equal(fx_enrol(x, x->authority, key, &k), R(UNKNOWN_PERSON));
	k.party = "other"; /* his firm, but his registration has ended */
	assert_int_equal(fx_enrol(x, x->authority, key, &k), R(UNKNOWN_PERSON));
	p.to_ms = FX_NOW + 1;
	assert_int_equal(fx_put(x, x->authority, &e), OK);
	assert_int_equal(fx_enrol(x, x->authority, key, &k), OK);
}

static Liandan__Reason enrol_over(struct fx *x, const char *device, const struct ld_key *replaces,
				  uint32_t roles, int64_t from_ms)
{
	struct ld_key *key = fx_key(x, ED25519);
	Liandan__KeyEnrolled k = fx_enrolment(key, "carrier", device, SUBJECT(PERSON), roles);

	k.from_ms = from_ms;
	if (replaces != NULL)
		k.replaces = fx_id(replaces);
	return fx_enrol(x, x->authority, key, &k);
}

static void test_key_replaces(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	struct ld_key *stranger = fx_key(x, ED25519);
	Custody__Key *rec;

	/* a device has one signing key */
	assert_int_equal(enrol_over(x, "zhang", NULL, ROLE(DRIVER), FX_NOW), R(ALREADY_EXISTS));
	assert_int_equal(enrol_over(x, "zhang", stranger, ROLE(DRIVER), FX_NOW),
			 R(UNKNOWN_SUBJECT));
	assert_int_equal(enrol_over(x, "zhang", c.admin, ROLE(DRIVER), FX_NOW), R(WRONG_ROLE));
	assert_int_equal(enrol_over(x, "zhang", c.other, ROLE(DRIVER), FX_NOW), R(WRONG_ROLE));
	assert_int_equal(enrol_over(x, "root", x->authority, ROLE(DRIVER), FX_NOW), R(WRONG_ROLE));
	/* and any number that only connect */
	assert_int_equal(enrol_over(x, "zhang", NULL, ROLE(CONNECT), FX_NOW), OK);
	assert_int_equal(enrol_over(x, "zhang", NULL, ROLE(CONNECT), FX_NOW), OK);
	assert_int_equal(fx_key_rec(x, c.driver)->revoked, 0);

	/* what the old key signed before may still come in for 7 days */
	assert_int_equal(enrol_over(x, "zhang", c.driver, ROLE(DRIVER), FX_NOW + 5000), OK);
	rec = fx_key_rec(x, c.driver);
	assert_int_equal(rec->revoked, SUPERSEDED);
	assert_int_equal(rec->effective_ms, FX_NOW + 5000);
	assert_int_equal(rec->grace_until_ms, FX_NOW + 5000 + 7 * DAY_MS);
	/* replaced once; the newer one is the device's now */
	assert_int_equal(enrol_over(x, "zhang", c.driver, ROLE(DRIVER), FX_NOW), R(ALREADY_EXISTS));

	/* a lost key leaves the device free */
	assert_int_equal(fx_revoke(x, x->authority, c.admin, COMPROMISED, FX_NOW, 0), OK);
	assert_int_equal(enrol_over(x, "office", NULL, ROLE(ADMIN), FX_NOW), OK);
}

static void test_key_replaces_late(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);

	/* never takes effect before it is recorded */
	assert_int_equal(enrol_over(x, "zhang", c.driver, ROLE(DRIVER), FX_NOW - 30 * DAY_MS), OK);
	assert_int_equal(fx_key_rec(x, c.driver)->effective_ms, FX_NOW);
}

static void test_key_revoked(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	struct ld_key *stranger = fx_key(x, ED25519);
	Custody__Key *rec;

	assert_int_equal(fx_revoke(x, x->authority, stranger, COMPROMISED, FX_NOW, 0),
			 R(UNKNOWN_SUBJECT));
	assert_int_equal(fx_revoke(x, c.driver, c.driver, COMPROMISED, FX_NOW, 0), R(WRONG_ROLE));
	assert_int_equal(fx_revoke(x, c.other, c.driver, COMPROMISED, FX_NOW, 0), R(WRONG_ROLE));
	assert_int_equal(fx_revoke(x, c.admin, c.other, COMPROMISED, FX_NOW, 0), R(WRONG_ROLE));
	assert_int_equal(fx_revoke(x, x->authority, x->authority, COMPROMISED, FX_NOW, 0),
			 R(WRONG_ROLE));
	assert_int_equal(fx_revoke(x, c.admin, c.driver, 0, FX_NOW, 0), R(BAD_CONTENT));
	assert_int_equal(fx_revoke(x, c.admin, c.driver, SUPERSEDED, FX_NOW, FX_NOW - 1),
			 R(QUANTITY));
	assert_int_equal(fx_revoke(x, c.admin, c.driver, SUPERSEDED, -1, 5), R(QUANTITY));
	assert_int_equal(fx_revoke(x, c.admin, c.driver, SUPERSEDED, 0, INT64_MAX), R(QUANTITY));
	/* grace: limit + 1, limit */
	assert_int_equal(
	    fx_revoke(x, c.admin, c.driver, SUPERSEDED, FX_NOW, FX_NOW + 7 * DAY_MS + 1), R(LIMIT));
	assert_int_equal(fx_revoke(x, c.admin, c.driver, SUPERSEDED, FX_NOW, FX_NOW + 7 * DAY_MS),
			 OK);
	rec = fx_key_rec(x, c.driver);
	assert_int_equal(rec->revoked, SUPERSEDED);
	assert_int_equal(rec->effective_ms, FX_NOW);
	assert_int_equal(rec->grace_until_ms, FX_NOW + 7 * DAY_MS);
	assert_int_equal(rec->last_trusted_seq, 7);
	/* never longer, always shorter, and compromised is the end */
	assert_int_equal(
	    fx_revoke(x, c.admin, c.driver, SUPERSEDED, FX_NOW + 1, FX_NOW + 7 * DAY_MS),
	    R(ALREADY_EXISTS));
	assert_int_equal(fx_revoke(x, c.admin, c.driver, SUPERSEDED, FX_NOW, FX_NOW + DAY_MS), OK);
	assert_int_equal(fx_revoke(x, c.admin, c.driver, COMPROMISED, FX_NOW - DAY_MS, 0), OK);
	assert_int_equal(fx_revoke(x, c.admin, c.driver, COMPROMISED, FX_NOW, 0),
			 R(ALREADY_EXISTS));
	assert_int_equal(fx_revoke(x, c.admin, c.driver, SUPERSEDED, FX_NOW, FX_NOW),
			 R(ALREADY_EXISTS));
}

static void test_authorities(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	struct ld_key *second = fx_key(x, LIANDAN__ALGORITHM__ALGORITHM_P256);
	Liandan__AuthorityKey a = LIANDAN__AUTHORITY_KEY__INIT;
	Liandan__AuthorityEnrolled en = LIANDAN__AUTHORITY_ENROLLED__INIT;
	Liandan__AuthorityRevoked re = LIANDAN__AUTHORITY_REVOKED__INIT;
	Liandan__Event enrol = FX_EVENT(authority_enrolled, AUTHORITY_ENROLLED, &en);
	Liandan__Event revoke = FX_EVENT(authority_revoked, AUTHORITY_REVOKED, &re);
	Custody__Chain *chain;

	assert_int_equal(fx_put(x, x->authority, &enrol), R(BAD_KEY)); /* none named */
	en.key = &a;
	a.spki = fx_spki(second);
	a.algorithm = ED25519;
	a.party = "eeb";
	a.device = "root";
	assert_int_equal(fx_put(x, c.admin, &enrol), R(WRONG_ROLE));
	assert_int_equal(fx_put(x, x->authority, &enrol), R(BAD_KEY));
	a.algorithm = LIANDAN__ALGORITHM__ALGORITHM_P256;
	assert_int_equal(fx_put(x, x->authority, &enrol), R(ALREADY_EXISTS)); /* the device */
	a.device = "second";
	assert_int_equal(fx_put(x, x->authority, &enrol), OK);
	assert_int_equal(ld_chain_get(&x->c, ld_key_id(second), &chain), LD_OK);
	assert_memory_equal(chain->last_hash.data, x->hash, LD_HASH_BYTES);
	assert_int_equal(fx_put(x, x->authority, &enrol), R(ALREADY_EXISTS)); /* the key */

	re.key_id = fx_id(c.admin);
	assert_int_equal(fx_put(x, x->authority, &revoke), R(UNKNOWN_SUBJECT));
	re.key_id = fx_id(x->authority);
	assert_int_equal(fx_put(x, c.admin, &revoke), R(WRONG_ROLE));
	assert_int_equal(fx_put(x, x->authority, &revoke),
			 R(WRONG_ROLE)); /* nobody revokes himself */
	assert_int_equal(fx_put(x, second, &revoke), OK);
	assert_int_equal(fx_key_rec(x, x->authority)->revoked, COMPROMISED);
	assert_int_equal(fx_put(x, second, &revoke), R(ALREADY_EXISTS));
	/* the new one registers */
	x->authority = second;
	assert_int_equal(fx_party(x, "p9", ROLE(GENERATOR)), OK);
}

static void test_chain_restarted(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	struct ld_key *t = fx_enrolled(x, "carrier", "t1", SUBJECT(TERMINAL), ROLE(TERMINAL));
	Liandan__ChainRestarted r = LIANDAN__CHAIN_RESTARTED__INIT;
	Liandan__Event e = FX_EVENT(chain_restarted, CHAIN_RESTARTED, &r);
	Custody__Chain *chain;

	assert_int_equal(ld_chain_get(&x->c, ld_key_id(t), &chain), LD_OK);
	chain->last_seq = 42;
	chain->last_index = 17;
	chain->held = 2;
	assert_int_equal(ld_chain_put(&x->c, ld_key_id(t), chain), LD_OK);

	r.key_id = fx_id(t);
	r.last_seq = 40;
	assert_int_equal(fx_put_cosigned(x, c.driver, t, &e), R(WRONG_ROLE));
	assert_int_equal(fx_put_cosigned(x, c.other, t, &e), R(WRONG_ROLE));
	e.n_cosigners = 0;
	assert_int_equal(fx_put(x, c.admin, &e), R(BAD_KEY));
	assert_int_equal(fx_put_cosigned(x, c.admin, c.driver, &e), R(BAD_KEY));
	r.old_epoch = 1;
	assert_int_equal(fx_put_cosigned(x, c.admin, t, &e), R(OUT_OF_ORDER));
	r.old_epoch = 0;
	assert_int_equal(fx_put_cosigned(x, c.admin, t, &e), OK);
	assert_int_equal(ld_chain_get(&x->c, ld_key_id(t), &chain), LD_OK);
	assert_int_equal(chain->epoch, 1);
	assert_int_equal(chain->last_seq, 0);
	assert_int_equal(chain->last_index, 17);
	assert_int_equal(chain->held, 2);
	assert_memory_equal(chain->last_hash.data, x->hash, LD_HASH_BYTES);
	assert_int_equal(fx_put_cosigned(x, c.admin, t, &e), R(OUT_OF_ORDER)); /* replayed */

	assert_int_equal(ld_chain_get(&x->c, ld_key_id(t), &chain), LD_OK);
	chain->epoch = r.old_epoch = UINT32_MAX;
	assert_int_equal(ld_chain_put(&x->c, ld_key_id(t), chain), LD_OK);
	assert_int_equal(fx_put_cosigned(x, c.admin, t, &e), R(LIMIT));

	/* whoever can sign has not lost his memory */
	r.key_id = fx_id(c.admin);
	r.old_epoch = 0;
	assert_int_equal(fx_put_cosigned(x, c.admin, c.admin, &e), R(WRONG_ROLE));
	r.key_id = fx_id(t);
	assert_int_equal(fx_revoke(x, c.admin, t, COMPROMISED, FX_NOW, 0), OK);
	assert_int_equal(fx_put_cosigned(x, c.admin, t, &e), R(OUT_OF_ORDER));
}

static bool has_licence(struct fx *x, const char *party, const char *licence)
{
	struct ld_tkey k;
	const uint8_t *value;
	size_t len;

	ld_tkey_init(&k);
	ld_tkey_str(&k, party);
	ld_tkey_bytes(&k, licence, strlen(licence));
	return ld_state_get(x->state, LD_T_PARTY_LICENCE, k.b, k.len, &value, &len) == LD_OK;
}

static void test_licence(void **state)
{
	struct fx *x = *state;
	struct cast c = cast_of(x);
	char *codes[] = {"900-041-49"};
	static char *const good[] = {"*", "HW49", "900-041-49", "010304", "900-001-S17"};
	static char *const bad[] = {"",		  "HW",	   "HW4", "HW4x",	 "HW490",
				    "900-041-99", "hello", "**",  "900-0x1-S17", "900-001-S1x",
				    "999999"};
	Liandan__LicenceGranted g = LIANDAN__LICENCE_GRANTED__INIT;
	Liandan__LicenceWithdrawn w = LIANDAN__LICENCE_WITHDRAWN__INIT;
	Liandan__Event grant = FX_EVENT(licence_granted, LICENCE_GRANTED, &g);
	Liandan__Event withdraw = FX_EVENT(licence_withdrawn, LICENCE_WITHDRAWN, &w);
	Custody__Licence *rec;

	g.licence = w.licence = "L1";
	g.party = "carrier";
	g.kind = LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY;
	g.codes = codes;
	g.n_codes = 1;
	g.from_ms = FX_NOW;
	g.to_ms = FX_NOW + DAY_MS;
	w.in_flight = LIANDAN__IN_FLIGHT__IN_FLIGHT_MAY_FINISH;
	assert_int_equal(fx_put(x, c.admin, &grant), R(WRONG_ROLE));
	assert_int_equal(fx_put(x, x->authority, &withdraw), R(UNKNOWN_LICENCE));
	g.party = "nobody";
	assert_int_equal(fx_put(x, x->authority, &grant), R(UNKNOWN_PARTY));
	g.party = "carrier";
	g.site = "S1";
	assert_int_equal(fx_put(x, x->authority, &grant), R(UNKNOWN_SITE));
	g.site = "";
	g.to_ms = 0;
	assert_int_equal(fx_put(x, x->authority, &grant), R(QUANTITY));
	g.to_ms = FX_NOW;
	assert_int_equal(fx_put(x, x->authority, &grant), R(QUANTITY));
	g.to_ms = FX_NOW + DAY_MS;
	g.annual_g = -1;
	assert_int_equal(fx_put(x, x->authority, &grant), R(QUANTITY));
	g.annual_g = 0;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		codes[0] = bad[i];
		assert_int_equal(fx_put(x, x->authority, &grant), R(BAD_WASTE_CODE));
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		codes[0] = good[i];
		assert_int_equal(fx_put(x, x->authority, &grant), OK);
	}
	assert_true(has_licence(x, "carrier", "L1"));

	assert_int_equal(fx_put(x, c.admin, &withdraw), R(WRONG_ROLE));
	assert_int_equal(fx_put(x, x->authority, &withdraw), OK);
	assert_int_equal(ld_licence_get(&x->c, "L1", &rec), LD_OK);
	assert_int_equal(rec->withdrawn_ms, FX_NOW);
	assert_int_equal(rec->in_flight, LIANDAN__IN_FLIGHT__IN_FLIGHT_MAY_FINISH);
	/* said again: the first time stands */
	x->now += 1000;
	w.in_flight = LIANDAN__IN_FLIGHT__IN_FLIGHT_STOPS;
	assert_int_equal(fx_put(x, x->authority, &withdraw), OK);
	assert_int_equal(ld_licence_get(&x->c, "L1", &rec), LD_OK);
	assert_int_equal(rec->withdrawn_ms, FX_NOW);
	assert_int_equal(rec->in_flight, LIANDAN__IN_FLIGHT__IN_FLIGHT_STOPS);

	/* granted anew, to another firm */
	g.party = "other";
	assert_int_equal(fx_put(x, x->authority, &grant), OK);
	assert_int_equal(ld_licence_get(&x->c, "L1", &rec), LD_OK);
	assert_int_equal(rec->withdrawn_ms, 0);
	assert_false(has_licence(x, "carrier", "L1"));
	assert_true(has_licence(x, "other", "L1"));
}

/* apply is total: what judge would never let through changes nothing and fails nowhere. */
static void test_apply_is_total(void **state)
{
	struct fx *x = *state;
	uint8_t id[LD_KEY_ID_BYTES] = {1};
	ProtobufCBinaryData nobody = {sizeof id, id};
	Liandan__KeyRevoked kr = LIANDAN__KEY_REVOKED__INIT;
	Liandan__AuthorityRevoked ar = LIANDAN__AUTHORITY_REVOKED__INIT;
	Liandan__AuthorityEnrolled ae = LIANDAN__AUTHORITY_ENROLLED__INIT;
	Liandan__ChainRestarted cr = LIANDAN__CHAIN_RESTARTED__INIT;
	Liandan__LicenceWithdrawn lw = LIANDAN__LICENCE_WITHDRAWN__INIT;
	Liandan__TerminalMounted tm = LIANDAN__TERMINAL_MOUNTED__INIT;
	Liandan__TerminalRemoved tr = LIANDAN__TERMINAL_REMOVED__INIT;
	Liandan__InstrumentVerified iv = LIANDAN__INSTRUMENT_VERIFIED__INIT;
	Liandan__Event all[] = {
	    FX_EVENT(key_revoked, KEY_REVOKED, &kr),
	    FX_EVENT(authority_revoked, AUTHORITY_REVOKED, &ar),
	    FX_EVENT(authority_enrolled, AUTHORITY_ENROLLED, &ae),
	    FX_EVENT(chain_restarted, CHAIN_RESTARTED, &cr),
	    FX_EVENT(licence_withdrawn, LICENCE_WITHDRAWN, &lw),
	    FX_EVENT(terminal_mounted, TERMINAL_MOUNTED, &tm),
	    FX_EVENT(terminal_removed, TERMINAL_REMOVED, &tr),
	    FX_EVENT(instrument_verified, INSTRUMENT_VERIFIED, &iv),
	};
	struct ld_hash before, after;

	assert_int_equal(ld_state_digest(x->state, &before), LD_OK);
	for (int known = 0; known < 2; known++) {
		for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
			struct ld_fact f = {
			    .event = &all[i], .event_hash = x->hash, .recorded_at_ms = FX_NOW};

			assert_int_equal(ld_registry_apply(&x->c, &f), LD_OK);
		}
		kr.key_id = ar.key_id = cr.key_id = tm.key_id = tr.key_id = nobody;
	}
	assert_int_equal(ld_state_digest(x->state, &after), LD_OK);
	assert_memory_equal(&before, &after, sizeof before);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fx_open, fx_close)
	const struct CMUnitTest tests[] = {
	    TEST(test_genesis),		TEST(test_party),
	    TEST(test_person),		TEST(test_key_enrolled),
	    TEST(test_key_roles),	TEST(test_key_person),
	    TEST(test_key_replaces),	TEST(test_key_replaces_late),
	    TEST(test_key_revoked),	TEST(test_authorities),
	    TEST(test_chain_restarted), TEST(test_licence),
	    TEST(test_apply_is_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
