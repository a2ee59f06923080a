/* JSON by reflection: there and back gives the same bytes; what is wrong is told with its path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "liandan/event.pb-c.h"
#include "liandan/ledger.pb-c.h"
#include "proto/gate.h"
#include "proto/json.h"
#include "random_message.h"

#define D(name) &liandan__##name##__descriptor

static struct ld_arena arena;
static struct wire w;

static void there_and_back(void **state)
{
	(void)state;
	const ProtobufCMessageDescriptor *const roots[] = {
	    D(event), D(envelope), D(entry), D(own_event), D(receipt), D(token), D(refused),
	};
	static uint8_t again[sizeof w.bytes];
	struct rnd r = {.state = 4242, .max_list = 5};
	for (int i = 0; i < 5000; i++) {
		const ProtobufCMessageDescriptor *type = roots[i & 1 ? 0 : rnd_below(&r, 7)];
		struct ld_json_fault fault = {0};
		w.len = 0;
		rnd_message(&r, &w, ld_gate_find(type));
		ld_arena_reset(&arena);
		ProtobufCMessage *msg = protobuf_c_message_unpack(type, &arena.pb, w.len, w.bytes);
		assert_non_null(msg);
		cJSON *json = ld_json_of(msg);
		assert_non_null(json);
		char *text = cJSON_Print(json);
		cJSON_Delete(json);
		json = cJSON_Parse(text);
		assert_non_null(json);
		ProtobufCMessage *back = NULL;
		if (ld_json_to(json, type, &arena, &back, &fault))
			fail_msg("%s at %s:\n%s", fault.what, fault.path, text);
		assert_int_equal(protobuf_c_message_get_packed_size(back), w.len);
		protobuf_c_message_pack(back, again);
		assert_memory_equal(again, w.bytes, w.len);
		free(text);
		cJSON_Delete(json);
	}
}

static enum ld_err read_text(const char *text, const ProtobufCMessageDescriptor *type,
			     ProtobufCMessage **out, struct ld_json_fault *fault)
{
	ld_arena_reset(&arena);
	cJSON *json = cJSON_Parse(text);
	if (!json)
		fail_msg("no JSON: %s", text);
	memset(fault, 0, sizeof *fault);
	const enum ld_err err = ld_json_to(json, type, &arena, out, fault);
	cJSON_Delete(json);
	return err;
}

/* The form itself, once, letter by letter. */
static void mapping(void **state)
{
	(void)state;
	Liandan__Event event = LIANDAN__EVENT__INIT;
	Liandan__SensorEvent sensor = LIANDAN__SENSOR_EVENT__INIT;
	Liandan__Place place = LIANDAN__PLACE__INIT;
	uint8_t submitter[16] = {0xfb, 0xff, 1};
	ProtobufCBinaryData after[] = {{1, submitter}, {2, submitter}};
	event.submitter = (ProtobufCBinaryData){sizeof submitter, submitter};
	event.region = (char *)(uintptr_t) "深圳";
	event.seq = UINT64_MAX;
	event.clock = LIANDAN__CLOCK__CLOCK_RTC;
	event.n_after = 2;
	event.after = after;
	event.body_case = LIANDAN__EVENT__BODY_SENSOR_EVENT;
	event.sensor_event = &sensor;
	sensor.value = INT64_MIN;
	sensor.place = &place;
	place.lat_e7 = -1;
	place.accuracy_cm = UINT32_MAX;
	cJSON *json = ld_json_of(&event.base);
	char *text = cJSON_PrintUnformatted(json);
	assert_string_equal(text, "{\"region\":\"深圳\",\"submitter\":\"+/8BAAAAAAAAAAAAAAAAAA==\","
				  "\"seq\":\"18446744073709551615\",\"clock\":\"CLOCK_RTC\","
				  "\"after\":[\"+w==\",\"+/8=\"],"
				  "\"sensor_event\":{\"value\":\"-9223372036854775808\","
				  "\"place\":{\"lat_e7\":-1,\"accuracy_cm\":4294967295}}}");
	free(text);
	cJSON_Delete(json);
	/* an unknown number of an enumeration stays visible */
	event.clock = (Liandan__Clock)77;
	json = ld_json_of(&event.base);
	assert_int_equal(cJSON_GetObjectItem(json, "clock")->valueint, 77);
	cJSON_Delete(json);
}

