/* The DAY reader: its own demonstration file, and everything that must not get through. */
#include "day_fixture.h"

static void test_a_whole_day(void **state)
{
	struct ld_day *day = NULL;
	struct ld_day_fault fault;

	(void)state;
	assert_int_equal(parse("# a comment\n\n" BASE TRIP
			       "scale s site=gs e=50kg # behind a line\n"
			       "cheat silent_detour trip=t for=12m distance=1.5km share=30 id=x\n"
			       "trouble offline truck=A1 from=08:10 to=08:40\r\n",
			       &day, &fault),
			 LD_OK);
	assert_int_equal(day->from_s, 7 * 3600);
	assert_int_equal(day->rate, 400);
	assert_int_equal(day->n_trips, 1);
	assert_int_equal(day->trips[0].mass_g, 5000000);
	assert_int_equal(day->trips[0].site.at, 0);
	assert_int_equal(day->trips[0].to.at, 1);
	assert_int_equal(day->sites[0].gate.lat_e7, 310000000);
	assert_int_equal(day->sites[1].radius_m, 200);
	assert_int_equal(day->scales[1].e_g, 50000);
	assert_int_equal(day->n_acts, 2);
	assert_int_equal(day->acts[0].word, LD_CHEAT_silent_detour);
	assert_int_equal(day->acts[0].for_s, 720);
	assert_int_equal(day->acts[0].distance_m, 1500);
	assert_string_equal(day->acts[0].id, "x");
	assert_true(ld_day_is_cheat(day->acts[0].word));
	assert_false(ld_day_is_cheat(day->acts[1].word));
	assert_string_equal(day->acts[1].id, "offline-18");
	ld_day_free(day);
}

static void test_order_of_lines_is_free(void **state)
{
	(void)state;
	accepts(
	    "liandan-day 1\n" TRIP "cheat ghost trip=t\n"
	    "truck A1 carrier=c home=cs\ndriver d carrier=c\nwaste w code=900-041-49 hazards=T,In\n"
	    "site gs party=g kind=production ring=31.0,121.0;31.0,121.001;31.001,121.0\n"
	    "site rs party=r kind=disposal at=-31.1,-121.1\nscale rw site=rs\nsite cs party=c "
	    "kind=parking at=31.05,121.05\n"
	    "party g roles=generator,receiver\nparty c roles=carrier\nparty r roles=receiver\n"
	    "day from=07:00 to=12:00");
}

static void test_trips_are_sorted(void **state)
{
	struct ld_day *day = NULL;
	struct ld_day_fault fault;

	(void)state;
	assert_int_equal(
	    parse(
		BASE
		"trip late at=10:00 generator=g receiver=r truck=A1 driver=d waste=w mass=1t\n" TRIP
		"cheat ghost trip=late\n",
		&day, &fault),
	    LD_OK);
	assert_string_equal(day->trips[0].id, "t");
	assert_int_equal(day->acts[0].trip.at, 1);
	ld_day_free(day);
}

static void test_form(void **state)
{
	(void)state;
	refuses("", 0, "no line 'day");
	refuses("day from=07:00 to=08:00\n", 1, "first line");
	refuses("liandan-day 2\n", 1, "first line");
	refuses("liandan-day 1 x=y\n", 1, "first line");
	refuses(HEAD "frobnicate x=1\n", 3, "unknown word 'frobnicate'");
	refuses(HEAD "party p roles=generator colour=red\n", 3, "unknown word 'colour'");
	refuses(HEAD "party p roles=generator roles=carrier\n", 3, "stands twice");
	refuses(HEAD "party p\n", 3, "'roles=' is missing");
	refuses(HEAD "party roles=generator\n", 3, "needs a name");
	refuses(HEAD "party p roles=pirate\n", 3, "none of: generator carrier receiver");
	refuses(HEAD "party p roles=\n", 3, "none of");
	refuses(HEAD "party a/b roles=generator\n", 3, "needs a name");
	refuses(HEAD "party $p roles=generator\n", 3, "needs a name");
	refuses(HEAD "party p q roles=generator\n", 3, "not key=value");
	refuses(HEAD "=x\n", 3, "begins with a word");
	refuses(HEAD "party p roles=generator zh=\"open\n", 3, "not closed");
	refuses(HEAD "party p roles=generator zh=\"a\\n\"\n", 3, "in quotes");
	refuses(HEAD "party p roles=generator zh=\"a\"b\n", 3, "space must follow");
	refuses(HEAD "party p roles=generator zh=\x01\n", 3, "control character");
	refuses(HEAD "party p roles=generator zh=\xff\n", 3, "not UTF-8");
	refuses(HEAD "party p roles=generator zh=\xc0\xaf\n", 3, "not UTF-8");
	refuses(HEAD "party p roles=generator zh=\xed\xa0\x80\n", 3, "not UTF-8");
	refuses(HEAD "day from=07:00 to=08:00\n", 3, "one line 'day");
	refuses("liandan-day 1\nday from=08:00 to=07:00\n", 2, "must end after");
	refuses("liandan-day 1\nday from=00:00 to=24:01\n", 2, "within 24 hours");
	accepts(HEAD "party p roles=generator zh=\"a \\\"quoted\\\" \\\\ name\"\n");
}

