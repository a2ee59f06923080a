/* One truck, several generators, one gate: the masses of all manifests that share the tickets are
 * summed once, with the last word on any of them. And scales of third parties. CUSTODY-7, -14,
 * -15. */
#include "amend_builders.h"
#include "child_builders.h"
#include "weigh_builders.h"

#define LOAD_G 4000000	 /* of each firm */
#define EMPTY_G 12000000 /* the truck */
#define REFUSED_G 1000000
#define SHORT_G 500000 /* missed by any scale */
#define GEN3 NOBODY    /* its key, once begin has been called */
#define WEIGHER CARX   /* likewise: the scale of somebody who neither generates nor receives */

/* Whose manifest it is, by its id's bytes. */
static const struct firm {
	uint8_t tag;
	enum mx_who who;
	const char *party, *site, *batch;
} firms[] = {
    {0xa1, GEN, "GEN", "S-GEN", "MA"},
    {0xa2, GEN2, "GEN2", "S-GEN2", "MB"},
    {0xa3, GEN3, "GEN3", "S-GEN3", "MC"},
    {0xa4, GEN, "GEN", "S-GENB", "MD"},
};

static void key_of(struct mx *x, enum mx_who who, const char *party, Liandan__KeySubject subject,
		   const char *id, uint32_t roles)
{
	Custody__Key k = CUSTODY__KEY__INIT;

	k.key_id = mx_bytes(x->keys[who], sizeof x->keys[who]);
	k.party = MX_S(party);
	k.device = MX_S("dev");
	k.subject = subject;
	k.subject_id = MX_S(id);
	k.roles = roles;
	assert_int_equal(ld_key_rec_put(&x->c, &k), LD_OK);
}

static int begin(void **state)
{
	struct mx *x;

	mx_open(state);
	x = *state;
	mx_party(x, "GEN3", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_REGISTERED);
	mx_site(x, "S-GEN3", "GEN3", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 225300000,
		1140300000);
	key_of(x, GEN3, "GEN3", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-gen3",
	       LIANDAN__ROLE__ROLE_GENERATOR);
	mx_party(x, "WEIGHER", 0, 0);
	key_of(x, WEIGHER, "WEIGHER", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SCALE, "bridge",
	       LIANDAN__ROLE__ROLE_SCALE);
	mx_scale(x, SCALE, 0);
	mx_scale(x, WEIGHER, 0);
	return 0;
}

static void at(struct mx *x, size_t firm)
{
	Custody__Manifest *m;

	sp_at(x, firms[firm].tag);
	if (ld_manifest_get(&x->c, mx_id(x), &m) == LD_OK && m->content.len == sizeof x->content)
		memcpy(x->content, m->content.data, sizeof x->content);
}

/* Sealed, to this site of this party, and offered to CAR1. */
static void offer_to(struct mx *x, size_t firm, const char *receiver, const char *site)
{
	const struct firm *by = &firms[firm];
	Liandan__WasteGenerated *w = mx_generated(x, by->batch, "", MX_BULK, LOAD_G);
	Liandan__ManifestCreated *draft;
	Liandan__ManifestSealed *b;
	MX_EVENT(e, WASTE_GENERATED, w);

	at(x, firm);
	w->site = MX_S(by->site);
	mx_clean(x, mx_put(x, by->who, &e));
	draft = mx_created(x);
	draft->generator = MX_S(by->party);
	draft->site = MX_S(by->site);
	draft->lines[0] = mx_line(x, 1, MX_BULK, LOAD_G);
	draft->n_lines = 1;
	draft->receiver->party = MX_S(receiver);
	draft->receiver->site = MX_S(site);
	mx_clean(x, mx_create_as(x, by->who, draft));
	b = mx_sealed(x);
	b->items[0] = mx_item(x, "", 1, LOAD_G);
	b->n_items = 1;
	mx_hash_content(x, draft, b);
	mx_clean(x, mx_seal_as(x, by->who, b));
	mx_clean(x, mx_offer(x, by->who, mx_offered(x, 1, "CAR1")));
}

