#include "plugin/broker/outbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/broker/metrics.h"
#include "plugin/broker/publish.h"
#include "plugin/custody/anomaly.h"
#include "proto/base64.h"
#include "proto/verdict.h"

#define KEEP_CLOSED_MS (INT64_C(24) * 3600 * 1000) /* PROTOCOL: retained while open + 24 h */
#define U64_TEXT 24

/* A binary heap, the earliest first. */
struct due {
	int64_t due_ms; /* ledger time */
	uint8_t id[LD_UUID_BYTES];
};
struct ld_clearing {
	size_t n;
	struct due at[LD_MAX_TO_CLEAR];
};

struct ld_clearing *ld_clearing_new(void)
{
	return calloc(1, sizeof(struct ld_clearing));
}

void ld_clearing_free(struct ld_clearing *c)
{
	free(c);
}

static void heap_push(struct ld_clearing *c, struct due d)
{
	size_t i = c->n++;

	for (; i > 0 && c->at[(i - 1) / 2].due_ms > d.due_ms; i = (i - 1) / 2)
		c->at[i] = c->at[(i - 1) / 2];
	c->at[i] = d;
}

static struct due heap_pop(struct ld_clearing *c)
{
	struct due first = c->at[0], last = c->at[--c->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < c->n) {
		if (child + 1 < c->n && c->at[child + 1].due_ms < c->at[child].due_ms)
			child++;
		if (last.due_ms <= c->at[child].due_ms)
			break;
		c->at[i] = c->at[child];
		i = child;
	}
	c->at[i] = last;
	return first;
}

size_t ld_outbox_clearing(const struct ld_broker *b)
{
	return b->clearing->n;
}

/* The exact bytes that were committed, and properties that are the plugin's alone. */
static void on_event(void *ctx, const char *party, const char *device, const uint8_t *bytes,
		     size_t len, uint64_t index, int64_t recorded_at_ms,
		     const uint8_t key_id[LD_KEY_ID_BYTES])
{
	struct ld_broker *b = ctx;
	char topic[LD_MAX_TOPIC_BYTES], n[U64_TEXT], at[U64_TEXT], key[2 * LD_KEY_ID_BYTES + 1];

	if (!ld_topic_make(&b->root, topic, sizeof topic, "o/%s/%s", party, device))
		return;
	snprintf(n, sizeof n, "%" PRIu64, index);
	snprintf(at, sizeof at, "%" PRId64, recorded_at_ms);
	ld_hex_encode(key_id, LD_KEY_ID_BYTES, key);
	ld_publish(b, &(struct ld_publication){
			  .topic = topic,
			  .payload = bytes,
			  .len = len,
			  .qos = 1,
			  .content_type = LD_ENVELOPE_CONTENT_TYPE,
			  .n_user = 3,
			  .user = {{"index", n}, {"recorded_at_ms", at}, {"key_id", key}},
		      });
}

/* Only that device may read it: the access check of each delivery sees to that. */
static void on_receipt(void *ctx, const char *party, const char *device, const uint8_t *bytes,
		       size_t len, const void *correlation, size_t correlation_len)
{
	struct ld_broker *b = ctx;
	char topic[LD_MAX_TOPIC_BYTES];

	if (!ld_topic_make(&b->root, topic, sizeof topic, "r/%s/%s", party, device))
		return;
	ld_publish(b, &(struct ld_publication){
			  .topic = topic,
			  .payload = bytes,
			  .len = len,
			  .qos = 1,
			  .content_type = LD_RECEIPT_CONTENT_TYPE,
			  .correlation = correlation_len ? correlation : NULL,
			  .correlation_len = correlation_len,
		      });
}

static void on_refused(void *ctx, const char *party, const char *device, const uint8_t *packed,
		       size_t len, Liandan__Verdict verdict, Liandan__Reason reason)
{
	struct ld_broker *b = ctx;
	const char *why = verdict == LIANDAN__VERDICT__REFUSED ? ld_reason_name(reason)
							       : ld_verdict_name(verdict);
	char topic[LD_MAX_TOPIC_BYTES];

	if (!ld_rate_take(&b->refused_rate, LD_MAX_REFUSED_PER_S, ld_mono_ms())) {
		b->counts.refused_suppressed++;
		return;
	}
	if (!ld_topic_make(&b->root, topic, sizeof topic, "refused/%s/%s/%s", why, party, device))
		return;
	ld_publish(b, &(struct ld_publication){
			  .topic = topic,
			  .payload = packed,
			  .len = len,
			  .qos = 1,
			  .content_type = LD_REFUSED_CONTENT_TYPE,
		      });
}

static void clear_manifest(struct ld_broker *b, const uint8_t id[LD_UUID_BYTES])
{
	char topic[LD_MAX_TOPIC_BYTES], hex[2 * LD_UUID_BYTES + 1];

	ld_hex_encode(id, LD_UUID_BYTES, hex);
	if (ld_topic_make(&b->root, topic, sizeof topic, "manifest/%s", hex))
		ld_publish(b, &(struct ld_publication){.topic = topic, .qos = 1, .retain = true});
}

