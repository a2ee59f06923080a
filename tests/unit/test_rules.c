/* Profiles and calendars: adopted by an authority's event, in force from their time on, refused
 * with what is wrong. */
#include "manifest_builders.h"

#include "plugin/custody/table.h"
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

/* Today's midnight is today; what lies further back has been judged. */
static void never_from_the_past(void **state)
{
	struct mx *x = *state;
	Liandan__RulesAdopted *b = adopting(x, 2, days7, 1);

	b->from_ms = x->now - LD_DAY_MS - 1;
	mx_refused(x, adopt(x, EEB, b), BAD_RULES);
	assert_non_null(strstr(x->j.detail, "in the past"));
	b->from_ms = 1;
	mx_refused(x, adopt(x, EEB, b), BAD_RULES);
	b->from_ms = x->now - LD_DAY_MS;
	mx_accepted(x, adopt(x, EEB, b));
	ld_rules_at(&x->c, x->now - 1);
	assert_int_equal(x->c.rules->version, 1);
	ld_rules_at(&x->c, x->now);
	assert_int_equal(x->c.rules->version, 2);
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

/* ---- which rules: those that a manifest was sealed under, else those when it was recorded ---- */

/* Ascending, as RulesAdopted wants them; each as far from the compiled one as it may be. */
static const struct value other[] = {
    {"carry_mismatch_level", 4}, {"draft_ms", LD_DAY_MS},    {"late_news_ms", LD_HOUR_MS},
    {"lost_ms", LD_HOUR_MS},	 {"mass_extra_g", 500000},   {"offer_ms", LD_HOUR_MS},
    {"pickup_ms", LD_HOUR_MS},	 {"presence_ms", LD_DAY_MS}, {"receipt_ms", LD_HOUR_MS},
    {"redirect_ms", LD_HOUR_MS}, {"small_generator_g", 0},   {"treatment_ms", LD_DAY_MS},
};

static void adopt_other(struct mx *x)
{
	mx_accepted(x, adopt(x, EEB, adopting(x, 2, other, sizeof other / sizeof other[0])));
	assert_int_equal(x->c.rules->version, 2);
}

/* Ready to be sent, later: others may wait for it. */
static ProtobufCBinaryData cause_of(struct mx *x, uint8_t hash[LD_HASH_BYTES])
{
	MX_EVENT(e, WASTE_GENERATED, mx_generated(x, "B-CAUSE", "", MX_BULK, 1000));
	const ProtobufCBinaryData bytes = mx_pack(x, GEN, MX_KEYS, &e);

	ld_sha256(bytes.data, bytes.len, hash);
	return bytes;
}

#define HELD_FOR(x, who, CASE, body, hash)                                                         \
	do {                                                                                       \
		ProtobufCBinaryData mx_after = mx_bytes(hash, LD_HASH_BYTES);                      \
		MX_EVENT(mx_e, CASE, body);                                                        \
		mx_e.after = &mx_after;                                                            \
		mx_e.n_after = 1;                                                                  \
		mx_held(x, mx_put(x, who, &mx_e));                                                 \
	} while (0)

/* A held event is applied by the rules that it was judged by. */
static void a_held_draft(void **state)
{
	struct mx *x = *state;
	uint8_t hash[LD_HASH_BYTES];
	const ProtobufCBinaryData cause = cause_of(x, hash);
	const int64_t recorded_ms = x->now;

	HELD_FOR(x, GEN, MANIFEST_CREATED, mx_created(x), hash);
	x->now += LD_MINUTE_MS;
	adopt_other(x);
	x->now += LD_MINUTE_MS;
	mx_accepted(x, mx_put_bytes(x, cause));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__DRAFT);
	assert_int_equal(MX_DUE(x, DRAFT), recorded_ms + ld_rules_cn.draft_ms);
}

static void a_held_seal(void **state)
{
	struct mx *x = *state;
	uint8_t hash[LD_HASH_BYTES];
	Liandan__ManifestSealed *b = mx_sealed(x);
	ProtobufCBinaryData cause;
	int64_t recorded_ms;

	mx_fill(x);
	mx_hash_content(x, mx_to_draft(x), b);
	cause = cause_of(x, hash);
	recorded_ms = x->now;
	HELD_FOR(x, GEN, MANIFEST_SEALED, b, hash);
	x->now += LD_MINUTE_MS;
	adopt_other(x);
	mx_accepted(x, mx_put_bytes(x, cause));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__SEALED);
	assert_int_equal(mx_manifest(x)->rules, 1);
	assert_int_equal(MX_DUE(x, PICKUP), recorded_ms + ld_rules_cn.pickup_ms);
	/* and what comes now is judged by what is in force now */
	x->id[0]++;
	mx_to_draft(x);
	assert_int_equal(MX_DUE(x, DRAFT), x->now + LD_DAY_MS);
}

