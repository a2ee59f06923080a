/* ledger verify: a saved receipt or proof, checked with nothing but the ledger's public key. */
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/events.h"
#include "deploy/cli/net.h"
#include "deploy/cli/report.h"
#include "proto/base64.h"
#include "proto/envelope.h"
#include "proto/verdict.h"

struct verify {
	struct ld_cli *cli;
	const char *vkey, *ledger, *leaf;
	struct ld_note_key key;
};

static uint8_t *bytes_of(const cJSON *o, const char *name, size_t *len)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
	if (!text)
		return NULL;
	size_t cap = strlen(text) / 4 * 3 + 3;
	uint8_t *out = malloc(cap);
	if (out && ld_base64_decode(text, strlen(text), out, cap, len) != LD_OK) {
		free(out);
		out = NULL;
	}
	return out;
}

static int say(struct verify *v, const char *path, enum ld_err err, const char *why)
{
	if (v->cli->json) {
		cJSON *o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "file", path);
		cJSON_AddBoolToObject(o, "verified", err == LD_OK);
		cJSON_AddStringToObject(o, "why", why);
		ld_print_json(o);
	} else {
		printf("%s: %s: %s\n", path,
		       err == LD_OK ? "verified 核验通过" : "DOES NOT VERIFY 核验不通过", why);
	}
	return err == LD_OK ? LD_EXIT_DONE : LD_EXIT_REFUSED;
}

/* What the leaf says, once it is known to be in the ledger. */
static void describe_leaf(const uint8_t *entry, size_t len, uint64_t index, char *out, size_t cap)
{
	const char *body = "?";
	char recorded[24] = "?";
	Liandan__Entry *e = liandan__entry__unpack(NULL, len, entry);
	Liandan__Envelope *env = NULL;
	Liandan__Event *event = NULL;
	Liandan__OwnEvent *own = NULL;
	if (e && e->content_case == LIANDAN__ENTRY__CONTENT_ENVELOPE)
		env = liandan__envelope__unpack(NULL, e->envelope.len, e->envelope.data);
	else if (e)
		own = liandan__own_event__unpack(NULL, e->own_event.len, e->own_event.data);
	if (env)
		event = liandan__event__unpack(NULL, env->event.len, env->event.data);
	if (event)
		body = ld_body_name(event);
	else if (own)
		body = ld_own_name(own);
	if (e)
		ld_time_text(e->recorded_at_ms, recorded);
	snprintf(out, cap, "entry %llu, %s, %s, recorded %s", (unsigned long long)index,
		 e ? ld_verdict_name(e->verdict) : "?", body, recorded);
	if (event)
		liandan__event__free_unpacked(event, NULL);
	if (env)
		liandan__envelope__free_unpacked(env, NULL);
	if (own)
		liandan__own_event__free_unpacked(own, NULL);
	if (e)
		liandan__entry__free_unpacked(e, NULL);
}

static int check_proof(struct verify *v, const char *path, const char *proof, size_t proof_len,
		       const uint8_t *entry, size_t len)
{
	char why[256];
	struct ld_hash leaf;
	struct ld_checkpoint cp;
	uint64_t index = 0;
	ld_merkle_leaf(entry, len, &leaf);
	enum ld_err err = ld_tlog_proof_verify(proof, proof_len, &v->key, &leaf, &index, &cp);
	if (err != LD_OK)
		return say(
		    v, path, err,
		    "the proof does not lead from this leaf to a checkpoint of that ledger key");
	describe_leaf(entry, len, index, why, sizeof(why));
	return say(v, path, LD_OK, why);
}

