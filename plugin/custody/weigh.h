/* Weighing: tickets, net masses, what the scales' errors allow. Source: OIML R 76 (class III
 * initial maximum permissible error 0.5 e to 500 e, 1 e to 2,000 e, 1.5 e to 10,000 e; in service
 * twice that). */
#ifndef LD_CUSTODY_WEIGH_H
#define LD_CUSTODY_WEIGH_H

#include "plugin/custody/judge.h"

struct ld_net {
	int64_t net_g;
	int64_t
	    tolerance_g;  /* sum of the maximum permissible errors in service of the tickets used */
	bool certified;	  /* all tickets certified */
	uint32_t tickets; /* used: 2 gross and tare, 1 net, 0 none found */
	uint32_t unknown; /* cited and not in the ledger */
};

/* Maximum permissible error in service of an instrument at a load. */
int64_t ld_weigh_mpe_g(const Custody__Instrument *ins, int64_t e_g, int64_t load_g);
/* The ticket can be of this manifest: it names it, or none and is not of before the hand-over; it
 * names its vehicle or none. */
bool ld_ticket_fits(const Custody__Manifest *m, const Custody__Ticket *t);
/* Net of the cited tickets: gross - tare of the same vehicle, or a net ticket. */
void ld_weigh_net(struct ld_custody *c, const ProtobufCBinaryData *tickets, size_t n,
		  struct ld_net *out);
/* Net at loading for a manifest: from the LOAD tickets that name it. tickets 0: none. */
void ld_weigh_loaded(struct ld_custody *c, const Custody__Manifest *m, struct ld_net *out);
/* After Accepted, PartlyAccepted or Rejected has been applied: shortfall or gain beyond tolerance
 * -> anomaly WEIGHT_SHORTFALL (M1) or WEIGHT_GAIN (M5), also over all manifests of a milk run that
 * share the gate tickets (Σ checked once, with the last of them; where that cites no ticket, by
 * the gate's that name it). Declared masses serve where loading was not weighed (then level <= 2).
 */
void ld_shortfall_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own);
/* The same after a manifest of the run was closed as lost. */
void ld_shortfall_follow_closed(struct ld_custody *c, const Liandan__ManifestClosed *b,
				uint64_t index, struct ld_own_list *own);

#endif
