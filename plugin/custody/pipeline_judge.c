/* A pipeline's day: both meters, both masses, once. CUSTODY-25; Order 23 article 19. */
#include "plugin/custody/pipeline.h"

#include <inttypes.h>
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"
#include "plugin/custody/year.h"
#include "proto/base64.h"

static const Liandan__PipelineDay *day_of(const struct ld_case *k)
{
	return k->f->event->pipeline_day;
}

/* A manifest that has begun to flow is neither cancelled nor handed to a truck. */
bool ld_check_no_flow(struct ld_case *k)
{
	return !ld_pipe_flows(k->m) ||
	       ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER, "it goes by pipeline");
}

bool ld_check_by_pipe(struct ld_case *k)
{
	if (k->m->created->n_carriers != 0)
		return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
				 "it names a carrier: it goes by road");
	for (size_t i = 0; i < k->m->n_items; i++)
		if (k->m->items[i]->container[0] != '\0')
			return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
					 "container %s goes through no pipe",
					 k->m->items[i]->container);
	return true;
}

/* Leaves the receiver's key in k->giver: the other person of two. */
bool ld_check_meters_signed(struct ld_case *k)
{
	const char *party = k->m->created->receiver->party;

	for (size_t i = 0; i < k->f->n_cosigners; i++)
		if ((k->f->cosigners[i]->roles & LIANDAN__ROLE__ROLE_RECEIVER) != 0 &&
		    strcmp(k->f->cosigners[i]->party, party) == 0) {
			k->giver = k->f->cosigners[i];
			return true;
		}
	return ld_refuse(k->j, LIANDAN__REASON__WRONG_ROLE, "%.64s, the receiver, does not cosign",
			 party);
}

bool ld_check_pipe_line(struct ld_case *k)
{
	return ld_manifest_line(k->m, day_of(k)->line) != NULL ||
	       ld_refuse(k->j, LIANDAN__REASON__QUANTITY, "there is no line %" PRIu32,
			 day_of(k)->line);
}

/* A day of the calendar that has begun. */
bool ld_check_pipe_day(struct ld_case *k)
{
	const uint32_t day = day_of(k)->day;

	if (ld_china_day_ms(day) == 0)
		return ld_refuse(k->j, LIANDAN__REASON__QUANTITY, "%" PRIu32 " is no day", day);
	return day <= ld_china_date(k->f->recorded_at_ms) ||
	       ld_refuse(k->j, LIANDAN__REASON__CLOCK_AHEAD, "%" PRIu32 " is not here yet", day);
}

bool ld_check_pipe_day_new(struct ld_case *k)
{
	const Liandan__PipelineDay *b = day_of(k);
	Custody__PipeDay *had;

	return ld_pipe_day_get(k->c, b->manifest, b->line, b->day, &had) != LD_OK ||
	       ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS,
			 "%" PRIu32 " of line %" PRIu32 " is booked", b->day, b->line);
}

/* ---- meters ---- */

static bool meter_of(struct ld_case *k, const char *id, const char *party)
{
	const size_t mark = ld_mark(k->c);
	Custody__Instrument *ins;
	const bool own = ld_instrument_get(k->c, id, &ins) == LD_OK && ins->registered != NULL &&
			 strcmp(ins->registered->party, party) == 0;

	ld_release(k->c, mark);
	return own || ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_INSTRUMENT,
				"%.64s has no meter %.64s", party, id);
}

bool ld_check_meters_known(struct ld_case *k)
{
	const Liandan__PipelineDay *b = day_of(k);

	if (strcmp(b->meter_out, b->meter_in) == 0)
		return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_INSTRUMENT,
				 "one meter cannot be at both ends");
	return meter_of(k, b->meter_out, k->m->created->generator) &&
	       meter_of(k, b->meter_in, k->m->created->receiver->party);
}

static bool meter_in_date(struct ld_case *k, const char *id)
{
	const int64_t at = ld_china_day_ms(day_of(k)->day);
	const size_t mark = ld_mark(k->c);
	Custody__Instrument *ins;
	int64_t to = 0;
	bool good = false;

	if (ld_instrument_get(k->c, id, &ins) == LD_OK && ins->verified != NULL) {
		to = ins->verified->to_ms;
		/* verified on that day it is, at whatever hour */
		good = at + LD_DAY_MS > ins->verified->at_ms && (to == 0 || at < to);
	}
	ld_release(k->c, mark);
	return good || ld_failed(k, LIANDAN__REASON__SCALE_OUT_OF_DATE, id, at, to,
				 "its verification is out of date");
}

