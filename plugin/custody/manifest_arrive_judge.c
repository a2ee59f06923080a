/* The far end: arrived, received, accepted, rejected. Facts: before their state they wait, after it
 * they are refused, and what is wrong with them is recorded. CUSTODY-11, 12, 14, 15. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/part.h"
#include "plugin/custody/site.h"
#include "plugin/custody/table.h"
#include "plugin/custody/weigh.h"

/* A taking by this party may still come: it is named for a later leg, or was offered one. */
static bool may_take_yet(const Custody__Manifest *m, const char *party)
{
	if (m->offer != NULL && m->offer->leg > m->leg && strcmp(m->offer->to_party, party) == 0)
		return true;
	for (size_t i = 0; i < m->created->n_carriers; i++)
		if (m->created->carriers[i]->order > m->leg &&
		    strcmp(m->created->carriers[i]->party, party) == 0)
			return true;
	return false;
}

/* CUSTODY-11: before the first hand-over nobody knows yet whose driver will bring it. */
bool ld_yet_arrive(const struct ld_case *k)
{
	return (k->row->waits & ld_state_bits(k->m)) != 0 ||
	       (ld_is_stored(k->m) && strcmp(k->m->carrier, k->f->signer->party) == 0) ||
	       may_take_yet(k->m, k->f->signer->party);
}

bool ld_check_receivers_site(struct ld_case *k)
{
	const char *site = ld_site_of(k->f->event);

	return strcmp(site, k->m->created->receiver->site) == 0 ||
	       ld_failed(k, LIANDAN__REASON__WRONG_PLACE, site, 0, 0,
			 "%s is not the receiver's site", site);
}

/* A receipt need not name the vehicle. */
bool ld_check_same_vehicle(struct ld_case *k)
{
	const bool receipt = k->f->event->body_case == LIANDAN__EVENT__BODY_RECEIVED;
	const char *plate = ld_plate_of(k->f->event);

	return (receipt && plate[0] == '\0') || strcmp(plate, k->m->plate) == 0 ||
	       ld_failed(k, LIANDAN__REASON__UNKNOWN_VEHICLE, plate, 0, 0, "%s did not take it",
			 plate);
}

bool ld_check_in_time(struct ld_case *k)
{
	const int64_t due = ld_overdue_ms(k->rules, k->m->taken_ms, k->m->eta_ms);
	const int64_t at = ld_step_ms(k->f, k->m->taken_ms);

	return at <= due || ld_failed(k, LIANDAN__REASON__LATE, k->f->event->arrived->plate, at,
				      due, "it arrived late");
}

static bool intact(const char *id, Liandan__Seal *const *seals, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(seals[i]->id, id) == 0)
			return seals[i]->state == LIANDAN__CONDITION__CONDITION_INTACT ||
			       seals[i]->state == LIANDAN__CONDITION__CONDITION_UNSPECIFIED;
	return false;
}

/* What the taker of the load says that is there. */
struct found {
	Liandan__Item *const *items;
	size_t n_items;
	Liandan__Seal *const *seals;
	size_t n_seals;
};

static struct found found_of(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_ARRIVED:
		return (struct found){NULL, 0, e->arrived->seals, e->arrived->n_seals};
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
		return (struct found){
		    e->temporary_storage_entered->items, e->temporary_storage_entered->n_items,
		    e->temporary_storage_entered->seals, e->temporary_storage_entered->n_seals};
	default:
		return (struct found){e->received->items, e->received->n_items, e->received->seals,
				      e->received->n_seals};
	}
}

/* CUSTODY-12. Seals that were found besides are not asked about: a milk run seals again at each
 * stop. A driver need not read them at the gate. */
bool ld_check_seals_intact(struct ld_case *k)
{
	const struct found there = found_of(k->f->event);
	const bool receipt = k->f->event->body_case != LIANDAN__EVENT__BODY_ARRIVED;

	for (size_t i = 0; (receipt || there.n_seals != 0) && i < k->m->n_seals; i++)
		if (!intact(k->m->seals[i], there.seals, there.n_seals) &&
		    !ld_failed(k, LIANDAN__REASON__SEAL_DIFFERS, k->m->seals[i], 0, 1,
			       "seal %s is not intact", k->m->seals[i]))
			return false;
	return true;
}

