#include "deploy/cli/genealogy.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/held.h"
#include "plugin/custody/manifest.h"
#include "proto/base64.h"
#include "proto/json.h"

#define NAME_DEPTH 8 /* messages in messages, where names are looked for */

struct tracing {
	struct ld_genealogy *g;
	uint8_t *record; /* of the node, as it was before the entry at hand */
	size_t len;
	uint64_t index; /* entries applied so far */
	enum ld_err err;
};

static void *grow(void *list, size_t n, size_t *room, size_t each)
{
	const size_t more = *room != 0 ? 2 * *room : 64;
	void *p;

	if (n < *room)
		return list;
	p = realloc(list, more * each);
	if (p != NULL)
		*room = more;
	return p;
}

/* ---- which entries ---- */

static void note(struct tracing *t, uint64_t index)
{
	struct ld_genealogy *g = t->g;
	uint64_t *list;
	size_t at = g->n_entries;

	while (at > 0 && g->entry[at - 1] > index)
		at--;
	if (at > 0 && g->entry[at - 1] == index)
		return;
	if (g->n_entries == LD_KIN_ENTRIES_MAX) {
		g->entries_cut = true;
		return;
	}
	list = grow(g->entry, g->n_entries, &g->entries_room, sizeof *list);
	if (list == NULL) {
		t->err = LD_ERR_NOMEM;
		return;
	}
	g->entry = list;
	memmove(list + at + 1, list + at, (g->n_entries - at) * sizeof *list);
	list[at] = index;
	g->n_entries++;
}

static bool named_by(const ProtobufCMessage *m, const char *const fields[2], const char *id,
		     int depth);

static bool names_it(const ProtobufCFieldDescriptor *f, const void *value,
		     const char *const fields[2], const char *id, int depth)
{
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return named_by(*(ProtobufCMessage *const *)value, fields, id, depth + 1);
	return f->type == PROTOBUF_C_TYPE_STRING &&
	       (strcmp(f->name, fields[0]) == 0 || strcmp(f->name, fields[1]) == 0) &&
	       strcmp(*(char *const *)value, id) == 0;
}

/* Some field of that name, wherever it stands in the message, has this text. */
static bool named_by(const ProtobufCMessage *m, const char *const fields[2], const char *id,
		     int depth)
{
	if (m == NULL || depth > NAME_DEPTH)
		return false;
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		const uint8_t *at = (const uint8_t *)m + f->offset;
		const bool one_of = (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
		const size_t quantifier = f->quantifier_offset;

		if (f->type != PROTOBUF_C_TYPE_MESSAGE && f->type != PROTOBUF_C_TYPE_STRING)
			continue;
		if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			const size_t n = *(const size_t *)((const uint8_t *)m + quantifier);
			const uint8_t *list = *(uint8_t *const *)at;

			for (size_t k = 0; k < n; k++)
				if (names_it(f, list + k * sizeof(void *), fields, id, depth))
					return true;
		} else if (!one_of ||
			   *(const uint32_t *)((const uint8_t *)m + quantifier) == f->id) {
			if (names_it(f, at, fields, id, depth))
				return true;
		}
	}
	return false;
}

static bool loses(const Liandan__Event *e, const char *container)
{
	return e->body_case == LIANDAN__EVENT__BODY_LOSS_RECORDED &&
	       e->loss_recorded->subject_kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER &&
	       strcmp(e->loss_recorded->subject, container) == 0;
}

static bool names_manifest(const Liandan__Event *e, ProtobufCBinaryData id)
{
	ProtobufCBinaryData ids[LD_MAX_MANIFESTS_NAMED];
	const size_t n = ld_manifests_of(e, ids, LD_MAX_MANIFESTS_NAMED);

	for (size_t i = 0; id.len != 0 && i < n; i++)
		if (ld_same_id(ids[i], id))
			return true;
	return false;
}

