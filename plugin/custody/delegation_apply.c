/* Delegations, and what a manifest draws on them and on grants while it stands. Table DELEGATION.
 * CUSTODY-2, 3. */
#include <string.h>

#include "plugin/custody/delegation.h"
#include "plugin/custody/forward.h"
#include "plugin/custody/grant.h"
#include "plugin/custody/year.h"

static bool delegable(Liandan__Event__BodyCase body)
{
	switch (body) {
	case LIANDAN__EVENT__BODY_MANIFEST_CREATED:
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
	case LIANDAN__EVENT__BODY_MANIFEST_CANCELLED:
	case LIANDAN__EVENT__BODY_HANDOVER_OFFERED:
	case LIANDAN__EVENT__BODY_OFFER_WITHDRAWN:
	case LIANDAN__EVENT__BODY_WASTE_GENERATED:
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
		return true;
	default:
		return false;
	}
}

const Liandan__DelegationGranted *ld_acts_under(struct ld_custody *c, const struct ld_fact *f)
{
	const char *id = f->event->delegation;
	Custody__Delegation *d;

	if (id[0] == '\0' || !delegable(f->event->body_case) ||
	    ld_delegation_get(c, id, &d) != LD_OK ||
	    strcmp(d->granted->delegate, f->signer->party) != 0)
		return NULL;
	return d->granted;
}

const char *ld_acts_for(struct ld_custody *c, const struct ld_fact *f)
{
	const Liandan__DelegationGranted *g = ld_acts_under(c, f);

	return g != NULL ? g->giver : f->signer->party;
}

enum ld_err ld_delegation_granted_apply(struct ld_custody *c, const struct ld_fact *f,
					Liandan__DelegationGranted *g)
{
	Custody__Delegation rec = CUSTODY__DELEGATION__INIT;

	rec.granted = g;
	rec.index = f->index;
	return ld_delegation_put(c, &rec);
}

/* What it takes up, line by line, without what left on children: kept, since an amendment may
 * change the lines before it is given back. */
static enum ld_err note_drawn(struct ld_custody *c, Custody__Manifest *m)
{
	const Liandan__ManifestCreated *b = m->created;

	m->n_drawn = 0;
	m->drawn = ld_arena_alloc(c->arena, b->n_lines * sizeof *m->drawn);
	for (size_t i = 0; m->drawn != NULL && i < b->n_lines; i++) {
		Custody__Drawn *d = ld_arena_alloc(c->arena, sizeof *d);

		if (d == NULL)
			return LD_ERR_NOMEM;
		custody__drawn__init(d);
		d->code = b->lines[i]->code;
		d->mass_g = ld_line_kept_g(m, b->lines[i]);
		m->drawn[m->n_drawn++] = d;
	}
	return m->drawn != NULL ? LD_OK : LD_ERR_NOMEM;
}

/* sign +1 or -1 */
static enum ld_err count(struct ld_custody *c, const Custody__Manifest *m, int sign)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < m->n_drawn; i++) {
		const Custody__Drawn *d = m->drawn[i];
		const int64_t g = sign > 0 ? d->mass_g : ld_sub_g(0, d->mass_g);

		err = ld_year_add(c, LD_YEAR_SEALED, m->created->generator, d->code, m->sealed_year,
				  g);
		if (err == LD_OK && m->delegation[0] != '\0')
			err =
			    ld_year_add(c, LD_YEAR_DELEGATED, m->delegation, "", m->sealed_year, g);
		if (err == LD_OK && m->granted)
			err = ld_year_add(c, LD_YEAR_GRANTED, m->created->approval, d->code, 0, g);
	}
	return err;
}

static enum ld_err await(struct ld_custody *c, Custody__Manifest *m, int64_t from_ms)
{
	if (m->delegation[0] == '\0' || m->confirmed_ms != 0)
		return LD_OK;
	m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_AWAITING_CONFIRMATION;
	return ld_manifest_clock_workdays(c, m,
					  LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_CONFIRMATION,
					  from_ms, ld_rules_of(c, m)->confirmation_workdays);
}

