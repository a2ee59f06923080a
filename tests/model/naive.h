/* A second model of the custody table, as plain as it can be: arrays that are searched from end to
 * end, one function a row, no store, no records, nothing of plugin/custody's table or apply.
 * Written from plugin/custody/README.md ("The manifest's table", "Who may submit what", "Held
 * events") and CUSTODY; what it says and what the region says must be the same.
 *
 * It knows order, holder and mass. Of recorded checks it knows nothing: they change no verdict. */
#ifndef LD_TESTS_NAIVE_H
#define LD_TESTS_NAIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "custody/state.pb-c.h" /* names of states, nothing else */
#include "liandan/event.pb-c.h"
#include "proto/limits.h"

#define NV_ID (LD_MAX_ID_BYTES + 1)
#define NV_ITEMS 16
#define NV_LINES 8
#define NV_COSIGNERS LD_MAX_COSIGNERS
#define NV_ORIGINS 32  /* manifests that one container's waste came by */
#define NV_UNPACKED 64 /* kinds of bulk that came out of a manifest's containers */
#define NV_OPEN 32     /* discrepancies of a manifest that are open */

/* Rules that are wrong on purpose: a model that is not the region's must be noticed. */
enum nv_wrong {
	NV_RIGHT,
	NV_TAKES_WITHOUT_OFFER,	 /* CUSTODY-6: nobody asks whether the giver gave */
	NV_MOVES_AT_THE_OFFER,	 /* custody moves when the giver offers, not when the taker signs */
	NV_RECEIVES_ON_THE_ROAD, /* CUSTODY-12: a receipt before the arrival does not wait */
	NV_FACTS_ARE_REFUSED,	 /* a fact whose step before is not here is refused, not held */
	NV_SAME_PERSON_MAY,	 /* CUSTODY-6: the same person on both sides */
	NV_CANCEL_KEEPS_BOUND,	 /* CUSTODY-4: containers stay bound */
	NV_ACCEPTS_DECLARED,	 /* CUSTODY-14: the declared mass is booked, not the accepted */
	NV_SHIPS_NOTHING,	 /* CUSTODY-6: the generator's stock stays as it is */
	NV_REFUSED_CAUSES_WAIT,	 /* what waits for a refused cause waits on */
	NV_BATCH_TWICE,		 /* CUSTODY-18: a batch may be booked again */
	NV_REJECTED_STAYS_OFF,	 /* CUSTODY-15: on the truck is the receiver's all the same */
	NV_HOLDS_NOTHING,	 /* CUSTODY-21: a hold stops no intention */
	NV_HOLDS_FACTS,		 /* CUSTODY-21: a hold stops a taking too */
	NV_NOTHING_EXPIRES,	 /* CUSTODY-1, 2, 5, 22: clocks never run out */
	NV_COUNT_IS_A_NOTE,	 /* CUSTODY-18: the book stays what it was when counted */
	NV_ANYBODY_DELEGATES,	 /* CUSTODY, Persons: a delegation is good for every generator */
	NV_DELEGATE_CONFIRMS,	 /* CUSTODY-3: who sealed as the delegate may confirm */
	NV_REPACKING_IS_FREE,	 /* CUSTODY-18: what is repacked stays on the book as well */
	NV_PART_STAYS_TOO,	 /* CUSTODY-6: what goes on as a child is on the parent as well */
	NV_RETURN_IS_GENERATED,	 /* CUSTODY-16: what comes back is new waste */
	NV_REFUSED_IS_ACCEPTED,	 /* CUSTODY-14: what was refused is the receiver's stock too */
	NV_AMENDS_ALONE,	 /* CUSTODY-20: nobody else is asked */
	NV_AMENDS_NO_BOOK,	 /* CUSTODY-20: stock stays as it was booked */
	NV_DAY_TWICE,		 /* CUSTODY-25: a pipeline's day may be booked again */
	NV_DELEGATES_FOR_EVER,	 /* "Delegates": nobody asks whether it has ended */
	NV_CLOSES_AT_ONCE,	 /* CUSTODY-19: no profile waits for treatment */
	NV_GRANTS_NOTHING,	 /* CUSTODY-2: nobody asks for the grant between provinces */
	NV_SHARES_STAY,		 /* CUSTODY-2: what is not picked up is not the parents' again */
	NV_FLOW_STAYS_BOUND,	 /* CUSTODY-25: what has flowed is bound all the same */
	NV_WRONG_RULES
};

