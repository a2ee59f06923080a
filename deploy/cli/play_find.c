#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/play.h"
#include "proto/base64.h"
#include "proto/gate.h"
#include "proto/verdict.h"

/* What must find a cheat: an anomaly's kind, with the reason where it is a violated rule; or a
 * verdict, with its reason where it is a refusal. Names as they stand in JSON and topics. */
static const struct {
	enum ld_day_word word;
	const char *what, *reason; /* reason NULL: any */
} expected[] = {
    {LD_CHEAT_silent_detour, "UNEXPLAINED_GAP", NULL},
    {LD_CHEAT_accident_excuse, "UNEXPLAINED_GAP", NULL},
    {LD_CHEAT_parked_excursion, "UNEXPLAINED_GAP", NULL},
    {LD_CHEAT_never_arrives, "OVERDUE", NULL},
    {LD_CHEAT_unmanifested_pickup, "UNMANIFESTED_DEPARTURE", NULL},
    {LD_CHEAT_ghost, "RULE_VIOLATED", "ABSENT_AT_ORIGIN"},
    {LD_CHEAT_ghost, "RULE_VIOLATED", "WRONG_PLACE"},
    {LD_CHEAT_wrong_site, "RULE_VIOLATED", "WRONG_PLACE"},
    {LD_CHEAT_short_weight, "WEIGHT_SHORTFALL", NULL},
    {LD_CHEAT_added_weight, "WEIGHT_GAIN", NULL},
    {LD_CHEAT_missing_piece, "RULE_VIOLATED", "COUNT_DIFFERS"},
    {LD_CHEAT_missing_piece, "WEIGHT_SHORTFALL", NULL},
    {LD_CHEAT_no_tickets, "RULE_VIOLATED", "TICKET_MISSING"},
    {LD_CHEAT_unlicensed_receiver, "REFUSED", "NOT_LICENSED"},
    {LD_CHEAT_unlicensed_carrier, "REFUSED", "NOT_LICENSED"},
    {LD_CHEAT_wrong_carrier, "RULE_VIOLATED", "CARRIER_NOT_NAMED"},
    {LD_CHEAT_wrong_carrier, "REFUSED", NULL},
    {LD_CHEAT_unknown_vehicle, "RULE_VIOLATED", "UNKNOWN_VEHICLE"},
    {LD_CHEAT_unknown_vehicle, "REFUSED", "UNKNOWN_VEHICLE"},
    {LD_CHEAT_unknown_vehicle, "UNMANIFESTED_DEPARTURE", NULL}, /* the truck that really left */
    {LD_CHEAT_same_person, "REFUSED", "SAME_PERSON"},
    {LD_CHEAT_same_person, "RULE_VIOLATED", "SAME_PERSON"},
    {LD_CHEAT_revoked_key, "KEY_REVOKED", NULL},
    {LD_CHEAT_forged_signature, "BAD_SIGNATURE", NULL},
    {LD_CHEAT_unknown_key, "UNKNOWN_KEY", NULL},
    {LD_CHEAT_wrong_role, "REFUSED", "WRONG_ROLE"},
    {LD_CHEAT_replayed_event, "WRONG_TOPIC", NULL},
    {LD_CHEAT_replayed_event, "DUPLICATE", NULL},
    {LD_CHEAT_cancelled_and_taken, "RULE_VIOLATED", "CANCELLED_BEFORE"},
    {LD_CHEAT_out_of_order, "HELD", NULL},
    {LD_CHEAT_out_of_order, "REFUSED", "OUT_OF_ORDER"},
    {LD_CHEAT_recycled_manifest, "REFUSED", "ALREADY_EXISTS"},
    {LD_CHEAT_container_twice, "REFUSED", "CONTAINER_ELSEWHERE"},
    {LD_CHEAT_wrong_hazards, "RULE_VIOLATED", "HAZARDS_DIFFER"},
    {LD_CHEAT_wrong_code, "REFUSED", "BAD_WASTE_CODE"},
    {LD_CHEAT_changed_content, "REFUSED", "BAD_CONTENT"},
    {LD_CHEAT_broken_seal, "RULE_VIOLATED", "SEAL_DIFFERS"},
    {LD_CHEAT_overdrawn, "REFUSED", "QUANTITY"},
    {LD_CHEAT_overdrawn, "REFUSED", "CONTAINER_ELSEWHERE"},
    {LD_CHEAT_overdrawn, "RULE_VIOLATED", "STOCK_NEGATIVE"},
    {LD_CHEAT_clock_ahead, "REFUSED", "CLOCK_AHEAD"},
    {LD_CHEAT_forked_chain, "SEQUENCE_FORK", NULL},
    {LD_CHEAT_forked_chain, "SEQUENCE_FORKED", NULL},
    {LD_CHEAT_other_ledger, "WRONG_LEDGER", NULL},
    {LD_CHEAT_garbage, "MALFORMED", NULL},
    {LD_CHEAT_disputed_delegate, "RULE_VIOLATED", "DISPUTED"},
    {LD_CHEAT_expired_scale, "RULE_VIOLATED", "SCALE_OUT_OF_DATE"},
    {LD_CHEAT_expired_scale, "REFUSED", "SCALE_OUT_OF_DATE"},
};

