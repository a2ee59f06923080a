/* Random stock: generated, stored, released, repacked, counted, lost, treated, sealed, carried and
 * accepted in any order, rightly and wrongly. After every step, to the gram:
 *
 *   generated + received - treated - shipped - lost = in stock   for every party, site and code
 *   what its containers hold                        = contained  likewise
 *   the sum over a site's codes                     = the site's total
 *   accepted - treated - lost since                 = what containers and bulk still have of it,
 *                                                     for every manifest, through all repackings
 *
 * nothing in the genealogy descends from itself, whatever batch is said to come from which,
 * and a second state that only applies what was recorded is the same, bit for bit. CUSTODY: Stock
 * and mass balance. Another seed: test_stock_random <seed> [<steps>] */
#include <inttypes.h>
#include <stdio.h>

#include "plugin/custody/forward.h"
#include "plugin/custody/lineage.h"
#include "plugin/custody/loss.h"
#include "plugin/custody/stock.h"
#include "plugin/custody/store.h"
#include "stock_builders.h"

#define BOXES 64
#define LOADS 24
#define MAX_BOOKS 64
#define MAX_TAPE 40000

static uint64_t seed = 18;
static int steps = 3000;

static const char *const codes[] = {MX_CODE, MX_BULK, "772-003-18"};
static const char *const sites[] = {"S-GEN", "S-GENB", "S-REC"};

/* What the ledger would hold: enough to apply it again. */
struct entry {
	ProtobufCBinaryData bytes; /* envelope, or own event */
	bool own;
	Liandan__Verdict verdict;
	Liandan__Reason reason;
	int64_t at_ms;
};

struct load {
	uint8_t id[LD_UUID_BYTES], content[LD_HASH_BYTES], offer[LD_HASH_BYTES];
	int64_t mass_g;
	uint32_t lines;
	int at; /* next step */
};

struct game {
	struct mx *x, *again;
	struct entry tape[MAX_TAPE];
	size_t n_tape, played;
	struct load load[LOADS];
	size_t n_loads;
	uint64_t rng;
	unsigned names, boxes, batches;
	unsigned shelved; /* into and out of the store */
	size_t accepted, flagged, refused;
	size_t mixed, arrived; /* drums of several manifests, manifests that were accepted */
};

static uint32_t dice(struct game *g, uint32_t n)
{
	g->rng = g->rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(g->rng >> 33) % n;
}

static int64_t grams(struct game *g)
{
	static const uint32_t sizes[] = {2, 1000, 100000, 3000000};

	return 1 + dice(g, sizes[dice(g, 4)]);
}

static char *name(struct game *g, const char *prefix, unsigned n)
{
	char text[32];

	snprintf(text, sizeof text, "%s%u", prefix, n);
	return ld_arena_dup(&g->x->build, text, sizeof text);
}

static char *new_name(struct game *g, const char *prefix)
{
	return name(g, prefix, ++g->names);
}

static char *some_box(struct game *g)
{
	const unsigned back = dice(g, BOXES);

	return name(g, "C", g->boxes > back ? g->boxes - back : 0);
}

static char *new_box(struct game *g)
{
	return dice(g, 4) == 0 ? MX_S("") : name(g, "C", ++g->boxes);
}

static char *some_batch(struct game *g)
{
	const unsigned back = dice(g, 12);

	return name(g, "B", g->batches > back ? g->batches - back : 0);
}

static const char *some_code(struct game *g)
{
	return codes[dice(g, 3)];
}

/* ---- recording ---- */

static void record(struct game *g, const void *bytes, size_t len, bool own)
{
	struct entry *e = &g->tape[g->n_tape++];

	assert_true(g->n_tape < MAX_TAPE);
	e->bytes.data = malloc(len);
	assert_non_null(e->bytes.data);
	memcpy(e->bytes.data, bytes, len);
	e->bytes.len = len;
	e->own = own;
	e->verdict = g->x->j.verdict;
	e->reason = g->x->j.reason;
	e->at_ms = g->x->now;
}

