/* What comes out after a commit: manifest and vehicle states, retained, to those who may see them;
 * paced; there again after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/broker/harness.h"

#define PLATE "沪A12345"
#define ID "0190aaaabbbb70008000000000000001"

static struct harness h;
static struct signer plant, other, truck, inspector;

static void enrol(struct signer *s, const char *party, const char *device, uint32_t role)
{
	world_party(&h.world, party, role, LIANDAN__TIER__TIER_UNSPECIFIED);
	signer_new(s, party, device, LIANDAN__ALGORITHM__ALGORITHM_P256);
	world_key(&h.world, s, LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON, device, role);
}

static int setup(void **state)
{
	(void)state;
	harness_new(&h);
	enrol(&plant, "plant", "office", LIANDAN__ROLE__ROLE_GENERATOR);
	enrol(&other, "rival", "office", LIANDAN__ROLE__ROLE_GENERATOR);
	enrol(&inspector, "eeb", "desk", LIANDAN__ROLE__ROLE_REGULATOR);
	world_party(&h.world, "pit", LIANDAN__ROLE__ROLE_RECEIVER, LIANDAN__TIER__TIER_UNSPECIFIED);
	world_party(&h.world, "haul", LIANDAN__ROLE__ROLE_CARRIER, LIANDAN__TIER__TIER_UNSPECIFIED);
	world_site(&h.world, "yard", "plant", LIANDAN__SITE_KIND__SITE_KIND_PRODUCTION, 31.2, 121.5,
		   100);
	world_site(&h.world, "kiln", "pit", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 31.4, 121.7,
		   100);
	world_licence(&h.world, "op-1", "pit", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*");
	world_licence(&h.world, "carry-1", "haul", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*");
	signer_new(&truck, "haul", "t1", LIANDAN__ALGORITHM__ALGORITHM_ED25519);
	world_vehicle(&h.world, PLATE, "haul", &truck, "t1");
	harness_start(&h);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	signer_free(&plant);
	signer_free(&other);
	signer_free(&truck);
	signer_free(&inspector);
	harness_free(&h);
	return 0;
}

static void create_manifest(struct client *c)
{
	static uint8_t id[LD_UUID_BYTES] = {0x01, 0x90, 0xaa, 0xaa, 0xbb, 0xbb, 0x70, 0,
					    0x80, 0,	0,    0,    0,	  0,	0,    1};
	Liandan__ManifestCreated m = LIANDAN__MANIFEST_CREATED__INIT;
	Liandan__Receiver receiver = LIANDAN__RECEIVER__INIT;
	Liandan__Carrier carrier = LIANDAN__CARRIER__INIT, *carriers[1] = {&carrier};
	Liandan__Line line = LIANDAN__LINE__INIT, *lines[1] = {&line};
	Liandan__Quantity q = LIANDAN__QUANTITY__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;

	q.unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	q.value_milli = q.mass_g = 1000000;
	q.basis = LIANDAN__BASIS__BASIS_ESTIMATED;
	line.line = 1;
	line.code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	line.code = (char *)(uintptr_t) "900-041-49";
	line.hazards = LIANDAN__HAZARD__HAZARD_T | LIANDAN__HAZARD__HAZARD_IN;
	line.quantity = &q;
	line.mode = (char *)(uintptr_t) "D10";
	receiver.party = (char *)(uintptr_t) "pit";
	receiver.site = (char *)(uintptr_t) "kiln";
	receiver.licence = (char *)(uintptr_t) "op-1";
	carrier.order = 1;
	carrier.party = (char *)(uintptr_t) "haul";
	carrier.licence = (char *)(uintptr_t) "carry-1";
	m.manifest = (ProtobufCBinaryData){.len = sizeof id, .data = id};
	m.kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	m.generator = (char *)(uintptr_t) "plant";
	m.site = (char *)(uintptr_t) "yard";
	m.receiver = &receiver;
	m.carriers = carriers;
	m.lines = lines;
	m.n_carriers = m.n_lines = 1;
	e.body_case = LIANDAN__EVENT__BODY_MANIFEST_CREATED;
	e.manifest_created = &m;
	harness_expect(&h, c, &plant, &e, LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE);
}

static void send_fix(struct client *c, int64_t t_ms)
{
	Liandan__Track t = LIANDAN__TRACK__INIT;
	Liandan__TrackBase base = LIANDAN__TRACK_BASE__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	char topic[64];
	uint8_t *bytes;
	size_t len;

	t.plate = (char *)(uintptr_t)PLATE;
	t.terminal = (char *)(uintptr_t) "t1";
	t.attested_by = LIANDAN__ATTESTATION__ATTESTATION_TERMINAL;
	base.t_gnss_ms = base.t_device_ms = t_ms;
	base.lat_e7 = 312000000;
	base.lon_e7 = 1215000000;
	t.base_fix = &base;
	e.occurred_at_ms = t_ms;
	e.body_case = LIANDAN__EVENT__BODY_TRACK;
	e.track = &t;
	bytes = harness_seal(&h, &truck, &e, NULL, 0, &len);
	snprintf(topic, sizeof topic, HARNESS_ROOT "i/haul/t1");
	assert_in_range(client_publish(c, topic, bytes, len, 1, false, NULL), 0,
			MQTT_RC_NO_MATCHING_SUBSCRIBERS);
	free(bytes);
}

static const char *text_of(const cJSON *json, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(json, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

/* The retained state as `s` gets it on subscribing; NULL: it does not. */
static cJSON *retained(const struct signer *s, const char *filter)
{
	struct client *c = client_open(&h, s, MQTT_PROTOCOL_V5);
	struct message *m = NULL;
	cJSON *json = NULL;

	if (client_subscribe(c, filter) == 1)
		m = client_take(c, HARNESS_ROOT "#", 500);
	if (m) {
		assert_true(m->retain);
		assert_string_equal(m->content_type, "application/json");
		json = cJSON_ParseWithLength((char *)m->payload, m->len);
		assert_non_null(json);
	}
	message_free(m);
	client_close(c, true);
	return json;
}

