/* Stock at rest: stored, repacked, counted, lost, released. Rights: a delegate, holds, a number,
 * offers that come to nothing. An amendment that two agree on. And two days of a pipeline. */
#include "plugin/custody/tables.h"
#include "plugin/custody/year.h"
#include "tests/fuzz/telling.h"

static void store(struct fz_story *s, struct goods *g)
{
	Liandan__ContainerStored c = LIANDAN__CONTAINER_STORED__INIT;
	char *from[1] = {S("b1")};

	c.batch = S("b4");
	c.items = g->items;
	c.n_items = 1;
	c.site = S("works");
	c.storage_kind = LIANDAN__STORAGE_KIND__STORAGE_KIND_POINT;
	c.from_batches = from;
	c.n_from_batches = 1;
	SAY(s, FZ_GENERATOR, CONTAINER_STORED, container_stored, &c);
}

static void repack(struct fz_story *s, struct goods *g)
{
	Liandan__StockRepacked r = LIANDAN__STOCK_REPACKED__INIT;
	Liandan__RepackInput in[2] = {LIANDAN__REPACK_INPUT__INIT, LIANDAN__REPACK_INPUT__INIT};
	Liandan__RepackInput *inputs[2] = {&in[0], &in[1]};
	Liandan__RepackOutput out = LIANDAN__REPACK_OUTPUT__INIT, *outputs[1] = {&out};

	r.batch = S("b5");
	r.site = S("works");
	in[0].container = S("c1");
	in[0].mass_g = MASS_G;
	in[1].code = S("900-041-49");
	in[1].mass_g = 2000;
	r.inputs = inputs;
	r.n_inputs = 2;
	out.container = S("c3");
	out.line = &g->line;
	r.outputs = outputs;
	r.n_outputs = 1;
	r.loss_g = 2000;
	r.loss_cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_REPACKING;
	SAY(s, FZ_GENERATOR, STOCK_REPACKED, stock_repacked, &r);
}

static void count(struct fz_story *s)
{
	Liandan__StockCounted c = LIANDAN__STOCK_COUNTED__INIT;
	Liandan__LossRecorded l = LIANDAN__LOSS_RECORDED__INIT;

	c.site = S("works");
	c.code = S("900-041-49");
	c.counted_g = MASS_G + 5000;
	c.method = LIANDAN__COUNT_METHOD__COUNT_METHOD_WEIGHED;
	SAY(s, FZ_GENERATOR, STOCK_COUNTED, stock_counted, &c);
	l.subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
	l.subject = S("c3");
	l.mass_g = 1000;
	l.cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_DRYING;
	SAY(s, FZ_GENERATOR, LOSS_RECORDED, loss_recorded, &l);
}

static void release(struct fz_story *s, struct goods *g)
{
	Liandan__ContainerReleased r = LIANDAN__CONTAINER_RELEASED__INIT;

	g->item.container = S("c3");
	g->item.mass_g = MASS_G - 1000;
	r.batch = S("b6");
	r.items = g->items;
	r.n_items = 1;
	r.site = S("works");
	r.destination = LIANDAN__DESTINATION__DESTINATION_OWN_USE;
	SAY(s, FZ_GENERATOR, CONTAINER_RELEASED, container_released, &r);
}

void fz_tell_stock(struct fz_story *s)
{
	struct goods g;

	fz_goods(&g);
	fz_generated(s, &g, "b1", "c1", MASS_G);
	fz_generated(s, &g, "b2", "", 10000);
	store(s, &g);
	repack(s, &g);
	count(s);
	release(s, &g);
}

/* ---- rights ---- */

static void delegate(struct fz_story *s)
{
	static uint8_t paper[LD_HASH_BYTES] = {7};
	Liandan__DelegationGranted d = LIANDAN__DELEGATION_GRANTED__INIT;
	char *codes[1] = {S("*")};

	d.delegation = S("x");
	d.giver = S("gen");
	d.delegate = S("car2");
	d.actions = 15;
	d.codes = codes;
	d.n_codes = 1;
	d.from_ms = 1;
	d.paper = fz_hash(paper);
	SAY(s, FZ_AUTHORITY, DELEGATION_GRANTED, delegation_granted, &d);
}

static void hold(struct fz_story *s)
{
	Liandan__HoldPlaced p = LIANDAN__HOLD_PLACED__INIT;
	Liandan__HoldReleased r = LIANDAN__HOLD_RELEASED__INIT;

	p.hold = r.hold = S("x");
	p.subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE;
	p.subject = S("works");
	p.legal_basis = S("x");
	p.expires_ms = s->play.now_ms + LD_HOUR_MS;
	SAY(s, FZ_REGULATOR, HOLD_PLACED, hold_placed, &p);
	SAY(s, FZ_REGULATOR, HOLD_RELEASED, hold_released, &r);
}

static void confirm(struct fz_story *s, struct goods *g)
{
	Liandan__GeneratorConfirmed c = LIANDAN__GENERATOR_CONFIRMED__INIT;
	Liandan__NumberAssigned n = LIANDAN__NUMBER_ASSIGNED__INIT;

	c.manifest = n.manifest = fz_manifest(1);
	c.content = fz_hash(g->content);
	c.agrees = true;
	SAY(s, FZ_GENERATOR, GENERATOR_CONFIRMED, generator_confirmed, &c);
	n.number = S("20263100000001");
	SAY(s, FZ_AUTHORITY, NUMBER_ASSIGNED, number_assigned, &n);
}