static void take(struct mx *x, size_t firm)
{
	mx_was_at(x, "V1", firms[firm].site);
	mx_accepted(x, mx_take(x, CAR1, mx_taken(x, 1, "V1"))); /* for two gates: OVERLAPPING */
}

/* At the gate, and received. */
static void bring(struct mx *x, size_t firm)
{
	at(x, firm);
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
}

static void round_trip(struct mx *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		offer_to(x, i, "REC", "S-REC");
		take(x, i);
	}
	x->now += LD_HOUR_MS;
	for (size_t i = 0; i < n; i++)
		bring(x, i);
}

/* A ticket that names the manifests of the first n firms. */
static Liandan__Weighed *shared(struct mx *x, size_t n, uint8_t ticket, Liandan__WeighKind kind,
				int64_t mass_g)
{
	Liandan__Weighed *b = mx_weighed(x, SCALE, ticket, kind, mass_g);

	for (; b->n_manifests < n; b->n_manifests++)
		b->manifests[b->n_manifests] = sp_id(x, firms[b->n_manifests].tag);
	return b;
}
#define GROSS LIANDAN__WEIGH_KIND__WEIGH_KIND_GROSS
#define TARE LIANDAN__WEIGH_KIND__WEIGH_KIND_TARE
#define GROSS_ID 0x61
#define TARE_ID 0x62

/* The pair of them, whose net is this. */
static void weigh_all(struct mx *x, size_t n, int64_t net_g)
{
	mx_clean(x, mx_weigh(x, SCALE, shared(x, n, GROSS_ID, GROSS, EMPTY_G + net_g)));
	mx_clean(x, mx_weigh(x, SCALE, shared(x, n, TARE_ID, TARE, EMPTY_G)));
}

static void cite(struct mx *x, ProtobufCBinaryData **tickets, size_t *n)
{
	*tickets = ld_arena_alloc(&x->build, 4 * sizeof **tickets);
	(*tickets)[0] = sp_id(x, GROSS_ID);
	(*tickets)[1] = sp_id(x, TARE_ID);
	*n = 2;
}

static Liandan__Accepted *accepted(struct mx *x, size_t firm)
{
	Liandan__Accepted *b = MX_NEW(x, Liandan__Accepted, LIANDAN__ACCEPTED__INIT);

	at(x, firm);
	b->manifest = mx_id(x);
	b->content = mx_bytes(x->content, sizeof x->content);
	b->lines = ld_arena_alloc(&x->build, sizeof *b->lines);
	b->lines[0] = mx_accepted_line(x, 1, LOAD_G);
	b->n_lines = 1;
	cite(x, &b->tickets, &b->n_tickets);
	return b;
}

/* Some of the heap is refused. */
static Liandan__PartlyAccepted *in_part(struct mx *x, size_t firm, Liandan__WasteIsOn where)
{
	Liandan__PartlyAccepted *b =
	    MX_NEW(x, Liandan__PartlyAccepted, LIANDAN__PARTLY_ACCEPTED__INIT);
	Liandan__RefusedItem *r = MX_NEW(x, Liandan__RefusedItem, LIANDAN__REFUSED_ITEM__INIT);
	const Liandan__Accepted *all = accepted(x, firm);

	b->manifest = all->manifest;
	b->content = all->content;
	b->lines = all->lines;
	b->lines[0]->mass_g = LOAD_G - REFUSED_G;
	b->n_lines = 1;
	b->tickets = all->tickets;
	b->n_tickets = all->n_tickets;
	r->item = mx_item(x, "", 1, REFUSED_G);
	r->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	b->refused = ld_arena_dup(&x->build, &r, sizeof(Liandan__RefusedItem *));
	b->n_refused = 1;
	b->waste_is_on = where;
	b->child = sp_id(x, CH_REFUSED);
	return b;
}

/* Of the scales, raised by the last event; NULL: none. */
static const Liandan__AnomalyRaised *weighed(const struct mx *x)
{
	const Liandan__AnomalyRaised *found = NULL;

	for (size_t i = 0; i < x->n_own; i++) {
		Liandan__AnomalyRaised **a = ld_anomaly_of_own(x->own[i]);

		if (a == NULL || ((*a)->kind != LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL &&
				  (*a)->kind != LIANDAN__ANOMALY_KIND__WEIGHT_GAIN))
			continue;
		assert_null(found); /* Σ is checked once */
		found = *a;
	}
	return found;
}

