#include "deploy/cli/declare_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest.h"
#include "plugin/custody/part.h"
#include "plugin/custody/stock.h"
#include "plugin/custody/tables.h"
#include "plugin/custody/year.h"
#include "proto/base64.h"

/* ---- the tables ---- */

static const struct ld_column generated_columns[] = {
    {"batch", "产生批次"},
    {"time", "产生时间"},
    {"trade_name", "行业俗称/单位内部名称"},
    {"catalogue_name", "国家名录名称"},
    {"category", "废物类别"},
    {"code", "废物代码"},
    {"mass_t", "产生量(吨)"},
    {"container", "容器/包装编码"},
    {"package", "容器/包装类型"},
    {"count", "容器/包装数量"},
    {"facility", "产生设施编码"},
    {"operator", "产生部门经办人"},
    {"destination", "去向"},
    {"entry", "账本序号"},
};
static const struct ld_column stored_columns[] = {
    {"batch", "入库批次"},
    {"time", "入库时间"},
    {"containers", "容器/包装编码"},
    {"count", "容器/包装数量"},
    {"category", "废物类别"},
    {"code", "废物代码"},
    {"mass_t", "入库量(吨)"},
    {"storage", "贮存设施编码"},
    {"storage_kind", "贮存设施类型"},
    {"delivered_by", "运送部门经办人"},
    {"stored_by", "贮存部门经办人"},
    {"from_batches", "产生批次"},
    {"manifest", "联单"},
    {"entry", "账本序号"},
};
static const struct ld_column released_columns[] = {
    {"batch", "出库批次"},	{"time", "出库时间"},	      {"containers", "容器/包装编码"},
    {"count", "容器/包装数量"}, {"category", "废物类别"},     {"code", "废物代码"},
    {"mass_t", "出库量(吨)"},	{"storage", "贮存设施编码"},  {"released_by", "出库经办人"},
    {"moved_by", "运送经办人"}, {"from_batches", "入库批次"}, {"destination", "去向"},
    {"manifest", "联单"},	{"entry", "账本序号"},
};
static const struct ld_column own_columns[] = {
    {"batch", "自行利用/处置批次"}, {"started", "开始时间"},   {"ended", "结束时间"},
    {"facility", "设施编码"},	    {"mode", "利用/处置方式"}, {"containers", "容器/包装编码"},
    {"category", "废物类别"},	    {"code", "废物代码"},      {"mass_t", "利用/处置量(吨)"},
    {"from_batches", "来源批次"},   {"operator", "经办人"},    {"entry", "账本序号"},
};
static const struct ld_column outsourced_columns[] = {
    {"number", "联单编号"},	{"manifest", "联单标识"},
    {"time", "出厂时间"},	{"containers", "容器/包装编码"},
    {"count", "容器/包装数量"}, {"category", "废物类别"},
    {"code", "废物代码"},	{"mass_t", "委外量(吨)"},
    {"mode", "利用/处置方式"},	{"receiver_kind", "接收单位类型"},
    {"receiver", "接收单位"},	{"receiver_name", "接收单位名称"},
    {"licence", "许可证编码"},	{"carrier", "承运单位"},
    {"plate", "车牌号"},	{"entry", "账本序号"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
static const struct {
	const char *word;
	const struct ld_column *columns;
	size_t n;
} tables[LD_HJ_TABLES] = {
    [LD_HJ_GENERATED] = {"generated", generated_columns, COUNT(generated_columns)},
    [LD_HJ_STORED] = {"stored", stored_columns, COUNT(stored_columns)},
    [LD_HJ_RELEASED] = {"released", released_columns, COUNT(released_columns)},
    [LD_HJ_OWN] = {"own", own_columns, COUNT(own_columns)},
    [LD_HJ_OUTSOURCED] = {"outsourced", outsourced_columns, COUNT(outsourced_columns)},
    [LD_HJ_REPACKED] = {"repacked", ld_hj_repacked_columns, LD_HJ_REPACKED_N},
    [LD_HJ_COUNTED] = {"counted", ld_hj_counted_columns, LD_HJ_COUNTED_N},
    [LD_HJ_LOST] = {"lost", ld_hj_lost_columns, LD_HJ_LOST_N},
    [LD_HJ_AMENDED] = {"amended", ld_hj_amended_columns, LD_HJ_AMENDED_N},
};

enum ld_hj_table ld_hj_table_of(const char *word)
{
	size_t i = 0;

	while (i < LD_HJ_TABLES && strcmp(tables[i].word, word) != 0)
		i++;
	return (enum ld_hj_table)i;
}

const struct ld_column *ld_hj_columns(enum ld_hj_table table, size_t *n)
{
	*n = tables[table].n;
	return tables[table].columns;
}

/* 900-041-49 is of category HW49, 900-001-S17 of S17. */
void ld_hj_code(cJSON *row, const char *code)
{
	const char *dash = strrchr(code, '-');
	char text[LD_MAX_ID_BYTES + 3];

	ld_sheet_set(row, "code", code);
	if (dash == NULL)
		return;
	snprintf(text, sizeof(text), "%s%.60s", dash[1] == 'S' ? "" : "HW", dash + 1);
	ld_sheet_set(row, "category", text);
}

/* GENERATED for DESTINATION_STORE and the like: the word behind the enum's name. */
void ld_hj_enum(cJSON *row, const char *key, const ProtobufCEnumDescriptor *d, int value,
		const char *prefix)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);
	const size_t n = strlen(prefix);

	if (value != 0 && v != NULL)
		ld_sheet_set(row, key, strncmp(v->name, prefix, n) == 0 ? v->name + n : v->name);
}

