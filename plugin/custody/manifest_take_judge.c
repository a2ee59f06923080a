/* The hand-over: a fact. It is refused only where nobody gave or the signer cannot be the taker;
 * everything else that is wrong with it is recorded, and custody moves. CUSTODY-6. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/site.h"

/* What the taking rests on. */
struct taking {
	const Liandan__HandoverTaken *b;
	const Custody__Manifest *m;
	const Custody__Offer *offer; /* the one it names, where that is the manifest's last */
	const Custody__Key *giver;   /* who cosigned for the giving side, or NULL */
	const char *offered_by;	     /* the person behind the offer that it names, or "" */
};

static bool named_for_leg(const Custody__Manifest *m, const char *party, uint32_t leg)
{
	for (size_t i = 0; i < m->created->n_carriers; i++)
		if (m->created->carriers[i]->order == leg &&
		    strcmp(m->created->carriers[i]->party, party) == 0)
			return true;
	return false;
}

/* A cancelled or expired manifest that had been sealed can still turn out to have been taken. */
static bool ended_before(const Custody__Manifest *m)
{
	return (m->state == CUSTODY__MANIFEST_STATE__CANCELLED ||
		m->state == CUSTODY__MANIFEST_STATE__EXPIRED) &&
	       m->sealed_ms != 0;
}

static bool check_order(const struct taking *t, struct ld_judgement *j)
{
	const Custody__Manifest *m = t->m;

	if (m->state == CUSTODY__MANIFEST_STATE__DRAFT)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "the manifest is not sealed yet");
	if (m->state != CUSTODY__MANIFEST_STATE__SEALED &&
	    m->state != CUSTODY__MANIFEST_STATE__IN_TRANSIT && !ended_before(m))
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER,
				 "the manifest's state does not allow a hand-over any more");
	if (t->b->leg <= m->leg)
		return ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "leg %" PRIu32 " has been taken",
				 t->b->leg);
	if (t->b->leg > m->leg + 1)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "leg %" PRIu32 " has not been taken yet", t->b->leg - 1);
	return true;
}

/* Named offer: the manifest's last, one of before, or one that has not come. None: the giver must
 * have cosigned. */
static bool find_offer(struct ld_custody *c, struct taking *t, struct ld_judgement *j)
{
	const Liandan__HandoverTaken *b = t->b;
	Custody__Effect *e;

	if (b->offer.len == 0) {
		if (t->giver == NULL)
			return ld_refuse(j, LIANDAN__REASON__UNKNOWN_OFFER,
					 "it names no offer and the giver has not cosigned");
		return true;
	}
	if (ld_offer_is(t->m, b->offer)) {
		t->offer = t->m->offer;
		t->offered_by = t->offer->person;
		return t->offer->leg == b->leg || ld_violate(c, j, LIANDAN__REASON__UNKNOWN_OFFER,
							     b->plate, t->offer->leg, b->leg);
	}
	if (b->offer.len != LD_HASH_BYTES || ld_effect_get(c, b->offer.data, &e) != LD_OK ||
	    e->verdict == LIANDAN__VERDICT__HELD)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_CAUSE, "the offer is not here yet");
	/* an event that took effect and was no offer of this manifest: nobody gave */
	if (e->verdict == LIANDAN__VERDICT__ACCEPTED && t->giver == NULL &&
	    (t->m->offer == NULL || e->index <= t->m->created_index ||
	     e->index >= t->m->offer->index))
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_OFFER,
				 "entry %" PRIu64 " is no offer of this manifest", e->index);
	/* replaced since, or refused: the waste is on the truck all the same */
	t->offered_by = e->person;
	return ld_violate(c, j,
			  e->verdict == LIANDAN__VERDICT__ACCEPTED ? LIANDAN__REASON__OFFER_EXPIRED
								   : LIANDAN__REASON__UNKNOWN_OFFER,
			  b->plate, (int64_t)e->index, 0);
}

/* The taker: whom the offer names; else who is named for the leg; else whom the giver cosigned. */
static bool check_taker(struct ld_custody *c, const struct ld_fact *f, const struct taking *t,
			struct ld_judgement *j)
{
	const char *party = f->signer->party;
	bool named = named_for_leg(t->m, party, t->b->leg);

	if (t->offer != NULL ? strcmp(t->offer->to_party, party) != 0 : !named && t->giver == NULL)
		return ld_wrong_role(f, j, "a driver of the party it was offered to");
	if (!named)
		ld_violate(c, j, LIANDAN__REASON__CARRIER_NOT_NAMED, party, t->b->leg, 0);
	return true;
}

