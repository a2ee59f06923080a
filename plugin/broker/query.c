#include "plugin/broker/query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/judge.h"
#include "plugin/custody/tables.h"
#include "proto/base64.h"
#include "proto/json.h"
#include "proto/verdict.h"

struct query {
	struct ld_region *region;
	const struct ld_identity *asker;
	const uint8_t *body;
	size_t len;
	cJSON *json; /* of the body, where it is JSON */
};

/* What can go wrong, for people. */
#define QUERY_ERRORS(X)                                                                            \
	X(Q_OK, "", "", "")                                                                        \
	X(Q_UNKNOWN_VERB, "UNKNOWN_VERB", "There is no such query.", "没有此项查询。")             \
	X(Q_TOO_LARGE, "TOO_LARGE", "The request is too large.", "请求过大。")                     \
	X(Q_MALFORMED, "MALFORMED", "The request is not what this query takes.",                   \
	  "请求格式不符合要求。")                                                                  \
	X(Q_NOT_FOUND, "NOT_FOUND", "There is none.", "未找到。")                                  \
	X(Q_NOT_ALLOWED, "NOT_ALLOWED", "This is not yours to see.", "无权查看。")                 \
	X(Q_UNAVAILABLE, "UNAVAILABLE", "This cannot be answered now.", "暂时无法答复。")

enum query_error {
#define QUERY_ENUM(id, name, en, zh) id,
	QUERY_ERRORS(QUERY_ENUM)
#undef QUERY_ENUM
};

static const struct {
	const char *name, *en, *zh;
} error_texts[] = {
#define QUERY_TEXT(id, name, en, zh) {name, en, zh},
    QUERY_ERRORS(QUERY_TEXT)
#undef QUERY_TEXT
};

static struct ld_custody *fresh(struct query *q)
{
	struct ld_custody *c = ld_region_custody(q->region);

	ld_arena_reset(c->arena);
	return c;
}

static bool get_hex(const struct query *q, const char *name, uint8_t *out, size_t len)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(q->json, name);

	return cJSON_IsString(v) &&
	       ld_hex_decode(v->valuestring, strlen(v->valuestring), out, len) == LD_OK;
}

/* A whole number that a double holds exactly. Absent: preset. */
static bool get_u64(const struct query *q, const char *name, uint64_t preset, uint64_t *out)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(q->json, name);

	*out = preset;
	if (!v)
		return true;
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0) ||
	    v->valuedouble > (double)LD_MAX_WIRE_INT || v->valuedouble != floor(v->valuedouble))
		return false;
	*out = (uint64_t)v->valuedouble;
	return true;
}

/* Own party's keys, or any for a regulator. */
static enum query_error may_ask_of_key(struct query *q, const uint8_t key_id[LD_KEY_ID_BYTES])
{
	Custody__Key *key;

	if (ld_key_rec_get(fresh(q), key_id, &key) != LD_OK)
		return Q_NOT_FOUND;
	if (q->asker->regulator || strcmp(key->party, q->asker->party) == 0)
		return Q_OK;
	return Q_NOT_ALLOWED;
}

static enum query_error signer(struct query *q, cJSON **out)
{
	uint8_t key_id[LD_KEY_ID_BYTES];
	enum query_error e;

	memcpy(key_id, q->asker->key_id, sizeof key_id);
	if (cJSON_GetObjectItemCaseSensitive(q->json, "key_id") &&
	    !get_hex(q, "key_id", key_id, sizeof key_id))
		return Q_MALFORMED;
	e = may_ask_of_key(q, key_id);
	if (e != Q_OK)
		return e;
	*out = ld_region_signer_json(q->region, key_id);
	return *out ? Q_OK : Q_NOT_FOUND;
}

static enum query_error manifest_id(struct query *q, uint8_t id[LD_UUID_BYTES])
{
	struct ld_custody *c = fresh(q);
	Custody__Manifest *m;

	if (!get_hex(q, "manifest", id, LD_UUID_BYTES))
		return Q_MALFORMED;
	if (ld_manifest_get(c, (ProtobufCBinaryData){.len = LD_UUID_BYTES, .data = id}, &m) !=
	    LD_OK)
		return Q_NOT_FOUND;
	return ld_may_see_manifest(c, q->asker, m) ? Q_OK : Q_NOT_ALLOWED;
}

static enum query_error manifest(struct query *q, cJSON **out)
{
	uint8_t id[LD_UUID_BYTES];
	enum query_error e = manifest_id(q, id);

	if (e != Q_OK)
		return e;
	*out = ld_region_manifest_json(q->region, id);
	return *out ? Q_OK : Q_NOT_FOUND;
}

static enum query_error history(struct query *q, cJSON **out)
{
	uint8_t id[LD_UUID_BYTES];
	uint64_t from, max;
	enum query_error e;

