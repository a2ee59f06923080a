/* Verdicts outside the ledger, and duplicates, over MQTT 5 and 3.1.1: envelopes that are truncated,
 * oversized, altered, re-signed, replayed, re-ordered; cosignatures stripped and added; another
 * ledger; keys unknown, revoked, expired, not yet valid; chains forked and restarted. And the table
 * of all verdicts and reasons is complete. */
#include "tests/broker/verdicts.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/custody/rules.h"
#include "proto/envelope.h"

#define TEXT(s) ((char *)(uintptr_t)(s))
#define MARK "a note that can be found"
/* Unsigned receipts are limited to 5 a second and device. */
#define UNSIGNED_MS 230

static struct rig rig;
/* Two keys each of three devices: an expired, a revoked, a future one; and the one that connects.
 */
static struct signer expired, phone, revoked, tablet, future, pad;
static uint8_t first_prev[2][LD_HASH_BYTES]; /* of t1 and t2 */

static void enrol(struct rig *x, struct signer *s, const char *device, int64_t from_ms,
		  int64_t to_ms, const struct signer *replaces)
{
	Liandan__KeyEnrolled *k =
	    TRADE_NEW(&x->t, Liandan__KeyEnrolled, LIANDAN__KEY_ENROLLED__INIT);
	Liandan__Event *e = trade_event(&x->t, LIANDAN__EVENT__BODY_KEY_ENROLLED, k);

	signer_new(s, "gen", device, LIANDAN__ALGORITHM__ALGORITHM_P256);
	k->spki.data = (uint8_t *)(uintptr_t)ld_key_spki(s->key, &k->spki.len);
	k->algorithm = LIANDAN__ALGORITHM__ALGORITHM_P256;
	k->party = s->party;
	k->device = s->device;
	k->subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON;
	k->subject_id = TEXT("clerk");
	k->roles = LIANDAN__ROLE__ROLE_GENERATOR;
	k->from_ms = from_ms;
	k->to_ms = to_ms;
	if (replaces)
		k->replaces = trade_bytes(ld_key_id(replaces->key), LD_KEY_ID_BYTES);
	assert_int_equal(world_send_cosigned(&x->h.world, &x->h.world.authority, &s, 1, e),
			 LIANDAN__VERDICT__ACCEPTED);
	memcpy(s->prev, x->h.world.last_hash, LD_HASH_BYTES);
}

static void revoke(struct rig *x, const struct signer *s)
{
	Liandan__KeyRevoked *r = TRADE_NEW(&x->t, Liandan__KeyRevoked, LIANDAN__KEY_REVOKED__INIT);

	r->key_id = trade_bytes(ld_key_id(s->key), LD_KEY_ID_BYTES);
	r->reason = LIANDAN__REVOCATION_REASON__REVOCATION_REASON_COMPROMISED;
	assert_int_equal(world_send(&x->h.world, &x->h.world.authority,
				    trade_event(&x->t, LIANDAN__EVENT__BODY_KEY_REVOKED, r)),
			 LIANDAN__VERDICT__ACCEPTED);
}

static void more_keys(struct rig *x)
{
	int64_t now = harness_now_ms();

	enrol(x, &expired, "phone", 1, now - 1000, NULL);
	enrol(x, &phone, "phone", 1, 0, NULL);
	enrol(x, &revoked, "tablet", 1, 0, NULL);
	revoke(x, &revoked);
	enrol(x, &tablet, "tablet", 1, 0, NULL);
	enrol(x, &pad, "pad", 1, 0, NULL);
	enrol(x, &future, "pad", now + LD_DAY_MS, 0, &pad);
	memcpy(first_prev[0], x->t.t1.prev, LD_HASH_BYTES);
	memcpy(first_prev[1], x->t.t2.prev, LD_HASH_BYTES);
}

static int setup(void **state)
{
	(void)state;
	rig_start(&rig, "plugin_opt_custody_per_s 100000\n", more_keys);
	return 0;
}

