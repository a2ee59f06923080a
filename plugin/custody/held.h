/* Events whose cause has not arrived: kept without effect, applied by themselves when it comes,
 * marked unsupported when it never does. Source: PROTOCOL, Verdicts; CUSTODY, Order is enforced by
 * causes. */
#ifndef LD_CUSTODY_HELD_H
#define LD_CUSTODY_HELD_H

#include "plugin/custody/apply.h"

/* Apply side. */
enum ld_err ld_held_put(struct ld_custody *c, const struct ld_fact *f, Liandan__Reason waits_for,
			const ProtobufCBinaryData *envelope);
enum ld_err ld_held_applied(struct ld_custody *c, const Liandan__HeldApplied *h, uint64_t index,
			    int64_t at_ms);
enum ld_err ld_held_expired(struct ld_custody *c, const Liandan__HeldExpired *h);
/* The held record; LD_ERR_NOT_FOUND. */
enum ld_err ld_held_get(struct ld_custody *c, uint64_t index, Custody__Held **out);

/* From apply.c: an envelope of our own ledger decoded into the arena, signer and cosigners looked
 * up. */
enum ld_err ld_apply_decode(struct ld_custody *c, const uint8_t *envelope, size_t len,
			    struct ld_fact *f);
/* Fills f->cosigners from the registry; keys that the event itself enrols are left out. */
enum ld_err ld_apply_cosigners(struct ld_custody *c, struct ld_fact *f);
enum ld_err ld_apply_body(struct ld_custody *c, const struct ld_fact *f);

#endif
