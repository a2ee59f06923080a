/* ledger: head, list, show, prove, anchor; verify, audit and replay fill files of their own. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deploy/cli/book.h"
#include "plugin/custody/custody.h"
#include "proto/base64.h"

struct ledger_args {
	const char *dir;
	const char *anchor, *out;
	int64_t from, count;
	bool adopt;
};

/* ---- head ---- */

static int head(struct ld_cli *cli, const struct ledger_args *a)
{
	struct ld_book b;
	char root[2 * LD_HASH_BYTES + 1], id[2 * LD_HASH_BYTES + 1], last[24];
	int code = ld_book_open(cli, a->dir, a->anchor, &b);
	if (code != LD_EXIT_DONE)
		return code;
	struct ld_core_head *h = malloc(sizeof(*h));
	if (!h || ld_core_reader_head(b.reader, h) != LD_OK) {
		code = ld_fail(cli, "run it again", "the head cannot be read");
	} else if (cli->json) {
		cJSON *o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "region", b.region);
		cJSON_AddStringToObject(o, "profile", b.profile);
		ld_json_hex(o, "ledger_id", b.ledger_id, LD_HASH_BYTES);
		cJSON_AddStringToObject(o, "vkey", b.vkey);
		ld_json_i64(o, "size", (int64_t)h->size);
		ld_json_hex(o, "root", h->root.b, LD_HASH_BYTES);
		ld_json_i64(o, "last_recorded_at_ms", h->last_recorded_at_ms);
		cJSON_AddStringToObject(o, "checkpoint", h->checkpoint);
		ld_print_json(o);
	} else {
		ld_hex_encode(h->root.b, LD_HASH_BYTES, root);
		ld_hex_encode(b.ledger_id, LD_HASH_BYTES, id);
		ld_time_text(h->last_recorded_at_ms, last);
		printf("region:     %s (%s)\nledger_id:  %s\nvkey:       %s\nentries:    %llu\n"
		       "root:       %s\nlast entry: %s\nThe checkpoint, signed by the ledger's key "
		       "(verified):\n%s",
		       b.region, b.profile, id, b.vkey, (unsigned long long)h->size, root, last,
		       h->checkpoint);
	}
	free(h);
	ld_book_close(&b);
	return code;
}

/* ---- list, show ---- */

static int list(struct ld_cli *cli, const struct ledger_args *a)
{
	struct ld_book b;
	struct ld_leaf leaf;
	int code = ld_book_open(cli, a->dir, a->anchor, &b);
	if (code != LD_EXIT_DONE)
		return code;
	ld_book_names(&b, a->dir);
	uint64_t size = ld_book_size(&b), count = (uint64_t)a->count;
	/* Without --from: the newest. */
	uint64_t from = a->from >= 0 ? (uint64_t)a->from : size > count ? size - count : 0;
	uint64_t upto = from < size && count < size - from ? from + count : size;
	for (uint64_t i = from; i < upto; i++) {
		if (ld_book_read(&b, i, &leaf) != LD_OK) {
			code = ld_fail(cli, "liandan ledger audit DIR", "entry %llu cannot be read",
				       (unsigned long long)i);
			break;
		}
		if (cli->json) {
			ld_print_json(ld_leaf_json(&b, &leaf));
		} else {
			ld_leaf_line(cli, &b, &leaf);
			putchar('\n');
		}
	}
	ld_book_close(&b);
	return code;
}

static int show(struct ld_cli *cli, const struct ledger_args *a, uint64_t index)
{
	struct ld_book b;
	struct ld_leaf leaf;
	int code = ld_book_open(cli, a->dir, a->anchor, &b);
	if (code != LD_EXIT_DONE)
		return code;
	ld_book_names(&b, a->dir);
	if (ld_book_read(&b, index, &leaf) != LD_OK) {
		code = ld_fail(cli, "liandan ledger head DIR says how many there are",
			       "there is no entry %llu", (unsigned long long)index);
	} else if (cli->json) {
		ld_print_json(ld_leaf_json(&b, &leaf));
	} else {
		cJSON *o = ld_leaf_json(&b, &leaf);
		char *text = o ? cJSON_Print(o) : NULL;
		ld_leaf_line(cli, &b, &leaf);
		printf("\n%s\n", text ? text : "");
		cJSON_free(text);
		cJSON_Delete(o);
	}
	ld_book_close(&b);
	return code;
}

