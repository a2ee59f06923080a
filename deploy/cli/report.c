#include "deploy/cli/report.h"

#include <string.h>

#include "proto/base64.h"
#include "proto/verdict.h"

const char *ld_report_advice(Liandan__Verdict verdict)
{
	switch (verdict) {
	case LIANDAN__VERDICT__SEQUENCE_GAP:
		return "the ledger lacks earlier events of this key: send from the spool that has "
		       "them";
	case LIANDAN__VERDICT__PREVIOUS_MISMATCH:
		return "this key has signed elsewhere since: set the event aside with --set-aside "
		       "and "
		       "send it anew";
	case LIANDAN__VERDICT__SEQUENCE_FORK:
		return "this key signed another event with this number: one key belongs in one "
		       "place; "
		       "tell the authority";
	case LIANDAN__VERDICT__UNKNOWN_KEY:
		return "have an authority enrol the key (liandan key show FILE)";
	case LIANDAN__VERDICT__KEY_REVOKED:
	case LIANDAN__VERDICT__KEY_NOT_VALID_NOW:
		return "ask the authority for a new enrolment of a new key";
	case LIANDAN__VERDICT__WRONG_TOPIC:
		return "--client must be the party/device that this key was enrolled for";
	case LIANDAN__VERDICT__WRONG_LEDGER:
		return "use the region.json of the ledger behind this broker";
	case LIANDAN__VERDICT__MALFORMED:
	case LIANDAN__VERDICT__TOO_LARGE:
	case LIANDAN__VERDICT__BAD_SIGNATURE:
		return "the event will never be taken: set it aside with --set-aside, mend it, "
		       "send it anew";
	case LIANDAN__VERDICT__THROTTLED:
	case LIANDAN__VERDICT__UNAVAILABLE:
		return "nothing is lost: run the command again later";
	case LIANDAN__VERDICT__HELD:
		return "it takes effect by itself when what it waits for arrives";
	default:
		return NULL;
	}
}

void ld_report_of_receipt(const Liandan__Receipt *receipt, struct ld_report *out)
{
	memset(out, 0, sizeof(*out));
	out->verdict = receipt->verdict;
	out->reason = receipt->reason;
	out->detail = receipt->details;
	out->in_ledger = ld_verdict_in_ledger(receipt->verdict);
	out->duplicate = receipt->duplicate;
	out->index = receipt->index;
	out->seq = receipt->seq;
	out->recorded_at_ms = receipt->recorded_at_ms;
	if (receipt->event_hash.len == LD_HASH_BYTES)
		out->event_hash = receipt->event_hash.data;
	out->n_violations = receipt->n_violations;
	out->violations = receipt->violations;
	out->expected_seq = receipt->expected_seq;
}

static cJSON *violations_json(const struct ld_report *r)
{
	cJSON *list = cJSON_CreateArray();
	for (size_t i = 0; i < r->n_violations; i++) {
		const Liandan__Violation *v = r->violations[i];
		cJSON *o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "reason", ld_reason_name(v->reason));
		cJSON_AddStringToObject(o, "subject", v->subject);
		ld_json_i64(o, "value", v->value);
		ld_json_i64(o, "threshold", v->threshold);
		cJSON_AddStringToObject(o, "en", ld_reason_en(v->reason));
		cJSON_AddStringToObject(o, "zh", ld_reason_zh(v->reason));
		cJSON_AddItemToArray(list, o);
	}
	return list;
}

static void print_as_json(const struct ld_report *r)
{
	cJSON *o = cJSON_CreateObject();
	if (r->where)
		cJSON_AddStringToObject(o, "where", r->where);
	if (r->label)
		cJSON_AddStringToObject(o, "label", r->label);
	cJSON_AddStringToObject(o, "body", r->body);
	cJSON_AddStringToObject(o, "verdict", ld_verdict_name(r->verdict));
	cJSON_AddStringToObject(o, "verdict_en", ld_verdict_en(r->verdict));
	cJSON_AddStringToObject(o, "verdict_zh", ld_verdict_zh(r->verdict));
	if (r->reason != LIANDAN__REASON__REASON_NONE) {
		cJSON_AddStringToObject(o, "reason", ld_reason_name(r->reason));
		cJSON_AddStringToObject(o, "reason_en", ld_reason_en(r->reason));
		cJSON_AddStringToObject(o, "reason_zh", ld_reason_zh(r->reason));
	}
	if (r->detail && *r->detail)
		cJSON_AddStringToObject(o, "details", r->detail);
	cJSON_AddBoolToObject(o, "in_ledger", r->in_ledger);
	if (r->in_ledger)
		ld_json_i64(o, "index", (int64_t)r->index);
	if (r->seq)
		ld_json_i64(o, "seq", (int64_t)r->seq);
	if (r->recorded_at_ms)
		ld_json_i64(o, "recorded_at_ms", r->recorded_at_ms);
	if (r->event_hash)
		ld_json_hex(o, "event_hash", r->event_hash, LD_HASH_BYTES);
	if (r->duplicate)
		cJSON_AddBoolToObject(o, "duplicate", true);
	if (r->n_violations)
		cJSON_AddItemToObject(o, "violations", violations_json(r));
	if (r->expected_seq)
		ld_json_i64(o, "expected_seq", (int64_t)r->expected_seq);
	if (r->proof)
		cJSON_AddStringToObject(o, "proof", r->proof);
	if (ld_report_advice(r->verdict))
		cJSON_AddStringToObject(o, "next", ld_report_advice(r->verdict));
	ld_print_json(o);
}

