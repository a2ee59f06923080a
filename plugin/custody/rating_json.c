/* What rating/<party> and precision carry. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/rating.h"
#include "plugin/custody/review.h"
#include "proto/json.h"
#include "proto/verdict.h"

static void add_i64(cJSON *o, const char *name, int64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, v);
	cJSON_AddStringToObject(o, name, text);
}

static void add_text(cJSON *o, const char *name, const char *en, const char *zh)
{
	cJSON *t = cJSON_AddObjectToObject(o, name);

	cJSON_AddStringToObject(t, "en", en);
	cJSON_AddStringToObject(t, "zh", zh);
}

static const char *colour_name(Liandan__RatingColour colour)
{
	switch (colour) {
	case LIANDAN__RATING_COLOUR__RATING_COLOUR_GREEN:
		return "GREEN";
	case LIANDAN__RATING_COLOUR__RATING_COLOUR_YELLOW:
		return "YELLOW";
	case LIANDAN__RATING_COLOUR__RATING_COLOUR_RED:
		return "RED";
	default:
		return "UNSPECIFIED";
	}
}

static void add_title(cJSON *o, Liandan__AnomalyKind kind, Liandan__Reason reason)
{
	const ProtobufCEnumValue *v =
	    protobuf_c_enum_descriptor_get_value(&liandan__anomaly_kind__descriptor, (int)kind);
	const bool violated = kind == LIANDAN__ANOMALY_KIND__RULE_VIOLATED;

	cJSON_AddStringToObject(o, "kind", v != NULL ? v->name : "UNKNOWN");
	if (violated)
		cJSON_AddStringToObject(o, "reason", ld_reason_name(reason));
	add_text(o, "title", violated ? ld_reason_en(reason) : ld_anomaly_en(kind),
		 violated ? ld_reason_zh(reason) : ld_anomaly_zh(kind));
}

static void add_why(struct ld_custody *c, cJSON *list, uint64_t id)
{
	Custody__Anomaly *a;
	char text[24];
	cJSON *o;

	if (ld_anomaly_get(c, id, &a) != LD_OK || a->now == NULL ||
	    (o = cJSON_CreateObject()) == NULL)
		return;
	snprintf(text, sizeof text, "%" PRIu64, id);
	cJSON_AddStringToObject(o, "id", text);
	add_title(o, a->now->kind, a->now->reason);
	cJSON_AddNumberToObject(o, "level", a->now->level);
	cJSON_AddBoolToObject(o, "open", a->open);
	cJSON_AddBoolToObject(o, "confirmed",
			      a->review != NULL &&
				  a->review->outcome ==
				      LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_CONFIRMED);
	add_i64(o, "raised_at_ms", a->raised_at_ms);
	if (a->reply != NULL)
		cJSON_AddStringToObject(o, "reply", a->reply->text);
	cJSON_AddItemToArray(list, o);
}

static void add_counts(cJSON *o, const struct ld_rating *r)
{
	cJSON *n = cJSON_AddObjectToObject(o, "counts");

	cJSON_AddNumberToObject(n, "level2", r->level2);
	cJSON_AddNumberToObject(n, "level3", r->level3);
	cJSON_AddNumberToObject(n, "level4", r->level4);
	cJSON_AddNumberToObject(n, "confirmed4", r->confirmed4);
	cJSON_AddNumberToObject(n, "deadlines", r->deadlines);
	cJSON_AddBoolToObject(n, "at_least", r->more);
}

static void add_set(cJSON *o, const struct ld_rating *r)
{
	const Custody__Standing *s = r->set;
	cJSON *x;

	if (s != NULL && s->reply != NULL) {
		x = cJSON_AddObjectToObject(o, "reply");
		cJSON_AddStringToObject(x, "text", s->reply->text);
		add_i64(x, "at_ms", s->reply->at_ms);
	}
	if (!r->overridden)
		return;
	x = cJSON_AddObjectToObject(o, "override");
	cJSON_AddStringToObject(x, "colour", colour_name(s->overridden->colour));
	cJSON_AddStringToObject(x, "reason", s->overridden->reason);
	cJSON_AddStringToObject(x, "by", s->overridden_by);
	add_i64(x, "at_ms", s->overridden_ms);
	add_i64(x, "until_ms", s->overridden->until_ms);
}

cJSON *ld_rating_json(struct ld_custody *c, const char *party, int64_t now_ms)
{
	struct ld_rating r;
	cJSON *o, *why;

	if (ld_rating_of(c, party, now_ms, &r) != LD_OK || (o = cJSON_CreateObject()) == NULL)
		return NULL;
	cJSON_AddStringToObject(o, "party", party);
	cJSON_AddStringToObject(o, "colour", colour_name(r.colour));
	cJSON_AddStringToObject(o, "computed", colour_name(r.computed));
	if (r.since_ms != 0)
		add_i64(o, "since_ms", r.since_ms);
	add_counts(o, &r);
	why = cJSON_AddArrayToObject(o, "why");
	for (size_t i = 0; i < r.n_why; i++)
		add_why(c, why, r.why[i]);
	add_set(o, &r);
	cJSON_AddNumberToObject(o, "rules", c->rules->version);
	return o;
}

struct listing {
	struct ld_custody *c;
	cJSON *list;
};

static int precision_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			 size_t len)
{
	struct listing *l = ctx;
	Custody__Precision *p = custody__precision__unpack(&l->c->arena->pb, len, value);
	cJSON *o = p != NULL ? cJSON_CreateObject() : NULL;

	(void)key, (void)key_len;
	if (o == NULL)
		return 0;
	const uint32_t n = p->confirmed + p->false_alarms;
	const uint32_t permille = n == 0 ? 0 : (uint32_t)((uint64_t)p->confirmed * 1000 / n);

	add_title(o, p->kind, p->reason);
	cJSON_AddNumberToObject(o, "confirmed", p->confirmed);
	cJSON_AddNumberToObject(o, "false", p->false_alarms);
	if (n != 0)
		cJSON_AddNumberToObject(o, "precision_permille", permille);
	cJSON_AddItemToArray(l->list, o);
	return 0;
}

cJSON *ld_precision_json(struct ld_custody *c)
{
	struct listing l = {.c = c};
	cJSON *o = cJSON_CreateObject();

	if (o == NULL)
		return NULL;
	l.list = cJSON_AddArrayToObject(o, "kinds");
	ld_state_walk(c->state, LD_T_PRECISION, NULL, 0, NULL, 0, precision_one, &l, NULL);
	return o;
}
