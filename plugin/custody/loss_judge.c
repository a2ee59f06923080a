/* From what has gone beyond the tolerance to STOCK_IMBALANCE. 5C M10. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/loss.h"

#define MAX_RAISED 16 /* of one event */

struct marks {
	struct ld_custody *c;
	const struct ld_fact *f;
	struct ld_own_list *own;
	size_t n;
};

static const uint8_t *take(const uint8_t *p, const uint8_t *end, char out[LD_MAX_ID_BYTES + 1])
{
	size_t n;

	if (p == NULL || p >= end || (n = *p++) > LD_MAX_ID_BYTES || n > (size_t)(end - p))
		return NULL;
	memcpy(out, p, n);
	out[n] = '\0';
	return p + n;
}

static void figures(struct ld_custody *c, Liandan__AnomalyRaised *a, int64_t short_g,
		    int64_t allowed_g, int64_t of_g)
{
	ld_anomaly_figure(c, a, "missing", short_g, allowed_g,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, a, "throughput", of_g, 0, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
}

static void of_stock(struct marks *w, const char *party, const char *site, const char *code)
{
	Liandan__AnomalyRaised *a;
	Custody__Stock *s;
	int64_t allowed_g;

	if (ld_stock_get(w->c, party, site, code, &s) != LD_OK || s->month == NULL)
		return;
	allowed_g = ld_tally_allowed_g(w->c->rules, s->month);
	a = ld_anomaly_new(w->c, LIANDAN__ANOMALY_KIND__STOCK_IMBALANCE,
			   ld_imbalance_level(w->c->rules, s->month->short_g, allowed_g),
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE, site, "");
	if (a == NULL || a->level == 0)
		return;
	a->site = a->subject;
	a->code = ld_c_str(w->c, code);
	figures(w->c, a, s->month->short_g, allowed_g, s->month->moved_g);
	ld_anomaly_figure(w->c, a, "month", s->month->month, 0,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	a->from_ms = a->to_ms = w->f->event->occurred_at_ms;
	ld_anomaly_evidence(w->c, a, w->f->index);
	ld_anomaly_report(w->c, w->own, a);
}

/* A batch is its party's, and its site's; one code, so its own scope is the site. */
static void of_batch(struct marks *w, const char *party, const char *batch)
{
	Liandan__AnomalyRaised *a;
	Custody__Batch *b;
	int64_t allowed_g;

	if (ld_batch_get(w->c, party, batch, &b) != LD_OK)
		return;
	allowed_g = ld_batch_allowed_g(w->c->rules, b);
	a = ld_anomaly_new(w->c, LIANDAN__ANOMALY_KIND__STOCK_IMBALANCE,
			   ld_imbalance_level(w->c->rules, b->short_g, allowed_g),
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_BATCH, batch, "");
	if (a == NULL || a->level == 0)
		return;
	a->site = b->site;
	figures(w->c, a, b->short_g, allowed_g, b->mass_g);
	a->from_ms = a->to_ms = w->f->event->occurred_at_ms;
	ld_anomaly_evidence(w->c, a, b->index);
	ld_anomaly_evidence(w->c, a, w->f->index);
	ld_anomaly_report(w->c, w->own, a);
}

static int mark_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	char party[LD_MAX_ID_BYTES + 1], where[LD_MAX_ID_BYTES + 1], code[LD_MAX_ID_BYTES + 1];
	const uint8_t *end = key + key_len, *p = key + 9;
	struct marks *w = ctx;

	(void)value, (void)len;
	if (key_len < 9 || w->n++ == MAX_RAISED)
		return 1;
	p = take(take(p, end, party), end, where);
	if (key[8] == 'B' && p != NULL)
		of_batch(w, party, where);
	else if (take(p, end, code) != NULL)
		of_stock(w, party, where, code);
	return 0;
}

void ld_losses_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	struct marks w = {.c = c, .f = f, .own = own};
	struct ld_tkey k;

	ld_tkey_init(&k);
	ld_tkey_u64(&k, f->index);
	ld_state_walk(c->state, LD_T_OVER, k.b, k.len, NULL, 0, mark_one, &w, NULL);
}
