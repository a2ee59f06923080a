#include "deploy/cli/balance.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest.h"
#include "plugin/custody/tables.h"
#include "proto/base64.h"

/* ---- arithmetic ---- */

int64_t ld_balance_difference_g(const struct ld_balance_line *l)
{
	int64_t sum = ld_add_g(l->opening_g, l->generated_g);

	sum = ld_add_g(sum, l->received_g);
	sum = ld_sub_g(sum, l->treated_g);
	sum = ld_sub_g(sum, l->shipped_g);
	sum = ld_sub_g(sum, l->lost_g);
	return ld_sub_g(sum, l->in_stock_g);
}

bool ld_balance_adds(const struct ld_balance_line *l)
{
	return ld_balance_difference_g(l) == 0 && l->contained_g == l->containers_g;
}

bool ld_balance_all_add(const struct ld_balance *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!ld_balance_adds(&b->line[i]))
			return false;
	for (size_t i = 0; i < b->n_gaps; i++)
		if (b->gap[i].step == LD_BALANCE_BATCH)
			return false;
	return true;
}

void ld_balance_sum(struct ld_balance_line *total, const struct ld_balance_line *l)
{
	total->opening_g = ld_add_g(total->opening_g, l->opening_g);
	total->generated_g = ld_add_g(total->generated_g, l->generated_g);
	total->received_g = ld_add_g(total->received_g, l->received_g);
	total->treated_g = ld_add_g(total->treated_g, l->treated_g);
	total->shipped_g = ld_add_g(total->shipped_g, l->shipped_g);
	total->lost_g = ld_add_g(total->lost_g, l->lost_g);
	total->in_stock_g = ld_add_g(total->in_stock_g, l->in_stock_g);
	total->bound_g = ld_add_g(total->bound_g, l->bound_g);
	total->contained_g = ld_add_g(total->contained_g, l->contained_g);
	total->containers_g = ld_add_g(total->containers_g, l->containers_g);
	if (l->entry > total->entry)
		total->entry = l->entry;
}

/* ---- what stands at one moment ---- */

struct books {
	const struct ld_balance *asked;
	struct ld_balance_line *line;
	size_t n, room;
	struct ld_balance_gap *gap; /* batches that do not add, so far */
	size_t n_gaps, gaps_room;
	enum ld_err err;
};

static void *grow(void *list, size_t n, size_t *room, size_t each)
{
	const size_t more = *room != 0 ? 2 * *room : 64;
	void *p;

	if (n < *room)
		return list;
	p = realloc(list, more * each);
	if (p != NULL)
		*room = more;
	return p;
}

static void keep(char to[static LD_MAX_ID_BYTES + 1], const char *from)
{
	snprintf(to, LD_MAX_ID_BYTES + 1, "%s", from);
}

static bool asked_for(const struct ld_balance *b, const char *party, const char *site,
		      const char *code)
{
	return (b->party == NULL || strcmp(b->party, party) == 0) &&
	       (b->site == NULL || strcmp(b->site, site) == 0) &&
	       (b->code == NULL || strcmp(b->code, code) == 0);
}

static int one_stock(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct books *k = ctx;
	Custody__Stock *s = custody__stock__unpack(NULL, len, value);
	struct ld_balance_line *l;

	(void)key, (void)key_len;
	if (s == NULL) {
		k->err = LD_ERR_CORRUPT;
	} else if (asked_for(k->asked, s->party, s->site, s->code)) {
		l = grow(k->line, k->n, &k->room, sizeof *l);
		if (l == NULL) {
			k->err = LD_ERR_NOMEM;
		} else {
			k->line = l;
			l = &l[k->n++];
			memset(l, 0, sizeof *l);
			keep(l->party, s->party);
			keep(l->site, s->site);
			keep(l->code, s->code);
			l->generated_g = s->generated_g;
			l->received_g = s->received_g;
			l->treated_g = s->treated_g;
			l->shipped_g = s->shipped_g;
			l->lost_g = s->lost_g;
			l->in_stock_g = s->in_stock_g;
			l->bound_g = s->bound_g;
			l->contained_g = s->contained_g;
			l->entry = s->index;
		}
	}
	custody__stock__free_unpacked(s, NULL);
	return k->err != LD_OK;
}

