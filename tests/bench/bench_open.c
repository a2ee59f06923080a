/* What a decision costs, without signature and commit, beside how many manifests are open: judged,
 * and with what it changes and brings about. 10^3, 10^4, 10^5; `bench_open 1000000` goes on to 10^6
 * (some minutes, some gigabytes under TMPDIR). Ratios within the run are what counts; nothing is
 * asserted. */
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/registry.h"
#include "proto/digest.h"

#define NOW INT64_C(1790000000000)
#define ARENA (32u << 20)
#define PER_GENERATOR 2000 /* open manifests; a party may have 10,000 */
#define PER_VEHICLE 8
#define CARRIERS 50
#define RECEIVERS 20
#define SAMPLES 2000
#define MASS_G 200000
#define TEXT(s) ((char *)(uintptr_t)(s))

#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

enum step {
	GENERATED,
	CREATED,
	SEALED,
	OFFERED,
	TAKEN,
	ARRIVED,
	WEIGHED,
	RECEIVED,
	ACCEPTED,
	STEPS
};
static const char *const step_name[STEPS] = {"WasteGenerated",	"ManifestCreated", "ManifestSealed",
					     "HandoverOffered", "HandoverTaken",   "Arrived",
					     "Weighed",		"Received",	   "Accepted"};

struct sample {
	double judge_us, all_us;
};

struct bench {
	struct ld_custody c;
	struct ld_arena arena, build;
	char dir[64];
	uint64_t index;
	size_t made, ended; /* manifests; those below `ended` are closed */
	size_t since_commit;
	bool timed;
	struct sample sample[STEPS][SAMPLES];
	size_t n[STEPS];
	uint8_t (*content)[LD_HASH_BYTES]; /* of each */
	uint8_t offer[LD_HASH_BYTES];
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- names: of the n-th manifest ---- */

static char *name(struct bench *b, const char *prefix, size_t n)
{
	char *s = ld_arena_printf(&b->build, "%s%zu", prefix, n);

	REQUIRE(s != NULL);
	return s;
}
#define GENERATOR(b, n) name((b), "G", (n) / PER_GENERATOR)
#define ORIGIN(b, n) name((b), "GS", (n) / PER_GENERATOR)
#define CARRIER(b, n) name((b), "C", (n) / PER_VEHICLE % CARRIERS)
#define RECEIVER(b, n) name((b), "R", (n) % RECEIVERS)
#define PLANT(b, n) name((b), "RS", (n) % RECEIVERS)
#define DRUM(b, n) name((b), "D", (n))
#define PLATE(b, n) name((b), "V", (n) / PER_VEHICLE)

static ProtobufCBinaryData id_of(struct bench *b, size_t n)
{
	uint8_t id[LD_UUID_BYTES] = {1};

	/* as UUIDv7: by time, and not in one another's neighbourhood at the end */
	for (int i = 0; i < 8; i++)
		id[8 + i] = (uint8_t)(n >> (56 - 8 * i));
	return (ProtobufCBinaryData){sizeof id, ld_arena_dup(&b->build, id, sizeof id)};
}

/* ---- an event, from its bytes on ---- */

static void run_own(struct bench *b, struct ld_own_list *own)
{
	for (size_t i = 0; i < own->n; i++) {
		REQUIRE(ld_apply_own(&b->c, own->event[i], ++b->index, NOW) == LD_OK);
		ld_follow_own(&b->c, own->event[i], b->index, NOW, own);
	}
}

static void decide(struct bench *b, enum step step, struct ld_fact *f)
{
	struct ld_own_list own = {.n = 0};
	struct ld_judgement j;
	const double from = now_us();
	double judged;

	ld_judge(&b->c, f, &j);
	judged = now_us();
	if (j.verdict != LIANDAN__VERDICT__ACCEPTED || j.n_violations != 0)
		fprintf(stderr, "%s of %zu: reason %d: %s\n", step_name[step], b->made,
			(int)(j.n_violations != 0 ? j.violations[0]->reason : j.reason), j.detail);
	REQUIRE(j.verdict == LIANDAN__VERDICT__ACCEPTED && j.n_violations == 0);
	f->index = ++b->index;
	REQUIRE(ld_apply_event(&b->c, f, j.verdict, j.reason, NULL) == LD_OK);
	ld_follow(&b->c, f, &j, &own);
	run_own(b, &own);
	if (b->timed && b->n[step] < SAMPLES)
		b->sample[step][b->n[step]++] = (struct sample){judged - from, now_us() - from};
}

static void say(struct bench *b, enum step step, const char *party, Liandan__Event__BodyCase which,
		void *body)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	uint8_t key_id[LD_KEY_ID_BYTES] = {0}, hash[LD_HASH_BYTES];
	struct ld_fact f = {.recorded_at_ms = NOW};
	Custody__Key *signer;
	uint8_t *bytes;
	size_t len;