static void test_values(void **state)
{
	static const char *const bad_clocks[] = {"7",	     "7:5x",	    "48:00", "07:60",
						 "07:00:60", "07:00:00:00", "",	     "-1:00"};
	static const char *const bad_mass[] = {
	    "5", "t", "5.t", "1.0000001t", "-5t", "5 t", "999999999999t", "61t", "0.1kg"};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(bad_clocks) / sizeof(bad_clocks[0]); i++) {
		snprintf(text, sizeof(text), "liandan-day 1\nday from=%s to=12:00\n",
			 bad_clocks[i]);
		refuses(text, 2, "from:");
	}
	for (size_t i = 0; i < sizeof(bad_mass) / sizeof(bad_mass[0]); i++) {
		snprintf(text, sizeof(text), BASE "trip t at=08:00 mass=%s\n", bad_mass[i]);
		if (!strchr(bad_mass[i], ' '))
			refuses(text, 13, "mass:");
	}
	refuses(HEAD "site s party=p kind=parking at=86,0\n", 3, "a point");
	refuses(HEAD "site s party=p kind=parking at=1,181\n", 3, "a point");
	refuses(HEAD "site s party=p kind=parking at=1,2,3\n", 3, "a point");
	refuses(HEAD "site s party=p kind=parking at=1.12345678,2\n", 3, "a point");
	refuses(HEAD "site s party=p kind=parking ring=1,2;3,4\n", 3, "3 to 256 points");
	refuses(HEAD "site s party=p kind=parking at=1,2 radius=3\n", 3, "a distance");
	refuses(HEAD "site s party=p kind=parking at=1,2 radius=29m\n", 3, "in the range");
	refuses(HEAD "party p roles=receiver codes=HW08,,HW09\n", 3, "codes such as");
	refuses(HEAD "trouble offline party=p from=08:00\n", 3, "missing");
	refuses(HEAD "trouble lunch truck=p at=08:00 for=m\n", 3, "a duration");
	refuses(HEAD "trouble lunch truck=p at=08:00 for=5m1h\n", 3, "a duration");
	refuses(HEAD "trouble lunch truck=p at=08:00 for=25h\n", 3, "between");
	refuses("liandan-day 1\nday from=07:00 to=08:00 rate=0\n", 2, "between 1 and 3600");
	refuses("liandan-day 1\nday from=07:00 to=08:00 rate=99999999999\n", 2, "whole number");
	refuses("liandan-day 1\nday from=07:00 to=08:00 fix=4s\n", 2, "between");
}

