/* What firms that cheat would try against the rules, and what honest ones must not suffer from it.
 * CUSTODY; each test names the row. */
#include "tests/support/trade.c"
#include "tests/unit/review_fixture.h"

#define ACCEPTED LIANDAN__VERDICT__ACCEPTED
#define HELD LIANDAN__VERDICT__HELD
#define REFUSED LIANDAN__VERDICT__REFUSED
#define OVERDUE LIANDAN__ANOMALY_KIND__OVERDUE
#define VIOLATED LIANDAN__ANOMALY_KIND__RULE_VIOLATED

/* A manifest of "haulx"'s own, on the way on TX. */
static void begin_haulx(struct review *x, uint8_t id[LD_UUID_BYTES])
{
	trade_begin(&x->t);
	trade_to_sealed(&x->t);
	x->t.must(&x->t, &x->t.office, trade_offered(&x->t, 1, "haulx"));
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	x->t.must(&x->t, &x->t.dx, trade_taken(&x->t, 1, "TX", "p-dx"));
	memcpy(id, x->t.id, LD_UUID_BYTES);
}

static Liandan__Event *arrived_with(struct review *x, const uint8_t own[LD_UUID_BYTES],
				    const uint8_t other[LD_UUID_BYTES])
{
	Liandan__Event *e = trade_arrived(&x->t, "TX");

	e->arrived->manifests[0] = trade_bytes(own, LD_UUID_BYTES);
	e->arrived->manifests[1] = trade_bytes(other, LD_UUID_BYTES);
	e->arrived->n_manifests = 2;
	e->arrived->site = TEXT("hole-gate");
	return e;
}

/* CUSTODY-11: an arrival of one's own does not move what another carrier has brought. */
static void test_arrival_moves_no_foreign_manifest(void **state)
{
	struct review *x = *state;
	uint8_t mine[LD_UUID_BYTES], theirs[LD_UUID_BYTES];
	int64_t arrived_ms;

	trade_to_arrived(&x->t);
	memcpy(theirs, x->t.id, sizeof theirs);
	arrived_ms = review_manifest(x)->arrived_ms;
	begin_haulx(x, mine);
	review_pass(x, LD_HOUR_MS);
	assert_int_equal(review_send(x, &x->t.dx, arrived_with(x, mine, theirs)), ACCEPTED);
	memcpy(x->t.id, theirs, sizeof theirs);
	assert_string_equal(review_manifest(x)->arrived_site, "pit-gate");
	assert_int_equal(review_manifest(x)->arrived_ms, arrived_ms);
	review_replays(x);
}

/* CUSTODY-22: what an authority wrote off as lost stays an open anomaly, whoever names it. */
static void test_lost_is_not_explained_by_a_stranger(void **state)
{
	struct review *x = *state;
	uint8_t mine[LD_UUID_BYTES], lost[LD_UUID_BYTES];
	Liandan__LossRecorded loss = LIANDAN__LOSS_RECORDED__INIT;
	char hex[2 * LD_UUID_BYTES + 1];

	trade_to_taken(&x->t);
	memcpy(lost, x->t.id, sizeof lost);
	review_pass(x, 2 * LD_DAY_MS);
	review_pass(x, 2 * LD_DAY_MS);
	assert_non_null(review_anomaly(x, OVERDUE, LIANDAN__REASON__REASON_NONE));
	for (int i = 0; i < LD_UUID_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", lost[i]);
	loss.subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
	loss.subject = hex;
	loss.cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_THEFT;
	x->t.must(&x->t, &x->t.inspector,
		  trade_event(&x->t, LIANDAN__EVENT__BODY_LOSS_RECORDED, &loss));
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
	begin_haulx(x, mine);
	assert_int_equal(review_send(x, &x->t.dx, arrived_with(x, mine, lost)), ACCEPTED);
	memcpy(x->t.id, lost, sizeof lost);
	assert_non_null(review_anomaly(x, OVERDUE, LIANDAN__REASON__REASON_NONE));
}

/* CUSTODY-6: a carrier named for the leg does not help itself by naming any event as its offer. */
static void test_no_taking_without_an_offer(void **state)
{
	struct review *x = *state;

	trade_to_sealed(&x->t);
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer); /* the seal, which is no offer */
	assert_int_equal(review_send(x, &x->t.d1, trade_taken(&x->t, 1, "T1", "p-d1")), REFUSED);
	assert_int_equal(x->w.out.reason, LIANDAN__REASON__UNKNOWN_OFFER);
	assert_string_equal(review_manifest(x)->holder, "gen");
}