	memcpy(key_id, party, strnlen(party, sizeof key_id));
	e.submitter = (ProtobufCBinaryData){sizeof key_id, key_id};
	e.occurred_at_ms = NOW - 1000;
	e.body_case = which;
	memcpy(&e.manifest_created, &body, sizeof body); /* every member is a pointer */
	len = liandan__event__get_packed_size(&e);
	bytes = ld_arena_alloc(&b->build, len);
	REQUIRE(bytes != NULL);
	liandan__event__pack(&e, bytes);
	ld_arena_reset(&b->arena);
	f.event = liandan__event__unpack(&b->arena.pb, len, bytes);
	REQUIRE(f.event != NULL && ld_key_rec_get(&b->c, key_id, &signer) == LD_OK);
	f.signer = signer;
	f.event_bytes = bytes;
	f.event_len = len;
	ld_sha256(bytes, len, hash);
	f.event_hash = hash;
	decide(b, step, &f);
	if (which == LIANDAN__EVENT__BODY_HANDOVER_OFFERED)
		memcpy(b->offer, hash, sizeof hash);
	if (!b->timed && ++b->since_commit == 20000) {
		REQUIRE(ld_state_commit(b->c.state, b->index) == LD_OK);
		b->since_commit = 0;
	}
}

/* ---- the registry ---- */

static void put(struct bench *b, Liandan__Event__BodyCase which, void *body)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	uint8_t hash[LD_HASH_BYTES] = {0};
	struct ld_fact f = {.event = &e, .event_hash = hash, .recorded_at_ms = NOW};

	e.body_case = which;
	memcpy(&e.manifest_created, &body, sizeof body);
	f.index = ++b->index;
	memcpy(hash, &f.index, sizeof f.index);
	ld_arena_reset(&b->arena);
	REQUIRE(ld_registry_apply(&b->c, &f) == LD_OK);
}
#define PUT(b, NAME, body) put((b), LIANDAN__EVENT__BODY_##NAME, (body))

static void party(struct bench *b, char *id, uint32_t roles)
{
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;
	Liandan__PersonRegistered who = LIANDAN__PERSON_REGISTERED__INIT;
	Custody__Key k = CUSTODY__KEY__INIT;
	uint8_t key_id[LD_KEY_ID_BYTES] = {0};

	p.party = p.name = id;
	p.roles = roles;
	p.tier = LIANDAN__TIER__TIER_KEY;
	p.from_ms = 1;
	PUT(b, PARTY_REGISTERED, &p);
	memcpy(key_id, id, strnlen(id, sizeof key_id));
	k.key_id = (ProtobufCBinaryData){sizeof key_id, key_id};
	k.party = id;
	k.device = TEXT("dev");
	k.subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON;
	k.subject_id = id;
	k.roles = roles == LIANDAN__ROLE__ROLE_CARRIER ? LIANDAN__ROLE__ROLE_DRIVER : roles;
	k.from_ms = 1;
	REQUIRE(ld_key_rec_put(&b->c, &k) == LD_OK);
	who.person = who.party = id;
	who.roles = k.roles;
	PUT(b, PERSON_REGISTERED, &who);
}

static void site(struct bench *b, char *id, char *of, Liandan__SiteKind kind)
{
	Liandan__SiteRegistered s = LIANDAN__SITE_REGISTERED__INIT;
	Liandan__RingPoint p[4], *ring[4];

	for (size_t i = 0; i < 4; i++) {
		liandan__ring_point__init(&p[i]);
		p[i].lat_e7 = 310000000 + (i == 1 || i == 2 ? 20000 : 0);
		p[i].lon_e7 = 1210000000 + (i > 1 ? 20000 : 0);
		ring[i] = &p[i];
	}
	s.site = s.name = id;
	s.party = of;
	s.kind = kind;
	s.ring = ring;
	s.n_ring = 4;
	s.from_ms = 1;
	PUT(b, SITE_REGISTERED, &s);
}

static void licence(struct bench *b, char *of, Liandan__LicenceKind kind)
{
	Liandan__LicenceGranted g = LIANDAN__LICENCE_GRANTED__INIT;
	char *codes[1] = {TEXT("*")};

	g.licence = ld_arena_printf(&b->build, "L-%s", of);
	g.party = of;
	g.kind = kind;
	g.codes = codes;
	g.n_codes = 1;
	g.from_ms = 1;
	g.to_ms = NOW + 365 * LD_DAY_MS;
	PUT(b, LICENCE_GRANTED, &g);
}

