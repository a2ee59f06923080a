/* Who has signed the manifest's steps, and so is asked before what it says is changed. CUSTODY-20.
 */
#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/delegation.h"

bool ld_party_among(char *const *parties, size_t n, const char *party)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(parties[i], party) == 0)
			return true;
	return false;
}

static Custody__SignedBy *signature_of(const Custody__Manifest *m, const char *party)
{
	for (size_t i = 0; i < m->n_signed_by; i++)
		if (strcmp(m->signed_by[i]->party, party) == 0)
			return m->signed_by[i];
	return NULL;
}

bool ld_has_signed(const Custody__Manifest *m, const char *party)
{
	return signature_of(m, party) != NULL;
}

/* A step of the manifest by a party to it. A scale, a laboratory, an authority says what it sees;
 * who declined has taken nothing; amendments ask those who signed before. */
static bool is_step(Liandan__Event__BodyCase body)
{
	switch (body) {
	case LIANDAN__EVENT__BODY_WEIGHED:
	case LIANDAN__EVENT__BODY_SAMPLE_ANALYSED:
	case LIANDAN__EVENT__BODY_HANDOVER_DECLINED:
	case LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED:
	case LIANDAN__EVENT__BODY_AMENDMENT_AGREED:
		return false;
	default:
		return (int)body >= 300 && (int)body < 400;
	}
}

static bool is_party_key(const Custody__Key *key)
{
	const uint32_t roles = LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_CARRIER |
			       LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_DRIVER;

	return (key->roles & roles) != 0;
}

/* `list` with one more, in the arena. */
static enum ld_err append(struct ld_custody *c, char ***list, size_t *n, const char *party)
{
	char **more = ld_arena_alloc(c->arena, (*n + 1) * sizeof(char *));

	if (more == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < *n; i++)
		more[i] = (*list)[i];
	more[(*n)++] = (char *)(uintptr_t)party;
	*list = more;
	return LD_OK;
}

/* Who signs while a proposal is open is asked too: it signs what stands, not what is proposed. */
static enum ld_err ask_too(struct ld_custody *c, Custody__Manifest *m, const char *party)
{
	Custody__Proposal *p = m->proposal;

	if (p == NULL || ld_party_among(p->agreed, p->n_agreed, party) ||
	    ld_party_among(p->waits_for, p->n_waits_for, party))
		return LD_OK;
	return append(c, &p->waits_for, &p->n_waits_for, party);
}

/* The one that signed longest ago is forgotten where there is no room. */
static enum ld_err remember(struct ld_custody *c, Custody__Manifest *m, const char *party)
{
	Custody__SignedBy *s = signature_of(m, party);
	Custody__SignedBy **all;
	size_t oldest = 0;

	if (s != NULL) {
		s->at = m->signatures;
		return LD_OK;
	}
	s = ld_arena_alloc(c->arena, sizeof *s);
	all = ld_arena_alloc(c->arena, (m->n_signed_by + 1) * sizeof(Custody__SignedBy *));
	if (s == NULL || all == NULL)
		return LD_ERR_NOMEM;
	custody__signed_by__init(s);
	s->party = (char *)(uintptr_t)party;
	s->at = m->signatures;
	for (size_t i = 0; i < m->n_signed_by; i++) {
		all[i] = m->signed_by[i];
		if (all[i]->at < all[oldest]->at)
			oldest = i;
	}
	if (m->n_signed_by < LD_MAX_SIGNED_BY)
		all[m->n_signed_by++] = s;
	else
		all[oldest] = s;
	m->signed_by = all;
	return LD_OK;
}

static enum ld_err note(struct ld_custody *c, Custody__Manifest *m, const char *party)
{
	enum ld_err err = remember(c, m, party);

	return err == LD_OK ? ask_too(c, m, party) : err;
}

/* It fixes vehicle and driver of this record: of a part those of the child. */
static bool fixes_vehicle(const struct ld_fact *f, const Custody__Manifest *m)
{
	const Liandan__HandoverTaken *t = f->event->handover_taken;

	if (f->event->body_case == LIANDAN__EVENT__BODY_HANDOVER_TAKEN)
		return t->child.len == 0 || ld_same_id(t->child, m->manifest);
	return f->event->body_case == LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT;
}

/* It accepts this record: what was refused of it is a child. */
static bool accepts(const struct ld_fact *f, const Custody__Manifest *m)
{
	if (f->event->body_case == LIANDAN__EVENT__BODY_PARTLY_ACCEPTED)
		return ld_same_id(f->event->partly_accepted->manifest, m->manifest);
	return f->event->body_case == LIANDAN__EVENT__BODY_ACCEPTED;
}

enum ld_err ld_amend_note_signed(struct ld_custody *c, const struct ld_fact *f,
				 Custody__Manifest *m)
{
	enum ld_err err = LD_OK;

	if (!is_step(f->event->body_case))
		return LD_OK;
	m->signatures++;
	if (fixes_vehicle(f, m))
		m->taken_at = m->signatures;
	if (accepts(f, m))
		m->accepted_at = m->signatures;
	if (is_party_key(f->signer)) /* a delegate signs for the generator */
		err = note(c, m, ld_acts_for(c, f));
	for (size_t i = 0; err == LD_OK && i < f->n_cosigners; i++)
		if (is_party_key(f->cosigners[i]))
			err = note(c, m, f->cosigners[i]->party);
	return err;
}

/* The signature with which the oldest of the changed fields was set. */
static uint32_t set_at(const Custody__Manifest *m, Liandan__AmendmentChange *const *changes,
		       size_t n)
{
	uint32_t at = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		const struct ld_amend_field *d = ld_amend_field(changes[i]->field);
		const enum ld_amend_of of = d != NULL ? d->of : LD_OF_DRAFT;
		const uint32_t this = of == LD_OF_TAKING       ? m->taken_at
				      : of == LD_OF_ACCEPTANCE ? m->accepted_at
							       : 0;

		at = this < at ? this : at;
	}
	return at;
}

enum ld_err ld_amend_asked(struct ld_custody *c, const Custody__Manifest *m,
			   Liandan__AmendmentChange *const *changes, size_t n, const char *but,
			   char ***out, size_t *n_out)
{
	const uint32_t since = set_at(m, changes, n);
	char **list = ld_arena_alloc(c->arena, (m->n_signed_by + 1) * sizeof(char *));

	*out = list;
	*n_out = 0;
	if (list == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < m->n_signed_by; i++)
		if (m->signed_by[i]->at >= since && strcmp(m->signed_by[i]->party, but) != 0)
			list[(*n_out)++] = m->signed_by[i]->party;
	return LD_OK;
}
