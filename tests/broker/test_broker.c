/* The plugin in a real broker: who gets in, what an event's way is, what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/broker/harness.h"

static struct harness h;
static struct signer plant, truck, inspector, leaver, forger;

static int setup(void **state)
{
	(void)state;
	harness_new(&h);
	world_party(&h.world, "plant", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_KEY);
	world_party(&h.world, "haul", LIANDAN__ROLE__ROLE_CARRIER, LIANDAN__TIER__TIER_UNSPECIFIED);
	world_party(&h.world, "eeb", LIANDAN__ROLE__ROLE_REGULATOR,
		    LIANDAN__TIER__TIER_UNSPECIFIED);
	signer_new(&plant, "plant", "office", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&h.world, &plant, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "clerk",
		  LIANDAN__ROLE__ROLE_GENERATOR);
	signer_new(&truck, "haul", "t1", LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	world_vehicle(&h.world, "沪A12345", "haul", &truck, "t1");
	signer_new(&leaver, "plant", "old-phone", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&h.world, &leaver, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "gone",
		  LIANDAN__ROLE__ROLE_GENERATOR);
	signer_new(&forger, "plant", "forger", LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	world_key(&h.world, &forger, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "bad",
		  LIANDAN__ROLE__ROLE_GENERATOR);
	signer_new(&inspector, "eeb", "desk", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&h.world, &inspector, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "insp",
		  LIANDAN__ROLE__ROLE_REGULATOR);
	harness_start(&h);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	signer_free(&plant);
	signer_free(&truck);
	signer_free(&inspector);
	signer_free(&leaver);
	signer_free(&forger);
	harness_free(&h);
	return 0;
}

/* A registry event by the authority: in the ledger, effective, and verifiable from its receipt. */
static void register_party(struct client *c, const char *party)
{
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;

	p.party = p.name = (char *)(uintptr_t)party;
	p.roles = LIANDAN__ROLE__ROLE_RECEIVER;
	p.from_ms = 1;
	e.body_case = LIANDAN__EVENT__BODY_PARTY_REGISTERED;
	e.party_registered = &p;
	harness_expect(&h, c, &h.world.authority, &e, LIANDAN__VERDICT__ACCEPTED,
		       LIANDAN__REASON__REASON_NONE);
}

static void event_gets_a_receipt_v5(void **state)
{
	struct client *c = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V5);

	(void)state;
	register_party(c, "pit-5");
	client_close(c, true);
}

static void event_gets_a_receipt_v311(void **state)
{
	struct client *c = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V311);

	(void)state;
	register_party(c, "pit-311");
	client_close(c, true);
}

/* The exact event again: its first verdict and index, SUCCESS, and no second entry. */
static void duplicate_gets_the_first_verdict(void **state)
{
	struct client *c = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V5);
	Liandan__Receipt *r;
	uint64_t index;

	(void)state;
	register_party(c, "pit-twice");
	r = harness_send_bytes(&h, c, &h.world.authority, h.sent, h.sent_len);
	assert_non_null(r);
	assert_true(r->duplicate);
	assert_true(harness_verify(&h, r, h.sent, h.sent_len));
	index = r->index;
	liandan__receipt__free_unpacked(r, NULL);
	register_party(c, "pit-after");
	r = harness_send_bytes(&h, c, &h.world.authority, h.sent, h.sent_len);
	assert_non_null(r);
	assert_int_equal(r->index, index + 1);
	liandan__receipt__free_unpacked(r, NULL);
	client_close(c, true);
}

static int publish_in(struct client *c, const struct signer *s, const void *bytes, size_t len)
{
	char topic[256];

	snprintf(topic, sizeof topic, HARNESS_ROOT "i/%s/%s", s->party, s->device);
	return client_publish(c, topic, bytes, len, 1, false, NULL);
}