/* CUSTODY-6: nor does it take the next leg by the offer of the one before, unseen. */
static void test_an_offer_is_of_one_leg(void **state)
{
	struct review *x = *state;
	const Custody__Anomaly *a;

	trade_to_taken(&x->t);
	assert_int_equal(review_send(x, &x->t.d1, trade_taken(&x->t, 2, "T1", "p-d1")), ACCEPTED);
	a = review_anomaly(x, VIOLATED, LIANDAN__REASON__UNKNOWN_OFFER);
	assert_non_null(a);
	assert_int_equal(a->now->level, 3);
}

/* PROTOCOL, HELD: parked events of one party do not keep another's facts out. */
static void test_parked_events_block_nobody(void **state)
{
	struct review *x = *state;
	uint8_t hash[LD_HASH_BYTES], *offer;
	size_t len;

	trade_to_sealed(&x->t);
	offer = world_seal(&x->w, &x->t.office, trade_offered(&x->t, 1, "haul"), &len);
	memcpy(hash, x->w.last_hash, sizeof hash);
	memset(x->t.offer, 7, sizeof x->t.offer);
	for (int i = 0; i < 2 * LD_MAX_HELD_PER_MANIFEST; i++)
		review_send(x, &x->t.dx, trade_taken(&x->t, 1, "TX", "p-dx"));
	memcpy(x->t.offer, hash, sizeof x->t.offer);
	assert_int_equal(review_send(x, &x->t.d1, trade_taken(&x->t, 1, "T1", "p-d1")), HELD);
	assert_int_equal(world_submit(&x->w, &x->t.office, offer, len), ACCEPTED);
	free(offer);
	assert_string_equal(review_manifest(x)->holder, "haul");
	review_replays(x);
}

struct seen {
	char plate[LD_MAX_ID_BYTES + 1];
	size_t n;
};

static void on_vehicle(void *ctx, const char *plate)
{
	struct seen *s = ctx;

	s->n++;
	snprintf(s->plate, sizeof s->plate, "%s", plate);
}

/* A taking that had to wait is news of its truck when it takes effect, like any other. */
static void test_a_held_taking_publishes_its_truck(void **state)
{
	struct review *x = *state;
	struct seen seen = {.n = 0};
	const struct ld_sink quiet = x->w.region->opt.sink;
	uint8_t *offer;
	size_t len;

	trade_to_sealed(&x->t);
	offer = world_seal(&x->w, &x->t.office, trade_offered(&x->t, 1, "haul"), &len);
	memcpy(x->t.offer, x->w.last_hash, sizeof x->t.offer);
	x->w.region->opt.sink = (struct ld_sink){.ctx = &seen, .vehicle = on_vehicle};
	assert_int_equal(review_send(x, &x->t.d1, trade_taken(&x->t, 1, "T1", "p-d1")), HELD);
	assert_int_equal(seen.n, 0);
	assert_int_equal(world_submit(&x->w, &x->t.office, offer, len), ACCEPTED);
	x->w.region->opt.sink = quiet;
	free(offer);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.plate, "T1");
}

