/* Who is on a connection: the key, by certificate or by token (PROTOCOL: Identity on the
 * connection). */
#include <stdio.h>
#include <string.h>

#include "plugin/custody/access.h"
#include "plugin/custody/tables.h"
#include "proto/key.h"

static enum ld_err refused(char *why, size_t cap, const char *text)
{
	if (cap != 0)
		snprintf(why, cap, "%s", text);
	return LD_ERR_REFUSED;
}

/* A superseded key, and one that has expired on the road, may still connect while what it signed
 * before may still come in. */
static enum ld_err key_valid(struct ld_custody *c, const Custody__Key *key, int64_t now_ms,
			     char *why, size_t cap)
{
	if (ld_rules_at(c, now_ms) != LD_OK)
		return refused(why, cap, "the rules cannot be read");
	if (key->revoked == LIANDAN__REVOCATION_REASON__REVOCATION_REASON_SUPERSEDED) {
		if (now_ms > key->grace_until_ms)
			return refused(why, cap, "key superseded");
	} else if (key->revoked != LIANDAN__REVOCATION_REASON__REVOCATION_REASON_UNSPECIFIED) {
		return refused(why, cap, "key revoked");
	}
	/* what reads the region has no delivery to finish */
	const int64_t late_ms =
	    (key->roles & (LIANDAN__ROLE__ROLE_REGULATOR | LIANDAN__ROLE__ROLE_AUTHORITY)) == 0
		? c->rules->held_ms
		: 0;

	if (now_ms < key->from_ms || (key->to_ms != 0 && now_ms - late_ms >= key->to_ms))
		return refused(why, cap, "key not valid now");
	return LD_OK;
}

static bool copy_id(char out[LD_MAX_ID_BYTES + 1], const char *id)
{
	size_t n = strnlen(id, LD_MAX_ID_BYTES + 1);

	if (n == 0 || n > LD_MAX_ID_BYTES)
		return false;
	memcpy(out, id, n + 1);
	return true;
}

static enum ld_err fill(struct ld_custody *c, const Custody__Key *key, struct ld_identity *out,
			char *why, size_t cap)
{
	Custody__Party *party;

	memset(out, 0, sizeof *out);
	if (!copy_id(out->party, key->party) || !copy_id(out->device, key->device) ||
	    key->key_id.len != LD_KEY_ID_BYTES)
		return refused(why, cap, "key record");
	memcpy(out->key_id, key->key_id.data, LD_KEY_ID_BYTES);
	out->roles = key->roles;
	if (ld_party_get(c, key->party, &party) == LD_OK && party->registered != NULL)
		out->party_roles = party->registered->roles;
	out->regulator = ((out->roles | out->party_roles) & LIANDAN__ROLE__ROLE_REGULATOR) != 0 ||
			 key->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_AUTHORITY;
	return LD_OK;
}

/* PROTOCOL: the client id is exactly <party>/<device>. */
static bool client_id_of(const Custody__Key *key, const char *client_id)
{
	size_t n = strlen(key->party);

	return strncmp(client_id, key->party, n) == 0 && client_id[n] == '/' &&
	       strcmp(client_id + n + 1, key->device) == 0;
}

static enum ld_err admit(struct ld_custody *c, const Custody__Key *key, const char *client_id,
			 int64_t now_ms, struct ld_identity *out, char *why, size_t cap)
{
	enum ld_err err;

	if (client_id == NULL || !client_id_of(key, client_id))
		return refused(why, cap, "client id is not the key's <party>/<device>");
	err = key_valid(c, key, now_ms, why, cap);
	return err == LD_OK ? fill(c, key, out, why, cap) : err;
}