/* No receipt of its own: what is known is that it is in the ledger. */
static void print_covered(struct ld_cli *cli, const struct ld_report *r)
{
	static const char en[] = "In the ledger, before the event whose receipt came.";
	static const char zh[] = "已入账，先于收到回执的事件。";
	if (cli->json) {
		cJSON *o = cJSON_CreateObject();
		if (r->where)
			cJSON_AddStringToObject(o, "where", r->where);
		cJSON_AddStringToObject(o, "body", r->body);
		cJSON_AddBoolToObject(o, "in_ledger", true);
		cJSON_AddBoolToObject(o, "covered", true);
		ld_json_i64(o, "seq", (int64_t)r->seq);
		if (r->event_hash)
			ld_json_hex(o, "event_hash", r->event_hash, LD_HASH_BYTES);
		cJSON_AddStringToObject(o, "en", en);
		cJSON_AddStringToObject(o, "zh", zh);
		ld_print_json(o);
		return;
	}
	printf("%8s  in ledger %s  (%s)  %s / %s\n", "-", r->body, r->where ? r->where : "spool",
	       en, zh);
}

static const char *colour(const struct ld_cli *cli, const struct ld_report *r)
{
	if (!cli->tty)
		return "";
	if (r->verdict == LIANDAN__VERDICT__ACCEPTED)
		return r->n_violations ? "\033[33m" : "\033[32m";
	return r->verdict == LIANDAN__VERDICT__HELD ? "\033[33m" : "\033[31m";
}

void ld_report_print(struct ld_cli *cli, const struct ld_report *r)
{
	char detail[512];
	if (r->covered) {
		print_covered(cli, r);
		return;
	}
	if (cli->json) {
		print_as_json(r);
		return;
	}
	if (r->in_ledger)
		printf("%8llu  ", (unsigned long long)r->index);
	else
		printf("%8s  ", "-");
	printf("%s%-9s%s %s", colour(cli, r), ld_verdict_name(r->verdict),
	       cli->tty ? "\033[0m" : "", r->body);
	if (r->label)
		printf(" $%s", r->label);
	if (r->where)
		printf("  (%s)", r->where);
	if (r->duplicate)
		printf("  [had it already 已收到过]");
	if (r->proof)
		printf("  proof %s", r->proof);
	putchar('\n');
	if (r->reason != LIANDAN__REASON__REASON_NONE)
		printf("          %s: %s / %s\n", ld_reason_name(r->reason),
		       ld_reason_en(r->reason), ld_reason_zh(r->reason));
	else if (!r->in_ledger)
		printf("          %s / %s\n", ld_verdict_en(r->verdict), ld_verdict_zh(r->verdict));
	if (r->detail && *r->detail)
		printf("          %s\n", ld_printable(r->detail, detail, sizeof(detail)));
	for (size_t i = 0; i < r->n_violations; i++) {
		const Liandan__Violation *v = r->violations[i];
		printf("          ! %s %s: %lld (limit %lld): %s / %s\n", ld_reason_name(v->reason),
		       ld_printable(v->subject, detail, sizeof(detail)), (long long)v->value,
		       (long long)v->threshold, ld_reason_en(v->reason), ld_reason_zh(v->reason));
	}
	if (r->expected_seq)
		printf("          the ledger expects seq %llu, this has %llu\n",
		       (unsigned long long)r->expected_seq, (unsigned long long)r->seq);
	if (r->verdict != LIANDAN__VERDICT__ACCEPTED && ld_report_advice(r->verdict))
		printf("          next: %s\n", ld_report_advice(r->verdict));
	fflush(stdout);
}
