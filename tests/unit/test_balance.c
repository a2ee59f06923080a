/* `liandan balance` on real ledgers, as a person runs it: to the gram, for any period, at any past
 * index. CUSTODY: Stock and mass balance. */
#include "deploy/cli/balance.h"
#include "tests/support/ledger_trade.h"

struct want {
	int64_t opening, generated, received, treated, shipped, lost, in_stock;
};

static void says(const cJSON *row, struct want want)
{
	assert_int_equal(number(row, "opening_g"), want.opening);
	assert_int_equal(number(row, "generated_g"), want.generated);
	assert_int_equal(number(row, "received_g"), want.received);
	assert_int_equal(number(row, "treated_g"), want.treated);
	assert_int_equal(number(row, "shipped_g"), want.shipped);
	assert_int_equal(number(row, "lost_g"), want.lost);
	assert_int_equal(number(row, "in_stock_g"), want.in_stock);
	/* and that is a sum, whoever says so */
	assert_int_equal(want.opening + want.generated + want.received - want.treated -
			     want.shipped - want.lost,
			 want.in_stock);
	assert_int_equal(number(row, "difference_g"), 0);
	assert_string_equal(word(row, "adds"), "yes 平");
}

/* ---- events beside the trade's ---- */

static void lose(struct signer *by, const char *site, int64_t mass_g)
{
	Liandan__LossRecorded *b =
	    TRADE_NEW(&t, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);

	b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE;
	b->subject = (char *)(uintptr_t)site;
	b->code = (char *)(uintptr_t)TRADE_CODE;
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	b->mass_g = mass_g;
	must(&t, by, trade_event(&t, LIANDAN__EVENT__BODY_LOSS_RECORDED, b));
}

/* The receiver accepts `short_g` of the bulk less than was sealed. */
static void accept_short(int64_t short_g)
{
	Liandan__Event *e;

	trade_to_received(&t);
	must(&t, &t.scale, trade_weighed(&t, "scale", TRADE_DRUM_G + TRADE_BULK_G - short_g));
	e = trade_accepted(&t);
	e->accepted->lines[1]->mass_g -= short_g;
	must(&t, &t.pit, e);
}

/* ---- tests ---- */

static void an_empty_ledger_balances(void **state)
{
	struct world empty;
	struct binary b;
	cJSON *o;

	(void)state;
	world_new(&empty);
	o = BINARY_JSON(0, "balance", empty.dir, "--json");
	assert_int_equal(count(o, "lines") + count(o, "totals") + count(o, "differences"), 0);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "adds")));
	assert_string_equal(word(o, "last"), "1"); /* Genesis */
	cJSON_Delete(o);
	BINARY_SAYS(0, "nothing is booked", "balance", empty.dir);
	b = BINARY("balance", empty.dir, "--csv");
	assert_int_equal(b.code, 0);
	assert_non_null(strstr(b.out, "row 行,party 单位"));
	assert_string_equal(strchr(b.out, '\n') + 1, ""); /* heads only */
	binary_free(&b);
	world_free(&empty);
}

static void wrong_arguments(void **state)
{
	(void)state;
	BINARY_SAYS(64, "balance DIR", "balance");
	BINARY_SAYS(64, "balance DIR", "balance", w.dir, "another");
	BINARY_SAYS(64, "--at", "balance", w.dir, "--at", "-1");
	BINARY_SAYS(64, "--at", "balance", w.dir, "--at", "ten");
	BINARY_SAYS(64, "a time is", "balance", w.dir, "--from", "yesterday");
	BINARY_SAYS(64, "a time is", "balance", w.dir, "--to", "2026-02-29");
	BINARY_SAYS(64, "before it begins", "balance", w.dir, "--from", "2026-02-02", "--to",
		    "2026-02-01");
	BINARY_SAYS(64, "not both", "balance", w.dir, "--json", "--csv");
	BINARY_SAYS(64, "nonsense", "balance", w.dir, "--nonsense");
	BINARY_SAYS(1, "the ledger has", "balance", w.dir, "--at", "999999");
	BINARY_SAYS(1, "region init", "balance", "/nonexistent");
}

