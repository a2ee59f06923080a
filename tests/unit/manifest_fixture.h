/* A small world for custody's rules: a generator, two carriers, a receiver, an authority, with
 * sites, licences, vehicles and stock, on scratch state. Events are packed, passed through the
 * gate, decoded, judged, applied and followed as the region does it, held events included. Shared
 * by test_manifest.c, test_stock.c and test_deadline.c. */
#ifndef LD_TESTS_MANIFEST_FIXTURE_H
#define LD_TESTS_MANIFEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/held.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/site.h"
#include "proto/base64.h"
#include "proto/digest.h"
#include "proto/gate.h"

#define MX_NOW INT64_C(1767600000000) /* Monday 2026-01-05 16:00, China */
#define MX_CODE "900-041-49"
#define MX_BULK "900-249-08"
#define MX_MODE "R9"
#define MX_ARENA (8 * LD_MAX_ARENA_BYTES)
#define MX_OWN 128

enum mx_who { GEN, GEN2, CAR1, CAR2, CARX, REC, RECG, EEB, BOTH, NOBODY, SCALE, MX_KEYS };

struct mx {
	struct ld_custody c;
	struct ld_arena arena, build;
	int64_t now;
	uint64_t index, seq;
	uint8_t keys[MX_KEYS][LD_KEY_ID_BYTES];
	/* of the last put */
	struct ld_judgement j;
	uint8_t hash[LD_HASH_BYTES];
	Liandan__Event__BodyCase body, held; /* its body; the last body that was HELD */
	Custody__ManifestState before;	     /* of the manifest at hand, before it; 0: none */
	Liandan__Event__BodyCase late;	     /* events of this body are on their way for late_ms */
	int64_t late_ms;
	/* Sees an event before it is put, and may change it; NULL: nobody does. */
	bool (*twist)(struct mx *x, Liandan__Event *e);
	jmp_buf twisted; /* where the story ends when it did: true */
	Liandan__OwnEvent *own[MX_OWN];
	size_t n_own;
	uint8_t id[LD_UUID_BYTES]; /* the manifest at hand */
	uint8_t content[LD_HASH_BYTES];
	uint8_t offer[LD_HASH_BYTES];
};

static const struct {
	const char *party, *person;
	uint32_t roles;
	Liandan__KeySubject subject;
} mx_who_is[MX_KEYS] = {
    [GEN] = {"GEN", "p-gen", LIANDAN__ROLE__ROLE_GENERATOR,
	     LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON},
    [GEN2] = {"GEN2", "p-gen2", LIANDAN__ROLE__ROLE_GENERATOR,
	      LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON},
    [CAR1] = {"CAR1", "p-d1", LIANDAN__ROLE__ROLE_DRIVER, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON},
    [CAR2] = {"CAR2", "p-d2", LIANDAN__ROLE__ROLE_CARRIER,
	      LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON},
    [CARX] = {"CARX", "p-dx", LIANDAN__ROLE__ROLE_DRIVER, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON},
    [REC] = {"REC", "p-rec", LIANDAN__ROLE__ROLE_RECEIVER,
	     LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON},
    [RECG] = {"REC", "p-recg", LIANDAN__ROLE__ROLE_GENERATOR,
	      LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON},
    [EEB] = {"EEB", "p-eeb", LIANDAN__ROLE__ROLE_AUTHORITY | LIANDAN__ROLE__ROLE_REGULATOR,
	     LIANDAN__KEY_SUBJECT__KEY_SUBJECT_AUTHORITY},
    [BOTH] = {"CAR1", "p-gen", LIANDAN__ROLE__ROLE_DRIVER,
	      LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON},
    [NOBODY] = {"LAB", "p-lab", LIANDAN__ROLE__ROLE_LABORATORY,
		LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON},
    [SCALE] = {"REC", "gate-1", LIANDAN__ROLE__ROLE_SCALE, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SCALE},
};