static void test_names_must_resolve(void **state)
{
	(void)state;
	refuses(HEAD "site s party=p kind=parking at=1,2\n", 3, "no party 'p'");
	refuses(HEAD "site s kind=parking at=1,2\n", 3, "'party=' is missing");
	refuses(BASE "site z party=g kind=red_zone at=1,2\n", 13, "belongs to no party");
	refuses(BASE "site z party=g kind=storage\n", 13, "either at=");
	refuses(BASE "party g roles=carrier\n", 13, "there already");
	refuses(BASE "driver x carrier=g\n", 13, "no carrier");
	refuses(BASE "trip t at=08:00 generator=c receiver=r truck=A1 driver=d waste=w mass=1t\n",
		13, "no generator");
	refuses(BASE "trip t at=08:00 generator=g receiver=r truck=A2 driver=d waste=w mass=1t\n",
		13, "no truck 'A2'");
	refuses(BASE "trip t at=08:00 generator=g receiver=r truck=A1 driver=d waste=w mass=19t\n",
		13, "may carry");
	refuses(BASE "trip t at=07:14 generator=g receiver=r truck=A1 driver=d waste=w mass=1t\n",
		13, "outside the day");
	refuses(
	    BASE
	    "trip t at=08:00 generator=g site=rs receiver=r truck=A1 driver=d waste=w mass=1t\n",
	    13, "not its party's");
	refuses(BASE "party c2 roles=carrier\ndriver e carrier=c2\n"
		     "trip t at=08:00 generator=g receiver=r truck=A1 driver=e waste=w mass=1t\n",
		15, "two carriers");
	refuses(BASE TRIP TRIP, 14, "there already");
}

static void test_cheats_must_fit(void **state)
{
	(void)state;
	refuses(BASE TRIP "cheat sneeze trip=t\n", 14, "no known cheat");
	refuses(BASE TRIP "cheat\n", 14, "no known cheat");
	refuses(BASE TRIP "cheat offline truck=A1 from=08:00 to=09:00\n", 14, "no known cheat");
	refuses(BASE TRIP "trouble ghost trip=t\n", 14, "no known trouble");
	refuses(BASE TRIP "cheat ghost\n", 14, "is missing");
	refuses(BASE TRIP "cheat ghost trip=u\n", 14, "no trip 'u'");
	refuses(BASE TRIP "cheat ghost trip=t mass=1t\n", 14, "does not take");
	refuses(BASE TRIP "cheat short_weight trip=t mass=5t\n", 14, "more than the trip");
	refuses(BASE TRIP "cheat missing_piece trip=t count=5\n", 14, "not so many");
	refuses(BASE TRIP "cheat wrong_carrier trip=t driver=d\n", 14, "named carrier");
	refuses(BASE TRIP
		"cheat never_arrives trip=t\n"
		"trip u at=09:00 generator=g receiver=r truck=A1 driver=d waste=w mass=5t\n",
		14, "later trip");
	refuses(BASE TRIP "cheat unlicensed_receiver trip=t\n", 14, "is licensed");
	refuses(BASE TRIP "cheat ghost trip=t\ncheat garbage trip=t\n", 15, "a cheat already");
	refuses(BASE TRIP "trouble offline from=08:00 to=09:00\n", 14, "needs truck=");
	refuses(BASE TRIP "trouble offline truck=A1 from=09:00 to=09:00\n", 14, "not after");
	refuses(BASE TRIP "trouble jam trip=t for=5m id=a\ntrouble jam trip=t for=5m id=a\n", 15,
		"there already");
	accepts(BASE TRIP "cheat missing_piece trip=t count=4\ntrouble typo trip=t\n");
}

static void test_what_can_be_refused(void **state)
{
	(void)state;
	accepts(BASE TRIP "scale gw site=gs\ntrouble partly_rejected trip=t count=4\n");
	accepts(BASE TRIP SECOND "scale gw site=gs\ntrouble partly_rejected trip=t count=1\n"
				 "trouble second_carrier trip=t truck=B1 driver=e site=xs\n"
				 "cheat silent_detour trip=t\n");
	refuses(BASE TRIP "trouble partly_rejected trip=t count=4\n", 14, "no scale");
	refuses(BASE TRIP "scale gw site=gs\ntrouble partly_rejected trip=t\n", 15, "missing");
	refuses(BASE TRIP "scale gw site=gs\ntrouble partly_rejected trip=t count=5\n", 15,
		"not so many containers");
	refuses(BASE BULK "scale gw site=gs\ntrouble partly_rejected trip=b count=1\n", 15,
		"not so many containers");
	refuses(BASE TRIP "scale gw site=gs\ntrouble partly_rejected trip=t count=1\n"
			  "trouble partly_rejected trip=t count=2\n",
		16, "has partly_rejected already");
	refuses(BASE TRIP "scale gw site=gs\ntrouble partly_rejected trip=t count=1\n"
			  "cheat missing_piece trip=t\n",
		15, "does not go with missing_piece");
	refuses(BASE TRIP "scale gw site=gs\ntrouble partly_rejected trip=t count=1\n"
			  "cheat never_arrives trip=t\n",
		15, "never_arrives");
	refuses(BASE "trip t run=x at=08:00 generator=g receiver=r truck=A1 driver=d waste=w "
		     "mass=5t containers=5\n"
		     "scale gw site=gs\ntrouble partly_rejected trip=t count=1\n",
		15, "run=");
}

