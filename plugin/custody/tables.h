/* Typed access to the state tables. get: the record in the custody's arena, LD_ERR_NOT_FOUND when
 * there is none. put and del are for *_apply.c only. Keys: ids as they stand; pairs as (length
 * byte, bytes) then the rest; integers big-endian so that order is by value. */
#ifndef LD_CUSTODY_TABLES_H
#define LD_CUSTODY_TABLES_H

#include "plugin/custody/custody.h"

enum ld_table {
	LD_T_KEY = 'K',		  /* key_id -> Key */
	LD_T_CHAIN = 'c',	  /* key_id -> Chain */
	LD_T_DEVICE = 'd',	  /* (party, device) -> key_id, the newest one */
	LD_T_PARTY = 'P',	  /* party -> Party */
	LD_T_PERSON = 'p',	  /* person -> Person */
	LD_T_LICENCE = 'L',	  /* licence -> Licence */
	LD_T_PARTY_LICENCE = 'l', /* (party, licence) -> "" */
	LD_T_VEHICLE = 'V',	  /* plate -> Vehicle */
	LD_T_INSTRUMENT = 'I',	  /* instrument -> Instrument */
	LD_T_SITE = 'S',	  /* site -> Site */
	LD_T_MANIFEST = 'M',	  /* manifest id -> Manifest */
	LD_T_NUMBER = 'N',	  /* official number -> manifest id */
	LD_T_CONTAINER = 'C',	  /* container -> Container */
	LD_T_STOCK = 'B',	  /* (party, site, code) -> Stock */
	LD_T_BATCH = 'b',	  /* (party, batch) -> Batch */
	LD_T_TICKET = 'W',	  /* ticket -> Ticket */
	LD_T_LOAD = 'O',     /* (plate, manifest id) -> "": manifests in transit on this vehicle */
	LD_T_POSITION = 'v', /* plate -> Position */
	LD_T_GAP = 'G',	     /* (plate, from_ms) -> Gap */
	/* 's' stays and 'D' departures: track.h; 'T' mounted terminals: registry.h */
	LD_T_HELD = 'H',	/* index -> Held */
	LD_T_HELD_BY = 'h',	/* cause hash or manifest id, then index -> "" */
	LD_T_DEADLINE = 'X',	/* deadline_apply.c: clocks by the time they run out */
	LD_T_WORKDAYS = 'r',	/* clocks that count working days */
	LD_T_DEADLINE_OF = 'x', /* where a clock stands in one of the two */
	LD_T_EFFECT = 'E',	/* event hash -> Effect */
	LD_T_ANOMALY = 'A',	/* anomaly id -> Anomaly */
	LD_T_ANOMALY_OPEN =
	    'a', /* kind, reason, (subject, manifest) -> anomaly id (BE64): the one open anomaly */
	LD_T_ANOMALY_ON = 'F', /* anomaly.h: those that stand about a manifest or vehicle */
	LD_T_PRECISION = 't',  /* review.h: kind, reason -> Precision */
	LD_T_RATING = 'U',     /* rating.h: what counts for a party's colour, and what people set */
	LD_T_SKIM = 'z',       /* skim.h; also 'f': facilities of hazardous waste (facility.h) */
	LD_T_PLATE_OFFER =
	    'f', /* (carrier party, manifest id) -> "": open offers to this carrier */
	LD_T_LINEAGE_DOWN = 'g', /* lineage.h */
	LD_T_LINEAGE_UP = 'j',
	LD_T_YEAR = 'Y',       /* year.h */
	LD_T_DELEGATION = 'e', /* delegation -> Delegation */
	LD_T_GRANT = 'i',      /* approval -> Grant */
	LD_T_NUMBERS = 'n',    /* number.h: blocks of official numbers */
	LD_T_HOLD = 'k',       /* hold -> Hold */
	LD_T_HOLD_ON = 'm',    /* kind, (subject), hold -> "": holds that stand */
	LD_T_RULES = 'R',      /* version (BE32) -> Rules */
	LD_T_CALENDAR = 'y',   /* year (BE32) -> Calendar */
	LD_T_PLAN = 'J',       /* (party), year (BE32) -> Plan: plan.h */
	LD_T_SITE_STOCK = 'Q', /* store.h: site -> grams in stock there */
	LD_T_TO_CLOSE = 'z',   /* store.h: manifest id -> "" */
	LD_T_PIPE_DAY = 'w',   /* pipeline.h: the days of a manifest that goes by pipeline */
	LD_T_OVER = 'Z',       /* loss.h: what an entry has pushed beyond a tolerance */
};

#define LD_KEY_CAP 256 /* longest composite key */

struct ld_tkey {
	uint8_t b[LD_KEY_CAP];
	size_t len;
};
/* Composite keys. Never overflow: ids are at most 64 bytes by the gate, longer input is cut. */
void ld_tkey_init(struct ld_tkey *k);
void ld_tkey_str(struct ld_tkey *k, const char *s);		/* length byte, bytes */
void ld_tkey_bytes(struct ld_tkey *k, const void *p, size_t n); /* as they stand */
void ld_tkey_u8(struct ld_tkey *k, uint8_t v);
void ld_tkey_u64(struct ld_tkey *k, uint64_t v); /* big-endian */

