/* Writes valid inputs for every target: fuzz_seeds DIR DAYS. What a fuzzer would need years to find
 * by itself: whole consignments, signed envelopes, a good token, a proof. Everything is the same
 * in every run but the signatures. */
#include <glob.h>
#include <sys/stat.h>

#include "plugin/custody/table.h"
#include "proto/envelope.h"
#include "proto/gate.h"
#include "proto/json.h"
#include "store/note.h"
#include "tests/fuzz/story.h"
#include "tests/unit/random_message.h"

static const char *dir;

static void write_seed(const char *target, const char *name, const void *head, size_t head_len,
		       const void *bytes, size_t len)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, target);
	mkdir(path, 0777);
	snprintf(path, sizeof path, "%s/%s/%s", dir, target, name);
	f = fopen(path, "wb");
	FZ_REQUIRE(f != NULL);
	FZ_REQUIRE(head_len == 0 || fwrite(head, 1, head_len, f) == head_len);
	FZ_REQUIRE(len == 0 || fwrite(bytes, 1, len, f) == len);
	FZ_REQUIRE(fclose(f) == 0);
}

static void write_numbered(const char *target, size_t i, uint8_t first, const void *bytes,
			   size_t len)
{
	char name[32];

	snprintf(name, sizeof name, "seed-%03zu", i);
	write_seed(target, name, &first, 1, bytes, len);
}

static void random_messages(void)
{
	/* the order of fuzz_gate.c */
	static const ProtobufCMessageDescriptor *const types[] = {
	    &liandan__event__descriptor,     &liandan__envelope__descriptor,
	    &liandan__entry__descriptor,     &liandan__token__descriptor,
	    &liandan__own_event__descriptor, &liandan__receipt__descriptor,
	};
	static struct wire w;

	for (size_t i = 0; i < 120; i++) {
		struct rnd r = {.state = i, .max_list = 1 + (unsigned)(i % 5)};

		w.len = 0;
		rnd_message(&r, &w, ld_gate_find(types[i % 6]));
		if (w.len < 8192 && ld_gate_check(types[i % 6], w.bytes, w.len, NULL) == LD_OK)
			write_numbered("gate", i, (uint8_t)(i % 6), w.bytes, w.len);
	}
}

/* Bodies that some story has had accepted. */
static bool told[512];

/* A story as entries, as events, as envelopes, as JSON. */
static void events_of(struct fz_story *s, size_t which, struct ld_key *const keys[3],
		      struct ld_arena *arena)
{
	static uint8_t judge[1 << 20];
	size_t n_judge = 0;

	for (size_t i = 0; i < s->n; i++) {
		const size_t number = 100 * which + i;
		const struct fz_entry *e = &s->event[i];
		Liandan__Event *event;
		uint8_t *sealed;
		char *text, name[32];
		size_t len;
		cJSON *json;

		ld_arena_reset(arena);
		event = liandan__event__unpack(&arena->pb, e->len, e->bytes);
		FZ_REQUIRE(event != NULL);
		told[event->body_case] = true;
		json = ld_json_of(&event->base);
		text = cJSON_PrintUnformatted(json);
		FZ_REQUIRE(text != NULL);
		judge[n_judge++] = 200;
		judge[n_judge++] = (uint8_t)e->len;
		judge[n_judge++] = (uint8_t)(e->len >> 8);
		memcpy(judge + n_judge, e->bytes, e->len);
		n_judge += e->len;
		write_numbered("gate", 1000 + number, 0, e->bytes, e->len);
		write_numbered("json", number, 0, text, strlen(text));
		write_numbered("query", 1000 + number, 1, text, strlen(text));
		event->n_cosigners = 0;
		FZ_REQUIRE(ld_seal(event, &keys[i % 3], 1, &sealed, &len, NULL, NULL) == LD_OK);
		write_numbered("gate", 2000 + number, 1, sealed, len);
		snprintf(name, sizeof name, "seed-%03zu", number);
		write_seed("envelope", name, NULL, 0, sealed, len);
		free(sealed);
		cJSON_free(text);
		cJSON_Delete(json);
	}
	write_seed("judge", s->name, NULL, 0, judge, n_judge);
}

