/* What befalls a manifest between its taking and its arrival: declared stops, storage on the
 * way, accidents. CUSTODY-9, 10, 24. A declaration annotates, it never excuses: nothing here is
 * asked by what looks for gaps, departures or masses (gap.h, departure.h, weigh.h). */
#ifndef LD_CUSTODY_ROAD_H
#define LD_CUSTODY_ROAD_H

#include "plugin/custody/apply.h"
#include "plugin/custody/judge.h"

enum ld_err ld_stop_begun_apply(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__StopBegun *b);
enum ld_err ld_stop_ended_apply(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__StopEnded *b);
/* The open stop of this manifest, if any, is over at at_ms. Does not put m. */
enum ld_err ld_stop_end(struct ld_custody *c, Custody__Manifest *m, int64_t at_ms);
void ld_stop_follow(struct ld_custody *c, const struct ld_fact *f, const Liandan__StopEnded *b,
		    struct ld_own_list *own);

enum ld_err ld_storage_entered_apply(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__TemporaryStorageEntered *b);
enum ld_err ld_storage_left_apply(struct ld_custody *c, const struct ld_fact *f,
				  const Liandan__TemporaryStorageLeft *b);
/* It is in no storage on the way any more. Does not put m. */
enum ld_err ld_storage_end(struct ld_custody *c, Custody__Manifest *m);
void ld_storage_entered_follow(struct ld_custody *c, const struct ld_fact *f,
			       ProtobufCBinaryData manifest, struct ld_own_list *own);
void ld_storage_left_follow(struct ld_custody *c, const struct ld_fact *f,
			    ProtobufCBinaryData manifest, struct ld_own_list *own);

/* A vehicle takes the manifest: what was said of the leg before is over. Does not put m. */
enum ld_err ld_road_begin(struct ld_custody *c, const struct ld_fact *f, Custody__Manifest *m);

/* The custody of the vehicle that has it, or had it last; given_ms 0: it has it. Points into m. */
void ld_carriage_now(const Custody__Manifest *m, Custody__Carriage *out);
/* Another vehicle takes it, or the same one again after a storage: remembers who had it, until
 * given_ms where it was not put down before. Before what m says of the vehicle is changed; does not
 * put m. LD_ERR_NOMEM. */
enum ld_err ld_carriage_end(struct ld_custody *c, Custody__Manifest *m, int64_t given_ms);

/* The manifests that an event concerns; an accident that names none is of all that its vehicle
 * carries. */
size_t ld_accident_concerns(struct ld_custody *c, const Liandan__Event *e, ProtobufCBinaryData *out,
			    size_t cap);
enum ld_err ld_accident_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__AccidentReported *b);
void ld_accident_follow(struct ld_custody *c, const struct ld_fact *f,
			const Liandan__AccidentReported *b, struct ld_own_list *own);

#endif
