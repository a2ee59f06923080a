/* Seal and open: what was signed comes back, and nothing else verifies. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "liandan/ledger.pb-c.h"
#include "proto/base64.h"
#include "proto/digest.h"
#include "proto/envelope.h"
#include "random_message.h"

static struct ld_arena arena;
static struct ld_key *keys[5];

static uint8_t ledger_id[LD_HASH_BYTES];
static uint8_t prev[LD_HASH_BYTES];
static uint8_t manifest[LD_UUID_BYTES];

static void make_event(Liandan__Event *event, Liandan__Rejected *rejected)
{
	liandan__event__init(event);
	liandan__rejected__init(rejected);
	event->ledger_id = (ProtobufCBinaryData){sizeof ledger_id, ledger_id};
	event->region = (char *)(uintptr_t) "gd-sz";
	event->seq = 7;
	event->prev = (ProtobufCBinaryData){sizeof prev, prev};
	event->occurred_at_ms = 1700000000000;
	event->clock = LIANDAN__CLOCK__CLOCK_NTP;
	event->body_case = LIANDAN__EVENT__BODY_REJECTED;
	event->rejected = rejected;
	rejected->manifest = (ProtobufCBinaryData){sizeof manifest, manifest};
	rejected->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	rejected->waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK;
}

static void there_and_back(void **state)
{
	(void)state;
	Liandan__Event event;
	Liandan__Rejected rejected;
	struct ld_gate_fault fault;
	make_event(&event, &rejected);
	for (size_t n = 1; n <= LD_MAX_SIGNATURES; n++) {
		uint8_t *bytes = NULL;
		size_t len = 0;
		uint8_t hash[LD_HASH_BYTES];
		struct ld_opened o;
		assert_int_equal(ld_seal(&event, keys, n, &bytes, &len, hash, &fault), LD_OK);
		assert_null(event.cosigners); /* put back as it was */
		ld_arena_reset(&arena);
		assert_int_equal(ld_open_parse(bytes, len, &arena, &o, &fault), LD_OK);
		assert_memory_equal(o.event_hash, hash, sizeof hash);
		assert_true(o.event_bytes > bytes && o.event_bytes + o.event_len < bytes + len);
		assert_int_equal(o.event->n_cosigners, n - 1);
		assert_int_equal(o.event->seq, 7);
		assert_int_equal(o.event->rejected->reason, rejected.reason);
		assert_memory_equal(o.event->submitter.data, ld_key_id(keys[0]), LD_KEY_ID_BYTES);
		assert_int_equal(ld_open_verify(&o, keys, n), LD_OK);
		assert_int_equal(ld_open_verify(&o, keys, n - 1), LD_ERR_SIGNATURE);
		assert_int_equal(ld_open_verify(&o, keys + 1, n), LD_ERR_SIGNATURE);
		/* any changed byte of the event: refused, or its signature fails */
		for (size_t at = 0; at < o.event_len; at++) {
			struct ld_opened changed;
			const size_t place = (size_t)(o.event_bytes - bytes) + at;
			bytes[place] ^= 4;
			if (n == 2 && ld_open_parse(bytes, len, &arena, &changed, NULL) == LD_OK)
				assert_int_equal(ld_open_verify(&changed, keys, n),
						 LD_ERR_SIGNATURE);
			ld_arena_reset(&arena);
			bytes[place] ^= 4;
		}
		free(bytes);
	}
}

/* Packs an envelope around event bytes with these signatures. */
static size_t wrap(uint8_t *out, const uint8_t *event, size_t event_len,
		   struct ld_key *const *signers, size_t n)
{
	Liandan__Envelope e = LIANDAN__ENVELOPE__INIT;
	Liandan__Signature s[6];
	Liandan__Signature *list[6];
	uint8_t made[6][LD_MAX_SIGNATURE_BYTES];
	for (size_t i = 0; i < n; i++) {
		size_t len = 0;
		assert_int_equal(
		    ld_key_sign(signers[i], LD_EVENT_TYPE, event, event_len, made[i], &len), LD_OK);
		liandan__signature__init(&s[i]);
		s[i].key_id = (ProtobufCBinaryData){LD_KEY_ID_BYTES,
						    (uint8_t *)(uintptr_t)ld_key_id(signers[i])};
		s[i].signature = (ProtobufCBinaryData){len, made[i]};
		list[i] = &s[i];
	}
	e.event = (ProtobufCBinaryData){event_len, (uint8_t *)(uintptr_t)event};
	e.n_signatures = n;
	e.signatures = list;
	return liandan__envelope__pack(&e, out);
}

