#include "tests/fuzz/story.h"

#include "plugin/custody/manifest.h"
#include "proto/verdict.h"
#include "tests/fuzz/telling.h"

ProtobufCBinaryData fz_manifest(uint8_t n)
{
	static uint8_t id[256][LD_UUID_BYTES];

	memset(id[n], n, sizeof id[n]);
	return (ProtobufCBinaryData){LD_UUID_BYTES, id[n]};
}

ProtobufCBinaryData fz_hash(const uint8_t hash[LD_HASH_BYTES])
{
	return (ProtobufCBinaryData){LD_HASH_BYTES, (uint8_t *)(uintptr_t)hash};
}

static void head(struct fz_story *s, enum fz_key by, enum fz_key cosigner, Liandan__Event *e)
{
	static uint8_t ledger[LD_HASH_BYTES], zeros[LD_HASH_BYTES];
	static uint8_t key_id[LD_KEY_ID_BYTES], co[LD_KEY_ID_BYTES];
	static ProtobufCBinaryData cosigners[1];

	memset(ledger, 0x5a, sizeof ledger);
	memset(key_id, (int)by, sizeof key_id);
	memset(co, (int)cosigner, sizeof co);
	e->ledger_id = (ProtobufCBinaryData){sizeof ledger, ledger};
	e->prev = (ProtobufCBinaryData){sizeof zeros, zeros};
	e->region = S(FZ_REGION);
	e->submitter = (ProtobufCBinaryData){sizeof key_id, key_id};
	e->seq = s->n + 1;
	e->clock = LIANDAN__CLOCK__CLOCK_NTP;
	e->occurred_at_ms = s->play.now_ms;
	if (cosigner == 0)
		return;
	cosigners[0] = (ProtobufCBinaryData){sizeof co, co};
	e->cosigners = cosigners;
	e->n_cosigners = 1;
}

const uint8_t *fz_say(struct fz_story *s, enum fz_key by, enum fz_key cosigner, Liandan__Event *e)
{
	static uint8_t zeros[LD_HASH_BYTES];
	struct fz_play *p = &s->play;
	const size_t at = p->n;
	Liandan__Entry *entry;
	uint8_t *bytes;
	size_t len;

	head(s, by, cosigner, e);
	len = liandan__event__get_packed_size(e);
	bytes = malloc(len);
	FZ_REQUIRE(bytes != NULL && s->n < FZ_STORY_EVENTS &&
		   liandan__event__pack(e, bytes) == len);
	s->event[s->n++] = (struct fz_entry){bytes, len};
	if (!fz_play_event(p, bytes, len)) {
		fprintf(stderr, "%s: event %zu does not pass the gate\n", s->name, s->n);
		s->refused++;
		return zeros;
	}
	entry = liandan__entry__unpack(NULL, p->entry[at].len, p->entry[at].bytes);
	FZ_REQUIRE(entry != NULL);
	if (entry->verdict != LIANDAN__VERDICT__ACCEPTED) {
		fprintf(stderr, "%s: event %zu: %s %s\n", s->name, s->n,
			ld_verdict_name(entry->verdict), ld_reason_name(entry->reason));
		s->refused++;
	}
	liandan__entry__free_unpacked(entry, NULL);
	p->now_ms += 1000; /* as in fuzz_judge.c */
	return p->hash[(p->n_hash - 1) % FZ_HASHES];
}

/* ---- what every story needs ---- */