#define MX_S(text) ((char *)(uintptr_t)(text))

static inline ProtobufCBinaryData mx_bytes(const void *p, size_t n)
{
	return (ProtobufCBinaryData){n, (uint8_t *)(uintptr_t)p};
}

static inline ProtobufCBinaryData mx_id(struct mx *x)
{
	return mx_bytes(x->id, sizeof x->id);
}

static inline void *mx_new(struct mx *x, const void *init, size_t n)
{
	void *p = ld_arena_dup(&x->build, init, n);

	assert_non_null(p);
	return p;
}
/* A message in the build arena, with its defaults. */
#define MX_NEW(x, Type, INIT) ((Type *)mx_new((x), &(Type)INIT, sizeof(Type)))

static inline void mx_party(struct mx *x, const char *id, uint32_t roles, Liandan__Tier tier)
{
	Liandan__PartyRegistered r = LIANDAN__PARTY_REGISTERED__INIT;
	Custody__Party p = CUSTODY__PARTY__INIT;

	r.party = MX_S(id);
	r.name = MX_S(id);
	r.roles = roles;
	r.tier = tier;
	r.division = 440305;
	p.registered = &r;
	assert_int_equal(ld_party_put(&x->c, &p), LD_OK);
}

static inline void mx_person(struct mx *x, const char *id, const char *party, uint32_t roles)
{
	Liandan__PersonRegistered r = LIANDAN__PERSON_REGISTERED__INIT;
	Custody__Person p = CUSTODY__PERSON__INIT;

	r.person = MX_S(id);
	r.party = MX_S(party);
	r.roles = roles;
	p.registered = &r;
	assert_int_equal(ld_person_put(&x->c, &p), LD_OK);
}

/* A square of about 200 m around (lat, lon). */
static inline void mx_site(struct mx *x, const char *id, const char *party, Liandan__SiteKind kind,
			   int32_t lat_e7, int32_t lon_e7)
{
	static const int32_t corner[4][2] = {{-1, -1}, {-1, 1}, {1, 1}, {1, -1}};
	Liandan__SiteRegistered r = LIANDAN__SITE_REGISTERED__INIT;
	Liandan__RingPoint ring[4];
	Liandan__RingPoint *points[4];
	Custody__Site s = CUSTODY__SITE__INIT;

	for (int i = 0; i < 4; i++) {
		liandan__ring_point__init(&ring[i]);
		ring[i].lat_e7 = lat_e7 + corner[i][0] * 10000;
		ring[i].lon_e7 = lon_e7 + corner[i][1] * 10000;
		points[i] = &ring[i];
	}
	r.site = MX_S(id);
	r.party = MX_S(party);
	r.kind = kind;
	r.n_ring = 4;
	r.ring = points;
	s.registered = &r;
	assert_int_equal(ld_site_put(&x->c, &s), LD_OK);
}

static inline void mx_licence(struct mx *x, const char *id, const char *party,
			      Liandan__LicenceKind kind, const char *code, const char *mode,
			      int64_t to_ms)
{
	Liandan__LicenceGranted g = LIANDAN__LICENCE_GRANTED__INIT;
	Custody__Licence l = CUSTODY__LICENCE__INIT;
	char *codes[1] = {MX_S(code)}, *modes[1] = {MX_S(mode)};
	struct ld_tkey k;

	g.licence = MX_S(id);
	g.party = MX_S(party);
	g.kind = kind;
	g.n_codes = 1;
	g.codes = codes;
	g.n_modes = mode[0] != '\0';
	g.modes = modes;
	g.to_ms = to_ms;
	l.granted = &g;
	assert_int_equal(ld_licence_put(&x->c, &l), LD_OK);
	ld_tkey_init(&k);
	ld_tkey_str(&k, party);
	ld_tkey_bytes(&k, id, strlen(id));
	assert_int_equal(ld_state_put(x->c.state, LD_T_PARTY_LICENCE, k.b, k.len, "", 0), LD_OK);
}