static void nothing_comes_of_it(struct fz_story *s, struct goods *g)
{
	Liandan__OfferWithdrawn w = LIANDAN__OFFER_WITHDRAWN__INIT;
	Liandan__HandoverDeclined d = LIANDAN__HANDOVER_DECLINED__INIT;
	Liandan__ManifestCancelled c = LIANDAN__MANIFEST_CANCELLED__INIT;

	w.manifest = d.manifest = c.manifest = fz_manifest(1);
	fz_offered(s, g, fz_manifest(1), FZ_GENERATOR, 1, "car");
	w.offer = fz_hash(g->offer);
	SAY(s, FZ_GENERATOR, OFFER_WITHDRAWN, offer_withdrawn, &w);
	fz_offered(s, g, fz_manifest(1), FZ_GENERATOR, 1, "car");
	d.offer = fz_hash(g->offer);
	d.reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_PACKAGING;
	SAY(s, FZ_DRIVER, HANDOVER_DECLINED, handover_declined, &d);
	SAY(s, FZ_GENERATOR, MANIFEST_CANCELLED, manifest_cancelled, &c);
}

void fz_tell_rights(struct fz_story *s)
{
	struct goods g;

	fz_goods(&g);
	delegate(s);
	g.clerk = FZ_DRIVER2;
	s->delegation = "x";
	fz_generated(s, &g, "b1", "c1", MASS_G);
	fz_created(s, &g);
	fz_sealed(s, &g);
	s->delegation = "";
	confirm(s, &g);
	hold(s);
	nothing_comes_of_it(s, &g);
}

/* ---- amendments ---- */

static void propose(struct fz_story *s, enum fz_key by, uint32_t version, const char *phone,
		    uint8_t hash[LD_HASH_BYTES])
{
	Liandan__AmendmentProposed p = LIANDAN__AMENDMENT_PROPOSED__INIT;
	Liandan__AmendmentChange change = LIANDAN__AMENDMENT_CHANGE__INIT, *changes[1] = {&change};

	p.manifest = fz_manifest(1);
	p.base_version = version;
	change.field = LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_PHONE;
	change.old_text = S(version == 1 ? "" : "y");
	change.new_text = S(phone);
	p.changes = changes;
	p.n_changes = 1;
	p.reason = LIANDAN__AMENDMENT_REASON__AMENDMENT_REASON_TYPING;
	memcpy(hash, SAY(s, by, AMENDMENT_PROPOSED, amendment_proposed, &p), LD_HASH_BYTES);
}

static void agree(struct fz_story *s, enum fz_key by, const uint8_t hash[LD_HASH_BYTES])
{
	Liandan__AmendmentAgreed a = LIANDAN__AMENDMENT_AGREED__INIT;

	a.manifest = fz_manifest(1);
	a.proposal = fz_hash(hash);
	a.agrees = true;
	SAY(s, by, AMENDMENT_AGREED, amendment_agreed, &a);
}

/* It is hashed anew over what stands. */
static void read_content(struct fz_story *s, struct goods *g)
{
	Custody__Manifest *m;

	FZ_REQUIRE(ld_manifest_get(&s->play.live.c, fz_manifest(1), &m) == LD_OK &&
		   m->content.len == LD_HASH_BYTES);
	memcpy(g->content, m->content.data, LD_HASH_BYTES);
}

void fz_tell_amendment(struct fz_story *s)
{
	struct goods g;
	uint8_t hash[LD_HASH_BYTES];

	fz_goods(&g);
	fz_generated(s, &g, "b1", "c1", MASS_G);
	fz_created(s, &g);
	fz_sealed(s, &g);
	propose(s, FZ_GENERATOR, 1, "y", hash); /* nobody else has signed: it takes effect */
	read_content(s, &g);
	fz_offered(s, &g, fz_manifest(1), FZ_GENERATOR, 1, "car");
	fz_taken(s, &g, fz_manifest(1), FZ_DRIVER, 1, "A1");
	propose(s, FZ_DRIVER, 2, "z", hash);
	agree(s, FZ_GENERATOR, hash);
	read_content(s, &g);
	fz_arrived(s, fz_manifest(1), FZ_DRIVER, "A1", "plant");
	fz_received(s, &g, fz_manifest(1), FZ_RECEIVER, "plant");
}

/* ---- a pipeline's days ---- */

static void flow(struct fz_story *s, uint32_t day, int64_t from, int64_t mass_g)
{
	Liandan__PipelineDay d = LIANDAN__PIPELINE_DAY__INIT;

	d.manifest = fz_manifest(1);
	d.day = day;
	d.line = 1;
	d.meter_out = S("m1");
	d.meter_in = S("m2");
	d.unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	d.out_start = d.in_start = from;
	d.out_end = d.in_end = from + mass_g;
	d.mass_out_g = d.mass_in_g = mass_g;
	SAY_CO(s, FZ_GENERATOR, FZ_RECEIVER, PIPELINE_DAY, pipeline_day, &d);
}

/* The day of FZ_NOW and the one before it, which is told afterwards. */
void fz_tell_pipeline(struct fz_story *s)
{
	const uint32_t today = ld_china_date(s->play.now_ms);
	const uint32_t before = ld_china_date(s->play.now_ms - LD_DAY_MS);
	struct goods g;

	fz_goods(&g);
	g.piped = true;
	g.line.count = 0;
	g.line.package = LIANDAN__PACKAGE__PACKAGE_BULK;
	g.bulk.mass_g = MASS_G;
	g.items[0] = &g.bulk;
	fz_generated(s, &g, "b1", "", MASS_G);
	fz_created(s, &g);
	fz_sealed(s, &g);
	flow(s, today, 1000000, 1000000);
	flow(s, before, 0, 1000000);
}
