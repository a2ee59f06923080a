/* Clocks and rules in a region on disk: what they do over restarts, and that a replay does the
 * same. CUSTODY-22; CUSTODY, Time. */
#include "tests/support/trade.c"
#include "tests/unit/review_fixture.h"

#define ACCEPTED LIANDAN__VERDICT__ACCEPTED
#define HELD LIANDAN__VERDICT__HELD

/* ---- profiles ---- */

static Liandan__Event *adopting(struct review *x, uint32_t version, const char *name, int64_t value)
{
	Liandan__RulesAdopted *b =
	    TRADE_NEW(&x->t, Liandan__RulesAdopted, LIANDAN__RULES_ADOPTED__INIT);
	Liandan__RuleValue *v = TRADE_NEW(&x->t, Liandan__RuleValue, LIANDAN__RULE_VALUE__INIT);
	uint8_t *digest = ld_arena_alloc(&x->t.arena, LD_HASH_BYTES);

	v->name = TEXT(name);
	v->value = value;
	v->source = TEXT("a test");
	b->profile = TEXT("CN-TEST");
	b->version = version;
	b->values = trade_dup(&x->t, &v, sizeof v);
	b->n_values = 1;
	assert_true(ld_rules_digest(&x->t.arena, b, digest));
	b->digest = trade_bytes(digest, LD_HASH_BYTES);
	return trade_event(&x->t, LIANDAN__EVENT__BODY_RULES_ADOPTED, b);
}

static Liandan__Event *after(struct review *x, Liandan__Event *e, const uint8_t hash[LD_HASH_BYTES])
{
	ProtobufCBinaryData cause =
	    trade_bytes(trade_dup(&x->t, hash, LD_HASH_BYTES), LD_HASH_BYTES);

	e->after = trade_dup(&x->t, &cause, sizeof cause);
	e->n_after = 1;
	return e;
}

/* When the clock of the manifest at hand runs out; 0: it does not run. */
static int64_t due(struct review *x, Liandan__DeadlineClock clock)
{
	struct ld_custody *c = ld_region_custody(x->w.region);
	struct ld_tkey k;
	const uint8_t *v;
	size_t n;
	int64_t ms = 0;
	const char *hex;

	ld_arena_reset(c->arena);
	hex = ld_c_hex(c, trade_bytes(x->t.id, sizeof x->t.id));
	ld_tkey_init(&k);
	ld_tkey_u8(&k, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST);
	ld_tkey_u8(&k, (uint8_t)clock);
	ld_tkey_bytes(&k, hex, strlen(hex));
	if (ld_state_get(c->state, LD_T_DEADLINE_OF, k.b, k.len, &v, &n) != LD_OK)
		return 0;
	for (size_t i = 0; i < n; i++)
		ms = ms << 8 | v[i];
	return ms;
}
#define DUE(x, CLOCK) due((x), LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_##CLOCK)

/* A profile that comes between a held event and its cause neither judges nor applies it; in a
 * replay neither. */
static void test_rules_between_an_event_and_its_cause(void **state)
{
	struct review *x = *state;
	uint8_t hash[LD_HASH_BYTES], *cause;
	int64_t earliest_ms, latest_ms;
	Liandan__Event *e = trade_weighed(&x->t, "scale", 1000);
	size_t len;

	e->weighed->n_manifests = 0;
	cause = world_seal(&x->w, &x->t.scale, e, &len);
	memcpy(hash, x->w.last_hash, sizeof hash);
	earliest_ms = ld_region_now(x->w.region);
	assert_int_equal(review_send(x, &x->t.office, after(x, trade_created(&x->t), hash)), HELD);
	latest_ms = ld_region_now(x->w.region);
	review_pass(x, LD_MINUTE_MS);
	assert_int_equal(review_send(x, &x->w.authority, adopting(x, 2, "draft_ms", LD_DAY_MS)),
			 ACCEPTED);
	world_reopen(&x->w);
	assert_int_equal(world_submit(&x->w, &x->t.scale, cause, len), ACCEPTED);
	free(cause);
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__DRAFT);
	assert_in_range(DUE(x, DRAFT), earliest_ms + ld_rules_cn.draft_ms,
			latest_ms + ld_rules_cn.draft_ms);
	review_replays(x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, review_open, review_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_rules_between_an_event_and_its_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