/* What an honest trouble raises about its trip, and how high; must: it would be a fault if it did
 * not. */
static const struct {
	enum ld_day_word word;
	const char *what, *reason; /* reason NULL: any */
	uint32_t level;
	bool must;
} honest[] = {
    {LD_TROUBLE_accident, "ACCIDENT", NULL, 3, true},
    {LD_TROUBLE_slow_driver, "RULE_VIOLATED", "OFFER_EXPIRED", 1, false},
};

static int honest_row(enum ld_day_word word, const struct ld_play_anomaly *a)
{
	for (size_t i = 0; i < sizeof(honest) / sizeof(honest[0]); i++)
		if (honest[i].word == word && strcmp(honest[i].what, a->kind) == 0 &&
		    (!honest[i].reason || strcmp(honest[i].reason, a->reason) == 0))
			return (int)i;
	return -1;
}

bool ld_play_unseen(const struct ld_play *p, const struct ld_day_act *act)
{
	bool must = false;

	for (size_t i = 0; i < sizeof(honest) / sizeof(honest[0]); i++)
		must = must || (honest[i].word == act->word && honest[i].must);
	for (size_t i = 0; i < p->n_anomalies && must; i++)
		must = p->anomalies[i].trouble != (int)(act - p->day->acts);
	return must;
}

bool ld_play_expects(enum ld_day_word word, const char *what, const char *reason)
{
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (expected[i].word == word && strcmp(expected[i].what, what) == 0 &&
		    (!expected[i].reason || (reason && strcmp(expected[i].reason, reason) == 0)))
			return true;
	return false;
}

bool ld_play_all_found(const struct ld_play *p)
{
	for (size_t i = 0; i < p->n_cheats; i++)
		if (!p->cheats[i].found)
			return false;
	return true;
}

static void found(struct ld_play *p, struct ld_play_cheat *c, const char *by)
{
	char zh[400];
	char en[400];

	for (size_t i = 0; i < c->n_by; i++)
		if (strcmp(c->by[i], by) == 0)
			return;
	if (c->n_by < LD_PLAY_FOUND_BY)
		snprintf(c->by[c->n_by++], sizeof(c->by[0]), "%s", by);
	if (c->found)
		return;
	c->found = true;
	c->found_ms = ld_play_now(p);
	snprintf(zh, sizeof(zh), "✔ 查获 %s（%s）：%s", ld_day_word_zh(c->act->word), c->act->id,
		 by);
	snprintf(en, sizeof(en), "  found: %s (%s): %s", ld_day_word_en(c->act->word), c->act->id,
		 by);
	ld_play_say(p, c->found_ms, zh, en);
}

/* ---- verdicts on a cheat's own messages ---- */

void ld_play_verdict(struct ld_play *p, const struct ld_play_sent *s)
{
	const struct ld_day_act *a = p->sim->trips[s->trip].cheat;
	const char *verdict =
	    s->duplicate ? "DUPLICATE" : ld_verdict_name((Liandan__Verdict)s->verdict);
	const char *reason = ld_reason_name((Liandan__Reason)s->reason);
	char by[160];

	if (!a)
		return;
	for (size_t i = 0; i < p->n_cheats; i++) {
		if (p->cheats[i].act != a || (s->duplicate && !s->attack) ||
		    !ld_play_expects(a->word, verdict, reason))
			continue;
		if (s->verdict == LIANDAN__VERDICT__HELD && !s->attack)
			continue;
		snprintf(by, sizeof(by), "%s%s%s", verdict, s->reason ? " " : "",
			 s->reason ? reason : "");
		found(p, &p->cheats[i], by);
	}
}

/* ---- anomalies ---- */