struct nv_said {
	Liandan__Verdict verdict;
	Liandan__Reason reason; /* NONE of a refusal or a hold: the documents do not say which */
};

struct nv_key {
	uint8_t id[LD_KEY_ID_BYTES];
	char party[NV_ID];
	char subject[NV_ID]; /* person, instrument, terminal */
	bool person;
	uint32_t roles;
};

struct nv_event {
	Liandan__Event *e;
	uint8_t hash[LD_HASH_BYTES];
	const struct nv_key *by;
	const struct nv_key *cosigner[NV_COSIGNERS];
	size_t n_cosigners;
	int64_t at_ms; /* ledger time */
};

struct nv_item {
	char container[NV_ID];
	uint32_t line;
	int64_t mass_g;
};

#define NV_SIGNED 32 /* parties that have signed a step */
#define NV_PASSED 64 /* lines of children of one manifest */

struct nv_offer {
	struct nv_item item[NV_ITEMS]; /* of a part; none: everything */
	size_t n_items;
	bool there, open;
	uint8_t hash[LD_HASH_BYTES];
	char to[NV_ID], person[NV_ID];
	uint32_t leg;
	int64_t expires_ms;
};

struct nv_discrepancy {
	uint8_t hash[LD_HASH_BYTES];
	int32_t cause[2]; /* as the generator's side, the receiver's side says; 0: nothing yet */
};

struct nv_bulk { /* of a code */
	char code[NV_ID];
	int64_t mass_g;
};

struct nv_line {
	uint32_t line;
	char code[NV_ID];
	int64_t declared_g, accepted_g;
	int64_t passed_g;    /* of what was declared, on children */
	size_t said;	     /* how often the acceptance has it */
	int64_t flowed_g;    /* by pipeline, as the generator's meter says */
	int64_t shared_g;    /* of what was accepted, on manifests that forward it */
	int64_t bulk_gone_g; /* of that, bulk that has left */
	uint32_t days;
};

#define NV_SHARES 8
struct nv_share { /* of what another manifest brought */
	uint8_t manifest[LD_UUID_BYTES];
	uint32_t line;
	char code[NV_ID];
	int64_t mass_g, boxed_g; /* of it in containers */
};

