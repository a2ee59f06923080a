/* Clocks. Table DEADLINE: due_ms (8 bytes, big-endian), subject kind, clock (one byte each),
 * subject -> Deadline, so that a walk meets them in due order. Table DEADLINE_OF: subject kind,
 * clock, subject -> due_ms (8 bytes, big-endian), so that setting one replaces it. CUSTODY-22. */
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/finding.h"
#include "plugin/custody/hold.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/number.h"
#include "proto/base64.h"

static void due_key(struct ld_tkey *k, Liandan__SubjectKind kind, const char *subject,
		    Liandan__DeadlineClock clock, uint64_t due_ms)
{
	ld_tkey_init(k);
	ld_tkey_u64(k, due_ms);
	ld_tkey_u8(k, (uint8_t)kind);
	ld_tkey_u8(k, (uint8_t)clock);
	ld_tkey_bytes(k, subject, strlen(subject));
}

static void of_key(struct ld_tkey *k, Liandan__SubjectKind kind, const char *subject,
		   Liandan__DeadlineClock clock)
{
	ld_tkey_init(k);
	ld_tkey_u8(k, (uint8_t)kind);
	ld_tkey_u8(k, (uint8_t)clock);
	ld_tkey_bytes(k, subject, strlen(subject));
}

static uint64_t be64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static enum ld_err absent_is_ok(enum ld_err err)
{
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

enum ld_err ld_deadline_clear(struct ld_custody *c, Liandan__SubjectKind kind, const char *subject,
			      Liandan__DeadlineClock clock)
{
	struct ld_tkey of, due;
	const uint8_t *value;
	size_t len;
	enum ld_err err;

	of_key(&of, kind, subject, clock);
	err = ld_state_get(c->state, LD_T_DEADLINE_OF, of.b, of.len, &value, &len);
	if (err != LD_OK)
		return absent_is_ok(err);
	if (len != 8)
		return LD_ERR_CORRUPT;
	due_key(&due, kind, subject, clock, be64(value));
	err = absent_is_ok(ld_state_del(c->state, LD_T_DEADLINE, due.b, due.len));
	if (err != LD_OK)
		return err;
	return absent_is_ok(ld_state_del(c->state, LD_T_DEADLINE_OF, of.b, of.len));
}

static enum ld_err set(struct ld_custody *c, Custody__Deadline *rec)
{
	const char *subject = rec->subject;
	struct ld_tkey of, due, at;
	enum ld_err err = ld_deadline_clear(c, rec->subject_kind, subject, rec->clock);

	if (err != LD_OK || rec->due_ms <= 0)
		return err;
	due_key(&due, rec->subject_kind, subject, rec->clock, (uint64_t)rec->due_ms);
	err = ld_rec_put(c, LD_T_DEADLINE, due.b, due.len, &rec->base);
	if (err != LD_OK)
		return err;
	of_key(&of, rec->subject_kind, subject, rec->clock);
	ld_tkey_init(&at);
	ld_tkey_u64(&at, (uint64_t)rec->due_ms);
	return ld_state_put(c->state, LD_T_DEADLINE_OF, of.b, of.len, at.b, at.len);
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
	return set(c, &rec);
}

enum ld_err ld_deadline_set_workdays(struct ld_custody *c, Liandan__SubjectKind kind,
				     const char *subject, Liandan__DeadlineClock clock,
				     uint32_t rules, int64_t from_ms, int64_t n)
{
	Custody__Deadline rec;

	begin(&rec, kind, subject, clock, rules);
	rec.from_ms = from_ms;
	rec.workdays = (uint32_t)n;
	rec.due_ms = ld_workdays_after(c, from_ms, n);
	return set(c, &rec);
}

/* Clocks that count working days. Their number is that of manifests which wait for a person to
 * confirm something within days, not that of all that are open. */
static const Liandan__DeadlineClock in_workdays[] = {
    LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_ACCEPTANCE,
    LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_CONFIRMATION,
};

/* Read while the table is walked, written afterwards. */
struct recount {
	struct ld_custody *c;
	Custody__Deadline **of;
	size_t n, room;
	enum ld_err err;
};

static int recount_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		       size_t len)
{
	struct recount *r = ctx;
	struct ld_tkey due;
	const uint8_t *rec;
	size_t rec_len;

	if (key_len < 2 || len != 8)
		return 0;
	if (r->n == r->room) {
		const size_t room = r->room != 0 ? 2 * r->room : 256;
		Custody__Deadline **more = realloc(r->of, room * sizeof(Custody__Deadline *));

		if (more == NULL) {
			r->err = LD_ERR_NOMEM;
			return 1;
		}
		r->of = more;
		r->room = room;
	}
	ld_tkey_init(&due);
	ld_tkey_bytes(&due, value, len);
	ld_tkey_bytes(&due, key, key_len);
	if (ld_state_get(r->c->state, LD_T_DEADLINE, due.b, due.len, &rec, &rec_len) != LD_OK)
		return 0;
	r->of[r->n] = custody__deadline__unpack(NULL, rec_len, rec);
	if (r->of[r->n] != NULL)
		r->n++;
	return 0;
}

enum ld_err ld_deadline_recount(struct ld_custody *c)
{
	struct recount r = {.c = c};
	const uint8_t kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST;

	for (size_t i = 0; i < sizeof in_workdays / sizeof in_workdays[0]; i++) {
		const uint8_t prefix[2] = {kind, (uint8_t)in_workdays[i]};

		ld_state_walk(c->state, LD_T_DEADLINE_OF, prefix, sizeof prefix, NULL, 0,
			      recount_one, &r, NULL);
	}
	for (size_t i = 0; i < r.n; i++) {
		Custody__Deadline *d = r.of[i];

		if (r.err == LD_OK && d->workdays != 0)
			r.err = ld_deadline_set_workdays(c, d->subject_kind, d->subject, d->clock,
							 d->rules, d->from_ms, d->workdays);
		custody__deadline__free_unpacked(d, NULL);
	}
	free(r.of);
	return r.err;
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
