/* rules, calendar: profiles and working days as files; what is in force; CUSTODY's table. */
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/profile.h"
#include "deploy/cli/replayed.h"
#include "plugin/custody/table.h"

static int wrong(struct ld_cli *cli, const char *path, const struct ld_profile_fault *f)
{
	if (cli->json) {
		cJSON *o = cJSON_CreateObject();

		cJSON_AddStringToObject(o, "file", path);
		cJSON_AddNumberToObject(o, "line", f->line);
		cJSON_AddStringToObject(o, "error", f->what);
		ld_print_json(o);
	}
	fprintf(stderr, "liandan: %s:%d: %s\n", path, f->line, f->what);
	return LD_EXIT_REFUSED;
}

static int read_file(struct ld_cli *cli, const char *path, char **text, size_t *len)
{
	char why[320];

	return ld_file_read(path, text, len, why, sizeof(why)) == LD_OK
		   ? LD_EXIT_DONE
		   : ld_fail(cli, NULL, "%s", why);
}

static void in_order(const struct ld_cli *cli, const char *path, const struct ld_profile *p)
{
	cJSON *o;

	if (!cli->json) {
		printf("%s version %u: %zu values, all in order 无误\n", p->name, p->version, p->n);
		return;
	}
	o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "file", path);
	cJSON_AddStringToObject(o, "profile", p->name);
	cJSON_AddNumberToObject(o, "version", p->version);
	cJSON_AddNumberToObject(o, "values", (double)p->n);
	ld_print_json(o);
}

static int profile_file(struct ld_cli *cli, const char *path, bool compile)
{
	struct ld_profile *p = malloc(sizeof(*p));
	struct ld_profile_fault fault;
	char *text = NULL;
	size_t len;
	int code = read_file(cli, path, &text, &len);

	if (code == LD_EXIT_DONE && (p == NULL || ld_profile_parse(text, len, p, &fault) != LD_OK))
		code = p == NULL ? ld_fail(cli, NULL, "out of memory") : wrong(cli, path, &fault);
	else if (code == LD_EXIT_DONE && compile)
		ld_print_json(ld_profile_event(p));
	else if (code == LD_EXIT_DONE)
		in_order(cli, path, p);
	free(text);
	free(p);
	return code;
}

/* ---- in force ---- */

struct showing {
	bool json;
	int64_t now_ms;
	enum ld_err err;
};

static const char *source_of(struct ld_custody *c, const struct ld_rule_def *d,
			     Custody__Rules **rec)
{
	struct ld_tkey k;

	*rec = NULL;
	ld_tkey_init(&k);
	for (int i = 3; i >= 0; i--)
		ld_tkey_u8(&k, (uint8_t)(c->rules->version >> (8 * i)));
	if (ld_rec_get(c, LD_T_RULES, k.b, k.len, &custody__rules__descriptor,
		       (ProtobufCMessage **)rec) != LD_OK)
		return d->source;
	for (size_t i = 0; i < (*rec)->adopted->n_values; i++)
		if (strcmp((*rec)->adopted->values[i]->name, d->name) == 0)
			return (*rec)->adopted->values[i]->source;
	return d->source;
}

static void show(void *ctx, struct ld_custody *c)
{
	struct showing *s = ctx;
	cJSON *o = s->json ? cJSON_CreateObject() : NULL,
	      *values = cJSON_AddObjectToObject(o, "values");

	s->err = ld_rules_at(c, s->now_ms);
	if (s->err != LD_OK) {
		cJSON_Delete(o);
		return;
	}
	if (s->json) {
		cJSON_AddStringToObject(o, "profile", c->rules->profile);
		cJSON_AddNumberToObject(o, "version", c->rules->version);
	} else {
		printf("profile 规则集 %s, version 版本 %u (* differs from 不同于 CN 1)\n",
		       c->rules->profile, c->rules->version);
	}
	for (size_t i = 0; i < ld_rule_defs_n; i++) {
		const struct ld_rule_def *d = &ld_rule_defs[i];
		const int64_t value = ld_rules_get(c->rules, d);
		const bool differs = value != ld_rules_get(&ld_rules_cn, d);
		Custody__Rules *rec;
		char text[40];

		if (d->unit == LD_UNIT_STRICTNESS && !differs)
			continue;
		ld_arena_reset(c->arena);
		ld_rule_text(d, value, text);
		if (s->json) {
			cJSON *v = cJSON_AddObjectToObject(values, d->name);

			ld_json_i64(v, "value", value);
			cJSON_AddStringToObject(v, "text", text);
			cJSON_AddStringToObject(v, "source", source_of(c, d, &rec));
			cJSON_AddBoolToObject(v, "differs", differs);
		} else {
			printf("%c %-28s = %-14s # %s  (%s, %s)\n", differs ? '*' : ' ', d->name,
			       text, source_of(c, d, &rec), d->zh, d->en);
		}
	}
	if (s->json)
		ld_print_json(o);
}

static int last_time(void *ctx, struct ld_custody *before, uint64_t index,
		     const Liandan__Entry *entry)
{
	(void)before, (void)index;
	((struct showing *)ctx)->now_ms = entry->recorded_at_ms;
	return 0;
}

