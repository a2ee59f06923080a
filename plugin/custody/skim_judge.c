/* M3: when small shortfalls have added up. 5C M3, DETECTION 7 and 8. */
#include "plugin/custody/skim.h"

#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/delivery.h"

#define YEAR_MS (365 * LD_DAY_MS)

struct finding {
	uint32_t level;
	int64_t calibrated_g, all_g;
};

/* A sum alone proves nothing: so small a bias is left of each pair of scales that it adds up over
 * a year of honest trips. */
static struct finding look(const struct ld_rules *r, const Custody__Skim *s, int64_t at_ms)
{
	struct finding x = {0};

	ld_skim_sums(s, at_ms, &x.calibrated_g, &x.all_g);
	if (s->cusum_ppm <= LD_SKIM_ALARM)
		return x;
	x.level = 2;
	if (x.calibrated_g >= r->skim_level3_g)
		x.level = 3;
	if (x.calibrated_g >= r->skim_level4_g)
		x.level = 4;
	/* DETECTION 8: uncalibrated stays at level 2, and says so */
	if (s->calibrated < LD_SKIM_CALIBRATED && x.level > 2)
		x.level = 2;
	return x;
}

static void report(struct ld_custody *c, const struct ld_fact *f, const Custody__Skim *s,
		   int64_t at_ms, Liandan__SubjectKind kind, const char *subject, const char *site,
		   struct ld_own_list *own)
{
	const struct finding x = look(c->rules, s, at_ms);
	Liandan__AnomalyRaised *a;

	if (x.level == 0)
		return;
	a = ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__SKIMMING, x.level, kind, subject, "");
	if (a == NULL || (a->site = ld_c_str(c, site)) == NULL)
		return;
	a->from_ms = at_ms - YEAR_MS;
	a->to_ms = at_ms;
	a->calibration_n = s->calibrated;
	ld_anomaly_figure(c, a, "cusum_ppm", s->cusum_ppm, LD_SKIM_ALARM,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_figure(c, a, "sum_12_months", x.calibrated_g, c->rules->skim_level3_g,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, a, "sum_uncalibrated", x.all_g - x.calibrated_g, 0,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, a, "trips", s->trips, LD_SKIM_CALIBRATED,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_evidence(c, a, f->index);
	ld_anomaly_report(c, own, a);
}

/* Metrology: the pair has just been calibrated, and its bias is more than a trip is allowed. */
static void report_bias(struct ld_custody *c, const struct ld_fact *f, const struct ld_delivery *d,
			struct ld_own_list *own)
{
	const int64_t k_ppm = c->rules->skim_k_permille * 1000;
	const char *load, *gate;
	Custody__ScalePair *p;
	Custody__Instrument *ins;
	Liandan__AnomalyRaised *a;

	if (!ld_skim_scales(c, d, &load, &gate) || ld_scale_pair_get(c, load, gate, &p) != LD_OK ||
	    p->index != f->index || (p->bias_ppm <= k_ppm && p->bias_ppm >= -k_ppm))
		return;
	a = ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__SCALE_BIAS, 1,
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_INSTRUMENT, gate, "");
	if (a == NULL)
		return;
	if (ld_instrument_get(c, load, &ins) == LD_OK && ins->registered != NULL)
		a->site = ins->registered->site; /* where the other scale stands */
	a->from_ms = a->to_ms = d->m->accepted_ms;
	a->calibration_n = LD_SKIM_CALIBRATED;
	ld_anomaly_figure(c, a, "bias_ppm", p->bias_ppm, k_ppm,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_evidence(c, a, f->index);
	ld_anomaly_report(c, own, a);
}

void ld_skim_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	const struct ld_acceptance of = ld_acceptance_of(f->event);
	struct ld_delivery *d = ld_arena_alloc(c->arena, sizeof *d);
	Custody__Skim *s;

	if (d == NULL || !ld_delivery_of(c, &of, d) || !ld_skim_counts(ld_rules_of(c, d->m), d))
		return;
	const Custody__Manifest *m = d->m;

	report_bias(c, f, d, own);
	if (ld_skim_get(c, LD_SKIM_CARRIER, m->carrier, "", &s) == LD_OK)
		report(c, f, s, m->accepted_ms, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY,
		       m->carrier, "", own);
	if (d->one_origin && m->created->receiver != NULL &&
	    ld_skim_get(c, LD_SKIM_ROUTE, m->created->site, m->created->receiver->site, &s) ==
		LD_OK)
		report(c, f, s, m->accepted_ms, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE,
		       m->created->receiver->site, m->created->site, own);
}