static void every_step_is_in_its_column(void **state)
{
	const int64_t all = TRADE_DRUM_G + TRADE_BULK_G;
	cJSON *o;

	(void)state;
	trade_to_sealed(&t);
	o = BINARY_JSON(0, "balance", w.dir, "--json");
	assert_int_equal(count(o, "lines"), 1);
	says(row_of(o, "lines", "party", "gen"), (struct want){.generated = all, .in_stock = all});
	assert_int_equal(number(row_of(o, "lines", "party", "gen"), "bound_g"), TRADE_BULK_G);
	assert_int_equal(number(row_of(o, "lines", "party", "gen"), "containers_g"), TRADE_DRUM_G);
	cJSON_Delete(o);
	trade_begin(&t);
	accept_short(1003);
	treat(NULL, 250001, NULL, 0, 250001);
	lose(&t.pit, "pit-gate", 7);
	o = BINARY_JSON(0, "balance", w.dir, "--json");
	assert_int_equal(count(o, "lines"), 2);
	/* one manifest is still sealed, the other is gone */
	says(row_of(o, "lines", "party", "gen"),
	     (struct want){.generated = 2 * all, .shipped = all, .in_stock = all});
	says(row_of(o, "lines", "party", "pit"),
	     (struct want){
		 .received = all - 1003, .treated = 250001, .lost = 7, .in_stock = all - 251011});
	/* the road is a difference that somebody has put a name to */
	assert_int_equal(count(o, "differences"), 1);
	assert_string_equal(word(row_of(o, "differences", "step", "road 运输损耗"), "party"),
			    "gen");
	assert_int_equal(number(row_of(o, "differences", "step", "road 运输损耗"), "difference_g"),
			 1003);
	cJSON_Delete(o);
}

static void totals_are_the_lines_sums(void **state)
{
	static const char *const columns[] = {"opening_g",  "generated_g", "received_g",
					      "treated_g",  "shipped_g",   "lost_g",
					      "in_stock_g", "containers_g"};
	cJSON *o;

	(void)state;
	trade_to_accepted(&t);
	treat(NULL, 77, NULL, 0, 77);
	trade_begin(&t);
	trade_to_taken(&t);
	o = BINARY_JSON(0, "balance", w.dir, "--json");
	assert_int_equal(count(o, "lines"), 2);
	assert_int_equal(count(o, "totals"), 2); /* of one code, and of all */
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		const cJSON *line;
		int64_t sum = 0;

		cJSON_ArrayForEach(line, cJSON_GetObjectItemCaseSensitive(o, "lines")) sum +=
		    number(line, columns[i]);
		assert_int_equal(number(row_of(o, "totals", "code", TRADE_CODE), columns[i]), sum);
		assert_int_equal(number(row_of(o, "totals", "code", "*"), columns[i]), sum);
	}
	cJSON_Delete(o);
}

static void periods_follow_each_other(void **state)
{
	char first[24], second[24];
	const int64_t all = TRADE_DRUM_G + TRADE_BULK_G;
	cJSON *o;

	(void)state;
	trade_to_stock(&t);
	moment(first);
	must(&t, &t.office, trade_created(&t));
	must(&t, &t.office, trade_sealed(&t));
	must(&t, &t.office, trade_offered(&t, 1, "haul"));
	memcpy(t.offer, t.hash, sizeof t.offer);
	must(&t, &t.d1, trade_taken(&t, 1, "T1", "p-d1"));
	moment(second);
	lose(&t.office, "gen-yard", 5);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--to", first);
	says(row_of(o, "lines", "party", "gen"), (struct want){.generated = all, .in_stock = all});
	cJSON_Delete(o);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--from", first, "--to", second);
	says(row_of(o, "lines", "party", "gen"), (struct want){.opening = all, .shipped = all});
	cJSON_Delete(o);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--from", second);
	says(row_of(o, "lines", "party", "gen"), (struct want){.lost = 5, .in_stock = -5});
	cJSON_Delete(o);
	/* nothing happens: what opens closes */
	moment(second);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--from", second);
	says(row_of(o, "lines", "party", "gen"), (struct want){.opening = -5, .in_stock = -5});
	assert_string_equal(word(o, "first"), word(o, "last"));
	cJSON_Delete(o);
}

