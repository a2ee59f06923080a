/* M3: the running sums of residuals. Integers only; parts per million. */
#include "plugin/custody/skim.h"

#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/delivery.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/year.h"

#define MILLION INT64_C(1000000)
#define MOST_G INT64_C(1000000000000) /* a delivery of a million tonnes is none */
#define CUSUM_TOP 10 /* times the alarm: beyond it nothing is learnt, and it must fall again */
/* Errors of two tickets, each anywhere within its tolerance and independent: 1 / sqrt(3) / sqrt(2)
 * of their tolerances' sum. */
#define SD_PERCENT 41

static void pair_key(struct ld_tkey *k, uint8_t of, const char *a, const char *b)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, of);
	ld_tkey_str(k, a);
	ld_tkey_str(k, b);
}

enum ld_err ld_skim_get(struct ld_custody *c, enum ld_skim_of of, const char *a, const char *b,
			Custody__Skim **out)
{
	struct ld_tkey k;

	pair_key(&k, (uint8_t)of, a, b);
	return ld_rec_get(c, LD_T_SKIM, k.b, k.len, &custody__skim__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_scale_pair_get(struct ld_custody *c, const char *load, const char *gate,
			      Custody__ScalePair **out)
{
	struct ld_tkey k;

	pair_key(&k, 's', load, gate);
	return ld_rec_get(c, LD_T_SKIM, k.b, k.len, &custody__scale_pair__descriptor,
			  (ProtobufCMessage **)out);
}

/* Months since year 0, UTC+8. */
static uint32_t month_of(int64_t ms)
{
	const uint32_t date = ld_china_date(ms);

	return date / 10000 * 12 + date / 100 % 100 - 1;
}

void ld_skim_sums(const Custody__Skim *s, int64_t at_ms, int64_t *calibrated_g, int64_t *all_g)
{
	const uint32_t now = month_of(at_ms);

	*calibrated_g = *all_g = 0;
	for (size_t i = 0; i < s->n_months; i++) {
		const Custody__SkimMonth *m = s->months[i];

		if (m->month > now || now - m->month >= LD_SKIM_MONTHS)
			continue;
		*calibrated_g = ld_add_g(*calibrated_g, m->short_g);
		*all_g = ld_add_g(*all_g, ld_add_g(m->short_g, m->uncalibrated_g));
	}
}

/* One delivery's residual, and whose it is. */
struct residual {
	const char *load, *gate; /* scales; NULL: loaded at several sites */
	int64_t taken_g, short_g;
	int64_t ppm;
	int64_t scales_ppm; /* what their errors allow */
	bool calibrated;
	int64_t at_ms;
};

static const char *scale_of(struct ld_custody *c, const ProtobufCBinaryData *tickets, size_t n,
			    Liandan__WeighPurpose purpose)
{
	for (size_t i = 0; i < n; i++) {
		Custody__Ticket *t;

		if (ld_ticket_get(c, tickets[i], &t) == LD_OK && t->weighed != NULL &&
		    (purpose == 0 || t->weighed->purpose == purpose))
			return t->weighed->instrument;
	}
	return NULL;
}

bool ld_skim_scales(struct ld_custody *c, const struct ld_delivery *d, const char **load,
		    const char **gate)
{
	*load = d->one_origin ? scale_of(c, d->m->tickets, d->m->n_tickets,
					 LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD)
			      : NULL;
	*gate = scale_of(c, d->cited, d->n_tickets, 0);
	return *load != NULL && *gate != NULL;
}

bool ld_skim_counts(const struct ld_rules *r, const struct ld_delivery *d)
{
	const int64_t short_g = ld_sub_g(d->taken_g, d->found_g);

	if (!d->complete || !d->whole || !d->weighed || !d->certified || d->taken_g < 1000 ||
	    d->taken_g > MOST_G || d->found_g < 0 || d->found_g > MOST_G)
		return false;
	/* what stands as an anomaly of its own: a hole is no skimming, and water hides none */
	return short_g >= 0 ? short_g <= d->tolerance_g || ld_shortfall_level(r, d, short_g) < 2
			    : -short_g <= d->tolerance_g;
}

static void residual_of(struct ld_custody *c, const struct ld_delivery *d, struct residual *r)
{
	if (!ld_skim_scales(c, d, &r->load, &r->gate))
		r->load = NULL;
	r->taken_g = d->taken_g;
	r->short_g = d->taken_g - d->found_g;
	/* drying is no skimming */
	if (r->short_g > 0)
		r->short_g = r->short_g > d->loss_g ? r->short_g - d->loss_g : 0;
	r->ppm = r->short_g * 1000 / (r->taken_g / 1000);
	r->scales_ppm =
	    (d->scales_g < r->taken_g ? d->scales_g : r->taken_g) * 1000 / (r->taken_g / 1000);
	r->at_ms = d->m->accepted_ms;
}

/* Of so many values, sorted by insertion. */
static int32_t median(const int32_t *values)
{
	int32_t v[LD_SKIM_CALIBRATED];

	for (size_t i = 0; i < LD_SKIM_CALIBRATED; i++) {
		size_t k = i;

		for (; k > 0 && v[k - 1] > values[i]; k--)
			v[k] = v[k - 1];
		v[k] = values[i];
	}
	return (v[LD_SKIM_CALIBRATED / 2 - 1] + v[LD_SKIM_CALIBRATED / 2]) / 2;
}

/* DETECTION 7: the bias of the pair first. What it was before this delivery is taken off; this one
 * counts for it while it is still being estimated. */
static enum ld_err pair_learn(struct ld_custody *c, struct residual *r, uint64_t index)
{
	Custody__ScalePair fresh = CUSTODY__SCALE_PAIR__INIT, *p = &fresh;
	int32_t first[LD_SKIM_CALIBRATED];
	struct ld_tkey k;
	enum ld_err err;

	if (r->load == NULL)
		return LD_OK;
	err = ld_scale_pair_get(c, r->load, r->gate, &p);
	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	r->calibrated = p->n_first_ppm >= LD_SKIM_CALIBRATED;
	if (r->calibrated) {
		r->ppm -= p->bias_ppm;
		r->short_g -= p->bias_ppm * (r->taken_g / 1000) / 1000;
		return LD_OK;
	}
	if (p->n_first_ppm != 0)
		memcpy(first, p->first_ppm, p->n_first_ppm * sizeof first[0]);
	first[p->n_first_ppm] = (int32_t)r->ppm;
	p->first_ppm = first;
	p->n_first_ppm++;
	if (p->n_first_ppm == LD_SKIM_CALIBRATED) {
		const int64_t bias = median(first);

		p->bias_ppm = (int32_t)(bias > r->scales_ppm	? r->scales_ppm
					: bias < -r->scales_ppm ? -r->scales_ppm
								: bias);
		p->index = index;
	}
	pair_key(&k, 's', r->load, r->gate);
	return ld_rec_put(c, LD_T_SKIM, k.b, k.len, &p->base);
}

/* The month's bucket; months that are over a year old make room. */
static Custody__SkimMonth *bucket(struct ld_custody *c, Custody__Skim *s, uint32_t month)
{
	Custody__SkimMonth **kept =
	    ld_arena_alloc(c->arena, (LD_SKIM_MONTHS + 1) * sizeof(Custody__SkimMonth *));
	Custody__SkimMonth *fresh = ld_arena_alloc(c->arena, sizeof *fresh), *found = NULL;
	size_t n = 0;

	if (kept == NULL || fresh == NULL)
		return NULL;
	for (size_t i = 0; i < s->n_months && n < LD_SKIM_MONTHS; i++) {
		if (s->months[i]->month + LD_SKIM_MONTHS <= month)
			continue;
		if (s->months[i]->month == month)
			found = s->months[i];
		kept[n++] = s->months[i];
	}
	if (found == NULL) {
		custody__skim_month__init(fresh);
		fresh->month = month;
		kept[n++] = found = fresh;
	}
	s->months = kept;
	s->n_months = n;
	return found;
}

/* The CUSUM's step, in millionths of the alarm: what exceeds k, over h. Both grow where the scales'
 * errors are large against the load; of a pair that is not calibrated only what its scales cannot
 * have done counts. DETECTION 7: k = 0.5, h = 6 standard deviations */
static int64_t step_ppm(const struct ld_rules *rules, const struct residual *r)
{
	const int64_t sd_ppm = r->scales_ppm * SD_PERCENT / 100;
	int64_t k_ppm = rules->skim_k_permille * 1000;
	int64_t h_ppm = rules->skim_h_permille * 1000;

	if (k_ppm < sd_ppm / 2)
		k_ppm = sd_ppm / 2;
	if (!r->calibrated && k_ppm < r->scales_ppm)
		k_ppm = r->scales_ppm;
	if (h_ppm < 6 * sd_ppm)
		h_ppm = 6 * sd_ppm;
	return (r->ppm - k_ppm) * MILLION / h_ppm;
}

static enum ld_err add(struct ld_custody *c, enum ld_skim_of of, const char *a, const char *b,
		       const struct residual *r)
{
	Custody__Skim fresh = CUSTODY__SKIM__INIT, *s = &fresh;
	struct ld_tkey k;
	enum ld_err err = ld_skim_get(c, of, a, b, &s);

	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	Custody__SkimMonth *m = bucket(c, s, month_of(r->at_ms));

	if (m == NULL)
		return LD_ERR_NOMEM;
	s->trips++;
	s->calibrated += r->calibrated ? 1 : 0;
	s->cusum_ppm += step_ppm(c->rules, r);
	if (s->cusum_ppm < 0)
		s->cusum_ppm = 0;
	if (s->cusum_ppm > CUSUM_TOP * LD_SKIM_ALARM)
		s->cusum_ppm = CUSUM_TOP * LD_SKIM_ALARM;
	if (r->calibrated)
		m->short_g = ld_add_g(m->short_g, r->short_g);
	else
		m->uncalibrated_g = ld_add_g(m->uncalibrated_g, r->short_g);
	pair_key(&k, (uint8_t)of, a, b);
	return ld_rec_put(c, LD_T_SKIM, k.b, k.len, &s->base);
}

static enum ld_err count(struct ld_custody *c, const struct ld_delivery *d, uint64_t index)
{
	const Custody__Manifest *m = d->m;
	struct residual r = {0};
	enum ld_err err;

	residual_of(c, d, &r);
	err = pair_learn(c, &r, index);
	if (err == LD_OK && m->carrier[0] != '\0')
		err = add(c, LD_SKIM_CARRIER, m->carrier, "", &r);
	if (err == LD_OK && d->one_origin && m->created->receiver != NULL)
		err = add(c, LD_SKIM_ROUTE, m->created->site, m->created->receiver->site, &r);
	return err;
}

enum ld_err ld_skim_apply(struct ld_custody *c, const struct ld_fact *f)
{
	const struct ld_acceptance a = ld_acceptance_of(f->event);
	const size_t mark = ld_mark(c);
	struct ld_delivery *d = ld_arena_alloc(c->arena, sizeof *d);
	enum ld_err err = LD_OK;

	if (d == NULL)
		return LD_ERR_NOMEM;
	const bool known = ld_delivery_of(c, &a, d);

	/* what was left out for want of memory would be there in a replay */
	if (c->arena->full)
		return LD_ERR_NOMEM;
	if (known && ld_skim_counts(ld_rules_of(c, d->m), d))
		err = count(c, d, f->index);
	ld_release(c, mark);
	return err;
}
