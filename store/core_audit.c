/* Everything that `core` claims, computed again from the entries alone. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/be.h"
#include "store/core_internal.h"

#define RENEW_EVERY 8192 /* entries; a second holds a hundred times that */

struct audit {
	struct ld_core_reader *r;
	const struct ld_note_key *key;
	struct ld_core_audit *report;
	struct ld_edge edge;
	uint64_t next_checkpoint; /* size of the next stored one; UINT64_MAX: none left */
};

#define PROBLEM(a, ...) ld_why((a)->report->problem, sizeof(a)->report->problem, __VA_ARGS__)

/* A stored row may be longer than ours, when the writer has gone on since the audit began. */
static enum ld_err compare_row(void *ctx, unsigned level, uint64_t row, const struct ld_row *r)
{
	struct audit *a = ctx;
	uint8_t key_bytes[LD_TILE_KEY_BYTES];
	MDB_val key = {sizeof key_bytes, key_bytes};
	MDB_val val;
	uint64_t have = (a->r->size >> (4 * level)) - row * LD_TILE_ROW_HASHES;
	size_t want =
	    (have < LD_TILE_ROW_HASHES ? (size_t)have : LD_TILE_ROW_HASHES) * LD_HASH_BYTES;

	ld_tile_key(key_bytes, level, row);
	int rc = mdb_get(a->r->txn, a->r->core->t.tile, &key, &val);
	if (rc) {
		PROBLEM(a, "tile row %" PRIu64 " of level %u: %s", row, level, mdb_strerror(rc));
		return LD_ERR_CORRUPT;
	}
	if (val.mv_size != want) {
		PROBLEM(a, "tile row %" PRIu64 " of level %u has %zu bytes instead of %zu", row,
			level, val.mv_size, want);
		return LD_ERR_CORRUPT;
	}
	a->report->tile_rows++;
	for (unsigned i = 0; i < r->n; i++) {
		if (memcmp((const uint8_t *)val.mv_data + i * LD_HASH_BYTES, r->hash[i].b,
			   LD_HASH_BYTES) == 0)
			continue;
		uint64_t n = row * LD_TILE_ROW_HASHES + i;
		if (level == 0)
			PROBLEM(a,
				"entry %" PRIu64 " does not have the leaf hash that its tile has",
				n);
		else
			PROBLEM(a, "tile level %u, hash %" PRIu64 " is not what lies under it",
				level, n);
		return LD_ERR_CORRUPT;
	}
	return LD_OK;
}

static enum ld_err find_checkpoint(struct audit *a, uint64_t from)
{
	const char *note;
	size_t len;
	enum ld_err err = ld_core_checkpoint(a->r, from, &a->next_checkpoint, &note, &len);

	if (err != LD_ERR_NOT_FOUND)
		return err;
	a->next_checkpoint = UINT64_MAX;
	return LD_OK;
}

static enum ld_err verify_note(struct audit *a, const char *note, size_t len, const char *what)
{
	struct ld_checkpoint cp;
	struct ld_hash root;
	uint64_t size = a->edge.frontier.size;
	enum ld_err err = a->key ? ld_checkpoint_verify(note, len, a->key, &cp)
				 : ld_checkpoint_parse(note, len, &cp);

	if (err) {
		PROBLEM(a, "%s at %" PRIu64 " entries: %s", what, size, ld_err_text(err));
		return err == LD_ERR_SIGNATURE ? err : LD_ERR_CORRUPT;
	}
	ld_frontier_root(&a->edge.frontier, &root);
	if (cp.size == size && ld_hash_equal(&cp.root, &root))
		return LD_OK;
	PROBLEM(a, "%s at %" PRIu64 " entries has a root that the entries do not have", what, size);
	return LD_ERR_CORRUPT;
}

/* Called when the edge stands at the size of a stored checkpoint. */
static enum ld_err compare_checkpoint(struct audit *a)
{
	uint64_t size = a->next_checkpoint;
	const char *note;
	size_t len;
	enum ld_err err = ld_core_checkpoint(a->r, size, &size, &note, &len);

	if (err)
		return err;
	err = verify_note(a, note, len, "the stored checkpoint");
	if (err)
		return err;
	a->report->checkpoints++;
	return find_checkpoint(a, size + 1);
}

static enum ld_err audit_entry(struct audit *a, uint64_t i)
{
	struct ld_hash leaf;
	const uint8_t *entry;
	size_t len;
	enum ld_err err = ld_core_read(a->r, i, &entry, &len);

