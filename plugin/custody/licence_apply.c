/* Who is licensed for what, and what counts on a licence in a year. CUSTODY-2, 6, 14; Order 23
 * articles 10 to 13. */
#include <string.h>

#include "plugin/custody/licence.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/year.h"
#include "proto/waste_code.h"

static bool code_covered(const Liandan__LicenceGranted *g, const char *code)
{
	for (size_t i = 0; i < g->n_codes; i++)
		if (ld_waste_code_covers(g->codes[i], code))
			return true;
	return false;
}

static bool mode_covered(const Liandan__LicenceGranted *g, const char *mode)
{
	if (mode[0] == '\0' || g->n_modes == 0)
		return true;
	for (size_t i = 0; i < g->n_modes; i++)
		if (strcmp(g->modes[i], mode) == 0)
			return true;
	return false;
}

/* Judged at sealing and at taking; a withdrawal may let what was sealed before it finish, or not.
 */
static bool in_force(const Custody__Licence *l, const struct ld_licence_need *need)
{
	const Liandan__LicenceGranted *g = l->granted;
	const int64_t act_ms = need->act_ms != 0 ? need->act_ms : need->at_ms;

	if (need->at_ms < g->from_ms || (g->to_ms != 0 && need->at_ms >= g->to_ms))
		return false;
	if (l->withdrawn_ms == 0 || act_ms < l->withdrawn_ms)
		return true;
	return l->in_flight == LIANDAN__IN_FLIGHT__IN_FLIGHT_MAY_FINISH && need->sealed_ms != 0 &&
	       need->sealed_ms < l->withdrawn_ms;
}

static bool covers(const Custody__Licence *l, const struct ld_licence_need *need)
{
	const Liandan__LicenceGranted *g = l->granted;

	if (g == NULL || strcmp(g->party, need->party) != 0)
		return false;
	if ((LD_LICENCE_BIT(g->kind) & need->kinds) == 0 || !in_force(l, need))
		return false;
	if (g->site[0] != '\0' && need->site[0] != '\0' && strcmp(g->site, need->site) != 0)
		return false;
	return code_covered(g, need->code) && mode_covered(g, need->mode);
}

struct licence_walk {
	struct ld_custody *c;
	const struct ld_licence_need *need;
	struct ld_licence_found *out;
	size_t skip;
	bool found;
};

static bool look_at(struct licence_walk *w, const char *id)
{
	size_t mark = ld_mark(w->c);
	Custody__Licence *l;
	const bool yes = ld_licence_get(w->c, id, &l) == LD_OK && covers(l, w->need);

	if (yes && (!w->found || (w->out->annual_g == 0 && l->granted->annual_g != 0))) {
		size_t n = strnlen(id, LD_MAX_ID_BYTES);

		memcpy(w->out->licence, id, n);
		w->out->licence[n] = '\0';
		w->out->annual_g = l->granted->annual_g;
		w->found = true;
	}
	ld_release(w->c, mark);
	return yes;
}

static int licence_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		       size_t len)
{
	struct licence_walk *w = ctx;
	char id[LD_MAX_ID_BYTES + 1];
	size_t n = key_len - w->skip;

	(void)value;
	(void)len;
	if (n > LD_MAX_ID_BYTES)
		return 0;
	memcpy(id, key + w->skip, n);
	id[n] = '\0';
	look_at(w, id);
	return w->found && w->out->annual_g != 0;
}

bool ld_licence_covering(struct ld_custody *c, const struct ld_licence_need *need,
			 struct ld_licence_found *out)
{
	struct licence_walk w = {.c = c, .need = need, .out = out};
	struct ld_tkey k;

	*out = (struct ld_licence_found){"", 0};
	if (need->licence[0] != '\0')
		return look_at(&w, need->licence);
	ld_tkey_init(&k);
	ld_tkey_str(&k, need->party);
	w.skip = k.len;
	ld_state_walk(c->state, LD_T_PARTY_LICENCE, k.b, k.len, NULL, 0, licence_one, &w, NULL);
	return w.found;
}

bool ld_licence_of_line(struct ld_custody *c, const Custody__Manifest *m, const Liandan__Line *line,
			struct ld_licence_found *out)
{
	const Liandan__Receiver *r = m->created->receiver;
	struct ld_licence_need need = {.party = r->party,
				       .licence = r->licence,
				       .site = r->site,
				       .kinds = LD_LICENCE_RECEIVE,
				       .code = line->code,
				       .mode = line->mode,
				       .at_ms = m->sealed_ms,
				       .sealed_ms = m->sealed_ms};

	if (ld_licence_covering(c, &need, out))
		return true;
	need.licence = "";
	need.mode = ""; /* accepted by another mode than declared: it is received all the same */
	return ld_licence_covering(c, &need, out);
}

enum ld_err ld_licence_count(struct ld_custody *c, const Custody__Manifest *m, int sign)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < m->created->n_lines; i++) {
		const Liandan__Line *line = m->created->lines[i];
		const int64_t mass_g = ld_line_accepted_g(m, line->line);
		struct ld_licence_found on;

		if (mass_g != 0 && ld_licence_of_line(c, m, line, &on))
			err = ld_year_add(c, LD_YEAR_ACCEPTED, on.licence, "", m->accepted_year,
					  sign > 0 ? mass_g : ld_sub_g(0, mass_g));
	}
	return err;
}