	if (!get_u64(q, "from", 0, &from) || !get_u64(q, "max", LD_MAX_HISTORY, &max))
		return Q_MALFORMED;
	e = manifest_id(q, id);
	if (e != Q_OK)
		return e;
	*out = ld_region_history_json(q->region, id, from,
				      max < LD_MAX_HISTORY ? max : LD_MAX_HISTORY);
	return *out ? Q_OK : Q_NOT_FOUND;
}

/* Is this leaf something of the asker's own: signed by its party, or about a manifest that it may
 * see? */
static bool may_see_leaf(struct query *q, const uint8_t *leaf, size_t len)
{
	ProtobufCBinaryData ids[LD_MAX_MANIFESTS_NAMED];
	struct ld_custody *c = fresh(q);
	Liandan__Envelope *envelope = NULL;
	Liandan__Event *event = NULL;
	Custody__Manifest *m;
	Custody__Key *key;
	Liandan__Entry *e = liandan__entry__unpack(&c->arena->pb, len, leaf);

	if (e && e->content_case == LIANDAN__ENTRY__CONTENT_ENVELOPE)
		envelope =
		    liandan__envelope__unpack(&c->arena->pb, e->envelope.len, e->envelope.data);
	if (envelope)
		event = liandan__event__unpack(&c->arena->pb, envelope->event.len,
					       envelope->event.data);
	if (!event)
		return false;
	if (ld_key_rec_get(c, event->submitter.data, &key) == LD_OK &&
	    strcmp(key->party, q->asker->party) == 0)
		return true;
	size_t n = ld_manifests_of(event, ids, LD_MAX_MANIFESTS_NAMED);
	for (size_t i = 0; i < n; i++)
		if (ld_manifest_get(c, ids[i], &m) == LD_OK && ld_may_see_manifest(c, q->asker, m))
			return true;
	return false;
}

/* Proof and checkpoint are for everybody: hashes tell nothing to who does not have the entry. The
 * entry itself is for who may see what is in it. */
static enum query_error proof(struct query *q, cJSON **out)
{
	uint8_t *leaf = NULL;
	const cJSON *entry;
	uint64_t index;
	size_t len;
	bool see;

	if (!cJSON_GetObjectItemCaseSensitive(q->json, "index") || !get_u64(q, "index", 0, &index))
		return Q_MALFORMED;
	*out = ld_region_proof_json(q->region, index);
	if (!*out)
		return Q_NOT_FOUND;
	entry = cJSON_GetObjectItemCaseSensitive(*out, "entry");
	if (q->asker->regulator || !cJSON_IsString(entry))
		return Q_OK;
	leaf = malloc(LD_MAX_ENTRY_BYTES);
	see = leaf &&
	      ld_base64_decode(entry->valuestring, strlen(entry->valuestring), leaf,
			       LD_MAX_ENTRY_BYTES, &len) == LD_OK &&
	      may_see_leaf(q, leaf, len);
	free(leaf);
	if (!see)
		cJSON_DeleteItemFromObjectCaseSensitive(*out, "entry");
	return Q_OK;
}

/* What `may` does not look at is filled in where it was left out, so that the gate lets the event
 * pass. */
static bool complete(struct query *q, Liandan__Event *e, struct ld_arena *arena)
{
	static const uint8_t zeros[LD_HASH_BYTES];

	if (!e->ledger_id.len)
		e->ledger_id.data =
		    ld_arena_dup(arena, ld_region_ledger_id(q->region), LD_HASH_BYTES);
	if (!e->submitter.len)
		e->submitter.data = ld_arena_dup(arena, q->asker->key_id, LD_KEY_ID_BYTES);
	if (!e->prev.len)
		e->prev.data = ld_arena_dup(arena, zeros, LD_HASH_BYTES);
	if (!e->region || !e->region[0])
		e->region = ld_arena_str(arena, ld_region_name(q->region));
	if (!e->ledger_id.data || !e->submitter.data || !e->prev.data || !e->region)
		return false;
	e->ledger_id.len = e->ledger_id.len ? e->ledger_id.len : LD_HASH_BYTES;
	e->submitter.len = e->submitter.len ? e->submitter.len : LD_KEY_ID_BYTES;
	e->prev.len = e->prev.len ? e->prev.len : LD_HASH_BYTES;
	if (!e->seq)
		e->seq = 1;
	if (!e->occurred_at_ms)
		e->occurred_at_ms = ld_region_now(q->region);
	if (!e->clock)
		e->clock = LIANDAN__CLOCK__CLOCK_NTP;
	return true;
}

