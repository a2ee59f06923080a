/* What stands at a site and for how long (M15, M16), and what no treatment can be (M13, M14).
 * CUSTODY-18, 22. */
#include "forward_builders.h"
#include "plan_builders.h"
#include "plugin/custody/store.h"
#include "stock_builders.h"

#define ALL_G (MX_C1_G + MX_C2_G + MX_BULK_G)

static Liandan__AnomalyRaised *raised(struct mx *x, Liandan__AnomalyKind kind)
{
	for (size_t i = 0; i < x->n_own; i++) {
		Liandan__AnomalyRaised **a = ld_anomaly_of_own(x->own[i]);

		if (a != NULL && (*a)->kind == kind)
			return *a;
	}
	return NULL;
}
#define RAISED(x, KIND) raised((x), LIANDAN__ANOMALY_KIND__##KIND)

static bool open_overdue(struct mx *x, ProtobufCBinaryData id)
{
	const char *hex = ld_c_hex(&x->c, id);
	Custody__Anomaly *a;

	return ld_anomaly_open(&x->c, LIANDAN__ANOMALY_KIND__STORAGE_OVERDUE,
			       LIANDAN__REASON__REASON_NONE, hex, hex, &a) == LD_OK;
}

static Liandan__WasteTreated *treated(struct mx *x, const char *batch, int64_t mass_g)
{
	Liandan__WasteTreated *b = MX_NEW(x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);

	b->batch = MX_S(batch);
	b->site = MX_S("S-REC");
	b->mode = MX_S(MX_MODE);
	b->inputs = ld_arena_alloc(&x->build, 4 * sizeof *b->inputs);
	b->inputs[0] = MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	b->inputs[0]->manifest = mx_id(x);
	b->inputs[0]->mass_g = b->loss_g = mass_g;
	b->n_inputs = 1;
	return b;
}

static Liandan__Reason treat(struct mx *x, Liandan__WasteTreated *b)
{
	MX_EVENT(e, WASTE_TREATED, b);
	return mx_put(x, REC, &e);
}

/* C1, C2 and the heap. */
static Liandan__WasteTreated *treated_all(struct mx *x)
{
	Liandan__WasteTreated *b = treated(x, "T-ALL", MX_BULK_G);

	for (size_t i = 1; i < 3; i++) {
		b->inputs[i] = MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
		b->inputs[i]->container = MX_S(i == 1 ? "C1" : "C2");
		b->inputs[i]->mass_g = i == 1 ? MX_C1_G : MX_C2_G;
	}
	b->n_inputs = 3;
	b->loss_g = ALL_G;
	return b;
}

/* ---- M16 ---- */

static void a_site_is_summed_over_its_wastes(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *r = mx_repack(x, "HB1", "S-GEN");

	mx_fill(x);
	assert_int_equal(ld_site_stock_g(&x->c, "S-GEN"), ALL_G);
	mx_repack_in(x, r, "", MX_BULK, 100);
	mx_repack_out(x, r, "D1", MX_CODE, 93);
	r->loss_g = 7;
	mx_clean(x, mx_put_repack(x, GEN, r));
	assert_int_equal(ld_site_stock_g(&x->c, "S-GEN"), ALL_G - 7);
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_CODE, 0)));
	assert_int_equal(ld_site_stock_g(&x->c, "S-GEN"), MX_BULK_G - 100);
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, 0)));
	assert_int_equal(ld_site_stock_g(&x->c, "S-GEN"), 0);
}

static void what_leaves_makes_room(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	assert_int_equal(ld_site_stock_g(&x->c, "S-GEN"), 0);
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_capacity(x, "S-REC", ALL_G);
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_int_equal(ld_site_stock_g(&x->c, "S-REC"), ALL_G);
	assert_null(RAISED(x, STORAGE_OVERFULL));
	mx_clean(x, treat(x, treated_all(x)));
	assert_int_equal(ld_site_stock_g(&x->c, "S-REC"), 0);
}

