/* watch: what regulators and parties read, as lines. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/events.h"
#include "deploy/cli/net.h"
#include "proto/base64.h"
#include "proto/envelope.h"
#include "proto/json.h"
#include "proto/verdict.h"

struct watch {
	struct ld_cli *cli;
	struct ld_net net;
	bool anomalies, manifests, all;
	int64_t count, seconds;
	int64_t lines;
	bool final;
	size_t root_len; /* of "waste/v1/<region>/" */
	struct ld_arena arena;
};

static const char *const level_colour[] = {"", "\033[36m", "\033[33m", "\033[31m", "\033[1;37;41m"};

static const char *member(const cJSON *o, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
	return text ? text : "";
}

/* A 64-bit integer as protobuf's JSON writes it, or a number. */
static int64_t number(const cJSON *o, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);
	if (cJSON_IsNumber(item))
		return (int64_t)item->valuedouble;
	return cJSON_IsString(item) ? strtoll(item->valuestring, NULL, 10) : 0;
}

static void print_time(int64_t ms)
{
	char text[24];
	ld_time_text(ms, text);
	printf("%s  ", text);
}

static void print_figures(const cJSON *figures)
{
	const cJSON *f;
	char name[64];
	cJSON_ArrayForEach(f, figures)
	    printf("  %s=%lld/%lld", ld_printable(member(f, "name"), name, sizeof(name)),
		   (long long)number(f, "value"), (long long)number(f, "threshold"));
}

static void print_anomaly(struct watch *w, const cJSON *o, bool standing)
{
	char subject[160], en[400], zh[400];
	int64_t level = number(o, "level");
	const char *colour = w->cli->tty && level >= 1 && level <= 4 ? level_colour[level] : "";
	int64_t at = number(o, "updated_at_ms");
	print_time(at ? at : number(o, "raised_at_ms") ? number(o, "raised_at_ms") : ld_wall_ms());
	printf("%slevel %lld%s  %s  %s", colour, (long long)level, *colour ? "\033[0m" : "",
	       standing ? "open" : member(o, "what"), member(o, "kind"));
	if (*member(o, "phase"))
		printf(" (%s)", member(o, "phase"));
	printf("  %s  #%lld", ld_printable(member(o, "subject"), subject, sizeof(subject)),
	       (long long)number(o, "id"));
	print_figures(cJSON_GetObjectItemCaseSensitive(o, "figures"));
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(o, "text");
	const cJSON *from = cJSON_IsObject(text) ? text : o;
	printf("\n                      %s / %s\n",
	       ld_printable(member(from, "en"), en, sizeof(en)),
	       ld_printable(member(from, "zh"), zh, sizeof(zh)));
}

static void print_manifest(const cJSON *o)
{
	char id[80], number_text[80], holder[80], plate[80], en[1024], zh[1024];
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(o, "text");
	print_time(number(o, "updated_ms") ? number(o, "updated_ms") : ld_wall_ms());
	printf("manifest %s %s  %s  holder %s  plate %s  taken %lld g  received %lld g\n"
	       "                      %s / %s\n",
	       ld_printable(member(o, "id"), id, sizeof(id)),
	       ld_printable(member(o, "number"), number_text, sizeof(number_text)),
	       member(o, "state"), ld_printable(member(o, "holder"), holder, sizeof(holder)),
	       ld_printable(member(o, "plate"), plate, sizeof(plate)),
	       (long long)number(o, "taken_g"), (long long)number(o, "received_g"),
	       ld_printable(member(text, "en"), en, sizeof(en)),
	       ld_printable(member(text, "zh"), zh, sizeof(zh)));
}

