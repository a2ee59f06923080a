/* Genealogy: what came from what. A node is a container, a manifest or a batch; an edge says how
 * many grams of one went into the other, and in which entry. Edges are made by loading, hand-over
 * of a part, acceptance, storing, repacking, treating, forwarding and redirecting. A node that an
 * edge leads to is always younger than where it comes from, so there are no cycles. HJ 1259-2022's
 * batch graph is this one. */
#ifndef LD_CUSTODY_LINEAGE_H
#define LD_CUSTODY_LINEAGE_H

#include "plugin/custody/custody.h"
#include "plugin/custody/tables.h"

enum ld_node_kind { LD_NODE_CONTAINER = 'C', LD_NODE_MANIFEST = 'M', LD_NODE_BATCH = 'B' };

struct ld_node {
	enum ld_node_kind kind;
	char party[LD_MAX_ID_BYTES + 1]; /* of a batch: whose; else "" */
	char id[LD_MAX_ID_BYTES + 1];	 /* container, batch, or manifest in hex */
};
/* Ids longer than 64 bytes are cut. */
struct ld_node ld_node_container(const char *container);
struct ld_node ld_node_manifest(ProtobufCBinaryData manifest);
struct ld_node ld_node_batch(const char *party, const char *batch);

/* Apply side. mass_g adds to what the same two nodes have already. An edge from a node to itself is
 * not made. */
enum ld_err ld_lineage_add(struct ld_custody *c, const struct ld_node *from,
			   const struct ld_node *to, int64_t mass_g, uint64_t index);
/* Neighbours, in key order: fn gets the neighbour, its grams and the last entry; stops when it
 * returns nonzero. */
typedef int (*ld_lineage_fn)(void *ctx, const struct ld_node *n, int64_t mass_g, uint64_t index);
enum ld_err ld_lineage_up(struct ld_custody *c, const struct ld_node *n, ld_lineage_fn fn,
			  void *ctx);
enum ld_err ld_lineage_down(struct ld_custody *c, const struct ld_node *n, ld_lineage_fn fn,
			    void *ctx);

#endif
