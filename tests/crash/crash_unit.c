/* kill -9 at random moments, the region in process:   crash_unit SECONDS [SEED]
 *
 * A child plays devices: it seals, remembers (their spools, in shared memory), submits, and keeps
 * the receipts that it gets. It is killed; then, as after every start:
 *   every receipt that was given out is proven and its leaf is the ledger's,
 *   no chain stands before what was receipted or behind what was sent,
 *   what has no receipt is sent again, and is accepted or known, never a gap or a fork,
 *   the audit of the ledger is good, and replay equals state. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plugin/custody/region.h"
#include "plugin/custody/tables.h"
#include "proto/digest.h"
#include "tests/broker/harness.h"
#include "tests/support/trade.h"

#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "crash_unit: line %d, round %d: %s\n", __LINE__, rounds,   \
				#cond);                                                            \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

#define SPOOL_BYTES (768u << 20) /* reserved, not used */
#define MAX_SENT 400000
#define WRITERS 8
#define REPLAY_ALWAYS 4000 /* entries; a larger ledger is replayed every tenth round */

/* One envelope that a device means to send; its receipt, once it has come. */
struct sent {
	uint32_t writer;
	uint32_t len, receipt_len;
	uint64_t seq;
	uint8_t hash[LD_HASH_BYTES];	     /* of the event */
	uint8_t payload_hash[LD_HASH_BYTES]; /* of the envelope */
	size_t at, receipt_at;		     /* in bytes[] */
};

/* Outlives the child. Counts grow when all that belongs to them stands. */
struct spool {
	_Atomic uint32_t n;
	_Atomic uint32_t receipts;
	_Atomic bool ready;
	size_t used;
	struct sent sent[MAX_SENT];
	uint8_t bytes[];
};

static struct spool *spool;
static struct world world;
static struct trade trade;
static struct harness verifier; /* for its ledger key */
static struct signer *writers[WRITERS];
static struct signer begun[WRITERS]; /* as they stood when the registry was made */
static int rounds;
static uint32_t checked; /* sent[] below this are receipted and looked at */
static uint32_t resent, known;

/* ---- receipts ---- */

static size_t keep(const uint8_t *bytes, size_t len)
{
	size_t at = spool->used;

	REQUIRE(at + len < SPOOL_BYTES);
	memcpy(spool->bytes + at, bytes, len);
	spool->used = at + len;
	return at;
}

static void on_receipt(void *ctx, const char *party, const char *device, const uint8_t *bytes,
		       size_t len, const void *correlation, size_t correlation_len)
{
	Liandan__Receipt *r = liandan__receipt__unpack(NULL, len, bytes);

	(void)ctx, (void)party, (void)device, (void)correlation, (void)correlation_len;
	REQUIRE(r != NULL);
	for (uint32_t i = spool->n; i-- > checked;) {
		struct sent *s = &spool->sent[i];
		if (memcmp(s->payload_hash, r->payload_hash.data, LD_HASH_BYTES) != 0)
			continue;
		if (s->receipt_len == 0) {
			s->receipt_at = keep(bytes, len);
			atomic_thread_fence(memory_order_release);
			s->receipt_len = (uint32_t)len;
			spool->receipts++;
		}
		break;
	}
	liandan__receipt__free_unpacked(r, NULL);
}

static void open_region(void)
{
	struct ld_region_options o = {
	    .dir = world.dir, .custody_per_s = 1000000, .sink.receipt = on_receipt};
	char why[512] = "";

	if (ld_region_open(&o, &world.region, why, sizeof why) != LD_OK) {
		fprintf(stderr, "crash_unit: round %d: not opened: %s\n", rounds, why);
		exit(1);
	}
}

/* ---- the devices ---- */

static uint32_t writer_of(const struct signer *s)
{
	for (uint32_t i = 0; i < WRITERS; i++)
		if (writers[i] == s)
			return i;
	REQUIRE(s == NULL); /* every signer is one of them */
	return 0;
}

