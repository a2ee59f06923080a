/* Analyses: what stands of them, how grave another code is, and when. CUSTODY-13, 14. */
#include "finding_builders.h"

#define CODE_DIFFERS LIANDAN__REASON__CODE_DIFFERS

static void the_last_of_each_line_stands(void **state)
{
	struct mx *x = *state;
	Liandan__SampleAnalysed *whole = mx_sample(x);
	Custody__Manifest *m;

	mx_to_received(x);
	mx_clean(x, mx_analyse(x, LAB, mx_sample(x)));
	whole->line = 0;
	whole->sample = MX_S("smp-2");
	mx_clean(x, mx_analyse(x, LAB, whole));
	mx_flagged(x, mx_analyse(x, REC, mx_other_sample(x)), CODE_DIFFERS);
	m = mx_manifest(x);
	assert_int_equal(m->n_analyses, 2);
	assert_int_equal(m->analyses[0]->line, 1);
	assert_string_equal(m->analyses[0]->found_code, "900-042-49");
	assert_string_equal(m->analyses[1]->sample, "smp-2");
	/* and where a later one finds what was declared, nothing is held against an acceptance */
	mx_clean(x, mx_analyse(x, LAB, mx_sample(x)));
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
}

/* Of the whole manifest: any of its codes will do. */
static void of_the_whole_manifest(void **state)
{
	struct mx *x = *state;
	Liandan__SampleAnalysed *b = mx_sample(x);

	mx_to_received(x);
	b->line = 0;
	b->found_code = MX_S(MX_BULK);
	mx_clean(x, mx_analyse(x, LAB, b));
	b->found_code = MX_S("900-042-49");
	mx_flagged(x, mx_analyse(x, LAB, b), CODE_DIFFERS);
}

/* It need not know which: the verdict alone says so. */
static void another_code_without_a_name(void **state)
{
	struct mx *x = *state;
	Liandan__SampleAnalysed *b = mx_other_sample(x);

	mx_to_received(x);
	b->found_code = MX_S("");
	mx_flagged(x, mx_analyse(x, LAB, b), CODE_DIFFERS);
	b->verdict = LIANDAN__SAMPLE_VERDICT__SAMPLE_VERDICT_OUT_OF_RANGE;
	mx_clean(x, mx_analyse(x, LAB, b));
}

static void a_line_that_is_not_there_is_not_kept(void **state)
{
	struct mx *x = *state;
	Liandan__SampleAnalysed *b = mx_other_sample(x);

	mx_to_received(x);
	for (uint32_t line = 3; line < 60; line++) {
		b->line = line;
		mx_flagged(x, mx_analyse(x, LAB, b), QUANTITY);
		assert_false(mx_violated(x, CODE_DIFFERS));
	}
	assert_int_equal(mx_manifest(x)->n_analyses, 0);
}

/* Found at the gate it is level 3; taken all the same it is what the profile says, at the
 * acceptance or, of what is accepted already, at the analysis. Guangdong, article 40. */
static void accepted_all_the_same(void **state)
{
	struct mx *x = *state;
	struct ld_rules strict = ld_rules_cn;
	const Liandan__AnomalyRaised *a;
	const Liandan__OwnEvent *own;

	strict.carry_mismatch_level = 4;
	x->c.rules = &strict;
	mx_to_received(x);
	mx_flagged(x, mx_analyse(x, LAB, mx_other_sample(x)), CODE_DIFFERS);
	a = mx_raised_for(x, CODE_DIFFERS);
	assert_non_null(a);
	assert_int_equal(a->level, 3);
	mx_flagged(x, mx_accept(x, REC, mx_accepted_body(x)), CODE_DIFFERS);
	own = mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED);
	assert_non_null(own);
	assert_int_equal(own->anomaly_updated->now->reason, CODE_DIFFERS);
	assert_int_equal(own->anomaly_updated->now->level, 4);
}

static void found_after_closing(void **state)
{
	struct mx *x = *state;
	struct ld_rules strict = ld_rules_cn;
	Custody__Anomaly *open;
	const char *hex;

	strict.carry_mismatch_level = 4;
	x->c.rules = &strict;
	mx_to_accepted(x);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	x->now += 20 * LD_DAY_MS;
	mx_flagged(x, mx_analyse(x, LAB, mx_other_sample(x)), CODE_DIFFERS);
	assert_int_equal(mx_raised_for(x, CODE_DIFFERS)->level, 4);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	hex = ld_c_hex(&x->c, mx_id(x));
	assert_int_equal(ld_anomaly_open(&x->c, LIANDAN__ANOMALY_KIND__RULE_VIOLATED, CODE_DIFFERS,
					 hex, hex, &open),
			 LD_OK);
	assert_string_equal(open->party, "GEN"); /* who declared it */
}

/* The receiver hands in another's report; a laboratory does not. */
static void whose_word(void **state)
{
	struct mx *x = *state;
	Liandan__SampleAnalysed *b = mx_sample(x);

	mx_to_received(x);
	b->laboratory = MX_S("LAB2");
	mx_clean(x, mx_analyse(x, REC, b));
	mx_refused(x, mx_analyse(x, LAB, b), WRONG_ROLE);
	b->laboratory = MX_S("");
	mx_clean(x, mx_analyse(x, LAB, b));
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(the_last_of_each_line_stands),
	    T(of_the_whole_manifest),
	    T(another_code_without_a_name),
	    T(a_line_that_is_not_there_is_not_kept),
	    T(accepted_all_the_same),
	    T(found_after_closing),
	    T(whose_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
