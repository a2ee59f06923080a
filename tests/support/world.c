#include "tests/support/world.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plugin/custody/rules.h"

#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void on_event(void *ctx, const char *party, const char *device, const uint8_t *bytes,
		     size_t len, uint64_t index, int64_t at, const uint8_t *key_id)
{
	struct world *w = ctx;

	(void)party, (void)device, (void)bytes, (void)len, (void)index, (void)at, (void)key_id;
	w->n_events++;
}

static void on_receipt(void *ctx, const char *party, const char *device, const uint8_t *bytes,
		       size_t len, const void *correlation, size_t correlation_len)
{
	struct world *w = ctx;

	(void)party, (void)device, (void)correlation, (void)correlation_len;
	REQUIRE(len <= sizeof w->receipt);
	memcpy(w->receipt, bytes, len);
	w->receipt_len = len;
	w->n_receipts++;
}

static void on_anomaly(void *ctx, const Custody__Anomaly *a, const char *what)
{
	struct world *w = ctx;

	struct world_anomaly *seen = &w->anomaly[w->n_anomalies++ % WORLD_ANOMALIES];

	(void)what;
	seen->kind = a->now->kind;
	seen->level = a->now->level;
	snprintf(seen->subject, sizeof seen->subject, "%s", a->now->subject);
	snprintf(seen->manifest, sizeof seen->manifest, "%s", a->now->manifest);
	w->last_anomaly = a->now->kind;
	w->last_level = a->now->level;
}

static void on_refused(void *ctx, const char *party, const char *device, const uint8_t *bytes,
		       size_t len, Liandan__Verdict verdict, Liandan__Reason reason)
{
	(void)party, (void)device, (void)bytes, (void)len, (void)verdict, (void)reason;
	((struct world *)ctx)->n_refused++;
}

static void on_notice(void *ctx, const char *text)
{
	(void)ctx;
	if (getenv("LD_TEST_VERBOSE") != NULL)
		fprintf(stderr, "notice: %s\n", text);
}

void world_open(struct world *w)
{
	char why[512] = "";
	enum ld_err err;

	w->opt.dir = w->dir;
	w->opt.sink = (struct ld_sink){.ctx = w,
				       .event = on_event,
				       .receipt = on_receipt,
				       .anomaly = on_anomaly,
				       .refused = on_refused,
				       .notice = on_notice};
	err = ld_region_open(&w->opt, &w->region, why, sizeof why);
	if (err != LD_OK)
		fprintf(stderr, "region: %s: %s\n", ld_err_text(err), why);
	REQUIRE(err == LD_OK);
}

void signer_new(struct signer *s, const char *party, const char *device,
		Liandan__Algorithm algorithm)
{
	memset(s, 0, sizeof *s);
	REQUIRE(ld_key_generate(algorithm, &s->key) == LD_OK);
	snprintf(s->party, sizeof s->party, "%s", party);
	snprintf(s->device, sizeof s->device, "%s", device);
}

void signer_free(struct signer *s)
{
	ld_key_free(s->key);
	s->key = NULL;
}

void world_new(struct world *w)
{
	Liandan__Genesis g = LIANDAN__GENESIS__INIT;
	Liandan__AuthorityKey ak = LIANDAN__AUTHORITY_KEY__INIT, *list[1] = {&ak};
	const char *tmp = getenv("TMPDIR");
	char why[512] = "";
	size_t spki_len;

	memset(w, 0, sizeof *w);
	snprintf(w->dir, sizeof w->dir, "%.40s/liandan-XXXXXX", tmp != NULL ? tmp : "/tmp");
	REQUIRE(mkdtemp(w->dir) != NULL);
	REQUIRE(ld_gate_init() == LD_OK);
	signer_new(&w->authority, "epb", "registrar", LIANDAN__ALGORITHM__ALGORITHM_P256);
	ak.spki.data = (uint8_t *)(uintptr_t)ld_key_spki(w->authority.key, &spki_len);
	ak.spki.len = spki_len;
	ak.algorithm = LIANDAN__ALGORITHM__ALGORITHM_P256;
	ak.party = w->authority.party;
	ak.device = w->authority.device;
	g.region = (char *)"testing";
	g.origin = (char *)"liandan/testing/one";
	g.profile = (char *)"CN-DEMO";
	g.authority_keys = list;
	g.n_authority_keys = 1;
	if (ld_region_init(w->dir, NULL, &g, why, sizeof why) != LD_OK) {
		fprintf(stderr, "init: %s\n", why);
		abort();
	}
	w->opt.custody_per_s = 1000000;
	world_open(w);
	memcpy(w->ledger_id, ld_region_ledger_id(w->region), LD_HASH_BYTES);
	memcpy(w->authority.prev, w->ledger_id, LD_HASH_BYTES);
}

