/* The ledger: what a receipt promises must survive everything that is tried here. */
#include "test_core_fixture.h"

#include <errno.h>
#include <lmdb.h>
#include <signal.h>
#include <sys/resource.h>

static void append_commit_reopen(void **state)
{
	struct fixture *f = *state;
	struct ld_checkpoint cp;

	assert_int_equal(ld_core_head(f->core)->size, 1);
	for (uint64_t size = 2; size < 600; size += 1 + size / 3) {
		assert_ok(grow_to(f->core, size));
		const struct ld_core_head *head = ld_core_head(f->core);
		assert_int_equal(head->size, size);
		assert_int_equal(head->last_recorded_at_ms, T0 + (int64_t)size - 1);
		assert_ok(ld_checkpoint_verify(head->checkpoint, head->checkpoint_len, &key, &cp));
		assert_int_equal(cp.size, size);
		assert_true(ld_hash_equal(&cp.root, &head->root));
		struct ld_hash root = head->root;
		close_core(f);
		assert_ok(open_core(f));
		assert_int_equal(ld_core_head(f->core)->size, size);
		assert_true(ld_hash_equal(&root, &ld_core_head(f->core)->root));
	}
	uint64_t size = ld_core_head(f->core)->size;
	expect_entries(f->core, size);
	expect_audit(f->core, size);
}

static void abort_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	assert_ok(grow_to(f->core, 30));
	struct ld_hash root = ld_core_head(f->core)->root;
	assert_ok(append_to(f->core, 70));
	assert_int_equal(ld_core_pending(f->core), 40);
	ld_core_abort(f->core);
	ld_core_abort(f->core);
	assert_int_equal(ld_core_pending(f->core), 0);
	assert_int_equal(ld_core_head(f->core)->size, 30);
	assert_ok(ld_core_commit(f->core)); /* nothing open: nothing to do */
	assert_true(ld_hash_equal(&root, &ld_core_head(f->core)->root));
	assert_ok(grow_to(f->core, 70));
	expect_entries(f->core, 70);
	expect_audit(f->core, 70);
	/* an open batch at closing is not committed */
	assert_ok(append_to(f->core, 80));
	close_core(f);
	assert_ok(open_core(f));
	assert_int_equal(ld_core_head(f->core)->size, 70);
}

static void limits_and_time(void **state)
{
	struct fixture *f = *state;
	static uint8_t big[LD_MAX_ENTRY_BYTES + 1];
	uint64_t index;

	assert_ok(ld_core_append(f->core, big, LD_MAX_ENTRY_BYTES - 1, T0 + 5, &index));
	assert_ok(ld_core_append(f->core, big, LD_MAX_ENTRY_BYTES, T0 + 5, &index));
	assert_int_equal(ld_core_append(f->core, big, LD_MAX_ENTRY_BYTES + 1, T0 + 5, &index),
			 LD_ERR_LIMIT);
	/* recorded_at_ms never decreases */
	assert_int_equal(ld_core_append(f->core, big, 1, T0 + 4, &index), LD_ERR_ARG);
	assert_ok(ld_core_append(f->core, big, 1, T0 + 5, &index));
	assert_int_equal(index, 3);
	assert_ok(ld_core_append(f->core, big, 0, T0 + 6, &index));
	assert_ok(ld_core_commit(f->core));
	close_core(f);
	assert_ok(open_core(f));
	assert_int_equal(ld_core_head(f->core)->size, 5);
	assert_int_equal(ld_core_append(f->core, big, 1, T0 + 5, &index), LD_ERR_ARG);
	ld_core_abort(f->core);
	expect_audit(f->core, 5);
}

/* Every tree size: every inclusion and consistency proof, against roots computed by the appender.
 */
