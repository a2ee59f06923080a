#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/region_internal.h"
#include "proto/base64.h"
#include "proto/json.h"
#include "proto/verdict.h"

const char *ld_region_name(const struct ld_region *r)
{
	return r->name;
}

const uint8_t *ld_region_ledger_id(const struct ld_region *r)
{
	return r->custody.ledger_id;
}

const struct ld_core_head *ld_region_head(const struct ld_region *r)
{
	return ld_core_head(r->core);
}

const char *ld_region_vkey(const struct ld_region *r)
{
	return r->vkey;
}

bool ld_region_read_only(const struct ld_region *r, const char **why)
{
	if (why != NULL)
		*why = r->read_only_why;
	return r->read_only_why[0] != '\0';
}

bool ld_region_clock(const struct ld_region *r, uint32_t *rate)
{
	*rate = r->clock.rate;
	return r->clock.demo;
}

const struct ld_verdict_counts *ld_region_counts(const struct ld_region *r)
{
	return &r->counts;
}

struct ld_custody *ld_region_custody(struct ld_region *r)
{
	return &r->custody;
}

struct ld_index *ld_region_index(struct ld_region *r)
{
	return r->index;
}

struct ld_core *ld_region_core(struct ld_region *r)
{
	return r->core;
}

static cJSON *with_hex_id(cJSON *json, const char *name, const uint8_t *id, size_t len)
{
	char hex[2 * LD_HASH_BYTES + 1];

	if (json == NULL)
		return NULL;
	ld_hex_encode(id, len, hex);
	cJSON_DeleteItemFromObjectCaseSensitive(json, name);
	cJSON_AddStringToObject(json, name, hex);
	return json;
}

cJSON *ld_region_manifest_json(struct ld_region *r, const uint8_t id[LD_UUID_BYTES])
{
	ProtobufCBinaryData key = {.len = LD_UUID_BYTES, .data = (uint8_t *)(uintptr_t)id};
	Custody__Manifest *m;
	cJSON *json;

	ld_arena_reset(&r->scratch);
	if (ld_manifest_get(&r->custody, key, &m) != LD_OK)
		return NULL;
	json = with_hex_id(ld_json_of(&m->base), "id", id, LD_UUID_BYTES);
	if (json != NULL)
		ld_manifest_add_text(m, json);
	return json;
}

cJSON *ld_region_vehicle_json(struct ld_region *r, const char *plate)
{
	ProtobufCBinaryData ids[64];
	Custody__Position *p;
	Custody__Vehicle *v;
	cJSON *json, *load;
	size_t n = 0;

	ld_arena_reset(&r->scratch);
	if (ld_position_get(&r->custody, plate, &p) == LD_OK)
		json = ld_json_of(&p->base);
	else
		json = cJSON_CreateObject();
	if (json == NULL)
		return NULL;
	cJSON_DeleteItemFromObjectCaseSensitive(json, "plate");
	cJSON_AddStringToObject(json, "plate", plate);
	if (ld_vehicle_get(&r->custody, plate, &v) == LD_OK)
		cJSON_AddStringToObject(json, "carrier", v->registered->party);
	load = cJSON_AddArrayToObject(json, "manifests");
	if (ld_load_of(&r->custody, plate, ids, 64, &n) != LD_OK)
		n = 0;
	for (size_t i = 0; load != NULL && i < n; i++) {
		char *hex = ld_c_hex(&r->custody, ids[i]);

		if (hex != NULL)
			cJSON_AddItemToArray(load, cJSON_CreateString(hex));
	}
	return json;
}

cJSON *ld_region_signer_json(struct ld_region *r, const uint8_t key_id[LD_KEY_ID_BYTES])
{
	char hex[2 * LD_HASH_BYTES + 1];
	Custody__Chain *chain;
	Custody__Key *key;
	cJSON *json;

	ld_arena_reset(&r->scratch);
	if (ld_key_rec_get(&r->custody, key_id, &key) != LD_OK ||
	    ld_chain_get(&r->custody, key_id, &chain) != LD_OK)
		return NULL;
	json = cJSON_CreateObject();
	if (json == NULL)
		return NULL;
	with_hex_id(json, "key_id", key_id, LD_KEY_ID_BYTES);
	cJSON_AddStringToObject(json, "party", key->party);
	cJSON_AddStringToObject(json, "device", key->device);
	cJSON_AddNumberToObject(json, "roles", key->roles);
	cJSON_AddNumberToObject(json, "epoch", chain->epoch);
	snprintf(hex, sizeof hex, "%" PRIu64, chain->last_seq);
	cJSON_AddStringToObject(json, "last_seq", hex);
	snprintf(hex, sizeof hex, "%" PRIu64, chain->last_seq + 1);
	cJSON_AddStringToObject(json, "next_seq", hex);
	with_hex_id(json, "prev", chain->last_hash.data, chain->last_hash.len);
	cJSON_AddBoolToObject(json, "revoked", key->revoked != 0);
	return json;
}

struct listing {
	struct ld_region *r;
	cJSON *list;
};

