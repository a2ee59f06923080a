/* The one interpreter of CUSTODY's table: signer, state, hard checks, recorded checks. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/pipeline.h"
#include "plugin/custody/road.h"
#include "plugin/custody/table.h"

#define MANIFESTS_OF_ONE 64

uint32_t ld_state_bits(const Custody__Manifest *m)
{
	uint32_t bits = 1u << (unsigned)m->state;

	if ((m->state == CUSTODY__MANIFEST_STATE__CANCELLED ||
	     m->state == CUSTODY__MANIFEST_STATE__EXPIRED) &&
	    m->sealed_ms != 0)
		bits |= LD_IN_ENDED;
	if (m->state == CUSTODY__MANIFEST_STATE__ARRIVED && ld_may_arrive(m))
		bits |= LD_IN_ASTRAY;
	if (m->state == CUSTODY__MANIFEST_STATE__SEALED && ld_pipe_flows(m))
		bits |= LD_IN_FLOWS;
	if (m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT) {
		if (ld_is_stored(m))
			bits |= LD_IN_STORED;
		else
			bits |= LD_IN_ROAD | (m->storage_leg != m->leg ? LD_IN_UNSTORED : 0);
	}
	return bits;
}

bool ld_failed(struct ld_case *k, Liandan__Reason reason, const char *subject, int64_t value,
	       int64_t threshold, const char *fmt, ...)
{
	char text[LD_DETAIL_CAP];
	va_list ap;

	if (!k->hard)
		return ld_violate(k->c, k->j, reason, subject, value, threshold);
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return ld_refuse(k->j, reason, "%s", text);
}

/* ---- who signs ---- */

/* The roles that a signer of this kind has, whatever its party. */
static uint32_t roles_of(uint32_t by)
{
	uint32_t roles = 0;

	if (by & (LD_BY_GENERATOR | LD_BY_GIVER | LD_BY_HOLDER | LD_BY_RECEIVER | LD_BY_PARTY))
		roles |= LIANDAN__ROLE__ROLE_GENERATOR;
	if (by & (LD_BY_HOLDER | LD_BY_RECEIVER | LD_BY_PARTY | LD_BY_GIVER | LD_BY_STORAGE))
		roles |= LIANDAN__ROLE__ROLE_RECEIVER;
	if (by & (LD_BY_GIVER | LD_BY_DRIVER | LD_BY_CARRIER | LD_BY_PARTY))
		roles |= LD_ROLES_DRIVER;
	if (by & LD_BY_SCALE)
		roles |= LIANDAN__ROLE__ROLE_SCALE;
	if (by & LD_BY_LABORATORY)
		roles |= LIANDAN__ROLE__ROLE_LABORATORY;
	if (by & LD_BY_AUTHORITY)
		roles |= LIANDAN__ROLE__ROLE_AUTHORITY;
	if (by & LD_BY_REGULATOR)
		roles |= LIANDAN__ROLE__ROLE_REGULATOR;
	return roles;
}

static const char *generator_of(const struct ld_case *k)
{
	if (k->f->event->body_case == LIANDAN__EVENT__BODY_MANIFEST_CREATED)
		return k->f->event->manifest_created->generator;
	return k->m != NULL ? k->m->created->generator : "";
}

static bool is_giver(const struct ld_fact *f, const Custody__Manifest *m)
{
	return ld_signer_is(f, ld_giver_role(m), ld_giver_party(m));
}

static bool is_party(const struct ld_fact *f, const Custody__Manifest *m)
{
	const Liandan__ManifestCreated *b = m->created;

	if (ld_signer_is(f, LIANDAN__ROLE__ROLE_GENERATOR, b->generator) ||
	    ld_signer_is(f, LIANDAN__ROLE__ROLE_RECEIVER, b->receiver->party) ||
	    ld_signer_is(f, LD_ROLES_DRIVER, m->carrier) || ld_has_signed(m, f->signer->party))
		return true;
	for (size_t i = 0; i < b->n_carriers; i++)
		if (ld_signer_is(f, LD_ROLES_DRIVER, b->carriers[i]->party))
			return true;
	return false;
}

static bool is_receiver(const struct ld_fact *f, const Custody__Manifest *m)
{
	const Liandan__ManifestCreated *b = m->created;

	return ld_signer_is(f, LIANDAN__ROLE__ROLE_RECEIVER, b->receiver->party) ||
	       (b->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN &&
		ld_signer_is(f, LIANDAN__ROLE__ROLE_GENERATOR, b->receiver->party));
}

