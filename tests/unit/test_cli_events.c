/* Event files, labels, and the hashes that a clerk leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deploy/cli/content.h"
#include "deploy/cli/events.h"
#include "plugin/custody/manifest.h"
#include "proto/base64.h"
#include "tests/unit/cli_fixture.h"

struct rig {
	char dir[64], path[80], why[512];
	struct ld_arena arena;
	struct ld_labels labels;
	cJSON *array;
};

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/liandan-events-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/e.json", r->dir);
	assert_int_equal(ld_arena_init(&r->arena, LD_MAX_ARENA_BYTES), 0);
	r->array = cJSON_CreateArray();
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;
	cJSON_Delete(r->array);
	ld_labels_free(&r->labels);
	ld_arena_free(&r->arena);
	cli_remove(r->dir);
	free(r);
	return 0;
}

static enum ld_err read_text(struct rig *r, const char *text)
{
	FILE *f = fopen(r->path, "w");
	fputs(text, f);
	fclose(f);
	return ld_events_read(r->path, r->array, r->why, sizeof(r->why));
}

#define CANCEL(n)                                                                                  \
	"{\"manifest_cancelled\":{\"manifest\":\"hex:" n "\",\"reason\":\"CANCEL_REASON_"          \
	"MISTAKE\"}}"
#define M1 "018f3b6c0a7d7c3e9a5b2f4e6d8c1a0b"

static void one_object_an_array_or_lines(void **state)
{
	struct rig *r = *state;
	assert_int_equal(read_text(r, CANCEL(M1)), LD_OK);
	assert_int_equal(cJSON_GetArraySize(r->array), 1);
	assert_int_equal(read_text(r, " [" CANCEL(M1) ",\n" CANCEL(M1) "] \n"), LD_OK);
	assert_int_equal(cJSON_GetArraySize(r->array), 3);
	assert_int_equal(read_text(r, CANCEL(M1) "\r\n\n" CANCEL(M1) "\n"), LD_OK);
	assert_int_equal(cJSON_GetArraySize(r->array), 5);
	const char *where = ld_event_where(cJSON_GetArrayItem(r->array, 4));
	assert_string_equal(where + strlen(where) - 2, ":3");
	assert_int_equal(read_text(r, ""), LD_OK);
	assert_int_equal(cJSON_GetArraySize(r->array), 5);
}

static void what_is_no_event_is_named(void **state)
{
	struct rig *r = *state;
	static const char *const wrong[] = {"1", "[[]]", "{", CANCEL(M1) "\nnot json\n", "[1,2]"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(read_text(r, wrong[i]), LD_ERR_MALFORMED);
		assert_non_null(strstr(r->why, "e.json"));
	}
	assert_non_null(strstr(r->why, "object"));
}

static enum ld_err convert(struct rig *r, const char *text, Liandan__Event **e)
{
	const char *label, *key_file;
	cJSON *o = cJSON_Parse(text);
	assert_non_null(o);
	enum ld_err err =
	    ld_event_of(o, &r->labels, &r->arena, e, &label, &key_file, r->why, sizeof(r->why));
	cJSON_Delete(o);
	return err;
}

static void labels_stand_for_event_hashes(void **state)
{
	struct rig *r = *state;
	uint8_t hash[LD_HASH_BYTES];
	Liandan__Event *e;
	memset(hash, 0x11, sizeof(hash));
	assert_int_equal(ld_labels_add(&r->labels, "offer", hash), LD_OK);
	memset(hash, 0x22, sizeof(hash));
	assert_int_equal(ld_labels_add(&r->labels, "offer", hash), LD_OK); /* the latest counts */
	assert_int_equal(
	    convert(r,
		    "{\"after\":[\"$offer\"],\"note\":\"$5 paid\",\"handover_taken\":{\"offer\":"
		    "\"$offer\",\"plate\":\"A\"}}",
		    &e),
	    LD_OK);
	assert_int_equal(e->n_after, 1);
	assert_memory_equal(e->after[0].data, hash, sizeof(hash));
	assert_memory_equal(e->handover_taken->offer.data, hash, sizeof(hash));
	assert_string_equal(e->note, "$5 paid");
	assert_int_not_equal(convert(r, "{\"after\":[\"$other\"],\"handover_taken\":{}}", &e),
			     LD_OK);
}