/* Where the driver's phone says it is. */
bool ld_check_at_the_site(struct ld_case *k)
{
	const Liandan__Arrived *b = k->f->event->arrived;
	const int64_t margin = k->rules->fence_margin_m;
	Custody__Site *s;

	if (b->place == NULL || (b->place->lat_e7 == 0 && b->place->lon_e7 == 0) ||
	    ld_site_get(k->c, b->site, &s) != LD_OK)
		return true;
	return ld_site_contains(s->registered, b->place->lat_e7, b->place->lon_e7, margin) ||
	       ld_failed(k, LIANDAN__REASON__WRONG_PLACE, b->plate, 0, margin, "it is not at %s",
			 b->site);
}

bool ld_check_pieces_as_sealed(struct ld_case *k)
{
	const struct found there = found_of(k->f->event);

	return there.n_items == 0 ||
	       ld_items_same(k->c, k->m->items, k->m->n_items, there.items, there.n_items) ||
	       ld_failed(k, LIANDAN__REASON__COUNT_DIFFERS, "items", (int64_t)there.n_items,
			 (int64_t)k->m->n_items, "the pieces are not those that were sealed");
}

/* ---- acceptance, CUSTODY-14 ---- */

static const Liandan__AcceptedLine *accepted_line(const struct ld_acceptance *b, uint32_t line,
						  size_t *times)
{
	const Liandan__AcceptedLine *l = NULL;

	*times = 0;
	for (size_t i = 0; i < b->n_lines; i++) {
		if (b->lines[i]->line != line)
			continue;
		l = b->lines[i];
		++*times;
	}
	return l;
}

/* Of a line, once what this event refuses (k->found) has left. */
static int64_t left_g(const struct ld_case *k, uint32_t line)
{
	const int64_t g = ld_items_of_line_g(k->m->items, k->m->n_items, line);
	const struct ld_part *goes = k->found;

	return k->f->event->body_case == LIANDAN__EVENT__BODY_PARTLY_ACCEPTED
		   ? ld_sub_g(g, ld_items_of_line_g(goes->items, goes->n, line))
		   : g;
}

bool ld_check_lines_once(struct ld_case *k)
{
	const struct ld_acceptance b = ld_acceptance_of(k->f->event);
	const Liandan__ManifestCreated *created = k->m->created;
	size_t times;

	for (size_t i = 0; i < created->n_lines; i++) {
		accepted_line(&b, created->lines[i]->line, &times);
		/* a line of which nothing is left here needs no word */
		if (times != 1 && (times != 0 || left_g(k, created->lines[i]->line) != 0))
			ld_failed(k, LIANDAN__REASON__QUANTITY, created->lines[i]->code,
				  (int64_t)times, 1, "a line is accepted once");
	}
	for (size_t i = 0; i < b.n_lines; i++)
		if (ld_manifest_line(k->m, b.lines[i]->line) == NULL)
			ld_failed(k, LIANDAN__REASON__QUANTITY, "line", b.lines[i]->line,
				  (int64_t)created->n_lines, "there is no such line");
	return true;
}

/* Refused pieces of a line. */
static uint32_t refused_pieces(const Liandan__Event *e, uint32_t line)
{
	uint32_t n = 0;

	for (size_t i = 0; e->body_case == LIANDAN__EVENT__BODY_PARTLY_ACCEPTED &&
			   i < e->partly_accepted->n_refused;
	     i++) {
		const Liandan__Item *item = e->partly_accepted->refused[i]->item;

		if (item != NULL && item->line == line)
			n += ld_item_pieces(item);
	}
	return n;
}