void fz_goods(struct goods *g)
{
	memset(g, 0, sizeof *g);
	liandan__quantity__init(&g->quantity);
	g->quantity.value_milli = MASS_G / 1000;
	g->quantity.unit = LIANDAN__UNIT__UNIT_TONNE;
	g->quantity.mass_g = MASS_G;
	g->quantity.basis = LIANDAN__BASIS__BASIS_WEIGHED;
	liandan__line__init(&g->line);
	g->line.line = 1;
	g->line.code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	g->line.code = S("900-041-49");
	g->line.hazards = LIANDAN__HAZARD__HAZARD_T;
	g->line.form = LIANDAN__FORM__FORM_SOLID;
	g->line.package = LIANDAN__PACKAGE__PACKAGE_DRUM;
	g->line.count = 1;
	g->line.quantity = &g->quantity;
	g->line.mode = S("D10");
	g->lines[0] = &g->line;
	liandan__item__init(&g->item);
	liandan__item__init(&g->bulk);
	g->item.container = S("c1");
	g->item.line = g->bulk.line = 1;
	g->item.count = 1;
	g->item.mass_g = MASS_G;
	g->items[0] = &g->item;
	g->items[1] = &g->bulk;
	g->n_items = 1;
	memset(g->gross, 0x11, sizeof g->gross);
	memset(g->tare, 0x12, sizeof g->tare);
	g->tickets[0] = (ProtobufCBinaryData){sizeof g->gross, g->gross};
	g->tickets[1] = (ProtobufCBinaryData){sizeof g->tare, g->tare};
	g->manifests[0] = fz_manifest(1);
	g->clerk = FZ_GENERATOR;
}

void fz_generated(struct fz_story *s, struct goods *g, const char *batch, const char *container,
		  int64_t mass_g)
{
	Liandan__WasteGenerated w = LIANDAN__WASTE_GENERATED__INIT;
	const int64_t whole = g->quantity.mass_g;

	w.batch = S(batch);
	w.container = S(container);
	w.site = S("works");
	w.line = &g->line;
	g->quantity.mass_g = mass_g;
	w.started_ms = w.ended_ms = s->play.now_ms - 1000;
	w.destination = LIANDAN__DESTINATION__DESTINATION_OUTSOURCED;
	SAY(s, g->clerk, WASTE_GENERATED, waste_generated, &w);
	g->quantity.mass_g = whole;
}

static Liandan__ManifestCreated draft_of(struct goods *g)
{
	static Liandan__Receiver receiver = LIANDAN__RECEIVER__INIT;
	static Liandan__Carrier carrier[2] = {LIANDAN__CARRIER__INIT, LIANDAN__CARRIER__INIT};
	static Liandan__Carrier *carriers[2] = {&carrier[0], &carrier[1]};
	Liandan__ManifestCreated m = LIANDAN__MANIFEST_CREATED__INIT;

	receiver.party = S("rec");
	receiver.site = S("plant");
	receiver.licence = S("l-rec");
	carrier[0].order = 1;
	carrier[0].party = S("car");
	carrier[0].licence = S("l-car");
	carrier[1].order = 2;
	carrier[1].party = S("car2");
	carrier[1].licence = S("l-car2");
	m.manifest = fz_manifest(1);
	m.kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	m.generator = S("gen");
	m.site = S("works");
	m.receiver = &receiver;
	m.carriers = carriers;
	m.n_carriers = g->piped ? 0 : 2;
	m.lines = g->lines;
	m.n_lines = 1;
	return m;
}

void fz_created(struct fz_story *s, struct goods *g)
{
	Liandan__ManifestCreated m = draft_of(g);

	SAY(s, g->clerk, MANIFEST_CREATED, manifest_created, &m);
}

void fz_sealed(struct fz_story *s, struct goods *g)
{
	const Liandan__ManifestCreated m = draft_of(g);
	Liandan__ManifestSealed sealed = LIANDAN__MANIFEST_SEALED__INIT;

	FZ_REQUIRE(ld_manifest_content(&s->play.live.arena, &m, g->items, g->n_items, g->content) ==
		   LD_OK);
	sealed.manifest = fz_manifest(1);
	sealed.content = fz_hash(g->content);
	sealed.version = 1;
	sealed.items = g->items;
	sealed.n_items = g->n_items;
	SAY(s, g->clerk, MANIFEST_SEALED, manifest_sealed, &sealed);
}

