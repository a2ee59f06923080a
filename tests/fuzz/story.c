#include "tests/fuzz/story.h"

#include "plugin/custody/manifest.h"
#include "proto/verdict.h"

#define S(text) ((char *)(uintptr_t)(text))
#define MASS_G 5000000

static uint8_t manifest_id[LD_UUID_BYTES] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static const ProtobufCBinaryData MANIFEST = {sizeof manifest_id, manifest_id};

static const uint8_t *say(struct fz_story *s, enum fz_key by, Liandan__Event *e)
{
	static uint8_t ledger[LD_HASH_BYTES], zeros[LD_HASH_BYTES];
	uint8_t key_id[LD_KEY_ID_BYTES];
	struct fz_play *p = &s->play;
	Liandan__Entry *entry;
	uint8_t *bytes;
	size_t len;

	memset(ledger, 0x5a, sizeof ledger);
	memset(key_id, (int)by, sizeof key_id);
	e->ledger_id = (ProtobufCBinaryData){sizeof ledger, ledger};
	e->prev = (ProtobufCBinaryData){sizeof zeros, zeros};
	e->region = S(FZ_REGION);
	e->submitter = (ProtobufCBinaryData){sizeof key_id, key_id};
	e->seq = s->n + 1;
	e->clock = LIANDAN__CLOCK__CLOCK_NTP;
	e->occurred_at_ms = p->now_ms;
	len = liandan__event__get_packed_size(e);
	bytes = malloc(len);
	FZ_REQUIRE(bytes != NULL && s->n < FZ_STORY_EVENTS &&
		   liandan__event__pack(e, bytes) == len);
	s->event[s->n++] = (struct fz_entry){bytes, len};
	size_t at = p->n;
	if (!fz_play_event(p, bytes, len)) {
		fprintf(stderr, "story: event %zu does not pass the gate\n", s->n);
		return zeros;
	}
	entry = liandan__entry__unpack(NULL, p->entry[at].len, p->entry[at].bytes);
	if (entry->verdict != LIANDAN__VERDICT__ACCEPTED)
		fprintf(stderr, "story: event %zu: %s %s\n", s->n, ld_verdict_name(entry->verdict),
			ld_reason_name(entry->reason));
	liandan__entry__free_unpacked(entry, NULL);
	p->now_ms += 1000; /* as in fuzz_judge.c */
	return p->hash[(p->n_hash - 1) % FZ_HASHES];
}

#define SAY(s, by, NAME, member, body)                                                             \
	say(s, by,                                                                                 \
	    &(Liandan__Event){.base = PROTOBUF_C_MESSAGE_INIT(&liandan__event__descriptor),        \
			      .delegation = S(""),                                                 \
			      .note = S(""),                                                       \
			      .body_case = LIANDAN__EVENT__BODY_##NAME,                            \
			      {.member = (body)}})

struct goods {
	Liandan__Quantity quantity;
	Liandan__Line line;
	Liandan__Line *lines[1];
	Liandan__Item item;
	Liandan__Item *items[1];
	uint8_t content[LD_HASH_BYTES];
	uint8_t offer[LD_HASH_BYTES];
	uint8_t gross[LD_UUID_BYTES], tare[LD_UUID_BYTES];
	ProtobufCBinaryData tickets[2];
	ProtobufCBinaryData manifests[1];
};

static void goods_init(struct goods *g)
{
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
	g->item.container = S("c1");
	g->item.line = 1;
	g->item.count = 1;
	g->item.mass_g = MASS_G;
	g->items[0] = &g->item;
	memset(g->gross, 0x11, sizeof g->gross);
	memset(g->tare, 0x12, sizeof g->tare);
	g->tickets[0] = (ProtobufCBinaryData){sizeof g->gross, g->gross};
	g->tickets[1] = (ProtobufCBinaryData){sizeof g->tare, g->tare};
	g->manifests[0] = MANIFEST;
}

