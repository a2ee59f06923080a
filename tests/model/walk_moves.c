/* One event at a time: what would come next, or something else; as it should be, or twisted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest.h"
#include "proto/waste_code.h"
#include "tests/model/walk_move.h"

/* ---- plans ---- */

static void new_id(struct walk *k, struct walk_plan *p)
{
	memset(p->id, 0, sizeof p->id);
	p->id[0] = 1;
	k->plans++;
	for (int i = 0; i < 4; i++)
		p->id[12 + i] = (uint8_t)(k->plans >> (24 - 8 * i));
}

static void plan_items(struct walk *k, struct walk_plan *p)
{
	for (size_t i = 0; i < p->n_lines; i++) {
		unsigned boxes = walk_pick(k, 3);

		p->code[i] = walk_pick(k, CODES);
		for (unsigned b = 0; b <= boxes && p->n_items < WALK_ITEMS; b++) {
			struct walk_item *it = &p->item[p->n_items++];

			it->line = (uint32_t)i + 1;
			it->mass_g = 1 + walk_pick(k, walk_chance(k, 30) ? 4000000 : 400000);
			if (b != 0 && !p->piped)
				snprintf(it->container, sizeof it->container, "drum-%u",
					 ++k->names);
		}
	}
}

const struct walk_plan *walk_child(struct move *v, const bool goes[WALK_ITEMS])
{
	struct walk *k = v->k;
	struct walk_plan *q = &k->plan[walk_pick(k, WALK_PLANS)];
	size_t stays = 0;

	for (size_t i = 0; i < WALK_PLANS; i++) /* rather where one has ended */
		if (k->plan[i].after_end != 0 && &k->plan[i] != v->p)
			q = &k->plan[i];
	if (q == v->p)
		q = &k->plan[(size_t)(q - k->plan + 1) % WALK_PLANS];
	*q = *v->p;
	new_id(k, q);
	q->after_end = q->tried = 0;
	q->child = true;
	q->n_items = 0;
	for (size_t i = 0; i < v->p->n_items; i++) {
		if (goes == NULL || goes[i])
			q->item[q->n_items++] = v->p->item[i];
		else
			v->p->item[stays++] = v->p->item[i];
	}
	if (stays != 0)
		v->p->n_items = stays;
	return q;
}

void walk_plan_new(struct walk *k, struct walk_plan *p)
{
	memset(p, 0, sizeof *p);
	new_id(k, p);
	p->carrier[0] = walk_pick(k, WALK_CARRIERS);
	p->carrier[1] = walk_pick(k, WALK_CARRIERS);
	p->estimated = walk_chance(k, 20);
	p->n_carriers = 1 + walk_pick(k, 2);
	if (walk_chance(k, 25) && walk_plan_forward(k, p))
		return;
	p->n_parents = p->n_lines = p->n_items = 0;
	p->gen = walk_pick(k, WALK_GENS);
	p->site = p->gen == 0 ? walk_pick(k, 2) : p->gen + 1;
	p->rec = walk_pick(k, WALK_RECS);
	p->piped = walk_chance(k, 10);
	p->n_carriers = p->piped ? 0 : p->n_carriers;
	p->n_lines = 1 + walk_pick(k, WALK_LINES);
	plan_items(k, p);
}

/* ---- what comes next ---- */

static const move_fn any[] = {
    walk_generate, walk_store,	  walk_treat,	  walk_lose,	 walk_weigh,	walk_create,
    walk_seal,	   walk_cancel,	  walk_offer,	  walk_withdraw, walk_decline,	walk_take,
    walk_stop,	   walk_go_on,	  walk_enter,	  walk_leave,	 walk_arrive,	walk_accident,
    walk_receive,  walk_analyse,  walk_accept,	  walk_reject,	 walk_confirm,	walk_report,
    walk_resolve,  walk_paper,	  walk_hold,	  walk_unhold,	 walk_number,	walk_repack,
    walk_count,	   walk_release,  walk_take_part, walk_partly,	 walk_redirect, walk_propose,
    walk_agree,	   walk_pipe_day, walk_approve,	  walk_deny,	 walk_delegate, walk_adopt};