bool ld_check_meters_in_date(struct ld_case *k)
{
	return meter_in_date(k, day_of(k)->meter_out) && meter_in_date(k, day_of(k)->meter_in);
}

/* Grams that so many thousandths of the unit stand for: of a volume by what the day says. */
static int64_t grams_of(const Liandan__PipelineDay *b, int64_t readings)
{
	const int64_t through = ld_sub_g(b->out_end, b->out_start);
	__int128 g = readings;

	if (b->unit == LIANDAN__UNIT__UNIT_TONNE)
		g *= 1000;
	else if (b->unit != LIANDAN__UNIT__UNIT_KILOGRAM)
		g = through > 0 ? g * b->mass_out_g / through : 0;
	if (g > LD_MAX_MASS_G)
		return LD_MAX_MASS_G;
	return g < -LD_MAX_MASS_G ? -LD_MAX_MASS_G : (int64_t)g;
}

/* a reading and the one that it must go on from */
static bool goes_on(struct ld_case *k, const char *which, int64_t is, int64_t was)
{
	return is == was || ld_failed(k, LIANDAN__REASON__METERS_DIFFER, which,
				      grams_of(day_of(k), ld_sub_g(is, was)), 0,
				      "the meter stood at %" PRId64 ", not %" PRId64, was, is);
}

/* Of the same two meters. Another one has been put in its place else: nothing can be told. */
static bool same_meters(const Liandan__PipelineDay *a, const Liandan__PipelineDay *b)
{
	return a->unit == b->unit && strcmp(a->meter_out, b->meter_out) == 0 &&
	       strcmp(a->meter_in, b->meter_in) == 0;
}

static bool neighbour(struct ld_case *k, int64_t days, Custody__PipeDay **out)
{
	const Liandan__PipelineDay *b = day_of(k);
	const uint32_t day = ld_china_date(ld_china_day_ms(b->day) + days * LD_DAY_MS);

	return ld_pipe_day_get(k->c, b->manifest, b->line, day, out) == LD_OK &&
	       (*out)->day != NULL && same_meters(b, (*out)->day);
}

/* A mass that the meter itself has counted is what it has counted. */
static bool counts(struct ld_case *k, const char *which, int64_t from, int64_t to, int64_t mass_g)
{
	const Liandan__PipelineDay *b = day_of(k);
	const int64_t through = ld_sub_g(to, from);

	if (through < 0)
		return ld_failed(k, LIANDAN__REASON__METERS_DIFFER, which, grams_of(b, through), 0,
				 "the meter has run backwards");
	if (b->unit != LIANDAN__UNIT__UNIT_TONNE && b->unit != LIANDAN__UNIT__UNIT_KILOGRAM)
		return true;
	return grams_of(b, through) == mass_g ||
	       ld_failed(k, LIANDAN__REASON__METERS_DIFFER, which, mass_g, grams_of(b, through),
			 "the meter has counted another mass");
}

/* Readings make a whole with themselves and with the days beside it. */
bool ld_check_readings(struct ld_case *k)
{
	const Liandan__PipelineDay *b = day_of(k);
	Custody__PipeDay *beside;

	if (!counts(k, "out", b->out_start, b->out_end, b->mass_out_g) ||
	    !counts(k, "in", b->in_start, b->in_end, b->mass_in_g))
		return false;
	if (neighbour(k, -1, &beside) &&
	    !(goes_on(k, "out_start", b->out_start, beside->day->out_end) &&
	      goes_on(k, "in_start", b->in_start, beside->day->in_end)))
		return false;
	return !neighbour(k, 1, &beside) ||
	       (goes_on(k, "out_end", beside->day->out_start, b->out_end) &&
		goes_on(k, "in_end", beside->day->in_start, b->in_end));
}

bool ld_check_meters_agree(struct ld_case *k)
{
	const Liandan__PipelineDay *b = day_of(k);
	const int64_t allowed = b->mass_out_g / 1000 * k->rules->meter_permille;
	const int64_t off = ld_sub_g(b->mass_out_g, b->mass_in_g);

	return (off <= allowed && off >= -allowed) ||
	       ld_failed(k, LIANDAN__REASON__METERS_DIFFER, "mass", off, allowed,
			 "%" PRId64 " g left, %" PRId64 " g came", b->mass_out_g, b->mass_in_g);
}

/* ---- the book and the term ---- */

