#include "plugin/broker/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum kind { KIND_PATH, KIND_NAME, KIND_NUMBER, KIND_BOOL, KIND_CLIENTS };

struct rule {
	const char *key;
	enum kind kind;
	size_t offset;
	uint32_t least, most, preset;
};

#define AT(field) offsetof(struct ld_config, field)
static const struct rule rules[] = {
    {"ledger_dir", KIND_PATH, AT(ledger_dir), 0, 0, 0},
    {"anchor", KIND_PATH, AT(anchor), 0, 0, 0},
    {"ledger_key", KIND_PATH, AT(ledger_key), 0, 0, 0},
    {"metrics_file", KIND_PATH, AT(metrics_file), 0, 0, 0},
    {"region", KIND_NAME, AT(region), 0, 0, 0},
    {"commit_interval_ms", KIND_NUMBER, AT(commit_interval_ms), 1, 1000, 50},
    {"group_max", KIND_NUMBER, AT(group_max), 1, 10000, 500},
    {"custody_per_s", KIND_NUMBER, AT(custody_per_s), 1, 100000, 20},
    {"clock_rate", KIND_NUMBER, AT(clock_rate), 0, 86400, 0},
    {"ledger_map_mib", KIND_NUMBER, AT(ledger_map_mib), 0, 16777216, 0},
    {"accept_clock", KIND_BOOL, AT(accept_clock), 0, 0, 0},
    {"token_auth", KIND_BOOL, AT(token_auth), 0, 0, 1},
    {"bridge_clients", KIND_CLIENTS, AT(bridges), 0, 0, 0},
};
#define N_RULES (sizeof rules / sizeof rules[0])

/* Values are repeated in the sentence, but not whole books of them. */
#define SHOWN 64

static enum ld_err wrong(char *why, size_t cap, const struct ld_option *o, const char *allowed)
{
	snprintf(why, cap, "option plugin_opt_%.*s is '%.*s'; it must be %s", SHOWN, o->key, SHOWN,
		 o->value, allowed);
	return LD_ERR_CONFIG;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static enum ld_err set_path(const struct ld_option *o, char *out, char *why, size_t cap)
{
	size_t len = strlen(o->value);

	/* The broker's working directory is nobody's choice: a relative path would be a surprise.
	 */
	if (o->value[0] != '/' || len >= LD_CONFIG_PATH_BYTES || has_control(o->value))
		return wrong(why, cap, o, "an absolute path of at most 1023 bytes");
	memcpy(out, o->value, len + 1);
	return LD_OK;
}

static enum ld_err set_name(const struct ld_option *o, char *out, char *why, size_t cap)
{
	size_t len = strlen(o->value);

