#include "plugin/broker/penalty.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 4u
#define SETS (LD_MAX_PENALTIES / WAYS)
#define WINDOW_MS 60000
#define CLOSED_MS 60000

struct offender {
	char who[LD_MAX_CLIENT_ID_BYTES + 1]; /* empty: free */
	uint32_t strikes;
	int64_t since_ms;	 /* the window began */
	int64_t closed_until_ms; /* 0: open */
};

struct ld_penalties {
	struct offender set[SETS][WAYS];
};

struct ld_penalties *ld_penalties_new(void)
{
	return calloc(1, sizeof(struct ld_penalties));
}

void ld_penalties_free(struct ld_penalties *p)
{
	free(p);
}

static uint32_t set_of(const char *who)
{
	uint32_t h = 2166136261u;

	for (; *who; who++)
		h = (h ^ (unsigned char)*who) * 16777619u;
	return (h ^ h >> 16) % SETS;
}

static const struct offender *find(const struct ld_penalties *p, const char *who)
{
	const struct offender *set = p->set[set_of(who)];

	for (unsigned i = 0; i < WAYS; i++)
		if (strcmp(set[i].who, who) == 0)
			return &set[i];
	return NULL;
}

/* The record of `who`, or the one in its set that matters least, emptied for him. */
static struct offender *take(struct ld_penalties *p, const char *who, int64_t now_ms)
{
	struct offender *set = p->set[set_of(who)], *least = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		if (strcmp(set[i].who, who) == 0)
			return &set[i];
		int64_t mine = set[i].closed_until_ms ? set[i].closed_until_ms : set[i].since_ms;
		int64_t best = least->closed_until_ms ? least->closed_until_ms : least->since_ms;
		if (mine < best)
			least = &set[i];
	}
	memset(least, 0, sizeof *least);
	size_t len = strnlen(who, LD_MAX_CLIENT_ID_BYTES);
	memcpy(least->who, who, len);
	least->since_ms = now_ms;
	return least;
}

bool ld_penalties_strike(struct ld_penalties *p, const char *who, int64_t now_ms)
{
	struct offender *o;

	if (!who[0])
		return false;
	o = take(p, who, now_ms);
	if (now_ms < o->closed_until_ms)
		return false;
	if (now_ms - o->since_ms >= WINDOW_MS || o->closed_until_ms) {
		o->since_ms = now_ms;
		o->strikes = 0;
		o->closed_until_ms = 0;
	}
	if (++o->strikes < LD_MAX_BAD_SIGNATURES_PER_MINUTE)
		return false;
	o->closed_until_ms = now_ms + CLOSED_MS;
	return true;
}

bool ld_penalties_closed(const struct ld_penalties *p, const char *who, int64_t now_ms)
{
	const struct offender *o = who[0] ? find(p, who) : NULL;

	return o && now_ms < o->closed_until_ms;
}
