/* trace: every entry that concerns one manifest, from the ledger itself; where a container, a batch
 * or a manifest came from and what became of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/book.h"
#include "deploy/cli/genealogy.h"
#include "deploy/cli/story.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/region.h"
#include "plugin/custody/tables.h"
#include "proto/base64.h"
#include "proto/json.h"

#define TRACE_MAX 10000 /* entries of one manifest */

struct trace {
	struct ld_cli *cli;
	struct ld_book book;
	const char *dir;
	uint8_t id[LD_UUID_BYTES];
	char hex[2 * LD_UUID_BYTES + 1];
	uint64_t *found; /* indexes so far, ascending */
	size_t n;
};

/* ---- which manifest ---- */

static bool created_with(const struct ld_leaf *leaf, const char *number)
{
	return leaf->event && leaf->event->body_case == LIANDAN__EVENT__BODY_MANIFEST_CREATED &&
	       leaf->event->manifest_created->manifest.len == LD_UUID_BYTES &&
	       strcmp(leaf->event->manifest_created->number, number) == 0;
}

/* An official number: the state knows it; without a state the ledger is read. */
static bool id_of_number(struct trace *t, const char *number)
{
	const uint8_t *value;
	size_t len;
	struct ld_leaf leaf;
	if (t->book.state &&
	    ld_state_get(t->book.state, LD_T_NUMBER, number, strlen(number), &value, &len) ==
		LD_OK &&
	    len == LD_UUID_BYTES) {
		memcpy(t->id, value, LD_UUID_BYTES);
		return true;
	}
	uint64_t size = ld_book_size(&t->book);
	for (uint64_t i = 0; i < size && ld_book_read(&t->book, i, &leaf) == LD_OK; i++)
		if (created_with(&leaf, number) &&
		    leaf.entry->verdict == LIANDAN__VERDICT__ACCEPTED) {
			memcpy(t->id, leaf.event->manifest_created->manifest.data, LD_UUID_BYTES);
			return true;
		}
	return false;
}

/* 32 hex digits, with or without "hex:" and the dashes that UUIDs are written with. */
static bool id_of_text(struct trace *t, const char *text)
{
	char digits[2 * LD_UUID_BYTES + 1];
	size_t n = 0;
	if (strncmp(text, "hex:", 4) == 0)
		text += 4;
	for (; *text && n < sizeof(digits) - 1; text++)
		if (*text != '-')
			digits[n++] =
			    *text >= 'A' && *text <= 'F' ? (char)(*text - 'A' + 'a') : *text;
	return *text == '\0' && ld_hex_decode(digits, n, t->id, LD_UUID_BYTES) == LD_OK;
}

/* ---- which entries ---- */