/* None can be added, dropped, swapped or doubled. */
static void exactly_the_signers(void **state)
{
	(void)state;
	Liandan__Event event;
	Liandan__Rejected rejected;
	uint8_t *bytes = NULL;
	size_t len = 0;
	struct ld_opened o;
	struct ld_gate_fault fault;
	uint8_t out[2048];
	uint8_t body[1024];
	make_event(&event, &rejected);
	assert_int_equal(ld_seal(&event, keys, 2, &bytes, &len, NULL, NULL), LD_OK);
	assert_int_equal(ld_open_parse(bytes, len, &arena, &o, NULL), LD_OK);
	const size_t body_len = o.event_len;
	memcpy(body, o.event_bytes, body_len);

	struct ld_key *swapped[] = {keys[1], keys[0]};
	struct ld_key *doubled[] = {keys[0], keys[0]};
	struct ld_key *other[] = {keys[0], keys[2]};
	const struct {
		struct ld_key *const *signers;
		size_t n;
		enum ld_err err;
	} cases[] = {
	    {keys, 2, LD_OK},
	    {keys, 1, LD_ERR_MALFORMED},
	    {keys, 3, LD_ERR_MALFORMED},
	    {keys, 0, LD_ERR_MALFORMED},
	    {keys, 5, LD_ERR_MALFORMED},
	    {swapped, 2, LD_ERR_MALFORMED},
	    {doubled, 2, LD_ERR_MALFORMED},
	    {other, 2, LD_ERR_MALFORMED},
	    {keys + 2, 1, LD_ERR_MALFORMED},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ld_arena_reset(&arena);
		const size_t n = wrap(out, body, body_len, cases[i].signers, cases[i].n);
		assert_int_equal(ld_open_parse(out, n, &arena, &o, &fault), cases[i].err);
	}
	free(bytes);
	/* a submitter that cosigns itself */
	ProtobufCBinaryData self = {LD_KEY_ID_BYTES, (uint8_t *)(uintptr_t)ld_key_id(keys[0])};
	event.submitter = self;
	event.n_cosigners = 1;
	event.cosigners = &self;
	const size_t twice = liandan__event__pack(&event, body);
	const size_t n = wrap(out, body, twice, doubled, 2);
	assert_int_equal(ld_open_parse(out, n, &arena, &o, &fault), LD_ERR_MALFORMED);
	assert_string_equal(fault.what, "a key signs twice");
	assert_int_equal(ld_seal(&event, doubled, 2, &bytes, &len, NULL, &fault), LD_ERR_MALFORMED);
	assert_int_equal(ld_seal(&event, keys, 0, &bytes, &len, NULL, NULL), LD_ERR_ARG);
	assert_int_equal(ld_seal(&event, keys, 5, &bytes, &len, NULL, NULL), LD_ERR_ARG);
}

/* Just fits, and one byte more: sealing and opening have the same limit. */
static void seal_limit(void **state)
{
	(void)state;
	static char text[LD_MAX_STRING_BYTES + 1];
	Liandan__Event event;
	Liandan__ManifestCreated created = LIANDAN__MANIFEST_CREATED__INIT;
	Liandan__Rejected unused;
	Liandan__Receiver receiver = LIANDAN__RECEIVER__INIT;
	Liandan__Carrier carrier = LIANDAN__CARRIER__INIT;
	Liandan__Carrier *carriers[] = {&carrier};
	Liandan__Quantity quantity = LIANDAN__QUANTITY__INIT;
	Liandan__Line line = LIANDAN__LINE__INIT;
	Liandan__Line *lines[LD_MAX_LINES];
	char *places[LD_MAX_PLACES];
	char id[] = "id";
	struct ld_opened o;
	make_event(&event, &unused);
	memset(text, 't', LD_MAX_STRING_BYTES);
	receiver.party = receiver.site = carrier.party = created.generator = created.site = id;
	carrier.order = 1;
	quantity.unit = LIANDAN__UNIT__UNIT_KILOGRAM;
	quantity.basis = LIANDAN__BASIS__BASIS_WEIGHED;
	line.code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS;
	line.code = id;
	line.quantity = &quantity;
	line.trade_name = line.catalogue_name = line.components = line.dangerous_goods_class = text;
	for (size_t i = 0; i < LD_MAX_LINES; i++)
		lines[i] = &line;
	for (size_t i = 0; i < LD_MAX_PLACES; i++)
		places[i] = text;
	created.manifest = (ProtobufCBinaryData){sizeof manifest, manifest};
	created.kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	created.receiver = &receiver;
	created.n_carriers = 1;
	created.carriers = carriers;
	created.n_lines = LD_MAX_LINES;
	created.lines = lines;
	created.n_places = LD_MAX_PLACES;
	created.places = places;
	event.body_case = LIANDAN__EVENT__BODY_MANIFEST_CREATED;
	event.manifest_created = &created;
	uint8_t *bytes = NULL;
	size_t len = 0;
	/* a full form, every text at its longest, is well inside */
	assert_int_equal(ld_seal(&event, keys, 4, &bytes, &len, NULL, NULL), LD_OK);
	assert_true(len > 48 * 1024 && len < LD_MAX_ENVELOPE_BYTES);
	assert_int_equal(ld_open_parse(bytes, len, &arena, &o, NULL), LD_OK);
	assert_int_equal(ld_open_verify(&o, keys, 4), LD_OK);
	free(bytes);
	/* past it: refused before anything is signed */
	ProtobufCBinaryData bulk = {LD_MAX_ENVELOPE_BYTES + 1,
				    calloc(1, LD_MAX_ENVELOPE_BYTES + 1)};
	event.prev = bulk;
	assert_int_equal(ld_seal(&event, keys, 1, &bytes, &len, NULL, NULL), LD_ERR_LIMIT);
	assert_null(bytes);
	free(bulk.data);
}

