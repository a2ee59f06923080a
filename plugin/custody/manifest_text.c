/* A manifest in one sentence, for people. Judge's side: nothing is decided from it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "plugin/custody/manifest_judge.h"
#include "proto/base64.h"

#define TEXT_CAP 1024

struct name {
	uint32_t of;
	const char *en, *zh;
};

static const struct name states[] = {
    {CUSTODY__MANIFEST_STATE__DRAFT, "Draft", "草稿"},
    {CUSTODY__MANIFEST_STATE__SEALED, "Sealed", "已封存"},
    {CUSTODY__MANIFEST_STATE__IN_TRANSIT, "On the way", "运输中"},
    {CUSTODY__MANIFEST_STATE__ARRIVED, "Arrived", "已到达"},
    {CUSTODY__MANIFEST_STATE__VERIFYING, "Received, being verified", "已接收，核验中"},
    {CUSTODY__MANIFEST_STATE__ACCEPTED_ALL, "Accepted", "已接受"},
    {CUSTODY__MANIFEST_STATE__PARTLY_ACCEPTED, "Partly accepted", "部分接受"},
    {CUSTODY__MANIFEST_STATE__REJECTED_ALL, "Rejected", "已拒收"},
    {CUSTODY__MANIFEST_STATE__CLOSED, "Closed", "已办结"},
    {CUSTODY__MANIFEST_STATE__CANCELLED, "Cancelled", "已作废"},
    {CUSTODY__MANIFEST_STATE__EXPIRED, "Expired", "已失效"},
};

static const struct name flags[] = {
    {CUSTODY__MANIFEST_FLAG__FLAG_STOPPED, "stopped", "停车"},
    {CUSTODY__MANIFEST_FLAG__FLAG_IN_STORAGE, "in storage on the way", "途中贮存"},
    {CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE, "overdue", "逾期"},
    {CUSTODY__MANIFEST_FLAG__FLAG_LOST, "lost", "失踪"},
    {CUSTODY__MANIFEST_FLAG__FLAG_ON_HOLD, "on hold", "暂扣"},
    {CUSTODY__MANIFEST_FLAG__FLAG_PAPER, "paper", "纸质"},
    {CUSTODY__MANIFEST_FLAG__FLAG_ACCIDENT, "accident", "事故"},
    {CUSTODY__MANIFEST_FLAG__FLAG_DISCREPANCY, "discrepancy", "差异"},
    {CUSTODY__MANIFEST_FLAG__FLAG_AWAITING_CONFIRMATION, "awaiting confirmation", "待确认"},
};

struct text {
	char s[TEXT_CAP];
	size_t n;
};

/* What does not fit is left out. */
__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->s + t->n, sizeof t->s - t->n, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof t->s - t->n)
		t->n += (size_t)n;
	else
		t->s[t->n] = '\0';
}

static void say_state(const Custody__Manifest *m, struct text *en, struct text *zh)
{
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (states[i].of == (uint32_t)m->state) {
			say(en, "%s", states[i].en);
			say(zh, "%s", states[i].zh);
		}
	if (m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT) {
		say(en, ", leg %" PRIu32, m->leg);
		say(zh, "，第 %" PRIu32 " 程", m->leg);
	}
	if (m->version != 0) {
		say(en, ". Version %" PRIu32, m->version);
		say(zh, "。第 %" PRIu32 " 版", m->version);
	}
}

static void say_flags(const Custody__Manifest *m, struct text *en, struct text *zh)
{
	bool any = false;

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		if ((m->flags & flags[i].of) == 0)
			continue;
		say(en, "%s%s", any ? ", " : ". Flags: ", flags[i].en);
		say(zh, "%s%s", any ? "、" : "。标记：", flags[i].zh);
		any = true;
	}
}

/* Who is still asked about the open amendment. */
static void say_proposal(const Custody__Manifest *m, struct text *en, struct text *zh)
{
	const Custody__Proposal *p = m->proposal;

	if (p == NULL)
		return;
	say(en, ". An amendment of %s waits for ", p->party);
	say(zh, "。%s 提出的更正待 ", p->party);
	for (size_t i = 0; i < p->n_waits_for; i++) {
		say(en, "%s%s", i != 0 ? ", " : "", p->waits_for[i]);
		say(zh, "%s%s", i != 0 ? "、" : "", p->waits_for[i]);
	}
	say(zh, " 同意");
}

/* What its days have brought. CUSTODY-25 */
static void say_flows(const Custody__Manifest *m, struct text *en, struct text *zh)
{
	int64_t out_g = 0;
	uint32_t days = 0;

	for (size_t i = 0; i < m->n_flows; i++) {
		out_g = ld_add_g(out_g, m->flows[i]->out_g);
		days += m->flows[i]->days;
	}
	if (days == 0)
		return;
	say(en, ". By pipeline, %" PRIu32 " days: %" PRId64 " g out, %" PRId64 " g in", days, out_g,
	    ld_manifest_accepted_g(m));
	say(zh, "。经管道 %" PRIu32 " 日：移出 %" PRId64 " 克，接受 %" PRId64 " 克", days, out_g,
	    ld_manifest_accepted_g(m));
}

/* Where it comes from, and that not all of it is here any more. */
static void say_parts(const Custody__Manifest *m, struct text *en, struct text *zh)
{
	char hex[2 * LD_UUID_BYTES + 1];

	if (m->out_of.len == LD_UUID_BYTES) {
		ld_hex_encode(m->out_of.data, m->out_of.len, hex);
		say(en, ". Carries on manifest %s", hex);
		say(zh, "。承接联单 %s", hex);
	}
	if (m->n_passed != 0) {
		say(en, ". Parts of it have left on other manifests");
		say(zh, "。部分已由其他联单承接");
	}
}

void ld_manifest_add_text(const Custody__Manifest *m, cJSON *to)
{
	struct text en = {.n = 0}, zh = {.n = 0};
	cJSON *text = cJSON_AddObjectToObject(to, "text");

	say_state(m, &en, &zh);
	say_flags(m, &en, &zh);
	say_parts(m, &en, &zh);
	say_flows(m, &en, &zh);
	say_proposal(m, &en, &zh);
	say(&en, ".");
	say(&zh, "。");
	cJSON_AddStringToObject(text, "en", en.s);
	cJSON_AddStringToObject(text, "zh", zh.s);
}
