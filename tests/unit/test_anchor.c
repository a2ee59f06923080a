/* The anchor: a restored backup or a rolled-back disk must not fork the log. */
#include "test_core_fixture.h"

static unsigned count_lines(const char *path)
{
	char *text = slurp(path, NULL);
	unsigned n = 0;
	assert_non_null(text);
	for (const char *at = text; *at; at++)
		n += *at == '\n';
	free(text);
	return n;
}

static void anchoring(void **state)
{
	struct fixture *f = *state;
	struct ld_core_reader *r;
	bool advanced;
	uint64_t size;
	const char *note;
	size_t len;

	assert_ok(ld_core_anchor(f->core, &advanced));
	assert_false(advanced); /* creation wrote it */
	assert_int_equal(count_lines(in_dir(f, "anchor")), 1);
	for (uint64_t n = 10; n <= 50; n += 10) {
		assert_ok(grow_to(f->core, n));
		assert_ok(ld_core_anchor(f->core, &advanced));
		assert_true(advanced);
		assert_ok(ld_core_anchor(f->core, &advanced));
		assert_false(advanced);
	}
	assert_int_equal(count_lines(in_dir(f, "anchor")), 6);
	/* with a batch open: the row goes with the batch, and comes back if that is aborted */
	assert_ok(grow_to(f->core, 60));
	assert_ok(append_to(f->core, 65));
	assert_ok(ld_core_anchor(f->core, &advanced));
	assert_true(advanced);
	ld_core_abort(f->core);
	assert_ok(ld_core_reader_open(f->core, &r));
	assert_int_equal(ld_core_checkpoint(r, 51, &size, &note, &len), LD_ERR_NOT_FOUND);
	ld_core_reader_close(r);
	assert_ok(ld_core_anchor(f->core, &advanced));
	assert_false(advanced);
	assert_ok(ld_core_reader_open(f->core, &r));
	assert_ok(ld_core_checkpoint(r, 51, &size, &note, &len));
	assert_int_equal(size, 60);
	assert_ok(ld_core_checkpoint(r, 0, &size, &note, &len));
	assert_int_equal(size, 1);
	ld_core_reader_close(r);
	/* ... and with a batch that is committed */
	assert_ok(grow_to(f->core, 70));
	assert_ok(append_to(f->core, 75));
	assert_ok(ld_core_anchor(f->core, &advanced));
	assert_ok(ld_core_commit(f->core));
	expect_audit(f->core, 75);
	close_core(f);
	assert_ok(open_core(f));
	expect_audit(f->core, 75);
}

static void anchor_cannot_be_written(void **state)
{
	struct fixture *f = *state;
	char away[PATH_BYTES + 32];
	bool advanced;

	close_core(f);
	snprintf(away, sizeof away, "%s/device/anchor", f->dir);
	assert_int_equal(mkdir(in_dir(f, "device"), 0700), 0);
	copy_file(in_dir(f, "anchor"), away);
	f->opt.anchor_path = away;
	assert_ok(open_core(f));
	assert_ok(grow_to(f->core, 5));
	assert_int_equal(rename(in_dir(f, "device"), in_dir(f, "unplugged")), 0);
	assert_int_equal(ld_core_anchor(f->core, &advanced), LD_ERR_IO);
	assert_false(advanced);
	assert_ok(grow_to(f->core, 8)); /* the ledger goes on */
	assert_int_equal(rename(in_dir(f, "unplugged"), in_dir(f, "device")), 0);
	assert_ok(ld_core_anchor(f->core, &advanced));
	assert_true(advanced);
}

static void rollback_is_refused(void **state)
{
	struct fixture *f = *state;
	bool advanced;

	assert_ok(grow_to(f->core, 40));
	assert_ok(ld_core_anchor(f->core, &advanced));
	close_core(f);
	copy_file(in_dir(f, "core/data.mdb"), in_dir(f, "backup"));
	assert_ok(open_core(f));
	assert_ok(grow_to(f->core, 90));
	assert_ok(ld_core_anchor(f->core, &advanced));
	close_core(f);
	copy_file(in_dir(f, "core/data.mdb"), in_dir(f, "newest"));
	copy_file(in_dir(f, "backup"), in_dir(f, "core/data.mdb"));
	assert_int_equal(open_core(f), LD_ERR_ROLLBACK);
	assert_non_null(strstr(why, "90"));
	assert_non_null(strstr(why, "40"));
	/* reading is another thing */
	f->opt.read_only = true;
	assert_ok(open_core(f));
	close_core(f);
	f->opt.read_only = false;
	/* decided by people: the old anchor is kept as evidence */
	f->opt.adopt_anchor = true;
	assert_ok(open_core(f));
	f->opt.adopt_anchor = false;
	assert_int_equal(count_lines(in_dir(f, "anchor.replaced-1")), 3);
	assert_int_equal(count_lines(in_dir(f, "anchor")), 1);
	/* ... and then the other history goes on to the same size and beyond */
	uint64_t index;
	assert_ok(ld_core_append(f->core, (const uint8_t *)"x", 1, T0 + 100, &index));
	assert_ok(ld_core_commit(f->core));
	assert_ok(append_to(f->core, 0));
	static uint8_t buf[LD_MAX_ENTRY_BYTES];
	while (ld_core_head(f->core)->size + ld_core_pending(f->core) < 95)
		assert_ok(ld_core_append(f->core, buf, 7, T0 + 100, &index));
	assert_ok(ld_core_commit(f->core));
	close_core(f);
	/* the anchor of the first history: same name, shorter, another root */
	copy_file(in_dir(f, "anchor.replaced-1"), in_dir(f, "anchor"));
	assert_int_equal(open_core(f), LD_ERR_ROLLBACK);
	assert_non_null(strstr(why, "another root"));
	copy_file(in_dir(f, "newest"), in_dir(f, "core/data.mdb"));
	assert_ok(open_core(f));
}

