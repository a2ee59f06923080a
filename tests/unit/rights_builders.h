/* Bodies of delegations, grants, numbers and holds for manifest_fixture.h's world, with a second
 * regulator and a collector. */
#ifndef LD_TESTS_RIGHTS_BUILDERS_H
#define LD_TESTS_RIGHTS_BUILDERS_H

#include "manifest_builders.h"

/* ---- delegation ---- */

/* GEN to CAR1 (a collector), everything, for 30 days. */
static inline Liandan__DelegationGranted *mx_delegation(struct mx *x, const char *id)
{
	Liandan__DelegationGranted *b =
	    MX_NEW(x, Liandan__DelegationGranted, LIANDAN__DELEGATION_GRANTED__INIT);

	b->delegation = MX_S(id);
	b->giver = MX_S("GEN");
	b->delegate = MX_S("CAR1");
	b->actions = 15;
	b->codes = ld_arena_alloc(&x->build, 4 * sizeof *b->codes);
	b->codes[0] = MX_S("*");
	b->n_codes = 1;
	b->from_ms = x->now;
	b->to_ms = x->now + 30 * LD_DAY_MS;
	memset(x->content, 0x5c, sizeof x->content);
	b->paper = mx_bytes(ld_arena_dup(&x->build, x->content, LD_HASH_BYTES), LD_HASH_BYTES);
	return b;
}

static inline Liandan__Reason mx_delegate(struct mx *x, enum mx_who who,
					  Liandan__DelegationGranted *b)
{
	MX_EVENT(e, DELEGATION_GRANTED, b);
	return mx_put(x, who, &e);
}

/* Puts a body under a delegation. */
#define MX_UNDER(x, who, id, CASE, body)                                                           \
	__extension__({                                                                            \
		MX_EVENT(mx_e, CASE, body);                                                        \
		mx_e.delegation = MX_S(id);                                                        \
		mx_put((x), (who), &mx_e);                                                         \
	})

static inline Liandan__Reason mx_confirm(struct mx *x, enum mx_who who, bool agrees)
{
	Liandan__GeneratorConfirmed *b =
	    MX_NEW(x, Liandan__GeneratorConfirmed, LIANDAN__GENERATOR_CONFIRMED__INIT);
	MX_EVENT(e, GENERATOR_CONFIRMED, b);

	b->manifest = mx_id(x);
	b->content = mx_bytes(x->content, sizeof x->content);
	b->agrees = agrees;
	return mx_put(x, who, &e);
}

/* ---- grants ---- */

/* GEN to REC: what the usual draft declares, for 12 months. */
static inline Liandan__TransferApproved *mx_approved(struct mx *x, const char *id)
{
	Liandan__TransferApproved *b =
	    MX_NEW(x, Liandan__TransferApproved, LIANDAN__TRANSFER_APPROVED__INIT);
	const char *codes[2] = {MX_CODE, MX_BULK};
	const int64_t grams[2] = {MX_C1_G + MX_C2_G, MX_BULK_G};

	b->approval = MX_S(id);
	b->generator = MX_S("GEN");
	b->receiver = MX_S("REC");
	b->from_ms = x->now;
	b->to_ms = x->now + 365 * LD_DAY_MS;
	b->lines = ld_arena_alloc(&x->build, 4 * sizeof *b->lines);
	for (size_t i = 0; i < 2; i++) {
		b->lines[i] = MX_NEW(x, Liandan__ApprovedLine, LIANDAN__APPROVED_LINE__INIT);
		b->lines[i]->code = MX_S(codes[i]);
		b->lines[i]->mass_g = grams[i];
	}
	b->n_lines = 2;
	return b;
}

static inline Liandan__Reason mx_approve(struct mx *x, enum mx_who who,
					 Liandan__TransferApproved *b)
{
	MX_EVENT(e, TRANSFER_APPROVED, b);
	return mx_put(x, who, &e);
}

static inline Liandan__Reason mx_deny(struct mx *x, enum mx_who who, const char *id)
{
	Liandan__TransferDenied *b =
	    MX_NEW(x, Liandan__TransferDenied, LIANDAN__TRANSFER_DENIED__INIT);
	MX_EVENT(e, TRANSFER_DENIED, b);

	b->approval = MX_S(id);
	b->reason = MX_S("no");
	return mx_put(x, who, &e);
}

/* ---- numbers ---- */

static inline Liandan__Reason mx_allocate(struct mx *x, enum mx_who who, const char *series,
					  uint64_t first, uint64_t last, const char *party)
{
	Liandan__NumbersAllocated *b =
	    MX_NEW(x, Liandan__NumbersAllocated, LIANDAN__NUMBERS_ALLOCATED__INIT);
	MX_EVENT(e, NUMBERS_ALLOCATED, b);

	b->series = MX_S(series);
	b->first = first;
	b->last = last;
	b->party = MX_S(party);
	return mx_put(x, who, &e);
}

static inline Liandan__Reason mx_assign(struct mx *x, enum mx_who who, const char *number)
{
	Liandan__NumberAssigned *b =
	    MX_NEW(x, Liandan__NumberAssigned, LIANDAN__NUMBER_ASSIGNED__INIT);
	MX_EVENT(e, NUMBER_ASSIGNED, b);

	b->manifest = mx_id(x);
	b->number = MX_S(number);
	return mx_put(x, who, &e);
}

/* ---- holds ---- */

static inline Liandan__Reason mx_hold(struct mx *x, enum mx_who who, const char *hold,
				      Liandan__SubjectKind kind, const char *subject,
				      int64_t expires_ms)
{
	Liandan__HoldPlaced *b = MX_NEW(x, Liandan__HoldPlaced, LIANDAN__HOLD_PLACED__INIT);
	MX_EVENT(e, HOLD_PLACED, b);

	b->hold = MX_S(hold);
	b->subject_kind = kind;
	b->subject = MX_S(subject);
	b->legal_basis = MX_S("Law article 27");
	b->expires_ms = expires_ms;
	return mx_put(x, who, &e);
}

static inline Liandan__Reason mx_unhold(struct mx *x, enum mx_who who, const char *hold)
{
	Liandan__HoldReleased *b = MX_NEW(x, Liandan__HoldReleased, LIANDAN__HOLD_RELEASED__INIT);
	MX_EVENT(e, HOLD_RELEASED, b);

	b->hold = MX_S(hold);
	return mx_put(x, who, &e);
}

/* ---- keys ---- */

/* The key of `who` gets more roles and another subject. */
static inline void mx_rekey(struct mx *x, enum mx_who who, uint32_t roles, const char *person)
{
	Custody__Key *k;

	assert_int_equal(ld_key_rec_get(&x->c, x->keys[who], &k), LD_OK);
	k->roles |= roles;
	k->subject_id = MX_S(person);
	assert_int_equal(ld_key_rec_put(&x->c, k), LD_OK);
}

/* Another division for a party (province, prefecture, county). */
static inline void mx_divide(struct mx *x, const char *party, uint32_t division)
{
	Custody__Party *p;

	assert_int_equal(ld_party_get(&x->c, party, &p), LD_OK);
	p->registered->division = division;
	assert_int_equal(ld_party_put(&x->c, p), LD_OK);
}

#define MX_SUBJECT(kind) LIANDAN__SUBJECT_KIND__SUBJECT_KIND_##kind

#endif