	if (err) {
		PROBLEM(a, "entry %" PRIu64 " cannot be read: %s", i, ld_err_text(err));
		return LD_ERR_CORRUPT;
	}
	if (len > LD_MAX_ENTRY_BYTES) {
		PROBLEM(a, "entry %" PRIu64 " is longer than an entry may be", i);
		return LD_ERR_CORRUPT;
	}
	ld_merkle_leaf(entry, len, &leaf);
	err = ld_edge_append(&a->edge, &leaf, compare_row, a);
	if (!err && a->edge.frontier.size == a->next_checkpoint)
		err = compare_checkpoint(a);
	return err;
}

static enum ld_err audit_unfinished(struct audit *a)
{
	for (unsigned level = 0; level < LD_CORE_ROW_LEVELS; level++) {
		uint64_t nodes = a->edge.frontier.size >> (4 * level);
		if (a->edge.row[level].n == 0)
			continue;
		enum ld_err err =
		    compare_row(a, level, nodes / LD_TILE_ROW_HASHES, &a->edge.row[level]);
		if (err)
			return err;
	}
	return LD_OK;
}

/* Nothing more in the tables than the size accounts for. */
static enum ld_err audit_counts(struct audit *a)
{
	uint64_t size = a->r->size;
	uint64_t rows = 0;
	MDB_stat entries, tiles;

	for (unsigned level = 0; level < LD_CORE_ROW_LEVELS; level++)
		rows += ((size >> (4 * level)) + LD_TILE_ROW_HASHES - 1) / LD_TILE_ROW_HASHES;
	if (mdb_stat(a->r->txn, a->r->core->t.entry, &entries) ||
	    mdb_stat(a->r->txn, a->r->core->t.tile, &tiles))
		return LD_ERR_DB;
	if (entries.ms_entries != size || tiles.ms_entries != rows) {
		PROBLEM(a,
			"%zu entries and %zu tile rows are stored where %" PRIu64 " and %" PRIu64
			" belong",
			entries.ms_entries, tiles.ms_entries, size, rows);
		return LD_ERR_CORRUPT;
	}
	if (a->next_checkpoint != UINT64_MAX && a->next_checkpoint > size) {
		PROBLEM(a, "a checkpoint of %" PRIu64 " entries is stored, the ledger has %" PRIu64,
			a->next_checkpoint, size);
		return LD_ERR_CORRUPT;
	}
	return LD_OK;
}

static enum ld_err audit_all(struct audit *a, const struct ld_core_head *head,
			     ld_core_progress progress, void *ctx)
{
	enum ld_err err = find_checkpoint(a, 0);

	if (!err && a->next_checkpoint == 0) {
		PROBLEM(a, "a checkpoint of no entries is stored");
		return LD_ERR_CORRUPT;
	}
	for (uint64_t i = 0; i < head->size && !err; i++) {
		if (i % RENEW_EVERY == 0) {
			ld_core_reader_renew(a->r);
			if (progress && progress(ctx, i, head->size))
				return LD_ERR_STATE;
		}
		err = audit_entry(a, i);
	}
	if (!err)
		err = audit_unfinished(a);
	if (!err)
		err =
		    verify_note(a, head->checkpoint, head->checkpoint_len, "the head's checkpoint");
	if (!err)
		err = audit_counts(a);
	if (!err && progress && progress(ctx, head->size, head->size))
		err = LD_ERR_STATE;
	return err;
}

enum ld_err ld_core_audit(struct ld_core_reader *r, const struct ld_note_key *key,
			  ld_core_progress progress, void *ctx, struct ld_core_audit *report)
{
	struct ld_core_head *head = malloc(sizeof *head);
	struct audit *a = calloc(1, sizeof *a);
	enum ld_err err = LD_ERR_NOMEM;

	memset(report, 0, sizeof *report);
	if (!head || !a)
		goto out;
	a->r = r;
	a->key = key;
	a->report = report;
	err = ld_core_reader_head(r, head);
	if (err) {
		PROBLEM(a, "the head record cannot be read: %s", ld_err_text(err));
		goto out;
	}
	report->size = head->size;
	err = audit_all(a, head, progress, ctx);
	ld_frontier_root(&a->edge.frontier, &report->root);
out:
	free(head);
	free(a);
	return err;
}
