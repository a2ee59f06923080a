#include "plugin/custody/tables.h"

#include <stdio.h>
#include <string.h>

#include "proto/base64.h"

/* Scratch for packing one record; larger records (a manifest of 1,000 items) go through the arena.
 */
#define PACK_STACK_BYTES 2048

void ld_tkey_init(struct ld_tkey *k)
{
	k->len = 0;
}

void ld_tkey_bytes(struct ld_tkey *k, const void *p, size_t n)
{
	size_t room = sizeof k->b - k->len;

	if (n > room)
		n = room;
	if (n != 0)
		memcpy(k->b + k->len, p, n);
	k->len += n;
}

void ld_tkey_u8(struct ld_tkey *k, uint8_t v)
{
	ld_tkey_bytes(k, &v, 1);
}

void ld_tkey_str(struct ld_tkey *k, const char *s)
{
	size_t n = strnlen(s, LD_MAX_ID_BYTES);

	ld_tkey_u8(k, (uint8_t)n);
	ld_tkey_bytes(k, s, n);
}

void ld_tkey_u64(struct ld_tkey *k, uint64_t v)
{
	uint8_t be[8];

	for (int i = 7; i >= 0; i--, v >>= 8)
		be[i] = (uint8_t)(v & 0xff);
	ld_tkey_bytes(k, be, sizeof be);
}

enum ld_err ld_rec_get(struct ld_custody *c, enum ld_table t, const void *key, size_t len,
		       const ProtobufCMessageDescriptor *type, ProtobufCMessage **out)
{
	const uint8_t *value;
	size_t value_len;
	enum ld_err err = ld_state_get(c->state, (uint8_t)t, key, len, &value, &value_len);

	if (err != LD_OK)
		return err;
	*out = protobuf_c_message_unpack(type, &c->arena->pb, value_len, value);
	return *out != NULL ? LD_OK : LD_ERR_NOMEM;
}

enum ld_err ld_rec_put(struct ld_custody *c, enum ld_table t, const void *key, size_t len,
		       const ProtobufCMessage *rec)
{
	uint8_t stack[PACK_STACK_BYTES];
	uint8_t *buf = stack;
	size_t n = protobuf_c_message_get_packed_size(rec);

	if (n > sizeof stack && (buf = ld_arena_alloc(c->arena, n)) == NULL)
		return LD_ERR_NOMEM;
	protobuf_c_message_pack(rec, buf);
	return ld_state_put(c->state, (uint8_t)t, key, len, buf, n);
}

#define STR_DEFINE(noun, Type, table, idfield)                                                     \
	enum ld_err ld_##noun##_get(struct ld_custody *c, const char *id, Custody__##Type **out)   \
	{                                                                                          \
		return ld_rec_get(c, table, id, strlen(id), &custody__##noun##__descriptor,        \
				  (ProtobufCMessage **)out);                                       \
	}                                                                                          \
	enum ld_err ld_##noun##_put(struct ld_custody *c, const Custody__##Type *rec)              \
	{                                                                                          \
		return ld_rec_put(c, table, rec->idfield, strlen(rec->idfield), &rec->base);       \
	}
LD_STR_RECORDS(STR_DEFINE)

