/* Blocks of official numbers, and whose number may stand on a manifest. CUSTODY-1; 5C D4. */
#include "plugin/custody/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/registry.h"
#include "plugin/custody/table.h"
#include "plugin/custody/year.h"

#define PER_PREFECTURE UINT64_C(1000000) /* the serial's six digits */
#define MAX_BLOCK 999999

/* ---- blocks ---- */

static bool sane_block(const Liandan__NumbersAllocated *a, struct ld_judgement *j)
{
	const uint64_t smallest = UINT64_C(10000000000000);

	if (a->first < smallest || a->last >= 10 * smallest)
		return ld_refuse(j, LIANDAN__REASON__BAD_NUMBER, "numbers have 14 digits");
	if (a->last < a->first || a->first / PER_PREFECTURE != a->last / PER_PREFECTURE)
		return ld_refuse(j, LIANDAN__REASON__BAD_NUMBER,
				 "no block: %" PRIu64 " to %" PRIu64, a->first, a->last);
	return a->last - a->first < MAX_BLOCK ||
	       ld_refuse(j, LIANDAN__REASON__LIMIT, "a block has at most %d numbers", MAX_BLOCK);
}

bool ld_numbers_allocated_judge(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__NumbersAllocated *a, struct ld_judgement *j)
{
	Custody__NumberBlock *near;
	Custody__Party *party;

	if (!ld_by_authority(f, j) || !ld_party_known(c, a->party, &party, j) || !sane_block(a, j))
		return false;
	if (ld_number_series_last(c, a->series) != 0)
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS,
				 "series %s was allocated before", a->series);
	return ld_number_block_from(c, a->first, &near) != LD_OK ||
	       near->allocated->first > a->last ||
	       ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "it overlaps series %s",
			 near->allocated->series);
}

/* ---- a manifest's number: the draft's, or the one assigned later ---- */

static const char *number_of(const struct ld_case *k)
{
	return k->f->event->body_case == LIANDAN__EVENT__BODY_NUMBER_ASSIGNED
		   ? k->f->event->number_assigned->number
		   : k->f->event->manifest_created->number;
}

static const char *generator_of(const struct ld_case *k)
{
	return k->m != NULL ? k->m->created->generator : k->f->event->manifest_created->generator;
}

static uint32_t division_of(struct ld_custody *c, const char *party)
{
	size_t mark = ld_mark(c);
	Custody__Party *p;
	uint32_t division = ld_party_get(c, party, &p) == LD_OK ? p->registered->division : 0;

	ld_release(c, mark);
	return division;
}

#define BAD(k, value, threshold, ...)                                                              \
	ld_failed((k), LIANDAN__REASON__BAD_NUMBER, number_of(k), (value), (threshold), __VA_ARGS__)

/* CUSTODY-1: well-formed; the generator's prefecture, this year or the one next to it. */
bool ld_check_number_form(struct ld_case *k)
{
	const int64_t now = ld_china_year(k->f->recorded_at_ms);
	const int64_t division = division_of(k->c, generator_of(k));
	int64_t year, prefecture;
	uint64_t n;

	if (number_of(k)[0] == '\0')
		return true;
	if (!ld_number_read(number_of(k), &n))
		return BAD(k, 0, LD_NUMBER_DIGITS, "the number must have %d digits",
			   LD_NUMBER_DIGITS);
	year = (int64_t)(n / (PER_PREFECTURE * 10000));
	prefecture = (int64_t)(n / PER_PREFECTURE % 10000);
	if (year < now - 1 || year > now + 1)
		return BAD(k, year, now, "the number's year is %" PRId64, year);
	return division == 0 || prefecture == division / 100 ||
	       BAD(k, prefecture, division / 100,
		   "the number's prefecture is %04" PRId64 ", the generator's %" PRId64, prefecture,
		   division / 100);
}