/* ---- prove ---- */

static char *proof_text(struct ld_book *b, uint64_t index, struct ld_core_head *h)
{
	struct ld_hash path[LD_MERKLE_MAX_PROOF];
	size_t n = 0, len = 0;
	char *text = malloc(LD_TLOG_PROOF_MAX_BYTES);
	if (text && (ld_core_reader_head(b->reader, h) != LD_OK ||
		     ld_core_inclusion(b->reader, index, h->size, path, &n) != LD_OK ||
		     ld_tlog_proof_write(index, path, n, h->checkpoint, h->checkpoint_len, text,
					 LD_TLOG_PROOF_MAX_BYTES, &len) != LD_OK)) {
		free(text);
		text = NULL;
	}
	return text;
}

static int prove_write(struct ld_cli *cli, const struct ledger_args *a, cJSON *o, const char *text)
{
	char why[512];
	if (!a->out) {
		if (cli->json)
			ld_print_json(cJSON_Duplicate(o, true));
		else
			fputs(text, stdout);
		return LD_EXIT_DONE;
	}
	char *json = cJSON_Print(o);
	enum ld_err err = json ? ld_file_write(a->out, json, strlen(json), false, why, sizeof(why))
			       : LD_ERR_NOMEM;
	cJSON_free(json);
	if (err != LD_OK)
		return ld_fail(cli, "choose another --out", "%s",
			       err == LD_ERR_NOMEM ? "out of memory" : why);
	if (!cli->json)
		printf("%s: proof and leaf; anyone with the vkey can check it:\n"
		       "  liandan ledger verify %s --vkey '%s'\n",
		       a->out, a->out,
		       cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "vkey")));
	return LD_EXIT_DONE;
}

static int prove(struct ld_cli *cli, const struct ledger_args *a, uint64_t index)
{
	struct ld_book b;
	struct ld_leaf leaf;
	int code = ld_book_open(cli, a->dir, a->anchor, &b);
	if (code != LD_EXIT_DONE)
		return code;
	struct ld_core_head *h = malloc(sizeof(*h));
	enum ld_err err = h ? ld_book_read(&b, index, &leaf) : LD_ERR_NOMEM;
	char *text = err == LD_OK ? proof_text(&b, index, h) : NULL;
	char *entry = text ? malloc(LD_BASE64_CAP(leaf.len)) : NULL;
	if (!entry) {
		code = ld_fail(cli, "liandan ledger head DIR says how many there are",
			       "entry %llu cannot be proven: %s", (unsigned long long)index,
			       ld_err_text(err));
	} else {
		cJSON *o = cJSON_CreateObject();
		ld_base64_encode(leaf.bytes, leaf.len, entry);
		ld_json_i64(o, "index", (int64_t)index);
		cJSON_AddStringToObject(o, "body", leaf.body);
		cJSON_AddStringToObject(o, "tlog_proof", text);
		cJSON_AddStringToObject(o, "entry", entry);
		cJSON_AddStringToObject(o, "vkey", b.vkey);
		code = prove_write(cli, a, o, text);
		cJSON_Delete(o);
	}
	free(entry);
	free(text);
	free(h);
	ld_book_close(&b);
	return code;
}

/* ---- anchor ---- */

/* Only a writer may look at the anchor and replace it: the broker must be stopped. */
/* An adopted ledger may have another history than the one that state and index were made from: both
 * are derived, and are made again at the next start. */
static enum ld_err forget_derived(const char *dir, char *why, size_t cap)
{
	struct ld_state *state = NULL;
	uint64_t applied;
	char path[PATH_MAX];
	enum ld_err err = ld_state_open(dir, LD_STATE_SCHEMA, false, 0, &state, &applied, why, cap);

	if (err == LD_OK)
		err = ld_state_clear(state);
	if (state)
		ld_state_close(state);
	snprintf(path, sizeof(path), "%s/index/data.mdb", dir);
	if (err == LD_OK && unlink(path) != 0 && errno != ENOENT) {
		snprintf(why, cap, "cannot remove %.200s: %s", path, strerror(errno));
		err = LD_ERR_IO;
	}
	return err;
}

