/* The durable outbox: nothing signed is lost, changed, signed again, or used by two at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/spool.h"
#include "tests/unit/cli_fixture.h"

struct rig {
	char dir[64], spool[80];
	struct ld_signer signer;
	char why[512];
};

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/liandan-spool-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->spool, sizeof(r->spool), "%s/spool", r->dir);
	assert_int_equal(ld_gate_init(), LD_OK);
	cli_signer(&r->signer);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;
	ld_key_free(r->signer.key);
	cli_remove(r->dir);
	free(r);
	return 0;
}

static struct ld_spool *open_spool(struct rig *r)
{
	struct ld_spool *s = NULL;
	enum ld_err err =
	    ld_spool_open(r->spool, NULL, ld_key_id(r->signer.key), &s, r->why, sizeof(r->why));
	if (err != LD_OK)
		fail_msg("%s", r->why);
	return s;
}

static enum ld_err open_fails(struct rig *r)
{
	struct ld_spool *s = NULL;
	enum ld_err err =
	    ld_spool_open(r->spool, NULL, ld_key_id(r->signer.key), &s, r->why, sizeof(r->why));
	assert_null(s);
	assert_true(strlen(r->why) > 0);
	return err;
}

static void add(struct rig *r, struct ld_spool *s, uint8_t n)
{
	size_t len;
	uint8_t *bytes = cli_event(&r->signer, n, &len, NULL);
	assert_int_equal(ld_spool_add(s, bytes, len, r->why, sizeof(r->why)), LD_OK);
	free(bytes);
}

static void event_path(const struct rig *r, uint64_t seq, char out[160])
{
	snprintf(out, 160, "%s/0000000000-%020llu.event", r->spool, (unsigned long long)seq);
}

static void the_exact_bytes_come_back(void **state)
{
	struct rig *r = *state;
	struct ld_spool *s = open_spool(r);
	size_t len[3];
	uint8_t *bytes[3];
	char path[160];
	struct stat st;
	for (uint8_t i = 0; i < 3; i++) {
		bytes[i] = cli_event(&r->signer, i, &len[i], NULL);
		assert_int_equal(ld_spool_add(s, bytes[i], len[i], r->why, sizeof(r->why)), LD_OK);
	}
	event_path(r, 2, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	ld_spool_close(s);
	s = open_spool(r);
	assert_int_equal(ld_spool_count(s), 3);
	for (size_t i = 0; i < 3; i++) {
		const struct ld_spooled *e = ld_spool_at(s, i);
		assert_int_equal(e->seq, i + 1);
		assert_int_equal(e->len, len[i]);
		assert_memory_equal(e->bytes, bytes[i], len[i]);
		assert_string_equal(e->body, "manifest_cancelled");
		assert_int_equal(e->lane, LD_LANE_CUSTODY);
		free(bytes[i]);
	}
	ld_spool_close(s);
}

static void the_chain_is_known_when_it_has_run_empty(void **state)
{
	struct rig *r = *state;
	struct ld_spool *s = open_spool(r);
	uint32_t epoch;
	uint64_t seq;
	uint8_t prev[LD_HASH_BYTES];
	assert_false(ld_spool_chain(s, &epoch, &seq, prev));
	add(r, s, 1);
	add(r, s, 2);
	assert_int_equal(ld_spool_done(s, 0, 1, r->why, sizeof(r->why)), LD_OK);
	assert_int_equal(ld_spool_done(s, 0, 1, r->why, sizeof(r->why)), LD_ERR_NOT_FOUND);
	assert_int_equal(ld_spool_done(s, 0, 2, r->why, sizeof(r->why)), LD_OK);
	ld_spool_close(s);
	s = open_spool(r);
	assert_int_equal(ld_spool_count(s), 0);
	assert_true(ld_spool_chain(s, &epoch, &seq, prev));
	assert_int_equal(seq, 2);
	assert_memory_equal(prev, r->signer.prev, LD_HASH_BYTES);
	ld_spool_close(s);
}

/* The chain file is behind after a crash: what was receipted since then lies between. */
static void a_crash_in_the_middle_loses_nothing(void **state)
{
	struct rig *r = *state;
	struct ld_spool *s = open_spool(r);
	assert_int_equal(ld_spool_learn(s, 0, 0, r->signer.prev, r->why, sizeof(r->why)), LD_OK);
	for (uint8_t i = 0; i < 5; i++)
		add(r, s, i);
	assert_int_equal(ld_spool_done(s, 0, 1, r->why, sizeof(r->why)), LD_OK);
	assert_int_equal(ld_spool_done(s, 0, 2, r->why, sizeof(r->why)), LD_OK);
	ld_spool_close(s); /* nothing more was written than a kill would have left */
	s = open_spool(r);
	assert_int_equal(ld_spool_count(s), 3);
	assert_int_equal(ld_spool_at(s, 0)->seq, 3);
	add(r, s, 9);
	ld_spool_close(s);
}

