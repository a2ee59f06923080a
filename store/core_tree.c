/* The layout of `core` (byte orders are big-endian):
 *
 *	entry        u64 index                 ->  the entry's bytes = the Merkle leaf's data
 *	tile         u8 level | u64 row        ->  1..16 hashes of 32 bytes
 *	checkpoint   u64 size                  ->  signed note
 *	head         "head"                    ->  see ld_head_encode
 *
 * Row r of level L holds the roots of the perfect subtrees of 16^L leaves, numbers 16r .. 16r + 15:
 *
 *	level 1      [ h(0..15)  h(16..31)  ...                        ]      row 0
 *	               /      \
 *	level 0      [ leaf 0 .. leaf 15 ] [ leaf 16 .. leaf 31 ] ...         rows 0, 1, ...
 *
 * Only perfect subtrees are stored, and of four tree levels only the lowest: the three between are
 * hashed again from at most eight hashes of one row. Sixteen rows of level 2l are one C2SP tile of
 * level l. A row is rewritten, longer, until it has sixteen. */
#include <string.h>

#include "store/be.h"
#include "store/core_internal.h"

#define ROW_TREE_LEVELS 4
#define HEAD_FIXED_BYTES 32

static const char HEAD_MAGIC[4] = {'L', 'D', 'H', '1'};

_Static_assert(LD_TILE_ROW_HASHES == 1 << ROW_TREE_LEVELS, "a row is four tree levels");
_Static_assert(LD_CORE_ROW_LEVELS *ROW_TREE_LEVELS == LD_MERKLE_MAX_LEVELS, "rows cover the tree");
_Static_assert(LD_ROW_BYTES * 16 == 8192, "sixteen rows are one C2SP tile");

void ld_tile_key(uint8_t out[LD_TILE_KEY_BYTES], unsigned level, uint64_t row)
{
	out[0] = (uint8_t)level;
	ld_be64_put(out + 1, row);
}

int ld_tables_open(MDB_txn *txn, bool create, struct ld_tables *t)
{
	unsigned flags = create ? MDB_CREATE : 0;
	int rc = mdb_dbi_open(txn, "entry", flags, &t->entry);

	if (!rc)
		rc = mdb_dbi_open(txn, "tile", flags, &t->tile);
	if (!rc)
		rc = mdb_dbi_open(txn, "checkpoint", flags, &t->checkpoint);
	if (!rc)
		rc = mdb_dbi_open(txn, "head", flags, &t->head);
	return rc;
}

/* offset  bytes
 *	0  4	"LDH1"
 *	4  4	schema, 1
 *	8  8	size
 *     16  8	last recorded_at_ms, two's complement
 *     24  4	key hash of the ledger key
 *     28  2	o, length of the origin
 *     30  2	c, length of the checkpoint
 *     32  32p	frontier, largest subtree first; p = number of set bits of size
 *	   o	origin: liandan/<region>/<name>
 *	   c	signed checkpoint of exactly `size` */
size_t ld_head_encode(const struct ld_edge *e, const struct ld_note_key *key,
		      const char *checkpoint, size_t checkpoint_len, uint8_t out[LD_HEAD_MAX_BYTES])
{
	size_t origin_len = strlen(key->name);
	size_t at = HEAD_FIXED_BYTES;

	memcpy(out, HEAD_MAGIC, sizeof HEAD_MAGIC);
	ld_be32_put(out + 4, LD_CORE_SCHEMA);
	ld_be64_put(out + 8, e->frontier.size);
	ld_be64_put(out + 16, (uint64_t)e->last_ms);
	memcpy(out + 24, key->hash, 4);
	ld_be16_put(out + 28, (uint16_t)origin_len);
	ld_be16_put(out + 30, (uint16_t)checkpoint_len);
	for (unsigned level = LD_MERKLE_MAX_LEVELS; level-- > 0;) {
		if (!(e->frontier.size >> level & 1))
			continue;
		memcpy(out + at, e->frontier.node[level].b, LD_HASH_BYTES);
		at += LD_HASH_BYTES;
	}
	memcpy(out + at, key->name, origin_len);
	at += origin_len;
	memcpy(out + at, checkpoint, checkpoint_len);
	return at + checkpoint_len;
}

enum ld_err ld_head_decode(const uint8_t *value, size_t len, struct ld_head_record *out)
{
	if (len < HEAD_FIXED_BYTES || memcmp(value, HEAD_MAGIC, sizeof HEAD_MAGIC) != 0)
		return LD_ERR_FOREIGN;
	if (ld_be32_get(value + 4) != LD_CORE_SCHEMA)
		return LD_ERR_STATE;
	memset(out, 0, sizeof *out);
	out->size = ld_be64_get(value + 8);
	out->last_ms = (int64_t)ld_be64_get(value + 16);
	memcpy(out->key_hash, value + 24, 4);
	size_t origin_len = ld_be16_get(value + 28);
	out->checkpoint_len = ld_be16_get(value + 30);
	size_t nodes = (size_t)__builtin_popcountll(out->size);
	if (origin_len >= sizeof out->origin || out->checkpoint_len >= LD_NOTE_MAX_BYTES ||
	    len != HEAD_FIXED_BYTES + nodes * LD_HASH_BYTES + origin_len + out->checkpoint_len)
		return LD_ERR_CORRUPT;
	const uint8_t *at = value + HEAD_FIXED_BYTES;
	out->frontier.size = out->size;
	for (unsigned level = LD_MERKLE_MAX_LEVELS; level-- > 0;) {
		if (!(out->size >> level & 1))
			continue;
		memcpy(out->frontier.node[level].b, at, LD_HASH_BYTES);
		at += LD_HASH_BYTES;
	}
	memcpy(out->origin, at, origin_len);
	out->checkpoint = (const char *)at + origin_len;
	return LD_OK;
}