bool ld_hj_in_period(const struct ld_hj *h, int64_t at_ms)
{
	return at_ms >= h->from_ms && at_ms < h->to_ms;
}

/* Whose stock a site's is: also where a delegate signs. */
bool ld_hj_site_is(struct ld_custody *c, const char *site, const struct ld_effect *e,
		   const char *party)
{
	Custody__Site *s;

	if (ld_site_get(c, site, &s) == LD_OK)
		return strcmp(s->registered->party, party) == 0;
	return strcmp(e->fact->signer->party, party) == 0;
}

void ld_hj_finish(cJSON *row, const struct ld_effect *e)
{
	ld_sheet_number(row, "entry", (int64_t)e->index);
}

static void generated(const struct ld_hj *h, const struct ld_effect *e)
{
	const Liandan__WasteGenerated *b = e->fact->event->waste_generated;
	const int64_t at = b->ended_ms != 0 ? b->ended_ms : e->fact->event->occurred_at_ms;
	cJSON *row;

	if (!ld_hj_in_period(h, at) || !ld_hj_site_is(e->before, b->site, e, h->party) ||
	    (row = ld_sheet_row(h->sheet)) == NULL)
		return;
	ld_sheet_set(row, "batch", b->batch);
	ld_sheet_time(row, "time", at);
	ld_sheet_set(row, "trade_name", b->line->trade_name);
	ld_sheet_set(row, "catalogue_name", b->line->catalogue_name);
	ld_hj_code(row, b->line->code);
	ld_sheet_tonnes(row, "mass_t", ld_line_declared_g(b->line));
	ld_sheet_set(row, "container", b->container);
	ld_hj_enum(row, "package", &liandan__package__descriptor, (int)b->line->package,
		   "PACKAGE_");
	if (b->line->count != 0)
		ld_sheet_number(row, "count", b->line->count);
	ld_sheet_set(row, "facility", b->facility);
	ld_sheet_set(row, "operator", b->operator_);
	ld_hj_enum(row, "destination", &liandan__destination__descriptor, (int)b->destination,
		   "DESTINATION_");
	ld_hj_finish(row, e);
}

/* What items hold, by the state before: a container's own mass and code, a bulk item's as it says.
 * One row for each code, in the order in which codes appear. */
struct portion {
	char code[LD_MAX_ID_BYTES + 1];
	cJSON *row;
	int64_t g, count;
};
struct portions {
	struct ld_sheet *sheet;
	struct portion *of; /* freed with each_done */
	size_t n;
};

static struct portion *portion_of(struct portions *p, const char *code)
{
	struct portion *x;

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->of[i].code, code) == 0)
			return &p->of[i];
	x = realloc(p->of, (p->n + 1) * sizeof(*x));
	if (x == NULL)
		return NULL;
	p->of = x;
	x = &p->of[p->n];
	memset(x, 0, sizeof(*x));
	snprintf(x->code, sizeof(x->code), "%s", code);
	x->row = ld_sheet_row(p->sheet);
	if (x->row == NULL)
		return NULL;
	ld_hj_code(x->row, code);
	p->n++;
	return x;
}