static void entries_of(struct fz_story *s, size_t which)
{
	static uint8_t apply[1 << 20];
	size_t n = 0;

	for (size_t i = 0; i < s->play.n; i++) {
		const struct fz_entry *e = &s->play.entry[i];

		FZ_REQUIRE(n + e->len + 2 < sizeof apply);
		apply[n++] = (uint8_t)e->len;
		apply[n++] = (uint8_t)(e->len >> 8);
		memcpy(apply + n, e->bytes, e->len);
		n += e->len;
		write_numbered("gate", 3000 + 200 * which + i, 2, e->bytes, e->len);
	}
	write_seed("apply", s->name, NULL, 0, apply, n);
}

/* What has a row in the table has a story, and every event of a story is accepted. */
static void every_body(size_t refused)
{
	const ProtobufCMessageDescriptor *type = &liandan__event__descriptor;

	FZ_REQUIRE(refused == 0);
	for (unsigned i = 0; i < type->n_fields; i++) {
		const unsigned body = type->fields[i].id;

		if (body < 100 || body >= sizeof told || told[body] ||
		    ld_row_of((Liandan__Event__BodyCase)body) == NULL)
			continue;
		fprintf(stderr, "no story has %s\n", type->fields[i].name);
		exit(1);
	}
}

static void stories(void)
{
	static const Liandan__Algorithm algorithms[3] = {LIANDAN__ALGORITHM__ALGORITHM_P256,
							 LIANDAN__ALGORITHM__ALGORITHM_ED25519,
							 LIANDAN__ALGORITHM__ALGORITHM_SM2};
	static struct fz_story s;
	struct ld_key *keys[3];
	struct ld_arena arena;
	size_t refused = 0;

	FZ_REQUIRE(ld_arena_init(&arena, LD_MAX_ARENA_BYTES) == 0);
	for (size_t i = 0; i < 3; i++)
		FZ_REQUIRE(ld_key_generate(algorithms[i], &keys[i]) == LD_OK);
	for (size_t which = 0; which < FZ_STORIES; which++) {
		fz_story_play(&s, which);
		refused += s.refused;
		events_of(&s, which, keys, &arena);
		entries_of(&s, which);
	}
	every_body(refused);
	for (size_t i = 0; i < 3; i++)
		ld_key_free(keys[i]);
	ld_arena_free(&arena);
}

static void choices(void)
{
	for (size_t i = 0; i < 64; i++) {
		uint64_t x = i * 77777 + 1;
		uint8_t bytes[1024];

		for (size_t k = 0; k < sizeof bytes; k++) {
			x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			bytes[k] = (uint8_t)(x >> 56);
		}
		write_numbered("judge", i, (uint8_t)i, bytes, 64 + 15 * i);
	}
}

static void notes(void)
{
	struct ld_checkpoint cp = {.origin = "liandan/testing/one", .size = 1};
	struct ld_note_key key;
	char note[LD_NOTE_MAX_BYTES], text[LD_TLOG_PROOF_MAX_BYTES];
	struct ld_key *k = fz_token_key();
	struct ld_hash path[3] = {{{1}}, {{2}}, {{3}}};
	size_t n, len;

	FZ_REQUIRE(ld_note_key_init(&key, cp.origin, ld_key_pkey(k)) == LD_OK);
	for (size_t i = 0; i < 4; i++) {
		cp.size = i * i * 1000 + 1;
		FZ_REQUIRE(ld_checkpoint_sign(&cp, &key, note, sizeof note, &n) == LD_OK);
		write_numbered("note", i, 0, note, n);
		write_numbered("note", 10 + i, 2, note, n);
		FZ_REQUIRE(ld_tlog_proof_write(i, path, i, note, n, text, sizeof text, &len) ==
			   LD_OK);
		write_numbered("note", 20 + i, 2, text, len);
		/* the head alone, behind root and size */
		memset(note, 0, 33);
		note[32] = 1;
		memcpy(note + 33, text, len - n);
		write_numbered("note", 30 + i, 3, note, 33 + len - n);
	}
	FZ_REQUIRE(ld_note_vkey(&key, text, sizeof text) == LD_OK);
	write_numbered("note", 50, 1, text, strlen(text));
	ld_key_free(k);
}

