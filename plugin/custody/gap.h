/* Silences: how long the vehicle could have stood (P), how much of the time its travel does not
 * explain (U), where it can have been. Silence is not an alarm; unexplained time is (DETECTION 1).
 *
 * P = delta - |pq| / v_max.  P < tau: stationary handling of tau or more by the vehicle that
 * carries this terminal was impossible, if v_max and the clock hold. U = delta - T_ref(|pq|). All
 * integers. */
#ifndef LD_CUSTODY_GAP_H
#define LD_CUSTODY_GAP_H

#include "plugin/custody/custody.h"
#include "plugin/custody/judge.h"

/* Median first-passage time for a straight-line distance (dumping-detection 2.3, measured on
 * training trucks): 500 m 90 s, 1 km 180, 2 km 330, 4 km 630, 8 km 1,050, 12 km 1,470; beyond, 1.3
 * d at 25 km/h. */
int64_t ld_gap_reference_ms(int64_t distance_m);

/* What an end of the custody interval does to a silence that reaches over it. */
struct ld_anchor {
	int64_t t_ms; /* 0: none */
	bool known;   /* lat, lon are */
	int32_t lat_e7, lon_e7;
	int64_t radius_m; /* of the place: an end this near, and parked_m more, was there */
};

struct ld_gap_view {
	Custody__Fix from, to; /* ends, cut to the custody interval */
	int64_t delta_ms;
	int64_t distance_m;
	int64_t possible_ms;	/* P */
	int64_t unexplained_ms; /* U */
	int64_t odometer_m;	/* -1: not known */
	int64_t major_m; /* sum of distances to the two ends that the time or the odometer allows */
	bool parked;	 /* ends at most parked_m apart */
	bool closed;	 /* by P < tau, heartbeat or odometer: no alarm whatever U is */
	bool excursion;	 /* the odometer shows well more than the way */
	bool direct;	 /* the odometer shows no more than the way */
	bool emptied;	 /* load state fell across it */
};
/* from/to: the custody interval, t_ms 0 where it is open. */
void ld_gap_view(const struct ld_rules *rules, const Custody__Gap *g, const struct ld_anchor *from,
		 const struct ld_anchor *to, struct ld_gap_view *v);
/* False: closed by a parked heartbeat or odometer; such a silence needs no record. */
bool ld_gap_worth(const struct ld_rules *rules, const Custody__Gap *g);

/* A vehicle's kept silences, in time order; read once, changed in memory, written back. apply only.
 */
struct ld_gap_slot {
	Custody__Gap *gap;
	int64_t stored_from_ms; /* key in the table; -1: not there */
	bool dirty, dead;
};
struct ld_gap_set {
	bool loaded;
	size_t n;
	struct ld_gap_slot *slot; /* 2 * LD_MAX_GAPS, in the arena */
};
enum ld_err ld_gaps_load(struct ld_custody *c, const char *plate, struct ld_gap_set *s);
/* Takes a copy. */
enum ld_err ld_gaps_add(struct ld_custody *c, struct ld_gap_set *s, const Custody__Gap *g);
/* A fix inside a kept silence splits it; `before`/`after`: the fix as the end of the first part and
 * as the begin of the second (their odometers differ where it was estimated). *split: something
 * changed. */
enum ld_err ld_gaps_split(struct ld_custody *c, struct ld_gap_set *s, const Custody__Fix *before,
			  const Custody__Fix *after, Liandan__LoadState load, uint64_t index,
			  bool *split);
/* Evicts what is older than 72 h before newest_ms or beyond 256; writes; *n: kept. */
enum ld_err ld_gaps_store(struct ld_custody *c, const char *plate, struct ld_gap_set *s,
			  int64_t newest_ms, uint32_t *n);

/* Judge's side: looks at all kept silences of the vehicle against the manifests it carried; raises,
 * updates or explains (at most one open anomaly per vehicle and manifest, that of the worst
 * silence). evidence: ledger index. */
void ld_gap_review(struct ld_custody *c, const char *plate, uint64_t evidence,
		   struct ld_own_list *own);
/* A vehicle in custody that says nothing now: PROVISIONAL. */
void ld_gap_open(struct ld_custody *c, const char *plate, int64_t now_ms, struct ld_own_list *own);

#endif