/* The Event's bytes, malloc'd, and whose key it names. */
static enum query_error event_of(struct query *q, uint8_t **bytes, size_t *len,
				 uint8_t key_id[LD_KEY_ID_BYTES])
{
	struct ld_arena *arena = fresh(q)->arena;
	ProtobufCMessage *msg = NULL;
	Liandan__Event *e;

	if (q->json) {
		if (ld_json_to(q->json, &liandan__event__descriptor, arena, &msg,
			       &(struct ld_json_fault){0}) != LD_OK)
			return Q_MALFORMED;
		e = (Liandan__Event *)msg;
		if (!complete(q, e, arena))
			return Q_MALFORMED;
	} else {
		if (ld_gate_check(&liandan__event__descriptor, q->body, q->len, NULL) != LD_OK)
			return Q_MALFORMED;
		e = liandan__event__unpack(&arena->pb, q->len, q->body);
		if (!e)
			return Q_MALFORMED;
	}
	if (e->submitter.len != LD_KEY_ID_BYTES)
		return Q_MALFORMED;
	memcpy(key_id, e->submitter.data, LD_KEY_ID_BYTES);
	*len = q->json ? liandan__event__get_packed_size(e) : q->len;
	if (*len > LD_MAX_ENVELOPE_BYTES)
		return Q_TOO_LARGE;
	*bytes = malloc(*len + 1);
	if (!*bytes)
		return Q_UNAVAILABLE;
	if (q->json)
		liandan__event__pack(e, *bytes);
	else
		memcpy(*bytes, q->body, *len);
	return Q_OK;
}

static void add_outcome(cJSON *json, const struct ld_outcome *o)
{
	cJSON_AddStringToObject(json, "verdict", ld_verdict_name(o->verdict));
	cJSON_AddStringToObject(json, "reason", ld_reason_name(o->reason));
	if (o->detail[0])
		cJSON_AddStringToObject(json, "detail", o->detail);
	bool by_reason = o->reason != LIANDAN__REASON__REASON_NONE;
	cJSON_AddStringToObject(json, "en",
				by_reason ? ld_reason_en(o->reason) : ld_verdict_en(o->verdict));
	cJSON_AddStringToObject(json, "zh",
				by_reason ? ld_reason_zh(o->reason) : ld_verdict_zh(o->verdict));
}

static enum query_error may(struct query *q, cJSON **out)
{
	uint8_t key_id[LD_KEY_ID_BYTES], *bytes = NULL;
	struct ld_outcome outcome = {0};
	enum query_error e;
	size_t len;

	e = event_of(q, &bytes, &len, key_id);
	if (e == Q_OK)
		e = may_ask_of_key(q, key_id);
	if (e == Q_OK && ld_region_may(q->region, bytes, len, &outcome, out) != LD_OK)
		e = Q_UNAVAILABLE;
	free(bytes);
	if (e != Q_OK)
		return e;
	if (!*out) {
		*out = cJSON_CreateObject();
		add_outcome(*out, &outcome);
	}
	return *out ? Q_OK : Q_UNAVAILABLE;
}

static const struct verb {
	const char *name;
	enum query_error (*answer)(struct query *q, cJSON **out);
	size_t max; /* of the body */
} verbs[] = {
    {"may", may, LD_MAX_ENVELOPE_BYTES},	{"signer", signer, LD_MAX_QUERY_BYTES},
    {"manifest", manifest, LD_MAX_QUERY_BYTES}, {"history", history, LD_MAX_QUERY_BYTES},
    {"proof", proof, LD_MAX_QUERY_BYTES},
};

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static enum query_error ask(struct query *q, const char *name, cJSON **out)
{
	const struct verb *v = find(name);

	if (!v)
		return Q_UNKNOWN_VERB;
	if (q->len > v->max)
		return Q_TOO_LARGE;
	bool packed = v->answer == may && !(q->len && q->body[0] == '{');
	if (!packed) {
		q->json = q->len ? cJSON_ParseWithLength((const char *)q->body, q->len)
				 : cJSON_CreateObject();
		if (!cJSON_IsObject(q->json))
			return Q_MALFORMED;
	}
	return v->answer(q, out);
}

cJSON *ld_query_answer(struct ld_region *r, const struct ld_identity *asker, const char *verb,
		       const void *body, size_t len)
{
	struct query q = {.region = r, .asker = asker, .body = body, .len = len};
	const struct ld_core_head *head = ld_region_head(r);
	cJSON *out = NULL;
	enum query_error e = ask(&q, verb, &out);

	cJSON_Delete(q.json);
	if (e != Q_OK) {
		cJSON_Delete(out);
		out = cJSON_CreateObject();
		cJSON_AddStringToObject(out, "error", error_texts[e].name);
		cJSON_AddStringToObject(out, "en", error_texts[e].en);
		cJSON_AddStringToObject(out, "zh", error_texts[e].zh);
	}
	if (out && !cJSON_GetObjectItemCaseSensitive(out, "as_of"))
		cJSON_AddNumberToObject(out, "as_of", head ? (double)head->size : 0);
	return out;
}
