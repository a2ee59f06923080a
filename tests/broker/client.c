/* The harness's MQTT client: libmosquitto, driven by hand in the test's own thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/broker/internal.h"

void message_free(struct message *m)
{
	if (!m)
		return;
	free(m->topic);
	free(m->payload);
	free(m->content_type);
	free(m->correlation);
	free(m);
}

static void read_properties(struct message *m, const mosquitto_property *props)
{
	const mosquitto_property *at = props;
	char *name, *value;
	void *data;

	mosquitto_property_read_string(props, MQTT_PROP_CONTENT_TYPE, &m->content_type, false);
	if (mosquitto_property_read_binary(props, MQTT_PROP_CORRELATION_DATA, &data,
					   &m->correlation_len, false))
		m->correlation = data;
	for (bool skip = false;; skip = true) {
		size_t used = strlen(m->user);
		name = value = NULL;
		at = mosquitto_property_read_string_pair(at, MQTT_PROP_USER_PROPERTY, &name, &value,
							 skip);
		if (!at)
			break;
		snprintf(m->user + used, sizeof m->user - used, "%s=%s\n", name, value);
		free(name);
		free(value);
	}
}

static void on_message(struct mosquitto *mosq, void *obj, const struct mosquitto_message *in,
		       const mosquitto_property *props)
{
	struct message *m = calloc(1, sizeof *m);
	struct client *c = obj;

	(void)mosq;
	REQUIRE(m != NULL);
	m->topic = strdup(in->topic);
	m->len = (size_t)in->payloadlen;
	m->payload = calloc(1, m->len + 1);
	REQUIRE(m->topic != NULL && m->payload != NULL);
	if (m->len)
		memcpy(m->payload, in->payload, m->len);
	m->qos = in->qos;
	m->retain = in->retain;
	read_properties(m, props);
	if (c->last)
		c->last->next = m;
	else
		c->first = m;
	c->last = m;
	c->n++;
}

static void on_connect(struct mosquitto *mosq, void *obj, int rc, int flags,
		       const mosquitto_property *props)
{
	struct client *c = obj;

	(void)mosq, (void)flags, (void)props;
	c->connack = rc;
	c->connected = rc == 0;
}

static void on_disconnect(struct mosquitto *mosq, void *obj, int rc,
			  const mosquitto_property *props)
{
	struct client *c = obj;

	(void)mosq, (void)props;
	c->connected = false;
	c->disconnect_rc = rc;
}

static void on_publish(struct mosquitto *mosq, void *obj, int mid, int rc,
		       const mosquitto_property *props)
{
	struct client *c = obj;

	(void)mosq, (void)props;
	c->acked_mid = mid;
	c->ack_rc = rc;
}

static void on_subscribe(struct mosquitto *mosq, void *obj, int mid, int n, const int *granted,
			 const mosquitto_property *props)
{
	struct client *c = obj;

	(void)mosq, (void)props;
	c->sub_mid = mid;
	c->sub_rc = n > 0 ? granted[0] : -1;
}

static void set_callbacks(struct mosquitto *m)
{
	mosquitto_connect_v5_callback_set(m, on_connect);
	mosquitto_disconnect_v5_callback_set(m, on_disconnect);
	mosquitto_publish_v5_callback_set(m, on_publish);
	mosquitto_subscribe_v5_callback_set(m, on_subscribe);
	mosquitto_message_v5_callback_set(m, on_message);
}

static void set_tls(struct client *c)
{
	char ca[128], cert[128];

	if (c->o.plain_port)
		return;
	snprintf(ca, sizeof ca, "%s/ca.crt", c->h->dir);
	if (c->o.cert)
		harness_cert(c->h, c->o.cert, cert, sizeof cert);
	REQUIRE(mosquitto_tls_set(c->m, ca, NULL, c->o.cert ? cert : NULL, c->o.cert ? cert : NULL,
				  NULL) == MOSQ_ERR_SUCCESS);
}

static bool run(struct client *c, int ms)
{
	if (mosquitto_loop(c->m, ms, 1) == MOSQ_ERR_SUCCESS)
		return true;
	c->connected = false;
	return false;
}

static void set_will(struct client *c)
{
	const char *text = c->o.will_payload ? c->o.will_payload : "";
	mosquitto_property *props = NULL;

	if (!c->o.will_topic)
		return;
	if (c->o.will_delay_s)
		mosquitto_property_add_int32(&props, MQTT_PROP_WILL_DELAY_INTERVAL,
					     c->o.will_delay_s);
	if (c->o.version == MQTT_PROTOCOL_V5)
		mosquitto_property_add_string_pair(&props, MQTT_PROP_USER_PROPERTY, "will", text);
	/* The properties are libmosquitto's from here on. */
	REQUIRE(mosquitto_will_set_v5(c->m, c->o.will_topic, (int)strlen(text), text, c->o.will_qos,
				      c->o.will_retain, props) == MOSQ_ERR_SUCCESS);
}

