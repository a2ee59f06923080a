/* A delivery weighed at one gate: one manifest, or all of a milk run. Read from state alone, in
 * judge and in apply. */
#ifndef LD_CUSTODY_DELIVERY_H
#define LD_CUSTODY_DELIVERY_H

#include "plugin/custody/custody.h"
#include "plugin/custody/tables.h"

#define LD_DELIVERY_MANIFESTS 32 /* of one milk run */
#define LD_DELIVERY_TICKETS 64

struct ld_delivery {
	const Custody__Manifest *m[LD_DELIVERY_MANIFESTS];
	size_t n;
	bool complete;	 /* every one is accepted or rejected */
	bool rejected;	 /* one of them is */
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

/* CUSTODY-7: the sum is checked once, with the last of them. false: not complete yet, or unknown.
 */
bool ld_delivery_of(struct ld_custody *c, const Liandan__Accepted *a, struct ld_delivery *out);

#endif
