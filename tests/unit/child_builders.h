/* What is refused, and where it goes, for manifest_fixture.h's world: partial acceptance,
 * redirection, return. REC2 is the other receiver. */
#ifndef LD_TESTS_CHILD_BUILDERS_H
#define LD_TESTS_CHILD_BUILDERS_H

#include "forward_builders.h"
#include "split_builders.h"

#define CH_REFUSED 0xd1 /* the child that holds what was refused */
#define CH_SENT_ON 0xd2 /* the child that carries it on */
#define CH_BULK_G 1000	/* refused of the heap */

/* C2 and some of the heap are refused; the rest is accepted. */
static inline Liandan__PartlyAccepted *ch_partly(struct mx *x, Liandan__WasteIsOn where)
{
	Liandan__PartlyAccepted *b =
	    MX_NEW(x, Liandan__PartlyAccepted, LIANDAN__PARTLY_ACCEPTED__INIT);
	Liandan__Item *items[2] = {mx_item(x, "C2", 1, MX_C2_G), mx_item(x, "", 2, CH_BULK_G)};
	const bool here = where == LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;

	b->manifest = mx_id(x);
	b->content = mx_bytes(x->content, sizeof x->content);
	b->lines = ld_arena_alloc(&x->build, 4 * sizeof *b->lines);
	b->lines[0] = mx_accepted_line(x, 1, MX_C1_G);
	b->lines[1] = mx_accepted_line(x, 2, MX_BULK_G - CH_BULK_G);
	b->n_lines = 2;
	b->tickets = ld_arena_alloc(&x->build, 2 * sizeof *b->tickets);
	mx_ticket(x, 0x72, LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE,
		  MX_C1_G + MX_BULK_G + (here ? MX_C2_G : -CH_BULK_G), &b->tickets[0]);
	b->n_tickets = 1;
	b->refused = ld_arena_alloc(&x->build, 8 * sizeof *b->refused);
	for (; b->n_refused < 2; b->n_refused++) {
		Liandan__RefusedItem *r =
		    MX_NEW(x, Liandan__RefusedItem, LIANDAN__REFUSED_ITEM__INIT);

		r->item = items[b->n_refused];
		r->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
		b->refused[b->n_refused] = r;
	}
	b->waste_is_on = where;
	b->child = sp_id(x, CH_REFUSED);
	return b;
}

static inline Liandan__Reason ch_accept_partly(struct mx *x, enum mx_who who, enum mx_who cosigner,
					       Liandan__PartlyAccepted *b)
{
	MX_EVENT(e, PARTLY_ACCEPTED, b);
	return mx_put_co(x, who, cosigner, &e);
}

/* Of the manifest at hand. `kind` RETURN goes to S-GEN. */
static inline Liandan__Redirected *ch_redirected(struct mx *x, Liandan__RedirectKind kind,
						 const char *carrier)
{
	Liandan__Redirected *b = MX_NEW(x, Liandan__Redirected, LIANDAN__REDIRECTED__INIT);
	const bool back = kind == LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;

	b->manifest = mx_id(x);
	b->child = sp_id(x, CH_SENT_ON);
	b->kind = kind;
	b->receiver = MX_NEW(x, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	b->receiver->party = MX_S(back ? "GEN" : "REC2");
	b->receiver->site = MX_S(back ? "S-GEN" : "S-REC2");
	b->carrier = MX_S(carrier);
	return b;
}
#define CH_RETURN LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN
#define CH_OTHER LIANDAN__REDIRECT_KIND__REDIRECT_KIND_OTHER
#define CH_TRUCK LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK
#define CH_SITE LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE

static inline Liandan__Reason ch_redirect(struct mx *x, enum mx_who who, Liandan__Redirected *b)
{
	MX_EVENT(e, REDIRECTED, b);
	return mx_put(x, who, &e);
}

/* The usual manifest is rejected; REC2 is there. */
static inline void ch_to_rejected(struct mx *x, Liandan__WasteIsOn where)
{
	if (where == CH_TRUCK)
		mx_to_arrived(x);
	else
		mx_to_received(x);
	mx_clean(x, mx_reject(x, REC, where));
	fw_world(x);
}

/* Rejected on the truck and sent back; the return is at hand, on the way. */
static inline void ch_to_returning(struct mx *x)
{
	ch_to_rejected(x, CH_TRUCK);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1")));
	sp_at(x, CH_SENT_ON);
}

static inline Liandan__Arrived *ch_arrived(struct mx *x, const char *plate, const char *site)
{
	Liandan__Arrived *b = mx_arrived(x, plate);

	b->site = MX_S(site);
	return b;
}

static inline Liandan__Received *ch_received(struct mx *x, const char *site)
{
	Liandan__Received *b = mx_received(x);

	b->site = MX_S(site);
	return b;
}

/* All that is on the manifest at hand, without tickets. */
static inline Liandan__Accepted *ch_accepted_all(struct mx *x)
{
	const Custody__Manifest *m = mx_manifest(x);
	Liandan__Accepted *b = mx_accepted_body(x);

	b->n_lines = 0;
	b->n_tickets = 0;
	for (size_t i = 0; i < m->created->n_lines; i++) {
		const uint32_t line = m->created->lines[i]->line;
		const int64_t g = ld_items_of_line_g(m->items, m->n_items, line);

		if (g != 0)
			b->lines[b->n_lines++] = mx_accepted_line(x, line, g);
	}
	return b;
}

#endif