static int one_batch(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct books *k = ctx;
	Custody__Batch *t = custody__batch__unpack(NULL, len, value);
	struct ld_balance_gap *g;

	(void)key, (void)key_len;
	if (t == NULL) {
		k->err = LD_ERR_CORRUPT;
	} else if (t->difference_g != 0 && k->asked->code == NULL &&
		   asked_for(k->asked, t->party, t->site, "")) {
		g = grow(k->gap, k->n_gaps, &k->gaps_room, sizeof *g);
		if (g == NULL) {
			k->err = LD_ERR_NOMEM;
		} else {
			k->gap = g;
			g = &g[k->n_gaps++];
			memset(g, 0, sizeof *g);
			g->step = LD_BALANCE_BATCH;
			keep(g->party, t->party);
			keep(g->site, t->site);
			snprintf(g->what, sizeof g->what, "%s", t->batch);
			g->mass_g = t->difference_g;
			g->entry = t->index;
		}
	}
	custody__batch__free_unpacked(t, NULL);
	return k->err != LD_OK;
}

static int by_name(const void *a, const void *b)
{
	const struct ld_balance_line *x = a, *y = b;
	int d = strcmp(x->party, y->party);

	if (d == 0)
		d = strcmp(x->site, y->site);
	return d != 0 ? d : strcmp(x->code, y->code);
}

/* The containers that stand in a line's stock, whatever the line says of them. */
static int one_container(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			 size_t len)
{
	struct books *k = ctx;
	Custody__Container *c = custody__container__unpack(NULL, len, value);
	struct ld_balance_line want, *l;

	(void)key, (void)key_len;
	if (c == NULL) {
		k->err = LD_ERR_CORRUPT;
	} else if (ld_container_in_stock(c)) {
		keep(want.party, c->party);
		keep(want.site, c->site);
		keep(want.code, c->code);
		l = k->n != 0 ? bsearch(&want, k->line, k->n, sizeof want, by_name) : NULL;
		if (l != NULL)
			l->containers_g = ld_add_g(l->containers_g, c->mass_g);
	}
	custody__container__free_unpacked(c, NULL);
	return k->err != LD_OK;
}

static void take(struct books *k, struct ld_custody *c, bool containers)
{
	struct ld_tkey party;
	enum ld_err err;

	ld_tkey_init(&party);
	if (k->asked->party != NULL)
		ld_tkey_str(&party, k->asked->party);
	err = ld_state_walk(c->state, LD_T_STOCK, party.b, party.len, NULL, 0, one_stock, k, NULL);
	if (err == LD_OK && k->err == LD_OK)
		err = ld_state_walk(c->state, LD_T_BATCH, party.b, party.len, NULL, 0, one_batch, k,
				    NULL);
	if (k->n != 0)
		qsort(k->line, k->n, sizeof *k->line, by_name);
	if (err == LD_OK && k->err == LD_OK && containers)
		err = ld_state_walk(c->state, LD_T_CONTAINER, NULL, 0, NULL, 0, one_container, k,
				    NULL);
	if (k->err == LD_OK)
		k->err = err;
}

/* ---- the period ---- */

struct period {
	struct ld_balance *b;
	struct books opening, closing;
	bool opened, closed;
	uint64_t index; /* entries applied so far */
	enum ld_err err;
};

static void begin(struct period *p, struct ld_custody *c, uint64_t index)
{
	p->opened = true;
	p->b->first = index;
	take(&p->opening, c, false);
}

static enum ld_err add_line(struct ld_balance *b, enum ld_balance_step step,
			    const Custody__Manifest *m, uint32_t number, int64_t mass_g,
			    uint64_t index)
{
	const Liandan__Line *line = ld_manifest_line(m, number);
	const char *code = line != NULL ? line->code : "";
	struct ld_balance_gap *g;

	if (mass_g == 0 || !asked_for(b, m->created->generator, m->created->site, code))
		return LD_OK;
	g = grow(b->gap, b->n_gaps, &b->gaps_room, sizeof *g);
	if (g == NULL)
		return LD_ERR_NOMEM;
	b->gap = g;
	g = &g[b->n_gaps++];
	memset(g, 0, sizeof *g);
	g->step = step;
	keep(g->party, m->created->generator);
	keep(g->site, m->created->site);
	keep(g->code, code);
	ld_hex_encode(m->manifest.data, m->manifest.len, g->what);
	g->mass_g = mass_g;
	g->entry = index;
	return LD_OK;
}