static int64_t figure(const Liandan__AnomalyRaised *a, const char *name)
{
	for (size_t i = 0; i < a->n_figures; i++)
		if (strcmp(a->figures[i]->name, name) == 0)
			return a->figures[i]->value;
	fail_msg("no figure %s", name);
	return 0;
}

static void is_short(const struct mx *x, int64_t manifests, int64_t taken_g, int64_t short_g)
{
	const Liandan__AnomalyRaised *a = weighed(x);

	assert_non_null(a);
	assert_int_equal(a->kind, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL);
	assert_int_equal(figure(a, "manifests"), manifests);
	assert_int_equal(figure(a, "taken"), taken_g);
	assert_int_equal(figure(a, "difference"), short_g);
}

/* ---- the words ---- */

enum word { ALL_OF_IT, ON_TRUCK, ON_SITE, PARTLY };
#define WORDS 4

static void say(struct mx *x, size_t firm, enum word w)
{
	at(x, firm);
	if (w == ALL_OF_IT) {
		mx_clean(x, mx_accept(x, REC, accepted(x, firm)));
	} else if (w == PARTLY) {
		mx_clean(x, ch_accept_partly(x, REC, MX_KEYS, in_part(x, firm, CH_SITE)));
	} else {
		Liandan__Rejected *b = MX_NEW(x, Liandan__Rejected, LIANDAN__REJECTED__INIT);
		MX_EVENT(e, REJECTED, b);

		b->manifest = mx_id(x);
		b->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
		b->waste_is_on = w == ON_TRUCK ? CH_TRUCK : CH_SITE;
		mx_clean(x, mx_put_co(x, REC, w == ON_TRUCK ? CAR1 : MX_KEYS, &e));
	}
}

/* What the gate weighs of it: what went back onto the truck is in the tare too. */
#define NET_G (3 * (int64_t)LOAD_G)
#define ACCEPTED_TAKEN_G (2 * (int64_t)LOAD_G - REFUSED_G)

static void all_words(struct mx *x, const enum word order[WORDS], int64_t net_g)
{
	round_trip(x, WORDS);
	weigh_all(x, WORDS, net_g);
	for (size_t i = 0; i < WORDS; i++) {
		if (i != 0)
			assert_null(weighed(x)); /* one has had no word yet */
		x->n_own = 0;
		say(x, order[i], order[i]);
	}
}

static const enum word orders[][WORDS] = {
    {ALL_OF_IT, ON_TRUCK, ON_SITE, PARTLY},
    {PARTLY, ALL_OF_IT, ON_SITE, ON_TRUCK},
    {ON_TRUCK, PARTLY, ALL_OF_IT, ON_SITE},
    {ON_SITE, ON_TRUCK, PARTLY, ALL_OF_IT},
};

static void each_order(void **state, int64_t net_g, void (*look)(const struct mx *))
{
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		begin(state);
		all_words(*state, orders[i], net_g);
		look(*state);
		mx_close(state);
	}
}

static void nothing_is_missing(const struct mx *x)
{
	assert_null(weighed(x));
}

static void half_a_tonne_is_missing(const struct mx *x)
{
	is_short(x, WORDS, ACCEPTED_TAKEN_G, SHORT_G);
}

static void half_a_tonne_too_much(const struct mx *x)
{
	assert_non_null(weighed(x));
	assert_int_equal(weighed(x)->kind, LIANDAN__ANOMALY_KIND__WEIGHT_GAIN);
}

static void whatever_the_last_word_is(void **state)
{
	each_order(state, NET_G, nothing_is_missing);
	each_order(state, NET_G - SHORT_G, half_a_tonne_is_missing);
	each_order(state, NET_G + SHORT_G, half_a_tonne_too_much);
}