static void a_period_may_lie_outside_the_ledger(void **state)
{
	const int64_t all = TRADE_DRUM_G + TRADE_BULK_G;
	cJSON *o;

	(void)state;
	trade_to_stock(&t);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--from", "1990-01-01");
	says(row_of(o, "lines", "party", "gen"), (struct want){.generated = all, .in_stock = all});
	assert_string_equal(word(o, "first"), "0");
	cJSON_Delete(o);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--from", "1990-01-01", "--to",
			"1991-01-01");
	assert_int_equal(count(o, "lines"), 0);
	cJSON_Delete(o);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--from", "2990-01-01");
	says(row_of(o, "lines", "party", "gen"), (struct want){.opening = all, .in_stock = all});
	cJSON_Delete(o);
}

static void any_past_index_is_what_it_was(void **state)
{
	char then[24];
	struct binary before, again;
	cJSON *o;

	(void)state;
	trade_to_taken(&t);
	size_text(then);
	before = BINARY("balance", w.dir);
	assert_int_equal(before.code, 0);
	must(&t, &t.d1, trade_arrived(&t, "T1"));
	must(&t, &t.pit, trade_received(&t));
	must(&t, &t.scale, trade_weighed(&t, "scale", TRADE_DRUM_G + TRADE_BULK_G));
	must(&t, &t.pit, trade_accepted(&t));
	again = BINARY("balance", w.dir);
	assert_string_not_equal(before.out, again.out);
	binary_free(&again);
	again = BINARY("balance", w.dir, "--at", then);
	assert_string_equal(before.out, again.out);
	binary_free(&before);
	binary_free(&again);
	o = BINARY_JSON(0, "balance", w.dir, "--at", "0", "--json");
	assert_int_equal(count(o, "lines"), 0);
	assert_string_equal(word(o, "last"), "0");
	cJSON_Delete(o);
}

/* What has left one stock and is in no other yet is on the way: shipped = received + on the way. */
static void what_is_on_the_way_is_told(void **state)
{
	const cJSON *row;
	cJSON *o;
	int64_t sum = 0;

	(void)state;
	trade_to_taken(&t);
	o = BINARY_JSON(0, "balance", w.dir, "--json");
	cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(o, "differences"))
	{
		assert_string_equal(word(row, "step"), "way 在途");
		assert_string_equal(word(row, "party"), "gen");
		sum += number(row, "difference_g");
	}
	assert_int_equal(sum, number(row_of(o, "totals", "code", "*"), "shipped_g"));
	cJSON_Delete(o);
	must(&t, &t.d1, trade_arrived(&t, "T1"));
	must(&t, &t.pit, trade_received(&t));
	must(&t, &t.scale, trade_weighed(&t, "scale", TRADE_DRUM_G + TRADE_BULK_G));
	must(&t, &t.pit, trade_accepted(&t));
	o = BINARY_JSON(0, "balance", w.dir, "--json");
	assert_int_equal(count(o, "differences"), 0);
	cJSON_Delete(o);
}

/* What came into being is in a stock, on the way, lost on the road, or used up. */
static void nothing_disappears(void)
{
	cJSON *o = BINARY_JSON(0, "balance", w.dir, "--json");
	const cJSON *all = row_of(o, "totals", "code", "*"), *row;
	int64_t between = 0;

	cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(o, "differences")) between +=
	    number(row, "difference_g");
	assert_int_equal(number(all, "generated_g") - number(all, "treated_g") -
			     number(all, "lost_g"),
			 number(all, "in_stock_g") + between);
	cJSON_Delete(o);
}

