/* declare: the ledgers and declarations of HJ 1259-2022 as CSV or JSON. */
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/balance.h"
#include "deploy/cli/declare.h"
#include "plugin/custody/delegation.h"
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

/* 自行利用 is R, 自行处置 is D: the books call both treated. What one treatment moved stands in the
 * books before and after it, so that its codes are those that were booked. */
struct code_g {
	char code[LD_MAX_ID_BYTES + 1];
	int64_t treated_g; /* before the treatment at hand */
	int64_t used_g;	   /* of the period */
};

struct own_use {
	const char *party;
	int64_t from_ms, to_ms;
	struct code_g *of;
	size_t n, room;
	bool pending; /* the books before a recovery were taken, those after it not yet */
	enum ld_err err;
	int sign; /* of the walk at hand: 0 takes the books before, 1 adds what has been moved */
};

static struct code_g *code_of(struct own_use *u, const char *code)
{
	for (size_t i = 0; i < u->n; i++)
		if (strcmp(u->of[i].code, code) == 0)
			return &u->of[i];
	if (u->n == u->room) {
		const size_t room = u->room != 0 ? 2 * u->room : 64;
		struct code_g *more = realloc(u->of, room * sizeof(*more));

		if (more == NULL)
			return NULL;
		u->of = more;
		u->room = room;
	}
	memset(&u->of[u->n], 0, sizeof(u->of[u->n]));
	snprintf(u->of[u->n].code, sizeof(u->of[u->n].code), "%s", code);
	return &u->of[u->n++];
}

static int one_stock(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct own_use *u = ctx;
	Custody__Stock *s = custody__stock__unpack(NULL, len, value);
	struct code_g *x = s != NULL ? code_of(u, s->code) : NULL;

	(void)key, (void)key_len;
	if (x == NULL)
		u->err = LD_ERR_NOMEM;
	else
		x->treated_g = u->sign == 0 ? ld_add_g(x->treated_g, s->treated_g)
					    : ld_sub_g(x->treated_g, s->treated_g);
	custody__stock__free_unpacked(s, NULL);
	return u->err != LD_OK;
}

static void books(struct own_use *u, struct ld_custody *c, int sign)
{
	struct ld_tkey k;

	u->sign = sign;
	ld_tkey_init(&k);
	ld_tkey_str(&k, u->party);
	ld_state_walk(c->state, LD_T_STOCK, k.b, k.len, NULL, 0, one_stock, u, NULL);
}

/* The books after the recovery that was seen last. */
static void settle(struct own_use *u, struct ld_custody *c)
{
	if (!u->pending)
		return;
	u->pending = false;
	books(u, c, 1);
	for (size_t i = 0; i < u->n; i++) {
		u->of[i].used_g = ld_sub_g(u->of[i].used_g, u->of[i].treated_g);
		u->of[i].treated_g = 0;
	}
}

static int at_entry(void *ctx, struct ld_custody *before, uint64_t index,
		    const Liandan__Entry *entry)
{
	(void)index, (void)entry;
	settle(ctx, before);
	return 0;
}

static int at_effect(void *ctx, const struct ld_effect *e)
{
	struct own_use *u = ctx;
	const Liandan__Event *event = e->fact->event;

	if (event->body_case != LIANDAN__EVENT__BODY_WASTE_TREATED ||
	    e->recorded_at_ms < u->from_ms || e->recorded_at_ms >= u->to_ms ||
	    strcmp(ld_acts_for(e->before, e->fact), u->party) != 0 ||
	    event->waste_treated->mode[0] != 'R')
		return 0;
	books(u, e->before, 0);
	u->pending = true;
	return 0;
}

static void at_end(void *ctx, struct ld_custody *state)
{
	settle(ctx, state);
}

/* ---- the totals ---- */

static void fill(const struct ld_balance_line *x, struct own_use *u, const char *period,
		 struct ld_sheet *sheet)
{
	const struct code_g *own = code_of(u, x->code);
	const int64_t used_g = own != NULL ? own->used_g : 0;
	cJSON *row = ld_sheet_row(sheet);

	ld_sheet_set(row, "party", u->party);
	ld_sheet_set(row, "period", period);
	ld_sheet_set(row, "code", x->code);
	ld_sheet_tonnes(row, "opening_t", x->opening_g);
	ld_sheet_tonnes(row, "generated_t", x->generated_g);
	ld_sheet_tonnes(row, "received_t", x->received_g);
	ld_sheet_tonnes(row, "own_use_t", used_g);
	ld_sheet_tonnes(row, "own_disposal_t", ld_sub_g(x->treated_g, used_g));
	ld_sheet_tonnes(row, "outsourced_t", x->shipped_g);
	ld_sheet_tonnes(row, "loss_t", x->lost_g);
	ld_sheet_tonnes(row, "closing_t", x->in_stock_g);
	ld_sheet_set(row, "adds", ld_balance_adds(x) ? "yes 平" : "NO 不平");
}

static int by_code(const void *a, const void *b)
{
	const struct ld_balance_line *x = a, *y = b;

	return strcmp(x->code, y->code);
}

/* The party's lines of all its sites, one sum a code. */
static void sums(struct ld_balance *b, struct own_use *u, const char *period,
		 struct ld_sheet *sheet)
{
	if (b->n != 0)
		qsort(b->line, b->n, sizeof(*b->line), by_code);
	for (size_t i = 0; i < b->n;) {
		struct ld_balance_line sum = b->line[i++];

		while (i < b->n && strcmp(b->line[i].code, sum.code) == 0)
			ld_balance_sum(&sum, &b->line[i++]);
		fill(&sum, u, period, sheet);
	}
}

static enum ld_err report(struct ld_book *book, const char *party, const char *period,
			  int64_t from_ms, int64_t to_ms, struct ld_sheet *sheet)
{
	struct own_use u = {.party = party, .from_ms = from_ms, .to_ms = to_ms};
	const struct ld_replay_watch own = {
	    .ctx = &u, .effect = at_effect, .entry = at_entry, .end = at_end};
	struct ld_balance b = {.party = party,
			       .from_ms = from_ms,
			       .to_ms = to_ms,
			       .upto = ld_book_size(book),
			       .also = &own};
	enum ld_err err = ld_sheet_new(sheet, ld_declaration_columns, ld_declaration_n);

	if (err == LD_OK)
		err = ld_balance_read(book, &b);
	if (err == LD_OK)
		err = u.err;
	if (err == LD_OK)
		sums(&b, &u, period, sheet);
	ld_balance_free(&b);
	free(u.of);
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
