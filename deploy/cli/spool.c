#include "deploy/cli/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/events.h"
#include "proto/base64.h"
#include "proto/envelope.h"

#define PATH_BYTES 4096
#define SUFFIX ".event"

struct ld_spool {
	char dir[PATH_BYTES - 64];
	uint8_t key_id[LD_KEY_ID_BYTES];
	int lock, key_lock; /* -1: none */
	struct ld_arena arena;
	struct ld_spooled *event;
	size_t n, room;
	bool known; /* the chain's end is known, from the `chain` file or the ledger */
	uint32_t epoch;
	uint64_t seq;
	uint8_t prev[LD_HASH_BYTES];
};

static bool path_of(const struct ld_spool *s, const char *name, char out[PATH_BYTES])
{
	return (size_t)snprintf(out, PATH_BYTES, "%s/%s", s->dir, name) < PATH_BYTES;
}

static void event_name(uint32_t epoch, uint64_t seq, char out[48])
{
	snprintf(out, 48, "%010u-%020llu" SUFFIX, epoch, (unsigned long long)seq);
}

/* ---- locks ---- */

static int lock_file(const char *path, int flags, char *why, size_t cap)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0) {
		snprintf(why, cap, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	snprintf(why, cap,
		 "%s is in use by another process: one key, one sender; wait for it to end", path);
	close(fd);
	return -1;
}

/* The spool's `key` file names whose it is, and is its lock. */
static enum ld_err take_locks(struct ld_spool *s, const char *key_path, char *why, size_t cap)
{
	char path[PATH_BYTES], hex[2 * LD_KEY_ID_BYTES + 1], found[2 * LD_KEY_ID_BYTES + 1] = "";
	if (key_path && (s->key_lock = lock_file(key_path, O_RDONLY, why, cap)) < 0)
		return LD_ERR_LOCKED;
	if (!path_of(s, "key", path))
		return LD_ERR_LIMIT;
	if ((s->lock = lock_file(path, O_RDWR | O_CREAT, why, cap)) < 0)
		return LD_ERR_LOCKED;
	ld_hex_encode(s->key_id, LD_KEY_ID_BYTES, hex);
	ssize_t n = pread(s->lock, found, sizeof(found) - 1, 0);
	if (n > 0 && strcmp(found, hex) != 0) {
		snprintf(why, cap, "%s is the spool of key %.32s, not of %s: give another --spool",
			 s->dir, found, hex);
		return LD_ERR_KEY;
	}
	if (n <= 0 && (pwrite(s->lock, hex, strlen(hex), 0) != (ssize_t)strlen(hex) ||
		       fsync(s->lock) != 0 || ld_dir_sync(s->dir) != LD_OK)) {
		snprintf(why, cap, "%s cannot be written", path);
		return LD_ERR_IO;
	}
	return LD_OK;
}

/* ---- reading what is there ---- */

static enum ld_err corrupt(char *why, size_t cap, const char *name, const char *what)
{
	snprintf(why, cap,
		 "%s in the spool %s; move it away and look at it: what follows it cannot be sent",
		 name, what);
	return LD_ERR_CORRUPT;
}

/* Fills an entry from envelope bytes (taken over on LD_OK). */
static enum ld_err describe(struct ld_spool *s, uint8_t *bytes, size_t len, struct ld_spooled *out,
			    uint8_t prev[LD_HASH_BYTES])
{
	struct ld_opened o;
	struct ld_gate_fault fault;
	ld_arena_reset(&s->arena);
	if (ld_open_parse(bytes, len, &s->arena, &o, &fault) != LD_OK)
		return LD_ERR_MALFORMED;
	if (o.event->submitter.len != LD_KEY_ID_BYTES || o.event->prev.len != LD_HASH_BYTES ||
	    memcmp(o.event->submitter.data, s->key_id, LD_KEY_ID_BYTES) != 0)
		return LD_ERR_KEY;
	memset(out, 0, sizeof(*out));
	out->epoch = o.event->epoch;
	out->seq = o.event->seq;
	out->lane = ld_lane_of(o.event);
	snprintf(out->body, sizeof(out->body), "%s", ld_body_name(o.event));
	memcpy(out->hash, o.event_hash, LD_HASH_BYTES);
	memcpy(prev, o.event->prev.data, LD_HASH_BYTES);
	out->bytes = bytes;
	out->len = len;
	return LD_OK;
}

static enum ld_err append(struct ld_spool *s, const struct ld_spooled *e)
{
	if (s->n == LD_SPOOL_MAX_EVENTS)
		return LD_ERR_LIMIT;
	if (s->n == s->room) {
		size_t room = s->room ? s->room * 2 : 32;
		struct ld_spooled *more = realloc(s->event, room * sizeof(*more));
		if (!more)
			return LD_ERR_NOMEM;
		s->event = more;
		s->room = room;
	}
	s->event[s->n++] = *e;
	return LD_OK;
}

/* Where the next event attaches: behind the last that waits, else where the chain stood. */
bool ld_spool_chain(const struct ld_spool *s, uint32_t *epoch, uint64_t *seq,
		    uint8_t prev[LD_HASH_BYTES])
{
	const struct ld_spooled *last = s->n ? &s->event[s->n - 1] : NULL;
	if (!last && !s->known)
		return false;
	*epoch = last ? last->epoch : s->epoch;
	*seq = last ? last->seq : s->seq;
	memcpy(prev, last ? last->hash : s->prev, LD_HASH_BYTES);
	return true;
}

static bool attaches(const struct ld_spool *s, const struct ld_spooled *e,
		     const uint8_t prev[LD_HASH_BYTES], bool loading)
{
	uint32_t epoch;
	uint64_t seq;
	uint8_t last[LD_HASH_BYTES];
	if (!ld_spool_chain(s, &epoch, &seq, last))
		return true;
	/* The chain file is written when the spool runs empty: what was receipted and removed since
	 * then lies between it and the oldest event that waits. */
	if (loading && s->n == 0)
		return true;
	return e->epoch == epoch && e->seq == seq + 1 && memcmp(prev, last, LD_HASH_BYTES) == 0;
}

static enum ld_err load_event(struct ld_spool *s, const char *name, char *why, size_t cap)
{
	char path[PATH_BYTES], expected[48];
	char *data = NULL;
	size_t len = 0;
	struct ld_spooled e;
	uint8_t prev[LD_HASH_BYTES];
	if (!path_of(s, name, path))
		return LD_ERR_LIMIT;
	enum ld_err err = ld_file_read(path, &data, &len, why, cap);
	if (err != LD_OK)
		return err;
	err = describe(s, (uint8_t *)data, len, &e, prev);
	if (err != LD_OK) {
		free(data);
		return corrupt(why, cap, path,
			       err == LD_ERR_KEY ? "is by another key" : "is no envelope");
	}
	event_name(e.epoch, e.seq, expected);
	if (strcmp(name, expected) != 0)
		err = corrupt(why, cap, path, "holds another event than its name says");
	else if (!attaches(s, &e, prev, true))
		err = corrupt(why, cap, path, "does not follow the one before it");
	else if ((err = append(s, &e)) != LD_OK)
		snprintf(why, cap, "%s: %s", path, ld_err_text(err));
	if (err != LD_OK)
		free(data);
	return err;
}

static enum ld_err load_chain(struct ld_spool *s, char *why, size_t cap)
{
	char path[PATH_BYTES];
	char *data = NULL;
	size_t len = 0;
	struct ld_signer at;
	if (!path_of(s, "chain", path))
		return LD_ERR_LIMIT;
	enum ld_err err = ld_file_read(path, &data, &len, why, cap);
	if (err == LD_ERR_NOT_FOUND)
		return LD_OK;
	if (err != LD_OK)
		return err;
	err = ld_signer_at(&at, data, len);
	free(data);
	if (err != LD_OK)
		return corrupt(why, cap, path, "cannot be read");
	s->known = true;
	s->epoch = at.epoch;
	s->seq = at.seq;
	memcpy(s->prev, at.prev, LD_HASH_BYTES);
	return LD_OK;
}

static int is_event(const struct dirent *e)
{
	size_t len = strlen(e->d_name);
	return len > strlen(SUFFIX) && strcmp(e->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static enum ld_err load_all(struct ld_spool *s, char *why, size_t cap)
{
	struct dirent **names = NULL;
	enum ld_err err = load_chain(s, why, cap);
	int n = err == LD_OK ? scandir(s->dir, &names, is_event, alphasort) : 0;
	if (n < 0) {
		snprintf(why, cap, "%s: %s", s->dir, strerror(errno));
		return LD_ERR_IO;
	}
	for (int i = 0; i < n; i++) {
		if (err == LD_OK)
			err = load_event(s, names[i]->d_name, why, cap);
		free(names[i]);
	}
	free(names);
	return err;
}

/* ---- life ---- */

enum ld_err ld_spool_open(const char *dir, const char *key_path,
			  const uint8_t key_id[LD_KEY_ID_BYTES], struct ld_spool **out, char *why,
			  size_t cap)
{
	struct ld_spool *s = calloc(1, sizeof(*s));
	enum ld_err err = LD_OK;
	if (!s)
		return LD_ERR_NOMEM;
	s->lock = s->key_lock = -1;
	memcpy(s->key_id, key_id, LD_KEY_ID_BYTES);
	if ((size_t)snprintf(s->dir, sizeof(s->dir), "%s", dir) >= sizeof(s->dir) ||
	    ld_arena_init(&s->arena, LD_MAX_ARENA_BYTES) != 0) {
		snprintf(why, cap, "%s: the path is too long, or no memory is left", dir);
		err = LD_ERR_LIMIT;
	} else if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		snprintf(why, cap, "%s: %s", dir, strerror(errno));
		err = LD_ERR_IO;
	} else if ((err = take_locks(s, key_path, why, cap)) == LD_OK) {
		err = load_all(s, why, cap);
	}
	if (err != LD_OK) {
		ld_spool_close(s);
		return err;
	}
	*out = s;
	return LD_OK;
}

void ld_spool_close(struct ld_spool *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->event[i].bytes);
	free(s->event);
	ld_arena_free(&s->arena);
	if (s->lock >= 0)
		close(s->lock);
	if (s->key_lock >= 0)
		close(s->key_lock);
	free(s);
}

size_t ld_spool_count(const struct ld_spool *s)
{
	return s->n;
}

const struct ld_spooled *ld_spool_at(const struct ld_spool *s, size_t i)
{
	return &s->event[i];
}

const struct ld_spooled *ld_spool_find(const struct ld_spool *s, uint32_t epoch, uint64_t seq)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->event[i].epoch == epoch && s->event[i].seq == seq)
			return &s->event[i];
	return NULL;
}

