/* A small region for tests and benchmarks: a ledger in a temporary directory, an authority, signers
 * with their chains. Everything goes through ld_region_submit as a device would send it. Aborts the
 * test on misuse. */
#ifndef LD_TESTS_WORLD_H
#define LD_TESTS_WORLD_H

#include "plugin/custody/region.h"

#define WORLD_ANOMALIES 64

struct signer {
	struct ld_key *key;
	char party[LD_MAX_ID_BYTES + 1];
	char device[LD_MAX_ID_BYTES + 1];
	uint32_t epoch;
	uint64_t seq; /* last used */
	uint8_t prev[LD_HASH_BYTES];
};

struct world {
	char dir[64];
	struct ld_region *region;
	struct ld_region_options opt;
	uint8_t ledger_id[LD_HASH_BYTES];
	struct signer authority;
	struct ld_outcome out;		  /* of the last submit */
	uint8_t last_hash[LD_HASH_BYTES]; /* of the last event sealed */
	/* the sink's memory */
	size_t n_events, n_receipts, n_refused, n_anomalies;
	uint8_t receipt[65536 + 16384];
	size_t receipt_len;    /* of the last receipt */
	struct world_anomaly { /* the last of them; n_anomalies counts */
		Liandan__AnomalyKind kind;
		uint32_t level;
		char subject[LD_MAX_ID_BYTES + 1], manifest[LD_MAX_ID_BYTES + 1];
	} anomaly[WORLD_ANOMALIES];
	Liandan__AnomalyKind last_anomaly;
	uint32_t last_level;
};

void world_new(struct world *w);
void world_reopen(struct world *w); /* closes and opens again */
void world_open(struct world *w);
void world_free(struct world *w); /* closes, removes the directory */

/* A new key pair; not yet enrolled. */
void signer_new(struct signer *s, const char *party, const char *device,
		Liandan__Algorithm algorithm);
void signer_free(struct signer *s);

/* Fills header fields (ledger, region, seq, prev, occurred_at = now unless set), seals, returns
 * malloc'd bytes. The signer's chain advances. */
uint8_t *world_seal(struct world *w, struct signer *s, Liandan__Event *e, size_t *len);
/* As world_seal, cosigned by others, whose chains do not move. */
uint8_t *world_seal_cosigned(struct world *w, struct signer *s, struct signer *const *cosigners,
			     size_t n, Liandan__Event *e, size_t *len);
/* Seals and submits. LD_OK always expected; the verdict is in w->out. */
Liandan__Verdict world_send(struct world *w, struct signer *s, Liandan__Event *e);
Liandan__Verdict world_submit(struct world *w, const struct signer *s, const uint8_t *bytes,
			      size_t len);

/* Registry in one line each, by the authority; every one must be ACCEPTED. */
void world_party(struct world *w, const char *party, uint32_t roles, Liandan__Tier tier);
void world_party_at(struct world *w, const char *party, uint32_t roles, Liandan__Tier tier,
		    uint32_t division);
void world_key(struct world *w, struct signer *s, Liandan__KeySubject subject,
	       const char *subject_id, uint32_t roles);
void world_site(struct world *w, const char *site, const char *party, Liandan__SiteKind kind,
		double lat, double lon, double radius_m);
void world_vehicle(struct world *w, const char *plate, const char *party, struct signer *terminal,
		   const char *terminal_id);
void world_licence(struct world *w, const char *licence, const char *party,
		   Liandan__LicenceKind kind, const char *code);
void world_scale(struct world *w, const char *instrument, const char *party, const char *site);

/* One fix as a Track event. */
Liandan__Verdict world_fix(struct world *w, struct signer *terminal, const char *plate,
			   const char *terminal_id, int64_t t_ms, double lat, double lon,
			   int64_t odometer_m, Liandan__LoadState load);

/* As world_send, cosigned by others, whose chains do not move. */
Liandan__Verdict world_send_cosigned(struct world *w, struct signer *s,
				     struct signer *const *cosigners, size_t n, Liandan__Event *e);

#endif