static void a_typo_does_not_vanish(void **state)
{
	struct rig *r = *state;
	Liandan__Event *e;
	assert_int_equal(convert(r, "{\"manifest_canceled\":{}}", &e), LD_ERR_MALFORMED);
	assert_non_null(strstr(r->why, "manifest_canceled"));
	assert_int_equal(convert(r, "{\"note\":\"x\"}", &e), LD_ERR_MALFORMED);
	assert_non_null(strstr(r->why, "no body"));
}

/* The whole run is read before anything is signed: labels may refer back, not forward. */
static void all_are_checked_first(void **state)
{
	struct rig *r = *state;
	assert_int_equal(read_text(r, "{\"label\":\"a\",\"manifest_cancelled\":{}}\n"
				      "{\"after\":[\"$a\"],\"manifest_cancelled\":{}}\n"),
			 LD_OK);
	assert_int_equal(ld_events_check(r->array, &r->arena, r->why, sizeof(r->why)), LD_OK);
	assert_int_equal(read_text(r, "{\"after\":[\"$later\"],\"manifest_cancelled\":{}}"), LD_OK);
	assert_int_equal(ld_events_check(r->array, &r->arena, r->why, sizeof(r->why)),
			 LD_ERR_MALFORMED);
}

/* ---- content ---- */

static Custody__Manifest *nobody(void *ctx, const uint8_t id[LD_UUID_BYTES], struct ld_arena *arena)
{
	(void)id, (void)arena;
	++*(int *)ctx;
	return NULL;
}

static void content_follows_what_was_created_and_sealed(void **state)
{
	struct rig *r = *state;
	struct ld_contents known = {0};
	Liandan__Event *created, *sealed, *offered, *taken;
	uint8_t hash[LD_HASH_BYTES], expected[LD_HASH_BYTES];
	int asked = 0;
	assert_int_equal(convert(r,
				 "{\"manifest_created\":{\"manifest\":\"hex:" M1
				 "\",\"generator\":\"g\",\"site\":\"s\"}}",
				 &created),
			 LD_OK);
	assert_int_equal(convert(r,
				 "{\"manifest_sealed\":{\"manifest\":\"hex:" M1
				 "\",\"items\":[{\"container\":\"C1\",\"mass_g\":\"5\"}]}}",
				 &sealed),
			 LD_OK);
	assert_int_equal(
	    convert(r, "{\"handover_offered\":{\"manifest\":\"hex:" M1 "\",\"leg\":1}}", &offered),
	    LD_OK);
	assert_int_equal(convert(r, "{\"handover_taken\":{\"manifest\":\"hex:" M1 "\"}}", &taken),
			 LD_OK);
	/* nothing is known yet */
	assert_int_equal(ld_content_fill(&known, sealed, false, &r->arena, nobody, &asked, r->why,
					 sizeof(r->why)),
			 LD_ERR_NOT_FOUND);
	assert_int_equal(asked, 1);
	memset(hash, 1, sizeof(hash));
	assert_int_equal(ld_content_note(&known, created, hash), LD_OK);
	assert_int_equal(ld_content_fill(&known, sealed, false, &r->arena, nobody, &asked, r->why,
					 sizeof(r->why)),
			 LD_OK);
	assert_int_equal(ld_manifest_content(&r->arena, created->manifest_created,
					     sealed->manifest_sealed->items,
					     sealed->manifest_sealed->n_items, expected),
			 LD_OK);
	assert_memory_equal(sealed->manifest_sealed->content.data, expected, sizeof(expected));
	assert_int_equal(sealed->manifest_sealed->version, 1);
	assert_int_equal(ld_content_note(&known, sealed, hash), LD_OK);
	assert_int_equal(ld_content_fill(&known, offered, false, &r->arena, nobody, &asked, r->why,
					 sizeof(r->why)),
			 LD_OK);
	assert_memory_equal(offered->handover_offered->content.data, expected, sizeof(expected));
	/* without an offer only a cosigned hand-over will do */
	assert_int_equal(ld_content_fill(&known, taken, false, &r->arena, nobody, &asked, r->why,
					 sizeof(r->why)),
			 LD_ERR_NOT_FOUND);
	assert_int_equal(
	    ld_content_fill(&known, taken, true, &r->arena, nobody, &asked, r->why, sizeof(r->why)),
	    LD_OK);
	assert_int_equal(taken->handover_taken->offer.len, 0);
	memset(hash, 3, sizeof(hash));
	assert_int_equal(ld_content_note(&known, offered, hash), LD_OK);
	assert_int_equal(ld_content_fill(&known, taken, false, &r->arena, nobody, &asked, r->why,
					 sizeof(r->why)),
			 LD_OK);
	assert_memory_equal(taken->handover_taken->offer.data, hash, sizeof(hash));
	ld_contents_free(&known);
}