/* ---- changing ---- */

static enum ld_err write_chain(struct ld_spool *s, uint32_t epoch, uint64_t seq,
			       const uint8_t prev[LD_HASH_BYTES], char *why, size_t cap)
{
	char path[PATH_BYTES], text[160], hex[2 * LD_HASH_BYTES + 1];
	if (!path_of(s, "chain", path))
		return LD_ERR_LIMIT;
	ld_hex_encode(prev, LD_HASH_BYTES, hex);
	snprintf(text, sizeof(text), "{\"epoch\":%u,\"last_seq\":\"%llu\",\"prev\":\"%s\"}\n",
		 epoch, (unsigned long long)seq, hex);
	enum ld_err err = ld_file_write(path, text, strlen(text), false, why, cap);
	if (err != LD_OK)
		return err;
	s->known = true;
	s->epoch = epoch;
	s->seq = seq;
	memcpy(s->prev, prev, LD_HASH_BYTES);
	return LD_OK;
}

enum ld_err ld_spool_learn(struct ld_spool *s, uint32_t epoch, uint64_t seq,
			   const uint8_t prev[LD_HASH_BYTES], char *why, size_t cap)
{
	if (s->n) {
		snprintf(why, cap, "events wait in the spool: they say where the chain stands");
		return LD_ERR_STATE;
	}
	if (s->known && s->epoch == epoch && s->seq == seq &&
	    memcmp(s->prev, prev, LD_HASH_BYTES) == 0)
		return LD_OK;
	return write_chain(s, epoch, seq, prev, why, cap);
}

