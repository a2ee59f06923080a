/* region init, region load: a ledger's beginning, offline. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/events.h"
#include "deploy/cli/net.h"
#include "deploy/cli/report.h"
#include "deploy/cli/signer.h"
#include "plugin/custody/region.h"
#include "plugin/custody/tables.h"
#include "proto/base64.h"

#define LOAD_FLUSH_EVERY 400 /* events between commits: below the group's own limit */

struct region_args {
	const char *dir;
	const char *region, *name, *authority, *authority_key, *algorithm, *anchor, *key;
	bool demo;
};

/* ---- init ---- */

static int make_dirs(struct ld_cli *cli, const char *dir, const char *keys)
{
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return ld_fail(cli, "make the directory above it first", "%s: %s", dir,
			       strerror(errno));
	if (mkdir(keys, 0700) != 0 && errno != EEXIST)
		return ld_fail(cli, "check who owns the directory", "%s: %s", keys,
			       strerror(errno));
	return LD_EXIT_DONE;
}

/* The authority's key: a given file, or a new one in DIR/keys (one from an earlier, failed init is
 * taken again). */
static enum ld_err authority_key(const struct region_args *a, const char *path, struct ld_key **key,
				 char *why, size_t cap)
{
	if (a->authority_key)
		return ld_key_file(a->authority_key, key, why, cap);
	if (access(path, F_OK) == 0)
		return ld_key_file(path, key, why, cap);
	return ld_key_new_file(path, ld_algorithm_of(a->algorithm), key, why, cap);
}

static enum ld_err genesis_make(const struct region_args *a, struct ld_key *key, char *party,
				char *device, char *why, size_t cap)
{
	Liandan__AuthorityKey authority = LIANDAN__AUTHORITY_KEY__INIT;
	Liandan__AuthorityKey *authorities[1] = {&authority};
	Liandan__Genesis g = LIANDAN__GENESIS__INIT;
	char region[LD_MAX_ID_BYTES + 1], origin[LD_NOTE_MAX_NAME], profile[16];
	uint8_t spki[LD_MAX_SPKI_BYTES];
	size_t len;
	const uint8_t *public_key = ld_key_spki(key, &len);
	memcpy(spki, public_key, len);
	snprintf(region, sizeof(region), "%s", a->region);
	if ((size_t)snprintf(origin, sizeof(origin), "liandan/%s/%s", a->region, a->name) >=
	    sizeof(origin)) {
		snprintf(why, cap, "region and name together are too long");
		return LD_ERR_LIMIT;
	}
	snprintf(profile, sizeof(profile), "%s", a->demo ? "CN-DEMO" : "CN");
	authority.spki = (ProtobufCBinaryData){len, spki};
	authority.algorithm = ld_key_algorithm(key);
	authority.party = party;
	authority.device = device;
	g.region = region;
	g.origin = origin;
	g.profile = profile;
	g.n_authority_keys = 1;
	g.authority_keys = authorities;
	return ld_region_init(a->dir, a->anchor, &g, why, cap);
}

/* Opens what was just made: the facts that devices need, from the ledger itself. */
static enum ld_err facts_write(const struct region_args *a, struct ld_ledger_id *id, char *path,
			       size_t path_cap, char *why, size_t cap)
{
	struct ld_region_options opt = {.dir = a->dir, .anchor_path = a->anchor};
	struct ld_region *region = NULL;
	enum ld_err err = ld_region_open(&opt, &region, why, cap);
	if (err != LD_OK)
		return err;
	memset(id, 0, sizeof(*id));
	snprintf(id->region, sizeof(id->region), "%s", ld_region_name(region));
	snprintf(id->vkey, sizeof(id->vkey), "%s", ld_region_vkey(region));
	memcpy(id->ledger_id, ld_region_ledger_id(region), LD_HASH_BYTES);
	ld_region_close(region);
	snprintf(path, path_cap, "%s/region.json", a->dir);
	return ld_ledger_id_write(path, id, a->demo ? "CN-DEMO" : "CN", why, cap);
}

