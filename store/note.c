#include "store/note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/digest.h"
#include "store/be.h"
#include "store/note_text.h"

#define TYPE_ED25519 0x01
#define TYPE_COSIGNATURE 0x04
#define PUBLIC_BYTES 32
#define SIGNATURE_BYTES 64
#define COSIGNATURE_BYTES (8 + SIGNATURE_BYTES) /* big-endian seconds, then the signature */
#define KEY_HASH_BYTES 4
#define DASH "\xE2\x80\x94 " /* em dash and space: begins every signature line */
#define DASH_BYTES 4
#define MAX_SIG_BYTES 3072 /* of one signature of any type that we read past */

static enum ld_err key_init(struct ld_note_key *key, const char *name, EVP_PKEY *pkey, uint8_t type)
{
	uint8_t buf[LD_NOTE_MAX_NAME + 2 + PUBLIC_BYTES];
	uint8_t hash[LD_HASH_BYTES];
	size_t n = strlen(name);
	size_t pub_len = PUBLIC_BYTES;

	if (!ld_text_name(name, n))
		return LD_ERR_ARG;
	if (!pkey || EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519)
		return LD_ERR_KEY;
	memset(key, 0, sizeof *key);
	memcpy(key->name, name, n);
	/* bytes to be hashed, no string. NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	memcpy(buf, name, n);
	buf[n] = 0x0A;
	buf[n + 1] = type;
	if (EVP_PKEY_get_raw_public_key(pkey, buf + n + 2, &pub_len) != 1 ||
	    pub_len != PUBLIC_BYTES)
		return LD_ERR_KEY;
	ld_sha256(buf, n + 2 + PUBLIC_BYTES, hash);
	memcpy(key->hash, hash, KEY_HASH_BYTES);
	key->pkey = pkey;
	return LD_OK;
}

enum ld_err ld_note_key_init(struct ld_note_key *key, const char *name, EVP_PKEY *pkey)
{
	return key_init(key, name, pkey, TYPE_ED25519);
}

enum ld_err ld_note_witness_init(struct ld_note_key *key, const char *name, EVP_PKEY *pkey)
{
	return key_init(key, name, pkey, TYPE_COSIGNATURE);
}

static enum ld_err ed25519_sign(EVP_PKEY *pkey, const void *data, size_t len,
				uint8_t sig[SIGNATURE_BYTES])
{
	size_t sig_len = SIGNATURE_BYTES;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum ld_err err = LD_ERR_KEY;

	if (!ctx)
		return LD_ERR_NOMEM;
	if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	    EVP_DigestSign(ctx, sig, &sig_len, data, len) == 1 && sig_len == SIGNATURE_BYTES)
		err = LD_OK;
	EVP_MD_CTX_free(ctx);
	return err;
}

static enum ld_err ed25519_verify(EVP_PKEY *pkey, const void *data, size_t len,
				  const uint8_t sig[SIGNATURE_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum ld_err err = LD_ERR_SIGNATURE;

	if (!ctx)
		return LD_ERR_NOMEM;
	if (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	    EVP_DigestVerify(ctx, sig, SIGNATURE_BYTES, data, len) == 1)
		err = LD_OK;
	EVP_MD_CTX_free(ctx);
	return err;
}

/* Length of the well-formed UTF-8 sequence at s, 0 when there is none (RFC 3629 table). */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	unsigned char lo = 0x80, hi = 0xBF;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xC2 || s[0] > 0xF4)
		return 0;
	n = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
	if (left < n)
		return 0;
	if (s[0] == 0xE0)
		lo = 0xA0;
	if (s[0] == 0xED)
		hi = 0x9F;
	if (s[0] == 0xF0)
		lo = 0x90;
	if (s[0] == 0xF4)
		hi = 0x8F;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xBF)
			return 0;
	return n;
}

/* signed-note: "The note text MUST be valid UTF-8 and MUST NOT contain any ASCII control characters
 * other than newline." */
static bool text_ok(const char *note, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len((const unsigned char *)note + i, len - i);
		if (n == 0)
			return false;
		if ((unsigned char)note[i] < 0x20 && note[i] != '\n')
			return false;
		i += n;
	}
	return true;
}

