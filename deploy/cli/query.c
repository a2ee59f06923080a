/* Questions and answers: MQTT 5 request/response on waste/v1/<region>/query/<verb>. */
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/client_internal.h"

static void query_send(struct ld_client *c, struct ld_query *q, int64_t now)
{
	char topic[LD_CLIENT_TOPIC_BYTES];
	snprintf(topic, sizeof(topic), "waste/v1/%s/query/%s", c->opt.ledger.region, q->verb);
	if (ld_conn_publish(c, topic, q->payload, q->len, &q->id, c->topic_answer))
		q->deadline = now + LD_CLIENT_QUERY_TIMEOUT_MS / 2;
}

enum ld_err ld_client_query(struct ld_client *c, const char *verb, const void *payload, size_t len,
			    ld_answer_fn fn, void *ctx)
{
	if (strlen(verb) >= sizeof(((struct ld_query *)0)->verb) || len > LD_MAX_ENVELOPE_BYTES)
		return LD_ERR_ARG;
	if (c->n_queries == LD_CLIENT_MAX_QUERIES)
		return LD_ERR_LIMIT;
	struct ld_query *q = calloc(1, sizeof(*q) + len);
	if (!q)
		return LD_ERR_NOMEM;
	q->id = ++c->next_query;
	memcpy(q->verb, verb, strlen(verb) + 1);
	q->fn = fn;
	q->ctx = ctx;
	q->len = len;
	if (len)
		memcpy(q->payload, payload, len);
	struct ld_query **at = &c->queries;
	while (*at)
		at = &(*at)->next;
	*at = q;
	c->n_queries++;
	return LD_OK;
}

/* Takes it out of the list before the callback, which may ask again. */
static void answer(struct ld_client *c, struct ld_query **at, const char *json, size_t len)
{
	struct ld_query *q = *at;
	*at = q->next;
	c->n_queries--;
	q->fn(q->ctx, c, json, len);
	free(q);
}

void ld_client_on_answer(struct ld_client *c, uint64_t id, const char *json, size_t len)
{
	for (struct ld_query **at = &c->queries; *at; at = &(*at)->next)
		if ((*at)->id == id) {
			answer(c, at, json, len);
			return;
		}
}

void ld_query_pump(struct ld_client *c, int64_t now)
{
	struct ld_query **at = &c->queries;
	while (*at) {
		struct ld_query *q = *at;
		if (q->deadline == 0) {
			query_send(c, q, now);
		} else if (now >= q->deadline && !q->again) {
			q->again = true;
			query_send(c, q, now);
		} else if (now >= q->deadline) {
			answer(c, at, NULL, 0);
			at = &c->queries; /* the callback may have changed the list */
			continue;
		}
		at = &q->next;
	}
}

void ld_client_forget_queries(struct ld_client *c)
{
	while (c->queries)
		answer(c, &c->queries, NULL, 0);
}
