#include "plugin/broker/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/broker/outbox.h"
#include "plugin/broker/publish.h"
#include "proto/base64.h"
#include "proto/verdict.h"

#define ROOT "$SYS/broker/liandan/"
#define MAX_METRICS 192
#define NAME_BYTES 64
#define NOTICES_PER_S 1

struct metric {
	char name[NAME_BYTES]; /* below ROOT */
	uint64_t value;
	bool published;
};

struct ld_metrics {
	int64_t next_ms;
	struct ld_rate notices;
	size_t n; /* of this round: collecting starts at 0, the order never changes */
	struct metric at[MAX_METRICS];
	bool file_failed;
};

struct ld_metrics *ld_metrics_new(void)
{
	return calloc(1, sizeof(struct ld_metrics));
}

void ld_metrics_free(struct ld_metrics *m)
{
	free(m);
}

static void publish_number(struct ld_broker *b, const struct metric *m)
{
	char topic[sizeof ROOT + NAME_BYTES], text[24];
	int n = snprintf(text, sizeof text, "%" PRIu64, m->value);

	snprintf(topic, sizeof topic, ROOT "%s", m->name);
	ld_publish(
	    b,
	    &(struct ld_publication){
		.topic = topic, .payload = text, .len = (size_t)n, .retain = true, .text = true});
}

static struct metric *slot(struct ld_metrics *m, const char *name)
{
	struct metric *e = NULL;

	for (size_t i = 0; i < m->n && !e; i++)
		if (strcmp(m->at[i].name, name) == 0)
			e = &m->at[i];
	if (!e && m->n < MAX_METRICS) {
		e = &m->at[m->n++];
		snprintf(e->name, sizeof e->name, "%s", name);
	}
	return e;
}

static void put(struct ld_broker *b, const char *name, uint64_t value)
{
	struct metric *e = slot(b->metrics, name);

	if (!e || (e->published && e->value == value))
		return;
	e->value = value;
	e->published = true;
	publish_number(b, e);
}

/* Labels of one family; those that never happened are left out. */
static void put_label(struct ld_broker *b, const char *family, const char *label, uint64_t value)
{
	char name[NAME_BYTES];

	if (!value)
		return;
	snprintf(name, sizeof name, "%s/%s", family, label);
	put(b, name, value);
}

static void put_verdicts(struct ld_broker *b, const struct ld_verdict_counts *c)
{
	for (size_t i = 1; i < sizeof c->verdict / sizeof c->verdict[0]; i++)
		put_label(b, "verdict", ld_verdict_name((Liandan__Verdict)i), c->verdict[i]);
	for (size_t i = 1; i < sizeof c->reason / sizeof c->reason[0]; i++)
		put_label(b, "reason", ld_reason_name((Liandan__Reason)i), c->reason[i]);
	put_label(b, "verdict", "DUPLICATE", c->duplicates);
	for (unsigned level = 1; level < sizeof c->anomalies / sizeof c->anomalies[0]; level++) {
		char name[NAME_BYTES];
		snprintf(name, sizeof name, "anomalies/%u", level);
		put(b, name, c->anomalies[level]);
	}
}

static void put_region(struct ld_broker *b)
{
	const struct ld_verdict_counts *c = ld_region_counts(b->region);
	const struct ld_core_head *head = ld_region_head(b->region);

	put_verdicts(b, c);
	put(b, "entries", head ? head->size : 0);
	put(b, "commits", c->commits);
	put(b, "commit_us_total", c->commit_us_total);
	put(b, "commit_us_mean", c->commits ? c->commit_us_total / c->commits : 0);
	put(b, "pending", ld_core_pending(ld_region_core(b->region)));
	put(b, "indexed", ld_index_applied(ld_region_index(b->region)));
	put(b, "read_only", ld_region_read_only(b->region, NULL) ? 1 : 0);
}