#define NV_FORMER 16
struct nv_manifest {
	uint8_t id[LD_UUID_BYTES];
	Liandan__ManifestCreated *created;
	uint8_t content[LD_HASH_BYTES];
	struct nv_item item[NV_ITEMS];
	size_t n_items;
	struct nv_line line[NV_LINES];
	size_t n_lines;
	Custody__ManifestState state;
	bool sealed;	     /* ever */
	bool accepted;	     /* of what is CLOSED: not as lost */
	bool gone;	     /* an authority has said so */
	bool closes_treated; /* by the profile that it was sealed under */
	bool closing;	     /* accepted, carried on by another, or nothing is left of it */
	bool child;	     /* it carries on what another has shipped */
	struct nv_share share[NV_SHARES];
	size_t n_shares;
	bool shares_counted; /* on the parents */
	int64_t forwarded_g; /* of what was accepted, gone on other manifests */
	bool flows;	     /* a day of it has gone by pipeline */
	char giver[NV_ID];   /* who holds what was put down and is to go on, before leg 1; or "" */
	bool on_truck;	     /* where it was rejected */
	size_t passed;	     /* lines that are on children */
	char signed_by[NV_SIGNED][NV_ID];
	uint32_t signed_at[NV_SIGNED]; /* the step that each signed last */
	size_t n_signed;
	uint32_t steps, taken_at, accepted_at; /* steps so far; the one that fixed the vehicle … */
	uint32_t version;
	Liandan__AmendmentProposed *proposal;	  /* the open one, or NULL */
	uint8_t former[NV_FORMER][LD_HASH_BYTES]; /* contents before the last amendments */
	size_t n_amended;
	uint8_t proposal_hash[LD_HASH_BYTES];
	char proposer[NV_ID], waits[NV_SIGNED][NV_ID], agreed[NV_SIGNED][NV_ID];
	size_t n_waits, n_agreed;
	int64_t proposal_due_ms;
	int64_t stored_g, treated_g, gone_g; /* of what was accepted */
	struct nv_offer offer;
	uint32_t leg;
	char holder[NV_ID], holder_person[NV_ID], carrier[NV_ID], plate[NV_ID];
	char arrived_site[NV_ID];
	bool stored;	 /* in a storage on the way now */
	bool was_stored; /* on this leg */
	bool stopped, accident;
	uint8_t stop[LD_HASH_BYTES];
	int64_t bulk_treated_g; /* or repacked */
	struct nv_bulk unpacked[NV_UNPACKED];
	size_t n_unpacked;
	struct nv_discrepancy discrepancy[NV_OPEN];
	size_t n_discrepancies;
	char number[NV_ID];
	bool confirmed;		/* or disputed */
	char sealer[NV_ID];	/* the person who sealed it as the delegate */
	char delegation[NV_ID]; /* that it was sealed under, and when */
	int sealed_year;
	int64_t draft_due_ms, pickup_due_ms;
	int64_t created_ms, sealed_ms; /* as signed, where that can be */
	int64_t pipe_end_ms;	       /* of its term, if it goes by pipeline */
	int64_t lost_g;		       /* as reported on the way */
};

struct nv_origin {
	uint8_t manifest[LD_UUID_BYTES];
	int64_t mass_g;
	int64_t bulk_g; /* of an input: of it, not in containers */
};

struct nv_container {
	char name[NV_ID];
	char party[NV_ID], site[NV_ID], code[NV_ID];
	char generator[NV_ID];
	Custody__ContainerState state, before; /* before it was bound */
	int64_t mass_g;
	bool bound, came; /* `by` is the open manifest; is the accepted one that it came by */
	uint8_t by[LD_UUID_BYTES], came_by[LD_UUID_BYTES];
	struct nv_origin origin[NV_ORIGINS]; /* of what was repacked; then `came` is not set */
	size_t n_origins;
};

struct nv_hold {
	char hold[NV_ID], subject[NV_ID], person[NV_ID];
	Liandan__SubjectKind kind;
	int64_t expires_ms;
	bool over;
};

struct nv_delegation {
	char delegation[NV_ID], giver[NV_ID], delegate[NV_ID], code[NV_LINES][NV_ID];
	size_t n_codes;
	uint32_t actions;
	int64_t from_ms, to_ms; /* 0: open */
	int64_t year_g;		/* 0: no limit */
};

struct nv_stock {
	char party[NV_ID], site[NV_ID], code[NV_ID];
	int64_t generated_g, received_g, treated_g, shipped_g, lost_g;
	int64_t bound_g; /* bulk, sealed and not yet taken */
};

struct nv_site {
	char site[NV_ID], party[NV_ID];
};

struct nv_meter { /* any instrument */
	char meter[NV_ID], party[NV_ID];
};

struct nv_day { /* of a pipeline */
	uint8_t manifest[LD_UUID_BYTES];
	uint32_t line, day;
};

struct nv_party {
	char party[NV_ID];
	uint32_t roles;
	bool small; /* HJ 1259's tier REGISTERED */
	uint32_t division;
};

