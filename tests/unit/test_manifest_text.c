/* The manifest as people read it: JSON with one sentence in English and Chinese; and who may read
 * it because it is asked. CUSTODY-13, 17, 20, 23. */
#include "amend_builders.h"
#include "pipe_builders.h"

#include <cjson/cJSON.h>

#include "plugin/custody/access.h"
#include "plugin/custody/manifest_judge.h"
#include "proto/json.h"

static void reads(struct mx *x, const char *en, const char *zh)
{
	const Custody__Manifest *m = mx_manifest(x);
	cJSON *json = cJSON_CreateObject();
	const cJSON *text;

	ld_manifest_add_text(m, json);
	text = cJSON_GetObjectItemCaseSensitive(json, "text");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(text, "en")), en);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(text, "zh")), zh);
	cJSON_Delete(json);
}

static void in_two_languages(void **state)
{
	struct mx *x = *state;

	mx_to_draft(x);
	reads(x, "Draft.", "草稿。");
	mx_other(x, 0x22);
	mx_to_received(x);
	reads(x, "Received, being verified. Version 1.", "已接收，核验中。第 1 版。");
	mx_clean(x, mx_differ(x, REC, mx_discrepancy(x)));
	mx_clean(x, mx_backfill(x, REC, mx_paper(x)));
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	reads(x,
	      "Received, being verified. Version 1. Flags: paper, discrepancy. An amendment of GEN "
	      "waits for CAR1, REC.",
	      "已接收，核验中。第 1 版。标记：纸质、差异。GEN 提出的更正待 CAR1、REC 同意。");
}

static void on_the_way(void **state)
{
	struct mx *x = *state;

	mx_to_stopped(x);
	reads(x, "On the way, leg 1. Version 1. Flags: stopped.",
	      "运输中，第 1 程。第 1 版。标记：停车。");
}

static void by_pipeline(void **state)
{
	struct mx *x = *state;

	mx_to_flowing(x);
	x->now += LD_DAY_MS;
	mx_clean(x, mx_flow(x, mx_pipe(x, PIPE_DAY + 1, PIPE_G, PIPE_G)));
	reads(x, "Sealed. Version 1. By pipeline, 2 days: 200000 g out, 200000 g in.",
	      "已封存。第 1 版。经管道 2 日：移出 200000 克，接受 200000 克。");
}

/* Every flag has its word; names that fill it up end it, whole. */
static void whatever_stands(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;
	Custody__Proposal p = CUSTODY__PROPOSAL__INIT;
	char *names[64], name[65];
	cJSON *json = cJSON_CreateObject();
	const cJSON *text;

	mx_to_draft(x);
	m = mx_manifest(x);
	m->flags = ~0u;
	m->version = UINT32_MAX;
	memset(name, 'x', 64);
	name[64] = '\0';
	for (size_t i = 0; i < 64; i++)
		names[i] = name;
	p.party = name;
	p.waits_for = names;
	p.n_waits_for = 64;
	m->proposal = &p;
	ld_manifest_add_text(m, json);
	text = cJSON_GetObjectItemCaseSensitive(json, "text");
	assert_non_null(
	    strstr(cJSON_GetStringValue(cJSON_GetObjectItem(text, "en")), "awaiting confirmation"));
	assert_true(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(text, "zh"))) < 1024);
	cJSON_Delete(json);
}

/* The record itself shows what stands: it is written and read as any message. */
static void the_record_shows_it(void **state)
{
	struct mx *x = *state;
	cJSON *json;
	const cJSON *p;

	mx_to_differing(x);
	mx_clean(x, mx_analyse(x, LAB, mx_sample(x)));
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
	json = ld_json_of(&mx_manifest(x)->base);
	assert_non_null(json);
	p = cJSON_GetObjectItemCaseSensitive(json, "proposal");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(p, "waits_for")), 2);
	assert_int_equal(
	    cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "discrepancies")), 1);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "analyses")), 1);
	cJSON_Delete(json);
}

/* A carrier of before that nobody named has signed: it sees what it is asked about. */
static void who_is_asked_may_read(void **state)
{
	struct mx *x = *state;
	struct ld_identity id = {.party = "CARX"};
	const char topic[] = "waste/v1/r1/manifest/11111111111111111111111111111111";

	mx_to_sealed(x);
	assert_false(ld_may_see_manifest(&x->c, &id, mx_manifest(x)));
	assert_false(ld_may_read(&x->c, &id, topic));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CARX")));
	mx_flagged(x, mx_take(x, CARX, mx_taken(x, 1, "VX")), CARRIER_NOT_NAMED);
	mx_clean(x, mx_offer(x, CARX, mx_offered(x, 2, "CAR2")));
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")));
	assert_true(ld_may_see_manifest(&x->c, &id, mx_manifest(x)));
	assert_true(ld_may_read(&x->c, &id, topic));
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(in_two_languages), T(on_the_way),		 T(by_pipeline),
	    T(whatever_stands),	 T(the_record_shows_it), T(who_is_asked_may_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
