/* A5: which facilities have generated hazardous waste. */
#include "plugin/custody/facility.h"

#include "plugin/custody/apply.h"

static void facility_key(struct ld_tkey *k, const char *party, const Liandan__WasteGenerated *w)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, 'f');
	ld_tkey_str(k, party);
	ld_tkey_str(k, w->site);
	ld_tkey_str(k, w->facility);
}

bool ld_facility_was_hazardous(struct ld_custody *c, const char *party,
			       const Liandan__WasteGenerated *w)
{
	const uint8_t *value;
	struct ld_tkey k;
	size_t len;

	facility_key(&k, party, w);
	return w->facility[0] != '\0' &&
	       ld_state_get(c->state, LD_T_SKIM, k.b, k.len, &value, &len) == LD_OK;
}

enum ld_err ld_facility_note(struct ld_custody *c, const char *party,
			     const Liandan__WasteGenerated *w)
{
	struct ld_tkey k;

	if (w->facility[0] == '\0' || w->line == NULL ||
	    w->line->code_system != LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS)
		return LD_OK;
	facility_key(&k, party, w);
	return ld_state_put(c->state, LD_T_SKIM, k.b, k.len, "", 0);
}
