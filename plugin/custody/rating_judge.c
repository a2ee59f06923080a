/* A party's colour at a time: counted off its anomalies, newest first. waste-domain 5C, scoring. */
#include "plugin/custody/rating.h"

#include <string.h>

struct tally {
	struct ld_custody *c;
	struct ld_rating *out;
	int64_t now_ms;
	size_t seen;
	/* raised_at of those that count, the newest first: the n-th of them is when a threshold was
	 * reached */
	int64_t red_ms[LD_RATING_LOOK_AT], grave_ms[LD_RATING_LOOK_AT], two_ms[LD_RATING_LOOK_AT];
	size_t n_red, n_grave, n_two;
	uint32_t why_level[LD_RATING_WHY];
	enum ld_err err;
};

/* 5C, colour policy: "or shortfall of 3 t, or unlicensed". */
static bool red_by_itself(const Liandan__AnomalyRaised *a)
{
	return a->kind == LIANDAN__ANOMALY_KIND__SKIMMING ||
	       (a->kind == LIANDAN__ANOMALY_KIND__RULE_VIOLATED &&
		a->reason == LIANDAN__REASON__NOT_LICENSED);
}

static bool is_confirmed(const Custody__Anomaly *a)
{
	return a->review != NULL &&
	       a->review->outcome == LIANDAN__REVIEW_OUTCOME__REVIEW_OUTCOME_CONFIRMED;
}

/* The gravest first, of equals the newest. */
static void remember(struct tally *t, const Custody__Anomaly *a)
{
	struct ld_rating *o = t->out;
	size_t i = o->n_why;

	while (i > 0 && t->why_level[i - 1] < a->now->level)
		i--;
	if (i == LD_RATING_WHY)
		return;
	if (o->n_why < LD_RATING_WHY)
		o->n_why++;
	memmove(&o->why[i + 1], &o->why[i], (o->n_why - i - 1) * sizeof o->why[0]);
	memmove(&t->why_level[i + 1], &t->why_level[i],
		(o->n_why - i - 1) * sizeof t->why_level[0]);
	o->why[i] = a->anomaly;
	t->why_level[i] = a->now->level;
}

static void count(struct tally *t, const Custody__Anomaly *a)
{
	struct ld_rating *o = t->out;
	const int64_t age_ms = t->now_ms - a->raised_at_ms;

	if (a->now->level == 2 && age_ms > t->c->rules->rating_level2_ms)
		return;
	if (a->now->kind == LIANDAN__ANOMALY_KIND__DEADLINE ||
	    a->now->kind == LIANDAN__ANOMALY_KIND__OVERDUE)
		o->deadlines++;
	remember(t, a);
	if (a->now->level == 2) {
		o->level2++;
		t->two_ms[t->n_two++] = a->raised_at_ms;
		return;
	}
	t->grave_ms[t->n_grave++] = a->raised_at_ms;
	if (a->now->level == 3) {
		o->level3++;
		return;
	}
	o->level4++;
	if (!is_confirmed(a) && !red_by_itself(a->now))
		return;
	o->confirmed4++;
	t->red_ms[t->n_red++] = a->raised_at_ms;
}

static int one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct tally *t = ctx;
	const size_t mark = t->c->arena->used;
	Custody__Anomaly *a;
	uint64_t id = 0;

	(void)value, (void)len;
	if (key_len < 16)
		return 0;
	if (t->seen++ == LD_RATING_LOOK_AT) {
		t->out->more = true;
		return 1;
	}
	for (size_t i = key_len - 8; i < key_len; i++)
		id = id << 8 | key[i];
	t->err = ld_anomaly_get(t->c, ~id, &a);
	if (t->err == LD_OK) {
		if (t->now_ms - a->raised_at_ms > t->c->rules->rating_ms)
			return 1; /* the rest is older */
		count(t, a);
	} else if (t->err == LD_ERR_NOT_FOUND) {
		t->err = LD_OK;
	}
	t->c->arena->used = mark;
	return t->err != LD_OK;
}

/* When the n-th, from the oldest that still counts, came; 0: so many there are not. */
static int64_t reached(const int64_t *ms, size_t n, int64_t want)
{
	return want > 0 && (uint64_t)want <= n ? ms[n - (size_t)want] : 0;
}

static void colour_of(const struct tally *t, struct ld_rating *o)
{
	const struct ld_rules *r = t->c->rules;
	const int64_t red = reached(t->red_ms, t->n_red, r->rating_red_level4);
	const int64_t grave = reached(t->grave_ms, t->n_grave, r->rating_yellow_level3);
	const int64_t two = reached(t->two_ms, t->n_two, r->rating_yellow_level2);

	o->computed = red != 0		       ? LIANDAN__RATING_COLOUR__RATING_COLOUR_RED
		      : grave != 0 || two != 0 ? LIANDAN__RATING_COLOUR__RATING_COLOUR_YELLOW
					       : LIANDAN__RATING_COLOUR__RATING_COLOUR_GREEN;
	o->since_ms = red != 0 ? red : grave != 0 && (two == 0 || grave < two) ? grave : two;
}

enum ld_err ld_rating_of(struct ld_custody *c, const char *party, int64_t now_ms,
			 struct ld_rating *out)
{
	struct tally *t = ld_arena_alloc(c->arena, sizeof *t);
	Custody__Standing *set;
	struct ld_tkey k;

	*out = (struct ld_rating){0};
	if (t == NULL)
		return LD_ERR_NOMEM;
	memset(t, 0, sizeof *t);
	t->c = c;
	t->out = out;
	t->now_ms = now_ms;
	ld_rating_key(&k, party);
	enum ld_err err = ld_state_walk(c->state, LD_T_RATING, k.b, k.len, NULL, 0, one, t, NULL);

	if (err == LD_OK)
		err = t->err;
	if (err != LD_OK)
		return err;
	colour_of(t, out);
	out->colour = out->computed;
	err = ld_standing_get(c, party, &set);
	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	out->set = set;
	if (set->overridden != NULL && set->overridden->until_ms > now_ms &&
	    set->overridden->colour != LIANDAN__RATING_COLOUR__RATING_COLOUR_UNSPECIFIED) {
		out->overridden = true;
		out->colour = set->overridden->colour;
	}
	return LD_OK;
}
