/* THROTTLED, by one device or by many clocks at once, and UNAVAILABLE by a disk that is really
 * full: a small tmpfs where the kernel lets us mount one, over MQTT 5 and 3.1.1. */
#include "tests/broker/verdicts.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/custody/region.h"

#define DISK_MIB 24
#define BURST 40
#define MAX_KEPT 2000
#define STEP_MS 5 /* between events: state is committed once a second */

/* ---- too much at once ---- */

/* Until THROTTLED; the event that was, once more, when the second is over. */
static void burst(struct rig *x)
{
	struct rig_expect good = {.verdict = LIANDAN__VERDICT__ACCEPTED, .on = &x->t.office};
	struct rig_expect much = {
	    .verdict = LIANDAN__VERDICT__THROTTLED, .signature_good = true, .on = &x->t.office};
	struct rig_answer a = {0};
	int n = 0;

	do {
		rig_answer_free(&a);
		rig_post(x, &x->t.office, NULL, trade_generated(&x->t, NULL, 1000), &a);
		assert_non_null(a.r);
		if (a.r->verdict != LIANDAN__VERDICT__THROTTLED)
			rig_check(x, &a, &good);
	} while (a.r->verdict != LIANDAN__VERDICT__THROTTLED && ++n < BURST);
	assert_in_range(n, 2, BURST - 1);
	rig_check(x, &a, &much);
	/* it is outside the ledger and used no number: the same bytes go in */
	struct rig_answer again;
	client_pump(x->spy, 1100);
	rig_publish(x, &x->t.office, a.bytes, a.len, &again);
	rig_check(x, &again, &good);
	assert_false(again.r->duplicate);
	rig_answer_free(&again);
	rig_answer_free(&a);
}

static void throttled(void **state)
{
	static struct rig x;

	(void)state;
	rig_start(&x, "plugin_opt_custody_per_s 3\n", NULL);
	burst(&x);
	rig_version(&x, MQTT_PROTOCOL_V311);
	client_pump(x.spy, 1100);
	burst(&x);
	rig_check_counters(&x);
	assert_int_equal(x.seen[RIG_VERDICT][LIANDAN__VERDICT__THROTTLED], 3);
	rig_end(&x);
}

/* ---- many clocks at once ---- */

#define DRAFTS LD_MAX_DRAFTS_PER_PARTY /* of each of two generators */
#define AWAY_MS (40 * LD_DAY_MS)       /* a draft expires after 30 days */
#define RATE "720"		       /* devices have their 5 s, which are an hour then */

static void draft(struct rig *x, struct signer *by, const char *from, const char *site,
		  const char *to, const char *to_site)
{
	Liandan__ManifestCreated *b;
	Liandan__Event *e;

	trade_begin(&x->t);
	e = trade_created(&x->t);
	b = e->manifest_created;
	b->generator = (char *)(uintptr_t)from;
	b->site = (char *)(uintptr_t)site;
	b->receiver->party = (char *)(uintptr_t)to;
	b->receiver->site = (char *)(uintptr_t)to_site;
	assert_int_equal(world_send(&x->h.world, by, e), LIANDAN__VERDICT__ACCEPTED);
}

/* As many drafts as there may be; then the broker is down for longer than any of them lasts: what a
 * demonstration's clock showed last is that much later when it comes back. */
static void drafts_and_away(struct rig *x)
{
	char path[128];
	FILE *clock;

	for (int i = 0; i < DRAFTS; i++) {
		draft(x, &x->t.office, "gen", "gen-yard", "pit", "pit-gate");
		draft(x, &x->t.yard, "pit", "pit-gate", "hole", "hole-gate");
	}
	snprintf(path, sizeof path, "%s/demo-clock", x->h.world.dir);
	clock = fopen(path, "we");
	assert_non_null(clock);
	fprintf(clock, "%" PRId64 " %" PRId64 "\n", harness_now_ms() + AWAY_MS, harness_now_ms());
	assert_int_equal(fclose(clock), 0);
}

/* Everything is served in the devices' grace; then nothing is before all that are due have their
 * entries. The event that was THROTTLED first. */
