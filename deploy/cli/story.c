#include "deploy/cli/story.h"

#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/manifest.h"
#include "proto/base64.h"
#include "proto/verdict.h"

#define INDENT LD_STORY_INDENT

void ld_mass_text(int64_t grams, char out[32])
{
	uint64_t g = grams < 0 ? 0 - (uint64_t)grams : (uint64_t)grams;
	snprintf(out, 32, "%s%llu.%03llu kg", grams < 0 ? "-" : "", (unsigned long long)(g / 1000),
		 (unsigned long long)(g % 1000));
}

static int64_t items_g(Liandan__Item *const *items, size_t n)
{
	int64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		if (__builtin_add_overflow(sum, items[i]->mass_g, &sum))
			return INT64_MAX;
	return sum;
}

void ld_story_items(const char *what, Liandan__Item *const *items, size_t n)
{
	char mass[32];
	if (n == 0)
		return;
	ld_mass_text(items_g(items, n), mass);
	printf(INDENT "%s: %zu items, %s\n", what, n, mass);
}

static void say_created(const Liandan__ManifestCreated *m)
{
	char mass[32], text[300];
	printf(INDENT "%s (%s)", ld_printable(m->generator, text, sizeof(text)), m->site);
	if (m->receiver)
		printf(" -> %s (%s)", m->receiver->party, m->receiver->site);
	if (*m->number)
		printf("  number 编号 %s", m->number);
	putchar('\n');
	for (size_t i = 0; i < m->n_carriers; i++)
		printf(INDENT "leg %u: carrier 承运人 %s\n", m->carriers[i]->order,
		       m->carriers[i]->party);
	for (size_t i = 0; i < m->n_lines; i++) {
		const Liandan__Line *l = m->lines[i];
		ld_mass_text(l->quantity ? l->quantity->mass_g : 0, mass);
		printf(INDENT "line %u: %s %s  %s declared 申报\n", l->line, l->code,
		       ld_printable(l->trade_name, text, sizeof(text)), mass);
	}
}

static void say_weighed(const Liandan__Weighed *w)
{
	static const char *const kinds[] = {"?", "gross 毛重", "tare 皮重", "net 净重",
					    "count 件数"};
	char mass[32];
	size_t kind = (size_t)w->kind < sizeof(kinds) / sizeof(kinds[0]) ? (size_t)w->kind : 0;
	ld_mass_text(w->mass_g, mass);
	printf(INDENT "%s %s  scale %s  %s%s%s\n", kinds[kind], mass, w->instrument, w->plate,
	       w->stable ? "" : "  not stable", w->manual ? "  typed by hand 手工录入" : "");
}

static void say_child(ProtobufCBinaryData child)
{
	char hex[2 * LD_UUID_BYTES + 1];
	if (child.len != LD_UUID_BYTES)
		return;
	ld_hex_encode(child.data, child.len, hex);
	printf(INDENT "goes on as manifest 由子联单承接 %s\n", hex);
}

static void say_taken(const Liandan__HandoverTaken *t)
{
	char eta[24];
	ld_time_text(t->eta_ms, eta);
	printf(INDENT "leg %u: plate 车牌 %s  driver 驾驶员 %s  expected %s\n", t->leg, t->plate,
	       t->driver, eta);
	ld_story_items("taken 承运", t->items, t->n_items);
	say_child(t->child);
}

static void say_accepted(const Liandan__Event *e, const char *opinion)
{
	const struct ld_acceptance a = ld_acceptance_of(e);
	char mass[32], text[300];
	for (size_t i = 0; i < a.n_lines; i++) {
		ld_mass_text(a.lines[i]->mass_g, mass);
		printf(INDENT "line %u: accepted 接受 %s  mode %s\n", a.lines[i]->line, mass,
		       a.lines[i]->mode);
	}
	if (a.discrepancy || a.significant)
		printf(INDENT "discrepancy bits 差异 %u%s  %s\n", a.discrepancy,
		       a.significant ? ", significant 重大" : "",
		       ld_printable(opinion, text, sizeof(text)));
}

static void say_refused(const Liandan__PartlyAccepted *p)
{
	char mass[32];
	for (size_t i = 0; i < p->n_refused; i++) {
		const Liandan__Item *item = p->refused[i]->item;
		ld_mass_text(item->mass_g, mass);
		printf(INDENT "line %u: refused 拒收 %s%s%s\n", item->line, mass,
		       *item->container ? "  " : "", item->container);
	}
	say_child(p->child);
}

static void say_redirected(const Liandan__Redirected *r)
{
	printf(INDENT "%s -> %s (%s)  carrier 承运人 %s%s%s\n",
	       r->kind == LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN ? "returned 退回"
								       : "redirected 改运",
	       r->receiver ? r->receiver->party : "?", r->receiver ? r->receiver->site : "?",
	       r->carrier, *r->order_no ? "  order 文号 " : "", r->order_no);
	say_child(r->child);
}

