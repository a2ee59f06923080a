#include "plugin/custody/region.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/custody/region_internal.h"
#include "plugin/custody/site.h"

#define KEY_FILE_MAX 8192
#define CLOCK_TOLERANCE_MS 2000
#define OUTBOX_BACK_MS INT64_C(5000)
#define DEMO_SUFFIX "-DEMO"

static enum ld_err say(char *why, size_t cap, enum ld_err err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static enum ld_err say(char *why, size_t cap, enum ld_err err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, cap, fmt, ap);
	va_end(ap);
	return err;
}

static void key_path(const char *dir, const char *given, char *path, size_t cap)
{
	if (given != NULL)
		snprintf(path, cap, "%s", given);
	else
		snprintf(path, cap, "%s/ledger.key", dir);
}

static enum ld_err key_load(const char *path, struct ld_key **key, char *why, size_t cap)
{
	char pem[KEY_FILE_MAX];
	FILE *f = fopen(path, "re");
	size_t n;
	enum ld_err err;

	if (f == NULL)
		return say(why, cap, LD_ERR_NOT_FOUND, "the ledger key %s cannot be read: %s", path,
			   strerror(errno));
	n = fread(pem, 1, sizeof pem, f);
	fclose(f);
	err = ld_key_private_pem(pem, n, key);
	OPENSSL_cleanse(pem, sizeof pem);
	if (err != LD_OK)
		return say(why, cap, LD_ERR_KEY, "%s does not hold a private key that we can use",
			   path);
	if (ld_key_algorithm(*key) == LIANDAN__ALGORITHM__ALGORITHM_ED25519)
		return LD_OK;
	ld_key_free(*key);
	*key = NULL;
	return say(why, cap, LD_ERR_KEY, "the ledger key %s must be Ed25519", path);
}

static enum ld_err key_make(const char *path, char *why, size_t cap)
{
	struct ld_key *key = NULL;
	char *pem = NULL;
	enum ld_err err;
	int fd = -1;

	err = ld_key_generate(LIANDAN__ALGORITHM__ALGORITHM_ED25519, &key);
	if (err == LD_OK)
		err = ld_key_to_pem(key, &pem);
	if (err != LD_OK)
		goto out;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, pem, strlen(pem)) != (ssize_t)strlen(pem) || fsync(fd) != 0)
		err = say(why, cap, LD_ERR_IO, "cannot write %s: %s", path, strerror(errno));
out:
	if (fd >= 0)
		close(fd);
	if (pem != NULL)
		OPENSSL_cleanse(pem, strlen(pem));
	free(pem);
	ld_key_free(key);
	return err;
}

enum ld_err ld_region_init(const char *dir, const char *anchor_path, Liandan__Genesis *g, char *why,
			   size_t cap)
{
	struct ld_core_options opt = {.dir = dir, .anchor_path = anchor_path};
	Liandan__OwnEvent own = LIANDAN__OWN_EVENT__INIT;
	Liandan__Entry entry = LIANDAN__ENTRY__INIT;
	struct ld_note_key note = {0};
	struct ld_key *key = NULL;
	uint8_t pub[32], random[32], *own_bytes = NULL, *entry_bytes = NULL;
	size_t pub_len = sizeof pub;
	char path[4096];
	enum ld_err err;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return say(why, cap, LD_ERR_IO, "cannot make %s: %s", dir, strerror(errno));
	key_path(dir, NULL, path, sizeof path);
	if (access(path, F_OK) != 0 && (err = key_make(path, why, cap)) != LD_OK)
		return err;
	err = key_load(path, &key, why, cap);
	if (err != LD_OK)
		return err;
	if (EVP_PKEY_get_raw_public_key(ld_key_pkey(key), pub, &pub_len) != 1 ||
	    RAND_bytes(random, sizeof random) != 1) {
		err = say(why, cap, LD_ERR_KEY, "OpenSSL gave neither key nor random bytes");
		goto out;
	}
	g->ledger_key = (ProtobufCBinaryData){.len = pub_len, .data = pub};
	g->random = (ProtobufCBinaryData){.len = sizeof random, .data = random};
	g->created_at_ms = ld_clock_wall_ms();
	own.body_case = LIANDAN__OWN_EVENT__BODY_GENESIS;
	own.genesis = g;
	own_bytes = malloc(liandan__own_event__get_packed_size(&own));
	if (own_bytes == NULL) {
		err = LD_ERR_NOMEM;
		goto out;
	}
	entry.content_case = LIANDAN__ENTRY__CONTENT_OWN_EVENT;
	entry.own_event.len = liandan__own_event__pack(&own, own_bytes);
	entry.own_event.data = own_bytes;
	entry.recorded_at_ms = g->created_at_ms;
	entry.verdict = LIANDAN__VERDICT__ACCEPTED;
	entry_bytes = malloc(liandan__entry__get_packed_size(&entry));
	if (entry_bytes == NULL) {
		err = LD_ERR_NOMEM;
		goto out;
	}
	err = ld_note_key_init(&note, g->origin, ld_key_pkey(key));
	if (err != LD_OK)
		goto out;
	opt.key = &note;
	err = ld_core_create(&opt, entry_bytes, liandan__entry__pack(&entry, entry_bytes),
			     g->created_at_ms);
	if (err != LD_OK)
		say(why, cap, err, "cannot create the ledger in %s: %s", dir, ld_err_text(err));
out:
	g->ledger_key = g->random = (ProtobufCBinaryData){0};
	free(own_bytes);
	free(entry_bytes);
	ld_key_free(key);
	return err;
}