static int check_receipt(struct verify *v, const char *path, const uint8_t *bytes, size_t len,
			 const uint8_t *envelope, size_t envelope_len)
{
	char why[256] = "", recorded[24];
	if (ld_gate_check(&liandan__receipt__descriptor, bytes, len, NULL) != LD_OK)
		return say(v, path, LD_ERR_MALFORMED, "the receipt is not well-formed");
	Liandan__Receipt *r = liandan__receipt__unpack(NULL, len, bytes);
	if (!r)
		return ld_fail(v->cli, "free some memory", "out of memory");
	enum ld_err err =
	    ld_receipt_verify(r, bytes, len, envelope, envelope_len, &v->key, why, sizeof(why));
	if (err == LD_OK && ld_verdict_in_ledger(r->verdict)) {
		ld_time_text(r->recorded_at_ms, recorded);
		snprintf(why, sizeof(why), "entry %llu, %s%s%s, recorded %s",
			 (unsigned long long)r->index, ld_verdict_name(r->verdict),
			 r->reason ? " " : "", r->reason ? ld_reason_name(r->reason) : "",
			 recorded);
	} else if (err == LD_OK) {
		snprintf(why, sizeof(why), "the ledger says %s: it is outside the ledger",
			 ld_verdict_name(r->verdict));
	}
	liandan__receipt__free_unpacked(r, NULL);
	return say(v, path, err, why);
}

static int check_json(struct verify *v, const char *path, const cJSON *o)
{
	size_t receipt_len = 0, envelope_len = 0, entry_len = 0;
	uint8_t *receipt = bytes_of(o, "receipt", &receipt_len);
	uint8_t *envelope = bytes_of(o, "envelope", &envelope_len);
	uint8_t *entry = bytes_of(o, "entry", &entry_len);
	const char *proof = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "tlog_proof"));
	int code;
	if (receipt)
		code = check_receipt(v, path, receipt, receipt_len, envelope, envelope_len);
	else if (proof && entry)
		code = check_proof(v, path, proof, strlen(proof), entry, entry_len);
	else
		code = ld_fail(
		    v->cli,
		    "give what `send --receipts` or `ledger prove --out` wrote, or the answer to "
		    "query/proof",
		    "%s: neither receipt and envelope, nor tlog_proof and entry", path);
	free(receipt);
	free(envelope);
	free(entry);
	return code;
}

static int check_file(struct verify *v, const char *path)
{
	char *data = NULL, *leaf = NULL, why[512];
	size_t len = 0, leaf_len = 0;
	int code;
	if (ld_file_read(path, &data, &len, why, sizeof(why)) != LD_OK)
		return ld_fail(v->cli, "give the file of a receipt or proof", "%s", why);
	cJSON *o = cJSON_ParseWithLength(data, len);
	if (cJSON_IsObject(o))
		code = check_json(v, path, o);
	else if (!v->leaf)
		code = ld_fail(v->cli, "give the leaf's bytes with --leaf FILE",
			       "%s: a bare proof proves some leaf: which?", path);
	else if (ld_file_read(v->leaf, &leaf, &leaf_len, why, sizeof(why)) != LD_OK)
		code = ld_fail(v->cli, "give the leaf's bytes with --leaf FILE", "%s", why);
	else
		code = check_proof(v, path, data, len, (const uint8_t *)leaf, leaf_len);
	cJSON_Delete(o);
	free(leaf);
	free(data);
	return code;
}

int ld_cmd_ledger_verify(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "ledger");
	struct verify v = {.cli = cli};
	struct ld_ledger_id id;
	char why[512];
	const struct ld_opt opts[] = {
	    {"vkey", LD_OPT_TEXT, &v.vkey},
	    {"ledger", LD_OPT_TEXT, &v.ledger},
	    {"leaf", LD_OPT_TEXT, &v.leaf},
	    {NULL, LD_OPT_FLAG, NULL},
	};
	int code = LD_EXIT_DONE;
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc < 2 || (!v.vkey && !v.ledger))
		return ld_usage(command,
				"ledger verify FILE... with --vkey V or --ledger region.json: the "
				"key must come from someone you trust, not from the file");
	if (!v.vkey) {
		if (ld_ledger_id_read(v.ledger, NULL, NULL, &id, why, sizeof(why)) != LD_OK ||
		    !id.vkey[0])
			return ld_fail(cli, "give region.json, or the key itself with --vkey", "%s",
				       why);
		v.vkey = id.vkey;
	}
	if (ld_note_vkey_parse(v.vkey, &v.key) != LD_OK)
		return ld_usage(command, "\"%s\" is no vkey (name+hash+key)", v.vkey);
	for (int i = 1; i < argc; i++) {
		int one = check_file(&v, argv[i]);
		if (code == LD_EXIT_DONE || one == LD_EXIT_REFUSED)
			code = one;
	}
	EVP_PKEY_free(v.key.pkey);
	return code;
}
