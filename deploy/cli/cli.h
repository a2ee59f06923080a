/* What every subcommand of `liandan` shares: the command table's shape, options, exit codes,
 * output, files. A subcommand is one file cmd_<noun>.c with one function int ld_cmd_<noun>(struct
 * ld_cli *, argc, argv); argv[0] is its own name. It prints results on stdout, everything else on
 * stderr, and no secret anywhere. */
#ifndef LD_CLI_CLI_H
#define LD_CLI_CLI_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "deploy/cli/client.h"
#include "proto/err.h"
#include "proto/key.h"

enum ld_exit {
	LD_EXIT_DONE = 0,
	LD_EXIT_FAILED = 1,  /* could not be done: says what to do next */
	LD_EXIT_REFUSED = 2, /* done as asked, and the answer is no */
	LD_EXIT_USAGE = 64,  /* sysexits: EX_USAGE */
};

struct ld_cli {
	bool json; /* --json: one JSON object a line on stdout */
	bool tty;  /* stdout is a terminal: colours */
};

struct ld_command {
	const char *name;
	int (*run)(struct ld_cli *cli, int argc, char **argv);
	const char *summary; /* one line */
	const char *help;    /* everything after the summary: usage, options, an example */
};

/* The table of commands.c, ended by a NULL name. */
extern const struct ld_command ld_commands[];
const struct ld_command *ld_command_find(const struct ld_command *table, const char *name);

int ld_cmd_region(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_key(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_token(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_id(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_send(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_may(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_watch(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_ledger(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_trace(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_balance(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_declare(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_form(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_rating(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_precision(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_rules(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_calendar(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_play(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_tracks(struct ld_cli *cli, int argc, char **argv);
/* The parts of `ledger` that fill a file of their own. */
int ld_cmd_ledger_verify(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_ledger_audit(struct ld_cli *cli, int argc, char **argv);
int ld_cmd_ledger_replay(struct ld_cli *cli, int argc, char **argv);

/* ---- options ---- */

#define LD_CLI_LIST_MAX 16

struct ld_list {
	const char *item[LD_CLI_LIST_MAX];
	size_t n;
};

enum ld_opt_kind {
	LD_OPT_FLAG, /* bool: --name */
	LD_OPT_TEXT, /* const char *: --name VALUE or --name=VALUE */
	LD_OPT_INT,  /* int64_t */
	LD_OPT_LIST, /* struct ld_list: may be given several times */
};

struct ld_opt {
	const char *name; /* without the dashes; NULL ends the table */
	enum ld_opt_kind kind;
	void *to;
};

/* Reads options anywhere among the arguments, moves the others to argv[1..*argc-1]. --json and
 * --help are known to all. `--` ends options. Returns true to go on; false when the command is over
 * with *exit_code (help printed, or a usage error explained). `command` is what --help prints. */
bool ld_options(struct ld_cli *cli, const struct ld_command *command, const struct ld_opt *opts,
		int *argc, char **argv, int *exit_code);
/* Says what is wrong with the usage and where help is. Always LD_EXIT_USAGE. */
int ld_usage(const struct ld_command *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void ld_print_help(const struct ld_command *command);

/* ---- output ---- */

/* "liandan: <what>" on stderr, and "  next: <next>" below it (next may be NULL). With --json also
 * {"error":…,"next":…} on stdout. Always LD_EXIT_FAILED. */
int ld_fail(struct ld_cli *cli, const char *next, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* One object on one line, then frees it. */
void ld_print_json(cJSON *object);
/* 2026-11-23 17:05:01Z into out[24]; "-" for 0. */
void ld_time_text(int64_t ms, char out[24]);
/* Adds a hex string member. */
void ld_json_hex(cJSON *object, const char *name, const void *bytes, size_t len);
/* 64-bit integers as protobuf's JSON mapping writes them: as strings. */
void ld_json_i64(cJSON *object, const char *name, int64_t value);
/* Text of others on a terminal: control characters become '?'. Returns out. */
const char *ld_printable(const char *text, char *out, size_t cap);

/* ---- files ---- */

#define LD_CLI_MAX_FILE ((size_t)64 << 20)

/* Whole file ("-": stdin), malloc'd, NUL-terminated. On failure a sentence in why[cap]. */
enum ld_err ld_file_read(const char *path, char **data, size_t *len, char *why, size_t cap);
/* New file, mode 0600, written to a temporary name, synced, renamed, directory synced. exclusive:
 * LD_ERR_EXISTS when it is there already (nothing is overwritten). */
enum ld_err ld_file_write(const char *path, const void *data, size_t len, bool exclusive, char *why,
			  size_t cap);
enum ld_err ld_dir_sync(const char *path);

/* Private key from a PEM file. Refuses a file that others may read (LD_ERR_KEY). */
enum ld_err ld_key_file(const char *path, struct ld_key **out, char *why, size_t cap);
/* A new private key in a new file (mode 0600). LD_ERR_EXISTS: the file is there, and stays. */
enum ld_err ld_key_new_file(const char *path, Liandan__Algorithm algorithm, struct ld_key **out,
			    char *why, size_t cap);
/* The password of a connection: malloc'd text, good for `minutes` (1 to 10) from 30 s ago. */
enum ld_err ld_token_new(struct ld_key *key, const uint8_t ledger_id[LD_HASH_BYTES],
			 const char *client_id, int64_t minutes, char **text);
/* "p256", "ed25519", "sm2"; ALGORITHM_UNSPECIFIED for anything else. */
Liandan__Algorithm ld_algorithm_of(const char *name);
const char *ld_algorithm_name(Liandan__Algorithm algorithm);

/* "party/device" with ids as the protocol allows. */
bool ld_client_name(const char *text, char party[LD_MAX_ID_BYTES + 1],
		    char device[LD_MAX_ID_BYTES + 1]);
bool ld_id_valid(const char *text);
/* Decimal without sign, no overflow. */
bool ld_parse_u64(const char *text, uint64_t *out);
/* Wall clock, ms. */
int64_t ld_wall_ms(void);

#endif