/* Entry 0 says what this ledger is: region, origin, ledger key, profile. */
static enum ld_err read_genesis(struct ld_region *r, char *why, size_t cap)
{
	const uint8_t *bytes;
	size_t len, pub_len = 32;
	uint8_t pub[32];
	Liandan__Entry *e = NULL;
	Liandan__OwnEvent *own = NULL;
	struct ld_hash leaf;
	enum ld_err err = ld_core_read(r->reader, 0, &bytes, &len);

	if (err != LD_OK)
		return say(why, cap, err, "the ledger has no entry 0");
	e = liandan__entry__unpack(&r->scratch.pb, len, bytes);
	if (e != NULL && e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT)
		own =
		    liandan__own_event__unpack(&r->scratch.pb, e->own_event.len, e->own_event.data);
	if (own == NULL || own->body_case != LIANDAN__OWN_EVENT__BODY_GENESIS)
		return say(why, cap, LD_ERR_FOREIGN, "entry 0 is not a Genesis");
	if (EVP_PKEY_get_raw_public_key(ld_key_pkey(r->ledger_key), pub, &pub_len) != 1 ||
	    own->genesis->ledger_key.len != pub_len ||
	    memcmp(own->genesis->ledger_key.data, pub, pub_len) != 0)
		return say(why, cap, LD_ERR_KEY,
			   "the configured ledger key is not the one that entry 0 names");
	ld_merkle_leaf(bytes, len, &leaf);
	memcpy(r->custody.ledger_id, leaf.b, sizeof leaf.b);
	snprintf(r->name, sizeof r->name, "%s", own->genesis->region);
	len = strlen(own->genesis->profile);
	r->clock.demo = len >= strlen(DEMO_SUFFIX) &&
			strcmp(own->genesis->profile + len - strlen(DEMO_SUFFIX), DEMO_SUFFIX) == 0;
	return LD_OK;
}

/* The origin must be known before core can be opened with a key that verifies: entry 0 names it. */
static enum ld_err find_origin(const struct ld_region_options *opt, char *origin, size_t origin_cap,
			       char *why, size_t cap)
{
	struct ld_core_options ro = {
	    .dir = opt->dir, .anchor_path = opt->anchor_path, .read_only = true};
	struct ld_core *core = NULL;
	struct ld_core_reader *reader = NULL;
	Liandan__Entry *e = NULL;
	Liandan__OwnEvent *own = NULL;
	const uint8_t *bytes;
	size_t len;
	enum ld_err err = ld_core_open(&ro, &core, why, cap);

	if (err != LD_OK)
		return err;
	err = ld_core_reader_open(core, &reader);
	if (err == LD_OK)
		err = ld_core_read(reader, 0, &bytes, &len);
	if (err == LD_OK) {
		e = liandan__entry__unpack(NULL, len, bytes);
		if (e != NULL && e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT)
			own = liandan__own_event__unpack(NULL, e->own_event.len, e->own_event.data);
		if (own == NULL || own->body_case != LIANDAN__OWN_EVENT__BODY_GENESIS)
			err = say(why, cap, LD_ERR_FOREIGN, "entry 0 is not a Genesis");
		else
			snprintf(origin, origin_cap, "%s", own->genesis->origin);
	}
	if (own != NULL)
		liandan__own_event__free_unpacked(own, NULL);
	if (e != NULL)
		liandan__entry__free_unpacked(e, NULL);
	ld_core_reader_close(reader);
	ld_core_close(core);
	return err;
}

