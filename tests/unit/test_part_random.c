/* Random walks of loads that are split, refused in part, sent back, sent elsewhere, sent on, lost,
 * treated and cancelled: after each step every gram is in one book or on one manifest, every drum
 * in one place, and what went from parents to children is the same on both sides. CUSTODY-2, 6, 14,
 * 15, 16, 18, 19. Another seed: test_part_random <seed> [<steps>] */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "child_builders.h"
#include "plugin/custody/forward.h"
#include "plugin/custody/stock.h"

#define MAX_SLOTS 240
#define MAX_DRUMS 80
#define MAX_LIVE 12 /* drafts are made while fewer are open */

static uint64_t seed = 20260105;
static int steps = 2400;

struct walk {
	struct mx *x;
	uint64_t rng;
	struct {
		uint8_t id[LD_UUID_BYTES], content[LD_HASH_BYTES];
	} slot[MAX_SLOTS];
	size_t n;
	unsigned drums, batches;
	int64_t generated_g;
	int step;
	size_t accepted, refused, splits, partly, redirected, forwarded;
};

static const struct place {
	const char *party, *site;
	enum mx_who receives, gives;
} places[] = {
    {"GEN", "S-GEN", GEN, GEN},
    {"REC", "S-REC", REC, RECG},
    {"REC2", "S-REC2", NOBODY, NOBODY},
};
#define PLACES (sizeof places / sizeof places[0])
static const char *const codes[] = {MX_CODE, MX_BULK};

static uint32_t dice(struct walk *w, uint32_t n)
{
	w->rng = w->rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(w->rng >> 33) % n;
}

static char *drum_name(struct walk *w, unsigned nth)
{
	char name[16];

	snprintf(name, sizeof name, "D%u", nth);
	return ld_arena_dup(&w->x->build, name, sizeof name);
}

static const struct place *place_of(const char *party)
{
	for (size_t i = 0; i < PLACES; i++)
		if (strcmp(places[i].party, party) == 0)
			return &places[i];
	fail_msg("no such party %s", party);
	return NULL;
}

static void at(struct walk *w, size_t i)
{
	memcpy(w->x->id, w->slot[i].id, LD_UUID_BYTES);
	memcpy(w->x->content, w->slot[i].content, LD_HASH_BYTES);
}

/* An id that was not used before. */
static void fresh_id(const struct walk *w, uint8_t id[LD_UUID_BYTES])
{
	memset(id, 0x40, LD_UUID_BYTES);
	id[14] = (uint8_t)(w->n >> 8);
	id[15] = (uint8_t)w->n;
}

static void keep(struct walk *w, const uint8_t *id)
{
	assert_true(w->n < MAX_SLOTS);
	memcpy(w->slot[w->n].id, id, LD_UUID_BYTES);
	memcpy(w->slot[w->n].content, w->x->content, LD_HASH_BYTES);
	w->n++;
}

static bool took_effect(struct walk *w)
{
	const bool yes = w->x->j.verdict == LIANDAN__VERDICT__ACCEPTED;

	w->accepted += yes;
	w->refused += !yes;
	if (w->x->j.verdict == LIANDAN__VERDICT__HELD)
		fail_msg("seed %" PRIu64 " step %d: held: %s", seed, w->step, w->x->j.detail);
	return yes;
}

/* ---- what stands ---- */

static int64_t items_g(const Custody__Manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_items; i++)
		sum += m->items[i]->mass_g;
	return sum;
}

static bool ended(const Custody__Manifest *m)
{
	return m->state == CUSTODY__MANIFEST_STATE__CLOSED ||
	       m->state == CUSTODY__MANIFEST_STATE__CANCELLED ||
	       m->state == CUSTODY__MANIFEST_STATE__EXPIRED;
}

/* Its grams are in nobody's stock. */
static bool between(const Custody__Manifest *m)
{
	return !ended(m) && m->state != CUSTODY__MANIFEST_STATE__DRAFT &&
	       (m->leg != 0 || m->giver[0] != '\0');
}

#define WRONG(w, ...)                                                                              \
	do {                                                                                       \
		print_error("seed %" PRIu64 " step %d: ", seed, (w)->step);                        \
		fail_msg(__VA_ARGS__);                                                             \
	} while (0)

