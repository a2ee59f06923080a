/* The hand-over: a fact. It is refused only where nobody gave or the signer cannot be the taker;
 * everything else that is wrong with it is recorded, and custody moves. CUSTODY-6. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/part.h"
#include "plugin/custody/site.h"
#include "plugin/custody/table.h"

static const Liandan__HandoverTaken *taking_of(const struct ld_case *k)
{
	return k->f->event->handover_taken;
}

bool ld_named_for_leg(const Custody__Manifest *m, const char *party, uint32_t leg)
{
	for (size_t i = 0; i < m->created->n_carriers; i++)
		if (m->created->carriers[i]->order == leg &&
		    strcmp(m->created->carriers[i]->party, party) == 0)
			return true;
	return false;
}

/* A leg that goes on after a storage was judged at its taking: what has ended since lets the
 * delivery finish; what was withdrawn since, where the withdrawal does. */
static int64_t judged_at(const struct ld_case *k)
{
	const bool goes_on =
	    k->f->event->body_case == LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT &&
	    strcmp(k->m->carrier, k->f->signer->party) == 0;

	return goes_on ? k->m->taken_ms : k->f->event->occurred_at_ms;
}

/* What has become of the event that it names as its offer; NULL: it is not here or held. */
static const Custody__Effect *named_offer(struct ld_case *k)
{
	const ProtobufCBinaryData offer = taking_of(k)->offer;
	Custody__Effect *e;

	if (offer.len != LD_HASH_BYTES || ld_effect_get(k->c, offer.data, &e) != LD_OK ||
	    e->verdict == LIANDAN__VERDICT__HELD)
		return NULL;
	return e;
}

/* Named offer: the manifest's last, one of before, or one that has not come. None: the giver must
 * have cosigned. */
bool ld_check_offer_given(struct ld_case *k)
{
	const Liandan__HandoverTaken *b = taking_of(k);
	const Custody__Effect *e;

	k->giver = ld_giver_of(k->f, k->m);
	if (b->offer.len == 0)
		return k->giver != NULL ||
		       ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_OFFER,
				 "it names no offer and the giver has not cosigned");
	if (ld_offer_is(k->m, b->offer)) {
		k->offer = k->m->offer;
		k->offered_by = k->offer->person;
		return true;
	}
	e = named_offer(k);
	if (e == NULL)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_CAUSE, "the offer is not here yet");
	/* it is here, and no offer of this manifest: nobody gave */
	if (!ld_same_id(e->manifest, k->m->manifest))
		return k->giver != NULL ||
		       ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_OFFER,
				 "entry %" PRIu64 " is no offer of this manifest", e->index);
	k->offered_by = e->person;
	return true;
}

/* The taker: whom the offer names; else who is named for the leg; else whom the giver cosigned. */
bool ld_check_taker(struct ld_case *k)
{
	const char *party = k->f->signer->party;

	if (k->offer != NULL ? strcmp(k->offer->to_party, party) == 0
			     : k->giver != NULL || ld_named_for_leg(k->m, party, taking_of(k)->leg))
		return true;
	return ld_wrong_role(k->f, k->j, "a driver of the party it was offered to");
}

/* An offer that was for another leg, closed, expired, replaced since, or refused: the waste is on
 * the truck all the same. */
bool ld_check_offer_stands(struct ld_case *k)
{
	const Liandan__HandoverTaken *b = taking_of(k);
	const Custody__Offer *o = k->offer;
	const int64_t at = k->f->event->occurred_at_ms;
	const Custody__Effect *e;

	if (b->offer.len == 0)
		return true;
	if (o != NULL) {
		if (o->leg != b->leg)
			ld_failed(k, LIANDAN__REASON__UNKNOWN_OFFER, b->plate, o->leg, b->leg,
				  "the offer was of another leg");
		/* signed before it ran out and heard of later: nobody was late */
		return ((!o->closed || o->ran_out) && at <= o->expires_ms) ||
		       ld_failed(k, LIANDAN__REASON__OFFER_EXPIRED, b->plate, at, o->expires_ms,
				 "the offer is not open any more");
	}
	e = named_offer(k);
	return e == NULL ||
	       ld_failed(k,
			 e->verdict == LIANDAN__VERDICT__ACCEPTED ? LIANDAN__REASON__OFFER_EXPIRED
								  : LIANDAN__REASON__UNKNOWN_OFFER,
			 b->plate, (int64_t)e->index, 0, "another offer stands, or none");
}