static void missing_anchor(void **state)
{
	struct fixture *f = *state;

	assert_ok(grow_to(f->core, 4));
	close_core(f);
	unlink(in_dir(f, "anchor"));
	assert_int_equal(open_core(f), LD_ERR_NO_ANCHOR);
	assert_non_null(strstr(why, "--adopt"));
	write_file(in_dir(f, "anchor"), "", 0);
	assert_int_equal(open_core(f), LD_ERR_NO_ANCHOR);
	f->opt.adopt_anchor = true;
	assert_ok(open_core(f));
	close_core(f);
	f->opt.adopt_anchor = false;
	assert_ok(open_core(f));
}

static void torn_anchor(void **state)
{
	struct fixture *f = *state;
	char buf[8192];
	size_t len = 0;
	bool advanced;

	for (uint64_t n = 10; n <= 40; n += 10) {
		assert_ok(grow_to(f->core, n));
		assert_ok(ld_core_anchor(f->core, &advanced));
	}
	close_core(f);
	char *good = slurp(in_dir(f, "anchor"), &len);
	assert_non_null(good);
	size_t last = len - 1;
	while (good[last - 1] != '\n')
		last--;
	/* the newest line at every length: nothing, a piece, the whole without its newline */
	for (size_t cut = last; cut < len; cut++) {
		write_file(in_dir(f, "anchor"), good, cut);
		assert_ok(open_core(f));
		close_core(f);
	}
	/* what is left of it does not stand before the next line */
	assert_ok(open_core(f));
	assert_ok(grow_to(f->core, 50));
	assert_ok(ld_core_anchor(f->core, &advanced));
	close_core(f);
	assert_int_equal(count_lines(in_dir(f, "anchor")), 5);
	assert_ok(open_core(f));
	close_core(f);
	/* a line of zeros, as a power cut leaves it */
	memcpy(buf, good, len);
	memset(buf + len, 0, 150);
	write_file(in_dir(f, "anchor"), buf, len + 150);
	assert_ok(open_core(f));
	close_core(f);
	/* one bad line at the end is passed over, two are not an accident of one append */
	memcpy(buf, good, len);
	buf[len - 5] ^= 1;
	write_file(in_dir(f, "anchor"), buf, len);
	assert_ok(open_core(f));
	close_core(f);
	memcpy(buf + len, "bad\n", 4);
	write_file(in_dir(f, "anchor"), buf, len + 4);
	assert_int_equal(open_core(f), LD_ERR_CORRUPT);
	/* nothing but rubbish */
	write_file(in_dir(f, "anchor"), "rubbish\n", 8);
	assert_int_equal(open_core(f), LD_ERR_CORRUPT);
	free(good);
}

static void long_anchor_is_rotated(void **state)
{
	struct fixture *f = *state;
	bool advanced;

	assert_ok(grow_to(f->core, 5));
	/* as if it had grown for months: a hole, then the newest line */
	size_t len = 0;
	char *text = slurp(in_dir(f, "anchor"), &len);
	FILE *out = fopen(in_dir(f, "anchor"), "w");
	assert_int_equal(fseek(out, (64L << 20) + 1, SEEK_SET), 0);
	fputc('\n', out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	fclose(out);
	free(text);
	close_core(f);
	assert_ok(open_core(f));
	assert_ok(ld_core_anchor(f->core, &advanced));
	assert_true(advanced);
	assert_int_equal(count_lines(in_dir(f, "anchor")), 1);
	assert_int_equal(access(in_dir(f, "anchor.replaced-1"), F_OK), 0);
	close_core(f);
	assert_ok(open_core(f));
}

static void witnesses(void **state)
{
	struct fixture *f = *state;
	struct ld_note_key witness;
	EVP_PKEY *wkey = test_pkey(3);
	char note[LD_NOTE_MAX_BYTES];
	struct ld_core_reader *r;
	uint64_t size, time_s;
	const char *stored;
	size_t len;
	bool advanced;

	assert_ok(ld_note_witness_init(&witness, "witness.example", wkey));
	assert_ok(grow_to(f->core, 33));
	len = ld_core_head(f->core)->checkpoint_len;
	memcpy(note, ld_core_head(f->core)->checkpoint, len + 1);
	assert_ok(ld_note_cosign(note, sizeof note, &len, &witness, 1790000100));
	assert_int_equal(ld_core_cosigned(f->core, note, len), LD_ERR_NOT_FOUND);
	assert_ok(ld_core_anchor(f->core, &advanced));
	assert_ok(append_to(f->core, 34));
	assert_int_equal(ld_core_cosigned(f->core, note, len), LD_ERR_STATE);
	ld_core_abort(f->core);
	assert_ok(ld_core_cosigned(f->core, note, len));
	note[30] ^= 1;
	assert_int_not_equal(ld_core_cosigned(f->core, note, len), LD_OK);
	/* it is still there after the next start */
	close_core(f);
	assert_ok(open_core(f));
	assert_ok(ld_core_anchor(f->core, &advanced));
	assert_ok(ld_core_reader_open(f->core, &r));
	assert_ok(ld_core_checkpoint(r, 33, &size, &stored, &len));
	assert_int_equal(size, 33);
	assert_ok(ld_note_cosignature_verify(stored, len, &witness, &time_s));
	assert_int_equal(time_s, 1790000100);
	ld_core_reader_close(r);
	EVP_PKEY_free(wkey);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(anchoring),   T(anchor_cannot_be_written), T(rollback_is_refused), T(missing_anchor),
	    T(torn_anchor), T(long_anchor_is_rotated),	 T(witnesses),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
