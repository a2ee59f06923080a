#include "deploy/cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/base64.h"

const struct ld_command *ld_command_find(const struct ld_command *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

void ld_print_help(const struct ld_command *command)
{
	printf("liandan %s: %s\n\n%s", command->name, command->summary,
	       command->help ? command->help : "");
}

int ld_usage(const struct ld_command *command, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fputs("liandan: ", stderr);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n  next: liandan %s%s--help\n", command ? command->name : "",
		command ? " " : "");
	return LD_EXIT_USAGE;
}

int ld_fail(struct ld_cli *cli, const char *next, const char *fmt, ...)
{
	char what[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	fprintf(stderr, "liandan: %s\n", what);
	if (next)
		fprintf(stderr, "  next: %s\n", next);
	if (cli->json) {
		cJSON *o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "error", what);
		if (next)
			cJSON_AddStringToObject(o, "next", next);
		ld_print_json(o);
	}
	return LD_EXIT_FAILED;
}

/* ---- options ---- */

static const struct ld_opt *opt_find(const struct ld_opt *opts, const char *name, size_t len)
{
	for (; opts->name; opts++)
		if (strlen(opts->name) == len && strncmp(opts->name, name, len) == 0)
			return opts;
	return NULL;
}

/* Puts one value where the option wants it; false when it does not fit. */
static bool opt_set(const struct ld_opt *opt, const char *value)
{
	if (opt->kind == LD_OPT_TEXT) {
		*(const char **)opt->to = value;
		return true;
	}
	if (opt->kind == LD_OPT_INT) {
		uint64_t n;
		if (!ld_parse_u64(value, &n) || n > INT64_MAX)
			return false;
		*(int64_t *)opt->to = (int64_t)n;
		return true;
	}
	struct ld_list *list = opt->to;
	if (list->n == LD_CLI_LIST_MAX)
		return false;
	list->item[list->n++] = value;
	return true;
}

/* One "--name" or "--name=value" at argv[*i]; *i moves past what it took. False: usage error
 * explained. */
static bool opt_take(const struct ld_command *command, const struct ld_opt *opts, int argc,
		     char **argv, int *i)
{
	const char *name = argv[*i] + 2;
	const char *equals = strchr(name, '=');
	const struct ld_opt *opt =
	    opt_find(opts, name, equals ? (size_t)(equals - name) : strlen(name));
	if (!opt) {
		ld_usage(command, "unknown option %s", argv[*i]);
		return false;
	}
	if (opt->kind == LD_OPT_FLAG) {
		if (equals)
			ld_usage(command, "--%s takes no value", opt->name);
		*(bool *)opt->to = true;
		return !equals;
	}
	const char *value = equals ? equals + 1 : *i + 1 < argc ? argv[++*i] : NULL;
	if (!value || !opt_set(opt, value)) {
		ld_usage(command, "--%s wants %s", opt->name,
			 opt->kind == LD_OPT_INT ? "a number" : "a value");
		return false;
	}
	return true;
}

bool ld_options(struct ld_cli *cli, const struct ld_command *command, const struct ld_opt *opts,
		int *argc, char **argv, int *exit_code)
{
	int kept = 1;
	bool ended = false;
	for (int i = 1; i < *argc; i++) {
		if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[kept++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			ended = true;
		} else if (strcmp(argv[i], "--json") == 0) {
			cli->json = true;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			ld_print_help(command);
			*exit_code = LD_EXIT_DONE;
			return false;
		} else if (argv[i][1] != '-') {
			*exit_code = ld_usage(command, "unknown option %s", argv[i]);
			return false;
		} else if (!opt_take(command, opts, *argc, argv, &i)) {
			*exit_code = LD_EXIT_USAGE;
			return false;
		}
	}
	*argc = kept;
	return true;
}

/* ---- output ---- */

void ld_print_json(cJSON *object)
{
	char *text = object ? cJSON_PrintUnformatted(object) : NULL;
	cJSON_Delete(object);
	if (!text) {
		fputs("liandan: out of memory\n", stderr);
		return;
	}
	puts(text);
	fflush(stdout);
	cJSON_free(text);
}

void ld_time_text(int64_t ms, char out[24])
{
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	if (ms <= 0 || !gmtime_r(&s, &tm) || strftime(out, 24, "%Y-%m-%d %H:%M:%SZ", &tm) == 0) {
		out[0] = '-';
		out[1] = '\0';
	}
}

void ld_json_hex(cJSON *object, const char *name, const void *bytes, size_t len)
{
	char hex[2 * 64 + 1];
	if (len > 64)
		return;
	ld_hex_encode(bytes, len, hex);
	cJSON_AddStringToObject(object, name, hex);
}

void ld_json_i64(cJSON *object, const char *name, int64_t value)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)value);
	cJSON_AddStringToObject(object, name, text);
}

const char *ld_printable(const char *text, char *out, size_t cap)
{
	size_t n = 0;
	for (; text && *text && n + 1 < cap; text++)
		out[n++] = (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text;
	out[n] = '\0';
	return out;
}

/* ---- small readers ---- */

bool ld_parse_u64(const char *text, uint64_t *out)
{
	uint64_t n = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		unsigned digit = (unsigned)(*text - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

static const struct {
	const char *name;
	Liandan__Algorithm algorithm;
} algorithms[] = {
    {"p256", LIANDAN__ALGORITHM__ALGORITHM_P256},
    {"ed25519", LIANDAN__ALGORITHM__ALGORITHM_ED25519},
    {"sm2", LIANDAN__ALGORITHM__ALGORITHM_SM2},
};

Liandan__Algorithm ld_algorithm_of(const char *name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return algorithms[i].algorithm;
	return LIANDAN__ALGORITHM__ALGORITHM_UNSPECIFIED;
}

const char *ld_algorithm_name(Liandan__Algorithm algorithm)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (algorithms[i].algorithm == algorithm)
			return algorithms[i].name;
	return "?";
}

/* PROTOCOL, Limits: 1 to 64 bytes without control characters, '/', '+', '#' or leading '$'. */
static bool id_copy(const char *text, size_t len, char out[LD_MAX_ID_BYTES + 1])
{
	if (len == 0 || len > LD_MAX_ID_BYTES || text[0] == '$')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f || strchr("/+#", text[i]))
			return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

bool ld_client_name(const char *text, char party[LD_MAX_ID_BYTES + 1],
		    char device[LD_MAX_ID_BYTES + 1])
{
	const char *slash = strchr(text, '/');
	return slash && id_copy(text, (size_t)(slash - text), party) &&
	       id_copy(slash + 1, strlen(slash + 1), device);
}

bool ld_id_valid(const char *text)
{
	char copy[LD_MAX_ID_BYTES + 1];
	return id_copy(text, strlen(text), copy);
}

int64_t ld_wall_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
