/* Thresholds, deadlines and tolerances in force. Version 1 of profile CN is compiled in; each value
 * with its source. Times in milliseconds, masses in grams. */
#ifndef LD_CUSTODY_RULES_H
#define LD_CUSTODY_RULES_H

#include <stdint.h>

#define LD_MINUTE_MS INT64_C(60000)
#define LD_HOUR_MS (60 * LD_MINUTE_MS)
#define LD_DAY_MS (24 * LD_HOUR_MS)

struct ld_rules {
	const char *profile;
	uint32_t version;
	/* deadlines */
	int64_t draft_ms;	      /* CUSTODY-1: 30 d */
	int64_t pickup_ms;	      /* CUSTODY-2: 10 d */
	int64_t offer_ms;	      /* CUSTODY-5: where the offer names no time */
	int64_t arrival_grace_ms;     /* P6: at least 2 h after the expected arrival */
	uint32_t arrival_grace_pct;   /* or this much of the expected travel time */
	int64_t arrival_default_ms;   /* expected travel time where nobody says */
	int64_t late_news_ms;	      /* CUSTODY-22: for the arrival after a late taking */
	int64_t lost_ms;	      /* P6: overdue for a day more */
	int64_t receipt_ms;	      /* arrived and not received */
	uint32_t acceptance_workdays; /* Order 23 article 18: 5 working days */
	int64_t redirect_ms;	      /* CUSTODY-15: 24 h */
	int64_t treatment_ms;	      /* Law article 81: 1 year */
	int64_t held_ms;	      /* PROTOCOL: 72 h */
	int64_t clock_ahead_ms;	      /* CUSTODY, Time: 24 h */
	/* presence and gaps (dumping-detection 2.3, 2.7) */
	int64_t presence_ms; /* CUSTODY-6: 30 min around the hand-over */
	int64_t gap_min_ms;  /* silences shorter than this are no gaps */
	int64_t handling_ms; /* tau: tipping takes at least 4 min */
	uint32_t
	    v_max_cm_s; /* 90 km/h: dangerous goods vehicles are limited to 80 (60 off motorways) */
	int64_t unexplained_raise_ms; /* U >= 7 min */
	int64_t unexplained_clear_ms; /* U <= 4 min */
	int64_t open_gap_ms;	      /* provisional by timer */
	uint32_t parked_m;	      /* displacement and odometer below this: it stood */
	uint32_t fence_margin_m;      /* outside a fence only beyond this */
	/* departure (D3) */
	int64_t pickup_dwell_ms;  /* inside a generator's fence this long */
	int64_t manifest_wait_ms; /* no manifest within 1 h of leaving */
	/* masses (M1; OIML R 76 in service = 2 x initial) */
	int64_t mass_extra_g;		    /* fuel, rain: added to the scales' errors */
	uint32_t shortfall_level3_permille; /* > 10 % */
	uint32_t shortfall_level2_permille; /* >= 3 % */
	int64_t shortfall_level2_g;	    /* or 300 kg */
	int64_t small_generator_g;	    /* below: same person is flagged, not refused */
};

/* Profile CN, version 1. */
extern const struct ld_rules ld_rules_cn;

#endif
