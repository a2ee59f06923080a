#include "tests/broker/verdicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/envelope.h"
#include "proto/verdict.h"

#define CORRELATION "c-4711"
#define COUNTERS "$SYS/broker/liandan/"
#define COUNTERS_MS 13000

static const char *const hows[RIG_HOWS] = {"verdict", "refused", "flagged", "held"};

/* ---- rig ---- */

static void must(struct trade *t, struct signer *by, Liandan__Event *e)
{
	rig_must(t->ctx, by, e);
	memcpy(t->hash, ((struct rig *)t->ctx)->h.sent_hash, sizeof t->hash);
}

void rig_start(struct rig *x, const char *options, void (*before)(struct rig *x))
{
	memset(x, 0, sizeof *x);
	harness_new(&x->h);
	trade_found(&x->t, &x->h.world);
	x->t.must = must;
	x->t.ctx = x;
	if (before)
		before(x);
	snprintf(x->h.options, sizeof x->h.options, "%s", options);
	harness_start(&x->h);
	x->spy = client_open(&x->h, &x->t.inspector, MQTT_PROTOCOL_V5);
	assert_int_equal(client_subscribe(x->spy, HARNESS_ROOT "#"), 1);
	assert_in_range(client_subscribe(x->spy, COUNTERS "#"), 0, 1);
	x->version = MQTT_PROTOCOL_V5;
}

void rig_version(struct rig *x, int version)
{
	for (size_t i = 0; i < RIG_CLIENTS && x->open[i].client; i++)
		client_close(x->open[i].client, true);
	memset(x->open, 0, sizeof x->open);
	x->version = version;
}

void rig_end(struct rig *x)
{
	rig_version(x, x->version);
	client_close(x->spy, true);
	signer_free(&x->fresh);
	harness_stop(&x->h);
	trade_free(&x->t);
	harness_free(&x->h);
}

struct client *rig_client(struct rig *x, const struct signer *s)
{
	size_t i = 0;

	for (; i < RIG_CLIENTS && x->open[i].client; i++)
		if (x->open[i].of == s)
			return x->open[i].client;
	assert_true(i < RIG_CLIENTS);
	x->open[i].of = s;
	x->open[i].client = client_open(&x->h, s, x->version);
	return x->open[i].client;
}

void rig_answer_free(struct rig_answer *a)
{
	if (a->r)
		liandan__receipt__free_unpacked(a->r, NULL);
	free(a->bytes);
	memset(a, 0, sizeof *a);
}

/* ---- sending ---- */

static bool is_for(const Liandan__Receipt *r, const uint8_t hash[LD_HASH_BYTES])
{
	return r && r->payload_hash.len == LD_HASH_BYTES &&
	       memcmp(r->payload_hash.data, hash, LD_HASH_BYTES) == 0;
}

/* MQTT 5 publishers get their correlation data back. */
static void check_correlation(const struct rig *x, const struct message *m)
{
	if (x->version != MQTT_PROTOCOL_V5)
		return;
	assert_int_equal(m->correlation_len, strlen(CORRELATION));
	assert_memory_equal(m->correlation, CORRELATION, strlen(CORRELATION));
	assert_string_equal(m->content_type, "application/vnd.liandan.receipt.v1+protobuf");
}

static Liandan__Receipt *next_receipt(struct client *c, const struct signer *on,
				      const uint8_t hash[LD_HASH_BYTES], struct message **out,
				      int ms)
{
	int64_t until = harness_now_ms() + ms;
	char topic[256];

	snprintf(topic, sizeof topic, HARNESS_ROOT "r/%s/%s", on->party, on->device);
	do {
		struct message *m = client_take(c, topic, (int)(until - harness_now_ms()));
		Liandan__Receipt *r = m ? liandan__receipt__unpack(NULL, m->len, m->payload) : NULL;

		*out = m;
		if (is_for(r, hash))
			return r;
		if (r)
			liandan__receipt__free_unpacked(r, NULL);
		message_free(m);
	} while (harness_now_ms() < until);
	*out = NULL;
	return NULL;
}

