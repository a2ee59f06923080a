/* The anchor file: what we have signed, kept where a restored backup or a rolled-back disk does not
 * reach. One line a checkpoint, newest last:
 *
 *	<origin> SP <size> SP <root, base64> SP <key hash || signature, base64> LF
 *
 * Origin, size and root are the checkpoint's text, the last field is its signature line's: a line
 *is the whole signed note. A crash while appending can leave one bad line at the end, or a piece
 *without its newline: that one is passed over, and removed before the next line is written. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/core_internal.h"
#include "store/note_text.h"

#define TAIL_BYTES (64 * 1024)
#define REPLACED_MAX 10000
#define ROTATE_BYTES ((off_t)64 << 20) /* some 300,000 lines: then a new file is begun */

enum ld_err ld_sync_dir_of(const char *path)
{
	char copy[LD_ENV_PATH_BYTES];

	int n = snprintf(copy, sizeof copy, "%s", path);
	if (n < 0 || (size_t)n >= sizeof copy)
		return LD_ERR_ARG;
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return LD_ERR_IO;
	enum ld_err err = fsync(fd) == 0 ? LD_OK : LD_ERR_IO;
	close(fd);
	return err;
}

/* "text\n\n— name sig\n" into one line. */
static enum ld_err line_from_note(const char *note, size_t len, char out[LD_ANCHOR_LINE_BYTES],
				  size_t *out_len)
{
	struct ld_text t = {note, note + len};
	const char *part[5]; /* origin, size, root, blank, signature line */
	size_t part_len[5];

	for (int i = 0; i < 5; i++)
		if (!ld_text_line(&t, &part[i], &part_len[i]))
			return LD_ERR_MALFORMED;
	const char *sig = memrchr(part[4], ' ', part_len[4]);
	if (!sig || part_len[3] != 0)
		return LD_ERR_MALFORMED;
	sig++;
	int n = snprintf(out, LD_ANCHOR_LINE_BYTES, "%.*s %.*s %.*s %.*s\n", (int)part_len[0],
			 part[0], (int)part_len[1], part[1], (int)part_len[2], part[2],
			 (int)(part[4] + part_len[4] - sig), sig);
	if (n < 0 || n >= LD_ANCHOR_LINE_BYTES)
		return LD_ERR_LIMIT;
	*out_len = (size_t)n;
	return LD_OK;
}

static enum ld_err note_from_line(const char *line, size_t len, const struct ld_note_key *key,
				  struct ld_checkpoint *cp, char note[LD_NOTE_MAX_BYTES],
				  size_t *note_len)
{
	const char *part[4];
	int part_len[4];
	const char *at = line;
	const char *end = line + len;

	if (len >= LD_ANCHOR_LINE_BYTES)
		return LD_ERR_MALFORMED;
	for (int i = 0; i < 4; i++) {
		const char *sp = i < 3 ? memchr(at, ' ', (size_t)(end - at)) : end;
		if (!sp)
			return LD_ERR_MALFORMED;
		part[i] = at;
		part_len[i] = (int)(sp - at);
		at = i < 3 ? sp + 1 : sp;
	}
	int n = snprintf(note, LD_NOTE_MAX_BYTES, "%.*s\n%.*s\n%.*s\n\n\xE2\x80\x94 %.*s %.*s\n",
			 part_len[0], part[0], part_len[1], part[1], part_len[2], part[2],
			 part_len[0], part[0], part_len[3], part[3]);
	if (n < 0 || n >= LD_NOTE_MAX_BYTES)
		return LD_ERR_MALFORMED;
	*note_len = (size_t)n;
	return ld_checkpoint_verify(note, *note_len, key, cp);
}

