/* The plugin's one instance, as its callbacks share it. Only files that include Mosquitto's headers
 * include this one; they hold no rule: what is right is asked of custody/.
 *
 * One thread, the broker's. No function of the broker may be called from another one. */
#ifndef LD_BROKER_BROKER_H
#define LD_BROKER_BROKER_H

#include <pthread.h>

#include <mosquitto_broker.h> /* before mosquitto_plugin.h, which does not include it */

#include <mosquitto.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>

#include "plugin/broker/changed.h"
#include "plugin/broker/config.h"
#include "plugin/broker/penalty.h"
#include "plugin/broker/session.h"
#include "plugin/broker/topic.h"
#include "plugin/custody/region.h"

/* A bucket of tokens: `per_s` a second, at most one second's worth saved up. */
struct ld_rate {
	int64_t at_ms;
	uint32_t tokens;
};
bool ld_rate_take(struct ld_rate *r, uint32_t per_s, int64_t now_ms);

struct ld_broker_counts {
	uint64_t published, publish_failed;
	uint64_t refused_suppressed; /* not sent to refused/ for their number */
	uint64_t auth_refused;
	uint64_t acl_denied;
	uint64_t queries, queries_throttled;
	uint64_t outside; /* publishes on topics that are not ours */
	uint64_t bad_signature_closed;
};

struct ld_metrics;
struct ld_clearing;

struct ld_broker {
	mosquitto_plugin_id_t *id;
	pthread_t thread;
	struct ld_config config;
	struct ld_topic_root root;
	struct ld_region *region;
	struct ld_sessions *sessions;
	struct ld_penalties *penalties;
	struct ld_changed *manifests; /* names: 16-byte ids */
	struct ld_changed *vehicles;  /* names: plates */
	struct ld_changed *ratings;   /* names: parties */
	struct ld_changed
	    *marked; /* client ids whose connection is to be looked at, from the tick */
	struct ld_clearing *clearing; /* closed manifests whose retained state goes in a while */
	struct ld_metrics *metrics;
	struct ld_broker_counts counts;
	struct ld_rate refused_rate, log_rate;
	int64_t now_ms;	 /* monotonic, of this turn */
	int64_t slow_ms; /* next time for what need not be done every turn */
	bool started;	 /* the retained set has been published */
	bool reloading;	 /* between RELOAD and the next tick every client is authenticated again */
	bool closing;	 /* the broker takes nothing any more */
	bool failing;	 /* ticks meet errors */
	int64_t failed_ms;	 /* the last one that did */
	uint64_t failed_commits; /* how many there had been */
	bool recheck_all;	 /* a mark was lost: look at every session */
};

int64_t ld_mono_ms(void);

/* A line for the operator; `liandan: ` is put before it, cut at 900 bytes (the broker cuts at
 * 1000). */
void ld_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same about what a client did, at most LD_MAX_LOG_LINES_PER_S. */
void ld_log_client(struct ld_broker *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* custody with an empty scratch arena: between events nothing lives in it. */
struct ld_custody *ld_broker_custody(struct ld_broker *b);

/* plugin.c registers these; userdata is the struct ld_broker. */
int ld_basic_auth_cb(int event, void *data, void *userdata);
int ld_acl_check_cb(int event, void *data, void *userdata);
int ld_disconnect_cb(int event, void *data, void *userdata);
int ld_reload_cb(int event, void *data, void *userdata);
int ld_message_cb(int event, void *data, void *userdata);
int ld_tick_cb(int event, void *data, void *userdata);

/* Marks a client id to be looked at from the tick: is its key still good, is it closed for bad
 * signatures? Never at once: inside a message the broker still uses the client. */
void ld_access_look_at(struct ld_broker *b, const char *client_id);
/* From the tick: looks, and closes what is to be closed. */
void ld_access_kick_marked(struct ld_broker *b);
/* From the tick: looks at some sessions again, keys expire; or at all where marks were lost. */
void ld_access_recheck(struct ld_broker *b);

#endif
