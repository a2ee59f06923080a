/* balance: opening + generated + received - treated - shipped - lost = in stock, for a period. */
#include <inttypes.h>
#include <string.h>

#include "deploy/cli/balance.h"
#include "deploy/cli/declare.h"

static const struct ld_column columns[] = {
    {"row", "行"},
    {"party", "单位"},
    {"site", "场所"},
    {"code", "废物代码"},
    {"opening_g", "期初(克)"},
    {"generated_g", "产生"},
    {"received_g", "接收"},
    {"treated_g", "利用处置"},
    {"shipped_g", "转出"},
    {"lost_g", "损耗及盘差"},
    {"in_stock_g", "结存"},
    {"difference_g", "差额"},
    {"bound_g", "已封单散装"},
    {"contained_g", "其中容器(账)"},
    {"containers_g", "其中容器(实)"},
    {"adds", "平衡"},
    {"step", "环节"},
    {"what", "批次/联单"},
    {"entry", "账本序号"},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* ---- rows ---- */

static void figures(cJSON *row, const struct ld_balance_line *l)
{
	ld_sheet_set(row, "code", l->code);
	ld_sheet_number(row, "opening_g", l->opening_g);
	ld_sheet_number(row, "generated_g", l->generated_g);
	ld_sheet_number(row, "received_g", l->received_g);
	ld_sheet_number(row, "treated_g", l->treated_g);
	ld_sheet_number(row, "shipped_g", l->shipped_g);
	ld_sheet_number(row, "lost_g", l->lost_g);
	ld_sheet_number(row, "in_stock_g", l->in_stock_g);
	ld_sheet_number(row, "difference_g", ld_balance_difference_g(l));
	ld_sheet_number(row, "bound_g", l->bound_g);
	ld_sheet_number(row, "contained_g", l->contained_g);
	ld_sheet_number(row, "containers_g", l->containers_g);
	ld_sheet_set(row, "adds", ld_balance_adds(l) ? "yes 平" : "NO 不平");
	if (l->entry != 0)
		ld_sheet_number(row, "entry", (int64_t)l->entry);
}

static cJSON *row_of(struct ld_sheet *s, const char *kind)
{
	cJSON *row = ld_sheet_row(s);

	ld_sheet_set(row, "row", kind);
	return row;
}

static void lines(const struct ld_balance *b, struct ld_sheet *s)
{
	for (size_t i = 0; i < b->n; i++) {
		cJSON *row = row_of(s, "line 明细");

		ld_sheet_set(row, "party", b->line[i].party);
		ld_sheet_set(row, "site", b->line[i].site);
		figures(row, &b->line[i]);
	}
}

/* Of each code, in the order in which codes appear; then of all. */
static void totals(const struct ld_balance *b, struct ld_sheet *s)
{
	struct ld_balance_line all = {.code = "*"};

	for (size_t i = 0; i < b->n; i++) {
		struct ld_balance_line sum = {.entry = 0};
		bool before = false;

		for (size_t k = 0; k < i && !before; k++)
			before = strcmp(b->line[k].code, b->line[i].code) == 0;
		if (before)
			continue;
		memcpy(sum.code, b->line[i].code, sizeof sum.code);
		for (size_t k = i; k < b->n; k++)
			if (strcmp(b->line[k].code, b->line[i].code) == 0)
				ld_balance_sum(&sum, &b->line[k]);
		figures(row_of(s, "total 合计"), &sum);
		ld_balance_sum(&all, &sum);
	}
	if (b->n != 0)
		figures(row_of(s, "total 合计"), &all);
}

static void gaps(const struct ld_balance *b, struct ld_sheet *s)
{
	static const struct {
		const char *step, *adds;
	} words[] = {
	    [LD_BALANCE_BATCH] = {"batch 利用处置/换包装", "NO 不平"},
	    [LD_BALANCE_ROAD] = {"road 运输损耗", "loss 损耗"},
	    [LD_BALANCE_WAY] = {"way 在途", "open 未结"},
	};

	for (size_t i = 0; i < b->n_gaps; i++) {
		const struct ld_balance_gap *g = &b->gap[i];
		cJSON *row = row_of(s, "difference 差额");

		ld_sheet_set(row, "party", g->party);
		ld_sheet_set(row, "site", g->site);
		ld_sheet_set(row, "code", g->code);
		ld_sheet_number(row, "difference_g", g->mass_g);
		ld_sheet_set(row, "adds", words[g->step].adds);
		ld_sheet_set(row, "step", words[g->step].step);
		ld_sheet_set(row, "what", g->what);
		ld_sheet_number(row, "entry", (int64_t)g->entry);
	}
}

/* ---- telling it ---- */

static void when(int64_t ms, const char *open, char out[24])
{
	if (ms == 0 || ms == INT64_MAX)
		snprintf(out, 24, "%s", open);
	else
		ld_time_text(ms, out);
}

static void print_json(const struct ld_balance *b, const char *region, struct ld_sheet *of)
{
	static const char *const names[] = {"lines", "totals", "differences"};
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "region", region);
	ld_json_i64(o, "first", (int64_t)b->first);
	ld_json_i64(o, "last", (int64_t)b->last);
	for (size_t i = 0; i < 3; i++) {
		cJSON *row;

		cJSON_ArrayForEach(row, of[i].rows) for (size_t k = 0; k < COLUMNS; k++)
		{
			const cJSON *cell = cJSON_GetObjectItemCaseSensitive(row, columns[k].key);

			if (k == 0 || *cJSON_GetStringValue(cell) == '\0')
				cJSON_DeleteItemFromObjectCaseSensitive(row, columns[k].key);
		}
		cJSON_AddItemToObject(o, names[i], of[i].rows);
		of[i].rows = NULL;
	}
	cJSON_AddBoolToObject(o, "adds", ld_balance_all_add(b));
	ld_print_json(o);
}

