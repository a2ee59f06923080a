/* ACCEPTED with violations: facts that failed a check are recorded and flagged, never refused. Each
 * reason that the rules can give, over MQTT 5 and 3.1.1. */
#include "tests/broker/verdicts.h"

#include <string.h>
#include <time.h>

#include "plugin/custody/rules.h"
#include "plugin/custody/year.h"

#define TEXT(s) ((char *)(uintptr_t)(s))
#define BUILD(name)                                                                                \
	static Liandan__Event *name(struct rig *x, struct signer **by, struct signer **co)
#define FAR_LAT 26.0 /* 550 km from the generator's yard */

static struct rig rig;

/* A second gate of the pit, and a truck of its own. */
static void second_gate(struct rig *x)
{
	struct world *w = &x->h.world;

	world_site(w, "pit-back", "pit", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 31.5, 121.3, 200);
	world_party(w, "own", LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_CARRIER,
		    LIANDAN__TIER__TIER_UNSPECIFIED);
	world_site(w, "own-gate", "own", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 31.6, 121.3, 200);
	world_licence(w, "L-own", "own", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*");
	world_scale(w, "m-out", "gen", "gen-yard");
	world_scale(w, "m-in", "pit", "pit-gate");
	world_licence(w, "L-own-road", "own", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*");
}

static int setup(void **state)
{
	(void)state;
	rig_start(&rig, "plugin_opt_custody_per_s 100000\n", second_gate);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_end(&rig);
	return 0;
}

/* ---- stock ---- */

BUILD(generated_nowhere)
{
	Liandan__Event *e = trade_generated(&x->t, NULL, 1000);

	(void)by, (void)co;
	e->waste_generated->site = TEXT("nowhere");
	return e;
}

BUILD(generated_without_mass)
{
	(void)by, (void)co;
	return trade_generated(&x->t, NULL, 0);
}

BUILD(generated_under_no_code)
{
	Liandan__Event *e = trade_generated(&x->t, NULL, 1000);

	(void)by, (void)co;
	e->waste_generated->line->code = TEXT("999-999-99");
	return e;
}

BUILD(generated_with_wrong_letters)
{
	Liandan__Event *e = trade_generated(&x->t, NULL, 1000);

	(void)by, (void)co;
	e->waste_generated->line->hazards = LIANDAN__HAZARD__HAZARD_C;
	return e;
}

BUILD(generated_as_general_waste)
{
	Liandan__Event *e = trade_generated(&x->t, NULL, 1000);

	(void)by, (void)co;
	e->waste_generated->facility = TEXT("furnace-1");
	x->t.must(&x->t, &x->t.office, e);
	e = trade_generated(&x->t, NULL, 1000);
	e->waste_generated->facility = TEXT("furnace-1");
	e->waste_generated->line->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL;
	e->waste_generated->line->code = TEXT("900-001-S17");
	e->waste_generated->line->hazards = 0;
	return e;
}

BUILD(stored_that_is_not)
{
	Liandan__ContainerStored *b =
	    TRADE_NEW(&x->t, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);
	Liandan__Item *item = TRADE_NEW(&x->t, Liandan__Item, LIANDAN__ITEM__INIT);

	(void)by, (void)co;
	item->container = TEXT("no-such-drum");
	b->batch = trade_name(&x->t, "S");
	b->site = TEXT("gen-yard");
	b->items = trade_dup(&x->t, &item, sizeof item);
	b->n_items = 1;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_CONTAINER_STORED, b);
}

BUILD(lost_from_a_sealed_manifest)
{
	Liandan__LossRecorded *b =
	    TRADE_NEW(&x->t, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);

	(void)by, (void)co;
	trade_to_sealed(&x->t);
	b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
	b->subject = x->t.drum;
	b->mass_g = 1;
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_LOSS_RECORDED, b);
}