static void count(struct rig *x, const Liandan__Receipt *r)
{
	if (r->duplicate) {
		x->duplicates++;
		return;
	}
	x->verdicts[r->verdict]++;
	x->reasons[r->reason]++;
}

void rig_publish(struct rig *x, const struct signer *on, const uint8_t *bytes, size_t len,
		 struct rig_answer *out)
{
	struct client *c = rig_client(x, on);
	mosquitto_property *p = NULL;
	uint8_t hash[LD_HASH_BYTES];
	struct message *m;
	char topic[256];

	snprintf(topic, sizeof topic, HARNESS_ROOT "i/%s/%s", on->party, on->device);
	if (x->version == MQTT_PROTOCOL_V5)
		mosquitto_property_add_binary(&p, MQTT_PROP_CORRELATION_DATA, CORRELATION,
					      strlen(CORRELATION));
	memset(out, 0, sizeof *out);
	out->bytes = malloc(len + 1);
	assert_non_null(out->bytes);
	memcpy(out->bytes, bytes, len);
	out->len = len;
	out->rc = client_publish(c, topic, bytes, len, 1, false, p);
	mosquitto_property_free_all(&p);
	if (out->rc < 0)
		return;
	ld_sha256(bytes, len, hash);
	out->r = next_receipt(c, on, hash, &m, HARNESS_WAIT_MS);
	if (!out->r)
		return;
	check_correlation(x, m);
	message_free(m);
	count(x, out->r);
}

void rig_post(struct rig *x, struct signer *by, struct signer *co, Liandan__Event *e,
	      struct rig_answer *out)
{
	size_t len;
	uint8_t *bytes = harness_seal(&x->h, by, e, &co, co != NULL, &len);

	rig_publish(x, by, bytes, len, out);
	free(bytes);
}

/* ---- checking ---- */

static bool has_violation(const Liandan__Receipt *r, Liandan__Reason reason)
{
	for (size_t i = 0; i < r->n_violations; i++)
		if (r->violations[i]->reason == reason)
			return true;
	return false;
}

static struct ld_key *ledger_key(struct rig *x)
{
	struct ld_note_key note = {0};
	struct ld_key *key = NULL;
	uint8_t *spki = NULL;
	int n;

	assert_int_equal(ld_note_vkey_parse(x->h.vkey, &note), LD_OK);
	n = i2d_PUBKEY(note.pkey, &spki);
	assert_true(n > 0);
	assert_int_equal(
	    ld_key_public(spki, (size_t)n, LIANDAN__ALGORITHM__ALGORITHM_ED25519, &key), LD_OK);
	OPENSSL_free(spki);
	EVP_PKEY_free(note.pkey);
	return key;
}

/* PROTOCOL, Receipt: signed by the ledger key over all bytes before the signature, where the
 * event's signature was good; else unsigned. */
static void check_outside(struct rig *x, const Liandan__Receipt *r, bool signature_good)
{
	Liandan__Receipt body = *r;
	struct ld_key *key;
	uint8_t *bytes;
	size_t n;

	assert_string_equal(r->tlog_proof, "");
	assert_int_equal(r->index, 0);
	if (!signature_good) {
		assert_int_equal(r->signature.len, 0);
		return;
	}
	assert_int_equal(r->signature.len, 64);
	body.signature.len = 0;
	bytes = malloc(liandan__receipt__get_packed_size(&body));
	assert_non_null(bytes);
	n = liandan__receipt__pack(&body, bytes);
	key = ledger_key(x);
	assert_int_equal(ld_key_verify(key, LD_RECEIPT_TYPE, bytes, n, r->signature.data, 64),
			 LD_OK);
	bytes[n / 2] ^= 1;
	assert_int_equal(ld_key_verify(key, LD_RECEIPT_TYPE, bytes, n, r->signature.data, 64),
			 LD_ERR_SIGNATURE);
	ld_key_free(key);
	free(bytes);
}