static const char *text_of(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

static int64_t int_of(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	if (cJSON_IsNumber(v))
		return (int64_t)v->valuedouble;
	return cJSON_IsString(v) ? strtoll(v->valuestring, NULL, 10) : 0;
}

static const char *text_in(const cJSON *o, const char *outer, const char *name)
{
	return text_of(cJSON_GetObjectItemCaseSensitive(o, outer), name);
}

/* A trip's manifest, or one that carries on a part of it. */
static bool is_of(const struct ld_play_trip *t, const char *hex)
{
	return strcmp(hex, t->hex) == 0 || strcmp(hex, t->child_hex[0]) == 0 ||
	       strcmp(hex, t->child_hex[1]) == 0;
}

static bool about_trip(const struct ld_play *p, size_t trip, const struct ld_play_anomaly *a)
{
	size_t leader = p->sim->trips[trip].leader;

	for (size_t i = 0; i < p->day->n_trips; i++)
		if (p->sim->trips[i].leader == leader &&
		    (is_of(&p->trips[i], a->manifest) || is_of(&p->trips[i], a->subject)))
			return true;
	return false;
}

/* The truck's own misdeeds: from when it began them. */
static bool about_truck(const struct ld_play *p, const struct ld_day_act *c,
			const struct ld_play_anomaly *a)
{
	if (c->word == LD_CHEAT_unmanifested_pickup)
		return strcmp(a->subject, p->day->trucks[c->truck.at].id) == 0;
	if (c->trip.at < 0)
		return false;
	const struct ld_sim_trip *st = &p->sim->trips[c->trip.at];
	return (strcmp(a->subject, p->day->trips[c->trip.at].truck.id) == 0 ||
		strcmp(a->subject, p->day->trucks[st->brings_truck].id) == 0) &&
	       a->manifest[0] == '\0';
}

static bool about_key(const struct ld_play *p, const struct ld_day_act *c,
		      const struct ld_play_anomaly *a)
{
	char hex[2 * LD_KEY_ID_BYTES + 1] = "";

	if (c->word != LD_CHEAT_forked_chain)
		return false;
	for (size_t i = 0; i < p->n_devices; i++)
		if (p->devices[i].kind == LD_DEVICE_DRIVER &&
		    p->devices[i].of == p->day->trips[c->trip.at].driver.at)
			ld_hex_encode(ld_key_id(p->devices[i].key), LD_KEY_ID_BYTES, hex);
	return strcmp(hex, a->subject) == 0;
}

/* A scale out of date: about itself, or about a manifest that was weighed on it. */
static bool about_scale(const struct ld_play *p, const struct ld_day_act *c,
			const struct ld_play_anomaly *a)
{
	int site = p->day->scales[c->scale.at].site.at;

	if (strcmp(a->reason, "SCALE_OUT_OF_DATE") == 0)
		return strcmp(a->subject, c->scale.id) == 0 || a->manifest[0] != '\0';
	if (strcmp(a->reason, "TICKET_MISSING") != 0)
		return false;
	for (size_t i = 0; i < p->day->n_trips; i++)
		if ((p->day->trips[i].site.at == site || p->day->trips[i].to.at == site) &&
		    strcmp(a->manifest, p->trips[i].hex) == 0)
			return true;
	return false;
}

/* Does an anomaly belong to a planted cheat? On a cheated manifest everything that rises is of the
 * cheat; about a truck, a key or a scale only what the cheat is expected to raise. */
static bool belongs(const struct ld_play *p, const struct ld_day_act *c,
		    const struct ld_play_anomaly *a)
{
	if (c->word == LD_CHEAT_expired_scale)
		return about_scale(p, c, a);
	if (c->trip.at >= 0 && about_trip(p, (size_t)c->trip.at, a))
		return true;
	return (about_truck(p, c, a) || about_key(p, c, a)) &&
	       ld_play_expects(c->word, a->kind, a->reason);
}

static void attribute_to(struct ld_play *p, size_t i, struct ld_play_anomaly *a)
{
	struct ld_play_cheat *c = &p->cheats[i];
	char by[160];

	if (!belongs(p, c->act, a))
		return;
	a->cheat = (int)i;
	if (a->level < 2 || !ld_play_expects(c->act->word, a->kind, a->reason))
		return;
	if (strcmp(a->phase, "PROVISIONAL") == 0 || strcmp(a->phase, "EXPLAINED_LATE") == 0)
		return;
	snprintf(by, sizeof(by), "%s%s%s (%u)", a->kind, a->reason[0] ? " " : "", a->reason,
		 a->level);
	found(p, c, by);
}

/* Expected of an honest trouble. */
static void attribute_to_trouble(struct ld_play *p, struct ld_play_anomaly *a)
{
	for (size_t i = 0; i < p->day->n_acts; i++) {
		const struct ld_day_act *act = &p->day->acts[i];
		int row = honest_row(act->word, a);
		if (row < 0 || act->trip.at < 0 || !about_trip(p, (size_t)act->trip.at, a))
			continue;
		a->trouble = (int)i;
		a->expected_level = honest[row].level;
		return;
	}
}

/* Scales last: their trips may have cheats of their own. */
static void attribute(struct ld_play *p, struct ld_play_anomaly *a)
{
	if (a->cheat >= 0) {
		attribute_to(p, (size_t)a->cheat, a);
		return;
	}
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < p->n_cheats; i++)
			if (a->cheat < 0 &&
			    (p->cheats[i].act->word == LD_CHEAT_expired_scale) == (pass == 1))
				attribute_to(p, i, a);
	if (a->cheat < 0)
		attribute_to_trouble(p, a);
}

