/* One message out of the plugin, as the broker wants it: its allocator, its property lists. The
 * only caller of mosquitto_broker_publish (mosquitto_broker_publish_copy corrupts 2.0.11's heap
 * accounting).
 *
 * Always to the topic, never to a client id: a message that is aimed at a client skips the access
 * checks, and on 2.0 what its queue cannot take is leaked. */
#ifndef LD_BROKER_PUBLISH_H
#define LD_BROKER_PUBLISH_H

#include <cjson/cJSON.h>

#include "plugin/broker/broker.h"

#define LD_MAX_USER_PROPERTIES 8
#define LD_JSON_TYPE "application/json"

struct ld_user_property {
	const char *name;
	const char *value;
};

struct ld_publication {
	const char *topic;   /* whole */
	const void *payload; /* copied */
	size_t len;	     /* 0 with retain: clears */
	int qos;
	bool retain;
	const char *content_type; /* NULL: none */
	bool text;		  /* payload is UTF-8 */
	const void *correlation;  /* NULL: none */
	size_t correlation_len;
	size_t n_user;
	struct ld_user_property user[LD_MAX_USER_PROPERTIES];
};

/* Queues it with the broker, which sends it at the top of its next turn. What cannot be queued is
 * counted and logged; there is nobody else to tell. Nothing happens while the broker closes. */
void ld_publish(struct ld_broker *b, const struct ld_publication *p);
/* JSON text of `json` under p's topic and properties; json is consumed, NULL is nothing. */
void ld_publish_json(struct ld_broker *b, struct ld_publication *p, cJSON *json);

#endif
