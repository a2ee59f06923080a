#include "store/merkle.h"

#include <string.h>

#include "proto/digest.h"

void ld_merkle_leaf(const uint8_t *data, size_t len, struct ld_hash *out)
{
	static const uint8_t prefix = 0x00;
	ld_sha256_2(&prefix, 1, data, len, out->b);
}

void ld_merkle_node(const struct ld_hash *left, const struct ld_hash *right, struct ld_hash *out)
{
	uint8_t buf[1 + 2 * LD_HASH_BYTES];

	buf[0] = 0x01;
	memcpy(buf + 1, left->b, LD_HASH_BYTES);
	memcpy(buf + 1 + LD_HASH_BYTES, right->b, LD_HASH_BYTES);
	ld_sha256(buf, sizeof buf, out->b);
}

void ld_merkle_empty(struct ld_hash *out)
{
	ld_sha256("", 0, out->b);
}

bool ld_hash_equal(const struct ld_hash *a, const struct ld_hash *b)
{
	return memcmp(a->b, b->b, LD_HASH_BYTES) == 0;
}

void ld_frontier_append(struct ld_frontier *f, const struct ld_hash *leaf)
{
	struct ld_hash node = *leaf;
	unsigned level = 0;

	/* binary increment: each set bit below the first clear one is a subtree that gets its pair
	 */
	while (f->size >> level & 1) {
		ld_merkle_node(&f->node[level], &node, &node);
		level++;
	}
	f->node[level] = node;
	f->size++;
}

void ld_frontier_root(const struct ld_frontier *f, struct ld_hash *out)
{
	bool have = false;

	for (unsigned level = 0; level < LD_MERKLE_MAX_LEVELS; level++) {
		if (!(f->size >> level & 1))
			continue;
		if (have)
			ld_merkle_node(&f->node[level], out, out);
		else
			*out = f->node[level];
		have = true;
	}
	if (!have)
		ld_merkle_empty(out);
}

enum ld_err ld_merkle_verify_inclusion(uint64_t index, uint64_t size, const struct ld_hash *leaf,
				       const struct ld_hash *proof, size_t n,
				       const struct ld_hash *root)
{
	struct ld_hash r = *leaf;
	uint64_t fn = index;

	/* RFC 9162 2.1.3.2: "If leaf_index is greater than or equal to tree_size, then fail" */
	if (index >= size)
		return LD_ERR_SIGNATURE;
	uint64_t sn = size - 1;
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return LD_ERR_SIGNATURE;
		if ((fn & 1) || fn == sn) {
			ld_merkle_node(&proof[i], &r, &r);
			/* "right-shift both fn and sn equally until either LSB(fn) is set or fn
			 * is 0" */
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			ld_merkle_node(&r, &proof[i], &r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && ld_hash_equal(&r, root) ? LD_OK : LD_ERR_SIGNATURE;
}

enum ld_err ld_merkle_verify_consistency(uint64_t size1, uint64_t size2,
					 const struct ld_hash *proof, size_t n,
					 const struct ld_hash *root1, const struct ld_hash *root2)
{
	size_t i = 0;

	if (size1 == 0 || size1 > size2)
		return LD_ERR_SIGNATURE;
	if (size1 == size2)
		return n == 0 && ld_hash_equal(root1, root2) ? LD_OK : LD_ERR_SIGNATURE;

	uint64_t fn = size1 - 1;
	uint64_t sn = size2 - 1;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	/* RFC 9162 2.1.4.2: a first size that is a power of two is its own first proof element */
	struct ld_hash fr = *root1;
	if (fn != 0) {
		if (n == 0)
			return LD_ERR_SIGNATURE;
		fr = proof[i++];
	}
	struct ld_hash sr = fr;
	for (; i < n; i++) {
		if (sn == 0)
			return LD_ERR_SIGNATURE;
		if ((fn & 1) || fn == sn) {
			ld_merkle_node(&proof[i], &fr, &fr);
			ld_merkle_node(&proof[i], &sr, &sr);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			ld_merkle_node(&sr, &proof[i], &sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && ld_hash_equal(&fr, root1) && ld_hash_equal(&sr, root2) ? LD_OK
										 : LD_ERR_SIGNATURE;
}
