/* Every limit that stands between a client and our memory or time, in one place.
 * Each is tested at limit - 1, limit and limit + 1. */
#ifndef LD_PROTO_LIMITS_H
#define LD_PROTO_LIMITS_H

#include <stdint.h>

/* the wire (proto/README.md) */
#define LD_MAX_ENVELOPE_BYTES (60 * 1024) /* an Entry must fit a tlog-tiles bundle */
#define LD_MAX_SIGNATURES 4		  /* submitter and up to three cosigners */
#define LD_MAX_COSIGNERS 3
#define LD_MAX_AFTER 8 /* causes that one event may name */
#define LD_MAX_ATTACHMENTS 16
#define LD_MAX_FIXES 4096 /* in one Track */
#define LD_MAX_STRING_BYTES 256
#define LD_MAX_ID_BYTES 64
#define LD_MAX_ITEMS 1000      /* of one manifest */
#define LD_MAX_LINES 32	       /* waste lines of one manifest */
#define LD_MAX_RING_POINTS 256 /* of one site */
#define LD_MAX_NESTING 8
#define LD_MAX_ARENA_BYTES (1024 * 1024) /* what one opened event may take */
#define LD_MAX_EXTENSION_BYTES 1024	 /* all non-critical extension fields together */
#define LD_MAX_SIGNATURE_BYTES 80	 /* DER ECDSA on a 256-bit curve: at most 72 */
#define LD_MAX_SPKI_BYTES 160

#define LD_KEY_ID_BYTES 16
#define LD_HASH_BYTES 32
#define LD_UUID_BYTES 16

/* the ledger (store/README.md) */
#define LD_MAX_ENTRY_BYTES 65535 /* C2SP tlog-tiles: 16-bit length prefix */
#define LD_TILE_ROW_HASHES 16

/* custody */
#define LD_MAX_HELD_PER_MANIFEST 64
#define LD_MAX_HELD_PER_SIGNER 1024
#define LD_MAX_OPEN_MANIFESTS_PER_PARTY 10000
#define LD_MAX_DRAFTS_PER_PARTY 1000
#define LD_MAX_VIOLATIONS 16 /* on one entry */
#define LD_MAX_OWN_EVENTS 80 /* that one event may bring about in its commit */
#define LD_MAX_ORIGINS 32    /* manifests whose waste one container holds, one repacking takes */
#define LD_MAX_TREATED 1024  /* manifests whose waste one treatment takes */

/* the gate's counts (proto/fields.def) */
#define LD_MAX_WIRE_INT ((INT64_C(1) << 53) - 1) /* any int64: exact in JSON; sums fit */
#define LD_MAX_CODES 512			 /* of one licence */
#define LD_MAX_MODES 64
#define LD_MAX_WEIGHING_RANGES 8
#define LD_MAX_VERIFICATION_ERRORS 64
#define LD_MAX_BATCHES 256
#define LD_MAX_PARENTS 32
#define LD_MAX_CARRIERS 16 /* legs of one manifest */
#define LD_MAX_PLACES 64
#define LD_MAX_SEALS 64
#define LD_MAX_TICKETS 64
#define LD_MAX_MANIFESTS_NAMED 64 /* by one Weighed or Arrived: a milk run */
#define LD_MAX_AUTHORITY_KEYS 16
#define LD_MAX_PLAN_LINES 128
#define LD_MAX_RULE_VALUES 256
#define LD_MAX_RULE_SETS 64  /* versions that a ledger adopts */
#define LD_CALENDAR_BYTES 46 /* 366 days, a bit each */
#define LD_MAX_SAMPLED 64    /* containers of one sample */
#define LD_MAX_SAMPLE_RESULTS 64
#define LD_MAX_CHANGES 32 /* of one amendment */
#define LD_MAX_PAPER_STEPS 16
#define LD_MAX_FIGURES 32
#define LD_MAX_EVIDENCE 256
#define LD_MAX_DETAIL_BYTES 1024
#define LD_MAX_TLOG_PROOF_BYTES 16384
#define LD_MAX_SUBJECT_BYTES 128	 /* of a violation: 16 of them fit an entry */
#define LD_MAX_TOKEN_TEXT_BYTES 1024	 /* a token as typed into a password */
#define LD_MAX_TOKEN_MS (10 * 60 * 1000) /* from not_before_ms to expires_ms */
#define LD_MAX_SITE_EXTENT_M 50000	 /* width and height of a site's ring */
#define LD_MAX_TOPIC_BYTES 512 /* ours are shorter; a longer topic or filter is nobody's */

/* the broker */
#define LD_MAX_CORRELATION_BYTES 256
#define LD_MAX_CLIENT_ID_BYTES (2 * LD_MAX_ID_BYTES + 1) /* <party>/<device> */
#define LD_MAX_SESSIONS 65536 /* identities that are remembered, connected or away */
#define LD_MAX_BRIDGE_CLIENTS 16
#define LD_MAX_QUERY_BYTES 4096 /* body of a query other than `may` */
#define LD_MAX_QUERIES_PER_S 20 /* of one client */
#define LD_MAX_HISTORY 200	/* entries in one answer */
#define LD_MAX_BAD_SIGNATURES_PER_MINUTE 20
#define LD_MAX_PENALTIES 1024	  /* offenders that are remembered */
#define LD_MAX_CHANGED 8192	  /* manifests or vehicles whose next state waits for its second */
#define LD_MAX_TO_CLEAR 65536	  /* closed manifests whose retained state is to go */
#define LD_MAX_REFUSED_PER_S 50	  /* on refused/ */
#define LD_MAX_LOG_LINES_PER_S 20 /* about what clients do */
#define LD_MAX_HELD_PER_PARTY (LD_MAX_HELD_PER_MANIFEST / 4) /* of one manifest's */

#endif