static void record_own(struct game *g)
{
	for (size_t i = 0; i < g->x->n_own; i++) {
		size_t n = liandan__own_event__get_packed_size(g->x->own[i]);
		uint8_t *bytes = ld_arena_alloc(&g->x->build, n + 1);

		liandan__own_event__pack(g->x->own[i], bytes);
		record(g, bytes, n, true);
	}
}

static bool put(struct game *g, enum mx_who who, Liandan__Event *e)
{
	Liandan__Envelope env = LIANDAN__ENVELOPE__INIT;
	uint8_t *packed;

	env.event = mx_pack(g->x, who, MX_KEYS, e);
	packed = ld_arena_alloc(&g->x->build, liandan__envelope__get_packed_size(&env));
	assert_non_null(packed);
	mx_put_bytes(g->x, env.event);
	record(g, packed, liandan__envelope__pack(&env, packed), false);
	record_own(g);
	g->accepted += g->x->j.verdict == LIANDAN__VERDICT__ACCEPTED;
	g->flagged += g->x->j.n_violations != 0;
	g->refused += g->x->j.verdict == LIANDAN__VERDICT__REFUSED;
	return g->x->j.verdict == LIANDAN__VERDICT__ACCEPTED;
}
#define PUT(g, who, CASE, body)                                                                    \
	__extension__({                                                                            \
		MX_EVENT(mx_e, CASE, body);                                                        \
		put((g), (who), &mx_e);                                                            \
	})

/* State = replay(ledger). */
static void replays(struct game *g)
{
	struct mx *y = g->again;
	struct ld_hash a, b;

	for (; g->played < g->n_tape; g->played++) {
		const struct entry *e = &g->tape[g->played];
		struct ld_fact f = {.recorded_at_ms = e->at_ms, .index = ++y->index};
		Liandan__OwnEvent *own;

		ld_arena_reset(&y->arena);
		if (e->own) {
			own = liandan__own_event__unpack(&y->arena.pb, e->bytes.len, e->bytes.data);
			assert_non_null(own);
			assert_int_equal(ld_apply_own(&y->c, own, f.index, e->at_ms), LD_OK);
			continue;
		}
		assert_int_equal(ld_apply_decode(&y->c, e->bytes.data, e->bytes.len, &f), LD_OK);
		assert_int_equal(ld_apply_event(&y->c, &f, e->verdict, e->reason, &e->bytes),
				 LD_OK);
	}
	assert_int_equal(ld_state_digest(g->x->c.state, &a), LD_OK);
	assert_int_equal(ld_state_digest(y->c.state, &b), LD_OK);
	assert_memory_equal(&a, &b, sizeof a);
}

/* ---- what must hold ---- */

struct book {
	char party[LD_MAX_ID_BYTES + 1], site[LD_MAX_ID_BYTES + 1], code[LD_MAX_ID_BYTES + 1];
	int64_t in_stock_g, contained_g, held_g;
};

struct totals {
	struct mx *x;
	struct book book[MAX_BOOKS];
	size_t n;
	int64_t left_g[LOADS]; /* what containers have of each manifest */
	size_t mixed, arrived;
	const struct game *g;
};

static int one_book(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct totals *t = ctx;
	Custody__Stock *s = custody__stock__unpack(NULL, len, value);
	struct book *b = &t->book[t->n++];

	(void)key, (void)key_len;
	assert_non_null(s);
	assert_true(t->n < MAX_BOOKS);
	snprintf(b->party, sizeof b->party, "%s", s->party);
	snprintf(b->site, sizeof b->site, "%s", s->site);
	snprintf(b->code, sizeof b->code, "%s", s->code);
	b->in_stock_g = s->in_stock_g;
	b->contained_g = s->contained_g;
	b->held_g = 0;
	assert_int_equal(s->generated_g + s->received_g - s->treated_g - s->shipped_g - s->lost_g,
			 s->in_stock_g);
	assert_true(s->month->moved_g <=
		    s->generated_g + s->received_g + s->treated_g + s->shipped_g);
	custody__stock__free_unpacked(s, NULL);
	return 0;
}

