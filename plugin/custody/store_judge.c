/* More than a site may hold, for longer than it may, more than can be: M13 to M16. CUSTODY-18. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/drain.h"
#include "plugin/custody/forward.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/store.h"

/* ---- M16 ---- */

/* A storage point 贮存点 holds 3 t (GB 18597-2023, 8.3.5), any site its capacity. 0: no limit. */
static int64_t limit_of(struct ld_custody *c, const char *site)
{
	size_t mark = ld_mark(c);
	int64_t limit = 0;
	Custody__Site *s;

	if (ld_site_get(c, site, &s) == LD_OK) {
		limit = s->registered->capacity_g;
		if (s->registered->storage_point &&
		    (limit == 0 || limit > c->rules->storage_point_g))
			limit = c->rules->storage_point_g;
	}
	ld_release(c, mark);
	return limit;
}

static int64_t booked_g(struct ld_custody *c, const char *party, const char *site, const char *code)
{
	size_t mark = ld_mark(c);
	Custody__Stock *s;
	const int64_t g = ld_stock_get(c, party, site, code, &s) == LD_OK ? s->in_stock_g : 0;

	ld_release(c, mark);
	return g;
}

/* What the event puts there that is not booked yet. */
static int64_t comes_g(const struct ld_case *k)
{
	const Liandan__Event *e = k->f->event;
	const Liandan__StockCounted *n = e->stock_counted;

	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
		return ld_line_declared_g(e->waste_generated->line);
	case LIANDAN__EVENT__BODY_STOCK_COUNTED:
		return ld_sub_g(n->counted_g,
				booked_g(k->c, k->f->signer->party, n->site, n->code));
	case LIANDAN__EVENT__BODY_ACCEPTED:
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
	case LIANDAN__EVENT__BODY_PIPELINE_DAY:
		return ld_event_accepts_g(e, 0);
	default:
		return 0;
	}
}

bool ld_check_storage_fits(struct ld_case *k)
{
	const char *site = k->m != NULL ? k->m->created->receiver->site : ld_site_of(k->f->event);
	const int64_t limit = limit_of(k->c, site);
	int64_t total;

	if (limit == 0)
		return true;
	total = ld_add_g(ld_site_stock_g(k->c, site), comes_g(k));
	return total <= limit || ld_failed(k, LIANDAN__REASON__STORAGE_EXCEEDED, site, total, limit,
					   "%s may not hold so much", site);
}

void ld_store_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	const char *site = ld_site_of(f->event);
	Liandan__AnomalyRaised *a;
	Custody__Manifest *m;
	ProtobufCBinaryData id;
	int64_t limit, total;

	if (ld_event_accepts_g(f->event, 0) != 0 && ld_manifests_of(f->event, &id, 1) == 1 &&
	    ld_manifest_get(c, id, &m) == LD_OK)
		site = m->created->receiver->site;
	limit = limit_of(c, site);
	total = ld_site_stock_g(c, site);
	if (limit == 0 || total <= limit)
		return;
	a = ld_anomaly_new(
	    c, LIANDAN__ANOMALY_KIND__STORAGE_OVERFULL,
	    ld_anomaly_level(LIANDAN__ANOMALY_KIND__STORAGE_OVERFULL, LIANDAN__REASON__REASON_NONE),
	    LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE, site, "");
	if (a == NULL)
		return;
	a->from_ms = a->to_ms = f->event->occurred_at_ms;
	ld_anomaly_figure(c, a, "in stock", total, limit, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_evidence(c, a, f->index);
	ld_anomaly_report(c, own, a);
}

/* ---- M15 ---- */

bool ld_awaits_treatment(struct ld_custody *c, const Custody__Manifest *m)
{
	return ld_rules_of(c, m)->close_at_treatment != 0 && ld_manifest_left_g(m) > 0 &&
	       ld_with_operator(c, m);
}

static bool waits_to_close(struct ld_custody *c, ProtobufCBinaryData id)
{
	const uint8_t *value;
	size_t len;

	return ld_state_get(c->state, LD_T_TO_CLOSE, id.data, id.len, &value, &len) == LD_OK;
}

void ld_spent_one_follow(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData id,
			 struct ld_own_list *own)
{
	size_t mark = ld_mark(c);
	Custody__Manifest *m;
	const char *hex;

	if (ld_manifest_get(c, id, &m) != LD_OK || m->updated_index != f->index ||
	    m->accepted_ms == 0 || ld_manifest_left_g(m) > 0) {
		ld_release(c, mark);
		return;
	}
	hex = ld_c_hex(c, id);
	if (hex != NULL)
		ld_anomaly_explain(c, own, LIANDAN__ANOMALY_KIND__STORAGE_OVERDUE, hex, hex,
				   LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE, f->index);
	if (waits_to_close(c, id))
		ld_manifest_close(c, m, LIANDAN__CLOSE_REASON__CLOSE_REASON_TREATED, own);
}

struct closing {
	struct ld_custody *c;
	struct ld_own_list *out;
	size_t n, max;
};