static int teardown(void **state)
{
	struct signer *all[] = {&expired, &phone, &revoked, &tablet, &future, &pad};

	(void)state;
	rig_end(&rig);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		signer_free(all[i]);
	return 0;
}

static void begin(int version)
{
	rig_version(&rig, version);
	signer_free(&rig.fresh);
	trade_begin(&rig.t);
	client_pump(rig.spy, 10);
	client_drop_all(rig.spy);
}

static void both(void (*fn)(void))
{
	begin(MQTT_PROTOCOL_V5);
	fn();
	begin(MQTT_PROTOCOL_V311);
	fn();
}

/* These bytes on this device's topic: that verdict. */
static void outside(const struct signer *on, const uint8_t *bytes, size_t len,
		    Liandan__Verdict verdict, bool signature_good)
{
	struct rig_expect want = {.verdict = verdict, .signature_good = signature_good, .on = on};
	struct rig_answer a;

	if (!signature_good)
		client_pump(rig.spy, UNSIGNED_MS);
	rig_publish(&rig, on, bytes, len, &a);
	rig_check(&rig, &a, &want);
	rig_answer_free(&a);
}

static uint64_t accepted(const struct signer *on, const uint8_t *bytes, size_t len)
{
	struct rig_expect want = {.verdict = LIANDAN__VERDICT__ACCEPTED, .on = on};
	struct rig_answer a;
	uint64_t index;

	rig_publish(&rig, on, bytes, len, &a);
	rig_check(&rig, &a, &want);
	assert_false(a.r->duplicate);
	index = a.r->index;
	rig_answer_free(&a);
	return index;
}

static uint8_t *seal(struct signer *by, Liandan__Event *e, size_t *len)
{
	return harness_seal(&rig.h, by, e, NULL, 0, len);
}

static Liandan__Event *noted(void)
{
	Liandan__Event *e = trade_generated(&rig.t, NULL, 1000);

	e->note = TEXT(MARK);
	return e;
}

/* ---- envelopes ---- */