void fz_track(struct fz_story *s, int32_t lat_e7, int32_t lon_e7)
{
	static int32_t dt[3] = {30000, 30000, 30000}, d[3] = {100, 100, 100};
	Liandan__TrackBase base = LIANDAN__TRACK_BASE__INIT;
	Liandan__Track t = LIANDAN__TRACK__INIT;

	base.t_gnss_ms = base.t_device_ms = s->play.now_ms - 90000;
	base.lat_e7 = lat_e7;
	base.lon_e7 = lon_e7;
	t.plate = S("A1");
	t.terminal = S("t1");
	t.base_fix = &base;
	t.dt_ms = dt;
	t.dlat_e7 = t.dlon_e7 = d;
	t.n_dt_ms = t.n_dlat_e7 = t.n_dlon_e7 = 3;
	t.attested_by = LIANDAN__ATTESTATION__ATTESTATION_TERMINAL;
	SAY(s, FZ_TERMINAL, TRACK, track, &t);
}

static char *seals[1] = {(char *)(uintptr_t) "s1"};

void fz_offered(struct fz_story *s, struct goods *g, ProtobufCBinaryData manifest, enum fz_key by,
		uint32_t leg, const char *to)
{
	Liandan__HandoverOffered o = LIANDAN__HANDOVER_OFFERED__INIT;

	o.manifest = manifest;
	o.content = fz_hash(g->content);
	o.leg = leg;
	o.to_party = S(to);
	o.seals = seals;
	o.n_seals = 1;
	memcpy(g->offer, SAY(s, by, HANDOVER_OFFERED, handover_offered, &o), LD_HASH_BYTES);
}

void fz_taken(struct fz_story *s, struct goods *g, ProtobufCBinaryData manifest, enum fz_key by,
	      uint32_t leg, const char *plate)
{
	Liandan__HandoverTaken t = LIANDAN__HANDOVER_TAKEN__INIT;

	t.manifest = manifest;
	t.content = fz_hash(g->content);
	t.offer = fz_hash(g->offer);
	t.leg = leg;
	t.seals = seals;
	t.n_seals = 1;
	t.plate = S(plate);
	t.driver = S(by == FZ_DRIVER ? "p-zhang" : "p-li");
	t.eta_ms = s->play.now_ms + LD_HOUR_MS;
	SAY(s, by, HANDOVER_TAKEN, handover_taken, &t);
}

void fz_weighed(struct fz_story *s, struct goods *g, size_t ticket, int64_t mass_g)
{
	Liandan__Weighed w = LIANDAN__WEIGHED__INIT;

	w.ticket = g->tickets[ticket];
	w.instrument = S("w1");
	w.purpose = LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE;
	w.kind = ticket == 0 ? LIANDAN__WEIGH_KIND__WEIGH_KIND_GROSS
			     : LIANDAN__WEIGH_KIND__WEIGH_KIND_TARE;
	w.plate = S("A1");
	w.manifests = g->manifests;
	w.n_manifests = 1;
	w.mass_g = mass_g;
	w.e_g = 20000;
	w.stable = true;
	SAY(s, FZ_SCALE, WEIGHED, weighed, &w);
}

void fz_arrived(struct fz_story *s, ProtobufCBinaryData manifest, enum fz_key by, const char *plate,
		const char *site)
{
	Liandan__Arrived a = LIANDAN__ARRIVED__INIT;

	a.manifests = &manifest;
	a.n_manifests = 1;
	a.plate = S(plate);
	a.site = S(site);
	SAY(s, by, ARRIVED, arrived, &a);
}

void fz_received(struct fz_story *s, struct goods *g, ProtobufCBinaryData manifest, enum fz_key by,
		 const char *site)
{
	Liandan__Received r = LIANDAN__RECEIVED__INIT;
	Liandan__Seal seal = LIANDAN__SEAL__INIT, *found[1] = {&seal};

	seal.id = seals[0];
	seal.state = LIANDAN__CONDITION__CONDITION_INTACT;
	r.manifest = manifest;
	r.content = fz_hash(g->content);
	r.site = S(site);
	r.seals = found;
	r.n_seals = 1;
	SAY(s, by, RECEIVED, received, &r);
}

