/* What clients publish. It ends here: the broker files it under i/ or query/, which nobody may
 * read, and what subscribers get is published by the outbox from what was committed (PROTOCOL:
 * Topics). */
#include <stdlib.h>
#include <string.h>

#include "plugin/broker/broker.h"
#include "plugin/broker/publish.h"
#include "plugin/broker/query.h"
#include "proto/verdict.h"

/* Copies that the property functions make come from the C library's allocator. */
struct request {
	char *response_topic;
	void *correlation;
	uint16_t correlation_len;
};

static void read_request(const struct mosquitto_evt_message *ev, struct request *r)
{
	memset(r, 0, sizeof *r);
	mosquitto_property_read_string(ev->properties, MQTT_PROP_RESPONSE_TOPIC, &r->response_topic,
				       false);
	mosquitto_property_read_binary(ev->properties, MQTT_PROP_CORRELATION_DATA, &r->correlation,
				       &r->correlation_len, false);
	if (r->correlation_len <= LD_MAX_CORRELATION_BYTES)
		return;
	/* Too long to keep: the event stands, its receipt comes without. */
	free(r->correlation);
	r->correlation = NULL;
	r->correlation_len = 0;
}

static void free_request(struct request *r)
{
	free(r->response_topic);
	free(r->correlation);
}

/* Who answers for bad signatures: the client, or, behind a bridge, whose topic it is. */
static void strike(struct ld_broker *b, const struct ld_session *s, const char *party,
		   const char *device)
{
	char who[LD_MAX_CLIENT_ID_BYTES + 1];

	if (s && !s->bridge)
		snprintf(who, sizeof who, "%s", s->client_id);
	else
		snprintf(who, sizeof who, "%s/%s", party, device);
	if (!ld_penalties_strike(b->penalties, who, ld_mono_ms()))
		return;
	b->counts.bad_signature_closed++;
	ld_access_look_at(b, who);
}

static bool closed(struct ld_broker *b, const struct ld_session *s, const char *party,
		   const char *device)
{
	char who[LD_MAX_CLIENT_ID_BYTES + 1];

	if (s && !s->bridge)
		return ld_penalties_closed(b->penalties, s->client_id, ld_mono_ms());
	snprintf(who, sizeof who, "%s/%s", party, device);
	return ld_penalties_closed(b->penalties, who, ld_mono_ms());
}

/* SUCCESS for what enters the ledger and for duplicates, ACL_DENIED (0x87) for what stays outside,
 * NOMEM (closed without PUBACK) for what the disk does not take: the client comes back with it. */
static int answer_of(enum ld_err err, const struct ld_outcome *out)
{
	if (err != LD_OK || out->verdict == LIANDAN__VERDICT__UNAVAILABLE)
		return MOSQ_ERR_NOMEM;
	return out->duplicate || ld_verdict_in_ledger(out->verdict) ? MOSQ_ERR_SUCCESS
								    : MOSQ_ERR_ACL_DENIED;
}

static int on_envelope(struct ld_broker *b, const struct ld_session *s,
		       const struct mosquitto_evt_message *ev, const char *party,
		       const char *device)
{
	static const uint8_t nothing[1];
	struct ld_outcome out = {0};
	struct request r;
	enum ld_err err;

	if (closed(b, s, party, device))
		return MOSQ_ERR_ACL_DENIED;
	read_request(ev, &r);
	err = ld_region_submit(b->region, party, device, ev->payload ? ev->payload : nothing,
			       ev->payloadlen, r.correlation, r.correlation_len, &out);
	free_request(&r);
	if (err == LD_OK && out.verdict == LIANDAN__VERDICT__BAD_SIGNATURE)
		strike(b, s, party, device);
	return answer_of(err, &out);
}

static int on_query(struct ld_broker *b, struct ld_session *s,
		    const struct mosquitto_evt_message *ev, const char *verb)
{
	struct ld_rate rate = {.at_ms = s->query_ms, .tokens = s->query_tokens};
	int rc = MOSQ_ERR_ACL_DENIED;
	struct request r;

	bool in_time = ld_rate_take(&rate, LD_MAX_QUERIES_PER_S, ld_mono_ms());
	s->query_ms = rate.at_ms;
	s->query_tokens = rate.tokens;
	if (!in_time) {
		b->counts.queries_throttled++;
		return MOSQ_ERR_ACL_DENIED;
	}
	read_request(ev, &r);
	if (r.response_topic && ld_topic_is_own_reply(&b->root, s->client_id, r.response_topic)) {
		b->counts.queries++;
		ld_publish_json(
		    b,
		    &(struct ld_publication){.topic = r.response_topic,
					     .qos = 1,
					     .correlation = r.correlation,
					     .correlation_len = r.correlation_len},
		    ld_query_answer(b->region, &s->identity, verb, ev->payload, ev->payloadlen));
		rc = MOSQ_ERR_SUCCESS;
	}
	free_request(&r);
	return rc;
}

int ld_message_cb(int event, void *data, void *userdata)
{
	struct mosquitto_evt_message *ev = data;
	struct ld_broker *b = userdata;
	const char *client_id = mosquitto_client_id(ev->client);
	struct ld_session *s = ld_sessions_of(b->sessions, client_id, ev->client);
	char party[LD_MAX_ID_BYTES + 1], device[LD_MAX_ID_BYTES + 1], verb[LD_TOPIC_VERB_BYTES];

	(void)event;
	/* Bridges of our own configuration are asked for nothing before this: listed ones bring i/,
	 * no more. */
	bool known = (s && s->online) || (!s && ld_config_is_bridge(&b->config, client_id));
	if (!known || ev->retain || !ev->topic)
		return MOSQ_ERR_ACL_DENIED;
	if (ld_topic_in(&b->root, ev->topic, party, device))
		return on_envelope(b, s, ev, party, device);
	if (s && ld_topic_query(&b->root, ev->topic, verb))
		return on_query(b, s, ev, verb);
	b->counts.outside++;
	return MOSQ_ERR_ACL_DENIED;
}