static inline void mx_vehicle(struct mx *x, const char *plate, const char *party)
{
	Liandan__VehicleRegistered r = LIANDAN__VEHICLE_REGISTERED__INIT;
	Custody__Vehicle v = CUSTODY__VEHICLE__INIT;

	r.plate = MX_S(plate);
	r.party = MX_S(party);
	v.registered = &r;
	assert_int_equal(ld_vehicle_put(&x->c, &v), LD_OK);
}

/* Tracks say that the vehicle was at the site around now. */
static inline void mx_was_at(struct mx *x, const char *plate, const char *site)
{
	Custody__Position p = CUSTODY__POSITION__INIT;
	Custody__Fix fix = CUSTODY__FIX__INIT;

	fix.lat_e7 = 225000000;
	fix.lon_e7 = 1140000000;
	fix.t_ms = x->now;
	p.plate = MX_S(plate);
	p.last = &fix;
	p.site = MX_S(site);
	p.site_since_ms = x->now - 20 * LD_MINUTE_MS;
	p.site_last_ms = x->now;
	p.first_ms = x->now - LD_DAY_MS;
	p.site_inside = true;
	assert_int_equal(ld_position_put(&x->c, &p), LD_OK);
}

static inline void mx_keys(struct mx *x)
{
	for (int i = 0; i < MX_KEYS; i++) {
		Custody__Key k = CUSTODY__KEY__INIT;

		memset(x->keys[i], 0x10 + i, sizeof x->keys[i]);
		k.key_id = mx_bytes(x->keys[i], sizeof x->keys[i]);
		k.party = MX_S(mx_who_is[i].party);
		k.device = MX_S("dev");
		k.subject = mx_who_is[i].subject;
		k.subject_id = MX_S(mx_who_is[i].person);
		k.roles = mx_who_is[i].roles;
		assert_int_equal(ld_key_rec_put(&x->c, &k), LD_OK);
	}
}

