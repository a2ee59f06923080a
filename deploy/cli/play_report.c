#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/play.h"
#include "proto/verdict.h"

static bool rose(const struct ld_play_anomaly *a)
{
	return a->cheat < 0 && a->top_level > a->expected_level;
}

static size_t count_rose(const struct ld_play *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_anomalies; i++)
		n += rose(&p->anomalies[i]);
	return n;
}

static size_t count_missed(const struct ld_play *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_cheats; i++)
		n += !p->cheats[i].found && !p->cheats[i].hidden;
	return n;
}

static size_t count_found(const struct ld_play *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_cheats; i++)
		n += p->cheats[i].found;
	return n;
}

/* Honest troubles of which nothing was seen, although it had to be. */
static size_t count_unseen(const struct ld_play *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->day->n_acts; i++)
		n += ld_play_unseen(p, &p->day->acts[i]);
	return n;
}

/* Events that were handed to a device and have no receipt. A raw message is owed none. */
static size_t count_unreceipted(const struct ld_play *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_sent; i++)
		n += !p->sent[i].done && !p->sent[i].raw;
	return n;
}

/* ---- JSON ---- */

static cJSON *cheat_json(const struct ld_play *p, const struct ld_play_cheat *c)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *by = cJSON_AddArrayToObject(o, "found_by");
	char clock[8];

	cJSON_AddStringToObject(o, "id", c->act->id);
	cJSON_AddStringToObject(o, "cheat", ld_day_word_name(c->act->word));
	cJSON_AddStringToObject(o, "zh", ld_day_word_zh(c->act->word));
	cJSON_AddStringToObject(o, "en", ld_day_word_en(c->act->word));
	cJSON_AddNumberToObject(o, "line", c->act->line);
	if (c->act->trip.at >= 0) {
		cJSON_AddStringToObject(o, "trip", c->act->trip.id);
		cJSON_AddStringToObject(o, "manifest", p->trips[c->act->trip.at].hex);
		cJSON_AddStringToObject(o, "truck", p->day->trips[c->act->trip.at].truck.id);
	} else if (c->act->truck.at >= 0) {
		cJSON_AddStringToObject(o, "truck", c->act->truck.id);
	}
	cJSON_AddBoolToObject(o, "found", c->found);
	if (c->hidden)
		cJSON_AddBoolToObject(o, "cannot_show_at_this_speed", true);
	if (c->found)
		cJSON_AddStringToObject(o, "found_at", ld_play_clock(c->found_ms, clock));
	for (size_t i = 0; i < c->n_by; i++)
		cJSON_AddItemToArray(by, cJSON_CreateString(c->by[i]));
	return o;
}

static cJSON *anomaly_json(const struct ld_play *p, const struct ld_play_anomaly *a)
{
	cJSON *o = cJSON_CreateObject();
	char clock[8];

	cJSON_AddNumberToObject(o, "id", (double)a->id);
	cJSON_AddStringToObject(o, "kind", a->kind);
	if (a->reason[0])
		cJSON_AddStringToObject(o, "reason", a->reason);
	cJSON_AddStringToObject(o, "phase", a->phase);
	cJSON_AddNumberToObject(o, "level", a->level);
	cJSON_AddNumberToObject(o, "top_level", a->top_level);
	if (a->provisional_level)
		cJSON_AddNumberToObject(o, "provisional_level", a->provisional_level);
	cJSON_AddStringToObject(o, "subject", a->subject);
	if (a->manifest[0])
		cJSON_AddStringToObject(o, "manifest", a->manifest);
	cJSON_AddStringToObject(o, "first_heard", ld_play_clock(a->first_ms, clock));
	if (a->cheat >= 0)
		cJSON_AddStringToObject(o, "cheat", p->cheats[a->cheat].act->id);
	if (a->trouble >= 0)
		cJSON_AddStringToObject(o, "trouble", p->day->acts[a->trouble].id);
	cJSON_AddStringToObject(o, "zh", a->zh);
	cJSON_AddStringToObject(o, "en", a->en);
	return o;
}