/* What somebody has refused is tried again. */
static move_fn stocked_next(struct walk *k, struct walk_plan *p)
{
	for (size_t i = 0; i < p->n_items; i++) {
		if (p->item[i].made && p->item[i].container[0] != '\0' &&
		    nv_container_named(k->nv, p->item[i].container) == NULL)
			p->item[i].made = walk_chance(k, 20);
		if (!p->item[i].made)
			return walk_generate;
	}
	return walk_crosses(p) && walk_chance(k, 25) ? walk_approve : walk_create;
}

/* Signed by somebody who is out of reach. */
static bool on_its_way(const struct walk *k, const uint8_t hash[LD_HASH_BYTES])
{
	static const uint8_t none[LD_HASH_BYTES];

	return memcmp(hash, none, sizeof none) != 0 && nv_effect_of(k->nv, hash) == NULL;
}

static move_fn road_next(struct walk *k, const struct walk_plan *p, const struct nv_manifest *m)
{
	if (on_its_way(k, p->stop) && walk_chance(k, 40))
		return walk_go_on;
	if (m->stored)
		return walk_leave;
	if (m->stopped)
		return walk_go_on;
	if (m->offer.open)
		return m->offer.n_items != 0 ? walk_take_part : walk_take;
	switch (walk_pick(k, 10)) {
	case 0:
		return walk_stop;
	case 1:
		return walk_enter;
	case 2:
		return m->leg < m->created->n_carriers ? walk_offer : walk_arrive;
	default:
		return walk_arrive;
	}
}

/* Day by day, until nobody thinks of it any more. */
static move_fn pipe_next(struct walk *k, struct walk_plan *p, const struct nv_manifest *m)
{
	if (!m->flows)
		return walk_chance(k, 90) ? walk_pipe_day : walk_offer;
	p->after_end = walk_chance(k, 3) ? 5 : 0;
	return walk_chance(k, 60)   ? walk_pipe_day
	       : walk_chance(k, 40) ? walk_treat
	       : walk_chance(k, 50) ? walk_store
	       : walk_chance(k, 50) ? walk_analyse
				    : walk_report;
}

/* What may come between. */
static move_fn beside_next(struct walk *k, const struct nv_manifest *m)
{
	static const move_fn often[] = {walk_number, walk_paper, walk_lose,    walk_hold,
					walk_unhold, walk_deny,	 walk_delegate};

	if (m->offer.open && walk_chance(k, 60))
		return walk_chance(k, 50) ? walk_withdraw : walk_decline;
	if (m->state == CUSTODY__MANIFEST_STATE__SEALED && walk_chance(k, 60))
		return walk_chance(k, 50) ? walk_release : walk_cancel;
	if (m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT && walk_chance(k, 60))
		return walk_accident;
	return often[walk_pick(k, sizeof often / sizeof often[0])];
}

static move_fn next_of(struct walk *k, struct walk_plan *p, const struct nv_manifest *m)
{
	if (m != NULL && nv_awaits_confirmation(m) && walk_chance(k, 10))
		return walk_confirm;
	if (m != NULL && walk_chance(k, 4))
		return beside_next(k, m);
	if (m != NULL && m->proposal != NULL && walk_chance(k, 50))
		return walk_agree;
	if (m != NULL && !p->child && walk_chance(k, 3))
		return walk_propose;
	if (m != NULL && m->n_discrepancies != 0 && walk_chance(k, 30))
		return walk_resolve;
	switch (m != NULL ? (int)m->state : 0) {
	case 0:
		return stocked_next(k, p);
	case CUSTODY__MANIFEST_STATE__DRAFT: /* the delegate that sealed may be out of reach */
		return p->gen == 1 && p->tried != 0 && walk_chance(k, 30) ? walk_confirm
									  : walk_seal;
	case CUSTODY__MANIFEST_STATE__SEALED:
		if (p->piped && !m->offer.open)
			return pipe_next(k, p, m);
		return !m->offer.open				    ? walk_offer
		       : m->offer.n_items != 0 || walk_chance(k, 8) ? walk_take_part
								    : walk_take;
	case CUSTODY__MANIFEST_STATE__IN_TRANSIT:
		return road_next(k, p, m);
	case CUSTODY__MANIFEST_STATE__ARRIVED:
		return walk_chance(k, 30)   ? walk_weigh
		       : walk_chance(k, 90) ? walk_receive
					    : walk_reject;
	case CUSTODY__MANIFEST_STATE__VERIFYING:
		return walk_chance(k, 15)   ? walk_analyse
		       : walk_chance(k, 15) ? walk_partly
		       : walk_chance(k, 85) ? walk_accept
					    : walk_reject;
	case CUSTODY__MANIFEST_STATE__REJECTED_ALL:
		if (walk_chance(k, 80))
			return walk_redirect;
		/* fall through */
	default:
		p->after_end++;
		return walk_chance(k, 40)   ? walk_store
		       : walk_chance(k, 25) ? walk_repack
					    : walk_treat;
	}
}

