/* Clocks. CUSTODY-22.
 *
 *   DEADLINE     due_ms (8 bytes, big-endian), subject kind, clock (one byte each), subject ->
 * Deadline WORKDAYS     working days (1 byte), day that they are counted from (4 bytes,
 * big-endian), subject kind, clock, subject -> Deadline DEADLINE_OF  subject kind, clock, subject
 * -> how its key in one of the two begins (8 or 5 bytes)
 *
 * A walk meets the first in due order. Of the second all that begin alike are due at one time,
 * which the calendars say whenever it is asked: a calendar that is adopted moves them and touches
 * none. There are few such times: clocks of at most 60 working days that have not run out. */
#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/finding.h"
#include "plugin/custody/hold.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/number.h"
#include "plugin/custody/pipeline.h"
#include "proto/base64.h"

static uint64_t be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

void ld_clock_key(struct ld_tkey *k, const Custody__Deadline *rec)
{
	ld_tkey_init(k);
	if (rec->workdays != 0) {
		const uint32_t day = (uint32_t)ld_china_day(rec->from_ms > 0 ? rec->from_ms : 0);

		ld_tkey_u8(k, (uint8_t)rec->workdays);
		for (int i = 3; i >= 0; i--)
			ld_tkey_u8(k, (uint8_t)(day >> (8 * i)));
		return;
	}
	ld_tkey_u64(k, (uint64_t)rec->due_ms);
}

static void add_clock(struct ld_tkey *k, Liandan__SubjectKind kind, const char *subject,
		      Liandan__DeadlineClock clock)
{
	ld_tkey_u8(k, (uint8_t)kind);
	ld_tkey_u8(k, (uint8_t)clock);
	ld_tkey_bytes(k, subject, strlen(subject));
}

static void of_key(struct ld_tkey *k, Liandan__SubjectKind kind, const char *subject,
		   Liandan__DeadlineClock clock)
{
	ld_tkey_init(k);
	add_clock(k, kind, subject, clock);
}

static enum ld_err absent_is_ok(enum ld_err err)
{
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

static enum ld_table table_of(size_t len)
{
	return len == LD_WORKDAYS_KEY ? LD_T_WORKDAYS : LD_T_DEADLINE;
}

int64_t ld_deadline_due(struct ld_custody *c, Liandan__SubjectKind kind, const char *subject,
			Liandan__DeadlineClock clock)
{
	struct ld_tkey of;
	const uint8_t *value;
	size_t len;
	uint64_t calendar;

	of_key(&of, kind, subject, clock);
	if (ld_state_get(c->state, LD_T_DEADLINE_OF, of.b, of.len, &value, &len) != LD_OK)
		return 0;
	if (table_of(len) == LD_T_WORKDAYS)
		return ld_workdays_due(c, (int64_t)be(value + 1, 4), value[0], &calendar);
	return len == LD_DUE_KEY ? (int64_t)be(value, LD_DUE_KEY) : 0;
}

enum ld_err ld_deadline_clear(struct ld_custody *c, Liandan__SubjectKind kind, const char *subject,
			      Liandan__DeadlineClock clock)
{
	struct ld_tkey of, k;
	const uint8_t *value;
	size_t len;
	enum ld_table table;
	enum ld_err err;

	of_key(&of, kind, subject, clock);
	err = ld_state_get(c->state, LD_T_DEADLINE_OF, of.b, of.len, &value, &len);
	if (err != LD_OK)
		return absent_is_ok(err);
	if (len != LD_DUE_KEY && len != LD_WORKDAYS_KEY)
		return LD_ERR_CORRUPT;
	table = table_of(len);
	ld_tkey_init(&k);
	ld_tkey_bytes(&k, value, len);
	add_clock(&k, kind, subject, clock);
	err = absent_is_ok(ld_state_del(c->state, (uint8_t)table, k.b, k.len));
	if (err != LD_OK)
		return err;
	return absent_is_ok(ld_state_del(c->state, LD_T_DEADLINE_OF, of.b, of.len));
}

static enum ld_err set(struct ld_custody *c, const Custody__Deadline *rec, int64_t due_ms)
{
	struct ld_tkey of, k;
	size_t begins;
	enum ld_err err = ld_deadline_clear(c, rec->subject_kind, rec->subject, rec->clock);

