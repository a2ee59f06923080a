/* Accidents: only the arrival clock stops, and the manifest is lost after so long instead.
 * CUSTODY-24. */
#include <string.h>

#include "plugin/custody/manifest.h"
#include "plugin/custody/road.h"

size_t ld_accident_concerns(struct ld_custody *c, const Liandan__Event *e, ProtobufCBinaryData *out,
			    size_t cap)
{
	size_t n = ld_manifests_of(e, out, cap);

	if (n != 0 || e->body_case != LIANDAN__EVENT__BODY_ACCIDENT_REPORTED ||
	    ld_load_of(c, e->accident_reported->plate, out, cap, &n) != LD_OK)
		return n;
	return n;
}

static bool concerned(const struct ld_fact *f, const Custody__Manifest *m)
{
	const bool regulator = (f->signer->roles & LIANDAN__ROLE__ROLE_REGULATOR) != 0;

	switch ((int)m->state) {
	case CUSTODY__MANIFEST_STATE__IN_TRANSIT:
	case CUSTODY__MANIFEST_STATE__ARRIVED:
	case CUSTODY__MANIFEST_STATE__VERIFYING:
	case CUSTODY__MANIFEST_STATE__ACCEPTED_ALL:
	case CUSTODY__MANIFEST_STATE__PARTLY_ACCEPTED:
	case CUSTODY__MANIFEST_STATE__REJECTED_ALL:
		return regulator || strcmp(f->signer->party, m->holder) == 0;
	default:
		return false;
	}
}

/* Who is overdue already stays so, and a second report does not give a second respite. */
static enum ld_err stop_arrival(struct ld_custody *c, const Custody__Manifest *m)
{
	enum ld_err err;

	if (m->state != CUSTODY__MANIFEST_STATE__IN_TRANSIT ||
	    (m->flags & CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE) != 0)
		return LD_OK;
	err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_ARRIVAL, 0);
	return err == LD_OK ? ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_LOST,
						m->accident_ms + ld_rules_of(c, m)->accident_ms)
			    : err;
}

static enum ld_err one(struct ld_custody *c, const struct ld_fact *f,
		       const Liandan__AccidentReported *b, ProtobufCBinaryData id)
{
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, id, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (!concerned(f, m))
		return LD_OK;
	m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_ACCIDENT;
	m->accident_lost_g = b->lost_g;
	if (m->accident_ms == 0) {
		m->accident_ms = ld_step_ms(f, m->taken_ms);
		err = stop_arrival(c, m);
	}
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

enum ld_err ld_accident_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__AccidentReported *b)
{
	ProtobufCBinaryData ids[LD_MAX_MANIFESTS_NAMED];
	size_t n = ld_accident_concerns(c, f->event, ids, LD_MAX_MANIFESTS_NAMED);
	enum ld_err err = LD_OK;

	for (size_t i = 0; err == LD_OK && i < n; i++) {
		size_t mark = ld_mark(c);

		err = one(c, f, b, ids[i]);
		ld_release(c, mark);
	}
	return err;
}
