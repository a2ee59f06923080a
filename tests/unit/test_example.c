/* The worked example of proto/README.md: every hex number that stands there is computed again here.
 */
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

static struct ld_arena arena;

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

/* the secret of RFC 8032's test 1 */
static const char EXAMPLE_PEM[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

static char *readme(void)
{
	char path[1024];
	const char *slash = strrchr(__FILE__, '/');
	if (!slash)
		return NULL;
	snprintf(path, sizeof path, "%.*s/../../proto/README.md", (int)(slash - __FILE__),
		 __FILE__);
	FILE *f = fopen(path, "rb");
	if (!f)
		return NULL;
	char *text = calloc(1, 1 << 18);
	assert_non_null(text);
	/* without white space, so that long hex may be broken into lines */
	size_t n = 0;
	for (int c = fgetc(f); c != EOF && n < (1 << 18) - 1; c = fgetc(f)) {
		if (c != ' ' && c != '\n' && c != '\t')
			text[n++] = (char)c;
	}
	fclose(f);
	return text;
}

static void must_stand_in(const char *text, const char *name, const uint8_t *bytes, size_t len)
{
	static char hex[4096];
	assert_true(2 * len < sizeof hex);
	ld_hex_encode(bytes, len, hex);
	if (!strstr(text, hex))
		fail_msg("the README has no %s %s", name, hex);
}

static void worked_example(void **state)
{
	(void)state;
	struct ld_key *key = NULL;
	struct ld_opened o;
	Liandan__Event event;
	Liandan__Rejected rejected;
	uint8_t *bytes = NULL;
	uint8_t hash[LD_HASH_BYTES];
	uint8_t pae[1024];
	uint8_t leaf[1024] = {0};
	size_t len = 0;
	size_t spki_len = 0;
	char *text = readme();
	if (!text)
		skip();
	assert_int_equal(ld_key_private_pem(EXAMPLE_PEM, strlen(EXAMPLE_PEM), &key), LD_OK);
	make_event(&event, &rejected);
	memset(ledger_id, 0x11, sizeof ledger_id);
	memset(prev, 0x22, sizeof prev);
	assert_int_equal(ld_hex_decode("01937b1e5c007000800000000000002a", 32, manifest, 16),
			 LD_OK);
	event.seq = 1;
	event.occurred_at_ms = 1767225600000;
	assert_int_equal(ld_seal(&event, &key, 1, &bytes, &len, hash, NULL), LD_OK);
	assert_int_equal(ld_open_parse(bytes, len, &arena, &o, NULL), LD_OK);

	const uint8_t *spki = ld_key_spki(key, &spki_len);
	must_stand_in(text, "SPKI", spki, spki_len);
	must_stand_in(text, "key_id", ld_key_id(key), LD_KEY_ID_BYTES);
	must_stand_in(text, "event", o.event_bytes, o.event_len);
	const int head =
	    snprintf((char *)pae, sizeof pae,
		     "DSSEv1 41 application/vnd.liandan.event.v1+protobuf %zu ", o.event_len);
	must_stand_in(text, "head", pae, (size_t)head);
	memcpy(pae + head, o.event_bytes, o.event_len);
	const ProtobufCBinaryData *s = &o.envelope->signatures[0]->signature;
	must_stand_in(text, "signature", s->data, s->len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, ld_key_pkey(key)), 1);
	assert_int_equal(EVP_DigestVerify(ctx, s->data, s->len, pae, (size_t)head + o.event_len),
			 1);
	EVP_MD_CTX_free(ctx);
	must_stand_in(text, "envelope", bytes, len);
	must_stand_in(text, "event hash", hash, sizeof hash);

	Liandan__Entry entry = LIANDAN__ENTRY__INIT;
	entry.recorded_at_ms = 1767225600250;
	entry.verdict = LIANDAN__VERDICT__ACCEPTED;
	entry.content_case = LIANDAN__ENTRY__CONTENT_ENVELOPE;
	entry.envelope = (ProtobufCBinaryData){len, bytes};
	const size_t leaf_len = liandan__entry__pack(&entry, leaf);
	assert_int_equal(ld_gate_check(&liandan__entry__descriptor, leaf, leaf_len, NULL), LD_OK);
	must_stand_in(text, "entry before its envelope", leaf, leaf_len - len);
	ld_sha256_2("", 1, leaf, leaf_len, hash);
	must_stand_in(text, "leaf hash", hash, sizeof hash);
	free(text);
	free(bytes);
	ld_key_free(key);
}

static int setup(void **state)
{
	(void)state;
	return ld_gate_init() || ld_arena_init(&arena, LD_MAX_ARENA_BYTES);
}

static int teardown(void **state)
{
	(void)state;
	ld_arena_free(&arena);
	ld_gate_cleanup();
	ld_digest_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(worked_example)};
	return cmocka_run_group_tests(tests, setup, teardown);
}
