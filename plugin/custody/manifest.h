/* The manifest's own vocabulary, shared by what judges it and what applies it. Everything here is
 * integer arithmetic on records; no table is written. CUSTODY: Manifest, Stock and mass balance. */
#ifndef LD_CUSTODY_MANIFEST_H
#define LD_CUSTODY_MANIFEST_H

#include "plugin/custody/apply.h"
#include "plugin/custody/custody.h"
#include "plugin/custody/tables.h"

/* What ManifestSealed.content must be: SHA-256 over the bytes of `created` as they stood in the
 * creating event's body, then the bytes of each item of the sealing event, in order (the values of
 * its field 4). Packing a decoded message gives these very bytes, since the gate admits one
 * encoding only and unknown fields of the extension range are kept behind the known ones.
 * LD_ERR_NOMEM when the arena is full; what was used of it is given back. Source:
 * proto/liandan/manifest.proto, ManifestSealed. */
enum ld_err ld_manifest_content(struct ld_arena *arena, const Liandan__ManifestCreated *created,
				Liandan__Item *const *items, size_t n_items,
				uint8_t out[LD_HASH_BYTES]);

/* The line of that number, or NULL. */
const Liandan__Line *ld_manifest_line(const Custody__Manifest *m, uint32_t line);
/* Grams that a line declares. */
int64_t ld_line_declared_g(const Liandan__Line *line);
/* Sum over the lines, in grams. */
int64_t ld_manifest_declared_g(const Custody__Manifest *m);
/* Sum over the accepted lines, in grams. */
int64_t ld_manifest_accepted_g(const Custody__Manifest *m);
/* Grams accepted of one line; 0 when the acceptance does not name it. */
int64_t ld_line_accepted_g(const Custody__Manifest *m, uint32_t line);
/* Grams of a line that have gone on with child manifests. */
int64_t ld_line_passed_g(const Custody__Manifest *m, uint32_t line);
/* What a line declares, without those. */
int64_t ld_line_kept_g(const Custody__Manifest *m, const Liandan__Line *line);
/* Rejected waste that stays on the truck, or goes back onto it: what the receiver has taken over it
 * gives back only to a driver who cosigns. CUSTODY-15; custody moves only when the taker signs. */
bool ld_back_on_truck(const struct ld_fact *f, const Custody__Manifest *m, Liandan__WasteIsOn said);
/* It is on the way, or has arrived at another place than the receiver's: an arrival at the wrong
 * place is mended by the next one. */
bool ld_may_arrive(const Custody__Manifest *m);
/* An offer that nobody has taken, withdrawn or declined and that has not expired at at_ms. */
bool ld_offer_live(const Custody__Manifest *m, int64_t at_ms);
/* The last offer is this event. */
bool ld_offer_is(const Custody__Manifest *m, ProtobufCBinaryData event_hash);
/* Whose pen: the person of a personal key, else the key itself in hex. Arena memory; "" when it is
 * full. */
const char *ld_person_of(struct ld_custody *c, const Custody__Key *key);
/* It stands in a storage on the way. CUSTODY-10 */
bool ld_is_stored(const Custody__Manifest *m);
/* Who gives the next leg: the generator before the first one (of what was rejected on site who
 * holds it there, CUSTODY-16); in a storage on the way the storage's party, with RECEIVER; else a
 * driver of the holder. */
uint32_t ld_giver_role(const Custody__Manifest *m);
const char *ld_giver_party(const Custody__Manifest *m);
/* The cosigner that gives. NULL: the giver has not cosigned. */
const Custody__Key *ld_giver_of(const struct ld_fact *f, const Custody__Manifest *m);
/* When a step happened: occurred_at_ms, but ledger time where that lies before `earliest` or after
 * the entry (a clock that lost its battery must not run out deadlines). */
int64_t ld_step_ms(const struct ld_fact *f, int64_t earliest_ms);
/* Overdue from here on (P6): expected arrival + max(2 h, half of the expected travel). */
int64_t ld_overdue_ms(const struct ld_rules *rules, int64_t taken_ms, int64_t eta_ms);
/* Expected arrival (CUSTODY-6): what the driver says when plausible, else what the manifest says,
 * else the profile's default. */
int64_t ld_expected_ms(const struct ld_rules *rules, const Custody__Manifest *m, int64_t taken_ms,
		       int64_t said_ms);

/* Shares an accepted mass over the items of its line so that grams add exactly: item by item, in
 * order. total: the sum of the items' masses; before: of those already shared; equal shares do not
 * exist, rounding falls where it falls. total 0 gives 0. */
int64_t ld_share_g(int64_t before, int64_t mass, int64_t total, int64_t accepted);
/* Sum of the masses of the items of a line. */
int64_t ld_items_of_line_g(Liandan__Item *const *items, size_t n, uint32_t line);

/* Saturating sums: apply is total, and a fact may carry any number. */
int64_t ld_add_g(int64_t a, int64_t b);
int64_t ld_sub_g(int64_t a, int64_t b);

/* Largest mass that one line, item or booking may name: 10^12 g, a million tonnes. */
#define LD_MAX_MASS_G INT64_C(1000000000000)

/* In the arena of a custody: remember and give back what a loop over many records used. Nothing
 * made in between may be kept. */
static inline size_t ld_mark(const struct ld_custody *c)
{
	return c->arena->used;
}

static inline void ld_release(struct ld_custody *c, size_t mark)
{
	c->arena->used = mark;
}

