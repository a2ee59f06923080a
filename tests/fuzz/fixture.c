#include "tests/fuzz/fixture.h"

#include "plugin/custody/apply.h"
#include "plugin/custody/registry.h"
#include "plugin/custody/site.h"
#include "proto/base64.h"
#include "proto/gate.h"

#define YEAR_MS (365 * LD_DAY_MS)
#define S(text) ((char *)(uintptr_t)(text))

static uint64_t next_index;

static void put(struct fz_region *r, Liandan__Event__BodyCase which, void *body)
{
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field(&liandan__event__descriptor, (unsigned)which);
	Liandan__Event e = LIANDAN__EVENT__INIT;
	uint8_t hash[LD_HASH_BYTES] = {0};
	struct ld_fact f = {.event = &e, .event_hash = hash, .recorded_at_ms = FZ_NOW};

	e.body_case = which;
	memcpy((char *)&e + field->offset, &body,
	       sizeof body); /* every member of the union is a pointer */
	f.index = ++next_index;
	memcpy(hash, &f.index, sizeof f.index);
	FZ_REQUIRE(ld_registry_apply(&r->c, &f) == LD_OK);
	ld_arena_reset(&r->arena);
}
#define PUT(r, NAME, body) put(r, LIANDAN__EVENT__BODY_##NAME, body)

static void party(struct fz_region *r, const char *id, uint32_t roles)
{
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;

	p.party = p.name = S(id);
	p.roles = roles;
	p.tier = LIANDAN__TIER__TIER_KEY;
	PUT(r, PARTY_REGISTERED, &p);
}

static void key(struct fz_region *r, enum fz_key id, const char *of, const char *device,
		Liandan__KeySubject subject, const char *subject_id, uint32_t roles)
{
	Custody__Key rec = CUSTODY__KEY__INIT;
	Custody__Chain chain = CUSTODY__CHAIN__INIT;
	uint8_t key_id[LD_KEY_ID_BYTES], hash[LD_HASH_BYTES] = {1};

	memset(key_id, (int)id, sizeof key_id);
	rec.key_id = (ProtobufCBinaryData){sizeof key_id, key_id};
	rec.spki = rec.key_id;
	rec.algorithm = LIANDAN__ALGORITHM__ALGORITHM_ED25519;
	rec.party = S(of);
	rec.device = S(device);
	rec.subject = subject;
	rec.subject_id = S(subject_id);
	rec.roles = roles;
	rec.from_ms = 1;
	chain.last_hash = (ProtobufCBinaryData){sizeof hash, hash};
	FZ_REQUIRE(ld_key_rec_put(&r->c, &rec) == LD_OK);
	FZ_REQUIRE(ld_chain_put(&r->c, key_id, &chain) == LD_OK);
}

static void site(struct fz_region *r, const char *id, const char *of, Liandan__SiteKind kind,
		 int32_t lat_e7, int32_t lon_e7)
{
	static const int32_t corner[4][2] = {
	    {-20000, -20000}, {-20000, 20000}, {20000, 20000}, {20000, -20000}};
	Liandan__SiteRegistered s = LIANDAN__SITE_REGISTERED__INIT;
	Liandan__RingPoint p[4];
	Liandan__RingPoint *ring[4];

	for (size_t i = 0; i < 4; i++) {
		liandan__ring_point__init(&p[i]);
		p[i].lat_e7 = lat_e7 + corner[i][0];
		p[i].lon_e7 = lon_e7 + corner[i][1];
		ring[i] = &p[i];
	}
	s.site = S(id);
	s.party = S(of);
	s.kind = kind;
	s.ring = ring;
	s.n_ring = 4;
	PUT(r, SITE_REGISTERED, &s);
}

static void licence(struct fz_region *r, const char *id, const char *of, Liandan__LicenceKind kind)
{
	Liandan__LicenceGranted g = LIANDAN__LICENCE_GRANTED__INIT;
	char *codes[] = {S("*")};

	g.licence = S(id);
	g.party = S(of);
	g.kind = kind;
	g.codes = codes;
	g.n_codes = 1;
	g.from_ms = 1;
	g.to_ms = FZ_NOW + YEAR_MS;
	PUT(r, LICENCE_GRANTED, &g);
}