static void of_origin(struct totals *t, ProtobufCBinaryData manifest, int64_t mass_g)
{
	for (size_t i = 0; i < t->g->n_loads; i++)
		if (manifest.len == LD_UUID_BYTES &&
		    memcmp(t->g->load[i].id, manifest.data, LD_UUID_BYTES) == 0)
			t->left_g[i] += mass_g;
}

static int one_box(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct totals *t = ctx;
	Custody__Container *k = custody__container__unpack(NULL, len, value);

	(void)key, (void)key_len;
	assert_non_null(k);
	assert_true(k->mass_g >= 0);
	assert_true(k->came_by.len == 0 || k->n_origins == 0);
	for (size_t i = 0; ld_container_in_stock(k) && i < t->n; i++)
		if (strcmp(t->book[i].party, k->party) == 0 &&
		    strcmp(t->book[i].site, k->site) == 0 && strcmp(t->book[i].code, k->code) == 0)
			t->book[i].held_g += k->mass_g;
	if (k->came_by.len != 0)
		of_origin(t, k->came_by, k->mass_g);
	t->mixed += k->n_origins > 1;
	for (size_t i = 0; i < k->n_origins; i++) {
		assert_true(k->origins[i]->mass_g >= 0);
		of_origin(t, k->origins[i]->manifest, k->origins[i]->mass_g);
	}
	custody__container__free_unpacked(k, NULL);
	return 0;
}

static void manifests_are_accounted_for(struct totals *t)
{
	for (size_t i = 0; i < t->g->n_loads; i++) {
		const ProtobufCBinaryData id = mx_bytes(t->g->load[i].id, LD_UUID_BYTES);
		size_t mark = ld_mark(&t->x->c);
		Custody__Manifest *m;

		if (ld_manifest_get(&t->x->c, id, &m) == LD_OK && m->accepted_ms != 0) {
			t->arrived++;
			assert_int_equal(ld_manifest_left_g(m),
					 t->left_g[i] + ld_manifest_bulk_left_g(m));
		}
		ld_release(&t->x->c, mark);
	}
}

static void everything_adds_up(struct game *g)
{
	static struct totals t;

	memset(&t, 0, sizeof t);
	t.x = g->x;
	t.g = g;
	ld_arena_reset(&g->x->arena);
	ld_state_walk(g->x->c.state, LD_T_STOCK, NULL, 0, NULL, 0, one_book, &t, NULL);
	ld_state_walk(g->x->c.state, LD_T_CONTAINER, NULL, 0, NULL, 0, one_box, &t, NULL);
	for (size_t i = 0; i < t.n; i++)
		assert_int_equal(t.book[i].held_g, t.book[i].contained_g);
	for (size_t s = 0; s < 3; s++) {
		int64_t sum = 0;

		for (size_t i = 0; i < t.n; i++)
			sum += strcmp(t.book[i].site, sites[s]) == 0 ? t.book[i].in_stock_g : 0;
		assert_int_equal(ld_site_stock_g(&g->x->c, sites[s]), sum);
	}
	manifests_are_accounted_for(&t);
	g->mixed = t.mixed;
	g->arrived = t.arrived;
}

/* ---- steps ---- */

static enum mx_who owner(const char *site)
{
	return strcmp(site, "S-REC") == 0 ? REC : GEN;
}

static void generate(struct game *g)
{
	Liandan__WasteGenerated *b =
	    mx_generated(g->x, name(g, "B", ++g->batches), new_box(g), some_code(g), grams(g));

	b->site = MX_S(sites[dice(g, 2)]);
	if (dice(g, 5) == 0)
		b->line->loss_class = MX_S("drying");
	PUT(g, GEN, WASTE_GENERATED, b);
}