/* A fact that came before the seal follows the seal, not the day it came. */
static void a_held_taking(void **state)
{
	struct mx *x = *state;
	MX_EVENT(e, HANDOVER_TAKEN, NULL);

	mx_hash_content(x, mx_created(x), mx_sealed(x));
	e.handover_taken = mx_taken(x, 1, "V1");
	e.handover_taken->offer.len = 0;
	mx_held(x, mx_put_co(x, CAR1, GEN, &e));
	x->now += LD_MINUTE_MS;
	adopt_other(x);
	mx_to_sealed(x);
	assert_int_equal(mx_manifest(x)->rules, 2);
	assert_int_equal(mx_manifest(x)->state, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	x->now = MX_DUE(x, ARRIVAL);
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(MX_DUE(x, LOST), x->now + LD_HOUR_MS);
}

/* Held by its cause, judged and applied by the rules when it was recorded; a profile that was
 * itself held is in force from when it took effect on. */
static void held_rules(void **state)
{
	struct mx *x = *state;
	uint8_t hash[LD_HASH_BYTES];
	const ProtobufCBinaryData cause = cause_of(x, hash);
	const int64_t recorded_ms = x->now;

	HELD_FOR(x, EEB, RULES_ADOPTED, adopting(x, 2, days7, 1), hash);
	x->now += LD_HOUR_MS;
	mx_to_draft(x);
	x->now += LD_HOUR_MS;
	mx_accepted(x, mx_put_bytes(x, cause));
	ld_rules_at(&x->c, recorded_ms);
	assert_int_equal(x->c.rules->version, 1);
	ld_rules_at(&x->c, x->now - 1);
	assert_int_equal(x->c.rules->version, 1);
	ld_rules_at(&x->c, x->now);
	assert_int_equal(x->c.rules->version, 2);
}

static void clocks_of_a_sealed_manifest(void **state)
{
	struct mx *x = *state;
	int64_t due;

	mx_to_sealed(x);
	x->now += LD_MINUTE_MS;
	adopt_other(x);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	assert_int_equal(MX_DUE(x, OFFER), x->now + ld_rules_cn.offer_ms);
	mx_was_at(x, "V1", "S-GEN");
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	due = x->now = MX_DUE(x, ARRIVAL);
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(x->own[0]->deadline_missed->rules, 1);
	assert_int_equal(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED)->anomaly_raised->rules,
			 1);
	assert_int_equal(MX_DUE(x, LOST), due + ld_rules_cn.lost_ms);
	mx_accepted(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	assert_int_equal(MX_DUE(x, RECEIPT), x->now + ld_rules_cn.receipt_ms);
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_int_equal(MX_DUE(x, TREATMENT), x->now + ld_rules_cn.treatment_ms);
}

static void clocks_of_a_rejected_manifest(void **state)
{
	struct mx *x = *state;

	mx_to_arrived(x);
	adopt_other(x);
	mx_clean(x, mx_reject(x, REC, LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK));
	assert_int_equal(MX_DUE(x, REDIRECT), x->now + ld_rules_cn.redirect_ms);
}

/* The phone was offline: how long the arrival has then is the manifest's rule too. */
static void late_news(void **state)
{
	struct mx *x = *state;
	MX_EVENT(taken, HANDOVER_TAKEN, NULL);

	mx_to_offered(x);
	mx_was_at(x, "V1", "S-GEN");
	taken.handover_taken = mx_taken(x, 1, "V1");
	taken.occurred_at_ms = x->now;
	x->now += 9 * LD_HOUR_MS;
	adopt_other(x);
	mx_clean(x, mx_put(x, CAR1, &taken));
	assert_int_equal(MX_DUE(x, ARRIVAL), x->now + ld_rules_cn.late_news_ms);
}

/* Thresholds of checks. */
static void checks_of_a_sealed_manifest(void **state)
{
	struct mx *x = *state;
	const Liandan__OwnEvent *raised;
	Liandan__HandoverTaken *b;

	mx_to_offered(x);
	mx_was_at(x, "V1", "S-GEN");
	x->now += 2 * LD_HOUR_MS; /* it left: within a day, not within half an hour */
	mx_was_at(x, "V1", "S-PARK");
	adopt_other(x);
	b = mx_taken(x, 1, "V1");
	b->content = mx_bytes(x->hash, sizeof x->hash); /* of another */
	mx_flagged(x, mx_take(x, CAR1, b), BAD_CONTENT);
	raised = mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED);
	assert_non_null(raised);
	for (size_t i = 0; i < x->n_own; i++) {
		const Liandan__AnomalyRaised *a = x->own[i]->anomaly_raised;

		if (x->own[i]->body_case != LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED)
			continue;
		assert_int_equal(a->rules, 1);
		assert_true(a->level <= 3); /* carry_mismatch_level of then, not of now */
	}
	for (size_t i = 0; i < x->j.n_violations; i++)
		if (x->j.violations[i]->reason == LIANDAN__REASON__PRESENCE_UNKNOWN ||
		    x->j.violations[i]->reason == LIANDAN__REASON__ABSENT_AT_ORIGIN)
			assert_int_equal(x->j.violations[i]->threshold, ld_rules_cn.presence_ms);
}

