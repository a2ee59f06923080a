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

/* A state that is there as a whole needs none of its parts beside it. */
static uint32_t without_parts(uint32_t bits)
{
	if (bits & LD_IN(IN_TRANSIT))
		bits &= ~(LD_IN_UNSTORED | LD_IN_ROAD | LD_IN_STORED);
	if (bits & LD_IN(ARRIVED))
		bits &= ~LD_IN_ASTRAY;
	if ((bits & LD_IN(CANCELLED)) && (bits & LD_IN(EXPIRED)))
		bits &= ~LD_IN_ENDED;
	return bits;
}

const char *ld_state_name(uint32_t bits, unsigned *bit)
{
	const ProtobufCEnumValue *v;
	unsigned at;

	bits = without_parts(bits);
	while (*bit < 32 && (bits >> *bit & 1) == 0)
		++*bit;
	if (*bit >= 32)
		return NULL;
	at = (*bit)++;
	switch (1u << at) {
	case LD_IN_NONE:
		return "new";
	case LD_IN_UNSTORED:
		return "IN_TRANSIT never stored on this leg";
	case LD_IN_ROAD:
		return "IN_TRANSIT on a vehicle";
	case LD_IN_STORED:
		return "IN_TRANSIT in storage";
	case LD_IN_ENDED:
		return "CANCELLED or EXPIRED after the seal";
	case LD_IN_ASTRAY:
		return "ARRIVED elsewhere";
	default:
		v = protobuf_c_enum_descriptor_get_value(&custody__manifest_state__descriptor,
							 (int)at);
		return v != NULL ? v->name : ld_state_name(bits, bit);
	}
}

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