/* The event names the node, or the manifest that the container is on. */
static bool concerns(struct tracing *t, struct ld_custody *before, const struct ld_fact *f)
{
	static const char *const containers[2] = {"container", "container"};
	static const char *const batches[2] = {"batch", "from_batches"};
	const struct ld_node *n = &t->g->start;
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData manifest = {.len = 0, .data = id};
	Custody__Container *k;

	switch (n->kind) {
	case LD_NODE_BATCH:
		return strcmp(ld_acts_for(before, f), n->party) == 0 &&
		       named_by(&f->event->base, batches, n->id, 0);
	case LD_NODE_CONTAINER:
		if (named_by(&f->event->base, containers, n->id, 0) || loses(f->event, n->id))
			return true;
		return ld_container_get(before, n->id, &k) == LD_OK &&
		       names_manifest(f->event, k->manifest);
	default:
		if (ld_hex_decode(n->id, strlen(n->id), id, sizeof id) == LD_OK)
			manifest.len = sizeof id;
		return names_manifest(f->event, manifest);
	}
}

/* Every entry with an event, whatever became of it. */
static enum ld_err look_at(struct tracing *t, struct ld_custody *before, uint64_t index,
			   const Liandan__Entry *entry)
{
	struct ld_fact f = {.index = index, .recorded_at_ms = entry->recorded_at_ms};
	Liandan__OwnEvent *own;
	enum ld_err err;

	if (entry->content_case != LIANDAN__ENTRY__CONTENT_OWN_EVENT) {
		err = ld_apply_decode(before, entry->envelope.data, entry->envelope.len, &f);
		if (err == LD_OK && concerns(t, before, &f))
			note(t, index);
		return err;
	}
	own = liandan__own_event__unpack(&before->arena->pb, entry->own_event.len,
					 entry->own_event.data);
	if (own == NULL)
		return LD_ERR_CORRUPT;
	if (own->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED &&
	    own->anomaly_raised->subject_kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER &&
	    t->g->start.kind == LD_NODE_CONTAINER &&
	    strcmp(own->anomaly_raised->subject, t->g->start.id) == 0)
		note(t, index);
	return LD_OK;
}

/* A held event takes effect: with the ledger's word that its cause has come. */
static int at_effect(void *ctx, const struct ld_effect *e)
{
	struct tracing *t = ctx;

	if (e->index != e->fact->index && concerns(t, e->before, e->fact)) {
		note(t, e->fact->index);
		note(t, e->index);
	}
	return t->err != LD_OK;
}

/* ---- what the record says, entry by entry ---- */

static enum ld_err find(struct tracing *t, struct ld_custody *c, const uint8_t **value, size_t *len)
{
	const struct ld_node *n = &t->g->start;
	uint8_t id[LD_UUID_BYTES];
	struct ld_tkey key;

	ld_tkey_init(&key);
	switch (n->kind) {
	case LD_NODE_CONTAINER:
		return ld_state_get(c->state, LD_T_CONTAINER, n->id, strlen(n->id), value, len);
	case LD_NODE_BATCH:
		ld_tkey_str(&key, n->party);
		ld_tkey_bytes(&key, n->id, strlen(n->id));
		return ld_state_get(c->state, LD_T_BATCH, key.b, key.len, value, len);
	default:
		if (ld_hex_decode(n->id, strlen(n->id), id, sizeof id) != LD_OK)
			return LD_ERR_NOT_FOUND;
		return ld_state_get(c->state, LD_T_MANIFEST, id, sizeof id, value, len);
	}
}

static void ride(struct tracing *t, const Custody__Container *k, uint64_t index)
{
	struct ld_genealogy *g = t->g;
	struct ld_ride *r = g->n_rides != 0 ? &g->ride[g->n_rides - 1] : NULL;
	const bool same = r != NULL && r->last == UINT64_MAX && k->manifest.len == LD_UUID_BYTES &&
			  memcmp(r->manifest, k->manifest.data, LD_UUID_BYTES) == 0;

	if (!same && r != NULL && r->last == UINT64_MAX)
		r->last = index;
	if (!same && k->manifest.len == LD_UUID_BYTES) {
		r = grow(g->ride, g->n_rides, &g->rides_room, sizeof *r);
		if (r == NULL) {
			t->err = LD_ERR_NOMEM;
			return;
		}
		g->ride = r;
		r = &r[g->n_rides++];
		memset(r, 0, sizeof *r);
		memcpy(r->manifest, k->manifest.data, LD_UUID_BYTES);
		r->first = index;
		r->last = UINT64_MAX; /* still on it */
	}
	if (k->manifest.len == LD_UUID_BYTES &&
	    k->state == CUSTODY__CONTAINER_STATE__CONTAINER_IN_TRANSIT)
		r->moved = true;
}

