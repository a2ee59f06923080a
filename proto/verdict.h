/* Verdicts and reasons for people: metric label, topic segment, English and Chinese text; generated
 * from one list (proto/verdict.def), checked against the .proto at compile time. */
#ifndef LD_PROTO_VERDICT_H
#define LD_PROTO_VERDICT_H

#include <stdbool.h>

#include "liandan/ledger.pb-c.h"

/* "MALFORMED"; static, never NULL ("?" for a value that is none). The same text in JSON, topic and
 * metric. */
const char *ld_verdict_name(Liandan__Verdict v);
const char *ld_verdict_en(Liandan__Verdict v);
const char *ld_verdict_zh(Liandan__Verdict v);
const char *ld_reason_name(Liandan__Reason r);
const char *ld_reason_en(Liandan__Reason r);
const char *ld_reason_zh(Liandan__Reason r);
/* ACCEPTED, HELD, REFUSED: the event is a leaf and used its sequence number. */
bool ld_verdict_in_ledger(Liandan__Verdict v);

#endif