/* Genesis and keys: a revocation that had to wait for its cause holds from then on. */
static void test_a_held_revocation_revokes(void **state)
{
	struct review *x = *state;
	Liandan__KeyRevoked b = LIANDAN__KEY_REVOKED__INIT;
	Liandan__Event *e;
	uint8_t hash[LD_HASH_BYTES], *cause;
	ProtobufCBinaryData after = trade_bytes(hash, sizeof hash);
	size_t len;

	trade_to_taken(&x->t);
	cause = world_seal(&x->w, &x->t.office, trade_generated(&x->t, NULL, 1000), &len);
	memcpy(hash, x->w.last_hash, sizeof hash);
	b.key_id = trade_bytes(ld_key_id(x->t.d1.key), LD_KEY_ID_BYTES);
	b.reason = LIANDAN__REVOCATION_REASON__REVOCATION_REASON_COMPROMISED;
	b.effective_ms = ld_region_now(x->w.region);
	e = trade_event(&x->t, LIANDAN__EVENT__BODY_KEY_REVOKED, &b);
	e->after = &after;
	e->n_after = 1;
	assert_int_equal(world_send(&x->w, &x->w.authority, e), HELD);
	assert_int_equal(world_submit(&x->w, &x->t.office, cause, len), ACCEPTED);
	free(cause);
	assert_int_equal(review_send(x, &x->t.d1, trade_arrived(&x->t, "T1")),
			 LIANDAN__VERDICT__KEY_REVOKED);
}

static Liandan__Event *weighed(struct review *x, const char *plate, Liandan__WeighKind kind,
			       Liandan__WeighPurpose purpose, int64_t mass_g)
{
	Liandan__Event *e = trade_weighed(&x->t, "scale", mass_g);

	e->weighed->plate = TEXT(plate);
	e->weighed->kind = kind;
	e->weighed->purpose = purpose;
	return e;
}

#define LOAD LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD
#define GATE LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE
#define NET LIANDAN__WEIGH_KIND__WEIGH_KIND_NET
#define GROSS LIANDAN__WEIGH_KIND__WEIGH_KIND_GROSS
#define TARE LIANDAN__WEIGH_KIND__WEIGH_KIND_TARE
#define TOTAL_G (TRADE_DRUM_G + TRADE_BULK_G)

/* CUSTODY-14, 5C M1: a shortfall does not go away by the tickets of another truck. */
static void test_shortfall_with_anothers_tickets(void **state)
{
	struct review *x = *state;
	uint8_t own[LD_UUID_BYTES], other[LD_UUID_BYTES];
	Liandan__Event *e;

	trade_to_offered(&x->t);
	x->t.must(&x->t, &x->t.scale, weighed(x, "T1", NET, LOAD, TOTAL_G));
	x->t.must(&x->t, &x->t.d1, trade_taken(&x->t, 1, "T1", "p-d1"));
	x->t.must(&x->t, &x->t.d1, trade_arrived(&x->t, "T1"));
	x->t.must(&x->t, &x->t.pit, trade_received(&x->t));
	x->t.must(&x->t, &x->t.scale, weighed(x, "T1", NET, GATE, TOTAL_G / 2));
	memcpy(own, x->t.ticket, sizeof own);
	x->t.must(&x->t, &x->t.scale, weighed(x, "T2", NET, GATE, TOTAL_G / 2));
	memcpy(other, x->t.ticket, sizeof other);
	e = trade_accepted(&x->t);
	e->accepted->tickets[0] = trade_bytes(own, sizeof own);
	e->accepted->tickets[1] = trade_bytes(other, sizeof other);
	e->accepted->n_tickets = 2;
	x->t.must(&x->t, &x->t.pit, e);
	assert_non_null(review_anomaly(x, VIOLATED, LIANDAN__REASON__TICKET_MISSING));
	assert_non_null(review_anomaly(x, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL,
				       LIANDAN__REASON__REASON_NONE));
}

/* A ticket that names no manifest does not serve the truck's next trip too. */
static void test_a_ticket_of_another_day(void **state)
{
	struct review *x = *state;
	Liandan__Event *e = weighed(x, "T1", NET, GATE, TOTAL_G);
	uint8_t ticket[LD_UUID_BYTES];

	e->weighed->n_manifests = 0;
	x->t.must(&x->t, &x->t.scale, e);
	memcpy(ticket, x->t.ticket, sizeof ticket);
	review_pass(x, LD_DAY_MS);
	trade_begin(&x->t);
	trade_to_received(&x->t);
	memcpy(x->t.ticket, ticket, sizeof ticket);
	x->t.must(&x->t, &x->t.pit, trade_accepted(&x->t));
	assert_non_null(review_anomaly(x, VIOLATED, LIANDAN__REASON__TICKET_MISSING));
}

