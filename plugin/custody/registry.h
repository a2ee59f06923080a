/* What registry_judge.c and registry_apply.c share and nobody else needs: where a terminal is
 * mounted, and which key stands for a device. Source: EVENTS, registry. */
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
bool ld_ring_judge(const Liandan__SiteRegistered *s, struct ld_judgement *j);

#endif