static void check_refused_topic(struct rig *x, const struct rig_answer *a,
				const struct rig_expect *want)
{
	const char *name = want->verdict == LIANDAN__VERDICT__REFUSED
			       ? ld_reason_name(want->reason)
			       : ld_verdict_name(want->verdict);
	uint8_t hash[LD_HASH_BYTES];
	Liandan__Refused *rf;
	struct message *m;
	char topic[256];

	snprintf(topic, sizeof topic, HARNESS_ROOT "refused/%s/%s/%s", name, want->on->party,
		 want->on->device);
	m = client_take(x->spy, topic, HARNESS_WAIT_MS);
	if (!m)
		fail_msg("nothing on %s", topic);
	rf = liandan__refused__unpack(NULL, m->len, m->payload);
	assert_non_null(rf);
	ld_sha256(a->bytes, a->len, hash);
	assert_int_equal(rf->verdict, want->verdict);
	assert_int_equal(rf->reason, want->reason);
	assert_memory_equal(rf->payload_hash.data, hash, sizeof hash);
	assert_int_equal(rf->unverified.len,
			 a->len < LD_MAX_ENVELOPE_BYTES ? a->len : LD_MAX_ENVELOPE_BYTES);
	assert_memory_equal(rf->unverified.data, a->bytes, rf->unverified.len);
	liandan__refused__free_unpacked(rf, NULL);
	message_free(m);
}

static void note(struct rig *x, const struct rig_expect *want)
{
	unsigned bit = x->version == MQTT_PROTOCOL_V5 ? 2 : 1;

	x->seen[RIG_VERDICT][want->verdict] |= bit;
	if (want->verdict == LIANDAN__VERDICT__REFUSED)
		x->seen[RIG_REFUSED][want->reason] |= bit;
	if (want->verdict == LIANDAN__VERDICT__HELD)
		x->seen[RIG_HELD][want->reason] |= bit;
	if (want->violation)
		x->seen[RIG_FLAGGED][want->violation] |= bit;
}

void rig_check(struct rig *x, const struct rig_answer *a, const struct rig_expect *want)
{
	bool in_ledger = ld_verdict_in_ledger(want->verdict);
	const Liandan__Receipt *r = a->r;

	if (!r)
		fail_msg("no receipt; PUBACK %d", a->rc);
	if (r->verdict != want->verdict || r->reason != want->reason)
		fail_msg("%s %s (%s), not %s %s", ld_verdict_name(r->verdict),
			 ld_reason_name(r->reason), r->details, ld_verdict_name(want->verdict),
			 ld_reason_name(want->reason));
	/* 0x10: nobody subscribed to i/, and nobody can */
	if (x->version != MQTT_PROTOCOL_V5)
		assert_int_equal(a->rc, 0);
	else if (in_ledger)
		assert_true(a->rc == 0 || a->rc == MQTT_RC_NO_MATCHING_SUBSCRIBERS);
	else
		assert_int_equal(a->rc, MQTT_RC_NOT_AUTHORIZED);
	if (in_ledger) {
		assert_true(harness_verify(&x->h, r, a->bytes, a->len));
		assert_int_equal(r->signature.len, 0);
	} else {
		check_outside(x, r, want->signature_good);
	}
	if (want->violation && !has_violation(r, want->violation))
		fail_msg("not flagged %s (%zu others, first %s)", ld_reason_name(want->violation),
			 r->n_violations,
			 r->n_violations ? ld_reason_name(r->violations[0]->reason) : "none");
	if (want->verdict != LIANDAN__VERDICT__ACCEPTED && !r->duplicate)
		check_refused_topic(x, a, want);
	note(x, want);
}

uint64_t rig_must(struct rig *x, struct signer *by, Liandan__Event *e)
{
	struct rig_expect want = {.verdict = LIANDAN__VERDICT__ACCEPTED, .on = by};
	struct rig_answer a;
	uint64_t index;

	rig_post(x, by, NULL, e, &a);
	rig_check(x, &a, &want);
	index = a.r->index;
	rig_answer_free(&a);
	return index;
}