/* Raw record access; `type` is the record's descriptor. */
enum ld_err ld_rec_get(struct ld_custody *c, enum ld_table t, const void *key, size_t len,
		       const ProtobufCMessageDescriptor *type, ProtobufCMessage **out);
enum ld_err ld_rec_put(struct ld_custody *c, enum ld_table t, const void *key, size_t len,
		       const ProtobufCMessage *rec);

/* Typed pairs: enum ld_err ld_party_get(c, "id", &rec); enum ld_err ld_party_put(c, rec).
 * By string id: */
#define LD_STR_RECORDS(X)                                                                          \
	X(party, Party, LD_T_PARTY, registered->party)                                             \
	X(person, Person, LD_T_PERSON, registered->person)                                         \
	X(licence, Licence, LD_T_LICENCE, granted->licence)                                        \
	X(vehicle, Vehicle, LD_T_VEHICLE, registered->plate)                                       \
	X(instrument, Instrument, LD_T_INSTRUMENT, registered->instrument)                         \
	X(site, Site, LD_T_SITE, registered->site)                                                 \
	X(container, Container, LD_T_CONTAINER, container)                                         \
	X(delegation, Delegation, LD_T_DELEGATION, granted->delegation)                            \
	X(grant, Grant, LD_T_GRANT, approval)                                                      \
	X(hold, Hold, LD_T_HOLD, placed->hold)                                                     \
	X(position, Position, LD_T_POSITION, plate)
#define LD_STR_DECL(noun, Type, table, idfield)                                                    \
	enum ld_err ld_##noun##_get(struct ld_custody *c, const char *id, Custody__##Type **out);  \
	enum ld_err ld_##noun##_put(struct ld_custody *c, const Custody__##Type *rec);
LD_STR_RECORDS(LD_STR_DECL)

/* By bytes: */
enum ld_err ld_key_rec_get(struct ld_custody *c, const uint8_t key_id[LD_KEY_ID_BYTES],
			   Custody__Key **out);
enum ld_err ld_key_rec_put(struct ld_custody *c, const Custody__Key *rec);
enum ld_err ld_chain_get(struct ld_custody *c, const uint8_t key_id[LD_KEY_ID_BYTES],
			 Custody__Chain **out);
enum ld_err ld_chain_put(struct ld_custody *c, const uint8_t key_id[LD_KEY_ID_BYTES],
			 const Custody__Chain *rec);
/* id: 16 bytes (BinaryData of any other length: not found) */
enum ld_err ld_manifest_get(struct ld_custody *c, ProtobufCBinaryData id, Custody__Manifest **out);
enum ld_err ld_manifest_put(struct ld_custody *c, const Custody__Manifest *rec);
enum ld_err ld_ticket_get(struct ld_custody *c, ProtobufCBinaryData id, Custody__Ticket **out);
enum ld_err ld_ticket_put(struct ld_custody *c, const Custody__Ticket *rec);
enum ld_err ld_effect_get(struct ld_custody *c, const uint8_t hash[LD_HASH_BYTES],
			  Custody__Effect **out);
enum ld_err ld_effect_put(struct ld_custody *c, const uint8_t hash[LD_HASH_BYTES],
			  const Custody__Effect *rec);
enum ld_err ld_stock_get(struct ld_custody *c, const char *party, const char *site,
			 const char *code, Custody__Stock **out);
enum ld_err ld_stock_put(struct ld_custody *c, const Custody__Stock *rec);
enum ld_err ld_batch_get(struct ld_custody *c, const char *party, const char *batch,
			 Custody__Batch **out);
enum ld_err ld_batch_put(struct ld_custody *c, const Custody__Batch *rec);
enum ld_err ld_gap_get(struct ld_custody *c, const char *plate, int64_t from_ms,
		       Custody__Gap **out);
enum ld_err ld_gap_put(struct ld_custody *c, const Custody__Gap *rec);
enum ld_err ld_gap_del(struct ld_custody *c, const char *plate, int64_t from_ms);
enum ld_err ld_anomaly_get(struct ld_custody *c, uint64_t anomaly, Custody__Anomaly **out);
enum ld_err ld_anomaly_put(struct ld_custody *c, const Custody__Anomaly *rec);

/* Manifests in transit on a vehicle, in id order: up to cap ids into the arena. */
enum ld_err ld_load_of(struct ld_custody *c, const char *plate, ProtobufCBinaryData *ids,
		       size_t cap, size_t *n);

/* Arena copies for building records. NULL never: an exhausted arena is an abort of the event (see
 * region.c), reported through ld_arena's NULL by the callers that allocate by hand. */
char *ld_c_str(struct ld_custody *c, const char *s);
ProtobufCBinaryData ld_c_bytes(struct ld_custody *c, const void *p, size_t n);
/* Lower-case hex of a manifest id, in the arena. */
char *ld_c_hex(struct ld_custody *c, ProtobufCBinaryData id);

#endif
