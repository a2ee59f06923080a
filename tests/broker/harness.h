/* A real broker with the plugin for tests: certificates, a region, mosquitto on free loopback
 * ports, clients that speak MQTT 3.1.1 and 5, receipts verified as a device would. Everything
 * stands in temporary directories and goes with harness_free; the broker dies with the test. Aborts
 * the test on misuse.
 *
 *   struct harness h;
 *   harness_new(&h);                       a region and its authority; not yet served
 *   world_party(&h.world, …);              the registry, in process: tests/support/world.h
 *   harness_start(&h);                     from here on the broker has the ledger
 *   c = client_open(&h, &signer, MQTT_PROTOCOL_V5);
 *   receipt = harness_send(&h, c, &signer, &event);
 *   harness_verify(&h, receipt);           leaf, proof, checkpoint
 *   harness_stop(&h); world_open(&h.world); the ledger again, in process
 *   harness_free(&h); */
#ifndef LD_TESTS_BROKER_HARNESS_H
#define LD_TESTS_BROKER_HARNESS_H

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <openssl/x509.h>
#include <sys/types.h>

#include "tests/support/world.h"

#define HARNESS_ROOT "waste/v1/testing/" /* world.c's region */
#define HARNESS_WAIT_MS 5000

struct harness {
	struct world world; /* region is NULL while the broker has it */
	char dir[64];	    /* certificates, configuration, log */
	int port;	    /* TLS, certificate required */
	int token_port;	    /* TLS, no certificate asked for */
	pid_t broker;	    /* 0: not running */
	pid_t neighbour;
	uint8_t ledger_id[LD_HASH_BYTES];
	char vkey[LD_NOTE_VKEY_BYTES];
	char options[2048];  /* set before start: further lines plugin_opt_… */
	char settings[2048]; /* set before start: further lines of mosquitto.conf */
	int max_qos;	     /* set before start; 0: 1, as shipped */
	X509 *ca;
	EVP_PKEY *ca_key;
	uint8_t *sent; /* the last envelope that harness_seal made */
	size_t sent_len;
	uint8_t sent_hash[LD_HASH_BYTES]; /* of its event */
};

void harness_new(struct harness *h);
void harness_start(struct harness *h);
/* Starts a broker that must not come up; its exit code. What it logged is in *log (malloc'd). */
int harness_start_fails(struct harness *h, char **log);
void harness_stop(struct harness *h);	/* SIGTERM; exit code 0 is required */
void harness_kill(struct harness *h);	/* SIGKILL */
void harness_reload(struct harness *h); /* SIGHUP */
/* A second broker without plugin and without TLS, for bridges; ends with harness_free. Its port. */
int harness_neighbour(struct harness *h);
char *harness_log(struct harness *h); /* malloc'd */
void harness_free(struct harness *h);

/* ---- clients ---- */

struct message {
	struct message *next;
	char *topic;
	uint8_t *payload; /* NUL-terminated beyond len */
	size_t len;
	int qos;
	bool retain;
	char *content_type; /* NULL: none */
	uint8_t *correlation;
	uint16_t correlation_len;
	char user[1024]; /* "name=value\n" each */
};
void message_free(struct message *m);

struct client_options {
	int version;	       /* MQTT_PROTOCOL_V311 or _V5 */
	const char *client_id; /* NULL: <party>/<device> of the signer */
	const struct signer
	    *cert;		/* whose key stands in the certificate; NULL: none, on token_port */
	const char *password;	/* token */
	bool persistent;	/* the session outlives the connection */
	const char *will_topic; /* NULL: no will */
	const char *will_payload;
	bool will_retain;
	int will_qos;
	int plain_port;	       /* not 0: this port of a neighbour, no TLS */
	uint32_t will_delay_s; /* v5; the session must be persistent */
};

struct client {
	struct mosquitto *m;
	struct harness *h;
	struct client_options o;
	bool connected;
	int connack;	   /* -1: none came */
	int disconnect_rc; /* reason of the broker's DISCONNECT, or libmosquitto's */
	int acked_mid, ack_rc;
	int sub_mid, sub_rc;
	struct message *first, *last;
	size_t n; /* messages waiting */
};

/* Connects with the signer's certificate, subscribes to its own r/ and q/; CONNACK 0 is required.
 */
struct client *client_open(struct harness *h, const struct signer *s, int version);
/* Connects only; c->connack says how it went (0: well). */
struct client *client_connect(struct harness *h, const struct client_options *o);
/* Without: closes the socket, so that the will is sent. */
void client_close(struct client *c, bool with_disconnect);
/* Runs the client for so long, whatever comes. */
void client_pump(struct client *c, int ms);
/* Reason code of the SUBACK (0, 1: granted QoS; >= 128: refused); -1: closed, or nothing came. */
int client_subscribe(struct client *c, const char *filter);
/* Reason code of the PUBACK (v3.1.1: 0); -1: closed, or nothing came. QoS 0: 0 when written. props
 * may be NULL. */
int client_publish(struct client *c, const char *topic, const void *payload, size_t len, int qos,
		   bool retain, const mosquitto_property *props);
/* The first message that waits, or comes within ms, on a topic that matches the filter; NULL: none.
 * The caller's. */
struct message *client_take(struct client *c, const char *filter, int ms);
void client_drop_all(struct client *c);

/* ---- events ---- */

/* Fills ledger, region, chain, time and clock (NTP), seals with the signer's key and the
 * cosigners'. malloc'd; the signer's chain advances; a copy stays in h->sent. */
uint8_t *harness_seal(struct harness *h, struct signer *s, Liandan__Event *e,
		      struct signer *const *cosigners, size_t n, size_t *len);
/* As harness_seal, published QoS 1 on the signer's i/ by c (v5: with correlation data); waits for
 * the receipt. NULL: none came. Free with liandan__receipt__free_unpacked(r, NULL). */
Liandan__Receipt *harness_send(struct harness *h, struct client *c, struct signer *s,
			       Liandan__Event *e);
/* The receipt of exactly these bytes, sent on i/<party>/<device> of s. */
Liandan__Receipt *harness_send_bytes(struct harness *h, struct client *c, const struct signer *s,
				     const uint8_t *bytes, size_t len);
/* Sends, requires the verdict, verifies the receipt where it is in the ledger; returns its index.
 */
uint64_t harness_expect(struct harness *h, struct client *c, struct signer *s, Liandan__Event *e,
			Liandan__Verdict verdict, Liandan__Reason reason);
/* Is the receipt of these envelope bytes right? Rebuilds the leaf, checks inclusion and checkpoint
 * under the ledger's key. */
bool harness_verify(struct harness *h, const Liandan__Receipt *r, const uint8_t *bytes, size_t len);

/* mTLS-less login: a token of this key for this client id. malloc'd. */
char *harness_token(struct harness *h, const struct signer *s, const char *client_id,
		    int64_t not_before_ms, int64_t expires_ms);
int64_t harness_now_ms(void); /* wall clock */

#endif