static int64_t books(struct walk *w)
{
	int64_t sum = 0;

	for (size_t p = 0; p < PLACES; p++)
		for (size_t k = 0; k < 2; k++) {
			const Custody__Stock *s =
			    mx_stock(w->x, places[p].party, places[p].site, codes[k]);
			int64_t contained = 0;

			sum += s->in_stock_g + s->treated_g + s->lost_g;
			for (unsigned i = 0; i < w->drums; i++) {
				const Custody__Container *d = mx_container(w->x, drum_name(w, i));

				if (strcmp(d->code, codes[k]) == 0 && ld_container_in_stock(d) &&
				    strcmp(d->party, places[p].party) == 0)
					contained += d->mass_g;
			}
			if (contained != s->contained_g)
				WRONG(w, "%s has %" PRId64 " g in drums, the book says %" PRId64,
				      places[p].party, contained, s->contained_g);
			if (s->in_stock_g < 0 || s->bound_g < 0)
				WRONG(w, "%s has %" PRId64 " g of %s, %" PRId64 " bound",
				      places[p].party, s->in_stock_g, codes[k], s->bound_g);
		}
	return sum;
}

static int64_t manifests(struct walk *w)
{
	int64_t sum = 0;

	for (size_t i = 0; i < w->n; i++) {
		const size_t mark = ld_mark(&w->x->c);
		const Custody__Manifest *m;

		at(w, i);
		m = mx_manifest(w->x);
		if (between(m)) {
			sum += items_g(m);
			if (m->holder[0] == '\0')
				WRONG(w, "nobody holds manifest %zu", i);
		}
		for (size_t k = 0; k < m->n_lines; k++) {
			const Liandan__ClosedLine *l = m->lines[k];

			if (l->taken_g != l->accepted_g + l->passed_g + l->loss_g)
				WRONG(w, "line %u of manifest %zu does not add up", l->line, i);
			sum += l->loss_g;
		}
		ld_release(&w->x->c, mark);
	}
	return sum;
}

/* On the open manifest that lists it, and on no other. */
static void drums_in_one_place(struct walk *w)
{
	for (unsigned d = 0; d < w->drums; d++) {
		const char *name = drum_name(w, d);
		const size_t before = ld_mark(&w->x->c);
		const Custody__Container *k = mx_container(w->x, name);
		size_t listed = 0;

		for (size_t i = 0; i < w->n; i++) {
			const size_t mark = ld_mark(&w->x->c);
			const Custody__Manifest *m;

			at(w, i);
			m = mx_manifest(w->x);
			for (size_t n = 0; !ended(m) && m->content.len != 0 && n < m->n_items; n++)
				if (strcmp(m->items[n]->container, name) == 0) {
					listed++;
					if (!ld_same_id(k->manifest, m->manifest))
						WRONG(w, "%s is on another than %zu", name, i);
				}
			ld_release(&w->x->c, mark);
		}
		if (listed != (k->manifest.len != 0))
			WRONG(w, "%s is on %zu manifests", name, listed);
		ld_release(&w->x->c, before);
	}
}

/* What a parent passed on is what the child came with. */
static void parts_agree(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const size_t mark = ld_mark(&w->x->c);
		const Custody__Manifest *m, *parent;
		int64_t passed = 0;

		at(w, i);
		m = mx_manifest(w->x);
		if (m->out_of.len == 0) {
			ld_release(&w->x->c, mark);
			continue;
		}
		assert_int_equal(
		    ld_manifest_get(&w->x->c, m->out_of, (Custody__Manifest **)&parent), LD_OK);
		for (size_t k = 0; k < parent->n_passed; k++)
			if (ld_same_id(parent->passed[k]->manifest, m->manifest))
				passed += parent->passed[k]->mass_g;
		if (passed != ld_manifest_declared_g(m))
			WRONG(w, "%" PRId64 " g went onto manifest %zu, which has %" PRId64, passed,
			      i, ld_manifest_declared_g(m));
		ld_release(&w->x->c, mark);
	}
}

