/* The built `liandan` as a person runs it: another process, its exit code and what it printed. The
 * target defines LD_CLI_PATH (tests/unit/CMakeLists.txt). Aborts the test on misuse. */
#ifndef LD_TESTS_BINARY_H
#define LD_TESTS_BINARY_H

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct binary {
	int code;
	char *out, *err; /* NUL-terminated; binary_free */
};

static inline void binary_check(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static inline char *binary_slurp(FILE *f)
{
	size_t cap = 1 << 16, n = 0, got;
	char *text = malloc(cap);

	binary_check(text != NULL, "malloc");
	rewind(f);
	while ((got = fread(text + n, 1, cap - n - 1, f)) != 0) {
		n += got;
		if (cap - n - 1 == 0) {
			cap *= 2;
			text = realloc(text, cap);
			binary_check(text != NULL, "realloc");
		}
	}
	text[n] = '\0';
	fclose(f);
	return text;
}

/* words: ended by NULL, the command's name first. */
static inline struct binary binary_run(const char *const *words)
{
	FILE *out = tmpfile(), *err = tmpfile();
	const char *argv[32] = {"liandan"};
	struct binary b = {0};
	int status = 0;
	pid_t pid;

	binary_check(out != NULL && err != NULL, "tmpfile");
	for (size_t i = 0; words[i] != NULL; i++) {
		binary_check(i + 2 < sizeof argv / sizeof argv[0], "too many words");
		argv[i + 1] = words[i];
	}
	fflush(NULL);
	pid = fork();
	binary_check(pid >= 0, "fork");
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, STDIN_FILENO);
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		execv(LD_CLI_PATH, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	binary_check(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "liandan died");
	b.code = WEXITSTATUS(status);
	binary_check(b.code != 127, LD_CLI_PATH);
	b.out = binary_slurp(out);
	b.err = binary_slurp(err);
	return b;
}
#define BINARY(...) binary_run((const char *const[]){__VA_ARGS__, NULL})

static inline void binary_free(struct binary *b)
{
	free(b->out);
	free(b->err);
	b->out = b->err = NULL;
}

/* Runs it, requires the exit code and one JSON value on stdout, which is the caller's. */
static inline cJSON *binary_json(int code, const char *const *words)
{
	struct binary b = binary_run(words);
	cJSON *o = cJSON_Parse(b.out);

	if (b.code != code || o == NULL)
		fprintf(stderr, "exit %d, not %d\n%s\n%s\n", b.code, code, b.out, b.err);
	binary_check(b.code == code && o != NULL, "liandan");
	binary_free(&b);
	return o;
}
#define BINARY_JSON(code, ...) binary_json((code), (const char *const[]){__VA_ARGS__, NULL})

/* Only the last line of what it says: what stands beside entries. */
static inline cJSON *binary_last_json(int code, const char *const *words)
{
	struct binary b = binary_run(words);
	const size_t n = strlen(b.out);
	const char *line;
	cJSON *o;

	if (n != 0)
		b.out[n - 1] = '\0';
	line = strrchr(b.out, '\n');
	o = cJSON_Parse(line != NULL ? line + 1 : b.out);
	if (b.code != code || o == NULL)
		fprintf(stderr, "exit %d, not %d\n%s\n%s\n", b.code, code, b.out, b.err);
	binary_check(b.code == code && o != NULL, "liandan");
	binary_free(&b);
	return o;
}

/* Runs it, requires the exit code and this text on stdout or stderr. */
static inline void binary_says(int code, const char *part, const char *const *words)
{
	struct binary b = binary_run(words);
	const int right =
	    b.code == code && (strstr(b.out, part) != NULL || strstr(b.err, part) != NULL);

	if (!right)
		fprintf(stderr, "exit %d, not %d, or no \"%s\" in\n%s\n%s\n", b.code, code, part,
			b.out, b.err);
	binary_check(right, "liandan");
	binary_free(&b);
}
#define BINARY_SAYS(code, part, ...)                                                               \
	binary_says((code), (part), (const char *const[]){__VA_ARGS__, NULL})

#endif