static struct ld_play_anomaly *anomaly_of(struct ld_play *p, uint64_t id)
{
	for (size_t i = p->n_anomalies; i-- > 0;)
		if (p->anomalies[i].id == id)
			return &p->anomalies[i];
	if (p->n_anomalies == LD_PLAY_ANOMALIES)
		return NULL;
	struct ld_play_anomaly *a = &p->anomalies[p->n_anomalies++];
	memset(a, 0, sizeof(*a));
	a->id = id;
	a->cheat = -1;
	a->trouble = -1;
	a->expected_level = LD_PLAY_TOLERATED;
	a->first_ms = ld_play_now(p);
	return a;
}

/* Cut between characters, not within one. */
static void copy_text(char *to, size_t cap, const char *from)
{
	size_t n = strnlen(from, cap - 1);

	while (n > 0 && from[n] != '\0' && ((unsigned char)from[n] & 0xC0) == 0x80)
		n--;
	memcpy(to, from, n);
	to[n] = '\0';
}

#define COPY(to, from) copy_text((to), sizeof(to), (from))

static void heard_anomaly(struct ld_play *p, const cJSON *o)
{
	struct ld_play_anomaly *a = NULL;

	if (!p->playing || int_of(o, "raised_at_ms") < p->first_ms)
		return;
	a = anomaly_of(p, (uint64_t)int_of(o, "id"));
	if (!a)
		return;
	COPY(a->kind, text_of(o, "kind"));
	COPY(a->reason, text_of(o, "reason"));
	COPY(a->phase, text_of(o, "phase"));
	COPY(a->subject, text_of(o, "subject"));
	COPY(a->manifest, text_of(o, "manifest"));
	COPY(a->zh, text_in(o, "text", "zh"));
	COPY(a->en, text_in(o, "text", "en"));
	a->level = (uint32_t)int_of(o, "level");
	if (strcmp(a->phase, "PROVISIONAL") == 0) {
		if (a->level > a->provisional_level)
			a->provisional_level = a->level;
	} else if (a->level > a->top_level) {
		a->top_level = a->level;
	}
	attribute(p, a);
	/* it is heard on more than one topic: said once for each level */
	if (a->cheat < 0 && a->top_level > a->expected_level && a->level > a->expected_level &&
	    a->level > a->said_level) {
		a->said_level = a->level;
		char zh[640];
		char en[640];
		snprintf(zh, sizeof(zh), "✘ 非预设异常 %s %s（%u 级）：%s", a->kind, a->reason,
			 a->level, a->zh);
		snprintf(en, sizeof(en), "  not planted: %s %s (level %u): %s", a->kind, a->reason,
			 a->level, a->en);
		ld_play_say(p, ld_play_now(p), zh, en);
	}
}

static void heard_clock(struct ld_play *p, const cJSON *o)
{
	int64_t now = int_of(o, "now_ms");
	int64_t mono = ld_loop_now();

	p->rate = int_of(o, "rate") > 0 ? int_of(o, "rate") : 1;
	/* a retained one may be a second old: never go back */
	if (!p->clock_known ||
	    now > p->clock_ms + (mono - p->clock_mono_ms) * p->rate - 5000 * p->rate) {
		p->clock_ms = now;
		p->clock_mono_ms = mono;
		p->clock_known = true;
	}
}

/* What stays outside the ledger is told to regulators; the sender may not be there to hear it. */
static void heard_refused(struct ld_play *p, const uint8_t *payload, size_t len)
{
	Liandan__Refused *f = NULL;
	Liandan__Receipt r = LIANDAN__RECEIPT__INIT;

	p->refused_seen++;
	ld_arena_reset(&p->arena);
	if (ld_gate_check(&liandan__refused__descriptor, payload, len, NULL) == LD_OK)
		f = liandan__refused__unpack(&p->arena.pb, len, payload);
	if (!f)
		return;
	r.verdict = f->verdict;
	r.reason = f->reason;
	r.details = f->details;
	r.payload_hash = f->payload_hash;
	ld_play_settle_raw(p, &r);
}

void ld_play_heard(struct ld_play *p, const char *topic, const uint8_t *payload, size_t len)
{
	if (strstr(topic, "/refused/")) {
		heard_refused(p, payload, len);
		return;
	}
	if (!strstr(topic, "/anomaly/") && !strstr(topic, "/open/") &&
	    strcmp(topic, "$SYS/broker/liandan/clock") != 0)
		return;
	cJSON *o = cJSON_ParseWithLength((const char *)payload, len);
	if (cJSON_IsObject(o)) {
		if (topic[0] == '$')
			heard_clock(p, o);
		else
			heard_anomaly(p, o);
	}
	cJSON_Delete(o);
}