static int list_entry(void *ctx, uint64_t index)
{
	struct listing *l = ctx;
	const uint8_t *bytes;
	size_t len;
	Liandan__Entry *e;
	Liandan__OwnEvent *own;
	Liandan__Envelope *env;
	Liandan__Event *event;
	const ProtobufCFieldDescriptor *field = NULL;
	char text[24];
	cJSON *item;

	ld_arena_reset(&l->r->scratch);
	if (ld_core_read(l->r->reader, index, &bytes, &len) != LD_OK)
		return 1;
	e = liandan__entry__unpack(&l->r->scratch.pb, len, bytes);
	item = cJSON_CreateObject();
	if (e == NULL || item == NULL) {
		cJSON_Delete(item);
		return 1;
	}
	snprintf(text, sizeof text, "%" PRIu64, index);
	cJSON_AddStringToObject(item, "index", text);
	snprintf(text, sizeof text, "%" PRId64, e->recorded_at_ms);
	cJSON_AddStringToObject(item, "recorded_at_ms", text);
	cJSON_AddStringToObject(item, "verdict", ld_verdict_name(e->verdict));
	if (e->reason != LIANDAN__REASON__REASON_NONE)
		cJSON_AddStringToObject(item, "reason", ld_reason_name(e->reason));
	if (e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT) {
		own = liandan__own_event__unpack(&l->r->scratch.pb, e->own_event.len,
						 e->own_event.data);
		if (own != NULL)
			field = protobuf_c_message_descriptor_get_field(own->base.descriptor,
									(unsigned)own->body_case);
	} else {
		env =
		    liandan__envelope__unpack(&l->r->scratch.pb, e->envelope.len, e->envelope.data);
		event = env == NULL ? NULL
				    : liandan__event__unpack(&l->r->scratch.pb, env->event.len,
							     env->event.data);
		if (event != NULL) {
			field = protobuf_c_message_descriptor_get_field(event->base.descriptor,
									(unsigned)event->body_case);
			snprintf(text, sizeof text, "%" PRId64, event->occurred_at_ms);
			cJSON_AddStringToObject(item, "occurred_at_ms", text);
			with_hex_id(item, "key_id", event->submitter.data, event->submitter.len);
		}
	}
	if (field != NULL)
		cJSON_AddStringToObject(item, "event", field->name);
	cJSON_AddItemToArray(l->list, item);
	return 0;
}

cJSON *ld_region_history_json(struct ld_region *r, const uint8_t id[LD_UUID_BYTES], uint64_t from,
			      size_t max)
{
	struct listing l = {.r = r};
	cJSON *json = cJSON_CreateObject();

	if (json == NULL || ld_region_reader(r) != LD_OK) {
		cJSON_Delete(json);
		return NULL;
	}
	with_hex_id(json, "manifest", id, LD_UUID_BYTES);
	cJSON_AddNumberToObject(json, "as_of", (double)ld_index_applied(r->index));
	l.list = cJSON_AddArrayToObject(json, "entries");
	ld_index_find(r->index, LD_IX_MANIFEST, id, LD_UUID_BYTES, from, max, list_entry, &l);
	return json;
}

cJSON *ld_region_proof_json(struct ld_region *r, uint64_t index)
{
	const struct ld_core_head *head = ld_core_head(r->core);
	struct ld_hash proof[LD_MERKLE_MAX_PROOF];
	char text[LD_NOTE_MAX_BYTES + 64 * 48 + 128], *leaf;
	const uint8_t *bytes;
	size_t n, len, text_len;
	cJSON *json;

	ld_arena_reset(&r->scratch);
	if (index >= head->size || ld_region_reader(r) != LD_OK ||
	    ld_core_read(r->reader, index, &bytes, &len) != LD_OK ||
	    ld_core_inclusion(r->reader, index, head->size, proof, &n) != LD_OK ||
	    ld_tlog_proof_write(index, proof, n, head->checkpoint, head->checkpoint_len, text,
				sizeof text, &text_len) != LD_OK)
		return NULL;
	leaf = ld_arena_alloc(&r->scratch, LD_BASE64_CAP(len));
	json = cJSON_CreateObject();
	if (leaf == NULL || json == NULL) {
		cJSON_Delete(json);
		return NULL;
	}
	ld_base64_encode(bytes, len, leaf);
	cJSON_AddStringToObject(json, "tlog_proof", text);
	cJSON_AddStringToObject(json, "entry", leaf);
	cJSON_AddNumberToObject(json, "as_of", (double)head->size);
	return json;
}

static cJSON *violations_json(const struct ld_judgement *j)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; list != NULL && i < j->n_violations; i++) {
		cJSON *v = ld_json_of(&j->violations[i]->base);

		if (v == NULL)
			continue;
		cJSON_AddStringToObject(v, "en", ld_reason_en(j->violations[i]->reason));
		cJSON_AddStringToObject(v, "zh", ld_reason_zh(j->violations[i]->reason));
		cJSON_AddItemToArray(list, v);
	}
	return list;
}