void world_reopen(struct world *w)
{
	ld_region_close(w->region);
	world_open(w);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void world_free(struct world *w)
{
	ld_region_close(w->region);
	signer_free(&w->authority);
	nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static uint8_t *seal_with(struct world *w, struct signer *s, struct ld_key *const *keys, size_t n,
			  Liandan__Event *e, size_t *len)
{
	struct ld_gate_fault fault = {0};
	uint8_t *bytes = NULL;
	enum ld_err err;

	e->ledger_id.data = w->ledger_id;
	e->ledger_id.len = LD_HASH_BYTES;
	e->region = (char *)"testing";
	e->epoch = s->epoch;
	e->seq = ++s->seq;
	e->prev.data = s->prev;
	e->prev.len = LD_HASH_BYTES;
	e->clock = LIANDAN__CLOCK__CLOCK_NTP;
	if (e->occurred_at_ms == 0)
		e->occurred_at_ms =
		    w->region != NULL ? ld_region_now(w->region) : (int64_t)time(NULL) * 1000;
	err = ld_seal(e, keys, n, &bytes, len, w->last_hash, &fault);
	if (err != LD_OK)
		fprintf(stderr, "seal: %s: %s %s\n", ld_err_text(err), fault.field,
			fault.what ? fault.what : "");
	REQUIRE(err == LD_OK);
	memcpy(s->prev, w->last_hash, LD_HASH_BYTES);
	return bytes;
}

uint8_t *world_seal(struct world *w, struct signer *s, Liandan__Event *e, size_t *len)
{
	return seal_with(w, s, &s->key, 1, e, len);
}

uint8_t *world_seal_cosigned(struct world *w, struct signer *s, struct signer *const *cosigners,
			     size_t n, Liandan__Event *e, size_t *len)
{
	struct ld_key *keys[1 + LD_MAX_COSIGNERS] = {s->key};

	REQUIRE(n <= LD_MAX_COSIGNERS);
	for (size_t i = 0; i < n; i++)
		keys[i + 1] = cosigners[i]->key;
	return seal_with(w, s, keys, n + 1, e, len);
}

Liandan__Verdict world_submit(struct world *w, const struct signer *s, const uint8_t *bytes,
			      size_t len)
{
	REQUIRE(ld_region_submit(w->region, s->party, s->device, bytes, len, NULL, 0, &w->out) ==
		LD_OK);
	return w->out.verdict;
}

Liandan__Verdict world_send(struct world *w, struct signer *s, Liandan__Event *e)
{
	size_t len;
	uint8_t *bytes = world_seal(w, s, e, &len);
	Liandan__Verdict v = world_submit(w, s, bytes, len);

	free(bytes);
	return v;
}

static void by_authority(struct world *w, Liandan__Event *e)
{
	Liandan__Verdict v = world_send(w, &w->authority, e);

	if (v != LIANDAN__VERDICT__ACCEPTED)
		fprintf(stderr, "registry: verdict %d reason %d: %s\n", (int)v, (int)w->out.reason,
			w->out.detail);
	REQUIRE(v == LIANDAN__VERDICT__ACCEPTED);
}

#define EVENT(e, CASE, field, value)                                                               \
	Liandan__Event e = LIANDAN__EVENT__INIT;                                                   \
	e.body_case = LIANDAN__EVENT__BODY_##CASE;                                                 \
	e.field = (value)

void world_party(struct world *w, const char *party, uint32_t roles, Liandan__Tier tier)
{
	world_party_at(w, party, roles, tier, 310000);
}

void world_party_at(struct world *w, const char *party, uint32_t roles, Liandan__Tier tier,
		    uint32_t division)
{
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;
	EVENT(e, PARTY_REGISTERED, party_registered, &p);

	p.party = (char *)(uintptr_t)party;
	p.name = (char *)(uintptr_t)party;
	p.roles = roles;
	p.tier = tier;
	p.division = division;
	p.from_ms = 1;
	by_authority(w, &e);
}

void world_key(struct world *w, struct signer *s, Liandan__KeySubject subject,
	       const char *subject_id, uint32_t roles)
{
	Liandan__KeyEnrolled k = LIANDAN__KEY_ENROLLED__INIT;
	EVENT(e, KEY_ENROLLED, key_enrolled, &k);
	struct ld_key *keys[2] = {w->authority.key, s->key};
	size_t len;
	uint8_t *bytes;

	k.spki.data = (uint8_t *)(uintptr_t)ld_key_spki(s->key, &k.spki.len);
	k.algorithm = ld_key_algorithm(s->key);
	k.party = s->party;
	k.device = s->device;
	k.subject = subject;
	k.subject_id = (char *)(uintptr_t)subject_id;
	k.roles = roles;
	k.protection = LIANDAN__PROTECTION__PROTECTION_SOFTWARE;
	k.from_ms = 1;
	bytes = seal_with(w, &w->authority, keys, 2, &e, &len);
	world_submit(w, &w->authority, bytes, len);
	free(bytes);
	if (w->out.verdict != LIANDAN__VERDICT__ACCEPTED)
		fprintf(stderr, "key: verdict %d reason %d: %s\n", (int)w->out.verdict,
			(int)w->out.reason, w->out.detail);
	REQUIRE(w->out.verdict == LIANDAN__VERDICT__ACCEPTED);
	memcpy(s->prev, w->last_hash, LD_HASH_BYTES);
}

void world_site(struct world *w, const char *site, const char *party, Liandan__SiteKind kind,
		double lat, double lon, double radius_m)
{
	Liandan__SiteRegistered s = LIANDAN__SITE_REGISTERED__INIT;
	Liandan__RingPoint point[4], *ring[4];
	EVENT(e, SITE_REGISTERED, site_registered, &s);
	double dlat = radius_m / 111320.0, dlon = dlat / cos(lat * M_PI / 180.0);

	for (int i = 0; i < 4; i++) {
		liandan__ring_point__init(&point[i]);
		point[i].lat_e7 = (int32_t)((lat + (i < 2 ? -dlat : dlat)) * 1e7);
		point[i].lon_e7 = (int32_t)((lon + (i == 0 || i == 3 ? -dlon : dlon)) * 1e7);
		ring[i] = &point[i];
	}
	s.site = (char *)(uintptr_t)site;
	s.party = (char *)(uintptr_t)party;
	s.kind = kind;
	s.ring = ring;
	s.n_ring = 4;
	s.from_ms = 1;
	s.name = s.site;
	by_authority(w, &e);
}

void world_vehicle(struct world *w, const char *plate, const char *party, struct signer *terminal,
		   const char *terminal_id)
{
	Liandan__VehicleRegistered v = LIANDAN__VEHICLE_REGISTERED__INIT;
	Liandan__TerminalMounted m = LIANDAN__TERMINAL_MOUNTED__INIT;
	EVENT(e, VEHICLE_REGISTERED, vehicle_registered, &v);

	v.plate = (char *)(uintptr_t)plate;
	v.plate_colour = LIANDAN__PLATE_COLOUR__PLATE_COLOUR_YELLOW;
	v.party = (char *)(uintptr_t)party;
	v.permit = (char *)"permit";
	v.kind = LIANDAN__VEHICLE_KIND__VEHICLE_KIND_TRUCK;
	v.max_net_g = 20000000;
	v.tare_g = 12000000;
	by_authority(w, &e);
	world_key(w, terminal, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_TERMINAL, terminal_id,
		  LIANDAN__ROLE__ROLE_TERMINAL);
	liandan__event__init(&e);
	e.body_case = LIANDAN__EVENT__BODY_TERMINAL_MOUNTED;
	e.terminal_mounted = &m;
	m.terminal = (char *)(uintptr_t)terminal_id;
	m.key_id.data = (uint8_t *)(uintptr_t)ld_key_id(terminal->key);
	m.key_id.len = LD_KEY_ID_BYTES;
	m.plate = (char *)(uintptr_t)plate;
	m.at_ms = 1;
	m.installer = (char *)"workshop";
	by_authority(w, &e);
}

void world_licence(struct world *w, const char *licence, const char *party,
		   Liandan__LicenceKind kind, const char *code)
{
	Liandan__LicenceGranted l = LIANDAN__LICENCE_GRANTED__INIT;
	char *codes[1] = {(char *)(uintptr_t)code};
	EVENT(e, LICENCE_GRANTED, licence_granted, &l);

	l.licence = (char *)(uintptr_t)licence;
	l.party = (char *)(uintptr_t)party;
	l.site = (char *)"";
	l.kind = kind;
	l.codes = codes;
	l.n_codes = 1;
	l.from_ms = 1;
	l.to_ms = ld_region_now(w->region) + 365 * LD_DAY_MS;
	by_authority(w, &e);
}

void world_scale(struct world *w, const char *instrument, const char *party, const char *site)
{
	Liandan__InstrumentRegistered r = LIANDAN__INSTRUMENT_REGISTERED__INIT;
	Liandan__InstrumentVerified v = LIANDAN__INSTRUMENT_VERIFIED__INIT;
	Liandan__WeighingRange range = LIANDAN__WEIGHING_RANGE__INIT, *ranges[1] = {&range};
	EVENT(e, INSTRUMENT_REGISTERED, instrument_registered, &r);

	r.instrument = (char *)(uintptr_t)instrument;
	r.party = (char *)(uintptr_t)party;
	r.site = (char *)(uintptr_t)site;
	r.kind = LIANDAN__INSTRUMENT_KIND__INSTRUMENT_KIND_TRUCK_SCALE;
	r.class_ = LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_III;
	r.max_g = 60000000;
	range.to_g = 60000000;
	range.e_g = 20000;
	r.ranges = ranges;
	r.n_ranges = 1;
	by_authority(w, &e);
	liandan__event__init(&e);
	e.body_case = LIANDAN__EVENT__BODY_INSTRUMENT_VERIFIED;
	e.instrument_verified = &v;
	v.instrument = (char *)(uintptr_t)instrument;
	v.certificate = (char *)"certificate";
	v.body = (char *)"metrology";
	v.at_ms = 1;
	v.to_ms = ld_region_now(w->region) + 365 * LD_DAY_MS;
	by_authority(w, &e);
}

Liandan__Verdict world_fix(struct world *w, struct signer *terminal, const char *plate,
			   const char *terminal_id, int64_t t_ms, double lat, double lon,
			   int64_t odometer_m, Liandan__LoadState load)
{
	Liandan__Track t = LIANDAN__TRACK__INIT;
	Liandan__TrackBase base = LIANDAN__TRACK_BASE__INIT;
	Liandan__StatusChange change = LIANDAN__STATUS_CHANGE__INIT, *changes[1] = {&change};
	EVENT(e, TRACK, track, &t);

	t.plate = (char *)(uintptr_t)plate;
	t.terminal = (char *)(uintptr_t)terminal_id;
	base.t_gnss_ms = base.t_device_ms = t_ms;
	base.lat_e7 = (int32_t)(lat * 1e7);
	base.lon_e7 = (int32_t)(lon * 1e7);
	t.base_fix = &base;
	t.attested_by = LIANDAN__ATTESTATION__ATTESTATION_TERMINAL;
	if (odometer_m >= 0) {
		t.known = LIANDAN__TRACK_KNOWN__TRACK_KNOWN_ODOMETER;
		t.odometer_first_m = t.odometer_last_m = odometer_m;
	}
	if (load != LIANDAN__LOAD_STATE__LOAD_STATE_UNSPECIFIED) {
		change.load = load;
		t.status_changes = changes;
		t.n_status_changes = 1;
	}
	e.occurred_at_ms = t_ms;
	return world_send(w, terminal, &e);
}

Liandan__Verdict world_send_cosigned(struct world *w, struct signer *s,
				     struct signer *const *cosigners, size_t n, Liandan__Event *e)
{
	size_t len;
	uint8_t *bytes = world_seal_cosigned(w, s, cosigners, n, e, &len);
	Liandan__Verdict v = world_submit(w, s, bytes, len);

	free(bytes);
	return v;
}
