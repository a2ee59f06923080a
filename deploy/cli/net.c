#include "deploy/cli/net.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/base64.h"

static enum ld_err id_from_json(const char *text, size_t len, const char *path,
				struct ld_ledger_id *out, char *why, size_t cap)
{
	cJSON *json = cJSON_ParseWithLength(text, len);
	const char *region = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "region"));
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "ledger_id"));
	const char *vkey = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "vkey"));
	enum ld_err err = LD_ERR_MALFORMED;
	if (region && id && vkey && ld_id_valid(region) && strlen(vkey) < sizeof(out->vkey) &&
	    ld_hex_decode(id, strlen(id), out->ledger_id, LD_HASH_BYTES) == LD_OK) {
		snprintf(out->region, sizeof(out->region), "%s", region);
		snprintf(out->vkey, sizeof(out->vkey), "%s", vkey);
		err = LD_OK;
	} else {
		snprintf(why, cap, "%s: not a region.json (region, ledger_id, vkey)", path);
	}
	cJSON_Delete(json);
	return err;
}

enum ld_err ld_ledger_id_read(const char *text, const char *region, const char *vkey,
			      struct ld_ledger_id *out, char *why, size_t cap)
{
	memset(out, 0, sizeof(*out));
	if (ld_hex_decode(text, strlen(text), out->ledger_id, LD_HASH_BYTES) == LD_OK) {
		if (region && !ld_id_valid(region)) {
			snprintf(why, cap, "\"%s\" cannot be a region's name", region);
			return LD_ERR_ARG;
		}
		snprintf(out->region, sizeof(out->region), "%s", region ? region : "");
		snprintf(out->vkey, sizeof(out->vkey), "%s", vkey ? vkey : "");
		return LD_OK;
	}
	char path[4096];
	struct stat st;
	bool dir = stat(text, &st) == 0 && S_ISDIR(st.st_mode);
	if ((size_t)snprintf(path, sizeof(path), "%s%s", text, dir ? "/region.json" : "") >=
	    sizeof(path)) {
		snprintf(why, cap, "%s: the path is too long", text);
		return LD_ERR_LIMIT;
	}
	char *data = NULL;
	size_t len = 0;
	enum ld_err err = ld_file_read(path, &data, &len, why, cap);
	if (err == LD_OK)
		err = id_from_json(data, len, path, out, why, cap);
	free(data);
	return err;
}

enum ld_err ld_ledger_id_write(const char *path, const struct ld_ledger_id *id, const char *profile,
			       char *why, size_t cap)
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "region", id->region);
	ld_json_hex(o, "ledger_id", id->ledger_id, LD_HASH_BYTES);
	cJSON_AddStringToObject(o, "vkey", id->vkey);
	cJSON_AddStringToObject(o, "profile", profile);
	char *text = cJSON_Print(o);
	cJSON_Delete(o);
	if (!text) {
		snprintf(why, cap, "out of memory");
		return LD_ERR_NOMEM;
	}
	enum ld_err err = ld_file_write(path, text, strlen(text), false, why, cap);
	cJSON_free(text);
	return err;
}

/* HOST, HOST:PORT, [V6], [V6]:PORT. */
static bool split_broker(struct ld_net *n, bool tls)
{
	const char *text = n->broker ? n->broker : "localhost";
	const char *host = text, *end, *port = NULL;
	if (*text == '[') {
		host = text + 1;
		end = strchr(host, ']');
		if (!end)
			return false;
		if (end[1] == ':')
			port = end + 2;
		else if (end[1])
			return false;
	} else {
		end = strrchr(text, ':');
		port = end ? end + 1 : NULL;
		end = end ? end : text + strlen(text);
	}
	size_t len = (size_t)(end - host);
	if (len == 0 || len >= sizeof(n->host))
		return false;
	memcpy(n->host, host, len);
	n->host[len] = '\0';
	uint64_t number = tls ? 8883 : 1883;
	if (port && (!ld_parse_u64(port, &number) || number == 0 || number > 65535))
		return false;
	n->port = (int)number;
	return true;
}

static bool is_tls(const struct ld_net *n)
{
	return n->tls || n->cafile || n->cert;
}

int ld_net_ready(struct ld_cli *cli, const struct ld_command *command, struct ld_net *n)
{
	char why[512], party[LD_MAX_ID_BYTES + 1], device[LD_MAX_ID_BYTES + 1];
	if (!n->client || !ld_client_name(n->client, party, device))
		return ld_usage(command, "--client PARTY/DEVICE is needed: who connects");
	if (!n->ledger)
		return ld_usage(command, "--ledger FILE is needed: the region.json of the ledger");
	if (!n->key_path && !n->cert)
		return ld_usage(command,
				"--key FILE is needed: the key that PARTY/DEVICE signs with");
	if (!!n->cert != !!n->tls_key)
		return ld_usage(command, "--cert and --tls-key go together");
	if (!split_broker(n, is_tls(n)))
		return ld_usage(command, "--broker wants HOST:PORT, not \"%s\"", n->broker);
	if (ld_ledger_id_read(n->ledger, n->region, n->vkey, &n->id, why, sizeof(why)) != LD_OK)
		return ld_fail(cli,
			       "give the region.json that `liandan region init` wrote as --ledger",
			       "%s", why);
	if (!n->id.region[0])
		return ld_usage(command, "--region NAME is needed beside a --ledger in hex");
	if (n->key_path && ld_key_file(n->key_path, &n->key, why, sizeof(why)) != LD_OK)
		return ld_fail(cli, "make one with `liandan key new FILE` and have it enrolled",
			       "%s", why);
	return LD_EXIT_DONE;
}

void ld_net_free(struct ld_net *n)
{
	ld_key_free(n->key);
	n->key = NULL;
}

void ld_net_client_options(const struct ld_net *n, struct ld_client_options *out)
{
	memset(out, 0, sizeof(*out));
	out->host = n->host;
	out->port = n->port;
	out->client_id = n->client;
	out->ledger = n->id;
	out->key = n->cert ? NULL : n->key; /* mTLS needs no password */
	out->tls = is_tls(n);
	out->cafile = n->cafile;
	out->cert = n->cert;
	out->cert_key = n->tls_key;
}
