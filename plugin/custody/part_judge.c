/* What a child manifest needs: an id of its own, a part that is there, and of what is redirected a
 * place that may take it. CUSTODY-6, 14, 16. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/grant.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/part.h"
#include "plugin/custody/table.h"

/* ---- the child and its part ---- */

static ProtobufCBinaryData child_of(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		return e->handover_taken->child;
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
		return e->partly_accepted->child;
	default:
		return e->redirected->child;
	}
}

/* Invariant 4: an id is never used again. A hand-over without one is of the whole load. */
bool ld_check_child_new(struct ld_case *k)
{
	const ProtobufCBinaryData id = child_of(k->f->event);
	size_t mark = ld_mark(k->c);
	Custody__Manifest *had;
	bool used;

	if (id.len == 0)
		return k->f->event->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN ||
		       ld_refuse(k->j, LIANDAN__REASON__QUANTITY, "it names no child manifest");
	used = ld_manifest_get(k->c, id, &had) == LD_OK;
	ld_release(k->c, mark);
	return !used ||
	       ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS, "this manifest id is in use");
}

/* The items that go onto the child, or that are offered. In the arena; NULL: it is full, or an item
 * is missing. */
static Liandan__Item *const *named_items(struct ld_case *k, size_t *n)
{
	const Liandan__Event *e = k->f->event;
	Liandan__Item **items;

	if (e->body_case == LIANDAN__EVENT__BODY_HANDOVER_OFFERED) {
		*n = e->handover_offered->n_items;
		return e->handover_offered->items;
	}
	if (e->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN)
		return ld_taken_items(k->m, e->handover_taken, n);
	*n = e->partly_accepted->n_refused;
	items = ld_arena_alloc(k->c->arena, (*n + 1) * sizeof(Liandan__Item *));
	for (size_t i = 0; items != NULL && i < *n; i++)
		if ((items[i] = e->partly_accepted->refused[i]->item) == NULL)
			return NULL;
	return items;
}

/* Reads the part and what of it is not there. */
static bool read_part(struct ld_case *k, struct ld_part *part, size_t *other)
{
	size_t n = 0;
	Liandan__Item *const *items = named_items(k, &n);

	*other = 0;
	part->n = 0;
	return n != 0 && items != NULL && ld_part_pick(k->c, k->m, items, n, part, other) == LD_OK;
}

static bool of_part(const struct ld_case *k)
{
	return child_of(k->f->event).len != 0;
}

/* Nothing of the manifest: there would be no child. Leaves what goes in k->found. */
bool ld_check_part_there(struct ld_case *k)
{
	struct ld_part *part = ld_arena_alloc(k->c->arena, sizeof *part);
	size_t other;

	if (part == NULL)
		return ld_refuse(k->j, LIANDAN__REASON__LIMIT, "too many items");
	*part = ld_part_all(k->m);
	k->found = part;
	if (!of_part(k))
		return true;
	if (k->m->n_passed + k->m->created->n_lines > LD_MAX_PASSED)
		return ld_refuse(k->j, LIANDAN__REASON__LIMIT, "at most %d parts leave a manifest",
				 LD_MAX_PASSED);
	return (read_part(k, part, &other) && part->n != 0) ||
	       ld_refuse(k->j, LIANDAN__REASON__QUANTITY,
			 "nothing that it names is on the manifest");
}

static bool all_there(struct ld_case *k, Liandan__Reason reason)
{
	size_t mark = ld_mark(k->c), other;
	struct ld_part part;

	read_part(k, &part, &other);
	ld_release(k->c, mark);
	return other == 0 || ld_failed(k, reason, "items", (int64_t)other, 0,
				       "%zu items are not on the manifest like that", other);
}

/* Named, and not there, or not so much of it. */
bool ld_check_part_whole(struct ld_case *k)
{
	return !of_part(k) || all_there(k, LIANDAN__REASON__NOT_ADDING);
}

/* CUSTODY-5: a part may be offered. */
bool ld_check_items_here(struct ld_case *k)
{
	return all_there(k, LIANDAN__REASON__QUANTITY);
}

/* What leaves is what was offered; where the offer does not say, all of it, or the part that the
 * taker names. */
