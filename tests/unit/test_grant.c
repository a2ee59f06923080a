/* Transfers between provinces: who grants them, and what a seal draws on the grant. CUSTODY-2. */
#include "plugin/custody/year.h"
#include "rights_builders.h"

#define HUNAN 430100

static int64_t drawn(struct mx *x, const char *code)
{
	return ld_year_g(&x->c, LD_YEAR_GRANTED, "A", code, 0);
}

static Liandan__ManifestCreated *draft_under(struct mx *x, const char *approval)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->approval = MX_S(approval);
	mx_clean(x, mx_create(x, b));
	return b;
}

static void granting(void **state)
{
	struct mx *x = *state;
	Liandan__TransferApproved *a = mx_approved(x, "A");

	mx_refused(x, mx_approve(x, GEN, a), WRONG_ROLE);
	a->generator = MX_S("nobody");
	mx_refused(x, mx_approve(x, EEB, a), UNKNOWN_PARTY);
	a->generator = MX_S("GEN");
	a->receiver = MX_S("nobody");
	mx_refused(x, mx_approve(x, EEB, a), UNKNOWN_PARTY);
	a->receiver = MX_S("REC");
	a->to_ms = 0;
	mx_refused(x, mx_approve(x, EEB, a), QUANTITY);
	a->to_ms = a->from_ms;
	mx_refused(x, mx_approve(x, EEB, a), QUANTITY);
	a->to_ms = a->from_ms + x->c.rules->grant_max_ms + 1;
	mx_refused(x, mx_approve(x, EEB, a), LIMIT);
	a->to_ms--;
	a->lines[0]->code = MX_S("900-999-99");
	mx_refused(x, mx_approve(x, EEB, a), BAD_WASTE_CODE);
	a->lines[0]->code = MX_S(MX_BULK);
	mx_refused(x, mx_approve(x, EEB, a), QUANTITY);
	a->lines[0]->code = MX_S(MX_CODE);
	a->lines[0]->mass_g = LD_MAX_MASS_G + 1;
	mx_refused(x, mx_approve(x, EEB, a), QUANTITY);
	a->lines[0]->mass_g = 1;
	mx_clean(x, mx_approve(x, EEB, a));
	mx_refused(x, mx_approve(x, EEB, a), ALREADY_EXISTS);
	mx_refused(x, mx_deny(x, GEN, "A"), WRONG_ROLE);
	mx_clean(x, mx_deny(x, EEB, "A"));
	mx_refused(x, mx_deny(x, EEB, "A"), ALREADY_EXISTS);
	/* what was denied is not granted under the same name */
	mx_clean(x, mx_deny(x, EEB, "B"));
	mx_refused(x, mx_approve(x, EEB, mx_approved(x, "B")), ALREADY_EXISTS);
}

static void needed_between_provinces_only(void **state)
{
	struct mx *x = *state;
	struct ld_rules lax = ld_rules_cn;
	Liandan__ManifestCreated *draft;

	mx_fill(x);
	draft = mx_to_draft(x);
	mx_divide(x, "REC", HUNAN);
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), APPROVAL_MISSING);
	lax.cross_province = 0;
	x->c.rules = &lax;
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	x->c.rules = &ld_rules_cn;
}

static void another_prefecture_or_unknown(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft;

	mx_fill(x);
	draft = mx_to_draft(x);
	mx_divide(x, "REC", 445200); /* Jieyang: the same province */
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	mx_clean(x, mx_cancel(x, GEN));
	x->id[0]++;
	draft = mx_to_draft(x);
	mx_divide(x, "REC", 0);
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
}

