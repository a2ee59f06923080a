/* The draft's own checks, and the cancellation's. CUSTODY-1, 4. */
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"

#include <inttypes.h>
#include <string.h>

static const Liandan__ManifestCreated *draft_of(const struct ld_case *k)
{
	return k->f->event->manifest_created;
}

/* Children are made by a partial hand-over, a return or a redirection, not by a draft. */
bool ld_check_draft_kind(struct ld_case *k)
{
	const Liandan__ManifestKind kind = draft_of(k)->kind;

	return kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL ||
	       kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD ||
	       ld_refuse(k->j, LIANDAN__REASON__LIMIT, "child manifests are not made by a draft");
}

bool ld_check_generator_registered(struct ld_case *k)
{
	const char *party = draft_of(k)->generator;

	return ld_party_active(k->c, party, LIANDAN__ROLE__ROLE_GENERATOR, k->f->recorded_at_ms) ||
	       ld_failed(k, LIANDAN__REASON__UNKNOWN_PARTY, party, 0, 0,
			 "%s is not registered as a generator", party);
}

bool ld_check_receiver_registered(struct ld_case *k)
{
	const Liandan__Receiver *r = draft_of(k)->receiver;

	if (r == NULL)
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_PARTY, "it names no receiver");
	return ld_party_active(k->c, r->party, LIANDAN__ROLE__ROLE_RECEIVER,
			       k->f->recorded_at_ms) ||
	       ld_failed(k, LIANDAN__REASON__UNKNOWN_PARTY, r->party, 0, 0,
			 "%s is not registered as a receiver", r->party);
}

static bool site_usable(struct ld_case *k, const char *site, const char *party)
{
	return ld_site_usable(k->c, site, party, k->f->recorded_at_ms) ||
	       ld_failed(k, LIANDAN__REASON__UNKNOWN_SITE, site, 0, 0, "%s is not a site of %s",
			 site, party);
}

bool ld_check_sites_usable(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = draft_of(k);

	return site_usable(k, b->site, b->generator) &&
	       site_usable(k, b->receiver->site, b->receiver->party);
}

bool ld_check_other_site(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = draft_of(k);

	return strcmp(b->site, b->receiver->site) != 0 ||
	       ld_failed(k, LIANDAN__REASON__SAME_SITE, b->site, 0, 0,
			 "%s is origin and destination", b->site);
}

bool ld_check_carriers_registered(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = draft_of(k);
	bool first = false;

	for (size_t i = 0; i < b->n_carriers; i++) {
		const char *party = b->carriers[i]->party;

		if (!ld_party_active(k->c, party, LIANDAN__ROLE__ROLE_CARRIER,
				     k->f->recorded_at_ms) &&
		    !ld_failed(k, LIANDAN__REASON__UNKNOWN_PARTY, party, b->carriers[i]->order, 0,
			       "%s is not registered as a carrier", party))
			return false;
		first = first || b->carriers[i]->order == 1;
	}
	/* none at all: by pipeline, CUSTODY-25 */
	return first || b->n_carriers == 0 ||
	       ld_failed(k, LIANDAN__REASON__UNKNOWN_PARTY, "carrier", 0, 1,
			 "no carrier is named for leg 1");
}

static bool line_form(const Liandan__ManifestCreated *b, size_t at, struct ld_judgement *j)
{
	const Liandan__Line *line = b->lines[at];

	if (line->line == 0)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "lines are numbered from 1");
	for (size_t i = 0; i < at; i++)
		if (b->lines[i]->line == line->line)
			return ld_refuse(j, LIANDAN__REASON__QUANTITY,
					 "line %" PRIu32 " is there twice", line->line);
	if (line->quantity == NULL || line->quantity->mass_g <= 0 ||
	    line->quantity->mass_g > LD_MAX_MASS_G)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "line %" PRIu32 " has no mass",
				 line->line);
	return true;
}

bool ld_check_line_form(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = draft_of(k);

	for (size_t i = 0; i < b->n_lines; i++)
		if (!line_form(b, i, k->j))
			return false;
	return true;
}

bool ld_check_line_codes(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = draft_of(k);

	for (size_t i = 0; i < b->n_lines; i++) {
		const Liandan__Line *line = b->lines[i];

		if (!ld_code_known(line->code_system, line->code) &&
		    !ld_failed(k, LIANDAN__REASON__BAD_WASTE_CODE, line->code, line->line, 0,
			       "line %" PRIu32 ": no such code %s", line->line, line->code))
			return false;
	}
	return true;
}

/* The generator's record, or NULL. */
static Custody__Party *party_of(const struct ld_case *k, const char *party)
{
	Custody__Party *p;

	return ld_party_get(k->c, party, &p) == LD_OK ? p : NULL;
}

bool ld_check_draft_room(struct ld_case *k)
{
	const Custody__Party *p = party_of(k, draft_of(k)->generator);

	return p == NULL || p->drafts < LD_MAX_DRAFTS_PER_PARTY ||
	       ld_refuse(k->j, LIANDAN__REASON__LIMIT, "%d drafts are open already",
			 LD_MAX_DRAFTS_PER_PARTY);
}

/* CUSTODY-4 */
bool ld_check_no_live_offer(struct ld_case *k)
{
	return !ld_offer_live(k->m, k->f->recorded_at_ms) ||
	       ld_failed(k, LIANDAN__REASON__OUT_OF_ORDER, k->m->offer->to_party, 0, 0,
			 "an offer to %s is open: withdraw it first", k->m->offer->to_party);
}