static void clear_first(struct ld_broker *b)
{
	struct due d = heap_pop(b->clearing);

	clear_manifest(b, d.id);
}

static void clear_later(struct ld_broker *b, const uint8_t *id, int64_t due_ms)
{
	struct due d = {.due_ms = due_ms};

	/* Full: the one that is due first goes early. It is closed; its history is asked for by
	 * query. */
	if (b->clearing->n == LD_MAX_TO_CLEAR)
		clear_first(b);
	memcpy(d.id, id, LD_UUID_BYTES);
	heap_push(b->clearing, d);
}

static void clear_due(struct ld_broker *b, int64_t ledger_now_ms)
{
	while (b->clearing->n && b->clearing->at[0].due_ms <= ledger_now_ms)
		clear_first(b);
}

/* When the retained state of this record goes: INT64_MAX while it is open. */
static int64_t kept_until(const Custody__Manifest *m)
{
	switch (m->state) {
	case CUSTODY__MANIFEST_STATE__CLOSED:
	case CUSTODY__MANIFEST_STATE__CANCELLED:
	case CUSTODY__MANIFEST_STATE__EXPIRED:
		return (m->closed_ms > 0 ? m->closed_ms : m->updated_ms) + KEEP_CLOSED_MS;
	default:
		return INT64_MAX;
	}
}

static int64_t manifest_kept_until(struct ld_broker *b, const uint8_t *id)
{
	uint8_t copy[LD_UUID_BYTES];
	ProtobufCBinaryData key = {.len = sizeof copy, .data = copy};
	Custody__Manifest *m;

	memcpy(copy, id, sizeof copy);
	if (ld_manifest_get(ld_broker_custody(b), key, &m) != LD_OK)
		return INT64_MAX;
	return kept_until(m);
}

static void publish_manifest(void *ctx, const void *name, size_t len)
{
	struct ld_broker *b = ctx;
	char topic[LD_MAX_TOPIC_BYTES], hex[2 * LD_UUID_BYTES + 1];
	int64_t until_ms, now_ms = ld_region_now(b->region);

	if (len != LD_UUID_BYTES)
		return;
	until_ms = manifest_kept_until(b, name);
	ld_hex_encode(name, len, hex);
	if (!ld_topic_make(&b->root, topic, sizeof topic, "manifest/%s", hex))
		return;
	ld_publish_json(
	    b, &(struct ld_publication){.topic = topic, .qos = 1, .retain = until_ms > now_ms},
	    ld_region_manifest_json(b->region, name));
	if (until_ms != INT64_MAX && until_ms > now_ms)
		clear_later(b, name, until_ms);
}

static void publish_vehicle(void *ctx, const void *name, size_t len)
{
	struct ld_broker *b = ctx;
	char topic[LD_MAX_TOPIC_BYTES], level[LD_CHANGED_NAME_BYTES + 1],
	    plate[LD_CHANGED_NAME_BYTES + 1];

	if (len > LD_CHANGED_NAME_BYTES)
		return;
	memcpy(plate, name, len);
	plate[len] = 0;
	ld_topic_level(plate, level, sizeof level);
	if (!ld_topic_make(&b->root, topic, sizeof topic, "vehicle/%s", level))
		return;
	ld_publish_json(b, &(struct ld_publication){.topic = topic, .qos = 1, .retain = true},
			ld_region_vehicle_json(b->region, plate));
}

/* The set is full: the state as it is when the region comes to rest would be better, but nothing is
 * lost. */
static void on_manifest(void *ctx, const uint8_t id[LD_UUID_BYTES])
{
	struct ld_broker *b = ctx;

	ld_changed_mark(b->manifests, id, LD_UUID_BYTES, publish_manifest, b);
}

static void on_vehicle(void *ctx, const char *plate)
{
	struct ld_broker *b = ctx;

	ld_changed_mark(b->vehicles, plate, strlen(plate), publish_vehicle, b);
}

static void publish_rating(void *ctx, const void *name, size_t len)
{
	struct ld_broker *b = ctx;
	char topic[LD_MAX_TOPIC_BYTES], party[LD_MAX_ID_BYTES + 1];

	if (len > LD_MAX_ID_BYTES)
		return;
	memcpy(party, name, len);
	party[len] = 0;
	if (ld_topic_make(&b->root, topic, sizeof topic, "rating/%s", party))
		ld_publish_json(b,
				&(struct ld_publication){.topic = topic, .qos = 1, .retain = true},
				ld_region_rating_json(b->region, party));
}

static void on_rating(void *ctx, const char *party)
{
	struct ld_broker *b = ctx;

	ld_changed_mark(b->ratings, party, strlen(party), publish_rating, b);
}