struct nv_grant {
	char approval[NV_ID], generator[NV_ID], receiver[NV_ID];
	struct nv_bulk line[NV_LINES];
	size_t n;
	int64_t from_ms, to_ms;
	bool denied; /* or never granted */
};

struct nv_batch {
	char party[NV_ID], batch[NV_ID];
	char site[NV_ID], code[NV_ID];
};

struct nv_effect { /* of each event that came in, by its hash */
	uint8_t hash[LD_HASH_BYTES];
	Liandan__Verdict verdict;
	bool never_came; /* it was held until its clock ran out */
	Liandan__Event__BodyCase body;
	uint8_t manifest[LD_UUID_BYTES]; /* of an offer */
	char to[NV_ID], person[NV_ID];	 /* of an offer: to whom, by whom */
};

#define NV_LIST(Type, name)                                                                        \
	struct Type *name;                                                                         \
	size_t n_##name, cap_##name

struct nv {
	enum nv_wrong wrong;
	NV_LIST(nv_key, key);
	NV_LIST(nv_site, site);
	NV_LIST(nv_party, party);
	NV_LIST(nv_manifest, manifest);
	NV_LIST(nv_container, container);
	NV_LIST(nv_stock, stock);
	NV_LIST(nv_batch, batch);
	NV_LIST(nv_batch, ticket); /* party: the ticket in hex */
	NV_LIST(nv_effect, effect);
	NV_LIST(nv_hold, hold);
	NV_LIST(nv_delegation, delegation);
	NV_LIST(nv_grant, grant);
	NV_LIST(nv_meter, meter);
	NV_LIST(nv_day, day);
	uint32_t rules; /* the version in force */
	bool closes_treated;
	int64_t clocks_from_ms; /* after a start, none runs out before */
	bool ask_all; /* it has started, or closed what some wait for: with the next tick */
	NV_LIST(nv_event, held); /* in the order in which they came */
};

void nv_new(struct nv *nv, enum nv_wrong wrong);
void nv_free(struct nv *nv);
void nv_party(struct nv *nv, const char *party, uint32_t roles, bool small, uint32_t division);
void nv_site(struct nv *nv, const char *site, const char *party);
void nv_meter(struct nv *nv, const char *meter, const char *party);
/* Keys first, then events: pointers to them are kept. */
void nv_key(struct nv *nv, const uint8_t id[LD_KEY_ID_BYTES], const char *party,
	    const char *subject, bool person, uint32_t roles);

/* Of everything, every code, without end. */
void nv_delegation(struct nv *nv, const char *delegation, const char *giver, const char *delegate);
/* The region starts; its last entry was recorded so. */
void nv_start(struct nv *nv, int64_t now_ms, int64_t last_ms);
/* Clocks that have run out by now: before any event that is recorded then. */
void nv_clocks(struct nv *nv, int64_t now_ms);
/* An event that has passed the chain: what the ledger must say, and does. */
struct nv_said nv_submit(struct nv *nv, const Liandan__Event *e, const uint8_t hash[LD_HASH_BYTES],
			 int64_t now_ms);

/* One that is held although nothing is missing any more, or that it waits for cannot come; NULL. */
const struct nv_event *nv_forgotten(struct nv *nv);
const struct nv_manifest *nv_manifest_of(const struct nv *nv, const uint8_t id[LD_UUID_BYTES]);
const struct nv_effect *nv_effect_of(const struct nv *nv, const uint8_t hash[LD_HASH_BYTES]);
static inline int64_t nv_in_stock(const struct nv_stock *s)
{
	return s->generated_g + s->received_g - s->treated_g - s->shipped_g - s->lost_g;
}
/* For people. */
const char *nv_wrong_text(enum nv_wrong wrong);

/* ---- between naive*.c ---- */

#define NV_GROW(list, n, cap)                                                                      \
	((n) == (cap) ? (list) = nv_grow((list), &(cap), sizeof *(list)) : (list))
