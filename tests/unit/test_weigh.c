/* Tickets, net masses, shortfalls. CUSTODY-7, CUSTODY-14, OIML R 76, 5C M1 and M5. */
#include "tests/unit/custody_rig.h"

#define PLATE "B-7001"
#define KG INT64_C(1000)

static void begin(struct rig *r)
{
	static Liandan__WeighingRange range = LIANDAN__WEIGHING_RANGE__INIT;
	static Liandan__WeighingRange *ranges[1] = {&range};
	Liandan__InstrumentRegistered reg = LIANDAN__INSTRUMENT_REGISTERED__INIT;
	Liandan__InstrumentVerified v = LIANDAN__INSTRUMENT_VERIFIED__INIT;
	Custody__Instrument ins = CUSTODY__INSTRUMENT__INIT;

	rig_open(r);
	range.to_g = 60000 * KG;
	range.e_g = 20 * KG;
	reg.instrument = (char *)(uintptr_t) "scale-1";
	reg.class_ = LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_III;
	reg.max_g = 60000 * KG;
	reg.ranges = ranges;
	reg.n_ranges = 1;
	v.instrument = reg.instrument;
	v.at_ms = T0 - LD_DAY_MS;
	v.to_ms = T0 + LD_DAY_MS;
	ins.registered = &reg;
	ins.verified = &v;
	assert_int_equal(ld_instrument_put(&r->c, &ins), LD_OK);
	r->key.roles = LIANDAN__ROLE__ROLE_SCALE;
	r->key.subject_id = reg.instrument;
}

struct ticket {
	uint8_t id;
	Liandan__WeighPurpose purpose;
	Liandan__WeighKind kind;
	int64_t mass_g;
	uint8_t manifest[4]; /* 0: no more */
	bool manual;
	int64_t at_ms;
};

#define LOAD LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD
#define GATE LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE
#define GROSS LIANDAN__WEIGH_KIND__WEIGH_KIND_GROSS
#define TARE LIANDAN__WEIGH_KIND__WEIGH_KIND_TARE
#define NET LIANDAN__WEIGH_KIND__WEIGH_KIND_NET

static Liandan__Verdict weigh(struct rig *r, struct ticket t)
{
	ProtobufCBinaryData ids[4];
	Liandan__Weighed w = LIANDAN__WEIGHED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;

	w.ticket = rig_id(t.id);
	w.instrument = (char *)(uintptr_t) "scale-1";
	w.purpose = t.purpose;
	w.kind = t.kind;
	w.plate = (char *)(uintptr_t)PLATE;
	w.mass_g = t.mass_g;
	w.stable = true;
	w.manual = t.manual;
	w.manifests = ids;
	for (size_t i = 0; i < 4 && t.manifest[i] != 0; i++)
		ids[w.n_manifests++] = rig_id(t.manifest[i]);
	e.body_case = LIANDAN__EVENT__BODY_WEIGHED;
	e.weighed = &w;
	e.occurred_at_ms = T0 + t.at_ms;
	return rig_event(r, &e, T0 + t.at_ms + 100);
}

/* As Accepted leaves it: taken mass known, accepted. */
static void manifest(struct rig *r, uint8_t id, int64_t taken_g, bool weighed, bool accepted,
		     const char *loss_class)
{
	Liandan__Quantity q = LIANDAN__QUANTITY__INIT;
	Liandan__Line line = LIANDAN__LINE__INIT;
	Liandan__Line *lines[1] = {&line};
	Liandan__ManifestCreated created = LIANDAN__MANIFEST_CREATED__INIT;
	Custody__Manifest *had;
	Custody__Manifest m = CUSTODY__MANIFEST__INIT;

	if (ld_manifest_get(&r->c, rig_id(id), &had) == LD_OK) {
		m.tickets = had->tickets;
		m.n_tickets = had->n_tickets;
	}
	q.mass_g = taken_g;
	line.quantity = &q;
	line.loss_class = (char *)(uintptr_t)loss_class;
	created.lines = lines;
	created.n_lines = 1;
	created.manifest = m.manifest = rig_id(id);
	m.created = &created;
	m.plate = (char *)(uintptr_t)PLATE;
	m.taken_ms = T0;
	m.taken_g = taken_g;
	m.taken_weighed = weighed;
	m.accepted_ms = accepted ? T0 + 60 * MIN : 0;
	assert_int_equal(ld_manifest_put(&r->c, &m), LD_OK);
}

