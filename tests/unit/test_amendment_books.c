/* What an amendment comes to in the books, at both ends, in containers and in bulk: grams add
 * exactly, nothing sinks below zero, what has moved on is left alone. CUSTODY-20, Stock and mass
 * balance. */
#include "amend_builders.h"

#include <stdio.h>

#include "plugin/custody/year.h"

#define DRUMS_G (MX_C1_G + MX_C2_G)
#define OTHER "900-042-49"

static Custody__Stock *gen(struct mx *x, const char *code)
{
	return mx_stock(x, "GEN", "S-GEN", code);
}

static Custody__Stock *rec(struct mx *x, const char *code)
{
	return mx_stock(x, "REC", "S-REC", code);
}

/* What the containers that stand there hold is what the book has in containers. */
static void drums_hold(struct mx *x, const char *party, const char *site, const char *code)
{
	static const char *const drums[] = {"C1", "C2"};
	const Custody__Stock *s = mx_stock(x, party, site, code);
	int64_t sum = 0;

	for (size_t i = 0; i < 2; i++) {
		const Custody__Container *k = mx_container(x, drums[i]);

		if (ld_container_in_stock(k) && strcmp(k->party, party) == 0 &&
		    strcmp(k->site, site) == 0 && strcmp(k->code, code) == 0)
			sum += k->mass_g;
	}
	assert_int_equal(s->contained_g, sum);
	assert_true(s->in_stock_g >= 0);
	assert_true(s->generated_g >= 0 && s->shipped_g >= 0 && s->received_g >= 0);
}

/* All that must be so of the usual manifest, whatever was amended. */
static void it_adds(struct mx *x)
{
	static const char *const codes[] = {MX_CODE, MX_BULK, OTHER};
	const Custody__Manifest *m = mx_manifest(x);

	for (size_t i = 0; i < 3; i++) {
		drums_hold(x, "GEN", "S-GEN", codes[i]);
		drums_hold(x, "REC", "S-REC", codes[i]);
	}
	for (size_t i = 0; i < m->created->n_lines; i++)
		assert_int_equal(
		    ld_items_of_line_g(m->items, m->n_items, m->created->lines[i]->line),
		    ld_line_declared_g(m->created->lines[i]));
	for (size_t i = 0; i < m->n_lines; i++)
		assert_int_equal(m->lines[i]->taken_g - m->lines[i]->accepted_g,
				 m->lines[i]->loss_g);
	assert_true(mx_content_stands(x));
	assert_true(ld_manifest_bulk_left_g(m) >= 0);
}

/* Everybody who is asked agrees. */
static void all_agree(struct mx *x)
{
	static const enum mx_who who[] = {GEN, CAR1, REC};
	uint8_t proposal[LD_HASH_BYTES];

	memcpy(proposal, x->hash, sizeof proposal);
	for (size_t i = 0; i < 3; i++) {
		const Custody__Proposal *p = mx_manifest(x)->proposal;

		if (p != NULL &&
		    ld_party_among(p->waits_for, p->n_waits_for, mx_who_is[who[i]].party))
			mx_clean(x, mx_agree(x, who[i], mx_agreement(x, proposal, true)));
	}
	assert_null(mx_manifest(x)->proposal);
}

static void amend(struct mx *x, enum mx_who who, Liandan__AmendmentProposed *b)
{
	mx_clean(x, mx_propose(x, who, b));
	all_agree(x);
	it_adds(x);
}

static Liandan__AmendmentProposed *mass(struct mx *x, uint32_t line, int64_t old, int64_t new)
{
	return mx_amend_number(x, MX_FIELD(LINE_MASS), line, old, new);
}

static Liandan__AmendmentProposed *accepted(struct mx *x, uint32_t line, int64_t old, int64_t new)
{
	return mx_amend_number(x, MX_FIELD(ACCEPTED_MASS), line, old, new);
}

/* With the letters that its catalogue has. */
static Liandan__AmendmentProposed *code(struct mx *x, uint32_t line, const char *old,
					const char *new)
{
	return mx_amend_text(x, MX_FIELD(LINE_CODE), line, old, new);
}

