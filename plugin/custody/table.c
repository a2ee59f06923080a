/* CUSTODY's table, table.def, and the way from an event's body to its row. */
#include "plugin/custody/table.h"

#define LD_CHECK(id_, row_, zh_, en_)                                                              \
	static const struct ld_check chk_##id_ = {                                                 \
	    .id = LD_CHECK_##id_, .name = #id_, .fn = ld_check_##id_, .zh = (zh_), .en = (en_)};
#include "plugin/custody/checks.def"
#undef LD_CHECK

#define C(name) &chk_##name
#define TO(state) .to = CUSTODY__MANIFEST_STATE__##state

#define ROW(name, ...) {.body = LIANDAN__EVENT__BODY_##name, __VA_ARGS__},
const struct ld_row ld_table[] = {
#include "plugin/custody/table.def"
};
#undef ROW
const size_t ld_table_rows = sizeof ld_table / sizeof ld_table[0];

enum {
#define ROW(name, ...) AT_##name,
#include "plugin/custody/table.def"
#undef ROW
	ROWS
};
_Static_assert(ROWS < UINT8_MAX, "by_body holds them");

/* 1 + the row's place; 0: no row. Every event but telemetry is looked up here. */
static const uint8_t by_body[] = {
#define ROW(name, ...) [LIANDAN__EVENT__BODY_##name] = AT_##name + 1,
#include "plugin/custody/table.def"
#undef ROW
};

static bool asks(const struct ld_check *const *checks, size_t id)
{
	for (size_t i = 0; i < LD_MAX_CHECKS && checks[i] != NULL; i++)
		if ((size_t)checks[i]->id == id)
			return true;
	return false;
}

bool ld_rule_applies(const struct ld_rule_def *d)
{
	if (d->unit != LD_UNIT_STRICTNESS)
		return true;
	for (size_t i = 0; i < ld_table_rows; i++) {
		const struct ld_row *row = &ld_table[i];

		if (row->intention &&
		    (asks(row->hard, d->offset) || asks(row->recorded, d->offset) ||
		     asks(row->once, d->offset)))
			return true;
	}
	return false;
}

const struct ld_row *ld_row_of(Liandan__Event__BodyCase body)
{
	const size_t at = (size_t)body;

	if (at >= sizeof by_body || by_body[at] == 0)
		return NULL;
	return &ld_table[by_body[at] - 1];
}