/* A storage point holds 3 t, or less where its capacity is less. */
static void a_storage_point_holds_three_tonnes(void **state)
{
	struct mx *x = *state;
	const int64_t limit = x->c.rules->storage_point_g;
	Custody__Site *s;
	MX_EVENT(e, WASTE_GENERATED, mx_generated(x, "B2", "", MX_BULK, 1));

	assert_int_equal(ld_site_get(&x->c, "S-GEN", &s), LD_OK);
	s->registered->storage_point = true;
	s->registered->capacity_g = limit + 1;
	assert_int_equal(ld_site_put(&x->c, s), LD_OK);
	mx_generate(x, "B1", "", MX_BULK, limit);
	assert_null(RAISED(x, STORAGE_OVERFULL));
	mx_flagged(x, mx_put(x, GEN, &e), STORAGE_EXCEEDED);
	assert_int_equal(x->j.violations[0]->value, limit + 1);
	assert_int_equal(x->j.violations[0]->threshold, limit);
	assert_non_null(RAISED(x, STORAGE_OVERFULL));
	assert_int_equal(RAISED(x, STORAGE_OVERFULL)->level, 2);
	assert_string_equal(RAISED(x, STORAGE_OVERFULL)->subject, "S-GEN");
	mx_capacity(x, "S-GEN", 10);
	e.waste_generated->batch = MX_S("B3");
	mx_flagged(x, mx_put(x, GEN, &e), STORAGE_EXCEEDED);
	assert_int_equal(x->j.violations[0]->threshold, 10);
}

/* ---- M15 ---- */

static void nearly_a_year_then_a_year(void **state)
{
	struct mx *x = *state;
	int64_t accepted;

	mx_to_accepted(x);
	accepted = mx_manifest(x)->accepted_ms;
	assert_int_equal(MX_DUE(x, AGE), accepted + 330 * LD_DAY_MS);
	assert_int_equal(MX_DUE(x, TREATMENT), accepted + 365 * LD_DAY_MS);
	x->now = accepted + 330 * LD_DAY_MS - 1;
	assert_int_equal(mx_tick(x), 0);
	x->now++;
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(RAISED(x, STORAGE_OVERDUE)->level, 1);
	x->now = accepted + 365 * LD_DAY_MS;
	assert_int_equal(mx_tick(x), 1);
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED)); /* the same one */
	assert_int_equal(RAISED(x, STORAGE_OVERDUE)->level, 3);
	assert_true(open_overdue(x, mx_id(x)));
	/* it goes with the last gram, not before */
	mx_clean(x, treat(x, treated(x, "T1", MX_BULK_G - 1)));
	assert_true(open_overdue(x, mx_id(x)));
	mx_clean(x, treat(x, treated(x, "T2", 1)));
	assert_true(open_overdue(x, mx_id(x)));
	Liandan__WasteTreated *b = treated_all(x);

	b->inputs++;
	b->n_inputs = 2;
	b->loss_g = MX_C1_G + MX_C2_G;
	mx_clean(x, treat(x, b));
	assert_false(open_overdue(x, mx_id(x)));
}

static void treated_in_time(void **state)
{
	struct mx *x = *state;

	mx_to_accepted(x);
	x->now += 331 * LD_DAY_MS;
	mx_tick(x);
	assert_true(open_overdue(x, mx_id(x)));
	mx_clean(x, treat(x, treated_all(x)));
	assert_false(open_overdue(x, mx_id(x)));
	assert_int_equal(MX_DUE(x, AGE), 0);
	assert_int_equal(MX_DUE(x, TREATMENT), 0);
	x->now += 100 * LD_DAY_MS;
	assert_int_equal(mx_tick(x), 0);
}

/* What is sent on is not stored here any more. */
static void forwarded_in_time(void **state)
{
	struct mx *x = *state;
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__ManifestCreated *b;

	memcpy(x->id, parent.data, sizeof x->id);
	mx_clean(x, treat(x, treated(x, "T1", 3)));
	Liandan__WasteTreated *drums = treated_all(x);

	drums->inputs++;
	drums->n_inputs = 2;
	drums->loss_g = MX_C1_G + MX_C2_G;
	mx_clean(x, treat(x, drums));
	x->now += 331 * LD_DAY_MS;
	mx_tick(x);
	assert_true(open_overdue(x, parent));
	fw_next(x, 0x33);
	b = fw_bulk(x, parent, MX_BULK_G - 3);
	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	mx_accepted(x, fw_take(x));
	assert_false(open_overdue(x, parent));
}

/* ---- CUSTODY-19: a profile may wait for treatment ---- */

static struct ld_rules at_treatment;

static void close_at_treatment(struct mx *x)
{
	at_treatment = ld_rules_cn;
	at_treatment.close_at_treatment = 1;
	ld_custody_forget(&x->c);
	x->c.rules = &at_treatment;
}

static const Liandan__ManifestClosed *closed(struct mx *x)
{
	const Liandan__OwnEvent *own = mx_own(x, LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED);

	return own != NULL ? own->manifest_closed : NULL;
}

static uint32_t open_of(struct mx *x, const char *party)
{
	Custody__Party *p;

	assert_int_equal(ld_party_get(&x->c, party, &p), LD_OK);
	return p->open_manifests;
}

