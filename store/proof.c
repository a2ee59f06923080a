/* C2SP tlog-proof@v1, as it stands in receipts and in files for a court:
 *
 *	c2sp.org/tlog-proof@v1
 *	extra <base64>			optional, not authenticated, ignored here
 *	index <decimal>
 *	<base64 hash>			from the leaf's sibling upwards; none for a tree of one
 *
 *	<signed checkpoint>
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base64.h"
#include "store/note.h"
#include "store/note_text.h"

#define HEADER "c2sp.org/tlog-proof@v1"

static bool starts(const char *line, size_t len, const char *with)
{
	size_t n = strlen(with);
	return len >= n && memcmp(line, with, n) == 0;
}

enum ld_err ld_tlog_proof_write(uint64_t index, const struct ld_hash *proof, size_t n,
				const char *checkpoint, size_t checkpoint_len, char *out,
				size_t cap, size_t *len)
{
	if (n > LD_MERKLE_MAX_PROOF)
		return LD_ERR_ARG;
	int head = snprintf(out, cap, HEADER "\nindex %" PRIu64 "\n", index);
	if (head < 0 || (size_t)head >= cap)
		return LD_ERR_LIMIT;
	size_t at = (size_t)head;
	size_t line = LD_BASE64_CAP(LD_HASH_BYTES); /* its NUL's place takes the newline */
	if (cap - at < n * line + 1 + checkpoint_len + 1)
		return LD_ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		at += ld_base64_encode(proof[i].b, LD_HASH_BYTES, out + at);
		out[at++] = '\n';
	}
	out[at++] = '\n';
	memcpy(out + at, checkpoint, checkpoint_len);
	at += checkpoint_len;
	out[at] = '\0';
	*len = at;
	return LD_OK;
}

enum ld_err ld_tlog_proof_verify(const char *text, size_t len, const struct ld_note_key *key,
				 const struct ld_hash *leaf, uint64_t *index,
				 struct ld_checkpoint *cp)
{
	struct ld_hash proof[LD_MERKLE_MAX_PROOF];
	struct ld_text t = {text, text + len};
	const char *line;
	size_t n_line, n = 0;

	if (len > LD_TLOG_PROOF_MAX_BYTES)
		return LD_ERR_LIMIT;
	if (!ld_text_line(&t, &line, &n_line) || n_line != strlen(HEADER) ||
	    !starts(line, n_line, HEADER))
		return LD_ERR_MALFORMED;
	if (!ld_text_line(&t, &line, &n_line))
		return LD_ERR_MALFORMED;
	if (starts(line, n_line, "extra ") && !ld_text_line(&t, &line, &n_line))
		return LD_ERR_MALFORMED;
	if (!starts(line, n_line, "index ") || !ld_text_u64(line + 6, n_line - 6, index))
		return LD_ERR_MALFORMED;
	for (;;) {
		if (!ld_text_line(&t, &line, &n_line))
			return LD_ERR_MALFORMED;
		if (n_line == 0)
			break;
		if (n == LD_MERKLE_MAX_PROOF || !ld_text_hash(line, n_line, &proof[n++]))
			return LD_ERR_MALFORMED;
	}
	enum ld_err err = ld_checkpoint_verify(t.at, (size_t)(t.end - t.at), key, cp);
	if (err)
		return err;
	return ld_merkle_verify_inclusion(*index, cp->size, leaf, proof, n, &cp->root);
}
