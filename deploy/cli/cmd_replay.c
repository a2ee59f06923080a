/* ledger replay: state = replay(ledger), digest against digest. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deploy/cli/book.h"
#include "plugin/custody/region.h"
#include "proto/base64.h"

struct replay {
	struct ld_cli *cli;
	struct ld_book book;
	const char *dir;
};

static void progress(void *ctx, uint64_t done, uint64_t total)
{
	struct replay *r = ctx;
	if (r->cli->tty && isatty(STDERR_FILENO))
		fprintf(stderr, "\rreplay: %llu of %llu", (unsigned long long)done,
			(unsigned long long)total);
}

/* A state made from nothing but the first `upto` entries. */
static enum ld_err from_scratch(struct replay *r, uint64_t upto, struct ld_hash *digest, char *why,
				size_t cap)
{
	struct ld_state *state = NULL;
	enum ld_err err = ld_state_open_scratch(&state);
	if (err != LD_OK) {
		snprintf(why, cap, "no scratch state could be made: %s", ld_err_text(err));
		return err;
	}
	err = ld_region_replay(r->book.core, state, r->book.region, r->book.ledger_id, 0, upto,
			       progress, r, why, cap);
	if (err == LD_OK && (err = ld_state_digest(state, digest)) != LD_OK)
		snprintf(why, cap, "the digest cannot be made: %s", ld_err_text(err));
	ld_state_close(state);
	return err;
}

/* The state directory as it stands: a snapshot, and how far it has got. */
static bool from_directory(struct replay *r, uint64_t *applied, struct ld_hash *digest, char *why,
			   size_t cap)
{
	struct ld_state *state = NULL;
	if (ld_state_open(r->dir, LD_STATE_SCHEMA, true, 0, &state, applied, why, cap) != LD_OK)
		return false;
	enum ld_err err = ld_state_digest(state, digest);
	ld_state_close(state);
	if (err != LD_OK)
		snprintf(why, cap, "its digest cannot be made: %s", ld_err_text(err));
	else if (*applied == 0)
		snprintf(why, cap, "it is empty: the broker will build it");
	return err == LD_OK && *applied > 0;
}

static int result(struct replay *r, const char *against, uint64_t upto, const struct ld_hash *a,
		  const struct ld_hash *b)
{
	char one[2 * LD_HASH_BYTES + 1], two[2 * LD_HASH_BYTES + 1];
	bool equal = ld_hash_equal(a, b);
	ld_hex_encode(a->b, LD_HASH_BYTES, one);
	ld_hex_encode(b->b, LD_HASH_BYTES, two);
	if (r->cli->json) {
		cJSON *o = cJSON_CreateObject();
		cJSON_AddBoolToObject(o, "equal", equal);
		ld_json_i64(o, "entries", (int64_t)upto);
		cJSON_AddStringToObject(o, "against", against);
		cJSON_AddStringToObject(o, "replayed", one);
		cJSON_AddStringToObject(o, "other", two);
		ld_print_json(o);
	} else {
		printf("%s: %llu entries replayed\n  replayed          %s\n  %-17s %s\n",
		       equal ? "equal 一致" : "DIFFERENT 不一致", (unsigned long long)upto, one,
		       against, two);
	}
	if (!equal)
		fprintf(stderr,
			"liandan: the state is not what the ledger says\n"
			"  next: stop the broker, move the state directory away: it is built again "
			"from the ledger at the next start\n");
	return equal ? LD_EXIT_DONE : LD_EXIT_FAILED;
}

static int replay(struct replay *r)
{
	struct ld_hash ours, theirs;
	char why[512] = "";
	uint64_t applied = 0, size = ld_book_size(&r->book);
	bool have = from_directory(r, &applied, &theirs, why, sizeof(why));
	if (have && applied > size)
		size = ld_book_size(&r->book); /* the broker has gone on meanwhile */
	if (have && applied > size)
		return ld_fail(r->cli, "stop the broker and move the state directory away",
			       "the state stands for %llu entries, the ledger has %llu",
			       (unsigned long long)applied, (unsigned long long)size);
	if (!have)
		fprintf(stderr,
			"liandan: the state directory is left out: %s; replaying twice instead\n",
			why);
	uint64_t upto = have ? applied : size;
	enum ld_err err = from_scratch(r, upto, &ours, why, sizeof(why));
	if (err == LD_OK && !have)
		err = from_scratch(r, upto, &theirs, why, sizeof(why));
	if (r->cli->tty && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (err != LD_OK)
		return ld_fail(r->cli, "liandan ledger audit DIR", "%s", why);
	return result(r, have ? "state directory" : "a second replay", upto, &ours, &theirs);
}

int ld_cmd_ledger_replay(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "ledger");
	const char *anchor = NULL;
	struct replay r = {.cli = cli};
	const struct ld_opt opts[] = {{"anchor", LD_OPT_TEXT, &anchor}, {NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc != 2)
		return ld_usage(command, "ledger replay DIR");
	r.dir = argv[1];
	code = ld_book_open(cli, r.dir, anchor, &r.book);
	if (code != LD_EXIT_DONE)
		return code;
	code = replay(&r);
	ld_book_close(&r.book);
	return code;
}
