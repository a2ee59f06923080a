/* The options that every command with a connection shares, and what becomes of them. */
#ifndef LD_CLI_NET_H
#define LD_CLI_NET_H

#include "deploy/cli/cli.h"

struct ld_net {
	const char *broker; /* HOST:PORT; 1883, or 8883 with TLS, where no port is given */
	const char *client; /* PARTY/DEVICE */
	const char *key_path;
	const char *cafile, *cert, *tls_key;
	bool tls;
	const char *ledger; /* path of a region.json, of a ledger directory, or 64 hex digits with
			       --region, --vkey */
	const char *region;
	const char *vkey;
	/* filled by ld_net_ready */
	char host[256];
	int port;
	struct ld_ledger_id id;
	struct ld_key *key;
};

/* Lines for a command's option table; n: a struct ld_net variable. */
#define LD_NET_OPTIONS(n)                                                                          \
	{"broker", LD_OPT_TEXT, &(n).broker}, {"client", LD_OPT_TEXT, &(n).client},                \
	    {"key", LD_OPT_TEXT, &(n).key_path}, {"cafile", LD_OPT_TEXT, &(n).cafile},             \
	    {"cert", LD_OPT_TEXT, &(n).cert}, {"tls-key", LD_OPT_TEXT, &(n).tls_key},              \
	    {"tls", LD_OPT_FLAG, &(n).tls}, {"ledger", LD_OPT_TEXT, &(n).ledger},                  \
	    {"region", LD_OPT_TEXT, &(n).region},                                                  \
	{                                                                                          \
		"vkey", LD_OPT_TEXT, &(n).vkey                                                     \
	}

#define LD_NET_HELP                                                                                \
	"  --broker HOST:PORT    where the broker is (default localhost:1883, with TLS :8883)\n"   \
	"  --client PARTY/DEVICE who this is: the device that the key was enrolled for\n"          \
	"  --key FILE            the device's private key (PEM, mode 0600)\n"                      \
	"  --ledger FILE         region.json (from `liandan region init`) or a ledger "            \
	"directory;\n"                                                                             \
	"                        or 64 hex digits together with --region and --vkey\n"             \
	"  --cafile FILE         TLS, and whom to trust; --tls: the system's authorities\n"        \
	"  --cert FILE --tls-key FILE  mTLS with this certificate\n"

/* Reads key and ledger, splits HOST:PORT. On failure it has been explained: returns the exit code,
 * else LD_EXIT_DONE. ld_net_free in every case. */
int ld_net_ready(struct ld_cli *cli, const struct ld_command *command, struct ld_net *n);
void ld_net_free(struct ld_net *n);
/* Options of a client: host, port, id, TLS, key, ledger are filled from n; add callbacks. */
void ld_net_client_options(const struct ld_net *n, struct ld_client_options *out);

/* region.json, a directory that holds one, or hex (then region and vkey complete it). */
enum ld_err ld_ledger_id_read(const char *text, const char *region, const char *vkey,
			      struct ld_ledger_id *out, char *why, size_t cap);
enum ld_err ld_ledger_id_write(const char *path, const struct ld_ledger_id *id, const char *profile,
			       char *why, size_t cap);

#endif
