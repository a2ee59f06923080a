/* What the judges and the apply files of registry events share: where a terminal is mounted, which
 * key stands for a device, and the checks they all ask. Source: EVENTS, registry. */
#ifndef LD_CUSTODY_REGISTRY_H
#define LD_CUSTODY_REGISTRY_H

#include <string.h>

#include "plugin/custody/custody.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/tables.h"

/* key_id -> plate: where this terminal is mounted now, so that one terminal never speaks for two
 * vehicles. */
#define LD_T_MOUNTED 'T'

/* A superseded key's queue may still come in for so long (PROTOCOL: Genesis and keys). */
#define LD_KEY_GRACE_MAX_MS (7 * LD_DAY_MS)

/* No time in the registry is later than 10000-01-01: sums of times never overflow. */
#define LD_TIME_MAX_MS INT64_C(253402300800000)

/* A key with only this role is for connections; all others sign. A device has one signing key at a
 * time, and any number of keys that only connect. */
static inline bool ld_key_signs(uint32_t roles)
{
	return roles != LIANDAN__ROLE__ROLE_CONNECT;
}

/* Key of table DEVICE. */
static inline void ld_device_key(struct ld_tkey *k, const char *party, const char *device)
{
	ld_tkey_init(k);
	ld_tkey_str(k, party);
	ld_tkey_bytes(k, device, strnlen(device, LD_MAX_ID_BYTES));
}

/* The ring of a site: 3 to 256 points on the earth, open, simple, not across the date line, with an
 * area, at most LD_MAX_SITE_EXTENT_M wide and high. `false`: refused. */
/* Profiles and calendars (rules_judge.c). */
bool ld_rules_judge(struct ld_custody *c, const struct ld_fact *f, const Liandan__RulesAdopted *b,
		    struct ld_judgement *j);
bool ld_calendar_judge(const struct ld_fact *f, const Liandan__CalendarAdopted *b,
		       struct ld_judgement *j);

bool ld_ring_judge(const Liandan__SiteRegistered *s, struct ld_judgement *j);

/* Registry events that say who may act, and for how much: delegations, grants, numbers, holds
 * (rights_judge.c, rights_apply.c). */
bool ld_rights_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j);
enum ld_err ld_rights_apply(struct ld_custody *c, const struct ld_fact *f);

/* Checks that the judges of registry events share (registry_checks_judge.c). `false`: refused, the
 * verdict is set; those without a judgement only answer. */
bool ld_is_authority(const struct ld_fact *f);
bool ld_is_admin_of(const struct ld_fact *f, const char *party);
bool ld_by_authority(const struct ld_fact *f, struct ld_judgement *j);
bool ld_by_authority_or_admin(const struct ld_fact *f, const char *party, struct ld_judgement *j);
bool ld_party_known(struct ld_custody *c, const char *party, Custody__Party **out,
		    struct ld_judgement *j);
/* Empty: none is named. */
bool ld_site_known(struct ld_custody *c, const char *site, struct ld_judgement *j);
bool ld_key_known(struct ld_custody *c, ProtobufCBinaryData id, Custody__Key **out,
		  struct ld_judgement *j);
bool ld_vehicle_known(struct ld_custody *c, const char *plate, Custody__Vehicle **out,
		      struct ld_judgement *j);
/* to_ms 0: open. */
bool ld_sane_interval(int64_t from_ms, int64_t to_ms, struct ld_judgement *j);
bool ld_not_negative(const char *what, int64_t value, struct ld_judgement *j);
/* "*", "HWnn", or a code of one of the catalogues. */
bool ld_code_pattern_known(const char *code);

#endif