/* Has the entry before `index` changed the node? It need not have named it: a manifest closes, an
 * offer expires, a held event comes free. */
static void changed(struct tracing *t, struct ld_custody *c, uint64_t index)
{
	const uint8_t *value = NULL;
	size_t len = 0;
	enum ld_err err = find(t, c, &value, &len);
	Custody__Container *k;
	uint8_t *copy;

	if (err != LD_OK && err != LD_ERR_NOT_FOUND) {
		t->err = err;
		return;
	}
	if (err == LD_ERR_NOT_FOUND ||
	    (t->record != NULL && len == t->len && memcmp(value, t->record, len) == 0))
		return;
	copy = realloc(t->record, len + 1);
	if (copy == NULL) {
		t->err = LD_ERR_NOMEM;
		return;
	}
	memcpy(copy, value, len);
	t->record = copy;
	t->len = len;
	note(t, index - 1);
	if (t->g->start.kind != LD_NODE_CONTAINER)
		return;
	k = custody__container__unpack(&c->arena->pb, len, value);
	if (k != NULL)
		ride(t, k, index - 1);
}

static int at_entry(void *ctx, struct ld_custody *before, uint64_t index,
		    const Liandan__Entry *entry)
{
	struct tracing *t = ctx;
	enum ld_err err;

	if (index != 0)
		changed(t, before, index);
	err = look_at(t, before, index, entry);
	if (t->err == LD_OK)
		t->err = err;
	t->index = index + 1;
	return t->err != LD_OK;
}

/* ---- neighbours ---- */

struct walk {
	struct ld_custody *c;
	struct ld_genealogy *g;
	struct ld_kin_list *list;
	bool up;
	uint32_t *seen; /* open addressing: 1 + place in the list */
	size_t mask;
	enum ld_err err;
};

static bool same_node(const struct ld_node *a, const struct ld_node *b)
{
	return a->kind == b->kind && strcmp(a->id, b->id) == 0 && strcmp(a->party, b->party) == 0;
}