/* Leaf data of a second receipt: HeldApplied of this index and verdict. */
static void check_applied_entry(const Liandan__Receipt *r)
{
	Liandan__Entry *e = liandan__entry__unpack(NULL, r->entry.len, r->entry.data);
	Liandan__OwnEvent *own;

	assert_non_null(e);
	assert_int_equal(e->content_case, LIANDAN__ENTRY__CONTENT_OWN_EVENT);
	own = liandan__own_event__unpack(NULL, e->own_event.len, e->own_event.data);
	assert_non_null(own);
	assert_int_equal(own->body_case, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED);
	assert_int_equal(own->held_applied->index, r->index);
	assert_int_equal(own->held_applied->verdict, r->verdict);
	assert_int_equal(own->held_applied->reason, r->reason);
	assert_int_equal(own->held_applied->n_violations, r->n_violations);
	for (size_t i = 0; i < r->n_violations; i++)
		assert_int_equal(own->held_applied->violations[i]->reason,
				 r->violations[i]->reason);
	liandan__own_event__free_unpacked(own, NULL);
	liandan__entry__free_unpacked(e, NULL);
}

void rig_applied(struct rig *x, const struct signer *on, const struct rig_answer *held,
		 Liandan__Verdict verdict, Liandan__Reason reason, size_t violations)
{
	uint8_t hash[LD_HASH_BYTES];
	struct message *m;
	Liandan__Receipt *r;

	ld_sha256(held->bytes, held->len, hash);
	r = next_receipt(rig_client(x, on), on, hash, &m, HARNESS_WAIT_MS);
	assert_non_null(r);
	message_free(m);
	assert_int_equal(r->verdict, verdict);
	assert_int_equal(r->reason, reason);
	assert_int_equal(r->n_violations, violations);
	assert_int_equal(r->index, held->r->index);
	assert_true(r->applied_index > r->index);
	assert_memory_equal(r->event_hash.data, held->r->event_hash.data, LD_HASH_BYTES);
	check_applied_entry(r);
	assert_true(harness_verify(&x->h, r, held->bytes, held->len));
	liandan__receipt__free_unpacked(r, NULL);
}

/* ---- tables of cases ---- */

static void run(struct rig *x, const struct rig_case *c, bool refused)
{
	struct rig_expect want = {.verdict = refused ? LIANDAN__VERDICT__REFUSED
						     : LIANDAN__VERDICT__ACCEPTED};
	struct signer *by = &x->t.office, *co = NULL;
	struct rig_answer a;
	Liandan__Event *e;

	if (getenv("LD_TEST_VERBOSE"))
		fprintf(stderr, "case %s\n", c->name);
	signer_free(&x->fresh);
	trade_begin(&x->t);
	client_pump(x->spy, 1);
	client_drop_all(x->spy);
	e = c->build(x, &by, &co);
	rig_post(x, by, co, e, &a);
	want.on = by;
	*(refused ? &want.reason : &want.violation) = c->reason;
	rig_check(x, &a, &want);
	rig_answer_free(&a);
}

static void run_all(struct rig *x, const struct rig_case *cases, size_t n, bool refused)
{
	static const int versions[] = {MQTT_PROTOCOL_V5, MQTT_PROTOCOL_V311};

	for (size_t v = 0; v < 2; v++) {
		rig_version(x, versions[v]);
		for (size_t i = 0; i < n; i++)
			run(x, &cases[i], refused);
	}
}

void rig_run_refused(struct rig *x, const struct rig_case *cases, size_t n)
{
	run_all(x, cases, n, true);
}

void rig_run_flagged(struct rig *x, const struct rig_case *cases, size_t n)
{
	run_all(x, cases, n, false);
}

/* ---- counters ---- */

static uint64_t counter(struct rig *x, const char *family, const char *name, uint64_t want)
{
	int64_t until = harness_now_ms() + COUNTERS_MS;
	uint64_t value = 0;
	char topic[128];

	snprintf(topic, sizeof topic, COUNTERS "%s/%s", family, name);
	while (value != want) {
		int64_t left = until - harness_now_ms();
		struct message *m = client_take(x->spy, topic, left > 0 ? (int)left : 0);
		if (!m)
			break;
		value = strtoull((char *)m->payload, NULL, 10);
		message_free(m);
	}
	return value;
}