/* Outside the ledger: 0x87, a receipt with the verdict, the bytes on refused/ for regulators. */
static void outside_the_ledger(void **state)
{
	struct client *c = client_open(&h, &plant, MQTT_PROTOCOL_V5),
		      *spy = client_open(&h, &inspector, MQTT_PROTOCOL_V5);
	Liandan__Receipt *r;
	Liandan__Refused *rf;
	struct message *m;

	(void)state;
	assert_int_equal(client_subscribe(spy, HARNESS_ROOT "refused/#"), 1);
	assert_int_equal(publish_in(c, &plant, "nonsense", 8), MQTT_RC_NOT_AUTHORIZED);
	m = client_take(c, HARNESS_ROOT "r/plant/office", HARNESS_WAIT_MS);
	assert_non_null(m);
	r = liandan__receipt__unpack(NULL, m->len, m->payload);
	assert_non_null(r);
	assert_int_equal(r->verdict, LIANDAN__VERDICT__MALFORMED);
	liandan__receipt__free_unpacked(r, NULL);
	message_free(m);
	m = client_take(spy, HARNESS_ROOT "refused/MALFORMED/plant/office", HARNESS_WAIT_MS);
	assert_non_null(m);
	rf = liandan__refused__unpack(NULL, m->len, m->payload);
	assert_non_null(rf);
	assert_int_equal(rf->unverified.len, 8);
	liandan__refused__free_unpacked(rf, NULL);
	message_free(m);
	/* An empty payload is no payload at all inside the broker. */
	assert_int_equal(publish_in(c, &plant, NULL, 0), MQTT_RC_NOT_AUTHORIZED);
	client_close(c, true);
	client_close(spy, true);
}

/* A v3.1.1 client sees success either way, and stays connected. */
static void outside_the_ledger_v311(void **state)
{
	struct client *c = client_open(&h, &plant, MQTT_PROTOCOL_V311);

	(void)state;
	assert_int_equal(publish_in(c, &plant, "nonsense", 8), 0);
	assert_true(c->connected);
	client_close(c, true);
}

