/* A manifest, created and sealed, for each of the 467 national codes, with the catalogue's hazard
 * letters and with wrong ones: the right ones pass without a word, the wrong ones are recorded as
 * HAZARDS_DIFFER and refused nowhere (CUSTODY-2); 900-000-xx takes any. In process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "proto/waste_code.h"
#include "tests/support/trade.h"

#define CODES 467
#define ALL_LETTERS 31u /* T C I R In */

static struct world world;
static struct trade trade;

static void must(struct trade *t, struct signer *by, Liandan__Event *e)
{
	Liandan__Verdict v = world_send(t->world, by, e);

	if (v != LIANDAN__VERDICT__ACCEPTED)
		fail_msg("verdict %d reason %d: %s", (int)v, (int)t->world->out.reason,
			 t->world->out.detail);
	memcpy(t->hash, t->world->last_hash, sizeof t->hash);
}

static int setup(void **state)
{
	(void)state;
	world_new(&world);
	trade_found(&trade, &world);
	trade.must = must;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	trade_free(&trade);
	world_free(&world);
	return 0;
}

/* Violations in the last receipt: of this reason, and all. */
static size_t violations(Liandan__Reason reason, size_t *all)
{
	Liandan__Receipt *r = liandan__receipt__unpack(NULL, world.receipt_len, world.receipt);
	size_t n = 0;

	assert_non_null(r);
	*all = r->n_violations;
	for (size_t i = 0; i < r->n_violations; i++)
		if (r->violations[i]->reason == reason)
			n++;
	liandan__receipt__free_unpacked(r, NULL);
	return n;
}

/* Creates and seals one bulk line, estimated, so that no stock is asked for; was it flagged? */
static bool flagged(const char *code, uint32_t letters)
{
	Liandan__ManifestCreated *b;
	Liandan__ManifestSealed *s;
	Liandan__Event *created, *sealed;
	size_t all, n;

	trade_begin(&trade);
	created = trade_created(&trade);
	b = created->manifest_created;
	b->n_lines = 1;
	b->lines[0]->code = (char *)(uintptr_t)code;
	b->lines[0]->hazards = letters;
	b->lines[0]->quantity->basis = LIANDAN__BASIS__BASIS_ESTIMATED;
	must(&trade, &trade.office, created);
	assert_int_equal(violations(LIANDAN__REASON__HAZARDS_DIFFER, &all), 0);
	sealed = trade_sealed(&trade);
	s = sealed->manifest_sealed;
	s->n_items = 1;
	s->items[0]->container = (char *)(uintptr_t) "";
	trade_content(&trade, s);
	must(&trade, &trade.office, sealed);
	n = violations(LIANDAN__REASON__HAZARDS_DIFFER, &all);
	assert_int_equal(n, all); /* nothing else is wrong with it */
	assert_in_range(n, 0, 1);
	return n == 1;
}

/* One letter that the catalogue does not give the code; where it gives all, none. */
static uint32_t wrong_letters(const struct ld_waste_code *w)
{
	for (uint32_t bit = 1; bit <= ALL_LETTERS; bit <<= 1)
		if ((w->hazards & bit) == 0)
			return w->hazards | bit;
	return 0;
}

static const struct ld_waste_code *code_at(size_t i)
{
	const struct ld_waste_code *w =
	    ld_waste_code_at(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS, i);

	assert_non_null(w);
	return w;
}

static void right_letters_pass(void **state)
{
	(void)state;
	assert_int_equal(ld_waste_code_count(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS),
			 CODES);
	for (size_t i = 0; i < CODES; i++)
		if (flagged(code_at(i)->code, code_at(i)->hazards))
			fail_msg("%s is flagged with its own letters %u", code_at(i)->code,
				 code_at(i)->hazards);
}

static void wrong_letters_are_flagged(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODES; i++)
		if (!flagged(code_at(i)->code, wrong_letters(code_at(i))))
			fail_msg("%s is not flagged with letters %u", code_at(i)->code,
				 wrong_letters(code_at(i)));
}

/* Joined by "or", a part is right; joined by "and", a part is wrong; no letters never are right. */
static void parts_of_the_letters(void **state)
{
	size_t any = 0, both = 0;

	(void)state;
	for (size_t i = 0; i < CODES && (any < 5 || both < 5); i++) {
		const struct ld_waste_code *w = code_at(i);
		uint32_t first = w->hazards & (~w->hazards + 1u);

		if (first == w->hazards)
			continue;
		if ((w->any_of ? any++ : both++) >= 5)
			continue;
		assert_int_equal(flagged(w->code, first), !w->any_of);
		assert_true(flagged(w->code, 0));
	}
	assert_true(any >= 5 && both >= 5);
}

/* Waste found hazardous by test: any letters. */
static void found_by_test_is_free(void **state)
{
	static const char *const codes[] = {"900-000-08", "900-000-17", "900-000-49"};

	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		for (uint32_t letters = 1; letters <= ALL_LETTERS; letters++)
			assert_false(flagged(codes[i], letters));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(right_letters_pass),
	    cmocka_unit_test(wrong_letters_are_flagged),
	    cmocka_unit_test(parts_of_the_letters),
	    cmocka_unit_test(found_by_test_is_free),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
