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

/* A store on the way, of STO; the key NOBODY becomes its clerk's. */
static inline void mx_storage_world(struct mx *x)
{
	Custody__Key k = CUSTODY__KEY__INIT;

	mx_party(x, "STO", LIANDAN__ROLE__ROLE_RECEIVER, 0);
	mx_site(x, "S-STO", "STO", LIANDAN__SITE_KIND__SITE_KIND_STORAGE, 226000000, 1141000000);
	mx_licence(x, "L-STO", "STO", LIANDAN__LICENCE_KIND__LICENCE_KIND_STORE, "*", "", 0);
	k.key_id = mx_bytes(x->keys[NOBODY], sizeof x->keys[NOBODY]);
	k.party = MX_S("STO");
	k.device = MX_S("dev");
	k.subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON;
	k.subject_id = MX_S("p-sto");
	k.roles = LIANDAN__ROLE__ROLE_RECEIVER;
	assert_int_equal(ld_key_rec_put(&x->c, &k), LD_OK);
}
#define STO NOBODY /* its key, once mx_storage_world has been called */

static inline Liandan__TemporaryStorageEntered *mx_entered(struct mx *x)
{
	Liandan__TemporaryStorageEntered *b =
	    MX_NEW(x, Liandan__TemporaryStorageEntered, LIANDAN__TEMPORARY_STORAGE_ENTERED__INIT);

	b->manifest = mx_id(x);
	b->site = MX_S("S-STO");
	return b;
}

static inline Liandan__Reason mx_enter(struct mx *x, enum mx_who who, enum mx_who giver,
				       Liandan__TemporaryStorageEntered *b)
{
	MX_EVENT(e, TEMPORARY_STORAGE_ENTERED, b);
	return mx_put_co(x, who, giver, &e);
}

static inline Liandan__TemporaryStorageLeft *mx_left(struct mx *x, const char *plate)
{
	Liandan__TemporaryStorageLeft *b =
	    MX_NEW(x, Liandan__TemporaryStorageLeft, LIANDAN__TEMPORARY_STORAGE_LEFT__INIT);

	b->manifest = mx_id(x);
	b->plate = MX_S(plate);
	return b;
}

static inline Liandan__Reason mx_leave(struct mx *x, enum mx_who who,
				       Liandan__TemporaryStorageLeft *b)
{
	MX_EVENT(e, TEMPORARY_STORAGE_LEFT, b);
	return mx_put(x, who, &e);
}

/* On the way and put down an hour after the taking; V1 stands there. */
static inline void mx_to_stored(struct mx *x)
{
	mx_storage_world(x);
	mx_to_taken(x);
	x->now += LD_HOUR_MS;
	mx_clean(x, mx_enter(x, STO, CAR1, mx_entered(x)));
	mx_was_at(x, "V1", "S-STO");
	mx_was_at(x, "V2", "S-STO");
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