void rig_check_counters(struct rig *x)
{
	/* once more, for the retained values: those that came before may have been dropped */
	client_drop_all(x->spy);
	assert_in_range(client_subscribe(x->spy, COUNTERS "#"), 0, 1);
	for (int v = 1; v < RIG_VERDICTS; v++) {
		uint64_t want = x->verdicts[v];
		if (want)
			assert_int_equal(
			    counter(x, "verdict", ld_verdict_name((Liandan__Verdict)v), want),
			    want);
	}
	for (int r = 1; r < RIG_REASONS; r++) {
		uint64_t want = x->reasons[r];
		if (want)
			assert_int_equal(
			    counter(x, "reason", ld_reason_name((Liandan__Reason)r), want), want);
	}
	if (x->duplicates)
		assert_int_equal(counter(x, "verdict", "DUPLICATE", x->duplicates), x->duplicates);
}

/* ---- the table ---- */

struct row {
	char name[64], how[16], test[64];
};

/* "| NAME | how | test | …"; false: not a row of this kind. */
static bool parse_row(const char *line, struct row *out)
{
	return sscanf(line, "| %63[A-Z_] | %15[a-z] | `%63[a-z0-9_]`", out->name, out->how,
		      out->test) == 3;
}

static void each_row(void (*fn)(void *ctx, const struct row *row), void *ctx)
{
	FILE *f = fopen(LD_VERDICTS_TABLE, "re");
	char line[512];

	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		struct row row = {0};
		if (parse_row(line, &row))
			fn(ctx, &row);
	}
	fclose(f);
}

static int value_of(const struct row *row, const ProtobufCEnumDescriptor *d)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(d, row->name);

	return v ? v->value : -1;
}

struct claims {
	struct rig *x;
	const char *test;
	unsigned claimed[RIG_HOWS][RIG_REASONS];
};

static void claim(void *ctx, const struct row *row)
{
	struct claims *c = ctx;
	int how = 0, value;

	while (how < RIG_HOWS && strcmp(hows[how], row->how) != 0)
		how++;
	value = value_of(row, how == RIG_VERDICT ? &liandan__verdict__descriptor
						 : &liandan__reason__descriptor);
	if (how == RIG_HOWS)
		fail_msg("%s: no such way: %s", row->name, row->how);
	if (value < 0 && strcmp(row->name, "DUPLICATE") != 0)
		fail_msg("no such verdict or reason: %s", row->name);
	if (value < 0)
		return;
	c->claimed[how][value] = 1;
	if (strcmp(row->test, c->test) == 0 && c->x->seen[how][value] != 3)
		fail_msg("%s (%s) is claimed by %s and was reached over %s", row->name, row->how,
			 row->test, c->x->seen[how][value] ? "one version only" : "neither");
}

void rig_check_table(struct rig *x, const char *test)
{
	struct claims c = {.x = x, .test = test};

	each_row(claim, &c);
	for (int how = RIG_REFUSED; how < RIG_HOWS; how++)
		for (int v = 1; v < RIG_REASONS; v++)
			if (x->seen[how][v] && !c.claimed[how][v])
				fail_msg("%s (%s) is reached and not in the table",
					 ld_reason_name((Liandan__Reason)v), hows[how]);
}

struct names {
	bool verdict[RIG_VERDICTS], reason[RIG_REASONS];
};

static void name(void *ctx, const struct row *row)
{
	struct names *n = ctx;
	bool verdict = strcmp(row->how, "verdict") == 0;
	int value =
	    value_of(row, verdict ? &liandan__verdict__descriptor : &liandan__reason__descriptor);

	if (value >= 0)
		(verdict ? n->verdict : n->reason)[value] = true;
}

void rig_check_table_complete(void)
{
	struct names n = {0};

	each_row(name, &n);
	for (unsigned i = 0; i < liandan__verdict__descriptor.n_values; i++) {
		const ProtobufCEnumValue *v = &liandan__verdict__descriptor.values[i];
		if (v->value && !n.verdict[v->value])
			fail_msg("%s is not in the table", v->name);
	}
	for (unsigned i = 0; i < liandan__reason__descriptor.n_values; i++) {
		const ProtobufCEnumValue *v = &liandan__reason__descriptor.values[i];
		if (v->value && !n.reason[v->value])
			fail_msg("%s is not in the table", v->name);
	}
}