static void a_half_written_file_is_no_event(void **state)
{
	struct rig *r = *state;
	struct ld_spool *s = open_spool(r);
	char path[170];
	add(r, s, 1);
	ld_spool_close(s);
	event_path(r, 2, path);
	strncat(path, ".tmp77", sizeof(path) - strlen(path) - 1);
	FILE *f = fopen(path, "w");
	fputs("half", f);
	fclose(f);
	s = open_spool(r);
	assert_int_equal(ld_spool_count(s), 1);
	ld_spool_close(s);
}

static void a_number_is_never_signed_twice(void **state)
{
	struct rig *r = *state;
	struct ld_spool *s = open_spool(r);
	struct ld_signer again = r->signer;
	size_t len;
	add(r, s, 1);
	uint8_t *bytes = cli_event(&again, 2, &len, NULL); /* seq 1 once more, other bytes */
	assert_int_equal(ld_spool_add(s, bytes, len, r->why, sizeof(r->why)), LD_ERR_STATE);
	free(bytes);
	/* nor after its receipt */
	assert_int_equal(ld_spool_done(s, 0, 1, r->why, sizeof(r->why)), LD_OK);
	bytes = cli_event(&again, 3, &len, NULL); /* seq 2, but resting on the wrong 1 */
	assert_int_equal(ld_spool_add(s, bytes, len, r->why, sizeof(r->why)), LD_ERR_STATE);
	free(bytes);
	assert_int_equal(ld_spool_count(s), 0);
	ld_spool_close(s);
}

static void nothing_may_be_learnt_while_events_wait(void **state)
{
	struct rig *r = *state;
	struct ld_spool *s = open_spool(r);
	add(r, s, 1);
	assert_int_equal(ld_spool_learn(s, 0, 5, r->signer.prev, r->why, sizeof(r->why)),
			 LD_ERR_STATE);
	ld_spool_close(s);
}

static void another_keys_spool_is_refused(void **state)
{
	struct rig *r = *state;
	struct ld_signer other;
	struct ld_spool *s = open_spool(r);
	ld_spool_close(s);
	cli_signer(&other);
	assert_int_equal(
	    ld_spool_open(r->spool, NULL, ld_key_id(other.key), &s, r->why, sizeof(r->why)),
	    LD_ERR_KEY);
	ld_key_free(other.key);
}

static void anothers_event_is_refused(void **state)
{
	struct rig *r = *state;
	struct ld_signer other;
	struct ld_spool *s = open_spool(r);
	size_t len;
	cli_signer(&other);
	uint8_t *bytes = cli_event(&other, 1, &len, NULL);
	assert_int_equal(ld_spool_add(s, bytes, len, r->why, sizeof(r->why)), LD_ERR_KEY);
	assert_int_equal(ld_spool_add(s, (const uint8_t *)"x", 1, r->why, sizeof(r->why)),
			 LD_ERR_MALFORMED);
	free(bytes);
	ld_key_free(other.key);
	ld_spool_close(s);
}

/* flock belongs to the open file: a second opening in this very process is another one. */
static void one_at_a_time(void **state)
{
	struct rig *r = *state;
	struct ld_spool *s = open_spool(r);
	assert_int_equal(open_fails(r), LD_ERR_LOCKED);
	ld_spool_close(s);
	ld_spool_close(open_spool(r));
}