/* What was refused and waits for its way back is in no stock either, though it stands. */
static bool under_way(const Custody__Manifest *m)
{
	switch (m->state) {
	case CUSTODY__MANIFEST_STATE__SEALED:
	case CUSTODY__MANIFEST_STATE__CANCELLED:
	case CUSTODY__MANIFEST_STATE__EXPIRED:
		return m->giver[0] != '\0';
	case CUSTODY__MANIFEST_STATE__IN_TRANSIT:
	case CUSTODY__MANIFEST_STATE__ARRIVED:
	case CUSTODY__MANIFEST_STATE__VERIFYING:
	case CUSTODY__MANIFEST_STATE__REJECTED_ALL:
		return true;
	default:
		return false;
	}
}

static int one_manifest(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			size_t len)
{
	struct period *p = ctx;
	Custody__Manifest *m = custody__manifest__unpack(NULL, len, value);

	(void)key, (void)key_len;
	if (m == NULL)
		p->err = LD_ERR_CORRUPT;
	/* between a pipeline's meters, until its manifest is closed */
	for (size_t i = 0; m != NULL && p->err == LD_OK &&
			   m->state == CUSTODY__MANIFEST_STATE__SEALED && i < m->n_flows;
	     i++)
		p->err =
		    add_line(p->b, LD_BALANCE_WAY, m, m->flows[i]->line,
			     ld_sub_g(m->flows[i]->out_g, ld_line_accepted_g(m, m->flows[i]->line)),
			     m->updated_index);
	for (size_t i = 0; m != NULL && p->err == LD_OK && under_way(m) && i < m->created->n_lines;
	     i++) {
		const uint32_t line = m->created->lines[i]->line;

		p->err = add_line(p->b, LD_BALANCE_WAY, m, line,
				  ld_items_of_line_g(m->items, m->n_items, line), m->updated_index);
	}
	custody__manifest__free_unpacked(m, NULL);
	return p->err != LD_OK;
}

static void finish(struct period *p, struct ld_custody *c, uint64_t index)
{
	enum ld_err err;

	p->closed = true;
	p->b->last = index;
	take(&p->closing, c, true);
	err = ld_state_walk(c->state, LD_T_MANIFEST, NULL, 0, NULL, 0, one_manifest, p, NULL);
	if (p->err == LD_OK)
		p->err = err;
}

/* What was lost on the way stands in the ledger's own word at the end of a manifest. CUSTODY-19 */
static enum ld_err road(struct period *p, struct ld_custody *c, const Liandan__Entry *entry,
			uint64_t index)
{
	Custody__Manifest *m;
	Liandan__OwnEvent *own;
	enum ld_err err = LD_OK;

	if (entry->content_case != LIANDAN__ENTRY__CONTENT_OWN_EVENT)
		return LD_OK;
	own =
	    liandan__own_event__unpack(&c->arena->pb, entry->own_event.len, entry->own_event.data);
	if (own == NULL)
		return LD_ERR_CORRUPT;
	if (own->body_case != LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED ||
	    ld_manifest_get(c, own->manifest_closed->manifest, &m) != LD_OK)
		return LD_OK;
	for (size_t i = 0; err == LD_OK && i < own->manifest_closed->n_lines; i++)
		err = add_line(p->b, LD_BALANCE_ROAD, m, own->manifest_closed->lines[i]->line,
			       own->manifest_closed->lines[i]->loss_g, index);
	return err;
}

static int at_entry(void *ctx, struct ld_custody *before, uint64_t index,
		    const Liandan__Entry *entry)
{
	struct period *p = ctx;
	const struct ld_replay_watch *also = p->b->also;

	if (also != NULL && also->entry != NULL &&
	    also->entry(also->ctx, before, index, entry) != 0)
		return 1;
	if (!p->opened && entry->recorded_at_ms >= p->b->from_ms)
		begin(p, before, index);
	if (entry->recorded_at_ms >= p->b->to_ms) {
		if (!p->opened)
			begin(p, before, index);
		finish(p, before, index);
		return 1;
	}
	if (p->opened)
		p->err = road(p, before, entry, index);
	p->index = index + 1;
	return p->err != LD_OK;
}

static int at_effect(void *ctx, const struct ld_effect *e)
{
	const struct period *p = ctx;
	const struct ld_replay_watch *also = p->b->also;

	return also != NULL && also->effect != NULL ? also->effect(also->ctx, e) : 0;
}