bool ld_check_counts(struct ld_case *k)
{
	const struct ld_acceptance b = ld_acceptance_of(k->f->event);

	for (size_t i = 0; i < k->m->created->n_lines; i++) {
		const Liandan__Line *line = k->m->created->lines[i];
		size_t times;
		const Liandan__AcceptedLine *l = accepted_line(&b, line->line, &times);

		/* a line that declares no pieces has none to refuse */
		const uint32_t pieces = ld_line_pieces(k->m, line);
		const uint32_t refused =
		    line->count != 0 ? refused_pieces(k->f->event, line->line) : 0;

		if (l != NULL && (int64_t)l->count + refused != pieces)
			ld_failed(k, LIANDAN__REASON__COUNT_DIFFERS, line->code, l->count, pieces,
				  "the pieces of a line differ");
	}
	return true;
}

/* Licensed as it was when sealed, in the mode that the acceptance names. What a withdrawal stops is
 * what had not been received by then. */
bool ld_check_modes_licensed(struct ld_case *k)
{
	const struct ld_acceptance b = ld_acceptance_of(k->f->event);
	const Liandan__Receiver *r = k->m->created->receiver;

	/* what comes back to its generator is stored, not treated */
	if (k->m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN)
		return true;
	for (size_t i = 0; i < k->m->created->n_lines; i++) {
		const Liandan__Line *line = k->m->created->lines[i];
		size_t times;
		const Liandan__AcceptedLine *l = accepted_line(&b, line->line, &times);
		const char *mode = l != NULL && l->mode[0] != '\0' ? l->mode : line->mode;
		const struct ld_licence_need need = {.party = r->party,
						     .licence = "",
						     .site = r->site,
						     .kinds = LD_LICENCE_RECEIVE,
						     .code = line->code,
						     .mode = mode,
						     .at_ms = k->m->sealed_ms,
						     .act_ms = k->m->received_ms,
						     .sealed_ms = k->m->sealed_ms};

		if (l != NULL && !ld_licensed(k->c, &need))
			ld_failed(k, LIANDAN__REASON__NOT_LICENSED,
				  mode[0] != '\0' ? mode : line->code, line->line, 0,
				  "%s is not licensed for it", r->party);
	}
	return true;
}

/* Tickets of other trucks or other manifests are as good as none. */
bool ld_check_tickets_fit(struct ld_case *k)
{
	const struct ld_acceptance b = ld_acceptance_of(k->f->event);
	int64_t foreign = 0;

	for (size_t i = 0; i < b.n_tickets; i++) {
		size_t mark = ld_mark(k->c);
		Custody__Ticket *t;

		foreign += ld_ticket_get(k->c, b.tickets[i], &t) == LD_OK && t->weighed != NULL &&
			   !ld_ticket_fits(k->m, t);
		ld_release(k->c, mark);
	}
	return foreign == 0 || ld_failed(k, LIANDAN__REASON__TICKET_MISSING, "of another load",
					 foreign, 0, "a ticket is of another load");
}

bool ld_check_tickets_weigh(struct ld_case *k)
{
	const struct ld_acceptance b = ld_acceptance_of(k->f->event);
	struct ld_net net = {0, 0, false, 0, 0};

	ld_weigh_net(k->c, b.tickets, b.n_tickets, &net);
	if (net.tickets == 0)
		ld_failed(k, LIANDAN__REASON__TICKET_MISSING, "tickets", (int64_t)b.n_tickets, 2,
			  "the tickets give no net mass");
	return net.unknown == 0 || ld_failed(k, LIANDAN__REASON__UNKNOWN_TICKET, "tickets",
					     net.unknown, 0, "a ticket is not in the ledger");
}

/* CUSTODY-15: after the receipt only a driver of the carrier takes it back. */
bool ld_check_taken_back(struct ld_case *k)
{
	const Liandan__Event *e = k->f->event;
	const Liandan__WasteIsOn said = e->body_case == LIANDAN__EVENT__BODY_REJECTED
					    ? e->rejected->waste_is_on
					    : e->partly_accepted->waste_is_on;

	return said != LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK ||
	       ld_back_on_truck(k->f, k->m, said) ||
	       ld_failed(k, LIANDAN__REASON__OUT_OF_ORDER, k->m->plate, 0, 0,
			 "no driver of the carrier cosigned that it is back on the truck");
}