/* CUSTODY, Time: a start before the last entry makes the ledger read-only until an operator
 * accepts. */
static enum ld_err start_clock(struct ld_region *r, char *why, size_t cap)
{
	const struct ld_core_head *head = ld_core_head(r->core);
	int64_t wall = ld_clock_wall_ms(), last = head->last_recorded_at_ms;

	r->clock.boot_ms = ld_clock_boot_ms();
	r->clock.rate = r->opt.clock_rate > 1 ? r->opt.clock_rate : 1;
	if (r->clock.rate > 1 && !r->clock.demo)
		return say(why, cap, LD_ERR_CONFIG,
			   "clock_rate is for demonstration regions only (region init --demo)");
	r->clock.base_ms = wall > last ? wall : last;
	if (r->clock.rate > 1) {
		int64_t resumed = ld_clock_resume(r->opt.dir, r->clock.rate);

		if (resumed > r->clock.base_ms)
			r->clock.base_ms = resumed;
	}
	if (last - wall > CLOCK_TOLERANCE_MS && !r->clock.demo && !r->opt.accept_clock)
		snprintf(r->read_only_why, sizeof r->read_only_why,
			 "the wall clock is %" PRId64 " s behind the ledger's last entry; set the "
			 "clock, or start once with accept_clock true",
			 (last - wall) / 1000);
	/* deadlines wait for the outboxes after downtime: max(10 min, min(downtime, 1 h)) */
	if (head->size > 1) {
		int64_t down = r->clock.base_ms - last;

		down = down > LD_HOUR_MS ? LD_HOUR_MS : down;
		down = down < 10 * LD_MINUTE_MS ? 10 * LD_MINUTE_MS : down;
		/* devices come back in real seconds, however fast a demonstration's clock runs */
		if (r->clock.rate > 1 && down < OUTBOX_BACK_MS * (int64_t)r->clock.rate)
			down = OUTBOX_BACK_MS * (int64_t)r->clock.rate;
		r->hold_deadlines_until_ms = r->clock.base_ms + down;
	}
	return LD_OK;
}

static void on_replay(void *ctx, uint64_t done, uint64_t total)
{
	struct ld_region *r = ctx;
	char line[96];

	snprintf(line, sizeof line, "state: replayed %" PRIu64 " of %" PRIu64 " entries", done,
		 total);
	if (r->opt.sink.notice != NULL)
		r->opt.sink.notice(r->opt.sink.ctx, line);
}

static enum ld_err open_state(struct ld_region *r, char *why, size_t cap)
{
	uint64_t size = ld_core_head(r->core)->size;
	enum ld_err err = ld_state_open(r->opt.dir, LD_STATE_SCHEMA, false, r->opt.map_bytes,
					&r->custody.state, &r->applied, why, cap);

	if (err != LD_OK)
		return err;
	if (r->applied > size) { /* never ahead of core: not ours, or core was replaced */
		err = ld_state_clear(r->custody.state);
		r->applied = 0;
		if (err != LD_OK)
			return say(why, cap, err, "state is ahead of core and cannot be cleared");
	}
	err = ld_region_replay(r->core, r->custody.state, r->name, r->custody.ledger_id, r->applied,
			       size, on_replay, r, why, cap);
	if (err != LD_OK)
		return err;
	r->applied = size;
	return LD_OK;
}

