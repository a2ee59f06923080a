/* The ordered outbox of a client: what is sent when, and what a receipt means for it. */
#include "deploy/cli/client_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/cli.h"
#include "proto/digest.h"
#include "proto/envelope.h"
#include "proto/verdict.h"

/* ---- life ---- */

/* By address, or by the one name that RFC 6761 reserves: a name that only looks like 127.0.0.1 is
 * anybody's. */
static bool is_loopback(const char *host)
{
	uint8_t v4[4];
	struct in6_addr v6;
	if (inet_pton(AF_INET, host, v4) == 1)
		return v4[0] == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcmp(host, "localhost") == 0;
}

static bool copy_path(const char *path, char **out)
{
	*out = path ? strdup(path) : NULL;
	return !path || *out;
}

enum ld_err ld_client_new(struct ld_loop *loop, const struct ld_client_options *opt,
			  struct ld_client **out)
{
	char party[LD_MAX_ID_BYTES + 1], device[LD_MAX_ID_BYTES + 1];
	bool tls = opt->tls || opt->cafile || opt->cert;
	if (!opt->host || strlen(opt->host) >= sizeof(((struct ld_client *)0)->host) ||
	    !opt->client_id || !ld_client_name(opt->client_id, party, device) ||
	    !ld_id_valid(opt->ledger.region))
		return LD_ERR_ARG;
	if (opt->key && !tls && !is_loopback(opt->host))
		return LD_ERR_CONFIG; /* a token is a password: whoever reads it on the way can use
					 it */
	struct ld_client *c = calloc(1, sizeof(*c));
	if (!c)
		return LD_ERR_NOMEM;
	c->loop = loop;
	c->opt = *opt;
	c->fd = -1;
	c->state = LD_CONN_WAITING;
	if (c->opt.receipt_timeout_ms <= 0)
		c->opt.receipt_timeout_ms = LD_CLIENT_RECEIPT_TIMEOUT_MS;
	snprintf(c->host, sizeof(c->host), "%s", opt->host);
	snprintf(c->client_id, sizeof(c->client_id), "%s", opt->client_id);
	const char *region = c->opt.ledger.region;
	snprintf(c->topic_in, sizeof(c->topic_in), "waste/v1/%s/i/%s", region, c->client_id);
	snprintf(c->topic_receipt, sizeof(c->topic_receipt), "waste/v1/%s/r/%s", region,
		 c->client_id);
	snprintf(c->topic_answer, sizeof(c->topic_answer), "waste/v1/%s/q/%s/a", region,
		 c->client_id);
	enum ld_err err = LD_OK;
	if (!copy_path(opt->cafile, &c->cafile) || !copy_path(opt->cert, &c->cert) ||
	    !copy_path(opt->cert_key, &c->cert_key))
		err = LD_ERR_NOMEM;
	else if (c->opt.ledger.vkey[0] &&
		 ld_note_vkey_parse(c->opt.ledger.vkey, &c->ledger_key) != LD_OK)
		err = LD_ERR_ARG;
	c->next = loop->clients;
	loop->clients = c;
	if (err != LD_OK) {
		ld_client_free(c);
		return err;
	}
	*out = c;
	return LD_OK;
}

void ld_client_free(struct ld_client *c)
{
	if (!c)
		return;
	ld_client_forget_queries(c);
	ld_conn_close(c, true);
	ld_client_drop_all(c);
	for (struct ld_client **at = &c->loop->clients; *at; at = &(*at)->next)
		if (*at == c) {
			*at = c->next;
			break;
		}
	for (int i = 0; i < c->n_filters; i++)
		free(c->filter[i]);
	EVP_PKEY_free(c->ledger_key.pkey);
	free(c->cafile);
	free(c->cert);
	free(c->cert_key);
	free(c);
}

/* ---- the queue ---- */

enum ld_err ld_client_queue(struct ld_client *c, enum ld_lane lane, const uint8_t *bytes,
			    size_t len, uint64_t tag)
{
	struct ld_opened o;
	struct ld_gate_fault fault;
	struct ld_item *item = calloc(1, sizeof(*item) + len);
	if (!item)
		return LD_ERR_NOMEM;
	ld_arena_reset(&c->loop->arena);
	if (ld_open_parse(bytes, len, &c->loop->arena, &o, &fault) != LD_OK ||
	    o.event->submitter.len != LD_KEY_ID_BYTES) {
		free(item);
		return LD_ERR_MALFORMED;
	}
	item->lane = lane;
	item->tag = tag;
	item->epoch = o.event->epoch;
	item->seq = o.event->seq;
	memcpy(item->key_id, o.event->submitter.data, LD_KEY_ID_BYTES);
	ld_sha256(bytes, len, item->payload_hash);
	item->len = len;
	memcpy(item->bytes, bytes, len);
	if (c->tail)
		c->tail->next = item;
	else
		c->head = item;
	c->tail = item;
	c->queued++;
	return LD_OK;
}

