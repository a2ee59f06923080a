/* query/<verb> over MQTT 5 request and response: answers, rights, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/broker/harness.h"

static struct harness h;
static struct signer plant, truck, inspector;

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
	harness_free(&h);
	return 0;
}

static cJSON *ask(struct client *c, const char *verb, const char *reply, const char *body, int *rc)
{
	mosquitto_property *p = NULL;
	struct message *m = NULL;
	cJSON *json = NULL;
	char topic[256];

	if (reply)
		mosquitto_property_add_string(&p, MQTT_PROP_RESPONSE_TOPIC, reply);
	mosquitto_property_add_binary(&p, MQTT_PROP_CORRELATION_DATA, "c-1", 3);
	snprintf(topic, sizeof topic, HARNESS_ROOT "query/%s", verb);
	*rc = client_publish(c, topic, body, strlen(body), 1, false, p);
	mosquitto_property_free_all(&p);
	if (*rc < 128)
		m = client_take(c, reply, HARNESS_WAIT_MS);
	if (m) {
		assert_int_equal(m->correlation_len, 3);
		json = cJSON_ParseWithLength((char *)m->payload, m->len);
	}
	message_free(m);
	return json;
}

static const char *text_of(const cJSON *json, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(json, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

static void expect_error(struct client *c, const char *verb, const char *body, const char *error)
{
	int rc;
	cJSON *json = ask(c, verb, HARNESS_ROOT "q/plant/office/x", body, &rc);

	assert_non_null(json);
	assert_string_equal(text_of(json, "error"), error);
	assert_true(text_of(json, "en")[0] && text_of(json, "zh")[0]);
	assert_non_null(cJSON_GetObjectItemCaseSensitive(json, "as_of"));
	cJSON_Delete(json);
}

static void queries(void **state)
{
	struct client *c = client_open(&h, &plant, MQTT_PROTOCOL_V5);
	char hex[80];
	cJSON *json;
	int rc;

	(void)state;
	json = ask(c, "signer", HARNESS_ROOT "q/plant/office/x", "", &rc);
	assert_non_null(json);
	assert_string_equal(text_of(json, "next_seq"), "1");
	assert_string_equal(text_of(json, "party"), "plant");
	cJSON_Delete(json);
	expect_error(c, "signer", "{\"key_id\":\"00112233445566778899aabbccddeeff\"}", "NOT_FOUND");
	expect_error(c, "signer", "{\"key_id\":\"zz\"}", "MALFORMED");
	expect_error(c, "signer", "[1]", "MALFORMED");
	expect_error(c, "signer", "{", "MALFORMED");
	snprintf(hex, sizeof hex, "{\"key_id\":\"");
	for (size_t i = 0; i < LD_KEY_ID_BYTES; i++)
		snprintf(hex + 11 + 2 * i, sizeof hex - 11 - 2 * i, "%02x\"}",
			 ld_key_id(truck.key)[i]);
	expect_error(c, "signer", hex, "NOT_ALLOWED");
	expect_error(c, "manifest", "{}", "MALFORMED");
	expect_error(c, "manifest", "{\"manifest\":\"00112233445566778899aabbccddeeff\"}",
		     "NOT_FOUND");
	expect_error(c, "history", "{\"manifest\":\"00112233445566778899aabbccddeeff\"}",
		     "NOT_FOUND");
	expect_error(c, "proof", "{\"index\":1000000}", "NOT_FOUND");
	expect_error(c, "proof", "{\"index\":-1}", "MALFORMED");
	expect_error(c, "nothing", "{}", "UNKNOWN_VERB");
	expect_error(c, "may", "\x01\x02", "MALFORMED");
	client_close(c, true);
}

/* A dry run: the event as JSON, what it does not look at left out; or as bytes. Only for one's own
 * keys. */
