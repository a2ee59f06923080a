/* A part of a manifest, or all of what is left of it, that a child manifest carries on: the other
 * truck of a hand-over (CUSTODY-6), what was refused (CUSTODY-14), what is sent elsewhere
 * (CUSTODY-16). The child has the parent's content, rules and lines, with the grams of its items;
 * grams are on one of the two, never on both: taken = accepted + passed + loss. */
#ifndef LD_CUSTODY_PART_H
#define LD_CUSTODY_PART_H

#include "plugin/custody/manifest.h"

#define LD_MAX_PASSED 64 /* lines of children of one manifest, together */

struct ld_part {
	Liandan__Item **items; /* arena; each as the parent has it, of bulk the part */
	size_t n;
};
/* What of the named items the manifest has: a container with the grams that the manifest gives it,
 * of bulk at most what is left of the line. Each once. *other: items that it has not, or not so
 * much of (bulk), or a container named with other grams than 0 or its own. LD_ERR_NOMEM. */
enum ld_err ld_part_pick(struct ld_custody *c, const Custody__Manifest *m,
			 Liandan__Item *const *named, size_t n, struct ld_part *out, size_t *other);
/* The same things, picked of the same manifest. */
bool ld_part_same(const Custody__Manifest *m, const struct ld_part *a, const struct ld_part *b);
/* What a hand-over names: its own items, else those of the offer that it names; none: everything.
 * Points into either. */
Liandan__Item *const *ld_taken_items(const Custody__Manifest *m, const Liandan__HandoverTaken *t,
				     size_t *n);
/* All that it has. */
struct ld_part ld_part_all(const Custody__Manifest *m);
int64_t ld_part_g(const struct ld_part *p);

/* Apply side. Takes the part off the parent and makes the child, in the parent's place, state and
 * custody; its containers are the child's. Counts it, links it (lineage). Puts neither record.
 * LD_ERR_NOMEM. */
enum ld_err ld_part_leave(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m,
			  const struct ld_part *part, ProtobufCBinaryData child,
			  Liandan__ManifestKind kind, Custody__Manifest **out);
/* Another truck takes a part: it goes on as a child, in *m from then on; the rest stays where it
 * is, and is put. */
enum ld_err ld_part_taken(struct ld_custody *c, const struct ld_fact *f,
			  const Liandan__HandoverTaken *t, Custody__Manifest **m);

#endif