static void vehicle(struct fz_region *r)
{
	Liandan__VehicleRegistered v = LIANDAN__VEHICLE_REGISTERED__INIT;
	Liandan__TerminalMounted m = LIANDAN__TERMINAL_MOUNTED__INIT;
	uint8_t key_id[LD_KEY_ID_BYTES];

	v.plate = S("A1");
	v.party = S("car");
	v.kind = LIANDAN__VEHICLE_KIND__VEHICLE_KIND_TRUCK;
	v.max_net_g = 20000000;
	v.tare_g = 12000000;
	PUT(r, VEHICLE_REGISTERED, &v);
	memset(key_id, FZ_TERMINAL, sizeof key_id);
	m.terminal = S("t1");
	m.key_id = (ProtobufCBinaryData){sizeof key_id, key_id};
	m.plate = S("A1");
	m.at_ms = 1;
	PUT(r, TERMINAL_MOUNTED, &m);
	v.plate = S("A2");
	v.party = S("car2");
	PUT(r, VEHICLE_REGISTERED, &v);
}

static void instrument(struct fz_region *r, const char *id, const char *party, const char *site,
		       Liandan__InstrumentKind kind)
{
	Liandan__InstrumentRegistered i = LIANDAN__INSTRUMENT_REGISTERED__INIT;
	Liandan__InstrumentVerified v = LIANDAN__INSTRUMENT_VERIFIED__INIT;
	Liandan__WeighingRange range = LIANDAN__WEIGHING_RANGE__INIT;
	Liandan__WeighingRange *ranges[] = {&range};

	range.to_g = i.max_g = 60000000;
	range.e_g = 20000;
	i.instrument = v.instrument = S(id);
	i.party = S(party);
	i.site = S(site);
	i.kind = kind;
	i.class_ = LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_III;
	i.ranges = ranges;
	i.n_ranges = 1;
	PUT(r, INSTRUMENT_REGISTERED, &i);
	v.at_ms = 1;
	v.to_ms = FZ_NOW + YEAR_MS;
	PUT(r, INSTRUMENT_VERIFIED, &v);
}

static void keys(struct fz_region *r)
{
	key(r, FZ_AUTHORITY, "eeb", "root", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_AUTHORITY, "root",
	    LIANDAN__ROLE__ROLE_AUTHORITY | LIANDAN__ROLE__ROLE_REGULATOR |
		LIANDAN__ROLE__ROLE_ADMIN);
	key(r, FZ_REGULATOR, "eeb", "inspector", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-insp",
	    LIANDAN__ROLE__ROLE_REGULATOR);
	key(r, FZ_GENERATOR, "gen", "office", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-gen",
	    LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_ADMIN);
	key(r, FZ_DRIVER, "car", "zhang", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-zhang",
	    LIANDAN__ROLE__ROLE_CARRIER | LIANDAN__ROLE__ROLE_DRIVER);
	key(r, FZ_ADMIN, "car", "office", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-car",
	    LIANDAN__ROLE__ROLE_ADMIN);
	key(r, FZ_TERMINAL, "car", "t1", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_TERMINAL, "t1",
	    LIANDAN__ROLE__ROLE_TERMINAL);
	key(r, FZ_RECEIVER, "rec", "gate", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-rec",
	    LIANDAN__ROLE__ROLE_RECEIVER);
	key(r, FZ_STORE, "str", "yard", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-str",
	    LIANDAN__ROLE__ROLE_RECEIVER);
	key(r, FZ_LABORATORY, "lab", "desk", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-lab",
	    LIANDAN__ROLE__ROLE_LABORATORY);
	key(r, FZ_DRIVER2, "car2", "li", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-li",
	    LIANDAN__ROLE__ROLE_CARRIER | LIANDAN__ROLE__ROLE_DRIVER);
	key(r, FZ_RECEIVER2, "rec2", "gate", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-rec2",
	    LIANDAN__ROLE__ROLE_RECEIVER);
	key(r, FZ_SCALE, "rec", "w1", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SCALE, "w1",
	    LIANDAN__ROLE__ROLE_SCALE);
}