static Custody__Manifest *amended(void *ctx, const uint8_t id[LD_UUID_BYTES],
				  struct ld_arena *arena)
{
	static uint8_t content[LD_HASH_BYTES] = {9};
	Custody__Manifest *m = ld_arena_alloc(arena, sizeof *m);

	(void)id;
	++*(int *)ctx;
	assert_non_null(m);
	custody__manifest__init(m);
	m->content.data = content;
	m->content.len = sizeof content;
	return m;
}

/* What this run has sealed is not what stands after an amendment: the ledger knows. CUSTODY-20 */
static void content_after_an_amendment_is_the_ledgers(void **state)
{
	static const char *const amendments[] = {
	    "{\"amendment_proposed\":{\"manifest\":\"hex:" M1 "\"}}",
	    "{\"amendment_agreed\":{\"manifest\":\"hex:" M1 "\"}}"};
	struct rig *r = *state;

	for (size_t i = 0; i < 2; i++) {
		struct ld_contents known = {0};
		Liandan__Event *created, *sealed, *amendment, *offered;
		uint8_t hash[LD_HASH_BYTES] = {1};
		int asked = 0;

		assert_int_equal(convert(r,
					 "{\"manifest_created\":{\"manifest\":\"hex:" M1
					 "\",\"generator\":\"g\",\"site\":\"s\"}}",
					 &created),
				 LD_OK);
		assert_int_equal(
		    convert(r, "{\"manifest_sealed\":{\"manifest\":\"hex:" M1 "\"}}", &sealed),
		    LD_OK);
		assert_int_equal(convert(r, amendments[i], &amendment), LD_OK);
		assert_int_equal(
		    convert(r, "{\"handover_offered\":{\"manifest\":\"hex:" M1 "\",\"leg\":1}}",
			    &offered),
		    LD_OK);
		assert_int_equal(ld_content_note(&known, created, hash), LD_OK);
		assert_int_equal(ld_content_fill(&known, sealed, false, &r->arena, amended, &asked,
						 r->why, sizeof(r->why)),
				 LD_OK);
		assert_int_equal(ld_content_note(&known, sealed, hash), LD_OK);
		assert_int_equal(asked, 0);
		assert_int_equal(ld_content_note(&known, amendment, hash), LD_OK);
		assert_int_equal(ld_content_fill(&known, offered, false, &r->arena, amended, &asked,
						 r->why, sizeof(r->why)),
				 LD_OK);
		assert_int_equal(asked, 1);
		assert_int_equal(offered->handover_offered->content.data[0], 9);
		ld_contents_free(&known);
	}
}

static void what_was_given_is_left_alone(void **state)
{
	struct rig *r = *state;
	struct ld_contents known = {0};
	Liandan__Event *taken;
	int asked = 0;
	uint8_t zeros[LD_HASH_BYTES] = {0};
	assert_int_equal(convert(r,
				 "{\"handover_taken\":{\"manifest\":\"hex:" M1
				 "\",\"content\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
				 "\"offer\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}}",
				 &taken),
			 LD_OK);
	assert_int_equal(ld_content_fill(&known, taken, false, &r->arena, nobody, &asked, r->why,
					 sizeof(r->why)),
			 LD_OK);
	assert_int_equal(asked, 0);
	assert_memory_equal(taken->handover_taken->content.data, zeros, sizeof(zeros));
	ld_contents_free(&known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_object_an_array_or_lines, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_no_event_is_named, setup, teardown),
	    cmocka_unit_test_setup_teardown(labels_stand_for_event_hashes, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_typo_does_not_vanish, setup, teardown),
	    cmocka_unit_test_setup_teardown(all_are_checked_first, setup, teardown),
	    cmocka_unit_test_setup_teardown(content_follows_what_was_created_and_sealed, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(content_after_an_amendment_is_the_ledgers, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(what_was_given_is_left_alone, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