/* CUSTODY-7: the check of a milk run is not put off by a ticket that names what never comes. */
static void test_shortfall_is_not_put_off(void **state)
{
	struct review *x = *state;
	uint8_t never[LD_UUID_BYTES];
	Liandan__Event *e;

	trade_to_sealed(&x->t);
	memcpy(never, x->t.id, sizeof never);
	trade_begin(&x->t);
	trade_to_offered(&x->t);
	x->t.must(&x->t, &x->t.scale, weighed(x, "T1", NET, LOAD, TOTAL_G));
	x->t.must(&x->t, &x->t.d1, trade_taken(&x->t, 1, "T1", "p-d1"));
	x->t.must(&x->t, &x->t.d1, trade_arrived(&x->t, "T1"));
	x->t.must(&x->t, &x->t.pit, trade_received(&x->t));
	e = weighed(x, "T1", NET, GATE, TOTAL_G / 2);
	e->weighed->manifests[e->weighed->n_manifests++] = trade_bytes(never, sizeof never);
	x->t.must(&x->t, &x->t.scale, e);
	x->t.must(&x->t, &x->t.pit, trade_accepted(&x->t));
	assert_non_null(review_anomaly(x, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL,
				       LIANDAN__REASON__REASON_NONE));
}

/* CUSTODY-7: tickets written after the hand-over do not widen what may be missing. */
static void test_later_tickets_widen_nothing(void **state)
{
	struct review *x = *state;

	trade_to_offered(&x->t);
	x->t.must(&x->t, &x->t.scale, weighed(x, "T1", NET, LOAD, TOTAL_G));
	x->t.must(&x->t, &x->t.d1, trade_taken(&x->t, 1, "T1", "p-d1"));
	for (int i = 0; i < 40; i++)
		x->t.must(&x->t, &x->t.scale, weighed(x, "T1", NET, LOAD, 0));
	x->t.must(&x->t, &x->t.d1, trade_arrived(&x->t, "T1"));
	x->t.must(&x->t, &x->t.pit, trade_received(&x->t));
	x->t.must(&x->t, &x->t.scale, weighed(x, "T1", NET, GATE, TOTAL_G / 2));
	x->t.must(&x->t, &x->t.pit, trade_accepted(&x->t));
	assert_non_null(review_anomaly(x, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL,
				       LIANDAN__REASON__REASON_NONE));
}

/* Whoever has a scale cannot make a carrier short by weighing some truck for his manifest; and a
 * truck that is weighed twice has not been loaded twice. */
static void test_nobody_is_made_short(void **state)
{
	struct review *x = *state;

	trade_to_offered(&x->t);
	x->t.must(&x->t, &x->t.scale, weighed(x, "T2", NET, LOAD, 40000000));
	x->t.must(&x->t, &x->t.scale, weighed(x, "T1", GROSS, LOAD, 9000000 + TOTAL_G));
	x->t.must(&x->t, &x->t.scale, weighed(x, "T1", TARE, LOAD, 9000000));
	x->t.must(&x->t, &x->t.scale, weighed(x, "T1", GROSS, LOAD, 9000000 + TOTAL_G));
	x->t.must(&x->t, &x->t.scale, weighed(x, "T1", TARE, LOAD, 9000000));
	x->t.must(&x->t, &x->t.d1, trade_taken(&x->t, 1, "T1", "p-d1"));
	assert_int_equal(review_manifest(x)->taken_g, TOTAL_G);
	x->t.must(&x->t, &x->t.d1, trade_arrived(&x->t, "T1"));
	x->t.must(&x->t, &x->t.pit, trade_received(&x->t));
	x->t.must(&x->t, &x->t.scale, weighed(x, "T1", NET, GATE, TOTAL_G));
	x->t.must(&x->t, &x->t.pit, trade_accepted(&x->t));
	assert_null(review_anomaly(x, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL,
				   LIANDAN__REASON__REASON_NONE));
}

