/* Row 20: amendments. */
#include "amend_builders.h"
#include "scenario.h"

/* ---- proposed ---- */

SCENARIO(HONEST, AMENDMENT_PROPOSED, row, REASON_NONE)
{
	mx_to_proposed(x);
}

SCENARIO(SIGNER, AMENDMENT_PROPOSED, row, WRONG_ROLE)
{
	mx_to_taken(x);
	mx_propose(x, LAB, mx_phone(x, "", "110"));
}

SCENARIO(PARTY, AMENDMENT_PROPOSED, row, WRONG_ROLE)
{
	mx_to_taken(x);
	mx_propose(x, CARX, mx_phone(x, "", "110"));
}

SCENARIO(ABSENT, AMENDMENT_PROPOSED, row, UNKNOWN_MANIFEST)
{
	mx_propose(x, GEN, mx_phone(x, "", "110"));
}

SCENARIO(PASSED, AMENDMENT_PROPOSED, row, OUT_OF_ORDER)
{
	mx_to_draft(x);
	mx_clean(x, mx_cancel(x, GEN));
	mx_propose(x, GEN, mx_phone(x, "", "110"));
}

SCENARIO(TWICE, AMENDMENT_PROPOSED, row, ALREADY_EXISTS)
{
	mx_to_proposed(x);
	mx_propose(x, GEN, mx_phone(x, "", "110"));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, on_hold, ON_HOLD)
{
	mx_to_taken(x);
	scenario_hold(x);
	mx_propose(x, GEN, mx_phone(x, "", "110"));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, no_proposal, ALREADY_EXISTS)
{
	mx_to_proposed(x);
	mx_propose(x, CAR1, mx_phone(x, "", "120"));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, base_version, VERSION_DIFFERS)
{
	Liandan__AmendmentProposed *b;

	mx_to_sealed(x);
	b = mx_phone(x, "", "110");
	mx_clean(x, mx_propose(x, GEN, b));
	mx_propose(x, GEN, b);
}

SCENARIO(HARD, AMENDMENT_PROPOSED, changes_form, BAD_CONTENT)
{
	Liandan__AmendmentProposed *b;

	mx_to_sealed(x);
	b = mx_phone(x, "", "110");
	mx_text(x, b, MX_FIELD(PHONE), 0, "", "120");
	mx_propose(x, GEN, b);
}

SCENARIO(HARD, AMENDMENT_PROPOSED, changes_there, UNKNOWN_SUBJECT)
{
	mx_to_sealed(x);
	mx_propose(x, GEN, mx_amend_number(x, MX_FIELD(LINE_COUNT), 7, 0, 1));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, old_stands, BAD_CONTENT)
{
	mx_to_sealed(x);
	mx_propose(x, GEN, mx_phone(x, "119", "110"));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, changes_can_be, QUANTITY)
{
	mx_to_sealed(x);
	mx_propose(x, GEN, mx_amend_number(x, MX_FIELD(LINE_MASS), 2, MX_BULK_G, 0));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, codes_known, BAD_WASTE_CODE)
{
	mx_to_draft(x);
	mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(LINE_CODE), 2, MX_BULK, "999-999-99"));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, parties_fixed, OUT_OF_ORDER)
{
	mx_to_taken(x);
	mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(CARRIER), 2, "CAR2", "CARX"));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, parts_apart, LIMIT)
{
	Custody__Manifest *m;

	mx_to_taken(x);
	m = mx_manifest(x); /* as what came off another one */
	m->created->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT;
	assert_int_equal(ld_manifest_put(&x->c, m), LD_OK);
	mx_propose(x, GEN, mx_amend_number(x, MX_FIELD(LINE_MASS), 2, MX_BULK_G, 400000));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, amended_parties, UNKNOWN_PARTY)
{
	mx_to_draft(x);
	mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(CARRIER), 2, "CAR2", "CAR9"));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, amended_vehicle, UNKNOWN_VEHICLE)
{
	mx_to_taken(x);
	mx_propose(x, CAR1, mx_amend_text(x, MX_FIELD(PLATE), 0, "V1", "V2"));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, offer_clear, OUT_OF_ORDER)
{
	mx_to_offered(x);
	mx_propose(x, GEN, mx_phone(x, "", "110"));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, books_hold, QUANTITY)
{
	mx_to_sealed(x);
	mx_propose(x, GEN, mx_amend_number(x, MX_FIELD(LINE_MASS), 2, MX_BULK_G, MX_BULK_G + 1));
}

