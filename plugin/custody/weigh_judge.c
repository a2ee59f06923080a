/* Weighing: who may write a ticket, and what the masses of a delivery say (CUSTODY-7, -14; 5C M1,
 * M5). */
#include "plugin/custody/weigh.h"

#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/loss.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/table.h"

#define MAX_GROUP 32 /* manifests of one milk run */
#define MAX_CITED 64
#define GAIN_PERMILLE 10 /* 5C M5: a gain of 1 % and more is mixing */
/* CUSTODY-7: the key is the instrument's, and the instrument its party's. Leaves it in k->found. */
bool ld_check_instrument(struct ld_case *k)
{
	const char *id = k->f->event->weighed->instrument;
	Custody__Instrument *ins;

	if (strcmp(k->f->signer->subject_id, id) != 0)
		return ld_refuse(k->j, LIANDAN__REASON__WRONG_ROLE, "the key is instrument %.64s's",
				 k->f->signer->subject_id);
	if (ld_instrument_get(k->c, id, &ins) != LD_OK || ins->registered == NULL)
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_INSTRUMENT,
				 "instrument %.64s is not registered", id);
	k->found = ins;
	return strcmp(ins->registered->party, k->f->signer->party) == 0 ||
	       ld_refuse(k->j, LIANDAN__REASON__WRONG_ROLE, "instrument %.64s is not this party's",
			 id);
}

bool ld_check_ticket_new(struct ld_case *k)
{
	Custody__Ticket *had;

	return ld_ticket_get(k->c, k->f->event->weighed->ticket, &had) != LD_OK ||
	       ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS,
			 "this ticket is in the ledger already");
}

bool ld_check_scale_in_date(struct ld_case *k)
{
	const Custody__Instrument *ins = k->found;
	const Liandan__InstrumentVerified *v = ins->verified;
	const int64_t at = k->f->event->occurred_at_ms;

	return (v != NULL && at >= v->at_ms && (v->to_ms == 0 || at < v->to_ms)) ||
	       ld_failed(k, LIANDAN__REASON__SCALE_OUT_OF_DATE, k->f->event->weighed->instrument,
			 at, v != NULL ? v->to_ms : 0, "its verification is out of date");
}

bool ld_check_scale_range(struct ld_case *k)
{
	const Liandan__Weighed *w = k->f->event->weighed;
	const Custody__Instrument *ins = k->found;
	const int64_t max_g = ins->registered->max_g;

	return (w->mass_g >= 0 && (max_g <= 0 || w->mass_g <= max_g ||
				   w->mass_g - max_g <= 9 * ld_weigh_mpe_g(ins, w->e_g, 0))) ||
	       ld_failed(k, LIANDAN__REASON__QUANTITY, w->instrument, w->mass_g, max_g,
			 "beyond the scale");
}

/* A delivery weighed at one gate: one manifest, or all of a milk run. */
struct delivery {
	const Custody__Manifest *m[MAX_GROUP];
	size_t n;
	bool complete;	 /* every one is accepted or rejected */
	bool weighed;	 /* certified tickets at loading, for all */
	bool certified;	 /* and at the gate */
	int64_t taken_g; /* under custody */
	int64_t found_g;
	int64_t tolerance_g;
	uint64_t ticket[MAX_CITED];
	ProtobufCBinaryData cited[MAX_CITED]; /* those that can be of it */
	size_t n_tickets;
};

static bool group_has(const struct delivery *d, ProtobufCBinaryData id)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->m[i]->manifest.len == id.len &&
		    memcmp(d->m[i]->manifest.data, id.data, id.len) == 0)
			return true;
	return false;
}

/* Of one vehicle: a ticket that also names what is elsewhere does not put the check off. */
static void group_add(struct ld_custody *c, struct delivery *d, ProtobufCBinaryData id)
{
	size_t mark = c->arena->used;
	Custody__Manifest *m;

	if (d->n < MAX_GROUP && !group_has(d, id) && ld_manifest_get(c, id, &m) == LD_OK &&
	    (d->n == 0 || strcmp(m->plate, d->m[0]->plate) == 0))
		d->m[d->n++] = m;
	else
		c->arena->used = mark;
}

/* CUSTODY-7: one ticket may serve several manifests; the sum is checked once, with the last of
 * them. */
static void group(struct ld_custody *c, const struct ld_acceptance *a, struct delivery *d)
{
	group_add(c, d, a->manifest);
	for (size_t i = 0; d->n != 0 && i < a->n_tickets && d->n_tickets < MAX_CITED; i++) {
		Custody__Ticket *t;

		if (ld_ticket_get(c, a->tickets[i], &t) != LD_OK || t->weighed == NULL ||
		    !ld_ticket_fits(d->m[0], t))
			continue;
		d->cited[d->n_tickets] = a->tickets[i];
		d->ticket[d->n_tickets++] = t->index;
		for (size_t k = 0; k < t->weighed->n_manifests; k++)
			group_add(c, d, t->weighed->manifests[k]);
	}
	d->complete = true;
	for (size_t i = 0; i < d->n; i++)
		if (d->m[i]->accepted_ms == 0 &&
		    d->m[i]->rejected == LIANDAN__REJECT_REASON__REJECT_REASON_UNSPECIFIED)
			d->complete = false;
}