/* The note apart: text with its last newline, and the signature lines. */
static enum ld_err split(const char *note, size_t len, const char **text, size_t *text_len,
			 struct ld_text *sigs)
{
	if (len == 0 || len > LD_NOTE_MAX_BYTES || !text_ok(note, len) || note[len - 1] != '\n')
		return LD_ERR_MALFORMED;
	for (size_t i = len - 1; i > 0; i--) {
		if (note[i] != '\n' || note[i - 1] != '\n')
			continue;
		*text = note;
		*text_len = i;
		sigs->at = note + i + 1;
		sigs->end = note + len;
		return sigs->at == sigs->end ? LD_ERR_MALFORMED : LD_OK;
	}
	return LD_ERR_MALFORMED;
}

struct sig_line {
	const char *name;
	size_t name_len;
	uint8_t bytes[MAX_SIG_BYTES]; /* key hash, then the signature */
	size_t len;
};

static enum ld_err sig_line_parse(const char *line, size_t len, struct sig_line *out)
{
	if (len < DASH_BYTES || memcmp(line, DASH, DASH_BYTES) != 0)
		return LD_ERR_MALFORMED;
	out->name = line + DASH_BYTES;
	const char *space = memchr(out->name, ' ', len - DASH_BYTES);
	if (!space)
		return LD_ERR_MALFORMED;
	out->name_len = (size_t)(space - out->name);
	if (!ld_text_name(out->name, out->name_len))
		return LD_ERR_MALFORMED;
	size_t b64_len = len - DASH_BYTES - out->name_len - 1;
	if (ld_base64_decode(space + 1, b64_len, out->bytes, sizeof out->bytes, &out->len))
		return LD_ERR_MALFORMED;
	return out->len > KEY_HASH_BYTES ? LD_OK : LD_ERR_MALFORMED;
}

/* Walks all signature lines (every one must be well-formed) and gives the first by `key` whose
 * signature has sig_len bytes. LD_ERR_SIGNATURE: none. */
static enum ld_err find_sig(struct ld_text sigs, const struct ld_note_key *key, size_t sig_len,
			    uint8_t *sig)
{
	struct sig_line s;
	const char *line;
	size_t len, count = 0;
	bool found = false;

	while (ld_text_line(&sigs, &line, &len)) {
		if (++count > LD_NOTE_MAX_SIGNATURES || sig_line_parse(line, len, &s) != LD_OK)
			return LD_ERR_MALFORMED;
		if (found || !key || s.name_len != strlen(key->name) ||
		    memcmp(s.name, key->name, s.name_len) != 0 ||
		    memcmp(s.bytes, key->hash, KEY_HASH_BYTES) != 0)
			continue;
		if (s.len != KEY_HASH_BYTES + sig_len)
			return LD_ERR_SIGNATURE;
		memcpy(sig, s.bytes + KEY_HASH_BYTES, sig_len);
		found = true;
	}
	return found ? LD_OK : LD_ERR_SIGNATURE;
}

enum ld_err ld_note_verify(const char *note, size_t len, const struct ld_note_key *key,
			   const char **text, size_t *text_len)
{
	uint8_t sig[SIGNATURE_BYTES];
	struct ld_text sigs;
	enum ld_err err = split(note, len, text, text_len, &sigs);

	if (err)
		return err;
	err = find_sig(sigs, key, sizeof sig, sig);
	if (err)
		return err;
	return ed25519_verify(key->pkey, *text, *text_len, sig);
}

/* tlog-cosignature: the signed message is "cosignature/v1\ntime <seconds>\n" and the note's text.
 */
static size_t cosigned_message(uint64_t time_s, const char *text, size_t text_len,
			       char out[LD_NOTE_MAX_BYTES + 64])
{
	int n = snprintf(out, 64, "cosignature/v1\ntime %" PRIu64 "\n", time_s);

	memcpy(out + n, text, text_len);
	return (size_t)n + text_len;
}