/* Registered, and standing at the origin of those that it is to take. */
static void vehicle(struct bench *b, size_t n)
{
	Liandan__VehicleRegistered v = LIANDAN__VEHICLE_REGISTERED__INIT;
	Custody__Position p = CUSTODY__POSITION__INIT;
	Custody__Fix fix = CUSTODY__FIX__INIT;

	v.plate = PLATE(b, n);
	v.party = CARRIER(b, n);
	v.kind = LIANDAN__VEHICLE_KIND__VEHICLE_KIND_TRUCK;
	v.max_net_g = 20000000;
	v.tare_g = 12000000;
	PUT(b, VEHICLE_REGISTERED, &v);
	fix.lat_e7 = 310010000;
	fix.lon_e7 = 1210010000;
	fix.t_ms = NOW;
	p.plate = v.plate;
	p.last = &fix;
	p.site = ORIGIN(b, n);
	p.site_since_ms = NOW - 20 * LD_MINUTE_MS;
	p.site_last_ms = NOW;
	p.first_ms = NOW - LD_DAY_MS;
	p.site_inside = true;
	REQUIRE(ld_position_put(&b->c, &p) == LD_OK);
}

static void scale(struct bench *b, char *id, char *of, char *at)
{
	Liandan__InstrumentRegistered i = LIANDAN__INSTRUMENT_REGISTERED__INIT;
	Liandan__InstrumentVerified v = LIANDAN__INSTRUMENT_VERIFIED__INIT;
	Liandan__WeighingRange range = LIANDAN__WEIGHING_RANGE__INIT, *ranges[1] = {&range};
	Custody__Key k = CUSTODY__KEY__INIT;
	uint8_t key_id[LD_KEY_ID_BYTES] = {0};

	range.to_g = i.max_g = 60000000;
	range.e_g = 20000;
	i.instrument = v.instrument = id;
	i.party = of;
	i.site = at;
	i.kind = LIANDAN__INSTRUMENT_KIND__INSTRUMENT_KIND_TRUCK_SCALE;
	i.class_ = LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_III;
	i.ranges = ranges;
	i.n_ranges = 1;
	PUT(b, INSTRUMENT_REGISTERED, &i);
	v.at_ms = 1;
	v.to_ms = NOW + 365 * LD_DAY_MS;
	PUT(b, INSTRUMENT_VERIFIED, &v);
	memcpy(key_id, id, strnlen(id, sizeof key_id));
	k.key_id = (ProtobufCBinaryData){sizeof key_id, key_id};
	k.party = of;
	k.device = k.subject_id = id;
	k.subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SCALE;
	k.roles = LIANDAN__ROLE__ROLE_SCALE;
	k.from_ms = 1;
	REQUIRE(ld_key_rec_put(&b->c, &k) == LD_OK);
}

static void found(struct bench *b)
{
	for (size_t i = 0; i < CARRIERS; i++) {
		party(b, name(b, "C", i), LIANDAN__ROLE__ROLE_CARRIER);
		licence(b, name(b, "C", i), LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY);
	}
	for (size_t i = 0; i < RECEIVERS; i++) {
		party(b, name(b, "R", i), LIANDAN__ROLE__ROLE_RECEIVER);
		site(b, name(b, "RS", i), name(b, "R", i), LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL);
		licence(b, name(b, "R", i), LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE);
		scale(b, name(b, "I", i), name(b, "R", i), name(b, "RS", i));
	}
}

/* ---- a manifest ---- */

static Liandan__Line *line(struct bench *b)
{
	Liandan__Line *l = ld_arena_alloc(&b->build, sizeof *l);
	Liandan__Quantity *q = ld_arena_alloc(&b->build, sizeof *q);

	REQUIRE(l != NULL && q != NULL);
	liandan__line__init(l);
	liandan__quantity__init(q);
	l->line = 1;
	l->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	l->code = TEXT("900-041-49");
	l->hazards = LIANDAN__HAZARD__HAZARD_T;
	l->mode = TEXT("R9");
	l->count = 1;
	l->quantity = q;
	q->unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	q->basis = LIANDAN__BASIS__BASIS_WEIGHED;
	q->mass_g = MASS_G;
	return l;
}

