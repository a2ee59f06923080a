/* Liandan in the broker. The policy in one screen:
 *
 *   connect    the key decides: a certificate's, or one that signed a token; client id = its
 *              device (access_cb.c, custody/access)
 *   publish    only i/<party>/<device> and query/<verb>; retained never (ld_acl_check_cb)
 *   i/         gate -> key, chain, signatures -> judge -> append -> commit: ld_region_submit; the
 *              message itself goes no further (message_cb.c). In the ledger: SUCCESS; outside:
 *              0x87; disk: closed
 *   out        what was committed, published by the plugin: o/, r/, manifest/, vehicle/,
 *              anomaly/, open/, rating/, precision, checkpoint, refused/ (outbox.c)
 *   read       each delivery is asked for: a company its own, a regulator its region
 *              (custody/access)
 *   tick       group commit, deadlines, states that are due, keys that expired, counters
 *
 * Anything that is wrong at start keeps the broker from starting. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/broker/broker.h"
#include "plugin/broker/metrics.h"
#include "plugin/broker/outbox.h"
#include "proto/digest.h"
#include "proto/gate.h"

#define EXPORT __attribute__((visibility("default")))
#define SLOW_MS 100   /* what need not be done every turn */
#define QUIET_MS 5000 /* without an error */

static const struct {
	int event;
	MOSQ_FUNC_generic_callback fn;
} callbacks[] = {
    {MOSQ_EVT_RELOAD, ld_reload_cb},	     {MOSQ_EVT_BASIC_AUTH, ld_basic_auth_cb},
    {MOSQ_EVT_ACL_CHECK, ld_acl_check_cb},   {MOSQ_EVT_MESSAGE, ld_message_cb},
    {MOSQ_EVT_DISCONNECT, ld_disconnect_cb}, {MOSQ_EVT_TICK, ld_tick_cb},
};
#define N_CALLBACKS (sizeof callbacks / sizeof callbacks[0])

int64_t ld_mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool ld_rate_take(struct ld_rate *r, uint32_t per_s, int64_t now_ms)
{
	int64_t fill = (now_ms - r->at_ms) * per_s / 1000;

	if (r->at_ms == 0 || fill >= per_s) {
		r->tokens = per_s;
		r->at_ms = now_ms;
	} else if (fill > 0) {
		r->tokens = r->tokens + (uint32_t)fill < per_s ? r->tokens + (uint32_t)fill : per_s;
		r->at_ms += fill * 1000 / per_s;
	}
	if (!r->tokens)
		return false;
	r->tokens--;
	return true;
}

