/* The far end: arrived, received, accepted, rejected. Facts: before their state they wait, after it
 * they are refused, and what is wrong with them is recorded. CUSTODY-11, 12, 14, 15. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/site.h"
#include "plugin/custody/weigh.h"

/* How far a manifest is, seen from a step that needs `need`. */
enum reach { NOT_YET, HERE, PASSED };

static enum reach reach_of(const Custody__Manifest *m, Custody__ManifestState need)
{
	switch (m->state) {
	case CUSTODY__MANIFEST_STATE__DRAFT:
	case CUSTODY__MANIFEST_STATE__SEALED:
	case CUSTODY__MANIFEST_STATE__IN_TRANSIT:
	case CUSTODY__MANIFEST_STATE__ARRIVED:
	case CUSTODY__MANIFEST_STATE__VERIFYING:
		return m->state < need ? NOT_YET : m->state == need ? HERE : PASSED;
	case CUSTODY__MANIFEST_STATE__CANCELLED:
	case CUSTODY__MANIFEST_STATE__EXPIRED:
		/* a hand-over that names the offer still wins, if one comes */
		return m->sealed_ms != 0 ? NOT_YET : PASSED;
	default:
		return PASSED;
	}
}

static bool not_here(struct ld_judgement *j, enum reach r, const char *waits, const char *passed)
{
	if (r == NOT_YET)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE, "%s", waits);
	return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "%s", passed);
}

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

static void check_arrival(struct ld_custody *c, const struct ld_fact *f, const Custody__Manifest *m,
			  const Liandan__Arrived *b, struct ld_judgement *j)
{
	int64_t due = ld_overdue_ms(c->rules, m->taken_ms, m->eta_ms);

	if (strcmp(b->site, m->created->receiver->site) != 0)
		ld_violate(c, j, LIANDAN__REASON__WRONG_PLACE, b->site, 0, 0);
	if (strcmp(b->plate, m->plate) != 0)
		ld_violate(c, j, LIANDAN__REASON__UNKNOWN_VEHICLE, b->plate, 0, 0);
	if (ld_step_ms(f, m->taken_ms) > due)
		ld_violate(c, j, LIANDAN__REASON__LATE, b->plate, ld_step_ms(f, m->taken_ms), due);
	if (b->n_seals != 0)
		ld_check_seals(c, j, m, b->seals, b->n_seals);
}

/* One of the manifests. *arrives: it takes this step. */
static bool arrived_one(struct ld_custody *c, const struct ld_fact *f, const Liandan__Arrived *b,
			ProtobufCBinaryData id, bool *arrives, struct ld_judgement *j)
{
	Custody__Manifest *m;
	enum reach r;

	*arrives = false;
	if (ld_manifest_get(c, id, &m) != LD_OK)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE, "a manifest is not here yet");
	r = reach_of(m, CUSTODY__MANIFEST_STATE__IN_TRANSIT);
	if (r == NOT_YET)
		return not_here(j, r, "the hand-over is not here yet", "");
	if (ld_may_arrive(m))
		r = HERE;
	if (r == PASSED)
		return true;
	if (strcmp(f->signer->party, m->holder) != 0)
		return may_take_yet(m, f->signer->party)
			   ? ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE,
				     "this leg has not been taken yet")
			   : ld_wrong_role(f, j, "a driver of the carrier that holds it");
	*arrives = true;
	check_arrival(c, f, m, b, j);
	return true;
}

static void check_place(struct ld_custody *c, const Liandan__Arrived *b, struct ld_judgement *j)
{
	Custody__Site *s;

	if (ld_site_get(c, b->site, &s) != LD_OK) {
		ld_violate(c, j, LIANDAN__REASON__UNKNOWN_SITE, b->site, 0, 0);
		return;
	}
	if (b->place != NULL && (b->place->lat_e7 != 0 || b->place->lon_e7 != 0) &&
	    !ld_site_contains(s->registered, b->place->lat_e7, b->place->lon_e7,
			      c->rules->fence_margin_m))
		ld_violate(c, j, LIANDAN__REASON__WRONG_PLACE, b->plate, 0,
			   c->rules->fence_margin_m);
}