static void post_until_throttled(struct rig *x, struct rig_answer *a)
{
	const int64_t until_ms = harness_now_ms() + 30000;

	for (;;) {
		trade_begin(&x->t);
		rig_post(x, &x->t.office, NULL, trade_generated(&x->t, NULL, 1000), a);
		assert_non_null(a->r);
		if (a->r->verdict == LIANDAN__VERDICT__THROTTLED)
			return;
		assert_int_equal(a->r->verdict, LIANDAN__VERDICT__ACCEPTED);
		assert_true(harness_now_ms() < until_ms);
		rig_answer_free(a);
	}
}

/* The same bytes, until they are taken. Its index. */
static uint64_t post_until_taken(struct rig *x, const struct rig_answer *a)
{
	struct rig_answer again = {0};
	uint64_t index;

	do {
		rig_answer_free(&again);
		client_pump(x->spy, 20);
		rig_publish(x, &x->t.office, a->bytes, a->len, &again);
		assert_non_null(again.r);
	} while (again.r->verdict == LIANDAN__VERDICT__THROTTLED);
	assert_int_equal(again.r->verdict, LIANDAN__VERDICT__ACCEPTED);
	assert_false(again.r->duplicate);
	assert_true(harness_verify(&x->h, again.r, again.bytes, again.len));
	index = again.r->index;
	rig_answer_free(&again);
	return index;
}

/* The draft that it says has expired, by the number in its id; 0: something else. */
static size_t draft_expired(const Liandan__Entry *e)
{
	Liandan__OwnEvent *own = NULL;
	size_t n = 0;

	if (e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT)
		own = liandan__own_event__unpack(NULL, e->own_event.len, e->own_event.data);
	if (own && own->body_case == LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED &&
	    own->deadline_missed->clock == LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_DRAFT)
		n = strtoul(own->deadline_missed->subject + LD_UUID_BYTES, NULL, 16);
	if (own)
		liandan__own_event__free_unpacked(own, NULL);
	return n;
}

/* Of each draft one, and all of them before that event. */
static void each_expired_once(struct world *w, uint64_t before)
{
	static unsigned expired[2 * DRAFTS + 1];
	struct ld_core_reader *reader;
	const uint8_t *bytes;
	size_t len;

	assert_int_equal(ld_core_reader_open(ld_region_core(w->region), &reader), LD_OK);
	for (uint64_t i = 0; ld_core_read(reader, i, &bytes, &len) == LD_OK; i++) {
		Liandan__Entry *e = liandan__entry__unpack(NULL, len, bytes);
		size_t n;

		assert_non_null(e);
		n = draft_expired(e);
		assert_in_range(n, 0, 2 * DRAFTS);
		assert_true(n == 0 || i < before);
		expired[n]++;
		liandan__entry__free_unpacked(e, NULL);
	}
	ld_core_reader_close(reader);
	for (size_t n = 1; n <= 2 * DRAFTS; n++)
		if (expired[n] != 1)
			fail_msg("draft %zu: %u entries", n, expired[n]);
}

static void throttled_by_clocks(void **state)
{
	static struct rig x;
	struct rig_answer a;
	uint64_t index;

	(void)state;
	rig_start(&x, "plugin_opt_custody_per_s 100000\nplugin_opt_clock_rate " RATE "\n",
		  drafts_and_away);
	post_until_throttled(&x, &a);
	index = post_until_taken(&x, &a);
	rig_answer_free(&a);
	rig_version(&x, MQTT_PROTOCOL_V5);
	harness_stop(&x.h);
	world_open(&x.h.world);
	each_expired_once(&x.h.world, index);
	rig_end(&x);
}

/* ---- a full disk ---- */

