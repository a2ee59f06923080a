/* Seal and open: from an Event to signed bytes and back.
 *
 * Opening has two steps so that the cheap checks come before the expensive one (PROTOCOL:
 * Verdicts): ld_open_parse (size, gate, decode into the arena) and ld_open_verify (signatures over
 * the exact bytes, with keys that the caller looked up). */
#ifndef LD_PROTO_ENVELOPE_H
#define LD_PROTO_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "liandan/event.pb-c.h"
#include "proto/arena.h"
#include "proto/err.h"
#include "proto/gate.h"
#include "proto/key.h"
#include "proto/limits.h"

#define LD_EVENT_TYPE "application/vnd.liandan.event.v1+protobuf"
#define LD_TOKEN_TYPE "application/vnd.liandan.token.v1+protobuf"
#define LD_RECEIPT_TYPE "application/vnd.liandan.receipt.v1+protobuf"

struct ld_opened {
	const uint8_t *bytes; /* the envelope as received; caller's */
	size_t len;
	const uint8_t *event_bytes; /* inside bytes */
	size_t event_len;
	uint8_t event_hash[LD_HASH_BYTES];
	const Liandan__Envelope *envelope; /* in the arena */
	const Liandan__Event *event;	   /* in the arena */
};

/* LD_ERR_LIMIT (too large), LD_ERR_MALFORMED (fault filled), LD_ERR_NOMEM (arena full). Also checks
 * that signatures name exactly submitter and cosigners in that order, and no key twice. The result
 * lives until the arena's reset. */
enum ld_err ld_open_parse(const uint8_t *bytes, size_t len, struct ld_arena *arena,
			  struct ld_opened *out, struct ld_gate_fault *fault);
/* keys[i] belongs to signatures[i]. LD_ERR_SIGNATURE. */
enum ld_err ld_open_verify(const struct ld_opened *o, struct ld_key *const *keys, size_t n);

/* Packs and signs: keys[0] is the submitter's, the rest the cosigners' in order; writes their ids
 * into event->submitter and event->cosigners for the packing and puts back what stood there. *bytes
 * is malloc'd. event_hash may be NULL. Refuses to make what the gate would refuse
 * (LD_ERR_MALFORMED, fault filled; it may be NULL), or what is too large (LD_ERR_LIMIT).
 * LD_ERR_KEY: not a private key. */
enum ld_err ld_seal(Liandan__Event *event, struct ld_key *const *keys, size_t n, uint8_t **bytes,
		    size_t *len, uint8_t event_hash[LD_HASH_BYTES], struct ld_gate_fault *fault);

/* Tokens: base64url text, malloc'd; seal writes the key's id into the token. open checks form only
 * (one signature, by the key that the token names; a life of at most LD_MAX_TOKEN_MS): ledger,
 * client id, time and key are the caller's to compare, then ld_key_verify with LD_TOKEN_TYPE over
 * *body. Everything that comes out lives in the arena. LD_ERR_MALFORMED, LD_ERR_LIMIT,
 * LD_ERR_NOMEM. */
enum ld_err ld_token_seal(const Liandan__Token *token, struct ld_key *key, char **text);
enum ld_err ld_token_open(const char *text, size_t len, struct ld_arena *arena,
			  const Liandan__Token **out, const uint8_t **signature,
			  size_t *signature_len, const uint8_t **body, size_t *body_len);

#endif