static inline void mx_world(struct mx *x)
{
	const uint32_t carrier = LIANDAN__ROLE__ROLE_CARRIER | LIANDAN__ROLE__ROLE_DRIVER;

	mx_keys(x);
	mx_party(x, "GEN", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_KEY);
	mx_party(x, "GEN2", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_REGISTERED);
	mx_party(x, "CAR1", carrier, 0);
	mx_party(x, "CAR2", carrier, 0);
	mx_party(x, "CARX", carrier, 0);
	mx_party(x, "REC", LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR, 0);
	mx_party(x, "EEB", LIANDAN__ROLE__ROLE_AUTHORITY, 0);
	mx_person(x, "p-d1", "CAR1", carrier);
	mx_person(x, "p-d2", "CAR2", carrier);
	mx_person(x, "p-dx", "CARX", carrier);
	mx_site(x, "S-GEN", "GEN", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 225000000, 1140000000);
	mx_site(x, "S-GENB", "GEN", LIANDAN__SITE_KIND__SITE_KIND_STORAGE, 225100000, 1140100000);
	mx_site(x, "S-GEN2", "GEN2", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 225200000,
		1140200000);
	mx_site(x, "S-REC", "REC", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 227000000, 1142000000);
	mx_site(x, "S-PARK", "GEN", LIANDAN__SITE_KIND__SITE_KIND_PARKING, 224000000, 1139000000);
	mx_licence(x, "L-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", MX_MODE, 0);
	mx_licence(x, "L-C1", "CAR1", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", 0);
	mx_licence(x, "L-C2", "CAR2", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", 0);
	mx_licence(x, "L-CX", "CARX", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", 0);
	mx_vehicle(x, "V1", "CAR1");
	mx_vehicle(x, "V2", "CAR2");
	mx_vehicle(x, "VX", "CARX");
	mx_was_at(x, "V1", "S-GEN");
	mx_was_at(x, "VX", "S-GEN");
}

static inline int mx_open(void **state)
{
	struct mx *x = calloc(1, sizeof *x);

	assert_non_null(x);
	assert_int_equal(ld_gate_init(), LD_OK);
	assert_int_equal(ld_arena_init(&x->arena, MX_ARENA), 0);
	assert_int_equal(ld_arena_init(&x->build, MX_ARENA), 0);
	assert_int_equal(ld_state_open_scratch(&x->c.state), LD_OK);
	x->c.arena = &x->arena;
	x->c.rules = &ld_rules_cn;
	x->c.region = "r1";
	x->now = MX_NOW;
	memset(x->id, 0x11, sizeof x->id);
	mx_world(x);
	*state = x;
	return 0;
}

static inline int mx_close(void **state)
{
	struct mx *x = *state;

	ld_custody_forget(&x->c);
	ld_state_close(x->c.state);
	ld_arena_free(&x->arena);
	ld_arena_free(&x->build);
	free(x);
	return 0;
}

/* Own events and what they bring about, then the held events that waited for them. */
static inline void mx_run(struct mx *x, struct ld_own_list *list);

static inline void mx_wake(struct mx *x, const struct ld_fact *f)
{
	uint64_t waiting[64];
	size_t n = ld_held_waiting(&x->c, f, waiting, 64);

	for (size_t i = 0; i < n; i++) {
		struct ld_own_list list = {.n = 0};
		struct ld_fact held;
		struct ld_judgement j;
		Liandan__HeldApplied *h;

		if (waiting[i] == f->index || ld_held_load(&x->c, waiting[i], &held) != LD_OK)
			continue;
		ld_judge(&x->c, &held, &j);
		if (j.verdict == LIANDAN__VERDICT__HELD)
			continue;
		h = ld_own_add(&x->c, &list, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED);
		h->index = waiting[i];
		h->verdict = j.verdict;
		h->reason = j.reason;
		mx_run(x, &list);
		if (j.verdict != LIANDAN__VERDICT__ACCEPTED)
			continue;
		list.n = 0;
		ld_follow(&x->c, &held, &j, &list);
		mx_run(x, &list);
		mx_wake(x, &held);
	}
}

static inline void mx_run(struct mx *x, struct ld_own_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		uint8_t *packed =
		    ld_arena_alloc(&x->build, liandan__own_event__get_packed_size(list->event[i]));
		struct ld_gate_fault fault;
		size_t n = liandan__own_event__pack(list->event[i], packed);

		/* what the ledger writes must pass its own gate */
		assert_int_equal(ld_gate_check(&liandan__own_event__descriptor, packed, n, &fault),
				 LD_OK);
		assert_true(x->n_own < MX_OWN);
		x->own[x->n_own] = liandan__own_event__unpack(&x->build.pb, n, packed);
		assert_non_null(x->own[x->n_own]);
		x->index++;
		assert_int_equal(ld_apply_own(&x->c, x->own[x->n_own], x->index, x->now), LD_OK);
		ld_follow_own(&x->c, x->own[x->n_own], x->index, x->now, list);
		x->n_own++;
	}
}

/* The event's bytes, in the build arena. occurred_at_ms 0: now. */
static inline ProtobufCBinaryData mx_pack(struct mx *x, enum mx_who by, enum mx_who cosigner,
					  Liandan__Event *e)
{
	ProtobufCBinaryData co =
	    mx_bytes(x->keys[cosigner == MX_KEYS ? 0 : cosigner], LD_KEY_ID_BYTES);
	ProtobufCBinaryData out;
	struct ld_gate_fault fault = {0};

	e->ledger_id = mx_bytes(x->c.ledger_id, LD_HASH_BYTES);
	e->region = MX_S("r1");
	e->submitter = mx_bytes(x->keys[by], LD_KEY_ID_BYTES);
	e->n_cosigners = cosigner != MX_KEYS;
	e->cosigners = &co;
	e->seq = ++x->seq;
	e->prev = mx_bytes(x->hash, LD_HASH_BYTES);
	if (e->occurred_at_ms == 0)
		e->occurred_at_ms = x->now;
	e->clock = LIANDAN__CLOCK__CLOCK_NTP;
	out.data = ld_arena_alloc(&x->build, liandan__event__get_packed_size(e));
	assert_non_null(out.data);
	out.len = liandan__event__pack(e, out.data);
	e->cosigners = NULL;
	e->n_cosigners = 0;
	if (ld_gate_check(&liandan__event__descriptor, out.data, out.len, &fault) != LD_OK)
		fail_msg("gate: %s %s", fault.field, fault.what);
	return out;
}

/* Of the manifest at hand; 0: it is not here. */
static inline Custody__ManifestState mx_state(struct mx *x)
{
	Custody__Manifest *m;

	return ld_manifest_get(&x->c, mx_id(x), &m) == LD_OK
		   ? m->state
		   : CUSTODY__MANIFEST_STATE__MANIFEST_STATE_UNSPECIFIED;
}

/* The clocks that ran out by now take effect. */
static inline size_t mx_tick(struct mx *x)
{
	struct ld_own_list list = {.n = 0};
	size_t n;

	ld_arena_reset(&x->arena);
	x->n_own = 0;
	ld_deadline_follow_time(&x->c, x->now, 40, &list);
	n = list.n;
	mx_run(x, &list);
	return n;
}

/* Signed by now, and not here for so long. */
static inline void mx_travel(struct mx *x, const Liandan__Event *e)
{
	if (x->late_ms == 0 || e->body_case != x->late)
		return;
	x->now += x->late_ms;
	while (mx_tick(x) != 0)
		;
}

static inline Liandan__Reason mx_put_bytes(struct mx *x, ProtobufCBinaryData bytes)
{
	Liandan__Envelope env = LIANDAN__ENVELOPE__INIT;
	struct ld_own_list list = {.n = 0};
	struct ld_fact f = {0};
	Liandan__Event *e = liandan__event__unpack(&x->build.pb, bytes.len, bytes.data);
	const bool twisted = x->twist != NULL && x->twist(x, e);
	ProtobufCBinaryData packed;

	assert_non_null(e);
	if (twisted) {
		bytes.data = ld_arena_alloc(&x->build, liandan__event__get_packed_size(e));
		bytes.len = liandan__event__pack(e, bytes.data);
	}
	mx_travel(x, e);
	f.recorded_at_ms = x->now;
	ld_arena_reset(&x->arena);
	x->n_own = 0;
	env.event = bytes;
	packed.data = ld_arena_alloc(&x->build, liandan__envelope__get_packed_size(&env));
	assert_non_null(packed.data);
	packed.len = liandan__envelope__pack(&env, packed.data);
	assert_int_equal(ld_apply_decode(&x->c, packed.data, packed.len, &f), LD_OK);
	memcpy(x->hash, f.event_hash, LD_HASH_BYTES);
	x->before = mx_state(x);
	x->body = f.event->body_case;
	ld_judge(&x->c, &f, &x->j);
	if (twisted)
		longjmp(x->twisted, 1);
	if (x->j.verdict == LIANDAN__VERDICT__HELD)
		x->held = x->body;
	f.index = ++x->index;
	assert_int_equal(ld_apply_event(&x->c, &f, x->j.verdict, x->j.reason, &packed), LD_OK);
	if (x->j.verdict == LIANDAN__VERDICT__ACCEPTED) {
		ld_follow(&x->c, &f, &x->j, &list);
		mx_run(x, &list);
	}
	if (x->j.verdict != LIANDAN__VERDICT__HELD)
		mx_wake(x, &f); /* a refused cause refuses */
	return x->j.reason;
}

static inline Liandan__Reason mx_put_co(struct mx *x, enum mx_who by, enum mx_who cosigner,
					Liandan__Event *e)
{
	return mx_put_bytes(x, mx_pack(x, by, cosigner, e));
}

static inline Liandan__Reason mx_put(struct mx *x, enum mx_who by, Liandan__Event *e)
{
	return mx_put_co(x, by, MX_KEYS, e);
}

/* An event around a body. */
#define MX_EVENT(name, CASE, body)                                                                 \
	Liandan__Event name = LIANDAN__EVENT__INIT;                                                \
	name.body_case = LIANDAN__EVENT__BODY_##CASE;                                              \
	*(void **)&name.waste_generated = (void *)(uintptr_t)(body)

static inline bool mx_violated(const struct mx *x, Liandan__Reason reason)
{
	for (size_t i = 0; i < x->j.n_violations; i++)
		if (x->j.violations[i]->reason == reason)
			return true;
	return false;
}

static inline const Liandan__OwnEvent *mx_own(const struct mx *x, Liandan__OwnEvent__BodyCase which)
{
	for (size_t i = 0; i < x->n_own; i++)
		if (x->own[i]->body_case == which)
			return x->own[i];
	return NULL;
}

#define mx_accepted(x, PUT)                                                                        \
	do {                                                                                       \
		Liandan__Reason mx_r = (PUT);                                                      \
		if ((x)->j.verdict != LIANDAN__VERDICT__ACCEPTED)                                  \
			fail_msg("verdict %d reason %d: %s", (int)(x)->j.verdict, (int)mx_r,       \
				 (x)->j.detail);                                                   \
	} while (0)
#define mx_clean(x, PUT)                                                                           \
	do {                                                                                       \
		mx_accepted(x, PUT);                                                               \
		if ((x)->j.n_violations != 0)                                                      \
			fail_msg("violation %d of %s", (int)(x)->j.violations[0]->reason,          \
				 (x)->j.violations[0]->subject);                                   \
	} while (0)
#define mx_refused(x, PUT, WHY)                                                                    \
	do {                                                                                       \
		Liandan__Reason mx_r = (PUT);                                                      \
		if ((x)->j.verdict != LIANDAN__VERDICT__REFUSED || mx_r != LIANDAN__REASON__##WHY) \
			fail_msg("verdict %d reason %d: %s", (int)(x)->j.verdict, (int)mx_r,       \
				 (x)->j.detail);                                                   \
	} while (0)
#define mx_held(x, PUT)                                                                            \
	do {                                                                                       \
		Liandan__Reason mx_r = (PUT);                                                      \
		if ((x)->j.verdict != LIANDAN__VERDICT__HELD)                                      \
			fail_msg("verdict %d reason %d: %s", (int)(x)->j.verdict, (int)mx_r,       \
				 (x)->j.detail);                                                   \
	} while (0)
#define mx_flagged(x, PUT, WHY)                                                                    \
	do {                                                                                       \
		mx_accepted(x, PUT);                                                               \
		assert_true(mx_violated(x, LIANDAN__REASON__##WHY));                               \
	} while (0)

static inline Custody__Manifest *mx_manifest(struct mx *x)
{
	Custody__Manifest *m;

	assert_int_equal(ld_manifest_get(&x->c, mx_id(x), &m), LD_OK);
	return m;
}

static inline Custody__Container *mx_container(struct mx *x, const char *id)
{
	Custody__Container *k;

	assert_int_equal(ld_container_get(&x->c, id, &k), LD_OK);
	return k;
}

/* The book, and that it adds up. Zeroes where there is none. */
static inline Custody__Stock *mx_stock(struct mx *x, const char *party, const char *site,
				       const char *code)
{
	Custody__Stock *s;

	if (ld_stock_get(&x->c, party, site, code, &s) != LD_OK)
		s = MX_NEW(x, Custody__Stock, CUSTODY__STOCK__INIT);
	assert_int_equal(s->generated_g + s->received_g - s->treated_g - s->shipped_g - s->lost_g,
			 s->in_stock_g);
	return s;
}

#endif
