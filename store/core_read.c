/* Reading `core`: snapshots, entries, proofs. */
#include <stdlib.h>
#include <string.h>

#include "store/be.h"
#include "store/core_internal.h"

/* Only the size is decoded: opening a reader must stay cheap. */
static uint64_t snapshot_size(struct ld_core_reader *r)
{
	MDB_val key = {sizeof LD_HEAD_KEY - 1, LD_HEAD_KEY};
	MDB_val val;

	if (mdb_get(r->txn, r->core->t.head, &key, &val) || val.mv_size < 16)
		return 0;
	return ld_be64_get((const uint8_t *)val.mv_data + 8);
}

enum ld_err ld_core_reader_open(struct ld_core *core, struct ld_core_reader **out)
{
	struct ld_core_reader *r = calloc(1, sizeof *r);

	*out = NULL;
	if (!r)
		return LD_ERR_NOMEM;
	r->core = core;
	enum ld_err err = ld_env_read_begin(&core->env, &r->txn);
	if (err) {
		free(r);
		return err;
	}
	r->size = snapshot_size(r);
	*out = r;
	return LD_OK;
}

void ld_core_reader_renew(struct ld_core_reader *r)
{
	r->size = 0;
	if (ld_env_read_renew(&r->core->env, &r->txn) == LD_OK)
		r->size = snapshot_size(r);
}

void ld_core_reader_close(struct ld_core_reader *r)
{
	if (!r)
		return;
	ld_env_read_end(&r->core->env, r->txn);
	free(r);
}

uint64_t ld_core_reader_size(const struct ld_core_reader *r)
{
	return r->size;
}

enum ld_err ld_core_read(struct ld_core_reader *r, uint64_t index, const uint8_t **entry,
			 size_t *len)
{
	uint8_t key_bytes[8];
	MDB_val key = {sizeof key_bytes, key_bytes};
	MDB_val val;

	if (index >= r->size)
		return LD_ERR_NOT_FOUND;
	ld_be64_put(key_bytes, index);
	int rc = mdb_get(r->txn, r->core->t.entry, &key, &val);
	if (rc)
		return rc == MDB_NOTFOUND ? LD_ERR_CORRUPT : ld_env_err(rc);
	*entry = val.mv_data;
	*len = val.mv_size;
	return LD_OK;
}

enum ld_err ld_core_node(struct ld_core_reader *r, unsigned level, uint64_t n, struct ld_hash *out)
{
	if (level >= LD_MERKLE_MAX_LEVELS || n >= r->size >> level)
		return LD_ERR_NOT_FOUND;
	return ld_tree_node(r->txn, &r->core->t, level, n, out);
}

enum ld_err ld_core_root(struct ld_core_reader *r, uint64_t size, struct ld_hash *out)
{
	if (size > r->size)
		return LD_ERR_ARG;
	return ld_tree_range(r->txn, &r->core->t, 0, size, out);
}

/* The largest power of two smaller than n (n >= 2): where RFC 6962 divides a tree. */
static uint64_t split_point(uint64_t n)
{
	return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

static void reverse(struct ld_hash *h, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct ld_hash t = h[i];
		h[i] = h[n - 1 - i];
		h[n - 1 - i] = t;
	}
}

/* RFC 6962 section 2.1.1, PATH(m, D[n]), from the root downwards and then turned round. */
enum ld_err ld_core_inclusion(struct ld_core_reader *r, uint64_t index, uint64_t size,
			      struct ld_hash proof[LD_MERKLE_MAX_PROOF], size_t *n)
{
	uint64_t lo = 0, hi = size;
	enum ld_err err = LD_OK;

	*n = 0;
	if (index >= size || size > r->size)
		return LD_ERR_ARG;
	while (hi - lo > 1 && !err) {
		uint64_t mid = lo + split_point(hi - lo);
		bool left = index < mid;
		err = ld_tree_range(r->txn, &r->core->t, left ? mid : lo, left ? hi : mid,
				    &proof[(*n)++]);
		if (left)
			hi = mid;
		else
			lo = mid;
	}
	reverse(proof, *n);
	return err;
}

/* RFC 6962 section 2.1.2, SUBPROOF(m, D[n], true). */
enum ld_err ld_core_consistency(struct ld_core_reader *r, uint64_t size1, uint64_t size2,
				struct ld_hash proof[LD_MERKLE_MAX_PROOF], size_t *n)
{
	uint64_t lo = 0, hi = size2;
	bool whole = true; /* the old tree is exactly [0, size1): its root is known */
	enum ld_err err = LD_OK;

	*n = 0;
	if (size1 == 0 || size1 > size2 || size2 > r->size)
		return LD_ERR_ARG;
	while (hi != size1 && !err) {
		uint64_t mid = lo + split_point(hi - lo);
		bool left = size1 <= mid;
		err = ld_tree_range(r->txn, &r->core->t, left ? mid : lo, left ? hi : mid,
				    &proof[(*n)++]);
		if (left) {
			hi = mid;
		} else {
			lo = mid;
			whole = false;
		}
	}
	if (!err && !whole)
		err = ld_tree_range(r->txn, &r->core->t, lo, hi, &proof[(*n)++]);
	reverse(proof, *n);
	return err;
}

enum ld_err ld_core_reader_head(struct ld_core_reader *r, struct ld_core_head *out)
{
	MDB_val key = {sizeof LD_HEAD_KEY - 1, LD_HEAD_KEY};
	struct ld_head_record rec;
	MDB_val val;

	if (!r->txn || mdb_get(r->txn, r->core->t.head, &key, &val))
		return LD_ERR_NOT_FOUND;
	enum ld_err err = ld_head_decode(val.mv_data, val.mv_size, &rec);
	if (err)
		return err;
	memset(out, 0, sizeof *out);
	out->size = rec.size;
	out->last_recorded_at_ms = rec.last_ms;
	ld_frontier_root(&rec.frontier, &out->root);
	memcpy(out->checkpoint, rec.checkpoint, rec.checkpoint_len);
	out->checkpoint_len = rec.checkpoint_len;
	return LD_OK;
}

enum ld_err ld_core_checkpoint(struct ld_core_reader *r, uint64_t from, uint64_t *size,
			       const char **note, size_t *len)
{
	uint8_t key_bytes[8];
	MDB_val key = {sizeof key_bytes, key_bytes};
	MDB_cursor *cursor;
	MDB_val val;

	if (!r->txn)
		return LD_ERR_NOT_FOUND;
	ld_be64_put(key_bytes, from);
	int rc = mdb_cursor_open(r->txn, r->core->t.checkpoint, &cursor);
	if (rc)
		return ld_env_err(rc);
	rc = mdb_cursor_get(cursor, &key, &val, MDB_SET_RANGE);
	mdb_cursor_close(cursor);
	if (rc)
		return ld_env_err(rc);
	if (key.mv_size != sizeof key_bytes)
		return LD_ERR_CORRUPT;
	*size = ld_be64_get(key.mv_data);
	*note = val.mv_data;
	*len = val.mv_size;
	return LD_OK;
}