static void pop(struct ld_client *c)
{
	struct ld_item *item = c->head;
	c->head = item->next;
	if (!c->head)
		c->tail = NULL;
	c->queued--;
	free(item);
}

void ld_client_drop(struct ld_client *c)
{
	if (c->head)
		pop(c);
	ld_client_retry(c);
}

void ld_client_drop_all(struct ld_client *c)
{
	while (c->head)
		pop(c);
	c->stuck = false;
}

void ld_client_retry(struct ld_client *c)
{
	c->stuck = false;
	c->resume_at = 0;
	ld_client_unsend(c);
	if (c->state == LD_CONN_STOPPED) {
		c->state = LD_CONN_WAITING;
		c->wait_until = 0;
	}
}

void ld_client_unsend(struct ld_client *c)
{
	for (struct ld_item *item = c->head; item; item = item->next)
		item->sent_at = 0;
}

static void deaf(struct ld_client *c, int64_t now)
{
	if (!c->head || !c->head->sent_at || now - c->head->sent_at < c->opt.receipt_timeout_ms)
		return;
	ld_client_unsend(c);
	if (++c->deaf >= LD_CLIENT_DEAF_LIMIT) {
		c->deaf = 0;
		c->dead = true; /* perhaps the connection is the trouble: make it anew */
		c->dead_final = false;
		snprintf(c->why, sizeof(c->why), "no receipt came in time");
	}
}

/* Custody: alone on the way. Telemetry: up to a window ahead, never past a custody event. */
void ld_client_pump(struct ld_client *c, int64_t now)
{
	size_t in_flight = 0;
	deaf(c, now);
	if (c->stuck || c->dead || now < c->resume_at)
		return;
	for (struct ld_item *item = c->head; item; item = item->next) {
		bool custody = item->lane == LD_LANE_CUSTODY;
		if (custody && in_flight > 0)
			return;
		if (!item->sent_at) {
			if (!ld_conn_publish(c, c->topic_in, item->bytes, item->len, &item->tag,
					     NULL))
				return;
			item->sent_at = now;
		}
		if (custody || ++in_flight >= LD_CLIENT_TELEMETRY_WINDOW)
			return;
	}
}

/* ---- receipts ---- */

static struct ld_item *item_of(struct ld_client *c, const Liandan__Receipt *r)
{
	if (r->payload_hash.len != LD_HASH_BYTES || r->applied_index)
		return NULL;
	for (struct ld_item *item = c->head; item; item = item->next)
		if (memcmp(item->payload_hash, r->payload_hash.data, LD_HASH_BYTES) == 0)
			return item;
	return NULL;
}

static bool same_chain(const struct ld_item *a, const struct ld_item *b)
{
	return a->epoch == b->epoch && memcmp(a->key_id, b->key_id, LD_KEY_ID_BYTES) == 0;
}

static void tell(struct ld_client *c, struct ld_item *item, struct ld_sent *sent, bool covered)
{
	sent->tag = item->tag;
	sent->bytes = item->bytes;
	sent->len = item->len;
	sent->covered = covered;
	sent->waited_ms = item->sent_at ? ld_loop_now() - item->sent_at : 0;
	if (c->opt.calls.receipt)
		c->opt.calls.receipt(c->opt.ctx, c, sent);
}

/* In the ledger: this one and, by the chain, everything of the same key before it. They leave the
 * queue before the caller hears of them, since it may queue more. */
static void settle(struct ld_client *c, struct ld_item *item, struct ld_sent *sent)
{
	struct ld_item *gone = NULL, **end = &gone;
	c->pause_ms = 0;
	c->deaf = 0;
	c->tail = NULL;
	for (struct ld_item **at = &c->head; *at;) {
		struct ld_item *it = *at;
		if (it == item || (same_chain(it, item) && it->seq < item->seq)) {
			*at = it->next;
			it->next = NULL;
			*end = it;
			end = &it->next;
			c->queued--;
		} else {
			c->tail = it;
			at = &it->next;
		}
	}
	while (gone) {
		struct ld_item *next = gone->next;
		tell(c, gone, sent, gone != item);
		free(gone);
		gone = next;
	}
}

static void pause_queue(struct ld_client *c, int64_t least_ms)
{
	c->pause_ms = c->pause_ms ? c->pause_ms * 2 : least_ms;
	if (c->pause_ms > LD_CLIENT_BACKOFF_MAX_MS)
		c->pause_ms = LD_CLIENT_BACKOFF_MAX_MS;
	c->resume_at = ld_loop_now() + c->pause_ms;
	ld_client_unsend(c);
}