/* The key under a wrong name, a public key to sign with, a type of another kind. */
static void wrong_keys(void **state)
{
	(void)state;
	Liandan__Event event;
	Liandan__Rejected rejected;
	uint8_t *bytes = NULL;
	size_t len = 0;
	size_t spki_len = 0;
	struct ld_opened o;
	struct ld_key *public = NULL;
	make_event(&event, &rejected);
	const uint8_t *spki = ld_key_spki(keys[0], &spki_len);
	assert_int_equal(ld_key_public(spki, spki_len, ld_key_algorithm(keys[0]), &public), LD_OK);
	assert_int_equal(ld_seal(&event, &public, 1, &bytes, &len, NULL, NULL), LD_ERR_KEY);
	assert_null(bytes);
	assert_int_equal(ld_seal(&event, keys, 1, &bytes, &len, NULL, NULL), LD_OK);
	assert_int_equal(ld_open_parse(bytes, len, &arena, &o, NULL), LD_OK);
	assert_int_equal(ld_open_verify(&o, &public, 1), LD_OK);
	assert_int_equal(ld_open_verify(&o, &keys[1], 1), LD_ERR_SIGNATURE);
	/* signed as a token: not an event */
	uint8_t out[2048];
	uint8_t sig[LD_MAX_SIGNATURE_BYTES];
	size_t sig_len = 0;
	Liandan__Signature s = LIANDAN__SIGNATURE__INIT;
	Liandan__Signature *list[] = {&s};
	Liandan__Envelope e = LIANDAN__ENVELOPE__INIT;
	assert_int_equal(
	    ld_key_sign(keys[0], LD_TOKEN_TYPE, o.event_bytes, o.event_len, sig, &sig_len), LD_OK);
	s.key_id = o.envelope->signatures[0]->key_id;
	s.signature = (ProtobufCBinaryData){sig_len, sig};
	e.event = o.envelope->event;
	e.n_signatures = 1;
	e.signatures = list;
	const size_t n = liandan__envelope__pack(&e, out);
	assert_int_equal(ld_open_parse(out, n, &arena, &o, NULL), LD_OK);
	assert_int_equal(ld_open_verify(&o, keys, 1), LD_ERR_SIGNATURE);
	ld_key_free(public);
	free(bytes);
}

static void refuses_to_make(void **state)
{
	(void)state;
	Liandan__Event event;
	Liandan__Rejected rejected;
	uint8_t *bytes = NULL;
	size_t len = 0;
	struct ld_gate_fault fault = {0};
	make_event(&event, &rejected);
	event.region = (char *)(uintptr_t) "gd/sz";
	assert_int_equal(ld_seal(&event, keys, 1, &bytes, &len, NULL, &fault), LD_ERR_MALFORMED);
	assert_string_equal(fault.field, "Event.region");
	assert_null(bytes);
	make_event(&event, &rejected);
	event.seq = 0;
	assert_int_equal(ld_seal(&event, keys, 1, &bytes, &len, NULL, &fault), LD_ERR_MALFORMED);
	assert_string_equal(fault.field, "Event.seq");
	make_event(&event, &rejected);
	event.body_case = LIANDAN__EVENT__BODY__NOT_SET;
	assert_int_equal(ld_seal(&event, keys, 1, &bytes, &len, NULL, &fault), LD_ERR_MALFORMED);
	assert_string_equal(fault.what, "the body is missing");
	make_event(&event, &rejected);
	rejected.manifest.len = 15;
	assert_int_equal(ld_seal(&event, keys, 1, &bytes, &len, NULL, NULL), LD_ERR_MALFORMED);
}