static void one_user_of_a_key_whatever_the_spool(void **state)
{
	struct rig *r = *state;
	struct ld_spool *s = NULL, *t = NULL;
	char key_path[96], second[96];
	snprintf(key_path, sizeof(key_path), "%s/key.pem", r->dir);
	snprintf(second, sizeof(second), "%s/second", r->dir);
	FILE *f = fopen(key_path, "w");
	fclose(f);
	const uint8_t *id = ld_key_id(r->signer.key);
	assert_int_equal(ld_spool_open(r->spool, key_path, id, &s, r->why, sizeof(r->why)), LD_OK);
	assert_int_equal(ld_spool_open(second, key_path, id, &t, r->why, sizeof(r->why)),
			 LD_ERR_LOCKED);
	ld_spool_close(s);
	assert_int_equal(ld_spool_open(second, key_path, id, &t, r->why, sizeof(r->why)), LD_OK);
	ld_spool_close(t);
}

static void flip(const char *path, long at)
{
	FILE *f = fopen(path, "r+");
	assert_non_null(f);
	fseek(f, at, SEEK_SET);
	int byte = fgetc(f);
	fseek(f, at, SEEK_SET);
	fputc(byte ^ 0x40, f);
	fclose(f);
}

static void a_changed_or_missing_file_is_noticed(void **state)
{
	struct rig *r = *state;
	struct ld_spool *s = open_spool(r);
	char path[160], other[160];
	for (uint8_t i = 0; i < 4; i++)
		add(r, s, i);
	ld_spool_close(s);
	event_path(r, 2, path);
	flip(path, 0); /* no envelope any more */
	assert_int_equal(open_fails(r), LD_ERR_CORRUPT);
	flip(path, 0);
	ld_spool_close(open_spool(r));
	event_path(r, 9, other);
	assert_int_equal(rename(path, other), 0); /* a hole, and a name that lies */
	assert_int_equal(open_fails(r), LD_ERR_CORRUPT);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(open_fails(r), LD_ERR_CORRUPT);
}

static void set_aside_keeps_what_rests_on_it_too(void **state)
{
	struct rig *r = *state;
	struct ld_spool *s = open_spool(r);
	size_t moved;
	uint32_t epoch;
	uint64_t seq;
	uint8_t prev[LD_HASH_BYTES];
	char aside[96];
	for (uint8_t i = 0; i < 3; i++)
		add(r, s, i);
	assert_int_equal(ld_spool_set_aside(s, &moved, r->why, sizeof(r->why)), LD_OK);
	assert_int_equal(moved, 3);
	assert_int_equal(ld_spool_count(s), 0);
	assert_false(ld_spool_chain(s, &epoch, &seq, prev)); /* the ledger must be asked again */
	ld_spool_close(s);
	s = open_spool(r);
	assert_int_equal(ld_spool_count(s), 0);
	ld_spool_close(s);
	snprintf(aside, sizeof(aside), "%s/aside", r->spool);
	struct dirent **names;
	int n = scandir(aside, &names, NULL, NULL);
	assert_int_equal(n, 5); /* three, "." and ".." */
	while (n-- > 0)
		free(names[n]);
	free(names);
}

/* A process that is killed between signing and sending leaves a spool that the next one opens. */
static void a_killed_process_leaves_its_lock_and_its_events(void **state)
{
	struct rig *r = *state;
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		struct ld_spool *s = NULL;
		size_t len;
		uint8_t *bytes = cli_event(&r->signer, 1, &len, NULL);
		if (ld_spool_open(r->spool, NULL, ld_key_id(r->signer.key), &s, r->why,
				  sizeof(r->why)) != LD_OK ||
		    ld_spool_add(s, bytes, len, r->why, sizeof(r->why)) != LD_OK)
			_exit(1);
		abort();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	struct ld_spool *s = open_spool(r);
	assert_int_equal(ld_spool_count(s), 1);
	ld_spool_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_exact_bytes_come_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_chain_is_known_when_it_has_run_empty, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_crash_in_the_middle_loses_nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_half_written_file_is_no_event, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_number_is_never_signed_twice, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_may_be_learnt_while_events_wait, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(another_keys_spool_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(anothers_event_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_at_a_time, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_user_of_a_key_whatever_the_spool, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_changed_or_missing_file_is_noticed, setup, teardown),
	    cmocka_unit_test_setup_teardown(set_aside_keeps_what_rests_on_it_too, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_killed_process_leaves_its_lock_and_its_events, setup,
					    teardown),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	ld_gate_cleanup();
	return failed;
}