/* CUSTODY-11 */
bool ld_arrived_judge(struct ld_custody *c, const struct ld_fact *f, const Liandan__Arrived *b,
		      struct ld_judgement *j)
{
	size_t n = 0;

	if ((f->signer->roles & LD_ROLES_DRIVER) == 0)
		return ld_wrong_role(f, j, "the driver");
	for (size_t i = 0; i < b->n_manifests; i++) {
		size_t mark = ld_mark(c), violations = j->n_violations;
		bool arrives;

		if (!arrived_one(c, f, b, b->manifests[i], &arrives, j))
			return false;
		n += arrives;
		if (j->n_violations == violations) /* large manifests: give back what was read */
			ld_release(c, mark);
	}
	if (n == 0)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "it has arrived already");
	check_place(c, b, j);
	return true;
}

static bool is_receiver(const struct ld_fact *f, const Custody__Manifest *m, struct ld_judgement *j)
{
	return ld_signer_is(f, LIANDAN__ROLE__ROLE_RECEIVER, m->created->receiver->party) ||
	       ld_wrong_role(f, j, "the receiver");
}

/* CUSTODY-12 */
bool ld_received_judge(struct ld_custody *c, const struct ld_fact *f, const Liandan__Received *b,
		       struct ld_judgement *j)
{
	Custody__Manifest *m;
	enum reach r;

	if (ld_manifest_get(c, b->manifest, &m) != LD_OK)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE, "the manifest is not here yet");
	if (!is_receiver(f, m, j))
		return false;
	r = reach_of(m, CUSTODY__MANIFEST_STATE__ARRIVED);
	if (r != HERE)
		return not_here(j, r, "the arrival is not here yet",
				"it has been received or rejected");
	if (!ld_check_persons(c, j, m, m->holder_person, ld_person_of(c, f->signer)))
		return false;
	ld_check_content(c, j, m, b->content);
	if (strcmp(b->site, m->created->receiver->site) != 0)
		ld_violate(c, j, LIANDAN__REASON__WRONG_PLACE, b->site, 0, 0);
	if (b->plate[0] != '\0' && strcmp(b->plate, m->plate) != 0)
		ld_violate(c, j, LIANDAN__REASON__UNKNOWN_VEHICLE, b->plate, 0, 0);
	if (b->n_items != 0 && !ld_items_same(c, m->items, m->n_items, b->items, b->n_items))
		ld_violate(c, j, LIANDAN__REASON__COUNT_DIFFERS, "items", (int64_t)b->n_items,
			   (int64_t)m->n_items);
	ld_check_seals(c, j, m, b->seals, b->n_seals);
	return true;
}

