/* CUSTODY's table as data: for each event of the manifest and the stock, who may sign it, in which
 * states it takes effect, where it waits, what state follows, and which checks are hard or
 * recorded. table.def can be laid beside the table in README.md line by line; `ld_table_judge` is
 * the one interpreter. Judge's side only.
 *
 * An intention whose hard check fails is REFUSED. A fact is refused only by what stands under
 * `hard`; what stands under `recorded` enters ACCEPTED with a violation. Source: CUSTODY; PROTOCOL,
 * Verdicts.
 *
 * The order of judgement: the role of the key; the manifest is here; the signer is of the right
 * party (or may yet become the right one: HELD); its state; hard checks in their order; recorded
 * ones. A check may rely on those before it, but on a soft one (ld_failed) only as far as a profile
 * cannot record it instead: what later code must find (a receiver, a mass, one line of a number) is
 * refused with ld_refuse, which no profile softens. */
#ifndef LD_CUSTODY_TABLE_H
#define LD_CUSTODY_TABLE_H

#include "plugin/custody/judge.h"
#include "plugin/custody/manifest.h"

/* States as bits. */
#define LD_IN(state) (1u << CUSTODY__MANIFEST_STATE__##state)
#define LD_IN_NONE (1u << 0)	  /* the manifest is not here */
#define LD_IN_FLOWS (1u << 26)	  /* SEALED, and has begun to flow by pipeline */
#define LD_IN_UNSTORED (1u << 27) /* IN_TRANSIT, not yet in a storage on this leg */
#define LD_IN_ROAD (1u << 28)	  /* IN_TRANSIT on a vehicle */
#define LD_IN_STORED (1u << 29)	  /* IN_TRANSIT in a storage on the way */
#define LD_IN_ENDED                                                                                \
	(1u << 30) /* CANCELLED or EXPIRED after it was sealed: a taking may still come */
#define LD_IN_ASTRAY (1u << 31) /* ARRIVED at another place than the receiver's */
#define LD_IN_ANY (~0u & ~LD_IN_NONE)

/* Who may sign: any of these bits. The role is asked before the manifest is looked for, the party
 * after. */
enum ld_by {
	LD_BY_GENERATOR =
	    1 << 0,		 /* a key with GENERATOR of the manifest's (or draft's) generator */
	LD_BY_DELEGATE = 1 << 1, /* the event names a delegation of the generator that covers it */
	LD_BY_GIVER = 1 << 2,  /* who has the waste before the leg: ld_giver_role, ld_giver_party */
	LD_BY_DRIVER = 1 << 3, /* any key with DRIVER or CARRIER; whose, a check asks */
	LD_BY_CARRIER = 1 << 4, /* DRIVER or CARRIER of the party that holds it */
	LD_BY_RECEIVER =
	    1 << 5, /* RECEIVER of the manifest's receiver; GENERATOR too where it returns to it */
	LD_BY_HOLDER = 1 << 6, /* GENERATOR or RECEIVER; whose stock, a check asks */
	LD_BY_SCALE = 1 << 7,
	LD_BY_LABORATORY = 1 << 8,
	LD_BY_AUTHORITY = 1 << 9,
	LD_BY_REGULATOR = 1 << 10,
	LD_BY_PARTY = 1 << 11,	 /* generator, carrier of a leg taken or named, receiver: its own
				    role; who has signed a step of it */
	LD_BY_STORAGE = 1 << 12, /* any key with RECEIVER; whose site, a check asks */
};

struct ld_case;
/* `false`: refused or held, the verdict is set. */
typedef bool (*ld_check_fn)(struct ld_case *k);
struct ld_check {
	enum ld_check_id id;
	const char *name;
	ld_check_fn fn;
	const char *zh, *en;
};

#define LD_MAX_CHECKS 24 /* of one row */

struct ld_row {
	uint8_t n; /* CUSTODY-n */
	Liandan__Event__BodyCase body;
	bool intention;
	bool many;  /* the body names several manifests: each is asked, one must take the step */
	bool stock; /* the body is about stock: no manifest is looked for, of signers only the role
		     */
	uint32_t signers;	       /* enum ld_by */
	const char *who;	       /* the signers, for people */
	uint32_t from;		       /* states in which it takes effect */
	uint32_t waits;		       /* states in which a fact waits */
	Custody__ManifestState to;     /* UNSPECIFIED: stays */
	const char *early;	       /* what it waits for */
	const char *passed;	       /* why it cannot be any more */
	Liandan__Reason passed_reason; /* NONE: OUT_OF_ORDER */
	/* The signer is not the right one, or for an intention the manifest is not here (m NULL): a
	 * step that is still to come may make it right. NULL: nothing can. */
	bool (*yet)(const struct ld_case *k);
	ld_check_fn
	    unknown; /* the manifest is not here; NULL: facts wait, intentions as `yet` says */
	const struct ld_check *hard[LD_MAX_CHECKS];
	const struct ld_check *recorded[LD_MAX_CHECKS];
	const struct ld_check
	    *once[LD_MAX_CHECKS]; /* of a body of several manifests, after them; recorded */
};

/* An event before the checks of its row. */
struct ld_case {
	struct ld_custody *c;
	const struct ld_fact *f;
	struct ld_judgement *j;
	const struct ld_row *row;
	const struct ld_check *check; /* the one at hand */
	bool hard;
	Custody__Manifest
	    *m; /* arena; NULL: the body names none, or it is the draft that makes it */
	const struct ld_rules *rules; /* of the manifest at hand: what checks go by */
	/* what a taking rests on, found by the check `offer_given` */
	const Custody__Offer *offer; /* the one it names, where that is the manifest's last */
	const Custody__Key *giver;   /* who cosigned for the giving side, or NULL */
	const char *offered_by;	     /* the person behind the offer that it names, or "" */
	void *found; /* what a check has read or measured for those behind it; arena */
};

/* A check failed: REFUSED where it is hard for this event, else recorded as a violation (returns
 * true: go on). fmt is the line for people where it is refused. */
bool ld_failed(struct ld_case *k, Liandan__Reason reason, const char *subject, int64_t value,
	       int64_t threshold, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

extern const struct ld_row ld_table[];
extern const size_t ld_table_rows;
/* The row of a body, or NULL. */
const struct ld_row *ld_row_of(Liandan__Event__BodyCase body);
/* A profile may say something of it: a value, or a check that an intention is asked. Facts are
 * recorded whatever a profile says. */
bool ld_rule_applies(const struct ld_rule_def *d);
bool ld_yet_offer(const struct ld_case *k);
bool ld_yet_arrive(const struct ld_case *k);
/* The states of such a set, one after the other, for people: *bit from 0 on; NULL: no more. */
const char *ld_state_name(uint32_t bits, unsigned *bit);
/* State of the manifest as bits (several: those without a state of their own stand beside the
 * state). */
uint32_t ld_state_bits(const Custody__Manifest *m);
/* Licensed now for each line of the manifest, by code and mode; by code. A check failed (ld_failed)
 * otherwise. */
bool ld_receiver_licensed(struct ld_case *k, const Liandan__Receiver *r);
bool ld_carrier_licensed(struct ld_case *k, const Liandan__Carrier *carrier);
/* The interpreter. */
bool ld_table_judge(struct ld_custody *c, const struct ld_fact *f, const struct ld_row *row,
		    struct ld_judgement *j);

#define LD_CHECK(name, ...) bool ld_check_##name(struct ld_case *k);
#include "plugin/custody/checks.def"
#undef LD_CHECK

#endif