#define OUTSIDE(on, bytes, len, VERDICT)                                                           \
	outside((on), (bytes), (len), LIANDAN__VERDICT__##VERDICT, false)

static void truncated(const uint8_t *good, size_t len)
{
	const size_t cuts[] = {1, len / 2, len - 1};
	uint8_t *longer = calloc(1, len + 1);

	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
		OUTSIDE(&rig.t.office, good, cuts[i], MALFORMED);
	assert_non_null(longer);
	memcpy(longer, good, len);
	OUTSIDE(&rig.t.office, longer, len + 1, MALFORMED);
	free(longer);
}

static void oversized(void)
{
	uint8_t *big = calloc(1, LD_MAX_ENVELOPE_BYTES + 1);

	assert_non_null(big);
	OUTSIDE(&rig.t.office, big, LD_MAX_ENVELOPE_BYTES + 1, TOO_LARGE);
	OUTSIDE(&rig.t.office, big, LD_MAX_ENVELOPE_BYTES, MALFORMED);
	free(big);
}

/* A bit of what was signed, then a bit of the signature. */
static void altered(const uint8_t *good, size_t len)
{
	uint8_t *bytes = malloc(len), *at;

	assert_non_null(bytes);
	memcpy(bytes, good, len);
	at = memmem(bytes, len, MARK, strlen(MARK));
	assert_non_null(at);
	*at ^= 1;
	OUTSIDE(&rig.t.office, bytes, len, BAD_SIGNATURE);
	memcpy(bytes, good, len);
	bytes[len - 1] ^= 1;
	OUTSIDE(&rig.t.office, bytes, len, BAD_SIGNATURE);
	free(bytes);
}

/* The envelope with these of its signatures, in this order, and then one of another key. */
static uint8_t *resigned(const uint8_t *good, size_t len, const size_t *order, size_t n,
			 struct signer *added, size_t *out_len)
{
	Liandan__Envelope *env = liandan__envelope__unpack(NULL, len, good);
	Liandan__Envelope copy = LIANDAN__ENVELOPE__INIT;
	Liandan__Signature extra = LIANDAN__SIGNATURE__INIT, *list[LD_MAX_SIGNATURES];
	uint8_t signature[LD_MAX_SIGNATURE_BYTES], *out;

	assert_non_null(env);
	copy.event = env->event;
	copy.signatures = list;
	for (; copy.n_signatures < n; copy.n_signatures++)
		list[copy.n_signatures] = env->signatures[order[copy.n_signatures]];
	if (added) {
		extra.key_id = trade_bytes(ld_key_id(added->key), LD_KEY_ID_BYTES);
		extra.signature.data = signature;
		assert_int_equal(ld_key_sign(added->key, LD_EVENT_TYPE, env->event.data,
					     env->event.len, signature, &extra.signature.len),
				 LD_OK);
		list[copy.n_signatures++] = &extra;
	}
	out = malloc(liandan__envelope__get_packed_size(&copy));
	assert_non_null(out);
	*out_len = liandan__envelope__pack(&copy, out);
	liandan__envelope__free_unpacked(env, NULL);
	return out;
}

static void added_signature(const uint8_t *good, size_t len)
{
	static const size_t first[] = {0};
	size_t n;
	uint8_t *bytes = resigned(good, len, first, 1, &rig.t.pit, &n);

	OUTSIDE(&rig.t.office, bytes, n, MALFORMED);
	free(bytes);
}

/* A valid signature of another key in the signer's place. */
static void others_signature(const uint8_t *good, size_t len)
{
	size_t n;
	uint8_t *bytes = resigned(good, len, NULL, 0, &rig.t.pit, &n);

	OUTSIDE(&rig.t.office, bytes, n, MALFORMED);
	free(bytes);
}

static void another_ledger(void)
{
	struct signer keep = rig.t.office;
	size_t len;
	uint8_t *bytes;

	rig.h.ledger_id[0] ^= 1; /* the same region, another ledger */
	bytes = seal(&rig.t.office, noted(), &len);
	rig.h.ledger_id[0] ^= 1;
	outside(&rig.t.office, bytes, len, LIANDAN__VERDICT__WRONG_LEDGER, true);
	free(bytes);
	rig.t.office = keep;
}

static void another_region(void)
{
	Liandan__Event *e = noted();
	size_t len;
	uint8_t *bytes = NULL;

	e->ledger_id = trade_bytes(rig.h.ledger_id, LD_HASH_BYTES);
	e->region = TEXT("elsewhere");
	e->seq = rig.t.office.seq + 1;
	e->prev = trade_bytes(rig.t.office.prev, LD_HASH_BYTES);
	e->clock = LIANDAN__CLOCK__CLOCK_NTP;
	e->occurred_at_ms = harness_now_ms();
	assert_int_equal(ld_seal(e, &rig.t.office.key, 1, &bytes, &len, NULL, NULL), LD_OK);
	outside(&rig.t.office, bytes, len, LIANDAN__VERDICT__WRONG_LEDGER, true);
	free(bytes);
}

/* Nothing of all that moves the chain: the good envelope goes through in the end. */
static void tamper(void)
{
	struct signer keep = rig.t.office, after;
	size_t len;
	uint8_t *good = seal(&rig.t.office, noted(), &len);

	after = rig.t.office;
	truncated(good, len);
	oversized();
	altered(good, len);
	added_signature(good, len);
	others_signature(good, len);
	rig.t.office = keep;
	another_ledger();
	another_region();
	rig.t.office = after;
	accepted(&rig.t.office, good, len);
	free(good);
}

static void tampered_envelopes(void **state)
{
	(void)state;
	both(tamper);
}

/* An event that names a cosigner has exactly its signature: stripped, swapped or a second time, it
 * is no envelope; with another's in its place neither. */
static void cosign(void)
{
	static const size_t orders[][2] = {{0, 0}, {1, 0}, {0, 0}};
	static const size_t counts[] = {1, 2, 2};
	struct signer *a = &rig.h.world.authority, *co = &rig.fresh;
	Liandan__KeyEnrolled *k =
	    TRADE_NEW(&rig.t, Liandan__KeyEnrolled, LIANDAN__KEY_ENROLLED__INIT);
	size_t len, n;
	uint8_t *good, *bytes;

	signer_new(co, "gen", trade_name(&rig.t, "device"), LIANDAN__ALGORITHM__ALGORITHM_SM2);
	k->spki.data = (uint8_t *)(uintptr_t)ld_key_spki(co->key, &k->spki.len);
	k->algorithm = LIANDAN__ALGORITHM__ALGORITHM_SM2;
	k->party = co->party;
	k->device = co->device;
	k->subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON;
	k->roles = LIANDAN__ROLE__ROLE_GENERATOR;
	k->from_ms = 1;
	good = harness_seal(&rig.h, a, trade_event(&rig.t, LIANDAN__EVENT__BODY_KEY_ENROLLED, k),
			    &co, 1, &len);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		bytes = resigned(good, len, orders[i], counts[i], NULL, &n);
		OUTSIDE(a, bytes, n, MALFORMED);
		free(bytes);
	}
	bytes = resigned(good, len, orders[0], 1, &rig.t.pit, &n);
	OUTSIDE(a, bytes, n, MALFORMED);
	free(bytes);
	good[len - 1] ^= 1; /* the cosignature's last bit */
	OUTSIDE(a, good, len, BAD_SIGNATURE);
	good[len - 1] ^= 1;
	accepted(a, good, len);
	free(good);
}

