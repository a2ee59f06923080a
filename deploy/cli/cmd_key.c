/* key, token, id: what needs neither a ledger nor a broker. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/net.h"
#include "deploy/cli/signer.h"
#include "proto/base64.h"
#include "proto/envelope.h"

/* A device's clock may be behind the broker's by this much. */
#define TOKEN_SKEW_MS 30000
#define TOKEN_MAX_MINUTES 10 /* PROTOCOL: expires_ms <= 10 min after not_before_ms */

static void print_key(struct ld_cli *cli, const char *path, const struct ld_key *key)
{
	size_t len;
	const uint8_t *spki = ld_key_spki(key, &len);
	char id[2 * LD_KEY_ID_BYTES + 1], text[LD_BASE64_CAP(LD_MAX_SPKI_BYTES)];
	ld_hex_encode(ld_key_id(key), LD_KEY_ID_BYTES, id);
	ld_base64_encode(spki, len, text);
	if (cli->json) {
		cJSON *o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "file", path);
		cJSON_AddStringToObject(o, "key_id", id);
		cJSON_AddStringToObject(o, "algorithm", ld_algorithm_name(ld_key_algorithm(key)));
		cJSON_AddStringToObject(o, "spki", text);
		ld_print_json(o);
		return;
	}
	printf("file:      %s\nkey_id:    %s\nalgorithm: %s\nspki:      %s\n", path, id,
	       ld_algorithm_name(ld_key_algorithm(key)), text);
}

enum ld_err ld_key_new_file(const char *path, Liandan__Algorithm algorithm, struct ld_key **out,
			    char *why, size_t cap)
{
	char *pem = NULL;
	enum ld_err err = ld_key_generate(algorithm, out);
	if (err == LD_OK)
		err = ld_key_to_pem(*out, &pem);
	if (err != LD_OK) {
		snprintf(why, cap, "the key could not be made: %s", ld_err_text(err));
		return err;
	}
	err = ld_file_write(path, pem, strlen(pem), true, why, cap);
	OPENSSL_cleanse(pem, strlen(pem));
	free(pem);
	return err;
}

static int key_new(struct ld_cli *cli, const struct ld_command *command, const char *path,
		   const char *algorithm_name)
{
	char why[512];
	struct ld_key *key = NULL;
	Liandan__Algorithm algorithm = ld_algorithm_of(algorithm_name);
	if (algorithm == LIANDAN__ALGORITHM__ALGORITHM_UNSPECIFIED)
		return ld_usage(command, "--algorithm is p256, ed25519 or sm2, not \"%s\"",
				algorithm_name);
	enum ld_err err = ld_key_new_file(path, algorithm, &key, why, sizeof(why));
	int code = LD_EXIT_DONE;
	if (err == LD_OK)
		print_key(cli, path, key);
	else
		code = ld_fail(cli,
			       err == LD_ERR_EXISTS
				   ? "choose another name: a key is never overwritten"
				   : "check that the directory exists and is writable",
			       "%s", why);
	ld_key_free(key);
	return code;
}

int ld_cmd_key(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "key");
	const char *algorithm = "p256";
	const struct ld_opt opts[] = {{"algorithm", LD_OPT_TEXT, &algorithm},
				      {NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;
	char why[512];
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc == 3 && strcmp(argv[1], "new") == 0)
		return key_new(cli, command, argv[2], algorithm);
	if (argc != 3 || strcmp(argv[1], "show") != 0)
		return ld_usage(command, "key new FILE, or key show FILE");
	struct ld_key *key = NULL;
	if (ld_key_file(argv[2], &key, why, sizeof(why)) != LD_OK)
		return ld_fail(cli, "make one with `liandan key new FILE`", "%s", why);
	print_key(cli, argv[2], key);
	ld_key_free(key);
	return code;
}