/* Names of our own for mounts, as root or as root of a user namespace. */
static bool own_mounts(void)
{
	if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return false;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static int copy_to_fd;

static int copy_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	const char *at = path;
	static char buf[65536];
	int in, out;
	ssize_t n;

	for (int level = 0; level < ftw->level; level++)
		at = NULL; /* found below: the last `level` components */
	if (ftw->level == 0)
		return 0;
	at = path + strlen(path);
	for (int level = 0; level < ftw->level; level++)
		do
			at--;
		while (at[-1] != '/');
	if (flag == FTW_D)
		return mkdirat(copy_to_fd, at, 0700);
	if (!S_ISREG(st->st_mode))
		return 0;
	in = open(path, O_RDONLY | O_CLOEXEC);
	out = openat(copy_to_fd, at, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while ((n = read(in, buf, sizeof buf)) > 0)
		if (write(out, buf, (size_t)n) != n)
			return -1;
	close(in);
	close(out);
	return n < 0 || in < 0 || out < 0 ? -1 : 0;
}

struct disk {
	char path[64]; /* the tmpfs */
	char home[64]; /* where the ledger was */
	char ballast[96];
};

/* The ledger, or only its state, moves onto a small disk of its own before the broker starts. */
static struct disk disk;

static void copy(const char *from, const char *to)
{
	copy_to_fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(copy_to_fd >= 0);
	assert_int_equal(nftw(from, copy_one, 16, FTW_PHYS), 0);
	close(copy_to_fd);
}

static void new_disk(struct rig *x)
{
	char size[32];

	ld_region_close(x->h.world.region);
	x->h.world.region = NULL;
	snprintf(disk.home, sizeof disk.home, "%s", x->h.world.dir);
	snprintf(disk.path, sizeof disk.path, "/tmp/liandan-disk-XXXXXX");
	assert_non_null(mkdtemp(disk.path));
	snprintf(size, sizeof size, "size=%dm", DISK_MIB);
	assert_int_equal(mount("liandan", disk.path, "tmpfs", 0, size), 0);
	snprintf(disk.ballast, sizeof disk.ballast, "%s/ballast", disk.path);
}

static void onto_the_disk(struct rig *x)
{
	new_disk(x);
	copy(disk.home, disk.path);
	snprintf(x->h.world.dir, sizeof x->h.world.dir, "%s", disk.path);
}

static void state_onto_the_disk(struct rig *x)
{
	char state[96];

	new_disk(x);
	snprintf(state, sizeof state, "%s/state", disk.home);
	copy(state, disk.path);
	assert_int_equal(mount(disk.path, state, NULL, MS_BIND, NULL), 0);
}

static void no_disk(void)
{
	char state[96];

	snprintf(state, sizeof state, "%s/state", disk.home);
	umount2(state, MNT_DETACH); /* where it is mounted there */
	assert_int_equal(umount2(disk.path, MNT_DETACH), 0);
	rmdir(disk.path);
}

/* Until nothing more goes on it. */
static void fill_disk(void)
{
	static const char zero[4096];
	int fd = open(disk.ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, zero, sizeof zero) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

/* Big enough that the pages that LMDB has in reserve do not last. */
static Liandan__Event *bulky(struct rig *x)
{
	Liandan__Event *e = trade_generated(&x->t, NULL, 1000);
	static char note[LD_MAX_STRING_BYTES + 1];

	memset(note, 'n', sizeof note - 1);
	e->note = note;
	return e;
}

struct receipts {
	struct rig_answer of[MAX_KEPT];
	size_t n;
};

/* Sends until the disk does not answer; the unanswered envelope is the result. */
static struct rig_answer until_unavailable(struct rig *x, struct receipts *kept)
{
	struct rig_expect good = {.verdict = LIANDAN__VERDICT__ACCEPTED, .on = &x->t.office};
	struct rig_answer a;

	for (;;) {
		rig_post(x, &x->t.office, NULL, bulky(x), &a);
		if (!a.r)
			return a;
		rig_check(x, &a, &good);
		assert_true(kept->n < MAX_KEPT);
		kept->of[kept->n++] = a;
		client_pump(x->spy, STEP_MS);
	}
}

static bool broker_lives(const struct rig *x)
{
	return kill(x->h.broker, 0) == 0;
}

/* No PUBACK and no receipt; the connection ends, so that the client comes back with it. Then there
 * is room again, and the same bytes are accepted. */
static void full_and_free(struct rig *x, int version, struct receipts *kept)
{
	struct rig_expect good = {.verdict = LIANDAN__VERDICT__ACCEPTED, .on = &x->t.office};
	struct rig_answer refused, again = {0};
	struct client *other;

	rig_version(x, version);
	fill_disk();
	refused = until_unavailable(x, kept);
	assert_int_equal(refused.rc, -1);
	assert_false(rig_client(x, &x->t.office)->connected);
	x->seen[RIG_VERDICT][LIANDAN__VERDICT__UNAVAILABLE] |= version == MQTT_PROTOCOL_V5 ? 2 : 1;
	/* it serves others, and the same answer comes as long as the disk is full */
	other = client_open(&x->h, &x->t.d1, version);
	assert_true(other->connected);
	client_close(other, true);
	rig_version(x, version);
	rig_publish(x, &x->t.office, refused.bytes, refused.len, &again);
	assert_int_equal(again.rc, -1);
	rig_answer_free(&again);
	assert_true(broker_lives(x));
	assert_int_equal(unlink(disk.ballast), 0);
	for (int i = 0; i < 10 && !again.r; i++) {
		rig_answer_free(&again);
		client_pump(x->spy, 300);
		rig_version(x, version);
		rig_publish(x, &x->t.office, refused.bytes, refused.len, &again);
	}
	rig_check(x, &again, &good);
	assert_false(again.r->duplicate);
	rig_answer_free(&refused);
	kept->of[kept->n++] = again;
}

/* UNAVAILABLE was counted; how often is the disk's affair. */
static void unavailable_counted(struct rig *x)
{
	struct message *m;

	client_drop_all(x->spy);
	assert_in_range(client_subscribe(x->spy, "$SYS/broker/liandan/#"), 0, 1);
	m = client_take(x->spy, "$SYS/broker/liandan/verdict/UNAVAILABLE", 13000);
	assert_non_null(m);
	assert_true(strtoull((char *)m->payload, NULL, 10) >= 1);
	message_free(m);
}

/* Everything that was receipted is there, and replay equals state. */
static void nothing_lost(struct rig *x, struct receipts *kept)
{
	struct ld_hash live, replayed;
	struct ld_state *scratch;
	struct ld_core_audit report;
	struct ld_core_reader *reader;
	char why[256] = "";

	world_open(&x->h.world);
	struct ld_region *r = x->h.world.region;
	assert_int_equal(ld_core_reader_open(ld_region_core(r), &reader), LD_OK);
	assert_int_equal(ld_core_audit(reader, NULL, NULL, NULL, &report), LD_OK);
	for (size_t i = 0; i < kept->n; i++)
		assert_true(kept->of[i].r->index < report.size);
	ld_core_reader_close(reader);
	assert_int_equal(ld_state_open_scratch(&scratch), LD_OK);
	assert_int_equal(ld_region_replay(ld_region_core(r), scratch, ld_region_name(r),
					  ld_region_ledger_id(r), 0, report.size, NULL, NULL, why,
					  sizeof why),
			 LD_OK);
	assert_int_equal(ld_state_digest(scratch, &replayed), LD_OK);
	assert_int_equal(ld_state_digest(ld_region_custody(r)->state, &live), LD_OK);
	assert_memory_equal(live.b, replayed.b, sizeof live.b);
	ld_state_close(scratch);
	ld_region_close(r);
	x->h.world.region = NULL;
}

static void fill_and_free(struct rig *x, void (*place)(struct rig *x))
{
	static struct receipts kept;

	kept.n = 0;
	if (!own_mounts()) {
		print_message(
		    "no mounts of our own here: test_start reaches UNAVAILABLE by a full map\n");
		skip();
	}
	rig_start(x, "plugin_opt_custody_per_s 100000\n", place);
	trade_begin(&x->t);
	full_and_free(x, MQTT_PROTOCOL_V5, &kept);
	full_and_free(x, MQTT_PROTOCOL_V311, &kept);
	unavailable_counted(x);
	rig_version(x, MQTT_PROTOCOL_V5);
	harness_stop(&x->h);
	nothing_lost(x, &kept);
	for (size_t i = 0; i < kept.n; i++) {
		assert_true(harness_verify(&x->h, kept.of[i].r, kept.of[i].bytes, kept.of[i].len));
		rig_answer_free(&kept.of[i]);
	}
	assert_int_equal(x->seen[RIG_VERDICT][LIANDAN__VERDICT__UNAVAILABLE], 3);
	no_disk();
	snprintf(x->h.world.dir, sizeof x->h.world.dir, "%s", disk.home);
	rig_end(x);
}

static void disk_full(void **state)
{
	static struct rig x;

	(void)state;
	fill_and_free(&x, onto_the_disk);
}

/* What core has taken stands; state, which cannot follow, decides nothing until it has caught up.
 */
static void states_disk_full(void **state)
{
	static struct rig x;

	(void)state;
	fill_and_free(&x, state_onto_the_disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(throttled),
	    cmocka_unit_test(throttled_by_clocks),
	    cmocka_unit_test(disk_full),
	    cmocka_unit_test(states_disk_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