bool ld_check_carrier_named(struct ld_case *k)
{
	const char *party = k->f->signer->party;
	const uint32_t leg = taking_of(k)->leg;

	return ld_named_for_leg(k->m, party, leg) ||
	       ld_failed(k, LIANDAN__REASON__CARRIER_NOT_NAMED, party, leg, 0,
			 "%s is not named for leg %" PRIu32, party, leg);
}

bool ld_check_seals_as_offered(struct ld_case *k)
{
	const Liandan__HandoverTaken *b = taking_of(k);
	const Custody__Offer *o = k->offer;
	bool same = o == NULL || o->n_seals == b->n_seals;

	for (size_t i = 0; same && o != NULL && i < o->n_seals; i++)
		same = strcmp(o->seals[i], b->seals[i]) == 0;
	return same || ld_failed(k, LIANDAN__REASON__SEAL_DIFFERS, b->plate, (int64_t)b->n_seals,
				 (int64_t)o->n_seals, "the seals are not those that were offered");
}

/* CUSTODY-4: the hand-over still wins */
bool ld_check_not_ended(struct ld_case *k)
{
	const char *plate = taking_of(k)->plate;
	const int64_t at = k->f->event->occurred_at_ms;

	if (k->m->state == CUSTODY__MANIFEST_STATE__CANCELLED)
		return ld_failed(k, LIANDAN__REASON__CANCELLED_BEFORE, plate, at, k->m->updated_ms,
				 "the manifest was cancelled");
	return k->m->state != CUSTODY__MANIFEST_STATE__EXPIRED ||
	       ld_failed(k, LIANDAN__REASON__LATE, plate, at, k->m->pickup_due_ms,
			 "the manifest was not picked up in time");
}

static bool vehicle_fits(struct ld_case *k, const char *plate, bool trailer)
{
	size_t mark = ld_mark(k->c);
	int64_t at = judged_at(k), to = 0;
	Custody__Vehicle *v;
	bool known = ld_vehicle_get(k->c, plate, &v) == LD_OK;
	bool own = false, in_date = false;

	if (known) {
		to = v->registered->to_ms;
		own = trailer || strcmp(v->registered->party, k->f->signer->party) == 0;
		in_date = to == 0 || at < to;
	}
	ld_release(k->c, mark);
	if (!known)
		return ld_failed(k, LIANDAN__REASON__UNKNOWN_VEHICLE, plate, 0, 0,
				 "%s is not registered", plate);
	return (own && in_date) || ld_failed(k, LIANDAN__REASON__NOT_LICENSED, plate, at, to,
					     "%s is not this carrier's, or not any more", plate);
}

/* The vehicle is fixed here. */
bool ld_check_vehicle(struct ld_case *k)
{
	return vehicle_fits(k, ld_plate_of(k->f->event), false);
}

bool ld_check_trailer(struct ld_case *k)
{
	return taking_of(k)->trailer[0] == '\0' || vehicle_fits(k, taking_of(k)->trailer, true);
}

static const char *driver_of(const Liandan__Event *e)
{
	return e->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN
		   ? e->handover_taken->driver
		   : e->temporary_storage_left->driver;
}

/* A driver that the event does not name is the person whose key signs. */
bool ld_check_driver(struct ld_case *k)
{
	const char *named = driver_of(k->f->event);
	const char *id = named[0] != '\0' ? named : k->f->signer->subject_id;
	int64_t at = judged_at(k);
	Custody__Person *p;

	if (id[0] == '\0' || ld_person_get(k->c, id, &p) != LD_OK)
		return ld_failed(k, LIANDAN__REASON__UNKNOWN_PERSON, id, 0, 0,
				 "driver %s is not registered", id);
	return (strcmp(p->registered->party, k->f->signer->party) == 0 &&
		(p->registered->roles & LD_ROLES_DRIVER) != 0 &&
		(p->registered->to_ms == 0 || at < p->registered->to_ms)) ||
	       ld_failed(k, LIANDAN__REASON__NOT_LICENSED, id, at, p->registered->to_ms,
			 "%s is no driver of this carrier", id);
}

