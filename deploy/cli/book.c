#include "deploy/cli/book.h"

#include <stdlib.h>
#include <string.h>

#include "deploy/cli/events.h"
#include "deploy/cli/net.h"
#include "plugin/custody/region.h"
#include "plugin/custody/tables.h"
#include "proto/base64.h"
#include "proto/digest.h"
#include "proto/json.h"
#include "proto/verdict.h"

#define BOOK_ARENA_BYTES (4 * LD_MAX_ARENA_BYTES)

/* ---- opening ---- */

/* Genesis names the region and the ledger's key: everything else is checked with it. */
static enum ld_err read_genesis(struct ld_book *b, char *why, size_t cap)
{
	struct ld_leaf leaf;
	struct ld_hash id;
	enum ld_err err = ld_book_read(b, 0, &leaf);
	if (err != LD_OK || !leaf.own || leaf.own->body_case != LIANDAN__OWN_EVENT__BODY_GENESIS) {
		snprintf(why, cap, "entry 0 is not a Genesis");
		return LD_ERR_CORRUPT;
	}
	const Liandan__Genesis *g = leaf.own->genesis;
	ld_merkle_leaf(leaf.bytes, leaf.len, &id);
	memcpy(b->ledger_id, id.b, LD_HASH_BYTES);
	snprintf(b->region, sizeof(b->region), "%s", g->region);
	snprintf(b->profile, sizeof(b->profile), "%s", g->profile);
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, g->ledger_key.data,
						     g->ledger_key.len);
	if (!pkey || ld_note_key_init(&b->key, g->origin, pkey) != LD_OK ||
	    ld_note_vkey(&b->key, b->vkey, sizeof(b->vkey)) != LD_OK) {
		EVP_PKEY_free(pkey);
		b->key.pkey = NULL;
		snprintf(why, cap, "Genesis names no usable ledger key");
		return LD_ERR_CORRUPT;
	}
	return LD_OK;
}

/* The newest checkpoint must be signed by that key, for just this many entries. */
static enum ld_err check_head(struct ld_book *b, char *why, size_t cap)
{
	struct ld_core_head *head = malloc(sizeof(*head));
	struct ld_checkpoint cp;
	if (!head)
		return LD_ERR_NOMEM;
	enum ld_err err = ld_core_reader_head(b->reader, head);
	if (err == LD_OK)
		err = ld_checkpoint_verify(head->checkpoint, head->checkpoint_len, &b->key, &cp);
	if (err == LD_OK && (cp.size != head->size || !ld_hash_equal(&cp.root, &head->root)))
		err = LD_ERR_CORRUPT;
	if (err != LD_OK)
		snprintf(why, cap, "the newest checkpoint is not the ledger key's: %s",
			 ld_err_text(err));
	free(head);
	return err;
}

static int fail(struct ld_cli *cli, struct ld_book *b, const char *dir, const char *why)
{
	ld_book_close(b);
	return ld_fail(cli,
		       "give the directory of `liandan region init`, as a user who may read it",
		       "%s: %s", dir, why);
}

int ld_book_open(struct ld_cli *cli, const char *dir, const char *anchor, struct ld_book *b)
{
	char why[768] = "";
	struct ld_core_options opt = {.dir = dir, .anchor_path = anchor, .read_only = true};
	struct ld_ledger_id id;
	memset(b, 0, sizeof(*b));
	if (ld_arena_init(&b->arena, BOOK_ARENA_BYTES) != 0)
		return fail(cli, b, dir, "out of memory");
	if (ld_core_open(&opt, &b->core, why, sizeof(why)) != LD_OK ||
	    ld_core_reader_open(b->core, &b->reader) != LD_OK)
		return fail(cli, b, dir, *why ? why : "it cannot be read");
	if (read_genesis(b, why, sizeof(why)) != LD_OK || check_head(b, why, sizeof(why)) != LD_OK)
		return fail(cli, b, dir, why);
	if (ld_ledger_id_read(dir, NULL, NULL, &id, why, sizeof(why)) == LD_OK &&
	    (memcmp(id.ledger_id, b->ledger_id, LD_HASH_BYTES) != 0 ||
	     strcmp(id.vkey, b->vkey) != 0))
		return fail(cli, b, dir, "region.json beside it is another ledger's");
	return LD_EXIT_DONE;
}

void ld_book_close(struct ld_book *b)
{
	if (b->state)
		ld_state_close(b->state);
	if (b->reader)
		ld_core_reader_close(b->reader);
	if (b->core)
		ld_core_close(b->core);
	EVP_PKEY_free(b->key.pkey);
	ld_arena_free(&b->arena);
	memset(b, 0, sizeof(*b));
}

uint64_t ld_book_size(struct ld_book *b)
{
	ld_core_reader_renew(b->reader);
	return ld_core_reader_size(b->reader);
}

/* ---- entries ---- */

static enum ld_err decode(struct ld_book *b, struct ld_leaf *out)
{
	ProtobufCAllocator *pb = &b->arena.pb;
	out->entry = liandan__entry__unpack(pb, out->len, out->bytes);
	if (!out->entry)
		return LD_ERR_CORRUPT;
	if (out->entry->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT) {
		out->own = liandan__own_event__unpack(pb, out->entry->own_event.len,
						      out->entry->own_event.data);
		out->body = out->own ? ld_own_name(out->own) : "?";
		return out->own ? LD_OK : LD_ERR_CORRUPT;
	}
	out->envelope =
	    liandan__envelope__unpack(pb, out->entry->envelope.len, out->entry->envelope.data);
	if (!out->envelope)
		return LD_ERR_CORRUPT;
	out->event_bytes = out->envelope->event.data;
	out->event_len = out->envelope->event.len;
	ld_sha256(out->event_bytes, out->event_len, out->event_hash);
	out->event = liandan__event__unpack(pb, out->event_len, out->event_bytes);
	out->body = out->event ? ld_body_name(out->event) : "?";
	return out->event ? LD_OK : LD_ERR_CORRUPT;
}

