/* may: what would the ledger say? */
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/ask.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/content.h"
#include "deploy/cli/events.h"
#include "deploy/cli/net.h"
#include "proto/json.h"

#define MAY_TIMEOUT_MS 20000

struct may {
	struct ld_cli *cli;
	struct ld_net net;
	struct ld_ask ask;
	struct ld_arena arena;
	struct ld_contents contents;
	size_t refused;
};

static void on_down(void *ctx, struct ld_client *c, const char *why, bool final)
{
	struct may *m = ctx;
	(void)c;
	if (final)
		m->ask.final = true;
	fprintf(stderr, "liandan: %s%s\n", why, final ? "" : "; trying again");
}

static const char *text_of(const cJSON *answer, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, name));
	return text ? text : "";
}

static void print_answer(struct may *m, const char *where, const char *body, cJSON *answer)
{
	const char *verdict = text_of(answer, "verdict");
	char detail[512];
	bool good = strcmp(verdict, "ACCEPTED") == 0 || strcmp(verdict, "HELD") == 0;
	m->refused += !good;
	if (m->cli->json) {
		cJSON_AddStringToObject(answer, "where", where);
		cJSON_AddStringToObject(answer, "body", body);
		ld_print_json(answer);
		return;
	}
	printf("would be %s  %s  (%s)\n", verdict, body, where);
	if (strcmp(verdict, "ACCEPTED") != 0)
		printf("          %s: %s / %s\n", text_of(answer, "reason"), text_of(answer, "en"),
		       text_of(answer, "zh"));
	if (*text_of(answer, "details"))
		printf("          %s\n",
		       ld_printable(text_of(answer, "details"), detail, sizeof(detail)));
	const cJSON *v;
	cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(answer, "violations")) printf(
	    "          ! %s: %s / %s\n", text_of(v, "reason"), text_of(v, "en"), text_of(v, "zh"));
	cJSON_Delete(answer);
}

/* The event as it would be signed, without its chain: the broker does not ask for that. */
static enum ld_err ask_one(struct may *m, cJSON *item, char *why, size_t cap)
{
	struct ld_labels none = {0};
	Liandan__Event *event = NULL;
	const char *label, *key_file;
	cJSON *answer = NULL;
	ld_arena_reset(&m->arena);
	enum ld_err err = ld_event_of(item, &none, &m->arena, &event, &label, &key_file, why, cap);
	if (err != LD_OK)
		return err;
	err = ld_content_fill(&m->contents, event, event->n_cosigners > 0, &m->arena,
			      ld_ask_manifest, &m->ask, why, cap);
	if (err != LD_OK)
		return err;
	if (m->net.key) {
		event->submitter.data =
		    ld_arena_dup(&m->arena, ld_key_id(m->net.key), LD_KEY_ID_BYTES);
		event->submitter.len = event->submitter.data ? LD_KEY_ID_BYTES : 0;
	}
	cJSON *json = ld_json_of(&event->base);
	char *text = json ? cJSON_PrintUnformatted(json) : NULL;
	cJSON_Delete(json);
	if (!text)
		return LD_ERR_NOMEM;
	err = ld_ask(&m->ask, "may", text, strlen(text), &answer, why, cap);
	cJSON_free(text);
	if (err == LD_OK)
		print_answer(m, ld_event_where(item), ld_body_name(event), answer);
	return err;
}

static int ask_all(struct may *m, const cJSON *events)
{
	char why[768] = "";
	enum ld_err err = ld_ask_ready(&m->ask, ld_loop_now() + MAY_TIMEOUT_MS);
	if (err != LD_OK)
		return ld_fail(m->cli,
			       err == LD_ERR_REFUSED
				   ? "check --client and --key: is the key enrolled?"
				   : "check --broker, and that it runs",
			       "not connected to %s:%d", m->net.host, m->net.port);
	for (cJSON *item = events->child; item; item = item->next) {
		err = ask_one(m, item, why, sizeof(why));
		if (err != LD_OK)
			return ld_fail(m->cli, "mend the event, or ask again", "%s", why);
	}
	return m->refused ? LD_EXIT_REFUSED : LD_EXIT_DONE;
}

int ld_cmd_may(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "may");
	struct may m;
	memset(&m, 0, sizeof(m));
	m.cli = cli;
	const struct ld_opt opts[] = {LD_NET_OPTIONS(m.net), {NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;
	char why[768];
	struct ld_client_options opt;
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc < 2)
		return ld_usage(command, "which event? may EVENT.json");
	cJSON *events = cJSON_CreateArray();
	code = ld_net_ready(cli, command, &m.net);
	for (int i = 1; i < argc && code == LD_EXIT_DONE; i++)
		if (ld_events_read(argv[i], events, why, sizeof(why)) != LD_OK)
			code = ld_fail(cli, "mend the file", "%s", why);
	if (code == LD_EXIT_DONE) {
		ld_net_client_options(&m.net, &opt);
		opt.ctx = &m;
		opt.no_receipts = true;
		opt.calls.down = on_down;
		if (ld_arena_init(&m.arena, LD_MAX_ARENA_BYTES) != 0 ||
		    ld_loop_new(&m.ask.loop) != LD_OK)
			code = ld_fail(cli, "free some memory", "out of memory");
		else if (ld_client_new(m.ask.loop, &opt, &m.ask.client) != LD_OK)
			code = ld_fail(cli, "over a network a token wants TLS: add --cafile FILE",
				       "the connection to %s cannot be set up", m.net.host);
		else
			code = ask_all(&m, events);
	}
	ld_loop_free(m.ask.loop);
	ld_arena_free(&m.arena);
	ld_contents_free(&m.contents);
	ld_net_free(&m.net);
	cJSON_Delete(events);
	return code;
}
