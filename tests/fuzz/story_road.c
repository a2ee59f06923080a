/* Two carriers, a stop, a night in a storage, an accident; a sample, a discrepancy, paper. And a
 * load in parts: two trucks, a part refused, what was refused sent back. */
#include "tests/fuzz/telling.h"

static void stop(struct fz_story *s, struct goods *g)
{
	Liandan__StopBegun b = LIANDAN__STOP_BEGUN__INIT;
	Liandan__StopEnded e = LIANDAN__STOP_ENDED__INIT;
	uint8_t hash[LD_HASH_BYTES];

	b.manifests = e.manifests = g->manifests;
	b.n_manifests = e.n_manifests = 1;
	b.plate = S("A1");
	b.reason = LIANDAN__STOP_REASON__STOP_REASON_REST;
	memcpy(hash, SAY(s, FZ_DRIVER, STOP_BEGUN, stop_begun, &b), sizeof hash);
	e.stop = fz_hash(hash);
	SAY(s, FZ_DRIVER, STOP_ENDED, stop_ended, &e);
}

static void store(struct fz_story *s)
{
	Liandan__TemporaryStorageEntered in = LIANDAN__TEMPORARY_STORAGE_ENTERED__INIT;
	Liandan__TemporaryStorageLeft out = LIANDAN__TEMPORARY_STORAGE_LEFT__INIT;

	in.manifest = out.manifest = fz_manifest(1);
	in.site = S("shed");
	SAY_CO(s, FZ_STORE, FZ_DRIVER, TEMPORARY_STORAGE_ENTERED, temporary_storage_entered, &in);
	out.plate = S("A1");
	out.driver = S("p-zhang");
	SAY(s, FZ_DRIVER, TEMPORARY_STORAGE_LEFT, temporary_storage_left, &out);
}

static void accident(struct fz_story *s, struct goods *g)
{
	Liandan__AccidentReported a = LIANDAN__ACCIDENT_REPORTED__INIT;

	a.manifests = g->manifests;
	a.n_manifests = 1;
	a.plate = S("A2");
	a.kind = LIANDAN__ACCIDENT_KIND__ACCIDENT_KIND_LEAK;
	a.code = S("900-041-49");
	a.lost_g = 1000;
	SAY(s, FZ_DRIVER2, ACCIDENT_REPORTED, accident_reported, &a);
}

static void analyse(struct fz_story *s)
{
	Liandan__SampleAnalysed a = LIANDAN__SAMPLE_ANALYSED__INIT;
	char *containers[1] = {S("c1")};

	a.manifest = fz_manifest(1);
	a.containers = containers;
	a.n_containers = 1;
	a.sample = S("x");
	a.laboratory = S("lab");
	a.verdict = LIANDAN__SAMPLE_VERDICT__SAMPLE_VERDICT_AS_DECLARED;
	a.line = 1;
	SAY(s, FZ_LABORATORY, SAMPLE_ANALYSED, sample_analysed, &a);
}

static void discrepancy(struct fz_story *s)
{
	Liandan__DiscrepancyReported d = LIANDAN__DISCREPANCY_REPORTED__INIT;
	Liandan__DiscrepancyResolved r = LIANDAN__DISCREPANCY_RESOLVED__INIT;
	uint8_t hash[LD_HASH_BYTES];

	d.manifest = r.manifest = fz_manifest(1);
	d.line = 1;
	d.kind = LIANDAN__DISCREPANCY_KIND__DISCREPANCY_KIND_QUANTITY;
	d.declared_g = MASS_G;
	d.found_g = MASS_G - 1000;
	d.bureau = S("eeb");
	memcpy(hash, SAY(s, FZ_RECEIVER, DISCREPANCY_REPORTED, discrepancy_reported, &d),
	       sizeof hash);
	r.discrepancy = fz_hash(hash);
	r.cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	SAY(s, FZ_RECEIVER, DISCREPANCY_RESOLVED, discrepancy_resolved, &r);
	SAY(s, FZ_GENERATOR, DISCREPANCY_RESOLVED, discrepancy_resolved, &r);
}

static void paper(struct fz_story *s, struct goods *g)
{
	Liandan__PaperBackfilled p = LIANDAN__PAPER_BACKFILLED__INIT;
	Liandan__PaperStep step = LIANDAN__PAPER_STEP__INIT, *steps[1] = {&step};

	p.manifest = fz_manifest(1);
	p.paper_no = S("x");
	p.scan = fz_hash(g->content);
	p.outage = LIANDAN__OUTAGE_KIND__OUTAGE_KIND_NETWORK;
	step.kind = LIANDAN__PAPER_STEP_KIND__PAPER_STEP_KIND_TAKEN;
	step.at_ms = s->play.now_ms - 1000;
	step.signer = S("p-zhang");
	p.steps = steps;
	p.n_steps = 1;
	SAY(s, FZ_DRIVER, PAPER_BACKFILLED, paper_backfilled, &p);
}

void fz_tell_road(struct fz_story *s)
{
	struct goods g;

	fz_goods(&g);
	fz_generated(s, &g, "b1", "c1", MASS_G);
	fz_created(s, &g);
	fz_sealed(s, &g);
	fz_offered(s, &g, fz_manifest(1), FZ_GENERATOR, 1, "car");
	fz_taken(s, &g, fz_manifest(1), FZ_DRIVER, 1, "A1");
	stop(s, &g);
	store(s);
	fz_offered(s, &g, fz_manifest(1), FZ_DRIVER, 2, "car2");
	fz_taken(s, &g, fz_manifest(1), FZ_DRIVER2, 2, "A2");
	accident(s, &g);
	fz_arrived(s, fz_manifest(1), FZ_DRIVER2, "A2", "plant");
	fz_received(s, &g, fz_manifest(1), FZ_RECEIVER, "plant");
	analyse(s);
	fz_accepted(s, &g, fz_manifest(1), FZ_RECEIVER, MASS_G - 1000);
	discrepancy(s);
	paper(s, &g);
}