/* What is counted on a parent is sealed on another manifest, or gone. */
static void shares_agree(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const size_t before = ld_mark(&w->x->c);
		const Custody__Manifest *parent;
		int64_t shared = 0, sealed = 0, carried = 0;

		at(w, i);
		parent = mx_manifest(w->x);
		for (size_t k = 0; k < parent->n_shared; k++)
			shared += parent->shared[k]->mass_g;
		for (size_t n = 0; parent->n_shared != 0 && n < w->n; n++) {
			const size_t mark = ld_mark(&w->x->c);
			const Custody__Manifest *m;

			at(w, n);
			m = mx_manifest(w->x);
			for (size_t k = 0; m->shares_counted && k < m->n_shares; k++)
				if (ld_same_id(m->shares[k]->manifest, parent->manifest))
					sealed += m->shares[k]->mass_g;
			ld_release(&w->x->c, mark);
		}
		if (shared != sealed + parent->forwarded_g)
			WRONG(w,
			      "manifest %zu shares %" PRId64 " g: %" PRId64 " sealed, %" PRId64
			      " gone",
			      i, shared, sealed, parent->forwarded_g);
		for (size_t k = 0; k < parent->n_shares; k++)
			carried += parent->shares[k]->mass_g;
		if (carried > items_g(parent))
			WRONG(w, "manifest %zu has shares of what has left it", i);
		if (shared > ld_manifest_accepted_g(parent))
			WRONG(w, "manifest %zu shares more than was accepted", i);
		ld_release(&w->x->c, before);
	}
}

static void open_counted(struct walk *w)
{
	for (size_t p = 0; p < 2; p++) {
		Custody__Party *party;
		uint32_t open = 0;

		for (size_t i = 0; i < w->n; i++) {
			const size_t mark = ld_mark(&w->x->c);
			const Custody__Manifest *m;

			at(w, i);
			m = mx_manifest(w->x);
			open += !ended(m) && m->content.len != 0 &&
				strcmp(m->created->generator, places[p].party) == 0;
			ld_release(&w->x->c, mark);
		}
		assert_int_equal(ld_party_get(&w->x->c, places[p].party, &party), LD_OK);
		if (party->open_manifests != open)
			WRONG(w, "%s has %u open, %u are counted", places[p].party, open,
			      party->open_manifests);
	}
}

static void check(struct walk *w)
{
	int64_t all;

	ld_arena_reset(&w->x->arena);
	ld_arena_reset(&w->x->build);
	all = books(w) + manifests(w);
	if (all != w->generated_g)
		WRONG(w, "%" PRId64 " g were generated, %" PRId64 " are there", w->generated_g,
		      all);
	ld_arena_reset(&w->x->arena);
	drums_in_one_place(w);
	ld_arena_reset(&w->x->arena);
	parts_agree(w);
	ld_arena_reset(&w->x->arena);
	shares_agree(w);
	ld_arena_reset(&w->x->arena);
	open_counted(w);
}

/* ---- moves ---- */

static void generate(struct walk *w)
{
	const bool drum = w->drums < MAX_DRUMS && dice(w, 3) != 0;
	const int64_t g = 1000 + dice(w, 90000);
	char batch[16];
	Liandan__WasteGenerated *b;

	snprintf(batch, sizeof batch, "B%u", w->batches++);
	b = mx_generated(w->x, ld_arena_dup(&w->x->build, batch, sizeof batch),
			 drum ? drum_name(w, w->drums) : "", drum ? MX_CODE : MX_BULK, g);
	{
		MX_EVENT(e, WASTE_GENERATED, b);
		mx_put(w->x, GEN, &e);
	}
	assert_true(took_effect(w));
	w->generated_g += g;
	w->drums += drum;
}

static int64_t free_bulk(struct walk *w, const struct place *p)
{
	const Custody__Stock *s = mx_stock(w->x, p->party, p->site, MX_BULK);

	return s->in_stock_g - s->contained_g - s->bound_g;
}

static size_t some_drums(struct walk *w, const struct place *p, Liandan__Item **items)
{
	size_t n = 0;

	for (unsigned i = 0; i < w->drums && n < 4; i++) {
		const Custody__Container *k = mx_container(w->x, drum_name(w, i));

		if (ld_container_in_stock(k) && k->manifest.len == 0 &&
		    strcmp(k->party, p->party) == 0 && dice(w, 3) != 0)
			items[n++] = mx_item(w->x, drum_name(w, i), 1, k->mass_g);
	}
	return n;
}

