/* Bodies of what happens on the way, for manifest_fixture.h's world: stops, accidents, storage on
 * the way. CUSTODY-9, 10, 24. */
#ifndef LD_TESTS_ROAD_BUILDERS_H
#define LD_TESTS_ROAD_BUILDERS_H

#include "manifest_builders.h"

static inline ProtobufCBinaryData *mx_one(struct mx *x)
{
	ProtobufCBinaryData *ids = ld_arena_alloc(&x->build, 4 * sizeof *ids);

	ids[0] = mx_id(x);
	return ids;
}

static inline Liandan__StopBegun *mx_stop(struct mx *x, const char *plate)
{
	Liandan__StopBegun *b = MX_NEW(x, Liandan__StopBegun, LIANDAN__STOP_BEGUN__INIT);

	b->manifests = mx_one(x);
	b->n_manifests = 1;
	b->plate = MX_S(plate);
	b->reason = LIANDAN__STOP_REASON__STOP_REASON_REST;
	return b;
}

static inline Liandan__Reason mx_begin_stop(struct mx *x, enum mx_who who, Liandan__StopBegun *b)
{
	MX_EVENT(e, STOP_BEGUN, b);
	return mx_put(x, who, &e);
}

static inline Liandan__StopEnded *mx_stop_end(struct mx *x, const uint8_t stop[LD_HASH_BYTES])
{
	Liandan__StopEnded *b = MX_NEW(x, Liandan__StopEnded, LIANDAN__STOP_ENDED__INIT);

	b->manifests = mx_one(x);
	b->n_manifests = 1;
	b->stop = mx_bytes(ld_arena_dup(&x->build, stop, LD_HASH_BYTES), LD_HASH_BYTES);
	return b;
}

static inline Liandan__Reason mx_end_stop(struct mx *x, enum mx_who who, Liandan__StopEnded *b)
{
	MX_EVENT(e, STOP_ENDED, b);
	return mx_put(x, who, &e);
}

static inline Liandan__AccidentReported *mx_accident(struct mx *x, const char *plate)
{
	Liandan__AccidentReported *b =
	    MX_NEW(x, Liandan__AccidentReported, LIANDAN__ACCIDENT_REPORTED__INIT);

	b->manifests = mx_one(x);
	b->n_manifests = 1;
	b->plate = MX_S(plate);
	b->kind = LIANDAN__ACCIDENT_KIND__ACCIDENT_KIND_LEAK;
	return b;
}

static inline Liandan__Reason mx_report(struct mx *x, enum mx_who who, Liandan__AccidentReported *b)
{
	MX_EVENT(e, ACCIDENT_REPORTED, b);
	return mx_put(x, who, &e);
}

/* On the way with CAR1, in a stop that began now; its hash is the last event's. */
static inline void mx_to_stopped(struct mx *x)
{
	mx_to_taken(x);
	mx_clean(x, mx_begin_stop(x, CAR1, mx_stop(x, "V1")));
}

/* The anomaly that this event raised or updated, of that kind; NULL: none. */
static inline const Liandan__AnomalyRaised *mx_raised(struct mx *x, Liandan__AnomalyKind kind)
{
	for (size_t i = 0; i < x->n_own; i++)
		if (x->own[i]->body_case == LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED &&
		    x->own[i]->anomaly_raised->kind == kind)
			return x->own[i]->anomaly_raised;
	return NULL;
}

/* The same in another world's id, so that several manifests stand beside each other. */
static inline void mx_other(struct mx *x, uint8_t tag)
{
	memset(x->id, tag, sizeof x->id);
}

#endif