static void accept(struct rig *r, uint8_t id, uint8_t gross, uint8_t tare)
{
	ProtobufCBinaryData tickets[2] = {rig_id(gross), rig_id(tare)};
	Liandan__Accepted a = LIANDAN__ACCEPTED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;

	a.manifest = rig_id(id);
	a.tickets = tickets;
	a.n_tickets = gross != 0 ? 2 : 0;
	e.body_case = LIANDAN__EVENT__BODY_ACCEPTED;
	e.accepted = &a;
	rig_event(r, &e, T0 + 60 * MIN);
}

static void mpe_is_the_table_of_r76(void **state)
{
	static const struct {
		int64_t load_g, mpe_g;
	} cases[] = {{0, 20 * KG},	    {10000 * KG, 20 * KG}, {10000 * KG + 1, 40 * KG},
		     {26000 * KG, 40 * KG}, {40000 * KG, 40 * KG}, {40000 * KG + 1, 60 * KG}};
	Liandan__InstrumentRegistered reg = LIANDAN__INSTRUMENT_REGISTERED__INIT;
	Custody__Instrument ins = CUSTODY__INSTRUMENT__INIT;

	(void)state;
	reg.class_ = LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_III;
	ins.registered = &reg;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(ld_weigh_mpe_g(&ins, 20 * KG, cases[i].load_g), cases[i].mpe_g);
	/* a ticket cannot widen what is registered */
	Liandan__WeighingRange range = LIANDAN__WEIGHING_RANGE__INIT;
	Liandan__WeighingRange *ranges[1] = {&range};

	range.to_g = 60000 * KG;
	range.e_g = 10 * KG;
	reg.ranges = ranges;
	reg.n_ranges = 1;
	assert_int_equal(ld_weigh_mpe_g(&ins, 500 * KG, 1000 * KG), 10 * KG);
	assert_int_equal(ld_weigh_mpe_g(NULL, 0, -5), 20 * KG);
}