/* CUSTODY-6, 14, 16: two trucks, a part that is refused, and its way back. */
static void parts_refused_and_sent_back(void **state)
{
	const int64_t half = 200000, refused = 50000, rest = TRADE_BULK_G - 200000;
	cJSON *o;

	(void)state;
	trade_to_sealed(&t);
	take_part(1, t.drum, half);
	nothing_disappears();
	take_all(&t.office);
	nothing_disappears();
	t.id[1] = 1;
	bring(&t.pit, "pit-gate");
	accept_masses(&t.pit, TRADE_DRUM_G, half);
	nothing_disappears();
	t.id[1] = 0;
	bring(&t.pit, "pit-gate");
	nothing_disappears();
	refuse_part(2, rest - refused - 7, refused); /* seven grams are missing */
	nothing_disappears();
	t.id[1] = 2;
	send_back(3);
	nothing_disappears(); /* it stands at the pit, and is nobody's stock */
	t.id[1] = 3;
	take_all(&t.pit);
	nothing_disappears();
	bring(&t.office, "gen-yard");
	nothing_disappears();
	accept_masses(&t.office, 0, refused);
	nothing_disappears();
	t.id[1] = 0;
	o = BINARY_JSON(0, "balance", w.dir, "--json");
	says(row_of(o, "lines", "party", "gen"),
	     (struct want){.generated = TRADE_DRUM_G + TRADE_BULK_G,
			   .received = refused,
			   .shipped = TRADE_DRUM_G + TRADE_BULK_G,
			   .in_stock = refused});
	assert_int_equal(number(row_of(o, "lines", "party", "pit"), "in_stock_g"),
			 TRADE_DRUM_G + TRADE_BULK_G - refused - 7);
	assert_int_equal(count(o, "differences"), 1);
	assert_int_equal(number(row_of(o, "differences", "step", "road 运输损耗"), "difference_g"),
			 7);
	cJSON_Delete(o);
}

static void filters(void **state)
{
	cJSON *o;

	(void)state;
	trade_to_accepted(&t);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--party", "pit");
	assert_int_equal(count(o, "lines"), 1);
	row_of(o, "lines", "site", "pit-gate");
	cJSON_Delete(o);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--site", "gen-yard");
	assert_int_equal(count(o, "lines"), 1);
	row_of(o, "lines", "party", "gen");
	cJSON_Delete(o);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--code", TRADE_CODE);
	assert_int_equal(count(o, "lines"), 2);
	cJSON_Delete(o);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--party", "pi");
	assert_int_equal(count(o, "lines"), 0);
	cJSON_Delete(o);
}

/* CUSTODY-18: what a treatment does not explain is told as it is. */
static void a_treatment_that_does_not_add_is_told(void **state)
{
	char after[24];
	const cJSON *gap;
	cJSON *o;

	(void)state;
	trade_to_accepted(&t);
	treat(NULL, 1000, NULL, 0, 900);
	moment(after);
	treat(NULL, 500, NULL, 0, 500);
	o = BINARY_JSON(2, "balance", w.dir, "--json");
	assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(o, "adds")));
	gap = row_of(o, "differences", "step", "batch 利用处置/换包装");
	assert_int_equal(number(gap, "difference_g"), 100);
	assert_string_equal(word(gap, "party"), "pit");
	assert_string_equal(word(gap, "adds"), "NO 不平");
	/* the stock itself adds: what went in is booked out */
	assert_int_equal(number(row_of(o, "lines", "party", "pit"), "treated_g"), 1500);
	assert_int_equal(number(row_of(o, "lines", "party", "pit"), "difference_g"), 0);
	cJSON_Delete(o);
	BINARY_SAYS(2, "NOT ALL LINES ADD", "balance", w.dir);
	BINARY_SAYS(0, "every line adds", "balance", w.dir, "--party", "gen");
	/* and it is no news of the period after */
	BINARY_SAYS(0, "every line adds", "balance", w.dir, "--from", after);
}

/* 换包装、盘点: what was lost in the old packaging and what the count found is a loss; a gain is a
 * negative one. */
static void repacking_and_counting_are_losses(void **state)
{
	char counted[24];
	cJSON *o;

	(void)state;
	trade_to_stock(&t);
	merge(t.drum, TRADE_DRUM_G, NULL, 3, "big", TRADE_DRUM_G);
	o = BINARY_JSON(0, "balance", w.dir, "--json");
	says(row_of(o, "lines", "party", "gen"),
	     (struct want){.generated = TRADE_DRUM_G + TRADE_BULK_G,
			   .lost = 3,
			   .in_stock = TRADE_DRUM_G + TRADE_BULK_G - 3});
	assert_int_equal(number(row_of(o, "lines", "party", "gen"), "containers_g"), TRADE_DRUM_G);
	cJSON_Delete(o);
	moment(counted);
	take_stock(TRADE_DRUM_G + TRADE_BULK_G + 20);
	o = BINARY_JSON(0, "balance", w.dir, "--json", "--from", counted);
	says(row_of(o, "lines", "party", "gen"),
	     (struct want){.opening = TRADE_DRUM_G + TRADE_BULK_G - 3,
			   .lost = -23,
			   .in_stock = TRADE_DRUM_G + TRADE_BULK_G + 20});
	cJSON_Delete(o);
}

