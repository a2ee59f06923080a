#include "deploy/cli/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/json.h"

#define STEP_MS 100

enum ld_err ld_ask_ready(struct ld_ask *a, int64_t deadline)
{
	while (!ld_client_ready(a->client)) {
		if (a->final)
			return LD_ERR_REFUSED;
		if (ld_loop_now() >= deadline)
			return LD_ERR_TIMEOUT;
		enum ld_err err = ld_loop_step(a->loop, STEP_MS);
		if (err != LD_OK)
			return err;
	}
	return LD_OK;
}

struct answer {
	bool done;
	char *text; /* NULL: none came */
	size_t len;
};

static void on_answer(void *ctx, struct ld_client *c, const char *json, size_t len)
{
	struct answer *a = ctx;
	(void)c;
	a->done = true;
	if (!json)
		return;
	a->text = malloc(len + 1);
	if (!a->text)
		return;
	memcpy(a->text, json, len);
	a->text[len] = '\0';
	a->len = len;
}

static enum ld_err read_answer(const struct answer *a, cJSON **json, char *why, size_t cap)
{
	if (!a->text) {
		snprintf(why, cap, "the broker did not answer the question");
		return LD_ERR_TIMEOUT;
	}
	*json = cJSON_ParseWithLength(a->text, a->len);
	if (!cJSON_IsObject(*json)) {
		snprintf(why, cap, "the broker's answer is not JSON");
		cJSON_Delete(*json);
		*json = NULL;
		return LD_ERR_MALFORMED;
	}
	const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(*json, "error"));
	if (!error)
		return LD_OK;
	const char *en = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(*json, "en"));
	const char *zh = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(*json, "zh"));
	snprintf(why, cap, "%s: %s %s", error, en ? en : "", zh ? zh : "");
	cJSON_Delete(*json);
	*json = NULL;
	return strcmp(error, "NOT_FOUND") == 0 ? LD_ERR_NOT_FOUND : LD_ERR_REFUSED;
}

enum ld_err ld_ask(struct ld_ask *a, const char *verb, const void *body, size_t len, cJSON **json,
		   char *why, size_t cap)
{
	struct answer answer = {false, NULL, 0};
	*json = NULL;
	enum ld_err err = ld_client_query(a->client, verb, body, len, on_answer, &answer);
	/* The query itself gives up in time, once it has been sent; unsent it waits for a
	 * connection. */
	int64_t deadline = ld_loop_now() + 2 * LD_CLIENT_QUERY_TIMEOUT_MS;
	while (err == LD_OK && !answer.done && !a->final && ld_loop_now() < deadline)
		err = ld_loop_step(a->loop, STEP_MS);
	if (err == LD_OK && !answer.done) {
		ld_client_forget_queries(
		    a->client); /* `answer` is ours: nobody may write to it later */
		snprintf(why, cap, "the broker did not answer the question");
		err = LD_ERR_TIMEOUT;
	} else if (err == LD_OK) {
		err = read_answer(&answer, json, why, cap);
	} else {
		snprintf(why, cap, "%s", ld_err_text(err));
	}
	free(answer.text);
	return err;
}

Custody__Manifest *ld_ask_manifest(void *ctx, const uint8_t id[LD_UUID_BYTES],
				   struct ld_arena *arena)
{
	struct ld_ask *a = ctx;
	char body[64], hex[2 * LD_UUID_BYTES + 1], why[256];
	cJSON *json = NULL;
	ProtobufCMessage *m = NULL;
	struct ld_json_fault fault;
	if (!ld_client_ready(a->client))
		return NULL;
	ld_hex_encode(id, LD_UUID_BYTES, hex);
	int n = snprintf(body, sizeof(body), "{\"manifest\":\"%s\"}", hex);
	if (ld_ask(a, "manifest", body, (size_t)n, &json, why, sizeof(why)) != LD_OK)
		return NULL;
	cJSON_DeleteItemFromObjectCaseSensitive(json,
						"id"); /* the answer's own, not the record's */
	cJSON_DeleteItemFromObjectCaseSensitive(json, "as_of");
	cJSON_DeleteItemFromObjectCaseSensitive(json, "text");
	if (ld_json_to(json, &custody__manifest__descriptor, arena, &m, &fault) != LD_OK)
		m = NULL;
	cJSON_Delete(json);
	return (Custody__Manifest *)m;
}
