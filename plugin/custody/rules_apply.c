/* The rules in force: table RULES, version as four bytes big-endian -> Rules. Decoded sets are kept
 * beside the custody; what is in force at a time is a comparison. */
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/site.h"

struct ld_rule_set {
	struct ld_rules rules;
	char profile[LD_MAX_ID_BYTES + 1];
	int64_t from_ms;
};

struct ld_rule_sets {
	const struct ld_rules *compiled;
	bool whole; /* every one could be read */
	size_t n;
	struct ld_rule_set of[LD_MAX_RULE_SETS];
};

void ld_custody_forget(struct ld_custody *c)
{
	ld_site_cache_drop(c);
	c->next_due_ms = 0;
	if (c->rule_sets == NULL)
		return;
	c->rules = c->rule_sets->compiled;
	free(c->rule_sets);
	c->rule_sets = NULL;
}

static int load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct ld_rule_sets *sets = ctx;
	Custody__Rules *rec = custody__rules__unpack(NULL, len, value);
	struct ld_rule_set *s = &sets->of[sets->n];

	(void)key, (void)key_len;
	if (rec == NULL || rec->adopted == NULL || sets->n == LD_MAX_RULE_SETS) {
		custody__rules__free_unpacked(rec, NULL);
		sets->whole = false;
		return 1;
	}
	memset(s, 0, sizeof *s);
	s->rules = *sets->compiled;
	memcpy(s->profile, rec->adopted->profile, strnlen(rec->adopted->profile, LD_MAX_ID_BYTES));
	s->rules.profile = s->profile;
	s->rules.version = rec->adopted->version;
	s->from_ms = rec->from_ms;
	for (size_t i = 0; i < rec->adopted->n_values; i++)
		ld_rules_set(&s->rules, rec->adopted->values[i]->name,
			     rec->adopted->values[i]->value);
	sets->n++;
	custody__rules__free_unpacked(rec, NULL);
	return 0;
}

static enum ld_err load(struct ld_custody *c)
{
	struct ld_rule_sets *sets = calloc(1, sizeof *sets);

	if (sets == NULL)
		return LD_ERR_NOMEM;
	sets->compiled = c->rules;
	sets->whole = true;
	ld_state_walk(c->state, LD_T_RULES, NULL, 0, NULL, 0, load_one, sets, NULL);
	if (!sets->whole) {
		free(sets);
		return LD_ERR_NOMEM;
	}
	c->rule_sets = sets;
	c->rules_since_ms = 1;
	c->rules_until_ms = 0;
	return LD_OK;
}

/* Versions grow, and with them what they replace: of those that have begun the highest is in force.
 */
enum ld_err ld_rules_at(struct ld_custody *c, int64_t ms)
{
	const struct ld_rule_sets *sets;
	enum ld_err err = c->rule_sets == NULL ? load(c) : LD_OK;

	c->now_ms = ms;
	sets = c->rule_sets;
	if (err != LD_OK || (ms >= c->rules_since_ms && ms < c->rules_until_ms))
		return err;
	c->rules = sets->compiled;
	c->rules_since_ms = INT64_MIN;
	c->rules_until_ms = INT64_MAX;
	for (size_t i = 0; i < sets->n; i++) {
		if (sets->of[i].from_ms <= ms) {
			c->rules = &sets->of[i].rules;
			if (sets->of[i].from_ms > c->rules_since_ms)
				c->rules_since_ms = sets->of[i].from_ms;
		} else if (sets->of[i].from_ms < c->rules_until_ms) {
			c->rules_until_ms = sets->of[i].from_ms;
		}
	}
	return LD_OK;
}

const struct ld_rules *ld_rules_of(const struct ld_custody *c, const Custody__Manifest *m)
{
	const struct ld_rule_sets *sets = c->rule_sets;

	if (m == NULL || m->rules == 0 || m->rules == c->rules->version || sets == NULL)
		return c->rules;
	for (size_t i = 0; i < sets->n; i++)
		if (sets->of[i].rules.version == m->rules)
			return &sets->of[i].rules;
	return sets->compiled->version == m->rules ? sets->compiled : c->rules;
}

enum ld_err ld_rules_apply(struct ld_custody *c, const struct ld_fact *f, Liandan__RulesAdopted *b)
{
	const int64_t now = f->applied_at_ms != 0 ? f->applied_at_ms : f->recorded_at_ms;
	Custody__Rules rec = CUSTODY__RULES__INIT;
	struct ld_tkey k;
	enum ld_err err;

	rec.adopted = b;
	rec.index = f->index;
	/* never backwards: what has been judged stays judged by what was in force then */
	rec.from_ms = b->from_ms > now ? b->from_ms : now;
	ld_tkey_init(&k);
	for (int i = 3; i >= 0; i--)
		ld_tkey_u8(&k, (uint8_t)(b->version >> (8 * i)));
	err = ld_rec_put(c, LD_T_RULES, k.b, k.len, &rec.base);
	ld_custody_forget(c);
	return err == LD_OK ? ld_rules_at(c, now) : err;
}
