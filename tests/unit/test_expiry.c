/* What ends between two steps: keys, licences, certificates, registrations. What was signed or
 * taken before may finish; what begins after may not. CUSTODY, Normal; CUSTODY-2, -6, -10, -12,
 * -14. */
#include "tests/support/trade.c"
#include "tests/support/trade_story.c"

#include "amend_builders.h"
#include "review_fixture.h"
#include "road_builders.h"

/* ---- licences and registrations ---- */

static void vehicle_ends(struct mx *x, const char *plate, int64_t to_ms)
{
	Custody__Vehicle *v;

	assert_int_equal(ld_vehicle_get(&x->c, plate, &v), LD_OK);
	v->registered->to_ms = to_ms;
	assert_int_equal(ld_vehicle_put(&x->c, v), LD_OK);
}

static void person_ends(struct mx *x, const char *id, int64_t to_ms)
{
	Custody__Person *p;

	assert_int_equal(ld_person_get(&x->c, id, &p), LD_OK);
	p->registered->to_ms = to_ms;
	assert_int_equal(ld_person_put(&x->c, p), LD_OK);
}

static void party_ends(struct mx *x, const char *id, int64_t to_ms)
{
	Custody__Party *p;

	assert_int_equal(ld_party_get(&x->c, id, &p), LD_OK);
	p->registered->to_ms = to_ms;
	assert_int_equal(ld_party_put(&x->c, p), LD_OK);
}

static void site_ends(struct mx *x, const char *id, int64_t to_ms)
{
	Custody__Site *s;

	assert_int_equal(ld_site_get(&x->c, id, &s), LD_OK);
	s->registered->to_ms = to_ms;
	assert_int_equal(ld_site_put(&x->c, s), LD_OK);
	ld_site_cache_drop(&x->c);
}

static void carrier_ends(struct mx *x, int64_t to_ms)
{
	mx_licence(x, "L-C1", "CAR1", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", to_ms);
}

static void truck_ends(struct mx *x, int64_t to_ms)
{
	vehicle_ends(x, "V1", to_ms);
}

static void trailer_ends(struct mx *x, int64_t to_ms)
{
	vehicle_ends(x, "V2", to_ms);
}

static void driver_ends(struct mx *x, int64_t to_ms)
{
	person_ends(x, "p-d1", to_ms);
}

/* `to_ms` is the first millisecond in which it is over. The taking is a fact: it is flagged, and
 * custody moves. Heard of an hour later, it is judged by when it was. */
static void ends_at_the_taking(void **state)
{
	static void (*const ends[])(struct mx *, int64_t) = {carrier_ends, truck_ends, trailer_ends,
							     driver_ends};

	for (size_t i = 0; i < 2 * sizeof ends / sizeof ends[0]; i++) {
		const bool over = i % 2 != 0;
		Liandan__HandoverTaken *b;
		struct mx *x;

		mx_open(state);
		x = *state;
		mx_to_offered(x);
		ends[i / 2](x, over ? x->now : x->now + 1);
		b = mx_taken(x, 1, "V1");
		b->trailer = MX_S("V2");
		MX_EVENT(e, HANDOVER_TAKEN, b);
		e.occurred_at_ms = x->now;
		x->now += LD_HOUR_MS;
		mx_accepted(x, mx_put(x, CAR1, &e));
		assert_int_equal(x->j.n_violations, over);
		assert_int_equal(mx_violated(x, LIANDAN__REASON__NOT_LICENSED), over);
		assert_string_equal(mx_manifest(x)->holder, "CAR1");
		mx_close(state);
	}
}

/* All that speaks for anybody is over a millisecond after the taking: the delivery finishes, over a
 * storage too. */
static void everything_ends_on_the_road(void **state)
{
	struct mx *x = *state;
	int64_t end;

	mx_storage_world(x);
	mx_to_offered(x);
	end = x->now + 1;
	carrier_ends(x, end);
	truck_ends(x, end);
	driver_ends(x, end);
	mx_licence(x, "L-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", MX_MODE,
		   end);
	party_ends(x, "GEN", end);
	party_ends(x, "CAR1", end);
	party_ends(x, "REC", end);
	site_ends(x, "S-GEN", end);
	site_ends(x, "S-REC", end);
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_begin_stop(x, CAR1, mx_stop(x, "V1")));
	mx_clean(x, mx_enter(x, STO, CAR1, mx_entered(x)));
	mx_was_at(x, "V1", "S-STO");
	mx_clean(x, mx_leave(x, CAR1, mx_left(x, "V1")));
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
}