/* Batches of before, of later, itself: only those that are here can have gone into it. */
static char **from_batches(struct game *g, size_t *n)
{
	char **from = ld_arena_alloc(&g->x->build, 2 * sizeof *from);

	for (*n = 0; *n < dice(g, 3); ++*n)
		from[*n] = name(g, "RK", g->shelved + 3 - dice(g, 6));
	return from;
}

static void store(struct game *g)
{
	Liandan__ContainerStored *b =
	    MX_NEW(g->x, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);
	const char *site = sites[dice(g, 3)];

	b->batch = name(g, "RK", ++g->shelved);
	b->site = MX_S(site);
	b->items = ld_arena_alloc(&g->x->build, 4 * sizeof *b->items);
	while (b->n_items < 1 + dice(g, 3))
		b->items[b->n_items++] = mx_item(g->x, some_box(g), 1, 0);
	b->from_batches = from_batches(g, &b->n_from_batches);
	PUT(g, owner(site), CONTAINER_STORED, b);
}

static void release(struct game *g)
{
	const char *site = sites[dice(g, 3)];
	Liandan__ContainerReleased *b = mx_release(g->x, name(g, "RK", ++g->shelved), site);

	mx_release_item(g->x, b, some_box(g), 0);
	if (g->n_loads != 0 && dice(g, 2) == 0)
		b->manifest = mx_bytes(g->load[dice(g, (uint32_t)g->n_loads)].id, LD_UUID_BYTES);
	b->from_batches = from_batches(g, &b->n_from_batches);
	PUT(g, owner(site), CONTAINER_RELEASED, b);
}

static int64_t held_g(struct game *g, const char *box)
{
	Custody__Container *k;

	ld_arena_reset(&g->x->arena);
	return ld_container_get(&g->x->c, box, &k) == LD_OK ? k->mass_g : 0;
}

/* Often just what it holds, sometimes a part, sometimes too much. */
static int64_t taken_of(struct game *g, const char *box)
{
	const int64_t held = held_g(g, box);

	switch (dice(g, 4)) {
	case 0:
		return grams(g);
	case 1:
		return held > 1 ? held / 2 : 1;
	default:
		return held > 0 ? held : 1;
	}
}

static void repack(struct game *g)
{
	const char *site = sites[dice(g, 3)];
	Liandan__StockRepacked *b = mx_repack(g->x, new_name(g, "HB"), site);
	int64_t in = 0;

	for (uint32_t i = 0, n = 1 + dice(g, 5); i < n; i++) {
		char *box = dice(g, 4) != 0 ? some_box(g) : MX_S("");
		const int64_t mass = box[0] != '\0' ? taken_of(g, box) : grams(g);
		Liandan__RepackInput *input =
		    mx_repack_in(g->x, b, box, box[0] == '\0' ? some_code(g) : "", mass);

		if (box[0] == '\0' && g->n_loads != 0 && dice(g, 2) == 0)
			input->manifest =
			    mx_bytes(g->load[dice(g, (uint32_t)g->n_loads)].id, LD_UUID_BYTES);
		in += mass;
	}
	b->loss_g = dice(g, 3) == 0 ? in / 50 : 0;
	in -= b->loss_g - (dice(g, 6) == 0 ? (int64_t)dice(g, 9) : 0); /* may not add */
	for (uint32_t i = 0, n = 1 + dice(g, 4); i < n; i++) {
		const int64_t mass = i + 1 == n ? in : in / 3;

		mx_repack_out(g->x, b, new_box(g), some_code(g), mass > 0 ? mass : 0);
		in -= mass;
	}
	PUT(g, owner(site), STOCK_REPACKED, b);
}

static void count(struct game *g)
{
	const char *site = sites[dice(g, 3)], *code = some_code(g);
	const enum mx_who who = owner(site);
	Custody__Stock *s;
	int64_t book = 0;

	ld_arena_reset(&g->x->arena);
	if (ld_stock_get(&g->x->c, mx_who_is[who].party, site, code, &s) == LD_OK)
		book = s->in_stock_g;
	book += dice(g, 2) == 0 ? 0 : (int64_t)dice(g, 100000) - 50000;
	PUT(g, who, STOCK_COUNTED, mx_counted(g->x, site, code, book > 0 ? book : 0));
}