enum ld_err ld_spool_add(struct ld_spool *s, const uint8_t *bytes, size_t len, char *why,
			 size_t cap)
{
	struct ld_spooled e;
	uint8_t prev[LD_HASH_BYTES];
	char name[48], path[PATH_BYTES];
	uint8_t *copy = malloc(len ? len : 1);
	if (!copy)
		return LD_ERR_NOMEM;
	memcpy(copy, bytes, len);
	enum ld_err err = describe(s, copy, len, &e, prev);
	if (err == LD_OK && !attaches(s, &e, prev, false))
		err = LD_ERR_STATE;
	if (err == LD_OK) {
		event_name(e.epoch, e.seq, name);
		err = path_of(s, name, path) ? LD_OK : LD_ERR_LIMIT;
	}
	if (err != LD_OK)
		snprintf(why, cap, "the event cannot be spooled: %s", ld_err_text(err));
	else
		err = ld_file_write(path, bytes, len, true, why, cap);
	if (err == LD_OK)
		err = append(s, &e);
	if (err != LD_OK)
		free(copy);
	return err;
}

enum ld_err ld_spool_done(struct ld_spool *s, uint32_t epoch, uint64_t seq, char *why, size_t cap)
{
	char name[48], path[PATH_BYTES];
	size_t i = 0;
	while (i < s->n && !(s->event[i].epoch == epoch && s->event[i].seq == seq))
		i++;
	if (i == s->n)
		return LD_ERR_NOT_FOUND;
	/* While others wait they say where the chain stands; the last one must leave that behind.
	 */
	if (s->n == 1) {
		enum ld_err err = write_chain(s, epoch, seq, s->event[i].hash, why, cap);
		if (err != LD_OK)
			return err;
	}
	event_name(epoch, seq, name);
	if (!path_of(s, name, path) || unlink(path) != 0) {
		snprintf(why, cap, "%s cannot be removed from the spool", name);
		return LD_ERR_IO;
	}
	/* Not synced: should it come back after a crash, it is sent again and answered as a
	 * duplicate. */
	free(s->event[i].bytes);
	memmove(&s->event[i], &s->event[i + 1], (s->n - i - 1) * sizeof(s->event[0]));
	s->n--;
	return LD_OK;
}

