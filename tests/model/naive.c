#include "tests/model/naive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELD_MS INT64_C(259200000) /* a held event's cause comes, or it does not */
#define AHEAD_MS INT64_C(86400000) /* an event's time may lie so far ahead */
#define DAY_MS INT64_C(86400000)   /* for a pipeline's last day */

/* ---- lists ---- */

void *nv_grow(void *list, size_t *cap, size_t each)
{
	*cap = *cap == 0 ? 64 : 2 * *cap;
	list = realloc(list, *cap * each);
	if (list == NULL)
		abort();
	return list;
}

#define ADD(nv, name)                                                                              \
	(NV_GROW((nv)->name, (nv)->n_##name, (nv)->cap_##name),                                    \
	 memset(&(nv)->name[(nv)->n_##name], 0, sizeof *(nv)->name),                               \
	 &(nv)->name[(nv)->n_##name++])

void nv_copy(char out[NV_ID], const char *s)
{
	snprintf(out, NV_ID, "%s", s);
}

void nv_new(struct nv *nv, enum nv_wrong wrong)
{
	memset(nv, 0, sizeof *nv);
	nv->wrong = wrong;
	nv->rules = 1;
}

void nv_free(struct nv *nv)
{
	for (size_t i = 0; i < nv->n_held; i++)
		liandan__event__free_unpacked(nv->held[i].e, NULL);
	for (size_t i = 0; i < nv->n_manifest; i++) {
		liandan__manifest_created__free_unpacked(nv->manifest[i].created, NULL);
		nv_drop_proposal(&nv->manifest[i]);
	}
	free(nv->key);
	free(nv->site);
	free(nv->party);
	free(nv->manifest);
	free(nv->container);
	free(nv->stock);
	free(nv->batch);
	free(nv->ticket);
	free(nv->effect);
	free(nv->hold);
	free(nv->delegation);
	free(nv->grant);
	free(nv->meter);
	free(nv->day);
	free(nv->held);
	memset(nv, 0, sizeof *nv);
}

void nv_party(struct nv *nv, const char *party, uint32_t roles, bool small, uint32_t division)
{
	struct nv_party *p = ADD(nv, party);

	nv_copy(p->party, party);
	p->roles = roles;
	p->small = small;
	p->division = division;
}

void nv_site(struct nv *nv, const char *site, const char *party)
{
	struct nv_site *s = ADD(nv, site);

	nv_copy(s->site, site);
	nv_copy(s->party, party);
}

void nv_meter(struct nv *nv, const char *meter, const char *party)
{
	struct nv_meter *m = ADD(nv, meter);

	nv_copy(m->meter, meter);
	nv_copy(m->party, party);
}

void nv_key(struct nv *nv, const uint8_t id[LD_KEY_ID_BYTES], const char *party,
	    const char *subject, bool person, uint32_t roles)
{
	struct nv_key *k = ADD(nv, key);

	memcpy(k->id, id, sizeof k->id);
	nv_copy(k->party, party);
	nv_copy(k->subject, subject);
	k->person = person;
	k->roles = roles;
}

static const struct nv_key *key_of(const struct nv *nv, ProtobufCBinaryData id)
{
	for (size_t i = 0; i < nv->n_key; i++)
		if (nv_id_is(id, nv->key[i].id, sizeof nv->key[i].id))
			return &nv->key[i];
	return NULL;
}

bool nv_id_is(ProtobufCBinaryData b, const uint8_t *id, size_t len)
{
	return b.len == len && memcmp(b.data, id, len) == 0;
}

struct nv_manifest *nv_find(struct nv *nv, ProtobufCBinaryData id)
{
	for (size_t i = nv->n_manifest; i-- > 0;)
		if (nv_id_is(id, nv->manifest[i].id, sizeof nv->manifest[i].id))
			return &nv->manifest[i];
	return NULL;
}

const struct nv_manifest *nv_manifest_of(const struct nv *nv, const uint8_t id[LD_UUID_BYTES])
{
	for (size_t i = nv->n_manifest; i-- > 0;)
		if (memcmp(id, nv->manifest[i].id, LD_UUID_BYTES) == 0)
			return &nv->manifest[i];
	return NULL;
}

const struct nv_effect *nv_effect_of(const struct nv *nv, const uint8_t hash[LD_HASH_BYTES])
{
	for (size_t i = nv->n_effect; i-- > 0;)
		if (memcmp(nv->effect[i].hash, hash, LD_HASH_BYTES) == 0)
			return &nv->effect[i];
	return NULL;
}

struct nv_container *nv_container_named(struct nv *nv, const char *name)
{
	for (size_t i = nv->n_container; i-- > 0;)
		if (strcmp(nv->container[i].name, name) == 0)
			return &nv->container[i];
	return NULL;
}

struct nv_stock *nv_stock_at(struct nv *nv, const char *party, const char *site, const char *code)
{
	struct nv_stock *s;

	for (size_t i = 0; i < nv->n_stock; i++) {
		s = &nv->stock[i];
		if (strcmp(s->party, party) == 0 && strcmp(s->site, site) == 0 &&
		    strcmp(s->code, code) == 0)
			return s;
	}
	s = ADD(nv, stock);
	nv_copy(s->party, party);
	nv_copy(s->site, site);
	nv_copy(s->code, code);
	return s;
}

bool nv_container_in_stock(const struct nv_container *k)
{
	return k->state == CUSTODY__CONTAINER_STATE__GENERATED ||
	       k->state == CUSTODY__CONTAINER_STATE__STORED_AT_ORIGIN ||
	       k->state == CUSTODY__CONTAINER_STATE__BOUND ||
	       k->state == CUSTODY__CONTAINER_STATE__STORED_AT_FACILITY ||
	       (k->state == CUSTODY__CONTAINER_STATE__CONTAINER_RECEIVED && k->came);
}

const char *nv_owner_of(const struct nv *nv, const char *site)
{
	for (size_t i = 0; i < nv->n_site; i++)
		if (strcmp(nv->site[i].site, site) == 0)
			return nv->site[i].party;
	return NULL;
}

void nv_person_of(const struct nv_key *k, char out[NV_ID])
{
	nv_copy(out, k->person ? k->subject : "");
	if (out[0] == '\0') /* a device is nobody but itself */
		for (size_t i = 0; i < sizeof k->id; i++)
			snprintf(out + 2 * i, 3, "%02x", k->id[i]);
}

bool nv_has(const struct nv_key *k, uint32_t roles)
{
	return (k->roles & roles) != 0;
}

/* ---- what every event is asked ---- */

/* Nothing takes effect before the events that it names. */
static struct nv_said causes(const struct nv *nv, const struct nv_event *v)
{
	for (size_t i = 0; i < v->e->n_after; i++) {
		const struct nv_effect *cause = nv_effect_of(nv, v->e->after[i].data);

		if (cause == NULL || cause->verdict == LIANDAN__VERDICT__HELD)
			return NV_HELD(WAITS_FOR_CAUSE);
		if (cause->verdict == LIANDAN__VERDICT__REFUSED)
			return nv->wrong == NV_REFUSED_CAUSES_WAIT ? NV_HELD(WAITS_FOR_CAUSE)
								   : NV_REFUSED(OUT_OF_ORDER);
	}
	return nv_ok();
}

static struct nv_said judge(struct nv *nv, const struct nv_event *v)
{
	struct nv_said said;

	if (v->e->occurred_at_ms > v->at_ms + AHEAD_MS)
		return NV_REFUSED(CLOCK_AHEAD);
	said = causes(nv, v);
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	switch ((int)v->e->body_case) {
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
	case LIANDAN__EVENT__BODY_LOSS_RECORDED:
	case LIANDAN__EVENT__BODY_WEIGHED:
		return nv_judge_stock(nv, v);
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
	case LIANDAN__EVENT__BODY_STOCK_REPACKED:
	case LIANDAN__EVENT__BODY_CONTAINER_RELEASED:
	case LIANDAN__EVENT__BODY_STOCK_COUNTED:
		return nv_judge_repack(nv, v);
	case LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED:
	case LIANDAN__EVENT__BODY_AMENDMENT_AGREED:
		return nv_judge_amend(nv, v);
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
	case LIANDAN__EVENT__BODY_REDIRECTED:
		return nv_judge_part(nv, v);
	case LIANDAN__EVENT__BODY_HOLD_PLACED:
	case LIANDAN__EVENT__BODY_HOLD_RELEASED:
	case LIANDAN__EVENT__BODY_NUMBER_ASSIGNED:
	case LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED:
	case LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED:
	case LIANDAN__EVENT__BODY_DISCREPANCY_RESOLVED:
	case LIANDAN__EVENT__BODY_PAPER_BACKFILLED:
		return nv_judge_beside(nv, v);
	case LIANDAN__EVENT__BODY_RULES_ADOPTED:
		return nv_judge_rules(nv, v);
	case LIANDAN__EVENT__BODY_DELEGATION_GRANTED:
		return nv_judge_delegation(nv, v);
	case LIANDAN__EVENT__BODY_TRANSFER_APPROVED:
	case LIANDAN__EVENT__BODY_TRANSFER_DENIED:
		return nv_judge_grant(nv, v);
	case LIANDAN__EVENT__BODY_PIPELINE_DAY:
		return nv_judge_pipe(nv, v);
	case LIANDAN__EVENT__BODY_STOP_BEGUN:
	case LIANDAN__EVENT__BODY_STOP_ENDED:
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT:
	case LIANDAN__EVENT__BODY_ARRIVED:
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
	case LIANDAN__EVENT__BODY_RECEIVED:
	case LIANDAN__EVENT__BODY_SAMPLE_ANALYSED:
	case LIANDAN__EVENT__BODY_ACCEPTED:
	case LIANDAN__EVENT__BODY_REJECTED:
		return nv_judge_road(nv, v);
	default:
		return nv_judge_manifest(nv, v);
	}
}

/* The manifests that the body names, and the child that it makes. */
static size_t ids_of(const struct nv_event *v, const uint8_t *out[LD_MAX_MANIFESTS_NAMED])
{
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(
	    &liandan__event__descriptor, (unsigned)v->e->body_case);
	const ProtobufCMessageDescriptor *type = f->descriptor;
	const char *body;
	size_t found = 0;

	memcpy(&body, (const char *)v->e + f->offset, sizeof body);
	for (unsigned i = 0; i < type->n_fields; i++) {
		const char *at = body + type->fields[i].offset;
		const ProtobufCBinaryData *ids = (const void *)at;
		size_t n = 1;

		if (type->fields[i].type != PROTOBUF_C_TYPE_BYTES ||
		    (strncmp(type->fields[i].name, "manifest", 8) != 0 &&
		     strcmp(type->fields[i].name, "child") != 0))
			continue;
		if (type->fields[i].label == PROTOBUF_C_LABEL_REPEATED) {
			memcpy(&n, body + type->fields[i].quantifier_offset, sizeof n);
			memcpy(&ids, at, sizeof ids);
		}
		for (size_t k = 0; k < n && found < LD_MAX_MANIFESTS_NAMED; k++)
			if (ids[k].len == LD_UUID_BYTES)
				out[found++] = ids[k].data;
	}
	if (v->e->body_case == LIANDAN__EVENT__BODY_STOCK_REPACKED)
		for (size_t i = 0; i < v->e->stock_repacked->n_inputs; i++)
			if (v->e->stock_repacked->inputs[i]->manifest.len == LD_UUID_BYTES &&
			    found < LD_MAX_MANIFESTS_NAMED)
				out[found++] = v->e->stock_repacked->inputs[i]->manifest.data;
	if (v->e->body_case == LIANDAN__EVENT__BODY_WASTE_TREATED)
		for (size_t i = 0; i < v->e->waste_treated->n_inputs; i++)
			if (v->e->waste_treated->inputs[i]->manifest.len == LD_UUID_BYTES &&
			    found < LD_MAX_MANIFESTS_NAMED)
				out[found++] = v->e->waste_treated->inputs[i]->manifest.data;
	return found;
}

const uint8_t *nv_names(const struct nv_event *v)
{
	const uint8_t *ids[LD_MAX_MANIFESTS_NAMED];

	return ids_of(v, ids) != 0 ? ids[0] : NULL;
}

void nv_ask_too(struct nv_manifest *m, const char *party)
{
	if (m->proposal == NULL)
		return;
	for (size_t i = 0; i < m->n_agreed; i++)
		if (strcmp(m->agreed[i], party) == 0)
			return;
	for (size_t i = 0; i < m->n_waits; i++)
		if (strcmp(m->waits[i], party) == 0)
			return;
	nv_copy(m->waits[m->n_waits++], party);
}

static void sign_one(struct nv_manifest *m, const char *party)
{
	size_t at = 0;

	while (at < m->n_signed && strcmp(m->signed_by[at], party) != 0)
		at++;
	if (at == NV_SIGNED)
		abort();
	nv_copy(m->signed_by[at], party);
	m->signed_at[at] = m->steps;
	m->n_signed = at == m->n_signed ? at + 1 : m->n_signed;
	nv_ask_too(m, party);
}

/* It fixes this one's vehicle; it accepts this one. */
static bool is_of(const struct nv_manifest *m, ProtobufCBinaryData id)
{
	return nv_id_is(id, m->id, sizeof m->id);
}

/* A delegate signs for the giver, where a delegate may sign at all. */
static const char *signs_for(const struct nv *nv, const struct nv_event *v)
{
	const char *giver = nv_acts_for(nv, v);

	switch ((int)v->e->body_case) {
	case LIANDAN__EVENT__BODY_MANIFEST_CREATED:
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
	case LIANDAN__EVENT__BODY_MANIFEST_CANCELLED:
	case LIANDAN__EVENT__BODY_HANDOVER_OFFERED:
	case LIANDAN__EVENT__BODY_OFFER_WITHDRAWN:
		return giver[0] != '\0' ? giver : v->by->party;
	default:
		return v->by->party;
	}
}

/* Parties that have signed a step: not a scale, a laboratory, an authority, who declined. */
void nv_sign(struct nv_manifest *m, const struct nv *nv, const struct nv_event *v)
{
	const uint32_t roles =
	    LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER | NV_DRIVES;
	const Liandan__Event *e = v->e;

	m->steps++;
	if (e->body_case == LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT ||
	    (e->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN &&
	     (e->handover_taken->child.len == 0 || is_of(m, e->handover_taken->child))))
		m->taken_at = m->steps;
	if (e->body_case == LIANDAN__EVENT__BODY_ACCEPTED ||
	    (e->body_case == LIANDAN__EVENT__BODY_PARTLY_ACCEPTED &&
	     is_of(m, e->partly_accepted->manifest)))
		m->accepted_at = m->steps;
	if (nv_has(v->by, roles))
		sign_one(m, signs_for(nv, v));
	for (size_t i = 0; i < v->n_cosigners; i++)
		if (v->cosigner[i] != NULL && nv_has(v->cosigner[i], roles))
			sign_one(m, v->cosigner[i]->party);
}

/* Of a body that names one manifest. Those that name several sign what takes the step. */
static void signed_one(struct nv *nv, const struct nv_event *v)
{
	const int body = (int)v->e->body_case;
	const uint8_t *ids[LD_MAX_MANIFESTS_NAMED];
	struct nv_manifest *m;

	switch (body) {
	case LIANDAN__EVENT__BODY_WEIGHED:
	case LIANDAN__EVENT__BODY_SAMPLE_ANALYSED:
	case LIANDAN__EVENT__BODY_HANDOVER_DECLINED:
	case LIANDAN__EVENT__BODY_STOP_BEGUN:
	case LIANDAN__EVENT__BODY_STOP_ENDED:
	case LIANDAN__EVENT__BODY_ARRIVED:
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
	case LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED:
	case LIANDAN__EVENT__BODY_AMENDMENT_AGREED:
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN: /* of a part, the child's */
		return;
	default:
		break;
	}
	if (body < 300 || body >= 400 || ids_of(v, ids) == 0)
		return;
	m = nv_find(nv, (ProtobufCBinaryData){LD_UUID_BYTES, (uint8_t *)(uintptr_t)ids[0]});
	if (m != NULL)
		nv_sign(m, nv, v);
}

static void apply(struct nv *nv, const struct nv_event *v)
{
	nv_apply_stock(nv, v);
	nv_apply_manifest(nv, v);
	nv_apply_road(nv, v);
	nv_apply_repack(nv, v);
	nv_apply_beside(nv, v);
	nv_apply_part(nv, v);
	nv_apply_amend(nv, v);
	nv_apply_pipe(nv, v);
	nv_apply_grant(nv, v);
	nv_apply_delegation(nv, v);
	nv_apply_rules(nv, v);
	signed_one(nv, v);
}

/* ---- held events ---- */

static bool names(const struct nv_event *v, const uint8_t id[LD_UUID_BYTES])
{
	const uint8_t *ids[LD_MAX_MANIFESTS_NAMED];
	size_t n = ids_of(v, ids);

	for (size_t i = 0; i < n; i++)
		if (memcmp(ids[i], id, LD_UUID_BYTES) == 0)
			return true;
	return false;
}

/* At most 64 wait for a manifest, of a party 16. */
static bool crowded(const struct nv *nv, const struct nv_event *v, const uint8_t *id)
{
	size_t all = 0, own = 0;

	for (size_t i = 0; i < nv->n_held; i++) {
		if (!names(&nv->held[i], id))
			continue;
		all++;
		own += strcmp(nv->held[i].by->party, v->by->party) == 0;
	}
	return all >= LD_MAX_HELD_PER_MANIFEST || own >= LD_MAX_HELD_PER_PARTY;
}

static bool no_room(const struct nv *nv, const struct nv_event *v)
{
	const uint8_t *ids[LD_MAX_MANIFESTS_NAMED];
	size_t n = ids_of(v, ids), own = 0;

	for (size_t i = 0; i < nv->n_held; i++)
		own += nv->held[i].by == v->by;
	for (size_t i = 0; i < n; i++)
		if (crowded(nv, v, ids[i]))
			return true;
	return own >= LD_MAX_HELD_PER_SIGNER;
}

static void keep(struct nv *nv, const struct nv_event *v)
{
	size_t n = liandan__event__get_packed_size(v->e);
	uint8_t *bytes = malloc(n);
	struct nv_event *h = ADD(nv, held);

	if (bytes == NULL)
		abort();
	liandan__event__pack(v->e, bytes);
	*h = *v;
	h->e = liandan__event__unpack(NULL, n, bytes);
	free(bytes);
	if (h->e == NULL)
		abort();
}

void nv_closed(struct nv *nv, const struct nv_manifest *m)
{
	for (size_t i = 0; i < nv->n_held; i++)
		nv->ask_all = nv->ask_all || names(&nv->held[i], m->id);
}

static struct nv_effect *effect_of(struct nv *nv, const uint8_t *hash)
{
	for (size_t i = nv->n_effect; i-- > 0;)
		if (memcmp(nv->effect[i].hash, hash, LD_HASH_BYTES) == 0)
			return &nv->effect[i];
	return NULL;
}

/* A loss names the load that it may end as a subject. */
static bool ends_load(struct nv *nv, const struct nv_event *v, const uint8_t **id)
{
	const struct nv_manifest *m;

	if (v->e->body_case != LIANDAN__EVENT__BODY_LOSS_RECORDED)
		return false;
	m = nv_manifest_in_hex(nv, v->e->loss_recorded->subject);
	*id = m != NULL ? m->id : NULL;
	return m != NULL;
}

/* The event that the body rests on: its offer, stop, discrepancy or amendment. */
static bool rests_on(const struct nv_event *h, const uint8_t hash[LD_HASH_BYTES])
{
	const Liandan__Event *e = h->e;

	switch ((int)e->body_case) {
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		return nv_id_is(e->handover_taken->offer, hash, LD_HASH_BYTES);
	case LIANDAN__EVENT__BODY_HANDOVER_DECLINED:
		return nv_id_is(e->handover_declined->offer, hash, LD_HASH_BYTES);
	case LIANDAN__EVENT__BODY_STOP_ENDED:
		return nv_id_is(e->stop_ended->stop, hash, LD_HASH_BYTES);
	case LIANDAN__EVENT__BODY_DISCREPANCY_RESOLVED:
		return nv_id_is(e->discrepancy_resolved->discrepancy, hash, LD_HASH_BYTES);
	case LIANDAN__EVENT__BODY_AMENDMENT_AGREED:
		return nv_id_is(e->amendment_agreed->proposal, hash, LD_HASH_BYTES);
	default:
		return false;
	}
}

static bool waits_for(const struct nv_event *h, const struct nv_event *cause, const uint8_t *id)
{
	if (id != NULL)
		return names(h, id);
	if (rests_on(h, cause->hash))
		return true;
	for (size_t i = 0; i < h->e->n_after; i++)
		if (nv_id_is(h->e->after[i], cause->hash, sizeof cause->hash))
			return true;
	return false;
}

/* One that is held takes effect or is refused: true. */
static bool ask_again(struct nv *nv, size_t i, struct nv_event *freed)
{
	struct nv_said said = judge(nv, &nv->held[i]);

	if (said.verdict == LIANDAN__VERDICT__HELD)
		return false;
	*freed = nv->held[i];
	memmove(&nv->held[i], &nv->held[i + 1], (nv->n_held - i - 1) * sizeof *nv->held);
	nv->n_held--;
	effect_of(nv, freed->hash)->verdict = said.verdict;
	if (said.verdict == LIANDAN__VERDICT__ACCEPTED)
		apply(nv, freed);
	nv_close(nv);
	return true;
}

/* Those that wait for this event, or for one of its manifests, in the order in which they came. */
static void wake_one(struct nv *nv, const struct nv_event *v, struct nv_event **freed, size_t *n,
		     size_t *cap)
{
	const uint8_t *ids[LD_MAX_MANIFESTS_NAMED + 2];
	size_t n_ids = ids_of(v, ids + 1) + 1;

	ids[0] = NULL; /* the event itself */
	n_ids += ends_load(nv, v, &ids[n_ids]);
	for (size_t k = 0; k < n_ids; k++)
		for (size_t i = 0; i < nv->n_held; i++) {
			NV_GROW(*freed, *n, *cap);
			if (waits_for(&nv->held[i], v, ids[k]) && ask_again(nv, i, &(*freed)[*n])) {
				(*n)++;
				i--;
			}
		}
}

/* What follows: what is accepted or gone is closed; those that wait for it are asked again, and
 * then those that wait for them. */
static void follow(struct nv *nv, const struct nv_event *v)
{
	struct nv_event *freed = NULL;
	size_t n = 0, cap = 0;

	nv_close(nv);
	wake_one(nv, v, &freed, &n, &cap);
	for (size_t i = 0; i < n; i++) {
		struct nv_event h = freed[i];

		wake_one(nv, &h, &freed, &n, &cap);
		liandan__event__free_unpacked(h.e, NULL);
	}
	free(freed);
}

/* Its own clock tells it: what it waits for never came, or the load was not picked up. */
static bool told_by_its_clock(struct nv *nv, const struct nv_event *h)
{
	const uint8_t *ids[LD_MAX_MANIFESTS_NAMED];
	const size_t n = ids_of(h, ids);

	for (size_t i = 0; i < nv->n_effect; i++)
		for (size_t k = 0; nv->effect[i].never_came && k < h->e->n_after; k++)
			if (nv_id_is(h->e->after[k], nv->effect[i].hash, LD_HASH_BYTES))
				return true;
	for (size_t i = 0; i < nv->n_effect; i++)
		if (nv->effect[i].never_came && rests_on(h, nv->effect[i].hash))
			return true;
	for (size_t i = 0; i < n; i++) {
		const struct nv_manifest *m = nv_manifest_of(nv, ids[i]);

		if (m != NULL && (m->state == CUSTODY__MANIFEST_STATE__EXPIRED ||
				  (m->flows && m->state == CUSTODY__MANIFEST_STATE__CLOSED)))
			return true;
	}
	return false;
}

/* What is wrong with one that waits (its batch has been booked since) is said when its turn comes.
 */
const struct nv_event *nv_forgotten(struct nv *nv)
{
	for (size_t i = 0; i < nv->n_held && !nv->ask_all; i++) {
		const struct nv_said said = judge(nv, &nv->held[i]);

		if ((said.verdict == LIANDAN__VERDICT__ACCEPTED ||
		     said.reason == LIANDAN__REASON__OUT_OF_ORDER) &&
		    !told_by_its_clock(nv, &nv->held[i]))
			return &nv->held[i];
	}
	return NULL;
}

static void remember(struct nv *nv, const struct nv_event *v, Liandan__Verdict verdict)
{
	struct nv_effect *f = ADD(nv, effect);

	memcpy(f->hash, v->hash, sizeof f->hash);
	f->verdict = verdict;
	f->body = v->e->body_case;
	if (f->body == LIANDAN__EVENT__BODY_HANDOVER_OFFERED) {
		memcpy(f->manifest, v->e->handover_offered->manifest.data, sizeof f->manifest);
		nv_copy(f->to, v->e->handover_offered->to_party);
		nv_person_of(v->by, f->person);
	}
}

struct nv_said nv_submit(struct nv *nv, const Liandan__Event *e, const uint8_t hash[LD_HASH_BYTES],
			 int64_t now_ms)
{
	struct nv_event v = {.e = (Liandan__Event *)(uintptr_t)e, .at_ms = now_ms};
	struct nv_said said;

	memcpy(v.hash, hash, sizeof v.hash);
	v.by = key_of(nv, e->submitter);
	if (v.by == NULL)
		abort();
	for (size_t i = 0; i < e->n_cosigners && i < NV_COSIGNERS; i++)
		v.cosigner[v.n_cosigners++] = key_of(nv, e->cosigners[i]);
	said = judge(nv, &v);
	if (said.verdict == LIANDAN__VERDICT__HELD && no_room(nv, &v))
		said = NV_REFUSED(LIMIT);
	remember(nv, &v, said.verdict);
	if (said.verdict == LIANDAN__VERDICT__HELD)
		keep(nv, &v);
	if (said.verdict == LIANDAN__VERDICT__ACCEPTED)
		apply(nv, &v);
	if (said.verdict != LIANDAN__VERDICT__HELD)
		follow(nv, &v);
	return said;
}

/* ---- time ---- */

/* After a start the outboxes come first: 10 min, or as long as it was down, at most an hour. */
void nv_start(struct nv *nv, int64_t now_ms, int64_t last_ms)
{
	int64_t down = now_ms - last_ms;

	down = down < 600000 ? 600000 : down > 3600000 ? 3600000 : down;
	nv->clocks_from_ms = now_ms + down;
	nv->ask_all = true;
}

static void expire(struct nv *nv, struct nv_manifest *m, int64_t now_ms)
{
	if (m->state == CUSTODY__MANIFEST_STATE__DRAFT && m->draft_due_ms <= now_ms)
		m->state = CUSTODY__MANIFEST_STATE__EXPIRED;
	if (m->state == CUSTODY__MANIFEST_STATE__SEALED && m->pickup_due_ms <= now_ms) {
		nv_free_bound(nv, m);
		m->state = CUSTODY__MANIFEST_STATE__EXPIRED;
		m->offer.open = false;
	}
	if (m->flows && m->state == CUSTODY__MANIFEST_STATE__SEALED &&
	    m->pipe_end_ms + DAY_MS <= now_ms)
		nv_end_pipe(nv, m);
	if (m->offer.open && m->offer.expires_ms <= now_ms)
		m->offer.open = false;
	if (m->proposal != NULL && m->proposal_due_ms <= now_ms)
		nv_drop_proposal(m);
}

/* Each that was held at the start is asked once more, with what follows. */
static void ask_all(struct nv *nv)
{
	const size_t n = nv->n_held;
	uint8_t(*hash)[LD_HASH_BYTES] = malloc((n + 1) * sizeof *hash);

	if (hash == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		memcpy(hash[i], nv->held[i].hash, LD_HASH_BYTES);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < nv->n_held; k++) {
			struct nv_event freed;

			if (memcmp(nv->held[k].hash, hash[i], LD_HASH_BYTES) != 0)
				continue;
			if (ask_again(nv, k, &freed)) {
				follow(nv, &freed);
				liandan__event__free_unpacked(freed.e, NULL);
			}
			break;
		}
	free(hash);
}

static void run_out(struct nv *nv, int64_t now_ms)
{
	for (size_t i = 0; i < nv->n_manifest; i++)
		expire(nv, &nv->manifest[i], now_ms);
	for (size_t i = 0; i < nv->n_hold; i++)
		nv->hold[i].over = nv->hold[i].over || nv->hold[i].expires_ms <= now_ms;
	for (size_t i = 0; i < nv->n_held; i++) {
		struct nv_event *h = &nv->held[i];

		if (h->at_ms + HELD_MS > now_ms)
			continue;
		effect_of(nv, h->hash)->verdict = LIANDAN__VERDICT__REFUSED;
		effect_of(nv, h->hash)->never_came = true;
		liandan__event__free_unpacked(h->e, NULL);
		memmove(h, h + 1, (nv->n_held - i - 1) * sizeof *h);
		nv->n_held--;
		i--;
	}
}

void nv_clocks(struct nv *nv, int64_t now_ms)
{
	do {
		const bool all = nv->ask_all;

		nv->ask_all = false;
		if (all)
			ask_all(nv);
		if (now_ms >= nv->clocks_from_ms && nv->wrong != NV_NOTHING_EXPIRES)
			run_out(nv, now_ms);
	} while (nv->ask_all);
}

const char *nv_wrong_text(enum nv_wrong wrong)
{
	static const char *const text[NV_WRONG_RULES] = {
	    "no rule is wrong",
	    "a taking needs no offer",
	    "custody moves when the giver offers",
	    "a receipt before the arrival takes effect",
	    "a fact before its time is refused",
	    "the same person may give and take",
	    "cancelling leaves containers bound",
	    "what was declared is booked as accepted",
	    "shipping leaves the stock as it was",
	    "a refused cause is waited for",
	    "a batch may be booked twice",
	    "rejected on the truck stays with the receiver",
	    "a hold stops no intention",
	    "a hold stops a taking too",
	    "nothing expires",
	    "counting changes nothing",
	    "a delegation is good for every generator",
	    "who sealed as the delegate may confirm",
	    "what is repacked stays on the book as well",
	    "what goes on as a child is on the parent as well",
	    "what comes back is new waste",
	    "what was refused is the receiver's stock too",
	    "an amendment needs nobody's word",
	    "an amendment leaves the books as they are",
	    "a pipeline's day may be booked twice",
	    "a delegation never ends",
	    "what is accepted is closed at once",
	    "between provinces nothing is asked",
	    "shares of what nobody picked up stay taken",
	    "what has flowed by pipeline stays bound",
	};

	return text[wrong];
}
