#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/genealogy.h"
#include "deploy/cli/story.h"
#include "proto/base64.h"

const char *ld_node_word(enum ld_node_kind kind)
{
	switch (kind) {
	case LD_NODE_CONTAINER:
		return "container 容器";
	case LD_NODE_BATCH:
		return "batch 批次";
	default:
		return "manifest 联单";
	}
}

static const char *json_word(enum ld_node_kind kind)
{
	switch (kind) {
	case LD_NODE_CONTAINER:
		return "container";
	case LD_NODE_BATCH:
		return "batch";
	default:
		return "manifest";
	}
}

/* When the entry was recorded; 0: it cannot be read. */
static int64_t recorded_ms(struct ld_book *book, uint64_t index)
{
	struct ld_leaf leaf;

	return ld_book_read(book, index, &leaf) == LD_OK ? leaf.entry->recorded_at_ms : 0;
}

static const char *text_of(const cJSON *o, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));

	return text != NULL ? text : "";
}

/* ---- text ---- */

static void print_node(const struct ld_node *n)
{
	char text[2 * LD_MAX_ID_BYTES + 2];

	printf("%s ", ld_node_word(n->kind));
	if (n->kind == LD_NODE_BATCH)
		printf("%s/", ld_printable(n->party, text, sizeof text));
	fputs(ld_printable(n->id, text, sizeof text), stdout);
}

static void print_kin(struct ld_book *book, const char *head, const struct ld_kin_list *list)
{
	char mass[32], recorded[24];

	puts(head);
	for (size_t i = 0; i < list->n; i++) {
		const struct ld_kin *k = &list->of[i];

		ld_mass_text(k->mass_g, mass);
		ld_time_text(recorded_ms(book, k->entry), recorded);
		printf("%*s", (int)(2 * k->depth), "");
		print_node(&k->node);
		printf("  %s  entry 账目 %" PRIu64 "  %s%s%s\n", mass, k->entry, recorded,
		       k->again ? "  (above 见上)" : "", k->more ? "  (goes on 未完)" : "");
	}
	if (list->n == 0)
		puts("  nothing is recorded 无记录");
	if (list->cut)
		puts("  … more than --count 超出数量");
}

static void print_record(const struct ld_genealogy *g)
{
	static const char *const names[] = {"number", "state", "party", "holder",
					    "plate",  "site",  "code",	"generator"};
	char mass[32], text[300];

	if (g->record == NULL)
		return;
	printf("then 当时:");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (*text_of(g->record, names[i]) != '\0')
			printf("  %s %s", names[i],
			       ld_printable(text_of(g->record, names[i]), text, sizeof text));
	if (g->start.kind != LD_NODE_MANIFEST) {
		ld_mass_text(strtoll(text_of(g->record, "mass_g"), NULL, 10), mass);
		printf("  mass %s", mass);
	}
	putchar('\n');
}

static void print_rides(struct ld_book *book, const struct ld_genealogy *g)
{
	char hex[2 * LD_UUID_BYTES + 1], from[24], to[24];

	if (g->n_rides != 0)
		puts("on manifests 随联单");
	for (size_t i = 0; i < g->n_rides; i++) {
		const struct ld_ride *r = &g->ride[i];

		ld_hex_encode(r->manifest, LD_UUID_BYTES, hex);
		ld_time_text(recorded_ms(book, r->first), from);
		ld_time_text(recorded_ms(book, r->last), to);
		printf("  %s  entries 账目 %" PRIu64 " (%s) to %" PRIu64 " (%s)  %s\n", hex,
		       r->first, from, r->last, to,
		       r->moved ? "under way 已运输" : "sealed only 仅封单");
	}
}