static void cosignatures(void **state)
{
	(void)state;
	both(cosign);
}

/* ---- keys ---- */

/* An event of `by` on the topic of `on`; the chain stands still. */
static void on_topic_of(struct signer *by, const struct signer *on, struct signer *co,
			Liandan__Verdict verdict, bool signature_good)
{
	struct signer keep = *by;
	size_t len;
	uint8_t *bytes = harness_seal(&rig.h, by, noted(), &co, co != NULL, &len);

	outside(on, bytes, len, verdict, signature_good);
	free(bytes);
	*by = keep;
}

static void key_by_key(void)
{
	signer_new(&rig.fresh, "gen", "office", LIANDAN__ALGORITHM__ALGORITHM_P256);
	on_topic_of(&rig.fresh, &rig.t.office, NULL, LIANDAN__VERDICT__UNKNOWN_KEY, false);
	on_topic_of(&rig.t.office, &rig.t.office, &rig.fresh, LIANDAN__VERDICT__UNKNOWN_KEY, false);
	on_topic_of(&rig.t.office, &rig.t.d1, NULL, LIANDAN__VERDICT__WRONG_TOPIC, true);
	on_topic_of(&revoked, &tablet, NULL, LIANDAN__VERDICT__KEY_REVOKED, true);
	on_topic_of(&tablet, &tablet, &revoked, LIANDAN__VERDICT__KEY_REVOKED, false);
	on_topic_of(&expired, &phone, NULL, LIANDAN__VERDICT__KEY_NOT_VALID_NOW, true);
	on_topic_of(&future, &pad, NULL, LIANDAN__VERDICT__KEY_NOT_VALID_NOW, true);
	rig_must(&rig, &tablet, noted());
	rig_must(&rig, &phone, noted());
	rig_must(&rig, &pad, noted());
}

static void keys(void **state)
{
	(void)state;
	both(key_by_key);
}

/* ---- chains ---- */

