/* A seeded random walk over the custody table: many parties, several consignments at a time, events
 * of every kind, right and wrong, in and out of order, late (a device is offline and empties its
 * outbox later), twice; the region stops and starts in between. It looks at the naive model to know
 * what would come next, and then often does something else. The same seed makes the same walk (the
 * keys are others, so ids and hashes differ). */
#ifndef LD_TESTS_WALK_H
#define LD_TESTS_WALK_H

#include "tests/model/naive.h"
#include "tests/support/world.h"

#define WALK_PLANS 10
#define WALK_WHO 28
#define WALK_OUTBOX 64
#define WALK_ITEMS 9
#define WALK_LINES 3
#define WALK_PARENTS 3
#define WALK_AGAIN 8
#define WALK_HASHES 16
#define WALK_DELEGATION "DG1" /* of G1 to C2, everything */

struct walk_sealed {
	uint8_t *bytes; /* malloc'd envelope */
	size_t len;
	uint8_t hash[LD_HASH_BYTES];
	char what[64];
};

/* A person or device, with its outbox. */
struct walk_who {
	struct signer s;
	uint32_t roles;
	const char *subject;
	bool offline;
	struct walk_sealed out[WALK_OUTBOX];
	size_t n_out;
};

/* A consignment as somebody means it to go. */
struct walk_item {
	char container[24]; /* empty: bulk */
	uint32_t line;
	int64_t mass_g;
	bool made;
};

struct walk_plan {
	uint8_t id[LD_UUID_BYTES];
	bool child;    /* it goes on with what another had */
	bool returned; /* on its way back: the generator receives */
	bool piped;    /* it names no carrier, and is all bulk */
	unsigned gen, rec, site, n_carriers, carrier[2];
	struct {
		uint8_t id[LD_UUID_BYTES];
		uint32_t line;
		int64_t mass_g;
	} parent[WALK_PARENTS]; /* of what it forwards */
	size_t n_parents;
	char approval[16]; /* of a transfer to another province */
	unsigned code[WALK_LINES];
	bool estimated;
	size_t n_lines, n_items;
	struct walk_item item[WALK_ITEMS];
	uint8_t content[LD_HASH_BYTES], offer[LD_HASH_BYTES], stop[LD_HASH_BYTES];
	uint8_t ticket[LD_UUID_BYTES], report[LD_HASH_BYTES];
	uint8_t proposal[LD_HASH_BYTES];
	unsigned after_end; /* events since it ended */
	unsigned tried;	    /* events since it last went on */
	uint64_t stands;    /* where it was then */
};

struct walk {
	struct world world;
	struct nv *nv;
	struct ld_arena arena; /* of the event at hand */
	uint64_t rng, seed;
	struct walk_who who[WALK_WHO];
	size_t n_who;
	struct walk_plan plan[WALK_PLANS];
	uint32_t plans, names;
	bool draining; /* nothing new; outboxes are emptied */
	/* what was sent last, for repeats; hashes of any events, for `after` and the like */
	struct walk_sealed again[WALK_AGAIN];
	const struct walk_who *again_by[WALK_AGAIN];
	size_t n_again;
	uint8_t hash[WALK_HASHES][LD_HASH_BYTES];
	size_t n_hash;
	char batch[WALK_HASHES][24], container[WALK_HASHES][24];
	size_t n_batch, n_container;
	unsigned holds, grants;
};

enum walk_kind {
	WALK_SEND,
	WALK_AGAIN_SENT, /* bytes that were sent before */
	WALK_RESTART,
	WALK_END,
};

struct walk_step {
	enum walk_kind kind;
	const struct walk_who *by;
	struct walk_sealed sealed; /* free bytes after use */
	int64_t pass_ms;	   /* first, so much time passes */
};

/* Makes the region and its registry, and tells nv the same. */
void walk_new(struct walk *k, struct nv *nv, uint64_t seed);
void walk_free(struct walk *k);
void walk_next(struct walk *k, struct walk_step *out);
/* No more new events: walk_next empties the outboxes and says WALK_END. */
void walk_drain(struct walk *k);

/* ---- between walk*.c ---- */

uint64_t walk_random(struct walk *k);
/* 0 … n - 1 */
unsigned walk_pick(struct walk *k, unsigned n);
bool walk_chance(struct walk *k, unsigned percent);
char *walk_name(struct walk *k, const char *prefix);
/* Generators; then the receivers, which send on what they have accepted. */
extern const char *const walk_gens[],
    *const walk_recs[], *const walk_carriers[], *const walk_sites[], *const walk_plates[],
									 *const walk_parties[];
extern const size_t walk_n_sites, walk_n_plates, walk_n_parties;
#define WALK_GENS 3
#define WALK_RECS 2
#define WALK_CARRIERS 3
/* Whose key is that; by index into who[]. */
enum walk_person {
	BY_G0,
	BY_G1,
	BY_G2,
	BY_C0,
	BY_C1,
	BY_C2,
	BY_R0,
	BY_R1,
	BY_C0B, /* another driver of C0 */
	BY_C0G, /* a driver of C0 who is G0's clerk */
	BY_C1R, /* a driver of C1 who is R0's clerk */
	BY_R0G, /* R0 as a generator */
	BY_STORE,
	BY_SCALE,
	BY_LAB,
	BY_INSPECTOR,
	BY_INSPECTOR2,
	BY_C2B, /* another driver of C2 */
	BY_G1C, /* a clerk of G1 who drives for C2 */
	BY_AUTHORITY,
	BY_R1G, /* R1's gate is kept by G0's clerk */
	BY_R1O, /* R1 as a generator */
	BY_TERMINAL,
	BY_PEOPLE
};

/* One event of this plan, right or wrong, into the outbox of whoever signs it. */
void walk_move(struct walk *k, struct walk_plan *p);
void walk_plan_new(struct walk *k, struct walk_plan *p);

#endif