SCENARIO(HARD, AMENDMENT_PROPOSED, sealed_again, NOT_LICENSED)
{
	mx_to_sealed(x);
	mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(LINE_MODE), 2, MX_MODE, "D10"));
}

SCENARIO(RECORDED, AMENDMENT_PROPOSED, amended_hazards, HAZARDS_DIFFER)
{
	mx_to_sealed(x);
	mx_propose(x, GEN,
		   mx_amend_number(x, MX_FIELD(LINE_HAZARDS), 1, LIANDAN__HAZARD__HAZARD_T,
				   LIANDAN__HAZARD__HAZARD_C));
}

/* ---- agreed ---- */

SCENARIO(HONEST, AMENDMENT_AGREED, row, REASON_NONE)
{
	mx_to_proposed(x);
	mx_agree(x, CAR1, mx_agreement(x, x->hash, true));
}

SCENARIO(SIGNER, AMENDMENT_AGREED, row, WRONG_ROLE)
{
	mx_to_proposed(x);
	mx_agree(x, LAB, mx_agreement(x, x->hash, true));
}

SCENARIO(PARTY, AMENDMENT_AGREED, row, WRONG_ROLE)
{
	mx_to_proposed(x);
	mx_agree(x, CARX, mx_agreement(x, x->hash, true));
}

SCENARIO(ABSENT, AMENDMENT_AGREED, row, UNKNOWN_MANIFEST)
{
	mx_agree(x, CAR1, mx_agreement(x, x->hash, true));
}

SCENARIO(PASSED, AMENDMENT_AGREED, row, OUT_OF_ORDER)
{
	uint8_t none[LD_HASH_BYTES] = {7};

	mx_to_draft(x);
	mx_clean(x, mx_cancel(x, GEN));
	mx_agree(x, CAR1, mx_agreement(x, none, true));
}

SCENARIO(TWICE, AMENDMENT_AGREED, row, OUT_OF_ORDER)
{
	Liandan__AmendmentAgreed *b;

	mx_to_proposed(x);
	b = mx_agreement(x, x->hash, true);
	mx_clean(x, mx_agree(x, CAR1, b));
	mx_agree(x, CAR1, b);
}

/* The amendment is off. */
SCENARIO(LATE, AMENDMENT_AGREED, row, OUT_OF_ORDER)
{
	mx_to_proposed(x);
	scenario_late(x, LIANDAN__EVENT__BODY_AMENDMENT_AGREED);
	mx_agree(x, CAR1, mx_agreement(x, x->hash, true));
}

SCENARIO(WAITS, AMENDMENT_AGREED, proposal_open, REASON_NONE)
{
	uint8_t hash[LD_HASH_BYTES];
	ProtobufCBinaryData proposal;

	mx_to_taken(x);
	MX_EVENT(e, AMENDMENT_PROPOSED, mx_phone(x, "", "110"));
	proposal = mx_pack(x, GEN, MX_KEYS, &e);
	ld_sha256(proposal.data, proposal.len, hash);
	mx_held(x, mx_agree(x, CAR1, mx_agreement(x, hash, true)));
	mx_put_bytes(x, proposal);
}

SCENARIO(HARD, AMENDMENT_AGREED, proposal_open, WAITS_FOR_CAUSE)
{
	uint8_t none[LD_HASH_BYTES] = {7};

	mx_to_taken(x);
	mx_agree(x, CAR1, mx_agreement(x, none, true));
}

/* Named for leg 2, but it has signed nothing. */
SCENARIO(HARD, AMENDMENT_AGREED, asked, WRONG_ROLE)
{
	mx_to_proposed(x);
	mx_agree(x, CAR2, mx_agreement(x, x->hash, true));
}