static void other_spellings(void **state)
{
	(void)state;
	ProtobufCMessage *msg = NULL;
	struct ld_json_fault fault;
	assert_int_equal(
	    read_text(
		"{\"occurredAtMs\": 5, \"seq\": 9007199254740992, \"clock\": 2, \"note\": null,"
		"\"submitter\": \"hex:000102030405060708090a0b0c0d0e0F\","
		"\"prev\": \"-_8\", \"arrived\": {\"place\": {\"latE7\": \"-7\"}, \"seals\": []}}",
		D(event), &msg, &fault),
	    LD_OK);
	const Liandan__Event *e = (const Liandan__Event *)msg;
	assert_int_equal(e->occurred_at_ms, 5);
	assert_int_equal(e->seq, UINT64_C(9007199254740992));
	assert_int_equal(e->clock, LIANDAN__CLOCK__CLOCK_NTP);
	assert_int_equal(e->submitter.len, 16);
	assert_int_equal(e->submitter.data[15], 15);
	assert_int_equal(e->prev.len, 2);
	assert_string_equal(e->note, "");
	assert_int_equal(e->body_case, LIANDAN__EVENT__BODY_ARRIVED);
	assert_int_equal(e->arrived->place->lat_e7, -7);
	assert_int_equal(e->arrived->n_seals, 0);
	assert_int_equal(read_text("{\"weighed\": {\"stable\": true, \"manual\": false}}", D(event),
				   &msg, &fault),
			 LD_OK);
	assert_true(((const Liandan__Event *)msg)->weighed->stable);
	assert_int_equal(read_text("{}", D(event), &msg, &fault), LD_OK);
}