static const Liandan__AcceptedLine *accepted_line(const Liandan__Accepted *b, uint32_t line,
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

/* Each line once, the pieces that were declared, a mode that is licensed as it was when sealed. */
static void check_accepted_line(struct ld_custody *c, const Custody__Manifest *m,
				const Liandan__Line *line, const Liandan__Accepted *b,
				struct ld_judgement *j)
{
	const Liandan__Receiver *r = m->created->receiver;
	struct ld_licence_need need = {.party = r->party,
				       .licence = "",
				       .site = r->site,
				       .kinds = LD_LICENCE_RECEIVE,
				       .code = line->code,
				       .mode = line->mode,
				       .at_ms = m->sealed_ms,
				       .sealed_ms = m->sealed_ms};
	size_t times;
	const Liandan__AcceptedLine *l = accepted_line(b, line->line, &times);

	if (times != 1)
		ld_violate(c, j, LIANDAN__REASON__QUANTITY, line->code, (int64_t)times, 1);
	if (l == NULL)
		return;
	if (l->count != line->count)
		ld_violate(c, j, LIANDAN__REASON__COUNT_DIFFERS, line->code, l->count, line->count);
	if (l->mode[0] != '\0')
		need.mode = l->mode;
	if (!ld_licensed(c, &need))
		ld_violate(c, j, LIANDAN__REASON__NOT_LICENSED,
			   need.mode[0] != '\0' ? need.mode : line->code, line->line, 0);
}

/* Tickets of other trucks or other manifests are as good as none. */
static void check_tickets(struct ld_custody *c, const Custody__Manifest *m,
			  const Liandan__Accepted *b, struct ld_judgement *j)
{
	struct ld_net net = {0, 0, false, 0, 0};
	int64_t foreign = 0;

	for (size_t i = 0; i < b->n_tickets; i++) {
		size_t mark = ld_mark(c);
		Custody__Ticket *t;

		foreign += ld_ticket_get(c, b->tickets[i], &t) == LD_OK && t->weighed != NULL &&
			   !ld_ticket_fits(m, t);
		ld_release(c, mark);
	}
	if (foreign != 0)
		ld_violate(c, j, LIANDAN__REASON__TICKET_MISSING, "of another load", foreign, 0);
	ld_weigh_net(c, b->tickets, b->n_tickets, &net);
	if (net.tickets == 0)
		ld_violate(c, j, LIANDAN__REASON__TICKET_MISSING, "tickets", (int64_t)b->n_tickets,
			   2);
	if (net.unknown != 0)
		ld_violate(c, j, LIANDAN__REASON__UNKNOWN_TICKET, "tickets", net.unknown, 0);
}

/* CUSTODY-14 */
bool ld_accepted_judge(struct ld_custody *c, const struct ld_fact *f, const Liandan__Accepted *b,
		       struct ld_judgement *j)
{
	Custody__Manifest *m;
	enum reach r;

	if (ld_manifest_get(c, b->manifest, &m) != LD_OK)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE, "the manifest is not here yet");
	if (!is_receiver(f, m, j))
		return false;
	r = reach_of(m, CUSTODY__MANIFEST_STATE__VERIFYING);
	if (r != HERE)
		return not_here(j, r, "the receipt of the load is not here yet",
				"it has been accepted or rejected");
	ld_check_content(c, j, m, b->content);
	check_tickets(c, m, b, j);
	for (size_t i = 0; i < b->n_lines; i++)
		if (b->lines[i]->mass_g < 0 || b->lines[i]->mass_g > LD_MAX_MASS_G)
			return ld_refuse(j, LIANDAN__REASON__QUANTITY, "such a mass cannot be");
	for (size_t i = 0; i < m->created->n_lines; i++)
		check_accepted_line(c, m, m->created->lines[i], b, j);
	for (size_t i = 0; i < b->n_lines; i++)
		if (ld_manifest_line(m, b->lines[i]->line) == NULL)
			ld_violate(c, j, LIANDAN__REASON__QUANTITY, "line", b->lines[i]->line,
				   (int64_t)m->created->n_lines);
	return true;
}

/* CUSTODY-15: on arrival or after unloading. */
bool ld_rejected_judge(struct ld_custody *c, const struct ld_fact *f, const Liandan__Rejected *b,
		       struct ld_judgement *j)
{
	Custody__Manifest *m;
	enum reach r;

	if (ld_manifest_get(c, b->manifest, &m) != LD_OK)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE, "the manifest is not here yet");
	if (!is_receiver(f, m, j))
		return false;
	r = reach_of(m, CUSTODY__MANIFEST_STATE__ARRIVED);
	if (m->state == CUSTODY__MANIFEST_STATE__VERIFYING)
		r = HERE;
	if (r != HERE)
		return not_here(j, r, "the arrival is not here yet",
				"it has been accepted or rejected");
	if (b->waste_is_on == LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK && !ld_back_on_truck(f, m, b))
		ld_violate(c, j, LIANDAN__REASON__OUT_OF_ORDER, m->plate, 0, 0);
	return true;
}