static void three_firms(void **state)
{
	struct mx *x = *state;

	round_trip(x, 3);
	weigh_all(x, 3, 3 * (int64_t)LOAD_G - SHORT_G);
	for (size_t i = 0; i < 3; i++) {
		mx_clean(x, mx_accept(x, REC, accepted(x, i)));
		if (i != 2)
			assert_null(weighed(x));
	}
	is_short(x, 3, 3 * (int64_t)LOAD_G, SHORT_G);
	/* nobody weighed at the firms: it is held against what they declared */
	assert_int_equal(weighed(x)->level, 2);
}

/* What was put down here was weighed with the rest, wherever it has gone since. */
static void sent_on_before_the_last_word(void **state)
{
	struct mx *x = *state;

	fw_world(x);
	round_trip(x, 3);
	weigh_all(x, 3, 3 * (int64_t)LOAD_G);
	say(x, 0, ON_SITE);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1")));
	say(x, 1, ALL_OF_IT);
	say(x, 2, ALL_OF_IT);
	assert_null(weighed(x));
}

/* A typing error of what was put down here, found before the last word. */
static void amended_before_the_last_word(void **state)
{
	struct mx *x = *state;
	const int64_t real_g = LOAD_G - SHORT_G;
	uint8_t proposal[LD_HASH_BYTES];

	round_trip(x, 3);
	weigh_all(x, 3, 2 * (int64_t)LOAD_G + real_g);
	say(x, 0, ON_SITE);
	mx_clean(x, mx_propose(x, GEN, mx_amend_number(x, MX_FIELD(LINE_MASS), 1, LOAD_G, real_g)));
	memcpy(proposal, x->hash, sizeof proposal);
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, proposal, true)));
	mx_clean(x, mx_agree(x, REC, mx_agreement(x, proposal, true)));
	assert_int_equal(mx_manifest(x)->version, 2);
	say(x, 1, ALL_OF_IT);
	say(x, 2, ALL_OF_IT);
	assert_null(weighed(x));
}

/* ---- tickets ---- */

/* It also names what another truck carries: that is not waited for, nor counted. */
static void a_ticket_that_names_another_trucks_load(void **state)
{
	struct mx *x = *state;

	Liandan__HandoverTaken *b;

	offer_to(x, 3, "REC", "S-REC");
	mx_was_at(x, "V2", firms[3].site);
	b = mx_taken(x, 1, "V2");
	b->offer.len = 0;
	MX_EVENT(e, HANDOVER_TAKEN, b);
	mx_accepted(x, mx_put_co(x, CAR2, GEN, &e));
	assert_string_equal(mx_manifest(x)->plate, "V2");
	round_trip(x, 3);
	weigh_all(x, 4, 3 * (int64_t)LOAD_G - SHORT_G);
	for (size_t i = 0; i < 3; i++)
		mx_clean(x, mx_accept(x, REC, accepted(x, i)));
	is_short(x, 3, 3 * (int64_t)LOAD_G, SHORT_G);
}

/* It also names what is on the same truck, for another gate. */
static void a_ticket_that_names_what_goes_elsewhere(void **state)
{
	struct mx *x = *state;

	fw_world(x);
	offer_to(x, 3, "REC2", "S-REC2");
	take(x, 3);
	round_trip(x, 3);
	weigh_all(x, 4, 3 * (int64_t)LOAD_G - SHORT_G);
	for (size_t i = 0; i < 3; i++)
		mx_clean(x, mx_accept(x, REC, accepted(x, i)));
	is_short(x, 3, 3 * (int64_t)LOAD_G, SHORT_G);
}

/* It also names what the same truck has put down at another gate before: what is
 * rejected here says nothing of that. */