static Liandan__Reason treat(struct mx *x, const char *batch, const char *container, bool bulk,
			     int64_t mass_g)
{
	Liandan__WasteTreated *b = MX_NEW(x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in =
	    MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	MX_EVENT(e, WASTE_TREATED, b);

	b->batch = MX_S(batch);
	b->site = MX_S("S-REC");
	b->mode = MX_S(MX_MODE);
	b->inputs = &in;
	b->n_inputs = 1;
	b->loss_g = mass_g;
	in->container = MX_S(container);
	if (bulk)
		in->manifest = mx_id(x);
	in->mass_g = mass_g;
	return mx_put(x, REC, &e);
}

/* ---- sealed ---- */

static void sealed_bulk(void **state)
{
	struct mx *x = *state;

	mx_to_sealed(x);
	assert_int_equal(gen(x, MX_BULK)->bound_g, MX_BULK_G);
	amend(x, GEN, mass(x, 2, MX_BULK_G, 1000));
	assert_int_equal(gen(x, MX_BULK)->bound_g, 1000);
	assert_int_equal(gen(x, MX_BULK)->in_stock_g, MX_BULK_G);
	/* more than lies there free it cannot bind */
	mx_refused(x, mx_propose(x, GEN, mass(x, 2, 1000, MX_BULK_G + 1)), QUANTITY);
	amend(x, GEN, mass(x, 2, 1000, MX_BULK_G));
	assert_int_equal(gen(x, MX_BULK)->bound_g, MX_BULK_G);
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(gen(x, MX_BULK)->bound_g, 0);
}

/* Bulk that is ESTIMATED may be more than is booked, as at the seal. */
static void sealed_estimated(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft = mx_created(x);

	mx_fill(x);
	draft->lines[1]->quantity->basis = LIANDAN__BASIS__BASIS_ESTIMATED;
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	mx_clean(x, mx_propose(x, GEN, mass(x, 2, MX_BULK_G, MX_BULK_G + 1)));
	assert_int_equal(gen(x, MX_BULK)->bound_g, MX_BULK_G + 1);
}

/* A line's grams are shared over its drums in proportion, to the gram; the drum is what it was
 * generated as. */
static void sealed_drums(void **state)
{
	struct mx *x = *state;

	mx_to_sealed(x);
	amend(x, GEN, mass(x, 1, DRUMS_G, 100000));
	assert_int_equal(mx_container(x, "C1")->mass_g, 39999);
	assert_int_equal(mx_container(x, "C2")->mass_g, 60001);
	assert_int_equal(gen(x, MX_CODE)->generated_g, 100000);
	assert_int_equal(gen(x, MX_CODE)->in_stock_g, 100000);
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__BOUND);
	/* a drum would hold nothing */
	mx_refused(x, mx_propose(x, GEN, mass(x, 1, 100000, 1)), QUANTITY);
	amend(x, GEN, code(x, 1, MX_CODE, OTHER));
	assert_int_equal(gen(x, MX_CODE)->generated_g, 0);
	assert_int_equal(gen(x, OTHER)->generated_g, 100000);
	assert_string_equal(mx_container(x, "C2")->code, OTHER);
	/* and it goes on its way */
	memcpy(x->content, mx_manifest(x)->content.data, sizeof x->content);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	assert_int_equal(gen(x, OTHER)->in_stock_g, 0);
	it_adds(x);
}

/* Bulk of a code of which there is none. */
static void sealed_bulk_of_another_code(void **state)
{
	struct mx *x = *state;

	mx_to_sealed(x);
	mx_refused(x, mx_propose(x, GEN, code(x, 2, MX_BULK, OTHER)), QUANTITY);
	mx_generate(x, "B9", "", OTHER, MX_BULK_G);
	amend(x, GEN, code(x, 2, MX_BULK, OTHER));
	assert_int_equal(gen(x, MX_BULK)->bound_g, 0);
	assert_int_equal(gen(x, OTHER)->bound_g, MX_BULK_G);
}

/* Two lines of one code are one book. */
static void two_lines_that_change_places(void **state)
{
	struct mx *x = *state;
	Liandan__AmendmentProposed *b;

	mx_to_sealed(x);
	b = mass(x, 2, MX_BULK_G, 200000);
	mx_number(x, b, MX_FIELD(LINE_MASS), 1, DRUMS_G, 200000);
	amend(x, GEN, b);
	assert_int_equal(gen(x, MX_CODE)->contained_g, 200000);
	assert_int_equal(gen(x, MX_BULK)->bound_g, 200000);
}