/* ---- twists ---- */

static const uint8_t *some_hash(struct walk *k)
{
	static uint8_t nobody[LD_HASH_BYTES];
	size_t n = k->n_hash < WALK_HASHES ? k->n_hash : WALK_HASHES;

	if (n == 0 || walk_chance(k, 3)) {
		for (size_t i = 0; i < sizeof nobody; i++)
			nobody[i] = (uint8_t)walk_random(k);
		return walk_dup(k, nobody, sizeof nobody);
	}
	return k->hash[walk_pick(k, (unsigned)n)];
}

static void twist_text(struct walk *k, const char *field, char **text)
{
	if (strcmp(field, "site") == 0)
		*text = TEXT(walk_sites[walk_pick(k, (unsigned)walk_n_sites)]);
	else if (strcmp(field, "plate") == 0)
		*text = TEXT(walk_plates[walk_pick(k, (unsigned)walk_n_plates)]);
	else if (strcmp(field, "to_party") == 0 || strcmp(field, "generator") == 0)
		*text = TEXT(walk_parties[walk_pick(k, (unsigned)walk_n_parties)]);
	else if (strcmp(field, "batch") == 0 && k->n_batch >= WALK_HASHES)
		*text = k->batch[walk_pick(k, WALK_HASHES)];
	else if (strcmp(field, "container") == 0)
		*text = k->container[walk_pick(k, WALK_HASHES)];
}

/* One field of the body is another's. */
static void twist_field(struct move *v)
{
	const ProtobufCFieldDescriptor *body = protobuf_c_message_descriptor_get_field(
	    &liandan__event__descriptor, (unsigned)v->e->body_case);
	const ProtobufCMessageDescriptor *type = body->descriptor;
	const ProtobufCFieldDescriptor *f = &type->fields[walk_pick(v->k, type->n_fields)];
	const char *name = f->name;
	uint32_t *number;
	char *at;

	memcpy(&at, (char *)v->e + body->offset, sizeof at);
	at += f->offset;
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return;
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		twist_text(v->k, name, (char **)(void *)at);
	} else if (strcmp(name, "manifest") == 0 &&
		   v->e->body_case != LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED) {
		/* a child's content is not known to the model once it is amended */
		*(ProtobufCBinaryData *)(void *)at = ID(&v->k->plan[walk_pick(v->k, WALK_PLANS)]);
	} else if (strcmp(name, "content") == 0 || strcmp(name, "offer") == 0 ||
		   strcmp(name, "stop") == 0) {
		*(ProtobufCBinaryData *)(void *)at = HASH(some_hash(v->k));
	} else if (strcmp(name, "leg") == 0) {
		number = (uint32_t *)(void *)at;
		*number = *number > 1 && walk_chance(v->k, 50) ? *number - 1
							       : *number + 1 + walk_pick(v->k, 2);
	}
}

static void twist(struct move *v)
{
	struct walk *k = v->k;

	switch (walk_pick(k, 8)) {
	case 0:
	case 1:
		v->by = walk_pick(k, BY_PEOPLE - 1); /* the terminal says nothing of custody */
		break;
	case 2:
		v->e->after = walk_room(k, 2 * sizeof *v->e->after);
		v->e->after[v->e->n_after++] = HASH(some_hash(k));
		if (walk_chance(k, 30))
			v->e->after[v->e->n_after++] = HASH(some_hash(k));
		break;
	case 3:
		v->n_co = 0;
		if (walk_chance(k, 50))
			v->co[v->n_co++] = walk_pick(k, BY_PEOPLE);
		break;
	case 4:
		v->e->occurred_at_ms = ld_region_now(k->world.region) + 23 * LD_HOUR_MS +
				       walk_pick(k, 2) * 2 * LD_HOUR_MS;
		break;
	default:
		twist_field(v);
		break;
	}
}

/* ---- signed, and into the outbox ---- */