/* 5C M1: the interval that a ticket claims is never wider than a truck scale's. */
static void test_a_ticket_does_not_choose_its_tolerance(void **state)
{
	(void)state;
	assert_int_equal(ld_weigh_mpe_g(NULL, INT64_C(1000000000), 1000000), 20000);
	assert_int_equal(ld_weigh_mpe_g(NULL, 5000, 1000000), 5000);
}

/* What cannot be is not booked: sums stay exact (Invariant 3). */
static void test_no_acceptance_beyond_reason(void **state)
{
	struct review *x = *state;
	Liandan__Event *e;

	trade_to_received(&x->t);
	e = trade_accepted(&x->t);
	e->accepted->lines[0]->mass_g = LD_MAX_MASS_G + 1;
	assert_int_equal(review_send(x, &x->t.pit, e), REFUSED);
	assert_int_equal(x->w.out.reason, LIANDAN__REASON__QUANTITY);
}

/* CUSTODY-15, Invariant 2: what was received goes back to a carrier only when its driver signs. */
static void test_waste_goes_back_to_who_signs(void **state)
{
	struct review *x = *state;
	struct signer *driver = &x->t.d1;

	trade_to_received(&x->t);
	x->t.must(&x->t, &x->t.pit, trade_rejected(&x->t));
	assert_string_equal(review_manifest(x)->holder, "pit");
	assert_non_null(review_anomaly(x, VIOLATED, LIANDAN__REASON__OUT_OF_ORDER));
	trade_begin(&x->t);
	trade_to_received(&x->t);
	assert_int_equal(world_send_cosigned(&x->w, &x->t.pit, &driver, 1, trade_rejected(&x->t)),
			 ACCEPTED);
	assert_string_equal(review_manifest(x)->holder, "haul");
	assert_null(review_anomaly(x, VIOLATED, LIANDAN__REASON__OUT_OF_ORDER));
	review_replays(x);
}

/* CUSTODY-6: the driver's word does not put off "overdue" beyond twice what the manifest says. */
static void test_driver_does_not_choose_when_he_is_overdue(void **state)
{
	struct review *x = *state;
	Liandan__Event *e;
	int64_t now = ld_region_now(x->w.region);

	trade_to_stock(&x->t);
	e = trade_created(&x->t);
	e->manifest_created->arrival_ms = now + 2 * LD_HOUR_MS;
	x->t.must(&x->t, &x->t.office, e);
	x->t.must(&x->t, &x->t.office, trade_sealed(&x->t));
	x->t.must(&x->t, &x->t.office, trade_offered(&x->t, 1, "haul"));
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	e = trade_taken(&x->t, 1, "T1", "p-d1");
	e->handover_taken->eta_ms = now + 6 * LD_DAY_MS;
	x->t.must(&x->t, &x->t.d1, e);
	assert_int_equal(review_manifest(x)->eta_ms, now + 2 * LD_HOUR_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, review_open, review_close)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_arrival_moves_no_foreign_manifest),
	    TEST(test_lost_is_not_explained_by_a_stranger),
	    TEST(test_no_taking_without_an_offer),
	    TEST(test_an_offer_is_of_one_leg),
	    TEST(test_parked_events_block_nobody),
	    TEST(test_a_held_taking_publishes_its_truck),
	    TEST(test_a_held_revocation_revokes),
	    TEST(test_shortfall_with_anothers_tickets),
	    TEST(test_shortfall_is_not_put_off),
	    TEST(test_later_tickets_widen_nothing),
	    TEST(test_nobody_is_made_short),
	    cmocka_unit_test(test_a_ticket_does_not_choose_its_tolerance),
	    TEST(test_waste_goes_back_to_who_signs),
	    TEST(test_driver_does_not_choose_when_he_is_overdue),
	    TEST(test_a_ticket_of_another_day),
	    TEST(test_no_acceptance_beyond_reason),
	};

	if (argc > 1) /* one of them */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