static void on_precision(void *ctx)
{
	struct ld_broker *b = ctx;
	char topic[LD_MAX_TOPIC_BYTES];

	if (ld_topic_make(&b->root, topic, sizeof topic, "precision"))
		ld_publish_json(b,
				&(struct ld_publication){.topic = topic, .qos = 1, .retain = true},
				ld_region_precision_json(b->region));
}

static void rfc3339(int64_t ms, char *out, size_t cap)
{
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	out[0] = 0;
	if (!gmtime_r(&s, &tm))
		return;
	n = strftime(out, cap, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, cap - n, ".%03dZ", (int)(ms % 1000));
}

static const char *kind_name(Liandan__AnomalyKind kind)
{
	const ProtobufCEnumValue *v =
	    protobuf_c_enum_descriptor_get_value(&liandan__anomaly_kind__descriptor, (int)kind);

	return v ? v->name : "UNKNOWN";
}

/* CloudEvents 1.0, MQTT binding, binary mode: attributes as user properties. */
static void publish_anomaly(struct ld_broker *b, const char *topic, bool retain,
			    const Custody__Anomaly *a, const char *what)
{
	char id[U64_TEXT + 16], at[40], type[64], source[LD_MAX_ID_BYTES + 16];

	snprintf(id, sizeof id, "%" PRIu64 "-%s", a->anomaly, what);
	snprintf(type, sizeof type, "liandan.anomaly.%s", what);
	snprintf(source, sizeof source, "/%.*s", (int)(b->root.len - 1), b->root.text);
	rfc3339(a->updated_at_ms ? a->updated_at_ms : a->raised_at_ms, at, sizeof at);
	ld_publish_json(b,
			&(struct ld_publication){
			    .topic = topic,
			    .qos = 1,
			    .retain = retain,
			    .n_user = 6,
			    .user = {{"specversion", "1.0"},
				     {"id", id},
				     {"source", source},
				     {"type", type},
				     {"time", at},
				     {"subject", a->now && a->now->subject ? a->now->subject : ""}},
			},
			ld_anomaly_json(a, what));
}

static void on_anomaly(void *ctx, const Custody__Anomaly *a, const char *what)
{
	struct ld_broker *b = ctx;
	char topic[LD_MAX_TOPIC_BYTES], subject[LD_MAX_STRING_BYTES + 1];

	if (!a->now)
		return;
	ld_topic_level(a->now->subject, subject, sizeof subject);
	if (ld_topic_make(&b->root, topic, sizeof topic, "anomaly/%u/%s/%s", a->now->level,
			  kind_name(a->now->kind), subject))
		publish_anomaly(b, topic, false, a, what);
	if (!ld_topic_make(&b->root, topic, sizeof topic, "open/%" PRIu64, a->anomaly))
		return;
	if (a->open)
		publish_anomaly(b, topic, true, a, what);
	else
		ld_publish(b, &(struct ld_publication){.topic = topic, .qos = 1, .retain = true});
}

static void on_revoked(void *ctx, const char *party, const char *device)
{
	struct ld_broker *b = ctx;
	char client_id[LD_MAX_CLIENT_ID_BYTES + 1];
	int n = snprintf(client_id, sizeof client_id, "%s/%s", party, device);

	/* Not now: this may be that client's own message, and the broker still uses it. */
	if (n > 0 && (size_t)n < sizeof client_id)
		ld_access_look_at(b, client_id);
}

static void on_notice(void *ctx, const char *text)
{
	struct ld_broker *b = ctx;

	ld_log(MOSQ_LOG_WARNING, "%s", text);
	ld_metrics_notice(b, text);
}

struct ld_sink ld_outbox_sink(struct ld_broker *b)
{
	return (struct ld_sink){
	    .ctx = b,
	    .event = on_event,
	    .receipt = on_receipt,
	    .manifest = on_manifest,
	    .vehicle = on_vehicle,
	    .anomaly = on_anomaly,
	    .rating = on_rating,
	    .precision = on_precision,
	    .revoked = on_revoked,
	    .refused = on_refused,
	    .notice = on_notice,
	};
}

void ld_outbox_flush(struct ld_broker *b)
{
	ld_changed_flush(b->manifests, b->now_ms, publish_manifest, b);
	ld_changed_flush(b->vehicles, b->now_ms, publish_vehicle, b);
	ld_changed_flush(b->ratings, b->now_ms, publish_rating, b);
	clear_due(b, ld_region_now(b->region));
}

void ld_outbox_checkpoint(struct ld_broker *b)
{
	const struct ld_core_head *head = ld_region_head(b->region);
	char topic[LD_MAX_TOPIC_BYTES];

	if (!head || !head->checkpoint_len ||
	    !ld_topic_make(&b->root, topic, sizeof topic, "checkpoint"))
		return;
	ld_publish(b, &(struct ld_publication){
			  .topic = topic,
			  .payload = head->checkpoint,
			  .len = head->checkpoint_len,
			  .qos = 1,
			  .retain = true,
			  .text = true,
			  .content_type = LD_CHECKPOINT_CONTENT_TYPE,
		      });
}