void fz_region_open(struct fz_region *r)
{
	memset(r, 0, sizeof *r);
	FZ_REQUIRE(ld_gate_init() == LD_OK);
	FZ_REQUIRE(ld_arena_init(&r->arena, 16 * LD_MAX_ARENA_BYTES) == 0);
	FZ_REQUIRE(ld_state_open_scratch(&r->c.state) == LD_OK);
	r->c.arena = &r->arena;
	r->c.rules = &ld_rules_cn;
	r->c.region = FZ_REGION;
	memset(r->c.ledger_id, 0x5a, sizeof r->c.ledger_id);
	next_index = 0;
	keys(r);
	party(r, "eeb", LIANDAN__ROLE__ROLE_REGULATOR);
	party(r, "gen", LIANDAN__ROLE__ROLE_GENERATOR);
	party(r, "car", LIANDAN__ROLE__ROLE_CARRIER);
	party(r, "rec", LIANDAN__ROLE__ROLE_RECEIVER);
	party(r, "car2", LIANDAN__ROLE__ROLE_CARRIER);
	party(r, "rec2", LIANDAN__ROLE__ROLE_RECEIVER);
	party(r, "str", LIANDAN__ROLE__ROLE_RECEIVER);
	party(r, "lab", LIANDAN__ROLE__ROLE_LABORATORY);
	site(r, "works", "gen", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 312000000, 1214000000);
	site(r, "plant", "rec", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 313000000, 1215000000);
	site(r, "plant2", "rec2", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 313000000, 1216000000);
	site(r, "shed", "str", LIANDAN__SITE_KIND__SITE_KIND_STORAGE, 312500000, 1214500000);
	licence(r, "l-rec2", "rec2", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE);
	licence(r, "l-str", "str", LIANDAN__LICENCE_KIND__LICENCE_KIND_STORE);
	licence(r, "l-car2", "car2", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY);
	licence(r, "l-rec", "rec", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE);
	licence(r, "l-car", "car", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY);
	vehicle(r);
	instrument(r, "w1", "rec", "plant", LIANDAN__INSTRUMENT_KIND__INSTRUMENT_KIND_TRUCK_SCALE);
	instrument(r, "m1", "gen", "works", LIANDAN__INSTRUMENT_KIND__INSTRUMENT_KIND_METER);
	instrument(r, "m2", "rec", "plant", LIANDAN__INSTRUMENT_KIND__INSTRUMENT_KIND_METER);
	FZ_REQUIRE(ld_state_commit(r->c.state, 1) == LD_OK);
	ld_arena_reset(&r->arena);
}

void fz_region_reset(struct fz_region *r)
{
	uint64_t applied;

	ld_arena_reset(&r->arena);
	ld_custody_forget(&r->c);
	FZ_REQUIRE(ld_state_abort(r->c.state, &applied) == LD_OK && applied == 1);
}

struct ld_key *fz_token_key(void)
{
	/* PKCS #8 of an Ed25519 key, RFC 8410, and a seed that is no secret */
	static const uint8_t head[16] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
					 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
	uint8_t der[48];
	char base64[LD_BASE64_CAP(sizeof der)], pem[256];
	struct ld_key *made;

	memcpy(der, head, sizeof head);
	memset(der + sizeof head, 'k', sizeof der - sizeof head);
	ld_base64_encode(der, sizeof der, base64);
	snprintf(pem, sizeof pem, "-----BEGIN %s-----\n%s\n-----END %s-----\n", "PRIVATE KEY",
		 base64, "PRIVATE KEY");
	FZ_REQUIRE(ld_key_private_pem(pem, strlen(pem), &made) == LD_OK);
	return made;
}

char *fz_token_text(struct ld_key *token_key)
{
	Liandan__Token t = LIANDAN__TOKEN__INIT;
	uint8_t ledger[LD_HASH_BYTES];
	char *text;

	memset(ledger, 0x5a, sizeof ledger);
	t.ledger_id = (ProtobufCBinaryData){sizeof ledger, ledger};
	t.client_id = S("gen/d1");
	t.not_before_ms = FZ_NOW - 1000;
	t.expires_ms = t.not_before_ms + LD_MAX_TOKEN_MS;
	FZ_REQUIRE(ld_token_seal(&t, token_key, &text) == LD_OK);
	return text;
}