/* The fault's offset counts from the envelope's first byte. */
static void fault_offset(void **state)
{
	(void)state;
	Liandan__Event event;
	Liandan__Rejected rejected;
	uint8_t *bytes = NULL;
	size_t len = 0;
	struct ld_opened o;
	struct ld_gate_fault fault = {0};
	make_event(&event, &rejected);
	assert_int_equal(ld_seal(&event, keys, 1, &bytes, &len, NULL, NULL), LD_OK);
	uint8_t *region = memmem(bytes, len, "gd-sz", 5);
	assert_non_null(region);
	region[2] = '#';
	assert_int_equal(ld_open_parse(bytes, len, &arena, &o, &fault), LD_ERR_MALFORMED);
	assert_string_equal(fault.field, "Event.region");
	assert_int_equal(fault.offset, region + 2 - bytes);
	free(bytes);
}

/* The largest tracks and lists that fit an envelope open within the arena's maximum. */
static void largest(void **state)
{
	(void)state;
	static struct wire event_wire;
	static struct wire body;
	static struct wire w;
	struct ld_opened o;
	const struct ld_gate_message *type = ld_gate_find(&liandan__event__descriptor);
	for (int kind = 0; kind < 4; kind++) {
		body.len = 0;
		uint32_t number = 400;
		if (kind < 2) { /* Track */
			wire_put(&body,
				 "\x0a\x01"
				 "a"
				 "\x12\x01"
				 "a"
				 "\x2a\x02\x08\x01",
				 10);
			for (uint32_t f = 6; f <= 12 && kind == 0; f++) {
				const uint32_t n = f < 9 ? LD_MAX_FIXES - 1 : LD_MAX_FIXES;
				wire_tag(&body, f, 2);
				wire_varint(&body, n);
				memset(body.bytes + body.len, 1, n);
				body.len += n;
			}
			for (int i = 0; i < LD_MAX_FIXES; i++)
				wire_put(&body, "\x72\x02\x08\x01", 4); /* status_changes */
		} else if (kind == 2) { /* WasteTreated: 1000 in, 1000 out */
			number = 203;
			wire_put(&body,
				 "\x0a\x01"
				 "b",
				 3);
			for (int i = 0; i < LD_MAX_ITEMS; i++)
				wire_put(&body,
					 "\x12\x12\x1a\x10"
					 "0123456789abcdef",
					 20);
			for (int i = 0; i < LD_MAX_ITEMS; i++)
				wire_put(&body,
					 "\x3a\x09\x08\x02\x12\x05"
					 "12345",
					 11);
			wire_put(&body, "\x62\x01s", 3);
		} else { /* an Arrived's extensions: 341 unknown fields */
			number = 308;
			wire_put(&body,
				 "\x0a\x10"
				 "0123456789abcdef"
				 "\x12\x01p"
				 "\x1a\x01s",
				 24);
			for (uint32_t i = 0; i < 341; i++) {
				wire_tag(&body, 1024 + i, 0);
				wire_varint(&body, 1);
			}
		}
		event_wire.len = 0;
		wire_put(&event_wire, "\x0a\x20", 2);
		wire_put(&event_wire, ledger_id, 32);
		wire_put(&event_wire, "\x12\x01r\x1a\x10", 5);
		wire_put(&event_wire, ld_key_id(keys[0]), 16);
		wire_put(&event_wire, "\x30\x01\x3a\x20", 4);
		wire_put(&event_wire, prev, 32);
		wire_put(&event_wire, "\x40\x01\x48\x01", 4);
		wire_tag(&event_wire, number, 2);
		wire_varint(&event_wire, body.len);
		wire_put(&event_wire, body.bytes, body.len);
		struct ld_gate_fault fault;
		if (ld_gate_check(type->descriptor, event_wire.bytes, event_wire.len, &fault))
			fail_msg("kind %d: %s in %s at %zu", kind, fault.what, fault.field,
				 fault.offset);
		w.len = wrap(w.bytes, event_wire.bytes, event_wire.len, keys, 1);
		assert_true(w.len <= LD_MAX_ENVELOPE_BYTES);
		ld_arena_reset(&arena);
		assert_int_equal(ld_open_parse(w.bytes, w.len, &arena, &o, NULL), LD_OK);
		print_message("kind %d: envelope %zu bytes, arena %zu\n", kind, w.len, arena.used);
		/* a full arena is an error, not a crash */
		struct ld_arena small;
		for (size_t cap = 0; cap < arena.used; cap += 1 + arena.used / 50) {
			assert_int_equal(ld_arena_init(&small, cap), 0);
			assert_int_equal(ld_open_parse(w.bytes, w.len, &small, &o, NULL),
					 LD_ERR_NOMEM);
			ld_arena_free(&small);
		}
	}
}

