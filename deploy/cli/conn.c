/* A client's connection. Every attempt gets a new libmosquitto instance: the library would
 * otherwise send its own copies of unacknowledged messages again after a reconnect, beside ours. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/client_internal.h"
#include "store/be.h"

#define TOKEN_MINUTES 10
#define READ_PACKETS 64 /* at one readiness: keeps one busy client from starving the others */

static void set_state(struct ld_client *c, enum ld_conn_state state)
{
	c->state = state;
	c->state_since = ld_loop_now();
}

/* Called inside libmosquitto's callbacks: only notes it. final: trying again by ourselves is of no
 * use. */
static void note_end(struct ld_client *c, bool final, const char *why)
{
	if (c->dead)
		return;
	c->dead = true;
	c->dead_final = final;
	snprintf(c->why, sizeof(c->why), "%s", why);
}

void ld_conn_close(struct ld_client *c, bool polite)
{
	if (!c->m)
		return;
	if (polite)
		mosquitto_disconnect(c->m);
	if (c->fd >= 0)
		epoll_ctl(c->loop->epoll, EPOLL_CTL_DEL, c->fd, NULL); /* may be closed already */
	c->fd = -1;
	c->interest = 0;
	mosquitto_destroy(c->m);
	c->m = NULL;
	c->dead = false;
	ld_client_unsend(c);
	for (struct ld_query *q = c->queries; q; q = q->next)
		q->deadline = 0;
}

/* Doubles up to the limit; spread so that a fleet does not come back in one instant. */
static int64_t next_backoff(struct ld_client *c)
{
	int64_t ms = c->backoff_ms ? c->backoff_ms : LD_CLIENT_BACKOFF_MIN_MS;
	c->backoff_ms = ms * 2 > LD_CLIENT_BACKOFF_MAX_MS ? LD_CLIENT_BACKOFF_MAX_MS : ms * 2;
	c->loop->jitter = c->loop->jitter * 6364136223846793005u + 1442695040888963407u;
	return ms / 2 + (int64_t)((c->loop->jitter >> 33) % (uint64_t)(ms / 2 + 1));
}

/* Puts a connection that ended away and says so. */
static void finish_end(struct ld_client *c)
{
	bool final = c->dead_final;
	char why[sizeof(c->why)];
	memcpy(why, c->why, sizeof(why));
	ld_conn_close(c, false);
	set_state(c, final ? LD_CONN_STOPPED : LD_CONN_WAITING);
	c->wait_until = ld_loop_now() + next_backoff(c);
	if (c->opt.calls.down)
		c->opt.calls.down(c->opt.ctx, c, why, final);
}

/* ---- libmosquitto's callbacks ---- */

int ld_conn_subscribe(struct ld_client *c, const char *filter)
{
	int mid = 0;
	/* QoS 1: what the broker queued for us is not lost on the way. */
	mosquitto_subscribe_v5(c->m, &mid, filter, 1, 0, NULL);
	return mid;
}

static void on_connect(struct mosquitto *m, void *obj, int rc, int flags,
		       const mosquitto_property *props)
{
	struct ld_client *c = obj;
	char why[160], answers[LD_CLIENT_TOPIC_BYTES + 2];
	(void)m;
	(void)flags;
	(void)props;
	if (rc != 0) {
		snprintf(why, sizeof(why), "the broker refused the connection: %s",
			 mosquitto_reason_string(rc));
		note_end(c,
			 rc == MQTT_RC_NOT_AUTHORIZED || rc == MQTT_RC_BAD_USERNAME_OR_PASSWORD ||
			     rc == MQTT_RC_CLIENTID_NOT_VALID || rc == MQTT_RC_BANNED,
			 why);
		return;
	}
	for (int i = 0; i < c->n_filters; i++)
		ld_conn_subscribe(c, c->filter[i]);
	snprintf(answers, sizeof(answers), "%.*s+", (int)(strlen(c->topic_answer) - 1),
		 c->topic_answer);
	c->subscribe_mid = ld_conn_subscribe(c, answers);
	if (!c->opt.no_receipts)
		c->subscribe_mid =
		    ld_conn_subscribe(c, c->topic_receipt); /* the last: then we are ready */
}