/* The same pen on both sides, of 750 kg: small by the old rules, not by the new ones. */
static void the_same_pen_of_a_sealed_manifest(void **state)
{
	struct mx *x = *state;

	mx_to_offered(x);
	adopt_other(x);
	mx_flagged(x, mx_take(x, BOTH, mx_taken(x, 1, "V1")), SAME_PERSON);
}

/* 400 kg short: beyond 20 kg extra, within 500. */
static void the_scales_of_a_sealed_manifest(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *b;

	mx_to_received(x);
	adopt_other(x);
	b = mx_accepted_body(x);
	mx_ticket(x, 0x72, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE,
		  MX_C1_G + MX_C2_G + MX_BULK_G - 400000, &b->tickets[0]);
	mx_accepted(x, mx_accept(x, REC, b));
	for (size_t i = 0; i < x->n_own; i++)
		if (x->own[i]->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED &&
		    x->own[i]->anomaly_raised->kind == LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL) {
			assert_int_equal(x->own[i]->anomaly_raised->rules, 1);
			return;
		}
	fail_msg("no WEIGHT_SHORTFALL");
}

/* Which checks are hard is the manifest's profile too. */
static void strictness_of_a_sealed_manifest(void **state)
{
	struct mx *x = *state;
	static const struct value soft[] = {{"check.no_live_offer", LD_RECORDED}};

	mx_to_offered(x);
	mx_accepted(x, adopt(x, EEB, adopting(x, 2, soft, 1)));
	mx_refused(x, mx_cancel(x, GEN), OUT_OF_ORDER);
	assert_string_equal(x->j.refused_by->name, "no_live_offer");
}

static void wrong_profiles_are_refused(void **state)
{
	struct mx *x = *state;
	static const struct value unknown[] = {{"no_such_rule", 1}}, low[] = {{"offer_ms", 1}},
				  twice[] = {{"offer_ms", LD_HOUR_MS}, {"offer_ms", LD_HOUR_MS}},
				  down[] = {{"pickup_ms", LD_DAY_MS}, {"offer_ms", LD_HOUR_MS}},
				  check[] = {{"check.on_hold", 3}},
				  form[] = {{"check.line_form", LD_RECORDED}},
				  of_facts[] = {{"check.presence", LD_HARD}};
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
	mx_refused(x, adopt(x, EEB, adopting(x, 2, of_facts, 1)), BAD_RULES);
	assert_non_null(strstr(x->j.detail, "facts only"));
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
}

/* DeadlineMissed names the youngest calendar that it rests on. */
static void calendars_over_the_year_end(void **state)
{
	struct mx *x = *state;
	const int64_t eve = ld_china_day(MX_NOW) + 359; /* 30 December */
	uint64_t first, second, calendar_index;

	ld_workdays_due(&x->c, eve, 3, &calendar_index);
	assert_int_equal(calendar_index, 0);
	mx_accepted(x, adopt_calendar(x, EEB, calendar(x, 2026)));
	first = x->index;
	ld_workdays_due(&x->c, eve, 1, &calendar_index); /* the 31st: it ends as the year does */
	assert_int_equal(calendar_index, first);
	ld_workdays_due(&x->c, eve, 3, &calendar_index);
	assert_int_equal(calendar_index, first);
	ld_workdays_due(&x->c, eve + 1, 1, &calendar_index); /* of the new year alone */
	assert_int_equal(calendar_index, 0);
	mx_accepted(x, adopt_calendar(x, EEB, calendar(x, 2027)));
	second = x->index;
	ld_workdays_due(&x->c, eve, 1, &calendar_index);
	assert_int_equal(calendar_index, first);
	ld_workdays_due(&x->c, eve, 3, &calendar_index);
	assert_int_equal(calendar_index, second);
	mx_accepted(x, adopt_calendar(x, EEB, calendar(x, 2026)));
	ld_workdays_due(&x->c, eve, 3, &calendar_index);
	assert_int_equal(calendar_index, x->index);
	ld_workdays_due(&x->c, eve + 1, 1, &calendar_index);
	assert_int_equal(calendar_index, second);
}