/* The end of the file: at most TAIL_BYTES. */
static enum ld_err read_tail(int fd, char *buf, size_t *len, off_t *from)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return LD_ERR_IO;
	*from = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
	size_t want = (size_t)(st.st_size - *from);
	*len = 0;
	while (*len < want) {
		ssize_t n = pread(fd, buf + *len, want - *len, *from + (off_t)*len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return LD_ERR_IO;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return LD_OK;
}

/* The last line that verifies, in a tail of the file; one bad line or piece may follow it. */
static enum ld_err last_in_tail(const char *buf, size_t len, const struct ld_note_key *key,
				struct ld_checkpoint *cp, char *note, size_t *note_len)
{
	size_t end = len;

	for (int bad = 0; bad <= 1 && end > 0; bad++) {
		const char *nl = memrchr(buf, '\n', buf[end - 1] == '\n' ? end - 1 : end);
		size_t begin = nl ? (size_t)(nl - buf) + 1 : 0;
		bool complete = buf[end - 1] == '\n';
		if (complete &&
		    note_from_line(buf + begin, end - 1 - begin, key, cp, note, note_len) == LD_OK)
			return LD_OK;
		end = begin;
	}
	return LD_ERR_CORRUPT;
}

enum ld_err ld_anchor_last(const char *path, const struct ld_note_key *key,
			   struct ld_checkpoint *cp, char note[LD_NOTE_MAX_BYTES], size_t *note_len,
			   char *why, size_t cap)
{
	char *buf = NULL;
	size_t len = 0;
	off_t from;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return LD_ERR_NO_ANCHOR;
	if (fd < 0) {
		ld_why(why, cap, "the anchor %s cannot be read: %s", path, strerror(errno));
		return LD_ERR_IO;
	}
	enum ld_err err = LD_ERR_NOMEM;
	buf = malloc(TAIL_BYTES);
	if (!buf)
		goto out;
	err = read_tail(fd, buf, &len, &from);
	if (err) {
		ld_why(why, cap, "the anchor %s cannot be read: %s", path, strerror(errno));
		goto out;
	}
	err = len == 0 ? LD_ERR_NO_ANCHOR : last_in_tail(buf, len, key, cp, note, note_len);
	if (err == LD_ERR_CORRUPT)
		ld_why(why, cap,
		       "the newest lines of the anchor %s are not signed checkpoints of %s: it is "
		       "damaged or belongs to another ledger",
		       path, key->name);
out:
	free(buf);
	close(fd);
	return err;
}

static enum ld_err write_all(int fd, const char *buf, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, buf, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ld_env_err(errno);
		buf += n;
		len -= (size_t)n;
	}
	return LD_OK;
}

/* Where the last complete line ends: beyond it stands what a crash left. */
static enum ld_err end_of_lines(int fd, off_t *end)
{
	char buf[LD_ANCHOR_LINE_BYTES * 2];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return LD_ERR_IO;
	off_t from = st.st_size > (off_t)sizeof buf ? st.st_size - (off_t)sizeof buf : 0;
	ssize_t n = pread(fd, buf, (size_t)(st.st_size - from), from);
	if (n < 0)
		return LD_ERR_IO;
	const char *nl = n > 0 ? memrchr(buf, '\n', (size_t)n) : NULL;
	*end = nl ? from + (nl - buf) + 1 : from;
	return LD_OK;
}

enum ld_err ld_anchor_append(const char *path, const char *note, size_t len)
{
	char line[LD_ANCHOR_LINE_BYTES];
	size_t line_len;
	struct stat st;
	off_t end;
	enum ld_err err = line_from_note(note, len, line, &line_len);

	if (err)
		return err;
	bool fresh = stat(path, &st) != 0;
	/* where the file may only be appended to (chattr +a), it simply grows on */
	if (!fresh && st.st_size > ROTATE_BYTES && ld_anchor_replace(path, note, len) == LD_OK)
		return LD_OK;
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return ld_env_err(errno) == LD_ERR_NOT_FOUND ? LD_ERR_IO : ld_env_err(errno);
	err = end_of_lines(fd, &end);
	if (!err && (fstat(fd, &st) != 0 || (st.st_size > end && ftruncate(fd, end) != 0)))
		err = LD_ERR_IO;
	/* what a failed write leaves behind is cut off by the next append, and passed over until
	 * then */
	if (!err)
		err = write_all(fd, line, line_len);
	if (!err && fdatasync(fd) != 0)
		err = ld_env_err(errno);
	if (close(fd) != 0 && !err)
		err = LD_ERR_IO;
	return !err && fresh ? ld_sync_dir_of(path) : err;
}

static enum ld_err keep_old(const char *path)
{
	char kept[LD_ENV_PATH_BYTES];

	for (int i = 1; i < REPLACED_MAX; i++) {
		int n = snprintf(kept, sizeof kept, "%s.replaced-%d", path, i);
		if (n < 0 || (size_t)n >= sizeof kept)
			return LD_ERR_ARG;
		if (link(path, kept) == 0)
			return LD_OK;
		if (errno == ENOENT)
			return LD_OK;
		if (errno != EEXIST)
			return LD_ERR_IO;
	}
	return LD_ERR_LIMIT;
}

