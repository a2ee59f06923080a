/* The index: behind the ledger, never wrong, and made again whenever in doubt. */
#include "test_store.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "store/be.h"
#include "store/core.h"
#include "store/core_test.h"
#include "store/index.h"

#define NAME "liandan/330100/main"
#define SCHEMA 3
#define T0 INT64_C(1790000000000)

enum { KIND_MOD7 = 1, KIND_ALL, KIND_SELF, KIND_VARIED };

static EVP_PKEY *pkey;
static struct ld_note_key key;
static char why[512];

struct fixture {
	char dir[PATH_BYTES];
	struct ld_core_options opt;
	struct ld_core *core;
	struct ld_index *ix;
};

/* Entry: big-endian u64 i, then some bytes. Filed under i % 7, under nothing, under itself, and
 * under a key that is a prefix of others of its kind. */
static void keys(uint64_t index, const uint8_t *entry, size_t len, ld_index_emit emit, void *sink)
{
	static const uint8_t zeros[9];
	static const uint8_t too_long[LD_INDEX_MAX_KEY + 1];
	uint8_t mod = (uint8_t)(index % 7);

	(void)len;
	emit(sink, KIND_MOD7, &mod, 1);
	emit(sink, KIND_ALL, NULL, 0);
	emit(sink, KIND_SELF, entry, 8);
	emit(sink, KIND_SELF, entry, 8); /* twice is once */
	emit(sink, KIND_VARIED, zeros, index % 9);
	emit(sink, KIND_VARIED, too_long, sizeof too_long);
}

static enum ld_err grow_to(struct ld_core *core, uint64_t size)
{
	uint8_t entry[50] = {0};
	uint64_t index;

	for (uint64_t i = ld_core_head(core)->size; i < size; i++) {
		ld_be64_put(entry, i);
		enum ld_err err = ld_core_append(core, entry, sizeof entry, T0, &index);
		if (err)
			return err;
	}
	return ld_core_commit(core);
}

static int group_setup(void **state)
{
	(void)state;
	pkey = test_pkey(1);
	return ld_note_key_init(&key, NAME, pkey);
}

static int group_teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(pkey);
	return 0;
}

static enum ld_err open_index(struct fixture *f)
{
	return ld_index_open(f->dir, f->core, SCHEMA, keys, &f->ix, why, sizeof why);
}

static void close_index(struct fixture *f)
{
	ld_index_close(f->ix);
	f->ix = NULL;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	static const uint8_t genesis[50];

	tmp_dir(f->dir);
	f->opt.dir = f->dir;
	f->opt.key = &key;
	*state = f;
	return ld_core_create(&f->opt, genesis, sizeof genesis, T0) ||
	       ld_core_open(&f->opt, &f->core, why, sizeof why);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	close_index(f);
	ld_core_close(f->core);
	remove_tree(f->dir);
	free(f);
	return 0;
}

struct found {
	uint64_t first, last, n, step;
	bool ordered;
};

static int collect(void *ctx, uint64_t index)
{
	struct found *s = ctx;
	if (s->n == 0)
		s->first = index;
	else if (index != s->last + s->step)
		s->ordered = false;
	s->last = index;
	s->n++;
	return 0;
}

static void expect_complete(struct ld_index *ix, uint64_t size)
{
	struct found s;
	uint8_t be[8];
	uint64_t last;

	assert_int_equal(ld_index_applied(ix), size);
	for (uint8_t m = 0; m < 7 && m < size; m++) {
		s = (struct found){.step = 7, .ordered = true};
		assert_ok(ld_index_find(ix, KIND_MOD7, &m, 1, 0, SIZE_MAX, collect, &s));
		assert_int_equal(s.n, (size - m + 6) / 7);
		assert_int_equal(s.first, m);
		assert_true(s.ordered);
		assert_ok(ld_index_last(ix, KIND_MOD7, &m, 1, &last));
		assert_int_equal(last, s.last);
	}
	s = (struct found){.step = 1, .ordered = true};
	assert_ok(ld_index_find(ix, KIND_ALL, NULL, 0, 0, SIZE_MAX, collect, &s));
	assert_int_equal(s.n, size);
	assert_true(s.ordered);
	for (uint64_t i = 0; i < size; i += 1 + size / 50) {
		ld_be64_put(be, i);
		s = (struct found){.step = 1};
		assert_ok(ld_index_find(ix, KIND_SELF, be, 8, 0, 10, collect, &s));
		assert_int_equal(s.n, 1);
		assert_int_equal(s.first, i);
	}
}