/* Which act of a delegate the event is; 0: none, as later legs are the carriers'. */
static uint32_t delegated_action(const struct ld_case *k)
{
	switch (k->f->event->body_case) {
	case LIANDAN__EVENT__BODY_MANIFEST_CREATED:
		return LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_CREATE;
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
		return LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_SEAL;
	case LIANDAN__EVENT__BODY_MANIFEST_CANCELLED:
		return k->m->state == CUSTODY__MANIFEST_STATE__DRAFT
			   ? LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_CREATE |
				 LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_SEAL
			   : LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_SEAL;
	default:
		return k->m->leg == 0 && k->m->giver[0] == '\0'
			   ? LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_OFFER
			   : 0;
	}
}

/* A collector that books for a small firm 代填: what it books is the site's owner's. */
static bool is_stock_delegate(struct ld_case *k)
{
	const Liandan__Event *e = k->f->event;
	Liandan__Line *line =
	    e->body_case == LIANDAN__EVENT__BODY_WASTE_GENERATED ? e->waste_generated->line : NULL;
	const struct ld_delegated_act act = {
	    .giver = ld_acts_for(k->c, k->f),
	    .action = LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_GENERATE,
	    .lines = &line,
	    .n_lines = line != NULL,
	};

	return ld_delegation_covers(k->c, k->f, &act, k->j);
}

static bool is_delegate(struct ld_case *k)
{
	const bool seals = k->f->event->body_case == LIANDAN__EVENT__BODY_MANIFEST_SEALED;
	const Liandan__ManifestCreated *b =
	    k->f->event->body_case == LIANDAN__EVENT__BODY_MANIFEST_CREATED
		? k->f->event->manifest_created
		: k->m->created;
	const struct ld_delegated_act act = {
	    .giver = b->generator,
	    .action = delegated_action(k),
	    .lines = b->lines,
	    .n_lines = b->n_lines,
	    .seals_g = seals ? ld_manifest_declared_g(k->m) : 0,
	};

	return ld_delegation_covers(k->c, k->f, &act, k->j);
}

#define BY_ROLE_ALONE                                                                              \
	(LD_BY_HOLDER | LD_BY_STORAGE | LD_BY_SCALE | LD_BY_LABORATORY | LD_BY_AUTHORITY |         \
	 LD_BY_REGULATOR)
static bool signer_fits(struct ld_case *k)
{
	const uint32_t by = k->row->signers;
	const struct ld_fact *f = k->f;
	const Custody__Manifest *m = k->m;

	if (k->row->stock) /* the role was asked; who names a delegation books for its giver */
		return (by & LD_BY_DELEGATE) == 0 || f->event->delegation[0] == '\0' ||
		       is_stock_delegate(k);
	if ((by & LD_BY_GENERATOR) &&
	    ld_signer_is(f, LIANDAN__ROLE__ROLE_GENERATOR, generator_of(k)))
		return true;
	if ((by & LD_BY_DRIVER) && (f->signer->roles & LD_ROLES_DRIVER) != 0)
		return true;
	if ((by & BY_ROLE_ALONE) && (f->signer->roles & roles_of(by & BY_ROLE_ALONE)) != 0)
		return true;
	if (m == NULL)
		return (by & LD_BY_DELEGATE) && is_delegate(k);
	return ((by & LD_BY_GIVER) && is_giver(f, m)) ||
	       ((by & LD_BY_CARRIER) && ld_signer_is(f, LD_ROLES_DRIVER, m->holder)) ||
	       ((by & LD_BY_RECEIVER) && is_receiver(f, m)) ||
	       ((by & LD_BY_PARTY) && is_party(f, m)) || ((by & LD_BY_DELEGATE) && is_delegate(k));
}

/* ---- state ---- */

static bool passed(struct ld_case *k)
{
	const struct ld_row *row = k->row;

	return ld_refuse(k->j,
			 row->passed_reason != LIANDAN__REASON__REASON_NONE
			     ? row->passed_reason
			     : LIANDAN__REASON__OUT_OF_ORDER,
			 "%s", row->passed);
}