enum ld_err ld_key_rec_get(struct ld_custody *c, const uint8_t key_id[LD_KEY_ID_BYTES],
			   Custody__Key **out)
{
	return ld_rec_get(c, LD_T_KEY, key_id, LD_KEY_ID_BYTES, &custody__key__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_key_rec_put(struct ld_custody *c, const Custody__Key *rec)
{
	return ld_rec_put(c, LD_T_KEY, rec->key_id.data, rec->key_id.len, &rec->base);
}

enum ld_err ld_chain_get(struct ld_custody *c, const uint8_t key_id[LD_KEY_ID_BYTES],
			 Custody__Chain **out)
{
	return ld_rec_get(c, LD_T_CHAIN, key_id, LD_KEY_ID_BYTES, &custody__chain__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_chain_put(struct ld_custody *c, const uint8_t key_id[LD_KEY_ID_BYTES],
			 const Custody__Chain *rec)
{
	return ld_rec_put(c, LD_T_CHAIN, key_id, LD_KEY_ID_BYTES, &rec->base);
}

enum ld_err ld_manifest_get(struct ld_custody *c, ProtobufCBinaryData id, Custody__Manifest **out)
{
	if (id.len != LD_UUID_BYTES)
		return LD_ERR_NOT_FOUND;
	return ld_rec_get(c, LD_T_MANIFEST, id.data, id.len, &custody__manifest__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_manifest_put(struct ld_custody *c, const Custody__Manifest *rec)
{
	if (c->witness.manifest != NULL)
		c->witness.manifest(c->witness.ctx, rec->manifest);
	return ld_rec_put(c, LD_T_MANIFEST, rec->manifest.data, rec->manifest.len, &rec->base);
}

enum ld_err ld_ticket_get(struct ld_custody *c, ProtobufCBinaryData id, Custody__Ticket **out)
{
	if (id.len != LD_UUID_BYTES)
		return LD_ERR_NOT_FOUND;
	return ld_rec_get(c, LD_T_TICKET, id.data, id.len, &custody__ticket__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_ticket_put(struct ld_custody *c, const Custody__Ticket *rec)
{
	return ld_rec_put(c, LD_T_TICKET, rec->weighed->ticket.data, rec->weighed->ticket.len,
			  &rec->base);
}

enum ld_err ld_effect_get(struct ld_custody *c, const uint8_t hash[LD_HASH_BYTES],
			  Custody__Effect **out)
{
	return ld_rec_get(c, LD_T_EFFECT, hash, LD_HASH_BYTES, &custody__effect__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_effect_put(struct ld_custody *c, const uint8_t hash[LD_HASH_BYTES],
			  const Custody__Effect *rec)
{
	return ld_rec_put(c, LD_T_EFFECT, hash, LD_HASH_BYTES, &rec->base);
}

static void stock_key(struct ld_tkey *k, const char *party, const char *site, const char *code)
{
	ld_tkey_init(k);
	ld_tkey_str(k, party);
	ld_tkey_str(k, site);
	ld_tkey_str(k, code);
}

enum ld_err ld_stock_get(struct ld_custody *c, const char *party, const char *site,
			 const char *code, Custody__Stock **out)
{
	struct ld_tkey k;

	stock_key(&k, party, site, code);
	return ld_rec_get(c, LD_T_STOCK, k.b, k.len, &custody__stock__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_stock_put(struct ld_custody *c, const Custody__Stock *rec)
{
	struct ld_tkey k;

	stock_key(&k, rec->party, rec->site, rec->code);
	return ld_rec_put(c, LD_T_STOCK, k.b, k.len, &rec->base);
}

static void pair_key(struct ld_tkey *k, const char *a, const char *b)
{
	ld_tkey_init(k);
	ld_tkey_str(k, a);
	ld_tkey_bytes(k, b, strnlen(b, LD_MAX_ID_BYTES));
}

enum ld_err ld_batch_get(struct ld_custody *c, const char *party, const char *batch,
			 Custody__Batch **out)
{
	struct ld_tkey k;

	pair_key(&k, party, batch);
	return ld_rec_get(c, LD_T_BATCH, k.b, k.len, &custody__batch__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_batch_put(struct ld_custody *c, const Custody__Batch *rec)
{
	struct ld_tkey k;

	pair_key(&k, rec->party, rec->batch);
	return ld_rec_put(c, LD_T_BATCH, k.b, k.len, &rec->base);
}

static void gap_key(struct ld_tkey *k, const char *plate, int64_t from_ms)
{
	ld_tkey_init(k);
	ld_tkey_str(k, plate);
	ld_tkey_u64(k, (uint64_t)from_ms);
}

enum ld_err ld_gap_get(struct ld_custody *c, const char *plate, int64_t from_ms, Custody__Gap **out)
{
	struct ld_tkey k;

	gap_key(&k, plate, from_ms);
	return ld_rec_get(c, LD_T_GAP, k.b, k.len, &custody__gap__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_gap_put(struct ld_custody *c, const Custody__Gap *rec)
{
	struct ld_tkey k;

	gap_key(&k, rec->plate, rec->from->t_ms);
	return ld_rec_put(c, LD_T_GAP, k.b, k.len, &rec->base);
}

enum ld_err ld_gap_del(struct ld_custody *c, const char *plate, int64_t from_ms)
{
	struct ld_tkey k;

	gap_key(&k, plate, from_ms);
	return ld_state_del(c->state, LD_T_GAP, k.b, k.len);
}

enum ld_err ld_anomaly_get(struct ld_custody *c, uint64_t anomaly, Custody__Anomaly **out)
{
	struct ld_tkey k;

	ld_tkey_init(&k);
	ld_tkey_u64(&k, anomaly);
	return ld_rec_get(c, LD_T_ANOMALY, k.b, k.len, &custody__anomaly__descriptor,
			  (ProtobufCMessage **)out);
}

enum ld_err ld_anomaly_put(struct ld_custody *c, const Custody__Anomaly *rec)
{
	struct ld_tkey k;

	ld_tkey_init(&k);
	ld_tkey_u64(&k, rec->anomaly);
	return ld_rec_put(c, LD_T_ANOMALY, k.b, k.len, &rec->base);
}

struct load_walk {
	struct ld_custody *c;
	ProtobufCBinaryData *ids;
	size_t cap, n, skip;
};

static int load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct load_walk *w = ctx;

	(void)value;
	(void)len;
	if (w->n == w->cap)
		return 1;
	w->ids[w->n] = ld_c_bytes(w->c, key + w->skip, key_len - w->skip);
	w->n++;
	return 0;
}

enum ld_err ld_load_of(struct ld_custody *c, const char *plate, ProtobufCBinaryData *ids,
		       size_t cap, size_t *n)
{
	struct ld_tkey k;
	struct load_walk w = {.c = c, .ids = ids, .cap = cap};
	enum ld_err err;

	ld_tkey_init(&k);
	ld_tkey_str(&k, plate);
	w.skip = k.len;
	err = ld_state_walk(c->state, LD_T_LOAD, k.b, k.len, NULL, 0, load_one, &w, NULL);
	*n = w.n;
	return err;
}

char *ld_c_str(struct ld_custody *c, const char *s)
{
	return ld_arena_str(c->arena, s);
}

ProtobufCBinaryData ld_c_bytes(struct ld_custody *c, const void *p, size_t n)
{
	ProtobufCBinaryData b = {.len = n, .data = ld_arena_dup(c->arena, p, n)};

	if (b.data == NULL)
		b.len = 0;
	return b;
}

char *ld_c_hex(struct ld_custody *c, ProtobufCBinaryData id)
{
	char *out = ld_arena_alloc(c->arena, 2 * id.len + 1);

	if (out != NULL)
		ld_hex_encode(id.data, id.len, out);
	return out;
}