enum ld_err ld_edge_append(struct ld_edge *e, const struct ld_hash *leaf, ld_row_full full,
			   void *ctx)
{
	struct ld_hash node = *leaf;
	uint64_t size = e->frontier.size;

	for (unsigned level = 0;; level++) {
		if (level % ROW_TREE_LEVELS == 0) {
			struct ld_row *r = &e->row[level / ROW_TREE_LEVELS];
			r->hash[r->n++] = node;
			r->dirty = true;
			if (r->n == LD_TILE_ROW_HASHES) {
				/* `size` counts the leaves before this one: its subtree's number */
				uint64_t row = (size >> level) / LD_TILE_ROW_HASHES;
				enum ld_err err = full(ctx, level / ROW_TREE_LEVELS, row, r);
				if (err)
					return err;
				r->n = 0;
				r->dirty = false;
			}
		}
		if (!(size >> level & 1)) {
			e->frontier.node[level] = node;
			break;
		}
		ld_merkle_node(&e->frontier.node[level], &node, &node);
	}
	e->frontier.size = size + 1;
	return LD_OK;
}

static enum ld_err row_get(MDB_txn *txn, const struct ld_tables *t, unsigned level, uint64_t row,
			   MDB_val *val)
{
	uint8_t key_bytes[LD_TILE_KEY_BYTES];
	MDB_val key = {sizeof key_bytes, key_bytes};

	ld_tile_key(key_bytes, level, row);
	int rc = mdb_get(txn, t->tile, &key, val);
	return rc == MDB_NOTFOUND ? LD_ERR_CORRUPT : ld_env_err(rc);
}

enum ld_err ld_edge_load(MDB_txn *txn, const struct ld_tables *t, uint64_t size,
			 struct ld_edge *out)
{
	MDB_val val;

	memset(out, 0, sizeof *out);
	out->frontier.size = size;
	for (unsigned level = 0; level < LD_CORE_ROW_LEVELS; level++) {
		uint64_t nodes = size >> (ROW_TREE_LEVELS * level);
		struct ld_row *r = &out->row[level];
		r->n = (unsigned)(nodes % LD_TILE_ROW_HASHES);
		if (r->n == 0)
			continue;
		enum ld_err err = row_get(txn, t, level, nodes / LD_TILE_ROW_HASHES, &val);
		if (err)
			return err;
		if (val.mv_size != r->n * LD_HASH_BYTES)
			return LD_ERR_CORRUPT;
		memcpy(r->hash, val.mv_data, val.mv_size);
	}
	for (unsigned level = 0; level < LD_MERKLE_MAX_LEVELS; level++) {
		if (!(size >> level & 1))
			continue;
		enum ld_err err =
		    ld_tree_node(txn, t, level, (size >> level) - 1, &out->frontier.node[level]);
		if (err)
			return err;
	}
	return LD_OK;
}

enum ld_err ld_tree_node(MDB_txn *txn, const struct ld_tables *t, unsigned level, uint64_t n,
			 struct ld_hash *out)
{
	struct ld_hash h[LD_TILE_ROW_HASHES / 2];
	unsigned up = level % ROW_TREE_LEVELS;
	unsigned count = 1u << up;
	uint64_t first = n << up;
	size_t from = (size_t)(first % LD_TILE_ROW_HASHES) * LD_HASH_BYTES;
	MDB_val val;

	enum ld_err err =
	    row_get(txn, t, level / ROW_TREE_LEVELS, first / LD_TILE_ROW_HASHES, &val);
	if (err)
		return err;
	if (val.mv_size > LD_ROW_BYTES || from + count * LD_HASH_BYTES > val.mv_size)
		return LD_ERR_CORRUPT;
	memcpy(h, (const uint8_t *)val.mv_data + from, count * LD_HASH_BYTES);
	for (; count > 1; count /= 2)
		for (unsigned i = 0; i < count / 2; i++)
			ld_merkle_node(&h[2 * i], &h[2 * i + 1], &h[i]);
	*out = h[0];
	return LD_OK;
}

enum ld_err ld_tree_range(MDB_txn *txn, const struct ld_tables *t, uint64_t lo, uint64_t hi,
			  struct ld_hash *out)
{
	struct ld_frontier f;

	f.size = hi - lo;
	for (unsigned level = 0; level < LD_MERKLE_MAX_LEVELS; level++) {
		if (!(f.size >> level & 1))
			continue;
		/* lo is aligned, so its bits and those of the length do not meet */
		uint64_t n = (lo >> level) + (f.size >> level) - 1;
		enum ld_err err = ld_tree_node(txn, t, level, n, &f.node[level]);
		if (err)
			return err;
	}
	ld_frontier_root(&f, out);
	return LD_OK;
}