static void create_and_seal(struct bench *b, size_t n)
{
	Liandan__WasteGenerated w = LIANDAN__WASTE_GENERATED__INIT;
	Liandan__ManifestCreated m = LIANDAN__MANIFEST_CREATED__INIT;
	Liandan__ManifestSealed s = LIANDAN__MANIFEST_SEALED__INIT;
	Liandan__Receiver receiver = LIANDAN__RECEIVER__INIT;
	Liandan__Carrier carrier = LIANDAN__CARRIER__INIT, *carriers[1] = {&carrier};
	Liandan__Line *lines[1] = {line(b)};
	Liandan__Item item = LIANDAN__ITEM__INIT, *items[1] = {&item};
	char *generator = GENERATOR(b, n);

	w.batch = name(b, "B", n);
	w.container = item.container = DRUM(b, n);
	w.site = m.site = ORIGIN(b, n);
	w.line = lines[0];
	say(b, GENERATED, generator, LIANDAN__EVENT__BODY_WASTE_GENERATED, &w);
	m.manifest = s.manifest = id_of(b, n);
	m.kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	m.generator = generator;
	receiver.party = RECEIVER(b, n);
	receiver.site = PLANT(b, n);
	m.receiver = &receiver;
	carrier.order = 1;
	carrier.party = CARRIER(b, n);
	m.carriers = carriers;
	m.lines = lines;
	m.n_carriers = m.n_lines = 1;
	say(b, CREATED, generator, LIANDAN__EVENT__BODY_MANIFEST_CREATED, &m);
	item.line = item.count = 1;
	item.mass_g = MASS_G;
	s.version = 1;
	s.items = items;
	s.n_items = 1;
	REQUIRE(ld_manifest_content(&b->build, &m, items, 1, b->content[n]) == LD_OK);
	s.content = (ProtobufCBinaryData){LD_HASH_BYTES, b->content[n]};
	say(b, SEALED, generator, LIANDAN__EVENT__BODY_MANIFEST_SEALED, &s);
}

static void hand_over(struct bench *b, size_t n)
{
	Liandan__HandoverOffered o = LIANDAN__HANDOVER_OFFERED__INIT;
	Liandan__HandoverTaken t = LIANDAN__HANDOVER_TAKEN__INIT;
	char *carrier = CARRIER(b, n);

	o.manifest = t.manifest = id_of(b, n);
	o.content = t.content = (ProtobufCBinaryData){LD_HASH_BYTES, b->content[n]};
	o.leg = t.leg = 1;
	o.to_party = carrier;
	say(b, OFFERED, GENERATOR(b, n), LIANDAN__EVENT__BODY_HANDOVER_OFFERED, &o);
	t.offer = (ProtobufCBinaryData){LD_HASH_BYTES, b->offer};
	t.plate = PLATE(b, n);
	t.driver = carrier;
	say(b, TAKEN, carrier, LIANDAN__EVENT__BODY_HANDOVER_TAKEN, &t);
}

static void open_one(struct bench *b)
{
	const size_t n = b->made;

	ld_arena_reset(&b->build);
	if (n % PER_GENERATOR == 0) {
		party(b, GENERATOR(b, n), LIANDAN__ROLE__ROLE_GENERATOR);
		site(b, ORIGIN(b, n), GENERATOR(b, n), LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION);
	}
	if (n % PER_VEHICLE == 0)
		vehicle(b, n);
	create_and_seal(b, n);
	hand_over(b, n);
	b->made++;
}

static void end_one(struct bench *b)
{
	const size_t n = b->ended;
	Liandan__Arrived a = LIANDAN__ARRIVED__INIT;
	Liandan__Received r = LIANDAN__RECEIVED__INIT;
	Liandan__Accepted ok = LIANDAN__ACCEPTED__INIT;
	Liandan__AcceptedLine l = LIANDAN__ACCEPTED_LINE__INIT, *lines[1] = {&l};
	Liandan__Weighed w = LIANDAN__WEIGHED__INIT;
	ProtobufCBinaryData ids[1], tickets[1];

	ld_arena_reset(&b->build);
	tickets[0] = w.ticket = id_of(b, n);
	ids[0] = r.manifest = ok.manifest = id_of(b, n);
	a.manifests = ids;
	a.n_manifests = 1;
	a.plate = PLATE(b, n);
	a.site = r.site = PLANT(b, n);
	say(b, ARRIVED, CARRIER(b, n), LIANDAN__EVENT__BODY_ARRIVED, &a);
	w.instrument = name(b, "I", n % RECEIVERS);
	w.purpose = LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE;
	w.kind = LIANDAN__WEIGH_KIND__WEIGH_KIND_NET;
	w.manifests = ids;
	w.n_manifests = 1;
	w.mass_g = MASS_G;
	w.stable = true;
	say(b, WEIGHED, w.instrument, LIANDAN__EVENT__BODY_WEIGHED, &w);
	r.content = ok.content = (ProtobufCBinaryData){LD_HASH_BYTES, b->content[n]};
	say(b, RECEIVED, RECEIVER(b, n), LIANDAN__EVENT__BODY_RECEIVED, &r);
	l.line = l.count = 1;
	l.mass_g = MASS_G;
	l.mode = TEXT("R9");
	ok.lines = lines;
	ok.n_lines = 1;
	ok.tickets = tickets;
	ok.n_tickets = 1;
	say(b, ACCEPTED, RECEIVER(b, n), LIANDAN__EVENT__BODY_ACCEPTED, &ok);
	b->ended++;
}