static int64_t loss_allowed_g(const Custody__Manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; m->created != NULL && i < m->created->n_lines; i++) {
		const Liandan__Line *l = m->created->lines[i];

		sum += ld_own_loss_g(l->loss_class, ld_line_declared_g(l));
	}
	return sum;
}

static int64_t accepted_g(const Custody__Manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_accepted; i++)
		if (__builtin_add_overflow(sum, m->accepted[i]->mass_g, &sum))
			return INT64_MAX;
	return sum;
}

static void masses(struct ld_custody *c, struct delivery *d)
{
	struct ld_net gate;

	ld_weigh_net(c, d->cited, d->n_tickets, &gate);
	d->weighed = true;
	d->certified = gate.tickets != 0 && gate.certified;
	d->found_g = gate.tickets != 0 ? gate.net_g : 0;
	d->tolerance_g = gate.tolerance_g + ld_rules_of(c, d->m[0])->mass_extra_g;
	for (size_t i = 0; i < d->n; i++) {
		const Custody__Manifest *m = d->m[i];

		/* refused and put down here: the gate has weighed it too */
		if (gate.tickets != 0 && m->waste_is_on == LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE)
			d->found_g = ld_sub_g(d->found_g, m->refused_g);
		if (m->rejected != LIANDAN__REJECT_REASON__REJECT_REASON_UNSPECIFIED)
			continue;
		if (__builtin_add_overflow(d->taken_g, m->taken_g, &d->taken_g))
			d->taken_g = INT64_MAX;
		d->weighed = d->weighed && m->taken_weighed;
		d->tolerance_g += loss_allowed_g(m);
		/* as it was at the hand-over: tickets that came later widen nothing */
		if (m->tolerance_g != 0) {
			d->tolerance_g += m->tolerance_g;
		} else if (m->taken_weighed) {
			struct ld_net loaded;

			ld_weigh_loaded(c, m, &loaded);
			d->tolerance_g += loaded.tolerance_g;
		}
		if (gate.tickets == 0 &&
		    __builtin_add_overflow(d->found_g, accepted_g(m), &d->found_g))
			d->found_g = INT64_MAX;
	}
}

/* Shares of `of` in permille, without overflow at any mass. */
static int64_t permille(int64_t part_g, int64_t of_g)
{
	return of_g >= 1000 ? part_g / (of_g / 1000) : 0;
}

/* 5C M1. Above level 2 only from certified scales at both ends, which is a deterministic fact. */
static uint32_t shortfall_level(const struct ld_rules *r, const struct delivery *d, int64_t short_g)
{
	const int64_t share = permille(short_g, d->taken_g);
	uint32_t level = 1;

	if (share >= r->shortfall_level2_permille || short_g >= r->shortfall_level2_g)
		level = 2;
	if (share > r->shortfall_level3_permille)
		level = 3;
	return level > 2 && !(d->weighed && d->certified) ? 2 : level;
}

static Liandan__AnomalyRaised *mass_anomaly(struct ld_custody *c, const struct ld_fact *f,
					    const struct delivery *d, Liandan__AnomalyKind kind,
					    uint32_t level)
{
	const char *hex = ld_c_hex(c, d->m[0]->manifest);
	Liandan__AnomalyRaised *a;

	if (hex == NULL)
		return NULL;
	a = ld_anomaly_new(c, kind, level, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, hex, hex);
	if (a == NULL)
		return NULL;
	a->rules = ld_rules_of(c, d->m[0])->version;
	a->from_ms = d->m[0]->taken_ms;
	a->to_ms = d->m[0]->accepted_ms;
	ld_anomaly_figure(c, a, "taken", d->taken_g, 0, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, a, "net", d->found_g, 0, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, a, "difference", d->taken_g - d->found_g, d->tolerance_g,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	if (d->n > 1)
		ld_anomaly_figure(c, a, "manifests", (int64_t)d->n, 1,
				  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	for (size_t i = 0; i < d->n_tickets; i++)
		ld_anomaly_evidence(c, a, d->ticket[i]);
	ld_anomaly_evidence(c, a, f->index);
	return a;
}

void ld_shortfall_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	const struct ld_acceptance a = ld_acceptance_of(f->event);
	struct delivery *d = ld_arena_alloc(c->arena, sizeof *d);
	int64_t delta;

	if (d == NULL)
		return;
	*d = (struct delivery){0};
	group(c, &a, d);
	if (d->n == 0 || !d->complete)
		return;
	masses(c, d);
	if (__builtin_sub_overflow(d->taken_g, d->found_g, &delta) || d->taken_g <= 0)
		return;
	if (delta > d->tolerance_g) {
		const uint32_t level = shortfall_level(ld_rules_of(c, d->m[0]), d, delta);

		ld_anomaly_report(
		    c, own, mass_anomaly(c, f, d, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL, level));
	} else if (-delta > d->tolerance_g) {
		const uint32_t level = permille(-delta, d->taken_g) >= GAIN_PERMILLE ? 2 : 1;

		ld_anomaly_report(c, own,
				  mass_anomaly(c, f, d, LIANDAN__ANOMALY_KIND__WEIGHT_GAIN, level));
	}
}
