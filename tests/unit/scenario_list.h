/* All scenarios that are linked in (scenario.h), for the one file of a test that plays them. */
#ifndef LD_TESTS_SCENARIO_LIST_H
#define LD_TESTS_SCENARIO_LIST_H

#include "scenario.h"

#define MAX_SCENARIOS 1024

static const struct scenario *scenarios[MAX_SCENARIOS];
static size_t n_scenarios;

void scenario_add(const struct scenario *s)
{
	if (n_scenarios < MAX_SCENARIOS)
		scenarios[n_scenarios++] = s;
}

static const struct scenario *playing;

static int set_up(void **state)
{
	playing = *state;
	return mx_open(state);
}

#endif