static int anchor(struct ld_cli *cli, const struct ledger_args *a)
{
	struct ld_book b;
	char why[768] = "", path[4096];
	struct ld_key *key = NULL;
	struct ld_core *core = NULL;
	int code = ld_book_open(cli, a->dir, a->anchor, &b);
	if (code != LD_EXIT_DONE)
		return code;
	struct ld_note_key note = b.key;
	note.pkey = NULL;
	snprintf(path, sizeof(path), "%s/ledger.key", a->dir);
	enum ld_err err = ld_key_file(path, &key, why, sizeof(why));
	ld_core_reader_close(b.reader);
	ld_core_close(b.core); /* one environment, one opening in a process */
	b.reader = NULL;
	b.core = NULL;
	if (err == LD_OK) {
		err = ld_note_key_init(&note, b.key.name, ld_key_pkey(key));
		struct ld_core_options opt = {.dir = a->dir,
					      .anchor_path = a->anchor,
					      .adopt_anchor = a->adopt,
					      .key = &note};
		if (err == LD_OK)
			err = ld_core_open(&opt, &core, why, sizeof(why));
	}
	if (err == LD_OK && a->adopt)
		err = forget_derived(a->dir, why, sizeof(why));
	if (err == LD_OK && cli->json) {
		cJSON *o = cJSON_CreateObject();
		cJSON_AddBoolToObject(o, "agrees", true);
		cJSON_AddBoolToObject(o, "adopted", a->adopt);
		ld_json_i64(o, "size", (int64_t)ld_core_head(core)->size);
		ld_print_json(o);
	} else if (err == LD_OK) {
		printf("the anchor %s this ledger of %llu entries\n",
		       a->adopt ? "now stands for" : "agrees with",
		       (unsigned long long)ld_core_head(core)->size);
	} else {
		ld_fail(
		    cli,
		    err == LD_ERR_LOCKED
			? "stop the broker first: while it runs, it keeps the anchor itself"
			: "is this the newest copy of the ledger? Look for a newer one first. Only "
			  "then: liandan ledger anchor DIR --adopt",
		    "%s", *why ? why : ld_err_text(err));
		code = err == LD_ERR_ROLLBACK || err == LD_ERR_NO_ANCHOR ? LD_EXIT_REFUSED
									 : LD_EXIT_FAILED;
	}
	if (core)
		ld_core_close(core);
	ld_key_free(key);
	ld_book_close(&b);
	return code;
}

int ld_cmd_ledger(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "ledger");
	struct ledger_args a = {.from = -1, .count = 20};
	const struct ld_opt opts[] = {
	    {"anchor", LD_OPT_TEXT, &a.anchor}, {"out", LD_OPT_TEXT, &a.out},
	    {"from", LD_OPT_INT, &a.from},	{"count", LD_OPT_INT, &a.count},
	    {"adopt", LD_OPT_FLAG, &a.adopt},	{NULL, LD_OPT_FLAG, NULL},
	};
	int code = LD_EXIT_DONE;
	uint64_t index = 0;
	if (argc > 1 && strcmp(argv[1], "verify") == 0)
		return ld_cmd_ledger_verify(cli, argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "audit") == 0)
		return ld_cmd_ledger_audit(cli, argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "replay") == 0)
		return ld_cmd_ledger_replay(cli, argc - 1, argv + 1);
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc < 3)
		return ld_usage(command, "which ledger? ledger head DIR");
	const char *verb = argv[1];
	bool numbered = strcmp(verb, "show") == 0 || strcmp(verb, "prove") == 0;
	a.dir = argv[2];
	if (argc != (numbered ? 4 : 3) || (numbered && !ld_parse_u64(argv[3], &index)))
		return ld_usage(command, "ledger %s DIR%s", verb, numbered ? " N" : "");
	if (strcmp(verb, "head") == 0)
		return head(cli, &a);
	if (strcmp(verb, "list") == 0)
		return list(cli, &a);
	if (strcmp(verb, "show") == 0)
		return show(cli, &a, index);
	if (strcmp(verb, "prove") == 0)
		return prove(cli, &a, index);
	if (strcmp(verb, "anchor") == 0)
		return anchor(cli, &a);
	return ld_usage(command, "there is no \"ledger %s\"", verb);
}
