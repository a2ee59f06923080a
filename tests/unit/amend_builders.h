/* Bodies of amendments, for manifest_fixture.h's world. CUSTODY-20. */
#ifndef LD_TESTS_AMEND_BUILDERS_H
#define LD_TESTS_AMEND_BUILDERS_H

#include "plugin/custody/amend.h"

#include "finding_builders.h"
#include "rights_builders.h"

#define MX_FIELD(name) LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_##name

/* Of the version that stands; no change yet, room for 40. */
static inline Liandan__AmendmentProposed *mx_amendment(struct mx *x)
{
	Liandan__AmendmentProposed *b =
	    MX_NEW(x, Liandan__AmendmentProposed, LIANDAN__AMENDMENT_PROPOSED__INIT);
	Custody__Manifest *m;

	b->manifest = mx_id(x);
	b->base_version = ld_manifest_get(&x->c, mx_id(x), &m) == LD_OK && m->version != 0
			      ? m->version
			      : LD_DRAFT_VERSION;
	b->reason = LIANDAN__AMENDMENT_REASON__AMENDMENT_REASON_TYPING;
	b->changes = ld_arena_alloc(&x->build, 40 * sizeof *b->changes);
	return b;
}

static inline Liandan__AmendmentChange *mx_change(struct mx *x, Liandan__AmendmentProposed *b,
						  Liandan__AmendmentField field, uint32_t line)
{
	Liandan__AmendmentChange *ch =
	    MX_NEW(x, Liandan__AmendmentChange, LIANDAN__AMENDMENT_CHANGE__INIT);

	ch->field = field;
	ch->line = line;
	b->changes[b->n_changes++] = ch;
	return ch;
}

static inline void mx_number(struct mx *x, Liandan__AmendmentProposed *b,
			     Liandan__AmendmentField field, uint32_t line, int64_t old, int64_t new)
{
	Liandan__AmendmentChange *ch = mx_change(x, b, field, line);

	ch->old_number = old;
	ch->new_number = new;
}

static inline void mx_text(struct mx *x, Liandan__AmendmentProposed *b,
			   Liandan__AmendmentField field, uint32_t line, const char *old,
			   const char *new)
{
	Liandan__AmendmentChange *ch = mx_change(x, b, field, line);

	ch->old_text = MX_S(old);
	ch->new_text = MX_S(new);
}

/* Of one change. */
static inline Liandan__AmendmentProposed *mx_amend_number(struct mx *x,
							  Liandan__AmendmentField field,
							  uint32_t line, int64_t old, int64_t new)
{
	Liandan__AmendmentProposed *b = mx_amendment(x);

	mx_number(x, b, field, line, old, new);
	return b;
}

static inline Liandan__AmendmentProposed *mx_amend_text(struct mx *x, Liandan__AmendmentField field,
							uint32_t line, const char *old,
							const char *new)
{
	Liandan__AmendmentProposed *b = mx_amendment(x);

	mx_text(x, b, field, line, old, new);
	return b;
}

/* The telephone number: touches nothing else. */
static inline Liandan__AmendmentProposed *mx_phone(struct mx *x, const char *old, const char *new)
{
	return mx_amend_text(x, MX_FIELD(PHONE), 0, old, new);
}

static inline Liandan__Reason mx_propose(struct mx *x, enum mx_who who,
					 Liandan__AmendmentProposed *b)
{
	MX_EVENT(e, AMENDMENT_PROPOSED, b);
	return mx_put(x, who, &e);
}

static inline Liandan__AmendmentAgreed *
mx_agreement(struct mx *x, const uint8_t proposal[LD_HASH_BYTES], bool agrees)
{
	Liandan__AmendmentAgreed *b =
	    MX_NEW(x, Liandan__AmendmentAgreed, LIANDAN__AMENDMENT_AGREED__INIT);

	b->manifest = mx_id(x);
	b->proposal = mx_bytes(ld_arena_dup(&x->build, proposal, LD_HASH_BYTES), LD_HASH_BYTES);
	b->agrees = agrees;
	return b;
}

static inline Liandan__Reason mx_agree(struct mx *x, enum mx_who who, Liandan__AmendmentAgreed *b)
{
	MX_EVENT(e, AMENDMENT_AGREED, b);
	return mx_put(x, who, &e);
}

/* On the way, and the generator proposes another telephone number; its hash is the last event's.
 * CAR1 is asked. */
static inline void mx_to_proposed(struct mx *x)
{
	mx_to_taken(x);
	mx_clean(x, mx_propose(x, GEN, mx_phone(x, "", "110")));
}

/* The content is the hash of what stands, by the seal's rule. */
static inline bool mx_content_stands(struct mx *x)
{
	const Custody__Manifest *m = mx_manifest(x);
	uint8_t content[LD_HASH_BYTES];

	assert_int_equal(ld_manifest_content(&x->build, m->created, m->items, m->n_items, content),
			 LD_OK);
	return m->content.len == sizeof content &&
	       memcmp(m->content.data, content, sizeof content) == 0;
}

#endif
