/* declare: the ledgers and declarations of HJ 1259-2022 as CSV or JSON. */
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/declare.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/tables.h"

const struct ld_column ld_declaration_columns[] = {
    {"party", "单位"},
    {"period", "申报期"},
    {"code", "废物代码"},
    {"opening_t", "期初贮存量(吨)"},
    {"generated_t", "产生量(吨)"},
    {"received_t", "接收量(吨)"},
    {"own_use_t", "自行利用量(吨)"},
    {"own_disposal_t", "自行处置量(吨)"},
    {"outsourced_t", "委外量(吨)"},
    {"loss_t", "损耗及盘差(吨)"},
    {"closing_t", "期末贮存量(吨)"},
    {"adds", "平衡"},
};
const size_t ld_declaration_n = sizeof(ld_declaration_columns) / sizeof(ld_declaration_columns[0]);

#define MAX_CODES 512

struct sum {
	char code[LD_MAX_ID_BYTES + 1];
	int64_t opening, generated, received, treated, use, disposal, shipped, lost, closing;
};

struct declaration {
	const char *party;
	int64_t from_ms, to_ms;
	bool opened, closed;
	struct sum *of;
	size_t n;
	size_t skip; /* of stock keys: the party */
	int sign;    /* what a walk adds: -1 at the beginning, 1 at the end */
};

static struct sum *sum_of(struct declaration *d, const char *code)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->of[i].code, code) == 0)
			return &d->of[i];
	if (d->n == MAX_CODES)
		return NULL;
	snprintf(d->of[d->n].code, sizeof(d->of[d->n].code), "%s", code);
	return &d->of[d->n++];
}

/* The books are cumulative: what the period moved is the end's less the beginning's. */
static int add_stock(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct declaration *d = ctx;
	Custody__Stock *s = custody__stock__unpack(NULL, len, value);
	struct sum *x = s != NULL ? sum_of(d, s->code) : NULL;

	(void)key, (void)key_len;
	if (x != NULL) {
		x->generated += d->sign * s->generated_g;
		x->received += d->sign * s->received_g;
		x->treated += d->sign * s->treated_g;
		x->shipped += d->sign * s->shipped_g;
		x->lost += d->sign * s->lost_g;
		if (d->sign < 0)
			x->opening += s->in_stock_g;
		else
			x->closing += s->in_stock_g;
	}
	custody__stock__free_unpacked(s, NULL);
	return 0;
}

static void books(struct declaration *d, struct ld_custody *c, int sign)
{
	struct ld_tkey k;

	ld_tkey_init(&k);
	ld_tkey_str(&k, d->party);
	d->sign = sign;
	ld_state_walk(c->state, LD_T_STOCK, k.b, k.len, NULL, 0, add_stock, d, NULL);
}

static int at_entry(void *ctx, struct ld_custody *before, uint64_t index,
		    const Liandan__Entry *entry)
{
	struct declaration *d = ctx;

	(void)index;
	if (!d->opened && entry->recorded_at_ms >= d->from_ms) {
		books(d, before, -1);
		d->opened = true;
	}
	if (entry->recorded_at_ms < d->to_ms)
		return 0;
	books(d, before, 1);
	d->closed = true;
	return 1;
}

/* 自行利用 is R, 自行处置 is D: what the books call treated is told apart by the treatments
 * themselves. */
static int at_effect(void *ctx, const struct ld_effect *e)
{
	struct declaration *d = ctx;
	const Liandan__WasteTreated *b = e->fact->event->waste_treated;
	struct ld_custody *c = e->before;

	if (!d->opened || e->fact->event->body_case != LIANDAN__EVENT__BODY_WASTE_TREATED ||
	    strcmp(e->fact->signer->party, d->party) != 0 || b->mode[0] != 'R')
		return 0;
	for (size_t i = 0; i < b->n_inputs; i++) {
		const Liandan__TreatmentInput *in = b->inputs[i];
		size_t mark = ld_mark(c);
		Custody__Container *k;
		Custody__Manifest *m;
		Custody__Batch *batch;
		struct sum *x = NULL;

		if (in->container[0] != '\0' && ld_container_get(c, in->container, &k) == LD_OK)
			x = sum_of(d, k->code);
		else if (in->manifest.len != 0 && ld_manifest_get(c, in->manifest, &m) == LD_OK)
			x = sum_of(d, m->created->lines[0]->code);
		else if (ld_batch_get(c, d->party, in->batch, &batch) == LD_OK)
			x = sum_of(d, batch->code);
		if (x != NULL)
			x->use += in->mass_g;
		ld_release(c, mark);
	}
	return 0;
}

static void at_end(void *ctx, struct ld_custody *state)
{
	struct declaration *d = ctx;

	if (!d->opened)
		books(d, state, -1);
	if (!d->closed)
		books(d, state, 1);
}