static void portion_add(struct portions *p, const char *code, const char *container, int64_t g)
{
	struct portion *x = portion_of(p, code);

	if (x == NULL)
		return;
	x->g = ld_add_g(x->g, g);
	x->count += container[0] != '\0';
	ld_sheet_add(x->row, "containers", container);
}

static void items_in(struct portions *p, const struct ld_effect *e, Liandan__Item *const *items,
		     size_t n, ProtobufCBinaryData manifest, char *const *from_batches,
		     size_t n_from)
{
	struct ld_custody *c = e->before;

	for (size_t i = 0; i < n; i++) {
		size_t mark = ld_mark(c);
		Custody__Container *k;
		Custody__Manifest *m = NULL;
		Custody__Batch *b;
		const char *code = "";
		int64_t g = items[i]->mass_g;

		if (items[i]->container[0] != '\0' &&
		    ld_container_get(c, items[i]->container, &k) == LD_OK) {
			code = k->code;
			g = k->mass_g;
		} else if (manifest.len != 0 && ld_manifest_get(c, manifest, &m) == LD_OK) {
			const Liandan__Line *line = ld_manifest_line(m, items[i]->line);

			code = line != NULL		  ? line->code
			       : m->created->n_lines == 1 ? m->created->lines[0]->code
							  : "";
		} else if (n_from != 0 &&
			   ld_batch_get(c, e->fact->signer->party, from_batches[0], &b) == LD_OK) {
			code = b->code;
		}
		portion_add(p, code, items[i]->container, g);
		ld_release(c, mark);
	}
}

static void each(struct portions *p, const char *key, const char *text)
{
	for (size_t i = 0; i < p->n; i++)
		ld_sheet_set(p->of[i].row, key, text);
}

static void each_list(struct portions *p, const char *key, char *const *list, size_t n)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < n; k++)
			ld_sheet_add(p->of[i].row, key, list[k]);
}

static void each_done(struct portions *p, const struct ld_effect *e, const char *time_key,
		      int64_t at_ms)
{
	for (size_t i = 0; i < p->n; i++) {
		ld_sheet_tonnes(p->of[i].row, "mass_t", p->of[i].g);
		if (p->of[i].count != 0)
			ld_sheet_number(p->of[i].row, "count", p->of[i].count);
		ld_sheet_time(p->of[i].row, time_key, at_ms);
		ld_hj_finish(p->of[i].row, e);
	}
	free(p->of);
	p->of = NULL;
	p->n = 0;
}

static void set_manifest(struct portions *p, ProtobufCBinaryData manifest)
{
	char hex[2 * LD_UUID_BYTES + 1];

	if (manifest.len != LD_UUID_BYTES)
		return;
	ld_hex_encode(manifest.data, manifest.len, hex);
	each(p, "manifest", hex);
}

static void stored(const struct ld_hj *h, const struct ld_effect *e)
{
	const Liandan__ContainerStored *b = e->fact->event->container_stored;
	struct portions p = {.sheet = h->sheet};

	if (!ld_hj_in_period(h, e->fact->event->occurred_at_ms) ||
	    !ld_hj_site_is(e->before, b->site, e, h->party))
		return;
	items_in(&p, e, b->items, b->n_items, b->manifest, b->from_batches, b->n_from_batches);
	each(&p, "batch", b->batch);
	each(&p, "storage", b->storage);
	each(&p, "delivered_by", b->delivered_by);
	each(&p, "stored_by", b->stored_by);
	each_list(&p, "from_batches", b->from_batches, b->n_from_batches);
	for (size_t i = 0; i < p.n; i++)
		ld_hj_enum(p.of[i].row, "storage_kind", &liandan__storage_kind__descriptor,
			   (int)b->storage_kind, "STORAGE_KIND_");
	set_manifest(&p, b->manifest);
	each_done(&p, e, "time", e->fact->event->occurred_at_ms);
}

static void released(const struct ld_hj *h, const struct ld_effect *e)
{
	const Liandan__ContainerReleased *b = e->fact->event->container_released;
	struct portions p = {.sheet = h->sheet};

	if (!ld_hj_in_period(h, e->fact->event->occurred_at_ms) ||
	    !ld_hj_site_is(e->before, b->site, e, h->party))
		return;
	items_in(&p, e, b->items, b->n_items, b->manifest, b->from_batches, b->n_from_batches);
	each(&p, "batch", b->batch);
	each(&p, "storage", b->storage);
	each(&p, "released_by", b->released_by);
	each(&p, "moved_by", b->moved_by);
	each_list(&p, "from_batches", b->from_batches, b->n_from_batches);
	for (size_t i = 0; i < p.n; i++)
		ld_hj_enum(p.of[i].row, "destination", &liandan__destination__descriptor,
			   (int)b->destination, "DESTINATION_");
	set_manifest(&p, b->manifest);
	each_done(&p, e, "time", e->fact->event->occurred_at_ms);
}

