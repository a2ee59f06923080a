/* Amendments 更正: a party proposes typed changes on the version that stands, every party that
 * signed after the fields were set agrees, then they take effect at once: version + 1, content
 * anew, books corrected. The ledger keeps both. CUSTODY-20.
 *
 * - asked is who has signed a step of the manifest since the field was set: of what the draft says
 *   all of them, of vehicle and driver since that hand-over, of what was accepted since then. The
 *   proposer agrees by proposing. Who signs while it is open is asked too.
 * - A draft is simply changed: its version is 1 and stays it until it is sealed.
 * - `content` is the hash of draft and items as amended, by the rule of the seal
 *   (ld_manifest_content).
 * - A line's mass is shared over its items in their proportion, to the gram (ld_share_g).
 *
 * What has left on child manifests stays as it left: a line's mass is then amended in what is still
 * here, its code not at all. What came off another manifest is amended in neither. */
#ifndef LD_CUSTODY_AMEND_H
#define LD_CUSTODY_AMEND_H

#include "plugin/custody/apply.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/stock.h"

#define LD_MAX_SIGNED_BY 64 /* parties of one manifest that are remembered as its signers */
#define LD_MAX_AMENDED 16   /* amendments that stand on it; the ledger has all */
#define LD_DRAFT_VERSION 1u /* base_version of a draft */

/* ---- who is asked ---- */

/* Every step that is put: its signers are noted, and asked by an open proposal. Puts nothing. */
enum ld_err ld_amend_note_signed(struct ld_custody *c, const struct ld_fact *f,
				 Custody__Manifest *m);
bool ld_has_signed(const Custody__Manifest *m, const char *party);
/* The parties asked for these changes, without `but`; arena. LD_ERR_NOMEM. */
enum ld_err ld_amend_asked(struct ld_custody *c, const Custody__Manifest *m,
			   Liandan__AmendmentChange *const *changes, size_t n, const char *but,
			   char ***out, size_t *n_out);
bool ld_party_among(char *const *parties, size_t n, const char *party);

/* ---- fields ---- */

enum ld_amend_of { LD_OF_LINE, LD_OF_DRAFT, LD_OF_LEG, LD_OF_TAKING, LD_OF_ACCEPTANCE };
struct ld_amend_field {
	Liandan__AmendmentField field;
	enum ld_amend_of of;
	bool number; /* else text */
};
/* NULL: no such field. */
const struct ld_amend_field *ld_amend_field(Liandan__AmendmentField field);
/* What it changes is there: the line, the carrier of that leg, a taking, an acceptance of that
 * line. */
bool ld_amend_there(const Custody__Manifest *m, const Liandan__AmendmentChange *ch);
/* Its old value is what stands. */
bool ld_amend_stands(const Custody__Manifest *m, const Liandan__AmendmentChange *ch);
/* Sets it in m, whose strings and messages are the arena's; LD_ERR_NOMEM. */
enum ld_err ld_amend_set(struct ld_custody *c, Custody__Manifest *m,
			 const Liandan__AmendmentChange *ch);
/* Party and site of a RECEIVER's text: "party", or "party/site"; site "" where there is none. Ids
 * that are too long give "". */
struct ld_amend_receiver {
	char party[LD_MAX_ID_BYTES + 1];
	char site[LD_MAX_ID_BYTES + 1];
};
struct ld_amend_receiver ld_amend_receiver_of(const char *text);
/* It carries on what another manifest has shipped, or accepted: its grams are the other's too. */
bool ld_amend_carries_on(const Custody__Manifest *m);

/* ---- what it comes to ---- */

/* A correction of one book, of a container. */
struct ld_amend_book {
	const char *party, *site, *code;
	struct ld_booking b;
	int64_t contained_g;
};
struct ld_amend_box {
	const char *container, *code;
	Liandan__CodeSystem code_system;
	int64_t mass_g;
};
#define LD_AMEND_BOOKS (4 * LD_MAX_LINES)
struct ld_amend_plan {
	Custody__Manifest *after; /* as amended, version and content as before */
	struct ld_amend_book book[LD_AMEND_BOOKS];
	size_t n_books;
	struct ld_amend_box *box;
	size_t n_boxes;
	/* It cannot be: something would be negative, or is not where the manifest has it. NONE: it
	 * can. */
	Liandan__Reason bar;
	const char *bar_on; /* container, code or line */
	int64_t bar_g;	    /* what it would come to, or 0 */
};
/* Reads state, writes nothing. LD_ERR_NOMEM. */
enum ld_err ld_amend_plan(struct ld_custody *c, const Custody__Manifest *m,
			  Liandan__AmendmentChange *const *changes, size_t n,
			  struct ld_amend_plan **out);
/* Adds bar where the books would not hold it (amend_stock_apply.c). */
enum ld_err ld_amend_plan_books(struct ld_custody *c, const Custody__Manifest *m,
				struct ld_amend_plan *p);
enum ld_err ld_amend_book(struct ld_custody *c, const struct ld_amend_plan *p, uint64_t index);

/* ---- events ---- */

enum ld_err ld_amendment_proposed_apply(struct ld_custody *c, const struct ld_fact *f,
					const Liandan__AmendmentProposed *b);
enum ld_err ld_amendment_agreed_apply(struct ld_custody *c, const struct ld_fact *f,
				      const Liandan__AmendmentAgreed *b);
/* The changes that take effect with this event, by m as it stands before; n 0: none. */
struct ld_amend_changes {
	Liandan__AmendmentChange *const *ch;
	size_t n;
};
struct ld_amend_changes ld_amend_effect_of(struct ld_custody *c, const struct ld_fact *f,
					   const Custody__Manifest *m);
/* The book is corrected in grams of generated, received, shipped, bound or in containers. */
bool ld_amend_moves(const struct ld_amend_book *b);
/* Nobody asked for longer: it is off. Does not put m. */
void ld_amendment_missed(Custody__Manifest *m);
/* A content that stood before an amendment. */
bool ld_amend_former(const Custody__Manifest *m, ProtobufCBinaryData content);
/* Amendments of a party that took effect in the month (UTC+8) of at_ms, drafts aside. D8 */
int64_t ld_amended_in_month(struct ld_custody *c, const char *party, int64_t at_ms);
/* Judge's side: the notice of one after the acceptance, and too many of a party's. */
void ld_amend_follow(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData manifest,
		     struct ld_own_list *own);

#endif