/* Into the spool first, then to the ledger. */
static Liandan__Verdict post(struct signer *by, Liandan__Event *e)
{
	struct sent *s = &spool->sent[spool->n];
	Liandan__Verdict v;
	size_t len;
	uint8_t *bytes;

	if (spool->n == MAX_SENT)
		pause();
	bytes = world_seal(&world, by, e, &len);
	memset(s, 0, sizeof *s);
	s->writer = writer_of(by);
	s->len = (uint32_t)len;
	s->seq = by->seq;
	memcpy(s->hash, world.last_hash, LD_HASH_BYTES);
	ld_sha256(bytes, len, s->payload_hash);
	s->at = keep(bytes, len);
	atomic_fetch_add(&spool->n, 1);
	v = world_submit(&world, by, bytes, len);
	free(bytes);
	return v;
}

static void must(struct trade *t, struct signer *by, Liandan__Event *e)
{
	Liandan__Verdict v = post(by, e);

	if (v != LIANDAN__VERDICT__ACCEPTED)
		fprintf(stderr, "verdict %d reason %d: %s\n", (int)v, (int)world.out.reason,
			world.out.detail);
	REQUIRE(v == LIANDAN__VERDICT__ACCEPTED);
	memcpy(t->hash, world.last_hash, LD_HASH_BYTES);
}

static void tracks(int n)
{
	static int64_t t_ms;

	for (int i = 0; i < n; i++) {
		int64_t now = ld_region_now(world.region);
		t_ms = now > t_ms ? now : t_ms + 1;
		post(&trade.t1, trade_fix(&trade, "T1", "t1", t_ms, 31.0 + i * 1e-4, 121.0));
		post(&trade.t2, trade_fix(&trade, "T2", "t2", t_ms, 31.2, 121.0 + i * 1e-4));
	}
}

static void registry(int n)
{
	for (int i = 0; i < n; i++) {
		Liandan__PartyRegistered *p =
		    TRADE_NEW(&trade, Liandan__PartyRegistered, LIANDAN__PARTY_REGISTERED__INIT);
		p->party = p->name = trade_name(&trade, "party");
		p->roles = LIANDAN__ROLE__ROLE_RECEIVER;
		post(&world.authority,
		     trade_event(&trade, LIANDAN__EVENT__BODY_PARTY_REGISTERED, p));
	}
}

/* Held, and freed by its cause, unless the end comes in between. */
static void held(void)
{
	static const uint8_t never[LD_HASH_BYTES] = {1};
	Liandan__Event *e = trade_received(&trade);
	ProtobufCBinaryData cause = trade_bytes(never, sizeof never);

	post(&trade.pit, e); /* waits for the arrival */
	if (rand() % 4 == 0) {
		e = trade_generated(&trade, NULL, 1000);
		e->waste_generated->site = (char *)(uintptr_t) "pit-gate";
		e->after = &cause;
		e->n_after = 1;
		post(&trade.yard, e);
	}
}

static void a_bit_of_everything(void)
{
	bool advanced;

	trade_begin(&trade);
	switch (rand() % 6) {
	case 0:
		tracks(1 + rand() % 40);
		break;
	case 1:
		registry(1 + rand() % 20);
		break;
	case 2:
		trade_to_offered(&trade);
		held();
		tracks(3);
		must(&trade, &trade.d1, trade_taken(&trade, 1, "T1", "p-d1"));
		must(&trade, &trade.d1, trade_arrived(&trade, "T1"));
		break;
	case 3:
		trade_to_accepted(&trade);
		break;
	default:
		trade_to_stock(&trade);
		break;
	}
	REQUIRE(ld_region_tick(world.region, &advanced) == LD_OK);
}

/* Where each chain stands, by the spool: what follows is sealed behind it. */
static void take_up_chains(void)
{
	for (uint32_t w = 0; w < WRITERS; w++) {
		writers[w]->seq = begun[w].seq;
		memcpy(writers[w]->prev, begun[w].prev, LD_HASH_BYTES);
	}
	for (uint32_t i = 0; i < spool->n; i++) {
		struct signer *s = writers[spool->sent[i].writer];
		REQUIRE(spool->sent[i].seq == s->seq + 1);
		s->seq = spool->sent[i].seq;
		memcpy(s->prev, spool->sent[i].hash, LD_HASH_BYTES);
	}
	/* ids and names that no child before has used */
	trade.n = trade.names = (uint32_t)rounds * 1000000u;
}

