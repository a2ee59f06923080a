/* The draft: created, sealed, cancelled. Intentions: refused when a hard check fails. CUSTODY-1, 4.
 */
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"
#include "plugin/custody/year.h"

#include <inttypes.h>
#include <string.h>

#define NUMBER_DIGITS 14 /* Order 23 article 15: YYYY, province, prefecture, serial of six */

static int64_t number_part(const char *s, size_t n)
{
	int64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = 10 * v + (s[i] - '0');
	}
	return v;
}

/* CUSTODY-1: well-formed; the generator's prefecture, this year or the one next to it. */
static bool check_number(struct ld_custody *c, const struct ld_fact *f,
			 const Liandan__ManifestCreated *b, uint32_t division,
			 struct ld_judgement *j)
{
	int64_t now = ld_china_year(f->recorded_at_ms);
	const char *number = b->number;
	int64_t year;
	const uint8_t *value;
	size_t len;

	if (number[0] == '\0')
		return true;
	if (strlen(number) != NUMBER_DIGITS || number_part(number, NUMBER_DIGITS) < 0)
		return ld_refuse(j, LIANDAN__REASON__BAD_NUMBER, "the number must have 14 digits");
	year = number_part(number, 4);
	if (year < now - 1 || year > now + 1)
		return ld_refuse(j, LIANDAN__REASON__BAD_NUMBER, "the number's year is %" PRId64,
				 year);
	if (division != 0 && number_part(number + 4, 4) != (int64_t)division / 100)
		return ld_refuse(j, LIANDAN__REASON__BAD_NUMBER,
				 "the number's prefecture is %.4s, the generator's %" PRIu32,
				 number + 4, division / 100);
	if (ld_state_get(c->state, LD_T_NUMBER, number, strlen(number), &value, &len) == LD_OK)
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "number %s is in use", number);
	return true;
}

static bool check_line(const Liandan__ManifestCreated *b, size_t at, struct ld_judgement *j)
{
	const Liandan__Line *line = b->lines[at];

	if (line->line == 0)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "lines are numbered from 1");
	for (size_t i = 0; i < at; i++)
		if (b->lines[i]->line == line->line)
			return ld_refuse(j, LIANDAN__REASON__QUANTITY,
					 "line %" PRIu32 " is there twice", line->line);
	if (!ld_code_known(line->code_system, line->code))
		return ld_refuse(j, LIANDAN__REASON__BAD_WASTE_CODE,
				 "line %" PRIu32 ": no such code %s", line->line, line->code);
	if (line->quantity == NULL || line->quantity->mass_g <= 0 ||
	    line->quantity->mass_g > LD_MAX_MASS_G)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "line %" PRIu32 " has no mass",
				 line->line);
	return true;
}

static bool check_lines(const Liandan__ManifestCreated *b, struct ld_judgement *j)
{
	if (b->n_lines == 0)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "a manifest has at least one line");
	if (b->n_lines > LD_MAX_LINES)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "at most %d lines", LD_MAX_LINES);
	for (size_t i = 0; i < b->n_lines; i++)
		if (!check_line(b, i, j))
			return false;
	return true;
}

static bool check_carriers(struct ld_custody *c, const struct ld_fact *f,
			   const Liandan__ManifestCreated *b, struct ld_judgement *j)
{
	bool first = false;

	for (size_t i = 0; i < b->n_carriers; i++) {
		const char *party = b->carriers[i]->party;

		if (!ld_party_active(c, party, LIANDAN__ROLE__ROLE_CARRIER, f->recorded_at_ms))
			return ld_refuse(j, LIANDAN__REASON__UNKNOWN_PARTY,
					 "%s is not registered as a carrier", party);
		first = first || b->carriers[i]->order == 1;
	}
	return first ||
	       ld_refuse(j, LIANDAN__REASON__UNKNOWN_PARTY, "no carrier is named for leg 1");
}

static bool check_parties(struct ld_custody *c, const struct ld_fact *f,
			  const Liandan__ManifestCreated *b, struct ld_judgement *j)
{
	const Liandan__Receiver *r = b->receiver;
	int64_t at = f->recorded_at_ms;

	if (!ld_party_active(c, b->generator, LIANDAN__ROLE__ROLE_GENERATOR, at))
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_PARTY,
				 "%s is not registered as a generator", b->generator);
	if (r == NULL || !ld_party_active(c, r->party, LIANDAN__ROLE__ROLE_RECEIVER, at))
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_PARTY,
				 "%s is not registered as a receiver",
				 r != NULL ? r->party : "nobody");
	if (!ld_site_usable(c, b->site, b->generator, at))
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_SITE, "%s is not a site of %s",
				 b->site, b->generator);
	if (!ld_site_usable(c, r->site, r->party, at))
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_SITE, "%s is not a site of %s",
				 r->site, r->party);
	if (strcmp(b->site, r->site) == 0)
		return ld_refuse(j, LIANDAN__REASON__SAME_SITE, "%s is origin and destination",
				 b->site);
	return check_carriers(c, f, b, j);
}