static void check_terms(struct ld_custody *c, const struct ld_fact *f, const struct taking *t,
			struct ld_judgement *j)
{
	const Liandan__HandoverTaken *b = t->b;
	const Custody__Offer *o = t->offer;
	bool seals_same = o == NULL || o->n_seals == b->n_seals;

	ld_check_content(c, j, t->m, b->content);
	if (o != NULL && (o->closed || f->event->occurred_at_ms > o->expires_ms))
		ld_violate(c, j, LIANDAN__REASON__OFFER_EXPIRED, b->plate, f->event->occurred_at_ms,
			   o->expires_ms);
	if (b->n_items != 0 && !ld_items_same(c, t->m->items, t->m->n_items, b->items, b->n_items))
		ld_violate(c, j, LIANDAN__REASON__QUANTITY, "items", (int64_t)b->n_items,
			   (int64_t)t->m->n_items);
	for (size_t i = 0; seals_same && o != NULL && i < o->n_seals; i++)
		seals_same = strcmp(o->seals[i], b->seals[i]) == 0;
	if (!seals_same)
		ld_violate(c, j, LIANDAN__REASON__SEAL_DIFFERS, b->plate, (int64_t)b->n_seals,
			   (int64_t)o->n_seals);
	/* CUSTODY-4: the hand-over still wins */
	if (t->m->state == CUSTODY__MANIFEST_STATE__CANCELLED)
		ld_violate(c, j, LIANDAN__REASON__CANCELLED_BEFORE, b->plate,
			   f->event->occurred_at_ms, t->m->updated_ms);
	if (t->m->state == CUSTODY__MANIFEST_STATE__EXPIRED)
		ld_violate(c, j, LIANDAN__REASON__LATE, b->plate, f->event->occurred_at_ms,
			   t->m->pickup_due_ms);
}

static void check_vehicle(struct ld_custody *c, const struct ld_fact *f, const char *plate,
			  bool trailer, struct ld_judgement *j)
{
	size_t mark = ld_mark(c);
	int64_t at = f->event->occurred_at_ms, to = 0;
	Custody__Vehicle *v;
	bool known = ld_vehicle_get(c, plate, &v) == LD_OK;
	bool own = false, in_date = false;

	if (known) {
		to = v->registered->to_ms;
		own = trailer || strcmp(v->registered->party, f->signer->party) == 0;
		in_date = to == 0 || at < to;
	}
	ld_release(c, mark);
	if (!known)
		ld_violate(c, j, LIANDAN__REASON__UNKNOWN_VEHICLE, plate, 0, 0);
	else if (!own || !in_date)
		ld_violate(c, j, LIANDAN__REASON__NOT_LICENSED, plate, at, to);
}

/* A driver that the event does not name is the person whose key signs. */
static void check_driver(struct ld_custody *c, const struct ld_fact *f, const struct taking *t,
			 struct ld_judgement *j)
{
	const char *id = t->b->driver[0] != '\0' ? t->b->driver : f->signer->subject_id;
	int64_t at = f->event->occurred_at_ms;
	Custody__Person *p;

	if (id[0] == '\0' || ld_person_get(c, id, &p) != LD_OK) {
		ld_violate(c, j, LIANDAN__REASON__UNKNOWN_PERSON, id, 0, 0);
		return;
	}
	if (strcmp(p->registered->party, f->signer->party) != 0 ||
	    (p->registered->roles & LD_ROLES_DRIVER) == 0 ||
	    (p->registered->to_ms != 0 && at >= p->registered->to_ms))
		ld_violate(c, j, LIANDAN__REASON__NOT_LICENSED, id, at, p->registered->to_ms);
}

/* Judged at the taking: a licence that expires on the road lets the delivery finish. */
static void check_carrier_licence(struct ld_custody *c, const struct ld_fact *f,
				  const struct taking *t, struct ld_judgement *j)
{
	for (size_t i = 0; i < t->m->created->n_lines; i++) {
		const Liandan__Line *line = t->m->created->lines[i];
		const struct ld_licence_need need = {.party = f->signer->party,
						     .licence = "",
						     .site = "",
						     .kinds = LD_LICENCE_CARRY,
						     .code = line->code,
						     .mode = "",
						     .at_ms = f->event->occurred_at_ms,
						     .sealed_ms = t->m->sealed_ms};

		if (line->code_system != LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL &&
		    !ld_licensed(c, &need)) {
			ld_violate(c, j, LIANDAN__REASON__NOT_LICENSED, f->signer->party,
				   line->line, 0);
			return;
		}
	}
}

