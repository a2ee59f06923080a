/* 更正: what amendments of manifests have changed in a party's books, so that the rows of its other
 * ledgers, which stay as they were, and these add up to them. CUSTODY-20. */
#include <string.h>

#include "deploy/cli/declare_rows.h"
#include "plugin/custody/amend.h"
#include "plugin/custody/tables.h"

const struct ld_column ld_hj_amended_columns[LD_HJ_AMENDED_N] = {
    {"time", "时间"},
    {"manifest", "联单"},
    {"number", "联单编号"},
    {"version", "联单版本"},
    {"reason", "更正原因"},
    {"site", "场所"},
    {"category", "废物类别"},
    {"code", "废物代码"},
    {"generated_t", "产生量更正(吨)"},
    {"received_t", "接收量更正(吨)"},
    {"outsourced_t", "委外量更正(吨)"},
    {"entry", "账本序号"},
};

/* Of the event's own proposal, or of the one that it agrees to. */
static Liandan__AmendmentReason reason_of(const struct ld_fact *f, const Custody__Manifest *m)
{
	return f->event->body_case == LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED
		   ? f->event->amendment_proposed->reason
		   : m->proposal->reason;
}

static void row_of(const struct ld_hj *h, const struct ld_effect *e, const Custody__Manifest *m,
		   const struct ld_amend_book *b)
{
	cJSON *row = ld_sheet_row(h->sheet);
	const char *hex = ld_c_hex(e->before, m->manifest);

	ld_sheet_time(row, "time", e->fact->event->occurred_at_ms);
	ld_sheet_set(row, "manifest", hex != NULL ? hex : "");
	ld_sheet_set(row, "number", m->number);
	ld_sheet_number(row, "version", (int64_t)m->version + 1);
	ld_hj_enum(row, "reason", &liandan__amendment_reason__descriptor,
		   (int)reason_of(e->fact, m), "AMENDMENT_REASON_");
	ld_sheet_set(row, "site", b->site);
	ld_hj_code(row, b->code);
	ld_sheet_tonnes(row, "generated_t", b->b.generated_g);
	ld_sheet_tonnes(row, "received_t", b->b.received_g);
	ld_sheet_tonnes(row, "outsourced_t", b->b.shipped_g);
	ld_hj_finish(row, e);
}

void ld_hj_amended(const struct ld_hj *h, const struct ld_effect *e)
{
	struct ld_custody *c = e->before;
	const size_t mark = ld_mark(c);
	struct ld_amend_changes all = {NULL, 0};
	struct ld_amend_plan *p;
	ProtobufCBinaryData id;
	Custody__Manifest *m;

	if (!ld_hj_in_period(h, e->fact->event->occurred_at_ms))
		return;
	if (ld_manifests_of(e->fact->event, &id, 1) != 0 && ld_manifest_get(c, id, &m) == LD_OK)
		all = ld_amend_effect_of(c, e->fact, m);
	if (all.n != 0 && ld_amend_plan(c, m, all.ch, all.n, &p) == LD_OK)
		for (size_t i = 0; i < p->n_books; i++) {
			const struct ld_booking *b = &p->book[i].b;

			if (strcmp(p->book[i].party, h->party) == 0 &&
			    (b->generated_g | b->received_g | b->shipped_g) != 0)
				row_of(h, e, m, &p->book[i]);
		}
	ld_release(c, mark);
}