struct own_bulk {
	struct portions *p;
	const char *from; /* the manifest, in hex */
};

static enum ld_err own_bulk_of(void *ctx, const char *code, int64_t mass_g)
{
	const struct own_bulk *b = ctx;

	portion_add(b->p, code, "", mass_g);
	if (b->from != NULL && portion_of(b->p, code) != NULL)
		ld_sheet_add(portion_of(b->p, code)->row, "from_batches", b->from);
	return LD_OK;
}

static void own_input(struct portions *p, const struct ld_effect *e,
		      const Liandan__TreatmentInput *in)
{
	struct ld_custody *c = e->before;
	size_t mark = ld_mark(c);
	Custody__Container *k;
	Custody__Manifest *m;
	Custody__Batch *b;
	const char *code = "", *from = in->batch;

	if (in->container[0] == '\0' && in->manifest.len != 0 &&
	    ld_manifest_get(c, in->manifest, &m) == LD_OK) {
		/* whose codes the engine books it under */
		struct own_bulk bulk = {.p = p, .from = ld_c_hex(c, in->manifest)};

		(void)ld_manifest_bulk_take(m, in->mass_g, own_bulk_of, &bulk);
		ld_release(c, mark);
		return;
	}
	if (in->container[0] != '\0' && ld_container_get(c, in->container, &k) == LD_OK) {
		code = k->code;
		from = k->batch;
	} else if (ld_batch_get(c, e->fact->signer->party, in->batch, &b) == LD_OK) {
		code = b->code;
	}
	portion_add(p, code, in->container, in->mass_g);
	if (p->n != 0 && from != NULL && portion_of(p, code) != NULL)
		ld_sheet_add(portion_of(p, code)->row, "from_batches", from);
	ld_release(c, mark);
}

static void own(const struct ld_hj *h, const struct ld_effect *e)
{
	const Liandan__WasteTreated *b = e->fact->event->waste_treated;
	const int64_t at = b->ended_ms != 0 ? b->ended_ms : e->fact->event->occurred_at_ms;
	struct portions p = {.sheet = h->sheet};

	if (!ld_hj_in_period(h, at) || !ld_hj_site_is(e->before, b->site, e, h->party))
		return;
	for (size_t i = 0; i < b->n_inputs; i++)
		own_input(&p, e, b->inputs[i]);
	each(&p, "batch", b->batch);
	each(&p, "facility", b->facility);
	each(&p, "mode", b->mode);
	each(&p, "operator", b->operator_);
	for (size_t i = 0; i < p.n; i++)
		ld_sheet_time(p.of[i].row, "started", b->started_ms);
	each_done(&p, e, "ended", at);
}

/* The licence of the receiver by the manifest's own word, else what kind of party it is. */
static void set_receiver(struct portions *p, const struct ld_effect *e, const Liandan__Receiver *r)
{
	struct ld_custody *c = e->before;
	size_t mark = ld_mark(c);
	Custody__Party *party;
	Custody__Licence *l;

	each(p, "receiver", r->party);
	if (ld_party_get(c, r->party, &party) == LD_OK)
		each(p, "receiver_name", party->registered->name);
	each(p, "licence", r->licence);
	if (r->licence[0] != '\0' && ld_licence_get(c, r->licence, &l) == LD_OK)
		for (size_t i = 0; i < p->n; i++)
			ld_hj_enum(p->of[i].row, "receiver_kind",
				   &liandan__licence_kind__descriptor, (int)l->granted->kind,
				   "LICENCE_KIND_");
	ld_release(c, mark);
}

/* What the engine makes of the items that a taking, or its offer, names. */
static struct ld_part taken_part(struct ld_custody *c, const Custody__Manifest *m,
				 const Liandan__HandoverTaken *b)
{
	struct ld_part part = ld_part_all(m);
	Liandan__Item *const *named;
	size_t n, other;

	if (b->child.len == 0)
		return part;
	named = ld_taken_items(m, b, &n);
	if (ld_part_pick(c, m, named, n, &part, &other) != LD_OK)
		part.n = 0;
	return part;
}