static void put_broker(struct ld_broker *b)
{
	const struct ld_broker_counts *c = &b->counts;

	put(b, "clients", ld_sessions_online(b->sessions));
	put(b, "sessions", ld_sessions_count(b->sessions));
	put(b, "queue/manifests", ld_changed_waiting(b->manifests));
	put(b, "queue/vehicles", ld_changed_waiting(b->vehicles));
	put(b, "queue/clearing", ld_outbox_clearing(b));
	put(b, "published", c->published);
	put(b, "publish_failed", c->publish_failed);
	put(b, "refused_suppressed", c->refused_suppressed);
	put(b, "auth_refused", c->auth_refused);
	put(b, "acl_denied", c->acl_denied);
	put(b, "outside", c->outside);
	put(b, "queries", c->queries);
	put(b, "queries_throttled", c->queries_throttled);
	put(b, "bad_signature_closed", c->bad_signature_closed);
}

static void write_metric(FILE *f, const struct metric *m)
{
	const char *slash = strchr(m->name, '/');

	if (!slash)
		fprintf(f, "liandan_%s %" PRIu64 "\n", m->name, m->value);
	else
		fprintf(f, "liandan_%.*s{of=\"%s\"} %" PRIu64 "\n", (int)(slash - m->name), m->name,
			slash + 1, m->value);
}

/* Written beside and renamed, so that a reader never sees half of it. A failure is told once. */
static void write_file(struct ld_broker *b)
{
	const char *path = b->config.metrics_file;
	char beside[LD_CONFIG_PATH_BYTES + 8];
	bool ok;
	FILE *f;

	if (!path[0])
		return;
	snprintf(beside, sizeof beside, "%s.new", path);
	f = fopen(beside, "we");
	for (size_t i = 0; f && i < b->metrics->n; i++)
		write_metric(f, &b->metrics->at[i]);
	ok = f && !ferror(f);
	if (f && fclose(f) != 0)
		ok = false;
	if (ok && rename(beside, path) != 0)
		ok = false;
	if (!ok && !b->metrics->file_failed)
		ld_log(MOSQ_LOG_WARNING, "cannot write plugin_opt_metrics_file %s: %s", path,
		       strerror(errno));
	b->metrics->file_failed = !ok;
}

static void put_clock(struct ld_broker *b)
{
	uint32_t rate = 1;
	bool demo = ld_region_clock(b->region, &rate);
	cJSON *json = cJSON_CreateObject();

	if (!json)
		return;
	cJSON_AddNumberToObject(json, "now_ms", (double)ld_region_now(b->region));
	cJSON_AddNumberToObject(json, "rate", demo ? rate : 1);
	cJSON_AddBoolToObject(json, "demonstration", demo);
	ld_publish_json(b, &(struct ld_publication){.topic = ROOT "clock", .retain = true}, json);
}

void ld_metrics_tick(struct ld_broker *b)
{
	if (b->now_ms < b->metrics->next_ms)
		return;
	b->metrics->next_ms = b->now_ms + LD_METRICS_EVERY_MS;
	put_region(b);
	put_broker(b);
	put_clock(b);
	write_file(b);
}

void ld_metrics_start(struct ld_broker *b)
{
	char hex[2 * LD_HASH_BYTES + 1];
	cJSON *json = cJSON_CreateObject();

	if (!json)
		return;
	ld_hex_encode(ld_region_ledger_id(b->region), LD_HASH_BYTES, hex);
	cJSON_AddStringToObject(json, "region", ld_region_name(b->region));
	cJSON_AddStringToObject(json, "ledger_id", hex);
	cJSON_AddStringToObject(json, "vkey", ld_region_vkey(b->region));
	cJSON_AddStringToObject(json, "version", LD_VERSION);
	ld_publish_json(
	    b, &(struct ld_publication){.topic = ROOT "ledger", .qos = 1, .retain = true}, json);
}

void ld_metrics_notice(struct ld_broker *b, const char *text)
{
	cJSON *json;

	if (!b->region || !ld_rate_take(&b->metrics->notices, NOTICES_PER_S, ld_mono_ms()))
		return;
	json = cJSON_CreateObject();
	if (!json)
		return;
	cJSON_AddStringToObject(json, "text", text);
	cJSON_AddNumberToObject(json, "at_ms", (double)ld_region_now(b->region));
	ld_publish_json(
	    b, &(struct ld_publication){.topic = ROOT "notice", .qos = 1, .retain = true}, json);
}