static void print_facts(struct ld_cli *cli, const struct region_args *a,
			const struct ld_ledger_id *id, const char *facts, const char *key_path)
{
	char hex[2 * LD_HASH_BYTES + 1];
	ld_hex_encode(id->ledger_id, LD_HASH_BYTES, hex);
	if (cli->json) {
		cJSON *o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "dir", a->dir);
		cJSON_AddStringToObject(o, "region", id->region);
		cJSON_AddStringToObject(o, "ledger_id", hex);
		cJSON_AddStringToObject(o, "vkey", id->vkey);
		cJSON_AddStringToObject(o, "profile", a->demo ? "CN-DEMO" : "CN");
		cJSON_AddStringToObject(o, "authority", a->authority);
		cJSON_AddStringToObject(o, "authority_key", key_path);
		cJSON_AddStringToObject(o, "facts", facts);
		ld_print_json(o);
		return;
	}
	printf("region:        %s%s\nledger_id:     %s\nvkey:          %s\nauthority:     %s\n"
	       "authority key: %s\npublic facts:  %s (give this to devices)\n",
	       id->region, a->demo ? " (demonstration)" : "", hex, id->vkey, a->authority, key_path,
	       facts);
	printf("next:          keep %s/ledger.key and the authority key safe; then\n"
	       "               liandan region load %s registry.json\n",
	       a->dir, a->dir);
}

static int region_init(struct ld_cli *cli, const struct ld_command *command, struct region_args *a)
{
	char party[LD_MAX_ID_BYTES + 1], device[LD_MAX_ID_BYTES + 1], why[768];
	char keys[4096], key_path[4096 + 160], facts[4096 + 16];
	struct ld_key *key = NULL;
	struct ld_ledger_id id;
	const char *base = strrchr(a->dir, '/');
	if (!a->region)
		a->region = base ? base + 1 : a->dir;
	if (!ld_id_valid(a->region) || !ld_id_valid(a->name))
		return ld_usage(command, "give --region NAME: \"%s\" cannot stand in a topic",
				a->region);
	if (!ld_client_name(a->authority, party, device))
		return ld_usage(command, "--authority is PARTY/DEVICE, not \"%s\"", a->authority);
	if (ld_algorithm_of(a->algorithm) == LIANDAN__ALGORITHM__ALGORITHM_UNSPECIFIED)
		return ld_usage(command, "--algorithm is p256, ed25519 or sm2");
	if ((size_t)snprintf(keys, sizeof(keys), "%s/keys", a->dir) >= sizeof(keys))
		return ld_usage(command, "the path is too long");
	snprintf(key_path, sizeof(key_path), "%s/%s-%s.pem", keys, party, device);
	int code = make_dirs(cli, a->dir, keys);
	if (code != LD_EXIT_DONE)
		return code;
	enum ld_err err = authority_key(a, key_path, &key, why, sizeof(why));
	if (err == LD_OK)
		err = genesis_make(a, key, party, device, why, sizeof(why));
	if (err == LD_OK)
		err = facts_write(a, &id, facts, sizeof(facts), why, sizeof(why));
	ld_key_free(key);
	if (err == LD_ERR_EXISTS)
		return ld_fail(cli, "choose another directory: a ledger is never overwritten", "%s",
			       why);
	if (err != LD_OK)
		return ld_fail(cli, "mend that and run the command again", "%s", why);
	print_facts(cli, a, &id, facts, a->authority_key ? a->authority_key : key_path);
	return LD_EXIT_DONE;
}

/* ---- load ---- */

struct load {
	struct ld_cli *cli;
	struct ld_region *region;
	struct ld_arena arena;
	struct ld_signer signer;
	struct ld_labels labels;
	char party[LD_MAX_ID_BYTES + 1], device[LD_MAX_ID_BYTES + 1];
	size_t done, refused;
};

/* The only *.pem in DIR/keys. */
static bool only_key(const char *dir, char *out, size_t cap)
{
	char keys[4096];
	size_t found = 0;
	snprintf(keys, sizeof(keys), "%s/keys", dir);
	DIR *d = opendir(keys);
	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		size_t len = strlen(e->d_name);
		if (len > 4 && strcmp(e->d_name + len - 4, ".pem") == 0) {
			found++;
			snprintf(out, cap, "%s/%s", keys, e->d_name);
		}
	}
	if (d)
		closedir(d);
	return found == 1;
}