static void texts(void)
{
#define ROOT "waste/v1/r1/"
	static const char *const topics[] = {
	    ROOT "o/gen/d",	     ROOT "r/gen/d",
	    ROOT "q/gen/d/1",	     ROOT "manifest/0101010101010101",
	    ROOT "vehicle/A1",	     ROOT "anomaly/3/OVERDUE/A1",
	    ROOT "open/1",	     ROOT "rating/gen",
	    ROOT "checkpoint",	     ROOT "#",
	    ROOT "+/gen/#",	     "$share/eeb-1/" ROOT "o/+/+",
	    "$SYS/broker/liandan/x", ROOT "i/gen/d",
	    ROOT "query/may",	     ROOT "refused/WRONG_ROLE/gen/d",
	    "$SYS/broker/liandan/#", ROOT "vehicle/沪A12345",
	};
	static const char *const options[] = {
	    "ledger_dir /var/lib/liandan\nregion r1\ncommit_interval_ms 50\ntoken_auth true",
	    "ledger_dir /a\nanchor /b\nledger_key /c\nbridge_clients a/b,c/d",
	    "ledger_dir /a\nmetrics_file /d\naccept_clock false",
	    "ledger_dir /a\ngroup_max 500\ncustody_per_s 20\nclock_rate 60\nledger_map_mib 1024",
	};
	static const char *const queries[] = {
	    "{}",
	    "{\"key_id\":\"00112233445566778899aabbccddeeff\"}",
	    "{\"manifest\":\"00112233445566778899aabbccddeeff\"}",
	    "{\"manifest\":\"00112233445566778899aabbccddeeff\",\"from\":0,\"max\":10}",
	    "{\"index\":1}",
	};

	for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
		for (uint8_t k = 0; k < 6; k++)
			write_numbered("topic", i * 6 + k, k, topics[i], strlen(topics[i]));
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		write_numbered("config", i, (uint8_t)options[i][0], options[i] + 1,
			       strlen(options[i]) - 1);
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		char body[256];

		body[0] = (char)i; /* the verb's number is the query's */
		snprintf(body + 1, sizeof body - 1, "%s", queries[i]);
		write_numbered("query", i, (uint8_t)(i % 3), body, 1 + strlen(queries[i]));
	}
}

static void tokens(void)
{
	struct ld_key *key = fz_token_key();
	char *text = fz_token_text(key);

	write_seed("token", "good", NULL, 0, text, strlen(text));
	free(text);
	ld_key_free(key);
}

static void one_day(const char *path)
{
	static char text[1 << 20];
	const char *name = strrchr(path, '/');
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return;
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	write_seed("day", name != NULL ? name + 1 : path, NULL, 0, text, n);
}

static void days(const char *from)
{
	char path[4096];
	glob_t stories;

	snprintf(path, sizeof path, "%s/demo.day", from);
	one_day(path);
	snprintf(path, sizeof path, "%s/stories/*.day", from);
	if (glob(path, 0, NULL, &stories) != 0)
		return;
	for (size_t i = 0; i < stories.gl_pathc; i++)
		one_day(stories.gl_pathv[i]);
	globfree(&stories);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: fuzz_seeds DIR DAYS\n");
		return 2;
	}
	dir = argv[1];
	mkdir(dir, 0777);
	FZ_REQUIRE(ld_gate_init() == LD_OK);
	random_messages();
	stories();
	choices();
	notes();
	texts();
	tokens();
	days(argv[2]);
	return 0;
}
