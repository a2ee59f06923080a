/* Rows 14 (PartlyAccepted) and 16, and of row 4 what makes a child differ. */
#include "child_builders.h"
#include "finding_builders.h"
#include "scenario.h"

SCENARIO(HARD, MANIFEST_CANCELLED, not_carried_on, OUT_OF_ORDER)
{
	ch_to_rejected(x, CH_SITE);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_OTHER, "CAR2")));
	sp_at(x, CH_SENT_ON);
	mx_cancel(x, GEN);
}

/* ---- CUSTODY-14 ---- */

static void partly(struct mx *x)
{
	ch_accept_partly(x, REC, MX_KEYS, ch_partly(x, CH_SITE));
}

SCENARIO(HONEST, PARTLY_ACCEPTED, row, REASON_NONE)
{
	mx_to_received(x);
	partly(x);
}

SCENARIO(SIGNER, PARTLY_ACCEPTED, row, WRONG_ROLE)
{
	mx_to_received(x);
	ch_accept_partly(x, CAR1, MX_KEYS, ch_partly(x, CH_SITE));
}

SCENARIO(PARTY, PARTLY_ACCEPTED, row, WRONG_ROLE)
{
	mx_to_received(x);
	ch_accept_partly(x, GEN, MX_KEYS, ch_partly(x, CH_SITE));
}

SCENARIO(ABSENT, PARTLY_ACCEPTED, row, WAITS_FOR_STATE)
{
	partly(x);
}

SCENARIO(WAITS, PARTLY_ACCEPTED, row, REASON_NONE)
{
	mx_to_arrived(x);
	mx_held(x, ch_accept_partly(x, REC, MX_KEYS, ch_partly(x, CH_SITE)));
	mx_receive(x, REC, mx_received(x));
}

SCENARIO(PASSED, PARTLY_ACCEPTED, row, OUT_OF_ORDER)
{
	mx_to_accepted(x);
	partly(x);
}

SCENARIO(TWICE, PARTLY_ACCEPTED, row, OUT_OF_ORDER)
{
	mx_to_received(x);
	partly(x);
	partly(x);
}

SCENARIO(HARD, PARTLY_ACCEPTED, masses, QUANTITY)
{
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->refused[1]->item->mass_g = LD_MAX_MASS_G + 1;
	ch_accept_partly(x, REC, MX_KEYS, b);
}

SCENARIO(HARD, PARTLY_ACCEPTED, child_new, ALREADY_EXISTS)
{
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->child = mx_id(x);
	ch_accept_partly(x, REC, MX_KEYS, b);
}

SCENARIO(HARD, PARTLY_ACCEPTED, part_there, QUANTITY)
{
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->refused[0]->item->container = MX_S("C9");
	b->n_refused = 1;
	ch_accept_partly(x, REC, MX_KEYS, b);
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, content, BAD_CONTENT)
{
	mx_to_received(x);
	x->content[0] ^= 1;
	partly(x);
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, part_whole, NOT_ADDING)
{
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->refused[0]->item->mass_g--;
	ch_accept_partly(x, REC, MX_KEYS, b);
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, tickets_fit, TICKET_MISSING)
{
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	x->id[0] ^= 1;
	b = ch_partly(x, CH_SITE); /* with a ticket of another manifest */
	x->id[0] ^= 1;
	b->manifest = mx_id(x);
	ch_accept_partly(x, REC, MX_KEYS, b);
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, tickets_weigh, UNKNOWN_TICKET)
{
	static const uint8_t nowhere[LD_UUID_BYTES] = {9};
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->tickets[b->n_tickets++] = mx_bytes(nowhere, sizeof nowhere);
	ch_accept_partly(x, REC, MX_KEYS, b);
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, lines_once, QUANTITY)
{
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->n_lines = 1;
	ch_accept_partly(x, REC, MX_KEYS, b);
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, counts, COUNT_DIFFERS)
{
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->lines[0]->count = 3;
	ch_accept_partly(x, REC, MX_KEYS, b);
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, modes_licensed, NOT_LICENSED)
{
	Liandan__PartlyAccepted *b;

	mx_to_received(x);
	b = ch_partly(x, CH_SITE);
	b->lines[0]->mode = MX_S("D10");
	ch_accept_partly(x, REC, MX_KEYS, b);
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, as_analysed, CODE_DIFFERS)
{
	mx_to_received(x);
	mx_accepted(x, mx_analyse(x, LAB, mx_other_sample(x)));
	partly(x);
}