static void dial(struct client *c)
{
	mosquitto_property *props = NULL;
	int64_t until = harness_now_ms() + HARNESS_WAIT_MS;
	int rc, port = c->o.cert ? c->h->port : c->h->token_port;

	if (c->o.version == MQTT_PROTOCOL_V5 && c->o.persistent)
		mosquitto_property_add_int32(&props, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 3600);
	if (c->o.plain_port)
		port = c->o.plain_port;
	rc = mosquitto_connect_bind_v5(c->m, "127.0.0.1", port, 60, NULL, props);
	mosquitto_property_free_all(&props);
	if (rc != MOSQ_ERR_SUCCESS)
		return;
	while (c->connack < 0 && harness_now_ms() < until && run(c, 50))
		;
}

struct client *client_connect(struct harness *h, const struct client_options *o)
{
	struct client *c = calloc(1, sizeof *c);
	char client_id[2 * LD_MAX_ID_BYTES + 2];

	REQUIRE(c != NULL && (o->client_id || o->cert));
	c->h = h;
	c->o = *o;
	c->connack = -1;
	if (o->client_id)
		snprintf(client_id, sizeof client_id, "%s", o->client_id);
	else
		snprintf(client_id, sizeof client_id, "%s/%s", o->cert->party, o->cert->device);
	c->m = mosquitto_new(client_id, !o->persistent, c);
	REQUIRE(c->m != NULL);
	REQUIRE(mosquitto_int_option(c->m, MOSQ_OPT_PROTOCOL_VERSION, o->version) ==
		MOSQ_ERR_SUCCESS);
	mosquitto_int_option(c->m, MOSQ_OPT_TCP_NODELAY, 1);
	set_callbacks(c->m);
	set_tls(c);
	if (o->password)
		mosquitto_username_pw_set(c->m, client_id, o->password);
	set_will(c);
	dial(c);
	return c;
}

struct client *client_open(struct harness *h, const struct signer *s, int version)
{
	struct client *c =
	    client_connect(h, &(struct client_options){.version = version, .cert = s});
	char filter[256];

	REQUIRE(c->connack == 0);
	snprintf(filter, sizeof filter, HARNESS_ROOT "r/%s/%s", s->party, s->device);
	REQUIRE(client_subscribe(c, filter) == 1);
	snprintf(filter, sizeof filter, HARNESS_ROOT "q/%s/%s/#", s->party, s->device);
	REQUIRE(client_subscribe(c, filter) == 1);
	return c;
}

void client_drop_all(struct client *c)
{
	while (c->first) {
		struct message *m = c->first;
		c->first = m->next;
		message_free(m);
	}
	c->last = NULL;
	c->n = 0;
}

void client_close(struct client *c, bool with_disconnect)
{
	if (with_disconnect) {
		mosquitto_disconnect(c->m);
		for (int i = 0; i < 20 && c->connected; i++)
			run(c, 10);
	} else if (mosquitto_socket(c->m) >= 0) {
		/* The descriptor stays libmosquitto's; the broker sees the connection end without a
		 * word. */
		shutdown(mosquitto_socket(c->m), SHUT_RDWR);
	}
	client_drop_all(c);
	mosquitto_destroy(c->m);
	free(c);
}

void client_pump(struct client *c, int ms)
{
	int64_t until = harness_now_ms() + ms;

	while (harness_now_ms() < until)
		if (!run(c, 10))
			usleep(5000);
}

int client_subscribe(struct client *c, const char *filter)
{
	int64_t until = harness_now_ms() + HARNESS_WAIT_MS;
	int mid = 0;

	if (mosquitto_subscribe(c->m, &mid, filter, 1) != MOSQ_ERR_SUCCESS)
		return -1;
	c->sub_mid = 0;
	while (c->sub_mid != mid && harness_now_ms() < until)
		if (!run(c, 50))
			return -1;
	return c->sub_mid == mid ? c->sub_rc : -1;
}

int client_publish(struct client *c, const char *topic, const void *payload, size_t len, int qos,
		   bool retain, const mosquitto_property *props)
{
	int64_t until = harness_now_ms() + HARNESS_WAIT_MS;
	int mid = 0;

	c->acked_mid = 0;
	if (mosquitto_publish_v5(c->m, &mid, topic, (int)len, payload, qos, retain, props) !=
	    MOSQ_ERR_SUCCESS)
		return -1;
	while (c->acked_mid != mid && harness_now_ms() < until)
		if (!run(c, 50))
			return -1;
	return c->acked_mid == mid ? c->ack_rc : -1;
}

/* Takes the first match out of the list. */
static struct message *unlink_match(struct client *c, const char *filter)
{
	struct message **at = &c->first, *before = NULL;

	for (; *at; before = *at, at = &(*at)->next) {
		struct message *m = *at;
		bool match = false;
		mosquitto_topic_matches_sub(filter, m->topic, &match);
		if (!match)
			continue;
		*at = m->next;
		if (c->last == m)
			c->last = before;
		m->next = NULL;
		c->n--;
		return m;
	}
	return NULL;
}

struct message *client_take(struct client *c, const char *filter, int ms)
{
	int64_t until = harness_now_ms() + ms;
	struct message *m;

	while (!(m = unlink_match(c, filter)) && harness_now_ms() < until)
		if (!run(c, 20))
			usleep(5000);
	return m;
}
