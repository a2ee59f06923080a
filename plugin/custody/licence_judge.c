/* Who is licensed for what, and who is registered at all. CUSTODY-2, 6, 14; Order 23 articles 10
 * to 13. */
#include <string.h>

#include "plugin/custody/manifest_judge.h"
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

/* Judged at sealing and at taking; a withdrawal may let what was sealed before it finish. */
static bool in_force(const Custody__Licence *l, const struct ld_licence_need *need)
{
	const Liandan__LicenceGranted *g = l->granted;

	if (need->at_ms < g->from_ms || (g->to_ms != 0 && need->at_ms >= g->to_ms))
		return false;
	if (l->withdrawn_ms == 0 || need->at_ms < l->withdrawn_ms)
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
	size_t skip;
	bool found;
};

static int licence_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		       size_t len)
{
	struct licence_walk *w = ctx;
	char id[LD_MAX_ID_BYTES + 1];
	size_t n = key_len - w->skip;
	size_t mark = ld_mark(w->c);
	Custody__Licence *l;

	(void)value;
	(void)len;
	if (n > LD_MAX_ID_BYTES)
		return 0;
	memcpy(id, key + w->skip, n);
	id[n] = '\0';
	w->found = ld_licence_get(w->c, id, &l) == LD_OK && covers(l, w->need);
	ld_release(w->c, mark);
	return w->found;
}

bool ld_licensed(struct ld_custody *c, const struct ld_licence_need *need)
{
	struct licence_walk w = {.c = c, .need = need};
	struct ld_tkey k;

	if (need->licence[0] != '\0') {
		size_t mark = ld_mark(c);
		Custody__Licence *l;
		bool yes = ld_licence_get(c, need->licence, &l) == LD_OK && covers(l, need);

		ld_release(c, mark);
		return yes;
	}
	ld_tkey_init(&k);
	ld_tkey_str(&k, need->party);
	w.skip = k.len;
	ld_state_walk(c->state, LD_T_PARTY_LICENCE, k.b, k.len, NULL, 0, licence_one, &w, NULL);
	return w.found;
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
