/* Row 25: a pipeline's days, each booked at both ends; and the end of its term. */
#include <string.h>
#include <time.h>

#include "tests/model/naive.h"

#define CHINA_MS INT64_C(28800000)

/* ---- days ---- */

static struct tm china(int64_t at_ms)
{
	const time_t t = (time_t)((at_ms + CHINA_MS) / 1000);
	struct tm tm = {0};

	(void)gmtime_r(&t, &tm);
	return tm;
}

/* yyyymmdd as the calendar has it. */
static bool is_day(uint32_t day)
{
	struct tm tm = {.tm_year = (int)(day / 10000) - 1900,
			.tm_mon = (int)(day / 100 % 100) - 1,
			.tm_mday = (int)(day % 100)};
	const struct tm as_said = tm;

	if (day / 10000 < 1970 || day / 10000 > 9999)
		return false;
	return timegm(&tm) >= 0 && tm.tm_mon == as_said.tm_mon && tm.tm_mday == as_said.tm_mday;
}

static uint32_t today(int64_t at_ms)
{
	const struct tm tm = china(at_ms);

	return (uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

static bool booked(const struct nv *nv, const Liandan__PipelineDay *b)
{
	for (size_t i = 0; i < nv->n_day && nv->wrong != NV_DAY_TWICE; i++)
		if (nv->day[i].line == b->line && nv->day[i].day == b->day &&
		    nv_id_is(b->manifest, nv->day[i].manifest, LD_UUID_BYTES))
			return true;
	return false;
}

/* ---- what it says ---- */

static bool all_bulk(const struct nv_manifest *m)
{
	for (size_t i = 0; i < m->n_items; i++)
		if (m->item[i].container[0] != '\0')
			return false;
	return m->created->n_carriers == 0;
}

static const struct nv_key *receiver_beside(const struct nv_manifest *m, const struct nv_event *v)
{
	for (size_t i = 0; i < v->n_cosigners; i++)
		if (v->cosigner[i] != NULL &&
		    nv_has(v->cosigner[i], LIANDAN__ROLE__ROLE_RECEIVER) &&
		    strcmp(v->cosigner[i]->party, m->created->receiver->party) == 0)
			return v->cosigner[i];
	return NULL;
}

static bool meter_of(const struct nv *nv, const char *meter, const char *party)
{
	for (size_t i = 0; i < nv->n_meter; i++)
		if (strcmp(nv->meter[i].meter, meter) == 0)
			return strcmp(nv->meter[i].party, party) == 0;
	return false;
}

static struct nv_said day_said(const struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	const Liandan__PipelineDay *b = v->e->pipeline_day;

	if (nv_line_of(m, b->line) == NULL || !is_day(b->day))
		return NV_REFUSED(QUANTITY);
	if (b->day > today(v->at_ms))
		return NV_REFUSED(CLOCK_AHEAD);
	if (!nv_in_range(b->mass_out_g) || !nv_in_range(b->mass_in_g))
		return NV_REFUSED(QUANTITY);
	if (strcmp(b->meter_out, b->meter_in) == 0 ||
	    !meter_of(nv, b->meter_out, m->created->generator) ||
	    !meter_of(nv, b->meter_in, m->created->receiver->party))
		return NV_REFUSED(UNKNOWN_INSTRUMENT);
	return booked(nv, b) ? NV_REFUSED(ALREADY_EXISTS) : nv_ok();
}

struct nv_said nv_judge_pipe(struct nv *nv, const struct nv_event *v)
{
	struct nv_manifest *m = nv_find(nv, v->e->pipeline_day->manifest);
	const struct nv_key *receiver;
	struct nv_said said;
	char person[NV_ID];

	if (!nv_has(v->by, LIANDAN__ROLE__ROLE_GENERATOR))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_HELD(WAITS_FOR_STATE);
	if (strcmp(v->by->party, m->created->generator) != 0)
		return NV_REFUSED(WRONG_ROLE);
	said = nv_state(nv, m, NV_IN(SEALED), NV_IN(DRAFT));
	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (!all_bulk(m))
		return NV_REFUSED(OUT_OF_ORDER);
	receiver = receiver_beside(m, v);
	if (receiver == NULL)
		return NV_REFUSED(WRONG_ROLE);
	nv_person_of(receiver, person);
	return nv_same_person(nv, m, person, v) ? NV_REFUSED(SAME_PERSON) : day_said(nv, m, v);
}

/* ---- what it does ---- */

/* Of what a line has bound at sealing: gone with so much that has flowed. */
static int64_t unbound_g(const struct nv_manifest *m, const struct nv_line *l)
{
	int64_t sealed = 0;

	for (size_t i = 0; i < m->n_items; i++)
		sealed += m->item[i].line == l->line ? m->item[i].mass_g : 0;
	return l->flowed_g < sealed ? l->flowed_g : sealed;
}

static void flow(struct nv *nv, struct nv_manifest *m, const Liandan__PipelineDay *b)
{
	const Liandan__Receiver *r = m->created->receiver;
	struct nv_line *l = nv_line_of(m, b->line);
	struct nv_stock *s = nv_stock_at(nv, m->created->generator, m->created->site, l->code);
	struct nv_day *day;

	m->flows = true;
	m->offer.open = false;
	nv_shares_leave(nv, m);
	m->pickup_due_ms = INT64_MAX;
	s->bound_g += unbound_g(m, l);
	l->flowed_g += b->mass_out_g;
	l->accepted_g += b->mass_in_g;
	l->said = 1;
	l->days++;
	s->shipped_g += b->mass_out_g;
	if (nv->wrong != NV_FLOW_STAYS_BOUND)
		s->bound_g -= unbound_g(m, l);
	nv_stock_at(nv, r->party, r->site, l->code)->received_g += b->mass_in_g;
	NV_GROW(nv->day, nv->n_day, nv->cap_day);
	day = &nv->day[nv->n_day++];
	memcpy(day->manifest, m->id, sizeof day->manifest);
	day->line = b->line;
	day->day = b->day;
}

void nv_apply_pipe(struct nv *nv, const struct nv_event *v)
{
	if (v->e->body_case == LIANDAN__EVENT__BODY_PIPELINE_DAY)
		flow(nv, nv_find(nv, v->e->pipeline_day->manifest), v->e->pipeline_day);
}

/* What has not flowed is free again; its items are what has. */
void nv_end_pipe(struct nv *nv, struct nv_manifest *m)
{
	for (size_t i = 0; i < m->n_lines; i++)
		nv_stock_at(nv, m->created->generator, m->created->site, m->line[i].code)
		    ->bound_g += unbound_g(m, &m->line[i]);
	nv_bind_bulk(nv, m, -1);
	m->n_items = 0;
	for (size_t i = 0; i < m->n_lines; i++)
		if (m->line[i].days != 0) {
			memset(&m->item[m->n_items], 0, sizeof m->item[0]);
			m->item[m->n_items].line = m->line[i].line;
			m->item[m->n_items++].mass_g = m->line[i].flowed_g;
		}
	m->accepted = true;
	m->state = CUSTODY__MANIFEST_STATE__CLOSED;
	nv_closed(nv, m);
	m->stopped = m->offer.open = false;
}
