/* A few thousand random steps of many manifests: in order and out of order, by the right signer and
 * by others, repeated, held, late, through failing commits, restarts and passing time. Whatever
 * comes: what was receipted stands in the ledger, state = replay(ledger), booked grams add exactly,
 * each manifest has one holder. DESIGN: Invariants 2, 3, 5, 6. Another seed: test_review_random
 * <seed> [<steps>] */
#include <errno.h>
#include <inttypes.h>

#include "proto/digest.h"
#include "store/core_test.h"
#include "tests/support/trade.c"
#include "tests/unit/review_fixture.h"

#define SLOTS 10
#define MAX_SENT 20000
#define CHECK_EVERY 400

static uint64_t seed = 20260105;
static int steps = 2500;

struct slot { /* a manifest of the trade, put aside */
	uint8_t id[LD_UUID_BYTES], content[LD_HASH_BYTES], offer[LD_HASH_BYTES];
	uint8_t ticket[LD_UUID_BYTES];
	const Liandan__ManifestCreated *draft;
	char *drum;
	int at; /* next step of the honest way */
};

struct sent {
	uint8_t hash[LD_HASH_BYTES];
	uint64_t index;
};

/* A track that has no receipt yet: its group's commit may fail. */
struct waiting {
	uint8_t *bytes;
	size_t len;
	uint64_t seq;
};

struct game {
	struct review *x;
	struct waiting queue[1024];
	size_t n_queue;
	struct slot slot[SLOTS];
	struct sent *sent;
	size_t n_sent;
	uint64_t rng;
	uint8_t last[LD_MAX_ENVELOPE_BYTES];
	size_t last_len;
	const struct signer *last_by;
	size_t failures, verdicts[32];
};

static uint32_t dice(struct game *g, uint32_t n)
{
	g->rng = g->rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(g->rng >> 33) % n;
}

/* As a device does: what is not answered is sent again, with the same bytes. */
static void deliver(struct game *g, const struct signer *by, const uint8_t *bytes, size_t len,
		    const uint8_t *hash)
{
	struct world *w = &g->x->w;
	enum ld_err err = LD_ERR_IO;

	for (int i = 0; i < 4 && err != LD_OK; i++) {
		err = ld_region_submit(w->region, by->party, by->device, bytes, len, NULL, 0,
				       &w->out);
		g->failures += err != LD_OK;
	}
	assert_int_equal(err, LD_OK);
	g->verdicts[w->out.verdict]++;
	if (hash == NULL)
		return;
	if (w->out.verdict != LIANDAN__VERDICT__ACCEPTED &&
	    w->out.verdict != LIANDAN__VERDICT__HELD && w->out.verdict != LIANDAN__VERDICT__REFUSED)
		fail_msg("seed %" PRIu64 ": verdict %d: %s", seed, (int)w->out.verdict,
			 w->out.detail);
	assert_true(g->n_sent < MAX_SENT);
	memcpy(g->sent[g->n_sent].hash, hash, LD_HASH_BYTES);
	g->sent[g->n_sent++].index = w->out.index;
}

/* What the ledger has is let go; the rest is sent again where the chain has a gap. */
static void tracks(struct game *g, bool again)
{
	struct world *w = &g->x->w;
	struct ld_custody *c = ld_region_custody(w->region);
	Custody__Chain *chain;
	size_t n = 0;

	for (size_t i = 0; again && i < g->n_queue; i++)
		deliver(g, &g->x->t.t1, g->queue[i].bytes, g->queue[i].len, NULL);
	if (ld_core_pending(ld_region_core(w->region)) != 0)
		return;
	ld_arena_reset(c->arena);
	assert_int_equal(ld_chain_get(c, ld_key_id(g->x->t.t1.key), &chain), LD_OK);
	for (size_t i = 0; i < g->n_queue; i++) {
		if (g->queue[i].seq <= chain->last_seq)
			free(g->queue[i].bytes);
		else
			g->queue[n++] = g->queue[i];
	}
	g->n_queue = n;
}

