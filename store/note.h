/* C2SP signed notes and checkpoints: the text that says "the log of this name has this root at this
 * size", signed with Ed25519 (signature type 0x01), and witnesses' cosignatures on it (type 0x04).
 * Source: C2SP signed-note v1, tlog-checkpoint v1, tlog-cosignature v1, tlog-proof v1.
 *
 * Must never: accept a text that it would not itself write (leading zeros, white space,
 * non-canonical base64), nor say anything about a signature whose key it was not given. */
#ifndef LD_STORE_NOTE_H
#define LD_STORE_NOTE_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/merkle.h"

#define LD_NOTE_MAX_NAME 128   /* bytes of an origin, terminator included */
#define LD_NOTE_MAX_BYTES 4096 /* of one signed note that we make or read */
#define LD_NOTE_MAX_SIGNATURES 16
#define LD_NOTE_VKEY_BYTES (LD_NOTE_MAX_NAME + 64)
/* "c2sp.org/tlog-proof@v1", index, 64 hashes in base64, checkpoint */
#define LD_TLOG_PROOF_MAX_BYTES (64 + LD_MERKLE_MAX_PROOF * 45 + LD_NOTE_MAX_BYTES)

/* A key that signs or checks notes. `pkey` is an Ed25519 key (private for signing); not owned. */
struct ld_note_key {
	char name[LD_NOTE_MAX_NAME]; /* origin: liandan/<region>/<name> */
	uint8_t hash[4];	     /* SHA-256(name || 0x0A || 0x01 || public key)[0..4) */
	EVP_PKEY *pkey;
};

/* LD_ERR_ARG: a name that is empty, too long, or has white space, '+' or control characters;
 * LD_ERR_KEY: not Ed25519. */
enum ld_err ld_note_key_init(struct ld_note_key *key, const char *name, EVP_PKEY *pkey);
/* The same for a witness: its hash is taken over type 0x04. */
enum ld_err ld_note_witness_init(struct ld_note_key *key, const char *name, EVP_PKEY *pkey);

/* Text and signature of any signed note. Verifies the signature of `key`; other lines are ignored
 * when well-formed. *text points into note and ends with the newline before the blank line.
 * LD_ERR_MALFORMED, LD_ERR_SIGNATURE (wrong, or none by this key). */
enum ld_err ld_note_verify(const char *note, size_t len, const struct ld_note_key *key,
			   const char **text, size_t *text_len);

/* cosignature/v1 by `witness` (made by ld_note_witness_init or from a type-4 vkey) on the note:
 * *time_s is when the witness saw it, seconds since the epoch. Ours is not checked here. */
enum ld_err ld_note_cosignature_verify(const char *note, size_t len,
				       const struct ld_note_key *witness, uint64_t *time_s);
/* Appends a cosignature line of `witness` to the note in place; *len grows. LD_ERR_LIMIT. */
enum ld_err ld_note_cosign(char *note, size_t cap, size_t *len, const struct ld_note_key *witness,
			   uint64_t time_s);

struct ld_checkpoint {
	char origin[LD_NOTE_MAX_NAME];
	uint64_t size;
	struct ld_hash root;
};

/* Writes the signed note (text, blank line, one signature line), NUL-terminated, into out[cap];
 * *len without the NUL. LD_ERR_LIMIT when it does not fit. */
enum ld_err ld_checkpoint_sign(const struct ld_checkpoint *cp, const struct ld_note_key *key,
			       char *out, size_t cap, size_t *len);

/* Parses a signed note and verifies the signature of `key` on it; other signature lines are ignored
 * when well-formed (up to 16). LD_ERR_MALFORMED, LD_ERR_SIGNATURE. The origin must equal key->name.
 * Extension lines after the root are tolerated and ignored. */
enum ld_err ld_checkpoint_verify(const char *note, size_t len, const struct ld_note_key *key,
				 struct ld_checkpoint *out);
/* The same without looking at signatures: for a reader that was given no key. */
enum ld_err ld_checkpoint_parse(const char *note, size_t len, struct ld_checkpoint *out);

/* vkey text: <name>+<hash in hex>+<base64(0x01 || public key)>. cap >= LD_NOTE_VKEY_BYTES is
 * enough. */
enum ld_err ld_note_vkey(const struct ld_note_key *key, char *out, size_t cap);
/* Reads one, of type 0x01 or 0x04. key->pkey is the caller's to free. LD_ERR_MALFORMED, LD_ERR_KEY.
 */
enum ld_err ld_note_vkey_parse(const char *vkey, struct ld_note_key *key);

/* C2SP tlog-proof@v1: "c2sp.org/tlog-proof@v1\nindex N\n<base64 hash>...\n\n<checkpoint>".
 * write: NUL-terminated, *len without it; LD_TLOG_PROOF_MAX_BYTES always holds it.
 * verify: leaf data's inclusion at the proof's index under the proof's own verified checkpoint. */
enum ld_err ld_tlog_proof_write(uint64_t index, const struct ld_hash *proof, size_t n,
				const char *checkpoint, size_t checkpoint_len, char *out,
				size_t cap, size_t *len);
enum ld_err ld_tlog_proof_verify(const char *text, size_t len, const struct ld_note_key *key,
				 const struct ld_hash *leaf, uint64_t *index,
				 struct ld_checkpoint *cp);

#endif
