/* M3 累计短少: small shortfalls that add up. For every delivery weighed with certified tickets at
 * both ends the residual r = taken - found, less what the waste itself may lose and less the bias
 * of this pair of scales, relative to what was taken:
 *
 *   S = max(0, S + (r - k) / h), alarm at S > 1     k, h: skim_k_permille, skim_h_permille, but not
 *                                                   below 0.5 and 6 sd of the scales' errors
 *   sum of r over 12 months, calibrated pairs       skim_level3_g, skim_level4_g, while it alarms
 *
 * per carrier, and per origin and receiving site. Left out: what has an anomaly of its own (a
 * shortfall of level 2 and more, a gain), what was refused in part or has left parts elsewhere. A
 * milk run from several sites counts for its carrier only.
 *
 * A pair's bias is the median of its first 20 deliveries, whoever drove, never more than the
 * scales' errors; it is frozen then, and metrology: SCALE_BIAS on the scale, never on a driver.
 * Until then only what is beyond the scales' errors enters S. Until 20 of a carrier's deliveries
 * were over calibrated pairs an alarm stays at level 2 and says how many there were
 * (calibration_n).
 *
 * Table SKIM: 's', (load scale), gate scale -> ScalePair; 'c', carrier and 'r', (origin), receiving
 * site -> Skim. */
#ifndef LD_CUSTODY_SKIM_H
#define LD_CUSTODY_SKIM_H

#include "plugin/custody/delivery.h"
#include "plugin/custody/judge.h"

#define LD_SKIM_ALARM INT64_C(1000000) /* Skim.cusum_ppm: of h */
#define LD_SKIM_CALIBRATED 20	       /* deliveries */
#define LD_SKIM_MONTHS 12

enum ld_skim_of { LD_SKIM_CARRIER = 'c', LD_SKIM_ROUTE = 'r' };
/* carrier: b "". */
enum ld_err ld_skim_get(struct ld_custody *c, enum ld_skim_of of, const char *a, const char *b,
			Custody__Skim **out);
enum ld_err ld_scale_pair_get(struct ld_custody *c, const char *load, const char *gate,
			      Custody__ScalePair **out);
/* Sums of the 12 months to the one of at_ms: over calibrated pairs, and over all. */
void ld_skim_sums(const Custody__Skim *s, int64_t at_ms, int64_t *calibrated_g, int64_t *all_g);

/* Does the delivery count? r: the rules of its manifest. */
bool ld_skim_counts(const struct ld_rules *r, const struct ld_delivery *d);
/* The two scales that weighed it. false: not known, or several. */
bool ld_skim_scales(struct ld_custody *c, const struct ld_delivery *d, const char **load,
		    const char **gate);

/* After Accepted has taken effect. */
enum ld_err ld_skim_apply(struct ld_custody *c, const struct ld_fact *f);
/* After ld_skim_apply. */
void ld_skim_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own);

#endif
