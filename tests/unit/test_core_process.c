/* The ledger among processes: killed, locked, read beside, and on a disk that fails. */
#include "test_core_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static void sleep_us(long us)
{
	struct timespec t = {0, us * 1000};
	nanosleep(&t, NULL);
}

/* Child: commits without end and writes each committed size into the pipe. */
static void commit_for_ever(struct fixture *f, int fd)
{
	if (open_core(f))
		_exit(1);
	for (uint64_t batch = 1;; batch = batch % 40 + 1) {
		bool advanced;
		if (grow_to(f->core, ld_core_head(f->core)->size + batch))
			_exit(2);
		uint64_t size = ld_core_head(f->core)->size;
		if (write(fd, &size, sizeof size) != sizeof size)
			_exit(3);
		if (batch % 5 == 0 && ld_core_anchor(f->core, &advanced))
			_exit(4);
	}
}

static void killed_while_committing(void **state)
{
	struct fixture *f = *state;
	uint64_t acked = 1;

	close_core(f);
	srand(7);
	for (int round = 0; round < 12; round++) {
		int fd[2];
		assert_int_equal(pipe(fd), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			close(fd[0]);
			commit_for_ever(f, fd[1]);
		}
		close(fd[1]);
		uint64_t size;
		/* let it get going, then a random moment */
		assert_int_equal(read(fd[0], &size, sizeof size), sizeof size);
		acked = size;
		sleep_us(500 + rand() % 40000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		while (read(fd[0], &size, sizeof size) == sizeof size)
			acked = size;
		close(fd[0]);
		assert_ok(open_core(f));
		size = ld_core_head(f->core)->size;
		assert_true(size >= acked);
		expect_entries(f->core, size);
		expect_audit(f->core, size);
		close_core(f);
	}
	assert_true(acked > 12); /* each round added at least one commit */
}

static void second_writer_is_refused(void **state)
{
	struct fixture *f = *state;
	struct ld_core *other = NULL;
	char pid[32];

	assert_int_equal(ld_core_open(&f->opt, &other, why, sizeof why), LD_ERR_LOCKED);
	assert_null(other);
	snprintf(pid, sizeof pid, "pid %d ", (int)getpid());
	assert_non_null(strstr(why, pid));
	assert_non_null(strstr(why, "host "));
	assert_int_equal(create(f), LD_ERR_LOCKED);
	close_core(f);
	assert_ok(open_core(f));
}

/* A reading process beside the writer: every snapshot it sees proves itself and the one before. */
static void read_beside(struct fixture *f, const struct fixture *stop)
{
	struct ld_hash proof[LD_MERKLE_MAX_PROOF], old_root, leaf;
	struct ld_core_head *head = malloc(sizeof *head);
	struct ld_core_reader *r;
	uint64_t old_size = 0, seen = 0;
	size_t n, len;

	f->opt.read_only = true;
	if (open_core(f) || ld_core_reader_open(f->core, &r))
		_exit(1);
	while (access(in_dir(stop, "stop"), F_OK) != 0 || ld_core_reader_size(r) > old_size) {
		const uint8_t *entry;
		ld_core_reader_renew(r);
		if (ld_core_reader_head(r, head))
			_exit(2);
		if (head->size < old_size)
			_exit(7); /* a snapshot of what was not yet committed came before */
		if (head->size == old_size)
			continue;
		if (ld_core_read(r, head->size - 1, &entry, &len))
			_exit(3);
		ld_merkle_leaf(entry, len, &leaf);
		if (ld_core_inclusion(r, head->size - 1, head->size, proof, &n) ||
		    ld_merkle_verify_inclusion(head->size - 1, head->size, &leaf, proof, n,
					       &head->root))
			_exit(4);
		if (old_size && (ld_core_consistency(r, old_size, head->size, proof, &n) ||
				 ld_merkle_verify_consistency(old_size, head->size, proof, n,
							      &old_root, &head->root)))
			_exit(5);
		old_size = head->size;
		old_root = head->root;
		seen++;
	}
	if (append(f->core, 0) != LD_ERR_STATE || seen < 3)
		_exit(6);
	ld_core_reader_close(r);
	close_core(f);
	free(head);
	_exit(0);
}

static void reader_process_beside_a_writer(void **state)
{
	struct fixture *f = *state;
	int status;

	close_core(f);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		read_beside(f, f);
	/* a map that must grow several times while the other process looks */
	f->opt.map_bytes = 256 * 1024;
	assert_ok(open_core(f));
	for (uint64_t size = 5; size < 3000; size += 5 + size / 20)
		assert_ok(grow_to(f->core, size));
	write_file(in_dir(f, "stop"), "", 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(ld_core_test_map_bytes(f->core) > 256 * 1024);
}

static void sigbus_is_ours(void **state)
{
	struct fixture *f = *state;
	char line[256] = "";
	int status, fd[2];

	assert_ok(grow_to(f->core, 500));
	close_core(f);
	assert_int_equal(pipe(fd), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct ld_core_reader *r;
		const uint8_t *entry;
		size_t len;
		dup2(fd[1], STDERR_FILENO);
		signal(SIGBUS, SIG_DFL);
		if (open_core(f) || ld_core_reader_open(f->core, &r))
			_exit(1);
		ld_core_install_sigbus();
		if (truncate(in_dir(f, "core/data.mdb"), 8192) != 0)
			_exit(2);
		ld_core_read(r, 400, &entry, &len);
		_exit(3);
	}
	close(fd[1]);
	assert_true(read(fd[0], line, sizeof line - 1) > 0);
	close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 74);
	assert_non_null(strstr(line, "SIGBUS"));
}

static void strange_handler(int sig)
{
	(void)sig;
	_exit(55);
}

static void sigbus_is_not_ours(void **state)
{
	struct fixture *f = *state;

	close_core(f);
	for (int with_handler = 0; with_handler < 2; with_handler++) {
		int status;
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			signal(SIGBUS, with_handler ? strange_handler : SIG_DFL);
			if (open_core(f))
				_exit(1);
			ld_core_install_sigbus();
			raise(SIGBUS);
			_exit(2);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (with_handler)
			assert_int_equal(WEXITSTATUS(status), 55);
		else
			assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	}
	ld_core_install_sigbus();
	ld_core_install_sigbus();
	ld_core_remove_sigbus();
	ld_core_remove_sigbus();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(killed_while_committing),
	    T(second_writer_is_refused),
	    T(reader_process_beside_a_writer),
	    T(sigbus_is_ours),
	    T(sigbus_is_not_ours),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