/* ---- figures ---- */

static int by_judge(const void *a, const void *b)
{
	const double x = ((const struct sample *)a)->judge_us,
		     y = ((const struct sample *)b)->judge_us;

	return x < y ? -1 : x > y;
}

static int by_all(const void *a, const void *b)
{
	const double x = ((const struct sample *)a)->all_us, y = ((const struct sample *)b)->all_us;

	return x < y ? -1 : x > y;
}

/* One is opened for each that ends, so that as many stay open. */
static void measure(struct bench *b, struct sample median[STEPS])
{
	memset(b->n, 0, sizeof b->n);
	b->timed = true;
	for (size_t i = 0; i < SAMPLES; i++) {
		open_one(b);
		end_one(b);
	}
	b->timed = false;
	for (int s = 0; s < STEPS; s++) {
		qsort(b->sample[s], b->n[s], sizeof b->sample[s][0], by_judge);
		median[s].judge_us = b->sample[s][b->n[s] / 2].judge_us;
		qsort(b->sample[s], b->n[s], sizeof b->sample[s][0], by_all);
		median[s].all_us = b->sample[s][b->n[s] / 2].all_us;
	}
	REQUIRE(ld_state_commit(b->c.state, b->index) == LD_OK);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void bench_new(struct bench *b, size_t most)
{
	const char *tmp = getenv("TMPDIR");
	uint64_t applied;
	char why[256] = "";

	snprintf(b->dir, sizeof b->dir, "%.40s/liandan-XXXXXX", tmp != NULL ? tmp : "/tmp");
	REQUIRE(mkdtemp(b->dir) != NULL);
	REQUIRE(ld_arena_init(&b->arena, ARENA) == 0 && ld_arena_init(&b->build, ARENA) == 0);
	if (ld_state_open(b->dir, LD_STATE_SCHEMA, false, (size_t)1 << 35, &b->c.state, &applied,
			  why, sizeof why) != LD_OK) {
		fprintf(stderr, "state: %s\n", why);
		abort();
	}
	b->content = malloc(most * sizeof *b->content);
	REQUIRE(b->content != NULL);
	b->c.arena = &b->arena;
	b->c.rules = &ld_rules_cn;
	b->c.region = "bench";
	found(b);
}

int main(int argc, char **argv)
{
	static struct bench b;
	const size_t to = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
	struct sample median[8][STEPS];
	size_t open[8] = {0}, n = 0;

	bench_new(&b, to + 8 * (SAMPLES + 1));
	for (size_t at = 1000; at <= to && n < 8; at *= 10) {
		while (b.made - b.ended < at)
			open_one(&b);
		open[n] = at;
		measure(&b, median[n++]);
		fprintf(stderr, "%zu open: measured\n", at);
	}
	printf("Median of %d decisions, us: judged / with all that follows; (x): beside %zu open "
	       "manifests.\n\n| event           |",
	       SAMPLES, open[0]);
	for (size_t i = 0; i < n; i++)
		printf(" %20zu open |", open[i]);
	printf("\n|-----------------|");
	for (size_t i = 0; i < n; i++)
		printf("---------------------------|");
	for (int s = 0; s < STEPS; s++) {
		printf("\n| %-15s |", step_name[s]);
		for (size_t i = 0; i < n; i++)
			printf(" %5.1f (%4.2f) %6.1f (%4.2f) |", median[i][s].judge_us,
			       median[i][s].judge_us / median[0][s].judge_us, median[i][s].all_us,
			       median[i][s].all_us / median[0][s].all_us);
	}
	printf("\n");
	ld_custody_forget(&b.c);
	ld_state_close(b.c.state);
	nftw(b.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	ld_arena_free(&b.arena);
	ld_arena_free(&b.build);
	free(b.content);
	return 0;
}
