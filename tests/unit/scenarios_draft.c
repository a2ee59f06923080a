/* Rows 1, 2 and 4: created, sealed, cancelled. */
#include "scenario.h"

/* ---- CUSTODY-1 ---- */

SCENARIO(HONEST, MANIFEST_CREATED, row, REASON_NONE)
{
	mx_create(x, mx_created(x));
}

SCENARIO(SIGNER, MANIFEST_CREATED, row, WRONG_ROLE)
{
	mx_create_as(x, CAR1, mx_created(x));
}

SCENARIO(PARTY, MANIFEST_CREATED, row, WRONG_ROLE)
{
	mx_create_as(x, GEN2, mx_created(x));
}

SCENARIO(PASSED, MANIFEST_CREATED, row, ALREADY_EXISTS)
{
	mx_to_sealed(x);
	mx_create(x, mx_created(x));
}

SCENARIO(TWICE, MANIFEST_CREATED, row, ALREADY_EXISTS)
{
	mx_create(x, mx_to_draft(x));
}

SCENARIO(HARD, MANIFEST_CREATED, draft_kind, LIMIT)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT;
	mx_create(x, b);
}

SCENARIO(HARD, MANIFEST_CREATED, generator_registered, UNKNOWN_PARTY)
{
	mx_party(x, "GEN", LIANDAN__ROLE__ROLE_RECEIVER, LIANDAN__TIER__TIER_KEY);
	mx_create(x, mx_created(x));
}

SCENARIO(HARD, MANIFEST_CREATED, receiver_registered, UNKNOWN_PARTY)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->receiver->party = MX_S("CAR1");
	mx_create(x, b);
}

SCENARIO(HARD, MANIFEST_CREATED, sites_usable, UNKNOWN_SITE)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->site = MX_S("S-PARK");
	mx_create(x, b);
}

SCENARIO(HARD, MANIFEST_CREATED, other_site, SAME_SITE)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->generator = MX_S("REC"); /* a receiver that generates, to itself */
	b->site = MX_S("S-REC");
	mx_create_as(x, RECG, b);
}

SCENARIO(HARD, MANIFEST_CREATED, carriers_registered, UNKNOWN_PARTY)
{
	Liandan__ManifestCreated *b = mx_created(x);

	mx_add_carrier(x, b, 3, "GEN2");
	mx_create(x, b);
}

SCENARIO(HARD, MANIFEST_CREATED, line_form, QUANTITY)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->lines[1]->line = 1;
	mx_create(x, b);
}

SCENARIO(HARD, MANIFEST_CREATED, line_codes, BAD_WASTE_CODE)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->lines[1]->code = MX_S("123-456-78");
	mx_create(x, b);
}

SCENARIO(HARD, MANIFEST_CREATED, draft_room, LIMIT)
{
	Custody__Party *p;

	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	p->drafts = LD_MAX_DRAFTS_PER_PARTY;
	assert_int_equal(ld_party_put(&x->c, p), LD_OK);
	mx_create(x, mx_created(x));
}

SCENARIO(HARD, MANIFEST_CREATED, number_form, BAD_NUMBER)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->number = MX_S("20264403000001X");
	mx_create(x, b);
}

SCENARIO(HARD, MANIFEST_CREATED, number_unused, ALREADY_EXISTS)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->number = MX_S("20264403000001");
	mx_clean(x, mx_create(x, b));
	x->id[0] ^= 1;
	b = mx_created(x);
	b->number = MX_S("20264403000001");
	mx_create(x, b);
}

SCENARIO(HARD, MANIFEST_CREATED, number_block, BAD_NUMBER)
{
	Liandan__ManifestCreated *b = mx_created(x);

	mx_clean(x, mx_allocate(x, EEB, "S", UINT64_C(20264403000010), UINT64_C(20264403000019),
				"GEN2"));
	b->number = MX_S("20264403000010");
	mx_create(x, b);
}

SCENARIO(HARD, MANIFEST_CREATED, on_hold, ON_HOLD)
{
	mx_clean(x, mx_hold(x, EEB, "H1", MX_SUBJECT(PARTY), "GEN", x->now + x->c.rules->hold_ms));
	mx_create(x, mx_created(x));
}

/* ---- CUSTODY-2 ---- */

