/* Clocks. Table DEADLINE: due_ms (8 bytes, big-endian), subject kind, clock (one byte each),
 * subject -> Deadline, so that a walk meets them in due order. Table DEADLINE_OF: subject kind,
 * clock, subject -> due_ms (8 bytes, big-endian), so that setting one replaces it. CUSTODY-22. */
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/delegation.h"
#include "plugin/custody/hold.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/number.h"
#include "proto/base64.h"

#define CHINA_OFFSET_MS (8 * LD_HOUR_MS)
#define THURSDAY 3 /* 1970-01-01, Monday being 0 */
#define SATURDAY 5

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

enum ld_err ld_deadline_set(struct ld_custody *c, Liandan__SubjectKind kind, const char *subject,
			    Liandan__DeadlineClock clock, int64_t due_ms)
{
	Custody__Deadline rec = CUSTODY__DEADLINE__INIT;
	struct ld_tkey of, due, at;
	enum ld_err err = ld_deadline_clear(c, kind, subject, clock);

	if (err != LD_OK || due_ms <= 0)
		return err;
	rec.subject_kind = kind;
	rec.subject = (char *)(uintptr_t)subject;
	rec.clock = clock;
	rec.due_ms = due_ms;
	due_key(&due, kind, subject, clock, (uint64_t)due_ms);
	err = ld_rec_put(c, LD_T_DEADLINE, due.b, due.len, &rec.base);
	if (err != LD_OK)
		return err;
	of_key(&of, kind, subject, clock);
	ld_tkey_init(&at);
	ld_tkey_u64(&at, (uint64_t)due_ms);
	return ld_state_put(c->state, LD_T_DEADLINE_OF, of.b, of.len, at.b, at.len);
}

/* Order 23 article 18 counts working days; days are China's whatever the machine's time zone. */
int64_t ld_workdays_after(struct ld_custody *c, int64_t from_ms, int64_t n)
{
	int64_t local = from_ms + CHINA_OFFSET_MS;
	int64_t day = local / LD_DAY_MS - (local % LD_DAY_MS < 0 ? 1 : 0);

	(void)c;
	while (n > 0) {
		day++;
		if (((day + THURSDAY) % 7 + 7) % 7 < SATURDAY)
			n--;
	}
	return (day + 1) * LD_DAY_MS - CHINA_OFFSET_MS;
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
		return ld_offer_close(c, m); /* CUSTODY-5 */
	case LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_ARRIVAL:
		if (m->state != CUSTODY__MANIFEST_STATE__IN_TRANSIT)
			return LD_OK;
		m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE; /* CUSTODY-22 */
		return ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_LOST,
					 d->due_ms + c->rules->lost_ms);
	case LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_LOST:
		if (m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT)
			m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_LOST; /* CUSTODY-22 */
		return LD_OK;
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