static void play_track(struct game *g, Liandan__Event *e)
{
	struct signer *t1 = &g->x->t.t1;
	struct waiting *q = &g->queue[g->n_queue++];

	assert_true(g->n_queue < sizeof g->queue / sizeof g->queue[0]);
	q->bytes = world_seal(&g->x->w, t1, e, &q->len);
	q->seq = t1->seq;
	deliver(g, t1, q->bytes, q->len, NULL);
	tracks(g, g->x->w.out.verdict == LIANDAN__VERDICT__SEQUENCE_GAP);
}

static void play(struct game *g, struct signer *by, Liandan__Event *e)
{
	struct review *x = g->x;
	uint8_t *bytes;

	if (dice(g, 6) == 0)
		e->occurred_at_ms = ld_region_now(x->w.region) - dice(g, 100000000);
	bytes = world_seal(&x->w, by, e, &g->last_len);
	memcpy(x->t.hash, x->w.last_hash, LD_HASH_BYTES);
	memcpy(g->last, bytes, g->last_len);
	g->last_by = by;
	free(bytes);
	if (dice(g, 40) == 0)
		ld_core_test_fail_commit(ld_region_core(x->w.region), dice(g, 2) ? EIO : ENOSPC,
					 dice(g, 2) != 0, 1 + dice(g, 2));
	deliver(g, by, g->last, g->last_len, x->t.hash);
}

static void slot_use(struct game *g, struct slot *s)
{
	struct trade *t = &g->x->t;

	memcpy(t->id, s->id, sizeof t->id);
	memcpy(t->content, s->content, sizeof t->content);
	memcpy(t->offer, s->offer, sizeof t->offer);
	memcpy(t->ticket, s->ticket, sizeof t->ticket);
	t->draft = s->draft;
	t->drum = s->drum;
}

static void slot_keep(struct game *g, struct slot *s)
{
	struct trade *t = &g->x->t;

	memcpy(s->content, t->content, sizeof s->content);
	memcpy(s->offer, t->offer, sizeof s->offer);
	memcpy(s->ticket, t->ticket, sizeof s->ticket);
	s->draft = t->draft;
	s->drum = t->drum;
}

static void slot_new(struct game *g, struct slot *s)
{
	struct trade *t = &g->x->t;

	memset(s, 0, sizeof *s);
	t->n++;
	s->id[0] = 1;
	for (int i = 0; i < 4; i++)
		s->id[12 + i] = (uint8_t)(t->n >> (24 - 8 * i));
	slot_use(g, s);
	s->drum = trade_name(t, "drum");
	(void)trade_created(t); /* so that every later event can be made at any time */
	s->draft = t->draft;
	t->drum = s->drum;
	(void)trade_sealed(t);
	memcpy(s->content, t->content, sizeof s->content);
}