	if (len == 0 || len > LD_MAX_ID_BYTES || strpbrk(o->value, "/+#") || o->value[0] == '$' ||
	    has_control(o->value))
		return wrong(why, cap, o,
			     "an id of 1 to 64 bytes without '/', '+', '#' or a leading '$'");
	memcpy(out, o->value, len + 1);
	return LD_OK;
}

static enum ld_err set_number(const struct ld_option *o, const struct rule *r, uint32_t *out,
			      char *why, size_t cap)
{
	char allowed[80];
	uint64_t v = 0;
	const char *p = o->value;

	for (; *p >= '0' && *p <= '9' && v <= UINT32_MAX; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	if (p == o->value || *p || v < r->least || v > r->most) {
		snprintf(allowed, sizeof allowed, "a whole number from %u to %u", r->least,
			 r->most);
		return wrong(why, cap, o, allowed);
	}
	*out = (uint32_t)v;
	return LD_OK;
}

static enum ld_err set_bool(const struct ld_option *o, bool *out, char *why, size_t cap)
{
	*out = strcmp(o->value, "true") == 0;
	if (!*out && strcmp(o->value, "false") != 0)
		return wrong(why, cap, o, "true or false");
	return LD_OK;
}

static bool add_client(struct ld_config *c, const char *id, size_t len)
{
	if (len == 0 || len > LD_MAX_CLIENT_ID_BYTES || c->n_bridges == LD_MAX_BRIDGE_CLIENTS)
		return false;
	memcpy(c->bridges[c->n_bridges], id, len);
	c->bridges[c->n_bridges][len] = 0;
	if (strpbrk(c->bridges[c->n_bridges], "+# \t"))
		return false;
	c->n_bridges++;
	return true;
}

static enum ld_err set_clients(const struct ld_option *o, struct ld_config *c, char *why,
			       size_t cap)
{
	const char *at = o->value;

	for (;;) {
		size_t len = strcspn(at, ",");
		if (has_control(o->value) || !add_client(c, at, len))
			return wrong(
			    why, cap, o,
			    "a list of 1 to 16 client ids with commas between, each of 1 to 129 "
			    "bytes without blanks, '+' or '#'");
		if (!at[len])
			return LD_OK;
		at += len + 1;
	}
}

static enum ld_err set(const struct ld_option *o, const struct rule *r, struct ld_config *c,
		       char *why, size_t cap)
{
	char *field = (char *)c + r->offset;

	switch (r->kind) {
	case KIND_PATH:
		return set_path(o, field, why, cap);
	case KIND_NAME:
		return set_name(o, field, why, cap);
	case KIND_NUMBER:
		return set_number(o, r, (uint32_t *)(void *)field, why, cap);
	case KIND_BOOL:
		return set_bool(o, (bool *)(void *)field, why, cap);
	case KIND_CLIENTS:
		return set_clients(o, c, why, cap);
	}
	return LD_ERR_CONFIG;
}

static const struct rule *find(const char *key)
{
	for (size_t i = 0; i < N_RULES; i++)
		if (strcmp(rules[i].key, key) == 0)
			return &rules[i];
	return NULL;
}

static void presets(struct ld_config *c)
{
	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < N_RULES; i++) {
		char *field = (char *)c + rules[i].offset;
		if (rules[i].kind == KIND_NUMBER)
			*(uint32_t *)(void *)field = rules[i].preset;
		else if (rules[i].kind == KIND_BOOL)
			*(bool *)(void *)field = rules[i].preset != 0;
	}
}

static enum ld_err unknown(const char *key, char *why, size_t cap)
{
	size_t used;

	snprintf(why, cap, "option plugin_opt_%.*s is not known; the options are", SHOWN, key);
	for (size_t i = 0; i < N_RULES; i++) {
		used = strlen(why);
		snprintf(why + used, cap - used, "%s %s", i ? "," : "", rules[i].key);
	}
	return LD_ERR_CONFIG;
}

enum ld_err ld_config_parse(const struct ld_option *options, size_t n, struct ld_config *out,
			    char *why, size_t cap)
{
	bool seen[N_RULES] = {false};
	enum ld_err err;

	presets(out);
	for (size_t i = 0; i < n; i++) {
		const struct ld_option *o = &options[i];
		if (!o->key || !o->value) {
			snprintf(why, cap,
				 "an option without name or value stands in the configuration");
			return LD_ERR_CONFIG;
		}
		const struct rule *r = find(o->key);
		if (!r)
			return unknown(o->key, why, cap);
		if (seen[r - rules]) {
			snprintf(why, cap, "option plugin_opt_%s is given twice; once is allowed",
				 r->key);
			return LD_ERR_CONFIG;
		}
		seen[r - rules] = true;
		err = set(o, r, out, why, cap);
		if (err != LD_OK)
			return err;
	}
	if (!out->ledger_dir[0]) {
		snprintf(
		    why, cap,
		    "option plugin_opt_ledger_dir is missing; it must be the absolute path of a "
		    "directory made by `liandan region init`");
		return LD_ERR_CONFIG;
	}
	return LD_OK;
}

bool ld_config_is_bridge(const struct ld_config *config, const char *client_id)
{
	for (size_t i = 0; client_id && i < config->n_bridges; i++)
		if (strcmp(config->bridges[i], client_id) == 0)
			return true;
	return false;
}
