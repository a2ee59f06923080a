/* An accident is an anomaly at once, whoever reports it. CUSTODY-24. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/road.h"

#define LEVEL 3

static bool touched(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData id)
{
	size_t mark = ld_mark(c);
	Custody__Manifest *m;
	const bool yes = ld_manifest_get(c, id, &m) == LD_OK && m->updated_index == f->index;

	ld_release(c, mark);
	return yes;
}

/* One for a vehicle and trip: of several manifests the one of the lowest id stands for the trip. */
static const char *trip_of(struct ld_custody *c, const struct ld_fact *f)
{
	ProtobufCBinaryData ids[LD_MAX_MANIFESTS_NAMED];
	const size_t n = ld_accident_concerns(c, f->event, ids, LD_MAX_MANIFESTS_NAMED);
	const ProtobufCBinaryData *least = NULL;

	for (size_t i = 0; i < n; i++)
		if ((least == NULL || memcmp(ids[i].data, least->data, LD_UUID_BYTES) < 0) &&
		    touched(c, f, ids[i]))
			least = &ids[i];
	return least != NULL ? ld_c_hex(c, *least) : "";
}

static void at_place(struct ld_custody *c, Liandan__AnomalyRaised *a, Liandan__Place *place)
{
	Liandan__Region *region = ld_arena_alloc(c->arena, sizeof *region);
	Liandan__Place **foci = ld_arena_alloc(c->arena, sizeof(Liandan__Place *));

	if (region == NULL || foci == NULL)
		return;
	liandan__region__init(region);
	foci[0] = place;
	region->foci = foci;
	region->n_foci = 1;
	a->region = region;
}

void ld_accident_follow(struct ld_custody *c, const struct ld_fact *f,
			const Liandan__AccidentReported *b, struct ld_own_list *own)
{
	const char *trip = trip_of(c, f);
	Liandan__AnomalyRaised *a;

	if (trip == NULL)
		return;
	a = ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__ACCIDENT, LEVEL,
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE, b->plate, trip);
	if (a == NULL)
		return;
	a->from_ms = a->to_ms = ld_step_ms(f, 0);
	if (b->place != NULL)
		at_place(c, a, b->place);
	ld_anomaly_figure(c, a, "accident", (int64_t)b->kind, 0,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_figure(c, a, "lost", b->lost_g, 0, LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_evidence(c, a, f->index);
	ld_anomaly_report(c, own, a);
}
