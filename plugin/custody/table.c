/* CUSTODY's table. Beside it: "The manifest's table" in README.md. */
#include "plugin/custody/table.h"

#define LD_CHECK(id_, row_, zh_, en_)                                                              \
	static const struct ld_check chk_##id_ = {                                                 \
	    .id = LD_CHECK_##id_, .name = #id_, .fn = ld_check_##id_, .zh = (zh_), .en = (en_)};
#include "plugin/custody/checks.def"
#undef LD_CHECK

#define C(name) &chk_##name
#define BODY(name) .body = LIANDAN__EVENT__BODY_##name
#define TO(state) .to = CUSTODY__MANIFEST_STATE__##state

const struct ld_row ld_table[] = {
    {.n = 4,
     BODY(MANIFEST_CANCELLED),
     .intention = true,
     .signers = LD_BY_GENERATOR,
     .who = "the generator",
     .from = LD_IN(DRAFT) | LD_IN(SEALED),
     TO(CANCELLED),
     .passed = "only a draft or a sealed manifest can be cancelled",
     .hard = {C(on_hold), C(no_live_offer)}},
    {.n = 5,
     BODY(OFFER_WITHDRAWN),
     .intention = true,
     .signers = LD_BY_GIVER,
     .who = "the holder, who offered",
     .from = LD_IN_ANY,
     .hard = {C(open_offer)}},
};
const size_t ld_table_rows = sizeof ld_table / sizeof ld_table[0];