static void a_ticket_that_names_what_was_accepted_elsewhere(void **state)
{
	struct mx *x = *state;
	Liandan__Arrived *there;
	Liandan__Received *got;
	Liandan__Accepted *all;

	fw_world(x);
	key_of(x, GEN2, "REC2", LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "p-rec2",
	       LIANDAN__ROLE__ROLE_RECEIVER);
	offer_to(x, 0, "REC", "S-REC");
	take(x, 0);
	offer_to(x, 3, "REC2", "S-REC2");
	take(x, 3);
	x->now += LD_HOUR_MS;
	there = mx_arrived(x, "V1");
	there->site = MX_S("S-REC2");
	mx_clean(x, mx_arrive(x, CAR1, there));
	got = mx_received(x);
	got->site = MX_S("S-REC2");
	mx_clean(x, mx_receive(x, GEN2, got));
	all = accepted(x, 3);
	all->n_tickets = 0;
	mx_accepted(x, mx_accept(x, GEN2, all)); /* no ticket: flagged, beside the point */
	bring(x, 0);
	weigh_all(x, 4, 0);
	x->n_own = 0;
	say(x, 0, ON_TRUCK);
	assert_null(weighed(x));
}

/* Lost on the way: it never came to the gate, whether that is known before the others are accepted
 * or is the last that is heard of the run. */