static void say_event(const Liandan__Event *e)
{
	char text[300];
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_MANIFEST_CREATED:
		say_created(e->manifest_created);
		break;
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
		ld_story_items("sealed 封存", e->manifest_sealed->items,
			       e->manifest_sealed->n_items);
		break;
	case LIANDAN__EVENT__BODY_HANDOVER_OFFERED:
		printf(INDENT "leg %u, to %s\n", e->handover_offered->leg,
		       e->handover_offered->to_party);
		break;
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		say_taken(e->handover_taken);
		break;
	case LIANDAN__EVENT__BODY_WEIGHED:
		say_weighed(e->weighed);
		break;
	case LIANDAN__EVENT__BODY_ARRIVED:
		printf(INDENT "plate %s at %s\n", e->arrived->plate, e->arrived->site);
		break;
	case LIANDAN__EVENT__BODY_RECEIVED:
		printf(INDENT "at %s from plate %s\n", e->received->site, e->received->plate);
		ld_story_items("received 接收", e->received->items, e->received->n_items);
		break;
	case LIANDAN__EVENT__BODY_ACCEPTED:
		say_accepted(e, e->accepted->opinion);
		break;
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
		say_accepted(e, e->partly_accepted->opinion);
		say_refused(e->partly_accepted);
		break;
	case LIANDAN__EVENT__BODY_REDIRECTED:
		say_redirected(e->redirected);
		break;
	case LIANDAN__EVENT__BODY_REJECTED:
		printf(INDENT "rejected 拒收: %s\n",
		       ld_printable(e->rejected->text, text, sizeof(text)));
		break;
	default:
		ld_story_stock(e);
		ld_story_finding(e);
		break;
	}
	if (e->note && *e->note)
		printf(INDENT "note: %s\n", ld_printable(e->note, text, sizeof(text)));
}

static void say_anomaly(const Liandan__AnomalyRaised *a)
{
	char from[24], to[24];
	ld_time_text(a->from_ms, from);
	ld_time_text(a->to_ms, to);
	printf(INDENT "level %u: %s / %s", a->level, ld_anomaly_en(a->kind),
	       ld_anomaly_zh(a->kind));
	if (a->reason)
		printf(": %s / %s", ld_reason_en(a->reason), ld_reason_zh(a->reason));
	printf("\n" INDENT "%s  from %s to %s", a->subject, from, to);
	for (size_t i = 0; i < a->n_figures; i++)
		printf("  %s=%lld/%lld", a->figures[i]->name, (long long)a->figures[i]->value,
		       (long long)a->figures[i]->threshold);
	putchar('\n');
}

static void say_own(const Liandan__OwnEvent *o)
{
	char taken[32], accepted[32], loss[32];
	switch (o->body_case) {
	case LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED:
		for (size_t i = 0; i < o->manifest_closed->n_lines; i++) {
			const Liandan__ClosedLine *l = o->manifest_closed->lines[i];
			ld_mass_text(l->taken_g, taken);
			ld_mass_text(l->accepted_g, accepted);
			ld_mass_text(l->loss_g, loss);
			printf(INDENT "line %u: taken %s, accepted %s, loss 损失 %s", l->line,
			       taken, accepted, loss);
			ld_mass_text(l->passed_g, taken);
			if (l->passed_g)
				printf(", passed on 转承 %s", taken);
			putchar('\n');
		}
		break;
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED:
		say_anomaly(o->anomaly_raised);
		break;
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED:
		printf(INDENT "anomaly %llu is now\n",
		       (unsigned long long)o->anomaly_updated->anomaly);
		if (o->anomaly_updated->now)
			say_anomaly(o->anomaly_updated->now);
		break;
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED:
		printf(INDENT "anomaly %llu is over 已解除\n",
		       (unsigned long long)o->anomaly_cleared->anomaly);
		break;
	case LIANDAN__OWN_EVENT__BODY_HELD_APPLIED:
		printf(INDENT "held entry %llu takes effect: %s\n",
		       (unsigned long long)o->held_applied->index,
		       ld_verdict_name(o->held_applied->verdict));
		break;
	case LIANDAN__OWN_EVENT__BODY_HELD_EXPIRED:
		printf(INDENT "what held entry %llu waited for never came\n",
		       (unsigned long long)o->held_expired->index);
		break;
	case LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED:
		ld_time_text(o->deadline_missed->due_ms, taken);
		printf(INDENT "was due 期限 %s\n", taken);
		break;
	default:
		break;
	}
}

void ld_story_print(const struct ld_leaf *leaf)
{
	const Liandan__Entry *e = leaf->entry;
	char detail[300];
	if (e->reason)
		printf(INDENT "%s / %s\n", ld_reason_en(e->reason), ld_reason_zh(e->reason));
	if (e->detail && *e->detail)
		printf(INDENT "%s\n", ld_printable(e->detail, detail, sizeof(detail)));
	for (size_t i = 0; i < e->n_violations; i++)
		printf(INDENT "! %s: %s / %s (%lld, limit %lld)\n",
		       ld_printable(e->violations[i]->subject, detail, sizeof(detail)),
		       ld_reason_en(e->violations[i]->reason),
		       ld_reason_zh(e->violations[i]->reason), (long long)e->violations[i]->value,
		       (long long)e->violations[i]->threshold);
	if (leaf->event)
		say_event(leaf->event);
	else
		say_own(leaf->own);
}