/* Judged at the taking: a licence that expires on the road lets the delivery finish. */
bool ld_check_carrier_licensed(struct ld_case *k)
{
	for (size_t i = 0; i < k->m->created->n_lines; i++) {
		const Liandan__Line *line = k->m->created->lines[i];
		const struct ld_licence_need need = {.party = k->f->signer->party,
						     .licence = "",
						     .site = "",
						     .kinds = LD_LICENCE_CARRY,
						     .code = line->code,
						     .mode = "",
						     .at_ms = judged_at(k),
						     .act_ms = k->f->event->occurred_at_ms,
						     .sealed_ms = k->m->sealed_ms};

		if (line->code_system != LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL &&
		    !ld_licensed(k->c, &need))
			return ld_failed(k, LIANDAN__REASON__NOT_LICENSED, need.party, line->line,
					 0, "%s is not licensed to carry %s", need.party,
					 line->code);
	}
	return true;
}

/* Where the taking must have been: at the origin, or at the storage that it comes out of. Elsewhere
 * on the way it changes hands wherever it does: NULL. */
static const char *taken_from(const struct ld_case *k)
{
	if (ld_is_stored(k->m))
		return k->m->storage_site;
	if (k->m->giver[0] != '\0' && k->m->leg == 0)
		return k->m->giver_site;
	return k->m->leg == 0 ? k->m->created->site : NULL;
}

/* Presence, from tracks. */
bool ld_check_presence(struct ld_case *k)
{
	const char *plate = ld_plate_of(k->f->event), *site = taken_from(k);
	const int64_t within = k->rules->presence_ms;
	enum ld_presence where;

	if (site == NULL)
		return true;
	where = ld_presence(k->c, k->rules, plate, site, k->f->event->occurred_at_ms);
	if (where == LD_ABSENT)
		return ld_failed(k, LIANDAN__REASON__ABSENT_AT_ORIGIN, plate, 0, within,
				 "%s was not at %s", plate, site);
	return where != LD_PRESENCE_UNKNOWN ||
	       ld_failed(k, LIANDAN__REASON__PRESENCE_UNKNOWN, plate, 0, within,
			 "no track says where %s was", plate);
}

static bool container_left(struct ld_case *k, const char *id)
{
	const Liandan__ManifestCreated *b = k->m->created;
	size_t mark = ld_mark(k->c);
	Custody__Container *o;
	bool here = ld_container_get(k->c, id, &o) == LD_OK && ld_container_in_stock(o) &&
		    strcmp(o->party, b->generator) == 0 && strcmp(o->site, b->site) == 0 &&
		    (o->manifest.len == 0 || ld_same_id(o->manifest, k->m->manifest));

	ld_release(k->c, mark);
	return here || ld_failed(k, LIANDAN__REASON__CONTAINER_ELSEWHERE, id, 0, 0,
				 "container %s was not there", id);
}

/* What leaves must have been there: containers free or bound to this manifest. */
bool ld_check_containers_left(struct ld_case *k)
{
	const struct ld_part *goes = k->found;

	if (taking_of(k)->leg != 1 || k->m->giver[0] != '\0')
		return true;
	for (size_t i = 0; i < goes->n; i++)
		if (goes->items[i]->container[0] != '\0' &&
		    !container_left(k, goes->items[i]->container))
			return false;
	return true;
}

static int64_t code_mass(const Custody__Manifest *m, const struct ld_part *goes, const char *code)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->created->n_lines; i++)
		if (strcmp(m->created->lines[i]->code, code) == 0)
			sum = ld_add_g(sum, ld_items_of_line_g(goes->items, goes->n,
							       m->created->lines[i]->line));
	return sum;
}

static bool first_of_code(const Liandan__ManifestCreated *b, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(b->lines[i]->code, b->lines[at]->code) == 0)
			return false;
	return true;
}

/* Nor does the book fall below zero. */
bool ld_check_stock_covers(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = k->m->created;

	if (taking_of(k)->leg != 1 || k->m->giver[0] != '\0')
		return true;
	for (size_t i = 0; i < b->n_lines; i++) {
		const char *code = b->lines[i]->code;
		int64_t out = code_mass(k->m, k->found, code), in = 0;
		size_t mark = ld_mark(k->c);
		Custody__Stock *s;

		if (ld_stock_get(k->c, b->generator, b->site, code, &s) == LD_OK)
			in = s->in_stock_g;
		ld_release(k->c, mark);
		if (first_of_code(b, i) && out > in &&
		    !ld_failed(k, LIANDAN__REASON__STOCK_NEGATIVE, code, ld_sub_g(in, out), 0,
			       "%" PRId64 " g of %s leave, %" PRId64 " g are booked", out, code,
			       in))
			return false;
	}
	return true;
}