static enum ld_err draw(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m)
{
	enum ld_err err = note_drawn(c, m);

	if (err == LD_OK)
		err = count(c, m, 1);
	return err == LD_OK ? await(c, m, f->recorded_at_ms) : err;
}

enum ld_err ld_manifest_draw(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m)
{
	const Liandan__DelegationGranted *g = ld_acts_under(c, f);
	enum ld_err err;

	m->sealed_year = ld_china_year(f->recorded_at_ms);
	if (g != NULL && strcmp(g->giver, m->created->generator) == 0) {
		m->delegation = f->event->delegation;
		m->filled_by = f->signer->party;
		m->sealer_person = (char *)(uintptr_t)ld_person_of(c, f->signer);
	}
	m->granted = m->created->approval[0] != '\0' && ld_grant_needed(c, m->created);
	err = ld_shares_seal(c, m);
	return err == LD_OK ? draw(c, f, m) : err;
}

enum ld_err ld_manifest_give_back(struct ld_custody *c, Custody__Manifest *m)
{
	enum ld_err err = count(c, m, -1);

	m->n_drawn = 0;
	m->flags &= ~(uint32_t)CUSTODY__MANIFEST_FLAG__FLAG_AWAITING_CONFIRMATION;
	if (err == LD_OK)
		err = ld_shares_give_back(c, m);
	return err == LD_OK ? ld_manifest_clock(
				  c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_CONFIRMATION, 0)
			    : err;
}

enum ld_err ld_manifest_draw_again(struct ld_custody *c, const struct ld_fact *f,
				   Custody__Manifest *m)
{
	return m->n_drawn == 0 ? draw(c, f, m) : LD_OK;
}

enum ld_err ld_manifest_redraw(struct ld_custody *c, const Custody__Manifest *before,
			       Custody__Manifest *m)
{
	const bool sealed = m->state == CUSTODY__MANIFEST_STATE__SEALED;
	enum ld_err err;

	if (before->n_drawn == 0 && !sealed)
		return LD_OK;
	err = count(c, before, -1);
	m->n_drawn = 0;
	if (sealed) /* another receiver may be in another province */
		m->granted = m->created->approval[0] != '\0' && ld_grant_needed(c, m->created);
	if (err != LD_OK)
		return err;
	err = note_drawn(c, m);
	return err == LD_OK ? count(c, m, 1) : err;
}

static void undraw(Custody__Manifest *m, const char *code, int64_t mass_g)
{
	for (size_t i = 0; mass_g > 0 && i < m->n_drawn; i++) {
		Custody__Drawn *d = m->drawn[i];
		const int64_t g = mass_g < d->mass_g ? mass_g : d->mass_g;

		if (strcmp(d->code, code) != 0)
			continue;
		d->mass_g -= g;
		mass_g -= g;
	}
}

void ld_manifest_draw_part(Custody__Manifest *m, Custody__Manifest *child)
{
	if (m->n_drawn == 0 && m->leg == 0) {
		child->delegation = m->delegation;
		child->sealed_year = m->sealed_year;
		child->granted = m->granted;
		child->confirmed_ms = m->confirmed_ms;
	}
	for (size_t i = 0; i < child->created->n_lines; i++)
		undraw(m, child->created->lines[i]->code,
		       ld_line_declared_g(child->created->lines[i]));
}

/* CUSTODY-3 */
enum ld_err ld_confirmed_apply(struct ld_custody *c, const struct ld_fact *f,
			       const Liandan__GeneratorConfirmed *b)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	m->confirmed_ms = ld_step_ms(f, m->sealed_ms);
	m->disputed = !b->agrees;
	m->flags &= ~(uint32_t)CUSTODY__MANIFEST_FLAG__FLAG_AWAITING_CONFIRMATION;
	if (m->disputed)
		m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_DISCREPANCY;
	err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_CONFIRMATION, 0);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}