static Liandan__WasteTreated *treated(struct rig *x, const char *input)
{
	Liandan__WasteTreated *b =
	    TRADE_NEW(&x->t, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in =
	    TRADE_NEW(&x->t, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	Liandan__TreatmentOutput *out =
	    TRADE_NEW(&x->t, Liandan__TreatmentOutput, LIANDAN__TREATMENT_OUTPUT__INIT);

	in->batch = TEXT(input);
	in->mass_g = out->mass_g = 10;
	out->kind = LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE;
	out->code = TEXT(TRADE_CODE);
	b->batch = trade_name(&x->t, "T");
	b->site = TEXT("gen-yard");
	b->mode = TEXT("R9");
	b->inputs = trade_dup(&x->t, &in, sizeof in);
	b->outputs = trade_dup(&x->t, &out, sizeof out);
	b->n_inputs = b->n_outputs = 1;
	return b;
}

BUILD(treated_of_no_batch)
{
	(void)by, (void)co;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_WASTE_TREATED, treated(x, "no-such-batch"));
}

BUILD(treated_into_a_drum_in_use)
{
	Liandan__WasteTreated *b;

	(void)by, (void)co;
	trade_to_stock(&x->t);
	b = treated(x, x->t.batch);
	b->outputs[0]->container = x->t.drum;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_WASTE_TREATED, b);
}

/* ---- the hand-over ---- */

BUILD(taken_by_a_driver_of_no_name)
{
	(void)co;
	trade_to_offered(&x->t);
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T1", "stranger");
}

BUILD(taken_with_no_plate_of_ours)
{
	(void)co;
	trade_to_offered(&x->t);
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "NOPLATE", "p-d1");
}

BUILD(taken_with_another_firms_truck)
{
	(void)co;
	trade_to_offered(&x->t);
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T2", "p-d1");
}

/* The offer that it names was refused; the waste is on the truck all the same. */
BUILD(taken_on_a_refused_offer)
{
	struct rig_expect want = {.verdict = LIANDAN__VERDICT__REFUSED,
				  .reason = LIANDAN__REASON__UNKNOWN_PARTY,
				  .on = &x->t.office};
	struct rig_answer a;

	(void)co;
	trade_to_sealed(&x->t);
	rig_post(x, &x->t.office, NULL, trade_offered(&x->t, 1, "nobody"), &a);
	memcpy(x->t.offer, x->h.sent_hash, sizeof x->t.offer);
	rig_check(x, &a, &want);
	rig_answer_free(&a);
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T1", "p-d1");
}

/* 600 kg: below the small-generator threshold the same pen is flagged. */
BUILD(same_pen_for_a_little)
{
	(void)co;
	trade_to_offered(&x->t);
	*by = &x->t.own;
	return trade_taken(&x->t, 1, "T1", "");
}

BUILD(taken_with_other_contents)
{
	(void)co;
	trade_to_offered(&x->t);
	x->t.content[0] ^= 1;
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T1", "p-d1");
}

BUILD(taken_by_a_carrier_not_named)
{
	(void)co;
	trade_to_sealed(&x->t);
	x->t.must(&x->t, &x->t.office, trade_offered(&x->t, 1, "haulx"));
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	*by = &x->t.dx;
	return trade_taken(&x->t, 1, "TX", "p-dx");
}

/* The truck's tracks of the last hour lie 550 km away. */
BUILD(taken_by_a_truck_elsewhere)
{
	int64_t now = harness_now_ms();

	(void)co;
	x->t.must(&x->t, &x->t.t2, trade_fix(&x->t, "T2", "t2", now - LD_HOUR_MS, FAR_LAT, 121.0));
	x->t.must(&x->t, &x->t.t2, trade_fix(&x->t, "T2", "t2", now, FAR_LAT, 121.0));
	trade_to_sealed(&x->t);
	x->t.must(&x->t, &x->t.office, trade_offered(&x->t, 1, "haul2"));
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	*by = &x->t.d2;
	return trade_taken(&x->t, 1, "T2", "p-d2");
}

BUILD(taken_without_tracks)
{
	(void)co;
	trade_to_offered(&x->t);
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T1", "p-d1");
}

BUILD(taken_with_other_seals)
{
	static char *seals[] = {(char *)(uintptr_t) "S-1"};
	Liandan__Event *offer;

	(void)co;
	trade_to_sealed(&x->t);
	offer = trade_offered(&x->t, 1, "haul");
	offer->handover_offered->seals = seals;
	offer->handover_offered->n_seals = 1;
	x->t.must(&x->t, &x->t.office, offer);
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T1", "p-d1");
}