/* PROTOCOL, query/may: a dry run, so that a clerk learns before the truck is loaded. */
enum ld_err ld_region_may(struct ld_region *r, const uint8_t *event, size_t len,
			  struct ld_outcome *out, cJSON **json)
{
	struct ld_gate_fault fault = {0};
	struct ld_fact f = {0};
	struct ld_judgement j;
	struct ld_ring_key *k;
	uint8_t hash[LD_HASH_BYTES] = {0};

	memset(out, 0, sizeof *out);
	*json = NULL;
	ld_arena_reset(&r->open_arena);
	ld_arena_reset(&r->scratch);
	ld_keyring_trim(r->keys);
	if (ld_gate_check(&liandan__event__descriptor, event, len, &fault) != LD_OK) {
		out->verdict = LIANDAN__VERDICT__MALFORMED;
		snprintf(out->detail, sizeof out->detail, "%.96s: %.60s", fault.field,
			 fault.what != NULL ? fault.what : "not well-formed");
	} else if ((f.event = liandan__event__unpack(&r->open_arena.pb, len, event)) == NULL) {
		out->verdict = LIANDAN__VERDICT__TOO_LARGE;
	} else if (memcmp(f.event->ledger_id.data, r->custody.ledger_id, LD_HASH_BYTES) != 0) {
		out->verdict = LIANDAN__VERDICT__WRONG_LEDGER;
	} else if ((k = ld_keyring_get(r->keys, &r->custody, f.event->submitter.data)) == NULL) {
		out->verdict = LIANDAN__VERDICT__UNKNOWN_KEY;
	} else {
		f.event_bytes = event;
		f.event_len = len;
		f.event_hash = hash;
		f.signer = k->rec;
		f.recorded_at_ms = ld_region_now(r);
		if (ld_apply_cosigners(&r->custody, &f) != LD_OK)
			return LD_ERR_NOMEM;
		ld_judge(&r->custody, &f, &j);
		out->verdict = j.verdict;
		out->reason = j.reason;
		snprintf(out->detail, sizeof out->detail, "%s", j.detail);
	}
	*json = cJSON_CreateObject();
	if (*json == NULL)
		return LD_ERR_NOMEM;
	cJSON_AddStringToObject(*json, "verdict", ld_verdict_name(out->verdict));
	cJSON_AddStringToObject(*json, "reason", ld_reason_name(out->reason));
	cJSON_AddStringToObject(*json, "details", out->detail);
	cJSON_AddStringToObject(*json, "en",
				out->reason != 0 ? ld_reason_en(out->reason)
						 : ld_verdict_en(out->verdict));
	cJSON_AddStringToObject(*json, "zh",
				out->reason != 0 ? ld_reason_zh(out->reason)
						 : ld_verdict_zh(out->verdict));
	if (ld_verdict_in_ledger(out->verdict))
		cJSON_AddItemToObject(*json, "violations", violations_json(&j));
	return LD_OK;
}

static int republish_manifest(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			      size_t len)
{
	struct ld_region *r = ctx;
	Custody__Manifest *m;

	ld_arena_reset(&r->scratch);
	m = custody__manifest__unpack(&r->scratch.pb, len, value);
	if (m == NULL || key_len != LD_UUID_BYTES)
		return 0;
	if (m->state < CUSTODY__MANIFEST_STATE__CLOSED ||
	    m->updated_ms > ld_region_now(r) - LD_DAY_MS)
		r->opt.sink.manifest(r->opt.sink.ctx, key);
	return 0;
}

static int republish_vehicle(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			     size_t len)
{
	struct ld_region *r = ctx;
	char plate[LD_MAX_ID_BYTES + 1];

	(void)value, (void)len;
	if (key_len > LD_MAX_ID_BYTES)
		return 0;
	memcpy(plate, key, key_len);
	plate[key_len] = '\0';
	r->opt.sink.vehicle(r->opt.sink.ctx, plate);
	return 0;
}

static int republish_anomaly(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			     size_t len)
{
	struct ld_region *r = ctx;
	Custody__Anomaly *a;
	uint64_t id = 0;

	(void)key, (void)key_len;
	if (len != 8)
		return 0;
	for (size_t i = 0; i < len; i++)
		id = id << 8 | value[i];
	ld_arena_reset(&r->scratch);
	if (ld_anomaly_get(&r->custody, id, &a) == LD_OK && a->open)
		r->opt.sink.anomaly(r->opt.sink.ctx, a, "open");
	return 0;
}

/* At start the retained set is published from state; Mosquitto's own persistence is off (DESIGN:
 * Broker). The sink's callbacks read state again while a walk is open, so they must not write to
 * it. */
void ld_region_republish(struct ld_region *r)
{
	if (r->opt.sink.manifest != NULL)
		ld_state_walk(r->custody.state, LD_T_MANIFEST, NULL, 0, NULL, 0, republish_manifest,
			      r, NULL);
	if (r->opt.sink.vehicle != NULL)
		ld_state_walk(r->custody.state, LD_T_POSITION, NULL, 0, NULL, 0, republish_vehicle,
			      r, NULL);
	if (r->opt.sink.anomaly != NULL)
		ld_state_walk(r->custody.state, LD_T_ANOMALY_OPEN, NULL, 0, NULL, 0,
			      republish_anomaly, r, NULL);
	ld_region_republish_ratings(r);
}