/* ---- grants and delegations ---- */

#define HUNAN 430100

static void the_grant_is_drawn_anew(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft = mx_created(x);
	Custody__Party *p;

	assert_int_equal(ld_party_get(&x->c, "REC", &p), LD_OK);
	p->registered->division = HUNAN;
	assert_int_equal(ld_party_put(&x->c, p), LD_OK);
	mx_clean(x, mx_approve(x, EEB, mx_approved(x, "A")));
	mx_fill(x);
	mx_generate(x, "B9", "", MX_BULK, MX_BULK_G);
	draft->approval = MX_S("A");
	mx_clean(x, mx_create(x, draft));
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_GRANTED, "A", MX_BULK, 0), MX_BULK_G);
	mx_refused(x, mx_propose(x, GEN, mass(x, 2, MX_BULK_G, MX_BULK_G + 1)), APPROVAL_MISSING);
	amend(x, GEN, mass(x, 2, MX_BULK_G, 1000));
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_GRANTED, "A", MX_BULK, 0), 1000);
	amend(x, GEN, mass(x, 2, 1000, MX_BULK_G)); /* its own share does not stand in its way */
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_GRANTED, "A", MX_BULK, 0), 0);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_GRANTED, "A", MX_CODE, 0), 0);
}

/* ---- on the way ---- */

static void on_the_way(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	amend(x, GEN, mass(x, 1, DRUMS_G, 2 * DRUMS_G));
	assert_int_equal(mx_container(x, "C1")->mass_g, 2 * MX_C1_G);
	assert_int_equal(gen(x, MX_CODE)->generated_g, 2 * DRUMS_G);
	assert_int_equal(gen(x, MX_CODE)->shipped_g, 2 * DRUMS_G);
	assert_int_equal(gen(x, MX_CODE)->in_stock_g, 0);
	/* bulk that never lay there has not left */
	mx_refused(x, mx_propose(x, GEN, mass(x, 2, MX_BULK_G, MX_BULK_G + 1)), QUANTITY);
	amend(x, CAR1, mass(x, 2, MX_BULK_G, MX_BULK_G - 1));
	assert_int_equal(gen(x, MX_BULK)->in_stock_g, 1);
	amend(x, GEN, code(x, 1, MX_CODE, OTHER));
	assert_int_equal(gen(x, MX_CODE)->shipped_g, 0);
	assert_int_equal(gen(x, OTHER)->shipped_g, 2 * DRUMS_G);
	assert_int_equal(mx_manifest(x)->taken_g, 2 * DRUMS_G + MX_BULK_G - 1);
	/* and it is accepted as what it is now */
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_accepted(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_int_equal(rec(x, OTHER)->received_g, DRUMS_G);
	it_adds(x);
}

/* What two certified tickets said stays what was taken. */
static void a_weighed_load_stays(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;

	mx_to_taken(x);
	m = mx_manifest(x);
	m->taken_weighed = true;
	m->taken_g = 777;
	assert_int_equal(ld_manifest_put(&x->c, m), LD_OK);
	amend(x, GEN, mass(x, 2, MX_BULK_G, 1000));
	assert_int_equal(mx_manifest(x)->taken_g, 777);
}

/* ---- accepted ---- */

static void accepted_less_and_more(void **state)
{
	struct mx *x = *state;

	mx_to_accepted(x);
	it_adds(x);
	amend(x, REC, accepted(x, 1, DRUMS_G, 100000));
	assert_int_equal(rec(x, MX_CODE)->received_g, 100000);
	assert_int_equal(mx_container(x, "C1")->mass_g, 39999);
	assert_int_equal(mx_manifest(x)->lines[0]->loss_g, DRUMS_G - 100000);
	amend(x, REC, accepted(x, 1, 100000, 0));
	assert_int_equal(rec(x, MX_CODE)->contained_g, 0);
	amend(x, REC, accepted(x, 1, 0, DRUMS_G));
	assert_int_equal(mx_container(x, "C2")->mass_g, MX_C2_G);
	amend(x, REC, accepted(x, 2, MX_BULK_G, 7));
	/* and the year of its licence */
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_ACCEPTED, "L-REC", "", 2026), DRUMS_G + 7);
	assert_int_equal(rec(x, MX_BULK)->in_stock_g, 7);
	amend(x, REC, mx_amend_text(x, MX_FIELD(ACCEPTED_MODE), 2, MX_MODE, "D10"));
	assert_string_equal(mx_manifest(x)->accepted[1]->mode, "D10");
}

