/* DAY files of `liandan play`. Input: the text. */
#include "deploy/cli/day.h"
#include "tests/fuzz/fuzz.h"

static void ref(const struct ld_day_ref *r, size_t n)
{
	FZ_REQUIRE(r->at >= -1 && (r->at < 0 || (size_t)r->at < n));
	FZ_REQUIRE(memchr(r->id, '\0', sizeof r->id) != NULL);
}

static void check(const struct ld_day *d)
{
	FZ_REQUIRE(d->n_parties <= LD_DAY_MAX_PARTIES && d->n_sites <= LD_DAY_MAX_SITES);
	FZ_REQUIRE(d->n_trucks <= LD_DAY_MAX_TRUCKS && d->n_drivers <= LD_DAY_MAX_DRIVERS);
	FZ_REQUIRE(d->n_wastes <= LD_DAY_MAX_WASTES && d->n_trips <= LD_DAY_MAX_TRIPS);
	FZ_REQUIRE(d->n_acts <= LD_DAY_MAX_ACTS && d->n_scales <= LD_DAY_MAX_SCALES);
	for (size_t i = 0; i < d->n_sites; i++) {
		ref(&d->sites[i].party, d->n_parties);
		FZ_REQUIRE(d->sites[i].n_ring <= LD_MAX_RING_POINTS);
	}
	for (size_t i = 0; i < d->n_trucks; i++) {
		ref(&d->trucks[i].carrier, d->n_parties);
		ref(&d->trucks[i].home, d->n_sites);
	}
	for (size_t i = 0; i < d->n_trips; i++) {
		const struct ld_day_trip *t = &d->trips[i];

		ref(&t->generator, d->n_parties);
		ref(&t->receiver, d->n_parties);
		ref(&t->site, d->n_sites);
		ref(&t->to, d->n_sites);
		ref(&t->truck, d->n_trucks);
		ref(&t->driver, d->n_drivers);
		ref(&t->waste, d->n_wastes);
		FZ_REQUIRE(i == 0 || t->at_s >= d->trips[i - 1].at_s);
		FZ_REQUIRE(t->containers <= LD_DAY_MAX_CONTAINERS);
	}
	for (size_t i = 0; i < d->n_acts; i++) {
		const struct ld_day_act *a = &d->acts[i];

		ref(&a->trip, d->n_trips);
		ref(&a->other, d->n_trips);
		ref(&a->truck, d->n_trucks);
		ref(&a->party, d->n_parties);
		ref(&a->driver, d->n_drivers);
		ref(&a->scale, d->n_scales);
		ref(&a->site, d->n_sites);
		FZ_REQUIRE(ld_day_word_name(a->word)[0] != '\0');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ld_day_fault fault = {0};
	struct ld_day *day = NULL;
	uint8_t *exact = fz_copy(data, size);
	enum ld_err err = ld_day_parse((const char *)exact, size, &day, &fault);

	if (err == LD_OK) {
		check(day);
		ld_day_free(day);
	} else {
		FZ_REQUIRE(err == LD_ERR_MALFORMED || err == LD_ERR_LIMIT || err == LD_ERR_NOMEM);
		FZ_REQUIRE(day == NULL && fault.what[0] != '\0');
		FZ_REQUIRE(memchr(fault.what, '\0', sizeof fault.what) != NULL);
	}
	free(exact);
	return 0;
}
