/* rating, precision: a party's colour and why; how often each kind of anomaly was right. As of the
 * last entry. */
#include <string.h>

#include "deploy/cli/replayed.h"
#include "plugin/custody/rating.h"
#include "plugin/custody/review.h"

struct asking {
	const char *party; /* NULL: precision */
	int64_t now_ms;
	cJSON *answer;
};

static int last_time(void *ctx, struct ld_custody *before, uint64_t index,
		     const Liandan__Entry *entry)
{
	(void)before, (void)index;
	((struct asking *)ctx)->now_ms = entry->recorded_at_ms;
	return 0;
}

static void at_end(void *ctx, struct ld_custody *c)
{
	struct asking *a = ctx;
	Custody__Party *p;

	ld_arena_reset(c->arena);
	if (ld_rules_at(c, a->now_ms) != LD_OK)
		return;
	if (a->party == NULL)
		a->answer = ld_precision_json(c);
	else if (ld_party_get(c, a->party, &p) == LD_OK)
		a->answer = ld_rating_json(c, a->party, a->now_ms);
}

/* NULL: *code says why, or the ledger knows no such party. */
static cJSON *ask(struct ld_cli *cli, const char *dir, const char *anchor, const char *party,
		  int *code)
{
	struct asking a = {.party = party};
	const struct ld_replay_watch watch = {.ctx = &a, .entry = last_time, .end = at_end};
	struct ld_book book;

	*code = ld_book_open(cli, dir, anchor, &book);
	if (*code != LD_EXIT_DONE)
		return NULL;
	const enum ld_err err = ld_book_replay(&book, ld_book_size(&book), &watch);

	if (err != LD_OK)
		*code = ld_fail(cli, "liandan ledger audit DIR", "the ledger cannot be read: %s",
				ld_err_text(err));
	else if (a.answer == NULL)
		*code = ld_fail(cli, "ids are as they were registered",
				"the ledger knows no party \"%s\"", party != NULL ? party : "");
	ld_book_close(&book);
	return a.answer;
}

static const char *text_of(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

static int number_of(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsNumber(v) ? v->valueint : 0;
}

static void tell_rating(const cJSON *o)
{
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, "counts"), *why;
	const cJSON *set = cJSON_GetObjectItemCaseSensitive(o, "override");

	printf("%s: %s 评级\n", text_of(o, "party"), text_of(o, "colour"));
	printf("  level 2: %d, 3: %d, 4: %d (confirmed 已核实 %d), deadlines 超期: %d\n",
	       number_of(n, "level2"), number_of(n, "level3"), number_of(n, "level4"),
	       number_of(n, "confirmed4"), number_of(n, "deadlines"));
	if (set != NULL)
		printf("  set by hand 人工评定 by %s: %s; computed 计算结果: %s\n",
		       text_of(set, "by"), text_of(set, "reason"), text_of(o, "computed"));
	cJSON_ArrayForEach(why, cJSON_GetObjectItemCaseSensitive(o, "why"))
	{
		const cJSON *title = cJSON_GetObjectItemCaseSensitive(why, "title");

		printf("  %s  level %d  %s  %s\n", text_of(why, "id"), number_of(why, "level"),
		       text_of(title, "zh"), text_of(title, "en"));
	}
}

static void tell_precision(const cJSON *o)
{
	const cJSON *k;

	printf("%9s %5s  kind 类别\n", "confirmed", "false");
	cJSON_ArrayForEach(k, cJSON_GetObjectItemCaseSensitive(o, "kinds"))
	{
		const cJSON *title = cJSON_GetObjectItemCaseSensitive(k, "title");

		printf("%9d %5d  %s %s  %s\n", number_of(k, "confirmed"), number_of(k, "false"),
		       text_of(k, "kind"), text_of(k, "reason"), text_of(title, "zh"));
	}
}

static int run(struct ld_cli *cli, int argc, char **argv, const char *name, const char *usage,
	       int words, void (*tell)(const cJSON *))
{
	const struct ld_command *command = ld_command_find(ld_commands, name);
	const char *dir = NULL, *anchor = NULL;
	const struct ld_opt opts[] = {{"dir", LD_OPT_TEXT, &dir},
				      {"anchor", LD_OPT_TEXT, &anchor},
				      {NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;
	cJSON *o;

	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc != words || dir == NULL)
		return ld_usage(command, "%s", usage);
	o = ask(cli, dir, anchor, words == 2 ? argv[1] : NULL, &code);
	if (o == NULL)
		return code;
	if (cli->json) {
		ld_print_json(o); /* consumes it */
		return LD_EXIT_DONE;
	}
	tell(o);
	cJSON_Delete(o);
	return LD_EXIT_DONE;
}

int ld_cmd_rating(struct ld_cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, "rating", "rating PARTY --dir DIR", 2, tell_rating);
}

int ld_cmd_precision(struct ld_cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, "precision", "precision --dir DIR", 1, tell_precision);
}