enum ld_err ld_spool_set_aside(struct ld_spool *s, size_t *moved, char *why, size_t cap)
{
	char aside[PATH_BYTES], name[64], from[PATH_BYTES], to[PATH_BYTES];
	*moved = 0;
	if (!path_of(s, "aside", aside) || (mkdir(aside, 0700) != 0 && errno != EEXIST)) {
		snprintf(why, cap, "%s/aside cannot be made", s->dir);
		return LD_ERR_IO;
	}
	/* The newest first: what is left in the spool after a crash is still a whole chain. */
	while (s->n) {
		struct ld_spooled *e = &s->event[s->n - 1];
		char hex[9];
		event_name(e->epoch, e->seq, name);
		ld_hex_encode(e->hash, 4, hex);
		if (!path_of(s, name, from) ||
		    (size_t)snprintf(to, sizeof(to), "%s/aside/%s-%s", s->dir, hex, name) >=
			sizeof(to) ||
		    rename(from, to) != 0) {
			snprintf(why, cap, "%s cannot be set aside", name);
			return LD_ERR_IO;
		}
		free(e->bytes);
		s->n--;
		(*moved)++;
	}
	s->known = false;
	if (path_of(s, "chain", from))
		unlink(from);
	if (ld_dir_sync(aside) != LD_OK || ld_dir_sync(s->dir) != LD_OK)
		return LD_ERR_IO;
	return LD_OK;
}
