/* What no table of HJ 1259-2022 has and its balance needs: repackings, counts, losses. */
#include <string.h>

#include "deploy/cli/declare_rows.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/stock.h"
#include "plugin/custody/tables.h"
#include "proto/base64.h"

const struct ld_column ld_hj_repacked_columns[LD_HJ_REPACKED_N] = {
    {"batch", "换包装批次"},
    {"time", "时间"},
    {"site", "场所"},
    {"side", "方向"},
    {"container", "容器/包装编码"},
    {"category", "废物类别"},
    {"code", "废物代码"},
    {"mass_t", "数量(吨)"},
    {"manifest", "联单"},
    {"entry", "账本序号"},
};
const struct ld_column ld_hj_counted_columns[LD_HJ_COUNTED_N] = {
    {"time", "盘点时间"},	  {"site", "场所"},	  {"category", "废物类别"},
    {"code", "废物代码"},	  {"book_t", "账面(吨)"}, {"counted_t", "实盘(吨)"},
    {"difference_t", "盘差(吨)"}, {"method", "盘点方式"}, {"tickets", "磅单"},
    {"counted_by", "盘点人"},	  {"entry", "账本序号"},
};
const struct ld_column ld_hj_lost_columns[LD_HJ_LOST_N] = {
    {"time", "时间"},	       {"subject_kind", "对象类型"},
    {"subject", "对象"},       {"site", "场所"},
    {"category", "废物类别"},  {"code", "废物代码"},
    {"mass_t", "损耗(吨)"},    {"cause", "原因"},
    {"report_no", "报告编号"}, {"entry", "账本序号"},
};

/* ---- 换包装 ---- */

static cJSON *repack_row(const struct ld_hj *h, const struct ld_effect *e, const char *side)
{
	const Liandan__StockRepacked *b = e->fact->event->stock_repacked;
	cJSON *row = ld_sheet_row(h->sheet);

	ld_sheet_set(row, "batch", b->batch);
	ld_sheet_time(row, "time", e->fact->event->occurred_at_ms);
	ld_sheet_set(row, "site", b->site);
	ld_sheet_set(row, "side", side);
	ld_hj_finish(row, e);
	return row;
}

struct repacked_bulk {
	const struct ld_hj *h;
	const struct ld_effect *e;
	ProtobufCBinaryData manifest;
};

static enum ld_err bulk_row(void *ctx, const char *code, int64_t mass_g)
{
	const struct repacked_bulk *b = ctx;
	cJSON *row = repack_row(b->h, b->e, "in 投入");
	char hex[2 * LD_UUID_BYTES + 1];

	ld_hex_encode(b->manifest.data, b->manifest.len, hex);
	ld_hj_code(row, code);
	ld_sheet_tonnes(row, "mass_t", mass_g);
	ld_sheet_set(row, "manifest", hex);
	return LD_OK;
}

static void input_row(const struct ld_hj *h, const struct ld_effect *e,
		      const Liandan__RepackInput *in)
{
	struct ld_custody *c = e->before;
	const size_t mark = ld_mark(c);
	Custody__Container *k;
	Custody__Manifest *m;
	cJSON *row;

	if (in->container[0] == '\0' && ld_manifest_get(c, in->manifest, &m) == LD_OK) {
		/* whose codes the engine books it under */
		struct repacked_bulk bulk = {h, e, in->manifest};

		(void)ld_manifest_bulk_take(m, in->mass_g, bulk_row, &bulk);
		ld_release(c, mark);
		return;
	}
	row = repack_row(h, e, "in 投入");
	ld_hj_code(row, in->code);
	if (in->container[0] != '\0' && ld_container_get(c, in->container, &k) == LD_OK)
		ld_hj_code(row, k->code);
	ld_sheet_set(row, "container", in->container);
	ld_sheet_tonnes(row, "mass_t", in->mass_g);
	ld_release(c, mark);
}

