/* Who sent bad signatures: 20 within a minute close the sender for a minute (PROTOCOL: Verdicts).
 * A bounded table; an offender that is pushed out of it starts anew. Knows no broker. */
#ifndef LD_BROKER_PENALTY_H
#define LD_BROKER_PENALTY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/limits.h"

struct ld_penalties; /* LD_MAX_PENALTIES records */

struct ld_penalties *ld_penalties_new(void); /* NULL without memory */
void ld_penalties_free(struct ld_penalties *p);
/* One more by `who` (a client id, or <party>/<device> behind a bridge). now_ms: any clock that does
 * not go back. true: that was one too many, and `who` is closed from now on. */
bool ld_penalties_strike(struct ld_penalties *p, const char *who, int64_t now_ms);
bool ld_penalties_closed(const struct ld_penalties *p, const char *who, int64_t now_ms);

#endif