/* The next leg begins anew: its carrier is asked as of that taking. */
static void ended_before_the_next_leg(void **state)
{
	struct mx *x = *state;

	mx_to_taken(x);
	mx_licence(x, "L-C2", "CAR2", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "",
		   x->now + LD_HOUR_MS);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	mx_flagged(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")), NOT_LICENSED);
	assert_string_equal(mx_manifest(x)->holder, "CAR2");
}

/* A storage on the way needs its licence when it takes something in, not until it is fetched. */
static void a_storages_licence(void **state)
{
	for (int over = 0; over < 2; over++) {
		struct mx *x;

		mx_open(state);
		x = *state;
		mx_storage_world(x);
		mx_to_taken(x);
		mx_licence(x, "L-STO", "STO", LIANDAN__LICENCE_KIND__LICENCE_KIND_STORE, "*", "",
			   x->now + 1 - over);
		mx_accepted(x, mx_enter(x, STO, CAR1, mx_entered(x)));
		assert_int_equal(mx_violated(x, LIANDAN__REASON__NOT_LICENSED), over);
		x->now += LD_HOUR_MS;
		mx_was_at(x, "V1", "S-STO");
		mx_clean(x, mx_leave(x, CAR1, mx_left(x, "V1")));
		mx_close(state);
	}
}

/* ---- withdrawn ---- */

static void withdraw(struct mx *x, const char *licence, Liandan__InFlight in_flight)
{
	Custody__Licence *l;

	assert_int_equal(ld_licence_get(&x->c, licence, &l), LD_OK);
	l->withdrawn_ms = x->now;
	l->in_flight = in_flight;
	assert_int_equal(ld_licence_put(&x->c, l), LD_OK);
}
#define STOPS LIANDAN__IN_FLIGHT__IN_FLIGHT_STOPS
#define MAY_FINISH LIANDAN__IN_FLIGHT__IN_FLIGHT_MAY_FINISH

/* A withdrawal says itself what becomes of what is under way. Where that stops, it is received and
 * accepted all the same, and flagged. */
static void the_receiver_loses_its_licence(void **state)
{
	static const Liandan__InFlight cases[] = {MAY_FINISH, STOPS};

	for (size_t i = 0; i < 2; i++) {
		struct mx *x;

		mx_open(state);
		x = *state;
		mx_to_taken(x);
		x->now += LD_MINUTE_MS;
		withdraw(x, "L-REC", cases[i]);
		x->now += LD_HOUR_MS;
		mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
		mx_clean(x, mx_receive(x, REC, mx_received(x)));
		mx_accepted(x, mx_accept(x, REC, mx_accepted_body(x)));
		assert_int_equal(mx_violated(x, LIANDAN__REASON__NOT_LICENSED), cases[i] == STOPS);
		assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
		mx_close(state);
	}
}

/* What it had received by then was not under way any more. */
static void received_before_the_withdrawal(void **state)
{
	struct mx *x = *state;

	mx_to_received(x);
	x->now += LD_MINUTE_MS;
	withdraw(x, "L-REC", STOPS);
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
}

/* Nor does a carrier that may not finish fetch out of a storage what it has put there. */
static void the_carrier_loses_its_licence(void **state)
{
	static const Liandan__InFlight cases[] = {MAY_FINISH, STOPS};

	for (size_t i = 0; i < 2; i++) {
		struct mx *x;

		mx_open(state);
		x = *state;
		mx_to_stored(x);
		withdraw(x, "L-C1", cases[i]);
		x->now += LD_MINUTE_MS;
		mx_accepted(x, mx_leave(x, CAR1, mx_left(x, "V1")));
		assert_int_equal(mx_violated(x, LIANDAN__REASON__NOT_LICENSED), cases[i] == STOPS);
		assert_string_equal(mx_manifest(x)->holder, "CAR1");
		mx_close(state);
	}
}

/* ---- keys ---- */

static struct signer depot, driver; /* driver: one of "haul" whose key ends */
static int64_t ends_ms;

static int keys_open(void **state)
{
	Liandan__KeyEnrolled k = LIANDAN__KEY_ENROLLED__INIT;
	struct signer *possession = &driver;
	struct review *x;

	review_open(state);
	x = *state;
	trade_story_found(&x->t, &depot);
	signer_new(&driver, "haul", "ends", LIANDAN__ALGORITHM__ALGORITHM_P256);
	ends_ms = ld_region_now(x->w.region) + LD_HOUR_MS;
	k.spki.data = (uint8_t *)(uintptr_t)ld_key_spki(driver.key, &k.spki.len);
	k.algorithm = LIANDAN__ALGORITHM__ALGORITHM_P256;
	k.party = driver.party;
	k.device = driver.device;
	k.subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON;
	k.subject_id = TEXT("p-d1");
	k.roles = LIANDAN__ROLE__ROLE_DRIVER;
	k.protection = LIANDAN__PROTECTION__PROTECTION_SOFTWARE;
	k.from_ms = 1;
	k.to_ms = ends_ms;
	assert_int_equal(
	    world_send_cosigned(&x->w, &x->w.authority, &possession, 1,
				trade_event(&x->t, LIANDAN__EVENT__BODY_KEY_ENROLLED, &k)),
	    LIANDAN__VERDICT__ACCEPTED);
	memcpy(driver.prev, x->w.last_hash, sizeof driver.prev);
	return 0;
}

static int keys_close(void **state)
{
	signer_free(&depot);
	signer_free(&driver);
	return review_close(state);
}

/* Ledger time is about so much after the key's end. */
static void pass_to(struct review *x, int64_t after_end_ms)
{
	review_pass(x, ends_ms + after_end_ms - ld_region_now(x->w.region));
}

/* Sent as of `at_ms`; what is not let in has left the chain where it was. */
static Liandan__Verdict send_as_of(struct review *x, int64_t at_ms, Liandan__Event *e)
{
	const struct signer before = driver;
	Liandan__Verdict v;

	e->occurred_at_ms = at_ms;
	v = review_send(x, &driver, e);
	if (v == LIANDAN__VERDICT__KEY_NOT_VALID_NOW)
		driver = before;
	return v;
}
#define NOT_VALID LIANDAN__VERDICT__KEY_NOT_VALID_NOW

/* Signed in the key's last millisecond and heard of two hours later it holds, to the millisecond;
 * what is on the way then may arrive, and nothing new begins. */
static void a_key_ends_between_signing_and_arrival(void **state)
{
	struct review *x = *state;

	trade_to_offered(&x->t);
	pass_to(x, 2 * LD_HOUR_MS);
	assert_int_equal(send_as_of(x, ends_ms, trade_taken(&x->t, 1, "T1", "p-d1")), NOT_VALID);
	assert_int_equal(review_manifest(x)->leg, 0);
	assert_int_equal(send_as_of(x, ends_ms - 1, trade_taken(&x->t, 1, "T1", "p-d1")),
			 LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(send_as_of(x, ends_ms, trade_arrived(&x->t, "T1")),
			 LIANDAN__VERDICT__ACCEPTED);
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__ARRIVED);
}

/* For as long as a held event waits; then the key says nothing any more, of whatever time. */
static void not_for_ever(void **state)
{
	struct review *x = *state;

	trade_to_offered(&x->t);
	assert_int_equal(send_as_of(x, 0, trade_taken(&x->t, 1, "T1", "p-d1")),
			 LIANDAN__VERDICT__ACCEPTED);
	pass_to(x, ld_rules_cn.held_ms - LD_MINUTE_MS);
	assert_int_equal(send_as_of(x, ends_ms - 1, trade_arrived(&x->t, "T1")),
			 LIANDAN__VERDICT__ACCEPTED);
	pass_to(x, ld_rules_cn.held_ms);
	assert_int_equal(send_as_of(x, ends_ms - 1, trade_arrived(&x->t, "T1")), NOT_VALID);
}

/* Nor does a load stay on the road because its driver's key has ended: it is put down in a storage
 * and fetched there. A cosigner's key is asked like the submitter's. */
static void into_a_storage(void **state)
{
	struct review *x = *state;
	struct signer *with = &driver;
	Liandan__Event *e;

	trade_to_offered(&x->t);
	assert_int_equal(send_as_of(x, 0, trade_taken(&x->t, 1, "T1", "p-d1")),
			 LIANDAN__VERDICT__ACCEPTED);
	pass_to(x, LD_HOUR_MS);
	e = trade_entered(&x->t);
	e->occurred_at_ms = ends_ms;
	assert_int_equal(world_send_cosigned(&x->w, &depot, &with, 1, e),
			 LIANDAN__VERDICT__ACCEPTED);
	assert_string_equal(review_manifest(x)->holder, "depot");
	assert_int_equal(send_as_of(x, ends_ms, trade_left(&x->t, "T1")),
			 LIANDAN__VERDICT__ACCEPTED);
	assert_string_equal(review_manifest(x)->holder, "haul");
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)
#define WITH_KEYS(name) cmocka_unit_test_setup_teardown(name, keys_open, keys_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ends_at_the_taking),
	    T(everything_ends_on_the_road),
	    T(ended_before_the_next_leg),
	    cmocka_unit_test(a_storages_licence),
	    cmocka_unit_test(the_receiver_loses_its_licence),
	    T(received_before_the_withdrawal),
	    cmocka_unit_test(the_carrier_loses_its_licence),
	    WITH_KEYS(a_key_ends_between_signing_and_arrival),
	    WITH_KEYS(not_for_ever),
	    WITH_KEYS(into_a_storage),
	};

	return cmocka_run_group_tests_name("expiry", tests, NULL, NULL);
}