void ld_hj_repacked(const struct ld_hj *h, const struct ld_effect *e)
{
	const Liandan__StockRepacked *b = e->fact->event->stock_repacked;

	if (!ld_hj_in_period(h, e->fact->event->occurred_at_ms) ||
	    !ld_hj_site_is(e->before, b->site, e, h->party))
		return;
	for (size_t i = 0; i < b->n_inputs; i++)
		input_row(h, e, b->inputs[i]);
	for (size_t i = 0; i < b->n_outputs; i++) {
		cJSON *row = repack_row(h, e, "out 产出");

		ld_sheet_set(row, "container", b->outputs[i]->container);
		if (b->outputs[i]->line != NULL)
			ld_hj_code(row, b->outputs[i]->line->code);
		ld_sheet_tonnes(row, "mass_t", ld_line_declared_g(b->outputs[i]->line));
	}
	if (b->loss_g != 0)
		ld_sheet_tonnes(repack_row(h, e, "loss 损耗"), "mass_t", b->loss_g);
}

/* ---- 盘点 ---- */

void ld_hj_counted(const struct ld_hj *h, const struct ld_effect *e)
{
	const Liandan__StockCounted *b = e->fact->event->stock_counted;
	int64_t book_g = 0;
	Custody__Stock *s;
	cJSON *row;

	if (!ld_hj_in_period(h, e->fact->event->occurred_at_ms) ||
	    !ld_hj_site_is(e->before, b->site, e, h->party))
		return;
	if (ld_stock_get(e->before, h->party, b->site, b->code, &s) == LD_OK)
		book_g = s->in_stock_g;
	row = ld_sheet_row(h->sheet);
	ld_sheet_time(row, "time", e->fact->event->occurred_at_ms);
	ld_sheet_set(row, "site", b->site);
	ld_hj_code(row, b->code);
	ld_sheet_tonnes(row, "book_t", book_g);
	ld_sheet_tonnes(row, "counted_t", b->counted_g);
	ld_sheet_tonnes(row, "difference_t", ld_sub_g(b->counted_g, book_g));
	ld_hj_enum(row, "method", &liandan__count_method__descriptor, (int)b->method,
		   "COUNT_METHOD_");
	for (size_t i = 0; i < b->n_tickets; i++) {
		char hex[2 * LD_UUID_BYTES + 1];

		if (b->tickets[i].len != LD_UUID_BYTES)
			continue;
		ld_hex_encode(b->tickets[i].data, b->tickets[i].len, hex);
		ld_sheet_add(row, "tickets", hex);
	}
	ld_sheet_set(row, "counted_by", e->fact->signer->subject_id);
	ld_hj_finish(row, e);
}

/* ---- 损耗 ---- */

/* Whose stock it is taken from, and where that is; of a manifest on the way: nobody's stock. */
static bool loss_of(struct ld_custody *c, const struct ld_effect *e, const char **party,
		    const char **site, const char **code)
{
	const Liandan__LossRecorded *b = e->fact->event->loss_recorded;
	Custody__Container *k;
	Custody__Site *s;

	*code = b->code;
	if (b->subject_kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER) {
		if (ld_container_get(c, b->subject, &k) != LD_OK)
			return false;
		*party = k->party;
		*site = k->site;
		*code = k->code;
		return true;
	}
	if (b->subject_kind != LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE)
		return false;
	*site = b->subject;
	*party = e->fact->signer->party;
	if (ld_site_get(c, b->subject, &s) == LD_OK)
		*party = s->registered->party;
	return true;
}

void ld_hj_lost(const struct ld_hj *h, const struct ld_effect *e)
{
	const Liandan__LossRecorded *b = e->fact->event->loss_recorded;
	const char *party, *site, *code;
	cJSON *row;

	if (!ld_hj_in_period(h, e->fact->event->occurred_at_ms) ||
	    !loss_of(e->before, e, &party, &site, &code) || strcmp(party, h->party) != 0)
		return;
	row = ld_sheet_row(h->sheet);
	ld_sheet_time(row, "time", e->fact->event->occurred_at_ms);
	ld_hj_enum(row, "subject_kind", &liandan__subject_kind__descriptor, (int)b->subject_kind,
		   "SUBJECT_KIND_");
	ld_sheet_set(row, "subject", b->subject);
	ld_sheet_set(row, "site", site);
	ld_hj_code(row, code);
	ld_sheet_tonnes(row, "mass_t", b->mass_g);
	ld_hj_enum(row, "cause", &liandan__loss_cause__descriptor, (int)b->cause, "LOSS_CAUSE_");
	ld_sheet_set(row, "report_no", b->report_no);
	ld_hj_finish(row, e);
}