/* The receipt says what is expected, signed by the ledger. */
static void chain_refuses(const struct signer *on, const uint8_t *bytes, size_t len,
			  Liandan__Verdict verdict, const struct signer *stands)
{
	struct rig_expect want = {.verdict = verdict, .signature_good = true, .on = on};
	struct rig_answer a;

	rig_publish(&rig, on, bytes, len, &a);
	/* while the index lags, an old number is not called a fork: it may be an exact repeat */
	for (int i = 0; i < 20 && a.r && a.r->verdict == LIANDAN__VERDICT__THROTTLED; i++) {
		rig_answer_free(&a);
		client_pump(rig.spy, 300);
		rig_publish(&rig, on, bytes, len, &a);
	}
	rig_check(&rig, &a, &want);
	assert_int_equal(a.r->expected_seq, stands->seq + 1);
	assert_int_equal(a.r->expected_prev.len, LD_HASH_BYTES);
	assert_memory_equal(a.r->expected_prev.data, stands->prev, LD_HASH_BYTES);
	rig_answer_free(&a);
}

/* The second before the first: a gap; then both in order. */
static void swap(void)
{
	struct signer *s = &rig.t.office, stands = *s;
	size_t n1, n2;
	uint8_t *first = seal(s, noted(), &n1), *second = seal(s, noted(), &n2);

	chain_refuses(s, second, n2, LIANDAN__VERDICT__SEQUENCE_GAP, &stands);
	accepted(s, first, n1);
	accepted(s, second, n2);
	free(first);
	free(second);
}

static void reordered(void **state)
{
	(void)state;
	both(swap);
}

static void wrong_prev(void)
{
	struct signer *s = &rig.t.office, stands = *s;
	size_t len;
	uint8_t *bytes;

	s->prev[0] ^= 1;
	bytes = seal(s, noted(), &len);
	*s = stands;
	chain_refuses(s, bytes, len, LIANDAN__VERDICT__PREVIOUS_MISMATCH, &stands);
	rig_must(&rig, s, noted());
	free(bytes);
}

static void previous_mismatch(void **state)
{
	(void)state;
	both(wrong_prev);
}

/* Two events under one number: the second is observed as a fork, at level 4. */
static void fork_chain(void)
{
	/* a device each: an anomaly that is open and says no more is not told again */
	struct signer *s = rig.version == MQTT_PROTOCOL_V5 ? &tablet : &pad, before = *s, after;
	struct message *m;
	size_t len;
	uint8_t *bytes;

	rig_must(&rig, s, noted());
	after = *s;
	*s = before;
	bytes = seal(s, noted(), &len);
	*s = after;
	chain_refuses(s, bytes, len, LIANDAN__VERDICT__SEQUENCE_FORK, s);
	m = client_take(rig.spy, HARNESS_ROOT "anomaly/4/SEQUENCE_FORKED/+", HARNESS_WAIT_MS);
	assert_non_null(m);
	message_free(m);
	rig_must(&rig, s, noted());
	free(bytes);
}

static void forked(void **state)
{
	(void)state;
	both(fork_chain);
}

/* A terminal that lost its memory begins again at 1: a fork. With ChainRestarted it goes on in the
 * next epoch. */