static void lose(struct mx *x, size_t firm)
{
	Liandan__LossRecorded *b = MX_NEW(x, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	char *hex = ld_arena_alloc(&x->build, 2 * LD_UUID_BYTES + 1);
	MX_EVENT(e, LOSS_RECORDED, b);

	at(x, firm);
	ld_hex_encode(x->id, sizeof x->id, hex);
	b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
	b->subject = hex;
	b->mass_g = LOAD_G;
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_ACCIDENT;
	mx_clean(x, mx_put(x, EEB, &e));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
}

static void one_was_lost(void **state)
{
	for (size_t lost_after = 0; lost_after <= 2; lost_after++) {
		struct mx *x;

		begin(state);
		x = *state;
		offer_to(x, 2, "REC", "S-REC");
		take(x, 2);
		round_trip(x, 2);
		weigh_all(x, 3, 2 * (int64_t)LOAD_G - SHORT_G);
		for (size_t i = 0; i < 2; i++) {
			if (i == lost_after)
				lose(x, 2);
			assert_null(weighed(x));
			mx_clean(x, mx_accept(x, REC, accepted(x, i)));
		}
		if (lost_after == 2) {
			assert_null(weighed(x));
			lose(x, 2);
		}
		is_short(x, 2, 2 * (int64_t)LOAD_G, SHORT_G);
		mx_close(state);
	}
}

/* The clerk cites the tickets once, with the first: that is flagged, and the sum is checked. */
static void the_last_cites_no_ticket(void **state)
{
	struct mx *x = *state;
	Liandan__Accepted *b;

	round_trip(x, 3);
	weigh_all(x, 3, 3 * (int64_t)LOAD_G - SHORT_G);
	mx_clean(x, mx_accept(x, REC, accepted(x, 0)));
	for (size_t i = 1; i < 3; i++) {
		assert_null(weighed(x));
		b = accepted(x, i);
		b->n_tickets = 0;
		mx_flagged(x, mx_accept(x, REC, b), TICKET_MISSING);
	}
	is_short(x, 3, 3 * (int64_t)LOAD_G, SHORT_G);
}

/* The gate's clerk has signed, the scale is not heard of yet. An acceptance that names the ticket
 * as its cause waits for it, and is then the last word like any other. */
static void an_acceptance_that_waits_for_its_ticket(void **state)
{
	struct mx *x = *state;
	Liandan__Weighed *late;
	ProtobufCBinaryData bytes, after;

	round_trip(x, 3);
	mx_clean(x,
		 mx_weigh(x, SCALE,
			  shared(x, 3, GROSS_ID, GROSS, EMPTY_G + 3 * (int64_t)LOAD_G - SHORT_G)));
	late = shared(x, 3, TARE_ID, TARE, EMPTY_G);
	MX_EVENT(weighing, WEIGHED, late);
	bytes = mx_pack(x, SCALE, MX_KEYS, &weighing);
	after = mx_bytes(ld_arena_alloc(&x->build, LD_HASH_BYTES), LD_HASH_BYTES);
	ld_sha256(bytes.data, bytes.len, after.data);
	for (size_t i = 0; i < 3; i++) {
		MX_EVENT(e, ACCEPTED, accepted(x, i));

		e.after = &after;
		e.n_after = 1;
		mx_held(x, mx_put(x, REC, &e));
	}
	mx_clean(x, mx_put_bytes(x, bytes));
	for (size_t i = 0; i < 3; i++) {
		at(x, i);
		assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
	}
	is_short(x, 3, 3 * (int64_t)LOAD_G, SHORT_G);
}

/* One that does not wait is flagged, and what is accepted stays: the ticket that comes after the
 * last word stands on every manifest that it names, and judges none of them. */
static void a_ticket_after_the_last_word(void **state)
{
	struct mx *x = *state;

	round_trip(x, 3);
	mx_clean(x,
		 mx_weigh(x, SCALE,
			  shared(x, 3, GROSS_ID, GROSS, EMPTY_G + 3 * (int64_t)LOAD_G - SHORT_G)));
	for (size_t i = 0; i < 3; i++) {
		mx_flagged(x, mx_accept(x, REC, accepted(x, i)), TICKET_MISSING);
		assert_true(mx_violated(x, LIANDAN__REASON__UNKNOWN_TICKET));
		assert_null(weighed(x));
	}
	mx_clean(x, mx_weigh(x, SCALE, shared(x, 3, TARE_ID, TARE, EMPTY_G)));
	assert_int_equal(x->n_own, 0);
	for (size_t i = 0; i < 3; i++) {
		at(x, i);
		assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
		assert_int_equal(mx_manifest(x)->n_tickets, 2);
	}
}

/* Weighed again: the first weighing counts, whichever the clerk likes better; and again after the
 * last word it is a ticket and nothing more. */
static void weighed_at_the_gate_again(void **state)
{
	struct mx *x = *state;

	round_trip(x, 3);
	mx_clean(x,
		 mx_weigh(x, SCALE,
			  shared(x, 3, GROSS_ID, GROSS, EMPTY_G + 3 * (int64_t)LOAD_G - SHORT_G)));
	mx_clean(x, mx_weigh(x, SCALE, shared(x, 3, 0x63, GROSS, EMPTY_G + 3 * (int64_t)LOAD_G)));
	mx_clean(x, mx_weigh(x, SCALE, shared(x, 3, TARE_ID, TARE, EMPTY_G)));
	for (size_t i = 0; i < 3; i++) {
		Liandan__Accepted *b = accepted(x, i);

		b->tickets[0] = sp_id(x, 0x63);
		b->tickets[2] = sp_id(x, GROSS_ID);
		b->n_tickets = 3;
		mx_clean(x, mx_accept(x, REC, b));
	}
	is_short(x, 3, 3 * (int64_t)LOAD_G, SHORT_G);
	mx_clean(x, mx_weigh(x, SCALE, shared(x, 3, 0x64, GROSS, EMPTY_G + LOAD_G)));
	mx_clean(x, mx_weigh(x, SCALE, shared(x, 3, 0x65, TARE, EMPTY_G)));
	assert_int_equal(x->n_own, 0);
}

/* ---- third-party scales ---- */

/* Both ends of a trip of one firm, on the bridge; missed: a fifth of the load. The anomaly's level.
 */
static uint32_t over_the_bridge(struct mx *x)
{
	Liandan__Weighed *b;

	offer_to(x, 0, "REC", "S-REC");
	for (int gate = 0; gate < 2; gate++) {
		for (int gross = 1; gross >= 0; gross--) {
			const int64_t load_g = gate != 0 ? LOAD_G / 5 * 4 : LOAD_G;
			const uint8_t ticket = gross ? GROSS_ID : TARE_ID;

			b = mx_weighed(x, WEIGHER, (uint8_t)(gate ? ticket : ticket + 8),
				       gross ? GROSS : TARE, EMPTY_G + gross * load_g);
			if (gate == 0)
				b->purpose = LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD;
			b->manifests[b->n_manifests++] = mx_id(x);
			mx_accepted(x, mx_weigh(x, WEIGHER, b));
		}
		if (gate == 0) {
			take(x, 0);
			x->now += LD_HOUR_MS;
			bring(x, 0);
		}
	}
	mx_clean(x, mx_accept(x, REC, accepted(x, 0)));
	assert_non_null(weighed(x));
	return weighed(x)->level;
}

/* Whose it is does not matter: certified at both ends it is a fact. CUSTODY-7 */
static void a_third_partys_scale_counts(void **state)
{
	struct mx *x = *state;

	assert_int_equal(over_the_bridge(x), 3);
	assert_true(mx_manifest(x)->taken_weighed);
}

/* At `to_ms` its verification has ended: every ticket is flagged, none is certified, and it proves
 * less. */
static void out_of_date_it_counts_for_less(void **state)
{
	struct mx *x = *state;
	Custody__Ticket *t;

	mx_scale(x, WEIGHER, x->now + 1);
	mx_clean(x, mx_weigh(x, WEIGHER, mx_weighed(x, WEIGHER, 0x70, GROSS, EMPTY_G)));
	assert_int_equal(ld_ticket_get(&x->c, sp_id(x, 0x70), &t), LD_OK);
	assert_true(t->certified);
	mx_scale(x, WEIGHER, x->now);
	mx_flagged(x, mx_weigh(x, WEIGHER, mx_weighed(x, WEIGHER, 0x71, GROSS, EMPTY_G)),
		   SCALE_OUT_OF_DATE);
	assert_int_equal(ld_ticket_get(&x->c, sp_id(x, 0x71), &t), LD_OK);
	assert_false(t->certified);
	assert_int_equal(over_the_bridge(x), 2);
	assert_false(mx_manifest(x)->taken_weighed);
	assert_int_equal(mx_manifest(x)->taken_g, LOAD_G);
}

/* It weighs, and that on its own instrument; it gives, takes and accepts nothing. */
static void its_key_may_weigh_only(void **state)
{
	struct mx *x = *state;
	Liandan__Weighed *b = mx_weighed(x, WEIGHER, 0x70, GROSS, EMPTY_G);
	MX_EVENT(generated, WASTE_GENERATED, mx_generated(x, "B9", "", MX_BULK, LOAD_G));

	b->instrument = MX_S(mx_who_is[SCALE].person);
	mx_refused(x, mx_weigh(x, WEIGHER, b), WRONG_ROLE);
	mx_refused(x, mx_put(x, WEIGHER, &generated), WRONG_ROLE);
	sp_at(x, 0xaf);
	mx_refused(x, mx_create_as(x, WEIGHER, mx_created(x)), WRONG_ROLE);
	offer_to(x, 0, "REC", "S-REC");
	mx_refused(x, mx_take(x, WEIGHER, mx_taken(x, 1, "V1")), WRONG_ROLE);
	take(x, 0);
	mx_refused(x, mx_arrive(x, WEIGHER, mx_arrived(x, "V1")), WRONG_ROLE);
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_refused(x, mx_receive(x, WEIGHER, mx_received(x)), WRONG_ROLE);
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_refused(x, mx_accept(x, WEIGHER, accepted(x, 0)), WRONG_ROLE);
	mx_refused(x, mx_reject(x, WEIGHER, CH_SITE), WRONG_ROLE);
	mx_refused(x, mx_propose(x, WEIGHER, mx_phone(x, "", "110")), WRONG_ROLE);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__VERIFYING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, begin, mx_close)
	    T(three_firms),
	    cmocka_unit_test(whatever_the_last_word_is),
	    T(sent_on_before_the_last_word),
	    T(amended_before_the_last_word),
	    T(a_ticket_that_names_another_trucks_load),
	    T(a_ticket_that_names_what_goes_elsewhere),
	    T(a_ticket_that_names_what_was_accepted_elsewhere),
	    cmocka_unit_test(one_was_lost),
	    T(the_last_cites_no_ticket),
	    T(an_acceptance_that_waits_for_its_ticket),
	    T(a_ticket_after_the_last_word),
	    T(weighed_at_the_gate_again),
	    T(a_third_partys_scale_counts),
	    T(out_of_date_it_counts_for_less),
	    T(its_key_may_weigh_only),
#undef T
	};

	return cmocka_run_group_tests_name("milk_run", tests, NULL, NULL);
}
