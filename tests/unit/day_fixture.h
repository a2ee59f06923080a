/* A small day for tests of the reader and of the plan: lines 1 to 12; what a test adds begins in
 * line 13. */
#ifndef LD_TEST_DAY_FIXTURE_H
#define LD_TEST_DAY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deploy/cli/day.h"
#include "deploy/cli/sim.h"

#define HEAD "liandan-day 1\nday from=07:00 to=12:00\n"
#define BASE                                                                                       \
	HEAD "party g roles=generator\nparty c roles=carrier\nparty r roles=receiver\n"            \
	     "site gs party=g kind=production at=31.0,121.0\n"                                     \
	     "site rs party=r kind=disposal at=31.1,121.1 radius=200m\n"                           \
	     "site cs party=c kind=parking at=31.05,121.05\n"                                      \
	     "truck A1 carrier=c home=cs\ndriver d carrier=c\n"                                    \
	     "waste w code=900-041-49 hazards=T\nscale rw site=rs\n"
#define TRIP                                                                                       \
	"trip t at=08:00 generator=g receiver=r truck=A1 driver=d waste=w mass=5t containers=5\n"

static inline enum ld_err parse(const char *text, struct ld_day **day, struct ld_day_fault *fault)
{
	return ld_day_parse(text, strlen(text), day, fault);
}

static inline void accepts(const char *text)
{
	struct ld_day *day = NULL;
	struct ld_day_fault fault;

	if (parse(text, &day, &fault))
		fail_msg("line %d: %s", fault.line, fault.what);
	assert_non_null(day);
	ld_day_free(day);
}

static inline void refuses(const char *text, int line, const char *part)
{
	struct ld_day *day = NULL;
	struct ld_day_fault fault;

	assert_true(parse(text, &day, &fault) < 0);
	assert_null(day);
	if (fault.line != line || !strstr(fault.what, part))
		fail_msg("expected line %d '%s', got line %d '%s'", line, part, fault.line,
			 fault.what);
}

#define SECOND                                                                                     \
	"party c2 roles=carrier\nparty c3 roles=carrier codes=HW08\n"                              \
	"site xs party=c2 kind=parking at=31.04,121.04\n"                                          \
	"site ts party=c kind=storage at=31.06,121.02\n"                                           \
	"truck B1 carrier=c2 home=xs\ntruck B2 carrier=c2 home=xs max=1t\n"                        \
	"truck C1 carrier=c3 home=xs\n"                                                            \
	"driver e carrier=c2\ndriver f carrier=c3\n"

#define BULK "trip b at=08:00 generator=g receiver=r truck=A1 driver=d waste=w mass=5t\n"

#endif