SCENARIO(HARD, AMENDMENT_AGREED, agreed_once, ALREADY_EXISTS)
{
	mx_to_proposed(x);
	mx_agree(x, GEN, mx_agreement(x, x->hash, true));
}

SCENARIO(HARD, AMENDMENT_AGREED, on_hold, ON_HOLD)
{
	uint8_t proposal[LD_HASH_BYTES];

	mx_to_proposed(x);
	memcpy(proposal, x->hash, sizeof proposal);
	scenario_hold(x);
	mx_agree(x, CAR1, mx_agreement(x, proposal, true));
}

/* Meanwhile another truck has taken it. */
SCENARIO(HARD, AMENDMENT_AGREED, old_stands, BAD_CONTENT)
{
	uint8_t proposal[LD_HASH_BYTES];

	mx_to_taken(x);
	mx_vehicle(x, "V3", "CAR1");
	mx_clean(x, mx_offer(x, CAR1, mx_offered(x, 2, "CAR2")));
	mx_clean(x, mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(PLATE), 0, "V1", "V3")));
	memcpy(proposal, x->hash, sizeof proposal);
	mx_clean(x, mx_take(x, CAR2, mx_taken(x, 2, "V2")));
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, proposal, true)));
	mx_agree(x, CAR2, mx_agreement(x, proposal, true));
}

/* The receiver has written on paper, so it is asked; meanwhile the truck is off. */
static void another_carrier_and_off(struct mx *x, uint8_t proposal[LD_HASH_BYTES])
{
	mx_to_sealed(x);
	mx_clean(x, mx_backfill(x, REC, mx_paper(x)));
	mx_clean(x, mx_propose(x, GEN, mx_amend_text(x, MX_FIELD(CARRIER), 2, "CAR2", "CARX")));
	memcpy(proposal, x->hash, LD_HASH_BYTES);
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
}

SCENARIO(HARD, AMENDMENT_AGREED, parties_fixed, OUT_OF_ORDER)
{
	uint8_t proposal[LD_HASH_BYTES];

	another_carrier_and_off(x, proposal);
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	mx_clean(x, mx_agree(x, CAR1, mx_agreement(x, proposal, true)));
	mx_agree(x, REC, mx_agreement(x, proposal, true));
}

SCENARIO(HARD, AMENDMENT_AGREED, offer_clear, OUT_OF_ORDER)
{
	uint8_t proposal[LD_HASH_BYTES];

	another_carrier_and_off(x, proposal);
	mx_agree(x, REC, mx_agreement(x, proposal, true));
}

/* Meanwhile a part of it has left on another truck. */
SCENARIO(HARD, AMENDMENT_AGREED, parts_apart, LIMIT)
{
	uint8_t proposal[LD_HASH_BYTES];
	Custody__Manifest *m;

	mx_to_taken(x);
	mx_clean(x,
		 mx_propose(x, GEN, mx_amend_number(x, MX_FIELD(LINE_MASS), 2, MX_BULK_G, 400000)));
	memcpy(proposal, x->hash, sizeof proposal);
	m = mx_manifest(x);
	m->created->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT;
	assert_int_equal(ld_manifest_put(&x->c, m), LD_OK);
	mx_agree(x, CAR1, mx_agreement(x, proposal, true));
}

/* Meanwhile the drums have been seen off. */
SCENARIO(HARD, AMENDMENT_AGREED, books_hold, CONTAINER_ELSEWHERE)
{
	uint8_t proposal[LD_HASH_BYTES];
	Custody__Container *k;

	mx_to_taken(x);
	mx_clean(
	    x, mx_propose(x, GEN,
			  mx_amend_number(x, MX_FIELD(LINE_MASS), 1, MX_C1_G + MX_C2_G, MX_C1_G)));
	memcpy(proposal, x->hash, sizeof proposal);
	k = mx_container(x, "C2");
	k->manifest.len = 0;
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_agree(x, CAR1, mx_agreement(x, proposal, true));
}
