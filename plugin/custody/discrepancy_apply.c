/* Discrepancies: the flag stands and the clock runs until both sides have named one cause. One
 * clock a manifest, for what is due first. CUSTODY-17; Order 23 article 18. */
#include <string.h>

#include "plugin/custody/finding.h"
#include "plugin/custody/manifest.h"
#include "proto/base64.h"

size_t ld_discrepancies_open(const Custody__Manifest *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_discrepancies; i++)
		n += m->discrepancies[i]->resolved_ms == 0;
	return n;
}

Custody__Discrepancy *ld_discrepancy_of(const Custody__Manifest *m, ProtobufCBinaryData hash)
{
	for (size_t i = 0; hash.len != 0 && i < m->n_discrepancies; i++)
		if (m->discrepancies[i]->resolved_ms == 0 &&
		    ld_same_id(m->discrepancies[i]->event_hash, hash))
			return m->discrepancies[i];
	return NULL;
}

/* A dispute of the generator's stands for itself. */
static void flag(Custody__Manifest *m)
{
	if (m->report_due_ms != 0 || m->disputed || ld_discrepancies_open(m) != 0)
		m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_DISCREPANCY;
	else
		m->flags &= ~(uint32_t)CUSTODY__MANIFEST_FLAG__FLAG_DISCREPANCY;
}

/* What has run out before does not run out again. */
static int64_t sooner(const Custody__Manifest *m, int64_t due, int64_t other)
{
	if (other <= m->discrepancy_missed_ms)
		return due;
	return due == 0 || other < due ? other : due;
}

static enum ld_err settle(struct ld_custody *c, Custody__Manifest *m)
{
	int64_t due = sooner(m, 0, m->report_due_ms);

	for (size_t i = 0; i < m->n_discrepancies; i++) {
		const Custody__Discrepancy *d = m->discrepancies[i];

		if (d->resolved_ms == 0)
			due =
			    sooner(m, due, ld_add_g(d->reported_ms, ld_rules_of(c, m)->resolve_ms));
	}
	flag(m);
	return ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_DISCREPANCY, due);
}

enum ld_err ld_discrepancy_missed(struct ld_custody *c, Custody__Manifest *m, int64_t due_ms)
{
	if (due_ms > m->discrepancy_missed_ms)
		m->discrepancy_missed_ms = due_ms;
	return settle(c, m);
}

enum ld_err ld_discrepancy_await(struct ld_custody *c, Custody__Manifest *m)
{
	if (m->n_discrepancies == 0 && m->report_due_ms == 0)
		m->report_due_ms = ld_add_g(m->accepted_ms, ld_rules_of(c, m)->discrepancy_ms);
	return settle(c, m);
}

enum ld_err ld_discrepancy_seen(struct ld_custody *c, const Liandan__AnomalyRaised *a,
				uint64_t index, int64_t at_ms)
{
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData manifest = {.len = sizeof id, .data = id};
	Custody__Manifest *m;
	enum ld_err err;

	if (a->kind != LIANDAN__ANOMALY_KIND__WEIGHT_SHORTFALL ||
	    ld_hex_decode(a->manifest, strlen(a->manifest), id, sizeof id) != LD_OK)
		return LD_OK;
	err = ld_manifest_get(c, manifest, &m);
	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	err = ld_discrepancy_await(c, m);
	if (err != LD_OK)
		return err;
	m->updated_index = index;
	m->updated_ms = at_ms;
	return ld_manifest_put(c, m);
}

/* Room for one more: the oldest of those that are resolved goes, it is in the ledger. */
static void make_room(Custody__Manifest *m)
{
	size_t i = 0;

	while (i < m->n_discrepancies && m->discrepancies[i]->resolved_ms == 0)
		i++;
	if (m->n_discrepancies < LD_MAX_DISCREPANCIES || i == m->n_discrepancies)
		return;
	m->n_discrepancies--;
	memmove(&m->discrepancies[i], &m->discrepancies[i + 1],
		(m->n_discrepancies - i) * sizeof m->discrepancies[0]);
}

static enum ld_err add(struct ld_custody *c, Custody__Manifest *m, Custody__Discrepancy *d)
{
	Custody__Discrepancy **all;

	make_room(m);
	all = ld_arena_alloc(c->arena, (m->n_discrepancies + 1) * sizeof(Custody__Discrepancy *));
	if (all == NULL)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < m->n_discrepancies; i++)
		all[i] = m->discrepancies[i];
	all[m->n_discrepancies++] = d;
	m->discrepancies = all;
	return LD_OK;
}

enum ld_err ld_discrepancy_reported_apply(struct ld_custody *c, const struct ld_fact *f,
					  const Liandan__DiscrepancyReported *b)
{
	Custody__Discrepancy d = CUSTODY__DISCREPANCY__INIT;
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	d.event_hash.data = (uint8_t *)(uintptr_t)f->event_hash;
	d.event_hash.len = LD_HASH_BYTES;
	d.line = b->line;
	d.kind = b->kind;
	d.declared_g = b->declared_g;
	d.found_g = b->found_g;
	d.bureau = b->bureau;
	d.index = f->index;
	d.reported_ms = ld_step_ms(f, m->received_ms);
	err = add(c, m, &d);
	m->report_due_ms = 0;
	if (err == LD_OK)
		err = settle(c, m);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

/* The signer or a cosigner. */
static bool signed_by(const struct ld_fact *f, uint32_t role, const char *party)
{
	if ((f->signer->roles & role) != 0 && strcmp(f->signer->party, party) == 0)
		return true;
	for (size_t i = 0; i < f->n_cosigners; i++)
		if ((f->cosigners[i]->roles & role) != 0 &&
		    strcmp(f->cosigners[i]->party, party) == 0)
			return true;
	return false;
}

/* A generator takes back what returns to it. */
static uint32_t receiver_roles(const Custody__Manifest *m)
{
	return m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN
		   ? LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR
		   : LIANDAN__ROLE__ROLE_RECEIVER;
}

/* Both sides sign one each, or one signs and the other cosigns; the last word of each counts. */
enum ld_err ld_discrepancy_resolved_apply(struct ld_custody *c, const struct ld_fact *f,
					  const Liandan__DiscrepancyResolved *b)
{
	Custody__Discrepancy *d;
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	d = ld_discrepancy_of(m, b->discrepancy);
	if (d == NULL)
		return ld_manifest_touch_put(c, f, m);
	if (signed_by(f, LIANDAN__ROLE__ROLE_GENERATOR, m->created->generator))
		d->generator_cause = b->cause;
	if (signed_by(f, receiver_roles(m), m->created->receiver->party))
		d->receiver_cause = b->cause;
	d->text = b->text;
	if (d->generator_cause == d->receiver_cause && b->cause != 0)
		d->resolved_ms = ld_step_ms(f, d->reported_ms);
	err = settle(c, m);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}