enum ld_err ld_book_read(struct ld_book *b, uint64_t index, struct ld_leaf *out)
{
	memset(out, 0, sizeof(*out));
	out->index = index;
	if (++b->reads % LD_BOOK_RENEW_EVERY == 0)
		ld_core_reader_renew(b->reader);
	ld_arena_reset(&b->arena);
	enum ld_err err = ld_core_read(b->reader, index, &out->bytes, &out->len);
	return err == LD_OK ? decode(b, out) : err;
}

/* ---- names ---- */

void ld_book_names(struct ld_book *b, const char *dir)
{
	char why[256];
	if (ld_state_open(dir, LD_STATE_SCHEMA, true, 0, &b->state, &b->applied, why,
			  sizeof(why)) != LD_OK) {
		b->state = NULL;
		return;
	}
	b->custody.state = b->state;
	b->custody.arena = &b->arena;
	b->custody.rules = &ld_rules_cn;
	b->custody.region = b->region;
	memcpy(b->custody.ledger_id, b->ledger_id, LD_HASH_BYTES);
}

const char *ld_book_who(struct ld_book *b, ProtobufCBinaryData key_id, char *out, size_t cap)
{
	Custody__Key *key = NULL;
	char hex[2 * LD_KEY_ID_BYTES + 1] = "?";
	if (key_id.len == LD_KEY_ID_BYTES) {
		ld_hex_encode(key_id.data, key_id.len, hex);
		if (b->state && ld_key_rec_get(&b->custody, key_id.data, &key) == LD_OK) {
			snprintf(out, cap, "%s/%s", key->party, key->device);
			return out;
		}
	}
	snprintf(out, cap, "%s", hex);
	return out;
}

/* ---- words ---- */

static cJSON *signers_json(struct ld_book *b, const Liandan__Event *e)
{
	cJSON *list = cJSON_CreateArray();
	char who[160];
	for (size_t i = 0; i <= e->n_cosigners; i++) {
		ProtobufCBinaryData id = i == 0 ? e->submitter : e->cosigners[i - 1];
		cJSON *o = cJSON_CreateObject();
		if (id.len == LD_KEY_ID_BYTES)
			ld_json_hex(o, "key_id", id.data, id.len);
		if (b->state)
			cJSON_AddStringToObject(o, "name", ld_book_who(b, id, who, sizeof(who)));
		cJSON_AddItemToArray(list, o);
	}
	return list;
}

cJSON *ld_leaf_json(struct ld_book *b, const struct ld_leaf *leaf)
{
	const Liandan__Entry *e = leaf->entry;
	struct ld_hash hash;
	cJSON *o = cJSON_CreateObject();
	ld_merkle_leaf(leaf->bytes, leaf->len, &hash);
	ld_json_i64(o, "index", (int64_t)leaf->index);
	ld_json_i64(o, "recorded_at_ms", e->recorded_at_ms);
	cJSON_AddStringToObject(o, "verdict", ld_verdict_name(e->verdict));
	if (e->reason) {
		cJSON_AddStringToObject(o, "reason", ld_reason_name(e->reason));
		cJSON_AddStringToObject(o, "reason_en", ld_reason_en(e->reason));
		cJSON_AddStringToObject(o, "reason_zh", ld_reason_zh(e->reason));
	}
	if (e->detail && *e->detail)
		cJSON_AddStringToObject(o, "detail", e->detail);
	if (e->n_violations) {
		cJSON *list = cJSON_AddArrayToObject(o, "violations");
		for (size_t i = 0; i < e->n_violations; i++)
			cJSON_AddItemToArray(list, ld_json_of(&e->violations[i]->base));
	}
	ld_json_hex(o, "leaf_hash", hash.b, sizeof(hash.b));
	cJSON_AddStringToObject(o, "body", leaf->body);
	if (leaf->event) {
		ld_json_hex(o, "event_hash", leaf->event_hash, LD_HASH_BYTES);
		cJSON_AddItemToObject(o, "signers", signers_json(b, leaf->event));
		cJSON_AddItemToObject(o, "event", ld_json_of(&leaf->event->base));
	} else {
		cJSON_AddItemToObject(o, "own_event", ld_json_of(&leaf->own->base));
	}
	return o;
}

void ld_leaf_line(struct ld_cli *cli, struct ld_book *b, const struct ld_leaf *leaf)
{
	char recorded[24], occurred[24], who[160];
	const Liandan__Entry *e = leaf->entry;
	const char *colour = !cli->tty				       ? ""
			     : e->verdict == LIANDAN__VERDICT__REFUSED ? "\033[31m"
			     : e->verdict == LIANDAN__VERDICT__HELD    ? "\033[33m"
			     : leaf->own && e->verdict		       ? "\033[36m"
								       : "";
	ld_time_text(e->recorded_at_ms, recorded);
	printf("%8llu  %s  %s%-8s%s  %-22s", (unsigned long long)leaf->index, recorded, colour,
	       ld_verdict_name(e->verdict), *colour ? "\033[0m" : "", leaf->body);
	if (leaf->event) {
		ld_time_text(leaf->event->occurred_at_ms, occurred);
		printf("  %s  happened %s",
		       ld_book_who(b, leaf->event->submitter, who, sizeof(who)), occurred);
	} else {
		printf("  the ledger 账本");
	}
	if (e->reason)
		printf("  %s", ld_reason_name(e->reason));
	for (size_t i = 0; i < e->n_violations; i++)
		printf("  !%s", ld_reason_name(e->violations[i]->reason));
}
