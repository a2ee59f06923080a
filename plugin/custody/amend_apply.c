/* Amendments: proposed, agreed, in effect. CUSTODY-20. */
#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/forward.h"
#include "plugin/custody/licence.h"
#include "plugin/custody/store.h"
#include "plugin/custody/year.h"

/* ---- what it comes to ---- */

static Custody__Manifest *copy_of(struct ld_custody *c, const Custody__Manifest *m)
{
	const size_t n = custody__manifest__get_packed_size(m);
	uint8_t *bytes = ld_arena_alloc(c->arena, n + 1);

	if (bytes == NULL)
		return NULL;
	custody__manifest__pack(m, bytes);
	return custody__manifest__unpack(&c->arena->pb, n, bytes);
}

/* What was taken is what is declared, where nobody weighed it. */
static void follow_declared(Custody__Manifest *after, const Custody__Manifest *m)
{
	if (after->taken_g != 0 && !after->taken_weighed) {
		after->taken_g = ld_add_g(after->taken_g, ld_sub_g(ld_manifest_declared_g(after),
								   ld_manifest_declared_g(m)));
		if (after->rejected != LIANDAN__REJECT_REASON__REJECT_REASON_UNSPECIFIED)
			after->refused_g = after->taken_g;
	}
	for (size_t i = 0; i < after->n_lines; i++) {
		Liandan__ClosedLine *l = after->lines[i];

		l->taken_g = ld_add_g(ld_items_of_line_g(after->items, after->n_items, l->line),
				      l->passed_g);
		l->accepted_g = ld_line_accepted_g(after, l->line);
		l->loss_g = ld_sub_g(ld_sub_g(l->taken_g, l->accepted_g), l->passed_g);
	}
}

enum ld_err ld_amend_plan(struct ld_custody *c, const Custody__Manifest *m,
			  Liandan__AmendmentChange *const *changes, size_t n,
			  struct ld_amend_plan **out)
{
	struct ld_amend_plan *p = ld_arena_alloc(c->arena, sizeof *p);
	enum ld_err err = LD_OK;

	*out = p;
	if (p == NULL)
		return LD_ERR_NOMEM;
	*p = (struct ld_amend_plan){.after = copy_of(c, m), .bar_on = ""};
	if (p->after == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; err == LD_OK && i < n; i++)
		err = ld_amend_set(c, p->after, changes[i]);
	if (err != LD_OK)
		return err;
	follow_declared(p->after, m);
	return ld_amend_plan_books(c, m, p);
}

/* ---- in effect ---- */

bool ld_amend_former(const Custody__Manifest *m, ProtobufCBinaryData content)
{
	for (size_t i = 0; content.len != 0 && i < m->n_amended; i++)
		if (ld_same_id(m->amended[i]->content, content))
			return true;
	return false;
}

static enum ld_err note_amended(struct ld_custody *c, const struct ld_fact *f,
				const Custody__Manifest *m, const Custody__Proposal *p,
				Custody__Manifest *after)
{
	const size_t skip = m->n_amended < LD_MAX_AMENDED ? 0 : m->n_amended - LD_MAX_AMENDED + 1;
	Custody__Amended *a = ld_arena_alloc(c->arena, sizeof *a);
	Custody__Amended **all =
	    ld_arena_alloc(c->arena, (m->n_amended + 1) * sizeof(Custody__Amended *));

	if (a == NULL || all == NULL)
		return LD_ERR_NOMEM;
	custody__amended__init(a);
	a->version = after->version;
	a->proposal = p->index;
	a->index = f->index;
	a->party = p->party;
	a->reason = p->reason;
	a->at_ms = f->recorded_at_ms;
	a->content = m->content;
	after->n_amended = 0;
	for (size_t i = skip; i < m->n_amended; i++)
		all[after->n_amended++] = m->amended[i];
	all[after->n_amended++] = a;
	after->amended = all;
	return LD_OK;
}

/* The hash that the seal has, of what now stands. A draft has none. */
static enum ld_err next_version(struct ld_custody *c, Custody__Manifest *after)
{
	uint8_t *content;

	if (after->content.len == 0)
		return LD_OK;
	content = ld_arena_alloc(c->arena, LD_HASH_BYTES);
	if (content == NULL)
		return LD_ERR_NOMEM;
	after->version++;
	after->content.data = content;
	after->content.len = LD_HASH_BYTES;
	return ld_manifest_content(c->arena, after->created, after->items, after->n_items, content);
}

/* It is on its vehicle, under the other plate. */
static enum ld_err move_load(struct ld_custody *c, const Custody__Manifest *m,
			     const Custody__Manifest *after)
{
	const uint8_t *value;
	struct ld_tkey k;
	size_t len;
	enum ld_err err;

	if (strcmp(m->plate, after->plate) == 0)
		return LD_OK;
	ld_load_key(&k, m->plate, m->manifest);
	err = ld_state_get(c->state, LD_T_LOAD, k.b, k.len, &value, &len);
	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	err = ld_load_del(c, m);
	return err == LD_OK ? ld_load_put(c, after) : err;
}

/* CUSTODY-18: whether any of it is left is a matter of what was accepted. */
static enum ld_err treatment_clock(struct ld_custody *c, const Custody__Manifest *m,
				   const Custody__Manifest *after)
{
	const bool was = ld_manifest_left_g(m) <= 0, is = ld_manifest_left_g(after) <= 0;

	if (m->accepted_ms == 0 || was == is)
		return LD_OK;
	return ld_treatment_clocks(c, after);
}

static uint32_t month_of(int64_t ms)
{
	return ld_china_date(ms) / 100;
}

