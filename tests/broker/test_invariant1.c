/* Invariant 1: subscribers get only what the plugin committed. Everything a client can send is sent
 * here with a mark in it; a regulator who subscribes to all that can be subscribed must not see the
 * mark, but on refused/, which says that its bytes are unverified. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/broker/harness.h"

#define MARK "MARK-7f3a"

static struct harness h;
static struct signer plant, inspector, rival;
static struct client *spy;

static int setup(void **state)
{
	(void)state;
	harness_new(&h);
	h.max_qos = 2; /* not as shipped: QoS 2 must not be a way past us either */
	world_party(&h.world, "plant", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_KEY);
	world_party(&h.world, "rival", LIANDAN__ROLE__ROLE_GENERATOR, LIANDAN__TIER__TIER_KEY);
	world_party(&h.world, "eeb", LIANDAN__ROLE__ROLE_REGULATOR,
		    LIANDAN__TIER__TIER_UNSPECIFIED);
	signer_new(&plant, "plant", "office", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&h.world, &plant, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "clerk",
		  LIANDAN__ROLE__ROLE_GENERATOR);
	signer_new(&rival, "rival", "office", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&h.world, &rival, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "other",
		  LIANDAN__ROLE__ROLE_GENERATOR);
	signer_new(&inspector, "eeb", "desk", LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&h.world, &inspector, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, "insp",
		  LIANDAN__ROLE__ROLE_REGULATOR);
	harness_start(&h);
	spy = client_open(&h, &inspector, MQTT_PROTOCOL_V5);
	assert_int_equal(client_subscribe(spy, HARNESS_ROOT "#"), 1);
	client_pump(spy, 300);
	client_drop_all(spy);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client_close(spy, true);
	signer_free(&plant);
	signer_free(&rival);
	signer_free(&inspector);
	harness_free(&h);
	return 0;
}

static bool has(const void *data, size_t len, const char *mark)
{
	return data && memmem(data, len, mark, strlen(mark)) != NULL;
}

static bool marked(const struct message *m)
{
	return has(m->topic, strlen(m->topic), MARK) || has(m->payload, m->len, MARK) ||
	       has(m->user, strlen(m->user), MARK) ||
	       has(m->correlation, m->correlation_len, MARK) ||
	       (m->content_type && strstr(m->content_type, MARK));
}

/* Nothing with the mark has come, and nothing at all on i/ or query/. */
static void nothing_seen(struct client *by)
{
	client_pump(by, 400);
	for (struct message *m = by->first; m; m = m->next) {
		bool unverified = strncmp(m->topic, HARNESS_ROOT "refused/",
					  strlen(HARNESS_ROOT "refused/")) == 0;
		if (marked(m) && !unverified)
			fail_msg("%s: %.80s %s", m->topic, (const char *)m->payload, m->user);
		assert_null(strstr(m->topic, "/i/"));
		assert_null(strstr(m->topic, "/query/"));
	}
	client_drop_all(by);
}

static mosquitto_property *decorations(void)
{
	mosquitto_property *p = NULL;

	mosquitto_property_add_string_pair(&p, MQTT_PROP_USER_PROPERTY, "name", MARK);
	mosquitto_property_add_string(&p, MQTT_PROP_CONTENT_TYPE, MARK);
	mosquitto_property_add_binary(&p, MQTT_PROP_CORRELATION_DATA, MARK, sizeof MARK - 1);
	mosquitto_property_add_string(&p, MQTT_PROP_RESPONSE_TOPIC, HARNESS_ROOT "o/plant/office");
	return p;
}

static const char *const places[] = {
    HARNESS_ROOT "i/plant/office",
    HARNESS_ROOT "i/rival/office",
    HARNESS_ROOT "o/plant/office",
    HARNESS_ROOT "r/plant/office",
    HARNESS_ROOT "r/rival/office",
    HARNESS_ROOT "q/plant/office/x",
    HARNESS_ROOT "refused/MALFORMED/plant/office",
    HARNESS_ROOT "manifest/00000000000000000000000000000000",
    HARNESS_ROOT "vehicle/沪A12345",
    HARNESS_ROOT "anomaly/4/OVERDUE/x",
    HARNESS_ROOT "open/1",
    HARNESS_ROOT "rating/plant",
    HARNESS_ROOT "checkpoint",
    HARNESS_ROOT "query/signer",
    HARNESS_ROOT "query/nothing",
    "waste/v1/other/o/plant/office",
    "waste/v1/testing",
    "waste",
    "/" HARNESS_ROOT "o/plant/office",
    "x/" MARK,
    "$SYS/broker/liandan/notice",
    "$SYS/broker/connection/x/state",
    "$CONTROL/dynamic-security/v1",
    "$CONTROL/x",
    "$share/plant/" HARNESS_ROOT "o/plant/office",
    "$queue/x",
};
#define N_PLACES (sizeof places / sizeof places[0])