static bool known(const struct trace *t, uint64_t index)
{
	size_t low = 0, high = t->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (t->found[mid] == index)
			return true;
		if (t->found[mid] < index)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static bool anomaly_concerns(const struct trace *t, const Liandan__AnomalyRaised *a)
{
	return a && (strcmp(a->manifest, t->hex) == 0 || strcmp(a->subject, t->hex) == 0);
}

static bool own_concerns(const struct trace *t, const Liandan__OwnEvent *o)
{
	switch (o->body_case) {
	case LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED:
		return o->manifest_closed->manifest.len == LD_UUID_BYTES &&
		       memcmp(o->manifest_closed->manifest.data, t->id, LD_UUID_BYTES) == 0;
	case LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED:
		return strcmp(o->deadline_missed->subject, t->hex) == 0;
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED:
		return anomaly_concerns(t, o->anomaly_raised);
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED:
		return known(t, o->anomaly_updated->anomaly) ||
		       anomaly_concerns(t, o->anomaly_updated->now);
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED:
		return known(t, o->anomaly_cleared->anomaly);
	case LIANDAN__OWN_EVENT__BODY_HELD_APPLIED:
		return known(t, o->held_applied->index);
	case LIANDAN__OWN_EVENT__BODY_HELD_EXPIRED:
		return known(t, o->held_expired->index);
	case LIANDAN__OWN_EVENT__BODY_FORK_OBSERVED:
		return known(t, o->fork_observed->first);
	default:
		return false;
	}
}

static bool concerns(const struct trace *t, const struct ld_leaf *leaf)
{
	ProtobufCBinaryData ids[LD_MAX_ITEMS];
	if (leaf->own)
		return own_concerns(t, leaf->own);
	size_t n = ld_manifests_of(leaf->event, ids, LD_MAX_ITEMS);
	for (size_t i = 0; i < n; i++)
		if (ids[i].len == LD_UUID_BYTES && memcmp(ids[i].data, t->id, LD_UUID_BYTES) == 0)
			return true;
	return false;
}

static int take_first(void *ctx, uint64_t index)
{
	*(uint64_t *)ctx = index;
	return 1;
}

/* Where reading begins: the index knows the first entry; without one, at the beginning. What is
 * only the ledger's answer to a track (an anomaly cleared) is under no manifest's key, so the rest
 * is read. */
static uint64_t first_entry(struct trace *t)
{
	struct ld_index *ix = NULL;
	uint64_t first = 0;
	char why[256];
	if (ld_index_open_ro(t->dir, &ix, why, sizeof(why)) != LD_OK)
		return 0;
	uint64_t found = UINT64_MAX;
	if (ld_index_find(ix, LD_IX_MANIFEST, t->id, LD_UUID_BYTES, 0, 1, take_first, &found) ==
		LD_OK &&
	    found != UINT64_MAX)
		first = found;
	ld_index_close(ix);
	return first;
}

static enum ld_err find_all(struct trace *t)
{
	struct ld_leaf leaf;
	uint64_t size = ld_book_size(&t->book);
	t->found = calloc(TRACE_MAX, sizeof(*t->found));
	if (!t->found)
		return LD_ERR_NOMEM;
	for (uint64_t i = first_entry(t); i < size && t->n < TRACE_MAX; i++) {
		enum ld_err err = ld_book_read(&t->book, i, &leaf);
		if (err != LD_OK)
			return err;
		if (concerns(t, &leaf))
			t->found[t->n++] = i;
	}
	return LD_OK;
}

/* ---- telling it ---- */

static cJSON *state_json(struct trace *t)
{
	Custody__Manifest *m = NULL;
	ProtobufCBinaryData id = {LD_UUID_BYTES, t->id};
	ld_arena_reset(&t->book.arena);
	if (!t->book.state || ld_manifest_get(&t->book.custody, id, &m) != LD_OK)
		return NULL;
	return ld_json_of(&m->base);
}

static const char *text_of(const cJSON *o, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
	return text && *text ? text : "-";
}

static void print_state(struct trace *t)
{
	char mass[32];
	cJSON *o = state_json(t);
	if (!o)
		return;
	const char *taken = text_of(o, "taken_g");
	ld_mass_text(strtoll(taken, NULL, 10), mass);
	if (t->n && t->book.applied <= t->found[t->n - 1])
		fprintf(stderr, "liandan: the broker's state is a moment behind the ledger\n");
	printf("now 现状: %s  holder 持有人 %s  plate %s  under custody 在管 %s\n",
	       text_of(o, "state"), text_of(o, "holder"), text_of(o, "plate"), mass);
	cJSON_Delete(o);
}

static int tell(struct trace *t)
{
	struct ld_leaf leaf;
	if (t->cli->json) {
		for (size_t i = 0; i < t->n; i++)
			if (ld_book_read(&t->book, t->found[i], &leaf) == LD_OK)
				ld_print_json(ld_leaf_json(&t->book, &leaf));
		cJSON *o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "manifest", t->hex);
		ld_json_i64(o, "entries", (int64_t)t->n);
		cJSON *state = state_json(t);
		if (state) {
			cJSON_AddItemToObject(o, "state", state);
			ld_json_i64(o, "state_of", (int64_t)t->book.applied);
		}
		ld_print_json(o);
		return LD_EXIT_DONE;
	}
	printf("manifest 联单 %s: %zu entries\n", t->hex, t->n);
	for (size_t i = 0; i < t->n; i++) {
		if (ld_book_read(&t->book, t->found[i], &leaf) != LD_OK)
			continue;
		ld_leaf_line(t->cli, &t->book, &leaf);
		putchar('\n');
		ld_story_print(&leaf);
	}
	print_state(t);
	return LD_EXIT_DONE;
}

/* ---- a manifest ---- */

static int tell_manifest(struct trace *t, const char *text)
{
	struct ld_cli *cli = t->cli;
	enum ld_err err;

	if (!id_of_text(t, text) && !id_of_number(t, text))
		return ld_fail(cli,
			       "give the id in 32 hex digits, or a number that the ledger knows",
			       "no manifest has the number \"%s\"", text);
	ld_hex_encode(t->id, LD_UUID_BYTES, t->hex);
	err = find_all(t);
	if (err != LD_OK)
		return ld_fail(cli, "liandan ledger audit DIR", "the ledger cannot be read: %s",
			       ld_err_text(err));
	if (t->n == 0)
		return ld_fail(cli,
			       "check the id; `liandan ledger list DIR` shows the newest entries",
			       "this ledger has no entry about manifest %s", t->hex);
	return tell(t);
}