static void envelope_limit(void **state)
{
	(void)state;
	static uint8_t bytes[LD_MAX_ENVELOPE_BYTES + 1];
	struct ld_opened o;
	assert_int_equal(ld_open_parse(bytes, LD_MAX_ENVELOPE_BYTES + 1, &arena, &o, NULL),
			 LD_ERR_LIMIT);
	assert_int_equal(ld_open_parse(bytes, LD_MAX_ENVELOPE_BYTES, &arena, &o, NULL),
			 LD_ERR_MALFORMED);
	assert_int_equal(ld_open_parse(bytes, 0, &arena, &o, NULL), LD_ERR_MALFORMED);
}

static void tokens(void **state)
{
	(void)state;
	Liandan__Token token = LIANDAN__TOKEN__INIT;
	token.ledger_id = (ProtobufCBinaryData){sizeof ledger_id, ledger_id};
	token.client_id = (char *)(uintptr_t) "carrier-1/truck-1";
	token.not_before_ms = 1000000;
	token.expires_ms = 1000000 + LD_MAX_TOKEN_MS;
	for (size_t i = 0; i < 3; i++) {
		char *text = NULL;
		const Liandan__Token *t = NULL;
		const uint8_t *sig = NULL;
		const uint8_t *body = NULL;
		size_t sig_len = 0;
		size_t body_len = 0;
		ld_arena_reset(&arena);
		assert_int_equal(ld_token_seal(&token, keys[i], &text), LD_OK);
		const size_t len = strlen(text);
		assert_int_equal(
		    ld_token_open(text, len, &arena, &t, &sig, &sig_len, &body, &body_len), LD_OK);
		assert_string_equal(t->client_id, "carrier-1/truck-1");
		assert_memory_equal(t->key_id.data, ld_key_id(keys[i]), LD_KEY_ID_BYTES);
		assert_int_equal(
		    ld_key_verify(keys[i], LD_TOKEN_TYPE, body, body_len, sig, sig_len), LD_OK);
		assert_int_equal(
		    ld_key_verify(keys[i], LD_EVENT_TYPE, body, body_len, sig, sig_len),
		    LD_ERR_SIGNATURE);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(
			    ld_token_open(text, cut, &arena, &t, &sig, &sig_len, &body, &body_len),
			    LD_ERR_MALFORMED);
		ld_arena_reset(&arena);
		assert_int_equal(ld_token_open(text, LD_MAX_TOKEN_TEXT_BYTES + 1, &arena, &t, &sig,
					       &sig_len, &body, &body_len),
				 LD_ERR_LIMIT);
		free(text);
	}
	/* what an open would not take is not made */
	static char long_id[LD_MAX_CLIENT_ID_BYTES + 2];
	char *none = NULL;
	memset(long_id, 'c', LD_MAX_CLIENT_ID_BYTES + 1);
	token.client_id = long_id;
	assert_int_equal(ld_token_seal(&token, keys[0], &none), LD_ERR_MALFORMED);
	long_id[LD_MAX_CLIENT_ID_BYTES] = '\0';
	assert_int_equal(ld_token_seal(&token, keys[0], &none), LD_OK);
	free(none);
	/* ten minutes and a millisecond; no time at all */
	const int64_t ends[] = {token.expires_ms + 1, token.not_before_ms};
	for (size_t i = 0; i < 2; i++) {
		char *text = NULL;
		const Liandan__Token *t = NULL;
		const uint8_t *sig = NULL;
		const uint8_t *body = NULL;
		size_t sig_len = 0;
		size_t body_len = 0;
		token.expires_ms = ends[i];
		assert_int_equal(ld_token_seal(&token, keys[0], &text), LD_OK);
		assert_int_equal(
		    ld_token_open(text, strlen(text), &arena, &t, &sig, &sig_len, &body, &body_len),
		    LD_ERR_MALFORMED);
		assert_null(t);
		free(text);
	}
}