/* 60 KiB and one byte are TOO_LARGE; beyond the broker's packet size the connection ends. */
static void too_large(void **state)
{
	struct client *c = client_open(&h, &plant, MQTT_PROTOCOL_V5);
	char *big = calloc(1, 300000);

	(void)state;
	assert_int_equal(publish_in(c, &plant, big, LD_MAX_ENVELOPE_BYTES + 1),
			 MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(publish_in(c, &plant, big, 200000), MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(publish_in(c, &plant, big, 300000), -1);
	client_close(c, false);
	free(big);
}

/* Each reads its own: the exact bytes to regulators and to the party, receipts to the device alone.
 */
static void who_reads_what(void **state)
{
	struct client *authority = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V5);
	struct client *spy = client_open(&h, &inspector, MQTT_PROTOCOL_V5),
		      *other = client_open(&h, &truck, MQTT_PROTOCOL_V5);
	struct message *m;

	(void)state;
	assert_int_equal(client_subscribe(spy, HARNESS_ROOT "#"), 1);
	assert_int_equal(client_subscribe(other, HARNESS_ROOT "o/epb/+"), MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(client_subscribe(other, HARNESS_ROOT "r/epb/registrar"),
			 MQTT_RC_NOT_AUTHORIZED);
	register_party(authority, "pit-read");
	m = client_take(spy, HARNESS_ROOT "o/epb/registrar", HARNESS_WAIT_MS);
	assert_non_null(m);
	assert_int_equal(m->len, h.sent_len);
	assert_memory_equal(m->payload, h.sent, h.sent_len);
	message_free(m);
	client_pump(spy, 300);
	assert_null(client_take(spy, HARNESS_ROOT "r/+/+", 0));
	assert_null(client_take(spy, HARNESS_ROOT "i/+/+", 0));
	client_pump(other, 100);
	assert_int_equal(other->n, 0);
	client_close(authority, true);
	client_close(spy, true);
	client_close(other, true);
}

static void checkpoint_is_retained(void **state)
{
	struct client *c = client_open(&h, &truck, MQTT_PROTOCOL_V311);
	struct ld_note_key key = {0};
	struct ld_checkpoint cp;
	struct message *m;

	(void)state;
	assert_int_equal(client_subscribe(c, HARNESS_ROOT "checkpoint"), 1);
	m = client_take(c, HARNESS_ROOT "checkpoint", HARNESS_WAIT_MS);
	assert_non_null(m);
	assert_int_equal(ld_note_vkey_parse(h.vkey, &key), LD_OK);
	assert_int_equal(ld_checkpoint_verify((char *)m->payload, m->len, &key, &cp), LD_OK);
	EVP_PKEY_free(key.pkey);
	message_free(m);
	client_close(c, true);
}

static int connack(const struct client_options *o)
{
	struct client *c = client_connect(&h, o);
	int rc = c->connack;

	client_close(c, true);
	return rc;
}

static void who_gets_in(void **state)
{
	struct signer stranger;

	(void)state;
	signer_new(&stranger, "plant", "office", LIANDAN__ALGORITHM__ALGORITHM_P256);
	/* another key, another client id, no key: a valid certificate of our CA is not enough */
	assert_int_equal(connack(&(struct client_options){.version = 5, .cert = &stranger}),
			 MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(
	    connack(&(struct client_options){.version = 5, .cert = &plant, .client_id = "haul/t1"}),
	    MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(
	    connack(&(struct client_options){.version = 5, .cert = &plant, .client_id = "plant"}),
	    MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(
	    connack(&(struct client_options){.version = 5, .client_id = "plant/office"}),
	    MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(connack(&(struct client_options){
			     .version = 4, .client_id = "plant/office", .password = "x"}),
			 5 /* not authorised, 3.1.1 */);
	assert_int_equal(connack(&(struct client_options){.version = 4, .cert = &plant}), 0);
	signer_free(&stranger);
}

static int token_connack(const struct signer *s, const char *client_id, int64_t from_ms,
			 int64_t to_ms)
{
	int64_t now = harness_now_ms();
	char *token = harness_token(&h, s, client_id, now + from_ms, now + to_ms);
	int rc = connack(
	    &(struct client_options){.version = 5, .client_id = client_id, .password = token});

	free(token);
	return rc;
}

static void tokens(void **state)
{
	(void)state;
	assert_int_equal(token_connack(&plant, "plant/office", -1000, 60000), 0);
	assert_int_equal(token_connack(&plant, "plant/office", -1000, 599000), 0);
	assert_int_equal(token_connack(&plant, "plant/office", -1000, 600000),
			 MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(token_connack(&plant, "plant/office", -60000, -1000),
			 MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(token_connack(&plant, "plant/office", 30000, 60000),
			 MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(token_connack(&plant, "haul/t1", -1000, 60000), MQTT_RC_NOT_AUTHORIZED);
}

/* ---- sessions ---- */

/* SIGHUP: everybody stays, with certificate or token, and what was closed stays closed. */
static void reload_keeps_everybody(void **state)
{
	struct client *c = client_open(&h, &plant, MQTT_PROTOCOL_V311);
	int64_t now = harness_now_ms();
	char *token = harness_token(&h, &truck, "haul/t1", now - 1000, now + 1200);
	struct client *t = client_connect(&h, &(struct client_options){.version = MQTT_PROTOCOL_V5,
								       .client_id = "haul/t1",
								       .password = token});

	(void)state;
	assert_int_equal(t->connack, 0);
	client_pump(
	    t, 1400); /* the token has run out; it is reusable, and asked for nothing but its key */
	harness_reload(&h);
	client_pump(c, 100);
	client_pump(t, 100);
	assert_true(c->connected);
	assert_true(t->connected);
	assert_int_equal(client_publish(t, HARNESS_ROOT "o/haul/t1", "x", 1, 1, false, NULL),
			 MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(connack(&(struct client_options){
			     .version = 5, .client_id = "haul/t1", .password = token}),
			 MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(
	    connack(&(struct client_options){.version = 5, .client_id = "plant/office"}),
	    MQTT_RC_NOT_AUTHORIZED);
	free(token);
	client_close(c, true);
	client_close(t, true);
}

/* A receipt waits for a device whose connection broke, through a reload too. */
static void receipts_wait_for_who_is_away(void **state)
{
	struct client_options o = {
	    .version = MQTT_PROTOCOL_V5, .cert = &h.world.authority, .persistent = true};
	struct client *c = client_connect(&h, &o),
		      *bridge = client_open(&h, &plant, MQTT_PROTOCOL_V5);
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	struct message *m;
	uint8_t *bytes;
	size_t len;

	(void)state;
	assert_int_equal(client_subscribe(c, HARNESS_ROOT "r/epb/registrar"), 1);
	client_close(c, false);
	client_pump(bridge, 200);
	harness_reload(&h);
	p.party = p.name = (char *)(uintptr_t) "pit-away";
	p.roles = LIANDAN__ROLE__ROLE_RECEIVER;
	e.body_case = LIANDAN__EVENT__BODY_PARTY_REGISTERED;
	e.party_registered = &p;
	bytes = harness_seal(&h, &h.world.authority, &e, NULL, 0, &len);
	/* whoever brings it: the signature counts, the topic is the signer's */
	publish_in(bridge, &h.world.authority, bytes, len);
	client_pump(bridge, 300);
	c = client_connect(&h, &o);
	m = client_take(c, HARNESS_ROOT "r/epb/registrar", HARNESS_WAIT_MS);
	assert_non_null(m);
	message_free(m);
	free(bytes);
	client_close(c, true);
	client_close(bridge, true);
	/* end the session */
	c = client_connect(
	    &h, &(struct client_options){.version = MQTT_PROTOCOL_V5, .cert = &h.world.authority});
	client_close(c, true);
}

static void revoked_key_is_disconnected(void **state)
{
	struct client *authority = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V5);
	Liandan__KeyRevoked r = LIANDAN__KEY_REVOKED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	struct client *c;

	(void)state;
	c = client_open(&h, &leaver, MQTT_PROTOCOL_V5);
	r.key_id = (ProtobufCBinaryData){.len = LD_KEY_ID_BYTES,
					 .data = (uint8_t *)(uintptr_t)ld_key_id(leaver.key)};
	r.reason = LIANDAN__REVOCATION_REASON__REVOCATION_REASON_COMPROMISED;
	r.effective_ms = harness_now_ms();
	e.body_case = LIANDAN__EVENT__BODY_KEY_REVOKED;
	e.key_revoked = &r;
	harness_expect(&h, authority, &h.world.authority, &e, LIANDAN__VERDICT__ACCEPTED,
		       LIANDAN__REASON__REASON_NONE);
	client_pump(c, 500);
	assert_false(c->connected);
	assert_int_equal(c->disconnect_rc, MQTT_RC_ADMINISTRATIVE_ACTION);
	client_close(c, false);
	assert_int_equal(connack(&(struct client_options){.version = 5, .cert = &leaver}),
			 MQTT_RC_NOT_AUTHORIZED);
	client_close(authority, true);
}

/* 20 bad signatures within a minute close the client for a minute; the 19th does not. */
static void bad_signatures_close_the_client(void **state)
{
	struct client *c = client_open(&h, &forger, MQTT_PROTOCOL_V5);
	Liandan__WasteGenerated w = LIANDAN__WASTE_GENERATED__INIT;
	Liandan__Line line = LIANDAN__LINE__INIT;
	Liandan__Quantity q = LIANDAN__QUANTITY__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	uint8_t *bytes;
	size_t len;

	(void)state;
	q.unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	q.basis = LIANDAN__BASIS__BASIS_ESTIMATED;
	line.code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	line.code = (char *)(uintptr_t) "900-041-49";
	line.quantity = &q;
	w.batch = w.site = (char *)(uintptr_t) "x";
	w.line = &line;
	e.body_case = LIANDAN__EVENT__BODY_WASTE_GENERATED;
	e.waste_generated = &w;
	bytes = harness_seal(&h, &forger, &e, NULL, 0, &len);
	bytes[len - 1] ^= 1; /* in the signature, which ends the envelope */
	for (int i = 1; i < LD_MAX_BAD_SIGNATURES_PER_MINUTE; i++)
		assert_int_equal(publish_in(c, &forger, bytes, len), MQTT_RC_NOT_AUTHORIZED);
	client_pump(c, 300);
	assert_true(c->connected);
	publish_in(c, &forger, bytes, len);
	client_pump(c, 300);
	assert_false(c->connected);
	client_close(c, false);
	assert_int_equal(connack(&(struct client_options){.version = 5, .cert = &forger}),
			 MQTT_RC_NOT_AUTHORIZED);
	free(bytes);
}

/* A take-over ends the older connection, and its end does not end the newer one's rights. */
static void take_over(void **state)
{
	struct client *a = client_open(&h, &plant, MQTT_PROTOCOL_V5),
		      *b = client_open(&h, &plant, MQTT_PROTOCOL_V5);
	struct message *m;

	(void)state;
	client_pump(a, 100);
	assert_false(a->connected);
	client_close(a, false);
	client_pump(b, 50);
	assert_int_equal(client_subscribe(b, HARNESS_ROOT "checkpoint"), 1);
	m = client_take(b, HARNESS_ROOT "checkpoint", HARNESS_WAIT_MS);
	assert_non_null(m);
	message_free(m);
	client_close(b, true);
}

static const char *text_of(const cJSON *json, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(json, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

/* The metrics a regulator reads, and nobody else. */
static void metrics(void **state)
{
	struct client *spy = client_open(&h, &inspector, MQTT_PROTOCOL_V5);
	struct message *m;
	cJSON *json;

	(void)state;
	assert_int_equal(client_subscribe(spy, "$SYS/broker/liandan/#"), 1);
	m = client_take(spy, "$SYS/broker/liandan/entries", 12000);
	assert_non_null(m);
	assert_in_range(strtol((char *)m->payload, NULL, 10), 9, 10000);
	message_free(m);
	m = client_take(spy, "$SYS/broker/liandan/ledger", HARNESS_WAIT_MS);
	assert_non_null(m);
	json = cJSON_ParseWithLength((char *)m->payload, m->len);
	assert_string_equal(text_of(json, "region"), "testing");
	assert_string_equal(text_of(json, "vkey"), h.vkey);
	cJSON_Delete(json);
	message_free(m);
	m = client_take(spy, "$SYS/broker/liandan/clock", HARNESS_WAIT_MS);
	assert_non_null(m);
	message_free(m);
	client_close(spy, true);
}

/* kill -9: what was receipted is there, the chain goes on. */
static void receipted_events_survive_a_kill(void **state)
{
	struct client *c = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V5);
	uint8_t *bytes;
	Liandan__Receipt *r;
	size_t len;

	(void)state;
	register_party(c, "pit-killed");
	bytes = malloc(len = h.sent_len);
	memcpy(bytes, h.sent, len);
	client_close(c, true);
	harness_kill(&h);
	harness_start(&h);
	c = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V5);
	r = harness_send_bytes(&h, c, &h.world.authority, bytes, len);
	assert_non_null(r);
	assert_true(r->duplicate);
	assert_int_equal(r->verdict, LIANDAN__VERDICT__ACCEPTED);
	liandan__receipt__free_unpacked(r, NULL);
	register_party(c, "pit-later");
	free(bytes);
	client_close(c, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(event_gets_a_receipt_v5),
	    cmocka_unit_test(event_gets_a_receipt_v311),
	    cmocka_unit_test(duplicate_gets_the_first_verdict),
	    cmocka_unit_test(outside_the_ledger),
	    cmocka_unit_test(outside_the_ledger_v311),
	    cmocka_unit_test(too_large),
	    cmocka_unit_test(who_reads_what),
	    cmocka_unit_test(checkpoint_is_retained),
	    cmocka_unit_test(who_gets_in),
	    cmocka_unit_test(tokens),
	    cmocka_unit_test(take_over),
	    cmocka_unit_test(reload_keeps_everybody),
	    cmocka_unit_test(receipts_wait_for_who_is_away),
	    cmocka_unit_test(revoked_key_is_disconnected),
	    cmocka_unit_test(bad_signatures_close_the_client),
	    cmocka_unit_test(metrics),
	    cmocka_unit_test(receipted_events_survive_a_kill),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