static void publish_everywhere(int version, int qos, bool retain)
{
	for (size_t i = 0; i < N_PLACES; i++) {
		mosquitto_property *p = version == MQTT_PROTOCOL_V5 ? decorations() : NULL;
		struct client *c = client_open(&h, &plant, version);
		int rc = client_publish(c, places[i], MARK, sizeof MARK - 1, qos, retain, p);
		bool in = strncmp(places[i], HARNESS_ROOT "i/", strlen(HARNESS_ROOT "i/")) == 0;
		/* What is not ours is refused openly, where the protocol has words for it. */
		if (version == MQTT_PROTOCOL_V5 && qos && c->connected && !in)
			assert_int_equal(rc, MQTT_RC_NOT_AUTHORIZED);
		mosquitto_property_free_all(&p);
		client_close(c, true);
	}
	nothing_seen(spy);
}

static void plain_publishes(void **state)
{
	(void)state;
	publish_everywhere(MQTT_PROTOCOL_V5, 1, false);
	publish_everywhere(MQTT_PROTOCOL_V311, 1, false);
	publish_everywhere(MQTT_PROTOCOL_V5, 0, false);
}

static void qos_2(void **state)
{
	(void)state;
	publish_everywhere(MQTT_PROTOCOL_V5, 2, false);
	publish_everywhere(MQTT_PROTOCOL_V311, 2, false);
}

/* And none is kept: who subscribes later does not find it either. */
static void retained_publishes(void **state)
{
	struct client *late;

	(void)state;
	publish_everywhere(MQTT_PROTOCOL_V5, 1, true);
	publish_everywhere(MQTT_PROTOCOL_V311, 1, true);
	late = client_open(&h, &rival, MQTT_PROTOCOL_V5);
	client_subscribe(late, HARNESS_ROOT "manifest/+");
	client_subscribe(late, HARNESS_ROOT "vehicle/+");
	client_subscribe(late, HARNESS_ROOT "checkpoint");
	client_subscribe(late, HARNESS_ROOT "o/rival/+");
	nothing_seen(late);
	client_close(late, true);
}

static void will_from(const char *topic, int version, bool retain, bool take_over)
{
	struct client_options o = {.version = version,
				   .cert = &plant,
				   .will_topic = topic,
				   .will_payload = MARK,
				   .will_retain = retain,
				   .will_qos = 1};
	struct client *c = client_connect(&h, &o), *second = NULL;

	/* A will on a topic with wildcards and the like is refused at once. */
	if (c->connack == 0 && take_over)
		second = client_connect(
		    &h, &(struct client_options){.version = version, .cert = &plant});
	client_close(c, false);
	if (second) {
		client_pump(second, 20);
		client_close(second, true);
	}
}

static void wills(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_PLACES; i++) {
		will_from(places[i], MQTT_PROTOCOL_V5, false, false);
		will_from(places[i], MQTT_PROTOCOL_V311, true, false);
	}
	nothing_seen(spy);
}

static void wills_of_taken_over_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_PLACES; i++)
		will_from(places[i], MQTT_PROTOCOL_V5, i % 2 == 0, true);
	nothing_seen(spy);
}

static void delayed_wills(void **state)
{
	struct client *c;

	(void)state;
	for (size_t i = 0; i < N_PLACES; i++) {
		struct client_options o = {.version = MQTT_PROTOCOL_V5,
					   .cert = &plant,
					   .persistent = true,
					   .will_topic = places[i],
					   .will_payload = MARK,
					   .will_qos = 1,
					   .will_delay_s = 1};
		c = client_connect(&h, &o);
		client_close(c, false);
		client_pump(spy, 1100);
		nothing_seen(spy);
		if (i == 3) /* the branches that matter; the rest goes the same way */
			break;
	}
	/* and the session ends, so that it does not stand in the next test's way */
	c = client_connect(&h,
			   &(struct client_options){.version = MQTT_PROTOCOL_V5, .cert = &plant});
	client_close(c, true);
}