void *nv_grow(void *list, size_t *cap, size_t each);
struct nv_manifest *nv_find(struct nv *nv, ProtobufCBinaryData id);
struct nv_container *nv_container_named(struct nv *nv, const char *name);
struct nv_stock *nv_stock_at(struct nv *nv, const char *party, const char *site, const char *code);
bool nv_container_in_stock(const struct nv_container *k);
/* Of that code, in bulk at its receiver from now on. */
void nv_unpack(struct nv_manifest *m, const char *code, int64_t mass_g);
/* NULL: no such line; m may be NULL. */
struct nv_line *nv_line_of(const struct nv_manifest *m, uint32_t line);
uint32_t nv_bits(const struct nv_manifest *m); /* its state, as NV_… bits */
/* By the delegation that the event names. */
bool nv_covered(const struct nv *nv, const struct nv_event *v);
/* Registered with one of these roles; NULL: not. */
const struct nv_party *nv_party_with(const struct nv *nv, const char *party, uint32_t roles);
/* It stands, or stood before one of the last amendments. */
bool nv_content_is(const struct nv_manifest *m, ProtobufCBinaryData content);
/* A delegate has sealed it, and nobody has confirmed; of what ended unpicked nothing is asked. */
bool nv_awaits_confirmation(const struct nv_manifest *m);
const char *nv_owner_of(const struct nv *nv, const char *site); /* NULL: not registered */
struct nv_manifest *nv_manifest_in_hex(struct nv *nv, const char *hex);
void nv_person_of(const struct nv_key *k, char out[NV_ID]);
void nv_copy(char out[NV_ID], const char *s);
bool nv_id_is(ProtobufCBinaryData b, const uint8_t *id, size_t len);
int64_t nv_share_of(const struct nv_manifest *m, size_t item, int64_t accepted_g);
int64_t nv_bulk_of_line(const struct nv_manifest *m, const struct nv_line *l);

static inline struct nv_said nv_ok(void)
{
	return (struct nv_said){LIANDAN__VERDICT__ACCEPTED, LIANDAN__REASON__REASON_NONE};
}
#define NV_REFUSED(r) ((struct nv_said){LIANDAN__VERDICT__REFUSED, LIANDAN__REASON__##r})
#define NV_REFUSED_SOMEHOW NV_REFUSED(REASON_NONE)
#define NV_HELD(r) ((struct nv_said){LIANDAN__VERDICT__HELD, LIANDAN__REASON__##r})

/* Whose stock and manifests the signer acts on: its own, or its giver's. "": it claims a delegation
 * that it does not have. */
const char *nv_acts_for(const struct nv *nv, const struct nv_event *v);
bool nv_on_hold(const struct nv *nv, const struct nv_event *v, Liandan__SubjectKind kind,
		const char *subject);
/* On the manifest, its generator, receiver, carriers, sites, containers, vehicle, or the signer. */
bool nv_held_back(const struct nv *nv, const struct nv_event *v,
		  const Liandan__ManifestCreated *draft, const struct nv_manifest *m);
/* The manifest that the body names (first), or NULL. */
const uint8_t *nv_names(const struct nv_event *v);
void nv_bring(struct nv *nv, const struct nv_container *like, bool repacked);
const struct nv_batch *nv_batch_of(const struct nv *nv, const char *party, const char *batch);
void nv_book_batch(struct nv *nv, const char *party, const char *batch, const char *site,
		   const char *code);
bool nv_in_range(int64_t mass_g);
void nv_free_bound(struct nv *nv, struct nv_manifest *m);
struct nv_said nv_came_by(struct nv *nv, const struct nv_event *v, ProtobufCBinaryData id);