static void on_subscribe(struct mosquitto *m, void *obj, int mid, int count, const int *granted,
			 const mosquitto_property *props)
{
	struct ld_client *c = obj;
	bool denied = count > 0 && granted[0] >= 0x80;
	(void)m;
	(void)props;
	if (denied && (mid != c->subscribe_mid || c->opt.no_receipts) && c->n_filters > 0)
		note_end(c, true, "the broker does not let this key read what was asked for");
	else if (denied && mid == c->subscribe_mid && !c->opt.no_receipts)
		note_end(c, true, "the broker does not let this key read its own receipts");
	if (c->dead || mid != c->subscribe_mid)
		return;
	set_state(c, LD_CONN_READY);
	c->was_ready = true;
	c->backoff_ms = 0;
	c->deaf = 0;
	if (c->opt.calls.ready)
		c->opt.calls.ready(c->opt.ctx, c);
}

static void on_disconnect(struct mosquitto *m, void *obj, int rc, const mosquitto_property *props)
{
	char why[160];
	(void)m;
	(void)props;
	snprintf(why, sizeof(why), "the connection ended: %s",
		 rc < 0x80 ? mosquitto_strerror(rc) : mosquitto_reason_string(rc));
	note_end(obj, false, why);
}

static bool correlation_of(const mosquitto_property *props, uint64_t *id)
{
	void *data = NULL;
	uint16_t len = 0;
	if (!mosquitto_property_read_binary(props, MQTT_PROP_CORRELATION_DATA, &data, &len, false))
		return false;
	bool ours = len == 8;
	if (ours)
		*id = ld_be64_get(data);
	free(data);
	return ours;
}

static void on_message(struct mosquitto *m, void *obj, const struct mosquitto_message *msg,
		       const mosquitto_property *props)
{
	struct ld_client *c = obj;
	size_t answer_len = strlen(c->topic_answer) - 1;
	size_t len = msg->payloadlen > 0 ? (size_t)msg->payloadlen : 0;
	uint64_t id;
	(void)m;
	if (strcmp(msg->topic, c->topic_receipt) == 0 && !c->opt.no_receipts) {
		ld_client_on_receipt(c, msg->payload, len);
	} else if (strncmp(msg->topic, c->topic_answer, answer_len) == 0) {
		if (correlation_of(props, &id))
			ld_client_on_answer(c, id, len ? msg->payload : "", len);
	} else if (c->opt.calls.message) {
		c->opt.calls.message(c->opt.ctx, c, msg->topic, msg->payload, len, msg->retain);
	}
}

/* ---- connecting ---- */

static enum ld_err set_credentials(struct ld_client *c)
{
	char *token = NULL;
	if (!c->opt.key)
		return LD_OK;
	enum ld_err err =
	    ld_token_new(c->opt.key, c->opt.ledger.ledger_id, c->client_id, TOKEN_MINUTES, &token);
	if (err == LD_OK &&
	    mosquitto_username_pw_set(c->m, c->client_id, token) != MOSQ_ERR_SUCCESS)
		err = LD_ERR_NOMEM;
	free(token);
	return err;
}

