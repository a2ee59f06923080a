/* What a ledger directory may look like before it is trusted, and what an audit finds. */
#include "test_core_fixture.h"

#include <lmdb.h>

#include "store/lock.h"

static void creation(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(open_core(f), LD_ERR_NOT_FOUND);
	assert_int_not_equal(stat(in_dir(f, "lock"), &st), 0);
	f->opt.dir = "/nonexistent/liandan";
	assert_int_equal(open_core(f), LD_ERR_NOT_FOUND);
	f->opt.dir = f->dir;
	/* what a creation left that was interrupted */
	assert_int_equal(mkdir(in_dir(f, "core.new"), 0700), 0);
	write_file(in_dir(f, "core.new/data.mdb"), "half", 4);
	assert_ok(create(f));
	assert_int_not_equal(stat(in_dir(f, "core.new"), &st), 0);
	assert_int_equal(stat(in_dir(f, "core/data.mdb"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(in_dir(f, "anchor"), &st), 0);
	assert_int_equal(create(f), LD_ERR_EXISTS);
	assert_ok(open_core(f));
	expect_entries(f->core, 1);
	expect_audit(f->core, 1);
	close_core(f);
	/* interrupted between the anchor and the renaming: the anchor tells of one entry, no core
	 */
	assert_int_equal(rename(in_dir(f, "core"), in_dir(f, "gone")), 0);
	assert_ok(create(f));
	assert_ok(open_core(f));
	assert_ok(grow_to(f->core, 9));
	bool advanced;
	assert_ok(ld_core_anchor(f->core, &advanced));
	assert_true(advanced);
	close_core(f);
	/* a lost ledger is not begun anew */
	assert_int_equal(rename(in_dir(f, "core"), in_dir(f, "gone2")), 0);
	assert_int_equal(create(f), LD_ERR_ROLLBACK);
}

static void new_directory(void **state)
{
	struct fixture *f = *state;
	char deeper[PATH_BYTES + 8];

	snprintf(deeper, sizeof deeper, "%s/new", f->dir);
	f->opt.dir = deeper;
	assert_ok(create(f));
	assert_ok(open_core(f));
	close_core(f);
	f->opt.key = NULL;
	assert_int_equal(open_core(f), LD_ERR_ARG);
	f->opt.read_only = true;
	assert_ok(open_core(f));
}

static void foreign_directories(void **state)
{
	struct fixture *f = *state;
	size_t len = 0;

	close_core(f);
	char *good = slurp(in_dir(f, "core/data.mdb"), &len);
	assert_non_null(good);
	write_file(in_dir(f, "core/data.mdb"), "this is a text and not a database", 33);
	assert_int_equal(open_core(f), LD_ERR_FOREIGN);
	char *after = slurp(in_dir(f, "core/data.mdb"), NULL);
	assert_string_equal(after, "this is a text and not a database");
	free(after);
	write_file(in_dir(f, "core/data.mdb"), "", 0);
	assert_int_equal(open_core(f), LD_ERR_CORRUPT);
	struct stat st;
	assert_int_equal(stat(in_dir(f, "core/data.mdb"), &st), 0);
	assert_int_equal(st.st_size, 0);
	write_file(in_dir(f, "core/data.mdb"), good, 5000);
	assert_int_equal(open_core(f), LD_ERR_CORRUPT);
	unlink(in_dir(f, "core/data.mdb"));
	assert_int_equal(open_core(f), LD_ERR_FOREIGN);
	assert_int_not_equal(stat(in_dir(f, "core/data.mdb"), &st), 0);
	/* an LMDB file of somebody else's */
	MDB_env *env;
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_open(env, in_dir(f, "core"), 0, 0600), 0);
	mdb_env_close(env);
	assert_int_equal(open_core(f), LD_ERR_FOREIGN);
	write_file(in_dir(f, "core/data.mdb"), good, len);
	assert_ok(open_core(f));
	free(good);
}

static void cut_off_file(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_ok(grow_to(f->core, 2000));
	close_core(f);
	copy_file(in_dir(f, "core/data.mdb"), in_dir(f, "good"));
	assert_int_equal(stat(in_dir(f, "good"), &st), 0);
	for (long pages = 1; pages < 120; pages += 1 + pages / 2) {
		off_t size = st.st_size - pages * 4096;
		assert_int_equal(truncate(in_dir(f, "core/data.mdb"), size), 0);
		enum ld_err err = open_core(f);
		if (!err) {
			/* the pages were free: then all that counts is there */
			expect_audit(f->core, 2000);
			close_core(f);
		} else {
			struct stat after;
			assert_int_equal(err, LD_ERR_CORRUPT);
			assert_int_equal(stat(in_dir(f, "core/data.mdb"), &after), 0);
			assert_int_equal(after.st_size, size);
		}
		copy_file(in_dir(f, "good"), in_dir(f, "core/data.mdb"));
	}
	assert_ok(open_core(f));
}

static void wrong_key(void **state)
{
	struct fixture *f = *state;
	struct ld_note_key other;
	EVP_PKEY *p = test_pkey(9);

	close_core(f);
	assert_ok(ld_note_key_init(&other, NAME, p));
	f->opt.key = &other;
	assert_int_equal(open_core(f), LD_ERR_KEY);
	assert_ok(ld_note_key_init(&other, "liandan/330200/main", pkey));
	assert_int_equal(open_core(f), LD_ERR_KEY);
	assert_non_null(strstr(why, NAME));
	f->opt.key = &key;
	assert_ok(open_core(f));
	EVP_PKEY_free(p);
}

/* Changes one byte of the file, in the only copy of some entry's text. */
static void damage_entry(struct fixture *f, uint64_t i)
{
	char text[40];
	size_t len = 0;
	char *data = slurp(in_dir(f, "core/data.mdb"), &len);

	assert_non_null(data);
	int n = snprintf(text, sizeof text, "entry %llu", (unsigned long long)i);
	for (char *at = data; (at = memmem(at, len - (size_t)(at - data), text, (size_t)n + 1));
	     at++)
		at[0] = 'E';
	write_file(in_dir(f, "core/data.mdb"), data, len);
	free(data);
}

static void damage_is_found(void **state)
{
	struct fixture *f = *state;
	struct ld_core_audit report;
	struct ld_core_reader *r;

	assert_ok(grow_to(f->core, 6000));
	close_core(f);
	/* old: opening does not hash it again, the audit does */
	damage_entry(f, 1000);
	assert_ok(open_core(f));
	assert_ok(ld_core_reader_open(f->core, &r));
	assert_int_equal(ld_core_audit(r, &key, NULL, NULL, &report), LD_ERR_CORRUPT);
	assert_non_null(strstr(report.problem, "entry 1000 "));
	ld_core_reader_close(r);
	close_core(f);
	/* new: opening sees it */
	damage_entry(f, 5900);
	assert_int_equal(open_core(f), LD_ERR_CORRUPT);
	assert_non_null(strstr(why, "entry 5900 "));
}

/* Opens `table` of the closed core with LMDB itself and changes one thing. */
static void tamper(struct fixture *f, const char *table, const void *k, size_t klen, size_t flip,
		   bool remove_it)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_val mk = {klen, (void *)(uintptr_t)k}, mv;

	assert_int_equal(mdb_env_create(&env), 0);
	mdb_env_set_maxdbs(env, 8);
	mdb_env_set_mapsize(env, 1 << 30);
	assert_int_equal(mdb_env_open(env, in_dir(f, "core"), 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
	if (remove_it) {
		assert_int_equal(mdb_del(txn, dbi, &mk, NULL), 0);
	} else {
		assert_int_equal(mdb_get(txn, dbi, &mk, &mv), 0);
		uint8_t *copy = malloc(mv.mv_size);
		memcpy(copy, mv.mv_data, mv.mv_size);
		mv.mv_data = copy;
		copy[flip] ^= 1;
		assert_int_equal(mdb_put(txn, dbi, &mk, &mv, 0), 0);
		free(copy);
	}
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static enum ld_err audit_of(struct fixture *f, struct ld_core_audit *report)
{
	struct ld_core_reader *r;
	assert_ok(ld_core_reader_open(f->core, &r));
	enum ld_err err = ld_core_audit(r, &key, NULL, NULL, report);
	ld_core_reader_close(r);
	return err;
}

static void tampered_tables(void **state)
{
	struct fixture *f = *state;
	struct ld_core_audit report;
	static const uint8_t inner_row[9] = {0, 0, 0, 0, 0, 0, 0, 0, 3};
	static const uint8_t upper_row[9] = {1, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t last_entry[8] = {0, 0, 0, 0, 0, 0, 0x13, 0x87};
	static const uint8_t checkpoint[8] = {0, 0, 0, 0, 0, 0, 0x13, 0x00};
	bool advanced;

	assert_ok(grow_to(f->core, 0x1300));
	assert_ok(ld_core_anchor(f->core, &advanced));
	assert_ok(grow_to(f->core, 5000));
	close_core(f);
	copy_file(in_dir(f, "core/data.mdb"), in_dir(f, "good"));

	tamper(f, "tile", inner_row, sizeof inner_row, 40, false);
	assert_ok(open_core(f));
	assert_int_equal(audit_of(f, &report), LD_ERR_CORRUPT);
	assert_non_null(strstr(report.problem, "entry 49 "));
	close_core(f);
	copy_file(in_dir(f, "good"), in_dir(f, "core/data.mdb"));

	tamper(f, "tile", upper_row, sizeof upper_row, 5, false);
	assert_ok(open_core(f));
	assert_int_equal(audit_of(f, &report), LD_ERR_CORRUPT);
	assert_non_null(strstr(report.problem, "tile level 1, hash 0 "));
	close_core(f);
	copy_file(in_dir(f, "good"), in_dir(f, "core/data.mdb"));

	tamper(f, "tile", inner_row, sizeof inner_row, 0, true);
	assert_ok(open_core(f));
	assert_int_equal(audit_of(f, &report), LD_ERR_CORRUPT);
	close_core(f);
	copy_file(in_dir(f, "good"), in_dir(f, "core/data.mdb"));

	tamper(f, "entry", last_entry, sizeof last_entry, 0, true);
	assert_int_equal(open_core(f), LD_ERR_CORRUPT);
	copy_file(in_dir(f, "good"), in_dir(f, "core/data.mdb"));

	tamper(f, "head", "head", 4, 15, false); /* size */
	assert_int_equal(open_core(f), LD_ERR_CORRUPT);
	copy_file(in_dir(f, "good"), in_dir(f, "core/data.mdb"));

	tamper(f, "head", "head", 4, 40, false); /* frontier */
	assert_int_equal(open_core(f), LD_ERR_CORRUPT);
	copy_file(in_dir(f, "good"), in_dir(f, "core/data.mdb"));

	tamper(f, "head", "head", 4, 7, false); /* schema */
	assert_int_equal(open_core(f), LD_ERR_STATE);
	copy_file(in_dir(f, "good"), in_dir(f, "core/data.mdb"));

	tamper(f, "checkpoint", checkpoint, sizeof checkpoint, 30, false);
	assert_int_equal(open_core(f), LD_ERR_CORRUPT);
	copy_file(in_dir(f, "good"), in_dir(f, "core/data.mdb"));
	assert_ok(open_core(f));
	assert_ok(audit_of(f, &report));
	assert_int_equal(report.checkpoints, 2); /* the first is the genesis's */
}

static void network_file_systems(void **state)
{
	(void)state;
	assert_string_equal(ld_lock_network_fs(0x6969), "NFS");
	assert_string_equal(ld_lock_network_fs((long)0xFF534D42), "CIFS");
	assert_string_equal(ld_lock_network_fs((long)(int)0xFE534D42), "SMB2");
	assert_string_equal(ld_lock_network_fs(0x65735546), "FUSE");
	assert_null(ld_lock_network_fs(0xEF53));     /* ext4 */
	assert_null(ld_lock_network_fs(0x58465342)); /* xfs */
	assert_null(ld_lock_network_fs(0x01021994)); /* tmpfs */
	assert_null(ld_lock_network_fs(0x794C7630)); /* overlayfs */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    E(creation),  E(new_directory),   T(foreign_directories), T(cut_off_file),
	    T(wrong_key), T(damage_is_found), T(tampered_tables),     T(network_file_systems),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