static cJSON *events_json(const struct ld_play *p)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *verdicts = cJSON_AddObjectToObject(o, "verdicts");

	for (int v = 1; v < 32; v++)
		if (p->verdicts[v])
			cJSON_AddNumberToObject(verdicts, ld_verdict_name((Liandan__Verdict)v),
						(double)p->verdicts[v]);
	cJSON_AddNumberToObject(o, "sent", (double)p->n_sent);
	cJSON_AddNumberToObject(o, "tracks", (double)p->tracks);
	cJSON_AddNumberToObject(o, "fixes", (double)p->fixes);
	cJSON_AddNumberToObject(o, "duplicates_answered", (double)p->duplicates);
	cJSON_AddNumberToObject(o, "held_and_applied", (double)p->held_applied);
	cJSON_AddNumberToObject(o, "receipts_verified", (double)p->verified);
	cJSON_AddNumberToObject(o, "receipts_not_verified", (double)p->unverified);
	cJSON_AddNumberToObject(o, "covered_by_later_receipts", (double)p->covered);
	cJSON_AddNumberToObject(o, "unreceipted", (double)count_unreceipted(p));
	cJSON_AddNumberToObject(o, "refusals_heard_by_the_regulator", (double)p->refused_seen);
	return o;
}

static cJSON *report_json(const struct ld_play *p, bool ok)
{
	cJSON *o = cJSON_CreateObject();
	char clock[8];

	cJSON_AddBoolToObject(o, "ok", ok);
	cJSON_AddStringToObject(o, "day", p->opt.day_path);
	cJSON_AddStringToObject(o, "title_zh", p->day->zh);
	cJSON_AddStringToObject(o, "title_en", p->day->en);
	cJSON_AddStringToObject(o, "region", p->net->id.region);
	cJSON_AddNumberToObject(o, "cheats_planted", (double)p->n_cheats);
	cJSON_AddNumberToObject(o, "cheats_found", (double)count_found(p));
	cJSON_AddNumberToObject(o, "not_planted_above_level_1", (double)count_rose(p));
	cJSON *cheats = cJSON_AddArrayToObject(o, "cheats");
	for (size_t i = 0; i < p->n_cheats; i++)
		cJSON_AddItemToArray(cheats, cheat_json(p, &p->cheats[i]));
	cJSON *troubles = cJSON_AddArrayToObject(o, "honest_troubles");
	cJSON *unseen = cJSON_AddArrayToObject(o, "honest_troubles_not_seen");
	for (size_t i = 0; i < p->day->n_acts; i++) {
		const struct ld_day_act *a = &p->day->acts[i];
		if (!ld_day_is_cheat(a->word))
			cJSON_AddItemToArray(troubles, cJSON_CreateString(a->id));
		if (ld_play_unseen(p, a))
			cJSON_AddItemToArray(unseen, cJSON_CreateString(a->id));
	}
	cJSON *unplanted = cJSON_AddArrayToObject(o, "anomalies_without_cheat");
	cJSON *planted = cJSON_AddArrayToObject(o, "anomalies_of_cheats");
	cJSON *expected = cJSON_AddArrayToObject(o, "anomalies_of_troubles");
	for (size_t i = 0; i < p->n_anomalies; i++) {
		const struct ld_play_anomaly *a = &p->anomalies[i];
		cJSON_AddItemToArray(a->cheat >= 0     ? planted
				     : a->trouble >= 0 ? expected
						       : unplanted,
				     anomaly_json(p, a));
	}
	cJSON_AddItemToObject(o, "events", events_json(p));
	cJSON *problems = cJSON_AddArrayToObject(o, "problems");
	for (size_t i = 0; i < p->n_problems; i++)
		cJSON_AddItemToArray(problems, cJSON_CreateString(p->problems[i]));
	cJSON *timing = cJSON_AddObjectToObject(o, "timing");
	cJSON_AddNumberToObject(timing, "ledger_rate", (double)p->rate);
	cJSON_AddNumberToObject(timing, "wall_seconds",
				(double)(ld_wall_ms() - p->started_wall_ms) / 1000.0);
	cJSON_AddNumberToObject(timing, "slowest_receipt_ms", (double)p->slowest_ms);
	cJSON_AddStringToObject(timing, "played_from", ld_play_clock(p->sim->from_ms, clock));
	cJSON_AddStringToObject(timing, "played_to", ld_play_clock(ld_play_now(p), clock));
	return o;
}