/* The share of line 1 of the manifest that a drum came by. */
static bool share_drum(struct walk *w, Liandan__ManifestCreated *b, const Liandan__Item *item)
{
	const Custody__Container *k = mx_container(w->x, item->container);

	if (k->came_by.len == 0)
		return false;
	for (size_t i = 0; i < b->n_parents; i++)
		if (ld_same_id(b->parents[i]->manifest, k->came_by)) {
			b->parents[i]->mass_g += item->mass_g;
			return true;
		}
	fw_share(
	    w->x, b,
	    mx_bytes(ld_arena_dup(&w->x->build, k->came_by.data, k->came_by.len), k->came_by.len),
	    1, item->mass_g);
	return true;
}

/* Bulk of up to three manifests that it accepted. */
static int64_t share_bulk(struct walk *w, Liandan__ManifestCreated *b)
{
	int64_t sum = 0;

	for (size_t i = 0; i < w->n && b->n_parents < 7; i++) {
		const Custody__Manifest *m;
		int64_t left, g;

		at(w, i);
		m = mx_manifest(w->x);
		if (m->accepted_ms == 0 || strcmp(m->created->receiver->party, "REC") != 0 ||
		    dice(w, 2) == 0)
			continue;
		left = ld_manifest_bulk_left_g(m);
		g = ld_line_accepted_g(m, 2) - ld_line_shared_g(m, 2);
		left = g < left ? g : left;
		if (left <= 0)
			continue;
		g = 1 + dice(w, (uint32_t)left + 2); /* now and then more than there is */
		fw_share(w->x, b,
			 mx_bytes(ld_arena_dup(&w->x->build, w->slot[i].id, LD_UUID_BYTES),
				  LD_UUID_BYTES),
			 2, g);
		sum += g;
	}
	return sum;
}

static Liandan__ManifestCreated *draft(struct walk *w, bool forward, Liandan__Item **items,
				       size_t *n)
{
	const struct place *from = &places[forward ? 1 : 0];
	Liandan__ManifestCreated *b = forward ? fw_to_rec2(w->x) : mx_created(w->x);
	int64_t drums_g = 0, bulk_g = 0;

	*n = some_drums(w, from, items);
	for (size_t i = 0; i < *n; i++) {
		drums_g += items[i]->mass_g;
		if (forward && !share_drum(w, b, items[i]))
			return NULL;
	}
	if (forward) {
		bulk_g = share_bulk(w, b);
	} else if (free_bulk(w, from) > 1 && dice(w, 4) != 0) {
		bulk_g = 1 + dice(w, (uint32_t)free_bulk(w, from));
	}
	if (bulk_g > 1 && dice(w, 2) == 0) { /* two heaps */
		items[(*n)++] = mx_item(w->x, "", 2, bulk_g / 3);
		items[(*n)++] = mx_item(w->x, "", 2, bulk_g - bulk_g / 3);
	} else if (bulk_g > 0) {
		items[(*n)++] = mx_item(w->x, "", 2, bulk_g);
	}
	b->n_lines = 0;
	if (drums_g != 0)
		b->lines[b->n_lines++] = mx_line(w->x, 1, MX_CODE, drums_g);
	if (bulk_g != 0)
		b->lines[b->n_lines++] = mx_line(w->x, 2, MX_BULK, bulk_g);
	return b->n_lines != 0 && (!forward || b->n_parents != 0) ? b : NULL;
}

static void make(struct walk *w)
{
	const bool forward = dice(w, 3) == 0;
	uint8_t id[LD_UUID_BYTES];
	Liandan__ManifestSealed *seal = mx_sealed(w->x);
	Liandan__ManifestCreated *b;
	size_t live = 0;

	for (size_t i = 0; i < w->n; i++) {
		at(w, i);
		live += !ended(mx_manifest(w->x));
	}
	if (live >= MAX_LIVE || w->n + 24 >= MAX_SLOTS)
		return;
	fresh_id(w, id);
	b = draft(w, forward, seal->items, &seal->n_items);
	memcpy(w->x->id, id, sizeof id);
	if (b == NULL)
		return;
	b->manifest = seal->manifest = mx_id(w->x);
	mx_create_as(w->x, forward ? RECG : GEN, b);
	if (!took_effect(w))
		return;
	mx_hash_content(w->x, b, seal);
	mx_seal_as(w->x, forward ? RECG : GEN, seal);
	if (!took_effect(w)) {
		memset(w->x->content, 0, sizeof w->x->content);
		mx_cancel(w->x, forward ? RECG : GEN);
		assert_true(took_effect(w));
	}
	w->forwarded += forward;
	keep(w, id);
}