static int close_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct closing *w = ctx;
	const ProtobufCBinaryData id = {key_len, (uint8_t *)(uintptr_t)key};
	Custody__Manifest *m;

	(void)value, (void)len;
	if (w->n == w->max || w->out->n == LD_MAX_OWN_EVENTS)
		return 1;
	if (ld_manifest_get(w->c, id, &m) == LD_OK) {
		ld_manifest_close(w->c, m, LIANDAN__CLOSE_REASON__CLOSE_REASON_TREATED, w->out);
		w->n++;
	}
	return 0;
}

void ld_close_follow_time(struct ld_custody *c, size_t max, struct ld_own_list *out)
{
	struct closing w = {.c = c, .out = out, .max = max};

	ld_state_walk(c->state, LD_T_TO_CLOSE, NULL, 0, NULL, 0, close_one, &w, NULL);
}

static void add_container(struct ld_custody *c, const char *id, struct ld_origins *all)
{
	size_t mark = ld_mark(c);
	Custody__Container *k;

	if (ld_container_get(c, id, &k) == LD_OK)
		ld_origins_of_container(all, k, 0);
	ld_release(c, mark);
}

/* The manifests that what the event takes had come by. */
static void touched(struct ld_custody *c, const struct ld_fact *f, struct ld_origins *all)
{
	const Liandan__Event *e = f->event;
	Custody__Manifest *m;
	size_t n;

	if (e->body_case == LIANDAN__EVENT__BODY_LOSS_RECORDED) {
		add_container(c, e->loss_recorded->subject, all);
		return;
	}
	if (e->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN) {
		if (ld_manifest_get(c, e->handover_taken->manifest, &m) == LD_OK)
			for (size_t i = 0; i < m->created->n_parents; i++)
				ld_origins_of_bulk(all, m->created->parents[i]->manifest, 0);
		return;
	}
	n = ld_inputs(e);
	for (size_t i = 0; i < n; i++) {
		const struct ld_input in = ld_input_at(e, i);

		if (in.container[0] != '\0')
			add_container(c, in.container, all);
		else
			ld_origins_of_bulk(all, in.manifest, 0);
	}
}

void ld_spent_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	struct ld_origins all;

	if (!ld_origins_init(c, &all, LD_MAX_TREATED))
		return;
	touched(c, f, &all);
	for (size_t i = 0; i < all.n; i++) {
		const ProtobufCBinaryData id = {LD_UUID_BYTES, all.of[i].manifest};

		ld_spent_one_follow(c, f, id, own);
	}
}

/* ---- M13, M14 ---- */

static Liandan__AnomalyRaised *of_treatment(struct ld_custody *c, const struct ld_fact *f,
					    Liandan__AnomalyKind kind)
{
	Liandan__AnomalyRaised *a = ld_anomaly_new(
	    c, kind, ld_anomaly_level(kind, LIANDAN__REASON__REASON_NONE),
	    LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE, f->event->waste_treated->site, "");

	if (a != NULL) {
		a->from_ms = f->event->waste_treated->started_ms;
		a->to_ms = f->event->waste_treated->ended_ms;
		ld_anomaly_evidence(c, a, f->index);
	}
	return a;
}

/* It ran for longer than it lasted. What a plant can treat in an hour is nowhere said. */
static void ran_too_long(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	const Liandan__WasteTreated *w = f->event->waste_treated;
	const int64_t lasted_ms = ld_sub_g(w->ended_ms, w->started_ms);
	const int64_t run_ms = (int64_t)w->run_s * 1000;
	Liandan__AnomalyRaised *a;

	if (w->run_s == 0 || w->started_ms == 0 || w->ended_ms == 0 ||
	    (__int128)run_ms * 100 <= (__int128)lasted_ms * c->rules->treated_pct)
		return;
	a = of_treatment(c, f, LIANDAN__ANOMALY_KIND__TREATED_TOO_MUCH);
	ld_anomaly_figure(c, a, "run", run_ms, lasted_ms,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_MILLISECOND);
	ld_anomaly_report(c, own, a);
}

/* Ash and slag of incineration on land (D10): at least so much of what went in. */
static void little_residue(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	const Liandan__WasteTreated *w = f->event->waste_treated;
	const int64_t in_g = ld_inputs_g(f->event);
	Liandan__AnomalyRaised *a;
	int64_t residue_g = 0, least_g;

	if (strcmp(w->mode, "D10") != 0)
		return;
	for (size_t i = 0; i < w->n_outputs; i++)
		if (w->outputs[i]->kind == LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE)
			residue_g = ld_add_g(residue_g, w->outputs[i]->mass_g);
	least_g = in_g / 1000 * c->rules->residue_min_permille;
	if (residue_g >= least_g)
		return;
	a = of_treatment(c, f, LIANDAN__ANOMALY_KIND__RESIDUE_MISSING);
	ld_anomaly_figure(c, a, "residue", residue_g, least_g,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_report(c, own, a);
}

void ld_treated_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	ran_too_long(c, f, own);
	little_residue(c, f, own);
}
