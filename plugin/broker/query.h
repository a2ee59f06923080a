/* Questions about the state and the ledger (PROTOCOL: query/<verb>): may, signer, manifest,
 * history, proof. Reads only. Knows no broker: takes a body, gives JSON; custody/access says who
 * may see what.
 *
 * Requests are JSON objects:
 *   may       an Event as JSON, or packed (what begins with '{' is JSON); ledger, region,
 * submitter, time and chain may be left out. Only for keys of the asker's own party. signer
 * {"key_id": "<32 hex digits>"}; without it the asker's own key manifest  {"manifest": "<32 hex
 * digits>"} history   {"manifest": "...", "from": <index>, "max": <= 200} proof     {"index":
 * <index>} Every answer has `as_of`, the size of the committed ledger that it stands on. An error
 * is
 * {"error", "en", "zh", "as_of"}. */
#ifndef LD_BROKER_QUERY_H
#define LD_BROKER_QUERY_H

#include <cjson/cJSON.h>

#include "plugin/custody/access.h"
#include "plugin/custody/region.h"

/* A new object, the caller's; NULL only without memory. body may be NULL when len is 0. */
cJSON *ld_query_answer(struct ld_region *r, const struct ld_identity *asker, const char *verb,
		       const void *body, size_t len);

#endif