BUILD(taken_after_the_offer)
{
	Liandan__Event *offer;

	(void)co;
	trade_to_sealed(&x->t);
	offer = trade_offered(&x->t, 1, "haul");
	offer->handover_offered->expires_ms = harness_now_ms() + 400;
	x->t.must(&x->t, &x->t.office, offer);
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	client_pump(x->spy, 500);
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T1", "p-d1");
}

/* CUSTODY-4: the hand-over that names the offer still wins. */
BUILD(taken_after_the_cancellation)
{
	(void)co;
	trade_to_offered(&x->t);
	x->t.must(&x->t, &x->t.office, trade_withdrawn(&x->t));
	x->t.must(&x->t, &x->t.office, trade_cancelled(&x->t));
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T1", "p-d1");
}

/* An estimate may seal more than is in stock; what then leaves makes the book negative, and that
 * code's seals here stop: a code for each version. */
BUILD(taken_more_than_was_there)
{
	Liandan__Event *e;

	(void)co;
	trade_to_stock(&x->t);
	e = trade_created(&x->t);
	e->manifest_created->lines[1]->code =
	    TEXT(x->version == MQTT_PROTOCOL_V5 ? "900-249-08" : "900-214-08");
	e->manifest_created->lines[1]->quantity->basis = LIANDAN__BASIS__BASIS_ESTIMATED;
	x->t.must(&x->t, &x->t.office, e);
	x->t.must(&x->t, &x->t.office, trade_sealed(&x->t));
	x->t.must(&x->t, &x->t.office, trade_offered(&x->t, 1, "haul"));
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T1", "p-d1");
}

/* A part with more in it than the manifest has. */
BUILD(taken_a_part_that_is_not_there)
{
	Liandan__Item *heap = TRADE_NEW(&x->t, Liandan__Item, LIANDAN__ITEM__INIT);
	uint8_t *child = trade_dup(&x->t, x->t.id, LD_UUID_BYTES);
	Liandan__Event *e;

	(void)co;
	trade_to_offered(&x->t);
	e = trade_taken(&x->t, 1, "T1", "p-d1");
	child[LD_UUID_BYTES - 5] ^= 0x80;
	e->handover_taken->child = trade_bytes(child, LD_UUID_BYTES);
	heap->line = 2;
	heap->mass_g = TRADE_BULK_G + 1;
	e->handover_taken->items = trade_dup(&x->t, &heap, sizeof heap);
	e->handover_taken->n_items = 1;
	*by = &x->t.d1;
	return e;
}

/* ---- the far end ---- */

BUILD(arrived_at_another_gate)
{
	Liandan__Event *e;

	(void)co;
	trade_to_taken(&x->t);
	*by = &x->t.d1;
	e = trade_arrived(&x->t, "T1");
	e->arrived->site = TEXT("gen-shed");
	return e;
}

BUILD(received_other_pieces)
{
	Liandan__Item *item = TRADE_NEW(&x->t, Liandan__Item, LIANDAN__ITEM__INIT);
	Liandan__Event *e;

	(void)co;
	trade_to_arrived(&x->t);
	*by = &x->t.pit;
	e = trade_received(&x->t);
	item->container = x->t.drum;
	item->line = 1;
	item->mass_g = TRADE_DRUM_G;
	e->received->items = trade_dup(&x->t, &item, sizeof item);
	e->received->n_items = 1;
	return e;
}

BUILD(weighed_on_a_scale_out_of_date)
{
	(void)co;
	*by = &x->t.oldscale;
	return trade_weighed(&x->t, "oldscale", 1000);
}

BUILD(accepted_without_tickets)
{
	Liandan__Event *e;

	(void)co;
	trade_to_received(&x->t);
	*by = &x->t.pit;
	e = trade_accepted(&x->t);
	e->accepted->n_tickets = 0;
	return e;
}

BUILD(accepted_on_a_ticket_that_is_not)
{
	(void)co;
	trade_to_received(&x->t);
	trade_weighed(&x->t, "scale", 1); /* named, never sent */
	*by = &x->t.pit;
	return trade_accepted(&x->t);
}