/* Some of its items; now and then twice, too much, or of no manifest. */
static struct sp_items some_items(struct walk *w, const Custody__Manifest *m)
{
	struct sp_items s = {.n = 0};

	for (size_t i = 0; i < m->n_items && s.n < 6; i++) {
		const Liandan__Item *item = m->items[i];

		if (dice(w, 2) == 0)
			continue;
		if (item->container[0] != '\0')
			sp_drum(w->x, &s,
				ld_arena_dup(&w->x->build, item->container,
					     strlen(item->container) + 1),
				dice(w, 2) ? item->mass_g : 0);
		else
			sp_bulk(w->x, &s, 1 + dice(w, (uint32_t)item->mass_g + 5));
	}
	if (s.n != 0 && dice(w, 9) == 0) {
		s.of[s.n] = s.of[0];
		s.n++;
	}
	if (dice(w, 20) == 0)
		sp_drum(w->x, &s, "nowhere", 0);
	return s;
}

static enum mx_who driver_of(const Custody__Manifest *m)
{
	return strcmp(m->holder, "CAR2") == 0 ? CAR2 : CAR1;
}

static void take(struct walk *w, const Custody__Manifest *m)
{
	const enum mx_who taker = dice(w, 2) ? CAR1 : CAR2;
	const struct sp_items s = some_items(w, m);
	const bool part = s.n != 0 && dice(w, 2) == 0 && w->n + 4 < MAX_SLOTS;
	enum mx_who giver = driver_of(m);
	Liandan__HandoverTaken *b = mx_taken(w->x, m->leg + 1, taker == CAR1 ? "V1" : "V2");
	uint8_t child[LD_UUID_BYTES];
	MX_EVENT(e, HANDOVER_TAKEN, b);

	if (m->leg == 0)
		giver = m->giver[0] != '\0' ? place_of(m->giver)->receives
					    : place_of(m->created->generator)->gives;
	b->offer.len = 0;
	fresh_id(w, child);
	if (part) {
		b->child = mx_bytes(child, sizeof child);
		b->items = sp_dup(w->x, &s);
		b->n_items = s.n;
	}
	mx_put_co(w->x, taker, giver, &e);
	if (took_effect(w) && part) {
		keep(w, child);
		w->splits++;
	}
}

static void accept(struct walk *w, const Custody__Manifest *m)
{
	const enum mx_who by = place_of(m->created->receiver->party)->receives;
	Liandan__Accepted *b = ch_accepted_all(w->x);

	for (size_t i = 0; i < b->n_lines; i++)
		if (dice(w, 3) == 0)
			b->lines[i]->mass_g = dice(w, (uint32_t)(b->lines[i]->mass_g * 2));
	mx_accept(w->x, by, b);
	assert_true(took_effect(w));
}

static void accept_partly(struct walk *w, const Custody__Manifest *m)
{
	const bool truck = dice(w, 2) == 0;
	const struct sp_items s = some_items(w, m);
	const Liandan__Accepted *all = ch_accepted_all(w->x);
	Liandan__PartlyAccepted *b = ch_partly(w->x, truck ? CH_TRUCK : CH_SITE);
	uint8_t child[LD_UUID_BYTES];

	if (w->n + 4 >= MAX_SLOTS || s.n == 0)
		return;
	fresh_id(w, child);
	b->child = mx_bytes(child, sizeof child);
	b->lines = all->lines;
	b->n_lines = all->n_lines;
	b->n_tickets = 0;
	for (b->n_refused = 0; b->n_refused < s.n; b->n_refused++) {
		Liandan__RefusedItem *r =
		    MX_NEW(w->x, Liandan__RefusedItem, LIANDAN__REFUSED_ITEM__INIT);

		r->item = s.of[b->n_refused];
		r->reason = LIANDAN__REJECT_REASON__REJECT_REASON_OTHER;
		b->refused[b->n_refused] = r;
	}
	for (size_t i = 0; i < b->n_lines; i++)
		b->lines[i]->mass_g = dice(w, (uint32_t)b->lines[i]->mass_g + 1);
	ch_accept_partly(
	    w->x, place_of(m->created->receiver->party)->receives,
	    truck && dice(w, 4) != 0 ? strcmp(m->carrier, "CAR2") == 0 ? CAR2 : CAR1 : MX_KEYS, b);
	if (took_effect(w)) {
		keep(w, child);
		w->partly++;
	}
}

