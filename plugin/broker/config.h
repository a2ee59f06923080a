/* The plugin's options: what stands after `plugin_opt_` in mosquitto.conf.
 *
 * Knows no broker, so that it can be tested and fuzzed alone. Must never guess: an option that is
 * unknown, given twice or out of range is an error, and the broker does not start (DESIGN: fail
 * closed). */
#ifndef LD_BROKER_CONFIG_H
#define LD_BROKER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"

#define LD_CONFIG_PATH_BYTES 1024
#define LD_CONFIG_WHY_BYTES 512 /* the longest sentence; a log line holds 1000 bytes */

/* One line of mosquitto.conf; either pointer may be NULL (then it is refused). */
struct ld_option {
	const char *key;
	const char *value;
};

struct ld_config {
	char ledger_dir[LD_CONFIG_PATH_BYTES];	 /* required */
	char anchor[LD_CONFIG_PATH_BYTES];	 /* empty: <ledger_dir>/anchor */
	char ledger_key[LD_CONFIG_PATH_BYTES];	 /* empty: <ledger_dir>/ledger.key */
	char metrics_file[LD_CONFIG_PATH_BYTES]; /* empty: none */
	char region[LD_MAX_ID_BYTES + 1];	 /* empty: whatever the ledger says */
	uint32_t commit_interval_ms;
	uint32_t group_max;
	uint32_t custody_per_s;
	uint32_t clock_rate;
	uint32_t ledger_map_mib; /* 0: as large as the machine allows */
	bool accept_clock;
	bool token_auth;
	size_t n_bridges;
	char bridges[LD_MAX_BRIDGE_CLIENTS][LD_MAX_CLIENT_ID_BYTES + 1];
};

/* Fills *out with defaults and then what the options say. LD_ERR_CONFIG: *out is not to be used and
 * why[cap] names the option, what was given and what is allowed. */
enum ld_err ld_config_parse(const struct ld_option *options, size_t n, struct ld_config *out,
			    char *why, size_t cap);
/* Is this client id one of bridge_clients? NULL is none. */
bool ld_config_is_bridge(const struct ld_config *config, const char *client_id);

#endif