static void generate_and_seal(struct fz_story *s, struct goods *g)
{
	Liandan__WasteGenerated w = LIANDAN__WASTE_GENERATED__INIT;
	Liandan__ManifestCreated m = LIANDAN__MANIFEST_CREATED__INIT;
	Liandan__ManifestSealed sealed = LIANDAN__MANIFEST_SEALED__INIT;
	Liandan__Receiver receiver = LIANDAN__RECEIVER__INIT;
	Liandan__Carrier carrier = LIANDAN__CARRIER__INIT, *carriers[] = {&carrier};

	w.batch = S("b1");
	w.container = S("c1");
	w.site = S("works");
	w.line = &g->line;
	w.started_ms = w.ended_ms = s->play.now_ms - 1000;
	w.destination = LIANDAN__DESTINATION__DESTINATION_OUTSOURCED;
	SAY(s, FZ_GENERATOR, WASTE_GENERATED, waste_generated, &w);
	receiver.party = S("rec");
	receiver.site = S("plant");
	receiver.licence = S("l-rec");
	carrier.order = 1;
	carrier.party = S("car");
	carrier.licence = S("l-car");
	m.manifest = MANIFEST;
	m.kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	m.generator = S("gen");
	m.site = S("works");
	m.receiver = &receiver;
	m.carriers = carriers;
	m.n_carriers = 1;
	m.lines = g->lines;
	m.n_lines = 1;
	SAY(s, FZ_GENERATOR, MANIFEST_CREATED, manifest_created, &m);
	FZ_REQUIRE(ld_manifest_content(&s->play.live.arena, &m, g->items, 1, g->content) == LD_OK);
	sealed.manifest = MANIFEST;
	sealed.content = (ProtobufCBinaryData){LD_HASH_BYTES, g->content};
	sealed.version = 1;
	sealed.items = g->items;
	sealed.n_items = 1;
	SAY(s, FZ_GENERATOR, MANIFEST_SEALED, manifest_sealed, &sealed);
}

static void track(struct fz_story *s, int32_t lat_e7, int32_t lon_e7)
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

static void hand_over(struct fz_story *s, struct goods *g)
{
	Liandan__HandoverOffered o = LIANDAN__HANDOVER_OFFERED__INIT;
	Liandan__HandoverTaken t = LIANDAN__HANDOVER_TAKEN__INIT;
	char *seals[] = {S("s1")};

	o.manifest = t.manifest = MANIFEST;
	o.content = t.content = (ProtobufCBinaryData){LD_HASH_BYTES, g->content};
	o.leg = t.leg = 1;
	o.to_party = S("car");
	o.seals = t.seals = seals;
	o.n_seals = t.n_seals = 1;
	memcpy(g->offer, SAY(s, FZ_GENERATOR, HANDOVER_OFFERED, handover_offered, &o),
	       LD_HASH_BYTES);
	track(s, 312000000, 1214000000);
	t.offer = (ProtobufCBinaryData){LD_HASH_BYTES, g->offer};
	t.plate = S("A1");
	t.driver = S("p-zhang");
	t.eta_ms = s->play.now_ms + LD_HOUR_MS;
	SAY(s, FZ_DRIVER, HANDOVER_TAKEN, handover_taken, &t);
}

static void weigh(struct fz_story *s, struct goods *g, size_t ticket, int64_t mass_g)
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

static void arrive(struct fz_story *s, struct goods *g)
{
	Liandan__Arrived a = LIANDAN__ARRIVED__INIT;
	Liandan__Received r = LIANDAN__RECEIVED__INIT;
	Liandan__Accepted ok = LIANDAN__ACCEPTED__INIT;
	Liandan__AcceptedLine line = LIANDAN__ACCEPTED_LINE__INIT, *lines[] = {&line};

	a.manifests = g->manifests;
	a.n_manifests = 1;
	a.plate = r.plate = S("A1");
	a.site = r.site = S("plant");
	SAY(s, FZ_DRIVER, ARRIVED, arrived, &a);
	weigh(s, g, 0, 12000000 + MASS_G);
	r.manifest = ok.manifest = MANIFEST;
	r.content = ok.content = (ProtobufCBinaryData){LD_HASH_BYTES, g->content};
	r.driver = S("p-zhang");
	SAY(s, FZ_RECEIVER, RECEIVED, received, &r);
	weigh(s, g, 1, 12000000);
	line.line = 1;
	line.mass_g = MASS_G;
	line.count = 1;
	line.mode = S("D10");
	ok.lines = lines;
	ok.n_lines = 1;
	ok.tickets = g->tickets;
	ok.n_tickets = 2;
	SAY(s, FZ_RECEIVER, ACCEPTED, accepted, &ok);
}

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
	c.manifest = MANIFEST;
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

void fz_story_play(struct fz_story *s)
{
	struct goods g;

	memset(&g, 0, sizeof g);
	goods_init(&g);
	fz_play_open(&s->play);
	fz_play_begin(&s->play);
	generate_and_seal(s, &g);
	hand_over(s, &g);
	track(s, 312500000, 1214500000);
	track(s, 313000000, 1215000000);
	arrive(s, &g);
	treat(s, &g);
	fz_play_check(&s->play);
}