static void test_what_can_be_mistyped(void **state)
{
	(void)state;
	accepts(BASE BULK "trouble mistyped trip=b\n");
	refuses(BASE TRIP "trouble mistyped trip=t\n", 14, "leave containers= out");
	refuses(BASE BULK "trouble mistyped trip=b\ncheat ghost trip=b\n", 14,
		"does not go with the cheat ghost");
	refuses(BASE BULK "trouble mistyped trip=b\ntrouble delegated trip=b party=r\n", 14,
		"does not go with delegated");
	refuses(BASE BULK SECOND "trouble mistyped trip=b\n"
				 "trouble second_carrier trip=b truck=B1 driver=e site=xs\n",
		23, "does not go with second_carrier");
}

static void test_second_carriers_must_fit(void **state)
{
	(void)state;
	accepts(BASE TRIP SECOND "trouble second_carrier trip=t truck=B1 driver=e site=xs\n");
	accepts(BASE TRIP SECOND
		"cheat broken_seal trip=t\n"
		"trouble second_carrier trip=t truck=B1 driver=e site=cs for=1h\n");
	refuses(BASE TRIP SECOND "trouble second_carrier trip=t truck=B1 driver=e\n", 23,
		"missing");
	refuses(BASE TRIP SECOND "trouble second_carrier trip=t truck=A1 driver=d site=xs\n", 23,
		"first carrier");
	refuses(BASE TRIP SECOND "trouble second_carrier trip=t truck=B1 driver=d site=xs\n", 23,
		"two carriers");
	refuses(BASE TRIP SECOND "trouble second_carrier trip=t truck=B1 driver=e site=ts\n", 23,
		"no transfer or parking");
	refuses(BASE TRIP SECOND "trouble second_carrier trip=t truck=B2 driver=e site=xs\n", 23,
		"may carry");
	refuses(BASE TRIP SECOND "trouble second_carrier trip=t truck=C1 driver=f site=xs\n", 23,
		"not licensed");
	refuses(BASE TRIP SECOND "trouble second_carrier trip=t truck=B1 driver=e site=xs for=9m\n",
		23, "too short");
	refuses(BASE TRIP SECOND "trouble second_carrier trip=t truck=B1 driver=e site=xs\n"
				 "trouble second_carrier trip=t truck=B1 driver=e site=xs\n",
		24, "already");
	refuses(BASE TRIP SECOND "trouble second_carrier trip=t truck=B1 driver=e site=xs\n"
				 "cheat wrong_carrier trip=t driver=e\n",
		23, "wrong_carrier");
	refuses(BASE TRIP SECOND "trouble second_carrier trip=t truck=B1 driver=e site=xs\n"
				 "cheat never_arrives trip=t\n",
		23, "never_arrives");
}

/* Troubles and cheats of the stories. */
static void test_stories_must_fit(void **state)
{
	(void)state;
	refuses(BASE TRIP "trouble accident trip=t for=4m\n", 14, "too short");
	refuses(BASE TRIP "trouble accident trip=t\n", 14, "is missing");
	refuses(BASE TRIP "cheat ghost trip=t\ntrouble accident trip=t for=10m\n", 15,
		"does not go with the cheat ghost");
	refuses(BASE TRIP "trouble accident trip=t for=10m\ncheat never_arrives trip=t\n", 14,
		"does not go with the cheat never_arrives");
	refuses(BASE TRIP "trouble delegated trip=t\n", 14, "is missing");
	refuses(BASE TRIP "trouble delegated trip=t party=g\n", 14, "the generator itself");
	refuses(BASE TRIP "trouble delegated trip=t party=c\n", 14, "has no clerk");
	refuses(BASE TRIP
		"trouble delegated trip=t party=r\ncheat disputed_delegate trip=t party=r\n",
		15, "a delegate already");
	accepts(BASE TRIP "trouble delegated trip=t party=r\ncheat accident_excuse trip=t\n"
			  "trouble accident trip=t for=5m share=95\n");
}

