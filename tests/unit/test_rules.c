/* Profiles and calendars: adopted by an authority's event, in force from their time on, refused
 * with what is wrong. */
#include "manifest_builders.h"

#include "plugin/custody/year.h"

struct value {
	const char *name;
	int64_t value;
};

static Liandan__RulesAdopted *adopting(struct mx *x, uint32_t version, const struct value *v,
				       size_t n)
{
	Liandan__RulesAdopted *b = MX_NEW(x, Liandan__RulesAdopted, LIANDAN__RULES_ADOPTED__INIT);
	uint8_t *digest = ld_arena_alloc(&x->build, LD_HASH_BYTES);

	b->profile = MX_S("CN-GD");
	b->version = version;
	b->values = ld_arena_alloc(&x->build, n * sizeof *b->values);
	for (size_t i = 0; i < n; i++) {
		b->values[i] = MX_NEW(x, Liandan__RuleValue, LIANDAN__RULE_VALUE__INIT);
		b->values[i]->name = MX_S(v[i].name);
		b->values[i]->value = v[i].value;
		b->values[i]->source = MX_S("a test");
	}
	b->n_values = n;
	assert_true(ld_rules_digest(&x->build, b, digest));
	b->digest = mx_bytes(digest, LD_HASH_BYTES);
	return b;
}

static Liandan__Reason adopt(struct mx *x, enum mx_who who, Liandan__RulesAdopted *b)
{
	MX_EVENT(e, RULES_ADOPTED, b);
	return mx_put(x, who, &e);
}

static const struct value days7[] = {{"acceptance_workdays", 7}};

static void in_force_from_their_time_on(void **state)
{
	struct mx *x = *state;
	Liandan__RulesAdopted *later = adopting(x, 3, days7, 1);
	static const struct value two[] = {{"offer_ms", LD_HOUR_MS}};

	mx_accepted(x, adopt(x, EEB, adopting(x, 2, two, 1)));
	assert_int_equal(x->c.rules->version, 2);
	assert_int_equal(x->c.rules->offer_ms, LD_HOUR_MS);
	assert_int_equal(x->c.rules->acceptance_workdays, 5); /* the compiled one */
	later->from_ms = x->now + LD_DAY_MS;
	mx_accepted(x, adopt(x, EEB, later));
	assert_int_equal(x->c.rules->version, 2);
	x->now += LD_DAY_MS - 1;
	ld_rules_at(&x->c, x->now);
	assert_int_equal(x->c.rules->version, 2);
	x->now++;
	ld_rules_at(&x->c, x->now);
	assert_int_equal(x->c.rules->version, 3);
	assert_int_equal(x->c.rules->acceptance_workdays, 7);
	assert_int_equal(x->c.rules->offer_ms, ld_rules_cn.offer_ms);
	/* a replay goes back in time */
	ld_rules_at(&x->c, x->now - 1);
	assert_int_equal(x->c.rules->version, 2);
	ld_custody_forget(&x->c);
	ld_rules_at(&x->c, x->now);
	assert_int_equal(x->c.rules->version, 3);
}

/* CUSTODY: a manifest keeps the rules that it was sealed under. */
static void a_manifest_keeps_its_rules(void **state)
{
	struct mx *x = *state;

	mx_to_arrived(x);
	mx_accepted(x, adopt(x, EEB, adopting(x, 2, days7, 1)));
	mx_accepted(x, mx_receive(x, REC, mx_received(x)));
	assert_int_equal(MX_DUE(x, ACCEPTANCE), ld_workdays_after(&x->c, x->now, 5));
	assert_int_equal(mx_manifest(x)->rules, 1);
}

static void wrong_profiles_are_refused(void **state)
{
	struct mx *x = *state;
	static const struct value unknown[] = {{"no_such_rule", 1}}, low[] = {{"offer_ms", 1}},
				  twice[] = {{"offer_ms", LD_HOUR_MS}, {"offer_ms", LD_HOUR_MS}},
				  down[] = {{"pickup_ms", LD_DAY_MS}, {"offer_ms", LD_HOUR_MS}},
				  check[] = {{"check.on_hold", 3}},
				  form[] = {{"check.line_form", LD_RECORDED}};
	Liandan__RulesAdopted *b;

	mx_refused(x, adopt(x, GEN, adopting(x, 2, days7, 1)), WRONG_ROLE);
	mx_refused(x, adopt(x, EEB, adopting(x, 2, unknown, 1)), BAD_RULES);
	assert_non_null(strstr(x->j.detail, "no_such_rule"));
	mx_refused(x, adopt(x, EEB, adopting(x, 2, low, 1)), BAD_RULES);
	assert_non_null(strstr(x->j.detail, "offer_ms is 1, allowed are 60000"));
	mx_refused(x, adopt(x, EEB, adopting(x, 2, twice, 2)), BAD_RULES);
	mx_refused(x, adopt(x, EEB, adopting(x, 2, down, 2)), BAD_RULES);
	mx_refused(x, adopt(x, EEB, adopting(x, 2, check, 1)), BAD_RULES);
	mx_refused(x, adopt(x, EEB, adopting(x, 2, form, 1)), BAD_RULES);
	mx_refused(x, adopt(x, EEB, adopting(x, 1, days7, 1)), BAD_RULES); /* the compiled one's */
	b = adopting(x, 2, days7, 1);
	b->values[0]->value = 8;
	mx_refused(x, adopt(x, EEB, b), BAD_RULES);
	assert_non_null(strstr(x->j.detail, "digest"));
	b = adopting(x, 2, days7, 1);
	b->values[0]->source = MX_S("");
	mx_refused(x, adopt(x, EEB, b), BAD_RULES);
	mx_accepted(x, adopt(x, EEB, adopting(x, 2, days7, 1)));
	mx_refused(x, adopt(x, EEB, adopting(x, 2, days7, 1)), BAD_RULES); /* twice */
}