SCENARIO(HONEST, MANIFEST_SEALED, row, REASON_NONE)
{
	mx_to_sealed(x);
}

static void seal_by(struct mx *x, enum mx_who who)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	mx_hash_content(x, mx_to_draft(x), b);
	mx_seal_as(x, who, b);
}

SCENARIO(SIGNER, MANIFEST_SEALED, row, WRONG_ROLE)
{
	seal_by(x, REC);
}

SCENARIO(PARTY, MANIFEST_SEALED, row, WRONG_ROLE)
{
	seal_by(x, GEN2);
}

SCENARIO(ABSENT, MANIFEST_SEALED, row, UNKNOWN_MANIFEST)
{
	mx_seal(x, mx_created(x), mx_sealed(x));
}

SCENARIO(PASSED, MANIFEST_SEALED, row, OUT_OF_ORDER)
{
	const Liandan__ManifestCreated *draft = mx_to_draft(x);

	mx_clean(x, mx_cancel(x, GEN));
	mx_seal(x, draft, mx_sealed(x));
}

SCENARIO(TWICE, MANIFEST_SEALED, row, OUT_OF_ORDER)
{
	mx_to_sealed(x);
	mx_seal(x, mx_created(x), mx_sealed(x));
}

SCENARIO(HARD, MANIFEST_SEALED, on_hold, ON_HOLD)
{
	const Liandan__ManifestCreated *draft = mx_to_draft(x);

	scenario_hold(x);
	mx_seal(x, draft, mx_sealed(x));
}

SCENARIO(HARD, MANIFEST_SEALED, first_version, BAD_CONTENT)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	b->version = 2;
	mx_seal(x, mx_to_draft(x), b);
}

SCENARIO(HARD, MANIFEST_SEALED, content_computed, BAD_CONTENT)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	mx_hash_content(x, mx_to_draft(x), b);
	x->content[5] ^= 1;
	mx_seal_as(x, GEN, b);
}

SCENARIO(HARD, MANIFEST_SEALED, containers_once, CONTAINER_ELSEWHERE)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	b->items[1]->container = MX_S("C1");
	mx_seal(x, mx_to_draft(x), b);
}

SCENARIO(HARD, MANIFEST_SEALED, open_room, LIMIT)
{
	const Liandan__ManifestCreated *draft = mx_to_draft(x);
	Custody__Party *p;

	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	p->open_manifests = LD_MAX_OPEN_MANIFESTS_PER_PARTY;
	assert_int_equal(ld_party_put(&x->c, p), LD_OK);
	mx_seal(x, draft, mx_sealed(x));
}

SCENARIO(HARD, MANIFEST_SEALED, item_lines, QUANTITY)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	b->items[2]->line = 7;
	mx_seal(x, mx_to_draft(x), b);
}

SCENARIO(HARD, MANIFEST_SEALED, containers_free, UNKNOWN_CONTAINER)
{
	mx_seal(x, mx_to_draft(x), mx_sealed(x)); /* nothing was generated */
}

SCENARIO(HARD, MANIFEST_SEALED, containers_hold, QUANTITY)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	mx_fill(x);
	b->items[0]->mass_g--;
	mx_seal(x, mx_to_draft(x), b);
}

SCENARIO(HARD, MANIFEST_SEALED, lines_add_up, QUANTITY)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	mx_fill(x);
	b->items[2]->mass_g++;
	mx_seal(x, mx_to_draft(x), b);
}

/* A negative book, as a fact may leave it. */
static void book(struct mx *x, const char *code, int64_t in_stock_g)
{
	Custody__Stock s = CUSTODY__STOCK__INIT;

	s.party = MX_S("GEN");
	s.site = MX_S("S-GEN");
	s.code = MX_S(code);
	s.in_stock_g = in_stock_g;
	assert_int_equal(ld_stock_put(&x->c, &s), LD_OK);
}

SCENARIO(HARD, MANIFEST_SEALED, stock_counted, QUANTITY)
{
	const Liandan__ManifestCreated *draft;

	mx_fill(x);
	draft = mx_to_draft(x);
	book(x, MX_BULK, -1);
	mx_seal(x, draft, mx_sealed(x));
}