static void test_wastes_are_the_catalogues(void **state)
{
	(void)state;
	refuses(BASE "waste x code=999-999-49 hazards=T\n", 13, "not in the catalogue");
	refuses(BASE "waste x code=900-214-08 hazards=T\n", 13, "not the catalogue's");
	refuses(BASE "waste x code=900-041-49 hazards=none\n", 13, "not the catalogue's");
	refuses(BASE "waste x code=130299 system=ewc hazards=none\n", 13, "not in the catalogue");
	accepts(BASE "waste x code=900-214-08 hazards=T,I\n");
	accepts(BASE "waste x code=130205 system=ewc hazards=none\n");
}

static void test_troubles_lie_in_the_day(void **state)
{
	(void)state;
	refuses(BASE TRIP "trouble lunch truck=A1 at=06:59 for=10m\n", 14, "outside the day");
	refuses(BASE TRIP "trouble gps_jump truck=A1 at=12:01\n", 14, "outside the day");
	refuses(BASE TRIP "trouble offline truck=A1 from=05:00 to=07:00\n", 14, "outside the day");
	refuses(BASE TRIP "trouble no_fix truck=A1 from=12:00 to=13:00\n", 14, "outside the day");
	refuses(BASE TRIP "trouble drying trip=t mass=5t\n", 14, "more than the trip");
	accepts(BASE TRIP "trouble offline truck=A1 from=00:00 to=24:00\n");
	refuses("liandan-day 1\n\nday from=09:00 to=08:00\n", 3, "must end after");
}

static void test_licences(void **state)
{
	(void)state;
	refuses(
	    HEAD
	    "party g roles=generator\nparty c roles=carrier\nparty r roles=receiver codes=HW08\n"
	    "site gs party=g kind=production at=31.0,121.0\nsite rs party=r kind=disposal "
	    "at=31.1,121.1\nscale rw site=rs\n"
	    "truck A1 carrier=c home=gs\ndriver d carrier=c\nwaste w code=900-041-49 "
	    "hazards=T\n" TRIP,
	    12, "not licensed");
	accepts(
	    HEAD
	    "party g roles=generator\nparty c roles=carrier\nparty r roles=receiver codes=HW08\n"
	    "site gs party=g kind=production at=31.0,121.0\nsite rs party=r kind=disposal "
	    "at=31.1,121.1\nscale rw site=rs\n"
	    "truck A1 carrier=c home=gs\ndriver d carrier=c\nwaste w code=900-041-49 "
	    "hazards=T\n" TRIP "cheat unlicensed_receiver trip=t\n");
	accepts(HEAD "party g roles=generator\nparty c roles=carrier codes=none\nparty r "
		     "roles=receiver codes=HW49\n"
		     "site gs party=g kind=production at=31.0,121.0\nsite rs party=r kind=disposal "
		     "at=31.1,121.1\nscale rw site=rs\n"
		     "truck A1 carrier=c home=gs\ndriver d carrier=c\nwaste w code=900-041-49 "
		     "hazards=T\n" TRIP "cheat unlicensed_carrier trip=t\n");
}