/* Every rule's bounds hold its own value; names are unique. */
static void the_list_is_sane(void **state)
{
	(void)state;
	for (size_t i = 0; i < ld_rule_defs_n; i++) {
		const struct ld_rule_def *d = &ld_rule_defs[i];
		const int64_t value = ld_rules_get(&ld_rules_cn, d);

		if (value < d->min || value > d->max || d->source[0] == '\0' || d->zh[0] == '\0' ||
		    d->en[0] == '\0')
			fail_msg("%s", d->name);
		assert_ptr_equal(ld_rule_find(d->name), d);
	}
}

static Liandan__CalendarAdopted *calendar(struct mx *x, uint32_t year)
{
	Liandan__CalendarAdopted *b =
	    MX_NEW(x, Liandan__CalendarAdopted, LIANDAN__CALENDAR_ADOPTED__INIT);
	uint8_t *bits = ld_arena_alloc(&x->build, LD_CALENDAR_BYTES);
	const uint32_t days = year % 4 == 0 ? 366 : 365; /* of the years here */

	memset(bits, 0, LD_CALENDAR_BYTES);
	for (uint32_t i = 0; i < days; i++)
		bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i % 8));
	b->jurisdiction = MX_S("CN");
	b->year = year;
	b->workdays = mx_bytes(bits, LD_CALENDAR_BYTES);
	return b;
}

static void day_off(Liandan__CalendarAdopted *b, uint32_t yday)
{
	b->workdays.data[yday / 8] = (uint8_t)(b->workdays.data[yday / 8] & ~(1u << (yday % 8)));
}

static Liandan__Reason adopt_calendar(struct mx *x, enum mx_who who, Liandan__CalendarAdopted *b)
{
	MX_EVENT(e, CALENDAR_ADOPTED, b);
	return mx_put(x, who, &e);
}

static void calendars_are_counted(void **state)
{
	struct mx *x = *state;
	Liandan__CalendarAdopted *b = calendar(x, 2026);
	const int64_t monday = MX_NOW; /* 2026-01-05 16:00 */

	/* without a calendar: Monday to Friday, over the weekend */
	assert_int_equal(ld_china_yday(monday), 4);
	assert_int_equal(ld_workdays_after(&x->c, monday, 5), ld_workdays_after(NULL, monday, 5));
	day_off(b, 5);
	day_off(b, 6);
	mx_accepted(x, adopt_calendar(x, EEB, b));
	/* 6 and 7 January off, the weekend is not: 8, 9, 10, 11, 12 January */
	assert_int_equal(ld_china_yday(ld_workdays_after(&x->c, monday, 5) - 1), 11);
	/* over the end of the year, into one that nobody adopted: Thursday 31 December, then
	 * Friday, Monday */
	const int64_t end = monday + INT64_C(359) * LD_DAY_MS; /* 30 December */
	assert_int_equal(ld_china_date(end), 20261230);
	assert_int_equal(ld_china_date(ld_workdays_after(&x->c, end, 3) - 1), 20270104);
	assert_int_equal(ld_calendar_index(&x->c, end), x->index);
	assert_int_equal(ld_calendar_index(&x->c, end + 7 * LD_DAY_MS), 0);
}

/* CUSTODY-22: calendars are always the newest, also for clocks that run already. */
static void running_clocks_follow(void **state)
{
	struct mx *x = *state;
	Liandan__CalendarAdopted *b = calendar(x, 2026);
	int64_t before;

	mx_to_received(x);
	before = MX_DUE(x, ACCEPTANCE);
	for (uint32_t i = 5; i < 15; i++)
		day_off(b, i);
	mx_accepted(x, adopt_calendar(x, EEB, b));
	assert_int_equal(MX_DUE(x, ACCEPTANCE),
			 ld_workdays_after(&x->c, mx_manifest(x)->received_ms, 5));
	assert_true(MX_DUE(x, ACCEPTANCE) > before);
	x->now = before;
	assert_int_equal(mx_tick(x), 0);
	x->now = MX_DUE(x, ACCEPTANCE);
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(x->own[0]->deadline_missed->calendar,
			 ld_calendar_index(&x->c, x->now - 1));
	assert_int_equal(mx_tick(x), 0); /* never twice */
}

static void wrong_calendars_are_refused(void **state)
{
	struct mx *x = *state;
	Liandan__CalendarAdopted *b = calendar(x, 2026);

	mx_refused(x, adopt_calendar(x, GEN, b), WRONG_ROLE);
	b->workdays.data[45] |= 1u << 5; /* day 366 of a year of 365 */
	mx_refused(x, adopt_calendar(x, EEB, b), BAD_RULES);
	b = calendar(x, 2026);
	memset(b->workdays.data, 0, LD_CALENDAR_BYTES);
	mx_refused(x, adopt_calendar(x, EEB, b), BAD_RULES);
	mx_refused(x, adopt_calendar(x, EEB, calendar(x, 1999)), BAD_RULES);
	mx_accepted(x, adopt_calendar(x, EEB, calendar(x, 2028))); /* 366 days */
	assert_int_equal(ld_china_date(ld_workdays_after(&x->c, INT64_C(1835323200000), 1) - 1),
			 20280229);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)
	    T(in_force_from_their_time_on), T(a_manifest_keeps_its_rules),
	    T(wrong_profiles_are_refused),  T(the_list_is_sane),
	    T(calendars_are_counted),	    T(running_clocks_follow),
	    T(wrong_calendars_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