/* A collector fills and seals for the generator, who knows nothing of it. */
BUILD(sealed_by_a_delegate_and_disputed)
{
	static const uint8_t paper[LD_HASH_BYTES] = {7};
	static char *codes[1] = {TEXT("*")};
	Liandan__DelegationGranted *d =
	    TRADE_NEW(&x->t, Liandan__DelegationGranted, LIANDAN__DELEGATION_GRANTED__INIT);
	Liandan__GeneratorConfirmed *b =
	    TRADE_NEW(&x->t, Liandan__GeneratorConfirmed, LIANDAN__GENERATOR_CONFIRMED__INIT);
	Liandan__Event *e;

	(void)by, (void)co;
	d->delegation = trade_name(&x->t, "D");
	d->giver = TEXT("gen");
	d->delegate = TEXT("haul");
	d->actions = LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_SEAL;
	d->codes = codes;
	d->n_codes = 1;
	d->paper = trade_bytes(paper, sizeof paper);
	x->t.must(&x->t, &x->h.world.authority,
		  trade_event(&x->t, LIANDAN__EVENT__BODY_DELEGATION_GRANTED, d));
	trade_to_draft(&x->t);
	e = trade_sealed(&x->t);
	e->delegation = d->delegation;
	x->t.must(&x->t, &x->t.d1, e);
	b->manifest = trade_bytes(x->t.id, sizeof x->t.id);
	b->content = trade_bytes(x->t.content, sizeof x->t.content);
	return trade_event(&x->t, LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED, b);
}

/* From the yard to the gate on one manifest; and from the shed to the back on another. */
BUILD(taken_while_on_another_trip)
{
	Liandan__ManifestSealed *seal;
	Liandan__Event *e;

	(void)co;
	trade_to_taken(&x->t);
	x->t.id[LD_UUID_BYTES - 1] ^= 0x80;
	e = trade_generated(&x->t, NULL, TRADE_BULK_G);
	e->waste_generated->site = TEXT("gen-shed");
	x->t.must(&x->t, &x->t.office, e);
	e = trade_created(&x->t);
	e->manifest_created->site = TEXT("gen-shed");
	e->manifest_created->receiver->site = TEXT("pit-back");
	e->manifest_created->lines[0] = e->manifest_created->lines[1];
	e->manifest_created->n_lines = 1;
	x->t.must(&x->t, &x->t.office, e);
	e = trade_sealed(&x->t);
	seal = e->manifest_sealed;
	seal->items[0] = seal->items[1];
	seal->items[0]->mass_g = TRADE_BULK_G;
	seal->n_items = 1;
	trade_content(&x->t, seal);
	x->t.must(&x->t, &x->t.office, e);
	x->t.must(&x->t, &x->t.office, trade_offered(&x->t, 1, "haul"));
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	*by = &x->t.d1;
	return trade_taken(&x->t, 1, "T1", "p-d1");
}

BUILD(sealed_with_its_own_truck)
{
	Liandan__Event *e;

	(void)by, (void)co;
	trade_to_stock(&x->t);
	e = trade_created(&x->t);
	e->manifest_created->receiver->party = TEXT("own");
	e->manifest_created->receiver->site = TEXT("own-gate");
	e->manifest_created->carriers[0]->party = TEXT("own");
	x->t.must(&x->t, &x->t.office, e);
	return trade_sealed(&x->t);
}

/* By pipeline: more left than came. */
BUILD(piped_more_than_came)
{
	Liandan__PipelineDay *b =
	    TRADE_NEW(&x->t, Liandan__PipelineDay, LIANDAN__PIPELINE_DAY__INIT);
	Liandan__ManifestSealed *seal;
	Liandan__Event *e;

	(void)by;
	trade_to_stock(&x->t);
	e = trade_created(&x->t);
	e->manifest_created->n_carriers = 0;
	e->manifest_created->lines[0] = e->manifest_created->lines[1];
	e->manifest_created->n_lines = 1;
	x->t.must(&x->t, &x->t.office, e);
	e = trade_sealed(&x->t);
	seal = e->manifest_sealed;
	seal->items[0] = seal->items[1];
	seal->items[0]->mass_g = TRADE_BULK_G;
	seal->n_items = 1;
	trade_content(&x->t, seal);
	x->t.must(&x->t, &x->t.office, e);
	b->manifest = trade_bytes(x->t.id, sizeof x->t.id);
	b->day = ld_china_date((int64_t)time(NULL) * 1000);
	b->line = 2;
	b->meter_out = TEXT("m-out");
	b->meter_in = TEXT("m-in");
	b->unit = LIANDAN__UNIT__UNIT_CUBIC_METRE;
	b->out_end = b->in_end = 500;
	b->mass_out_g = TRADE_BULK_G;
	b->mass_in_g = TRADE_BULK_G / 2;
	*co = &x->t.pit;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_PIPELINE_DAY, b);
}

