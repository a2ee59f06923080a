/* Inside the plan: a truck that is moved forward in time, leaving its legs behind. */
#ifndef LD_CLI_SIM_TRUCK_H
#define LD_CLI_SIM_TRUCK_H

#include "deploy/cli/sim.h"

/* The cheat's trip is driven by nobody. */
bool ld_sim_on_paper(const struct ld_day_act *cheat);
/* What is signed on the trip, when all trucks have been moved. */
void ld_sim_plan_steps(struct ld_sim *s, size_t trip);

struct ld_sim_cursor {
	struct ld_sim *sim;
	struct ld_sim_truck *truck;
	size_t truck_i;
	int64_t t_ms;
	struct ld_day_point at;
	double odo_m;
	uint32_t load;
	enum ld_sim_view view;
	bool failed; /* out of memory or legs; everything after is a no-op */
};

/* Stands until t (a no-op in the past). */
void ld_cursor_stand(struct ld_sim_cursor *c, int64_t until_ms, bool parked);
/* Drives straight at speed; the lunches and sleeps of the day stop it on the way. */
void ld_cursor_drive(struct ld_sim_cursor *c, struct ld_day_point to, uint32_t speed_kmh);
/* Along a slightly bent road through `via` (0,0: none). */
void ld_cursor_road(struct ld_sim_cursor *c, struct ld_day_point via, struct ld_day_point to,
		    uint32_t speed_kmh);
double ld_road_m(struct ld_day_point from, struct ld_day_point via, struct ld_day_point to);
/* A point `m` metres to the side (right of north by `angle` radians). */
struct ld_day_point ld_point_aside(struct ld_day_point p, double angle, double m);
/* A loaded way, or the part of it from one per cent to another, with what happens there: jams, and
 * what a cheat does on it. False: it goes no further. */
struct ld_sim_way {
	struct ld_day_point via, to; /* via 0,0: straight */
	uint32_t speed_kmh;
	uint32_t from_pct, to_pct;
};
bool ld_cursor_loaded(struct ld_sim_cursor *c, size_t trip, const struct ld_sim_way *way);

#endif