#define TREE 300
static void proofs_at_every_size(void **state)
{
	struct fixture *f = *state;
	static struct ld_hash root[TREE + 1], leaf[TREE];
	static uint8_t buf[LD_MAX_ENTRY_BYTES];
	struct ld_hash proof[LD_MERKLE_MAX_PROOF], h;
	struct ld_frontier frontier = {0};
	struct ld_core_reader *r;
	size_t n;

	for (uint64_t i = 0; i < TREE; i++) {
		ld_merkle_leaf(buf, entry_bytes(i, buf), &leaf[i]);
		ld_frontier_append(&frontier, &leaf[i]);
		ld_frontier_root(&frontier, &root[i + 1]);
		if (i > 0) {
			assert_ok(append(f->core, i));
			if (i % 3 == 0)
				assert_ok(ld_core_commit(f->core));
		}
	}
	assert_ok(ld_core_commit(f->core));
	assert_true(ld_hash_equal(&ld_core_head(f->core)->root, &root[TREE]));
	assert_ok(ld_core_reader_open(f->core, &r));
	ld_merkle_empty(&root[0]);
	for (uint64_t size = 0; size <= TREE; size++) {
		assert_ok(ld_core_root(r, size, &h));
		assert_true(ld_hash_equal(&h, &root[size]));
		for (uint64_t m = 0; m < size; m++) {
			assert_ok(ld_core_inclusion(r, m, size, proof, &n));
			assert_ok(
			    ld_merkle_verify_inclusion(m, size, &leaf[m], proof, n, &root[size]));
			assert_ok(ld_core_consistency(r, m + 1, size, proof, &n));
			assert_ok(ld_merkle_verify_consistency(m + 1, size, proof, n, &root[m + 1],
							       &root[size]));
		}
		assert_int_equal(ld_core_inclusion(r, size, size, proof, &n), LD_ERR_ARG);
		assert_int_equal(ld_core_consistency(r, 0, size, proof, &n), LD_ERR_ARG);
		assert_int_equal(ld_core_consistency(r, size + 1, size, proof, &n), LD_ERR_ARG);
	}
	assert_int_equal(ld_core_inclusion(r, 0, TREE + 1, proof, &n), LD_ERR_ARG);
	assert_int_equal(ld_core_consistency(r, 1, TREE + 1, proof, &n), LD_ERR_ARG);
	for (unsigned level = 0; level < 70; level++) {
		uint64_t count = level < 64 ? (uint64_t)TREE >> level : 0;
		for (uint64_t i = 0; i < count; i++)
			assert_ok(ld_core_node(r, level, i, &h));
		assert_int_equal(ld_core_node(r, level, count, &h), LD_ERR_NOT_FOUND);
		assert_int_equal(ld_core_node(r, level, UINT64_MAX, &h), LD_ERR_NOT_FOUND);
	}
	ld_core_reader_close(r);
}

/* At each size reached by single commits: reopening recomputes the edge from tiles, audit agrees.
 */
static void reopen_at_every_size(void **state)
{
	struct fixture *f = *state;

	for (uint64_t size = 2; size <= 40; size++) {
		assert_ok(grow_to(f->core, size));
		close_core(f);
		assert_ok(open_core(f));
		expect_audit(f->core, size);
	}
	for (uint64_t size = 250; size <= 260; size++) {
		assert_ok(grow_to(f->core, size));
		close_core(f);
		assert_ok(open_core(f));
		expect_audit(f->core, size);
	}
}

static void proof_text_from_core(void **state)
{
	struct fixture *f = *state;
	static uint8_t buf[LD_MAX_ENTRY_BYTES];
	char text[LD_TLOG_PROOF_MAX_BYTES];
	struct ld_hash proof[LD_MERKLE_MAX_PROOF], leaf;
	struct ld_core_head *head = malloc(sizeof *head);
	struct ld_core_reader *r;
	struct ld_checkpoint cp;
	uint64_t index;
	size_t n, len;

	assert_ok(grow_to(f->core, 100));
	assert_ok(ld_core_reader_open(f->core, &r));
	assert_ok(ld_core_reader_head(r, head));
	assert_int_equal(head->size, 100);
	assert_ok(ld_core_inclusion(r, 42, 100, proof, &n));
	assert_ok(ld_tlog_proof_write(42, proof, n, head->checkpoint, head->checkpoint_len, text,
				      sizeof text, &len));
	ld_merkle_leaf(buf, entry_bytes(42, buf), &leaf);
	assert_ok(ld_tlog_proof_verify(text, len, &key, &leaf, &index, &cp));
	assert_int_equal(index, 42);
	assert_int_equal(cp.size, 100);
	ld_core_reader_close(r);
	free(head);
}

static void snapshot_and_renew(void **state)
{
	struct fixture *f = *state;
	struct ld_core_reader *r;
	const uint8_t *entry;
	size_t len;

	assert_ok(ld_core_reader_open(f->core, &r));
	assert_ok(append_to(f->core, 5));
	assert_int_equal(ld_core_reader_size(r), 1);
	ld_core_reader_renew(r);
	assert_int_equal(ld_core_reader_size(r), 1); /* not the open batch */
	assert_ok(ld_core_commit(f->core));
	assert_int_equal(ld_core_reader_size(r), 1);
	assert_int_equal(ld_core_read(r, 1, &entry, &len), LD_ERR_NOT_FOUND);
	ld_core_reader_renew(r);
	assert_int_equal(ld_core_reader_size(r), 5);
	assert_ok(ld_core_read(r, 4, &entry, &len));
	ld_core_reader_close(r);
}

