/* Forwarding: a receiver that becomes a generator. A draft of kind FORWARD names the manifests that
 * its waste came by (parents) and how much of which of their lines it takes on (shares). Shares are
 * counted on the parents from the sealing on, so that nothing is sent on twice; they come back when
 * the manifest ends unpicked, and are gone with its first leg. What is neither treated nor gone is
 * left: the clock of treatment runs until nothing is. CUSTODY-1, 2, 18. */
#ifndef LD_CUSTODY_FORWARD_H
#define LD_CUSTODY_FORWARD_H

#include "plugin/custody/manifest.h"

/* Grams of a line that other manifests have taken up, sealed or gone. */
int64_t ld_line_shared_g(const Custody__Manifest *m, uint32_t line);
/* Of what was accepted: not treated, not lost, and on no manifest that forwards it. May be
 * negative: treatment is a fact. */
int64_t ld_manifest_unshared_g(const Custody__Manifest *m);
/* Of what was accepted: not treated, not lost, and still here (sealed or not). */
int64_t ld_manifest_left_g(const Custody__Manifest *m);
/* Bulk of a line that has left with manifests that forward it. */
int64_t ld_line_bulk_gone_g(const Custody__Manifest *m, uint32_t line);

/* ---- apply: m is the manifest that forwards; none of them puts it ---- */

/* It has been sealed: notes its shares, and counts them on the parents. */
enum ld_err ld_shares_seal(struct ld_custody *c, Custody__Manifest *m);
/* It ended unpicked: they are the parents' again. */
enum ld_err ld_shares_give_back(struct ld_custody *c, Custody__Manifest *m);
/* A part of it leaves on a child: so do the shares of that part, those of its drums first those
 * that they came by. Own waste of a code goes last. */
enum ld_err ld_shares_part(struct ld_custody *c, Custody__Manifest *m, Custody__Manifest *child);
/* It leaves the origin, counted or not (a cancelled one may be taken): they are gone. Before its
 * containers are moved. */
enum ld_err ld_shares_leave(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m);

#endif
