/* A ledger of an honest trade for tests that run the built command on it: w, t, what must be
 * accepted, moments between entries, and reading rows of an answer. One of each a test program. */
#ifndef LD_TESTS_LEDGER_TRADE_H
#define LD_TESTS_LEDGER_TRADE_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/binary.h"
#include "tests/support/trade.h"

static struct world w;
static struct trade t;

static inline void must(struct trade *trade, struct signer *by, Liandan__Event *e)
{
	Liandan__Verdict v = world_send(&w, by, e);

	if (v != LIANDAN__VERDICT__ACCEPTED)
		fail_msg("verdict %d reason %d: %s", (int)v, (int)w.out.reason, w.out.detail);
	memcpy(trade->hash, w.last_hash, LD_HASH_BYTES);
	/* registry events are committed in groups, and the command is another process */
	assert_int_equal(ld_region_flush(w.region), LD_OK);
}

static inline int ledger_setup(void **state)
{
	(void)state;
	world_new(&w);
	trade_found(&t, &w);
	t.must = must;
	trade_begin(&t);
	assert_int_equal(ld_region_flush(w.region), LD_OK);
	return 0;
}

static inline int ledger_teardown(void **state)
{
	(void)state;
	trade_free(&t);
	world_free(&w);
	return 0;
}
#define ON_A_LEDGER(f) cmocka_unit_test_setup_teardown(f, ledger_setup, ledger_teardown)

/* Entries so far, as text. */
static inline const char *size_text(char out[24])
{
	snprintf(out, 24, "%" PRIu64, ld_region_head(w.region)->size);
	return out;
}

/* A moment that lies after all entries so far and before all to come, in ms. */
static inline const char *moment(char out[24])
{
	const struct timespec pause = {.tv_nsec = 3 * 1000 * 1000};

	nanosleep(&pause, NULL);
	snprintf(out, 24, "%" PRId64, ld_region_now(w.region));
	nanosleep(&pause, NULL);
	return out;
}

/* Bulk of the manifest at hand, or a container, goes into a treatment of the receiver's; what is
 * neither residue (a container) nor said to be lost is a difference. The batch: t.batch. */
static inline void treat(const char *container, int64_t in_g, const char *residue, int64_t out_g,
			 int64_t loss_g)
{
	Liandan__WasteTreated *b =
	    TRADE_NEW(&t, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in =
	    TRADE_NEW(&t, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	Liandan__TreatmentOutput *out =
	    TRADE_NEW(&t, Liandan__TreatmentOutput, LIANDAN__TREATMENT_OUTPUT__INIT);

	if (container != NULL)
		in->container = (char *)(uintptr_t)container;
	else
		in->manifest = trade_bytes(t.id, sizeof t.id);
	in->mass_g = in_g;
	b->inputs = trade_dup(&t, &in, sizeof in);
	b->n_inputs = 1;
	if (residue != NULL) {
		out->kind = LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE;
		out->code = (char *)(uintptr_t) "772-003-18";
		out->container = (char *)(uintptr_t)residue;
		out->mass_g = out_g;
		b->outputs = trade_dup(&t, &out, sizeof out);
		b->n_outputs = 1;
	}
	b->batch = t.batch = trade_name(&t, "T");
	b->mode = (char *)(uintptr_t) "R9";
	b->site = (char *)(uintptr_t) "pit-gate";
	b->loss_g = loss_g;
	must(&t, &t.pit, trade_event(&t, LIANDAN__EVENT__BODY_WASTE_TREATED, b));
}

/* ---- reading answers ---- */

static inline const char *word(const cJSON *row, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, name));

	return s != NULL ? s : "";
}

static inline int64_t number(const cJSON *row, const char *name)
{
	char *end;
	const char *s = word(row, name);
	int64_t g = strtoll(s, &end, 10);

	if (*s == '\0' || *end != '\0')
		fail_msg("%s is \"%s\"", name, s);
	return g;
}

static inline int count(const cJSON *o, const char *list)
{
	return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(o, list));
}

static inline const cJSON *row_of(const cJSON *o, const char *list, const char *name,
				  const char *value)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(
				    o, list)) if (strcmp(word(row, name), value) == 0) return row;
	fail_msg("no %s of %s in %s", name, value, list);
	return NULL;
}

#endif
