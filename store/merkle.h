/* RFC 6962 Merkle tree hashing, proofs, and the right edge ("frontier") that an appender needs.
 * Pure functions: no storage, no allocation. Must never know what a leaf means.
 *
 * leaf  = SHA-256(0x00 || data)            (RFC 6962 section 2.1)
 * node  = SHA-256(0x01 || left || right)
 * empty = SHA-256("") */
#ifndef LD_STORE_MERKLE_H
#define LD_STORE_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"

#define LD_MERKLE_MAX_LEVELS 64
#define LD_MERKLE_MAX_PROOF 64

struct ld_hash {
	uint8_t b[LD_HASH_BYTES];
};

/* The roots of the perfect subtrees that make up the tree of `size` leaves, largest first:
 * one per set bit of `size`. */
struct ld_frontier {
	uint64_t size;
	struct ld_hash
	    node[LD_MERKLE_MAX_LEVELS]; /* node[level], valid where bit `level` of size is set */
};

void ld_merkle_leaf(const uint8_t *data, size_t len, struct ld_hash *out);
void ld_merkle_node(const struct ld_hash *left, const struct ld_hash *right, struct ld_hash *out);
void ld_merkle_empty(struct ld_hash *out);
bool ld_hash_equal(const struct ld_hash *a, const struct ld_hash *b);

/* Adds one leaf hash. A frontier of all zero bytes is the empty tree. */
void ld_frontier_append(struct ld_frontier *f, const struct ld_hash *leaf);
/* Root of the tree that the frontier stands for (empty root at size 0). */
void ld_frontier_root(const struct ld_frontier *f, struct ld_hash *out);

/* RFC 9162 section 2.1.3.2 and 2.1.4.2. LD_OK or LD_ERR_SIGNATURE (does not verify).
 * Consistency from size1 = 0 is refused: it says nothing (a caller who takes it as trivially true,
 * as C2SP tlog-witness does, decides that itself). */
enum ld_err ld_merkle_verify_inclusion(uint64_t index, uint64_t size, const struct ld_hash *leaf,
				       const struct ld_hash *proof, size_t n,
				       const struct ld_hash *root);
enum ld_err ld_merkle_verify_consistency(uint64_t size1, uint64_t size2,
					 const struct ld_hash *proof, size_t n,
					 const struct ld_hash *root1, const struct ld_hash *root2);

#endif