static void closed_with_the_last_gram(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *drums;

	close_at_treatment(x);
	mx_to_accepted(x);
	assert_null(closed(x));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__ACCEPTED_ALL);
	assert_int_equal(mx_container(x, "C1")->manifest.len, 0); /* free to go on */
	assert_int_equal(open_of(x, "GEN"), 1);
	drums = treated_all(x);
	drums->inputs++;
	drums->n_inputs = 2;
	drums->loss_g = MX_C1_G + MX_C2_G;
	mx_clean(x, treat(x, drums));
	assert_null(closed(x));
	mx_clean(x, treat(x, treated(x, "T2", MX_BULK_G)));
	assert_non_null(closed(x));
	assert_int_equal(closed(x)->reason, LIANDAN__CLOSE_REASON__CLOSE_REASON_TREATED);
	assert_int_equal(closed(x)->n_lines, 2);
	assert_int_equal(closed(x)->lines[1]->accepted_g, MX_BULK_G);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	assert_int_equal(open_of(x, "GEN"), 0);
}

/* Sent on and lost is as good as treated: nothing of it is left here. */
static void closed_when_nothing_is_left(void **state)
{
	struct mx *x = *state;
	ProtobufCBinaryData parent;
	Liandan__LossRecorded *l = MX_NEW(x, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	Liandan__ManifestCreated *b;
	MX_EVENT(e, LOSS_RECORDED, l);

	close_at_treatment(x);
	parent = fw_to_accepted(x);
	b = fw_bulk(x, parent, MX_BULK_G);
	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	mx_accepted(x, fw_take(x));
	assert_null(closed(x));
	l->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
	l->subject = MX_S("C1");
	l->mass_g = MX_C1_G;
	l->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	mx_clean(x, mx_put(x, REC, &e));
	assert_null(closed(x));
	l->subject = MX_S("C2");
	l->mass_g = MX_C2_G;
	mx_clean(x, mx_put(x, REC, &e));
	assert_non_null(closed(x));
	assert_true(ld_same_id(closed(x)->manifest, parent));
}

static void nothing_to_treat_closes_at_once(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *b;

	close_at_treatment(x);
	mx_to_received(x);
	b = mx_accepted_body(x);
	b->lines[0]->mass_g = b->lines[1]->mass_g = 0;
	mx_accepted(x, mx_accept(x, REC, b));
	assert_non_null(closed(x));
	assert_int_equal(closed(x)->reason, LIANDAN__CLOSE_REASON__CLOSE_REASON_ACCEPTED);
}

/* One treatment ends more manifests than its commit can close: the clock closes the rest. */
static void more_than_one_event_can_close(void **state)
{
	enum { MANY = 100 };
	struct mx *x = *state;
	Liandan__WasteTreated *b = treated(x, "T1", 1);
	struct ld_own_list list = {.n = 0};
	Custody__Manifest *m;
	size_t left = 0;

	close_at_treatment(x);
	mx_to_accepted(x);
	b->inputs = ld_arena_alloc(&x->build, MANY * sizeof *b->inputs);
	for (size_t i = 0; i < MANY; i++) {
		memset(x->id, (int)i + 0x80, sizeof x->id);
		x->id[0] = 0x11;
		ProtobufCBinaryData id =
		    mx_bytes(ld_arena_dup(&x->build, x->id, sizeof x->id), sizeof x->id);

		b->inputs[i] = MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
		b->inputs[i]->manifest = id;
		b->inputs[i]->mass_g = ALL_G;
		memset(x->id, 0x11, sizeof x->id);
		m = mx_manifest(x);
		m->manifest = m->created->manifest = id;
		assert_int_equal(ld_manifest_put(&x->c, m), LD_OK);
	}
	b->n_inputs = MANY;
	b->loss_g = (int64_t)MANY * ALL_G;
	mx_accepted(x, treat(x, b));
	for (int round = 0; round < 20; round++) {
		left = 0;
		for (size_t i = 0; i < MANY; i++) {
			size_t mark = ld_mark(&x->c);

			assert_int_equal(ld_manifest_get(&x->c, b->inputs[i]->manifest, &m), LD_OK);
			left += m->state != CUSTODY__MANIFEST_STATE__CLOSED;
			ld_release(&x->c, mark);
		}
		if (left == 0)
			break;
		assert_true(round != 0 || left <= MANY - LD_MAX_OWN_EVENTS + 10);
		ld_arena_reset(&x->arena);
		x->n_own = 0;
		list.n = 0;
		ld_follow_time(&x->c, x->now, LD_MAX_OWN_EVENTS / 4, &list);
		mx_run(x, &list);
	}
	assert_int_equal(left, 0);
	list.n = 0;
	ld_close_follow_time(&x->c, 10, &list);
	assert_int_equal(list.n, 0); /* and each once */
}

/* ---- M13, M14 ---- */

static void running_for_longer_than_it_lasted(void **state)
{
	struct mx *x = *state;
	Liandan__WasteTreated *b;

	mx_to_accepted(x);
	b = treated(x, "T1", 1);
	b->started_ms = x->now - 10 * LD_HOUR_MS;
	b->ended_ms = x->now;
	b->run_s = 11 * 3600; /* 110 % */
	mx_clean(x, treat(x, b));
	assert_null(RAISED(x, TREATED_TOO_MUCH));
	b->batch = MX_S("T2");
	b->run_s++;
	mx_clean(x, treat(x, b));
	assert_non_null(RAISED(x, TREATED_TOO_MUCH));
	assert_int_equal(RAISED(x, TREATED_TOO_MUCH)->level, 3);
	assert_string_equal(RAISED(x, TREATED_TOO_MUCH)->subject, "S-REC");
	/* who does not say when is not held to it */
	b->batch = MX_S("T3");
	b->started_ms = 0;
	mx_clean(x, treat(x, b));
	assert_null(RAISED(x, TREATED_TOO_MUCH));
	/* it ended before it began */
	b->batch = MX_S("T4");
	b->started_ms = x->now;
	b->ended_ms = x->now - 1;
	b->run_s = 1;
	mx_clean(x, treat(x, b));
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED));
}