/* Children are made by a partial hand-over, a return or a redirection, not by a draft; a collector
 * that sends on what it received names where it came from. */
static bool check_kind(struct ld_custody *c, const Liandan__ManifestCreated *b,
		       struct ld_judgement *j)
{
	if (b->kind != LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL &&
	    b->kind != LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD)
		return ld_refuse(j, LIANDAN__REASON__LIMIT,
				 "child manifests are not made by a draft");
	for (size_t i = 0; i < b->n_parents; i++) {
		size_t mark = ld_mark(c);
		Custody__Manifest *parent;
		enum ld_err err = ld_manifest_get(c, b->parents[i]->manifest, &parent);

		ld_release(c, mark);
		if (err != LD_OK)
			return ld_refuse(j, LIANDAN__REASON__UNKNOWN_MANIFEST,
					 "parent %zu is not in this ledger", i + 1);
	}
	return true;
}

/* CUSTODY-1 */
bool ld_created_judge(struct ld_custody *c, const struct ld_fact *f,
		      const Liandan__ManifestCreated *b, struct ld_judgement *j)
{
	Custody__Manifest *there;
	Custody__Party *p;

	if (!ld_signer_is(f, LIANDAN__ROLE__ROLE_GENERATOR, b->generator))
		return ld_wrong_role(f, j, "the generator");
	if (ld_manifest_get(c, b->manifest, &there) == LD_OK)
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "this manifest id is in use");
	if (!check_kind(c, b, j) || !check_parties(c, f, b, j) || !check_lines(b, j))
		return false;
	if (ld_party_get(c, b->generator, &p) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_PARTY, "%s is not registered",
				 b->generator);
	if (p->drafts >= LD_MAX_DRAFTS_PER_PARTY)
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "%d drafts are open already",
				 LD_MAX_DRAFTS_PER_PARTY);
	return check_number(c, f, b, p->registered->division, j);
}

bool ld_check_on_hold(struct ld_case *k)
{
	return (k->m->flags & CUSTODY__MANIFEST_FLAG__FLAG_ON_HOLD) == 0 ||
	       ld_failed(k, LIANDAN__REASON__ON_HOLD, k->row->who, 0, 0,
			 "a hold stands on this manifest");
}

/* CUSTODY-4 */
bool ld_check_no_live_offer(struct ld_case *k)
{
	return !ld_offer_live(k->m, k->f->recorded_at_ms) ||
	       ld_failed(k, LIANDAN__REASON__OUT_OF_ORDER, k->m->offer->to_party, 0, 0,
			 "an offer to %s is open: withdraw it first", k->m->offer->to_party);
}

bool ld_manifest_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j)
{
	const Liandan__Event *e = f->event;
	const struct ld_row *row = ld_row_of(e->body_case);

	if (row != NULL)
		return ld_table_judge(c, f, row, j);
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_MANIFEST_CREATED:
		return ld_created_judge(c, f, e->manifest_created, j);
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
		return ld_sealed_judge(c, f, e->manifest_sealed, j);
	case LIANDAN__EVENT__BODY_HANDOVER_OFFERED:
		return ld_offered_judge(c, f, e->handover_offered, j);
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		return ld_taken_judge(c, f, e->handover_taken, j);
	case LIANDAN__EVENT__BODY_HANDOVER_DECLINED:
		return ld_declined_judge(c, f, e->handover_declined, j);
	case LIANDAN__EVENT__BODY_ARRIVED:
		return ld_arrived_judge(c, f, e->arrived, j);
	case LIANDAN__EVENT__BODY_RECEIVED:
		return ld_received_judge(c, f, e->received, j);
	case LIANDAN__EVENT__BODY_ACCEPTED:
		return ld_accepted_judge(c, f, e->accepted, j);
	case LIANDAN__EVENT__BODY_REJECTED:
		return ld_rejected_judge(c, f, e->rejected, j);
	default:
		return ld_refuse(j, LIANDAN__REASON__LIMIT, "this body is not taken yet");
	}
}
