/* From a DAY to a plan: where every truck is at every moment, and who signs what when. Pure: no
 * network, no clock, no key; the same DAY gives the same plan. play.c lives through it.
 *
 * Times are milliseconds after midnight of the day. Positions and odometers belong to the truck as
 * it really moves; what its terminal shows of it (dark, asleep) stands beside. */
#ifndef LD_CLI_SIM_H
#define LD_CLI_SIM_H

#include "deploy/cli/day.h"

#define LD_SIM_MAX_LEGS 4000 /* of one truck */
#define LD_SIM_MAX_STEPS 32  /* of one trip */

/* What the terminal shows of a leg. */
enum ld_sim_view {
	LD_SIM_SHOWN,
	LD_SIM_DARK,   /* nothing, and it says no cause */
	LD_SIM_ASLEEP, /* nothing; says it slept */
};

/* A piece of a truck's day: stands at a, or drives straight from a to b. */
struct ld_sim_leg {
	int64_t from_ms, to_ms;
	struct ld_day_point a, b;
	int64_t odo_a_m, odo_b_m;
	uint32_t load; /* LoadState */
	enum ld_sim_view view;
	bool drive;
	bool parked; /* stands with the engine off */
};

struct ld_sim_truck {
	struct ld_sim_leg *legs; /* gapless, from the day's start to the plan's end */
	size_t n, room;
};

/* name, what people read */
#define LD_SIM_STEP_LIST(X)                                                                        \
	X(GENERATED)                                                                               \
	X(STORED)                                                                                  \
	X(TYPO) /* trouble: created with a code that does not exist */                             \
	X(CREATED)                                                                                 \
	X(SEALED)                                                                                  \
	X(OFFERED)                                                                                 \
	X(CANCELLED)   /* cheat */                                                                 \
	X(TAKEN_CHEAT) /* a hand-over that is itself the cheat; TAKEN follows where it was refused \
			*/                                                                         \
	X(TAKEN)                                                                                   \
	X(CONFIRMED) /* the generator's word on what a delegate filled in */                       \
	X(ACCIDENT)                                                                                \
	X(OFFERED_ON) /* by the first carrier to the second */                                     \
	X(TAKEN_ON)                                                                                \
	X(TARE_OUT) /* tickets at the origin */                                                    \
	X(GROSS_OUT)                                                                               \
	X(ARRIVED)                                                                                 \
	X(GROSS_IN)                                                                                \
	X(RECEIVED)                                                                                \
	X(AMENDED) /* trouble: the mistyped weight, by the generator, and who agrees */            \
	X(AGREED_DRIVER)                                                                           \
	X(AGREED_RECEIVER)                                                                         \
	X(TARE_IN)                                                                                 \
	X(ACCEPTED)                                                                                \
	X(STORED_IN)                                                                               \
	X(TREATED)                                                                                 \
	X(REDIRECTED) /* trouble: what was refused, and its way back to the generator */           \
	X(ARRIVED_BACK)                                                                            \
	X(GROSS_BACK)                                                                              \
	X(RECEIVED_BACK)                                                                           \
	X(TARE_BACK)                                                                               \
	X(ACCEPTED_BACK)                                                                           \
	X(ATTACK)     /* the cheat's own message */                                                \
	X(ATTACK_TWO) /* and its second */                                                         \
	X(WITHDRAWN)  /* same_person: the false offer is taken back */

enum ld_sim_what {
#define LD_SIM_ENUM(name) LD_STEP_##name,
	LD_SIM_STEP_LIST(LD_SIM_ENUM)
#undef LD_SIM_ENUM
	    LD_SIM_WHATS
};

const char *ld_sim_step_name(enum ld_sim_what what);

struct ld_sim_step {
	int64_t at_ms;
	enum ld_sim_what what;
};

struct ld_sim_trip {
	const struct ld_day_act *cheat;	 /* NULL: honest */
	bool driven;			 /* the truck really goes */
	const struct ld_day_act *second; /* another carrier takes over on the way; NULL: none */
	int brings_truck, brings_driver; /* who delivers it; of the day's lists */
	bool leads;			 /* arrives and is weighed for its whole run */
	size_t leader;			 /* that trip; itself without a run */
	int64_t origin_ms;		 /* the truck is at the origin's gate */
	int64_t leave_ms;
	int64_t eta_ms;	    /* as the driver says at the hand-over */
	int64_t met_ms[2];  /* first and second truck are where the load changes over */
	int64_t changed_ms; /* both leave there; 0: it does not change */
	int64_t arrive_ms;  /* 0: never */
	int64_t done_ms;    /* leaves the destination */
	uint32_t refused;   /* containers that go back to the generator */
	int64_t back_ms;    /* they are there; 0: never */
	int64_t back_done_ms;
	int64_t end_ms;	       /* nothing more happens; a timer's anomaly is due by then */
	int64_t accident_ms;   /* the truck stands with one; 0: none */
	int64_t cheat_from_ms; /* when the truck began to cheat; 0: not the truck's */
	int64_t loss_g;	       /* gone on the way (negative: added) */
	struct ld_sim_step steps[LD_SIM_MAX_STEPS]; /* in time order */
	size_t n_steps;
};

/* A pick-up without a manifest. */
struct ld_sim_pickup {
	const struct ld_day_act *act;
	int64_t from_ms, leave_ms, end_ms;
};

struct ld_sim {
	const struct ld_day *day;
	struct ld_sim_truck *trucks; /* as day->trucks */
	struct ld_sim_trip *trips;   /* as day->trips */
	struct ld_sim_pickup *pickups;
	size_t n_pickups;
	bool moved;		 /* while planning: somebody waits longer than thought */
	int64_t from_ms, end_ms; /* of the plan; end >= the day's end */
};

/* day must outlive the plan. LD_ERR_NOMEM; LD_ERR_LIMIT with a sentence in why[cap]. */
enum ld_err ld_sim_plan(const struct ld_day *day, struct ld_sim **out, char *why, size_t cap);
void ld_sim_free(struct ld_sim *sim);

/* Where the truck is at t; the leg in *leg (never NULL within the plan). */
void ld_sim_at(const struct ld_sim_truck *truck, int64_t t_ms, struct ld_day_point *point,
	       int64_t *odometer_m, const struct ld_sim_leg **leg);
/* Does the day plant this trouble on the trip? */
bool ld_sim_trouble(const struct ld_sim *sim, size_t trip, enum ld_day_word word);
/* The first such trouble or cheat of the trip; NULL: none. */
const struct ld_day_act *ld_sim_act(const struct ld_sim *sim, size_t trip, enum ld_day_word word);
/* Who fills in the manifest for the generator; NULL: nobody. */
const struct ld_day_act *ld_sim_delegate(const struct ld_sim *sim, size_t trip);
double ld_sim_distance_m(struct ld_day_point a, struct ld_day_point b);

/* Small fixed generator (splitmix64): plans and noise repeat on every machine. */
uint64_t ld_sim_random(uint64_t *state);

#endif
