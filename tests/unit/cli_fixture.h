/* For the command's tests: a signer with a chain of its own and a small event. */
#ifndef LD_TESTS_CLI_FIXTURE_H
#define LD_TESTS_CLI_FIXTURE_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deploy/cli/signer.h"
#include "proto/gate.h"

static inline void cli_signer(struct ld_signer *s)
{
	memset(s, 0, sizeof(*s));
	assert_int_equal(ld_key_generate(LIANDAN__ALGORITHM__ALGORITHM_ED25519, &s->key), LD_OK);
	snprintf(s->ledger.region, sizeof(s->ledger.region), "test");
	memset(s->ledger.ledger_id, 7, LD_HASH_BYTES);
	memset(s->prev, 9, LD_HASH_BYTES);
}

/* A ManifestCancelled of manifest `n`, sealed. */
static inline uint8_t *cli_event(struct ld_signer *s, uint8_t n, size_t *len,
				 uint8_t hash[LD_HASH_BYTES])
{
	uint8_t id[LD_UUID_BYTES], *bytes = NULL;
	Liandan__ManifestCancelled m = LIANDAN__MANIFEST_CANCELLED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	struct ld_gate_fault fault = {0, "", ""};
	memset(id, n, sizeof(id));
	m.manifest = (ProtobufCBinaryData){sizeof(id), id};
	m.reason = LIANDAN__CANCEL_REASON__CANCEL_REASON_MISTAKE;
	e.body_case = LIANDAN__EVENT__BODY_MANIFEST_CANCELLED;
	e.manifest_cancelled = &m;
	assert_int_equal(ld_signer_seal(s, &e, NULL, 0, &bytes, len, hash, &fault), LD_OK);
	return bytes;
}

/* Removes a directory and one level below it. */
static inline void cli_remove(const char *dir)
{
	char path[1024];
	DIR *d = opendir(dir);
	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%.600s/%s", dir, e->d_name);
		if (unlink(path) != 0)
			cli_remove(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

#endif