/* CUSTODY-6: presence at the origin, from tracks. Later legs change hands wherever they do. */
static void check_presence(struct ld_custody *c, const struct ld_fact *f, const struct taking *t,
			   struct ld_judgement *j)
{
	enum ld_presence where;

	if (t->b->leg != 1)
		return;
	where = ld_presence(c, t->b->plate, t->m->created->site, f->event->occurred_at_ms);
	if (where == LD_ABSENT)
		ld_violate(c, j, LIANDAN__REASON__ABSENT_AT_ORIGIN, t->b->plate, 0,
			   c->rules->presence_ms);
	else if (where == LD_PRESENCE_UNKNOWN)
		ld_violate(c, j, LIANDAN__REASON__PRESENCE_UNKNOWN, t->b->plate, 0,
			   c->rules->presence_ms);
}

/* What leaves must have been there: containers free or bound to this manifest, stock not below
 * zero. */
static void check_container(struct ld_custody *c, const struct taking *t, const char *id,
			    struct ld_judgement *j)
{
	size_t mark = ld_mark(c);
	Custody__Container *k;
	bool known = ld_container_get(c, id, &k) == LD_OK;
	bool here = known && ld_container_in_stock(k) &&
		    strcmp(k->party, t->m->created->generator) == 0 &&
		    strcmp(k->site, t->m->created->site) == 0 &&
		    (k->manifest.len == 0 || ld_same_id(k->manifest, t->m->manifest));

	ld_release(c, mark);
	if (!here)
		ld_violate(c, j, LIANDAN__REASON__CONTAINER_ELSEWHERE, id, 0, 0);
}

static int64_t code_mass(const Custody__Manifest *m, const char *code)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->created->n_lines; i++)
		if (strcmp(m->created->lines[i]->code, code) == 0)
			sum = ld_add_g(sum, ld_items_of_line_g(m->items, m->n_items,
							       m->created->lines[i]->line));
	return sum;
}

static void check_stock(struct ld_custody *c, const struct taking *t, struct ld_judgement *j)
{
	const Liandan__ManifestCreated *b = t->m->created;

	if (t->b->leg != 1)
		return;
	for (size_t i = 0; i < t->m->n_items; i++)
		if (t->m->items[i]->container[0] != '\0')
			check_container(c, t, t->m->items[i]->container, j);
	for (size_t i = 0; i < b->n_lines; i++) {
		int64_t out = code_mass(t->m, b->lines[i]->code), in = 0;
		size_t mark = ld_mark(c);
		Custody__Stock *s;
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first = first && strcmp(b->lines[k]->code, b->lines[i]->code) != 0;
		if (ld_stock_get(c, b->generator, b->site, b->lines[i]->code, &s) == LD_OK)
			in = s->in_stock_g;
		ld_release(c, mark);
		if (first && out > in)
			ld_violate(c, j, LIANDAN__REASON__STOCK_NEGATIVE, b->lines[i]->code,
				   in - out, 0);
	}
}

/* CUSTODY-6 */
bool ld_taken_judge(struct ld_custody *c, const struct ld_fact *f, const Liandan__HandoverTaken *b,
		    struct ld_judgement *j)
{
	struct taking t = {.b = b, .offered_by = ""};
	Custody__Manifest *m;
	const char *giver;

	if (b->child.len != 0)
		return ld_refuse(j, LIANDAN__REASON__LIMIT,
				 "partial hand-overs (child manifests) are not taken yet");
	if ((f->signer->roles & LD_ROLES_DRIVER) == 0)
		return ld_wrong_role(f, j, "the taker's driver");
	if (ld_manifest_get(c, b->manifest, &m) != LD_OK)
		return ld_hold(j, LIANDAN__REASON__WAITS_FOR_STATE, "the manifest is not here yet");
	t.m = m;
	t.giver = ld_giver_of(f, m);
	if (!check_order(&t, j) || !find_offer(c, &t, j) || !check_taker(c, f, &t, j))
		return false;
	giver =
	    t.offered_by[0] == '\0' && t.giver != NULL ? ld_person_of(c, t.giver) : t.offered_by;
	if (!ld_check_persons(c, j, m, giver, ld_person_of(c, f->signer)))
		return false;
	check_terms(c, f, &t, j);
	check_vehicle(c, f, b->plate, false, j);
	if (b->trailer[0] != '\0')
		check_vehicle(c, f, b->trailer, true, j);
	check_driver(c, f, &t, j);
	check_carrier_licence(c, f, &t, j);
	check_presence(c, f, &t, j);
	check_stock(c, &t, j);
	return true;
}
