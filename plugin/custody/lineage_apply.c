/* Table LINEAGE_DOWN: node, then node it went into; LINEAGE_UP: node, then node it came from ->
 * Edge. A node as a key: kind, (party), (id), each string with its length before it, so that one
 * node's edges lie together. */
#include "plugin/custody/lineage.h"

#include <string.h>

#include "plugin/custody/manifest.h"
#include "proto/base64.h"

static void keep(char to[static LD_MAX_ID_BYTES + 1], const char *from)
{
	size_t n = strnlen(from, LD_MAX_ID_BYTES);

	memcpy(to, from, n);
	to[n] = '\0';
}

struct ld_node ld_node_container(const char *container)
{
	struct ld_node n = {.kind = LD_NODE_CONTAINER};

	keep(n.id, container);
	return n;
}

struct ld_node ld_node_manifest(ProtobufCBinaryData manifest)
{
	struct ld_node n = {.kind = LD_NODE_MANIFEST};

	if (manifest.len == LD_UUID_BYTES)
		ld_hex_encode(manifest.data, manifest.len, n.id);
	return n;
}

struct ld_node ld_node_batch(const char *party, const char *batch)
{
	struct ld_node n = {.kind = LD_NODE_BATCH};

	keep(n.party, party);
	keep(n.id, batch);
	return n;
}

static void node_key(struct ld_tkey *k, const struct ld_node *n)
{
	ld_tkey_u8(k, (uint8_t)n->kind);
	ld_tkey_str(k, n->party);
	ld_tkey_str(k, n->id);
}

static enum ld_err edge_add(struct ld_custody *c, enum ld_table t, const struct ld_node *a,
			    const struct ld_node *b, int64_t mass_g, uint64_t index)
{
	size_t mark = ld_mark(c);
	Custody__Edge fresh = CUSTODY__EDGE__INIT, *e = &fresh;
	struct ld_tkey k;
	enum ld_err err;

	ld_tkey_init(&k);
	node_key(&k, a);
	node_key(&k, b);
	err = ld_rec_get(c, t, k.b, k.len, &custody__edge__descriptor, (ProtobufCMessage **)&e);
	if (err == LD_ERR_NOT_FOUND) {
		e = &fresh;
		err = LD_OK;
	}
	if (err == LD_OK) {
		e->mass_g = ld_add_g(e->mass_g, mass_g);
		e->index = index;
		err = ld_rec_put(c, t, k.b, k.len, &e->base);
	}
	ld_release(c, mark);
	return err;
}

enum ld_err ld_lineage_add(struct ld_custody *c, const struct ld_node *from,
			   const struct ld_node *to, int64_t mass_g, uint64_t index)
{
	enum ld_err err;

	if (from->id[0] == '\0' || to->id[0] == '\0' ||
	    (from->kind == to->kind && strcmp(from->id, to->id) == 0 &&
	     strcmp(from->party, to->party) == 0))
		return LD_OK;
	err = edge_add(c, LD_T_LINEAGE_DOWN, from, to, mass_g, index);
	return err == LD_OK ? edge_add(c, LD_T_LINEAGE_UP, to, from, mass_g, index) : err;
}

struct edges {
	struct ld_custody *c;
	size_t skip;
	ld_lineage_fn fn;
	void *ctx;
};

static const uint8_t *take_str(const uint8_t *p, const uint8_t *end,
			       char out[static LD_MAX_ID_BYTES + 1])
{
	size_t n;

	if (p == NULL || p >= end || (n = *p++) > LD_MAX_ID_BYTES || n > (size_t)(end - p))
		return NULL;
	memcpy(out, p, n);
	out[n] = '\0';
	return p + n;
}

static int edge_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct edges *w = ctx;
	struct ld_node n = {.kind = LD_NODE_CONTAINER};
	const uint8_t *p = key + w->skip, *end = key + key_len;
	size_t mark = ld_mark(w->c);
	Custody__Edge *e;
	int stop = 0;

	if (key_len <= w->skip)
		return 0;
	n.kind = (enum ld_node_kind) * p++;
	p = take_str(p, end, n.party);
	p = take_str(p, end, n.id);
	e = custody__edge__unpack(&w->c->arena->pb, len, value);
	if (p != NULL && e != NULL)
		stop = w->fn(w->ctx, &n, e->mass_g, e->index);
	ld_release(w->c, mark);
	return stop;
}

static enum ld_err edges_of(struct ld_custody *c, enum ld_table t, const struct ld_node *n,
			    ld_lineage_fn fn, void *ctx)
{
	struct edges w = {.c = c, .fn = fn, .ctx = ctx};
	struct ld_tkey k;

	ld_tkey_init(&k);
	node_key(&k, n);
	w.skip = k.len;
	return ld_state_walk(c->state, (uint8_t)t, k.b, k.len, NULL, 0, edge_one, &w, NULL);
}

enum ld_err ld_lineage_up(struct ld_custody *c, const struct ld_node *n, ld_lineage_fn fn,
			  void *ctx)
{
	return edges_of(c, LD_T_LINEAGE_UP, n, fn, ctx);
}

enum ld_err ld_lineage_down(struct ld_custody *c, const struct ld_node *n, ld_lineage_fn fn,
			    void *ctx)
{
	return edges_of(c, LD_T_LINEAGE_DOWN, n, fn, ctx);
}