/* An entry of the largest envelope, with all violations and the longest detail, is a leaf that can
 * be exported (C2SP tlog-tiles: 16-bit lengths). */
static void largest_entry(void **state)
{
	(void)state;
	static uint8_t envelope[LD_MAX_ENVELOPE_BYTES];
	static uint8_t leaf[2 * LD_MAX_ENTRY_BYTES];
	static char subject[LD_MAX_SUBJECT_BYTES + 1];
	static char detail[LD_MAX_DETAIL_BYTES + 1];
	Liandan__Violation violation = LIANDAN__VIOLATION__INIT;
	Liandan__Violation *violations[LD_MAX_VIOLATIONS];
	Liandan__Entry entry = LIANDAN__ENTRY__INIT;
	memset(subject, 's', sizeof subject - 1);
	memset(detail, 'd', sizeof detail - 1);
	violation.reason = LIANDAN__REASON__WAITS_FOR_STATE;
	violation.subject = subject;
	violation.value = INT64_MIN;
	violation.threshold = INT64_MIN;
	for (size_t i = 0; i < LD_MAX_VIOLATIONS; i++)
		violations[i] = &violation;
	entry.recorded_at_ms = LD_MAX_WIRE_INT;
	entry.verdict = LIANDAN__VERDICT__REFUSED;
	entry.reason = LIANDAN__REASON__WAITS_FOR_STATE;
	entry.n_violations = LD_MAX_VIOLATIONS;
	entry.violations = violations;
	entry.content_case = LIANDAN__ENTRY__CONTENT_ENVELOPE;
	entry.envelope = (ProtobufCBinaryData){sizeof envelope, envelope};
	entry.detail = detail;
	const size_t len = liandan__entry__pack(&entry, leaf);
	assert_true(len <= LD_MAX_ENTRY_BYTES);
	assert_int_equal(ld_gate_check(&liandan__entry__descriptor, leaf, len, NULL), LD_OK);
}

static void *hash_in_thread(void *out)
{
	ld_sha256("abc", 3, out);
	return NULL; /* its context goes with the thread */
}

static void hashes(void **state)
{
	(void)state;
	pthread_t thread;
	/* FIPS 180-2, "abc" */
	uint8_t want[32];
	uint8_t got[32];
	assert_int_equal(
	    ld_hex_decode("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 64,
			  want, 32),
	    LD_OK);
	for (size_t cut = 0; cut <= 3; cut++) {
		ld_sha256_2("abc", cut, &"abc"[cut], 3 - cut, got);
		assert_memory_equal(got, want, 32);
	}
	ld_sha256("abc", 3, got);
	assert_memory_equal(got, want, 32);
	memset(got, 0, sizeof got);
	assert_int_equal(pthread_create(&thread, NULL, hash_in_thread, got), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_memory_equal(got, want, 32);
	ld_digest_cleanup();
	ld_digest_cleanup();
	ld_sha256("abc", 3, got);
	assert_memory_equal(got, want, 32);
}

static int setup(void **state)
{
	(void)state;
	static const Liandan__Algorithm algorithms[] = {
	    LIANDAN__ALGORITHM__ALGORITHM_ED25519, LIANDAN__ALGORITHM__ALGORITHM_P256,
	    LIANDAN__ALGORITHM__ALGORITHM_SM2,	   LIANDAN__ALGORITHM__ALGORITHM_ED25519,
	    LIANDAN__ALGORITHM__ALGORITHM_P256,
	};
	for (size_t i = 0; i < 5; i++) {
		if (ld_key_generate(algorithms[i], &keys[i]))
			return -1;
	}
	return ld_gate_init() || ld_arena_init(&arena, LD_MAX_ARENA_BYTES);
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++)
		ld_key_free(keys[i]);
	ld_arena_free(&arena);
	ld_gate_cleanup();
	ld_digest_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),  cmocka_unit_test(exactly_the_signers),
	    cmocka_unit_test(wrong_keys),      cmocka_unit_test(seal_limit),
	    cmocka_unit_test(refuses_to_make), cmocka_unit_test(fault_offset),
	    cmocka_unit_test(largest),	       cmocka_unit_test(envelope_limit),
	    cmocka_unit_test(tokens),	       cmocka_unit_test(largest_entry),
	    cmocka_unit_test(hashes),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
