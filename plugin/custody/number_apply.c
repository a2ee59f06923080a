/* Blocks of official numbers and their gaps. CUSTODY-1; 5C D4. */
#include "plugin/custody/number.h"

#include <string.h>

#define BLOCK 'b'
#define SERIES 's'

bool ld_number_read(const char *text, uint64_t *out)
{
	uint64_t v = 0;

	if (strnlen(text, LD_NUMBER_DIGITS + 1) != LD_NUMBER_DIGITS)
		return false;
	for (size_t i = 0; i < LD_NUMBER_DIGITS; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = 10 * v + (uint64_t)(text[i] - '0');
	}
	*out = v;
	return true;
}

/* ---- the table ---- */

static void block_key(struct ld_tkey *k, uint64_t last)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, BLOCK);
	ld_tkey_u64(k, last);
}

static void series_key(struct ld_tkey *k, const char *series)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, SERIES);
	ld_tkey_bytes(k, series, strnlen(series, LD_MAX_ID_BYTES));
}

struct first_block {
	struct ld_custody *c;
	Custody__NumberBlock *found;
	bool full;
};

static int take_first(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		      size_t len)
{
	struct first_block *w = ctx;

	(void)key, (void)key_len;
	w->found = custody__number_block__unpack(&w->c->arena->pb, len, value);
	w->full = w->found == NULL;
	return 1;
}

enum ld_err ld_number_block_from(struct ld_custody *c, uint64_t n, Custody__NumberBlock **out)
{
	static const uint8_t prefix[] = {BLOCK};
	struct first_block w = {.c = c};
	struct ld_tkey from;
	enum ld_err err;

	block_key(&from, n);
	err = ld_state_walk(c->state, LD_T_NUMBERS, prefix, sizeof prefix, from.b, from.len,
			    take_first, &w, NULL);
	if (err != LD_OK)
		return err;
	if (w.found == NULL)
		return w.full ? LD_ERR_NOMEM : LD_ERR_NOT_FOUND;
	*out = w.found;
	return LD_OK;
}

enum ld_err ld_number_block_of(struct ld_custody *c, uint64_t n, Custody__NumberBlock **out)
{
	enum ld_err err = ld_number_block_from(c, n, out);

	return err == LD_OK && (*out)->allocated->first > n ? LD_ERR_NOT_FOUND : err;
}

uint64_t ld_number_series_last(struct ld_custody *c, const char *series)
{
	const uint8_t *value;
	uint64_t last = 0;
	struct ld_tkey k;
	size_t len;

	series_key(&k, series);
	if (ld_state_get(c->state, LD_T_NUMBERS, k.b, k.len, &value, &len) != LD_OK)
		return 0;
	for (size_t i = 0; i < len && i < 8; i++)
		last = last << 8 | value[i];
	return last;
}

static enum ld_err block_put(struct ld_custody *c, const Custody__NumberBlock *block)
{
	struct ld_tkey k;

	block_key(&k, block->allocated->last);
	return ld_rec_put(c, LD_T_NUMBERS, k.b, k.len, &block->base);
}

enum ld_err ld_numbers_allocated_apply(struct ld_custody *c, const struct ld_fact *f,
				       Liandan__NumbersAllocated *a)
{
	Custody__NumberBlock block = CUSTODY__NUMBER_BLOCK__INIT;
	struct ld_tkey k, last;
	enum ld_err err;

	block.allocated = a;
	block.index = f->index;
	block.next = a->first;
	err = block_put(c, &block);
	if (err != LD_OK)
		return err;
	series_key(&k, a->series);
	ld_tkey_init(&last);
	ld_tkey_u64(&last, a->last);
	return ld_state_put(c->state, LD_T_NUMBERS, k.b, k.len, last.b, last.len);
}

/* ---- gaps ---- */

static void gap_subject(char out[LD_NUMBER_DIGITS + 1], uint64_t from)
{
	for (size_t i = LD_NUMBER_DIGITS; i-- > 0; from /= 10)
		out[i] = (char)('0' + from % 10);
	out[LD_NUMBER_DIGITS] = '\0';
}

static enum ld_err gap_clock(struct ld_custody *c, uint64_t from, int64_t due_ms)
{
	char subject[LD_NUMBER_DIGITS + 1];

