/* Shared by the files that build a trip's honest events: play_event.c (at the generator),
 * play_road.c (on the road, on the scales, at the receiver) and play_story.c (what is not on every
 * trip). Not for others. */
#ifndef LD_CLI_PLAY_EVENT_H
#define LD_CLI_PLAY_EVENT_H

#include "deploy/cli/play.h"

/* tickets of a trip */
#define LD_TARE_OUT 0
#define LD_GROSS_OUT 1
#define LD_GROSS_IN 2
#define LD_TARE_IN 3
#define LD_GROSS_BACK 4
#define LD_TARE_BACK 5

/* A zeroed message in the arena, or return LD_ERR_NOMEM. */
#define LD_NEW(p, type, var, init)                                                                 \
	type *var = ld_arena_alloc(&(p)->arena, sizeof(type));                                     \
	if (!var)                                                                                  \
		return LD_ERR_NOMEM;                                                               \
	init(var)

#define LD_STR(text)                                                                               \
	((char *)(uintptr_t)(text)) /* protobuf-c takes char *, and only reads it here */

const struct ld_day_trip *ld_trip_day(const struct ld_play *p, size_t trip);
/* An ld_day_word, or -1 for an honest trip. */
int ld_trip_cheat(const struct ld_play *p, size_t trip);
/* Arena copies. */
ProtobufCBinaryData ld_trip_id(struct ld_play *p, size_t trip);
ProtobufCBinaryData ld_trip_content(struct ld_play *p, size_t trip);
char *ld_trip_batch(struct ld_play *p, size_t trip, const char *what, uint32_t n);
/* The seal on the load; on arrival it may be another one (broken_seal). */
char *ld_trip_seal(struct ld_play *p, size_t trip, bool arrived);
/* Adds a cause, once; the trip's last event. */
void ld_event_after(struct ld_play *p, Liandan__Event *e, const uint8_t hash[LD_HASH_BYTES]);
void ld_event_after_last(struct ld_play *p, Liandan__Event *e, size_t trip);
/* Sends; then, where the next event is to name this one as its cause, chains. */
enum ld_err ld_trip_send(struct ld_play *p, size_t trip, enum ld_sim_what what,
			 struct ld_play_device *by, Liandan__Event *e, int64_t at_ms);
void ld_trip_chain(struct ld_play *p, size_t trip, enum ld_sim_what what);
/* Mass of piece n of `of` equal ones: the last takes the rest. */
int64_t ld_piece_g(int64_t mass_g, uint32_t of, uint32_t n);
/* All containers of the trip, or its bulk. */
enum ld_err ld_trip_items(struct ld_play *p, size_t trip, int64_t mass_g, Liandan__Item ***out,
			  size_t *n_out);
/* Mass of the containers that were refused: the last ones. */
int64_t ld_trip_refused_g(const struct ld_play *p, size_t trip);
int64_t ld_trip_accepted_g(const struct ld_play *p, size_t trip);

/* Where a truck is, and what its odometer shows. */
enum ld_err ld_trip_place(struct ld_play *p, int truck, int64_t at_ms, Liandan__Place **out,
			  int64_t *odometer_m);
/* The manifests that one truck brings together. */
ProtobufCBinaryData *ld_trip_load(struct ld_play *p, size_t trip, size_t *n);
/* Who makes the trip's papers: the generator's clerk, or its delegate's (whose delegation the event
 * then names). */
struct ld_play_device *ld_trip_filler(struct ld_play *p, size_t trip, Liandan__Event *e);

/* Who has the load: the named driver, the last of two, or the cheat who took it. */
struct ld_play_device *ld_trip_holder(struct ld_play *p, size_t trip);

enum ld_err ld_trip_taken(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms);
enum ld_err ld_trip_arrived(struct ld_play *p, size_t trip, int64_t at_ms);
enum ld_err ld_trip_weighed(struct ld_play *p, size_t trip, enum ld_sim_what what, int which,
			    int64_t at_ms);
enum ld_err ld_trip_received(struct ld_play *p, size_t trip, int64_t at_ms);
enum ld_err ld_trip_accepted(struct ld_play *p, size_t trip, int64_t at_ms);
enum ld_err ld_trip_treated(struct ld_play *p, size_t trip, int64_t at_ms);
/* The acceptance's tickets, which become causes of the event; none where the gate has not weighed.
 */
enum ld_err ld_trip_gate_tickets(struct ld_play *p, size_t trip, Liandan__Event *e,
				 ProtobufCBinaryData **tickets, size_t *n);

/* play_return.c */
enum ld_err ld_trip_partly_accepted(struct ld_play *p, size_t trip, int64_t at_ms);
enum ld_err ld_trip_redirected(struct ld_play *p, size_t trip, int64_t at_ms);
enum ld_err ld_trip_arrived_back(struct ld_play *p, size_t trip, int64_t at_ms);
enum ld_err ld_trip_received_back(struct ld_play *p, size_t trip, int64_t at_ms);
enum ld_err ld_trip_accepted_back(struct ld_play *p, size_t trip, int64_t at_ms);

/* play_story.c */
enum ld_err ld_trip_confirmed(struct ld_play *p, size_t trip, int64_t at_ms);
enum ld_err ld_trip_offered_on(struct ld_play *p, size_t trip, int64_t at_ms);
enum ld_err ld_trip_taken_on(struct ld_play *p, size_t trip, int64_t at_ms);
/* What the papers say of its mass: a tenth, where the clerk mistyped it. */
int64_t ld_trip_typed_g(const struct ld_play *p, size_t trip);
enum ld_err ld_trip_amended(struct ld_play *p, size_t trip, int64_t at_ms);
enum ld_err ld_trip_agreed(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms);
enum ld_err ld_trip_accident(struct ld_play *p, size_t trip, int64_t at_ms);

#endif
