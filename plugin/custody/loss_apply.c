/* What is missing, in sum. Table OVER: loss.h. */
#include "plugin/custody/loss.h"

#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/lineage.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/year.h"

/* Drying on the way: 0.6 % at most was seen (GAPBENCH, benign changes). No other class has a figure
 * yet. */
#define LOSS_DRYING_PERMILLE 6
#define MAX_ROOTS 64 /* nodes that one loss is followed over */

int64_t ld_own_loss_g(const char *loss_class, int64_t mass_g)
{
	return strcmp(loss_class, "drying") == 0 ? mass_g / 1000 * LOSS_DRYING_PERMILLE : 0;
}

int64_t ld_ticket_error_g(struct ld_custody *c, ProtobufCBinaryData ticket)
{
	size_t mark = ld_mark(c);
	Custody__Ticket *t;
	int64_t g = ld_ticket_get(c, ticket, &t) == LD_OK ? t->mpe_g : 0;

	ld_release(c, mark);
	return g > 0 ? g : 0;
}

int64_t ld_tally_allowed_g(const struct ld_rules *r, const Custody__Tally *t)
{
	const int64_t share = t->moved_g / 1000 * r->balance_permille;
	const int64_t known = ld_add_g(t->errors_g, t->own_g);
	int64_t most = share > known ? share : known;

	return most > r->balance_min_g ? most : r->balance_min_g;
}

int64_t ld_batch_allowed_g(const struct ld_rules *r, const Custody__Batch *b)
{
	const int64_t share = b->mass_g / 1000 * r->balance_permille;
	const int64_t known = ld_add_g(b->errors_g, b->own_g);

	return share > known ? share : known;
}

uint32_t ld_imbalance_level(const struct ld_rules *r, int64_t short_g, int64_t allowed_g)
{
	const int64_t off_g = short_g >= 0 ? short_g : ld_sub_g(0, short_g);

	return off_g <= allowed_g ? 0 : off_g >= r->balance_level4_g ? 4 : 2;
}

static enum ld_err mark_over(struct ld_custody *c, uint64_t index, char kind, const char *party,
			     const char *where, const char *code)
{
	struct ld_tkey k;

	ld_tkey_init(&k);
	ld_tkey_u64(&k, index);
	ld_tkey_u8(&k, (uint8_t)kind);
	ld_tkey_str(&k, party);
	ld_tkey_str(&k, where);
	if (kind == 'S')
		ld_tkey_str(&k, code);
	return ld_state_put(c->state, LD_T_OVER, k.b, k.len, "", 0);
}

/* ---- stocks ---- */

static void add(Custody__Tally *t, const struct ld_booking *b)
{
	t->moved_g = ld_add_g(t->moved_g, ld_add_g(ld_add_g(b->generated_g, b->received_g),
						   ld_add_g(b->treated_g, b->shipped_g)));
	t->short_g = ld_add_g(t->short_g, b->short_g);
	t->process_g = ld_add_g(t->process_g, b->process_g);
	t->errors_g = ld_add_g(t->errors_g, b->errors_g);
	t->own_g = ld_add_g(t->own_g, b->own_g);
}

static Custody__Tally *tally_new(struct ld_custody *c)
{
	Custody__Tally *t = ld_arena_alloc(c->arena, sizeof *t);

	if (t != NULL)
		custody__tally__init(t);
	return t;
}

enum ld_err ld_tally(struct ld_custody *c, Custody__Stock *s, const struct ld_booking *b,
		     uint64_t index)
{
	const uint32_t month = ld_china_date(c->now_ms) / 100;

	if (s->since == NULL)
		s->since = tally_new(c);
	if (s->month == NULL)
		s->month = tally_new(c);
	if (s->since == NULL || s->month == NULL)
		return LD_ERR_NOMEM;
	if (month > s->month->month) { /* what was held and comes now counts in the month that is on
					*/
		custody__tally__init(s->month);
		s->month->month = month;
	}
	add(s->since, b);
	add(s->month, b);
	if (b->short_g == 0 || ld_imbalance_level(c->rules, s->month->short_g,
						  ld_tally_allowed_g(c->rules, s->month)) == 0)
		return LD_OK;
	return mark_over(c, index, 'S', s->party, s->site, s->code);
}

/* ---- batches ---- */

struct root {
	struct ld_node node;
	int64_t short_g, errors_g;
};

/* Nodes that are still to be looked at. */
struct roots {
	struct root of[MAX_ROOTS];
	size_t n;
};

/* What one node was made of. */
struct sources {
	struct root of[MAX_ROOTS];
	size_t n;
	int64_t total_g;
};

static int source(void *ctx, const struct ld_node *n, int64_t mass_g, uint64_t index)
{
	struct sources *s = ctx;

	(void)index;
	if (s->n == MAX_ROOTS)
		return 1;
	s->of[s->n].node = *n;
	s->of[s->n++].short_g = mass_g;
	s->total_g = ld_add_g(s->total_g, mass_g);
	return 0;
}

static int64_t share(int64_t before, int64_t mass_g, int64_t total, int64_t of)
{
	const int64_t g = ld_share_g(before, mass_g, total, of < 0 ? ld_sub_g(0, of) : of);

	return of < 0 ? ld_sub_g(0, g) : g;
}