enum ld_err ld_identify_key(struct ld_custody *c, const uint8_t *spki, size_t len,
			    const char *client_id, int64_t now_ms, struct ld_identity *out,
			    char *why, size_t cap)
{
	size_t mark = c->arena->used;
	uint8_t id[LD_KEY_ID_BYTES];
	Custody__Key *key;
	enum ld_err err;

	if (spki == NULL || len == 0 || len > LD_MAX_SPKI_BYTES)
		return refused(why, cap, "unknown key");
	ld_key_id_of_spki(spki, len, id);
	/* the id is half a hash: the key itself must be the same */
	if (ld_key_rec_get(c, id, &key) != LD_OK || key->spki.len != len ||
	    memcmp(key->spki.data, spki, len) != 0)
		err = refused(why, cap, "unknown key");
	else
		err = admit(c, key, client_id, now_ms, out, why, cap);
	c->arena->used = mark;
	return err;
}

/* PROTOCOL, Identity: at most 10 minutes, of this ledger, for this client. */
static enum ld_err token_fits(struct ld_custody *c, const Liandan__Token *t, const char *client_id,
			      int64_t wall_ms, bool recheck, char *why, size_t cap)
{
	if (t->ledger_id.len != LD_HASH_BYTES ||
	    memcmp(t->ledger_id.data, c->ledger_id, LD_HASH_BYTES) != 0)
		return refused(why, cap, "token of another ledger");
	if (client_id == NULL || strcmp(t->client_id, client_id) != 0)
		return refused(why, cap, "token of another client");
	if (t->not_before_ms < 0 || t->expires_ms <= t->not_before_ms ||
	    t->expires_ms - t->not_before_ms > LD_MAX_TOKEN_MS)
		return refused(why, cap, "token lives too long");
	if (recheck)
		return LD_OK;
	if (wall_ms < t->not_before_ms)
		return refused(why, cap, "token not valid yet");
	if (wall_ms >= t->expires_ms)
		return refused(why, cap, "token expired");
	return LD_OK;
}

static enum ld_err token_admit(struct ld_custody *c, const char *text, size_t len,
			       const char *client_id, int64_t now_ms, int64_t wall_ms, bool recheck,
			       struct ld_identity *out, char *why, size_t cap)
{
	const Liandan__Token *token;
	const uint8_t *signature, *body;
	size_t signature_len, body_len;
	struct ld_key *public;
	Custody__Key *key;
	enum ld_err err;

	if (text == NULL || ld_token_open(text, len, c->arena, &token, &signature, &signature_len,
					  &body, &body_len) != LD_OK)
		return refused(why, cap, "malformed token");
	err = token_fits(c, token, client_id, wall_ms, recheck, why, cap);
	if (err != LD_OK)
		return err;
	if (token->key_id.len != LD_KEY_ID_BYTES ||
	    ld_key_rec_get(c, token->key_id.data, &key) != LD_OK)
		return refused(why, cap, "unknown key");
	if (ld_key_public(key->spki.data, key->spki.len, key->algorithm, &public) != LD_OK)
		return refused(why, cap, "unusable key");
	err = ld_key_verify(public, LD_TOKEN_TYPE, body, body_len, signature, signature_len);
	ld_key_free(public);
	if (err != LD_OK)
		return refused(why, cap, "bad signature");
	return admit(c, key, client_id, now_ms, out, why, cap);
}

enum ld_err ld_identify_token(struct ld_custody *c, const char *text, size_t len,
			      const char *client_id, int64_t now_ms, int64_t wall_ms, bool recheck,
			      struct ld_identity *out, char *why, size_t cap)
{
	size_t mark = c->arena->used;
	enum ld_err err =
	    token_admit(c, text, len, client_id, now_ms, wall_ms, recheck, out, why, cap);

	c->arena->used = mark;
	return err;
}

enum ld_err ld_identify_again(struct ld_custody *c, int64_t now_ms, struct ld_identity *id)
{
	size_t mark = c->arena->used;
	struct ld_identity now;
	Custody__Key *key;
	enum ld_err err = LD_ERR_REFUSED;

	if (ld_key_rec_get(c, id->key_id, &key) == LD_OK)
		err = key_valid(c, key, now_ms, NULL, 0);
	if (err == LD_OK)
		err = fill(c, key, &now, NULL, 0);
	if (err == LD_OK)
		*id = now;
	c->arena->used = mark;
	return err;
}