int64_t ld_amended_in_month(struct ld_custody *c, const char *party, int64_t at_ms)
{
	return ld_year_g(c, LD_YEAR_AMENDED, party, "", month_of(at_ms));
}

static enum ld_err stop_clock(struct ld_custody *c, const Custody__Manifest *m)
{
	return ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_AMENDMENT, 0);
}

/* The last party has agreed. What judge saw may not come to nothing: it is the same state. */
static enum ld_err take_effect(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m,
			       const Custody__Proposal *p)
{
	struct ld_amend_plan *plan;
	Custody__Manifest *after;
	enum ld_err err;

	m->proposal = NULL;
	err = ld_amend_plan(c, m, p->changes, p->n_changes, &plan);
	if (err != LD_OK)
		return err;
	after = plan->bar == LIANDAN__REASON__REASON_NONE ? plan->after : m;
	if (after != m)
		err = next_version(c, after);
	if (err == LD_OK && after != m && m->content.len != 0) {
		err = note_amended(c, f, m, p, after);
		if (err == LD_OK)
			err = ld_year_add(c, LD_YEAR_AMENDED, p->party, "",
					  month_of(f->recorded_at_ms), 1);
		if (err == LD_OK)
			err = ld_amend_book(c, plan, f->index);
		if (err == LD_OK && !ld_amend_carries_on(m))
			err = ld_manifest_redraw(c, m, after);
		if (err == LD_OK)
			err = ld_licence_count(c, m, -1);
		if (err == LD_OK)
			err = ld_licence_count(c, after, 1);
		if (err == LD_OK)
			err = move_load(c, m, after);
		if (err == LD_OK)
			err = treatment_clock(c, m, after);
	}
	if (err == LD_OK)
		err = stop_clock(c, after);
	return err == LD_OK ? ld_manifest_touch_put(c, f, after) : err;
}

/* ---- events ---- */

static enum ld_err found(enum ld_err err)
{
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

enum ld_err ld_amendment_proposed_apply(struct ld_custody *c, const struct ld_fact *f,
					const Liandan__AmendmentProposed *b)
{
	Custody__Proposal p = CUSTODY__PROPOSAL__INIT;
	char *proposer = f->signer->party;
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return found(err);
	p.event_hash.data = (uint8_t *)(uintptr_t)f->event_hash;
	p.event_hash.len = LD_HASH_BYTES;
	p.index = f->index;
	p.party = proposer;
	p.base_version = b->base_version;
	p.n_changes = b->n_changes;
	p.changes = b->changes;
	p.reason = b->reason;
	p.proposed_ms = f->recorded_at_ms;
	p.n_agreed = 1;
	p.agreed = &proposer;
	err =
	    ld_amend_asked(c, m, b->changes, b->n_changes, proposer, &p.waits_for, &p.n_waits_for);
	if (err != LD_OK)
		return err;
	if (p.n_waits_for == 0)
		return take_effect(c, f, m, &p);
	m->proposal = &p;
	err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_AMENDMENT,
				f->recorded_at_ms + ld_rules_of(c, m)->amendment_ms);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

/* The party is asked no more. */
static enum ld_err agree(struct ld_custody *c, Custody__Proposal *p, char *party)
{
	char **agreed = ld_arena_alloc(c->arena, (p->n_agreed + 1) * sizeof(char *));
	size_t n = 0;

	if (agreed == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < p->n_agreed; i++)
		agreed[i] = p->agreed[i];
	agreed[p->n_agreed++] = party;
	p->agreed = agreed;
	for (size_t i = 0; i < p->n_waits_for; i++)
		if (strcmp(p->waits_for[i], party) != 0)
			p->waits_for[n++] = p->waits_for[i];
	p->n_waits_for = n;
	return LD_OK;
}

enum ld_err ld_amendment_agreed_apply(struct ld_custody *c, const struct ld_fact *f,
				      const Liandan__AmendmentAgreed *b)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return found(err);
	if (m->proposal == NULL || !ld_same_id(m->proposal->event_hash, b->proposal) ||
	    (b->agrees &&
	     !ld_party_among(m->proposal->waits_for, m->proposal->n_waits_for, f->signer->party)))
		return LD_OK;
	if (!b->agrees) {
		m->proposal = NULL;
		err = stop_clock(c, m);
		return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
	}
	err = agree(c, m->proposal, f->signer->party);
	if (err == LD_OK && m->proposal->n_waits_for == 0)
		return take_effect(c, f, m, m->proposal);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

struct ld_amend_changes ld_amend_effect_of(struct ld_custody *c, const struct ld_fact *f,
					   const Custody__Manifest *m)
{
	const Liandan__AmendmentProposed *b = f->event->amendment_proposed;
	const Custody__Proposal *p = m->proposal;
	struct ld_amend_changes none = {NULL, 0};
	size_t n = 0;
	char **asked;

	if (f->event->body_case == LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED) {
		size_t mark = ld_mark(c);
		const bool alone = ld_amend_asked(c, m, b->changes, b->n_changes, f->signer->party,
						  &asked, &n) == LD_OK &&
				   n == 0;

		ld_release(c, mark);
		return alone ? (struct ld_amend_changes){b->changes, b->n_changes} : none;
	}
	if (f->event->body_case != LIANDAN__EVENT__BODY_AMENDMENT_AGREED || p == NULL ||
	    !f->event->amendment_agreed->agrees || p->n_waits_for != 1 ||
	    !ld_same_id(p->event_hash, f->event->amendment_agreed->proposal) ||
	    strcmp(p->waits_for[0], f->signer->party) != 0)
		return none;
	return (struct ld_amend_changes){p->changes, p->n_changes};
}

void ld_amendment_missed(Custody__Manifest *m)
{
	m->proposal = NULL;
}