bool ld_check_items_as_offered(struct ld_case *k)
{
	const Liandan__HandoverTaken *t = k->f->event->handover_taken;
	const struct ld_part *goes = k->found;
	size_t mark = ld_mark(k->c), other = 0;
	struct ld_part said;
	bool same = true;

	if (k->offer != NULL && k->offer->n_items != 0)
		same = ld_part_pick(k->c, k->m, k->offer->items, k->offer->n_items, &said,
				    &other) == LD_OK &&
		       ld_part_same(k->m, &said, goes);
	if (same && !of_part(k) && t->n_items != 0)
		same = ld_part_pick(k->c, k->m, t->items, t->n_items, &said, &other) == LD_OK &&
		       other == 0 && ld_part_same(k->m, &said, goes);
	ld_release(k->c, mark);
	return same ||
	       ld_failed(k, LIANDAN__REASON__QUANTITY, "items", (int64_t)t->n_items,
			 (int64_t)goes->n, "the items are not those that were offered or sealed");
}

/* ---- CUSTODY-16 ---- */

static const Liandan__Redirected *redirect_of(const struct ld_case *k)
{
	return k->f->event->redirected;
}

static bool is_return(const struct ld_case *k)
{
	return redirect_of(k)->kind == LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;
}

/* A refused return is nobody's of the two to send on. */
bool ld_check_redirect_order(struct ld_case *k)
{
	const bool authority =
	    !ld_signer_is(k->f, LIANDAN__ROLE__ROLE_GENERATOR, k->m->created->generator);

	if (authority && redirect_of(k)->order_no[0] == '\0')
		return ld_refuse(k->j, LIANDAN__REASON__WRONG_ROLE,
				 "an authority gives the number of its order");
	return authority || k->m->created->kind != LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN ||
	       ld_refuse(k->j, LIANDAN__REASON__WRONG_ROLE,
			 "of a refused return an authority orders the destination");
}

bool ld_check_redirect_place(struct ld_case *k)
{
	const Liandan__Receiver *r = redirect_of(k)->receiver;
	const Liandan__ManifestCreated *b = k->m->created;

	if (r == NULL)
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_PARTY, "it names no receiver");
	if (is_return(k) != (strcmp(r->party, b->generator) == 0))
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_PARTY,
				 "RETURN goes to the generator, OTHER to somebody else");
	if (!is_return(k) &&
	    !ld_party_active(k->c, r->party, LIANDAN__ROLE__ROLE_RECEIVER, k->f->recorded_at_ms))
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_PARTY,
				 "%s is not registered as a receiver", r->party);
	if (!ld_site_usable(k->c, r->site, r->party, k->f->recorded_at_ms))
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_SITE, "%s is not a site of %s",
				 r->site, r->party);
	return strcmp(r->site, b->receiver->site) != 0 ||
	       ld_refuse(k->j, LIANDAN__REASON__SAME_SITE, "%s has just rejected it", r->site);
}

/* Of each line that is left, like the receiver of a sealing; what returns needs no licence. */
bool ld_check_alternate_licensed(struct ld_case *k)
{
	return is_return(k) || ld_receiver_licensed(k, redirect_of(k)->receiver);
}

/* On the truck: who has it drives on. On site: an active, licensed carrier is named. */
bool ld_check_redirect_carrier(struct ld_case *k)
{
	const char *party = redirect_of(k)->carrier;
	Liandan__Carrier named = LIANDAN__CARRIER__INIT;

	if (k->m->waste_is_on == LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK)
		return strcmp(party, k->m->holder) == 0 ||
		       ld_refuse(k->j, LIANDAN__REASON__CARRIER_NOT_NAMED, "%s has it on its truck",
				 k->m->holder);
	named.party = (char *)(uintptr_t)party;
	if (!ld_party_active(k->c, party, LIANDAN__ROLE__ROLE_CARRIER, k->f->recorded_at_ms))
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_PARTY,
				 "%s is not registered as a carrier", party);
	return ld_carrier_licensed(k, &named);
}

/* CUSTODY-2: the consent was for another receiver. */
bool ld_check_redirect_approved(struct ld_case *k)
{
	Liandan__ManifestCreated to = *k->m->created;

	to.receiver = redirect_of(k)->receiver;
	return (k->f->signer->roles & LIANDAN__ROLE__ROLE_AUTHORITY) != 0 ||
	       !ld_grant_needed(k->c, &to) ||
	       ld_failed(k, LIANDAN__REASON__APPROVAL_MISSING, to.receiver->party, 0, 0,
			 "no authority has ordered it to %s, in another province",
			 to.receiver->party);
}

/* What another manifest has shipped is not cancelled: it would be nobody's. It is redirected, or
 * amended. */
bool ld_check_not_carried_on(struct ld_case *k)
{
	return k->m->out_of.len == 0 ||
	       ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
			 "it carries on what another manifest has shipped");
}