static void redirect(struct walk *w, const Custody__Manifest *m)
{
	const struct place *home = place_of(m->created->generator);
	const struct place *to = dice(w, 2) ? home : &places[1 + dice(w, 2)];
	const bool order = dice(w, 3) == 0;
	Liandan__Redirected *b = ch_redirected(w->x, to == home ? CH_RETURN : CH_OTHER,
					       m->waste_is_on == CH_TRUCK ? m->holder : "CAR1");
	uint8_t child[LD_UUID_BYTES];

	if (w->n + 4 >= MAX_SLOTS)
		return;
	fresh_id(w, child);
	b->child = mx_bytes(child, sizeof child);
	b->carrier = ld_arena_dup(&w->x->build, b->carrier, strlen(b->carrier) + 1);
	b->receiver->party = MX_S(to->party);
	b->receiver->site = MX_S(to->site);
	if (order)
		b->order_no = MX_S("order");
	ch_redirect(w->x, order ? EEB : home->gives, b);
	if (took_effect(w)) {
		keep(w, child);
		w->redirected++;
	}
}

static void lose(struct walk *w, const Custody__Manifest *m)
{
	Liandan__LossRecorded *b =
	    MX_NEW(w->x, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	char hex[2 * LD_UUID_BYTES + 1];
	MX_EVENT(e, LOSS_RECORDED, b);

	ld_hex_encode(m->manifest.data, m->manifest.len, hex);
	b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;
	b->subject = hex;
	b->mass_g = items_g(m);
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	mx_put(w->x, EEB, &e);
	took_effect(w);
}

static void treat(struct walk *w)
{
	const struct place *p = &places[1 + dice(w, 2)];
	const unsigned nth = w->drums != 0 ? dice(w, w->drums) : 0;
	Liandan__WasteTreated *b =
	    MX_NEW(w->x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in =
	    MX_NEW(w->x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	const Custody__Container *k = w->drums != 0 ? mx_container(w->x, drum_name(w, nth)) : NULL;
	char batch[16];
	MX_EVENT(e, WASTE_TREATED, b);

	if (k != NULL && ld_container_in_stock(k) && k->manifest.len == 0 && k->mass_g > 0 &&
	    strcmp(k->party, p->party) == 0) {
		in->container = drum_name(w, nth);
		in->mass_g = k->mass_g;
	} else {
		const Custody__Manifest *m;
		int64_t left;

		if (w->n == 0)
			return;
		at(w, dice(w, (uint32_t)w->n));
		m = mx_manifest(w->x);
		left = ld_manifest_bulk_left_g(m) < ld_manifest_unshared_g(m)
			   ? ld_manifest_bulk_left_g(m)
			   : ld_manifest_unshared_g(m);
		if (m->accepted_ms == 0 || left <= 0 ||
		    strcmp(m->created->receiver->party, p->party) != 0 || left > free_bulk(w, p))
			return;
		in->manifest = mx_id(w->x);
		in->mass_g = 1 + dice(w, (uint32_t)left);
	}
	snprintf(batch, sizeof batch, "T%u", w->batches++);
	b->batch = batch;
	b->site = MX_S(p->site);
	b->mode = MX_S(MX_MODE);
	b->inputs = &in;
	b->n_inputs = 1;
	b->loss_g = in->mass_g;
	mx_put(w->x, p->receives, &e);
	took_effect(w);
}

/* The next step of one manifest, or one beside it. */
static void move(struct walk *w, const Custody__Manifest *m)
{
	const struct place *to = place_of(m->created->receiver->party);

	switch ((int)m->state) {
	case CUSTODY__MANIFEST_STATE__SEALED:
		if (dice(w, 12) == 0) {
			mx_cancel(w->x, place_of(m->created->generator)->gives);
			took_effect(w);
		} else {
			take(w, m);
		}
		break;
	case CUSTODY__MANIFEST_STATE__IN_TRANSIT:
		if (dice(w, 4) == 0) {
			take(w, m);
		} else if (dice(w, 40) == 0) {
			lose(w, m);
		} else {
			mx_arrive(w->x, driver_of(m), ch_arrived(w->x, m->plate, to->site));
			took_effect(w);
		}
		break;
	case CUSTODY__MANIFEST_STATE__ARRIVED:
		if (dice(w, 5) == 0)
			mx_reject(w->x, to->receives, CH_TRUCK);
		else
			mx_receive(w->x, to->receives, ch_received(w->x, to->site));
		took_effect(w);
		break;
	case CUSTODY__MANIFEST_STATE__VERIFYING:
		if (dice(w, 4) == 0) {
			mx_reject(w->x, to->receives, CH_SITE);
			took_effect(w);
		} else if (dice(w, 2) == 0) {
			accept_partly(w, m);
		} else {
			accept(w, m);
		}
		break;
	case CUSTODY__MANIFEST_STATE__REJECTED_ALL:
		if (dice(w, 30) == 0)
			lose(w, m);
		else
			redirect(w, m);
		break;
	default:
		break;
	}
}

static void step(struct walk *w)
{
	w->x->now += LD_MINUTE_MS + dice(w, 5 * LD_MINUTE_MS);
	switch (dice(w, 10)) {
	case 0:
		generate(w);
		return;
	case 1:
		make(w);
		return;
	case 2:
		treat(w);
		return;
	case 3:
		if (dice(w, 60) == 0)
			w->x->now += 11 * LD_DAY_MS;
		mx_tick(w->x);
		return;
	default:
		if (w->n == 0)
			return;
		at(w, dice(w, 4) ? (size_t)(w->n - 1 - dice(w, w->n < 16 ? (uint32_t)w->n : 16))
				 : dice(w, (uint32_t)w->n));
		move(w, mx_manifest(w->x));
	}
}

/* REC2 has a key for what comes to it; the rules let everybody take everything. */
static void world(struct mx *x)
{
	Custody__Key k = CUSTODY__KEY__INIT;

	fw_world(x);
	k.key_id = mx_bytes(x->keys[NOBODY], LD_KEY_ID_BYTES);
	k.party = MX_S("REC2");
	k.device = MX_S("dev");
	k.subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON;
	k.subject_id = MX_S("p-rec2");
	k.roles = LIANDAN__ROLE__ROLE_RECEIVER;
	assert_int_equal(ld_key_rec_put(&x->c, &k), LD_OK);
}

static void walks(void **state)
{
	struct walk *w = calloc(1, sizeof *w);
	size_t rounds = 0;

	assert_non_null(w);
	w->rng = seed;
	while (w->step < steps) { /* a new world when this one is full */
		void *open = NULL;

		mx_open(&open);
		w->x = open;
		world(w->x);
		w->n = w->drums = w->batches = 0;
		w->generated_g = 0;
		for (int here = 0; w->step < steps && here < 600 && w->n + 30 < MAX_SLOTS;
		     here++, w->step++) {
			step(w);
			check(w);
		}
		mx_close(&open);
		rounds++;
	}
	print_message("%zu worlds: %zu accepted, %zu refused; %zu split, %zu accepted in part, %zu "
		      "redirected, %zu sent on\n",
		      rounds, w->accepted, w->refused, w->splits, w->partly, w->redirected,
		      w->forwarded);
	assert_true(w->splits != 0 && w->partly != 0 && w->redirected != 0 && w->forwarded != 0);
	(void)state;
	free(w);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(walks)};

	errno = 0;
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		steps = (int)strtol(argv[2], NULL, 10);
	if (errno != 0 || steps <= 0)
		return 64;
	return cmocka_run_group_tests_name("part_random", tests, NULL, NULL);
}
