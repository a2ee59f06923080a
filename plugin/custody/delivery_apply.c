/* What a delivery brought and what had been taken. CUSTODY-7, -14. */
#include "plugin/custody/delivery.h"

#include <string.h>

#include "plugin/custody/manifest.h"
#include "plugin/custody/weigh.h"

/* Drying on the way: 0.6 % at most was seen (GAPBENCH, benign changes). No other class has a figure
 * yet. */
#define LOSS_DRYING_PERMILLE 6

static bool group_has(const struct ld_delivery *d, ProtobufCBinaryData id)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->m[i]->manifest.len == id.len &&
		    memcmp(d->m[i]->manifest.data, id.data, id.len) == 0)
			return true;
	return false;
}

/* Of one vehicle: a ticket that also names what is elsewhere does not put the check off. */
static void group_add(struct ld_custody *c, struct ld_delivery *d, ProtobufCBinaryData id)
{
	size_t mark = c->arena->used;
	Custody__Manifest *m;

	if (d->n < LD_DELIVERY_MANIFESTS && !group_has(d, id) &&
	    ld_manifest_get(c, id, &m) == LD_OK &&
	    (d->n == 0 || strcmp(m->plate, d->m[0]->plate) == 0))
		d->m[d->n++] = m;
	else
		c->arena->used = mark;
}

/* CUSTODY-7: one ticket may serve several manifests; the sum is checked once, with the last of
 * them. */
static void group(struct ld_custody *c, const Liandan__Accepted *a, struct ld_delivery *d)
{
	group_add(c, d, a->manifest);
	for (size_t i = 0; d->n != 0 && i < a->n_tickets && d->n_tickets < LD_DELIVERY_TICKETS;
	     i++) {
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
	for (size_t i = 0; i < d->n; i++) {
		const bool rejected =
		    d->m[i]->rejected != LIANDAN__REJECT_REASON__REJECT_REASON_UNSPECIFIED;

		d->rejected = d->rejected || rejected;
		if (d->m[i]->accepted_ms == 0 && !rejected)
			d->complete = false;
	}
}

static int64_t loss_allowed_g(const Custody__Manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; m->created != NULL && i < m->created->n_lines; i++) {
		const Liandan__Line *l = m->created->lines[i];

		if (l->quantity != NULL && strcmp(l->loss_class, "drying") == 0)
			sum += l->quantity->mass_g / 1000 * LOSS_DRYING_PERMILLE;
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

static void masses(struct ld_custody *c, struct ld_delivery *d)
{
	struct ld_net gate;

	ld_weigh_net(c, d->cited, d->n_tickets, &gate);
	d->weighed = true;
	d->certified = gate.tickets != 0 && gate.certified;
	d->found_g = gate.tickets != 0 ? gate.net_g : 0;
	d->scales_g = gate.tolerance_g;
	for (size_t i = 0; i < d->n; i++) {
		const Custody__Manifest *m = d->m[i];

		if (m->rejected != LIANDAN__REJECT_REASON__REJECT_REASON_UNSPECIFIED)
			continue;
		if (__builtin_add_overflow(d->taken_g, m->taken_g, &d->taken_g))
			d->taken_g = INT64_MAX;
		d->weighed = d->weighed && m->taken_weighed;
		d->loss_g += loss_allowed_g(m);
		/* as it was at the hand-over: tickets that came later widen nothing */
		if (m->tolerance_g != 0) {
			d->scales_g += m->tolerance_g;
		} else if (m->taken_weighed) {
			struct ld_net loaded;

			ld_weigh_loaded(c, m, &loaded);
			d->scales_g += loaded.tolerance_g;
		}
		if (gate.tickets == 0 &&
		    __builtin_add_overflow(d->found_g, accepted_g(m), &d->found_g))
			d->found_g = INT64_MAX;
	}
	d->tolerance_g = ld_add_g(ld_add_g(d->scales_g, d->loss_g), c->rules->mass_extra_g);
}

bool ld_delivery_of(struct ld_custody *c, const Liandan__Accepted *a, struct ld_delivery *out)
{
	*out = (struct ld_delivery){0};
	group(c, a, out);
	if (out->n == 0 || !out->complete)
		return false;
	masses(c, out);
	return true;
}