/* What the road alone takes is its manifest's (M1); it counts with what goes before and after. */
static enum ld_err charge(struct ld_custody *c, const struct root *r, Custody__Batch *b, bool road,
			  uint64_t index)
{
	const bool first = road && b->short_g == 0;
	enum ld_err err;

	b->short_g = ld_add_g(b->short_g, r->short_g);
	b->errors_g = ld_add_g(b->errors_g, r->errors_g);
	err = ld_batch_put(c, b);
	if (err != LD_OK || first ||
	    ld_imbalance_level(c->rules, b->short_g, ld_batch_allowed_g(c->rules, b)) == 0)
		return err;
	return mark_over(c, index, 'B', b->party, b->batch, "");
}

/* In proportion over what it was made of. What does not find room stays with the node. */
static enum ld_err pass_on(struct ld_custody *c, struct roots *todo, const struct root *r,
			   bool *passed)
{
	struct sources *s = ld_arena_alloc(c->arena, sizeof *s);
	int64_t before = 0;
	enum ld_err err;

	if (s == NULL)
		return LD_ERR_NOMEM;
	s->n = 0;
	s->total_g = 0;
	err = ld_lineage_up(c, &r->node, source, s);
	if (err == LD_ERR_NOT_FOUND)
		err = LD_OK;
	*passed = err == LD_OK && s->total_g > 0 && todo->n + s->n <= MAX_ROOTS;
	for (size_t i = 0; *passed && i < s->n; i++) {
		struct root *to = &todo->of[todo->n];
		const int64_t mass_g = s->of[i].short_g;

		to->node = s->of[i].node;
		to->short_g = share(before, mass_g, s->total_g, r->short_g);
		to->errors_g = share(before, mass_g, s->total_g, r->errors_g);
		before = ld_add_g(before, mass_g);
		todo->n += to->short_g != 0;
	}
	return err;
}

static enum ld_err at_batch(struct ld_custody *c, struct roots *todo, const struct root *r,
			    bool road, uint64_t index)
{
	Custody__Batch *b;
	bool passed = false;
	enum ld_err err = ld_batch_get(c, r->node.party, r->node.id, &b);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (b->repacked)
		err = pass_on(c, todo, r, &passed);
	return err != LD_OK || passed ? err : charge(c, r, b, road, index);
}

static enum ld_err root_short(struct ld_custody *c, const char *container, int64_t short_g,
			      int64_t errors_g, bool road, uint64_t index)
{
	struct roots *todo;
	size_t start = ld_mark(c);
	enum ld_err err = LD_OK;
	bool passed;

	if (short_g == 0)
		return LD_OK;
	todo = ld_arena_alloc(c->arena, sizeof *todo);
	if (todo == NULL)
		return LD_ERR_NOMEM;
	todo->of[0] = (struct root){ld_node_container(container), short_g, errors_g};
	todo->n = 1;
	/* every node is looked at once: they only grow older */
	for (size_t steps = 0; err == LD_OK && todo->n != 0 && steps < MAX_ROOTS; steps++) {
		const struct root r = todo->of[--todo->n];
		size_t here = ld_mark(c);

		err = r.node.kind == LD_NODE_BATCH ? at_batch(c, todo, &r, road, index)
		      : r.node.kind == LD_NODE_CONTAINER
			  ? pass_on(c, todo, &r, &passed)
			  : LD_OK; /* bulk of a manifest has no root */
		ld_release(c, here);
	}
	ld_release(c, start);
	return err;
}

enum ld_err ld_root_short(struct ld_custody *c, const char *container, int64_t short_g,
			  uint64_t index)
{
	return root_short(c, container, short_g, 0, false, index);
}

/* ---- the road ---- */

/* Of a tolerance over all lines, what falls on a part of the mass. */
static int64_t part(int64_t of_g, int64_t mass_g, int64_t total_g)
{
	return total_g > 0 && mass_g > 0 && mass_g <= total_g
		   ? (int64_t)((__int128)of_g * mass_g / total_g)
		   : 0;
}

int64_t ld_line_errors_g(const Custody__Manifest *m, const Liandan__Line *line)
{
	return part(m->gate_tolerance_g, ld_line_accepted_g(m, line->line),
		    ld_manifest_accepted_g(m));
}

enum ld_err ld_loaded_errors(struct ld_custody *c, const Custody__Manifest *m, uint64_t index)
{
	const Liandan__ManifestCreated *b = m->created;
	const int64_t total = ld_manifest_declared_g(m);
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && m->tolerance_g != 0 && i < b->n_lines; i++) {
		const struct ld_booking book = {
		    .errors_g = part(m->tolerance_g, ld_line_declared_g(b->lines[i]), total)};

		if (book.errors_g != 0)
			err = ld_stock_book(c, b->generator, b->site, b->lines[i]->code, &book,
					    index);
	}
	return err;
}

enum ld_err ld_accepted_short(struct ld_custody *c, const Custody__Manifest *m,
			      const char *container, int64_t accepted_g, uint64_t index)
{
	const int64_t tolerance = ld_add_g(ld_add_g(m->tolerance_g, m->gate_tolerance_g),
					   ld_rules_of(c, m)->mass_extra_g);
	size_t mark = ld_mark(c);
	Custody__Container *k;
	int64_t short_g = 0;
	enum ld_err err = ld_container_get(c, container, &k);

	if (err == LD_OK)
		short_g = ld_sub_g(k->mass_g, accepted_g);
	ld_release(c, mark);
	return err == LD_OK
		   ? root_short(c, container, short_g,
				part(tolerance, accepted_g, ld_manifest_accepted_g(m)), true, index)
		   : err;
}