/* As an entry says it: received on 24 December, acceptance ends with the 31st. */
static void a_clock_that_ends_with_the_year(void **state)
{
	struct mx *x = *state;
	Liandan__CalendarAdopted *b = calendar(x, 2026);
	uint64_t of_2026;

	x->now += 353 * LD_DAY_MS;
	day_off(b, 359); /* the 26th and the 27th, Saturday and Sunday */
	day_off(b, 360);
	mx_accepted(x, adopt_calendar(x, EEB, b));
	of_2026 = x->index;
	mx_accepted(x, adopt_calendar(x, EEB, calendar(x, 2027)));
	mx_was_at(x, "V1", "S-GEN");
	mx_to_received(x);
	assert_int_equal(ld_china_date(MX_DUE(x, ACCEPTANCE) - 1), 20261231);
	x->now = MX_DUE(x, ACCEPTANCE);
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(x->own[0]->deadline_missed->calendar, of_2026);
	assert_int_equal(x->own[0]->deadline_missed->due_ms, x->now);
}

/* CUSTODY-22: calendars are always the newest, also for clocks that run already. */
static void running_clocks_follow(void **state)
{
	struct mx *x = *state;
	Liandan__CalendarAdopted *b = calendar(x, 2026);
	uint64_t adopted;
	int64_t before;

	mx_to_received(x);
	before = MX_DUE(x, ACCEPTANCE);
	for (uint32_t i = 5; i < 15; i++)
		day_off(b, i);
	mx_accepted(x, adopt_calendar(x, EEB, b));
	adopted = x->index;
	assert_int_equal(MX_DUE(x, ACCEPTANCE),
			 ld_workdays_after(&x->c, mx_manifest(x)->received_ms, 5));
	assert_true(MX_DUE(x, ACCEPTANCE) > before);
	x->now = before;
	assert_int_equal(mx_tick(x), 0);
	x->now = MX_DUE(x, ACCEPTANCE);
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(x->own[0]->deadline_missed->calendar, adopted);
	assert_int_equal(mx_tick(x), 0); /* never twice */
}

/* Days off that turn out to be worked bring a clock forward, at once where it is late already. */
static void running_clocks_come_forward(void **state)
{
	struct mx *x = *state;
	int64_t before;

	mx_to_received(x);
	before = MX_DUE(x, ACCEPTANCE);
	x->now = before - LD_DAY_MS;
	assert_int_equal(mx_tick(x), 0);
	mx_accepted(x, adopt_calendar(x, EEB, calendar(x, 2026))); /* the weekend is not off */
	assert_int_equal(MX_DUE(x, ACCEPTANCE), before - 2 * LD_DAY_MS);
	assert_int_equal(mx_tick(x), 1);
	assert_int_equal(x->own[0]->deadline_missed->due_ms, before - 2 * LD_DAY_MS);
	assert_int_equal(x->own[0]->deadline_missed->calendar, x->index - x->n_own);
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
	    T(in_force_from_their_time_on),
	    T(never_from_the_past),
	    T(a_manifest_keeps_its_rules),
	    T(wrong_profiles_are_refused),
	    T(the_list_is_sane),
	    T(calendars_are_counted),
	    T(calendars_over_the_year_end),
	    T(a_clock_that_ends_with_the_year),
	    T(running_clocks_follow),
	    T(running_clocks_come_forward),
	    T(wrong_calendars_are_refused),
	    T(a_held_draft),
	    T(a_held_seal),
	    T(a_held_taking),
	    T(held_rules),
	    T(clocks_of_a_sealed_manifest),
	    T(clocks_of_a_rejected_manifest),
	    T(late_news),
	    T(checks_of_a_sealed_manifest),
	    T(the_same_pen_of_a_sealed_manifest),
	    T(the_scales_of_a_sealed_manifest),
	    T(strictness_of_a_sealed_manifest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