/* 委外: what leaves with the first hand-over; of a part, the part. */
static void outsourced(const struct ld_hj *h, const struct ld_effect *e)
{
	const Liandan__HandoverTaken *b = e->fact->event->handover_taken;
	struct portions p = {.sheet = h->sheet};
	struct ld_custody *c = e->before;
	Custody__Manifest *m;
	struct ld_part part;

	if (!ld_hj_in_period(h, e->fact->event->occurred_at_ms) || b->leg != 1 ||
	    ld_manifest_get(c, b->manifest, &m) != LD_OK ||
	    strcmp(m->created->generator, h->party) != 0 || m->giver[0] != '\0' ||
	    m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN ||
	    m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_REDIRECT)
		return;
	part = taken_part(c, m, b);
	for (size_t i = 0; i < part.n; i++) {
		const Liandan__Line *line = ld_manifest_line(m, part.items[i]->line);

		if (line == NULL)
			continue;
		portion_add(&p, line->code, part.items[i]->container, part.items[i]->mass_g);
		if (portion_of(&p, line->code) != NULL)
			ld_sheet_set(portion_of(&p, line->code)->row, "mode", line->mode);
	}
	each(&p, "number", m->number);
	set_manifest(&p, b->child.len != 0 ? b->child : b->manifest);
	set_receiver(&p, e, m->created->receiver);
	each(&p, "carrier", e->fact->signer->party);
	each(&p, "plate", b->plate);
	each_done(&p, e, "time", e->fact->event->occurred_at_ms);
}

/* 委外, of a pipeline: a row a day. */
static void piped(const struct ld_hj *h, const struct ld_effect *e)
{
	const Liandan__PipelineDay *b = e->fact->event->pipeline_day;
	const int64_t at = ld_china_day_ms(b->day) + LD_DAY_MS - 1;
	struct portions p = {.sheet = h->sheet};
	const Liandan__Line *line;
	Custody__Manifest *m;

	if (!ld_hj_in_period(h, at) || ld_manifest_get(e->before, b->manifest, &m) != LD_OK ||
	    strcmp(m->created->generator, h->party) != 0)
		return;
	line = ld_manifest_line(m, b->line);
	if (line == NULL)
		return;
	portion_add(&p, line->code, "", b->mass_out_g);
	each(&p, "mode", line->mode);
	each(&p, "number", m->number);
	set_manifest(&p, b->manifest);
	set_receiver(&p, e, m->created->receiver);
	each_done(&p, e, "time", at);
}

int ld_hj_effect(void *ctx, const struct ld_effect *e)
{
	static const struct {
		Liandan__Event__BodyCase body;
		void (*rows)(const struct ld_hj *, const struct ld_effect *);
	} of[LD_HJ_TABLES] = {
	    [LD_HJ_GENERATED] = {LIANDAN__EVENT__BODY_WASTE_GENERATED, generated},
	    [LD_HJ_STORED] = {LIANDAN__EVENT__BODY_CONTAINER_STORED, stored},
	    [LD_HJ_RELEASED] = {LIANDAN__EVENT__BODY_CONTAINER_RELEASED, released},
	    [LD_HJ_OWN] = {LIANDAN__EVENT__BODY_WASTE_TREATED, own},
	    [LD_HJ_OUTSOURCED] = {LIANDAN__EVENT__BODY_HANDOVER_TAKEN, outsourced},
	    [LD_HJ_REPACKED] = {LIANDAN__EVENT__BODY_STOCK_REPACKED, ld_hj_repacked},
	    [LD_HJ_COUNTED] = {LIANDAN__EVENT__BODY_STOCK_COUNTED, ld_hj_counted},
	    [LD_HJ_LOST] = {LIANDAN__EVENT__BODY_LOSS_RECORDED, ld_hj_lost},
	};
	const struct ld_hj *h = ctx;

	if (h->table == LD_HJ_AMENDED) {
		ld_hj_amended(h, e);
		return 0;
	}
	if (h->table == LD_HJ_OUTSOURCED &&
	    e->fact->event->body_case == LIANDAN__EVENT__BODY_PIPELINE_DAY)
		piped(h, e);
	if (e->fact->event->body_case == of[h->table].body)
		of[h->table].rows(h, e);
	return 0;
}
