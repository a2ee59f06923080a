/* Signed notes, checkpoints, keys of notes and tlog-proofs: text that witnesses and strangers hand
 * us. Input: one byte names the parser, the rest is the text. */
#include "proto/key.h"
#include "store/note.h"
#include "tests/fuzz/fuzz.h"

static struct ld_note_key log_key, witness_key;

static void open_keys(void)
{
	static struct ld_key *ours, *theirs;

	FZ_REQUIRE(ld_key_generate(LIANDAN__ALGORITHM__ALGORITHM_ED25519, &ours) == LD_OK);
	FZ_REQUIRE(ld_note_key_init(&log_key, "liandan/testing/one", ld_key_pkey(ours)) == LD_OK);
	FZ_REQUIRE(ld_key_generate(LIANDAN__ALGORITHM__ALGORITHM_ED25519, &theirs) == LD_OK);
	FZ_REQUIRE(ld_note_witness_init(&witness_key, "witness.example/w1", ld_key_pkey(theirs)) ==
		   LD_OK);
}

/* What was parsed is what we would sign, and what we sign is parsed as that. */
static void checkpoint(const char *text, size_t len)
{
	struct ld_checkpoint cp, back;
	char note[LD_NOTE_MAX_BYTES];
	struct ld_note_key key = log_key;
	size_t n;

	if (ld_checkpoint_parse(text, len, &cp) != LD_OK)
		return;
	FZ_REQUIRE(memchr(cp.origin, '\0', sizeof cp.origin) != NULL);
	if (ld_note_key_init(&key, cp.origin, log_key.pkey) != LD_OK)
		return;
	FZ_REQUIRE(ld_checkpoint_sign(&cp, &key, note, sizeof note, &n) == LD_OK);
	FZ_REQUIRE(ld_checkpoint_verify(note, n, &key, &back) == LD_OK);
	FZ_REQUIRE(back.size == cp.size && strcmp(back.origin, cp.origin) == 0);
	FZ_REQUIRE(memcmp(&back.root, &cp.root, sizeof cp.root) == 0);
	/* a cosignature is added and found, and ours still holds */
	uint64_t when = 0;
	FZ_REQUIRE(ld_note_cosign(note, sizeof note, &n, &witness_key, 1700000000) == LD_OK);
	FZ_REQUIRE(ld_note_cosignature_verify(note, n, &witness_key, &when) == LD_OK &&
		   when == 1700000000);
	FZ_REQUIRE(ld_checkpoint_verify(note, n, &key, &back) == LD_OK);
}

/* What was parsed is written, and read as the same key (hex digits may have been upper case). */
static void vkey(const char *text)
{
	struct ld_note_key key = {0}, back = {0};
	char out[LD_NOTE_VKEY_BYTES];

	if (ld_note_vkey_parse(text, &key) != LD_OK)
		return;
	FZ_REQUIRE(ld_note_vkey(&key, out, sizeof out) == LD_OK && strlen(out) == strlen(text));
	FZ_REQUIRE(ld_note_vkey_parse(out, &back) == LD_OK);
	FZ_REQUIRE(strcmp(key.name, back.name) == 0 &&
		   memcmp(key.hash, back.hash, sizeof key.hash) == 0);
	EVP_PKEY_free(key.pkey);
	EVP_PKEY_free(back.pkey);
}

/* Nobody signs with our key: whatever the text, it is refused. */
static void forged(const char *text, size_t len)
{
	const char *body;
	size_t body_len;
	struct ld_checkpoint cp;
	struct ld_hash leaf = {{0}};
	uint64_t n;

	FZ_REQUIRE(ld_note_verify(text, len, &log_key, &body, &body_len) != LD_OK);
	FZ_REQUIRE(ld_checkpoint_verify(text, len, &log_key, &cp) != LD_OK);
	FZ_REQUIRE(ld_note_cosignature_verify(text, len, &witness_key, &n) != LD_OK);
	FZ_REQUIRE(ld_tlog_proof_verify(text, len, &log_key, &leaf, &n, &cp) != LD_OK);
}

/* A proof under a checkpoint of ours: the input is the proof's head, the signed note is appended.
 */
static void proof(struct fz_in *in)
{
	struct ld_checkpoint cp = {.size = 1}, out;
	char note[LD_NOTE_MAX_BYTES];
	uint64_t index;
	size_t n;
	char *text;

	for (size_t i = 0; i < sizeof cp.root.b; i++)
		cp.root.b[i] = fz_u8(in);
	cp.size = fz_u8(in);
	snprintf(cp.origin, sizeof cp.origin, "%s", log_key.name);
	FZ_REQUIRE(ld_checkpoint_sign(&cp, &log_key, note, sizeof note, &n) == LD_OK);
	text = malloc(in->n + n);
	FZ_REQUIRE(text != NULL);
	if (in->n != 0)
		memcpy(text, in->p, in->n);
	memcpy(text + in->n, note, n);
	/* only a tree of one leaf has its leaf as root */
	if (ld_tlog_proof_verify(text, in->n + n, &log_key, &cp.root, &index, &out) == LD_OK)
		FZ_REQUIRE(cp.size == 1 && index == 0 && out.size == cp.size);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fz_in in = {data, size};
	uint8_t which = fz_u8(&in) % 4;
	char *text;

	if (log_key.pkey == NULL)
		open_keys();
	if (which == 3) {
		proof(&in);
		return 0;
	}
	text = fz_text(&in);
	if (which == 0)
		checkpoint(text, in.n);
	else if (which == 1)
		vkey(text);
	else
		forged(text, in.n);
	free(text);
	return 0;
}