static void play(unsigned seed)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srand(seed);
	take_up_chains();
	open_region();
	spool->ready = true;
	for (;;)
		a_bit_of_everything();
}

/* ---- after the crash ---- */

static void check_receipt(const struct sent *s, struct ld_core_reader *reader)
{
	Liandan__Receipt *r =
	    liandan__receipt__unpack(NULL, s->receipt_len, spool->bytes + s->receipt_at);
	const uint8_t *entry;
	size_t len;

	REQUIRE(r != NULL);
	REQUIRE(harness_verify(&verifier, r, spool->bytes + s->at, s->len));
	REQUIRE(memcmp(r->event_hash.data, s->hash, LD_HASH_BYTES) == 0);
	/* and the ledger holds at that index what the receipt says */
	REQUIRE(ld_core_read(reader, r->index, &entry, &len) == LD_OK);
	Liandan__Entry *e = liandan__entry__unpack(NULL, len, entry);
	REQUIRE(e != NULL && e->content_case == LIANDAN__ENTRY__CONTENT_ENVELOPE);
	REQUIRE(e->envelope.len == s->len &&
		memcmp(e->envelope.data, spool->bytes + s->at, s->len) == 0);
	REQUIRE(e->verdict == r->verdict);
	liandan__entry__free_unpacked(e, NULL);
	liandan__receipt__free_unpacked(r, NULL);
}

/* Each chain stands between the last receipt and the last envelope. */
static void check_chains(void)
{
	uint64_t receipted[WRITERS], sealed[WRITERS];

	for (uint32_t w = 0; w < WRITERS; w++)
		receipted[w] = sealed[w] = begun[w].seq;
	for (uint32_t i = 0; i < spool->n; i++) {
		const struct sent *s = &spool->sent[i];
		sealed[s->writer] = s->seq;
		if (s->receipt_len)
			receipted[s->writer] = s->seq;
	}
	for (uint32_t w = 0; w < WRITERS; w++) {
		struct ld_custody *c = ld_region_custody(world.region);
		Custody__Chain *chain;

		ld_arena_reset(c->arena);
		REQUIRE(ld_chain_get(c, ld_key_id(writers[w]->key), &chain) == LD_OK);
		REQUIRE(chain->last_seq >= receipted[w] && chain->last_seq <= sealed[w]);
	}
}

/* What a device does: all that has no receipt, in order, once more. */
static void send_again(void)
{
	for (uint32_t i = checked; i < spool->n; i++) {
		struct sent *s = &spool->sent[i];
		struct signer *w = writers[s->writer];

		if (s->receipt_len)
			continue;
		world_submit(&world, w, spool->bytes + s->at, s->len);
		if (world.out.verdict != LIANDAN__VERDICT__ACCEPTED &&
		    world.out.verdict != LIANDAN__VERDICT__HELD &&
		    world.out.verdict != LIANDAN__VERDICT__REFUSED)
			fprintf(stderr, "sent again: verdict %d: %s\n", (int)world.out.verdict,
				world.out.detail);
		REQUIRE(world.out.verdict == LIANDAN__VERDICT__ACCEPTED ||
			world.out.verdict == LIANDAN__VERDICT__HELD ||
			world.out.verdict == LIANDAN__VERDICT__REFUSED);
		resent++;
		known += world.out.duplicate;
	}
	REQUIRE(ld_region_flush(world.region) == LD_OK);
	/* of tracks one receipt is sent for a commit; those of the others are asked for */
	for (uint32_t i = checked; i < spool->n; i++)
		if (!spool->sent[i].receipt_len)
			world_submit(&world, writers[spool->sent[i].writer],
				     spool->bytes + spool->sent[i].at, spool->sent[i].len);
	for (uint32_t i = checked; i < spool->n; i++)
		REQUIRE(spool->sent[i].receipt_len != 0);
}