BUILD(found_another_waste)
{
	Liandan__SampleAnalysed *b =
	    TRADE_NEW(&x->t, Liandan__SampleAnalysed, LIANDAN__SAMPLE_ANALYSED__INIT);

	(void)co;
	trade_to_received(&x->t);
	b->manifest = trade_bytes(x->t.id, sizeof x->t.id);
	b->sample = trade_name(&x->t, "smp");
	b->line = 1;
	b->verdict = LIANDAN__SAMPLE_VERDICT__SAMPLE_VERDICT_OTHER_CODE;
	b->found_code = TEXT("900-042-49");
	*by = &x->t.pit;
	return trade_event(&x->t, LIANDAN__EVENT__BODY_SAMPLE_ANALYSED, b);
}

#define CASE(build, reason)                                                                        \
	{                                                                                          \
#build, LIANDAN__REASON__##reason, build                                           \
	}
static const struct rig_case cases[] = {
    CASE(taken_by_a_driver_of_no_name, UNKNOWN_PERSON),
    CASE(taken_with_no_plate_of_ours, UNKNOWN_VEHICLE),
    CASE(generated_nowhere, UNKNOWN_SITE),
    CASE(stored_that_is_not, UNKNOWN_CONTAINER),
    CASE(taken_on_a_refused_offer, UNKNOWN_OFFER),
    CASE(accepted_on_a_ticket_that_is_not, UNKNOWN_TICKET),
    CASE(treated_of_no_batch, UNKNOWN_SUBJECT),
    CASE(treated_into_a_drum_in_use, ALREADY_EXISTS),
    CASE(lost_from_a_sealed_manifest, CONTAINER_ELSEWHERE),
    CASE(generated_under_no_code, BAD_WASTE_CODE),
    CASE(taken_with_another_firms_truck, NOT_LICENSED),
    CASE(generated_without_mass, QUANTITY),
    CASE(same_pen_for_a_little, SAME_PERSON),
    CASE(weighed_on_a_scale_out_of_date, SCALE_OUT_OF_DATE),
    CASE(taken_with_other_contents, BAD_CONTENT),
    CASE(generated_with_wrong_letters, HAZARDS_DIFFER),
    CASE(generated_as_general_waste, DECLARED_GENERAL),
    CASE(taken_by_a_carrier_not_named, CARRIER_NOT_NAMED),
    CASE(taken_by_a_truck_elsewhere, ABSENT_AT_ORIGIN),
    CASE(taken_without_tracks, PRESENCE_UNKNOWN),
    CASE(arrived_at_another_gate, WRONG_PLACE),
    CASE(taken_with_other_seals, SEAL_DIFFERS),
    CASE(taken_after_the_offer, OFFER_EXPIRED),
    CASE(received_other_pieces, COUNT_DIFFERS),
    CASE(accepted_without_tickets, TICKET_MISSING),
    CASE(found_another_waste, CODE_DIFFERS),
    CASE(taken_after_the_cancellation, CANCELLED_BEFORE),
    CASE(taken_more_than_was_there, STOCK_NEGATIVE),
    CASE(taken_a_part_that_is_not_there, NOT_ADDING),
    CASE(sealed_by_a_delegate_and_disputed, DISPUTED),
    CASE(taken_while_on_another_trip, OVERLAPPING),
    CASE(sealed_with_its_own_truck, SAME_PARTY),
    CASE(piped_more_than_came, METERS_DIFFER),
};

static void every_violation(void **state)
{
	(void)state;
	rig_run_flagged(&rig, cases, sizeof cases / sizeof cases[0]);
}

static void counters(void **state)
{
	(void)state;
	rig_check_counters(&rig);
}

static void table(void **state)
{
	(void)state;
	rig_check_table(&rig, "test_verdicts_flagged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_violation),
	    cmocka_unit_test(counters),
	    cmocka_unit_test(table),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
