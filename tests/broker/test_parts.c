/* A part that changes trucks, as its parties see it: the child's state is published and retained,
 * with its parent, to those whom it concerns, and the parent's beside it. */
#include "tests/broker/verdicts.h"

#include <stdio.h>
#include <string.h>

#include "proto/base64.h"

static struct rig rig;

static int setup(void **state)
{
	(void)state;
	rig_start(&rig, "plugin_opt_custody_per_s 100000\n", NULL);
	trade_begin(&rig.t);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_end(&rig);
	return 0;
}

static ProtobufCBinaryData child_of(const uint8_t id[LD_UUID_BYTES])
{
	uint8_t *child = trade_dup(&rig.t, id, LD_UUID_BYTES);

	child[1] = 1;
	return trade_bytes(child, LD_UUID_BYTES);
}

static const char *topic_of(ProtobufCBinaryData id, char topic[static 128])
{
	char hex[2 * LD_UUID_BYTES + 1];

	ld_hex_encode(id.data, id.len, hex);
	snprintf(topic, 128, HARNESS_ROOT "manifest/%s", hex);
	return topic;
}

/* What is retained there for the signer; NULL: nothing that it may read. */
static cJSON *retained(const struct signer *s, const char *topic)
{
	struct client *c = client_open(&rig.h, s, MQTT_PROTOCOL_V5);
	struct message *m = NULL;
	cJSON *json = NULL;

	if (client_subscribe(c, topic) <= 1)
		m = client_take(c, topic, 500);
	if (m != NULL)
		json = cJSON_ParseWithLength((char *)m->payload, m->len);
	message_free(m);
	client_close(c, true);
	return json;
}

static const char *text_of(const cJSON *json, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	return s != NULL ? s : "";
}

/* Within a few seconds: states are published at a pace. */
static void must_show(const struct signer *s, ProtobufCBinaryData id, const char *state)
{
	char topic[128], last[32] = "nothing";

	for (int i = 0; i < 10; i++) {
		cJSON *json = retained(s, topic_of(id, topic));

		if (json != NULL)
			snprintf(last, sizeof last, "%s", text_of(json, "state"));
		cJSON_Delete(json);
		if (strcmp(last, state) == 0)
			return;
		client_pump(rig.spy, 500);
	}
	fail_msg("%s sees %s of %s, not %s", s->party, last, topic, state);
}

/* With the parent's id, wherever the record names it. */
static void must_name_the_parent(ProtobufCBinaryData child, ProtobufCBinaryData parent)
{
	char topic[128], hex[2 * LD_UUID_BYTES + 1];
	cJSON *json = retained(&rig.t.inspector, topic_of(child, topic));
	const cJSON *text;

	assert_non_null(json);
	ld_hex_encode(parent.data, parent.len, hex);
	assert_true(*text_of(json, "out_of") != '\0');
	text = cJSON_GetObjectItemCaseSensitive(json, "text");
	assert_non_null(strstr(text_of(text, "en"), hex));
	assert_non_null(strstr(text_of(text, "zh"), hex));
	cJSON_Delete(json);
}

static void a_part_is_published(void **state)
{
	const ProtobufCBinaryData parent =
	    trade_bytes(trade_dup(&rig.t, rig.t.id, LD_UUID_BYTES), LD_UUID_BYTES);
	const ProtobufCBinaryData child = child_of(rig.t.id);
	Liandan__Item *heap = TRADE_NEW(&rig.t, Liandan__Item, LIANDAN__ITEM__INIT);
	char topic[128];
	Liandan__Event *e;
	cJSON *json;

	(void)state;
	trade_to_offered(&rig.t);
	assert_null(retained(&rig.t.inspector, topic_of(child, topic)));
	heap->line = 2;
	heap->mass_g = 1000;
	e = trade_taken(&rig.t, 1, "T1", "p-d1");
	e->handover_taken->child = child;
	e->handover_taken->items = trade_dup(&rig.t, &heap, sizeof heap);
	e->handover_taken->n_items = 1;
	rig_must(&rig, &rig.t.d1, e);

	must_show(&rig.t.inspector, child, "IN_TRANSIT");
	must_show(&rig.t.office, child, "IN_TRANSIT");
	must_show(&rig.t.d1, child, "IN_TRANSIT");
	must_show(&rig.t.pit, child, "IN_TRANSIT");
	must_show(&rig.t.office, parent, "SEALED");
	json = retained(&rig.t.dx, topic_of(child, topic)); /* a carrier that is not on it */
	assert_null(json);
	must_name_the_parent(child, parent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_part_is_published, setup, teardown),
	};

	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