	if (err != LD_OK || due_ms <= 0)
		return err;
	ld_clock_key(&k, rec);
	begins = k.len;
	of_key(&of, rec->subject_kind, rec->subject, rec->clock);
	err = ld_state_put(c->state, LD_T_DEADLINE_OF, of.b, of.len, k.b, begins);
	if (err != LD_OK)
		return err;
	add_clock(&k, rec->subject_kind, rec->subject, rec->clock);
	if (due_ms < c->next_due_ms)
		c->next_due_ms = due_ms;
	return ld_rec_put(c, table_of(begins), k.b, k.len, &rec->base);
}

static void begin(Custody__Deadline *rec, Liandan__SubjectKind kind, const char *subject,
		  Liandan__DeadlineClock clock, uint32_t rules)
{
	custody__deadline__init(rec);
	rec->subject_kind = kind;
	rec->subject = (char *)(uintptr_t)subject;
	rec->clock = clock;
	rec->rules = rules;
}

enum ld_err ld_deadline_set(struct ld_custody *c, Liandan__SubjectKind kind, const char *subject,
			    Liandan__DeadlineClock clock, uint32_t rules, int64_t due_ms)
{
	Custody__Deadline rec;

	begin(&rec, kind, subject, clock, rules);
	rec.due_ms = due_ms;
	return set(c, &rec, due_ms);
}

enum ld_err ld_deadline_set_workdays(struct ld_custody *c, Liandan__SubjectKind kind,
				     const char *subject, Liandan__DeadlineClock clock,
				     uint32_t rules, int64_t from_ms, int64_t n)
{
	Custody__Deadline rec;

	begin(&rec, kind, subject, clock, rules);
	rec.from_ms = from_ms;
	rec.workdays = (uint32_t)n;
	return set(c, &rec, ld_workdays_after(c, from_ms, n));
}

/* CUSTODY-2: sealed and not picked up. The containers are free again; a taking that names the offer
 * still wins. */
static enum ld_err expire_pickup(struct ld_custody *c, Custody__Manifest *m, uint64_t index)
{
	enum ld_err err;

	m->state = CUSTODY__MANIFEST_STATE__EXPIRED;
	err = ld_manifest_give_back(c, m);
	if (err == LD_OK)
		err = ld_manifest_unbind(c, m, index);
	if (err == LD_OK)
		err = ld_offer_close(c, m);
	if (err == LD_OK)
		err = ld_manifest_count(c, m, 0, -1);
	return err;
}

static enum ld_err missed(struct ld_custody *c, Custody__Manifest *m,
			  const Liandan__DeadlineMissed *d, uint64_t index)
{
	switch (d->clock) {
	case LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_DRAFT:
		if (m->state != CUSTODY__MANIFEST_STATE__DRAFT)
			return LD_OK;
		m->state = CUSTODY__MANIFEST_STATE__EXPIRED; /* CUSTODY-1 */
		return ld_manifest_count(c, m, -1, 0);
	case LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_PICKUP:
		return m->state == CUSTODY__MANIFEST_STATE__SEALED ? expire_pickup(c, m, index)
								   : LD_OK;
	case LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_OFFER:
		if (m->offer != NULL && !m->offer->closed)
			m->offer->ran_out = true;
		return ld_offer_close(c, m); /* CUSTODY-5 */
	case LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_ARRIVAL:
		if (m->state != CUSTODY__MANIFEST_STATE__IN_TRANSIT)
			return LD_OK;
		m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE; /* CUSTODY-22 */
		return ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_LOST,
					 d->due_ms + ld_rules_of(c, m)->lost_ms);
	case LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_LOST:
		if (m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT)
			m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_LOST; /* CUSTODY-22 */
		return LD_OK;
	case LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_PIPELINE:
		return ld_pipeline_end_apply(c, m, index); /* CUSTODY-25 */
	case LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_AMENDMENT:
		ld_amendment_missed(m); /* CUSTODY-20 */
		return LD_OK;
	case LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_DISCREPANCY:
		return ld_discrepancy_missed(c, m, d->due_ms);
	default:
		return LD_OK;
	}
}

enum ld_err ld_missed_apply(struct ld_custody *c, const Liandan__DeadlineMissed *d, uint64_t index,
			    int64_t at_ms)
{
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData manifest = {.len = sizeof id, .data = id};
	Custody__Manifest *m;
	enum ld_err err = ld_deadline_clear(c, d->subject_kind, d->subject, d->clock);

	if (err == LD_OK && d->clock == LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_HOLD)
		return ld_hold_missed_apply(c, d, index, at_ms);
	if (err == LD_OK && d->clock == LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_SERIAL)
		return ld_number_missed_apply(c, d);
	if (err != LD_OK || d->subject_kind != LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST ||
	    ld_hex_decode(d->subject, strlen(d->subject), id, sizeof id) != LD_OK)
		return err;
	err = ld_manifest_get(c, manifest, &m);
	if (err != LD_OK)
		return absent_is_ok(err);
	err = missed(c, m, d, index);
	if (err != LD_OK)
		return err;
	m->updated_index = index;
	m->updated_ms = at_ms;
	return ld_manifest_put(c, m);
}
