/* A ledger in a temporary directory, and what is expected of it: shared by the tests of core. */
#ifndef LD_TEST_CORE_FIXTURE_H
#define LD_TEST_CORE_FIXTURE_H

#include "test_store.h"

#include "store/core.h"
#include "store/core_test.h"

#define NAME "liandan/330100/main"
#define T0 INT64_C(1790000000000)

static EVP_PKEY *pkey;
static struct ld_note_key key;
static char why[512];

struct fixture {
	char dir[PATH_BYTES];
	struct ld_core_options opt;
	struct ld_core *core;
};

static inline int group_setup(void **state)
{
	(void)state;
	pkey = test_pkey(1);
	return ld_note_key_init(&key, NAME, pkey);
}

static inline int group_teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(pkey);
	return 0;
}

/* Entry i: its bytes are a function of i, some long enough for overflow pages. */
static inline size_t entry_bytes(uint64_t i, uint8_t buf[LD_MAX_ENTRY_BYTES])
{
	size_t len = i % 17 == 16 ? 5000 : 40 + (size_t)(i * 7 % 300);

	for (size_t k = 0; k < len; k++)
		buf[k] = (uint8_t)(i * 31 + k);
	snprintf((char *)buf, 32, "entry %llu", (unsigned long long)i);
	return len;
}

static inline enum ld_err append(struct ld_core *core, uint64_t i)
{
	static uint8_t buf[LD_MAX_ENTRY_BYTES];
	uint64_t index = UINT64_MAX;
	size_t len = entry_bytes(i, buf);
	enum ld_err err = ld_core_append(core, buf, len, T0 + (int64_t)i, &index);

	if (!err)
		assert_int_equal(index, i);
	return err;
}

static inline enum ld_err append_to(struct ld_core *core, uint64_t size)
{
	uint64_t from = ld_core_head(core)->size + ld_core_pending(core);
	for (uint64_t i = from; i < size; i++) {
		enum ld_err err = append(core, i);
		if (err)
			return err;
	}
	return LD_OK;
}

static inline enum ld_err grow_to(struct ld_core *core, uint64_t size)
{
	enum ld_err err = append_to(core, size);
	return err ? err : ld_core_commit(core);
}

static inline enum ld_err create(struct fixture *f)
{
	static uint8_t buf[LD_MAX_ENTRY_BYTES];
	size_t len = entry_bytes(0, buf);
	return ld_core_create(&f->opt, buf, len, T0);
}

static inline enum ld_err open_core(struct fixture *f)
{
	why[0] = '\0';
	enum ld_err err = ld_core_open(&f->opt, &f->core, why, sizeof why);
	assert_true(err == LD_OK || why[0] != '\0');
	return err;
}

static inline void close_core(struct fixture *f)
{
	ld_core_close(f->core);
	f->core = NULL;
}

static inline int setup_empty(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	tmp_dir(f->dir);
	f->opt.dir = f->dir;
	f->opt.key = &key;
	*state = f;
	return 0;
}

static inline int setup(void **state)
{
	setup_empty(state);
	struct fixture *f = *state;
	return create(f) || open_core(f);
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	close_core(f);
	remove_tree(f->dir);
	free(f);
	return 0;
}

static inline char *in_dir(const struct fixture *f, const char *name)
{
	static char path[2][PATH_BYTES + 64];
	static int which;
	which = !which;
	snprintf(path[which], sizeof path[which], "%s/%s", f->dir, name);
	return path[which];
}

static inline void copy_file(const char *from, const char *to)
{
	size_t len = 0;
	char *data = slurp(from, &len);
	assert_non_null(data);
	FILE *out = fopen(to, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, len, out), len);
	fclose(out);
	free(data);
}

static inline void write_file(const char *path, const char *text, size_t len)
{
	FILE *out = fopen(path, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	fclose(out);
}

static inline void expect_audit(struct ld_core *core, uint64_t size)
{
	struct ld_core_audit report;
	struct ld_core_reader *r;

	assert_ok(ld_core_reader_open(core, &r));
	enum ld_err err = ld_core_audit(r, &key, NULL, NULL, &report);
	if (err)
		fail_msg("audit: %s", report.problem);
	assert_int_equal(report.size, size);
	ld_core_reader_close(r);
}

static inline void expect_entries(struct ld_core *core, uint64_t size)
{
	static uint8_t want[LD_MAX_ENTRY_BYTES];
	struct ld_core_reader *r;
	const uint8_t *got;
	size_t len;

	assert_ok(ld_core_reader_open(core, &r));
	assert_int_equal(ld_core_reader_size(r), size);
	for (uint64_t i = 0; i < size; i++) {
		size_t n = entry_bytes(i, want);
		assert_ok(ld_core_read(r, i, &got, &len));
		assert_int_equal(len, n);
		assert_memory_equal(got, want, n);
	}
	assert_int_equal(ld_core_read(r, size, &got, &len), LD_ERR_NOT_FOUND);
	ld_core_reader_close(r);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define E(name) cmocka_unit_test_setup_teardown(name, setup_empty, teardown)

#endif