static void what_it_must_say(void **state)
{
	struct mx *x = *state;
	Liandan__TransferApproved *a;
	Liandan__ManifestCreated *draft;

	mx_divide(x, "REC", HUNAN);
	mx_fill(x);
	draft = draft_under(x, "A");
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), APPROVAL_MISSING); /* not granted */
	a = mx_approved(x, "A");
	a->generator = MX_S("GEN2");
	mx_clean(x, mx_approve(x, EEB, a));
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), APPROVAL_MISSING); /* another's */
	x->id[0]++;
	draft = draft_under(x, "B");
	a = mx_approved(x, "B");
	a->lines[1]->mode = MX_S("D10");
	mx_clean(x, mx_approve(x, EEB, a));
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), APPROVAL_MISSING); /* another mode */
	x->id[0]++;
	draft = draft_under(x, "C");
	a = mx_approved(x, "C");
	a->n_lines = 1;
	mx_clean(x, mx_approve(x, EEB, a));
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), APPROVAL_MISSING); /* not the code */
	x->id[0]++;
	draft = draft_under(x, "E");
	a = mx_approved(x, "E");
	a->lines[1]->mode = MX_S(MX_MODE);
	mx_clean(x, mx_approve(x, EEB, a));
	mx_clean(x, mx_deny(x, EEB, "E"));
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), APPROVAL_MISSING); /* denied later */
}

/* It begins at from_ms and has ended at to_ms, to the millisecond. */
static void its_term(void **state)
{
	struct mx *x = *state;
	Liandan__TransferApproved *a = mx_approved(x, "A");
	Liandan__ManifestCreated *draft;

	mx_divide(x, "REC", HUNAN);
	a->from_ms = x->now + 10000;
	a->to_ms = x->now + 20000;
	mx_clean(x, mx_approve(x, EEB, a));
	mx_fill(x);
	draft = draft_under(x, "A");
	x->now = a->from_ms - 1;
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), APPROVAL_MISSING);
	x->now = a->to_ms;
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), APPROVAL_MISSING);
	x->now = a->to_ms - 1;
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
}

/* Exactly used up; one gram over; given back. */
static void to_the_gram(void **state)
{
	struct mx *x = *state;
	Liandan__TransferApproved *a = mx_approved(x, "A");
	Liandan__ManifestCreated *draft;

	mx_divide(x, "REC", HUNAN);
	a->lines[1]->mass_g -= 1;
	mx_clean(x, mx_approve(x, EEB, a));
	a = mx_approved(x, "B");
	mx_clean(x, mx_approve(x, EEB, a));
	mx_fill(x);
	draft = draft_under(x, "A");
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), APPROVAL_MISSING); /* one gram over */
	assert_int_equal(drawn(x, MX_BULK), 0);
	x->id[0]++;
	draft = draft_under(x, "B");
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_GRANTED, "B", MX_BULK, 0), MX_BULK_G);
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_GRANTED, "B", MX_CODE, 0), MX_C1_G + MX_C2_G);
	mx_clean(x, mx_cancel(x, GEN));
	assert_int_equal(ld_year_g(&x->c, LD_YEAR_GRANTED, "B", MX_BULK, 0), 0);
	x->id[0]++;
	draft = draft_under(x, "B"); /* again, and then nothing is left */
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
	x->id[0]++;
	draft = draft_under(x, "B");
	mx_generate(x, "B9", "C9", MX_CODE, MX_C1_G + MX_C2_G);
	mx_generate(x, "B10", "", MX_BULK, MX_BULK_G);
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), CONTAINER_ELSEWHERE);
}

static void expired_and_taken_all_the_same(void **state)
{
	struct mx *x = *state;

	mx_divide(x, "REC", HUNAN);
	mx_clean(x, mx_approve(x, EEB, mx_approved(x, "A")));
	mx_fill(x);
	mx_clean(x, mx_seal(x, draft_under(x, "A"), mx_sealed(x)));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	x->now += x->c.rules->pickup_ms;
	mx_tick(x);
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__EXPIRED);
	assert_int_equal(drawn(x, MX_BULK), 0);
	mx_was_at(x, "V1", "S-GEN");
	mx_accepted(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	assert_int_equal(drawn(x, MX_BULK), MX_BULK_G);
	/* later legs draw nothing */
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	mx_accepted(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")));
	assert_int_equal(drawn(x, MX_BULK), MX_BULK_G);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(granting),
	    T(needed_between_provinces_only),
	    T(another_prefecture_or_unknown),
	    T(what_it_must_say),
	    T(its_term),
	    T(to_the_gram),
	    T(expired_and_taken_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
