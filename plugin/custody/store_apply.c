/* Stock of a site, and the clocks of what is stored. Tables SITE_STOCK, TO_CLOSE: store.h. */
#include "plugin/custody/store.h"

#include <string.h>

#include "plugin/custody/forward.h"
#include "plugin/custody/manifest.h"

int64_t ld_site_stock_g(struct ld_custody *c, const char *site)
{
	const uint8_t *value;
	size_t len;
	uint64_t v = 0;

	if (ld_state_get(c->state, LD_T_SITE_STOCK, site, strnlen(site, LD_MAX_ID_BYTES), &value,
			 &len) != LD_OK)
		return 0;
	for (size_t i = 0; i < len && i < 8; i++)
		v = v << 8 | value[i];
	return (int64_t)v;
}

enum ld_err ld_site_stock_add(struct ld_custody *c, const char *site, int64_t mass_g)
{
	struct ld_tkey v;

	if (mass_g == 0)
		return LD_OK;
	ld_tkey_init(&v);
	ld_tkey_u64(&v, (uint64_t)ld_add_g(ld_site_stock_g(c, site), mass_g));
	return ld_state_put(c->state, LD_T_SITE_STOCK, site, strnlen(site, LD_MAX_ID_BYTES), v.b,
			    v.len);
}

static enum ld_err clocks(struct ld_custody *c, const Custody__Manifest *m, int64_t treat_ms,
			  int64_t age_ms)
{
	enum ld_err err =
	    ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_TREATMENT, treat_ms);

	return err == LD_OK
		   ? ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_AGE, age_ms)
		   : err;
}

/* Law article 81: a licensed operator stores at most a year, also what came back to it; a generator
 * has its own clock (storage). */
bool ld_with_operator(struct ld_custody *c, const Custody__Manifest *m)
{
	size_t mark = ld_mark(c);
	Custody__Party *p;
	bool operates = m->created->kind != LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN;

	if (!operates && ld_party_get(c, m->created->receiver->party, &p) == LD_OK)
		operates = (p->registered->roles & LIANDAN__ROLE__ROLE_RECEIVER) != 0;
	ld_release(c, mark);
	return operates;
}

/* ---- CUSTODY-19: closed at treatment ---- */

enum ld_err ld_close_done(struct ld_custody *c, const Custody__Manifest *m)
{
	enum ld_err err = ld_state_del(c->state, LD_T_TO_CLOSE, m->manifest.data, m->manifest.len);

	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

/* One that has been accepted and is not closed waits for this. */
static enum ld_err to_close(struct ld_custody *c, const Custody__Manifest *m)
{
	if (m->state != CUSTODY__MANIFEST_STATE__ACCEPTED_ALL &&
	    m->state != CUSTODY__MANIFEST_STATE__PARTLY_ACCEPTED)
		return LD_OK;
	return ld_state_put(c->state, LD_T_TO_CLOSE, m->manifest.data, m->manifest.len, "", 0);
}

/* ---- the clocks ---- */

enum ld_err ld_treatment_clocks(struct ld_custody *c, const Custody__Manifest *m)
{
	const struct ld_rules *r = ld_rules_of(c, m);
	enum ld_err err;

	if (ld_manifest_left_g(m) <= 0)
		return ld_manifest_spent(c, m);
	err = ld_close_done(c, m);
	return err == LD_OK
		   ? clocks(c, m, m->accepted_ms + r->treatment_ms, m->accepted_ms + r->age_ms)
		   : err;
}

enum ld_err ld_manifest_spent(struct ld_custody *c, const Custody__Manifest *m)
{
	enum ld_err err;

	if (ld_manifest_left_g(m) > 0)
		return LD_OK;
	err = clocks(c, m, 0, 0);
	return err == LD_OK ? to_close(c, m) : err;
}
