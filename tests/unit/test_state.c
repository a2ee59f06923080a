/* Derived state: own writes are seen, commits carry how far they stand, and doubt means empty. */
#include "test_store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "store/state.h"

#define SCHEMA 7

struct fixture {
	char dir[PATH_BYTES];
	struct ld_state *st;
	uint64_t applied;
	size_t map_bytes;
};

static char why[512];

static enum ld_err open_as(struct fixture *f, uint32_t schema, bool read_only)
{
	f->applied = UINT64_MAX;
	return ld_state_open(f->dir, schema, read_only, f->map_bytes, &f->st, &f->applied, why,
			     sizeof why);
}

static void close_state(struct fixture *f)
{
	ld_state_close(f->st);
	f->st = NULL;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	tmp_dir(f->dir);
	*state = f;
	return open_as(f, SCHEMA, false);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	close_state(f);
	remove_tree(f->dir);
	free(f);
	return 0;
}

static void put(struct ld_state *st, uint8_t table, const char *key, const char *value)
{
	assert_ok(ld_state_put(st, table, key, strlen(key), value, strlen(value)));
}

static void expect(struct ld_state *st, uint8_t table, const char *key, const char *value)
{
	const uint8_t *got;
	size_t len;

	if (!value) {
		assert_int_equal(ld_state_get(st, table, key, strlen(key), &got, &len),
				 LD_ERR_NOT_FOUND);
		return;
	}
	assert_ok(ld_state_get(st, table, key, strlen(key), &got, &len));
	assert_int_equal(len, strlen(value));
	assert_memory_equal(got, value, len);
}

static void own_writes_are_seen(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->applied, 0);
	expect(f->st, 1, "a", NULL);
	put(f->st, 1, "a", "one");
	expect(f->st, 1, "a", "one");
	expect(f->st, 2, "a", NULL);
	put(f->st, 1, "a", "two and longer");
	expect(f->st, 1, "a", "two and longer");
	put(f->st, 1, "", "empty key");
	expect(f->st, 1, "", "empty key");
	put(f->st, 3, "empty value", "");
	expect(f->st, 3, "empty value", "");
	assert_ok(ld_state_del(f->st, 1, "a", 1));
	expect(f->st, 1, "a", NULL);
	assert_int_equal(ld_state_del(f->st, 1, "a", 1), LD_ERR_NOT_FOUND);
	put(f->st, 1, "b", "after a failed del");
}

static void key_limits(void **state)
{
	struct fixture *f = *state;
	uint8_t key[501] = {0};
	const uint8_t *got;
	size_t len;

	for (size_t n = 499; n <= 501; n++) {
		enum ld_err want = n <= 500 ? LD_OK : LD_ERR_ARG;
		assert_int_equal(ld_state_put(f->st, 9, key, n, "v", 1), want);
		assert_int_equal(ld_state_get(f->st, 9, key, n, &got, &len), want);
		assert_int_equal(ld_state_del(f->st, 9, key, n), want);
	}
}

struct seen {
	char keys[256];
	int stop_at;
	int n;
};

static int see(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct seen *s = ctx;
	(void)value;
	(void)len;
	size_t at = strlen(s->keys);
	snprintf(s->keys + at, sizeof s->keys - at, "%.*s ", (int)key_len, (const char *)key);
	return ++s->n == s->stop_at ? 42 : 0;
}

static void expect_walk(struct ld_state *st, uint8_t table, const char *prefix, const char *from,
			const char *want)
{
	struct seen s = {"", 0, 0};
	int stopped = -1;

	assert_ok(ld_state_walk(st, table, prefix, strlen(prefix), from, from ? strlen(from) : 0,
				see, &s, &stopped));
	assert_int_equal(stopped, 0);
	assert_string_equal(s.keys, want);
}