bool ld_check_number_unused(struct ld_case *k)
{
	const char *number = number_of(k);
	const uint8_t *value;
	size_t len;

	return number[0] == '\0' ||
	       ld_state_get(k->c->state, LD_T_NUMBER, number, strlen(number), &value, &len) !=
		   LD_OK ||
	       ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS, "number %s is in use", number);
}

bool ld_check_no_number(struct ld_case *k)
{
	return k->m->number[0] == '\0' ||
	       ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS, "its number is %s", k->m->number);
}

bool ld_check_number_block(struct ld_case *k)
{
	const char *generator = generator_of(k);
	/* who fills for small firms has numbers of its own */
	const char *filler =
	    strcmp(ld_acts_for(k->c, k->f), generator) == 0 ? k->f->signer->party : generator;
	Custody__NumberBlock *block;
	uint64_t n;

	if (!ld_number_read(number_of(k), &n))
		return true;
	if (ld_number_block_of(k->c, n, &block) != LD_OK)
		return k->rules->number_blocks == 0 ||
		       BAD(k, 0, 1, "number %s is in no block of %s", number_of(k), generator);
	return strcmp(block->allocated->party, generator) == 0 ||
	       strcmp(block->allocated->party, filler) == 0 ||
	       BAD(k, 0, 1, "number %s is %s's, in series %s", number_of(k),
		   block->allocated->party, block->allocated->series);
}

/* ---- D4 ---- */

struct used_walk {
	const char *last;
	uint64_t n;
};

static int count_used(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		      size_t len)
{
	char text[LD_NUMBER_DIGITS + 1] = "";
	struct used_walk *w = ctx;
	uint64_t n;

	(void)value, (void)len;
	if (memcmp(key, w->last, key_len < LD_NUMBER_DIGITS ? key_len : LD_NUMBER_DIGITS) > 0)
		return 1;
	if (key_len == LD_NUMBER_DIGITS)
		memcpy(text, key, key_len);
	w->n += ld_number_read(text, &n);
	return 0;
}

/* Numbers that were in use before the block was allocated are not missing. */
static uint64_t missing(struct ld_custody *c, const Custody__NumberGap *gap)
{
	char from[24], last[24];
	struct used_walk w = {.last = last};

	snprintf(from, sizeof from, "%014" PRIu64, gap->first);
	snprintf(last, sizeof last, "%014" PRIu64, gap->last);
	ld_state_walk(c->state, LD_T_NUMBER, NULL, 0, from, strlen(from), count_used, &w, NULL);
	return gap->last - gap->first + 1 - w.n;
}

void ld_number_follow_missed(struct ld_custody *c, const Liandan__DeadlineMissed *d, uint64_t index,
			     struct ld_own_list *out)
{
	uint64_t from, first = 0, last = 0, n = 0;
	Custody__NumberBlock *block;
	Liandan__AnomalyRaised *a;

	if (!ld_number_read(d->subject, &from) || ld_number_block_of(c, from, &block) != LD_OK)
		return;
	for (size_t i = 0; i < block->n_gaps; i++) {
		const Custody__NumberGap *gap = block->gaps[i];

		if (gap->from != from)
			continue;
		n += missing(c, gap);
		first = first == 0 ? gap->first : first;
		last = gap->last;
	}
	if (n == 0)
		return;
	a = ld_anomaly_new(
	    c, LIANDAN__ANOMALY_KIND__SERIAL_GAP,
	    ld_anomaly_level(LIANDAN__ANOMALY_KIND__SERIAL_GAP, LIANDAN__REASON__REASON_NONE),
	    LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SERIES, d->subject, "");
	if (a == NULL)
		return;
	a->from_ms = d->due_ms;
	ld_anomaly_figure(c, a, "missing", (int64_t)n, 0, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_figure(c, a, "first", (int64_t)first, 0,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_figure(c, a, "last", (int64_t)last, 0, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_evidence(c, a, index);
	ld_anomaly_report(c, out, a);
}