static void fill(const struct declaration *d, const char *period, struct ld_sheet *sheet)
{
	for (size_t i = 0; i < d->n; i++) {
		struct sum *x = &d->of[i];
		cJSON *row = ld_sheet_row(sheet);
		const bool adds =
		    x->opening + x->generated + x->received - x->treated - x->shipped - x->lost ==
		    x->closing;

		if (x->use > x->treated)
			x->use = x->treated;
		x->disposal = x->treated - x->use;
		ld_sheet_set(row, "party", d->party);
		ld_sheet_set(row, "period", period);
		ld_sheet_set(row, "code", x->code);
		ld_sheet_tonnes(row, "opening_t", x->opening);
		ld_sheet_tonnes(row, "generated_t", x->generated);
		ld_sheet_tonnes(row, "received_t", x->received);
		ld_sheet_tonnes(row, "own_use_t", x->use);
		ld_sheet_tonnes(row, "own_disposal_t", x->disposal);
		ld_sheet_tonnes(row, "outsourced_t", x->shipped);
		ld_sheet_tonnes(row, "loss_t", x->lost);
		ld_sheet_tonnes(row, "closing_t", x->closing);
		ld_sheet_set(row, "adds", adds ? "yes 平" : "NO 不平");
	}
}

static enum ld_err report(struct ld_book *book, const char *party, const char *period,
			  int64_t from_ms, int64_t to_ms, struct ld_sheet *sheet)
{
	struct declaration d = {.party = party, .from_ms = from_ms, .to_ms = to_ms};
	const struct ld_replay_watch watch = {
	    .ctx = &d, .effect = at_effect, .entry = at_entry, .end = at_end};
	enum ld_err err;

	d.of = calloc(MAX_CODES, sizeof(*d.of));
	if (d.of == NULL)
		return LD_ERR_NOMEM;
	err = ld_sheet_new(sheet, ld_declaration_columns, ld_declaration_n);
	if (err == LD_OK)
		err = ld_book_replay(book, ld_book_size(book), &watch);
	if (err == LD_OK)
		fill(&d, period, sheet);
	free(d.of);
	return err;
}

static enum ld_err ledger(struct ld_book *book, struct ld_hj *h, struct ld_sheet *sheet)
{
	const struct ld_replay_watch watch = {.ctx = h, .effect = ld_hj_effect};
	size_t n;
	const struct ld_column *columns = ld_hj_columns(h->table, &n);
	enum ld_err err = ld_sheet_new(sheet, columns, n);

	h->sheet = sheet;
	return err == LD_OK ? ld_book_replay(book, ld_book_size(book), &watch) : err;
}

int ld_cmd_declare(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "declare");
	const char *dir = NULL, *anchor = NULL, *party = NULL, *period = NULL, *from = NULL,
		   *to = NULL;
	bool bom = false;
	struct ld_hj h = {.from_ms = 0, .to_ms = INT64_MAX};
	struct ld_sheet sheet = {0};
	struct ld_book book;
	const struct ld_opt opts[] = {
	    {"dir", LD_OPT_TEXT, &dir},	    {"anchor", LD_OPT_TEXT, &anchor},
	    {"party", LD_OPT_TEXT, &party}, {"period", LD_OPT_TEXT, &period},
	    {"from", LD_OPT_TEXT, &from},   {"to", LD_OPT_TEXT, &to},
	    {"excel", LD_OPT_FLAG, &bom},   {NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;

	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc != 2 || dir == NULL || party == NULL)
		return ld_usage(command, "declare TABLE --party P --dir DIR");
	const bool totals = strcmp(argv[1], "report") == 0;
	h.party = party;
	h.table = ld_hj_table_of(argv[1]);
	if (!totals && h.table == LD_HJ_TABLES)
		return ld_usage(command, "no such table: %s", argv[1]);
	if (period != NULL && !ld_period(period, &h.from_ms, &h.to_ms))
		return ld_usage(command, "a period is 2026-11, 2026-Q4 or 2026, not %s", period);
	if ((from != NULL && !ld_when(from, &h.from_ms)) || (to != NULL && !ld_when(to, &h.to_ms)))
		return ld_usage(command,
				"a time is 2026-11-25, 2026-11-25T07:30 (UTC+8) or milliseconds");
	if (totals && period == NULL)
		return ld_usage(command, "a report needs --period");
	code = ld_book_open(cli, dir, anchor, &book);
	if (code != LD_EXIT_DONE)
		return code;
	enum ld_err err = totals ? report(&book, party, period, h.from_ms, h.to_ms, &sheet)
				 : ledger(&book, &h, &sheet);
	if (err != LD_OK)
		code = ld_fail(cli, "liandan ledger audit DIR", "the ledger cannot be read: %s",
			       ld_err_text(err));
	else
		ld_sheet_print(&sheet, stdout, cli->json, bom);
	ld_sheet_free(&sheet);
	ld_book_close(&book);
	return code;
}