SCENARIO(HARD, MANIFEST_SEALED, bulk_in_stock, QUANTITY)
{
	const Liandan__ManifestCreated *draft;

	mx_fill(x);
	draft = mx_to_draft(x);
	book(x, MX_BULK, MX_BULK_G - 1);
	mx_seal(x, draft, mx_sealed(x));
}

SCENARIO(HARD, MANIFEST_SEALED, receiver_licensed, NOT_LICENSED)
{
	mx_fill(x);
	mx_licence(x, "L-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", "D10", 0);
	mx_seal(x, mx_to_draft(x), mx_sealed(x));
}

SCENARIO(HARD, MANIFEST_SEALED, carriers_licensed, NOT_LICENSED)
{
	mx_fill(x);
	mx_licence(x, "L-C2", "CAR2", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, MX_CODE, "", 0);
	mx_seal(x, mx_to_draft(x), mx_sealed(x));
}

SCENARIO(HARD, MANIFEST_SEALED, approval, APPROVAL_MISSING)
{
	mx_fill(x);
	mx_divide(x, "REC", 430100); /* another province */
	mx_seal(x, mx_to_draft(x), mx_sealed(x));
}

SCENARIO(RECORDED, MANIFEST_SEALED, hazards, HAZARDS_DIFFER)
{
	Liandan__ManifestCreated *draft = mx_created(x);

	mx_fill(x);
	draft->lines[1]->hazards = LIANDAN__HAZARD__HAZARD_C;
	mx_clean(x, mx_create(x, draft));
	mx_seal(x, draft, mx_sealed(x));
}

SCENARIO(RECORDED, MANIFEST_SEALED, three_parties, SAME_PARTY)
{
	Liandan__ManifestCreated *draft = mx_created(x);

	mx_party(x, "REC", LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_CARRIER, 0);
	mx_licence(x, "L-RC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", 0);
	mx_fill(x);
	draft->carriers[1]->party = MX_S("REC");
	mx_clean(x, mx_create(x, draft));
	mx_seal(x, draft, mx_sealed(x));
}

/* ---- CUSTODY-4 ---- */

SCENARIO(HONEST, MANIFEST_CANCELLED, row, REASON_NONE)
{
	mx_to_sealed(x);
	mx_cancel(x, GEN);
}

SCENARIO(SIGNER, MANIFEST_CANCELLED, row, WRONG_ROLE)
{
	mx_to_sealed(x);
	mx_cancel(x, CAR1);
}

SCENARIO(PARTY, MANIFEST_CANCELLED, row, WRONG_ROLE)
{
	mx_to_sealed(x);
	mx_cancel(x, GEN2);
}

SCENARIO(ABSENT, MANIFEST_CANCELLED, row, UNKNOWN_MANIFEST)
{
	mx_cancel(x, GEN);
}

SCENARIO(PASSED, MANIFEST_CANCELLED, row, OUT_OF_ORDER)
{
	mx_to_taken(x);
	mx_cancel(x, GEN);
}

SCENARIO(TWICE, MANIFEST_CANCELLED, row, OUT_OF_ORDER)
{
	mx_to_draft(x);
	mx_clean(x, mx_cancel(x, GEN));
	mx_cancel(x, GEN);
}

SCENARIO(HARD, MANIFEST_CANCELLED, on_hold, ON_HOLD)
{
	mx_to_sealed(x);
	scenario_hold(x);
	mx_cancel(x, GEN);
}

SCENARIO(HARD, MANIFEST_CANCELLED, no_live_offer, OUT_OF_ORDER)
{
	mx_to_offered(x);
	mx_cancel(x, GEN);
}

/* ---- late: the draft is not one any more ---- */

SCENARIO(LATE, MANIFEST_SEALED, row, OUT_OF_ORDER)
{
	const Liandan__ManifestCreated *draft = mx_to_draft(x);

	mx_fill(x);
	scenario_late(x, LIANDAN__EVENT__BODY_MANIFEST_SEALED);
	mx_seal(x, draft, mx_sealed(x));
}

SCENARIO(LATE, MANIFEST_CANCELLED, row, OUT_OF_ORDER)
{
	mx_to_sealed(x);
	scenario_late(x, LIANDAN__EVENT__BODY_MANIFEST_CANCELLED);
	mx_cancel(x, GEN);
}
