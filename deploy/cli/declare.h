/* The ledgers 台账 and declarations 申报 of HJ 1259-2022, from the region's ledger: five tables of
 * a party (产生, 入库, 出库, 自行利用/处置, 委外), four more that say where the rest of a balance
 * is (换包装, 盘点, 损耗, 更正), and the totals of a month, quarter or year by waste code. Reads
 * only. */
#ifndef LD_CLI_DECLARE_H
#define LD_CLI_DECLARE_H

#include "deploy/cli/replayed.h"
#include "deploy/cli/sheet.h"

enum ld_hj_table {
	LD_HJ_GENERATED,
	LD_HJ_STORED,
	LD_HJ_RELEASED,
	LD_HJ_OWN,
	LD_HJ_OUTSOURCED,
	LD_HJ_REPACKED,
	LD_HJ_COUNTED,
	LD_HJ_LOST,
	LD_HJ_AMENDED,
	LD_HJ_TABLES
};

/* "generated" … "amended"; LD_HJ_TABLES for anything else. */
enum ld_hj_table ld_hj_table_of(const char *word);
const struct ld_column *ld_hj_columns(enum ld_hj_table table, size_t *n);

struct ld_hj {
	const char *party;
	enum ld_hj_table table;
	int64_t from_ms, to_ms; /* of when it happened: [from, to) */
	struct ld_sheet *sheet;
};
/* For ld_replay_watch.effect: adds the rows that this event makes. ctx: struct ld_hj. */
int ld_hj_effect(void *ctx, const struct ld_effect *e);

/* Totals by code over the same interval, opening and closing stock included. */
extern const struct ld_column ld_declaration_columns[];
extern const size_t ld_declaration_n;

/* "2026-11", "2026-Q4" or "2026" into [from, to), UTC+8. false: none of these. */
bool ld_period(const char *text, int64_t *from_ms, int64_t *to_ms);
/* "2026-11-25" or "2026-11-25T07:30" in UTC+8, or milliseconds. */
bool ld_when(const char *text, int64_t *ms);

#endif