static void expect_manifest(const struct signer *s)
{
	cJSON *json = retained(s, HARNESS_ROOT "manifest/+");

	assert_non_null(json);
	assert_string_equal(text_of(json, "id"), ID);
	assert_string_equal(text_of(json, "state"), "DRAFT");
	cJSON_Delete(json);
}

static void manifest_state_is_retained_for_its_parties(void **state)
{
	struct client *c = client_open(&h, &plant, MQTT_PROTOCOL_V5),
		      *spy = client_open(&h, &inspector, MQTT_PROTOCOL_V5);
	struct message *m;

	(void)state;
	assert_int_equal(client_subscribe(spy, HARNESS_ROOT "manifest/+"), 1);
	create_manifest(c);
	m = client_take(spy, HARNESS_ROOT "manifest/" ID, HARNESS_WAIT_MS);
	assert_non_null(m);
	message_free(m);
	client_close(c, true);
	client_close(spy, true);
	expect_manifest(&plant);
	expect_manifest(&inspector);
	expect_manifest(&truck);
	assert_null(retained(&other, HARNESS_ROOT "manifest/+"));
	assert_null(retained(&other, HARNESS_ROOT "manifest/" ID));
}

/* A burst of fixes: the first state at once, then one a second, and the last one is not lost. */
static void vehicle_state_is_paced(void **state)
{
	struct client *c = client_open(&h, &truck, MQTT_PROTOCOL_V5),
		      *spy = client_open(&h, &inspector, MQTT_PROTOCOL_V5);
	int64_t now = harness_now_ms();
	struct message *m;
	char last[24] = "";
	int n = 0;

	(void)state;
	assert_int_equal(client_subscribe(spy, HARNESS_ROOT "vehicle/+"), 1);
	for (int i = 0; i < 20; i++) {
		send_fix(c, now - 60000 + i * 1000);
		client_pump(c, 25);
	}
	while ((m = client_take(spy, HARNESS_ROOT "vehicle/" PLATE, 1500))) {
		cJSON *json = cJSON_ParseWithLength((char *)m->payload, m->len);
		snprintf(last, sizeof last, "%s",
			 text_of(cJSON_GetObjectItemCaseSensitive(json, "last"), "t_ms"));
		cJSON_Delete(json);
		message_free(m);
		n++;
	}
	assert_in_range(n, 2, 4);
	assert_int_equal(strtoll(last, NULL, 10), now - 60000 + 19 * 1000);
	client_close(c, true);
	client_close(spy, true);
}

