/* Rows 1 and 3 beside the draft: a number that comes later, and the generator's word after a
 * delegate's seal. */
#include "scenario.h"

/* ---- CUSTODY-1: NumberAssigned ---- */

#define NUMBER "20264403000010" /* 2026, Shenzhen */
#define BLOCK_FIRST UINT64_C(20264403000010)
#define BLOCK_LAST UINT64_C(20264403000019)

SCENARIO(HONEST, NUMBER_ASSIGNED, row, REASON_NONE)
{
	mx_to_draft(x);
	mx_assign(x, GEN, NUMBER);
}

SCENARIO(SIGNER, NUMBER_ASSIGNED, row, WRONG_ROLE)
{
	mx_to_draft(x);
	mx_assign(x, CAR1, NUMBER);
}

SCENARIO(PARTY, NUMBER_ASSIGNED, row, WRONG_ROLE)
{
	mx_to_draft(x);
	mx_assign(x, GEN2, NUMBER);
}

SCENARIO(ABSENT, NUMBER_ASSIGNED, row, UNKNOWN_MANIFEST)
{
	mx_assign(x, EEB, NUMBER);
}

SCENARIO(PASSED, NUMBER_ASSIGNED, row, OUT_OF_ORDER)
{
	mx_to_draft(x);
	mx_clean(x, mx_cancel(x, GEN));
	mx_assign(x, EEB, NUMBER);
}

SCENARIO(TWICE, NUMBER_ASSIGNED, row, ALREADY_EXISTS)
{
	mx_to_draft(x);
	mx_clean(x, mx_assign(x, GEN, NUMBER));
	mx_assign(x, GEN, NUMBER);
}

SCENARIO(HARD, NUMBER_ASSIGNED, no_number, ALREADY_EXISTS)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->number = MX_S(NUMBER);
	mx_clean(x, mx_create(x, b));
	mx_assign(x, EEB, "20264403000011");
}

SCENARIO(HARD, NUMBER_ASSIGNED, number_form, BAD_NUMBER)
{
	mx_to_draft(x);
	mx_assign(x, GEN, "20264401000010"); /* Guangzhou's */
}

SCENARIO(HARD, NUMBER_ASSIGNED, number_unused, ALREADY_EXISTS)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->number = MX_S(NUMBER);
	mx_clean(x, mx_create(x, b));
	x->id[0]++;
	mx_to_draft(x);
	mx_assign(x, GEN, NUMBER);
}

SCENARIO(HARD, NUMBER_ASSIGNED, number_block, BAD_NUMBER)
{
	mx_clean(x, mx_allocate(x, EEB, "S", BLOCK_FIRST, BLOCK_LAST, "GEN2"));
	mx_to_draft(x);
	mx_assign(x, GEN, NUMBER);
}

SCENARIO(LATE, NUMBER_ASSIGNED, row, OUT_OF_ORDER)
{
	mx_to_draft(x);
	scenario_late(x, LIANDAN__EVENT__BODY_NUMBER_ASSIGNED);
	mx_assign(x, GEN, NUMBER);
}

/* ---- CUSTODY-3: GeneratorConfirmed ---- */

static Liandan__ManifestCreated *draft_of_delegate(struct mx *x)
{
	Liandan__ManifestCreated *b = mx_created(x);

	mx_clean(x, mx_delegate(x, EEB, mx_delegation(x, "D")));
	mx_fill(x);
	mx_clean(x, MX_UNDER(x, CAR1, "D", MANIFEST_CREATED, b));
	return b;
}

static void seal_of_delegate(struct mx *x, enum mx_who who, const Liandan__ManifestCreated *draft)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	mx_hash_content(x, draft, b);
	mx_clean(x, MX_UNDER(x, who, "D", MANIFEST_SEALED, b));
}

SCENARIO(HONEST, GENERATOR_CONFIRMED, row, REASON_NONE)
{
	seal_of_delegate(x, CAR1, draft_of_delegate(x));
	mx_confirm(x, GEN, true);
}

SCENARIO(SIGNER, GENERATOR_CONFIRMED, row, WRONG_ROLE)
{
	seal_of_delegate(x, CAR1, draft_of_delegate(x));
	mx_confirm(x, CAR1, true);
}

SCENARIO(PARTY, GENERATOR_CONFIRMED, row, WRONG_ROLE)
{
	seal_of_delegate(x, CAR1, draft_of_delegate(x));
	mx_confirm(x, GEN2, true);
}

SCENARIO(ABSENT, GENERATOR_CONFIRMED, row, WAITS_FOR_STATE)
{
	mx_confirm(x, GEN, true);
}

SCENARIO(WAITS, GENERATOR_CONFIRMED, row, REASON_NONE)
{
	const Liandan__ManifestCreated *draft = draft_of_delegate(x);

	mx_hash_content(x, draft, mx_sealed(x));
	mx_held(x, mx_confirm(x, GEN, true));
	seal_of_delegate(x, CAR1, draft);
}

SCENARIO(TWICE, GENERATOR_CONFIRMED, row, OUT_OF_ORDER)
{
	seal_of_delegate(x, CAR1, draft_of_delegate(x));
	mx_clean(x, mx_confirm(x, GEN, true));
	mx_confirm(x, GEN, true);
}

/* Its clock has run out, and it is on its way (with CARX, who is not named). */
SCENARIO(LATE, GENERATOR_CONFIRMED, row, REASON_NONE)
{
	seal_of_delegate(x, CAR1, draft_of_delegate(x));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CARX")));
	mx_accepted(x, mx_take(x, CARX, mx_taken(x, 1, "VX")));
	scenario_late(x, LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED);
	mx_confirm(x, GEN, true);
}

/* Sealed by the generator itself. */
SCENARIO(HARD, GENERATOR_CONFIRMED, to_confirm, OUT_OF_ORDER)
{
	mx_to_sealed(x);
	mx_confirm(x, GEN, true);
}

/* A person with keys at both firms. */
SCENARIO(HARD, GENERATOR_CONFIRMED, another_pen, SAME_PERSON)
{
	seal_of_delegate(x, BOTH, draft_of_delegate(x));
	mx_confirm(x, GEN, true);
}

SCENARIO(HARD, GENERATOR_CONFIRMED, content, BAD_CONTENT)
{
	seal_of_delegate(x, CAR1, draft_of_delegate(x));
	x->content[0] ^= 1;
	mx_confirm(x, GEN, true);
}

SCENARIO(RECORDED, GENERATOR_CONFIRMED, not_disputed, DISPUTED)
{
	seal_of_delegate(x, CAR1, draft_of_delegate(x));
	mx_confirm(x, GEN, false);
}