static int rules_show(struct ld_cli *cli, const struct ld_command *command, const char *dir,
		      const char *anchor, const char *at)
{
	struct showing s = {.json = cli->json};
	const struct ld_replay_watch watch = {.ctx = &s, .entry = last_time, .end = show};
	struct ld_book book;
	uint64_t upto;
	int code = ld_book_open(cli, dir, anchor, &book);

	if (code != LD_EXIT_DONE)
		return code;
	upto = ld_book_size(&book);
	if (at != NULL && (!ld_parse_u64(at, &upto) || upto >= ld_book_size(&book)))
		code = ld_usage(command, "--at is an index of the ledger");
	else {
		enum ld_err err = ld_book_replay(&book, at != NULL ? upto + 1 : upto, &watch);
		if (err == LD_OK)
			err = s.err;
		if (err != LD_OK)
			code = ld_fail(cli, "liandan ledger audit DIR",
				       "the ledger cannot be read: %s", ld_err_text(err));
	}
	ld_book_close(&book);
	return code;
}

/* ---- the table ---- */

static const char *event_name(const struct ld_row *row)
{
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(
	    &liandan__event__descriptor, (unsigned)row->body);

	return f != NULL ? f->name : "?";
}

static void print_states(uint32_t bits)
{
	unsigned at = 0;
	const char *sep = "";

	if (bits == LD_IN_ANY) {
		printf("any state");
		return;
	}
	for (const char *name; (name = ld_state_name(bits, &at)) != NULL; sep = ", ")
		printf("%s%s", sep, name);
}

static void print_checks(const char *what, const struct ld_check *const *list)
{
	for (size_t i = 0; i < LD_MAX_CHECKS && list[i] != NULL; i++)
		printf("      %-9s %-22s %s  %s\n", i == 0 ? what : "", list[i]->name, list[i]->en,
		       list[i]->zh);
}

static void print_row(const struct ld_row *row)
{
	printf("%2u  %s (%s) by %s\n", row->n, event_name(row),
	       row->intention ? "intention 意向: refused" : "fact 事实: recorded", row->who);
	if (!row->stock) {
		printf("      from      ");
		print_states(row->from);
		if (row->to != CUSTODY__MANIFEST_STATE__MANIFEST_STATE_UNSPECIFIED) {
			printf("  ->  ");
			print_states(1u << (unsigned)row->to);
		}
		printf("\n");
		if (row->waits != 0) {
			printf("      waits in  ");
			print_states(row->waits);
			printf("\n");
		}
	}
	print_checks("hard", row->hard);
	print_checks("recorded", row->recorded);
	print_checks("once", row->once);
}

static void add_states(cJSON *o, const char *name, uint32_t bits)
{
	cJSON *list = cJSON_AddArrayToObject(o, name);
	unsigned at = 0;

	for (const char *state; (state = ld_state_name(bits, &at)) != NULL;)
		cJSON_AddItemToArray(list, cJSON_CreateString(state));
}

static void add_checks(cJSON *o, const char *name, const struct ld_check *const *checks)
{
	cJSON *list = cJSON_AddArrayToObject(o, name);

	for (size_t i = 0; i < LD_MAX_CHECKS && checks[i] != NULL; i++) {
		cJSON *check = cJSON_CreateObject();

		cJSON_AddStringToObject(check, "name", checks[i]->name);
		cJSON_AddStringToObject(check, "en", checks[i]->en);
		cJSON_AddStringToObject(check, "zh", checks[i]->zh);
		cJSON_AddItemToArray(list, check);
	}
}

static cJSON *row_json(const struct ld_row *row)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddNumberToObject(o, "row", row->n);
	cJSON_AddStringToObject(o, "event", event_name(row));
	cJSON_AddBoolToObject(o, "intention", row->intention);
	cJSON_AddStringToObject(o, "by", row->who);
	if (!row->stock) {
		add_states(o, "from", row->from);
		add_states(o, "waits", row->waits);
		if (row->to != CUSTODY__MANIFEST_STATE__MANIFEST_STATE_UNSPECIFIED)
			add_states(o, "to", 1u << (unsigned)row->to);
	}
	add_checks(o, "hard", row->hard);
	add_checks(o, "recorded", row->recorded);
	add_checks(o, "once", row->once);
	return o;
}

static void table(bool json)
{
	for (size_t i = 0; i < ld_table_rows; i++)
		if (json)
			ld_print_json(row_json(&ld_table[i]));
		else
			print_row(&ld_table[i]);
}

int ld_cmd_rules(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "rules");
	const char *dir = NULL, *anchor = NULL, *at = NULL;
	const struct ld_opt opts[] = {{"dir", LD_OPT_TEXT, &dir},
				      {"anchor", LD_OPT_TEXT, &anchor},
				      {"at", LD_OPT_TEXT, &at},
				      {NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;

	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc == 3 && (strcmp(argv[1], "check") == 0 || strcmp(argv[1], "compile") == 0))
		return profile_file(cli, argv[2], argv[1][1] == 'o');
	if (argc == 2 && strcmp(argv[1], "show") == 0 && dir != NULL)
		return rules_show(cli, command, dir, anchor, at);
	if (argc == 2 && strcmp(argv[1], "table") == 0) {
		table(cli->json);
		return LD_EXIT_DONE;
	}
	return ld_usage(command, "rules check|compile FILE, rules show --dir DIR, or rules table");
}

int ld_cmd_calendar(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "calendar");
	const struct ld_opt opts[] = {{NULL, LD_OPT_FLAG, NULL}};
	struct ld_calendar c;
	struct ld_profile_fault fault;
	char *text = NULL;
	size_t len;
	int code = LD_EXIT_DONE;

	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc != 3 || strcmp(argv[1], "compile") != 0)
		return ld_usage(command, "calendar compile FILE");
	code = read_file(cli, argv[2], &text, &len);
	if (code == LD_EXIT_DONE && ld_calendar_parse(text, len, &c, &fault) != LD_OK)
		code = wrong(cli, argv[2], &fault);
	else if (code == LD_EXIT_DONE)
		ld_print_json(ld_calendar_event(&c));
	free(text);
	return code;
}