/* Key of LD_T_PLATE_OFFER. */
void ld_offer_key(struct ld_tkey *k, const char *carrier, ProtobufCBinaryData manifest);
/* Key of LD_T_LOAD. */
void ld_load_key(struct ld_tkey *k, const char *plate, ProtobufCBinaryData manifest);

/* For the apply files: the record's last change, then put; what the packing used is given back. */
enum ld_err ld_manifest_touch_put(struct ld_custody *c, const struct ld_fact *f,
				  Custody__Manifest *m);
/* Takes the containers of a sealed manifest off it, back to the origin's store, and its bulk off
 * the booking of what is bound. */
enum ld_err ld_manifest_unbind(struct ld_custody *c, Custody__Manifest *m, uint64_t index);
/* Counts the generator's drafts and open manifests. */
enum ld_err ld_manifest_count(struct ld_custody *c, const Custody__Manifest *m, int drafts,
			      int open);
/* A container is a piece, unless it says that it is several; bulk is what it says. */
uint32_t ld_item_pieces(const Liandan__Item *item);
/* Pieces of a line that are on the manifest now: as declared, or counted where a part has left. */
uint32_t ld_line_pieces(const Custody__Manifest *m, const Liandan__Line *line);

/* The last offer is over: nobody can take it any more without being flagged. */
enum ld_err ld_offer_close(struct ld_custody *c, Custody__Manifest *m);
/* Sets or stops a clock of this manifest. due_ms 0 stops it. */
enum ld_err ld_manifest_clock(struct ld_custody *c, const Custody__Manifest *m,
			      Liandan__DeadlineClock clock, int64_t due_ms);

/* The same for a clock of n working days from from_ms. */
/* The clocks of what is sealed and waits for its carrier (m->pickup_due_ms). */
enum ld_err ld_pickup_begin(struct ld_custody *c, const struct ld_fact *f,
			    const Custody__Manifest *m);
enum ld_err ld_pickup_end(struct ld_custody *c, const Custody__Manifest *m);
enum ld_err ld_manifest_clock_workdays(struct ld_custody *c, const Custody__Manifest *m,
				       Liandan__DeadlineClock clock, int64_t from_ms, int64_t n);

/* The manifest is on its vehicle, or off it (LOAD). */
enum ld_err ld_load_put(struct ld_custody *c, const Custody__Manifest *m);
enum ld_err ld_load_del(struct ld_custody *c, const Custody__Manifest *m);
/* The clocks of a leg that begins, and of one that ends. */
enum ld_err ld_travel_clocks(struct ld_custody *c, const struct ld_fact *f,
			     const Custody__Manifest *m);
enum ld_err ld_travel_stop(struct ld_custody *c, const Custody__Manifest *m);

/* What Accepted and PartlyAccepted have in common; all zero of another body. Points into the event.
 */
struct ld_acceptance {
	ProtobufCBinaryData manifest, content;
	Liandan__AcceptedLine *const *lines;
	size_t n_lines;
	const ProtobufCBinaryData *tickets;
	size_t n_tickets;
	uint32_t discrepancy;
	bool significant;
};
struct ld_acceptance ld_acceptance_of(const Liandan__Event *e);
/* Grams that an event accepts of a line, a pipeline's day too; 0: of all lines. */
int64_t ld_event_accepts_g(const Liandan__Event *e, uint32_t line);

/* Steps of the manifest from the first hand-over on (manifest_move_apply.c). */
enum ld_err ld_taken_apply(struct ld_custody *c, const struct ld_fact *f,
			   const Liandan__HandoverTaken *t);
enum ld_err ld_arrived_apply(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__Arrived *a);
enum ld_err ld_received_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__Received *r);
enum ld_err ld_accepted_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__Accepted *a);
enum ld_err ld_rejected_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__Rejected *r);
enum ld_err ld_partly_accepted_apply(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__PartlyAccepted *p);
/* Row 16 (part_apply.c). */
enum ld_err ld_redirected_apply(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__Redirected *r);

/* Booking with the grams of it that are in containers (ld_stock_book: none). */
enum ld_err ld_stock_book_contained(struct ld_custody *c, const char *party, const char *site,
				    const char *code, const struct ld_booking *b,
				    int64_t contained_g, uint64_t index);
/* The container's grams are part of its party's booked stock. */
bool ld_container_in_stock(const Custody__Container *k);
/* Same 16 bytes. */
bool ld_same_id(ProtobufCBinaryData a, ProtobufCBinaryData b);

/* How a step changes a container. NULL or 0: stays. */
struct ld_container_step {
	Custody__ContainerState state;
	const char *party;
	const char *site;
	bool unbind;			 /* it is on no open manifest any more */
	const ProtobufCBinaryData *bind; /* it is on this one now */
	const ProtobufCBinaryData *came_by;
	const int64_t *mass_g;
};
/* Gives back what it used of the arena. A container that is not there, or is on another manifest
 * than `of` (when that is given), is left alone. */
enum ld_err ld_container_move(struct ld_custody *c, const char *container,
			      const ProtobufCBinaryData *of, const struct ld_container_step *step,
			      uint64_t index);
/* The same for every container of the manifest's items that is on this manifest. */
enum ld_err ld_manifest_move_all(struct ld_custody *c, const Custody__Manifest *m,
				 const struct ld_container_step *step, uint64_t index);

#endif