static void check_replay(uint64_t size)
{
	struct ld_region *r = world.region;
	struct ld_hash live, replayed;
	struct ld_state *scratch;
	char why[256] = "";

	REQUIRE(ld_state_open_scratch(&scratch) == LD_OK);
	REQUIRE(ld_region_replay(ld_region_core(r), scratch, ld_region_name(r),
				 ld_region_ledger_id(r), 0, size, NULL, NULL, why,
				 sizeof why) == LD_OK);
	REQUIRE(ld_state_digest(scratch, &replayed) == LD_OK);
	REQUIRE(ld_state_digest(ld_region_custody(r)->state, &live) == LD_OK);
	REQUIRE(memcmp(live.b, replayed.b, sizeof live.b) == 0);
	ld_state_close(scratch);
}

static void audit(void)
{
	struct ld_note_key key = {0};
	struct ld_core_reader *reader;
	struct ld_core_audit report;

	REQUIRE(ld_note_vkey_parse(verifier.vkey, &key) == LD_OK);
	REQUIRE(ld_core_reader_open(ld_region_core(world.region), &reader) == LD_OK);
	REQUIRE(ld_core_audit(reader, &key, NULL, NULL, &report) == LD_OK);
	ld_core_reader_close(reader);
	EVP_PKEY_free(key.pkey);
}

static void check(bool everything)
{
	struct ld_core_reader *reader;
	uint64_t size;
	uint32_t from = everything ? 0 : checked;

	open_region();
	size = ld_region_head(world.region)->size;
	if (everything || size < REPLAY_ALWAYS || rounds % 10 == 0)
		check_replay(size); /* as it was opened */
	REQUIRE(ld_core_reader_open(ld_region_core(world.region), &reader) == LD_OK);
	for (uint32_t i = from; i < spool->n; i++)
		if (spool->sent[i].receipt_len)
			check_receipt(&spool->sent[i], reader);
	ld_core_reader_close(reader);
	check_chains();
	send_again();
	checked = spool->n;
	if (everything) {
		check_replay(ld_region_head(world.region)->size);
		audit();
	}
	ld_region_close(world.region);
	world.region = NULL;
}

/* ---- rounds ---- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void crash(void)
{
	/* mostly soon; now and then after state has been committed and the anchor written */
	useconds_t life_us = (useconds_t)(rand() % (rand() % 4 ? 250000 : 1500000));
	unsigned seed = (unsigned)rand();
	int status;
	pid_t pid;

	spool->ready = false;
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0)
		play(seed);
	/* one in eight does not even get to the end of its start */
	while (rand() % 8 && !spool->ready && waitpid(pid, &status, WNOHANG) == 0)
		usleep(500);
	usleep(life_us);
	kill(pid, SIGKILL);
	REQUIRE(waitpid(pid, &status, 0) == pid);
	REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void found(void)
{
	struct signer *all[WRITERS] = {&world.authority, &trade.office, &trade.d1, &trade.pit,
				       &trade.yard,	 &trade.scale,	&trade.t1, &trade.t2};

	world_new(&world);
	trade_found(&trade, &world);
	trade.must = must;
	snprintf(verifier.vkey, sizeof verifier.vkey, "%s", ld_region_vkey(world.region));
	ld_region_close(world.region);
	world.region = NULL;
	memcpy(writers, all, sizeof all);
	spool = mmap(NULL, sizeof *spool + SPOOL_BYTES, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	REQUIRE(spool != MAP_FAILED);
	for (uint32_t w = 0; w < WRITERS; w++)
		begun[w] = *writers[w];
}

int main(int argc, char **argv)
{
	long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : 15;
	unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : (unsigned)time(NULL);
	int64_t until = now_ms() + seconds * 1000;

	printf("seed %u\n", seed);
	fflush(stdout);
	srand(seed);
	found();
	do {
		rounds++;
		crash();
		check(false);
	} while (now_ms() < until && spool->n < MAX_SENT / 2);
	check(true);
	printf("%d times killed; %u envelopes, %u receipts verified, %u sent again, %u of them "
	       "known\n",
	       rounds, spool->n, spool->receipts, resent, known);
	world_free(&world);
	trade_free(&trade);
	return 0;
}