enum ld_err ld_note_cosignature_verify(const char *note, size_t len,
				       const struct ld_note_key *witness, uint64_t *time_s)
{
	char message[LD_NOTE_MAX_BYTES + 64];
	uint8_t sig[COSIGNATURE_BYTES];
	struct ld_text sigs;
	const char *text;
	size_t text_len;
	enum ld_err err = split(note, len, &text, &text_len, &sigs);

	if (err)
		return err;
	err = find_sig(sigs, witness, sizeof sig, sig);
	if (err)
		return err;
	*time_s = ld_be64_get(sig);
	size_t n = cosigned_message(*time_s, text, text_len, message);
	return ed25519_verify(witness->pkey, message, n, sig + 8);
}

/* Writes "— <name> <base64(key hash || sig)>\n" at note[*len], NUL-terminated. */
static enum ld_err add_sig_line(char *note, size_t cap, size_t *len, const struct ld_note_key *key,
				const uint8_t *sig, size_t sig_len)
{
	uint8_t raw[KEY_HASH_BYTES + COSIGNATURE_BYTES];
	char b64[LD_BASE64_CAP(sizeof raw)];

	memcpy(raw, key->hash, KEY_HASH_BYTES);
	memcpy(raw + KEY_HASH_BYTES, sig, sig_len);
	ld_base64_encode(raw, KEY_HASH_BYTES + sig_len, b64);
	int n = snprintf(note + *len, cap - *len, DASH "%s %s\n", key->name, b64);
	if (n < 0 || (size_t)n >= cap - *len) {
		note[*len] = '\0';
		return LD_ERR_LIMIT;
	}
	*len += (size_t)n;
	return LD_OK;
}

enum ld_err ld_note_cosign(char *note, size_t cap, size_t *len, const struct ld_note_key *witness,
			   uint64_t time_s)
{
	char message[LD_NOTE_MAX_BYTES + 64];
	uint8_t sig[COSIGNATURE_BYTES];
	struct ld_text sigs;
	const char *text;
	size_t text_len;
	enum ld_err err = split(note, *len, &text, &text_len, &sigs);

	if (err)
		return err;
	ld_be64_put(sig, time_s);
	size_t n = cosigned_message(time_s, text, text_len, message);
	err = ed25519_sign(witness->pkey, message, n, sig + 8);
	if (err)
		return err;
	return add_sig_line(note, cap, len, witness, sig, sizeof sig);
}

enum ld_err ld_checkpoint_sign(const struct ld_checkpoint *cp, const struct ld_note_key *key,
			       char *out, size_t cap, size_t *len)
{
	char root[LD_BASE64_CAP(LD_HASH_BYTES)];
	uint8_t sig[SIGNATURE_BYTES];

	if (strcmp(cp->origin, key->name) != 0)
		return LD_ERR_ARG;
	ld_base64_encode(cp->root.b, LD_HASH_BYTES, root);
	int n = snprintf(out, cap, "%s\n%" PRIu64 "\n%s\n\n", cp->origin, cp->size, root);
	if (n < 0 || (size_t)n >= cap)
		return LD_ERR_LIMIT;
	/* signed: everything up to and with the newline before the blank line */
	enum ld_err err = ed25519_sign(key->pkey, out, (size_t)n - 1, sig);
	if (err)
		return err;
	*len = (size_t)n;
	return add_sig_line(out, cap, len, key, sig, sizeof sig);
}

static enum ld_err checkpoint_text(const char *text, size_t len, struct ld_checkpoint *out)
{
	struct ld_text t = {text, text + len};
	const char *line;
	size_t n;

	memset(out, 0, sizeof *out);
	if (!ld_text_line(&t, &line, &n) || !ld_text_name(line, n))
		return LD_ERR_MALFORMED;
	memcpy(out->origin, line, n);
	if (!ld_text_line(&t, &line, &n) || !ld_text_u64(line, n, &out->size))
		return LD_ERR_MALFORMED;
	if (!ld_text_line(&t, &line, &n) || !ld_text_hash(line, n, &out->root))
		return LD_ERR_MALFORMED;
	/* tlog-checkpoint: extension lines, each not empty, may follow */
	while (ld_text_line(&t, &line, &n))
		if (n == 0)
			return LD_ERR_MALFORMED;
	return LD_OK;
}