static Liandan__Event *treated(struct game *g, const struct slot *s)
{
	struct trade *t = &g->x->t;
	Liandan__WasteTreated *b =
	    TRADE_NEW(t, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in =
	    TRADE_NEW(t, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);

	b->batch = trade_name(t, "T");
	b->site = TEXT("pit-gate");
	b->mode = TEXT("R9");
	b->inputs = room(t, sizeof *b->inputs);
	b->inputs[b->n_inputs++] = in;
	in->mass_g = 1 + dice(g, 2 * TRADE_DRUM_G);
	if (dice(g, 2))
		in->container = s->drum;
	else
		in->manifest = id_of(t);
	b->loss_g = dice(g, 2) ? in->mass_g : 0;
	return EVENT(t, WASTE_TREATED, b);
}

static Liandan__Event *lost(struct game *g, const struct slot *s)
{
	struct trade *t = &g->x->t;
	Liandan__LossRecorded *b =
	    TRADE_NEW(t, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);

	b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
	b->subject = s->drum;
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_THEFT;
	b->mass_g = dice(g, 2 * TRADE_DRUM_G);
	return EVENT(t, LOSS_RECORDED, b);
}

static Liandan__Event *stored(struct game *g, const struct slot *s, bool facility)
{
	struct trade *t = &g->x->t;
	Liandan__ContainerStored *b =
	    TRADE_NEW(t, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);

	(void)g;
	b->batch = trade_name(t, "S");
	b->site = TEXT(facility ? "pit-gate" : "gen-yard");
	b->items = room(t, sizeof *b->items);
	b->items[b->n_items++] = item_of(t, s->drum, 1, TRADE_DRUM_G);
	if (facility)
		b->manifest = id_of(t);
	return EVENT(t, CONTAINER_STORED, b);
}

/* One step of a manifest; `what` counts along the honest way, beyond it lies the rest. */
static void step(struct game *g, struct slot *s, int what)
{
	struct trade *t = &g->x->t;

	switch (what) {
	case 0:
		play(g, &t->office, trade_generated(t, s->drum, TRADE_DRUM_G));
		break;
	case 1:
		play(g, &t->office, trade_generated(t, NULL, TRADE_BULK_G));
		break;
	case 2: {
		Liandan__Event *e = trade_created(t);

		s->draft = t->draft;
		play(g, &t->office, e);
		break;
	}
	case 3:
		play(g, &t->office, trade_sealed(t));
		break;
	case 4:
		play(g, &t->office, trade_offered(t, 1, dice(g, 5) ? "haul" : "haul2"));
		memcpy(t->offer, t->hash, sizeof t->offer);
		break;
	case 5:
		play(g, &t->d1, trade_taken(t, 1, "T1", "p-d1"));
		break;
	case 6:
		play(g, &t->d1, trade_arrived(t, "T1"));
		break;
	case 7:
		play(g, &t->pit, trade_received(t));
		break;
	case 8:
		play(g, &t->scale, trade_weighed(t, "scale", TRADE_DRUM_G + TRADE_BULK_G));
		break;
	case 9: {
		Liandan__Event *e = trade_accepted(t);

		e->accepted->lines[0]->mass_g -= dice(g, 3) ? 0 : dice(g, TRADE_DRUM_G);
		play(g, &t->pit, e);
		break;
	}
	case 10:
		play(g, dice(g, 4) ? &t->pit : &t->d1, treated(g, s));
		break;
	case 11:
		play(g, dice(g, 2) ? &t->pit : &t->office, lost(g, s));
		break;
	case 12:
		play(g, &t->office, stored(g, s, false));
		break;
	case 13:
		play(g, &t->pit, stored(g, s, true));
		break;
	case 14:
		play(g, &t->office, trade_cancelled(t));
		break;
	case 15:
		play(g, &t->office, trade_withdrawn(t));
		break;
	case 16:
		play(g, &t->d2, trade_taken(t, 1 + dice(g, 2), "T2", "p-d2"));
		break;
	case 17:
		play(g, &t->pit, trade_rejected(t));
		break;
	case 18:
		play(g, &t->d2, trade_arrived(t, "T2"));
		break;
	case 19:
		play(g, dice(g, 2) ? &t->d1 : &t->office, trade_offered(t, 2, "haul2"));
		memcpy(t->offer, t->hash, sizeof t->offer);
		break;
	default:
		play_track(g, trade_fix(t, "T1", "t1",
					ld_region_now(g->x->w.region) - dice(g, 3600000),
					31.0 + dice(g, 3000) / 1e4, 121.0 + dice(g, 3000) / 1e4));
		break;
	}
}

/* ---- what must hold ---- */

struct sums {
	struct ld_custody *c;
	const Custody__Stock *stock;
	int64_t contained, bound;
	size_t loads, stocks, manifests, drafts, open;
};

static int add_container(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			 size_t len)
{
	struct sums *s = ctx;
	Custody__Container *k = custody__container__unpack(NULL, len, value);

	(void)key, (void)key_len;
	assert_non_null(k);
	assert_true(k->mass_g >= 0);
	if (ld_container_in_stock(k) && strcmp(k->party, s->stock->party) == 0 &&
	    strcmp(k->site, s->stock->site) == 0 && strcmp(k->code, s->stock->code) == 0)
		s->contained += k->mass_g;
	custody__container__free_unpacked(k, NULL);
	return 0;
}

static int add_bound(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct sums *s = ctx;
	Custody__Manifest *m = custody__manifest__unpack(NULL, len, value);

	(void)key, (void)key_len;
	assert_non_null(m);
	if (m->state == CUSTODY__MANIFEST_STATE__SEALED &&
	    strcmp(m->created->generator, s->stock->party) == 0 &&
	    strcmp(m->created->site, s->stock->site) == 0)
		for (size_t i = 0; i < m->n_items; i++)
			if (m->items[i]->container[0] == '\0')
				s->bound += m->items[i]->mass_g;
	custody__manifest__free_unpacked(m, NULL);
	return 0;
}

static int check_stock(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		       size_t len)
{
	struct sums *s = ctx;
	Custody__Stock *k = custody__stock__unpack(NULL, len, value);

	(void)key, (void)key_len;
	assert_non_null(k);
	assert_int_equal(k->generated_g + k->received_g - k->treated_g - k->shipped_g - k->lost_g,
			 k->in_stock_g);
	s->stock = k;
	s->contained = s->bound = 0;
	s->stocks++;
	ld_state_walk(s->c->state, LD_T_CONTAINER, NULL, 0, NULL, 0, add_container, s, NULL);
	ld_state_walk(s->c->state, LD_T_MANIFEST, NULL, 0, NULL, 0, add_bound, s, NULL);
	assert_int_equal(s->contained, k->contained_g);
	assert_int_equal(s->bound, k->bound_g);
	custody__stock__free_unpacked(k, NULL);
	return 0;
}

static int count_load(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		      size_t len)
{
	(void)key, (void)key_len, (void)value, (void)len;
	((struct sums *)ctx)->loads++;
	return 0;
}

/* On a vehicle exactly while a carrier holds it on the way. */
static int check_manifest(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			  size_t len)
{
	struct sums *s = ctx;
	Custody__Manifest *m = custody__manifest__unpack(NULL, len, value);
	bool on_road;
	struct ld_tkey k;
	const uint8_t *there;
	size_t n;

	(void)key, (void)key_len;
	assert_non_null(m);
	on_road = m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT ||
		  m->state == CUSTODY__MANIFEST_STATE__ARRIVED ||
		  (m->state == CUSTODY__MANIFEST_STATE__REJECTED_ALL &&
		   m->waste_is_on == LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK);
	ld_load_key(&k, m->plate, m->manifest);
	assert_int_equal(ld_state_get(s->c->state, LD_T_LOAD, k.b, k.len, &there, &n),
			 on_road ? LD_OK : LD_ERR_NOT_FOUND);
	s->manifests += on_road;
	assert_true(m->holder[0] != '\0');
	if (on_road)
		assert_string_equal(m->holder, m->carrier);
	s->drafts += m->state == CUSTODY__MANIFEST_STATE__DRAFT;
	s->open += m->state != CUSTODY__MANIFEST_STATE__DRAFT &&
		   m->state != CUSTODY__MANIFEST_STATE__CANCELLED &&
		   m->state != CUSTODY__MANIFEST_STATE__EXPIRED &&
		   m->state != CUSTODY__MANIFEST_STATE__CLOSED;
	custody__manifest__free_unpacked(m, NULL);
	return 0;
}

static void check_sent(struct game *g)
{
	struct ld_core_reader *reader = NULL;
	uint8_t hash[LD_HASH_BYTES];

	assert_int_equal(ld_core_reader_open(ld_region_core(g->x->w.region), &reader), LD_OK);
	for (size_t i = 0; i < g->n_sent; i++) {
		Liandan__Envelope *env;
		Liandan__Entry *e;
		const uint8_t *bytes;
		size_t len;

		assert_int_equal(ld_core_read(reader, g->sent[i].index, &bytes, &len), LD_OK);
		e = liandan__entry__unpack(NULL, len, bytes);
		assert_non_null(e);
		env = liandan__envelope__unpack(NULL, e->envelope.len, e->envelope.data);
		assert_non_null(env);
		ld_sha256(env->event.data, env->event.len, hash);
		assert_memory_equal(hash, g->sent[i].hash, sizeof hash);
		liandan__envelope__free_unpacked(env, NULL);
		liandan__entry__free_unpacked(e, NULL);
	}
	ld_core_reader_close(reader);
}

static void check(struct game *g)
{
	struct ld_custody *c = ld_region_custody(g->x->w.region);
	struct sums s = {.c = c};
	Custody__Party *p;

	assert_int_equal(ld_region_flush(g->x->w.region), LD_OK);
	tracks(g, true);
	assert_int_equal(ld_region_flush(g->x->w.region), LD_OK);
	tracks(g, false);
	assert_int_equal(g->n_queue, 0);
	review_replays(g->x);
	ld_arena_reset(c->arena);
	ld_state_walk(c->state, LD_T_STOCK, NULL, 0, NULL, 0, check_stock, &s, NULL);
	ld_state_walk(c->state, LD_T_MANIFEST, NULL, 0, NULL, 0, check_manifest, &s, NULL);
	ld_state_walk(c->state, LD_T_LOAD, NULL, 0, NULL, 0, count_load, &s, NULL);
	assert_int_equal(s.loads, s.manifests);
	assert_int_equal(ld_party_get(c, "gen", &p), LD_OK);
	assert_int_equal(p->drafts, s.drafts);
	assert_int_equal(p->open_manifests, s.open);
	check_sent(g);
}

/* A commit may fail that the disk was told to refuse before. */
static void pass(struct game *g, int64_t ms)
{
	struct ld_region *r = g->x->w.region;
	bool advanced;
	enum ld_err err = LD_ERR_IO;

	r->clock.base_ms += ms;
	r->hold_deadlines_until_ms = 0;
	for (int i = 0; i < 4 && err != LD_OK; i++) {
		r->last_time_ms = 0;
		err = ld_region_tick(r, &advanced);
		if (err == LD_OK)
			err = ld_region_flush(r);
	}
	assert_int_equal(err, LD_OK);
}

static void outside_events(struct game *g)
{
	struct review *x = g->x;

	switch (dice(g, 5)) {
	case 0:
		world_reopen(&x->w);
		break;
	case 1:
		pass(g, dice(g, 4) ? dice(g, 3600000) : INT64_C(1000) * dice(g, 864000));
		break;
	case 2: /* sent again */
		if (g->last_len != 0)
			deliver(g, g->last_by, g->last, g->last_len, NULL);
		break;
	case 3: /* noise on the way */
		if (g->last_len != 0) {
			g->last[dice(g, (uint32_t)g->last_len)] ^= (uint8_t)(1u << dice(g, 8));
			deliver(g, g->last_by, g->last, g->last_len, NULL);
			g->last_len = 0;
		}
		break;
	default: /* a ticket, in which a commit may fail */
		if (dice(g, 3) == 0)
			ld_core_test_fail_commit(ld_region_core(x->w.region), EIO, false, 1);
		(void)ld_region_flush(x->w.region);
		break;
	}
}

static void test_random_trade(void **state)
{
	struct game *g = calloc(1, sizeof *g);

	assert_non_null(g);
	g->x = *state;
	g->rng = seed;
	g->sent = calloc(MAX_SENT, sizeof *g->sent);
	assert_non_null(g->sent);
	for (int i = 0; i < SLOTS; i++)
		slot_new(g, &g->slot[i]);
	for (int i = 1; i <= steps; i++) {
		struct slot *s = &g->slot[dice(g, SLOTS)];

		slot_use(g, s);
		if (dice(g, 3) != 0) {
			step(g, s, s->at);
			s->at++;
		} else {
			step(g, s, (int)dice(g, 22));
		}
		slot_keep(g, s);
		if (s->at > 13)
			slot_new(g, s);
		if (dice(g, 8) == 0)
			outside_events(g);
		if (i % CHECK_EVERY == 0)
			check(g);
	}
	/* whatever a late commit failed on is drawn from the ledger again */
	check(g);
	world_reopen(&g->x->w);
	check(g);
	print_message(
	    "%zu events: %zu accepted, %zu held, %zu refused; %zu times the disk failed\n",
	    g->n_sent, g->verdicts[LIANDAN__VERDICT__ACCEPTED], g->verdicts[LIANDAN__VERDICT__HELD],
	    g->verdicts[LIANDAN__VERDICT__REFUSED], g->failures);
	free(g->sent);
	free(g);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_random_trade, review_open, review_close),
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		steps = (int)strtol(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
