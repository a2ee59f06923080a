/* What a delivery brought and what had been taken. CUSTODY-7, -14. */
#include "plugin/custody/delivery.h"

#include <string.h>

#include "plugin/custody/loss.h"
#include "plugin/custody/weigh.h"

static bool rejected(const Custody__Manifest *m)
{
	return m->rejected != LIANDAN__REJECT_REASON__REJECT_REASON_UNSPECIFIED;
}

static bool group_has(const struct ld_delivery *d, ProtobufCBinaryData id)
{
	for (size_t i = 0; i < d->n; i++)
		if (ld_same_id(d->id[i], id))
			return true;
	return false;
}

/* It has had its last word here. */
static bool spoken_of(const Custody__Manifest *m)
{
	return m->accepted_ms != 0 || rejected(m);
}

static const char *gate_of(const Custody__Manifest *m)
{
	return m->created != NULL && m->created->receiver != NULL ? m->created->receiver->site : "";
}

bool ld_came_along(const Custody__Manifest *m, const Custody__Manifest *with)
{
	return strcmp(m->plate, with->plate) == 0 && strcmp(gate_of(m), gate_of(with)) == 0 &&
	       (m->closed_ms == 0 || spoken_of(m));
}

static void group_add(struct ld_custody *c, struct ld_delivery *d, ProtobufCBinaryData id)
{
	const size_t mark = ld_mark(c);
	Custody__Manifest *m;

	if (d->n < LD_DELIVERY_MANIFESTS && !group_has(d, id) &&
	    ld_manifest_get(c, id, &m) == LD_OK && ld_came_along(m, d->m)) {
		d->id[d->n++] = id;
		d->complete = d->complete && spoken_of(m);
		d->one_origin = d->one_origin && m->created != NULL && d->m->created != NULL &&
				strcmp(m->created->site, d->m->created->site) == 0;
	}
	ld_release(c, mark);
}

/* CUSTODY-7: one ticket may serve several manifests; the sum is checked once, with the last of
 * them. */
static void group(struct ld_custody *c, const struct ld_acceptance *a, struct ld_delivery *d)
{
	d->complete = d->one_origin = true;
	group_add(c, d, a->manifest);
	for (size_t i = 0; i < a->n_tickets && d->n_tickets < LD_DELIVERY_TICKETS; i++) {
		Custody__Ticket *t;

		if (ld_ticket_get(c, a->tickets[i], &t) != LD_OK || t->weighed == NULL ||
		    !ld_ticket_fits(d->m, t))
			continue;
		d->cited[d->n_tickets] = a->tickets[i];
		d->ticket[d->n_tickets++] = t->index;
		for (size_t k = 0; k < t->weighed->n_manifests; k++)
			group_add(c, d, t->weighed->manifests[k]);
	}
}

static int64_t loss_allowed_g(const Custody__Manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; m->created != NULL && i < m->created->n_lines; i++) {
		const Liandan__Line *l = m->created->lines[i];

		sum = ld_add_g(sum, ld_own_loss_g(l->loss_class, ld_line_declared_g(l)));
	}
	return sum;
}

static int64_t accepted_g(const Custody__Manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_accepted; i++)
		sum = ld_add_g(sum, m->accepted[i]->mass_g);
	return sum;
}

static void add_one(struct ld_custody *c, const Custody__Manifest *m, bool gate,
		    struct ld_delivery *d)
{
	/* refused and put down here: the gate has weighed it too */
	if (gate && m->waste_is_on == LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE)
		d->found_g = ld_sub_g(d->found_g, m->refused_g);
	d->whole = d->whole && !rejected(m) && m->n_passed == 0;
	if (rejected(m))
		return;
	d->taken_g = ld_add_g(d->taken_g, m->taken_g);
	d->weighed = d->weighed && m->taken_weighed;
	d->loss_g = ld_add_g(d->loss_g, loss_allowed_g(m));
	/* as it was at the hand-over: tickets that came later widen nothing */
	if (m->tolerance_g != 0) {
		d->scales_g = ld_add_g(d->scales_g, m->tolerance_g);
	} else if (m->taken_weighed) {
		struct ld_net loaded;

		ld_weigh_loaded(c, m, &loaded);
		d->scales_g = ld_add_g(d->scales_g, loaded.tolerance_g);
	}
	if (!gate)
		d->found_g = ld_add_g(d->found_g, accepted_g(m));
}

static void masses(struct ld_custody *c, struct ld_delivery *d)
{
	struct ld_net gate;

	ld_weigh_net(c, d->cited, d->n_tickets, &gate);
	d->weighed = d->whole = true;
	d->certified = gate.tickets != 0 && gate.certified;
	d->found_g = gate.tickets != 0 ? gate.net_g : 0;
	d->scales_g = gate.tolerance_g;
	for (size_t i = 0; i < d->n; i++) {
		const size_t mark = ld_mark(c);
		Custody__Manifest *m;

		if (ld_manifest_get(c, d->id[i], &m) == LD_OK)
			add_one(c, m, gate.tickets != 0, d);
		ld_release(c, mark);
	}
	d->tolerance_g =
	    ld_add_g(ld_add_g(d->scales_g, d->loss_g), ld_rules_of(c, d->m)->mass_extra_g);
}

bool ld_delivery_of(struct ld_custody *c, const struct ld_acceptance *a, struct ld_delivery *out)
{
	Custody__Manifest *m;

	*out = (struct ld_delivery){0};
	if (ld_manifest_get(c, a->manifest, &m) != LD_OK)
		return false;
	out->m = m;
	group(c, a, out);
	if (!out->complete)
		return false;
	masses(c, out);
	return true;
}

int64_t ld_permille(int64_t part_g, int64_t of_g)
{
	return of_g >= 1000 ? part_g / (of_g / 1000) : 0;
}

uint32_t ld_shortfall_level(const struct ld_rules *r, const struct ld_delivery *d, int64_t short_g)
{
	const int64_t share = ld_permille(short_g, d->taken_g);
	uint32_t level = 1;

	if (share >= r->shortfall_level2_permille || short_g >= r->shortfall_level2_g)
		level = 2;
	if (share > r->shortfall_level3_permille)
		level = 3;
	return level > 2 && !(d->weighed && d->certified) ? 2 : level;
}