static void commit_fails(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int rc;
		enum ld_err err;
	} kinds[] = {{ENOSPC, LD_ERR_DISK_FULL},
		     {EIO, LD_ERR_IO},
		     {MDB_PANIC, LD_ERR_IO},
		     {MDB_BAD_TXN, LD_ERR_DB},
		     {EDQUOT, LD_ERR_DISK_FULL}};
	uint64_t size = 20;

	assert_ok(grow_to(f->core, size));
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		ld_core_test_fail_commit(f->core, kinds[i].rc, false, 2);
		for (int k = 0; k < 2; k++) {
			assert_int_equal(grow_to(f->core, size + 33), kinds[i].err);
			assert_int_equal(ld_core_pending(f->core), 0);
			assert_int_equal(ld_core_head(f->core)->size, size);
			expect_entries(f->core, size);
		}
		assert_ok(grow_to(f->core, size + 33));
		size += 33;
		expect_audit(f->core, size);
	}
	/* the disk has it, only the answer was an error: what is read again counts */
	ld_core_test_fail_commit(f->core, EIO, true, 1);
	assert_int_equal(grow_to(f->core, size + 5), LD_ERR_IO);
	size += 5;
	assert_int_equal(ld_core_head(f->core)->size, size);
	expect_audit(f->core, size);
	assert_ok(grow_to(f->core, size + 5));
	close_core(f);
	assert_ok(open_core(f));
	expect_audit(f->core, size + 5);
}

/* A reader that stays holds up the reopening, not the process; when it has gone, writing goes on.
 */
static void commit_fails_under_a_reader(void **state)
{
	struct fixture *f = *state;
	struct ld_core_reader *r;
	const uint8_t *entry;
	size_t len;

	assert_ok(grow_to(f->core, 10));
	assert_ok(ld_core_reader_open(f->core, &r));
	ld_core_test_fail_commit(f->core, EIO, false, 1);
	assert_int_equal(grow_to(f->core, 12), LD_ERR_IO);
	assert_int_equal(ld_core_head(f->core)->size, 10);
	assert_ok(ld_core_read(r, 9, &entry, &len));
	assert_int_equal(append(f->core, 10), LD_ERR_IO);
	ld_core_reader_close(r);
	assert_ok(grow_to(f->core, 12));
	expect_audit(f->core, 12);
}