static void vehicle_is_for_its_carrier(void **state)
{
	cJSON *json = retained(&truck, HARNESS_ROOT "vehicle/" PLATE);

	(void)state;
	assert_non_null(json);
	assert_string_equal(text_of(json, "plate"), PLATE);
	assert_string_equal(text_of(json, "carrier"), "haul");
	cJSON_Delete(json);
	assert_null(retained(&other, HARNESS_ROOT "vehicle/+"));
}

/* The broker keeps nothing; the states come from the ledger. */
static void states_are_there_after_a_restart(void **state)
{
	cJSON *json;

	(void)state;
	harness_kill(&h);
	harness_start(&h);
	expect_manifest(&plant);
	json = retained(&inspector, HARNESS_ROOT "vehicle/+");
	assert_non_null(json);
	cJSON_Delete(json);
	assert_null(retained(&other, HARNESS_ROOT "manifest/+"));
}

/* PROTOCOL: retained while open and 24 hours more; of ledger time, which runs fast here. */
static void closed_manifests_are_cleared(void **state)
{
	static uint8_t id[LD_UUID_BYTES] = {0x01, 0x90, 0xaa, 0xaa, 0xbb, 0xbb, 0x70, 0,
					    0x80, 0,	0,    0,    0,	  0,	0,    1};
	Liandan__ManifestCancelled x = LIANDAN__MANIFEST_CANCELLED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	struct client *c, *spy;
	struct message *m;
	cJSON *json;

	(void)state;
	harness_stop(&h);
	snprintf(h.options, sizeof h.options, "plugin_opt_clock_rate 20000\n");
	harness_start(&h);
	c = client_open(&h, &plant, MQTT_PROTOCOL_V5);
	spy = client_open(&h, &inspector, MQTT_PROTOCOL_V5);
	assert_int_equal(client_subscribe(spy, HARNESS_ROOT "manifest/+"), 1);
	client_pump(spy, 200);
	client_drop_all(spy);
	x.manifest = (ProtobufCBinaryData){.len = sizeof id, .data = id};
	x.reason = LIANDAN__CANCEL_REASON__CANCEL_REASON_MISTAKE;
	e.body_case = LIANDAN__EVENT__BODY_MANIFEST_CANCELLED;
	e.manifest_cancelled = &x;
	harness_expect(&h, c, &plant, &e, LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE);
	m = client_take(spy, HARNESS_ROOT "manifest/" ID, HARNESS_WAIT_MS);
	assert_non_null(m);
	json = cJSON_ParseWithLength((char *)m->payload, m->len);
	assert_string_equal(text_of(json, "state"), "CANCELLED");
	cJSON_Delete(json);
	message_free(m);
	json = retained(&truck, HARNESS_ROOT "manifest/+");
	assert_non_null(json);
	cJSON_Delete(json);
	m = client_take(spy, HARNESS_ROOT "manifest/" ID, 8000);
	assert_non_null(m);
	assert_int_equal(m->len, 0);
	message_free(m);
	assert_null(retained(&truck, HARNESS_ROOT "manifest/+"));
	client_close(c, true);
	client_close(spy, true);
}

