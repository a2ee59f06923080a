/* A bridge of our own configuration skips the broker's access checks. A listed one brings i/ in and
 * takes r/ out; whatever else it brings, and whatever one brings that is not listed, ends at the
 * plugin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/broker/harness.h"

static struct harness h;
static struct signer inspector;
static int port;

static void add_bridge(const char *name)
{
	size_t used = strlen(h.settings);

	snprintf(
	    h.settings + used, sizeof h.settings - used,
	    "connection %s\naddress 127.0.0.1:%d\nlocal_clientid %s\nremote_clientid "
	    "%s\nnotifications false\n"
	    "restart_timeout 1\nbridge_protocol_version mqttv311\ncleansession false\n"
	    "topic i/# in 1 waste/v1/testing/ %s/\ntopic r/# out 1 waste/v1/testing/ %s/\n"
	    "topic o/# in 1 waste/v1/testing/ %s/\ntopic checkpoint in 1 waste/v1/testing/ %s/\n"
	    "topic x/# in 1 $CONTROL/ %s/\n",
	    name, port, name, name, name, name, name, name, name);
}

static int setup(void **state)
{
	(void)state;
	harness_new(&h);
	world_party(&h.world, "eeb", LIANDAN__ROLE__ROLE_REGULATOR,
		    LIANDAN__TIER__TIER_UNSPECIFIED);
	signer_new(&inspector, "eeb", "desk", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&h.world, &inspector, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "insp",
		  LIANDAN__ROLE__ROLE_REGULATOR);
	port = harness_neighbour(&h);
	add_bridge("listed");
	add_bridge("stray");
	snprintf(h.options, sizeof h.options, "plugin_opt_bridge_clients another,listed\n");
	harness_start(&h);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	signer_free(&inspector);
	harness_free(&h);
	return 0;
}

static struct client *at_the_neighbour(const char *client_id)
{
	struct client *c = client_connect(&h, &(struct client_options){.version = MQTT_PROTOCOL_V5,
								       .client_id = client_id,
								       .plain_port = port});

	assert_int_equal(c->connack, 0);
	return c;
}

/* Publishes at the neighbour until our broker has had it from that bridge: bridges take a moment to
 * connect. */
static void publish_over(struct client *c, const char *bridge, const char *rest, const void *bytes,
			 size_t len)
{
	char topic[128], line[160];
	bool there = false;

	snprintf(topic, sizeof topic, "%s/%s", bridge, rest);
	snprintf(line, sizeof line, "Received PUBLISH from %s ", bridge);
	for (int i = 0; i < 40 && !there; i++) {
		client_publish(c, topic, bytes, len, 1, false, NULL);
		client_pump(c, 250);
		char *log = harness_log(&h);
		there = strstr(log, line) != NULL;
		free(log);
	}
	assert_true(there);
}

static uint8_t *an_event(const char *party, size_t *len)
{
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;

	p.party = p.name = (char *)(uintptr_t)party;
	p.roles = LIANDAN__ROLE__ROLE_RECEIVER;
	e.body_case = LIANDAN__EVENT__BODY_PARTY_REGISTERED;
	e.party_registered = &p;
	return harness_seal(&h, &h.world.authority, &e, NULL, 0, len);
}

static void listed_bridge_brings_events_and_takes_receipts(void **state)
{
	struct client *c = at_the_neighbour("far-device");
	Liandan__Receipt *r;
	struct message *m;
	uint8_t *bytes;
	size_t len;

	(void)state;
	assert_int_equal(client_subscribe(c, "listed/r/#"), 1);
	bytes = an_event("far-pit", &len);
	publish_over(c, "listed", "i/epb/registrar", bytes, len);
	m = client_take(c, "listed/r/epb/registrar", HARNESS_WAIT_MS);
	assert_non_null(m);
	r = liandan__receipt__unpack(NULL, m->len, m->payload);
	assert_non_null(r);
	assert_int_equal(r->verdict, LIANDAN__VERDICT__ACCEPTED);
	assert_true(harness_verify(&h, r, bytes, len));
	liandan__receipt__free_unpacked(r, NULL);
	message_free(m);
	free(bytes);
	client_close(c, true);
}

/* An event by a bridge that nobody listed stays outside; the next by the same signer is not
 * disturbed. */
static void stray_bridge_brings_nothing(void **state)
{
	struct client *c = at_the_neighbour("far-device"),
		      *home = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V5);
	Liandan__Receipt *r;
	uint8_t *bytes;
	size_t len;

	(void)state;
	bytes = an_event("stray-pit", &len);
	publish_over(c, "stray", "i/epb/registrar", bytes, len);
	assert_null(client_take(home, HARNESS_ROOT "r/epb/registrar", 700));
	r = harness_send_bytes(&h, home, &h.world.authority, bytes, len);
	assert_non_null(r);
	assert_false(r->duplicate);
	assert_int_equal(r->verdict, LIANDAN__VERDICT__ACCEPTED);
	liandan__receipt__free_unpacked(r, NULL);
	free(bytes);
	client_close(c, true);
	client_close(home, true);
}

static void no_bridge_writes_elsewhere(void **state)
{
	static const char *const topics[] = {"o/epb/registrar", "checkpoint", "x/y", "i/epb",
					     "i/a/b/c"};
	struct client *c = at_the_neighbour("far-device"),
		      *spy = client_open(&h, &inspector, MQTT_PROTOCOL_V5);
	char topic[64];

	(void)state;
	assert_int_equal(client_subscribe(spy, HARNESS_ROOT "#"), 1);
	client_pump(spy, 300);
	client_drop_all(spy);
	for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
		for (int retain = 0; retain < 2; retain++) {
			snprintf(topic, sizeof topic, "listed/%s", topics[i]);
			client_publish(c, topic, "forged", 6, 1, retain != 0, NULL);
			snprintf(topic, sizeof topic, "stray/%s", topics[i]);
			client_publish(c, topic, "forged", 6, 1, retain != 0, NULL);
		}
	client_publish(c, "listed/i/epb/registrar", "kept?", 5, 1, true, NULL);
	client_pump(spy, 600);
	for (struct message *m = spy->first; m; m = m->next)
		if (memmem(m->payload, m->len, "forged", 6))
			fail_msg("%s", m->topic);
	client_close(c, true);
	client_close(spy, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(listed_bridge_brings_events_and_takes_receipts),
	    cmocka_unit_test(stray_bridge_brings_nothing),
	    cmocka_unit_test(no_bridge_writes_elsewhere),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
