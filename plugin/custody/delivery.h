/* A delivery weighed at one gate: one manifest, or all of a milk run. Read from state alone, in
 * judge and in apply. */
#ifndef LD_CUSTODY_DELIVERY_H
#define LD_CUSTODY_DELIVERY_H

#include "plugin/custody/manifest.h"

#define LD_DELIVERY_MANIFESTS 32 /* of one milk run */
#define LD_DELIVERY_TICKETS 64

struct ld_delivery {
	const Custody__Manifest *m; /* the one that was accepted last */
	ProtobufCBinaryData id[LD_DELIVERY_MANIFESTS];
	size_t n;
	bool complete;	 /* every one is accepted or rejected */
	bool whole;	 /* nothing was refused of it, and no part left it */
	bool one_origin; /* all from one site */
	bool weighed;	 /* certified tickets at loading, for all */
	bool certified;	 /* and at the gate */
	int64_t taken_g; /* under custody */
	int64_t found_g;
	int64_t scales_g;    /* what the scales' errors allow */
	int64_t loss_g;	     /* what the waste itself may lose on the way */
	int64_t tolerance_g; /* both, and the profile's mass_extra_g */
	uint64_t ticket[LD_DELIVERY_TICKETS];
	ProtobufCBinaryData cited[LD_DELIVERY_TICKETS]; /* those that can be of it */
	size_t n_tickets;
};

/* On the same vehicle, for the same gate, and not closed (lost) before it came there: a ticket that
 * also names what is elsewhere neither puts the check off nor speaks of that. */
bool ld_came_along(const Custody__Manifest *m, const Custody__Manifest *with);
/* CUSTODY-7: the sum is checked once, with the last of them. false: not complete yet, or unknown.
 */
bool ld_delivery_of(struct ld_custody *c, const struct ld_acceptance *a, struct ld_delivery *out);
/* Shares of `of` in permille, without overflow at any mass. */
int64_t ld_permille(int64_t part_g, int64_t of_g);
/* 5C M1: level of so many grams missing, where they are beyond the tolerance. Above 2 only from
 * certified scales at both ends, which is a deterministic fact. */
uint32_t ld_shortfall_level(const struct ld_rules *r, const struct ld_delivery *d, int64_t short_g);

#endif