/* Something before it in this very queue is what the ledger lacks. */
static bool gap_fills_itself(const struct ld_client *c, const struct ld_item *item,
			     const Liandan__Receipt *r)
{
	for (const struct ld_item *it = c->head; it && it != item; it = it->next)
		if (same_chain(it, item) && (!r->expected_seq || it->seq == r->expected_seq))
			return true;
	return false;
}

static void outside(struct ld_client *c, struct ld_item *item, struct ld_sent *sent)
{
	Liandan__Verdict verdict = sent->receipt->verdict;
	if (!item->sent_at)
		return; /* answers an earlier sending; it will be sent again anyway */
	if (verdict == LIANDAN__VERDICT__THROTTLED || verdict == LIANDAN__VERDICT__UNAVAILABLE) {
		pause_queue(c, LD_CLIENT_BACKOFF_MIN_MS * 2);
		return;
	}
	if (item != c->head && (verdict != LIANDAN__VERDICT__SEQUENCE_GAP ||
				gap_fills_itself(c, item, sent->receipt))) {
		/* What stands before it has no verdict yet: in its turn it will be judged again. */
		c->resume_at = ld_loop_now() + LD_CLIENT_GAP_PAUSE_MS;
		ld_client_unsend(c);
		return;
	}
	c->stuck = true;
	sent->tag = item->tag;
	sent->bytes = item->bytes;
	sent->len = item->len;
	sent->waited_ms = ld_loop_now() - item->sent_at;
	if (c->opt.calls.stuck)
		c->opt.calls.stuck(c->opt.ctx, c, sent);
}

void ld_client_on_receipt(struct ld_client *c, const uint8_t *bytes, size_t len)
{
	struct ld_sent sent;
	char why[256];
	if (!bytes || ld_gate_check(&liandan__receipt__descriptor, bytes, len, NULL) != LD_OK)
		return; /* no receipt: the timeout will ask again */
	Liandan__Receipt *r = liandan__receipt__unpack(NULL, len, bytes);
	if (!r)
		return;
	struct ld_item *item = item_of(c, r);
	memset(&sent, 0, sizeof(sent));
	sent.receipt = r;
	sent.receipt_bytes = bytes;
	sent.receipt_len = len;
	sent.in_ledger = ld_verdict_in_ledger(r->verdict);
	if (!item) {
		if (c->opt.calls.late_receipt)
			c->opt.calls.late_receipt(c->opt.ctx, c, r);
		liandan__receipt__free_unpacked(r, NULL);
		return;
	}
	sent.proof = c->ledger_key.pkey ? ld_receipt_verify(r, bytes, len, item->bytes, item->len,
							    &c->ledger_key, why, sizeof(why))
					: LD_ERR_NOT_FOUND;
	if (sent.in_ledger && sent.proof != LD_ERR_SIGNATURE) {
		settle(c, item, &sent);
	} else if (sent.in_ledger) { /* a verdict that does not verify settles nothing */
		c->stuck = true;
		sent.tag = item->tag;
		sent.bytes = item->bytes;
		sent.len = item->len;
		if (c->opt.calls.stuck)
			c->opt.calls.stuck(c->opt.ctx, c, &sent);
	} else {
		outside(c, item, &sent);
	}
	liandan__receipt__free_unpacked(r, NULL);
}

/* ---- the rest ---- */

size_t ld_client_queued(const struct ld_client *c)
{
	return c->queued;
}

bool ld_client_ready(const struct ld_client *c)
{
	return c->state == LD_CONN_READY && !c->dead;
}

bool ld_client_was_ready(const struct ld_client *c)
{
	return c->was_ready;
}

void ld_client_offline(struct ld_client *c, bool offline)
{
	c->want_offline = offline;
}

enum ld_err ld_client_publish_raw(struct ld_client *c, const char *topic, const void *bytes,
				  size_t len)
{
	if (!ld_client_ready(c))
		return LD_ERR_STATE;
	return ld_conn_publish(c, topic, bytes, len, NULL, NULL) ? LD_OK : LD_ERR_IO;
}

enum ld_err ld_client_subscribe(struct ld_client *c, const char *filter)
{
	if (c->n_filters == LD_CLIENT_MAX_FILTERS)
		return LD_ERR_LIMIT;
	char *copy = strdup(filter);
	if (!copy)
		return LD_ERR_NOMEM;
	c->filter[c->n_filters++] = copy;
	if (ld_client_ready(c))
		ld_conn_subscribe(c, copy);
	return LD_OK;
}

const char *ld_client_id(const struct ld_client *c)
{
	return c->client_id;
}

void *ld_client_ctx(const struct ld_client *c)
{
	return c->opt.ctx;
}