/* naive_manifest.c, naive_road.c, naive_stock.c: what a row says, and what it does. */
struct nv_said nv_judge_manifest(struct nv *nv, const struct nv_event *v);
void nv_apply_manifest(struct nv *nv, const struct nv_event *v);
struct nv_said nv_judge_handover(struct nv *nv, const struct nv_event *v);
void nv_apply_handover(struct nv *nv, const struct nv_event *v);
struct nv_said nv_judge_road(struct nv *nv, const struct nv_event *v);
void nv_apply_road(struct nv *nv, const struct nv_event *v);
struct nv_said nv_judge_stock(struct nv *nv, const struct nv_event *v);
void nv_apply_stock(struct nv *nv, const struct nv_event *v);
struct nv_said nv_judge_repack(struct nv *nv, const struct nv_event *v);
void nv_apply_repack(struct nv *nv, const struct nv_event *v);
struct nv_said nv_judge_part(struct nv *nv, const struct nv_event *v);
void nv_apply_part(struct nv *nv, const struct nv_event *v);
struct nv_said nv_judge_amend(struct nv *nv, const struct nv_event *v);
void nv_apply_amend(struct nv *nv, const struct nv_event *v);
void nv_drop_proposal(struct nv_manifest *m);
/* naive_forward.c: parents are there, accepted, and named once; of each code no more comes from
 * them than leaves; so much is left of each; containers are in the shares of what they came by. */
bool nv_parents_can_be(struct nv *nv, const Liandan__ManifestCreated *b);
bool nv_shares_fit(struct nv *nv, const Liandan__ManifestCreated *b);
bool nv_parents_left(struct nv *nv, const Liandan__ManifestCreated *b);
bool nv_came_shared(struct nv *nv, const struct nv_manifest *m, const Liandan__ManifestSealed *b);
/* Accepted, and neither treated, lost nor on another manifest. */
int64_t nv_unshared_g(const struct nv_manifest *m);
void nv_shares_seal(struct nv *nv, struct nv_manifest *m);
void nv_shares_back(struct nv *nv, struct nv_manifest *m);
void nv_shares_part(struct nv *nv, struct nv_manifest *m, struct nv_manifest *child);
void nv_shares_leave(struct nv *nv, struct nv_manifest *m);
/* Anybody named, or who has signed one of its steps. */
bool nv_takes_part(const struct nv_manifest *m, const struct nv_key *k);
/* SHA-256 of the draft as it stands, then of each item. */
void nv_content_now(const struct nv_manifest *m, uint8_t out[LD_HASH_BYTES]);
int64_t nv_boxed_g(const struct nv *nv, const char *party, const char *site, const char *code);
/* Of waste that is gone at the receiver: its manifests have so much less. */
void nv_gone(struct nv *nv, struct nv_container *k, int64_t mass_g);
struct nv_said nv_judge_rules(struct nv *nv, const struct nv_event *v);
void nv_apply_rules(struct nv *nv, const struct nv_event *v);
struct nv_said nv_judge_delegation(struct nv *nv, const struct nv_event *v);
void nv_apply_delegation(struct nv *nv, const struct nv_event *v);
int nv_year(int64_t at_ms);
/* That the event names: in force, for one of these acts, and for this code (NULL: none is asked).
 */
bool nv_delegate_covers(const struct nv *nv, const struct nv_event *v, uint32_t action,
			const char *code);
/* So much more may be sealed under it this year. */
bool nv_delegate_has_room(const struct nv *nv, const struct nv_event *v, int64_t mass_g);
struct nv_said nv_judge_grant(struct nv *nv, const struct nv_event *v);
void nv_apply_grant(struct nv *nv, const struct nv_event *v);
/* It goes to another province. */
bool nv_crosses(const struct nv *nv, const struct nv_manifest *m, const char *receiver);
/* Then a grant in force covers it, with what is left of it. */
struct nv_said nv_grant_said(const struct nv *nv, const struct nv_manifest *m, const char *receiver,
			     int64_t at_ms);