static void lose_memory(struct signer *t, const char *plate, const uint8_t first[LD_HASH_BYTES])
{
	int64_t now = harness_now_ms();
	Liandan__ChainRestarted *r =
	    TRADE_NEW(&rig.t, Liandan__ChainRestarted, LIANDAN__CHAIN_RESTARTED__INIT);
	struct rig_expect want = {.verdict = LIANDAN__VERDICT__ACCEPTED,
				  .on = &rig.h.world.authority};
	struct signer stands;
	struct rig_answer a;
	size_t len;
	uint8_t *bytes;

	rig_must(&rig, t, trade_fix(&rig.t, plate, t->device, now - 3000, 31.0, 121.0));
	rig_must(&rig, t, trade_fix(&rig.t, plate, t->device, now - 2000, 31.0, 121.0));
	stands = *t;
	t->seq = 0;
	memcpy(t->prev, first, LD_HASH_BYTES);
	bytes = seal(t, trade_fix(&rig.t, plate, t->device, now - 1000, 31.0, 121.0), &len);
	chain_refuses(t, bytes, len, LIANDAN__VERDICT__SEQUENCE_FORK, &stands);
	free(bytes);
	r->key_id = trade_bytes(ld_key_id(t->key), LD_KEY_ID_BYTES);
	r->last_seq = stands.seq;
	r->reason = LIANDAN__RESTART_REASON__RESTART_REASON_MEMORY_LOST;
	rig_post(&rig, &rig.h.world.authority, t,
		 trade_event(&rig.t, LIANDAN__EVENT__BODY_CHAIN_RESTARTED, r), &a);
	rig_check(&rig, &a, &want);
	rig_answer_free(&a);
	t->epoch = 1;
	t->seq = 0;
	memcpy(t->prev, rig.h.sent_hash, LD_HASH_BYTES);
	rig_must(&rig, t, trade_fix(&rig.t, plate, t->device, now, 31.0, 121.0));
}

static void restarted_from_one(void **state)
{
	(void)state;
	begin(MQTT_PROTOCOL_V5);
	lose_memory(&rig.t.t1, "T1", first_prev[0]);
	begin(MQTT_PROTOCOL_V311);
	lose_memory(&rig.t.t2, "T2", first_prev[1]);
}

/* ---- duplicates ---- */

static void again(const uint8_t *bytes, size_t len, uint64_t index, bool entry)
{
	struct rig_expect want = {.verdict = LIANDAN__VERDICT__ACCEPTED, .on = &rig.t.office};
	struct rig_answer a;

	rig_publish(&rig, &rig.t.office, bytes, len, &a);
	rig_check(&rig, &a, &want);
	assert_true(a.r->duplicate);
	assert_int_equal(a.r->index, index);
	assert_int_equal(a.r->entry.len != 0, entry);
	/* a proof that is right for these bytes is wrong for others */
	if (!entry) {
		a.bytes[len / 2] ^= 1;
		assert_false(harness_verify(&rig.h, a.r, a.bytes, a.len));
	}
	rig_answer_free(&a);
}

/* The exact event again, at once and after others: its first verdict, index and time. Under another
 * valid signature it is the same event, and the receipt brings the leaf along. */
static void repeat(void)
{
	struct signer *s = &rig.t.office, before = *s, after;
	Liandan__Event *e = noted();
	uint64_t index, entries;
	size_t len, n;
	uint8_t *bytes, *other;

	e->occurred_at_ms = harness_now_ms();
	bytes = seal(s, e, &len);
	after = *s;
	*s = before;
	other = seal(s, e, &n);
	*s = after;
	assert_true(len != n || memcmp(bytes, other, n) != 0);
	index = accepted(s, bytes, len);
	again(bytes, len, index, false);
	again(other, n, index, true);
	entries = rig_must(&rig, s, noted());
	again(bytes, len, index, false);
	again(other, n, index, true);
	/* and no leaf was made of them */
	assert_int_equal(rig_must(&rig, s, noted()), entries + 1);
	free(bytes);
	free(other);
}

static void duplicates(void **state)
{
	(void)state;
	both(repeat);
}

static void counters(void **state)
{
	(void)state;
	rig_check_counters(&rig);
}

static void table(void **state)
{
	(void)state;
	rig_check_table(&rig, "test_verdicts");
	rig_check_table_complete();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tampered_envelopes),
	    cmocka_unit_test(cosignatures),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(reordered),
	    cmocka_unit_test(previous_mismatch),
	    cmocka_unit_test(forked),
	    cmocka_unit_test(restarted_from_one),
	    cmocka_unit_test(duplicates),
	    cmocka_unit_test(counters),
	    cmocka_unit_test(table),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