static void test_limits(void **state)
{
	size_t cap = 4 * LD_DAY_MAX_BYTES;
	char *text = malloc(cap);
	size_t used = 0;
	struct ld_day *day = NULL;
	struct ld_day_fault fault;

	(void)state;
	assert_non_null(text);
	/* parties: the limit, and one more */
	used = (size_t)snprintf(text, cap, HEAD);
	for (int i = 0; i < LD_DAY_MAX_PARTIES; i++)
		used += (size_t)snprintf(text + used, cap - used, "party p%d roles=generator\n", i);
	accepts(text);
	snprintf(text + used, cap - used, "party one-more roles=generator\n");
	refuses(text, LD_DAY_MAX_PARTIES + 3, "more than 200");
	/* a line: limit, limit + 1 */
	used = (size_t)snprintf(text, cap, HEAD "#");
	memset(text + used, 'x', LD_DAY_MAX_LINE_BYTES - 1);
	text[used + LD_DAY_MAX_LINE_BYTES - 1] = '\0';
	accepts(text);
	text[used + LD_DAY_MAX_LINE_BYTES - 1] = 'x';
	text[used + LD_DAY_MAX_LINE_BYTES] = '\0';
	refuses(text, 3, "longer than");
	/* a name of 64 and 65 bytes */
	snprintf(text, cap, HEAD "party %064d roles=generator\n", 1);
	accepts(text);
	snprintf(text, cap, HEAD "party %065d roles=generator\n", 1);
	refuses(text, 3, "needs a name");
	/* the file */
	memset(text, '\n', LD_DAY_MAX_BYTES + 1);
	assert_int_equal(ld_day_parse(text, LD_DAY_MAX_BYTES + 1, &day, &fault), LD_ERR_LIMIT);
	/* NUL is a control character */
	memcpy(text, "liandan-day 1\nday\0from", 22);
	assert_int_equal(ld_day_parse(text, 22, &day, &fault), LD_ERR_MALFORMED);
	free(text);
}

/* Every prefix and every one-byte change of a good file ends without a crash. */
static void test_mangled(void **state)
{
	static const char good[] = BASE TRIP "cheat silent_detour trip=t for=12m distance=1.5km\n";
	char text[sizeof(good)];
	struct ld_day *day = NULL;
	struct ld_day_fault fault;

	(void)state;
	for (size_t n = 0; n < sizeof(good); n++) {
		ld_day_parse(good, n, &day, &fault);
		ld_day_free(day);
	}
	for (size_t i = 0; i + 1 < sizeof(good); i++) {
		for (int b = 0; b < 256; b += 5) {
			memcpy(text, good, sizeof(good));
			text[i] = (char)b;
			ld_day_parse(text, sizeof(good) - 1, &day, &fault);
			ld_day_free(day);
		}
	}
}

/* The documentation has a row for every word, in the table of its kind. */
static void cut_at(char *text, const char *mark)
{
	char *at = strstr(text, mark);

	assert_non_null(at);
	*at = '\0';
}

static void test_every_word_is_documented(void **state)
{
	static char text[1 << 18];
	FILE *f = fopen(LD_DAYS_README, "r");

	(void)state;
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	char *troubles = strstr(text, "## Honest troubles");
	char *cheats = strstr(text, "## Cheats");
	assert_non_null(troubles);
	assert_non_null(cheats);
	cut_at(cheats, "What no rule can find");
	cut_at(troubles, "What a trouble honestly raises");
	for (int w = 0; w < LD_DAY_WORDS; w++) {
		const char *name = ld_day_word_name((enum ld_day_word)w);
		const char *where = ld_day_is_cheat((enum ld_day_word)w) ? cheats : troubles;
		char first[80];
		char second[80]; /* of a row for two */
		char both[80];

		snprintf(first, sizeof(first), "\n| %s |", name);
		snprintf(second, sizeof(second), ", %s |", name);
		snprintf(both, sizeof(both), "\n| %s, ", name);
		if (!strstr(where, first) && !strstr(where, second) && !strstr(where, both))
			fail_msg("no row for '%s'", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_whole_day),
	    cmocka_unit_test(test_order_of_lines_is_free),
	    cmocka_unit_test(test_trips_are_sorted),
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_every_word_is_documented),
	    cmocka_unit_test(test_stories_must_fit),
	    cmocka_unit_test(test_second_carriers_must_fit),
	    cmocka_unit_test(test_what_can_be_mistyped),
	    cmocka_unit_test(test_what_can_be_refused),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_names_must_resolve),
	    cmocka_unit_test(test_cheats_must_fit),
	    cmocka_unit_test(test_licences),
	    cmocka_unit_test(test_wastes_are_the_catalogues),
	    cmocka_unit_test(test_troubles_lie_in_the_day),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_mangled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