/* Where the key's chain stands and whose it is, from the ledger's own state. */
static int load_chain(struct load *l, const char *key_path)
{
	struct ld_custody *c = ld_region_custody(l->region);
	Custody__Key *key = NULL;
	Custody__Chain *chain = NULL;
	if (ld_key_rec_get(c, ld_key_id(l->signer.key), &key) != LD_OK)
		return ld_fail(l->cli, "give the authority's key with --key",
			       "%s is not a key of this ledger", key_path);
	snprintf(l->party, sizeof(l->party), "%s", key->party);
	snprintf(l->device, sizeof(l->device), "%s", key->device);
	snprintf(l->signer.ledger.region, sizeof(l->signer.ledger.region), "%s",
		 ld_region_name(l->region));
	memcpy(l->signer.ledger.ledger_id, ld_region_ledger_id(l->region), LD_HASH_BYTES);
	if (ld_chain_get(c, ld_key_id(l->signer.key), &chain) != LD_OK ||
	    chain->last_hash.len != LD_HASH_BYTES)
		return ld_fail(l->cli, "check the ledger with `liandan ledger audit`",
			       "the state has no chain for this key");
	l->signer.epoch = chain->epoch;
	l->signer.seq = chain->last_seq;
	memcpy(l->signer.prev, chain->last_hash.data, LD_HASH_BYTES);
	return LD_EXIT_DONE;
}

/* Seals and submits one; false when the run must end (explained). */
static bool load_one(struct load *l, cJSON *item)
{
	Liandan__Event *event = NULL;
	const char *label = NULL, *key_file = NULL;
	char why[512];
	struct ld_key *cosigner = NULL;
	struct ld_gate_fault fault = {0, "", ""};
	struct ld_outcome outcome;
	uint8_t *bytes = NULL, hash[LD_HASH_BYTES];
	size_t len = 0;
	memset(&outcome, 0, sizeof(outcome));
	ld_arena_reset(&l->arena);
	enum ld_err err =
	    ld_event_of(item, &l->labels, &l->arena, &event, &label, &key_file, why, sizeof(why));
	bool read = err == LD_OK; /* else `why` names the place already */
	if (err == LD_OK && key_file)
		err = ld_event_enrol(event, key_file, &l->arena, &cosigner, why, sizeof(why));
	if (err == LD_OK) {
		err = ld_signer_seal(&l->signer, event, &cosigner, cosigner ? 1 : 0, &bytes, &len,
				     hash, &fault);
		if (err != LD_OK)
			snprintf(why, sizeof(why), "%s: %s", fault.field,
				 fault.what && *fault.what ? fault.what : ld_err_text(err));
	}
	ld_key_free(cosigner);
	if (err != LD_OK) {
		ld_fail(l->cli,
			"mend the file and run the command again: what is loaded stays, remove it",
			"%s%s%s (%zu events before it are loaded)",
			read ? ld_event_where(item) : "", read ? ": " : "", why, l->done);
		return false;
	}
	err = ld_region_submit(l->region, l->party, l->device, bytes, len, NULL, 0, &outcome);
	free(bytes);
	if (err != LD_OK) {
		ld_fail(l->cli, "make room or mend the disk, then go on from this event", "%s: %s",
			ld_event_where(item), ld_err_text(err));
		return false;
	}
	struct ld_report report = {.where = ld_event_where(item),
				   .label = label,
				   .body = ld_body_name(event),
				   .verdict = outcome.verdict,
				   .reason = outcome.reason,
				   .detail = outcome.detail,
				   .in_ledger = outcome.verdict <= LIANDAN__VERDICT__REFUSED,
				   .index = outcome.index,
				   .seq = l->signer.seq,
				   .event_hash = hash};
	ld_report_print(l->cli, &report);
	l->done++;
	l->refused += outcome.verdict != LIANDAN__VERDICT__ACCEPTED &&
		      outcome.verdict != LIANDAN__VERDICT__HELD;
	if (label && ld_labels_add(&l->labels, label, hash) != LD_OK)
		return false;
	/* Outside the ledger the number was not used: nothing after it can enter. */
	return report.in_ledger;
}

