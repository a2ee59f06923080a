/* Who connects, and what may he do. Asks custody/access; answers the broker. Never DEFER: whoever
 * else is configured must not be able to open what is closed here. */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/broker/broker.h"

/* Mosquitto 2.1's http_api asks from a thread of its own: nobody is there for it. */
static bool foreign_thread(const struct ld_broker *b)
{
	return !pthread_equal(b->thread, pthread_self());
}

static bool spki_of(const struct mosquitto *client, uint8_t **spki, size_t *len)
{
	X509 *cert = mosquitto_client_certificate(client); /* a new reference */
	int n;

	*spki = NULL;
	if (!cert)
		return false;
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), spki);
	X509_free(cert);
	*len = n > 0 ? (size_t)n : 0;
	return true; /* a certificate was shown, whatever is in it */
}

static int64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static enum ld_err identify(struct ld_broker *b, const struct mosquitto_evt_basic_auth *ev,
			    const char *client_id, bool again, struct ld_identity *out, char *why,
			    size_t cap)
{
	int64_t now_ms = ld_region_now(b->region);
	struct ld_custody *c = ld_broker_custody(b);
	enum ld_err err;
	uint8_t *spki;
	size_t len;

	if (spki_of(ev->client, &spki, &len)) {
		err = len ? ld_identify_key(c, spki, len, client_id, now_ms, out, why, cap)
			  : LD_ERR_KEY;
		OPENSSL_free(spki);
		return err;
	}
	if (!b->config.token_auth || !ev->password) {
		snprintf(why, cap, "no certificate%s", b->config.token_auth ? " and no token" : "");
		return LD_ERR_REFUSED;
	}
	len = strnlen(ev->password, LD_MAX_TOKEN_TEXT_BYTES + 1);
	if (len > LD_MAX_TOKEN_TEXT_BYTES) {
		snprintf(why, cap, "the token is too long");
		return LD_ERR_REFUSED;
	}
	return ld_identify_token(c, ev->password, len, client_id, now_ms, wall_ms(), again, out,
				 why, cap);
}

/* A reload asks again for every client, those included whose connection is gone and whose
 * certificate cannot be seen any more: for them the key's validity is what counts. */
static int again_while_away(struct ld_broker *b, struct ld_session *s)
{
	if (ld_identify_again(ld_broker_custody(b), ld_region_now(b->region), &s->identity) ==
	    LD_OK)
		return MOSQ_ERR_SUCCESS;
	ld_sessions_forget(b->sessions, s);
	return MOSQ_ERR_AUTH;
}

static int admit(struct ld_broker *b, const struct mosquitto_evt_basic_auth *ev,
		 const char *client_id, const struct ld_identity *identity)
{
	bool bridge = ld_config_is_bridge(&b->config, client_id);

	/* On a reload the broker drops clients without a user name before it asks us. */
	if (!ev->username && mosquitto_set_username(ev->client, client_id) != MOSQ_ERR_SUCCESS)
		return MOSQ_ERR_AUTH;
	if (ld_sessions_open(b->sessions, client_id, ev->client, identity, bridge))
		return MOSQ_ERR_SUCCESS;
	ld_log_client(b, "%s was not let in: no room for another session", client_id);
	return MOSQ_ERR_AUTH;
}

int ld_basic_auth_cb(int event, void *data, void *userdata)
{
	struct mosquitto_evt_basic_auth *ev = data;
	struct ld_broker *b = userdata;
	const char *client_id = mosquitto_client_id(ev->client);
	struct ld_identity identity;
	struct ld_session *known;
	char why[160] = "";

	(void)event;
	if (foreign_thread(b) || !client_id || strlen(client_id) > LD_MAX_CLIENT_ID_BYTES)
		return MOSQ_ERR_AUTH;
	known = b->reloading ? ld_sessions_of(b->sessions, client_id, ev->client) : NULL;
	if (known && !known->online)
		return again_while_away(b, known);
	if (ld_penalties_closed(b->penalties, client_id, ld_mono_ms())) {
		b->counts.auth_refused++;
		return MOSQ_ERR_AUTH;
	}
	if (identify(b, ev, client_id, known != NULL, &identity, why, sizeof why) != LD_OK) {
		b->counts.auth_refused++;
		ld_log_client(b, "%s was not let in: %s", client_id,
			      why[0] ? why : "its key cannot be used");
		return MOSQ_ERR_AUTH;
	}
	return admit(b, ev, client_id, &identity);
}