enum ld_err ld_anchor_replace(const char *path, const char *note, size_t len)
{
	char fresh[LD_ENV_PATH_BYTES];
	int n = snprintf(fresh, sizeof fresh, "%s.new", path);

	if (n < 0 || (size_t)n >= sizeof fresh)
		return LD_ERR_ARG;
	if (unlink(fresh) != 0 && errno != ENOENT)
		return LD_ERR_IO;
	enum ld_err err = ld_anchor_append(fresh, note, len);
	if (!err)
		err = keep_old(path);
	if (!err && rename(fresh, path) != 0)
		err = LD_ERR_IO;
	return err ? err : ld_sync_dir_of(path);
}

/* LEDGER: anchor <= head with the same root, else refuse to sign. */
static enum ld_err compare(struct ld_core *core, const struct ld_checkpoint *cp, char *why,
			   size_t cap)
{
	const struct ld_core_head *head = ld_core_head(core);
	struct ld_core_reader *r;
	struct ld_hash root;

	if (cp->size > head->size) {
		ld_why(why, cap,
		       "the anchor %s has signed %" PRIu64 " entries, the ledger %s has %" PRIu64
		       ": it was restored or rolled back; signing would fork the log. Restore the "
		       "newer "
		       "ledger, or decide with `liandan ledger anchor --adopt`",
		       core->anchor_path, cp->size, core->dir, head->size);
		return LD_ERR_ROLLBACK;
	}
	enum ld_err err = ld_core_reader_open(core, &r);
	if (err)
		return err;
	err = ld_core_root(r, cp->size, &root);
	ld_core_reader_close(r);
	if (err) {
		ld_why(why, cap, "the root at %" PRIu64 " entries cannot be read from %s", cp->size,
		       core->dir);
		return err;
	}
	if (ld_hash_equal(&root, &cp->root))
		return LD_OK;
	ld_why(why, cap,
	       "at %" PRIu64
	       " entries the ledger %s has another root than the anchor %s: its history "
	       "differs from what was signed",
	       cp->size, core->dir, core->anchor_path);
	return LD_ERR_ROLLBACK;
}

/* A crash may have come between the anchor's line and the batch that carried the table's row: then
 * the row is written by the next ld_core_anchor. */
static void remember(struct ld_core *core, uint64_t size, const char *note, size_t len)
{
	struct ld_core_reader *r;
	const char *stored;
	size_t stored_len;
	uint64_t at = 0;

	core->anchored_size = size;
	if (ld_core_reader_open(core, &r) != LD_OK)
		return;
	bool there = ld_core_checkpoint(r, size, &at, &stored, &stored_len) == LD_OK && at == size;
	ld_core_reader_close(r);
	if (there)
		return;
	memcpy(core->unstored, note, len);
	core->unstored_len = len;
	core->unstored_size = size;
}

enum ld_err ld_anchor_check(struct ld_core *core, bool adopt, char *why, size_t cap)
{
	const struct ld_core_head *head = ld_core_head(core);
	struct ld_checkpoint cp;
	char note[LD_NOTE_MAX_BYTES];
	size_t len;
	enum ld_err err = ld_anchor_last(core->anchor_path, &core->key, &cp, note, &len, why, cap);

	if (err == LD_ERR_NO_ANCHOR)
		ld_why(why, cap,
		       "the anchor %s of a ledger of %" PRIu64
		       " entries is missing: if this is the newest "
		       "copy of the ledger, say so with `liandan ledger anchor --adopt`",
		       core->anchor_path, head->size);
	if (!err)
		err = compare(core, &cp, why, cap);
	if (!err) {
		remember(core, cp.size, note, len);
		return LD_OK;
	}
	bool decided = err == LD_ERR_NO_ANCHOR || err == LD_ERR_ROLLBACK || err == LD_ERR_CORRUPT;
	if (!adopt || !decided)
		return err;
	err = ld_anchor_replace(core->anchor_path, head->checkpoint, head->checkpoint_len);
	if (err) {
		ld_why(why, cap, "the anchor %s cannot be written: %s", core->anchor_path,
		       strerror(errno));
		return err;
	}
	remember(core, head->size, head->checkpoint, head->checkpoint_len);
	return LD_OK;
}