/* The typing error is in the line, and the line has been accepted: both ends. */
static void declared_after_the_acceptance(void **state)
{
	struct mx *x = *state;
	Liandan__AmendmentProposed *b;

	mx_to_accepted(x);
	b = mass(x, 1, DRUMS_G, 2 * DRUMS_G);
	mx_number(x, b, MX_FIELD(ACCEPTED_MASS), 1, DRUMS_G, 2 * DRUMS_G);
	amend(x, REC, b);
	assert_int_equal(gen(x, MX_CODE)->shipped_g, 2 * DRUMS_G);
	assert_int_equal(rec(x, MX_CODE)->received_g, 2 * DRUMS_G);
	assert_int_equal(mx_container(x, "C1")->mass_g, 2 * MX_C1_G);
	assert_int_equal(mx_manifest(x)->lines[0]->loss_g, 0);
	amend(x, GEN, code(x, 1, MX_CODE, OTHER));
	assert_int_equal(gen(x, MX_CODE)->generated_g, 0);
	assert_int_equal(rec(x, MX_CODE)->in_stock_g, 0);
	assert_int_equal(rec(x, OTHER)->in_stock_g, 2 * DRUMS_G);
	/* a drum that was generated elsewhere is another's to correct */
	Custody__Container *k = mx_container(x, "C1");

	k->generator = MX_S("GEN2");
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_refused(x, mx_propose(x, GEN, mass(x, 1, 2 * DRUMS_G, DRUMS_G)), CONTAINER_ELSEWHERE);
}

/* What has been treated was there. */
static void treated_stays(void **state)
{
	struct mx *x = *state;

	mx_to_accepted(x);
	mx_clean(x, treat(x, "T1", "C1", false, 60000));
	mx_clean(x, treat(x, "T2", "", true, 400000));
	mx_refused(x, mx_propose(x, REC, accepted(x, 2, MX_BULK_G, 399999)), QUANTITY);
	amend(x, REC, accepted(x, 2, MX_BULK_G, 400000));
	assert_int_equal(rec(x, MX_BULK)->in_stock_g, 0);
	mx_refused(x, mx_propose(x, REC, code(x, 2, MX_BULK, OTHER)), QUANTITY);
	/* C1's share would be 39,999: 60,000 are gone */
	mx_refused(x, mx_propose(x, REC, accepted(x, 1, DRUMS_G, 100000)), QUANTITY);
	amend(x, REC, accepted(x, 1, DRUMS_G, 2 * DRUMS_G));
	assert_int_equal(mx_container(x, "C1")->mass_g, 2 * MX_C1_G - 60000);
	mx_clean(x, treat(x, "T3", "C1", false, 2 * MX_C1_G - 60000));
	mx_refused(x, mx_propose(x, REC, accepted(x, 1, 2 * DRUMS_G, DRUMS_G)),
		   CONTAINER_ELSEWHERE);
}

/* The year to treat it in ends and begins with what was accepted. */
static void the_treatments_clock(void **state)
{
	struct mx *x = *state;
	int64_t due;

	mx_to_accepted(x);
	due = MX_DUE(x, TREATMENT);
	assert_true(due != 0);
	mx_clean(x, treat(x, "T1", "", true, MX_BULK_G - 1));
	mx_clean(x, treat(x, "T2", "C1", false, MX_C1_G - 1));
	mx_clean(x, treat(x, "T3", "C2", false, MX_C2_G - 1));
	assert_int_equal(MX_DUE(x, TREATMENT), due);
	amend(x, REC, accepted(x, 2, MX_BULK_G, MX_BULK_G - 1));
	assert_int_equal(MX_DUE(x, TREATMENT), due); /* two grams are left */
	mx_clean(x, treat(x, "T4", "C1", false, 1));
	mx_clean(x, treat(x, "T5", "C2", false, 1));
	assert_int_equal(MX_DUE(x, TREATMENT), 0);
	amend(x, REC, accepted(x, 2, MX_BULK_G - 1, MX_BULK_G));
	assert_int_equal(MX_DUE(x, TREATMENT), due);
	amend(x, REC, accepted(x, 2, MX_BULK_G, MX_BULK_G - 1));
	assert_int_equal(MX_DUE(x, TREATMENT), 0);
}

