/* What the judges of registry events ask again and again: who signs, and whether what is named is
 * there. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/judge.h"
#include "plugin/custody/registry.h"
#include "proto/waste_code.h"

/* ---- who signs ---- */

bool ld_is_authority(const struct ld_fact *f)
{
	return f->signer->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_AUTHORITY;
}

bool ld_is_admin_of(const struct ld_fact *f, const char *party)
{
	return (f->signer->roles & LIANDAN__ROLE__ROLE_ADMIN) != 0 && party[0] != '\0' &&
	       strcmp(f->signer->party, party) == 0;
}

bool ld_by_authority(const struct ld_fact *f, struct ld_judgement *j)
{
	if (ld_is_authority(f))
		return true;
	return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "only an authority's key may sign this");
}

bool ld_by_authority_or_admin(const struct ld_fact *f, const char *party, struct ld_judgement *j)
{
	if (ld_is_authority(f) || ld_is_admin_of(f, party))
		return true;
	return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
			 "only an authority's key or an admin key of %s may sign this", party);
}

/* ---- what must be there ---- */

bool ld_party_known(struct ld_custody *c, const char *party, Custody__Party **out,
		    struct ld_judgement *j)
{
	if (ld_party_get(c, party, out) == LD_OK)
		return true;
	return ld_refuse(j, LIANDAN__REASON__UNKNOWN_PARTY, "party %s is not registered", party);
}

bool ld_site_known(struct ld_custody *c, const char *site, struct ld_judgement *j)
{
	Custody__Site *rec;

	if (site[0] == '\0' || ld_site_get(c, site, &rec) == LD_OK)
		return true;
	return ld_refuse(j, LIANDAN__REASON__UNKNOWN_SITE, "site %s is not registered", site);
}

bool ld_key_known(struct ld_custody *c, ProtobufCBinaryData id, Custody__Key **out,
		  struct ld_judgement *j)
{
	if (id.len == LD_KEY_ID_BYTES && ld_key_rec_get(c, id.data, out) == LD_OK)
		return true;
	return ld_refuse(j, LIANDAN__REASON__UNKNOWN_SUBJECT, "the key is not enrolled");
}

bool ld_vehicle_known(struct ld_custody *c, const char *plate, Custody__Vehicle **out,
		      struct ld_judgement *j)
{
	if (ld_vehicle_get(c, plate, out) == LD_OK)
		return true;
	return ld_refuse(j, LIANDAN__REASON__UNKNOWN_VEHICLE, "vehicle %s is not registered",
			 plate);
}

bool ld_sane_interval(int64_t from_ms, int64_t to_ms, struct ld_judgement *j)
{
	if (from_ms >= 0 && from_ms <= LD_TIME_MAX_MS && to_ms <= LD_TIME_MAX_MS &&
	    (to_ms == 0 || to_ms > from_ms))
		return true;
	return ld_refuse(j, LIANDAN__REASON__QUANTITY, "no interval: %" PRId64 " to %" PRId64 " ms",
			 from_ms, to_ms);
}

bool ld_not_negative(const char *what, int64_t value, struct ld_judgement *j)
{
	if (value >= 0)
		return true;
	return ld_refuse(j, LIANDAN__REASON__QUANTITY, "%s is %" PRId64, what, value);
}

/* "*", "HWnn", or a code of one of the catalogues. That of general wastes is not kept here: its
 * form (900-001-S17) must do. */
bool ld_code_pattern_known(const char *code)
{
	if (strcmp(code, "*") == 0)
		return true;
	if (strncmp(code, "HW", 2) == 0)
		return strlen(code) == 4 && strspn(code + 2, "0123456789") == 2;
	if (strlen(code) == 11 && code[8] == 'S')
		return strspn(code, "0123456789") == 3 && code[3] == '-' &&
		       strspn(code + 4, "0123456789") == 3 && code[7] == '-' &&
		       strspn(code + 9, "0123456789") == 2;
	return ld_waste_code_find(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS, code) != NULL ||
	       ld_waste_code_find(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_EWC, code) != NULL;
}