static enum ld_err open_parts(struct ld_region *r, char *why, size_t cap)
{
	struct ld_core_options core = {.dir = r->opt.dir,
				       .anchor_path = r->opt.anchor_path,
				       .key = &r->note_key,
				       .map_bytes = r->opt.map_bytes};
	char path[4096], origin[LD_NOTE_MAX_NAME];
	enum ld_err err;

	key_path(r->opt.dir, r->opt.ledger_key_path, path, sizeof path);
	err = find_origin(&r->opt, origin, sizeof origin, why, cap);
	if (err == LD_OK)
		err = key_load(path, &r->ledger_key, why, cap);
	if (err == LD_OK)
		err = ld_note_key_init(&r->note_key, origin, ld_key_pkey(r->ledger_key));
	if (err == LD_OK)
		err = ld_note_vkey(&r->note_key, r->vkey, sizeof r->vkey);
	if (err == LD_OK)
		err = ld_core_open(&core, &r->core, why, cap);
	if (err == LD_OK)
		err = ld_core_reader_open(r->core, &r->reader);
	if (err == LD_OK)
		err = read_genesis(r, why, cap);
	if (err == LD_OK)
		err = start_clock(r, why, cap);
	if (err == LD_OK)
		err = open_state(r, why, cap);
	if (err == LD_OK)
		err = ld_index_open(r->opt.dir, r->core, LD_INDEX_SCHEMA, ld_region_index_keys,
				    &r->index, why, cap);
	return err;
}

static void defaults(struct ld_region_options *o)
{
	if (o->commit_interval_ms == 0)
		o->commit_interval_ms = 50;
	if (o->group_max == 0)
		o->group_max = 500;
	if (o->custody_per_s == 0)
		o->custody_per_s = 20;
}

enum ld_err ld_region_open(const struct ld_region_options *opt, struct ld_region **out, char *why,
			   size_t cap)
{
	struct ld_region *r = calloc(1, sizeof *r);
	enum ld_err err = LD_ERR_NOMEM;

	if (cap != 0)
		why[0] = '\0';
	if (r == NULL)
		return say(why, cap, LD_ERR_NOMEM, "out of memory");
	r->opt = *opt;
	defaults(&r->opt);
	r->keys = ld_keyring_new();
	r->recent = ld_recent_new();
	r->entry_buf = malloc(LD_MAX_ENTRY_BYTES + 1);
	if (r->keys == NULL || r->recent == NULL || r->entry_buf == NULL ||
	    ld_arena_init(&r->open_arena, LD_MAX_ARENA_BYTES) != 0 ||
	    ld_arena_init(&r->scratch, LD_SCRATCH_BYTES) != 0)
		goto fail;
	r->custody.arena = &r->scratch;
	r->custody.rules = &ld_rules_cn;
	r->custody.region = r->name;
	r->custody.witness = ld_region_witness(r);
	err = ld_gate_init();
	if (err == LD_OK)
		err = open_parts(r, why, cap);
	if (err != LD_OK)
		goto fail;
	r->rejudge_held = true;
	r->last_state_ms = r->last_anchor_ms = ld_clock_boot_ms();
	*out = r;
	return LD_OK;
fail:
	if (cap != 0 && why[0] == '\0')
		say(why, cap, err, "%s: %s", opt->dir, ld_err_text(err));
	ld_region_close(r);
	return err;
}

void ld_region_close(struct ld_region *r)
{
	bool advanced;

	if (r == NULL)
		return;
	if (r->core != NULL && r->custody.state != NULL) {
		if (ld_region_flush(r) == LD_OK) {
			ld_state_commit(r->custody.state, r->applied);
			ld_core_anchor(r->core, &advanced);
		}
	}
	ld_region_outputs_drop(r);
	ld_index_close(r->index);
	if (r->custody.state != NULL)
		ld_state_close(r->custody.state);
	ld_core_reader_close(r->reader);
	ld_core_close(r->core);
	ld_custody_forget(&r->custody);
	ld_key_free(r->ledger_key);
	ld_keyring_free(r->keys);
	ld_recent_free(r->recent);
	ld_arena_free(&r->open_arena);
	ld_arena_free(&r->scratch);
	free(r->entry_buf);
	free(r);
}
