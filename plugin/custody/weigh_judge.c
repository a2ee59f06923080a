/* Weighing: who may write a ticket, and what the masses of a delivery say (CUSTODY-7, -14; 5C M1,
 * M5). */
#include "plugin/custody/weigh.h"

#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/delivery.h"
#include "plugin/custody/table.h"

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

static Liandan__AnomalyRaised *mass_anomaly(struct ld_custody *c, uint64_t index,
					    const struct ld_delivery *d, Liandan__AnomalyKind kind,
					    uint32_t level)
{
	const char *hex = ld_c_hex(c, d->m->manifest);
	Liandan__AnomalyRaised *a;

	if (hex == NULL)
		return NULL;
	a = ld_anomaly_new(c, kind, level, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, hex, hex);
	if (a == NULL)
		return NULL;
	a->rules = ld_rules_of(c, d->m)->version;
	a->from_ms = d->m->taken_ms;
	a->to_ms = d->m->accepted_ms;
	ld_anomaly_figure(c, a, "taken", d->taken_g, 0, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, a, "net", d->found_g, 0, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, a, "difference", d->taken_g - d->found_g, d->tolerance_g,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	if (d->n > 1)
		ld_anomaly_figure(c, a, "manifests", (int64_t)d->n, 1,
				  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	for (size_t i = 0; i < d->n_tickets; i++)
		ld_anomaly_evidence(c, a, d->ticket[i]);
	ld_anomaly_evidence(c, a, index);
	return a;
}

static void check_masses(struct ld_custody *c, uint64_t index, const struct ld_acceptance *a,
			 struct ld_own_list *own)
{
	struct ld_delivery *d = ld_arena_alloc(c->arena, sizeof *d);
	int64_t delta;

	if (d == NULL)
		return;
	if (!ld_delivery_of(c, a, d))
		return;
	if (__builtin_sub_overflow(d->taken_g, d->found_g, &delta) || d->taken_g <= 0)
		return;
	if (delta > d->tolerance_g) {
		const uint32_t level = ld_shortfall_level(ld_rules_of(c, d->m), d, delta);

		ld_anomaly_report(
		    c, own,
		    mass_anomaly(c, index, d, LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL, level));
	} else if (-delta > d->tolerance_g) {
		const uint32_t level = ld_permille(-delta, d->taken_g) >= GAIN_PERMILLE ? 2 : 1;

		ld_anomaly_report(
		    c, own, mass_anomaly(c, index, d, LIANDAN__ANOMALY_KIND__WEIGHT_GAIN, level));
	}
}

/* What came with it, onto the same scale, and is accepted already. */
static bool accepted_beside(struct ld_custody *c, const Custody__Manifest *m,
			    const Custody__Ticket *t, ProtobufCBinaryData *out)
{
	for (size_t i = 0; i < t->weighed->n_manifests; i++) {
		const ProtobufCBinaryData id = t->weighed->manifests[i];
		const size_t mark = ld_mark(c);
		Custody__Manifest *other;
		const bool found = !ld_same_id(id, m->manifest) &&
				   ld_manifest_get(c, id, &other) == LD_OK &&
				   other->accepted_ms != 0 && ld_came_along(other, m);

		ld_release(c, mark);
		if (found) {
			*out = id;
			return true;
		}
	}
	return false;
}

/* The last word on a milk run may cite no ticket: then the others are checked now, by what the gate
 * has weighed of it. false: nothing beside it is accepted. */
static bool check_beside(struct ld_custody *c, uint64_t index, ProtobufCBinaryData manifest,
			 struct ld_own_list *own)
{
	struct ld_acceptance a = {.n_tickets = 0};
	ProtobufCBinaryData gate[LD_DELIVERY_TICKETS];
	Custody__Manifest *m;

	if (ld_manifest_get(c, manifest, &m) != LD_OK)
		return false;
	for (size_t i = 0; i < m->n_tickets && a.n_tickets < LD_DELIVERY_TICKETS; i++) {
		Custody__Ticket *t;

		if (ld_ticket_get(c, m->tickets[i], &t) != LD_OK || t->weighed == NULL ||
		    t->weighed->purpose != LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE)
			continue;
		gate[a.n_tickets++] = m->tickets[i];
		if (a.manifest.len == 0)
			accepted_beside(c, m, t, &a.manifest);
	}
	a.tickets = gate;
	if (a.manifest.len != 0)
		check_masses(c, index, &a, own);
	return a.manifest.len != 0;
}

void ld_shortfall_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	const struct ld_acceptance a = ld_acceptance_of(f->event);
	struct ld_net net;

	if (f->event->body_case == LIANDAN__EVENT__BODY_REJECTED) {
		check_beside(c, f->index, f->event->rejected->manifest, own);
		return;
	}
	ld_weigh_net(c, a.tickets, a.n_tickets, &net);
	if (net.tickets != 0 || !check_beside(c, f->index, a.manifest, own))
		check_masses(c, f->index, &a, own);
}

void ld_shortfall_follow_closed(struct ld_custody *c, const Liandan__ManifestClosed *b,
				uint64_t index, struct ld_own_list *own)
{
	if (b->reason == LIANDAN__CLOSE_REASON__CLOSE_REASON_LOST)
		check_beside(c, index, b->manifest, own);
}
