#include "tests/model/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA (1u << 20)

const char *const walk_gens[WALK_GENS + WALK_RECS] = {"G0", "G1", "G2", "R0", "R1"};
const char *const walk_recs[WALK_RECS] = {"R0", "R1"};
const char *const walk_carriers[WALK_CARRIERS] = {"C0", "C1", "C2"};
const char *const walk_sites[] = {"G0-a", "G0-b", "G1-a", "G2-a",
				  "R0-a", "R1-a", "T0-a", "nowhere"};
const char *const walk_plates[] = {"V0", "V1", "V2", "V9"};
const char *const walk_parties[] = {"G0", "G1", "G2", "C0", "C1", "C2", "R0", "R1", "T0", "ghost"};
const size_t walk_n_sites = sizeof walk_sites / sizeof walk_sites[0];
const size_t walk_n_plates = sizeof walk_plates / sizeof walk_plates[0];
const size_t walk_n_parties = sizeof walk_parties / sizeof walk_parties[0];

/* ---- chance ---- */

uint64_t walk_random(struct walk *k)
{
	uint64_t z = (k->rng += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

unsigned walk_pick(struct walk *k, unsigned n)
{
	return (unsigned)(walk_random(k) % n);
}

bool walk_chance(struct walk *k, unsigned percent)
{
	return walk_pick(k, 100) < percent;
}

char *walk_name(struct walk *k, const char *prefix)
{
	return ld_arena_printf(&k->arena, "%s-%u", prefix, ++k->names);
}

/* ---- the registry ---- */

static void party(struct walk *k, const char *id, uint32_t roles, bool small)
{
	/* the small one is of another province */
	const uint32_t division = small ? 320500 : 310000;

	world_party_at(&k->world, id, roles,
		       small ? LIANDAN__TIER__TIER_REGISTERED : LIANDAN__TIER__TIER_KEY, division);
	nv_party(k->nv, id, roles, small, division);
}

static void site(struct walk *k, const char *id, const char *of, Liandan__SiteKind kind)
{
	world_site(&k->world, id, of, kind, 31.0 + 0.05 * (double)k->nv->n_site, 121.0, 200);
	nv_site(k->nv, id, of);
}

static void meter(struct walk *k, const char *id, const char *of, const char *at)
{
	world_scale(&k->world, id, of, at);
	nv_meter(k->nv, id, of);
}

static struct walk_who *add(struct walk *k, const char *of, const char *device, const char *subject,
			    uint32_t roles)
{
	struct walk_who *w = &k->who[k->n_who++];

	if (k->n_who > WALK_WHO)
		abort();
	signer_new(&w->s, of, device, LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	w->subject = subject;
	w->roles = roles;
	nv_key(k->nv, ld_key_id(w->s.key), of, subject,
	       (roles & (LIANDAN__ROLE__ROLE_SCALE | LIANDAN__ROLE__ROLE_TERMINAL)) == 0, roles);
	return w;
}

static void person(struct walk *k, const char *of, const char *device, const char *subject,
		   uint32_t roles)
{
	struct walk_who *w = add(k, of, device, subject, roles);

	world_key(&k->world, &w->s, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, subject, roles);
}

static void parties(struct walk *k)
{
	const uint32_t both = LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR;

	for (int i = 0; i < WALK_GENS; i++)
		party(k, walk_gens[i], LIANDAN__ROLE__ROLE_GENERATOR, i == 2);
	for (int i = 0; i < WALK_CARRIERS; i++)
		party(k, walk_carriers[i], LIANDAN__ROLE__ROLE_CARRIER, false);
	for (int i = 0; i < WALK_RECS; i++)
		party(k, walk_recs[i], both, false);
	party(k, "T0", LIANDAN__ROLE__ROLE_RECEIVER, false);
	party(k, "LAB", LIANDAN__ROLE__ROLE_LABORATORY, false);
	party(k, "EEB", LIANDAN__ROLE__ROLE_REGULATOR, false);
	site(k, "G0-a", "G0", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION);
	site(k, "G0-b", "G0", LIANDAN__SITE_KIND__SITE_KIND_STORAGE);
	site(k, "G1-a", "G1", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION);
	site(k, "G2-a", "G2", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION);
	site(k, "R0-a", "R0", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL);
	site(k, "R1-a", "R1", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL);
	site(k, "T0-a", "T0", LIANDAN__SITE_KIND__SITE_KIND_STORAGE);
	meter(k, "M-G0", "G0", "G0-a");
	meter(k, "M-G1", "G1", "G1-a");
	meter(k, "M-G2", "G2", "G2-a");
	meter(k, "M-R0", "R0", "R0-a");
	meter(k, "M-R1", "R1", "R1-a");
	for (int i = 0; i < WALK_CARRIERS; i++) {
		char id[16];

		snprintf(id, sizeof id, "L-%s", walk_carriers[i]);
		world_licence(&k->world, id, walk_carriers[i],
			      LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*");
	}
	world_licence(&k->world, "L-R0", "R0", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*");
	world_licence(&k->world, "L-R1", "R1", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*");
	world_licence(&k->world, "L-T0", "T0", LIANDAN__LICENCE_KIND__LICENCE_KIND_STORE, "*");
}

/* One more authority, enrolled by the first. */
static void authority(struct walk *k)
{
	const uint32_t roles = LIANDAN__ROLE__ROLE_AUTHORITY | LIANDAN__ROLE__ROLE_REGULATOR |
			       LIANDAN__ROLE__ROLE_ADMIN;
	struct walk_who *w = add(k, "EPB2", "desk", "", roles);
	Liandan__AuthorityEnrolled b = LIANDAN__AUTHORITY_ENROLLED__INIT;
	Liandan__AuthorityKey key = LIANDAN__AUTHORITY_KEY__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;

	key.spki.data = (uint8_t *)(uintptr_t)ld_key_spki(w->s.key, &key.spki.len);
	key.algorithm = ld_key_algorithm(w->s.key);
	key.party = w->s.party;
	key.device = w->s.device;
	b.key = &key;
	b.reason = (char *)(uintptr_t) "second";
	e.body_case = LIANDAN__EVENT__BODY_AUTHORITY_ENROLLED;
	e.authority_enrolled = &b;
	if (world_send(&k->world, &k->world.authority, &e) != LIANDAN__VERDICT__ACCEPTED) {
		fprintf(stderr, "authority: %s\n", k->world.out.detail);
		abort();
	}
	memcpy(w->s.prev, k->world.last_hash, sizeof w->s.prev);
}

/* In the order of enum walk_person. */
static void people(struct walk *k)
{
	static const char *const clerk[] = {"p-G0", "p-G1", "p-G2"};
	static const char *const driver[] = {"p-C0", "p-C1", "p-C2"};
	static const char *const gate[] = {"p-R0", "p-R1"};
	const uint32_t drives = LIANDAN__ROLE__ROLE_DRIVER;
	struct walk_who *w;

	for (int i = 0; i < WALK_GENS; i++)
		person(k, walk_gens[i], "office", clerk[i], LIANDAN__ROLE__ROLE_GENERATOR);
	for (int i = 0; i < WALK_CARRIERS; i++)
		person(k, walk_carriers[i], "phone", driver[i], drives);
	for (int i = 0; i < WALK_RECS; i++)
		person(k, walk_recs[i], "gate", gate[i], LIANDAN__ROLE__ROLE_RECEIVER);
	person(k, "C0", "phone2", "p-C0b", drives);
	person(k, "C0", "phone3", "p-G0", drives);
	person(k, "C1", "phone2", "p-R0", drives);
	person(k, "R0", "office", "p-R0g", LIANDAN__ROLE__ROLE_GENERATOR);
	person(k, "T0", "yard", "p-T0", LIANDAN__ROLE__ROLE_RECEIVER);
	w = add(k, "R0", "scale", "S0", LIANDAN__ROLE__ROLE_SCALE);
	world_key(&k->world, &w->s, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SCALE, "S0",
		  LIANDAN__ROLE__ROLE_SCALE);
	meter(k, "S0", "R0", "R0-a");
	person(k, "LAB", "desk", "p-LAB", LIANDAN__ROLE__ROLE_LABORATORY);
	person(k, "EEB", "desk", "p-EEB", LIANDAN__ROLE__ROLE_REGULATOR);
	person(k, "EEB", "car", "p-EEB2", LIANDAN__ROLE__ROLE_REGULATOR);
	person(k, "C2", "phone2", "p-C2b", drives);
	person(k, "G1", "office2", "p-C2", LIANDAN__ROLE__ROLE_GENERATOR);
	authority(k);
	person(k, "R1", "gate2", "p-G0", LIANDAN__ROLE__ROLE_RECEIVER);
	person(k, "R1", "office", "p-R1g", LIANDAN__ROLE__ROLE_GENERATOR);
	w = add(k, "C0", "t0", "t0", LIANDAN__ROLE__ROLE_TERMINAL);
	world_vehicle(&k->world, "V0", "C0", &w->s, "t0");
	if (k->n_who != BY_PEOPLE)
		abort();
}

/* A collector fills in for a firm. */
static void delegate(struct walk *k)
{
	Liandan__DelegationGranted b = LIANDAN__DELEGATION_GRANTED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	uint8_t paper[LD_HASH_BYTES] = {7};
	char all[] = "*", *codes[] = {all};

	b.delegation = (char *)(uintptr_t)WALK_DELEGATION;
	b.giver = (char *)(uintptr_t) "G1";
	b.delegate = (char *)(uintptr_t) "C2";
	b.actions = 15;
	b.codes = codes;
	b.n_codes = 1;
	b.from_ms = 1;
	b.paper = (ProtobufCBinaryData){sizeof paper, paper};
	e.body_case = LIANDAN__EVENT__BODY_DELEGATION_GRANTED;
	e.delegation_granted = &b;
	if (world_send(&k->world, &k->world.authority, &e) != LIANDAN__VERDICT__ACCEPTED) {
		fprintf(stderr, "delegation: %s\n", k->world.out.detail);
		abort();
	}
	nv_delegation(k->nv, WALK_DELEGATION, "G1", "C2");
}

void walk_new(struct walk *k, struct nv *nv, uint64_t seed)
{
	memset(k, 0, sizeof *k);
	k->nv = nv;
	k->seed = k->rng = seed;
	if (ld_arena_init(&k->arena, ARENA) != 0)
		abort();
	world_new(&k->world);
	parties(k);
	people(k);
	delegate(k);
	for (size_t i = 0; i < WALK_PLANS; i++)
		walk_plan_new(k, &k->plan[i]);
}

void walk_free(struct walk *k)
{
	for (size_t i = 0; i < k->n_who; i++) {
		for (size_t n = 0; n < k->who[i].n_out; n++)
			free(k->who[i].out[n].bytes);
		signer_free(&k->who[i].s);
	}
	for (size_t i = 0; i < WALK_AGAIN; i++)
		free(k->again[i].bytes);
	world_free(&k->world);
	ld_arena_free(&k->arena);
}

/* ---- steps ---- */

static void send_from(struct walk *k, struct walk_who *w, struct walk_step *out)
{
	struct walk_sealed *a;
	size_t slot = k->n_again % WALK_AGAIN;

	out->kind = WALK_SEND;
	out->by = w;
	out->sealed = w->out[0];
	memmove(&w->out[0], &w->out[1], --w->n_out * sizeof w->out[0]);
	a = &k->again[slot];
	free(a->bytes);
	*a = out->sealed;
	a->bytes = malloc(a->len);
	if (a->bytes == NULL)
		abort();
	memcpy(a->bytes, out->sealed.bytes, a->len);
	k->again_by[slot] = w;
	k->n_again++;
}

static bool send_something(struct walk *k, struct walk_step *out)
{
	struct walk_who *ready[WALK_WHO];
	unsigned n = 0;

	for (size_t i = 0; i < k->n_who; i++)
		if (!k->who[i].offline && k->who[i].n_out != 0)
			ready[n++] = &k->who[i];
	if (n == 0)
		return false;
	send_from(k, ready[walk_pick(k, n)], out);
	return true;
}

/* Devices lose their link, and find it again. */
static void links(struct walk *k)
{
	for (size_t i = 0; i < k->n_who; i++) {
		struct walk_who *w = &k->who[i];

		if (w->offline)
			w->offline = !walk_chance(k, 6) && w->n_out < WALK_OUTBOX / 2;
		else
			w->offline = walk_pick(k, 250) == 0;
	}
}

static bool repeat(struct walk *k, struct walk_step *out)
{
	size_t there = k->n_again < WALK_AGAIN ? k->n_again : WALK_AGAIN, slot;

	if (there == 0)
		return false;
	slot = walk_pick(k, (unsigned)there);
	out->kind = WALK_AGAIN_SENT;
	out->by = k->again_by[slot];
	out->sealed = k->again[slot];
	out->sealed.bytes = malloc(out->sealed.len);
	if (out->sealed.bytes == NULL)
		abort();
	memcpy(out->sealed.bytes, k->again[slot].bytes, out->sealed.len);
	return true;
}

void walk_drain(struct walk *k)
{
	k->draining = true;
	for (size_t i = 0; i < k->n_who; i++)
		k->who[i].offline = false;
}

void walk_next(struct walk *k, struct walk_step *out)
{
	memset(out, 0, sizeof *out);
	out->pass_ms = 60 + walk_pick(k, 3000);
	if (walk_pick(k, 400) == 0)
		out->pass_ms += walk_pick(k, 5) * LD_DAY_MS + walk_pick(k, 86400) * INT64_C(1000);
	if (walk_pick(k, 8000) == 0)
		out->pass_ms += 31 * LD_DAY_MS;
	if (k->draining) {
		if (!send_something(k, out))
			out->kind = WALK_END;
		return;
	}
	links(k);
	if (walk_pick(k, 1000) == 0) {
		out->kind = WALK_RESTART;
		k->n_again = 0;
		return;
	}
	if (walk_chance(k, 2) && repeat(k, out))
		return;
	while (!send_something(k, out)) {
		ld_arena_reset(&k->arena);
		walk_move(k, &k->plan[walk_pick(k, WALK_PLANS)]);
	}
}