/* What says nothing to a person is left out: which table it is, and what the containers hold where
 * it is what the book has. */
static void quiet(const struct ld_sheet *s)
{
	cJSON *row;

	cJSON_ArrayForEach(row, s->rows)
	{
		const cJSON *book = cJSON_GetObjectItemCaseSensitive(row, "contained_g");
		const cJSON *there = cJSON_GetObjectItemCaseSensitive(row, "containers_g");

		ld_sheet_set(row, "row", "");
		if (strcmp(cJSON_GetStringValue(book), cJSON_GetStringValue(there)) == 0)
			ld_sheet_set(row, "containers_g", "");
	}
}

static void print_text(const struct ld_balance *b, const char *region, const struct ld_sheet *of)
{
	char from[24], to[24];

	when(b->from_ms, "the beginning 开账", from);
	when(b->to_ms, "now 至今", to);
	printf("balance 物料平衡 of %s, from %s to %s: entries 账本 %" PRIu64 " to %" PRIu64
	       " (exclusive), grams 克\n",
	       region, from, to, b->first, b->last);
	printf("opening 期初 + generated 产生 + received 接收 - treated 利用处置 - shipped 转出 - "
	       "lost 损耗 = in stock 结存\n\n");
	if (b->n == 0)
		printf("nothing is booked 无账目\n");
	for (size_t i = 0; i < 3; i++)
		if (cJSON_GetArraySize(of[i].rows) != 0) {
			if (i == 1)
				printf("\ntotals 合计 (* = all codes 全部代码)\n");
			else if (i == 2)
				printf("\ndifferences 差额: batch 利用处置/换包装 = inputs - "
				       "outputs - loss; road 运输损耗 = taken - accepted; way 在途 "
				       "= on the way at the end\n");
			quiet(&of[i]);
			ld_sheet_text(&of[i], stdout);
		}
	printf("\n%s\n",
	       ld_balance_all_add(b) ? "every line adds 全部平衡" : "NOT ALL LINES ADD 存在不平");
}

/* One table: the rows of all three, told apart by the first column. */
static void print_csv(struct ld_sheet *of, bool bom)
{
	for (size_t i = 1; i < 3; i++)
		while (cJSON_GetArraySize(of[i].rows) != 0)
			cJSON_AddItemToArray(of[0].rows, cJSON_DetachItemFromArray(of[i].rows, 0));
	ld_sheet_print(&of[0], stdout, false, bom);
}

static int tell(struct ld_cli *cli, const struct ld_balance *b, const char *region, bool csv,
		bool bom)
{
	struct ld_sheet of[3] = {{0}};
	int code = ld_balance_all_add(b) ? LD_EXIT_DONE : LD_EXIT_REFUSED;

	for (size_t i = 0; i < 3; i++)
		if (ld_sheet_new(&of[i], columns, COLUMNS) != LD_OK)
			code = ld_fail(cli, NULL, "out of memory");
	if (code != LD_EXIT_FAILED) {
		lines(b, &of[0]);
		totals(b, &of[1]);
		gaps(b, &of[2]);
		if (cli->json)
			print_json(b, region, of);
		else if (csv)
			print_csv(of, bom);
		else
			print_text(b, region, of);
	}
	for (size_t i = 0; i < 3; i++)
		ld_sheet_free(&of[i]);
	return code;
}

int ld_cmd_balance(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "balance");
	const char *anchor = NULL, *from = NULL, *to = NULL;
	int64_t at = -1;
	bool csv = false, bom = false;
	struct ld_balance b = {.from_ms = 0, .to_ms = INT64_MAX};
	struct ld_book book;
	const struct ld_opt opts[] = {
	    {"anchor", LD_OPT_TEXT, &anchor}, {"party", LD_OPT_TEXT, &b.party},
	    {"site", LD_OPT_TEXT, &b.site},   {"code", LD_OPT_TEXT, &b.code},
	    {"from", LD_OPT_TEXT, &from},     {"to", LD_OPT_TEXT, &to},
	    {"at", LD_OPT_INT, &at},	      {"csv", LD_OPT_FLAG, &csv},
	    {"excel", LD_OPT_FLAG, &bom},     {NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;

	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc != 2)
		return ld_usage(command, "balance DIR");
	if (cli->json && csv)
		return ld_usage(command, "--json or --csv, not both");
	if ((from != NULL && !ld_when(from, &b.from_ms)) || (to != NULL && !ld_when(to, &b.to_ms)))
		return ld_usage(command,
				"a time is 2026-11-25, 2026-11-25T07:30 (UTC+8) or milliseconds");
	if (b.from_ms > b.to_ms)
		return ld_usage(command, "the period ends before it begins");
	code = ld_book_open(cli, argv[1], anchor, &book);
	if (code != LD_EXIT_DONE)
		return code;
	const uint64_t size = ld_book_size(&book);
	enum ld_err err = LD_OK;

	b.upto = at < 0 ? size : (uint64_t)at;
	if (b.upto > size)
		code = ld_fail(cli, "give an index up to that",
			       "the ledger has %" PRIu64 " entries", size);
	else if ((err = ld_balance_read(&book, &b)) != LD_OK)
		code = ld_fail(cli, "liandan ledger audit DIR", "the ledger cannot be read: %s",
			       ld_err_text(err));
	else
		code = tell(cli, &b, book.region, csv, bom);
	ld_balance_free(&b);
	ld_book_close(&book);
	return code;
}
