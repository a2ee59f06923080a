/* The plugin's options. Input: lines "key value", as they stand in mosquitto.conf. */
#include "plugin/broker/config.h"
#include "tests/fuzz/fuzz.h"

#define MAX_OPTIONS 64

static void check(const struct ld_config *c)
{
	const char *const paths[] = {c->ledger_dir, c->anchor, c->ledger_key, c->metrics_file};

	for (size_t i = 0; i < 4; i++) {
		FZ_REQUIRE(memchr(paths[i], '\0', LD_CONFIG_PATH_BYTES) != NULL);
		FZ_REQUIRE(paths[i][0] == '/' || (i != 0 && paths[i][0] == '\0'));
	}
	FZ_REQUIRE(memchr(c->region, '\0', sizeof c->region) != NULL);
	FZ_REQUIRE(strpbrk(c->region, "/+#") == NULL);
	FZ_REQUIRE(c->commit_interval_ms >= 1 && c->commit_interval_ms <= 1000);
	FZ_REQUIRE(c->group_max >= 1 && c->custody_per_s >= 1);
	FZ_REQUIRE(c->n_bridges <= LD_MAX_BRIDGE_CLIENTS);
	for (size_t i = 0; i < c->n_bridges; i++) {
		FZ_REQUIRE(memchr(c->bridges[i], '\0', sizeof c->bridges[i]) != NULL);
		FZ_REQUIRE(ld_config_is_bridge(c, c->bridges[i]));
	}
	FZ_REQUIRE(!ld_config_is_bridge(c, NULL) && !ld_config_is_bridge(c, ""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fz_in in = {data, size};
	struct ld_option options[MAX_OPTIONS];
	char why[LD_CONFIG_WHY_BYTES];
	struct ld_config config;
	char *text = fz_text(&in);
	char *line = text;
	size_t n = 0;
	enum ld_err err;

	while (line != NULL && n < MAX_OPTIONS) {
		char *next = strchr(line, '\n');
		char *value;

		if (next != NULL)
			*next++ = '\0';
		value = strchr(line, ' ');
		if (value != NULL)
			*value++ = '\0';
		options[n++] = (struct ld_option){line[0] == '\0' ? NULL : line, value};
		line = next;
	}
	memset(why, 'x', sizeof why);
	err = ld_config_parse(options, n, &config, why, sizeof why);
	if (err == LD_OK) {
		check(&config);
	} else {
		FZ_REQUIRE(err == LD_ERR_CONFIG);
		FZ_REQUIRE(memchr(why, '\0', sizeof why) != NULL && why[0] != '\0');
	}
	free(text);
	return 0;
}