/* A drum that is bound for elsewhere is what its new manifest says. */
static void sent_on_stays(void **state)
{
	struct mx *x = *state;
	Custody__Container *k;

	mx_to_accepted(x);
	k = mx_container(x, "C2");
	k->state = CUSTODY__CONTAINER_STATE__BOUND;
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_refused(x, mx_propose(x, REC, accepted(x, 1, DRUMS_G, 100000)), CONTAINER_ELSEWHERE);
	amend(x, REC, accepted(x, 2, MX_BULK_G, 100000)); /* the bulk is still there */
}

/* So is what goes on with a manifest that forwards it. CUSTODY-18 */
static void forwarded_stays(void **state)
{
	struct mx *x = *state;
	Custody__Shared shared = CUSTODY__SHARED__INIT, *list = &shared;
	Custody__Manifest *m;

	mx_to_accepted(x);
	m = mx_manifest(x);
	shared.line = 2;
	shared.mass_g = 300000;
	m->shared = &list;
	m->n_shared = 1;
	assert_int_equal(ld_manifest_put(&x->c, m), LD_OK);
	mx_refused(x, mx_propose(x, REC, accepted(x, 2, MX_BULK_G, 299999)), QUANTITY);
	mx_refused(x, mx_propose(x, GEN, code(x, 2, MX_BULK, OTHER)), CONTAINER_ELSEWHERE);
	amend(x, REC, accepted(x, 2, MX_BULK_G, 300000));
}

/* ---- at random ---- */

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static Liandan__AmendmentProposed *any_change(struct mx *x, uint32_t *seed)
{
	static const char *const codes[] = {MX_CODE, MX_BULK, OTHER};
	const Custody__Manifest *m = mx_manifest(x);
	const uint32_t line = next(seed) % 2;
	const int64_t declared_g = ld_line_declared_g(m->created->lines[line]);
	const int64_t g = next(seed) % 600000;

	switch (next(seed) % 4) {
	case 0:
		return code(x, line + 1, m->created->lines[line]->code, codes[next(seed) % 3]);
	case 1:
		if (m->n_accepted != 0)
			return accepted(x, line + 1, m->accepted[line]->mass_g, g);
		return mass(x, line + 1, declared_g, g);
	default:
		return mass(x, line + 1, declared_g, g);
	}
}

/* Whatever is proposed from whatever state: it is refused, or everything adds. */
static void at_random(void **state)
{
	struct mx *x = *state;
	uint32_t seed = 20260105, done = 0;

	mx_to_sealed(x);
	for (int step = 0; step < 4; step++) {
		memcpy(x->content, mx_manifest(x)->content.data, sizeof x->content);
		if (step == 1) {
			mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
			mx_accepted(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
		} else if (step == 2) {
			mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
			mx_clean(x, mx_receive(x, REC, mx_received(x)));
		} else if (step == 3) {
			mx_accepted(x, mx_accept(x, REC, mx_accepted_body(x)));
			mx_accepted(x, treat(x, "T1", "", true, 1000));
		}
		it_adds(x);
		for (int i = 0; i < 150; i++) {
			const uint32_t before = mx_manifest(x)->version;

			ld_arena_reset(&x->arena);
			mx_propose(x, GEN, any_change(x, &seed));
			if (x->j.verdict == LIANDAN__VERDICT__ACCEPTED)
				all_agree(x);
			done += mx_manifest(x)->version != before;
			it_adds(x);
		}
		ld_arena_reset(&x->build);
	}
	assert_true(done > 100);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(sealed_bulk),
	    T(sealed_estimated),
	    T(sealed_drums),
	    T(sealed_bulk_of_another_code),
	    T(two_lines_that_change_places),
	    T(the_grant_is_drawn_anew),
	    T(on_the_way),
	    T(a_weighed_load_stays),
	    T(accepted_less_and_more),
	    T(declared_after_the_acceptance),
	    T(treated_stays),
	    T(the_treatments_clock),
	    T(sent_on_stays),
	    T(forwarded_stays),
	    T(at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