static void print_text(struct ld_cli *cli, struct ld_book *book, const struct ld_genealogy *g)
{
	struct ld_leaf leaf;

	print_node(&g->start);
	printf(", as of 截至 %" PRIu64 " entries\n", g->upto);
	print_record(g);
	print_kin(book, "came from 来自", &g->up);
	print_kin(book, "went into 去向", &g->down);
	print_rides(book, g);
	puts("entries 账目");
	for (size_t i = 0; i < g->n_entries; i++) {
		if (ld_book_read(book, g->entry[i], &leaf) != LD_OK)
			continue;
		ld_leaf_line(cli, book, &leaf);
		putchar('\n');
		ld_story_print(&leaf);
	}
	if (g->entries_cut)
		printf("  … only the first 仅前 %d\n", LD_KIN_ENTRIES_MAX);
}

/* ---- JSON ---- */

static void add_node(cJSON *o, const struct ld_node *n)
{
	cJSON_AddStringToObject(o, "kind", json_word(n->kind));
	if (n->kind == LD_NODE_BATCH)
		cJSON_AddStringToObject(o, "party", n->party);
	cJSON_AddStringToObject(o, "id", n->id);
}

static void add_kin(struct ld_book *book, cJSON *o, const char *name,
		    const struct ld_kin_list *list)
{
	cJSON *all = cJSON_AddArrayToObject(o, name);

	for (size_t i = 0; i < list->n; i++) {
		const struct ld_kin *k = &list->of[i];
		cJSON *one = cJSON_CreateObject();

		cJSON_AddNumberToObject(one, "depth", k->depth);
		add_node(one, &k->node);
		ld_json_i64(one, "mass_g", k->mass_g);
		ld_json_i64(one, "entry", (int64_t)k->entry);
		ld_json_i64(one, "recorded_at_ms", recorded_ms(book, k->entry));
		if (k->again)
			cJSON_AddTrueToObject(one, "again");
		if (k->more)
			cJSON_AddTrueToObject(one, "more");
		cJSON_AddItemToArray(all, one);
	}
}

static void add_rides(struct ld_book *book, cJSON *o, const struct ld_genealogy *g)
{
	cJSON *all = cJSON_AddArrayToObject(o, "manifests");

	for (size_t i = 0; i < g->n_rides; i++) {
		const struct ld_ride *r = &g->ride[i];
		cJSON *one = cJSON_CreateObject();

		ld_json_hex(one, "manifest", r->manifest, LD_UUID_BYTES);
		ld_json_i64(one, "first", (int64_t)r->first);
		ld_json_i64(one, "first_at_ms", recorded_ms(book, r->first));
		ld_json_i64(one, "last", (int64_t)r->last);
		ld_json_i64(one, "last_at_ms", recorded_ms(book, r->last));
		cJSON_AddBoolToObject(one, "under_way", r->moved);
		cJSON_AddItemToArray(all, one);
	}
}

static void print_json(struct ld_book *book, const struct ld_genealogy *g)
{
	cJSON *o = cJSON_CreateObject();
	struct ld_leaf leaf;

	for (size_t i = 0; i < g->n_entries; i++)
		if (ld_book_read(book, g->entry[i], &leaf) == LD_OK)
			ld_print_json(ld_leaf_json(book, &leaf));
	add_node(o, &g->start);
	ld_json_i64(o, "state_of", (int64_t)g->upto);
	if (g->record != NULL)
		cJSON_AddItemToObject(o, "record", cJSON_Duplicate(g->record, true));
	add_kin(book, o, "up", &g->up);
	add_kin(book, o, "down", &g->down);
	if (g->start.kind == LD_NODE_CONTAINER)
		add_rides(book, o, g);
	ld_json_i64(o, "entries", (int64_t)g->n_entries);
	cJSON_AddBoolToObject(o, "complete", !g->up.cut && !g->down.cut && !g->entries_cut);
	ld_print_json(o);
}

void ld_genealogy_tell(struct ld_cli *cli, struct ld_book *book, const struct ld_genealogy *g)
{
	if (cli->json)
		print_json(book, g);
	else
		print_text(cli, book, g);
}