/* o/: the bytes of the event as it was signed. */
static cJSON *event_json(struct watch *w, const char *below, const uint8_t *payload, size_t len)
{
	struct ld_opened opened;
	struct ld_gate_fault fault;
	ld_arena_reset(&w->arena);
	if (ld_open_parse(payload, len, &w->arena, &opened, &fault) != LD_OK)
		return NULL;
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "from", below + 2);
	cJSON_AddStringToObject(o, "body", ld_body_name(opened.event));
	ld_json_hex(o, "event_hash", opened.event_hash, LD_HASH_BYTES);
	cJSON_AddItemToObject(o, "event", ld_json_of(&opened.event->base));
	return o;
}

static cJSON *refused_json(const char *below, const uint8_t *payload, size_t len)
{
	if (ld_gate_check(&liandan__refused__descriptor, payload, len, NULL) != LD_OK)
		return NULL;
	Liandan__Refused *r = liandan__refused__unpack(NULL, len, payload);
	if (!r)
		return NULL;
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "topic", below);
	cJSON_AddStringToObject(o, "verdict", ld_verdict_name(r->verdict));
	cJSON_AddStringToObject(o, "reason", ld_reason_name(r->reason));
	cJSON_AddStringToObject(o, "details", r->details);
	cJSON_AddStringToObject(o, "en",
				r->reason ? ld_reason_en(r->reason) : ld_verdict_en(r->verdict));
	cJSON_AddStringToObject(o, "zh",
				r->reason ? ld_reason_zh(r->reason) : ld_verdict_zh(r->verdict));
	ld_json_i64(o, "at_ms", r->at_ms);
	liandan__refused__free_unpacked(r, NULL);
	return o;
}

static void print_other(const char *below, const cJSON *o)
{
	char text[512], detail[512];
	print_time(number(o, "at_ms") ? number(o, "at_ms") : ld_wall_ms());
	if (strncmp(below, "o/", 2) == 0)
		printf("event %s from %s\n", member(o, "body"),
		       ld_printable(below + 2, text, sizeof(text)));
	else if (strncmp(below, "refused/", 8) == 0)
		printf("not accepted %s: %s / %s %s\n", ld_printable(below + 8, text, sizeof(text)),
		       member(o, "en"), member(o, "zh"),
		       ld_printable(member(o, "details"), detail, sizeof(detail)));
	else
		printf("%s\n", ld_printable(below, text, sizeof(text)));
}

static cJSON *parse(struct watch *w, const char *below, const uint8_t *payload, size_t len)
{
	if (strncmp(below, "o/", 2) == 0)
		return event_json(w, below, payload, len);
	if (strncmp(below, "refused/", 8) == 0)
		return refused_json(below, payload, len);
	if (strcmp(below, "checkpoint") == 0 || len == 0)
		return cJSON_CreateObject();
	return cJSON_ParseWithLength((const char *)payload, len);
}

static void on_message(void *ctx, struct ld_client *c, const char *topic, const uint8_t *payload,
		       size_t len, bool retained)
{
	struct watch *w = ctx;
	const char *below = topic + (strlen(topic) > w->root_len ? w->root_len : 0);
	bool open = strncmp(below, "open/", 5) == 0;
	(void)c;
	/* What is open now comes retained; from then on anomaly/ says the same with its change. */
	if (open && (!retained || len == 0))
		return;
	if (strcmp(below, "checkpoint") == 0 && !w->cli->json)
		return;
	cJSON *o = parse(w, below, payload, len);
	if (!cJSON_IsObject(o)) {
		cJSON_Delete(o);
		return;
	}
	w->lines++;
	if (w->cli->json) {
		cJSON *line = cJSON_CreateObject();
		cJSON_AddStringToObject(line, "topic", topic);
		cJSON_AddBoolToObject(line, "retained", retained);
		cJSON_AddItemToObject(line, "message", o);
		ld_print_json(line);
		return;
	}
	if (open || strncmp(below, "anomaly/", 8) == 0)
		print_anomaly(w, o, open);
	else if (strncmp(below, "manifest/", 9) == 0)
		print_manifest(o);
	else
		print_other(below, o);
	fflush(stdout);
	cJSON_Delete(o);
}