	gap_subject(subject, from);
	return ld_deadline_set(c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SERIES, subject,
			       LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_SERIAL, c->rules->version,
			       due_ms);
}

#define GAPS_ROOM (LD_MAX_NUMBER_GAPS + 2) /* a gap that is filled in the middle becomes two */

struct gaps {
	Custody__NumberGap *gap[GAPS_ROOM];
	size_t n;
};

static enum ld_err add_gap(struct ld_custody *c, struct gaps *g, uint64_t first, uint64_t last,
			   uint64_t from)
{
	Custody__NumberGap *gap;

	if (first > last || g->n == GAPS_ROOM)
		return LD_OK;
	gap = ld_arena_alloc(c->arena, sizeof *gap);
	if (gap == NULL)
		return LD_ERR_NOMEM;
	custody__number_gap__init(gap);
	gap->first = first;
	gap->last = last;
	gap->from = from;
	g->gap[g->n++] = gap;
	return LD_OK;
}

static bool still_missing(const struct gaps *g, uint64_t from)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->gap[i]->from == from)
			return true;
	return false;
}

/* n came after all: what is left of the gap that held it, and without those that were reported. */
static enum ld_err fill_gap(struct ld_custody *c, const Custody__NumberBlock *block, uint64_t n,
			    struct gaps *left)
{
	uint64_t from = 0;
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < block->n_gaps; i++) {
		const Custody__NumberGap *gap = block->gaps[i];

		if (gap->reported)
			continue;
		if (n < gap->first || n > gap->last) {
			err = add_gap(c, left, gap->first, gap->last, gap->from);
			continue;
		}
		from = gap->from;
		err = add_gap(c, left, gap->first, n - 1, from);
		if (err == LD_OK)
			err = add_gap(c, left, n + 1, gap->last, from);
	}
	return err == LD_OK && from != 0 && !still_missing(left, from) ? gap_clock(c, from, 0)
								       : err;
}

static enum ld_err use_in_block(struct ld_custody *c, const struct ld_fact *f,
				Custody__NumberBlock *block, uint64_t n)
{
	struct gaps left = {.n = 0};
	enum ld_err err = fill_gap(c, block, n, &left);
	const bool room = left.n < LD_MAX_NUMBER_GAPS;

	if (err == LD_OK && n > block->next && room) {
		err = add_gap(c, &left, block->next, n - 1, block->next);
		if (err == LD_OK)
			err = gap_clock(c, block->next, f->recorded_at_ms + c->rules->serial_ms);
	}
	if (err != LD_OK)
		return err;
	if (n >= block->next)
		block->next = n + 1;
	block->gaps = left.gap;
	block->n_gaps = left.n;
	return block_put(c, block);
}

enum ld_err ld_number_use(struct ld_custody *c, const struct ld_fact *f, const char *number,
			  ProtobufCBinaryData manifest)
{
	size_t mark = ld_mark(c);
	Custody__NumberBlock *block;
	enum ld_err err;
	uint64_t n;

	if (number[0] == '\0')
		return LD_OK;
	err = ld_state_put(c->state, LD_T_NUMBER, number, strlen(number), manifest.data,
			   manifest.len);
	if (err != LD_OK || !ld_number_read(number, &n))
		return err;
	err = ld_number_block_of(c, n, &block);
	if (err == LD_OK)
		err = use_in_block(c, f, block, n);
	ld_release(c, mark);
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

enum ld_err ld_number_assigned_apply(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__NumberAssigned *a)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, a->manifest, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	m->number = a->number; /* beside `created`, which is what was hashed */
	err = ld_number_use(c, f, a->number, a->manifest);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

enum ld_err ld_number_missed_apply(struct ld_custody *c, const Liandan__DeadlineMissed *d)
{
	Custody__NumberBlock *block;
	enum ld_err err;
	uint64_t from;

	if (!ld_number_read(d->subject, &from))
		return LD_OK;
	err = ld_number_block_of(c, from, &block);
	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	for (size_t i = 0; i < block->n_gaps; i++)
		if (block->gaps[i]->from == from)
			block->gaps[i]->reported = true;
	return block_put(c, block);
}