static void residues_of_incineration(void **state)
{
	struct mx *x = *state;
	struct ld_rules rules = ld_rules_cn;
	Liandan__TreatmentOutput *ash =
	    MX_NEW(x, Liandan__TreatmentOutput, LIANDAN__TREATMENT_OUTPUT__INIT);
	Liandan__WasteTreated *b;

	mx_licence(x, "L-D10", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", "D10", 0);
	mx_to_accepted(x);
	ash->kind = LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE;
	ash->code = MX_S("772-003-18");
	b = treated(x, "T1", 10000);
	b->mode = MX_S("D10");
	b->outputs = &ash;
	b->n_outputs = 1;
	ash->mass_g = 1999;
	b->loss_g = 8001;
	mx_clean(x, treat(x, b)); /* the profile says nothing */
	assert_null(RAISED(x, RESIDUE_MISSING));
	rules.residue_min_permille = 200;
	ld_custody_forget(&x->c);
	x->c.rules = &rules;
	b->batch = MX_S("T2");
	mx_clean(x, treat(x, b));
	assert_non_null(RAISED(x, RESIDUE_MISSING));
	assert_int_equal(RAISED(x, RESIDUE_MISSING)->level, 2);
	assert_int_equal(RAISED(x, RESIDUE_MISSING)->figures[0]->value, 1999);
	assert_int_equal(RAISED(x, RESIDUE_MISSING)->figures[0]->threshold, 2000);
	b->batch = MX_S("T3");
	b->mode = MX_S(MX_MODE); /* no incineration */
	mx_clean(x, treat(x, b));
	assert_null(RAISED(x, RESIDUE_MISSING));
}

static void enough_residue(void **state)
{
	struct mx *x = *state;
	struct ld_rules rules = ld_rules_cn;
	Liandan__TreatmentOutput *ash =
	    MX_NEW(x, Liandan__TreatmentOutput, LIANDAN__TREATMENT_OUTPUT__INIT);
	Liandan__WasteTreated *b;

	mx_licence(x, "L-D10", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", "D10", 0);
	mx_to_accepted(x);
	rules.residue_min_permille = 200;
	ld_custody_forget(&x->c);
	x->c.rules = &rules;
	ash->kind = LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE;
	ash->code = MX_S("772-003-18");
	ash->mass_g = 2000;
	b = treated(x, "T1", 10000);
	b->mode = MX_S("D10");
	b->outputs = &ash;
	b->n_outputs = 1;
	b->loss_g = 8000;
	mx_clean(x, treat(x, b));
	assert_null(RAISED(x, RESIDUE_MISSING));
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_site_is_summed_over_its_wastes),
	    T(what_leaves_makes_room),
	    T(a_storage_point_holds_three_tonnes),
	    T(nearly_a_year_then_a_year),
	    T(treated_in_time),
	    T(forwarded_in_time),
	    T(closed_with_the_last_gram),
	    T(closed_when_nothing_is_left),
	    T(nothing_to_treat_closes_at_once),
	    T(more_than_one_event_can_close),
	    T(running_for_longer_than_it_lasted),
	    T(residues_of_incineration),
	    T(enough_residue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