static int set_tls(struct ld_client *c)
{
	if (!c->opt.tls && !c->cafile && !c->cert)
		return MOSQ_ERR_SUCCESS;
	if (!c->cafile) {
		int rc = mosquitto_int_option(c->m, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
		if (rc != MOSQ_ERR_SUCCESS || !c->cert)
			return rc;
	}
	return mosquitto_tls_set(c->m, c->cafile, c->cafile ? NULL : "/etc/ssl/certs", c->cert,
				 c->cert_key, NULL);
}

/* libmosquitto's words, and what usually is behind them. */
static const char *reason_of(int rc)
{
	return rc == MOSQ_ERR_TLS
		   ? "TLS failed: is --cafile who signed the broker's certificate, and is this "
		     "the TLS port?"
		   : mosquitto_strerror(rc);
}

static void start(struct ld_client *c)
{
	set_state(c, LD_CONN_CONNECTING);
	c->dead = false;
	c->m = mosquitto_new(c->client_id, true, c);
	if (!c->m) {
		set_state(c, LD_CONN_WAITING);
		c->wait_until = ld_loop_now() + next_backoff(c);
		return;
	}
	mosquitto_int_option(c->m, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
	mosquitto_int_option(c->m, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_connect_v5_callback_set(c->m, on_connect);
	mosquitto_disconnect_v5_callback_set(c->m, on_disconnect);
	mosquitto_subscribe_v5_callback_set(c->m, on_subscribe);
	mosquitto_message_v5_callback_set(c->m, on_message);
	int rc = set_tls(c);
	if (rc != MOSQ_ERR_SUCCESS) {
		note_end(c, true,
			 "the TLS files cannot be used: check --cafile, --cert, --tls-key");
	} else if (set_credentials(c) != LD_OK) {
		note_end(c, true, "no token could be signed with this key");
	} else {
		rc = mosquitto_connect_bind_async(c->m, c->host, c->opt.port, LD_CLIENT_KEEPALIVE_S,
						  NULL);
		if (rc != MOSQ_ERR_SUCCESS) {
			char why[400];
			snprintf(why, sizeof(why), "%s:%d cannot be reached: %s", c->host,
				 c->opt.port, reason_of(rc));
			note_end(c, false, why);
		}
	}
	if (c->dead)
		finish_end(c);
}

/* Keeps epoll's interest equal to what libmosquitto waits for. */
static void watch_socket(struct ld_client *c)
{
	int fd = mosquitto_socket(c->m);
	uint32_t interest = EPOLLIN | (mosquitto_want_write(c->m) ? (uint32_t)EPOLLOUT : 0);
	struct epoll_event ev = {.events = interest, .data.ptr = c};
	if (fd < 0 || (fd == c->fd && interest == c->interest))
		return;
	if (epoll_ctl(c->loop->epoll, fd == c->fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) == 0) {
		c->fd = fd;
		c->interest = interest;
	}
}

void ld_conn_io(struct ld_client *c, uint32_t events)
{
	int rc = MOSQ_ERR_SUCCESS;
	if (!c->m)
		return;
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		rc = mosquitto_loop_read(c->m, READ_PACKETS);
	if (rc == MOSQ_ERR_SUCCESS && !c->dead && (events & EPOLLOUT))
		rc = mosquitto_loop_write(c->m, 1);
	if (rc != MOSQ_ERR_SUCCESS && !c->dead) {
		char why[400];
		snprintf(why, sizeof(why), "the connection to %s:%d failed: %s", c->host,
			 c->opt.port, reason_of(rc));
		note_end(c, false, why);
	}
}

void ld_conn_step(struct ld_client *c, int64_t now)
{
	if (c->want_offline && c->state != LD_CONN_OFFLINE) {
		ld_conn_close(c, false);
		set_state(c, LD_CONN_OFFLINE);
	} else if (!c->want_offline && c->state == LD_CONN_OFFLINE) {
		set_state(c, LD_CONN_WAITING);
		c->wait_until = now;
	}
	if (c->state == LD_CONN_WAITING && now >= c->wait_until)
		start(c);
	if (c->m && !c->dead)
		mosquitto_loop_misc(c->m);
	if (c->state == LD_CONN_CONNECTING && now - c->state_since > LD_CLIENT_CONNECT_TIMEOUT_MS)
		note_end(c, false, "the broker did not answer in time");
	if (c->state == LD_CONN_READY && !c->dead) {
		ld_query_pump(c, now);
		ld_client_pump(c, now);
	}
	if (c->m && c->dead)
		finish_end(c);
	if (c->m)
		watch_socket(c);
}

bool ld_conn_publish(struct ld_client *c, const char *topic, const void *bytes, size_t len,
		     const uint64_t *correlation, const char *response_topic)
{
	mosquitto_property *props = NULL;
	int rc = MOSQ_ERR_SUCCESS;
	if (correlation) {
		uint8_t id[8];
		ld_be64_put(id, *correlation);
		rc = mosquitto_property_add_binary(&props, MQTT_PROP_CORRELATION_DATA, id,
						   sizeof(id));
	}
	if (rc == MOSQ_ERR_SUCCESS && response_topic)
		rc =
		    mosquitto_property_add_string(&props, MQTT_PROP_RESPONSE_TOPIC, response_topic);
	if (rc == MOSQ_ERR_SUCCESS)
		rc = mosquitto_publish_v5(c->m, NULL, topic, (int)len, bytes, 1, false, props);
	mosquitto_property_free_all(&props);
	return rc == MOSQ_ERR_SUCCESS;
}