static bool write_report(struct ld_play *p, const cJSON *o)
{
	char why[400];
	char *text = cJSON_Print(o);

	if (!text)
		return false;
	enum ld_err err = ld_file_write(p->opt.report, text, strlen(text), false, why, sizeof(why));
	free(text);
	if (err)
		ld_fail(p->cli, "name a file that can be written", "%s: %s", p->opt.report, why);
	return err == LD_OK;
}

/* ---- people ---- */

static void print_summary(const struct ld_play *p, bool ok)
{
	size_t seen = count_found(p);

	printf("\n预设作弊 %zu 项，查获 %zu 项；非预设且高于 1 级的异常 %zu 项；未获回执的事件 %zu "
	       "个。\n",
	       p->n_cheats, seen, count_rose(p), count_unreceipted(p));
	printf("%zu cheats planted, %zu found; %zu anomalies above level 1 that nobody planted; "
	       "%zu events without "
	       "receipt.\n",
	       p->n_cheats, seen, count_rose(p), count_unreceipted(p));
	for (size_t i = 0; i < p->n_cheats; i++)
		if (!p->cheats[i].found && !p->cheats[i].hidden)
			printf("  ✘ 未查获 not found: %s %s (%s)\n",
			       ld_day_word_zh(p->cheats[i].act->word),
			       ld_day_word_name(p->cheats[i].act->word), p->cheats[i].act->id);
	for (size_t i = 0; i < p->n_anomalies; i++)
		if (p->anomalies[i].trouble >= 0 && !rose(&p->anomalies[i]))
			printf("  ○ 如预料 as expected: %s %s level %u (%s)\n",
			       p->anomalies[i].kind, p->anomalies[i].reason,
			       p->anomalies[i].top_level, p->day->acts[p->anomalies[i].trouble].id);
	for (size_t i = 0; i < p->day->n_acts; i++)
		if (ld_play_unseen(p, &p->day->acts[i]))
			printf("  ✘ 应现未现 not seen: %s %s (%s)\n",
			       ld_day_word_zh(p->day->acts[i].word),
			       ld_day_word_name(p->day->acts[i].word), p->day->acts[i].id);
	for (size_t i = 0; i < p->n_anomalies; i++)
		if (rose(&p->anomalies[i]))
			printf("  ✘ 非预设 not planted: %s %s level %u %s\n", p->anomalies[i].kind,
			       p->anomalies[i].reason, p->anomalies[i].top_level,
			       p->anomalies[i].subject);
	printf("%llu events and %llu tracks, %llu receipts verified, %llu held and applied later, "
	       "%llu duplicates "
	       "answered; slowest receipt %lld ms; %.1f s.\n",
	       (unsigned long long)(p->n_sent - p->tracks), (unsigned long long)p->tracks,
	       (unsigned long long)p->verified, (unsigned long long)p->held_applied,
	       (unsigned long long)p->duplicates, (long long)p->slowest_ms,
	       (double)(ld_wall_ms() - p->started_wall_ms) / 1000.0);
	if (p->n_problems)
		printf("%zu problems, see above 问题见上\n", p->n_problems + p->more_problems);
	printf("%s\n", ok ? "合格 PASS" : "不合格 FAIL");
}

int ld_play_report(struct ld_play *p)
{
	bool ok = count_missed(p) == 0 && count_rose(p) == 0 && count_unseen(p) == 0 &&
		  count_unreceipted(p) == 0 && p->n_problems == 0 && !p->interrupted;
	cJSON *o = report_json(p, ok);

	if (p->opt.report && !write_report(p, o))
		ok = false;
	if (p->cli->json) {
		ld_print_json(o);
	} else {
		cJSON_Delete(o);
		print_summary(p, ok);
	}
	return ok ? LD_EXIT_DONE : LD_EXIT_FAILED;
}