static void walking(void **state)
{
	struct fixture *f = *state;
	struct seen s = {"", 2, 0};
	int stopped = 0;

	put(f->st, 1, "zz", "other table");
	put(f->st, 3, "aa", "other table");
	put(f->st, 2, "b2", "");
	put(f->st, 2, "a", "");
	put(f->st, 2, "b10", "");
	put(f->st, 2, "b", "");
	put(f->st, 2, "c", "");
	expect_walk(f->st, 2, "", NULL, "a b b10 b2 c ");
	expect_walk(f->st, 2, "b", NULL, "b b10 b2 ");
	expect_walk(f->st, 2, "b", "b1", "b10 b2 ");
	expect_walk(f->st, 2, "b", "b10", "b10 b2 ");
	expect_walk(f->st, 2, "b", "a", "b b10 b2 ");
	expect_walk(f->st, 2, "b", "c", "");
	expect_walk(f->st, 2, "", "b2", "b2 c ");
	expect_walk(f->st, 2, "d", NULL, "");
	expect_walk(f->st, 4, "", NULL, "");
	expect_walk(f->st, 255, "", NULL, "");
	assert_ok(ld_state_walk(f->st, 2, "", 0, NULL, 0, see, &s, &stopped));
	assert_int_equal(stopped, 42);
	assert_string_equal(s.keys, "a b ");
	assert_ok(ld_state_walk(f->st, 2, "", 0, NULL, 0, see, &s, NULL));
}

static void commit_and_abort(void **state)
{
	struct fixture *f = *state;
	uint64_t applied = 99;

	put(f->st, 1, "kept", "1");
	assert_ok(ld_state_commit(f->st, 10));
	expect(f->st, 1, "kept", "1");
	put(f->st, 1, "lost", "2");
	put(f->st, 1, "kept", "changed");
	assert_ok(ld_state_abort(f->st, &applied));
	assert_int_equal(applied, 10);
	expect(f->st, 1, "kept", "1");
	expect(f->st, 1, "lost", NULL);
	/* closing forgets what was not committed */
	put(f->st, 1, "lost", "3");
	close_state(f);
	assert_ok(open_as(f, SCHEMA, false));
	assert_int_equal(f->applied, 10);
	expect(f->st, 1, "kept", "1");
	expect(f->st, 1, "lost", NULL);
	put(f->st, 1, "a", "b");
	assert_ok(ld_state_clear(f->st));
	expect(f->st, 1, "kept", NULL);
	expect(f->st, 1, "a", NULL);
	close_state(f);
	assert_ok(open_as(f, SCHEMA, false));
	assert_int_equal(f->applied, 0);
	expect(f->st, 1, "kept", NULL);
}

static void another_schema_empties(void **state)
{
	struct fixture *f = *state;

	put(f->st, 1, "k", "v");
	assert_ok(ld_state_commit(f->st, 3));
	close_state(f);
	assert_int_equal(open_as(f, SCHEMA + 1, true), LD_ERR_STATE);
	assert_ok(open_as(f, SCHEMA + 1, false));
	assert_int_equal(f->applied, 0);
	expect(f->st, 1, "k", NULL);
	close_state(f);
	assert_ok(open_as(f, SCHEMA + 1, false));
}