int ld_disconnect_cb(int event, void *data, void *userdata)
{
	struct mosquitto_evt_disconnect *ev = data;
	struct ld_broker *b = userdata;

	(void)event;
	if (!foreign_thread(b))
		ld_sessions_leave(b->sessions, mosquitto_client_id(ev->client), ev->client);
	return MOSQ_ERR_SUCCESS;
}

/* A listed bridge carries a neighbour's i/ in and r/ back: it may read the receipts of this region.
 */
static bool bridge_reads(const struct ld_broker *b, const struct ld_session *s, const char *topic)
{
	const char *below = ld_topic_below(&b->root, topic);

	return s->bridge && below && strncmp(below, "r/", 2) == 0;
}

static bool allowed(struct ld_broker *b, const struct ld_session *s,
		    const struct mosquitto_evt_acl_check *ev)
{
	struct ld_custody *c = ld_broker_custody(b);

	if (ev->access == MOSQ_ACL_READ)
		return bridge_reads(b, s, ev->topic) || ld_may_read(c, &s->identity, ev->topic);
	if (!s->online)
		return false;
	switch (ev->access) {
	case MOSQ_ACL_WRITE:
		return ld_may_publish(c, &s->identity, ev->topic, ev->retain);
	case MOSQ_ACL_SUBSCRIBE:
		return bridge_reads(b, s, ev->topic) ||
		       ld_may_subscribe(c, &s->identity, ev->topic);
	case MOSQ_ACL_UNSUBSCRIBE:
		return true;
	default:
		return false;
	}
}

int ld_acl_check_cb(int event, void *data, void *userdata)
{
	struct mosquitto_evt_acl_check *ev = data;
	struct ld_broker *b = userdata;
	struct ld_session *s;

	(void)event;
	if (foreign_thread(b) || !ev->topic)
		return MOSQ_ERR_ACL_DENIED;
	s = ld_sessions_of(b->sessions, mosquitto_client_id(ev->client), ev->client);
	if (s && allowed(b, s, ev))
		return MOSQ_ERR_SUCCESS;
	/* A wildcard subscription is asked for each message: those that it may not have are no
	 * event. */
	if (ev->access != MOSQ_ACL_READ)
		b->counts.acl_denied++;
	return MOSQ_ERR_ACL_DENIED;
}

/* After this the broker authenticates every client again, in the same turn. Must return 0: anything
 * else leaves a 2.0 broker without access checks. */
int ld_reload_cb(int event, void *data, void *userdata)
{
	struct ld_broker *b = userdata;

	(void)event;
	(void)data;
	b->reloading = true;
	return MOSQ_ERR_SUCCESS;
}

static void lost_mark(void *ctx, const void *name, size_t len)
{
	struct ld_broker *b = ctx;

	(void)name;
	(void)len;
	b->recheck_all = true;
}

void ld_access_look_at(struct ld_broker *b, const char *client_id)
{
	ld_changed_mark(b->marked, client_id, strlen(client_id), lost_mark, b);
}

static bool still_good(struct ld_broker *b, struct ld_session *s)
{
	if (s->online && ld_penalties_closed(b->penalties, s->client_id, b->now_ms))
		return false;
	return ld_identify_again(ld_broker_custody(b), ld_region_now(b->region), &s->identity) ==
	       LD_OK;
}

static void look(void *ctx, struct ld_session *s)
{
	char client_id[LD_MAX_CLIENT_ID_BYTES + 1];
	struct ld_broker *b = ctx;
	bool online = s->online;

	if (still_good(b, s))
		return;
	/* First forgotten, so that nothing is delivered to what is left of it; kicking calls
	 * DISCONNECT. */
	memcpy(client_id, s->client_id, sizeof client_id);
	ld_sessions_forget(b->sessions, s);
	if (!online)
		return;
	ld_log_client(
	    b, "%s is disconnected: its key is no longer valid, or it sent too many bad signatures",
	    client_id);
	mosquitto_kick_client_by_clientid(client_id, false);
}

static void look_at_marked(void *ctx, const void *name, size_t len)
{
	char client_id[LD_MAX_CLIENT_ID_BYTES + 1];
	struct ld_broker *b = ctx;
	struct ld_session *s;

	if (len >= sizeof client_id)
		return;
	memcpy(client_id, name, len);
	client_id[len] = 0;
	s = ld_sessions_find(b->sessions, client_id);
	if (s)
		look(b, s);
}

void ld_access_kick_marked(struct ld_broker *b)
{
	ld_changed_flush(b->marked, b->now_ms, look_at_marked, b);
}

void ld_access_recheck(struct ld_broker *b)
{
	bool all = b->recheck_all;

	b->recheck_all = false;
	ld_sessions_sweep(b->sessions, all, look, b);
}