struct nv_said nv_judge_pipe(struct nv *nv, const struct nv_event *v);
void nv_apply_pipe(struct nv *nv, const struct nv_event *v);
/* Its term and a day are over. */
void nv_end_pipe(struct nv *nv, struct nv_manifest *m);
struct nv_said nv_judge_beside(struct nv *nv, const struct nv_event *v);
void nv_apply_beside(struct nv *nv, const struct nv_event *v);

/* A part of a manifest goes on as a child. What of the named things there is goes into `out`;
 * false: some are not there like that. */
struct nv_part {
	struct nv_item item[NV_ITEMS];
	size_t n;
};
bool nv_pick(const struct nv_manifest *m, Liandan__Item *const *named, size_t n,
	     struct nv_part *out);
/* What the child event may be: its id is new, something of it is there. */
struct nv_said nv_child_said(struct nv *nv, const struct nv_manifest *m,
			     const struct nv_part *part);
/* Pointers into nv->manifest end here. */
struct nv_manifest *nv_leave(struct nv *nv, struct nv_manifest *m, const struct nv_part *part,
			     ProtobufCBinaryData child, Liandan__ManifestKind kind);
/* The items that a taking names, or the offer that it rests on. */
bool nv_taken_part(const struct nv_manifest *m, const Liandan__HandoverTaken *b,
		   struct nv_part *out);
/* A key that may sign for the receiver: of a return the generator's too. */
bool nv_receives(const struct nv_manifest *m, const struct nv_key *k);
void nv_accept(struct nv *nv, struct nv_manifest *m, Liandan__AcceptedLine *const *lines, size_t n);
/* Back on the truck, where it says so and a driver is there to take it; else it stays. */
bool nv_on_truck(const struct nv_manifest *m, const struct nv_event *v, Liandan__WasteIsOn said);
void nv_sign(struct nv_manifest *m, const struct nv *nv, const struct nv_event *v);
void nv_ask_too(struct nv_manifest *m, const char *party);
struct nv_said nv_for_generator(const struct nv *nv, const struct nv_event *v,
				const char *generator);

/* States as a set: what naive_manifest.c and naive_road.c ask with. */
#define NV_IN(s) (1u << CUSTODY__MANIFEST_STATE__##s)
#define NV_ENDED (1u << 20)    /* cancelled or expired after the seal */
#define NV_ASTRAY (1u << 21)   /* arrived at another place than the receiver's */
#define NV_ROAD (1u << 22)     /* IN_TRANSIT on a vehicle */
#define NV_STORED (1u << 23)   /* IN_TRANSIT in a storage */
#define NV_UNSTORED (1u << 24) /* IN_TRANSIT, not stored on this leg */
#define NV_FLOWS (1u << 25)    /* SEALED, and a day has gone by pipeline */
#define NV_ANY (~0u)
/* ok, HELD where it waits, OUT_OF_ORDER. */
struct nv_said nv_state(const struct nv *nv, const struct nv_manifest *m, uint32_t from,
			uint32_t waits);
bool nv_has(const struct nv_key *k, uint32_t roles);
#define NV_DRIVES (LIANDAN__ROLE__ROLE_DRIVER | LIANDAN__ROLE__ROLE_CARRIER)
/* The same person gives and takes: refused of all but small generators. */
bool nv_same_person(const struct nv *nv, const struct nv_manifest *m, const char *giver,
		    const struct nv_event *v);
/* Bulk of a sealed manifest is bound (1), or free again (-1). */
void nv_bind_bulk(struct nv *nv, const struct nv_manifest *m, int sign);
/* Every container that is on this manifest. site NULL: as it was. */
void nv_move_all(struct nv *nv, const struct nv_manifest *m, Custody__ContainerState state,
		 const char *party, const char *site);
/* Row 19: what is accepted, or gone, is closed. */
void nv_close(struct nv *nv);
/* Those that wait for it, if any, are asked with the next tick. */
void nv_closed(struct nv *nv, const struct nv_manifest *m);

#endif