static void on_down(void *ctx, struct ld_client *c, const char *why, bool final)
{
	struct watch *w = ctx;
	(void)c;
	w->final = final;
	fprintf(stderr, "liandan: %s%s\n", why, final ? "" : "; trying again");
}

static void on_ready(void *ctx, struct ld_client *c)
{
	struct watch *w = ctx;
	(void)c;
	fprintf(stderr, "liandan: watching region %s on %s:%d\n", w->net.id.region, w->net.host,
		w->net.port);
}

static enum ld_err subscribe(const struct watch *w, struct ld_client *c)
{
	static const struct {
		const char *filter;
		bool anomaly, manifest;
	} filters[] = {
	    {"anomaly/#", true, false},	 {"open/#", true, false},      {"manifest/+", false, true},
	    {"vehicle/+", false, false}, {"o/#", false, false},	       {"refused/#", false, false},
	    {"rating/+", false, false},	 {"checkpoint", false, false},
	};
	char text[200];
	enum ld_err err = LD_OK;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]) && err == LD_OK; i++) {
		if (!w->all && !(w->anomalies && filters[i].anomaly) &&
		    !(w->manifests && filters[i].manifest))
			continue;
		snprintf(text, sizeof(text), "waste/v1/%s/%s", w->net.id.region, filters[i].filter);
		err = ld_client_subscribe(c, text);
	}
	return err;
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number_)
{
	(void)number_;
	interrupted = 1;
}

static int run(struct watch *w)
{
	struct ld_loop *loop = NULL;
	struct ld_client *c = NULL;
	struct ld_client_options opt;
	int code = LD_EXIT_DONE;
	int64_t end = w->seconds ? ld_loop_now() + w->seconds * 1000 : INT64_MAX;
	ld_net_client_options(&w->net, &opt);
	opt.ctx = w;
	opt.no_receipts = true;
	opt.calls.message = on_message;
	opt.calls.down = on_down;
	opt.calls.ready = on_ready;
	if (ld_arena_init(&w->arena, LD_MAX_ARENA_BYTES) != 0 || ld_loop_new(&loop) != LD_OK)
		code = ld_fail(w->cli, "free some memory", "out of memory");
	else if (ld_client_new(loop, &opt, &c) != LD_OK || subscribe(w, c) != LD_OK)
		code = ld_fail(w->cli, "over a network a token wants TLS: add --cafile FILE",
			       "the connection to %s cannot be set up", w->net.host);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	while (code == LD_EXIT_DONE && !interrupted && !w->final && ld_loop_now() < end &&
	       (!w->count || w->lines < w->count))
		if (ld_loop_step(loop, 200) != LD_OK)
			code = ld_fail(w->cli, "run the command again", "the event loop failed");
	if (w->final)
		code = ld_fail(w->cli,
			       "check --client and --key: is the key enrolled, may it read this?",
			       "the broker does not let this reader in");
	ld_loop_free(loop);
	ld_arena_free(&w->arena);
	return code;
}

int ld_cmd_watch(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "watch");
	struct watch w;
	memset(&w, 0, sizeof(w));
	w.cli = cli;
	const struct ld_opt opts[] = {
	    LD_NET_OPTIONS(w.net),
	    {"anomalies", LD_OPT_FLAG, &w.anomalies},
	    {"manifests", LD_OPT_FLAG, &w.manifests},
	    {"all", LD_OPT_FLAG, &w.all},
	    {"count", LD_OPT_INT, &w.count},
	    {"seconds", LD_OPT_INT, &w.seconds},
	    {NULL, LD_OPT_FLAG, NULL},
	};
	int code = LD_EXIT_DONE;
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc != 1)
		return ld_usage(command, "watch takes options only");
	w.anomalies = w.anomalies || (!w.manifests && !w.all);
	code = ld_net_ready(cli, command, &w.net);
	w.root_len = strlen("waste/v1//") + strlen(w.net.id.region);
	if (code == LD_EXIT_DONE)
		code = run(&w);
	ld_net_free(&w.net);
	return code;
}