static void remember(struct walk *k, struct walk_plan *p, const Liandan__Event *e)
{
	memcpy(k->hash[k->n_hash++ % WALK_HASHES], k->world.last_hash, LD_HASH_BYTES);
	if (e->body_case == LIANDAN__EVENT__BODY_HANDOVER_OFFERED)
		memcpy(p->offer, k->world.last_hash, LD_HASH_BYTES);
	if (e->body_case == LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED)
		memcpy(p->report, k->world.last_hash, LD_HASH_BYTES);
	if (e->body_case == LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED)
		memcpy(p->proposal, k->world.last_hash, LD_HASH_BYTES);
	if (e->body_case == LIANDAN__EVENT__BODY_STOP_BEGUN)
		memcpy(p->stop, k->world.last_hash, LD_HASH_BYTES);
}

/* For people. */
static void name_it(char what[64], const struct move *v, const char *party, const char *device,
		    bool twisted)
{
	char text[256];

	snprintf(text, sizeof text, "%s of %02x%02x%s by %s/%s%s",
		 protobuf_c_message_descriptor_get_field(&liandan__event__descriptor,
							 (unsigned)v->e->body_case)
		     ->name,
		 v->p->id[14], v->p->id[15], v->also, party, device, twisted ? " twisted" : "");
	memcpy(what, text, 63);
	what[63] = '\0';
}

static void sign(struct move *v, bool twisted)
{
	struct walk *k = v->k;
	struct walk_who *by = &k->who[v->by];
	struct signer *co[2];
	struct walk_sealed *s;
	size_t n = 0;

	for (size_t i = 0; i < v->n_co; i++)
		if (v->co[i] != v->by)
			co[n++] = &k->who[v->co[i]].s;
	if (by->n_out == WALK_OUTBOX)
		return;
	s = &by->out[by->n_out++];
	s->bytes = world_seal_cosigned(&k->world, &by->s, co, n, v->e, &s->len);
	memcpy(s->hash, k->world.last_hash, sizeof s->hash);
	name_it(s->what, v, by->s.party, by->s.device, twisted);
	remember(k, v->p, v->e);
}

/* It has ended, or does not go on any more: somebody took its containers, or cancelled it. */
static bool given_up(struct walk_plan *p, const struct nv_manifest *m)
{
	uint64_t stands = 1;

	for (size_t i = 0; i < p->n_items; i++)
		stands = 2 * stands + p->item[i].made;
	if (m != NULL)
		stands = 4096 * (uint64_t)m->state + 16 * m->leg + 2 * m->stored + m->offer.open;
	for (size_t i = 0; m != NULL && i < m->n_lines; i++)
		stands += m->line[i].days << 16;
	p->tried = stands == p->stands ? p->tried + 1 : 0;
	p->stands = stands;
	return p->after_end > 4 ||
	       p->tried > ((p->child || p->n_parents != 0) && m == NULL ? 2 : 10);
}

/* What has been amended goes on as it stands. */
static void follow_amendments(struct walk_plan *p, const struct nv_manifest *m)
{
	if (m == NULL || m->version < 2 || !m->sealed || m->n_items == 0)
		return;
	memcpy(p->content, m->content, sizeof p->content);
	p->n_items = 0;
	for (size_t i = 0; i < m->n_items && i < WALK_ITEMS; i++) {
		struct walk_item *it = &p->item[p->n_items++];

		snprintf(it->container, sizeof it->container, "%.23s", m->item[i].container);
		it->line = m->item[i].line;
		it->mass_g = m->item[i].mass_g;
		it->made = true;
	}
	for (unsigned i = 0; i < WALK_CARRIERS && m->created->n_carriers != 0; i++)
		if (strcmp(walk_carriers[i], m->created->carriers[0]->party) == 0)
			p->carrier[0] = i;
	for (unsigned i = 0; i < WALK_RECS; i++)
		if (strcmp(walk_recs[i], m->created->receiver->party) == 0)
			p->rec = i;
}

void walk_move(struct walk *k, struct walk_plan *p)
{
	struct move v = {.k = k, .p = p, .m = nv_manifest_of(k->nv, p->id)};
	const bool twisted = walk_chance(k, 15);

	follow_amendments(p, v.m);

	if (given_up(p, v.m)) {
		walk_plan_new(k, p);
		v.m = NULL;
	}
	if (walk_chance(k, 17))
		any[walk_pick(k, sizeof any / sizeof any[0])](&v);
	else
		next_of(k, p, v.m)(&v);
	if (twisted)
		twist(&v);
	sign(&v, twisted);
}