static void csv_has_it_all(void **state)
{
	struct binary b;
	char line[256];

	(void)state;
	trade_to_stock(&t);
	b = BINARY("balance", w.dir, "--csv");
	assert_int_equal(b.code, 0);
	snprintf(line, sizeof line,
		 "\r\nline 明细,gen,gen-yard,%s,0,%d,0,0,0,0,%d,0,0,%d,%d,yes 平,,,", TRADE_CODE,
		 TRADE_DRUM_G + TRADE_BULK_G, TRADE_DRUM_G + TRADE_BULK_G, TRADE_DRUM_G,
		 TRADE_DRUM_G);
	if (strstr(b.out, line) == NULL)
		fail_msg("no %s in\n%s", line, b.out);
	assert_non_null(strstr(b.out, "\r\ntotal 合计,,,*,0,"));
	binary_free(&b);
	b = BINARY("balance", w.dir, "--csv", "--excel");
	assert_memory_equal(b.out, "\xEF\xBB\xBFrow", 6);
	binary_free(&b);
}

/* ---- the arithmetic alone ---- */

static void what_does_not_add_is_found(void **state)
{
	struct ld_balance_line l = {.opening_g = 10,
				    .generated_g = 20,
				    .received_g = 30,
				    .treated_g = 1,
				    .shipped_g = 2,
				    .lost_g = 3,
				    .in_stock_g = 54};
	struct ld_balance_gap gap = {.step = LD_BALANCE_ROAD, .mass_g = 5};
	struct ld_balance b = {.line = &l, .n = 1, .gap = &gap, .n_gaps = 1};

	(void)state;
	assert_true(ld_balance_adds(&l));
	assert_true(ld_balance_all_add(&b));
	l.in_stock_g = 53;
	assert_int_equal(ld_balance_difference_g(&l), 1);
	assert_false(ld_balance_adds(&l));
	assert_false(ld_balance_all_add(&b));
	l.in_stock_g = 54;
	l.contained_g = 7; /* the book has seven grams in containers that nobody finds */
	assert_int_equal(ld_balance_difference_g(&l), 0);
	assert_false(ld_balance_adds(&l));
	l.containers_g = 7;
	assert_true(ld_balance_all_add(&b));
	gap.step = LD_BALANCE_BATCH;
	assert_false(ld_balance_all_add(&b));
	/* no sum runs over */
	l.generated_g = INT64_MAX;
	assert_int_equal(ld_balance_difference_g(&l), INT64_MAX - 1 - 2 - 3 - 54);
}

/* A counter that is added to the books must be added to the balance. */
static void every_counter_of_the_books_is_known(void **state)
{
	static const char *const known[] = {
	    "party",	 "site",   "code",	 "generated_g", "received_g", "treated_g",
	    "shipped_g", "lost_g", "in_stock_g", "index",	"bound_g",    "contained_g",
	    "count",	 "month",  "since" /* tallies: move nothing */};

	(void)state;
	for (unsigned i = 0; i < custody__stock__descriptor.n_fields; i++) {
		const char *name = custody__stock__descriptor.fields[i].name;
		bool found = false;

		for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
			found |= strcmp(known[k], name) == 0;
		if (!found)
			fail_msg("custody.Stock.%s: balance.c, cmd_balance.c, then here", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_ledger_balances),
	    ON_A_LEDGER(wrong_arguments),
	    ON_A_LEDGER(every_step_is_in_its_column),
	    ON_A_LEDGER(totals_are_the_lines_sums),
	    ON_A_LEDGER(periods_follow_each_other),
	    ON_A_LEDGER(a_period_may_lie_outside_the_ledger),
	    ON_A_LEDGER(any_past_index_is_what_it_was),
	    ON_A_LEDGER(what_is_on_the_way_is_told),
	    ON_A_LEDGER(parts_refused_and_sent_back),
	    ON_A_LEDGER(filters),
	    ON_A_LEDGER(a_treatment_that_does_not_add_is_told),
	    ON_A_LEDGER(repacking_and_counting_are_losses),
	    ON_A_LEDGER(csv_has_it_all),
	    cmocka_unit_test(what_does_not_add_is_found),
	    cmocka_unit_test(every_counter_of_the_books_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