static size_t slot_of(const struct walk *w, const struct ld_node *n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)n->kind;
	size_t slot;

	for (const char *p = n->party; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	h = (h ^ 0xff) * UINT64_C(0x100000001b3);
	for (const char *p = n->id; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	slot = (size_t)h & w->mask;
	while (w->seen[slot] != 0 && !same_node(&w->list->of[w->seen[slot] - 1].node, n))
		slot = (slot + 1) & w->mask;
	return slot;
}

struct found {
	struct ld_kin *of;
	size_t n, room, max;
	bool cut;
	enum ld_err err;
};

static int one_neighbour(void *ctx, const struct ld_node *n, int64_t mass_g, uint64_t index)
{
	struct found *f = ctx;
	struct ld_kin *k;

	if (f->n == f->max) {
		f->cut = true;
		return 1;
	}
	k = grow(f->of, f->n, &f->room, sizeof *k);
	if (k == NULL) {
		f->err = LD_ERR_NOMEM;
		return 1;
	}
	f->of = k;
	memset(&k[f->n], 0, sizeof *k);
	k[f->n].node = *n;
	k[f->n].mass_g = mass_g;
	k[f->n++].entry = index;
	return 0;
}

static enum ld_err neighbours(struct walk *w, const struct ld_node *n, struct found *f)
{
	const enum ld_err err = w->up ? ld_lineage_up(w->c, n, one_neighbour, f)
				      : ld_lineage_down(w->c, n, one_neighbour, f);

	return err == LD_OK ? f->err : err;
}

/* A manifest carries what has nothing to do with each other: what was loaded on it is told, and not
 * followed through it. */
static bool passes(const struct walk *w, const struct ld_node *from, const struct ld_node *to)
{
	if (w->up)
		return !(from->kind == LD_NODE_MANIFEST && to->kind == LD_NODE_CONTAINER) ||
		       same_node(from, &w->g->start);
	return true;
}

static bool ends_here(const struct walk *w, const struct ld_node *from, const struct ld_node *to)
{
	return !w->up && from->kind == LD_NODE_CONTAINER && to->kind == LD_NODE_MANIFEST;
}

static bool keep(struct walk *w, const struct ld_kin *k)
{
	struct ld_kin *list;
	size_t slot;

	if (w->list->n == w->g->count) {
		w->list->cut = true;
		return false;
	}
	list = grow(w->list->of, w->list->n, &w->list->room, sizeof *list);
	if (list == NULL) {
		w->err = LD_ERR_NOMEM;
		return false;
	}
	w->list->of = list;
	slot = slot_of(w, &k->node);
	list[w->list->n] = *k;
	list[w->list->n].again = w->seen[slot] != 0 || same_node(&k->node, &w->g->start);
	if (w->seen[slot] == 0)
		w->seen[slot] = (uint32_t)w->list->n + 1;
	w->list->n++;
	return true;
}

/* Depth first, at most LD_KIN_DEPTH_MAX deep. There are no cycles; were there one, a node is
 * followed once. */
static void descend(struct walk *w, const struct ld_node *n, unsigned depth, size_t self)
{
	struct found f = {.max = w->g->count - w->list->n};

	if (f.max == 0)
		f.max = 1; /* to see whether something is left out */
	w->err = neighbours(w, n, &f);
	if (f.cut)
		w->list->cut = true;
	for (size_t i = 0; w->err == LD_OK && i < f.n; i++) {
		struct ld_kin *k = &f.of[i];

		if (!passes(w, n, &k->node))
			continue;
		if (depth > w->g->depth) {
			w->list->of[self].more = true;
			break;
		}
		k->depth = depth;
		if (!keep(w, k))
			break;
		if (!w->list->of[w->list->n - 1].again && !ends_here(w, n, &k->node))
			descend(w, &k->node, depth + 1, w->list->n - 1);
	}
	free(f.of);
}

static enum ld_err one_way(struct ld_custody *c, struct ld_genealogy *g, struct ld_kin_list *list,
			   bool up)
{
	struct walk w = {.c = c, .g = g, .list = list, .up = up, .mask = 1};

	while (w.mask < 2 * g->count)
		w.mask *= 2;
	w.seen = calloc(w.mask, sizeof *w.seen);
	if (w.seen == NULL)
		return LD_ERR_NOMEM;
	w.mask--;
	descend(&w, &g->start, 1, 0);
	free(w.seen);
	return w.err;
}

enum ld_err ld_genealogy_family(struct ld_custody *c, struct ld_genealogy *g)
{
	const enum ld_err err = one_way(c, g, &g->up, true);

	return err == LD_OK ? one_way(c, g, &g->down, false) : err;
}

/* ---- the end ---- */

static cJSON *record_of(struct tracing *t, struct ld_custody *c)
{
	const ProtobufCMessageDescriptor *type =
	    t->g->start.kind == LD_NODE_CONTAINER ? &custody__container__descriptor
	    : t->g->start.kind == LD_NODE_BATCH	  ? &custody__batch__descriptor
						  : &custody__manifest__descriptor;
	ProtobufCMessage *m;

	if (t->record == NULL)
		return NULL;
	m = protobuf_c_message_unpack(type, &c->arena->pb, t->len, t->record);
	return m != NULL ? ld_json_of(m) : NULL;
}

static void at_end(void *ctx, struct ld_custody *c)
{
	struct tracing *t = ctx;
	struct ld_genealogy *g = t->g;

	if (t->err != LD_OK)
		return;
	if (t->index != 0)
		changed(t, c, t->index);
	if (g->n_rides != 0 && g->ride[g->n_rides - 1].last == UINT64_MAX)
		g->ride[g->n_rides - 1].last = t->index - 1;
	g->record = record_of(t, c);
	if (t->err == LD_OK)
		t->err = ld_genealogy_family(c, g);
}

enum ld_err ld_genealogy_read(struct ld_book *book, struct ld_genealogy *g)
{
	struct tracing t = {.g = g};
	const struct ld_replay_watch watch = {
	    .ctx = &t, .effect = at_effect, .entry = at_entry, .end = at_end};
	const enum ld_err err = ld_book_replay(book, g->upto, &watch);

	free(t.record);
	return err == LD_OK ? t.err : err;
}

void ld_genealogy_free(struct ld_genealogy *g)
{
	cJSON_Delete(g->record);
	free(g->up.of);
	free(g->down.of);
	free(g->ride);
	free(g->entry);
	memset(g, 0, sizeof *g);
}
