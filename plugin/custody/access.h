/* Who is on a connection and what may it read. Decided from the registry alone; knows topics as
 * text, not MQTT. Source: PROTOCOL, Topics and Identity on the connection. */
#ifndef LD_CUSTODY_ACCESS_H
#define LD_CUSTODY_ACCESS_H

#include "plugin/custody/custody.h"
#include "proto/envelope.h"

struct ld_identity {
	char party[LD_MAX_ID_BYTES + 1];
	char device[LD_MAX_ID_BYTES + 1];
	uint8_t key_id[LD_KEY_ID_BYTES];
	uint32_t roles; /* of the key */
	uint32_t party_roles;
	bool regulator; /* reads the region */
};

/* By public key (mTLS). client_id must be exactly <party>/<device> of that key, the key valid at
 * now_ms. LD_ERR_REFUSED with a word why. */
enum ld_err ld_identify_key(struct ld_custody *c, const uint8_t *spki, size_t len,
			    const char *client_id, int64_t now_ms, struct ld_identity *out,
			    char *why, size_t cap);
/* By token text; its ten minutes are minutes of the wall clock (wall_ms), also where a
 * demonstration's ledger clock runs faster; the key must be valid in ledger time (now_ms).
 * `recheck`: only whether the key is still valid (a reload re-runs authentication for every
 * client). */
enum ld_err ld_identify_token(struct ld_custody *c, const char *text, size_t len,
			      const char *client_id, int64_t now_ms, int64_t wall_ms, bool recheck,
			      struct ld_identity *out, char *why, size_t cap);
/* Again from the registry (after a change): LD_ERR_REFUSED when the key is no longer good. */
enum ld_err ld_identify_again(struct ld_custody *c, int64_t now_ms, struct ld_identity *id);

/* May it receive a message on this concrete topic? Called for each delivery: cheap, decides from
 * the topic's branch, the identity and, for manifest/ and vehicle/, the record's parties. */
bool ld_may_read(struct ld_custody *c, const struct ld_identity *id, const char *topic);
/* May it subscribe to this filter ($share included)? Wildcards are allowed where every message is
 * checked on delivery. */
bool ld_may_subscribe(struct ld_custody *c, const struct ld_identity *id, const char *filter);
/* May it publish on this topic at all? i/ (any: ownership is judged later, so that a wrong topic
 * gets an answer) and query/<verb>; never retained. */
bool ld_may_publish(struct ld_custody *c, const struct ld_identity *id, const char *topic,
		    bool retain);
/* May it ask about this manifest / vehicle / signer? */
bool ld_may_see_manifest(struct ld_custody *c, const struct ld_identity *id,
			 const Custody__Manifest *m);
bool ld_may_see_vehicle(struct ld_custody *c, const struct ld_identity *id, const char *plate);

#endif