static int load_all(struct load *l, cJSON *events)
{
	bool whole = true;
	enum ld_err err = LD_OK;
	for (cJSON *item = events->child; item && whole && err == LD_OK; item = item->next) {
		whole = load_one(l, item);
		if (l->done % LOAD_FLUSH_EVERY == 0)
			err = ld_region_flush(l->region);
	}
	if (err == LD_OK)
		err = ld_region_flush(l->region);
	if (err != LD_OK)
		return ld_fail(l->cli, "make room or mend the disk, then run the command again",
			       "the last events could not be committed: %s", ld_err_text(err));
	if (!l->cli->json)
		printf("%zu events, %zu refused; the ledger has %llu entries\n", l->done,
		       l->refused, (unsigned long long)ld_region_head(l->region)->size);
	return l->refused ? LD_EXIT_REFUSED : whole ? LD_EXIT_DONE : LD_EXIT_FAILED;
}

static int region_load(struct ld_cli *cli, const struct region_args *a, char **files, int n)
{
	char why[768], found[4096 + 300];
	struct load l;
	int code = LD_EXIT_FAILED;
	const char *key_path = a->key;
	cJSON *events = cJSON_CreateArray();
	struct ld_region_options opt = {.dir = a->dir, .anchor_path = a->anchor};
	memset(&l, 0, sizeof(l));
	l.cli = cli;
	if (!key_path && only_key(a->dir, found, sizeof(found)))
		key_path = found;
	enum ld_err err = LD_OK;
	for (int i = 0; i < n && err == LD_OK; i++)
		err = ld_events_read(files[i], events, why, sizeof(why));
	if (err != LD_OK) {
		ld_fail(cli, "mend the file; nothing was loaded", "%s", why);
	} else if (!key_path) {
		ld_fail(cli, "give the authority's key with --key FILE",
			"%s/keys does not hold exactly one key", a->dir);
	} else if (ld_arena_init(&l.arena, LD_MAX_ARENA_BYTES) != 0) {
		ld_fail(cli, "free some memory", "out of memory");
	} else if (ld_events_check(events, &l.arena, why, sizeof(why)) != LD_OK) {
		ld_fail(cli, "mend that event; nothing was loaded", "%s", why);
	} else if (ld_key_file(key_path, &l.signer.key, why, sizeof(why)) != LD_OK) {
		ld_fail(cli, "give the key that `region init` made, with --key FILE", "%s", why);
	} else if ((err = ld_region_open(&opt, &l.region, why, sizeof(why))) != LD_OK) {
		ld_fail(cli,
			err == LD_ERR_LOCKED
			    ? "stop the broker first, or send the events with `liandan send`"
			    : "see `liandan ledger head`",
			"%s", why);
	} else {
		code = load_chain(&l, key_path);
		if (code == LD_EXIT_DONE)
			code = load_all(&l, events);
	}
	if (l.region)
		ld_region_close(l.region);
	ld_key_free(l.signer.key);
	ld_labels_free(&l.labels);
	ld_arena_free(&l.arena);
	cJSON_Delete(events);
	return code;
}

int ld_cmd_region(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "region");
	struct region_args a = {
	    .name = "main", .authority = "bureau/registry", .algorithm = "p256"};
	const struct ld_opt opts[] = {
	    {"region", LD_OPT_TEXT, &a.region},
	    {"name", LD_OPT_TEXT, &a.name},
	    {"authority", LD_OPT_TEXT, &a.authority},
	    {"authority-key", LD_OPT_TEXT, &a.authority_key},
	    {"algorithm", LD_OPT_TEXT, &a.algorithm},
	    {"anchor", LD_OPT_TEXT, &a.anchor},
	    {"key", LD_OPT_TEXT, &a.key},
	    {"demo", LD_OPT_FLAG, &a.demo},
	    {NULL, LD_OPT_FLAG, NULL},
	};
	int code = LD_EXIT_DONE;
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc < 3)
		return ld_usage(command, "region init DIR, or region load DIR FILE...");
	size_t len = strlen(argv[2]);
	while (len > 1 && argv[2][len - 1] == '/')
		argv[2][--len] = '\0';
	a.dir = argv[2];
	if (strcmp(argv[1], "init") == 0 && argc == 3)
		return region_init(cli, command, &a);
	if (strcmp(argv[1], "load") == 0 && argc > 3)
		return region_load(cli, &a, argv + 3, argc - 3);
	return ld_usage(command, "region init DIR, or region load DIR FILE...");
}