enum ld_err ld_checkpoint_verify(const char *note, size_t len, const struct ld_note_key *key,
				 struct ld_checkpoint *out)
{
	const char *text;
	size_t text_len;
	enum ld_err err = ld_note_verify(note, len, key, &text, &text_len);

	if (err)
		return err;
	err = checkpoint_text(text, text_len, out);
	if (err)
		return err;
	return strcmp(out->origin, key->name) == 0 ? LD_OK : LD_ERR_SIGNATURE;
}

enum ld_err ld_checkpoint_parse(const char *note, size_t len, struct ld_checkpoint *out)
{
	struct ld_text sigs;
	const char *text;
	size_t text_len;
	enum ld_err err = split(note, len, &text, &text_len, &sigs);

	if (err)
		return err;
	if (find_sig(sigs, NULL, 0, NULL) == LD_ERR_MALFORMED)
		return LD_ERR_MALFORMED;
	return checkpoint_text(text, text_len, out);
}

/* The type is not kept in the key: it is the one under which the hash comes out right. */
static uint8_t key_type(const struct ld_note_key *key)
{
	struct ld_note_key other;

	if (key_init(&other, key->name, key->pkey, TYPE_COSIGNATURE) == LD_OK &&
	    memcmp(other.hash, key->hash, KEY_HASH_BYTES) == 0)
		return TYPE_COSIGNATURE;
	return TYPE_ED25519;
}

enum ld_err ld_note_vkey(const struct ld_note_key *key, char *out, size_t cap)
{
	uint8_t raw[1 + PUBLIC_BYTES];
	char b64[LD_BASE64_CAP(sizeof raw)];
	char hex[2 * KEY_HASH_BYTES + 1];
	size_t pub_len = PUBLIC_BYTES;

	raw[0] = key_type(key);
	if (EVP_PKEY_get_raw_public_key(key->pkey, raw + 1, &pub_len) != 1 ||
	    pub_len != PUBLIC_BYTES)
		return LD_ERR_KEY;
	ld_base64_encode(raw, sizeof raw, b64);
	ld_hex_encode(key->hash, KEY_HASH_BYTES, hex);
	int n = snprintf(out, cap, "%s+%s+%s", key->name, hex, b64);
	return n < 0 || (size_t)n >= cap ? LD_ERR_LIMIT : LD_OK;
}

enum ld_err ld_note_vkey_parse(const char *vkey, struct ld_note_key *key)
{
	char name[LD_NOTE_MAX_NAME];
	uint8_t hash[KEY_HASH_BYTES];
	uint8_t raw[1 + PUBLIC_BYTES];
	size_t raw_len;
	const char *plus = strchr(vkey, '+');

	memset(key, 0, sizeof *key);
	if (!plus || !ld_text_name(vkey, (size_t)(plus - vkey)))
		return LD_ERR_MALFORMED;
	memcpy(name, vkey, (size_t)(plus - vkey));
	name[plus - vkey] = '\0';
	const char *hex = plus + 1;
	plus = strchr(hex, '+');
	if (!plus || ld_hex_decode(hex, (size_t)(plus - hex), hash, sizeof hash) != LD_OK)
		return LD_ERR_MALFORMED;
	if (ld_base64_decode(plus + 1, strlen(plus + 1), raw, sizeof raw, &raw_len) != LD_OK ||
	    raw_len != sizeof raw)
		return LD_ERR_MALFORMED;
	if (raw[0] != TYPE_ED25519 && raw[0] != TYPE_COSIGNATURE)
		return LD_ERR_KEY;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw + 1, PUBLIC_BYTES);
	if (!pkey)
		return LD_ERR_KEY;
	enum ld_err err = key_init(key, name, pkey, raw[0]);
	if (!err && memcmp(hash, key->hash, KEY_HASH_BYTES) != 0)
		err = LD_ERR_KEY;
	if (err) {
		EVP_PKEY_free(pkey);
		memset(key, 0, sizeof *key);
	}
	return err;
}