static void mark(struct fixture *f, const char *text)
{
	char path[PATH_BYTES + 32];
	snprintf(path, sizeof path, "%s/state/mark", f->dir);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/* A child commits and is killed; what becomes of it hangs on the boot id. */
static void killed_writer(struct fixture *f)
{
	int status, fd[2];
	char c;

	assert_int_equal(pipe(fd), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (open_as(f, SCHEMA, false))
			_exit(1);
		put(f->st, 1, "k", "committed");
		if (ld_state_commit(f->st, 5))
			_exit(2);
		put(f->st, 1, "k", "not committed");
		if (write(fd[1], "x", 1) != 1)
			_exit(3);
		for (;;)
			pause();
	}
	assert_int_equal(read(fd[0], &c, 1), 1);
	/* a tool beside it sees the last commit */
	assert_ok(open_as(f, SCHEMA, true));
	assert_int_equal(f->applied, 5);
	expect(f->st, 1, "k", "committed");
	assert_int_equal(ld_state_put(f->st, 1, "k", 1, "v", 1), LD_ERR_STATE);
	assert_int_equal(ld_state_commit(f->st, 6), LD_ERR_STATE);
	assert_int_equal(ld_state_clear(f->st), LD_ERR_STATE);
	close_state(f);
	/* another writer does not get in */
	assert_int_equal(open_as(f, SCHEMA, false), LD_ERR_LOCKED);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	close(fd[0]);
	close(fd[1]);
}

static void end_of_the_process(void **state)
{
	struct fixture *f = *state;

	close_state(f);
	killed_writer(f);
	assert_ok(open_as(f, SCHEMA, false));
	assert_int_equal(f->applied, 5);
	expect(f->st, 1, "k", "committed");
}

static void end_of_the_machine(void **state)
{
	struct fixture *f = *state;
	static const char *const doubtful[] = {"open 00000000-0000-0000-0000-000000000000\n",
					       "open unknown\n", "", "clea", "garbage\n"};

	close_state(f);
	for (size_t i = 0; i < sizeof doubtful / sizeof doubtful[0]; i++) {
		killed_writer(f);
		mark(f, doubtful[i]);
		assert_int_equal(open_as(f, SCHEMA, true), LD_ERR_STATE);
		assert_ok(open_as(f, SCHEMA, false));
		assert_int_equal(f->applied, 0);
		expect(f->st, 1, "k", NULL);
		close_state(f);
	}
	/* a clean end says that all was synced, whatever machine runs now */
	assert_ok(open_as(f, SCHEMA, false));
	put(f->st, 1, "k", "clean");
	assert_ok(ld_state_commit(f->st, 8));
	close_state(f);
	assert_ok(open_as(f, SCHEMA, false));
	assert_int_equal(f->applied, 8);
}

static void damaged_file(void **state)
{
	struct fixture *f = *state;
	char path[PATH_BYTES + 32];

	put(f->st, 1, "k", "v");
	assert_ok(ld_state_commit(f->st, 5));
	close_state(f);
	snprintf(path, sizeof path, "%s/state/data.mdb", f->dir);
	FILE *out = fopen(path, "w");
	for (int i = 0; i < 20000; i++)
		fputc('x', out);
	fclose(out);
	assert_ok(open_as(f, SCHEMA, false));
	assert_int_equal(f->applied, 0);
	put(f->st, 1, "k", "v");
	assert_ok(ld_state_commit(f->st, 5));
}

static void reader_follows(void **state)
{
	struct fixture *f = *state;
	int status, ready[2], go[2];
	char c;

	close_state(f);
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		uint64_t applied;
		if (open_as(f, SCHEMA, false) || ld_state_commit(f->st, 1))
			_exit(1);
		for (uint64_t i = 2; i < 4; i++) {
			if (write(ready[1], "x", 1) != 1 || read(go[0], &c, 1) != 1)
				_exit(2);
			put(f->st, 1, "k", i == 2 ? "two" : "three");
			if (ld_state_commit(f->st, i))
				_exit(3);
		}
		if (write(ready[1], "x", 1) != 1 || ld_state_renew(f->st, &applied) != LD_ERR_STATE)
			_exit(4);
		close_state(f);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_ok(open_as(f, SCHEMA, true));
	assert_int_equal(f->applied, 1);
	for (uint64_t i = 2; i < 4; i++) {
		uint64_t applied = 0;
		assert_int_equal(write(go[1], "x", 1), 1);
		assert_int_equal(read(ready[0], &c, 1), 1);
		assert_ok(ld_state_renew(f->st, &applied));
		assert_int_equal(applied, i);
		expect(f->st, 1, "k", i == 2 ? "two" : "three");
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	close(go[1]);
}

static void map_full_then_room(void **state)
{
	struct fixture *f = *state;
	static uint8_t value[3000];
	uint64_t applied;
	int failures = 0;

	close_state(f);
	f->map_bytes = 256 * 1024;
	assert_ok(open_as(f, SCHEMA, false));
	put(f->st, 1, "kept", "v");
	assert_ok(ld_state_commit(f->st, 4));
	for (;;) {
		enum ld_err err = LD_OK;
		for (uint32_t i = 0; i < 1000 && !err; i++)
			err = ld_state_put(f->st, 2, &i, sizeof i, value, sizeof value);
		if (!err)
			err = ld_state_commit(f->st, 9);
		if (!err)
			break;
		assert_int_equal(err, LD_ERR_DB);
		assert_int_equal(ld_state_put(f->st, 2, "x", 1, "y", 1), LD_ERR_STATE);
		assert_int_equal(ld_state_commit(f->st, 9), LD_ERR_STATE);
		assert_ok(ld_state_abort(f->st, &applied));
		assert_int_equal(applied, 4);
		expect(f->st, 1, "kept", "v");
		assert_true(++failures < 10);
	}
	assert_true(failures > 0);
	expect(f->st, 1, "kept", "v");
}

/* Disk full while committing: forgotten as after an abort, and usable when there is room. */
static void disk_full(void **state)
{
	struct fixture *f = *state;
	static uint8_t value[3000];
	struct rlimit old, small;

	put(f->st, 1, "kept", "v");
	assert_ok(ld_state_commit(f->st, 4));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 256 * 1024;
	for (uint32_t i = 0; i < 500; i++)
		assert_ok(ld_state_put(f->st, 2, &i, sizeof i, value, sizeof value));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum ld_err err = ld_state_commit(f->st, 9);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_true(err == LD_ERR_DISK_FULL || err == LD_ERR_IO);
	expect(f->st, 1, "kept", "v");
	uint32_t i = 3;
	const uint8_t *got;
	size_t len;
	assert_int_equal(ld_state_get(f->st, 2, &i, sizeof i, &got, &len), LD_ERR_NOT_FOUND);
	put(f->st, 1, "more", "v");
	assert_ok(ld_state_commit(f->st, 5));
	close_state(f);
	assert_ok(open_as(f, SCHEMA, false));
	assert_int_equal(f->applied, 5);
}

/* After the end of the machine: the snapshot, if there is one that is whole. */
static void snapshots(void **state)
{
	struct fixture *f = *state;
	char path[PATH_BYTES + 32];
	uint64_t applied;

	put(f->st, 1, "k", "old");
	assert_ok(ld_state_commit(f->st, 5));
	put(f->st, 1, "k", "open, not in the snapshot");
	assert_ok(ld_state_snapshot(f->st));
	expect(f->st, 1, "k", "open, not in the snapshot");
	assert_ok(ld_state_abort(f->st, &applied));
	put(f->st, 1, "k", "newer");
	assert_ok(ld_state_commit(f->st, 6));
	close_state(f);
	assert_ok(open_as(f, SCHEMA, false));
	assert_int_equal(f->applied, 6);
	close_state(f);
	for (int i = 0; i < 2; i++) { /* it is copied, not used up */
		mark(f, "open another boot\n");
		assert_ok(open_as(f, SCHEMA, false));
		assert_int_equal(f->applied, 5);
		expect(f->st, 1, "k", "old");
		put(f->st, 1, "k", "again");
		assert_ok(ld_state_commit(f->st, 7));
		close_state(f);
	}
	/* of another schema: no use */
	assert_ok(open_as(f, SCHEMA + 1, false));
	assert_int_equal(f->applied, 0);
	assert_ok(ld_state_snapshot(f->st));
	assert_ok(ld_state_snapshot(f->st));
	close_state(f);
	mark(f, "open another boot\n");
	assert_ok(open_as(f, SCHEMA, false));
	assert_int_equal(f->applied, 0);
	/* clearing takes it away */
	put(f->st, 1, "k", "v");
	assert_ok(ld_state_commit(f->st, 9));
	assert_ok(ld_state_snapshot(f->st));
	assert_ok(ld_state_clear(f->st));
	close_state(f);
	mark(f, "open another boot\n");
	assert_ok(open_as(f, SCHEMA, false));
	assert_int_equal(f->applied, 0);
	/* damaged: passed over */
	snprintf(path, sizeof path, "%s/state/snapshot.mdb", f->dir);
	FILE *out = fopen(path, "w");
	for (int i = 0; i < 20000; i++)
		fputc('x', out);
	fclose(out);
	close_state(f);
	mark(f, "open another boot\n");
	assert_ok(open_as(f, SCHEMA, false));
	assert_int_equal(f->applied, 0);
}

static void digests(void **state)
{
	struct fixture *f = *state;
	struct ld_state *other;
	struct ld_hash a, b, empty;
	uint64_t applied;

	assert_ok(ld_state_open_scratch(&other));
	assert_ok(ld_state_digest(f->st, &empty));
	assert_ok(ld_state_digest(other, &b));
	assert_true(ld_hash_equal(&empty, &b));
	struct ld_hash nothing;
	ld_merkle_empty(&nothing);
	assert_true(ld_hash_equal(&empty, &nothing));
	/* another order, another history, other bookkeeping: the same state */
	put(f->st, 1, "a", "1");
	put(f->st, 2, "b", "2");
	assert_ok(ld_state_commit(f->st, 100));
	put(other, 2, "b", "x");
	put(other, 3, "c", "x");
	put(other, 2, "b", "2");
	put(other, 1, "a", "1");
	assert_ok(ld_state_del(other, 3, "c", 1));
	assert_ok(ld_state_digest(f->st, &a));
	assert_ok(ld_state_digest(other, &b));
	assert_true(ld_hash_equal(&a, &b));
	/* the bytes, spelled out */
	static const uint8_t text[] = {1, 0, 0, 0, 1, 'a', 0, 0, 0, 1, '1',
				       2, 0, 0, 0, 1, 'b', 0, 0, 0, 1, '2'};
	struct ld_hash want;
	assert_int_equal(EVP_Digest(text, sizeof text, want.b, NULL, EVP_sha256(), NULL), 1);
	assert_true(ld_hash_equal(&a, &want));
	/* where a key ends and its value begins */
	assert_ok(ld_state_abort(other, &applied));
	put(other, 1, "a1", "");
	put(other, 2, "b", "2");
	assert_ok(ld_state_digest(other, &b));
	assert_false(ld_hash_equal(&a, &b));
	ld_state_close(other);
}

/* A get is on the path of every event. Under a sanitizer nothing is said about time. */
static void gets_are_cheap(void **state)
{
	struct fixture *f = *state;
	struct timespec from, to;
	const uint8_t *got;
	size_t len;
	uint8_t key[16];
	enum { KEYS = 20000, GETS = 200000 };

	for (uint32_t i = 0; i < KEYS; i++) {
		uint64_t h = i * UINT64_C(0x9E3779B97F4A7C15);
		memcpy(key, &h, 8);
		memset(key + 8, 1, 8);
		assert_ok(ld_state_put(f->st, 1, key, sizeof key, key, sizeof key));
	}
	assert_ok(ld_state_commit(f->st, 1));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (uint32_t i = 0; i < GETS; i++) {
		uint64_t h = i % KEYS * UINT64_C(0x9E3779B97F4A7C15);
		memcpy(key, &h, 8);
		if (ld_state_get(f->st, 1, key, sizeof key, &got, &len))
			fail();
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	double ns =
	    ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / GETS;
	print_message("a get costs %.0f ns\n", ns);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(own_writes_are_seen),
	    T(key_limits),
	    T(walking),
	    T(commit_and_abort),
	    T(another_schema_empties),
	    T(end_of_the_process),
	    T(end_of_the_machine),
	    T(damaged_file),
	    T(reader_follows),
	    T(map_full_then_room),
	    T(disk_full),
	    T(snapshots),
	    T(digests),
	    T(gets_are_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