/* The kernel itself refuses to make the file longer. */
static void disk_full_for_real(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, small;
	struct stat st;

	assert_ok(grow_to(f->core, 100));
	assert_int_equal(stat(in_dir(f, "core/data.mdb"), &st), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = (rlim_t)st.st_size + 8192;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 3; i++) {
		enum ld_err err = grow_to(f->core, 700);
		/* LMDB calls a write that was cut short EIO */
		if (err != LD_ERR_DISK_FULL && err != LD_ERR_IO) {
			setrlimit(RLIMIT_FSIZE, &old);
			fail_msg("%d", err);
		}
		assert_int_equal(ld_core_head(f->core)->size, 100);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	expect_entries(f->core, 100);
	assert_ok(grow_to(f->core, 700));
	close_core(f);
	assert_ok(open_core(f));
	expect_audit(f->core, 700);
}

static void map_grows_before_it_is_full(void **state)
{
	struct fixture *f = *state;

	close_core(f);
	f->opt.map_bytes = 256 * 1024;
	assert_ok(open_core(f));
	assert_int_equal(ld_core_test_map_bytes(f->core), 256 * 1024);
	for (uint64_t size = 10; size < 1500; size += 10)
		assert_ok(grow_to(f->core, size));
	assert_true(ld_core_test_map_bytes(f->core) >= 1024 * 1024);
	expect_audit(f->core, ld_core_head(f->core)->size);
}

/* A batch larger than all that is left: poisoned, aborted, repeated. */
static void map_full(void **state)
{
	struct fixture *f = *state;
	int failures = 0;

	close_core(f);
	f->opt.map_bytes = 256 * 1024;
	assert_ok(open_core(f));
	for (;;) {
		enum ld_err err = append_to(f->core, 3000);
		if (!err)
			err = ld_core_commit(f->core);
		if (!err)
			break;
		assert_int_equal(err, LD_ERR_DB);
		if (ld_core_pending(f->core))
			assert_int_equal(append(f->core, 5000), LD_ERR_STATE);
		ld_core_abort(f->core);
		assert_int_equal(ld_core_head(f->core)->size, 1);
		assert_true(++failures < 10);
	}
	assert_true(failures > 0);
	expect_audit(f->core, 3000);
	/* committing a poisoned batch is an abort */
	close_core(f);
}

static void poisoned_batch_commits_nothing(void **state)
{
	struct fixture *f = *state;

	close_core(f);
	f->opt.map_bytes = 256 * 1024;
	assert_ok(open_core(f));
	assert_int_equal(append_to(f->core, 3000), LD_ERR_DB);
	assert_int_equal(ld_core_commit(f->core), LD_ERR_STATE);
	assert_int_equal(ld_core_head(f->core)->size, 1);
	assert_int_equal(ld_core_pending(f->core), 0);
	expect_audit(f->core, 1);
	assert_ok(grow_to(f->core, 5));
}

static int count_progress(void *ctx, uint64_t done, uint64_t total)
{
	int *calls = ctx;
	assert_true(done <= total);
	return ++*calls == 3;
}

static void audit_can_be_stopped(void **state)
{
	struct fixture *f = *state;
	struct ld_core_audit report;
	struct ld_core_reader *r;
	int calls = 0;

	assert_ok(grow_to(f->core, 20000));
	assert_ok(ld_core_reader_open(f->core, &r));
	assert_int_equal(ld_core_audit(r, &key, count_progress, &calls, &report), LD_ERR_STATE);
	assert_int_equal(calls, 3);
	ld_core_reader_close(r);
	expect_audit(f->core, 20000);
}

/* The writer goes on while the audit renews its snapshots. */
struct appending {
	struct ld_core *core;
	uint64_t size;
};

static int append_meanwhile(void *ctx, uint64_t done, uint64_t total)
{
	struct appending *a = ctx;
	(void)total;
	if (done < total)
		assert_ok(grow_to(a->core, a->size += 77));
	return 0;
}

static void audit_beside_a_writer(void **state)
{
	struct fixture *f = *state;
	struct ld_core_audit report;
	struct ld_core_reader *r;
	struct appending a = {f->core, 20000};

	assert_ok(grow_to(f->core, 20000));
	assert_ok(ld_core_reader_open(f->core, &r));
	enum ld_err err = ld_core_audit(r, &key, append_meanwhile, &a, &report);
	assert_string_equal(report.problem, "");
	assert_ok(err);
	assert_int_equal(report.size, 20000);
	ld_core_reader_close(r);
	assert_true(ld_core_head(f->core)->size > 20100);
}

static void backup(void **state)
{
	struct fixture *f = *state;
	struct fixture copy = *f;
	struct stat st;

	assert_ok(grow_to(f->core, 300));
	assert_ok(append_to(f->core, 310)); /* the open batch stays out */
	snprintf(copy.dir, sizeof copy.dir, "%.900s/copy", f->dir);
	copy.opt.dir = copy.dir;
	copy.opt.read_only = true;
	copy.core = NULL;
	assert_ok(ld_core_backup(f->core, copy.dir));
	assert_int_equal(ld_core_backup(f->core, copy.dir), LD_ERR_EXISTS);
	assert_ok(ld_core_commit(f->core));
	assert_int_equal(stat(in_dir(f, "copy/core/data.mdb"), &st), 0);
	assert_ok(open_core(&copy));
	expect_entries(copy.core, 300);
	expect_audit(copy.core, 300);
	close_core(&copy);
	/* restored beside no anchor, or under one that is ahead: not a word is signed */
	copy.opt.read_only = false;
	assert_int_equal(open_core(&copy), LD_ERR_NO_ANCHOR);
	bool advanced;
	assert_ok(ld_core_anchor(f->core, &advanced));
	char anchor[PATH_BYTES + 64];
	snprintf(anchor, sizeof anchor, "%s/anchor", f->dir);
	copy.opt.anchor_path = anchor;
	assert_int_equal(open_core(&copy), LD_ERR_ROLLBACK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(append_commit_reopen),
	    T(abort_leaves_nothing),
	    T(limits_and_time),
	    T(proofs_at_every_size),
	    T(reopen_at_every_size),
	    T(proof_text_from_core),
	    T(snapshot_and_renew),
	    T(commit_fails),
	    T(commit_fails_under_a_reader),
	    T(disk_full_for_real),
	    T(map_grows_before_it_is_full),
	    T(map_full),
	    T(poisoned_batch_commits_nothing),
	    T(audit_can_be_stopped),
	    T(audit_beside_a_writer),
	    T(backup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