static void catches_up(void **state)
{
	struct fixture *f = *state;

	assert_ok(grow_to(f->core, 50001)); /* more than two commits of the index */
	assert_ok(open_index(f));
	expect_complete(f->ix, 50001);
	close_index(f);
	assert_ok(open_index(f));
	expect_complete(f->ix, 50001);
}

static void follows(void **state)
{
	struct fixture *f = *state;

	assert_ok(open_index(f));
	expect_complete(f->ix, 1);
	for (uint64_t size = 10; size < 1000; size += 90) {
		assert_ok(grow_to(f->core, size));
		ld_index_wake(f->ix);
		assert_ok(ld_index_wait(f->ix, size, 10000));
		expect_complete(f->ix, size);
	}
	/* what is not there cannot be waited for; and waiting does not spin */
	struct timespec from, to;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	uint64_t size = ld_core_head(f->core)->size;
	assert_int_equal(ld_index_wait(f->ix, size + 1, 300), LD_ERR_TIMEOUT);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	int64_t ms =
	    (int64_t)(to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
	assert_true(ms < 150);
	assert_int_equal(ld_index_wait(f->ix, size + 1, 0), LD_ERR_TIMEOUT);
	assert_ok(ld_index_wait(f->ix, size, 0));
	assert_ok(ld_index_trouble(f->ix));
	/* without anybody waiting it comes by itself, within about a second */
	assert_ok(grow_to(f->core, size + 5));
	ld_index_wake(f->ix);
	for (int i = 0; i < 500 && ld_index_applied(f->ix) < size + 5; i++)
		usleep(10000);
	expect_complete(f->ix, size + 5);
}

static int one(void *ctx, uint64_t index)
{
	*(uint64_t *)ctx = index;
	return 1;
}

static void queries(void **state)
{
	struct fixture *f = *state;
	struct found s;
	uint64_t got = 0;
	uint8_t m = 3;

	assert_ok(grow_to(f->core, 500));
	assert_ok(open_index(f));
	s = (struct found){.step = 7, .ordered = true};
	assert_ok(ld_index_find(f->ix, KIND_MOD7, &m, 1, 100, 5, collect, &s));
	assert_int_equal(s.n, 5);
	assert_int_equal(s.first, 101);
	assert_ok(ld_index_find(f->ix, KIND_MOD7, &m, 1, 101, 5, one, &got));
	assert_int_equal(got, 101);
	s = (struct found){.step = 1};
	assert_ok(ld_index_find(f->ix, KIND_MOD7, &m, 1, 500, 5, collect, &s));
	assert_ok(ld_index_find(f->ix, KIND_MOD7, &m, 1, 0, 0, collect, &s));
	assert_ok(ld_index_find(f->ix, 200, &m, 1, 0, 5, collect, &s));
	assert_ok(ld_index_find(f->ix, 0, &m, 1, 0, 5, collect, &s));
	assert_int_equal(s.n, 0);
	/* newest first */
	assert_ok(ld_index_last(f->ix, KIND_MOD7, &m, 1, &got));
	for (uint64_t want = 493; want >= 3 + 7; want -= 7) {
		assert_int_equal(got, want);
		assert_ok(ld_index_prev(f->ix, KIND_MOD7, &m, 1, got, &got));
	}
	assert_int_equal(got, 3);
	assert_int_equal(ld_index_prev(f->ix, KIND_MOD7, &m, 1, got, &got), LD_ERR_NOT_FOUND);
	m = 9;
	assert_int_equal(ld_index_last(f->ix, KIND_MOD7, &m, 1, &got), LD_ERR_NOT_FOUND);
	assert_int_equal(ld_index_last(f->ix, 0, NULL, 0, &got), LD_ERR_NOT_FOUND);
	assert_int_equal(ld_index_last(f->ix, 255, NULL, 0, &got), LD_ERR_NOT_FOUND);
	/* keys that begin one another are told apart */
	static const uint8_t zeros[9];
	for (size_t n = 0; n < 9; n++) {
		s = (struct found){.step = 9, .ordered = true};
		assert_ok(ld_index_find(f->ix, KIND_VARIED, zeros, n, 0, SIZE_MAX, collect, &s));
		assert_int_equal(s.n, (500 - n + 8) / 9);
		assert_int_equal(s.first, n);
		assert_true(s.ordered);
		assert_ok(ld_index_last(f->ix, KIND_VARIED, zeros, n, &got));
		assert_int_equal(got, s.last);
	}
	static const uint8_t too_long[LD_INDEX_MAX_KEY + 1];
	assert_int_equal(ld_index_last(f->ix, KIND_VARIED, too_long, sizeof too_long, &got),
			 LD_ERR_ARG);
	assert_int_equal(ld_index_last(f->ix, KIND_VARIED, too_long, sizeof too_long - 1, &got),
			 LD_ERR_NOT_FOUND);
}

struct range {
	uint64_t n, first, last;
};

static int in_range(void *ctx, const uint8_t *k, size_t key_len, uint64_t index)
{
	struct range *r = ctx;
	assert_int_equal(key_len, 8);
	assert_int_equal(ld_be64_get(k), index);
	if (r->n++ == 0)
		r->first = index;
	r->last = index;
	return 0;
}

static void ranges(void **state)
{
	struct fixture *f = *state;
	uint8_t from[8], to[8];
	struct range r = {0};

	assert_ok(grow_to(f->core, 500));
	assert_ok(open_index(f));
	ld_be64_put(from, 100);
	ld_be64_put(to, 200);
	assert_ok(ld_index_range(f->ix, KIND_SELF, from, 8, to, 8, SIZE_MAX, in_range, &r));
	assert_int_equal(r.n, 100);
	assert_int_equal(r.first, 100);
	assert_int_equal(r.last, 199);
	r = (struct range){0};
	assert_ok(ld_index_range(f->ix, KIND_SELF, from, 8, NULL, 0, SIZE_MAX, in_range, &r));
	assert_int_equal(r.n, 400);
	r = (struct range){0};
	assert_ok(ld_index_range(f->ix, KIND_SELF, NULL, 0, NULL, 0, 30, in_range, &r));
	assert_int_equal(r.n, 30);
	assert_int_equal(r.first, 0);
}

static void rebuilt_when_in_doubt(void **state)
{
	struct fixture *f = *state;
	char path[PATH_BYTES + 32];

	assert_ok(grow_to(f->core, 300));
	assert_ok(open_index(f));
	close_index(f);
	/* another schema */
	assert_ok(ld_index_open(f->dir, f->core, SCHEMA + 1, keys, &f->ix, why, sizeof why));
	expect_complete(f->ix, 300);
	close_index(f);
	/* rubbish */
	snprintf(path, sizeof path, "%s/index/data.mdb", f->dir);
	FILE *out = fopen(path, "w");
	for (int i = 0; i < 20000; i++)
		fputc('x', out);
	fclose(out);
	assert_ok(open_index(f));
	expect_complete(f->ix, 300);
	close_index(f);
	/* gone */
	unlink(path);
	assert_ok(open_index(f));
	expect_complete(f->ix, 300);
}

static void ahead_of_core(void **state)
{
	struct fixture *f = *state;
	char cmd_from[PATH_BYTES + 32], cmd_to[PATH_BYTES + 32];
	size_t len = 0;

	assert_ok(grow_to(f->core, 100));
	ld_core_close(f->core);
	f->core = NULL;
	snprintf(cmd_from, sizeof cmd_from, "%s/core/data.mdb", f->dir);
	snprintf(cmd_to, sizeof cmd_to, "%s/backup", f->dir);
	char *backup = slurp(cmd_from, &len);
	assert_non_null(backup);
	assert_ok(ld_core_open(&f->opt, &f->core, why, sizeof why));
	assert_ok(grow_to(f->core, 200));
	assert_ok(open_index(f));
	close_index(f);
	ld_core_close(f->core);
	FILE *out = fopen(cmd_from, "w");
	assert_int_equal(fwrite(backup, 1, len, out), len);
	fclose(out);
	free(backup);
	assert_ok(ld_core_open(&f->opt, &f->core, why, sizeof why));
	assert_int_equal(ld_core_head(f->core)->size, 100);
	assert_ok(open_index(f));
	expect_complete(f->ix, 100);
}

static void tool_beside_it(void **state)
{
	struct fixture *f = *state;
	int status, ready[2], go[2];
	struct ld_index *ro;
	char c;

	/* the broker's part in a child, as one process opens a path once */
	ld_core_close(f->core);
	f->core = NULL;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (ld_core_open(&f->opt, &f->core, why, sizeof why) || grow_to(f->core, 50) ||
		    open_index(f))
			_exit(1);
		if (write(ready[1], "x", 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(2);
		if (grow_to(f->core, 90))
			_exit(3);
		ld_index_wake(f->ix);
		if (ld_index_wait(f->ix, 90, 10000))
			_exit(4);
		if (write(ready[1], "x", 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(5);
		close_index(f);
		ld_core_close(f->core);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_ok(ld_index_open_ro(f->dir, &ro, why, sizeof why));
	expect_complete(ro, 50);
	assert_int_equal(ld_index_wait(ro, 51, 1000), LD_ERR_BEHIND);
	assert_int_equal(write(go[1], "x", 1), 1);
	assert_int_equal(read(ready[0], &c, 1), 1);
	expect_complete(ro, 90);
	ld_index_close(ro);
	assert_int_equal(write(go[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	close(go[1]);
	char none[PATH_BYTES + 8];
	snprintf(none, sizeof none, "%s/none", f->dir);
	assert_int_equal(ld_index_open_ro(none, &ro, why, sizeof why), LD_ERR_NOT_FOUND);
	assert_non_null(strstr(why, none));
}

/* Queries from other threads, commits that fail and reopen the ledger, all at once. */
struct asking {
	struct ld_index *ix;
	_Atomic bool stop;
	_Atomic unsigned asked;
};

static void *ask(void *arg)
{
	struct asking *a = arg;
	while (!a->stop) {
		struct found s = {.step = 1, .ordered = true};
		uint64_t applied = ld_index_applied(a->ix);
		if (ld_index_find(a->ix, KIND_ALL, NULL, 0, 0, SIZE_MAX, collect, &s) == LD_OK &&
		    s.n >= applied && s.ordered)
			a->asked++;
		else
			abort();
	}
	return NULL;
}

static void many_threads(void **state)
{
	struct fixture *f = *state;
	struct asking a = {0};
	pthread_t thread[2];

	assert_ok(open_index(f));
	a.ix = f->ix;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, ask, &a), 0);
	for (uint64_t size = 20; size < 2000; size += 20) {
		if (size % 100 == 0)
			ld_core_test_fail_commit(f->core, 5 /* EIO */, false, 1);
		enum ld_err err = grow_to(f->core, size);
		if (err)
			assert_ok(grow_to(f->core, size));
		ld_index_wake(f->ix);
		if (size % 300 == 0)
			assert_ok(ld_index_wait(f->ix, size, 10000));
	}
	uint64_t size = ld_core_head(f->core)->size;
	ld_index_wake(f->ix);
	assert_ok(ld_index_wait(f->ix, size, 10000));
	a.stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	assert_true(a.asked > 0);
	expect_complete(f->ix, size);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(catches_up),
	    T(follows),
	    T(queries),
	    T(ranges),
	    T(rebuilt_when_in_doubt),
	    T(ahead_of_core),
	    T(tool_beside_it),
	    T(many_threads),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