/* ---- the genealogy ---- */

struct asked {
	const char *kind, *id; /* "container", "batch" or "manifest" */
	int64_t at, depth, count;
};

/* A batch is its party's: PARTY/BATCH. */
static bool node_of(struct trace *t, const struct asked *a, struct ld_node *n)
{
	const char *slash = strchr(a->id, '/');
	char party[LD_MAX_ID_BYTES + 1];

	if (strcmp(a->kind, "container") == 0) {
		*n = ld_node_container(a->id);
		return strlen(a->id) <= LD_MAX_ID_BYTES && *a->id != '\0';
	}
	if (strcmp(a->kind, "batch") == 0) {
		if (slash == NULL || slash == a->id || (size_t)(slash - a->id) > LD_MAX_ID_BYTES)
			return false;
		snprintf(party, sizeof party, "%.*s", (int)(slash - a->id), a->id);
		*n = ld_node_batch(party, slash + 1);
		return slash[1] != '\0' && strlen(slash + 1) <= LD_MAX_ID_BYTES;
	}
	if (!id_of_text(t, a->id) && !id_of_number(t, a->id))
		return false;
	*n = ld_node_manifest((ProtobufCBinaryData){LD_UUID_BYTES, t->id});
	return true;
}

static int tell_family(struct trace *t, const struct asked *a)
{
	const uint64_t size = ld_book_size(&t->book);
	struct ld_genealogy g = {
	    .upto = a->at < 0 ? size : (uint64_t)a->at,
	    .depth = (unsigned)a->depth,
	    .count = (size_t)a->count,
	};
	enum ld_err err;
	int code = LD_EXIT_DONE;

	if (g.upto > size)
		return ld_fail(t->cli, "give an index up to that",
			       "the ledger has %" PRIu64 " entries", size);
	if (!node_of(t, a, &g.start))
		return ld_fail(t->cli,
			       "a batch is PARTY/BATCH; a manifest 32 hex digits or its number",
			       "there is no such %s: \"%s\"", a->kind, a->id);
	err = ld_genealogy_read(&t->book, &g);
	if (err != LD_OK)
		code = ld_fail(t->cli, "liandan ledger audit DIR", "the ledger cannot be read: %s",
			       ld_err_text(err));
	else if (g.record == NULL && g.n_entries == 0)
		code =
		    ld_fail(t->cli, "ids are as they were written into the events",
			    "these %" PRIu64 " entries know no %s \"%s\"", g.upto, a->kind, a->id);
	else
		ld_genealogy_tell(t->cli, &t->book, &g);
	ld_genealogy_free(&g);
	return code;
}

static bool is_kind(const char *word)
{
	return strcmp(word, "container") == 0 || strcmp(word, "batch") == 0 ||
	       strcmp(word, "manifest") == 0;
}

int ld_cmd_trace(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "trace");
	const char *anchor = NULL;
	struct trace t = {.cli = cli};
	struct asked a = {.at = -1, .depth = 16, .count = 1000};
	const struct ld_opt opts[] = {
	    {"dir", LD_OPT_TEXT, &t.dir},    {"anchor", LD_OPT_TEXT, &anchor},
	    {"at", LD_OPT_INT, &a.at},	     {"depth", LD_OPT_INT, &a.depth},
	    {"count", LD_OPT_INT, &a.count}, {NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;

	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	const bool family = argc == 3 && is_kind(argv[1]);

	if ((argc != 2 && !family) || !t.dir)
		return ld_usage(command,
				"trace MANIFEST --dir DIR, or trace container|batch|manifest ID");
	if (family && (a.depth < 1 || a.depth > LD_KIN_DEPTH_MAX || a.count < 1 ||
		       a.count > LD_KIN_COUNT_MAX))
		return ld_usage(command, "--depth is 1 to %d, --count 1 to %d", LD_KIN_DEPTH_MAX,
				LD_KIN_COUNT_MAX);
	if (!family && a.at >= 0)
		return ld_usage(command, "--at goes with trace container, batch or manifest");
	code = ld_book_open(cli, t.dir, anchor, &t.book);
	if (code != LD_EXIT_DONE)
		return code;
	ld_book_names(&t.book, t.dir);
	if (family) {
		a.kind = argv[1];
		a.id = argv[2];
		code = tell_family(&t, &a);
	} else {
		code = tell_manifest(&t, argv[1]);
	}
	free(t.found);
	ld_book_close(&t.book);
	return code;
}