static bool in_state(struct ld_case *k)
{
	const struct ld_row *row = k->row;
	const uint32_t bits = k->m != NULL ? ld_state_bits(k->m) : LD_IN_NONE;

	if (row->stock || (row->from & bits) != 0)
		return true;
	if ((row->waits & bits) != 0)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE, "%s", row->early);
	return passed(k);
}

static bool unknown(struct ld_case *k)
{
	if (k->row->unknown != NULL)
		return k->row->unknown(k);
	if (k->row->intention && (k->row->yet == NULL || !k->row->yet(k)))
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_MANIFEST, "no such manifest");
	return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE, "the manifest is not here yet");
}

/* ---- checks ---- */

/* CUSTODY: which checks are hard is the profile's; facts are recorded whatever it says. */
static bool is_hard(const struct ld_case *k, const struct ld_check *check, bool tabled)
{
	const uint8_t strict = k->rules->check[check->id];

	if (!k->row->intention || strict == LD_AS_TABLED)
		return tabled;
	return strict == LD_HARD;
}

static bool ask(struct ld_case *k, const struct ld_check *check, bool tabled)
{
	size_t n = k->j->n_violations;
	bool ok;

	k->check = check;
	k->hard = is_hard(k, check, tabled);
	ok = check->fn(k);
	if (!ok)
		k->j->refused_by = check;
	while (n < k->j->n_violations)
		k->j->violated_by[n++] = check;
	return ok;
}

static bool run(struct ld_case *k, const struct ld_check *const *checks, bool tabled)
{
	for (size_t i = 0; i < LD_MAX_CHECKS && checks[i] != NULL; i++)
		if (!ask(k, checks[i], tabled))
			return false;
	return true;
}

static bool judge_one(struct ld_case *k)
{
	if (!signer_fits(k)) {
		if (k->row->yet != NULL && k->row->yet(k))
			return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE, "%s", k->row->early);
		return ld_wrong_role(k->f, k->j, k->row->who);
	}
	return in_state(k) && run(k, k->row->hard, true) && run(k, k->row->recorded, false);
}

static void at_hand(struct ld_case *k, Custody__Manifest *m)
{
	k->m = m;
	k->rules = ld_rules_of(k->c, m);
}

/* A body of several manifests: those that have passed the step already are left out, one must take
 * it. What is not needed any more of the arena is given back: they may be large. */
static bool judge_many(struct ld_case *k, const ProtobufCBinaryData *ids, size_t n)
{
	size_t took = 0;

	if (n == 0 && !signer_fits(k)) /* who says so without holding anything */
		return ld_wrong_role(k->f, k->j, k->row->who);
	for (size_t i = 0; i < n; i++) {
		size_t mark = ld_mark(k->c), violations = k->j->n_violations;
		Custody__Manifest *m;

		if (ld_manifest_get(k->c, ids[i], &m) != LD_OK) {
			at_hand(k, NULL);
			return unknown(k);
		}
		at_hand(k, m);
		if (((k->row->from | k->row->waits) & ld_state_bits(k->m)) != 0) {
			if (!judge_one(k))
				return false;
			took++;
		}
		if (k->j->n_violations == violations)
			ld_release(k->c, mark);
	}
	at_hand(k, NULL);
	if (n != 0 && took == 0)
		return passed(k);
	return run(k, k->row->once, false);
}

bool ld_table_judge(struct ld_custody *c, const struct ld_fact *f, const struct ld_row *row,
		    struct ld_judgement *j)
{
	ProtobufCBinaryData ids[MANIFESTS_OF_ONE];
	const size_t n = ld_accident_concerns(c, f->event, ids, MANIFESTS_OF_ONE);
	struct ld_case k = {
	    .c = c, .f = f, .j = j, .row = row, .rules = c->rules, .offered_by = ""};
	Custody__Manifest *m;
	const bool delegate = (row->signers & LD_BY_DELEGATE) != 0 &&
			      f->event->delegation[0] != '\0' && ld_may_be_delegate(f);

	/* the role first: nobody parks an event that is not his to send */
	if ((f->signer->roles & roles_of(row->signers)) == 0 && !delegate)
		return ld_wrong_role(f, j, row->who);
	if (row->many)
		return judge_many(&k, ids, n);
	if (row->stock)
		return judge_one(&k);
	if (n != 0 && ld_manifest_get(c, ids[0], &m) == LD_OK)
		at_hand(&k, m);
	if (k.m == NULL && (row->from & LD_IN_NONE) == 0)
		return unknown(&k);
	return judge_one(&k);
}
