/* One key's chain in memory: fills an event's header, seals it, moves on. Knows no file and no
 * network. Must never sign two different events with the same number: it advances before it
 * returns, and a caller that throws the bytes away must go on from where the ledger stands
 * (query/signer, ld_signer_at). Source: PROTOCOL, Chain. */
#ifndef LD_CLI_SIGNER_H
#define LD_CLI_SIGNER_H

#include "deploy/cli/client.h"
#include "proto/envelope.h"

struct ld_signer {
	struct ld_key *key; /* not owned */
	struct ld_ledger_id ledger;
	uint32_t epoch;
	uint64_t seq; /* of the last event sealed; 0: none yet in this epoch */
	uint8_t
	    prev[LD_HASH_BYTES]; /* hash of the last event; at seq 0: of the KeyEnrolled event that
				  * enrolled the key (first authority key: the ledger id) */
};

/* Fills ledger_id, region, submitter, cosigners, epoch, seq, prev; occurred_at_ms where it is 0
 * (now); clock where unspecified (NTP). *bytes is malloc'd. hash: of the event (what `after` names
 * and the next prev is); may be NULL. Advances the chain on LD_OK only. LD_ERR_MALFORMED with
 * *fault filled (may be NULL). */
enum ld_err ld_signer_seal(struct ld_signer *s, Liandan__Event *event,
			   struct ld_key *const *cosigners, size_t n, uint8_t **bytes, size_t *len,
			   uint8_t hash[LD_HASH_BYTES], struct ld_gate_fault *fault);

/* Sets epoch, seq and prev from the answer to query/signer (JSON). LD_ERR_MALFORMED. */
enum ld_err ld_signer_at(struct ld_signer *s, const char *json, size_t len);

/* Track and SensorEvent are telemetry, all else is custody. */
enum ld_lane ld_lane_of(const Liandan__Event *event);

/* UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, version, 74 random bits. */
void ld_uuid7(uint8_t out[LD_UUID_BYTES]);

#endif