enum ld_err ld_token_new(struct ld_key *key, const uint8_t ledger_id[LD_HASH_BYTES],
			 const char *client_id, int64_t minutes, char **text)
{
	Liandan__Token token = LIANDAN__TOKEN__INIT;
	uint8_t ledger[LD_HASH_BYTES], id[LD_KEY_ID_BYTES];
	char client[2 * LD_MAX_ID_BYTES + 2];
	if (minutes < 1 || minutes > TOKEN_MAX_MINUTES || strlen(client_id) >= sizeof(client))
		return LD_ERR_ARG;
	memcpy(ledger, ledger_id, sizeof(ledger));
	memcpy(id, ld_key_id(key), sizeof(id));
	snprintf(client, sizeof(client), "%s", client_id);
	token.ledger_id = (ProtobufCBinaryData){sizeof(ledger), ledger};
	token.key_id = (ProtobufCBinaryData){sizeof(id), id};
	token.client_id = client;
	token.not_before_ms = ld_wall_ms() - TOKEN_SKEW_MS;
	token.expires_ms = token.not_before_ms + minutes * 60000;
	return ld_token_seal(&token, key, text);
}

static int token_print(struct ld_cli *cli, struct ld_key *key, const struct ld_ledger_id *id,
		       const char *client, int64_t minutes)
{
	char *text = NULL;
	enum ld_err err = ld_token_new(key, id->ledger_id, client, minutes, &text);
	if (err != LD_OK)
		return ld_fail(cli, "check the key with `liandan key show`",
			       "the token could not be made: %s", ld_err_text(err));
	if (cli->json) {
		cJSON *o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "token", text);
		cJSON_AddStringToObject(o, "client", client);
		ld_json_i64(o, "expires_ms", ld_wall_ms() - TOKEN_SKEW_MS + minutes * 60000);
		ld_print_json(o);
	} else {
		puts(text);
	}
	free(text);
	return LD_EXIT_DONE;
}

int ld_cmd_token(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "token");
	const char *key_path = NULL, *client = NULL, *ledger = NULL;
	int64_t minutes = TOKEN_MAX_MINUTES;
	const struct ld_opt opts[] = {
	    {"key", LD_OPT_TEXT, &key_path},  {"client", LD_OPT_TEXT, &client},
	    {"ledger", LD_OPT_TEXT, &ledger}, {"minutes", LD_OPT_INT, &minutes},
	    {NULL, LD_OPT_FLAG, NULL},
	};
	int code = LD_EXIT_DONE;
	char why[512], party[LD_MAX_ID_BYTES + 1], device[LD_MAX_ID_BYTES + 1];
	struct ld_ledger_id id;
	struct ld_key *key = NULL;
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc != 1 || !key_path || !client || !ledger)
		return ld_usage(command, "--key, --client and --ledger are needed");
	if (!ld_client_name(client, party, device))
		return ld_usage(command, "--client is PARTY/DEVICE, not \"%s\"", client);
	if (minutes < 1 || minutes > TOKEN_MAX_MINUTES)
		return ld_usage(command, "--minutes is 1 to %d", TOKEN_MAX_MINUTES);
	if (ld_ledger_id_read(ledger, NULL, NULL, &id, why, sizeof(why)) != LD_OK)
		return ld_fail(cli, "give region.json, or the ledger id in 64 hex digits", "%s",
			       why);
	if (ld_key_file(key_path, &key, why, sizeof(why)) != LD_OK)
		return ld_fail(cli, "make one with `liandan key new FILE` and have it enrolled",
			       "%s", why);
	code = token_print(cli, key, &id, client, minutes);
	ld_key_free(key);
	return code;
}

int ld_cmd_id(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "id");
	const struct ld_opt opts[] = {{NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;
	uint64_t n = 1;
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc > 2 || (argc == 2 && (!ld_parse_u64(argv[1], &n) || n > 100000)))
		return ld_usage(command, "id takes a number up to 100000, or nothing");
	for (uint64_t i = 0; i < n; i++) {
		uint8_t id[LD_UUID_BYTES];
		char hex[2 * LD_UUID_BYTES + 1];
		ld_uuid7(id);
		ld_hex_encode(id, sizeof(id), hex);
		if (cli->json) {
			cJSON *o = cJSON_CreateObject();
			cJSON_AddStringToObject(o, "id", hex);
			ld_print_json(o);
		} else {
			puts(hex);
		}
	}
	return code;
}