SCENARIO(RECORDED, PARTLY_ACCEPTED, taken_back, OUT_OF_ORDER)
{
	mx_to_received(x);
	ch_accept_partly(x, REC, MX_KEYS, ch_partly(x, CH_TRUCK));
}

/* ---- CUSTODY-16 ---- */

SCENARIO(HONEST, REDIRECTED, row, REASON_NONE)
{
	ch_to_rejected(x, CH_TRUCK);
	ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1"));
}

SCENARIO(SIGNER, REDIRECTED, row, WRONG_ROLE)
{
	ch_to_rejected(x, CH_TRUCK);
	ch_redirect(x, REC, ch_redirected(x, CH_RETURN, "CAR1"));
}

SCENARIO(PARTY, REDIRECTED, row, WRONG_ROLE)
{
	ch_to_rejected(x, CH_TRUCK);
	ch_redirect(x, GEN2, ch_redirected(x, CH_RETURN, "CAR1"));
}

SCENARIO(ABSENT, REDIRECTED, row, UNKNOWN_MANIFEST)
{
	ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1"));
}

SCENARIO(PASSED, REDIRECTED, row, OUT_OF_ORDER)
{
	mx_to_accepted(x);
	ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1"));
}

SCENARIO(TWICE, REDIRECTED, row, OUT_OF_ORDER)
{
	Liandan__Redirected *b;

	ch_to_rejected(x, CH_TRUCK);
	mx_clean(x, ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1")));
	b = ch_redirected(x, CH_RETURN, "CAR1");
	b->child = sp_id(x, 0xd9);
	ch_redirect(x, GEN, b);
}

SCENARIO(HARD, REDIRECTED, on_hold, ON_HOLD)
{
	ch_to_rejected(x, CH_TRUCK);
	scenario_hold(x);
	ch_redirect(x, GEN, ch_redirected(x, CH_RETURN, "CAR1"));
}

SCENARIO(HARD, REDIRECTED, child_new, ALREADY_EXISTS)
{
	Liandan__Redirected *b;

	ch_to_rejected(x, CH_TRUCK);
	b = ch_redirected(x, CH_RETURN, "CAR1");
	b->child = mx_id(x);
	ch_redirect(x, GEN, b);
}

SCENARIO(HARD, REDIRECTED, redirect_order, WRONG_ROLE)
{
	ch_to_rejected(x, CH_TRUCK);
	ch_redirect(x, EEB, ch_redirected(x, CH_RETURN, "CAR1"));
}

SCENARIO(HARD, REDIRECTED, redirect_place, UNKNOWN_SITE)
{
	Liandan__Redirected *b;

	ch_to_rejected(x, CH_TRUCK);
	b = ch_redirected(x, CH_RETURN, "CAR1");
	b->receiver->site = MX_S("S-GEN2");
	ch_redirect(x, GEN, b);
}

SCENARIO(HARD, REDIRECTED, alternate_licensed, NOT_LICENSED)
{
	ch_to_rejected(x, CH_TRUCK);
	mx_licence(x, "L-REC2", "REC2", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", "D10", 0);
	ch_redirect(x, GEN, ch_redirected(x, CH_OTHER, "CAR1"));
}

SCENARIO(HARD, REDIRECTED, redirect_carrier, NOT_LICENSED)
{
	ch_to_rejected(x, CH_SITE);
	mx_licence(x, "L-C2", "CAR2", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, MX_CODE, "", 0);
	ch_redirect(x, GEN, ch_redirected(x, CH_OTHER, "CAR2"));
}

SCENARIO(RECORDED, REDIRECTED, redirect_approved, APPROVAL_MISSING)
{
	ch_to_rejected(x, CH_TRUCK);
	mx_divide(x, "REC2", 430100);
	ch_redirect(x, GEN, ch_redirected(x, CH_OTHER, "CAR1"));
}
