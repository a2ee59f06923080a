/* CUSTODY, "above level 2 it takes two independent channels": an anomaly of another channel that
 * stands about the same load lifts this one by a level, and is lifted by it, once. Which speak for
 * others, and from which level of their own: anomalies.def. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "proto/base64.h"

#define LOOK_AT 32 /* of a manifest's or vehicle's standing anomalies, the newest */
#define TOP_LEVEL 4

static bool is_lifted(const Liandan__AnomalyRaised *a)
{
	for (size_t i = 0; i < a->n_figures; i++)
		if (strcmp(a->figures[i]->name, LD_SECOND_CHANNEL) == 0)
			return true;
	return false;
}

/* The level that its own evidence gives it. */
static uint32_t own_level(const Liandan__AnomalyRaised *a)
{
	return a->level - (is_lifted(a) && a->level > 0 ? 1u : 0u);
}

static void lift(struct ld_custody *c, Liandan__AnomalyRaised *a, const Liandan__AnomalyRaised *by)
{
	if (a->level < TOP_LEVEL)
		a->level++;
	ld_anomaly_figure(c, a, LD_SECOND_CHANNEL, (int64_t)by->kind, (int64_t)by->level,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	if (by->n_evidence != 0)
		ld_anomaly_evidence(c, a, by->evidence[by->n_evidence - 1]);
}

/* Of its own memory, with room for more figures and evidence. */
static Liandan__AnomalyRaised *copy_of(struct ld_custody *c, const Liandan__AnomalyRaised *o)
{
	Liandan__AnomalyRaised *a =
	    ld_anomaly_new(c, o->kind, o->level, o->subject_kind, o->subject, o->manifest);

	if (a == NULL)
		return NULL;
	Liandan__Figure **figures = a->figures;
	uint64_t *evidence = a->evidence;

	*a = *o;
	a->figures = figures;
	a->n_figures = 0;
	a->evidence = evidence;
	a->n_evidence = 0;
	for (size_t i = 0; i < o->n_figures; i++)
		ld_anomaly_figure(c, a, o->figures[i]->name, o->figures[i]->value,
				  o->figures[i]->threshold, o->figures[i]->unit);
	for (size_t i = 0; i < o->n_evidence; i++)
		ld_anomaly_evidence(c, a, o->evidence[i]);
	return a;
}

static bool overlap(const Liandan__AnomalyRaised *a, const Liandan__AnomalyRaised *b)
{
	return (a->to_ms == 0 || b->from_ms <= a->to_ms) &&
	       (b->to_ms == 0 || a->from_ms <= b->to_ms);
}

static bool same_load(const Liandan__AnomalyRaised *a, const Liandan__AnomalyRaised *b)
{
	return a->manifest[0] != '\0' && strcmp(a->manifest, b->manifest) == 0;
}

/* Independent evidence about one load: another channel, confirmed, of this manifest or of this
 * vehicle at that time. */
static bool beside(const Liandan__AnomalyRaised *a, const Liandan__AnomalyRaised *o)
{
	const struct ld_anomaly_row *ra = ld_anomaly_row(a->kind, a->reason);
	const struct ld_anomaly_row *ro = ld_anomaly_row(o->kind, o->reason);

	return ro->speaks != 0 && ro->channel != ra->channel &&
	       o->phase == LIANDAN__ANOMALY_PHASE__CONFIRMED && (same_load(a, o) || overlap(a, o));
}

static bool speaks(const Liandan__AnomalyRaised *a)
{
	return own_level(a) >= ld_anomaly_row(a->kind, a->reason)->speaks;
}

/* What is listed in this breath is not in state yet. */
static void lift_listed(struct ld_custody *c, struct ld_own_list *own, Liandan__AnomalyRaised *a)
{
	for (size_t i = 0; i < own->n; i++) {
		Liandan__AnomalyRaised **o = ld_anomaly_of_own(own->event[i]);

		if (o == NULL || *o == NULL || !same_load(a, *o) || !beside(a, *o))
			continue;
		const bool a_speaks = speaks(a);

		if (speaks(*o) && !is_lifted(a))
			lift(c, a, *o);
		if (a_speaks && !is_lifted(*o))
			lift(c, *o, a);
	}
}

struct standing {
	uint64_t id[2 * LOOK_AT];
	size_t n, most;
};

static int stand_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct standing *s = ctx;
	uint64_t inverted = 0;

	(void)value, (void)len;
	if (key_len < 8 || s->n == s->most)
		return 1;
	for (size_t i = key_len - 8; i < key_len; i++)
		inverted = inverted << 8 | key[i];
	for (size_t i = 0; i < s->n; i++)
		if (s->id[i] == ~inverted)
			return 0;
	s->id[s->n++] = ~inverted;
	return 0;
}

