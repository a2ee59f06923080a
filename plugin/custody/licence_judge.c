/* Who is licensed and registered at all, and how much of a licence's year is used up. CUSTODY-2, 6,
 * 14; 5C M12. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"
#include "plugin/custody/year.h"

bool ld_licensed(struct ld_custody *c, const struct ld_licence_need *need)
{
	struct ld_licence_found found;

	return ld_licence_covering(c, need, &found);
}

bool ld_signer_is(const struct ld_fact *f, uint32_t roles, const char *party)
{
	return (f->signer->roles & roles) != 0 && strcmp(f->signer->party, party) == 0;
}

bool ld_party_active(struct ld_custody *c, const char *party, uint32_t role, int64_t at_ms)
{
	size_t mark = ld_mark(c);
	Custody__Party *p;
	bool yes = false;

	if (ld_party_get(c, party, &p) == LD_OK)
		yes = at_ms >= p->registered->from_ms &&
		      (p->registered->to_ms == 0 || at_ms < p->registered->to_ms) &&
		      (p->registered->roles & role) == role;
	ld_release(c, mark);
	return yes;
}

bool ld_site_usable(struct ld_custody *c, const char *site, const char *party, int64_t at_ms)
{
	size_t mark = ld_mark(c);
	Custody__Site *s;
	bool yes = false;

	if (ld_site_get(c, site, &s) == LD_OK)
		yes = strcmp(s->registered->party, party) == 0 &&
		      s->registered->kind != LIANDAN__SITE_KIND__SITE_KIND_RED_ZONE &&
		      s->registered->kind != LIANDAN__SITE_KIND__SITE_KIND_PARKING &&
		      at_ms >= s->registered->from_ms &&
		      (s->registered->to_ms == 0 || at_ms < s->registered->to_ms);
	ld_release(c, mark);
	return yes;
}

/* ---- the year ---- */

/* Licences that the lines of a manifest count on, with what is accepted of each. */
struct on_licence {
	struct ld_licence_found licence;
	int64_t mass_g;
};
struct on_licences {
	struct on_licence of[LD_MAX_LINES];
	size_t n;
};

static void add_line(struct on_licences *all, const struct ld_licence_found *found, int64_t mass_g)
{
	size_t i = 0;

	while (i < all->n && strcmp(all->of[i].licence.licence, found->licence) != 0)
		i++;
	if (i == LD_MAX_LINES)
		return;
	if (i == all->n)
		all->of[all->n++] = (struct on_licence){*found, 0};
	all->of[i].mass_g = ld_add_g(all->of[i].mass_g, mass_g);
}

static void licences_of(struct ld_custody *c, const Custody__Manifest *m, const Liandan__Event *e,
			struct on_licences *all)
{
	struct ld_licence_found found;

	all->n = 0;
	for (size_t i = 0; i < m->created->n_lines && i < LD_MAX_LINES; i++)
		if (ld_licence_of_line(c, m, m->created->lines[i], &found))
			add_line(all, &found, ld_event_accepts_g(e, m->created->lines[i]->line));
}

/* What the licence allows in a year covers what was accepted on it and this. */
bool ld_check_licence_scale(struct ld_case *k)
{
	const uint32_t year = ld_china_year(k->f->recorded_at_ms);
	struct on_licences all;

	licences_of(k->c, k->m, k->f->event, &all);
	for (size_t i = 0; i < all.n; i++) {
		const struct on_licence *on = &all.of[i];
		const int64_t used = ld_add_g(
		    ld_year_g(k->c, LD_YEAR_ACCEPTED, on->licence.licence, "", year), on->mass_g);

		if (on->licence.annual_g != 0 && used > on->licence.annual_g &&
		    !ld_failed(k, LIANDAN__REASON__LICENCE_EXCEEDED, on->licence.licence, used,
			       on->licence.annual_g, "licence %s allows less in a year",
			       on->licence.licence))
			return false;
	}
	return true;
}

/* 经营许可证管理办法 article 12(4): a fifth above the scale takes a new licence. */
static uint32_t over_level(const struct ld_rules *r, int64_t used_g, int64_t annual_g)
{
	return (__int128)used_g * 100 > (__int128)annual_g * r->licence_level4_pct ? 4 : 2;
}

void ld_licence_follow(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData manifest,
		       struct ld_own_list *own)
{
	const uint32_t year = ld_china_year(f->recorded_at_ms);
	Liandan__AnomalyRaised *over;
	struct on_licences all;
	Custody__Manifest *m;

	if (ld_manifest_get(c, manifest, &m) != LD_OK)
		return;
	licences_of(c, m, f->event, &all);
	for (size_t i = 0; i < all.n; i++) {
		const struct ld_licence_found *l = &all.of[i].licence;
		const int64_t used = ld_year_g(c, LD_YEAR_ACCEPTED, l->licence, "", year);

		if (l->annual_g == 0 || used <= l->annual_g)
			continue;
		over = ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__LICENCE_OVER,
				      over_level(c->rules, used, l->annual_g),
				      LIANDAN__SUBJECT_KIND__SUBJECT_KIND_LICENCE, l->licence, "");
		if (over == NULL)
			return;
		over->from_ms = over->to_ms = f->event->occurred_at_ms;
		ld_anomaly_figure(c, over, "accepted", used, l->annual_g,
				  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
		ld_anomaly_figure(c, over, "year", year, 0,
				  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
		ld_anomaly_evidence(c, over, f->index);
		ld_anomaly_report(c, own, over);
	}
}