static Liandan__Event *replied(const char *text)
{
	static Liandan__PartyReplied body;
	static Liandan__Event e;

	liandan__party_replied__init(&body);
	liandan__event__init(&e);
	body.text = (char *)(uintptr_t)text;
	e.body_case = LIANDAN__EVENT__BODY_PARTY_REPLIED;
	e.party_replied = &body;
	return &e;
}

static Liandan__Event *coloured(const char *party, Liandan__RatingColour colour, int64_t until_ms)
{
	static Liandan__RatingOverridden body;
	static Liandan__Event e;

	liandan__rating_overridden__init(&body);
	liandan__event__init(&e);
	body.party = (char *)(uintptr_t)party;
	body.colour = colour;
	body.reason = (char *)(uintptr_t) "inspected";
	body.until_ms = until_ms;
	e.body_case = LIANDAN__EVENT__BODY_RATING_OVERRIDDEN;
	e.rating_overridden = &body;
	return &e;
}

static void expect_colour(const struct signer *s, const char *colour)
{
	cJSON *json = retained(s, HARNESS_ROOT "rating/plant");

	assert_non_null(json);
	assert_string_equal(text_of(json, "party"), "plant");
	assert_string_equal(text_of(json, "colour"), colour);
	cJSON_Delete(json);
}

/* CUSTODY, Ratings: to regulators and to the party itself; precision to regulators. */
static void ratings_are_for_regulators_and_the_party(void **state)
{
	const int64_t until = harness_now_ms() + INT64_C(86400000);
	struct client *spy, *own;
	struct message *m;
	cJSON *json;

	(void)state;
	expect_colour(&plant, "GREEN");
	assert_null(retained(&other, HARNESS_ROOT "rating/plant"));
	assert_null(retained(&other, HARNESS_ROOT "precision"));
	json = retained(&inspector, HARNESS_ROOT "precision");
	assert_non_null(json);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "kinds")), 0);
	cJSON_Delete(json);
	/* a client id has one connection: what looks at the retained set comes before and after */
	spy = client_open(&h, &inspector, MQTT_PROTOCOL_V5);
	own = client_open(&h, &plant, MQTT_PROTOCOL_V5);
	assert_int_equal(client_subscribe(spy, HARNESS_ROOT "rating/+"), 1);
	client_pump(spy, 1500);
	client_drop_all(spy);
	harness_expect(&h, own, &plant,
		       coloured("plant", LIANDAN__RATING_COLOUR__RATING_COLOUR_RED, until),
		       LIANDAN__VERDICT__REFUSED, LIANDAN__REASON__WRONG_ROLE);
	harness_expect(&h, spy, &inspector,
		       coloured("plant", LIANDAN__RATING_COLOUR__RATING_COLOUR_RED, until),
		       LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE);
	m = client_take(spy, HARNESS_ROOT "rating/plant", HARNESS_WAIT_MS);
	assert_non_null(m);
	message_free(m);
	harness_expect(&h, own, &plant, replied("we disagree"), LIANDAN__VERDICT__ACCEPTED,
		       LIANDAN__REASON__REASON_NONE);
	m = client_take(spy, HARNESS_ROOT "rating/plant", HARNESS_WAIT_MS);
	assert_non_null(m);
	json = cJSON_ParseWithLength((char *)m->payload, m->len);
	assert_string_equal(text_of(cJSON_GetObjectItemCaseSensitive(json, "reply"), "text"),
			    "we disagree");
	cJSON_Delete(json);
	message_free(m);
	client_close(spy, true);
	client_close(own, true);
	expect_colour(&plant, "RED");
	/* and from the ledger after a restart */
	harness_kill(&h);
	harness_start(&h);
	expect_colour(&inspector, "RED");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(manifest_state_is_retained_for_its_parties),
	    cmocka_unit_test(vehicle_state_is_paced),
	    cmocka_unit_test(vehicle_is_for_its_carrier),
	    cmocka_unit_test(states_are_there_after_a_restart),
	    cmocka_unit_test(ratings_are_for_regulators_and_the_party),
	    cmocka_unit_test(closed_manifests_are_cleared),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