void fz_accepted(struct fz_story *s, struct goods *g, ProtobufCBinaryData manifest, enum fz_key by,
		 int64_t mass_g)
{
	Liandan__Accepted ok = LIANDAN__ACCEPTED__INIT;
	Liandan__AcceptedLine line = LIANDAN__ACCEPTED_LINE__INIT, *lines[] = {&line};

	ok.manifest = manifest;
	ok.content = fz_hash(g->content);
	line.line = 1;
	line.mass_g = mass_g;
	line.count = 1;
	line.mode = S("D10");
	ok.lines = lines;
	ok.n_lines = 1;
	ok.tickets = g->tickets;
	ok.n_tickets = 2;
	SAY(s, by, ACCEPTED, accepted, &ok);
}

/* ---- from generation to treatment ---- */

static void treat(struct fz_story *s, struct goods *g)
{
	Liandan__ContainerStored c = LIANDAN__CONTAINER_STORED__INIT;
	Liandan__WasteTreated w = LIANDAN__WASTE_TREATED__INIT;
	Liandan__TreatmentInput in = LIANDAN__TREATMENT_INPUT__INIT, *inputs[] = {&in};
	Liandan__TreatmentOutput out = LIANDAN__TREATMENT_OUTPUT__INIT, *outputs[] = {&out};

	c.batch = S("b2");
	c.items = g->items;
	c.n_items = 1;
	c.site = w.site = S("plant");
	c.storage_kind = LIANDAN__STORAGE_KIND__STORAGE_KIND_FACILITY;
	c.manifest = fz_manifest(1);
	SAY(s, FZ_RECEIVER, CONTAINER_STORED, container_stored, &c);
	w.batch = S("b3");
	in.container = S("c1");
	in.mass_g = MASS_G;
	w.inputs = inputs;
	w.n_inputs = 1;
	w.mode = S("D10");
	out.kind = LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE;
	out.code = S("772-003-18");
	out.mass_g = MASS_G / 5;
	w.outputs = outputs;
	w.n_outputs = 1;
	w.loss_g = MASS_G - MASS_G / 5;
	w.started_ms = s->play.now_ms - 1000;
	w.ended_ms = s->play.now_ms;
	SAY(s, FZ_RECEIVER, WASTE_TREATED, waste_treated, &w);
}

static void consignment(struct fz_story *s)
{
	struct goods g;

	fz_goods(&g);
	fz_generated(s, &g, "b1", "c1", MASS_G);
	fz_created(s, &g);
	fz_sealed(s, &g);
	fz_track(s, 312000000, 1214000000);
	fz_offered(s, &g, fz_manifest(1), FZ_GENERATOR, 1, "car");
	fz_taken(s, &g, fz_manifest(1), FZ_DRIVER, 1, "A1");
	fz_track(s, 312500000, 1214500000);
	fz_track(s, 313000000, 1215000000);
	fz_arrived(s, fz_manifest(1), FZ_DRIVER, "A1", "plant");
	fz_weighed(s, &g, 0, 12000000 + MASS_G);
	fz_received(s, &g, fz_manifest(1), FZ_RECEIVER, "plant");
	fz_weighed(s, &g, 1, 12000000);
	fz_accepted(s, &g, fz_manifest(1), FZ_RECEIVER, MASS_G);
	treat(s, &g);
}

void fz_story_play(struct fz_story *s, size_t which)
{
	static const struct {
		const char *name;
		void (*tell)(struct fz_story *s);
	} stories[FZ_STORIES] = {
	    {"consignment", consignment},   {"road", fz_tell_road},
	    {"parts", fz_tell_parts},	    {"stock", fz_tell_stock},
	    {"rights", fz_tell_rights},	    {"amendment", fz_tell_amendment},
	    {"pipeline", fz_tell_pipeline},
	};

	if (s->play.live.c.state == NULL)
		fz_play_open(&s->play);
	for (size_t i = 0; i < s->n; i++)
		free(s->event[i].bytes);
	s->n = s->refused = 0;
	s->name = stories[which].name;
	s->delegation = "";
	fz_play_begin(&s->play);
	stories[which].tell(s);
	fz_play_check(&s->play);
}