static void who_may_write_a_ticket(void **state)
{
	struct rig r;
	const struct ticket t = {1, GATE, GROSS, 26000 * KG, {0}, false, 0};
	Custody__Ticket *rec;

	(void)state;
	begin(&r);
	r.key.roles = LIANDAN__ROLE__ROLE_RECEIVER;
	assert_int_equal(weigh(&r, t), LIANDAN__VERDICT__REFUSED);
	assert_int_equal(r.j.reason, LIANDAN__REASON__WRONG_ROLE);
	r.key.roles = LIANDAN__ROLE__ROLE_SCALE;
	r.key.subject_id = (char *)(uintptr_t) "scale-2";
	assert_int_equal(weigh(&r, t), LIANDAN__VERDICT__REFUSED);
	assert_int_equal(r.j.reason, LIANDAN__REASON__WRONG_ROLE);
	r.key.subject_id = (char *)(uintptr_t) "scale-1";
	/* another firm's key that calls itself scale-1 */
	char *owner = r.key.party;
	r.key.party = (char *)(uintptr_t) "stranger";
	assert_int_equal(weigh(&r, t), LIANDAN__VERDICT__REFUSED);
	assert_int_equal(r.j.reason, LIANDAN__REASON__WRONG_ROLE);
	r.key.party = owner;
	assert_int_equal(weigh(&r, t), LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(weigh(&r, t), LIANDAN__VERDICT__REFUSED);
	assert_int_equal(r.j.reason, LIANDAN__REASON__ALREADY_EXISTS);
	assert_int_equal(ld_ticket_get(&r.c, rig_id(1), &rec), LD_OK);
	assert_true(rec->certified);
	assert_int_equal(rec->mpe_g, 40 * KG);
	/* typed by hand, or out of date: a fact, not a certified one */
	assert_int_equal(weigh(&r, (struct ticket){2, GATE, TARE, 12000 * KG, {0}, true, 0}),
			 LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(ld_ticket_get(&r.c, rig_id(2), &rec), LD_OK);
	assert_false(rec->certified);
	assert_int_equal(
	    weigh(&r, (struct ticket){3, GATE, TARE, 12000 * KG, {0}, false, 2 * LD_DAY_MS}),
	    LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(r.j.n_violations, 1);
	assert_int_equal(r.j.violations[0]->reason, LIANDAN__REASON__SCALE_OUT_OF_DATE);
	assert_int_equal(r.own[r.n_own - 1].level, 2);
	rig_close(&r);
}

static void net_is_gross_less_tare(void **state)
{
	struct rig r;
	struct ld_net net;
	ProtobufCBinaryData ids[5];

	(void)state;
	begin(&r);
	weigh(&r, (struct ticket){1, GATE, GROSS, 26000 * KG, {0}, false, 0});
	weigh(&r, (struct ticket){2, GATE, TARE, 12000 * KG, {0}, false, 0});
	weigh(&r, (struct ticket){3, GATE, NET, 300 * KG, {0}, false, 0});
	for (uint8_t i = 0; i < 5; i++)
		ids[i] = rig_id(i < 3 ? (uint8_t)(i + 1) : i == 3 ? 1 : 9); /* 1 twice, 9 unknown */
	ld_weigh_net(&r.c, ids, 2, &net);
	assert_int_equal(net.net_g, 14000 * KG);
	assert_int_equal(net.tickets, 2);
	assert_int_equal(net.tolerance_g, 80 * KG);
	assert_true(net.certified);
	ld_weigh_net(&r.c, ids, 5, &net);
	assert_int_equal(net.net_g, 14300 * KG);
	assert_int_equal(net.unknown, 1);
	ld_weigh_net(&r.c, ids, 1, &net); /* a gross alone is no mass */
	assert_int_equal(net.tickets, 0);
	assert_int_equal(net.net_g, 0);
	assert_false(net.certified);
	ld_weigh_net(&r.c, NULL, 0, &net);
	assert_int_equal(net.tickets, 0);
	rig_close(&r);
}

static void loading_counts_only_its_own_tickets(void **state)
{
	struct rig r;
	struct ld_net net;
	Custody__Manifest *m;

	(void)state;
	begin(&r);
	manifest(&r, 1, 14000 * KG, false, false, "");
	weigh(&r, (struct ticket){11, LOAD, TARE, 12000 * KG, {1}, false, 0});
	weigh(&r, (struct ticket){12, LOAD, GROSS, 26000 * KG, {1}, false, 0});
	weigh(&r, (struct ticket){13, GATE, GROSS, 25000 * KG, {1}, false, 0});
	assert_int_equal(ld_manifest_get(&r.c, rig_id(1), &m), LD_OK);
	assert_int_equal(m->n_tickets, 3);
	ld_weigh_loaded(&r.c, m, &net);
	assert_int_equal(net.net_g, 14000 * KG);
	assert_int_equal(net.tickets, 2);
	rig_close(&r);
}

/* taken 14,000 kg, weighed on both sides: tolerance 80 + 80 + 20 kg */
static void shortfall(void **state)
{
	static const struct {
		int64_t taken_g, found_g;
		bool weighed, manual;
		const char *loss_class;
		uint32_t level; /* 0: nothing */
		Liandan__AnomalyKind kind;
	} cases[] = {
	    {14000 * KG, 14000 * KG, true, false, "", 0, 0},
	    {14000 * KG, 13820 * KG, true, false, "", 0, 0},
	    {14000 * KG, 13820 * KG - 1, true, false, "", 1,
	     LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL},
	    {14000 * KG, 13820 * KG - 1, true, false, "drying", 0, 0},
	    {14000 * KG, 13736 * KG - 1, true, false, "drying", 1,
	     LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL},
	    {14000 * KG, 13700 * KG + 1, true, false, "", 1,
	     LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL},
	    {14000 * KG, 13700 * KG, true, false, "", 2, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL},
	    {14000 * KG, 12600 * KG, true, false, "", 2, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL},
	    {14000 * KG, 12580 * KG, true, false, "", 3, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL},
	    {14000 * KG, 9000 * KG, true, true, "", 2,
	     LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL}, /* typed */
	    {14000 * KG, 9000 * KG, false, false, "", 2,
	     LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL}, /* declared */
	    {5000 * KG, 4810 * KG, true, false, "", 2,
	     LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL}, /* 3.8 % */
	    {20000 * KG, 20190 * KG, true, false, "", 1, LIANDAN__ANOMALY_KIND__WEIGHT_GAIN},
	    {14000 * KG, 14190 * KG, true, false, "", 2, LIANDAN__ANOMALY_KIND__WEIGHT_GAIN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rig r;

		begin(&r);
		manifest(&r, 1, cases[i].taken_g, false, false, cases[i].loss_class);
		if (cases[i].weighed) {
			weigh(&r, (struct ticket){11, LOAD, TARE, 12000 * KG, {1}, false, 0});
			weigh(&r,
			      (struct ticket){
				  12, LOAD, GROSS, 12000 * KG + cases[i].taken_g, {1}, false, 0});
		}
		weigh(&r,
		      (struct ticket){
			  13, GATE, GROSS, 12000 * KG + cases[i].found_g, {1}, cases[i].manual, 0});
		weigh(&r, (struct ticket){14, GATE, TARE, 12000 * KG, {1}, false, 0});
		manifest(&r, 1, cases[i].taken_g, cases[i].weighed, true, cases[i].loss_class);
		accept(&r, 1, 13, 14);
		assert_int_equal(r.n_own, cases[i].level != 0);
		if (cases[i].level != 0) {
			assert_int_equal(r.own[0].kind, cases[i].kind);
			assert_int_equal(r.own[0].level, cases[i].level);
		}
		rig_close(&r);
	}
}

static void milk_run_is_summed_once(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	for (uint8_t id = 1; id <= 3; id++)
		manifest(&r, id, 4000 * KG, true, false, "");
	weigh(&r, (struct ticket){13, GATE, GROSS, 24000 * KG, {1, 2, 3}, false, 0});
	weigh(&r, (struct ticket){14, GATE, TARE, 12000 * KG, {1, 2, 3}, false, 0});
	manifest(&r, 1, 4000 * KG, true, true, "");
	accept(&r, 1, 13, 14);
	manifest(&r, 2, 4000 * KG, true, true, "");
	accept(&r, 2, 13, 14);
	assert_int_equal(r.n_own, 0); /* 12 t on the scale are not 4 t too many */
	manifest(&r, 3, 4000 * KG, true, true, "");
	accept(&r, 3, 13, 14);
	assert_int_equal(r.n_own, 0);
	rig_close(&r);

	begin(&r);
	for (uint8_t id = 1; id <= 3; id++)
		manifest(&r, id, 4000 * KG, true, id != 3, "");
	weigh(&r, (struct ticket){13, GATE, GROSS, 23000 * KG, {1, 2, 3}, false, 0});
	weigh(&r, (struct ticket){14, GATE, TARE, 12000 * KG, {1, 2, 3}, false, 0});
	accept(&r, 1, 13, 14);
	accept(&r, 2, 13, 14);
	assert_int_equal(r.n_own, 0);
	manifest(&r, 3, 4000 * KG, true, true, "");
	accept(&r, 3, 13, 14);
	assert_int_equal(r.n_own, 1);
	assert_int_equal(r.own[0].kind, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL);
	assert_int_equal(r.own[0].level, 2);
	rig_close(&r);
}

/* id 3 as Rejected leaves it; what then follows of it. */
static void reject(struct rig *r, uint8_t id, int64_t taken_g, Liandan__WasteIsOn on)
{
	Liandan__Rejected b = LIANDAN__REJECTED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	struct ld_own_list own = {.n = 0};
	struct ld_fact f;
	Custody__Manifest *m;

	manifest(r, id, taken_g, true, false, "");
	assert_int_equal(ld_manifest_get(&r->c, rig_id(id), &m), LD_OK);
	m->rejected = LIANDAN__REJECT_REASON__REJECT_REASON_TYPE_DIFFERS;
	m->refused_g = m->taken_g;
	m->waste_is_on = on;
	m->state = CUSTODY__MANIFEST_STATE__REJECTED_ALL;
	assert_int_equal(ld_manifest_put(&r->c, m), LD_OK);
	b.manifest = rig_id(id);
	b.waste_is_on = on;
	e.body_case = LIANDAN__EVENT__BODY_REJECTED;
	e.rejected = &b;
	e.occurred_at_ms = T0 + 60 * MIN;
	f = (struct ld_fact){.event = &e, .signer = &r->key, .index = 900};
	ld_shortfall_follow(&r->c, &f, &own);
	rig_apply_own(r, &own, T0 + 60 * MIN);
}

static void milk_run_ends_with_a_rejection(void **state)
{
	static const struct {
		int64_t gross_g;
		Liandan__WasteIsOn on;
		size_t found;
	} cases[] = {
	    /* what stays on the truck is in its tare, what was put down is in the net */
	    {20000 * KG, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK, 0},
	    {24000 * KG, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE, 0},
	    {19000 * KG, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK, 1},
	    {23000 * KG, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rig r;

		begin(&r);
		for (uint8_t id = 1; id <= 3; id++)
			manifest(&r, id, 4000 * KG, true, id != 3, "");
		weigh(&r, (struct ticket){13, GATE, GROSS, cases[i].gross_g, {1, 2, 3}, false, 0});
		weigh(&r, (struct ticket){14, GATE, TARE, 12000 * KG, {1, 2, 3}, false, 0});
		accept(&r, 1, 13, 14);
		accept(&r, 2, 13, 14);
		assert_int_equal(r.n_own, 0); /* the third has had no word yet */
		reject(&r, 3, 4000 * KG, cases[i].on);
		assert_int_equal(r.n_own, cases[i].found);
		if (cases[i].found != 0)
			assert_int_equal(r.own[0].kind, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL);
		rig_close(&r);
	}
}

static void weight_and_silence_lift_each_other(void **state)
{
	struct rig r;
	struct ld_own_list own = {.n = 0};
	const char *hex;

	(void)state;
	begin(&r);
	manifest(&r, 1, 14000 * KG, true, true, "");
	hex = ld_c_hex(&r.c, rig_id(1));
	Liandan__AnomalyRaised *gap =
	    ld_anomaly_new(&r.c, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP, 2,
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE, PLATE, hex);

	gap->from_ms = T0 + 10 * MIN;
	gap->to_ms = T0 + 40 * MIN;
	ld_anomaly_figure(&r.c, gap, "U", 12 * MIN, 7 * MIN,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_MILLISECOND);
	ld_anomaly_report(&r.c, &own, gap);
	rig_apply_own(&r, &own, T0);
	weigh(&r, (struct ticket){13, GATE, GROSS, 25000 * KG, {1}, false, 0});
	weigh(&r, (struct ticket){14, GATE, TARE, 12000 * KG, {1}, false, 0});
	accept(&r, 1, 13, 14); /* 1,000 kg, 7 % */
	assert_int_equal(r.n_own, 3);
	assert_int_equal(r.own[1].kind, LIANDAN__ANOMALY_KIND__UNEXPLAINED_GAP);
	assert_int_equal(r.own[1].body, LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED);
	assert_int_equal(r.own[1].level, 3);
	assert_int_equal(r.own[1].from_ms, T0 + 10 * MIN);
	assert_int_equal(r.own[2].kind, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL);
	assert_int_equal(r.own[2].level, 3);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mpe_is_the_table_of_r76),
	    cmocka_unit_test(who_may_write_a_ticket),
	    cmocka_unit_test(net_is_gross_less_tare),
	    cmocka_unit_test(loading_counts_only_its_own_tickets),
	    cmocka_unit_test(shortfall),
	    cmocka_unit_test(milk_run_is_summed_once),
	    cmocka_unit_test(milk_run_ends_with_a_rejection),
	    cmocka_unit_test(weight_and_silence_lift_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