static void standing_on(struct ld_custody *c, enum ld_anomaly_scope scope, const char *id,
			struct standing *s)
{
	struct ld_tkey k;

	if (id[0] == '\0')
		return;
	s->most = s->n + LOOK_AT;
	ld_anomaly_on_key(&k, scope, id);
	ld_state_walk(c->state, LD_T_ANOMALY_ON, k.b, k.len, NULL, 0, stand_one, s, NULL);
}

/* The vehicle that it is about: the subject, else what carries the manifest. */
static const char *vehicle_of(struct ld_custody *c, const Liandan__AnomalyRaised *a)
{
	Custody__Anomaly rec = CUSTODY__ANOMALY__INIT;

	if (a->subject_kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE)
		return a->subject;
	rec.now = (Liandan__AnomalyRaised *)(uintptr_t)a;
	return ld_anomaly_concerns(c, &rec) == LD_OK ? rec.plate : "";
}

static void lift_standing(struct ld_custody *c, struct ld_own_list *own, Liandan__AnomalyRaised *a)
{
	struct standing s = {.n = 0};

	standing_on(c, LD_ON_MANIFEST, a->manifest, &s);
	standing_on(c, LD_ON_VEHICLE, vehicle_of(c, a), &s);
	for (size_t i = 0; i < s.n; i++) {
		const bool a_speaks = speaks(a);
		Liandan__AnomalyRaised *o;
		Custody__Anomaly *rec;

		if (ld_anomaly_get(c, s.id[i], &rec) != LD_OK || rec->now == NULL ||
		    !beside(a, rec->now))
			continue;
		if (speaks(rec->now) && !is_lifted(a))
			lift(c, a, rec->now);
		if (!a_speaks || is_lifted(rec->now) || (o = copy_of(c, rec->now)) == NULL)
			continue;
		lift(c, o, a);
		ld_anomaly_report_as_is(c, own, o);
	}
}

/* What has been lifted stays so when it is told again. */
static void keep_lift(struct ld_custody *c, Liandan__AnomalyRaised *a)
{
	Custody__Anomaly *open;

	if (ld_anomaly_open(c, a->kind, a->reason, a->subject, ld_anomaly_scope_of(a), &open) !=
		LD_OK ||
	    open->now == NULL || !is_lifted(open->now) || is_lifted(a))
		return;
	for (size_t i = 0; i < open->now->n_figures; i++) {
		const Liandan__Figure *x = open->now->figures[i];

		if (strcmp(x->name, LD_SECOND_CHANNEL) == 0)
			ld_anomaly_figure(c, a, x->name, x->value, x->threshold, x->unit);
	}
	if (a->level < TOP_LEVEL)
		a->level++;
}

void ld_anomaly_lift(struct ld_custody *c, struct ld_own_list *own, Liandan__AnomalyRaised *a)
{
	if (a->phase != LIANDAN__ANOMALY_PHASE__CONFIRMED ||
	    ld_anomaly_row(a->kind, a->reason)->speaks == 0)
		return;
	keep_lift(c, a);
	lift_listed(c, own, a);
	lift_standing(c, own, a);
}