/* An alias is bound even where the publish that binds it is denied: using it must be denied too. */
static void topic_aliases(void **state)
{
	struct client *c = client_open(&h, &plant, MQTT_PROTOCOL_V5);
	mosquitto_property *p = NULL;

	(void)state;
	mosquitto_property_add_int16(&p, MQTT_PROP_TOPIC_ALIAS, 1);
	assert_int_equal(
	    client_publish(c, HARNESS_ROOT "o/plant/office", MARK, sizeof MARK - 1, 1, false, p),
	    MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(client_publish(c, NULL, MARK, sizeof MARK - 1, 1, false, p),
			 MQTT_RC_NOT_AUTHORIZED);
	mosquitto_property_free_all(&p);
	client_close(c, true);
	nothing_seen(spy);
}

/* Only regulators share, and only in groups of their own party. */
static void shared_subscriptions(void **state)
{
	struct client *c = client_open(&h, &rival, MQTT_PROTOCOL_V5);

	(void)state;
	assert_int_equal(client_subscribe(c, "$share/rival/" HARNESS_ROOT "o/rival/+"),
			 MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(client_subscribe(c, "$share/eeb/" HARNESS_ROOT "#"),
			 MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(client_subscribe(spy, "$share/plant/" HARNESS_ROOT "#"),
			 MQTT_RC_NOT_AUTHORIZED);
	assert_int_equal(client_subscribe(spy, "$share/eeb/" HARNESS_ROOT "open/+"), 1);
	client_close(c, true);
}

/* What nobody may subscribe to. */
static void closed_filters(void **state)
{
	static const char *const filters[] = {
	    HARNESS_ROOT "i/#",
	    HARNESS_ROOT "i/plant/office",
	    HARNESS_ROOT "query/+",
	    "#",
	    "+/#",
	    "waste/#",
	    "waste/v1/#",
	    "waste/v1/+/o/#",
	    "waste/v1/other/#",
	    "$CONTROL/#",
	    "$share/eeb/#",
	    "$SYS/#",
	};
	static const char *const not_the_rivals[] = {
	    HARNESS_ROOT "o/plant/office",   HARNESS_ROOT "o/#",       HARNESS_ROOT "o/+/office",
	    HARNESS_ROOT "r/plant/office",   HARNESS_ROOT "r/#",       HARNESS_ROOT "r/rival/+",
	    HARNESS_ROOT "q/plant/office/#", HARNESS_ROOT "refused/#", HARNESS_ROOT "anomaly/#",
	    HARNESS_ROOT "open/+",	     HARNESS_ROOT "#",	       "$SYS/broker/liandan/#",
	};
	struct client *c = client_open(&h, &rival, MQTT_PROTOCOL_V5);

	(void)state;
	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
		assert_int_equal(client_subscribe(spy, filters[i]), MQTT_RC_NOT_AUTHORIZED);
		assert_int_equal(client_subscribe(c, filters[i]), MQTT_RC_NOT_AUTHORIZED);
	}
	for (size_t i = 0; i < sizeof not_the_rivals / sizeof not_the_rivals[0]; i++)
		assert_int_equal(client_subscribe(c, not_the_rivals[i]), MQTT_RC_NOT_AUTHORIZED);
	client_close(c, true);
}

/* An accepted event is forwarded: its exact bytes, and of its properties none. */
static void user_properties_stay_behind(void **state)
{
	struct client *c = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V5);
	Liandan__PartyRegistered r = LIANDAN__PARTY_REGISTERED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	mosquitto_property *p = decorations();
	struct message *m;
	uint8_t *bytes;
	size_t len;

	(void)state;
	r.party = r.name = (char *)(uintptr_t) "newcomer";
	r.roles = LIANDAN__ROLE__ROLE_RECEIVER;
	e.body_case = LIANDAN__EVENT__BODY_PARTY_REGISTERED;
	e.party_registered = &r;
	bytes = harness_seal(&h, &h.world.authority, &e, NULL, 0, &len);
	assert_in_range(client_publish(c, HARNESS_ROOT "i/epb/registrar", bytes, len, 1, false, p),
			0, MQTT_RC_NO_MATCHING_SUBSCRIBERS);
	m = client_take(spy, HARNESS_ROOT "o/epb/registrar", HARNESS_WAIT_MS);
	assert_non_null(m);
	assert_int_equal(m->len, len);
	assert_memory_equal(m->payload, bytes, len);
	assert_false(marked(m));
	assert_non_null(strstr(m->user, "index="));
	assert_non_null(strstr(m->user, "recorded_at_ms="));
	assert_non_null(strstr(m->user, "key_id="));
	message_free(m);
	/* The correlation data comes back to the sender, with the receipt, and to nobody else. */
	m = client_take(c, HARNESS_ROOT "r/epb/registrar", HARNESS_WAIT_MS);
	assert_non_null(m);
	assert_int_equal(m->correlation_len, sizeof MARK - 1);
	assert_memory_equal(m->correlation, MARK, sizeof MARK - 1);
	message_free(m);
	mosquitto_property_free_all(&p);
	free(bytes);
	client_close(c, true);
	nothing_seen(spy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_publishes),
	    cmocka_unit_test(qos_2),
	    cmocka_unit_test(retained_publishes),
	    cmocka_unit_test(wills),
	    cmocka_unit_test(wills_of_taken_over_sessions),
	    cmocka_unit_test(delayed_wills),
	    cmocka_unit_test(topic_aliases),
	    cmocka_unit_test(shared_subscriptions),
	    cmocka_unit_test(closed_filters),
	    cmocka_unit_test(user_properties_stay_behind),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