static void lose(struct game *g)
{
	Liandan__LossRecorded *b =
	    MX_NEW(g->x, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	const bool box = dice(g, 3) != 0;
	const char *site = sites[dice(g, 3)];

	b->subject_kind = box ? LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER
			      : LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE;
	b->subject = box ? some_box(g) : MX_S(site);
	b->code = MX_S(some_code(g));
	b->mass_g = box ? taken_of(g, b->subject) : grams(g);
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	PUT(g, dice(g, 2) == 0 ? GEN : REC, LOSS_RECORDED, b);
}

static void treat(struct game *g)
{
	Liandan__WasteTreated *b =
	    MX_NEW(g->x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	const char *site = sites[dice(g, 3)];
	int64_t in = 0;

	b->batch = new_name(g, "T");
	b->site = MX_S(site);
	b->mode = MX_S(MX_MODE);
	b->inputs = ld_arena_alloc(&g->x->build, 8 * sizeof *b->inputs);
	for (uint32_t i = 0, n = 1 + dice(g, 5); i < n; i++) {
		Liandan__TreatmentInput *input =
		    MX_NEW(g->x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);

		b->inputs[b->n_inputs++] = input;
		input->container = MX_S("");
		input->mass_g = grams(g);
		if (dice(g, 3) != 0) {
			input->container = some_box(g);
			input->mass_g = taken_of(g, input->container);
		} else if (g->n_loads != 0 && dice(g, 2) == 0) {
			input->manifest =
			    mx_bytes(g->load[dice(g, (uint32_t)g->n_loads)].id, LD_UUID_BYTES);
		} else {
			input->batch = some_batch(g);
		}
		in += input->mass_g;
	}
	b->outputs = ld_arena_alloc(&g->x->build, sizeof *b->outputs);
	b->outputs[0] = MX_NEW(g->x, Liandan__TreatmentOutput, LIANDAN__TREATMENT_OUTPUT__INIT);
	b->outputs[0]->kind = LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE;
	b->outputs[0]->code = MX_S(codes[2]);
	b->outputs[0]->container = dice(g, 5) == 0 ? some_box(g) : new_box(g);
	b->outputs[0]->mass_g = in / 4;
	b->n_outputs = 1;
	b->loss_g = in - in / 4;
	if (dice(g, 5) == 0) /* does not add */
		b->loss_g /= 2;
	PUT(g, owner(site), WASTE_TREATED, b);
}

/* A new one of two drums, where they are free, and some of a heap. */
static void seal(struct game *g)
{
	struct load *l = &g->load[g->n_loads];
	Liandan__ManifestCreated *draft;
	Liandan__ManifestSealed *s;
	Custody__Container *k;
	int64_t drums = 0;

	if (g->n_loads == LOADS)
		return;
	memset(g->x->id, 0, sizeof g->x->id);
	snprintf((char *)g->x->id, sizeof g->x->id, "load-%u", ++g->names);
	draft = mx_created(g->x);
	s = mx_sealed(g->x);
	s->n_items = 0;
	for (int i = 0; i < 30 && s->n_items < 2; i++) {
		char *box = some_box(g);

		ld_arena_reset(&g->x->arena);
		if (ld_container_get(&g->x->c, box, &k) != LD_OK ||
		    !ld_container_stands(k, "GEN", "S-GEN") || strcmp(k->code, MX_CODE) != 0 ||
		    k->mass_g == 0 || (s->n_items == 1 && strcmp(s->items[0]->container, box) == 0))
			continue;
		drums += k->mass_g;
		s->items[s->n_items++] = mx_item(g->x, box, 1, k->mass_g);
	}
	if (s->n_items == 0)
		return;
	draft->lines[0]->quantity->mass_g = drums;
	l->mass_g = grams(g);
	draft->lines[1]->quantity->mass_g = l->mass_g;
	draft->lines[1]->quantity->basis = LIANDAN__BASIS__BASIS_ESTIMATED;
	s->items[s->n_items++] = mx_item(g->x, "", 2, l->mass_g);
	mx_hash_content(g->x, draft, s);
	if (!PUT(g, GEN, MANIFEST_CREATED, draft) || !PUT(g, GEN, MANIFEST_SEALED, s))
		return;
	memcpy(l->id, g->x->id, sizeof l->id);
	memcpy(l->content, g->x->content, sizeof l->content);
	l->mass_g += drums;
	l->at = 0;
	g->n_loads++;
}

static void accept(struct game *g, const struct load *l)
{
	Liandan__Accepted *b = MX_NEW(g->x, Liandan__Accepted, LIANDAN__ACCEPTED__INIT);

	b->manifest = mx_bytes(l->id, LD_UUID_BYTES);
	b->content = mx_bytes(l->content, LD_HASH_BYTES);
	b->lines = ld_arena_alloc(&g->x->build, 2 * sizeof *b->lines);
	b->lines[0] = mx_accepted_line(g->x, 1, dice(g, 2) == 0 ? grams(g) : l->mass_g / 2);
	b->lines[1] = mx_accepted_line(g->x, 2, dice(g, 5) == 0 ? 0 : grams(g));
	b->n_lines = 2;
	PUT(g, REC, ACCEPTED, b);
}

/* The next step of a manifest; some are cancelled or rejected. */
static void move(struct game *g)
{
	struct load *l = g->n_loads != 0 ? &g->load[dice(g, (uint32_t)g->n_loads)] : NULL;
	struct mx *x = g->x;

	if (l == NULL)
		return;
	memcpy(x->id, l->id, sizeof x->id);
	memcpy(x->content, l->content, sizeof x->content);
	memcpy(x->offer, l->offer, sizeof x->offer);
	switch (l->at++) {
	case 0:
		PUT(g, GEN, HANDOVER_OFFERED, mx_offered(x, 1, "CAR1"));
		memcpy(l->offer, x->hash, sizeof l->offer);
		break;
	case 1:
		PUT(g, CAR1, HANDOVER_TAKEN, mx_taken(x, 1, "V1"));
		break;
	case 2:
		PUT(g, CAR1, ARRIVED, mx_arrived(x, "V1"));
		break;
	case 3:
		PUT(g, REC, RECEIVED, mx_received(x));
		break;
	case 4:
		accept(g, l);
		break;
	default:
		break;
	}
}

/* A drum leaks while the paper is open, the clock goes on, a manifest is cancelled. */
static void time_passes(struct game *g)
{
	static const int64_t by[] = {LD_MINUTE_MS, LD_HOUR_MS, LD_DAY_MS, 20 * LD_DAY_MS};

	g->x->now += by[dice(g, 4)];
	g->x->j.verdict = LIANDAN__VERDICT__ACCEPTED;
	mx_tick(g->x);
	record_own(g);
}

static void cancel(struct game *g)
{
	Liandan__ManifestCancelled *b =
	    MX_NEW(g->x, Liandan__ManifestCancelled, LIANDAN__MANIFEST_CANCELLED__INIT);

	if (g->n_loads == 0)
		return;
	b->manifest = mx_bytes(g->load[dice(g, (uint32_t)g->n_loads)].id, LD_UUID_BYTES);
	PUT(g, GEN, MANIFEST_CANCELLED, b);
}

/* ---- the genealogy ---- */

#define MAX_NODES 20000
#define MAX_CHILDREN 256

enum colour { NEW, OPEN, DONE };

static struct {
	struct ld_custody *c;
	size_t n;
	struct ld_node node[MAX_NODES];
	enum colour colour[MAX_NODES];
} kin;

static size_t slot_of(const struct ld_node *n)
{
	size_t i = 0;

	while (i < kin.n && (kin.node[i].kind != n->kind || strcmp(kin.node[i].id, n->id) != 0 ||
			     strcmp(kin.node[i].party, n->party) != 0))
		i++;
	if (i == kin.n) {
		assert_true(kin.n < MAX_NODES);
		kin.node[kin.n] = *n;
		kin.colour[kin.n++] = NEW;
	}
	return i;
}

struct children {
	size_t n, slot[MAX_CHILDREN];
};

static int note_child(void *ctx, const struct ld_node *n, int64_t mass_g, uint64_t index)
{
	struct children *to = ctx;

	(void)mass_g, (void)index;
	assert_true(to->n < MAX_CHILDREN);
	to->slot[to->n++] = slot_of(n);
	return 0;
}

static void descend(size_t at)
{
	struct children to = {.n = 0};

	if (kin.colour[at] == DONE)
		return;
	if (kin.colour[at] == OPEN)
		fail_msg("%c:%s descends from itself", (char)kin.node[at].kind, kin.node[at].id);
	kin.colour[at] = OPEN;
	ld_arena_reset(kin.c->arena);
	assert_int_equal(ld_lineage_down(kin.c, &kin.node[at], note_child, &to), LD_OK);
	for (size_t i = 0; i < to.n; i++)
		descend(to.slot[i]);
	kin.colour[at] = DONE;
}

/* From all that containers and loads came from and went into. */
static void nothing_descends_from_itself(struct game *g)
{
	kin.c = &g->x->c;
	kin.n = 0;
	for (unsigned i = 1; i <= g->boxes; i++) {
		const struct ld_node box = ld_node_container(name(g, "C", i));

		descend(slot_of(&box));
	}
	for (size_t i = 0; i < g->n_loads; i++) {
		const struct ld_node load =
		    ld_node_manifest(mx_bytes(g->load[i].id, LD_UUID_BYTES));

		descend(slot_of(&load));
	}
	for (unsigned i = 1; i <= g->shelved; i++) {
		const struct ld_node gens = ld_node_batch("GEN", name(g, "RK", i));
		const struct ld_node recs = ld_node_batch("REC", name(g, "RK", i));

		descend(slot_of(&gens));
		descend(slot_of(&recs));
	}
	/* repackings and treatments, which it did not begin with */
	assert_true(kin.n > g->boxes + g->n_loads + 2 * g->shelved);
}

static void (*const step[])(struct game *) = {
    generate, generate, generate, store, release, repack, repack,      repack,
    count,    lose,	treat,	  treat, seal,	  seal,	  move,	       move,
    move,     move,	move,	  move,	 move,	  cancel, time_passes,
};

static void any_sequence_adds_up(void **state)
{
	struct game *g = calloc(1, sizeof *g);

	(void)state;
	assert_non_null(g);
	mx_open((void **)&g->x);
	mx_open((void **)&g->again);
	g->rng = seed;
	for (int i = 0; i < steps; i++) {
		ld_arena_reset(&g->x->build);
		step[dice(g, sizeof step / sizeof step[0])](g);
		everything_adds_up(g);
		if (i % 500 == 499)
			replays(g);
	}
	ld_arena_reset(&g->x->build);
	nothing_descends_from_itself(g);
	replays(g);
	/* it went through what it is meant to */
	print_message(
	    "%zu accepted (%zu flagged), %zu refused; %zu manifests arrived, %zu drums of "
	    "several; %zu entries\n",
	    g->accepted, g->flagged, g->refused, g->arrived, g->mixed, g->n_tape);
	if (g->accepted < (size_t)steps / 3 || g->flagged < (size_t)steps / 20 ||
	    g->refused < (size_t)steps / 50 || g->arrived < 3 || g->mixed == 0)
		fail_msg("seed %" PRIu64 " reaches too little", seed);
	for (size_t i = 0; i < g->n_tape; i++)
		free(g->tape[i].bytes.data);
	mx_close((void **)&g->x);
	mx_close((void **)&g->again);
	free(g);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_sequence_adds_up)};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		steps = (int)strtol(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