bool ld_check_pipe_covered(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = k->m->created;
	const char *code = ld_manifest_line(k->m, day_of(k)->line)->code;
	const int64_t out = day_of(k)->mass_out_g;
	const size_t mark = ld_mark(k->c);
	Custody__Stock *s;
	int64_t in = 0;

	if (ld_stock_get(k->c, b->generator, b->site, code, &s) == LD_OK)
		in = s->in_stock_g;
	ld_release(k->c, mark);
	return out <= in ||
	       ld_failed(k, LIANDAN__REASON__STOCK_NEGATIVE, code, ld_sub_g(in, out), 0,
			 "%" PRId64 " g of %s leave, %" PRId64 " g are booked", out, code, in);
}

/* What flowed before the seal was sealed late; what flows after the end should have been sealed
 * anew. */
bool ld_check_pipe_term(struct ld_case *k)
{
	const uint32_t day = day_of(k)->day;
	const uint32_t first = ld_china_date(k->m->sealed_ms);
	const uint32_t last = ld_china_date(ld_pipe_end_ms(k->c, k->m));

	if (day < first)
		return ld_failed(k, LIANDAN__REASON__LATE, "sealed", day, first,
				 "it was sealed on %" PRIu32, first);
	return day <= last || ld_failed(k, LIANDAN__REASON__LATE, "ended", day, last,
					"it ended on %" PRIu32, last);
}

/* ---- the end ---- */

/* Days of a line in order, and what does not follow on. */
struct holes {
	Liandan__PipelineDay *last; /* of the walk, heap */
	int64_t missing_g;
	uint32_t n;
};

static int one_day(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct holes *h = ctx;
	Custody__PipeDay *rec = custody__pipe_day__unpack(NULL, len, value);
	Liandan__PipelineDay *day = rec != NULL ? rec->day : NULL;

	(void)key;
	(void)key_len;
	if (day != NULL && h->last != NULL && same_meters(h->last, day) &&
	    (day->out_start != h->last->out_end || day->in_start != h->last->in_end)) {
		h->n++;
		h->missing_g = ld_add_g(h->missing_g,
					grams_of(day, ld_sub_g(day->out_start, h->last->out_end)));
	}
	if (day != NULL) {
		liandan__pipeline_day__free_unpacked(h->last, NULL);
		h->last = day;
		rec->day = NULL;
	}
	custody__pipe_day__free_unpacked(rec, NULL);
	return 0;
}

/* A day that nobody has booked and on which the meters ran. */
static void report_holes(struct ld_custody *c, const Custody__Manifest *m, uint64_t index,
			 struct ld_own_list *own)
{
	const char *hex = ld_c_hex(c, m->manifest);
	struct holes h = {0};
	Liandan__AnomalyRaised *a;

	for (size_t i = 0; i < m->n_flows; i++) {
		struct ld_tkey k;

		ld_pipe_line_key(&k, m->manifest, m->flows[i]->line);
		(void)ld_state_walk(c->state, LD_T_PIPE_DAY, k.b, k.len, NULL, 0, one_day, &h,
				    NULL);
		liandan__pipeline_day__free_unpacked(h.last, NULL);
		h.last = NULL;
	}
	if (h.n == 0 || hex == NULL)
		return;
	a = ld_anomaly_new(
	    c, LIANDAN__ANOMALY_KIND__RULE_VIOLATED,
	    ld_anomaly_level(LIANDAN__ANOMALY_KIND__RULE_VIOLATED, LIANDAN__REASON__METERS_DIFFER),
	    LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, hex, hex);
	if (a == NULL)
		return;
	a->reason = LIANDAN__REASON__METERS_DIFFER;
	a->rules = ld_rules_of(c, m)->version;
	a->from_ms = m->accepted_ms;
	a->to_ms = ld_pipe_end_ms(c, m);
	ld_anomaly_figure(c, a, "between_days", h.missing_g, 0,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, a, "holes", h.n, 0, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_evidence(c, a, index);
	ld_anomaly_report(c, own, a);
}

void ld_pipeline_end_follow(struct ld_custody *c, const Liandan__DeadlineMissed *d, uint64_t index,
			    struct ld_own_list *own)
{
	uint8_t id[LD_UUID_BYTES];
	const ProtobufCBinaryData manifest = {.len = sizeof id, .data = id};
	Custody__Manifest *m;

	if (ld_hex_decode(d->subject, strlen(d->subject), id, sizeof id) != LD_OK ||
	    ld_manifest_get(c, manifest, &m) != LD_OK || !ld_pipe_flows(m) ||
	    m->state != CUSTODY__MANIFEST_STATE__SEALED)
		return;
	report_holes(c, m, index, own);
	ld_manifest_close(c, m, LIANDAN__CLOSE_REASON__CLOSE_REASON_PIPELINE, own);
}