static void log_line(int level, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void log_line(int level, const char *fmt, va_list ap)
{
	char line[900];

	vsnprintf(line, sizeof line, fmt, ap);
	mosquitto_log_printf(level, "liandan: %s", line);
}

void ld_log(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(level, fmt, ap);
	va_end(ap);
}

void ld_log_client(struct ld_broker *b, const char *fmt, ...)
{
	va_list ap;

	if (!ld_rate_take(&b->log_rate, LD_MAX_LOG_LINES_PER_S, ld_mono_ms()))
		return;
	va_start(ap, fmt);
	log_line(MOSQ_LOG_NOTICE, fmt, ap);
	va_end(ap);
}

struct ld_custody *ld_broker_custody(struct ld_broker *b)
{
	struct ld_custody *c = ld_region_custody(b->region);

	ld_arena_reset(c->arena);
	return c;
}

/* The retained set: Mosquitto's own persistence is off, the state is the ledger's. */
static void start(struct ld_broker *b)
{
	const char *why = NULL;

	b->started = true;
	ld_metrics_start(b);
	if (ld_region_read_only(b->region, &why)) {
		ld_log(MOSQ_LOG_ERR, "the ledger is read-only: %s", why);
		ld_metrics_notice(b, why);
	}
	ld_region_republish(b->region);
	ld_outbox_checkpoint(b);
}

/* What stands in the way of writing is said once; that it is gone, when something has been
 * committed since and no error has been met for a while. */
static void tell_failing(struct ld_broker *b, enum ld_err err)
{
	uint64_t commits = ld_region_counts(b->region)->commits;
	char text[160];

	if (err != LD_OK) {
		b->failed_ms = b->now_ms;
		b->failed_commits = commits;
	}
	if (err != LD_OK && !b->failing)
		snprintf(text, sizeof text,
			 "the ledger cannot write: %s; events are not acknowledged",
			 ld_err_text(err));
	else if (b->failing && commits > b->failed_commits && b->now_ms - b->failed_ms >= QUIET_MS)
		snprintf(text, sizeof text, "the ledger writes again");
	else
		return;
	b->failing = !b->failing;
	ld_log(b->failing ? MOSQ_LOG_ERR : MOSQ_LOG_NOTICE, "%s", text);
	ld_metrics_notice(b, text);
}

int ld_tick_cb(int event, void *data, void *userdata)
{
	struct ld_broker *b = userdata;
	bool advanced = false;

	(void)event;
	(void)data;
	b->reloading = false;
	b->now_ms = ld_mono_ms();
	if (!b->started)
		start(b);
	tell_failing(b, ld_region_tick(b->region, &advanced));
	if (advanced)
		ld_outbox_checkpoint(b);
	ld_access_kick_marked(b);
	ld_outbox_flush(b);
	if (b->now_ms >= b->slow_ms) {
		b->slow_ms = b->now_ms + SLOW_MS;
		ld_access_recheck(b);
		ld_metrics_tick(b);
	}
	return MOSQ_ERR_SUCCESS;
}

static void destroy(struct ld_broker *b)
{
	if (!b)
		return;
	b->closing = true;
	for (size_t i = 0; b->id && i < N_CALLBACKS; i++)
		mosquitto_callback_unregister(b->id, callbacks[i].event, callbacks[i].fn, NULL);
	if (b->region)
		ld_region_close(
		    b->region); /* commits what is pending; its receipts are asked for again */
	ld_core_remove_sigbus();
	ld_sessions_free(b->sessions);
	ld_penalties_free(b->penalties);
	ld_changed_free(b->manifests);
	ld_changed_free(b->vehicles);
	ld_changed_free(b->ratings);
	ld_changed_free(b->marked);
	ld_clearing_free(b->clearing);
	ld_metrics_free(b->metrics);
	free(b);
	ld_gate_cleanup();
	ld_digest_cleanup();
}

static bool allocate(struct ld_broker *b)
{
	b->sessions = ld_sessions_new(LD_MAX_SESSIONS);
	b->penalties = ld_penalties_new();
	b->manifests = ld_changed_new();
	b->vehicles = ld_changed_new();
	b->ratings = ld_changed_new();
	b->marked = ld_changed_new();
	b->clearing = ld_clearing_new();
	b->metrics = ld_metrics_new();
	return b->sessions && b->penalties && b->manifests && b->vehicles && b->ratings &&
	       b->marked && b->clearing && b->metrics && ld_gate_init() == LD_OK;
}

static bool open_region(struct ld_broker *b, char *why, size_t cap)
{
	const struct ld_config *c = &b->config;
	struct ld_region_options o = {
	    .dir = c->ledger_dir,
	    .anchor_path = c->anchor[0] ? c->anchor : NULL,
	    .ledger_key_path = c->ledger_key[0] ? c->ledger_key : NULL,
	    .accept_clock = c->accept_clock,
	    .clock_rate = c->clock_rate,
	    .commit_interval_ms = c->commit_interval_ms,
	    .group_max = c->group_max,
	    .custody_per_s = c->custody_per_s,
	    .map_bytes = (size_t)c->ledger_map_mib << 20,
	    .sink = ld_outbox_sink(b),
	};

	if (ld_region_open(&o, &b->region, why, cap) != LD_OK)
		return false;
	if (c->region[0] && strcmp(c->region, ld_region_name(b->region)) != 0) {
		snprintf(why, cap,
			 "plugin_opt_region is '%s', but the ledger in %s is of region '%s'",
			 c->region, c->ledger_dir, ld_region_name(b->region));
		return false;
	}
	ld_topic_root_init(&b->root, ld_region_name(b->region));
	ld_core_install_sigbus();
	return true;
}

static bool parse_options(struct ld_broker *b, const struct mosquitto_opt *options, int n,
			  char *why, size_t cap)
{
	struct ld_option *o = calloc(n > 0 ? (size_t)n : 1, sizeof *o);
	enum ld_err err;

	if (!o)
		return false;
	for (int i = 0; i < n; i++)
		o[i] = (struct ld_option){.key = options[i].key, .value = options[i].value};
	err = ld_config_parse(o, n > 0 ? (size_t)n : 0, &b->config, why, cap);
	free(o);
	return err == LD_OK;
}

static bool register_callbacks(struct ld_broker *b)
{
	for (size_t i = 0; i < N_CALLBACKS; i++)
		if (mosquitto_callback_register(b->id, callbacks[i].event, callbacks[i].fn, NULL,
						b) != MOSQ_ERR_SUCCESS)
			return false;
	return true;
}

EXPORT int mosquitto_plugin_version(int count, const int *versions)
{
	for (int i = 0; i < count; i++)
		if (versions[i] == MOSQ_PLUGIN_VERSION)
			return MOSQ_PLUGIN_VERSION;
	return -1;
}

/* What this returns is the broker's exit code. */
EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **userdata,
				 struct mosquitto_opt *options, int n)
{
	char why[LD_CONFIG_WHY_BYTES] = "out of memory";
	struct ld_broker *b = calloc(1, sizeof *b);

	if (!b)
		return MOSQ_ERR_NOMEM;
	b->id = id;
	b->thread = pthread_self();
	if (!parse_options(b, options, n, why, sizeof why) || !allocate(b) ||
	    !open_region(b, why, sizeof why) || !register_callbacks(b)) {
		ld_log(MOSQ_LOG_ERR, "not started: %s", why);
		destroy(b);
		return MOSQ_ERR_UNKNOWN;
	}
	ld_log(MOSQ_LOG_NOTICE, "%s: region %s, %llu entries", LD_VERSION,
	       ld_region_name(b->region), (unsigned long long)ld_region_head(b->region)->size);
	*userdata = b;
	return MOSQ_ERR_SUCCESS;
}

EXPORT int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int n)
{
	(void)options;
	(void)n;
	destroy(userdata);
	return MOSQ_ERR_SUCCESS;
}