/* ---- parts ---- */

static void take_part(struct fz_story *s, struct goods *g)
{
	Liandan__HandoverTaken t = LIANDAN__HANDOVER_TAKEN__INIT;
	Liandan__Item *items[1] = {&g->item};

	t.manifest = fz_manifest(1);
	t.content = fz_hash(g->content);
	t.offer = fz_hash(g->offer);
	t.leg = 1;
	t.items = items;
	t.n_items = 1;
	t.plate = S("A1");
	t.driver = S("p-zhang");
	t.child = fz_manifest(2);
	SAY(s, FZ_DRIVER, HANDOVER_TAKEN, handover_taken, &t);
}

static void accept_partly(struct fz_story *s, struct goods *g)
{
	Liandan__PartlyAccepted p = LIANDAN__PARTLY_ACCEPTED__INIT;
	Liandan__AcceptedLine line = LIANDAN__ACCEPTED_LINE__INIT, *lines[1] = {&line};
	Liandan__RefusedItem no = LIANDAN__REFUSED_ITEM__INIT, *refused[1] = {&no};
	Liandan__Item part = g->bulk;

	part.mass_g = g->bulk.mass_g / 2;
	p.manifest = fz_manifest(1);
	p.content = fz_hash(g->content);
	line.line = 1;
	line.mass_g = g->bulk.mass_g - part.mass_g;
	line.mode = S("D10");
	p.lines = lines;
	p.n_lines = 1;
	no.item = &part;
	no.reason = LIANDAN__REJECT_REASON__REJECT_REASON_TYPE_DIFFERS;
	p.refused = refused;
	p.n_refused = 1;
	p.waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
	p.child = fz_manifest(3);
	SAY(s, FZ_RECEIVER, PARTLY_ACCEPTED, partly_accepted, &p);
}

static void redirect(struct fz_story *s, uint8_t from, uint8_t child, const char *party,
		     const char *site)
{
	const bool back = strcmp(party, "gen") == 0;
	Liandan__Redirected r = LIANDAN__REDIRECTED__INIT;
	Liandan__Receiver receiver = LIANDAN__RECEIVER__INIT;

	receiver.party = S(party);
	receiver.site = S(site);
	r.manifest = fz_manifest(from);
	r.child = fz_manifest(child);
	r.kind = back ? LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN
		      : LIANDAN__REDIRECT_KIND__REDIRECT_KIND_OTHER;
	r.receiver = &receiver;
	r.carrier = S("car");
	SAY(s, FZ_GENERATOR, REDIRECTED, redirected, &r);
}

static void reject(struct fz_story *s, uint8_t manifest)
{
	Liandan__Rejected r = LIANDAN__REJECTED__INIT;

	r.manifest = fz_manifest(manifest);
	r.reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	r.waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK;
	SAY(s, FZ_RECEIVER, REJECTED, rejected, &r);
}

void fz_tell_parts(struct fz_story *s)
{
	struct goods g;

	fz_goods(&g);
	g.bulk.mass_g = MASS_G;
	g.n_items = 2;
	fz_generated(s, &g, "b1", "c1", MASS_G);
	fz_generated(s, &g, "b2", "", MASS_G);
	g.quantity.mass_g = 2 * (int64_t)MASS_G;
	fz_created(s, &g);
	fz_sealed(s, &g);
	fz_offered(s, &g, fz_manifest(1), FZ_GENERATOR, 1, "car");
	take_part(s, &g); /* the drum is manifest 2 */
	fz_offered(s, &g, fz_manifest(1), FZ_GENERATOR, 1, "car2");
	fz_taken(s, &g, fz_manifest(1), FZ_DRIVER2, 1, "A2");
	fz_arrived(s, fz_manifest(2), FZ_DRIVER, "A1", "plant");
	reject(s, 2);
	redirect(s, 2, 4, "rec2", "plant2"); /* drives on */
	fz_arrived(s, fz_manifest(4), FZ_DRIVER, "A1", "plant2");
	fz_received(s, &g, fz_manifest(4), FZ_RECEIVER2, "plant2");
	fz_accepted(s, &g, fz_manifest(4), FZ_RECEIVER2, MASS_G);
	fz_arrived(s, fz_manifest(1), FZ_DRIVER2, "A2", "plant");
	fz_received(s, &g, fz_manifest(1), FZ_RECEIVER, "plant");
	accept_partly(s, &g);		   /* what is refused is manifest 3 */
	redirect(s, 3, 5, "gen", "works"); /* waits on site, goes back */
	fz_offered(s, &g, fz_manifest(5), FZ_RECEIVER, 1, "car");
	fz_taken(s, &g, fz_manifest(5), FZ_DRIVER, 1, "A1");
	fz_arrived(s, fz_manifest(5), FZ_DRIVER, "A1", "works");
	fz_received(s, &g, fz_manifest(5), FZ_GENERATOR, "works");
	fz_accepted(s, &g, fz_manifest(5), FZ_GENERATOR, MASS_G / 2);
}