static void may(void **state)
{
	static const char created[] =
	    "{\"manifest_created\":{\"manifest\":\"hex:0190aaaabbbb70008000000000000001\",\"kind\":"
	    "\"MANIFEST_KIND_NORMAL\","
	    "\"generator\":\"plant\",\"site\":\"nowhere\",\"receiver\":{\"party\":\"plant\","
	    "\"site\":\"nowhere\"},"
	    "\"carriers\":[{\"order\":1,\"party\":\"haul\"}],\"lines\":[{\"line\":1,\"code_"
	    "system\":\"CODE_SYSTEM_CN_HAZARDOUS\","
	    "\"code\":\"900-041-49\",\"quantity\":{\"unit\":\"UNIT_KILOGRAM\",\"mass_g\":\"1000\","
	    "\"basis\":\"BASIS_ESTIMATED\"}}]}}";
	struct client *c = client_open(&h, &plant, MQTT_PROTOCOL_V5);
	cJSON *json;
	int rc;

	(void)state;
	json = ask(c, "may", HARNESS_ROOT "q/plant/office/x", created, &rc);
	assert_non_null(json);
	if (!text_of(json, "verdict")[0])
		fail_msg("%s", cJSON_Print(json));
	assert_non_null(cJSON_GetObjectItemCaseSensitive(json, "as_of"));
	cJSON_Delete(json);
	expect_error(c, "may",
		     "{\"track\":{},\"submitter\":\"hex:00112233445566778899aabbccddeeff\"}",
		     "NOT_FOUND");
	expect_error(c, "may", "{\"no_such_event\":{}}", "MALFORMED");
	client_close(c, true);
}

/* The proof is everybody's, the entry its party's and the regulators'. */
static void proof_hides_the_entry(void **state)
{
	struct client *c = client_open(&h, &plant, MQTT_PROTOCOL_V5),
		      *spy = client_open(&h, &inspector, MQTT_PROTOCOL_V5);
	cJSON *json;
	int rc;

	(void)state;
	json = ask(c, "proof", HARNESS_ROOT "q/plant/office/x", "{\"index\":1}", &rc);
	assert_true(text_of(json, "tlog_proof")[0]);
	assert_string_equal(text_of(json, "entry"), "");
	cJSON_Delete(json);
	json = ask(spy, "proof", HARNESS_ROOT "q/eeb/desk/x", "{\"index\":1}", &rc);
	assert_true(text_of(json, "entry")[0]);
	cJSON_Delete(json);
	client_close(c, true);
	client_close(spy, true);
}

/* Answers go only into the asker's own subtree. */
static void replies_stay_at_home(void **state)
{
	static const char *const elsewhere[] = {
	    HARNESS_ROOT "q/haul/t1/x",	      HARNESS_ROOT "o/plant/office",
	    HARNESS_ROOT "q/plant/office",    HARNESS_ROOT "q/plant/office/",
	    HARNESS_ROOT "q/plant/office2/x", "q/plant/office/x",
	};
	struct client *c = client_open(&h, &plant, MQTT_PROTOCOL_V5);
	int rc;

	(void)state;
	for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
		assert_null(ask(c, "signer", elsewhere[i], "", &rc));
		assert_int_equal(rc, MQTT_RC_NOT_AUTHORIZED);
	}
	assert_int_equal(client_publish(c, HARNESS_ROOT "query/signer", "", 0, 1, false, NULL),
			 MQTT_RC_NOT_AUTHORIZED);
	client_close(c, true);
}

static void queries_are_throttled(void **state)
{
	struct client *c = client_open(&h, &truck, MQTT_PROTOCOL_V5);
	int rc, denied = 0;

	(void)state;
	for (int i = 0; i < 3 * LD_MAX_QUERIES_PER_S; i++) {
		cJSON_Delete(ask(c, "signer", HARNESS_ROOT "q/haul/t1/x", "", &rc));
		denied += rc == MQTT_RC_NOT_AUTHORIZED;
	}
	assert_in_range(denied, 1, 2 * LD_MAX_QUERIES_PER_S);
	client_close(c, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(queries),
	    cmocka_unit_test(may),
	    cmocka_unit_test(proof_hides_the_entry),
	    cmocka_unit_test(replies_stay_at_home),
	    cmocka_unit_test(queries_are_throttled),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