static void at_end(void *ctx, struct ld_custody *state)
{
	struct period *p = ctx;
	const struct ld_replay_watch *also = p->b->also;

	if (also != NULL && also->end != NULL)
		also->end(also->ctx, state);
	if (!p->opened)
		begin(p, state, p->index);
	if (!p->closed)
		finish(p, state, p->index);
}

/* ---- what the period moved ---- */

/* The books are cumulative: what the period moved is the end's less the beginning's. */
static void since(struct ld_balance_line *l, const struct ld_balance_line *opening)
{
	l->opening_g = opening->in_stock_g;
	l->generated_g = ld_sub_g(l->generated_g, opening->generated_g);
	l->received_g = ld_sub_g(l->received_g, opening->received_g);
	l->treated_g = ld_sub_g(l->treated_g, opening->treated_g);
	l->shipped_g = ld_sub_g(l->shipped_g, opening->shipped_g);
	l->lost_g = ld_sub_g(l->lost_g, opening->lost_g);
}

static bool says_nothing(const struct ld_balance_line *l)
{
	return (l->opening_g | l->generated_g | l->received_g | l->treated_g | l->shipped_g |
		l->lost_g | l->in_stock_g | l->bound_g | l->contained_g | l->containers_g) == 0;
}

static void lines_of(struct period *p)
{
	struct books *o = &p->opening, *k = &p->closing;
	size_t to = 0;

	for (size_t i = 0; i < k->n; i++) {
		struct ld_balance_line *was =
		    o->n != 0 ? bsearch(&k->line[i], o->line, o->n, sizeof *o->line, by_name)
			      : NULL;

		if (was != NULL)
			since(&k->line[i], was);
		if (!says_nothing(&k->line[i]))
			k->line[to++] = k->line[i];
	}
	p->b->line = k->line;
	p->b->n = to;
	p->b->room = k->room;
	k->line = NULL;
}

static const struct ld_balance_gap *same_gap(const struct books *o, const struct ld_balance_gap *g)
{
	for (size_t i = 0; i < o->n_gaps; i++)
		if (strcmp(o->gap[i].party, g->party) == 0 && strcmp(o->gap[i].what, g->what) == 0)
			return &o->gap[i];
	return NULL;
}

/* What did not add before the period is no news. */
static enum ld_err batches(struct period *p)
{
	for (size_t i = 0; i < p->closing.n_gaps; i++) {
		const struct ld_balance_gap *now = &p->closing.gap[i];
		const struct ld_balance_gap *was = same_gap(&p->opening, now);
		struct ld_balance_gap *g;

		if (was != NULL && was->mass_g == now->mass_g)
			continue;
		g = grow(p->b->gap, p->b->n_gaps, &p->b->gaps_room, sizeof *g);
		if (g == NULL)
			return LD_ERR_NOMEM;
		p->b->gap = g;
		g[p->b->n_gaps] = *now;
		if (was != NULL)
			g[p->b->n_gaps].mass_g = ld_sub_g(now->mass_g, was->mass_g);
		p->b->n_gaps++;
	}
	return LD_OK;
}

static int by_entry(const void *a, const void *b)
{
	const struct ld_balance_gap *x = a, *y = b;

	return (x->entry > y->entry) - (x->entry < y->entry);
}

enum ld_err ld_balance_read(struct ld_book *book, struct ld_balance *b)
{
	struct period p = {.b = b, .opening = {.asked = b}, .closing = {.asked = b}};
	const struct ld_replay_watch watch = {
	    .ctx = &p, .effect = at_effect, .entry = at_entry, .end = at_end};
	enum ld_err err = ld_book_replay(book, b->upto, &watch);

	if (err == LD_OK)
		err = p.err;
	if (err == LD_OK)
		err = p.opening.err != LD_OK ? p.opening.err : p.closing.err;
	if (err == LD_OK)
		err = batches(&p);
	if (err == LD_OK) {
		lines_of(&p);
		if (b->n_gaps != 0)
			qsort(b->gap, b->n_gaps, sizeof *b->gap, by_entry);
	}
	free(p.opening.line);
	free(p.opening.gap);
	free(p.closing.line);
	free(p.closing.gap);
	return err;
}

void ld_balance_free(struct ld_balance *b)
{
	free(b->line);
	free(b->gap);
	b->line = NULL;
	b->gap = NULL;
	b->n = b->n_gaps = 0;
}