static void faults(void **state)
{
	(void)state;
	const struct {
		const char *text;
		const char *path;
		const char *what; /* its beginning */
	} cases[] = {
	    {"[]", "", "an object"},
	    {"\"x\"", "", "an object"},
	    {"{\"nite\": \"x\"}", "nite", "there is no such field"},
	    {"{\"\": 1}", "", "there is no such field"},
	    {"{\"Note\": \"x\"}", "Note", "there is no such field"},
	    {"{\"occurred_at_msx\": 1}", "occurred_at_msx", "there is no such field"},
	    {"{\"note\": \"x\", \"note\": \"y\"}", "note", "the field is given twice"},
	    {"{\"seq\": 1, \"seq\": null}", "seq", "the field is given twice"},
	    {"{\"occurred_at_ms\": 1, \"occurredAtMs\": 1}", "occurredAtMs",
	     "the field is given twice"},
	    {"{\"note\": 5}", "note", "a string"},
	    {"{\"note\": {}}", "note", "a string"},
	    {"{\"seq\": 1.5}", "seq", "a whole number"},
	    {"{\"seq\": 1e300}", "seq", "a whole number"},
	    {"{\"seq\": 1e999}", "seq", "a whole number"},
	    {"{\"seq\": 9007199254740994}", "seq", "a whole number"},
	    {"{\"seq\": -1}", "seq", "a number below zero"},
	    {"{\"seq\": \"-1\"}", "seq", "a number below zero"},
	    {"{\"seq\": \"\"}", "seq", "a whole number"},
	    {"{\"seq\": \"-\"}", "seq", "a whole number"},
	    {"{\"seq\": \"-0\"}", "seq", "a whole number"},
	    {"{\"seq\": \"01\"}", "seq", "a whole number"},
	    {"{\"seq\": \"+1\"}", "seq", "a whole number"},
	    {"{\"seq\": \" 1\"}", "seq", "a whole number"},
	    {"{\"seq\": \"1e3\"}", "seq", "a whole number"},
	    {"{\"seq\": \"0x10\"}", "seq", "a whole number"},
	    {"{\"seq\": \"18446744073709551616\"}", "seq", "a whole number"},
	    {"{\"seq\": true}", "seq", "a whole number"},
	    {"{\"epoch\": 4294967296}", "epoch", "the number is too large"},
	    {"{\"occurred_at_ms\": \"9223372036854775808\"}", "occurred_at_ms",
	     "the number is too large"},
	    {"{\"occurred_at_ms\": \"-9223372036854775809\"}", "occurred_at_ms",
	     "the number is too large"},
	    {"{\"arrived\": {\"place\": {\"lat_e7\": 2147483648}}}", "arrived.place.lat_e7",
	     "the number is too large"},
	    {"{\"arrived\": {\"place\": {\"lat_e7\": -2147483649}}}", "arrived.place.lat_e7",
	     "the number is too large"},
	    {"{\"clock\": \"NTP\"}", "clock", "not a value"},
	    {"{\"clock\": 5}", "clock", "not a value"},
	    {"{\"clock\": -1}", "clock", "not a value"},
	    {"{\"clock\": 1.5}", "clock", "not a value"},
	    {"{\"clock\": 1e20}", "clock", "not a value"},
	    {"{\"clock\": []}", "clock", "not a value"},
	    {"{\"weighed\": {\"stable\": 1}}", "weighed.stable", "true or false"},
	    {"{\"weighed\": {\"stable\": \"true\"}}", "weighed.stable", "true or false"},
	    {"{\"prev\": \"Zh==\"}", "prev", "bytes are"},
	    {"{\"prev\": \"hex:00\"}", "prev", "bytes are"},
	    {"{\"prev\": \"hex:0g0102030405060708090a0b0c0d0e0f\"}", "prev", "bytes are"},
	    {"{\"prev\": [1]}", "prev", "bytes are"},
	    {"{\"after\": \"x\"}", "after", "a list"},
	    {"{\"after\": {}}", "after", "a list"},
	    {"{\"after\": [\"AA==\", null]}", "after[1]", "bytes are"},
	    {"{\"arrived\": {}, \"weighed\": {}}", "weighed", "only one"},
	    {"{\"arrived\": null, \"weighed\": 1}", "weighed", "an object"},
	    {"{\"arrived\": {\"seals\": [{\"id\": \"a\"}, {\"id\": \"b\", \"state\": \"X\"}]}}",
	     "arrived.seals[1].state", "not a value"},
	    {"{\"manifest_created\": {\"lines\": [{\"quantity\": {\"mass_g\": 0.5}}]}}",
	     "manifest_created.lines[0].quantity.mass_g", "a whole number"},
	    {"{\"note\": \"\xff\"}", "note", "the string is not UTF-8"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ProtobufCMessage *msg = NULL;
		struct ld_json_fault fault;
		const enum ld_err err = read_text(cases[i].text, D(event), &msg, &fault);
		if (err != LD_ERR_MALFORMED || strcmp(fault.path, cases[i].path) != 0 ||
		    strncmp(fault.what, cases[i].what, strlen(cases[i].what)) != 0)
			fail_msg("%s: %d at \"%s\": %s", cases[i].text, (int)err, fault.path,
				 fault.what);
		assert_null(msg);
	}
}

/* A field name or a list as long as someone likes: a fault, with a path that was cut. */
static void hostile(void **state)
{
	(void)state;
	struct ld_json_fault fault;
	ProtobufCMessage *msg = NULL;
	static char text[400000];
	size_t n = (size_t)snprintf(text, sizeof text, "{\"");
	memset(text + n, 'x', 100000);
	snprintf(text + n + 100000, 16, "\": 1}");
	assert_int_equal(read_text(text, D(event), &msg, &fault), LD_ERR_MALFORMED);

	n = (size_t)snprintf(text, sizeof text, "{\"track\": {\"dt_ms\": [0");
	for (int i = 1; i <= LD_MAX_FIXES; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, ",%d", i);
	snprintf(text + n, sizeof text - n, "]}}");
	assert_int_equal(read_text(text, D(event), &msg, &fault), LD_ERR_LIMIT);
	assert_string_equal(fault.path, "track.dt_ms");

	n = (size_t)snprintf(text, sizeof text, "{\"note\": \"");
	memset(text + n, 'x', LD_MAX_ENTRY_BYTES + 1);
	snprintf(text + n + LD_MAX_ENTRY_BYTES + 1, 8, "\"}");
	assert_int_equal(read_text(text, D(event), &msg, &fault), LD_ERR_LIMIT);

	/* an arena that is too small, at each step */
	cJSON *json = cJSON_Parse(
	    "{\"note\": \"n\", \"after\": [\"AAAA\"], \"arrived\": {\"place\": {\"lat_e7\": 1}}}");
	for (size_t cap = 0; cap < 4096; cap += 16) {
		struct ld_arena small;
		assert_int_equal(ld_arena_init(&small, cap), 0);
		const enum ld_err err = ld_json_to(json, D(event), &small, &msg, &fault);
		assert_true(err == LD_OK || err == LD_ERR_NOMEM);
		assert_int_equal(err == LD_OK, msg != NULL);
		ld_arena_free(&small);
	}
	cJSON_Delete(json);
	assert_int_equal(ld_json_to(NULL, D(event), &arena, &msg, &fault), LD_ERR_ARG);
}

static long allocations_left;

static void *failing_malloc(size_t n)
{
	return allocations_left-- > 0 ? malloc(n) : NULL;
}

/* Each allocation of the writer fails in turn: NULL, and nothing leaks. */
static void no_memory(void **state)
{
	(void)state;
	cJSON_Hooks hooks = {failing_malloc, free};
	struct rnd r = {.state = 5, .max_list = 3};
	w.len = 0;
	rnd_message(&r, &w, ld_gate_find(D(event)));
	ld_arena_reset(&arena);
	ProtobufCMessage *msg = protobuf_c_message_unpack(D(event), &arena.pb, w.len, w.bytes);
	cJSON_InitHooks(&hooks);
	cJSON *json = NULL;
	for (long n = 0; !json && n < 10000; n++) {
		allocations_left = n;
		json = ld_json_of(msg);
	}
	cJSON_InitHooks(NULL);
	assert_non_null(json);
	cJSON_Delete(json);
}

static int setup(void **state)
{
	(void)state;
	return ld_gate_init() || ld_arena_init(&arena, 8 * LD_MAX_ARENA_BYTES);
}

static int teardown(void **state)
{
	(void)state;
	ld_arena_free(&arena);
	ld_gate_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),  cmocka_unit_test(mapping),
	    cmocka_unit_test(other_spellings), cmocka_unit_test(faults),
	    cmocka_unit_test(hostile),	       cmocka_unit_test(no_memory),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
